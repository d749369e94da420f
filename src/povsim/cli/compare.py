"""`povsim compare`: who leaves poverty for good, arm by arm."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from povsim.cli.arguments import asks_for_help, split_arguments
from povsim.cli.show import table
from povsim.errors import PovsimError

HELP = """Try it:  povsim compare population=toy replicates=2 --out first

Lets the same households live through every arm and counts who leaves poverty for good.

povsim compare [KEY=VALUE ...] [--out DIR] [--scenario FILE]

  --out DIR         result folder, the same as out=DIR
  --scenario FILE   keys from a YAML file, such as the scenario.yaml of a result folder; KEY=VALUE wins over it

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
    "rollout.coverage": "share of villages with a cooperative, 0-1",
    "economy": "steady | growth | crisis",
    "registry": "dtks | dtsen",
    "arms": "what is compared",
    "arm_definitions": "arm_definitions.mine={aid: true, cooperative: optimistic, programmes: [grant]}",
    "programmes": "programmes.grant={product: cash, amount_idr: 3000000, delivery: {...}, eligibility: {...}}",
    "variants": "technologies",
    "exit.b": "margin above the line, share of it, 0-1",
    "exit.W": "months above the line, 1-60",
    "horizon_months": "whole years, 84 to 600",
    "burn_in_months": "whole years, 36 to 600",
    "interactions": "on | off",
    "payer": "village_fund | ministry",
    "parameters": "parameters.pi=.08; povsim parameters lists them",
    "seed": "0 to 2^63 - 1",
    "replicates": "1 to 10,000",
    "reuse": "false: compute anew",
    "threads": "null: all cores",
    "language": "en | id",
    "out": "null: outputs/compare/<hash>",
}
"""Keys in the order of the help, with what is accepted."""

RUNGS = ("E1", "E2", "E3", "E4", "E4x")
HEADLINE_GROUP, HEADLINE = "structural", "E4"


class Result(Protocol):
    """What `povsim.experiments.comparison.run` hands back."""

    folder: Path
    """The result folder as written."""
    summary: Mapping[str, Any]
    """The content of summary.json."""
    failures: Sequence[str]
    """One line for each run that failed."""


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    if asks_for_help(argv):
        print(help_text())
        return 0
    options, overrides = split_arguments(argv, {"--out": "DIR", "--scenario": "FILE"})
    scenario = _scenario(options, overrides)

    from povsim.experiments.folder import out_folder

    out_folder("compare", scenario)
    for warning in scenario.warnings:
        print(f"Warning: {warning}", file=sys.stderr)

    from povsim.cli.progress import progress
    from povsim.experiments import comparison

    result: Result = comparison.run(scenario, progress)
    print(shown(result.summary, scenario.language))
    print(f"\nWritten to {result.folder}: {', '.join(sorted(path.name for path in result.folder.iterdir()))}")
    for failure in result.failures:
        print(f"Failed: {failure}", file=sys.stderr)
    return 1 if result.failures else 0


def help_text() -> str:
    """The help, with the defaults as `configs/` has them."""
    from povsim.config.defaults import GROUP_KEY, defaults

    lines = []
    for key, meaning in MEANINGS.items():
        value: Any = defaults()
        for part in key.split("."):
            value = value[part]
        value = value[GROUP_KEY[key]] if key in GROUP_KEY else value
        text = f"{key}={_written(value)}"
        lines.append(f"  {text:<44} {meaning}" if len(text) <= 44 else f"  {text}\n  {'':<44} {meaning}")
    return HELP.format(keys="\n".join(lines))


def shown(summary: Mapping[str, Any], language: str) -> str:
    """Sentences and the two tables of a summary, as plain text."""
    targets = summary.get("targets", ())
    blocks = ["\n".join(summary.get("sentences", {}).get(language, []))]
    for variant, content in summary["variants"].items():
        arms = [_arm_row(f"{name} (target)" if name in targets else name, groups) for name, groups in content["arms"].items()]
        title = f"Variant {variant}: share of the structurally poor households, percent; cost in Rp billion, nation"
        blocks.append(title + "\n" + table(["arm", *RUNGS, "cost"], arms))
        contrasts = [
            _contrast_row(row, targets)
            for row in content["contrasts"]
            if row["group"] == HEADLINE_GROUP and row["measure"] == HEADLINE
        ]
        title = f"Variant {variant}: differences in {HEADLINE}, percentage points, given the parameters"
        if contrasts:
            blocks.append(title + "\n" + table(["contrast", "mean", "low95", "high95", ""], contrasts))
    return "\n\n".join(block for block in blocks if block)


def fail_if_file_cannot_be_read(name: str) -> Mapping[str, Any]:
    """A scenario file that is missing or no YAML mapping; returns its keys otherwise."""
    try:
        content = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PovsimError(
            f"--scenario {name} cannot be read: {getattr(error, 'strerror', None) or 'no UTF-8 text'}."
        ) from error
    except yaml.YAMLError as error:
        raise PovsimError(f"--scenario {name} is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, Mapping):
        raise PovsimError(f"--scenario {name} holds no keys. It needs lines such as 'replicates: 8'.")
    return content


def fail_if_out_is_given_twice(options: Mapping[str, str], overrides: Sequence[str]) -> None:
    """Both --out and out=, with nothing to say which is meant."""
    if "--out" in options and any(text.startswith("out=") for text in overrides):
        raise PovsimError("--out and out= are both given. Give one of them.")


def _scenario(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    from povsim.cli.compose import compose
    from povsim.config import scenario_from

    fail_if_out_is_given_twice(options, overrides)
    base = dict(fail_if_file_cannot_be_read(options["--scenario"])) if "--scenario" in options else {}
    base.pop("out", None)
    if "--out" in options:
        base["out"] = options["--out"]
    return scenario_from(compose(overrides, base))


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else "{}" if value == {} else str(value)


def _arm_row(name: str, groups: Mapping[str, Any]) -> list[str]:
    shares = groups[HEADLINE_GROUP]
    return [name, *(_percent(shares.get(rung)) for rung in RUNGS), _billion(groups.get("cost_idr"))]


def _contrast_row(row: Mapping[str, Any], targets: Sequence[str]) -> list[str]:
    """A contrast that carries a reason is too few to say: the reason stands in place of the numbers."""
    name = f"{row['arm']} - {row['against']}" + (" (target)" if row["arm"] in targets else "")
    if row.get("reason"):
        return [name, "-", "-", "-", str(row["reason"])]
    return [name, _points(row["mean"]), _points(row["low95"]), _points(row["high95"]), ""]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.2f}"


def _billion(idr: float | None) -> str:
    return "-" if idr is None else f"{idr / 1e9:,.0f}"
