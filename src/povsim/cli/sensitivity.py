"""`povsim sensitivity`: which parameters the answer rests on, and what a pilot should measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.cli.command import apart, composed, file_keys, run_reported
from povsim.cli.compare import key_lines

HELP = """Try it:  povsim sensitivity 'among=[pi,h0,h_trade,start_member]' trajectories=2 base_samples=16 --out matters

Varies the parameters over their priors, screens all of them (Morris), takes the contrast of two arms apart by those that move
it most (Sobol), looks for the values at which the first arm beats the second, and says what it would be worth to know each
parameter before choosing between the two. Every point keeps the published poverty and inequality, and equal money.

povsim sensitivity [KEY=VALUE ...] [--out DIR] [--scenario FILE] [--json] [-m]

Keys of this command:
{own}

Where its defaults are not those of povsim compare:
{keys}

As it stands it asks about 181 parameters in a small made-up population in one variant: about 5 minutes on 2 cores. A point
costs one burn-in and three arms, and the search for margins about half a second; population=indonesia and more villages make
the luck that all points share smaller.

All other keys are those of povsim compare --help.
Exit codes: 0 done, 1 some runs failed, 2 something given cannot be used, 130 interrupted."""

OWN: Mapping[str, Any] = {
    "population": {"kind": "toy", "villages": 60},
    "arms": ["aid", "aid_equal_cost", "aid_cooperative"],
    "variants": ["trap"],
    "replicates": 1,
    "equal_money": "benefits",
    "cooperative": {"scenario": "as_planned"},
}
"""Defaults of this command, where they are not those of `povsim compare`."""
KEYS = {
    "population": "who is simulated; at toy 60 villages",
    "arms": "arms that contrast may name",
    "variants": "[trap,no_trap]: each with indices of its own, never pooled",
    "replicates": "samples that every point lives; the contrast is their mean",
    "equal_money": "benefits | grant | families: form of equal-cost aid",
    "cooperative": "as_reported | as_planned | optimistic; of today's record too few trade to see what moves exits",
}
MEANINGS = {
    "contrast": "[ARM,OTHER]: what is asked about, and the choice that knowledge is to help",
    "outcome": "E1 | E2 | E3 | E4 | E4x | poverty_free_years, of the structurally poor",
    "among": "[pi,h0]: parameters asked about; null: all that the run does not set",
    "trajectories": "of the screening, 2 to 1,000; each lives as many points as there are parameters",
    "keep": "parameters that go on to Sobol's indices",
    "base_samples": "power of 2 from 8; base_samples x (keep + 2) points are lived",
    "resamples": "bootstrap samples behind each interval",
}


def run(argv: Sequence[str]) -> int:
    """Compose, check, run, show."""
    return run_reported("sensitivity", argv, help_text, checked, _live)


def checked(options: Mapping[str, str], overrides: Sequence[str]) -> Any:
    """The scenario with the keys of the command, if its question can be asked."""
    from povsim.config import scenario_from
    from povsim.config.sensitivity import sensitivity_from
    from povsim.experiments.sensitivity import fail_if_it_cannot_be_asked

    given, own = apart("sensitivity", composed("sensitivity", options, overrides, {**OWN, **file_keys(options)}))
    scenario = scenario_from(given).with_own(sensitivity_from(own).plain())
    fail_if_it_cannot_be_asked(scenario)
    return scenario


def help_text() -> str:
    """The help, with the defaults of this command."""
    from povsim.config.defaults import own_keys

    flat = {**OWN, "population": {"kind": "toy"}}
    return HELP.format(own=key_lines(MEANINGS, own_keys("sensitivity")), keys=key_lines(KEYS, flat))


def _live(scenario: Any, progress: Any) -> Any:
    from povsim.experiments import sensitivity  # only where something is run: compiled rules take a while to import

    return sensitivity.run(scenario, progress)
