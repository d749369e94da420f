"""A replicate lived again: in other arms, from another first state, or watched while it runs. Nothing stored is changed."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.replicate import Replicate
from povsim.measures.exits import Months, first_exits
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.nation import nation

Watch = Callable[["WatchedCountry", int, int], None]
"""Called with the country, the first month and the number of months before villages live them: decisions are made."""


class WatchedCountry(Country):
    """A country that shows itself every year, after the national decisions and before the villages live."""

    watch: Watch | None = None

    @property
    def amounts(self) -> NDArray[np.float64]:
        """Rp delivered in each month of the year [arm, programme, 12]."""
        return self._amounts

    @property
    def is_asset(self) -> NDArray[np.float64]:
        """1 for a programme that hands out assets [programme]."""
        return self._is_asset

    @property
    def in_lines(self) -> NDArray[np.float64]:
        """1 for each programme whose amounts are in L."""
        return self._in_lines

    @property
    def finance(self) -> NDArray[np.float64]:
        """Terms of microcredit and savings groups, `povsim.model.finance.FIN`."""
        return self._finance

    def _live(self, month: int, months: int) -> None:
        if self.watch is not None:
            self.watch(self, month, months)
        super()._live(month, months)


def lived_again(
    replicate: Replicate,
    scenario: Scenario,
    variant: str,
    arms: Sequence[Arm],
    *,
    change: Callable[[State], None] | None = None,
    watch: Watch | None = None,
    pool: Executor | None = None,
    threads: int = 1,
) -> WatchedCountry:
    """The arms lived from the branch of the replicate over its own draws.

    `change` may alter the branched state (`home` [arm, column, H]) before the first month.
    """
    state = replicate.state.branch(len(arms))
    if change is not None:
        change(state)
    country = WatchedCountry(
        replicate.sample, state, arms, variant, DrawKey(scenario.seed, replicate.number),
        months=scenario.horizon_months, nation=nation(), tracked=replicate.tracked, macro=scenario.economy.macro,
        interactions=scenario.interactions, b=scenario.exit.b, specs=scenario.programmes, pool=pool, threads=threads,
    )  # fmt: skip
    country.watch = watch
    country.run()
    return country


def permanent_exits(country: Country, W: int) -> Months:
    """First month of E4 of each tracked household, 0 for none: int16 [arm, n]."""
    return first_exits(country.record.marks, W, country.months, country.record.until)["E4"]


def fail_if_lived_otherwise(replicate: Replicate, arm: str, tau: Months) -> None:
    """An arm lived again must leave the exits that it left the first time."""
    if (replicate.exits[arm] != tau).any():
        raise PovsimError(
            f"Replicate {replicate.number}, arm '{arm}': lived again, it did not leave the same exits. This is an error of "
            "povsim, not of the scenario: please report it with the scenario.yaml of the run."
        )
