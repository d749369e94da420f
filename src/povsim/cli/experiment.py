"""What every command does that runs an experiment: read what is stored or run, write the folder whole, show, say where."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

Summary = Mapping[str, Any]


def run_experiment(
    command: str,
    scenario: Any,
    live: Callable[[Any, Any], Any],
    write: Callable[[Any, Any, Any], None],
    show: Callable[[Summary, str], None],
) -> int:
    """Exit code of `command`. `live` takes the scenario and a progress bar, `write` the folder, what was found and the
    scenario, `show` a summary and a language."""
    from povsim.cli.progress import progress
    from povsim.experiments.folder import out_folder, result_folder, stored_summary

    out = out_folder(command, scenario)
    for warning in scenario.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    stored = stored_summary(out, command, scenario) if scenario.reuse else None
    if stored is not None:
        show(stored, scenario.language)
        print(f"\nRead from {out}: the same scenario, data and code were run before (reuse=false computes anew).")
        return 0
    found = live(scenario, progress)
    with result_folder(out, command, scenario) as folder:
        write(folder, found, scenario)
    show(found.summary, scenario.language)
    names = ", ".join(sorted(path.name for path in out.iterdir()))
    print(f"\nWritten to {out}: {names}. Open {out / 'report.html'} to read it.")
    for failure in found.failures:
        print(f"Failed: {failure}", file=sys.stderr)
    return 1 if found.failures else 0
