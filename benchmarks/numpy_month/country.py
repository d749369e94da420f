"""A country whose months NumPy lives: every household of every village at once, one arm after the other.

The rules of docs/reference/month.md, on the state, the yearly decisions and the keyed draws of `povsim.model.country`; only the
loop that is compiled there is written here as array operations. With interactions on, without edits and without an audit.
"""

from types import SimpleNamespace

import numpy as np

from numpy_month import cooperative, household, measurement, members
from numpy_month.life import month_of_life, year_of_life
from numpy_month.villages import Villages
from povsim.model.country import Country
from povsim.population.columns import COOP_COLUMNS, HOME_COLUMNS, LIFE_COLUMNS, PLACE_COLUMNS


def named(table, columns):
    """Rows of a table by name."""
    return SimpleNamespace(**dict(zip(columns, table, strict=True)))


def keep(table, rows, columns):
    """Rows by name back into their table."""
    for row, name in enumerate(columns):
        table[row] = getattr(rows, name)


class NumpyCountry(Country):
    """A `Country` that lives its months without compiled code of its own."""

    def _live(self, month, months):
        state, villages = self.state, Villages(self.sample)
        rates = [named(record.item(), record.dtype.names) for record in self.rates]
        life, place = named(state.life, LIFE_COLUMNS), named(state.place, PLACE_COLUMNS)
        homes = [named(table, HOME_COLUMNS) for table in state.home]
        coops = [named(table, COOP_COLUMNS) for table in state.coop]
        for t in range(month, month + months):
            growth = np.exp(rates[0].g_w * max(0, t) / 12)
            losses = [np.zeros(villages.count) for _ in rates]
            if (t - 1) % 12 == 0:
                losses = year_of_life(self, villages, life, homes, rates, t, growth)
            drawn = month_of_life(self, villages, life, place, coops, rates[0], t, growth)
            for a, (p, home, coop) in enumerate(zip(rates, homes, coops, strict=True)):
                flow = villages.no_flows(life)
                flow.losses = losses[a]
                self._live_arm(a, t, villages, p, life, home, place, coop, drawn, flow)
                measurement.record(self, a, t, villages, p, life, home, coop, drawn, flow, growth)
        keep(state.life, life, LIFE_COLUMNS)
        keep(state.place, place, PLACE_COLUMNS)
        for a, (home, coop) in enumerate(zip(homes, coops, strict=True)):
            keep(state.home[a], home, HOME_COLUMNS)
            keep(state.coop[a], coop, COOP_COLUMNS)
        self.record.mark_successions(life.formed, month)

    def _live_arm(self, a, t, villages, p, life, home, place, coop, drawn, flow):
        month_of_year = (t - 1) % 12
        some = (coop.status > 0).any()
        household.income(villages, p, life, home, coop, drawn, flow)
        household.aid(villages, life, home, coop, self._amounts[a, :, month_of_year], self._is_asset, flow)
        if some:
            if month_of_year == 0:
                members.patronage_refund(villages, life, home, coop, flow)
            members.membership(villages, p, life, home, place, coop, drawn, flow, month_of_year)
            members.sales(villages, p, life, home, coop, drawn, flow, getattr(home, f"c{(t - 1) % 12}"))
            members.loans(villages, p, home, coop, drawn, flow)
            members.repayment(villages, p, home, coop, drawn, flow)
        household.moneylender(p, home, flow)
        household.plan(p, home, flow)
        household.neighbours_help(villages, p, flow)
        if some:
            members.solidarity_pool(villages, p, home, coop, flow)
        household.spending_and_coping(villages, p, home, flow)
        household.saving_and_investment(villages, p, life, home, coop, flow)
        if some:
            cooperative.accounts(villages, p, self.units[a], home, coop, flow, month_of_year == 11)
            cooperative.members_and_loans(villages, life, home, coop, flow)
        if some or (coop.covered != 0).any():
            cooperative.governance_and_funnel(villages, p, home, place, coop, drawn, flow)
        cooperative.terms_of_next_month(p, self.units[a], place, coop, flow, t)
        measurement.consumption_of_the_year(home, flow.c, t)
