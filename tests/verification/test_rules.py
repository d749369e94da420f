"""Properties that the scalar rules have for all parameters and states, not only for those that a run meets."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from povsim import parameters
from povsim.model import cooperative as coop
from povsim.model import household as rule
from povsim.model.rates import majorant

ROUNDING = 1e-9


def number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def within(*symbols: str) -> st.SearchStrategy[dict[str, float]]:
    """Parameters anywhere in their ranges of the register."""
    return st.fixed_dictionaries({s: number(parameters.entry(s).low, parameters.entry(s).high) for s in symbols})


quick = settings(deadline=None, derandomize=True, max_examples=60)
TECHNOLOGY = ("A_L", "gL", "A_H", "gH", "F")
share, money, K = number(0, 1), number(0, 50), number(1e-6, 80)


def h(K: float, p: dict[str, float], piece=(0.0, 0.0, 0.0, 0.0)) -> float:
    return rule.technology(K, p["A_L"], p["gL"], p["A_H"], p["gH"], p["F"], *piece)


@quick
@given(within(*TECHNOLOGY), K, number(1e-9, 1e-3), st.booleans())
def test_technology_is_continuous_and_rises(p, K, step, trap):
    """(1), both variants: a small step in K makes a small step up, also where the technology changes."""
    piece = (0.0, 0.0, 0.0, 0.0) if trap else majorant(p)
    for at in (K, *(edge for edge in piece[:2] if edge > 0)):
        below, above = h(max(0.0, at - step), p, piece), h(at + step, p, piece)
        assert below <= above + ROUNDING
        steepest = (p["A_L"] * p["gL"] + p["A_H"] * p["gH"] + 1) * max(1.0, max(1e-6, at - step) ** -0.75)
        assert above - below <= 2 * step * steepest


@quick
@given(within(*TECHNOLOGY), K, K, share)
def test_majorant_is_concave_and_lies_above_the_trap(p, low, high, between):
    """(1) no_trap: a concave function, nowhere below the two technologies, equal to them outside the bridge."""
    piece = majorant(p)
    assume(piece[1] > 0)
    at_low, at_middle, at_high = (h(K, p, piece) for K in (low, between * low + (1 - between) * high, high))
    assert at_middle >= between * at_low + (1 - between) * at_high - ROUNDING
    for K, concave in ((low, at_low), (high, at_high)):
        assert concave >= h(K, p) - ROUNDING
        if not piece[0] < K < piece[1]:
            assert concave == h(K, p)


@quick
@given(within(*TECHNOLOGY), K, number(0, 10), number(0.2, 3))
def test_marginal_return_falls_without_a_trap(p, K, more, ability):
    piece = majorant(p)
    assume(piece[1] > 0)
    here, later = (
        rule.marginal_return(h(x, p, piece), h(x + 0.3, p, piece), h(x + 3.0, p, piece), ability) for x in (K, K + more)
    )
    assert here >= later - 1e-7
    assert later >= 0


@quick
@given(within("c_floor", "s0", "s1", "k1", "s2", "buffer"), money, money, money)
def test_plan_keeps_the_floor_and_rises_with_savings(p, ybar, S, more):
    """(6): never below the floor, never above what is expected unless that is below the floor."""
    plan = rule.plan(ybar, S, *(p[name] for name in ("c_floor", "s0", "s1", "k1", "s2", "buffer")))
    assert p["c_floor"] <= plan <= max(p["c_floor"], ybar)
    assert rule.plan(ybar, S + more, *(p[name] for name in ("c_floor", "s0", "s1", "k1", "s2", "buffer"))) >= plan


@quick
@given(within("c_floor", "help_top", "mlim", "q_k", "sale_share"), money, money, money, money, money, money)
def test_coping_never_covers_more_than_is_lacking(p, c_star, cash, ybar, Dm, Dc, K):
    """(7): help looks at the lower of plan and ceiling; new debt stays within one ybar; a sale within its share."""
    gap = rule.help_gap(c_star, cash, p["c_floor"], p["help_top"])
    lacking = max(0.0, c_star - cash)
    assert 0 <= gap <= lacking
    assert cash + gap <= max(cash, p["help_top"] * p["c_floor"]) + ROUNDING
    loan = rule.moneylender_loan(lacking, p["mlim"], p["c_floor"], ybar, Dm, Dc)
    assert 0 <= loan <= min(lacking, p["mlim"] * p["c_floor"])
    assert loan == 0 or Dm + Dc + loan <= ybar + ROUNDING
    sale = rule.asset_sale(lacking - loan, p["q_k"], p["sale_share"], K)
    assert 0 <= sale <= lacking - loan + ROUNDING
    assert sale / p["q_k"] <= p["sale_share"] * K + ROUNDING


@quick
@given(within("r_m"), money, share)
def test_interest_of_the_moneylender_stops(p, Pm, over):
    """(7): from a debt of one to two principals, interest never leads above two."""
    Dm = Pm * (1 + over)
    for _ in range(40):
        owed = rule.moneylender_dues(Dm, Pm, p["r_m"])
        assert Dm <= owed <= max(Dm, 2 * Pm)
        Dm = owed


@quick
@given(within("tenor", "min_inst", "r_c"), number(0.01, 8))
def test_a_loan_that_is_served_ends(p, loan):
    """(12): within its tenor, whatever its size."""
    D, months = loan, 0
    while D > 1e-9:
        due = coop.service_due(D, loan, p["tenor"], p["min_inst"], p["r_c"])
        assert due <= D * (1 + p["r_c"] / 12) + ROUNDING
        D += D * p["r_c"] / 12 - due
        months += 1
        assert months <= math.ceil(p["tenor"]) + 1


@quick
@given(within("pen", "pi", "kappa", "mu"), number(0.03, 0.78), number(0.02, 0.98))
def test_premium_saving_and_margin_fit_into_the_wedge(p, wedge, q):
    """(11): the dearer of premium and saving, with the margin, within what bad management leaves of the wedge."""
    s = coop.wedge_share(wedge, p["pen"], q, p["pi"], p["kappa"], p["mu"])
    assert 0 <= s <= 1
    assert s * (max(p["pi"], p["kappa"]) + p["mu"]) <= (1 - p["pen"] * (1 - q)) * wedge + ROUNDING


@quick
@given(within("trader_local", "loss_cap"), number(0, 1e10), number(0, 1e10))
def test_traders_lose_at_most_the_cap(p, displaced, earnings):
    rate = coop.trader_loss_rate(p["trader_local"], displaced, earnings, p["loss_cap"])
    assert 0 <= rate <= p["loss_cap"]
    assert rate * earnings <= p["trader_local"] * displaced * (1 + ROUNDING)


@quick
@given(within("j0", "j1", "j2", "j3", "j4", "j5", "j6", "j7"), share, share, share, money, number(0.01, 5))
def test_joining_is_a_chance_that_reasons_move_the_right_way(p, ties, q, invited, K, more):
    """(9)"""

    def chance(gain=0.1, ties=ties, q=q, invited=invited, fee=0.05, aid=0.0, K=K):
        return coop.joining(gain, 1.0, ties, q, invited, fee, 1.0, aid, K, *(p[f"j{k}"] for k in range(8)))

    base = chance()
    assert 0 < base < 1
    for likelier in (
        chance(gain=0.1 + more),
        chance(ties=ties + more),
        chance(q=q + more),
        chance(invited=1.0),
        chance(K=K + more),
    ):
        assert likelier >= base * (1 - ROUNDING)
    for less_likely in (chance(fee=0.05 + more), chance(aid=1.0)):
        assert less_likely <= base * (1 + ROUNDING)


@quick
@given(within("v0", "v1", "v2", "v3", "v4", "v5"), number(0, 0.15), number(-2, 1), share, number(0.01, 1))
def test_patronage_is_a_share_that_price_and_trust_raise(p, price, trust, distance, more):
    """(10)"""

    def phi(price=price, short=0.0, trust=trust, distance=distance, loan=0.0):
        return coop.patronage(price, short, trust, distance, loan, *(p[f"v{k}"] for k in range(6)))

    base = phi()
    assert 0 < base < 1
    for higher in (phi(price=price + more), phi(trust=trust + more), phi(loan=1.0)):
        assert higher >= base * (1 - ROUNDING)
    for lower in (phi(short=1.0), phi(distance=distance + more)):
        assert lower <= base * (1 + ROUNDING)


@quick
@given(
    within("km", "qmax", "kd", "kc", "kt"), share, share, share, number(-0.2, 0.2), st.sampled_from([0.0, 1.0]), number(-2, 1)
)
def test_management_and_trust_stay_within_their_bounds(p, q, mentor, q0, noise, event, trust):
    """(14), (20)"""
    assert 0.02 <= coop.management(q, p["km"], mentor, p["qmax"], p["kd"], q0, 1.0, noise, p["kc"], event) <= 0.98
    for paid, failed in ((0.0, event), (event, 0.0), (1.0, 1.0)):
        assert -2 - ROUNDING <= coop.trust_next(trust, p["kt"], paid, failed) <= 1 + ROUNDING


@quick
@given(within("h0", "bq", "bk", "bn", "bp", "bt"), share, number(-3, 3), share, share, number(0.01, 0.5))
def test_dormancy_is_a_hazard_that_weakness_raises(p, q, equity, arrears, phibar, more):
    """(15)"""

    def hazard(q=q, equity=equity, arrears=arrears, phibar=phibar):
        return coop.dormancy_hazard(
            p["h0"], p["bq"], q, p["bk"], equity * 5e7, 5e7, p["bn"], arrears, p["bp"], phibar, p["bt"], 1.0
        )

    base = hazard()
    assert base > 0
    assert 0 <= coop.probability(base) <= 1
    for weaker in (
        hazard(q=q - more),
        hazard(equity=equity - more),
        hazard(arrears=arrears + more),
        hazard(phibar=phibar - more),
    ):
        assert weaker >= base * (1 - ROUNDING)


@quick
@given(within("dl", "dq", "dy", "c_floor"), share, number(-5, 50), number(0, 5))
def test_default_is_rarer_for_the_better_off(p, q, y, more):
    """(12): within four of the exponent."""
    hazard = coop.default_hazard(p["dl"], p["dq"], q, p["dy"], y, p["c_floor"])
    most = p["dl"] * (1 + p["dq"]) * math.exp(4)
    assert 0 < hazard <= most * (1 + ROUNDING)
    assert coop.default_hazard(p["dl"], p["dq"], q, p["dy"], y + more, p["c_floor"]) <= hazard * (1 + ROUNDING)


@quick
@given(within("xi_D"), number(0, 1e10), number(0, 1e10), number(0, 1e10))
def test_local_demand_follows_outside_money(p, inj, base, Y):
    """(18): up with more of it, down with less, within a half."""
    dem = coop.local_demand(p["xi_D"], inj, base, Y)
    assert -0.5 <= dem <= 0.5
    assert dem * (inj - base) >= 0
    assert coop.local_demand(p["xi_D"], base, base, Y) == 0


@quick
@given(within("kappa"), money, share, share)
def test_a_shop_makes_the_same_money_buy_no_less(p, spend, phi, rt):
    c = rule.real_consumption(spend, p["kappa"], phi, rt)
    assert spend <= c <= spend / (1 - p["kappa"])


@quick
@given(within("s0", "s1", "k1"), number(0, 20), number(0, 20), money, st.booleans())
def test_capacity_to_consume_rises_with_income_capacity(p, ycap, more, K, invests):
    lower, higher = (
        rule.consumption_capacity(y, 0.01, K, 0.0, p["s0"], p["s1"], p["k1"], invests) for y in (ycap, ycap + more)
    )
    assert lower <= higher + ROUNDING
    one_who_invests = rule.consumption_capacity(ycap, 0.01, K, 0.0, p["s0"], p["s1"], p["k1"], True)
    assert one_who_invests <= lower + ROUNDING


@quick
@given(number(-6, 6), number(0, 2), within("sk"))
def test_class_of_earning_is_monotone_and_compressed_below(z, more, p):
    """(3)"""
    low, high = (rule.class_of_earning(x, p["sk"]) for x in (z, z + more))
    assert low <= high
    assert abs(low) <= abs(z)


@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_the_bridge_of_the_register_spans_the_trap(variant):
    """At the register's own values the bridge is where the model page says: from about 3.34 to 15.53 with a slope of .0348."""
    K1, K2, y1, slope = majorant(parameters.values(variant))
    assert (K1, K2, slope) == pytest.approx((3.34, 15.53, 0.0348), rel=2e-3)
    p = parameters.values(variant)
    assert y1 == pytest.approx(p["A_L"] * K1 ** p["gL"], rel=1e-12)
    assert y1 + slope * (K2 - K1) == pytest.approx(p["A_H"] * K2 ** p["gH"] - p["F"], rel=1e-9)


@quick
@given(number(0, 1e8), number(-1e8, 1e8), number(0, 1e8), number(0, 2e8))
def test_costs_are_paid_out_of_cash_and_credit_alone(costs, at_hand, Eq0, owed):
    """(13) What is paid beyond cash is borrowed, and no lender is owed more than Eq0 for it."""
    paid = coop.costs_paid(costs, at_hand, Eq0, owed)
    assert 0 <= paid <= costs
    assert paid == costs or paid <= max(0.0, at_hand) + max(0.0, Eq0 - owed) + 1e-6
    borrowed = max(0.0, paid - max(0.0, at_hand))
    assert owed + borrowed <= max(owed, Eq0) + 1e-6
    if at_hand >= costs:
        assert paid == costs
