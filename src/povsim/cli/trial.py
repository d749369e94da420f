"""`povsim trial`: a programme as a randomised trial inside the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.cli.command import apart, composed, file_keys, run_reported
from povsim.errors import PovsimError

HELP = """Try it:  povsim trial recipe=cash_grant population=toy replicates=2 --out trial

Draws who is treated, lives treated and control side by side in one country, asks them in waves, and sets what such a trial
finds (intention to treat, clustered errors) beside what is true (the same country without the programme, on the same draws).

povsim trial [recipe=NAME] [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json] [-m]

  recipe=NAME                   {recipes},
                                or a YAML file of your own with any of the keys below
  unit=household|village        who is drawn together; strata=none|district|village: shares hold within each
  eligible.rule=poor            all, poor, structurally_poor, bottom_share (eligible.share=.15); eligible.able=true: with labour
  components.NAME={{product: ...}}
                                cash, food, asset (amount_L or amount_idr; calendar, months, delivered_share),
                                training, coaching (gain, on_ability), credit (rate, limit_L, tenor), savings_group (deposit_L);
                                of a village: community (amount_idr a year), cooperative (scenario)
  treatments.NAME={{share: .5, components: [...]}}
  waves=[0,12,24]               months in which households are asked, up to 144
  survey.attrition=.05          survey.sigma_me, recall, forgotten, households: how households are observed
  correction=CR1|CR2            of the clustered errors
  economy=growth|crisis, parameters.r_m=.6, population=..., replicates=...: as povsim compare --help says
  --out DIR, --scenario FILE, --json, -m: as povsim compare --help says

Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""

ARMS = ["aid"]
"""Today's aid goes on in every country of a trial."""


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_reported("trial", argv, help_text, scenario_of, _live)


def help_text() -> str:
    """The help, with the recipes as configs/ has them."""
    from povsim.config.trial import recipes

    return HELP.format(recipes=", ".join(recipes()))


def scenario_of(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario with the keys of the trial, checked; a recipe lies below the file and the command line."""
    from povsim.config import scenario_from
    from povsim.config.defaults import merged
    from povsim.config.trial import recipe_from, trial_from

    fail_if_arms_are_given(overrides)
    name = recipe_named(overrides)
    recipe = {} if name is None else recipe_from(name)
    recipe.pop("about", None)
    given, own = apart("trial", composed("trial", options, overrides, merged(recipe, file_keys(options))))
    trial = trial_from(own)
    fail_if_it_lives_too_long(trial.waves[-1], given)
    return scenario_from(given | {"arms": ARMS}).with_own(trial.plain())


def recipe_named(overrides: Sequence[str]) -> str | None:
    """The value of recipe=, None where it is not given."""
    found = [text.partition("=")[2] for text in overrides if text.startswith("recipe=")]
    return None if not found or found[-1] == "null" else found[-1].strip("'\"")


def fail_if_arms_are_given(overrides: Sequence[str]) -> None:
    """The arms of a trial are treatments."""
    for text in overrides:
        if text.startswith(("arms=", "arm_definitions")):
            raise PovsimError(f"'{text}': povsim trial has treatments=..., no arms. Today's aid goes on for everybody.")


def fail_if_it_lives_too_long(last: int, given: Mapping[str, Any]) -> None:
    """The horizon of the scenario bounds paths of the economy; waves lie within."""
    horizon = given["horizon_months"]
    if isinstance(horizon, int) and last > horizon:
        raise PovsimError(f"waves go to month {last}, horizon_months is {horizon}. Raise horizon_months or ask earlier.")


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments import trial  # only where something is run: compiled rules take a while to import

    return trial.run(scenario, progress)
