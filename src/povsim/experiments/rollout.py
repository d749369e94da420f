"""`povsim rollout`: the same cooperatives begun in different orders under the same resources, on the same draws.

A strategy is an arm with a rollout of its own; all of them, and `aid` without cooperatives, branch from one burn-in.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config import ArmSpec, Scenario
from povsim.errors import PovsimError
from povsim.experiments import archive, rollout_tables, uncertain
from povsim.experiments.branch import Branch, begins_after, fail_if_it_cannot_begin
from povsim.experiments.comparison import model_arm
from povsim.experiments.executor import Advance, Executor, Job, Progress
from povsim.experiments.found import Found
from povsim.experiments.parameter_draws import Draws, ParameterDraw, lived_with
from povsim.experiments.replicate import ArmOutcome, Replicate, live_arms
from povsim.experiments.runs import Source, replicate_of
from povsim.model.arm import Arm
from povsim.model.rollout import YearOfRollout
from povsim.model.rollout_order import ORDERS
from povsim.population.columns import HOME, PLACE

Floats = NDArray[np.float64]
AGAINST = "aid"
EXTREME = 0.64
"""The extreme line as a share of the poverty line (model page, section 6)."""


@dataclass
class Strategy:
    """An arm that is compared: its name, the kind of rollout (or the user's own name for it), the cooperative scenario."""

    arm: str
    name: str
    cooperative: str
    target: bool


@archive.stored
@dataclass
class StrategyOutcome:
    """What one strategy left in one replicate: tau of E4 [n] (0 never), cost Rp, month of start [V], status [T+1, V], member of
    a trading cooperative in month 60 [n], years of the plan, Rp spent on cooperatives by year."""

    tau: NDArray[np.int16]
    cost: float
    since: NDArray[np.int16]
    status: NDArray[np.uint8]
    member_m60: NDArray[np.bool_]
    plan: list[YearOfRollout]
    spent: Floats


@archive.stored
@dataclass
class RolledOut:
    """One replicate, reduced. Households are the baseline poor [n], villages [V]."""

    number: int
    weight: Floats
    structural: NDArray[np.bool_]
    extreme: NDArray[np.bool_]
    village: NDArray[np.int32]
    village_weight: Floats
    urban: NDArray[np.bool_]
    island: NDArray[Any]
    households: float
    strata: str
    note: str
    until: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    arms: dict[str, StrategyOutcome] = field(default_factory=dict)
    draw: int | None = None
    """Draw of the parameters that it was lived with; None: they are at their values."""

    def group(self, name: str) -> NDArray[np.bool_]:
        """Households of `structural`, `extreme` or `baseline_poor` [n]."""
        return {"structural": self.structural, "extreme": self.extreme}.get(name, np.ones(self.weight.size, np.bool_))


@dataclass(frozen=True)
class VariantRolledOut:
    """Replicates of one variant; the draws of the parameters that they were lived with, and how many were tried for these."""

    replicates: list[RolledOut]
    draws: Sequence[ParameterDraw] = ()
    tried: int = 0


def strategies_of(scenario: Scenario) -> list[Strategy]:
    """The arms of a scenario that are strategies: those with cooperatives and a rollout of their own.

    In one order however the scenario lists them, so that its file gives the same result: the record first, then the plan; the
    kinds as tables show them; arms of the user last, by name.
    """
    found = [
        Strategy(spec.name, _short(spec), spec.cooperative, spec.target)
        for spec in scenario.arms
        if spec.cooperative is not None and spec.rollout is not None
    ]
    kinds, scenarios = list(ORDERS), ("as_reported", "as_planned")

    def place(s: Strategy) -> tuple[object, ...]:
        kind = kinds.index(s.name) if s.name in kinds else len(kinds)
        return (scenarios.index(s.cooperative) if s.cooperative in scenarios else len(scenarios), s.cooperative, kind, s.name)

    return sorted(found, key=place)


def fail_if_nothing_to_compare(scenario: Scenario) -> None:
    """Two orders are needed, and `aid` to count exits against."""
    found = strategies_of(scenario)
    if len({s.name for s in found}) < 2 or AGAINST not in scenario.arm_names:
        raise PovsimError(
            f"A comparison of rollouts needs the arm '{AGAINST}' and two orders or more, each an arm with its own rollout; "
            f"given: {', '.join(scenario.arm_names)}. Leave arms out, or give strategies=[phased,poorest_first]."
        )


def fail_if_it_keeps_checkpoints(scenario: Scenario) -> None:
    """Only a comparison keeps its arms."""
    if scenario.checkpoints:
        raise PovsimError("checkpoints are kept by povsim compare, not by povsim rollout. Leave the key out.")


def fail_if_not_at_the_burn_in(scenario: Scenario, month: int) -> None:
    """Strategies differ from month 1 on."""
    if month:
        raise PovsimError(
            f"branch_from = {scenario.branch_from}: strategies part in month 1, and the run would begin after month {month}. "
            "Give branch_month=0."
        )


def run(scenario: Scenario, progress: Progress) -> Found:
    """Live every strategy. Raises PovsimError where there is nothing to compare or every replicate of a variant failed."""
    fail_if_nothing_to_compare(scenario)
    fail_if_it_keeps_checkpoints(scenario)
    branch = Branch.of(scenario)
    if branch is not None:
        fail_if_not_at_the_burn_in(scenario, begins_after(scenario, branch))
        fail_if_it_cannot_begin(scenario, branch, 0, lambda variant: {})
    began = time.perf_counter()
    failures: list[str] = []
    strategies = strategies_of(scenario)
    lived: dict[str, VariantRolledOut] = {}
    if scenario.n_draws is not None:  # a file that cannot be used says so before anything is lived
        for variant in scenario.variants:
            Draws(scenario, variant)
    with (
        Executor.of(scenario) as executor,
        progress("Rolling out (compiling first, if this is the first run)", steps_of(scenario)) as bar,
    ):
        for variant in scenario.variants:
            live = _at_the_values if scenario.n_draws is None else _in_draws
            lived[variant] = live(scenario, variant, executor, bar.advance, failures)
    done = time.perf_counter()
    summary, tables = rollout_tables.collect(scenario, strategies, lived)
    timings = {"arms_lived_s": done - began, "tables_s": time.perf_counter() - done}
    return Found(summary, tables, failures, timings, executor.found)


def steps_of(scenario: Scenario) -> float:
    """Steps of the progress bar."""
    if scenario.n_draws is None:
        return len(scenario.variants) * scenario.replicates
    each = uncertain.replicates_per_draw(scenario)
    return len(scenario.variants) * scenario.n_draws * (each + (scenario.uncertainty == "prior"))


def _at_the_values(
    scenario: Scenario, variant: str, executor: Executor, advance: Advance, failures: list[str]
) -> VariantRolledOut:
    jobs = jobs_of(scenario, variant, range(scenario.replicates))
    found = [lived for lived in executor.map(jobs, advance, failures) if lived is not None]
    if not found:
        reason = failures[0] if failures else "none given"
        raise PovsimError(f"Every replicate of variant {variant} failed. The first reason: {reason}.")
    return VariantRolledOut(found)


def _in_draws(scenario: Scenario, variant: str, executor: Executor, advance: Advance, failures: list[str]) -> VariantRolledOut:
    """Replicates draw after draw, as many for each, as `povsim.experiments.uncertain.variant_run` has them for a comparison.

    A draw of which a replicate failed is left out whole. Raises PovsimError where fewer than three draws are left.
    """
    each = uncertain.replicates_per_draw(scenario)
    kept = uncertain.that_keep_the_margins(scenario, variant, executor, advance, failures)
    jobs = [
        job
        for place, draw in enumerate(kept.draws)
        for job in jobs_of(lived_with(scenario, draw, variant), variant, range(place * each, (place + 1) * each))
    ]
    found = executor.map(jobs, advance, failures)
    replicates: list[RolledOut] = []
    draws: list[ParameterDraw] = []
    for place, draw in enumerate(kept.draws):
        own = [lived for lived in found[place * each : (place + 1) * each] if lived is not None]
        if len(own) == each:
            replicates += [replace(lived, draw=draw.number) for lived in own]
            draws.append(draw)
    uncertain.fail_if_too_few_draws_were_lived(variant, len(draws), kept.tried, failures)
    return VariantRolledOut(replicates, draws, kept.tried)


def jobs_of(scenario: Scenario, variant: str, numbers: Sequence[int]) -> list[Job]:
    """A job a replicate, in which every strategy is lived."""
    chunks: dict[str | None, list[Arm]] = {}
    for spec in scenario.arms:
        if spec.name == AGAINST or (spec.cooperative is not None and spec.rollout is not None):
            chunks.setdefault(spec.cooperative, []).append(model_arm(scenario, variant, spec))
    sources = [Source.of(scenario, variant, number) for number in numbers]
    return [Job(source.name, live_strategies, (source, tuple(map(tuple, chunks.values())))) for source in sources]


def live_strategies(source: Source, chunks: Sequence[Sequence[Arm]], *, pool: Pool | None, threads: int) -> RolledOut:
    """Work of a job: a replicate in every arm, one chunk at a time, so that the state of all is never in memory at once."""
    replicate = replicate_of(source, pool, threads)
    out = _reduced(replicate)
    for chunk in chunks:
        live_arms(replicate, source.scenario, source.variant, chunk, pool, threads)
        for arm in chunk:
            out.arms[arm.name] = _outcome(replicate.outcomes.pop(arm.name))
    out.until = replicate.until
    return out


def _reduced(r: Replicate) -> RolledOut:
    island = r.sample.cells["island"].to_numpy().astype(np.str_)[r.sample.cell]
    before = r.state.home[0, HOME.c_sum][r.tracked] / 12
    return RolledOut(
        number=r.number, weight=r.weight, structural=r.structural, extreme=before < EXTREME, village=r.village,
        village_weight=r.village_weight.copy(), urban=r.sample.place[PLACE.urban] != 0, island=island,
        households=float(r.sample.weight.sum()), strata=r.sample.level, note=r.sample.note,
    )  # fmt: skip


def _outcome(o: ArmOutcome) -> StrategyOutcome:
    return StrategyOutcome(
        tau=o.tau["E4"], cost=o.total_cost, since=o.since, status=o.status, member_m60=o.member_m60, plan=o.rollout,
        spent=np.add.reduceat(o.cooperative_outlay, np.arange(0, o.cooperative_outlay.size, 12)),
    )  # fmt: skip


def _short(spec: ArmSpec) -> str:
    prefix = f"{spec.cooperative}_"
    return spec.name.removeprefix(prefix)


def arms_for(
    strategies: Sequence[str], scenarios: Sequence[str], definitions: Mapping[str, Any], kinds: Sequence[str]
) -> dict[str, Any]:
    """`arms` and `arm_definitions` of a comparison of strategies: each kind, or arm of the user, under each scenario.

    Raises PovsimError where a strategy is neither a kind of rollout nor a defined arm.
    """
    made: dict[str, Any] = {}
    for scenario in scenarios:
        for strategy in strategies:
            own = definitions.get(strategy)
            if own is None and strategy not in kinds:
                known = ", ".join([*kinds, *definitions])
                raise PovsimError(f"strategies: '{strategy}' is neither a kind of rollout nor a defined arm. Known: {known}.")
            base = {"aid": True, "rollout": strategy} if own is None else dict(own)
            made[f"{scenario}_{strategy}"] = base | {"cooperative": scenario}
    return {"arms": [AGAINST, *made], "arm_definitions": made}
