"""Can the calibration to a pilot be believed? Simulated pilots with known truth, fitted as real ones are.

One table of simulated pilots a variant serves all repetitions, for what `povsim calibrate` does with data is to condition
that very table on them. Truths are drawn from the prior; pilots that stand for data have numbers, villages' histories and
shocks of their own kind: those of the table are never among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.draws import DrawKey
from povsim.experiments.calibration.condition import conditioned, folds_of, recovered
from povsim.experiments.calibration.identify import LEAST, LEAST_CORRELATION
from povsim.experiments.calibration.keyed import Purpose
from povsim.experiments.calibration.keyed import table as keyed_table
from povsim.experiments.calibration.learnt import prior_for, symbols_for
from povsim.experiments.calibration.pilot import Design, design_scenario
from povsim.experiments.calibration.sbc import Repetitions, pooled_coverage, repetition
from povsim.experiments.calibration.table import Question, Table, draws_of, simulated
from povsim.experiments.calibration.uniformity import band, outside
from povsim.experiments.executor import Executor

Floats = NDArray[np.float64]
DATA = 40_000_000
"""First number of the pilots that stand for data."""
GENERATION = 3
"""Generation of the prior's draws that their truths are."""


@dataclass(frozen=True)
class Check:
    """Pilots of one design: simulations of the shared table, and pilots that are fitted."""

    name: str
    design: Design
    table: int
    pilots: int


def lived(
    scenario: Scenario, check: Check, variant: str, executor: Executor, advance: Callable[[float], Any], failures: list[str]
) -> tuple[Question, Table, Table]:
    """The question, its table, and the pilots that stand for data."""
    question = Question(design_scenario(scenario, check.design), check.design, variant, symbols_for(check.design))
    table = simulated(question, draws_of(question, check.table), 0, executor, advance, failures)
    data = simulated(question, draws_of(question, check.pilots, 0, GENERATION), DATA, executor, advance, failures)
    return question, table, data


def fitted(question: Question, table: Table, data: Table, truth_in: str) -> Repetitions:
    """Each pilot of `data` (statistics in the table's order), its truth from the prior of variant `truth_in`, fitted."""
    prior = prior_for(question.symbols, question.variant, question.design.cooperative)
    own = prior_for(question.symbols, truth_in, question.design.cooperative)
    ties = keyed_table(DrawKey(question.scenario.seed, 0), Purpose.PRIOR, 4, np.arange(len(data.u)), prior.p)
    columns = [data.names.index(name) for name in table.names]
    folds = folds_of(table, np.ones(len(table.names), np.bool_))
    rows: list[tuple[Floats, ...]] = []
    for r, statistics in enumerate(data.statistics[:, columns]):
        posterior = conditioned(table, prior, statistics, folds)
        rows.append(repetition(posterior, own.values(data.u[r : r + 1])[0], data.u[r], ties[r]))
    pit, truth, mean, contraction, low, high = (np.array(column) for column in zip(*rows, strict=True))
    return Repetitions(prior.symbols, pit, truth, mean, contraction, low, high, lost=[])


def rows_of(found: Repetitions, recovers: Floats) -> list[dict[str, Any]]:
    """A row for each parameter.

    identified: mean contraction of at least `LEAST`, and recovered by pilots of the table (above .5); inside: ranks
    stay in the band that all parameters keep at once with 95 % (the 95 % band at level 1 - .05/p); holds: inside, and where
    identified correlated with the truth.
    """
    n, p = found.pit.shape
    low, high, points = band(n, 1 - 0.05 / p)
    rows = []
    for j, symbol in enumerate(found.symbols):
        far = outside(found.pit[:, j], low, high, points)
        contraction = float(found.contraction[:, j].mean())
        correlation = float(np.corrcoef(found.truth[:, j], found.mean[:, j])[0, 1])
        covered = float(found.covered[:, j].mean())
        identified = contraction >= LEAST and bool(recovers[j] >= LEAST_CORRELATION)
        rows.append(
            {
                "symbol": symbol,
                "pilots": n,
                "identified": identified,
                "contraction": contraction,
                "correlation": correlation,
                "recovered": float(recovers[j]),
                "coverage90": covered,
                "coverage_se": float(np.sqrt(covered * (1 - covered) / n)),
                "outside_band": far,
                "inside": far <= 0,
                "holds": far <= 0 and (not identified or correlation >= LEAST_CORRELATION),
            }
        )
    return rows


def run(
    scenario: Scenario, checks: Sequence[Check], executor: Executor, advance: Callable[[float], Any], failures: list[str]
) -> dict[str, pl.DataFrame]:
    """Tables `parameters` (a row a check, variant and parameter), `pooled` and `across` (truth in one variant, fit in each)."""
    parameters, pooled, across = [], [], []
    for check in checks:
        worlds = {variant: lived(scenario, check, variant, executor, advance, failures) for variant in scenario.variants}
        for variant, (question, table, _) in worlds.items():
            recovers = recovered(
                table, np.ones(len(table.names), np.bool_), prior_for(question.symbols, variant, question.design.cooperative)
            )
            for truth_in, (_, _, data) in worlds.items():
                found = fitted(question, table, data, truth_in)
                share, error = pooled_coverage(found)
                common = {"check": check.name, "truth_in": truth_in, "fitted_in": variant}
                if truth_in == variant:
                    parameters += [{"check": check.name, "variant": variant, **row} for row in rows_of(found, recovers)]
                pooled.append(
                    common | {
                        "pilots": len(found.pit), "intervals": found.pit.size, "coverage90": share, "clustered_se": error,
                        "within_two": bool(abs(share - 0.9) <= 2 * error),
                    }
                )  # fmt: skip
                across += [common | {"symbol": symbol, **across_row(found, j)} for j, symbol in enumerate(found.symbols)]
    return {name: pl.DataFrame(rows) for name, rows in (("parameters", parameters), ("pooled", pooled), ("across", across))}


def across_row(found: Repetitions, j: int) -> dict[str, float]:
    """How a parameter fares: coverage, bias and root mean square error in the units of the parameter, correlation."""
    error = found.mean[:, j] - found.truth[:, j]
    return {
        "coverage90": float(found.covered[:, j].mean()),
        "mean_error": float(error.mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "correlation": float(np.corrcoef(found.truth[:, j], found.mean[:, j])[0, 1]),
    }
