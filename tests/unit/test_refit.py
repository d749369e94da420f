"""Margins held for a draw of the parameters: the register needs no shift, another draw gets one that brings it back."""

from dataclasses import replace

import numpy as np
import pytest

from povsim import parameters
from povsim.config import scenario_from
from povsim.config.shift import NO_SHIFT, Shift
from povsim.experiments.refit import margins_of, refit
from povsim.experiments.replicate import burn_in, sample_of
from povsim.population.columns import LIFE
from povsim.population.fitted import LIMITS, fitted_table
from povsim.population.nation import cells_of

TOY = {"seed": 3, "population": {"kind": "toy", "villages": 20, "households_per_village": 20}, "burn_in_months": 36}


@pytest.mark.parametrize("values", [{}, {"q0": 0.6, "h0": 0.01}], ids=["register", "what no household of the burn-in feels"])
def test_the_register_needs_no_shift(values):
    found = refit("trap", values)
    assert found.shift == NO_SHIFT
    assert (found.off == 0).all()


def test_a_draw_is_brought_back_to_the_margins():
    values = {"sigma_me": 0.2, "sd1": 0.16, "c_floor": 0.66}
    p = parameters.values("no_trap", None, values)
    known = margins_of("no_trap", parameters.values("no_trap"), NO_SHIFT)
    before = margins_of("no_trap", p, NO_SHIFT)
    found = refit("no_trap", values)
    after = margins_of("no_trap", p, found.shift)
    assert found.holds
    assert np.abs(before.headcount - known.headcount).min() > 0.01
    assert np.abs(after.headcount - known.headcount).max() < 0.002
    assert np.abs(after.gini - known.gini).max() < 0.004
    assert np.array_equal(found.off, np.concatenate([after.headcount - known.headcount, after.gini - known.gini]))


def test_a_shift_moves_the_cells_of_its_area_within_the_limits():
    cells = cells_of("indonesia")
    urban = (cells["area"] == "urban").to_numpy()
    plain = fitted_table("indonesia", "trap", cells)
    moved = fitted_table("indonesia", "trap", cells, Shift(0.1, -0.2, 0.05, 9.0))
    by = moved["mu"].to_numpy() - plain["mu"].to_numpy()
    assert by[~urban] == pytest.approx(0.1) and by[urban] == pytest.approx(-0.2)
    assert (moved["sg"].to_numpy()[urban] == LIMITS["sg"][1]).all()
    assert moved.drop("mu", "sg").equals(plain.drop("mu", "sg"))


def test_a_shift_is_lived_and_hashed_and_no_shift_changes_nothing():
    scenario = scenario_from(TOY)
    richer = replace(scenario, shift=Shift(mu_rural=0.3, mu_urban=0.3))
    assert replace(scenario, shift=NO_SHIFT).content_hash() == scenario.content_hash() != richer.content_hash()
    assert richer.lived().shift == richer.shift
    assert np.allclose(sample_of(richer, "trap", 0).life[LIFE.mu] - sample_of(scenario, "trap", 0).life[LIFE.mu], 0.3)
    rates = [burn_in(s, "trap", 0).year_before["figures"][("Indonesia", "all", "headcount")] for s in (scenario, richer)]
    assert rates[1] < rates[0]
