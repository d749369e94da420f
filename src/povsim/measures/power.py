"""Closed forms of power: two parallel arms of villages, stepped wedges, and how wrong significant estimates are.

Effects are differences of two means in the units of the outcome; for a yes/no outcome that is a share from 0 to 1. Tests are
two-sided and normal: with few villages the t test of a real trial needs a village or two an arm more, which the simulated power
shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from povsim.errors import PovsimError

Floats = NDArray[np.float64]
MOST_VILLAGES = 10_000_000
"""An answer beyond this is none: Indonesia has 84,000 villages."""


def design_effect(households: float, icc: float) -> float:
    """1 + (m - 1) ICC: variance of a mean of m households a village over that of as many drawn one by one (Kish 1965)."""
    return 1.0 + (households - 1.0) * icc


def critical_sum(alpha: float, power: float) -> float:
    """z at 1 - alpha/2 plus z at the power: effect over standard error that reaches the power (the far tail left out)."""
    return float(ndtri(1 - alpha / 2) + ndtri(power))


def variance_per_village(variance: float, households: float, icc: float) -> float:
    """Variance of a difference of two arms times villages an arm; `variance`: of one household's outcome, e.g. p(1 - p)."""
    return 2.0 * variance * design_effect(households, icc) / households


def villages_per_arm(effect: float, variance: float, households: float, icc: float, alpha: float, power: float) -> int:
    """Villages an arm that give the power: (z + z)^2 2 variance (1 + (m - 1) ICC) / (m effect^2), rounded up.

    A. Donner, N. Klar, Design and Analysis of Cluster Randomization Trials (2000). Raises PovsimError for an effect of 0 or one
    that so many villages cannot see.
    """
    fail_if_nothing_to_see(effect)
    needed = critical_sum(alpha, power) ** 2 * variance_per_village(variance, households, icc) / effect**2
    if needed > MOST_VILLAGES:
        raise PovsimError(
            f"An effect of {effect:g} would need {needed:.3g} villages an arm, more than exist. Give a larger one."
        )
    return max(2, math.ceil(needed - 1e-9))


def power_of(effect: float, se: float, alpha: float) -> float:
    """Chance that a two-sided test finds an effect that is estimated with standard error `se`; 1 where that is 0."""
    if se == 0:
        return 1.0
    z, size = float(ndtri(1 - alpha / 2)), abs(effect) / se
    return float(ndtr(size - z) + ndtr(-size - z))


def smallest_effect(se: float, alpha: float, power: float) -> float:
    """Minimal detectable effect of a standard error."""
    return critical_sum(alpha, power) * se


def sign_and_size_errors(effect: float, se: float, alpha: float) -> tuple[float, float]:
    """Type-S and type-M error: share of significant estimates with the wrong sign, and how many times too large they are.

    A. Gelman, J. Carlin, Beyond power calculations, Perspectives on Psychological Science 9 (2014); the second in closed form
    by J. Lu, Y. Qiu, A. Deng, A note on type S/M errors in hypothesis testing, Br. J. Math. Stat. Psychol. 72 (2019). For a
    normal estimate.
    """
    fail_if_nothing_to_see(effect)
    if se == 0:
        return 0.0, 1.0
    z, size = float(ndtri(1 - alpha / 2)), abs(effect) / se
    above, below = float(ndtr(size - z)), float(ndtr(-size - z))
    dense = [math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) for x in (size + z, size - z)]
    # mean of |estimate| over se, where it is beyond z: of a normal of mean `size`
    beyond = size * (above - below) + dense[0] + dense[1]
    return below / (above + below), beyond / (size * (above + below))


@dataclass(frozen=True)
class Wedge:
    """Who is treated when: `treated` [sequence, period] 0 or 1; `groups` [sequence] villages in each sequence."""

    treated: Floats
    groups: Floats

    @property
    def rows(self) -> Floats:
        """A row a village [villages, period]; only for whole villages in each group."""
        return np.repeat(self.treated, self.groups.astype(int), axis=0)


def stepped(steps: int, villages: float) -> Wedge:
    """A stepped wedge: nobody in the first period, a further equal group in each of the others, until all are treated."""
    treated = np.array([[float(period > step) for period in range(steps + 1)] for step in range(steps)])
    return Wedge(treated, np.full(steps, villages / steps))


def wedge_variance(wedge: Wedge, households: float, variance: float, icc: float, autocorrelation: float = 1.0) -> float:
    """Variance of the effect in a stepped wedge with other households in each period.

    M. A. Hussey, J. P. Hughes, Contemporary Clinical Trials 28 (2007), equation (8), with cluster means of `households`,
    variance between villages tau^2 = ICC variance and within them (1 - ICC) variance. `autocorrelation` below 1: a village's
    mean moves from period to period; part of tau^2 is then of one period alone and joins the variance within (R. Hooper et
    al., Statistics in Medicine 35, 2016).
    """
    total = icc * variance
    between = total * autocorrelation
    within = (1 - icc) * variance / households + total * (1 - autocorrelation)
    x, n = wedge.treated, wedge.groups
    villages, periods = float(n.sum()), x.shape[1]
    u = float(n @ x.sum(axis=1))
    w = float(((n @ x) ** 2).sum())
    v = float(n @ x.sum(axis=1) ** 2)
    bottom = (villages * u - w) * within + (u**2 + villages * periods * u - periods * w - villages * v) * between
    return villages * within * (within + periods * between) / bottom


def wedge_villages(
    steps: int,
    effect: float,
    variance: float,
    households: float,
    icc: float,
    alpha: float,
    power: float,
    autocorrelation: float = 1.0,
) -> int:
    """Villages of a stepped wedge in all, a multiple of the steps, that give the power.

    Raises PovsimError as `villages_per_arm`.
    """
    fail_if_nothing_to_see(effect)
    one = wedge_variance(stepped(steps, steps), households, variance, icc, autocorrelation)  # one village a step
    needed = critical_sum(alpha, power) ** 2 * one / effect**2  # the variance goes as 1 over villages a step
    if needed * steps > MOST_VILLAGES:
        raise PovsimError(
            f"An effect of {effect:g} would need {needed * steps:.3g} villages, more than exist. Give a larger one."
        )
    return steps * max(1, math.ceil(needed - 1e-9))


def fail_if_nothing_to_see(effect: float) -> None:
    """No trial is large enough for an effect of 0."""
    if effect == 0 or not math.isfinite(effect):
        raise PovsimError(f"effect = {effect}: no number of villages sees an effect of 0. Give one other than 0, such as .03.")
