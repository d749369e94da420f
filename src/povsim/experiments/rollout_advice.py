"""Which rollout to advise: regret over the worlds, who is beaten, and whether any strategy is robustly better.

A world is a cooperative scenario in a variant. A strategy beats another in a world where the paired difference of permanent
exits of the structurally poor is above 0 by an interval of 95 % over all the comparisons that one strategy is put to
(Bonferroni), and 20 households or more differ between the two. Nothing is averaged over worlds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from povsim.experiments.contrasts import half_width

if TYPE_CHECKING:
    from povsim.experiments.contrasts import Contrast
    from povsim.experiments.rollout import Strategy

ONE, NONE, TOO_FEW, NO_INTERVAL = "one", "none", "too_few", "no_interval"


def advice(
    strategies: Sequence[Strategy], pairs: Mapping[str, Sequence[Contrast]], arms: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """`verdict` (one, none, too_few, no_interval), `best`, `beaten` (in every world by one and the same strategy), `regret` by
    strategy (households of 1,000 short of the best of each world; `worst` over the worlds), `least_regret`, `decided`: of all
    pairs in all worlds, how many have a sign."""
    names = list(dict.fromkeys(s.name for s in strategies))
    worlds = [(variant, scenario) for variant in pairs for scenario in dict.fromkeys(s.cooperative for s in strategies)]
    arm_of = {(s.cooperative, s.name): s.arm for s in strategies}
    names = [name for name in names if all((scenario, name) in arm_of for _, scenario in worlds)]
    beats = {
        world: {
            (a, b)
            for a in names
            for b in names
            if a != b and _beats(pairs[world[0]], arm_of[(world[1], a)], arm_of[(world[1], b)], len(names) - 1)
        }
        for world in worlds
    }
    everywhere = set.intersection(*beats.values()) if beats else set()
    best = [a for a in names if len(names) > 1 and all((a, b) in everywhere for b in names if b != a)]
    beaten = sorted({b for _, b in everywhere}, key=names.index)
    regret = [_regret(name, names, worlds, arm_of, arms) for name in names]
    known = [one for one in regret if one["worst_per_1000"] is not None]
    least = min(known, key=lambda one: one["worst_per_1000"])["strategy"] if known else None
    found = [c for variant in pairs for c in pairs[variant]]
    return {
        "verdict": ONE if best else _why_none(found),
        "best": best[0] if best else None,
        "beaten": beaten,
        "beaten_by": {b: [a for a in names if (a, b) in everywhere] for b in beaten},
        "least_regret": least,
        "decided": sum(len(found) for found in beats.values()),
        "pairs": len(found),
        "worlds": [{"variant": variant, "cooperative": scenario} for variant, scenario in worlds],
        "regret": regret,
    }


def low_end(c: Contrast, comparisons: int, sign: float) -> float | None:
    """Lower end of sign x difference at 95 % over `comparisons` together; None without an interval."""
    if c.mean is None or c.low95 is None:
        return None
    return sign * c.mean - half_width(np.array(c.differences), c.draws, 1 - 0.05 / max(1, comparisons))


def _beats(contrasts: Sequence[Contrast], a: str, b: str, comparisons: int) -> bool:
    for c in contrasts:
        if {c.arm, c.against} == {a, b} and c.reason is None:
            low = low_end(c, comparisons, 1.0 if c.arm == a else -1.0)
            return low is not None and low > 0
    return False


def _why_none(found: Sequence[Contrast]) -> str:
    if all(c.reason is not None for c in found):
        return TOO_FEW
    return NO_INTERVAL if all(c.low95 is None for c in found) else NONE


def _regret(
    name: str,
    names: Sequence[str],
    worlds: Sequence[tuple[str, str]],
    arm_of: Mapping[tuple[str, str], str],
    arms: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """How far the strategy stays behind the best of each world, and its least gain over the arm without cooperatives."""
    by_world: dict[str, float] = {}
    for variant, scenario in worlds:
        shares = {other: arms[variant][arm_of[(scenario, other)]]["structural"]["E4"] for other in names}
        if any(share is None for share in shares.values()):
            continue
        by_world[f"{variant} {scenario}"] = 1000 * (max(shares.values()) - shares[name])
    worst = max(by_world.values()) if len(by_world) == len(worlds) and by_world else None
    return {"strategy": name, "worst_per_1000": worst, **by_world}
