"""CSV and its kin as a table of text, with the line on which each row begins."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

import polars as pl

from povsim.data.problems import FATAL, REMARK, ROW, Problems
from povsim.data.text import Decoded, lines_of, looks_like_noise

__all__ = ["DELIMITERS", "FILE_LINE", "guess_delimiter", "read_delimited"]

FILE_LINE = "file_line"
"""Column that holds the line of the file on which a row begins."""
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LOOKED_AT = 200
"""Lines from which the delimiter is guessed."""
CHUNK = 65_536
LONGEST_RECORD = 50
"""Lines of one record: a longer one is a quotation mark that was never closed."""


def read_delimited(
    data: bytes, problems: Problems, known: Collection[str] = (), delimiter: str | None = None
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Table of text with `file_line` first, and what was guessed; `known`: names of columns that speak for a delimiter.

    A row with too few or too many fields is kept, filled up or cut, and noted. An empty file, noise and a file of a single
    column are noted as problems of the file, and the table is empty.
    """
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        problems.add("empty_file", FATAL, "the file is empty; give a table with a line of column names and a row a record")
        return pl.DataFrame(), {}
    if looks_like_noise(data):
        problems.add(
            "noise", FATAL, "this is no text: many bytes are control characters; give CSV, XLSX, Parquet, .dta or .sav"
        )
        return pl.DataFrame(), {}
    head = list(islice(lines_of(data, Decoded()), LOOKED_AT))
    best = guess_delimiter(head, known)
    sign = delimiter or best
    decoded = Decoded()
    frame = _read(lines_of(data, decoded), sign, problems)
    _note_wrong_delimiter(frame, sign, best, head, problems)
    for line, before, after in decoded.changes:
        problems.add("encoding_changes", REMARK, f"the encoding changes from {before} to {after}", line)
    guess = {"delimiter": DELIMITERS.get(sign, repr(sign)), "encoding": ", ".join(decoded.first_line) or "ascii"}
    return frame, guess


def guess_delimiter(lines: Sequence[str], known: Collection[str] = ()) -> str:
    """The sign that splits the lines most evenly into more than one field, known names of columns first."""
    wanted = {name.lower() for name in known}
    scores = []
    for sign in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=sign) if row]
        except csv.Error:
            continue
        if not rows or len(rows[0]) < 2:
            continue
        names = sum(cell.strip().lower() in wanted for cell in rows[0])
        even = Counter(map(len, rows))[len(rows[0])] / len(rows)
        scores.append(((names, even, len(rows[0])), sign))
    return max(scores)[1] if scores else ","


def _read(lines: Iterator[str], sign: str, problems: Problems) -> pl.DataFrame:
    reader = csv.reader(lines, delimiter=sign)
    header = _header(reader)
    names = _names(header, problems, reader.line_num)
    width = len(names)
    chunks, rows, numbers = [], [], []
    before = reader.line_num
    try:
        for row in reader:
            start, before = before + 1, reader.line_num
            if not row or not any(row):
                continue
            if before - start >= LONGEST_RECORD:
                problems.add(
                    "open_quote", ROW, f"a quotation mark is opened and not closed within {LONGEST_RECORD} lines", start
                )
            if len(row) != width:
                _note_length(row, width, start, problems)
                row = [*row[:width], *[""] * (width - len(row))]
            rows.append(row)
            numbers.append(start)
            if len(rows) == CHUNK:
                chunks.append(_frame(names, rows, numbers))
                rows, numbers = [], []
    except csv.Error as error:
        problems.add("open_quote", ROW, f"the rest of the file cannot be split into fields ({error})", before + 1)
    chunks.append(_frame(names, rows, numbers))
    return pl.concat(chunks, rechunk=True)


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        return next((row for row in reader if any(cell.strip() for cell in row)), [])
    except csv.Error:
        return []


def _names(header: Sequence[str], problems: Problems, line: int) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for at, cell in enumerate(header, start=1):
        name = cell.strip().strip("\ufeff") or f"column {at}"
        seen[name] += 1
        if seen[name] > 1:
            problems.add("repeated_column", REMARK, "two columns have this name; the first one is read", line, name)
            name = f"{name} ({seen[name]})"
        names.append(f"{name} (of the file)" if name == FILE_LINE else name)
    return names


def _note_length(row: list[str], width: int, line: int, problems: Problems) -> None:
    if len(row) < width:
        problems.add("truncated_row", ROW, f"the row has {len(row)} fields of {width}", line)
    elif any(cell.strip() for cell in row[width:]):
        reason = f"the row has {len(row)} fields, the first line has {width}"
        problems.add("too_many_fields", ROW, reason, line, None, row[width])


def _frame(names: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    text = [pl.Series(name, column, dtype=pl.String) for name, column in zip(names, columns, strict=True)]
    return pl.DataFrame([pl.Series(FILE_LINE, numbers, dtype=pl.Int64), *text])


def _note_wrong_delimiter(frame: pl.DataFrame, sign: str, best: str, head: Sequence[str], problems: Problems) -> None:
    if frame.width == 2:
        fields = len(next(csv.reader([head[0]], delimiter=best), [])) if head and best != sign else 1
        instead = f"; split by {DELIMITERS[best]} it would have {fields}" if fields > 1 else ""
        problems.add(
            "one_column",
            FATAL,
            f"the file has one column only when split by {DELIMITERS.get(sign, repr(sign))}{instead}; "
            f"known delimiters: {', '.join(DELIMITERS.values())}",
        )
    elif frame.height == 0:
        problems.add("no_rows", FATAL, "the file has column names and no row below them")
