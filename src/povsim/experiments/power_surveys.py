"""Surveys of the villages of a bank: who is drawn, who is found again, what is seen; reduced to means of villages.

Each village is surveyed several times over, so that pilots that draw the same village need not draw the same households.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.experiments.power_bank import EXITS, Bank

if TYPE_CHECKING:
    from povsim.config.power import PowerKeys

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
SURVEYS = 8
"""Surveys of each village."""
LINE = 1.0
FLOOR = 1e-3
"""L: least consumption that a logarithm is taken of."""


@dataclass(frozen=True)
class Drawn:
    """One survey: `random` [H] households drawn from all, `panel` [H] from the baseline poor; at each wave [wave, H] whether
    found and ln of the factor by which consumption is misread."""

    random: Flags
    panel: Flags
    found: Flags
    misread: Floats


@dataclass
class Means:
    """Means of villages by survey: [survey, arm, wave, village]; `seen` with error, `true` without, `squares` of what is seen;
    households `n` [survey, wave, village]."""

    seen: Floats
    true: Floats
    squares: Floats
    n: Floats


def draw_survey(bank: Bank, key: DrawKey, number: int, keys: PowerKeys, sigma_me: float) -> Drawn:
    """Survey `number` of every village: households drawn with chances as the real ones they stand for."""
    first = uniforms(key, Stream.PILOT_SURVEY, bank.ids, 0, number)
    order = -np.log(first[:, 0]) / bank.h  # smallest first: successive draws with these weights (Efraimidis and Spirakis 2006)
    found, misread = np.zeros(bank.there.shape, np.bool_), np.zeros(bank.there.shape)
    for w, month in enumerate(bank.waves):
        u = first if month == 0 else uniforms(key, Stream.PILOT_SURVEY, bank.ids, month, number)
        found[w] = bank.there[w] & ((u[:, 1] >= keys.attrition) | (month == 0))
        misread[w] = sigma_me * inverse_normal(u[:, 2])
    everyone = np.ones(bank.ids.size, np.bool_)
    return Drawn(
        smallest(order, bank.village, everyone, keys.households),
        smallest(order, bank.village, bank.poor, keys.households),
        found,
        misread,
    )


def smallest(order: Floats, village: NDArray[np.int32], among: Flags, count: int) -> Flags:
    """The `count` households of each village with the smallest `order` [H], fewer where there are fewer `among` it."""
    rows = np.lexsort((order, ~among, village))
    start = np.searchsorted(village[rows], np.arange(village.max() + 2))
    place = np.arange(rows.size) - start[village[rows]]
    out = np.zeros(rows.size, np.bool_)
    out[rows] = (place < count) & among[rows]
    return out


def surveys_of(bank: Bank, seed: int, keys: PowerKeys, sigma_me: float) -> list[Drawn]:
    """All surveys of a bank."""
    key = DrawKey(seed, bank.number)
    return [draw_survey(bank, key, s, keys, sigma_me) for s in range(SURVEYS)]


def outcome_of(
    bank: Bank, outcome: str, arm: int, wave: int, rows: NDArray[np.int64], misread: Floats | None, month: int, W: int
) -> Floats:
    """What a survey learns of the households `rows` [n]; `misread` None: the truth. Exits are read as they were, by `month`."""
    if outcome in EXITS:
        tau = bank.exits[arm, EXITS.index(outcome), rows]
        return ((tau > 0) & (tau + (0 if outcome == "E1" else W) <= month)).astype(np.float64)
    if outcome == "membership":
        return bank.member[arm, wave, rows].astype(np.float64)
    ln = np.log(np.maximum(FLOOR, bank.consumption[arm, wave, rows]))
    ln = ln if misread is None else ln + misread[rows]
    return (ln < np.log(LINE)).astype(np.float64) if outcome == "poverty" else ln


def means_of(bank: Bank, drawn: Sequence[Drawn], outcome: str, waves: Sequence[int], months: Sequence[int], W: int) -> Means:
    """Means of an outcome at `waves` (rows of the bank), exits counted by `months`."""
    V = bank.village_weight.size
    shape = (len(drawn), len(bank.arms), len(waves), V)
    seen, true, squares = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    n = np.zeros((shape[0], shape[2], V))
    for s, survey in enumerate(drawn):
        chosen = survey.panel if outcome in EXITS else survey.random
        for w, (wave, month) in enumerate(zip(waves, months, strict=True)):
            rows = np.nonzero(chosen & survey.found[wave])[0]
            village = bank.village[rows]
            n[s, w] = np.bincount(village, minlength=V)
            for a in range(len(bank.arms)):
                y = outcome_of(bank, outcome, a, wave, rows, survey.misread[wave], month, W)
                seen[s, a, w] = np.bincount(village, weights=y, minlength=V)
                squares[s, a, w] = np.bincount(village, weights=y * y, minlength=V)
                if outcome in ("poverty", "consumption"):
                    y = outcome_of(bank, outcome, a, wave, rows, None, month, W)
                true[s, a, w] = np.bincount(village, weights=y, minlength=V)
    count = np.maximum(n, 1.0)[:, None]
    return Means(seen / count, true / count, squares / count, n)


def joined(parts: Sequence[Means]) -> Means:
    """The villages of several replicates side by side."""
    return Means(
        *(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in ("seen", "true", "squares", "n"))
    )
