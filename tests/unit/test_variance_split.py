"""The split of a spread into parameters and luck: by hand, in its limits, and its intervals over many data sets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.experiments.contrasts import half_width, paired_contrast
from povsim.experiments.variance_split import rank_correlations, split_of


def normals(count: int, number: int) -> np.ndarray:
    """Keyed normals of data set `number`."""
    u = uniforms(DrawKey(7, 1), Stream.DESIGN, np.arange(count, dtype=np.uint64), number)
    return np.asarray(inverse_normal(u[:, 3]))


def data(draws: int, each: int, parameter: float, luck: float, number: int) -> np.ndarray:
    z = normals(draws * (each + 1), number)
    return parameter * z[:draws, None] + luck * z[draws:].reshape(draws, each)


def test_mean_squares_by_hand() -> None:
    found = split_of(np.array([[1.0, 3.0], [5.0, 7.0], [2.0, 6.0]]))
    # means 2, 6, 4: between 2 x 4 = 8; within (2 + 2 + 8)/3 = 4
    assert found.mean == pytest.approx(4.0)
    assert found.sd_luck == pytest.approx(2.0)
    assert found.sd_parameter == pytest.approx(math.sqrt((8 - 4) / 2))
    assert found.share_parameter == pytest.approx(2 / 6)
    assert found.se == pytest.approx(math.sqrt(8 / 2 / 3))


def test_nothing_varies() -> None:
    found = split_of(np.full((4, 2), 0.25))
    assert (found.sd_parameter, found.sd_luck, found.share_parameter, found.half(0.95)) == (0.0, 0.0, None, 0.0)


@given(st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_shares_do_not_depend_on_origin_and_unit(number: int, origin: float, unit: float) -> None:
    x = data(6, 3, 1.0, 1.0, number)
    a, b = split_of(x), split_of(origin + unit * x)
    assert b.share_parameter == pytest.approx(a.share_parameter, abs=1e-9)
    assert b.sd_luck == pytest.approx(unit * a.sd_luck)
    assert b.half(0.8) == pytest.approx(unit * a.half(0.8))
    assert b.half(0.8) < b.half(0.95)


def test_intervals_of_the_parts_cover_as_often_as_they_say() -> None:
    parameter, luck, sets = 1.0, 1.5, 1000
    share = parameter**2 / (parameter**2 + luck**2)
    inside = np.zeros(3)
    for number in range(sets):
        found = split_of(data(12, 3, parameter, luck, number))
        ends = ((found.share_low, found.share_high, share), (found.sd_luck_low, found.sd_luck_high, luck))
        inside[:2] += [low <= true <= high for low, high, true in ends]
        inside[2] += found.sd_parameter_low <= parameter <= found.sd_parameter_high
    assert (np.abs(inside[:2] / sets - 0.95) < 0.021).all()  # three standard errors
    assert inside[2] / sets > 0.93


def test_the_whole_interval_covers_one_more_draw() -> None:
    """The true parameters are one more draw; with no spread by parameters it covers the mean at least as often."""
    sets, inside, sure = 1000, 0, 0
    for number in range(sets):
        x = data(9, 2, 1.0, 1.0, number)
        found = split_of(x[:8])
        truth = normals(9 * 3, number)[8]
        inside += abs(truth - found.mean) <= found.half(0.95)
        flat = split_of(data(8, 2, 0.0, 1.0, number))
        sure += abs(flat.mean) <= flat.half(0.95)
    assert 0.905 <= inside / sets <= 0.98
    assert sure / sets >= 0.94


def test_contrasts_over_draws_take_the_whole_interval() -> None:
    y_b = [np.array(row, float) for row in ([1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0])]
    y_a = [np.zeros(4)] * 6
    weight = [np.ones(4)] * 6
    draws = [3, 3, 5, 5, 6, 6]
    found = paired_contrast("b", "a", "structural", "E4", y_b, y_a, weight, None, draws)
    table = np.array([y.mean() for y in y_b]).reshape(3, 2)
    assert found.mean == pytest.approx(table.mean())
    assert found.high95 - found.mean == pytest.approx(split_of(table).half(0.95))
    assert found.se is None
    point = paired_contrast("b", "a", "structural", "E4", y_b, y_a, weight)
    assert point.high95 - point.mean == pytest.approx(half_width(table.ravel(), [None] * 6, 0.95))


def test_correlations_name_what_moves_and_nothing_else() -> None:
    draws = 60
    z = normals(draws * 4, 3).reshape(draws, 4)
    number = z[:, 0] ** 3 + 0.1 * z[:, 3]  # ranks see through the cube
    found = rank_correlations(["a", "b", "c"], z[:, :3], number)
    assert found[0].symbol == "a"
    assert found[0].least > 0.5
    assert [c.least for c in found[1:]] == [0.0, 0.0]
    assert rank_correlations(["a"], z[:4, :1], number[:4]) == []
