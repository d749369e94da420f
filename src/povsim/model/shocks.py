"""Passes that no arm can change: turnover, ageing, the slow component, and the shocks of the month. Equation (3), turnover."""

import numpy as np
from numba import njit

from povsim.draws import Stream, fill_normals, fill_uniforms, fill_words, normal, threefry4x32, uniform
from povsim.fastmath import exp
from povsim.model.household import (
    assets_after_shocks,
    autoregression,
    class_of_earning,
    earnings,
    income_shock,
    technology,
)
from povsim.model.scratch import SC
from povsim.population.columns import HOME, LIFE, PLACE

YEAR = int(Stream.HOUSEHOLD_YEAR)
SUCCESSOR = int(Stream.SUCCESSOR)
MONTH = int(Stream.HOUSEHOLD_MONTH)
SURVEY = int(Stream.SURVEY)
MEMBER = int(Stream.MEMBER_MONTH)
VILLAGE = int(Stream.VILLAGE_MONTH)
VILLAGE_2 = int(Stream.VILLAGE_MONTH_2)


@njit(nogil=True, cache=True, error_model="numpy")
def draw(key, stream, month, entity, word):
    """One keyed word of one entity as a uniform; the slow way, for rare events."""
    words = threefry4x32(
        np.uint32(month),
        np.uint32(entity & np.uint64(0xFFFFFFFF)),
        np.uint32(entity >> np.uint64(32)),
        np.uint32(0),
        key[0],
        key[1],
        key[2],
        np.uint32(stream),
    )
    return uniform(words[word])


@njit(nogil=True, cache=True, error_model="numpy")
def year_of_life(life, home, lo, n, ids, key, t, p, growth, words, losses):
    """Turnover, labour and x of one village at the start of a year.

    Changes LIFE, and in every arm what a successor inherits. `losses` [arm] receives the cooperative's lost loans, Rp.
    """
    fill_words(words[0], words[1], words[2], words[3], n, ids, lo, key, YEAR, t, 0)
    p0 = p[0]
    arms = home.shape[0]
    sd = p0.sd_x
    ahead = p0.rx * p0.rx * p0.rx
    ahead_half = 0.5 * sd * sd * (1.0 - ahead * ahead)
    for k in range(n):
        i = lo + k
        x_normal = normal(uniform(words[0, k]))
        turns = uniform(words[1, k]) < (p0.P_turn if life[LIFE.l, i] > 0.0 else p0.P_turn_l0)
        if turns:
            z_normal = normal(draw(key, SUCCESSOR, t, ids[i], 0))
            a_normal = normal(draw(key, SUCCESSOR, t, ids[i], 1))
            keep = np.sqrt(1.0 - p0.inh * p0.inh)
            life[LIFE.z, i] = p0.inh * life[LIFE.z, i] + keep * z_normal
            life[LIFE.lna, i] = p0.inh * life[LIFE.lna, i] + keep * p0.sd_a * a_normal
            life[LIFE.ability, i] = exp(life[LIFE.lna, i])
            life[LIFE.l, i] = 1.0
            life[LIFE.remit, i] = 0.0
            life[LIFE.ill, i] = 0.0
        else:
            l = life[LIFE.l, i]
            u = uniform(words[2, k])
            if l == 1.0 and u < p0.P_age_1:
                life[LIFE.l, i] = p0.l_old
            elif l > 0.0 and l < 1.0 and u < p0.P_age_2:
                life[LIFE.l, i] = 0.0
                life[LIFE.remit, i] = p0.remit_lo + (p0.remit_hi - p0.remit_lo) * life[LIFE.u_remit, i]
        x = autoregression(life[LIFE.x, i], p0.rx, p0.x_scale, x_normal)
        ln_w0 = life[LIFE.mu, i] + life[LIFE.sg, i] * class_of_earning(life[LIFE.z, i], life[LIFE.sk, i])
        life[LIFE.x, i] = x
        life[LIFE.w_year, i] = exp(ln_w0 + x)
        life[LIFE.w_ahead, i] = exp(ln_w0 + ahead * x + ahead_half)
        life[LIFE.w_long, i] = exp(ln_w0 + 0.5 * sd * sd)
        if turns:
            w = life[LIFE.w_year, i] * growth
            a = life[LIFE.ability, i]
            for arm in range(arms):
                q = p[arm]
                K = q.inh * home[arm, HOME.K, i]
                home[arm, HOME.K, i] = K
                home[arm, HOME.S, i] *= q.inh
                losses[arm] += life[LIFE.h, i] * life[LIFE.line, i] * home[arm, HOME.Dc, i]
                home[arm, HOME.Dc, i] = 0.0
                home[arm, HOME.D0, i] = 0.0
                home[arm, HOME.Dm, i] = 0.0
                home[arm, HOME.Pm, i] = 0.0
                home[arm, HOME.arrears, i] = 0.0
                f = a * technology(K, q.A_L, q.gL, q.A_H, q.gH, q.F, q.maj_K1, q.maj_K2, q.maj_y1, q.maj_slope)
                home[arm, HOME.ybar, i] = earnings(q.mean_xi, 1.0, w, q.r0, f)


@njit(nogil=True, cache=True, error_model="numpy")
def month_of_life(life, place, v, vid, lo, n, ids, key, t, p0, growth, M, members, words, sc):
    """Stages 1 to 3 as far as all arms share them: u, e1, e2, illness, asset shocks; fills scratch xi, assets, seen, w.

    `members`: draw the uniforms of members too (some arm has a cooperative here). Returns (funnel, scandal uniforms, normal
    of management).
    """
    u = autoregression(place[PLACE.u, v], p0.rho_u, p0.u_scale, normal(draw(key, VILLAGE, t, vid, 0)))
    place[PLACE.u, v] = u
    disaster = 1.0 - p0.loss_v if draw(key, VILLAGE, t, vid, 1) < p0.P_disaster else 1.0
    fill_words(words[0], words[1], words[2], words[3], n, ids, lo, key, MONTH, t, 0)
    n1 = sc[SC.u_loan]  # borrowed as room for normals
    n2 = sc[SC.u_default]
    fill_normals(words[0], n1, n)
    fill_normals(words[1], n2, n)
    e1 = life[LIFE.e1, lo : lo + n]
    e2 = life[LIFE.e2, lo : lo + n]
    ill = life[LIFE.ill, lo : lo + n]
    w_year = life[LIFE.w_year, lo : lo + n]
    xi = sc[SC.xi]
    assets = sc[SC.assets]
    w = sc[SC.w]
    rho1, s1, rho2, s2 = p0.rho1, p0.e1_scale, p0.rho2, p0.e2_scale
    half, b_M, loss_h, d_h = p0.half_variance, p0.b_M, p0.loss_h, p0.d_h
    P_ill, P_asset, keep, delta = p0.P_ill, p0.P_asset, 1.0 - p0.loss_k, p0.delta
    for k in range(n):
        e1[k] = autoregression(e1[k], rho1, s1, n1[k])
        e2[k] = autoregression(e2[k], rho2, s2, n2[k])
        left = max(0.0, ill[k] - 1.0)
        starts = left == 0.0 and uniform(words[2, k]) < P_ill
        ill[k] = d_h if starts else left
        log_xi, well = income_shock(e1[k], e2[k], u, half, b_M, M, loss_h, ill[k])
        xi[k] = exp(log_xi) * well
        hit = keep if uniform(words[3, k]) < P_asset else 1.0
        assets[k] = assets_after_shocks(1.0, delta, hit, disaster)
        w[k] = w_year[k] * growth
    fill_words(words[0], words[1], words[2], words[3], n, ids, lo, key, SURVEY, t, 0)
    fill_normals(words[0], n1, n)
    seen = sc[SC.seen]
    sigma = p0.sigma_me
    for k in range(n):
        seen[k] = exp(sigma * n1[k])
    if members:
        fill_words(words[0], words[1], words[2], words[3], n, ids, lo, key, MEMBER, t, 0)
        fill_uniforms(words[0], sc[SC.u_loan], n)
        fill_uniforms(words[1], sc[SC.u_default], n)
        fill_uniforms(words[2], sc[SC.u_leave], n)
        fill_uniforms(words[3], sc[SC.u_join], n)
    return (
        draw(key, VILLAGE, t, vid, 2),
        draw(key, VILLAGE, t, vid, 3),
        normal(draw(key, VILLAGE_2, t, vid, 0)),
    )
