"""Jobs of the executor that live a replicate: which one, in which arms, and what is kept of it.

Burn-ins are kept in the memory of each process up to some households, the oldest go first; what is needed again after that,
or after a restart, is drawn and lived again, to the same bits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.experiments import archive
from povsim.experiments.branch import Branch
from povsim.experiments.checkpoint import start_of, year_end_of
from povsim.experiments.executor import Job
from povsim.experiments.replicate import ArmOutcome, BurntIn, Replicate, burn_in, live_arms, sample_of
from povsim.experiments.traits import Traits
from povsim.model.arm import Arm
from povsim.model.state import State
from povsim.model.year_end import YearEnd
from povsim.population.sample import Sample

MOST_HOUSEHOLDS = 1_000_000
"""Households of all burn-ins and samples that a process keeps, at about 0.7 KB each."""


@dataclass(frozen=True)
class Source:
    """One replicate of one variant, before any arm. `scenario`: as `Scenario.lived` gives it; branch: the checkpoints in
    which it begins, None where it lives its own burn-in."""

    scenario: Scenario
    variant: str
    number: int
    branch: Branch | None = None

    @classmethod
    def of(cls, scenario: Scenario, variant: str, number: int) -> Source:
        """The replicate that a scenario means."""
        branch = Branch.of(scenario)
        holds = branch is not None and branch.holds(variant, number)
        return cls(scenario.lived(), variant, number, branch if holds else None)

    @property
    def name(self) -> str:
        """As lines about failures call it."""
        return f"variant {self.variant}, replicate {self.number}"

    @property
    def sample(self) -> Sample:
        """Its villages and households, as drawn."""
        burnt = _burnt_in.get(self)
        return (
            burnt.sample
            if burnt is not None
            else _samples.of(self, lambda: sample_of(self.scenario, self.variant, self.number))
        )

    @property
    def state(self) -> State:
        """Its state at the branch. Not to be changed: `State.branch` copies it."""
        return replicate_of(self).state


@archive.stored
@dataclass
class Lives:
    """A replicate as it is kept: its followed households and what became of them in each arm (fields as in `Replicate`)."""

    tracked: NDArray[np.int64]
    structural: NDArray[np.bool_]
    year_before: dict[str, Any]
    traits: Traits
    until: NDArray[np.int16]
    outcomes: dict[str, ArmOutcome] = field(default_factory=dict)

    def replicate(self, source: Source) -> Replicate:
        """The replicate, whose sample and state are drawn and lived again where something asks for them."""
        exits = {name: outcome.tau["E4"] for name, outcome in self.outcomes.items()}
        return Replicate(
            source.number, source, self.tracked, self.structural, self.year_before, self.traits,
            dict(self.outcomes), self.until, exits,
        )  # fmt: skip


def replicate_of(source: Source, pool: Pool | None = None, threads: int = 1) -> Replicate:
    """The replicate after its burn-in, without outcomes; kept in memory for whoever asks next."""
    kept = _burnt_in.of(source, lambda: _begin(source, pool, threads))
    return replace(kept, outcomes={}, exits={})


def _begin(source: Source, pool: Pool | None, threads: int) -> Replicate:
    scenario, variant, number = source.scenario, source.variant, source.number
    if source.branch is None:
        return burn_in(scenario, variant, number, pool, threads)
    source.branch.fail_if_replaced()
    start = start_of(source.branch.folder, variant, number)
    base = BurntIn(sample_of(scenario, variant, number), start.state)
    return Replicate(number, base, start.tracked, start.structural, start.year_before, start.traits)


def live(source: Source, arms: Sequence[Arm], *, pool: Pool | None, threads: int) -> Lives:
    """Work of a job: burn in, and live the arms from the branch."""
    r = replicate_of(source, pool, threads)
    live_arms(r, source.scenario, source.variant, arms, pool, threads)
    return Lives(r.tracked, r.structural, r.year_before, r.traits, r.until, r.outcomes)


def live_on(source: Source, arms: Sequence[Arm], month: int, *, pool: Pool | None, threads: int) -> Lives:
    """Work of a job: read the arms as they were at the end of `month`, and live them on."""
    r = replicate_of(source, pool, threads)
    live_arms(r, source.scenario, source.variant, arms, pool, threads, arms_at(source, arms, month))
    return Lives(r.tracked, r.structural, r.year_before, r.traits, r.until, r.outcomes)


def arms_at(source: Source, arms: Sequence[Arm], month: int) -> YearEnd:
    """The arms at the end of `month`, from the checkpoints in which the replicate begins."""
    assert source.branch is not None
    source.branch.fail_if_replaced()
    return year_end_of(source.branch.folder, source.variant, source.number, month).of([arm.name for arm in arms])


def job_to_live(source: Source, arms: Sequence[Arm], size: float = 1.0, after: int = 0) -> Job:
    """The job that lives arms of a replicate, from the branch or after a later month of its checkpoints."""
    if after:
        return Job(source.name, live_on, (source, tuple(arms), after), size)
    return Job(source.name, live, (source, tuple(arms)), size)


class _Kept[Thing]:
    """Things of replicates in memory, the least lately used of which go when there are too many households."""

    def __init__(self, households: Callable[[Thing], int]) -> None:
        self._households = households
        self._things: OrderedDict[Source, Thing] = OrderedDict()
        self._making: dict[Source, Lock] = {}
        self._lock = Lock()

    def get(self, source: Source) -> Thing | None:
        """What is kept of the source."""
        with self._lock:
            if source in self._things:
                self._things.move_to_end(source)
            return self._things.get(source)

    def of(self, source: Source, make: Callable[[], Thing]) -> Thing:
        """What is kept of the source, made if need be; by one thread, for which others wait."""
        with self._lock:
            making = self._making.setdefault(source, Lock())
        with making:
            found = self.get(source)
            if found is None:
                found = make()
                with self._lock:
                    self._things[source] = found
                    self._drop()
        with self._lock:
            self._making.pop(source, None)
        return found

    def _drop(self) -> None:
        while len(self._things) > 1 and sum(map(self._households, self._things.values())) > MOST_HOUSEHOLDS:
            self._things.popitem(last=False)


_burnt_in: _Kept[Replicate] = _Kept(lambda r: int(r.sample.ids.size))
_samples: _Kept[Sample] = _Kept(lambda s: int(s.ids.size))
