"""`povsim doctor`: what this installation has."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.cli.month import fail_if_arguments_are_left
from povsim.cli.show import table
from povsim.config.defaults import config_folder

HELP = """Try it:  povsim doctor

Prints versions, cores, the folder of the defaults and the folder of compiled code. Worth pasting into a report of a problem."""

PACKAGES = ("povsim", "mesa", "hydra-core", "omegaconf", "numpy", "numba", "scipy", "polars", "pyarrow", "matplotlib", "dask")


def run(argv: Sequence[str]) -> int:
    """Print versions and places."""
    if asks_for_help(argv):
        print(HELP)
        return 0
    _, others = split_arguments(argv, {})
    fail_if_arguments_are_left("doctor", others)
    rows = [["python", platform.python_version()], *([name, _version(name)] for name in PACKAGES)]
    rows += [
        ["platform", platform.platform()],
        ["cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)],
        ["defaults", str(config_folder())],
        ["compiled code", os.environ.get("NUMBA_CACHE_DIR") or "__pycache__ beside the modules of povsim.model"],
    ]
    print(table(["what", "value"], rows))
    return 0


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
