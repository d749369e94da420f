"""What is fitted to what: a simulator, the statistics that were observed, their errors; and simulations as jobs in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey
from povsim.experiments.calibration.keyed import Purpose, normal_table
from povsim.experiments.calibration.prior import Prior
from povsim.experiments.executor import Executor, Job

Floats = NDArray[np.float64]
LOTS = 1_000_000
"""Lots of a generation: simulation i of generation g has lot g * LOTS + i, and so random numbers of its own."""


@dataclass(frozen=True)
class Simulator:
    """`work(*args, values, lot, pool=..., threads=...)`, a function of a module, gives statistics by name.

    values: parameters by symbol; lot: number of the simulation, which its random numbers must hang on (a replicate, say) so
    that two lots share none. A statistic that cannot be had is None or nan: that simulation is kept by no generation.
    """

    work: Callable[..., Mapping[str, float | None]]
    args: tuple[Any, ...]
    statistics: tuple[str, ...]
    name: str = "simulation"

    def job(self, values: Mapping[str, float], lot: int) -> Job:
        """The job of one simulation."""
        return Job(f"{self.name} {lot}", self.work, (*self.args, dict(values), lot))


@dataclass(frozen=True)
class Problem:
    """targets: what was observed, by statistic; errors: standard deviation of its error and tolerance (0 where not given).

    The errors are added to what is simulated, so that the posterior is that of data observed with such errors (R. D.
    Wilkinson, Statistical Applications in Genetics and Molecular Biology 12, 2013). Statistics without a target are not used.
    """

    prior: Prior
    simulator: Simulator
    targets: Mapping[str, float]
    errors: Mapping[str, float]
    key: DrawKey

    @property
    def names(self) -> tuple[str, ...]:
        """Statistics that have a target [k], in the simulator's order."""
        return tuple(name for name in self.simulator.statistics if name in self.targets)

    @property
    def observed(self) -> Floats:
        """Targets [k]."""
        return np.array([self.targets[name] for name in self.names])

    @property
    def error(self) -> Floats:
        """Their errors [k]."""
        return np.array([self.errors.get(name, 0.0) for name in self.names])


def simulated(
    problem: Problem,
    u: Floats,
    lots: NDArray[np.int64],
    executor: Executor,
    advance: Callable[[float], Any],
    failures: list[str],
) -> Floats:
    """Statistics [n, k] at the uniforms [n, p], without errors of observation; nan where a simulation failed."""
    jobs = [problem.simulator.job(problem.prior.mapping(row), int(lot)) for row, lot in zip(u, lots, strict=True)]
    found = executor.map(jobs, advance, failures)
    rows = [as_row(result, problem.names) for result in found]
    return np.array(rows, np.float64).reshape(len(jobs), len(problem.names))


def as_row(result: Mapping[str, float | None] | None, names: tuple[str, ...]) -> list[float]:
    """Statistics in their order; nan for what is missing, or not finite."""
    got = [None if result is None else result.get(name) for name in names]
    return [np.nan if value is None or not np.isfinite(value) else float(value) for value in got]


def with_errors(problem: Problem, statistics: Floats, lots: NDArray[np.int64]) -> Floats:
    """Statistics [n, k] with the error of observation of each lot."""
    if not problem.error.any():
        return statistics
    return statistics + problem.error * normal_table(problem.key, Purpose.ERROR, 0, lots, len(problem.names))
