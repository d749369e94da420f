"""Cooperative membership, credit, spending and saving of one household: equations (5)-(10) and (12). Money in L."""

import math

from .rules_earning import clip, logistic

DUST = 1e-9  # L: smaller debts are forgotten

# --- (9) membership, (10) patronage -----------------------------------------------------------------------------------


def leave_hazard(status, p):
    """(9) Hazard of leaving the cooperative, per month; higher while it is dormant."""
    hazard = p["l0"] / 12.0
    return hazard * p["leave_dormant"] if status == 5 else hazard


def expected_gain(m_out, ybar, village, mean_xi, p):
    """(9) Gain a newcomer expects at the members' mean patronage, L a month; 0 unless the cooperative trades."""
    if village.status != 4:
        return 0.0
    return village.phibar * (village.pi * village.qt * mean_xi * m_out + village.kappa * village.rt * ybar)


def join_probability(household, gain, tie_share, fee, village, p):
    """(9) Probability of joining at the yearly review. gain and fee in L, tie_share = members' share of tie weights."""
    consumption = max(household.ybar, p["c_floor"])
    index = (
        p["j0"]
        + p["j1"] * gain / consumption
        + p["j2"] * tie_share
        + p["j3"] * (village.q - 0.5)
        + p["j4"] * household.invited
        - p["j5"] * fee / max(household.S + household.y, 0.1)
        - p["j6"] * (1.0 if household.enrolled else 0.0)
        + p["j7"] * math.log(1.0 + household.K)
    )
    return logistic(index)


def founder_odds(K, p):
    """Relative chance to be a founding member: exp(start_rich ln(1 + K)). K in L, no unit."""
    return math.exp(p["start_rich"] * math.log(1.0 + K))


def patronage(household, village, p):
    """(10) phi: share of trade done through the cooperative, 0-1."""
    if not household.member or household.passive or village.status != 4:
        return 0.0
    index = (
        p["v0"]
        + p["v1"] * (village.pi + village.kappa)
        - p["v2"] * (1.0 if household.S < 1.0 else 0.0)
        + p["v3"] * village.trust
        - p["v4"] * (1.0 - village.access)
        + p["v5"] * (1.0 if household.Dc > 0.0 else 0.0)
    )
    return logistic(index)


# --- (12) credit of the cooperative -----------------------------------------------------------------------------------


def loan_request(ybar, p):
    """(12) Loan asked for: min(Lmax, 2 ybar), L."""
    return min(p["Lmax"], 2.0 * ybar)


def ration_weight(K, p):
    """(12) Rationing favours those with more than 2 L of assets by eps. No unit."""
    return 1.0 + p["eps"] if K > 2.0 else 1.0 - p["eps"]


def default_hazard(y, q, p):
    """(12) Hazard of default, per month. Income y in L."""
    exponent = clip(-p["dy"] * (y - p["c_floor"]), -4.0, 4.0)
    return p["dl"] * (1.0 + p["dq"] * (1.0 - q)) * math.exp(exponent)


def interest_due(Dc, p):
    """(12) Interest of the month on the cooperative's loan, L."""
    return Dc * p["r_c"] / 12.0


def instalment_due(Dc, D0, p):
    """(12) Service due: principal over the tenor, at least the minimum instalment, and interest, L."""
    return min(Dc, max(D0 / p["tenor"], p["min_inst"])) + interest_due(Dc, p)


# --- (7) moneylender --------------------------------------------------------------------------------------------------


def moneylender_debt(Dm, Pm, p):
    """(7) Debt after the month's interest, which stops at twice the principal Pm, L."""
    return max(Dm, min(Dm * (1.0 + p["r_m"] / 12.0), 2.0 * Pm))


def moneylender_repayment(Dm, Dm_with_interest, free_cash, p):
    """(7) Repayment: repay_m of the debt and the interest, out of cash above the floor, L."""
    asked = p["repay_m"] * Dm + (Dm_with_interest - Dm)
    return min(Dm_with_interest, asked, max(0.0, free_cash))


def moneylender_credit(gap, ybar, Dm, Dc, p):
    """(7) B: new debt, up to mlim floors a month and one ybar of debt in all, L."""
    return min(gap, p["mlim"] * p["c_floor"], max(0.0, ybar - Dm - Dc))


# --- (5)-(8) expectation, plan, coping, saving ------------------------------------------------------------------------


def expected_income(ybar, received, p):
    """(5) ybar' = (1 - hab) ybar + hab (y + T + SHU), L a month."""
    return (1.0 - p["hab"]) * ybar + p["hab"] * received


def buffer_target(ybar, p):
    """(6) Savings aimed at: 0.6 buffer ybar, L."""
    return 0.6 * p["buffer"] * ybar


def planned_spending(ybar, S, p):
    """(6) c*: planned spending of the month, L. S is savings at the start of the month."""
    saved = p["s0"] * ybar + p["s1"] * max(0.0, ybar - p["k1"]) + p["s2"] * max(0.0, buffer_target(ybar, p) - S)
    return max(p["c_floor"], ybar - saved)


def shortfall(plan, cash, p):
    """(7) Gap for which neighbours are asked: below the plan or help_top floors, whichever is lower, L."""
    return max(0.0, min(plan, p["help_top"] * p["c_floor"]) - cash)


def help_ratio(ask, surplus, p):
    """(7) Share of what is asked of a neighbour that it gives. Both in Rp; at most help_cap of its surplus."""
    return min(1.0, p["help_cap"] * surplus / ask) if ask > 0.0 else 0.0


def asset_sale(gap, K, p):
    """(7) V: receipts of selling part of K at the fire-sale price, L."""
    return min(gap, p["q_k"] * p["sale_share"] * K)


def investable(S_before, ybar, p):
    """(8) X: chi of the savings above the buffer, L."""
    return p["chi"] * max(0.0, S_before - buffer_target(ybar, p))


def real_consumption(spend, phi, bound, village):
    """(7) c = spend / (1 - kappa share): spending at the prices outside the cooperative's shop, L.

    share: of the spending that goes to the shop, phi rt or, where that is more, what vouchers bind (`bound`, L).
    """
    bound_share = min(1.0, bound / spend) if spend > 0.0 else 0.0
    return spend / (1.0 - village.kappa * max(phi * village.rt, bound_share))
