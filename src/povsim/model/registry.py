"""The registry of the poor, equation (16): records of predicted consumption, scores, ranks within the district."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from povsim.fastmath import log
from povsim.model.household import technology
from povsim.population.columns import HOME, LIFE

Floats = NDArray[np.float64]
compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def predicted_consumption(life, home, p, growth, out):
    """ln of the consumption that assets and long-run earning capacity predict, L per month, of every household. `out` [H]."""
    for i in range(out.size):
        l = life[LIFE.l, i]
        h = technology(home[HOME.K, i], p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
        f = h * life[LIFE.ability, i]
        earned = l * life[LIFE.w_long, i] * growth + (p.r0 + (1.0 - p.r0) * l) * f
        out[i] = log(p.mean_xi * earned + life[LIFE.remit, i])


@compiled
def renew_records(record, predicted, u_refresh, error, refresh):
    """(16) e_reg: a share `refresh` of the records is taken anew, each with a new error; the others age."""
    for i in range(record.size):
        if u_refresh[i] < refresh:
            record[i] = predicted[i] + error[i]


def positions(score: Floats, registered: NDArray[np.bool_], weight: Floats, district: NDArray[np.int64]) -> Floats:
    """Where each registered household stands within its district, poorest first, in real households counted from the bottom.

    Arrays [H]; `district` is the stratum that ranks the household. The position is the middle of the household's own weight;
    infinite for the unregistered. Ties are broken by the order of the household.
    """
    listed = np.nonzero(registered)[0]
    order = listed[np.lexsort((score[listed], district[listed]))]
    out = np.full(score.size, np.inf)
    _count_up(order, weight, district, out)
    return out


@compiled
def _count_up(order, weight, district, out):
    """Middle of each household's weight in the running sum of its district; `order` by district, then score."""
    below, last = 0.0, -1
    for i in order:
        if district[i] != last:
            below, last = 0.0, district[i]
        out[i] = below + 0.5 * weight[i]
        below += weight[i]
