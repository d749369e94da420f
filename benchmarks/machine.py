"""What stands beside every figure: machine, cores, versions, commit, load."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIBRARIES = ("numba", "llvmlite", "numpy", "mesa")
QUIET = 0.3
"""Load average at the start up to which nothing else is taken to run."""


def model_of_processor() -> str:
    """Architecture and, where the system tells it, the name of the processor."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{platform.machine()} {name}".strip()


def versions() -> str:
    """Python and the libraries that make the figures."""
    return "; ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in LIBRARIES)])


def commit() -> str:
    """Short hash of the commit; `+changes` where sources differ from it; `unknown` outside a checkout."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", "src", "benchmarks/*.py", "benchmarks/numpy_month", "uv.lock")
        return git("rev-parse", "--short=10", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def load() -> str:
    """Load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{x:.2f}" for x in os.getloadavg())


def description() -> dict[str, str]:
    """Columns of the history that are the same for every measurement of a run."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "commit": commit(),
        "machine": model_of_processor(),
        "cores": str(os.cpu_count()),
        "versions": versions(),
        "load": load(),
    }


def free_gigabytes() -> float:
    """Memory that can still be had; infinite where the system does not tell."""
    told = Path("/proc/meminfo")
    if not told.is_file():
        return float("inf")
    kilobytes = next(line for line in told.read_text().splitlines() if line.startswith("MemAvailable")).split()[1]
    return int(kilobytes) / 1e6


def python(*arguments: str) -> list[str]:
    """A command of this Python."""
    return [sys.executable, *arguments]
