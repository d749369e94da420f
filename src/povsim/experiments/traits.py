"""What kind of household each of the baseline poor is at the branch, before any arm: the rows of "who gains"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from povsim.evidence import fact
from povsim.experiments import archive
from povsim.measures.poverty import quantile
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE, TIE
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
Codes = NDArray[np.int16]

NEAR: Final = 0.10
"""L: capacity less than this below the line is near the threshold; as wide as the default margin b of an exit above it."""

LABOUR_CONSTRAINED, STRUCTURALLY_LOW, NEAR_THRESHOLD, TRANSITORY = range(4)
TYPES: Final = ("labour_constrained", "structurally_low", "near_threshold", "transitory")
EXTREMES: Final = ("extreme_poor", "other_poor")
AREAS: Final = ("urban", "rural")
DECILES: Final = tuple(str(k) for k in range(1, 11))
FIFTHS: Final = tuple(str(k) for k in range(1, 6))


@archive.stored
@dataclass(frozen=True)
class Trait:
    """One dimension: the names of its levels, and the level of each tracked household [n] as a place in them."""

    levels: tuple[str, ...]
    codes: Codes


@archive.stored
@dataclass(frozen=True)
class Traits:
    """Dimensions by name, in the order in which they are shown."""

    by_dimension: Mapping[str, Trait] = field(default_factory=dict)


def traits_at_branch(sample: Sample, state: State, tracked: NDArray[np.int64], ccap: Floats) -> Traits:
    """Traits of the tracked households in the month of the branch.

    `ccap` [n], L per month: what the household's own capacity lets it consume, no aid. Dimensions:

    * `type`: labour_constrained (no labour capacity); else transitory (ccap >= 1), near_threshold (1 - NEAR <= ccap < 1) or
      structurally_low.
    * `extreme`: extreme_poor where the mean consumption of the twelve months before is below the extreme line (BPS, share of
      the poverty line in the table `facts`), else other_poor.
    * `decile` of that mean among all households of the population, weighted, 1 the poorest; `fifth` of it among the tracked.
    * `area`, `province` of the village.
    """
    m12 = state.home[0, HOME.c_sum] / 12
    weight = sample.weight
    own, own_weight = m12[tracked], weight[tracked]
    cells = sample.cell[sample.village[tracked]]
    provinces = sample.cells["province"].unique(maintain_order=True).to_list()
    place = {name: at for at, name in enumerate(provinces)}
    of_cell = np.array([place[name] for name in sample.cells["province"]], np.int16)
    return Traits(
        {
            "type": Trait(TYPES, types_of(sample.life[LIFE.l, tracked], ccap)),
            "extreme": Trait(EXTREMES, (~(own < fact("extreme_line_over_line").value - TIE)).astype(np.int16)),
            "fifth": Trait(FIFTHS, _quantile_of(own, own, own_weight, 5)),
            "decile": Trait(DECILES, _quantile_of(own, m12, weight, 10)),
            "area": Trait(AREAS, (~sample.urban[tracked]).astype(np.int16)),
            "province": Trait(tuple(provinces), of_cell[cells]),
        }
    )


def types_of(labour: Floats, ccap: Floats) -> Codes:
    """Place in `TYPES` of households with this labour capacity (0 to 1) and consumption that capacity allows (L per month)."""
    by_capacity = np.where(ccap >= 1 - TIE, TRANSITORY, np.where(ccap >= 1 - NEAR - TIE, NEAR_THRESHOLD, STRUCTURALLY_LOW))
    return np.where(labour <= 0, LABOUR_CONSTRAINED, by_capacity).astype(np.int16)


def _quantile_of(values: Floats, among: Floats, weight: Floats, parts: int) -> Codes:
    """Number, from 0, of the equal part of `among` (by weight) that each of `values` falls into."""
    if values.size == 0:
        return np.zeros(0, np.int16)
    bounds = quantile(among, weight, np.arange(1, parts) / parts)
    return np.searchsorted(bounds, values, side="left").astype(np.int16)
