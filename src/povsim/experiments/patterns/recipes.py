"""All patterns of one draw of the parameters on a small national sample, in about a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor as Pool

from povsim.config.shift import NO_SHIFT, Shift
from povsim.draws import DrawKey
from povsim.experiments.executor import Job
from povsim.experiments.patterns.assets import marginal_return
from povsim.experiments.patterns.cooperatives import inactivity_and_members
from povsim.experiments.patterns.illness import pass_through
from povsim.experiments.patterns.lives import SEED, SMALL, Base, Size, begin
from povsim.experiments.patterns.nation import headcounts, margins, stillness
from povsim.experiments.patterns.panels import persistence
from povsim.experiments.patterns.shock import shock_left

DYNAMIC = ("F3", "F4", "F5", "F6", "F7", "F9", "F13", "F14")
"""Patterns of the dynamics, which the fit uses; F13 as F13_2025 or F13_fall, for the share of years met has no slope."""
CHEAP = ("F2_rural", "F2_urban", "F8", "F8_K", "F15", "F15_K", "F16", "F16_lines", "F10", "F10_richer", "headcount")
"""Other statistics of the same call."""
RECIPES: Mapping[str, Callable[[Base], dict[str, float]]] = {
    "F3": persistence,
    "F4": persistence,
    "F5": persistence,
    "F6": persistence,
    "F7": pass_through,
    "F8": marginal_return,
    "F9": inactivity_and_members,
    "F10": inactivity_and_members,
    "F13": headcounts,
    "F14": shock_left,
    "F15": stillness,
    "F2": margins,
    "F16": margins,
}


def simulate(
    variant: str,
    values: Mapping[str, float],
    shift: Shift = NO_SHIFT,
    *,
    seed: int = SEED,
    number: int = 0,
    size: Size = SMALL,
    patterns: Sequence[str] = tuple(RECIPES),
    pool: Pool | None = None,
    threads: int = 1,
) -> dict[str, float]:
    """Statistics of a draw by name: `values` by symbol (left out: the register's), `shift` from `experiments.refit.refit`.

    seed, number: key of the draws; another number is another sample of villages, households and shocks. A statistic that the
    sample cannot give is NaN.
    """
    base = begin(variant, values, shift, DrawKey(seed, number), size, pool, threads)
    out: dict[str, float] = {}
    for recipe in dict.fromkeys(RECIPES[name] for name in patterns):
        out |= recipe(base)
    return out


def simulate_job(
    variant: str, values: Mapping[str, float], shift: Shift = NO_SHIFT, seed: int = SEED, number: int = 0, size: Size = SMALL
) -> Job:
    """The job of the executor that simulates one draw."""
    return Job(f"variant {variant}, draw {number}", _work, (variant, dict(values), shift, seed, number, size))


def _work(
    variant: str,
    values: dict[str, float],
    shift: Shift,
    seed: int,
    number: int,
    size: Size,
    *,
    pool: Pool | None,
    threads: int,
) -> dict[str, float]:
    return simulate(variant, values, shift, seed=seed, number=number, size=size, pool=pool, threads=threads)
