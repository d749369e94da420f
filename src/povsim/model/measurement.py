"""Stage 13: twelve months of consumption, observed poverty, and the marks from which the exit ladder is read.

Equation (21), model page section 6.
"""

import numpy as np
from numba import njit

from povsim.model.cooperative import service_due
from povsim.model.household import capacity, consumption_capacity, marginal_return, marketed_output, technology
from povsim.model.scratch import SC
from povsim.population.columns import COOP, HOME, LIFE, TIE

compiled = njit(nogil=True, cache=True, error_model="numpy")

POVERTY = ("observed", "gap", "severity", "latent")
"""Person-weighted sums of a village and month: observed poor, their gap, its square, poor by true consumption."""


@compiled
def consumption_of_the_year(home, lo, n, t, sc):
    """Put this month's c into its place of the twelve and renew their sum."""
    row = home[HOME.c0 + (t % 12), lo : lo + n]
    total = home[HOME.c_sum, lo : lo + n]
    c = sc[SC.c]
    for k in range(n):
        row[k] = c[k]
        total[k] = 0.0
    for m in range(12):
        month = home[HOME.c0 + m, lo : lo + n]
        for k in range(n):
            total[k] += month[k]


@compiled
def observed_poverty(life, lo, n, sc, out):
    """(21) FGT 0, 1, 2 of observed and headcount of true consumption, in persons of the real village. `out` [4]."""
    h = life[LIFE.h, lo : lo + n]
    size = life[LIFE.size, lo : lo + n]
    c, seen = sc[SC.c], sc[SC.seen]
    poor = 0.0
    gap_sum = 0.0
    severity = 0.0
    latent = 0.0
    for k in range(n):
        persons = h[k] * size[k]
        gap = max(0.0, 1.0 - c[k] * seen[k])
        poor += persons if c[k] * seen[k] < 1.0 else 0.0
        gap_sum += persons * gap
        severity += persons * gap * gap
        latent += persons if c[k] < 1.0 else 0.0
    out[0] += poor
    out[1] += gap_sum
    out[2] += severity
    out[3] += latent


@compiled
def household_capacity(life, home, coop, v, i, w, cooperative, p):
    """Model page section 6: ccap of household i at earning capacity w, L per month, with or without the cooperative margin."""
    K = home[HOME.K, i]
    l, ability = life[LIFE.l, i], life[LIFE.ability, i]
    h0 = technology(K, p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
    near = technology(K + 0.3, p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
    far = technology(K + 3.0, p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
    invests = marginal_return(h0, near, far, 1.0) * ability >= p.hurdle
    f = h0 * ability
    share = 0.0
    loss = 0.0
    refund = 0.0
    if cooperative:
        premium = coop[COOP.pi, v] * coop[COOP.qt, v]
        share = home[HOME.phi, i] * premium + p.chi_c * premium * coop[COOP.mshare, v]
        loss = life[LIFE.trader, i] * coop[COOP.loss_rate, v]
        refund = home[HOME.shu12, i]
    m_out = marketed_output(p.s_mkt, p.gross_net, life[LIFE.own, i], l, w, f)
    ycap = capacity(p.mean_xi, l, w, p.r0, f, share, m_out, loss, life[LIFE.remit, i], refund)
    Dc = home[HOME.Dc, i]
    service = service_due(Dc, home[HOME.D0, i], p.tenor, p.min_inst, p.r_c) if Dc > 0.0 else 0.0
    return consumption_capacity(ycap, p.wear_rate, K, service, p.s0, p.s1, p.k1, invests)


@compiled
def marks(life, home, coop, v, lo, t, p, b, growth, growth_ahead, tracked, first, last, out):
    """Marks of the tracked households of a village: `out` [tracked] uint8, bits as in `povsim.measures.exits`."""
    upper = 1.0 + b - TIE
    trading = coop[COOP.status, v] == 4.0
    for j in range(first, last):
        i = lo + tracked[j]
        m12 = home[HOME.c_sum, i] / 12.0
        ahead = life[LIFE.w_ahead, i] * growth_ahead
        ccap = household_capacity(life, home, coop, v, i, ahead, True, p)
        alone = household_capacity(life, home, coop, v, i, ahead, False, p)
        now = household_capacity(life, home, coop, v, i, life[LIFE.w_year, i] * growth, True, p)
        long_run = household_capacity(life, home, coop, v, i, life[LIFE.w_long, i] * growth, True, p)
        bits = 0
        if m12 >= 1.0 - TIE:
            bits |= 1
        if m12 >= upper:
            bits |= 2
        if ccap >= upper:
            bits |= 4
        if alone >= upper:
            bits |= 8
        if ccap >= 1.0 - TIE:
            bits |= 16
        if now >= upper:
            bits |= 32
        if long_run >= upper:
            bits |= 64
        if trading and home[HOME.member, i] != 0.0:
            bits |= 128
        out[j] = np.uint8(bits)
