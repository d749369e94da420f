"""Which column of a file holds what, in which unit and code: read from YAML, packaged with povsim, or guessed.

kind: panel
file: {decimal: ",", delimiter: ";"}
columns:
  household: id_rt
  spending: {column: belanja, per: household, period: month, factor: 1000}
  urban: {column: daerah, codes: {1: urban, 2: rural}}
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import yaml

from povsim.config import checks, read
from povsim.config.defaults import config_folder
from povsim.data.dates import parse_one
from povsim.data.roles import KINDS, ROLES, Role, folded
from povsim.errors import PovsimError

__all__ = ["PERIODS", "Column", "Mapping", "guess_mapping", "load_mapping", "mapping_from", "packaged_mappings", "unit_of"]

PERIODS = {"month": 1.0, "year": 1.0 / 12.0, "quarter": 1.0 / 3.0, "week": 52.0 / 12.0, "day": 365.0 / 12.0}
"""Factor that turns an amount of a period into one of a month."""
PER = ("head", "household")
_SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", ",": ",", ";": ";", "\t": "\t", "|": "|"}
LOW_LINES, HIGH_LINES = 0.1, 50.0
"""Spending per head and month below or above so many poverty lines is called absurd.

A tenth of the line of March 2025 is Rp 2,000 a day, less than the food that keeps a person alive; fifty lines are Rp 30 million
a month and head, which surveys of households do not meet. Most such numbers are a wrong unit or a slipped digit.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a role is found: one column, or several joined by '-'; unit and codes of its cells.

    `names`: accepted names, the first found is read. `per`: head or household; `period`: a key of PERIODS (flows of money);
    `factor`: what one unit of the file is in rupiah (or persons); `codes`: cell to value; `missing`: cells that stand for
    no answer; `check`: whether names of places are held against the known ones.
    """

    names: tuple[str, ...]
    join: bool = False
    per: str | None = None
    period: str = "month"
    factor: float = 1.0
    codes: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    check: bool = True


@dataclass(frozen=True, slots=True)
class Mapping:
    """Columns of a file by povsim's names; `low_lines` and `high_lines` bound what spending is believed.

    `waves`: month of each wave, for files that number waves without dating them; `zero_is_missing`: zeros of cooperatives
    stand for "not reported".
    """

    kind: str
    columns: dict[str, Column] = field(default_factory=dict)
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    low_lines: float = LOW_LINES
    high_lines: float = HIGH_LINES
    zero_is_missing: bool = True
    waves: tuple[tuple[int, date], ...] = ()
    guessed: bool = False
    note: str = ""


def packaged_mappings() -> tuple[str, ...]:
    """Names of the mappings that come with povsim."""
    return tuple(sorted(path.stem for path in (config_folder() / "mapping").glob("*.yaml")))


def load_mapping(given: str | Path) -> Mapping:
    """The mapping in a YAML file, or the packaged one of that name; a mistake in it raises PovsimError with the key."""
    path = Path(given).expanduser()
    if str(given) in packaged_mappings():
        path = config_folder() / "mapping" / f"{given}.yaml"
    if not path.is_file():
        known = ", ".join(packaged_mappings())
        raise PovsimError(f"There is no mapping {given}. Give a YAML file, or one of the packaged mappings: {known}.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PovsimError(f"The mapping {path} is no YAML file: {' '.join(str(error).split())[:200]}") from error
    return mapping_from(content, str(path))


def mapping_from(content: object, where: str = "mapping") -> Mapping:
    """The mapping that these keys and values describe."""
    example = "{kind: panel, columns: {household: id_rt, spending: belanja}}"
    given = read.keys(where, content, ("kind", "columns", "file", "bounds", "waves", "zero_is_missing", "note"), example)
    checks.fail_if_key_missing(where, given, ("kind", "columns"))
    kind = read.choice(f"{where}: kind", given["kind"], tuple(KINDS))
    file = read.keys(f"{where}: file", given.get("file", {}), ("delimiter", "decimal", "sheet"), "{decimal: ','}")
    bounds = read.keys(f"{where}: bounds", given.get("bounds", {}), ("low_lines", "high_lines"), "{low_lines: .1}")
    roles = {role.name: role for role in ROLES[kind]}
    columns = read.keys(f"{where}: columns", given["columns"], roles, "{household: id_rt}")
    delimiter, decimal = file.get("delimiter"), file.get("decimal")
    low = read.number(f"{where}: bounds.low_lines", bounds.get("low_lines", LOW_LINES), 0, 1e6)
    return Mapping(
        kind,
        {name: _column(f"{where}: columns.{name}", value, roles[name]) for name, value in columns.items()},
        None if delimiter is None else _SIGNS[read.choice(f"{where}: file.delimiter", delimiter, tuple(_SIGNS))],
        None if decimal is None else read.choice(f"{where}: file.decimal", decimal, (",", ".")),
        None if file.get("sheet") is None else str(file["sheet"]),
        low,
        read.number(f"{where}: bounds.high_lines", bounds.get("high_lines", HIGH_LINES), low, 1e9),
        read.switch(f"{where}: zero_is_missing", given.get("zero_is_missing", True)),
        _months_of_waves(f"{where}: waves", given.get("waves", {})),
        note=str(given.get("note", "")),
    )


def _months_of_waves(where: str, value: object) -> tuple[tuple[int, date], ...]:
    """Number of a wave to its month, such as {1: 2025-03, 2: Maret 2026}."""
    example = "{1: 2025-03, 2: 2026-03}"
    checks.fail_if_not_a_mapping(where, value, example)
    assert isinstance(value, AnyMapping)
    months = []
    for wave, month in value.items():
        found = parse_one(str(month))
        if found is None or found[1] == "year":
            raise PovsimError(f"{where}.{wave} = {month} is no month. Write for example {example}.")
        months.append((read.whole(f"{where}: number of a wave", wave, 0, 9999), found[0].replace(day=1)))
    return tuple(months)


def _column(where: str, value: object, role: Role) -> Column:
    if isinstance(value, str | int):
        return Column((str(value),))
    if isinstance(value, list):
        return Column(_texts(where, value))
    example = "{column: belanja, per: household, period: month}"
    known = ("column", "columns", "per", "period", "factor", "codes", "missing", "check")
    given = read.keys(where, value, known, example)
    if ("column" in given) == ("columns" in given):
        raise PovsimError(
            f"{where}: give either 'column' (one, or a list of accepted names) or 'columns' (joined). Example: {example}."
        )
    joined = "columns" in given
    names = given["columns"] if joined else given["column"]
    per = given.get("per")
    codes = read_codes(f"{where}.codes", given.get("codes", {}))
    return Column(
        _texts(where, names if isinstance(names, list) else [names]),
        joined,
        None if per is None else read.choice(f"{where}.per", per, PER),
        read.choice(f"{where}.period", given.get("period", "month"), tuple(PERIODS)),
        read.number(f"{where}.factor", given.get("factor", 1.0), 1e-12, 1e15),
        codes,
        _texts(where, given.get("missing", []), empty=True),
        read.switch(f"{where}.check", given.get("check", True)),
    )


def read_codes(where: str, value: object) -> tuple[tuple[str, str], ...]:
    """Cell to value, both as text."""
    checks.fail_if_not_a_mapping(where, value, "{1: urban, 2: rural}")
    assert isinstance(value, AnyMapping)
    return tuple((str(code), _word(meaning)) for code, meaning in value.items())


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _texts(where: str, value: object, empty: bool = False) -> tuple[str, ...]:
    if not isinstance(value, list) or not (value or empty) or not all(isinstance(v, str | int | float) for v in value):
        raise PovsimError(
            f"{where}: names of columns are needed here, one or a list. Write for example [belanja, pengeluaran]."
        )
    return tuple(str(v) for v in value)


def guess_mapping(kind: str, columns: Sequence[str]) -> Mapping:
    """The mapping that the names of the columns suggest; units as the names say them (kapita: per head, tahun: a year)."""
    found: dict[str, Column] = {}
    by_name = {folded(column): column for column in reversed(columns)}
    for role in ROLES[kind]:
        column = next((by_name[name] for name in role.called if name in by_name), None)
        if column is not None and all(column not in other.names for other in found.values()):
            found[role.name] = Column((column,))
    return Mapping(kind, found, guessed=True)


def unit_of(column: Column, name: str, has_size: bool, guessed: bool) -> Column:
    """Head or household as its name says, household where sizes are known; in a guessed mapping the period too."""
    name = folded(name)
    per_head = any(word in name for word in ("kapita", "capita", "head", "pce")) or not has_size
    said = next((p for p, words in _PERIOD_WORDS.items() if any(word in name for word in words)), "month")
    return replace(column, per="head" if per_head else "household", period=said if guessed else column.period)


_PERIOD_WORDS = {"year": ("tahun", "year", "annual"), "week": ("minggu", "week"), "day": ("harian", "daily")}
