"""Keeping checkpoints: the arms of a comparison, as they were lived in the end, lived once more to the last year end kept.

So the arms of equal cost are kept at their level, in one file with the others, whatever of the run was in the store; and the
store, which holds results, does not hold the same megabytes again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor as Pool
from itertools import batched
from pathlib import Path

from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments.branch import Branch, begins_after
from povsim.experiments.checkpoint import Checkpoints, Start, VariantKept, close, save
from povsim.experiments.executor import Executor, Job, Progress, backend_of
from povsim.experiments.replicate import country_from, first_state
from povsim.experiments.runs import Source, arms_at, replicate_of
from povsim.model.arm import Arm
from povsim.model.year_end import YearEnd
from povsim.population.columns import HOME_COLUMNS

MOST_BYTES = 10**9
"""Of the checkpoints that are in memory at once, about."""


def keep(folder: Path, scenario: Scenario, variants: Mapping[str, VariantKept], progress: Progress) -> None:
    """Write the checkpoints that the scenario asks for, and the end of the burn-in. Raises PovsimError where one fails."""
    months = tuple(sorted({0, *scenario.checkpoints}))
    begins = begins_after(scenario, Branch.of(scenario))
    after = begins if months[1:] and begins <= months[1] else 0
    with (
        Executor(backend_of(scenario)) as executor,
        progress("Keeping checkpoints", sum(len(kept.replicates) for kept in variants.values())) as bar,
    ):
        for variant, kept in variants.items():
            for numbers in batched(kept.replicates, _at_once(scenario, len(kept.arms), len(months))):
                sources = [Source.of(scenario, variant, number) for number in numbers]
                arms = tuple(kept.arms.values())
                jobs = [
                    Job(f"{source.name}, checkpoints", checkpoints_job, (source, arms, months, after)) for source in sources
                ]
                failures: list[str] = []
                found = executor.map(jobs, bar.advance, failures)
                fail_if_one_failed(failures)
                for number, checkpoints in zip(numbers, found, strict=True):
                    assert checkpoints is not None
                    save(folder, variant, number, checkpoints)
    close(folder, scenario, months, variants)


def checkpoints_job(
    source: Source, arms: Sequence[Arm], months: Sequence[int], after: int, *, pool: Pool | None, threads: int
) -> Checkpoints:
    """Work of a job: the end of the burn-in and, at the end of each later month, all arms. `after`: a month of the checkpoints
    in which the replicate begins, from which they are lived on; 0: from the branch."""
    r = replicate_of(source, pool, threads)
    found: dict[int, Start | YearEnd] = {0: Start(r.state, r.tracked, r.structural, r.year_before, r.traits)}
    if months[1:]:
        begun = arms_at(source, arms, after) if after else None
        state = first_state(r, arms, begun)
        country = country_from(state, r, source.scenario, source.variant, arms, pool, threads, after=begun, may_stop=True)
        for month in months[1:]:
            country.live_to(month)
            found[month] = country.year_end()
    return Checkpoints(found)


def fail_if_one_failed(failures: Sequence[str]) -> None:
    """Checkpoints that lack a replicate of the run."""
    if failures:
        raise PovsimError(f"Checkpoints could not be kept: {failures[0]}. Run without checkpoints, or with another seed.")


def _at_once(scenario: Scenario, arms: int, months: int) -> int:
    """Replicates whose checkpoints are in memory together."""
    households = scenario.population.villages * scenario.population.households_per_village
    return max(1, MOST_BYTES // (8 * len(HOME_COLUMNS) * households * arms * months))
