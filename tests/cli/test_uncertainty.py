"""`povsim compare uncertainty=FILE` end to end: draws whose margins the file keeps, so that none need be found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from povsim import parameters
from povsim.cli import main
from povsim.config import scenario_from
from povsim.experiments import parameter_draws as pd

TINY = [
    "population=toy", "population.villages=20", "population.households_per_village=30", "burn_in_months=36",
    "horizon_months=84", "arms=[aid,aid_equal_cost,aid_cooperative]", "equal_money=benefits", "cooperative=as_planned",
    "replicates=2", "n_draws=3", "threads=2",
]  # fmt: skip


def draws_file(path: Path) -> Path:
    """Three draws of both variants that hold all that households feel; the habit differs."""
    register = parameters.register()
    felt = [s for s in pd.drawn_symbols(scenario_from({})) if pd.felt_before(s)]
    frames = []
    for variant in ("trap", "no_trap"):
        held = {s: [register[s].value(variant)] * 3 for s in felt} | {"hab": [0.05, 0.07, 0.1]}
        keys = {"variant": [variant] * 3, "draw": [0, 1, 2]}
        frames.append(pl.DataFrame(keys | held | {name: [0.0, 0.01, -0.01] for name in pd.SHIFTS}))
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


@pytest.mark.parametrize("command", ["national", "rollout"])
def test_commands_without_draws_refuse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "uncertainty=prior", "population=toy"]) == 2
    assert f"povsim {command} takes every parameter at its value" in capsys.readouterr().err


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
