"""What a pilot costs, how many villages a budget carries, and what it costs to find the poor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config.power import EXITS, PowerKeys
from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.experiments.power_bank import Bank
from povsim.experiments.power_pilots import Question, Villages, expected_estimate, simulate
from povsim.measures import power as pw

Floats = NDArray[np.float64]


def cost_of(banks: Sequence[Bank], q: Question, villages: float, keys: PowerKeys) -> dict[str, float]:
    """Rp of a pilot of `villages` an arm, undiscounted, to its last survey, by item and in all.

    Every household of the plan is paid for in every survey. Listing is needed where only the poor are followed. Cooperatives
    are all their public cost but mentoring: building, capital, administration; with steps every village gets one.
    """
    total = 2.0 * villages
    interviews = total * keys.households * len(q.waves) * keys.cost_interview_idr
    listing = total * real_households(banks) * keys.cost_listing_idr if q.outcome in EXITS else 0.0
    share = 0.5 if q.steps == 1 else 1.0 / q.steps  # of all villages in each group that is treated
    mentoring = other = 0.0
    first = banks[0]
    for life in q.lives:
        by_item = _mean(banks, [bank.cost[bank.arm(life), :, : q.month].sum(axis=1) for bank in banks])
        mentored = float(by_item[first.items.index("mentoring")])
        mentoring += share * total * mentored
        other += share * total * (float(by_item.sum()) - mentored)
    return {
        "interviews_idr": interviews,
        "listing_idr": listing,
        "mentoring_idr": mentoring,
        "cooperatives_idr": other,
        "total_idr": interviews + listing + mentoring + other,
    }


def affordable(banks: Sequence[Bank], q: Question, keys: PowerKeys) -> int:
    """Most villages an arm that the budget carries."""
    one = cost_of(banks, q, 1.0, keys)["total_idr"]
    return int(keys.budget_idr // one) if one > 0 else 10**9


def within_budget(
    banks: Sequence[Bank], v: Villages, q: Question, row: Mapping[str, Any], keys: PowerKeys, key: DrawKey
) -> dict[str, Any]:
    """What the budget carries, its power and minimal detectable effect, and what the villages that are needed would cost."""
    most = affordable(banks, q, keys)
    nothing = row["reason"] is not None and row["needed"] is None
    out: dict[str, Any] = {"affordable": most, "power_affordable": None, "mde_affordable": None, "cost_needed_idr": None}
    out["type_s_affordable"] = out["type_m_affordable"] = None
    spread = row["se_largest"] * (keys.villages[-1] / most) ** 0.5 if most else 0.0
    if most and spread > 0:
        out["mde_affordable"] = pw.smallest_effect(spread, keys.alpha, keys.power)
        if not nothing:
            if most <= keys.villages[-1]:
                out["power_affordable"] = float(simulate(v, q, most, keys.pilots, key).found(keys.alpha).mean())
            else:  # beyond what was simulated: the normal law, which holds with so many villages
                out["power_affordable"] = pw.power_of(expected_estimate(v, q), spread, keys.alpha)
            out["type_s_affordable"], out["type_m_affordable"] = pw.sign_and_size_errors(row["effect_seen"], spread, keys.alpha)
    if row["needed"] is not None:
        out |= {f"needed_{name}": value for name, value in cost_of(banks, q, row["needed"], keys).items()}
        out["cost_needed_idr"] = out["needed_total_idr"]
    out["within_budget"] = row["needed"] is not None and row["needed"] <= most
    return out


def real_households(banks: Sequence[Bank]) -> float:
    """Real households of a village, mean over the villages of the bank as often as real ones."""
    found = [np.bincount(bank.village, weights=bank.h) @ bank.village_weight / bank.village_weight.sum() for bank in banks]
    return float(np.mean(found))


def _mean(banks: Sequence[Bank], tables: Sequence[Floats]) -> Floats:
    weight = np.array([bank.village_weight.sum() for bank in banks])
    out: Floats = np.average(np.stack(tables), axis=0, weights=weight)
    return out


def screening(banks: Sequence[Bank], keys: PowerKeys, seed: int) -> dict[str, float | None]:
    """Finding the structurally poor by a proxy-means score with error, lowest scores of all listed first.

    structural_share of all households; of those selected (`screen_bottom`), `precision` are structurally poor;
    `found_share` of the structurally poor are selected; households listed, and interviewed after it, for each one found; Rp
    for each one found. None where none is found.
    """
    total = structural = selected = hit = 0.0
    for bank in banks:
        normal = inverse_normal(uniforms(DrawKey(seed, bank.number), Stream.PILOT_SURVEY, bank.ids)[:, 3])
        score = bank.predicted + keys.score_sd * normal
        weight = bank.h * bank.village_weight[bank.village]
        order = np.lexsort((bank.ids, score))
        below = np.empty_like(score)
        below[order] = np.cumsum(weight[order]) - weight[order] / 2
        taken = below <= keys.screen_bottom * weight.sum()
        total += float(weight.sum())
        structural += float(weight[bank.structural].sum())
        selected += float(weight[taken].sum())
        hit += float(weight[taken & bank.structural].sum())
    listed = total / hit if hit > 0 else None
    interviewed = selected / hit if hit > 0 else None
    cost = None
    if listed is not None and interviewed is not None:
        cost = listed * keys.cost_listing_idr + interviewed * keys.cost_interview_idr
    return {
        "structural_share": structural / total,
        "precision": hit / selected if selected > 0 else None,
        "found_share": hit / structural if structural > 0 else None,
        "listed_per_found": listed,
        "interviewed_per_found": interviewed,
        "cost_per_found_idr": cost,
    }
