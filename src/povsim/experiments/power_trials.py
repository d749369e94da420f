"""Textbook trials, simulated: villages in two arms, a yes/no outcome that villages share, and the clustered t test of a trial.

Whether the closed form says the truth is seen here: households of a village answer alike with the given intra-cluster
correlation (a beta-binomial law, drawn as Pólya's urn), and each trial is analysed as a user of `measures.clustered` would.
"""

from __future__ import annotations

from concurrent.futures import Executor as Pool

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, uniforms
from povsim.measures.clustered import difference_in_means

Floats = NDArray[np.float64]
SIZE_BITS = 20


def village_means(key: DrawKey, trial: int, first: int, villages: int, households: int, p: float, icc: float) -> Floats:
    """Share with the outcome in each village [villages], whose households share a chance that varies with ICC `icc`.

    Pólya's urn: the (k + 1)th household has the outcome with chance (a + those before it)/(a + b + k), a + b = 1/icc - 1 and
    a/(a + b) = p, which is the beta-binomial law. `first`: number of the first village, which keys its draws.
    """
    blocks = -(-households // 4)
    numbers = np.arange(first, first + villages, dtype=np.uint64) << np.uint64(SIZE_BITS)
    ids = np.add.outer(numbers, np.arange(blocks, dtype=np.uint64)).astype(np.uint64).ravel()
    u = uniforms(key, Stream.POWER_TRIAL, ids, trial).reshape(villages, 4 * blocks)
    seen = np.zeros(villages)
    mass = np.inf if icc == 0 else 1 / icc - 1
    for k in range(households):
        chance = p if icc == 0 else np.where(k == 0, p, seen / max(k, 1)) if mass == 0 else (mass * p + seen) / (mass + k)
        seen += u[:, k] < chance
    return seen / households


def share_found(
    seed: int,
    trials: int,
    villages: int,
    households: int,
    p: float,
    effect: float,
    icc: float,
    alpha: float,
    *,
    pool: Pool | None = None,
    threads: int = 1,
) -> dict[str, float]:
    """Work of a job: how often the trial of `villages` an arm finds the effect, `power`, and its standard error `se`.

    The test is that of means of villages, which for as many households in each is that of the households with clustered errors.
    """
    key, found = DrawKey(seed, 0), 0
    treated = np.arange(2 * villages) < villages
    cluster = np.arange(2 * villages)
    for trial in range(trials):
        y = np.concatenate(
            [
                village_means(key, trial, 0, villages, households, p + effect, icc),
                village_means(key, trial, villages, villages, households, p, icc),
            ]
        )
        found += difference_in_means(y, treated, cluster, level=1 - alpha).row("treated")["p"] < alpha
    share = found / trials
    return {"power": share, "se": float(np.sqrt(share * (1 - share) / trials)), "trials": float(trials)}
