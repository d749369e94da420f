"""Clustered errors against two independent libraries, and against what can be worked out by hand."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from linearmodels.iv import IV2SLS

from povsim.errors import PovsimError
from povsim.measures.clustered import difference_in_means, least_squares

EXACT = {"rtol": 1e-8, "atol": 1e-12}


def _data(seed=1, clusters=17, columns=3):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(clusters), rng.integers(1, 15, clusters))
    X = np.column_stack([np.ones(g.size), rng.normal(size=(g.size, columns - 1)) + rng.normal(size=clusters)[g][:, None]])
    y = X @ rng.normal(size=columns) + rng.normal(size=clusters)[g] + rng.normal(size=g.size)
    return y, X, g, rng.uniform(0.2, 5.0, g.size)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weighted", [False, True])
def test_cr1_agrees_with_statsmodels(seed, weighted):
    y, X, g, w = _data(seed)
    w = w if weighted else np.ones(y.size)
    ours = least_squares(y, X, g, w)
    theirs = sm.WLS(y, X, weights=w).fit(cov_type="cluster", cov_kwds={"groups": g}, use_t=True)
    np.testing.assert_allclose(ours.coefficient, theirs.params, **EXACT)
    np.testing.assert_allclose(ours.covariance, theirs.cov_params(), **EXACT)
    np.testing.assert_allclose(ours.se, theirs.bse, **EXACT)
    np.testing.assert_allclose(np.column_stack([ours.low, ours.high]), theirs.conf_int(0.05), **EXACT)
    np.testing.assert_allclose(ours.p, theirs.pvalues, **EXACT)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weighted", [False, True])
def test_cr1_agrees_with_linearmodels(seed, weighted):
    y, X, g, w = _data(seed)
    w = w if weighted else np.ones(y.size)
    ours = least_squares(y, X, g, w)
    theirs = IV2SLS(y, X, None, None, weights=w).fit(cov_type="clustered", clusters=g, debiased=True)
    np.testing.assert_allclose(ours.coefficient, theirs.params, **EXACT)
    np.testing.assert_allclose(ours.covariance, theirs.cov, **EXACT)


def test_cr2_with_one_household_a_cluster_is_hc2():
    y, X, *_ = _data(5)
    ours = least_squares(y, X, np.arange(y.size), correction="CR2")
    np.testing.assert_allclose(ours.covariance, sm.OLS(y, X).fit(cov_type="HC2").cov_params(), **EXACT)


@pytest.mark.parametrize("weighted", [False, True])
def test_cr2_is_unbiased_where_errors_are_independent(weighted):
    """Its expectation, worked out as a sum over unit errors, is the true covariance; that of CR1 is not."""
    y, X, g, w = _data(6, clusters=5)
    w = w if weighted else np.ones(y.size)
    bread = np.linalg.inv(X.T @ (w[:, None] * X))
    true = bread @ (X.T @ ((w * w)[:, None] * X)) @ bread
    expected = {
        name: sum(least_squares(unit, X, g, w, correction=name).covariance for unit in np.eye(y.size))
        for name in ("CR1", "CR2")
    }
    np.testing.assert_allclose(expected["CR2"], true, rtol=1e-7, atol=1e-10)
    assert abs(expected["CR1"][1, 1] / true[1, 1] - 1) > 0.01


def test_satterthwaite_is_that_of_welch_for_two_groups_of_equal_variance():
    n1, n0 = 7, 19
    treated = np.arange(n1 + n0) < n1
    got = difference_in_means(np.sin(np.arange(n1 + n0)), treated, np.arange(n1 + n0), correction="CR2").row("treated")
    want = (1 / n0 + 1 / n1) ** 2 / (1 / (n0**2 * (n0 - 1)) + 1 / (n1**2 * (n1 - 1)))
    assert got["df"] == pytest.approx(want, rel=1e-9)


def test_satterthwaite_of_equal_clusters_treated_as_wholes_is_that_of_their_means():
    """Balanced clusters that are treated as wholes carry what their means carry: G - 2 degrees of freedom."""
    g = np.repeat(np.arange(12), 8)
    y = np.cos(np.arange(g.size) * 1.7) + np.sin(g * 2.3)
    whole = difference_in_means(y, g % 2 == 0, g, correction="CR2").row("treated")
    means = np.array([y[g == j].mean() for j in range(12)])
    by_mean = difference_in_means(means, np.arange(12) % 2 == 0, np.arange(12), correction="CR2").row("treated")
    assert whole["df"] == pytest.approx(10.0, rel=1e-9)
    for key in ("effect", "se", "df", "low", "high"):
        assert whole[key] == pytest.approx(by_mean[key], rel=1e-9)


def test_cr2_takes_a_constant_of_each_cluster():
    """Household treatment within villages, a constant for each village: blocks without full rank do no harm."""
    g = np.repeat(np.arange(10), 9)
    treated = np.tile(np.arange(9) % 3 == 0, 10)
    y = np.sin(np.arange(90) * 1.3) + g
    got = difference_in_means(y, treated, g, strata=g, correction="CR2").row("treated")
    assert 0 < got["se"] < 1 and 1 <= got["df"] <= 9.0001


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-50, 50))
def test_units_of_weights_and_outcomes_do_not_matter(seed, scale, shift):
    y, X, g, w = _data(seed)
    a, b = least_squares(y, X, g, w), least_squares(scale * y + shift * X[:, 1], X, g, 7.0 * w)
    np.testing.assert_allclose(b.coefficient[1], scale * a.coefficient[1] + shift, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(b.se, scale * a.se, rtol=1e-6)


def test_rows_without_weight_are_not_there():
    y, X, g, w = _data(3)
    w[::3] = 0.0
    a, b = least_squares(y, X, g, w), least_squares(y[w > 0], X[w > 0], g[w > 0], w[w > 0])
    np.testing.assert_array_equal(a.covariance, b.covariance)
    assert a.observations == b.observations


def test_nothing_at_all_is_exactly_nothing():
    g = np.repeat(np.arange(6), 4)
    got = difference_in_means(np.zeros(24), g < 3, g).row("treated")
    assert (got["effect"], got["se"], got["low"], got["high"], got["p"]) == (0.0, 0.0, 0.0, 0.0, 1.0)


def test_what_cannot_be_estimated_is_refused():
    y, X, g, _ = _data(2)
    with pytest.raises(PovsimError, match="2 clusters"):
        least_squares(y, X, np.zeros(y.size))
    with pytest.raises(PovsimError, match="made up by the others"):
        least_squares(y, np.column_stack([X, X[:, 1] + X[:, 0]]), g)
    with pytest.raises(PovsimError, match="made up by the others"):
        difference_in_means(y, np.ones(y.size, bool), g)
    with pytest.raises(PovsimError, match="not finite"):
        least_squares(np.where(np.arange(y.size) == 0, np.nan, y), X, g)
    with pytest.raises(PovsimError, match="CR1, CR2"):
        least_squares(y, X, g, correction="HC3")
    with pytest.raises(PovsimError, match="one row an observation"):
        least_squares(y[1:], X, g)
