"""Stage 13: twelve months of consumption, observed poverty, and the marks from which the exit ladder is read.

Equation (21), model page section 6.
"""

import numpy as np

from povsim.draws import LANES
from povsim.model.blocks import block_of, blocks_of, compiled, in_block, inlined, lane_of, lanes, weighted_sum
from povsim.model.cooperative import service_due
from povsim.model.household import capacity, consumption_capacity, marginal_return, marketed_output, technology
from povsim.model.hurdle import outputs, pass_the_hurdle
from povsim.model.scratch import SC, TR
from povsim.population.columns import COOP, HOME, LIFE, TIE

POVERTY = ("observed", "gap", "severity", "latent")
"""Person-weighted sums of a village and month: observed poor, their gap, its square, poor by true consumption."""


@compiled
def consumption_of_the_year(home, homes, scratch, inside, first, t):
    """Put this month's c into its place of the twelve in the table HOME, and renew their sum in the block.

    The sum is carried from month to month and added up anew where t mod 12 = 0, so rounding cannot build up. `first`: column
    of the table that the block begins with; `inside`: households of the block.
    """
    c, total = scratch.rows[SC.c], homes.rows[HOME.c_sum]
    row = home[HOME.c0 + t % 12, first : first + inside]
    for k in range(row.size):
        total[k] += c[k] - row[k]
        row[k] = c[k]
    if t % 12 == 0:
        for k in range(row.size):
            total[k] = row[k]
        for j in range(1, 12):
            month = home[HOME.c0 + j, first : first + inside]
            for k in range(row.size):
                total[k] += month[k]


@compiled
def last_below_the_line(homes, inside, t, out):
    """Month t into `out` [household of the block] of those with m12 < 1."""
    total = homes.rows[HOME.c_sum]
    for k in range(inside):
        out[k] = t if total[k] / 12.0 < 1.0 - TIE else out[k]


@compiled
def observed_poverty(scratch, m, out):
    """(21) FGT 0, 1, 2 of observed and headcount of true consumption, in persons of the real village. Added to `out` [4]."""
    sc = scratch.rows
    for k in range(m):
        c = sc[SC.c, k]
        observed = c * sc[SC.seen, k]
        gap = max(0.0, 1.0 - observed)
        sc[SC.seen_poor, k] = 1.0 if observed < 1.0 else 0.0
        sc[SC.seen_gap, k] = gap
        sc[SC.seen_gap2, k] = gap * gap
        sc[SC.poor, k] = 1.0 if c < 1.0 else 0.0
    persons = sc[SC.persons]
    out[0] += weighted_sum(persons, sc[SC.seen_poor], sc[SC.sums])
    out[1] += weighted_sum(persons, sc[SC.seen_gap], sc[SC.sums])
    out[2] += weighted_sum(persons, sc[SC.seen_gap2], sc[SC.sums])
    out[3] += weighted_sum(persons, sc[SC.poor], sc[SC.sums])


@inlined
def expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, share, loss, refund):
    """Model page section 6: ycap of a household at earning capacity w and enterprise output f, L per month."""
    m_out = marketed_output(s_mkt, gross_net, own, l, w, f)
    return capacity(mean_xi, l, w, r0, f, share, m_out, loss, remit, refund)


@compiled
def household_capacity(life, home, coop, v, i, w, cooperative, p):
    """Model page section 6: ccap of household i at earning capacity w, L per month, with or without the cooperative margin.

    Of one household in the tables of the state; `marks` does the same for all that are tracked.
    """
    K = home[HOME.K, i]
    ability, skill = life[LIFE.ability, i], home[HOME.skill, i]
    h0 = technology(K, p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
    near = technology(K + 0.3, p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
    far = technology(K + 3.0, p.A_L, p.gL, p.A_H, p.gH, p.F, p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope)
    invests = marginal_return(h0, near, far, 1.0) * ability >= p.hurdle
    share, loss, refund = 0.0, 0.0, 0.0
    if cooperative:
        premium = coop[COOP.pi, v] * coop[COOP.qt, v]
        share = home[HOME.phi, i] * (p.own_gain * premium) + p.chi_c * premium * coop[COOP.mshare, v]
        loss = life[LIFE.trader, i] * coop[COOP.loss_rate, v]
        refund = home[HOME.shu12, i]
    l, own, remit = life[LIFE.l, i], life[LIFE.own, i], life[LIFE.remit, i]
    f = h0 * ability * skill
    ycap = expected_income(w * skill, l, own, f, remit, p.r0, p.mean_xi, p.s_mkt, p.gross_net, share, loss, refund)
    Dc = home[HOME.Dc, i]
    service = service_due(Dc, home[HOME.D0, i], p.tenor, p.min_inst, p.r_c) if Dc > 0.0 else 0.0
    return consumption_capacity(ycap, p.wear_rate, K, service, p.s0, p.s1, p.k1, invests)


@compiled
def marks(homes, scratch, tracked, coop, p, cooperative, b, growth, growth_ahead, first, last, table, out):
    """Marks of the tracked households of a village: `out` [tracked] uint8, bits as in `povsim.measures.exits`.

    `tracked`: their blocks, places in the village and traits filled in already; `cooperative`: whether there ever was one.
    """
    mean_xi, r0, s_mkt, gross_net = p.mean_xi, p.r0, p.s_mkt, p.gross_net
    tenor, min_inst, r_c = p.tenor, p.min_inst, p.r_c
    wear_rate, s0, s1, k1 = p.wear_rate, p.s0, p.s1, p.k1
    premium = coop[COOP.pi] * coop[COOP.qt]
    own_premium = p.own_gain * premium
    spill = p.chi_c * premium * coop[COOP.mshare]
    loss_rate = coop[COOP.loss_rate]
    trading = coop[COOP.status] == 4.0
    n = last - first
    line = 1.0 - TIE
    upper = 1.0 + b - TIE
    for g in range(blocks_of(n)):
        tr, at = tracked[g].rows, tracked[g].at
        m = lanes(n, g)
        for j in range(m):
            home, k = homes[block_of(at[j])].rows, lane_of(at[j])
            tr[TR.K, j] = home[HOME.K, k]
            tr[TR.c_sum, j] = home[HOME.c_sum, k]
            tr[TR.skill, j] = home[HOME.skill, k]
            if cooperative:
                tr[TR.Dc, j] = home[HOME.Dc, k]
                tr[TR.D0, j] = home[HOME.D0, k]
                tr[TR.phi, j] = home[HOME.phi, k]
                tr[TR.shu12, j] = home[HOME.shu12, k]
                tr[TR.member, j] = home[HOME.member, k]
        for row in range(TR.Dc, TR.member + 1 if not cooperative else TR.Dc):
            for j in range(m):
                tr[row, j] = 0.0
        outputs(tr[TR.K], tr[TR.logs], tr[TR.h], m, p)
        for j in range(m):
            l, own, remit = tr[TR.l, j], tr[TR.own, j], tr[TR.remit, j]
            skill = tr[TR.skill, j]
            f = tr[TR.h, j] * tr[TR.ability, j] * skill
            share = tr[TR.phi, j] * own_premium + spill
            loss, refund = tr[TR.trader, j] * loss_rate, tr[TR.shu12, j]
            w = tr[TR.w_ahead, j] * growth_ahead * skill
            ahead = expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, share, loss, refund)
            alone = expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, 0.0, 0.0, 0.0)
            w = tr[TR.w_year, j] * growth * skill
            now = expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, share, loss, refund)
            w = tr[TR.w_long, j] * growth * skill
            long_run = expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, share, loss, refund)
            Dc = tr[TR.Dc, j]
            tr[TR.service, j] = service_due(Dc, tr[TR.D0, j], tenor, min_inst, r_c) if Dc > 0.0 else 0.0
            tr[TR.ahead, j] = ahead
            tr[TR.alone, j] = alone
            tr[TR.now, j] = now
            tr[TR.long_run, j] = long_run
            # whether the hurdle is passed matters only above k1
            tr[TR.above, j] = max(max(ahead, alone), max(now, long_run)) - k1
        pass_the_hurdle(
            tr[TR.K],
            tr[TR.ability],
            tr[TR.above],
            tr[TR.invests],
            tr[TR.least],
            tr[TR.most],
            tr[TR.logs],
            scratch[0].at,
            m,
            table,
            p,
        )
        for j in range(m):
            K, service, invests = tr[TR.K, j], tr[TR.service, j], tr[TR.invests, j] != 0.0
            m12 = tr[TR.c_sum, j] / 12.0
            ahead = consumption_capacity(tr[TR.ahead, j], wear_rate, K, service, s0, s1, k1, invests)
            alone = consumption_capacity(tr[TR.alone, j], wear_rate, K, service, s0, s1, k1, invests)
            now = consumption_capacity(tr[TR.now, j], wear_rate, K, service, s0, s1, k1, invests)
            long_run = consumption_capacity(tr[TR.long_run, j], wear_rate, K, service, s0, s1, k1, invests)
            member = trading and tr[TR.member, j] != 0.0
            bits = (1 if m12 >= line else 0) | (2 if m12 >= upper else 0)
            bits |= (4 if ahead >= upper else 0) | (8 if alone >= upper else 0) | (16 if ahead >= line else 0)
            bits |= (32 if now >= upper else 0) | (64 if long_run >= upper else 0) | (128 if member else 0)
            tr[TR.bits, j] = bits
        for j in range(in_block(n, g)):
            out[first + g * LANES + j] = np.uint8(tr[TR.bits, j])
