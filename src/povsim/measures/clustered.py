"""Weighted least squares with cluster-robust covariance, for households that share a village, or months that share a household.

The covariance is a sandwich, (X'WX)^-1 [ sum over clusters of X_g'W_g A_g e_g e_g' A_g W_g X_g ] (X'WX)^-1, with residuals e.
Too few clusters make it too small; two corrections are offered.

`CR1`: A_g = 1, and the whole times G/(G - 1) (N - 1)/(N - K); t with G - 1 degrees of freedom. What Stata, statsmodels and
linearmodels print.

`CR2`: A_g is the symmetric inverse root of the g-th block of (I - H)(I - H)', H = X (X'WX)^-1 X'W, so that the covariance is
unbiased where errors are independent with one variance; t with the Satterthwaite degrees of freedom of each coefficient under
that same assumption (R. M. Bell, D. F. McCaffrey, Survey Methodology 28, 2002; J. E. Pustejovsky, E. Tipton, Journal of
Business & Economic Statistics 36, 2018). It holds its level better with fewer than about 40 clusters or unequal ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from povsim.errors import PovsimError

Floats = NDArray[np.float64]
CORRECTIONS = ("CR1", "CR2")
RANK_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Clustered:
    """Coefficients of a regression with cluster-robust errors, all [K], in the units of the outcome.

    low, high: interval of `level`; df: degrees of freedom of t; p: two-sided against 0; covariance [K, K].
    """

    names: tuple[str, ...]
    coefficient: Floats
    se: Floats
    df: Floats
    low: Floats
    high: Floats
    p: Floats
    covariance: Floats
    observations: int
    clusters: int
    level: float
    correction: str

    def row(self, name: str) -> dict[str, float]:
        """One coefficient as plain numbers: effect, se, df, low, high, p."""
        k = self.names.index(name)
        columns = {
            "effect": self.coefficient, "se": self.se, "df": self.df, "low": self.low, "high": self.high, "p": self.p,
        }  # fmt: skip
        return {key: float(values[k]) for key, values in columns.items()}


def least_squares(
    y: Floats,
    X: Floats,
    cluster: NDArray[np.generic],
    weight: Floats | None = None,
    *,
    names: Sequence[str] | None = None,
    correction: str = "CR1",
    level: float = 0.95,
    absorbed: int = 0,
) -> Clustered:
    """Regress y [N] on X [N, K] (give the constant as a column) with weights [N] and clusters [N] of any labels.

    absorbed: constants that were taken out of y and X before, as their weighted means; CR1 counts them in K.
    Rows of weight 0 are left out. Raises PovsimError with fewer than two clusters, no more rows than columns, a column that
    the others make up, values that are not finite, or a correction that is not known.
    """
    y, X = np.asarray(y, np.float64), np.asarray(X, np.float64)
    w = np.ones(y.size) if weight is None else np.asarray(weight, np.float64)
    names = tuple(f"x{k}" for k in range(X.shape[1])) if names is None else tuple(names)
    fail_if_tables_differ(y, X, np.asarray(cluster), w, names)
    keep = w > 0
    y, X, w = y[keep], X[keep], w[keep]
    labels, g = np.unique(np.asarray(cluster)[keep], return_inverse=True)
    fail_if_it_cannot_be_estimated(y, X, w, labels.size, correction, absorbed)
    bread = np.linalg.inv(X.T @ (w[:, None] * X))
    beta = bread @ (X.T @ (w * y))
    e = y - X @ beta
    N, K, G = *X.shape, labels.size
    if correction == "CR1":
        scores = _by_cluster(g, G, (w * e)[:, None] * X)
        covariance = bread @ (scores.T @ scores) @ bread * (G / (G - 1) * (N - 1) / (N - K - absorbed))
        df = np.full(K, G - 1.0)
    else:
        covariance, df = _cr2(X, w, e, g, G, bread)
    se = np.sqrt(np.maximum(0.0, np.diag(covariance)))
    half = special.stdtrit(df, 0.5 + level / 2) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(se > 0, 2 * special.stdtr(df, -np.abs(beta) / se), np.where(beta == 0, 1.0, 0.0))
    return Clustered(names, beta, se, df, beta - half, beta + half, p, covariance, N, G, level, correction)


def difference_in_means(
    y: Floats,
    treated: NDArray[np.bool_],
    cluster: NDArray[np.generic],
    weight: Floats | None = None,
    strata: NDArray[np.generic] | None = None,
    *,
    baseline: Floats | None = None,
    correction: str = "CR1",
    level: float = 0.95,
) -> Clustered:
    """Mean of the treated less mean of the others, named `treated`; `strata` [N] adds a constant for each stratum.

    baseline [N]: the outcome before treatment as a covariate (analysis of covariance). Errors as `least_squares`.
    """
    treated = np.asarray(treated)
    columns = [treated.astype(np.float64)]
    names = ["treated"]
    if strata is None:
        columns.append(np.ones(treated.size))
        names.append("constant")
    else:
        seen = np.asarray(strata) if weight is None else np.asarray(strata)[np.asarray(weight) > 0]
        for s in np.unique(seen):
            columns.append((np.asarray(strata) == s).astype(np.float64))
            names.append(f"stratum_{s}")
    if baseline is not None:
        columns.append(np.asarray(baseline, np.float64))
        names.append("baseline")
    return least_squares(y, np.stack(columns, axis=1), cluster, weight, names=names, correction=correction, level=level)


def _by_cluster(g: NDArray[np.intp], G: int, rows: Floats) -> Floats:
    """Sums of rows [N, K] over each cluster [G, K]."""
    return np.stack([np.bincount(g, weights=column, minlength=G) for column in rows.T], axis=1)


def _cr2(X: Floats, w: Floats, e: Floats, g: NDArray[np.intp], G: int, bread: Floats) -> tuple[Floats, Floats]:
    """CR2 covariance [K, K] and Satterthwaite degrees of freedom [K]."""
    K = X.shape[1]
    squared = X.T @ ((w * w)[:, None] * X)
    inner = bread @ squared @ bread
    scores = np.zeros((G, K))
    own, a, b = np.zeros((G, K)), np.zeros((G, K, K)), np.zeros((G, K, K))
    order = np.argsort(g, kind="stable")
    for j, rows in enumerate(np.split(order, np.searchsorted(g[order], np.arange(1, G)))):
        Xg, wg = X[rows], w[rows]
        H = Xg @ bread @ (Xg * wg[:, None]).T
        block = np.eye(rows.size) - H - H.T + Xg @ inner @ Xg.T
        WX = _inverse_root(block) @ (Xg * wg[:, None])
        scores[j] = WX.T @ e[rows]
        u = WX @ bread  # column k belongs to coefficient k
        own[j] = (u * u).sum(axis=0)
        a[j], b[j] = Xg.T @ u, (Xg * wg[:, None]).T @ u
    covariance = bread @ (scores.T @ scores) @ bread
    df = np.zeros(K)
    for k in range(K):
        ak, bk = a[:, :, k], b[:, :, k]
        cross = bk @ bread @ ak.T
        products = np.diag(own[:, k]) - cross - cross.T + ak @ inner @ ak.T
        total = (products * products).sum()
        df[k] = np.trace(products) ** 2 / total if total > 0 else np.nan
    return covariance, df


def _inverse_root(block: Floats) -> Floats:
    """Symmetric inverse root; directions without variance, such as a cluster that has a constant of its own, stay out."""
    values, vectors = np.linalg.eigh((block + block.T) / 2)
    inverse = np.where(values > RANK_TOLERANCE, 1 / np.sqrt(np.maximum(values, RANK_TOLERANCE)), 0.0)
    root: Floats = (vectors * inverse) @ vectors.T
    return root


def fail_if_tables_differ(y: Floats, X: Floats, cluster: NDArray[np.generic], w: Floats, names: Sequence[str]) -> None:
    """One row an observation, one name a column."""
    if X.ndim != 2 or not y.size == X.shape[0] == cluster.size == w.size or len(names) != X.shape[1]:
        raise PovsimError(
            f"A regression got {y.size} outcomes, a table {X.shape}, {cluster.size} clusters, {w.size} weights and "
            f"{len(names)} names. Give one row an observation and one name a column."
        )


def fail_if_it_cannot_be_estimated(y: Floats, X: Floats, w: Floats, clusters: int, correction: str, absorbed: int = 0) -> None:
    """Two clusters, more rows than columns, no column made up by others, finite values, a known correction."""
    if correction not in CORRECTIONS:
        raise PovsimError(f"correction = '{correction}' is not known. Accepted: {', '.join(CORRECTIONS)}.")
    if not (np.isfinite(y).all() and np.isfinite(X).all() and np.isfinite(w).all()):
        raise PovsimError("A regression got values that are not finite. Leave out rows that were not observed.")
    if clusters < 2 or y.size <= X.shape[1] + absorbed:
        raise PovsimError(
            f"{y.size} observations in {clusters} clusters cannot carry {X.shape[1]} coefficients with clustered errors. "
            "At least 2 clusters and more observations than coefficients are needed."
        )
    scaled = np.sqrt(w)[:, None] * X
    size = np.linalg.norm(scaled, axis=0)
    if (size == 0).any() or np.linalg.matrix_rank(scaled / size, tol=RANK_TOLERANCE * np.sqrt(y.size)) < X.shape[1]:
        raise PovsimError(
            "A column of a regression is made up by the others, so its coefficient cannot be told. "
            "An arm that nobody is in, or a stratum with one arm only, does this."
        )
