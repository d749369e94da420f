"""The size of the sample must not move the answer: 100 against 400 households a village, and who the members are (F10)."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

from povsim import evidence
from povsim.config import scenario_from
from povsim.experiments.comparison import model_arm
from povsim.experiments.contrasts import paired_contrast
from povsim.experiments.replicate import burn_in, live_arms
from povsim.population.columns import HOME, PLACE

pytestmark = pytest.mark.slow
REPLICATES = {100: 72, 400: 28}
"""By households a village: enough that the error of the comparison is under 10 percent of the contrast."""


@cache
def lived(variant, households):
    scenario = scenario_from({
        "seed": 4711,
        "population": {"kind": "indonesia", "villages": 300, "households_per_village": households},
        "replicates": REPLICATES[households],
        "arms": ["aid", "aid_cooperative"],
        "cooperative": "as_planned",
    })  # fmt: skip
    arms = [model_arm(scenario, variant, spec) for spec in scenario.arms]

    def one(number):
        r = burn_in(scenario, variant, number)
        live_arms(r, scenario, variant, arms)
        return (
            r.weight[r.structural],
            *(r.outcomes[a.name].tau["E4"][r.structural] > 0 for a in arms),
            *(r.outcomes[a.name].total_cost for a in arms),
        )

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(scenario.replicates)))


@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_contrast_and_cost_agree_at_100_and_400_households_a_village(variant):
    contrasts, costs = [], []
    for households in (100, 400):
        weight, aid, cooperative, cost_aid, cost_cooperative = zip(*lived(variant, households), strict=True)
        contrasts.append(paired_contrast("aid_cooperative", "aid", "structural", "E4", cooperative, aid, weight))
        extra = np.array(cost_cooperative) - np.array(cost_aid)
        costs.append((extra.mean(), extra.std(ddof=1) / np.sqrt(extra.size)))
    error = np.hypot(contrasts[0].se, contrasts[1].se)
    assert abs(contrasts[0].mean - contrasts[1].mean) <= 2 * error
    assert error < 0.10 * abs(np.mean([c.mean for c in contrasts]))
    assert abs(costs[0][0] - costs[1][0]) <= 2 * np.hypot(costs[0][1], costs[1][1])


@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_f10_few_are_members_as_reported_and_they_are_richer(variant):
    scenario = scenario_from({"seed": 4711, "replicates": 8, "arms": ["aid", "aid_cooperative"]})
    arm = model_arm(scenario, variant, scenario.arms[1])
    shares = []
    for number in range(scenario.replicates):
        r = burn_in(scenario, variant, number)
        live_arms(r, scenario, variant, [arm])
        members = r.outcomes[arm.name].members @ r.village_weight / r.sample.weight.sum()
        shares.append(members[[11, 59, 119]])
    fact = evidence.fact("f10_member_households")
    mean = np.mean(shares, axis=0)
    assert (fact.low <= mean).all() and (mean <= fact.high).all(), mean
    from povsim.draws import DrawKey
    from povsim.model.start import found_cooperatives

    state = r.state.branch(1)
    found_cooperatives(r.sample, state, [arm], DrawKey(scenario.seed, 0))
    member = state.home[0, HOME.member] != 0
    consumption, weight = state.home[0, HOME.c_sum] / 12, r.sample.weight
    assert np.average(consumption[member], weights=weight[member]) > np.average(consumption[~member], weights=weight[~member])
    assert r.sample.place[PLACE.weight].min() > 0
