"""Stage 13: twelve months of consumption, observed poverty, and the marks from which the exit ladder is read.

Equation (21), model page section 6.
"""

import numpy as np

from povsim.model.blocks import block_of, blocks_of, compiled, four_weighted_sums, inlined, lane_of, lanes
from povsim.model.cooperative import service_due
from povsim.model.household import capacity, consumption_capacity, marginal_return, marketed_output, technology
from povsim.model.hurdle import outputs, pass_the_hurdle
from povsim.model.scratch import SC, TK, TR
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
        months = home[HOME.c0 : HOME.c0 + 12, first : first + inside]
        for k in range(row.size):
            anew = months[0, k]
            for j in range(1, 12):
                anew += months[j, k]
            total[k] = anew


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
    poor, gap, severity, latent = four_weighted_sums(
        sc[SC.persons], sc[SC.seen_poor], sc[SC.seen_gap], sc[SC.seen_gap2], sc[SC.poor], sc[SC.sums]
    )
    out[0] += poor
    out[1] += gap
    out[2] += severity
    out[3] += latent


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
    ability, skill, skill_w = life[LIFE.ability, i], home[HOME.skill, i], home[HOME.skill_w, i]
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
    ycap = expected_income(w * skill_w, l, own, f, remit, p.r0, p.mean_xi, p.s_mkt, p.gross_net, share, loss, refund)
    Dc = home[HOME.Dc, i]
    service = (service_due(Dc, home[HOME.D0, i], p.tenor, p.min_inst, p.r_c) if Dc > 0.0 else 0.0) + home[HOME.Ms, i]
    return consumption_capacity(ycap, p.wear_rate, K, service, p.s0, p.s1, p.k1, invests)


@compiled
def keep(homes, traits, tracked, coop, p, cooperative, growth, growth_ahead, n, held):
    """What this month's marks of the n tracked households read, into lanes held n to held n + n - 1 of `tracked`.

    `cooperative`: whether the village ever had one, without which what is of members is 0.
    """
    premium = coop[COOP.pi] * coop[COOP.qt]
    own_premium = p.own_gain * premium
    spill = p.chi_c * premium * coop[COOP.mshare]
    loss_rate = coop[COOP.loss_rate]
    trading = coop[COOP.status] == 4.0
    for lane in range(held * n, held * n + n):
        tr, tk, j = traits[block_of(lane)].rows, tracked[block_of(lane)].rows, lane_of(lane)
        i = traits[block_of(lane)].at[j]
        home, k = homes[block_of(i)].rows, lane_of(i)
        tk[TK.K, j] = home[HOME.K, k]
        tk[TK.c_sum, j] = home[HOME.c_sum, k]
        tk[TK.skill, j] = home[HOME.skill, k]
        tk[TK.skill_w, j] = home[HOME.skill_w, k]
        tk[TK.growth, j] = growth
        tk[TK.growth_ahead, j] = growth_ahead
        phi, shu12, service, member = 0.0, 0.0, 0.0, 0.0
        if cooperative:
            Dc = home[HOME.Dc, k]
            phi, shu12 = home[HOME.phi, k], home[HOME.shu12, k]
            service = service_due(Dc, home[HOME.D0, k], p.tenor, p.min_inst, p.r_c) if Dc > 0.0 else 0.0
            member = home[HOME.member, k] if trading else 0.0
        tk[TK.share, j] = phi * own_premium + spill
        tk[TK.loss, j] = tr[TR.trader, j] * loss_rate
        tk[TK.shu12, j] = shu12
        tk[TK.service, j] = service + home[HOME.Ms, k]
        tk[TK.member, j] = member


@compiled
def marks(traits, tracked, at, p, b, n, held, table, out):
    """Marks of n tracked households of a village in `held` months: `out` [month, household] uint8.

    Bits as in `povsim.measures.exits`. `traits`, `tracked`: one lane a month and household, as `keep` and `follow` fill them;
    `at`: room.
    """
    mean_xi, r0, s_mkt, gross_net = p.mean_xi, p.r0, p.s_mkt, p.gross_net
    wear_rate, s0, s1, k1 = p.wear_rate, p.s0, p.s1, p.k1
    line = 1.0 - TIE
    upper = 1.0 + b - TIE
    for g in range(blocks_of(held * n)):
        tr, tk = traits[g].rows, tracked[g].rows
        m = lanes(held * n, g)
        outputs(tk[TK.K], tk[TK.logs], tk[TK.h], m, p)
        for j in range(m):
            l, own, remit = tr[TR.l, j], tr[TR.own, j], tr[TR.remit, j]
            skill, skill_w = tk[TK.skill, j], tk[TK.skill_w, j]
            f = tk[TK.h, j] * tr[TR.ability, j] * skill
            share, loss, refund = tk[TK.share, j], tk[TK.loss, j], tk[TK.shu12, j]
            w = tr[TR.w_ahead, j] * tk[TK.growth_ahead, j] * skill_w
            ahead = expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, share, loss, refund)
            alone = expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, 0.0, 0.0, 0.0)
            w = tr[TR.w_year, j] * tk[TK.growth, j] * skill_w
            now = expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, share, loss, refund)
            w = tr[TR.w_long, j] * tk[TK.growth, j] * skill_w
            long_run = expected_income(w, l, own, f, remit, r0, mean_xi, s_mkt, gross_net, share, loss, refund)
            tk[TK.ahead, j] = ahead
            tk[TK.alone, j] = alone
            tk[TK.now, j] = now
            tk[TK.long_run, j] = long_run
            # whether the hurdle is passed matters only above k1
            tk[TK.above, j] = max(max(ahead, alone), max(now, long_run)) - k1
        pass_the_hurdle(
            tk[TK.K], tr[TR.ability], tk[TK.above], tk[TK.invests], tk[TK.least], tk[TK.most], tk[TK.logs], at, m, table, p
        )
        for j in range(m):
            K, service, invests = tk[TK.K, j], tk[TK.service, j], tk[TK.invests, j] != 0.0
            m12 = tk[TK.c_sum, j] / 12.0
            ahead = consumption_capacity(tk[TK.ahead, j], wear_rate, K, service, s0, s1, k1, invests)
            alone = consumption_capacity(tk[TK.alone, j], wear_rate, K, service, s0, s1, k1, invests)
            now = consumption_capacity(tk[TK.now, j], wear_rate, K, service, s0, s1, k1, invests)
            long_run = consumption_capacity(tk[TK.long_run, j], wear_rate, K, service, s0, s1, k1, invests)
            bits = (1 if m12 >= line else 0) | (2 if m12 >= upper else 0)
            bits |= (4 if ahead >= upper else 0) | (8 if alone >= upper else 0) | (16 if ahead >= line else 0)
            bits |= (32 if now >= upper else 0) | (64 if long_run >= upper else 0)
            bits |= 128 if tk[TK.member, j] != 0.0 else 0
            tk[TK.bits, j] = bits
    for month in range(held):
        for j in range(n):
            lane = month * n + j
            out[month, j] = np.uint8(tracked[block_of(lane)].rows[TK.bits, lane_of(lane)])
