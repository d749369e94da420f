"""The month in which a household that had left poverty fell back (model page, section 6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from povsim.measures.exits import M12_LINE, Flags, Months, last_months


def relapse_months(flags: Flags, tau: Months, W: int, until: npt.ArrayLike) -> Months:
    """First month after tau + W with m12 < 1 in which the household still lives, 0 where there is none: int16 [n].

    `flags` uint8 [T, n], index t - 1 holding month t; `tau` [n] first month of E2, which holds until tau + W (0: none);
    `until` [n] last month of each household.
    """
    T, n = flags.shape
    last = last_months(until, T, n)
    month = np.arange(1, T + 1)[:, None]
    below = ((flags & M12_LINE) == 0) & (tau > 0) & (month > tau.astype(np.int64) + W) & (month <= last)
    return np.where(below.any(axis=0), below.argmax(axis=0) + 1, 0).astype(np.int16)
