"""`povsim national`: the whole population one household at a time, district by district, arms side by side.

Districts are independent but for what the nation's quotas say, which are published figures, so each is lived alone and only
sums and the rungs of the baseline poor are kept; where an arm begins in turns they are lived side by side. Arms of equal cost
come in a second pass, once the nation's cost is known.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from povsim.config import ArmSpec, Scenario
from povsim.config.uncertainty import fail_if_uncertainty_is_not_for
from povsim.errors import PovsimError
from povsim.experiments import national_tables
from povsim.experiments.comparison import Comparison, VariantRun, fail_if_nothing_is_matched, model_arm
from povsim.experiments.equal_money import AGREEMENT, ASSETS, CONTRACT, FORMS, TRIES, Twin, lived_money
from povsim.experiments.executor import Advance, Executor, Job, Progress
from povsim.experiments.national_district import DistrictOutcome, live_district, lived_part
from povsim.experiments.national_merge import Nation
from povsim.experiments.national_tables import VariantOfNation
from povsim.experiments.national_turns import InTurns, bytes_of_a_household, fail_if_too_large, in_turns, live_in_turns
from povsim.experiments.parameter_table import parameter_table
from povsim.model.arm import Arm
from povsim.population.geography import load_frame, select_provinces

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
    with Executor.of(scenario) as executor, progress(label, steps) as bar:
        runs = [_variant(Lived(scenario, one, frame, executor, failures), bar.advance) for one in scenario.variants]
    lived = time.perf_counter()
    over_the_same_districts(runs)
    lost = {name for one in runs for name in one.dropped}
    scenario = replace(scenario, arms=tuple(arm for arm in scenario.arms if arm.name not in lost))
    summary, tables = national_tables.collect(scenario, runs, frame)
    arms = [VariantRun(one.variant, [], {n: one.nation.arms[n] for n in scenario.arm_names}) for one in runs]
    tables["parameters"] = parameter_table(scenario, arms)
    timings = {"arms_lived_s": lived - began, "tables_s": time.perf_counter() - lived}
    return Comparison(summary, tables, failures, timings, executor.found)


@dataclass(frozen=True)
class Lived:
    """Lives districts of one variant through the executor; one that fails is a line in `failures`, the others go on."""

    scenario: Scenario
    variant: str
    frame: pl.DataFrame
    executor: Executor
    failures: list[str]

    def arm(self, spec: ArmSpec) -> Arm:
        """An arm as the model lives it."""
        return model_arm(self.scenario, self.variant, spec)

    def together(self, arms: Sequence[Arm], advance: Advance) -> InTurns:
        """The arms in all districts side by side, with what was decided for the nation each year: one run of the executor."""
        ids = self.frame["district_id"].to_list()
        households = float(self.frame["households"].sum())
        fail_if_too_large(in_turns(arms), households, len(arms), self.scenario.sample)
        args = (lived_part(self.scenario), self.variant, tuple(ids), tuple(arms))
        job = Job(f"variant {self.variant}, all districts", live_in_turns, args, households)
        (found,) = self.executor.map([job], advance, self.failures)
        return InTurns([], {}) if found is None else found

    def districts(self, arms: Sequence[Arm], advance: Advance, wanted: Sequence[int] | None = None) -> list[DistrictOutcome]:
        """The arms in the districts `wanted` (None: all of the frame), the largest first; those that fail are left out."""
        sizes = dict(zip(self.frame["district_id"].to_list(), self.frame["households"].to_list(), strict=True))
        order = sorted(sizes if wanted is None else wanted, key=lambda district: (-sizes[district], district))
        shards = self.scenario.shards or 1
        order = [district for first in range(shards) for district in order[first::shards]]  # shards of like size
        plain = lived_part(self.scenario)
        jobs = [
            Job(
                f"variant {self.variant}, district {d}",
                live_district,
                (plain, self.variant, d, tuple(arms)),
                sizes[d],
                (self.scenario.sample or 1.0) * sizes[d] * bytes_of_a_household(len(arms) + 1),  # the burn-in has a table too
            )
            for d in order
        ]
        return [one for one in self.executor.map(jobs, advance, self.failures) if one is not None]


def _variant(live: Lived, advance: Advance) -> VariantOfNation:
    specs = [spec for spec in live.scenario.arms if spec.of is None]
    twins = [spec for spec in live.scenario.arms if spec.of is not None]
    if twins and all(spec.name != AID for spec in specs):  # the search for equal cost begins at today's aid
        specs.append(ArmSpec(AID, aid=True))
    arms = {spec.name: live.arm(spec) for spec in specs}
    years: dict[str, list[dict[str, Any]]] = {}
    if in_turns(arms.values()):
        found = live.together(list(arms.values()), advance)
        outcomes, years = found.districts, found.years
    else:
        outcomes = live.districts(list(arms.values()), advance)
    if not outcomes:
        raise PovsimError(f"Every district of variant {live.variant} failed. The first reason: {live.failures[0]}.")
    done = VariantOfNation(live.variant, Nation(outcomes, live.frame, arms), years)
    if twins:
        _equal_money(live, done, twins, advance)
    return done


def _equal_money(live: Lived, done: VariantOfNation, specs: Sequence[ArmSpec], advance: Advance) -> None:
    """Live the arms of equal cost at the level that follows from the sums of the nation, again while costs disagree."""
    sought = [twin for spec in specs if (twin := _sought(live, done, spec)) is not None]
    for attempt in range(TRIES):
        open_ = [twin for twin in sought if not twin.points or abs(twin.gap) > AGREEMENT]
        if not open_:
            break
        base = {twin.spec.name: live.arm(twin.spec) for twin in open_}
        levels = {twin.spec.name: twin.next_level() if twin.points else twin.first for twin in open_}
        arms = {twin.spec.name: twin.lived(base[twin.spec.name], levels[twin.spec.name]) for twin in open_}
        known = {one.district: one for one in done.nation.outcomes}
        lived = live.districts(list(arms.values()), advance if attempt == 0 else _silent, list(known))
        if len(lived) < len(known):  # arms can be compared only over the same districts
            why = f"not lived in {len(known) - len(lived)} districts; the last reason: {live.failures[-1]}"
            done.dropped |= {twin.spec.name: why for twin in open_ if not twin.points}
            sought = [twin for twin in sought if twin.points]
            break
        outcomes = [replace(known[one.district], arms=known[one.district].arms | one.arms) for one in lived]
        done.nation = Nation(outcomes, live.frame, done.nation.arms | arms)
        for twin in open_:
            twin.points.append((levels[twin.spec.name], done.nation.total_cost(twin.spec.name)))
    for twin in sought:
        level, cost = twin.points[-1]
        name = twin.spec.name
        if abs(twin.gap) > CONTRACT:
            done.notes.append(
                f"{name}, {live.variant}: its cost differs from that of {twin.spec.of} by {twin.gap:+.1%}, more than 1 %. "
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


def _sought(live: Lived, done: VariantOfNation, spec: ArmSpec) -> Twin | None:
    """The arm of equal cost with its first level; None, with the reason in `dropped`, where no level of its form can do."""
    twin = _twin(live.scenario, done.nation, spec)
    level = twin.first_level(live.arm(spec))
    if level is None:
        done.dropped[spec.name] = (
            f"no {twin.form} added to today's aid costs what {spec.of} costs. Give equal_money=benefits, or leave the arm out"
        )
        return None
    twin.first = level
    return twin


def over_the_same_districts(runs: Sequence[VariantOfNation]) -> None:
    """Leave out of every variant the districts that failed in another: a range over different districts would mislead."""
    lived = [{one.district for one in run.nation.outcomes} for run in runs]
    common = set.intersection(*lived)
    if not common:
        raise PovsimError("No district was lived in every variant. Give the same command again, or one variant at a time.")
    for run, own in zip(runs, lived, strict=True):
        if own == common:
            continue
        kept = [one for one in run.nation.outcomes if one.district in common]
        run.nation = Nation(kept, run.nation.frame, run.nation.arms)
        for name, entry in run.equal_cost.items():
            target, cost = run.nation.total_cost(entry["of"]), run.nation.total_cost(name)
            entry |= {"cost_arm_idr": target, "cost_twin_idr": cost, "gap_share": cost / target - 1.0}


def fail_if_not_for_the_nation(scenario: Scenario) -> None:
    """Keys of other commands, and a form of equal money that needs further draws of the nation."""
    given = {
        "replicates": scenario.replicates != 1,
        "futures": scenario.futures > 0,
        "assumptions": scenario.assumptions > 0,
        "break_even": scenario.break_even,
        "ledger": bool(scenario.ledger),
        "checkpoints": bool(scenario.checkpoints),
        "branch_from": scenario.branch_from is not None,
        "branch_month": scenario.branch_month is not None,
    }
    fail_if_uncertainty_is_not_for("national", scenario)
    for key, set_ in given.items():
        if set_:
            raise PovsimError(
                f"{key} is not for povsim national, which lives the nation once, every household of it. Leave {key} out; "
                "povsim compare takes it."
            )
    if scenario.equal_money not in FORMS and any(arm.of for arm in scenario.arms):
        raise PovsimError(
            f"equal_money = {scenario.equal_money}: the form is chosen on other draws of the nation, which are not lived. "
            f"Accepted: {', '.join(FORMS)}."
        )
