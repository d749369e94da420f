"""Aid-free capacity after a month: what a household's assets, work and cooperative let it consume. L a month.

Horizons: `ahead` (earning capacity expected 36 months ahead, the headline), `current` (this month's), `long_run` (with the
slow component x at its law) and `without_cooperative` (as `ahead`, with the cooperative margin set to 0).
"""

import math

from .rules_earning import (
    base_earnings,
    earning_capacity,
    enterprise_output,
    growth_factor,
    ln_w0,
    marketed_output,
    mean_xi,
    premium_rate,
    return_on_assets,
    yearly_persistence,
)
from .rules_living import instalment_due

HORIZONS = ("ahead", "current", "long_run", "without_cooperative")
MONTHS_AHEAD = 36


def growth_ahead(t, p):
    """G of month t + 36, seen from t; 1 in burn-in, where earning capacity does not grow. No unit."""
    return math.exp(p["g_w"] * (t + MONTHS_AHEAD) / 12.0) if t >= 0 else 1.0


def w_ahead(household, t, p):
    """w36: mean of w three years ahead given today's x: exp(ln w0 + rx^3 x + sd_x^2 (1 - rx^6)/2) G, L a month."""
    rx = yearly_persistence(p)
    expected_x = rx**3 * household.x + p["sd_x"] ** 2 * (1.0 - rx**6) / 2.0
    return math.exp(ln_w0(household, p) + expected_x) * growth_ahead(t, p)


def w_long_run(household, t, p):
    """Mean of w over the law of x: exp(ln w0 + sd_x^2 / 2) G_t, L a month."""
    return math.exp(ln_w0(household, p) + p["sd_x"] ** 2 / 2.0) * growth_factor(t, p)


def w_of(horizon, household, t, p):
    """The earning capacity that a horizon reads, L a month."""
    if horizon == "current":
        return earning_capacity(household, t, p)
    if horizon == "long_run":
        return w_long_run(household, t, p)
    return w_ahead(household, t, p)


def ycap(household, horizon):
    """Expected income over the stationary law of shocks and illness, without aid, with the terms of next month, L a month."""
    p, village = household.p, household.village
    w = w_of(horizon, household, household.model.month, p)
    output = enterprise_output(household.K, household.lna, p) * household.skill
    w *= household.skill_w
    earnings = base_earnings(household.l, w, output, p)
    if horizon == "without_cooperative":
        return mean_xi(p) * earnings + household.remit
    premium = premium_rate(household.phi, village, p) * marketed_output(household.own, household.l, w, output, p)
    trader_loss = household.trader * village.lossrate * earnings
    return mean_xi(p) * (earnings + premium) - mean_xi(p) * trader_loss + household.remit + household.shu12


def service_due(household):
    """Service of the cooperative's loan and of microcredit in the coming month, L."""
    cooperative = instalment_due(household.Dc, household.D0, household.p) if household.Dc > 0.0 else 0.0
    return cooperative + household.Ms


def ycap_net(household, horizon):
    """ycap less expected wear and loss of assets and less the service of the loan, L a month."""
    p = household.p
    wear = (p["delta"] + p["p_k"] * p["loss_k"] + p["p_v"] * p["loss_v"]) * household.K
    return ycap(household, horizon) - wear - service_due(household)


def ccap(household, horizon):
    """Consumption that this capacity allows; the extra saving s1 only where the hurdle is passed, L a month."""
    p = household.p
    net = ycap_net(household, horizon)
    saves_more = 1.0 if return_on_assets(household.K, household.lna, p) >= p["hurdle"] else 0.0
    return (1.0 - p["s0"]) * net - p["s1"] * max(0.0, net - p["k1"]) * saves_more
