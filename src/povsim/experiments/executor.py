"""Every command's runs go through here: in threads of this process, in processes of this machine, or on a Dask cluster.

A job is a function of a module and what it is given; its result depends on these alone (contracts C1, C2). What is finished is
in the store, so a run that was interrupted, killed, or has grown by some replicates lives only what is missing. A job that
fails is a line with its reason; the others go on (contract C7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property
from itertools import batched
from os import cpu_count
from pathlib import Path
from typing import Any, Protocol, Self

from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments.identity import digest
from povsim.experiments.provenance import code_hash, data_hash
from povsim.experiments.store import DEFAULT, Store

Advance = Callable[[float], Any]
FAILURES = (ArithmeticError, ValueError, PovsimError, MemoryError)
"""What may go wrong in a single run; anything else is an error of povsim and ends the command."""


@dataclass(frozen=True)
class Job:
    """One run: `work(*args, pool=..., threads=...)`, a function of a module, on what can be hashed (`identity.digest`).

    name: what a line about its failure begins with; size: its share of the progress.
    """

    name: str
    work: Callable[..., Any]
    args: tuple[Any, ...]
    size: float = 1.0

    @cached_property
    def key(self) -> str:
        """What the result is stored under."""
        return digest(code_hash(), data_hash(), self.work, self.args)


@dataclass(frozen=True)
class Failed:
    """A job that could not be done."""

    reason: str


class Backend(Protocol):
    """Does groups of jobs and hands back (number of the group, its results) as they finish."""

    def run(self, groups: Sequence[Sequence[Job]]) -> Iterator[tuple[int, list[Any]]]: ...

    def close(self) -> None: ...


class Executor:
    """Runs jobs where the scenario says, and keeps their results in its store.

    `reuse` False: nothing stored is read. To be used as a context.
    """

    def __init__(self, backend: Backend, store: Store | None = None, *, reuse: bool = True, shards: int | None = None) -> None:
        self._backend, self._store, self._reuse, self._shards = backend, store, reuse, shards
        self.found = 0
        """Jobs whose result was in the store."""

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """The executor that the keys threads, workers, scheduler, shards, store and reuse ask for."""
        store = Store(DEFAULT if scenario.store is None else Path(scenario.store).expanduser())
        return cls(backend_of(scenario), store, reuse=scenario.reuse, shards=scenario.shards)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._backend.close()
        if kind is None and self._store is not None:
            self._store.tidy()

    def map(self, jobs: Sequence[Job], advance: Advance, failures: list[str]) -> list[Any | None]:
        """Results in the order of the jobs; None for one that failed, whose reason is added to `failures`.

        `advance` is called with the size of each job that is done.
        """
        results: list[Any | None] = [None] * len(jobs)
        reasons: dict[int, str] = {}
        missing = []
        for number, job in enumerate(jobs):
            stored = self._store.get(job.key) if self._store is not None and self._reuse else None
            if stored is None:
                missing.append(number)
            else:
                results[number] = stored
                self.found += 1
                advance(job.size)
        each = 1 if self._shards is None else -(-len(missing) // self._shards) or 1
        groups = list(batched(missing, each))
        for at, done in self._backend.run([[jobs[number] for number in group] for group in groups]):
            for number, result in zip(groups[at], done, strict=True):
                job = jobs[number]
                if isinstance(result, Failed):
                    reasons[number] = f"{job.name}: {result.reason}"
                else:
                    results[number] = result
                    if self._store is not None:
                        self._store.put(job.key, result)
                advance(job.size)
        failures += [reasons[number] for number in sorted(reasons)]
        return results


def attempt(job: Job, pool: Pool | None, threads: int) -> Any:
    """The result of a job, or why there is none."""
    try:
        return job.work(*job.args, pool=pool, threads=threads)
    except FAILURES as reason:
        return Failed(f"{type(reason).__name__}: {reason}")


class Threads:
    """Threads of this process: several jobs at a time where there are enough, else the villages of one job side by side."""

    def __init__(self, threads: int) -> None:
        self._threads, self._pool = threads, ThreadPoolExecutor(threads)

    def run(self, groups: Sequence[Sequence[Job]]) -> Iterator[tuple[int, list[Any]]]:
        """As `Backend.run`."""
        if len(groups) < self._threads:
            for at, group in enumerate(groups):
                yield at, [attempt(job, self._pool, self._threads) for job in group]
            return
        jobs: dict[Future[list[Any]], int] = {self._pool.submit(attempt_all, group, 1): at for at, group in enumerate(groups)}
        try:
            for job in as_completed(jobs):
                yield jobs[job], job.result()
        finally:
            for job in jobs:
                job.cancel()

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(cancel_futures=True)


def attempt_all(group: Sequence[Job], threads: int) -> list[Any]:
    """A group of jobs, one after the other, each with `threads` threads."""
    if threads == 1:
        return [attempt(job, None, 1) for job in group]
    with ThreadPoolExecutor(threads) as pool:
        return [attempt(job, pool, threads) for job in group]


class Processes:
    """Processes of this machine, kept by joblib (loky)."""

    def __init__(self, workers: int, threads: int) -> None:
        self._workers, self._threads = workers, threads

    def run(self, groups: Sequence[Sequence[Job]]) -> Iterator[tuple[int, list[Any]]]:
        """As `Backend.run`. Raises PovsimError where a process was killed."""
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        parallel = Parallel(n_jobs=self._workers, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        try:
            yield from parallel(delayed(numbered)(at, list(group), self._threads) for at, group in enumerate(groups))
        except TerminatedWorkerError as error:
            raise PovsimError(
                "A worker process was killed, most often for want of memory. Runs that were finished are in the store: the "
                f"same command goes on from there. Give fewer than workers={self._workers}, or a smaller population."
            ) from error

    def close(self) -> None:
        """Processes end by themselves when they have nothing to do."""


def numbered(at: int, group: Sequence[Job], threads: int) -> tuple[int, list[Any]]:
    """`attempt_all` with the number of the group."""
    return at, attempt_all(group, threads)


def backend_of(scenario: Scenario) -> Backend:
    """Where the scenario wants its runs to be lived."""
    cores = cpu_count() or 1
    if scenario.scheduler is not None:
        from povsim.experiments.cluster import Cluster

        return Cluster(scenario.scheduler, scenario.threads or 1)
    if scenario.workers is not None:
        return Processes(scenario.workers, scenario.threads or max(1, cores // scenario.workers))
    return Threads(scenario.threads or cores)
