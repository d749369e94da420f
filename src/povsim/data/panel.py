"""Households of a survey, clean and in poverty lines: what a fit and an estimate are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from povsim.data.deflate import Lines
from povsim.data.inspect import Paths, inspect, usable
from povsim.data.mapping import Mapping
from povsim.data.problems import Problems
from povsim.data.survey import Design
from povsim.errors import PovsimError

__all__ = ["PANEL_COLUMNS", "Panel", "read_panel"]

PANEL_COLUMNS = {
    "file": "file name where several were read, else null",
    "file_line": "line of the file (row of the table for Parquet, .dta, .sav)",
    "household": "identifier",
    "village": "identifier or null",
    "district": "name of the published table, or code, or null",
    "province": "name of the published table, or null",
    "urban": "true urban, false rural, null unknown",
    "wave": "number of the wave, from 1 where waves are told by months",
    "month": "first day of the month of the interview, or null",
    "weight": "survey weight of the household; 1 where the file has none",
    "stratum": "identifier; one stratum where the file has none",
    "cluster": "primary sampling unit: of the file, else the village, else the household",
    "size": "persons, or null",
    "line_idr": "poverty line, rupiah per person and month, of the place and month",
    "spending_idr": "rupiah per person and month, of its month",
    "food_idr": "rupiah per person and month, or null",
    "income_idr": "rupiah per person and month, or null",
    "assets_idr": "rupiah of the household, or null",
    "loans_idr": "rupiah of the household, or null",
    "savings_idr": "rupiah of the household, or null",
    "spending": "poverty lines (L per month): spending_idr / line_idr",
    "food": "L per month, or null",
    "income": "L per month, or null",
    "assets": "L of the household (one L: line_idr x size), or null",
    "loans": "L, or null",
    "savings": "L, or null",
    "member": "true: member of the cooperative; null unknown",
    "treated": "true: in an arm with the programme; null unknown",
    "programme": "identifier or null",
}


@dataclass(frozen=True, slots=True)
class Panel:
    """A survey: `frame` with `PANEL_COLUMNS`, one row a household and wave, ordered by wave, village, household.

    `problems`: all that were found, of kept rows too; `dropped`: rows left out and why (`file`, `file_line`, `reasons`);
    `waves`: number, first and last month, rows; `lines`: which series put rupiah into lines; `has`: roles the file holds;
    `sha256` of the bytes read; `guess`: what was guessed of the file.
    """

    frame: pl.DataFrame
    problems: Problems
    dropped: pl.DataFrame
    waves: tuple[tuple[int, date | None, date | None, int], ...]
    lines: Lines
    mapping: Mapping
    has: frozenset[str]
    guess: dict[str, str]
    sha256: str

    def design(self, persons: bool = False) -> Design:
        """Weights, strata and clusters of all rows; `persons`: weight times size, so that rates are of persons."""
        weight = self.frame["weight"].to_numpy()
        if persons:
            fail_if_sizes_are_missing(self.frame["size"].null_count(), self.frame.height)
            weight = weight * self.frame["size"].to_numpy()
        return Design(
            np.asarray(weight, dtype=np.float64),
            self.frame["stratum"].rank("dense").to_numpy().astype(np.int64),
            self.frame["cluster"].rank("dense").to_numpy().astype(np.int64),
        )


def fail_if_sizes_are_missing(missing: int, rows: int) -> None:
    """Rates of persons count each household as often as it has persons."""
    if missing:
        raise PovsimError(
            f"{missing} of {rows} rows have no household size, without which no rate of persons can be had. Name the column "
            "in the mapping (size: COLUMN), or ask for rates of households."
        )


def read_panel(
    paths: Paths,
    mapping: Mapping | str | Path | None = None,
    drop_bad_rows: bool = False,
    own_lines: pl.DataFrame | None = None,
) -> Panel:
    """The survey in one file, or in several files that are its waves.

    `mapping`: a Mapping, a YAML file, the name of a packaged one, or None to guess. A file or rows that cannot be used raise
    DataError with the problems listed; with `drop_bad_rows` such rows are left out and listed in `dropped`.
    """
    found = inspect(paths, mapping, "panel", own_lines)
    rows, dropped = usable(found, drop_bad_rows)
    assert found.lines is not None
    counts = dict(rows.group_by("wave").len().iter_rows())
    return Panel(
        _clean(rows),
        found.problems,
        dropped,
        tuple((wave, first, last, counts[wave]) for wave, first, last, _ in found.waves if wave in counts),
        found.lines,
        found.mapping,
        frozenset(found.named),
        found.guess,
        found.sha256,
    )


def _clean(rows: pl.DataFrame) -> pl.DataFrame:
    line = pl.col("line_idr")
    stock = line * pl.col("size")
    return (
        rows.with_columns(
            spending_idr=pl.col("per_head"),
            food_idr=pl.col("food_per_head"),
            income_idr=pl.col("income_per_head"),
            **{f"{name}_idr": pl.col(name) for name in ("assets", "loans", "savings")},
        )
        .with_columns(
            weight=pl.col("weight").fill_null(1.0),
            stratum=pl.col("stratum").fill_null("all"),
            cluster=pl.coalesce("cluster", "village", "household"),
            **{name: pl.col(f"{name}_idr") / line for name in ("spending", "food", "income")},
            **{name: pl.col(f"{name}_idr") / stock for name in ("assets", "loans", "savings")},
        )
        .select(list(PANEL_COLUMNS))
        .sort("wave", "village", "household", nulls_last=True, maintain_order=True)
    )
