"""Rupiah of a date as poverty lines of that date: the line of the province and area, moved along the national path.

BPS publishes the national line twice a year, by area for most rounds, and lines by province and area; this project holds
the provinces for March 2025. The line of a province at another date is its line of March 2025 times the growth of the national
line of the same area: arithmetic from published figures (grade D) that takes relative prices of provinces as constant.
Between rounds the line grows at a constant rate; before the first round there is none; beyond the last one it goes on
growing as in the last twelve months, an assumption (grade A) that is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from math import exp, log

import numpy as np
import polars as pl

from povsim.data.places import NATIONAL, TOY_PROVINCE
from povsim.errors import PovsimError
from povsim.evidence import load
from povsim.population.geography import load_frame

__all__ = ["BASE_MONTH", "Lines", "line_at", "national_path", "with_lines"]

BASE_MONTH = date(2025, 3, 1)
"""Month whose rupiah the model counts in: the round of the lines of provinces."""
AREAS = ("national", "urban", "rural")


@dataclass(frozen=True, slots=True)
class Lines:
    """Which series put the rupiah into lines: in words, its grade, and rows whose line is beyond the published rounds."""

    series: str
    grade: str
    months_beyond: int
    without_line: int


@cache
def national_path(area: str = "national") -> tuple[tuple[date, float, str], ...]:
    """Published rounds of the national line: month, rupiah per person and month, grade; of `area` national, urban or rural."""
    table = load("poverty_national").filter((pl.col("indicator") == "line") & (pl.col("area") == area)).sort("period")
    return tuple(
        (_month(period), float(value), grade) for period, value, grade in table.select("period", "value", "grade").iter_rows()
    )


def line_at(month: date, area: str = "national") -> tuple[float | None, bool]:
    """The national line of `area` in a month (rupiah per person and month), and whether it lies beyond the last round.

    None before the first round. Between rounds it grows at a constant rate.
    """
    path = national_path(area)
    at = _number(month)
    known = [_number(when) for when, _, _ in path]
    if at < known[0]:
        return None, False
    logs = [log(value) for _, value, _ in path]
    if at <= known[-1]:
        return float(exp(np.interp(at, known, logs))), False
    year_ago = float(np.interp(known[-1] - 12, known, logs))
    return float(exp(logs[-1] + (logs[-1] - year_ago) * (at - known[-1]) / 12.0)), True


def with_lines(frame: pl.DataFrame, own: pl.DataFrame | None = None) -> tuple[pl.DataFrame, Lines]:
    """`frame` (columns `month`, `province`, `urban`, any of them null) with `line_idr`, rupiah per person and month.

    A row without a month gets the line of the base month; one without area the line of the province as a whole, taken as the
    mean of both areas weighted by the urban share; one without province the national line of its area. `own`: a series
    of the user's with `month` and `line_idr`, and `province` or `urban` where it differs by them; it wins wholly.
    """
    keys = frame.select("month", "province", "urban").unique()
    if own is not None:
        return _with_own(frame, own)
    lines, beyond, grades = [], [], set()
    for month, province, urban in keys.iter_rows():
        value, is_beyond, grade = _line_of(month or BASE_MONTH, province, urban)
        lines.append(value)
        beyond.append(is_beyond)
        grades.add(grade)
    table = keys.with_columns(pl.Series("line_idr", lines, dtype=pl.Float64), pl.Series("_beyond", beyond, dtype=pl.Boolean))
    joined = frame.join(table, on=["month", "province", "urban"], how="left", nulls_equal=True, maintain_order="left")
    past, without = int(joined["_beyond"].sum()), joined["line_idr"].null_count()
    by_place = keys["province"].drop_nulls().len() > 0
    series = (
        "BPS lines of provinces by area, March 2025, moved along the national line of the area"
        if by_place
        else "BPS national poverty line by area"
    )
    worst = "A" if past else max(grades, key="VDGA".index) if grades else "D"
    return joined.drop("_beyond"), Lines(series, worst, past, without)


def read_own_lines(frame: pl.DataFrame) -> pl.DataFrame:
    """A series of the user's for `with_lines`: `month` (date), `line_idr` above 0, optionally `province` and `urban`."""
    for name in ("month", "line_idr"):
        if name not in frame.columns:
            raise PovsimError(f"A series of lines needs the column '{name}'; given: {', '.join(frame.columns)}.")
    if frame["line_idr"].null_count() or (frame["line_idr"] <= 0).any():
        raise PovsimError("A series of lines holds empty or negative values in 'line_idr'. Give rupiah a person and month.")
    keys = [name for name in ("month", "province", "urban") if name in frame.columns]
    if frame.select(keys).is_duplicated().any():
        raise PovsimError(f"A series of lines has two rows for the same {', '.join(keys)}. Leave one.")
    return frame.with_columns(pl.col("month").dt.truncate("1mo"), pl.col("line_idr").cast(pl.Float64))


def _with_own(frame: pl.DataFrame, own: pl.DataFrame) -> tuple[pl.DataFrame, Lines]:
    series = read_own_lines(own)
    keys = [name for name in ("month", "province", "urban") if name in series.columns]
    joined = frame.join(series.select(*keys, "line_idr"), on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined, Lines("series of lines given by the user", "A", 0, joined["line_idr"].null_count())


def _line_of(month: date, province: str | None, urban: bool | None) -> tuple[float | None, bool, str]:
    area = "national" if urban is None else "urban" if urban else "rural"
    path, beyond = line_at(month, area)
    if path is None:
        return None, False, "A"
    if province is None or province == NATIONAL:
        grade = max((grade for _, _, grade in national_path(area)), key="VDGA".index)
        return path, beyond, grade
    base, _ = line_at(BASE_MONTH, area)
    assert base is not None
    own = _province_line(province, urban)
    return (path if own is None else own * path / base), beyond, "D"


@cache
def _province_line(province: str, urban: bool | None) -> float | None:
    """Line of a province in March 2025; without area the mean of both, weighted by the urban share of persons."""
    if province == TOY_PROVINCE:
        toy = load_frame("toy")
        urban_line, rural_line, share = (
            toy["line_urban_idr"][0],
            toy["line_rural_idr"][0],
            float(toy["urban_share"].to_numpy().mean()),
        )
    else:
        lines = load("province_profile_2025").filter(pl.col("province") == province)
        if not lines.height:
            return None
        urban_line, rural_line = (lines[name][0] for name in ("line_urban_idr", "line_rural_idr"))
        shares = load("urban_share_province_2025").filter(pl.col("province") == province)
        share = float(shares["urban_share_pct"][0]) / 100.0 if shares.height else 0.5
    urban_line, rural_line = (None if x is None else float(x) for x in (urban_line, rural_line))
    if urban_line is None or rural_line is None:
        return urban_line if rural_line is None else rural_line
    if urban is None:
        return share * urban_line + (1.0 - share) * rural_line
    return urban_line if urban else rural_line


def _month(period: str) -> date:
    year, month = period.split("-")
    return date(int(year), int(month), 1)


def _number(month: date) -> int:
    return 12 * month.year + month.month
