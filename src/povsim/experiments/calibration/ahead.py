"""The coming years of a pilot's villages by arm: all of them with a cooperative, or none, from the posterior.

Each draw of the posterior lives both arms over the same random numbers, so their difference is that of the cooperatives. What
is predicted is what a survey of these villages would see: share of poor persons, mean log spending.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor as Pool
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey
from povsim.experiments.calibration.learnt import prior_for
from povsim.experiments.calibration.pilot import OFFSET, kept_ground, simulate
from povsim.experiments.calibration.statistics import summary
from povsim.experiments.calibration.table import BATCH, Question
from povsim.experiments.executor import Executor, Job

Floats = NDArray[np.float64]
ARMS = ("none", "cooperative")
MEASURES = ("poor", "mean")
AHEAD = 50_000_000
"""First number of the pilots that are lived into the future."""


def months_ahead(waves: tuple[int, ...], years: int) -> tuple[int, ...]:
    """Months since the cooperatives began: the last wave, and each year after it."""
    return tuple(waves[-1] + 12 * k for k in range(years + 1))


def lived_ahead(
    question: Question, u: Floats, first: int, months: tuple[int, ...], *, pool: Pool | None, threads: int
) -> Floats:
    """Work of a job: [n, arm, month, measure] of pilots number `first`, ... at the prior's uniforms u [n, p]."""
    q, out = question, np.empty((len(u), len(ARMS), len(months), len(MEASURES)))
    prior = prior_for(q.symbols, q.variant, q.design.cooperative)
    for at, row in enumerate(u):
        ground, key = (
            kept_ground(q.scenario, q.variant, (first + at) % q.grounds),
            DrawKey(q.scenario.seed, OFFSET + first + at),
        )
        for a, treated in enumerate((0.0, 1.0)):
            design = replace(q.design, treated=treated, waves=months, lost=(), panel=True, reports=0)
            found = summary(simulate(ground, design, q.variant, prior.mapping(row), key))
            out[at, a] = [[found[f"{name}.w{w}"] for name in MEASURES] for w in range(len(months))]
    return out


def forecast_rows(
    question: Question, u: Floats, years: int, executor: Executor, advance: Callable[[float], Any], failures: list[str]
) -> list[dict[str, Any]]:
    """A row for each measure, month and arm (and for the difference that cooperatives make): mean, 80 and 95 % band."""
    months = months_ahead(question.design.waves, years)
    jobs = [
        Job(
            f"coming years, pilots {at} to {at + len(u[at : at + BATCH]) - 1}, variant {question.variant}",
            lived_ahead,
            (question, u[at : at + BATCH], AHEAD + at, months),
            size=float(len(u[at : at + BATCH])),
        )
        for at in range(0, len(u), BATCH)
    ]
    found = [one for one in executor.map(jobs, advance, failures) if one is not None]
    if not found:
        return []
    paths = np.concatenate(found)
    of_arm = {arm: paths[:, a] for a, arm in enumerate(ARMS)} | {"difference": paths[:, 1] - paths[:, 0]}
    rows = []
    for m, measure in enumerate(MEASURES):
        for w, month in enumerate(months):
            for arm, values in of_arm.items():
                low95, low80, high80, high95 = np.quantile(values[:, w, m], [0.025, 0.1, 0.9, 0.975]).tolist()
                rows.append({
                    "measure": measure, "month": month, "arm": arm, "mean": float(values[:, w, m].mean()),
                    "low80": low80, "high80": high80, "low95": low95, "high95": high95,
                })  # fmt: skip
    return rows
