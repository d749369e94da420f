"""Read one value: check it and hand it back in the type the scenario keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from povsim.config import checks


def whole(where: str, value: object, low: int, high: int) -> int:
    """A whole number from `low` to `high`; 24.0 counts as 24."""
    accepted = f"a whole number from {low} to {high}"
    result = _finite(where, value, accepted)
    checks.fail_if_not_whole(where, result, accepted)
    checks.fail_if_outside(where, result, low, high, accepted)
    return int(result)


def years(where: str, value: object, low: int, high: int) -> int:
    """A number of months that makes whole years, from `low` to `high`."""
    accepted = f"months that make whole years, a multiple of 12 from {low} to {high}"
    months = _finite(where, value, accepted)
    checks.fail_if_not_whole(where, months, accepted)
    checks.fail_if_outside(where, months, low, high, accepted)
    checks.fail_if_not_years(where, int(months), accepted)
    return int(months)


def number(where: str, value: object, low: float, high: float) -> float:
    """A number from `low` to `high`."""
    accepted = f"a number from {low:.12g} to {high:.12g}"
    result = _finite(where, value, accepted)
    checks.fail_if_outside(where, result, low, high, accepted)
    return float(result)


def share(where: str, value: object) -> float:
    """A share from 0 to 1, not in percent."""
    accepted = "a share from 0 to 1 (not in percent)"
    result = _finite(where, value, accepted)
    checks.fail_if_outside(where, result, 0, 1, accepted)
    return float(result)


def finite(where: str, value: object) -> float:
    """Any finite number."""
    return float(_finite(where, value, "a number"))


def switch(where: str, value: object) -> bool:
    """A switch; the words on and off count as true and false."""
    value = (
        {"on": True, "off": False, "true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value
    )
    checks.fail_if_not_a_switch(where, value)
    return bool(value)


def choice(where: str, value: object, accepted: Sequence[str], later: Collection[str] = ()) -> str:
    """One of the words `accepted`; a word of `later` is said to be not built yet."""
    checks.fail_if_not_built_yet(where, value, later, ", ".join(accepted))
    checks.fail_if_unknown_choice(where, value, accepted)
    return str(value)


def words(where: str, value: object, example: str) -> tuple[str, ...]:
    """A list of different words, at least one."""
    checks.fail_if_not_a_list(where, value, example)
    assert isinstance(value, Sequence)
    for word in value:
        checks.fail_if_not_text(where, word, f"a list such as {example}")
    checks.fail_if_empty(where, value, example)
    checks.fail_if_repeated(where, value)
    return tuple(value)


def keys(where: str, value: object, known: Collection[str], example: str) -> Mapping[str, object]:
    """A mapping with no key outside `known`."""
    checks.fail_if_not_a_mapping(where or "the scenario", value, example)
    assert isinstance(value, Mapping)
    checks.fail_if_unknown_key(where, value, known)
    return value


def _finite(where: str, value: object, accepted: str) -> int | float:
    checks.fail_if_not_a_number(where, value, accepted)
    assert isinstance(value, int | float)
    checks.fail_if_not_finite(where, value, accepted)
    return value
