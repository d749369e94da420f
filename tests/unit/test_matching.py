"""Matching finds what is there where all that selects is seen, and what is not there where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from povsim.errors import PovsimError
from povsim.measures.matching import matched_effect


def sample(seed: int, n: int = 1500, effect: float = 0.3, hidden: float = 0.0):
    rng = np.random.default_rng(seed)
    x, unseen = rng.normal(size=(n, 3)), rng.normal(size=n)
    chance = 1 / (1 + np.exp(1.5 - x[:, 0] - hidden * unseen))
    treated = rng.uniform(size=n) < chance
    y = x @ np.array([0.5, -0.3, 0.2]) + hidden * unseen + effect * treated + 0.5 * rng.normal(size=n)
    return y, treated, x


def test_it_finds_the_effect_where_selection_is_seen() -> None:
    found = [matched_effect(*sample(seed)) for seed in range(40)]
    errors = np.array([m.effect - 0.3 for m in found])
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(40) + 0.005
    inside = np.mean([abs(e) < 1.96 * m.se for e, m in zip(errors, found, strict=True)])
    assert inside > 0.82
    assert np.mean([m.se for m in found]) == pytest.approx(errors.std(ddof=1), rel=0.35)


def test_what_is_not_seen_is_taken_for_effect() -> None:
    assert np.mean([matched_effect(*sample(seed, hidden=1.0)).effect for seed in range(10)]) > 0.6


def test_twins_give_the_plain_difference() -> None:
    """Every treated household has a control that is its like in all but the outcome."""
    x = np.repeat(np.arange(12.0), 2)[:, None]
    treated = np.tile([True, False], 12)
    y = 2 * x[:, 0] + 5.0 * treated
    assert matched_effect(y, treated, x).effect == pytest.approx(5.0, abs=1e-12)


def test_units_and_constant_covariates_do_not_matter() -> None:
    y, treated, x = sample(1)
    scaled = np.column_stack([x * [1.0, 1e3, 1e-2], np.ones(y.size)])
    assert matched_effect(y, treated, scaled).effect == pytest.approx(matched_effect(y, treated, x).effect, abs=1e-9)


def test_the_adjustment_takes_off_the_gap_that_is_left() -> None:
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(0, 1, 400), rng.uniform(0.8, 1.6, 60)])[:, None]
    treated = np.arange(460) >= 400
    y = 3 * x[:, 0] + 0.01 * rng.normal(size=460)
    plain, adjusted = (matched_effect(y, treated, x, adjust=adjust).effect for adjust in (False, True))
    assert plain > 0.3 and abs(adjusted) < 0.1


def test_too_few_is_said() -> None:
    y, treated, x = sample(1)
    with pytest.raises(PovsimError, match="needed"):
        matched_effect(y, np.zeros(y.size, bool), x)
    with pytest.raises(PovsimError, match="not finite"):
        matched_effect(np.where(treated, np.nan, y), treated, x)
