"""Where a curve of differences first rises above 0: the rule behind every break-even.

A break-even is a number only where the curve is lived on both sides of it. Everything else is a word: never above 0, above 0
throughout, above 0 below a value only, several crossings, too few households, a quantity that does not move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from povsim.errors import PovsimError
from povsim.experiments.contrasts import FEWEST_DISCORDANT

Floats = NDArray[np.float64]

REACHED: Final = "reached"
ALREADY: Final = "already"
NOT_REACHED: Final = "not_reached"
LOST: Final = "lost"
SEVERAL: Final = "several"
TOO_FEW: Final = "too_few"
UNMOVED: Final = "unmoved"
UNKNOWN: Final = "unknown"
STATUSES: Final = (REACHED, ALREADY, NOT_REACHED, LOST, SEVERAL, TOO_FEW, UNMOVED, UNKNOWN)


@dataclass(frozen=True)
class Crossing:
    """What a curve says about the least value at which it rises above 0.

    status: `reached` (once, at `value`), `already` (above 0 at every value tried), `not_reached` (at none), `lost` (above 0
    at the low values only, up to `value`), `several` (more than one crossing: `values`, no single number), `too_few`
    (households that differ, at the points that decide), `unmoved` (the quantity takes one value only), `unknown` (no
    interval, say). low, high: the least and greatest value tried. values: every crossing, in order.
    """

    status: str
    value: float | None = None
    values: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    discordant: int | None = None


def crossing(x: Sequence[float], y: Sequence[float | None], discordant: Sequence[int | None] | None = None) -> Crossing:
    """Read a curve: `x` values of the quantity in any order, `y` differences, `discordant` households behind each.

    Linear between neighbouring points; points with the same x are one, with their mean y and the fewest households. A y that
    is None leaves its point out where others remain to decide, which is why `low` and `high` are those of the points used.
    Households decide by the points that carry the answer: both sides of each crossing; the largest y where none is above 0;
    the smallest where all are. Fewer than 20 there are too few. Raises PovsimError where lengths differ.
    """
    fail_if_lengths_differ(x, y, discordant)
    counts: Sequence[int | None] = [None] * len(x) if discordant is None else discordant
    known = [(a, b, n) for a, b, n in zip(x, y, counts, strict=True) if b is not None and np.isfinite(a)]
    if not known:
        return Crossing(UNKNOWN)
    at, height, behind = _one_a_value(known)
    low, high = float(at[0]), float(at[-1])
    if at.size == 1:
        return Crossing(UNMOVED, low=low, high=high)
    above = height > 0.0
    turns = [i for i in range(at.size - 1) if above[i] != above[i + 1]]
    deciding = sorted({j for i in turns for j in (i, i + 1)}) or [int(np.argmin(height) if above[0] else np.argmax(height))]
    found = [behind[j] for j in deciding]
    fewest = min((n for n in found if n is not None), default=None)
    if fewest is not None and fewest < FEWEST_DISCORDANT:
        return Crossing(TOO_FEW, low=low, high=high, discordant=fewest)
    values = tuple(_zero(at[i], height[i], at[i + 1], height[i + 1]) for i in turns)
    if len(turns) > 1:
        status, value = SEVERAL, None
    elif turns:
        status, value = (LOST if above[0] else REACHED), values[0]
    else:
        status, value = (ALREADY if above[0] else NOT_REACHED), None
    return Crossing(status, value, values, low, high, fewest)


def _one_a_value(known: list[tuple[float, float, int | None]]) -> tuple[Floats, Floats, list[int | None]]:
    at = np.unique([a for a, _, _ in known])
    height = np.array([np.mean([b for a, b, _ in known if a == one]) for one in at])
    behind = [min((n for a, _, n in known if a == one and n is not None), default=None) for one in at]
    return at, height, behind


def _zero(x0: float, y0: float, x1: float, y1: float) -> float:
    return float(x0 - y0 * (x1 - x0) / (y1 - y0))


def fail_if_lengths_differ(x: Sequence[object], y: Sequence[object], discordant: Sequence[object] | None) -> None:
    """A curve needs a height, and households if any, for every value of the quantity."""
    given = [len(x), len(y), *([] if discordant is None else [len(discordant)])]
    if len(set(given)) > 1:
        raise PovsimError(f"A curve needs as many heights and counts as values; given are {', '.join(map(str, given))}.")
