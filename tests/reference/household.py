"""One household and what it does in each stage of a month (docs/reference/month.md). Money in L, poverty lines a month."""

import math

import mesa

from . import capacity
from . import rules_earning as earning
from . import rules_living as living
from .household_state import FIXED_TRAITS, FLOWS_OF_A_MONTH, STATE, STATE_FROM_ONE, STATE_FROM_ZERO
from .rules_earning import happens


class Household(mesa.Agent):
    """A household; `state` holds its traits and state at the start and `c12`, twelve real consumptions, oldest first."""

    def __init__(self, model, village, household_id, state):
        super().__init__(model)
        self.village = village
        self.id = household_id
        self.p = model.p
        for name in FIXED_TRAITS + STATE:
            setattr(self, name, state[name])
        for name in STATE_FROM_ZERO:
            setattr(self, name, state.get(name, 0))
        for name in STATE_FROM_ONE:
            setattr(self, name, state.get(name, 1.0))
        self.c12 = list(state["c12"])
        self.ties = []  # pairs of (neighbour, weight), set by the village
        self.remit = self.remittance()
        self.w = None  # earning capacity of the month, L
        self.begin_month()

    @property
    def rupiah(self):
        """Rp of the real village for one L of this household."""
        return self.h * self.line

    @property
    def c_last(self):
        """Real consumption of the latest month, L."""
        return self.c12[-1]

    @property
    def m12(self):
        """Mean real consumption of the last twelve months, L."""
        return sum(self.c12) / 12.0

    @property
    def invited(self):
        """Invitation to join: the scenario's intensity, for families on aid."""
        return self.p["invited"] if self.enrolled else 0.0

    @property
    def unwaived(self):
        """(9) Share of fee and dues that is asked: nothing of an invited family on aid where they are waived."""
        return 1.0 - self.p["waived"] * self.invited

    @property
    def entry_fee(self):
        """Fee of the cooperative, L."""
        return self.p["fee"] / self.line * self.unwaived

    @property
    def felt_fee(self):
        """(9) Fee that deters from joining, L: not that of an invited family, where it comes off the aid."""
        return self.entry_fee * (1.0 - self.p["deducted"] * self.invited)

    def begin_month(self):
        for flow in FLOWS_OF_A_MONTH:
            setattr(self, flow, 0.0)
        self.new_loan = False
        self.micro_cash = 0.0
        self.member0 = self.member

    # --- once a year: turnover, ageing, slow component ----------------------------------------------------------------

    def remittance(self):
        """Remittance of a household without labour, L a month."""
        if self.l > 0.0:
            return 0.0
        return self.p["remit_lo"] + (self.p["remit_hi"] - self.p["remit_lo"]) * self.u_rem

    def once_a_year(self, t):
        """Turnover, then labour, then x: items 1 to 3 of the page."""
        p = self.p
        x_normal, turnover_u, labour_u, _ = self.model.draws.household_year(t, self.id)
        successor = happens(turnover_u, p["turn"] if self.l > 0.0 else p["turn_l0"])
        if successor:
            self.hand_over(t)
        else:
            self.age(labour_u)
        self.x = earning.autoregressive(self.x, earning.yearly_persistence(p), p["sd_x"], x_normal)
        if successor:
            w = earning.earning_capacity(self, t, p)
            output = earning.enterprise_output(self.K, self.lna, p)
            self.ybar = earning.mean_xi(p) * earning.base_earnings(self.l, w, output, p) + self.remit

    def hand_over(self, t):
        """A young household follows: it inherits part of assets, savings, class and ability; debts are lost to the lenders."""
        p = self.p
        z_normal, ability_normal, _, _ = self.model.draws.successor(t, self.id)
        self.z = earning.inherited(self.z, 1.0, z_normal, p)
        self.lna = earning.inherited(self.lna, p["sd_a"], ability_normal, p)
        self.formed = t
        self.l = 1.0
        self.skill = self.skill_w = 1.0
        self.Mc = self.M0 = self.Ms = 0.0
        self.box *= p["inh"]
        self.remit = 0.0
        self.ill = 0
        self.estate_K = self.K - p["inh"] * self.K
        self.estate_S = self.S - p["inh"] * self.S
        self.K = p["inh"] * self.K
        self.S = p["inh"] * self.S
        self.turnover_loss = self.Dc
        self.Dc = self.D0 = self.Dm = self.Pm = 0.0
        self.arrears = 0

    def age(self, uniform):
        """Labour capacity falls by one step at most: 1 -> l_old -> 0."""
        if self.l == 1.0:
            if happens(uniform, self.p["age_1"]):
                self.l = self.p["l_old"]
        elif self.l > 0.0 and happens(uniform, self.p["age_2"]):
            self.l = 0.0
        self.remit = self.remittance()

    # --- 2 asset shocks -----------------------------------------------------------------------------------------------

    def asset_shocks(self, disaster):
        own_shock = happens(self.asset_uniform, self.p["p_k"])
        self.K = earning.worn_assets(self.K, own_shock, disaster, self.p)

    def draw_month(self, t):
        """The keyed numbers of the month."""
        self.e1_normal, self.e2_normal, self.ill_uniform, self.asset_uniform = self.model.draws.household_month(t, self.id)
        self.loan_u, self.default_u, self.leave_u, self.join_u = self.model.draws.member_month(t, self.id)

    # --- 3 income -----------------------------------------------------------------------------------------------------

    def receive_income(self, t, macro):
        p, village = self.p, self.village
        self.e1 = earning.autoregressive(self.e1, p["rho1"], p["sd1"], self.e1_normal)
        self.e2 = earning.autoregressive(self.e2, p["rho2"], p["sd2"], self.e2_normal)
        self.ill = earning.next_illness(self.ill, self.ill_uniform, p)
        self.xi = earning.income_shock(self.e1, self.e2, village.u, macro, self.ill, p)
        self.w = earning.earning_capacity(self, t, p)
        output = earning.enterprise_output(self.K, self.lna, p) * self.skill
        w = self.w * self.skill_w
        w_eff = w * (1.0 + village.dem)
        self.earn = self.xi * earning.base_earnings(self.l, w_eff, output, p)
        self.m_out = earning.marketed_output(self.own, self.l, w, output, p)
        self.premium = self.xi * earning.premium_rate(self.phi, village, p) * self.m_out
        self.trader_loss = self.trader * village.lossrate * self.earn
        self.y = self.earn + self.premium - self.trader_loss + self.remit

    # --- 4 aid and surplus refund -------------------------------------------------------------------------------------

    def receive_aid(self, month_of_year):
        programmes = self.model.programmes
        works = self.works * self.village.works_v / self.line
        aid = self.aid_share * earning.aid_received(self.enrolled, programmes, "cash", month_of_year, self.line)
        self.T = aid + works
        self.bound = self.p["voucher"] * aid if self.village.rt > 0.0 else 0.0
        self.assets_received = earning.aid_received(self.enrolled, programmes, "asset", month_of_year, self.line)
        self.K += self.assets_received

    def receive_shu(self, rate_pat, rate_cap):
        """(13) Yearly refund by patronage and by share capital; the count of patronage starts again."""
        if self.member:
            self.SHU = (rate_pat * self.pat + rate_cap * self.cap * self.line) / self.line
        self.pat = 0.0
        self.shu12 = self.SHU / 12.0

    # --- 5 membership, leaving, patronage -----------------------------------------------------------------------------

    def collect_refund_due(self):
        """Shares refunded after last month's dissolution."""
        self.refund = self.due
        self.due = 0.0

    def perhaps_leave(self):
        leaves = happens(self.leave_u, living.leave_hazard(self.village.status, self.p))
        if self.member0 and self.Dc == 0.0 and leaves:
            self.member = 0
            self.leaver_refund = self.cap
            self.refund += self.leaver_refund
            self.cap = self.phi = self.pat = self.shu12 = 0.0

    def perhaps_join(self, month_of_year):
        p, village = self.p, self.village
        reviews = month_of_year - 1 == self.rev and village.status <= 4
        if self.member0 or self.barred or not reviews:
            return
        gain = living.expected_gain(self.m_out, self.ybar, village, earning.mean_xi(p), p)
        tie_share = sum(weight for neighbour, weight in self.ties if neighbour.member0)
        probability = living.join_probability(self, gain, tie_share, self.felt_fee, village, p)
        if self.join_u < probability and self.entry_fee <= self.S + self.y + self.T:
            self.member = 1
            self.fee = self.cap = self.entry_fee

    def pay_dues(self):
        """Members since before this month pay what they can; part goes to the solidarity pool, the rest to shares."""
        if self.member0 and self.member and self.village.status <= 4:
            at_hand = max(0.0, self.S + self.y + self.T + self.SHU - self.fee)
            self.dues = min(self.p["dues"] / self.line * self.unwaived, at_hand)
            self.dues_to_pool = self.p["pool_share"] * self.dues
            self.cap += self.dues - self.dues_to_pool

    def choose_patronage(self):
        self.phi = living.patronage(self, self.village, self.p)

    # --- 6 trading and credit -----------------------------------------------------------------------------------------

    def trade(self):
        """Sales and purchases through the cooperative, L."""
        self.sales = self.phi * self.village.qt * self.xi * self.m_out
        self.purchases = max(self.phi * self.village.rt * self.c_last, self.bound)
        if self.member:
            self.pat += self.line * (self.sales + self.purchases)

    def asks_for_loan(self):
        may_borrow = self.member and self.Dc == 0.0 and not self.barred
        return bool(may_borrow and happens(self.loan_u, self.p["loan_dem"]))

    def take_loan(self, amount):
        if amount > 0.0:
            self.loan = self.Dc = self.D0 = amount
            self.K += self.p["iota"] * amount
            self.new_loan = True

    # --- 7 repayment and default --------------------------------------------------------------------------------------

    @property
    def purse(self):
        """a: money at hand before debts are served, L."""
        return self.S + self.y + self.T + self.SHU + self.refund - self.fee - self.dues

    def serve_cooperative_loan(self):
        self.arrears = 0
        if self.Dc > 0.0 and not self.new_loan:
            if happens(self.default_u, living.default_hazard(self.y, self.village.q, self.p)):
                self.default()
            else:
                self.pay_service()

    def default(self):
        """Part of the loan-bought assets is seized, shares are forfeited, the door is closed."""
        p = self.p
        self.seized = min(self.K, p["seize"] * p["iota"] * self.D0)
        self.K -= self.seized
        self.default_loss = self.Dc - p["q_k"] * self.seized - self.cap
        self.Dc = self.D0 = self.cap = self.phi = self.pat = self.shu12 = 0.0
        self.member = 0
        self.barred = 1

    def pay_service(self):
        p = self.p
        due = living.instalment_due(self.Dc, self.D0, p)
        interest = living.interest_due(self.Dc, p)
        self.service = min(due, max(0.0, self.purse - p["c_floor"]))
        self.interest_paid = min(self.service, interest)
        self.Dc = self.Dc + interest - self.service
        if self.Dc < living.DUST:
            self.forgotten = self.Dc
            self.Dc = self.D0 = 0.0
        self.arrears = 1 if self.service < due - 1e-12 else 0

    @property
    def purse_after_finance(self):
        """The purse with the cash part of a new microcredit, and after the box of the savings group, L."""
        return self.purse + self.micro_cash - self.boxed

    def serve_finance(self, t, month_of_year):
        """Microcredit and savings groups, product by product."""
        self.micro_cash = 0.0
        for product in self.model.finance:
            if self.enrolled >> product["bit"] & 1:
                at_hand = self.purse_after_finance - self.service - self.micro_paid
                if product["deposit"] > 0.0:
                    self.save_in_group(product, at_hand, t, month_of_year)
                else:
                    self.borrow_or_serve(product, at_hand, t)

    def save_in_group(self, product, at_hand, t, month_of_year):
        """Deposits out of what is above customary spending; the box helps in need, and is shared out in month 12."""
        customary = max(self.p["c_floor"], (1.0 - self.p["s0"]) * self.ybar)
        saves = product["first"] <= t <= product["last"]
        if month_of_year == 12 or not saves:
            change = -self.box
        else:
            needed = min(customary, self.p["help_top"] * self.p["c_floor"])
            if at_hand < needed:
                change = -min(self.box, needed - at_hand)
            else:
                change = min(product["deposit"], max(0.0, at_hand - customary))
        self.box += change
        self.boxed += change

    def borrow_or_serve(self, product, at_hand, t):
        """An equal part of the loan and the interest, out of what is above the floor; a new loan where none is owed."""

        def interest():
            return min(self.Mc * product["rate"] / 12.0, max(0.0, 2.0 * self.M0 - self.Mc))

        def due():
            return min(self.Mc, self.M0 / product["tenor"]) + interest()

        if self.Mc > 0.0:
            paid = min(due(), max(0.0, at_hand - self.p["c_floor"]))
            self.Mc += interest() - paid
            self.micro_paid += paid
            if self.Mc < living.DUST:
                self.Mc = self.M0 = 0.0
        elif product["first"] <= t <= product["last"]:
            self.lent = self.Mc = self.M0 = min(product["limit"], 2.0 * self.ybar)
            self.K += product["iota"] * self.lent
            self.micro_cash += (1.0 - product["iota"]) * self.lent
        self.Ms = due()

    def repay_moneylender(self):
        p = self.p
        grown = living.moneylender_debt(self.Dm, self.Pm, p)
        if grown <= 0.0:
            return
        self.repay = living.moneylender_repayment(
            self.Dm, grown, self.purse_after_finance - self.service - self.micro_paid - p["c_floor"], p
        )
        self.Pm = self.Pm * (grown - self.repay) / grown
        self.Dm = grown - self.repay
        if self.Dm < living.DUST:
            self.Dm = self.Pm = 0.0

    # --- 8 spending and coping ----------------------------------------------------------------------------------------

    def plan(self):
        p = self.p
        self.cash = self.purse_after_finance + (1.0 - p["iota"]) * self.loan - self.service - self.micro_paid - self.repay
        self.ybar = living.expected_income(self.ybar, self.y + self.T + self.SHU, p)
        self.c_plan = living.planned_spending(self.ybar, self.S, p)
        self.surplus = max(0.0, self.cash - self.c_plan)
        self.gap = living.shortfall(self.c_plan, self.cash, p)

    def asked_of(self, weight):
        """Rp that this household asks of a neighbour with this tie weight."""
        return self.rupiah * self.p["theta"] * self.gap * weight

    @property
    def pool_want(self):
        """L asked of the solidarity pool."""
        return self.p["pool_theta"] * max(0.0, self.gap - self.R_in) if self.member else 0.0

    def cope(self):
        """Moneylender, then sale of assets, then spending."""
        p = self.p
        helped = self.cash + self.R_in + self.payout
        gap = max(0.0, self.c_plan - self.cash - self.R_in - self.payout)
        self.B = living.moneylender_credit(gap, self.ybar, self.Dm, self.Dc + self.Mc, p)
        self.Dm += self.B
        self.Pm += self.B
        self.V = living.asset_sale(gap - self.B, self.K, p)
        self.K -= self.V / p["q_k"]
        self.spend = min(self.c_plan, helped + self.B + self.V)

    # --- 9 saving and investment --------------------------------------------------------------------------------------

    def save_and_invest(self):
        p = self.p
        S_before = self.cash + self.R_in + self.payout + self.B + self.V - self.spend - self.R_out
        X = living.investable(S_before, self.ybar, p)
        if earning.return_on_assets(self.K, self.lna, p) >= p["hurdle"]:
            self.invested = X
            self.K += X
        else:
            self.spend += X
        self.S = S_before - X
        self.c12 = [*self.c12[1:], living.real_consumption(self.spend, self.phi, self.bound, self.village)]

    # --- 11 dissolution, 13 measurement -------------------------------------------------------------------------------

    def lose_cooperative(self, returned_share):
        """Dissolution: part of the shares comes back next month, the loan is written off."""
        self.due = returned_share * self.cap
        self.cap = self.phi = self.pat = self.shu12 = 0.0
        self.member = 0
        self.Dc = self.D0 = 0.0
        self.arrears = 0

    def observed_consumption(self, t):
        """(21) c_obs = c exp(sigma_me N): the survey's view of the month, L."""
        return self.c_last * math.exp(self.p["sigma_me"] * self.model.draws.survey(t, self.id))

    def capacity(self, horizon):
        """ccap: what the household's capacity lets it consume (capacity.py), L a month."""
        return capacity.ccap(self, horizon)
