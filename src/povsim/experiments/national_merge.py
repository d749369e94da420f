"""Districts put together: villages and the baseline poor of all of them end to end, in district order.

Every sum is formed here, from one order of districts, so it does not matter how the districts were shared out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.experiments.clusters import Floats, Shares, Strata, shares, strata_of, totals
from povsim.experiments.national_district import REACHED, ArmOfDistrict, DistrictOutcome
from povsim.measures.groups import member_of
from povsim.model.arm import Arm

AREAS: Final = ("all", "urban", "rural")
LEVELS: Final = ("nation", "province", "district")


@dataclass(frozen=True)
class Places:
    """Places of one level and area: province and district names (None above their level) [P], and their strata."""

    level: str
    area: str
    province: list[str | None]
    district: list[str | None]
    district_id: list[int | None]
    strata: Strata


@dataclass(frozen=True)
class Paired:
    """A contrast of two arms at places [P]: difference, its interval, shares gained and lost, households of the group, lived
    households that differ, lived households of the group, and the shares of the two arms."""

    difference: Shares
    gained: Floats
    lost: Floats
    households: Floats
    discordant: Floats
    lived: Floats
    arm: Shares
    against: Shares


@dataclass(frozen=True)
class PairByVillage:
    """Two arms by village [V]: households of the nation that are gained, lost, reach it in each arm, and all; lived households
    that differ, and all lived ones."""

    gained: Floats
    lost: Floats
    arm: Floats
    against: Floats
    size: Floats
    discordant: Floats
    lived: Floats

    def at(self, places: Places) -> Paired:
        """The contrast at each place."""
        strata = places.strata
        return Paired(
            difference=shares(strata, self.gained - self.lost, self.size),
            gained=shares(strata, self.gained, self.size).share,
            lost=shares(strata, self.lost, self.size).share,
            households=totals(strata, self.size),
            discordant=totals(strata, self.discordant),
            lived=totals(strata, self.lived),
            arm=shares(strata, self.arm, self.size),
            against=shares(strata, self.against, self.size),
        )


class Nation:
    """Everything that was lived in one variant, by village [V] and tracked household [n]; `frame`: the lived districts."""

    def __init__(self, outcomes: Sequence[DistrictOutcome], frame: pl.DataFrame, arms: dict[str, Arm]) -> None:
        self.outcomes = sorted(outcomes, key=lambda one: one.district)
        lived = [one.district for one in self.outcomes]
        self.frame = frame.filter(pl.col("district_id").is_in(lived)).sort("district_id")
        self.arms = arms
        sizes = [one.urban.size for one in self.outcomes]
        self.district = np.repeat(np.arange(len(lived)), sizes)
        self.urban = self._joined(one.urban for one in self.outcomes)
        self.weight: Floats = self._joined(one.weight for one in self.outcomes)
        self.households: Floats = self._joined(one.households for one in self.outcomes).astype(np.float64)
        self.persons: Floats = self._joined(one.persons for one in self.outcomes)
        self.structural = self._joined(one.structural for one in self.outcomes)
        self.ended = self._joined(one.ended for one in self.outcomes)
        self.lives_m60 = self._joined(one.lives_m60 for one in self.outcomes)
        tracked = self._joined(np.diff(one.first) for one in self.outcomes)
        self.village = np.repeat(np.arange(tracked.size), tracked)

    @staticmethod
    def _joined(parts: Iterable[NDArray]) -> NDArray:
        return np.concatenate(list(parts))

    def of(self, arm: str) -> list[ArmOfDistrict]:
        """What an arm left, district by district."""
        return [one.arms[arm] for one in self.outcomes]

    def reached(self, arm: str, rung: str) -> NDArray[np.bool_]:
        """Whether each tracked household reached a name of REACHED in an arm [n]."""
        bit = np.uint16(1 << REACHED.index(rung))
        return (self._joined(one.reached for one in self.of(arm)) & bit) != 0

    def group(self, name: str) -> NDArray[np.bool_]:
        """Tracked households of a group [n]."""
        return member_of(name, self.structural)

    def count(self, mask: NDArray[np.bool_]) -> Floats:
        """Lived households of a mask [n] by village [V]."""
        return np.bincount(self.village[mask], minlength=self.weight.size).astype(np.float64)

    def by_village(self, mask: NDArray[np.bool_]) -> Floats:
        """Households of the nation of a mask [n] by village [V]."""
        return self.weight * self.count(mask)

    def cost(self, arm: str) -> dict[tuple[str, str], float]:
        """Present value by purse and item, Rp."""
        parts: dict[tuple[str, str], list[float]] = {}
        for one in self.of(arm):
            for purse, items in one.cost.items():
                for item, amount in items.items():
                    parts.setdefault((purse, item), []).append(amount)
        return {booked: math.fsum(amounts) for booked, amounts in parts.items()}

    def total_cost(self, arm: str) -> float:
        """C of the model page, Rp."""
        return math.fsum(self.cost(arm).values())

    def summed(self, parts: Iterable[NDArray]) -> Floats:
        """Sum over districts, in their order."""
        return np.asarray(sum(parts), np.float64)

    @cached_property
    def places(self) -> list[Places]:
        """Nation, provinces and districts, each whole, urban and rural."""
        return [self._places(level, area) for level in LEVELS for area in AREAS]

    def where(self, level: str, area: str) -> Places:
        """Places of one level and area."""
        return next(one for one in self.places if (one.level, one.area) == (level, area))

    def _places(self, level: str, area: str) -> Places:
        names = self.frame["province"].to_list()
        known = list(dict.fromkeys(names))
        province = np.array([known.index(name) for name in names])[self.district]
        area_code = self.urban.astype(np.int64)
        finest = 2 * self.district + area_code
        code, rows = {
            "nation": (np.zeros_like(self.district), [None]),
            "province": (province, known),
            "district": (self.district, names),
        }[level]
        inside = {"all": np.ones_like(self.urban), "urban": self.urban, "rural": ~self.urban}[area]
        place = np.where(inside, code, -1)
        of_district = level == "district"
        return Places(
            level,
            area,
            list(rows),
            self.frame["district"].to_list() if of_district else [None] * len(rows),
            self.frame["district_id"].to_list() if of_district else [None] * len(rows),
            strata_of(place, len(rows), (finest, 2 * province + area_code, area_code), (self.district, province)),
        )

    def shares(self, places: Places, has: NDArray[np.bool_], among: NDArray[np.bool_]) -> Shares:
        """Share of the tracked households `among` [n] that `has` [n], at each place."""
        return shares(places.strata, self.by_village(has & among), self.by_village(among))

    def totals(self, places: Places, among: NDArray[np.bool_]) -> Floats:
        """Tracked households of the nation `among` [n] at each place."""
        return totals(places.strata, self.by_village(among))

    def pair(self, b: NDArray[np.bool_], a: NDArray[np.bool_], among: NDArray[np.bool_]) -> PairByVillage:
        """Outcomes `b` of one arm against `a` of another, both [n], of the tracked households `among` [n]."""
        counts = (mask & among for mask in (b & ~a, a & ~b, b, a, among, b != a))
        up, down, with_b, with_a, size, differ = (self.count(mask) for mask in counts)
        w = self.weight
        return PairByVillage(w * up, w * down, w * with_b, w * with_a, w * size, differ, size)
