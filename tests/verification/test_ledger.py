"""The ledger: its switches are really off, its parts add up, causes are all of what is lost, and a unit of chance is small."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from povsim.config import scenario_from
from povsim.draws import DrawKey
from povsim.experiments.comparison import VariantRun, model_arm
from povsim.experiments.ledger import (
    ANY_OF_SEVERAL,
    BENEFITS_OF_MEMBERS,
    OFF,
    REST,
    SEVERAL,
    SPILL_OVER,
    ArmLedger,
    changed_households,
    coalitions_of,
    ledger_of,
    pairs_of_orders,
    sampled_orders,
    switches_of,
    with_only,
)
from povsim.experiments.ledger_tables import ledger_rows, ledger_summary
from povsim.experiments.replicate import Replicate, burn_in, live_arms
from povsim.model.arm import Arm
from povsim.model.month import TALLY_ROWS
from povsim.model.scratch import TL
from povsim.population.columns import COOP, HOME
from verification.cases import BUSY
from verification.small_world import AID, country, months_of, near_the_line, world

MONTHS = 24


@cache
def comparison() -> tuple[VariantRun, dict[str, ArmLedger]]:
    """Two replicates of a lively comparison with its ledger."""
    scenario = scenario_from({
        "population": {"kind": "toy", "villages": 20, "households_per_village": 60},
        "arms": ["aid", "aid_cooperative", "aid_cooperative_planned"], "ledger": True, "replicates": 2,
        "burn_in_months": 36, "horizon_months": 96, "variants": ["trap"], "exit": {"W": 12},
    })  # fmt: skip
    lively = {
        **BUSY,
        "l0": 0.05,
        "pi": 0.3,
        "dues": 40_000.0,
        "displaced": 1.0,
        "trader_local": 1.0,
        "kappa": 0.1,
        "h_sc": 0.05,
    }
    arms = {spec.name: model_arm(scenario, "trap", spec) for spec in scenario.arms}
    arms["aid_cooperative_planned"] = replace(
        arms["aid_cooperative_planned"], p={**arms["aid_cooperative_planned"].p, **lively}
    )
    replicates = [near_the_line(burn_in(scenario, "trap", number)) for number in range(2)]
    for replicate in replicates:
        live_arms(replicate, scenario, "trap", list(arms.values()))
    pairs = pairs_of_orders(replicates, scenario)
    assert pairs == {"aid_cooperative": 1, "aid_cooperative_planned": 2}  # few and many households change side
    ledger = [ledger_of(replicate, scenario, "trap", arms, pairs) for replicate in replicates]
    run = VariantRun("trap", replicates, arms, ledger=ledger)
    return run, ledger[0]


@cache
def busy(off: str = "") -> tuple[np.ndarray, dict[str, np.ndarray], float]:
    """Sum over months of the tallies of a busy cooperative with one mechanism off; means of terms; works lost."""
    p = {**world().p, **BUSY, "trader_local": 0.5, "dl": 0.0}
    arm = Arm("busy", p, AID, True)
    values = OFF.get(off, {})
    c = country(world(), [replace(arm, p={**p, **values})], MONTHS, audit=True, record=True)
    total, terms = np.zeros(TALLY_ROWS), {"kappa": 0.0, "mentor": 0.0}
    for _ in months_of(c):
        total += c.audit[0].sum(axis=0)
        for name in terms:
            terms[name] += float(c.state.coop[0, getattr(COOP, name)].sum())
        c.audit[:] = 0.0
    return total, terms, float(c.record.works_lost.sum())


@pytest.mark.parametrize(
    ("switch", "tallies"),
    [
        ("price", ["premium"]),
        ("credit", ["loans", "service"]),
        ("refund", ["shu"]),
        ("pool", ["dues_pool", "pool_out"]),
        ("traders", ["trader_loss"]),
        ("dues", ["fees", "dues_shares", "dues_pool"]),
    ],
)
def test_a_switch_that_is_off_pays_nothing(switch: str, tallies: list[str]) -> None:
    for name in tallies:
        row = getattr(TL, name)
        assert busy()[0][row] > 0.0, f"{name} does not occur with everything on, so this test could not fail"
        assert busy(switch)[0][row] == 0.0


def test_shop_mentoring_and_works_are_off() -> None:
    p = {**world().p, **BUSY, "mentor": 1.0}
    for name, switch in (("kappa", "shop"), ("mentor", "mentoring")):
        got = []
        for off in ({}, OFF[switch]):
            c = country(world(), [Arm("busy", {**p, **off}, AID, True)], MONTHS)
            c.run()
            got.append(float(c.state.coop[0, getattr(COOP, name)].sum()))
        assert got[0] > 0.0 and got[1] == 0.0, name
    assert busy()[2] > 0.0 and busy("works")[2] == 0.0


def test_loans_without_demand_are_no_outside_money() -> None:
    """In the first month with loans, and in no other way, outside money differs by exactly those loans."""
    p = {**world().p, **BUSY}
    arms = [Arm("on", p, AID, True), Arm("off", {**p, **OFF["demand"]}, AID, True)]
    c = country(world(), arms, MONTHS, audit=True)
    for _ in months_of(c):
        loans = c.audit[:, :, TL.loans]
        gap = c.audit[0, :, TL.inj] - c.audit[1, :, TL.inj]
        if loans[0].any():
            assert np.array_equal(loans[0], loans[1])
            assert gap == pytest.approx(loans[0], rel=1e-9)
            return
        assert not gap.any()
        c.audit[:] = 0.0
    pytest.fail("nobody borrowed")


def test_members_off_leaves_only_the_premium_of_others() -> None:
    """In the first month with a premium: that of members and that which spills over are separate, and all there is."""
    p = {**world().p, **BUSY, "chi_c": 0.5, "kappa": 0.0}
    offs = ({}, {"own_gain": 0.0}, {"chi_c": 0.0}, {"own_gain": 0.0, "chi_c": 0.0})
    c = country(world(), [Arm(f"arm {k}", {**p, **off}, AID, True) for k, off in enumerate(offs)], MONTHS, audit=True)
    for _ in months_of(c):
        both, spill, own, nothing = c.audit[:, :, TL.premium].sum(axis=1)
        if both > 0.0:
            assert own > 0.0 and spill > 0.0 and nothing == 0.0
            assert own + spill == pytest.approx(both, rel=1e-9)
            return
        c.audit[:] = 0.0
    pytest.fail("no premium was paid")


def test_with_every_switch_off_nobody_is_moved() -> None:
    """The rest of the ledger is 0 because nothing is left of the cooperative, not because of a definition."""
    p = world().p
    aid, arm = Arm("aid", p, AID), Arm("busy", {**p, **BUSY, "mentor": 1.0, "trader_local": 0.5}, AID, True)
    off = switches_of(arm, aid)
    assert set(off) == set(OFF)
    c = country(world(), [aid, with_only(arm, off, frozenset()), arm], MONTHS)
    c.run()
    for row in (HOME.K, HOME.S, HOME.c_sum, HOME.Dm):
        assert np.array_equal(c.state.home[0, row], c.state.home[1, row])
        assert not np.array_equal(c.state.home[0, row], c.state.home[2, row])


def test_the_registry_is_a_switch_where_the_arm_has_another_one() -> None:
    p = world().p
    aid = Arm("aid", p, AID)
    arm = Arm("registry", {**p, "r_reg": 0.95}, AID, True)
    assert "registry" not in switches_of(Arm("same", p, AID, True), aid)
    off = switches_of(arm, aid)
    assert with_only(arm, off, frozenset(off) - {"registry"}).p["r_reg"] == p["r_reg"]


def test_what_an_arm_lacks_is_no_switch() -> None:
    p = {**world().p, "mentor": 0.0, "displaced": 0.0}
    assert set(OFF) - set(switches_of(Arm("arm", p, AID, True), Arm("aid", p, AID))) == {"mentoring", "works"}


@pytest.mark.parametrize("group", ["structural", "baseline_poor"])
def test_parts_and_rest_add_up_to_the_contrast(group: str) -> None:
    run, _ = comparison()
    for arm in ("aid_cooperative", "aid_cooperative_planned"):
        block = ledger_summary(run)[arm]["groups"][group]
        levels = []
        for name in (arm, "aid"):
            shares = []
            for r in run.replicates:
                m = r.group(group)
                shares.append(r.weight[m] @ (r.outcomes[name].tau["E4"][m] > 0) / r.weight[m].sum())
            levels.append(np.mean(shares))
        contrast = levels[0] - levels[1]
        assert block["contrast"] == pytest.approx(contrast, abs=1e-9)
        assert sum(part["mean"] for part in block["parts"]) + block["rest"]["mean"] == pytest.approx(contrast, abs=1e-9)
        for split in ("channels", "receivers"):
            assert sum(part["mean"] for part in block[split]) == pytest.approx(contrast, abs=1e-9)
    assert sum(part["moved"] for part in block["parts"]) > 20  # something is being added up
    assert any(part["reason"] is None and part["se"] > 0 for part in block["parts"])
    assert all("too few" in part["reason"] for part in block["parts"] if part["moved"] < 20)


def test_causes_are_all_of_what_is_lost_and_each_is_what_it_says() -> None:
    run, _ = comparison()
    for group in ("structural", "baseline_poor"):
        lost = ledger_summary(run)["aid_cooperative_planned"]["groups"][group]["lost"]
        gone, shares = 0, []
        for r in run.replicates:
            m = r.group(group)
            exits = {name: r.outcomes[name].tau["E4"] > 0 for name in ("aid", "aid_cooperative_planned")}
            each = exits["aid"] & ~exits["aid_cooperative_planned"] & m
            gone += int(each.sum())
            shares.append(r.weight @ each / r.weight[m].sum())
        assert lost["simulated"] == gone == sum(cause["simulated"] for cause in lost["causes"])
        assert lost["n01"] == pytest.approx(np.mean(shares), abs=1e-12)
        assert sum(cause["share"] for cause in lost["causes"]) == pytest.approx(lost["n01"], abs=1e-12)
    assert gone > 0
    assert len([cause for cause in lost["causes"] if cause["simulated"]]) > 1
    assert 0.0 <= lost["floor"]["aid"] < lost["n01"]


def test_causes_by_hand() -> None:
    """Lost by one switch, by either of two, by two together, by nothing; one that is not lost; one of another group."""
    true, false = True, False
    everything = frozenset(("price", "works"))
    exits = {
        everything: [false, false, false, false, true, false],
        everything - {"price"}: [true, true, false, false, true, true],
        everything - {"works"}: [false, true, false, false, true, false],
        frozenset(): [true, true, true, false, true, true],
    }
    comparator = np.array([true, true, true, true, true, true])
    one = ArmLedger(
        "b", "a", ("price", "works"), comparator, {on: np.array(y) for on, y in exits.items()}, [], {}, {}, ~comparator
    )
    found = one.causes(np.array([true, true, true, true, true, false]))
    assert {name: np.nonzero(y)[0].tolist() for name, y in found.items()} == {
        "price": [0], "works": [], ANY_OF_SEVERAL: [1], SEVERAL: [2], REST: [3],
    }  # fmt: skip


def test_orders_come_with_their_reverse_and_keep_their_places() -> None:
    key = DrawKey(1, 0)
    orders = sampled_orders(key, ("price", "credit", "works", "dues"))
    assert [order[::-1] for order in orders[::2]] == orders[1::2]
    fewer = sampled_orders(key, ("price", "works", "dues"))
    assert [tuple(s for s in order if s != "credit") for order in orders] == fewer
    assert sampled_orders(DrawKey(1, 1), ("price", "credit", "works", "dues")) != orders
    coalitions = coalitions_of(orders[0], orders)
    assert len(set(coalitions)) == len(coalitions)
    assert all(frozenset(order[:k]) in coalitions for order in orders for k in range(5))


def test_one_household_of_each_village_is_changed_that_is_not_followed() -> None:
    run, _ = comparison()
    replicate: Replicate = run.replicates[0]
    rows = changed_households(replicate, DrawKey(1, 0))
    sample = replicate.sample
    assert np.array_equal(sample.village[rows], np.arange(sample.village_ids.size))
    assert not np.isin(rows, replicate.tracked).any()


def test_tables_hold_every_part_once() -> None:
    run, _ = comparison()
    rows = ledger_rows(run)
    assert {row["part"] for row in rows["ledger"]} == {*OFF, REST}
    assert len(rows["ledger"]) == 2 * 2 * (len(OFF) + 1)
    assert {"n01_causes", "spillover", "relapses"} <= set(rows)


def test_benefits_and_spill_over_are_of_one_kind_each() -> None:
    assert not set(BENEFITS_OF_MEMBERS) & set(SPILL_OVER)
