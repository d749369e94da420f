"""The check of calibration: it passes what is right, and finds what is too sure, too timid or beside the truth."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from povsim.draws import DrawKey, Stream, normals, uniforms
from povsim.experiments.calibration import Prior, Problem, Settings, Simulator
from povsim.experiments.calibration.abc import Simulations
from povsim.experiments.calibration.adjust import leverage
from povsim.experiments.calibration.problem import simulated
from povsim.experiments.calibration.sbc import (
    Repetitions,
    across,
    left_out,
    pooled_coverage,
    recovered,
    repetitions,
    share_below,
    table_of,
)
from povsim.experiments.calibration.uniformity import band, holds, outside
from povsim.experiments.executor import Executor, Threads

KEY = DrawKey(5, 0)


def some_uniforms(number, n):
    return uniforms(DrawKey(77, number), Stream.ASSUMPTIONS, np.arange(n, dtype=np.uint64))[:, 0]


def test_the_band_holds_as_often_as_it_says():
    low, high, at = band(300)
    inside = np.mean([outside(some_uniforms(k, 300), low, high, at) == 0 for k in range(500)])
    assert holds(300) == pytest.approx(0.95, abs=0.006) and holds(300) >= 0.95
    assert inside == pytest.approx(holds(300), abs=4 * np.sqrt(0.95 * 0.05 / 500))


def test_the_band_is_known_for_a_single_point():
    low, high, at = band(20, 0.95, 2)
    assert at.tolist() == [0.5]
    assert (low[0], high[0]) == tuple(norm_interval(20))


def norm_interval(n):
    from scipy.stats import binom

    return [int(binom.ppf(0.025, n, 0.5)), int(binom.ppf(0.975, n, 0.5))]


def test_ranks_that_bend_leave_the_band():
    low, high, at = band(300)
    u = some_uniforms(0, 300)
    too_sure = norm.cdf(1.4 * norm.ppf(u))
    too_timid = norm.cdf(0.7 * norm.ppf(u))
    beside = norm.cdf(norm.ppf(u) + 0.35)
    assert outside(u, low, high, at) == 0
    assert min(outside(x, low, high, at) for x in (too_sure, too_timid, beside)) > 0.01


def test_a_truth_among_its_draws_has_uniform_ranks():
    z = normals(DrawKey(3, 0), Stream.ASSUMPTIONS, np.arange(1600, dtype=np.uint64)).reshape(-1).reshape(400, 16)
    ties = some_uniforms(9, 400)
    weights = np.full(15, 1 / 15)
    pit = np.array(
        [share_below(weights, row[1:, None] < row[0], row[1:, None] == row[0], ties[r : r + 1])[0] for r, row in enumerate(z)]
    )
    assert outside(pit, *band(400)) == 0


def simulate(sd, shift, values, lot, *, pool, threads):
    """Two means seen with error, and a number that nothing shows."""
    e = normals(DrawKey(1, 0), Stream.ASSUMPTIONS, np.array([lot], np.uint64))[0]
    return {"x": values["a"] + sd * e[0] + shift, "y": 0.5 * values["a"] + values["b"] + sd * e[1], "w": float(e[2])}


def scaled(u, sd):
    return sd * NormalDist().inv_cdf(u)


PRIOR = Prior(("a", "b", "c"), (partial(scaled, sd=1.0), partial(scaled, sd=2.0), partial(scaled, sd=1.0)))
SETTINGS = Settings(waves=0, first=2000, generations=0, keep=500)


@pytest.fixture(scope="module")
def found():
    sim = Simulator(simulate, (0.6, 0.0), ("x", "y", "w"))
    return repetitions(sim, PRIOR, 400, SETTINGS, KEY, Executor(Threads(1)))


def test_the_engine_is_calibrated_where_the_posterior_is_known(found):
    rows = table_of(found)
    assert [row["identified"] for row in rows] == [True, True, False]
    low, high, at = band(400, 0.99)  # three parameters are looked at: each leaves its band of 95 % in one check of twenty
    assert max(outside(found.pit[:, j], low, high, at) for j in range(3)) == 0
    assert [row["correlation"] >= 0.5 for row in rows] == [True, True, False]
    assert all(0.83 <= row["coverage"] <= 0.96 for row in rows)
    covered, error = pooled_coverage(found)
    assert abs(covered - 0.9) <= 2 * error + 0.01
    exact = 1 / (1 + 1 / 0.36 + 1 / (2.0**2 / 0.25 + 0.36 / 0.25))  # y tells of a what b leaves
    assert rows[0]["contraction"] == pytest.approx(1 - exact, abs=0.05)


def left_out_table(n):
    """A problem whose targets are far from everything, and n simulations of it; the third lacks a statistic."""
    problem = Problem(PRIOR, Simulator(simulate, (0.0, 0.0), ("x", "y", "w")), {"x": 99.0, "y": 99.0, "w": 99.0}, ERRORS, KEY)
    u, lots = PRIOR.draws(KEY, n), np.arange(n)
    statistics = simulated(problem, u, lots, Executor(Threads(1)), lambda size: None, [])
    statistics[2, 1] = np.nan
    return problem, Simulations(u, statistics, lots)


ERRORS = {"x": 0.6, "y": 0.6}


class Nothing(Threads):
    """No simulation is asked for."""

    def run(self, jobs):
        assert not jobs
        return iter(())


def test_simulations_of_one_table_check_each_other_without_another_one():
    problem, lived = left_out_table(300)
    left = left_out(problem, lived, Settings(keep=180), Executor(Nothing(1)))
    rows = table_of(left, 1 - 0.05 / 3)
    assert len(left.pit) == 299 and left.lost == ["data set 2: a statistic cannot be had"]
    assert [row["identified"] for row in rows] == [True, True, False] and all(row["holds"] for row in rows)
    assert (recovered(left) >= 0.5).tolist() == [True, True, False]
    covered, error = pooled_coverage(left)
    assert abs(covered - 0.9) <= 2 * error + 0.01
    exact = 1 / (1 + 1 / 0.36 + 1 / (2.0**2 / 0.25 + 0.36 / 0.25))  # the errors are those of the targets, on data and table
    assert rows[0]["contraction"] == pytest.approx(1 - exact, abs=0.05)


def test_fewer_than_twenty_data_sets_tell_nothing_of_any_parameter():
    problem, lived = left_out_table(18)
    assert np.isnan(recovered(left_out(problem, lived, Settings(keep=12), Executor(Nothing(1))))).all()


def test_leverage_is_that_of_a_regression():
    """Against the textbook: e' (X'X)^-1 e of ordinary least squares with an intercept, e the row (1, 0, ..., 0)."""
    x = normals(DrawKey(2, 0), Stream.ASSUMPTIONS, np.arange(60, dtype=np.uint64))[:, :3] + [0.5, -1.0, 2.0]
    full = np.column_stack([np.ones(60), x])
    assert leverage(x, np.ones(60)) == pytest.approx(np.linalg.inv(full.T @ full)[0, 0], rel=0.01)


def test_a_simulation_never_fits_itself():
    """Where a simulation were among those that fit it, two alike would be told from all others."""
    problem, lived = left_out_table(60)
    alone = left_out(problem, lived, Settings(keep=36), Executor(Nothing(1)))
    twice = Simulations(
        np.concatenate([lived.u, lived.u[:1]]),
        np.concatenate([lived.statistics, lived.statistics[:1]]),
        np.concatenate([lived.lots, lived.lots[:1]]),
    )
    with_twin = left_out(problem, twice, Settings(keep=36), Executor(Nothing(1)))
    assert np.array_equal(with_twin.truth[0], alone.truth[0])
    assert (np.abs(with_twin.mean[0] - alone.mean[0]) > 0).any()  # its twin is another simulation, and counts


def test_errors_of_coverage_are_clustered_by_data_set():
    covered = np.repeat(np.array([[True], [False], [True], [True]]), 5, axis=1)
    shape = covered.shape
    found = Repetitions(
        tuple("abcde"), np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape),
        np.where(covered, -1.0, 1.0), np.full(shape, 2.0), [],
    )  # fmt: skip
    share, error = pooled_coverage(found)
    assert share == 0.75 and error == pytest.approx(0.25)  # four data sets that agree in all, not twenty intervals


def test_a_fit_in_the_wrong_world_shows():
    worlds = [
        (name, Simulator(simulate, (0.4, s), ("x", "y", "w"), name), PRIOR) for name, s in (("plain", 0.0), ("moved", 1.5))
    ]
    settings = Settings(waves=0, first=600, generations=0, keep=150)
    rows = {
        (r["truth_in"], r["fitted_in"]): r
        for r in across(worlds, 40, settings, KEY, Executor(Threads(1)))
        if r["symbol"] == "a"
    }
    assert rows["plain", "plain"]["coverage"] > 0.75 and rows["plain", "moved"]["coverage"] < 0.6
    assert rows["plain", "moved"]["mean_error"] < -0.5 < rows["plain", "plain"]["mean_error"]


def test_too_few_repetitions_say_nothing():
    few = Repetitions(("a",), *(np.zeros((5, 1)) for _ in range(6)), [])
    assert table_of(few)[0]["inside"] is None and "5 could be fitted" in table_of(few)[0]["reason"]


def test_the_committed_check_keeps_what_it_promises() -> None:
    folder = Path(__file__).parents[2] / "experiments" / "calibration_check"
    rows, pooled = (pl.read_csv(folder / f"{name}.csv") for name in ("parameters", "pooled"))
    sbc, small = (rows.filter(pl.col("check") == name) for name in ("sbc", "small_pilots"))
    assert (sbc["pilots"] == 300).all() and (small["pilots"] == 200).all() and rows["inside"].all()
    known = rows.filter(pl.col("identified"))
    assert known.height >= 24 and (known["contraction"] >= 0.2).all() and (known["correlation"] >= 0.5).all()
    assert small["coverage90"].is_between(0.83, 0.96).all()
    own = pooled.filter(pl.col("truth_in") == pl.col("fitted_in"))
    assert own.height == 4 and ((own["coverage90"] - 0.9).abs() <= 2 * own["clustered_se"]).all()
