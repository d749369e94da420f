# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Who passes the hurdle of equation (8): r(K) a >= hurdle, with r(K) the marginal return at unit ability.

Working r(K) out takes three values of h, six powers. It depends on K alone, so a table holds, for cells of K, a straight line
and how far r can be from it. Only a household that the line leaves undecided, one in some thousands, is worked out: the
answer is always that of the rules.
"""

import numpy as np
from numba import njit

from povsim.model.household import marginal_return, technology

compiled = njit(nogil=True, cache=True, error_model="numpy")

LOWEST, HIGHEST = -2, 7
"""Cells divide each doubling of K from 2**-2 to 2**7 L into 64 equal parts; outside, r(K) is worked out."""
CELLS = 64 * (HIGHEST - LOWEST)
SHIFT = np.int64(52 - 6)
# A float64 shifted by SHIFT is its exponent and the leading 6 bits of its mantissa: the number of its cell, from FIRST on.
FIRST = np.int64(64 * (1023 + LOWEST))


@njit(forceinline=True, error_model="numpy")
def return_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope):
    """(8) r(K) at unit ability."""
    here = technology(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    near = technology(K + 0.3, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    far = technology(K + 3.0, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    return marginal_return(here, near, far, 1.0)


@njit(forceinline=True, error_model="numpy")
def piece_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope):
    """Which technology makes h(K): 0 low, 1 high, 2 the bridge."""
    if K > K1 and K < K2:
        return 2
    return (
        1
        if technology(K, 0.0, gL, A_H, gH, F, 0.0, 0.0, 0.0, 0.0) > technology(K, A_L, gL, 0.0, gH, 0.0, 0.0, 0.0, 0.0, 0.0)
        else 0
    )


@njit(forceinline=True, error_model="numpy")
def pieces_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope):
    """The pieces that r(K) is made of, and whether the short or the long step counts: r is smooth where these stay the same."""
    here = technology(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    near = technology(K + 0.3, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    far = technology(K + 3.0, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    p0 = piece_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    p1 = piece_at(K + 0.3, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    p2 = piece_at(K + 3.0, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    return p0 + 3 * p1 + 9 * p2 + (27 if (near - here) / 0.3 > (far - here) / 3.0 else 0)


@compiled
def hurdle_table(p, r, table):
    """Lines (value at K = 0, slope, distance) of the cells [CELLS + 1, 3]; the last stands for K outside. `r`: room.

    The distance is four times that of the line from r in the middle of the cell: r bends evenly within a cell, where twice
    would do for any kink; and a millionth of r for what is left of evenness.
    """
    A_L, gL, A_H, gH, F = p.A_L, p.gL, p.A_H, p.gH, p.F
    K1, K2, y1, slope = p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope
    for j in range(2 * CELLS + 1):  # both ends and the middle of every cell
        K = np.int64((FIRST << SHIFT) + (j << (SHIFT - 1))).view(np.float64)
        r[j] = return_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    for cell in range(CELLS):
        start = np.int64((cell + FIRST) << SHIFT).view(np.float64)
        end = np.int64((cell + 1 + FIRST) << SHIFT).view(np.float64)
        a, middle, b = r[2 * cell], r[2 * cell + 1], r[2 * cell + 2]
        table[cell, 1] = (b - a) / (end - start)
        table[cell, 0] = a - table[cell, 1] * start
        table[cell, 2] = 4.0 * abs(middle - 0.5 * (a + b)) + 1e-6 * (abs(a) + abs(b))
        first = pieces_at(start, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
        last = pieces_at(end, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
        if first != last:  # r has a kink in the cell, or several: worked out
            table[cell, 2] = np.inf
    table[CELLS, 0] = 0.0
    table[CELLS, 1] = 0.0
    table[CELLS, 2] = np.inf


@compiled
def pass_the_hurdle(K, ability, matters, passes, least, most, at, m, table, p):
    """Into `passes`, of the first m of a row: 1 for those who pass, 0 for others and where `matters` is not above 0.

    `least`, `most`, `at`: room.
    """
    hurdle = p.hurdle
    for k in range(m):
        cell = np.uint64((np.float64(K[k]).view(np.int64) >> SHIFT) - FIRST)  # below the first: a huge number
        cell = cell if cell < np.uint64(CELLS) else np.uint64(CELLS)
        r = table[cell, 0] + table[cell, 1] * K[k]
        least[k] = r - table[cell, 2]
        most[k] = r + table[cell, 2]
    for k in range(m):
        asked = matters[k] > 0.0
        passes[k] = 1.0 if asked & (least[k] * ability[k] >= hurdle) else 0.0
        most[k] = 1.0 if asked & (least[k] * ability[k] < hurdle) & (most[k] * ability[k] >= hurdle) else 0.0
    unsure = np.int64(0)
    for k in range(m):
        at[unsure] = k
        unsure += np.int64(most[k])
    for j in range(unsure):
        k = at[j]
        r = return_at(K[k], p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
        passes[k] = 1.0 if r * ability[k] >= hurdle else 0.0
