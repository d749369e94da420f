"""Aid that ends, is tapered, or is lent to cooperatives: who gets what, what it costs, what becomes of those who lose it."""

from dataclasses import replace

import numpy as np
import pytest

from povsim.config import scenario_from
from povsim.experiments.comparison import model_arm
from povsim.experiments.costs import cooperative_flows
from povsim.experiments.replicate import Replicate, burn_in, live_arms
from povsim.measures.aid_end import after_the_last_aid
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.population.columns import COOP, HOME, LIFE
from povsim.population.nation import nation

SMALL = {
    "population": {"kind": "toy", "villages": 20, "households_per_village": 40},
    "replicates": 1,
    "burn_in_months": 36,
    "horizon_months": 84,
}
BENEFITS = ("state_aid", "benefits")


@pytest.fixture(scope="module")
def lived() -> tuple[Replicate, dict[str, Arm]]:
    definitions = {
        "stops": {"aid": True, "aid_until": 30},
        "graduates": {"aid": True, "graduation_years": 2},
        "tapered": {"aid": True, "cooperative": "as_planned", "levers": ["aid_tapered"]},
        "registry": {"aid": True, "levers": ["registry_coverage", "registry_accuracy", "registry_refresh"]},
    }
    scenario = scenario_from(
        {**SMALL, "arms": ["aid", "aid_cooperative_planned", *definitions], "arm_definitions": definitions}
    )
    arms = {spec.name: model_arm(scenario, "trap", spec) for spec in scenario.arms}
    r = burn_in(scenario, "trap", 0)
    live_arms(r, scenario, "trap", list(arms.values()))
    return r, arms


def country(r: Replicate, arms: list[Arm]) -> Country:
    from povsim.draws import DrawKey

    state = r.state.branch(len(arms))
    return Country(r.sample, state, arms, "trap", DrawKey(20250401, 0), months=84, nation=nation(), tracked=r.tracked)


def test_aid_that_stops_costs_nothing_afterwards(lived):
    r, arms = lived
    c = country(r, [arms["aid"], arms["stops"]])
    record = c.run()
    paid = record.outlay[BENEFITS]
    assert paid[1, :30] == pytest.approx(paid[0, :30])
    assert (paid[1, 30:] == 0).all() and (paid[0, 30:] > 0).any()
    assert record.aided[1, :4].any() and not record.aided[1, 4:].any()


def test_a_family_with_labour_graduates_and_one_without_stays(lived):
    r, arms = lived
    c = country(r, [arms["aid"], arms["graduates"]])
    labour = []
    record = None
    for year in range(4):
        c.decide(12 * year + 1)
        labour.append(c.state.life[LIFE.l].copy())
        bits = c.state.home[:, HOME.enrolled].astype(np.int64) & 0b11
        if year < 2:
            assert ((bits[0] > 0) == (bits[1] > 0)).mean() > 0.99
        had = c.state.home[1, HOME.aid_years]
        assert had.max() <= year
        assert not (bits[1][(had >= 2) & (labour[-1] > 0)] > 0).any()
        if year >= 2:
            assert (bits[1][(had >= 2) & (labour[-1] == 0)] > 0).any()
        c._live(12 * year + 1, 12)
        c.state.t += 12
        record = c.record
    assert record is not None
    assert record.outlay[BENEFITS][1, 36] < 0.8 * record.outlay[BENEFITS][0, 36]


def test_taper_takes_aid_from_members_of_trading_cooperatives_only(lived):
    r, arms = lived
    p = {**arms["tapered"].p, "taper": 0.25}
    c = country(r, [replace(arms["tapered"], p=p)])
    for year in range(3):
        month = 12 * year + 1
        before = c.state.home[0, HOME.aid_share].copy()
        c.decide(month)
        there = (c.state.home[0, HOME.member] != 0) & (c.state.coop[0, COOP.status] == 4)[r.sample.village]
        assert (c.state.home[0, HOME.aid_share] == np.where(there, np.maximum(0, before - 0.25), 1.0)).all()
        c._live(month, 12)
        c.state.t += 12
    assert (c.state.home[0, HOME.aid_share] == 0.5).any()
    cost = lived[0].outcomes
    assert cost["tapered"].cost[BENEFITS] < 0.97 * cost["aid_cooperative_planned"].cost[BENEFITS]


def test_a_better_registry_is_paid_for_and_today_s_is_not(lived):
    r, arms = lived
    assert arms["aid"].registry_cost == (0.0, 0.0)
    first, yearly = arms["registry"].registry_cost
    p = arms["registry"].p
    assert first == pytest.approx((0.92 - 0.75) * (p["record_idr"] + p["accuracy_idr"]))
    assert yearly == pytest.approx(0.92 * 0.8 * (p["record_idr"] + p["accuracy_idr"]) - 0.75 * 0.25 * p["record_idr"])
    households = float(r.sample.weight.sum())
    booked = r.outcomes["registry"].cost["state_aid", "registry"]
    months = np.arange(1, 85)
    expected = households * (yearly / 12 * (1.05 ** (-months / 12)).sum() + first * 1.05 ** (-1 / 12))
    assert booked == pytest.approx(expected, rel=1e-9)
    assert r.outcomes["aid"].cost.get(("state_aid", "registry"), 0.0) == 0.0


def test_capital_on_loan_costs_what_is_not_paid_back():
    """Two villages by hand: one owes 100, pays 40 back in month 2; the other borrows nothing."""
    scenario = scenario_from({"arms": ["aid_cooperative"], "payer": "cooperative"})
    arm = model_arm(scenario, "trap", scenario.arms[0])
    status = np.full((3, 2), 4, np.uint8)
    debt = np.array([[100.0, 0.0], [60.0, 0.0], [60.0, 0.0]])
    flows = cooperative_flows(status, np.full(2, 4, np.uint8), debt, np.array([2.0, 5.0]), arm)
    assert flows["state_banks", "capital"].tolist() == [200.0, 0.0, 0.0]
    interest = arm.p["r_ext"] / 12
    assert flows["state_banks", "repaid"] == pytest.approx([0.0, -2 * (40 + 100 * interest), -2 * 60 * interest])
    assert ("ministry", "building") in flows and ("ministry", "capital") not in flows
    given = cooperative_flows(status, np.full(2, 4, np.uint8), debt, np.array([2.0, 5.0]), replace(arm, payer="ministry"))
    assert given["ministry", "capital"].sum() == 7 * arm.p["capital"]


def test_the_package_reaches_the_poorest_who_can_work_once(lived):
    """Assets worth the delivered amount, and coaching that raises earnings by its gain; nobody without labour, nobody else."""
    r, arms = lived
    aid = arms["aid"]
    todays = {**aid.programmes, "equal_assets": 1.0, "equal_coaching": 1.0}
    package = replace(aid, name="package", programmes=todays, quotas={"equal_assets": 2e6, "equal_coaching": 2e6})
    c = country(r, [aid, package])
    c.decide(1)
    bits = c.state.home[1, HOME.enrolled].astype(np.int64)
    names = [programme.name for programme in c.programmes]
    assets, coaching = ((bits >> names.index(name) & 1) != 0 for name in ("equal_assets", "equal_coaching"))
    assert assets.any() and (assets == coaching).all() and not assets[c.state.life[LIFE.l] == 0].any()
    skill = c.state.home[1, HOME.skill]
    assert (skill == np.where(coaching, 1.0 + aid.p["coach_gain"], 1.0)).all()
    record = c.state.home[1, HOME.record]
    able = (c.state.life[LIFE.l] > 0) & (c.state.life[LIFE.u_reg] < aid.p["r_reg"])
    for stratum in np.unique(r.sample.stratum):
        here = (r.sample.stratum[r.sample.village] == stratum) & able
        if assets[here].any() and not assets[here].all():
            assert np.median(record[here & assets]) < np.median(record[here & ~assets])
    c._live(1, 12)
    c.state.t += 12
    more = c.state.home[1, HOME.K] - c.state.home[0, HOME.K]
    given = aid.p["asset_idr"] * aid.p["delivered"] / c.state.life[LIFE.line]
    assert (more[assets] > 0.5 * given[assets]).mean() > 0.9
    c.decide(13)
    paid = c.record.outlay["state_aid", "training"][1]
    families = float(r.sample.weight[assets].sum())
    assert paid[:12].sum() == pytest.approx(families * aid.p["coach_idr"]) and paid[12:].sum() == 0.0
    assert (c.state.home[1, HOME.skill] >= 1.0).all() and (c.state.home[1, HOME.skill] > 1.0).any()


def test_lent_capital_is_owed_for_years():
    """In the model: the loan is paid back in instalments, not swept out of the first month's cash; trade is as with a gift."""
    scenario = scenario_from({**SMALL, "arms": ["aid_cooperative_planned"], "payer": "cooperative"})
    r = burn_in(scenario, "trap", 0)
    lent = model_arm(scenario, "trap", scenario.arms[0])
    c = country(r, [lent, replace(lent, name="given", payer="ministry")])
    record = c.run()
    capital, term = lent.p["capital"], lent.p["lent_tenor"]
    first = (record.status[0] == 4).argmax(axis=0)
    funded = np.nonzero((record.status[0] == 4).any(axis=0) & (first < 40))[0]
    assert funded.size > 10
    for v in funded:
        owed = record.debt[0, first[v] + 24, v]
        assert owed >= capital * (1 - 26 / term)
    early, given = (record.volume[a, :24].sum() for a in (0, 1))
    assert early > 0.8 * given
    cost = cooperative_flows(record.status[0], record.status[0, 0] * 0, record.debt[0], r.village_weight, lent)
    back, out = -cost["state_banks", "repaid"].sum(), cost["state_banks", "capital"].sum()
    assert 0.3 * out < back < 1.3 * out


def test_what_becomes_of_those_whose_aid_ends():
    """Four households, three years: stands and falls, stands and stays, was below already, still has aid; one dies too soon."""
    flags = np.zeros((48, 5), np.uint8)
    flags[11:, 0] = 1
    flags[30, 0] = 0
    flags[11:, 1] = 1
    flags[11:, 3] = 1
    flags[11:, 4] = 1
    aided = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0]], bool)
    weight = np.array([1.0, 3.0, 5.0, 7.0, 9.0])
    until = np.array([48, 48, 48, 48, 35])
    assert after_the_last_aid(flags, aided, weight, until) == {"ended": 9.0, "above": 4.0, "relapse": 0.25}
    assert after_the_last_aid(flags, aided, weight, until, within=18)["relapse"] == 0.0
    assert after_the_last_aid(flags, aided, weight, until, stops=11)["above"] == 0.0  # month 11: nobody stands yet
    at_once = np.zeros_like(aided)
    at_once[0] = True
    assert after_the_last_aid(flags, at_once, weight, until) == {"ended": 25.0, "above": 0.0, "relapse": None}
    nobody = after_the_last_aid(flags * 0, aided, weight, until)
    assert nobody["relapse"] is None and nobody["above"] == 0.0
