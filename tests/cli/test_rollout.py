"""`povsim rollout` end to end on the fictional district."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from runs.commands import TINY

from povsim.cli import main
from povsim.cli.rollout import STRATEGIES, scenario_of
from povsim.errors import PovsimError

ORDERS = "strategies=[phased,poorest_first,adaptive]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rollout") / "run"
    assert main(["rollout", *TINY, ORDERS, "variants=[trap]", "--out", str(out)]) == 0
    return out


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def without_timings(folder: Path) -> list[str]:
    return [
        line.split("timings_s")[0]
        for line in (folder / "report.html").read_text().splitlines()
        if not line.startswith("timings_s")
    ]


def test_the_result_folder_is_whole(folder: Path) -> None:
    summary = summary_of(folder)
    assert summary["command"] == "rollout" and summary["schema"] == 1
    assert {s["name"] for s in summary["strategies"]} == {"phased", "poorest_first", "adaptive"}
    assert {s["cooperative"] for s in summary["strategies"]} == {"as_reported", "as_planned"}
    assert len(summary["variants"]["trap"]["pairs"]) == 2 * 3
    assert set(summary["targets"]) == {"as_planned_phased", "as_planned_poorest_first", "as_planned_adaptive"}
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        f"{figure}_{scenario}" for figure in ("frontier", "resources") for scenario in ("as_reported", "as_planned")
    }
    for name in ("report.html", "scenario.yaml", "provenance.json", "REPRODUCE.md"):
        assert (folder / name).is_file()
    assert "povsim rollout" in (folder / "REPRODUCE.md").read_text()


def test_no_year_of_any_strategy_exceeds_what_there_is(folder: Path) -> None:
    table = pl.read_parquet(folder / "tables" / "resources.parquet").filter(pl.col("limit").is_not_null())
    assert set(table["resource"]) >= {"budget", "mentors", "waves"}
    assert table["largest_share_of_limit"].max() <= 1 + 1e-8
    starts = pl.read_parquet(folder / "tables" / "starts.parquet")
    by_strategy = starts.group_by("cooperative", "strategy").agg(
        pl.col("villages_started_share").sum(), pl.col("spent_idr").sum()
    )
    assert by_strategy["villages_started_share"].max() <= 1 + 1e-9
    aside = table.filter(pl.col("resource") == "budget").group_by("cooperative", "strategy").agg(pl.col("used").sum())
    joined = by_strategy.join(aside, on=["cooperative", "strategy"])
    assert joined.height == 6 and (joined["spent_idr"] <= joined["used"] * (1 + 1e-9)).all()


def test_few_households_are_said_to_be_few(folder: Path) -> None:
    """Twenty villages of twenty households cannot tell orders apart, and no sentence or cell pretends so."""
    summary = summary_of(folder)
    assert all(c["discordant_households"] < 20 and c["reason"] for c in summary["variants"]["trap"]["pairs"])
    assert summary["advice"]["verdict"] == "too_few" and summary["advice"]["best"] is None
    assert "No strategy is robustly better" in summary["sentences"]["en"][0]
    assert "too few" in summary["sentences"]["en"][0]
    assert "terlalu sedikit" in summary["sentences"]["id"][0]


def test_targets_are_stamped(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert "cooperatives as planned (target)" in page and "cooperatives as planned," not in page


def test_the_scenario_of_the_folder_gives_the_same_result(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    assert main(["rollout", "--scenario", str(folder / "scenario.yaml"), "--out", str(out), "threads=1", "reuse=false"]) == 0
    assert summary_of(out)["variants"] == summary_of(folder)["variants"]
    assert summary_of(out)["advice"] == summary_of(folder)["advice"]


def test_the_report_is_written_again_in_the_other_language(folder: Path) -> None:
    before = without_timings(folder)
    assert main(["report", str(folder), "--language", "id"]) == 0
    page = (folder / "report.html").read_text()
    assert 'lang="id"' in page and "Bertahap dengan undian" in page and "Waves by lot" not in page
    assert main(["report", str(folder), "--language", "en"]) == 0
    assert without_timings(folder) == before


def test_without_names_ten_strategies_in_two_scenarios_share_the_published_resources() -> None:
    scenario = scenario_of({}, ["population=toy"])
    assert scenario.arm_names == ("aid", *(f"{s}_{k}" for s in ("as_reported", "as_planned") for k in STRATEGIES))
    rollouts = [arm.rollout for arm in scenario.arms if arm.rollout is not None]
    assert len(STRATEGIES) == 10 and {r.kind for r in rollouts} == set(STRATEGIES)
    assert {(r.budget_idr_year, r.mentors) for r in rollouts} == {((40e12,), 7867.0)}


def test_a_list_of_the_user_is_a_strategy(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("district\nKota Rekaan\n", encoding="utf-8")
    mine = f"arm_definitions.mine={{aid: true, rollout: {{kind: file, file: '{path}'}}}}"
    scenario = scenario_of({}, ["population=toy", "strategies=[random,mine]", "scenarios=[optimistic]", mine])
    rollout = next(arm.rollout for arm in scenario.arms if arm.name == "optimistic_mine")
    assert rollout is not None and rollout.districts == ("Kota Rekaan",)
    assert yaml.safe_load(yaml.safe_dump(scenario.resolved()))["arm_definitions"]["optimistic_mine"]["rollout"]["file"] is None


@pytest.mark.parametrize(("given", "said"), [
    ("strategies=[phased,porest_first]", "neither a kind of rollout nor a defined arm"),
    ("strategies=phased", "strategies=[phased,poorest_first]"),
    ("scenarios=[as_planed]", "Did you mean 'as_planned'?"),
    ("arms=[aid]", "strategies=[...]"),
    ("strategies=[phased]", "two orders or more"),
    ("rollout.budget_idr_year=-1", "too small"),
])  # fmt: skip
def test_what_is_wrong_is_said(given: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["rollout", "population=toy", given, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_opens_with_an_example_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "--help"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "Try it:  povsim rollout population=toy replicates=2 --out plan"


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(PovsimError, match="--outt"):
        from povsim.cli.rollout import run

        run(["--outt", "x"])
