"""The NumPy month of the benchmarks lives the same month as the compiled one, or their ratio would compare unlike things."""

import numpy as np
import pytest
from numpy_month.country import NumpyCountry

from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import COOP, COOP_COLUMNS, HOME, HOME_COLUMNS, LIFE, LIFE_COLUMNS, PLACE_COLUMNS
from verification.cases import CASES
from verification.small_world import NATION, VARIANTS, arm, standard_arms, world

RELATIVE, ABSOLUTE = 1e-9, 1e-9
DISCRETE = {
    *{("life", row) for row in (LIFE.l, LIFE.ill, LIFE.formed)},
    *{("home", row) for row in (HOME.member, HOME.barred, HOME.arrears, HOME.enrolled)},
    *{("coop", row) for row in (COOP.status, COOP.units, COOP.shu_flag, COOP.funded, COOP.covered)},
}
TABLES = {"life": LIFE_COLUMNS, "home": HOME_COLUMNS, "place": PLACE_COLUMNS, "coop": COOP_COLUMNS}


def differing(mine: State, theirs: State) -> list[str]:
    """Columns in which two states differ: discrete ones at all, numbers beyond the tolerance."""
    assert mine.t == theirs.t
    found = []
    for table, columns in TABLES.items():
        x, y = getattr(mine, table), getattr(theirs, table)
        for row, name in enumerate(columns):
            a, b = x[..., row, :], y[..., row, :]
            same = (a == b).all() if (table, row) in DISCRETE else np.allclose(a, b, rtol=RELATIVE, atol=ABSOLUTE)
            found += [] if same else [f"{table} {name}"]
    return found


def live_both(w, arms, months, **options):
    """The same branch lived compiled and by NumPy, every household tracked."""
    both = []
    for lived_by in (Country, NumpyCountry):
        c = lived_by(
            w.sample, w.state.branch(len(arms)), arms, w.variant, w.key,
            months=months, nation=NATION, tracked=np.arange(w.sample.ids.size), **options,
        )  # fmt: skip
        c.run()
        both.append(c)
    return both


def assert_same(compiled, numpy):
    assert differing(compiled.state, numpy.state) == []
    r, s = compiled.record, numpy.record
    for name in ("marks", "status", "until", "below"):
        assert np.array_equal(getattr(r, name), getattr(s, name)), name
    for name in ("poverty", "members", "volume", "debt"):
        assert np.allclose(getattr(r, name), getattr(s, name), rtol=RELATIVE, atol=ABSOLUTE), name


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_numpy_month_agrees_in_every_arm(variant):
    compiled, numpy = live_both(world(variant), standard_arms(variant), 24)
    assert_same(compiled, numpy)
    assert (compiled.state.coop[:, COOP.status] == 4).any() and compiled.record.volume.any()


@pytest.mark.parametrize("case", [case for case in CASES if case.interactions], ids=lambda case: case.name)
def test_the_numpy_month_agrees_where_much_happens(case):
    w = case.start(world("trap"))
    assert_same(*live_both(w, [case.arm(w)], 24, macro=case.macro, specs=case.specs))


def test_the_numpy_month_agrees_in_burn_in():
    w = world("trap", months=24, ends=-12)
    assert_same(*live_both(w, [arm("burn-in", w.p, 1.0)], 12))
