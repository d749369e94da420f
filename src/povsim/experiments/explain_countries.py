"""Countries whose decisions are kept, put in place again, or undone.

What a country decides at the begin of a year is enrolment, works, and who gets a cooperative, a mentor or capital. A copy of a
village that lives alone under the decisions of its country lives as it did there, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import COOP, HOME, WORKS_BIT
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
PROGRAMMES = (1 << WORKS_BIT) - 1


@dataclass(frozen=True)
class Undone:
    """A decision about a household or its village undone in one arm, from month `since` on.

    what: `aid` (enrolments of the household become those of `instead`, by year), `works` (works wage of the village and the
    household's place on the list likewise), `mentor`, `capital` (of the village), `cooperative` (none in the village).
    instead: by first month of a year, what is put in place: bits, or (Rp, bit).
    """

    what: str
    since: int
    instead: Mapping[int, tuple[float, ...]] = field(default_factory=dict)


@dataclass
class Decision:
    """What a year's decisions changed, by column [arm, household or village], and the amounts paid [arm, programme, 12]."""

    home: dict[int, Floats]
    coop: dict[int, Floats]
    amounts: Floats


class Recorded(Country):
    """A country that keeps what it decides."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.decisions: dict[int, Decision] = {}

    def decide(self, month: int) -> None:
        before_home, before_coop = self.state.home.copy(), self.state.coop.copy()
        super().decide(month)
        self.decisions[month] = Decision(
            _changed(before_home, self.state.home), _changed(before_coop, self.state.coop), self._amounts.copy()
        )


class Responding(Country):
    """A country that decides for itself, and in which some decisions are then undone."""

    def __init__(self, *args: Any, undo: Sequence[tuple[int, int, Undone]], **options: Any) -> None:
        """`undo`: (row of the arm, row of the household, what is undone)."""
        super().__init__(*args, **options)
        self.undo = tuple(undo)

    def decide(self, month: int) -> None:
        super().decide(month)
        for arm, row, undone in self.undo:
            undo(self.state, self.sample, arm, row, undone, month)


class Held(Country):
    """Copies of one village under decisions that were made before, each with removals of its own."""

    def __init__(
        self,
        *args: Any,
        decisions: Mapping[int, Decision],
        rows: NDArray[np.int64],
        village: int,
        of_arm: Sequence[int],
        aid_of: Sequence[int],
        undo: Sequence[tuple[int, int, Undone]] = (),
        **options: Any,
    ) -> None:
        """rows, village: of the village in the country; of_arm, aid_of: whose decisions about the village, and about aid to
        households, each arm gets."""
        super().__init__(*args, **options)
        self._given, self._rows, self._village = decisions, rows, village
        self._of_arm, self._aid_of, self.undo = list(of_arm), list(aid_of), tuple(undo)

    def amounts(self, arm: int) -> Floats:
        """Rp delivered in each month of the year [programme, 12]."""
        return self._amounts[arm]

    def hands_out_assets(self, programme: int) -> bool:
        """Whether a programme hands out assets, not cash or food."""
        return bool(self._is_asset[programme])

    def decide(self, month: int) -> None:
        given, copies = self._given[month], self.sample.village_ids.size
        for column, values in given.home.items():
            self.state.home[:, column] = np.tile(values[self._aid_of][:, self._rows], copies)
        for column, values in given.coop.items():
            self.state.coop[:, column] = values[self._of_arm, self._village][:, None]
        self._amounts[:] = given.amounts[self._aid_of]
        for arm, row, undone in self.undo:
            undo(self.state, self.sample, arm, row, undone, month)


def undo(state: State, sample: Sample, arm: int, row: int, undone: Undone, month: int) -> None:
    """Undo a decision in the tables, after the decisions of the year that begins with `month`."""
    if month < undone.since:
        return
    home, coop, v = state.home[arm], state.coop[arm], sample.village[row]
    bits = int(home[HOME.enrolled, row])
    if undone.what == "aid":
        home[HOME.enrolled, row] = (bits & ~PROGRAMMES) | int(undone.instead[month][0])
    elif undone.what == "works":
        coop[COOP.works, v], listed = undone.instead[month]
        home[HOME.enrolled, row] = (bits & PROGRAMMES) | int(listed)
    elif undone.what in ("mentor", "capital"):
        coop[getattr(COOP, undone.what), v] = undone.instead[month][0]
    elif undone.what == "cooperative":
        coop[COOP.covered, v] = 0.0
        if month > 1:
            return
        there = slice(sample.start[v], sample.start[v + 1])
        home[HOME.member, there] = 0.0
        home[HOME.cap, there] = 0.0
        for column in ("status", "funded", "cash", "Dx", "lent", "Eq", "mshare"):
            coop[getattr(COOP, column), v] = 0.0


def _changed(before: Floats, after: Floats) -> dict[int, Floats]:
    """Columns of a table [arm, column, entity] that changed."""
    moved = np.nonzero((before != after).any(axis=(0, 2)))[0]
    return {int(column): after[:, column].copy() for column in moved}
