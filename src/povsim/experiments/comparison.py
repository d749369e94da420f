"""`povsim compare`: the same households in every arm, replicate by replicate, variant by variant.

Burn-in is lived once a replicate, the arms branch from it over the same draws. Arms of equal cost come last: their form and
level follow from the costs of the arms already lived (`povsim.experiments.equal_money`); nothing stored is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from os import cpu_count
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
from povsim.experiments.futures import ArmFutures
from povsim.experiments.ledger import ArmLedger
from povsim.experiments.mechanism import examine, steps_of
from povsim.experiments.replicate import TODAYS_AID, Replicate, burn_in, live_arms
from povsim.model.arm import Arm

Progress = Callable[[str, int], AbstractContextManager[Any]]


@dataclass
class Comparison:
    """What a comparison found: `summary` (content of summary.json without sentences), tidy `tables`, a line a failed run."""

    summary: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    failures: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)


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
    threads = scenario.threads or cpu_count() or 1
    began = time.perf_counter()
    failures: list[str] = []
    twins = any(arm.of for arm in scenario.arms)
    each = scenario.replicates * (2 + twins + steps_of(scenario))
    steps = len(scenario.variants) * (each + (_choices(scenario) if twins else 0))
    if scenario.break_even:
        steps += len(scenario.variants) * (2 * scenario.replicates + _choices(scenario))
    steps += len(scenario.variants) * scenario.assumptions
    runs = []
    with (
        progress("Comparing arms (compiling first, if this is the first run)", steps) as bar,
        ThreadPoolExecutor(threads) as pool,
    ):
        for variant in scenario.variants:
            runs.append(_variant(scenario, variant, pool, threads, bar.advance, failures))
            if scenario.break_even:
                runs[-1].break_even = _break_even(scenario, runs[-1], pool, threads, bar.advance, failures)
            if scenario.assumptions:
                runs[-1].assumptions = _assumptions(scenario, variant, pool, threads, bar.advance)
        lived = time.perf_counter()
        extra = examine(scenario, runs, pool, threads, bar.advance)
    examined = time.perf_counter()
    summary, tables = comparison_tables.collect(scenario, runs)
    timings = {"arms_lived_s": lived - began, **extra, "tables_s": time.perf_counter() - examined}
    return Comparison(summary, tables, failures, timings)


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


def _variant(
    scenario: Scenario, variant: str, pool: Executor, threads: int, advance: Callable[[], Any], failures: list[str]
) -> VariantRun:
    specs = {spec.name: spec for spec in scenario.arms if spec.of is None}
    twins = [spec for spec in scenario.arms if spec.of is not None]
    if twins:  # the cost of today's aid is where the search for equal cost begins
        specs.setdefault("aid", ArmSpec("aid", aid=True))
    plain = {name: model_arm(scenario, variant, spec) for name, spec in specs.items()}
    inner = None if scenario.replicates >= threads else pool
    outer = pool if inner is None else None

    def first(number: int) -> Replicate:
        replicate = burn_in(scenario, variant, number, inner, threads)
        advance()
        live_arms(replicate, scenario, variant, list(plain.values()), inner, threads)
        advance()
        return replicate

    replicates = each(first, range(scenario.replicates), outer, variant, failures)
    if not replicates:
        raise PovsimError(
            f"Every replicate of variant {variant} failed. The first reason: {failures[0] if failures else 'none given'}."
        )
    replicates.sort(key=lambda r: r.number)
    done = VariantRun(variant, replicates, dict(plain))
    if not twins:
        return done

    def again(arms: Sequence[Arm], step: Callable[[], Any]) -> Callable[[int], Replicate]:
        def live(number: int) -> Replicate:
            replicate = next(r for r in done.replicates if r.number == number)
            live_arms(replicate, scenario, variant, arms, inner, threads)
            step()
            return replicate

        return live

    def elsewhere(arms: list[Arm]) -> list[Replicate]:
        def live(number: int) -> Replicate:
            replicate = burn_in(scenario, variant, number, inner, threads)
            live_arms(replicate, scenario, variant, arms, inner, threads)
            advance()
            return replicate

        numbers = range(CHOICE_FIRST, CHOICE_FIRST + _choices(scenario))
        return sorted(each(live, numbers, outer, variant, failures), key=lambda r: r.number)

    sought = _forms(scenario, done, twins, elsewhere)
    for attempt in range(TRIES):
        open_ = [twin for twin in sought if not twin.points or abs(twin.gap) > AGREEMENT]
        if not open_:
            break
        levels = {twin.spec.name: _level(scenario, variant, twin) for twin in open_}
        arms = [twin.lived(model_arm(scenario, variant, twin.spec), levels[twin.spec.name]) for twin in open_]
        step = advance if attempt == 0 else lambda: None
        lived = each(again(arms, step), [r.number for r in done.replicates], outer, variant, failures)
        done.replicates = sorted(lived, key=lambda r: r.number)
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


def _assumptions(
    scenario: Scenario, variant: str, pool: Executor, threads: int, advance: Callable[[], Any]
) -> assumptions.Draws:
    inner = None if scenario.assumptions >= threads else pool

    def over(work: Callable[[int], Any], numbers: Sequence[int], failed: list[str]) -> list[Any]:
        def one(number: int) -> Any:
            done = work(number)
            advance()
            return done

        return each(one, numbers, pool if inner is None else None, variant, failed)

    return assumptions.explore(scenario, variant, model_arm, over, inner, threads)


def _break_even(
    scenario: Scenario, done: VariantRun, pool: Executor, threads: int, advance: Callable[[], Any], failures: list[str]
) -> break_even.BreakEven:
    inner = None if scenario.replicates >= threads else pool
    outer = pool if inner is None else None
    ready = {r.number: r for r in done.replicates}

    def over(numbers: Sequence[int]) -> break_even.Live:
        def live(arms: Sequence[Arm]) -> break_even.Draws:
            kept: dict[int, dict[str, break_even.Lived]] = {}

            def one(number: int) -> Replicate:
                r = ready[number] if number in ready else burn_in(scenario, done.variant, number, inner, threads)
                kept[number] = break_even.live(r, scenario, done.variant, arms, inner, threads)
                advance()
                return r

            return break_even.draws_of(each(one, numbers, outer, done.variant, failures), kept)

        return live

    bases = {b: model_arm(scenario, done.variant, break_even.spec_of(b)) for b in break_even.bases_of(scenario.cooperative)}
    aid = model_arm(scenario, done.variant, ArmSpec("break_even_aid", aid=True))
    elsewhere = over(range(CHOICE_FIRST, CHOICE_FIRST + _choices(scenario)))
    return break_even.explore(bases, aid, scenario.equal_money, over(sorted(ready)), elsewhere)


def _choices(scenario: Scenario) -> int:
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


def each[Done](
    work: Callable[[int], Done], numbers: Sequence[int] | range, pool: Executor | None, variant: str, failures: list[str]
) -> list[Done]:
    """Do `work` for every replicate; one that fails is a line in `failures`, the others go on."""
    out: list[Done] = []

    def book(number: int, finish: Callable[[], Done]) -> None:
        try:
            out.append(finish())
        except (ArithmeticError, ValueError, PovsimError, MemoryError) as reason:
            failures.append(f"variant {variant}, replicate {number}: {type(reason).__name__}: {reason}")

    if pool is None:
        for number in numbers:
            book(number, partial(work, number))
        return out
    jobs: dict[Future[Done], int] = {pool.submit(work, number): number for number in numbers}
    try:
        for job in as_completed(jobs):
            book(jobs[job], job.result)
    except KeyboardInterrupt:
        for job in jobs:
            job.cancel()
        raise
    return out
