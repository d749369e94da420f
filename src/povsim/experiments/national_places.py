"""Results by place: nation, provinces, districts, each whole, urban and rural; and poverty against published figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from povsim import evidence
from povsim.config import Scenario
from povsim.experiments.arm_rows import LADDER
from povsim.experiments.clusters import Floats
from povsim.experiments.contrasts import FEWEST_DISCORDANT
from povsim.experiments.national_merge import AREAS, LEVELS, Nation, Paired, Places
from povsim.experiments.population_check import STATISTICS
from povsim.experiments.who_gains import COLUMNS, MEASURE
from povsim.measures.groups import FEWEST_HOUSEHOLDS, GROUPS

NOBODY: Final = "nobody of the group lives here"
NO_INTERVAL: Final = "an interval needs two villages or more"
Pairs = Sequence[tuple[str, str]]
Rows = list[dict[str, Any]]
_TEXT = {*COLUMNS[:7], "reason", "share_reason"}
GAINS = (("area", "nation", "urban"), ("area", "nation", "rural"), ("province", "province", "all"))
"""Dimension of the table `who_gains`, with the level and area of its places."""


def tables(scenario: Scenario, runs: Sequence[tuple[str, Nation]], pairs: Pairs) -> dict[str, pl.DataFrame]:
    """`places` (a row a place, arm, group and rung), `contrasts_by_place`, `districts` (poverty before the branch), and
    `who_gains` of areas and provinces in the columns of `povsim compare`."""
    arms, contrasts, gains, districts = (list[dict[str, Any]]() for _ in range(4))
    for variant, nation in runs:
        districts += _districts(variant, nation)
        for group in GROUPS:
            for rung in LADDER:
                arms += _arms(variant, nation, scenario.arm_names, group, rung)
                for arm, against in pairs:
                    key = {"variant": variant, "group": group, "arm": arm, "against": against, "measure": rung}
                    b, a = (nation.reached(name, rung) for name in (arm, against))
                    both = nation.pair(b, a, nation.group(group))
                    for places in nation.places:
                        contrasts += _contrasts(key, places, both.at(places))
                    if rung == MEASURE:
                        for dimension, level, area in GAINS:
                            at = nation.where(level, area)
                            gains += _gains(key, dimension, at, both.at(at))
    schema = {
        name: pl.String if name in _TEXT else pl.Int64 if name in ("simulated", "discordant") else pl.Float64
        for name in COLUMNS
    }
    return {
        "places": pl.DataFrame(arms, infer_schema_length=None),
        "contrasts_by_place": pl.DataFrame(contrasts, infer_schema_length=None),
        "districts": pl.DataFrame(districts, infer_schema_length=None),
        "who_gains": pl.DataFrame(gains, schema=schema),
    }


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _named(places: Places, at: int) -> dict[str, Any]:
    return {
        "level": places.level, "province": places.province[at], "district_id": places.district_id[at],
        "district": places.district[at], "area": places.area,
    }  # fmt: skip


def _arms(variant: str, nation: Nation, names: Sequence[str], group: str, rung: str) -> Rows:
    rows = []
    among = nation.group(group)
    for arm in names:
        reached = nation.reached(arm, rung)
        for places in nation.places:
            found = nation.shares(places, reached, among)
            low, high = found.ends(0.95)
            households = nation.totals(places, among)
            for at in range(places.strata.count):
                rows.append({
                    **_named(places, at), "variant": variant, "arm": arm, "group": group, "measure": rung,
                    "households": float(households[at]), "share": _known(found.share[at]),
                    "low95": _known(low[at]), "high95": _known(high[at]),
                    "reason": NOBODY if not households[at] > 0 else None if math.isfinite(low[at]) else NO_INTERVAL,
                })  # fmt: skip
    return rows


def _numbers(found: Paired, at: int, ends: tuple[Floats, Floats]) -> dict[str, Any]:
    discordant = int(found.discordant[at])
    empty = not found.households[at] > 0
    few = f"too few to say: {discordant} households differ between the arms, {FEWEST_DISCORDANT} are needed"
    return {
        "mean": None if empty else float(found.gained[at] - found.lost[at]),
        "low95": _known(ends[0][at]), "high95": _known(ends[1][at]),
        "n10": _known(found.gained[at]), "n01": _known(found.lost[at]), "discordant": discordant,
        "reason": NOBODY if empty else few if discordant < FEWEST_DISCORDANT
        else NO_INTERVAL if not math.isfinite(ends[0][at]) else None,
    }  # fmt: skip


def _contrasts(key: dict[str, str], places: Places, found: Paired) -> Rows:
    ends = found.difference.ends(0.95)
    rows = []
    for at in range(places.strata.count):
        numbers = _numbers(found, at, ends)
        mean, households = numbers["mean"], float(found.households[at])
        extra = None if mean is None else mean * households
        rows.append({**_named(places, at), **key, "households": households, **numbers, "extra_exits": extra})
    return rows


def _gains(key: dict[str, str], dimension: str, places: Places, found: Paired) -> Rows:
    ends = found.difference.ends(0.95)
    rows = []
    for at in range(places.strata.count):
        lived = int(found.lived[at])
        if not lived:
            continue
        few = f"too few to say: {lived} simulated households, {FEWEST_HOUSEHOLDS} are needed"
        row = {
            **key, "dimension": dimension, "level": places.province[at] or places.area,
            "households": float(found.households[at]), "simulated": lived, "share_arm": _known(found.arm.share[at]),
            "share_against": _known(found.against.share[at]), **_numbers(found, at, ends),
            "share_reason": few if lived < FEWEST_HOUSEHOLDS else None,
        }  # fmt: skip
        rows.append({name: row[name] for name in COLUMNS})
    return rows


def poverty_before(nation: Nation, level: str) -> list[dict[str, Any]]:
    """Observed poverty of the year before the branch, shares of persons: a row a place of the level and area."""
    rows = []
    names = nation.where(level, "all")
    of_district = {"nation": [0] * len(nation.outcomes), "district": list(range(len(nation.outcomes)))}
    known = {name: at for at, name in enumerate(names.province)}
    at_of = of_district.get(level) or [known[name] for name in nation.frame["province"]]
    for at in range(names.strata.count):
        total = nation.summed(one.before for one, place in zip(nation.outcomes, at_of, strict=True) if place == at)
        for a, area in enumerate(AREAS):
            persons, *sums = total[a]
            if persons > 0:
                shares = dict(zip(STATISTICS, (x / persons for x in sums), strict=True))
                rows.append({**_named(names, at), "area": area, "persons": float(persons), **shares})
    return rows


def published_figures(nation: Nation) -> dict[tuple[str, str, str], float]:
    """Figures by (province, area, statistic) as `population_check.check_table` wants them; Indonesia where all is lived."""
    out: dict[tuple[str, str, str], float] = {}
    for row in poverty_before(nation, "province"):
        if row["area"] == "all":
            out |= {(row["province"], "all", name): float(row[name]) for name in STATISTICS}
    if is_all_of_indonesia(nation):
        for row in poverty_before(nation, "nation"):
            out |= {("Indonesia", row["area"], name): float(row[name]) for name in STATISTICS}
    return out


def is_all_of_indonesia(nation: Nation) -> bool:
    """Whether every published district was lived."""
    published = evidence.load("poverty_district_2025")["district"].to_list()
    return nation.frame.height == len(published) and nation.frame["district"].to_list() == published


def check(nation: Nation) -> dict[str, Any]:
    """How far simulated headcounts of the lived places are from the frame's, percentage points (signed)."""
    frame = nation.frame
    out: dict[str, Any] = {}
    for level in LEVELS:
        gaps = []
        for row in poverty_before(nation, level):
            if row["area"] == "all":
                gaps.append(100 * float(row["headcount"]) - _frame_rate(frame, row))
        worst = max(gaps, key=abs)
        out[level] = {
            "places": len(gaps), "largest_gap_pp": worst, "mean_absolute_gap_pp": math.fsum(map(abs, gaps)) / len(gaps),
            "within_half_pp": sum(abs(gap) <= 0.5 for gap in gaps),
        }  # fmt: skip
    return out


def _frame_rate(frame: pl.DataFrame, row: dict[str, Any]) -> float:
    """Headcount of the frame at a place, percent of persons."""
    here = frame
    if row["district_id"] is not None:
        here = frame.filter(pl.col("district_id") == row["district_id"])
    elif row["province"] is not None:
        here = frame.filter(pl.col("province") == row["province"])
    persons = here["persons"].to_numpy()
    return float(persons @ here["p0_pct"].to_numpy() / persons.sum())


def _districts(variant: str, nation: Nation) -> Rows:
    rows = []
    by_id = {row["district_id"]: row for row in nation.frame.iter_rows(named=True)}
    lived = nation.outcomes
    for row in poverty_before(nation, "district"):
        if row["area"] != "all":
            continue
        of = by_id[row["district_id"]]
        one = next(o for o in lived if o.district == row["district_id"])
        rows.append({
            "variant": variant, "district_id": row["district_id"], "province": of["province"], "district": of["district"],
            "kind": of["kind"], "villages": of["villages"], "villages_lived": one.urban.size,
            "households": of["households"], "households_lived": int(one.households.sum()),
            "published_pct": of["p0_pct"], "simulated_pct": 100 * row["headcount"],
            "gap_pp": 100 * row["headcount"] - of["p0_pct"], "grade": of["grade"],
        })  # fmt: skip
    return rows
