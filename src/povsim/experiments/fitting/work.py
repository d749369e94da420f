"""One simulation of a fit: the margins held for the draw, then the patterns."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor as Pool

from povsim.experiments.patterns import simulate
from povsim.experiments.patterns.lives import Size
from povsim.experiments.refit import refit

SHIFTS = ("shift_mu_rural", "shift_mu_urban", "shift_sg_rural", "shift_sg_urban")
HELD = "margins_held"


def pattern_statistics(
    variant: str,
    given: Mapping[str, float],
    patterns: tuple[str, ...],
    seed: int,
    villages: int,
    households: int,
    values: Mapping[str, float],
    lot: int,
    *,
    pool: Pool | None,
    threads: int,
) -> dict[str, float | None]:
    """Work of a job: statistics of the patterns, the shift of the population that keeps headcount and Gini (F1, F2) with these
    values, and whether it does (1) or not (0: no statistics). `given`: what the user set; `lot`: number of the sample."""
    p = {**given, **values}
    margins = refit(variant, p, pool=pool, threads=threads)
    s = margins.shift
    out: dict[str, float | None] = dict(zip(SHIFTS, (s.mu_rural, s.mu_urban, s.sg_rural, s.sg_urban), strict=True))
    if not margins.holds:
        return out | {HELD: 0.0}
    size = Size(villages, households)
    found = simulate(variant, p, s, seed=seed, number=lot, size=size, patterns=patterns, pool=pool, threads=threads)
    return out | found | {HELD: 1.0}
