"""The register: every parameter of the model with name, unit, default, range, prior, source and grade.

A run takes its numbers from `values`: an override wins over the cooperative scenario, the scenario over the default of the
variant. Grades are those of `povsim.evidence`: V read in the publication, D arithmetic from V, G general knowledge,
A assumption.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from numbers import Real
from types import MappingProxyType

from povsim.errors import PovsimError, nearest
from povsim.parameters.entry import LANGUAGES, VARIANTS, Entry
from povsim.parameters.loading import (
    GROUPS,
    Scenario,
    group_titles,
    load,
    scenarios,
    unit_names,
)

__all__ = [
    "GROUPS",
    "LANGUAGES",
    "VARIANTS",
    "Entry",
    "Scenario",
    "by_group",
    "check_override",
    "entry",
    "group_titles",
    "load",
    "register",
    "scenarios",
    "unit_names",
    "values",
]


@cache
def register() -> Mapping[str, Entry]:
    """Every entry by symbol, in the order of the groups; read once a process."""
    return MappingProxyType(load())


def entry(symbol: str) -> Entry:
    """The entry called `symbol`; an unknown one raises PovsimError and names the nearest."""
    try:
        return register()[symbol]
    except KeyError:
        raise PovsimError(_unknown("parameter", symbol, register(), "`povsim parameters` lists all.")) from None


def by_group() -> dict[str, tuple[Entry, ...]]:
    """Entries of every group, in the order of the register."""
    return {group: tuple(e for e in register().values() if e.group == group) for group in GROUPS}


def values(
    variant: str,
    scenario: str | None = None,
    overrides: Mapping[str, float] = MappingProxyType({}),
) -> dict[str, float]:
    """The complete set of values of a run, by symbol.

    `variant` is trap or no_trap, `scenario` a cooperative scenario or None (defaults, which are those of as_reported).
    Overrides that cannot be used raise PovsimError; call `check_override` for the warnings.
    """
    if variant not in VARIANTS:
        raise PovsimError(_unknown("variant", variant, VARIANTS, f"Known: {', '.join(VARIANTS)}."))
    if scenario is not None and scenario not in scenarios():
        raise PovsimError(
            _unknown(
                "cooperative scenario",
                scenario,
                scenarios(),
                f"Known: {', '.join(scenarios())}.",
            )
        )
    chosen = {symbol: e.value(variant, scenario) for symbol, e in register().items()}
    for symbol, value in overrides.items():
        check_override(symbol, value)
        chosen[symbol] = float(value)
    return chosen


def check_override(symbol: str, value: object) -> str | None:
    """A warning if `value` lies outside the range of `symbol`, None if inside; PovsimError if it cannot be used.

    Refused are unknown symbols, what is not a finite number, values beyond the natural bounds or beyond twice the width of
    the range, and fractions where only whole numbers make sense.
    """
    e = entry(symbol)
    where = f"parameters.{symbol}"
    accepted = f"The range of {symbol} ({e.name['en']}) is {e.low:g} to {e.high:g} {e.unit}"
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise PovsimError(
            f"{where}={value} is not a number. {accepted}; give a finite number such as {where}={e.value('trap'):g}."
        )
    number = float(value)
    if e.whole and number != round(number):
        raise PovsimError(f"{where}={number:g} is not a whole number. {accepted}, in whole numbers; round it.")
    lowest, highest = e.widest
    if (e.lower is not None and number < e.lower) or (e.upper is not None and number > e.upper):
        raise PovsimError(
            f"{where}={number:g} is impossible: {_bounds(e)}. {accepted}; choose a value from {lowest:g} to {highest:g}."
        )
    if not lowest <= number <= highest:
        raise PovsimError(
            f"{where}={number:g} is too far outside its range. {accepted}; values from {lowest:g} to {highest:g} are accepted, "
            f"those outside the range with a warning. Choose a value in between."
        )
    if not e.low <= number <= e.high:
        return f"{where}={number:g} lies outside its range. {accepted}; the run goes on, read its results with care."
    return None


def _bounds(e: Entry) -> str:
    if e.upper is None:
        return f"{e.symbol} cannot be below {e.lower:g}"
    if e.lower is None:
        return f"{e.symbol} cannot be above {e.upper:g}"
    return f"{e.symbol} must lie between {e.lower:g} and {e.upper:g}"


def _unknown(what: str, given: object, known: Mapping[str, object] | tuple[str, ...], hint: str) -> str:
    closest = nearest(str(given), known)
    guess = f" Did you mean '{closest}'?" if closest else ""
    return f"There is no {what} '{given}'.{guess} {hint}"
