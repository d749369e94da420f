"""F3 to F6: who is poor twice, again and on average, in panels as the publications had them.

The panel is set where the publication was: the level of earning capacity is moved until the first headcount of persons is the
published one, and capacity grows from wave to wave so that the second is. A wave is the consumption of one month with survey
error; twelve panels, begun in twelve months of the first year, are averaged. All shares count persons.

F3 and persons: the source's .067 are households of its panel. The same source has 11.07 % of households below the line by
their mean over both waves, which a headcount near .14 in each wave makes and one of .115 (of households in the nation) does
not: its panel households are as poor as the nation's persons. So headcounts and joint share are simulated in one unit, persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from povsim.experiments.patterns.lives import Base, Floats, level_of, rate, years_of

STEPS: Final = 3
CLOSE: Final = 0.002
"""Distance of a headcount from the published one at which the search stops."""
DENSITY: Final = 0.40
"""First guess of how much the headcount falls for a rise of earning capacity by one log point."""
GROWTH: Final = 0.028
"""First guess of the growth of earning capacity a year relative to the line."""


@dataclass(frozen=True)
class Panel:
    """Published headcounts of persons in the first and last wave, years between them."""

    first: float
    last: float
    years: int


SUSENAS = Panel(0.154, 0.133, 2)
"""Susenas panel March 2008 to March 2010; it was met in 2009 too, which F5 uses."""
IFLS = Panel(0.167, 0.124, 4)
"""Indonesia Family Life Survey, waves of 1993 and 1997."""


def waves(base: Base, panel: Panel) -> list[Floats]:
    """Observed consumption by year [12, H], first and last headcount near the published ones; month k of each is one panel."""
    level, growth = level_of(base, panel.first), GROWTH
    own = base.moved(level)
    seen: list[Floats] = []
    for step in range(STEPS):
        seen = years_of(own, panel.years + 1, g_w=growth)
        first, last = (rate(c < 1, own.persons) for c in (seen[0], seen[-1]))
        if abs(first - panel.first) <= CLOSE and abs(last - panel.last) <= CLOSE:
            break
        if step < STEPS - 1:
            level += (first - panel.first) / DENSITY
            growth += ((last - first) - (panel.last - panel.first)) / DENSITY / panel.years
            own = base.moved(level)
    return seen


def persistence(base: Base) -> dict[str, float]:
    """F3 to F6 and the headcounts that the panels were set to.

    F3 poor in 2008 and 2010, F4 in 1993 and 1997, shares of persons. F5: of those who were poor in the first wave of three a
    year apart and not in the second, share poor in the third. F6: poverty gap of mean consumption over the two waves of F3,
    over the mean gap of the waves (components approach of M. Ravallion, Journal of Human Resources 23, 1988).
    """
    susenas, ifls = waves(base, SUSENAS), waves(base, IFLS)
    weight = base.persons
    first, second, third = (c < 1 for c in susenas)
    escaped = rate(first & ~second, weight)
    chronic = rate_of(np.maximum(0.0, 1 - (susenas[0] + susenas[2]) / 2), weight)
    gaps = [rate_of(np.maximum(0.0, 1 - c), weight) for c in (susenas[0], susenas[2])]
    return {
        "F3": rate(first & third, weight),
        "F3_first": rate(first, weight),
        "F3_last": rate(third, weight),
        "F3_households": rate(first & third, base.households),
        "F4": rate((ifls[0] < 1) & (ifls[-1] < 1), weight),
        "F4_first": rate(ifls[0] < 1, weight),
        "F4_last": rate(ifls[-1] < 1, weight),
        "F5": rate(first & ~second & third, weight) / max(escaped, 1e-9),
        "F6": chronic / max(float(np.mean(gaps)), 1e-9),
    }


def rate_of(x: Floats, weight: Floats) -> float:
    """Weighted mean over households of the mean over months of `x` [months, H]."""
    return float(x.mean(axis=0) @ weight / weight.sum())
