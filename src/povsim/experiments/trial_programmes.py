"""Components of a trial as programmes of the model, and the country in which treated and control live side by side."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from povsim.config.trial import OF_A_VILLAGE, Component
from povsim.model.country import Country
from povsim.model.finance import Terms
from povsim.model.programmes import Programme, Registry
from povsim.population.columns import COOP, HOME, LIFE

Floats = NDArray[np.float64]
WITHOUT_END = 10**6
PREFIX = "trial_"
"""Before the name of a component where it runs as a programme, so that it cannot be one of povsim's."""
AS = {"food": "food", "cash": "cash", "asset": "asset", "training": "training", "coaching": "training"}
"""Product of the model that a product of a trial is."""


class TrialProgramme(Programme):
    """A component, given to those whom the lot offers it, `offered` [H], and who take it up."""

    def __init__(self, model: Country, component: Component, offered: NDArray[np.bool_]) -> None:
        c = self.component = component
        self.product = AS.get(c.product, c.product)
        self.in_lines = c.amount_L is not None
        once = c.product in ("cash", "food", "asset") and c.calendar == "once"
        last = WITHOUT_END if c.months is None else c.month + c.months - 1
        if c.product == "credit":
            self.terms = Terms(c.rate or 0.0, c.limit_L or 0.0, float(c.tenor), c.iota, c.month, last)
        elif c.product == "savings_group":
            self.terms = Terms(first=c.month, last=last, deposit=c.deposit_L or 0.0)
        super().__init__(model, PREFIX + c.name, delivered=c.delivered_share, start=c.month, months=None if once else c.months)
        self._takes = offered & (self.chance(model.sample.ids) < c.take_up)

    def enrol(self, registry: Registry) -> NDArray[np.bool_]:
        """The lot decides, once for all."""
        return self._takes

    def holds(self, month: int) -> bool:
        """Who learns, owes or saves is enrolled from the beginning on, though nothing is handed out."""
        return self.product in ("training", "credit", "savings_group") and month + 11 >= self.component.month

    def gross(self, month: int) -> Floats:
        c = self.component
        paid, t = np.zeros(12), month + np.arange(12)
        amount = (c.amount_idr if c.amount_L is None else c.amount_L) or 0.0
        if c.product not in ("cash", "food", "asset"):
            return paid
        if c.calendar == "once":
            return np.where(t == c.month, amount, 0.0)
        if c.calendar == "quarterly":
            return np.where((t >= c.month) & ((t - c.month) % 3 == 0), 3 * amount, 0.0)
        return paid + amount

    def teach(self, home: Floats, who: NDArray[np.bool_], month: int) -> None:
        """Training raises earnings when it begins; of the gain of coaching a share is left when it ends.

        Whoever took a household over after the beginning was not taught.
        """
        c = self.component
        gains = {HOME.skill: c.on_ability, HOME.skill_w: 1.0 - c.on_ability}
        model: Country = self.model
        ends = c.product == "coaching" and c.months is not None and month == c.month + c.months
        for column, part in gains.items():
            gain = part * (c.gain or 0.0)
            if month == c.month:
                home[column] = np.where(who, home[column] * (1.0 + gain), home[column])
            elif ends:
                there = who & (model.state.life[LIFE.formed] <= c.month)
                home[column] = np.where(there, home[column] * (1.0 + c.lasting * gain) / (1.0 + gain), home[column])


class TrialCountry(Country):
    """A country in whose first arm the villages of `grants` get money for their own works.

    grants: (component, villages [V] that get it). A grant pays wages of public works to the households that the village
    lists, in equal parts over the months of the year (equation 19).
    """

    grants: tuple[tuple[Component, NDArray[np.bool_]], ...] = ()

    def _schedule(self, month: int) -> None:
        super()._schedule(month)
        works, listed = self.state.coop[0, COOP.works], self._listed[0]
        for c, here in self.grants:
            runs = c.month <= month and (c.months is None or month < c.month + c.months)
            if runs:
                monthly = (c.amount_idr or 0.0) / 12
                works += np.where(here & (listed > 0), monthly / np.maximum(listed, 1e-9), 0.0)


def programmes_of(
    components: Sequence[Component], offered: Mapping[str, NDArray[np.bool_]]
) -> list[Callable[[Country], Programme]]:
    """What `Country(programmes=...)` takes, a component of households each."""
    of_households = [c for c in components if c.product not in OF_A_VILLAGE]
    return [partial(TrialProgramme, component=c, offered=offered[c.name]) for c in of_households]
