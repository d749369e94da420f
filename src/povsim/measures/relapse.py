"""What was missing when a household that had left poverty fell back (model page, section 6).

A household that crosses and holds for W months (rung E2) relapses in the first month after tau + W with m12 < 1. The rule
reads its own capacity (ccap, no aid) at the crossing and at the relapse. It is bookkeeping, not a counterfactual: it tells
what stood and what did not, not what would have prevented the fall.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from povsim.measures.exits import CCAP_LINE, M12_LINE, Flags, Months, last_months

KINDS: Final = ("none", "held", "passing", "capacity_fell", "never_held")
"""none: no E2. held: no relapse in its months. Relapses: ccap >= 1 at the relapse (a shock that passes); ccap >= 1 at the
crossing and below at the relapse; ccap < 1 at both (the crossing stood on aid, help, debt or luck)."""


def relapses(flags: Flags, tau: Months, W: int, until: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Index into KINDS of each household, uint8 [n].

    `flags` uint8 [T, n], index t - 1 holding month t; `tau` [n] first month of E2 (0: none); `until` [n] last month of each
    household: what its successor goes through is no relapse.
    """
    T, n = flags.shape
    last = last_months(until, T, n)
    month = np.arange(1, T + 1)[:, None]
    below = ((flags & M12_LINE) == 0) & (month > tau + W) & (month <= last)
    fell = (tau > 0) & below.any(axis=0)
    at = np.where(fell, below.argmax(axis=0), 0)
    each = np.arange(n)
    able_then = (flags[np.maximum(tau, 1) - 1, each] & CCAP_LINE) != 0
    able_now = (flags[at, each] & CCAP_LINE) != 0
    kind = np.where(able_now, KINDS.index("passing"), KINDS.index("never_held"))
    kind = np.where(able_then & ~able_now, KINDS.index("capacity_fell"), kind)
    kind = np.where(fell, kind, KINDS.index("held"))
    return np.where(tau > 0, kind, KINDS.index("none")).astype(np.uint8)
