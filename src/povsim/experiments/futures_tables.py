"""Rung E5 in the summary: E4 share x mean probability that an exit lasts, contrasts of it, and the table of futures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from povsim.experiments.contrasts import Contrast, CostDifference, null_contrast, paired_contrast
from povsim.experiments.futures import ArmFutures
from povsim.experiments.replicate import Replicate
from povsim.measures.groups import GROUPS

if TYPE_CHECKING:
    from povsim.experiments.comparison import VariantRun

NO_FUTURES = "needs branched futures (futures=N)"
NO_EXITS = "nobody of the group has a permanent exit in this arm"
ONE_REPLICATE = "a standard error needs 2 replicates or more with an exit"


def share_and_probability(replicate: Replicate, found: ArmFutures, arm: str, group: str) -> tuple[float, float | None]:
    """E5 of one replicate as a share of the group, and the mean probability that an E4 exit lasts."""
    m = replicate.group(group)
    weight = replicate.weight[m]
    probability = found.probability(replicate, arm, group)
    exits = float(weight @ (replicate.outcomes[arm].tau["E4"][m] > 0) / weight.sum()) if weight.sum() > 0 else 0.0
    return exits * (probability or 0.0), probability


def e5_fields(run: VariantRun, arm: str, group: str) -> tuple[dict[str, Any], dict[str, str]]:
    """E5, E5_given_E4, its standard error over replicates and the exits sampled; and the reason of each null."""
    names = ("E5", "E5_given_E4", "E5_given_E4_se", "E5_exits_sampled")
    if run.futures is None:
        return dict.fromkeys(names), dict.fromkeys(names, NO_FUTURES)
    found = [share_and_probability(r, f[arm], arm, group) for r, f in zip(run.replicates, run.futures, strict=True)]
    known = [probability for _, probability in found if probability is not None]
    sampled = sum(int(np.count_nonzero(f[arm].structural | (group != "structural"))) for f in run.futures)
    fields: dict[str, Any] = {
        "E5": float(np.mean([share for share, _ in found])),
        "E5_given_E4": float(np.mean(known)) if known else None,
        "E5_given_E4_se": float(np.std(known, ddof=1)) / math.sqrt(len(known)) if len(known) > 1 else None,
        "E5_exits_sampled": sampled,
    }
    reasons = {}
    if not known:
        reasons["E5_given_E4"] = NO_EXITS
    if len(known) < 2:
        reasons["E5_given_E4_se"] = ONE_REPLICATE
    return fields, reasons


def e5_contrast(run: VariantRun, e4: Contrast, cost: CostDifference) -> Contrast:
    """The contrast of E5 beside that of E4: each E4 exit counts as the mean probability, in its arm, that an exit lasts.

    n10 and n01 are null, for no household has a yes or no; whether there is too little to say is decided as for E4.
    """
    arm, against, group = e4.arm, e4.against, e4.group
    if run.futures is None:
        return null_contrast(arm, against, group, "E5", NO_FUTURES)
    sides: list[list[np.ndarray]] = []
    for name in (arm, against):
        sides.append([])
        for replicate, futures in zip(run.replicates, run.futures, strict=True):
            probability = futures[name].probability(replicate, name, group) or 0.0
            sides[-1].append(probability * (replicate.outcomes[name].tau["E4"][replicate.group(group)] > 0))
    weights = [r.weight[r.group(group)] for r in run.replicates]
    found = paired_contrast(arm, against, group, "E5", sides[0], sides[1], weights, cost)
    why = dict.fromkeys(("n10", "n01"), "not a yes/no measure")
    return replace(found, n10=None, n01=None, reason=e4.reason, reasons={**found.reasons, **why})


def future_rows(run: VariantRun, arms: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Table `futures`: by variant, arm and group the probability, its error, exits sampled and futures that end early."""
    if run.futures is None:
        return
    for arm in arms:
        for group in GROUPS:
            fields, _ = e5_fields(run, arm, group)
            ended = [f[arm].ended[f[arm].structural | (group != "structural")] for f in run.futures]
            everyone = np.concatenate(ended)
            yield {
                "variant": run.variant,
                "arm": arm,
                "group": group,
                "e5_share": fields["E5"],
                "stays_probability": fields["E5_given_E4"],
                "standard_error": fields["E5_given_E4_se"],
                "exits_sampled": fields["E5_exits_sampled"],
                "ended_within_24_months_share": float(everyone.mean()) if everyone.size else None,
            }
