"""The drawn sample: villages with their traits, households within them with the poor oversampled, ties, first state.

Half of a village's households (those with even number) come from the lower `LOWER` of the distribution of earning
capacity and the others from the rest, with `h` (real households each stands for) accordingly, so that sums over a village
are those of the real one. What a household or village is drawn as depends on its own key alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.population.columns import HOME, HOME_COLUMNS, LIFE, LIFE_COLUMNS, PLACE, PLACE_COLUMNS
from povsim.population.strata import LOW_SHARE, Drawn

LOWER = 0.35
"""Share of the lower part of earning capacity from which half of the households are drawn."""
SPREAD = (0.7548776662466927, 0.5698402909980532)
"""Steps of the R2 sequence (M. Roberts 2018), powers of the inverse plastic number: the households of a village are spread
evenly over earning capacity and size, each by its own number within the village alone, so that few stand for many."""
TIES = 8
LARGEST_SIZE = 8

Floats = NDArray[np.float64]


@dataclass
class Sample:
    """Villages and households in village order, with their state before the first month.

    start int64 [V+1]; ids uint64 [H]; village_ids uint64 [V]; village int32 [H] row of the village; ties int32 [H, 8]
    (number within the village) and tie_weight [H, 8]; life [LIFE, H], home [1, HOME, H], place [PLACE, V] as in
    `povsim.population.columns`; cell int64 [V] row of `cells`; stratum int64 [V]; weight [H] real households of the nation
    that each stands for; level and note of the strata.
    """

    cells: pl.DataFrame
    start: NDArray[np.int64]
    ids: NDArray[np.uint64]
    village_ids: NDArray[np.uint64]
    village: NDArray[np.int32]
    ties: NDArray[np.int32]
    tie_weight: Floats
    life: Floats
    home: Floats
    place: Floats
    cell: NDArray[np.int64]
    stratum: NDArray[np.int64]
    level: str
    note: str

    @cached_property
    def weight(self) -> Floats:
        """Real households of the nation that each household stands for [H]."""
        return self.life[LIFE.h] * self.place[PLACE.weight][self.village]

    @cached_property
    def persons(self) -> Floats:
        """Persons of the nation that each household stands for [H]."""
        return self.weight * self.life[LIFE.size]

    @cached_property
    def urban(self) -> NDArray[np.bool_]:
        """Whether each household lives in an urban village [H]."""
        return (self.place[PLACE.urban] != 0)[self.village]


def size_shares(p: Mapping[str, float]) -> Floats:
    """Shares of households of 1 to 8 persons, adding up to 1."""
    shares = np.array([p[f"size_{k}"] for k in range(1, LARGEST_SIZE + 1)])
    return shares / shares.sum()


def draw_sample(
    cells: pl.DataFrame,
    drawn: Drawn,
    households_per_village: int,
    p: Mapping[str, float],
    fitted: pl.DataFrame,
    key: DrawKey,
) -> Sample:
    """Households of the drawn villages, with traits and first state.

    `fitted` has a row a cell: cell_id, mu, sg, sk and the law of first assets K_const, K_w, K_a, K_sd. Where a real village
    has fewer households than `households_per_village`, all of them are simulated (at least 20).
    """
    per_village = cells["households_per_village"].to_numpy()[drawn.cell]
    n = np.minimum(households_per_village, np.maximum(20, np.round(per_village))).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(n)])
    cell_id = cells["cell_id"].to_numpy().astype(np.uint64)[drawn.cell]
    village_ids = (cell_id << np.uint64(20)) | drawn.number.astype(np.uint64)
    village = np.repeat(np.arange(n.size, dtype=np.int32), n)
    within = np.arange(start[-1]) - start[village]
    ids = (village_ids[village] << np.uint64(16)) | within.astype(np.uint64)
    place = places_of(cells, drawn, per_village, village_ids, p, key)
    spots = _halves(village, within, n, per_village, village_ids, key)
    life = lives_of(cells, drawn, village, spots, place, ids, p, fitted, key)
    home = homes_of(drawn, village, ids, life, p, fitted, key)
    ties, tie_weight = ties_of(start, ids, life[LIFE.h], key)
    return Sample(
        cells, start, ids, village_ids, village, ties, tie_weight, life, home, place,
        drawn.cell, drawn.stratum, drawn.level, drawn.note,
    )  # fmt: skip


def places_of(
    cells: pl.DataFrame, drawn: Drawn, per_village: Floats, ids: NDArray[np.uint64], p: Mapping[str, float], key: DrawKey
) -> Floats:
    """Traits of villages [PLACE, V]; per_village [V]: real households of each."""
    place = np.zeros((len(PLACE_COLUMNS), ids.size))
    u = uniforms(key, Stream.VILLAGE_FIXED, ids)
    u2 = uniforms(key, Stream.VILLAGE_FIXED_2, ids)
    place[PLACE.households] = per_village
    place[PLACE.weight] = drawn.weight
    place[PLACE.urban] = (cells["area"] == "urban").to_numpy().astype(float)[drawn.cell]
    place[PLACE.Z] = u[:, 0]
    place[PLACE.access] = u[:, 1]
    place[PLACE.capture] = u[:, 2] < p["capture_share"]
    place[PLACE.q_normal] = inverse_normal(u[:, 3])
    place[PLACE.u_funnel] = u2[:, 0]
    if drawn.low is not None:
        place[PLACE.u_funnel] = np.where(drawn.low, LOW_SHARE * u2[:, 0], LOW_SHARE + (1 - LOW_SHARE) * u2[:, 0])
    place[PLACE.u_cover] = u2[:, 1]
    place[PLACE.u] = p["sd_u"] * inverse_normal(u2[:, 2])
    place[PLACE.wedge] = p["wedge"] * (0.75 + 0.5 * place[PLACE.Z])
    return place


@dataclass(frozen=True)
class Spots:
    """Where households stand within their village [H]: quantile of earning capacity, quantile of size, real households of the
    village that each stands for."""

    capacity: Floats
    size: Floats
    h: Floats


def spread(first: Floats, step: float, number: NDArray[np.int64]) -> Floats:
    """Quantiles strictly between 0 and 1 that spread evenly with the number of the household; `first`: that of number 0."""
    at = first + step * number
    return np.clip(at - np.floor(at), 1e-12, 1 - 1e-12)


def _halves(
    village: NDArray[np.int32],
    within: NDArray[np.int64],
    n: NDArray[np.int64],
    per_village: Floats,
    village_ids: NDArray[np.uint64],
    key: DrawKey,
) -> Spots:
    """Households with even number in the lower part of earning capacity, the others above it."""
    shift = uniforms(key, Stream.SAMPLE, village_ids, alternative=1)[village]
    lower = within % 2 == 0
    u_class = spread(np.where(lower, shift[:, 0], shift[:, 1]), SPREAD[0], within // 2)
    u_size = spread(np.where(lower, shift[:, 2], shift[:, 3]), SPREAD[1], within // 2)
    in_lower = (n + 1) // 2
    counts = np.where(lower, in_lower[village], (n - in_lower)[village])
    return Spots(
        np.where(lower, LOWER * u_class, LOWER + (1 - LOWER) * u_class),
        u_size,
        per_village[village] * np.where(lower, LOWER, 1 - LOWER) / counts,
    )


def lives_of(
    cells: pl.DataFrame,
    drawn: Drawn,
    village: NDArray[np.int32],
    spots: Spots,
    place: Floats,
    ids: NDArray[np.uint64],
    p: Mapping[str, float],
    fitted: pl.DataFrame,
    key: DrawKey,
) -> Floats:
    """Traits and first shocks of households [LIFE, H]."""
    life = np.zeros((len(LIFE_COLUMNS), ids.size))
    u1, u2, u3, u4 = (
        uniforms(key, s, ids)
        for s in (Stream.HOUSEHOLD_FIXED, Stream.HOUSEHOLD_FIXED_2, Stream.HOUSEHOLD_FIXED_3, Stream.HOUSEHOLD_FIXED_4)
    )
    shares = size_shares(p)
    ln_sizes = np.log(np.arange(1, LARGEST_SIZE + 1))
    size = 1.0 + np.searchsorted(np.cumsum(shares)[:-1], spots.size, side="right")
    life[LIFE.z] = inverse_normal(spots.capacity)
    life[LIFE.h] = spots.h
    life[LIFE.size] = size
    line = cells["line_idr_per_head"].to_numpy()[drawn.cell]
    life[LIFE.line] = line[village] * size
    life[LIFE.lna] = p["sd_a"] * inverse_normal(u1[:, 0])
    life[LIFE.ability] = np.exp(life[LIFE.lna])
    life[LIFE.x] = p["sd_x"] * inverse_normal(u1[:, 1])
    life[LIFE.e1] = p["sd1"] * inverse_normal(u2[:, 0])
    life[LIFE.e2] = p["sd2"] * inverse_normal(u2[:, 1])
    urban = place[PLACE.urban][village] != 0
    life[LIFE.own] = u2[:, 2] < np.where(urban, p["own_urban"], p["own_rural"])
    life[LIFE.trader] = u2[:, 3] < p["trader_share"]
    life[LIFE.passive] = u3[:, 0] < p["passive"]
    life[LIFE.u_reg] = u3[:, 1]
    life[LIFE.review] = np.floor(12 * u3[:, 2])
    life[LIFE.u_remit] = u3[:, 3]
    life[LIFE.l], life[LIFE.remit] = _labour(u4[:, 0], life[LIFE.u_remit], p)
    life[LIFE.u_urn] = u4[:, 1]
    rows = fitted.select("mu", "sg", "sk").to_numpy()[drawn.cell][village]
    life[LIFE.mu] = rows[:, 0] - p["bs"] * (np.log(size) - float(shares @ ln_sizes))
    life[LIFE.sg], life[LIFE.sk] = rows[:, 1], rows[:, 2]
    return life


def _labour(u: Floats, u_remit: Floats, p: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Labour capacity and remittances at the stationary shares of turnover and ageing."""
    half = p["age_1"] / (p["age_2"] + p["turn"])
    none = half * p["age_2"] / p["turn_l0"]
    total = 1 + half + none
    labour = np.where(u < none / total, 0.0, np.where(u < (none + half) / total, p["l_old"], 1.0))
    return labour, np.where(labour == 0, p["remit_lo"] + (p["remit_hi"] - p["remit_lo"]) * u_remit, 0.0)


def homes_of(
    drawn: Drawn,
    village: NDArray[np.int32],
    ids: NDArray[np.uint64],
    life: Floats,
    p: Mapping[str, float],
    fitted: pl.DataFrame,
    key: DrawKey,
) -> Floats:
    """First assets by the fitted law, half of the buffer as savings, expected income near its mean; burn-in does the rest."""
    home = np.zeros((1, len(HOME_COLUMNS), ids.size))
    z = life[LIFE.z]
    ln_w0 = life[LIFE.mu] + life[LIFE.sg] * np.where(z >= 0, z, (1 - life[LIFE.sk]) * z)
    law = fitted.select("K_const", "K_w", "K_a", "K_sd").to_numpy()[drawn.cell][village]
    noise = inverse_normal(uniforms(key, Stream.HOUSEHOLD_FIXED_4, ids)[:, 2])
    K = np.exp(law[:, 0] + law[:, 1] * ln_w0 + law[:, 2] * life[LIFE.lna] + law[:, 3] * noise)
    mean_income = life[LIFE.l] * np.exp(ln_w0) + 0.6 * life[LIFE.ability] * K ** p["gL"] * p["A_L"] * 1.5 + life[LIFE.remit]
    home[0, HOME.K] = K
    home[0, HOME.ybar] = mean_income
    home[0, HOME.S] = 0.3 * p["buffer"] * mean_income
    for m in range(12):
        home[0, HOME.c0 + m] = mean_income
    home[0, HOME.c_sum] = 12 * mean_income
    home[0, HOME.record] = np.log(mean_income)
    home[0, HOME.skill] = home[0, HOME.skill_w] = home[0, HOME.aid_share] = 1.0
    return home


def ties_of(start: NDArray[np.int64], ids: NDArray[np.uint64], h: Floats, key: DrawKey) -> tuple[NDArray[np.int32], Floats]:
    """Small world within each village: three neighbours on either side of a keyed ring and two keyed others, weighted by h."""
    u = uniforms(key, Stream.TIES, ids)
    ties = np.empty((ids.size, TIES), np.int32)
    _fill_ties(start, u, ties)
    first = np.repeat(start[:-1], np.diff(start))
    weight = h[first[:, None] + ties]
    return ties, weight / weight.sum(axis=1, keepdims=True)


@njit(nogil=True, cache=True)
def _fill_ties(start, u, ties):
    """Numbers within the village of the six neighbours on the ring and the two others, of every household."""
    for v in range(start.size - 1):
        lo, n = start[v], start[v + 1] - start[v]
        ring = np.argsort(u[lo : lo + n, 0], kind="mergesort")  # stable
        for place in range(n):
            own = ring[place]
            for step in (1, 2, 3):
                ties[lo + own, 3 - step] = ring[(place - step) % n]
                ties[lo + own, 2 + step] = ring[(place + step) % n]
            for word in (1, 2):
                other = int(u[lo + own, word] * (n - 1))
                ties[lo + own, 5 + word] = other + (1 if other >= own else 0)
