"""`povsim compare`: the same households in every arm, replicate by replicate, variant by variant.

Burn-in is lived once a replicate, the arms branch from it over the same draws. Arms of equal cost come last: their form and
level follow from the costs of the arms already lived (`povsim.experiments.equal_money`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from povsim import parameters
from povsim.config import Scenario
from povsim.config.arms import ArmSpec, lever_values
from povsim.errors import PovsimError
from povsim.experiments import assumptions, break_even, comparison_tables, uncertain
from povsim.experiments.branch import Branch, begins_after, fail_if_it_cannot_begin, notes_on
from povsim.experiments.checkpoint import VariantKept
from povsim.experiments.costs import registry_terms
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
from povsim.experiments.executor import Advance, Executor, Job, Progress
from povsim.experiments.futures import ArmFutures
from povsim.experiments.keep import keep
from povsim.experiments.ledger import ArmLedger
from povsim.experiments.mechanism import examine, steps_of_mechanism
from povsim.experiments.parameter_draws import Draws, ParameterDraw, under
from povsim.experiments.replicate import TODAYS_AID, Replicate
from povsim.experiments.runs import Source, job_to_live
from povsim.model.arm import Arm


@dataclass
class Comparison:
    """What a comparison found: `summary` (content of summary.json without sentences), tidy `tables`, a line a failed run."""

    summary: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    failures: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    found: int = 0
    """Runs that were in the store."""
    keep: Callable[[Path], None] | None = None
    """Writes the checkpoints of this run into a folder; None: none were asked for."""


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
    draws: list[ParameterDraw] = field(default_factory=list)
    """Draws of the parameters that its replicates were lived with, in their order; none: all are at their values."""
    tried: int = 0
    """Draws that were tried for these: the others do not keep the margins of the population."""

    def kept(self) -> VariantKept:
        """What checkpoints of it hold."""
        levels = {name: (twin["form"], twin["level"]) for name, twin in self.equal_cost.items()}
        return VariantKept(tuple(r.number for r in self.replicates), self.arms, levels, self.forms)


def run(scenario: Scenario, progress: Progress) -> Comparison:
    """Run the comparison. Raises PovsimError where every replicate of a variant failed."""
    began = time.perf_counter()
    failures: list[str] = []
    branch = Branch.of(scenario)
    after = begins_after(scenario, branch)
    if scenario.n_draws is not None:  # a file that cannot be used says so before anything is lived
        for variant in scenario.variants:
            Draws(scenario, variant)
    if branch is not None:
        fail_if_it_cannot_begin(scenario, branch, after, partial(_bases, scenario))
    with (
        Executor.of(scenario) as executor,
        progress("Comparing arms (compiling first, if this is the first run)", steps_of(scenario, after)) as bar,
    ):
        runs = []
        for variant in scenario.variants:
            live = Lived(scenario, variant, executor, bar.advance, failures, after)
            runs.append(_variant(live) if scenario.n_draws is None else uncertain.variant_run(live, _variant))
            if scenario.break_even:
                runs[-1].break_even = _break_even(live, runs[-1])
            if scenario.assumptions:
                runs[-1].assumptions = _assumptions(live)
        lived = time.perf_counter()
        extra = examine(scenario, runs, executor, bar.advance)
    examined = time.perf_counter()
    if branch is not None:
        runs[0].notes[:0] = notes_on(scenario, branch, after)
    summary, tables = comparison_tables.collect(scenario, runs)
    timings = {"arms_lived_s": lived - began, **extra, "tables_s": time.perf_counter() - examined}
    kept = {run.variant: run.kept() for run in runs}
    keeping = partial(keep, scenario=scenario, variants=kept, progress=progress) if scenario.checkpoints else None
    return Comparison(summary, tables, failures, timings, executor.found, keeping)


def steps_of(scenario: Scenario, after: int = 0) -> float:
    """Steps of the progress bar of a run that begins after month `after`."""
    twins = any(arm.of for arm in scenario.arms)
    if scenario.n_draws is not None:
        own = replace(scenario, replicates=uncertain.replicates_per_draw(scenario), n_draws=None)
        margins = scenario.uncertainty == "prior"
        return scenario.n_draws * (steps_of(own, after) + margins * len(scenario.variants))
    each = scenario.replicates * (2 + twins + steps_of_mechanism(scenario))
    each += choices(scenario) if twins and not after else 0
    if scenario.break_even:
        each += 2 * scenario.replicates + choices(scenario)
    return len(scenario.variants) * (each + scenario.assumptions)


@dataclass(frozen=True)
class Lived:
    """Lives replicates of one variant through the executor; one that fails is a line in `failures`, the others go on.

    after: month of the checkpoints at whose end the arms of the comparison begin, 0 for the branch; first: number of the first
    replicate.
    """

    scenario: Scenario
    variant: str
    executor: Executor
    advance: Advance
    failures: list[str]
    after: int = 0
    first: int = 0

    @property
    def numbers(self) -> range:
        """Numbers of the replicates of the comparison."""
        return range(self.first, self.first + self.scenario.replicates)

    def source(self, number: int) -> Source:
        """Replicate `number`."""
        return Source.of(self.scenario, self.variant, number)

    def replicates(self, numbers: Sequence[int], arms: Sequence[Arm], size: float, after: int = 0) -> list[Replicate]:
        """Replicates with the outcomes of `arms`, in the order of their numbers; lived after month `after`."""
        sources = [self.source(number) for number in numbers]
        jobs = [job_to_live(source, arms, size, after) for source in sources]
        found = self.executor.map(jobs, self.advance, self.failures)
        return [lives.replicate(source) for source, lives in zip(sources, found, strict=True) if lives is not None]


def model_arm(scenario: Scenario, variant: str, spec: ArmSpec) -> Arm:
    """The arm as the model lives it; one of equal cost with today's aid, before its money is added."""
    # levers go before parameters set by the user, else an arm and the one without its levers would be the same
    given = under(scenario, spec.cooperative)
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
        **registry_terms(parameters.values(variant, None, given), p),
    )


def _bases(scenario: Scenario, variant: str) -> dict[str, Arm]:
    """The arms that are lived, by name; those of equal cost, which come last, with today's aid alone."""
    twins = [spec for spec in scenario.arms if spec.of is not None]
    specs = {spec.name: spec for spec in scenario.arms if spec.of is None}
    if twins:  # the cost of today's aid is where the search for equal cost begins
        specs.setdefault("aid", ArmSpec("aid", aid=True))
    return {spec.name: model_arm(scenario, variant, spec) for spec in (*specs.values(), *twins)}


def _variant(live: Lived) -> VariantRun:
    scenario, variant = live.scenario, live.variant
    twins = [spec for spec in scenario.arms if spec.of is not None]
    solved = _solved(live, twins)
    arms = {name: arm for name, arm in _bases(scenario, variant).items() if name not in {spec.name for spec in twins}} | solved
    replicates = live.replicates(live.numbers, list(arms.values()), 2 + bool(solved), live.after)
    if not replicates:
        failures = live.failures
        raise PovsimError(
            f"Every replicate of variant {variant} failed. The first reason: {failures[0] if failures else 'none given'}."
        )
    done = VariantRun(variant, replicates, arms)
    if twins:
        _book_equal_cost(done, _as_solved(live, done, twins) if solved else _solve(live, done, twins))
    return done


def _solved(live: Lived, twins: Sequence[ArmSpec]) -> dict[str, Arm]:
    """Arms of equal cost of a run that begins after month 0: they go on at the level that was solved for."""
    source = live.source(0)
    if not live.after or source.branch is None:
        return {}
    return {spec.name: source.branch.contents.variants[live.variant].arms[spec.name] for spec in twins}


def _as_solved(live: Lived, done: VariantRun, twins: Sequence[ArmSpec]) -> list[Twin]:
    """The same with what they cost in this run; fills `done.forms` with the forms that were tried then."""
    source = live.source(0)
    assert source.branch is not None
    kept = source.branch.contents.variants[live.variant]
    done.forms = [row for row in kept.forms if row["arm"] in done.arms]
    found = []
    for spec in twins:
        form, level = kept.levels[spec.name]
        found.append(_twin(done, spec, form, [(level, _mean_cost(done, spec.name))]))
    return found


def _solve(live: Lived, done: VariantRun, twins: Sequence[ArmSpec]) -> list[Twin]:
    """Choose the form of each arm of equal cost, solve for its level and live it; fills `done`."""
    scenario, variant = live.scenario, live.variant

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
    return sought


def _book_equal_cost(done: VariantRun, twins: Sequence[Twin]) -> None:
    for twin in twins:
        level, cost = twin.points[-1]
        if abs(twin.gap) > CONTRACT:
            done.notes.append(
                f"{twin.spec.name}, {done.variant}: its cost differs from that of {twin.spec.of} by {twin.gap:+.1%}, more than "
                "1 %. Do not read it as equal money."
            )
        done.equal_cost[twin.spec.name] = {
            "of": twin.spec.of, "form": twin.form, "level": level, "cost_arm_idr": twin.target, "cost_twin_idr": cost,
            "gap_share": twin.gap, "lived": lived_money(done.arms[twin.spec.name]),
        }  # fmt: skip


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
    for spec in specs:
        wanted = (ASSETS,) if spec.assets else FORMS if scenario.equal_money == "best" else (scenario.equal_money,)
        found = {form: _twin(done, spec, form) for form in wanted}
        possible = {
            f: twin for f, twin in found.items() if twin.first_level(model_arm(scenario, done.variant, spec)) is not None
        }
        fail_if_nothing_is_matched(spec, found[wanted[0]].target)
        if not possible:
            done.notes.append(
                f"{spec.name}, {done.variant}: no {wanted[0]} added to today's aid costs what {spec.of} costs; "
                "today's benefits are scaled instead."
            )
            possible = {FORMS[0]: _twin(done, spec, FORMS[0])}
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


def _twin(done: VariantRun, spec: ArmSpec, form: str, points: Sequence[tuple[float, float]] = ()) -> Twin:
    """An arm of equal cost in a form, with what the run says of the arm that it matches."""
    assert spec.of is not None
    today, families = _mean_cost(done, "aid"), families_on_sembako(done.replicates)
    shape = outlays_of_cooperatives(done.replicates, spec.of)
    return Twin(spec, form, _mean_cost(done, spec.of), today, shape, families, list(points))


def fail_if_nothing_is_matched(spec: ArmSpec, target: float) -> None:
    """Equal money of an arm that costs nothing."""
    if target <= 0.0:
        raise PovsimError(
            f"arms: '{spec.name}' is to cost what '{spec.of}' costs, which is Rp {target:,.0f}. Name an arm that costs money."
        )


def _mean_cost(done: VariantRun, name: str) -> float:
    return float(np.mean([r.outcomes[name].total_cost for r in done.replicates]))
