"""Contract C4: money is conserved, every month, in every village and in the country, in every arm."""

from collections.abc import Iterator

import numpy as np
import pytest

from povsim.draws import Stream
from povsim.model.country import Country
from povsim.population.columns import COOP, HOME, LIFE, PLACE, WORKS_BIT
from verification.books import Books, happens
from verification.cases import CASES
from verification.small_world import NATION, VARIANTS, country, standard_arms, steps, world

CLOSE = 1e-9
RUNS = [(variant, None) for variant in VARIANTS]
RUNS += [("trap", case) for case in CASES] + [("no_trap", case) for case in CASES[:2]]


def run_name(value: object) -> str:
    return value if isinstance(value, str) else getattr(value, "name", "register")


@pytest.fixture(params=RUNS, ids=lambda run: "-".join(map(run_name, run)))
def books(request) -> Iterator[Books]:
    """Books of every month and arm of a run: the arms of a comparison, or one in which much happens."""
    variant, case = request.param
    w = world(variant)
    if case is None:
        c = country(w, standard_arms(variant), audit=True, record=True)
    else:
        c = case.country(case.start(w), audit=True, record=True)
    return months_of_books(c)


def months_of_books(c: Country) -> Iterator[Books]:
    for _, before in steps(c):
        for a in range(len(c.arms)):
            yield Books(c, a, before)


def assert_closes(b: Books, start, end, *flows) -> None:
    """start + flows = end, [V] in Rp, within CLOSE of all that flowed; in every village and over the country."""
    error = start + sum(flows) - end
    size = abs(start) + abs(end) + sum(abs(flow) for flow in flows) + 1.0
    worst = int(np.argmax(abs(error) / size))
    where = f"month {b.t}, village {worst}: {error[worst]:.6g} Rp of {size[worst]:.6g}"
    assert (abs(error) <= CLOSE * size).all(), where
    weight = b.place[PLACE.weight]
    assert abs(weight @ error) <= CLOSE * (weight @ size), f"month {b.t}, country"


def test_income_is_what_was_earned(books):
    """Income = earnings + premium - what traders lose + remittances; the traders' loss is the rate of last month's wedge."""
    for b in books:
        assert_closes(b, b.tally["income"], b.total(b.income))
        assert_closes(b, b.tally["premium"], b.total(b.premium))
        assert_closes(b, b.tally["trader_loss"], b.total(b.trader_loss))
        assert_closes(b, b.tally["trader_earn"], b.total(b.life[LIFE.trader] * b.earned))


def test_savings_of_households_close(books):
    """Savings + income + transfers + loans + sales = spending + saving + investment + repayments + fees + leaks; neighbours'
    help goes from one household of the village to another and so does not appear."""
    for b in books:
        tally = b.tally
        received = (tally["income"], b.total(b.aid(False) + b.works), tally["shu"], tally["refunds"], b.total(b.returned))
        borrowed = ((1 - b.p["iota"]) * tally["loans"], b.total(b.moneylender), tally["pool_out"], b.total(b.sold))
        paid = (tally["fees"], tally["dues_shares"] + tally["dues_pool"], tally["service"], b.total(b.spent + b.invested))
        estates = b.total(b.inherited(HOME.S) - b.was[HOME.S])
        flows = (*received, *borrowed, *(-x for x in paid), estates)
        assert_closes(b, b.total(b.was[HOME.S]), b.total(b.home[HOME.S]), *flows)


def test_assets_are_sold_in_need_and_bought_out_of_plenty(books):
    """What the books read off the assets can only be a sale by those without savings, an investment by those with a buffer."""
    for b in books:
        S, target = b.home[HOME.S], 0.6 * b.p["buffer"] * b.home[HOME.ybar]
        assert (S[b.bought < -CLOSE] <= CLOSE).all()
        rich = b.bought > CLOSE
        assert (S[rich] >= target[rich] * (1 - CLOSE)).all()


def test_outside_money_is_what_came_in(books):
    """inj of (18): aid, assets, loans and moneylenders' loans; new debts are no less than what repayments leave of them."""
    for b in books:
        of_loans = b.tally["inj"] - b.total(b.aid(False)) - b.total(b.works) - b.total(b.aid(True)) - b.tally["loans"]
        assert (of_loans >= b.total(b.moneylender) - CLOSE * b.tally["income"]).all()
        assert (of_loans >= -CLOSE * b.tally["income"]).all()
        assert_closes(b, b.tally["loans"], b.total(b.loan))


def test_debts_and_shares_close(books):
    """Loans of the cooperative, and shares: paid in, paid back, forfeited at default, lost at dissolution."""
    for b in books:
        owed = b.total(b.was[HOME.Dc])
        served = b.tally["loans"] + b.total(b.interest_due) - b.tally["service"] - b.turned - b.defaulted
        assert_closes(b, owed, np.where(b.dissolved, owed + served, b.total(b.home[HOME.Dc])), served)
        assert_closes(b, b.tally["seized"], b.p["q_k"] * b.total(b.seized))
        assert (b.forfeited >= -CLOSE * (b.defaulted + b.turned + 1)).all()
        shares = b.total(b.was[HOME.cap])
        paid_in = b.tally["fees"] + b.tally["dues_shares"] - b.tally["refunds"] - b.forfeited
        assert_closes(b, shares, np.where(b.dissolved, shares + paid_in, b.total(b.home[HOME.cap])), paid_in)
        assert not (b.home[HOME.Dc] + b.home[HOME.cap])[b.of_household(b.dissolved)].any()
        paid_back = np.where(b.dissolved, b.total(b.home[HOME.due]), 0.0)
        assert (paid_back <= b.p["rec"] * (shares + paid_in) * (1 + CLOSE)).all()


def test_accounts_of_the_cooperative_roll_forward(books):
    """Cash, pool, equipment, outside debt, surplus and equity from month to month."""
    for b in books:
        p, was, now, tally = b.p, b.coop_was, b.coop, b.tally
        trading = was[COOP.status] == 4
        opened = now[COOP.units] - was[COOP.units]
        assert set(opened) <= {0.0, 1.0}
        next_unit = b.units[np.minimum(was[COOP.units].astype(int), 6)]
        start_cost = opened * next_unit[:, 0]
        opex = b.running_costs_paid
        margin, outside = was[COOP.mu] * tally["volume"], was[COOP.Dx] * p["r_ext"] / 12
        wear = p["dep"] * was[COOP.fixed]
        received = (margin, tally["fees"], tally["dues_shares"], tally["service"], tally["seized"])
        paid = (tally["loans"], opex, outside, tally["refunds"], tally["shu"], start_cost)
        borrowed = now[COOP.Dx] - was[COOP.Dx]
        at_hand = was[COOP.cash] + sum(received) - sum(paid) + borrowed
        scandal = trading & happens(b.drawn(Stream.VILLAGE_MONTH)[:, 3], p["h_sc"] * (1.5 - now[COOP.q]))
        leak = np.where(scandal, p["sc_loss"] * at_hand, 0.0)
        given = now[COOP.capital] - now[COOP.lent]  # what is lent is in `borrowed`
        capital = np.where(now[COOP.funded] > was[COOP.funded], given, 0.0)
        paid_back = np.where(now[COOP.status] > was[COOP.status], b.total(b.home[HOME.due]), 0.0)
        flows = (*received, *(-x for x in paid), borrowed, -leak, capital, -paid_back)
        active = was[COOP.status] > 0
        assert_closes(b, was[COOP.cash], now[COOP.cash], *flows)
        assert (now[COOP.cash] >= 0).all() or not b.interactions  # then units open whatever the cash
        assert_closes(b, was[COOP.pool], now[COOP.pool], tally["dues_pool"], -tally["pool_out"])
        assert (now[COOP.pool] >= -CLOSE * (was[COOP.pool] + tally["dues_pool"])).all()
        assert_closes(b, was[COOP.fixed], now[COOP.fixed], -wear, start_cost)
        surplus = np.where(active, margin + tally["interest"] - outside - opex - tally["losses"] - wear, 0.0)
        closed = b.t % 12 == 0
        assert_closes(b, was[COOP.ytd], np.where(closed, was[COOP.ytd] + surplus, now[COOP.ytd]), surplus)
        assert not closed or (now[COOP.ytd][active] == 0).all()


def test_equity_rolls_forward(books):
    """Equity moves by the surplus, by interest that is due and unpaid, and by what members pay in and get back."""
    for b in books:
        p, was, now, tally = b.p, b.coop_was, b.coop, b.tally
        costs = b.running_costs_paid + was[COOP.Dx] * p["r_ext"] / 12 + p["dep"] * was[COOP.fixed]
        surplus = was[COOP.mu] * tally["volume"] + tally["interest"] - costs - tally["losses"]
        unpaid = b.total(b.interest_due) - tally["interest"]
        shares = tally["fees"] + tally["dues_shares"] - tally["refunds"] - tally["shu"] - b.forfeited
        equity = was[COOP.cash] + b.total(b.was[HOME.Dc]) + was[COOP.fixed] - was[COOP.Dx]
        kept = (was[COOP.status] > 0) & ~b.dissolved
        changes = (np.where(kept, x, 0.0) for x in (surplus, unpaid, shares))
        assert_closes(b, equity, np.where(kept, now[COOP.Eq], equity), *changes)


def test_premium_saving_and_margin_stay_within_the_wedge(books):
    """(11): premium on sales + saving on purchases + margin + waste = wedge x volume, the waste at least what bad management
    wastes. Patronage as the page has it is the patronage that the state keeps."""
    for b in books:
        was, volume = b.coop_was, b.tally["volume"]
        still = b.of_household(b.coop[COOP.status]) == 4
        np.testing.assert_allclose(b.home[HOME.phi], np.where(still, b.phi, 0.0), rtol=CLOSE, atol=1e-12)
        purchases = b.total(b.purchases)
        sales = volume - purchases
        assert (sales >= -CLOSE * (volume + 1)).all()
        wedge = b.place[PLACE.wedge]
        shared = was[COOP.pi] * sales + was[COOP.kappa] * purchases + was[COOP.mu] * volume
        wasted = wedge * volume - shared
        assert (wasted >= b.p["pen"] * (1 - was[COOP.q]) * wedge * volume - CLOSE * (volume + 1)).all()
        assert (volume[was[COOP.status] != 4] == 0).all()


def test_aid_paid_is_aid_received(books):
    """Over the nation: delivered share of the outlay on the books = what families got; works = village funds not displaced."""
    for b in books:
        c, weight = b.c, b.place[PLACE.weight]
        got = weight @ (b.total(b.aid(False)) + b.total(b.aid(True)))
        outlay = sum(x[b.a, b.t - c.first_month] for (_, item), x in c.record.outlay.items() if item == "benefits")
        assert got == pytest.approx(b.p["delivered"] * outlay, rel=CLOSE, abs=1e-3)
        listed = (b.was[HOME.enrolled].astype(np.int64) >> WORKS_BIT & 1) != 0
        funds = b.p["works_share"] * b.p["vf_idr_year"] / NATION.desa / 12 * b.s.cells["desa_share"].to_numpy()[b.s.cell]
        pays = (b.coop[COOP.covered] != 0) & (c.arms[b.a].payer == "village_fund")
        left = np.where(pays, 1 - b.p["displaced"], 1.0)
        anybody = np.bincount(b.village, weights=listed, minlength=left.size) > 0
        if c.interactions:
            assert_closes(b, b.total(b.works), np.where(anybody, funds * left, 0.0))
        assert (b.t - 1) % 12 or (b.l_was[listed] > 0).all()
