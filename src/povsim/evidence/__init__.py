"""Published figures on Indonesia, as tidy tables with a source and a grade on every row.

Grades: V read in the publication named, D arithmetic from V figures, G general knowledge to be checked before it is
printed, A assumption. The source is always the publication or the statistical office, not where a copy was seen.
Shares are 0-1 unless the column or unit says percent; money is rupiah (`_idr`).

`facts` holds the single figures that the model, the patterns and the report use, one row a key. The other tables:

| table | rows |
| --- | --- |
| poverty_national | one per round, area and indicator, March 2010 - September 2025 |
| poverty_district_2025 | one per kabupaten/kota, 514 |
| province_profile_2025 | one per province, 38: lines, P1, P2, spending |
| urban_share_province_2025 | one per province, 38: population projection of BPS |
| expenditure_distribution | shares of spending and Gini by area and round |
| cooperatives_province_2026, cooperatives_timeline, cooperatives_members | village cooperatives (Kopdes Merah Putih) |
| district_profile_2021 | one per kabupaten/kota, 514: schooling, HDI, spending, sanitation |
| patterns | patterns F1-F16 of the model page by part: target, tolerance, statistic of `experiments.patterns` |
| villages_by_district | one per kabupaten/kota, 514: desa and kelurahan |
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from povsim.errors import PovsimError, nearest

if TYPE_CHECKING:
    import polars as pl

__all__ = ["GRADES", "Fact", "fact", "fact_keys", "load", "names"]

GRADES = {
    "V": "read in the publication",
    "D": "arithmetic from figures read",
    "G": "general knowledge, not checked",
    "A": "assumption",
}

_TABLES = files(__package__) / "tables"


@dataclass(frozen=True, slots=True)
class Fact:
    """One published or derived figure: `value` in `unit`, with the range `low`-`high` where one is known."""

    key: str
    value: float
    low: float | None
    high: float | None
    unit: str
    period: str
    grade: str
    source: str
    note: str


def names() -> tuple[str, ...]:
    """Names of the tables that `load` accepts, in alphabetical order."""
    return tuple(sorted(entry.name.removesuffix(".csv") for entry in _TABLES.iterdir() if entry.name.endswith(".csv")))


def load(name: str) -> pl.DataFrame:
    """The table called `name`, one of `names()`; empty cells are null, periods stay text ("2025-03")."""
    import polars as pl

    return pl.read_csv(table_file(name).read_bytes(), infer_schema_length=None)


def table_file(name: str) -> Traversable:
    """The packaged CSV file of a table; an unknown name raises PovsimError."""
    if name not in names():
        raise PovsimError(_unknown("evidence table", name, names()))
    return _TABLES / f"{name}.csv"


def fact(key: str) -> Fact:
    """The figure called `key` in the table `facts`; an unknown key raises PovsimError."""
    if key not in _facts():
        raise PovsimError(_unknown("fact", key, fact_keys()))
    return _facts()[key]


def fact_keys() -> tuple[str, ...]:
    """Keys that `fact` accepts, in the order of the table."""
    return tuple(_facts())


@cache
def _facts() -> dict[str, Fact]:
    text = table_file("facts").read_text(encoding="utf-8")
    return {row["key"]: _parse(row) for row in csv.DictReader(text.splitlines())}


def _parse(row: dict[str, str]) -> Fact:
    return Fact(
        key=row["key"],
        value=float(row["value"]),
        low=float(row["low"]) if row["low"] else None,
        high=float(row["high"]) if row["high"] else None,
        unit=row["unit"],
        period=row["period"],
        grade=row["grade"],
        source=row["source"],
        note=row["note"],
    )


def _unknown(what: str, given: str, known: tuple[str, ...]) -> str:
    closest = nearest(given, known)
    hint = f" Did you mean '{closest}'?" if closest else ""
    if len(known) <= 20:
        return f"There is no {what} '{given}'.{hint} Known: {', '.join(known)}."
    return f"There is no {what} '{given}'.{hint} The table 'facts' lists all {len(known)} keys."
