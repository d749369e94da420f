"""The engine of calibration against posteriors that are known, and its promise of the same bits however it is run."""

from __future__ import annotations

from functools import partial
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from povsim.draws import DrawKey, Stream, normals
from povsim.experiments.calibration import Prior, Problem, Settings, Simulator, fit, identify, with_prior_where_not_identified
from povsim.experiments.calibration.abc import prior_table
from povsim.experiments.calibration.history import Region, fill, sequence
from povsim.experiments.calibration.keyed import systematic
from povsim.experiments.calibration.posterior import effective_size
from povsim.experiments.calibration.proposals import Kernel
from povsim.experiments.executor import Executor, Threads
from povsim.experiments.store import Store

KEY = DrawKey(11, 0)


def flat(low, high):
    return partial(_flat, low=low, high=high)


def _flat(u, low, high):
    return low + u * (high - low)


def chance(lot, n=4):
    return normals(KEY, Stream.ASSUMPTIONS, np.array([lot], np.uint64))[0, :n].tolist()


def normal_mean(sd, values, lot, *, pool, threads):
    """One observation of a normal mean."""
    return {"y": values["a"] + sd * chance(lot)[0]}


def banana(values, lot, *, pool, threads):
    e = chance(lot)
    return {"y": values["a"] + values["b"] ** 2 + 0.1 * e[0], "z": values["b"] + 0.5 * e[1]}


def nothing(values, lot, *, pool, threads):
    return {"y": chance(lot)[0]}


def normal_prior(u):
    return NormalDist().inv_cdf(u)


def problem(work, args, names, targets, symbols=("a",), quantiles=(normal_prior,), errors=None):
    return Problem(Prior(symbols, quantiles), Simulator(work, args, names), targets, errors or {}, KEY)


def executor(threads=1, store=None):
    return Executor(Threads(threads), store)


SMALL = Settings(design=80, waves=0, first=300, generations=3, proposals=150, keep=150)


@pytest.mark.parametrize("waves", [0, 1])
@pytest.mark.parametrize("sd", [0.5, 1.0])
def test_the_posterior_of_a_normal_mean_is_found(sd, waves):
    settings = Settings(design=80, waves=waves, first=400, generations=3, proposals=150, keep=200)
    found = fit(problem(normal_mean, (sd,), ("y",), {"y": 1.0}), executor(), settings)
    exact_var = sd**2 / (1 + sd**2)
    n = found.course.effective
    assert found.mean()[0] == pytest.approx(1 / (1 + sd**2), abs=4 * np.sqrt(exact_var / n))
    assert np.sqrt(found.variance()[0]) == pytest.approx(np.sqrt(exact_var), rel=4 / np.sqrt(2 * n))


def test_an_error_of_the_target_widens_the_posterior_as_noise_of_the_data_does():
    found = fit(problem(normal_mean, (0.3,), ("y",), {"y": 1.0}, errors={"y": 0.4}), executor(), SMALL)
    n, exact = found.course.effective, 0.25 / 1.25
    assert found.variance()[0] == pytest.approx(exact, rel=5 * np.sqrt(2 / n))
    assert found.mean()[0] == pytest.approx(0.8, abs=4 * np.sqrt(exact / n))


def test_data_that_say_nothing_leave_a_flat_prior_as_it_is():
    found = fit(problem(nothing, (), ("y",), {"y": 0.3}, quantiles=(flat(0, 1),)), executor(), SMALL)
    order = np.sort(found.resampled(100, KEY).values[:, 0])
    assert np.abs(order - (np.arange(100) + 0.5) / 100).max() < 0.17  # Kolmogorov-Smirnov, far beyond 1 %
    assert not identify(found)[0].identified


def test_what_such_data_do_not_tell_is_not_identified_however_narrow():
    found = fit(problem(normal_mean, (0.5,), ("y",), {"y": 1.0}), executor(), SMALL)
    assert identify(found)[0].identified
    for least, told in ((0.51, True), (0.49, False), (np.nan, False)):
        assert identify(found, np.array([least]))[0].identified == told


@pytest.mark.parametrize("waves", [0, 1])
def test_first_simulations_that_are_lived_already_change_nothing(waves):
    settings = Settings(design=80, waves=waves, first=200, generations=1, proposals=50, keep=100)
    asked = problem(normal_mean, (0.5,), ("y",), {"y": 1.0})
    lived = prior_table(asked, executor(), settings)
    assert len(lived.u) == (80 if waves else 200)
    assert same(fit(asked, executor(), settings), fit(asked, executor(), settings, prior_simulations=lived))


def test_a_bent_ridge_is_followed():
    p = problem(banana, (), ("y", "z"), {"y": 1.0, "z": 0.0}, ("a", "b"), (flat(-3, 3), flat(-2, 2)))
    found = fit(p, executor(), Settings(waves=0, first=600, generations=5, proposals=200, keep=200, adjust=False))
    a, b = found.values.T
    ridge = 1 - b**2
    assert np.sqrt(found.weights @ (a - ridge) ** 2) < 0.45
    assert found.weights @ b == pytest.approx(0, abs=0.2)
    assert found.weights @ ((a - found.mean()[0]) * (b**2 - found.weights @ b**2)) < -0.05  # the bend, not only the middle


def test_more_precise_data_narrow_more():
    contraction = [
        identify(fit(problem(normal_mean, (sd,), ("y",), {"y": 0.5}), executor(), SMALL))[0].contraction for sd in (2, 1, 0.4)
    ]
    assert contraction == sorted(contraction) and contraction[0] < 0.45 and contraction[-1] > 0.7


def many(values, lot, *, pool, threads):
    """Four statistics of twenty parameters, three of which they hang on."""
    x, e = list(values.values()), chance(lot)
    signal = (x[0], x[1], x[0] - x[1] + x[2], 0.5 * x[2])
    return {f"s{k}": s + 0.3 * e[k] for k, s in enumerate(signal)}


def test_in_many_dimensions_weights_stay_of_use_and_nothing_is_identified_by_accident():
    names, symbols = ("s0", "s1", "s2", "s3"), tuple(f"p{j}" for j in range(20))
    p = problem(many, (), names, dict(zip(names, (1.0, -0.5, 1.5, 0.3), strict=True)), symbols, (normal_prior,) * 20)
    found = fit(p, executor(), Settings(waves=0, first=500, generations=2, proposals=150, keep=400))
    assert found.course.effective > 150
    rows = identify(found)
    assert all(row.identified for row in rows[:2]) and all(row.contraction > 0.8 for row in rows[:2])
    others = np.array([row.contraction for row in rows[3:]])
    assert abs(others.mean()) < 0.1 and others.max() < 4 * rows[3].contraction_se
    assert found.mean()[:2] == pytest.approx([1.0, -0.5], abs=0.25)


def same(one, two):
    return all(
        np.array_equal(a, b) for a, b in [(one.u, two.u), (one.weights, two.weights), (one.statistics, two.statistics)]
    ) and (one.course == two.course)


class Killed(Exception):
    pass


def test_a_calibration_that_was_killed_ends_in_the_same_posterior_to_the_bit(tmp_path):
    p = problem(banana, (), ("y", "z"), {"y": 1.0, "z": 0.0}, ("a", "b"), (flat(-3, 3), flat(-2, 2)))
    settings = Settings(design=60, waves=1, first=60, generations=3, proposals=40, keep=40)
    whole = fit(p, executor(), settings)
    store, count = Store(tmp_path / "store"), 0

    def stop(_size):
        nonlocal count
        count += 1
        if count == 117:  # in the middle of a generation
            raise Killed

    with pytest.raises(Killed):
        fit(p, executor(store=store), settings, stop)
    again = executor(store=store)
    assert same(fit(p, again, settings), whole)
    assert again.found >= 116
    assert same(fit(p, executor(threads=2), settings), whole)


def test_history_matching_rules_out_what_is_far_and_keeps_what_is_near():
    p = problem(normal_mean, (0.1,), ("y",), {"y": 0.8}, quantiles=(flat(-5, 5),))
    found = fit(p, executor(), Settings(design=60, waves=1, first=60, generations=0, keep=60, adjust=False))
    assert 0.01 < found.course.left[0] < 0.4
    assert found.u.min() > 0.3 and np.abs(found.values - 0.8).min() < 0.1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda w: sum(w) > 0), st.floats(0.01, 0.99))
def test_a_systematic_draw_takes_each_row_about_as_often_as_its_weight_says(weights, start):
    w, n = np.array(weights), 50
    counts = np.bincount(systematic(w, n, start), minlength=len(w))
    assert counts.sum() == n
    assert (np.abs(counts - n * w / w.sum()) < 1 + 1e-6).all()
    assert counts[w == 0].sum() == 0


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40))
def test_effective_size_is_between_one_and_the_number(weights):
    assert 1 - 1e-9 <= effective_size(np.array(weights)) <= len(weights) + 1e-9


@given(st.integers(0, 2**31), st.integers(2, 6))
def test_what_a_kernel_says_of_its_density_is_a_density(seed, n):
    z = normals(DrawKey(seed, 0), Stream.ASSUMPTIONS, np.arange(n, dtype=np.uint64))[:, :1]
    grid = np.linspace(-40, 40, 16_001)
    density = np.exp(Kernel.of(z, np.ones(n), np.eye(1)).log_density(grid[:, None])) / np.sqrt(2 * np.pi)
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=2e-3)


def test_a_design_is_spread_evenly_and_hangs_on_its_key():
    points = sequence(KEY, 3, 0, 256)
    assert (np.abs(np.sort(points, axis=0) - (np.arange(256)[:, None] + 0.5) / 256) < 2 / 256).all()
    assert not np.allclose(points, sequence(DrawKey(12, 0), 3, 0, 256))
    assert np.array_equal(fill(Region(), KEY, 3, 100, 10).points, points[10:110])


def test_what_is_not_identified_is_drawn_from_its_prior_again():
    p = problem(normal_mean, (0.2,), ("y",), {"y": 1.0}, ("a", "b"), (normal_prior, flat(0, 1)))
    found = fit(p, executor(), SMALL).resampled(200, KEY)
    rows = identify(found)
    assert [row.identified for row in rows] == [True, False]
    fresh = with_prior_where_not_identified(found, rows, KEY)
    assert np.array_equal(fresh.u[:, 0], found.u[:, 0])
    assert not np.array_equal(fresh.u[:, 1], found.u[:, 1])
    assert np.abs(np.corrcoef(fresh.u.T)[0, 1]) < 0.25
