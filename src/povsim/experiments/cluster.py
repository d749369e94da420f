"""Runs on a Dask cluster: the same jobs, sent to the workers of a scheduler that is running already.

A worker that dies loses the jobs it had; the scheduler gives them to others. Workers need the same povsim and may come and go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any

from povsim.errors import PovsimError
from povsim.experiments.executor import Failed, Job, attempt_alone
from povsim.experiments.identity import digest
from povsim.experiments.provenance import code_hash, data_hash

CONNECT_S = 20


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
        groups = list(batched(enumerate(jobs), size))
        tasks = {}
        for group in groups:
            given = [job for _, job in group]  # Dask gives the task that has a key already: the key names all jobs
            key = f"povsim-{digest([job.key for job in given])}"
            tasks[self._client.submit(of_the_same_code, given, self._threads, here(), pure=False, retries=0, key=key)] = group
        try:
            for task in as_completed(list(tasks)):
                group = tasks.pop(task)
                try:
                    done = task.result() if task.status in ("finished", "error") else self._fail_as_lost(task.status)
                except KilledWorker as reason:
                    done = [Failed(f"{type(reason).__name__}: {reason}")] * len(group)
                if done is None:
                    raise PovsimError(OTHER_CODE)
                for (at, _), result in zip(group, done, strict=True):
                    yield at, result
                task.release()
        finally:
            self._client.cancel(list(tasks))

    def close(self) -> None:
        """Leave the cluster running."""
        self._client.close()

    def _fail_as_lost(self, status: str) -> list[Any]:
        raise PovsimError(
            f"The scheduler at {self._address} gave up a run ({status}): it was lost, or somebody cancelled the work. What was "
            "finished is in the store; the same command goes on from there."
        )

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
