"""Scenarios of cooperatives side by side: the same arms over the same draws, each with its own twin, in one table."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from povsim.config import scenario_from
from povsim.errors import PovsimError
from povsim.experiments import comparison
from povsim.experiments.comparison_tables import pairs_of
from povsim.reporting.language import language
from povsim.reporting.sentences import notes
from povsim.reporting.verdict import arm_label
from povsim.reporting.whole_tables import after_aid_table, equal_money_table, everyone_table, scenarios_table

SMALL = {
    "population": {"kind": "toy", "villages": 20, "households_per_village": 40},
    "replicates": 2,
    "burn_in_months": 36,
    "variants": ["trap"],
    "threads": 1,
    "equal_money": "benefits",
    "arms": ["aid", "aid_equal_cost", "aid_cooperative", "aid_assets"],
}
EVERY = ["as_reported", "as_planned", "optimistic"]


@contextmanager
def silent(_label, _total):
    yield SimpleNamespace(advance=lambda *_: None)


@pytest.fixture(scope="module")
def found():
    return comparison.run(scenario_from({**SMALL, "scenarios": EVERY}), silent).summary


def test_each_scenario_has_its_arm_and_its_twin(found):
    arms = found["variants"]["trap"]["arms"]
    for rest in ("as_planned", "optimistic"):
        assert found["equal_cost"]["trap"][f"aid_equal_cost_{rest}"]["of"] == f"aid_cooperative_{rest}"
        assert abs(found["equal_cost"]["trap"][f"aid_equal_cost_{rest}"]["gap_share"]) < 0.01
        assert arms[f"aid_cooperative_{rest}"]["cost_idr"] > arms["aid_cooperative"]["cost_idr"]
    assert "aid_assets_optimistic" not in arms
    pairs = {(c["arm"], c["against"]) for c in found["variants"]["trap"]["contrasts"]}
    mine = "aid_cooperative_optimistic"
    assert {(mine, "aid"), (mine, "aid_equal_cost_optimistic"), (mine, "aid_cooperative")} <= pairs
    assert found["targets"] == ["aid_cooperative_as_planned"]


def test_the_repeated_arm_is_the_arm_of_a_run_of_that_scenario(found):
    alone = comparison.run(scenario_from({**SMALL, "cooperative": "optimistic"}), silent).summary
    there = found["variants"]["trap"]["arms"]["aid_cooperative_optimistic"]
    assert there == alone["variants"]["trap"]["arms"]["aid_cooperative"]


def test_the_table_has_a_row_a_scenario_and_stamps_the_target(found):
    for code in ("en", "id"):
        stamp = language(code).text("target_stamp")
        table = scenarios_table(found, "trap", language(code))
        assert table is not None and len(table.rows) == 3
        assert [stamp in row[0] for row in table.rows] == [False, True, False]
        for make in (equal_money_table, everyone_table, after_aid_table):
            other = make(found, "trap", language(code))
            assert other is not None and other.rows
            assert not [row for row in other.rows if "None" in " ".join(row)]
    assert arm_label(found, "aid_cooperative_as_planned", language("en")) == "Assistance + cooperatives (as planned) (target)"
    assert any("Assistance + cooperatives (as planned)" in note for note in notes(found))


def test_one_scenario_alone_has_no_such_table(found):
    scenario = scenario_from({**SMALL, "scenarios": ["as_reported"]})
    assert scenario.scenarios == () and len(scenario.arms) == 4
    assert scenario_from(scenario_from({**SMALL, "scenarios": EVERY}).resolved()).arm_names == tuple(
        scenario_from({**SMALL, "scenarios": EVERY}).arm_names
    )


def test_a_repeat_without_aid_is_held_against_no_programme():
    scenario = scenario_from({**SMALL, "arms": ["none", "aid", "cooperative"], "scenarios": ["as_planned"]})
    pairs = pairs_of(scenario, scenario.arm_names)
    assert ("cooperative_as_planned", "none") in pairs and ("cooperative_as_planned", "aid") not in pairs


def test_wrong_scenarios_are_named():
    taken = {"aid_cooperative_as_planned": {"cooperative": "optimistic"}}
    with pytest.raises(PovsimError, match="Choose another name"):
        scenario_from({
            **SMALL, "arm_definitions": taken, "arms": ["aid", "aid_cooperative", *taken], "scenarios": ["as_planned"]
        })  # fmt: skip
    with pytest.raises(PovsimError, match="as_planned"):
        scenario_from({**SMALL, "scenarios": ["as_plannd"]})
    with pytest.raises(PovsimError, match="Add aid_cooperative to arms"):
        scenario_from({**SMALL, "arms": ["none", "aid"], "scenarios": EVERY})
