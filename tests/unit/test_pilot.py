"""Simulated pilots, their statistics, and what conditioning on them gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from povsim import parameters
from povsim.config import scenario_from
from povsim.config.calibrate import calibrate_from, files_of
from povsim.config.defaults import own_keys
from povsim.draws import DrawKey, Stream, uniforms
from povsim.errors import PovsimError
from povsim.experiments.calibration.checks import energy_score, of_last_wave, predictive_rows
from povsim.experiments.calibration.condition import conditioned, correlations, lowest_seen_again, recovered
from povsim.experiments.calibration.learnt import prior_for, symbols_for
from povsim.experiments.calibration.observed import observed
from povsim.experiments.calibration.pilot import (
    OFFSET,
    Design,
    Pilot,
    Reports,
    design_scenario,
    drawn_in_villages,
    ground,
    simulate,
)
from povsim.experiments.calibration.pilot_files import panel_table, report_table
from povsim.experiments.calibration.prior import Prior, scores
from povsim.experiments.calibration.statistics import summary, wave_of
from povsim.experiments.calibration.table import Question, Table, draws_of, simulated
from povsim.experiments.executor import Executor, Threads
from povsim.experiments.store import Store

DESIGN = Design(20, 12, (0, 12), start=(0.6, 0.2, 0.1, 0.1), reports=12, lost=(0.1,))
SCENARIO = design_scenario(scenario_from({"population": "toy", "seed": 3, "burn_in_months": 36}), DESIGN)
KEY = DrawKey(3, OFFSET)


@pytest.fixture(scope="module")
def base():
    return ground(SCENARIO, "trap", 0)


@pytest.fixture(scope="module")
def pilot(base):
    return simulate(base, DESIGN, "trap", {"report_trading": 0.8}, KEY)


def test_a_pilot_has_its_design(base, pilot: Pilot) -> None:
    here = np.isfinite(pilot.spending)
    assert pilot.treated.sum() == 10
    assert (np.bincount(pilot.village[here[0]], minlength=20) == 12).all()
    assert 0.8 < here[1].sum() / here[0].sum() < 0.97 and not (here[1] & ~here[0]).any()
    assert pilot.reports is not None and pilot.reports.received.shape == (12, 10)
    assert not pilot.member[0].any() and not pilot.member[1, ~pilot.treated[pilot.village]].any()
    assert pilot.member[1, pilot.treated[pilot.village]].any()


def test_a_pilot_is_a_function_of_its_key_alone(base, pilot: Pilot) -> None:
    simulate(base, DESIGN, "trap", {"sd1": 0.19, "shift_mu": 0.4}, DrawKey(3, OFFSET + 9))
    again = simulate(base, DESIGN, "trap", {"report_trading": 0.8}, KEY)
    other = simulate(base, DESIGN, "trap", {"report_trading": 0.8}, DrawKey(3, OFFSET + 1))
    np.testing.assert_array_equal(again.spending, pilot.spending)
    assert (other.spending[0] != pilot.spending[0]).mean() > 0.99 or other.spending.shape != pilot.spending.shape


def test_zero_survey_error_is_what_the_noise_adds(base) -> None:
    quiet = simulate(base, DESIGN, "trap", {"sigma_me": 0.0}, KEY)
    loud = simulate(base, DESIGN, "trap", {"sigma_me": 0.3}, KEY)
    noise = np.log(loud.spending[0] / quiet.spending[0])
    noise = noise[np.isfinite(noise)]
    assert noise.std() == pytest.approx(0.3, rel=0.15) and abs(noise.mean()) < 0.1


def test_what_the_user_set_is_lived_before_and_after_the_burn_in() -> None:
    given = replace(SCENARIO, parameters=(("sigma_me", 0.3),))
    quiet = simulate(ground(given, "trap", 0), DESIGN, "trap", {}, KEY)
    same = simulate(ground(given, "trap", 0), DESIGN, "trap", {"sigma_me": 0.3}, KEY)
    np.testing.assert_array_equal(quiet.spending, same.spending)


def test_waves_before_the_cooperatives_have_errors_of_their_own(base) -> None:
    design = replace(DESIGN, waves=(-6, 0), lost=())
    loud, quiet = (simulate(base, design, "trap", {"sigma_me": s}, KEY) for s in (0.3, 0.0))
    noise = np.log(loud.spending / quiet.spending)
    assert abs(np.corrcoef(noise)[0, 1]) < 0.2 and not loud.member.any()


def test_a_level_above_what_is_published_shows_in_full(base) -> None:
    plain, shifted = (summary(simulate(base, DESIGN, "trap", {"shift_mu": by}, KEY)) for by in (0.0, 0.3))
    assert shifted["mean.w0"] - plain["mean.w0"] == pytest.approx(0.3, abs=0.1)
    assert shifted["poor.w0"] < plain["poor.w0"]


def test_all_treated_and_none_treated(base) -> None:
    nobody = simulate(base, replace(DESIGN, treated=0.0, reports=0), "trap", {}, KEY)
    everyone = simulate(base, replace(DESIGN, treated=1.0), "trap", {}, KEY)
    assert not nobody.treated.any() and nobody.reports is None and everyone.treated.all()
    assert not any(name.startswith(("did", "members")) for name in summary(nobody))
    assert symbols_for(replace(DESIGN, treated=0.0)) == ("g_w", "sigma_me", "sd1", "sd2", "sd_x", "hab", "shift_mu")


@given(st.integers(0, 2**32 - 1))
def test_households_are_drawn_in_proportion_to_what_they_stand_for(base, seed: int) -> None:
    u = uniforms(DrawKey(seed, 0), Stream.PILOT, base.sample.village_ids)[:, 0]
    chosen = drawn_in_villages(base.sample, 12, u)
    assert (np.bincount(base.sample.village[chosen], minlength=20) == 12).all()


def made(spending: list[list[float]], **given) -> Pilot:
    table = np.array(spending, np.float64)
    n = table.shape[1]
    parts = {
        "waves": (0, 12)[: len(spending)],
        "spending": table,
        "weight": np.ones(n),
        "size": np.ones(n),
        "village": np.arange(n) % 2,
        "member": np.zeros(table.shape, np.bool_),
        "treated": np.array([False, False]),
    }
    return Pilot(**(parts | given))


def test_statistics_of_a_pilot_worked_out_by_hand() -> None:
    first = [0.5, 2.0] * 10
    then = [0.5, 2.0, 2.0, 0.5] * 5
    found = summary(made([first, then]))
    assert found["poor.w0"] == 0.5 and found["gap.w0"] == 0.25
    assert found["mean.w0"] == pytest.approx(0.0) and found["sd.w0"] == pytest.approx(np.log(2))
    assert found["stay_poor.w0_w1"] == 0.5 and found["entry.w0_w1"] == 0.5
    assert found["correlation.w0_w1"] == pytest.approx(0.0) and found["growth.w0_w1"] == pytest.approx(0.0)
    assert found["between.w0"] == pytest.approx(np.log(4) / np.sqrt(2))


def test_a_weight_of_two_is_a_household_that_stands_twice() -> None:
    doubled = made([[0.5, 0.5, 2.0, 3.0], [0.7, 0.7, 2.0, 3.0]], village=np.array([0, 0, 1, 1]))
    weighted = made([[0.5, 2.0, 3.0], [0.7, 2.0, 3.0]], weight=np.array([2.0, 1.0, 1.0]), village=np.array([0, 1, 1]))
    one, two = summary(doubled), summary(weighted)
    for name in ("poor.w0", "gap.w1", "mean.w0", "sd.w1", "skew.w0"):
        assert one[name] == pytest.approx(two[name])


def test_silence_after_trading_is_a_flow_into_inactivity() -> None:
    received = np.ones((24, 2), np.bool_)
    received[12:, 1] = False
    members = np.where(received, 0.3, np.nan)
    reports = Reports(received, received.copy(), members, np.where(received, 1e5, np.nan))
    found = summary(made([[0.5, 2.0] * 10], treated=np.array([True, True]), reports=reports))
    assert found["into_inactivity"] == pytest.approx(1 / 3)  # one stop in 2 + 1 years
    assert found["received_while_trading"] == 1.0 and found["received_last"] == 0.5
    assert found["reported_members_first"] == pytest.approx(0.3)


def test_waves_in_names() -> None:
    assert wave_of("poor.w1") == 1 and wave_of("growth.w0_w2") == 2 and wave_of("volume") is None
    assert of_last_wave(("poor.w0", "growth.w0_w1", "volume"), 2).tolist() == [False, True, True]


def test_files_give_back_the_pilot_that_made_them(pilot: Pilot) -> None:
    month_0 = date(2025, 6, 1)
    panel = panel_table(pilot, month_0, "REKAAN", "x").with_columns(spending=pl.col("spending_idr"))
    from povsim.data.deflate import with_lines

    panel = with_lines(panel)[0].with_columns(spending=pl.col("spending_idr") / pl.col("line_idr"))
    reports = report_table(pilot, month_0, 800.0).rename({"volume": "volume_idr"})
    seen = observed(panel, reports, "as_planned", date(2025, 7, 1), 800.0)
    assert seen.month_0 == month_0 and seen.design.waves == (0, 12) and seen.design.panel
    assert seen.design.villages == 20 and seen.design.interviews == 12 and seen.design.treated == 0.5
    assert seen.design.lost[0] == pytest.approx(1 - np.isfinite(pilot.spending[1]).mean(), abs=0.001)
    before, after = summary(pilot), summary(seen.pilot)
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert after[name] == pytest.approx(value, rel=2e-3, abs=2e-3, nan_ok=True), name


def test_a_pilot_that_cannot_be_followed_is_refused(pilot: Pilot) -> None:
    panel = panel_table(pilot, date(2025, 6, 1), "REKAAN", "x").with_columns(spending=pl.col("spending_idr") / 6e5)
    with pytest.raises(PovsimError, match="starts=YYYY-MM"):
        observed(panel, None, "as_planned", date(2005, 1, 1))
    with pytest.raises(PovsimError, match="20 or more"):
        observed(panel.filter(pl.col("village") < "Desa 004"), None, "as_planned")
    with pytest.raises(PovsimError, match="month or date"):
        observed(panel.with_columns(month=pl.lit(None, pl.Date)), None, "as_planned")


def normal_table(n: int, seed: int) -> tuple[Table, Prior]:
    """y = z_1 + noise and a column of noise alone: the posterior of z_1 is normal, that of z_2 its prior."""
    prior = Prior(("a", "b"), (lambda u: float(norm.ppf(u)), lambda u: float(norm.ppf(u))))
    u = prior.draws(DrawKey(seed, 0), n)
    noise = norm.ppf(prior.draws(DrawKey(seed, 1), n))
    statistics = np.column_stack([scores(u[:, 0]) + 0.5 * noise[:, 0], noise[:, 1]])
    return Table(u, statistics, ("y", "n")), prior


def test_conditioning_agrees_with_the_exact_posterior() -> None:
    table, prior = normal_table(8_000, 4)
    for y in (-0.8, 0.0, 1.2):
        found = conditioned(table, prior, np.array([y, 0.3]))
        assert found.mean()[0] == pytest.approx(y / 1.25, abs=0.08)
        assert found.variance()[0] == pytest.approx(0.2, rel=0.3)
        assert found.mean()[1] == pytest.approx(0.0, abs=0.15) and found.variance()[1] == pytest.approx(1.0, rel=0.2)
    found = recovered(
        table.rows(np.arange(2_000)), np.ones(2, np.bool_), prior
    )  # lower ends for true correlations of .894 and 0
    margin = norm.ppf(0.975) * np.sqrt(1 / 1997 + 1 / 297)
    assert found[0] == pytest.approx(np.tanh(np.arctanh(np.sqrt(0.8)) - margin), abs=0.02)
    assert -0.2 < found[1] < 0.0


def test_a_claim_of_identification_stands_in_a_fresh_check() -> None:
    rng = np.random.default_rng(8)  # truths and means of correlation .55: 400 pairs tried, 300 checked, 4,000 times over
    z = rng.standard_normal((2, 700, 4_000))
    mean, truth = z[0], 0.55 * z[0] + np.sqrt(1 - 0.55**2) * z[1]
    tried, checked = correlations(truth[:400], mean[:400]), correlations(truth[400:], mean[400:])
    below = (checked < lowest_seen_again(tried, 400, 300)).mean()
    assert 0.04 < below < 0.06  # the promise: one in twenty
    only_tried = np.tanh(np.arctanh(tried) - 1.645 / np.sqrt(397)) >= 0.5  # no allowance for the luck of the check
    assert (checked[only_tried] < 0.5).mean() > 0.05
    lowest = lowest_seen_again(tried, 400, 300, 12)
    failed = (checked < lowest)[:3_996].reshape(-1, 12).any(axis=1)
    assert failed.mean() < 0.08  # twelve at once: in one of twenty checks does any fall short
    # with many tried, what is too near to .5 for a check to confirm is not claimed, whoever's luck it is
    assert lowest_seen_again(np.array([0.54]), 2_000, 300)[0] < 0.5 < lowest_seen_again(np.array([0.6]), 2_000, 300)[0]


def test_a_statistic_that_was_not_observed_is_not_used() -> None:
    table, prior = normal_table(4_000, 5)
    found = conditioned(table, prior, np.array([np.nan, 0.3]))
    assert found.mean()[0] == pytest.approx(0.0, abs=0.2) and found.variance()[0] == pytest.approx(1.0, rel=0.25)
    with pytest.raises(PovsimError, match="no statistic"):
        conditioned(table, prior, np.array([np.nan, np.nan]))


def test_energy_score_prefers_the_truth() -> None:
    z = norm.ppf((np.arange(400) + 0.5) / 400)[:, None]
    scale, target = np.ones(1), np.array([0.2])
    right = energy_score(z, target, scale)
    assert right < energy_score(z + 2, target, scale) and right < energy_score(5 * z, target, scale)
    # analytic: E|X - y| - E|X - X'|/2 for a standard normal
    exact = 0.2 * (2 * norm.cdf(0.2) - 1) + 2 * norm.pdf(0.2) - 1 / np.sqrt(np.pi)
    assert right == pytest.approx(exact, abs=0.02)


def test_predictive_bands_say_what_is_missing() -> None:
    predicted = np.column_stack([np.linspace(0, 1, 101), np.full(101, np.nan)])
    rows = predictive_rows(("a", "b", "c"), np.array([0.95, 1.0, np.nan]), np.column_stack([predicted, predicted[:, 0]]))
    assert [row["statistic"] for row in rows] == ["a", "b"]
    assert not rows[0]["inside80"] and rows[0]["inside95"] and rows[0]["high80"] == pytest.approx(0.9)
    assert rows[1]["low95"] is None and rows[1]["reason"]


def test_a_table_that_was_stopped_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    design = replace(DESIGN, reports=0, treated=0.0, waves=(0,), lost=())
    question = Question(design_scenario(SCENARIO, design), design, "trap", ("sigma_me", "shift_mu"))
    u = draws_of(question, 120)
    whole = simulated(question, u, 0, Executor(Threads(2), Store(tmp_path / "a")), lambda size: None, [])
    half = Executor(Threads(1), Store(tmp_path / "b"))
    simulated(question, u[:50], 0, half, lambda size: None, [])  # killed after its first job
    again = Executor(Threads(1), Store(tmp_path / "b"))
    resumed = simulated(question, u, 0, again, lambda size: None, [])
    assert again.found == 1 and resumed.names == whole.names
    np.testing.assert_array_equal(resumed.statistics, whole.statistics)
    prior = prior_for(question.symbols, "trap", "as_planned")
    one, two = (conditioned(table, prior, whole.statistics[7]) for table in (whole, resumed))
    np.testing.assert_array_equal(one.u, two.u)
    np.testing.assert_array_equal(one.weights, two.weights)


def test_fitted_parameters_are_entries_with_a_prior() -> None:
    for symbol in symbols_for(DESIGN)[:-2]:
        assert parameters.entry(symbol).prior != "fixed"


def keys(**given):
    return own_keys("calibrate") | given


def test_keys_are_checked(tmp_path: Path) -> None:
    with pytest.raises(PovsimError, match="data=FILE"):
        calibrate_from(keys())
    with pytest.raises(PovsimError, match="YYYY-MM"):
        calibrate_from(keys(data="x.csv", starts="July"))
    with pytest.raises(PovsimError, match="pilots"):
        calibrate_from(keys(data="x.csv", pilots=5))
    with pytest.raises(PovsimError, match="without data files"):
        files_of(str(tmp_path))
    (tmp_path / "b.csv").write_text("x")
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "mapping.yaml").write_text("x")
    assert [path.name for path in files_of(str(tmp_path))] == ["a.csv", "b.csv"]


def test_too_few_villages_name_the_dropped_rows_first() -> None:
    from povsim.experiments.calibration.observed import fail_if_too_few_villages

    with pytest.raises(
        PovsimError, match=r"^5 rows were dropped as unusable \(`povsim data check p.csv` lists.* hold 1 village;"
    ):
        fail_if_too_few_villages(1, 5, "p.csv")
    with pytest.raises(PovsimError, match="^The data hold 3 villages;"):
        fail_if_too_few_villages(3)
