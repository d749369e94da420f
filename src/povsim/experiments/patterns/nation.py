"""F2, F13, F15, F16: the nation's margins, its headcount from 2010 to 2025, and that nothing drifts by itself."""

from __future__ import annotations

import numpy as np

from povsim import evidence
from povsim.experiments.patterns.lives import Base, Floats, level_of, rate, years_of
from povsim.experiments.patterns.panels import CLOSE, DENSITY
from povsim.measures.poverty import gini, quantile
from povsim.population.columns import HOME, LIFE

FIRST_YEAR, LAST_YEAR = 2010, 2025
WITHIN = 0.01
"""F13: distance from the published headcount at which a year counts as met, shares of 1."""
STILL_YEARS = 13


def march_headcounts() -> dict[int, float]:
    """Headcount of persons by year, Susenas of March, shares of 1; years that were published, 2010 to 2025."""
    table = evidence.load("poverty_national")
    rows = table.filter(table["indicator"].eq("headcount") & table["area"].eq("national"))
    found = {int(p[:4]): v / 100 for p, v in zip(rows["period"], rows["value"], strict=True) if p.endswith("-03")}
    return {year: found[year] for year in sorted(found) if FIRST_YEAR <= year <= LAST_YEAR}


def margins(base: Base) -> dict[str, float]:
    """F2 and F16 at the end of the burn-in, means of twelve observed months.

    F2_rural, F2_urban: Gini of expenditure per head. F16: headcount of persons over that of households; F16_lines: mean
    consumption of persons in poverty lines. headcount: of persons.
    """
    t = base.state.t
    c = base.observed(base.state, range(t - 11, t + 1))
    per_head = c * (base.state.life[LIFE.line] / base.state.life[LIFE.size])
    out: dict[str, float] = {}
    for name, rows in (("rural", ~base.sample.urban), ("urban", base.sample.urban)):
        out[f"F2_{name}"] = gini(per_head[:, rows].ravel(), np.tile(base.persons[rows], 12))
    persons, households = rate(c < 1, base.persons), rate(c < 1, base.households)
    return out | {
        "headcount": persons,
        "F16": persons / max(households, 1e-9),
        "F16_lines": float(c.mean(axis=0) @ base.persons / base.persons.sum()),
    }


def headcounts(base: Base) -> dict[str, float]:
    """F13_2011 .. F13_2025: headcount of persons of each year as surveys saw it, started at the published level of 2010.

    The level of earning capacity is moved until the first year has the headcount of 2010; from then on capacity grows by g_w a
    year relative to the line, the same every year: the path of prices and crises is not in the model. Today's aid is on
    throughout. F13: share of the published years 2011-2025 met within a point. F13_fall: mean fall in points a year.
    """
    published = march_headcounts()
    level = level_of(base, published[FIRST_YEAR])
    own = base.moved(level)
    first = rate(years_of(own, 1)[0] < 1, own.persons)
    if abs(first - published[FIRST_YEAR]) > CLOSE:
        own = base.moved(level + (first - published[FIRST_YEAR]) / DENSITY)
    seen = [rate(c < 1, own.persons) for c in years_of(own, LAST_YEAR - FIRST_YEAR + 1)]
    found = {year: seen[year - FIRST_YEAR] for year in published}
    later = [year for year in published if year != FIRST_YEAR]
    out = {f"F13_{year}": found[year] for year in later}
    met = [abs(found[year] - published[year]) <= WITHIN for year in later]
    fall = 100 * (found[FIRST_YEAR] - found[LAST_YEAR]) / (LAST_YEAR - FIRST_YEAR)
    return out | {"F13": float(np.mean(met)), "F13_fall": fall}


def stillness(base: Base) -> dict[str, float]:
    """F15: change of the headcount of persons over 13 years without growth or policy, points; F15_K: of median K, percent."""
    t = base.state.t
    before = rate(base.observed(base.state, range(t - 11, t + 1)) < 1, base.persons)
    state = base.state.branch(1)
    country = base.country(state, [base.aid(g_w=0.0)], 12 * STILL_YEARS)
    country.run()
    country.release()
    after = rate(base.observed(state, range(state.t - 11, state.t + 1)) < 1, base.persons)
    K = [_median(s.home[0, HOME.K], base.households) for s in (base.state, state)]
    return {"F15": 100 * (after - before), "F15_K": 100 * (K[1] / K[0] - 1)}


def _median(x: Floats, weight: Floats) -> float:
    return float(quantile(x, weight, 0.5))
