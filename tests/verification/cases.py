"""Runs in which much happens: parameters far from the register's, so that sixty households meet every rule within two years."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from povsim import parameters
from povsim.config.programmes import Delivery, Eligibility, ProgrammeSpec
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.population.columns import COOP, PLACE
from verification.small_world import AID, World, country

HARD_LIFE = {
    **{"turn": 0.15, "turn_l0": 0.5, "age_1": 0.2, "age_2": 0.4},
    **{"p_h": 0.05, "p_k": 0.06, "p_v": 0.08, "sd2": 0.5, "theta": 0.4, "h_sc": 0.05},
}
"""Every hazard of a household raised."""
TRADES_AT_ONCE = {
    "start_trading": 1.0,
    "start_open": 0.0,
    "start_building": 0.0,
    "start_legal": 0.0,
    "start_member": 0.3,
    "j0": 1.0,
}
BUSY = {
    **TRADES_AT_ONCE,
    **{"l0": 0.5, "loan_dem": 0.4, "dl": 0.02, "h0": 0.0, "capital": 600e6, "mu": 0.1, "dues": 20_000.0},
    **{"pool_share": 0.5, "invited": 1.0},
}
"""A cooperative that most join, borrow from and leave."""
POOR_TRADE = {**{"capital": 45e6, "opex0": 40e6, "bk": 0.0, "bn": 0.0, "pen": 0.8, "wedge": 0.05, "q0": 0.3, "sq": 0.2}}
"""Costs that no trade can meet, little to share, management that swings."""
FROM_NOTHING = {
    **{"start_trading": 0.0, "start_open": 0.0, "start_building": 0.0, "start_legal": 0.0},
    **{"h_legal": 0.2, "h_build": 0.4, "h_open": 0.4, "h_trade": 0.4, "j0": 0.0},
    **{"capital": 500e6, "capital_v": 1.0, "mentor": 1.0},
}


EVERYBODY = Eligibility("all", share=None, families=None, provinces=None, random_share=1.0)


def tools(amount_idr: float, rule: str = "all") -> ProgrammeSpec:
    """A grant of productive assets in month 3."""
    delivery = Delivery(
        start_month=3, duration_months=None, calendar="once", delivered_share=None, leakage=None, cost_share=None
    )
    eligibility = Eligibility(rule=rule, share=None, families=None, provinces=None, random_share=1.0)
    return ProgrammeSpec("tools", "asset", None, amount_idr, delivery, eligibility)


def training(gain: float) -> ProgrammeSpec:
    """A course of one year that raises earnings."""
    return ProgrammeSpec("course", "training", 1e5, None, Delivery(1, 12, "monthly", None, None, None), EVERYBODY, gain)


def cash(amount_idr: float, to: Eligibility = EVERYBODY) -> ProgrammeSpec:
    """Rupiah a month from month 1 on, all of it delivered."""
    delivery = Delivery(1, None, "monthly", delivered_share=1.0, leakage=0.0, cost_share=0.0)
    return ProgrammeSpec("cash", "cash", amount_idr, None, delivery, to)


@dataclass(frozen=True)
class Case:
    """An arm that differs from the register by `changes`, and the events it has to meet for a comparison to mean anything.

    villages: how many of them the rollout reaches (None: all). owed_outside: Rp that every cooperative owes from the start.
    """

    name: str
    changes: dict[str, float]
    meets: str
    cooperative: bool = True
    interactions: bool = True
    villages: int | None = None
    owed_outside: float = 0.0
    macro: tuple[float, ...] = ()
    specs: tuple = ()
    payer: str = "village_fund"
    aid: dict[str, float] = field(default_factory=lambda: AID)

    def start(self, w: World) -> World:
        """The world with the debts that the case begins with."""
        state = w.state.branch(1)
        state.coop[0, COOP.Dx] = self.owed_outside
        return replace(w, state=state)

    def arm(self, w: World) -> Arm:
        p = {**parameters.values(w.variant), **self.changes}
        reached = np.sort(w.state.place[PLACE.u_cover])
        coverage = 1.0 if self.villages is None else float(reached[self.villages - 1 : self.villages + 1].mean())
        return Arm("arm", p, self.aid, self.cooperative, coverage=coverage, payer=self.payer)

    def country(self, w: World, months: int = 24, **options: Any) -> Country:
        """The arm from `start`, branched and not lived yet."""
        own = {"interactions": self.interactions, "macro": self.macro, "specs": self.specs}
        return country(w, [self.arm(w)], months, **own, **options)


CASES = (
    Case(
        "a hard life",
        HARD_LIFE | {"r_m": 1.2, "repay_m": 0.1, "mlim": 0.8},
        "turnover, labour falls, no labour, falls ill, disaster, R_in, R_out, B, V, repay, invested, hurdle missed, T, works, "
        "interest of the moneylender stops, moneylender lends a month's most, moneylender lends the rest of one ybar, "
        "moneylender lends no more, sale at its limit, below the floor, demand",
        cooperative=False,
    ),
    Case(
        "a busy cooperative",
        HARD_LIFE | BUSY | {"pool_theta": 1.0, "loss_cap": 0.02},
        "fee, dues, left, leaver_refund, loan, half a loan, service, arrears, default, default with a gain, seized, SHU, shu, "
        "payout, pool is short, turnover_loss, sales, purchases, premium, trader_loss, leak, unit, all units, credit unit, "
        "produce unit, traders lose the most, passive member, demand, status 4 -> 4",
    ),
    Case(
        "poor trade",
        BUSY | POOR_TRADE | {"h0": 0.03},
        "borrowed, costs unpaid, equity term at its limit, wedge binds, status 4 -> 5, management at its limit",
    ),
    Case(
        "dormant and revived",
        TRADES_AT_ONCE | {"h0": 0.3, "h_rev": 0.3, "h_dis": 1e-9, "capital": 300e6, "dues": 2e7},
        "less than the dues, status 4 -> 5, status 5 -> 4, status 5 -> 5, left",
    ),
    Case(
        "dissolved",
        TRADES_AT_ONCE | {"h0": 0.3, "h_rev": 1e-9, "h_dis": 0.2, "capital": 300e6, "loan_dem": 0.4, "dues": 2e6},
        "status 4 -> 5, status 5 -> 6, returned_shares, shares back after dissolution, status 6 -> 6",
    ),
    Case(
        "from nothing",
        FROM_NOTHING,
        "status 0 -> 0, status 0 -> 1, status 1 -> 2, status 2 -> 3, status 3 -> 4, capital, unit, sales",
    ),
    Case(
        "debts outside",
        BUSY | {"r_ext": 0.09},
        "repaid, loan, service",
        owed_outside=50e6,
    ),
    Case(
        "great demand and a crisis",
        {"xi_D": 1.5, "g_w": 0.015, "b_M": 1.5},
        "demand, demand at its limit, assets_received, T",
        macro=tuple(-0.02 * k for k in range(24)),
        specs=(tools(1e7),),
        aid={**AID, "tools": 4.0},
    ),
    Case(
        "one village of three",
        BUSY | {"xi_D": 0.0, "chi_c": -0.5},
        "status 0 -> 0, status 4 -> 4, premium",
        villages=1,
    ),
    Case(
        "aid on terms",
        BUSY | {"voucher": 0.5, "taper": 0.3, "deducted": 1.0, "j5": 30.0},
        "bought with aid alone, tapered, learned, turnover, fee, dues, fee not felt, SHU",
        specs=(training(0.2),),
        aid={**AID, "course": 1.0},
    ),
    Case(
        "dues waived",
        HARD_LIFE | BUSY | {"waived": 1.0},
        "pays no dues, dues, joins for nothing, fee",
    ),
    Case(
        "capital on loan",
        FROM_NOTHING | BUSY | {"start_trading": 0.5, "r_ext": 0.09, "pool_share": 0.0},
        "lent, instalment, loan, status 3 -> 4",
        payer="cooperative",
    ),
    Case(
        "frozen interactions",
        HARD_LIFE | BUSY | {"h0": 0.05, "h_rev": 0.3, "capital": 200e6},
        "dues, premium, sales, purchases, unit, borrowed, leak, status 4 -> 5, status 5 -> 4, works, T",
        interactions=False,
    ),
)
