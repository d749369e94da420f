"""Forecasts from the published series: what is known when, what the shocks are, and what scores say."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import t

from povsim import evidence
from povsim.config import Scenario, scenario_from
from povsim.config.defaults import own_keys
from povsim.config.forecast import forecast_from
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.forecast_backtest import block_bootstrap, differences, forecasts, scores
from povsim.experiments.forecast_draws import Law, national_growth, noise, predict
from povsim.experiments.forecast_history import MERGED, History, logit, published, share_of
from povsim.experiments.forecast_paths import Headcounts, as_printed, baselines, growth_paths, with_growth
from povsim.experiments.growth_map import Grown, GrowthMap, fit
from povsim.parameters import entry

KEY = DrawKey(7, 0)
MAP = GrowthMap((0.01, 0.0, 0.0), (-3.0, 0.0, 0.0), 0.0)
KEYS = replace(forecast_from(own_keys("forecast")), predictive_draws=300, bootstrap=200)


def test_provinces_add_up_to_the_published_nation() -> None:
    table = evidence.load("poverty_province_series")
    nation = evidence.load("poverty_national").filter((pl.col("area") == "national") & (pl.col("indicator") == "headcount"))
    published_rate = dict(zip(nation["period"], nation["value"], strict=True))
    for (period,), rows in table.group_by("period"):
        if rows["poor_thousand"].null_count():
            continue
        persons = rows["poor_thousand"] / rows["p0_pct"]
        assert rows["poor_thousand"].sum() / persons.sum() == pytest.approx(published_rate[period], abs=0.006), period


@pytest.mark.parametrize(
    ("province", "period", "rate"),
    [("ACEH", "2015-03", 17.08), ("PAPUA PEGUNUNGAN", "2025-03", 30.03), ("BALI", "2025-03", 3.72)],
)
def test_province_rates_as_published(province: str, period: str, rate: float) -> None:
    table = evidence.load("poverty_province_series")
    row = table.filter((pl.col("province") == province) & (pl.col("period") == period))
    assert row["p0_pct"].item() == rate


def test_what_was_split_is_put_together_again() -> None:
    history = published()
    assert len(history.provinces) == 34 and not set(MERGED) & set(history.provinces)
    table = evidence.load("poverty_province_series").filter(pl.col("period") == "2025-03")
    parts = table.filter(pl.col("province").is_in(["PAPUA", *(k for k, v in MERGED.items() if v == "PAPUA")]))
    assert parts.height == 4
    whole = history.rate[history.provinces.index("PAPUA"), -1]
    assert parts["p0_pct"].min() / 100 < whole < parts["p0_pct"].max() / 100
    assert whole == pytest.approx(parts["poor_thousand"].sum() / (parts["poor_thousand"] / parts["p0_pct"]).sum() / 100)


def test_nothing_after_the_origin_is_known() -> None:
    """A future that is changed changes no forecast."""
    history = published()
    later = np.asarray(history.years) > 2019
    other = replace(history, rate=np.where(later, 0.5 * history.rate, history.rate))
    other = replace(other, national=np.where(np.asarray(history.national_years) > 2019, 0.02, history.national))
    keys = replace(KEYS, origins=(2019,))
    now, then = (forecasts(keys, 7, {"trap": MAP}, h) for h in (history, other))
    for column in ("low95", "low80", "median", "high80", "high95"):
        assert now[column].equals(then[column])
    assert not now["crps"].equals(then["crps"])


def test_law_of_known_changes() -> None:
    law = Law.of(np.array([0.1, -0.1, 0.3]))
    assert (law.n, law.mean) == (3, pytest.approx(0.1)) and law.sd == pytest.approx(0.2)
    assert law.rms == pytest.approx(np.sqrt(0.11 / 3))
    u = (np.arange(20_000) + 0.5) / 20_000
    mean, sd = law.mean_and_sd(np.zeros(u.size), u)
    assert (mean == law.mean).all() and (np.diff(sd) < 0).all()
    # 1 / sd^2 is a scaled chi squared with n - 1 degrees of freedom: its mean is 1 / .2^2
    assert (1 / sd**2).mean() == pytest.approx(1 / 0.04, rel=0.01)


def test_law_of_changes_over_two_years() -> None:
    """Long series: the sd of a two-year change of independent years is that of a year times the root of 2, its bounds t's."""
    rng = np.random.default_rng(2)
    long = 0.05 + 0.1 * rng.normal(size=20_000)
    law = Law.of(long, 2)
    assert law.n == 10_000 and law.mean == pytest.approx(2 * long.mean())
    assert law.sd == pytest.approx(0.1 * np.sqrt(2), rel=0.03)
    assert law.rms == pytest.approx(np.sqrt(0.02 + 0.01), rel=0.03)
    short = [Law.of(0.1 * rng.normal(size=8), 2) for _ in range(4000)]
    assert np.mean([one.sd**2 for one in short]) == pytest.approx(0.02, rel=0.05)  # unbiased though windows overlap
    assert np.mean([one.rms**2 for one in short]) == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(("mean", "expects_none"), [(0.0, True), (-0.05, False)])
@pytest.mark.parametrize(("ahead", "low", "high"), [(1, 0.774, 0.826), (2, 0.80, 0.85)])
def test_bands_of_few_years_hold_what_they_say(mean: float, expects_none: bool, ahead: int, low: float, high: float) -> None:
    """Nations whose ten years are independent: each forecaster, where its expectation is right, covers as it says.

    Windows that overlap tell a little more than the n / 2 that they count as, so over two years 80 % bands hold a bit more. The
    estimates as they stand, taken for the truth, cover .77 and .75 about none, .73 and .70 about the mean.
    """
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(3000):
        law = Law.of(mean + 0.04 * rng.normal(size=10), ahead)
        to_come = float((mean + 0.04 * rng.normal(size=ahead)).sum())
        half = law.rms * t.ppf(0.9, law.n) if expects_none else law.sd * np.sqrt(1 + 1 / law.n) * t.ppf(0.9, law.n - 1)
        inside.append(abs(to_come - (0.0 if expects_none else law.mean)) <= half)
    assert low < np.mean(inside) < high


def test_draws_of_a_law_are_those_of_student() -> None:
    """Predictive draws under a flat prior: t about the mean with n - 1, about 0 with n degrees of freedom."""
    rng = np.random.default_rng(4)
    z, common, u = rng.normal(size=400_000), rng.normal(size=400_000), rng.uniform(size=400_000)
    law = Law.of(0.1 * rng.normal(size=9) - 0.02, 2)
    mean, sd = law.mean_and_sd(z, u)
    at = np.array([0.1, 0.5, 0.9])
    about = law.mean + law.sd * np.sqrt(1 + 1 / law.n) * t.ppf(at, law.n - 1)
    assert np.quantile(mean + sd * common, at) == pytest.approx(about, abs=0.01 * law.sd)
    none = law.rms * t.ppf(at, law.n)
    assert np.quantile(law.sd_about_none(u) * common, at) == pytest.approx(none, abs=0.01 * law.rms)


def constant(rate: float, years: int = 8) -> History:
    provinces = ("A", "B")
    r = np.full((2, years), rate)
    span = tuple(range(2010, 2010 + years))
    return History(provinces, span, r, 0.01 * np.ones_like(r), span, np.full(years, rate), np.full(years, 0.001))


def test_where_nothing_ever_changed_nothing_is_expected_to() -> None:
    known = constant(0.1)
    found = predict(known, 2, KEY, 40, 0.0, {"still": GrowthMap((0, 0, 0), (-3, 0, 0), 0)})
    assert set(found) == {"no_change", "drift", "model_still"}
    for drawn in found.values():
        assert drawn == pytest.approx(0.1, abs=1e-12)


def test_a_map_without_curvature_forecasts_the_drift() -> None:
    """Where a year of growth does the same at every rate, turning changes into growth and back gives the drift itself."""
    found = predict(published().until(2020), 2, KEY, 500, 0.25, {"linear": MAP})
    assert found["model_linear"] == pytest.approx(found["drift"], abs=1e-12)
    drift, none = logit(found["drift"]).mean(), logit(found["no_change"]).mean()
    assert drift - none == pytest.approx(2 * np.diff(logit(published().until(2020).national)).mean(), abs=0.02)


def test_growth_is_read_back() -> None:
    known = published()
    one = GrowthMap((0.01, 0.02, 0.003), (-1.8, 1.1, 0.2), 0.0)
    growth = national_growth(known, one)
    x = logit(known.national)
    assert x[:-1] + one.change(x[:-1], growth) == pytest.approx(x[1:], abs=1e-12)


def test_sampling_error_takes_its_share_of_the_variance() -> None:
    known = published()
    none, half = noise(known, 0.0), noise(known, 0.5)
    assert (none.sampling == 0).all()
    assert half.own**2 + 2 * (half.sampling**2).mean() == pytest.approx(none.own**2)
    small, large = known.provinces.index("KALIMANTAN UTARA"), known.provinces.index("JAWA TIMUR")
    assert half.sampling[small] > 2 * half.sampling[large]


def test_the_map_is_read_off_runs_that_follow_it() -> None:
    true = GrowthMap((0.02, 0.01, 0.004), (-2.0, 0.9, 0.2), 0.0)
    growths, runs = (-0.02, 0.0, 0.02), []
    for start in (-3.2, -2.4, -1.6, -0.8):
        path = [np.full(3, start)]
        for _ in range(3):
            path.append(path[-1] + true.change(path[-1], np.array(growths)))
        runs.append(Grown(share_of(np.stack(path, axis=1))))
    found = fit(runs, growths)
    x = np.linspace(-3, -1, 9)
    for g in (-0.03, 0.01):
        assert found.change(x, np.full(9, g)) == pytest.approx(true.change(x, np.full(9, g)), abs=1e-9)
    assert found.sd < 1e-9
    with pytest.raises(PovsimError, match="Too few runs"):
        fit([Grown(runs[0].rate[:1])], (0.0,))


def test_a_perfect_forecaster_beats_the_others() -> None:
    table = forecasts(KEYS, 7, {"trap": MAP})
    oracle = table.filter(pl.col("forecaster") == "drift").with_columns(
        forecaster=pl.lit("model_oracle"), crps=0.0, error=0.0, median="observed"
    )
    found = differences(pl.concat([table, oracle]), KEY, 200)
    rows = [one for one in found if one["forecaster"] == "model_oracle" and one["period"] == "all"]
    assert rows and all(one["high95"] < 0 for one in rows)
    none = [one for one in found if one["period"] == "crisis"]
    assert none and all(one["low95"] is None and "origins" in one["reason"] for one in none)


def test_scores_cover_every_cell_once() -> None:
    found = scores(forecasts(KEYS, 7, {"trap": MAP}))
    cells = {(one["ahead"], one["period"]): one["cells"] for one in found}
    assert cells[2, "all"] == cells[2, "crisis"] + cells[2, "other"] == 7 * 34
    assert {one["forecaster"] for one in found} == {"no_change", "drift", "model_trap"}


def test_the_block_bootstrap_knows_a_constant_and_the_mean_of_noise() -> None:
    assert block_bootstrap(np.full((7, 34), 0.3), KEY, 100) == pytest.approx((0.3, 0.3))
    units = np.repeat(np.linspace(-1, 1, 100)[None], 6, axis=0)
    low, high = block_bootstrap(units, KEY, 2000)
    # provinces alone vary: 1.96 sd / sqrt(100) on either side
    half = 1.96 * units.std() / 10
    assert (low, high) == pytest.approx((-half, half), rel=0.15)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"backtest": True, "score": "a", "data": "b"}, "Leave one out"),
        ({"score": "a"}, "data=FILE"),
        ({"data": "a"}, "score=DIR"),
        ({"origins": [2024], "horizons": [3]}, "No origin"),
        ({"origins": [2012]}, "2017"),
        ({"growth": "wild"}, "history"),
        ({"sampling_share": 1.5}, "sampling_share"),
    ],
)
def test_keys_that_cannot_be_used_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(PovsimError, match=message):
        forecast_from(own_keys("forecast") | keys)


def test_the_committed_table_is_that_of_the_committed_run() -> None:
    folder = Path(__file__).parents[2] / "experiments" / "province_backtest"
    space = runpy.run_path(str(folder / "table.py"))
    text = (folder / "README.md").read_text(encoding="utf-8")
    table = text.split("<!-- table: begin -->\n")[1].split("\n<!-- table: end -->")[0]
    assert table == space["table"](json.loads((folder / "summary.json").read_text(encoding="utf-8")))


def scenario(**keys: Any) -> Scenario:
    return scenario_from({"population": "toy", "horizon_months": 84, "arms": ["aid"]} | keys)


def test_growth_of_a_replicate_does_not_depend_on_how_many_there_are() -> None:
    few, many = (growth_paths(scenario(replicates=n), "trap", MAP) for n in (3, 50))
    assert np.array_equal(few[0], many[0][:3]) and np.array_equal(few[1], many[1][:3])
    assert few[1].shape == (3, 7)
    law = Law.of(national_growth(published(), MAP))
    assert many[0].mean() == pytest.approx(law.mean, abs=4 * law.sd / np.sqrt(law.n * 50))


def test_growth_by_year_becomes_the_path_of_the_economy() -> None:
    own = scenario(replicates=2, parameters={"b_M": 0.5})
    own = replace(own, parameters=(*own.parameters, ("g_w", 0.02)))  # what a draw of the parameters may say
    found = with_growth(own, "trap", 0.01, np.array([0.02, 0.0, -0.02, 0.0, 0.0, 0.0, 0.0]))
    path = np.array(found.economy.macro)
    assert path.size == 84 and found.overrides()["g_w"] == 0.01
    # at the end of the first year incomes are 2 % higher: b_M times the path
    assert 0.5 * path[[11, 23, 35, 83]] == pytest.approx([0.02, 0.02, 0.0, 0.0], abs=1e-12)
    assert with_growth(own, "trap", 0.01, np.zeros(7)) is own
    fast = with_growth(own, "trap", 0.05, np.full(7, 0.01))
    assert fast.overrides()["g_w"] * 7 + 0.5 * fast.economy.macro[-1] == pytest.approx(0.06 * 7)
    assert fast.overrides()["g_w"] == entry("g_w").widest[1]
    with pytest.raises(PovsimError, match="growth=register"):
        with_growth(scenario(parameters={"b_M": 0}), "trap", 0.01, np.full(7, 0.01))


def test_growth_of_the_register_is_that_of_the_scenario() -> None:
    mean, by_year = growth_paths(scenario(replicates=2, economy="growth"), "trap", None)
    assert (mean == scenario(economy="growth").economy.g_w).all() and not by_year.any()


def test_what_is_printed_moves_with_the_model_from_the_published_rate() -> None:
    nation = scenario_from({"population": "indonesia", "horizon_months": 84, "arms": ["aid"]})
    still = Headcounts(0.2, np.full((1, 85), 0.2))
    keys = replace(KEYS, sampling_share=0.0)
    printed = as_printed(nation, keys, [0, 1], [still, still])
    assert printed == pytest.approx(0.0847)
    halved = as_printed(nation, keys, [0, 1], [still, Headcounts(0.2, np.full((1, 85), 1 / 9))])
    assert halved[1] == pytest.approx(float(share_of(logit(np.array(0.0847)) + np.log(4 / 8))))
    assert as_printed(scenario(), keys, [0, 1], [still, still]) is None
    noisy = as_printed(nation, KEYS, list(range(200)), [still] * 200)
    assert 0.0001 < noisy[:, 0, 12].std() < 0.002


def test_references_widen_and_drift_falls() -> None:
    table = baselines(scenario_from({"population": "indonesia", "horizon_months": 84}), KEYS)
    wide = table.group_by("forecaster", "month").agg(
        pl.col("published").mean().alias("mean"), pl.col("published").std().alias("sd")
    )
    at = {(row["forecaster"], row["month"]): row for row in wide.iter_rows(named=True)}
    for name in ("no_change", "drift"):
        assert at[name, 0]["sd"] < at[name, 24]["sd"] < at[name, 84]["sd"]
    assert at["drift", 84]["mean"] < at["drift", 24]["mean"] < at["drift", 0]["mean"]
    assert at["no_change", 24]["mean"] == pytest.approx(0.0847, abs=0.002)
