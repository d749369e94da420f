"""Clean tables of a pilot written as such files arrive: three programs, three encodings, Indonesian months, mistakes.

    from dirty_files import dirty
    made = dirty(frame, folder)         # a file a wave, and mapping.yaml
    read_panel(made.paths, made.mapping, drop_bad_rows=True)

Which rows get which mistake is a function of seed, mistake, household and wave, so the same frame gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from pathlib import Path

import polars as pl

FULL = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
]
SHORT = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
ENUMERATORS = ("Siti Nurhaliza", "André Ñuñez", "Café Désa", "I Wayan Sûtra", "Maria Gonçalves")
"""Names with letters beyond ASCII, so that the encoding of a line matters."""

MISTAKES = {
    "copy": 0.01,
    "contradiction": 0.005,
    "absurd": 0.01,
    "negative": 0.005,
    "no_answer": 0.01,
    "zero_weight": 0.005,
    "truncated": 0.005,
    "misspelt_district": 0.005,
    "moved": 0.005,
    "missing_wave": 0.02,
}
"""Share of rows (of households and waves) that get each mistake; a row has one at most."""


@dataclass
class Dirty:
    """Files written, the mapping that reads them, and each mistake made: file, mistake, household."""

    paths: list[Path]
    mapping: Path
    made: list[tuple[str, str, str]] = field(default_factory=list)


def dirty(frame: pl.DataFrame, folder: Path, seed: int = 1, mistakes: dict[str, float] | None = None) -> Dirty:
    """Write one file a wave of `frame` into `folder`, and mapping.yaml.

    `frame`: `household`, `village`, `district`, `wave`, `month` (date), `weight`, `size`, `spending_idr` (rupiah per person and
    month); optionally `urban`, `member`, `treated` (true or false). `mistakes`: other shares than `MISTAKES`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shares = MISTAKES if mistakes is None else mistakes
    result = Dirty([], folder / "mapping.yaml")
    villages = frame["village"].unique().sort().to_list()
    for at, wave in enumerate(sorted(frame["wave"].unique().to_list())):
        style = STYLES[at % len(STYLES)]
        name = f"gelombang_{wave}.csv"
        lines = []
        for row in frame.filter(pl.col("wave") == wave).sort("village", "household").iter_rows(named=True):
            lines += _lines(row, style, shares, seed, villages, name, result)
        header = style.sign.join(style.headings)
        (folder / name).write_bytes(style.encoded([header, *lines]))
        result.paths.append(folder / name)
    result.mapping.write_text(MAPPING, encoding="utf-8")
    return result


@dataclass(frozen=True)
class Style:
    """How one program writes a file."""

    headings: tuple[str, ...]
    sign: str
    decimal: str
    month: str
    encoding: str

    def number(self, x: float, decimals: int = 0) -> str:
        text = f"{x:,.{decimals}f}"
        if self.decimal == ",":
            return text.translate(str.maketrans(",.", ".,"))
        return f'"{text}"' if "," in text and self.sign == "," else text

    def when(self, month: date) -> str:
        if self.month == "full":
            return f"{FULL[month.month - 1]} {month.year}"
        return f"{SHORT[month.month - 1]} {month.year % 100:02d}" if self.month == "short" else f"{month:%d/%m/%Y}"

    def encoded(self, lines: list[str]) -> bytes:
        if self.encoding != "mixed":
            return "\r\n".join([*lines, ""]).encode(self.encoding)
        half = len(lines) // 2
        return "\n".join([*lines[:half], ""]).encode("utf-8") + "\n".join([*lines[half:], ""]).encode("cp1252")


_HEADINGS = (
    "ID RT",
    "Desa",
    "Kabupaten",
    "Bulan",
    "Bobot",
    "Jumlah ART",
    "Belanja RT",
    "Daerah",
    "Anggota Koperasi",
    "Perlakuan",
)
_RENAMED = tuple("Total Belanja" if name == "Belanja RT" else name for name in _HEADINGS)
STYLES = (
    Style((*_HEADINGS, "Pencacah"), ";", ",", "full", "utf-8-sig"),
    Style((*_RENAMED, "Pencacah"), "\t", ",", "short", "mixed"),
    Style((*_HEADINGS, "Pencacah"), ",", ".", "day", "utf-16"),
)

MAPPING = """kind: panel
columns:
  household: ID RT
  village: Desa
  district: Kabupaten
  date: Bulan
  weight: Bobot
  size: Jumlah ART
  spending: {column: [Belanja RT, Total Belanja], per: household, period: month}
  urban: {column: Daerah, codes: {1: urban, 2: rural}}
  member: Anggota Koperasi
  treated: Perlakuan
"""


def _lines(row: dict, style: Style, shares: dict[str, float], seed: int, villages: list, name: str, made: Dirty) -> list[str]:
    """The lines of one household: one, none where it is left out, two where it stands twice."""
    mistake = _mistake(f"{row['household']}|{row['wave']}", shares, seed)
    if mistake == "moved" and (row["wave"] == 1 or len(villages) < 2):
        mistake = None
    if mistake == "missing_wave" and row["wave"] == 1:
        mistake = None
    if mistake is not None:
        made.made.append((name, mistake, str(row["household"])))
    if mistake == "missing_wave":
        return []
    spending = row["spending_idr"] * row["size"]
    village = row["village"]
    if mistake == "moved":
        village = villages[(villages.index(village) + 1) % len(villages)]
    amounts = {"absurd": 1000.0, "negative": -1.0, "contradiction": 1.0}
    amount = style.number(spending * amounts.get(mistake or "", 1.0))
    cells = [
        str(row["household"]),
        str(village),
        _misspelt(row["district"]) if mistake == "misspelt_district" else str(row["district"]),
        style.when(row["month"]),
        style.number(0.0 if mistake == "zero_weight" else row["weight"], 4),
        str(int(row["size"])),
        "n/a" if mistake == "no_answer" else amount,
        _code(row.get("urban"), "1", "2"),
        _code(row.get("member"), "ya", "tidak"),
        _code(row.get("treated"), "1", "0"),
        ENUMERATORS[int(_uniform(f"enumerator|{row['village']}|{seed}") * len(ENUMERATORS))],
    ]
    if mistake == "truncated":
        return [style.sign.join(cells[:5])]
    line = style.sign.join(cells)
    if mistake == "copy":
        return [line, line]
    if mistake == "contradiction":
        return [line, style.sign.join([*cells[:6], style.number(spending * 1.5), *cells[7:]])]
    return [line]


def _mistake(who: str, shares: dict[str, float], seed: int) -> str | None:
    u = _uniform(f"mistake|{who}|{seed}")
    for mistake, share in shares.items():
        if u < share:
            return mistake
        u -= share
    return None


def _uniform(text: str) -> float:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2.0**64


def _code(value: bool | None, yes: str, no: str) -> str:
    return "" if value is None else yes if value else no


def _misspelt(name: str) -> str:
    return f"{name[:2]}{name[3:]}x" if len(name) > 4 else f"{name}xx"
