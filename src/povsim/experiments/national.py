"""`povsim national`: the whole population one household at a time, district by district, arms side by side.

Districts are independent but for what the nation's quotas say, which are published figures, so each is lived alone and only
sums and the rungs of the baseline poor are kept. Arms of equal cost come in a second pass, once the nation's cost is known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from os import cpu_count
from typing import Any

import numpy as np

from povsim.config import ArmSpec, Scenario
from povsim.errors import PovsimError
from povsim.experiments import national_tables
from povsim.experiments.comparison import Comparison, Progress, VariantRun, fail_if_nothing_is_matched, model_arm
from povsim.experiments.equal_money import AGREEMENT, ASSETS, CONTRACT, FORMS, TRIES, Twin, lived_money
from povsim.experiments.national_district import DistrictOutcome, live_district, lived_part
from povsim.experiments.national_merge import Nation
from povsim.experiments.national_tables import VariantOfNation
from povsim.experiments.parameter_table import parameter_table
from povsim.model.arm import Arm
from povsim.population.geography import load_frame, select_provinces

Advance = Callable[[float], Any]
AID = "aid"


def run(scenario: Scenario, progress: Progress) -> Comparison:
    """Live the nation. Raises PovsimError for what the nation is not lived with, or where no district could be lived."""
    fail_if_not_for_the_nation(scenario)
    frame = load_frame(scenario.population.kind)
    if scenario.population.provinces:
        frame = select_provinces(frame, scenario.population.provinces)
    began = time.perf_counter()
    failures: list[str] = []
    twins = any(arm.of for arm in scenario.arms)
    steps = int(frame["households"].sum()) * len(scenario.variants) * (2 if twins else 1)
    label = f"Living {frame.height} districts (compiling first, if this is the first run)"
    with progress(label, steps) as bar:
        runs = [_variant(scenario, variant, frame, bar.advance, failures) for variant in scenario.variants]
    lived = time.perf_counter()
    summary, tables = national_tables.collect(scenario, runs)
    arms = [VariantRun(one.variant, [], {n: one.nation.arms[n] for n in scenario.arm_names}) for one in runs]
    tables["parameters"] = parameter_table(scenario, arms)
    timings = {"arms_lived_s": lived - began, "tables_s": time.perf_counter() - lived}
    return Comparison(summary, tables, failures, timings)


def _variant(scenario: Scenario, variant: str, frame: Any, advance: Advance, failures: list[str]) -> VariantOfNation:
    specs = [spec for spec in scenario.arms if spec.of is None]
    twins = [spec for spec in scenario.arms if spec.of is not None]
    if twins and all(spec.name != AID for spec in specs):  # the search for equal cost begins at today's aid
        specs.append(ArmSpec(AID, aid=True))
    arms = {spec.name: model_arm(scenario, variant, spec) for spec in specs}
    sizes = dict(zip(frame["district_id"].to_list(), frame["households"].to_list(), strict=True))
    outcomes = _live(scenario, variant, sizes, list(arms.values()), advance, failures)
    if not outcomes:
        raise PovsimError(f"Every district of variant {variant} failed. The first reason: {failures[0]}.")
    done = VariantOfNation(variant, Nation(outcomes, frame, arms))
    if len(outcomes) < len(sizes):
        done.notes.append(f"{variant}: {len(sizes) - len(outcomes)} districts failed and are not in these figures.")
    if twins:
        _equal_money(scenario, done, twins, sizes, frame, advance, failures)
    return done


def _equal_money(
    scenario: Scenario,
    done: VariantOfNation,
    specs: Sequence[ArmSpec],
    sizes: dict[int, int],
    frame: Any,
    advance: Advance,
    failures: list[str],
) -> None:
    """Live the arms of equal cost at the level that follows from the sums of the nation, again while costs disagree."""
    variant = done.variant
    sought = [_twin(scenario, done.nation, spec) for spec in specs]
    step = advance
    for _ in range(TRIES):
        open_ = [twin for twin in sought if not twin.points or abs(twin.gap) > AGREEMENT]
        if not open_:
            break
        base = {twin.spec.name: model_arm(scenario, variant, twin.spec) for twin in open_}
        levels = {
            twin.spec.name: twin.next_level() if twin.points else _first_level(twin, base[twin.spec.name]) for twin in open_
        }
        arms = {twin.spec.name: twin.lived(base[twin.spec.name], levels[twin.spec.name]) for twin in open_}
        known = {one.district: one for one in done.nation.outcomes}
        lived = _live(scenario, variant, {d: sizes[d] for d in known}, list(arms.values()), step, failures)
        fail_if_a_pass_is_incomplete(variant, [d for d in known if d not in {one.district for one in lived}], failures)
        outcomes = [replace(known[one.district], arms=known[one.district].arms | one.arms) for one in lived]
        done.nation = Nation(outcomes, frame, done.nation.arms | arms)
        for twin in open_:
            twin.points.append((levels[twin.spec.name], done.nation.total_cost(twin.spec.name)))
        step = _silent
    for twin in sought:
        level, cost = twin.points[-1]
        name = twin.spec.name
        if abs(twin.gap) > CONTRACT:
            done.notes.append(
                f"{name}, {variant}: its cost differs from that of {twin.spec.of} by {twin.gap:+.1%}, more than 1 %. "
                "Do not read it as equal money."
            )
        done.equal_cost[name] = {
            "of": twin.spec.of, "form": twin.form, "level": level, "cost_arm_idr": twin.target, "cost_twin_idr": cost,
            "gap_share": twin.gap, "lived": lived_money(done.nation.arms[name]),
        }  # fmt: skip


def _silent(_: float) -> None:
    """Passes beyond the second are not in the count of steps."""


def _twin(scenario: Scenario, nation: Nation, spec: ArmSpec) -> Twin:
    assert spec.of is not None
    target = nation.total_cost(spec.of)
    fail_if_nothing_is_matched(spec, target)
    shape = nation.summed(one.outlay for one in nation.of(spec.of))
    families = float(np.mean(nation.summed(one.families["sembako"] for one in nation.of(AID))))
    form = ASSETS if spec.assets else scenario.equal_money
    return Twin(spec, form, target, nation.total_cost(AID), shape, families)


def _first_level(twin: Twin, base: Arm) -> float:
    level = twin.first_level(base)
    if level is None:
        raise PovsimError(
            f"{twin.spec.name}: no {twin.form} added to today's aid costs what {twin.spec.of} costs. "
            "Give equal_money=benefits, or leave the arm out."
        )
    return level


def _live(
    scenario: Scenario, variant: str, sizes: dict[int, int], arms: Sequence[Arm], advance: Advance, failures: list[str]
) -> list[DistrictOutcome]:
    """Every district of `sizes` (households by district), the largest first; one that fails is a line in `failures`."""
    threads = scenario.threads or cpu_count() or 1
    plain = lived_part(scenario)
    out: list[DistrictOutcome] = []
    with ThreadPoolExecutor(threads) as pool:
        largest_first = sorted(sizes, key=lambda d: (-sizes[d], d))
        jobs = {pool.submit(live_district, plain, variant, d, arms): d for d in largest_first}
        try:
            for job in as_completed(jobs):
                district = jobs[job]
                try:
                    out.append(job.result())
                except (ArithmeticError, ValueError, PovsimError, MemoryError) as reason:
                    failures.append(f"variant {variant}, district {district}: {type(reason).__name__}: {reason}")
                advance(sizes[district])
        except KeyboardInterrupt:
            for job in jobs:
                job.cancel()
            raise
    return out


def fail_if_a_pass_is_incomplete(variant: str, missing: Sequence[int], failures: Sequence[str]) -> None:
    """Arms can be compared only over the same districts."""
    if missing:
        raise PovsimError(
            f"Arms of equal cost of variant {variant} failed in districts {', '.join(map(str, missing))}. "
            f"The last reason: {failures[-1] if failures else 'none given'}."
        )


def fail_if_not_for_the_nation(scenario: Scenario) -> None:
    """Keys of other commands, and arms whose decisions need all villages of the nation at once."""
    given = {
        "replicates": scenario.replicates != 1,
        "futures": scenario.futures > 0,
        "assumptions": scenario.assumptions > 0,
        "break_even": scenario.break_even,
        "ledger": bool(scenario.ledger),
    }
    for key, set_ in given.items():
        if set_:
            raise PovsimError(
                f"{key} is not for povsim national, which lives the nation once, every household of it. Leave {key} out; "
                "povsim compare takes it."
            )
    rolled_out = [arm.name for arm in scenario.arms if arm.cooperative and not (arm.rollout or scenario.rollout).plain]
    if rolled_out:
        raise PovsimError(
            f"arms: {', '.join(rolled_out)}: a rollout in turns is decided over all villages of the nation at once, and povsim "
            "national lives districts one by one. Accepted: rollout=all without waves or limits. See povsim rollout."
        )
    if scenario.equal_money not in FORMS and any(arm.of for arm in scenario.arms):
        raise PovsimError(
            f"equal_money = {scenario.equal_money}: the form is chosen on other draws of the nation, which are not lived. "
            f"Accepted: {', '.join(FORMS)}."
        )
