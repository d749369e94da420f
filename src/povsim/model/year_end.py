"""A country at the end of a year: all that it needs to live on as if it had never stopped.

What institutions decide is a pure function of what they see, so a year's end holds the state, the record so far and the few
things that are remembered outside of them: the aid of the past year (who graduates is counted from it), what the offices of
rollouts decided, and what they saw when the arms parted. A programme, government, village or office of a user's own that
remembers more than that in itself cannot be stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from povsim.errors import PovsimError
from povsim.model.records import Record
from povsim.model.rollout import YearOfRollout
from povsim.model.state import State

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RolloutSoFar:
    """What the office of one arm decided, year by year, and the registry's shares of low deciles that it saw first [V]."""

    years: list[YearOfRollout]
    low10: Floats
    low20: Floats


@dataclass(frozen=True)
class YearEnd:
    """Several arms at the end of month state.t.

    arms: names, in the order of the tables; programmes: names, in the order of their bits; record: months first_month to
    state.t; amounts Rp delivered in each month of the past year [arm, programme, 12]; start uint8 [arm, V] status of the
    cooperatives when the arms parted; rollouts by name of the arm.
    """

    arms: tuple[str, ...]
    programmes: tuple[str, ...]
    state: State
    record: Record
    amounts: Floats
    start: NDArray[np.uint8]
    rollouts: dict[str, RolloutSoFar]

    @property
    def month(self) -> int:
        """The last month lived."""
        return self.state.t

    def of(self, arms: Sequence[str]) -> YearEnd:
        """Some of the arms, in the order given; arrays are shared. Raises PovsimError for one that is not there."""
        for name in arms:
            if name not in self.arms:
                raise PovsimError(
                    f"There is no arm '{name}' at the end of month {self.month}. There are: {', '.join(self.arms)}."
                )
        rows = np.array([self.arms.index(name) for name in arms], np.int64)
        s = self.state
        return YearEnd(
            tuple(arms),
            self.programmes,
            State(s.t, s.life, s.home[rows], s.place, s.coop[rows]),
            self.record.of_arms(rows),
            self.amounts[rows],
            self.start[rows],
            {name: self.rollouts[name] for name in arms if name in self.rollouts},
        )


def fail_if_it_does_not_fit(end: YearEnd, arms: Sequence[str], programmes: Sequence[str], months: int) -> None:
    """Another set of arms, another order of programmes (each has its bit), or an end before the months that were lived."""
    for what, given, there in (("arms", tuple(arms), end.arms), ("programmes", tuple(programmes), end.programmes)):
        if given != there:
            raise PovsimError(
                f"A run that goes on after month {end.month} has the {what} {', '.join(given)}; at that year's end there were "
                f"{', '.join(there)}. Give the same, in that order."
            )
    last = end.record.t_from + months - 1
    if last < end.month:
        raise PovsimError(f"A run to month {last} cannot go on after month {end.month}. Give more months.")
