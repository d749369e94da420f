"""Patterns that are shown and never fitted (V1 to V5), each a recipe of a trial and what is read off it.

A number is that of one replicate and one set of parameters; `povsim validate` lives several and makes bands of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor as Pool
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario, checks
from povsim.config.defaults import merged, own_keys
from povsim.config.trial import Trial, recipe_from, recipes, trial_from
from povsim.errors import PovsimError
from povsim.experiments.replicate import Replicate, burn_in
from povsim.experiments.trial_design import CONTROL
from povsim.experiments.trial_effects import true_effect
from povsim.experiments.trial_lived import Lived, live_trial, weighted_quantile

Floats = NDArray[np.float64]
KINDS = ("percent", "percent_beyond", "percent_of_quantiles", "matching_beyond_truth")
_KNOWN = ("quantity", "kind", "outcome", "treatment", "month", "than", "from", "to", "target", "low", "high")
_NEEDED = ("quantity", "kind", "outcome", "treatment")
FEWEST_MEMBERS = 30
MATCHED_ON = ("consumption", "income", "assets", "savings")
"""What the evaluator knows of households before: the survey's view of it."""


@dataclass(frozen=True)
class Aim:
    """One number that a pattern shows. target, low, high in `unit`, None where there is none; a missing bound is no bound."""

    pattern: str
    quantity: str
    kind: str
    outcome: str
    treatment: str
    month: int | None
    than: str | None
    quantiles: tuple[float, float] | None
    unit: str
    target: float | None
    low: float | None
    high: float | None
    source: str
    grade: str


def patterns() -> dict[str, str]:
    """Recipe of each pattern: {"V1": "graduation", ...}."""
    found = {name: recipe_from(name).get("about", {}).get("pattern") for name in recipes()}
    return {str(pattern): name for name, pattern in sorted(found.items(), key=lambda item: str(item[1])) if pattern}


def aims(pattern: str) -> list[Aim]:
    """What a pattern ("V1", or the name or path of a recipe whose `about` has `shows`) shows. Raises PovsimError."""
    about = recipe_from(patterns().get(pattern, pattern)).get("about") or {}
    shows = about.get("shows")
    if not shows:
        raise PovsimError(f"{pattern} shows nothing: its recipe has no about.shows. Known: {', '.join(patterns())}.")
    return [_aim(pattern, about, given) for given in shows]


def _aim(pattern: str, about: Mapping[str, Any], given: Mapping[str, Any]) -> Aim:
    where = f"{pattern}: about.shows"
    checks.fail_if_unknown_key(where, given, _KNOWN)
    checks.fail_if_key_missing(where, given, _NEEDED)
    checks.fail_if_unknown_choice(f"{where}.kind", given["kind"], KINDS)
    unit = "poverty lines a month" if given["kind"] == "matching_beyond_truth" else "percent of the control"
    bounds = {key: None if given.get(key) is None else float(given[key]) for key in ("target", "low", "high")}
    quantiles = (float(given["from"]), float(given["to"])) if "from" in given else None
    return Aim(
        pattern, str(given["quantity"]), str(given["kind"]), str(given["outcome"]), str(given["treatment"]),
        given.get("month"), given.get("than"), quantiles, unit, **bounds,
        source=str(about.get("source", "")), grade=str(about.get("grade", "A")),
    )  # fmt: skip


def trial_for(pattern: str, changes: Mapping[str, Any] | None = None) -> Trial:
    """The trial of a pattern or recipe; `changes`: keys of `povsim trial` laid over it."""
    recipe = recipe_from(patterns().get(pattern, pattern))
    recipe.pop("about", None)
    keys = own_keys("trial")
    return trial_from({key: value for key, value in merged(merged(keys, recipe), changes or {}).items() if key in keys})


def shown(
    pattern: str, scenario: Scenario, variant: str, number: int, *, changes: Mapping[str, Any] | None = None,
    replicate: Replicate | None = None, pool: Pool | None = None, threads: int = 1,
) -> dict[str, float | None]:  # fmt: skip
    """What one replicate shows, by quantity of `aims`; None where too few households say it.

    scenario: population, seed, parameters (a draw of them goes into `parameters`); `replicate`: after its burn-in, where it was
    lived already.
    """
    base = burn_in(scenario, variant, number, pool, threads) if replicate is None else replicate
    lived = live_trial(base, scenario, variant, trial_for(pattern, changes), pool, threads)
    return {aim.quantity: value_of(aim, lived) for aim in aims(pattern)}


def value_of(aim: Aim, lived: Lived) -> float | None:
    """The number of an aim, in its unit: from true values, so that no survey error or lot is in it."""
    trial = lived.trial
    wave = len(trial.waves) - 1 if aim.month is None else trial.waves.index(aim.month)
    arm = 1 + [t.name for t in trial.treatments].index(aim.treatment)
    if aim.kind == "percent":
        return _percent(lived, aim.outcome, wave, arm)
    if aim.kind == "percent_beyond":
        other = _percent(lived, aim.outcome, wave, 1 + [t.name for t in trial.treatments].index(aim.than or ""))
        own = _percent(lived, aim.outcome, wave, arm)
        return None if own is None or other is None else own - other
    if aim.kind == "percent_of_quantiles":
        return _percent_of_quantiles(lived, aim, wave, arm)
    return matching_beyond_truth(lived, aim.outcome, wave, arm)


def _percent(lived: Lived, outcome: str, wave: int, arm: int) -> float | None:
    """True effect in percent of what the arm's households have without the programme."""
    who = lived.there[wave] & (lived.arm == arm)
    effect = true_effect(lived, outcome, wave, who)
    if effect is None:
        return None
    base = float(np.average(lived.true[outcome][wave, 1, who], weights=lived.weight[who]))
    return 100 * effect / base if base > 0 else None


def _percent_of_quantiles(lived: Lived, aim: Aim, wave: int, arm: int) -> float | None:
    """The effect that is largest in size on quantiles from..to, in percent of the quantile without the programme."""
    who = lived.there[wave] & (lived.arm == arm)
    if who.sum() < FEWEST_MEMBERS or aim.quantiles is None:
        return None
    low, high = aim.quantiles
    at = np.unique(np.append(np.arange(round(100 * low), round(100 * high) + 1, 5), round(100 * high))) / 100
    given, without = (weighted_quantile(lived.true[aim.outcome][wave, a, who], lived.weight[who], at) for a in (0, 1))
    change = 100 * (given - without) / np.maximum(without, 1e-9)
    return float(change[np.argmax(np.abs(change))])


def matching_beyond_truth(lived: Lived, outcome: str, wave: int, arm: int) -> float | None:
    """What matching finds for members of cooperatives of an arm's villages, less what membership and all else truly did, L.

    Each member of the last wave who was none before is matched to the non-member of the same arm nearest in what the survey
    recorded before (standardised; Mahalanobis without correlations), with replacement; observed outcomes are compared. The
    truth: what members have less what the same households have without any cooperative.
    """
    if lived.trial.waves[0] != 0:
        raise PovsimError("Matching needs what households were before: month 0 has to be a wave.")
    here = lived.there[wave] & lived.met[wave] & (lived.arm == arm) & (arm != CONTROL)
    member = lived.true["member"][wave, 0] > 0
    members, others = np.nonzero(here & member)[0], np.nonzero(here & ~member)[0]
    if members.size < FEWEST_MEMBERS or others.size < FEWEST_MEMBERS:
        return None
    before = np.stack([lived.observed[name][0, 0] for name in MATCHED_ON], axis=1)
    before = before / np.maximum(before[here].std(axis=0), 1e-9)
    nearest = np.array([others[np.argmin(((before[others] - before[i]) ** 2).sum(axis=1))] for i in members])
    seen, weight = lived.observed[outcome][wave, 0], lived.weight[members]
    found = float(np.average(seen[members] - seen[nearest], weights=weight))
    change = lived.true[outcome][wave, 0] - lived.true[outcome][wave, 1]
    return found - float(np.average(change[members], weights=weight))
