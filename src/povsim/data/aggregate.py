"""Published series of provinces or the country, as a user keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from povsim.data.deflate import read_own_lines
from povsim.data.inspect import Paths, inspect, usable
from povsim.data.mapping import Mapping
from povsim.data.places import NATIONAL
from povsim.data.problems import Problems

__all__ = ["AGGREGATE_COLUMNS", "Aggregate", "own_lines", "read_aggregate"]

AGGREGATE_COLUMNS = {
    "file": "file name where several were read, else null",
    "file_line": "line of the file",
    "province": f"name of the published table; {NATIONAL} where the file names none",
    "district": "name of the published table, or null",
    "area": "urban, rural or total",
    "month": "first day of the month",
    "poverty_rate_pct": "percent of persons, or null",
    "poverty_gap_pct": "percent, or null",
    "poverty_severity_pct": "percent, or null",
    "poor_thousand": "thousand persons, or null",
    "line_idr": "rupiah per person and month, or null",
    "mean_spending_idr": "rupiah per person and month, or null",
    "gini": "index, or null",
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Series: `frame` with `AGGREGATE_COLUMNS`, one row a place, area and month, in that order."""

    frame: pl.DataFrame
    problems: Problems
    dropped: pl.DataFrame
    mapping: Mapping
    has: frozenset[str]
    guess: dict[str, str]
    sha256: str


def read_aggregate(paths: Paths, mapping: Mapping | str | Path | None = None, drop_bad_rows: bool = False) -> Aggregate:
    """Series in one or several files. Errors as in `panel.read_panel`."""
    found = inspect(paths, mapping, "aggregate")
    rows, dropped = usable(found, drop_bad_rows)
    area = (
        pl.when(pl.col("urban").is_null()).then(pl.lit("total")).when("urban").then(pl.lit("urban")).otherwise(pl.lit("rural"))
    )
    frame = rows.with_columns(province=pl.col("province").fill_null(NATIONAL), area=area)
    frame = frame.select(list(AGGREGATE_COLUMNS)).sort(
        "province", "district", "area", "month", nulls_last=True, maintain_order=True
    )
    return Aggregate(frame, found.problems, dropped, found.mapping, frozenset(found.named), found.guess, found.sha256)


def own_lines(series: Aggregate) -> pl.DataFrame:
    """The poverty lines in `series`, as `panel.read_panel` takes them for its `own_lines`.

    By province and area where the series tells them apart; a row without a line is passed over.
    """
    frame = series.frame.filter(pl.col("line_idr").is_not_null() & pl.col("month").is_not_null())
    columns = ["month", "line_idr"]
    if (frame["province"] != NATIONAL).any():
        columns.append("province")
    if (frame["area"] != "total").any():
        frame = frame.with_columns(urban=pl.when(pl.col("area") != "total").then(pl.col("area") == "urban"))
        columns.append("urban")
    return read_own_lines(frame.select(columns))
