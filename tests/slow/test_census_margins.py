"""The census reproduces what BPS publishes, as the sample does: two provinces, a share of the villages of each district."""

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
import pytest

from povsim.config import scenario_from
from povsim.experiments import national

PROVINCES = ["Bali", "Nusa Tenggara Timur"]  # one of the lowest published rates, and one of the highest


class _Steps:
    def advance(self, steps: float = 1) -> None:
        """Nothing is shown."""


@contextmanager
def quiet(_label: str, _total: float) -> Iterator[_Steps]:
    yield _Steps()


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_headcounts_of_provinces_are_the_published_ones(variant: str) -> None:
    found = national.run(
        scenario_from({
            "population": {"kind": "indonesia", "provinces": PROVINCES}, "sample": 0.1, "arms": ["aid"],
            "variants": [variant], "replicates": 1, "horizon_months": 84, "exit": {"W": 12}, "equal_money": "benefits",
        }),
        quiet,
    )  # fmt: skip
    rates = found.tables["population_check"].filter(
        (pl.col("statistic") == "headcount") & (pl.col("area") == "all") & (pl.col("province") != "Indonesia")
    )
    assert rates.height == len(PROVINCES)
    assert (rates["synthetic"] - rates["published"]).abs().max() <= 1.5  # percentage points
