"""A yes/no instrument for a yes/no treatment: the Wald estimate with clustered errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from povsim.errors import PovsimError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Wald:
    """Effect on those whom the instrument moves, in units of the outcome; `first`: share that it moves; 95 % interval."""

    effect: float
    se: float
    low: float
    high: float
    first: float


def wald(y: Floats, d: Flags, z: Flags, cluster: NDArray[np.int64]) -> Wald:
    """Two-stage least squares of y on d with instrument z and a constant, errors clustered with G/(G - 1), t with G - 1.

    y, d, z, cluster [N]. G. Imbens, J. Angrist, Econometrica 62 (1994). Raises PovsimError where the instrument moves nobody.
    """
    x, z = d.astype(np.float64), z.astype(np.float64)
    labels, g = np.unique(cluster, return_inverse=True)
    zc = z - z.mean() if z.size else z
    moved = float(zc @ x) if z.size else 0.0
    if labels.size < 3 or not zc.any() or abs(moved) < 1e-12:
        raise PovsimError("The instrument moves nobody, or there are fewer than 3 clusters: no effect can be told.")
    effect = float(zc @ y) / moved
    rest = y - effect * x
    rest = rest - rest.mean()
    scores = np.bincount(g, weights=zc * rest)
    se = float(np.sqrt((scores**2).sum() * labels.size / (labels.size - 1))) / abs(moved)
    half = float(stdtrit(labels.size - 1, 0.975)) * se
    return Wald(effect, se, effect - half, effect + half, moved / float(zc @ zc))
