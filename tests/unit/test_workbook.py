"""summary.xlsx: what is in it, and that nothing in it can act."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from fixtures_results import made_up_summary, made_up_tables

from povsim.reporting.workbook import SHEETS, unexplained, workbook

HOSTILE = [
    "=cmd|'/c calc'!A0",
    "=HYPERLINK(\"http://example.org\",\"x\")",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "{=1+1}",
    "http://example.org",
    "mailto:x@example.org",
    "<script>alert(1)</script>",
    "1234",
]  # fmt: skip


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content))


def test_readme_comes_first_then_the_tables() -> None:
    tables = made_up_tables()
    book = opened(workbook(made_up_summary(), tables, provenance={"scenario_hash": "abc123"}))
    assert book.sheetnames == ["README", *SHEETS]
    readme = " ".join(str(cell.value) for row in book["README"].iter_rows() for cell in row if cell.value is not None)
    for wanted in ("abc123", "too few to say", "grade", "assumption without a source", "(target)", *SHEETS):
        assert wanted in readme
    for name in SHEETS:
        columns = [cell.value for cell in book[name][1]]
        assert columns == list(tables[name][0])
        assert book[name].max_row == len(tables[name]) + 1
        assert all(column in readme for column in columns)


def test_every_column_is_explained() -> None:
    assert unexplained(made_up_tables()) == []
    assert unexplained({"arms": [{"novel": 1}]}) == ["novel"]


def test_numbers_are_numbers_and_null_is_empty() -> None:
    tables = made_up_tables()
    sheet = opened(workbook(made_up_summary(), tables))["contrasts"]
    column = list(tables["contrasts"][0]).index("mean") + 1
    for at, row in enumerate(tables["contrasts"], start=2):
        assert sheet.cell(at, column).value == (None if row["mean"] is None else pytest.approx(row["mean"]))


def test_targets_are_stamped_in_both_languages() -> None:
    for code, stamp in (("en", "(target)"), ("id", "(sasaran)")):
        sheet = opened(workbook(made_up_summary(), made_up_tables(), code))["arms"]
        arms = {str(sheet.cell(row, 2).value) for row in range(2, sheet.max_row + 1)}
        assert f"aid_cooperative_planned {stamp}" in arms and "aid" in arms


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_a_text(text: str) -> None:
    summary, tables = made_up_summary(), made_up_tables()
    for name in SHEETS:
        row = dict(tables[name][0])
        tables[name] = [{column: text if isinstance(value, str) else value for column, value in row.items()}]
        tables[name][0][text] = text  # a heading too
    summary["seed"] = text
    summary["population"]["villages"] = text
    content = workbook(summary, tables, provenance={"scenario_hash": text})
    with zipfile.ZipFile(BytesIO(content)) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        links = [name for name in parts.namelist() if "_rels/sheet" in name or "externalLink" in name]
    assert len(sheets) == len(SHEETS) + 1 and links == []
    assert not any(re.search(r"<f[ >]|<hyperlink", sheet) for sheet in sheets)
    book = opened(content)
    cell = book["arms"].cell(2, 2)
    assert cell.data_type in ("s", "inlineStr") and cell.value == text


def test_the_same_content_is_the_same_bytes() -> None:
    assert workbook(made_up_summary(), made_up_tables()) == workbook(made_up_summary(), made_up_tables())


def test_an_absent_table_has_no_sheet() -> None:
    tables = made_up_tables()
    del tables["who_gains"]
    assert "who_gains" not in opened(workbook(made_up_summary(), tables)).sheetnames
