"""Traits of the baseline poor at the branch, against the sample and the state that they are read from."""

from __future__ import annotations

import numpy as np
import pytest

from povsim.evidence import fact
from povsim.experiments.traits import DECILES, FIFTHS, LABOUR_CONSTRAINED, NEAR, TRANSITORY, traits_at_branch
from povsim.model.baseline import baseline_poor
from povsim.population.columns import HOME, LIFE, PLACE
from verification.small_world import world


@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_traits_are_those_of_the_state(variant: str) -> None:
    here = world(variant, villages=20, households=100)
    tracked, structural, ccap = baseline_poor(here.sample, here.state, dict(here.p), variant)
    traits = traits_at_branch(here.sample, here.state, tracked, ccap).by_dimension
    assert list(traits) == ["type", "extreme", "fifth", "decile", "area", "province"]
    m12 = here.state.home[0, HOME.c0 : HOME.c0 + 12].mean(axis=0)
    labour = here.sample.life[LIFE.l]
    assert tracked.size > 50 and structural.any() and not structural.all()
    for j, i in enumerate(tracked):
        kind = traits["type"].codes[j]
        assert (kind == LABOUR_CONSTRAINED) == (labour[i] == 0)
        if kind != LABOUR_CONSTRAINED:
            assert (kind == TRANSITORY) == (not structural[j])
            expected = "transitory" if ccap[j] >= 1 else "near_threshold" if ccap[j] >= 1 - NEAR else "structurally_low"
            assert traits["type"].levels[kind] == expected
        poorer = traits["extreme"].levels[traits["extreme"].codes[j]] == "extreme_poor"
        assert poorer == (m12[i] < fact("extreme_line_over_line").value)
        village = here.sample.village[i]
        assert traits["area"].levels[traits["area"].codes[j]] == (
            "urban" if here.sample.place[PLACE.urban, village] else "rural"
        )
        cell = here.sample.cells.row(int(here.sample.cell[village]), named=True)
        assert traits["province"].levels[traits["province"].codes[j]] == cell["province"]


def test_deciles_are_of_all_households_and_fifths_of_the_poor() -> None:
    here = world("trap", villages=20, households=100)
    tracked, _, ccap = baseline_poor(here.sample, here.state, dict(here.p), "trap")
    traits = traits_at_branch(here.sample, here.state, tracked, ccap).by_dimension
    m12, weight = here.state.home[0, HOME.c_sum] / 12, here.sample.weight
    for j, i in enumerate(tracked):
        below = weight[m12 < m12[i]].sum() / weight.sum()
        through = weight[m12 <= m12[i]].sum() / weight.sum()
        decile = int(DECILES[traits["decile"].codes[j]])
        assert below < decile / 10 + 1e-9 and through > (decile - 1) / 10 - 1e-9
    fifths = np.bincount(traits["fifth"].codes, weights=weight[tracked], minlength=len(FIFTHS)) / weight[tracked].sum()
    assert fifths == pytest.approx([0.2] * 5, abs=weight[tracked].max() / weight[tracked].sum())
