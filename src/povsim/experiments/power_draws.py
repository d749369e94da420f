"""Assurance: what becomes of the answer about a pilot where parameters are drawn, each draw a world with villages of its own.

The power of a pilot is that at one effect; nobody knows the effect of cooperatives. So the question is put again in each draw
of the parameters: whether the effect there can be told from none, how many villages would see it, what a pilot within the
budget sees (A. O'Hagan, J. W. Stevens, M. J. Campbell, Assurance in clinical trial design, Pharmaceutical Statistics 4, 2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from povsim import parameters
from povsim.config import Scenario
from povsim.config.power import PowerKeys
from povsim.draws import DrawKey
from povsim.experiments import uncertain
from povsim.experiments.executor import Advance, Executor
from povsim.experiments.parameter_draws import ParameterDraw, lived_with
from povsim.experiments.power_bank import Bank, bank_jobs
from povsim.experiments.power_costs import within_budget
from povsim.experiments.power_pilots import Villages, answer, questions
from povsim.experiments.power_surveys import surveys_of

PILOTS = 200
"""Simulated pilots of a draw, at most: what varies between draws is larger than their chance."""
TOLD = (
    "effect_true", "effect_true_se", "effect_seen", "effect_seen_se", "needed", "affordable", "power_affordable",
    "within_budget", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class LivedDraw:
    """A draw of the parameters, and the villages that were lived with it."""

    draw: ParameterDraw
    scenario: Scenario
    banks: list[Bank]


def steps_of(scenario: Scenario) -> int:
    """Steps of the progress bar that draws add."""
    draws = scenario.n_draws or 0
    return len(scenario.variants) * draws * (_each(scenario) + (scenario.uncertainty == "prior"))


def _each(scenario: Scenario) -> int:
    return -(-scenario.replicates // (scenario.n_draws or 1))


def lived_draws(
    scenario: Scenario, keys: PowerKeys, variant: str, executor: Executor, advance: Advance, failures: list[str]
) -> list[LivedDraw]:
    """The villages of every draw; the replicates are spread over them. A draw of which one failed is left out.

    Raises PovsimError where fewer than three draws are left.
    """
    kept = uncertain.that_keep_the_margins(scenario, variant, executor, advance, failures)
    each = _each(scenario)
    own = [lived_with(scenario, draw, variant) for draw in kept.draws]
    jobs = [
        job for place, one in enumerate(own) for job in bank_jobs(one, keys, variant, range(place * each, (place + 1) * each))
    ]
    found = executor.map(jobs, advance, failures)
    lived = []
    for place, (draw, one) in enumerate(zip(kept.draws, own, strict=True)):
        banks = [bank for bank in found[place * each : (place + 1) * each] if bank is not None]
        if len(banks) == each:
            lived.append(LivedDraw(draw, one, banks))
    uncertain.fail_if_too_few_draws_were_lived(variant, len(lived), kept.tried, failures)
    return lived


def answers(lived: Sequence[LivedDraw], keys: PowerKeys, variant: str) -> list[dict[str, Any]]:
    """A row a draw and question."""
    small = replace(keys, villages=keys.villages[-1:], pilots=min(PILOTS, keys.pilots))
    rows = []
    for world in lived:
        scenario, W = world.scenario, world.scenario.exit.W
        sigma_me = parameters.values(variant, scenario.cooperative, scenario.overrides())["sigma_me"]
        drawn = [surveys_of(bank, scenario.seed, keys, sigma_me) for bank in world.banks]
        key = DrawKey(scenario.seed, 0)
        for q in questions(small, scenario.horizon_months, W):
            villages = Villages.of(world.banks, drawn, q, W)
            row, _ = answer(villages, q, small, key, W)
            row |= within_budget(world.banks, villages, q, row, small, key)
            told = {name: row[name] for name in TOLD} | {"villages_lived": villages.weight.size}
            rows.append({"draw": world.draw.number, "design": q.design, "outcome": q.outcome, "month": q.month, **told})
    return rows


def assurance(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row a question, over draws.

    In how many the effect is a gain, a harm, or cannot be told from none with the villages that were lived; in how many a pilot
    within the budget has the power asked for; needed10, needed50, needed90: that many villages an arm, or fewer, do in a tenth,
    half, nine tenths of the draws (None: no number does, or none can be told).
    """
    by_question: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_question.setdefault((row["design"], row["outcome"], row["month"]), []).append(row)
    out = []
    for (design, outcome, month), own in by_question.items():
        needed = np.array([np.inf if row["needed"] is None else row["needed"] for row in own])
        ends = [float(np.quantile(needed, at, method="inverted_cdf")) for at in (0.1, 0.5, 0.9)]
        signs = [_sign(row) for row in own]
        out.append({
            "design": design, "outcome": outcome, "month": month, "draws": len(own), "villages_lived": own[0]["villages_lived"],
            "within_budget": sum(bool(row["within_budget"]) for row in own),
            "gain": signs.count(1), "harm": signs.count(-1), "untold": signs.count(0),
            "effect_mean": float(np.mean([row["effect_true"] for row in own])),
            **{f"needed{at}": int(end) if np.isfinite(end) else None for at, end in zip((10, 50, 90), ends, strict=True)},
        })  # fmt: skip
    return out


def _sign(row: Mapping[str, Any]) -> int:
    """Whether the effect is better or worse for households, 0 where it cannot be told from none in this draw."""
    if not abs(row["effect_true"]) > 2 * row["effect_true_se"]:
        return 0
    return int(np.sign(row["effect_true"])) * (-1 if row["outcome"] == "poverty" else 1)
