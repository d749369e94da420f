"""From the tables of an evaluator to a pilot and its design.

Month 0 is the month before the cooperatives begin; waves are counted from it. What is simulated has the design of what was
observed: as many villages, as many interviews (in effective numbers, by the design effect of the survey:
`povsim.experiments.calibration.survey_design`), waves in the same months, as many households lost in between, the same share of
villages with a cooperative in the same state at the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.errors import PovsimError
from povsim.experiments.calibration.pilot import START, Design, Pilot, Reports
from povsim.experiments.calibration.statistics import LEAST_SPENDING
from povsim.experiments.calibration.survey_design import Worth, worth

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
LEAST_VILLAGES = 20
"""Villages below which a pilot is refused: the spread between villages is hardly seen, and no fewer are simulated."""
LEAST_MONTH = -11
MOST_MONTHS = 120
"""First and last month of a wave: spending of the twelve months before the cooperatives is kept, and ten years after."""
PANEL_SHARE = 0.5
"""Share of a wave's households that must come again for the survey to count as a panel."""
ACTIVE = ("legal", "building", "open", "trading")


@dataclass(frozen=True)
class Observed:
    """The pilot that was observed, its design, strata and primary units of its households [n], worth of its interviews."""

    pilot: Pilot
    design: Design
    month_0: date
    stratum: Ids
    unit: Ids
    worth: Worth


def observed(
    panel: pl.DataFrame,
    reports: pl.DataFrame | None,
    cooperative: str,
    starts: date | None = None,
    village_households: float = 1.0,
    dropped: int = 0,
    file: str = "FILE",
) -> Observed:
    """The pilot of clean tables.

    panel: a row a household and wave, with household, village, wave, month (date), spending (poverty lines), and where
    known weight, stratum, cluster (a primary unit within its stratum; else the village), size, member, treated. reports: a row
    a village and month, with village, month (date), status (a word of the funnel), members (number), volume_idr; only what
    came. village_households: households of a real village, which turns members and volumes into shares and rupiah a household.
    dropped: rows of `file` left out as unusable, for messages.
    """
    panel = panel.filter(pl.col("spending").is_not_null() & pl.col("village").is_not_null())
    fail_if_too_few_villages(panel["village"].n_unique(), dropped, file)
    month_0 = _month_0(panel, reports, starts)
    waves = panel.group_by("wave").agg(pl.col("month").median()).sort("wave")
    found = [_after(month_0, when) for when in waves["month"].to_list()]
    fail_if_waves_cannot_be_followed(found)
    months = _increasing(found)
    names = sorted(panel["village"].unique().to_list())
    pilot, stratum, unit = _pilot(panel, waves["wave"].to_list(), months, names)
    treated = _treated(panel, reports, names)
    seen = None if reports is None else _reports(reports, names, treated, month_0, village_households)
    pilot = Pilot(pilot.waves, pilot.spending, pilot.weight, pilot.size, pilot.village, pilot.member, treated, seen)
    return with_worth(pilot, cooperative, _start(reports, names, treated, month_0), month_0, stratum, unit)


def with_worth(
    pilot: Pilot, cooperative: str, start: tuple[float, ...], month_0: date, stratum: Ids | None = None, unit: Ids | None = None
) -> Observed:
    """A pilot with its design; without `stratum` and `unit` [n] one stratum, and villages as its primary units."""
    stratum = np.zeros(pilot.village.size, np.int64) if stratum is None else stratum
    unit = pilot.village if unit is None else unit
    here = np.isfinite(pilot.spending[0])
    log = np.log(np.maximum(pilot.spending[0, here], LEAST_SPENDING))
    found = worth(log, pilot.weight[here], pilot.village[here], stratum[here], unit[here])
    return Observed(pilot, design_of(pilot, cooperative, start, found.effective), month_0, stratum, unit, found)


def fail_if_too_few_villages(count: int, dropped: int = 0, file: str = "FILE") -> None:
    """Fewer villages than can be told apart; rows that were dropped are the first thing to look at."""
    if count < LEAST_VILLAGES:
        rows = "1 row was" if dropped == 1 else f"{dropped:,} rows were"
        lost = f"{rows} dropped as unusable (`povsim data check {file}` lists them). " if dropped else ""
        villages = "1 village" if count == 1 else f"{count} villages"
        left = "that are left hold" if dropped else "hold"
        raise PovsimError(
            f"{lost}The data {left} {villages}; a calibration needs {LEAST_VILLAGES} or more. Check that the column of "
            f"villages was found (`povsim data check {file}`), or name it in a mapping."
        )


def fail_if_waves_cannot_be_followed(months: Sequence[int]) -> None:
    """Waves long before the cooperatives begin, or long after."""
    for at, month in enumerate(months):
        if not LEAST_MONTH <= month <= MOST_MONTHS:
            raise PovsimError(
                f"Wave {at + 1} lies {month} months after the cooperatives began; followed are {LEAST_MONTH} to {MOST_MONTHS}."
                " Give the month in which they began, starts=YYYY-MM, or leave the wave out."
            )


def _month_0(panel: pl.DataFrame, reports: pl.DataFrame | None, starts: date | None) -> date:
    if starts is not None:
        return _shifted(starts, -1)
    if reports is not None and reports.height:
        first = reports["month"].drop_nulls().min()
        if isinstance(first, date):
            return _shifted(first, -1)
    first = panel["month"].drop_nulls().min()
    fail_if_no_date(first)
    assert isinstance(first, date)
    return date(first.year, first.month, 1)


def fail_if_no_date(first: object) -> None:
    """Waves without a date cannot be placed."""
    if not isinstance(first, date):
        raise PovsimError(
            "The data do not say when households were interviewed. Give a column with the month or date of the interview."
        )


def _shifted(when: date, months: int) -> date:
    number = 12 * when.year + when.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _after(month_0: date, when: date) -> int:
    return 12 * (when.year - month_0.year) + when.month - month_0.month


def _increasing(months: Sequence[int]) -> tuple[int, ...]:
    """Waves of one month are simulated in the next ones."""
    out: list[int] = []
    for month in months:
        out.append(month if not out or month > out[-1] else out[-1] + 1)
    return tuple(out)


def _pilot(
    panel: pl.DataFrame, waves: Sequence[object], months: tuple[int, ...], villages: Sequence[str]
) -> tuple[Pilot, Ids, Ids]:
    number = {name: at for at, name in enumerate(villages)}
    households = panel.select("household", "village").unique(maintain_order=True).sort("village", "household")
    row = {key: at for at, key in enumerate(households.iter_rows())}
    n = len(row)
    spending, weight, size = np.full((len(months), n), np.nan), np.full(n, np.nan), np.full(n, np.nan)
    member = np.zeros((len(months), n), np.bool_)
    design = {"stratum": np.full(n, -1, np.int64), "cluster": np.full(n, -1, np.int64)}
    coded = {name: panel[name].rank("dense").cast(pl.Int64) for name in design if name in panel.columns}
    panel = panel.with_columns(**{f"{name}_code": codes for name, codes in coded.items()})
    for w, wave in enumerate(waves):
        part = panel.filter(pl.col("wave") == wave)
        at = np.array([row[key] for key in part.select("household", "village").iter_rows()], np.int64)
        spending[w, at] = part["spending"].to_numpy()
        for name, target in (("weight", weight), ("size", size)):
            if name in part.columns:
                values = part[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
                fine = np.isfinite(values) & (values > 0)
                # a household keeps weight, stratum and unit of the wave that it was drawn in: later files may lack them
                new = fine & ((name == "size") | ~np.isfinite(target[at]))
                target[at[new]] = values[new]
        for name in coded:
            codes = part[f"{name}_code"].fill_null(-1).to_numpy()
            design[name][at] = np.where(design[name][at] < 0, codes, design[name][at])
        if "member" in part.columns:
            member[w, at] = part["member"].fill_null(value=False).to_numpy().astype(np.bool_)
    weight = np.where(np.isfinite(weight), weight, 1.0)
    size = np.where(np.isfinite(size), size, np.nanmean(size) if np.isfinite(size).any() else 1.0)
    village = np.array([number[key[1]] for key in row], np.int64)
    none = np.zeros(len(villages), np.bool_)
    unit = np.where(design["cluster"] >= 0, design["cluster"], design["cluster"].max() + 1 + village)
    return Pilot(months, spending, weight, size, village, member, none), design["stratum"], unit


def _treated(panel: pl.DataFrame, reports: pl.DataFrame | None, villages: Sequence[str]) -> NDArray[np.bool_]:
    """Villages with a cooperative of the pilot: as the panel says, else those that ever reported."""
    named: set[str] = set()
    if "treated" in panel.columns and panel["treated"].null_count() < panel.height:
        share = panel.group_by("village").agg(pl.col("treated").cast(pl.Float64).mean())
        named = {v for v, s in share.iter_rows() if s is not None and s >= 0.5}
    elif reports is not None:
        named = set(reports["village"].drop_nulls().to_list())
    return np.array([v in named for v in villages])


def _reports(
    reports: pl.DataFrame, villages: Sequence[str], treated: NDArray[np.bool_], month_0: date, households: float
) -> Reports | None:
    names = [v for v, t in zip(villages, treated, strict=True) if t]
    inside = reports.filter(pl.col("village").is_in(names) & pl.col("month").is_not_null())
    if not inside.height:
        return None
    place = {name: at for at, name in enumerate(names)}
    months = max(_after(month_0, when) for when in inside["month"].to_list())
    months = min(max(months, 1), MOST_MONTHS)
    received = np.zeros((months, len(names)), np.bool_)
    trading = received.copy()
    members, volume = np.full(received.shape, np.nan), np.full(received.shape, np.nan)
    columns = {
        name: inside[name].to_list() if name in inside.columns else [None] * inside.height
        for name in ("status", "members", "volume_idr")
    }
    for k, (name, when) in enumerate(inside.select("village", "month").iter_rows()):
        t = _after(month_0, when) - 1
        if not 0 <= t < months:
            continue
        v = place[name]
        received[t, v] = True
        trading[t, v] = columns["status"][k] == "trading"
        for column, table in (("members", members), ("volume_idr", volume)):
            value = columns[column][k]
            table[t, v] = np.nan if value is None else float(value) / households
    return Reports(received, trading, members, volume)


def _start(
    reports: pl.DataFrame | None, villages: Sequence[str], treated: NDArray[np.bool_], month_0: date
) -> tuple[float, ...]:
    """Shares of the treated villages in each state of the funnel in their first report of the first half-year; () without."""
    if reports is None or "status" not in reports.columns:
        return ()
    names = [v for v, t in zip(villages, treated, strict=True) if t]
    first = (
        reports.filter(pl.col("village").is_in(names) & pl.col("status").is_not_null() & pl.col("month").is_not_null())
        .filter(pl.col("month") <= _shifted(month_0, 6))
        .sort("month")
        .group_by("village", maintain_order=True)
        .agg(pl.col("status").first())
    )
    if not first.height:
        return ()
    words = first["status"].to_list()
    return tuple(sum(word == name for word in words) / len(words) for name in START)


def design_of(pilot: Pilot, cooperative: str, start: tuple[float, ...], interviews: int) -> Design:
    """The design that leaves such a pilot, its interviews of a village being worth `interviews`."""
    here = np.isfinite(pilot.spending)
    villages = pilot.treated.size
    again = [float((here[k] & here[k + 1]).sum() / max(1, here[k].sum())) for k in range(len(pilot.waves) - 1)]
    panel = bool(again) and float(np.mean(again)) >= PANEL_SHARE
    return Design(
        villages=villages,
        interviews=interviews,
        waves=pilot.waves,
        treated=float(pilot.treated.mean()),
        cooperative=cooperative,
        lost=tuple(round(1 - share, 4) for share in again) if panel else (),
        panel=panel or len(pilot.waves) == 1,
        reports=0 if pilot.reports is None else pilot.reports.received.shape[0],
        start=start if pilot.treated.any() else (),
    )
