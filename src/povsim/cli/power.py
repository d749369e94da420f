"""`povsim power`: how many villages a pilot needs to see an effect, and how wrong other estimators are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.cli.command import apart, composed, run_reported
from povsim.errors import PovsimError

HELP = """Try it:  povsim power closed_form=true design=parallel p=.5 effect=.03 households=30 icc=.03

How many villages must a pilot have to see what it is for? The textbook figure; simulated trials that check it; and pilots
inside the model: villages by lot with and without a cooperative, surveyed with error and losses, with the intra-cluster
correlation, the effect and the cost that the model gives. Says when no pilot within the budget can see permanent exits.

povsim power [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json] [-m]

  closed_form=true                  the textbook figure alone, at once
  design=parallel                   two arms; stepped_wedge: all begin, in steps; phased: in two steps; all
  p=.5 effect=.03 icc=.03           shares, not percent: .03 is 3 percentage points
  households=30 power=.8 alpha=.05
  steps=3 step_months=12 evaluation_month=36
  villages=[20,40,80]               sizes, an arm, whose power is simulated; pilots=1000 of each
  outcomes=[poverty,consumption,membership,E1,E2,E4]
  budget_idr=500e9                  also cost_interview_idr, cost_listing_idr, screen_bottom, score_sd, attrition
  audit=true                        member gap, matching, difference-in-differences, invitation, event study against the truth
  --out DIR, --scenario FILE, --json, -m    as povsim compare --help says

A small world to try all of it on:
  povsim power population=toy cooperative=optimistic replicates=2 pilots=200 audit=true --out pilot

All own keys with their defaults: configs/command/power.yaml. All other keys are those of povsim compare --help, but arms.
Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_reported("power", argv, lambda: HELP, scenario_of, _live)


def scenario_of(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario, with the checked keys of this command."""
    from povsim.config import scenario_from
    from povsim.config.power import power_from

    given, own = apart("power", composed("power", options, overrides))
    scenario = scenario_from(given | {"arms": ["aid", "aid_cooperative"]})
    keys = power_from(own, scenario.horizon_months)
    fail_if_nothing_is_lived_with_draws(keys.closed_form, scenario)
    return scenario.with_own(keys.plain())


def fail_if_nothing_is_lived_with_draws(closed_form: bool, scenario: Any) -> None:
    """The textbook figure alone lives nothing, whatever the parameters are."""
    if closed_form and scenario.uncertainty != "point":
        raise PovsimError(
            f"closed_form=true uncertainty={scenario.uncertainty}: the textbook figure alone lives no pilots, so no parameter "
            "is drawn. Leave one of the two out."
        )


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments import power  # only where something is run: compiled rules take a while to import

    return power.run(scenario, progress)
