"""The fitted table of each variant, committed with the project and rebuilt by `povsim population fit`."""

import hashlib
from functools import cache
from importlib.resources import files

import polars as pl

from povsim.config.shift import NO_SHIFT, Shift


def file_name(variant: str) -> str:
    """Name of the committed table of a variant."""
    return f"fitted_{variant}.csv"


@cache
def committed(variant: str) -> pl.DataFrame:
    """The committed table of a variant: a row a cell of Indonesia."""
    return pl.read_csv((files("povsim.population") / file_name(variant)).read_bytes())


def table_hash(table: pl.DataFrame) -> str:
    """SHA-256 of the table as it is written."""
    return hashlib.sha256(table.write_csv().encode()).hexdigest()


LIMITS = {"sg": (0.3, 1.4), "sk": (-1.0, 0.98)}
"""Least and largest spread and compression that a cell can have."""


def fitted_table(kind: str, variant: str, cells: pl.DataFrame, shift: Shift = NO_SHIFT) -> pl.DataFrame:
    """mu, sg, sk and the law of first assets of each cell of `cells`, in its order, moved by `shift`.

    The fictional district has no fit of its own: each of its cells takes the values of the Indonesian cell of the same area
    whose published headcount is nearest.
    """
    return shifted(_fitted(kind, variant, cells), cells, shift)


def shifted(table: pl.DataFrame, cells: pl.DataFrame, shift: Shift) -> pl.DataFrame:
    """A fitted table of the cells of `cells` with the shift of its area added to mu and sg (within its limits)."""
    if shift == NO_SHIFT:
        return table
    urban = cells["area"] == "urban"
    moved = {}
    for column in ("mu", "sg"):
        rural_by, urban_by = shift.of(column)
        moved[column] = table[column] + pl.select(pl.when(urban).then(urban_by).otherwise(rural_by)).to_series()
    return table.with_columns(mu=moved["mu"], sg=moved["sg"].clip(*LIMITS["sg"]))


def _fitted(kind: str, variant: str, cells: pl.DataFrame) -> pl.DataFrame:
    table = committed(variant)
    if kind == "toy":
        from povsim.population.nation import cells_of

        real = cells_of("indonesia")
        rows = []
        for area, rate in cells.select("area", "p0_pct").iter_rows():
            same = real.filter(pl.col("area") == area)
            near = same.row(int((same["p0_pct"] - rate).abs().arg_min() or 0), named=True)
            rows.append(near["cell_id"])
        picked = pl.DataFrame({"cell_id": rows}).join(table, on="cell_id", how="left", maintain_order="left")
        return picked.with_columns(cell_id=cells["cell_id"])
    return cells.select("cell_id").join(table, on="cell_id", how="left", maintain_order="left")
