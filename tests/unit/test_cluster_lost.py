"""A worker that dies with a result that nobody has fetched: the task is submitted again, and given up after a few times."""

import logging
from collections.abc import Iterator

import pytest

from povsim.errors import PovsimError
from povsim.experiments import cluster as module
from povsim.experiments.cluster import MOST_TIMES, Cluster
from povsim.experiments.executor import Executor, Job


def double(x: int, *, pool: object, threads: int) -> int:
    return 2 * x


JOBS = [Job(f"run {x}", double, (x,)) for x in range(4)]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A scheduler and a worker in threads of this process."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as local:
        backend = Cluster(local.scheduler_address, 1)
        yield backend
        backend.close()


def losing(monkeypatch: pytest.MonkeyPatch, end: str, times: int) -> list[str]:
    """The first task ends `times` times as it does where its worker dies ("lose") or somebody cancels it; keys of these."""
    import distributed

    ended: list[str] = []

    class Losing(distributed.as_completed):
        def __next__(self):
            future = super().__next__()
            first = JOBS[0].key
            if len(ended) < times and future.key.startswith(f"povsim-{module.digest([first])}"):
                getattr(future._state, end)()  # what the client does when the scheduler reports lost or cancelled keys
                ended.append(future.key)
            return future

    monkeypatch.setattr(distributed, "as_completed", Losing)
    return ended


def test_a_result_that_is_lost_is_lived_again_and_said(cluster, monkeypatch, caplog) -> None:
    keys = losing(monkeypatch, "lose", MOST_TIMES - 1)
    failures: list[str] = []
    steps: list[float] = []
    with caplog.at_level(logging.WARNING, module.__name__):
        assert Executor(cluster).map(JOBS, steps.append, failures) == [0, 2, 4, 6]
    assert failures == [] and sum(steps) == 4.0
    assert len(set(keys)) == MOST_TIMES - 1  # each time a task of its own
    assert [r.getMessage() for r in caplog.records] == [
        f"run 0: the worker was lost with the result. Submitted again ({n} of {MOST_TIMES} times)."
        for n in range(2, MOST_TIMES + 1)
    ]


def test_a_result_that_is_always_lost_is_a_failure_and_the_others_go_on(cluster, monkeypatch) -> None:
    losing(monkeypatch, "lose", 99)
    failures: list[str] = []
    assert Executor(cluster).map(JOBS, lambda size: None, failures) == [None, 2, 4, 6]
    assert failures == [f"run 0: its worker was lost with the result {MOST_TIMES} times. The same command tries again."]


def test_what_somebody_cancels_is_not_submitted_again(cluster, monkeypatch) -> None:
    losing(monkeypatch, "cancel", 1)
    with pytest.raises(PovsimError, match=r"gave up a run \(cancelled\).*the same command goes on"):
        Executor(cluster).map(JOBS, lambda size: None, [])
