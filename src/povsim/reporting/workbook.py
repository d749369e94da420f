"""summary.xlsx: a sheet that explains, then the tables of the run. Nothing in a cell is ever read as a formula or a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from povsim.reporting import uncertain
from povsim.reporting import verdict as v
from povsim.reporting.drawing import rows_of
from povsim.reporting.language import Language, language
from povsim.reporting.page_tables import GRADES
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

SHEETS: Final = ("arms", "contrasts", "cost", "funnel", "who_gains", "parameters")
"""Tables of the result folder that get a sheet, in this order."""
ROWS_MOST: Final = 1_048_575
_ARM_COLUMNS: Final = ("arm", "against")
_WIDTHS: Final = {"arm": 34, "against": 34, "reason": 34, "share_reason": 34, "why_null": 34, "source": 60, "level": 24}


def workbook(
    summary: Summary, tables: Mapping[str, Any], code: str = "en", provenance: Mapping[str, Any] | None = None
) -> bytes:
    """The file. `tables` as lists of dicts or polars frames; one that is absent leaves its sheet out.

    Names of arms carry the stamp of a target. Texts are written as texts whatever sign they begin with; a number that is
    null is an empty cell. The same content gives the same bytes. Raises PovsimError for an unknown language.
    """
    from datetime import UTC, datetime

    from xlsxwriter import Workbook

    words = language(code)
    out = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = Workbook(out, options)
    book.set_properties(
        {"title": words.text("brief.workbook.title"), "author": "povsim", "created": datetime(2025, 1, 1, tzinfo=UTC)}
    )
    found = {name: rows for name in SHEETS if (rows := rows_of(tables.get(name)))}
    _readme(book, summary, found, words, provenance or {})
    for name, rows in found.items():
        _sheet(book, name, rows, summary, words)
    book.close()
    return out.getvalue()


def _sheet(book: Workbook, name: str, rows: Sequence[Mapping[str, Any]], summary: Summary, words: Language) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    columns = list(rows[0])
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column, head)
        sheet.set_column(at, at, _WIDTHS.get(column, max(11, len(column) + 2)))
    for line, row in enumerate(rows[:ROWS_MOST], start=1):
        for at, column in enumerate(columns):
            value = row.get(column)
            if column in _ARM_COLUMNS and value is not None:
                value = _arm(summary, str(value), words)
            _write(sheet, line, at, value)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, min(len(rows), ROWS_MOST), len(columns) - 1)


def _write(sheet: Worksheet, row: int, column: int, value: Any, look: Any = None) -> None:
    """A number as a number, everything else as text; None leaves the cell empty."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        sheet.write_string(row, column, str(value), look)
    else:
        sheet.write_number(row, column, value, look)


def _arm(summary: Summary, arm: str, words: Language) -> str:
    return f"{arm} {words.text('target_stamp')}" if v.is_target(summary, arm) else arm


def _readme(
    book: Workbook,
    summary: Summary,
    found: Mapping[str, Sequence[Mapping[str, Any]]],
    words: Language,
    provenance: Mapping[str, Any],
) -> None:
    sheet = book.add_worksheet("README")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 110)
    line = 0

    def put(first: Any, second: Any = None, heading: bool = False) -> None:
        nonlocal line
        _write(sheet, line, 0, first, bold if heading or second is not None else wrap)
        _write(sheet, line, 1, second, wrap)
        line += 1

    def say(key: str, **fields: object) -> str:
        return words.text(f"brief.workbook.{key}", **fields)

    put(say("title"), heading=True)
    put(say("file"), "summary.xlsx")
    for second in (say("about"), *uncertain.notes(summary, words)[:1], say("units"), words.text("note.pkh")):
        put("", second)
    if summary.get("targets"):
        put("", say("target"))
    line += 1
    put(say("run"), heading=True)
    population, definition = summary.get("population", {}), summary.get("definition", {})
    put(say("seed"), str(summary.get("seed", "?")))
    put(say("scenario_hash"), str(provenance.get("scenario_hash", "?")))
    put(say("replicates"), summary.get("replicates"))
    put(say("population"), f"{population.get('villages', '?')}, {population.get('households_per_village', '?')}")
    put(say("definition"), f"{definition.get('b', '?')}, {definition.get('W', '?')}, {definition.get('window', '?')}")
    line += 1
    put(say("few_title"), heading=True)
    put("", say("few"))
    put("", say("empty"))
    line += 1
    put(say("grades"), heading=True)
    for grade in GRADES:
        put(grade, words.text(f"grade.{grade}"))
    line += 1
    put(say("sheets"), heading=True)
    for name in found:
        put(name, say(f"sheet.{name}"))
    line += 1
    put(say("columns"), heading=True)
    for column in dict.fromkeys(column for rows in found.values() for column in rows[0]):
        put(column, words.text_or(f"brief.workbook.column.{column}", column))


def unexplained(tables: Mapping[str, Any]) -> list[str]:
    """Columns of the sheets that the README does not explain."""
    texts = language("en").texts
    columns = dict.fromkeys(column for name in SHEETS for row in rows_of(tables.get(name))[:1] for column in row)
    return [column for column in columns if f"brief.workbook.column.{column}" not in texts]
