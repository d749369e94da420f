"""The two groups of households that every rung and contrast is reported for (model page, section 6)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from povsim.errors import PovsimError, nearest

STRUCTURAL: Final = "structural"
"""m12(0) < 1 and ccap(0) < 1: the headline group."""

BASELINE_POOR: Final = "baseline_poor"
"""m12(0) < 1 over months -11..0."""

FEWEST_HOUSEHOLDS: Final = 200
"""Simulated households of a kind, over all replicates, below which the share of them that leaves is too few to say: with 200
the standard error of a share of 10 % is 2 percentage points, and more where they live in few villages."""

GROUPS: Final[tuple[str, ...]] = (STRUCTURAL, BASELINE_POOR)


def member_of(group: str, structural: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which of the tracked households belong to `group`.

    `structural` [n] is true for the structurally poor among the tracked households, who are the baseline poor.
    Raises PovsimError for an unknown group.
    """
    if group == STRUCTURAL:
        return np.asarray(structural, dtype=np.bool_).copy()
    if group == BASELINE_POOR:
        return np.ones(np.shape(structural), dtype=np.bool_)
    raise PovsimError(f"Unknown group '{group}'; the nearest is '{nearest(group, GROUPS)}'. Accepted: {', '.join(GROUPS)}.")
