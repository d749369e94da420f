"""`povsim compare uncertainty=FILE` end to end: draws whose margins the file keeps, so that none need be found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from povsim import parameters
from povsim.cli import main
from povsim.config import scenario_from
from povsim.experiments import parameter_draws as pd
from povsim.experiments import rollout, trial
from povsim.experiments.variance_split import split_of

TINY = [
    "population=toy", "population.villages=20", "population.households_per_village=30", "burn_in_months=36",
    "horizon_months=84", "arms=[aid,aid_equal_cost,aid_cooperative]", "equal_money=benefits", "cooperative=as_planned",
    "replicates=2", "n_draws=3", "threads=2",
]  # fmt: skip


def draws_file(path: Path, habits: tuple[float, ...] = (0.05, 0.07, 0.1), shifted: float = 0.01, whole: bool = False) -> Path:
    """Three draws of both variants that hold all that households feel, or, `whole`, all there is; the habit differs."""
    register = parameters.register()
    felt = [s for s in pd.drawn_symbols(scenario_from({})) if whole or pd.felt_before(s)]
    frames = []
    for variant in ("trap", "no_trap"):
        held = {s: [register[s].value(variant)] * 3 for s in felt} | ({"hab": list(habits)} if habits else {})
        keys = {"variant": [variant] * 3, "draw": [0, 1, 2]}
        frames.append(pl.DataFrame(keys | held | {name: [0.0, shifted, -shifted] for name in pd.SHIFTS}))
    pl.concat(frames).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("uncertain")
    file = draws_file(place / "draws.parquet")
    assert main(["compare", *TINY, f"uncertainty={file}", "--out", str(place / "run")]) == 0
    return place / "run"


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_contrasts_and_their_split_belong_together(folder: Path) -> None:
    summary = summary_of(folder)
    block = summary["uncertainty"]
    assert (block["n_draws"], block["replicates_per_draw"], block["tried"]) == (3, 2, {"trap": 3, "no_trap": 3})
    assert summary["replicates"] == 6
    lived = pl.read_parquet(folder / "tables" / "draw_contrasts.parquet")
    for row in block["split"]:
        contrasts = summary["variants"][row["variant"]]["contrasts"]
        names = ("arm", "against", "group", "measure")
        one = next(c for c in contrasts if all(c[name] == row[name] for name in names))
        assert one["mean"] == pytest.approx(row["mean"], abs=1e-12)
        assert one["low95"] <= one["low80"] <= one["mean"] <= one["high80"] <= one["high95"]
        if (row["group"], row["measure"]) == ("structural", "E4"):
            where = [pl.col(name) == row[name] for name in ("variant", "arm", "against")]
            values = lived.filter(*where)["E4"].to_numpy().reshape(3, 2)
            assert row["mean"] == pytest.approx(values.mean())
            assert row["sd_luck"] == pytest.approx(np.sqrt(values.var(axis=1, ddof=1).mean()))


def test_variants_are_spanned_and_never_pooled(folder: Path) -> None:
    summary = summary_of(folder)
    for span in summary["uncertainty"]["structure"]:
        names = ("arm", "against", "group", "measure")
        means = [
            c["mean"]
            for block in summary["variants"].values()
            for c in block["contrasts"]
            if all(c[name] == span[name] for name in names)
        ]
        assert (span["min"], span["max"]) == pytest.approx((min(means), max(means)))


def test_money_is_equal_in_every_draw(folder: Path) -> None:
    for variant, twins in summary_of(folder)["equal_cost"].items():
        gaps = [draw["gap_share"] for draw in twins["aid_equal_cost"]["draws"]]
        assert len(gaps) == 3
        assert max(map(abs, gaps)) <= 0.01, variant


def test_what_is_said_no_longer_holds_given_the_parameters(folder: Path) -> None:
    summary = summary_of(folder)
    for code, words in (("en", "Intervals include the uncertainty"), ("id", "Selang mencakup ketidakpastian")):
        assert any(words in remark for remark in summary["remarks"][code])
    text = (folder / "report.html").read_text()
    assert "Intervals hold given the parameters" not in text
    assert "Spread by luck" in text


def test_a_draw_is_what_it_would_be_alone(folder: Path, tmp_path: Path) -> None:
    """Threads, the other variant, and what is in the store change nothing."""
    file = draws_file(tmp_path / "same.parquet")
    again = ["compare", *TINY[:-1], "threads=1", "reuse=false", "variants=[trap]", f"uncertainty={file}"]
    assert main([*again, "--out", str(tmp_path / "again")]) == 0
    assert summary_of(tmp_path / "again")["variants"]["trap"] == summary_of(folder)["variants"]["trap"]


def test_a_household_of_many_draws_is_not_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = pl.read_parquet(folder / "tables" / "households.parquet")["household"][0]
    assert main(["explain", str(folder), "--household", name]) == 2
    assert "uncertainty=point" in capsys.readouterr().err


def test_the_nation_is_lived_at_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["national", "uncertainty=prior", "population=toy"]) == 2
    assert "povsim national takes every parameter at its value" in capsys.readouterr().err


@pytest.fixture(scope="module")
def rolled_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rolled_out")
    file = draws_file(place / "draws.parquet")
    keys = [text for text in TINY if not text.startswith(("arms=", "equal_money=", "cooperative="))]
    given = ["rollout", *keys, "strategies=[all,random]", "scenarios=[as_planned]", f"uncertainty={file}"]
    assert main([*given, "--out", str(place / "run")]) == 0
    return place / "run"


def test_orders_of_a_rollout_are_compared_over_draws(rolled_out: Path) -> None:
    """Each interval is that of the split of its own differences, and each draw has its own replicates."""
    summary = summary_of(rolled_out)
    block = summary["uncertainty"]
    assert (block["n_draws"], block["replicates_per_draw"], summary["replicates"]) == (3, 2, 6)
    lived = pl.read_parquet(rolled_out / "tables" / "draw_contrasts.parquet")
    for variant in ("trap", "no_trap"):
        found = summary["variants"][variant]
        for c in [*found["contrasts"], *found["pairs"]]:
            if c["group"] != "structural":
                continue
            own = lived.filter(
                (pl.col("variant") == variant) & (pl.col("arm") == c["arm"]) & (pl.col("against") == c["against"])
            ).sort("replicate")
            assert own["replicate"].to_list() == list(range(6))
            assert own["draw"].to_list() == [0, 0, 1, 1, 2, 2]
            split = split_of(own["E4"].to_numpy().reshape(3, 2))
            assert c["mean"] == pytest.approx(split.mean, abs=1e-12)
            assert c["high95"] - c["mean"] == pytest.approx(split.half(0.95), abs=1e-12)
    assert {row["arm"] for row in block["split"]} == {"as_planned_all", "as_planned_random"}


def test_a_report_of_orders_says_that_parameters_were_drawn(rolled_out: Path) -> None:
    for code, words in (("en", "Intervals include the uncertainty"), ("id", "Selang mencakup ketidakpastian")):
        assert main(["report", str(rolled_out), "--language", code]) == 0
        page = " ".join((rolled_out / "report.html").read_text().split())
        assert words in page
        assert "not whether the parameters are right" not in page


def test_a_draw_of_a_rollout_is_what_it_would_be_alone(rolled_out: Path) -> None:
    """Draw 1 lived by hand gives replicates 2 and 3; the same replicates with draw 2 are others."""
    scenario = scenario_from(yaml.safe_load((rolled_out / "scenario.yaml").read_text()))
    lived = pl.read_parquet(rolled_out / "tables" / "draw_contrasts.parquet").filter(
        pl.col("variant") == "trap", pl.col("arm") == "as_planned_all", pl.col("against") == "aid", pl.col("draw") == 1
    )
    draws = pd.Draws(scenario, "trap")
    by_hand = {}
    for number in (1, 2):
        jobs = rollout.jobs_of(pd.lived_with(scenario, draws.at(number), "trap"), "trap", range(2, 4))
        by_hand[number] = [job.work(*job.args, pool=None, threads=1) for job in jobs]
    found = [
        float(r.weight[r.structural] @ (exits("as_planned_all", r) - exits("aid", r))) / float(r.weight[r.structural].sum())
        for r in by_hand[1]
    ]
    assert lived.sort("replicate")["E4"].to_list() == pytest.approx(found, abs=1e-12)
    costs = [[r.arms["as_planned_all"].cost for r in by_hand[number]] for number in (1, 2)]
    assert costs[0] != costs[1]


def effects_of_a_trial(place: Path, *given: str) -> pl.DataFrame:
    keys = [text for text in TINY[:3] if "horizon" not in text]
    trial = ["trial", "recipe=cash_grant", "eligible.rule=all", "quantile_draws=0", "variants=[trap]", "threads=2", *keys]
    assert main([*trial, *given, "--out", str(place)]) == 0
    return pl.read_parquet(place / "tables" / "effects.parquet")


def test_each_replicate_of_a_trial_lives_with_its_draw(tmp_path: Path) -> None:
    """Draws that are all the register's give the trial at its values; others do not, and say so."""
    alike = draws_file(tmp_path / "alike.parquet", (), 0.0, True)
    other = draws_file(tmp_path / "other.parquet", (0.0, 0.1, 0.3), 0.0, True)
    at_the_values = effects_of_a_trial(tmp_path / "point", "replicates=3")
    drawn = effects_of_a_trial(tmp_path / "alike", "replicates=2", "n_draws=3", f"uncertainty={alike}")
    assert drawn.equals(at_the_values)
    moved = effects_of_a_trial(tmp_path / "other", "replicates=3", "n_draws=3", f"uncertainty={other}")
    assert moved.filter(pl.col("replicate") == 2)["true"].to_list() != drawn.filter(pl.col("replicate") == 2)["true"].to_list()
    summary = summary_of(tmp_path / "other")
    assert summary["uncertainty"] == {"source": str(other), "draws": {"trap": 3}}
    assert "Parameters were drawn" in " ".join(summary["remarks"]["en"])
    wide = [row for row in summary["effects"] if row["outcome"] == "consumption" and row["month"] == summary["months"]]
    values = moved.filter(pl.col("outcome") == "consumption", pl.col("group") == "all", pl.col("month") == summary["months"])
    sd = float(values["true"].std())
    assert wide[0]["true_high"] - wide[0]["true"] == pytest.approx(4.302653 * sd * (1 + 1 / 3) ** 0.5, rel=1e-6)


POWER = ["cooperative=optimistic", "design=parallel", "outcomes=[consumption,membership]", "evaluation_month=24",
         "villages=[4,8]", "pilots=40", "trials=0", "variants=[trap]"]  # fmt: skip


def test_the_power_of_a_pilot_is_asked_in_every_draw(tmp_path: Path) -> None:
    """With draws that are all the register's, draw k has the effects of a run at the values whose replicate is k."""
    keys = [text for text in TINY if not text.startswith(("arms=", "equal_money=", "cooperative=", "replicates=", "n_draws="))]
    alike = draws_file(tmp_path / "alike.parquet", (), 0.0, True)
    given = ["power", *POWER, *keys]
    out = tmp_path / "drawn"
    assert main([*given, "replicates=3", "n_draws=3", f"uncertainty={alike}", "--out", str(out)]) == 0
    assert main([*given, "replicates=1", "--out", str(tmp_path / "point")]) == 0
    assert main([*given, "replicates=3", "--out", str(tmp_path / "points")]) == 0
    draws = pl.read_parquet(out / "tables" / "draws.parquet")
    assert draws["draw"].unique().sort().to_list() == [0, 1, 2]
    at_the_values = pl.read_parquet(tmp_path / "point" / "tables" / "outcomes.parquet")
    first = draws.filter(pl.col("draw") == 0)
    assert first["effect_true"].to_list() == at_the_values["effect_true"].to_list()
    assert draws.filter(pl.col("draw") == 1)["effect_true"].to_list() != first["effect_true"].to_list()
    block = summary_of(out)["variants"]["trap"]
    assert block["outcomes"] == summary_of(tmp_path / "points")["variants"]["trap"]["outcomes"]
    for row in block["assurance"]:
        own = draws.filter(pl.col("outcome") == row["outcome"])
        assert row["within_budget"] == own["within_budget"].sum()
        assert row["gain"] + row["harm"] + row["untold"] == row["draws"] == 3
        if row["needed50"] is not None:
            assert (own["needed"].fill_null(10**9) <= row["needed50"]).sum() >= 2
    joins = next(row for row in block["assurance"] if row["outcome"] == "membership")
    assert joins["gain"] == 3
    assert "of 3 draws a parallel pilot within the budget sees consumption" in " ".join(summary_of(out)["sentences"]["en"])


def test_the_interval_of_one_more_draw_is_over_draws_not_replicates() -> None:
    """Three draws, each in many replicates: another draw is as far from their mean as three numbers can say."""
    shifts, luck = np.array([-1.0, 0.0, 1.0]), np.linspace(-0.1, 0.1, 8)
    rows = [{"replicate": k, "true": shifts[k % 3] + luck[k // 3]} for k in range(24)]
    low, high = trial._interval_of_the_truth(rows, 3)
    assert low is not None and high is not None
    assert high - low == pytest.approx(2 * 4.302653 * 1.0 * (1 + 1 / 3) ** 0.5, rel=1e-6)
    low, high = trial._interval_of_the_truth(rows, 0)
    assert low is not None and high is not None and high - low < 1.0


def test_a_textbook_figure_takes_no_draws(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "closed_form=true", "uncertainty=posterior"]) == 2
    assert "Leave one of the two out" in capsys.readouterr().err


def exits(arm: str, r: rollout.RolledOut) -> np.ndarray:
    return np.asarray(r.arms[arm].tau[r.structural] > 0, np.float64)


@pytest.mark.slow
def test_draws_from_priors_keep_the_margins(tmp_path: Path) -> None:
    given = ["compare", *TINY, "variants=[trap]", "uncertainty=prior", "--out", str(tmp_path / "run")]
    assert main(given) == 0
    block = summary_of(tmp_path / "run")["uncertainty"]
    assert block["n_draws"] == 3
    assert block["tried"]["trap"] >= 3
    shifts = pl.read_parquet(tmp_path / "run" / "tables" / "draws.parquet").filter(pl.col("symbol").str.starts_with("shift_"))
    assert shifts.height == 3 * 4
    assert shifts["value"].abs().max() > 0.01
