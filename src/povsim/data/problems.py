"""Problems of a file: where, what was found, why it cannot be used, and what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from povsim.errors import PovsimError

__all__ = ["FATAL", "REMARK", "ROW", "DataError", "Problem", "Problems"]

FATAL, ROW, REMARK = "file", "row", "remark"
"""What a problem means: the file cannot be used; the row cannot; the row can, but the reader should know."""

SHOWN = 20
KEPT_PER_RULE = 100_000
"""Problems of one rule that are kept with row and value; beyond them only the count goes on."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: `line` of the file (None: the file as a whole), column as the file calls it, the cell."""

    rule: str
    severity: str
    line: int | None
    column: str | None
    value: str | None
    reason: str
    file: str | None = None

    def __str__(self) -> str:
        where = "the file" if self.line is None else f"row {self.line}"
        where = f"{self.file}, {where}" if self.file else where
        column = f", column '{self.column}'" if self.column is not None else ""
        value = f", '{self.value}'" if self.value not in (None, "") else ""
        return f"{where}{column}{value}: {self.reason}"


@dataclass(slots=True)
class Problems:
    """All problems found in a file; `counts` is complete even where only the first ones are kept."""

    found: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    bad_rows: set[tuple[str | None, int]] = field(default_factory=set)
    file: str | None = None
    cells: dict[tuple[str | None, str], tuple[pl.Series, pl.Series]] = field(default_factory=dict)
    """Of a file and role read as numbers from text: lines and cells as they are written, for messages."""

    def written(self, file: str | None, role: str, lines: list[int]) -> dict[int, str]:
        """The cells of these lines as the file has them, where they were text."""
        if (file, role) not in self.cells:
            return {}
        at, cells = self.cells[file, role]
        keep = at.is_in(lines)
        return {line: cell for line, cell in zip(at.filter(keep), cells.filter(keep), strict=True) if cell is not None}

    def add(
        self, rule: str, severity: str, reason: str, line: int | None = None, column: str | None = None, value: object = None
    ) -> None:
        """Note one problem of the file `self.file` (None: there is only one)."""
        if self.counts[rule] < KEPT_PER_RULE:
            text = None if value is None else str(value)[:60]
            self.found.append(Problem(rule, severity, line, column, text, reason, self.file))
        self.counts[rule] += 1
        if severity == ROW and line is not None:
            self.bad_rows.add((self.file, line))

    def __len__(self) -> int:
        return sum(self.counts.values())

    def listed(self) -> list[Problem]:
        """Those of the whole file first, then by line."""
        return sorted(self.found, key=lambda p: (p.line is not None, p.file or "", p.line or 0, p.column or ""))

    def fatal(self) -> list[Problem]:
        """Those that leave nothing to read."""
        return [p for p in self.found if p.severity == FATAL]

    def unusable(self) -> list[Problem]:
        """Those whose rows cannot be used, in the order of the file."""
        return [p for p in self.listed() if p.severity == ROW]

    def as_rows(self) -> list[dict[str, Any]]:
        """One mapping a problem, for JSON."""
        return [asdict(p) for p in self.listed()]


class DataError(PovsimError):
    """A file that cannot be used as it is; `problems` holds all that was found until then."""

    def __init__(self, message: str, problems: Problems) -> None:
        super().__init__(message)
        self.problems = problems


def shown(problems: Sequence[Problem] | Iterable[Problem], total: int | None = None, limit: int = SHOWN) -> str:
    """The first `limit` problems, one a line, and how many there are beyond."""
    given = list(problems)
    lines = [f"  {p}" for p in given[:limit]]
    rest = (total if total is not None else len(given)) - min(limit, len(given))
    return "\n".join([*lines, f"  and {rest} more"] if rest > 0 else lines)


def fail_if_file_cannot_be_used(where: str, problems: Problems) -> None:
    """Nothing can be read from this file."""
    fatal = problems.fatal()
    if fatal:
        raise DataError(f"{where} cannot be used:\n{shown(fatal)}", problems)


def fail_if_rows_cannot_be_used(where: str, problems: Problems) -> None:
    """Rows that would change the answer if they were dropped in silence."""
    bad = problems.unusable()
    if bad:
        rows = len(problems.bad_rows)
        raise DataError(
            f"{where}: {rows} row{'s' if rows != 1 else ''} cannot be used, so none is:\n{shown(bad)}\n"
            f"povsim data check lists all of them. Correct the file, or drop these rows with drop_bad_rows=true.",
            problems,
        )
