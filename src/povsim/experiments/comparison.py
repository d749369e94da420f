"""`povsim compare`: the same households in every arm, replicate by replicate, variant by variant.

Burn-in is lived once a replicate, the arms branch from it over the same draws. The level of an equal-cost arm is solved from
the costs of the arms already lived, lived, and corrected until both costs agree; nothing stored is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
from povsim.experiments import comparison_tables
from povsim.experiments.replicate import TODAYS_AID, Replicate, burn_in, live_arms
from povsim.model.arm import Arm

AGREEMENT = 0.002
"""Costs of an arm and its equal-cost twin are brought this close, as a share; the contract is 1 %."""
TRIES = 4

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
    """Replicates of one variant with all arms, the arms as lived, and how the equal-cost levels were found."""

    variant: str
    replicates: list[Replicate]
    arms: dict[str, Arm]
    equal_cost: dict[str, dict[str, float]] = field(default_factory=dict)


def run(scenario: Scenario, progress: Progress) -> Comparison:
    """Run the comparison. Raises PovsimError where every replicate of a variant failed."""
    threads = scenario.threads or cpu_count() or 1
    began = time.perf_counter()
    failures: list[str] = []
    twins = [arm for arm in scenario.arms if arm.aid == "equal_cost"]
    steps = len(scenario.variants) * scenario.replicates * (2 + len(twins))
    runs = []
    with (
        progress("Comparing arms (compiling first, if this is the first run)", steps) as bar,
        ThreadPoolExecutor(threads) as pool,
    ):
        for variant in scenario.variants:
            runs.append(_variant(scenario, variant, pool, threads, bar.advance, failures))
    lived = time.perf_counter()
    summary, tables = comparison_tables.collect(scenario, runs)
    timings = {"arms_lived_s": lived - began, "tables_s": time.perf_counter() - lived}
    return Comparison(summary, tables, failures, timings)


def model_arm(scenario: Scenario, variant: str, spec: ArmSpec, aid_factor: float = 1.0) -> Arm:
    """The arm as the model lives it."""
    # levers go before parameters set by the user, else an arm and the one without its levers would be the same
    p = parameters.values(variant, spec.cooperative, scenario.overrides() | lever_values(variant, spec.levers))
    rollout = spec.rollout or scenario.rollout
    aid = {name: aid_factor * factor for name, factor in TODAYS_AID.items()} if spec.aid else {}
    return Arm(
        name=spec.name,
        p=p,
        programmes={**aid, **dict.fromkeys(spec.programmes, 1.0)},
        cooperative=spec.cooperative is not None,
        payer=scenario.payer,
        coverage=rollout.coverage if spec.cooperative else 0.0,
        rollout=None if rollout.plain or spec.cooperative is None else rollout,
    )


def _variant(
    scenario: Scenario, variant: str, pool: Executor, threads: int, advance: Callable[[], Any], failures: list[str]
) -> VariantRun:
    plain = {spec.name: model_arm(scenario, variant, spec) for spec in scenario.arms if spec.aid != "equal_cost"}
    twins = [spec for spec in scenario.arms if spec.aid == "equal_cost"]
    inner = None if scenario.replicates >= threads else pool

    def first(number: int) -> Replicate:
        replicate = burn_in(scenario, variant, number, inner, threads)
        advance()
        live_arms(replicate, scenario, variant, list(plain.values()), inner, threads)
        advance()
        return replicate

    replicates = each(first, range(scenario.replicates), pool if inner is None else None, variant, failures)
    if not replicates:
        raise PovsimError(
            f"Every replicate of variant {variant} failed. The first reason: {failures[0] if failures else 'none given'}."
        )
    replicates.sort(key=lambda r: r.number)
    done = VariantRun(variant, replicates, dict(plain))
    for spec in twins:
        _solve_twin(scenario, done, spec, pool if inner is None else None, inner, threads, advance, failures)
    return done


def _solve_twin(
    scenario: Scenario,
    done: VariantRun,
    spec: ArmSpec,
    pool: Executor | None,
    inner: Executor | None,
    threads: int,
    advance: Callable[[], Any],
    failures: list[str],
) -> None:
    """Find the factor on today's benefits at which the twin costs as much as its arm (secant on the mean over replicates)."""
    assert spec.of is not None
    target = _mean_cost(done, spec.of)
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    if "aid" in done.arms:
        points.append((1.0, _mean_cost(done, "aid")))
    level = 1.0
    for attempt in range(TRIES):
        if len(points) >= 2:
            (x0, c0), (x1, c1) = points[-2], points[-1]
            level = x1 + (target - c1) * (x1 - x0) / (c1 - c0)
        arm = model_arm(scenario, done.variant, spec, max(level, 0.0))

        def live(number: int, arm: Arm = arm, attempt: int = attempt) -> Replicate:
            replicate = next(r for r in done.replicates if r.number == number)
            live_arms(replicate, scenario, done.variant, [arm], inner, threads)
            if attempt == 0:
                advance()
            return replicate

        lived = each(live, [r.number for r in done.replicates], pool, done.variant, failures)
        done.replicates = sorted(lived, key=lambda r: r.number)
        cost = _mean_cost(done, spec.name)
        points.append((level, cost))
        if abs(cost / target - 1) <= AGREEMENT:
            break
    done.arms[spec.name] = arm
    done.equal_cost[spec.name] = {"level": level, "cost_arm_idr": target, "cost_twin_idr": cost, "gap_share": cost / target - 1}


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
