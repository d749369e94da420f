"""Runs on a Dask cluster: the same jobs, sent to the workers of a scheduler that is running already.

A worker that dies loses the jobs it had; the scheduler gives them to others. Workers need the same povsim and may come and go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from povsim.errors import PovsimError
from povsim.experiments.executor import Failed, Job, attempt_all
from povsim.experiments.provenance import code_hash, data_hash

CONNECT_S = 20
RETRIES = 5
"""Times that a job is given to another worker before it counts as failed."""


class Cluster:
    """Workers of the Dask scheduler at `address`, such as tcp://10.0.0.5:8786. Raises PovsimError where it is not reached."""

    def __init__(self, address: str, threads: int) -> None:
        from distributed import Client

        self._threads = threads
        try:
            self._client = Client(address, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise PovsimError(
                f"scheduler={address} cannot be reached ({type(error).__name__}: {error}). Start one with 'dask scheduler' and "
                "give the address that it prints, such as scheduler=tcp://127.0.0.1:8786."
            ) from error

    def run(self, groups: Sequence[Sequence[Job]]) -> Iterator[tuple[int, list[Any]]]:
        """As `executor.Backend.run`. Raises PovsimError where workers run other code or hold other data."""
        from distributed import as_completed

        hashes = (code_hash(), data_hash())
        jobs = {
            self._client.submit(
                of_the_same_code, list(group), self._threads, hashes, pure=False, retries=RETRIES, key=f"povsim-{group[0].key}"
            ): at
            for at, group in enumerate(groups)
        }
        try:
            for job in as_completed(jobs):
                at = jobs[job]
                if job.status == "finished":
                    done = job.result()
                    if done is None:
                        raise PovsimError(
                            "Workers of the cluster run another version of povsim than this machine. Install the same on all."
                        )
                    yield at, done
                else:
                    reason = job.exception() if job.status == "error" else job.status
                    yield at, [Failed(f"{type(reason).__name__}: {reason}")] * len(groups[at])
                job.release()
        finally:
            self._client.cancel(list(jobs))

    def close(self) -> None:
        """Leave the cluster running."""
        self._client.close()


def of_the_same_code(group: Sequence[Job], threads: int, hashes: tuple[str, str]) -> list[Any] | None:
    """A group of jobs; None where this worker's code or data are not those of whoever asks."""
    if (code_hash(), data_hash()) != hashes:
        return None
    return attempt_all(group, threads)
