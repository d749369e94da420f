"""What every command does that runs an experiment: read what is stored or run, write the folder whole, show, say where."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from povsim.cli.progress import progress, progress_as_json, say
from povsim.errors import PovsimError

if TYPE_CHECKING:
    import polars as pl

Summary = Mapping[str, Any]
LANGUAGES = ("en", "id")


@dataclass(frozen=True)
class Experiment:
    """A command: `live` takes the scenario and a progress bar, `write` the folder, what was found and the scenario, `show` a
    summary and a language."""

    command: str
    live: Callable[[Any, Any], Any]
    write: Callable[[Any, Any, Any], None]
    show: Callable[[Summary, str], None]


@dataclass(frozen=True)
class Done:
    """What came of an experiment: folder, summary, whether it was there already, failed runs, runs found in the store."""

    out: Path
    summary: Summary
    stored: bool
    failures: list[str]
    found: int


def reported(command: str, live: Callable[[Any, Any], Any]) -> Experiment:
    """A command whose report is in `povsim.reporting.simple_page.REPORTS`.

    What `live` finds has summary, tables, failures, timings and found.
    """
    return Experiment(command, live, partial(_write_report, command), partial(_show_report, command))


def _write_report(command: str, folder: Any, found: Any, scenario: Any) -> None:
    """Summary with sentences and notes in both languages, tables, figures and report.html."""
    from povsim.experiments.provenance import provenance, reproduce
    from povsim.reporting.simple_page import render, report_of

    began = time.perf_counter()
    report, summary = report_of(command), found.summary
    summary["sentences"] = {code: report.sentences(summary, code) for code in LANGUAGES}
    summary["remarks"] = {code: report.notes(summary, code) for code in LANGUAGES}
    summary["failures"] = found.failures
    folder.summary(summary)
    for name, frame in found.tables.items():
        folder.table(name, frame)
    drawn = report.figures(summary, found.tables, scenario.language)
    for name, svg in drawn.items():
        folder.figure(name, svg)
    folder.timings.update(found.timings)
    resolved = yaml.safe_dump(scenario.resolved(), sort_keys=True, allow_unicode=True)
    origin = provenance(command, scenario, folder.timings)
    page = render(command, summary, found.tables, drawn, scenario.language, origin, resolved, reproduce(command, scenario))
    folder.text("report.html", page)
    folder.timings["report_s"] = time.perf_counter() - began


def _show_report(command: str, summary: Summary, code: str) -> None:
    """Tables, sentences and notes on the terminal."""
    from povsim.reporting.language import language
    from povsim.reporting.simple_page import report_of
    from povsim.reporting.tables import print_tables

    print_tables(report_of(command).tables_shown(summary, language(code)))
    print()
    for sentence in summary["sentences"][code]:
        print(textwrap.fill(sentence, 110))
    print()
    for remark in (*summary["remarks"][code], *summary.get("notes", ())):
        print(textwrap.fill(remark, 110, initial_indent="- ", subsequent_indent="  "))


def run_experiment(experiment: Experiment, scenario: Any, *, as_json: bool = False) -> int:
    """Run, show and say where; the exit code. `as_json`: one object on stdout, progress as lines of JSON on stderr."""
    warn(scenario, as_json=as_json)
    done = settle(experiment, scenario, as_json=as_json)
    if as_json:
        print(json.dumps(as_object(experiment, scenario, done), ensure_ascii=False))
        return 1 if done.failures else 0
    experiment.show(done.summary, scenario.language)
    if done.stored:
        print(f"\nRead from {done.out}: the same scenario, data and code were run before (reuse=false computes anew).")
        return 0
    names = ", ".join(sorted(path.name for path in done.out.iterdir()))
    print(f"\nWritten to {done.out}: {names}. Open {done.out / 'report.html'} to read it.")
    if done.found:
        print(f"{done.found} of its runs were finished before and came from the store.")
    for failure in done.failures:
        print(f"Failed: {failure}", file=sys.stderr)
    return 1 if done.failures else 0


def settle(experiment: Experiment, scenario: Any, *, as_json: bool = False) -> Done:
    """The result of a scenario: read where it stands already, else run and written whole."""
    from povsim.experiments.folder import out_folder, result_folder, stored_summary

    fail_if_sample_is_of_another_command(experiment.command, scenario.sample)
    out = out_folder(experiment.command, scenario)
    stored = stored_summary(out, experiment.command, scenario) if scenario.reuse else None
    if stored is not None:
        return Done(out, stored, True, [], 0)
    found = experiment.live(scenario, progress_as_json if as_json else progress)
    with result_folder(out, experiment.command, scenario) as folder:
        experiment.write(folder, found, scenario)
        if found.failures:
            folder.table("failures", failure_table(found.failures))
    return Done(out, found.summary, False, found.failures, found.found)


def failure_table(failures: Sequence[str]) -> pl.DataFrame:
    """A row a failed run: which, and why."""
    import polars as pl

    parts = [line.partition(": ") for line in failures]
    return pl.DataFrame({"run": [run for run, _, _ in parts], "reason": [reason for _, _, reason in parts]})


def as_object(experiment: Experiment, scenario: Any, done: Done) -> dict[str, Any]:
    """What a pipeline reads: where the result is and what it says."""
    return {
        "event": "done",
        "command": experiment.command,
        "out": str(done.out),
        "files": sorted(path.relative_to(done.out).as_posix() for path in done.out.rglob("*") if path.is_file()),
        "stored": done.stored,
        "runs_found": done.found,
        "failures": done.failures,
        "sentences": done.summary["sentences"][scenario.language],
    }


def warn(scenario: Any, *, as_json: bool = False) -> None:
    """What runs but may not be meant."""
    for warning in scenario.warnings:
        if as_json:
            say("warning", text=warning)
        else:
            print(f"Warning: {warning}", file=sys.stderr)


def fail_if_sample_is_of_another_command(command: str, sample: float | None) -> None:
    """A share of the census, where villages are drawn by number."""
    if sample is not None and command != "national":
        raise PovsimError(
            f"sample = {sample} is a key of povsim national, which lives whole villages. Leave it out: povsim {command} draws "
            "population.villages villages."
        )
