"""What becomes of households whose aid ends (model page, section 6, "relapse after aid stops")."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from povsim.measures.exits import M12_LINE, Flags, Floats, last_months

WITHIN: Final = 24


def after_the_last_aid(
    flags: Flags,
    aided: npt.NDArray[np.bool_],
    weight: Floats,
    until: npt.ArrayLike,
    within: int = WITHIN,
    stops: int | None = None,
) -> dict[str, float | None]:
    """Households by weight whose aid ended, how many were above the line then, and the share of these below it `within` months.

    `flags` uint8 [T, n] of one arm (bit 0 is read), `aided` [years + 1, n] whether aid is received in a year, first the year
    before month 1; `weight` [n], `until` [n] last month of each household; `stops`: last month of all aid, if it ends within a
    year. Aid ends with the first year that has aid and is followed by one without; the household must live, and the run last,
    `within` months from there. Nobody who is tracked is above the line in month 0. `relapse` is null where nobody is.
    """
    T, n = flags.shape
    last = last_months(until, T, n).astype(np.int64)
    ends = aided[:-1] & ~aided[1:]
    ended = ends.any(axis=0)
    month = 12 * ends.argmax(axis=0).astype(np.int64)
    if stops is not None:
        month = np.minimum(month, stops)
    seen = ended & (month + within <= last)
    at = np.maximum(month, 1)
    above = seen & (month > 0) & ((flags[at - 1, np.arange(n)] & M12_LINE) != 0)
    below = np.zeros(n, np.bool_)
    for k in range(1, within + 1):
        row = np.minimum(at + k, T) - 1
        below |= (flags[row, np.arange(n)] & M12_LINE) == 0
    w = np.asarray(weight, dtype=np.float64)
    stood = float(w[above].sum())
    return {
        "ended": float(w[seen].sum()),
        "above": stood,
        "relapse": float(w[above & below].sum()) / stood if stood > 0.0 else None,
    }
