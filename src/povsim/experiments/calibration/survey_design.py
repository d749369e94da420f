"""The survey of a pilot as a survey: how many interviews it is worth, and rates with errors of its own design.

Errors are Taylor-linearised over strata and primary units (`povsim.data.survey`, decision 36). A simulated pilot has neither
weights nor strata; its villages are its primary units. It is given as many interviews a village as leave the error of mean
log spending that the real survey has, with as many villages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.data import survey
from povsim.experiments.calibration.pilot import Pilot
from povsim.experiments.calibration.statistics import LEAST_SPENDING

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
FEWEST = 2
"""Interviews of a village below which the spread within it is not simulated."""


@dataclass(frozen=True)
class Worth:
    """interviews: held in a village on average; effective: of these in a simulated pilot; design_effect: variance of mean log
    spending over that of a simple random sample of as many households; kish: sum(w)^2 / sum(w^2) (L. Kish, Survey
    Sampling, 1965) over all households; reached: whether a simulated pilot can have so large an error with these villages."""

    interviews: float
    effective: int
    design_effect: float | None
    kish: float
    reached: bool


def worth(log: Floats, weight: Floats, village: Ids, stratum: Ids, unit: Ids) -> Worth:
    """Of households [n] of one wave with log spending, weights, villages, strata and primary units.

    With V villages of m interviews, spread within villages s_w and between them s_b, a simulated pilot has the variance
    (s_b^2 + s_w^2 / m) / V. Taken is the m that gives the survey's own variance, but no more than Kish's number (with few
    units that variance is itself uncertain), nor than the m that was held (what strata gain beyond it is not counted), and at
    least `FEWEST`.
    """
    n, villages = log.size, np.unique(village).size
    held = n / villages
    kish = float(weight.sum() ** 2 / (weight**2).sum())
    found = survey.mean(log, survey.Design(weight, stratum, unit))
    plain = survey.mean(log, survey.Design(np.ones(n), None, village))
    spread = float(weight @ (log - found.value) ** 2 / weight.sum())
    if found.se is None or plain.se is None or spread <= 0 or n <= villages:
        return Worth(held, max(FEWEST, round(kish / villages)), None, kish, reached=True)
    effect = found.se**2 / (spread / n)
    place = np.unique(village, return_inverse=True)[1]
    means = np.bincount(place, weights=log) / np.bincount(place)
    within = float(((log - means[place]) ** 2).sum() / (n - villages))
    between = max(0.0, villages * plain.se**2 - within / held)
    room = villages * found.se**2 - between
    wanted = min(held, kish / villages, within / room if room > 0 else np.inf)
    return Worth(held, max(FEWEST, round(wanted)), effect, kish, reached=bool(wanted >= FEWEST - 0.5))


def rates(pilot: Pilot, stratum: Ids, unit: Ids) -> list[dict[str, Any]]:
    """A row a wave, group of villages (all, cooperative, none) and figure: share of poor persons and poverty gap (of persons),
    mean log spending (of households); its design-based error, 95 % interval and design effect, null with a reason."""
    treated = pilot.treated[pilot.village]
    groups = {"all": np.ones(treated.size, np.bool_)}
    if treated.any() and not treated.all():
        groups |= {"cooperative": treated, "none": ~treated}
    rows = []
    for w in range(len(pilot.waves)):
        here = np.isfinite(pilot.spending[w])
        c, weight = pilot.spending[w, here], pilot.weight[here]
        of = {
            "poor": ((c < 1).astype(float), weight * pilot.size[here]),
            "gap": (np.maximum(0.0, 1 - c), weight * pilot.size[here]),
            "mean": (np.log(np.maximum(c, LEAST_SPENDING)), weight),
        }
        for group, inside in groups.items():
            asked = inside[here]
            if asked.any():
                rows += [
                    {"wave": w + 1, "month": pilot.waves[w], "villages": group, "figure": name}
                    | _estimate(y, survey.Design(by, stratum[here], unit[here]), asked)
                    for name, (y, by) in of.items()
                ]
    return rows


def _estimate(y: Floats, design: survey.Design, asked: NDArray[np.bool_]) -> dict[str, Any]:
    found = survey.mean(y, design, asked)
    w = np.asarray(design.weight)[asked]
    simple = float(w @ (y[asked] - found.value) ** 2 / w.sum()) / asked.sum()
    effect = None if found.se is None or simple <= 0 else found.se**2 / simple
    return {
        "value": found.value, "se": found.se, "low95": found.low95, "high95": found.high95, "design_effect": effect,
        "interviews": found.rows, "units": found.psus, "strata": found.strata, "reason": found.reason,
    }  # fmt: skip
