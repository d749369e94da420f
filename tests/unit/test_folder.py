"""The result folder: whole or not at all (contracts C6, C7), with its provenance (C8)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml

from povsim.config import Scenario, scenario_from
from povsim.errors import PovsimError
from povsim.experiments import folder
from povsim.experiments.folder import check_out, default_out, out_folder, result_folder, stored_summary


@pytest.fixture
def scenario() -> Scenario:
    return scenario_from({"population": "toy", "replicates": 2})


def _write(out: Path, scenario: Scenario, value: float = 1.0) -> None:
    with result_folder(out, "compare", scenario) as result:
        result.timings["months"] = 0.5
        result.summary({"schema": 1, "value": value})
        result.table("arms", pl.DataFrame({"arm": ["none"], "mean": [0.1]}))
        result.figure("ladder", "<svg/>")


def test_c8_a_folder_holds_what_it_takes_to_get_it_again(tmp_path: Path, scenario: Scenario) -> None:
    out = tmp_path / "deep" / "first"
    _write(out, scenario)
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert names == [
        "REPRODUCE.md",
        "figures/ladder.svg",
        "provenance.json",
        "scenario.yaml",
        "summary.json",
        "tables/arms.csv",
        "tables/arms.parquet",
    ]
    assert os.listdir(out.parent) == ["first"]
    assert scenario_from(yaml.safe_load((out / "scenario.yaml").read_text())) == scenario
    found = json.loads((out / "provenance.json").read_text())
    assert (found["seed"], found["command"], found["timings_s"]) == (20250401, "compare", {"months": 0.5})
    assert all(len(found[name]) == 64 for name in ("run_hash", "scenario_hash", "code_hash", "data_hash"))
    assert found["versions"]["numpy"]
    assert "povsim compare --scenario scenario.yaml" in (out / "REPRODUCE.md").read_text()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("before", [False, True])
def test_c7_an_exception_or_ctrl_c_half_way_leaves_what_was_there(
    error: type[BaseException], before: bool, tmp_path: Path, scenario: Scenario
) -> None:
    out = tmp_path / "deep" / "first"
    if before:
        _write(out, scenario)
    files = _contents(tmp_path)
    with pytest.raises(error), result_folder(out, "compare", scenario) as result:
        result.summary({"schema": 1, "value": 2})
        raise error
    assert _contents(tmp_path) == files


@pytest.mark.parametrize("before", [False, True])
def test_c7_ctrl_c_in_the_last_step_leaves_what_was_there(
    before: bool, tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "first"
    if before:
        _write(out, scenario)
    files = _contents(tmp_path)
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if ".partial-" in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _write(out, scenario, 2.0)
    assert _contents(tmp_path) == files


def test_c7_the_same_scenario_replaces_its_result_and_no_other_does(tmp_path: Path, scenario: Scenario) -> None:
    out = tmp_path / "first"
    out.mkdir()
    _write(out, scenario)
    _write(out, scenario, 2.0)
    assert json.loads((out / "summary.json").read_text())["value"] == 2.0
    assert os.listdir(tmp_path) == ["first"]
    with pytest.raises(PovsimError, match="another scenario"):
        check_out(out, "compare", scenario_from({"seed": 1}))
    with pytest.raises(PovsimError, match="another scenario"):
        check_out(out, "national", scenario)


def test_c7_a_stored_summary_is_found_by_scenario_data_and_code(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "first"
    assert stored_summary(out, "compare", scenario) is None
    _write(out, scenario)
    assert stored_summary(out, "compare", scenario) == {"schema": 1, "value": 1.0}
    assert stored_summary(out, "compare", scenario_from({"seed": 1})) is None
    monkeypatch.setattr(folder, "run_hash", lambda _: "another version of the code")
    assert stored_summary(out, "compare", scenario) is None


def test_c7_a_result_with_failures_is_not_taken_for_finished(tmp_path: Path, scenario: Scenario) -> None:
    out = tmp_path / "first"
    for failures in (["replicate 1: MemoryError: no room"], []):
        with result_folder(out, "compare", scenario) as result:
            result.summary({"schema": 1, "failures": failures})
        found = stored_summary(out, "compare", scenario)
        assert found is None if failures else found == {"schema": 1, "failures": []}


def test_the_default_folder_is_named_by_the_hash(scenario: Scenario) -> None:
    assert default_out("compare", scenario).parts[:2] == ("outputs", "compare")
    assert len(default_out("compare", scenario).name) == 12
    assert default_out("compare", scenario) != default_out("compare", scenario_from({"seed": 1}))


def test_c6_a_file_below_a_file_and_a_folder_of_something_else_are_refused(tmp_path: Path, scenario: Scenario) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "a.tex").write_text("x")
    before = _contents(tmp_path)
    for out, says in (
        ("file", "is a file"),
        ("file/x/y", "is a file"),
        ("thesis", "no result of povsim"),
        (".", "no result of povsim"),
    ):
        with pytest.raises(PovsimError, match=says):
            check_out(tmp_path / out, "compare", scenario)
    assert _contents(tmp_path) == before


def test_c6_a_mounted_folder_is_refused(scenario: Scenario) -> None:
    with pytest.raises(PovsimError, match="mounted folder"):
        check_out(Path("/"), "compare", scenario)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_c6_a_folder_that_takes_nothing_is_refused(scenario: Scenario) -> None:
    with pytest.raises(PovsimError, match="nothing can be written in /proc"):
        check_out(Path("/proc/povsim"), "compare", scenario)


def test_the_folder_of_the_scenario_wins_over_the_default(tmp_path: Path) -> None:
    assert out_folder("compare", scenario_from({"out": str(tmp_path / "mine")})) == tmp_path / "mine"


def test_what_is_not_a_number_never_reaches_a_summary(tmp_path: Path, scenario: Scenario) -> None:
    with pytest.raises(ValueError, match="JSON"), result_folder(tmp_path / "first", "compare", scenario) as result:
        result.summary({"value": float("nan")})
    assert not os.listdir(tmp_path)


def _contents(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() if path.is_file() else b"" for path in place.rglob("*")}
