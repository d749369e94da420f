"""`povsim forecast`: the coming years by arm, how such forecasts would have done, and how a saved one did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from povsim.cli.command import apart, composed, file_keys, run_reported
from povsim.cli.compare import MEANINGS, key_lines

HELP = """Try it:  povsim forecast population=toy population.villages=20 replicates=4 --out coming

Forecasts the share of poor persons in the coming years, arm by arm, with 80 and 95 % bands; growth is drawn from what it was
since 2010. A forecast of the nation begins at the published rate of March 2025 and can be scored when later rates are out.

povsim forecast [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json] [-m]
povsim forecast backtest=true             province rates 2015-2025 forecast from past origins, against no change and drift
povsim forecast score=DIR data=FILE       how the forecast in DIR did; FILE: CSV with the columns period, headcount_pct

Keys of this command
{own}

Other keys and defaults
{keys}

--out, --scenario, --json and -m are as povsim compare --help says.
Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""

OWN: dict[str, Any] = {
    "arms": ["aid", "aid_cooperative"],
    "replicates": 40,
    "horizon_months": 84,
}
"""Defaults of this command, where they are not those of `povsim compare`."""
USED = (
    "population", "population.villages", "population.households_per_village", "population.provinces", "cooperative", "economy",
    "registry", "arms", "arm_definitions", "programmes", "variants", "horizon_months", "burn_in_months", "parameters", "seed",
    "replicates", "uncertainty", "n_draws", "threads", "workers", "store", "language", "out",
)  # fmt: skip
MEANINGS_HERE = {
    "backtest": "true: forecast province rates from past origins, and score that",
    "origins": "Marches that a back-test looks ahead from, 2017 to 2024",
    "horizons": "years ahead of a back-test, 1 to 3",
    "predictive_draws": "draws of each predictive distribution of a back-test",
    "bootstrap": "draws of blocks behind its intervals",
    "sampling_share": "share of the variance of a province's yearly changes that is sampling error",
    "growth": "history | register: drawn from its past, or parameters.g_w and economy",
    "score": "folder of a saved forecast",
    "data": "CSV of what was published since: period,headcount_pct",
    "scored_arm": "arm that stands for what really happens",
}


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_reported("forecast", argv, help_text, checked, _live)


def checked(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario, with the keys of this command in it, if it can be forecast."""
    from povsim.config import scenario_from
    from povsim.config.forecast import forecast_from

    given, own = apart("forecast", composed("forecast", options, overrides, {**OWN, **file_keys(options)}))
    keys = forecast_from(own)
    scenario = scenario_from(given).with_own(keys.plain())
    from povsim.experiments.forecast import (
        fail_if_arms_need_a_comparison,
        fail_if_growth_is_given_twice,
        fail_if_nothing_is_distributed,
        fail_if_parameters_are_drawn,
    )

    fail_if_parameters_are_drawn(scenario, keys)
    if keys.score is not None:
        return replace(scenario, reuse=False)  # what the folder and the file hold may have changed
    if not keys.backtest:
        fail_if_growth_is_given_twice(scenario, keys)
        fail_if_arms_need_a_comparison(scenario)
        fail_if_nothing_is_distributed(scenario)
    return scenario


def help_text() -> str:
    """The help, with the defaults of this command."""
    from povsim.config.defaults import merged, own_keys

    meanings = {key: MEANINGS[key] for key in USED if key in MEANINGS} | {"out": "null: outputs/forecast/<hash>"}
    return HELP.format(own=key_lines(MEANINGS_HERE, own_keys("forecast")), keys=key_lines(meanings, merged({}, OWN)))


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments import forecast  # only where something is run: compiled rules take a while to import

    return forecast.run(scenario, progress)
