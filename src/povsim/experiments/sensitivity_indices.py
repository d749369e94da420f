"""Morris' screening and Sobol's indices: designs that are keyed, and what their points say, with intervals.

Screening: elementary effects along trajectories (M. D. Morris, Technometrics 33, 1991), mean of their size mu* (F. Campolongo,
J. Cariboni, A. Saltelli, Environmental Modelling and Software 22, 2007). Indices: Saltelli's design and estimators
(Computer Physics Communications 181, 2010), by SALib. The points of the two samples of Sobol's design are Sobol's sequence,
turned by keyed uniforms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, uniforms

Floats = NDArray[np.float64]
LEVELS = 4
NO_VARIANCE = 1e-18


@dataclass(frozen=True)
class Index:
    """One number about a parameter, with its 95 % interval; `rank` 1 for those that no other is surely above."""

    symbol: str
    value: float
    low: float
    high: float
    rank: int = 1
    tied: tuple[str, ...] = ()


def ranked(found: Sequence[Index]) -> list[Index]:
    """Largest first; a rank is one more than the number of others whose whole interval lies above: where intervals overlap
    there is none."""
    out = []
    for one in found:
        above = sum(other.low > one.high for other in found)
        tied = tuple(o.symbol for o in found if o.symbol != one.symbol and o.low <= one.high and one.low <= o.high)
        out.append(Index(one.symbol, one.value, one.low, one.high, above + 1, tied))
    return sorted(out, key=lambda i: (-i.value, i.symbol))


def _problem(symbols: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(symbols), "names": list(symbols), "bounds": [[0.0, 1.0]] * len(symbols)}


def _seed(key: DrawKey, purpose: int) -> int:
    """A seed for SALib's own generator, from the root seed of the scenario."""
    word = uniforms(key, Stream.DESIGN, np.array([purpose], np.uint64), 0)[0, 1]
    return 1 + int(word * (2**31 - 2))  # 0 would count as none given


def morris_design(symbols: Sequence[str], trajectories: int, key: DrawKey) -> Floats:
    """Points [trajectories (symbols + 1), symbol] on a grid of four levels of the unit cube."""
    from SALib.sample import morris

    return np.asarray(morris.sample(_problem(symbols), trajectories, num_levels=LEVELS, seed=_seed(key, 0)), np.float64)


@dataclass(frozen=True)
class Screening:
    """mu_star with intervals, largest first; sigma and mu by symbol; trajectories that were whole."""

    mu_star: list[Index]
    sigma: dict[str, float]
    mu: dict[str, float]
    trajectories: int


def morris(symbols: Sequence[str], points: Floats, values: Floats, resamples: int, key: DrawKey) -> Screening:
    """Elementary effects of the points of `morris_design`; a trajectory with a point that failed (NaN) is left out."""
    from SALib.analyze import morris as salib

    each = len(symbols) + 1
    whole = np.isfinite(values.reshape(-1, each)).all(axis=1)
    rows = np.repeat(whole, each)
    if whole.sum() < 2:
        raise ValueError(f"only {int(whole.sum())} trajectories of the screening are whole, two are needed")
    found = salib.analyze(
        _problem(symbols), points[rows], values[rows], num_resamples=resamples, num_levels=LEVELS, seed=_seed(key, 1)
    )
    indices = [
        Index(s, float(m), max(0.0, float(m - c)), float(m + c))
        for s, m, c in zip(symbols, found["mu_star"], found["mu_star_conf"], strict=True)
    ]
    sigma, mu = (dict(zip(symbols, map(float, found[name]), strict=True)) for name in ("sigma", "mu"))
    return Screening(ranked(indices), sigma, mu, int(whole.sum()))


def sobol_design(symbols: Sequence[str], base: int, key: DrawKey) -> Floats:
    """Points [base (symbols + 2), symbol] in Saltelli's order: a row of A, A with each column of B in turn, the row of B."""
    from scipy.stats import qmc

    k = len(symbols)
    turned = uniforms(key, Stream.DESIGN, np.arange(2 * k, dtype=np.uint64), 1)[:, 0]
    both = (qmc.Sobol(2 * k, scramble=False).random(base) + turned) % 1.0
    a, b = both[:, :k], both[:, k:]
    out = np.empty((base, k + 2, k))
    out[:, 0], out[:, k + 1] = a, b
    for j in range(k):
        out[:, j + 1] = a
        out[:, j + 1, j] = b[:, j]
    return out.reshape(-1, k)


@dataclass(frozen=True)
class Sobol:
    """First-order and total indices, largest first, and the variance that they share."""

    first: list[Index]
    total: list[Index]
    variance: float
    base: int


def sobol(symbols: Sequence[str], values: Floats, resamples: int, key: DrawKey) -> Sobol:
    """Indices of the points of `sobol_design`; a row of the two samples with a point that failed (NaN) is left out.

    Raises ValueError where hardly a row is whole, or the values do not vary.
    """
    from SALib.analyze import sobol as salib

    each = len(symbols) + 2
    table = values.reshape(-1, each)
    table = table[np.isfinite(table).all(axis=1)]
    if table.shape[0] < 8:
        raise ValueError(f"only {table.shape[0]} rows of Sobol's design are whole, 8 are needed")
    variance = float(table[:, [0, -1]].var())
    if variance <= NO_VARIANCE:
        raise ValueError("the contrast is the same at every point of Sobol's design")
    found = salib.analyze(
        _problem(symbols), table.ravel(), calc_second_order=False, num_resamples=resamples, seed=_seed(key, 2)
    )
    first, total = (
        ranked([
            Index(s, float(x), float(x - c), float(x + c))
            for s, x, c in zip(symbols, found[name], found[f"{name}_conf"], strict=True)
        ])
        for name in ("S1", "ST")
    )  # fmt: skip
    return Sobol(first, total, variance, table.shape[0])
