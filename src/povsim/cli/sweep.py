"""`-m`: a run for each combination of several values (`-m registry=dtks,dtsen seed=1,2,3`), and one table of all.

Each run has the result folder that it would have alone; runs that are there already are read, not lived again. A run that
fails is a row with its reason, the others go on.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from povsim.cli.command import ScenarioOf
from povsim.cli.compose import fail_if_key_is_added_or_deleted, fail_if_unreadable
from povsim.cli.experiment import Done, Experiment, as_object, settle, warn
from povsim.cli.progress import say, spoken
from povsim.errors import PovsimError

MOST_RUNS = 100_000


def run_sweep(experiment: Experiment, options: Mapping[str, str], overrides: Sequence[str], scenario_of: ScenarioOf) -> int:
    """Run every combination, write the table of the sweep, say where; the exit code.

    Raises PovsimError before anything is run where one of the scenarios cannot be.
    """
    from povsim.experiments.sweep import Row, check_sweep_folder, effects_of, sweep_folder, write_sweep

    swept, combinations = combinations_of(overrides, experiment.command)
    fail_if_folder_of_a_run(overrides)
    given = {name: value for name, value in options.items() if name == "--scenario"}
    scenarios = [scenario_of(given, one) for one in combinations]
    out = sweep_folder(experiment.command, scenarios, options.get("--out"))
    check_sweep_folder(out)
    as_json = "--json" in options
    rows: list[Row] = []
    began = time.monotonic()
    for number, (scenario, one) in enumerate(zip(scenarios, combinations, strict=True)):
        values = {key: text.partition("=")[2] for text in one if (key := text.partition("=")[0]) in swept}
        announce(number, len(scenarios), values, time.monotonic() - began, as_json)
        warn(scenario, as_json=as_json)
        try:
            done = settle(experiment, scenario, as_json=as_json)
        except PovsimError as reason:
            rows.append(Row(values, None, [], [str(reason)]))
            tell_failed(number, values, str(reason), as_json)
            continue
        rows.append(Row(values, done.out, effects_of(done.summary), done.failures))
        tell(experiment, scenario, done, {"run": number, "values": values}, as_json)
    write_sweep(out, experiment.command, rows)
    failed = sum(bool(row.failures) for row in rows)
    ending = f"{len(rows) - failed} of {len(rows)} runs went well" + (
        f", {failed} had failures (see runs.csv)" if failed else ""
    )
    if as_json:
        print(json.dumps({"event": "sweep", "out": str(out), "runs": len(rows), "failed": failed}))
    else:
        print(f"\nWritten to {out}: runs.csv with a row a run, contrasts.csv and contrasts.parquet with all effects. {ending}.")
    return 1 if failed else 0


def combinations_of(overrides: Sequence[str], command: str) -> tuple[list[str], list[list[str]]]:
    """Keys with several values, and the overrides of every combination, the last key varying fastest."""
    swept, choices = [], []
    for text in overrides:
        override = fail_if_unreadable(text, command)
        fail_if_key_is_added_or_deleted(override, command)
        if override.is_sweep_override():
            swept.append(override.key_or_group)
            choices.append(values_of(override))
        else:
            choices.append([text])
    fail_if_nothing_is_swept(swept)
    fail_if_too_many_runs(prod(map(len, choices)))
    return swept, [list(one) for one in product(*choices)]


def values_of(override: Override) -> list[str]:
    """KEY=VALUE of each value of a key. Raises PovsimError for a kind of sweep that is no list of values."""
    try:
        values = list(islice(override.sweep_string_iterator(), MOST_RUNS + 1))
    except HydraException as error:
        raise PovsimError(
            f"'{override.input_line}' is no list of values. Accepted: {override.key_or_group}=a,b or "
            f"'{override.key_or_group}=range(1,11)'."
        ) from error
    return [f"{override.key_or_group}={value}" for value in values]


def announce(number: int, of: int, values: Mapping[str, str], elapsed: float, as_json: bool) -> None:
    """Which run begins."""
    left = elapsed / number * (of - number) if number else None
    if as_json:
        say("run", number=number + 1, of=of, values=dict(values), left_s=left)
        return
    rest = "" if left is None else f", about {spoken(left)} left"
    print(f"Run {number + 1} of {of}{rest}: {' '.join(f'{k}={v}' for k, v in values.items())}", file=sys.stderr, flush=True)


def tell_failed(number: int, values: Mapping[str, str], reason: str, as_json: bool) -> None:
    """Why a run could not be done, in a line."""
    if as_json:
        found = {"event": "failed", "run": number, "values": dict(values), "failures": [reason]}
        print(json.dumps(found, ensure_ascii=False), flush=True)
    else:
        print(f"Failed: {reason}", file=sys.stderr)


def tell(experiment: Experiment, scenario: Any, done: Done, which: Mapping[str, Any], as_json: bool) -> None:
    """What came of one run, in a line."""
    if as_json:
        print(json.dumps({**as_object(experiment, scenario, done), **which}, ensure_ascii=False), flush=True)
        return
    how = "read from" if done.stored else "written to"
    print(f"{how} {done.out}: {done.summary['sentences'][scenario.language][0]}", flush=True)


def fail_if_nothing_is_swept(swept: Sequence[str]) -> None:
    """-m without a key that has several values."""
    if not swept:
        raise PovsimError(
            "-m needs a key with several values, such as seed=1,2,3 or 'seed=range(1,11)'. Leave it out for one run."
        )


def fail_if_too_many_runs(count: int) -> None:
    """More combinations than anybody means."""
    if count > MOST_RUNS:
        raise PovsimError(f"These keys make {count:,} runs; at most {MOST_RUNS:,} are accepted. Give fewer values.")


def fail_if_folder_of_a_run(overrides: Sequence[str]) -> None:
    """out= would be the folder of every run."""
    if any(text.startswith("out=") for text in overrides):
        raise PovsimError("out= names the folder of one run. With -m give --out DIR, the folder of the table of all runs.")
