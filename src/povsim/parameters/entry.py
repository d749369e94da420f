"""One parameter: what it is, what it may be, and on what it rests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

VARIANTS = ("trap", "no_trap")
LANGUAGES = ("en", "id")

_Z95 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the register.

    `low`-`high` is the range thought possible, `lower` and `upper` the natural bounds (None: no bound). `scenarios` holds
    only the values that a cooperative scenario sets; `scenario_sources` and `scenario_grades` say on what those rest that
    differ from the default.
    """

    symbol: str
    group: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    equation: str
    unit: str
    default: float | Mapping[str, float]
    scenarios: Mapping[str, float]
    scenario_sources: Mapping[str, str]
    scenario_grades: Mapping[str, str]
    low: float
    high: float
    lower: float | None
    upper: float | None
    whole: bool
    prior: str
    source: str
    grade: str

    def value(self, variant: str, scenario: str | None = None) -> float:
        """The value in a run: that of the scenario if it sets one, else the default of the variant."""
        if scenario is not None and scenario in self.scenarios:
            return self.scenarios[scenario]
        return self.default[variant] if isinstance(self.default, Mapping) else self.default

    def grade_in(self, scenario: str | None) -> str:
        """Grade of the value that a run under `scenario` uses."""
        return self.grade if scenario is None else self.scenario_grades.get(scenario, self.grade)

    def source_in(self, scenario: str | None) -> str:
        """Source of the value that a run under `scenario` uses."""
        return self.source if scenario is None else self.scenario_sources.get(scenario, self.source)

    @property
    def widest(self) -> tuple[float, float]:
        """Lowest and highest value accepted: twice the width of the range around its middle, within the natural bounds."""
        middle, width = (self.low + self.high) / 2, self.high - self.low
        lowest = middle - width if self.lower is None else max(middle - width, self.lower)
        highest = middle + width if self.upper is None else min(middle + width, self.upper)
        return lowest, highest

    def quantile(self, u: float, variant: str, scenario: str | None = None) -> float:
        """The prior's quantile at `u` in (0, 1): increasing in `u`, inside the range; a fixed prior gives the value itself."""
        centre = self.value(variant, scenario)
        if self.prior == "fixed":
            return centre
        if self.prior == "uniform":
            drawn = self.low + u * (self.high - self.low)
        elif self.prior == "triangular":
            drawn = _triangular(u, self.low, centre, self.high)
        else:
            drawn = _lognormal(u, self.low, centre, self.high)
        return float(round(drawn)) if self.whole else drawn


def _triangular(u: float, low: float, mode: float, high: float) -> float:
    width = high - low
    if u < (mode - low) / width:
        return low + math.sqrt(u * width * (mode - low))
    return high - math.sqrt((1 - u) * width * (high - mode))


def _lognormal(u: float, low: float, median: float, high: float) -> float:
    """Median at the value, the farther end of the range at the 5th or 95th percentile, cut to the range."""
    sigma = max(math.log(high / median), math.log(median / low)) / _Z95
    law = NormalDist(math.log(median), sigma)
    first, last = law.cdf(math.log(low)), law.cdf(math.log(high))
    return min(max(math.exp(law.inv_cdf(first + u * (last - first))), low), high)
