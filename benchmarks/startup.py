"""Start-up and compilation: seconds until a command answers, until the model is imported, until the first month is lived."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import python

FIRST_MONTHS = "import time, worlds; began = time.perf_counter(); worlds.drawn(1, 20); print(time.perf_counter() - began)"
COMMANDS = {
    "start: python, nothing imported": python("-c", "pass"),
    "start: import povsim.model.country": python("-c", "import povsim.model.country"),
    "start: povsim --help": [str(Path(sys.executable).with_name("povsim")), "--help"],
}
COMPILE, LOAD = "first months, nothing compiled yet", "first months, compiled code loaded"


def seconds(command: list[str]) -> float:
    """Wall seconds of a command."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def first_months(cache: Path) -> float:
    """Seconds of the first burn-in of a process, imports aside, with compiled code kept in `cache`."""
    kept = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    told = subprocess.run(python("-c", FIRST_MONTHS), cwd=Path(__file__).parent, env=kept, capture_output=True, check=True)
    return float(told.stdout)


def startup(rounds: int, compilations: int) -> dict[str, list[float]]:
    """Seconds by what was measured; commands in turns, every compilation into an empty folder and loaded from it after."""
    for command in COMMANDS.values():  # files into the page cache
        seconds(command)
    found: dict[str, list[float]] = {name: [] for name in (*COMMANDS, COMPILE, LOAD)}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            found[name].append(seconds(command))
    for _ in range(compilations):
        with tempfile.TemporaryDirectory() as folder:
            found[COMPILE].append(first_months(Path(folder)))
            found[LOAD].extend(first_months(Path(folder)) for _ in range(max(1, rounds // compilations)))
    return found
