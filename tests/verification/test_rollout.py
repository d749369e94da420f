"""Villages begin when their turn comes: before it all is as without cooperatives, after it the plan is kept."""

from dataclasses import replace

import numpy as np
import pytest

from povsim import parameters
from povsim.config import scenario_from
from povsim.draws import Stream, uniforms
from povsim.experiments.costs import cooperative_flows, costs_by_purse
from povsim.model.arm import Arm
from povsim.model.rollout_office import RolloutOffice
from povsim.model.start import start_status
from povsim.population.columns import COOP, HOME, LIFE, PLACE
from verification.small_world import AID, country, world

MONTHS = 48
VILLAGES = 8


def plan(**keys):
    free = {"budget_idr_year": None, "mentors": None}
    return scenario_from({"population": "toy", "rollout": {"kind": "phased", **free, **keys}}).rollout


def an_arm(rollout, scenario="as_planned", name="arm"):
    return Arm(name, parameters.values("trap", scenario), AID, True, rollout=rollout)


def small():
    return world(villages=VILLAGES, households=20)


def run(arms, months=MONTHS, **options):
    c = country(small(), arms, months, record=True, **options)
    start = c.state.coop[:, COOP.status].astype(np.uint8)
    return c, start, c.run()


def flows_of(record, start, weight, arm, c):
    """What the first arm's cooperatives cost, by item."""
    support = (record.mentored[0], c.state.coop[0, COOP.capital])
    flows = cooperative_flows(record.status[0], start[0], record.debt[0], weight, arm, *support)
    return {item: flow for (_, item), flow in flows.items()}


@pytest.mark.parametrize("scenario", ["as_reported", "as_planned"])
def test_one_wave_without_limits_is_all_at_once_to_the_last_bit(scenario):
    """The office's way of beginning is the plain one, when all begin in month 1."""
    plain = an_arm(None, scenario, "plain")
    c, start, record = run([plain, an_arm(plan(waves=1), scenario)])
    assert (start[0] == start[1]).all() and (c.state.home[0] == c.state.home[1]).all()
    assert (c.state.coop[0] == c.state.coop[1]).all()
    for table in (record.status, record.poverty, record.members, record.volume, record.mentored):
        assert (table[0] == table[1]).all()
    costs, _ = costs_by_purse(record, start, small().sample.place[PLACE.weight], c.arms, c.state.coop[:, COOP.capital])
    assert costs[0] == costs[1]


def test_before_its_turn_a_village_is_as_without_cooperatives():
    aid = Arm("aid", parameters.values("trap", "as_planned"), AID)
    c = country(small(), [aid, an_arm(plan(waves=4))], MONTHS)
    village = c.sample.village
    waited = 0
    for _ in range(MONTHS // 12):
        since = c.state.coop[1, COOP.since].copy()
        c.live_year()
        still = (c.state.coop[1, COOP.since] == 0)[village]
        waited += int(still.sum())
        assert (c.state.home[0][:, still] == c.state.home[1][:, still]).all()
        rows = c.state.coop[1, COOP.since] == 0
        assert (c.state.coop[0, COOP.works, rows] == c.state.coop[1, COOP.works, rows]).all()
        assert ((since == 0) | (since == c.state.coop[1, COOP.since])).all()
    assert waited > 0 and (c.state.coop[1, COOP.since] > 0).all()
    begun = (c.state.coop[1, COOP.since] > 0)[village]
    assert (c.state.home[0][:, begun] != c.state.home[1][:, begun]).any()


def test_a_village_that_begins_late_takes_its_place_in_the_funnel_and_draws_its_own_founders():
    class Watch(RolloutOffice):
        watched: list = []  # noqa: RUF012

        def begin_year(self, month):
            before = self.model.state.home[self.row, HOME.member].copy()
            super().begin_year(month)
            here = self.model.state.coop[self.row, COOP.since] == month
            self.watched.append((month, here, before, self.model.state.home[self.row, HOME.member].copy(),
                              self.model.state.coop[self.row, COOP.status].copy()))  # fmt: skip

    arm = an_arm(plan(waves=4), "as_planned")
    c = country(small(), [arm], MONTHS, office_class=Watch)
    c.run()
    u = uniforms(c.key, Stream.MEMBER_MONTH, c.sample.ids, 0)[:, 3]
    expected = start_status(c.sample.place[PLACE.u_funnel], arm.p)
    late = 0
    for month, here, before, after, status in Watch.watched:
        at = here[c.sample.village]
        assert (status[here] == expected[here]).all()
        assert (after[~at] == before[~at]).all() and (before[at] == 0).all()
        assert u[at & (after == 1)].max(initial=0) < 0.95
        late += int((month > 1) * after[at].sum())
    assert late > 0


def test_cost_is_booked_from_the_month_in_which_a_village_begins():
    weight = small().sample.place[PLACE.weight]
    arm = an_arm(plan(waves=4))
    c, start, record = run([arm])
    since = c.state.coop[0, COOP.since]
    flows = flows_of(record, start, weight, arm, c)
    for item in ("building", "mentoring", "administration"):
        for year in range(4):
            begun = since <= 12 * year + 1
            most = {
                "building": arm.p["building"],
                "mentoring": arm.p["mentor_idr_year"],
                "administration": arm.p["admin_idr_year"],
            }[item]
            assert flows[item][12 * year : 12 * year + 12].sum() <= (weight * begun).sum() * most * (1 + 1e-12)
    assert flows["administration"][:12].sum() < flows["administration"][36:48].sum()
    set_aside = np.cumsum([year.used["budget"] for year in c.offices[0].years])
    spent = np.cumsum(sum(flows.values()).reshape(-1, 12).sum(axis=1))
    assert (spent <= set_aside * (1 + 1e-9)).all() and spent[-1] > 0


def test_village_funds_are_displaced_from_the_village_s_own_start_and_as_long_as_ever():
    arm = an_arm(plan(waves=4))
    short = replace(arm, p={**arm.p, "displaced_months": 24.0}, name="short")
    aid = Arm("aid", arm.p, AID)
    c = country(small(), [aid, short], MONTHS)
    displaced = []
    for _ in range(MONTHS // 12):
        c.live_year()
        displaced.append(c.state.coop[1, COOP.works] < c.state.coop[0, COOP.works])
    since = c.state.coop[1, COOP.since]
    has_funds = c.state.coop[0, COOP.works] > 0
    assert has_funds.any() and np.unique(since).size > 1
    for year, found in enumerate(displaced):
        age = 12 * year + 1 - since
        assert (found == ((age >= 0) & (age < 24) & has_funds))[has_funds].all()


def test_support_goes_as_far_as_it_goes():
    """Mentors and capital for about half the villages: the others begin without, are not charged and do not get them."""
    weight = small().sample.place[PLACE.weight]
    c0 = country(small(), [an_arm(plan(waves=1))], 12)
    share = float(weight.sum()) / c0.nation.villages
    half = float(weight.sum()) / 2
    p = c0.arms[0].p
    keys = {
        "waves": 1, "start_without_support": True,
        "mentors": half / 10 / share, "mentor_turnover": 0, "mentors_trained_year": 0,
        "loan_funds_idr_year": half * p["capital"] / share,
    }  # fmt: skip
    c, start, record = run([an_arm(plan(**keys))])
    first = c.offices[0].years[0]
    assert first.starts.size == VILLAGES and 0 < first.mentored.size < VILLAGES and 0 < first.funded.size < VILLAGES
    assert (np.nonzero(record.mentored[0, 0])[0] == np.sort(first.mentored)).all()
    assert (np.nonzero(c.state.coop[0, COOP.capital])[0] == np.sort(first.funded)).all()
    flows = flows_of(record, start, weight, c.arms[0], c)
    assert flows["capital"].sum() <= half * p["capital"] * (1 + 1e-9)
    assert flows["mentoring"][:12].sum() <= half * p["mentor_idr_year"] * (1 + 1e-9)
    unfunded = np.setdiff1d(np.arange(VILLAGES), first.funded)
    assert (c.state.coop[0, COOP.capital_flag, unfunded] == 0).all()


def test_the_office_sees_no_consumption():
    """What is planned in the first year does not move when everybody's consumption and savings do."""
    kinds = ("poorest_first", "extreme_poverty_first", "readiness_first", "adaptive")
    for kind in kinds:
        orders = []
        for factor in (1.0, 3.0):
            w = small()
            state = w.state.branch(1)
            state.home[0, HOME.c0 : HOME.c_sum + 1] *= factor
            state.home[0, HOME.S] *= factor
            changed = replace(w, state=state)
            c = country(changed, [an_arm(plan(kind=kind, waves=4))], 12)
            orders.append(c.offices[0].years[0].starts)
        assert (orders[0] == orders[1]).all()


def test_arms_with_a_rollout_do_not_touch_each_other():
    late, early = an_arm(plan(waves=4), name="late"), an_arm(plan(waves=2), name="early")
    both, _, _ = run([late, early], 24)
    alone, _, _ = run([early], 24)
    assert (both.state.home[1] == alone.state.home[0]).all() and (both.state.coop[1] == alone.state.coop[0]).all()
    assert (both.state.life[LIFE.h] == alone.state.life[LIFE.h]).all()
