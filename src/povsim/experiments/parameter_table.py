"""The parameters of a comparison as its arms had them, with grade and source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from povsim import parameters
from povsim.config import Scenario
from povsim.config.arms import LEVERS, TARGETS

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun


def parameter_table(scenario: Scenario, runs: Sequence[VariantRun]) -> pl.DataFrame:
    """Every symbol of the register as each kind of arm has it: value, unit, grade and source, set by the user or by a lever."""
    register = parameters.register()
    rows = []
    for run in runs:
        for name in (name for name in scenario.arm_names if name in run.arms):
            spec = next(arm for arm in scenario.arms if arm.name == name)
            if name not in ("aid", "none") and spec.cooperative is None and not spec.levers:
                continue
            moved = {symbol: source for lever in spec.levers for symbol, source in LEVERS[lever].sets.items()}
            for symbol, own in register.items():
                given = symbol in scenario.overrides() and symbol not in moved
                source = moved.get(symbol)  # what a lever sets has the source of the entry that holds the value
                of = TARGETS if source == TARGETS else spec.cooperative
                entry = register[source] if isinstance(source, str) and source != TARGETS else own
                rows.append({
                    "variant": run.variant, "cooperative": " + ".join((spec.cooperative or "none", *spec.levers)),
                    "symbol": symbol, "value": run.arms[name].p[symbol],
                    "unit": entry.unit, "grade": "set by the user" if given else entry.grade_in(of),
                    "source": "set by the user" if given else entry.source_in(of),
                })  # fmt: skip
    return pl.DataFrame(rows).unique(maintain_order=True)
