"""Household passes of one village, one month, one arm: income and aid, repayment, spending and coping, saving.

Each walks the village block by block over whole vectors (`povsim.model.scratch`); the rules are those of
`povsim.model.household`. A loop holds no call, no sum and no branch that a vector could not take: sums are taken afterwards
by `weighted_sum`, in an order of their own, and rare events are gathered into lists first.
"""

from typing import Any

import numpy as np
from numba import njit

from povsim.draws import LANES
from povsim.fastmath import exp
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

# Passes are compiled into `live` and kept with it: no cache and no way in from Python of their own, which take as long to
# compile as the pass. (These two options of numba's compiler lack types.)
WITHOUT_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
compiled = njit(nogil=True, error_model="numpy", **WITHOUT_WRAPPERS)
inlined = njit(forceinline=True, error_model="numpy", **WITHOUT_WRAPPERS)
LANES_BITS = LANES.bit_length() - 1
WORKS = np.int64(WORKS_BIT)  # not a Python integer, for each of which a function would be compiled once


@inlined
def blocks_of(n):
    """Blocks of a village of n households."""
    return (n + LANES - 1) // LANES


@inlined
def in_block(n, b):
    """Households in block b of a village of n."""
    return min(LANES, n - b * LANES)


@inlined
def lanes(n, b):
    """Lanes in use in block b of a village of n: the households, filled up to whole vectors."""
    return (in_block(n, b) + 7) & -8


@inlined
def block_of(i):
    """Block of household i of a village."""
    return i >> LANES_BITS


@inlined
def lane_of(i):
    """Lane of household i of a village."""
    return i & (LANES - 1)


@compiled
def weighted_sum(weight, x, room):
    """Sum of weight x over a block; weights of lanes that are not in use are 0.

    Additions of floats may not be moved, so one sum after the other could not be a vector. Here 16 sums of eight go side by
    side, and are then added two by two: the same order always.
    """
    for k in range(16):
        first = (weight[k] * x[k] + weight[k + 16] * x[k + 16]) + (weight[k + 32] * x[k + 32] + weight[k + 48] * x[k + 48])
        second = (weight[k + 64] * x[k + 64] + weight[k + 80] * x[k + 80]) + (
            weight[k + 96] * x[k + 96] + weight[k + 112] * x[k + 112]
        )
        room[k] = first + second
    low = ((room[0] + room[8]) + (room[4] + room[12])) + ((room[2] + room[10]) + (room[6] + room[14]))
    return low + (((room[1] + room[9]) + (room[5] + room[13])) + ((room[3] + room[11]) + (room[7] + room[15])))


@compiled
def exponentials(x, m):
    """e^x of the first m of a row, in place. A loop of its own, as `outputs`."""
    for k in range(m):
        x[k] = exp(x[k])


@compiled
def income_and_aid(lives, homes, scratch, coop, v, n, p, amounts, is_asset, month_of_year, tally):
    """Stages 2 to 4: K after shocks, income with last month's cooperative terms, aid and village works."""
    r0, s_mkt, gross_net = p.r0, p.s_mkt, p.gross_net
    premium = coop[COOP.pi, v] * coop[COOP.qt, v]
    own = p.own_gain * premium
    spill = p.chi_c * premium * coop[COOP.mshare, v]
    loss_rate = coop[COOP.loss_rate, v]
    demand = 1.0 + coop[COOP.dem, v]
    works = coop[COOP.works, v]
    for b in range(blocks_of(n)):
        life, home, sc = lives[b].rows, homes[b].rows, scratch[b].rows
        m = lanes(n, b)
        for k in range(m):
            home[HOME.K, k] *= sc[SC.assets, k]
        outputs(home[HOME.K], sc[SC.h], m, p)
        for k in range(m):
            skill = home[HOME.skill, k]
            f = sc[SC.h, k] * life[LIFE.ability, k] * skill
            xi, l, w = sc[SC.xi, k], life[LIFE.l, k], sc[SC.w, k] * skill
            earn = earnings(xi, l, w * demand, r0, f)
            m_out = marketed_output(s_mkt, gross_net, life[LIFE.own, k], l, w, f)
            share = home[HOME.phi, k] * own + spill
            sc[SC.earn, k] = earn
            sc[SC.m_out, k] = m_out
            sc[SC.y, k] = earn + xi * share * m_out - life[LIFE.trader, k] * loss_rate * earn + life[LIFE.remit, k]
            sc[SC.aid, k] = 0.0
            sc[SC.whole, k] = 1.0
        aided = False
        for g in range(amounts.shape[0]):
            amount = amounts[g, month_of_year]
            if amount != 0.0 and is_asset[g] == 0.0:
                aided = True
                hand_out(amount, home[HOME.enrolled], g, home[HOME.aid_share], life[LIFE.line], sc[SC.aid], m)
            elif amount != 0.0:
                for k in range(m):
                    sc[SC.asset_aid, k] = 0.0
                hand_out(amount, home[HOME.enrolled], g, sc[SC.whole], life[LIFE.line], sc[SC.asset_aid], m)
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
        if premium != 0.0:
            for k in range(m):
                sc[SC.dues, k] = sc[SC.xi, k] * (home[HOME.phi, k] * own + spill) * sc[SC.m_out, k]
            tally[TL.premium] += weighted_sum(sc[SC.rp], sc[SC.dues], sc[SC.sums])
    tally[TL.trader_loss] = loss_rate * tally[TL.trader_earn]


@compiled
def hand_out(amount, enrolled, bit, share, line, out, m):
    """(17), (19) adds a household's share of `amount` Rp, in L, where it is enrolled under that bit."""
    mask = np.int32(1 << bit)
    for k in range(m):
        out[k] += share[k] * (amount / line[k]) if np.int32(enrolled[k]) & mask else 0.0


@compiled
def repayment(homes, scratch, q, n, p, cooperative, tally):
    """Stage 7: default or service on loans of the cooperative older than this month, then the moneylender. Fills `cash`."""
    c_floor, r_m, repay_m, iota = p.c_floor, p.r_m, p.repay_m, p.iota
    at_most = 0.0
    if cooperative:  # no chance of default is above that at the highest hazard: so most need not be worked out
        worst = max(default_hazard(p.dl, p.dq, q, p.dy, -1e9, c_floor), default_hazard(p.dl, p.dq, q, p.dy, 1e9, c_floor))
        at_most = probability(worst) * (1.0 + 1e-12)
    for b in range(blocks_of(n)):
        home, sc = homes[b].rows, scratch[b].rows
        m = lanes(n, b)
        for k in range(in_block(n, b) if cooperative else 0):
            Dc = home[HOME.Dc, k]
            if Dc <= 0.0 or sc[SC.loan, k] > 0.0:
                continue
            rp = sc[SC.rp, k]
            u = sc[SC.u_default, k]
            if u < at_most and u < probability(default_hazard(p.dl, p.dq, q, p.dy, sc[SC.y, k], c_floor)):
                seized = min(home[HOME.K, k], p.seize * iota * home[HOME.D0, k])
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
def neighbours_help(scratch, ties, tie_weight, n, theta, help_cap, asking, asked, ratio):
    """(7) neighbours' help in two passes: what i lacks is asked of its ties, each gives pro rata up to help_cap of its surplus.

    In Rp what is received equals what is given. `asking`: those who ask; `asked` Rp, `ratio` [n]: of whom it is asked, and
    the share of it that each can meet.
    """
    count = 0
    for b in range(blocks_of(n)):
        gap, first = scratch[b].rows[SC.gap], b * LANES
        for k in range(lanes(n, b)):  # the copies that fill up the block too: they must not read what was left here
            asked[first + k] = 0.0
        for k in range(in_block(n, b)):
            asking[np.uint64(count)] = first + k
            count += np.int64(gap[k] > 0.0)
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
def spending_and_coping(homes, scratch, n, p, interactions, ties, tie_weight, pool, asking, asked, ratio, tally):
    """Stage 8: expectation, plan, neighbours' help, solidarity pool, moneylender, sale of assets, spending."""
    c_floor, hab, s0, s1, k1, s2, buffer = p.c_floor, p.hab, p.s0, p.s1, p.k1, p.s2, p.buffer
    help_top, mlim, q_k, sale_share = p.help_top, p.mlim, p.q_k, p.sale_share
    for b in range(blocks_of(n)):
        home, sc = homes[b].rows, scratch[b].rows
        for k in range(lanes(n, b)):
            cash = sc[SC.cash, k]
            ybar = expectation(home[HOME.ybar, k], hab, sc[SC.y, k] + sc[SC.aid, k] + sc[SC.shu, k])
            c_star = plan(ybar, home[HOME.S, k], c_floor, s0, s1, k1, s2, buffer)
            home[HOME.ybar, k] = ybar
            sc[SC.c_star, k] = c_star
            sc[SC.gap, k] = help_gap(c_star, cash, c_floor, help_top)
            sc[SC.over, k] = max(0.0, cash - c_star)
            sc[SC.r_in, k] = 0.0
            if not interactions:
                sc[SC.r_out, k] = 0.0
    if interactions:
        neighbours_help(scratch, ties, tie_weight, n, p.theta, p.help_cap, asking, asked, ratio)
    if pool > 0.0:
        wanted = 0.0
        for b in range(blocks_of(n)):
            home, sc = homes[b].rows, scratch[b].rows
            m = lanes(n, b)
            for k in range(m):
                lacks = max(0.0, sc[SC.gap, k] - sc[SC.r_in, k])
                sc[SC.pay, k] = p.pool_theta * lacks if home[HOME.member, k] != 0.0 else 0.0
            wanted += weighted_sum(sc[SC.rp], sc[SC.pay], sc[SC.sums])
        if wanted > 0.0:
            part = min(1.0, pool / wanted)
            for b in range(blocks_of(n)):
                sc = scratch[b].rows
                for k in range(lanes(n, b)):
                    sc[SC.r_in, k] += sc[SC.pay, k] * part
            tally[TL.pool_out] = wanted * part
    for b in range(blocks_of(n)):
        home, sc = homes[b].rows, scratch[b].rows
        m = lanes(n, b)
        for k in range(m):
            c_star, K = sc[SC.c_star, k], home[HOME.K, k]
            had = sc[SC.cash, k] + sc[SC.r_in, k]
            lacks = max(0.0, c_star - had)
            borrow = moneylender_loan(lacks, mlim, c_floor, home[HOME.ybar, k], home[HOME.Dm, k], home[HOME.Dc, k])
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
def saving_and_investment(lives, homes, scratch, coop, v, n, p, table):
    """Stage 9: what exceeds the buffer is invested where the marginal return passes the hurdle, else spent; consumption.

    `table`: that of `povsim.model.hurdle`.
    """
    chi, buffer = p.chi, p.buffer
    rt, saved = coop[COOP.rt, v], p.own_gain * coop[COOP.kappa, v]
    vouchers = p.voucher > 0.0 and rt > 0.0
    for b in range(blocks_of(n)):
        life, home, sc = lives[b].rows, homes[b].rows, scratch[b].rows
        m = lanes(n, b)
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
            scratch[b].at,
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
        if vouchers:
            for k in range(m):
                spend, own = sc[SC.spend, k], home[HOME.phi, k] * rt
                bound = min(1.0, sc[SC.voucher, k] / spend) if spend > 0.0 else 0.0
                sc[SC.c, k] = real_consumption(spend, saved, 1.0, max(own, bound))
