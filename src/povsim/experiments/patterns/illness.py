"""F7: the share of the income lost to severe illness that poor rural households go without in consumption.

Two lives over the same draws: illness as it is, and illness that costs nothing. Months of spells that began in the year are
compared; the source compared the waves of a panel with and without illness (Susenas 2003-2004).
"""

from __future__ import annotations

import numpy as np

from povsim.experiments.patterns.lives import Base, Floats
from povsim.model.arm import Arm
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE

MONTHS = 12


def pass_through(base: Base) -> dict[str, float]:
    """F7: sum of consumption lost over sum of income lost, in months of illness of poor rural households with labour.

    Poor: mean consumption of the year before below the line. Income of a month follows from expected income (5), so
    the year is lived twelve times, each a month longer.
    """
    sample, p = base.sample, base.p
    arms = [base.aid(), base.aid(loss_h=0.0)]  # two countries: what no arm can change is lived once in one
    rows = ~sample.urban & (base.state.home[0, HOME.c_sum] / 12 < 1) & (base.state.life[LIFE.ill] == 0)
    before = [base.state.home[0, HOME.ybar]] * 2
    lost_income, lost_consumption = 0.0, 0.0
    for month in range(1, MONTHS + 1):
        ended = [_months_later(base, arm, month) for arm in arms]
        life = ended[0].life
        ybar = [state.home[0, HOME.ybar] for state in ended]
        income = [(now - (1 - p["hab"]) * was) / max(p["hab"], 1e-9) for now, was in zip(ybar, before, strict=True)]
        consumed = [state.home[0, HOME.c0 + month % 12] for state in ended]
        ill = rows & (life[LIFE.ill] > 0) & (life[LIFE.formed] < 1) & (life[LIFE.l] > 0)
        lost_income += _sum(income[1] - income[0], base.households, ill)
        lost_consumption += _sum(consumed[1] - consumed[0], base.households, ill)
        before = ybar
    return {"F7": lost_consumption / lost_income if lost_income > 0 else np.nan}


def _months_later(base: Base, arm: Arm, months: int) -> State:
    state = base.state.branch(1)
    country = base.country(state, [arm], months)
    country.live_year()
    country.release()
    return state


def _sum(x: Floats, weight: Floats, rows: np.ndarray) -> float:
    return float((x * weight)[rows].sum())
