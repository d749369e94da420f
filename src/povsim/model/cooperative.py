"""Rules of the cooperative, equations (9)-(15), (18), (20): numbers in, numbers out.

Money of the cooperative is in Rp of the real village. Sources: model page section 3; docs/reference/month.md.
"""

from numba import njit

from povsim.fastmath import exp, log

rule = njit(forceinline=True, error_model="numpy")


@rule
def logistic(x):
    """1 / (1 + e^-x)."""
    return 1.0 / (1.0 + exp(-x))


@rule
def probability(hazard):
    """Chance of an event within the month from its hazard: 1 - exp(-hazard)."""
    return 1.0 - exp(-hazard)


@rule
def joining(gain, c, ties, q, invited, fee, means, aid, K, j0, j1, j2, j3, j4, j5, j6, j7):
    """(9) probability that a reviewing household joins.

    gain, fee, means in L; ties the weighted share of its ties that are members; aid 1 for a recipient (fear of losing aid).
    """
    x = j0 + j1 * gain / c + j2 * ties + j3 * (q - 0.5) + j4 * invited - j5 * fee / means - j6 * aid + j7 * log(1.0 + K)
    return logistic(x)


@rule
def patronage(price_difference, short_of_cash, trust, distance, has_loan, v0, v1, v2, v3, v4, v5):
    """(10) phi: share of its trade that an active member brings to the cooperative; 1 - phi is side-selling."""
    return logistic(v0 + v1 * price_difference - v2 * short_of_cash + v3 * trust - v4 * distance + v5 * has_loan)


@rule
def wedge_share(wedge, pen, q, pi, kappa, mu):
    """(11) factor on premium, retail saving and margin so that together they fit into (1 - penalty(q)) of the wedge."""
    return min(1.0, (1.0 - pen * (1.0 - q)) * wedge / (max(pi, kappa) + mu))


@rule
def trader_loss_rate(trader_local, displaced, trader_earnings, loss_cap):
    """(11) share of their earnings that the village's traders lose: the displaced margin, as far as it was theirs."""
    return min(loss_cap, trader_local * displaced / trader_earnings) if trader_earnings > 0.0 else 0.0


@rule
def loan_request(Lmax, ybar):
    """(12) what a member asks for, L: min(Lmax, 2 ybar)."""
    return min(Lmax, 2.0 * ybar)


@rule
def service_due(Dc, D0, tenor, min_inst, r_c):
    """(12) instalment and interest of the month, L."""
    return min(Dc, max(D0 / tenor, min_inst)) + Dc * r_c / 12.0


@rule
def default_hazard(dl, dq, q, dy, y, c_floor):
    """(12) dl (1 + dq (1 - q)) exp(-dy (y - c_floor)) per month, exponent kept within 4."""
    return dl * (1.0 + dq * (1.0 - q)) * exp(min(4.0, max(-4.0, -dy * (y - c_floor))))


@rule
def operating_cost(opex0, fixed_costs, q, opex_var, volume):
    """(13) Rp a month: (opex0 + fixed costs of open units)(1.2 - .4 q) + opex_var Vol."""
    return (opex0 + fixed_costs) * (1.2 - 0.4 * q) + opex_var * volume


@rule
def costs_paid(costs, at_hand, Eq0, owed):
    """(13) Rp of the running costs that are paid: as far as cash goes and lenders give, who want to be owed at most Eq0.

    The rest is not paid: honoraria of its managers and staff, nearly all of the costs of a village cooperative.
    """
    return min(costs, max(0.0, at_hand + max(0.0, Eq0 - owed)))


@rule
def management(q, km, mentor, qmax, kd, q0, sq, normal, kc, capture):
    """(14) next month's management quality, kept within .02 and .98."""
    moved = q + km * mentor * (qmax - q) - kd * (q - q0) + sq * normal - kc * capture
    return min(0.98, max(0.02, moved))


@rule
def funnel_factor(b1, q, b2, capital, b3, Z):
    """(15) factor on the hazards legal -> building -> open -> trading."""
    return exp(b1 * (q - 0.5) + b2 * capital + b3 * (Z - 0.5))


@rule
def dormancy_hazard(h0, bq, q, bk, Eq, Eq0, bn, arrears, bp, phibar, bt, topdown):
    """(15) trading -> dormant, per month."""
    solvency = log(1.0 + max(-0.9, Eq / Eq0))
    return h0 * exp(-bq * (q - 0.5) / 0.2 - bk * solvency + bn * arrears + bp * (0.5 - phibar) + bt * topdown)


@rule
def trust_next(trust, kt, shu_paid, failed):
    """(20) trust' = (1 - kt) trust + kt (1[SHU paid] - 2 1[scandal or dormant])."""
    return (1.0 - kt) * trust + kt * (shu_paid - 2.0 * failed)


@rule
def local_demand(xi_D, inj, inj_base, Y):
    """(18) rise of wages this month: xi_D (inj - inj_base)/Y, kept within .5."""
    return min(0.5, max(-0.5, xi_D * (inj - inj_base) / Y)) if Y > 0.0 else 0.0
