"""Samples in another order, or with a household or a village more."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from povsim.population.columns import LIFE
from povsim.population.sample import Sample

NEW_HOUSEHOLD = np.uint64(60_007)
NEW_VILLAGE = np.uint64(900_000)


def assemble(s: Sample, villages: Sequence[int], households: Sequence[NDArray[np.int64]]) -> Sample:
    """The villages named, each with the households named (numbers within the village), in that order, ties with them.

    A household may stand twice: the second one has the ties of the first, and nobody has it as a tie.
    """
    start = np.concatenate([[0], np.cumsum([len(within) for within in households])])
    rows = np.concatenate([s.start[v] + within for v, within in zip(villages, households, strict=True)])
    ties = np.empty((rows.size, s.ties.shape[1]), np.int32)
    for k, (v, within) in enumerate(zip(villages, households, strict=True)):
        place = np.zeros(s.start[v + 1] - s.start[v], np.int32)
        place[within[::-1]] = np.arange(len(within))[::-1]
        ties[start[k] : start[k + 1]] = place[s.ties[s.start[v] + within]]
    at = np.asarray(villages)
    return replace(
        s,
        start=start,
        ids=s.ids[rows],
        village_ids=s.village_ids[at],
        village=np.repeat(np.arange(at.size, dtype=np.int32), np.diff(start)),
        ties=ties,
        tie_weight=s.tie_weight[rows],
        life=s.life[:, rows],
        home=s.home[:, :, rows],
        place=s.place[:, at],
        cell=s.cell[at],
        stratum=s.stratum[at],
    )


def everyone(s: Sample) -> list[NDArray[np.int64]]:
    """Households of every village as they stand."""
    return [np.arange(n) for n in np.diff(s.start)]


def villages_in_order(s: Sample, order: Sequence[int]) -> Sample:
    """The same villages in another order."""
    all_of = everyone(s)
    return assemble(s, order, [all_of[v] for v in order])


def households_in_order(s: Sample, step: int) -> Sample:
    """Every step-th household of each village first; `step` and the size of the villages have no common divisor."""
    return assemble(s, range(s.village_ids.size), [within * step % within.size for within in everyone(s)])


def with_a_household(s: Sample, v: int, like: int, weight: float = 1.0) -> Sample:
    """Village v with one household more at its end: a copy of household `like` under its own id, `weight` times as heavy."""
    households = everyone(s)
    households[v] = np.append(households[v], like)
    grown = assemble(s, range(s.village_ids.size), households)
    new = grown.start[v + 1] - 1
    grown.ids[new] = (s.village_ids[v] << np.uint64(16)) | NEW_HOUSEHOLD
    grown.life[LIFE.h, new] *= weight
    return grown


def with_a_village(s: Sample, like: int) -> Sample:
    """One village more at the end, a copy of village `like` under ids of its own."""
    order = [*range(s.village_ids.size), like]
    grown = villages_in_order(s, order)
    grown.village_ids[-1] += NEW_VILLAGE
    lo = grown.start[-2]
    grown.ids[lo:] = (grown.village_ids[-1] << np.uint64(16)) | (grown.ids[lo:] & np.uint64(0xFFFF))
    return grown


def rows_of(s: Sample, of: Sample) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows in `s` of the households and of the villages of `of`, found by id."""
    household = {int(i): row for row, i in enumerate(s.ids)}
    village = {int(i): row for row, i in enumerate(s.village_ids)}
    return np.array([household[int(i)] for i in of.ids]), np.array([village[int(i)] for i in of.village_ids])
