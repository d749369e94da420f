"""What no arm can change: turnover, ageing and the slow component of a year, the shocks of a month."""

from types import SimpleNamespace

import numpy as np

from numpy_month.household import technology
from povsim.draws import Stream, inverse_normal, normals, uniforms


def year_of_life(c, villages, life, homes, rates, t, growth):
    """Turnover, labour and x at the start of a year, in place. Returns the lost loans of each arm [V], Rp."""
    p, ids = rates[0], c.sample.ids
    u = uniforms(c.key, Stream.HOUSEHOLD_YEAR, ids, t)
    turns = u[:, 1] < np.where(life.l > 0, p.P_turn, p.P_turn_l0)
    half = (life.l == 1) & (u[:, 2] < p.P_age_1) & ~turns
    none = (life.l > 0) & (life.l < 1) & (u[:, 2] < p.P_age_2) & ~turns
    life.l = np.select([turns, half, none], [1.0, p.l_old, 0.0], life.l)
    remit = p.remit_lo + (p.remit_hi - p.remit_lo) * life.u_remit
    life.remit = np.select([turns, none], [0.0, remit], life.remit)
    new = np.nonzero(turns)[0]
    successor, left = normals(c.key, Stream.SUCCESSOR, ids[new], t), np.sqrt(1 - p.inh**2)
    life.z[new] = p.inh * life.z[new] + left * successor[:, 0]
    life.lna[new] = p.inh * life.lna[new] + left * p.sd_a * successor[:, 1]
    life.ability[new] = np.exp(life.lna[new])
    life.ill[new] = 0
    life.formed[new] = t
    life.x = p.rx * life.x + p.x_scale * inverse_normal(u[:, 0])
    ln_w0 = life.mu + life.sg * np.where(life.z >= 0, life.z, (1 - life.sk) * life.z)
    ahead = p.rx**3
    life.w_year = np.exp(ln_w0 + life.x)
    life.w_ahead = np.exp(ln_w0 + ahead * life.x + p.sd_x**2 * (1 - ahead**2) / 2)
    life.w_long = np.exp(ln_w0 + p.sd_x**2 / 2)
    losses = []
    for q, home in zip(rates, homes, strict=True):
        losses.append(villages.sum(life.h * life.line * home.Dc * turns))
        home.K[new] *= q.inh
        home.S[new] *= q.inh
        for owed in (home.Dc, home.D0, home.Dm, home.Pm, home.arrears):
            owed[new] = 0
        home.skill[new] = home.skill_w[new] = 1
        home.ybar[new] = q.mean_xi * (life.w_year[new] * growth + life.ability[new] * technology(home.K[new], q))
    return losses


def month_of_life(c, villages, life, place, coops, p, t, growth):
    """(3), (4) Shocks of the month in place; returns what the arms share of it."""
    ids, vids = c.sample.ids, c.sample.village_ids
    v = uniforms(c.key, Stream.VILLAGE_MONTH, vids, t)
    place.u = p.rho_u * place.u + p.u_scale * inverse_normal(v[:, 0])
    disaster = np.where(v[:, 1] < p.P_disaster, 1 - p.loss_v, 1.0)
    u = uniforms(c.key, Stream.HOUSEHOLD_MONTH, ids, t)
    life.e1 = p.rho1 * life.e1 + p.e1_scale * inverse_normal(u[:, 0])
    life.e2 = p.rho2 * life.e2 + p.e2_scale * inverse_normal(u[:, 1])
    left = np.maximum(0, life.ill - 1)
    life.ill = np.where((left == 0) & (u[:, 2] < p.P_ill), p.d_h, left)
    log_xi = life.e1 + life.e2 + villages.each(place.u) - p.half_variance + p.b_M * c.macro[t - c.first_month]
    members = np.zeros((0, 4))
    if any((coop.status != 0).any() for coop in coops):
        members = uniforms(c.key, Stream.MEMBER_MONTH, ids, t)
    return SimpleNamespace(
        xi=np.exp(log_xi) * np.where(life.ill > 0, 1 - p.loss_h, 1),
        assets=(1 - p.delta) * np.where(u[:, 3] < p.P_asset, 1 - p.loss_k, 1) * villages.each(disaster),
        w=life.w_year * growth,
        seen=np.exp(p.sigma_me * inverse_normal(uniforms(c.key, Stream.SURVEY, ids, t)[:, 0])),
        u_loan=members[:, 0],
        u_default=members[:, 1],
        u_leave=members[:, 2],
        u_join=members[:, 3],
        u_funnel=v[:, 2],
        u_scandal=v[:, 3],
        q_normal=inverse_normal(uniforms(c.key, Stream.VILLAGE_MONTH_2, vids, t)[:, 0]),
    )
