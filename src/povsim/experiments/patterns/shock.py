"""F14: how much of a shock to farm income is left four years later.

Two lives over the same draws, one with the persistent shock of every household lower by a tenth at the start; earned income
of rural own-account households is compared at the end of the first and of the fifth year. The source follows income of farm
households after rainfall shocks over the four years of a panel (Newhouse, IFLS 1993-1997).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from povsim.experiments.patterns.lives import Base, Floats
from povsim.model.rates import majorant
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE, PLACE

SHOCK: Final = -0.1
FIRST, LAST = 12, 60


def shock_left(base: Base) -> dict[str, float]:
    """F14: income lost in month 60 over income lost in month 12, farm (rural own-account) households that are still there."""
    lost: dict[int, float] = {}
    plain, hit = base.state.branch(1), base.state.branch(1)
    hit.life[LIFE.e1] += SHOCK
    lives = [(state, base.country(state, [base.aid(g_w=0.0)], LAST)) for state in (plain, hit)]
    for month in (FIRST, LAST):
        for _, country in lives:
            country.live_to(month)
        farm = ~base.sample.urban & (plain.life[LIFE.own] != 0) & (plain.life[LIFE.formed] < 1)
        less = earned(base, plain) - earned(base, hit)
        lost[month] = float(less[farm] @ base.households[farm])
    for _, country in lives:
        country.release()
    return {"F14": lost[LAST] / lost[FIRST]}


def earned(base: Base, state: State) -> Floats:
    """(2) what labour and enterprise earn at the shocks of month state.t, L [H]; no aid, no cooperative, no growth."""
    p, life = base.p, state.life
    half = (p["sd1"] ** 2 + p["sd2"] ** 2 + p["sd_u"] ** 2) / 2
    xi = np.exp(life[LIFE.e1] + life[LIFE.e2] + state.place[PLACE.u][base.sample.village] - half)
    xi *= np.where(life[LIFE.ill] > 0, 1 - p["loss_h"], 1.0)
    K = np.maximum(state.home[0, HOME.K], 1e-6)
    f = np.maximum(p["A_L"] * K ** p["gL"], p["A_H"] * K ** p["gH"] - p["F"])
    if base.variant == "no_trap":
        K1, K2, y1, slope = majorant(p)
        f = np.where((K > K1) & (K < K2), y1 + slope * (K - K1), f)
    l = life[LIFE.l]
    return np.asarray(xi * (l * life[LIFE.w_year] + (p["r0"] + (1 - p["r0"]) * l) * f * life[LIFE.ability]))
