"""Every command's runs go through here: in threads of this process, in processes of this machine, or on a Dask cluster.

A job is a function of a module and what it is given; its result depends on these alone (contracts C1, C2). What is finished is
in the store, so a run that was interrupted, killed, or has grown by some replicates lives only what is missing. A job that
fails is a line with its reason; the others go on (contract C7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from os import cpu_count
from pathlib import Path
from threading import Condition
from typing import Any, Protocol, Self

from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments.identity import digest
from povsim.experiments.provenance import code_hash, data_hash, made_with
from povsim.experiments.store import DEFAULT, Store

Advance = Callable[[float], Any]
Progress = Callable[[str, float], AbstractContextManager[Any]]
"""Shows a label and a number of steps, some of which `advance` of what it yields takes."""
FAILURES = (ArithmeticError, ValueError, PovsimError, MemoryError)
"""What may go wrong in a single run; anything else is an error of povsim and ends the command."""


MOST_BYTES = 6e9
"""Memory that jobs may take side by side in this process."""


@dataclass(frozen=True)
class Job:
    """One run: `work(*args, pool=..., threads=...)`, a function of a module, on what can be hashed (`identity.digest`).

    name: what a line about its failure begins with; size: its share of the progress; memory: bytes that it takes, where they
    are many.
    """

    name: str
    work: Callable[..., Any]
    args: tuple[Any, ...]
    size: float = 1.0
    memory: float = 0.0

    @cached_property
    def key(self) -> str:
        """What the result is stored under."""
        return digest(code_hash(), data_hash(), made_with(), self.work, self.args)


@dataclass(frozen=True)
class Failed:
    """A job that could not be done."""

    reason: str


class Backend(Protocol):
    """Does jobs and hands back (place in the list, result or `Failed`) as they finish."""

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]: ...

    def close(self) -> None: ...


class Executor:
    """Runs jobs where the scenario says, and keeps their results in its store.

    `reuse` False: nothing stored is read. To be used as a context.
    """

    def __init__(self, backend: Backend, store: Store | None = None, *, reuse: bool = True) -> None:
        self._backend, self._store, self._reuse = backend, store, reuse
        self.found = 0
        """Jobs whose result was in the store."""

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """The executor that the keys threads, workers, scheduler, shards, store and reuse ask for."""
        store = Store(DEFAULT if scenario.store is None else Path(scenario.store).expanduser())
        return cls(backend_of(scenario), store, reuse=scenario.reuse)

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
        for at, result in self._backend.run([jobs[number] for number in missing]):
            number, job = missing[at], jobs[missing[at]]
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
    """Threads of this process: several jobs at a time where there are enough, else one after the other.

    The villages of all jobs under way are lived by threads of their own, so that none is idle while the last job ends. Jobs
    under way take `most_bytes` together, or it is a single one.
    """

    def __init__(self, threads: int, most_bytes: float = MOST_BYTES) -> None:
        self._threads, self._jobs = threads, ThreadPoolExecutor(threads)
        self._villages = ThreadPoolExecutor(threads) if threads > 1 else None
        self._most, self._taken, self._room = most_bytes, 0.0, Condition()

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """As `Backend.run`."""
        if len(jobs) < self._threads:
            for at, job in enumerate(jobs):
                yield at, attempt(job, self._villages, self._threads)
            return
        done: dict[Future[Any], int] = {self._jobs.submit(self._attempt_in_room, job): at for at, job in enumerate(jobs)}
        try:
            for future in as_completed(done):
                yield done.pop(future), future.result()
        finally:
            for future in done:
                future.cancel()

    def _attempt_in_room(self, job: Job) -> Any:
        with self._room:
            self._room.wait_for(lambda: self._taken == 0.0 or self._taken + job.memory <= self._most)
            self._taken += job.memory
        try:
            return attempt(job, self._villages, self._threads)
        finally:
            with self._room:
                self._taken -= job.memory
                self._room.notify_all()

    def close(self) -> None:
        """Wait for what is under way."""
        self._jobs.shutdown(cancel_futures=True)
        if self._villages is not None:
            self._villages.shutdown()


def attempt_alone(job: Job, threads: int) -> Any:
    """`attempt` with `threads` threads of its own."""
    if threads == 1:
        return attempt(job, None, 1)
    with ThreadPoolExecutor(threads) as pool:
        return attempt(job, pool, threads)


class Processes:
    """Processes of this machine, kept by joblib (loky)."""

    def __init__(self, workers: int, threads: int) -> None:
        self._workers, self._threads = workers, threads

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """As `Backend.run`. Raises PovsimError where a process was killed."""
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        parallel = Parallel(n_jobs=self._workers, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        try:
            yield from parallel(delayed(numbered)(at, job, self._threads) for at, job in enumerate(jobs))
        except TerminatedWorkerError as error:
            raise PovsimError(
                "A worker process was killed, most often for want of memory. Runs that were finished are in the store: the "
                f"same command goes on from there. Give fewer than workers={self._workers}, or a smaller population."
            ) from error

    def close(self) -> None:
        """Processes end by themselves when they have nothing to do."""


def numbered(at: int, job: Job, threads: int) -> tuple[int, Any]:
    """`attempt_alone` with the place of the job."""
    return at, attempt_alone(job, threads)


def backend_of(scenario: Scenario) -> Backend:
    """Where the scenario wants its runs to be lived."""
    cores = cpu_count() or 1
    if scenario.scheduler is not None:
        from povsim.experiments.cluster import Cluster

        return Cluster(scenario.scheduler, scenario.threads or 1, scenario.shards)
    if scenario.workers is not None:
        return Processes(scenario.workers, scenario.threads or max(1, cores // scenario.workers))
    return Threads(scenario.threads or cores)
