"""Districts of Indonesia, and the cells (district by area) that a population is drawn for.

`frame.csv` is made by `povsim.population.build_frame`, which says how each figure is found; `frame_columns.csv` gives unit,
grade and source of each column. `toy_frame.csv` holds two fictional districts for tests and tutorials.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from povsim.errors import PovsimError, nearest

if TYPE_CHECKING:
    import polars as pl

__all__ = ["cells", "frame_columns", "load_frame", "select_provinces"]

_FRAMES = {"indonesia": "frame.csv", "toy": "toy_frame.csv"}


def load_frame(name: str = "indonesia") -> pl.DataFrame:
    """One row a district, in fixed order: 514 for "indonesia", 2 fictional ones for "toy". Columns: `frame_columns()`."""
    if name not in _FRAMES:
        closest = nearest(name, _FRAMES)
        hint = f" Did you mean '{closest}'?" if closest else ""
        raise PovsimError(f"There is no frame of districts called '{name}'.{hint} Known: {', '.join(_FRAMES)}.")
    return _read(_FRAMES[name])


def frame_columns() -> pl.DataFrame:
    """Unit, grade and source of every column of a frame; columns `column`, `unit`, `grade`, `source`."""
    return _read("frame_columns.csv")


def select_provinces(frame: pl.DataFrame, provinces: Sequence[str]) -> pl.DataFrame:
    """The districts of the provinces named, letter case ignored; an unknown province raises PovsimError."""
    import polars as pl

    known = frame["province"].unique(maintain_order=True).to_list()
    wanted = [province.upper().strip() for province in provinces]
    for given, province in zip(provinces, wanted, strict=True):
        if province not in known:
            closest = nearest(given, known)
            hint = f" Did you mean '{closest}'?" if closest else ""
            raise PovsimError(f"There is no province '{given}'.{hint} Known: {', '.join(known)}.")
    return frame.filter(pl.col("province").is_in(wanted))


def cells(frame: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row a district and area that has households, ordered by `cell_id`.

    Columns: `cell_id` = 2 district_id + 1[urban], the same whatever districts are selected; `district_id`, `province`,
    `island`, `district`, `kind`, `area` ("urban" or "rural"); `persons` and `households` (whole numbers that add up to the
    district); `villages` (the district's, split by households: a fraction, at least 1, adding up); `households_per_village`;
    `p0_pct` (headcount of persons to meet, percent); `line_idr_per_head` (rupiah per person per month).
    """
    import polars as pl

    frame = load_frame() if frame is None else frame
    split = [_area(frame, urban=False), _area(frame, urban=True)]
    return (
        pl.concat(split)
        .filter(pl.col("households") > 0)
        .with_columns(households_per_village=pl.col("households") / pl.col("villages"))
        .select(_CELL_COLUMNS)
        .sort("cell_id")
    )


_CELL_COLUMNS = [
    *("cell_id", "district_id", "province", "island", "district", "kind", "area"),
    *("persons", "households", "villages", "households_per_village", "p0_pct", "line_idr_per_head"),
]


def _area(frame: pl.DataFrame, *, urban: bool) -> pl.DataFrame:
    import polars as pl

    area = "urban" if urban else "rural"

    def part(column: str) -> pl.Expr:
        in_town = (pl.col(column) * pl.col("urban_share")).round().cast(pl.Int64)
        return in_town if urban else pl.col(column) - in_town

    return frame.with_columns(
        cell_id=2 * pl.col("district_id") + int(urban),
        area=pl.lit(area),
        persons=part("persons"),
        households=part("households"),
        villages=_villages(part("households") / pl.col("households")),
        p0_pct=pl.col(f"p0_{area}_pct").cast(pl.Float64),
        line_idr_per_head=pl.col(f"line_{area}_idr").cast(pl.Float64),
    )


def _villages(share: pl.Expr) -> pl.Expr:
    """The area's share of the district's villages; where both areas have households each has at least one village."""
    import polars as pl

    villages = pl.col("villages")
    both = (share > 0) & (share < 1)
    return pl.when(both).then((villages * share).clip(1.0, villages - 1.0)).otherwise(villages * share)


@cache
def _read(name: str) -> pl.DataFrame:
    import polars as pl

    return pl.read_csv((files("povsim.population") / name).read_bytes(), infer_schema_length=None)
