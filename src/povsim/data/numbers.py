"""Numbers as people write them: 1.250.000 and 1,250,000, 12,5 and 12.5, Rp 1.250.000,- and 1 250 000.

Which sign parts the decimals is decided once for a file, from the numbers that leave no choice: 12,5 and 1.250.000 speak
for the comma, 12.5 and 1,250,000 for the point. 1.250 alone may be either; in a column of money it is read as thousands,
since nobody writes thousandths of a rupiah.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

__all__ = ["MISSING", "Votes", "parse", "tidy", "votes"]

MISSING = ("", "-", "--", ".", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", "kosong", "tidak ada data", "t.a.")
"""What stands for no answer, letter case ignored."""

_WHOLE = r"^[+-]?\d+$"
_SCIENTIFIC = r"^[+-]?\d+(\.\d+)?[eE][+-]?\d{1,3}$"


@dataclass(frozen=True, slots=True)
class Votes:
    """Numbers of a file that can only be read with a decimal comma, or with a point; and those that may be either."""

    comma: int = 0
    point: int = 0
    unclear_comma: int = 0
    unclear_point: int = 0

    def __add__(self, other: Votes) -> Votes:
        return Votes(
            self.comma + other.comma,
            self.point + other.point,
            self.unclear_comma + other.unclear_comma,
            self.unclear_point + other.unclear_point,
        )

    @property
    def clear(self) -> bool:
        """Whether any number leaves no choice."""
        return self.comma + self.point > 0

    @property
    def decimal(self) -> str:
        """The sign of the majority; where no number is clear 1,250 is read as one and a quarter, as is 1.250."""
        if self.clear:
            return "," if self.comma > self.point else "."
        return "," if self.unclear_comma > self.unclear_point else "."


def tidy(text: pl.Series) -> pl.Series:
    """Cells without spaces, currency and the dash behind whole rupiah; null where there is no answer."""
    bare = (
        text.cast(pl.String)
        .str.replace_all(r"[\s\u{a0}\u{202f}]+", " ")
        .str.strip_chars(" '\u2019")
        .str.replace(r"(?i)^(rp|idr)\.?\s*", "")
        .str.replace(r"[.,]-$|,=$", "")
        .str.strip_chars(" ")
    )
    grouped = bare.str.contains(r"^[+-]?\d{1,3}( \d{3})+([.,]\d+)?$")
    frame = pl.DataFrame({"bare": bare, "grouped": grouped})
    return frame.select(
        pl.when(pl.col("bare").str.to_lowercase().is_in(MISSING))
        .then(None)
        .when(pl.col("grouped"))
        .then(pl.col("bare").str.replace_all(" ", "", literal=True))
        .otherwise(pl.col("bare"))
        .alias(text.name)
    ).to_series()


def votes(text: pl.Series, money: bool) -> Votes:
    """What tidied cells of a column say of the decimal sign; `money`: rupiah or a count, which have no thousandths."""
    marked = text.drop_nulls()
    marked = marked.filter(marked.str.contains(r"[.,]"))
    if not marked.len():
        return Votes()
    comma = _only(marked, ",", ".", money)
    point = _only(marked, ".", ",", money)
    if money:
        return Votes(comma, point)
    unclear = [int(marked.str.contains(rf"^[+-]?[1-9]\d{{0,2}}[{sign}]\d{{3}}$").sum()) for sign in ",."]
    return Votes(comma, point, *unclear)


def _only(text: pl.Series, decimal: str, group: str, money: bool) -> int:
    """Cells that can only be read with this decimal sign."""
    d, g = f"[{decimal}]", f"[{group}]"
    patterns = [
        rf"^[+-]?[1-9]\d{{0,2}}({g}\d{{3}}){{2,}}({d}\d+)?$",  # grouped twice
        rf"^[+-]?[1-9]\d{{0,2}}({g}\d{{3}})+{d}\d+$",  # grouped, and decimals
        rf"^[+-]?\d*{d}(\d{{1,2}}|\d{{4,}})$",  # decimals that are no group of three
        rf"^[+-]?(\d{{4,}}|0){d}\d+$",  # what stands before them is no group
    ]
    if money:
        patterns.append(rf"^[+-]?[1-9]\d{{0,2}}{g}\d{{3}}$")
    return int(text.str.contains("|".join(patterns)).sum())


def parse(text: pl.Series, decimal: str) -> tuple[pl.Series, pl.Series]:
    """Numbers of tidied cells, null where unreadable; and a mask of cells that could be read with the other sign alone."""
    value = _parse(text, decimal)
    unread = value.is_null() & text.is_not_null()
    if not unread.any():
        return value, unread
    other = _parse(
        pl.DataFrame({"x": text, "u": unread}).select(pl.when("u").then("x")).to_series(), "." if decimal == "," else ","
    )
    return value, unread & other.is_not_null()


def _parse(text: pl.Series, decimal: str) -> pl.Series:
    group = "." if decimal == "," else ","
    d, g = f"[{decimal}]", f"[{group}]"
    readable = rf"^[+-]?([1-9]\d{{0,2}}({g}\d{{3}})+|\d+)({d}\d*)?$|^[+-]?{d}\d+$"
    frame = pl.DataFrame({"text": text})
    bare = pl.col("text").str.replace_all(group, "", literal=True).str.replace(decimal, ".", literal=True)
    plain = pl.col("text").str.contains(_WHOLE) | pl.col("text").str.contains(_SCIENTIFIC)
    chosen = pl.when(plain).then(pl.col("text")).when(pl.col("text").str.contains(readable)).then(bare)
    number = chosen.str.strip_chars_start("+").cast(pl.Float64, strict=False)
    return frame.select(pl.when(number.is_finite()).then(number).alias(text.name)).to_series()
