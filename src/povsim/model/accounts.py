"""Stages 10, 11 and the village part of 13: accounts, governance, funnel and the terms of next month.

Equations (11), (13)-(15), (18), (20).
"""

from povsim.model.cooperative import (
    dormancy_hazard,
    funnel_factor,
    local_demand,
    management,
    operating_cost,
    probability,
    trader_loss_rate,
    trust_next,
    wedge_share,
)
from povsim.model.passes import blocks_of, compiled, in_block, lanes, weighted_sum
from povsim.model.scratch import SC, TL
from povsim.population.columns import COOP, HOME, LIFE, PLACE


@compiled
def monthly_accounts(coop, v, p, units, december, interactions, tally):
    """Stage 10 (13): surplus, cash, external debt, the next unit. `december`: the month in which the year is closed."""
    trading = coop[COOP.status, v] == 4.0
    q = coop[COOP.q, v]
    volume = tally[TL.volume]
    running = 0.0
    if trading:
        for k in range(int(coop[COOP.units, v])):
            running += units[k, 1]
    opex = operating_cost(p.opex0, running, q, p.opex_var, volume) if trading else 0.0
    margin = coop[COOP.mu, v] * volume
    external = coop[COOP.Dx, v] * p.r_ext / 12.0
    worn = p.dep * coop[COOP.fixed, v]
    surplus = margin + tally[TL.interest] - external - opex - tally[TL.losses] - worn
    coop[COOP.ytd, v] += surplus
    cash = coop[COOP.cash, v] + margin + tally[TL.fees] + tally[TL.dues_shares] + tally[TL.service] + tally[TL.seized]
    cash -= tally[TL.loans] + opex + external + tally[TL.refunds] + tally[TL.shu]
    coop[COOP.pool, v] += tally[TL.dues_pool] - tally[TL.pool_out]
    coop[COOP.fixed, v] -= worn
    if coop[COOP.lent_left, v] > 0.0:  # an instalment of the capital that was lent, whatever the cash
        part = min(coop[COOP.lent_left, v], p.capital / p.lent_tenor)
        coop[COOP.lent_left, v] -= part
        coop[COOP.Dx, v] -= part
        cash -= part
    if cash < 0.0:
        coop[COOP.Dx, v] -= cash
        cash = 0.0
    free = cash - 3.0 * opex
    if free > 0.0 and coop[COOP.Dx, v] > coop[COOP.lent_left, v]:
        back = min(coop[COOP.Dx, v] - coop[COOP.lent_left, v], free)
        coop[COOP.Dx, v] -= back
        cash -= back
    opened = int(coop[COOP.units, v])
    if trading and opened < units.shape[0]:
        start = units[opened, 0]
        if not interactions or cash >= (start if opened == 0 else p.unit_buffer * start):
            cash -= start
            coop[COOP.fixed, v] += start
            coop[COOP.units, v] = opened + 1.0
    coop[COOP.cash, v] = cash
    return interactions and trading and december and coop[COOP.ytd, v] > 0.0


@compiled
def close_year(lives, homes, scratch, coop, v, n, p, pays):
    """Stage 10 in the last month of the year (13): refund rates by patronage and capital after the reserve."""
    coop[COOP.shu_flag, v] = 0.0
    if pays:
        pay = (1.0 - p.reserve) * min(coop[COOP.ytd, v], coop[COOP.cash, v])
        patronage = 0.0
        capital = 0.0
        for b in range(blocks_of(n)):
            life, home, sc = lives[b].rows, homes[b].rows, scratch[b].rows
            for k in range(in_block(n, b)):
                if home[HOME.member, k] != 0.0:
                    patronage += life[LIFE.h, k] * home[HOME.pat, k]
                    capital += sc[SC.rp, k] * home[HOME.cap, k]
        coop[COOP.rate_pat, v] = p.pat_w * pay / patronage if patronage > 0.0 else 0.0
        coop[COOP.rate_cap, v] = (1.0 - p.pat_w) * pay / capital if capital > 0.0 else 0.0
        coop[COOP.shu_flag, v] = 1.0 if pay > 0.0 else 0.0
    coop[COOP.ytd, v] = 0.0


@compiled
def members_and_loans(lives, homes, scratch, coop, v, n, everyone):
    """Stages 10 and 13: loans out, share of borrowers in arrears, share of members, their mean patronage.

    `everyone`: real households of the village.
    """
    loans = 0.0
    borrowers = 0.0
    behind = 0.0
    members = 0.0
    phi = 0.0
    for b in range(blocks_of(n)):
        life, home, sc = lives[b].rows, homes[b].rows, scratch[b].rows
        m = lanes(n, b)
        h, owes = life[LIFE.h], sc[SC.dues]
        for k in range(m):
            owes[k] = 1.0 if home[HOME.Dc, k] > 0.0 else 0.0
        borrowers += weighted_sum(h, owes, sc[SC.sums])
        loans += weighted_sum(sc[SC.rp], home[HOME.Dc], sc[SC.sums])
        behind += weighted_sum(h, home[HOME.arrears], sc[SC.sums])
        members += weighted_sum(h, home[HOME.member], sc[SC.sums])
        phi += weighted_sum(h, home[HOME.phi], sc[SC.sums])
    coop[COOP.loans_out, v] = loans
    coop[COOP.arrears, v] = behind / borrowers if borrowers > 0.0 else 0.0
    coop[COOP.mshare, v] = members / everyone
    coop[COOP.phibar, v] = phi / members if members > 0.0 else 0.0
    coop[COOP.Eq, v] = coop[COOP.cash, v] + loans + coop[COOP.fixed, v] - coop[COOP.Dx, v]


@compiled
def dissolve(lives, homes, scratch, coop, v, n, p, interactions):
    """(15) dissolution: members lose (1 - rec) of shares, loans are written off, membership ends."""
    capital = 0.0
    for b in range(blocks_of(n)):
        home, sc = homes[b].rows, scratch[b].rows
        for k in range(in_block(n, b)):
            capital += sc[SC.rp, k] * home[HOME.cap, k]
    rec = 0.0
    if capital > 0.0:
        rec = min(p.rec, coop[COOP.cash, v] / capital) if interactions else p.rec
    for b in range(blocks_of(n)):
        home = homes[b].rows
        for k in range(lanes(n, b)):
            home[HOME.due, k] = rec * home[HOME.cap, k]
            home[HOME.cap, k] = 0.0
            home[HOME.member, k] = 0.0
            home[HOME.Dc, k] = 0.0
            home[HOME.D0, k] = 0.0
            home[HOME.arrears, k] = 0.0
            home[HOME.pat, k] = 0.0
            home[HOME.shu12, k] = 0.0
    coop[COOP.cash, v] -= rec * capital


@compiled
def governance_and_funnel(lives, homes, scratch, place, coop, v, n, p, interactions, u_funnel, u_scandal, q_normal):
    """Stage 11 (14), (15), (20): management, scandal, the funnel, trust."""
    status = coop[COOP.status, v]
    q = coop[COOP.q, v]
    mentor = coop[COOP.mentor, v]
    scandal = 0.0
    if status >= 1.0 and status <= 5.0:
        q = management(q, p.km, mentor, p.qmax, p.kd, coop[COOP.q0, v], p.sq, q_normal, p.kc, place[PLACE.capture, v])
        coop[COOP.q, v] = q
    if status == 4.0 and u_scandal < probability(p.h_sc * (1.5 - q)):
        scandal = 1.0
        coop[COOP.cash, v] *= 1.0 - p.sc_loss
    factor = funnel_factor(p.b1, q, p.b2, coop[COOP.capital_flag, v], p.b3, place[PLACE.Z, v])
    to = status
    if status == 0.0:
        if coop[COOP.covered, v] != 0.0 and u_funnel < probability(p.h_legal):
            to = 1.0
            coop[COOP.q, v] = coop[COOP.q0, v]
    elif status == 1.0:
        if u_funnel < probability(p.h_build * factor):
            to = 2.0
    elif status == 2.0:
        if u_funnel < probability(p.h_open * factor):
            to = 3.0
    elif status == 3.0:
        if u_funnel < probability(p.h_trade * factor):
            to = 4.0
            if coop[COOP.funded, v] == 0.0:
                coop[COOP.funded, v] = 1.0
                coop[COOP.cash, v] += coop[COOP.capital, v]
                coop[COOP.Dx, v] += coop[COOP.lent, v]
                coop[COOP.lent_left, v] = coop[COOP.lent, v]
                coop[COOP.Eq0, v] = max(coop[COOP.capital, v], 1e6)
    elif status == 4.0:
        Eq, behind, phibar = coop[COOP.Eq, v], coop[COOP.arrears, v], coop[COOP.phibar, v]
        if not interactions:  # what other households do cannot decide whether the cooperative lives
            Eq, behind, phibar = 0.0, 0.0, 0.5
        hazard = dormancy_hazard(p.h0, p.bq, q, p.bk, Eq, coop[COOP.Eq0, v], p.bn, behind, p.bp, phibar, p.bt, p.topdown)
        if Eq < -coop[COOP.Eq0, v] or u_funnel < probability(hazard):
            to = 5.0
    elif status == 5.0:
        if u_funnel < probability(p.h_rev * (1.0 + p.rev_m * mentor)):
            to = 4.0
        elif u_funnel > 1.0 - probability(p.h_dis):
            to = 6.0
            dissolve(lives, homes, scratch, coop, v, n, p, interactions)
    coop[COOP.status, v] = to
    if status >= 1.0:
        failed = 1.0 if (scandal != 0.0 or to == 5.0) else 0.0
        coop[COOP.trust, v] = trust_next(coop[COOP.trust, v], p.kt, coop[COOP.shu_flag, v], failed)
    if status == 4.0 and to != 4.0:
        for b in range(blocks_of(n)):
            home = homes[b].rows
            for k in range(lanes(n, b)):
                home[HOME.phi, k] = 0.0


@compiled
def terms_of_next_month(place, coop, v, p, units, branched, january, interactions, tally):
    """Stage 13 (11), (18): trade that open units take; premium, saving, margin by the wedge rule; traders' loss; demand."""
    wedge = place[PLACE.wedge, v]
    rt = 0.0
    qt = 0.0
    share = 0.0
    if coop[COOP.status, v] == 4.0:
        for k in range(int(coop[COOP.units, v])):
            rt += units[k, 2]
            qt += units[k, 3]
        share = wedge_share(wedge, p.pen, coop[COOP.q, v], p.pi, p.kappa, p.mu)
    coop[COOP.rt, v] = rt
    coop[COOP.qt, v] = min(1.0, qt)
    coop[COOP.pi, v] = share * p.pi
    coop[COOP.kappa, v] = share * p.kappa
    coop[COOP.mu, v] = share * p.mu
    coop[COOP.loss_rate, v] = (
        trader_loss_rate(p.trader_local, wedge * tally[TL.volume], tally[TL.trader_earn], p.loss_cap) if interactions else 0.0
    )
    if not interactions:
        coop[COOP.mshare, v] = 0.0
    if january:
        coop[COOP.inj_year, v] = 0.0
    coop[COOP.inj_year, v] += tally[TL.inj]
    coop[COOP.dem, v] = (
        local_demand(p.xi_D, tally[TL.inj], place[PLACE.inj_base, v], tally[TL.income]) if interactions and branched else 0.0
    )
