"""The advice: a winner only where every world shows it, over all comparisons together, with enough households behind it."""

import numpy as np
import pytest

from povsim.experiments.contrasts import paired_contrast
from povsim.experiments.rollout import Strategy
from povsim.experiments.rollout_advice import advice

HOUSEHOLDS, REPLICATES = 400, 6
NAMES = ("a", "b", "c")
STRATEGIES = [Strategy(f"x_{name}", name, "x", False) for name in NAMES]


def outcomes(share, spread=0.0):
    """A share of the households leaves, the first ones; it moves by `spread` between replicates."""
    counts = [round(HOUSEHOLDS * (share + spread * (r - (REPLICATES - 1) / 2))) for r in range(REPLICATES)]
    return [(np.arange(HOUSEHOLDS) < count).astype(float) for count in counts]


def world(shares, spread=None):
    spread = spread or {}
    y = {name: outcomes(share, spread.get(name, 0.0)) for name, share in zip(NAMES, shares, strict=True)}
    weight = [np.ones(HOUSEHOLDS)] * REPLICATES
    pairs = [
        paired_contrast(f"x_{a}", f"x_{b}", "structural", "E4", y[a], y[b], weight)
        for a, b in (("a", "b"), ("a", "c"), ("b", "c"))
    ]
    arms = {f"x_{name}": {"structural": {"E4": float(np.mean(y[name]))}} for name in NAMES}
    return pairs, arms


def of(**worlds):
    return advice(STRATEGIES, {v: pairs for v, (pairs, _) in worlds.items()}, {v: arms for v, (_, arms) in worlds.items()})


def test_a_strategy_that_wins_everywhere_is_named():
    found = of(trap=world((0.3, 0.2, 0.1)), no_trap=world((0.25, 0.2, 0.2)))
    assert (found["verdict"], found["best"]) == ("one", "a")
    assert found["beaten"] == ["b", "c"] and found["least_regret"] == "a"


def test_one_world_against_it_is_enough_to_name_nobody():
    found = of(trap=world((0.3, 0.2, 0.1)), no_trap=world((0.2, 0.25, 0.1)))
    assert (found["verdict"], found["best"]) == ("none", None)
    assert found["beaten"] == ["c"] and found["beaten_by"]["c"] == ["a", "b"]


def test_regret_is_the_distance_to_the_best_of_each_world_and_the_worst_counts():
    found = of(trap=world((0.3, 0.2, 0.1)), no_trap=world((0.2, 0.25, 0.1)))
    regret = {one["strategy"]: one for one in found["regret"]}
    assert [regret["a"][f"{v} x"] for v in ("trap", "no_trap")] == pytest.approx([0, 50])
    assert [regret[name]["worst_per_1000"] for name in NAMES] == pytest.approx([50, 100, 200])
    assert found["least_regret"] == "a"


def test_few_households_decide_nothing():
    found = of(trap=world((0.205, 0.2, 0.2)))
    assert found["verdict"] == "too_few" and found["best"] is None and found["decided"] == 0


def test_chance_between_replicates_decides_nothing():
    noisy = world((0.3, 0.28, 0.28), spread={"a": 0.1})
    found = of(trap=noisy)
    assert found["verdict"] == "none" and found["beaten"] == []


def test_the_interval_is_one_over_all_comparisons_together():
    """A lead that a single 95 % interval would show, but not one over two comparisons."""
    for spread in np.linspace(0.005, 0.06, 40):
        pairs, arms = world((0.25, 0.2, 0.2), spread={"a": float(spread)})
        if pairs[0].low95 > 0 and not advice(STRATEGIES, {"trap": pairs}, {"trap": arms})["best"]:
            return
    raise AssertionError("no spread separates the two")
