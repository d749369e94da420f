"""`povsim compare`: who leaves poverty for good, arm by arm."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from povsim.cli.command import composed, run_command

if TYPE_CHECKING:
    from povsim.cli.experiment import Experiment

HELP = """Try it:  povsim compare population=toy replicates=2 --out first

Lets the same households live through every arm and counts who leaves poverty for good.

povsim compare [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json] [-m]

  --out DIR         result folder, the same as out=DIR
  --scenario FILE   keys from a YAML file, such as the scenario.yaml of a result folder; KEY=VALUE wins over it
  --json            for a pipeline: the result as one JSON object on stdout, progress as lines of JSON on stderr
  -m                several values for a key, a run for each combination: -m registry=dtks,dtsen seed=1,2,3

What is finished is kept: an interrupted command, given again, goes on from there.

Keys and defaults
{keys}

Lists are written arms=[none,aid], mappings exit={{b: .2, W: 24}}; quote what the shell would read.
Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""

MEANINGS = {
    "population": "indonesia | toy",
    "population.villages": "20 to 83,762",
    "population.households_per_village": "20 to 5,000",
    "population.provinces": "[Aceh,Jawa Timur]; null: all",
    "cooperative": "as_reported | as_planned | optimistic: scenario of the cooperative arms",
    "rollout": "all | phased | poorest_first | ...: povsim rollout --help lists them",
    "rollout.coverage": "share of villages with a cooperative, 0-1",
    "economy": "steady | growth | crisis",
    "registry": "dtks | dtsen",
    "arms": "what is compared; all: every arm with a name of its own",
    "arm_definitions": "arm_definitions.mine={aid: true, cooperative: optimistic, programmes: [grant]}",
    "programmes": "programmes.grant={product: cash, amount_idr: 3000000, delivery: {...}, eligibility: {...}}",
    "scenarios": "[as_reported,as_planned,optimistic]: cooperative arms under each, in one table",
    "variants": "technologies",
    "exit.b": "margin above the line, share of it, 0-1",
    "exit.W": "months above the line, 1-60",
    "horizon_months": "whole years, 84 to 600",
    "burn_in_months": "whole years, 36 to 600",
    "interactions": "on | off",
    "payer": "village_fund | ministry | cooperative",
    "equal_money": "best | benefits | grant | families: form of equal-cost aid",
    "break_even": "true: from where on cooperatives beat equal money",
    "parameters": "parameters.pi=.08; povsim parameters lists them",
    "futures": "branched futures of each sampled exit for rung E5, 0 to 10,000; 0: E5 stays empty",
    "assumptions": "draws of parameters that say how much of the answer assumptions move; 0: not asked",
    "ledger": "exits by mechanism, lost exits by cause: true | [aid_cooperative,...]",
    "checkpoints": "[0,60]: months at whose end all arms are kept; 0: the end of the burn-in",
    "uncertainty": "point | prior | posterior | FILE.parquet: draws of the parameters, in every interval",
    "n_draws": "draws of the parameters, 3 to 2,000 (null: 16); replicates are spread over them, two or more each",
    "branch_from": "a result folder with checkpoints: begin there",
    "branch_month": "at the end of which month; null: the latest kept",
    "seed": "0 to 2^63 - 1",
    "replicates": "1 to 10,000",
    "reuse": "false: compute anew",
    "threads": "null: all cores",
    "workers": "processes that live runs; null: threads of one process",
    "shards": "groups that runs are handed out in; null: one by one",
    "scheduler": "tcp://HOST:8786: a Dask cluster that lives the runs",
    "store": "folder of finished runs; null: outputs/store",
    "language": "en | id",
    "out": "null: outputs/compare/<hash>",
}
"""Keys in the order of the help, with what is accepted."""

LANGUAGES = ("en", "id")


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_command(argv, help_text, _scenario, _experiment)


def _experiment() -> Experiment:
    from povsim.cli.experiment import Experiment

    return Experiment("compare", _live, _write, _show)


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments import comparison  # only where something is run: compiled rules take a while to import

    return comparison.run(scenario, progress)


def _write(folder: Any, found: Any, scenario: Any) -> None:
    """Sentences and notes in both languages, tables, figures, report, briefs and workbook."""
    from povsim.experiments.checkpoint_folder import FOLDER
    from povsim.experiments.provenance import provenance, reproduce
    from povsim.reporting.brief_numbers import brief_numbers
    from povsim.reporting.figures import figures
    from povsim.reporting.handouts import handouts
    from povsim.reporting.page import render
    from povsim.reporting.sentences import notes, sentences

    began = time.perf_counter()
    summary = found.summary
    summary["sentences"] = {code: sentences(summary, code) for code in LANGUAGES}
    summary["failures"] = found.failures
    summary["remarks"] = {code: notes(summary, code) for code in LANGUAGES}
    summary["brief"] = brief_numbers(summary, found.tables)
    folder.summary(summary)
    for name, frame in found.tables.items():
        folder.table(name, frame)
    drawn = figures(summary, found.tables, scenario.language)
    for name, svg in drawn.items():
        folder.figure(name, svg)
    resolved = yaml.safe_dump(scenario.resolved(), sort_keys=True, allow_unicode=True)
    folder.timings.update(found.timings)
    origin = provenance("compare", scenario, folder.timings)
    page = render(summary, found.tables, drawn, scenario.language, origin, resolved, reproduce("compare", scenario))
    folder.text("report.html", page)
    if found.keep is not None:
        found.keep(folder.place(FOLDER))
    for name, content in handouts(summary, found.tables, scenario.language, origin).items():
        folder.bytes(name, content)
    folder.timings["report_s"] = time.perf_counter() - began


def _show(summary: Mapping[str, Any], language: str) -> None:
    """Tables, sentences and notes on the terminal."""
    from povsim.reporting import break_even
    from povsim.reporting.language import language as spoken
    from povsim.reporting.ledger import all_tables
    from povsim.reporting.page_tables import takeup
    from povsim.reporting.tables import arm_table, contrast_table, print_tables
    from povsim.reporting.whole_tables import (
        after_aid_table,
        assumptions_table,
        equal_money_table,
        everyone_table,
        scenarios_table,
        uncertain_table,
    )

    words = spoken(language)
    found = [
        table
        for variant in summary["variants"]
        for table in (
            arm_table(summary, variant, language),
            contrast_table(summary, variant, language),
            takeup(summary, variant, words),
            scenarios_table(summary, variant, words),
            equal_money_table(summary, variant, words),
            everyone_table(summary, variant, words),
            after_aid_table(summary, variant, words),
            assumptions_table(summary, variant, words),
            uncertain_table(summary, variant, words),
            break_even.table(summary, variant, words),
        )
        if table is not None
    ]
    print_tables([*found, *all_tables(summary, words)])
    print()
    for sentence in summary["sentences"][language]:
        print(textwrap.fill(sentence, 110))
    remarks = [*summary["remarks"][language], *summary["notes"]]
    if remarks:
        print()
        for remark in remarks:
            print(textwrap.fill(remark, 110, initial_indent="- ", subsequent_indent="  "))


def help_text() -> str:
    """The help, with the defaults as `configs/` has them."""
    return HELP.format(keys=key_lines(MEANINGS))


def key_lines(meanings: Mapping[str, str], own: Mapping[str, Any] | None = None) -> str:
    """A line a key of `meanings`, with its default as `configs/` has it, or as the command has it of its `own`."""
    from povsim.config.defaults import GROUP_KEY, defaults, merged

    lines = []
    for key, meaning in meanings.items():
        value: Any = merged(defaults(), own or {})
        for part in key.split("."):
            value = value[part]
        value = value[GROUP_KEY[key]] if key in GROUP_KEY else value
        text = f"{key}={_written(value)}"
        lines.append(f"  {text:<44} {meaning}" if len(text) <= 44 else f"  {text}\n  {'':<44} {meaning}")
    return "\n".join(lines)


def _scenario(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    from povsim.config import scenario_from

    return scenario_from(composed("compare", options, overrides))


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else "{}" if value == {} else str(value)
