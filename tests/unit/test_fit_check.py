"""What is said of the check of the fit is what its tables hold; what the fit calls identified is what the check finds told."""

import json
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "experiments"
TOLD = ["sigma_me", "rho1", "g_w", "h0", "j0"]
POOLED = pl.read_csv(EXPERIMENTS / "fit_check" / "pooled.csv")
PARAMETERS = pl.read_csv(EXPERIMENTS / "fit_check" / "parameters.csv")


def test_coverage_is_that_of_the_table() -> None:
    text = " ".join((EXPERIMENTS / "fit_check" / "README.md").read_text(encoding="utf-8").split())
    whole = POOLED.filter((pl.col("data_sets") == "all") & (pl.col("parameters") == "all")).sort("variant", descending=True)
    trap, no_trap = (100 * whole["coverage90"]).round(1).to_list()
    assert whole["within_two"].all()
    assert f"hold the truth in {trap} (trap) and {no_trap} % (no_trap)" in text
    (out,) = PARAMETERS.filter(~pl.col("inside")).rows(named=True)
    assert f"{out['symbol']} with traps, by {out['outside_band']:.4f}".replace("0.", ".") in text


def test_only_the_parameters_that_are_named_are_told() -> None:
    for (variant,), part in PARAMETERS.group_by("variant"):
        told = part.filter((pl.col("correlation") >= 0.5) & (pl.col("contraction") >= 0.2))["symbol"].to_list()
        assert sorted(told) == sorted(TOLD), variant
    others = PARAMETERS.filter(~pl.col("symbol").is_in(TOLD))
    assert others["correlation"].max() <= 0.29 and others["contraction"].max() <= 0.171
    assert others["told"].max() == pytest.approx(0.28, abs=0.005)


def test_the_fit_calls_nothing_identified_that_the_check_does_not_find_told() -> None:
    summary = json.loads((EXPERIMENTS / "fit" / "summary.json").read_text(encoding="utf-8"))
    for variant, found in summary["variants"].items():
        assert set(found["identified"]) <= set(TOLD), variant
