"""What is fitted: a statistic of each pattern, its target and tolerance (table `patterns` of the evidence)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from povsim import evidence
from povsim.experiments.patterns.nation import WITHIN, march_headcounts

F13_YEARS = (2018, 2025)
"""F13 counts years that are met, which has no slope to fit by: the headcount is held at its middle and its end instead."""
NOT_FITTED = ("F10_richer",)
"""Statistics that are no more than a direction."""


@dataclass(frozen=True)
class Goal:
    """A statistic that is fitted, in the unit of its pattern; grade and source are those of the target."""

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


def goals(patterns: Sequence[str]) -> tuple[Goal, ...]:
    """The statistics of the patterns asked for, in the order of the patterns."""
    rows = evidence.load("patterns").to_dicts()
    found = [
        Goal(r["pattern"], r["statistic"], float(r["target"]), float(r["tolerance"]), r["grade"], r["source"])
        for r in rows
        if r["pattern"] in patterns and r["pattern"] != "F13" and r["statistic"] not in NOT_FITTED
    ]
    if "F13" in patterns:
        published = march_headcounts()
        grade, source = next((r["grade"], r["source"]) for r in rows if r["pattern"] == "F13")
        found += [Goal("F13", f"F13_{year}", published[year], WITHIN, grade, source) for year in F13_YEARS]
    return tuple(sorted(found, key=lambda goal: (int(goal.pattern[1:]), goal.statistic)))
