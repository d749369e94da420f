"""XLSX, Parquet, .dta and .sav as a table. What their libraries raise on damaged files is caught by `files`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import polars as pl

from povsim.data.delimited import CHUNK, FILE_LINE
from povsim.data.problems import FATAL, REMARK, ROW, Problems
from povsim.errors import nearest

if TYPE_CHECKING:
    from povsim.data.files import Table

__all__ = ["READERS"]


def read_parquet(data: bytes, problems: Problems, sheet: str | None = None) -> Table:
    """A Parquet file; nested columns are left out with a remark.

    Read by pyarrow: on a damaged file polars may ask for more memory than there is and end the process.
    """
    from pyarrow import parquet

    table = parquet.ParquetFile(BytesIO(data)).read(use_threads=False)
    table.validate(full=True)  # text that is no UTF-8 would end polars later
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return _typed(frame, problems, {"format": "parquet"}, first=1)


def read_dta(data: bytes, problems: Problems, sheet: str | None = None) -> Table:
    """A Stata file, its value labels kept."""
    return _statistics("dta", data, problems)


def read_sav(data: bytes, problems: Problems, sheet: str | None = None) -> Table:
    """An SPSS file, its value labels kept."""
    return _statistics("sav", data, problems)


def _statistics(kind: str, data: bytes, problems: Problems) -> Table:
    import pyreadstat

    read = pyreadstat.read_dta if kind == "dta" else pyreadstat.read_sav
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
        file.write(data)
        file.flush()
        _, said = read(file.name, metadataonly=True, encoding="latin1")
        fail_if_shorter_than_it_says(said.number_rows, said.number_columns, data)
        try:
            columns, meta = read(file.name, output_format="dict")
        except UnicodeDecodeError:
            columns, meta = read(file.name, output_format="dict", encoding="latin1")
    frame = pl.DataFrame([_column(name, values) for name, values in columns.items()])
    table = _typed(frame, problems, {"format": kind, "encoding": str(meta.file_encoding)}, first=1)
    for name, labels in meta.variable_value_labels.items():
        table.labels[name] = {_as_text(code): str(label) for code, label in labels.items()}
    return table


def fail_if_shorter_than_it_says(rows: int | None, columns: int | None, data: bytes) -> None:
    """A number of rows that no file of this length holds: memory would be asked for all of them.

    A cell takes a byte at least in .dta and in the compression of .sav, and a thousandth of one in .zsav.
    """
    room = len(data) * (1100 if data.startswith(b"$FL3") else 1)
    if (rows or 0) * max(columns or 0, 1) > room:
        raise ValueError(f"{rows} rows are announced, more than its {len(data)} bytes can hold")


def _column(name: str, values: Any) -> pl.Series:
    try:
        series = pl.Series(name, values)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        series = pl.Series(name, [_as_text(v) if v is not None and v == v else None for v in values], dtype=pl.String)
    if series.dtype == pl.Object:
        series = pl.Series(name, [_as_text(v) if v is not None and v == v else None for v in values], dtype=pl.String)
    return series.fill_nan(None) if series.dtype.is_float() else series


def _typed(frame: pl.DataFrame, problems: Problems, guess: dict[str, str], first: int) -> Table:
    """A frame with types of its own: text, whole and other numbers, dates and switches are kept, the rest is left out."""
    from povsim.data.files import Table

    columns = []
    for name in frame.columns:
        series = frame[name].alias(f"{name} (of the file)" if name == FILE_LINE else name)
        if series.dtype.is_nested() or series.dtype in (pl.Object, pl.Binary):
            problems.add("nested_column", REMARK, f"a column of {series.dtype} is not read", None, name)
            continue
        if series.dtype in (pl.Categorical, pl.Enum, pl.Null, pl.Time, pl.Duration):
            series = series.cast(pl.String)
        elif series.dtype == pl.Boolean:
            series = series.cast(pl.Int8)
        elif series.dtype == pl.Datetime:
            series = series.cast(pl.Date)
        elif series.dtype.is_decimal() or series.dtype.is_float():
            series = series.cast(pl.Float64)
        columns.append(series)
    if not columns:
        problems.add("empty_file", FATAL, "the file has no columns that can be read")
        return Table(pl.DataFrame(), problems, guess)
    if not frame.height:
        problems.add("no_rows", FATAL, "the file has column names and no row below them")
    lines = pl.Series(FILE_LINE, range(first, first + frame.height), dtype=pl.Int64)
    return Table(pl.DataFrame([lines, *columns]), problems, guess)


def read_xlsx(data: bytes, problems: Problems, sheet: str | None = None) -> Table:
    """A sheet of a workbook: the one named, or the first that is not empty. Formulas are read as their last values."""
    from openpyxl import load_workbook

    from povsim.data.files import Table

    book = load_workbook(BytesIO(data), read_only=True, data_only=True)
    try:
        names = book.sheetnames
        if sheet is not None and sheet not in names:
            closest = nearest(sheet, names)
            hint = f", nearest is '{closest}'" if closest else ""
            problems.add("no_sheet", FATAL, f"there is no sheet '{sheet}'{hint}; known: {', '.join(names)}")
            return Table(pl.DataFrame(), problems)
        for name in [sheet] if sheet is not None else names:
            page = book[name]
            if not hasattr(page, "iter_rows"):
                continue  # a sheet of charts
            page.reset_dimensions()  # some programs write a wrong one, and rows beyond it would be lost
            table = _sheet(page.iter_rows(values_only=True), problems)
            if table is not None:
                table.guess = {"format": "xlsx", "sheet": name}
                return table
    finally:
        book.close()
    problems.add("empty_file", FATAL, "the workbook has no sheet with rows")
    return Table(pl.DataFrame(), problems)


def _sheet(rows: Iterable[Sequence[Any]], problems: Problems) -> Table | None:
    from povsim.data.delimited import _names
    from povsim.data.files import Table

    numbered = ((at, row) for at, row in enumerate(rows, start=1) if any(cell not in (None, "") for cell in row))
    at, header = next(numbered, (0, ()))
    if not header:
        return None
    cells = list(header)
    while cells and cells[-1] in (None, ""):
        cells.pop()
    names = _names([_as_text(cell) if cell is not None else "" for cell in cells], problems, at)
    parts: dict[str, list[list[pl.Series]]] = {"text": [], "number": [], "date": []}
    lines: list[int] = []
    kept: list[list[Any]] = []

    def flush() -> None:
        columns = list(zip(*kept, strict=True)) if kept else [()] * len(names)
        parts["text"].append([_texts(n, c) for n, c in zip(names, columns, strict=True)])
        parts["number"].append([_only_numbers(n, c) for n, c in zip(names, columns, strict=True)])
        parts["date"].append([_only_dates(n, c) for n, c in zip(names, columns, strict=True)])
        kept.clear()

    for number, row in numbered:
        if any(cell not in (None, "") for cell in row[len(names) :]):
            problems.add("too_many_fields", ROW, f"a cell stands beyond the last named column ({len(names)})", number)
        kept.append([*row[: len(names)], *[None] * (len(names) - len(row))])
        lines.append(number)
        if len(kept) == CHUNK:
            flush()
    flush()
    text, number_, date_ = (pl.concat([pl.DataFrame(part) for part in parts[kind]]) for kind in ("text", "number", "date"))
    frame = pl.DataFrame([pl.Series(FILE_LINE, lines, dtype=pl.Int64), *text.get_columns()])
    if not lines:
        problems.add("no_rows", FATAL, "the sheet has column names and no row below them")
    if len(names) == 1:
        problems.add("one_column", FATAL, "the sheet has one column only; a table needs a household and what it spends")
    return Table(
        frame,
        problems,
        numbers={n: number_[n] for n in names if number_[n].null_count() < len(lines)},
        dates={n: date_[n] for n in names if date_[n].null_count() < len(lines)},
    )


def _texts(name: str, cells: Sequence[Any]) -> pl.Series:
    return pl.Series(name, [None if c is None or c == "" else _as_text(c) for c in cells], dtype=pl.String)


def _only_numbers(name: str, cells: Sequence[Any]) -> pl.Series:
    values = [float(c) if isinstance(c, int | float) and not isinstance(c, bool) else None for c in cells]
    return pl.Series(name, values, dtype=pl.Float64)


def _only_dates(name: str, cells: Sequence[Any]) -> pl.Series:
    return pl.Series(name, [_as_date(c) for c in cells], dtype=pl.Date)


def _as_date(cell: object) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else None


def _as_text(cell: object) -> str:
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell)


READERS: dict[str, Callable[[bytes, Problems, str | None], Table]] = {
    "xlsx": read_xlsx,
    "parquet": read_parquet,
    "dta": read_dta,
    "sav": read_sav,
}
