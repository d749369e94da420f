"""`povsim evidence`: the published figures."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from povsim import evidence
from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.cli.month import fail_if_arguments_are_left
from povsim.cli.show import table
from povsim.config.read import whole
from povsim.errors import PovsimError

HELP = """Try it:  povsim evidence facts --limit 10

povsim evidence              the tables and their number of rows
povsim evidence NAME         one table, its sources numbered below
  --limit N                  the first N rows only

Grades: {grades}."""

CELL = 60


def run(argv: Sequence[str]) -> int:
    """List the tables, or print one."""
    if asks_for_help(argv):
        print(HELP.format(grades=", ".join(f"{grade} {meaning}" for grade, meaning in evidence.GRADES.items())))
        return 0
    options, others = split_arguments(argv, {"--limit": "N"})
    if not others:
        print(table(["table", "rows"], [[name, str(len(_rows(name)))] for name in evidence.names()]))
        print("\npovsim evidence NAME shows one.")
        return 0
    fail_if_arguments_are_left("evidence", others[1:])
    _show(others[0], _limit(options.get("--limit")))
    return 0


def fail_if_limit_is_no_number(text: str) -> None:
    """Rows are counted in whole numbers."""
    if not text.isdecimal():
        raise PovsimError(f"--limit {text} is not a number of rows. Accepted: a whole number, at least 1.")


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    fail_if_limit_is_no_number(text)
    return whole("--limit", int(text), 1, 1_000_000)


def _show(name: str, limit: int | None) -> None:
    rows = _rows(name)
    shown = rows[:limit]
    sources = list(dict.fromkeys(row["source"] for row in shown if row.get("source")))
    header = list(rows[0]) if rows else []
    print(table(header, [[_cell(key, row[key], sources) for key in header] for row in shown]))
    if len(shown) < len(rows):
        print(f"... {len(rows) - len(shown)} rows more")
    if sources:
        print("\nSources")
    for number, source in enumerate(sources, start=1):
        print(f"[{number}] {source}")


def _cell(key: str, value: str, sources: list[str]) -> str:
    if key == "source" and value:
        return f"[{sources.index(value) + 1}]"
    return value if len(value) <= CELL else value[: CELL - 3] + "..."


def _rows(name: str) -> list[dict[str, str]]:
    text = evidence.table_file(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
