"""The reference model: villages, clock and what comes from outside them (keyed draws, aid schedule, macro path)."""

import mesa

from .rules_earning import common_tangent
from .village import Village


class ReferenceModel(mesa.Model):
    """docs/reference/month.md in plain Mesa agents, one object a household.

    params: symbol -> value of the register, with `mean_ln_size`. variant: "trap" or "no_trap". draws: the keyed numbers,

        household_month(t, id) -> (e1 normal, e2 normal, illness uniform, asset shock uniform)
        member_month(t, id)    -> (loan, default, leave, join uniforms)
        household_year(t, id)  -> (x normal, turnover uniform, labour uniform, spare)
        successor(t, id)       -> (z normal, ability normal, spare, spare)
        village_month(t, vid)  -> (u normal, disaster, funnel, scandal uniforms)
        village_q(t, vid)      -> normal
        survey(t, id)          -> normal

    villages: list of {"id", "state", "households": {id: state}, "ties": {id: [(id, weight), ...]}}; the names of the states
    are listed in village.py and household_state.py. macro: month -> log macro income relative to trend, 0 where absent.
    interactions: without them nobody's outcome depends on another household's: no help, no pool, no local demand, no joining,
    leaving or new loans, no losses of traders, no spill-over, no refunds; founders are drawn alike, units open, a cooperative
    goes dormant and shares are paid back whoever trades.
    """

    def __init__(self, params, variant, draws, villages, interactions=True, macro=None):
        super().__init__(rng=0)  # Mesa's own generator is never read
        self.p = dict(params, variant=variant)
        if variant == "no_trap":
            self.p["maj_K1"], self.p["maj_K2"], self.p["maj_slope"] = common_tangent(self.p)
        self.draws = draws
        self.interactions = interactions
        self.macro = macro or {}
        self.programmes = []
        self.finance = []
        self.month = None
        self.villages = [
            Village(self, v["id"], v["state"], v["households"], v["ties"]) for v in sorted(villages, key=lambda v: v["id"])
        ]

    @property
    def households(self):
        """All households, village by village, in id order."""
        return [household for village in self.villages for household in village.households]

    def macro_of(self, t):
        """M_t, log macro income relative to trend."""
        return self.macro.get(t, 0.0)

    def set_year(self, schedule):
        """(16), (17), (19) The aid of a year, before its first month.

        schedule: {"programmes": [{"product": "cash" | "asset", "amounts": twelve Rp, or L if "in_lines"}],   place = bit
                   "enrolled": {household id: bits}, "works": {household id: 0 | 1},                     absent = 0
                   "works_v": {village id: Rp a month per household on the works list},                  absent = 0
                   "aid_share": {household id: share}, "skill", "skill_w": {household id: factor},       absent = as it was
                   "finance": [{"bit", "rate", "limit", "tenor", "iota", "first", "last", "deposit"}, ...]}   absent = none
        """
        self.programmes = schedule.get("programmes", [])
        self.finance = schedule.get("finance", [])
        for household in self.households:
            household.enrolled = schedule.get("enrolled", {}).get(household.id, 0)
            household.works = schedule.get("works", {}).get(household.id, 0)
            household.aid_share = schedule.get("aid_share", {}).get(household.id, household.aid_share)
            household.skill = schedule.get("skill", {}).get(household.id, household.skill)
            household.skill_w = schedule.get("skill_w", {}).get(household.id, household.skill_w)
        for village in self.villages:
            village.works_v = schedule.get("works_v", {}).get(village.id, 0.0)

    def start_arm(self):
        """After month 0 and before month 1: the cooperative's scenario takes its villages into the funnel."""
        for village in self.villages:
            village.start_arm()

    def step_month(self, t):
        """One month t of every village; Mesa's clock counts the months lived."""
        self.month = t
        self.run_for(1)

    def step(self):
        for village in self.villages:
            village.live_month(self.month)
