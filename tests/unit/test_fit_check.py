"""What is said of the check of the fit is what its tables hold, wherever it is said."""

from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "experiments" / "fit_check"
TOLD = ["sigma_me", "rho1", "g_w", "h0", "j0"]
POOLED = pl.read_csv(FOLDER / "pooled.csv")
PARAMETERS = pl.read_csv(FOLDER / "parameters.csv")
PLACES = ["experiments/fit_check/README.md", "docs/decisions/0035-fitted-by-keyed-simulation.md"]


@pytest.mark.parametrize("place", PLACES)
def test_coverage_is_that_of_the_table(place: str) -> None:
    text = " ".join((ROOT / place).read_text(encoding="utf-8").split())
    whole = POOLED.filter((pl.col("data_sets") == "all") & (pl.col("parameters") == "all"))
    percent = {scale: (100 * part["coverage90"]).round(1).to_list() for (scale,), part in whole.group_by("scale_rest")}
    assert percent[True] == [85.7, 85.4] and percent[False] == [88.5, 88.5]
    assert "85.7" in text and "85.4 %" in text and "88.5 %" in text


def test_only_the_parameters_that_are_named_are_told() -> None:
    as_it_is = PARAMETERS.filter(pl.col("scale_rest"))
    for (variant,), part in as_it_is.group_by("variant"):
        assert part.filter(pl.col("correlation") >= 0.5)["symbol"].to_list() == [s for s in part["symbol"] if s in TOLD], (
            variant
        )
    others = as_it_is.filter(~pl.col("symbol").is_in(TOLD))
    assert others["told"].min() == pytest.approx(0.29, abs=0.005) and others["told"].max() == pytest.approx(0.67, abs=0.005)
    assert others.filter(pl.col("symbol") != "hurdle")["correlation"].max() <= 0.25


@pytest.mark.parametrize("place", [*PLACES[:1], "experiments/fit/README.md", "docs/explanation/patterns.md"])
def test_the_parameters_that_are_told_are_named(place: str) -> None:
    text = " ".join((ROOT / place).read_text(encoding="utf-8").split())
    assert "sigma_me, rho1, g_w, h0 and j0" in text
    assert "85 %" in text or "85.4 %" in text
