"""A new aid programme is a small class or a few lines of YAML; a gift alone never keeps a household poor."""

import numpy as np
import pytest

from povsim import parameters
from povsim.config import scenario_from
from povsim.experiments.comparison import model_arm
from povsim.experiments.replicate import TODAYS_AID, Replicate, burn_in, live_arms
from povsim.measures.exits import first_exits
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.programmes import Programme
from povsim.population.columns import HOME
from povsim.population.nation import nation

SMALL = {
    "population": {"kind": "toy", "villages": 20, "households_per_village": 30},
    "replicates": 1,
    "burn_in_months": 36,
    "horizon_months": 84,
}


class PensionForTheOld(Programme):
    """A pension for households without labour, Rp 300,000 a month: who and how much, nothing else."""

    def __init__(self, model):
        super().__init__(model, "pension", start=13, months=24)

    def enrol(self, registry):
        return registry.labour == 0

    def gross(self, month):
        return np.full(12, 300_000.0)


def replicate(**changed) -> tuple[Replicate, object]:
    scenario = scenario_from({**SMALL, **changed})
    return burn_in(scenario, "trap", 0), scenario


def test_a_programme_from_outside_the_package_pays_whom_it_says_when_it_says():
    r, scenario = replicate()
    p = parameters.values("trap")
    arms = [Arm("aid", p, TODAYS_AID), Arm("pension", p, {**TODAYS_AID, "pension": 1.0})]
    country = Country(
        r.sample, r.state.branch(2), arms, "trap", country_key(scenario),
        months=48, nation=nation(), programmes=[PensionForTheOld],
    )  # fmt: skip
    record = country.run()
    families = record.families["pension"][1]
    assert (record.families["pension"][0] == 0).all()
    assert families[0] == 0 and families[1] > 0 and families[2] > 0 and families[3] == 0
    paid = record.outlay[("state_aid", "benefits")][1] - record.outlay[("state_aid", "benefits")][0]
    assert paid[12:24] == pytest.approx(np.full(12, families[1] * 300_000), rel=0.05)
    assert paid[36:] == pytest.approx(0, abs=0.02 * paid.max())
    gained = country.state.home[1, HOME.c_sum] - country.state.home[0, HOME.c_sum]
    assert (gained != 0).any()


def country_key(scenario):
    from povsim.draws import DrawKey

    return DrawKey(scenario.seed, 0)


def test_the_same_in_yaml_runs_in_an_arm_of_its_own():
    r, scenario = replicate(
        programmes={
            "grant": {
                "product": "cash",
                "amount_idr": 5_000_000,
                "delivery": {"start_month": 1, "calendar": "once", "delivered_share": 1.0},
                "eligibility": {"rule": "poor"},
            }
        },
        arm_definitions={"with_grant": {"aid": True, "programmes": ["grant"]}},
        arms=["aid", "with_grant"],
    )
    arms = [model_arm(scenario, "trap", spec) for spec in scenario.arms]
    live_arms(r, scenario, "trap", arms)
    assert r.outcomes["with_grant"].families["grant"][0] > 0
    more = r.outcomes["with_grant"].total_cost - r.outcomes["aid"].total_cost
    assert more > 4_000_000 * r.outcomes["with_grant"].families["grant"][0]
    crossed = [(r.outcomes[a.name].tau["E1"] > 0) @ r.weight for a in arms]
    assert crossed[1] > crossed[0]


@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_without_interactions_a_pure_gift_lowers_no_households_e1(variant):
    scenario = scenario_from({
        **SMALL,
        "interactions": False,
        "programmes": {
            "gift": {
                "product": "cash",
                "amount_idr_month": 150_000,
                "delivery": {"start_month": 1, "calendar": "monthly", "delivered_share": 1.0},
                "eligibility": {"rule": "all"},
            }
        },
        "arm_definitions": {"gift": {"aid": True, "programmes": ["gift"]}},
        "arms": ["aid", "gift"],
    })  # fmt: skip
    r = burn_in(scenario, variant, 0)
    arms = [model_arm(scenario, variant, spec) for spec in scenario.arms]
    country = Country(
        r.sample, r.state.branch(2), arms, variant, country_key(scenario), months=scenario.horizon_months, nation=nation(),
        tracked=r.tracked, interactions=False, specs=scenario.programmes,
    )  # fmt: skip
    marks = country.run().marks
    e1 = [first_exits(marks[a], 36, scenario.horizon_months)["E1"] > 0 for a in (0, 1)]
    assert r.tracked.size > 15
    assert not (e1[0] & ~e1[1]).any()
    assert e1[1].sum() > e1[0].sum()
