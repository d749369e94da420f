"""Who is poor at the branch: twelve months of consumption below the line, and capacity below it. Model page section 6."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from povsim.model.measurement import household_capacity
from povsim.model.rates import records
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE, TIE
from povsim.population.sample import Sample


@njit(nogil=True, cache=True, error_model="numpy")
def _capacities(life, home, coop, village, rows, growth_ahead, p, out):
    for j in range(rows.size):
        i = rows[j]
        out[j] = household_capacity(life, home, coop, village[i], i, life[LIFE.w_ahead, i] * growth_ahead, False, p)


def baseline_poor(
    sample: Sample, state: State, p: dict[str, float], variant: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """Rows of the baseline poor (m12(0) < 1), which of them are structurally poor (also ccap(0) < 1), and their ccap(0) in L.

    `state` at t = 0, before any arm. p: parameters of arm `aid`.
    """
    rows = np.nonzero(state.home[0, HOME.c_sum] / 12 < 1 - TIE)[0]
    ccap = np.empty(rows.size)
    ahead = float(np.exp(p["g_w"] * 36 / 12))
    _capacities(state.life, state.home[0], state.coop[0], sample.village, rows, ahead, records([p], variant)[0], ccap)
    return rows, ccap < 1 - TIE, ccap
