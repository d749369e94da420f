"""Closed forms of power against the textbook, an independent computation, and simulated trials."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.power_trials import share_found, village_means
from povsim.measures import power as pw

CASE = {"households": 30, "icc": 0.03, "alpha": 0.05, "power": 0.80}


@pytest.mark.parametrize(("effect", "villages"), [(0.03, 272), (0.05, 98), (-0.03, 272)])
def test_the_textbook_figures(effect: float, villages: int) -> None:
    assert pw.villages_per_arm(effect, 0.25, **CASE) == villages


def test_one_household_a_village_is_individual_randomisation() -> None:
    """n = 2 (z + z)^2 p(1 - p)/d^2: 99 an arm for 20 points at p = .5 with z (Fleiss without correction: 98.1)."""
    assert pw.villages_per_arm(0.2, 0.25, 1, 0.9, 0.05, 0.8) == 99


@given(
    st.floats(0.005, 0.3),
    st.floats(0.02, 0.98),
    st.integers(1, 100),
    st.floats(0, 0.5),
    st.floats(0.01, 0.1),
    st.floats(0.5, 0.95),
)
@settings(max_examples=100, deadline=None)
def test_the_number_is_the_least_that_reaches_the_power(
    effect: float, p: float, m: int, icc: float, alpha: float, power: float
) -> None:
    n = pw.villages_per_arm(effect, p * (1 - p), m, icc, alpha, power)
    se = [np.sqrt(pw.variance_per_village(p * (1 - p), m, icc) / k) for k in (n, max(1, n - 1))]
    assert pw.power_of(effect, se[0], alpha) >= power - 1e-9
    assert n == 2 or pw.smallest_effect(se[1], alpha, power) > effect * (1 - 1e-9)
    assert pw.smallest_effect(se[0], alpha, power) <= effect * (1 + 1e-9)


def by_hand(x: np.ndarray, households: int, variance: float, icc: float, cac: float = 1.0) -> float:
    """Variance of the treatment coefficient by generalised least squares over every household, its covariance written out."""
    villages, periods = x.shape
    size = villages * periods * households
    at = np.indices((villages, periods, households)).reshape(3, size)
    same_village = at[0][:, None] == at[0]
    same_period = same_village & (at[1][:, None] == at[1])
    covariance = icc * variance * (cac * same_village + (1 - cac) * same_period) + (1 - icc) * variance * np.eye(size)
    design = np.column_stack([x[at[0], at[1]], *(at[1] == t for t in range(periods))]).astype(float)
    return float(np.linalg.inv(design.T @ np.linalg.solve(covariance, design))[0, 0])


@pytest.mark.parametrize("cac", [1.0, 0.8, 0.0])
@pytest.mark.parametrize(("steps", "villages", "households", "icc"), [(2, 4, 5, 0.03), (3, 6, 7, 0.2), (4, 4, 3, 0.001)])
def test_hussey_and_hughes_is_generalised_least_squares(
    steps: int, villages: int, households: int, icc: float, cac: float
) -> None:
    wedge = pw.stepped(steps, villages)
    expected = by_hand(wedge.rows, households, 0.24, icc, cac)
    assert pw.wedge_variance(wedge, households, 0.24, icc, cac) == pytest.approx(expected, rel=1e-9, abs=1e-6 * expected)


def test_a_stepped_wedge_has_the_least_whole_number_of_villages_a_step() -> None:
    n = pw.wedge_villages(4, 0.03, 0.25, 30, 0.03, 0.05, 0.8)
    se = [np.sqrt(pw.wedge_variance(pw.stepped(4, k), 30, 0.25, 0.03)) for k in (n, n - 4)]
    assert n % 4 == 0 and pw.power_of(0.03, se[0], 0.05) >= 0.8 > pw.power_of(0.03, se[1], 0.05)


@given(st.floats(0.05, 6), st.floats(0.01, 0.2))
@settings(max_examples=30, deadline=None)
def test_errors_of_sign_and_size_are_those_of_the_integral(size: float, alpha: float) -> None:
    z = stats.norm.ppf(1 - alpha / 2)
    density = stats.norm(size).pdf
    power = stats.norm(size).sf(z) + stats.norm(size).cdf(-z)
    wrong = stats.norm(size).cdf(-z) / power
    mean = sum(integrate.quad(lambda d: abs(d) * density(d), *ends)[0] for ends in ((z, z + size + 12), (-z - 12, -z))) / power
    found = pw.sign_and_size_errors(0.1 * size, 0.1, alpha)
    assert found == (pytest.approx(wrong, rel=1e-6, abs=1e-12), pytest.approx(mean / size, rel=1e-6))


def test_gelman_and_carlin_s_example() -> None:
    """Effect 0.1 (Beauty, 2 points with standard error 3.28 becomes .1/3.28): power .05, wrong sign .46, 77 times too large."""
    assert pw.power_of(0.1, 3.28, 0.05) == pytest.approx(0.0501, abs=1e-3)
    wrong, exaggeration = pw.sign_and_size_errors(0.1, 3.28, 0.05)
    assert wrong == pytest.approx(0.46, abs=0.01) and exaggeration == pytest.approx(77, abs=1)


def test_an_effect_of_nothing_is_refused() -> None:
    with pytest.raises(PovsimError, match="sees an effect of 0"):
        pw.villages_per_arm(0.0, 0.25, **CASE)
    with pytest.raises(PovsimError, match="more than exist"):
        pw.villages_per_arm(1e-9, 0.25, **CASE)


def test_households_of_a_village_are_as_alike_as_asked() -> None:
    y = village_means(DrawKey(5, 0), 0, 0, 20_000, 30, 0.5, 0.03)
    assert y.mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.25 * 1.87 / 30 / 20_000))
    assert y.var() == pytest.approx(0.25 * 1.87 / 30, rel=0.03)
    alone = village_means(DrawKey(5, 0), 0, 0, 20_000, 30, 0.2, 0.0)
    assert alone.var() == pytest.approx(0.16 / 30, rel=0.05)
    alike = village_means(DrawKey(5, 0), 0, 0, 2000, 30, 0.2, 1.0)
    assert set(np.unique(alike)) == {0.0, 1.0} and alike.mean() == pytest.approx(0.2, abs=0.04)


@pytest.mark.parametrize(("effect", "villages"), [(0.03, 272), (0.05, 98)])
def test_simulated_power_at_the_textbook_sizes(effect: float, villages: int) -> None:
    found = share_found(20250401, 1200, villages, 30, 0.5, effect, 0.03, 0.05)
    assert found["power"] == pytest.approx(0.80, abs=0.025)


def test_without_an_effect_the_test_holds_its_level() -> None:
    assert share_found(7, 1000, 20, 30, 0.5, 0.0, 0.03, 0.05)["power"] == pytest.approx(0.05, abs=0.02)
