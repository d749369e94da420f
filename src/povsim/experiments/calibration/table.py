"""A table of simulated pilots: draws from the prior, each with the statistics that its pilot left.

One table serves every data set of the same design: a calibration conditions on one, simulation-based calibration on hundreds.
It is simulated in jobs of `BATCH` pilots, which the store keeps, so that what was killed goes on and ends in the same table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor as Pool
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.draws import DrawKey
from povsim.experiments.calibration.learnt import prior_for
from povsim.experiments.calibration.pilot import OFFSET, Design, kept_ground, simulate
from povsim.experiments.calibration.statistics import summary
from povsim.experiments.executor import Executor, Job

Floats = NDArray[np.float64]
BATCH = 50
GROUND_HOUSEHOLDS = 250_000
GROUNDS = (8, 100)
"""Burnt-in samples of villages that pilots take turns on: as many as keep about so many households, within these numbers."""


@dataclass(frozen=True)
class Question:
    """What is simulated: villages of the scenario, the design, a variant, and the parameters that vary."""

    scenario: Scenario
    design: Design
    variant: str
    symbols: tuple[str, ...]

    @property
    def grounds(self) -> int:
        """Burnt-in samples."""
        return int(np.clip(GROUND_HOUSEHOLDS // (self.design.villages * self.design.simulated), *GROUNDS))


@dataclass(frozen=True)
class Table:
    """u [n, p]: the prior's uniforms; statistics [n, k] by `names`; nan where a statistic could not be worked out."""

    u: Floats
    statistics: Floats
    names: tuple[str, ...]

    def rows(self, at: NDArray[Any]) -> Table:
        """Some rows."""
        return Table(self.u[at], self.statistics[at], self.names)

    def with_more(self, other: Table) -> Table:
        """Both."""
        columns = [other.names.index(name) for name in self.names]
        return Table(
            np.concatenate([self.u, other.u]), np.concatenate([self.statistics, other.statistics[:, columns]]), self.names
        )


def batch(question: Question, u: Floats, first: int, *, pool: Pool | None, threads: int) -> dict[str, Any]:
    """Work of a job: pilots number `first`, `first` + 1, ... at the prior's uniforms u [n, p]."""
    q = question
    prior = prior_for(q.symbols, q.variant, q.design.cooperative)
    found: list[Mapping[str, float]] = []
    for at, row in enumerate(u):
        number = first + at
        ground = kept_ground(q.scenario, q.variant, number % q.grounds)
        pilot = simulate(ground, q.design, q.variant, prior.mapping(row), DrawKey(q.scenario.seed, OFFSET + number))
        found.append(summary(pilot))
    names = tuple(found[0])
    return {"names": names, "statistics": np.array([[one[name] for name in names] for one in found])}


def simulated(
    question: Question, u: Floats, first: int, executor: Executor, advance: Callable[[float], Any], failures: list[str]
) -> Table:
    """The table at the uniforms u [n, p]; rows of failed jobs are left out. Pilot i is number `first` + i, and so its luck."""
    jobs = [
        Job(
            f"pilots {first + at} to {first + min(at + BATCH, len(u)) - 1}, variant {question.variant}",
            batch,
            (question, u[at : at + BATCH], first + at),
            size=float(min(BATCH, len(u) - at)),
        )
        for at in range(0, len(u), BATCH)
    ]
    found = [
        (job, result) for job, result in zip(jobs, executor.map(jobs, advance, failures), strict=True) if result is not None
    ]
    if not found:
        return Table(np.zeros((0, u.shape[1])), np.zeros((0, 0)), ())
    return Table(
        np.concatenate([job.args[1] for job, _ in found]),
        np.concatenate([result["statistics"] for _, result in found]),
        tuple(found[0][1]["names"]),
    )


def draws_of(question: Question, n: int, first: int = 0, generation: int = 0) -> Floats:
    """Independent draws from the prior: its uniforms [n, p]."""
    prior = prior_for(question.symbols, question.variant, question.design.cooperative)
    return prior.draws(DrawKey(question.scenario.seed, 0), n, generation, first)
