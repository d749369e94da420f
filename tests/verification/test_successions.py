"""A household that ends is closed in the record, when its own draws say so and in every arm; its successor is not it."""

import numpy as np
import pytest

from povsim.draws import Stream, uniforms
from povsim.measures.exits import first_exits
from povsim.population.columns import LIFE
from verification.small_world import arm, country, world

MONTHS = 96
HAZARD = 0.25


def ended(w) -> np.ndarray:
    """Last month of each household by its yearly draws: with one hazard for all, no other state matters."""
    until = np.full(w.sample.ids.size, MONTHS)
    for t in reversed(range(1, MONTHS + 1, 12)):
        until[uniforms(w.key, Stream.HOUSEHOLD_YEAR, w.sample.ids, t)[:, 1] < 1 - np.exp(-HAZARD)] = t - 1
    return until


@pytest.mark.parametrize("cooperative", [False, True])
def test_until_is_the_month_before_the_first_succession(cooperative):
    w = world("trap")
    everyone = np.arange(w.sample.ids.size)
    lived = [arm("an arm", w.p, 1.0, cooperative, turn=HAZARD, turn_l0=HAZARD)]
    record = country(w, lived, MONTHS, tracked=everyone, record=True).run()
    assert record.until.tolist() == ended(w).tolist()
    assert len(set(record.until.tolist())) == MONTHS // 12 + 1  # some end in every year, some never


def test_nobody_ends_without_turnover():
    w = world("trap")
    c = country(w, [arm("an arm", w.p, 1.0, turn=0.0, turn_l0=0.0)], MONTHS, tracked=np.arange(10), record=True)
    assert (c.run().until == MONTHS).all()


def test_what_a_successor_reaches_is_no_exit_of_the_household():
    """Households without labour cannot earn; those that take over from them can. Only the row's exits count the latter."""
    w = world("no_trap", villages=6, households=80)
    old = np.nonzero(w.state.life[LIFE.l] == 0)[0]
    c = country(w, [arm("none", w.p, turn=HAZARD, turn_l0=HAZARD)], MONTHS, tracked=old, record=True)
    record = c.run()
    own, row = (first_exits(record.marks[0], 12, MONTHS, until)["E4"] for until in (record.until, None))
    late = row > record.until
    assert late.any() and (own[late] == 0).all()
    there = (row > 0) & (row + 12 <= record.until)
    assert (own[there] == row[there]).all() and ((own > 0) <= (row > 0)).all()
