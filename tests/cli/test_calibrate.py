"""`povsim calibrate` end to end on a small made-up pilot."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from povsim.cli import main
from povsim.config import scenario_from
from povsim.config.districts import TOY_DISTRICTS
from povsim.draws import DrawKey
from povsim.experiments.calibration.pilot import OFFSET, Design, design_scenario, ground, simulate
from povsim.experiments.calibration.pilot_files import panel_table, report_table

MONTH_0 = date(2025, 6, 1)
DESIGN = Design(20, 12, (0, 12), start=(0.6, 0.2, 0.1, 0.1), reports=12, lost=(0.1,))
TINY = [
    "population=toy",
    "burn_in_months=36",
    "pilots=500",
    "checks=100",
    "posterior_draws=100",
    "ahead_years=1",
    "variants=[trap]",
    "threads=2",
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pilot")
    scenario = design_scenario(scenario_from({"population": "toy", "seed": 99, "burn_in_months": 36}), DESIGN)
    truth = {"shift_mu": 0.2, "start_member": 0.45, "report_trading": 0.75}
    pilot = simulate(ground(scenario, "trap", 0), DESIGN, "trap", truth, DrawKey(99, OFFSET))
    panel = panel_table(pilot, MONTH_0, "REKAAN", sorted(TOY_DISTRICTS)[0])
    panel.drop("province").rename({"spending_idr": "spending_per_head"}).write_csv(folder / "panel.csv")
    report_table(pilot, MONTH_0, 800.0).write_csv(folder / "reports.csv")
    return folder


@pytest.fixture(scope="module")
def folder(files: Path) -> Path:
    out = files / "learnt"
    given = [f"data={files / 'panel.csv'}", f"cooperatives={files / 'reports.csv'}", "starts=2025-07", "cooperative=as_planned"]
    assert main(["calibrate", *given, *TINY, "--out", str(out)]) == 0
    return out


def test_the_result_says_what_was_learnt(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["command"] == "calibrate" and summary["schema"] == 1 and not summary["failures"]
    assert summary["data"]["villages"] == 20 and summary["data"]["treated"] == 10 and summary["data"]["waves"] == [0, 12]
    rows = {row["symbol"]: row for row in summary["variants"]["trap"]["parameters"]}
    for symbol, truth in (("shift_mu", 0.2), ("start_member", 0.45)):
        assert rows[symbol]["identified"] and rows[symbol]["low90"] - 0.05 < truth < rows[symbol]["high90"] + 0.05
    assert not rows["hab"]["identified"]
    assert summary["variants"]["trap"]["checks"]["of"] > 20 and summary["variants"]["trap"]["energy_score"] > 0
    assert len(summary["sentences"]["en"]) == len(summary["sentences"]["id"]) > 3
    coming = pl.read_parquet(folder / "tables" / "forecast.parquet")
    assert sorted(coming["month"].unique().to_list()) == [12, 24] and coming.height == 2 * 2 * 3
    wide = coming.filter(pl.col("measure") == "poor").pivot("arm", index="month", values="mean")
    gap = (wide["cooperative"] - wide["none"] - wide["difference"]).to_numpy()
    assert np.abs(gap).max() < 1e-12 and (coming["low95"] <= coming["low80"]).all()
    assert "tables/posterior.parquet" in summary["sentences"]["en"][-1]


def test_the_posterior_can_be_drawn_from(folder: Path) -> None:
    draws = pl.read_parquet(folder / "tables" / "posterior.parquet")
    assert draws.height == 100 and draws["variant"].unique().to_list() == ["trap"]
    assert {"g_w", "start_member"} <= set(draws.columns) and "shift_mu" not in draws.columns
    assert {"shift_mu", "report_trading"} <= set(pl.read_parquet(folder / "tables" / "pilot_level.parquet").columns)
    known = pl.read_parquet(folder / "tables" / "identified.parquet")
    spread = {row["symbol"]: row for row in known.iter_rows(named=True)}
    assert draws["start_member"].std() < 0.5 * spread["start_member"]["prior_sd"]
    assert draws["hab"].std() == pytest.approx(spread["hab"]["prior_sd"], rel=0.25)  # it keeps its prior


def test_the_report_is_in_both_languages(folder: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "90 % interval" in (folder / "report.html").read_text()
    assert main(["report", str(folder), "--language", "id"]) == 0
    assert "selang 90 %" in (folder / "report.html").read_text()
    resolved = yaml.safe_load((folder / "scenario.yaml").read_text())
    assert resolved["pilots"] == 500 and len(resolved["contents"]["data"]) == 64


def test_what_it_writes_says_how_to_have_it_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--scenario", str(folder / "scenario.yaml"), "--out", str(folder)]) == 0
    assert "run before" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "needs data: data=FILE"),
        (["data=nowhere.csv"], "cannot be read"),
        (["data=example", "fitted=[g_wx]"], "g_w"),
        (["data=example", "aggregate=nowhere.csv"], "aggregate = nowhere.csv cannot be read"),
        (["data=example", "starts=soon"], "YYYY-MM"),
        (["data=example", "fitted=[sd1]", "parameters.sd1=.12"], "Leave one of the two out"),
    ],
)
def test_mistakes_are_said(given: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", *given, *TINY]) == 2
    assert says in capsys.readouterr().err


@pytest.fixture(scope="module")
def series(files: Path) -> Path:
    rows = ["province,date,poverty_rate_pct,poverty_gap_pct,mean_spending_idr,line_idr"]
    rows += ["Rekaan,2025-03,14.0,2.6,1150000,600000", "Rekaan,2025-09,13.5,2.5,1170000,605000"]
    rows += ["Rekaan,2026-03,23.1,6.9,1200000,610000", "Bali,2026-03,4.0,.6,,"]
    path = files / "series.csv"
    path.write_text("\n".join([*rows, ""]), encoding="utf-8")
    return path


def test_a_published_series_is_read_used_and_told(
    folder: Path, files: Path, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from povsim.experiments.calibration import series_lived

    for name, value in (("LOTS", 8), ("DRAWS", 8), ("VILLAGES", 120)):
        monkeypatch.setattr(series_lived, name, value)
    given = [f"data={files / 'panel.csv'}", f"cooperatives={files / 'reports.csv'}", "starts=2025-07", "cooperative=as_planned"]
    out = files / "with_series"
    assert main(["calibrate", *given, f"aggregate={series}", *TINY, "--out", str(out)]) == 0
    summary, alone = (json.loads((one / "summary.json").read_text()) for one in (out, folder))
    told = summary["data"]["series"]
    assert [place["name"] for place in told["places"]] == ["REKAAN"]
    assert told["passed_over"] == {"elsewhere": 1, "outside": 1} and len(told["changes"]) == 3
    said = " ".join(summary["sentences"]["en"])
    assert "The published series adds 3 statistics of Rekaan" in said and "with the pilot alone" in said
    # poverty cannot double in half a year while spending grows: the fit is not to be used, and it says which figure it is
    assert {"series_poor:REKAAN:9", "series_gap:REKAAN:9"} <= set(summary["variants"]["trap"]["checks"]["outside"])
    assert "Series and pilot contradict each other" in said and "Rekaan: change of the log odds of being poor" in said
    assert "changes are read, not levels" in " ".join(summary["remarks"]["en"])
    # what the pilot alone tells is what the run without the series told
    before = next(row for row in alone["variants"]["trap"]["parameters"] if row["symbol"] == "g_w")
    assert summary["variants"]["trap"]["without_series"][0]["mean"] == pytest.approx(before["mean"])
    assert main(["report", str(out), "--language", "id"]) == 0 and "Deret terbitan" in (out / "report.html").read_text()


def test_a_series_that_is_of_no_use_is_refused(files: Path, series: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [f"data={files / 'panel.csv'}", "cooperative=as_planned", f"aggregate={series}", *TINY]
    assert main(["calibrate", *given, "starts=2026-06"]) == 2
    assert main(["calibrate", *given, "starts=2025-07", "fitted=[sd1]"]) == 2
    said = capsys.readouterr().err
    assert "is not fitted" in said and "a change needs two rounds" in said


def test_rates_of_the_survey_have_errors_of_its_design(folder: Path) -> None:
    rates = pl.read_parquet(folder / "tables" / "survey.parquet")
    assert rates.height == 2 * 3 * 3 and (rates["low95"] <= rates["value"]).all() and (rates["units"] <= 20).all()
    assert "Design effect" in (folder / "report.html").read_text() or "Efek rancangan" in (folder / "report.html").read_text()


def test_help_opens_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--help"]) == 0
    assert capsys.readouterr().out.startswith("Try it:  povsim calibrate data=example")
