"""What a month of the reference model met: branches of the rules that a comparison has to pass through to mean anything."""

from collections import Counter

from reference.country import ReferenceModel
from reference.household import Household
from reference.village import Village


def names(text: str) -> tuple[str, ...]:
    """Names that stand in a text, one after the other."""
    return tuple(text.split())


FLOWS = names("""
    fee dues loan service repay R_in R_out payout B V invested SHU sales purchases premium trader_loss T assets_received
    leaver_refund seized default_loss turnover_loss arrears
""")
ACCOUNTS = names("unit capital leak borrowed repaid shu returned_shares")
NEAR = 1e-12


class Watch:
    """Looks at a model before a month and says afterwards what happened in it."""

    def __init__(self, model: ReferenceModel) -> None:
        self.model = model
        self.households = {i.id: (i.l, i.ill, i.ybar, i.Dm, i.Pm, i.barred) for i in model.households}
        self.villages = {v.id: (v.status, v.units) for v in model.villages}

    def events(self) -> Counter:
        met: Counter = Counter()
        for i in self.model.households:
            met.update(flow for flow in FLOWS if getattr(i, flow))
            met.update(name for name, happened in self.of_household(i).items() if happened)
        for v in self.model.villages:
            met[f"status {self.villages[v.id][0]} -> {v.status}"] += 1
            met.update(name for name in ACCOUNTS if v.accounts.get(name))
            met.update(name for name, happened in self.of_village(v).items() if happened)
        return met

    def of_household(self, i: Household) -> dict[str, bool]:
        p = i.p
        l, ill, ybar, Dm, Pm, barred = self.households[i.id]
        owes_dues = i.member0 and i.member and 1 <= i.village.status <= 4
        room = i.ybar - (i.Dm - i.B) - i.Dc
        return {
            "turnover": i.estate_K > 0,
            "labour falls": not i.estate_K and i.l < l,
            "falls ill": i.ill > ill,
            "left": bool(i.member0 and not i.member and i.leaver_refund > 0),
            "default": i.barred > barred,
            "default with a gain": i.default_loss < 0,
            "half a loan": 0 < i.loan < 0.9 * min(p["Lmax"], 2 * ybar),
            "interest of the moneylender stops": Pm > 0 and Dm * (1 + p["r_m"] / 12) > 2 * Pm and not i.estate_K,
            "moneylender lends a month's most": abs(i.B - p["mlim"] * p["c_floor"]) < NEAR,
            "moneylender lends the rest of one ybar": i.B > 0 and abs(i.B - room) < NEAR,
            "moneylender lends no more": i.V > 0 and i.B == 0 and i.Dm + i.Dc >= i.ybar,
            "sale at its limit": i.V > 0 and i.spend < i.c_plan - NEAR,
            "hurdle missed": i.spend > i.c_plan + NEAR,
            "below the floor": i.c_last < p["c_floor"] - NEAR,
            "less than the dues": bool(owes_dues and i.dues < p["dues"] / i.line),
            "shares back after dissolution": i.refund > i.leaver_refund,
            "bought with aid alone": i.bound > 0 and not i.member and i.purchases == i.bound,
            "tapered": i.T > 0 and i.aid_share < 1,
            "learned": i.skill > 1 and i.earn > 0,
            "fee not felt": i.fee > 0 and i.felt_fee == 0,
            "pays no dues": bool(owes_dues and i.unwaived == 0),
            "joins for nothing": bool(i.member and not i.member0 and i.fee == 0),
            "passive member": bool(i.member and i.passive),
            "works": bool(i.works and i.village.works_v),
            "no labour": i.l == 0,
        }

    def of_village(self, v: Village) -> dict[str, bool]:
        p = v.p
        has_pool = self.model.interactions and 1 <= self.villages[v.id][0] <= 4
        wants = sum(i.rupiah * i.pool_want for i in v.households) if has_pool else 0.0
        return {
            "disaster": v.disaster,
            "instalment": 0 < v.lent_left < p["capital"],
            "lent": bool(v.lent and v.entered_trading and v.Dx > 0),
            "costs unpaid": v.accounts.get("opex", 0.0) < v.accounts.get("costs", 0.0),
            "equity term at its limit": self.villages[v.id][0] == 4 and v.Eq < -0.9 * v.Eq0,
            "wedge binds": v.pi > 0 and v.pi < p["pi"] - NEAR,
            "traders lose the most": v.lossrate == p["loss_cap"],
            "pool is short": 0 < v.pool + 1 < wants,
            "demand": v.dem != 0,
            "demand at its limit": abs(v.dem) == 0.5,
            "credit unit": v.status == 4 and v.units > 1,
            "produce unit": v.qt > 0,
            "all units": v.units == 7,
            "management at its limit": v.q in (0.02, 0.98),
        }
