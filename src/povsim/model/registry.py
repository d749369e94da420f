"""The registry of the poor, equation (16): records of predicted consumption, scores, ranks within the district."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from povsim.fastmath import log
from povsim.model.household import technology
from povsim.population.columns import HOME, LIFE

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


@compiled
def positions(score, registered, weight, members, member_start, out):
    """Where each registered household stands within its district, poorest first, in real households counted from the bottom.

    members int64 [H] households grouped by district, member_start int64 [districts + 1]. out [H] is the middle of the
    household's own weight; infinite for the unregistered. Ties are broken by the order of the household.
    """
    for d in range(member_start.size - 1):
        count = 0
        for j in range(member_start[d], member_start[d + 1]):
            i = members[j]
            if registered[i] != 0.0:
                count += 1
            else:
                out[i] = np.inf
        rows = np.empty(count, np.int64)
        scores = np.empty(count)
        k = 0
        for j in range(member_start[d], member_start[d + 1]):
            i = members[j]
            if registered[i] != 0.0:
                rows[k] = i
                scores[k] = score[i]
                k += 1
        below = 0.0
        for k in np.argsort(scores, kind="mergesort"):
            i = rows[k]
            out[i] = below + 0.5 * weight[i]
            below += weight[i]


def by_district(stratum: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Households grouped by the district that ranks them: (members [H], member_start [districts + 1])."""
    members = np.argsort(stratum, kind="stable")
    counts = np.bincount(stratum)
    return members, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
