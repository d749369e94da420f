"""The office that rolls out the cooperatives of one arm: once a year it decides which villages begin, and with what support."""

from typing import TYPE_CHECKING

import mesa
import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.draws import Stream, uniforms
from povsim.model.rollout import Needs, YearOfRollout, plan_year, resources
from povsim.model.rollout_order import DISSOLVED, Seen, order_of
from povsim.model.start import found_here, start_status
from povsim.model.year_end import RolloutSoFar
from povsim.population.columns import COOP, HOME, LIFE, PLACE

if TYPE_CHECKING:
    from povsim.model.country import Country

Floats = NDArray[np.float64]
RECORD = "as_reported"
"""The scenario that holds the ministry's record of where cooperatives stand."""


class RolloutOffice(mesa.Agent):
    """Rolls out the cooperatives of arm `row`. `years`: what was decided, year by year.

    Subclass it and override `decide` for another rule; what villages have and need is in `needs` and `has`.
    """

    def __init__(self, model: "Country", row: int) -> None:
        super().__init__(model)
        arm = model.arms[row]
        assert arm.rollout is not None
        self.row, self.arm, self.rollout = row, arm, arm.rollout
        villages = model.sample.place[PLACE.weight]
        total = float(villages.sum())
        horizon = -(-(model.first_month - 1 + model.months) // 12)
        self.has = resources(self.rollout, max(1, horizon), total, total / model.nation.villages)
        p = arm.p
        self.needs = Needs(
            villages=villages,
            start_idr=villages * (p["building"] + p["capital"]),
            year_idr=villages * (p["mentor"] * p["mentor_idr_year"] + p["admin_idr_year"]),
            mentors=villages * p["mentor"],
            loan_idr=villages * p["capital"],
        )
        self.years: list[YearOfRollout] = []
        self._standing = self._what_stands()
        self._funded = np.zeros(villages.size, np.bool_)

    def decide(self, month: int) -> YearOfRollout:
        """The year that begins with `month`: a pure function of what is seen."""
        coop = self.model.state.coop[self.row]
        running = (coop[COOP.since] > 0) & (coop[COOP.status] != DISSOLVED)
        order = order_of(self.rollout, self.seen(month))
        return plan_year(
            order, coop[COOP.since].astype(np.int64), running, (month - 1) // 12, self.has, self.needs,
            wait=not self.rollout.start_without_support,
        )  # fmt: skip

    def begin_year(self, month: int) -> None:
        """Decide, and let the villages whose turn it is begin. Before local governments make their schedule."""
        model, year = self.model, self.decide(month)
        self.years.append(year)
        coop = model.state.coop[self.row]
        self._funded = (coop[COOP.since] > 0) & (coop[COOP.capital] > 0)
        self._funded[year.funded] = True
        here = np.zeros(self._funded.size, np.bool_)
        here[year.starts] = True
        found_here(
            model.sample, model.state, self.row, self.arm, here, month, model.key, model.interactions, self._funded, model.edits
        )

    def limit_support(self) -> None:
        """Mentors and capital as far as they go. After local governments have made their schedule."""
        coop, mentored = self.model.state.coop[self.row], np.zeros(self._funded.size, np.bool_)
        mentored[self.years[-1].mentored] = True
        coop[COOP.mentor] = np.where(mentored, coop[COOP.mentor], 0.0)
        coop[COOP.capital] = np.where(self._funded, coop[COOP.capital], 0.0)
        coop[COOP.lent] = coop[COOP.capital] * (self.arm.payer == "cooperative")

    def so_far(self) -> RolloutSoFar:
        """What it decided, and what it saw when the arms parted and cannot see again."""
        return RolloutSoFar(list(self.years), self._standing["low10"], self._standing["low20"])

    def go_on(self, so_far: RolloutSoFar) -> None:
        """Take over what an office decided and saw before the country was stopped."""
        self.years = list(so_far.years)
        self._standing |= {"low10": so_far.low10, "low20": so_far.low20}

    def seen(self, month: int) -> Seen:
        """What the office sees at the start of the year."""
        coop = self.model.state.coop[self.row]
        return Seen(
            month=month, **self._standing,
            since=coop[COOP.since].astype(np.int64), status=coop[COOP.status],
            traded=coop[COOP.funded] != 0,
        )  # fmt: skip

    def _what_stands(self) -> dict:
        model = self.model
        sample, place, cells = model.sample, model.state.place, model.sample.cells
        key_figures = cells.select("district", "province", "district_id", "persons", "p0_pct", "area")
        district = np.unique(key_figures["district_id"].to_numpy(), return_inverse=True)[1]
        persons = key_figures["persons"].to_numpy().astype(float)
        headcount = np.bincount(district, persons * key_figures["p0_pct"].to_numpy()) / np.bincount(district, persons)
        names = dict(zip(district.tolist(), key_figures["district"].to_list(), strict=True))
        province = np.unique(key_figures["province"].to_numpy(), return_inverse=True)[1]
        low10, low20 = self._registry_shares()
        at = sample.cell
        record = dict(self.arm.p) | {s: parameters.entry(s).value(model.variant, RECORD) for s in
                                     ("start_trading", "start_open", "start_building", "start_legal")}  # fmt: skip
        p = self.arm.p
        return {
            "villages": place[PLACE.weight],
            "lot": place[PLACE.u_cover],
            "own_lot": uniforms(model.key, Stream.VILLAGE_FIXED_2, sample.village_ids)[:, 3],
            "headcount": headcount[district[at]],
            "low10": low10,
            "low20": low20,
            "Z": place[PLACE.Z],
            "access": place[PLACE.access],
            "quality": np.clip(p["q0"] + p["q0_sd"] * place[PLACE.q_normal], 0.05, 0.95),
            "recorded": start_status(place[PLACE.u_funnel], record),
            "district": district[at],
            "province": province[at],
            "cell": 2 * province[at] + (place[PLACE.urban] != 0),
            "names": tuple(names[number] for number in range(len(names))),
        }

    def _registry_shares(self) -> tuple[Floats, Floats]:
        registered, record = self.registry()
        sample, h = self.model.sample, self.model.state.life[LIFE.h]
        return low_shares(sample.ids, registered, record, sample.weight, h, sample.village)

    def registry(self) -> tuple[NDArray[np.bool_], Floats]:
        """Who is on the registry in this arm, and the record of each [H]."""
        life = self.model.state.life
        return life[LIFE.u_reg] < self.arm.p["r_reg"], self.model.state.home[self.row, HOME.record]


def low_shares(
    ids: NDArray[np.uint64],
    registered: NDArray[np.bool_],
    record: Floats,
    weight: Floats,
    h: Floats,
    village: NDArray[np.int32],
) -> tuple[Floats, Floats]:
    """Share of each village's families that the registry holds in the nation's lowest decile, and lowest two [V].

    By household [H]: id, on the registry or not, record, real households of the nation and of the village, row of the village.
    """
    order = np.lexsort((ids, np.where(registered, record, np.inf)))
    below = np.empty_like(record)
    below[order] = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    everyone = np.bincount(village, weights=h)
    low = [np.bincount(village, weights=h * (registered & (below < part))) / everyone for part in (0.1, 0.2)]
    return low[0], low[1]
