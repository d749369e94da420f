"""Delta_all: what an arm does to all households, the baseline poor and the others (model page, section 6).

A household counts where it stands above the line throughout the last W months and has ccap(T) >= 1 + b; it must be the one
that was there at t = 0. The part of the baseline poor is exits that hold at the horizon, that of the others prevented falls.
Both parts are shares of all households, so they add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from povsim.experiments.contrasts import FEWEST_DISCORDANT, Floats, half_width
from povsim.experiments.replicate import Replicate

PARTS = ("all", "baseline_poor", "others")


@dataclass(frozen=True)
class Part:
    """A part of Delta_all of `arm` over `against`; shares of all households, 0 to 1, and households of the nation."""

    arm: str
    against: str
    part: str
    mean: float
    low95: float | None
    high95: float | None
    n10: float
    n01: float
    households: float
    discordant: int
    reason: str | None


def parts_of(replicates: Sequence[Replicate], arm: str, against: str) -> list[Part]:
    """Delta_all and its two parts, in the order of PARTS; mean and t interval over replicates."""
    rows = np.array([_one(r, arm, against) for r in replicates])  # [replicate, part, (up, down, households, discordant)]
    draws = [r.draw for r in replicates]
    return [_part(arm, against, name, rows[:, k], draws) for k, name in enumerate(PARTS)]


def lasting_share(replicates: Sequence[Replicate], arm: str) -> float:
    """Share of all households that count in an arm, mean over replicates."""
    shares = [float(r.sample.weight @ r.outcomes[arm].lasting / r.sample.weight.sum()) for r in replicates]
    return float(np.mean(shares))


def _one(r: Replicate, arm: str, against: str) -> list[list[float]]:
    weight = r.sample.weight
    total = float(weight.sum())
    b, a = r.outcomes[arm].lasting, r.outcomes[against].lasting
    poor = np.zeros(weight.size, np.bool_)
    poor[r.tracked] = True
    out = []
    for rows in (poor, ~poor):
        up, down = b & ~a & rows, a & ~b & rows
        out.append([float(weight[up].sum()) / total, float(weight[down].sum()) / total, total, float((up | down).sum())])
    both = [out[0][0] + out[1][0], out[0][1] + out[1][1], total, out[0][3] + out[1][3]]
    return [both, *out]


def _part(arm: str, against: str, name: str, rows: Floats, draws: Sequence[int | None]) -> Part:
    difference = rows[:, 0] - rows[:, 1]
    mean = float(difference.mean())
    low = high = None
    if difference.size > 1:
        half = half_width(difference, draws, 0.95)
        low, high = mean - half, mean + half
    discordant = int(rows[:, 3].sum())
    few = discordant < FEWEST_DISCORDANT
    return Part(
        arm, against, name, mean, low, high, float(rows[:, 0].mean()), float(rows[:, 1].mean()),
        mean * float(rows[:, 2].mean()), discordant,
        f"too few to say: {discordant} households differ between the arms over all replicates, {FEWEST_DISCORDANT} are needed"
        if few
        else None,
    )  # fmt: skip
