"""`povsim compare`: the same households in every arm, replicate by replicate, variant by variant.

Burn-in is lived once a replicate, the arms branch from it over the same draws. Arms of equal cost come last: their form and
level follow from the costs of the arms already lived (`povsim.experiments.equal_money`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from povsim import parameters
from povsim.config import Scenario
from povsim.config.arms import ArmSpec, lever_values
from povsim.errors import PovsimError
from povsim.experiments import assumptions, break_even, comparison_tables
from povsim.experiments.equal_money import (
    AGREEMENT,
    ASSETS,
    CHOICE_FIRST,
    CHOICE_REPLICATES,
    CONTRACT,
    FORMS,
    TRIES,
    Twin,
    choose_forms,
    families_on_sembako,
    lived_money,
    outlays_of_cooperatives,
)
from povsim.experiments.executor import Advance, Executor, Job
from povsim.experiments.futures import ArmFutures
from povsim.experiments.ledger import ArmLedger
from povsim.experiments.mechanism import examine, steps_of_mechanism
from povsim.experiments.replicate import TODAYS_AID, Replicate
from povsim.experiments.runs import Source, job_to_live
from povsim.model.arm import Arm

Progress = Callable[[str, float], AbstractContextManager[Any]]


@dataclass
class Comparison:
    """What a comparison found: `summary` (content of summary.json without sentences), tidy `tables`, a line a failed run."""

    summary: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    failures: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    found: int = 0
    """Runs that were in the store."""


@dataclass
class VariantRun:
    """Replicates of one variant with all arms, the arms as lived, how the equal-cost levels were found, and on what the form of
    equal money was chosen (a row a twin and form)."""

    variant: str
    replicates: list[Replicate]
    arms: dict[str, Arm]
    equal_cost: dict[str, dict[str, Any]] = field(default_factory=dict)
    forms: list[dict[str, Any]] = field(default_factory=list)
    assumptions: assumptions.Draws | None = None
    notes: list[str] = field(default_factory=list)
    """What a reader must know of this run, in English."""
    futures: list[dict[str, ArmFutures]] | None = None
    """By replicate and arm; None: not asked for."""
    ledger: list[dict[str, ArmLedger]] | None = None
    """By replicate and cooperative arm; None: not asked for."""
    break_even: break_even.BreakEven | None = None


def run(scenario: Scenario, progress: Progress) -> Comparison:
    """Run the comparison. Raises PovsimError where every replicate of a variant failed."""
    began = time.perf_counter()
    failures: list[str] = []
    with (
        Executor.of(scenario) as executor,
        progress("Comparing arms (compiling first, if this is the first run)", steps_of(scenario)) as bar,
    ):
        runs = []
        for variant in scenario.variants:
            live = Lived(scenario, variant, executor, bar.advance, failures)
            runs.append(_variant(live))
            if scenario.break_even:
                runs[-1].break_even = _break_even(live, runs[-1])
            if scenario.assumptions:
                runs[-1].assumptions = _assumptions(live)
        lived = time.perf_counter()
        extra = examine(scenario, runs, executor, bar.advance)
    examined = time.perf_counter()
    summary, tables = comparison_tables.collect(scenario, runs)
    timings = {"arms_lived_s": lived - began, **extra, "tables_s": time.perf_counter() - examined}
    return Comparison(summary, tables, failures, timings, executor.found)


def steps_of(scenario: Scenario) -> float:
    """Steps of the progress bar."""
    twins = any(arm.of for arm in scenario.arms)
    each = scenario.replicates * (2 + twins + steps_of_mechanism(scenario)) + (choices(scenario) if twins else 0)
    if scenario.break_even:
        each += 2 * scenario.replicates + choices(scenario)
    return len(scenario.variants) * (each + scenario.assumptions)


@dataclass(frozen=True)
class Lived:
    """Lives replicates of one variant through the executor; one that fails is a line in `failures`, the others go on."""

    scenario: Scenario
    variant: str
    executor: Executor
    advance: Advance
    failures: list[str]

    def source(self, number: int) -> Source:
        """Replicate `number`."""
        return Source.of(self.scenario, self.variant, number)

    def replicates(self, numbers: Sequence[int], arms: Sequence[Arm], size: float) -> list[Replicate]:
        """Replicates with the outcomes of `arms`, in the order of their numbers."""
        sources = [self.source(number) for number in numbers]
        found = self.executor.map([job_to_live(source, arms, size) for source in sources], self.advance, self.failures)
        return [lives.replicate(source) for source, lives in zip(sources, found, strict=True) if lives is not None]


def model_arm(scenario: Scenario, variant: str, spec: ArmSpec) -> Arm:
    """The arm as the model lives it; one of equal cost with today's aid, before its money is added."""
    # levers go before parameters set by the user, else an arm and the one without its levers would be the same
    given = scenario.overrides()
    p = parameters.values(variant, spec.cooperative, given | lever_values(variant, spec.levers, given))
    rollout = spec.rollout or scenario.rollout
    aid = dict(TODAYS_AID) if spec.aid else {}
    return Arm(
        name=spec.name,
        p=p,
        programmes={**aid, **dict.fromkeys(spec.programmes, 1.0)},
        cooperative=spec.cooperative is not None,
        payer=scenario.payer,
        coverage=rollout.coverage if spec.cooperative else 0.0,
        rollout=None if rollout.plain or spec.cooperative is None else rollout,
        aid_until=spec.aid_until,
        graduation_years=spec.graduation_years,
        registry_cost=_registry_cost(parameters.values(variant, None, given), p),
        registered_before=parameters.values(variant, None, given)["r_reg"],
    )


def _registry_cost(today: Mapping[str, float], p: Mapping[str, float]) -> tuple[float, float]:
    """Rp per household of the nation, at the start and a year, that the registry of an arm costs beyond today's."""
    record = p["record_idr"] + (p["accuracy_idr"] if p["e_sd"] < today["e_sd"] else 0.0)
    first = max(0.0, p["r_reg"] - today["r_reg"]) * record
    return first, p["r_reg"] * p["refresh"] * record - today["r_reg"] * today["refresh"] * today["record_idr"]


def _variant(live: Lived) -> VariantRun:
    scenario, variant = live.scenario, live.variant
    specs = {spec.name: spec for spec in scenario.arms if spec.of is None}
    twins = [spec for spec in scenario.arms if spec.of is not None]
    if twins:  # the cost of today's aid is where the search for equal cost begins
        specs.setdefault("aid", ArmSpec("aid", aid=True))
    plain = {name: model_arm(scenario, variant, spec) for name, spec in specs.items()}
    replicates = live.replicates(range(scenario.replicates), list(plain.values()), 2)
    if not replicates:
        failures = live.failures
        raise PovsimError(
            f"Every replicate of variant {variant} failed. The first reason: {failures[0] if failures else 'none given'}."
        )
    done = VariantRun(variant, replicates, dict(plain))
    if not twins:
        return done

    def elsewhere(arms: list[Arm]) -> list[Replicate]:
        return live.replicates(range(CHOICE_FIRST, CHOICE_FIRST + choices(scenario)), arms, 1)

    sought = _forms(scenario, done, twins, elsewhere)
    for attempt in range(TRIES):
        open_ = [twin for twin in sought if not twin.points or abs(twin.gap) > AGREEMENT]
        if not open_:
            break
        levels = {twin.spec.name: _level(scenario, variant, twin) for twin in open_}
        arms = [twin.lived(model_arm(scenario, variant, twin.spec), levels[twin.spec.name]) for twin in open_]
        lived = live.replicates([r.number for r in done.replicates], arms, 1 if attempt == 0 else 0)
        again = {r.number: r for r in lived}
        done.replicates = [r for r in done.replicates if r.number in again]
        for r in done.replicates:
            r.outcomes |= again[r.number].outcomes
            r.exits |= again[r.number].exits
        for twin, arm in zip(open_, arms, strict=True):
            twin.points.append((levels[arm.name], _mean_cost(done, arm.name)))
            done.arms[arm.name] = arm
    for twin in sought:
        level, cost = twin.points[-1]
        if abs(twin.gap) > CONTRACT:
            done.notes.append(
                f"{twin.spec.name}, {variant}: its cost differs from that of {twin.spec.of} by {twin.gap:+.1%}, more than 1 %. "
                "Do not read it as equal money."
            )
        done.equal_cost[twin.spec.name] = {
            "of": twin.spec.of, "form": twin.form, "level": level, "cost_arm_idr": twin.target, "cost_twin_idr": cost,
            "gap_share": twin.gap, "lived": lived_money(done.arms[twin.spec.name]),
        }  # fmt: skip
    return done


def _assumptions(live: Lived) -> assumptions.Draws:
    scenario = live.scenario
    failed: list[str] = []
    arms = {spec.name: model_arm(scenario, live.variant, spec) for spec in assumptions.specs_of(scenario)}
    jobs = assumptions.jobs(scenario, live.variant, arms)
    return assumptions.collect(scenario, live.executor.map(jobs, live.advance, failed), failed)


def _break_even(live: Lived, done: VariantRun) -> break_even.BreakEven:
    scenario = live.scenario

    def over(numbers: Sequence[int]) -> break_even.Live:
        def lived(arms: Sequence[Arm]) -> break_even.Draws:
            sources = [live.source(number) for number in numbers]
            jobs = [Job(f"{source.name}, break-even", break_even.live_job, (source, tuple(arms))) for source in sources]
            return break_even.draws_of(live.executor.map(jobs, live.advance, live.failures))

        return lived

    bases = {b: model_arm(scenario, done.variant, break_even.spec_of(b)) for b in break_even.bases_of(scenario.cooperative)}
    aid = model_arm(scenario, done.variant, ArmSpec("break_even_aid", aid=True))
    elsewhere = over(range(CHOICE_FIRST, CHOICE_FIRST + choices(scenario)))
    here = over([r.number for r in done.replicates])
    return break_even.explore(bases, aid, scenario.equal_money, here, elsewhere)


def choices(scenario: Scenario) -> int:
    """Replicates on which the form of equal money is chosen."""
    return min(scenario.replicates, CHOICE_REPLICATES) if scenario.equal_money == "best" else 0


def _level(scenario: Scenario, variant: str, twin: Twin) -> float:
    if twin.points:
        return twin.next_level()
    level = twin.first_level(model_arm(scenario, variant, twin.spec))
    return 1.0 if level is None else level


def _forms(
    scenario: Scenario, done: VariantRun, specs: Sequence[ArmSpec], live: Callable[[list[Arm]], list[Replicate]]
) -> list[Twin]:
    """The arms of equal cost in the form in which they spend the money; fills `done.forms`."""
    twins: dict[str, dict[str, Twin]] = {}
    today, families = _mean_cost(done, "aid"), families_on_sembako(done.replicates)
    for spec in specs:
        assert spec.of is not None
        target, shape = _mean_cost(done, spec.of), outlays_of_cooperatives(done.replicates, spec.of)
        wanted = (ASSETS,) if spec.assets else FORMS if scenario.equal_money == "best" else (scenario.equal_money,)
        found = {form: Twin(spec, form, target, today, shape, families) for form in wanted}
        possible = {
            f: twin for f, twin in found.items() if twin.first_level(model_arm(scenario, done.variant, spec)) is not None
        }
        fail_if_nothing_is_matched(spec, target)
        if not possible:
            done.notes.append(
                f"{spec.name}, {done.variant}: no {wanted[0]} added to today's aid costs what {spec.of} costs; "
                "today's benefits are scaled instead."
            )
            possible = {FORMS[0]: Twin(spec, FORMS[0], target, today, shape, families)}
        twins[spec.name] = possible
    open_ = {name: forms for name, forms in twins.items() if len(forms) > 1}
    chosen = {name: next(iter(forms)) for name, forms in twins.items()}
    if open_:
        candidates = {
            name: {
                form: twin.lived(
                    model_arm(scenario, done.variant, twin.spec), _level(scenario, done.variant, twin), f"{name} as {form}"
                )
                for form, twin in forms.items()
            }
            for name, forms in open_.items()
        }
        best, done.forms = choose_forms(candidates, live)
        chosen |= best
    return [forms[chosen[name]] for name, forms in twins.items()]


def fail_if_nothing_is_matched(spec: ArmSpec, target: float) -> None:
    """Equal money of an arm that costs nothing."""
    if target <= 0.0:
        raise PovsimError(
            f"arms: '{spec.name}' is to cost what '{spec.of}' costs, which is Rp {target:,.0f}. Name an arm that costs money."
        )


def _mean_cost(done: VariantRun, name: str) -> float:
    return float(np.mean([r.outcomes[name].total_cost for r in done.replicates]))
