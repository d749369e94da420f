"""Edited draws: nothing changes without one, and one changes the draw it names and no other (contract C1)."""

from functools import cache

import numpy as np
import pytest

from povsim.draws import LANES, Stream, inverse_normal, uniforms
from povsim.errors import PovsimError
from povsim.model.country import Country
from povsim.model.edits import OF_VILLAGES, Edit, Edits
from povsim.population.columns import COOP, COOP_COLUMNS, HOME, HOME_COLUMNS, LIFE, LIFE_COLUMNS, PLACE, PLACE_COLUMNS
from verification.small_world import AID, arm, country, world

NEVER, ALWAYS, MIDDLE = 1 - 2.0**-20, 2.0**-20, 0.5
LARGE = LANES + 20
"""Households of a village that fill more than one block of draws."""
MONTHS = 13


def three(households: int = LARGE):
    return world("trap", 3, households, months=0)


def lived(edits: dict[int, list[Edit]] | None, months: int = MONTHS, interactions: bool = False, **changes: float) -> Country:
    """Without interactions, so that what one household does moves no other."""
    w = three()
    lively = {"start_trading": 1.0, "start_member": 0.5, **changes}
    c = country(
        w, [arm("plain", w.p, 1.0), arm("busy", w.p, 1.0, True, **lively)], months, interactions=interactions,
        edits=None if edits is None else Edits.of(w.sample, edits), record=True, tracked=np.arange(w.sample.ids.size),
    )  # fmt: skip
    c.run()
    return c


@cache
def untouched(months: int = MONTHS, interactions: bool = False) -> Country:
    return lived(None, months, interactions)


def differing(c: Country, d: Country) -> tuple[set[int], set[int], set[str]]:
    """Rows of households and of villages, and names of columns, in which two countries differ."""
    s, t = c.state, d.state
    households = (s.life != t.life).any(axis=0) | (s.home != t.home).any(axis=(0, 1))
    households |= (c.record.marks != d.record.marks).any(axis=(0, 1))
    villages = (s.place != t.place).any(axis=0) | (s.coop != t.coop).any(axis=(0, 1))
    names = {name for name in LIFE_COLUMNS if (s.life[getattr(LIFE, name)] != t.life[getattr(LIFE, name)]).any()}
    names |= {name for name in HOME_COLUMNS if (s.home[:, getattr(HOME, name)] != t.home[:, getattr(HOME, name)]).any()}
    names |= {name for name in PLACE_COLUMNS if (s.place[getattr(PLACE, name)] != t.place[getattr(PLACE, name)]).any()}
    names |= {name for name in COOP_COLUMNS if (s.coop[:, getattr(COOP, name)] != t.coop[:, getattr(COOP, name)]).any()}
    return set(np.nonzero(households)[0].tolist()), set(np.nonzero(villages)[0].tolist()), names


@pytest.mark.parametrize("interactions", [False, True])
def test_no_edit_and_an_edit_of_no_month_lived_change_no_bit(interactions: bool) -> None:
    ids = three().sample.ids
    far = {0: [Edit(Stream.HOUSEHOLD_MONTH, MONTHS + 1, int(ids[0]), 2, ALWAYS)]}
    for edits in ({}, far):
        c = lived(edits, interactions=interactions)
        assert differing(c, untouched(interactions=interactions)) == (set(), set(), set())
        assert np.array_equal(c.record.poverty, untouched(interactions=interactions).record.poverty)


def test_an_edit_to_the_very_same_value_changes_no_bit() -> None:
    w = three()
    k = int(w.sample.start[1]) + LANES + 3
    u = uniforms(w.key, Stream.HOUSEHOLD_MONTH, w.sample.ids[[k]], 5)[0]
    same = [Edit(Stream.HOUSEHOLD_MONTH, 5, int(w.sample.ids[k]), word, float(u[word])) for word in range(4)]
    assert differing(lived({1: same}), untouched()) == (set(), set(), set())


@pytest.mark.parametrize("within", [0, 7, LANES - 1, LANES, LARGE - 1], ids=lambda k: f"household {k}")
@pytest.mark.parametrize(
    ("stream", "word", "value", "column"),
    [
        (Stream.HOUSEHOLD_MONTH, 0, MIDDLE, "e1"),
        (Stream.HOUSEHOLD_MONTH, 1, MIDDLE, "e2"),
        (Stream.HOUSEHOLD_MONTH, 2, ALWAYS, "ill"),
        (Stream.HOUSEHOLD_MONTH, 3, ALWAYS, "K"),
        (Stream.HOUSEHOLD_YEAR, 0, MIDDLE, "x"),
        (Stream.HOUSEHOLD_YEAR, 1, ALWAYS, "formed"),
    ],
)
def test_an_edit_changes_the_draw_of_one_household(within: int, stream: Stream, word: int, value: float, column: str) -> None:
    sample = three().sample
    k = int(sample.start[1]) + within
    if column == "ill" and untouched(months=11).state.life[LIFE.ill, k] > 0:
        k -= 1  # who is ill cannot fall ill
        assert untouched(months=11).state.life[LIFE.ill, k] == 0
    month = 13 if stream == Stream.HOUSEHOLD_YEAR else 12
    edited = lived({1: [Edit(stream, month, int(sample.ids[k]), word, value)]})
    households, _, names = differing(edited, untouched())
    assert households == {k}
    assert column in names


def test_the_middle_takes_a_normal_to_zero() -> None:
    w = three()
    k = int(w.sample.start[2])
    before, after = (
        untouched(months=4),
        lived({2: [Edit(Stream.HOUSEHOLD_MONTH, 5, int(w.sample.ids[k]), 0, MIDDLE)]}, months=5),
    )
    e1 = before.state.life[LIFE.e1, k]
    assert after.state.life[LIFE.e1, k] == pytest.approx(w.p["rho1"] * e1, abs=1e-9)
    u = uniforms(w.key, Stream.HOUSEHOLD_MONTH, w.sample.ids[[k]], 5)[0, 0]
    assert abs(float(inverse_normal(np.array([u]))[0])) > 1e-3  # the draw itself was not the middle


@pytest.mark.parametrize(
    ("stream", "word", "value", "column"),
    [
        (Stream.VILLAGE_MONTH, 0, MIDDLE, "u"),
        (Stream.VILLAGE_MONTH, 1, ALWAYS, "K"),
        (Stream.VILLAGE_MONTH, 2, ALWAYS, "status"),
        (Stream.VILLAGE_MONTH, 3, ALWAYS, "cash"),
        (Stream.VILLAGE_MONTH_2, 0, MIDDLE, "q"),
    ],
)
def test_an_edit_of_a_village_changes_that_village(stream: Stream, word: int, value: float, column: str) -> None:
    sample = three().sample
    assert stream in OF_VILLAGES
    edited = lived({2: [Edit(stream, 6, int(sample.village_ids[2]), word, value)]})
    households, villages, names = differing(edited, untouched())
    there = set(range(int(sample.start[2]), int(sample.start[3])))
    assert households <= there and villages <= {2} and column in names and (households or villages)


def test_draws_that_python_reads_are_edited_too() -> None:
    """Founders are chosen at month 0; records are renewed, and enumerated, with the year."""
    sample = three().sample
    member = untouched(months=12).state.home[1, HOME.member]
    k = int(np.nonzero(member)[0][0])
    v = int(sample.village[k])
    without = lived({v: [Edit(Stream.MEMBER_MONTH, 0, int(sample.ids[k]), 3, NEVER)]}, months=12)
    assert set(np.nonzero(without.state.home[1, HOME.member] != member)[0].tolist()) == {k}
    renewed = lived({v: [Edit(Stream.REGISTRY_YEAR, 1, int(sample.ids[k]), word, ALWAYS) for word in (0, 1)]}, months=12)
    record = [c.state.home[0, HOME.record] for c in (renewed, untouched(months=12))]
    assert set(np.nonzero(record[0] != record[1])[0].tolist()) == {k}


def test_the_traits_of_a_successor_can_be_edited() -> None:
    sample = three().sample
    k = int(sample.start[1]) + LANES + 2
    entity = int(sample.ids[k])
    ends = Edit(Stream.HOUSEHOLD_YEAR, 13, entity, 1, ALWAYS)
    plain = lived({1: [ends]})
    other = lived({1: [ends, Edit(Stream.SUCCESSOR, 13, entity, 0, 0.9)]})
    assert plain.state.life[LIFE.formed, k] == 13
    households, _, names = differing(other, plain)
    assert households == {k} and "z" in names and "lna" not in names


@pytest.mark.parametrize(
    "edit",
    [
        Edit(Stream.TIES, 1, 0, 0, 0.5),
        Edit(Stream.HOUSEHOLD_FIXED, 0, 0, 0, 0.5),
        Edit(Stream.HOUSEHOLD_MONTH, 1, 0, 4, 0.5),
        Edit(Stream.HOUSEHOLD_MONTH, 1, 0, 0, 1.0),
        Edit(Stream.HOUSEHOLD_MONTH, 1, 0, 0, 0.0),
    ],
)
def test_an_edit_that_no_month_reads_is_refused(edit: Edit) -> None:
    with pytest.raises(PovsimError, match="cannot be made"):
        Edits.of(three().sample, {0: [edit]})


def test_an_edit_of_who_lives_elsewhere_is_refused() -> None:
    sample = three().sample
    for edit in (
        Edit(Stream.HOUSEHOLD_MONTH, 1, int(sample.ids[0]), 0, 0.5),
        Edit(Stream.VILLAGE_MONTH, 1, int(sample.village_ids[0]), 0, 0.5),
    ):
        with pytest.raises(PovsimError, match="lacks it"):
            Edits.of(sample, {1: [edit]})


def test_aid_goes_on_in_the_arms_of_these_tests() -> None:
    """Else the tests above would compare empty lives."""
    assert AID and untouched().state.home[0, HOME.enrolled].any() and untouched().state.home[1, HOME.member].any()
