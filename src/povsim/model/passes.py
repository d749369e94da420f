"""Household passes of one village, one month, one arm: income and aid, repayment, spending and coping, saving.

Each walks the village's households once over scratch rows; the rules are those of `povsim.model.household`.
"""

from numba import njit

from povsim.model.cooperative import default_hazard, probability, service_due
from povsim.model.household import (
    asset_sale,
    earnings,
    expectation,
    help_gap,
    marginal_return,
    marketed_output,
    moneylender_dues,
    moneylender_loan,
    plan,
    real_consumption,
    set_aside,
    technology,
)
from povsim.model.scratch import SC, TL
from povsim.population.columns import COOP, HOME, LIFE, WORKS_BIT

compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def income_and_aid(life, home, coop, v, lo, n, p, amounts, is_asset, month_of_year, sc, tally):
    """Stages 2 to 4: K after shocks, income with last month's cooperative terms, aid, village works, patronage refund."""
    l = life[LIFE.l, lo : lo + n]
    ability = life[LIFE.ability, lo : lo + n]
    own = life[LIFE.own, lo : lo + n]
    trader = life[LIFE.trader, lo : lo + n]
    remit = life[LIFE.remit, lo : lo + n]
    line = life[LIFE.line, lo : lo + n]
    h = life[LIFE.h, lo : lo + n]
    K = home[HOME.K, lo : lo + n]
    phi = home[HOME.phi, lo : lo + n]
    enrolled = home[HOME.enrolled, lo : lo + n]
    w, xi, assets = sc[SC.w], sc[SC.xi], sc[SC.assets]
    f, earn, m_out, y = sc[SC.f], sc[SC.earn], sc[SC.m_out], sc[SC.y]
    aid, asset_aid, shu = sc[SC.aid], sc[SC.asset_aid], sc[SC.shu]
    A_L, gL, A_H, gH, F = p.A_L, p.gL, p.A_H, p.gH, p.F
    K1, K2, y1, slope = p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope
    r0, s_mkt, gross_net = p.r0, p.s_mkt, p.gross_net
    premium = coop[COOP.pi, v] * coop[COOP.qt, v]
    spill = p.chi_c * premium * coop[COOP.mshare, v]
    loss_rate = coop[COOP.loss_rate, v]
    demand = 1.0 + coop[COOP.dem, v]
    for k in range(n):
        K[k] *= assets[k]
        f[k] = technology(K[k], A_L, gL, A_H, gH, F, K1, K2, y1, slope)
    for k in range(n):
        f[k] *= ability[k]
        earn[k] = earnings(xi[k], l[k], w[k] * demand, r0, f[k])
        m_out[k] = marketed_output(s_mkt, gross_net, own[k], l[k], w[k], f[k])
        share = phi[k] * premium + spill
        y[k] = earn[k] + xi[k] * share * m_out[k] - trader[k] * loss_rate * earn[k] + remit[k]
        aid[k] = 0.0
        asset_aid[k] = 0.0
        shu[k] = 0.0
    for g in range(amounts.shape[0]):
        amount = amounts[g, month_of_year]
        if amount != 0.0:
            into = asset_aid if is_asset[g] != 0.0 else aid
            for k in range(n):
                if (int(enrolled[k]) >> g) & 1:
                    into[k] += amount / line[k]
    works = coop[COOP.works, v]
    if works != 0.0:
        for k in range(n):
            if (int(enrolled[k]) >> WORKS_BIT) & 1:
                aid[k] += works / line[k]
    for k in range(n):
        K[k] += asset_aid[k]
    trader_loss = 0.0
    trader_earn = 0.0
    income = 0.0
    inj = 0.0
    paid = 0.0
    for k in range(n):
        rp = h[k] * line[k]
        income += rp * y[k]
        inj += rp * (aid[k] + asset_aid[k])
        trader_earn += rp * trader[k] * earn[k]
        trader_loss += rp * trader[k] * loss_rate * earn[k]
        paid += rp * xi[k] * (phi[k] * premium + spill) * m_out[k]
    tally[TL.income] = income
    tally[TL.inj] = inj
    tally[TL.trader_earn] = trader_earn
    tally[TL.trader_loss] = trader_loss
    tally[TL.premium] = paid


@compiled
def repayment(life, home, q, lo, n, p, cooperative, sc, tally):
    """Stage 7: default or service on loans of the cooperative older than this month, then the moneylender. Fills `cash`."""
    line = life[LIFE.line, lo : lo + n]
    h = life[LIFE.h, lo : lo + n]
    S = home[HOME.S, lo : lo + n]
    K = home[HOME.K, lo : lo + n]
    Dc = home[HOME.Dc, lo : lo + n]
    D0 = home[HOME.D0, lo : lo + n]
    Dm = home[HOME.Dm, lo : lo + n]
    Pm = home[HOME.Pm, lo : lo + n]
    y, aid, shu = sc[SC.y], sc[SC.aid], sc[SC.shu]
    fee, dues, refund, loan = sc[SC.fee], sc[SC.dues], sc[SC.refund], sc[SC.loan]
    means, service, interest = sc[SC.means], sc[SC.service], sc[SC.interest]
    repay, cash = sc[SC.repay], sc[SC.cash]
    c_floor, r_m, repay_m, iota = p.c_floor, p.r_m, p.repay_m, p.iota
    for k in range(n):
        means[k] = S[k] + y[k] + aid[k] + shu[k] + refund[k] - fee[k] - dues[k]
        service[k] = 0.0
        interest[k] = 0.0
    if cooperative:
        u_default = sc[SC.u_default]
        for k in range(n):
            i = lo + k
            if Dc[k] <= 0.0 or loan[k] > 0.0:
                continue
            if u_default[k] < probability(default_hazard(p.dl, p.dq, q, p.dy, y[k], c_floor)):
                seized = min(K[k], p.seize * iota * D0[k])
                K[k] -= seized
                recovered = p.q_k * seized
                rp = h[k] * line[k]
                tally[TL.seized] += rp * recovered
                tally[TL.losses] += rp * (Dc[k] - recovered - home[HOME.cap, i])
                Dc[k] = 0.0
                D0[k] = 0.0
                home[HOME.cap, i] = 0.0
                home[HOME.member, i] = 0.0
                home[HOME.arrears, i] = 0.0
                home[HOME.phi, i] = 0.0
                home[HOME.pat, i] = 0.0
                home[HOME.shu12, i] = 0.0
                home[HOME.barred, i] = 1.0
            else:
                due = service_due(Dc[k], D0[k], p.tenor, p.min_inst, p.r_c)
                charged = Dc[k] * p.r_c / 12.0
                service[k] = min(due, max(0.0, means[k] - c_floor))
                interest[k] = min(service[k], charged)
                Dc[k] += charged - service[k]
                home[HOME.arrears, i] = 1.0 if service[k] < due - 1e-12 else 0.0
                if Dc[k] < 1e-9:
                    Dc[k] = 0.0
                    D0[k] = 0.0
                rp = h[k] * line[k]
                tally[TL.service] += rp * service[k]
                tally[TL.interest] += rp * interest[k]
    for k in range(n):
        repay[k] = 0.0
        if Dm[k] > 0.0:
            owed = moneylender_dues(Dm[k], Pm[k], r_m)
            free = max(0.0, means[k] - service[k] - c_floor)
            repay[k] = min(owed, min(repay_m * Dm[k] + (owed - Dm[k]), free))
            left = owed - repay[k]
            Pm[k] *= left / owed
            Dm[k] = left
            if left < 1e-9:
                Dm[k] = 0.0
                Pm[k] = 0.0
        cash[k] = means[k] + (1.0 - iota) * loan[k] - service[k] - repay[k]


@compiled
def neighbours_help(h, line, ties, tie_weight, gap, surplus_over, theta, help_cap, n, ask, ratio, r_in, r_out):
    """(7) neighbours' help in two passes, L: what i lacks is asked of its ties, who give up to help_cap of their surplus.

    `surplus_over` [n] surplus, L. In Rp what is received equals what is given.
    """
    for k in range(n):
        ask[k] = 0.0
        r_in[k] = 0.0
        r_out[k] = 0.0
    for k in range(n):
        if gap[k] > 0.0:
            need = h[k] * line[k] * theta * gap[k]
            for e in range(ties.shape[1]):
                ask[ties[k, e]] += need * tie_weight[k, e]
    for k in range(n):
        if ask[k] > 0.0:
            ratio[k] = min(1.0, help_cap * h[k] * line[k] * surplus_over[k] / ask[k])
            r_out[k] = ratio[k] * ask[k] / (h[k] * line[k])
    for k in range(n):
        if gap[k] > 0.0:
            received = 0.0
            for e in range(ties.shape[1]):
                received += tie_weight[k, e] * ratio[ties[k, e]]
            r_in[k] = theta * gap[k] * received


@compiled
def spending_and_coping(life, home, lo, n, p, interactions, ties, tie_weight, pool_open, pool, sc, tally):
    """Stage 8: expectation, plan, neighbours' help, solidarity pool, moneylender, sale of assets, spending."""
    line = life[LIFE.line, lo : lo + n]
    h = life[LIFE.h, lo : lo + n]
    S = home[HOME.S, lo : lo + n]
    K = home[HOME.K, lo : lo + n]
    ybar = home[HOME.ybar, lo : lo + n]
    Dc = home[HOME.Dc, lo : lo + n]
    Dm = home[HOME.Dm, lo : lo + n]
    Pm = home[HOME.Pm, lo : lo + n]
    member = home[HOME.member, lo : lo + n]
    y, aid, shu, cash = sc[SC.y], sc[SC.aid], sc[SC.shu], sc[SC.cash]
    c_star, gap, over = sc[SC.c_star], sc[SC.gap], sc[SC.spend]
    r_in, r_out, pay = sc[SC.r_in], sc[SC.r_out], sc[SC.pay]
    borrow, sale, spend = sc[SC.borrow], sc[SC.sale], sc[SC.spend]
    c_floor, hab, s0, s1, k1, s2, buffer = p.c_floor, p.hab, p.s0, p.s1, p.k1, p.s2, p.buffer
    help_top, mlim, q_k, sale_share = p.help_top, p.mlim, p.q_k, p.sale_share
    for k in range(n):
        ybar[k] = expectation(ybar[k], hab, y[k] + aid[k] + shu[k])
        c_star[k] = plan(ybar[k], S[k], c_floor, s0, s1, k1, s2, buffer)
        gap[k] = help_gap(c_star[k], cash[k], c_floor, help_top)
        over[k] = max(0.0, cash[k] - c_star[k])
        r_in[k] = 0.0
        r_out[k] = 0.0
        pay[k] = 0.0
    if interactions:
        neighbours_help(h, line, ties, tie_weight, gap, over, p.theta, p.help_cap, n, sc[SC.ask], sc[SC.ratio], r_in, r_out)
    if pool_open and pool > 0.0:
        wanted = 0.0
        for k in range(n):
            if member[k] != 0.0:
                pay[k] = p.pool_theta * max(0.0, gap[k] - r_in[k])
                wanted += h[k] * line[k] * pay[k]
        if wanted > 0.0:
            part = min(1.0, pool / wanted)
            for k in range(n):
                pay[k] *= part
            tally[TL.pool_out] = wanted * part
    inj = 0.0
    for k in range(n):
        had = cash[k] + r_in[k] + pay[k]
        lacks = max(0.0, c_star[k] - had)
        borrow[k] = moneylender_loan(lacks, mlim, c_floor, ybar[k], Dm[k], Dc[k])
        Dm[k] += borrow[k]
        Pm[k] += borrow[k]
        sale[k] = asset_sale(lacks - borrow[k], q_k, sale_share, K[k])
        K[k] -= sale[k] / q_k
        spend[k] = min(c_star[k], had + borrow[k] + sale[k])
        inj += h[k] * line[k] * borrow[k]
    tally[TL.inj] += inj


@compiled
def saving_and_investment(life, home, kappa, rt, lo, n, p, sc):
    """Stage 9: what exceeds the buffer is invested where the marginal return passes the hurdle, else spent; consumption."""
    S = home[HOME.S, lo : lo + n]
    K = home[HOME.K, lo : lo + n]
    ybar = home[HOME.ybar, lo : lo + n]
    phi = home[HOME.phi, lo : lo + n]
    ability = life[LIFE.ability, lo : lo + n]
    cash, r_in, r_out, pay = sc[SC.cash], sc[SC.r_in], sc[SC.r_out], sc[SC.pay]
    borrow, sale, spend, invest, c = sc[SC.borrow], sc[SC.sale], sc[SC.spend], sc[SC.invest], sc[SC.c]
    r = sc[SC.hurdle]
    chi, buffer, hurdle = p.chi, p.buffer, p.hurdle
    A_L, gL, A_H, gH, F = p.A_L, p.gL, p.A_H, p.gH, p.F
    K1, K2, y1, slope = p.maj_K1, p.maj_K2, p.maj_y1, p.maj_slope
    for k in range(n):
        S[k] = cash[k] + r_in[k] + pay[k] + borrow[k] + sale[k] - spend[k] - r_out[k]
        invest[k] = set_aside(S[k], chi, buffer, ybar[k])
    for k in range(n):
        here = technology(K[k], A_L, gL, A_H, gH, F, K1, K2, y1, slope)
        near = technology(K[k] + 0.3, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
        far = technology(K[k] + 3.0, A_L, gL, A_H, gH, F, K1, K2, y1, slope)
        r[k] = marginal_return(here, near, far, 1.0)
    for k in range(n):
        x = invest[k]
        goes = r[k] * ability[k] >= hurdle
        S[k] -= x
        invest[k] = x if goes else 0.0
        spend[k] += 0.0 if goes else x
        K[k] += invest[k]
        c[k] = real_consumption(spend[k], kappa, phi[k], rt)
