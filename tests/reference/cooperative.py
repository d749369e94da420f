"""The cooperative of a village: accounts, governance, funnel and start. Stages 10 and 11 of docs/reference/month.md, in Rp."""

import math

from . import rules_cooperative as coop
from . import rules_living as living
from .rules_cooperative import BUILDING, DISSOLVED, DORMANT, LEGAL, NONE, OPEN, TRADING
from .rules_earning import happens


class Cooperative:
    """The part of a Village that is its cooperative; the state is listed in village.py."""

    # --- 10 cooperative accounts --------------------------------------------------------------------------------------

    def stage_10_cooperative_accounts(self, month_of_year):
        """(13) Real-village scale, Rp."""
        self.accounts = {}
        if self.status != NONE:
            self.book_month()
            if self.status == TRADING:
                self.perhaps_open_unit()
            if month_of_year == 12:
                self.close_year()
        self.measure_membership()

    def book_month(self):
        """(13) Surplus, cash, pool, external debt and equity of the month. `accounts` keeps the flows."""
        p = self.p
        book = self.accounts
        book["margin"] = self.mu * self.volume
        book["fees"] = self.total("fee")
        book["dues_to_pool"] = self.total("dues_to_pool")
        book["dues_to_shares"] = self.total("dues") - book["dues_to_pool"]
        book["service"] = self.total("service")
        book["recovered"] = p["q_k"] * self.total("seized")
        book["loans"] = self.total("loan")
        book["external_interest"] = self.Dx * p["r_ext"] / 12.0
        book["refunds"] = self.total("leaver_refund")
        book["shu"] = self.total("SHU")
        book["payouts"] = self.total("payout")
        book["wear"] = p["dep"] * self.fixed
        book["losses"] = self.total("default_loss") + self.total("turnover_loss")
        received = book["margin"] + book["fees"] + book["dues_to_shares"] + book["service"] + book["recovered"]
        spent = book["loans"] + book["external_interest"] + book["refunds"] + book["shu"]
        self.cash += received - spent
        book["costs"] = coop.operating_cost(self.status, self.units, self.q, self.volume, p)
        book["opex"] = coop.paid_costs(book["costs"], self.cash, self.Eq0, self.Dx - self.lent_left)
        self.cash -= book["opex"]
        book["surplus"] = (
            book["margin"]
            + self.total("interest_paid")
            - book["opex"]
            - book["external_interest"]
            - book["losses"]
            - book["wear"]
        )
        self.ytd += book["surplus"]
        self.pool += book["dues_to_pool"] - book["payouts"]
        self.fixed *= 1.0 - p["dep"]
        self.balance_cash_against_external_debt()
        self.loans_out = self.total("Dc")
        self.Eq = self.cash + self.loans_out + self.fixed - self.Dx

    def balance_cash_against_external_debt(self):
        """(13) An instalment of lent capital; a negative balance is borrowed; cash above three months of opex repays that."""
        book = self.accounts
        book["borrowed"] = book["repaid"] = 0.0
        if self.lent_left > 0.0:
            instalment = min(self.lent_left, self.p["capital"] / self.p["lent_tenor"])
            self.lent_left -= instalment
            self.Dx -= instalment
            self.cash -= instalment
        if self.cash < 0.0:
            book["borrowed"] = -self.cash
            self.Dx -= self.cash
            self.cash = 0.0
        if self.cash > 3.0 * book["costs"]:
            book["repaid"] = min(self.Dx - self.lent_left, self.cash - 3.0 * book["costs"])
            self.Dx -= book["repaid"]
            self.cash -= book["repaid"]

    def perhaps_open_unit(self):
        """(13) The next unit of the order opens, one a month, when cash suffices; without interactions whatever the cash."""
        if self.units == len(coop.UNITS):
            return
        if not self.model.interactions or self.cash >= coop.opening_threshold(self.units, self.p):
            start_cost = self.p[f"unit_{coop.UNITS[self.units]}_start"]
            self.accounts["unit"] = start_cost
            self.cash -= start_cost
            self.fixed += start_cost
            self.units += 1

    def close_year(self):
        """(13) The surplus refund of the year, by patronage and share capital, paid next month; none without interactions."""
        p = self.p
        pay = 0.0
        if self.model.interactions and self.status == TRADING and self.ytd > 0.0:
            pay = coop.shu_pay(self.ytd, self.cash, p)
            patronage = sum(i.h * i.pat for i in self.members)
            shares = self.total("cap", self.members)
            self.rate_pat = p["pat_w"] * pay / patronage if patronage > 0.0 else 0.0
            self.rate_cap = (1.0 - p["pat_w"]) * pay / shares if shares > 0.0 else 0.0
        self.shu_flag = 1 if pay > 0.0 else 0
        self.ytd = 0.0

    def measure_membership(self):
        """(10), (11), (15) Members' mean patronage and share, and the share of borrowers (weighted) who paid less than due."""
        real_members = sum(i.h for i in self.members)
        self.phibar = sum(i.h * i.phi for i in self.members) / real_members if real_members > 0.0 else 0.0
        self.mshare = real_members / sum(i.h for i in self.households)
        borrowers = sum(i.h for i in self.households if i.Dc > 0.0)
        late = sum(i.h for i in self.households if i.Dc > 0.0 and i.arrears)
        self.arrears_share = late / borrowers if borrowers > 0.0 else 0.0

    # --- 11 governance and funnel -------------------------------------------------------------------------------------

    def stage_11_governance_and_funnel(self, t):
        """(14), (15), (20)"""
        p = self.p
        if LEGAL <= self.status <= DORMANT:
            self.q = coop.next_quality(self.q, self.q0, self.capture, self.model.draws.village_q(t, self.id), p)
        scandal = self.status == TRADING and happens(self.scandal_u, coop.scandal_hazard(self.q, p))
        if scandal:
            self.accounts["leak"] = p["sc_loss"] * self.cash
            self.cash -= self.accounts["leak"]
        self.move_in_funnel(t)
        bad_news = 1.0 if scandal or self.status == DORMANT else 0.0
        self.trust = coop.next_trust(self.trust, self.shu_flag, bad_news, p)
        if self.status != TRADING:
            for household in self.households:
                household.phi = 0.0

    def move_in_funnel(self, t):
        """(15) One step at most a month, by one uniform."""
        p, u = self.p, self.funnel_u
        multiplier = coop.funnel_multiplier(self.q, self.Z, p)
        if self.status == NONE:
            if self.covered and t >= max(1, self.start_month) and happens(u, p["h_legal"]):
                self.status = LEGAL
        elif self.status == LEGAL:
            if happens(u, p["h_build"] * multiplier):
                self.status = BUILDING
        elif self.status == BUILDING:
            if happens(u, p["h_open"] * multiplier):
                self.status = OPEN
        elif self.status == OPEN:
            if happens(u, p["h_trade"] * multiplier):
                self.enter_trading()
        elif self.status == TRADING:
            if self.goes_dormant(u):
                self.status = DORMANT
        elif self.status == DORMANT:
            if happens(u, p["h_rev"] * (1.0 + p["rev_m"] * p["mentor"])):
                self.status = TRADING
            elif u > coop.survival(p["h_dis"]):
                self.dissolve()

    def goes_dormant(self, u):
        """(15) Without interactions the hazard reads nothing that other households do: no equity, no arrears, phibar of .5."""
        Eq, arrears, phibar = (self.Eq, self.arrears_share, self.phibar) if self.model.interactions else (0.0, 0.0, 0.5)
        return happens(u, coop.dormancy_hazard(self.q, Eq / self.Eq0, arrears, phibar, self.p))

    def enter_trading(self):
        """First entry into trading: the capital of the scenario comes in."""
        self.status = TRADING
        self.entered_trading = 1
        self.accounts["capital"] = self.p["capital"]
        self.cash += self.p["capital"]
        self.lent_left = self.p["capital"] if self.lent else 0.0
        self.Dx += self.lent_left
        self.Eq0 = max(self.p["capital"], 1e6)

    def dissolve(self):
        """Members get back what cash covers of their shares, rec at most; the cooperative pays now, they receive next month."""
        self.status = DISSOLVED
        cash = self.cash if self.model.interactions else math.inf  # without interactions all of rec, whatever the cash
        returned_share = coop.recovered_share(cash, self.total("cap"), self.p)
        for household in self.households:
            household.lose_cooperative(returned_share)
        self.accounts["returned_shares"] = self.total("due")
        self.cash -= self.accounts["returned_shares"]

    # --- start of an arm ----------------------------------------------------------------------------------------------

    def start_arm(self):
        """A covered village takes its place in the funnel, and founders their membership."""
        p = self.p
        if not self.covered:
            return
        self.q = self.q0
        self.trust = 0.0
        if self.start_month <= 1:
            self.status = coop.starting_status(self.u_funnel, p)
        if self.status == TRADING:
            self.accounts = {}
            self.enter_trading()
        if self.status >= LEGAL:
            self.enrol_founders()

    def enrol_founders(self):
        """Better-off households are likelier founders, without interactions all alike; their fees are in its cash."""
        p = self.p
        odds = {i: living.founder_odds(i.K, p) if self.model.interactions else 1.0 for i in self.households}
        mean_odds = sum(i.h * odds[i] for i in self.households) / sum(i.h for i in self.households)
        for i in self.households:
            join_u = self.model.draws.member_month(0, i.id)[3]
            if join_u < min(0.95, p["start_member"] * odds[i] / mean_odds):
                i.member = 1
                i.cap = i.entry_fee
        self.cash += self.total("cap")
        self.Eq = self.cash - self.Dx
        self.mshare = sum(i.h for i in self.members) / sum(i.h for i in self.households)
