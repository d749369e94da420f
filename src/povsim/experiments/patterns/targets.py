"""What each pattern is held against: the parts of F1 to F16 from the table of evidence, of V1 to V5 from their recipes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from povsim import evidence

SHARE_OF_CELLS = ("F1", "F12", "F13")
"""Patterns that are a share of cells met, of which nine of ten must be; no band makes up for fewer."""
DIGITS = 12
"""Decimals of a tolerance: what a subtraction adds beyond them is rounding."""


@dataclass(frozen=True)
class Part:
    """One number of a pattern. statistic: its name in what is simulated; low, high: bounds, None where there is none."""

    pattern: str
    part: str
    statistic: str
    target: float | None
    low: float | None
    high: float | None
    unit: str
    fitted: bool
    source: str
    grade: str
    note: str = ""

    @property
    def tolerance(self) -> float | None:
        """Half of the width between the bounds, or from the target to the one that there is; None where there is neither."""
        if self.low is not None and self.high is not None:
            return round((self.high - self.low) / 2, DIGITS)
        bound = self.high if self.low is None else self.low
        return None if self.target is None or bound is None else round(abs(self.target - bound), DIGITS)

    @property
    def direction(self) -> bool:
        """Whether the source gives a direction alone: one bound, which itself is not in it, and no target."""
        return self.target is None and (self.low is None) != (self.high is None)

    def within(self, value: float) -> bool:
        """Whether a value lies within the bounds, or beyond the bound of a direction: 0 is not above 0."""
        if self.direction:
            return (self.low is None or value > self.low) and (self.high is None or value < self.high)
        return (self.low is None or value >= self.low - 1e-12) and (self.high is None or value <= self.high + 1e-12)

    def off(self, value: float | None) -> float:
        """How far outside or inside the bounds a value lies, in their half-widths: 1 at a bound; infinite without a value."""
        if value is None:
            return math.inf
        if self.target is None or not self.tolerance:
            return 0.0 if self.within(value) else 2.0
        return abs(value - self.target) / self.tolerance


@dataclass(frozen=True)
class Band:
    """Mean and quantiles of a statistic over draws; None where there is none, for a reason."""

    mean: float | None
    low80: float | None
    high80: float | None
    low95: float | None
    high95: float | None
    reason: str | None = None


def fitted_parts() -> list[Part]:
    """Parts of F1 to F16, in the order of the table."""
    out = []
    for row in evidence.load("patterns").iter_rows(named=True):
        low, high = row["target"] - row["tolerance"], row["target"] + row["tolerance"]
        share = row["pattern"] in SHARE_OF_CELLS
        out.append(
            Part(
                row["pattern"],
                row["part"] or "",
                row["statistic"],
                row["target"],
                low,
                None if share else high,
                row["unit"],
                bool(row["fitted"]),
                row["source"],
                row["grade"],
                row["note"] or "",
            )
        )
    return out


def shown_parts(pattern: str) -> list[Part]:
    """Parts of one of V1 to V5: never fitted."""
    from povsim.experiments.shown import aims

    return [
        Part(
            pattern,
            aim.quantity,
            f"{pattern}_{aim.quantity}",
            aim.target,
            aim.low,
            aim.high,
            aim.unit,
            False,
            aim.source,
            aim.grade,
        )
        for aim in aims(pattern)
    ]


def band_of(values: Sequence[float | None], lived: bool, reason: str) -> Band:
    """Mean and bands over draws. `lived`: whether the values are draws; else their mean alone, without bands for `reason`."""
    found = np.array([value for value in values if value is not None and math.isfinite(value)])
    if not found.size:
        return Band(None, None, None, None, None, reason or "no sample gave it")
    mean = float(found.mean())
    if not lived or found.size < LEAST:
        why = reason or f"needs {LEAST} draws or more, {found.size} gave it"
        return Band(mean, None, None, None, None, why)
    if found.size < MANY:
        wide = float(found.std(ddof=1)) * float(np.sqrt(1 + 1 / found.size))
        low95, low80, high80, high95 = (mean + wide * float(stdtrit(found.size - 1, q)) for q in (0.025, 0.1, 0.9, 0.975))
        return Band(mean, low80, high80, low95, high95)
    low80, high80, low95, high95 = (float(x) for x in np.quantile(found, (0.1, 0.9, 0.025, 0.975)))
    return Band(mean, low80, high80, low95, high95)


LEAST, MANY = 8, 40
"""Draws below which no band is made, and below which it is the t interval of one more draw: quantiles of few draws lie inside
their extremes."""


def inside(part: Part, band: Band) -> bool | None:
    """Whether the mean is within the tolerance or the target within the 80 % band; None without a value."""
    if band.mean is None:
        return None
    if part.within(band.mean):
        return True
    if part.pattern in SHARE_OF_CELLS or part.target is None or band.low80 is None or band.high80 is None:
        return False
    return band.low80 <= part.target <= band.high80
