"""Contract C2: the same answer however the work is split, whatever the order, and whoever else is there."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from povsim.draws import LANES, Stream, uniforms
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import COOP, COOP_COLUMNS, HOME, HOME_COLUMNS, LIFE, LIFE_COLUMNS, PLACE_COLUMNS
from povsim.population.nation import cells_of
from povsim.population.sample import Sample, draw_sample
from povsim.population.strata import draw_villages
from verification import surgery
from verification.cases import BUSY, HARD_LIFE
from verification.small_world import AID, NATION, VARIANTS, World, arm, months_of, standard_arms, world

VILLAGES = 9
BURN_IN, MONTHS = 12, 24
DISCRETE = ("member", "barred", "arrears", "enrolled")


def district(variant="trap") -> World:
    """Enough villages for a stratum to be a cell; as drawn."""
    w = world(variant, VILLAGES, 20, months=0)
    assert w.sample.level == "district"
    return w


def arms_of(variant) -> list[Arm]:
    """Those of a comparison, and one in which much happens."""
    p = {**world(variant).p, **HARD_LIFE, **BUSY, "h0": 0.02, "h_rev": 0.1, "h_dis": 0.05}
    return [*standard_arms(variant), Arm("busy", p, AID, True)]


def live(w: World, sample: Sample, arms: list[Arm] | None = None, monthly: bool = False, **options) -> Country:
    """A sample through a burn-in and the arms."""
    arms = arms_of(w.variant) if arms is None else arms
    burn_in = State.first(sample, -BURN_IN)
    common = {"nation": NATION, "interactions": options.get("interactions", True)}
    Country(sample, burn_in, [arm("burn-in", w.p, 1.0)], w.variant, w.key, months=BURN_IN, record=False, **common).run()
    tracked = np.arange(sample.ids.size)
    c = Country(
        sample, burn_in.branch(len(arms)), arms, w.variant, w.key, months=MONTHS, tracked=tracked, **{**common, **options}
    )
    if monthly:
        for _ in months_of(c):
            pass
    else:
        c.run()
    return c


def differing(c: Country, d: Country, of: Sample) -> dict[str, int]:
    """Columns in which households and villages of a sample differ between two countries, found by id; with how many entries."""
    (h_c, v_c), (h_d, v_d) = surgery.rows_of(c.sample, of), surgery.rows_of(d.sample, of)
    found = {}
    for names, x, y in (
        (LIFE_COLUMNS, c.state.life[:, h_c], d.state.life[:, h_d]),
        (PLACE_COLUMNS, c.state.place[:, v_c], d.state.place[:, v_d]),
        (HOME_COLUMNS, c.state.home[:, :, h_c].swapaxes(0, 1), d.state.home[:, :, h_d].swapaxes(0, 1)),
        (COOP_COLUMNS, c.state.coop[:, :, v_c].swapaxes(0, 1), d.state.coop[:, :, v_d].swapaxes(0, 1)),
    ):
        found |= {name: int((a != b).sum()) for name, a, b in zip(names, x, y, strict=True) if not np.array_equal(a, b)}
    marks = c.record.marks[:, :, h_c] != d.record.marks[:, :, h_d]
    return found | ({"marks": int(marks.sum())} if marks.any() else {})


@pytest.mark.parametrize("variant", VARIANTS)
def test_threads_and_calls_change_no_bit(variant):
    """One call a year on one thread; two threads with villages in chunks; one call a month."""
    w = district(variant)
    alone = live(w, w.sample)
    with ThreadPoolExecutor(2) as pool:
        assert differing(alone, live(w, w.sample, pool=pool, threads=2), w.sample) == {}
        assert differing(alone, live(w, w.sample, pool=pool, threads=1), w.sample) == {}
    assert differing(alone, live(w, w.sample, monthly=True), w.sample) == {}


@pytest.mark.parametrize("interactions", [True, False])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_order_of_villages_changes_no_bit(variant, interactions):
    w = district(variant)
    other = surgery.villages_in_order(w.sample, np.arange(VILLAGES) * 4 % VILLAGES)
    assert not np.array_equal(other.ids, w.sample.ids)
    assert differing(live(w, w.sample, interactions=interactions), live(w, other, interactions=interactions), w.sample) == {}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_order_of_households_changes_nothing_but_the_last_bits_of_sums(variant):
    """Sums run over rows, which a sample has in id order; in another order they differ by rounding, and nothing else does."""
    w = district(variant)
    other = surgery.households_in_order(w.sample, 7)
    c, d = live(w, w.sample), live(w, other)
    rows, _ = surgery.rows_of(other, w.sample)
    for name in DISCRETE:
        row = getattr(HOME, name)
        assert np.array_equal(c.state.home[:, row], d.state.home[:, row][:, rows]), name
    assert np.array_equal(c.state.coop[:, COOP.status], d.state.coop[:, COOP.status])
    assert np.array_equal(c.state.life, d.state.life[:, rows])
    np.testing.assert_allclose(d.state.home[:, :, rows], c.state.home, rtol=1e-9, atol=1e-12)
    assert np.array_equal(c.record.marks, d.record.marks[:, :, rows])


def test_a_village_lives_alone_as_among_others():
    """Nothing is left over from the village that was lived before, whatever their sizes. No aid, no works list."""
    w = world("trap", VILLAGES, LANES + 12, months=0)
    sizes = [LANES + 12, 7, LANES + 3, LANES, 8, LANES + 1, 20, LANES - 1, 11]
    mixed = surgery.assemble(w.sample, range(VILLAGES), [np.arange(n) for n in sizes])
    p = {**w.p, **HARD_LIFE, **BUSY, "works_bottom": 0.0}
    arms = [arm("cooperative", p, 0.0, True), arm("none", p)]
    together = lived_without_burn_in(w, mixed, arms)
    assert np.isfinite(together.state.home).all()
    assert np.isfinite(together.state.coop).all()
    for v, n in enumerate(sizes):
        lone = surgery.assemble(w.sample, [v], [np.arange(n)])
        assert differing(together, lived_without_burn_in(w, lone, arms), lone) == {}


def lived_without_burn_in(w: World, s: Sample, arms: list[Arm]) -> Country:
    state = State.first(s, 0).branch(len(arms))
    c = Country(s, state, arms, w.variant, w.key, months=MONTHS, nation=NATION, tracked=np.arange(s.ids.size))
    c.run()
    return c


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_household_more_changes_no_draw_of_another(variant):
    """Traits, first state, keys of ties: those who were there keep them when 21 households a village are drawn, not 20."""
    w = district(variant)
    drawn = draw_villages(cells_of("toy"), VILLAGES, w.key)
    larger = draw_sample(cells_of("toy"), drawn, 21, w.p, w.fitted, w.key)
    rows, villages = surgery.rows_of(larger, w.sample)
    own = [row for name, row in zip(LIFE_COLUMNS, range(len(LIFE_COLUMNS)), strict=True) if name != "h"]
    assert np.array_equal(larger.life[own][:, rows], w.sample.life[own])
    assert np.array_equal(larger.home[:, :, rows], w.sample.home)
    assert np.array_equal(larger.place[:, villages], w.sample.place)
    new = np.setdiff1d(np.arange(larger.ids.size), rows)
    assert not np.isin(larger.life[LIFE.u_urn, new], larger.life[LIFE.u_urn, rows]).any()
    for v in range(VILLAGES):
        ring = neighbours_on_the_ring(larger, v)
        assert neighbours_on_the_ring(w.sample, v) == [i for i in ring if i in set(w.sample.ids.tolist())]
    key_of_ties = uniforms(w.key, Stream.TIES, larger.ids)
    assert np.array_equal(key_of_ties[rows], uniforms(w.key, Stream.TIES, w.sample.ids))


def neighbours_on_the_ring(s: Sample, v: int) -> list[int]:
    """Ids around the ring of village v, from the first household, following the tie to the next one."""
    lo, n = s.start[v], s.start[v + 1] - s.start[v]
    walk = [0]
    while len(walk) < n:
        walk.append(int(s.ties[lo + walk[-1], 3]))
    assert sorted(walk) == list(range(n))
    return s.ids[lo + np.array(walk)].tolist()


FOUNDERS_ALIKE = {**BUSY, "start_member": 0.5, "start_rich": 0.0, "pool_share": 0.0, "capital": 2e9}
"""Founders drawn whatever their assets, no solidarity pool, money enough."""
DISSOLVING = {"h0": 0.5, "h_rev": 1e-9, "h_dis": 0.5, "rec": 0.8}
FROZEN = {
    "arms without cooperative": {},
    "cooperative": FOUNDERS_ALIKE,
    "cooperative that dissolves": {**FOUNDERS_ALIKE, **DISSOLVING},
    "founders": {**FOUNDERS_ALIKE, "start_rich": 0.4},
    "pool": {**FOUNDERS_ALIKE, "start_member": 0.9, "pool_share": 0.5, "theta": 0.0},
    "dissolution": {**FOUNDERS_ALIKE, **DISSOLVING, "capital": 40e6, "unit_savings_loan_start": 1e6, "opex0": 1e5},
    "merged strata": {},
}


@pytest.mark.parametrize("what", FROZEN)
def test_a_household_more_changes_no_other_outcome_without_interactions(what):
    """A heavy newcomer, of a kind that would move every mean of its village. Sums of the village may change, nobody else."""
    w = world("trap", months=0) if what == "merged strata" else district()
    p = {**w.p, **HARD_LIFE, **FROZEN[what]}
    arms = [Arm("cooperative", p, AID, True)] if FROZEN[what] else standard_arms("trap")[:3]
    found: set[str] = set()
    for like in (3, 10, 16):
        grown = surgery.with_a_household(w.sample, 0, like, weight=30.0)
        pair = [live(w, s, arms, interactions=False) for s in (w.sample, grown)]
        found |= differing(*pair, w.sample).keys() & {*LIFE_COLUMNS, *HOME_COLUMNS, "marks", "status", "units"}
    assert found == set()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_household_more_changes_its_village_with_interactions(variant):
    """The test above can fail, and the other villages of other districts stay as they were."""
    w = district(variant)
    grown = surgery.with_a_household(w.sample, 0, like=3)
    c, d = live(w, w.sample), live(w, grown)
    assert differing(c, d, w.sample)
    elsewhere = np.nonzero(w.sample.stratum != w.sample.stratum[0])[0]
    assert differing(c, d, surgery.villages_in_order(w.sample, elsewhere)) == {}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_village_more_changes_no_village_of_another_district(variant):
    w = district(variant)
    grown = surgery.with_a_village(w.sample, like=0)
    c, d = live(w, w.sample), live(w, grown)
    elsewhere = np.nonzero(w.sample.stratum != w.sample.stratum[0])[0]
    assert differing(c, d, surgery.villages_in_order(w.sample, elsewhere)) == {}
    inside = np.nonzero(w.sample.stratum == w.sample.stratum[0])[0]
    assert differing(c, d, surgery.villages_in_order(w.sample, inside))


@pytest.mark.parametrize("variant", VARIANTS)
def test_inside_its_district_a_village_more_acts_through_the_quota_only(variant):
    """Without aid and without a works list nothing is left of it."""
    w = district(variant)
    p = {**w.p, "works_bottom": 0.0}
    arms = [arm("cooperative", {**p, **BUSY}, 0.0, True), arm("none", p)]
    grown = surgery.with_a_village(w.sample, like=0)
    pair = [lived_without_burn_in(w, s, arms) for s in (w.sample, grown)]
    assert differing(*pair, w.sample) == {}


LONG_SUM = "import {first}, numpy as np; x = np.sin(np.arange(3e5)); print(*(float(x[k:] @ x[k:]).hex() for k in range(20)))"


def test_sums_do_not_hang_on_the_number_of_cores():
    """A long dot product is split among the threads of BLAS, of which there is one where povsim is imported first."""

    def found(first: str, **threads: str) -> str:
        env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"} | threads
        done = subprocess.run(
            [sys.executable, "-c", LONG_SUM.format(first=first)], env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert found("povsim") == found("math", OPENBLAS_NUM_THREADS="1")
