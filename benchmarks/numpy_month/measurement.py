"""Stage 13: twelve months of consumption, what the survey and the record see, the marks of the exit ladder."""

import numpy as np

from numpy_month.household import passes_hurdle, technology
from povsim.population.columns import TIE


def consumption_of_the_year(home, c, t):
    """This month's c in its place of the twelve, and their sum."""
    home.c_sum = home.c_sum + c - getattr(home, f"c{t % 12}")
    setattr(home, f"c{t % 12}", c)
    if t % 12 == 0:  # so that rounding cannot build up
        home.c_sum = sum(getattr(home, f"c{m}") for m in range(12))


def record(country, a, t, villages, p, life, home, coop, drawn, flow, growth):
    """(21) Poverty, cooperatives and marks of month t in arm a into the country's record."""
    r, row = country.record, t - country._record_from
    if row < 0:
        return
    gap = np.maximum(0, 1 - flow.c * drawn.seen)
    persons = life.h * life.size
    seen = (flow.c * drawn.seen < 1, gap, gap**2, flow.c < 1)
    r.poverty[a, row] = np.stack([villages.sum(persons * x) for x in seen], axis=1)
    r.status[a, row] = coop.status
    r.members[a, row] = np.where(coop.status <= 5, coop.mshare * flow.everyone, 0)
    r.volume[a, row], r.debt[a, row] = flow.volume, coop.Dx
    if t >= country._below_from:
        r.below[a, home.c_sum / 12 < 1 - TIE] = t
    growth_ahead = np.exp(p.g_w * (t + 36) / 12) if t >= 0 else 1.0
    r.marks[a, row] = marks(villages, p, life, home, coop, r.tracked, country.b, growth, growth_ahead)


def marks(villages, p, life, home, coop, who, b, growth, growth_ahead):
    """Model page section 6: bits of `povsim.measures.exits` of the households `who`."""
    v = villages.village[who]
    K, ability, skill, l = home.K[who], life.ability[who], home.skill[who], life.l[who]
    h = technology(K, p)
    invests = passes_hurdle(K, ability, p)
    f, Dc = h * ability * skill, home.Dc[who]
    premium = (coop.pi * coop.qt)[v]
    share = home.phi[who] * p.own_gain * premium + p.chi_c * premium * coop.mshare[v]
    loss = life.trader[who] * coop.loss_rate[v]
    due = np.minimum(Dc, np.maximum(home.D0[who] / p.tenor, p.min_inst)) + Dc * p.r_c / 12
    burden = p.wear_rate * K + np.where(Dc > 0, due, 0)

    def capacity(w, share, loss, refund):
        w = w * home.skill_w[who]
        m_out = p.s_mkt * p.gross_net * (life.own[who] * l * w + f)
        earned = l * w + (p.r0 + (1 - p.r0) * l) * f
        net = p.mean_xi * (earned * (1 - loss) + share * m_out) + life.remit[who] + refund - burden
        return (1 - p.s0) * net - p.s1 * np.maximum(0, net - p.k1) * invests

    shu = home.shu12[who]
    ahead = capacity(life.w_ahead[who] * growth_ahead, share, loss, shu)
    alone = capacity(life.w_ahead[who] * growth_ahead, 0, 0, 0)
    now = capacity(life.w_year[who] * growth, share, loss, shu)
    long_run = capacity(life.w_long[who] * growth, share, loss, shu)
    m12, line, upper = home.c_sum[who] / 12, 1 - TIE, 1 + b - TIE
    member = (coop.status == 4)[v] & (home.member[who] != 0)
    bits = (m12 >= line, m12 >= upper, ahead >= upper, alone >= upper, ahead >= line, now >= upper, long_run >= upper, member)
    return np.packbits(np.stack(bits), axis=0, bitorder="little")[0]
