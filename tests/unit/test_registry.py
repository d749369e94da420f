"""Places in a district's list: the order of any scores, and the weight below each household."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from povsim.model.registry import positions, rows_by_score

SCORES = {
    "spread": lambda k: np.sin(1.7 * k) * 3,
    "alike": lambda k: np.zeros(k.size),
    "few values": lambda k: np.floor(k % 7) - 3,
    "a bit apart": lambda k: np.nextafter(0.3, 1) * np.where(k % 3 == 0, 1, 1 - 1e-15) + (k % 5) * 1e-12,
    "signs and sizes": lambda k: np.where(k % 2 == 0, -1, 1) * 10.0 ** (k % 40 - 20),
    "downwards": lambda k: -k * 1e-9,
    "infinite": lambda k: np.where(k % 4 == 0, -np.inf, k),
}


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("n", [0, 1, 2, 500])
def test_rows_come_in_the_order_of_their_score_and_ties_as_they_were(scores: str, n: int) -> None:
    score = np.asarray(SCORES[scores](np.arange(n + 50)), np.float64)
    rows = np.arange(n)[::-1] + 25
    assert np.array_equal(rows_by_score(score, rows), rows[np.argsort(score[rows], kind="stable")])


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(allow_nan=False)))
def test_any_scores_are_sorted(score: np.ndarray) -> None:
    found = rows_by_score(score, np.arange(score.size))
    ordered = score[np.argsort(score, kind="stable")]
    assert np.array_equal(score[found], ordered)
    assert np.array_equal(np.sort(found), np.arange(score.size))


def test_positions_count_the_weight_below_in_the_own_district() -> None:
    score = np.array([0.3, -1.0, 0.3, 2.0, 0.1, -5.0])
    registered = np.array([True, True, True, True, True, False])
    weight = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0])
    district = np.array([3, 3, 3, 0, 0, 0])
    assert positions(score, registered, weight, district).tolist() == [25.0, 10.0, 45.0, 70.0, 25.0, np.inf]
    assert positions(np.zeros(0), np.zeros(0, bool), np.zeros(0), np.zeros(0, np.int64)).size == 0
