"""What a comparison does beyond its arms where it is asked to: branched futures (E5) and the ledger of mechanisms."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments.executor import Advance, Executor, Job
from povsim.experiments.futures import ArmFutures, futures_of
from povsim.experiments.ledger import ArmLedger, ledger_of, pairs_of_orders
from povsim.experiments.replicate import Replicate
from povsim.experiments.runs import Source, replicate_of
from povsim.measures.exits import Months
from povsim.model.arm import Arm

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun

Exits = Mapping[str, Months]
"""E4 of the followed households by arm, as lived before."""


def steps_of_mechanism(scenario: Scenario) -> int:
    """Steps of the progress bar that `examine` adds for each variant and replicate."""
    return bool(scenario.futures) + bool(scenario.ledger)


def examine(scenario: Scenario, runs: Sequence[VariantRun], executor: Executor, advance: Advance) -> dict[str, float]:
    """Fill in `futures` and `ledger` of the runs where the scenario asks for them; returns seconds by part.

    Raises PovsimError where a replicate fails: what is read over all of them would be of others than the comparison's.
    """
    timings: dict[str, float] = {}

    def each(run: VariantRun, part: str, work: Callable[..., Any], *given: Any) -> list[Any]:
        began = time.perf_counter()
        failures: list[str] = []
        jobs = []
        for r in run.replicates:
            source = Source.of(scenario, run.variant, r.number)
            jobs.append(Job(f"{part}, {source.name}", work, (source, r.exits, *given)))
        found = executor.map(jobs, advance, failures)
        if failures:
            raise PovsimError(f"{failures[0].rstrip('.')}. Run without {part}, or with another seed.")
        timings[f"{part}_s"] = timings.get(f"{part}_s", 0.0) + time.perf_counter() - began
        return found

    for run in runs:
        if scenario.futures:
            run.futures = each(run, "futures", futures_job, tuple(run.arms.values()), scenario.futures)
        if scenario.ledger:
            asked = replace(scenario.lived(), arms=scenario.arms, ledger=scenario.ledger)
            run.ledger = each(run, "ledger", ledger_job, asked, run.arms, pairs_of_orders(run.replicates, scenario))
    return timings


def futures_job(
    source: Source, exits: Exits, arms: Sequence[Arm], futures: int, *, pool: Pool | None, threads: int
) -> dict[str, ArmFutures]:
    """Work of a job: `futures_of` a replicate whose arms left these exits."""
    scenario = replace(source.scenario, futures=futures)
    return futures_of(_known(source, exits, pool, threads), scenario, source.variant, arms, pool, threads)


def ledger_job(
    source: Source,
    exits: Exits,
    asked: Scenario,
    arms: Mapping[str, Arm],
    pairs: Mapping[str, int],
    *,
    pool: Pool | None,
    threads: int,
) -> dict[str, ArmLedger]:
    """Work of a job: `ledger_of` a replicate whose arms left these exits; `asked` names the arms of the ledger."""
    return ledger_of(_known(source, exits, pool, threads), asked, source.variant, arms, pairs, pool, threads)


def _known(source: Source, exits: Exits, pool: Pool | None, threads: int) -> Replicate:
    return replace(replicate_of(source, pool, threads), exits=dict(exits))
