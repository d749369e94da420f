"""Estimators of many pilots at once: against regressions one by one, and against what is known to be there."""

from __future__ import annotations

import numpy as np
import pytest
from linearmodels.iv import IV2SLS

from povsim.errors import PovsimError
from povsim.measures.clustered import difference_in_means, least_squares
from povsim.measures.instrument import wald
from povsim.measures.pilot_estimates import event_study, intra_cluster_correlation, two_arms, two_way


def test_two_arms_are_the_clustered_regression() -> None:
    rng = np.random.default_rng(1)
    y, n = rng.normal(size=(3, 14)), rng.integers(1, 9, size=(3, 14)).astype(float)
    treated = np.arange(14) % 2 == 0
    found = two_arms(y, n, treated)
    for k in range(3):
        one = difference_in_means(y[k], treated, np.arange(14), n[k]).row("treated")
        assert (found.effect[k], found.se[k], found.df[k]) == (
            pytest.approx(one["effect"], rel=1e-10), pytest.approx(one["se"], rel=1e-10), one["df"],
        )  # fmt: skip
        assert found.inside(one["low"] + 1e-9)[k] and not found.inside(one["low"] - 1e-9)[k]
        assert found.found(0.05)[k] == (one["p"] < 0.05)


def test_households_are_what_their_village_means_say() -> None:
    """With as many households in each village, means of villages and households with clustered errors give the same effect and
    the same scores: errors differ by the count of rows in the small-sample factor alone."""
    rng = np.random.default_rng(2)
    y = rng.normal(size=(12, 5)) + rng.normal(size=(12, 1))
    treated = np.arange(12) < 6
    means = two_arms(y.mean(axis=1)[None], np.full((1, 12), 5.0), treated)
    rows = difference_in_means(y.ravel(), np.repeat(treated, 5), np.repeat(np.arange(12), 5)).row("treated")
    assert means.effect[0] == pytest.approx(rows["effect"], rel=1e-12)
    assert means.se[0] / rows["se"] == pytest.approx(np.sqrt((11 / 10) / (59 / 58)), rel=1e-10)


def test_a_village_without_households_does_not_count() -> None:
    rng = np.random.default_rng(3)
    y, n, treated = rng.normal(size=(1, 9)), np.ones((1, 9)), np.arange(9) % 2 == 0
    n[0, 4] = 0
    y[0, 4] = np.nan
    kept = np.arange(9) != 4
    without = two_arms(y[:, kept], n[:, kept], treated[kept])
    found = two_arms(y, n, treated)
    assert (found.effect, found.se, found.df) == (without.effect, without.se, without.df)


def test_the_common_effect_is_the_regression_with_constants_of_villages_and_waves() -> None:
    rng = np.random.default_rng(4)
    V, T = 8, 4
    y, n = rng.normal(size=(2, V, T)) + rng.normal(size=(2, V, 1)), rng.integers(1, 9, size=(2, V)).astype(float)
    x = (np.arange(T) > (np.arange(V) % 3)[:, None]).astype(float)
    found = two_way(y, n, x)
    v, t = np.divmod(np.arange(V * T), T)
    columns = [x.ravel(), *(v == k for k in range(V)), *(t == k for k in range(1, T))]
    design = np.stack(columns, axis=1).astype(float)
    for k in range(2):
        one = least_squares(y[k].ravel(), design, v, np.repeat(n[k], T))
        rescale = np.sqrt((V * T - design.shape[1]) / (V * T - 1))  # its factor counts the constants, which lie within clusters
        assert found.effect[k] == pytest.approx(one.coefficient[0], rel=1e-9)
        assert found.se[k] == pytest.approx(one.se[0] * rescale, rel=1e-9)


def test_an_event_study_finds_a_growing_effect_that_the_common_effect_does_not() -> None:
    rng = np.random.default_rng(5)
    P, V, T = 400, 24, 4
    start = np.arange(V) % 4 + 1  # 4: never
    years = np.maximum(0, np.arange(T) - start[:, None] + 1)
    y = 0.5 * years + np.arange(T) * 0.2 + rng.normal(size=(P, V, 1)) + 0.3 * rng.normal(size=(P, V, T))
    n = np.ones((P, V))
    study, pairs = event_study(y, n, start)
    truth = float(np.mean([0.5 * (t - g + 1) for g, t in pairs]))
    assert pairs == [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)]
    assert study.effect.mean() == pytest.approx(truth, abs=4 * study.effect.std() / np.sqrt(P))
    assert study.se.mean() == pytest.approx(study.effect.std(ddof=1), rel=0.15)
    assert study.inside(truth).mean() > 0.9
    assert two_way(y, n, (years > 0).astype(float)).effect.mean() < truth - 0.1


def test_villages_that_begin_at_the_first_wave_are_no_event_study() -> None:
    """They have no wave before: counting back from wave 0 would take the last one for it."""
    y, n = np.zeros((1, 4, 3)), np.ones((1, 4))
    with pytest.raises(PovsimError, match="got 2 villages that begin at the first wave"):
        event_study(y, n, np.array([0, 0, 1, 3]))
    with pytest.raises(PovsimError, match="begun and others have not"):
        event_study(y, n, np.array([1, 1, 1, 1]))


@pytest.mark.parametrize("icc", [0.0, 0.05, 0.4])
def test_the_correlation_of_villages_is_found(icc: float) -> None:
    rng = np.random.default_rng(6)
    V, m = 6000, 12
    y = np.sqrt(icc) * rng.normal(size=(V, 1)) + np.sqrt(1 - icc) * rng.normal(size=(V, m))
    arm = np.arange(V) % 2
    y += arm[:, None]  # a difference of the arms is none between villages
    found, variance = intra_cluster_correlation(y.mean(axis=1), (y**2).mean(axis=1), np.full(V, float(m)), arm)
    assert found == pytest.approx(icc, abs=0.012) and variance == pytest.approx(1.0, abs=0.03)
    nothing = intra_cluster_correlation(np.zeros(5), np.zeros(5), np.full(5, 3.0), np.zeros(5, int))
    assert np.isnan(nothing[0]) and nothing[1] == 0.0


def test_wald_is_two_stage_least_squares() -> None:
    rng = np.random.default_rng(7)
    cluster = np.repeat(np.arange(20), 15)
    z = cluster % 2 == 0
    taste = rng.normal(size=300)
    d = taste + 1.2 * z > 0.8
    y = 0.4 * d + taste + rng.normal(size=300) + rng.normal(size=20)[cluster]
    found = wald(y, d, z, cluster)
    other = IV2SLS(y, np.ones(300), d.astype(float), z.astype(float)).fit(
        cov_type="clustered", clusters=cluster, debiased=False
    )
    assert found.effect == pytest.approx(float(other.params.iloc[1]), rel=1e-9)
    assert found.se == pytest.approx(float(other.std_errors.iloc[1]) * np.sqrt(20 / 19), rel=1e-9)
    assert found.low < found.effect < found.high


def test_an_instrument_that_moves_nobody_is_refused() -> None:
    with pytest.raises(PovsimError, match="moves nobody"):
        wald(np.arange(8.0), np.zeros(8, bool), np.arange(8) % 2 == 0, np.arange(8))
