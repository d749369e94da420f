"""History matching: which values are not ruled out, by an emulator of every statistic (I. Vernon, M. Goldstein and R. G.
Bower, Bayesian Analysis 5, 2010; I. Andrianakis and others, PLoS Computational Biology 11, 2015).

A point is implausible where some statistic's target lies more than `cut` standard deviations from what the emulator says; the
variance adds that of the emulator, of the simulator's chance and of the target's error. Waves simulate a space-filling design
of what the waves before left, and emulate there anew.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from povsim.draws import DrawKey
from povsim.experiments.calibration.keyed import Purpose, table

Floats = NDArray[np.float64]
MOST_ACTIVE = 8
"""Inputs in which a statistic's emulator may bend; in the others it is linear."""
LEAST_POINTS = 20
CHUNK = 4_096
MOST_CANDIDATES = 2**16


@dataclass(frozen=True)
class Emulator:
    """A statistic as a function of u: a linear trend in all inputs and a Gaussian process in the active ones."""

    slope: Floats
    intercept: float
    active: NDArray[np.int64]
    process: Any
    scale: float
    centre: float

    def predict(self, u: Floats) -> tuple[Floats, Floats]:
        """Mean and variance [n] of a single simulation: emulator and chance together."""
        mean, sd = self.process.predict(u[:, self.active], return_std=True)
        trend = self.intercept + u @ self.slope
        return self.centre + self.scale * (trend + mean), (self.scale * sd) ** 2


def emulate(u: Floats, y: Floats) -> Emulator:
    """The emulator of a statistic [n] at the uniforms [n, p]. The same numbers give the same emulator."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    centre, scale = float(y.mean()), float(y.std()) or 1.0
    x, target = u - 0.5, (y - centre) / scale
    ridge = 1e-3 * len(y)
    wide = np.hstack([np.ones((len(y), 1)), x, x**2 - 1 / 12])
    penalty = ridge * np.eye(wide.shape[1])
    penalty[0, 0] = 0.0
    found = np.linalg.solve(wide.T @ wide + penalty, wide.T @ target)
    p = u.shape[1]
    effect = found[1 : p + 1] ** 2 / 12 + found[p + 1 :] ** 2 / 180  # variances that a flat input makes
    active = np.sort(np.argsort(-effect, kind="stable")[:MOST_ACTIVE])
    straight = np.hstack([np.ones((len(y), 1)), x])
    line = np.linalg.solve(straight.T @ straight + penalty[: p + 1, : p + 1], straight.T @ target)
    rest = target - straight @ line
    spread = max(float(rest.var()), 1e-6)
    kernel = ConstantKernel(0.5 * spread, (1e-4, 1e2)) * RBF(np.full(active.size, 0.7), (0.1, 20.0)) + WhiteKernel(
        0.5 * spread, (1e-6, 1e1)
    )
    process = GaussianProcessRegressor(kernel, n_restarts_optimizer=0, random_state=0)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound is a straight line
        process.fit(u[:, active], rest)
    return Emulator(line[1:], float(line[0] - 0.5 * line[1:].sum()), active, process, scale, centre)


@dataclass(frozen=True)
class Wave:
    """Emulators [k] of one wave (None: the statistic tells nothing there), with targets and variances of their errors [k]."""

    emulators: tuple[Emulator | None, ...]
    targets: Floats
    variances: Floats

    def implausibility(self, u: Floats) -> Floats:
        """Largest over the statistics [n]."""
        worst = np.zeros(u.shape[0])
        for emulator, target, variance in zip(self.emulators, self.targets, self.variances, strict=True):
            if emulator is not None:
                mean, var = emulator.predict(u)
                worst = np.maximum(worst, np.abs(mean - target) / np.sqrt(var + variance))
        return worst


@dataclass(frozen=True)
class Region:
    """What no wave ruled out: everywhere the implausibility is at most the wave's cut. Without waves: everything."""

    waves: tuple[Wave, ...] = ()
    cuts: tuple[float, ...] = ()

    def inside(self, u: Floats) -> NDArray[np.bool_]:
        """Whether each point [n, p] is left."""
        left = np.ones(u.shape[0], np.bool_)
        with threadpool_limits(1):  # sums in one order, whatever the number of cores
            for wave, cut in zip(self.waves, self.cuts, strict=True):
                for first in range(0, u.shape[0], CHUNK):
                    at = first + np.flatnonzero(left[first : first + CHUNK])
                    if at.size:
                        left[at] = wave.implausibility(u[at]) <= cut
        return left


@dataclass
class Found:
    """What a search for points found: points [n, p], share of the candidates that were left."""

    points: Floats
    share: float
    candidates: int = field(default=0)


def wave_of(u: Floats, statistics: Floats, targets: Floats, variances: Floats) -> Wave:
    """Emulators of the simulations that did not fail. Raises ValueError where there are too few."""
    emulators: list[Emulator | None] = []
    for k in range(statistics.shape[1]):
        fine = np.isfinite(statistics[:, k])
        if fine.sum() < LEAST_POINTS:
            raise ValueError(f"only {int(fine.sum())} simulations of a wave gave a statistic; an emulator needs {LEAST_POINTS}")
        y = statistics[fine, k]
        emulators.append(emulate(u[fine], y) if y.std() > 0 else None)
    return Wave(tuple(emulators), targets, variances)


def narrowed(region: Region, wave: Wave, cut: float, u: Floats, least: float) -> Region:
    """The region that a further wave leaves, its cut raised until at least the share `least` of the points [n, p], which lie
    in the region, is left: a simulator that meets no target well is fitted as well as it can be, not given up."""
    with threadpool_limits(1):
        worst = np.sort(np.concatenate([wave.implausibility(u[i : i + CHUNK]) for i in range(0, len(u), CHUNK)]))
    needed = float(worst[min(len(u) - 1, int(np.ceil(least * len(u))) - 1)])
    return Region((*region.waves, wave), (*region.cuts, max(cut, needed)))


def sequence(key: DrawKey, p: int, first: int, n: int) -> Floats:
    """Points `first` .. `first` + n - 1 of Sobol's sequence, all moved by one keyed shift (R. Cranley and T. N. L. Patterson,
    SIAM Journal on Numerical Analysis 13, 1976): [n, p] strictly inside (0, 1)."""
    sobol = qmc.Sobol(p, scramble=False)
    if first:
        sobol.fast_forward(first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # balance needs powers of 2; the design is for filling, not for sums
        points = sobol.random(n)
    shift = table(key, Purpose.SHIFT, 0, np.zeros(1, np.int64), p)
    return np.clip((points + shift) % 1.0, 1e-9, 1 - 1e-9)


def fill(region: Region, key: DrawKey, p: int, n: int, skip: int = 0) -> Found:
    """The first n points of the sequence from `skip` on that the region leaves; fewer where MOST_CANDIDATES hold no more."""
    found: list[Floats] = []
    looked = count = 0
    size = max(n, 64)
    while count < n and looked < MOST_CANDIDATES:
        points = sequence(key, p, skip + looked, size)
        left = points[region.inside(points)]
        found.append(left)
        looked, count = looked + size, count + len(left)
        size = min(4 * size, CHUNK)
    return Found(np.concatenate(found)[:n] if found else np.zeros((0, p)), count / max(1, looked), skip + looked)


def left_share(regions: Sequence[Region], key: DrawKey, p: int, n: int = 4_096) -> list[float]:
    """Share of the prior that each region leaves, over the first n points of the sequence."""
    points = sequence(key, p, 0, n)
    return [float(region.inside(points).mean()) for region in regions]
