"""Stages of every household: income, aid, moneylender, spending, saving. Equations (1)-(8), (17)."""

import numpy as np

from numpy_month.villages import ratio
from povsim.population.columns import WORKS_BIT


def technology(K, p):
    """(1) h(K) at ability 1, L per month."""
    k = np.maximum(K, 1e-6)
    h = np.maximum(p.A_L * k**p.gL, p.A_H * k**p.gH - p.F)
    return np.where((p.maj_K1 < K) & (p.maj_K2 > K), p.maj_y1 + p.maj_slope * (K - p.maj_K1), h) if p.maj_K2 else h


def passes_hurdle(K, ability, p):
    """(8) r(K) a >= hurdle."""
    here = technology(K, p)
    near, far = (technology(K + 0.3, p) - here) / 0.3, (technology(K + 3, p) - here) / 3
    return np.maximum(near, far) * ability >= p.hurdle


def enrolled(home, bit):
    """Whether each household is enrolled under a bit."""
    return (home.enrolled.astype(np.int64) >> bit & 1) != 0


def income(villages, p, life, home, coop, drawn, flow):
    """Stages 2, 3: K after shocks, income with last month's cooperative terms."""
    home.K = home.K * drawn.assets
    f, w = technology(home.K, p) * life.ability * home.skill, drawn.w * home.skill_w
    flow.m_out = p.s_mkt * p.gross_net * (life.own * life.l * w + f)
    own_share = p.r0 + (1 - p.r0) * life.l
    earn = drawn.xi * (life.l * w * villages.each(1 + coop.dem) + own_share * f)
    premium = coop.pi * coop.qt
    share = home.phi * villages.each(p.own_gain * premium) + villages.each(p.chi_c * premium * coop.mshare)
    loss = life.trader * villages.each(coop.loss_rate) * earn
    flow.y = earn + drawn.xi * share * flow.m_out - loss + life.remit
    flow.income = villages.sum(flow.rp * flow.y)
    flow.trader_earn = villages.sum(flow.rp * life.trader * earn)


def aid(villages, life, home, coop, amounts, is_asset, flow):
    """(17), (19) Stage 4: programmes of the month, village works."""
    flow.programmes = np.zeros(life.h.size)
    for bit in np.nonzero(amounts)[0]:
        received = enrolled(home, bit) * (amounts[bit] / life.line)
        if is_asset[bit]:
            home.K = home.K + received
            flow.inj = flow.inj + villages.sum(flow.rp * received)
        else:
            flow.programmes = flow.programmes + home.aid_share * received
    flow.aid = flow.programmes + enrolled(home, WORKS_BIT) * villages.each(coop.works) / life.line
    flow.inj = flow.inj + villages.sum(flow.rp * flow.aid)


def moneylender(p, home, flow):
    """(7) Stage 7: interest stops at twice the principal; what is free above the floor repays."""
    means = home.S + flow.y + flow.aid + flow.trade
    owed = np.maximum(home.Dm, np.minimum(home.Dm * (1 + p.r_m / 12), 2 * home.Pm))
    free = np.maximum(0, means - flow.service - p.c_floor)
    repay = np.minimum(owed, np.minimum(p.repay_m * home.Dm + (owed - home.Dm), free))
    left = owed - repay
    owes = left >= 1e-9
    home.Pm = np.where(owes, home.Pm * ratio(left, owed), 0)
    home.Dm = np.where(owes, left, 0)
    flow.cash = means + (1 - p.iota) * flow.loan - flow.service - repay


def plan(p, home, flow):
    """(5), (6) Stage 8: expectation, planned spending, and what is short of it or over."""
    home.y, home.aid = flow.y, flow.aid
    home.ybar = (1 - p.hab) * home.ybar + p.hab * (flow.y + flow.aid + flow.shu)
    saves = p.s1 * np.maximum(0, home.ybar - p.k1) + p.s2 * np.maximum(0, 0.6 * p.buffer * home.ybar - home.S)
    flow.c_star = np.maximum(p.c_floor, home.ybar - p.s0 * home.ybar - saves)
    flow.gap = np.maximum(0, np.minimum(flow.c_star, p.help_top * p.c_floor) - flow.cash)
    flow.over = np.maximum(0, flow.cash - flow.c_star)


def neighbours_help(villages, p, flow):
    """(7) Stage 8: a shortfall is asked of the ties; each gives pro rata up to help_cap of its surplus."""
    who = np.nonzero(flow.gap > 0)[0]
    ties, weight = villages.ties(who)
    need = p.theta * flow.gap[who]
    asks = (flow.rp[who] * need)[:, None] * weight
    asked = np.bincount(ties.ravel(), weights=asks.ravel(), minlength=flow.rp.size)
    share = np.minimum(1, ratio(p.help_cap * flow.rp * flow.over, asked))
    flow.r_out = share * asked / flow.rp
    flow.r_in = np.zeros(flow.rp.size)
    flow.r_in[who] = need * (weight * share[ties]).sum(axis=1)


def spending_and_coping(villages, p, home, flow):
    """(7) Stage 8: moneylender, sale of assets, spending."""
    had = flow.cash + flow.r_in
    lacks = np.maximum(0, flow.c_star - had)
    room = np.minimum(p.mlim * p.c_floor, np.maximum(0, home.ybar - home.Dm - home.Dc))
    borrow = np.minimum(lacks, room)
    sale = np.minimum(lacks - borrow, p.q_k * p.sale_share * home.K)
    flow.spend = np.minimum(flow.c_star, had + borrow + sale)
    flow.left = had + borrow + sale - flow.spend
    home.Dm = home.Dm + borrow
    home.Pm = home.Pm + borrow
    home.K = home.K - sale / p.q_k
    flow.inj = flow.inj + villages.sum(flow.rp * borrow)


def saving_and_investment(villages, p, life, home, coop, flow):
    """(8) Stage 9: what exceeds the buffer is invested where the hurdle is passed, else spent; real consumption."""
    before = flow.left - flow.r_out
    aside = p.chi * np.maximum(0, before - 0.6 * p.buffer * home.ybar)
    who = np.nonzero(aside > 0)[0]
    invested = np.zeros(aside.size)
    invested[who] = aside[who] * passes_hurdle(home.K[who], life.ability[who], p)
    home.S = before - aside
    home.K = home.K + invested
    flow.spend = flow.spend + (aside - invested)
    bought = home.phi * villages.each(coop.rt)
    if p.voucher > 0:
        bought = np.maximum(bought, np.minimum(1, ratio(flow.voucher, flow.spend)))
    flow.c = flow.spend / (1 - villages.each(p.own_gain * coop.kappa) * bought)
