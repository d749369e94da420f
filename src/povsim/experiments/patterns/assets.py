"""F8: what a little more productive capital brings the household of median assets, and what that median is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from povsim.experiments.patterns.lives import Base
from povsim.measures.poverty import quantile
from povsim.population.columns import HOME, LIFE

STEP = 0.01
"""L: rise of assets over which the return is taken."""


def marginal_return(base: Base) -> dict[str, float]:
    """F8: return per month on assets at the median of own-account households, ability 1; F8_K: that median, L.

    The field experiment gave grants to own-account enterprises and read the return off their profits (de Mel, McKenzie and
    Woodruff 2008).
    """
    own = base.state.life[LIFE.own] != 0
    K = float(quantile(base.state.home[0, HOME.K][own], base.households[own], 0.5))
    return {"F8": (output(base.p, base.variant, K + STEP) - output(base.p, base.variant, K)) / STEP, "F8_K": K}


def output(p: Mapping[str, float], variant: str, K: float) -> float:
    """(1) f(K) at ability 1, L per month; with the linear piece of the majorant in variant no_trap."""
    low = p["A_L"] * K ** p["gL"]
    high = p["A_H"] * K ** p["gH"] - p["F"]
    if variant == "no_trap":
        from povsim.model.rates import majorant

        K1, K2, y1, slope = majorant(p)
        if K1 < K < K2:
            return float(y1 + slope * (K - K1))
    return float(np.maximum(low, high))
