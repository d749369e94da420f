"""Scores of forecasts against closed forms and by their properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from povsim.draws import DrawKey, Stream, normals
from povsim.errors import PovsimError
from povsim.measures.scores import band, covered, crps

values = st.floats(-100, 100)


def crps_of_normal(mean: float, sd: float, y: float) -> float:
    """T. Gneiting and A. Raftery, Journal of the American Statistical Association 102, 2007."""
    z = (y - mean) / sd
    density, below = math.exp(-z * z / 2) / math.sqrt(2 * math.pi), 0.5 * (1 + math.erf(z / math.sqrt(2)))
    return sd * (z * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi))


@pytest.mark.parametrize("y", [-3.0, 0.0, 0.7, 2.5])
def test_crps_of_many_normals_is_the_closed_form(y: float) -> None:
    x = normals(DrawKey(1, 0), Stream.FORECAST, np.arange(50_000, dtype=np.uint64)).ravel()
    assert crps(2 + 3 * x, np.array(2 + 3 * y)) == pytest.approx(crps_of_normal(2, 3, 2 + 3 * y), abs=0.01)


def test_crps_of_small_ensembles_is_fair() -> None:
    """The mean score of ensembles of three is that of the distribution; the unfair form would be 3 * .56 / 3 higher."""
    x = normals(DrawKey(2, 0), Stream.FORECAST, np.arange(40_000, dtype=np.uint64))[:, :3]
    assert crps(x, np.full(len(x), 0.5)).mean() == pytest.approx(crps_of_normal(0, 1, 0.5), abs=0.01)


def test_crps_of_two_by_hand() -> None:
    assert crps([0.0, 2.0], np.array(1.0)) == pytest.approx(1.0 - 2 / 2)
    assert crps([0.0, 2.0], np.array(5.0)) == pytest.approx(4.0 - 1.0)


@given(st.lists(values, min_size=2, max_size=30), values, values, st.floats(0.01, 50))
def test_crps_moves_and_scales_with_its_unit(x: list[float], y: float, shift: float, scale: float) -> None:
    before = crps(x, np.array(y))
    after = crps(scale * np.array(x) + shift, np.array(scale * y + shift))
    assert after == pytest.approx(scale * before, abs=1e-7 * (1 + scale) * 1000)


@given(st.lists(values, min_size=2, max_size=30), values)
def test_what_the_narrow_band_holds_the_wide_one_holds(x: list[float], y: float) -> None:
    (low80, high80), (low95, high95) = band(x, 0.8), band(x, 0.95)
    assert low95 <= low80 <= high80 <= high95
    assert not covered(x, np.array(y), 0.8) or covered(x, np.array(y), 0.95)


def test_one_draw_is_no_distribution() -> None:
    with pytest.raises(PovsimError, match="two or more"):
        crps([1.0], np.array(1.0))
