"""Which variant foresees the wave held out better: the score of each statistic, and what luck alone does to the difference.

The score is the continuous ranked probability score (`povsim.measures.scores.crps`), in units of the prior predictive spread of
the statistic, so that statistics of all kinds can be averaged. One pilot gives one difference, and statistics of one pilot
hang together: no error can be read off their number. So every second predicted pilot is kept for the forecast, and the others
take turns as the data: if a variant were right, the difference of the mean scores would lie where it lies for these. (Leaving
out one pilot at a time instead flatters the variant that it is from: of equal variants one in four pairs was told apart.)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.measures.scores import crps

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """Mean score of the first variant less that of the second (below 0: the first foresees better); ends of where it lies in
    95 % of pilots if the first, or the second, is right; verdict: `alike`, the name of a variant, or `neither`."""

    first: str
    second: str
    statistics: int
    difference: float
    first_right: tuple[float, float]
    second_right: tuple[float, float]
    verdict: str

    def plain(self) -> dict[str, Any]:
        """For summary.json."""
        return asdict(self)


def forecast_of(predicted: Floats) -> Floats:
    """The predicted pilots that are the forecast."""
    return predicted[::2]


def comparable(observed: Floats, predicted: list[Floats], scale: Floats) -> NDArray[np.bool_]:
    """Statistics [k] that were observed and that every predicted pilot [n, k] of every variant has."""
    fine = np.isfinite(observed) & (scale > 0)
    for one in predicted:
        fine &= np.isfinite(one).all(axis=0)
    return fine


def scored(names: tuple[str, ...], observed: Floats, predicted: Floats, scale: Floats) -> list[dict[str, Any]]:
    """A row for each statistic [k] that was observed and that every predicted pilot [n, k] has: its score, lower is better."""
    at = np.flatnonzero(comparable(observed, [predicted], scale))
    values = crps(forecast_of(predicted)[:, at].T, observed[at])
    return [
        {"statistic": names[k], "observed": float(observed[k]), "crps": float(v), "crps_scaled": float(v / scale[k])}
        for k, v in zip(at, values, strict=True)
    ]


def difference(names: tuple[str, str], observed: Floats, predicted: tuple[Floats, Floats], scale: Floats) -> Difference | None:
    """Of two variants' predicted pilots [n, k] against the observed statistics [k]; None where nothing can be compared."""
    fine = comparable(observed, list(predicted), scale)
    if not fine.any():
        return None
    a, b = (one[:, fine] / scale[fine] for one in predicted)
    y, forecast_a, forecast_b = observed[fine] / scale[fine], forecast_of(a), forecast_of(b)
    found = _gap(forecast_a, forecast_b, y)
    if_a, if_b = ([_gap(forecast_a, forecast_b, other) for other in one[1::2]] for one in (a, b))
    bands = [_band(one) for one in (if_a, if_b)]
    inside = [low <= found <= high for low, high in bands]
    if all(inside):
        verdict = "alike"
    elif not any(inside):
        verdict = "neither"
    else:
        verdict = names[inside.index(True)]
    return Difference(names[0], names[1], int(fine.sum()), found, bands[0], bands[1], verdict)


def _band(values: list[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _gap(a: Floats, b: Floats, observed: Floats) -> float:
    return float((crps(a.T, observed) - crps(b.T, observed)).mean())
