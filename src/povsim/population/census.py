"""The census: every village of one or several districts, or a share of them, and every household of these villages.

A village has its real number of households and each of them stands for itself: nobody is oversampled, and the households of
a village are spread over the whole of earning capacity. A cell has a whole number of villages, a district its official one.
Ids are made as in `povsim.population.sample`, so draws are keyed alike, and what a household or village is drawn as depends
on its own key alone: on no other village, district or share.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, uniforms
from povsim.errors import PovsimError
from povsim.population.columns import HOME_COLUMNS, LIFE, LIFE_COLUMNS
from povsim.population.sample import (
    SPREAD,
    TIES,
    Floats,
    Sample,
    Spots,
    homes_of,
    lives_of,
    places_of,
    spread,
    ties_of,
)
from povsim.population.strata import Drawn

CHUNK = 65_536
"""Households that are drawn at a time: what drawing needs beside the tables is bounded by it."""
LARGEST_VILLAGE = 1 << 16
LOT, START = 2, 3
"""Alternatives of stream SAMPLE: a village's lot within its cell, and the start of a district's draw over its cells."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Villages:
    """Villages in id order: cell row of the table of cells [V], running number within the cell [V], households [V]."""

    cell: Rows
    number: Rows
    households: Rows


def villages_of(cells: pl.DataFrame) -> Villages:
    """All villages: whole numbers by cell that add up to the district's (largest remainders), households spread evenly.

    Sizes in a cell differ by at most one household and add up to the cell's. Raises PovsimError where a village would have
    more households than ids have room for.
    """
    households = cells["households"].to_numpy()
    count = _whole_numbers(cells["villages"].to_numpy(), cells["district_id"].to_numpy())
    cell = np.repeat(np.arange(cells.height), count)
    number = np.arange(cell.size) - np.repeat(np.cumsum(count) - count, count)
    size = households[cell] // count[cell] + (number < households[cell] % count[cell])
    if size.max(initial=0) > LARGEST_VILLAGE:
        raise PovsimError(
            f"A village of {size.max():,} households is larger than {LARGEST_VILLAGE:,}, the most that can be told apart."
        )
    return Villages(cell, number, size)


def _whole_numbers(villages: Floats, district: Rows) -> Rows:
    """Largest remainders within each district; a cell that has any share of a village has one."""
    out = np.floor(villages + 1e-9).astype(np.int64)
    for d in np.unique(district):
        rows = np.nonzero(district == d)[0]
        left = round(float(villages[rows].sum())) - int(out[rows].sum())
        rest = villages[rows] - out[rows]
        out[rows[np.lexsort((rows, -rest))[:left]]] += 1
    return np.maximum(out, 1)


def draw_villages_of(cells: pl.DataFrame, share: float | None, key: DrawKey) -> tuple[Drawn, Rows]:
    """The villages that are lived, and the households of each [V]: all (`share` None), or that share of each district's.

    A district has at least one village. Its villages are shared out over its cells in proportion to households (systematically
    from a keyed start) and drawn within a cell with equal chance (those with the lowest keyed lot). Where each cell is certain
    to have one, villages stand for the households of their cell, elsewhere all of a district for equally many: either way
    the households of the district add up exactly, and each household of the frame has the same weight on average.
    The stratum is the district.
    """
    every = villages_of(cells)
    district = cells["district_id"].to_numpy()
    stratum = np.unique(district, return_inverse=True)[1].astype(np.int64)
    weight = np.ones(every.cell.size)
    keep = np.ones(every.cell.size, np.bool_)
    if share is not None:
        ids = cells["cell_id"].to_numpy().astype(np.uint64)[every.cell] << np.uint64(20) | every.number.astype(np.uint64)
        lot = uniforms(key, Stream.SAMPLE, ids, alternative=LOT)[:, 0]
        for d in np.unique(district):
            start = float(uniforms(key, Stream.SAMPLE, np.array([d], np.uint64), alternative=START)[0, 0])
            _draw_district(every, np.nonzero(district == d)[0], share, start, lot, keep, weight)
    drawn = Drawn(every.cell[keep], every.number[keep], stratum[every.cell[keep]], weight[keep], None, "district", "")
    return drawn, every.households[keep]


def _draw_district(
    every: Villages, cells: Rows, share: float, start: float, lot: Floats, keep: NDArray[np.bool_], weight: Floats
) -> None:
    """Fill `keep` and `weight` for the villages of one district, whose rows of cells are given."""
    rows = [np.nonzero(every.cell == c)[0] for c in cells]
    there = np.array([r.size for r in rows])
    households = np.array([every.households[r].sum() for r in rows], np.float64)
    n = max(1, int(np.floor(share * there.sum() + 0.5)))
    expected = n * households / households.sum()
    full = expected > there
    if full.any():  # taken whole; the others share the rest
        rest = (n - there[full].sum()) * households / households[~full].sum()
        expected = np.where(full, there, rest)
    edges = np.concatenate([[0.0], np.cumsum(expected)])
    edges[-1] = n
    counts = np.diff(np.floor(edges + start)).astype(np.int64)
    certain = bool((expected >= 1.0).all())
    for r, count, total in zip(rows, counts, households, strict=True):
        keep[r] = False
        taken = r[np.lexsort((r, lot[r]))[:count]]
        keep[taken] = True
        if certain:
            weight[taken] = total / every.households[taken].sum()
        else:
            weight[taken] = households.sum() / n / every.households[taken]


def draw_census(
    cells: pl.DataFrame,
    p: Mapping[str, float],
    fitted: pl.DataFrame,
    key: DrawKey,
    share: float | None = None,
    arms: int = 1,
) -> Sample:
    """Villages and households of the districts of `cells`, in id order; `fitted` as `draw_sample` has it, row by row of cells.

    `share` of the villages of each district, None: all. `arms`: `home` is [arms, HOME, H] with the first arm filled, so that
    arms can branch in place.
    """
    drawn, sizes = draw_villages_of(cells, share, key)
    start = np.concatenate([[0], np.cumsum(sizes)])
    cell_id = cells["cell_id"].to_numpy().astype(np.uint64)[drawn.cell]
    village_ids = (cell_id << np.uint64(20)) | drawn.number.astype(np.uint64)
    total = int(start[-1])
    ids = np.empty(total, np.uint64)
    ties, tie_weight = np.empty((total, TIES), np.int32), np.empty((total, TIES))
    life = np.empty((len(LIFE_COLUMNS), total))
    home = np.zeros((arms, len(HOME_COLUMNS), total))
    place = places_of(cells, drawn, sizes.astype(np.float64), village_ids, p, key)
    for lo, hi in _chunks(sizes):
        part = Drawn(drawn.cell[lo:hi], drawn.number[lo:hi], drawn.stratum[lo:hi], drawn.weight[lo:hi], None, drawn.level, "")
        village = np.repeat(np.arange(hi - lo, dtype=np.int32), sizes[lo:hi])
        rows = slice(int(start[lo]), int(start[hi]))
        within = np.arange(rows.start, rows.stop) - start[lo:hi][village]
        ids[rows] = (village_ids[lo:hi][village] << np.uint64(16)) | within.astype(np.uint64)
        spots = _spots(village, within, village_ids[lo:hi], key)
        life[:, rows] = lives_of(cells, part, village, spots, place[:, lo:hi], ids[rows], p, fitted, key)
        home[:1, :, rows] = homes_of(part, village, ids[rows], life[:, rows], p, fitted, key)
        ties[rows], tie_weight[rows] = ties_of(start[lo : hi + 1] - start[lo], ids[rows], life[LIFE.h, rows], key)
    return Sample(
        cells, start, ids, village_ids, np.repeat(np.arange(sizes.size, dtype=np.int32), sizes), ties, tie_weight, life, home,
        place, drawn.cell, drawn.stratum, drawn.level, drawn.note,
    )  # fmt: skip


def _chunks(sizes: Rows) -> Iterator[tuple[int, int]]:
    """Runs of villages [lo, hi) with about CHUNK households, at least one village."""
    lo, held = 0, 0
    for v, size in enumerate(sizes.tolist()):
        if held and held + size > CHUNK:
            yield lo, v
            lo, held = v, 0
        held += size
    yield lo, sizes.size


def _spots(village: NDArray[np.int32], within: Rows, village_ids: NDArray[np.uint64], key: DrawKey) -> Spots:
    """Spread over the whole of earning capacity and size, each household for itself."""
    shift = uniforms(key, Stream.SAMPLE, village_ids, alternative=1)[village]
    return Spots(spread(shift[:, 0], SPREAD[0], within), spread(shift[:, 2], SPREAD[1], within), np.ones(within.size))
