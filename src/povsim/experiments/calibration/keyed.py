"""Random numbers of a calibration: each is a function of (seed, replicate, purpose, generation, row, column) alone."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, inverse_normal, uniforms

Floats = NDArray[np.float64]


class Purpose(IntEnum):
    """What a table of numbers is for; the same (purpose, generation, row, column) never serves two."""

    SHIFT = 1
    """shift of the low-discrepancy sequence, by column"""
    PARENT = 2
    """particle that a proposal begins at, by round"""
    STEP = 3
    """step of a proposal from there (normal)"""
    ERROR = 4
    """error of observation added to the statistics of a simulation, by lot (normal)"""
    RESAMPLE = 5
    """start of a systematic draw from weighted particles"""
    PRIOR = 6
    """draws from the prior: truths of a check, and parameters that are not identified"""


def table(key: DrawKey, purpose: Purpose, generation: int, rows: NDArray[np.int64], columns: int) -> Floats:
    """Uniforms strictly between 0 and 1: float64 [rows, columns]. Rows are numbers below 2**40."""
    blocks = -(-columns // 4)
    ids = (np.uint64(purpose) << np.uint64(56)) | (rows.astype(np.uint64)[:, None] << np.uint64(16))
    every = (ids | np.arange(blocks, dtype=np.uint64)[None, :]).ravel()
    return uniforms(key, Stream.CALIBRATION, every, generation).reshape(rows.size, 4 * blocks)[:, :columns]


def normal_table(key: DrawKey, purpose: Purpose, generation: int, rows: NDArray[np.int64], columns: int) -> Floats:
    """Standard normals: float64 [rows, columns]."""
    return inverse_normal(table(key, purpose, generation, rows, columns))


def systematic(weights: Floats, n: int, start: float) -> NDArray[np.int64]:
    """Rows [n] of a systematic draw: row i is taken floor or ceil of n times its share of the weights.

    `start` in (0, 1). Raises ValueError for weights that are negative, not finite or all 0.
    """
    total = weights.sum()
    if not np.isfinite(total) or total <= 0 or (weights < 0).any():
        raise ValueError("a draw needs weights that are finite, not negative and not all 0")
    edges = np.cumsum(weights) / total
    found = np.searchsorted(edges, (np.arange(n) + start) / n, side="right")
    last = int(np.flatnonzero(weights)[-1])
    return np.minimum(found, last)
