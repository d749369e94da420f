"""Stages of members: refunds, leaving, joining, dues, patronage, trade, loans, defaults, pool. Equations (9)-(12)."""

import numpy as np

from numpy_month.villages import logistic, probability, ratio
from povsim.model.rates import CREDIT_UNIT
from povsim.population.columns import WORKS_BIT

NO_LONGER = ("member", "cap", "pat", "shu12")
"""What a household that leaves gives up."""


def patronage_refund(villages, life, home, coop, flow):
    """(13) Stage 4 of January: the surplus of last year by patronage and capital."""
    rates = villages.each(coop.rate_pat) * home.pat / life.line + villages.each(coop.rate_cap) * home.cap
    refunds = villages.each(coop.status > 0)
    flow.shu = flow.trade = np.where(refunds & (home.member != 0), rates, 0)
    home.shu12 = np.where(refunds, flow.shu / 12, home.shu12)
    home.pat = np.where(refunds, 0, home.pat)
    flow.shu_paid = villages.sum(flow.rp * flow.shu)
    coop.rate_pat[coop.status > 0] = coop.rate_cap[coop.status > 0] = 0


def membership(villages, p, life, home, place, coop, drawn, flow, month_of_year):
    """(9), (10) Stage 5: shares paid back, leaving, dues, joining, this month's patronage."""
    status = villages.each(coop.status)
    was = home.member.copy()
    back = np.where(status == 6, home.due, 0)
    home.due = home.due - back
    hazard = p.l0 / 12 * np.where(coop.status == 5, p.leave_dormant, 1)
    leaves = (was != 0) & (home.Dc == 0) & (status >= 1) & (status <= 5) & (drawn.u_leave < villages.each(probability(hazard)))
    refund = np.where(leaves, home.cap, 0)
    flow.refunds = villages.sum(flow.rp * refund)
    for name in NO_LONGER:
        getattr(home, name)[leaves] = 0
    flow.trade = flow.trade + back + refund
    running = (status >= 1) & (status <= 4)
    aided = (home.enrolled.astype(np.int64) & ((1 << WORKS_BIT) - 1)) != 0
    invited = villages.each(coop.invited) * aided
    dues(villages, p, life, home, flow, running & (home.member != 0), invited)
    reviews = running & (life.review == month_of_year) & (was == 0) & (home.barred == 0)
    join(villages, p, life, home, coop, drawn, flow, np.nonzero(reviews)[0], was, aided, invited)
    who = np.nonzero((status == 4) & (home.member != 0) & (life.passive == 0))[0]
    v, home.phi = villages.village[who], np.where(status == 4, 0, home.phi)
    gain = p.v1 * (coop.pi + coop.kappa) + p.v3 * coop.trust - p.v4 * (1 - place.access)
    home.phi[who] = logistic(p.v0 + gain[v] - p.v2 * (home.S[who] < 1) + p.v5 * (home.Dc[who] > 0))


def dues(villages, p, life, home, flow, members, invited):
    """Stage 5: monthly dues, a part of which goes to the solidarity pool."""
    means = home.S + flow.y + flow.aid + flow.shu
    asked = p.dues / life.line * (1 - p.waived * invited)
    pays = np.where(members, np.minimum(asked, np.maximum(0, means)), 0)
    flow.trade = flow.trade - pays
    home.cap = home.cap + (1 - p.pool_share) * pays
    paid = villages.sum(flow.rp * pays)
    flow.dues_shares, flow.dues_pool = (1 - p.pool_share) * paid, p.pool_share * paid


def join(villages, p, life, home, coop, drawn, flow, who, was, aided, invited):
    """(9) Stage 5: those who consider joining this month."""
    v, ybar, aided = villages.village[who], home.ybar[who], aided[who]
    means = home.S[who] + flow.y[who]
    cost = p.fee / life.line[who] * (1 - p.waived * invited[who])
    felt = cost * (1 - p.deducted * invited[who])
    trades = coop.phibar * (coop.status == 4)
    gain = (trades * coop.pi * coop.qt)[v] * p.mean_xi * flow.m_out[who] + (trades * coop.kappa * coop.rt)[v] * ybar
    ties, weight = villages.ties(who)
    near = (weight * was[ties]).sum(axis=1)
    x = p.j0 + p.j1 * gain / np.maximum(ybar, p.c_floor) + p.j2 * near + p.j3 * (coop.q[v] - 0.5) + p.j4 * invited[who]
    x += p.j7 * np.log1p(home.K[who]) - p.j5 * felt / np.maximum(means, 0.1) - p.j6 * aided
    joins = (cost <= means + flow.aid[who]) & (drawn.u_join[who] < logistic(x))
    fee = np.zeros(home.K.size)
    fee[who] = cost * joins
    home.member[who[joins]] = 1
    home.cap[who[joins]] = cost[joins]
    flow.trade = flow.trade - fee
    flow.fees = villages.sum(flow.rp * fee)


def sales(villages, p, life, home, coop, drawn, flow, c_last):
    """(11), (17) Stage 6: what members sell to and buy from a trading cooperative, and where vouchers are spent."""
    trades = coop.status == 4
    bought = villages.each(coop.rt * trades) * c_last
    traded = life.line * home.phi * (villages.each(coop.qt * trades) * drawn.xi * flow.m_out + bought)
    home.pat = home.pat + traded
    if p.voucher > 0:
        flow.voucher = p.voucher * flow.programmes * villages.each(trades & (coop.rt > 0))
        more = life.line * np.maximum(0, flow.voucher - home.phi * bought)
        traded = traded + more
        home.pat = home.pat + more * home.member
    flow.volume = villages.sum(life.h * traded)


def loans(villages, p, home, coop, drawn, flow):
    """(12) Stage 6: new loans, rationed where they exceed the funds."""
    funds = p.lend_share * (coop.cash + coop.loans_out) - coop.loans_out
    lends = (coop.status == 4) & (coop.units >= CREDIT_UNIT) & (funds > 0)
    asks = villages.each(lends) & (drawn.u_loan < p.P_loan) & (home.member != 0) & (home.Dc == 0) & (home.barred == 0)
    request = np.where(asks, np.minimum(p.Lmax, 2 * home.ybar), 0)
    favour = np.where(home.K > 2, 1 + p.eps, 1 - p.eps)
    ration = ratio(funds, villages.sum(flow.rp * request * favour))
    flow.loan = request * np.minimum(1, villages.each(ration) * favour)
    home.Dc = np.where(asks, flow.loan, home.Dc)
    home.D0 = np.where(asks, flow.loan, home.D0)
    home.K = home.K + p.iota * flow.loan
    flow.loans = villages.sum(flow.rp * flow.loan)
    flow.inj = flow.inj + p.own_demand * flow.loans


def repayment(villages, p, home, coop, drawn, flow):
    """(12) Stage 7: default or service on loans older than this month."""
    who = np.nonzero((home.Dc > 0) & (flow.loan <= 0))[0]
    v, Dc, D0 = villages.village[who], home.Dc[who], home.D0[who]
    hazard = p.dl * (1 + p.dq * (1 - coop.q[v])) * np.exp(np.clip(-p.dy * (flow.y[who] - p.c_floor), -4, 4))
    defaults = drawn.u_default[who] < probability(hazard)
    seized = np.where(defaults, np.minimum(home.K[who], p.seize * p.iota * D0), 0)
    home.K[who] -= seized
    lost = np.where(defaults, Dc - p.q_k * seized - home.cap[who], 0)
    charged = Dc * p.r_c / 12
    due = np.minimum(Dc, np.maximum(D0 / p.tenor, p.min_inst)) + charged
    means = home.S[who] + flow.y[who] + flow.aid[who] + flow.trade[who]
    pays = np.where(defaults, 0, np.minimum(due, np.maximum(0, means - p.c_floor)))
    left = Dc + charged - pays
    owes = ~defaults & (left >= 1e-9)
    home.arrears[who] = ~defaults & (pays < due - 1e-12)
    home.Dc[who], home.D0[who] = np.where(owes, left, 0), np.where(owes, D0, 0)
    gone = who[defaults]
    for name in (*NO_LONGER, "phi"):
        getattr(home, name)[gone] = 0
    home.barred[gone] = 1
    flow.service = flow.service.copy()
    flow.service[who] = pays
    for name, flows in (("service_paid", pays), ("seized", p.q_k * seized), ("losses", lost)):
        setattr(flow, name, getattr(flow, name) + np.bincount(v, weights=flow.rp[who] * flows, minlength=villages.count))
    interest = np.where(defaults, 0, np.minimum(pays, charged))
    flow.interest = np.bincount(v, weights=flow.rp[who] * interest, minlength=villages.count)


def solidarity_pool(villages, p, home, coop, flow):
    """(7) Stage 8: the pool pays members a share of what neighbours left open, as far as it goes."""
    pool = np.where((coop.status >= 1) & (coop.status <= 4), coop.pool, 0)
    want = p.pool_theta * np.maximum(0, flow.gap - flow.r_in) * home.member
    wanted = villages.sum(flow.rp * want)
    part = np.minimum(1, ratio(pool, wanted))
    flow.r_in = flow.r_in + want * villages.each(part)
    flow.pool_out = wanted * part
