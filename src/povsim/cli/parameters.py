"""`povsim parameters`: what the model assumes, and on what each number rests."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from povsim.errors import PovsimError, nearest
from povsim.parameters import (
    GROUPS,
    LANGUAGES,
    Entry,
    entry,
    group_titles,
    register,
    scenarios,
    unit_names,
)

GRADES = ("V", "D", "G", "A")

_EXAMPLE = """Examples:
  povsim parameters --group trade
  povsim parameters wedge
"""

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "headings": "SYMBOL|NAME|DEFAULT|RANGE|UNIT|GRADE",
        "to": "to",
        "group": "Group",
        "default": "Default",
        "range": "Range",
        "accepted": "accepted with a warning: {} to {}",
        "prior": "Prior",
        "equation": "Equation",
        "grade": "Grade",
        "source": "Source",
        "target": "target, not a forecast",
        "change": "To change it: povsim compare parameters.{}={}",
        "V": "read in the publication",
        "D": "arithmetic from figures read",
        "G": "general knowledge, not checked",
        "A": "assumption",
        "none": "No parameter matches. Leave out a filter, or list all with `povsim parameters`.",
        "two": "Two values stand for the variants trap / no_trap. ",
        "count_one": "1 parameter listed, grade {}: {}.",
        "count": "{} parameters listed, of which {} assumed (grade A).",
        "were_one": "1 is",
        "were": "{} are",
        "uniform": "uniform",
        "triangular": "triangular",
        "lognormal": "lognormal",
        "fixed": "fixed",
    },
    "id": {
        "headings": "SIMBOL|NAMA|NILAI BAKU|RENTANG|SATUAN|BUKTI",
        "to": "sampai",
        "group": "Kelompok",
        "default": "Nilai baku",
        "range": "Rentang",
        "accepted": "diterima dengan peringatan: {} sampai {}",
        "prior": "Sebaran awal",
        "equation": "Persamaan",
        "grade": "Tingkat bukti",
        "source": "Sumber",
        "target": "target, bukan prakiraan",
        "change": "Untuk mengubahnya: povsim compare parameters.{}={}",
        "V": "dibaca dalam publikasi",
        "D": "hitungan dari angka yang dibaca",
        "G": "pengetahuan umum, belum diperiksa",
        "A": "asumsi",
        "none": "Tidak ada parameter yang cocok. Kurangi saringan, atau tampilkan semua dengan `povsim parameters`.",
        "two": "Dua nilai berarti varian trap / no_trap. ",
        "count_one": "1 parameter ditampilkan, tingkat bukti {}: {}.",
        "count": "{} parameter ditampilkan, {} asumsi (tingkat bukti A).",
        "were_one": "1 di antaranya berupa",
        "were": "{} di antaranya berupa",
        "uniform": "seragam",
        "triangular": "segitiga",
        "lognormal": "lognormal",
        "fixed": "tetap",
    },
}


class _Parser(argparse.ArgumentParser):
    def format_help(self) -> str:
        return f"{_EXAMPLE}\n{super().format_help()}"

    def error(self, message: str) -> NoReturn:
        raise PovsimError(f"povsim parameters: {message}. `povsim parameters --help` shows what is accepted.")


def run(argv: Sequence[str]) -> int:
    """List the register, or show one entry; returns the exit code. What cannot be used raises PovsimError."""
    parser = _parser()
    if {"-h", "--help"} & set(argv):
        print(parser.format_help())
        return 0
    options = parser.parse_args(list(argv))
    _known("language", options.language, LANGUAGES)
    if options.symbol is not None:
        return _one(entry(options.symbol), options)
    chosen = _select(options)
    if options.json:
        print(json.dumps([as_json(e) for e in chosen], indent=2, ensure_ascii=False))
    else:
        print(_table(chosen, options.language) if chosen else _WORDS[options.language]["none"])
    return 0


def as_json(e: Entry) -> dict[str, Any]:
    """An entry as plain JSON values; texts in both languages."""
    return {
        "symbol": e.symbol,
        "group": e.group,
        "name": dict(e.name),
        "description": dict(e.description),
        "equation": e.equation,
        "unit": e.unit,
        "default": dict(e.default) if isinstance(e.default, Mapping) else e.default,
        "scenarios": dict(e.scenarios),
        "scenario_sources": dict(e.scenario_sources),
        "scenario_grades": dict(e.scenario_grades),
        "range": [e.low, e.high],
        "bounds": [e.lower, e.upper],
        "whole": e.whole,
        "prior": e.prior,
        "source": e.source,
        "grade": e.grade,
    }


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="povsim parameters",
        description="List the parameters of the model with default, range and grade, or show one with its sources.",
        add_help=False,
    )
    parser.add_argument("symbol", nargs="?", metavar="SYMBOL", help="show this parameter in full")
    parser.add_argument(
        "--grade",
        metavar="GRADE",
        help="only grade V (read), D (arithmetic), G (general knowledge) or A (assumption)",
    )
    parser.add_argument("--group", metavar="GROUP", help=f"only one group: {', '.join(GROUPS)}")
    parser.add_argument(
        "--search",
        metavar="TEXT",
        help="only entries with TEXT in symbol, name, description or source",
    )
    parser.add_argument("--language", metavar="LANGUAGE", default="en", help="en or id")
    parser.add_argument("--json", action="store_true", help="machine readable, in both languages")
    parser.add_argument("-h", "--help", action="store_true", help="show this text")
    return parser


def _select(options: argparse.Namespace) -> list[Entry]:
    chosen = list(register().values())
    if options.grade is not None:
        grade = options.grade.upper()
        _known("grade", grade, GRADES)
        chosen = [e for e in chosen if e.grade == grade]
    if options.group is not None:
        _known("group", options.group, GROUPS)
        chosen = [e for e in chosen if e.group == options.group]
    if options.search is not None:
        text = options.search.lower()
        chosen = [
            e for e in chosen if text in " ".join((e.symbol, *e.name.values(), *e.description.values(), e.source)).lower()
        ]
    return chosen


def _known(what: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        closest = nearest(given, known)
        guess = f" Did you mean '{closest}'?" if closest else ""
        raise PovsimError(f"There is no {what} '{given}'.{guess} Known: {', '.join(known)}.")


def _table(chosen: list[Entry], language: str) -> str:
    words = _WORDS[language]
    rows = [words["headings"].split("|")]
    for e in chosen:
        span = f"{_number(e.low, language)} {words['to']} {_number(e.high, language)}"
        rows.append(
            [
                e.symbol,
                e.name[language],
                _default(e, language),
                span,
                _unit(e, language),
                e.grade,
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    if sys.stdout.isatty():
        excess = sum(widths) + 2 * (len(widths) - 1) - shutil.get_terminal_size((120, 24)).columns
        widths[1] = max(20, widths[1] - max(0, excess))
    lines = ["  ".join(_fit(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", _count(chosen, language)])


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 3] + "..."


def _count(chosen: list[Entry], language: str) -> str:
    words = _WORDS[language]
    if len(chosen) == 1:
        return words["count_one"].format(chosen[0].grade, words[chosen[0].grade])
    assumed = sum(e.grade == "A" for e in chosen)
    were = words["were_one"] if assumed == 1 else words["were"].format(assumed)
    two = words["two"] if any(isinstance(e.default, Mapping) for e in chosen) else ""
    return two + words["count"].format(len(chosen), were)


def _one(e: Entry, options: argparse.Namespace) -> int:
    ignored = [f"--{name}" for name in ("grade", "group", "search") if getattr(options, name) is not None]
    if ignored:
        raise PovsimError(
            f"povsim parameters: {' and '.join(ignored)} cannot go with the symbol '{e.symbol}'. Give one, not both."
        )
    print(json.dumps(as_json(e), indent=2, ensure_ascii=False) if options.json else _full(e, options.language))
    return 0


def _full(e: Entry, language: str) -> str:
    words = _WORDS[language]
    span = f"{_number(e.low, language)} {words['to']} {_number(e.high, language)}"
    if e.widest != (e.low, e.high):
        span += "; " + words["accepted"].format(*(_number(x, language) for x in e.widest))
    facts = [
        (words["group"], f"{e.group} ({group_titles()[e.group][language]})"),
        (
            words["default"],
            f"{_default(e, language, named=True)} ({_unit(e, language)})",
        ),
        (words["range"], span),
        (words["prior"], words[e.prior]),
        (words["equation"], f"{e.equation}, docs/reference/month.md"),
        (words["grade"], f"{e.grade}: {words[e.grade]}"),
        (words["source"], e.source),
    ]
    for key, value in e.scenarios.items():
        scenario, grade = scenarios()[key], e.grade_in(key)
        mark = f" ({words['target']})" if scenario.target else ""
        source = f"{words['grade']} {grade}: {e.source_in(key)}"
        facts.append((key, f"{_number(value, language)}{mark}. {source}"))
    width = max(len(label) for label, _ in facts) + 2
    example = f"{e.high:.6g}" if e.value("trap") != e.high else f"{e.low:.6g}"
    lines = [f"{e.symbol}: {e.name[language]}", e.description[language], ""]
    lines += [f"{label.ljust(width)}{text}" for label, text in facts]
    return "\n".join([*lines, "", words["change"].format(e.symbol, example), _count([e], language)])


def _unit(e: Entry, language: str) -> str:
    return unit_names()[e.unit] if language == "id" else e.unit


def _default(e: Entry, language: str, named: bool = False) -> str:
    if not isinstance(e.default, Mapping):
        return _number(e.default, language)
    pairs = [(variant, _number(value, language)) for variant, value in e.default.items()]
    return ", ".join(f"{variant} {value}" for variant, value in pairs) if named else " / ".join(value for _, value in pairs)


def _number(value: float, language: str) -> str:
    text = f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:g}"
    return text.translate(str.maketrans(",.", ".,")) if language == "id" else text
