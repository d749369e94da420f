"""(8): the table that decides the hurdle gives the answer of the rule, on both sides of the hurdle and in every cell."""

import numpy as np
import pytest

from povsim import parameters
from povsim.model.hurdle import CELLS, HIGHEST, LOWEST, TABLE, hurdle_table, pass_the_hurdle
from povsim.model.rates import records
from verification.small_world import VARIANTS

TECHNOLOGY = ("A_L", "gL", "A_H", "gH", "F")
WITHIN_A_CELL = 16
TWO_KINKS = (  # inside the ranges of the register; r(K) has two kinks within a cell that all but cancel in its middle
    ("trap", (0.3288, 0.3200, 0.4211, 0.5048, 0.5738)),
    ("trap", (0.26245, 0.3173, 0.30236, 0.55554, 0.49573)),
    ("no_trap", (0.31285, 0.25711, 0.41881, 0.45307, 0.12832)),
)


def lattice(many: int) -> list[tuple[str, tuple[float, ...]]]:
    """Sets of parameters spread evenly over the ranges of the technology."""
    entries = [parameters.entry(s) for s in TECHNOLOGY]
    steps = np.sqrt(np.array([2.0, 3.0, 5.0, 7.0, 11.0]))
    return [
        (VARIANTS[k % 2], tuple(e.low + x * (e.high - e.low) for e, x in zip(entries, k * steps % 1.0, strict=True)))
        for k in range(1, many + 1)
    ]


def returns(K: np.ndarray, p) -> np.ndarray:
    """r(K) at unit ability, straight from the page."""

    def h(K):
        best = np.maximum(p["A_L"] * K ** p["gL"], p["A_H"] * K ** p["gH"] - p["F"])
        bridge = p["maj_y1"] + p["maj_slope"] * (K - p["maj_K1"])
        return np.where((p["maj_K1"] < K) & (p["maj_K2"] > K), bridge, best)

    return np.maximum((h(K + 0.3) - h(K)) / 0.3, (h(K + 3.0) - h(K)) / 3.0)


def wrong_answers(variant: str, technology: tuple[float, ...]) -> int:
    """Households a millionth of a percent above and below the hurdle that get the wrong answer, all over the table."""
    p = records([{**parameters.values(variant), **dict(zip(TECHNOLOGY, technology, strict=True))}], variant)[0]
    table = np.zeros(1, TABLE)[0]
    hurdle_table(p, np.zeros(2 * CELLS + 1), table)
    doublings = np.arange(LOWEST * 64 * WITHIN_A_CELL - 64, HIGHEST * 64 * WITHIN_A_CELL + 64) / (64 * WITHIN_A_CELL)
    K = 2.0**doublings  # cells divide a doubling evenly in K, so these fall everywhere within them
    r = returns(K, p)
    wrong = 0
    for side in (1 + 1e-8, 1 - 1e-8):
        ability = p["hurdle"] / r * side
        passes, least, most, logs = (np.zeros(K.size) for _ in range(4))
        room = np.zeros(K.size + 1, np.int64)
        pass_the_hurdle(K, ability, np.ones(K.size), passes, least, most, logs, room, K.size, table, p)
        wrong += int((passes != (side > 1)).sum())
    return wrong


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_table_answers_as_the_rule_does(variant):
    """At the register's own values, and all over the ranges."""
    assert wrong_answers(variant, tuple(parameters.values(variant)[s] for s in TECHNOLOGY)) == 0
    assert [one for one in lattice(20) if one[0] == variant and wrong_answers(*one)] == []


@pytest.mark.parametrize(("variant", "technology"), TWO_KINKS)
def test_the_table_answers_as_the_rule_does_where_kinks_cancel(variant, technology):
    assert wrong_answers(variant, technology) == 0
