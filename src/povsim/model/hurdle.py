# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators
"""Who passes the hurdle of equation (8): r(K) a >= hurdle, with r(K) the marginal return at unit ability.

Working r(K) out takes three values of h, six powers. It depends on K alone, so a table holds, for cells of K, a straight line
and how far r can be from it. Only a household that the line leaves undecided, one in some thousands, is worked out: the
answer is always that of the rules.
"""

import numpy as np
from numba import njit

from povsim.few import append_nonzero
from povsim.model.household import log_assets, marginal_return, output, technology

compiled = njit(nogil=True, cache=True, error_model="numpy")

LOWEST, HIGHEST = -2, 7
"""Cells divide each doubling of K from 2**-2 to 2**7 L into 128 equal parts; outside, r(K) is worked out."""
CELLS = 128 * (HIGHEST - LOWEST)
SHIFT = np.int64(52 - 7)
# A float64 shifted by SHIFT is its exponent and the leading 7 bits of its mantissa: the number of its cell, from FIRST on.
FIRST = np.int64(128 * (1023 + LOWEST))
TABLE = np.dtype([("cells", np.float64, (CELLS + 1, 3))])
"""Lines of the cells: value at K = 0, slope, distance. A record, so that LLVM knows how far apart they are."""
NEAR = 1e-3
"""Two pieces nearer than this, as a share, may change places and back within a cell."""
ALL_BRIDGE = 2.0 + 3.0 * 2.0 + 9.0 * 2.0


@njit(forceinline=True, error_model="numpy")
def return_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope):
    """(8) r(K) at unit ability."""
    here = technology(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    near = technology(K + 0.3, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    far = technology(K + 3.0, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    return marginal_return(here, near, far, 1.0)


@njit(forceinline=True, error_model="numpy")
def piece_at(K, A_L, gL, A_H, gH, F, K1, K2):
    """Which technology makes h(K): 0 low, 1 high, 2 the bridge; NaN so near to a kink that it cannot be told."""
    low = technology(K, A_L, gL, 0.0, gH, 0.0, 0.0, 0.0, 0.0, 0.0)
    high = technology(K, 0.0, gL, A_H, gH, F, 0.0, 0.0, 0.0, 0.0)
    side = 1.0 if high > low * (1.0 + NEAR) else (0.0 if high < low * (1.0 - NEAR) else np.nan)
    return 2.0 if (K > K1) & (K < K2) else side


@njit(forceinline=True, error_model="numpy")
def pieces_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope):
    """A number for the pieces that r(K) is made of: r is smooth where it stays the same. NaN where it cannot be told."""
    here = technology(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    near = (technology(K + 0.3, A_L, gL, A_H, gH, F, K1, K2, y1, slope) - here) / 0.3
    far = (technology(K + 3.0, A_L, gL, A_H, gH, F, K1, K2, y1, slope) - here) / 3.0
    pieces = piece_at(K, A_L, gL, A_H, gH, F, K1, K2)
    pieces += 3.0 * piece_at(K + 0.3, A_L, gL, A_H, gH, F, K1, K2)
    pieces += 9.0 * piece_at(K + 3.0, A_L, gL, A_H, gH, F, K1, K2)
    counts = 27.0 if near > far + NEAR * abs(far) else (0.0 if near < far - NEAR * abs(far) else np.nan)
    return pieces + counts if pieces != ALL_BRIDGE else pieces  # on the bridge both steps give its slope


@compiled
def hurdle_table(p, r, table):
    """Lines of the cells of a TABLE; the last stands for K outside. `r`: room.

    Where r is smooth it bends evenly within a cell: four times the distance of the line from r in the middle bounds it, with
    a millionth of r for what is left of evenness. Where it may have a kink, the distance is infinite: it is worked out.
    """
    A_L, gL, A_H, gH, F = p.A_L, p.gL, p.A_H, p.gH, p.F
    K1, K2, y1, slope = p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope
    cells = table.cells
    for j in range(2 * CELLS + 1):  # both ends and the middle of every cell
        K = np.int64((FIRST << SHIFT) + (j << (SHIFT - 1))).view(np.float64)
        r[j] = return_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    for cell in range(CELLS + 1):
        K = np.int64((cell + FIRST) << SHIFT).view(np.float64)
        cells[cell, 2] = pieces_at(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    for cell in range(CELLS):
        start = np.int64((cell + FIRST) << SHIFT).view(np.float64)
        end = np.int64((cell + 1 + FIRST) << SHIFT).view(np.float64)
        a, middle, b = r[2 * cell], r[2 * cell + 1], r[2 * cell + 2]
        smooth = cells[cell, 2] == cells[cell + 1, 2]
        cells[cell, 1] = (b - a) / (end - start)
        cells[cell, 0] = a - cells[cell, 1] * start
        distance = 4.0 * abs(middle - 0.5 * (a + b)) + 1e-6 * (abs(a) + abs(b))
        cells[cell, 2] = distance if smooth else np.inf
    cells[CELLS, 0] = 0.0
    cells[CELLS, 1] = 0.0
    cells[CELLS, 2] = np.inf


@compiled
def hurdle_tables(p, tables, table_of):
    """Tables of all arms; `table_of` [arm]: which of `tables` is an arm's, one for all that have the same technology."""
    room = np.zeros(2 * CELLS + 1)
    for arm in range(p.size):
        q, same = p[arm], arm
        for other in range(arm):
            o = p[other]
            technologies = (q.A_L == o.A_L) & (q.gL == o.gL) & (q.A_H == o.A_H) & (q.gH == o.gH) & (q.F == o.F)
            pieces = (q.maj_K1 == o.maj_K1) & (q.maj_K2 == o.maj_K2) & (q.maj_y1 == o.maj_y1) & (q.maj_slope == o.maj_slope)
            if same == arm and technologies and pieces:
                same = other
        table_of[arm] = same
        if same == arm:
            hurdle_table(q, room, tables[arm])


@compiled
def outputs(K, logs, h, m, p):
    """(1) h(K) of the first m of a row. `logs`: room.

    Loops of their own, and short ones, as every loop over logarithms or powers: their constants fill the registers, what else
    a loop does pushes them out, and each chain of operations is waited for unless the next few are already under way.
    """
    A_L, gL, A_H, gH, F = p.A_L, p.gL, p.A_H, p.gH, p.F
    K1, K2, y1, slope = p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope
    for k in range(m):
        logs[k] = log_assets(K[k])
    for k in range(m):
        h[k] = output(logs[k], K[k], A_L, gL, A_H, gH, F, K1, K2, y1, slope)


@compiled
def pass_the_hurdle(K, ability, matters, passes, least, most, logs, at, m, table, p):
    """Into `passes`, of the first m of a row: 1 for those who pass, 0 for others and where `matters` is not above 0.

    `least`, `most`, `logs`, `at`: room.
    """
    hurdle, cells = p.hurdle, table.cells
    bits = K.view(np.int64)
    for k in range(m):
        cell = np.uint64((bits[k] >> SHIFT) - FIRST)  # below the first: a huge number
        cell = cell if cell < np.uint64(CELLS) else np.uint64(CELLS)
        r = cells[cell, 0] + cells[cell, 1] * K[k]
        least[k] = r - cells[cell, 2]
        most[k] = r + cells[cell, 2]
    for k in range(m):
        asked = matters[k] > 0.0
        passes[k] = 1.0 if asked & (least[k] * ability[k] >= hurdle) else 0.0
        most[k] = 1.0 if asked & (least[k] * ability[k] < hurdle) & (most[k] * ability[k] >= hurdle) else 0.0
    unsure = append_nonzero(most, m, 0, at, 0)
    batch = m // 4  # the three values of h that each return takes stand side by side in a vector
    for first in range(0, unsure, batch):
        count = min(batch, unsure - first)
        for j in range(count):
            x = K[at[first + j]]
            least[4 * j] = x
            least[4 * j + 1] = x + 0.3
            least[4 * j + 2] = x + 3.0
            least[4 * j + 3] = x
        outputs(least, logs, most, (4 * count + 7) & -8, p)  # whole vectors, whatever stands in their last lanes
        for j in range(count):
            k = at[first + j]
            r = marginal_return(most[4 * j], most[4 * j + 1], most[4 * j + 2], 1.0)
            passes[k] = 1.0 if r * ability[k] >= hurdle else 0.0
