"""A village with its cooperative: the stages of a month in the order of docs/reference/month.md.

Money of the cooperative and of the village as a whole is in Rp. Stages 10 and 11 are in `cooperative.py`.
"""

import mesa

from . import rules_cooperative as coop
from . import rules_living as living
from .cooperative import Cooperative
from .household import Household
from .rules_cooperative import DORMANT, LEGAL, TRADING
from .rules_earning import autoregressive, happens

FIXED_TRAITS = (
    "Z",  # local potential, 0-1
    "access",  # market access, 0-1
    "capture",  # 1: captured by its elite
    "q0",  # home level of management quality
    "wedge",  # trading margin between producer and consumer, share of the price
    "covered",  # 1: the cooperative's scenario reaches the village
    "u_funnel",  # uniform of the starting status
    "lent",  # 1: its capital is a loan from outside
    "start_month",  # first month in which a covered village may found its cooperative
)
STATE = (
    "u",  # village shock to income
    "status",  # funnel: 0 none, 1 legal, 2 building, 3 open, 4 trading, 5 dormant, 6 dissolved
    "entered_trading",  # 1: has traded at some time
    "q",  # management quality
    "trust",
    "units",  # number of units open, in their order
    "cash",  # Rp
    "Dx",  # external debt, Rp
    "lent_left",  # of which capital that was lent, Rp
    "fixed",  # fixed assets, Rp
    "pool",  # solidarity pool, Rp
    "loans_out",  # loans to members, Rp
    "Eq0",  # equity at the start of trading, Rp
    "Eq",  # equity, Rp
    "ytd",  # surplus of the year so far, Rp
    "rate_pat",  # refund per rupiah of patronage, paid next month
    "rate_cap",  # refund per rupiah of shares, paid next month
    "shu_flag",  # 1: the last year ended with a refund
)
TERMS_OF_NEXT_MONTH = (
    "phibar",  # mean patronage of members
    "mshare",  # members' share of households
    "pi",  # price premium
    "kappa",  # retail saving
    "mu",  # margin
    "rt",  # share of consumption that the open units can sell
    "qt",  # share of marketed output that they can buy
    "lossrate",  # share of earnings that traders lose
    "dem",  # relative change of labour earnings through local demand
    "inj_base",  # mean injection over months -11..0, Rp
)


class Village(Cooperative, mesa.Agent):
    """A village; `state` holds its own state, `households` those of its households by id, `ties` id -> [(id, weight), ...]."""

    def __init__(self, model, village_id, state, households, ties):
        super().__init__(model)
        self.id = village_id
        self.p = model.p
        for name in FIXED_TRAITS + STATE + TERMS_OF_NEXT_MONTH:
            setattr(self, name, state[name])
        self.works_v = 0.0  # Rp a month per household on the works list, set once a year
        self.households = [Household(model, self, i, households[i]) for i in sorted(households)]
        by_id = {household.id: household for household in self.households}
        for household in self.households:
            household.ties = [(by_id[neighbour], weight) for neighbour, weight in ties[household.id]]

    def total(self, flow, among=None):
        """Sum of a household quantity in L over the real village, Rp."""
        chosen = self.households if among is None else among
        return sum(household.rupiah * getattr(household, flow) for household in chosen)

    @property
    def members(self):
        return [household for household in self.households if household.member]

    # --- the order of a month -----------------------------------------------------------------------------------------

    def live_month(self, t):
        month_of_year = (t - 1) % 12 + 1
        for household in self.households:
            household.begin_month()
            household.draw_month(t)
        if month_of_year == 1:
            self.once_a_year(t)
        self.stage_1_macro_and_village_shocks(t)
        self.stage_2_asset_shocks()
        self.stage_3_income(t)
        self.stage_4_aid_and_village_works(month_of_year)
        self.stage_5_membership_leaving_patronage(month_of_year)
        self.stage_6_trading_and_credit()
        self.stage_7_repayment_and_default(t, month_of_year)
        self.stage_8_spending_and_coping()
        self.stage_9_saving_and_investment()
        self.stage_10_cooperative_accounts(month_of_year)
        self.stage_11_governance_and_funnel(t)
        # 12 registry: the schedule of the year comes from outside, ReferenceModel.set_year
        self.stage_13_measurement_and_terms_of_next_month(t)

    def once_a_year(self, t):
        """Turnover, ageing, slow component."""
        for household in self.households:
            household.once_a_year(t)

    def stage_1_macro_and_village_shocks(self, t):
        """(3) Village shock and disaster of the month."""
        p = self.p
        u_normal, disaster_u, self.funnel_u, self.scandal_u = self.model.draws.village_month(t, self.id)
        self.u = autoregressive(self.u, p["rho_u"], p["sd_u"], u_normal)
        self.disaster = happens(disaster_u, p["p_v"])

    def stage_2_asset_shocks(self):
        """(4)"""
        for household in self.households:
            household.asset_shocks(self.disaster)

    def stage_3_income(self, t):
        """(1)-(3), (11), (18): with the cooperative terms and the local demand of last month."""
        macro = self.model.macro_of(t)
        for household in self.households:
            household.receive_income(t, macro)

    def stage_4_aid_and_village_works(self, month_of_year):
        """(17), (19), and in the first month of a year the surplus refund of the year before."""
        for household in self.households:
            household.receive_aid(month_of_year)
        if month_of_year == 1 and self.status >= LEGAL:
            for household in self.households:
                household.receive_shu(self.rate_pat, self.rate_cap)
            self.rate_pat = self.rate_cap = 0.0

    def stage_5_membership_leaving_patronage(self, month_of_year):
        """(9), (10)"""
        for household in self.households:
            household.collect_refund_due()
        if LEGAL <= self.status <= DORMANT:
            if self.model.interactions:
                for household in self.households:
                    household.perhaps_leave()
                for household in self.households:
                    household.perhaps_join(month_of_year)
            for household in self.households:
                household.pay_dues()
                household.choose_patronage()

    def stage_6_trading_and_credit(self):
        """(11), (12)"""
        for household in self.households:
            household.trade()
        self.volume = self.total("sales") + self.total("purchases")
        if self.model.interactions and self.status == TRADING and self.units > coop.CREDIT_UNIT:
            self.lend()

    def lend(self):
        """(12) Requests above the funds are rationed, in favour of those with more assets."""
        p = self.p
        applicants = [household for household in self.households if household.asks_for_loan()]
        requests = {i: living.loan_request(i.ybar, p) for i in applicants}
        weights = {i: living.ration_weight(i.K, p) for i in applicants}
        asked = sum(i.rupiah * requests[i] * weights[i] for i in applicants)
        if asked > 0.0:
            granted = coop.lendable_funds(self.cash, self.loans_out, p) / asked
            for i in applicants:
                i.take_loan(requests[i] * min(1.0, granted * weights[i]))

    def stage_7_repayment_and_default(self, t, month_of_year):
        """(12), and the moneylender of (7)."""
        for household in self.households:
            household.serve_cooperative_loan()
            household.serve_finance(t, month_of_year)
            household.repay_moneylender()

    def stage_8_spending_and_coping(self):
        """(5)-(7)"""
        for household in self.households:
            household.plan()
        if self.model.interactions:
            self.neighbours_help()
            if LEGAL <= self.status <= TRADING:
                self.pool_helps()
        for household in self.households:
            household.cope()

    def neighbours_help(self):
        """(7) Each shortfall is spread over the ties; a neighbour gives the same share of all it is asked, up to a limit."""
        asks = dict.fromkeys(self.households, 0.0)
        for household in self.households:
            for neighbour, weight in household.ties:
                asks[neighbour] += household.asked_of(weight)
        ratios = {j: living.help_ratio(asks[j], j.rupiah * j.surplus, self.p) for j in self.households}
        for household in self.households:
            given = sum(household.asked_of(weight) * ratios[neighbour] for neighbour, weight in household.ties)
            household.R_in = given / household.rupiah
            household.R_out = ratios[household] * asks[household] / household.rupiah

    def pool_helps(self):
        """(7) The solidarity pool pays members a share of what neighbours left open, as far as last month's balance goes."""
        wants = {i: i.pool_want for i in self.households}
        wanted = sum(i.rupiah * wants[i] for i in self.households)
        if wanted > 0.0:
            covered = min(1.0, self.pool / wanted)
            for i in self.households:
                i.payout = wants[i] * covered

    def stage_9_saving_and_investment(self):
        """(8)"""
        for household in self.households:
            household.save_and_invest()

    # --- 13 measurement and the terms of next month -------------------------------------------------------------------

    def stage_13_measurement_and_terms_of_next_month(self, t):
        # phibar and mshare were measured at the end of stage 10, before the funnel moved
        self.set_terms_of_trade()
        if self.model.interactions:
            trader_earnings = sum(i.rupiah * i.earn for i in self.households if i.trader)
            self.lossrate = coop.trader_loss_rate(self.wedge, self.volume, trader_earnings, self.p)
        else:  # traders lose nothing, and there is no spill-over to other sellers
            self.lossrate = self.mshare = 0.0
        self.measure_injection(t)

    def set_terms_of_trade(self):
        """(11) What the open units can trade, and the wedge shared by premium, retail saving and margin."""
        p = self.p
        if self.status == TRADING:
            scale = coop.wedge_scale(self.wedge, self.q, p)
            self.rt = coop.unit_sum(self.units, "retail", p)
            self.qt = min(1.0, coop.unit_sum(self.units, "output", p))
            self.pi, self.kappa, self.mu = scale * p["pi"], scale * p["kappa"], scale * p["mu"]
        else:
            self.rt = self.qt = self.pi = self.kappa = self.mu = 0.0

    def measure_injection(self, t):
        """(18) Outside money of the month against its mean over the last year of burn-in."""
        injected = ("T", "assets_received", "loan", "lent", "B")
        self.inj = sum(self.total(flow) for flow in injected)
        if t == -11:
            self.inj_base = 0.0
        if -11 <= t <= 0:
            self.inj_base += self.inj / 12.0
        self.dem = 0.0
        if self.model.interactions and t >= 1:
            self.dem = coop.demand_effect(self.inj, self.inj_base, self.total("y"), self.p)
