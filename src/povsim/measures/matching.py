"""Nearest-neighbour matching: what members would have had, read off the most similar non-members.

A. Abadie, G. W. Imbens, Large sample properties of matching estimators, Econometrica 74 (2006), and Bias-corrected matching
estimators for average treatment effects, Journal of Business & Economic Statistics 29 (2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from povsim.errors import PovsimError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
FEWEST = 5
"""Treated or controls below which nothing is matched."""


@dataclass(frozen=True)
class Matched:
    """Mean effect on the treated in units of the outcome, its standard error, and who took part."""

    effect: float
    se: float
    treated: int
    controls: int
    """Controls that were used at least once."""


def matched_effect(y: Floats, treated: Flags, covariates: Floats, neighbours: int = 1, adjust: bool = True) -> Matched:
    """Effect on the treated by matching each to its `neighbours` nearest controls, with replacement.

    y [N] outcome; treated [N]; covariates [N, K], observed before treatment. Distance is that of Mahalanobis over all rows;
    covariates without variance are left out. `adjust` takes off what a regression among the controls used says of the
    covariate gap that is left in a match (2011). The error is that of 2006, theorem 7, for the mean effect on the treated of
    the population that these households are drawn from: it holds that effects differ between households as well as the noise of
    outcomes, the latter read off each control and the control most like it. Households are taken as independent, so errors
    that neighbours share are not in it, and the adjustment is taken as known.
    Raises PovsimError with fewer than 5 treated or controls, or values that are not finite.
    """
    y, treated, x = np.asarray(y, np.float64), np.asarray(treated, np.bool_), np.asarray(covariates, np.float64)
    fail_if_it_cannot_be_matched(y, treated, x, neighbours)
    z = _whitened(x)
    t, c = np.nonzero(treated)[0], np.nonzero(~treated)[0]
    found = _nearest(z[c], z[t], neighbours)
    match = c[found]  # rows of the controls of each treated household
    used = np.bincount(match.ravel(), minlength=y.size).astype(np.float64)
    expected = y[match]
    if adjust:
        expected = expected + _gap_of_covariates(y, z, used, t, match)
    gains = y[t] - expected.mean(axis=1)
    effect = float(gains.mean())
    again = used[c] * (used[c] - 1) / neighbours**2
    spread = float(((gains - effect) ** 2).sum() + (again * _own_variance(y[c], z[c])).sum())
    return Matched(effect, float(np.sqrt(spread)) / t.size, t.size, int((used[c] > 0).sum()))


def _nearest(among: Floats, of: Floats, neighbours: int) -> NDArray[np.int64]:
    """Rows of the nearest `among` for each `of` [of, neighbours]."""
    build: Any = KDTree  # scipy's has no types
    rows: NDArray[np.int64] = np.asarray(build(among).query(of, k=neighbours)[1]).reshape(len(of), neighbours)
    return rows


def _whitened(x: Floats) -> Floats:
    """Covariates whose Euclidean distance is Mahalanobis'; directions without variance are left out."""
    centred = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(x))
    kept = values > 1e-10 * max(values.max(initial=0.0), 1e-300)
    return np.asarray(centred @ vectors[:, kept] / np.sqrt(values[kept]))


def _gap_of_covariates(y: Floats, z: Floats, used: Floats, t: NDArray[np.int64], match: NDArray[np.int64]) -> Floats:
    """Change of the outcome that the gap between each treated household and its matches would explain [treated, neighbours]."""
    rows = np.nonzero(used > 0)[0]
    if rows.size <= 2 * z.shape[1] + 2:  # too few to regress on
        return np.zeros(match.shape)
    root = np.sqrt(used[rows])[:, None]
    design = np.column_stack([np.ones(rows.size), z[rows]])
    slope = np.linalg.lstsq(root * design, root[:, 0] * y[rows], rcond=None)[0][1:]
    gaps: Floats = (z[t][:, None, :] - z[match]) @ slope
    return gaps


def _own_variance(y: Floats, z: Floats) -> Floats:
    """Variance of the outcome given the covariates, from each control and the one most like it [controls]."""
    near = _nearest(z, z, 2)
    other = np.where(near[:, 0] == np.arange(y.size), near[:, 1], near[:, 0])
    variance: Floats = 0.5 * (y - y[other]) ** 2
    return variance


def fail_if_it_cannot_be_matched(y: Floats, treated: Flags, x: Floats, neighbours: int) -> None:
    """Enough of both kinds, one row a household, finite values."""
    if x.ndim != 2 or not y.size == treated.size == x.shape[0]:
        raise PovsimError(f"Matching got {y.size} outcomes, {treated.size} kinds and covariates {x.shape}. Give a row each.")
    few = min(int(treated.sum()), int((~treated).sum()))
    if few < max(FEWEST, neighbours):
        raise PovsimError(f"Matching got {few} treated households or controls; {max(FEWEST, neighbours)} of each are needed.")
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise PovsimError("Matching got values that are not finite. Leave out rows that were not observed.")
