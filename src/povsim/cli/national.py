"""`povsim national`: every household of every village, district by district, arms side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.cli.command import composed, file_keys, run_reported
from povsim.cli.compare import MEANINGS, key_lines
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
    "ledger", "replicates", "checkpoints", "branch_from", "branch_month", "uncertainty", "n_draws",
)  # fmt: skip
"""Keys of `povsim compare` that the help leaves out: most are refused."""
SHARE = "share of each district's villages that are lived, at least one, 0-1; null: all of them"
KEYS = {"sample": SHARE} | {key: meaning for key, meaning in MEANINGS.items() if key not in OF_OTHERS}
SAMPLED = ("population.villages", "population.households_per_village")


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_reported("national", argv, help_text, checked, _live)


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
    from povsim.config import scenario_from

    fail_if_households_are_numbered(overrides)
    return scenario_from(composed("national", options, overrides, {**OWN, **file_keys(options)}))


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
