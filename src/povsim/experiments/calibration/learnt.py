"""What a pilot can teach: the parameters that are fitted to it, with their priors.

Entries of the register keep their priors there. Two belong to the pilot alone: how well off its villages are beyond what is
published of where they lie (`shift_mu`), and which share of reports a working cooperative sends (`report_trading`).
"""

from __future__ import annotations

from collections.abc import Sequence

from scipy.special import ndtri

from povsim.experiments.calibration.pilot import REPORTING, SHIFT_MU, Design
from povsim.experiments.calibration.prior import Prior, register_prior

HOUSEHOLDS = ("g_w", "sigma_me", "sd1", "sd2", "sd_x", "hab")
COOPERATIVES = ("start_member", "j0", "h0", "v0")
"""Read from households alone, and from treated villages and their reports."""
SHIFT_SD = 0.25
"""Prior standard deviation of `shift_mu`: a quarter more or less than published. Assumption, grade A."""
REPORTING_RANGE = (0.5, 1.0)
"""Range of `report_trading`, every share alike. Assumption, grade A."""
OF_THE_PILOT = (SHIFT_MU, REPORTING)


def symbols_for(design: Design) -> tuple[str, ...]:
    """Parameters that a pilot of this design is asked about, the register's first."""
    cooperatives = design.treated > 0
    asked = HOUSEHOLDS if len(design.waves) > 1 else tuple(s for s in HOUSEHOLDS if s != "g_w")
    return (
        *asked,
        *(COOPERATIVES if cooperatives else ()),
        SHIFT_MU,
        *((REPORTING,) if cooperatives and design.reports else ()),
    )


def prior_for(symbols: Sequence[str], variant: str, cooperative: str) -> Prior:
    """The joint prior of parameters of the register and of the pilot, in their order."""
    own = {SHIFT_MU: _shift, REPORTING: _reporting}
    registered = [s for s in symbols if s not in own]
    found = dict(zip(registered, register_prior(registered, variant, cooperative).quantiles, strict=True))
    return Prior(tuple(symbols), tuple(own.get(s) or found[s] for s in symbols))


def _shift(u: float) -> float:
    return float(SHIFT_SD * ndtri(u))


def _reporting(u: float) -> float:
    low, high = REPORTING_RANGE
    return low + u * (high - low)
