"""One reader for all formats: bytes of a file to a table, with the line of the file on every row.

The format is told by the first bytes, then by the ending. A table keeps numbers and dates that the file itself holds as
such (XLSX, Parquet, .dta, .sav); what is text stays text, to be read by `numbers` and `dates`.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from povsim.data.delimited import FILE_LINE, read_delimited
from povsim.data.problems import FATAL, Problems, fail_if_file_cannot_be_used
from povsim.errors import PovsimError

__all__ = ["FORMATS", "Table", "read_bytes", "read_table"]

FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".parquet": "parquet", ".dta": "dta", ".sav": "sav"}
_OTHERS = {
    b"\xd0\xcf\x11\xe0": "a workbook of the old format .xls: save it as .xlsx",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a compressed file: unpack it first",
    b"Rar!": "a compressed file: unpack it first",
    b"7z\xbc\xaf": "a compressed file: unpack it first",
}
"""Beginnings of files that are no table."""


@dataclass(slots=True)
class Table:
    """A file as read: `frame` with `file_line` first and the columns of the file behind it.

    `numbers` and `dates` hold the cells of mixed columns that the file itself kept as numbers or dates; `labels` the value
    labels of .dta and .sav by column; `guess` what was guessed of the file, in words.
    """

    frame: pl.DataFrame
    problems: Problems
    guess: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, pl.Series] = field(default_factory=dict)
    dates: dict[str, pl.Series] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the file."""
        return [name for name in self.frame.columns if name != FILE_LINE]


def read_table(path: str | Path, known: Collection[str] = (), delimiter: str | None = None, sheet: str | None = None) -> Table:
    """The table in the file `path`; a file that holds none raises DataError with the reason.

    `known`: names of columns that speak for a delimiter; `delimiter`: of a text file, None to guess; `sheet`: of an
    XLSX file, None for the first one that is not empty.
    """
    where = Path(path).expanduser()
    table = read_bytes(bytes_of(where), where.suffix.lower(), known, delimiter, sheet)
    fail_if_file_cannot_be_used(str(where), table.problems)
    return table


def bytes_of(path: Path) -> bytes:
    """The content of a file; PovsimError where there is none to read."""
    fail_if_not_a_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise PovsimError(f"{path} cannot be read: {error.strerror}. Give a file that this user may read.") from error


def fail_if_not_a_file(path: Path) -> None:
    """A path at which there is no file."""
    if not path.exists():
        beside = sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() in FORMATS) if path.parent.is_dir() else []
        hint = f" The folder holds: {', '.join(beside[:8])}." if beside else ""
        raise PovsimError(f"There is no file {path}.{hint} Give the path of a {', '.join(FORMATS)} file.")
    if path.is_dir():
        raise PovsimError(f"{path} is a folder. Give the path of a {', '.join(FORMATS)} file in it.")


def read_bytes(
    data: bytes,
    suffix: str,
    known: Collection[str] = (),
    delimiter: str | None = None,
    sheet: str | None = None,
    problems: Problems | None = None,
) -> Table:
    """The table in `data`, a file that ends in `suffix`; problems of the whole file are noted, none is raised."""
    from povsim.data import binary_files

    kind = _kind(data, suffix)
    problems = Problems() if problems is None else problems
    other = next((name for start, name in _OTHERS.items() if data.startswith(start)), None)
    if other is not None:
        problems.add("noise", FATAL, f"this is {other}; give CSV, XLSX, Parquet, .dta or .sav")
        return Table(pl.DataFrame(), problems)
    if kind == "csv":
        frame, guess = read_delimited(data, problems, known, delimiter)
        return Table(frame, problems, {"format": "text", **guess})
    if not data:
        problems.add("empty_file", FATAL, "the file is empty; give a table with a line of column names and a row a record")
        return Table(pl.DataFrame(), problems)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return binary_files.READERS[kind](data, problems, sheet)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what libraries raise on bytes of others is anything, polars' panics included
        what = " ".join(str(error).split())[:120] or type(error).__name__
        problems.add("noise", FATAL, f"the file is damaged, or no {kind} file ({what})")
        return Table(pl.DataFrame(), problems)


def _kind(data: bytes, suffix: str) -> str:
    if data.startswith(b"PK\x03\x04"):
        return "xlsx"
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith((b"$FL2", b"$FL3")):
        return "sav"
    if data.startswith(b"<stata_dta>"):
        return "dta"
    return FORMATS.get(suffix, "csv")
