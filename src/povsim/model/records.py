"""What a run leaves behind for the measures: reduced, one entry a month."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.model.measurement import POVERTY

Floats = NDArray[np.float64]
BY_MONTH = ("marks", "poverty", "status", "members", "volume", "works_lost", "debt")
BY_YEAR = ("aided", "mentored")
FOLLOWED = 60
"""Last months of a run in which it is kept who is below the line: the longest time that an exit is followed."""


@dataclass
class Record:
    """Months t_from .. t_from + months - 1 of every arm.

    marks uint8 [arm, month, tracked] (bits of `povsim.measures.exits`); tracked int64 [n] rows of the sample; until int16 [n]
    last month in which the tracked household lives (the last month of all unless a successor takes over its row); poverty
    [arm, month, V, 4] person sums of the real village; status uint8, members, volume [arm, month, V]; outlay Rp of the
    nation [arm, month] by (purse, item), before discounting; enrolled families of the nation by programme, [arm, year]; debt Rp
    [arm, month, V] of the cooperative; below int16 [arm, H] last month with m12 < 1 of the last FOLLOWED (0: none of them);
    aided [arm, year + 1, tracked] whether today's aid is received, first the year before the record; mentored: intensity of
    mentoring [arm, year, V].
    """

    t_from: int
    marks: NDArray[np.uint8]
    tracked: NDArray[np.int64]
    until: NDArray[np.int16]
    poverty: Floats
    status: NDArray[np.uint8]
    members: Floats
    volume: Floats
    outlay: dict[tuple[str, str], Floats] = field(default_factory=dict)
    families: dict[str, Floats] = field(default_factory=dict)
    works_lost: Floats = field(default_factory=lambda: np.zeros(0))
    debt: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))
    below: NDArray[np.int16] = field(default_factory=lambda: np.zeros((0, 0), np.int16))
    aided: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0, 0), np.bool_))
    mentored: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))

    @classmethod
    def empty(cls, arms: int, t_from: int, months: int, villages: int, households: int, tracked: NDArray[np.int64]) -> "Record":
        return cls(
            t_from,
            np.zeros((arms, months, tracked.size), np.uint8),
            tracked,
            np.full(tracked.size, t_from + months - 1, np.int16),
            np.zeros((arms, months, villages, len(POVERTY))),
            np.zeros((arms, months, villages), np.uint8),
            np.zeros((arms, months, villages)),
            np.zeros((arms, months, villages)),
            {},
            {},
            np.zeros((arms, months)),
            np.zeros((arms, months, villages)),
            np.zeros((arms, households), np.int16),
            np.zeros((arms, -(-months // 12) + 1, tracked.size), np.bool_),
            np.zeros((arms, -(-months // 12), villages)),
        )

    def mark_successions(self, formed: Floats, month: int) -> None:
        """Close the months of tracked households whose row was taken over in `month` or later; `formed` [H] of LIFE."""
        taken_over = formed[self.tracked]
        self.until = np.where(taken_over >= month, np.minimum(self.until, taken_over - 1), self.until).astype(np.int16)

    def pay(self, purse: str, item: str, arm: int, month_rows: slice | int | NDArray[np.int64], amount: float | Floats) -> None:
        """Book an outlay of the nation, Rp, in the months given."""
        table = self.outlay.setdefault((purse, item), np.zeros(self.works_lost.shape))
        table[arm, month_rows] += amount

    def of_length(self, months: int) -> "Record":
        """A copy that holds `months` months: the first ones, or all of them and room for more, still to be lived."""
        years, had = -(-months // 12), self.marks.shape[1]
        tables: dict[str, Any] = {name: _resized(getattr(self, name), months) for name in BY_MONTH}
        tables |= {name: _resized(getattr(self, name), years + (name == "aided")) for name in BY_YEAR}  # and the year before
        last = self.t_from + min(months, had) - 1
        return replace(
            self,
            **tables,
            until=np.where(self.until >= last, self.t_from + months - 1, self.until).astype(np.int16),
            outlay={booked: _resized(table, months) for booked, table in self.outlay.items()},
            families={name: _resized(table, years) for name, table in self.families.items()},
            below=self.below.copy(),
        )

    def of_arms(self, rows: NDArray[np.int64]) -> "Record":
        """A copy with the arms of `rows`, in that order."""
        tables: dict[str, Any] = {name: getattr(self, name)[rows] for name in (*BY_MONTH, *BY_YEAR, "below")}
        return replace(
            self,
            **tables,
            outlay={booked: table[rows] for booked, table in self.outlay.items()},
            families={name: table[rows] for name, table in self.families.items()},
        )


def _resized[Kind: np.generic](table: NDArray[Kind], length: int) -> NDArray[Kind]:
    """A copy with `length` entries along the second axis; new ones are 0."""
    out = np.zeros((table.shape[0], length, *table.shape[2:]), table.dtype)
    kept = min(length, table.shape[1])
    out[:, :kept] = table[:, :kept]
    return out
