"""The audit on banks made by hand, where it is known which estimators must be right and which must not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from povsim.config.defaults import own_keys
from povsim.config.power import PowerKeys, power_from
from povsim.experiments.power_audit import Audit
from povsim.experiments.power_bank import COVARIATES, INVITED, UNTREATED, Bank
from povsim.experiments.power_surveys import surveys_of

EFFECT = 0.2
V, PER = 60, 30
ARMS = [UNTREATED, "start_1", "start_13", INVITED]
WAVES = [0, 12, 24]


def keys(**given: Any) -> PowerKeys:
    chosen = {"households": PER, "evaluation_month": 24, "steps": 2, "audit_pilots": 60, "audit_villages": 20, "attrition": 0.1}
    return power_from(own_keys("power") | {"audit": True} | chosen | given, 156)


def bank_by_hand(selection: str) -> Bank:
    """Members gain EFFECT in ln consumption from the month their village begins, nobody else gains.

    selection: who joins: `lot`, `seen` (richer in baseline consumption), `hidden` (a lasting gift that no survey sees),
    `growing` (those whose consumption would grow anyway), `nobody`.
    """
    rng = np.random.default_rng(11)
    H = V * PER
    village = np.repeat(np.arange(V, dtype=np.int32), PER)
    lasting, growth = 0.4 * rng.normal(size=H), 0.2 * rng.normal(size=H)
    ln = [0.3 + lasting + 0.2 * rng.normal(size=V)[village] + growth * k / 2 + 0.1 * rng.normal(size=H) for k in range(3)]
    pull = {"lot": np.zeros(H), "seen": 2 * ln[0], "hidden": 2 * lasting, "growing": 4 * growth, "nobody": np.full(H, -50.0)}[
        selection
    ]
    u = rng.uniform(size=H)
    invited = 0.8 if selection == "nobody" else -0.6
    joins = {"start": u < 1 / (1 + np.exp(0.8 - pull)), INVITED: u < 1 / (1 + np.exp(invited - pull))}
    aided = rng.uniform(size=H) < 0.5
    consumption, member = np.zeros((len(ARMS), 3, H)), np.zeros((len(ARMS), 3, H), bool)
    for a, arm in enumerate(ARMS):
        for w, month in enumerate(WAVES):
            begun = arm != UNTREATED and month >= int(arm.rpartition("_")[2])
            joined = np.where(aided, joins[INVITED], joins["start"]) if arm == INVITED else joins["start"]
            member[a, w] = joined & begun
            consumption[a, w] = np.exp(ln[w] + EFFECT * member[a, w])
    covariates = np.zeros((H, len(COVARIATES)))
    covariates[:, COVARIATES.index("aided")] = aided
    nothing = np.zeros(H, bool)
    return Bank(
        0, ARMS, WAVES, np.arange(H, dtype=np.uint64), village, np.ones(H), np.ones(V), consumption, member,
        np.ones((3, H), bool), covariates, aided, nothing, nothing, np.zeros(H), np.zeros((len(ARMS), 3, H), np.int16),
        ["mentoring"], np.zeros((len(ARMS), 1, 156)),
    )  # fmt: skip


def audited(selection: str, sigma_me: float = 0.05, **given: Any) -> dict[str, dict[str, Any]]:
    bank, chosen = bank_by_hand(selection), keys(**given)
    drawn = [surveys_of(bank, 5, chosen, sigma_me)]
    return {row["estimator"]: row for row in Audit([bank], drawn, chosen, 5, sigma_me).table()}


CHANCE = 0.09
"""Bias that the chance of 1,800 households alone may make: about .03 is the standard deviation over other banks."""


def right(row: dict[str, Any], chance: float = 0.0) -> bool:
    return abs(row["bias"]) < 4 * row["bias_se"] + chance


def test_where_a_lot_decides_who_joins_all_are_right() -> None:
    rows = audited("lot")
    for name in ("gap", "matching", "differences", "invitation", "trial", "event_study"):
        assert right(rows[name], 0.0 if name in ("trial", "event_study") else CHANCE), rows[name]
        assert rows[name]["rmse"] ** 2 == pytest.approx(rows[name]["bias"] ** 2 + rows[name]["sd"] ** 2 * 59 / 60, rel=1e-9)
    for name in ("gap", "matching", "differences", "invitation"):
        assert rows[name]["truth"] == pytest.approx(EFFECT, rel=1e-9)
    assert rows["trial"]["coverage"] > 0.85 and rows["event_study"]["coverage"] > 0.85
    assert 0 < rows["trial"]["truth"] < EFFECT  # only members gain


def test_a_lasting_gift_fools_the_gap_and_not_changes() -> None:
    rows = audited("hidden")
    assert rows["gap"]["bias"] > 0.2 and rows["gap"]["coverage"] < 0.1
    assert right(rows["differences"], CHANCE) and right(rows["trial"]) and right(rows["event_study"])
    assert right(rows["invitation"], CHANCE)


def test_what_the_survey_sees_is_matched_away_as_far_as_it_is_seen_well() -> None:
    sharp, blurred = audited("seen", sigma_me=0.001), audited("seen", sigma_me=0.4)
    assert sharp["gap"]["bias"] > 0.2
    assert right(sharp["matching"], CHANCE)
    assert blurred["matching"]["bias"] - sharp["matching"]["bias"] > 0.1  # the same bank, so the same chance


def test_who_would_have_grown_anyway_fools_changes_too() -> None:
    rows = audited("growing")
    assert rows["differences"]["bias"] > 0.1 and rows["differences"]["coverage"] < 0.5
    assert right(rows["trial"])


def test_a_cooperative_without_members_gives_reasons() -> None:
    rows = audited("nobody")
    for name in ("gap", "matching", "differences", "invitation"):
        assert rows[name]["truth"] is None and rows[name]["bias"] is None and rows[name]["reason"]
    assert rows["trial"]["truth"] == 0.0 and right(rows["trial"])


def test_poverty_is_audited_in_shares() -> None:
    rows = audited("lot", audit_outcome="poverty")
    assert rows["trial"]["truth"] < 0 and -1 < rows["gap"]["mean"] < 0
