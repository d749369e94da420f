"""Points of a design in the space of parameters, lived: a contrast at each, with its own margins and its own equal money.

All points live the same replicates, so that luck is the same at each and what differs the parameters make. A point is given
by quantiles of the priors, one a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.config.arms import ArmSpec
from povsim.config.shift import NO_SHIFT, Shift
from povsim.experiments.comparison import model_arm
from povsim.experiments.equal_money import (
    AGREEMENT,
    ASSETS,
    CONTRACT,
    FORMS,
    TRIES,
    Twin,
    families_on_sembako,
    outlays_of_cooperatives,
)
from povsim.experiments.executor import Advance, Executor, Job
from povsim.experiments.parameter_draws import OF_THE_SAMPLE, ParameterDraw, felt_before, from_prior, lived_with
from povsim.experiments.refit import refit
from povsim.experiments.replicate import Replicate, burn_in, live_arms
from povsim.model.arm import Arm

Floats = NDArray[np.float64]
LOWEST, HIGHEST = 0.05, 0.95
"""Quantiles of the priors between which a design lies."""
STEP_OF_MARGINS, STEP = 1.0, 0.3
"""Shares of the progress."""


@dataclass(frozen=True)
class Question:
    """What is asked at each point: a variant, a contrast and its outcome, the parameters that vary."""

    scenario: Scenario
    variant: str
    contrast: tuple[str, str]
    outcome: str
    symbols: tuple[str, ...]

    def values(self, point: Floats) -> dict[str, float]:
        """Values of the parameters at a point [symbol] of the unit cube."""
        quantiles = (LOWEST + (HIGHEST - LOWEST) * point).tolist()
        return from_prior(self.symbols, quantiles, self.variant, self.cooperative)

    @property
    def cooperative(self) -> str | None:
        """Scenario of the cooperatives of the contrast: what it sets is varied too, around its value."""
        by_name = {arm.name: arm for arm in self.scenario.arms}
        return next((by_name[name].cooperative for name in self.contrast if by_name[name].cooperative), None)

    def specs(self) -> tuple[ArmSpec, ...]:
        """The arms that are lived: the two of the contrast, and what a twin of one of them needs."""
        by_name = {arm.name: arm for arm in self.scenario.arms}
        wanted = [by_name[name] for name in self.contrast]
        needed = [by_name[spec.of] for spec in wanted if spec.of is not None]
        aid = [ArmSpec("aid", aid=True)] if needed else []
        return tuple({spec.name: spec for spec in (*aid, *needed, *wanted)}.values())


@dataclass(frozen=True)
class Lived:
    """Points [point, symbol] of the unit cube with the contrast [point] (NaN: the point failed), and whether margins hold."""

    points: Floats
    values: Floats
    held: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Points that were lived."""
        return np.isfinite(self.values)


def live(question: Question, points: Floats, executor: Executor, advance: Advance, failures: list[str]) -> Lived:
    """The contrast at every point. Margins are kept anew for each set of values that households feel."""
    values = [question.values(point) for point in points]
    felt = [tuple(sorted((s, x) for s, x in one.items() if felt_before(s))) for one in values]
    given = question.scenario.overrides()
    each = sorted(set(felt) - {()})
    jobs = [Job(f"variant {question.variant}, margins", refit, (question.variant, {**given, **dict(one)})) for one in each]
    fits = dict(zip(each, executor.map(jobs, advance, failures), strict=True))
    shifts: list[Shift] = []
    held = np.ones(len(points), np.bool_)
    for k, one in enumerate(felt):
        fit = fits.get(one)
        shifts.append(NO_SHIFT if fit is None else fit.shift)
        held[k] = not one or (fit is not None and fit.holds)
    points_jobs = [
        Job(f"variant {question.variant}, point {k}", one_point, _args(question, one, shift), STEP)
        for k, (one, shift) in enumerate(zip(values, shifts, strict=True))
    ]
    found = executor.map(points_jobs, advance, failures)
    return Lived(points, np.array([np.nan if x is None else x for x in found]), held)


def count_of_margins(question: Question, points: Floats) -> int:
    """How often margins must be found for a design."""
    felt = [k for k, symbol in enumerate(question.symbols) if felt_before(symbol)]
    return len({point[felt].tobytes() for point in points}) if felt else 0


def _args(question: Question, values: Mapping[str, float], shift: Shift) -> tuple[object, ...]:
    """What a point depends on; the burn-in has the values that it reads, arms have all."""
    scenario = question.scenario
    drawn = replace(lived_with(scenario, ParameterDraw(0, values, shift), question.variant), drawn=())
    specs = question.specs()
    arms = tuple(model_arm(drawn, question.variant, spec) for spec in specs)
    before = tuple((s, x) for s, x in drawn.parameters if s not in values or felt_before(s) or s in OF_THE_SAMPLE)
    base = replace(drawn.lived(), parameters=before)
    form = scenario.equal_money if scenario.equal_money in FORMS else FORMS[0]
    return base, question.variant, specs, arms, form, question.contrast, question.outcome, scenario.replicates


def one_point(
    base: Scenario,
    variant: str,
    specs: Sequence[ArmSpec],
    arms: Sequence[Arm],
    form: str,
    contrast: tuple[str, str],
    outcome: str,
    replicates: int,
    *,
    pool: Pool | None,
    threads: int,
) -> float:
    """Work of a job: the contrast of one point, mean over the replicates."""
    # a burn-in is a small part of a point; kept for others, those of a whole design would fill the memory
    run = [burn_in(base, variant, number, pool, threads) for number in range(replicates)]
    plain = [arm for arm, spec in zip(arms, specs, strict=True) if spec.of is None]
    for r in run:
        live_arms(r, base, variant, plain, pool, threads)
    for arm, spec in zip(arms, specs, strict=True):
        if spec.of is not None:
            _live_twin(run, base, variant, spec, arm, ASSETS if spec.assets else form, pool, threads)
    return float(np.mean([measured(r, contrast[0], outcome) - measured(r, contrast[1], outcome) for r in run]))


def _live_twin(
    run: Sequence[Replicate],
    base: Scenario,
    variant: str,
    spec: ArmSpec,
    arm: Arm,
    form: str,
    pool: Pool | None,
    threads: int,
) -> None:
    """Live the arm of equal cost at the level at which costs agree at this point."""
    assert spec.of is not None
    target, today = _cost(run, spec.of), _cost(run, "aid")
    shape = outlays_of_cooperatives(run, spec.of)
    twin = Twin(spec, form, target, today, shape, families_on_sembako(run))
    for _ in range(TRIES):
        level = twin.next_level() if twin.points else twin.first_level(arm)
        if level is None:
            raise ValueError(f"no {form} added to today's aid costs what {spec.of} costs")
        for r in run:
            live_arms(r, base, variant, [twin.lived(arm, level)], pool, threads)
        twin.points.append((level, _cost(run, spec.name)))
        if abs(twin.gap) <= AGREEMENT:
            return
    if abs(twin.gap) > CONTRACT:
        raise ValueError(f"{spec.name} costs {twin.gap:+.1%} more than {spec.of}: no equal money was found")


def _cost(run: Sequence[Replicate], name: str) -> float:
    return float(np.mean([r.outcomes[name].total_cost for r in run]))


def measured(r: Replicate, arm: str, outcome: str) -> float:
    """An outcome of the structurally poor in an arm: share with the rung, or discounted years above the line."""
    weight = r.weight[r.structural]
    if not weight.sum() > 0:
        raise ValueError("nobody is structurally poor here")
    if outcome == "poverty_free_years":
        return float(r.outcomes[arm].poverty_free["structural"] or 0.0)
    return float(weight @ (r.outcomes[arm].tau[outcome][r.structural] > 0) / weight.sum())
