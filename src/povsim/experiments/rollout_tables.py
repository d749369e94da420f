"""From lived strategies to the summary and the tidy tables of `povsim rollout`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from povsim.config import Scenario
from povsim.config.rollout import RESOURCES
from povsim.experiments import uncertain
from povsim.experiments.contrasts import Contrast, CostDifference, paired_contrast, spans
from povsim.experiments.rollout_advice import advice
from povsim.model.rollout import LIMITS
from povsim.population.nation import nation

if TYPE_CHECKING:
    from povsim.experiments.rollout import RolledOut, Strategy, VariantRolledOut

AGAINST = "aid"
GROUPS = ("structural", "extreme", "baseline_poor")
MONTHS_SINCE = (12, 24, 36, 48, 60, 84)
TRADING = 4
SURVIVAL_MONTHS = 36
REACHED_BY = 60
CONTRAST_FIELDS = ("mean", "low95", "high95", "n10", "n01", "extra_exits", "per_billion_idr", "reason")

Lives = Mapping[str, Sequence["RolledOut"]]


def collect(
    scenario: Scenario, strategies: Sequence[Strategy], rolled: Mapping[str, VariantRolledOut]
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """summary.json (without sentences) and the tables of the result folder."""
    lived = {variant: run.replicates for variant, run in rolled.items()}
    against = {v: [_against_aid(r, s, g) for s in strategies for g in GROUPS] for v, r in lived.items()}
    pairs = {v: _pairs(r, strategies) for v, r in lived.items()}
    first = next(iter(lived.values()))[0]
    arms = {v: {s.arm: _arm(r, s, scenario.horizon_months) for s in strategies} for v, r in lived.items()}
    for v, runs in lived.items():
        arms[v] = {AGAINST: _bare(runs, AGAINST)} | arms[v]
    total = float(np.mean([r.village_weight.sum() for r in next(iter(lived.values()))]))
    summary: dict[str, Any] = {
        "command": "rollout",
        "schema": 1,
        "horizon_months": scenario.horizon_months,
        "burn_in_months": scenario.burn_in_months,
        "definition": {"b": scenario.exit.b, "W": scenario.exit.W, "window": list(scenario.window)},
        "replicates": min(len(r) for r in lived.values()),
        "seed": scenario.seed,
        "groups": list(GROUPS),
        "population": {
            "kind": scenario.population.kind,
            "villages": int(first.village_weight.size),
            "households_per_village": scenario.population.households_per_village,
            "households_nation": float(np.mean([r.households for r in next(iter(lived.values()))])),
            "provinces": list(scenario.population.provinces or ()) or None,
            "strata": first.strata,
        },
        "scenario": {
            "economy": scenario.economy.kind,
            "registry": scenario.registry.kind,
            "interactions": scenario.interactions,
            "payer": scenario.payer,
        },
        "strategies": [asdict(s) for s in strategies],
        "targets": [s.arm for s in strategies if s.target],
        "resources": _resources(scenario, total),
        "variants": {
            v: {
                "arms": arms[v],
                "contrasts": [c.to_json() | {"discordant_households": c.discordant} for c in against[v]],
                "pairs": [c.to_json() | {"discordant_households": c.discordant} for c in pairs[v]],
            }
            for v in lived
        },
        "range": spans(against),
        "advice": advice(strategies, pairs, {v: {s.arm: arms[v][s.arm] for s in strategies} for v in lived}),
        "notes": [first.note] if first.note else [],
    }
    tables = _tables(strategies, lived, against, pairs, summary)
    if scenario.n_draws is not None:
        drawn = [uncertain.LivedDraws(v, r.draws, r.tried, [one.number for one in r.replicates]) for v, r in rolled.items()]
        contrasts = {v: [*against[v], *pairs[v]] for v in rolled}
        summary["uncertainty"] = uncertain.summary_of(scenario, drawn, contrasts, ("E4",))
        tables |= uncertain.tables_of(drawn, contrasts)
    return summary, tables


def _mean(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None and np.isfinite(v)]
    return float(np.mean(known)) if known else None


def _share(has: np.ndarray, weight: np.ndarray) -> float | None:
    total = float(weight.sum())
    return float(weight @ has) / total if total > 0 else None


def _resources(scenario: Scenario, villages: float) -> dict[str, Any]:
    """Resources of the run for the nation, with grade and source where they are those of configs/rollout/."""
    from povsim.config.defaults import defaults

    usual = defaults({"rollout": "phased"})["rollout"]
    rollout = scenario.rollout
    out: dict[str, Any] = {"share_of_nation": villages / nation().villages}
    for name, (grade, source) in RESOURCES.items():
        value: Any = getattr(rollout, name)
        default = usual[name] if not name.endswith("idr_year") or usual[name] is None else (float(usual[name]),)
        same = value == default
        out[name] = {
            "value": list(value) if isinstance(value, tuple) else value,
            "grade": grade if same else "set by the user",
            "source": source if same else "set by the user",
        }
    return out


def _bare(runs: Sequence[RolledOut], arm: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"cost_idr": _mean(r.arms[arm].cost for r in runs)}
    for group in GROUPS:
        entry[group] = {
            "households": _mean(r.weight[r.group(group)].sum() for r in runs),
            "E4": _mean(_share(r.arms[arm].tau[r.group(group)] > 0, r.weight[r.group(group)]) for r in runs),
        }
    return entry


def _arm(runs: Sequence[RolledOut], s: Strategy, T: int) -> dict[str, Any]:
    entry = _bare(runs, s.arm)
    entry["extra_cost_idr"] = _mean(r.arms[s.arm].cost - r.arms[AGAINST].cost for r in runs)
    for group in GROUPS:
        entry[group]["reached"] = _mean(_reached(r, s.arm, group, T) for r in runs)
        entry[group][f"reached_m{REACHED_BY}"] = _mean(_reached(r, s.arm, group, REACHED_BY) for r in runs)
    m = "members_in_trading_share_structural_m60"
    entry[m] = _mean(_share(r.arms[s.arm].member_m60[r.structural], r.weight[r.structural]) for r in runs)
    entry["started_share"] = _mean(_share(r.arms[s.arm].since > 0, r.village_weight) for r in runs)
    entry["trading_of_started"] = _mean(_trading(r, s.arm) for r in runs)
    entry["survival_36m"] = _mean(_survival(r, s.arm) for r in runs)
    entry["reasons"] = {}
    if entry["survival_36m"] is None:
        entry["reasons"]["survival_36m"] = "no cooperative trades 36 months before the horizon"
    if entry["trading_of_started"] is None:
        entry["reasons"]["trading_of_started"] = "no village has started"
    return entry


def _reached(r: RolledOut, arm: str, group: str, month: int) -> float | None:
    """Share of the group that lives where the programme has begun by `month`."""
    since, m = r.arms[arm].since[r.village], r.group(group)
    return _share(((since > 0) & (since <= month))[m], r.weight[m])


def _trading(r: RolledOut, arm: str) -> float | None:
    """Share of the villages that started whose cooperative trades at the horizon."""
    started = r.arms[arm].since > 0
    return _share(r.arms[arm].status[-1][started] == TRADING, r.village_weight[started])


def _survival(r: RolledOut, arm: str) -> float | None:
    """Of the cooperatives whose first month of trade is seen 36 months on: share that trade then."""
    status = r.arms[arm].status
    traded = status == TRADING
    first = traded.argmax(axis=0)
    seen = traded.any(axis=0) & (first + SURVIVAL_MONTHS < status.shape[0])
    at = np.minimum(first + SURVIVAL_MONTHS, status.shape[0] - 1)
    later = status[at, np.arange(at.size)] == TRADING
    return _share(later[seen], r.village_weight[seen])


def _cost(runs: Sequence[RolledOut], arm: str, other: str) -> CostDifference:
    own, base = ([r.arms[name].cost for r in runs] for name in (arm, other))
    each = tuple(b - a for b, a in zip(own, base, strict=True))
    return CostDifference(float(np.mean(each)), each, float(np.mean(base)), float(np.mean(own)))


def _contrast(runs: Sequence[RolledOut], arm: str, other: str, group: str) -> Contrast:
    masks = [r.group(group) for r in runs]
    y = [[r.arms[name].tau[m] > 0 for r, m in zip(runs, masks, strict=True)] for name in (arm, other)]
    weights = [r.weight[m] for r, m in zip(runs, masks, strict=True)]
    return paired_contrast(arm, other, group, "E4", y[0], y[1], weights, _cost(runs, arm, other), [r.draw for r in runs])


def _against_aid(runs: Sequence[RolledOut], s: Strategy, group: str) -> Contrast:
    return _contrast(runs, s.arm, AGAINST, group)


def _pairs(runs: Sequence[RolledOut], strategies: Sequence[Strategy]) -> list[Contrast]:
    """Every two strategies of the same cooperative scenario, structurally poor."""
    return [
        _contrast(runs, a.arm, b.arm, "structural") for a, b in combinations(strategies, 2) if a.cooperative == b.cooperative
    ]


def _since_start(runs: Sequence[RolledOut], arm: str, months: int, last: int) -> tuple[Contrast | None, float | None]:
    """Exits that began within `months` of the village's start, against the same households in the same months without it.

    Only villages whose whole span lies in the window of exits count, so that every exit is fully observed. Also the share of
    the structurally poor that these are.
    """
    arms: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    weights, shares = [], []
    for r in runs:
        since = r.arms[arm].since[r.village].astype(int)
        m = r.structural & (since > 0) & (since + months - 1 <= last)
        weights.append(r.weight[m])
        shares.append(_share(m[r.structural], r.weight[r.structural]))
        for name, out in zip((arm, AGAINST), arms, strict=True):
            tau = r.arms[name].tau[m]
            out.append((tau >= since[m]) & (tau <= since[m] + months - 1))
    if any(w.sum() <= 0 for w in weights):
        return None, _mean(shares)
    draws = [r.draw for r in runs]
    return paired_contrast(arm, AGAINST, "structural", "E4", arms[0], arms[1], weights, draws=draws), _mean(shares)


def _tables(
    strategies: Sequence[Strategy],
    lived: Lives,
    against: Mapping[str, list[Contrast]],
    pairs: Mapping[str, list[Contrast]],
    summary: Mapping[str, Any],
) -> dict[str, pl.DataFrame]:
    names = ("strategies", "pairs", "resources", "reached", "since_start", "exits_by_month", "starts")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    last = summary["definition"]["window"][1]
    for variant, runs in lived.items():
        for c in pairs[variant]:
            rows["pairs"].append({"variant": variant, **{k: x for k, x in c.to_json().items() if k != "reasons"}})
        for s in strategies:
            key = {"variant": variant, "cooperative": s.cooperative, "strategy": s.name, "target": s.target}
            entry = summary["variants"][variant]["arms"][s.arm]
            c = next(c for c in against[variant] if c.arm == s.arm and c.group == "structural")
            rows["strategies"].append({
                **key, "E4_structural": entry["structural"]["E4"],
                **{f: getattr(c, f) for f in CONTRAST_FIELDS},
                "cost_idr": entry["cost_idr"], "extra_cost_idr": entry["extra_cost_idr"],
                **{f: entry[f] for f in ("started_share", "trading_of_started", "survival_36m")},
                **{f"reached_{g}": entry[g]["reached"] for g in GROUPS},
                **{f"reached_m{REACHED_BY}_{g}": entry[g][f"reached_m{REACHED_BY}"] for g in GROUPS},
            })  # fmt: skip
            _rows_of_years(rows, key, runs, s.arm)
            _rows_of_places(rows, key, runs, s.arm)
            for months in MONTHS_SINCE:
                found, share = _since_start(runs, s.arm, months, last)
                rows["since_start"].append({
                    **key, "months_since_start": months, "share_followed": share,
                    **{f: None if found is None else getattr(found, f) for f in ("mean", "low95", "high95", "n10", "n01")},
                    "reason": "nobody is followed so long" if found is None else found.reason,
                })  # fmt: skip
        for arm in (AGAINST, *(s.arm for s in strategies)):
            for month in range(12, last + 1, 12):
                shares = [_share((r.arms[arm].tau[r.structural] > 0) & (r.arms[arm].tau[r.structural] <= month),
                                 r.weight[r.structural]) for r in runs]  # fmt: skip
                rows["exits_by_month"].append(
                    {"variant": variant, "arm": arm, "month": month, "cumulative_share": _mean(shares)}
                )
    regrets = [{"variant_count": len(lived), **one} for one in summary["advice"]["regret"]]
    tables = {name: pl.DataFrame(content, infer_schema_length=None) for name, content in rows.items()}
    tables["regret"] = pl.DataFrame(regrets, infer_schema_length=None)
    return tables


def _rows_of_years(rows: dict[str, list[dict[str, Any]]], key: Mapping[str, Any], runs: Sequence[RolledOut], arm: str) -> None:
    for year in range(len(runs[0].arms[arm].plan)):
        plans = [r.arms[arm].plan[year] for r in runs]
        for name in LIMITS:
            used = np.array([p.used[name] for p in plans])
            limit = np.array([p.limit[name] for p in plans])
            none = not np.isfinite(limit).all()
            stopped = float(np.mean([p.stopped_by == name for p in plans]))
            rows["resources"].append({
                **key, "year": year + 1, "resource": name, "used": float(used.mean()), "most_used": float(used.max()),
                "limit": None if none else float(limit.mean()),
                "largest_share_of_limit": None if none else float(_share_of(used, limit).max()),
                "share_of_replicates_stopped_by_it": stopped,
            })  # fmt: skip
        started = [float(r.village_weight[p.starts].sum() / r.village_weight.sum()) for r, p in zip(runs, plans, strict=True)]
        spent = [float(r.arms[arm].spent[year]) for r in runs]
        rows["starts"].append({**key, "year": year + 1, "villages_started_share": float(np.mean(started)),
                               "spent_idr": float(np.mean(spent))})  # fmt: skip


def _share_of(used: np.ndarray, limit: np.ndarray) -> np.ndarray:
    return np.divide(used, limit, out=np.zeros_like(used), where=limit > 0)


def _rows_of_places(rows: dict[str, list[dict[str, Any]]], key: Mapping[str, Any], runs: Sequence[RolledOut], arm: str) -> None:
    places = [
        ("area", "urban"),
        ("area", "rural"),
        *(("island", str(i)) for i in np.unique(np.concatenate([r.island for r in runs]))),
    ]
    for kind, place in places:
        for month in (12, 36, REACHED_BY, 120):
            shares = []
            for r in runs:
                here = (r.urban == (place == "urban")) if kind == "area" else (r.island == place)
                m = r.structural & here[r.village]
                since = r.arms[arm].since[r.village][m]
                shares.append(_share((since > 0) & (since <= month), r.weight[m]))
            rows["reached"].append({**key, "by": kind, "place": place, "month": month, "share_of_structural": _mean(shares)})
