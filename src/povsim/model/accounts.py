"""Stages 10, 11 and the village part of 13: accounts, governance, funnel and the terms of next month.

Equations (11), (13)-(15), (18), (20).
"""

from povsim.model.blocks import any_in, blocks_of, compiled, in_block, lanes, weighted_sum
from povsim.model.cooperative import (
    costs_paid,
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
from povsim.model.scratch import SC, TL
from povsim.population.columns import COOP, HOME, LIFE, PLACE


@compiled
def monthly_accounts(coop, p, units, december, interactions, tally):
    """Stage 10 (13): surplus, cash, external debt, the next unit. `december`: the month in which the year is closed."""
    trading = coop[COOP.status] == 4.0
    q = coop[COOP.q]
    volume = tally[TL.volume]
    running = 0.0
    if trading:
        for k in range(int(coop[COOP.units])):
            running += units[k, 1]
    opex = operating_cost(p.opex0, running, q, p.opex_var, volume) if trading else 0.0
    margin = coop[COOP.mu] * volume
    external = coop[COOP.Dx] * p.r_ext / 12.0
    worn = p.dep * coop[COOP.fixed]
    cash = coop[COOP.cash] + margin + tally[TL.fees] + tally[TL.dues_shares] + tally[TL.service] + tally[TL.seized]
    cash -= tally[TL.loans] + external + tally[TL.refunds] + tally[TL.shu]
    paid = costs_paid(opex, cash, coop[COOP.Eq0], coop[COOP.Dx] - coop[COOP.lent_left])
    cash -= paid
    coop[COOP.ytd] += margin + tally[TL.interest] - external - paid - tally[TL.losses] - worn
    coop[COOP.pool] += tally[TL.dues_pool] - tally[TL.pool_out]
    coop[COOP.fixed] -= worn
    if coop[COOP.lent_left] > 0.0:  # an instalment of the capital that was lent, whatever the cash
        part = min(coop[COOP.lent_left], p.capital / p.lent_tenor)
        coop[COOP.lent_left] -= part
        coop[COOP.Dx] -= part
        cash -= part
    if cash < 0.0:
        coop[COOP.Dx] -= cash
        cash = 0.0
    free = cash - 3.0 * opex
    if free > 0.0 and coop[COOP.Dx] > coop[COOP.lent_left]:
        back = min(coop[COOP.Dx] - coop[COOP.lent_left], free)
        coop[COOP.Dx] -= back
        cash -= back
    opened = int(coop[COOP.units])
    if trading and opened < units.shape[0]:
        start = units[opened, 0]
        if not interactions or cash >= (start if opened == 0 else p.unit_buffer * start):
            cash -= start
            coop[COOP.fixed] += start
            coop[COOP.units] = opened + 1.0
    coop[COOP.cash] = cash
    return interactions and trading and december and coop[COOP.ytd] > 0.0


@compiled
def close_year(lives, homes, scratch, coop, n, p, pays):
    """Stage 10 in the last month of the year (13): refund rates by patronage and capital after the reserve."""
    coop[COOP.shu_flag] = 0.0
    if pays:
        pay = (1.0 - p.reserve) * min(coop[COOP.ytd], coop[COOP.cash])
        patronage = 0.0
        capital = 0.0
        for b in range(blocks_of(n)):
            life, home, sc = lives[b].rows, homes[b].rows, scratch[b].rows
            for k in range(in_block(n, b)):
                if home[HOME.member, k] != 0.0:
                    patronage += life[LIFE.h, k] * home[HOME.pat, k]
                    capital += sc[SC.rp, k] * home[HOME.cap, k]
        coop[COOP.rate_pat] = p.pat_w * pay / patronage if patronage > 0.0 else 0.0
        coop[COOP.rate_cap] = (1.0 - p.pat_w) * pay / capital if capital > 0.0 else 0.0
        coop[COOP.shu_flag] = 1.0 if pay > 0.0 else 0.0
    coop[COOP.ytd] = 0.0


@compiled
def members_and_loans(lives, homes, scratch, coop, n, everyone):
    """Stages 10 and 13: loans out, share of borrowers in arrears, share of members, their mean patronage.

    `everyone`: real households of the village. Only members have loans and a patronage.
    """
    loans = 0.0
    borrowers = 0.0
    behind = 0.0
    members = 0.0
    phi = 0.0
    for b in range(blocks_of(n)):
        life, home, sc = lives[b].rows, homes[b].rows, scratch[b].rows
        m = lanes(n, b)
        if not any_in(home[HOME.member], m):
            continue
        h, owes = life[LIFE.h], sc[SC.dues]
        members += weighted_sum(h, home[HOME.member], sc[SC.sums])
        phi += weighted_sum(h, home[HOME.phi], sc[SC.sums])
        if any_in(home[HOME.Dc], m) or any_in(home[HOME.arrears], m):
            for k in range(m):
                owes[k] = 1.0 if home[HOME.Dc, k] > 0.0 else 0.0
            borrowers += weighted_sum(h, owes, sc[SC.sums])
            loans += weighted_sum(sc[SC.rp], home[HOME.Dc], sc[SC.sums])
            behind += weighted_sum(h, home[HOME.arrears], sc[SC.sums])
    coop[COOP.loans_out] = loans
    coop[COOP.arrears] = behind / borrowers if borrowers > 0.0 else 0.0
    coop[COOP.mshare] = members / everyone
    coop[COOP.phibar] = phi / members if members > 0.0 else 0.0
    coop[COOP.Eq] = coop[COOP.cash] + loans + coop[COOP.fixed] - coop[COOP.Dx]


@compiled
def dissolve(homes, scratch, coop, n, p, interactions):
    """(15) dissolution: members lose (1 - rec) of shares, loans are written off, membership ends."""
    capital = 0.0
    for b in range(blocks_of(n)):
        home, sc = homes[b].rows, scratch[b].rows
        for k in range(in_block(n, b)):
            capital += sc[SC.rp, k] * home[HOME.cap, k]
    rec = 0.0
    if capital > 0.0:
        rec = min(p.rec, coop[COOP.cash] / capital) if interactions else p.rec
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
    coop[COOP.cash] -= rec * capital


@compiled
def governance_and_funnel(homes, scratch, place, coop, v, n, p, interactions, u_funnel, u_scandal, q_normal):
    """Stage 11 (14), (15), (20): management, scandal, the funnel, trust."""
    status = coop[COOP.status]
    q = coop[COOP.q]
    mentor = coop[COOP.mentor]
    scandal = 0.0
    if status >= 1.0 and status <= 5.0:
        q = management(q, p.km, mentor, p.qmax, p.kd, coop[COOP.q0], p.sq, q_normal, p.kc, place[PLACE.capture, v])
        coop[COOP.q] = q
    if status == 4.0 and u_scandal < probability(p.h_sc * (1.5 - q)):
        scandal = 1.0
        coop[COOP.cash] *= 1.0 - p.sc_loss
    factor = funnel_factor(p.b1, q, p.b2, coop[COOP.capital_flag], p.b3, place[PLACE.Z, v])
    to = status
    if status == 0.0:
        if coop[COOP.covered] != 0.0 and u_funnel < probability(p.h_legal):
            to = 1.0
            coop[COOP.q] = coop[COOP.q0]
    elif status == 1.0:
        if u_funnel < probability(p.h_build * factor):
            to = 2.0
    elif status == 2.0:
        if u_funnel < probability(p.h_open * factor):
            to = 3.0
    elif status == 3.0:
        if u_funnel < probability(p.h_trade * factor):
            to = 4.0
            if coop[COOP.funded] == 0.0:
                coop[COOP.funded] = 1.0
                coop[COOP.cash] += coop[COOP.capital]
                coop[COOP.Dx] += coop[COOP.lent]
                coop[COOP.lent_left] = coop[COOP.lent]
                coop[COOP.Eq0] = max(coop[COOP.capital], 1e6)
    elif status == 4.0:
        Eq, behind, phibar = coop[COOP.Eq], coop[COOP.arrears], coop[COOP.phibar]
        if not interactions:  # what other households do cannot decide whether the cooperative lives
            Eq, behind, phibar = 0.0, 0.0, 0.5
        hazard = dormancy_hazard(p.h0, p.bq, q, p.bk, Eq, coop[COOP.Eq0], p.bn, behind, p.bp, phibar, p.bt, p.topdown)
        if u_funnel < probability(hazard):
            to = 5.0
    elif status == 5.0:
        if u_funnel < probability(p.h_rev * (1.0 + p.rev_m * mentor)):
            to = 4.0
        elif u_funnel > 1.0 - probability(p.h_dis):
            to = 6.0
            dissolve(homes, scratch, coop, n, p, interactions)
    coop[COOP.status] = to
    if status >= 1.0:
        failed = 1.0 if (scandal != 0.0 or to == 5.0) else 0.0
        coop[COOP.trust] = trust_next(coop[COOP.trust], p.kt, coop[COOP.shu_flag], failed)
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
    if coop[COOP.status] == 4.0:
        for k in range(int(coop[COOP.units])):
            rt += units[k, 2]
            qt += units[k, 3]
        share = wedge_share(wedge, p.pen, coop[COOP.q], p.pi, p.kappa, p.mu)
    coop[COOP.rt] = rt
    coop[COOP.qt] = min(1.0, qt)
    coop[COOP.pi] = share * p.pi
    coop[COOP.kappa] = share * p.kappa
    coop[COOP.mu] = share * p.mu
    coop[COOP.loss_rate] = (
        trader_loss_rate(p.trader_local, wedge * tally[TL.volume], tally[TL.trader_earn], p.loss_cap) if interactions else 0.0
    )
    if not interactions:
        coop[COOP.mshare] = 0.0
    if january:
        coop[COOP.inj_year] = 0.0
    coop[COOP.inj_year] += tally[TL.inj]
    coop[COOP.dem] = (
        local_demand(p.xi_D, tally[TL.inj], place[PLACE.inj_base, v], tally[TL.income]) if interactions and branched else 0.0
    )
