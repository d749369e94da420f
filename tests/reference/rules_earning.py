"""Technology, earning capacity, shocks and income: equations (1)-(4) and (17). State money in L (poverty lines a month)."""

import math

SMALLEST_K = 1e-6  # L, where a power of K is taken


def happens(uniform, hazard):
    """True with probability 1 - exp(-hazard): "hazard h" on the page. Both without unit."""
    return uniform < 1.0 - math.exp(-hazard)


def logistic(index):
    """Probability from a logit index, no unit."""
    return 1.0 / (1.0 + math.exp(-index))


def clip(value, low, high):
    """Value held between low and high, in its own unit."""
    return max(low, min(high, value))


# --- (1) technology ---------------------------------------------------------------------------------------------------


def low_technology(K, p):
    """(1) A_L K^gL at ability 1. K in L, result in L a month."""
    return p["A_L"] * K ** p["gL"]


def high_technology(K, p):
    """(1) A_H K^gH - F at ability 1. K in L, result in L a month."""
    return p["A_H"] * K ** p["gH"] - p["F"]


def common_tangent(p):
    """(1) K1, K2 (L) and slope (per month) of the line that touches both technologies: the bridge of variant no_trap.

    A tangent of slope s touches the technologies at K1(s) and K2(s); the bridge has the slope at which both tangents
    have the same intercept. The higher technology's intercept grows faster as s falls, so bisection on ln s finds it.
    """

    def touching_points(slope):
        K1 = (p["A_L"] * p["gL"] / slope) ** (1.0 / (1.0 - p["gL"]))
        K2 = (p["A_H"] * p["gH"] / slope) ** (1.0 / (1.0 - p["gH"]))
        return K1, K2

    def intercept_difference(slope):
        K1, K2 = touching_points(slope)
        return (high_technology(K2, p) - slope * K2) - (low_technology(K1, p) - slope * K1)

    low, high = -40.0, 40.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if intercept_difference(math.exp(middle)) > 0.0:
            low = middle
        else:
            high = middle
    slope = math.exp((low + high) / 2.0)
    K1, K2 = touching_points(slope)
    return K1, K2, slope


def output_at_ability_one(K, p):
    """(1) h(K): the better technology; in variant no_trap its least concave majorant. K in L, result in L a month."""
    K = max(K, SMALLEST_K)
    if p["variant"] == "no_trap" and p["maj_K1"] < K < p["maj_K2"]:
        return low_technology(p["maj_K1"], p) + p["maj_slope"] * (K - p["maj_K1"])
    return max(low_technology(K, p), high_technology(K, p))


def enterprise_output(K, lna, p):
    """(1) f(K) = a h(K). K in L, lna = ln ability, result in L a month."""
    return math.exp(lna) * output_at_ability_one(K, p)


def return_on_assets(K, lna, p):
    """(8) r(K): the better of a small and a larger step of K, per month."""
    here = output_at_ability_one(K, p)
    small_step = (output_at_ability_one(K + 0.3, p) - here) / 0.3
    large_step = (output_at_ability_one(K + 3.0, p) - here) / 3.0
    return math.exp(lna) * max(small_step, large_step)


# --- (3) earning capacity and shocks ----------------------------------------------------------------------------------


def growth_factor(t, p):
    """(3) G_t: growth of earning capacity relative to the line since t = 0. No unit; t in months."""
    return math.exp(p["g_w"] * max(0, t) / 12.0)


def compressed_class(z, sk):
    """(3) g(z) = z above 0, (1 - sk) z below. No unit."""
    return z if z >= 0.0 else (1.0 - sk) * z


def ln_w0(household, p):
    """(3) ln w0 = mu + sg g(z) - bs (ln size - mean): log of the permanent earning capacity in L a month."""
    size_effect = p["bs"] * (math.log(household.size) - p["mean_ln_size"])
    return household.mu + household.sg * compressed_class(household.z, household.sk) - size_effect


def earning_capacity(household, t, p):
    """(3) w of the month: exp(ln w0 + x) G_t, in L a month."""
    return math.exp(ln_w0(household, p) + household.x) * growth_factor(t, p)


def yearly_persistence(p):
    """(3) rx = exp(-1 / tau_x), per year."""
    return math.exp(-1.0 / p["tau_x"])


def autoregressive(value, rho, sd, normal):
    """(3) Next value of a shock with stationary standard deviation sd. Logs, no unit."""
    return rho * value + sd * math.sqrt(1.0 - rho * rho) * normal


def inherited(value, sd, normal, p):
    """A trait of the successor: inh of the parent's and a draw of its own, same variance. Unit of the trait."""
    return p["inh"] * value + math.sqrt(1.0 - p["inh"] ** 2) * sd * normal


def next_illness(ill, uniform, p):
    """(3) Months of illness left: one fewer, and a spell of d_h months begins where none is left and hazard p_h strikes."""
    if ill > 0:
        ill -= 1
    if ill == 0 and happens(uniform, p["p_h"]):
        ill = int(p["d_h"])
    return ill


def mean_xi(p):
    """(2) Long-run mean of xi: 1 - loss_h p_h d_h / (1 + p_h d_h). No unit."""
    burden = p["p_h"] * p["d_h"]
    return 1.0 - p["loss_h"] * burden / (1.0 + burden)


def income_shock(e1, e2, u, macro, ill, p):
    """(2) xi: the shock that multiplies earnings. No unit."""
    half_variance = (p["sd1"] ** 2 + p["sd2"] ** 2 + p["sd_u"] ** 2) / 2.0
    shock = math.exp(e1 + e2 + u - half_variance + p["b_M"] * macro)
    return shock * (1.0 - p["loss_h"] * (1.0 if ill > 0 else 0.0))


# --- (2) income -------------------------------------------------------------------------------------------------------


def base_earnings(labour, w, output, p):
    """(2) l w + (r0 + (1 - r0) l) f: earnings before the shock, L a month."""
    return labour * w + (p["r0"] + (1.0 - p["r0"]) * labour) * output


def marketed_output(own, labour, w, output, p):
    """(2) m_out: output on which a price premium is earned, L a month at the usual price."""
    return p["s_mkt"] * p["gross_net"] * (own * labour * w + output)


def premium_rate(phi, village, p):
    """(11) p: price premium of a household, own patronage and the spill-over of competition. Share of the price."""
    paid = village.pi * village.qt
    return phi * paid + p["chi_c"] * paid * village.mshare


# --- (4) assets, (17) transfers ---------------------------------------------------------------------------------------


def worn_assets(K, own_shock, disaster, p):
    """(4) K after wear, the household's own asset shock and the village disaster, L."""
    kept = 1.0 - p["delta"]
    if own_shock:
        kept *= 1.0 - p["loss_k"]
    if disaster:
        kept *= 1.0 - p["loss_v"]
    return kept * K


def aid_received(enrolled, programmes, product, month_of_year, line):
    """(17) Delivered aid of one product (cash or asset) this month over all programmes whose bit is set, L."""
    lines = 0.0
    for bit, programme in enumerate(programmes):
        if programme["product"] == product and enrolled >> bit & 1:
            lines += programme["amounts"][month_of_year - 1] / (1.0 if programme.get("in_lines") else line)
    return lines
