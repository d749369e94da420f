"""Screening, Sobol's indices, the box of scenario discovery and the value of information, on functions with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.experiments import discovery
from povsim.experiments.sensitivity_indices import Index, morris, morris_design, ranked, sobol, sobol_design
from povsim.experiments.value_of_information import value_of_information

KEY = DrawKey(20250401, 900_000)
NAMES = ["a", "b", "c"]


def ishigami(points: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * points - 1)
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def test_indices_of_ishigami_are_within_two_hundredths() -> None:
    """T. Ishigami, T. Homma 1990 with a = 7, b = .1: first order .3139, .4424, 0; total .5576, .4424, .2437."""
    found = sobol(NAMES, ishigami(sobol_design(NAMES, 4096, KEY)), 100, KEY)
    first, total = ({i.symbol: i.value for i in part} for part in (found.first, found.total))
    assert first == pytest.approx({"a": 0.3139, "b": 0.4424, "c": 0.0}, abs=0.02)
    assert total == pytest.approx({"a": 0.5576, "b": 0.4424, "c": 0.2437}, abs=0.02)
    assert [i.symbol for i in found.total] == ["a", "b", "c"]
    assert [i.rank for i in found.total] == [1, 2, 3]


def test_rows_with_a_failed_point_are_left_out_whole() -> None:
    y = ishigami(sobol_design(NAMES, 512, KEY))
    y[7] = np.nan
    found = sobol(NAMES, y, 50, KEY)
    assert found.base == 511
    again = sobol(NAMES, np.delete(y, range(5, 10)), 50, KEY)
    assert found == again


def test_what_does_not_vary_has_no_indices() -> None:
    points = sobol_design(NAMES, 16, KEY)
    with pytest.raises(ValueError, match="the same at every point"):
        sobol(NAMES, np.full(len(points), 0.3), 50, KEY)


def test_screening_of_a_linear_function_is_its_slopes() -> None:
    points = morris_design(NAMES, 5, KEY)
    assert points.shape == (5 * 4, 3)
    found = morris(NAMES, points, points @ np.array([3.0, -2.0, 0.0]), 50, KEY)
    assert {i.symbol: round(i.value, 9) for i in found.mu_star} == {"a": 3.0, "b": 2.0, "c": 0.0}
    assert found.mu["b"] == pytest.approx(-2.0)
    assert max(found.sigma.values()) < 1e-9
    assert [i.rank for i in found.mu_star] == [1, 2, 3]


def test_screening_leaves_out_broken_trajectories_and_needs_two() -> None:
    points = morris_design(NAMES, 4, KEY)
    values = points @ np.array([3.0, -2.0, 0.0])
    values[[0, 5]] = np.nan
    assert morris(NAMES, points, values, 50, KEY).trajectories == 2
    values[9] = np.nan
    with pytest.raises(ValueError, match="two are needed"):
        morris(NAMES, points, values, 50, KEY)


def test_designs_follow_from_the_seed() -> None:
    other = DrawKey(1, 900_000)
    for design in (lambda key: morris_design(NAMES, 3, key), lambda key: sobol_design(NAMES, 16, key)):
        assert np.array_equal(design(KEY), design(KEY))
        assert not np.array_equal(design(KEY), design(other))


def test_no_rank_where_intervals_overlap() -> None:
    found = ranked([Index("a", 1.0, 0.8, 1.2), Index("b", 3.0, 2.0, 4.0), Index("c", 2.5, 1.1, 3.9), Index("d", 0.1, 0.0, 0.2)])
    assert [(i.symbol, i.rank) for i in found] == [("b", 1), ("c", 1), ("a", 2), ("d", 4)]
    assert found[1].tied == ("a", "b")


def gaussian(count: int) -> np.ndarray:
    u = uniforms(DrawKey(3, 1), Stream.DESIGN, np.arange(count, dtype=np.uint64), 0)
    return np.asarray(inverse_normal(u[:, :3].ravel())).reshape(count, 3)


@pytest.mark.parametrize("mean", [0.5, -0.5])
def test_value_of_information_of_a_linear_gaussian_gain(mean: float) -> None:
    """Gain m + 2 a + b: EVPPI of a set whose part has spread s is s phi(m/s) + m Phi(m/s) - max(0, m)."""

    def known(s: float) -> float:
        return float(mean * norm.cdf(mean / s) + s * norm.pdf(mean / s) - max(0.0, mean))

    x = gaussian(2000)
    gain = mean + 2 * x[:, 0] + x[:, 1]
    found = value_of_information([["a"], ["b"], ["c"], NAMES], NAMES, x, gain, np.arange(2000), 20, KEY)
    for one, true in zip(found, [known(2), known(1), 0.0, known(5**0.5)], strict=True):
        assert one.value == pytest.approx(true, abs=0.05)
        assert one.low <= one.value + 1e-9
    assert found[2].value < 0.01


def test_a_parameter_that_does_nothing_is_worth_nothing_on_the_points_that_are_used() -> None:
    """First and last points of the rows of a small design of Sobol: gain of one of six parameters, mean 0."""
    names = [f"p{k}" for k in range(6)]
    worth = []
    for seed in range(8):
        design = sobol_design(names, 32, DrawKey(seed, 0)).reshape(32, 8, 6)
        points = np.concatenate([design[:, 0], design[:, 7]])
        gain = points[:, 0] - 0.5
        found = value_of_information([["p0"], ["p5"]], names, points, gain, np.tile(np.arange(32), 2), 20, DrawKey(seed, 0))
        worth.append([one.value for one in found])
    assert np.mean(worth, axis=0)[0] == pytest.approx(0.125, abs=0.03)
    assert np.mean(worth, axis=0)[1] < 0.01


def test_the_interval_is_about_the_value_that_it_stands_beside() -> None:
    """Few points, six parameters at once, mostly noise: resampled rows fit themselves, which must not lift the interval off."""
    names = [f"p{k}" for k in range(6)]
    inside = 0
    for seed in range(12):
        design = sobol_design(names, 32, DrawKey(seed, 0)).reshape(32, 8, 6)
        points = np.concatenate([design[:, 0], design[:, 7]])
        gain = 0.3 + 0.3 * points[:, 0] + np.random.default_rng(seed).normal(size=64)
        (one,) = value_of_information([names], names, points, gain, np.tile(np.arange(32), 2), 40, DrawKey(seed, 0))
        inside += one.low <= one.value <= one.high
    assert inside >= 11


def test_no_value_where_the_choice_never_changes() -> None:
    x = gaussian(200)
    found = value_of_information([["a"], ["b"]], NAMES, x, 50 + x[:, 0], np.arange(200), 20, KEY)
    assert [(one.value, one.high) for one in found] == [(0.0, 0.0)] * 2
    with pytest.raises(ValueError, match="too few"):
        value_of_information([["a"]], NAMES, x[:20], x[:20, 0], np.arange(20), 20, KEY)


def test_a_box_is_found_where_there_is_one() -> None:
    x = sobol_design(["a", "b", "c", "d"], 128, KEY)
    gain = np.where((x[:, 0] > 0.6) & (x[:, 1] < 0.5), 1.0, -1.0)
    found = discovery.box_of(["a", "b", "c", "d"], x, gain)
    limits = {row["symbol"]: row for row in found["box"]["limits"]}
    assert set(limits) == {"a", "b"}
    assert limits["a"]["low"] == pytest.approx(0.6, abs=0.06)
    assert limits["b"]["high"] == pytest.approx(0.5, abs=0.06)
    assert found["box"]["density"] > 0.9
    assert found["box"]["coverage"] > 0.9
    assert limits["a"]["quasi_p"] < 0.01
    assert limits["a"]["high"] is None


def test_no_box_where_nothing_wins_and_none_of_more_than_three_parameters() -> None:
    x = sobol_design(["a", "b", "c", "d", "e"], 64, KEY)
    names = ["a", "b", "c", "d", "e"]
    assert "are needed" in discovery.box_of(names, x, np.full(len(x), -1.0))["reason"]
    gain = np.where((x > 0.2).all(axis=1), 1.0, -1.0)
    assert len(discovery.box_of(names, x, gain)["box"]["limits"]) <= 3


def test_without_the_workbench_the_box_is_null_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ema_workbench.analysis", None)
    x = sobol_design(NAMES, 16, KEY)
    found = discovery.box_of(NAMES, x, x[:, 0] - 0.5)
    assert (found["box"], found["reason"]) == (None, discovery.NOT_INSTALLED)
