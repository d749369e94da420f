"""`povsim explain`: one household of a comparison, its months in every arm, and the event that made the difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from povsim.config import Scenario, scenario_from
from povsim.config.checks import hint
from povsim.errors import PovsimError
from povsim.experiments.comparison import model_arm
from povsim.experiments.comparison_tables import pairs_of
from povsim.experiments.equal_money import with_money
from povsim.experiments.explain_events import Event, events, happened
from povsim.experiments.explain_life import Life, live_through
from povsim.experiments.explain_lives import Told, tell
from povsim.experiments.explain_search import KINDS, Finding, Kind, differs, find
from povsim.experiments.households import SHOWN, parts_of
from povsim.experiments.replicate import RELAPSE, Replicate, burn_in
from povsim.model.arm import Arm

EXAMPLE = "trap-0-512.3.47"
FINDS = (*KINDS, "left")
"""What can be listed; `left`: whoever leaves for good in the arm, whatever happens in the other."""

Progress = Callable[[str, int], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Result:
    """A result folder of `povsim compare` as far as households are concerned."""

    folder: Path
    scenario: Scenario
    summary: dict[str, Any]
    households: pl.DataFrame


@dataclass(frozen=True)
class Explanation:
    """A household's months in every arm, and what was found.

    household: its row of `Result.households`. arm, against: the question's arms (against None: a single arm was run). about:
    the kind asked for, None: any. kind None: no such difference, so nothing is searched. moments: what happened, by arm.
    """

    household: dict[str, Any]
    told: Told
    life: Life
    arm: str
    against: str | None
    about: str | None
    kind: Kind | None
    finding: Finding | None
    moments: dict[str, list[Event]]


def open_result(folder: Path) -> Result:
    """Read a result folder. Raises PovsimError where it is none, or one without its households."""
    fail_if_no_result(folder)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    scenario = scenario_from(yaml.safe_load((folder / "scenario.yaml").read_text(encoding="utf-8")))
    return Result(folder, scenario, summary, pl.read_parquet(folder / "tables" / "households.parquet"))


def choose_arms(result: Result, arm: str | None, against: str | None) -> tuple[str, str | None]:
    """The arms of the question: those given, else the first contrast of the run that adds cooperatives (aid_cooperative against
    aid where both were run), else its first contrast."""
    names = [name for name in result.scenario.arm_names if f"E4_{name}" in result.households.columns]
    for given in (arm, against):
        if given is not None:
            fail_if_arm_not_run(given, names)
    pairs = pairs_of(result.scenario, names)
    cooperative = {spec.name for spec in result.scenario.arms if spec.cooperative}
    if arm is None:
        first = [pair for pair in pairs if pair == ("aid_cooperative", "aid")]
        adding = [pair for pair in pairs if pair[0] in cooperative and pair[1] not in cooperative]
        chosen = [pair for pair in (*first, *adding, *pairs) if pair[0] != against]
        arm = chosen[0][0] if chosen else names[0]
    if against is None:
        against = next((other for name, other in pairs if name == arm), next((n for n in names if n != arm), None))
    fail_if_same_arm(arm, against)
    return arm, against


def listed(result: Result, what: str, arm: str, against: str | None) -> pl.DataFrame:
    """Households of a kind (FINDS), with their months in the arms of the question, in the order of the table."""
    fail_if_unknown_kind(what, FINDS)
    table = result.households
    left = pl.col(f"E4_{arm}") > 0
    if what in ("permanent", "harmed"):
        fail_if_single_arm(against)
        other = pl.col(f"E4_{against}") > 0
        table = table.filter(left & ~other if what == "permanent" else ~left & other)
    else:
        table = table.filter(left if what == "left" else pl.col(f"{RELAPSE}_{arm}") > 0)
    months = [f"{rung}_{name}" for rung in SHOWN for name in (arm, against) if name is not None]
    return table.select("household", "province", "area", "structural", "weight", "last_month", *months)


def explain(
    result: Result, name: str, arm: str, against: str | None, about: str | None, progress: Progress, threads: int | None = None
) -> Explanation:
    """Live the household's replicate again and search for the cause. `about`: the kind asked for; None: the first there is."""
    if about is not None:
        fail_if_unknown_kind(about, KINDS)
    variant, number, entity = fail_if_no_name(name, result)
    workers = threads or cpu_count() or 1
    with progress("Living the household's replicate again", 3) as bar, ThreadPoolExecutor(workers) as pool:
        replicate = burn_in(result.scenario, variant, number, pool, workers)
        row = fail_if_not_followed(name, entity, replicate, result)
        bar.advance()
        told = tell(result.scenario, variant, replicate, arms_lived(result, variant), pool, workers)
        household = result.households.row(by_predicate=pl.col("household") == name, named=True)
        fail_if_lived_otherwise(household, told, row)
        bar.advance()
        found = explain_row(told, row, household, arm, against, about)
        bar.advance()
    return found


def explain_row(
    told: Told, row: int, household: dict[str, Any], arm: str, against: str | None, about: str | None = None
) -> Explanation:
    """Explain the household in a row of a replicate that was told."""
    life = live_through(told, row)
    a, b = told.arm_row(arm), None if against is None else told.arm_row(against)
    kind = _kind(life, a, b, about)
    finding = None if kind is None else find(told, life, kind, a, b)
    T = told.scenario.horizon_months
    moments = {arm: happened(events(told, life, a, b, T), life)}
    if against is not None and b is not None:
        moments[against] = happened(events(told, life, b, None, T), life)
    return Explanation(household, told, life, arm, against, about, kind, finding, moments)


def arms_lived(result: Result, variant: str) -> list[Arm]:
    """The arms as the comparison lived them, twins at the level that was solved for."""
    fail_if_parameters_were_drawn(result)
    solved = result.summary.get("equal_cost", {}).get(variant, {})
    arms = [model_arm(result.scenario, variant, spec) for spec in result.scenario.arms]
    fail_if_money_not_kept(result, solved)
    return [with_money(arm, solved[arm.name]["lived"]) if arm.name in solved else arm for arm in arms]


def _kind(life: Life, a: int, b: int | None, about: str | None) -> Kind | None:
    for kind in KINDS:
        if about not in (None, kind) or (b is None and kind != "relapsed"):
            continue
        if differs(kind, life.outcome.only([a] if kind == "relapsed" or b is None else [a, b])):
            return kind
    return None


def fail_if_no_result(folder: Path) -> None:
    """No folder, or one that `povsim compare` did not write, or wrote before it kept households."""
    if not folder.is_dir():
        raise PovsimError(
            f"There is no folder {folder}. Give the result folder of a povsim compare, such as outputs/compare/<run>."
        )
    for part in ("summary.json", "scenario.yaml", "provenance.json"):
        if not (folder / part).is_file():
            raise PovsimError(
                f"{folder} is no result of povsim compare: it holds no {part}. Give the folder that compare named."
            )
    command = json.loads((folder / "summary.json").read_text(encoding="utf-8")).get("command")
    if command not in (None, "compare"):
        raise PovsimError(
            f"{folder} holds a result of povsim {command}, which keeps no households. Give the folder of a povsim compare."
        )
    if not (folder / "tables" / "households.parquet").is_file():
        raise PovsimError(
            f"{folder} holds no tables/households.parquet: its run kept no households. "
            f"Run it again: povsim compare --scenario {folder / 'scenario.yaml'} --out NEW"
        )


def fail_if_parameters_were_drawn(result: Result) -> None:
    """A comparison in which each draw of the parameters had a life of its own."""
    if result.scenario.n_draws is not None:
        raise PovsimError(
            f"{result.folder} was run with uncertainty={result.scenario.uncertainty}, where a household lives once for every "
            "draw of the parameters. Run the comparison with uncertainty=point to explain a household."
        )


def fail_if_money_not_kept(result: Result, solved: dict[str, Any]) -> None:
    """A summary of a version that did not keep what the money of equal cost became."""
    if any("lived" not in twin for twin in solved.values()):
        raise PovsimError(
            f"{result.folder / 'summary.json'} does not hold what the arms of equal cost were given: an earlier version made "
            f"it. Run it again: povsim compare --scenario {result.folder / 'scenario.yaml'} --out NEW"
        )


def fail_if_arm_not_run(name: str, names: list[str]) -> None:
    """An arm that the run does not hold."""
    if name not in names:
        raise PovsimError(f"Arm '{name}' is not in this run.{hint(name, names)} Its arms: {', '.join(names)}.")


def fail_if_same_arm(arm: str, against: str | None) -> None:
    """An arm set against itself."""
    if arm == against:
        raise PovsimError(f"--arm and --against both name '{arm}'. Give two different arms.")


def fail_if_single_arm(against: str | None) -> None:
    """A difference needs two arms."""
    if against is None:
        raise PovsimError("The run holds one arm, so no two can differ. Look for --find relapsed or left.")


def fail_if_unknown_kind(given: str, known: tuple[str, ...]) -> None:
    """A kind of household that is not searched for."""
    if given not in known:
        raise PovsimError(f"'{given}' cannot be looked for.{hint(given, known)} Accepted: {', '.join(known)}.")


def fail_if_no_name(name: str, result: Result) -> tuple[str, int, int]:
    """A text that names no household of this run; returns variant, replicate and id otherwise."""
    parts = parts_of(name)
    variants, scenario = result.scenario.variants, result.scenario
    if parts is None or parts[0] not in variants or parts[1] >= scenario.replicates:
        example = str(result.households["household"][0]) if result.households.height else EXAMPLE
        raise PovsimError(
            f"--household {name} names no household of this run.{_nearest(name, result)} A name is variant-replicate-place, "
            f"such as {example}, with variants {', '.join(variants)} and replicates 0 to {scenario.replicates - 1}. "
            "See --find permanent|harmed|relapsed."
        )
    return parts


def fail_if_not_followed(name: str, entity: int, replicate: Replicate, result: Result) -> int:
    """A household that is not in the sample, or was not poor at the start; returns its row otherwise."""
    rows = np.nonzero(replicate.sample.ids == np.uint64(entity))[0]
    if rows.size == 0:
        raise PovsimError(f"There is no household {name} in this run.{_nearest(name, result)}")
    if rows[0] not in replicate.tracked:
        raise PovsimError(
            f"Household {name} was not poor at the start, and only who was is followed.{_nearest(name, result)} "
            "See --find permanent|harmed|relapsed."
        )
    return int(rows[0])


def fail_if_lived_otherwise(household: dict[str, Any], told: Told, row: int) -> None:
    """Lived again, the household does something else than in the table of the folder."""
    at = int(np.searchsorted(told.replicate.tracked, row))
    for rung in SHOWN:
        for a, arm in enumerate(told.arms):
            column = f"{rung}_{arm.name}"
            if column in household and household[column] != told.outcomes[rung][a, at]:
                raise PovsimError(
                    f"Household {household['household']}, arm {arm.name}: {rung} is month {household[column]} in the folder "
                    f"and {told.outcomes[rung][a, at]} lived again. Code, data, libraries or machine differ from "
                    "provenance.json: run compare again."
                )


def _nearest(name: str, result: Result) -> str:
    return hint(name, result.households["household"].to_list())
