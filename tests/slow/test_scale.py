"""The size of the sample must not move the answer: 100 against 400 households a village, and who the members are (F10)."""

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
REPLICATES = 8


@cache
def lived(variant, households):
    scenario = scenario_from({
        "seed": 4711,
        "population": {"kind": "indonesia", "villages": 300, "households_per_village": households},
        "replicates": REPLICATES,
        "arms": ["aid", "aid_cooperative"],
        "cooperative": "as_planned",
    })  # fmt: skip
    arms = [model_arm(scenario, variant, spec) for spec in scenario.arms]
    out = []
    for number in range(REPLICATES):
        r = burn_in(scenario, variant, number)
        live_arms(r, scenario, variant, arms)
        out.append((
            r.weight[r.structural],
            *(r.outcomes[a.name].tau["E4"][r.structural] > 0 for a in arms),
            *(r.outcomes[a.name].total_cost for a in arms),
        ))  # fmt: skip
    return out


@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_contrast_and_cost_agree_at_100_and_400_households_a_village(variant):
    contrasts, costs = [], []
    for households in (100, 400):
        weight, aid, cooperative, cost_aid, cost_cooperative = zip(*lived(variant, households), strict=True)
        contrasts.append(paired_contrast("aid_cooperative", "aid", "structural", "E4", cooperative, aid, weight))
        extra = np.array(cost_cooperative) - np.array(cost_aid)
        costs.append((extra.mean(), extra.std(ddof=1) / np.sqrt(REPLICATES)))
    error = np.hypot(contrasts[0].se, contrasts[1].se)
    assert abs(contrasts[0].mean - contrasts[1].mean) <= 2 * error
    assert error < 0.10 * abs(np.mean([c.mean for c in contrasts]))
    assert abs(costs[0][0] - costs[1][0]) <= 2 * np.hypot(costs[0][1], costs[1][1])


@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_f10_few_are_members_as_reported_and_they_are_richer(variant):
    scenario = scenario_from({"seed": 4711, "replicates": 1, "arms": ["aid", "aid_cooperative"]})
    r = burn_in(scenario, variant, 0)
    arm = model_arm(scenario, variant, scenario.arms[1])
    live_arms(r, scenario, variant, [arm])
    outcome = r.outcomes[arm.name]
    fact = evidence.fact("f10_member_households")
    for month in (12, 60, 120):
        share = outcome.members[month - 1] @ r.village_weight / r.sample.weight.sum()
        assert fact.low <= share <= fact.high
    from povsim.draws import DrawKey
    from povsim.model.start import found_cooperatives

    state = r.state.branch(1)
    found_cooperatives(r.sample, state, [arm], DrawKey(scenario.seed, 0))
    member = state.home[0, HOME.member] != 0
    consumption, weight = state.home[0, HOME.c_sum] / 12, r.sample.weight
    assert np.average(consumption[member], weights=weight[member]) > np.average(consumption[~member], weights=weight[~member])
    assert r.sample.place[PLACE.weight].min() > 0
