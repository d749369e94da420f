"""Relapse of the structurally poor after their aid ends, by arm with aid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from povsim.experiments.replicate import Replicate
from povsim.measures.aid_end import WITHIN


def after_aid_of(replicates: Sequence[Replicate], names: Sequence[str]) -> dict[str, Any]:
    """By arm whose households lose aid: how many do, how many stand above the line then, and the share of these that falls."""
    out: dict[str, Any] = {}
    for name in names:
        found = [r.outcomes[name].after_aid["structural"] for r in replicates]
        if not any(entry["ended"] for entry in found):
            continue
        relapse = _mean(found, "relapse")
        out[name] = {
            "months": WITHIN,
            "ended": _mean(found, "ended"),
            "above": _mean(found, "above"),
            "relapse": relapse,
            "reasons": {} if relapse is not None else {"relapse": "nobody was above the line when the aid ended"},
        }
    return out


def _mean(entries: Sequence[dict[str, float | None]], field: str) -> float | None:
    known = [entry[field] for entry in entries if entry[field] is not None]
    return float(np.mean(np.array(known, np.float64))) if known else None
