"""Passes of members: refunds, leaving, joining, dues, patronage, sales and new loans. Equations (9)-(12).

Run only where the village has a cooperative in some state; elsewhere the rows of scratch that they fill are 0.
"""

import numpy as np

from povsim.draws import LANES
from povsim.few import append_nonzero
from povsim.model.blocks import (
    any_in,
    block_of,
    blocks_of,
    compiled,
    in_block,
    inlined,
    lane_of,
    lanes,
    weighted_sum,
)
from povsim.model.cooperative import joining, loan_request, patronage, probability
from povsim.model.passes import WORKS
from povsim.model.rates import CREDIT_UNIT
from povsim.model.scratch import CA, SC, TL
from povsim.population.columns import COOP, HOME, LIFE, PLACE, WORKS_BIT
from povsim.population.sample import TIES

PROGRAMME_BITS = np.int32((1 << WORKS_BIT) - 1)
DISSOLVED = 6.0


@inlined
def on_aid(enrolled):
    """1 for a household that is enrolled in a programme, village works aside."""
    return 1.0 if (np.int32(enrolled) & PROGRAMME_BITS) != 0 else 0.0


@compiled
def no_trade(scratch, n):
    """Nothing of a cooperative this month."""
    for b in range(blocks_of(n)):
        sc = scratch[b].rows
        for row in (SC.shu, SC.trade, SC.loan, SC.service):
            for k in range(lanes(n, b)):
                sc[row, k] = 0.0


@compiled
def patronage_refund(lives, homes, scratch, coop, n, tally):
    """Stage 4: SHU of last year by patronage and capital, in the month after the accounts were closed."""
    rate_pat = coop[COOP.rate_pat]
    rate_cap = coop[COOP.rate_cap]
    for b in range(blocks_of(n)):
        life, home, sc = lives[b].rows, homes[b].rows, scratch[b].rows
        m = lanes(n, b)
        for k in range(m):
            line = life[LIFE.line, k]
            refund = (rate_pat * home[HOME.pat, k] + rate_cap * home[HOME.cap, k] * line) / line
            shu = refund if home[HOME.member, k] != 0.0 else 0.0
            sc[SC.shu, k] = shu
            sc[SC.trade, k] = shu
            home[HOME.shu12, k] = shu / 12.0
            home[HOME.pat, k] = 0.0
        tally[TL.shu] += weighted_sum(sc[SC.rp], sc[SC.shu], sc[SC.sums])
    coop[COOP.rate_pat] = 0.0
    coop[COOP.rate_cap] = 0.0


@compiled
def candidates(lives, homes, scratch, coop, p, reviewers, candidate):
    """Stage 5 (9): who may join of those who consider it this month, and what they think of it. Returns how many.

    `reviewers`: households that consider joining; `candidate`: blocks for those of them who are no members, are not barred
    and can pay the fee.
    """
    trading = coop[COOP.status] == 4.0
    pi, kappa, qt, rt, phibar = coop[COOP.pi], coop[COOP.kappa], coop[COOP.qt], coop[COOP.rt], coop[COOP.phibar]
    waived, deducted = p.waived * coop[COOP.invited], p.deducted * coop[COOP.invited]
    count = 0
    for i in reviewers:
        k = lane_of(i)
        life, home, sc = lives[block_of(i)].rows, homes[block_of(i)].rows, scratch[block_of(i)].rows
        if home[HOME.member, k] != 0.0 or home[HOME.barred, k] != 0.0:
            continue
        means = home[HOME.S, k] + sc[SC.y, k]
        ybar = home[HOME.ybar, k]
        aided = on_aid(home[HOME.enrolled, k])
        cost = p.fee / life[LIFE.line, k] * (1.0 - waived * aided)
        if cost > means + sc[SC.aid, k]:
            continue
        ca, at = candidate[block_of(count)].rows, lane_of(count)
        ca[CA.gain, at] = phibar * (pi * qt * p.mean_xi * sc[SC.m_out, k] + kappa * rt * ybar) if trading else 0.0
        ca[CA.c, at] = max(ybar, p.c_floor)
        ca[CA.felt, at] = cost * (1.0 - deducted * aided)  # what comes off the aid is not felt as a fee
        ca[CA.means, at] = max(means, 0.1)
        ca[CA.aided, at] = aided
        ca[CA.K, at] = home[HOME.K, k]
        ca[CA.cost, at] = cost
        candidate[block_of(count)].at[at] = i
        count += 1
    return count


@compiled
def chances(rows, m, coop, p):
    """(9) chance that each of the first m candidates of a block joins. A loop of its own, as `outputs`."""
    q, invited = coop[COOP.q], coop[COOP.invited]
    j0, j1, j2, j3, j4, j5, j6, j7 = p.j0, p.j1, p.j2, p.j3, p.j4, p.j5, p.j6, p.j7
    for k in range(m):
        aided = rows[CA.aided, k]
        rows[CA.chance, k] = joining(
            rows[CA.gain, k], rows[CA.c, k], rows[CA.near, k], q, invited * aided, rows[CA.felt, k], rows[CA.means, k], aided,
            rows[CA.K, k], j0, j1, j2, j3, j4, j5, j6, j7,
        )  # fmt: skip


@compiled
def those_who_join(homes, scratch, coop, p, ties, tie_weight, candidate, count):
    """Stage 5 (9): of `count` candidates those who join, moved to the first lanes of `candidate`. Returns how many.

    No chance is above the one with whatever share of members among the ties favours joining: most draws are, and then the
    ties, which lie all over the memory, are not looked at. Ties are members as they stand before anybody leaves or joins.
    """
    join = 0
    most = 1.0 if p.j2 > 0.0 else 0.0
    for b in range(blocks_of(count)):
        ca, at = candidate[b].rows, candidate[b].at
        for k in range(lanes(count, b)):
            ca[CA.near, k] = most
        chances(ca, lanes(count, b), coop, p)
        hopeful = 0
        for j in range(in_block(count, b)):
            i = at[j]
            if scratch[block_of(i)].rows[SC.u_join, lane_of(i)] >= ca[CA.chance, j] * (1.0 + 1e-9):
                continue
            near = 0.0
            for e in range(TIES):
                other = np.uint32(ties[i, e])
                near += tie_weight[i, e] * homes[block_of(other)].rows[HOME.member, lane_of(other)]
            move(ca, at, j, ca, at, hopeful)
            ca[CA.near, hopeful] = near
            hopeful += 1
        chances(ca, (hopeful + 7) & -8, coop, p)
        for j in range(hopeful):
            i = at[j]
            if scratch[block_of(i)].rows[SC.u_join, lane_of(i)] < ca[CA.chance, j]:
                move(ca, at, j, candidate[block_of(join)].rows, candidate[block_of(join)].at, lane_of(join))
                join += 1
    return join


@inlined
def move(rows, at, j, to_rows, to_at, k):
    """One candidate from lane j of a block to lane k of a block."""
    to_at[k] = at[j]
    for row in range(len(CA)):
        to_rows[row, k] = rows[row, j]


@compiled
def leaving_and_dues(lives, homes, scratch, n, village, p, interactions):
    """Stage 5: shares paid back, leaving, dues."""
    coop, tally = village.coop, village.tally
    status = coop[COOP.status]
    running = status >= 1.0 and status <= 4.0
    P_leave = probability(p.l0 / 12.0 * (p.leave_dormant if status == 5.0 else 1.0))
    dues, to_pool = p.dues, p.pool_share
    waived = p.waived * coop[COOP.invited]
    for b in range(blocks_of(n)):
        life, home, sc, at = lives[b].rows, homes[b].rows, scratch[b].rows, scratch[b].at
        m = lanes(n, b)
        if status == DISSOLVED:
            for k in range(m):
                sc[SC.trade, k] += home[HOME.due, k]
                home[HOME.due, k] = 0.0
        if not any_in(home[HOME.member], m):
            continue
        for k in range(m):
            leaves = (sc[SC.u_leave, k] < P_leave) & (home[HOME.member, k] != 0.0) & (home[HOME.Dc, k] == 0.0)
            sc[SC.few, k] = 1.0 if leaves else 0.0
        for j in range(append_nonzero(sc[SC.few], m, 0, at, 0) if interactions and status <= 5.0 else 0):
            k = at[j]
            cap = home[HOME.cap, k]
            sc[SC.trade, k] += cap
            tally[TL.refunds] += sc[SC.rp, k] * cap
            home[HOME.member, k] = 0.0
            home[HOME.cap, k] = 0.0
            home[HOME.pat, k] = 0.0
            home[HOME.shu12, k] = 0.0
        if running and dues > 0.0:
            for k in range(m):
                means = home[HOME.S, k] + sc[SC.y, k] + sc[SC.aid, k] + sc[SC.shu, k]
                asked = dues / life[LIFE.line, k] * (1.0 - waived * on_aid(home[HOME.enrolled, k]))
                pays = min(asked, max(0.0, means)) if home[HOME.member, k] != 0.0 else 0.0
                sc[SC.dues, k] = pays
                sc[SC.trade, k] -= pays
                home[HOME.cap, k] += (1.0 - to_pool) * pays
            paid = weighted_sum(sc[SC.rp], sc[SC.dues], sc[SC.sums])
            tally[TL.dues_shares] += (1.0 - to_pool) * paid
            tally[TL.dues_pool] += to_pool * paid


@compiled
def membership(lives, homes, scratch, place, v, n, village, p, reviewers, ties, tie_weight, interactions, candidate):
    """Stage 5: shares paid back, leaving, dues, joining, this month's patronage phi.

    `reviewers`: households that consider joining this month; `candidate`: room for them.
    """
    coop, tally = village.coop, village.tally
    status = coop[COOP.status]
    running = status >= 1.0 and status <= 4.0
    count = 0
    if interactions and running:
        count = candidates(lives, homes, scratch, coop, p, reviewers, candidate)
        count = those_who_join(homes, scratch, coop, p, ties, tie_weight, candidate, count)
    leaving_and_dues(lives, homes, scratch, n, village, p, interactions)
    for j in range(count):
        ca, at = candidate[block_of(j)].rows, lane_of(j)
        i = candidate[block_of(j)].at[at]
        k = lane_of(i)
        home, sc = homes[block_of(i)].rows, scratch[block_of(i)].rows
        cost = ca[CA.cost, at]
        sc[SC.trade, k] -= cost
        home[HOME.member, k] = 1.0
        home[HOME.cap, k] = cost
        tally[TL.fees] += sc[SC.rp, k] * cost
    if status == 4.0:
        pi, kappa = coop[COOP.pi], coop[COOP.kappa]
        trust, distance = coop[COOP.trust], 1.0 - place[PLACE.access, v]
        v0, v1, v2, v3, v4, v5 = p.v0, p.v1, p.v2, p.v3, p.v4, p.v5
        # phi takes four values: short of cash or not, with a loan or not
        phi_00 = patronage(pi + kappa, 0.0, trust, distance, 0.0, v0, v1, v2, v3, v4, v5)
        phi_01 = patronage(pi + kappa, 0.0, trust, distance, 1.0, v0, v1, v2, v3, v4, v5)
        phi_10 = patronage(pi + kappa, 1.0, trust, distance, 0.0, v0, v1, v2, v3, v4, v5)
        phi_11 = patronage(pi + kappa, 1.0, trust, distance, 1.0, v0, v1, v2, v3, v4, v5)
        for b in range(blocks_of(n)):
            life, home = lives[b].rows, homes[b].rows
            for k in range(lanes(n, b)):
                free = phi_10 if home[HOME.S, k] < 1.0 else phi_00
                owing = phi_11 if home[HOME.S, k] < 1.0 else phi_01
                phi = owing if home[HOME.Dc, k] > 0.0 else free
                active = (home[HOME.member, k] != 0.0) & (life[LIFE.passive, k] == 0.0)
                home[HOME.phi, k] = phi if active else 0.0


@compiled
def vouchers_spent(life, home, sc, c_last, works, rt, share, first, m):
    """(17) part of the aid that has to be spent at the cooperative, beyond what the household buys there anyway."""
    for k in range(m):
        listed = np.int32(home[HOME.enrolled, k]) & np.int32(1 << WORKS)
        aid = sc[SC.aid, k] - (works / life[LIFE.line, k] if listed else 0.0)
        bound = share * aid
        more = life[LIFE.line, k] * max(0.0, bound - home[HOME.phi, k] * rt * c_last[first + k])
        sc[SC.voucher, k] = bound
        sc[SC.dues, k] += more
        home[HOME.pat, k] += more if home[HOME.member, k] != 0.0 else 0.0


@compiled
def sales_and_loans(lives, homes, scratch, c_last, coop, n, p, interactions, applicants, asks, tally):
    """Stage 6: what members sell to and buy from the cooperative, and its new loans. `c_last` [n]: last month's c."""
    qt, rt = coop[COOP.qt], coop[COOP.rt]
    vouchers = p.voucher > 0.0 and rt > 0.0
    volume = 0.0
    for b in range(blocks_of(n)):
        life, home, sc = lives[b].rows, homes[b].rows, scratch[b].rows
        first = b * LANES
        for k in range(in_block(n, b)):
            sold = qt * sc[SC.xi, k] * sc[SC.m_out, k]
            traded = life[LIFE.line, k] * home[HOME.phi, k] * (sold + rt * c_last[first + k])
            sc[SC.dues, k] = traded
            home[HOME.pat, k] += traded
        if vouchers:
            vouchers_spent(life, home, sc, c_last, coop[COOP.works], rt, p.voucher, first, in_block(n, b))
        volume += weighted_sum(life[LIFE.h], sc[SC.dues], sc[SC.sums])
    tally[TL.volume] = volume
    coop[COOP.vol] = volume
    if not interactions or coop[COOP.status] != 4.0 or coop[COOP.units] < CREDIT_UNIT:
        return
    funds = p.lend_share * (coop[COOP.cash] + coop[COOP.loans_out]) - coop[COOP.loans_out]
    if funds <= 0.0:
        return
    P_loan = p.P_loan
    asked = 0.0
    count = 0
    for b in range(blocks_of(n)):
        home, sc = homes[b].rows, scratch[b].rows
        for k in range(lanes(n, b)):
            asks_now = (sc[SC.u_loan, k] < P_loan) & (home[HOME.member, k] != 0.0)
            asks_now &= (home[HOME.Dc, k] == 0.0) & (home[HOME.barred, k] == 0.0)
            sc[SC.few, k] = 1.0 if asks_now else 0.0
        before = count
        count = append_nonzero(sc[SC.few], in_block(n, b), b * LANES, applicants, count)
        for j in range(before, count):
            k = lane_of(applicants[j])
            asks[j] = loan_request(p.Lmax, home[HOME.ybar, k])
            favour = 1.0 + p.eps if home[HOME.K, k] > 2.0 else 1.0 - p.eps
            asked += sc[SC.rp, k] * asks[j] * favour
    if asked <= 0.0:
        return
    ration = funds / asked
    for j in range(count):
        i = applicants[j]
        k = lane_of(i)
        home, sc = homes[block_of(i)].rows, scratch[block_of(i)].rows
        favour = 1.0 + p.eps if home[HOME.K, k] > 2.0 else 1.0 - p.eps
        loan = asks[j] * min(1.0, ration * favour)
        sc[SC.loan, k] = loan
        home[HOME.Dc, k] = loan
        home[HOME.D0, k] = loan
        home[HOME.K, k] += p.iota * loan
        tally[TL.loans] += sc[SC.rp, k] * loan
    tally[TL.inj] += p.own_demand * tally[TL.loans]
