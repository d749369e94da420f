"""Household passes of one block of a village, one month, one arm: income and aid, repayment, spending and coping, saving.

Each walks a block over whole vectors (`povsim.model.scratch`); the rules are those of `povsim.model.household`. A loop holds
no call, no sum and no branch that a vector could not take: sums are taken afterwards by `weighted_sum`, in an order of their
own, and rare events are gathered into lists first (`povsim.few`). Only help of neighbours and the pool walk the
whole village.
"""

import numpy as np

from povsim.draws import LANES
from povsim.few import append_nonzero
from povsim.model.blocks import block_of, blocks_of, compiled, in_block, lane_of, lanes, weighted_sum
from povsim.model.cooperative import default_hazard, probability, service_due
from povsim.model.household import (
    asset_sale,
    earnings,
    expectation,
    help_gap,
    marketed_output,
    moneylender_dues,
    moneylender_loan,
    plan,
    real_consumption,
    set_aside,
)
from povsim.model.hurdle import outputs, pass_the_hurdle
from povsim.model.scratch import SC, TL
from povsim.population.columns import COOP, HOME, LIFE, WORKS_BIT
from povsim.population.sample import TIES

WORKS = np.int64(WORKS_BIT)  # not a Python integer, for each of which a function would be compiled once


@compiled
def income_and_aid(lives, homes, scratch, m, village, p, amounts, is_asset, in_lines, month_of_year):
    """Stages 2 to 4: K after shocks, income with last month's cooperative terms, aid and village works."""
    life, home, sc = lives.rows, homes.rows, scratch.rows
    coop, tally = village.coop, village.tally
    r0, s_mkt, gross_net = p.r0, p.s_mkt, p.gross_net
    premium = coop[COOP.pi] * coop[COOP.qt]
    own = p.own_gain * premium
    spill = p.chi_c * premium * coop[COOP.mshare]
    loss_rate = coop[COOP.loss_rate]
    demand = 1.0 + coop[COOP.dem]
    works = coop[COOP.works]
    for k in range(m):
        home[HOME.K, k] *= sc[SC.assets, k]
    outputs(home[HOME.K], sc[SC.logs], sc[SC.h], m, p)
    for k in range(m):
        skill = home[HOME.skill, k]
        f = sc[SC.h, k] * life[LIFE.ability, k] * skill
        xi, l, w = sc[SC.xi, k], life[LIFE.l, k], sc[SC.w, k] * home[HOME.skill_w, k]
        earn = earnings(xi, l, w * demand, r0, f)
        m_out = marketed_output(s_mkt, gross_net, life[LIFE.own, k], l, w, f)
        share = home[HOME.phi, k] * own + spill
        sc[SC.earn, k] = earn
        sc[SC.m_out, k] = m_out
        sc[SC.y, k] = earn + xi * share * m_out - life[LIFE.trader, k] * loss_rate * earn + life[LIFE.remit, k]
        sc[SC.aid, k] = 0.0
    aided = False
    for g in range(amounts.shape[0]):
        amount = amounts[g, month_of_year]
        line = life[LIFE.line] if in_lines[g] == 0.0 else sc[SC.whole]  # what is given in L is of one size for all
        if amount != 0.0 and is_asset[g] == 0.0:
            aided = True
            hand_out(amount, home[HOME.enrolled], g, home[HOME.aid_share], line, sc[SC.aid], m)
        elif amount != 0.0:
            for k in range(m):
                sc[SC.asset_aid, k] = 0.0
            hand_out(amount, home[HOME.enrolled], g, sc[SC.whole], line, sc[SC.asset_aid], m)
            for k in range(m):
                home[HOME.K, k] += sc[SC.asset_aid, k]
            tally[TL.inj] += weighted_sum(sc[SC.rp], sc[SC.asset_aid], sc[SC.sums])
    if works != 0.0:
        aided = True
        hand_out(works, home[HOME.enrolled], WORKS, sc[SC.whole], life[LIFE.line], sc[SC.aid], m)
    if aided:
        tally[TL.inj] += weighted_sum(sc[SC.rp], sc[SC.aid], sc[SC.sums])
    tally[TL.income] += weighted_sum(sc[SC.rp], sc[SC.y], sc[SC.sums])
    tally[TL.trader_earn] += weighted_sum(sc[SC.trader_rp], sc[SC.earn], sc[SC.sums])
    tally[TL.trader_loss] = loss_rate * tally[TL.trader_earn]
    if premium != 0.0:
        for k in range(m):
            sc[SC.dues, k] = sc[SC.xi, k] * (home[HOME.phi, k] * own + spill) * sc[SC.m_out, k]
        tally[TL.premium] += weighted_sum(sc[SC.rp], sc[SC.dues], sc[SC.sums])


@compiled
def hand_out(amount, enrolled, bit, share, line, out, m):
    """(17), (19) adds a household's share of `amount` Rp, in L, where it is enrolled under that bit."""
    mask = np.int32(1 << bit)
    for k in range(m):
        out[k] += share[k] * (amount / line[k]) if np.int32(enrolled[k]) & mask else 0.0


@compiled
def service_of_loans(homes, scratch, m, village, p):
    """Stage 7: default or service on loans of the cooperative older than this month."""
    home, sc, at = homes.rows, scratch.rows, scratch.at
    tally, q, c_floor = village.tally, village.coop[COOP.q], p.c_floor
    # no chance of default is above that at the highest hazard: so most need not be worked out
    worst = max(default_hazard(p.dl, p.dq, q, p.dy, -1e9, c_floor), default_hazard(p.dl, p.dq, q, p.dy, 1e9, c_floor))
    at_most = probability(worst) * (1.0 + 1e-12)
    for k in range(m):
        sc[SC.few, k] = 1.0 if (home[HOME.Dc, k] > 0.0) & (sc[SC.loan, k] <= 0.0) else 0.0
    for j in range(append_nonzero(sc[SC.few], m, 0, at, 0)):
        k = at[j]
        Dc, rp, u = home[HOME.Dc, k], sc[SC.rp, k], sc[SC.u_default, k]
        if u < at_most and u < probability(default_hazard(p.dl, p.dq, q, p.dy, sc[SC.y, k], c_floor)):
            seized = min(home[HOME.K, k], p.seize * p.iota * home[HOME.D0, k])
            home[HOME.K, k] -= seized
            recovered = p.q_k * seized
            tally[TL.seized] += rp * recovered
            tally[TL.losses] += rp * (Dc - recovered - home[HOME.cap, k])
            home[HOME.Dc, k] = 0.0
            home[HOME.D0, k] = 0.0
            home[HOME.cap, k] = 0.0
            home[HOME.member, k] = 0.0
            home[HOME.arrears, k] = 0.0
            home[HOME.phi, k] = 0.0
            home[HOME.pat, k] = 0.0
            home[HOME.shu12, k] = 0.0
            home[HOME.barred, k] = 1.0
        else:
            due = service_due(Dc, home[HOME.D0, k], p.tenor, p.min_inst, p.r_c)
            charged = Dc * p.r_c / 12.0
            means = home[HOME.S, k] + sc[SC.y, k] + sc[SC.aid, k] + sc[SC.trade, k]
            service = min(due, max(0.0, means - c_floor))
            sc[SC.service, k] = service
            left = Dc + charged - service
            home[HOME.arrears, k] = 1.0 if service < due - 1e-12 else 0.0
            home[HOME.Dc, k] = left if left >= 1e-9 else 0.0
            home[HOME.D0, k] = home[HOME.D0, k] if left >= 1e-9 else 0.0
            tally[TL.service] += rp * service
            tally[TL.interest] += rp * min(service, charged)


@compiled
def repayment(homes, scratch, m, p):
    """Stage 7: the moneylender. Fills `cash`."""
    home, sc = homes.rows, scratch.rows
    c_floor, r_m, repay_m, iota = p.c_floor, p.r_m, p.repay_m, p.iota
    for k in range(m):
        Dm = home[HOME.Dm, k]
        owed = moneylender_dues(Dm, home[HOME.Pm, k], r_m)
        means = home[HOME.S, k] + sc[SC.y, k] + sc[SC.aid, k] + sc[SC.trade, k]
        free = max(0.0, means - sc[SC.service, k] - c_floor)
        repay = min(owed, min(repay_m * Dm + (owed - Dm), free))
        left = owed - repay
        owes = left >= 1e-9
        home[HOME.Pm, k] = home[HOME.Pm, k] * (left / owed) if owes else 0.0
        home[HOME.Dm, k] = left if owes else 0.0
        sc[SC.cash, k] = means + (1.0 - iota) * sc[SC.loan, k] - sc[SC.service, k] - repay


@compiled
def planning(homes, scratch, m, p):
    """Stage 8: expectation, planned spending, what is short of it and what is over."""
    home, sc = homes.rows, scratch.rows
    c_floor, hab, s0, s1, k1, s2, buffer = p.c_floor, p.hab, p.s0, p.s1, p.k1, p.s2, p.buffer
    help_top = p.help_top
    for k in range(m):
        cash = sc[SC.cash, k]
        ybar = expectation(home[HOME.ybar, k], hab, sc[SC.y, k] + sc[SC.aid, k] + sc[SC.shu, k])
        c_star = plan(ybar, home[HOME.S, k], c_floor, s0, s1, k1, s2, buffer)
        home[HOME.ybar, k] = ybar
        sc[SC.c_star, k] = c_star
        sc[SC.gap, k] = help_gap(c_star, cash, c_floor, help_top)
        sc[SC.over, k] = max(0.0, cash - c_star)
        sc[SC.r_in, k] = 0.0
        sc[SC.r_out, k] = 0.0


@compiled
def neighbours_help(scratch, ties, tie_weight, n, theta, help_cap, asking, asked, ratio):
    """(7) neighbours' help in two passes: what i lacks is asked of its ties, each gives pro rata up to help_cap of its surplus.

    In Rp what is received equals what is given. `asking`: those who ask; `asked` Rp, `ratio` [n]: of whom it is asked, and
    the share of it that each can meet.
    """
    count = 0
    for b in range(blocks_of(n)):
        gap, start = scratch[b].rows[SC.gap], b * LANES
        for k in range(lanes(n, b)):  # the copies that fill up the block too: they must not read what was left here
            asked[start + k] = 0.0
        count = append_nonzero(gap, in_block(n, b), start, asking, count)
    for j in range(count):
        i = asking[j]
        sc, k = scratch[block_of(i)].rows, lane_of(i)
        need = sc[SC.rp, k] * theta * sc[SC.gap, k]
        for e in range(TIES):
            asked[np.uint32(ties[i, e])] += need * tie_weight[i, e]
    for b in range(blocks_of(n)):
        sc, first = scratch[b].rows, b * LANES
        for k in range(lanes(n, b)):
            ask, rp = asked[first + k], sc[SC.rp, k]
            meets = min(1.0, help_cap * rp * sc[SC.over, k] / ask) if ask > 0.0 else 0.0
            ratio[first + k] = meets
            sc[SC.r_out, k] = meets * ask / rp if ask > 0.0 else 0.0
    for j in range(count):
        i = asking[j]
        received = 0.0
        for e in range(TIES):
            received += tie_weight[i, e] * ratio[np.uint32(ties[i, e])]
        sc, k = scratch[block_of(i)].rows, lane_of(i)
        sc[SC.r_in, k] = theta * sc[SC.gap, k] * received


@compiled
def help_of_the_pool(homes, scratch, n, pool_theta, pool, tally):
    """(7) the solidarity pool of the members meets what neighbours left, as far as it goes. `pool`: Rp in it."""
    wanted = 0.0
    for b in range(blocks_of(n)):
        home, sc = homes[b].rows, scratch[b].rows
        for k in range(lanes(n, b)):
            lacks = max(0.0, sc[SC.gap, k] - sc[SC.r_in, k])
            sc[SC.pay, k] = pool_theta * lacks if home[HOME.member, k] != 0.0 else 0.0
        wanted += weighted_sum(sc[SC.rp], sc[SC.pay], sc[SC.sums])
    if wanted > 0.0:
        part = min(1.0, pool / wanted)
        for b in range(blocks_of(n)):
            sc = scratch[b].rows
            for k in range(lanes(n, b)):
                sc[SC.r_in, k] += sc[SC.pay, k] * part
        tally[TL.pool_out] = wanted * part


@compiled
def coping(homes, scratch, m, p, tally):
    """Stage 8: moneylender, sale of assets, spending."""
    home, sc = homes.rows, scratch.rows
    c_floor, mlim, q_k, sale_share = p.c_floor, p.mlim, p.q_k, p.sale_share
    for k in range(m):
        c_star, K = sc[SC.c_star, k], home[HOME.K, k]
        had = sc[SC.cash, k] + sc[SC.r_in, k]
        lacks = max(0.0, c_star - had)
        debts = home[HOME.Dc, k] + home[HOME.Mc, k]
        borrow = moneylender_loan(lacks, mlim, c_floor, home[HOME.ybar, k], home[HOME.Dm, k], debts)
        sale = asset_sale(lacks - borrow, q_k, sale_share, K)
        spend = min(c_star, had + borrow + sale)
        home[HOME.Dm, k] += borrow
        home[HOME.Pm, k] += borrow
        home[HOME.K, k] = K - sale / q_k
        sc[SC.borrow, k] = borrow
        sc[SC.spend, k] = spend
        sc[SC.left, k] = had + borrow + sale - spend
    tally[TL.inj] += weighted_sum(sc[SC.rp], sc[SC.borrow], sc[SC.sums])


@compiled
def saving_and_investment(lives, homes, scratch, m, coop, p, table):
    """Stage 9: what exceeds the buffer is invested where the marginal return passes the hurdle, else spent; consumption.

    `table`: that of `povsim.model.hurdle`.
    """
    life, home, sc = lives.rows, homes.rows, scratch.rows
    chi, buffer = p.chi, p.buffer
    rt, saved = coop[COOP.rt], p.own_gain * coop[COOP.kappa]
    for k in range(m):
        S = sc[SC.left, k] - sc[SC.r_out, k]
        home[HOME.S, k] = S
        sc[SC.aside, k] = set_aside(S, chi, buffer, home[HOME.ybar, k])
    pass_the_hurdle(
        home[HOME.K],
        life[LIFE.ability],
        sc[SC.aside],
        sc[SC.invests],
        sc[SC.least],
        sc[SC.most],
        sc[SC.logs],
        scratch.at,
        m,
        table,
        p,
    )
    for k in range(m):
        x = sc[SC.aside, k]
        goes = sc[SC.invests, k] != 0.0
        home[HOME.S, k] -= x
        home[HOME.K, k] += x if goes else 0.0
        spend = sc[SC.spend, k] + (0.0 if goes else x)
        sc[SC.spend, k] = spend
        sc[SC.c, k] = real_consumption(spend, saved, home[HOME.phi, k], rt)
    if p.voucher > 0.0 and rt > 0.0:
        for k in range(m):
            spend, own = sc[SC.spend, k], home[HOME.phi, k] * rt
            bound = min(1.0, sc[SC.voucher, k] / spend) if spend > 0.0 else 0.0
            sc[SC.c, k] = real_consumption(spend, saved, 1.0, max(own, bound))
