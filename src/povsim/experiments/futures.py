"""Rung E5: how likely a permanent exit is to last, from keyed branched futures of whole villages (model page, section 6).

Of each arm and replicate a keyed sample of E4 exits is taken. The arms are lived once more, and the village of a sampled exit
is kept at the start of the year in which tau + W lies, after that year's national decisions. The village is lived with its
own draws to the end of month tau + W, as it was the first time, and from there `futures` times through 24 months of draws of
other keys. National decisions (enrolment, amounts, works, mentoring, capital) stay those of the year of the branch.

Keys: the replicate word of a future is FUTURE_WORD + replicate, which no replicate has (at most 10,000), and future j adds
j << 48 to the ids of village and households, which lie below 2**47. So a future is the same in every arm: they are paired.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.draws import DrawKey, Stream, uniforms
from povsim.experiments import archive
from povsim.experiments.replicate import Replicate
from povsim.experiments.rerun import WatchedCountry, fail_if_lived_otherwise, lived_again, permanent_exits
from povsim.measures.exits import M12_LINE
from povsim.model.arm import Arm
from povsim.model.edits import NO_EDITS
from povsim.model.measurement import POVERTY
from povsim.model.month import live
from povsim.population.columns import LIFE

Floats = NDArray[np.float64]
FOLLOWED = 24
"""Months after tau + W in which no relapse may be seen."""
EXITS_SAMPLED = {"structural": 18, "others": 6}
"""Exits sampled of each arm and replicate: structurally poor, and the other baseline poor."""
FUTURE_WORD = 2**31
FUTURE_BIT = 48
AT_ONCE = 100
"""Villages that live at once: they fit in the caches together with their tables."""


@archive.stored
@dataclass
class ArmFutures:
    """What the futures of one arm's exits in one replicate say.

    household [m] rows of the tracked, month [m] of the branch (tau + W), structural [m], weight [m] in the mean of the
    stratum (how often the household was drawn; its own weight where all were taken), stays [m] share of futures without
    relapse, ended [m] share in which the household ended within the 24 months.
    """

    household: NDArray[np.int64]
    month: NDArray[np.int64]
    structural: NDArray[np.bool_]
    weight: Floats
    stays: Floats
    ended: Floats

    def probability(self, replicate: Replicate, arm: str, group: str) -> float | None:
        """Mean probability of no relapse over the group's E4 exits, weighted; None where it has none.

        Exits of a stratum are drawn in proportion to their weight, so that their plain mean stands for the stratum.
        """
        total, mean = 0.0, 0.0
        for of_structural in (True,) if group == "structural" else (True, False):
            here = self.structural == of_structural
            if not here.any():
                continue
            exits = (replicate.exits[arm] > 0) & (replicate.structural == of_structural)
            exits_weight = float(replicate.weight[exits].sum())
            total += exits_weight
            mean += exits_weight * float(np.average(self.stays[here], weights=self.weight[here]))
        return mean / total if total > 0 else None


@dataclass
class Place:
    """One village of one arm at the start of a year, after its decisions, and the exits that branch within that year.

    Tables have one arm; `tracked` is the place of the household in its village.
    """

    month: int
    arm: int
    village: int
    exit: int
    tracked: int
    life: Floats
    home: Floats
    place: Floats
    coop: Floats
    amounts: Floats


def futures_of(
    replicate: Replicate,
    scenario: Scenario,
    variant: str,
    arms: Sequence[Arm],
    pool: Executor | None = None,
    threads: int = 1,
) -> dict[str, ArmFutures]:
    """Sample the exits of each arm, branch their villages and count. Arms as lived, their exits in `replicate`."""
    drawn = {arm.name: sampled_exits(replicate, scenario, arm.name) for arm in arms}
    kept: list[Place] = []
    wanted: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for a, arm in enumerate(arms):
        for e, month in enumerate(drawn[arm.name].month):
            wanted[year_of(int(month))].append((a, e))

    def keep(country: WatchedCountry, month: int, months: int) -> None:
        for a, e in wanted.get(month, ()):
            kept.append(place_of(country, month, a, e, int(replicate.tracked[drawn[arms[a].name].household[e]])))

    country = lived_again(replicate, scenario, variant, arms, watch=keep, pool=pool, threads=threads)
    for arm, tau in zip(arms, permanent_exits(country, scenario.exit.W), strict=True):
        fail_if_lived_otherwise(replicate, arm.name, tau)

    def follow(at: Place) -> None:
        found = drawn[arms[at.arm].name]
        to = int(found.month[at.exit])
        known = Copies.of(at)
        live_on(country, at, country.key, at.month, to - at.month + 1, known, np.zeros(1, np.uint64))
        found.stays[at.exit], found.ended[at.exit] = branched(country, at, known, replicate, scenario, to)

    list(map(follow, kept) if pool is None else pool.map(follow, kept))
    return drawn


def year_of(month: int) -> int:
    """First month of the year in which a month lies."""
    return 12 * ((month - 1) // 12) + 1


def sampled_exits(replicate: Replicate, scenario: Scenario, arm: str) -> ArmFutures:
    """A keyed systematic sample of an arm's E4 exits with chances in proportion to weight, in each of two strata."""
    tau = replicate.exits[arm].astype(np.int64)
    key = DrawKey(scenario.seed, replicate.number)
    u = uniforms(key, Stream.FUTURES, np.zeros(1, np.uint64))[0]
    household, weight = [np.zeros(0, np.int64)], [np.zeros(0)]
    for start, (name, size) in zip(u[:2], EXITS_SAMPLED.items(), strict=True):
        exits = np.nonzero((tau > 0) & (replicate.structural == (name == "structural")))[0]
        if exits.size <= size:
            household.append(exits)
            weight.append(replicate.weight[exits])
            continue
        upto = np.cumsum(replicate.weight[exits])
        at = np.searchsorted(upto, (start + np.arange(size)) / size * upto[-1])
        chosen, count = np.unique(np.minimum(at, exits.size - 1), return_counts=True)
        household.append(exits[chosen])
        weight.append(count.astype(np.float64))
    rows = np.concatenate(household)
    return ArmFutures(
        rows,
        tau[rows] + scenario.exit.W,
        replicate.structural[rows],
        np.concatenate(weight),
        np.zeros(rows.size),
        np.zeros(rows.size),
    )


def place_of(country: WatchedCountry, month: int, arm: int, exit_at: int, household: int) -> Place:
    """Copies of one village's tables as they stand."""
    s, state = country.sample, country.state
    v = int(s.village[household])
    lo, hi = s.start[v], s.start[v + 1]
    return Place(
        month, arm, v, exit_at, household - int(lo),
        state.life[:, lo:hi].copy(), state.home[arm : arm + 1, :, lo:hi].copy(), state.place[:, v : v + 1].copy(),
        state.coop[arm : arm + 1, :, v : v + 1].copy(), country.amounts[arm : arm + 1].copy(),
    )  # fmt: skip


@dataclass
class Copies:
    """A village that lives on, once or as `k` copies side by side: the tables of `State` with one arm."""

    life: Floats
    home: Floats
    place: Floats
    coop: Floats

    @classmethod
    def of(cls, at: Place | Copies, k: int = 1) -> Copies:
        """`k` copies of a village that stands in tables of its own; the original is untouched."""
        return cls(
            np.tile(at.life, (1, k)), np.tile(at.home, (1, 1, k)), np.tile(at.place, (1, k)), np.tile(at.coop, (1, 1, k))
        )


def live_on(
    country: WatchedCountry, at: Place, key: DrawKey, month: int, months: int, tables: Copies, futures: NDArray[np.uint64]
) -> NDArray[np.uint8]:
    """Live copies of the village of `at` through `months` months from `month` on, in place.

    `futures` [k]: the number of each copy, added to its ids; 0 leaves them as they are. No month but the last may end a year.
    Returns marks uint8 [months, k] of the household that is followed.
    """
    s = country.sample
    lo, hi = s.start[at.village], s.start[at.village + 1]
    k = futures.size
    shift = futures << np.uint64(FUTURE_BIT)
    marks = np.zeros((1, months, k), np.uint8)
    macro = np.zeros(months)  # beyond the horizon: the trend
    given = country.macro[month - country.first_month :][:months]
    macro[: given.size] = given
    live(
        0, k, month, months, (hi - lo) * np.arange(k + 1, dtype=np.int64),
        (s.ids[lo:hi] + shift[:, None]).ravel(), s.village_ids[at.village] + shift,
        np.tile(s.ties[lo:hi], (k, 1)), np.tile(s.tie_weight[lo:hi], (k, 1)),
        tables.life, tables.home, tables.place, tables.coop, key.words(),
        country.rates[at.arm : at.arm + 1], country.units[at.arm : at.arm + 1], at.amounts, country.is_asset,
        country.in_lines, country.finance,
        macro, country.interactions, country.b, np.arange(k + 1, dtype=np.int64), np.full(k, at.tracked, np.int32),
        month, marks, np.zeros((1, months, k, len(POVERTY))), np.zeros((1, months, k), np.uint8),
        np.zeros((1, months, k)), np.zeros((1, months, k)), np.zeros((1, months, k)), month + months,
        np.zeros((1, 0), np.int16), np.zeros((0, 0, 0)), np.zeros(k + 1, np.int64), NO_EDITS,
    )  # fmt: skip
    return marks[0]


def branched(
    country: WatchedCountry, at: Place, known: Copies, replicate: Replicate, scenario: Scenario, to: int
) -> tuple[float, float]:
    """Shares of futures after month `to` without relapse, and in which the household ends within the 24 months.

    A household that ends is followed to its last month: what its successor goes through is no relapse of it.
    """
    key = DrawKey(scenario.seed, FUTURE_WORD + replicate.number)
    stays, ended = 0, 0
    for first in range(0, scenario.futures, AT_ONCE):
        numbers = np.arange(first, min(first + AT_ONCE, scenario.futures), dtype=np.uint64)
        tables, lives, out = Copies.of(known, numbers.size), np.ones(numbers.size, np.bool_), np.ones(numbers.size, np.bool_)
        month = to + 1
        while month <= to + FOLLOWED:
            months = min(to + FOLLOWED, year_of(month) + 11) - month + 1
            marks = live_on(country, at, key, month, months, tables, numbers)
            formed = tables.life[LIFE.formed].reshape(numbers.size, -1)[:, at.tracked]
            lives &= formed < month
            out &= ((marks & M12_LINE) != 0).all(axis=0) | ~lives
            month += months
        stays += int(out.sum())
        ended += int((~lives).sum())
    return stays / scenario.futures, ended / scenario.futures
