"""`povsim rollout`: where to start, and how fast: the same cooperatives in different orders under the same resources."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from povsim.cli.command import composed, run_reported
from povsim.errors import PovsimError

HELP = """Try it:  povsim rollout population=toy replicates=2 --out plan

Begins the same cooperatives in different orders under the same yearly resources, on the same draws, and compares who leaves
poverty for good, what it costs, what survives and who is reached.

povsim rollout [strategies=[...]] [scenarios=[...]] [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json] [-m]

  strategies=[phased,poorest_first]   kinds of rollout, or arms of your own; without it the ten kinds that need no file:
{kinds}
  scenarios=[as_reported,as_planned]  cooperatives they are of; without it both: today's record, and the ministry's targets
  rollout.budget_idr_year=20e12       resources that all strategies share (null: no limit); also mentors, managers,
                                      loan_funds_idr_year, coverage, start_without_support: configs/rollout/phased.yaml
  --out DIR                           result folder, the same as out=DIR
  --scenario FILE                     the scenario.yaml of a result folder; KEY=VALUE wins over it
  --json, -m                          for pipelines, and for several values of a key: as povsim compare --help says

A list of districts of your own, against a lot:
  povsim rollout 'strategies=[random,mine]' 'arm_definitions.mine={{aid: true, rollout: {{kind: file, file: districts.csv}}}}'

All other keys are those of povsim compare --help, but arms.
Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""

STRATEGIES = (
    "all", "phased", "poorest_first", "extreme_poverty_first", "local_potential_first",
    "readiness_first", "near_existing", "balanced", "random", "adaptive",
)  # fmt: skip
"""Compared where the user names none."""
SCENARIOS = ("as_reported", "as_planned")


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_reported("rollout", argv, help_text, _checked, _live)


def _checked(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    from povsim.experiments.rollout import fail_if_nothing_to_compare

    scenario = scenario_of(options, overrides)
    fail_if_nothing_to_compare(scenario)
    return scenario


def scenario_of(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario in which every strategy is an arm with a rollout of its own."""
    from povsim.config import scenario_from
    from povsim.config.defaults import group_choices
    from povsim.experiments.rollout import arms_for

    lists = {key: [text for text in overrides if text.startswith(f"{key}=")] for key in ("strategies", "scenarios", "arms")}
    fail_if_arms_are_given(lists.pop("arms"))
    others = [text for text in overrides if not any(text in given for given in lists.values())]
    given = composed("rollout", options, others, None if "--scenario" in options else {"rollout": "phased"})
    if "--scenario" not in options or any(lists.values()):
        strategies = words_of("strategies", lists["strategies"]) or STRATEGIES
        scenarios = words_of("scenarios", lists["scenarios"]) or SCENARIOS
        given |= arms_for(strategies, scenarios, given.get("arm_definitions") or {}, group_choices("rollout"))
    return scenario_from(given)


def words_of(key: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The words of KEY=[...], () where it is not given."""
    from povsim.config import read
    from povsim.config.checks import fail_if_repeated

    fail_if_repeated("the command line", [text.partition("=")[0] for text in texts])
    if not texts:
        return ()
    text = texts[0].partition("=")[2]
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PovsimError(f"{key}={text} cannot be read. Write it in brackets: {key}=[one,two].") from error
    example = {"strategies": "[phased,poorest_first]", "scenarios": "[as_reported,as_planned]"}[key]
    return read.words(key, value, example)


def fail_if_arms_are_given(texts: Sequence[str]) -> None:
    """The arms of this command follow from strategies and scenarios."""
    if texts:
        raise PovsimError(f"'{texts[0]}': povsim rollout makes its arms from strategies=[...] and scenarios=[...]. Use these.")


def help_text() -> str:
    """The help, with the kinds as configs/ has them."""
    listed = textwrap.fill(", ".join(STRATEGIES), 110, initial_indent=" " * 38, subsequent_indent=" " * 38)
    return HELP.format(kinds=listed)


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments import rollout  # only where something is run: compiled rules take a while to import

    return rollout.run(scenario, progress)
