"""How much of the answer the assumptions move: the share of a contrast's variance, over draws of all parameters from their
priors, that comes from parameters of grade A.

Each draw j takes assumptions A and the other parameters B from their priors and lives three samples of villages that share
nothing but parameters: x and y with (A, B), z with A and other values B'. What the samples add by chance is in none of the
covariances, so cov(x, y) estimates the variance that all parameters together make, the mean of cov(x, z) and cov(y, z) what
the assumptions make alone (first-order index of a group; I. M. Sobol, Mathematical Modelling and Computational Experiments
1, 1993; A. Saltelli et al., Global Sensitivity Analysis, 2008, ch. 4). Standard errors are jackknifed over draws. The
population is not fitted anew to each draw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from povsim import parameters
from povsim.config import Scenario
from povsim.config.arms import LEVERS, ArmSpec
from povsim.draws import DrawKey, Stream, uniforms
from povsim.experiments.costs import registry_terms
from povsim.experiments.executor import Job
from povsim.experiments.replicate import Replicate, burn_in, live_arms
from povsim.model.arm import Arm

Floats = NDArray[np.float64]
PAIRS = (("aid", "none"), ("aid_cooperative", "aid"), ("aid_cooperative_planned", "aid"))
"""Contrasts that are looked at, where they are run."""
VILLAGES_MOST = 120
FIRST_REPLICATE = 2_000_000
"""Samples of the draws; those of a comparison are below 10,000, those of the choice of equal money from 1,000,000 on."""
SAMPLES = 3
LEAST_DRAWS = 20


@dataclass(frozen=True)
class Draws:
    """E4 contrasts of one variant over draws: {pair: [draw, sample]}; sample 0 and 1 share all parameters, 2 the assumptions.

    failed: draws that could not be lived, with the reason.
    """

    contrasts: dict[tuple[str, str], Floats]
    assumed: int
    other: int
    villages: int
    failed: list[str]


def split(scenario: Scenario, cooperative: str | None) -> tuple[list[str], list[str]]:
    """Symbols that are drawn: those of grade A, and the others. Fixed ones and those that the user set stay as they are."""
    set_by_user = scenario.overrides()
    drawn = [e for s, e in parameters.register().items() if e.prior != "fixed" and s not in set_by_user]
    assumed = [e.symbol for e in drawn if e.grade_in(cooperative) == "A"]
    return assumed, [e.symbol for e in drawn if e.symbol not in assumed]


def quantiles(scenario: Scenario, draw: int) -> tuple[dict[str, float], dict[str, float]]:
    """Uniforms of a draw by symbol: (all parameters of the draw, its assumptions with other values of the rest)."""
    symbols = list(parameters.register())
    ids = np.array([int.from_bytes(hashlib.sha256(s.encode()).digest()[:8], "little") for s in symbols], np.uint64)
    u = uniforms(DrawKey(scenario.seed, 0), Stream.ASSUMPTIONS, ids, draw)
    assumed = set(split(scenario, None)[0])
    whole = dict(zip(symbols, u[:, 0].tolist(), strict=True))
    return whole, {s: whole[s] if s in assumed else float(u[k, 1]) for k, s in enumerate(symbols)}


def drawn_values(scenario: Scenario, variant: str, spec: ArmSpec | None, u: Mapping[str, float]) -> dict[str, float]:
    """Values of the drawn parameters, as an arm has them (None: the burn-in). Those that a lever sets are left out."""
    cooperative = None if spec is None else spec.cooperative
    kept = set() if spec is None else {symbol for lever in spec.levers for symbol in LEVERS[lever].sets}
    assumed, other = split(scenario, None)
    register = parameters.register()
    return {s: register[s].quantile(u[s], variant, cooperative) for s in (*assumed, *other) if s not in kept}


def pairs_of(scenario: Scenario) -> list[tuple[str, str]]:
    """The contrasts of `PAIRS` both of whose arms are run."""
    return [pair for pair in PAIRS if pair[0] in scenario.arm_names and pair[1] in scenario.arm_names]


def specs_of(scenario: Scenario) -> list[ArmSpec]:
    """The arms that are lived in every draw."""
    return [spec for spec in scenario.arms if any(spec.name in pair for pair in pairs_of(scenario))]


def jobs(scenario: Scenario, variant: str, arms: Mapping[str, Arm]) -> list[Job]:
    """One job a draw of one variant. `arms`: those of `specs_of`, at the values of the scenario."""
    villages = min(VILLAGES_MOST, scenario.population.villages)
    small = replace(scenario.lived(), population=replace(scenario.population, villages=villages))
    given = (small, variant, specs_of(scenario), arms, pairs_of(scenario))
    return [Job(f"variant {variant}, draw {draw}", one_draw, (*given, draw)) for draw in range(scenario.assumptions)]


def one_draw(
    scenario: Scenario,
    variant: str,
    specs: Sequence[ArmSpec],
    arms: Mapping[str, Arm],
    pairs: Sequence[tuple[str, str]],
    draw: int,
    *,
    pool: Pool | None,
    threads: int,
) -> dict[tuple[str, str], list[float]]:
    """Work of a job: E4 contrasts of one draw in its three samples, by pair."""
    whole, other = quantiles(scenario, draw)
    found: dict[tuple[str, str], list[float]] = {pair: [] for pair in pairs}
    for sample, u in enumerate((whole, whole, other)):
        own = tuple(sorted((dict(scenario.parameters) | drawn_values(scenario, variant, None, u)).items()))
        drawn = replace(scenario, parameters=own)
        r = burn_in(drawn, variant, FIRST_REPLICATE + SAMPLES * draw + sample, pool, threads)
        today = parameters.values(variant, None, drawn.overrides())
        live_arms(
            r, drawn, variant, [_moved(arms[spec.name], spec, scenario, variant, u, today) for spec in specs], pool, threads
        )
        for pair in pairs:
            found[pair].append(_exits(r, pair[0]) - _exits(r, pair[1]))
    return found


def _moved(
    arm: Arm, spec: ArmSpec, scenario: Scenario, variant: str, u: Mapping[str, float], today: Mapping[str, float]
) -> Arm:
    """The arm in a draw whose registry before month 0 is that of `today`, the draw's own."""
    p = {**arm.p, **drawn_values(scenario, variant, spec, u)}
    return replace(arm, p=p, **registry_terms(today, p))


def collect(scenario: Scenario, lived: Sequence[dict[tuple[str, str], list[float]] | None], failed: list[str]) -> Draws:
    """The draws of one variant in their order; None: failed, for a reason in `failed`."""
    done = [found for found in lived if found is not None]
    table = {pair: np.array([found[pair] for found in done]).reshape(-1, SAMPLES) for pair in pairs_of(scenario)}
    assumed, rest = split(scenario, None)
    return Draws(table, len(assumed), len(rest), min(VILLAGES_MOST, scenario.population.villages), failed)


def _exits(r: Replicate, arm: str) -> float:
    weight = r.weight[r.structural]
    total = float(weight.sum())
    if not total > 0:
        raise ValueError("nobody is structurally poor in this draw")
    return float(weight @ (r.outcomes[arm].tau["E4"][r.structural] > 0)) / total


def moved_by_assumptions(contrasts: Floats) -> dict[str, Any]:
    """What draws say of a contrast [draw, sample]: mean, spread that parameters make, share of it by assumptions, and errors.

    `positive`: share of draws with an effect above 0 once chance is taken out, for effects spread normally around the mean (a
    count of draws would count chance, which is as large as the effects). Null with a reason: all where fewer than LEAST_DRAWS
    draws were lived; all but the mean where the spread is within two of its standard errors, so that there is nothing to share.
    """
    n = contrasts.shape[0]
    empty = dict.fromkeys(("mean", "sd", "share", "share_se", "positive"))
    out: dict[str, Any] = {"draws": n, **empty, "reasons": {}}
    if n < LEAST_DRAWS:
        reason = f"needs {LEAST_DRAWS} draws or more, {n} were lived"
        return out | {"reasons": dict.fromkeys(empty, reason)}
    spread, share = _spread_and_share(contrasts)
    left_out = np.array([_spread_and_share(np.delete(contrasts, j, axis=0)) for j in range(n)])
    errors = np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    out |= {"mean": float(contrasts[:, :2].mean())}
    if spread <= 2 * errors[0]:
        why = "the contrast hardly moves over the draws beyond chance"
        return out | {"reasons": dict.fromkeys(("sd", "share", "share_se", "positive"), why)}
    sd = float(np.sqrt(spread))
    return out | {"sd": sd, "positive": float(ndtr(out["mean"] / sd)), "share": float(share), "share_se": float(errors[1])}


def _spread_and_share(contrasts: Floats) -> tuple[float, float]:
    x, y, z = (contrasts[:, k] - contrasts[:, k].mean() for k in range(SAMPLES))
    n = contrasts.shape[0] - 1
    spread = float(x @ y) / n
    of_assumptions = float(x @ z + y @ z) / (2 * n)
    return spread, of_assumptions / spread if spread > 0 else np.nan


def summary_of(draws: Draws) -> dict[str, Any]:
    """The entry of a variant in summary.json."""
    rows = [{"arm": arm, "against": against, **moved_by_assumptions(x)} for (arm, against), x in draws.contrasts.items()]
    return {
        "assumed": draws.assumed, "other": draws.other, "villages": draws.villages, "failed": draws.failed, "contrasts": rows,
    }  # fmt: skip
