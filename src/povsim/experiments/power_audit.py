"""How wrong are other estimators than a trial: each on simulated pilots whose true effect is known from paired lives.

Each is used as a competent evaluator would, on what a survey sees: misread consumption and assets, households that are not
found again. The truth is the mean paired difference of true outcomes between the life that was lived and the same life without,
over those whom the estimator is about: members, those who join because they are invited, or households of villages with a
cooperative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config.power import PowerKeys
from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.errors import PovsimError
from povsim.experiments.power_bank import COVARIATES, INVITED, UNTREATED, Bank, treated_from
from povsim.experiments.power_pilots import Question, Villages, draw_villages, paired_effect
from povsim.experiments.power_surveys import SURVEYS, Drawn, outcome_of
from povsim.measures.clustered import difference_in_means
from povsim.measures.instrument import wald
from povsim.measures.matching import matched_effect
from povsim.measures.pilot_estimates import Estimates, event_study, two_arms, two_way

Floats = NDArray[np.float64]
TARGETS = {
    "trial": "villages", "gap": "members", "matching": "members", "differences": "members", "invitation": "compliers",
    "event_study": "villages", "two_way": "villages",
}  # fmt: skip
"""Estimators in the order of the table, and whose effect each is about."""
FEWEST_PILOTS = 20


@dataclass(frozen=True)
class Surveyed:
    """The households of one survey of a bank, in order of villages: rows of the bank [n], start of each village [V + 1], and by
    life [n]: y at month 0 and at the last survey as seen, true y at the last, membership; covariates [n, K] as seen."""

    rows: NDArray[np.int64]
    start: NDArray[np.int64]
    before: Floats
    after: dict[str, Floats]
    true: dict[str, Floats]
    member: dict[str, NDArray[np.bool_]]
    covariates: Floats
    aided: NDArray[np.bool_]


def survey_table(bank: Bank, drawn: Drawn, number: int, key: DrawKey, keys: PowerKeys, sigma_me: float) -> Surveyed:
    """Households of survey `number` that are found again at the last wave."""
    last = bank.wave(keys.evaluation_month)
    rows = np.nonzero(drawn.random & drawn.found[0] & drawn.found[last])[0]
    rows = rows[np.argsort(bank.village[rows], kind="stable")]
    start = np.searchsorted(bank.village[rows], np.arange(bank.village_weight.size + 1))
    lives = (UNTREATED, treated_from(1), INVITED)

    def seen(outcome: str, life: str, wave: int, misread: Floats | None) -> Floats:
        return outcome_of(bank, outcome, bank.arm(life), wave, rows, misread, 0, 0)

    u = uniforms(key, Stream.PILOT_ASSETS, bank.ids[rows], 0, number)
    covariates = bank.covariates[rows].copy()
    for k, name in enumerate(("ln_assets", "ln_savings")):
        covariates[:, COVARIATES.index(name)] += sigma_me * inverse_normal(u[:, k])
    ln = seen("consumption", UNTREATED, 0, drawn.misread[0])
    return Surveyed(
        rows,
        start,
        seen(keys.audit_outcome, UNTREATED, 0, drawn.misread[0]),
        {life: seen(keys.audit_outcome, life, last, drawn.misread[last]) for life in lives},
        {life: seen(keys.audit_outcome, life, last, None) for life in lives},
        {life: bank.member[bank.arm(life), last, rows] for life in lives},
        np.column_stack([ln, covariates]),
        bank.aided[rows],
    )


class Audit:
    """Surveys of all banks, from which pilots are put together village by village."""

    def __init__(self, banks: Sequence[Bank], drawn: Sequence[Sequence[Drawn]], keys: PowerKeys, seed: int, sigma_me: float):
        self.keys, self.seed = keys, seed
        self.banks, self.drawn = banks, drawn
        self.weight = np.concatenate([bank.village_weight for bank in banks])
        self.tables = [
            [survey_table(bank, d[s], s, DrawKey(seed, bank.number), keys, sigma_me) for s in range(SURVEYS)]
            for bank, d in zip(banks, drawn, strict=True)
        ]
        self.bank_of = np.concatenate([np.full(bank.village_weight.size, r) for r, bank in enumerate(banks)])
        self.village_of = np.concatenate([np.arange(bank.village_weight.size) for bank in banks])

    def table(self) -> list[dict[str, Any]]:
        """A row an estimator: truth, mean, bias, sd, root mean squared error, coverage of the 95 % interval."""
        pilots = self.keys.audit_pilots
        draws = draw_villages(self.weight, 2 * self.keys.audit_villages, np.arange(pilots), DrawKey(self.seed, 0))
        treated = treated_from(1)
        members: dict[str, list[tuple[float, float, bool] | None]] = {
            n: [] for n in ("gap", "matching", "differences", "invitation")
        }
        on_members, compliers = self._truth(members_of(treated), treated), self._truth(who_join_when_invited, INVITED)
        for at, survey in zip(*draws, strict=True):
            one = self._pilot(at, survey)
            for name, estimate in _ESTIMATORS.items():
                members[name].append(estimate(one, compliers if name == "invitation" else on_members))
        rows = []
        for name, target in TARGETS.items():
            if name in members:
                truth = compliers if name == "invitation" else on_members
                done = [m for m in members[name] if m is not None]
                effects, covered = np.array([m[0] for m in done]), np.array([m[2] for m in done])
            else:
                estimates, truth = self._villages(name)
                kept = np.isfinite(estimates.effect) & np.isfinite(estimates.se)
                effects, covered = estimates.effect[kept], estimates.inside(truth)[kept]
            rows.append(_row(name, target, truth, effects, covered, pilots))
        return rows

    def _truth(self, whom: Callable[[Surveyed], NDArray[np.bool_]], life: str) -> float:
        """Mean paired difference of true outcomes, villages as often as real ones, over all surveys; `life` against that
        without a cooperative, or, for the invited, against that with one but without invitation."""
        other = treated_from(1) if life == INVITED else UNTREATED
        top = bottom = 0.0
        for bank, tables in zip(self.banks, self.tables, strict=True):
            for t in tables:
                w = bank.village_weight[bank.village[t.rows]] * whom(t)
                top += float(w @ (t.true[life] - t.true[other]))
                bottom += float(w.sum())
        return top / bottom if bottom > 0 else float("nan")

    def _pilot(self, at: NDArray[np.int64], survey: NDArray[np.int64]) -> Pilot:
        parts = []
        for place, (v, s) in enumerate(zip(at.tolist(), survey.tolist(), strict=True)):
            t = self.tables[int(self.bank_of[v])][s]
            number = int(self.village_of[v])
            parts.append((t, np.arange(t.start[number], t.start[number + 1]), place))
        invited = np.concatenate([np.full(i.size, place % 2 == 0) for _, i, place in parts])
        treated = treated_from(1)

        def of(pick: Callable[[Surveyed], Any]) -> Any:
            return np.concatenate([pick(t)[i] for t, i, _ in parts])

        return Pilot(
            village=np.concatenate([np.full(i.size, place) for _, i, place in parts]),
            before=of(lambda t: t.before),
            after=of(lambda t: t.after[treated]),
            member=of(lambda t: t.member[treated]),
            covariates=of(lambda t: t.covariates),
            aided=of(lambda t: t.aided),
            invited=invited,
            after_invited=np.where(invited, of(lambda t: t.after[INVITED]), of(lambda t: t.after[treated])),
            member_invited=np.where(invited, of(lambda t: t.member[INVITED]), of(lambda t: t.member[treated])),
        )

    def _villages(self, name: str) -> tuple[Estimates, float]:
        """Estimators that compare villages: a trial of two arms; villages that begin year after year, a group of them never."""
        keys, pilots = self.keys, np.arange(self.keys.audit_pilots)
        if name == "trial":
            q = Question(
                "parallel", keys.audit_outcome, (0, keys.evaluation_month), (0, keys.evaluation_month), (treated_from(1),)
            )
        else:
            waves = keys.waves_of("stepped_wedge")
            lives = tuple(treated_from(keys.step_months * s + 1) for s in range(keys.steps))
            q = Question("stepped_wedge", keys.audit_outcome, waves, waves, lives)
        v = Villages.of(self.banks, self.drawn, q, 0)
        groups = 2 if name == "trial" else keys.steps + 1
        count = groups * max(2, 2 * keys.audit_villages // groups)
        at, survey = draw_villages(v.weight, count, pilots, DrawKey(self.seed, 0))
        group = np.arange(count) % groups
        lives_of = np.array([*v.treated, v.untreated])[group]
        waves_seen = np.arange(v.means.seen.shape[2])
        y = v.means.seen[survey[..., None], lives_of[:, None], waves_seen, at[..., None]]
        n = v.means.n[survey[..., None], waves_seen, at[..., None]]
        if name == "trial":
            return two_arms(y[..., -1], n[..., -1], group == 0), paired_effect(v, q, False)[0]
        n = np.where((n > 0).all(axis=2), n[..., 0], 0.0)
        truth = _mean_of_pairs(v, keys.steps)
        if name == "two_way":
            return two_way(y, n, (waves_seen > group[:, None]).astype(float)), truth
        return event_study(y, n, group + 1)[0], truth


def _mean_of_pairs(v: Villages, steps: int) -> float:
    """True effect on a group in a wave since it began, groups and waves weighted alike."""
    out = []
    for g in range(steps):
        for w in range(g + 1, steps + 1):
            n = v.means.n[:, w] * v.weight
            out.append(float((n * (v.means.true[:, v.treated[g], w] - v.means.true[:, v.untreated, w])).sum() / n.sum()))
    return float(np.mean(out))


@dataclass(frozen=True)
class Pilot:
    """Households of one pilot [n], its villages numbered by place; `invited`: half of the villages invite."""

    village: NDArray[np.int64]
    before: Floats
    after: Floats
    member: NDArray[np.bool_]
    covariates: Floats
    aided: NDArray[np.bool_]
    invited: NDArray[np.bool_]
    after_invited: Floats
    member_invited: NDArray[np.bool_]


def members_of(life: str) -> Callable[[Surveyed], NDArray[np.bool_]]:
    """Who is a member at the last survey in a life."""
    return lambda t: t.member[life]


def who_join_when_invited(t: Surveyed) -> NDArray[np.bool_]:
    """Families on aid that are members when invited and not else."""
    return t.aided & t.member[INVITED] & ~t.member[treated_from(1)]


Estimate = tuple[float, float, bool]


def _clustered(y: Floats, p: Pilot, truth: float) -> Estimate | None:
    try:
        row = difference_in_means(y, p.member, p.village).row("treated")
    except PovsimError:  # no member, or nobody else, was surveyed
        return None
    return row["effect"], row["se"], row["low"] <= truth <= row["high"]


def gap(p: Pilot, truth: float) -> Estimate | None:
    """Members less non-members at the last survey."""
    return _clustered(p.after, p, truth)


def differences(p: Pilot, truth: float) -> Estimate | None:
    """Change of members less change of non-members since the baseline survey."""
    return _clustered(p.after - p.before, p, truth)


def matching(p: Pilot, truth: float) -> Estimate | None:
    """Members against the non-members most like them in the baseline survey."""
    try:
        m = matched_effect(p.after, p.member, p.covariates)
    except PovsimError:
        return None
    return m.effect, m.se, abs(m.effect - truth) <= 1.959964 * m.se


def invitation(p: Pilot, truth: float) -> Estimate | None:
    """Families on aid of villages that invite them against those of villages that do not, over the difference in membership."""
    try:
        w = wald(p.after_invited[p.aided], p.member_invited[p.aided], p.invited[p.aided], p.village[p.aided])
    except PovsimError:
        return None
    return w.effect, w.se, w.low <= truth <= w.high


_ESTIMATORS = {"gap": gap, "matching": matching, "differences": differences, "invitation": invitation}


def _row(name: str, target: str, truth: float, effects: Floats, covered: NDArray[np.bool_], pilots: int) -> dict[str, Any]:
    row: dict[str, Any] = {"estimator": name, "target": target, "truth": truth if np.isfinite(truth) else None}
    row |= {"pilots": int(effects.size), "pilots_without": pilots - int(effects.size), "reason": None}
    row |= dict.fromkeys(("mean", "bias", "bias_se", "sd", "rmse", "coverage"))
    if row["truth"] is None:
        row["reason"] = "nobody of this kind lives in the villages of the bank"
    elif effects.size < FEWEST_PILOTS:
        row["reason"] = (
            f"too few to say: {effects.size} pilots had the households that the estimator needs, {FEWEST_PILOTS} are needed"
        )
    else:
        sd = float(effects.std(ddof=1))
        row |= {
            "mean": float(effects.mean()), "bias": float(effects.mean() - truth), "bias_se": float(sd / np.sqrt(effects.size)),
            "sd": sd, "rmse": float(np.sqrt(np.mean((effects - truth) ** 2))), "coverage": float(covered.mean()),
        }  # fmt: skip
    return row
