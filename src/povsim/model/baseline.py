"""Capacity of households at a moment, and who is poor at the branch. Model page section 6."""

from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import NDArray

from povsim.model.measurement import household_capacity
from povsim.model.rates import records
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE, TIE
from povsim.population.sample import Sample

Floats = NDArray[np.float64]


@njit(nogil=True, cache=True, error_model="numpy")
def _capacities(life, home, coop, village, rows, growth_ahead, cooperative, p, out):
    for j in range(rows.size):
        i = rows[j]
        w = life[LIFE.w_ahead, i] * growth_ahead
        out[j] = household_capacity(life, home, coop, village[i], i, w, cooperative, p)


def capacity_ahead(
    sample: Sample,
    state: State,
    arm: int,
    p: Mapping[str, float],
    variant: str,
    rows: NDArray[np.int64] | None = None,
    cooperative: bool = True,
) -> Floats:
    """ccap of the households `rows` (default: all) in an arm at the end of month state.t, L per month [n].

    With earning capacity expected 36 months ahead; `cooperative`: with the margin of the cooperative. p: parameters of the arm.
    """
    at = np.arange(sample.ids.size) if rows is None else rows
    out = np.empty(at.size)
    ahead = float(np.exp(p["g_w"] * (state.t + 36) / 12))
    table = records([p], variant)[0]
    _capacities(state.life, state.home[arm], state.coop[arm], sample.village, at, ahead, cooperative, table, out)
    return out


def baseline_poor(
    sample: Sample, state: State, p: dict[str, float], variant: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """Rows of the baseline poor (m12(0) < 1), which of them are structurally poor (also ccap(0) < 1), and their ccap(0) in L.

    `state` at t = 0, before any arm. p: parameters of arm `aid`.
    """
    rows = np.nonzero(state.home[0, HOME.c_sum] / 12 < 1 - TIE)[0]
    ccap = capacity_ahead(sample, state, 0, p, variant, rows, cooperative=False)
    return rows, ccap < 1 - TIE, ccap
