"""Rules of the household, equations (1)-(8): numbers in, numbers out.

Each rule is one scalar function; the loop of `povsim.model.month` calls them in the printed order. Units: L = one household
poverty line per month. Sources: model page section 3; docs/reference/month.md.
"""

from numba import njit

from povsim.fastmath import exp2, log2

SMALLEST = 1e-6
"""Least K and S that a logarithm or a ratio reads, L."""

rule = njit(forceinline=True, error_model="numpy")


@rule
def log_assets(K):
    """Base-2 logarithm of K, L, which is at least SMALLEST."""
    return log2(max(K, SMALLEST))


@rule
def output(log_K, K, A_L, gL, A_H, gH, F, K1, K2, y1, slope):
    """(1) h(K) of `technology`, from `log_assets` of K too: two loops, one for each, take less time than one for both."""
    low = A_L * exp2(gL * log_K)
    high = A_H * exp2(gH * log_K) - F
    h = max(low, high)
    line = y1 + slope * (K - K1)
    return line if (K > K1 and K < K2) else h


@rule
def technology(K, A_L, gL, A_H, gH, F, K1, K2, y1, slope):
    """(1) h(K), L per month at ability 1: max{A_L K^gL, A_H K^gH - F}; between K1 and K2 the line y1 + slope (K - K1).

    K1 = K2 = 0 in variant `trap`; in `no_trap` they bound the linear piece of the least concave majorant.
    """
    return output(log_assets(K), K, A_L, gL, A_H, gH, F, K1, K2, y1, slope)


@rule
def income_shock(e1, e2, u, half_variance, b_M, M, loss_h, ill):
    """(2) ln xi without illness and its factor: returns (log part, 1 - loss_h 1[ill]); mean of exp(log part) is 1 at M = 0."""
    return e1 + e2 + u - half_variance + b_M * M, (1.0 - loss_h if ill > 0.0 else 1.0)


@rule
def earnings(xi, l, w_eff, r0, f):
    """(2) xi [ l w_eff + (r0 + (1 - r0) l) f ], L per month: labour and own enterprise, before premium and remittances."""
    return xi * (l * w_eff + (r0 + (1.0 - r0) * l) * f)


@rule
def marketed_output(s_mkt, gross_net, own, l, w, f):
    """(2) m_out = s_mkt gross_net (1[own account] l w + f), L per month: output on which a price premium is earned."""
    return s_mkt * gross_net * (own * l * w + f)


@rule
def autoregression(value, rho, scale, normal):
    """(3) rho value + scale N: next value of an AR(1) shock."""
    return rho * value + scale * normal


@rule
def class_of_earning(z, sk):
    """(3) g(z) = z above 0, (1 - sk) z below: the lower side of ln w0 is compressed."""
    return z if z >= 0.0 else (1.0 - sk) * z


@rule
def assets_after_shocks(K, delta, asset_factor, disaster_factor):
    """(4) (1 - delta)(1 - loss_k 1[asset shock])(1 - loss_v 1[disaster]) K, L."""
    return (1.0 - delta) * asset_factor * disaster_factor * K


@rule
def expectation(ybar, hab, inflow):
    """(5) ybar' = (1 - hab) ybar + hab (y + T + SHU), L per month."""
    return (1.0 - hab) * ybar + hab * inflow


@rule
def plan(ybar, S, c_floor, s0, s1, k1, s2, buffer):
    """(6) planned spending c*, L: max{c_floor, ybar - s0 ybar - s1 max(0, ybar - k1) - s2 max(0, .6 buffer ybar - S)}."""
    return max(c_floor, ybar - s0 * ybar - s1 * max(0.0, ybar - k1) - s2 * max(0.0, 0.6 * buffer * ybar - S))


@rule
def help_gap(c_star, cash, c_floor, help_top):
    """(7) what neighbours look at, L: cash below min(c*, help_top c_floor)."""
    return max(0.0, min(c_star, help_top * c_floor) - cash)


@rule
def moneylender_loan(gap, mlim, c_floor, ybar, Dm, Dc):
    """(7) B, L: the gap, at most mlim c_floor a month, total debt at most one ybar."""
    return min(gap, min(mlim * c_floor, max(0.0, ybar - Dm - Dc)))


@rule
def moneylender_dues(Dm, Pm, r_m):
    """(7) debt with this month's interest, L; interest stops at twice the principal."""
    return max(Dm, min(Dm * (1.0 + r_m / 12.0), 2.0 * Pm))


@rule
def asset_sale(gap, q_k, sale_share, K):
    """(7) proceeds of a fire sale, L: the gap, at most a share sale_share of K at price q_k."""
    return min(gap, q_k * sale_share * K)


@rule
def real_consumption(spend, kappa, phi, rt):
    """(7) c = spend / (1 - kappa phi rt), L: what the spending buys where a cooperative's shop sells part of it cheaper."""
    return spend / (1.0 - kappa * phi * rt)


@rule
def set_aside(S_before, chi, buffer, ybar):
    """(8) chi max(0, S_before - .6 buffer ybar), L: invested where the hurdle is passed, else spent."""
    return chi * max(0.0, S_before - 0.6 * buffer * ybar)


@rule
def marginal_return(h0, h_near, h_far, ability):
    """(8) r(K) per month = a max{ [h(K+.3) - h(K)]/.3, [h(K+3) - h(K)]/3 }."""
    return ability * max((h_near - h0) / 0.3, (h_far - h0) / 3.0)


@rule
def capacity(mean_xi, l, w, r0, f, p, m_out, loss, remit, shu12):
    """Model page section 6: ycap, L per month: expected income over the law of shocks and illness, no aid.

    `loss` is the share of their earnings that traders lose to the cooperative (0 for others).
    """
    earned = l * w + (r0 + (1.0 - r0) * l) * f
    return mean_xi * (earned * (1.0 - loss) + p * m_out) + remit + shu12


@rule
def consumption_capacity(ycap, wear_rate, K, service, s0, s1, k1, invests):
    """Model page section 6: ccap, L per month: what capacity net of wear and service lets the household consume.

    s1 binds only where the hurdle is passed (`invests`).
    """
    net = ycap - wear_rate * K - service
    saved = s1 * max(0.0, net - k1) if invests else 0.0
    return (1.0 - s0) * net - saved
