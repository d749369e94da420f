"""Local government, equation (19): village funds, works for the poor, co-funding of cooperatives; once a year, on arrays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import mesa
import numpy as np
from numpy.typing import NDArray

from povsim.population.columns import COOP

if TYPE_CHECKING:
    from povsim.model.arm import Arm
    from povsim.model.country import Country

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DistrictView:
    """What the local government of a district sees of one arm when it decides, one entry a village of the district [k].

    month: first month of the year; funds: Rp a year of village funds; listed: real households with labour on the works
    list; covered: whether the programme founds a cooperative here; status of the cooperative; since: month
    in which the programme began here, 0 if it has not.
    """

    month: int
    arm: "Arm"
    funds: Floats
    listed: Floats
    covered: NDArray[np.bool_]
    status: Floats
    since: Floats


@dataclass(frozen=True)
class DistrictSchedule:
    """The year's schedule, one entry a village [k]: works Rp a month per listed household; mentoring intensity; capital Rp
    at the first trade; lost: works that were displaced, Rp a month of the village."""

    works: Floats
    mentor: Floats
    capital: Floats
    lost: Floats


class LocalGovernment(mesa.Agent):
    """Government of one district (of one stratum where districts were merged). Subclass and override `decide`."""

    def __init__(self, model: "Country", villages: NDArray[np.int64]) -> None:
        super().__init__(model)
        self.villages = villages

    def decide(self, view: DistrictView) -> DistrictSchedule:
        """(19) A share of village funds pays works wages to listed households; where the village fund pays for the cooperative,
        a part of the funds is displaced for `displaced_months` from its start; mentoring and capital as in the scenario."""
        p = view.arm.p
        months = view.month - np.maximum(view.since, 1) + 1
        pays = (view.arm.payer == "village_fund") & (months >= 1) & (months <= p["displaced_months"])
        share = np.where(view.covered & pays, p["displaced"], 0.0)
        budget = p["works_share"] * view.funds / 12
        works = np.divide(budget * (1 - share), view.listed, out=np.zeros_like(budget), where=view.listed > 0)
        return DistrictSchedule(
            works=works,
            mentor=np.where(view.covered, p["mentor"], 0.0),
            capital=np.where(view.covered, p["capital"], 0.0),
            lost=budget * share,
        )


SCHEDULED = {"works": COOP.works, "mentor": COOP.mentor, "capital": COOP.capital}
"""Where each part of the schedule is kept."""
