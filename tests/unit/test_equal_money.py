"""Equal money: every form costs what its arm costs, the form is chosen on other draws, and both parts of Delta_all add up."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from povsim.config import scenario_from
from povsim.errors import PovsimError
from povsim.experiments import comparison
from povsim.experiments.all_households import PARTS, lasting_share, parts_of
from povsim.experiments.comparison import model_arm
from povsim.experiments.equal_money import CHOICE_FIRST, FORMS, Twin, choose_forms, families_on_sembako
from povsim.experiments.replicate import burn_in, live_arms
from povsim.measures.cost import present_value

SMALL = {
    "population": {"kind": "toy", "villages": 20, "households_per_village": 40},
    "replicates": 2,
    "burn_in_months": 36,
    "variants": ["trap"],
    "threads": 1,
}
ARMS = ["none", "aid", "aid_equal_cost", "aid_cooperative", "aid_cooperative_planned", "aid_assets", "aid_equal_cost_planned"]


@contextmanager
def silent(_label, _total):
    yield SimpleNamespace(advance=lambda *_: None)


@pytest.fixture(scope="module")
def found():
    """A comparison in which the form was chosen."""
    return comparison.run(scenario_from({**SMALL, "arms": ARMS}), silent)


def test_every_twin_costs_what_its_arm_costs(found):
    solved = found.summary["equal_cost"]["trap"]
    assert set(solved) == {"aid_equal_cost", "aid_assets", "aid_equal_cost_planned"}
    for name, entry in solved.items():
        of = "aid_cooperative_planned" if name.endswith("planned") else "aid_cooperative"
        arms = found.summary["variants"]["trap"]["arms"]
        assert entry["of"] == of
        assert arms[name]["cost_idr"] == pytest.approx(arms[of]["cost_idr"], rel=0.01)
        assert entry["gap_share"] == pytest.approx(arms[name]["cost_idr"] / arms[of]["cost_idr"] - 1, abs=1e-9)
    assert solved["aid_assets"]["form"] == "assets"


def test_the_form_is_the_best_of_three_on_other_draws(found):
    rows = found.summary["equal_money"]["trap"]
    for name in ("aid_equal_cost", "aid_equal_cost_planned"):
        of_it = {row["form"]: row for row in rows if row["arm"] == name}
        assert set(of_it) == set(FORMS)
        best = max(of_it.values(), key=lambda row: row["E4"])
        assert best["chosen"] and sum(row["chosen"] for row in of_it.values()) == 1
        assert found.summary["equal_cost"]["trap"][name]["form"] == best["form"]
    assert CHOICE_FIRST >= 10_000  # the most replicates that a comparison may have


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_is_asked_for_is_solved_too(form):
    arms = ["aid_equal_cost", "aid_cooperative"]  # today's aid is lived unseen: the search begins there
    found = comparison.run(scenario_from({**SMALL, "arms": arms, "equal_money": form, "replicates": 1}), silent)
    entry = found.summary["equal_cost"]["trap"]["aid_equal_cost"]
    assert entry["form"] == form and abs(entry["gap_share"]) < 0.01
    assert set(found.summary["variants"]["trap"]["arms"]) == set(arms)
    assert found.summary["equal_money"]["trap"] == []


def test_the_first_of_equal_forms_is_taken():
    tau = {"E4": np.array([12, 0], np.int16)}
    lived = SimpleNamespace(
        structural=np.array([True, True]), weight=np.ones(2), outcomes={f: SimpleNamespace(tau=tau) for f in FORMS}
    )
    chosen, rows = choose_forms({"twin": {f: SimpleNamespace(name=f) for f in FORMS}}, lambda _arms: [lived])
    assert chosen == {"twin": FORMS[0]} and [row["E4"] for row in rows] == [0.5] * 3


def test_the_grant_pays_the_cooperatives_outlay_month_by_month():
    scenario = scenario_from({**SMALL, "arms": ["aid", "aid_cooperative", "aid_equal_cost"]})
    specs = {spec.name: spec for spec in scenario.arms}
    r = burn_in(scenario, "trap", 0)
    live_arms(r, scenario, "trap", [model_arm(scenario, "trap", specs[n]) for n in ("aid", "aid_cooperative")])
    shape = r.outcomes["aid_cooperative"].cooperative_outlay
    twin = Twin(
        specs["aid_equal_cost"],
        "grant",
        r.outcomes["aid_cooperative"].total_cost,
        r.outcomes["aid"].total_cost,
        shape,
        families_on_sembako([r]),
    )
    base = model_arm(scenario, "trap", twin.spec)
    arm = twin.lived(base, 1.0)
    assert np.array(arm.grant) * families_on_sembako([r]) == pytest.approx(shape)
    live_arms(r, scenario, "trap", [arm])
    more = r.outcomes["aid_equal_cost"].total_cost - r.outcomes["aid"].total_cost
    assert more == pytest.approx(1.03 * float(present_value(shape, base.p["discount"])), rel=0.05)


def test_no_form_can_cost_less_than_todays_aid_by_adding_to_it():
    spec = next(s for s in scenario_from({"arms": "all"}).arms if s.name == "aid_equal_cost")
    arm = model_arm(scenario_from({"arms": "all"}), "trap", spec)
    shape = np.ones(12)
    assert Twin(spec, "grant", 90.0, 100.0, shape, 1e6).first_level(arm) is None
    assert Twin(spec, "assets", 90.0, 100.0, shape, 1e6).first_level(arm) is None
    assert Twin(spec, "benefits", 90.0, 100.0, shape, 1e6).first_level(arm) == pytest.approx(0.9)


def test_the_best_form_is_taken_whichever_it_is():
    outcomes = {}
    for form, exits in zip(FORMS, ([1, 0, 0], [1, 1, 0], [0, 0, 1]), strict=True):
        outcomes[form] = SimpleNamespace(tau={"E4": 12 * np.array(exits, np.int16)})
    lived = SimpleNamespace(structural=np.ones(3, bool), weight=np.array([1.0, 1.0, 1.5]), outcomes=outcomes)
    chosen, rows = choose_forms({"twin": {f: SimpleNamespace(name=f) for f in FORMS}}, lambda _arms: [lived])
    assert chosen == {"twin": "grant"} and [row["chosen"] for row in rows] == [False, True, False]


def test_a_form_that_cannot_cost_so_little_gives_way_and_says_so():
    arms = ["aid", "cooperative", "less"]
    definitions = {"less": {"aid": "equal_cost", "of": "cooperative"}}
    made = {**SMALL, "arms": arms, "arm_definitions": definitions, "equal_money": "grant", "replicates": 1}
    summary = comparison.run(scenario_from(made), silent).summary
    entry = summary["equal_cost"]["trap"]["less"]
    assert entry["form"] == "benefits" and abs(entry["gap_share"]) < 0.01
    assert any("today's benefits are scaled instead" in note for note in summary["notes"])
    assert ("cooperative", "less") in {(c["arm"], c["against"]) for c in summary["variants"]["trap"]["contrasts"]}


def test_equal_money_of_nothing_is_refused():
    definitions = {"stop": {"aid": True, "aid_until": 0}, "twin": {"aid": "equal_cost", "of": "stop"}}
    made = {**SMALL, "arms": ["stop", "twin"], "arm_definitions": definitions, "replicates": 1}
    with pytest.raises(PovsimError, match="costs money"):
        comparison.run(scenario_from(made), silent)
    with pytest.raises(PovsimError, match="costs nothing"):
        scenario_from({**SMALL, "arm_definitions": {"twin": {"aid": "equal_cost", "of": "none"}}})


def test_a_package_for_nothing_has_no_level():
    scenario = scenario_from({"arms": "all", "parameters": {"asset_idr": 0.0, "coach_idr": 0.0}})
    spec = next(s for s in scenario.arms if s.name == "aid_assets")
    assert Twin(spec, "assets", 200.0, 100.0, np.ones(12), 1e6).first_level(model_arm(scenario, "trap", spec)) is None


def test_delta_all_is_the_sum_of_its_parts(found):
    for row in found.summary["all_households"]["trap"]["contrasts"]:
        assert row["mean"] == pytest.approx(row["n10"] - row["n01"], abs=1e-12)
    rows = found.summary["all_households"]["trap"]["contrasts"]
    for pair in {(row["arm"], row["against"]) for row in rows}:
        of_it = {row["part"]: row for row in rows if (row["arm"], row["against"]) == pair}
        assert set(of_it) == set(PARTS)
        for field in ("mean", "n10", "n01", "households", "discordant"):
            assert of_it["all"][field] == pytest.approx(of_it["baseline_poor"][field] + of_it["others"][field], abs=1e-9)
    whole = {row["arm"]: row["mean"] for row in rows if row["part"] == "all" and row["against"] == "aid"}
    levels = found.summary["all_households"]["trap"]["arms"]
    for arm, mean in whole.items():
        assert mean == pytest.approx(levels[arm] - levels["aid"], abs=1e-9)


def test_who_counts_in_delta_all():
    """Two households by hand: one gains, one poor loses, one that is no longer there counts nowhere."""
    weight = np.array([1.0, 2.0, 3.0, 4.0])
    r = SimpleNamespace(
        sample=SimpleNamespace(weight=weight),
        tracked=np.array([1]),
        draw=None,
        outcomes={
            "b": SimpleNamespace(lasting=np.array([True, False, True, False])),
            "a": SimpleNamespace(lasting=np.array([False, True, True, False])),
        },
    )
    whole, poor, others = parts_of([r], "b", "a")
    assert (whole.mean, poor.mean, others.mean) == pytest.approx((-0.1, -0.2, 0.1))
    assert lasting_share([r], "b") == pytest.approx(0.4)
    assert whole.reason is not None and whole.low95 is None


def test_a_form_of_which_nothing_is_known_is_null_not_nought():
    nobody = SimpleNamespace(structural=np.zeros(2, bool), weight=np.ones(2), outcomes={})
    chosen, rows = choose_forms({"twin": {f: SimpleNamespace(name=f) for f in FORMS}}, lambda _arms: [nobody])
    assert chosen == {"twin": FORMS[0]} and [row["E4"] for row in rows] == [None] * 3
