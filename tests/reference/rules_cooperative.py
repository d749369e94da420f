"""The cooperative and its village: equations (11), (13)-(15), (18)-(20). Money in Rp of the real village."""

import math

from .rules_earning import clip

NONE, LEGAL, BUILDING, OPEN, TRADING, DORMANT, DISSOLVED = range(7)  # funnel status

UNITS = ("basic_goods", "savings_loan", "farm_inputs", "produce", "logistics", "clinic", "local_line")  # order of opening
CREDIT_UNIT = UNITS.index("savings_loan")


def unit_sum(units_open, column, p):
    """Sum of a column (start, fixed: Rp; retail, output: shares) over the units that are open."""
    return sum(p[f"unit_{name}_{column}"] for name in UNITS[:units_open])


# --- (12) loan funds --------------------------------------------------------------------------------------------------


def lendable_funds(cash, loans_out, p):
    """(12) Funds for new loans, Rp: loans stay below lend_share of cash and loans together."""
    return max(0.0, p["lend_share"] * (cash + loans_out) - loans_out)


# --- (13) accounts ----------------------------------------------------------------------------------------------------


def operating_cost(status, units_open, q, volume, p):
    """(13) Opex, Rp a month; 0 unless trading."""
    if status != TRADING:
        return 0.0
    fixed_cost = p["opex0"] + unit_sum(units_open, "fixed", p)
    return fixed_cost * (1.2 - 0.4 * q) + p["opex_var"] * volume


def paid_costs(costs, cash, Eq0, owed):
    """(13) Running costs that are paid, Rp: out of cash, and out of credit up to a debt of Eq0. The rest stays unpaid."""
    credit = max(0.0, Eq0 - owed)
    return min(costs, max(0.0, cash + credit))


def opening_threshold(units_open, p):
    """(13) Cash that the next unit asks for, Rp: its start cost, with a reserve from the second unit on."""
    start_cost = p[f"unit_{UNITS[units_open]}_start"]
    return start_cost if units_open == 0 else p["unit_buffer"] * start_cost


def shu_pay(ytd, cash, p):
    """(13) Surplus paid to members after the reserve, Rp."""
    return (1.0 - p["reserve"]) * min(ytd, cash)


# --- (14) management, (20) trust --------------------------------------------------------------------------------------


def next_quality(q, q0, capture, normal, p):
    """(14) Management quality, 0-1: mentoring raises it, drift returns it to q0, capture lowers it."""
    mentored = p["km"] * p["mentor"] * (p["qmax"] - q)
    drift = p["kd"] * (q - q0)
    return clip(q + mentored - drift + p["sq"] * normal - p["kc"] * capture, 0.02, 0.98)


def scandal_hazard(q, p):
    """(20) Hazard of a scandal, per month."""
    return p["h_sc"] * (1.5 - q)


def next_trust(trust, shu_flag, bad_news, p):
    """(20) Trust: up after a year with SHU, down with a scandal or dormancy. No unit."""
    return (1.0 - p["kt"]) * trust + p["kt"] * (shu_flag - 2.0 * bad_news)


# --- (15) funnel ------------------------------------------------------------------------------------------------------


def funnel_multiplier(q, Z, p):
    """(15), (19) Factor on the building, opening and trading hazards. No unit."""
    return math.exp(p["b1"] * (q - 0.5) + p["b2"] * p["capital_v"] + p["b3"] * (Z - 0.5))


def dormancy_hazard(q, equity_ratio, arrears_share, phibar, p):
    """(15) Hazard of trading -> dormant, per month; equity_ratio = Eq / Eq0."""
    exponent = (
        -p["bq"] * (q - 0.5) / 0.2
        - p["bk"] * math.log(1.0 + max(-0.9, equity_ratio))
        + p["bn"] * arrears_share
        + p["bp"] * (0.5 - phibar)
        + p["bt"] * p["topdown"]
    )
    return p["h0"] * math.exp(exponent)


def survival(hazard):
    """(15) exp(-hazard): share that survives a month. A uniform above it dissolves a dormant cooperative."""
    return math.exp(-hazard)


def recovered_share(cash, shares, p):
    """(15) rec_v: part of their shares that members get back at dissolution. cash and shares in Rp."""
    return min(p["rec"], cash / shares) if shares > 0.0 else 0.0


def starting_status(u_funnel, p):
    """Status of a covered village at the start of an arm: shares stacked from 0 upwards, most advanced first."""
    upper = 0.0
    for status, symbol in (
        (TRADING, "start_trading"),
        (OPEN, "start_open"),
        (BUILDING, "start_building"),
        (LEGAL, "start_legal"),
    ):
        upper += p[symbol]
        if u_funnel < upper:
            return status
    return NONE


# --- (11) the wedge and the terms of trade ----------------------------------------------------------------------------


def wedge_scale(wedge, q, p):
    """(11) s: premium, retail saving and margin are cut alike where the wedge, less what bad management wastes, is short."""
    claimed = max(p["pi"], p["kappa"]) + p["mu"]
    if claimed <= 0.0:
        return 1.0
    return min(1.0, (1.0 - p["pen"] * (1.0 - q)) * wedge / claimed)


def trader_loss_rate(wedge, volume, trader_earnings, p):
    """(11) Share of their earnings that the village's traders lose to the cooperative. volume and earnings in Rp."""
    if trader_earnings <= 0.0:
        return 0.0
    return min(p["loss_cap"], p["trader_local"] * wedge * volume / trader_earnings)


# --- (18) local demand ------------------------------------------------------------------------------------------------


def demand_effect(injection, base, income, p):
    """(18) dem: relative change of labour earnings through outside money. All in Rp a month."""
    if income <= 0.0:
        return 0.0
    return clip(p["xi_D"] * (injection - base) / income, -0.5, 0.5)
