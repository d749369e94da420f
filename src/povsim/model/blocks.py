"""Blocks of a village, their lanes, and sums over them."""

import numpy as np
from numba import njit

from povsim.draws import LANES
from povsim.few import WITHOUT_WRAPPERS

compiled = njit(nogil=True, error_model="numpy", **WITHOUT_WRAPPERS)
inlined = njit(forceinline=True, error_model="numpy", **WITHOUT_WRAPPERS)
LANES_BITS = LANES.bit_length() - 1


@inlined
def blocks_of(n):
    """Blocks of a village of n households."""
    return (n + LANES - 1) // LANES


@inlined
def in_block(n, b):
    """Households in block b of a village of n."""
    return min(LANES, n - b * LANES)


@inlined
def lanes(n, b):
    """Lanes in use in block b of a village of n: the households, filled up to whole vectors."""
    return (in_block(n, b) + 7) & -8


@inlined
def block_of(i):
    """Block of household i of a village."""
    return i >> LANES_BITS


@inlined
def lane_of(i):
    """Lane of household i of a village."""
    return i & (LANES - 1)


@inlined
def sum_of_eight(weight, x, k):
    """Weight times x in lanes k, k + 16, k + 32, ..., added two by two."""
    first = (weight[k] * x[k] + weight[k + 16] * x[k + 16]) + (weight[k + 32] * x[k + 32] + weight[k + 48] * x[k + 48])
    second = (weight[k + 64] * x[k + 64] + weight[k + 80] * x[k + 80]) + (
        weight[k + 96] * x[k + 96] + weight[k + 112] * x[k + 112]
    )
    return first + second


@inlined
def sum_of_sixteen(x, j):
    """Entries j to j + 15 of a row, added two by two."""
    low = ((x[j] + x[j + 8]) + (x[j + 4] + x[j + 12])) + ((x[j + 2] + x[j + 10]) + (x[j + 6] + x[j + 14]))
    return low + (((x[j + 1] + x[j + 9]) + (x[j + 5] + x[j + 13])) + ((x[j + 3] + x[j + 11]) + (x[j + 7] + x[j + 15])))


@compiled
def weighted_sum(weight, x, room):
    """Sum of weight x over a block; weights of lanes that are not in use are 0.

    Additions of floats may not be moved, so one sum after the other could not be a vector. Here 16 sums of eight go side by
    side, and are then added two by two: the same order always.
    """
    for k in range(16):
        room[k] = sum_of_eight(weight, x, k)
    return sum_of_sixteen(room, 0)


@compiled
def four_weighted_sums(weight, w, x, y, z, room):
    """`weighted_sum` of four rows under one weight, which wait for each other less than one after the other."""
    for k in range(16):
        room[k] = sum_of_eight(weight, w, k)
        room[k + 16] = sum_of_eight(weight, x, k)
        room[k + 32] = sum_of_eight(weight, y, k)
        room[k + 48] = sum_of_eight(weight, z, k)
    return sum_of_sixteen(room, 0), sum_of_sixteen(room, 16), sum_of_sixteen(room, 32), sum_of_sixteen(room, 48)


@compiled
def any_in(row, m):
    """Whether any of the first m of a row is not 0."""
    word = np.uint64(0)
    for k in range(m):
        word |= np.uint64(1) if row[k] != 0.0 else np.uint64(0)
    return word != np.uint64(0)
