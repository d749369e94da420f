"""The plan of a rollout: no year takes more than there is, more never means fewer, nobody is skipped; and the orders."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povsim.config import scenario_from
from povsim.model.rollout import LIMITS, Needs, Resources, mentors_in_post, plan_year, resources, starts_of_year
from povsim.model.rollout_order import ORDERS, Seen, order_of, progress_in_group

YEARS = 8
amounts = st.floats(0, 1000, allow_nan=False)
paths = st.one_of(st.just([np.inf] * YEARS), st.lists(amounts, min_size=YEARS, max_size=YEARS))


def path(values):
    return np.array(values, np.float64)


@st.composite
def constraints(draw):
    """Needs of some villages, resources by year, and how many years after its start each village's cooperative is dissolved."""
    n = draw(st.integers(1, 25))
    each = [path(draw(st.lists(st.floats(0.1, 120), min_size=n, max_size=n))) for _ in range(4)]
    villages, one_off, yearly, loans = each
    needs = Needs(villages, one_off + loans, yearly / 10, villages * draw(st.floats(0, 1)), loans)
    managers = np.cumsum(path(draw(st.lists(amounts, min_size=YEARS, max_size=YEARS))))
    has = Resources(np.cumsum(path(draw(paths))), *(path(draw(paths)) for _ in range(2)), managers, path(draw(paths)))
    lag = np.array(draw(st.lists(st.integers(1, 12), min_size=n, max_size=n)))
    return needs, has, lag


def lived(needs, has, lag, wait=True, order=None):
    """All years of a plan whose cooperatives are dissolved `lag` years after their start."""
    order = np.arange(needs.villages.size) if order is None else order
    since, years = np.zeros(order.size, np.int64), []
    for year in range(YEARS):
        running = (since > 0) & (year < (since - 1) // 12 + lag)
        now = plan_year(order[since[order] == 0], since, running, year, has, needs, wait)
        since[now.starts] = 12 * year + 1
        years.append((now, running))
    return since, years


@given(constraints(), st.booleans())
@settings(max_examples=120, deadline=None)
def test_no_year_takes_more_than_there_is(given_, wait):
    """Recounted from the starts, not read from what the plan says of itself."""
    needs, has, lag = given_
    since, years = lived(needs, has, lag, wait)
    for year, (now, running) in enumerate(years):
        new = since == 12 * year + 1
        assert sorted(now.starts) == sorted(np.nonzero(new)[0])
        served, funded = running | new, np.isin(np.arange(since.size), now.funded)
        starts = (needs.start_idr - np.where(funded, 0.0, needs.loan_idr))[new].sum()
        taken = {
            "waves": needs.villages[(since > 0) & (since <= 12 * year + 1)].sum(),
            "budget": needs.year_idr[served].sum() + starts,
            "mentors": needs.mentors[now.mentored].sum(),
            "managers": needs.villages[served].sum(),
            "loan_funds": needs.loan_idr[funded].sum(),
        }
        for name in LIMITS:
            assert now.used[name] == pytest.approx(taken[name], rel=1e-12, abs=1e-9)
            assert taken[name] <= getattr(has, name)[year] * (1 + 1e-8) + 1e-9, name


@given(constraints(), st.sampled_from(["budget", "mentors", "managers", "loan_funds", "waves"]), st.floats(1, 5), amounts)
@settings(max_examples=120, deadline=None)
def test_more_of_a_resource_never_covers_fewer_villages(given_, name, factor, more):
    needs, has, lag = given_
    forever = np.full_like(lag, 10 * YEARS)
    larger = replace(has, **{name: getattr(has, name) * factor + more})
    few, _ = lived(needs, has, forever)
    many, _ = lived(needs, larger, forever)
    for year in range(YEARS):
        by_then = [((since > 0) & (since <= 12 * year + 1)) for since in (few, many)]
        assert not (by_then[0] & ~by_then[1]).any()


@given(constraints(), st.permutations(range(25)))
@settings(max_examples=60, deadline=None)
def test_villages_begin_in_their_order_and_nobody_is_skipped(given_, shuffled):
    needs, has, lag = given_
    order = np.array([at for at in shuffled if at < needs.villages.size])
    since, _ = lived(needs, has, lag, order=order)
    turn = np.where(since == 0, 10**6, since)[order]
    assert (np.diff(turn) >= 0).all()


@given(constraints())
@settings(max_examples=60, deadline=None)
def test_what_stops_the_next_village_is_named_rightly(given_):
    needs, has, _ = given_
    none = np.zeros(needs.villages.size, np.bool_)
    order = np.arange(none.size)
    starts, name = starts_of_year(order, none, none, 0, has, needs, wait=True)
    assert (name is None) == (starts.size == none.size)
    if name is not None:
        free = np.full(YEARS, np.inf)
        without = replace(has, **{name: free})
        more, _ = starts_of_year(order, none, none, 0, without, needs, wait=True)
        alone = {n: replace(Resources(free, free, free, free, free), **{n: getattr(has, n)}) for n in LIMITS}
        bound = {n: starts_of_year(order, none, none, 0, alone[n], needs, wait=True)[0].size for n in LIMITS}
        assert bound[name] == starts.size == min(bound.values())
        assert more.size >= starts.size


def test_running_cost_of_what_was_begun_fits_a_budget_that_shrinks():
    one = np.ones(4)
    needs = Needs(one, 10 * one, 4 * one, 0 * one, 0 * one)
    free = np.full(YEARS, np.inf)
    has = Resources(free, np.array([100.0, 100, 9, 9, 9, 9, 9, 9]), free, free, free)
    since, years = lived(needs, has, np.full(4, 50))
    assert (since > 0).sum() == 2  # the first year could pay for four, the third only for two
    assert max(now.used["budget"] for now, _ in years[2:]) <= 9


def test_without_support_a_village_starts_but_gets_none():
    one = np.ones(3)
    needs = Needs(one, one, 0 * one, one, one)
    free = np.full(YEARS, np.inf)
    has = Resources(free, free, np.full(YEARS, 2.0), free, np.full(YEARS, 1.0))
    waits = plan_year(np.arange(3), np.zeros(3, np.int64), np.zeros(3, bool), 0, has, needs, wait=True)
    goes = plan_year(np.arange(3), np.zeros(3, np.int64), np.zeros(3, bool), 0, has, needs, wait=False)
    assert waits.starts.tolist() == [0] and waits.stopped_by == "loan_funds"
    assert goes.starts.tolist() == [0, 1, 2] and goes.mentored.tolist() == [0, 1] and goes.funded.tolist() == [0]


def rollout(**keys):
    return scenario_from({"population": "toy", "rollout": {"kind": "phased", **keys}}).rollout


def test_mentors_leave_and_those_in_training_do_not_count_yet():
    plan = rollout(mentors=100, mentor_turnover=0.1, mentors_trained_year=20, mentor_training_months=18)
    assert mentors_in_post(plan, 4) == pytest.approx([100, 90, 90 * 0.9 + 20, (90 * 0.9 + 20) * 0.9 + 20])
    at_once = rollout(mentors=100, mentor_turnover=0.1, mentors_trained_year=20, mentor_training_months=0)
    assert mentors_in_post(at_once, 2) == pytest.approx([120, 128])


def test_resources_are_the_nation_s_and_a_part_has_its_share():
    plan = rollout(waves=4, coverage=0.5, budget_idr_year=[8e12, 4e12], mentors=None, managers=50, managers_year=10)
    has = resources(plan, 6, villages=1000, share=0.25)
    assert has.waves.tolist() == [125, 250, 375, 500, 500, 500]
    assert has.budget.tolist() == [2e12, 1e12, 1e12, 1e12, 1e12, 1e12]
    assert has.managers.tolist() == [12.5, 15, 17.5, 20, 22.5, 25]
    assert np.isinf(has.mentors).all() and np.isinf(has.loan_funds).all()


V = 12


def seen(month=1, **changes):
    """Twelve villages in four districts of two provinces; what is not said is the same for all."""
    ones = np.ones(V)
    plain = {
        "month": month, "villages": ones, "lot": np.linspace(0.05, 0.95, V), "own_lot": np.linspace(0.95, 0.05, V),
        "headcount": ones, "low10": ones, "low20": ones, "Z": ones, "access": ones, "quality": ones, "recorded": ones,
        "district": np.arange(V) % 4, "province": (np.arange(V) % 4) // 2, "cell": (np.arange(V) % 4) // 2,
        "names": ("a", "b", "c", "d"), "since": np.zeros(V, np.int64), "status": np.zeros(V), "traded": np.zeros(V, bool),
    }  # fmt: skip
    return Seen(**(plain | changes))


KIND_AND_COLUMN = [("extreme_poverty_first", "low10"), ("local_potential_first", "Z"), ("readiness_first", "quality")]


@pytest.mark.parametrize(("kind", "column"), KIND_AND_COLUMN)
def test_an_order_follows_what_it_is_named_after(kind, column):
    value = (np.arange(V) * 7) % V / V
    order = order_of(replace(rollout(), kind=kind), seen(**{column: value}))
    assert (np.diff(value[order]) < 0).all()


def test_the_poorest_district_comes_first_whole():
    headcount = np.array([5.0, 20, 10, 15])[np.arange(V) % 4]
    low20 = np.linspace(0, 1, V)
    order = order_of(replace(rollout(), kind="poorest_first"), seen(headcount=headcount, low20=low20))
    assert (order % 4).tolist() == [1] * 3 + [3] * 3 + [2] * 3 + [0] * 3
    assert order[:3].tolist() == [9, 5, 1]


def test_near_existing_grows_out_of_where_cooperatives_trade():
    recorded = np.zeros(V)
    recorded[6] = 4.0  # in province 1
    order = order_of(replace(rollout(), kind="near_existing"), seen(recorded=recorded))
    assert order[0] == 6 and set(order[1:6]) == {2, 3, 7, 10, 11}
    since, status = np.zeros(V, np.int64), np.zeros(V)
    since[[0, 1, 6]], status[[0, 1]], status[6] = 1, 4.0, 5.0  # those of province 0 trade, that of province 1 has stopped
    later = order_of(replace(rollout(), kind="near_existing"), seen(month=13, recorded=recorded, since=since, status=status))
    assert set(later[:4]) == {4, 5, 8, 9}


def test_adaptive_goes_where_cooperatives_trade_and_pauses_where_they_stop():
    since = np.where(np.arange(V) < 8, 1, 0)
    status = np.where((np.arange(V) % 4) // 2 == 0, 5.0, 4.0) * (since > 0)
    plan = replace(rollout(), kind="adaptive", pause_above=0.4)
    order = order_of(plan, seen(month=25, since=since, status=status, traded=since > 0))
    assert set(order) == {10, 11}  # province 0 pauses
    patient = order_of(replace(plan, pause_above=1.0), seen(month=25, since=since, status=status, traded=since > 0))
    assert set(patient[:2]) == {10, 11} and set(patient) == {8, 9, 10, 11}
    young = order_of(plan, seen(month=10, since=since, status=status, traded=since > 0))
    assert set(young) == {8, 9, 10, 11}  # too early to judge


def test_a_list_is_honoured_in_its_order_and_nobody_else_is_covered():
    order = order_of(replace(rollout(), kind="file", districts=("c", "a")), seen())
    assert order.tolist() == [2, 6, 10, 0, 4, 8]


def test_balanced_takes_the_same_share_of_every_group_at_any_point():
    group = np.repeat([0, 1, 2], [20, 8, 4])
    weight = np.ones(32)
    progress = progress_in_group(group, np.arange(32) * 7 % 32 / 32.0, weight)
    for part in (0.25, 0.5, 0.75):
        shares = [np.mean(progress[group == g] <= part) for g in range(3)]
        assert max(shares) - min(shares) < 0.05


@pytest.mark.parametrize("kind", [kind for kind in ORDERS if kind != "file"])
def test_every_order_is_complete_and_does_not_depend_on_rows(kind):
    """Villages listed backwards have their turns in the same order; those that began have none."""
    rng = np.arange(V)
    since = np.where(rng == 3, 1, 0)
    columns = {
        "Z": rng * 5 % V / V,
        "headcount": (rng % 4).astype(float),
        "low10": rng * 7 % V / V,
        "quality": rng * 11 % V / V,
    }
    forward = seen(since=since, **columns)
    backward = Seen(**{
        name: value[::-1].copy() if isinstance(value, np.ndarray) else value for name, value in vars(forward).items()
    })  # fmt: skip
    plan = replace(rollout(), kind=kind)
    order = order_of(plan, forward)
    assert sorted(order) == [row for row in range(V) if row != 3]
    assert (V - 1 - order_of(plan, backward)).tolist() == order.tolist()
