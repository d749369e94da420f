"""The draws as the default of `uncertainty=posterior`, and the hash by which a fit is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from povsim.errors import PovsimError
from povsim.experiments.identity import digest

DRAWS, ABOUT = "posterior.parquet", "posterior.json"


def draws_hash(posterior: pl.DataFrame) -> str:
    """SHA-256 of the names and numbers of a table of draws, however it is written to a file."""
    columns = {name: posterior[name].to_list() for name in posterior.columns}
    return digest(list(columns), *columns.values())


def make_default(posterior: pl.DataFrame, summary: Mapping[str, Any], folder: Path | None = None) -> None:
    """Write the draws, and a few lines about them, into the package (or `folder`). Raises PovsimError where it cannot."""
    place = Path(str(files("povsim.parameters"))) if folder is None else folder
    about = {
        "posterior_sha256": summary["posterior_sha256"],
        "seed": summary["seed"],
        "symbols": summary["symbols"],
        "patterns_fitted": summary["patterns_fitted"],
        "effort": summary["effort"],
        "not_identified": {name: found["not_identified"] for name, found in summary["variants"].items()},
        "draws": {name: found["draws"] for name, found in summary["variants"].items()},
    }
    try:
        posterior.write_parquet(place / DRAWS)
        (place / ABOUT).write_text(json.dumps(about, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise PovsimError(
            f"commit=true: the draws cannot be written to {place} ({error.strerror}). Give commit=false and use the file of "
            "the result folder: uncertainty=DIR/tables/posterior.parquet."
        ) from error
