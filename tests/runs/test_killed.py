"""Killed at any moment and begun again, an ensemble ends in the result of the one that nobody disturbed (contract C7)."""

import random
import signal
import time
from pathlib import Path

import pytest
from runs.commands import SMALL, result_hash, run, start

from povsim.experiments import archive, runs
from povsim.experiments.store import FORMAT, KIND

assert runs.Lives  # the class that stands in the files of the store
ENSEMBLE = ["compare", *SMALL, "arms=[aid,aid_cooperative]", "out=result", "store=store", "threads=1"]


def killed(folder: Path, times: int, replicates: int) -> int:
    """Kill the ensemble at `times` random moments, look at what is left after each; how often it was alive when killed."""
    moments = random.Random(20250401)
    store, alive = folder / "store", 0
    for _ in range(times):
        process = start(folder, *ENSEMBLE, f"replicates={replicates}")
        finished = len(list(store.glob("??/*.run"))) + moments.randint(0, 2 * replicates // times)
        while process.poll() is None and len(list(store.glob("??/*.run"))) < min(finished, replicates):
            time.sleep(0.005)
        time.sleep(moments.uniform(0.0, 0.3))
        alive += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for path in store.glob("??/*.run"):
            archive.read(path, KIND, FORMAT)  # whole, or it would raise
        if (folder / "result").exists():
            assert (folder / "result" / "provenance.json").is_file()  # the last file of a result
            break
    return alive


def ensemble(tmp_path: Path, times: int, replicates: int) -> None:
    calm, shaken = tmp_path / "calm", tmp_path / "shaken"
    calm.mkdir()
    shaken.mkdir()
    run(calm, *ENSEMBLE, f"replicates={replicates}")
    alive = killed(shaken, times, replicates)
    assert alive >= 0.9 * times
    said = run(shaken, *ENSEMBLE, f"replicates={replicates}")
    assert "came from the store" in said or "were run before" in said
    assert result_hash(shaken / "result") == result_hash(calm / "result")
    stored = [{path.name for path in (folder / "store").glob("??/*.run")} for folder in (calm, shaken)]
    assert stored[0] == stored[1] and len(stored[0]) == replicates


def test_c7_a_killed_ensemble_goes_on(tmp_path: Path) -> None:
    ensemble(tmp_path, times=4, replicates=40)


@pytest.mark.slow
def test_c7_an_ensemble_of_200_killed_at_50_moments(tmp_path: Path) -> None:
    ensemble(tmp_path, times=50, replicates=200)


def test_c7_ctrl_c_leaves_a_store_that_goes_on(tmp_path: Path) -> None:
    process = start(tmp_path, *ENSEMBLE, "replicates=200")
    store = tmp_path / "store"
    deadline = time.monotonic() + 120
    while len(list(store.glob("??/*.run"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130 and "goes on from what was finished" in said and "Traceback" not in said
    assert not (tmp_path / "result").exists() and not list(tmp_path.glob(".*")) and not list(store.glob("??/*.partial"))
    assert "came from the store" in run(tmp_path, *ENSEMBLE, "replicates=4")


def test_two_processes_share_a_store(tmp_path: Path) -> None:
    both = [start(tmp_path, *ENSEMBLE[:-3], f"out=result{n}", "store=store", "threads=1", "replicates=12") for n in (1, 2)]
    for process in both:
        said = process.communicate(timeout=120)[0]
        assert process.returncode == 0, said
    assert result_hash(tmp_path / "result1") == result_hash(tmp_path / "result2")
    assert len(list((tmp_path / "store").glob("??/*"))) == 12
