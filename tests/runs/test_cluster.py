"""The same runs on a Dask cluster: a real scheduler and two workers on loopback, one of them killed half way."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from runs.commands import SMALL, environment, result_hash, start
from runs.test_national_split import RUN as NATION

from povsim.cli import main

RUN = ["compare", *SMALL, "arms=[none,aid,aid_cooperative]"]
DASK = [sys.executable, "-m", "dask"]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler, and its two workers."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    place = {"cwd": tmp_path, "env": environment(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*DASK, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--dashboard-address", ":0", "--no-dashboard"], **place
    )
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0", "--death-timeout", "60"]
    workers = [subprocess.Popen([*DASK, "worker", address, *options], **place) for _ in range(2)]
    try:
        wait_for_workers(address, 2)
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, timeout=60) as client:
        client.wait_for_workers(count, timeout=60)


def test_c2_a_cluster_that_loses_a_worker_gives_the_same_bits(
    tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    plain = tmp_path / "plain"
    assert main([*RUN, "replicates=24", f"out={plain}", f"store={tmp_path / 'here'}"]) == 0
    store = tmp_path / "there"
    process = start(tmp_path, *RUN, "replicates=24", "out=far", f"store={store}", f"scheduler={address}")
    deadline = time.monotonic() + 120
    while len(list(store.glob("??/*.run"))) < 4 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None, "the cluster was faster than the kill"
    workers[0].send_signal(signal.SIGKILL)
    said = process.communicate(timeout=240)[0]
    assert process.returncode == 0, said
    assert result_hash(tmp_path / "far") == result_hash(plain)
    assert len(list(store.glob("??/*.run"))) == 24


def test_c2_districts_on_a_cluster_give_the_same_bits(
    tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    assert main([*NATION, f"out={tmp_path / 'plain'}", f"store={tmp_path / 'here'}"]) == 0
    far = [f"scheduler={cluster[0]}", "shards=3", f"out={tmp_path / 'far'}", f"store={tmp_path / 'there'}"]
    assert main([*NATION, *far]) == 0
    assert result_hash(tmp_path / "far") == result_hash(tmp_path / "plain")


def test_a_scheduler_that_is_not_there_is_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    from povsim.experiments import cluster as module

    monkeypatch.setattr(module, "CONNECT_S", 1)
    assert main([*RUN, f"scheduler=tcp://127.0.0.1:{free_port()}", f"out={tmp_path / 'x'}"]) == 2
    said = capsys.readouterr().err
    assert re.search(r"scheduler=tcp://127\.0\.0\.1:\d+ cannot be reached", said) and "dask scheduler" in said
    assert "Traceback" not in said
