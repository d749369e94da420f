"""Lists of the few entries of a row in which something rare holds.

A loop that appends entry by entry asks, and stores, one by one. Here 64 entries are asked as whole vectors, which leaves a bit
for each in a word, and only the bits that are set are then walked.
"""

from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

WORD = 64
"""Entries whose bits share a word."""

# What is only compiled into other functions: no cache and no way in from Python of its own, which take as long to compile as
# the function. (These two options of numba's compiler lack types.)
WITHOUT_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


@intrinsic
def _lowest(_typing: Any, word: Any) -> Any:
    """Number of the lowest bit that is set in a word that is not 0."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.true_bit)

    return types.int64(types.uint64), code


@njit(forceinline=True, error_model="numpy", **WITHOUT_WRAPPERS)
def flag(holds, k):
    """Bit k of a word where something holds, else 0."""
    return np.uint64(1) << np.uint64(k) if holds else np.uint64(0)


@njit(nogil=True, error_model="numpy", **WITHOUT_WRAPPERS)
def append(word, first, at, count):
    """Append first + k, for the bits k that are set in a word, to the list `at` of `count` entries; returns its new length."""
    while word != np.uint64(0):
        at[np.uint64(count)] = first + _lowest(word)
        count += 1
        word &= word - np.uint64(1)
    return count


@njit(nogil=True, error_model="numpy", **WITHOUT_WRAPPERS)
def append_nonzero(row, n, first, at, count):
    """Append first + k, for those of the first n entries k of a row that are not 0, to the list `at` of `count` entries.

    Returns its new length.
    """
    for start in range(0, n, WORD):
        part = row[start : start + WORD]
        word = np.uint64(0)
        for k in range(min(WORD, n - start)):
            word |= flag(part[k] != 0.0, k)
        count = append(word, first + start, at, count)
    return count
