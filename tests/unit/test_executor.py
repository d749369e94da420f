"""One executor, one store: results in order, failures as lines, nothing finished is lived again, the same bits anywhere."""

import errno
import time
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np
import pytest

from povsim.config import scenario_from
from povsim.errors import PovsimError
from povsim.experiments import archive, runs
from povsim.experiments.comparison import model_arm
from povsim.experiments.executor import Executor, Job, Processes, Threads
from povsim.experiments.identity import digest
from povsim.experiments.store import Store
from povsim.population.columns import LIFE

SMALL = {
    "population": {"kind": "toy", "villages": 20, "households_per_village": 20},
    "replicates": 3, "burn_in_months": 36, "horizon_months": 84, "arms": ["none", "aid", "aid_cooperative"],
}  # fmt: skip
done: list[int] = []
guard = Lock()


def square(x: int, *, pool: object, threads: int) -> dict[str, np.ndarray]:
    """A run that says that it was lived."""
    with guard:
        done.append(x)
    if x == 3:
        raise ValueError("three is not squared")
    return {"square": np.array([x * x])}


def jobs(*numbers: int) -> list[Job]:
    return [Job(f"number {x}", square, (x,), size=2.0) for x in numbers]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    done.clear()
    return Store(tmp_path / "store")


@pytest.mark.parametrize("threads", [1, 2, 4, 9])
def test_results_come_in_order_and_a_failure_is_a_line(store: Store, threads: int) -> None:
    steps: list[float] = []
    failures: list[str] = []
    with Executor(Threads(threads), store) as lived:
        found = lived.map(jobs(5, 3, 4, 1), steps.append, failures)
    assert [None if f is None else int(f["square"][0]) for f in found] == [25, None, 16, 1]
    assert failures == ["number 3: ValueError: three is not squared"]
    assert sum(steps) == 8.0


def test_jobs_side_by_side_take_no_more_memory_than_they_may() -> None:
    under_way, most = 0.0, 0.0

    def work(memory: float, *, pool: object, threads: int) -> float:
        nonlocal under_way, most
        with guard:
            under_way += memory
            most = max(most, under_way)
        time.sleep(0.01)
        with guard:
            under_way -= memory
        return memory

    sizes = [5.0, 4.0, 9.0, 1.0, 2.0, 3.0, 1.0, 1.0]  # the third is larger than all may be together: alone it goes
    backend = Threads(4, most_bytes=6.0)
    found = dict(backend.run([Job("x", work, (size,), memory=size) for size in sizes]))
    backend.close()
    assert [found[at] for at in range(len(sizes))] == sizes
    assert most == 9.0


def test_what_is_finished_is_not_lived_again_and_failures_are(store: Store) -> None:
    for numbers, lived_now, in_store in (((1, 3), [1, 3], 0), ((1, 2, 3), [2, 3], 1)):
        done.clear()
        with Executor(Threads(1), store) as lived:
            lived.map(jobs(*numbers), lambda _: None, [])
        assert done == lived_now and lived.found == in_store
    done.clear()
    with Executor(Threads(1), store, reuse=False) as lived:
        lived.map(jobs(1), lambda _: None, [])
    assert done == [1]


def test_a_damaged_file_of_the_store_is_lived_again(store: Store) -> None:
    def once() -> int:
        done.clear()
        with Executor(Threads(1), store) as lived:
            (found,) = lived.map(jobs(6), lambda _: None, [])
        assert found is not None and int(found["square"][0]) == 36
        return len(done)

    assert once() == 1 and once() == 0
    (path,) = store.folder.glob("??/*.run")
    path.write_bytes(path.read_bytes()[:40])
    assert once() == 1 and once() == 0


def test_c7_a_full_disk_is_a_message_and_loses_the_run_in_flight_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real, room = archive.os.replace, 2

    def full(*names: str) -> None:
        nonlocal room
        room -= 1
        if room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*names)

    monkeypatch.setattr(archive.os, "replace", full)
    with (
        pytest.raises(PovsimError, match=r"No space left on device\. Make room .* goes on from the runs that are finished"),
        Executor(Threads(1), store) as lived,
    ):
        lived.map(jobs(1, 2, 4, 5), lambda _: None, [])
    monkeypatch.setattr(archive.os, "replace", real)
    assert len(list(store.folder.glob("??/*"))) == 2  # two finished, nothing half written
    done.clear()
    with Executor(Threads(1), store) as lived:
        lived.map(jobs(1, 2, 4, 5), lambda _: None, [])
    assert done == [4, 5]


def test_the_store_keeps_its_size_and_drops_the_oldest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(4):
        store.put(digest(number), {"x": np.sqrt(np.arange(number, number + 20.0))})
        archive.os.utime(store._path(digest(number)), (number, number))
    size = max(path.stat().st_size for path in tmp_path.glob("??/*"))
    Store(tmp_path, most_bytes=int(2.5 * size)).tidy()
    assert [store.get(digest(number)) is not None for number in range(4)] == [False, False, True, True]


def test_the_store_touches_nothing_that_is_not_its_own(tmp_path: Path) -> None:
    """A folder that holds something else too: nothing of it is removed, however large or old."""
    others = [tmp_path / "uk" / "survey.dta", tmp_path / "en" / "half.partial", tmp_path / "ab" / f"{'c' * 64}.run"]
    for path in others:
        path.parent.mkdir()
        path.write_bytes(b"x" * 1000)
        archive.os.utime(path, (1, 1))
    store = Store(tmp_path, most_bytes=10)
    store.put(digest(1), {"x": 1})
    left = store._path(digest(2)).parent / f".{digest(2)}.run.abc.partial"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"x")
    archive.os.utime(left, (1, 1))
    store.tidy()
    assert all(path.exists() for path in others)
    assert not left.exists() and store.get(digest(1)) is None


def test_a_file_that_cannot_be_read_now_is_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(digest(1), {"x": 1})

    def too_many(*_: object, **__: object) -> object:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as broken:
        broken.setattr(archive.zipfile, "ZipFile", too_many)
        assert store.get(digest(1)) is None
    assert store.get(digest(1)) == {"x": 1}


def test_the_identity_is_that_of_the_content() -> None:
    a = {"x": 1.0, "y": (1, 2), "z": np.arange(3)}
    assert digest(a) == digest({"z": np.arange(3), "y": [1, 2], "x": 1.0})
    for other in (
        {**a, "x": 1},
        {**a, "x": np.nextafter(1.0, 2)},
        {**a, "y": (2, 1)},
        {**a, "z": np.arange(3.0)},
        {**a, "w": None},
    ):
        assert digest(a) != digest(other)
    with pytest.raises(TypeError, match="no identity"):
        digest(lambda: None)


def test_a_run_is_stored_under_what_shapes_it_and_nothing_else() -> None:
    scenario = scenario_from(SMALL)
    arm = model_arm(scenario, "trap", scenario.arms[2])
    key = runs.job_to_live(runs.Source.of(scenario, "trap", 0), [arm]).key
    for same in (
        {"replicates": 9}, {"threads": 1}, {"language": "id"}, {"out": "x"}, {"arms": ["aid"]}, {"variants": ["trap"]},
        {"cooperative": "as_planned"}, {"workers": 2}, {"shards": 3}, {"ledger": True}, {"futures": 3}, {"rollout": "phased"},
    ):  # fmt: skip
        assert runs.job_to_live(runs.Source.of(scenario_from(SMALL | same), "trap", 0), [arm]).key == key, same
    for other in (
        {"seed": 1}, {"horizon_months": 96}, {"burn_in_months": 48}, {"exit": {"b": 0.2}}, {"parameters": {"pi": 0.01}},
        {"economy": "growth"}, {"interactions": False}, {"population": "toy"},
    ):  # fmt: skip
        assert runs.job_to_live(runs.Source.of(scenario_from(SMALL | other), "trap", 0), [arm]).key != key, other
    for source in (runs.Source.of(scenario, "no_trap", 0), runs.Source.of(scenario, "trap", 1)):
        assert runs.job_to_live(source, [arm]).key != key
    assert runs.job_to_live(runs.Source.of(scenario, "trap", 0), [replace(arm, payer="ministry")]).key != key


def test_a_replicate_read_back_is_the_one_that_was_lived(tmp_path: Path) -> None:
    scenario = scenario_from(SMALL)
    source = runs.Source.of(scenario, "trap", 0)
    arms = [model_arm(scenario, "trap", spec) for spec in scenario.arms]
    lived = runs.live(source, arms, pool=None, threads=1)
    archive.write(tmp_path / "a", lived, "run", 1)
    back = archive.read(tmp_path / "a", "run", 1).replicate(source)
    before = lived.replicate(source)
    runs._burnt_in._things.clear()  # the state is lived again
    assert np.array_equal(back.sample.life[LIFE.z], runs.sample_of(scenario, "trap", 0).life[LIFE.z])
    assert np.array_equal(back.state.home, runs.burn_in(scenario, "trap", 0).state.home)
    assert digest(back.outcomes, back.exits, back.tracked, back.year_before, back.traits) == digest(
        before.outcomes, before.exits, before.tracked, before.year_before, before.traits
    )


def test_memory_keeps_some_burn_ins_and_lives_the_others_again(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = scenario_from(SMALL)
    monkeypatch.setattr(runs, "MOST_HOUSEHOLDS", 1000)  # two replicates of 400
    runs._burnt_in._things.clear()
    lived: list[int] = []
    real = runs.burn_in
    monkeypatch.setattr(
        runs, "burn_in", lambda s, variant, number, *rest: lived.append(number) or real(s, variant, number, *rest)
    )
    for number in (0, 1, 0, 2, 0, 1):
        runs.replicate_of(runs.Source.of(scenario, "trap", number))
    assert lived == [0, 1, 2, 1]
    runs._burnt_in._things.clear()


def test_processes_give_what_threads_give() -> None:
    scenario = scenario_from(SMALL)
    arms = [model_arm(scenario, "trap", spec) for spec in scenario.arms]
    todo = [runs.job_to_live(runs.Source.of(scenario, "trap", number), arms) for number in range(3)]
    found = []
    for backend in (Threads(2), Processes(2, 1)):
        with Executor(backend, None) as lived:
            failures: list[str] = []
            found.append(digest(lived.map(todo, lambda _: None, failures)))
            assert failures == []
    assert found[0] == found[1]
