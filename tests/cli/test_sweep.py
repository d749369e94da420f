"""Several values for a key: a run for each combination, one table of all, and what a pipeline reads."""

import json
from pathlib import Path

import polars as pl
import pytest
from runs.commands import SMALL, result_hash

from povsim.cli import main
from povsim.config import Scenario
from povsim.experiments import runs

SWEEP = ["compare", "-m", *SMALL, "replicates=2", "arms=[none,aid]"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_combination_has_the_result_that_it_has_alone(tmp_path: Path) -> None:
    assert main([*SWEEP, "seed=1,2", "registry=dtks,dtsen", "--out", "all"]) == 0
    table = pl.read_csv("all/runs.csv")
    assert table.select("seed", "registry").rows() == [(1, "dtks"), (1, "dtsen"), (2, "dtks"), (2, "dtsen")]
    assert set(table["status"]) == {"done"}
    alone = [part for part in SWEEP if part != "-m"]
    assert main([*alone, "seed=2", "registry=dtsen", "reuse=false", f"store={tmp_path / 'own'}", "--out", "alone"]) == 0
    assert result_hash(Path(table["out"][3])) == result_hash(Path("alone"))
    effects = pl.read_parquet("all/contrasts.parquet")
    mine = effects.filter((pl.col("run") == 3) & (pl.col("measure") == "E1") & (pl.col("group") == "structural"))
    (stored,) = (
        c
        for c in json.loads(Path("alone/summary.json").read_text())["variants"]["trap"]["contrasts"]
        if c["measure"] == "E1" and c["group"] == "structural"
    )
    assert mine["mean"].to_list() == [stored["mean"]] and mine["low95"].to_list() == [stored["low95"]]


def test_a_run_that_fails_is_a_row_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = runs.burn_in

    def sometimes(scenario: Scenario, variant: str, number: int, *rest: object) -> object:
        if scenario.seed == 12:
            raise ValueError("made to fail")
        return real(scenario, variant, number, *rest)

    with monkeypatch.context() as broken:
        broken.setattr(runs, "burn_in", sometimes)
        assert main([*SWEEP, "seed=range(11,14)", "--out", "all"]) == 1
    table = pl.read_csv("all/runs.csv")
    assert table["status"].to_list() == ["done", "failed", "done"] and "made to fail" in table["reason"][1]
    capsys.readouterr()
    assert main([*SWEEP, "seed=range(11,14)", "--out", "all", "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["run"], line["values"], line["stored"]) for line in said[:-1]] == [
        (0, {"seed": "11"}, True), (1, {"seed": "12"}, False), (2, {"seed": "13"}, True),
    ]  # fmt: skip
    assert said[-1] == {"event": "sweep", "out": "all", "runs": 3, "failed": 0}


def test_json_is_json_on_both_streams(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *SMALL, "replicates=2", "arms=[none,aid]", "seed=21", "parameters.pi=.15", "--json"]) == 0
    said = capsys.readouterr()
    (done,) = map(json.loads, said.out.splitlines())
    assert done["event"] == "done" and "summary.json" in done["files"] and done["failures"] == []
    events = [json.loads(line)["event"] for line in said.err.splitlines()]
    assert set(events) <= {"progress", "warning"} and "progress" in events


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["seed=1"], "needs a key with several values"),
        (["seed=interval(1,3)"], "is no list of values"),
        (["registry=glob(*)"], "is no list of values"),
        (["seed=range(1,1000000000)"], "at most 100,000"),
        (["seed=1,2", "out=x"], "names the folder of one run"),
        (["seed=1,x"], "seed = 'x'"),
        (["+seed=1,2"], "+seed"),
        (["--out", "-m", "seed=1,2"], "--out needs a value"),
    ],
)
def test_c6_what_cannot_be_swept_is_a_message(given: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "-m", *given]) == 2
    assert says in capsys.readouterr().err
    assert not Path("outputs").exists()
