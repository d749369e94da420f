"""Stages of villages: accounts, governance, funnel, terms of next month. Equations (11), (13)-(15), (18), (20)."""

import numpy as np

from numpy_month.villages import probability, ratio


def settle(coop, where, **values):
    """Write what villages `where` [V] have now."""
    for name, value in values.items():
        getattr(coop, name)[where] = value[where]


def of_open_units(units, column, opened):
    """Sum of a column of the units over those that are open [V]."""
    return np.concatenate([[0], np.cumsum(units[:, column])])[opened.astype(int)]


def accounts(villages, p, units, home, coop, flow, december):
    """(13) Stage 10: surplus, cash, external debt, the next unit; in December the refund rates."""
    trades = coop.status == 4
    running = (p.opex0 + of_open_units(units, 1, coop.units)) * (1.2 - 0.4 * coop.q)
    costs = np.where(trades, running + p.opex_var * flow.volume, 0)
    margin, external, worn = coop.mu * flow.volume, coop.Dx * p.r_ext / 12, p.dep * coop.fixed
    received = margin + flow.fees + flow.dues_shares + flow.service_paid + flow.seized
    at_hand = coop.cash + received - (flow.loans + external + flow.refunds + flow.shu_paid)
    credit = np.maximum(0, coop.Eq0 - (coop.Dx - coop.lent_left))
    opex = np.minimum(costs, np.maximum(0, at_hand + credit))  # what neither cash nor lenders cover is not paid
    ytd = coop.ytd + margin + flow.interest - external - opex - flow.losses - worn
    part = np.minimum(coop.lent_left, p.capital / p.lent_tenor)
    cash = at_hand - opex - part
    lent_left, Dx = coop.lent_left - part, coop.Dx - part + np.maximum(0, -cash)
    cash = np.maximum(0, cash)
    back = np.maximum(0, np.minimum(Dx - lent_left, cash - 3 * costs))
    cash, Dx, fixed = cash - back, Dx - back, coop.fixed - worn
    start = np.append(units[:, 0], np.inf)[coop.units.astype(int)]
    opens = trades & (cash >= np.where(coop.units == 0, start, p.unit_buffer * start))
    cost = np.where(opens, start, 0)
    now = {"ytd": ytd, "cash": cash - cost, "fixed": fixed + cost, "units": coop.units + opens}
    settle(coop, coop.status > 0, **now, Dx=Dx, lent_left=lent_left, pool=coop.pool + flow.dues_pool - flow.pool_out)
    if december:
        close_year(villages, p, home, coop, flow, trades & (ytd > 0))


def close_year(villages, p, home, coop, flow, pays):
    """(13) Refund rates by patronage and capital after the reserve."""
    pay = (1 - p.reserve) * np.minimum(coop.ytd, coop.cash)
    rate_pat = p.pat_w * ratio(pay, villages.sum(flow.h * home.pat * home.member))
    rate_cap = (1 - p.pat_w) * ratio(pay, villages.sum(flow.rp * home.cap * home.member))
    settle(coop, pays, rate_pat=rate_pat, rate_cap=rate_cap)
    settle(coop, coop.status > 0, shu_flag=1.0 * (pays & (pay > 0)), ytd=np.zeros(pays.size))


def members_and_loans(villages, life, home, coop, flow):
    """(10), (15) Stage 10: loans out, share of borrowers in arrears, share of members, their mean patronage, equity."""
    borrowers, members = villages.sum(life.h * (home.Dc > 0)), villages.sum(life.h * home.member)
    loans = villages.sum(flow.rp * home.Dc)
    settle(
        coop, coop.status > 0, loans_out=loans, Eq=coop.cash + loans + coop.fixed - coop.Dx,
        arrears=ratio(villages.sum(life.h * home.arrears), borrowers), mshare=members / flow.everyone,
        phibar=ratio(villages.sum(life.h * home.phi), members),
    )  # fmt: skip


def governance_and_funnel(villages, p, home, place, coop, drawn, flow):
    """(14), (15), (20) Stage 11: management, scandal, one step in the funnel, trust."""
    status, u = coop.status.copy(), drawn.u_funnel
    drift = p.km * coop.mentor * (p.qmax - coop.q) - p.kd * (coop.q - coop.q0)
    q = np.clip(coop.q + drift + p.sq * drawn.q_normal - p.kc * place.capture, 0.02, 0.98)
    settle(coop, (status >= 1) & (status <= 5), q=q)
    scandal = (status == 4) & (drawn.u_scandal < probability(p.h_sc * (1.5 - coop.q)))
    settle(coop, scandal, cash=coop.cash * (1 - p.sc_loss))
    factor = np.exp(p.b1 * (coop.q - 0.5) + p.b2 * coop.capital_flag + p.b3 * (place.Z - 0.5))
    Eq0 = np.where(status == 4, coop.Eq0, 1)
    exponent = p.bn * coop.arrears - p.bq * (coop.q - 0.5) / 0.2 - p.bk * np.log1p(np.maximum(-0.9, coop.Eq / Eq0))
    dormancy = p.h0 * np.exp(exponent + p.bp * (0.5 - coop.phibar) + p.bt * p.topdown)
    steps = {
        1: (status == 0) & (coop.covered != 0) & (u < probability(p.h_legal)),
        2: (status == 1) & (u < probability(p.h_build * factor)),
        3: (status == 2) & (u < probability(p.h_open * factor)),
        4: (status == 3) & (u < probability(p.h_trade * factor)),
        5: (status == 4) & (u < probability(dormancy)),
    }
    revives = (status == 5) & (u < probability(p.h_rev * (1 + p.rev_m * coop.mentor)))
    dissolves = (status == 5) & ~revives & (u > 1 - probability(p.h_dis))
    settle(coop, steps[1], q=coop.q0)
    settle(coop, steps[4] & (coop.funded == 0), cash=coop.cash + coop.capital, Dx=coop.Dx + coop.lent, lent_left=coop.lent,
           Eq0=np.maximum(coop.capital, 1e6), funded=np.ones(u.size))  # fmt: skip
    for to, moves in steps.items():
        coop.status[moves] = to
    coop.status[revives], coop.status[dissolves] = 4, 6
    if dissolves.any():
        dissolve(villages, p, home, coop, flow, dissolves)
    bad_news = scandal | (coop.status == 5)
    settle(coop, status >= 1, trust=(1 - p.kt) * coop.trust + p.kt * (coop.shu_flag - 2 * bad_news))
    home.phi = np.where(villages.each(steps[5]), 0, home.phi)


def dissolve(villages, p, home, coop, flow, dissolves):
    """(15) Members lose (1 - rec) of their shares, loans are written off, membership ends."""
    capital = villages.sum(flow.rp * home.cap)
    rec = np.minimum(p.rec, ratio(coop.cash, capital))
    settle(coop, dissolves, cash=coop.cash - rec * capital)
    there = villages.each(dissolves)
    home.due = np.where(there, villages.each(rec) * home.cap, home.due)
    for lost in (home.cap, home.member, home.Dc, home.D0, home.arrears, home.pat, home.shu12):
        lost[there] = 0


def terms_of_next_month(p, units, place, coop, flow, t):
    """(11), (18) Stage 13: what open units trade, the wedge rule, traders' loss, local demand."""
    trades, opened = coop.status == 4, coop.units
    share = np.minimum(1, (1 - p.pen * (1 - coop.q)) * place.wedge / (max(p.pi, p.kappa) + p.mu)) * trades
    coop.rt = of_open_units(units, 2, opened) * trades
    coop.qt = np.minimum(1, of_open_units(units, 3, opened)) * trades
    coop.pi, coop.kappa, coop.mu = share * p.pi, share * p.kappa, share * p.mu
    coop.loss_rate = np.minimum(p.loss_cap, ratio(p.trader_local * place.wedge * flow.volume, flow.trader_earn))
    coop.vol = flow.volume
    coop.inj_year = flow.inj + (0 if (t - 1) % 12 == 0 else coop.inj_year)
    rise = ratio(p.xi_D * (flow.inj - place.inj_base), flow.income)
    coop.dem = np.clip(rise, -0.5, 0.5) if t >= 1 else np.zeros(rise.size)
