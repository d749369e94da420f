"""Names of districts, as the published table spells them, and lists of them that a user gives."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from povsim.config import checks, read
from povsim.config.checks import hint
from povsim.config.population import Population
from povsim.errors import PovsimError
from povsim.evidence import table_file

TOY_DISTRICTS = ("Teluk Rekaan", "Kota Rekaan")
"""The two districts of the made-up population."""
REASONS_SHOWN = 20
_HEADINGS = ("district", "kabupaten", "kabupaten/kota", "kota")


@cache
def province_of() -> Mapping[str, str]:
    """Province of each of the 514 districts of 2025, whose names are all different."""
    rows = csv.DictReader(table_file("poverty_district_2025").read_text(encoding="utf-8").splitlines())
    return {row["district"]: row["province"] for row in rows}


def districts_from(where: str, value: object, population: Population) -> tuple[str, ...]:
    """A list of districts in any letter case, back in the spelling of the table, in the order given."""
    names = read.words(where, value, "[Bogor,Kota Bogor]")
    return _accepted(where, [(f"entry {at}", name) for at, name in enumerate(names, start=1)], population)


def districts_of_file(where: str, value: object, population: Population) -> tuple[str, ...]:
    """The districts of a file, one a line in the order of the file: plain text, or CSV with a column `district`.

    Empty lines and lines that begin with # are passed over. Raises PovsimError that lists every line which cannot be used,
    with its number and the reason.
    """
    checks.fail_if_not_text(where, value, "the path of a text or CSV file")
    path = Path(str(value)).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "no UTF-8 text"
        raise PovsimError(f"{where} = {path} cannot be read: {why}. Give a text file with one district a line.") from error
    return _accepted(f"{where} = {path}", list(_rows(text, where, path)), population)


def fail_if_no_column_of_districts(where: str, path: Path, headings: list[str]) -> int:
    """A table in which no column is known to hold districts; returns the number of the column otherwise."""
    for at, heading in enumerate(headings):
        if heading.strip().lower() in _HEADINGS:
            return at
    raise PovsimError(
        f"{where} = {path}: the first line has {len(headings)} columns, none of them called 'district' "
        f"({', '.join(headings)}). Name the column of districts 'district', or give one district a line."
    )


def fail_if_rows_cannot_be_used(where: str, reasons: list[str], rows: int) -> None:
    """Lines of a list that are no district of this population."""
    if reasons:
        shown = "\n".join(f"  {reason}" for reason in reasons[:REASONS_SHOWN])
        more = f"\n  and {len(reasons) - REASONS_SHOWN} more" if len(reasons) > REASONS_SHOWN else ""
        raise PovsimError(
            f"{where}: {len(reasons)} of {rows} rows cannot be used, so none is:\n{shown}{more}\n"
            "Correct these rows or take them out; names are those of BPS, such as 'Bogor' and 'Kota Bogor'."
        )


def _rows(text: str, where: str, path: Path) -> Iterable[tuple[str, str]]:
    lines = text.splitlines()
    written = [at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    if not written:
        return
    first = lines[written[0]]
    sign = next((sign for sign in (";", "\t", ",") if sign in first), None)
    if sign is None:
        start = 1 if first.strip().lower() in _HEADINGS else 0
        for at in written[start:]:
            yield f"line {at + 1}", lines[at].strip().strip('"').strip()
        return
    column = fail_if_no_column_of_districts(where, path, next(csv.reader([first], delimiter=sign)))
    for at in written[1:]:
        cells = next(csv.reader([lines[at]], delimiter=sign))
        yield f"line {at + 1}", cells[column].strip() if column < len(cells) else ""


def _accepted(where: str, rows: list[tuple[str, str]], population: Population) -> tuple[str, ...]:
    known = dict.fromkeys(TOY_DISTRICTS, "") if population.kind == "toy" else province_of()
    spelt = {_folded(name): name for name in known}
    taken: dict[str, str] = {}
    reasons = []
    for at, given in rows:
        name = spelt.get(_folded(given))
        if not given:
            reasons.append(f"{at}: no district is named")
        elif name is None:
            reasons.append(f"{at}: there is no district '{given}'.{hint(given, known)}".rstrip("."))
        elif name in taken:
            reasons.append(f"{at}: '{given}' stands already in {taken[name]}")
        elif population.provinces is not None and known[name] not in population.provinces:
            reasons.append(f"{at}: '{given}' lies in {known[name]}, which is not among population.provinces")
        else:
            taken[name] = at
    fail_if_rows_cannot_be_used(where, reasons, len(rows))
    return tuple(taken)


def _folded(name: str) -> str:
    words = name.upper().split()
    words = words[1:] if words[:1] in (["KABUPATEN"], ["KAB."], ["KAB"]) else words
    return " ".join(words)
