"""Reading a result folder and writing its figures and report anew."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from povsim.errors import PovsimError
from povsim.reporting.brief_numbers import brief_numbers
from povsim.reporting.figures import figures
from povsim.reporting.handouts import handouts
from povsim.reporting.language import language
from povsim.reporting.page import render
from povsim.reporting.simple_page import REPORTS, report_of
from povsim.reporting.simple_page import write as rewritten

TABLES = (
    "arms",
    "contrasts",
    "who_gains",
    "exits_over_time",
    "exits_by_year",
    "exit_survival",
    "headcount_path",
    "funnel",
    "cost",
    "persons",
    "break_even",
    "population_check",
    "parameters",
    "relapses",
)


def write(folder: Path, code: str = "en") -> Path:
    """Draw the figures of a result folder, write its report.html and summary.xlsx in a language, and its briefs in both.

    Returns the path of the report. Everything is made before anything is written, and each file is put in place whole.
    Raises PovsimError where the folder is missing, is no result, or lacks what this version reads (an older one made it).
    """
    language(code)
    summary = read_summary(folder)
    try:
        files = _made(folder, summary, code)
    except (LookupError, TypeError, AttributeError) as error:
        if _made_by_this_version(folder):
            raise
        raise PovsimError(_of_an_older_version(folder, summary["command"], error)) from error
    for name, content in files.items():
        put(folder / name, content)
    return folder / "report.html"


def _made(folder: Path, summary: dict[str, Any], code: str) -> dict[str, bytes]:
    """Every file of the report, by name below the folder."""
    command = summary["command"]
    known = report_of(command).TABLES if command in REPORTS else TABLES
    tables = {name: table for name in known if (table := _table(folder, name)) is not None}
    provenance = _json(folder / "provenance.json")
    texts = (provenance, _text(folder / "scenario.yaml"), _text(folder / "REPRODUCE.md"))
    if command in REPORTS:
        return {name: text.encode() for name, text in rewritten(command, summary, tables, code, texts).items()}
    summary.setdefault("brief", brief_numbers(summary, tables))
    drawn = figures(summary, tables, code)
    page = render(summary, tables, drawn, code, *texts)
    files = {f"figures/{name}.svg": svg.encode() for name, svg in drawn.items()}
    return files | handouts(summary, tables, code, provenance) | {"report.html": page.encode()}


def _made_by_this_version(folder: Path) -> bool:
    """Whether the sources that made the folder are the ones that read it."""
    from povsim.experiments.provenance import code_hash

    return _json(folder / "provenance.json").get("code_hash") == code_hash()


def _of_an_older_version(folder: Path, command: str, error: Exception) -> str:
    """What is missing, and how to have it."""
    what = f"has no {error}" if isinstance(error, KeyError) else "is not as this version reads it"
    again = f"povsim {command} --scenario {folder / 'scenario.yaml'} --out NEW"
    how = f"Run the command again: {again}" if (folder / "scenario.yaml").is_file() else "Run the command again"
    return f"{folder / 'summary.json'} {what}: an older version of povsim made it. {how}."


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary of a result folder.

    Raises PovsimError that says what is missing and which folder to give.
    """
    fail_if_no_folder(folder)
    fail_if_no_summary(folder)
    path = folder / "summary.json"
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise PovsimError(language("en").text("error.bad_summary", file=path, why=error)) from error
    if not (isinstance(summary, dict) and summary.get("command") in REPORTS and summary.get("sentences")):
        fail_if_no_comparison(path, summary)
    return {"command": "compare"} | dict(summary)


def fail_if_no_folder(folder: Path) -> None:
    """The path is no folder."""
    if not folder.is_dir():
        raise PovsimError(language("en").text("error.no_folder", folder=folder))


def fail_if_no_summary(folder: Path) -> None:
    """The folder has no summary.json."""
    if not (folder / "summary.json").is_file():
        raise PovsimError(language("en").text("error.no_summary", folder=folder))


def fail_if_no_comparison(path: Path, summary: object) -> None:
    """The summary has no arms by variant: another command wrote it, or something else."""
    variants = summary.get("variants") if isinstance(summary, dict) else None
    whole = (
        isinstance(variants, dict)
        and variants
        and all(isinstance(b, dict) and isinstance(b.get("arms"), dict) for b in variants.values())
    )
    if not whole:
        why = "it holds no arms by variant, as povsim compare writes them"
        raise PovsimError(language("en").text("error.bad_summary", file=path, why=why))


def _table(folder: Path, name: str) -> list[dict[str, Any]] | None:
    import polars as pl

    for path, read in (
        (folder / "tables" / f"{name}.parquet", pl.read_parquet),
        (folder / "tables" / f"{name}.csv", pl.read_csv),
    ):
        if path.is_file():
            try:
                return read(path).to_dicts()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise PovsimError(f"{path} cannot be read as a table ({error}). Run the comparison again.") from error
    return None


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_text(path) or "{}")
    except ValueError as error:
        raise PovsimError(f"{path} is no JSON ({error}). Run the comparison again.") from error
    return content if isinstance(content, dict) else {}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def put(path: Path, content: bytes) -> None:
    """Write a file of a result folder whole: beside its place first, then renamed into it."""
    try:
        path.parent.mkdir(exist_ok=True)
        handle, partial = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except OSError as error:
        raise PovsimError(
            f"{path} cannot be written ({error.strerror}). Give a result folder that you may write to."
        ) from error
