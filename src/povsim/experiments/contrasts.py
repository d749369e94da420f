"""Paired comparison of two arms lived through the same draws (model page, section 6, "Estimand").

A replicate redraws village sample, households and shocks; both arms of a replicate share all of them. Intervals are
Student t on the paired replicate means, given the parameters. Across variants only a range is formed, never a pooled
number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from povsim.errors import PovsimError
from povsim.experiments.variance_split import split_of
from povsim.measures.cost import per_billion

Floats = npt.NDArray[np.float64]
Arrays = Sequence[npt.NDArray[np.generic]]

FEWEST_DISCORDANT: Final = 20
FEWEST_REPLICATES_FOR_GAIN: Final = 3
NO_SPREAD: Final = 1e-12
"""A standard deviation of replicate means (shares, 0 to 1) at or below this is rounding, and counts as 0."""

_POWER: Final = 1.96 + 0.84  # normal quantiles of 97.5 % and of 80 %

JSON_FIELDS: Final[tuple[str, ...]] = (
    "arm", "against", "group", "measure", "mean", "low80", "high80", "low95", "high95", "n10", "n01",
    "extra_exits", "per_billion_idr", "reason", "pairing_gain",
)  # fmt: skip
_NUMBERS: Final = tuple(f for f in JSON_FIELDS[4:] if f != "reason")


@dataclass(frozen=True)
class Contrast:
    """Arm minus comparator, for one group and one measure; shares of the group, 0 to 1.

    `mean` = n10 - n01 for yes/no measures: n10 is the share with the outcome in `arm` only, n01 in `against` only.
    `extra_exits` households of the nation; `per_billion_idr` extra exits per billion rupiah. `reason` is set where the
    contrast must be printed as "too few to say"; `reasons` tells, field by field, why a number is null.
    Not written to summary.json: `se` of the mean, `discordant` (households over all replicates, unweighted; None unless
    yes/no), `replicates`, `differences` (of each replicate) and `draws` (of the parameters, of each replicate).
    """

    arm: str
    against: str
    group: str
    measure: str
    mean: float | None
    low80: float | None
    high80: float | None
    low95: float | None
    high95: float | None
    n10: float | None
    n01: float | None
    extra_exits: float | None
    per_billion_idr: float | None
    reason: str | None
    pairing_gain: float | None
    reasons: dict[str, str] = field(default_factory=dict)
    se: float | None = None
    discordant: int | None = None
    replicates: int = 0
    differences: tuple[float, ...] = ()
    draws: tuple[int | None, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The entry of `contrasts` in summary.json."""
        return {name: getattr(self, name) for name in JSON_FIELDS} | {"reasons": dict(self.reasons)}


@dataclass(frozen=True)
class CostDifference:
    """C(arm) - C(against), nation and whole horizon, present value in rupiah; mean over replicates and each of them."""

    mean: float
    by_replicate: tuple[float, ...]
    comparator: float
    own: float


def paired_contrast(
    arm: str,
    against: str,
    group: str,
    measure: str,
    y_b: Arrays,
    y_a: Arrays,
    weight: Arrays,
    cost: CostDifference | None = None,
    draws: Sequence[int | None] = (),
) -> Contrast:
    """Contrast of `arm` (B) with `against` (A) over replicates.

    `y_b`, `y_a`, `weight`: one array [n_r] a replicate, same households in the same order; outcomes 0/1, or shares in
    0..1 for a measure that is not yes/no (then n10 and n01 are null). Weights are real households of the nation.
    `draws`: draw of the parameters of each replicate, as many replicates each, one after the other; intervals then cover
    what parameters and luck make together (`povsim.experiments.variance_split`). Arms with identical outcomes give exactly 0.
    A replicate without a household of the group makes the contrast null.
    Raises PovsimError where the arrays do not match.
    """
    _check(y_b, y_a, weight)
    empty = [r for r, w in enumerate(weight) if not _as_float(w).sum() > 0.0]
    if empty:
        return null_contrast(arm, against, group, measure, f"the group is empty in replicate {empty[0]}")
    yes_no = all(_is_yes_no(y) for y in (*y_b, *y_a))

    replicates = len(weight)
    both = [_one_replicate(b, a, w) for b, a, w in zip(y_b, y_a, weight, strict=True)]
    mean_b, mean_a, gained, lost, households = (np.array(column) for column in zip(*both, strict=True))
    difference = gained - lost
    up, down = float(gained.mean()), float(lost.mean())
    mean = up - down
    sd = float(difference.std(ddof=1)) if replicates > 1 else math.nan
    if sd <= NO_SPREAD:
        sd = 0.0
    reasons: dict[str, str] = {}

    intervals: dict[str, float | None] = dict.fromkeys(("low80", "high80", "low95", "high95"))
    se: float | None = None
    if replicates > 1:
        se = None if draws and draws[0] is not None else sd / math.sqrt(replicates)
        for level in (80, 95):
            half = (
                half_width(difference, draws, level / 100.0)
                if se is None
                else float(stdtrit(replicates - 1, 0.5 + level / 200.0)) * se
            )
            intervals[f"low{level}"], intervals[f"high{level}"] = mean - half, mean + half
    else:
        reasons |= dict.fromkeys(intervals, "an interval needs 2 replicates or more")

    gain: float | None = None
    if replicates < FEWEST_REPLICATES_FOR_GAIN:
        reasons["pairing_gain"] = f"needs {FEWEST_REPLICATES_FOR_GAIN} replicates or more"
    elif sd == 0.0:
        reasons["pairing_gain"] = "the paired difference is the same in every replicate"
    else:
        gain = float(mean_b.var(ddof=1) + mean_a.var(ddof=1)) / sd**2

    discordant: int | None = None
    reason: str | None = None
    if yes_no:
        discordant = sum(int(np.count_nonzero(_as_float(b) != _as_float(a))) for b, a in zip(y_b, y_a, strict=True))
        if discordant < FEWEST_DISCORDANT:
            reason = (
                f"too few to say: {discordant} households differ between the arms over all replicates, "
                f"{FEWEST_DISCORDANT} are needed"
            )
    else:
        reasons |= dict.fromkeys(("n10", "n01"), "not a yes/no measure")

    extra_exits = mean * float(households.mean())
    rate, why_not = _rate(extra_exits, cost)
    if why_not is not None:
        reasons["per_billion_idr"] = why_not
    return Contrast(
        arm=arm,
        against=against,
        group=group,
        measure=measure,
        mean=mean,
        **intervals,
        n10=up if yes_no else None,
        n01=down if yes_no else None,
        extra_exits=extra_exits,
        per_billion_idr=rate,
        reason=reason,
        pairing_gain=gain,
        reasons=reasons,
        se=se,
        discordant=discordant,
        replicates=replicates,
        differences=tuple(difference.tolist()),
        draws=tuple(draws),
    )


def half_width(values: Floats, draws: Sequence[int | None], level: float) -> float:
    """Half the interval of the mean of `values` [replicate]: t over replicates, or, where these belong to draws of the
    parameters, with the parameters varying."""
    if draws and draws[0] is not None:
        return split_of(values.reshape(len(set(draws)), -1)).half(level)
    sd = float(values.std(ddof=1))
    return float(stdtrit(values.size - 1, 0.5 + level / 2)) * (0.0 if sd <= NO_SPREAD else sd) / math.sqrt(values.size)


def null_contrast(arm: str, against: str, group: str, measure: str, reason: str) -> Contrast:
    """A contrast that could not be computed: every number null, for one reason."""
    return Contrast(
        arm, against, group, measure, None, None, None, None, None, None, None, None, None, reason, None,
        reasons=dict.fromkeys(_NUMBERS, reason),
    )  # fmt: skip


def spans(contrasts_by_variant: Mapping[str, Sequence[Contrast]]) -> list[dict[str, object]]:
    """The entries of `range` in summary.json: each contrast from its least to its greatest mean over the variants.

    `low95` is the least lower end and `high95` the greatest upper end. A number that is null or missing in one variant
    is null in the range, with the reason in `reasons`: the range of the others would pass for the range of all.
    """
    by_key: dict[tuple[str, str, str, str], dict[str, Contrast]] = {}
    for variant, contrasts in contrasts_by_variant.items():
        for c in contrasts:
            by_key.setdefault((c.arm, c.against, c.group, c.measure), {})[variant] = c
    return [_span(key, found, tuple(contrasts_by_variant)) for key, found in by_key.items()]


def villages_needed(se: float | None, villages: int, effect: float | None) -> tuple[int | None, str | None]:
    """Villages at which a 95 % interval would exclude 0 with 80 % power, or None and the reason.

    The true effect is taken to be `effect`; `se` is the standard error of the paired mean with `villages` villages,
    taken to fall with the square root of their number: V ((1.96 + 0.84) se / |effect|)^2, rounded up, at least 1.
    """
    if se is None or effect is None:
        return None, "the effect or its standard error is null"
    if effect == 0.0:
        return None, "the estimated effect is 0"
    if villages < 1 or se < 0.0:
        raise PovsimError(f"{villages} villages with a standard error of {se}; needed are 1 village or more and 0 or more.")
    needed = villages * (_POWER * se / abs(effect)) ** 2
    return max(1, math.ceil(needed)), None


def _one_replicate(b: npt.ArrayLike, a: npt.ArrayLike, w: npt.ArrayLike) -> tuple[float, float, float, float, float]:
    """Weighted mean in B and in A, share gained and share lost, and the weighted number of households."""
    weight, in_b, in_a = _as_float(w), _as_float(b), _as_float(a)
    total = float(weight.sum())
    change = in_b - in_a
    gained = float((weight * np.maximum(change, 0.0)).sum()) / total
    lost = float((weight * np.maximum(-change, 0.0)).sum()) / total
    return float((weight * in_b).sum()) / total, float((weight * in_a).sum()) / total, gained, lost, total


def _rate(extra_exits: float, cost: CostDifference | None) -> tuple[float | None, str | None]:
    if cost is None:
        return None, "the cost of an arm is null"
    return per_billion(extra_exits, cost.mean, cost.by_replicate, comparator_cost=cost.comparator, own_cost=cost.own)


def _span(key: tuple[str, str, str, str], found: Mapping[str, Contrast], variants: tuple[str, ...]) -> dict[str, object]:
    entry: dict[str, object] = dict(zip(("arm", "against", "group", "measure"), key, strict=True))
    reasons: dict[str, str] = {}
    for name, source, pick in (
        ("min", "mean", min),
        ("max", "mean", max),
        ("low95", "low95", min),
        ("high95", "high95", max),
    ):
        values: list[float] = []
        for variant in variants:
            contrast = found.get(variant)
            value = None if contrast is None else getattr(contrast, source)
            if value is not None:
                values.append(value)
            elif name not in reasons:
                why = "not computed" if contrast is None else contrast.reasons.get(source, "null")
                reasons[name] = f"{variant}: {why}"
        entry[name] = None if name in reasons else pick(values)
    return entry | {"reasons": reasons}


def _check(y_b: Arrays, y_a: Arrays, weight: Arrays) -> None:
    if not len(y_b) == len(y_a) == len(weight) > 0:
        raise PovsimError(
            f"A contrast needs the same replicates for both arms and the weights, one at least; "
            f"given {len(y_b)}, {len(y_a)}, {len(weight)}."
        )
    for r, (b, a, w) in enumerate(zip(y_b, y_a, weight, strict=True)):
        if not np.shape(b) == np.shape(a) == np.shape(w) or np.ndim(w) != 1:
            raise PovsimError(
                f"Replicate {r}: outcomes of both arms and weights must be of the same households; "
                f"shapes {np.shape(b)}, {np.shape(a)}, {np.shape(w)}."
            )
        outcomes, weights = np.concatenate([_as_float(b), _as_float(a)]), _as_float(w)
        if not (np.isfinite(weights).all() and (weights >= 0.0).all()):
            raise PovsimError(f"Replicate {r}: a weight is negative or not a number.")
        if not ((outcomes >= 0.0) & (outcomes <= 1.0)).all():
            raise PovsimError(f"Replicate {r}: an outcome lies outside 0 to 1.")


def _is_yes_no(y: npt.ArrayLike) -> bool:
    value = _as_float(y)
    return bool(((value == 0.0) | (value == 1.0)).all())


def _as_float(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
