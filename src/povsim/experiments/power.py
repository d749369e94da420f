"""`povsim power`: the textbook figure beside simulated trials, pilots inside the model, and the audit of other estimators."""

from __future__ import annotations

import json
import time
from typing import Any

import polars as pl

from povsim import parameters
from povsim.config import Scenario
from povsim.config.power import EXITS, PowerKeys, power_from
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments import power_draws
from povsim.experiments.executor import Advance, Executor, Job, Progress
from povsim.experiments.found import Found
from povsim.experiments.power_audit import Audit
from povsim.experiments.power_bank import Bank, bank_jobs
from povsim.experiments.power_costs import real_households, screening, within_budget
from povsim.experiments.power_pilots import Villages, answer, questions
from povsim.experiments.power_surveys import surveys_of
from povsim.experiments.power_trials import share_found
from povsim.measures import power as pw

COSTS = ("cost_interview_idr", "cost_listing_idr", "budget_idr", "attrition", "score_sd", "screen_bottom")
"""Keys that are assumptions (grade A) unless the user knows better."""


def keys_of(scenario: Scenario) -> PowerKeys:
    """The keys of the command that the scenario holds."""
    return power_from(json.loads(scenario.own), scenario.horizon_months)


def run(scenario: Scenario, progress: Progress) -> Found:
    """The textbook figure; without `closed_form`, also trials that check it, pilots in the model, and with `audit` the audit.

    Raises PovsimError where every replicate of a variant failed.
    """
    keys = keys_of(scenario)
    began = time.perf_counter()
    failures: list[str] = []
    closed, reasons = closed_forms(keys)
    summary: dict[str, Any] = {
        "schema": 1,
        "command": "power",
        "seed": scenario.seed,
        "villages_per_arm": next((row["villages_per_arm"] for row in closed if row["villages_per_arm"] is not None), None),
        "keys": keys.plain(),
        "assumed": {key: {"value": getattr(keys, key), "grade": "A", "source": "assumption, or given"} for key in COSTS},
        "closed_form": closed,
        "reasons": reasons,
    }
    tables = {"closed_form": pl.DataFrame(closed)}
    if keys.closed_form:
        return Found(summary, tables, failures, {"closed_form_s": time.perf_counter() - began})
    steps = len(scenario.variants) * scenario.replicates + 2 * len(closed) + power_draws.steps_of(scenario)
    with (
        Executor.of(scenario) as executor,
        progress("Piloting (compiling first, if this is the first run)", steps) as bar,
    ):
        _check(scenario, keys, closed, executor, bar.advance, failures)
        given = (executor, bar.advance, failures)
        lived = {variant: _lived(scenario, keys, variant, *given) for variant in scenario.variants}
        drawn = {v: power_draws.lived_draws(scenario, keys, v, *given) for v in scenario.variants if scenario.n_draws}
    done = time.perf_counter()
    tables["closed_form"] = pl.DataFrame(closed, infer_schema_length=None)
    rows: dict[str, list[dict[str, Any]]] = {"outcomes": [], "power": [], "audit": [], "draws": []}
    blocks = {}
    for variant, banks in lived.items():
        blocks[variant], more = _variant(scenario, keys, variant, banks)
        for name, found in more.items():
            rows[name] += [{"variant": variant} | row for row in found]
        if variant in drawn:
            found = power_draws.answers(drawn[variant], keys, variant)
            blocks[variant]["assurance"] = power_draws.assurance(found)
            rows["draws"] += [{"variant": variant} | row for row in found]
    summary |= {
        "population": _population(scenario),
        "replicates": scenario.replicates,
        "horizon_months": scenario.horizon_months,
        "cooperative": scenario.cooperative,
        "definition": {"b": scenario.exit.b, "W": scenario.exit.W},
        "variants": blocks,
        "targets": [scenario.cooperative] if scenario.cooperative == "as_planned" else [],
        "uncertainty": {"source": scenario.uncertainty, "draws": {v: len(d) for v, d in drawn.items()}} if drawn else None,
        "missing": {v: scenario.replicates - len(b) for v, b in lived.items() if len(b) < scenario.replicates},
    }
    tables |= {name: pl.DataFrame(found, infer_schema_length=None) for name, found in rows.items() if found}
    timings = {"lived_s": done - began, "pilots_s": time.perf_counter() - done}
    return Found(summary, tables, failures, timings, executor.found)


def closed_forms(keys: PowerKeys) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """A row a design: villages, and the minimal detectable effect at them."""
    variance = keys.p * (1 - keys.p)
    effect = abs(keys.effect)
    rows: list[dict[str, Any]] = []
    reasons = {}
    for design in keys.designs:
        row: dict[str, Any] = {"design": design, "steps": keys.steps_of(design), "villages_per_arm": None}
        if design == "parallel":
            n = pw.villages_per_arm(effect, variance, keys.households, keys.icc, keys.alpha, keys.power)
            row |= {"villages_per_arm": n, "villages": 2 * n}
            spread = (pw.variance_per_village(variance, keys.households, keys.icc) / n) ** 0.5
        else:
            steps = keys.steps_of(design)
            terms = (variance, keys.households, keys.icc)
            n = pw.wedge_villages(steps, effect, *terms, keys.alpha, keys.power, keys.autocorrelation)
            row |= {"villages": n}
            spread = pw.wedge_variance(pw.stepped(steps, n), keys.households, variance, keys.icc, keys.autocorrelation) ** 0.5
            reasons[f"closed_form.{design}.villages_per_arm"] = "every village is treated in the end: villages counts them all"
        wrong, large = pw.sign_and_size_errors(effect, spread, keys.alpha)
        row |= {
            "se": spread, "power_closed": pw.power_of(effect, spread, keys.alpha),
            "mde": pw.smallest_effect(spread, keys.alpha, keys.power), "type_s": wrong, "type_m": large,
            "power_simulated": None, "power_simulated_se": None,
        }  # fmt: skip
        rows.append(row)
    if rows[0]["villages_per_arm"] is None:
        reasons["villages_per_arm"] = "a stepped wedge has no arms: every village is treated in the end; see closed_form"
    if keys.closed_form:
        reasons["power_simulated"] = "not asked: closed_form=false simulates trials of that size"
    return rows, reasons


def _check(
    scenario: Scenario, keys: PowerKeys, closed: list[dict[str, Any]], executor: Executor, advance: Advance, failures: list[str]
) -> None:
    """Simulate textbook trials at the size of the closed form, into its row."""
    for row in closed:
        n = row["villages_per_arm"]
        if n is None or keys.trials == 0 or n * keys.trials > MOST_TRIAL_VILLAGES:
            advance(2)
            continue
        args = (scenario.seed, keys.trials, n, keys.households, keys.p, keys.effect, keys.icc, keys.alpha)
        found = executor.map([Job(f"textbook trials of {n} villages an arm", share_found, args, 2.0)], advance, failures)[0]
        if found is not None:
            row |= {"power_simulated": found["power"], "power_simulated_se": found["se"]}


MOST_TRIAL_VILLAGES = 5_000_000
"""Villages an arm times trials beyond which the check takes minutes and is left out."""


def _lived(
    scenario: Scenario, keys: PowerKeys, variant: str, executor: Executor, advance: Advance, failures: list[str]
) -> list[Bank]:
    jobs = bank_jobs(scenario, keys, variant, range(scenario.replicates))
    banks = [bank for bank in executor.map(jobs, advance, failures) if bank is not None]
    if not banks:
        reason = failures[0] if failures else "none given"
        raise PovsimError(f"Every replicate of variant {variant} failed. The first reason: {reason}.")
    return banks


def _variant(
    scenario: Scenario, keys: PowerKeys, variant: str, banks: list[Bank]
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    sigma_me = parameters.values(variant, scenario.cooperative, scenario.overrides())["sigma_me"]
    drawn = [surveys_of(bank, scenario.seed, keys, sigma_me) for bank in banks]
    key, W = DrawKey(scenario.seed, 0), scenario.exit.W
    outcomes, curves = [], []
    for q in questions(keys, scenario.horizon_months, W):
        villages = Villages.of(banks, drawn, q, W)
        row, curve = answer(villages, q, keys, key, W)
        row |= within_budget(banks, villages, q, row, keys, key)
        outcomes.append(row)
        curves += curve
    block: dict[str, Any] = {
        "outcomes": outcomes,
        "screening": screening(banks, keys, scenario.seed),
        "households_per_village": real_households(banks),
        "villages_lived": int(sum(bank.village_weight.size for bank in banks)),
        "verdict": verdict(outcomes),
    }
    rows = {"outcomes": [{k: v for k, v in row.items() if k != "reasons"} for row in outcomes], "power": curves}
    if keys.audit:
        block["audit"] = Audit(banks, drawn, keys, scenario.seed, sigma_me).table()
        rows["audit"] = block["audit"]
    return block, rows


def verdict(outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """Whether any pilot within the budget sees permanent exits, and the cheapest that sees something in between.

    E4: rows of E4 with and without room in the budget; first: the outcome other than E4 that is seen at least cost, earliest
    month first where two cost the same; membership is left out, for that anybody joins is what the programme does, not what
    it is for, unless nothing else is seen. nearest: then the one that would take least beyond the budget.
    """
    permanent = [row for row in outcomes if row["outcome"] == "E4"]
    others = [row for row in outcomes if row["outcome"] != "E4" and row["within_budget"]]
    ends = [row for row in others if row["outcome"] != "membership"]
    first = min(ends or others, key=lambda row: (row["cost_needed_idr"], row["month"]), default=None)
    gains = [row for row in outcomes if row["outcome"] not in ("E4", "membership") and row["needed"] is not None]
    nearest = None if ends else min(gains, key=lambda row: (row["cost_needed_idr"], row["month"]), default=None)
    told = ("design", "outcome", "month", "needed", "cost_needed_idr")
    return {
        "asked": bool(permanent),
        "permanent_seen": any(row["within_budget"] for row in permanent),
        "permanent_needed": min((row["needed"] for row in permanent if row["needed"] is not None), default=None),
        "first": None if first is None else {k: first[k] for k in told},
        "nearest": None if nearest is None else {k: nearest[k] for k in told},
        "only_membership": bool(others) and not ends,
        "exits": sorted({row["outcome"] for row in outcomes if row["outcome"] in EXITS}),
    }


def _population(scenario: Scenario) -> dict[str, Any]:
    population = scenario.population
    return {
        "kind": population.kind,
        "villages": population.villages,
        "households_per_village": population.households_per_village,
        "provinces": list(population.provinces or ()) or None,
    }
