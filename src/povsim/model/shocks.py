"""Passes that no arm can change: turnover, ageing, the slow component, and the shocks of the month. Equation (3), turnover."""

import numpy as np

from povsim.draws import LANES, W0, W1, W2, W3, Stream, fill_normals, fill_uniforms, fill_words, normal, threefry4x32, uniform
from povsim.fastmath import exp
from povsim.model.blocks import blocks_of, compiled, in_block, lanes
from povsim.model.edits import THE_VILLAGE, edited, put_words
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

# Streams and words as int64: numba compiles a function once for each Python integer that it is given.
YEAR = np.int64(Stream.HOUSEHOLD_YEAR)
SUCCESSOR = np.int64(Stream.SUCCESSOR)
MONTH = np.int64(Stream.HOUSEHOLD_MONTH)
SURVEY = np.int64(Stream.SURVEY)
MEMBER = np.int64(Stream.MEMBER_MONTH)
VILLAGE = np.int64(Stream.VILLAGE_MONTH)
VILLAGE_2 = np.int64(Stream.VILLAGE_MONTH_2)
NO_ALTERNATIVE = np.int64(0)
OF_THE_VILLAGE = np.int64(THE_VILLAGE)


@compiled
def exponentials(x, m):
    """e^x of the first m of a row, in place. A loop of its own, as `outputs`."""
    for k in range(m):
        x[k] = exp(x[k])


@compiled
def draw(key, stream, month, entity, word, edits, who):
    """One keyed word of one entity as a uniform; the slow way, for rare events. `who`: the entity as `edits` name it."""
    w0, w1, w2, w3 = threefry4x32(
        np.uint32(month),
        np.uint32(entity & np.uint64(0xFFFFFFFF)),
        np.uint32(entity >> np.uint64(32)),
        np.uint32(0),
        key[0],
        key[1],
        key[2],
        np.uint32(stream),
    )
    return edited(uniform((w0, w1, w2, w3)[word]), edits, stream, month, who, word)


@compiled
def year_of_life(lives, homes, scratch, drawn, lo, n, ids, key, edits, t, p, growth, losses):
    """Turnover, labour and x of one village at the start of a year.

    Changes LIFE, and in every arm what a successor inherits. `losses` [arm] receives the cooperative's lost loans, Rp.
    `edits`: those of the village (`povsim.model.edits`).
    """
    p0 = p[0]
    some = edits.shape[0] > 0
    sd, rx, x_scale = p0.sd_x, p0.rx, p0.x_scale
    ahead = rx * rx * rx
    ahead_half = 0.5 * sd * sd * (1.0 - ahead * ahead)
    for b in range(blocks_of(n)):
        life, sc, words, turned = lives[b].rows, scratch[b].rows, drawn[b].words, scratch[b].at
        m = lanes(n, b)
        fill_words(drawn[b], m, key, YEAR, t, NO_ALTERNATIVE)
        if some:
            put_words(words, b, edits, YEAR, t)
        count = 0
        for k in range(in_block(n, b)):
            l = life[LIFE.l, k]
            if uniform(words[W1, k]) < (p0.P_turn if l > 0.0 else p0.P_turn_l0):
                turned[count] = k
                count += 1
                i = ids[lo + b * LANES + k]
                keep = np.sqrt(1.0 - p0.inh * p0.inh)
                who = b * LANES + k
                z = normal(draw(key, SUCCESSOR, t, i, W0, edits, who))
                lna = p0.sd_a * normal(draw(key, SUCCESSOR, t, i, W1, edits, who))
                life[LIFE.z, k] = p0.inh * life[LIFE.z, k] + keep * z
                life[LIFE.lna, k] = p0.inh * life[LIFE.lna, k] + keep * lna
                life[LIFE.ability, k] = exp(life[LIFE.lna, k])
                life[LIFE.l, k] = 1.0
                life[LIFE.remit, k] = 0.0
                life[LIFE.ill, k] = 0.0
                life[LIFE.formed, k] = t
            elif l == 1.0 and uniform(words[W2, k]) < p0.P_age_1:
                life[LIFE.l, k] = p0.l_old
            elif l > 0.0 and l < 1.0 and uniform(words[W2, k]) < p0.P_age_2:
                life[LIFE.l, k] = 0.0
                life[LIFE.remit, k] = p0.remit_lo + (p0.remit_hi - p0.remit_lo) * life[LIFE.u_remit, k]
        x_normal = sc[SC.xi]
        fill_normals(drawn[b], W0, x_normal, m)
        for k in range(m):
            x = autoregression(life[LIFE.x, k], rx, x_scale, x_normal[k])
            ln_w0 = life[LIFE.mu, k] + life[LIFE.sg, k] * class_of_earning(life[LIFE.z, k], life[LIFE.sk, k])
            life[LIFE.x, k] = x
            life[LIFE.w_year, k] = ln_w0 + x
            life[LIFE.w_ahead, k] = ln_w0 + ahead * x + ahead_half
            life[LIFE.w_long, k] = ln_w0 + 0.5 * sd * sd
        exponentials(life[LIFE.w_year], m)
        exponentials(life[LIFE.w_ahead], m)
        exponentials(life[LIFE.w_long], m)
        for arm in range(homes.shape[0]):
            q, home = p[arm], homes[arm, b].rows
            for j in range(count):
                k = turned[j]
                K = q.inh * home[HOME.K, k]
                home[HOME.K, k] = K
                home[HOME.S, k] *= q.inh
                losses[arm] += life[LIFE.h, k] * life[LIFE.line, k] * home[HOME.Dc, k]
                home[HOME.Dc, k] = 0.0
                home[HOME.D0, k] = 0.0
                home[HOME.Dm, k] = 0.0
                home[HOME.Pm, k] = 0.0
                home[HOME.arrears, k] = 0.0
                home[HOME.skill, k] = 1.0
                home[HOME.skill_w, k] = 1.0
                home[HOME.Mc, k] = 0.0
                home[HOME.M0, k] = 0.0
                home[HOME.Ms, k] = 0.0
                home[HOME.box, k] *= q.inh
                h = technology(K, q.A_L, q.gL, q.A_H, q.gH, q.F, q.maj_K1, q.maj_K2, q.maj_y1, q.maj_slope)
                w = life[LIFE.w_year, k] * growth
                home[HOME.ybar, k] = earnings(q.mean_xi, 1.0, w, q.r0, life[LIFE.ability, k] * h)


@compiled
def month_of_life(lives, scratch, drawn, place, v, vid, n, key, edits, t, p0, growth, M, members):
    """Stages 1 to 3 as far as all arms share them: u, e1, e2, illness, asset shocks; fills scratch xi, assets, seen, w.

    `members`: draw the uniforms of members too (some arm has a cooperative here). Returns (funnel, scandal uniforms, normal
    of management).
    """
    u_normal = normal(draw(key, VILLAGE, t, vid, W0, edits, OF_THE_VILLAGE))
    u = autoregression(place[PLACE.u, v], p0.rho_u, p0.u_scale, u_normal)
    place[PLACE.u, v] = u
    struck = draw(key, VILLAGE, t, vid, W1, edits, OF_THE_VILLAGE) < p0.P_disaster
    disaster = 1.0 - p0.loss_v if struck else 1.0
    rho1, s1, rho2, s2 = p0.rho1, p0.e1_scale, p0.rho2, p0.e2_scale
    half, b_M, loss_h, d_h = p0.half_variance, p0.b_M, p0.loss_h, p0.d_h
    P_ill, P_asset, keep, delta = p0.P_ill, p0.P_asset, 1.0 - p0.loss_k, p0.delta
    sigma = p0.sigma_me
    some = edits.shape[0] > 0
    for b in range(blocks_of(n)):
        life, sc, block, words = lives[b].rows, scratch[b].rows, drawn[b], drawn[b].words
        m = lanes(n, b)
        fill_words(block, m, key, MONTH, t, NO_ALTERNATIVE)
        if some:
            put_words(words, b, edits, MONTH, t)
        n1, n2 = sc[SC.xi], sc[SC.w]  # room for normals
        fill_normals(block, W0, n1, m)
        fill_normals(block, W1, n2, m)
        for k in range(m):
            e1 = autoregression(life[LIFE.e1, k], rho1, s1, n1[k])
            e2 = autoregression(life[LIFE.e2, k], rho2, s2, n2[k])
            left = max(0.0, life[LIFE.ill, k] - 1.0)
            starts = (left == 0.0) & (uniform(words[2, k]) < P_ill)
            ill = d_h if starts else left
            log_xi, well = income_shock(e1, e2, u, half, b_M, M, loss_h, ill)
            hit = keep if uniform(words[3, k]) < P_asset else 1.0
            life[LIFE.e1, k] = e1
            life[LIFE.e2, k] = e2
            life[LIFE.ill, k] = ill
            sc[SC.xi, k] = log_xi
            sc[SC.earn, k] = well
            sc[SC.assets, k] = assets_after_shocks(1.0, delta, hit, disaster)
            sc[SC.w, k] = life[LIFE.w_year, k] * growth
        exponentials(sc[SC.xi], m)
        for k in range(m):
            sc[SC.xi, k] *= sc[SC.earn, k]
        fill_words(block, m, key, SURVEY, t, NO_ALTERNATIVE)
        if some:
            put_words(words, b, edits, SURVEY, t)
        seen = sc[SC.seen]
        fill_normals(block, W0, seen, m)
        for k in range(m):
            seen[k] *= sigma
        exponentials(seen, m)
        if members:
            fill_words(block, m, key, MEMBER, t, NO_ALTERNATIVE)
            if some:
                put_words(words, b, edits, MEMBER, t)
            fill_uniforms(block, W0, sc[SC.u_loan], m)
            fill_uniforms(block, W1, sc[SC.u_default], m)
            fill_uniforms(block, W2, sc[SC.u_leave], m)
            fill_uniforms(block, W3, sc[SC.u_join], m)
    return (
        draw(key, VILLAGE, t, vid, W2, edits, OF_THE_VILLAGE),
        draw(key, VILLAGE, t, vid, W3, edits, OF_THE_VILLAGE),
        normal(draw(key, VILLAGE_2, t, vid, W0, edits, OF_THE_VILLAGE)),
    )
