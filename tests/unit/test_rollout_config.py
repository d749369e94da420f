"""The rollout of a scenario and of an arm: keys, defaults, lists of districts refused row by row."""

import pytest
import yaml

from povsim.config import scenario_from
from povsim.config.defaults import config_folder, group_choices
from povsim.config.districts import TOY_DISTRICTS, province_of
from povsim.config.rollout import RESOURCES
from povsim.errors import PovsimError
from povsim.population import geography


def with_file(path, **population):
    return scenario_from({"population": {"kind": "indonesia", **population}, "rollout": {"kind": "file", "file": str(path)}})


@pytest.mark.parametrize("kind", [kind for kind in group_choices("rollout") if kind != "file"])
def test_a_rollout_is_read_back_as_it_was(kind):
    scenario = scenario_from({"population": "toy", "rollout": kind})
    assert scenario.rollout.kind == kind and scenario.rollout.plain == (kind == "all")
    assert scenario_from(scenario.resolved()) == scenario


def test_every_kind_has_the_same_resources_but_all_has_none_to_wait_for():
    read = {
        kind: yaml.safe_load((config_folder() / "rollout" / f"{kind}.yaml").read_text()) for kind in group_choices("rollout")
    }
    shared = (*RESOURCES, "start_without_support", "coverage")
    first = {key: read["phased"][key] for key in shared}
    assert all({key: one[key] for key in shared} == first for kind, one in read.items() if kind != "all")
    assert read["all"]["budget_idr_year"] is None and read["all"]["mentors"] is None


def test_an_arm_has_its_own_order_under_the_resources_of_the_run():
    own = {"kind": "random", "budget_idr_year": [9e12, 1e12]}
    arms = {"mine": {"aid": True, "cooperative": "as_planned", "rollout": {"kind": "phased", "waves": 3}},
            "rich": {"aid": True, "cooperative": "as_planned", "rollout": own}}  # fmt: skip
    keys = {"kind": "poorest_first", "budget_idr_year": 5e12, "coverage": 0.6}
    scenario = scenario_from({"population": "toy", "arms": ["aid", "mine", "rich"], "arm_definitions": arms, "rollout": keys})
    mine, rich = (arm.rollout for arm in scenario.arms[1:])
    assert (mine.kind, mine.waves, mine.budget_idr_year, mine.coverage) == ("phased", 3, (5e12,), 0.6)
    assert (rich.kind, rich.waves, rich.budget_idr_year) == ("random", None, (9e12, 1e12))
    assert scenario_from(scenario.resolved()) == scenario


def test_a_list_is_kept_in_its_order_and_needs_its_file_no_more(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("number;district\n1;kota bandung\n# a remark\n\n2;Kabupaten Bogor\n3;Simeulue\n", encoding="utf-8")
    scenario = with_file(path)
    assert scenario.rollout.districts == ("Kota Bandung", "Bogor", "Simeulue")
    path.unlink()
    assert scenario_from(scenario.resolved()) == scenario
    plain = tmp_path / "list.txt"
    plain.write_text("district\nSimeulue\nKota Bandung\n", encoding="utf-8")
    assert with_file(plain).rollout.districts == ("Simeulue", "Kota Bandung")


def test_rows_that_cannot_be_used_are_listed_with_line_and_reason(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("district,note\nBogor,x\nBandong,x\n,x\nKota Bogor,x\nbogor,x\nSimeulue,x\n", encoding="utf-8")
    with pytest.raises(PovsimError) as caught:
        with_file(path, provinces=["Jawa Barat"])
    text = str(caught.value)
    assert "4 of 6 rows" in text
    for said in ("line 3: there is no district 'Bandong'. Did you mean 'Bandung'?", "line 4: no district is named",
                 "line 6: 'bogor' stands already in line 2", "line 7: 'Simeulue' lies in ACEH"):  # fmt: skip
        assert said in text
    assert "line 2:" not in text and "line 5:" not in text


@pytest.mark.parametrize(("text", "said"), [
    ("name,year\nBogor,1\n", "none of them called 'district'"),
    ("", "needs a list of districts"),
    ("\n# only a remark\n", "needs a list of districts"),
])  # fmt: skip
def test_a_file_without_districts_says_what_it_lacks(tmp_path, text, said):
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PovsimError, match=said):
        with_file(path)


def test_a_list_belongs_to_the_kind_file_alone():
    with pytest.raises(PovsimError, match="read only with rollout=file"):
        scenario_from({"rollout": {"kind": "phased", "districts": ["Bogor"]}})
    with pytest.raises(PovsimError, match="both given"):
        scenario_from({"rollout": {"kind": "file", "districts": ["Bogor"], "file": "x.csv"}})


def test_names_of_districts_are_those_of_the_frames_and_all_different():
    frame = geography.load_frame()
    assert dict(zip(frame["district"], frame["province"], strict=True)) == dict(province_of())
    assert len(province_of()) == 514
    assert set(geography.load_frame("toy")["district"]) == set(TOY_DISTRICTS)
