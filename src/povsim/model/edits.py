"""Edits: single keyed draws set to another value, everything else equal.

Every random number is a function of what it is for (contract C1), so an event of a household's life is a draw, and the life
without the event is the life in which this one draw has a harmless value. `povsim explain` asks it of every event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from povsim.draws import Stream, uniform
from povsim.errors import PovsimError
from povsim.model.blocks import block_of, compiled, lane_of
from povsim.population.sample import Sample

Floats = NDArray[np.float64]

OF_HOUSEHOLDS = (
    Stream.HOUSEHOLD_MONTH, Stream.SURVEY, Stream.MEMBER_MONTH, Stream.HOUSEHOLD_YEAR, Stream.SUCCESSOR, Stream.REGISTRY_YEAR,
)  # fmt: skip
OF_VILLAGES = (Stream.VILLAGE_MONTH, Stream.VILLAGE_MONTH_2)
"""Streams of which a month's draw can be edited; traits that are drawn once are no events."""
THE_VILLAGE = -1
STREAM, MONTH, WHO, WORD, BITS = range(5)
"""Columns of the table of edits; WHO is the number of the household within its village, or THE_VILLAGE."""


NO_EDITS = np.zeros((0, 5), np.int64)


@dataclass(frozen=True)
class Edit:
    """One draw: word 0 to 3 of (stream, month, entity), and the uniform between 0 and 1 that takes its place.

    entity: id of a household or village, as in the key of the draw.
    """

    stream: Stream
    month: int
    entity: int
    word: int
    value: float


@dataclass(frozen=True)
class Edits:
    """The edits of a sample by village: rows start[v] to start[v + 1] of `rows` int64 [n, 5] are those of village row v."""

    start: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def none(cls, sample: Sample) -> "Edits":
        """No edit."""
        return cls(np.zeros(sample.start.size, np.int64), NO_EDITS)

    @classmethod
    def of(cls, sample: Sample, by_village: Mapping[int, Sequence[Edit]]) -> "Edits":
        """Edits of the villages in the rows given. Raises PovsimError for one that no month reads."""
        rows: list[tuple[int, ...]] = []
        count = np.zeros(sample.village_ids.size, np.int64)
        for v in sorted(by_village):
            rows += [_row(sample, v, edit) for edit in by_village[v]]
            count[v] = len(by_village[v])
        return cls(np.concatenate([[0], np.cumsum(count)]), np.array(rows, np.int64).reshape(-1, 5))

    def put(self, u: Floats, first: NDArray[np.int64], stream: Stream, month: int) -> Floats:
        """Uniforms [H, 4] of a stream and month of every household, edited in place; `first` [V] row of a village's first."""
        for v in np.nonzero(np.diff(self.start))[0]:
            for row in self.rows[self.start[v] : self.start[v + 1]]:
                if row[STREAM] == stream and row[MONTH] == month and row[WHO] != THE_VILLAGE:
                    u[first[v] + row[WHO], row[WORD]] = (row[BITS] + 0.5) / 2**32
        return u


def _row(sample: Sample, v: int, edit: Edit) -> tuple[int, ...]:
    fail_if_no_draw(edit)
    if edit.stream in OF_VILLAGES:
        who = THE_VILLAGE if int(sample.village_ids[v]) == edit.entity else None
    else:
        found = np.nonzero(sample.ids[sample.start[v] : sample.start[v + 1]] == np.uint64(edit.entity))[0]
        who = int(found[0]) if found.size else None
    if who is None:
        raise PovsimError(f"Draws of entity {edit.entity} are to be edited in village {sample.village_ids[v]}, which lacks it.")
    return int(edit.stream), edit.month, who, edit.word, min(2**32 - 1, int(edit.value * 2**32))


def fail_if_no_draw(edit: Edit) -> None:
    """No month reads this draw, or the value is no uniform."""
    known = (*OF_HOUSEHOLDS, *OF_VILLAGES)
    if edit.stream not in known or edit.word not in range(4) or not 0.0 < edit.value < 1.0:
        raise PovsimError(
            f"{edit} cannot be made. Accepted: streams {', '.join(s.name for s in known)}; words 0 to 3; "
            "values between 0 and 1."
        )


@compiled
def put_words(words, b, edits, stream, month):
    """Edited words of a village's households into those of its block b."""
    for j in range(edits.shape[0]):
        if edits[j, STREAM] == stream and edits[j, MONTH] == month and edits[j, WHO] >= 0 and block_of(edits[j, WHO]) == b:
            words[edits[j, WORD], lane_of(edits[j, WHO])] = np.uint32(edits[j, BITS])


@compiled
def edited(u, edits, stream, month, who, word):
    """The uniform `u` of one draw, or what an edit puts in its place."""
    for j in range(edits.shape[0]):
        same = edits[j, STREAM] == stream and edits[j, MONTH] == month and edits[j, WHO] == who and edits[j, WORD] == word
        if same:
            u = uniform(np.uint32(edits[j, BITS]))
    return u
