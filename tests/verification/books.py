"""Books of a month in one arm, kept from outside: what the states before and after, the draws and the run's tallies say.

Household flows are [H] in L, those of a village [V] in Rp. What a household invests or gets for sold assets follows from its
assets, what the moneylender lends net of repayments from its debt, and what it spends from its consumption; savings then
have to close, which is the test.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from povsim.draws import Stream, uniforms
from povsim.model.country import Country
from povsim.model.scratch import TL
from povsim.model.state import State
from povsim.population.columns import COOP, HOME, LIFE, PLACE, WORKS_BIT

Floats = NDArray[np.float64]


def happens(u: Floats, hazard: Floats | float) -> NDArray[np.bool_]:
    """ "hazard h" of the page."""
    return u < 1 - np.exp(-hazard)


class Books:
    """Month t of arm a, which has just been lived from the state `before`. Shares all tables with the country."""

    def __init__(self, c: Country, a: int, before: State) -> None:
        self.c, self.a, self.t, self.s = c, a, c.state.t, c.sample
        self.p, self.interactions = c.arms[a].p, c.interactions
        self.life, self.place = c.state.life, c.state.place
        self.was, self.home = before.home[a], c.state.home[a]
        self.coop_was, self.coop = before.coop[a], c.state.coop[a]
        self.tally = {name: c.audit[a, :, row] for name, row in zip(TL._fields, TL, strict=True)}
        self.amounts, self.units = c._amounts[a], c.units[a]
        self.macro = c.macro[self.t - c.first_month]
        self.rp = self.life[LIFE.h] * self.life[LIFE.line]
        self.l_was = before.life[LIFE.l]
        self.village = self.s.village

    def total(self, flow: Floats) -> Floats:
        """A household flow in L, summed over every real village, Rp."""
        return np.bincount(self.village, weights=self.rp * flow, minlength=self.s.village_ids.size)

    def of_household(self, column: Floats) -> Floats:
        """A village's column for each of its households."""
        return column[self.village]

    def drawn(self, stream: Stream, month: int | None = None) -> Floats:
        of = self.s.village_ids if stream.name.startswith("VILLAGE") else self.s.ids
        return uniforms(self.c.key, stream, of, self.t if month is None else month)

    # --- turnover, assets ---------------------------------------------------------------------------------------------

    @cached_property
    def successor(self) -> NDArray[np.bool_]:
        if (self.t - 1) % 12:
            return np.zeros(self.rp.size, bool)
        hazard = np.where(self.l_was > 0, self.p["turn"], self.p["turn_l0"])
        return happens(self.drawn(Stream.HOUSEHOLD_YEAR)[:, 1], hazard)

    def inherited(self, column: int) -> Floats:
        """A stock at the start of the month, after turnover took its part."""
        return self.was[column] * np.where(self.successor, self.p["inh"], 1.0)

    def kept(self, column: int) -> Floats:
        """A debt at the start of the month, which a successor does not take over."""
        return np.where(self.successor, 0.0, self.was[column])

    @cached_property
    def K_after_shocks(self) -> Floats:
        p = self.p
        own = happens(self.drawn(Stream.HOUSEHOLD_MONTH)[:, 3], p["p_k"])
        disaster = self.of_household(happens(self.drawn(Stream.VILLAGE_MONTH)[:, 1], p["p_v"]))
        left = np.where(own, 1 - p["loss_k"], 1) * np.where(disaster, 1 - p["loss_v"], 1)
        return self.inherited(HOME.K) * (1 - p["delta"]) * left

    # --- income and aid -----------------------------------------------------------------------------------------------

    @cached_property
    def output(self) -> Floats:
        """f(K), with the linear piece of the majorant in variant no_trap."""
        p, K = self.p, np.maximum(self.K_after_shocks, 1e-6)
        h = np.maximum(p["A_L"] * K ** p["gL"], p["A_H"] * K ** p["gH"] - p["F"])
        rates = self.c.rates[0]
        K1, K2 = rates["maj_K1"], rates["maj_K2"]
        bridge = p["A_L"] * K1 ** p["gL"] + rates["maj_slope"] * (K - K1)
        return self.skill * np.exp(self.life[LIFE.lna]) * np.where((K > K1) & (K < K2), bridge, h)

    @property
    def skill(self) -> Floats:
        """What training does to earnings; a successor has none."""
        return np.where(self.successor, 1.0, self.was[HOME.skill])

    @cached_property
    def xi(self) -> Floats:
        p, life = self.p, self.life
        half = (p["sd1"] ** 2 + p["sd2"] ** 2 + p["sd_u"] ** 2) / 2
        log = life[LIFE.e1] + life[LIFE.e2] + self.of_household(self.place[PLACE.u]) - half + p["b_M"] * self.macro
        return np.exp(log) * np.where(life[LIFE.ill] > 0, 1 - p["loss_h"], 1.0)

    @property
    def w(self) -> Floats:
        return self.skill * self.life[LIFE.w_year] * np.exp(self.p["g_w"] * max(0, self.t) / 12)

    @cached_property
    def earned(self) -> Floats:
        p, l = self.p, self.life[LIFE.l]
        w = self.w * (1 + self.of_household(self.coop_was[COOP.dem]))
        return self.xi * (l * w + (p["r0"] + (1 - p["r0"]) * l) * self.output)

    @cached_property
    def premium(self) -> Floats:
        """Paid for this month's marketed output at last month's patronage, spill-over to other sellers included."""
        p, life = self.p, self.life
        m_out = p["s_mkt"] * p["gross_net"] * (life[LIFE.own] * life[LIFE.l] * self.w + self.output)
        paid = self.of_household(self.coop_was[COOP.pi] * self.coop_was[COOP.qt])
        spill = p["chi_c"] * paid * self.of_household(self.coop_was[COOP.mshare])
        return self.xi * (self.was[HOME.phi] * paid + spill) * m_out

    @property
    def trader_loss(self) -> Floats:
        return self.life[LIFE.trader] * self.of_household(self.coop_was[COOP.loss_rate]) * self.earned

    @property
    def income(self) -> Floats:
        return self.earned + self.premium - self.trader_loss + self.life[LIFE.remit]

    def aid(self, assets: bool) -> Floats:
        """Programmes by product: assets, or cash and food."""
        bits = self.was[HOME.enrolled].astype(np.int64)
        rupiah = np.zeros(bits.size)
        for g, of_assets in enumerate(self.c._is_asset):
            if bool(of_assets) == assets:
                rupiah += (bits >> g & 1) * self.amounts[g, (self.t - 1) % 12]
        return rupiah / self.life[LIFE.line] * (1.0 if assets else self.was[HOME.aid_share])

    @property
    def bound(self) -> Floats:
        """Aid that has to be spent in the shop, where there is one."""
        return self.p["voucher"] * self.aid(False) * (self.of_household(self.coop_was[COOP.rt]) > 0)

    @property
    def works(self) -> Floats:
        listed = self.was[HOME.enrolled].astype(np.int64) >> WORKS_BIT & 1
        return listed * self.of_household(self.coop_was[COOP.works]) / self.life[LIFE.line]

    # --- debts --------------------------------------------------------------------------------------------------------

    @cached_property
    def defaults(self) -> NDArray[np.bool_]:
        return self.home[HOME.barred] > self.was[HOME.barred]

    @cached_property
    def loan(self) -> Floats:
        return np.where((self.kept(HOME.Dc) == 0) & (self.home[HOME.Dc] > 0), self.home[HOME.D0], 0.0)

    @property
    def interest_due(self) -> Floats:
        dissolved = self.of_household(self.coop[COOP.status]) == 6
        return np.where(self.defaults | dissolved, 0.0, self.kept(HOME.Dc) * self.p["r_c"] / 12)

    @property
    def seized(self) -> Floats:
        most = np.minimum(self.K_after_shocks + self.aid(True), self.p["seize"] * self.p["iota"] * self.was[HOME.D0])
        return np.where(self.defaults, most, 0.0)

    @cached_property
    def turned(self) -> Floats:
        """Loans lost to turnover, Rp."""
        return self.total(np.where(self.successor, self.was[HOME.Dc], 0.0))

    @cached_property
    def defaulted(self) -> Floats:
        """Loans that were owed by those who defaulted, Rp."""
        return self.total(np.where(self.defaults, self.was[HOME.Dc], 0.0))

    @property
    def forfeited(self) -> Floats:
        """Shares of those who defaulted, Rp: they lower the loss."""
        return self.turned + self.defaulted - self.tally["seized"] - self.tally["losses"]

    @property
    def dissolved(self) -> NDArray[np.bool_]:
        """Villages whose cooperative was dissolved this month."""
        return (self.coop[COOP.status] == 6) & (self.coop_was[COOP.status] == 5)

    @cached_property
    def running_costs_paid(self) -> Floats:
        """Running costs of the cooperative, Rp, as far as cash and credit go: lenders let it owe Eq0 beyond its capital."""
        p, was, tally = self.p, self.coop_was, self.tally
        fixed = p["opex0"] + np.array([self.units[: int(n), 1].sum() for n in was[COOP.units]])
        due = fixed * (1.2 - 0.4 * was[COOP.q]) + p["opex_var"] * tally["volume"]
        at_hand = was[COOP.cash] + was[COOP.mu] * tally["volume"] - was[COOP.Dx] * p["r_ext"] / 12
        at_hand += sum(tally[name] for name in ("fees", "dues_shares", "service", "seized"))
        at_hand -= sum(tally[name] for name in ("loans", "refunds", "shu"))
        credit = np.maximum(0.0, was[COOP.Eq0] - (was[COOP.Dx] - was[COOP.lent_left]))
        return np.where(was[COOP.status] == 4, np.minimum(due, np.maximum(0.0, at_hand + credit)), 0.0)

    @property
    def moneylender(self) -> Floats:
        """New debt less repayments."""
        D, P = self.kept(HOME.Dm), self.kept(HOME.Pm)
        return self.home[HOME.Dm] - np.maximum(D, np.minimum(D * (1 + self.p["r_m"] / 12), 2 * P))

    # --- spending and investment --------------------------------------------------------------------------------------

    @cached_property
    def bought(self) -> Floats:
        """Investment (above 0) or assets sold (below)."""
        before = self.K_after_shocks + self.aid(True) + self.p["iota"] * self.loan - self.seized
        return self.home[HOME.K] - before

    @property
    def invested(self) -> Floats:
        return np.maximum(self.bought, 0.0)

    @property
    def sold(self) -> Floats:
        return self.p["q_k"] * np.maximum(-self.bought, 0.0)

    @cached_property
    def phi(self) -> Floats:
        """Patronage of the month (10); the state holds it unless the cooperative stopped trading at its end."""
        p, place, was = self.p, self.place, self.coop_was
        index = p["v0"] + p["v1"] * (was[COOP.pi] + was[COOP.kappa]) + p["v3"] * was[COOP.trust]
        index -= p["v4"] * (1 - place[PLACE.access])
        of_household = self.of_household(index) - p["v2"] * (self.inherited(HOME.S) < 1) + p["v5"] * (self.kept(HOME.Dc) > 0)
        trades = (self.home[HOME.member] != 0) & (self.life[LIFE.passive] == 0) & (self.of_household(was[COOP.status]) == 4)
        return np.where(trades, 1 / (1 + np.exp(-of_household)), 0.0)

    @property
    def consumed(self) -> Floats:
        return self.home[HOME.c0 + self.t % 12]

    @property
    def spent(self) -> Floats:
        """What the consumption has cost: c = s / (1 - kappa share), the share that of patronage or of the vouchers."""
        c, bound, kappa = self.consumed, self.bound, self.of_household(self.coop_was[COOP.kappa])
        usual = c * (1 - kappa * self.of_household(self.coop_was[COOP.rt]) * self.phi)
        share = np.divide(bound, usual, out=np.zeros_like(bound), where=usual > 0)
        binds = share > self.of_household(self.coop_was[COOP.rt]) * self.phi
        in_part = (c + np.sqrt(np.maximum(0.0, c * c - 4 * c * kappa * bound))) / 2  # s^2 - c s + c kappa bound = 0
        return np.where(binds, np.where(in_part < bound, c * (1 - kappa), in_part), usual)

    @property
    def purchases(self) -> Floats:
        """Booked by the cooperative: share of last month's consumption, or what the vouchers bind."""
        last = self.was[HOME.c0 + (self.t - 1) % 12]
        return np.maximum(self.phi * self.of_household(self.coop_was[COOP.rt]) * last, self.bound)

    @property
    def returned(self) -> Floats:
        """Shares of a dissolved cooperative, paid this month."""
        return np.where(self.of_household(self.coop_was[COOP.status]) > 0, self.was[HOME.due], 0.0)
