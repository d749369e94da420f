"""From the districts put together to the summary and the tidy tables of `povsim national`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.experiments import national_places
from povsim.experiments.arm_rows import COMPANIONS, LADDER, YEARS_SHOWN
from povsim.experiments.clusters import Floats
from povsim.experiments.comparison_tables import asked_of, pairs_of
from povsim.experiments.contrasts import FEWEST_DISCORDANT, Contrast, null_contrast, spans, villages_needed
from povsim.experiments.national_district import EARLY_MONTH, MEMBER_M60, TRADING, months_shown
from povsim.experiments.national_merge import Nation, PairByVillage
from povsim.experiments.national_places import NO_INTERVAL
from povsim.experiments.population_check import check_table
from povsim.measures.cost import per_billion
from povsim.measures.groups import GROUPS
from povsim.measures.spells import REENTRY_MONTHS, kaplan_meier
from povsim.population.columns import STATUS

NO_FUTURES: Final = "needs branched futures, which povsim national does not live"
Booked = tuple[str, str]
INTERVALS: Final = (
    "Intervals have villages as clusters within districts by urban or rural; a village alone there counts with others alone in "
    "its province, or with its neighbours. They cover chance: which households live in a village and what befalls households "
    "and villages{drawn}. They do not cover that the parameters are uncertain."
)


@dataclass
class VariantOfNation:
    """One variant: the districts put together, what a rollout decided each year by arm, how the levels of equal cost were
    found, and what a reader must know."""

    variant: str
    nation: Nation
    years: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    equal_cost: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)
    """Arms of equal cost that were not found, and why."""


def _missing(nation: Nation, whole: pl.DataFrame) -> dict[str, Any] | None:
    """Districts of the whole frame that are not in the figures, and their share of its households; None where none is."""
    lost = whole.filter(~pl.col("district_id").is_in(nation.frame["district_id"].to_list()))
    if lost.is_empty():
        return None
    share = float(lost["households"].sum()) / float(whole["households"].sum())
    return {"districts": lost["district"].to_list(), "of": whole.height, "household_share": share}


def collect(
    scenario: Scenario, runs: Sequence[VariantOfNation], whole: pl.DataFrame
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """summary.json (without sentences) and the tables of the result folder; `whole`: the frame that was to be lived."""
    first = runs[0].nation
    frame = first.frame
    contrasts = {run.variant: _contrasts(scenario, run.nation) for run in runs}
    lived = float(first.households.sum())
    drawn = "" if scenario.sample is None else ", and which villages were drawn"
    summary: dict[str, Any] = {
        "command": "national",
        "schema": 1,
        "horizon_months": scenario.horizon_months,
        "burn_in_months": scenario.burn_in_months,
        "definition": {"b": scenario.exit.b, "W": scenario.exit.W, "window": list(scenario.window)},
        "replicates": 1,
        "seed": scenario.seed,
        "groups": list(GROUPS),
        "population": {
            "kind": scenario.population.kind,
            "districts": frame.height,
            "villages": int(first.weight.size),
            "villages_nation": int(frame["villages"].sum()),
            "households_simulated": int(lived),
            "households_nation": float(first.weight @ first.households),
            "persons_nation": float(first.weight @ first.persons),
            "sample": scenario.sample,
            "provinces": list(scenario.population.provinces or ()) or None,
            "strata": "district",
        },
        **asked_of(scenario),
        "intervals": INTERVALS.format(drawn=drawn),
        "variants": {run.variant: _variant(scenario, run.nation, contrasts[run.variant]) for run in runs},
        "range": spans(contrasts),
        "equal_cost": {run.variant: run.equal_cost for run in runs},
        "works_lost": {
            run.variant: {name: math.fsum(one.works_lost for one in run.nation.of(name)) for name in scenario.arm_names}
            for run in runs
        },
        "takeup": {run.variant: _takeup(scenario, run.nation, contrasts[run.variant]) for run in runs},
        "check": {run.variant: national_places.check(run.nation) for run in runs},
        "missing": {run.variant: found for run in runs if (found := _missing(run.nation, whole))},
        "dropped": {name: f"{run.variant}: {why}" for run in runs for name, why in run.dropped.items()},
        "notes": [note for run in runs for note in run.notes],
    }
    return summary, _tables(scenario, runs, contrasts)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _variant(scenario: Scenario, nation: Nation, contrasts: Sequence[Contrast]) -> dict[str, Any]:
    arms: dict[str, Any] = {}
    for name in scenario.arm_names:
        entry: dict[str, Any] = {group: _group(nation, name, group) for group in GROUPS}
        entry["cost_idr"] = nation.total_cost(name)
        poverty = nation.summed(one.poverty for one in nation.of(name))
        entry["headcount"] = (poverty[:, 0, 0] / nation.summed(one.before for one in nation.outcomes)[0, 0]).tolist()
        arms[name] = entry
    return {"arms": arms, "contrasts": [c.to_json() for c in contrasts]}


def _group(nation: Nation, name: str, group: str) -> dict[str, Any]:
    """What became of a group in an arm; the fields of `povsim compare`."""
    g, among = GROUPS.index(group), nation.group(group)
    size = float(nation.by_village(among).sum())
    cell: dict[str, Any] = {"households": size}
    reasons: dict[str, str] = {"E5": NO_FUTURES}
    for rung in (*LADDER, *COMPANIONS):
        cell[rung] = _share(nation, nation.reached(name, rung), among)
    cell["E5"] = None
    cell["ended_share"] = _share(nation, nation.ended, among)
    curve = survival_of(nation, name, g)
    cell["reentry_36m"] = None if curve is None else _known(1.0 - curve[REENTRY_MONTHS])
    free = nation.summed(one.poverty_free[g] for one in nation.of(name))
    cell["poverty_free_years"] = float(free) / size if size > 0 else None
    if cell["reentry_36m"] is None:
        reasons["reentry_36m"] = "nobody of the group crossed the line"
    if size <= 0:
        nobody = (*LADDER, *COMPANIONS, "ended_share", "poverty_free_years")
        reasons |= dict.fromkeys(nobody, "the group is empty")
    return cell | {"reasons": reasons}


def _share(nation: Nation, has: NDArray[np.bool_], among: NDArray[np.bool_]) -> float | None:
    total = float(nation.by_village(among).sum())
    return float(nation.by_village(has & among).sum()) / total if total > 0 else None


def survival_of(nation: Nation, name: str, g: int) -> Floats | None:
    """Share still out of poverty 0..60 months after the first crossing; None where nobody crosses."""
    at_risk, events = nation.summed(one.crossings[g] for one in nation.of(name))
    if at_risk[0] <= 0:
        return None
    censored = at_risk - events - np.append(at_risk[1:], 0.0)
    month = np.arange(at_risk.size)
    weight = np.concatenate([events, np.maximum(censored, 0.0)])
    ended = np.repeat([True, False], month.size)
    return kaplan_meier(np.tile(month, 2), ended, weight, month.size - 1).survival


def _contrasts(scenario: Scenario, nation: Nation) -> list[Contrast]:
    out = []
    for arm, against in pairs_of(scenario, scenario.arm_names):
        for group in GROUPS:
            for rung in LADDER:
                both = nation.pair(nation.reached(arm, rung), nation.reached(against, rung), nation.group(group))
                out.append(contrast(nation, both, arm, against, group, rung))
            out.append(null_contrast(arm, against, group, "E5", NO_FUTURES))
    return out


def contrast(nation: Nation, both: PairByVillage, arm: str, against: str, group: str, rung: str, cost: bool = True) -> Contrast:
    """The contrast of the nation, with villages as clusters; `cost`: whether exits per billion belong to it."""
    found = both.at(nation.where("nation", "all"))
    households = float(found.households[0])
    if households <= 0:
        return null_contrast(arm, against, group, rung, "the group is empty")
    up, down, se = float(found.gained[0]), float(found.lost[0]), float(found.difference.se[0])
    mean = up - down
    reasons: dict[str, str] = {}
    ends: dict[str, float | None] = {}
    for level in (80, 95):
        low, high = found.difference.ends(level / 100)
        ends[f"low{level}"], ends[f"high{level}"] = _known(low[0]), _known(high[0])
    if ends["low95"] is None:
        reasons |= dict.fromkeys(ends, NO_INTERVAL)
    gain: float | None = None
    if not se > 0:
        reasons["pairing_gain"] = NO_INTERVAL if math.isnan(se) else "the paired difference is the same in every village"
    else:
        gain = float(found.arm.se[0] ** 2 + found.against.se[0] ** 2) / se**2
    discordant = int(found.discordant[0])
    few = f"too few to say: {discordant} households differ between the arms, {FEWEST_DISCORDANT} are needed"
    rate: float | None = None
    why: str | None = "the cost of these villages alone is not kept"
    if cost:
        own, base = nation.total_cost(arm), nation.total_cost(against)
        rate, why = per_billion(mean * households, own - base, (own - base,), comparator_cost=base, own_cost=own)
    if why is not None:
        reasons["per_billion_idr"] = why
    return Contrast(
        arm, against, group, rung, mean, ends["low80"], ends["high80"], ends["low95"], ends["high95"], up, down,
        mean * households, rate, few if discordant < FEWEST_DISCORDANT else None, gain, reasons,
        se=_known(se), discordant=discordant, replicates=1,
    )  # fmt: skip


def _takeup(scenario: Scenario, nation: Nation, contrasts: Sequence[Contrast]) -> dict[str, Any]:
    """Take-up, what happens where a cooperative trades, and the villages needed; fields as in `povsim compare`."""
    out: dict[str, Any] = {}
    months = months_shown(scenario.horizon_months)
    structural = nation.group("structural")
    for arm, against in pairs_of(scenario, scenario.arm_names):
        if (
            not nation.arms[arm].cooperative
            or arm in out
            or nation.arms[against].cooperative
            or against.startswith("aid_equal")
        ):
            continue
        status = np.concatenate([one.status for one in nation.of(arm)], axis=1)
        members = np.concatenate([one.members[months.index(60)] for one in nation.of(arm)])
        traded = np.concatenate([one.traded for one in nation.of(arm)])[nation.village] & structural
        there = nation.pair(nation.reached(arm, "E4"), nation.reached(against, "E4"), traded)
        effect = contrast(nation, there, arm, against, "structural", "E4", cost=False)
        whole = next(c for c in contrasts if (c.arm, c.against, c.group, c.measure) == (arm, against, "structural", "E4"))
        needed, reason = villages_needed(whole.se, nation.weight.size, whole.mean)
        if needed is not None and needed > (there_are := int(nation.frame["villages"].sum())):
            needed, reason = None, f"{needed} villages would be needed, more than the {there_are} that exist"
        out[arm] = {
            "against": against,
            "members_share_m60": float(nation.weight @ members) / float(nation.weight @ nation.households),
            "members_in_trading_share_structural_m60": _share(
                nation, nation.reached(arm, MEMBER_M60), structural & nation.lives_m60
            ),
            "trading_share_m17": _trading(nation, status[months.index(EARLY_MONTH)]),
            "trading_share_m60": _trading(nation, status[months.index(60)]),
            "households_where_trading": float(nation.by_village(traded).sum()),
            "effect_where_trading": effect.to_json(),
            "villages_needed": needed,
            "reason": reason,
        }
    return out


def _trading(nation: Nation, status: NDArray[np.uint8]) -> float | None:
    founded = float(nation.weight @ (status >= 1))
    return float(nation.weight @ (status == TRADING)) / founded if founded > 0 else None


def _tables(
    scenario: Scenario, runs: Sequence[VariantOfNation], contrasts: Mapping[str, Sequence[Contrast]]
) -> dict[str, pl.DataFrame]:
    names = (
        "arms",
        "contrasts",
        "exits_over_time",
        "exits_by_year",
        "exit_survival",
        "headcount_path",
        "funnel",
        "cost",
        "aid",
    )
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for run in runs:
        rows["contrasts"] += [
            {"variant": run.variant, **{k: x for k, x in c.to_json().items() if k != "reasons"}, "discordant": c.discordant}
            for c in contrasts[run.variant]
        ]
        for name in scenario.arm_names:
            _arm_rows(rows, scenario, run, name)
    tables = {name: pl.DataFrame(content, infer_schema_length=None) for name, content in rows.items()}
    rollout = [row for run in runs for row in _rollout_rows(run)]
    if rollout:
        tables["rollout"] = pl.DataFrame(rollout, infer_schema_length=None)
    tables["population_check"] = check_table([national_places.published_figures(runs[0].nation)])
    pairs = pairs_of(scenario, scenario.arm_names)
    return tables | national_places.tables(scenario, [(run.variant, run.nation) for run in runs], pairs)


def _rollout_rows(run: VariantOfNation) -> list[dict[str, Any]]:
    """A row an arm, year and resource of the nation: what is in use, what there is, and whether it stopped the next village."""
    return [
        {
            "variant": run.variant, "arm": arm, "year": year["year"], "villages_lived_that_start": year["starts"],
            "resource": name, "used": used, "limit": year["limit"][name], "stopped": year["stopped_by"] == name,
        }
        for arm, years in run.years.items()
        for year in years
        for name, used in year["used"].items()
    ]  # fmt: skip


def _arm_rows(rows: dict[str, list[dict[str, Any]]], scenario: Scenario, run: VariantOfNation, name: str) -> None:
    key = {"variant": run.variant, "arm": name}
    nation, last = run.nation, scenario.window[1]
    everywhere = nation.where("nation", "all")
    for g, group in enumerate(GROUPS):
        among = nation.group(group)
        size = float(nation.by_village(among).sum())
        for rung in (*LADDER, *COMPANIONS):
            found = nation.shares(everywhere, nation.reached(name, rung), among)
            low, high = found.ends(0.95)
            rows["arms"].append({
                **key, "group": group, "measure": rung, "mean": _known(found.share[0]), "low95": _known(low[0]),
                "high95": _known(high[0]), "households": size,
            })  # fmt: skip
        begun = np.cumsum(nation.summed(one.exits[g] for one in nation.of(name)))
        for month in range(12, last + 1):
            value = float(begun[month]) / size if size > 0 else None
            rows["exits_over_time"].append({**key, "group": group, "month": month, "cumulative_share": value})
            if month in YEARS_SHOWN:
                rows["exits_by_year"].append({**key, "group": group, "month": month, "cumulative_share": value})
        survival = survival_of(nation, name, g)
        for k in range(61):
            value = None if survival is None else _known(survival[k])
            rows["exit_survival"].append({**key, "group": group, "months_since_crossing": k, "share_still_out": value})
    persons = nation.summed(one.before for one in nation.outcomes)[:, 0]
    poverty = nation.summed(one.poverty for one in nation.of(name))
    for a, area in enumerate(("all", "urban", "rural")):
        for month in range(poverty.shape[0]):
            observed, gap, severity, latent = (x / persons[a] if persons[a] > 0 else None for x in poverty[month, a])
            rows["headcount_path"].append(
                {**key, "month": month, "area": area, "observed": observed, "gap": gap, "severity": severity, "latent": latent}
            )
    _funnel_rows(rows, key, scenario, nation, name)
    for (purse, item), amount in nation.cost(name).items():
        rows["cost"].append({**key, "purse": purse, "item": item, "pv_idr": amount})
    for programme in nation.of(name)[0].families:
        families = nation.summed(one.families[programme] for one in nation.of(name))
        rows["aid"] += [{**key, "programme": programme, "year": k + 1, "families": float(x)} for k, x in enumerate(families)]


def _funnel_rows(
    rows: dict[str, list[dict[str, Any]]], key: Mapping[str, str], scenario: Scenario, nation: Nation, name: str
) -> None:
    months = months_shown(scenario.horizon_months)
    parts = nation.of(name)
    status, members = (np.concatenate([getattr(one, what) for one in parts], axis=1) for what in ("status", "members"))
    volume = np.concatenate([one.volume for one in parts], axis=1)
    weight = nation.weight
    for at, month in enumerate(months):
        if month % 12:
            continue
        alive = (status[at] >= 1) & (status[at] <= 5)
        cooperatives = float(weight @ alive)
        per = float((weight * alive) @ members[at]) / cooperatives if month > 0 and cooperatives > 0 else None
        for s, word in enumerate(STATUS):
            rows["funnel"].append({
                **key, "year": month // 12, "status": word,
                "share_of_villages": float(weight @ (status[at] == s)) / float(weight.sum()),
                "members_per_cooperative": per,
                "volume_idr_year": float(weight @ volume[month // 12 - 1]) if month > 0 else None,
            })  # fmt: skip
