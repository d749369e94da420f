"""What is fitted: a statistic of each pattern, its target and tolerance (model page, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from povsim.experiments.patterns.nation import march_headcounts


@dataclass(frozen=True)
class Goal:
    """A statistic that is fitted. target and tolerance: shares of 1; grade and source: of the target."""

    pattern: str
    statistic: str
    target: float
    tolerance: float
    grade: str
    source: str

    @property
    def error(self) -> float:
        """Standard deviation that the tolerance stands for: a target is off by more than its tolerance once in twenty times."""
        return self.tolerance / 2


_GOALS = (
    Goal("F3", "F3", 0.067, 0.012, "V", "Susenas panel 2008-2010: poor in both years"),
    Goal("F4", "F4", 0.061, 0.012, "V", "IFLS 1993-1997: poor in both waves"),
    Goal("F5", "F5", 0.35, 0.20, "V", "escapers poor again at the third wave"),
    Goal("F6", "F6", 0.63, 0.10, "V", "chronic share of the poverty gap"),
    Goal("F7", "F7", 0.70, 0.15, "V", "income lost to severe illness that consumption loses, poor rural households"),
    Goal("F9", "F9", 0.095, 0.055, "D", "yearly flow of working cooperatives into inactivity, .04 to .15"),
    Goal("F10", "F10", 0.025, 0.010, "D", "members as a share of households in the record of 2026; tolerance assumed"),
    Goal("F14", "F14", 0.30, 0.10, "V", "share of a farm income shock left after four years"),
)
F13_YEARS = (2018, 2025)
F13_TOLERANCE = 0.01


def goals(patterns: Sequence[str]) -> tuple[Goal, ...]:
    """The statistics of the patterns asked for, in the order of the patterns. F13 is held at its middle and its end."""
    found = [goal for goal in _GOALS if goal.pattern in patterns]
    if "F13" in patterns:
        published = march_headcounts()
        found += [
            Goal("F13", f"F13_{year}", published[year], F13_TOLERANCE, "V", f"national headcount, Susenas of March {year}")
            for year in F13_YEARS
        ]
    return tuple(sorted(found, key=lambda goal: (int(goal.pattern[1:]), goal.statistic)))
