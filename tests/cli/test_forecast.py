"""`povsim forecast` end to end: a forecast, a back-test, a score."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from povsim.cli import main
from povsim.cli.arguments import split_arguments
from povsim.cli.command import OPTIONS
from povsim.cli.forecast import checked
from povsim.experiments.forecast_score import score
from povsim.reporting.result import write

TINY = [
    "population.villages=20", "population.households_per_village=20", "replicates=3", "burn_in_months=36",
    "horizon_months=84", "threads=1", "variants=[trap]",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("forecast") / "run"
    assert main(["forecast", *TINY, "arms=[none,aid]", "--out", str(out)]) == 0
    return out


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_the_folder_holds_a_path_for_every_arm(folder: Path) -> None:
    summary = summary_of(folder)
    assert summary["command"] == "forecast" and summary["schema"] == 1 and summary["anchored"]
    assert summary["scores"] is None and "score" in summary["reasons"]["scores"]
    for arm in ("none", "aid"):
        for series in ("headcount", "published"):
            block = summary["variants"]["trap"]["arms"][arm][series]
            assert len(block["mean"]) == 85
            assert all(
                a <= b <= c <= d
                for a, b, c, d in zip(block["low95"], block["low80"], block["high80"], block["high95"], strict=True)
            )
    draws = pl.read_parquet(folder / "tables" / "draws.parquet")
    assert draws.height == 2 * 3 * 85
    first = draws.filter(pl.col("month") == 0).pivot("arm", index="replicate", values="headcount")
    assert (first["none"] == first["aid"]).all()
    growth = pl.read_parquet(folder / "tables" / "growth.parquet")
    assert growth["g_w"].n_unique() == 3 * 7
    assert (folder / "figures" / "forecast.svg").is_file() and len(summary["sentences"]["id"]) == len(
        summary["sentences"]["en"]
    )


def test_a_score_agrees_with_its_formula_and_says_who_wins(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "later.csv"
    data.write_text("period,headcount_pct\n2025-09,8.25\n2026-03,8.0\n")
    out = tmp_path / "score"
    assert main(["forecast", *TINY, f"score={folder}", f"data={data}", "--out", str(out)]) == 0
    summary = summary_of(out)
    assert {one["forecaster"] for one in summary["scores"]} == {"model_trap", "no_change", "drift"}
    best = min(summary["scores"], key=lambda one: one["crps"])["forecaster"]
    first = summary["sentences"]["en"][0]
    assert {"model_trap": "model", "no_change": "no change", "drift": "drift"}[best] in first.split("(")[0]
    drawn = pl.read_parquet(folder / "tables" / "draws.parquet").filter((pl.col("arm") == "aid") & (pl.col("month") == 6))
    x = 100 * drawn["published"].to_numpy()
    by_hand = abs(x - 8.25).mean() - sum(abs(a - b) for a in x for b in x) / (2 * 3 * 2)
    row = next(one for one in summary["rows"] if one["forecaster"] == "model_trap" and one["month"] == 6)
    assert row["crps"] == pytest.approx(by_hand)
    data.write_text("period,headcount_pct\n2025-09,30\n")
    assert main(["forecast", *TINY, f"score={folder}", f"data={data}", "--out", str(out)]) == 0
    assert summary_of(out)["scores"][0]["coverage95"] == 0, "a file that has changed is read again"
    write(out, "id")
    assert "Seberapa baik" in (out / "report.html").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "columns"),
        ("period;headcount_pct\n2025-09;8,25\n", "separated by commas"),
        ("period,headcount_pct\n", "no rows"),
        ("period,headcount_pct\n2025-13,8\n2025-09,8,25\nx,9\n", "line 2.*line 4"),
        ("period,headcount_pct\n2025-09,eight\n", "no number"),
        ("period,headcount_pct\n2025-03,8\n", "months after 2025-03"),
        ("period,headcount_pct\n2025-09,0\n", "above 0"),
        ("period,headcount_pct\n2025-09,8\n2025-09,9\n", "more than once"),
    ],
)
def test_data_that_cannot_be_read_is_explained(folder: Path, tmp_path: Path, text: str, message: str) -> None:
    data = tmp_path / "later.csv"
    data.write_text(text)
    with pytest.raises(Exception, match=message):
        score(folder, data, "aid")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["economy=crisis"], "growth=register"),
        (["parameters.g_w=.01"], "growth=register"),
        (["replicates=1"], "replicates=40"),
        (["arms=[aid,aid_cooperative,aid_equal_cost]"], "equal cost"),
        (["score=nowhere", "data=x.csv"], "holds no forecast"),
        (["horizon=[1]"], "no key 'horizon'"),
        (["uncertainty=prior", "backtest=true"], "every parameter at its value"),
    ],
)
def test_what_cannot_be_forecast_is_refused(
    given: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {text.partition("=")[0] for text in given}
    tiny = [text for text in TINY if text.partition("=")[0] not in keys]
    assert main(["forecast", *tiny, *given, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_backtest_says_who_wins(tmp_path: Path) -> None:
    out = tmp_path / "backtest"
    small = ["replicates=1", "predictive_draws=200", "bootstrap=200", "population.households_per_village=50"]
    tiny = [text for text in TINY if text.partition("=")[0] not in {one.partition("=")[0] for one in small}]
    assert main(["forecast", *tiny, *small, "backtest=true", "--out", str(out)]) == 0
    summary = summary_of(out)
    rows = [one for one in summary["scores"] if (one["ahead"], one["period"]) == (2, "all")]
    best = min(rows, key=lambda one: one["crps"])
    assert best["cells"] == 238
    name = {"model_trap": "the model", "no_change": "no change", "drift": "drift"}[best["forecaster"]]
    assert name in summary["sentences"]["en"][0].split("(")[0]
    assert (out / "figures" / "scores.svg").is_file() and (out / "figures" / "by_origin.svg").is_file()
    assert pl.read_parquet(out / "tables" / "backtest.parquet").height == 3 * 2 * 238


def test_the_help_opens_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Try it:  povsim forecast") and "replicates=40" in text and "backtest=false" in text


def test_the_commands_of_the_page_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "forecast.md").read_text(encoding="utf-8")
    found = [shlex.split(line)[2:] for line in page.splitlines() if line.startswith("    povsim forecast")]
    assert len(found) == 4
    for words in found:
        scenario = checked(*split_arguments(words, OPTIONS))
        again = scenario.resolved()
        (tmp_path / "again.yaml").write_text(yaml.safe_dump(again))
        assert checked({"--scenario": str(tmp_path / "again.yaml")}, []).resolved() == again | {"out": None}
