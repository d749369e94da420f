"""Published series beside a pilot: which rounds can be held against the simulated villages, and what is read off them.

Levels are not read: the population of the model was fitted to them. What is read is how poverty and spending change after the
cooperatives begin, for the growth of earning capacity begins in month 0 there. A round is one that pilots live through, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.data.places import NATIONAL, TOY_PROVINCE
from povsim.errors import PovsimError
from povsim.experiments.forecast_history import logit
from povsim.population.nation import cells_of

MEASURES = ("poor", "gap", "severity", "spending")
"""Log odds of the share of poor persons, logs of poverty gap, of severity, and of mean spending in lines."""
COLUMNS = {"poor": "poverty_rate_pct", "gap": "poverty_gap_pct", "severity": "poverty_severity_pct"}
SEPTEMBER = (8, 9, 10)
"""Months of the smaller round of the survey, else it is the one of March."""


@dataclass(frozen=True)
class Round:
    """A survey round: months after month 0, and whether it is the large one of March."""

    month: int
    march: bool


@dataclass(frozen=True)
class Place:
    """A province or the country, and its rounds in their order."""

    name: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True)
class Series:
    """What of a file is used. changes: statistic (`series_poor:BALI:12`: place, month after month 0) to its change since the
    first round of that place and measure; passed_over: rows by reason (key of the catalogue)."""

    places: tuple[Place, ...]
    changes: dict[str, float]
    passed_over: dict[str, int]


def statistic_name(measure: str, place: str, month: int) -> str:
    """As tables of statistics call it."""
    return f"series_{measure}:{place}:{month}"


def is_series(name: str) -> bool:
    """Whether a statistic is one of a published series."""
    return name.startswith("series_")


def series_of(frame: pl.DataFrame, scenario: Scenario, month_0: date, last: int, file: str = "FILE") -> Series:
    """The rounds of an aggregate file (`povsim.data.aggregate`) between months 0 and `last` after `month_0`.

    Raises PovsimError where no place is lived, or fewer than two rounds of it are.
    """
    lived = places_lived(scenario)
    whole = frame.filter(pl.col("district").is_null() & (pl.col("area") == "total"))
    known = whole.filter(pl.col("province").is_in(lived))
    fail_if_no_place_is_lived(frame, whole, known, lived, file)
    months = 12 * (known["month"].dt.year().cast(pl.Int64) - month_0.year) + (
        known["month"].dt.month().cast(pl.Int64) - month_0.month
    )
    dated = known.with_columns(after=months)
    in_time = dated.filter(pl.col("after").is_between(0, last))
    told = in_time.filter(pl.Series(np.isfinite(_figures(in_time)).any(axis=0)))
    inside = told.unique(["province", "after"], keep="first", maintain_order=True)
    without_base = 0
    places: list[Place] = []
    changes: dict[str, float] = {}
    for name in sorted(inside["province"].unique().to_list()):
        rows = inside.filter(pl.col("province") == name).sort("after")
        found, lacking = _changes(name, rows)
        without_base += lacking
        if found:
            rounds = zip(rows["after"].to_list(), rows["month"].dt.month().to_list(), strict=True)
            places.append(Place(name, tuple(Round(int(t), m not in SEPTEMBER) for t, m in rounds)))
            changes |= found
    fail_if_no_first_round_has_the_measure(changes, without_base, file)
    fail_if_there_is_no_change(changes, known, month_0, last, file)
    passed_over = {
        "below": frame.height - whole.height,
        "elsewhere": whole.height - known.height,
        "outside": known.height - in_time.height,
        "blank": in_time.height - told.height,
        "again": told.height - inside.height,
        "without_base": without_base,
    }
    return Series(tuple(places), changes, {reason: count for reason, count in passed_over.items() if count})


def places_lived(scenario: Scenario) -> list[str]:
    """Places whose series the villages of the scenario can leave: the country only where all of it is lived."""
    population = scenario.population
    if population.kind == "toy":
        return [TOY_PROVINCE]
    names = sorted(cells_of(population.kind, population.provinces)["province"].unique().to_list())
    return names if population.provinces else [NATIONAL]


def _figures(rows: pl.DataFrame) -> NDArray[np.float64]:
    """Measures on the scale on which they change [measure, round], in the order of `MEASURES`; nan: no figure."""
    shares = [rows[column].to_numpy().astype(np.float64) / 100 for column in COLUMNS.values()]
    spending = (rows["mean_spending_idr"] / rows["line_idr"]).to_numpy().astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        x = np.stack([*(np.where((share > 0) & (share < 1), share, np.nan) for share in shares), spending])
        x = np.where(x > 0, x, np.nan)
        return np.stack([logit(one) if name == "poor" else np.log(one) for name, one in zip(MEASURES, x, strict=True)])


def _changes(place: str, rows: pl.DataFrame) -> tuple[dict[str, float], int]:
    """Changes since the first round of the place, from which the simulated ones count too; and how many figures have none, as
    the first round lacks the measure."""
    found: dict[str, float] = {}
    lacking = 0
    for measure, y in zip(MEASURES, _figures(rows), strict=True):
        later = np.flatnonzero(np.isfinite(y[1:])) + 1 if y.size else np.zeros(0, np.int64)
        if later.size and not np.isfinite(y[0]):
            lacking += int(later.size)
            continue
        for at in later:
            found[statistic_name(measure, place, int(rows["after"][int(at)]))] = float(y[at] - y[0])
    return found, lacking


def fail_if_no_place_is_lived(
    frame: pl.DataFrame, whole: pl.DataFrame, known: pl.DataFrame, lived: Sequence[str], file: str
) -> None:
    """A series of places in which no simulated village lies, or of parts of places alone."""
    if not whole.height:
        raise PovsimError(
            f"aggregate = {file} has {frame.height} rows, none of which is of a whole province or the country: districts, and "
            "rural and urban areas apart, cannot be compared with what is lived. Give rows of the area 'total', no district."
        )
    if not known.height:
        named = ", ".join(sorted(whole["province"].unique().to_list())[:5])
        raise PovsimError(
            f"aggregate = {file} is of {named}; the simulated villages lie in {', '.join(lived[:5])}"
            f"{' and others' if len(lived) > 5 else ''}. Say where the pilot lies with 'population.provinces=[...]' (without "
            f"it the series of the country, {NATIONAL}, is read), or give the series of that place."
        )


def fail_if_no_first_round_has_the_measure(changes: dict[str, float], without_base: int, file: str) -> None:
    """Rounds enough, but no measure that the first one of its place has comes again."""
    if without_base and not changes:
        raise PovsimError(
            f"aggregate = {file} has {without_base} figures that no change can be read of: changes are counted from the first "
            "round of a place, and it lacks those measures (spending needs line_idr, too). Add them to that round, or take the "
            "round out."
        )


def fail_if_there_is_no_change(changes: dict[str, float], known: pl.DataFrame, month_0: date, last: int, file: str) -> None:
    """Fewer than two rounds that the simulated villages live through."""
    if not changes:
        first, end = known["month"].min(), known["month"].max()
        number = 12 * month_0.year + month_0.month - 1 + last
        raise PovsimError(
            f"aggregate = {file} has rounds from {str(first)[:7]} to {str(end)[:7]}; the simulated villages grow from "
            f"{month_0.isoformat()[:7]} (the month before the cooperatives begin) to {number // 12}-{number % 12 + 1:02d}, and "
            "a change needs two rounds with a figure in between these. Leave aggregate out, give a longer series, or correct "
            "starts=YYYY-MM. Spending is read where the row has line_idr, too."
        )
