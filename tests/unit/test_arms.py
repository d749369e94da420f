"""Arms with levers: what each changes, what it is compared with, and that nothing of it is lost on the way."""

import polars as pl
import pytest

from povsim import parameters
from povsim.config import scenario_from
from povsim.experiments.comparison import VariantRun, model_arm
from povsim.experiments.comparison_tables import pairs_of
from povsim.experiments.parameter_table import parameter_table

LEVERS = {
    "aid_cooperative_mentored": {"mentor"},
    "aid_cooperative_capital": {"capital", "capital_v"},
    "aid_cooperative_supported": {"mentor", "capital", "capital_v"},
    "aid_cooperative_invited": {"invited", "deducted", "j6"},
    "aid_cooperative_registry": {"r_reg", "e_sd", "refresh"},
}


def lived(changes):
    scenario = scenario_from(changes)
    return scenario, {spec.name: model_arm(scenario, "trap", spec) for spec in scenario.arms if spec.of is None}


def test_a_lever_changes_its_own_parameters_and_no_other():
    _, arms = lived({"arms": ["aid_cooperative", *LEVERS]})
    base, targets = arms["aid_cooperative"].p, parameters.values("trap", "as_planned")
    aims = targets | {"invited": 1.0, "deducted": 1.0, "j6": 0.0} | {s: base[f"{s}_aim"] for s in ("r_reg", "e_sd", "refresh")}
    for name, symbols in LEVERS.items():
        changed = {symbol for symbol, value in arms[name].p.items() if value != base[symbol]}
        assert changed == symbols
        assert all(arms[name].p[s] == aims[s] for s in symbols)
        assert arms[name].programmes == arms["aid_cooperative"].programmes


def test_a_lever_wins_over_a_parameter_of_the_user_in_its_own_arm_only():
    _, arms = lived({"arms": ["aid_cooperative", "aid_cooperative_mentored"], "parameters": {"mentor": 0.4, "pi": 0.02}})
    assert (arms["aid_cooperative"].p["mentor"], arms["aid_cooperative_mentored"].p["mentor"]) == (0.4, 1.0)
    assert arms["aid_cooperative_mentored"].p["pi"] == 0.02


def test_a_lever_that_changes_nothing_is_said():
    scenario, arms = lived({"arms": ["aid_cooperative", "aid_cooperative_supported"], "cooperative": "as_planned"})
    assert arms["aid_cooperative"].p == arms["aid_cooperative_supported"].p
    assert [("mentoring" in w, "capital" in w) for w in scenario.warnings] == [(True, False), (False, True)]
    assert not scenario_from({"arms": ["aid_cooperative", *LEVERS]}).warnings


def test_a_lever_that_makes_it_worse_is_said():
    made = {"arms": ["aid", "aid_cooperative_registry", "aid_cooperative"]}
    scenario = scenario_from({**made, "registry": {"kind": "dtsen"}})
    assert any("registry_refresh" in w and "changes nothing" in w for w in scenario.warnings)
    scenario = scenario_from({**made, "parameters": {"refresh": 1.0}})
    assert any("registry_refresh" in w and "worse" in w for w in scenario.warnings)


def test_the_table_of_parameters_names_the_lever_and_the_source_of_its_value():
    names = ["aid_cooperative", "aid_cooperative_mentored"]
    scenario, arms = lived({"arms": names, "parameters": {"mentor": 0.4}})
    table = parameter_table(scenario, [VariantRun("trap", [], arms)])
    rows = {row["cooperative"]: row for row in table.filter(pl.col("symbol") == "mentor").iter_rows(named=True)}
    assert rows["as_reported"]["grade"] == "set by the user" and rows["as_reported"]["value"] == 0.4
    moved = rows["as_reported + mentoring"]
    assert moved["value"] == 1.0 and moved["source"] == parameters.register()["mentor"].source_in("as_planned")


def test_an_arm_of_the_user_keeps_its_levers():
    definition = {"aid": True, "cooperative": "scenario", "levers": ["mentoring"]}
    scenario, arms = lived({"arms": ["aid_cooperative", "mine"], "arm_definitions": {"mine": definition}})
    assert arms["mine"].p["mentor"] == 1.0
    assert scenario_from(scenario.resolved()) == scenario
    plain, _ = lived({"arms": ["aid_cooperative", "mine"], "arm_definitions": {"mine": {**definition, "levers": []}}})
    assert plain.content_hash() != scenario.content_hash()


@pytest.mark.parametrize("rest", ["planned", "mentored", "capital", "supported", "invited", "registry"])
def test_every_cooperative_arm_is_set_against_its_own_twin(rest):
    arm, twin = f"aid_cooperative_{rest}", f"aid_equal_cost_{rest}"
    scenario = scenario_from({"arms": ["aid", "aid_cooperative", arm, twin]})
    assert next(spec.of for spec in scenario.arms if spec.name == twin) == arm
    pairs = pairs_of(scenario, [spec.name for spec in scenario.arms])
    assert {(arm, "aid"), (arm, twin)} <= set(pairs)
    assert ((arm, "aid_cooperative") in pairs) == (rest != "planned")  # it differs by more than a lever
    assert len(set(pairs)) == len(pairs)
