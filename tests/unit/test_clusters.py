"""Shares with villages as clusters: against the formulas written out, and against repeated draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from povsim.draws import DrawKey, Stream, uniforms
from povsim.experiments.clusters import shares, strata_of, totals


def test_one_stratum_of_equal_villages_is_the_mean_of_villages() -> None:
    y = np.array([1.0, 4.0, 2.0, 7.0])
    strata = strata_of(np.zeros(4, int), 1, [np.zeros(4, int)])
    found = shares(strata, y, np.full(4, 10.0))
    assert found.share[0] == pytest.approx(0.35)
    assert found.se[0] == pytest.approx((y / 10).std(ddof=1) / 2)
    low, high = found.ends(0.95)
    half = student.ppf(0.975, 3) * found.se[0]
    assert (low[0], high[0]) == pytest.approx((0.35 - half, 0.35 + half))


def test_strata_and_unequal_villages_written_out() -> None:
    y, size = np.array([3.0, 1.0, 8.0, 5.0, 2.0]), np.array([10.0, 20.0, 30.0, 10.0, 5.0])
    stratum = np.array([0, 0, 1, 1, 1])
    found = shares(strata_of(np.zeros(5, int), 1, [stratum]), y, size)
    r = y.sum() / size.sum()
    e = y - r * size
    variance = (
        sum(n / (n - 1) * ((e[m] - e[m].mean()) ** 2).sum() for n, m in ((2, stratum == 0), (3, stratum == 1)))
        / size.sum() ** 2
    )
    assert found.share[0] == pytest.approx(r)
    assert found.se[0] == pytest.approx(math.sqrt(variance))
    assert found.freedom.tolist() == [3]


def test_a_village_alone_joins_others_alone_at_the_next_level() -> None:
    finest, coarser = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 0])
    strata = strata_of(np.zeros(4, int), 1, [finest, coarser])
    assert strata.stratum[0] == strata.stratum[1] != strata.stratum[2] == strata.stratum[3]
    assert strata.freedom.tolist() == [2]


def test_one_left_alone_joins_its_neighbours_and_leaves_other_strata_as_they_are() -> None:
    """Places 0: strata of 3 and 2 villages and one alone, whose district is that of the larger; 1: one alone, no neighbour."""
    place = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, -1])
    finest = np.array([0, 0, 0, 2, 2, 1, 4, 4, 5, 5])
    by_district = strata_of(place, 2, [finest], [finest // 2])
    assert by_district.stratum[5] == by_district.stratum[0] != by_district.stratum[3]
    assert by_district.freedom.tolist() == [4, 2] and by_district.stratum[9] == -1
    smallest = strata_of(place, 2, [finest])
    assert smallest.stratum[5] == smallest.stratum[3] != smallest.stratum[0]


def test_strata_that_differ_stay_apart_where_a_village_is_left_alone() -> None:
    """Rates differ between districts and hardly within: one village alone must not bring that difference into the interval."""
    district = np.repeat(np.arange(5), [10, 10, 10, 10, 1])
    near = np.minimum(district, 3)
    rate = 0.1 * near + 0.001 * (np.arange(41) % 2)
    found = shares(strata_of(np.zeros(41, int), 1, [district], [near]), 100 * rate, np.full(41, 100.0))
    whole = shares(strata_of(np.zeros(41, int), 1, [np.zeros(41, int)]), 100 * rate, np.full(41, 100.0))
    assert 0 < found.se[0] < 0.05 * whole.se[0]


def test_a_place_with_one_village_has_a_share_and_no_interval() -> None:
    strata = strata_of(np.array([0, 1, 1]), 3, [np.array([0, 1, 1])])
    found = shares(strata, np.array([1.0, 2.0, 3.0]), np.array([4.0, 4.0, 6.0]))
    assert found.share[:2] == pytest.approx([0.25, 0.5]) and math.isnan(found.share[2])
    assert math.isnan(found.se[0]) and found.se[1] >= 0
    low, high = found.ends(0.8)
    assert math.isnan(low[0]) and math.isnan(high[0]) and low[1] <= 0.5 <= high[1]
    assert totals(strata, np.array([1.0, 2.0, 3.0])).tolist() == [1, 5, 0]


def test_nothing_that_differs_is_exactly_nothing() -> None:
    strata = strata_of(np.zeros(6, int), 1, [np.repeat([0, 1], 3)])
    found = shares(strata, np.zeros(6), np.array([3.0, 1, 4, 1, 5, 9]))
    assert found.share[0] == 0 and found.se[0] == 0


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Villages of two strata with a rate of their own; the interval covers the mean rate in about 95 of 100 draws."""
    villages, times = 60, 1500
    stratum = np.repeat([0, 1], villages // 2)
    strata = strata_of(np.zeros(villages, int), 1, [stratum])
    held = 0
    for k in range(times):
        u = uniforms(DrawKey(11, k), Stream.SAMPLE, np.arange(villages, dtype=np.uint64))
        size = np.floor(50 + 100 * u[:, 0])
        rate = np.where(stratum == 0, 0.1, 0.3) + 0.1 * (u[:, 1] - 0.5)
        low, high = shares(strata, rate * size, size).ends(0.95)
        held += low[0] <= 0.2 <= high[0]
    assert 0.93 < held / times < 0.985
