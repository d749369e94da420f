"""Pilots drawn from a bank of lived villages: power, errors of sign and size, and villages needed, by design and outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config.power import EXITS, PowerKeys
from povsim.draws import DrawKey, Stream, uniforms
from povsim.experiments.power_bank import UNTREATED, Bank, treated_from
from povsim.experiments.power_surveys import SURVEYS, Drawn, Means, joined, means_of
from povsim.measures import power as pw
from povsim.measures.exits import FIRST_MONTH
from povsim.measures.pilot_estimates import Estimates, event_study, intra_cluster_correlation, two_arms, two_way

Floats = NDArray[np.float64]
FEWEST_FOUND = 20
"""Significant pilots below which their errors of sign and size are too few to say."""
FEW_DEVIATIONS = 2.0
"""Standard errors that the effect in the model must be away from 0 before villages are counted that would see it."""
BATCH = 200
FEWEST_VILLAGES = 4
"""An arm: fewer carry no test worth the name."""


@dataclass(frozen=True)
class Question:
    """An outcome in a design: months of the surveys, the month by which exits are counted at each, life of each group."""

    design: str
    outcome: str
    waves: tuple[int, ...]
    months: tuple[int, ...]
    lives: tuple[str, ...]
    analysis: str = "not_yet_begun"

    @property
    def month(self) -> int:
        """The last month that is seen."""
        return self.months[-1]

    @property
    def steps(self) -> int:
        """Groups of villages that begin one after the other; 1: two arms."""
        return 1 if self.design == "parallel" else len(self.lives)


def questions(keys: PowerKeys, horizon: int, W: int) -> list[Question]:
    """What is asked: every outcome in every design; exits also as late as a parallel pilot could follow them."""
    late = min(horizon, horizon - 60 + W)
    out = []
    for design in keys.designs:
        waves = keys.waves_of(design)
        starts = (1,) if design == "parallel" else tuple(keys.step_months * s + 1 for s in range(keys.steps_of(design)))
        lives = tuple(treated_from(month) for month in starts)
        out += [Question(design, outcome, waves, waves, lives, keys.analysis) for outcome in keys.outcomes]
        if design == "parallel" and late > keys.evaluation_month:
            out += [Question(design, e, waves, (0, late), lives) for e in keys.outcomes if e in EXITS]
    return out


@dataclass
class Villages:
    """The bank of all replicates for one question: means [survey, life, wave, village], their arm rows, weights of villages."""

    means: Means
    untreated: int
    treated: list[int]
    weight: Floats

    @classmethod
    def of(cls, banks: Sequence[Bank], drawn: Sequence[Sequence[Drawn]], q: Question, W: int) -> Villages:
        """All villages of the banks as the question sees them."""
        rows = [banks[0].wave(month) for month in q.waves]
        means = joined([means_of(bank, d, q.outcome, rows, q.months, W) for bank, d in zip(banks, drawn, strict=True)])
        first = banks[0]
        weight = np.concatenate([bank.village_weight for bank in banks])
        return cls(means, first.arm(UNTREATED), [first.arm(life) for life in q.lives], weight)


def paired_effect(v: Villages, q: Question, seen: bool) -> tuple[float, float]:
    """Mean effect on the surveyed households of treated villages, and its standard error over villages.

    Each village against itself without a cooperative, weighted by villages it stands for and households surveyed; with steps,
    over the pairs of group and wave that the estimator averages, alike. `seen`: as a survey sees it, misread
    alike in both lives.
    """
    table = v.means.seen if seen else v.means.true
    mean, rest = 0.0, np.zeros(v.weight.size)
    pairs = pairs_of(q)
    for group, wave in pairs:
        n = v.means.n[:, wave] * v.weight
        bottom = n.sum(axis=0)
        if not bottom.any():
            return float("nan"), float("nan")
        top = (n * (table[:, v.treated[group], wave] - table[:, v.untreated, wave])).sum(axis=0)
        one = float(top.sum() / bottom.sum())
        mean += one / len(pairs)
        rest += (top - one * bottom) / bottom.sum() / len(pairs)
    count = int((v.means.n.sum(axis=(0, 1)) > 0).sum())
    return mean, float(np.sqrt((rest**2).sum() * count / max(1, count - 1)))


def pairs_of(q: Question) -> list[tuple[int, int]]:
    """Groups and waves whose effect is meant: the last wave of two arms; with steps, where a group has begun and another has
    not, or with a common effect wherever a group has begun."""
    waves = len(q.waves)
    if q.steps == 1:
        return [(0, waves - 1)]
    last = waves if q.analysis == "common_effect" else waves - 1
    return [(g, w) for g in range(q.steps) for w in range(g + 1, last)]


def simulate(v: Villages, q: Question, villages: int, pilots: int, key: DrawKey) -> Estimates:
    """Estimates of `pilots` pilots of `villages` an arm (twice as many in all), drawn from the bank with replacement."""
    parts = [_batch(v, q, villages, np.arange(lo, min(lo + BATCH, pilots)), key) for lo in range(0, pilots, BATCH)]
    return Estimates(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("effect", "se", "df")))


def _batch(v: Villages, q: Question, villages: int, numbers: NDArray[np.int64], key: DrawKey) -> Estimates:
    groups = 2 if q.steps == 1 else q.steps
    each = villages if q.steps == 1 else max(1, 2 * villages // groups)
    count = groups * each
    at, survey = draw_villages(v.weight, count, numbers, key)
    group = np.arange(count) % groups
    if q.steps == 1:
        life = np.where(group == 0, v.treated[0], v.untreated)
        wave = v.means.seen.shape[2] - 1
        return two_arms(v.means.seen[survey, life, wave, at], v.means.n[survey, wave, at], group == 0)
    lives = np.array(v.treated)[group]
    waves = v.means.seen.shape[2]
    y = v.means.seen[survey[..., None], lives[:, None], np.arange(waves), at[..., None]]
    n = v.means.n[survey[..., None], np.arange(waves), at[..., None]]
    n = np.where((n > 0).all(axis=2), n[..., 0], 0.0)
    if q.analysis == "common_effect":
        return two_way(y, n, (np.arange(waves) > group[:, None]).astype(float))
    return event_study(y, n, group + 1)[0]


def draw_villages(
    weight: Floats, count: int, numbers: NDArray[np.int64], key: DrawKey
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row of the bank and survey of each village of the pilots `numbers` [pilot, count], villages as often as real ones."""
    edges = np.cumsum(weight) / weight.sum()
    places = np.arange(count, dtype=np.uint64)
    u = np.stack([uniforms(key, Stream.PILOT_PLACE, places, int(number)) for number in numbers])
    at = np.minimum(np.searchsorted(edges, u[..., 0]), weight.size - 1)
    return at, np.minimum((u[..., 1] * SURVEYS).astype(np.int64), SURVEYS - 1)


def answer(v: Villages, q: Question, keys: PowerKeys, key: DrawKey, W: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What is found for one question: a row of the table of outcomes, and a row for each size that was simulated."""
    true, true_se = paired_effect(v, q, False)
    effect, se = paired_effect(v, q, True)
    icc, variance = _correlation(v)
    n = float(v.means.n[:, -1].mean())
    row: dict[str, Any] = {
        "design": q.design, "outcome": q.outcome, "month": q.month, "surveys": len(q.waves), "effect_true": true,
        "effect_true_se": true_se, "effect_seen": effect, "effect_seen_se": se, "icc": icc, "variance": variance,
        "households_found": n, "earliest": earliest(q.outcome, W),
    }  # fmt: skip
    reasons: dict[str, str] = {}
    nothing = None
    if not np.isfinite(icc):
        row["icc"] = None
        seen_from = row["earliest"]
        nothing = (
            f"nobody has the outcome by month {q.month}: it cannot be completed before month {seen_from}"
            if q.outcome in EXITS and q.month < seen_from
            else "the outcome is the same for all households"
        )
        reasons["icc"] = nothing
    elif abs(effect) <= FEW_DEVIATIONS * se:
        nothing = "the effect in the model cannot be told from none: its paired mean is within two standard errors of 0"
    curve = []
    for size in keys.villages:
        found = simulate(v, q, size, keys.pilots, key)
        curve.append(_row_of(q, size, found, effect, icc, variance, n, keys, nothing))
    row["needed"], row["reason"] = None, nothing
    row["estimate_expected"] = expected_estimate(v, q)
    if nothing is None:
        row |= _needed(curve[-1], row["estimate_expected"], effect, keys)
    row["mde_largest"], row["se_largest"] = curve[-1]["mde"], curve[-1]["se"]
    row["reasons"] = reasons
    return row, curve


def earliest(outcome: str, W: int) -> int:
    """First month in which an outcome can be seen: an exit begins in month 12 at the earliest and is followed for W months."""
    if outcome not in EXITS:
        return 0
    return FIRST_MONTH + (0 if outcome == "E1" else W)


def expected_estimate(v: Villages, q: Question) -> float:
    """What the estimator of the design gives with ever more villages: for steps, that of the mean paths of the groups.

    Where the effect grows with time since the start, the common effect of a stepped wedge is not the mean effect.
    """
    if q.steps == 1 or q.analysis != "common_effect":
        return paired_effect(v, q, True)[0]
    n = v.means.n * v.weight
    path = [(v.means.seen[:, life] * n).sum(axis=(0, 2)) / n.sum(axis=(0, 2)) for life in v.treated]
    x = (np.arange(len(q.waves)) > np.arange(q.steps)[:, None]).astype(float)
    return float(two_way(np.stack(path)[None], np.ones((1, q.steps)), x).effect[0])


def _needed(largest: dict[str, Any], mean: float, effect: float, keys: PowerKeys) -> dict[str, Any]:
    """Villages an arm that give the power, from the spread of the estimates at the largest size and their `mean`."""
    if np.sign(mean) != np.sign(effect):
        return {"needed": None, "reason": "the estimator of this design points the other way than the effect in the model"}
    spread = largest["se"] * np.sqrt(largest["villages"])  # of one village an arm
    needed = (pw.critical_sum(keys.alpha, keys.power) * spread / mean) ** 2
    if needed > pw.MOST_VILLAGES:
        return {"needed": None, "reason": "more villages would be needed than exist"}
    return {"needed": max(FEWEST_VILLAGES, int(np.ceil(needed))), "reason": None}


def _correlation(v: Villages) -> tuple[float, float]:
    """ICC and variance of the outcome at the last survey, within lives, over all surveys."""
    lives = [v.untreated, *v.treated]
    y, squares = v.means.seen[:, lives, -1], v.means.squares[:, lives, -1]
    n = np.broadcast_to(v.means.n[:, None, -1], y.shape)
    found = []
    for s in range(y.shape[0]):
        arm = np.repeat(np.arange(len(lives)), y.shape[2])
        found.append(intra_cluster_correlation(y[s].ravel(), squares[s].ravel(), n[s].ravel(), arm))
    icc = np.array([f[0] for f in found])
    if not np.isfinite(icc).any():
        return float("nan"), 0.0
    return float(np.nanmean(icc)), float(np.mean([f[1] for f in found]))


def _row_of(
    q: Question,
    size: int,
    e: Estimates,
    effect: float,
    icc: float,
    variance: float,
    n: float,
    keys: PowerKeys,
    nothing: str | None,
) -> dict[str, Any]:
    """Power and errors of one size; null with the reason where there is nothing to find."""
    row: dict[str, Any] = {"design": q.design, "outcome": q.outcome, "month": q.month, "villages": size, "reason": nothing}
    spread = float(np.nanstd(e.effect, ddof=1))
    row |= {"estimate": float(np.nanmean(e.effect)), "se": spread, "effect": effect}
    row |= {"mde": pw.smallest_effect(spread, keys.alpha, keys.power) if spread > 0 else None}
    row |= dict.fromkeys(("power", "power_closed", "type_s", "type_m", "type_s_closed", "type_m_closed"))
    if nothing is not None or spread == 0:
        return row
    found = e.found(keys.alpha)
    row["power"] = float(found.mean())
    closed = np.sqrt(closed_variance(q, size, n, variance, max(0.0, icc), keys))
    row["power_closed"] = pw.power_of(effect, closed, keys.alpha)
    row["type_s_closed"], row["type_m_closed"] = pw.sign_and_size_errors(effect, spread, keys.alpha)
    if found.sum() >= FEWEST_FOUND:
        row["type_s"] = float((np.sign(e.effect[found]) != np.sign(effect)).mean())
        row["type_m"] = float(np.abs(e.effect[found]).mean() / abs(effect))
    return row


def closed_variance(q: Question, size: int, n: float, variance: float, icc: float, keys: PowerKeys) -> float:
    """Variance of the effect by the closed form of the design, with the ICC of the model."""
    if q.steps == 1:
        return pw.variance_per_village(variance, max(n, 1.0), icc) / size
    each = max(1, 2 * size // q.steps)
    return pw.wedge_variance(pw.stepped(q.steps, each * q.steps), max(n, 1.0), variance, icc, keys.autocorrelation)
