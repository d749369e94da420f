"""`povsim data check FILE`: every problem of a file, before anything is made of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.cli.show import table
from povsim.config.read import whole
from povsim.errors import PovsimError, nearest

if TYPE_CHECKING:
    from povsim.data.inspect import Inspected

HELP = """Try it:  povsim data example && povsim data check pilot_with_mistakes.csv

povsim data check FILE ...   every problem of a file: row, column, value, reason; several files are waves of one survey
povsim data example          write pilot_with_mistakes.csv, a small survey to try it on, into this folder
povsim data mappings         the mappings that come with povsim
povsim data rules            every rule that rows are held to
  --mapping FILE             which column holds what, in which unit: a YAML file or one of: {mappings}; else it is guessed
  --kind KIND                panel (households), cooperatives (reports) or aggregate (published series); default panel
  --limit N                  print the first N problems (default {limit}); --json holds all that were kept
  --json                     one JSON object on standard output, schema 1; its sentences are in English and Indonesian

The output is in English; there is no --language. --json carries the closing sentence in both languages (sentences: en, id).

FILE: CSV (comma, semicolon, tab, bar; decimal comma or point; any encoding), XLSX, Parquet, .dta, .sav.
Exit codes: 0 no problem, 2 problems found, or the file cannot be read. `check` writes nothing."""

LIMIT = 50
_OPTIONS = {"--mapping": "FILE", "--kind": "KIND", "--limit": "N", "--json": ""}
_WORDS = ("check", "example", "mappings", "rules")
EXAMPLE = "pilot_with_mistakes.csv"


def run(argv: Sequence[str]) -> int:
    """Check files, or list mappings or rules; returns 0 where no problem was found, else 2."""
    from povsim.data.mapping import packaged_mappings

    if asks_for_help(argv):
        print(HELP.format(mappings=", ".join(packaged_mappings()), limit=LIMIT))
        return 0
    options, others = split_arguments(argv, _OPTIONS)
    fail_if_no_word(others)
    word, files = others[0], others[1:]
    if word == "check":
        return _check(files, options)
    fail_if_files_given(word, files)
    {"example": _example, "mappings": _mappings, "rules": _rules}[word]()
    return 0


def fail_if_no_word(others: Sequence[str]) -> None:
    """What is to be done is the first word."""
    if not others or others[0] not in _WORDS:
        given = f"'{others[0]}'" if others else "nothing"
        closest = nearest(others[0], _WORDS) if others else None
        hint = f" Did you mean '{closest}'?" if closest else ""
        raise PovsimError(f"povsim data: {given} is given.{hint} Accepted: {', '.join(_WORDS)}. Write: povsim data check FILE.")


def fail_if_files_given(word: str, files: Sequence[str]) -> None:
    """A list takes no file."""
    if files:
        raise PovsimError(f"povsim data {word} takes no file ({files[0]}). To check it: povsim data check {files[0]}.")


def fail_if_example_is_there(path: Path, content: bytes) -> None:
    """A file of the user's is never written over."""
    if path.exists() and (not path.is_file() or path.read_bytes() != content):
        raise PovsimError(
            f"There is already another {path} here; it is not written over. Go to another folder, or move it away."
        )


def fail_if_no_file(files: Sequence[str]) -> None:
    """A check without anything to check."""
    if not files:
        raise PovsimError("povsim data check needs a file. Write: povsim data check FILE [--mapping M.yaml].")


def _check(files: Sequence[str], options: dict[str, str]) -> int:
    from povsim.data.inspect import inspect

    fail_if_no_file(files)
    limit = whole("--limit", _number(options.get("--limit", str(LIMIT))), 1, 10_000_000)
    if "--json" not in options and sys.stderr.isatty():
        print(f"Reading {', '.join(files)} ...", file=sys.stderr)
    found = inspect([Path(f) for f in files], options.get("--mapping"), options.get("--kind"))
    if "--json" in options:
        print(json.dumps(_as_json(found), ensure_ascii=False, indent=1))
    else:
        _show(found, limit)
    return 2 if len(found.problems) else 0


def _number(text: str) -> object:
    return int(text) if text.isdecimal() else text


def _show(found: Inspected, limit: int) -> None:
    from povsim.data.problems import FATAL, REMARK, ROW

    if found.named:
        how = "guessed from the names" if found.mapping.guessed else "of the mapping"
        rows = [[role, column, _unit(found, role)] for role, column in found.named.items()]
        print(f"Columns, {how}:\n{table(['povsim', 'file', 'unit'], rows)}\n")
    if found.guess:
        print("File: " + "; ".join(f"{what} {value}" for what, value in found.guess.items()))
    for wave, first, last, rows_of in found.waves:
        when = "" if first is None else f", {first:%Y-%m}" + (f" to {last:%Y-%m}" if last != first else "")
        print(f"Wave {wave}: {rows_of:,} rows{when}")
    if found.lines is not None:
        past = f"; {found.lines.months_beyond:,} rows lie beyond its last round" if found.lines.months_beyond else ""
        print(f"Poverty lines: {found.lines.series} (grade {found.lines.grade}{past})")
    if found.mapping.note:
        print(f"Note: {found.mapping.note}")
    problems = found.problems
    if not len(problems):
        print(f"\n{_sentence(found)['en']}")
        return
    listed = problems.listed()
    print("\n" + "\n".join(str(p) for p in listed[:limit]))
    rest = len(problems) - min(limit, len(listed))
    if rest > 0:
        print(f"... and {rest:,} more problems (--limit N, --json)")
    severity: dict[str, str] = {}
    for problem in problems.found:  # a rule that is broken in several ways shows the worst of them
        severity[problem.rule] = min(severity.get(problem.rule, REMARK), problem.severity, key=(FATAL, ROW, REMARK).index)
    counts = [[rule, _CONSEQUENCE[severity[rule]], f"{count:,}"] for rule, count in problems.counts.most_common()]
    print("\n" + table(["rule", "what follows", "problems"], counts))
    print(f"\n{_sentence(found)['en']}")


_CONSEQUENCE = {"file": "file cannot be used", "row": "row cannot be used", "remark": "row is used"}


def _unit(found: Inspected, role: str) -> str:
    spec = found.mapping.columns.get(role)
    if spec is None or role not in ("spending", "food", "income"):
        return ""
    factor = "" if spec.factor == 1.0 else f", times {spec.factor:g}"
    return f"rupiah per {spec.per} and {spec.period}{factor}"


def _sentence(found: Inspected) -> dict[str, str]:
    problems, bad = found.problems, len(found.problems.bad_rows)
    if problems.fatal():
        return {
            "en": f"{found.where} cannot be used as it is.",
            "id": f"{found.where} tidak dapat dipakai apa adanya.",
        }
    if not len(problems):
        return {
            "en": f"{found.where}: {found.rows:,} rows, no problem found.",
            "id": f"{found.where}: {found.rows:,} baris, tidak ada masalah.",
        }
    return {
        "en": f"{found.where}: {len(problems):,} problems; {bad:,} of {found.rows:,} rows cannot be used.",
        "id": f"{found.where}: {len(problems):,} masalah; {bad:,} dari {found.rows:,} baris tidak dapat dipakai.",
    }


def _as_json(found: Inspected) -> dict[str, Any]:
    problems = found.problems
    return {
        "schema": 1,
        "command": "data check",
        "files": found.where,
        "sha256": found.sha256,
        "kind": found.mapping.kind,
        "rows": found.rows,
        "columns": found.named,
        "guess": found.guess,
        "mapping_guessed": found.mapping.guessed,
        "lines": None
        if found.lines is None
        else {"series": found.lines.series, "grade": found.lines.grade, "rows_beyond": found.lines.months_beyond},
        "waves": [
            {"wave": wave, "first": first and first.isoformat(), "last": last and last.isoformat(), "rows": rows}
            for wave, first, last, rows in found.waves
        ],
        "problems": problems.as_rows(),
        "problems_total": len(problems),
        "counts": dict(problems.counts),
        "rows_unusable": len(problems.bad_rows),
        "sentences": _sentence(found),
    }


def _example() -> None:
    from importlib.resources import files

    content, path = (files("povsim.data") / "example.csv").read_bytes(), Path(EXAMPLE)
    fail_if_example_is_there(path, content)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise PovsimError(f"{path} cannot be written here: {error.strerror}. Go to a folder of your own.") from error
    print(f"Written: {path}, two waves of eight made-up households. Now: povsim data check {path}")


def _mappings() -> None:
    from povsim.config.defaults import config_folder
    from povsim.data.mapping import load_mapping, packaged_mappings

    rows = []
    for name in packaged_mappings():
        mapping = load_mapping(name)
        rows.append([name, mapping.kind, str(len(mapping.columns)), mapping.note])
    print(table(["mapping", "kind", "columns", "note"], rows))
    print(f"\nCopy one from {config_folder() / 'mapping'} and write the columns of your file into it.")


def _rules() -> None:
    from povsim.data.rules import OF_CELLS, RULES

    rows = [[name, "all", _CONSEQUENCE[severity], meaning] for name, severity, meaning in OF_CELLS]
    rows += [[rule.name, ", ".join(rule.kinds), _CONSEQUENCE[rule.severity], rule.meaning] for rule in RULES]
    print(table(["rule", "files", "what follows", "broken by"], rows))
