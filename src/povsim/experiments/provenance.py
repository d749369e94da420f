"""Where a result comes from: versions, hashes of code, data and scenario, platform, timings."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

from povsim.config import Scenario
from povsim.config.defaults import config_folder
from povsim.experiments.checkpoint_folder import content_hash

PACKAGE = Path(__file__).parents[1]
CODE_SUFFIXES = (".py", ".yaml", ".json")
DATA_SUFFIXES = (".csv", ".parquet")


def run_hash(scenario: Scenario) -> str:
    """SHA-256 of scenario, data and code together, and of the checkpoints in which the run begins: what a stored result is
    looked up by."""
    begins = () if scenario.branch_from is None else (content_hash(scenario.branch_from),)
    return hashlib.sha256("\n".join((scenario.content_hash(), data_hash(), code_hash(), *begins)).encode()).hexdigest()


@cache
def code_hash() -> str:
    """SHA-256 of every source file, the register and the defaults."""
    return _hash_of(CODE_SUFFIXES)


@cache
def data_hash() -> str:
    """SHA-256 of every data table."""
    return _hash_of(DATA_SUFFIXES)


@cache
def made_with() -> dict[str, str]:
    """On what the last bit of a number may depend beyond code and data."""
    libraries = {name: version(name) for name in ("numpy", "numba", "llvmlite")}
    return {"python": platform.python_version(), **libraries, "machine": platform.machine()}


def provenance(command: str, scenario: Scenario, timings: Mapping[str, float]) -> dict[str, Any]:
    """The content of provenance.json; `timings` in seconds."""
    return {
        "command": command,
        "povsim": version("povsim"),
        "seed": scenario.seed,
        "run_hash": run_hash(scenario),
        "scenario_hash": scenario.content_hash(),
        "code_hash": code_hash(),
        "data_hash": data_hash(),
        "python": sys.version.split()[0],
        "versions": dict(_versions()),
        "platform": {"system": platform.platform(), "machine": platform.machine(), "cores": os.cpu_count()},
        "timings_s": dict(timings),
    }


def reproduce(command: str, scenario: Scenario) -> str:
    """The text of REPRODUCE.md."""
    begins = ""
    if scenario.branch_from is not None:
        begins = f"""
The run began in the checkpoints of `{scenario.branch_from}` (SHA-256 of their list: `{content_hash(scenario.branch_from)}`).
They must be there; else give branch_from=DIR with the folder where they are.
"""
    return f"""# How to get this result again

In this folder, with povsim {version("povsim")} on Python {sys.version.split()[0]}:

    povsim {command} --scenario scenario.yaml --out reproduced

`reproduced/summary.json` then holds the same `variants` to the last bit, on the same kind of machine with the versions that
provenance.json lists. Threads, language and paths change nothing.
{begins}
| hash (SHA-256) of | |
| --- | --- |
| scenario | `{scenario.content_hash()}` |
| data | `{data_hash()}` |
| code | `{code_hash()}` |
"""


@cache
def _versions() -> dict[str, str]:
    read = [item.metadata for item in distributions()]  # each is read anew whenever it is asked for
    found = {metadata["Name"]: metadata["Version"] for metadata in read}
    return {name: found[name] for name in sorted(found, key=str.lower)}


def _hash_of(suffixes: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    defaults = config_folder()
    folders = {"povsim": PACKAGE, "configs": defaults}
    files = {
        f"{label}/{path.relative_to(folder).as_posix()}": path
        for label, folder in folders.items()
        for path in folder.rglob("*")
        if path.suffix in suffixes and path.is_file() and not (label == "povsim" and defaults in path.parents)
    }
    for name, path in sorted(files.items()):
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
