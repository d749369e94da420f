"""The ladder of exits from poverty, E1 to E4x, from monthly paths (model page, section 6).

A household-month is one byte, `flags` uint8 [T, n] or [arms, T, n]; index t - 1 holds month t:

    bit 0  m12 >= 1                        bit 4  ccap >= 1
    bit 1  m12 >= 1 + b                    bit 5  ccap at current earning capacity >= 1 + b
    bit 2  ccap >= 1 + b                   bit 6  ccap at long-run earning capacity >= 1 + b
    bit 3  ccap with the cooperative       bit 7  member of a trading cooperative
           margin set to 0 >= 1 + b

m12 and ccap are in household poverty lines per month. E5 needs branched futures and is not read from flags.

An exit is that of the household which was poor. Where it ends (its members die or grow old, and a young household takes over
the row), its months end: `until` is the last month in which each household lives.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from povsim.errors import PovsimError, nearest
from povsim.population.columns import TIE

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.uint8]
Months = npt.NDArray[np.int16]

M12_LINE: Final = 1 << 0
M12_MARGIN: Final = 1 << 1
CCAP_MARGIN: Final = 1 << 2
CCAP_X_MARGIN: Final = 1 << 3
CCAP_LINE: Final = 1 << 4
CCAP_NOW_MARGIN: Final = 1 << 5
CCAP_LONG_MARGIN: Final = 1 << 6
MEMBER: Final = 1 << 7

RUNGS: Final[tuple[str, ...]] = ("E1", "E2", "E3", "E4", "E4x", "E4cap", "E4now", "E4long")
"""Rungs in the order of `first_exits`; the last three are companions of E4, shown in the tables."""

FIRST_MONTH: Final = 12
FOLLOW_UP: Final = 60
SHORTEST_HORIZON: Final = 73
_LONGEST_HORIZON: Final = int(np.iinfo(np.int16).max)


def window(T: int) -> tuple[int, int]:
    """First and last month tau in which an exit may begin: 12 and T - 60, whatever b and W are.

    Raises PovsimError for a horizon below 73 months.
    """
    if not SHORTEST_HORIZON <= T <= _LONGEST_HORIZON:
        raise PovsimError(
            f"A horizon of {T} months leaves no window for exits, which runs from month {FIRST_MONTH} to "
            f"{FOLLOW_UP} months before the horizon. Give horizon_months a value of {SHORTEST_HORIZON} or more "
            "(default 156)."
        )
    return FIRST_MONTH, T - FOLLOW_UP


def m12(consumption: npt.ArrayLike) -> Floats:
    """Mean real consumption of each month and the eleven before it.

    `consumption` [..., months + 11] in household lines per month, oldest first. Returns [..., months].
    The twelve terms are added oldest first, never as a difference of running sums, so one very large month leaves no
    rounding behind in later means.
    """
    c = _finite("consumption", consumption)
    months = c.shape[-1] - 11
    if months < 1:
        raise PovsimError(f"consumption holds {c.shape[-1]} months; a twelve-month mean needs 12 or more.")
    total = c[..., :months].copy()
    for lag in range(1, 12):
        total += c[..., lag : lag + months]
    return total / 12.0


def at_least(value: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """value >= threshold, a tie within TIE counted as at the threshold."""
    return np.asarray(value >= threshold - TIE, dtype=np.bool_)


def flags_from_paths(m12: npt.ArrayLike, ccap: npt.ArrayLike, ccap_x: npt.ArrayLike, b: float) -> Flags:
    """Bits 0 to 4 of `flags` from paths of equal shape [..., T, n], months 1..T, in household lines per month.

    `ccap_x` is capacity with the cooperative margin set to 0; `b` the margin above the line (default of povsim .10).
    """
    mean, cap, cap_x = _finite("m12", m12), _finite("ccap", ccap), _finite("ccap_x", ccap_x)
    if not mean.shape == cap.shape == cap_x.shape:
        raise PovsimError(f"m12, ccap and ccap_x must have one shape; given {mean.shape}, {cap.shape}, {cap_x.shape}.")
    if not 0.0 <= b < 1.0:
        raise PovsimError(f"exit.b = {b}; accepted is a margin from 0 to below 1, as a share of the poverty line.")
    flags = np.zeros(mean.shape, dtype=np.uint8)
    for bit, path, threshold in (
        (M12_LINE, mean, 1.0),
        (M12_MARGIN, mean, 1.0 + b),
        (CCAP_MARGIN, cap, 1.0 + b),
        (CCAP_X_MARGIN, cap_x, 1.0 + b),
        (CCAP_LINE, cap, 1.0),
    ):
        flags |= at_least(path, threshold).astype(np.uint8) * np.uint8(bit)
    return flags


def first_exits(flags: Flags, W: int, T: int | None = None, until: npt.ArrayLike | None = None) -> dict[str, Months]:
    """First month tau of every rung, 0 where there is none; for E3, read at the horizon, T.

    `flags` uint8 [T, n] or [arms, T, n]; `W` months of follow-up, 1 to 60; `until` [n] last month of each household (0 to T;
    default T): a rung counts only if the household lives through all its months. Each result is int16 [n] or [arms, n].
    One pass over the months, last to first; the interpreter lock is released meanwhile.
    """
    given = np.asarray(flags)
    if given.dtype != np.uint8 or given.ndim not in (2, 3):
        raise PovsimError(f"flags must be uint8 [T, n] or [arms, T, n]; given {given.dtype} of shape {given.shape}.")
    months = given.shape[-2]
    if T is not None and months != T:
        raise PovsimError(f"flags hold {months} months and the horizon given is {T}; they must agree.")
    _check_follow_up(W)
    first, last = window(months)
    arms = np.ascontiguousarray(given.reshape((-1, *given.shape[-2:])))
    living = np.full(arms.shape[2], months, np.int16) if until is None else last_months(until, months, arms.shape[2])
    out = np.zeros((len(RUNGS), arms.shape[0], arms.shape[2]), dtype=np.int16)
    _first_exits(arms, W, first, last, living, out)
    return {rung: out[k, 0] if given.ndim == 2 else out[k] for k, rung in enumerate(RUNGS)}


def last_months(until: npt.ArrayLike, T: int, n: int) -> Months:
    """`until` as int16 [n], checked: whole months from 0 to T, one a household."""
    given = np.asarray(until)
    if given.shape != (n,) or given.dtype.kind not in "iu" or (n and not 0 <= given.min() <= given.max() <= T):
        raise PovsimError(
            f"until must hold a month from 0 to {T} for each of {n} households; given {given.dtype} {given.shape}."
        )
    return given.astype(np.int16)


def first_exit(flags: Flags, W: int, rung: str, T: int | None = None) -> Months:
    """First month tau of one rung of RUNGS, 0 where there is none. Shapes and errors as in `first_exits`."""
    if rung not in RUNGS:
        raise PovsimError(f"Unknown rung '{rung}'; the nearest is '{nearest(rung, RUNGS)}'. Accepted: {', '.join(RUNGS)}.")
    return first_exits(flags, W, T)[rung]


def exit_share(tau: Months, weight: Floats) -> Floats:
    """Weighted share of households with an exit. `tau` [..., n] as from `first_exit`, `weight` [n]; returns [...]."""
    w = _finite("weight", weight)
    total = w.sum()
    if not total > 0.0:
        raise PovsimError("The group holds no household, so it has no share of exits.")
    return np.asarray((np.asarray(tau) > 0) @ w / total, dtype=np.float64)


def _check_follow_up(W: int) -> None:
    if not 1 <= W <= FOLLOW_UP:
        raise PovsimError(
            f"exit.W = {W}; accepted are 12, 24, 36 and 60 months (any whole number from 1 to {FOLLOW_UP} can be "
            "computed): a later start could not be followed to the horizon."
        )


def _finite(name: str, values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise PovsimError(f"{name} holds values that are not finite numbers; an exit cannot be read from them.")
    return array


@njit(nogil=True, cache=True)
def _first_exits(flags, W, first, last, until, out):
    """Fill out [rungs, arms, n] from flags [arms, T, n]; rungs in the order of RUNGS.

    Months are read last to first, so the latest write to a rung is its first month. `above` counts the consecutive
    months from t on with m12 >= 1: the condition "on [t, t + W]" is above > W. `capable` counts the same for ccap >= 1.
    Months after `until` count as not above and not capable.
    """
    arms, T, n = flags.shape
    above = np.zeros(n, dtype=np.int16)
    capable = np.zeros(n, dtype=np.int16)
    for a in range(arms):
        above[:] = 0
        capable[:] = 0
        for j in range(n):
            if until[j] == T and flags[a, T - 1, j] & CCAP_MARGIN:
                out[2, a, j] = T
        for t in range(T, first - 1, -1):
            now = flags[a, t - 1]
            for j in range(n):
                lives = t <= until[j]
                above[j] = above[j] + 1 if lives and now[j] & M12_LINE else 0
                capable[j] = capable[j] + 1 if lives and now[j] & CCAP_LINE else 0
            if t > last:
                continue
            end = flags[a, t + W - 1]
            for j in range(n):
                if above[j] > 0:
                    out[0, a, j] = t
                if capable[j] > W and end[j] & CCAP_MARGIN:
                    out[5, a, j] = t
                if above[j] > W and now[j] & M12_MARGIN:
                    out[1, a, j] = t
                    if end[j] & CCAP_MARGIN:
                        out[3, a, j] = t
                        if end[j] & CCAP_X_MARGIN:
                            out[4, a, j] = t
                    if end[j] & CCAP_NOW_MARGIN:
                        out[6, a, j] = t
                    if end[j] & CCAP_LONG_MARGIN:
                        out[7, a, j] = t
