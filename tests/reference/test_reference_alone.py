"""The reference model alone: it runs, money adds up, stocks stay at or above zero, and every rule is met."""

import ast
import math
from collections import Counter
from pathlib import Path

import pytest

from .capacity import HORIZONS
from .country import ReferenceModel
from .rules_earning import common_tangent, happens, output_at_ability_one
from .tiny_village import EVENTFUL, HashDraws, parameters, schedule, village

MONTHS = range(1, 25)
CLOSE = 1e-9  # share of the flow


def build(variant="trap", seed=1, interactions=True, village_changes=None, **changes):
    villages = [village(1, **(village_changes or {}))]
    model = ReferenceModel(parameters(variant, **changes), variant, HashDraws(seed), villages, interactions=interactions)
    model.set_year(schedule())
    return model


def burn_in_and_start(model):
    for t in range(-11, 1):
        model.step_month(t)
    model.start_arm()
    return model


def stocks(model):
    """What the month starts from: savings and assets by household, and the cooperative's balances."""
    v = model.villages[0]
    households = {i.id: (i.S, i.K, i.Dc) for i in model.households}
    return households, {"cash": v.cash, "Dx": v.Dx, "fixed": v.fixed, "pool": v.pool, "loans": v.total("Dc")}


def live(model, months=MONTHS):
    """Yields (t, stocks before, model after) for every month."""
    for t in months:
        before = stocks(model)
        model.step_month(t)
        yield t, before, model


@pytest.fixture(params=["trap", "no_trap"])
def eventful(request):
    return burn_in_and_start(build(request.param, **EVENTFUL))


def assert_closes(start, end, *flows):
    size = abs(start) + abs(end) + sum(abs(flow) for flow in flows) + 1.0
    assert abs(start + sum(flows) - end) <= CLOSE * size


def test_household_savings_close(eventful):
    for _, (before, _), model in live(eventful):
        iota = model.p["iota"]
        for i in model.households:
            S, _, _ = before[i.id]
            received = (i.earn, i.premium, -i.trader_loss, i.remit, i.T, i.SHU, i.refund, (1 - iota) * i.loan)
            helped = (i.R_in, i.payout, i.B, i.V)
            paid = (i.fee, i.dues, i.service, i.repay, i.R_out, i.spend, i.invested, i.estate_S)
            assert_closes(S, i.S, *received, *helped, *(-flow for flow in paid))


def test_household_assets_close(eventful):
    for t, (before, _), model in live(eventful):
        p = model.p
        for i in model.households:
            _, K, _ = before[i.id]
            own_shock = happens(model.draws.household_month(t, i.id)[3], p["p_k"])
            lost = 1 - (1 - p["delta"]) * (1 - p["loss_k"] * own_shock) * (1 - p["loss_v"] * i.village.disaster)
            wear = lost * (K - i.estate_K)
            bought = (i.assets_received, p["iota"] * i.loan, i.invested)
            assert_closes(K, i.K, -i.estate_K, -wear, *bought, -i.seized, -i.V / p["q_k"])


def test_neighbours_help_adds_up(eventful):
    given_at_all = 0.0
    for _, _, model in live(eventful):
        v = model.villages[0]
        assert_closes(v.total("R_in"), v.total("R_out"))
        given_at_all += v.total("R_in")
        for i in v.households:
            assert i.R_out <= model.p["help_cap"] * i.surplus * (1 + CLOSE)
            assert i.R_in <= model.p["theta"] * i.gap * (1 + CLOSE)
    assert given_at_all > 0.0


def test_cooperative_cash_and_pool_close(eventful):
    for _, (_, before), model in live(eventful):
        v = model.villages[0]
        book = Counter(v.accounts)
        q_k, pool_share = model.p["q_k"], model.p["pool_share"]
        from_households = v.total("fee") + (1 - pool_share) * v.total("dues") + v.total("service") + q_k * v.total("seized")
        to_households = v.total("loan") + v.total("leaver_refund") + v.total("due") + v.total("SHU")
        outside = book["margin"] + book["capital"] - book["opex"] - book["external_interest"] - book["leak"] - book["unit"]
        assert_closes(before["cash"], v.cash, from_households, -to_households, outside, v.Dx - before["Dx"])
        assert_closes(before["pool"], v.pool, pool_share * v.total("dues"), -v.total("payout"))


def test_cooperative_equity_close(eventful):
    """Equity moves by the surplus, the members' shares and what comes from or goes outside.

    The surplus counts interest when it is paid; what is due and unpaid is added to the loan.
    """
    for _, (households, before), model in live(eventful):
        v = model.villages[0]
        if v.status == 0:
            continue
        book = Counter(v.accounts)
        written_off = sum(i.rupiah * households[i.id][2] for i in model.households) if v.status == 6 else 0.0
        if written_off:
            continue
        unpaid_interest = 0.0
        for i in model.households:
            served = households[i.id][2] > 0 and not i.default_loss and not i.turnover_loss
            unpaid_interest += i.rupiah * (households[i.id][2] * model.p["r_c"] / 12 - i.interest_paid) if served else 0.0
        forfeited = sum(
            i.rupiah * (households[i.id][2] - model.p["q_k"] * i.seized) for i in model.households if i.default_loss
        )
        forfeited -= v.total("default_loss")
        shares = book["fees"] + book["dues_to_shares"] - book["refunds"] - book["shu"] - forfeited
        start = before["cash"] + before["loans"] + before["fixed"] - before["Dx"]
        end = v.cash + v.total("Dc") + v.fixed - v.Dx
        other = book["capital"] - book["leak"] - book["returned_shares"] - v.total("forgotten")
        assert_closes(start, end, book["surplus"], unpaid_interest, shares, other)


def test_stocks_stay_at_or_above_zero(eventful):
    for _, _, model in live(eventful):
        v = model.villages[0]
        assert min(v.cash, v.Dx, v.fixed, v.pool) >= 0.0
        for i in model.households:
            assert min(i.K, i.S, i.Dc, i.D0, i.Dm, i.Pm, i.cap, i.c_last) >= 0.0
            assert 0.0 <= i.phi <= 1.0
            assert all(math.isfinite(value) for value in (i.ybar, i.w, i.y, i.m12, *map(i.capacity, HORIZONS)))


COURSES = (  # together they take a cooperative through every status and every flow
    {"capital": 500e6, "village_changes": {"Dx": 20e6}},
    {"capital": 45e6, "opex0": 8e6, "h0": 0.3},
    {"capital": 45e6, "opex0": 8e6, "h0": 0.3, "h_rev": 0.02, "h_dis": 0.5},
    {"start_trading": 0.0, "capital": 300e6, "h_build": 0.5},
)
OF_A_HOUSEHOLD = (
    "fee",
    "dues",
    "loan",
    "service",
    "repay",
    "R_in",
    "payout",
    "B",
    "V",
    "invested",
    "estate_K",
    "turnover_loss",
    "default_loss",
    "SHU",
    "refund",
    "sales",
    "purchases",
    "premium",
    "trader_loss",
    "arrears",
    "assets_received",
)
OF_A_COOPERATIVE = ("margin", "unit", "capital", "leak", "borrowed", "repaid", "shu")
STEPS = tuple(f"status {step}" for step in ("0 -> 1", "1 -> 2", "2 -> 3", "3 -> 4", "4 -> 5", "5 -> 4", "5 -> 6"))


def test_every_rule_is_met():
    met = Counter()
    for seed, changes in enumerate(COURSES):
        model = burn_in_and_start(build(seed=seed, j0=1.0, **{**EVENTFUL, **changes}))
        status = model.villages[0].status
        for _ in live(model):
            v = model.villages[0]
            met[f"status {status} -> {v.status}"] += 1
            status = v.status
            met.update(name for name, amount in v.accounts.items() if amount)
            for i in model.households:
                met.update(flow for flow in OF_A_HOUSEHOLD if getattr(i, flow))
                met["left"] += i.member0 and not i.member
    expected = (*OF_A_HOUSEHOLD, *OF_A_COOPERATIVE, *STEPS, "left")
    assert not [name for name in expected if not met[name]], met


def test_without_cooperative_nothing_of_it_happens():
    model = burn_in_and_start(build(village_changes={"covered": 0}))
    for _ in live(model):
        v = model.villages[0]
        assert (v.status, v.cash, v.Dx, v.loans_out, v.volume, v.lossrate) == (0, 0.0, 0.0, 0.0, 0.0, 0.0)
        assert not any(i.member or i.phi or i.dues or i.premium for i in model.households)


def test_interactions_off_cuts_help_and_demand():
    for _, _, model in live(burn_in_and_start(build(interactions=False))):
        assert model.villages[0].dem == 0.0
        assert not any(i.R_in or i.R_out for i in model.households)


def test_a_run_is_repeated_to_the_bit():
    runs = [burn_in_and_start(build(**EVENTFUL)) for _ in range(2)]
    for model in runs:
        for _ in live(model):
            pass
    first, second = ([(i.K, i.S, i.ybar, *i.c12) for i in model.households] for model in runs)
    assert first == second


def test_bridge_of_the_no_trap_variant():
    p = dict(parameters("no_trap"), variant="no_trap")
    K1, K2, slope = p["maj_K1"], p["maj_K2"], p["maj_slope"] = common_tangent(p)
    assert (K1, K2, slope) == pytest.approx((3.34, 15.53, 0.0348), rel=2e-3)  # the rounded figures of model.md, (1)
    trap = dict(p, variant="trap")
    for K in (0.0, 1.0, K1, K2, 40.0):
        assert output_at_ability_one(K, p) == pytest.approx(output_at_ability_one(K, trap), rel=1e-12)
    for K in (K1 + 1e-6, 6.0, 10.0, K2 - 1e-6):
        assert output_at_ability_one(K, p) > output_at_ability_one(K, trap)
    assert output_at_ability_one(K2 - 1e-9, p) == pytest.approx(output_at_ability_one(K2, p), rel=1e-8)


def test_the_reference_imports_nothing_of_the_model():
    """Two versions of a rule check each other only if neither reads the other."""
    for file in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in imported if name.split(".")[0] in ("povsim", "numpy", "random")], file.name
