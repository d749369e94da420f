"""The draws that the bands are made of: rows of a Parquet file, as `povsim fit` writes them.

Columns: variant, draw, a column a fitted symbol, and the shift of the population that keeps the margins with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl

from povsim import parameters
from povsim.config.shift import Shift
from povsim.errors import PovsimError

SHIFTS = ("shift_mu_rural", "shift_mu_urban", "shift_sg_rural", "shift_sg_urban")
COMMITTED, SEAL = "posterior.parquet", "posterior.sha256"
"""The posterior that comes with a version, and the hash that was committed before V1 to V5 were first lived."""


@dataclass(frozen=True)
class Draw:
    """Values by symbol, and the shift that goes with them."""

    values: Mapping[str, float]
    shift: Shift


def file_of(given: str | None) -> Path | None:
    """The file of draws: the one given, else the committed one; None where there is none. Raises PovsimError."""
    if given is None:
        path = Path(str(files("povsim.parameters") / COMMITTED))
        return path if path.is_file() else None
    path = Path(given).expanduser()
    if not path.is_file():
        raise PovsimError(f"posterior = {given}: there is no such file. Give a Parquet file of draws as povsim fit writes it.")
    return path


def sealed(path: Path) -> bool:
    """Whether the hash of these draws is the one that was committed before V1 to V5 were first lived."""
    seal = files("povsim.parameters") / SEAL
    return seal.is_file() and seal.read_text().split()[:1] == [hashlib.sha256(path.read_bytes()).hexdigest()]


def draws_of(path: Path, variant: str, count: int) -> list[Draw]:
    """`count` draws of a variant, spread evenly over those of the file. Raises PovsimError."""
    try:
        table = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PovsimError(f"posterior = {path}: no Parquet table ({str(error).splitlines()[0]}).") from error
    fail_if_columns_are_missing(path, table)
    symbols = [name for name in table.columns if name not in ("variant", "draw", *SHIFTS)]
    for symbol in symbols:
        parameters.entry(symbol)
    own = table.filter(pl.col("variant") == variant).sort("draw")
    fail_if_there_are_too_few(path, variant, own.height, count)
    rows = [own.row(k * own.height // count, named=True) for k in range(count)]
    return [Draw({s: float(row[s]) for s in symbols}, Shift(*(float(row[name]) for name in SHIFTS))) for row in rows]


def central(draws: list[Draw]) -> Draw:
    """The draw nearest to the mean of all, every symbol in units of its own spread."""
    table = np.array([list(draw.values.values()) for draw in draws])
    spread = table.std(axis=0)
    scaled = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return draws[int(np.argmin((scaled**2).sum(axis=1)))]


def fail_if_columns_are_missing(path: Path, table: pl.DataFrame) -> None:
    """A table that is no table of draws."""
    for name in ("variant", "draw", *SHIFTS):
        if name not in table.columns:
            raise PovsimError(f"posterior = {path}: the column '{name}' is missing. Give a file as povsim fit writes it.")


def fail_if_there_are_too_few(path: Path, variant: str, held: int, wanted: int) -> None:
    """More draws asked for than a variant has."""
    if held < wanted:
        raise PovsimError(
            f"validate.draws = {wanted}: {path} holds {held} draws of variant {variant}. Ask for that many or fewer."
        )
