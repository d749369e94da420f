"""`povsim national`: every household of every village, district by district, arms side by side."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.cli.compare import MEANINGS, OPTIONS, fail_if_file_cannot_be_read, fail_if_out_is_given_twice, key_lines
from povsim.errors import PovsimError

HELP = """Try it:  povsim national 'population.provinces=[Bali]' sample=0.05 --out bali

Lives the whole population, every household for itself, one district after the other, in every arm over the same draws; says
who leaves poverty for good by district, province, urban and rural. Villages are synthetic: results stop at the district.
Without sample the nation has 73.5 million households: some 15 minutes for two arms on two cores, and about 3 GB.

povsim national [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json] [-m]

  --out DIR         result folder, the same as out=DIR
  --scenario FILE   keys from a YAML file, such as the scenario.yaml of a result folder; KEY=VALUE wins over it
  --json            for a pipeline: the result as one JSON object on stdout, progress as lines of JSON on stderr
  -m                several values for a key, a run for each combination: -m registry=dtks,dtsen

Districts that are finished are kept: an interrupted command, given again, goes on from there.

With a rollout in turns all districts are one run: give a sample, and if one district fails, the variant does.

Keys and defaults
{keys}

Lists are written arms=[none,aid], mappings exit={{b: .2, W: 24}}; quote what the shell would read.
Exit codes: 0 done, 1 some districts failed, 2 something given cannot be used, 130 interrupted."""

OWN = {"arms": ["aid", "aid_cooperative"], "variants": ["trap"], "replicates": 1, "equal_money": "benefits"}
"""Defaults of this command, where they are not those of `povsim compare`."""
OF_OTHERS = (
    "population.villages", "population.households_per_village", "rollout", "scenarios", "break_even", "futures", "assumptions",
    "ledger", "replicates", "checkpoints", "branch_from", "branch_month",
)  # fmt: skip
"""Keys of `povsim compare` that the help leaves out: most are refused."""
SHARE = "share of each district's villages that are lived, at least one, 0-1; null: all of them"
KEYS = {"sample": SHARE} | {key: meaning for key, meaning in MEANINGS.items() if key not in OF_OTHERS}
SAMPLED = ("population.villages", "population.households_per_village")
LANGUAGES = ("en", "id")


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    if asks_for_help(argv):
        print(help_text())
        return 0
    options, overrides = split_arguments(argv, OPTIONS)

    from povsim.cli.experiment import Experiment, run_experiment

    experiment = Experiment("national", _live, _write, _show)
    if "-m" in options:
        from povsim.cli.sweep import run_sweep

        return run_sweep(experiment, options, overrides, checked)
    return run_experiment(experiment, checked(options, overrides), as_json="--json" in options)


def checked(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario, if the nation can be lived with it."""
    from povsim.experiments.national import fail_if_not_for_the_nation

    scenario = scenario_of(options, overrides)
    fail_if_not_for_the_nation(scenario)
    return scenario


def help_text() -> str:
    """The help, with the defaults of this command."""
    meanings = KEYS | {
        "equal_money": "benefits | grant | families: form of equal-cost aid",
        "out": "null: outputs/national/<hash>",
    }
    return HELP.format(keys=key_lines(meanings, OWN))


def scenario_of(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario of the options and overrides, over the defaults of this command."""
    from povsim.cli.compose import compose
    from povsim.config import scenario_from

    fail_if_out_is_given_twice(options, overrides)
    fail_if_households_are_numbered(overrides)
    base = OWN | (dict(fail_if_file_cannot_be_read(options["--scenario"])) if "--scenario" in options else {})
    base.pop("out", None)
    if "--out" in options:
        base["out"] = options["--out"]
    return scenario_from(compose(overrides, base, "national"))


def fail_if_households_are_numbered(overrides: Sequence[str]) -> None:
    """Sizes of a drawn sample, where every village has its real households."""
    for text in overrides:
        key = text.partition("=")[0]
        if key in SAMPLED:
            raise PovsimError(
                f"'{text}': povsim national lives every household of a village, and all villages. Leave {key} out; "
                "sample=0.01 lives one in a hundred villages."
            )


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments import national  # only where something is run: compiled rules take a while to import

    return national.run(scenario, progress)


def _write(folder: Any, found: Any, scenario: Any) -> None:
    """Sentences and notes in both languages, tables, figures and report."""
    from povsim.experiments.provenance import provenance, reproduce
    from povsim.reporting.figures import figures
    from povsim.reporting.national_page import notes, render
    from povsim.reporting.sentences import sentences

    began = time.perf_counter()
    summary = found.summary
    summary["sentences"] = {code: sentences(summary, code) for code in LANGUAGES}
    summary["remarks"] = {code: notes(summary, code) for code in LANGUAGES}
    summary["failures"] = found.failures
    folder.summary(summary)
    for name, frame in found.tables.items():
        folder.table(name, frame)
    drawn = figures(summary, found.tables, scenario.language)
    for name, svg in drawn.items():
        folder.figure(name, svg)
    folder.timings.update(found.timings)
    resolved = yaml.safe_dump(scenario.resolved(), sort_keys=True, allow_unicode=True)
    origin = provenance("national", scenario, folder.timings)
    page = render(summary, found.tables, drawn, scenario.language, origin, resolved, reproduce("national", scenario))
    folder.text("report.html", page)
    folder.timings["report_s"] = time.perf_counter() - began


def _show(summary: Mapping[str, Any], code: str) -> None:
    """Tables, sentences and notes on the terminal."""
    from povsim.reporting.language import language
    from povsim.reporting.national_page import tables_shown
    from povsim.reporting.tables import print_tables

    print_tables(tables_shown(summary, language(code)))
    print()
    for sentence in summary["sentences"][code]:
        print(textwrap.fill(sentence, 110))
    print()
    for remark in (*summary["remarks"][code], *summary["notes"]):
        print(textwrap.fill(remark, 110, initial_indent="- ", subsequent_indent="  "))
