"""`povsim sensitivity` end to end on the fictional district, over parameters that need no margins found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from povsim.cli import main

TINY = [
    "population.villages=20", "population.households_per_village=40", "burn_in_months=36", "horizon_months=96",
    "among=[pi,h_trade,start_member,j0]", "trajectories=2", "base_samples=16", "resamples=50", "keep=2",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sensitivity") / "run"
    assert main(["sensitivity", *TINY, "threads=2", "outcome=poverty_free_years", "--out", str(out)]) == 0
    return out


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_the_folder_answers_in_both_languages(folder: Path) -> None:
    summary = summary_of(folder)
    assert (summary["command"], summary["schema"]) == ("sensitivity", 1)
    assert set(summary["sentences"]) == {"en", "id"}
    assert len(summary["sentences"]["en"]) == len(summary["sentences"]["id"]) == 3
    block = summary["variants"]["trap"]
    assert {row["symbol"] for row in block["screening"]["mu_star"]} == {"pi", "h_trade", "start_member", "j0"}
    assert len(block["screening"]["kept"]) == 2
    assert block["lived"] == block["points"] == 16 * 4
    assert {row["symbol"] for row in block["sobol"]["total"]} == set(block["screening"]["kept"])
    page = (folder / "report.html").read_text()
    assert page.count("<svg") >= 3
    assert "What a pilot should measure" in page


def test_every_point_is_kept_with_its_values(folder: Path) -> None:
    points = pl.read_parquet(folder / "tables" / "points.parquet")
    screened = points.filter(pl.col("design") == "screening")
    assert screened.height == 2 * 5 * 4
    assert points["quantile"].min() >= 0.05
    assert points["quantile"].max() <= 0.95
    # points of a trajectory differ, so the contrast is not one number
    assert screened["contrast"].n_unique() > 2


def test_threads_and_the_order_of_work_change_nothing(folder: Path, tmp_path: Path) -> None:
    again = ["sensitivity", *TINY, "outcome=poverty_free_years", "threads=1", "reuse=false", "language=id"]
    assert main([*again, "--out", str(tmp_path / "again")]) == 0
    assert summary_of(tmp_path / "again")["variants"] == summary_of(folder)["variants"]
    assert "Tumpuan jawaban" in (tmp_path / "again" / "report.html").read_text()


def test_the_scenario_file_gives_the_same_question(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", "--scenario", str(folder / "scenario.yaml"), "--out", str(folder)]) == 0
    assert "Read from" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["contrast=[aid]"], ["names 1 arms"]),
        (["contrast=[aid,aid]"], ["more than once"]),
        (["contrast=[aid_cooperative,none]"], ["no arm 'none'"]),
        (["outcome=E5"], ["outcome", "E4x"]),
        (["base_samples=12"], ["power of 2", "8 or 16"]),
        (["among=[pie,h0]"], ["Did you mean 'pi'"]),
        (["among=[pi]"], ["two symbols"]),
        (["among=[pi,mentor]"], ["fixed"]),
        (["among=[pi,h0]", "parameters.pi=.05"], ["fewer than two"]),
        (["uncertainty=prior"], ["Leave it out"]),
        (["futures=10"], ["does not read futures"]),
        (["trajectory=3"], ["Did you mean 'trajectories'"]),
    ],
)
def test_a_question_that_cannot_be_asked_says_why(
    given: list[str], says: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sensitivity", *given]) == 2
    said = capsys.readouterr().err
    assert all(part in said for part in says), said


def test_help_opens_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", "--help"]) == 0
    assert capsys.readouterr().out.startswith("Try it:  povsim sensitivity")
