"""Every tracked household of a comparison by a short text of its own, and what became of it in each arm.

`trap-0-512.3.47` is variant trap, replicate 0, cell 512 (district by urban or rural), village 3 of the cell, household 47 of
the village: the parts of the id that keys its draws. It is the same household in every arm, and in every run of the same
seed whose sample holds it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from povsim.config import Scenario
from povsim.experiments.replicate import RELAPSE, Replicate

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun

SHOWN = ("E1", "E2", "E4", RELAPSE)
"""Months by arm, columns `E1_<arm>` and so on: first month of the rung, month of the relapse after E2; 0: none."""
PATTERN = re.compile(
    r"(?P<variant>[a-z_]+)-(?P<replicate>\d{1,5})-(?P<cell>\d{1,8})\.(?P<village>\d{1,7})\.(?P<household>\d{1,5})"
)


def name_of(variant: str, replicate: int, entity: int) -> str:
    """The short text of a household."""
    village, household = entity >> 16, entity & 0xFFFF
    return f"{variant}-{replicate}-{village >> 20}.{village & 0xFFFFF}.{household}"


def parts_of(name: str) -> tuple[str, int, int] | None:
    """Variant, replicate and id of a household from its text; None where it is no such text."""
    match = PATTERN.fullmatch(name)
    if match is None:
        return None
    village = (int(match["cell"]) << 20) | int(match["village"])
    return match["variant"], int(match["replicate"]), (village << 16) | int(match["household"])


def households(scenario: Scenario, runs: Sequence[VariantRun]) -> pl.DataFrame:
    """One row a tracked household, variant and replicate."""
    return pl.concat(_of(scenario, run, replicate) for run in runs for replicate in run.replicates)


def _of(scenario: Scenario, run: VariantRun, r: Replicate) -> pl.DataFrame:
    sample, rows = r.sample, r.tracked
    cells = sample.cells[sample.cell[r.village]]
    ids = sample.ids[rows].tolist()
    columns: dict[str, Any] = {
        "household": [name_of(run.variant, r.number, entity) for entity in ids],
        "variant": [run.variant] * rows.size,
        "replicate": np.full(rows.size, r.number, np.int32),
        "village": [name_of(run.variant, r.number, entity).rsplit(".", 1)[0] for entity in ids],
        "province": cells["province"],
        "area": cells["area"],
        "structural": r.structural,
        "weight": r.weight,
        "last_month": r.until,
    }
    for arm in scenario.arm_names:
        if arm in run.arms:
            columns |= {f"{rung}_{arm}": r.outcomes[arm].tau[rung] for rung in SHOWN}
    return pl.DataFrame(columns)
