"""The folder of a sweep: a row a run, and the effects of all runs in one tidy table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments.folder import fail_if_below_a_file, whole_folder
from povsim.experiments.provenance import run_hash

MARK = "sweep.json"
"""A folder that holds it was written by a sweep, and may be by the next."""
EFFECT = ("arm", "against", "group", "measure", "mean", "low80", "high80", "low95", "high95", "n10", "n01", "extra_exits")

PILOT = ("design", "villages_per_arm", "villages", "mde", "power_closed", "power_simulated")


@dataclass(frozen=True)
class Row:
    """One run: values of the keys that vary, its folder (None: it failed), its effects, and reasons of failures."""

    values: Mapping[str, str]
    out: Path | None
    effects: Sequence[Mapping[str, Any]]
    failures: Sequence[str]


def sweep_folder(command: str, scenarios: Sequence[Scenario], given: str | None) -> Path:
    """The folder given, or outputs/sweep/<hash of command and runs>."""
    if given is not None:
        return Path(given).expanduser()
    every = "\n".join([command, *(run_hash(scenario) for scenario in scenarios)])
    return Path("outputs") / "sweep" / hashlib.sha256(every.encode()).hexdigest()[:12]


def check_sweep_folder(out: Path) -> None:
    """The folder holds something that no sweep wrote."""
    fail_if_below_a_file(out)
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise PovsimError(f"--out {out} holds files that are no table of a sweep. Give a folder that is new or empty.")


def effects_of(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each contrast of a result; of one without contrasts, for each design of a pilot in closed form."""
    contrasts = [
        {"variant": variant, **{name: contrast.get(name) for name in EFFECT}}
        for variant, block in summary.get("variants", {}).items()
        for contrast in block.get("contrasts", ())
    ]
    return contrasts or [{name: row.get(name) for name in PILOT} for row in summary.get("closed_form", ())]


def write_sweep(out: Path, command: str, rows: Sequence[Row]) -> None:
    """runs.csv, contrasts.csv, contrasts.parquet and sweep.json, written whole."""
    runs = pl.DataFrame(
        [
            {
                "run": number,
                **row.values,
                "out": None if row.out is None else str(row.out),
                "status": "failed" if row.out is None else "some replicates failed" if row.failures else "done",
                "reason": " | ".join(row.failures) or None,
            }
            for number, row in enumerate(rows)
        ],
        infer_schema_length=None,
    )
    effects = pl.DataFrame(
        [{"run": number, **row.values, **effect} for number, row in enumerate(rows) for effect in row.effects],
        infer_schema_length=None,
    )
    with whole_folder(out) as folder:
        folder.bytes("runs.csv", runs.write_csv().encode())
        folder.bytes("contrasts.csv", effects.write_csv().encode())
        folder.parquet("contrasts", effects)
        folder.json(MARK, {"command": command, "schema": 1, "runs": runs.to_dicts()})
