"""Poverty and inequality against formulas, replication of households and analytic values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from povsim.errors import PovsimError
from povsim.measures import groups, poverty

AMOUNTS = st.lists(st.tuples(st.floats(0.0, 10.0), st.integers(1, 5)), min_size=1, max_size=25)


def test_fgt_by_hand():
    x, weight = [0.5, 0.8, 1.0, 2.0], [1.0, 1.0, 1.0, 1.0]
    assert poverty.fgt(x, weight, 0) == 0.5
    assert poverty.fgt(x, weight, 1) == pytest.approx((0.5 + 0.2) / 4)
    assert poverty.fgt(x, weight, 2) == pytest.approx((0.25 + 0.04) / 4)
    assert poverty.fgt(x, weight, 1, line=2.0) == pytest.approx((0.75 + 0.6 + 0.5) / 4)


def test_exactly_at_the_line_is_not_poor():
    at_line = float(np.nextafter(1.0, 0.0))
    assert poverty.fgt([at_line, 1.0], [1.0, 1.0], 0) == 0.0


def test_headcount_of_households_and_of_persons():
    assert poverty.headcount([0.5, 2.0], [10.0, 10.0], [6.0, 2.0]) == (0.5, 0.75)


@given(AMOUNTS)
def test_a_weight_is_a_number_of_households(data):
    x, weight = np.array([v for v, _ in data]), np.array([k for _, k in data])
    many = np.repeat(x, weight)
    for alpha in (0, 1, 2):
        assert poverty.fgt(x, weight, alpha) == pytest.approx(poverty.fgt(many, np.ones(many.size), alpha), abs=1e-12)
    shares = np.array([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
    expected = np.quantile(many, shares, method="inverted_cdf")
    assert poverty.quantile(x, weight, shares).tolist() == expected.tolist()
    if x.sum() > 1e-6:
        assert poverty.gini(x, weight) == pytest.approx(poverty.gini(many), abs=1e-9)


@given(AMOUNTS)
def test_gini_is_the_mean_absolute_difference(data):
    x, w = np.array([v for v, _ in data]), np.array([k for _, k in data], dtype=float)
    if x.sum() <= 1e-6:
        return
    difference = (w[:, None] * w[None, :] * np.abs(x[:, None] - x[None, :])).sum()
    assert poverty.gini(x, w) == pytest.approx(difference / (2.0 * w.sum() * (w * x).sum()), abs=1e-9)


@pytest.mark.parametrize("sigma", [0.3, 0.55, 0.8])
def test_gini_of_a_lognormal(sigma):
    middle = (np.arange(200_000) + 0.5) / 200_000
    value = poverty.gini(np.exp(sigma * norm.ppf(middle)))
    assert value == pytest.approx(2.0 * norm.cdf(sigma / math.sqrt(2.0)) - 1.0, abs=2e-4)


def test_gini_of_equal_shares_and_of_one_owner():
    assert poverty.gini([3.0, 3.0, 3.0], [1.0, 2.0, 3.0]) == pytest.approx(0.0, abs=1e-15)
    assert poverty.gini([0.0, 0.0, 0.0, 7.0]) == pytest.approx(0.75)


def test_weighted_median_is_one_of_the_values():
    assert poverty.quantile([3.0, 1.0, 2.0], [1.0, 1.0, 2.0], 0.5) == 2.0
    assert poverty.quantile([1.0, 9.0], [1.0, 0.0], 1.0) == 1.0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: poverty.fgt([1.0], [1.0], 3), "accepted are 0, 1 and 2"),
        (lambda: poverty.fgt([1.0], [0.0], 0), "not all 0"),
        (lambda: poverty.fgt([], [], 0), "not all 0"),
        (lambda: poverty.fgt([math.nan], [1.0], 0), "not finite"),
        (lambda: poverty.fgt([1.0, 2.0], [1.0], 0), "alike"),
        (lambda: poverty.gini([-1.0, 2.0]), "0 or more"),
        (lambda: poverty.gini([0.0, 0.0]), "positive total"),
        (lambda: poverty.quantile([1.0], [1.0], 1.5), "outside 0 to 1"),
        (lambda: groups.member_of("structral", np.ones(1, bool)), "nearest is 'structural'"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(PovsimError, match=text):
        call()


def test_groups():
    structural = np.array([True, False])
    assert groups.member_of("structural", structural).tolist() == [True, False]
    assert groups.member_of("baseline_poor", structural).tolist() == [True, True]
