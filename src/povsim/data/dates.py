"""Dates as people write them: 2026-01-15, 15/1/2026, 15 Agustus 2026, Januari 2026, Agu 26, 202601.

Day comes before month, as in Indonesia; where only the other order can be meant (1/15/2026) the date is read so and the
mixture is noted.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import polars as pl

__all__ = ["FIRST_YEAR", "LAST_YEAR", "parse", "parse_one"]

FIRST_YEAR, LAST_YEAR = 1990, 2060

_FULL = {
    1: ("januari", "january"),
    2: ("februari", "pebruari", "february"),
    3: ("maret", "march"),
    4: ("april",),
    5: ("mei", "may"),
    6: ("juni", "june"),
    7: ("juli", "july"),
    8: ("agustus", "august"),
    9: ("september",),
    10: ("oktober", "october"),
    11: ("november", "nopember"),
    12: ("desember", "december"),
}
_SHORT = {"agt": 8, "ags": 8, "agst": 8, "mrt": 3, "nop": 11, "sept": 9}
_YMD = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ]\d{1,2}:\d{2}.*)?")
_DMY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?: \d{1,2}:\d{2}.*)?")
_MY = re.compile(r"(\d{1,2})[-/.](\d{4})")
_NAMED = re.compile(r"(?:(\d{1,2})[\s./-]*)?([a-z]+)\.?[\s,./'-]*(?:(\d{1,2})[\s,]+)?(\d{4}|\d{2})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_SERIAL = re.compile(r"(\d{5})(?:\.0+)?")
_YEAR = re.compile(r"(\d{4})(?:\.0+)?")


def parse(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Dates of cells (the first of the month where no day is given), null where unreadable; and the form of each."""
    different = text.drop_nulls().unique()
    read = {cell: parse_one(cell) for cell in different.to_list()}
    dates = {cell: found[0] for cell, found in read.items() if found}
    forms = {cell: found[1] for cell, found in read.items() if found}
    cells = text.cast(pl.String)
    return (
        cells.replace_strict(dates, default=None, return_dtype=pl.Date)
        if dates
        else pl.Series(text.name, [None] * text.len(), dtype=pl.Date),
        cells.replace_strict(forms, default=None, return_dtype=pl.String)
        if forms
        else pl.Series(text.name, [None] * text.len(), dtype=pl.String),
    )


def parse_one(text: str) -> tuple[date, str] | None:
    """The date that `text` names and its form ("y-m-d", "d/m/y", "m/d/y", "month name", ...); None if it names none."""
    bare = " ".join(text.replace("\u00a0", " ").split()).lower()
    if match := _YMD.fullmatch(bare):
        return _date(match[1], match[2], match[3] or "1", "y-m-d")
    if match := _DMY.fullmatch(bare):
        if int(match[2]) > 12 >= int(match[1]):
            return _date(match[3], match[1], match[2], "m/d/y")
        return _date(match[3], match[2], match[1], "d/m/y")
    if match := _MY.fullmatch(bare):
        return _date(match[2], match[1], "1", "m/y")
    if match := _NAMED.fullmatch(bare):
        month = _month(match[2])
        return _date(match[4], str(month), match[1] or match[3] or "1", "month name") if month else None
    if match := _COMPACT.fullmatch(bare):
        return _date(match[1], match[2], match[3] or "1", "yyyymm")
    if (match := _SERIAL.fullmatch(bare)) and 33_000 <= int(match[1]) <= 58_500:
        return date(1899, 12, 30) + timedelta(days=int(match[1])), "spreadsheet day number"
    if match := _YEAR.fullmatch(bare):
        return _date(match[1], "1", "1", "year")
    return None


def _month(word: str) -> int | None:
    if word in _SHORT:
        return _SHORT[word]
    if len(word) < 3:
        return None
    found = {month for month, names in _FULL.items() if any(name.startswith(word) for name in names)}
    return found.pop() if len(found) == 1 else None


def _date(year: str, month: str, day: str, form: str) -> tuple[date, str] | None:
    y = int(year) if len(year) == 4 else 2000 + int(year) if int(year) < 80 else 1900 + int(year)
    if not FIRST_YEAR <= y <= LAST_YEAR:
        return None
    try:
        return date(y, int(month), int(day)), form
    except ValueError:
        return None
