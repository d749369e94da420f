"""From replicates to the summary and the tidy tables of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from povsim.config import Scenario
from povsim.experiments import assumptions, break_even_tables, uncertain, who_gains
from povsim.experiments.after_aid import after_aid_of
from povsim.experiments.all_households import lasting_share, parts_of
from povsim.experiments.arm_rows import COMPANIONS, LADDER, add_arm_rows, mean_of, share_of
from povsim.experiments.contrasts import (
    Contrast,
    CostDifference,
    paired_contrast,
    spans,
    villages_needed,
)
from povsim.experiments.futures_tables import e5_contrast, e5_fields, future_rows
from povsim.experiments.households import households
from povsim.experiments.ledger_tables import ledger_rows, ledger_summary
from povsim.experiments.parameter_table import parameter_table
from povsim.experiments.population_check import check_table
from povsim.experiments.replicate import TAKE_UP_MONTH, Replicate
from povsim.measures.cost import present_value
from povsim.measures.groups import GROUPS

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun

PAIRS = (
    ("aid", "none"),
    ("cooperative", "none"),
    ("aid_cooperative", "aid"),
    ("aid_cooperative", "aid_equal_cost"),
    ("aid_equal_cost", "aid"),
)
TRADED_MONTHS = 12


def collect(scenario: Scenario, runs: Sequence[VariantRun]) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """summary.json (without sentences) and the tables of the result folder."""
    contrasts = {run.variant: list(_contrasts(scenario, run)) for run in runs}
    drawn = [uncertain.LivedDraws(run.variant, run.draws, run.tried, [r.number for r in run.replicates]) for run in runs]
    first = runs[0].replicates[0]
    summary: dict[str, Any] = {
        "command": "compare",
        "schema": 1,
        "horizon_months": scenario.horizon_months,
        "burn_in_months": scenario.burn_in_months,
        "definition": {"b": scenario.exit.b, "W": scenario.exit.W, "window": list(scenario.window)},
        "replicates": min(len(run.replicates) for run in runs),
        "seed": scenario.seed,
        "groups": list(GROUPS),
        "population": {
            "kind": scenario.population.kind,
            "villages": int(first.sample.village_ids.size),
            "households_per_village": scenario.population.households_per_village,
            "households_simulated": int(first.sample.ids.size),
            "households_nation": float(np.mean([r.sample.weight.sum() for r in runs[0].replicates])),
            "persons_nation": float(np.mean([r.sample.persons.sum() for r in runs[0].replicates])),
            "provinces": list(scenario.population.provinces or ()) or None,
            "strata": first.sample.level,
        },
        **asked_of(scenario),
        "variants": {run.variant: _variant(scenario, run, contrasts[run.variant]) for run in runs},
        "range": spans(contrasts),
        "equal_cost": {run.variant: run.equal_cost for run in runs},
        "equal_money": {run.variant: run.forms for run in runs},
        "all_households": {run.variant: _everyone(scenario, run) for run in runs},
        "works_lost": {
            run.variant: {
                name: mean_of(
                    float(present_value(r.outcomes[name].works_lost, run.arms[name].p["discount"])) for r in run.replicates
                )
                for name in _arm_names(scenario, run)
            }
            for run in runs
        },
        "after_aid": {run.variant: after_aid_of(run.replicates, _arm_names(scenario, run)) for run in runs},
        "takeup": {run.variant: _takeup(scenario, run, contrasts[run.variant]) for run in runs},
        "ledger": {run.variant: ledger_summary(run) for run in runs if run.ledger is not None},
        "notes": [*([first.sample.note] if first.sample.note else []), *(note for run in runs for note in run.notes)],
    }
    if scenario.assumptions:
        summary["assumptions"] = {r.variant: assumptions.summary_of(r.assumptions) for r in runs if r.assumptions}
    if scenario.n_draws is not None:
        summary["uncertainty"] = uncertain.summary_of(scenario, drawn, contrasts, LADDER)
    if scenario.break_even:
        summary["break_even"] = {r.variant: break_even_tables.entry(r.break_even, scenario) for r in runs if r.break_even}
    pairs = {run.variant: pairs_of(scenario, _arm_names(scenario, run)) for run in runs}
    tables = _tables(scenario, runs, contrasts)
    if scenario.n_draws is not None:
        tables |= uncertain.tables_of(drawn, contrasts)
    return who_gains.add(summary, tables, runs, pairs)


def asked_of(scenario: Scenario) -> dict[str, Any]:
    """What a comparison was asked, as summary.json says it."""
    return {
        "scenario": {
            "cooperative": scenario.cooperative,
            "economy": scenario.economy.kind,
            "registry": scenario.registry.kind,
            "interactions": scenario.interactions,
            "coverage": scenario.rollout.coverage,
            "payer": scenario.payer,
        },
        "repeats": {arm.name: {"arm": arm.repeats, "scenario": arm.under} for arm in scenario.arms if arm.repeats},
        "scenarios": list(scenario.scenarios),
        "targets": list(scenario.targets()),
    }


def _ended(replicate: Replicate, group: str, T: int) -> float | None:
    """Share of the group's households that end before the horizon and are followed by a successor."""
    m = replicate.group(group)
    weight = replicate.weight[m]
    return float(weight @ (replicate.until[m] < T) / weight.sum()) if weight.sum() > 0 else None


def _variant(scenario: Scenario, run: VariantRun, contrasts: list[Contrast]) -> dict[str, Any]:
    arms: dict[str, Any] = {}
    for name in _arm_names(scenario, run):
        entry: dict[str, Any] = {}
        for group in GROUPS:
            cell: dict[str, Any] = {"households": mean_of(r.weight[r.group(group)].sum() for r in run.replicates)}
            for rung in (*LADDER, *COMPANIONS):
                cell[rung] = mean_of(share_of(r, name, rung, group, r.weight) for r in run.replicates)
            fields, why_null = e5_fields(run, name, group)
            cell |= fields
            cell["ended_share"] = mean_of(_ended(r, group, scenario.horizon_months) for r in run.replicates)
            cell["reentry_36m"] = mean_of(r.outcomes[name].reentry[group] for r in run.replicates)
            cell["poverty_free_years"] = mean_of(r.outcomes[name].poverty_free[group] for r in run.replicates)
            cell["reasons"] = why_null
            if cell["reentry_36m"] is None:
                cell["reasons"]["reentry_36m"] = "nobody of the group crossed the line"
            entry[group] = cell
        entry["cost_idr"] = mean_of(r.outcomes[name].total_cost for r in run.replicates)
        entry["headcount"] = np.mean([r.outcomes[name].poverty[:, 0, 0] for r in run.replicates], axis=0).tolist()
        arms[name] = entry
    return {"arms": arms, "contrasts": [c.to_json() for c in contrasts]}


def _arm_names(scenario: Scenario, run: VariantRun) -> list[str]:
    return [name for name in scenario.arm_names if name in run.arms]


def pairs_of(scenario: Scenario, names: Sequence[str]) -> list[tuple[str, str]]:
    """(arm, against) of every contrast: the fixed ones, then every further arm against `aid` (or `none`).

    An arm with levers also against `aid_cooperative`, which has none; assets and coaching too, which cost the same; an arm with
    an equal-cost twin against that.
    """
    pairs = [pair for pair in PAIRS if pair[0] in names and pair[1] in names]
    told = {arm for arm, _ in PAIRS} | {"none"}
    for name in names:
        spec = next(arm for arm in scenario.arms if arm.name == name)
        if name in told or (spec.of is not None and not spec.assets):  # a twin is there for its arm to be held against
            continue
        bases = ("aid", "none") if spec.aid else ("none", "aid")
        against = next((base for base in bases if base in names), None)
        twins = [arm.name for arm in scenario.arms if arm.of == name and not arm.assets]
        beside = [against, *(["aid_cooperative"] if spec.levers or spec.assets else []), *twins]
        if spec.repeats:
            beside.append(spec.repeats)
        pairs += [(name, other) for other in dict.fromkeys(beside) if other is not None and other in names]
    held = {other for _, other in pairs}
    further = [arm for arm in scenario.arms if arm.name in names and arm.name not in held and not arm.assets]
    return pairs + [(arm.of, arm.name) for arm in further if arm.of is not None]


def _contrasts(scenario: Scenario, run: VariantRun) -> Iterable[Contrast]:
    for arm, against in pairs_of(scenario, _arm_names(scenario, run)):
        costs = [(r.outcomes[arm].total_cost, r.outcomes[against].total_cost) for r in run.replicates]
        difference = tuple(b - a for b, a in costs)
        cost = CostDifference(
            float(np.mean(difference)), difference, float(np.mean([a for _, a in costs])), float(np.mean([b for b, _ in costs]))
        )
        for group in GROUPS:
            found = [_contrast(run.replicates, arm, against, group, rung, cost) for rung in LADDER]
            yield from found
            yield e5_contrast(run, found[LADDER.index("E4")], cost)


def _contrast(
    replicates: Sequence[Replicate],
    arm: str,
    against: str,
    group: str,
    rung: str,
    cost: CostDifference | None = None,
    where: Sequence[np.ndarray] | None = None,
) -> Contrast:
    """Paired contrast; `where` further restricts the households of each replicate."""
    masks = [r.group(group) for r in replicates]
    if where is not None:
        masks = [mask & also for mask, also in zip(masks, where, strict=True)]
    y = [[r.outcomes[name].tau[rung][m] > 0 for r, m in zip(replicates, masks, strict=True)] for name in (arm, against)]
    weights = [r.weight[m] for r, m in zip(replicates, masks, strict=True)]
    return paired_contrast(arm, against, group, rung, y[0], y[1], weights, cost, [r.draw for r in replicates])


def _everyone(scenario: Scenario, run: VariantRun) -> dict[str, Any]:
    """Delta_all: share of all households that stand for good in each arm, and the parts of each contrast."""
    names = _arm_names(scenario, run)
    return {
        "arms": {name: lasting_share(run.replicates, name) for name in names},
        "contrasts": [asdict(part) for pair in pairs_of(scenario, names) for part in parts_of(run.replicates, *pair)],
    }


def _takeup(scenario: Scenario, run: VariantRun, contrasts: list[Contrast]) -> dict[str, Any]:
    """Take-up, what happens where a cooperative trades, and the villages needed, by cooperative arm that has a contrast."""
    out: dict[str, Any] = {}
    for arm, against in pairs_of(scenario, _arm_names(scenario, run)):
        if not run.arms[arm].cooperative or arm in out or run.arms[against].cooperative or against.startswith("aid_equal_cost"):
            continue
        traded = [((r.outcomes[arm].status == 4).sum(axis=0) >= TRADED_MONTHS)[r.village] for r in run.replicates]
        there = _contrast(run.replicates, arm, against, "structural", "E4", None, traded)
        whole = next(c for c in contrasts if (c.arm, c.against, c.group, c.measure) == (arm, against, "structural", "E4"))
        villages = sum(r.village_weight.size for r in run.replicates)
        needed, reason = villages_needed(whole.se, villages, whole.mean)
        out[arm] = {
            "against": against,
            "members_share_m60": mean_of(_member_share(r, arm, 60) for r in run.replicates),
            "members_in_trading_share_structural_m60": mean_of(_trading_members(r, arm) for r in run.replicates),
            "trading_share_m17": mean_of(_status_share(r, arm, 17, 4) for r in run.replicates),
            "trading_share_m60": mean_of(_status_share(r, arm, 60, 4) for r in run.replicates),
            "households_where_trading": mean_of(
                r.weight[r.structural & w].sum() for r, w in zip(run.replicates, traded, strict=True)
            ),
            "effect_where_trading": there.to_json(),
            "villages_needed": needed,
            "reason": reason,
        }
    return out


def _member_share(r: Replicate, arm: str, month: int) -> float:
    members = float(r.outcomes[arm].members[month - 1] @ r.village_weight)
    return members / float(r.sample.weight.sum())


def _trading_members(r: Replicate, arm: str) -> float | None:
    """Share of the structurally poor still living in month 60 that are members of a trading cooperative then."""
    m = r.structural & (r.until >= TAKE_UP_MONTH)
    total = r.weight[m].sum()
    return float(r.weight[m] @ r.outcomes[arm].member_m60[m] / total) if total > 0 else None


def _status_share(r: Replicate, arm: str, month: int, status: int) -> float | None:
    """Share of the founded cooperatives in a status."""
    at = r.outcomes[arm].status[month]
    founded = float(r.village_weight @ (at >= 1))
    return float(r.village_weight @ (at == status)) / founded if founded > 0 else None


def _tables(scenario: Scenario, runs: Sequence[VariantRun], contrasts: dict[str, list[Contrast]]) -> dict[str, pl.DataFrame]:
    names = ("arms", "persons", "contrasts", "exits_over_time", "exits_by_year", "exit_survival", "headcount_path", "funnel")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in (*names, "cost", "aid")}
    for run in runs:
        for c in contrasts[run.variant]:
            flat = {k: v for k, v in c.to_json().items() if k != "reasons"}
            rows["contrasts"].append({"variant": run.variant, **flat, "why_null": "; ".join(sorted(set(c.reasons.values())))})
        for name in _arm_names(scenario, run):
            add_arm_rows(rows, scenario, run, name)
        rows.setdefault("futures", []).extend(future_rows(run, _arm_names(scenario, run)))
        for table, content in ledger_rows(run).items():
            rows.setdefault(table, []).extend(content)
    tables = {name: pl.DataFrame(content, infer_schema_length=None) for name, content in rows.items() if content}
    tables["population_check"] = pl.concat(
        check_table([r.year_before["figures"] for r in run.replicates]).select(pl.lit(run.variant).alias("variant"), pl.all())
        for run in runs
    )
    tables["parameters"] = parameter_table(scenario, runs)
    tables["households"] = households(scenario, runs)
    tables["all_households"] = pl.DataFrame(
        [{"variant": run.variant, **row} for run in runs for row in _everyone(scenario, run)["contrasts"]],
        infer_schema_length=None,
    )
    if scenario.break_even:
        tables["break_even"] = break_even_tables.frame(scenario, {r.variant: r.break_even for r in runs if r.break_even})
    return tables
