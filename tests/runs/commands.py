"""Commands as a user gives them, in processes of their own, and what a result is compared by."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl

POVSIM = [sys.executable, "-c", "import sys; from povsim.cli import main; sys.exit(main())"]
SMALL = [
    "population=toy", "population.villages=20", "population.households_per_village=20", "burn_in_months=36",
    "horizon_months=84", "exit.W=12", "variants=[trap]",
]  # fmt: skip
TINY = [
    "population=toy", "population.villages=20", "population.households_per_village=20", "replicates=2", "burn_in_months=36",
    "horizon_months=84", "threads=2",
]  # fmt: skip
"""Both variants, in this process."""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command begun in a folder."""
    return subprocess.Popen(
        [*POVSIM, *arguments], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()
    )


def run(folder: Path, *arguments: str) -> str:
    """What a command says; it has to end well."""
    process = start(folder, *arguments)
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    return said


def environment() -> dict[str, str]:
    """That of this process, with the folder of compiled code that it uses."""
    return dict(os.environ)


def result_hash(folder: Path) -> str:
    """SHA-256 of `variants` of summary.json and of the sorted rows of every table."""
    summary = json.loads((folder / "summary.json").read_text())
    found = hashlib.sha256(json.dumps(summary["variants"], sort_keys=True).encode())
    for table in sorted((folder / "tables").glob("*.parquet")):
        rows = pl.read_parquet(table).with_columns(pl.selectors.float().cast(pl.String))
        found.update(f"{table.name} {rows.columns}".encode())
        found.update("\n".join(sorted(map(repr, rows.rows()))).encode())
    return found.hexdigest()
