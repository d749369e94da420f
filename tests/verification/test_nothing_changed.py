"""Contract C3: nothing done, nothing changed. A programme without budget, a rollout that reaches nobody and an arm that is the
same as another one leave every household exactly, to the bit, where it was."""

from dataclasses import replace

import numpy as np
import pytest

from povsim.config.programmes import Eligibility
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.population.columns import COOP_COLUMNS, HOME_COLUMNS
from verification.cases import BUSY, cash, tools
from verification.small_world import AID, VARIANTS, arm, country, standard_arms, world

MONTHS = 26
NOBODY = {
    "no province": Eligibility("province", None, None, ("NOWHERE",), 1.0),
    "share of 0": Eligibility("bottom_share", 0.0, None, None, 1.0),
    "no family": Eligibility("register_score", None, 0, None, 1.0),
    "drawn by nobody": Eligibility("all", None, None, None, 0.0),
}
UNLIKE = ("covered", "mentor", "capital", "capital_flag", "invited", "q", "q0")
"""Columns of COOP that say what an arm intends, which differs between arms although nobody is reached."""


def lived(arms, variant="trap", **options) -> Country:
    """The arms after MONTHS months, with the marks of every household."""
    w = world(variant)
    c = country(w, arms, MONTHS, record=True, tracked=np.arange(w.sample.ids.size), **options)
    c.run()
    return c


def assert_same(c: Country, a: int, d: Country, b: int, but: tuple[str, ...] = ()) -> None:
    """Arm a of one country equals arm b of another in every bit of every column but those named."""
    for name, row in zip(HOME_COLUMNS, range(len(HOME_COLUMNS)), strict=True):
        same = np.array_equal(c.state.home[a, row], d.state.home[b, row])
        assert same or name in but, f"HOME.{name} differs for {(c.state.home[a, row] != d.state.home[b, row]).sum()} households"
    for name, row in zip(COOP_COLUMNS, range(len(COOP_COLUMNS)), strict=True):
        assert np.array_equal(c.state.coop[a, row], d.state.coop[b, row]) or name in but, f"COOP.{name} differs"
    for table in ("life", "place"):
        assert np.array_equal(getattr(c.state, table), getattr(d.state, table)), table
    for table in ("marks", "poverty", "status", "members", "volume"):
        assert np.array_equal(getattr(c.record, table)[a], getattr(d.record, table)[b]), table


@pytest.mark.parametrize("who", NOBODY)
@pytest.mark.parametrize("product", ["cash", "food", "asset"])
def test_a_programme_for_nobody_changes_nothing(product, who):
    spec = replace(cash(500_000.0, NOBODY[who]), name="new", product=product)
    p = {**world().p, **BUSY}
    c = lived([Arm("without", p, AID, True), Arm("with", p, {**AID, "new": 1.0}, True)], specs=(spec,))
    assert_same(c, 0, c, 1)


@pytest.mark.parametrize(
    "how",
    [
        "amount",
        "factor",
    ],
)
def test_a_programme_without_budget_changes_nothing(how):
    """Everybody is eligible, but there is no money: the amount is 0, or the arm's factor on it."""
    spec = replace(cash(0.0 if how == "amount" else 500_000.0), name="new")
    p = {**world().p, **BUSY}
    factor = 0.0 if how == "factor" else 1.0
    c = lived([Arm("without", p, AID, True), Arm("with", p, {**AID, "new": factor}, True)], specs=(spec,))
    assert_same(c, 0, c, 1)


def test_a_programme_with_a_budget_changes_something():
    """The comparison above can fail."""
    p = {**world().p, **BUSY}
    arms = [Arm("without", p, AID, True), Arm("with", p, {**AID, "tools": 1.0}, True)]
    c = lived(arms, specs=(tools(1_000.0, "poor"),))
    with pytest.raises(AssertionError, match=r"HOME\.K differs"):
        assert_same(c, 0, c, 1)


@pytest.mark.parametrize("interactions", [True, False])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_rollout_that_reaches_no_village_changes_nothing(variant, interactions):
    """Coverage 0: aid_cooperative is aid, cooperative is none; in states, marks and records."""
    arms = standard_arms(variant)
    arms = [replace(one, coverage=0.0) if one.cooperative else one for one in arms]
    c = lived(arms, variant, interactions=interactions)
    assert_same(c, c.arm_row("cooperative"), c, c.arm_row("none"), UNLIKE)
    assert_same(c, c.arm_row("aid_cooperative"), c, c.arm_row("aid"), UNLIKE)
    assert_same(c, c.arm_row("aid_cooperative_planned"), c, c.arm_row("aid"), UNLIKE)


@pytest.mark.parametrize("variant", VARIANTS)
def test_arms_do_not_touch_each_other(variant):
    """The same arm twice, the arms in another order, and an arm alone: identical arrays."""
    arms = [*standard_arms(variant), arm("again", {**world(variant).p}, 1.0, True)]
    c = lived(arms, variant)
    again = c.arm_row("again")
    assert_same(c, c.arm_row("aid_cooperative"), c, again)
    backwards = lived(arms[::-1], variant)
    for one in arms:
        assert_same(c, c.arm_row(one.name), backwards, backwards.arm_row(one.name))
    for one in arms[:-1]:
        assert_same(c, c.arm_row(one.name), lived([one], variant), 0)
