"""Approximate Bayesian computation in generations, after waves of history matching.

Generations are those of adaptive population Monte Carlo (M. Lenormand, F. Jabot and G. Deffuant, Computational Statistics 28,
2013): each proposes a fixed number of draws around those kept, simulates all of them, and keeps the best of old and new. So
what is kept never hangs on which simulation ended first (contract C2), unlike samplers that propose until enough are accepted
(T. Toni and others, Journal of the Royal Society Interface 6, 2009). Proposals stay in the region that history matching left.
Every draw has the weight prior over proposal (M. A. Beaumont and others, Biometrika 96, 2009), the proposal being the mixture
of all generations (J.-M. Cornuet and others, Scandinavian Journal of Statistics 39, 2012): as the first one is the prior, no
weight can be larger than all simulations over those of the first, in however many dimensions. Simulations are jobs, so a
calibration that was killed goes on from the store and ends in the same posterior.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from povsim.experiments.calibration.adjust import adjusted, nearness, slopes
from povsim.experiments.calibration.history import Region, fill, left_share, narrowed, sequence, wave_of
from povsim.experiments.calibration.posterior import Course, Posterior, effective_size
from povsim.experiments.calibration.prior import scores, uniforms_of
from povsim.experiments.calibration.problem import LOTS, Problem, simulated, with_errors
from povsim.experiments.calibration.proposals import Kernel, Mixture, directions, proposals
from povsim.experiments.executor import Executor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
REGION_POINTS = 4_096
SUMMARIES = ("scaled", "regression")


@dataclass(frozen=True)
class Settings:
    """design: simulations of a wave of history matching, waves: number of waves; cut: implausibility beyond which a point is
    ruled out, least_left: share of the points a wave leaves at least; first: simulations of the first generation, generations:
    further ones, proposals: simulations of each, keep: kept of all; least_accepted: a generation that has a smaller share of
    its simulations kept is the last; adjust: with regression adjustment; summaries: statistics are compared each in units of
    its spread (`scaled`), or first summed up into one a parameter (`regression`: where they outnumber the parameters)."""

    design: int = 300
    waves: int = 1
    cut: float = 3.0
    least_left: float = 0.01
    first: int = 150
    generations: int = 4
    proposals: int = 100
    keep: int = 150
    least_accepted: float = 0.03
    adjust: bool = True
    summaries: str = "scaled"

    @property
    def most(self) -> int:
        """Simulations at most."""
        return self.waves * self.design + self.first + self.generations * self.proposals


@dataclass
class Simulations:
    """What was simulated: u [n, p], statistics [n, k] without errors, lots [n]."""

    u: Floats
    statistics: Floats
    lots: Ints

    def with_more(self, other: Simulations) -> Simulations:
        """Both."""
        return Simulations(
            np.concatenate([self.u, other.u]),
            np.concatenate([self.statistics, other.statistics]),
            np.concatenate([self.lots, other.lots]),
        )

    def rows(self, at: NDArray[Any]) -> Simulations:
        """Some of them."""
        return Simulations(self.u[at], self.statistics[at], self.lots[at])


@dataclass(frozen=True)
class Distance:
    """Statistics in units of the first generation, or their summaries, and the distance of these from the target."""

    matrix: Floats
    observed: Floats

    def summaries(self, statistics: Floats) -> Floats:
        """What is compared [n, m]."""
        return statistics @ self.matrix

    def __call__(self, statistics: Floats) -> Floats:
        """Distances [n]; infinite where a statistic is missing."""
        gap = self.summaries(np.nan_to_num(statistics, nan=0.0)) - self.observed @ self.matrix
        found = np.sqrt((gap**2).mean(axis=1))
        return np.where(np.isfinite(statistics).all(axis=1), found, np.inf)


def fit(
    problem: Problem,
    executor: Executor,
    settings: Settings,
    advance: Callable[[float], Any] = lambda size: None,
    failures: list[str] | None = None,
    prior_simulations: Simulations | None = None,
) -> Posterior:
    """The posterior of a problem. `advance` is called for each simulation; reasons of failed ones are added to `failures`.
    `prior_simulations`: what `prior_table` gives for this simulator, lived already.

    Raises ValueError where fewer simulations than there are parameters gave all statistics.
    """
    lost: list[str] = [] if failures is None else failures
    run = _Run(problem, executor, settings, advance, lost)
    region, done = run.waves(prior_simulations)
    with threadpool_limits(1):  # sums in one order, whatever the number of cores
        return run.generations(region, done)


def prior_table(
    problem: Problem,
    executor: Executor,
    settings: Settings,
    advance: Callable[[float], Any] = lambda size: None,
    failures: list[str] | None = None,
) -> Simulations:
    """The first simulations of a fit, which fill the whole prior and hang on no target: the first wave of history matching, or,
    without it, the first generation. Many data sets may share them, and each may be the data of a check by the others."""
    lost: list[str] = [] if failures is None else failures
    u = fill(Region(), problem.key, problem.prior.p, settings.design if settings.waves else settings.first).points
    return _Run(problem, executor, settings, advance, lost).simulate(u, 0)


@dataclass
class _Run:
    problem: Problem
    executor: Executor
    settings: Settings
    advance: Callable[[float], Any]
    failures: list[str]
    lived: int = 0
    failed: int = 0

    def simulate(self, u: Floats, generation: int) -> Simulations:
        lots = generation * LOTS + np.arange(len(u))
        statistics = simulated(self.problem, u, lots, self.executor, self.advance, self.failures)
        self.lived += len(u)
        new = Simulations(u, statistics, lots)
        self.failed += _lacking(new)
        return new

    def waves(self, lived: Simulations | None) -> tuple[Region, Simulations]:
        """History matching: the region that is left, and all that was simulated; `lived`: the first, where they are."""
        problem, settings, p = self.problem, self.settings, self.problem.prior.p
        region, regions = Region(), []
        done = Simulations(np.zeros((0, p)), np.zeros((0, len(problem.names))), np.zeros(0, np.int64))
        if lived is not None:
            self.lived, self.failed = len(lived.u), _lacking(lived)
            if settings.waves == 0:
                done = lived
        skip = 0
        for number in range(settings.waves):
            points = fill(region, problem.key, p, settings.design, skip)
            skip = points.candidates
            done = done.with_more(lived if lived is not None and number == 0 else self.simulate(points.points, number))
            inside = region.inside(done.u)
            wave = wave_of(done.u[inside], done.statistics[inside], problem.observed, problem.error**2)
            candidates = sequence(problem.key, p, skip, REGION_POINTS)
            candidates = candidates[region.inside(candidates)]
            candidates = np.concatenate([candidates, done.u[inside]])
            region = narrowed(region, wave, settings.cut, candidates, settings.least_left)
            regions.append(region)
        self.left = tuple(left_share(regions, problem.key, p))
        self.skip = skip
        return region, done

    def generations(self, region: Region, done: Simulations) -> Posterior:
        """The generations, and the adjustment."""
        problem, settings, p = self.problem, self.settings, self.problem.prior.p
        kept = done.rows(region.inside(done.u))
        missing = settings.first - len(kept.u)
        if missing > 0:
            points = fill(region, problem.key, p, missing, self.skip)
            kept = kept.with_more(self.simulate(points.points, settings.waves))
        noisy = with_errors(problem, kept.statistics, kept.lots)
        fail_if_too_few(noisy, p)
        distance = distance_of(problem, settings, kept.u, noisy)
        pool, far = kept, distance(noisy)
        mixture = Mixture(len(far), max(self.left[-1], 1 / REGION_POINTS) if self.left else 1.0)
        weights = np.ones(len(far))
        at = best(far, settings.keep)
        thresholds, accepted = [float(far[at].max())], []
        for generation in range(1, settings.generations + 1):
            fine = np.isfinite(far)
            basis = directions(scores(pool.u[fine]), distance.summaries(noisy[fine]))
            kernel = Kernel.of(scores(pool.u[at]), weights[at], basis)
            drawn = proposals(kernel, region, problem.key, generation, settings.proposals)
            if not len(drawn.z):
                break
            new = self.simulate(uniforms_of(drawn.z), settings.waves + generation)
            new_noisy = with_errors(problem, new.statistics, new.lots)
            new_far = distance(new_noisy)
            accepted.append(float((new_far < thresholds[-1]).mean()))
            pool, far = pool.with_more(new), np.concatenate([far, new_far])
            noisy = np.concatenate([noisy, new_noisy])
            mixture.add(kernel, drawn)
            weights = mixture.weights(scores(pool.u))
            at = best(far, settings.keep)
            thresholds.append(float(far[at].max()))
            if accepted[-1] < settings.least_accepted:
                break
        kept, far, weights, noisy = pool.rows(at), far[at], weights[at], noisy[at]
        u = kept.u
        if settings.adjust:
            weights = weights * nearness(far, float(np.nextafter(far.max(), np.inf)))
            x, target = distance.summaries(noisy), problem.observed @ distance.matrix
            u = uniforms_of(adjusted(scores(kept.u), x, target, weights, scale_rest=False, widen=True))
        course = Course(
            self.left, region.cuts, tuple(thresholds), tuple(accepted), effective_size(weights), self.lived, self.failed
        )
        return Posterior(problem.prior, u, weights / weights.sum(), problem.names, kept.statistics, course)


def _lacking(lived: Simulations) -> int:
    return int((~np.isfinite(lived.statistics).all(axis=1)).sum())


def best(far: Floats, keep: int) -> Ints:
    """Rows of the nearest `keep`, in the order of the rows; those that failed are never among them."""
    nearest = np.argsort(far, kind="stable")[:keep]
    return np.sort(nearest[np.isfinite(far[nearest])])


def distance_of(problem: Problem, settings: Settings, u: Floats, noisy: Floats) -> Distance:
    """Statistics in units of their spread (median absolute deviation) in the first generation, or summaries by regression."""
    fine = np.isfinite(noisy).all(axis=1)
    middle = np.median(noisy[fine], axis=0)
    spread = 1.4826 * np.median(np.abs(noisy[fine] - middle), axis=0)
    spread = np.where(spread > 0, spread, noisy[fine].std(axis=0))
    spread = np.where(spread > 0, spread, 1.0)
    if settings.summaries == "scaled":
        return Distance(np.diag(1 / spread), problem.observed)
    x = (noisy[fine] - middle) / spread
    _, slope = slopes(np.clip(x, -6, 6), scores(u[fine]), np.ones(int(fine.sum())))
    summary_sd = (x @ slope).std(axis=0)
    return Distance(slope / spread[:, None] / np.where(summary_sd > 0, summary_sd, 1.0), problem.observed)


def fail_if_too_few(noisy: Floats, p: int) -> None:
    """Nothing to fit with."""
    fine = int(np.isfinite(noisy).all(axis=1).sum())
    if fine < max(10, p + 2):
        raise ValueError(f"only {fine} of {len(noisy)} simulations gave all statistics; {max(10, p + 2)} are needed")
