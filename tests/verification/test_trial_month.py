"""Components of trials in the month: the readable model agrees, money adds up, stops and empty programmes change no bit."""

import numpy as np
import pytest

from povsim.config.trial import Component
from povsim.experiments.trial_programmes import PREFIX, programmes_of
from povsim.model.arm import Arm
from povsim.population.columns import HOME, LIFE
from verification.adapter import live_both
from verification.cases import BUSY, HARD_LIFE
from verification.small_world import AID, VARIANTS, country, steps, world

COMPONENTS = (
    Component("cash", "cash", amount_L=0.3, calendar="quarterly", month=2, months=9, delivered_share=0.8),
    Component("food", "food", amount_idr=200_000.0, calendar="monthly", month=5),
    Component("assets", "asset", amount_L=2.0, month=3),
    Component("training", "training", gain=0.2, on_ability=0.75),
    Component("coaching", "coaching", gain=0.1, on_ability=0.2, months=12, lasting=0.5),
    Component("credit", "credit", rate=0.9, limit_L=1.5, tenor=5, iota=0.4, month=2, months=17, take_up=0.7),
    Component("group", "savings_group", deposit_L=0.1, months=18),
)


def trial(w, components, arm_p=None, months=24, cooperative=False, **options):
    """A country in which two of three households are offered all components, beside the same one without them."""
    offered = np.arange(w.sample.ids.size) % 3 != 0
    p = {**w.p, **(arm_p or {})}
    treated = {PREFIX + c.name: 1.0 for c in components}
    arms = [Arm("trial", p, AID | treated, cooperative), Arm("nobody_treated", p, AID, cooperative)]
    made = programmes_of(components, {c.name: offered for c in components})
    return country(w, arms, months, programmes=made, **options), offered


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_reference_agrees_on_every_product_of_a_trial(variant):
    c, offered = trial(world(variant), COMPONENTS, HARD_LIFE)
    seen = {"credit": False, "box": False}

    def look(country_, a, model):
        home = country_.state.home[0]
        seen["credit"] |= bool((home[HOME.Mc] > 0).any())
        seen["box"] |= bool((home[HOME.box] > 0).any())
        return []

    found, met, _ = live_both(world(variant), c, compare_more=look)
    assert found == []
    assert seen == {"credit": True, "box": True} and met["B"] and met["repay"]
    home = c.state.home
    assert (home[0, HOME.skill][offered] > 1).any() and (home[0, HOME.skill][~offered] == 1).all()
    assert (home[0, HOME.skill] != home[0, HOME.skill_w]).any()
    assert (home[0, [HOME.box, HOME.Mc]] >= 0).all() and (home[1, [HOME.box, HOME.Mc, HOME.M0, HOME.Ms]] == 0).all()


def test_the_reference_agrees_beside_a_cooperative():
    c, _ = trial(world("trap"), COMPONENTS[4:], HARD_LIFE | BUSY, 14, cooperative=True)
    found, met, _ = live_both(world("trap"), c)
    assert found == [] and met["loan"] and met["service"] and met["default"]


def test_a_share_of_the_gain_of_coaching_is_left():
    c, offered = trial(world("trap"), COMPONENTS[4:5])
    c.run()
    stays = offered & (c.state.life[LIFE.formed] <= 0)
    np.testing.assert_allclose(c.state.home[0, HOME.skill][stays], 1 + 0.5 * 0.2 * 0.1)
    np.testing.assert_allclose(c.state.home[0, HOME.skill_w][stays], 1 + 0.5 * 0.8 * 0.1)


def test_what_is_given_in_lines_is_of_one_size_whatever_the_line():
    c, offered = trial(world("trap"), (Component("assets", "asset", amount_L=2.0),), {"p_k": 0.0, "p_v": 0.0, "delta": 0.0}, 1)
    first = next(steps(c))
    assert first[0] == 1
    more = c.state.home[0, HOME.K] - c.state.home[1, HOME.K]
    assert more[offered].max() <= 2.6 and np.median(more[offered]) == pytest.approx(2.0, abs=0.3)
    assert np.abs(more[~offered]).max() < 0.3


def test_a_free_loan_is_repaid_in_equal_parts_by_those_who_can():
    credit = Component("credit", "credit", rate=0.0, limit_L=1.2, tenor=6, iota=0.0, months=1)
    c, offered = trial(world("trap"), (credit,), {"turn": 0.0, "turn_l0": 0.0}, 9)
    debts = np.array([c.state.home[0, HOME.Mc].copy() for _ in steps(c)])
    rich = offered & (c.state.home[1, HOME.c_sum] / 12 > 2.0)
    assert rich.sum() > 5
    np.testing.assert_allclose(debts[:7, rich], np.outer(1.2 * (1 - np.arange(7) / 6), np.ones(rich.sum())), atol=1e-12)
    assert (debts[7:, rich] == 0).all() and (debts[:, ~offered] == 0).all()


def test_interest_stops_at_twice_the_loan():
    credit = Component("credit", "credit", rate=3.0, limit_L=2.0, tenor=60, iota=0.0, months=1)
    c, _ = trial(world("trap"), (credit,), {"c_floor": 9.0}, 24)  # nobody has anything above the floor
    c.run()
    home = c.state.home[0]
    owes = home[HOME.Mc] > 0
    assert owes.any() and (home[HOME.Mc][owes] <= 2 * home[HOME.M0][owes] * (1 + 1e-12)).all()
    assert np.isclose(home[HOME.Mc][owes], 2 * home[HOME.M0][owes]).any()


def test_the_box_is_shared_out_at_the_end_of_a_year():
    c, _ = trial(world("trap"), COMPONENTS[6:])
    boxes = [c.state.home[0, HOME.box].sum() for _ in steps(c)]
    assert boxes[10] > boxes[0] > 0 and boxes[11] == 0 and boxes[12] > 0 and boxes[18:] == [0.0] * 6


def test_a_programme_of_nothing_changes_no_bit():
    nothing = (Component("cash", "cash", amount_L=0.0), Component("training", "training", gain=0.0))
    c, _ = trial(world("trap"), nothing)
    c.run()
    same = [row for row in range(c.state.home.shape[1]) if row != HOME.enrolled]
    np.testing.assert_array_equal(c.state.home[0, same], c.state.home[1, same])


def test_stops_change_no_bit():
    seen = []
    a, _ = trial(world("trap"), COMPONENTS, HARD_LIFE)
    b, _ = trial(world("trap"), COMPONENTS, HARD_LIFE, stops=(5, 7, 12, 24), look=lambda c: seen.append(c.state.t))
    a.run()
    b.run()
    assert seen == [5, 7, 12, 24]
    for name in ("life", "home", "place", "coop"):
        np.testing.assert_array_equal(getattr(a.state, name), getattr(b.state, name))


def test_what_is_given_in_lines_is_booked_in_the_rupiah_of_the_families_that_get_it():
    grant = Component("grant", "cash", amount_L=1.5, month=4, delivered_share=0.5)
    c, offered = trial(world("trap"), (grant,), {"pkh_idr_year": 0.0, "sembako_idr_month": 0.0}, 12, record=True)
    c.run()
    booked = c.record.outlay[("state_aid", "benefits")]
    assert booked[1].sum() == 0 and np.flatnonzero(booked[0]).tolist() == [3]
    line = c.state.life[LIFE.line]
    assert booked[0, 3] == pytest.approx(1.5 * (c.sample.weight * line)[offered].sum(), rel=1e-12)
