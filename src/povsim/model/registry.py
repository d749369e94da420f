"""The registry of the poor, equation (16): records of predicted consumption, scores, ranks within the district."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from povsim.fastmath import log
from povsim.model.household import technology
from povsim.population.columns import HOME, LIFE

Floats = NDArray[np.float64]
compiled = njit(nogil=True, cache=True, error_model="numpy")

DIGIT = np.uint64(11)
"""Bits of a score that one pass of the sort looks at: its counts stay in the first cache."""
FIRST_BIT = np.uint64(31)
"""Lower bits of a score are left to the last pass: 33 bits tell scores apart that differ by a part in two million."""
SIGN = np.uint64(1) << np.uint64(63)


@compiled
def predicted_consumption(life, home, i, p, growth):
    """ln of the consumption that assets and long-run earning capacity predict, L per month, of household i of an arm."""
    l = life[LIFE.l, i]
    h = technology(home[HOME.K, i], p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
    f = h * life[LIFE.ability, i]
    earned = l * life[LIFE.w_long, i] * growth + (p.r0 + (1.0 - p.r0) * l) * f
    return log(p.mean_xi * earned + life[LIFE.remit, i])


@compiled
def renew_records(life, home, p, growth, u_refresh, error, refresh, first_from):
    """(16) e_reg: a share `refresh` of the records is taken anew, each with a new error; the others age.

    `error` [H] standard normals. Households whose u_reg is at least `first_from` have none yet and get theirs now.
    """
    for i in range(error.size):
        if u_refresh[i] < refresh or life[LIFE.u_reg, i] >= first_from:
            home[HOME.record, i] = predicted_consumption(life, home, i, p, growth) + p.e_sd * error[i]


def positions(score: Floats, registered: NDArray[np.bool_], weight: Floats, district: NDArray[np.int64]) -> Floats:
    """Where each registered household stands within its district, poorest first, in real households counted from the bottom.

    Arrays [H]; `district` is the stratum that ranks the household. The position is the middle of the household's own weight;
    infinite for the unregistered. Ties are broken by the order of the household.
    """
    out = np.full(score.size, np.inf)
    _count_up(rows_by_score(score, np.nonzero(registered)[0]), weight, district, out)
    return out


@compiled
def rows_by_score(score, rows):
    """`rows` in the order of their score, those of the same score as they were.

    A radix sort of the upper bits of the scores, three passes whatever they are, and an insertion sort of the few that differ
    in the lower bits alone.
    """
    n = rows.size
    bits = np.empty(n, np.uint64)
    for j in range(n):
        b = score.view(np.uint64)[rows[j]]
        bits[j] = ~b if b & SIGN else b | SIGN  # in this order the bits of floats are those of whole numbers
    at, other_bits, other_at = rows.copy(), np.empty_like(bits), np.empty_like(rows)
    mask = (np.uint64(1) << DIGIT) - np.uint64(1)
    place = np.empty(np.int64(mask) + 2, np.int64)
    for digit in range(3):
        shift = FIRST_BIT + DIGIT * np.uint64(digit)
        place[:] = 0
        for j in range(n):
            place[((bits[j] >> shift) & mask) + np.uint64(1)] += 1
        for d in range(1, place.size):
            place[d] += place[d - 1]
        for j in range(n):
            d = (bits[j] >> shift) & mask
            other_bits[place[d]] = bits[j]
            other_at[place[d]] = at[j]
            place[d] += 1
        bits, other_bits = other_bits, bits
        at, other_at = other_at, at
    for j in range(1, n):
        b, row, k = bits[j], at[j], j
        while k > 0 and bits[k - 1] > b:
            bits[k], at[k] = bits[k - 1], at[k - 1]
            k -= 1
        bits[k], at[k] = b, row
    return at


@compiled
def _count_up(order, weight, district, out):
    """Middle of each household's weight in the running sum of its district; `order` by score."""
    below = np.zeros(district.max() + 1 if district.size else 0)
    for i in order:
        out[i] = below[district[i]] + 0.5 * weight[i]
        below[district[i]] += weight[i]
