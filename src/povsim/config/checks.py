"""Every way in which a given value can be wrong, one named check each.

A check returns nothing or raises PovsimError; `where` is the dotted key as a user writes it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from povsim.errors import PovsimError, nearest

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def hint(given: object, known: Iterable[str]) -> str:
    """A sentence that names the known word most like `given`, or nothing."""
    closest = nearest(str(given), known)
    return f" Did you mean '{closest}'?" if closest else ""


def fail_if_not_a_mapping(where: str, value: object, example: str) -> None:
    """Keys and values are needed here."""
    if not isinstance(value, Mapping):
        raise PovsimError(f"{where} = {shown(value)}: keys and values are needed here. Write for example {example}.")


def fail_if_unknown_key(where: str, given: Mapping[str, object], known: Collection[str]) -> None:
    """A key that nothing reads is refused, never skipped."""
    for key in given:
        if key not in known:
            name = f"{where}.{key}" if where else str(key)
            raise PovsimError(f"There is no key '{name}'.{hint(key, known)} Known here: {', '.join(sorted(known))}.")


def fail_if_key_missing(where: str, given: Mapping[str, object], needed: Collection[str]) -> None:
    """A value without which the rest has no meaning."""
    for key in needed:
        if key not in given:
            raise PovsimError(f"{where} lacks '{key}'. Needed here: {', '.join(needed)}.")


def fail_if_not_built_yet(where: str, given: object, later: Collection[object], accepted: str) -> None:
    """A word that povsim will know one day but does not know now."""
    if given in later:
        raise PovsimError(f"{where} = {shown(given)} is not built yet in this version. Accepted: {accepted}.")


def fail_if_unknown_choice(where: str, given: object, accepted: Sequence[str]) -> None:
    """One of a few words is needed."""
    if given not in accepted:
        raise PovsimError(f"{where} = {shown(given)} is not known.{hint(given, accepted)} Accepted: {', '.join(accepted)}.")


def fail_if_not_a_number(where: str, value: object, accepted: str) -> None:
    """Text, a switch, a list or nothing stands where a number belongs."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        kinds = {str: "text", bool: "a switch", type(None): "nothing", list: "a list", dict: "a mapping"}
        what = kinds.get(type(value), type(value).__name__)
        raise PovsimError(f"{where} = {shown(value)} is {what}, not a number. Accepted: {accepted}, written like 12 or 0.5.")


def fail_if_not_finite(where: str, value: float, accepted: str) -> None:
    """NaN and infinity are no quantities."""
    if not math.isfinite(value):
        raise PovsimError(f"{where} = {value} is not a finite number. Accepted: {accepted}.")


def fail_if_not_whole(where: str, value: float, accepted: str) -> None:
    """A count or a number of months has no fraction."""
    if value != int(value):
        raise PovsimError(f"{where} = {value} is not a whole number. Accepted: {accepted}.")


def fail_if_outside(where: str, value: float, low: float, high: float, accepted: str) -> None:
    """Outside what the model can mean."""
    if not low <= value <= high:
        side = "too small" if value < low else "too large"
        raise PovsimError(f"{where} = {value} is {side}. Accepted: {accepted}.")


def fail_if_not_years(where: str, months: int, accepted: str) -> None:
    """Quotas, refunds and capacity go by the year."""
    if months % 12:
        raise PovsimError(
            f"{where} = {months} is not a multiple of 12. Accepted: {accepted}; nearest: {round(months / 12) * 12}."
        )


def fail_if_not_a_switch(where: str, value: object) -> None:
    """On or off is needed."""
    if not isinstance(value, bool):
        raise PovsimError(f"{where} = {shown(value)} is no switch. Accepted: on, off, true, false.")


def fail_if_not_a_list(where: str, value: object, example: str) -> None:
    """A list in brackets is needed."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        raise PovsimError(f"{where} = {shown(value)} is no list. Write it in brackets: {where}={example}.")


def fail_if_empty(where: str, values: Sequence[object], example: str) -> None:
    """At least one entry is needed."""
    if not values:
        raise PovsimError(f"{where} is empty. Give at least one entry, for example {where}={example}.")


def fail_if_repeated(where: str, values: Sequence[str]) -> None:
    """An entry named twice is a slip of the pen."""
    for value in values:
        if values.count(value) > 1:
            raise PovsimError(f"{where} names '{value}' more than once. Name each entry once.")


def fail_if_not_text(where: str, value: object, accepted: str) -> None:
    """A word is needed."""
    if not isinstance(value, str) or not value:
        raise PovsimError(f"{where} = {shown(value)} is no text. Accepted: {accepted}.")


def fail_if_bad_name(where: str, name: object) -> None:
    """Names become columns and folders: lower-case ASCII letters, digits and underscores."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise PovsimError(
            f"{where}: '{name}' cannot be a name. "
            "Accepted: at most 40 lower-case letters, digits and underscores, a letter first."
        )


def shown(value: object) -> str:
    """A value as a user would write it."""
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)
