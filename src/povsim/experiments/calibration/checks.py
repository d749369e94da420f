"""What a posterior expects of the data: a predictive band for each statistic, and a score for a wave that it has not seen.

The energy score (T. Gneiting and A. E. Raftery, Journal of the American Statistical Association 102, 2007) compares a cloud of
predicted statistics with the observed ones as a whole: E|X - x| - E|X - X'| / 2, in units of the prior predictive spread of
each statistic, over the root of their number. Lower is better; the two variants are scored on the same statistics and units.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.experiments.calibration.statistics import wave_of

Floats = NDArray[np.float64]


def predictive_rows(names: tuple[str, ...], observed: Floats, predicted: Floats) -> list[dict[str, Any]]:
    """A row for each statistic that was observed: observed, median and 80 and 95 % band of `predicted` [n, k].

    Null bounds where more than a tenth of the predicted pilots lack the statistic.
    """
    rows = []
    for k, name in enumerate(names):
        if not np.isfinite(observed[k]):
            continue
        values = predicted[np.isfinite(predicted[:, k]), k]
        row: dict[str, Any] = {"statistic": name, "observed": float(observed[k])}
        if values.size < 0.9 * len(predicted):
            nothing = ("median", "low80", "high80", "low95", "high95", "inside80", "inside95")
            rows.append(row | dict.fromkeys(nothing) | {"reason": "most predicted pilots leave no such statistic"})
            continue
        low95, low80, median, high80, high95 = np.quantile(values, [0.025, 0.1, 0.5, 0.9, 0.975])
        rows.append(
            row
            | {
                "median": float(median),
                "low80": float(low80),
                "high80": float(high80),
                "low95": float(low95),
                "high95": float(high95),
                "inside80": bool(low80 <= observed[k] <= high80),
                "inside95": bool(low95 <= observed[k] <= high95),
                "reason": None,
            }
        )
    return rows


def of_last_wave(names: tuple[str, ...], waves: int) -> NDArray[np.bool_]:
    """Statistics [k] that read the last wave; those of the reports, which run to the end, count with them."""
    return np.array([wave_of(name) in (waves - 1, None) for name in names])


def energy_score(predicted: Floats, observed: Floats, scale: Floats) -> float:
    """Score of the cloud [n, k] against [k], in units of `scale` [k]; statistics that are missing anywhere are left out."""
    fine = np.isfinite(observed) & np.isfinite(predicted).all(axis=0) & (scale > 0)
    if not fine.any():
        return np.nan
    x, y = predicted[:, fine] / scale[fine], observed[fine] / scale[fine]
    to_truth = np.sqrt(((x - y) ** 2).sum(axis=1)).mean()
    square = (x**2).sum(axis=1)
    apart = np.sqrt(np.maximum(square[:, None] + square[None, :] - 2 * x @ x.T, 0.0))
    n = len(x)
    return float((to_truth - apart.sum() / (2 * n * (n - 1))) / np.sqrt(fine.sum()))
