"""Runs on a Dask cluster: the same jobs, sent to the workers of a scheduler that is running already.

A worker that dies loses the jobs it had; the scheduler gives them to others. Where it dies with a result that nobody has
fetched yet, the task is submitted again. Workers need the same povsim and may come and go.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from povsim.errors import PovsimError
from povsim.experiments.executor import Failed, Job, attempt_alone
from povsim.experiments.identity import digest
from povsim.experiments.provenance import code_hash, data_hash

CONNECT_S = 20
MOST_TIMES = 3
"""Times that a task is submitted whose result is lost with its worker; then its runs are failures."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Task:
    """Jobs that go to a worker together, with their places in the list; `times`: how often they were submitted."""

    group: tuple[tuple[int, Job], ...]
    times: int = 1

    @property
    def jobs(self) -> list[Job]:
        return [job for _, job in self.group]

    @property
    def key(self) -> str:
        """Dask gives the task that has a key already: the key names all jobs, and which time it is."""
        return f"povsim-{digest([job.key for job in self.jobs])}-{self.times}"


class Cluster:
    """Workers of the Dask scheduler at `address`, such as tcp://10.0.0.5:8786. Raises PovsimError where it is not reached.

    `shards`: tasks that jobs are grouped into; None: a task each.
    """

    def __init__(self, address: str, threads: int, shards: int | None = None) -> None:
        from distributed import Client

        self._address, self._threads, self._shards = address, threads, shards
        try:
            self._client = Client(address, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise PovsimError(
                f"scheduler={address} cannot be reached ({type(error).__name__}: {error}). Start one with 'dask scheduler' and "
                "give the address that it prints, such as scheduler=tcp://127.0.0.1:8786."
            ) from error

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """As `executor.Backend.run`. Raises PovsimError where workers run other code or data, or the scheduler is lost."""
        from distributed import KilledWorker, as_completed

        self._fail_if_other_code()
        size = 1 if self._shards is None else -(-len(jobs) // self._shards) or 1
        tasks = {self._submitted(task): task for task in map(_Task, batched(enumerate(jobs), size))}
        completed = as_completed(list(tasks))
        try:
            for future in completed:
                task = tasks.pop(future)
                if future.status == "lost" and task.times < MOST_TIMES:
                    again = self._again(future, task)
                    tasks[future := self._submitted(again)] = again
                    completed.add(future)
                    continue
                try:
                    done = self._result_of(future, task)
                except KilledWorker as reason:
                    done = [Failed(f"{type(reason).__name__}: {reason}")] * len(task.group)
                if done is None:
                    raise PovsimError(OTHER_CODE)
                for (at, _), result in zip(task.group, done, strict=True):
                    yield at, result
                future.release()
        finally:
            self._client.cancel(list(tasks))

    def _submitted(self, task: _Task) -> Any:
        """The future of a task."""
        return self._client.submit(of_the_same_code, task.jobs, self._threads, here(), pure=False, retries=0, key=task.key)

    def _again(self, future: Any, task: _Task) -> _Task:
        """The task for the next time; whoever watches is told."""
        self._client.cancel([future])
        _log.warning(
            "%s: the worker was lost with the result. Submitted again (%d of %d times).",
            task.group[0][1].name, task.times + 1, MOST_TIMES,
        )  # fmt: skip
        return _Task(task.group, task.times + 1)

    def _result_of(self, future: Any, task: _Task) -> Any:
        """What the worker gave. Raises PovsimError where the scheduler is lost, or somebody cancelled the task."""
        if future.status == "lost":
            reason = f"its worker was lost with the result {task.times} times. The same command tries again."
            return [Failed(reason)] * len(task.group)
        if future.status not in ("finished", "error"):
            raise PovsimError(
                f"The scheduler at {self._address} gave up a run ({future.status}): it was lost, or somebody cancelled the "
                "work. What was finished is in the store; the same command goes on from there."
            )
        return future.result()

    def close(self) -> None:
        """Leave the cluster running."""
        self._client.close()

    def _fail_if_other_code(self) -> None:
        """The workers that are there run another povsim, or none; those that come later are asked with each task."""
        if any(answer != here() for answer in self._client.run(here, on_error="return").values()):
            raise PovsimError(OTHER_CODE)


OTHER_CODE = "Workers of the cluster run another version of povsim than this machine, or none. Install the same on all."


def here() -> tuple[str, str]:
    """Hashes of code and data where this is called."""
    return code_hash(), data_hash()


def of_the_same_code(group: Sequence[Job], threads: int, hashes: tuple[str, str]) -> list[Any] | None:
    """Results of a group of jobs; None where this worker's code or data are not those of whoever asks."""
    return [attempt_alone(job, threads) for job in group] if here() == hashes else None
