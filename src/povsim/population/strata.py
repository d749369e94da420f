"""Which villages stand for the country: strata, the rule that merges them, systematic draws within them.

The rule: strata are the cells (district by area) where at least `PER_STRATUM` villages a stratum can be drawn; otherwise
districts merge into province by area, then island group by area, then area, then the nation. Within a stratum villages are
drawn with probability proportional to households, systematically along the cells ordered by their poverty rate. Each
drawn village stands for as many real villages as its stratum has households for it; weights add up to the households
of the frame exactly.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, uniforms

PER_STRATUM = 2
LEVELS = ("district", "province", "island", "area", "nation")


@dataclass(frozen=True)
class Drawn:
    """Villages drawn, in id order.

    cell: row of the table of cells [V]; number: running number within the cell [V]; stratum [V]; weight: real villages each
    stands for [V]; low: 1 where the village comes from the oversampled part of the funnel [V], None where no part is; level:
    name of the strata; note: sentence when strata were merged, else empty.
    """

    cell: NDArray[np.int64]
    number: NDArray[np.int64]
    stratum: NDArray[np.int64]
    weight: NDArray[np.float64]
    low: NDArray[np.bool_] | None
    level: str
    note: str


LOW_SHARE = 0.04
LOW_VILLAGES = 60
LOW_SAMPLE_MOST = 0.20
"""Of the 4 % of villages most likely to have a trading cooperative at the start at least 60 are drawn, up to a fifth of the
sample; a sample that has them anyway is left as it falls."""
PROVINCE_POWER = 0.5
"""Where the sample is large enough for strata of districts, provinces get villages in proportion to the root of their
households, so that small ones can be judged; smaller samples are shared out in proportion, for the nation's sake."""


def stratum_keys(cells: pl.DataFrame, level: str) -> NDArray[np.int64]:
    """Stratum number of each cell at a level of `LEVELS`."""
    by = {
        "district": ["district_id", "area"],
        "province": ["province", "area"],
        "island": ["island", "area"],
        "area": ["area"],
        "nation": [],
    }[level]
    if not by:
        return np.zeros(cells.height, np.int64)
    names = cells.select(pl.concat_str(by, separator="|")).to_series().to_list()
    order = {name: k for k, name in enumerate(dict.fromkeys(names))}
    return np.array([order[name] for name in names], np.int64)


def level_for(cells: pl.DataFrame, villages: int) -> str:
    """Finest level with at least `PER_STRATUM` villages a stratum on average."""
    for level in LEVELS:
        if (stratum_keys(cells, level).max() + 1) * PER_STRATUM <= villages:
            return level
    return "nation"


def allocate(size: NDArray[np.float64], villages: int, least: int) -> NDArray[np.int64]:
    """Villages a stratum: `least` each, the rest in proportion to `size` by largest remainders; adds up to `villages`."""
    n = np.full(size.size, least, np.int64)
    ideal = size / size.sum() * villages
    over = np.maximum(ideal - least, 0.0)
    left = villages - int(n.sum())
    share = over / over.sum() * left if over.sum() > 0 else np.full(size.size, left / size.size)
    n += np.floor(share).astype(np.int64)
    rest = villages - int(n.sum())
    order = np.lexsort((np.arange(size.size), -(share - np.floor(share))))
    n[order[:rest]] += 1
    return n


def _province_factor(cells: pl.DataFrame, households: NDArray[np.float64], keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Factor on the size of each stratum that brings its province to its power."""
    province = np.unique(cells["province"].to_numpy(), return_inverse=True)[1]
    factor = np.bincount(province, weights=households) ** (PROVINCE_POWER - 1)
    first = np.unique(keys, return_index=True)[1]
    return np.asarray(factor[province[first]])


def low_sample(villages: int) -> float:
    """Share of the sample that comes from the villages most likely to have a trading cooperative."""
    return float(np.clip(LOW_VILLAGES / villages, LOW_SHARE, LOW_SAMPLE_MOST))


def draw_villages(cells: pl.DataFrame, villages: int, key: DrawKey, per_district: int | None = None) -> Drawn:
    """Draw `villages` villages, or with `per_district` that many in every district (the fit's own sample)."""
    households = cells["households"].to_numpy().astype(np.float64)
    rate = cells["p0_pct"].to_numpy()
    if per_district is not None:
        level = "district"
        keys = stratum_keys(cells, level)
        district = cells["district_id"].to_numpy()
        counts = np.zeros(keys.max() + 1, np.int64)
        for d in np.unique(district):
            rows = np.nonzero(district == d)[0]
            counts[keys[rows]] = allocate(households[rows], per_district, min(5, per_district // rows.size))
    else:
        level = level_for(cells, villages)
        keys = stratum_keys(cells, level)
        size = np.bincount(keys, weights=households)
        if level == "district":
            size = size * _province_factor(cells, households, keys)
        counts = allocate(size, villages, min(PER_STRATUM, villages // size.size))
    start = uniforms(key, Stream.SAMPLE, np.arange(counts.size, dtype=np.uint64))
    cell_of: list[NDArray[np.int64]] = []
    stratum_of: list[NDArray[np.int64]] = []
    low_of: list[NDArray[np.bool_]] = []
    drawn, low = 0, low_sample(int(counts.sum()))
    for s in range(counts.size):
        rows = np.nonzero(keys == s)[0]
        rows = rows[np.lexsort((rows, rate[rows]))]
        edges = np.cumsum(households[rows])
        points = (np.arange(counts[s]) + start[s, 0]) / counts[s] * edges[-1]
        picked = rows[np.minimum(np.searchsorted(edges, points, side="right"), rows.size - 1)]
        cell_of.append(picked)
        stratum_of.append(np.full(picked.size, s, np.int64))
        place = drawn + np.arange(picked.size)
        low_of.append(np.floor((place + 1) * low) > np.floor(place * low))
        drawn += picked.size
    cell, stratum, is_low = np.concatenate(cell_of), np.concatenate(stratum_of), np.concatenate(low_of)
    per_village = cells["households_per_village"].to_numpy()[cell]
    factor = np.where(is_low, LOW_SHARE / low, (1 - LOW_SHARE) / (1 - low))
    target = np.bincount(keys, weights=households)[stratum]
    weight = factor / np.bincount(stratum, weights=factor)[stratum] * target / per_village
    order = np.lexsort((np.arange(cell.size), cell))
    cell, stratum, is_low, weight = cell[order], stratum[order], is_low[order], weight[order]
    first = np.concatenate([[0], np.nonzero(np.diff(cell))[0] + 1])
    number = np.arange(cell.size) - np.repeat(first, np.diff(np.concatenate([first, [cell.size]])))
    note = ""
    if level != "district":
        note = (
            f"{villages} villages are fewer than two for each of the {stratum_keys(cells, 'district').max() + 1} strata "
            f"(district by urban or rural), so strata were merged to {level}"
            f"{' by urban or rural' if level in ('province', 'island') else ''}: {counts.size} strata."
        )
    return Drawn(cell, number, stratum, weight, is_low, level, note)
