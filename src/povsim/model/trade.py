"""Passes of members: refunds, leaving, joining, dues, patronage, sales and new loans. Equations (9)-(12).

Run only where the village has a cooperative in some state; elsewhere `no_trade` sets the same scratch rows to 0.
"""

import numpy as np
from numba import njit

from povsim.model.cooperative import joining, loan_request, patronage, probability
from povsim.model.rates import CREDIT_UNIT
from povsim.model.scratch import SC, TL
from povsim.population.columns import COOP, HOME, LIFE, PLACE, WORKS_BIT

compiled = njit(nogil=True, cache=True, error_model="numpy")
PROGRAMME_BITS = (1 << WORKS_BIT) - 1


@compiled
def no_trade(n, sc):
    """Nothing of a cooperative this month."""
    for row in (SC.fee, SC.dues, SC.refund, SC.loan):
        for k in range(n):
            sc[row, k] = 0.0


@compiled
def patronage_refund(life, home, coop, v, lo, n, sc, tally):
    """Stage 4: SHU of last year by patronage and capital, in the month after the accounts were closed."""
    rate_pat = coop[COOP.rate_pat, v]
    rate_cap = coop[COOP.rate_cap, v]
    total = 0.0
    for k in range(n):
        i = lo + k
        line = life[LIFE.line, i]
        shu = 0.0
        if home[HOME.member, i] != 0.0:
            shu = (rate_pat * home[HOME.pat, i] + rate_cap * home[HOME.cap, i] * line) / line
        sc[SC.shu, k] = shu
        home[HOME.shu12, i] = shu / 12.0
        home[HOME.pat, i] = 0.0
        total += life[LIFE.h, i] * line * shu
    tally[TL.shu] = total
    coop[COOP.rate_pat, v] = 0.0
    coop[COOP.rate_cap, v] = 0.0


@compiled
def membership(life, home, place, coop, v, lo, n, p, month_of_year, ties, tie_weight, interactions, sc, tally):
    """Stage 5: shares paid back, leaving, joining, dues, this month's patronage phi."""
    status = coop[COOP.status, v]
    running = status >= 1.0 and status <= 4.0
    trading = status == 4.0
    q = coop[COOP.q, v]
    pi, kappa, qt, rt = coop[COOP.pi, v], coop[COOP.kappa, v], coop[COOP.qt, v], coop[COOP.rt, v]
    P_leave = probability(p.l0 / 12.0 * (p.leave_dormant if status == 5.0 else 1.0))
    distance = 1.0 - place[PLACE.access, v]
    invited = coop[COOP.invited, v]
    # phi takes four values: short of cash or not, with a loan or not
    phi_of = np.empty((2, 2))
    for short in range(2):
        for loan in range(2):
            phi_of[short, loan] = patronage(
                pi + kappa, float(short), coop[COOP.trust, v], distance, float(loan), p.v0, p.v1, p.v2, p.v3, p.v4, p.v5
            )
    was, fee, dues, refund = sc[SC.was_member], sc[SC.fee], sc[SC.dues], sc[SC.refund]
    for k in range(n):
        i = lo + k
        was[k] = home[HOME.member, i]
        refund[k] = home[HOME.due, i]
        home[HOME.due, i] = 0.0
        fee[k] = 0.0
        dues[k] = 0.0
    for k in range(n):
        i = lo + k
        line = life[LIFE.line, i]
        rp = life[LIFE.h, i] * line
        S = home[HOME.S, i]
        phi = 0.0
        if was[k] != 0.0:
            stays = True
            if interactions and home[HOME.Dc, i] == 0.0 and status <= 5.0 and sc[SC.u_leave, k] < P_leave:
                stays = False
                home[HOME.member, i] = 0.0
                refund[k] += home[HOME.cap, i]
                tally[TL.refunds] += rp * home[HOME.cap, i]
                home[HOME.cap, i] = 0.0
                home[HOME.pat, i] = 0.0
                home[HOME.shu12, i] = 0.0
            if stays and running:
                dues[k] = min(p.dues / line, max(0.0, S + sc[SC.y, k] + sc[SC.aid, k] + sc[SC.shu, k]))
                home[HOME.cap, i] += (1.0 - p.pool_share) * dues[k]
                tally[TL.dues_shares] += rp * (1.0 - p.pool_share) * dues[k]
                tally[TL.dues_pool] += rp * p.pool_share * dues[k]
        elif interactions and running and home[HOME.barred, i] == 0.0 and life[LIFE.review, i] == month_of_year:
            means = S + sc[SC.y, k]
            cost = p.fee / line
            gain = 0.0
            if trading:
                gain = coop[COOP.phibar, v] * (pi * qt * p.mean_xi * sc[SC.m_out, k] + kappa * rt * home[HOME.ybar, i])
            near = 0.0
            for e in range(ties.shape[1]):
                near += tie_weight[k, e] * was[ties[k, e]]
            aided = 1.0 if (int(home[HOME.enrolled, i]) & PROGRAMME_BITS) != 0 else 0.0
            chance = joining(
                gain,
                max(home[HOME.ybar, i], p.c_floor),
                near,
                q,
                invited * aided,
                cost,
                max(means, 0.1),
                aided,
                home[HOME.K, i],
                p.j0,
                p.j1,
                p.j2,
                p.j3,
                p.j4,
                p.j5,
                p.j6,
                p.j7,
            )
            if sc[SC.u_join, k] < chance and cost <= means + sc[SC.aid, k]:
                fee[k] = cost
                home[HOME.member, i] = 1.0
                home[HOME.cap, i] = cost
                tally[TL.fees] += rp * cost
        if trading and home[HOME.member, i] != 0.0 and life[LIFE.passive, i] == 0.0:
            phi = phi_of[1 if S < 1.0 else 0, 1 if home[HOME.Dc, i] > 0.0 else 0]
        home[HOME.phi, i] = phi


@compiled
def sales_and_loans(life, home, coop, v, lo, n, p, last, interactions, sc, tally):
    """Stage 6: what members sell to and buy from the cooperative, and its new loans. `last`: row of last month's c."""
    qt, rt = coop[COOP.qt, v], coop[COOP.rt, v]
    volume = 0.0
    for k in range(n):
        i = lo + k
        sc[SC.loan, k] = 0.0
        phi = home[HOME.phi, i]
        if phi > 0.0:
            traded = life[LIFE.line, i] * phi * (qt * sc[SC.xi, k] * sc[SC.m_out, k] + rt * home[last, i])
            home[HOME.pat, i] += traded
            volume += life[LIFE.h, i] * traded
    tally[TL.volume] = volume
    coop[COOP.vol, v] = volume
    if not interactions or coop[COOP.status, v] != 4.0 or coop[COOP.units, v] < CREDIT_UNIT:
        return
    funds = p.lend_share * (coop[COOP.cash, v] + coop[COOP.loans_out, v]) - coop[COOP.loans_out, v]
    if funds <= 0.0:
        return
    asked = 0.0
    for k in range(n):
        i = lo + k
        sc[SC.req, k] = 0.0
        if (
            home[HOME.member, i] != 0.0
            and home[HOME.Dc, i] == 0.0
            and home[HOME.barred, i] == 0.0
            and sc[SC.u_loan, k] < p.P_loan
        ):
            sc[SC.req, k] = loan_request(p.Lmax, home[HOME.ybar, i])
            favour = 1.0 + p.eps if home[HOME.K, i] > 2.0 else 1.0 - p.eps
            asked += life[LIFE.h, i] * life[LIFE.line, i] * sc[SC.req, k] * favour
    if asked <= 0.0:
        return
    ration = funds / asked
    for k in range(n):
        if sc[SC.req, k] > 0.0:
            i = lo + k
            favour = 1.0 + p.eps if home[HOME.K, i] > 2.0 else 1.0 - p.eps
            loan = sc[SC.req, k] * min(1.0, ration * favour)
            sc[SC.loan, k] = loan
            home[HOME.Dc, i] = loan
            home[HOME.D0, i] = loan
            home[HOME.K, i] += p.iota * loan
            rp = life[LIFE.h, i] * life[LIFE.line, i]
            tally[TL.loans] += rp * loan
    tally[TL.inj] += tally[TL.loans]
