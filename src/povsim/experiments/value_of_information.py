"""What it would be worth to know a parameter before choosing between two arms: expected value of partial perfect information.

With g(phi) the expected gain of the first arm over the second where phi is known, EVPPI(phi) = E max(0, g) - max(0, E g): how
much better the choice gets on average (M. Strong, J. E. Oakley, A. Brennan, Medical Decision Making 34, 2014). g is a sum of
penalised cubic splines of the parameters of phi, fitted to the points of a design; the penalty is found by generalised
cross-validation. What the same fit finds, on average, in gains that are shuffled over the points is taken off: a fit to few
points sees a value where there is none. Intervals are percentiles over bootstrap samples of whole rows, each refitted, less
what is found in the sample's own shuffled gains: repeated rows are fitted more closely, so chance finds more there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
KNOTS: Final = 4
PENALTIES: Final = np.logspace(-3, 4, 15)
SHUFFLED, SHUFFLES = 20, 1_000_000
"""Times that the gains are shuffled over the points, and the first of their months in the key."""
FEW: Final = 5
"""Shuffles of each bootstrap sample."""
FEWEST: Final = 30
"""Points below which nothing is fitted."""


@dataclass(frozen=True)
class Value:
    """EVPPI of a set of parameters, in the unit of the gain, with its 95 % interval."""

    symbols: tuple[str, ...]
    value: float
    low: float
    high: float


def value_of_information(
    sets: Sequence[Sequence[str]],
    symbols: Sequence[str],
    points: Floats,
    gain: Floats,
    rows: Ints,
    resamples: int,
    key: DrawKey,
) -> list[Value]:
    """EVPPI of each set. `points` [point, symbol]; gain [point] of the first arm over the second; rows [point]: which points
    belong together, and are drawn together by the bootstrap. Raises ValueError where there are too few points."""
    if gain.size < FEWEST:
        raise ValueError(f"{gain.size} points are too few to fit a value to, {FEWEST} are needed")
    names, member = np.unique(rows, return_inverse=True)
    of_row = [np.flatnonzero(member == k) for k in range(names.size)]
    samples = []
    for number in range(resamples):
        u = uniforms(key, Stream.DESIGN, np.arange(names.size, dtype=np.uint64), 2 + number)[:, 2]
        samples.append(np.concatenate([of_row[int(x * names.size)] for x in u]))
    places = np.arange(gain.size, dtype=np.uint64)
    shuffled = [
        gain[np.argsort(uniforms(key, Stream.DESIGN, places, SHUFFLES + number)[:, 3], kind="stable")]
        for number in range(SHUFFLED)
    ]
    found = []
    for chosen in sets:
        basis = np.hstack([_splines(points[:, symbols.index(symbol)]) for symbol in chosen])
        chance = _by_chance(basis, shuffled)
        again = [
            max(0.0, _value(basis[at], gain[at]) - _by_chance(basis[at], [g[at] for g in shuffled[:FEW]])) for at in samples
        ]
        low, high = np.percentile(again, [2.5, 97.5]) if again else (np.nan, np.nan)
        found.append(Value(tuple(chosen), max(0.0, _value(basis, gain) - chance), float(low), float(high)))
    return found


def _by_chance(basis: Floats, shuffled: Sequence[Floats]) -> float:
    """What a fit finds on average where there is nothing to find."""
    return float(np.mean([_value(basis, gain) for gain in shuffled]))


def _splines(x: Floats) -> Floats:
    """Cubic B-splines with knots at quantiles, centred [point, basis]."""
    from sklearn.preprocessing import SplineTransformer

    if np.unique(x).size < KNOTS:
        return np.asarray((x - x.mean())[:, None])
    basis = SplineTransformer(KNOTS, degree=3, knots="quantile", include_bias=False).fit_transform(x[:, None])
    return np.asarray(basis - basis.mean(axis=0), np.float64)


def _value(basis: Floats, gain: Floats) -> float:
    g = _fitted(basis, gain)
    return max(0.0, float(np.maximum(0.0, g).mean() - max(0.0, float(g.mean()))))


def _fitted(basis: Floats, y: Floats) -> Floats:
    """Ridge with an intercept and the penalty of least generalised cross-validation."""
    centre = basis.mean(axis=0)
    u, s, _ = np.linalg.svd(basis - centre, full_matrices=False)
    mean = float(y.mean())
    part = u.T @ (y - mean)
    best, least = np.full(y.size, mean), float(((y - mean) ** 2).sum()) / y.size / (1 - 1 / y.size) ** 2
    for penalty in PENALTIES:
        shrink = s**2 / (s**2 + penalty)
        fit = mean + u @ (shrink * part)
        free = 1 + float(shrink.sum())
        score = float(((y - fit) ** 2).sum()) / y.size / (1 - free / y.size) ** 2 if free < y.size else np.inf
        if score < least:
            best, least = fit, score
    return best
