"""Where a run begins: at its own burn-in, or in the checkpoints of another run; and what is refused there.

A run that begins in checkpoints is the run that never stopped, so whatever shaped the months that it does not live again must
be what shaped the checkpoints; what comes after them may differ (docs/decisions/0030-checkpoints.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from povsim.config import Scenario
from povsim.config.checks import shown
from povsim.errors import PovsimError
from povsim.experiments.checkpoint import (
    Contents,
    VariantKept,
    contents_of,
    shaped_the_start,
    shaped_what_came_later,
)
from povsim.experiments.checkpoint_folder import content_hash, folder_of
from povsim.experiments.provenance import code_hash, data_hash, made_with
from povsim.model.arm import Arm

MONEY = ("programmes", "quotas", "grant")
"""What the level of an arm of equal cost sets."""


@dataclass(frozen=True)
class Branch:
    """A folder of checkpoints in which replicates begin. Two are the same where they hold the same, wherever they lie."""

    content: str
    folder: Path = field(compare=False)

    @classmethod
    def of(cls, scenario: Scenario) -> Branch | None:
        """The one that the scenario names; None where it lives its own burn-in. Raises PovsimError where there is none."""
        if scenario.branch_from is None:
            return None
        return cls(content_hash(scenario.branch_from), folder_of(scenario.branch_from))

    def fail_if_replaced(self) -> None:
        """What lies there now, or on this worker of a cluster, is not what the run was to begin in."""
        if content_hash(str(self.folder)) != self.content:
            raise PovsimError(
                f"branch_from: {self.folder} does not hold the checkpoints that this run begins in: it was replaced, or "
                "differs on a worker of the cluster. Let every worker see the same folder at the same path."
            )

    @property
    def contents(self) -> Contents:
        """What it holds."""
        return contents_of(self.folder)

    def holds(self, variant: str, number: int) -> bool:
        """Whether replicate `number` may begin here; others, on which forms of equal money are chosen, live their burn-in."""
        return variant in self.contents.variants and number in self.contents.variants[variant].replicates


def begins_after(scenario: Scenario, branch: Branch | None) -> int:
    """The month at whose end the run begins. Raises PovsimError where the checkpoints do not hold it."""
    if branch is None:
        return 0
    months = branch.contents.months
    month = months[-1] if scenario.branch_month is None else scenario.branch_month
    if month not in months:
        raise PovsimError(
            f"branch_month = {month}, but the checkpoints in {scenario.branch_from} are of {_listed('month', months)}. "
            f"Give one of these, or leave branch_month out for month {months[-1]}."
        )
    return month


def fail_if_it_cannot_begin(
    scenario: Scenario, branch: Branch, month: int, arms_of: Callable[[str], Mapping[str, Arm]]
) -> None:
    """Every way in which a scenario does not fit the checkpoints. `arms_of` a variant: by name, those of equal cost with
    today's aid alone."""
    where, has = scenario.branch_from or "", branch.contents
    fail_if_other_code_made_it(where, has)
    fail_if_the_past_differs(where, shaped_the_start(scenario), has.start)
    for variant in scenario.variants:
        fail_if_variant_is_missing(where, variant, has)
        fail_if_replicates_are_missing(where, variant, scenario.replicates, has.variants[variant])
    if month == 0:
        return
    fail_if_the_horizon_is_past(where, scenario.horizon_months, month)
    fail_if_a_plan_looks_past_a_horizon(where, scenario, has.horizon_months)
    now, then = shaped_what_came_later(scenario), dict(has.later)
    if not any(spec.of for spec in scenario.arms):
        del now["equal_money"], then["equal_money"]
    fail_if_the_past_differs(where, now, then)
    fail_if_the_economy_was_another(where, scenario.economy.macro, has.macro, month)
    for variant in scenario.variants:
        for arm in arms_of(variant).values():
            fail_if_arm_was_another(where, arm, has.variants[variant], month)


def notes_on(scenario: Scenario, branch: Branch, month: int) -> list[str]:
    """What a reader must know of a run that began in checkpoints."""
    notes = [
        f"Begun at the end of month {month} in the checkpoints {branch.content[:12]} of {scenario.branch_from}: what came "
        "before was read, not lived."
    ]
    then, now = branch.contents.made_with, made_with()
    other = [f"{name} {then.get(name, 'unknown')} there, {now[name]} here" for name in now if then.get(name) != now[name]]
    if other:
        notes.append(f"Those were made on other ground ({'; '.join(other)}): numbers may differ in their last digits.")
    if month and scenario.economy.macro != branch.contents.macro:
        notes.append(f"The economy takes another path after month {month} than in the run that made the checkpoints.")
    if month and any(spec.of for spec in scenario.arms):
        notes.append(
            "Arms of equal cost go on at the form and level that were found in the run that made the checkpoints, for a "
            f"horizon of {branch.contents.horizon_months} months."
        )
    return notes


def fail_if_other_code_made_it(where: str, has: Contents) -> None:
    """Months of one model followed by months of another would be the result of neither."""
    for what, then, now in (("code", has.code, code_hash()), ("data", has.data, data_hash())):
        if then != now:
            raise PovsimError(
                f"branch_from = {where}: povsim {has.povsim} with other {what} made these checkpoints ({what} {then[:12]}, "
                f"here {now[:12]}), so the months read and the months lived would not be of one model. Use that version, or "
                "make the checkpoints anew with this one."
            )


def fail_if_the_past_differs(where: str, now: Mapping[str, Any], then: Mapping[str, Any]) -> None:
    """A key that shaped what is in the file has another value."""
    differing = [key for key in dict.fromkeys((*then, *now)) if now.get(key, ...) != then.get(key, ...)]
    if differing:
        given = "; ".join(f"{key} is {_value(now, key)}, there it was {_value(then, key)}" for key in differing)
        raise PovsimError(
            f"branch_from = {where}: the checkpoints come from another past. {given}. Give the values of the checkpoints, or "
            "leave branch_from out."
        )


def fail_if_variant_is_missing(where: str, variant: str, has: Contents) -> None:
    """A variant that was not run."""
    if variant not in has.variants:
        raise PovsimError(
            f"branch_from = {where}: the checkpoints are of {_listed('variant', has.variants)}, and {variant} is asked for. "
            f"Give variants=[{','.join(has.variants)}], or leave branch_from out."
        )


def fail_if_replicates_are_missing(where: str, variant: str, replicates: int, kept: VariantKept) -> None:
    """More replicates than were kept, or one of them failed there."""
    missing = sorted(set(range(replicates)) - set(kept.replicates))
    if missing:
        raise PovsimError(
            f"branch_from = {where}: replicates = {replicates}, but the checkpoints of {variant} lack "
            f"{_listed('replicate', missing[:5])}{' and more' if len(missing) > 5 else ''}; they hold {len(kept.replicates)}. "
            f"{f'Give replicates={missing[0]}' if missing[0] else 'Make the checkpoints anew'}, or leave branch_from out."
        )


def fail_if_the_horizon_is_past(where: str, horizon: int, month: int) -> None:
    """A run that would end before it begins."""
    if horizon < month:
        raise PovsimError(
            f"branch_from = {where}: horizon_months = {horizon} ends before month {month}, at whose end the run would begin. "
            "Give a longer horizon, or an earlier branch_month."
        )


def fail_if_a_plan_looks_past_a_horizon(where: str, scenario: Scenario, then: int) -> None:
    """A budget by year that goes on after one of two horizons: an office looks at all later years, so it decided otherwise."""
    now = scenario.horizon_months
    years = min(now, then) // 12
    for spec in scenario.arms:
        rollout = spec.rollout or scenario.rollout
        budget = rollout.budget_idr_year or ()
        if now != then and spec.cooperative is not None and not rollout.plain and len(budget) > years:
            raise PovsimError(
                f"branch_from = {where}: horizon_months = {now}, there it was {then}, and the rollout of arm '{spec.name}' has "
                f"a budget for {len(budget)} years: which villages begin depends on all of them within the horizon. Give "
                f"horizon_months={then}, or begin at the burn-in with branch_month=0."
            )


def fail_if_the_economy_was_another(where: str, now: Sequence[float], then: Sequence[float], month: int) -> None:
    """The path of incomes differs in a month that is not lived again."""
    for t in range(month):
        here, there = (path[t] if t < len(path) else 0.0 for path in (now, then))
        if here != there:
            raise PovsimError(
                f"branch_from = {where}: economy.macro is {here} in month {t + 1}, there it was {there}, and the run begins "
                f"after month {month}. Give the same path up to that month, or branch_month=0."
            )


def fail_if_arm_was_another(where: str, arm: Arm, kept: VariantKept, month: int) -> None:
    """An arm that is not in the file, or was lived under another definition."""
    if arm.name not in kept.arms:
        raise PovsimError(
            f"branch_from = {where}: arm '{arm.name}' is not in the checkpoints of month {month}, which hold "
            f"{', '.join(kept.arms)}. Leave it out, or begin at the burn-in with branch_month=0, from which any arm may branch."
        )
    there = kept.arms[arm.name]
    if arm.name in kept.levels:  # its money was added when its level was found
        there = replace(there, **{part: getattr(arm, part) for part in MONEY})
    if there != arm:
        raise PovsimError(
            f"branch_from = {where}: arm '{arm.name}' was another one up to month {month} ({_differences(arm, there)}). Give "
            "it the definition that it had there, or begin at the burn-in with branch_month=0."
        )


def _differences(now: Arm, then: Arm) -> str:
    parts = [name for name in Arm.__dataclass_fields__ if name != "p" and getattr(now, name) != getattr(then, name)]
    symbols = [s for s in sorted({*now.p, *then.p}) if now.p.get(s) != then.p.get(s)]
    told = [f"{name}: {getattr(now, name)}, there {getattr(then, name)}" for name in parts]
    told += [f"{s}: {now.p.get(s)}, there {then.p.get(s)}" for s in symbols]
    return "; ".join(told[:5]) + ("; and more" if len(told) > 5 else "")


def _value(values: Mapping[str, Any], key: str) -> str:
    return shown(values[key]) if key in values else "not set"


def _listed(what: str, items: Iterable[object]) -> str:
    words = [str(item) for item in items]
    return f"{what}{'s' if len(words) > 1 else ''} {', '.join(words)}"
