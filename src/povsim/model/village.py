"""A village as an agent: what a user may inspect, and where a village can decide otherwise than its district."""

from typing import TYPE_CHECKING

import mesa
import numpy as np

from povsim.population.columns import COOP, COOP_COLUMNS, PLACE, PLACE_COLUMNS, STATUS

if TYPE_CHECKING:
    from povsim.model.country import Country


class Village(mesa.Agent):
    """One simulated village. `row` is its place in the tables of the country.

    Subclass it and override `decide` to change what a village does with the schedule that its local government made; the
    default leaves the schedule as it is and costs nothing.
    """

    def __init__(self, model: "Country", row: int) -> None:
        super().__init__(model)
        self.row = row

    def decide(self, month: int, arm: str, schedule: dict[str, float]) -> dict[str, float]:
        """The year's schedule of this village in one arm: covered, mentor, capital, works (see COOP columns)."""
        return schedule

    def traits(self) -> dict[str, float]:
        """What no arm can change, by name of `PLACE_COLUMNS`."""
        model: Country = self.model
        return {name: float(model.state.place[getattr(PLACE, name), self.row]) for name in PLACE_COLUMNS}

    def cooperative(self, arm: str) -> dict[str, float | str]:
        """State of the cooperative in an arm, by name of `COOP_COLUMNS`; status in words."""
        model: Country = self.model
        table = model.state.coop[model.arm_row(arm)]
        state: dict[str, float | str] = {name: float(table[getattr(COOP, name), self.row]) for name in COOP_COLUMNS}
        state["status"] = STATUS[int(np.int64(table[COOP.status, self.row]))]
        return state
