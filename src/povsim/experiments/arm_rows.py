"""What became of the households and villages of one arm, as rows of the tables of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from povsim.config import Scenario
from povsim.experiments.contrasts import half_width
from povsim.experiments.replicate import AREAS, WITH_SUCCESSORS, Replicate
from povsim.measures.groups import GROUPS
from povsim.population.columns import STATUS

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun

LADDER = ("E1", "E2", "E3", "E4", "E4x")
COMPANIONS = ("E4cap", "E4now", "E4long", WITH_SUCCESSORS)
YEARS_SHOWN = (12, 36, 60, 96)


def add_arm_rows(rows: dict[str, list[dict[str, Any]]], scenario: Scenario, run: VariantRun, name: str) -> None:
    """Add what an arm of a variant comes to, to the rows by table."""
    key = {"variant": run.variant, "arm": name}
    reps = run.replicates
    last = scenario.window[1]
    for group in GROUPS:
        for table, attribute in (("arms", "weight"), ("persons", "persons")):
            for rung in (*LADDER, *COMPANIONS):
                values = [share_of(r, name, rung, group, getattr(r, attribute)) for r in reps]
                mean, low, high = _interval(values, [r.draw for r in reps])
                size = mean_of(getattr(r, attribute)[r.group(group)].sum() for r in reps)
                rows[table].append(
                    {
                        **key,
                        "group": group,
                        "measure": rung,
                        "mean": mean,
                        "low95": low,
                        "high95": high,
                        table if table == "persons" else "households": size,
                    }
                )
        by_month = _mean_array([_cumulative(r, name, group, last) for r in reps])
        for month in range(12, last + 1):
            value = None if by_month is None else float(by_month[month])
            rows["exits_over_time"].append({**key, "group": group, "month": month, "cumulative_share": value})
            if month in YEARS_SHOWN:
                rows["exits_by_year"].append({**key, "group": group, "month": month, "cumulative_share": value})
        survival = _mean_array([r.outcomes[name].survival[group].survival for r in reps])
        for k in range(61):
            value = None if survival is None or not np.isfinite(survival[k]) else float(survival[k])
            rows["exit_survival"].append({**key, "group": group, "months_since_crossing": k, "share_still_out": value})
    poverty = np.nanmean([r.outcomes[name].poverty for r in reps], axis=0)
    for a, area in enumerate(AREAS):
        for month in range(poverty.shape[0]):
            observed, gap, severity, latent = (None if np.isnan(x) else float(x) for x in poverty[month, a])
            rows["headcount_path"].append(
                {**key, "month": month, "area": area, "observed": observed, "gap": gap, "severity": severity, "latent": latent}
            )
    for year in range(scenario.horizon_months // 12 + 1):
        for s, status in enumerate(STATUS):
            month = 12 * year
            share = mean_of(
                float(r.village_weight @ (r.outcomes[name].status[month] == s)) / r.village_weight.sum() for r in reps
            )
            rows["funnel"].append({
                **key, "year": year, "status": status, "share_of_villages": share,
                "members_per_cooperative": mean_of(_members_per(r, name, month) for r in reps),
                "volume_idr_year": mean_of(_volume(r, name, month) for r in reps),
            })  # fmt: skip
    items: dict[tuple[str, str], list[float]] = {}
    for r in reps:
        for booked, value in r.outcomes[name].cost.items():
            items.setdefault(booked, []).append(value)
    for (purse, item), amounts in items.items():
        rows["cost"].append({**key, "purse": purse, "item": item, "pv_idr": float(np.mean(amounts))})
    for programme in reps[0].outcomes[name].families:
        families = np.mean([r.outcomes[name].families[programme] for r in reps], axis=0)
        for year, value in enumerate(families):
            rows["aid"].append({**key, "programme": programme, "year": year + 1, "families": float(value)})


def _mean_array(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    known = [a for a in arrays if a is not None]
    if not known:
        return None
    stacked = np.stack(known)
    seen = np.isfinite(stacked)
    total = np.where(seen, stacked, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)


def _cumulative(r: Replicate, name: str, group: str, last: int) -> np.ndarray | None:
    """Share of the group whose permanent exit began by each month 0..last."""
    m = r.group(group)
    weight = r.weight[m]
    if weight.sum() <= 0:
        return None
    tau = r.outcomes[name].tau["E4"][m]
    counts = np.bincount(tau[tau > 0], weights=weight[tau > 0], minlength=last + 1)
    return np.cumsum(counts)[: last + 1] / weight.sum()


def _members_per(r: Replicate, name: str, month: int) -> float | None:
    if month == 0:
        return None
    alive = r.outcomes[name].status[month]
    alive = (alive >= 1) & (alive <= 5)
    cooperatives = float(r.village_weight @ alive)
    return float(r.outcomes[name].members[month - 1] @ (r.village_weight * alive)) / cooperatives if cooperatives > 0 else None


def _volume(r: Replicate, name: str, month: int) -> float | None:
    if month == 0:
        return None
    return float(r.outcomes[name].volume[month - 12 : month].sum(axis=0) @ r.village_weight)


def mean_of(values: Iterable[float | None]) -> float | None:
    """Mean of the numbers that are known; None where none is."""
    known = [v for v in values if v is not None and np.isfinite(v)]
    return float(np.mean(known)) if known else None


def share_of(replicate: Replicate, arm: str, rung: str, group: str, weight: np.ndarray) -> float | None:
    """Share of a group, by weight of households or persons, that reaches a rung in an arm; None for an empty group."""
    m = replicate.group(group)
    total = weight[m].sum()
    return float(weight[m] @ (replicate.outcomes[arm].tau[rung][m] > 0) / total) if total > 0 else None


def _interval(values: Sequence[float | None], draws: Sequence[int | None]) -> tuple[float | None, float | None, float | None]:
    known = np.array([v for v in values if v is not None])
    if known.size == 0:
        return None, None, None
    if known.size == 1 or (draws[0] is not None and known.size < len(values)):
        return float(known.mean()), None, None
    half = half_width(known, draws, 0.95)
    return float(known.mean()), float(known.mean() - half), float(known.mean() + half)
