"""The living state of a run: the sample's tables, branched into arms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from povsim.population.columns import COOP_COLUMNS
from povsim.population.sample import Sample

Floats = NDArray[np.float64]


@dataclass
class State:
    """Tables as in `povsim.population.columns` at the end of month t.

    life [LIFE, H], home [arm, HOME, H], place [PLACE, V], coop [arm, COOP, V].
    """

    t: int
    life: Floats
    home: Floats
    place: Floats
    coop: Floats

    @classmethod
    def first(cls, sample: Sample, t: int) -> "State":
        """One arm, no cooperatives, before the first month."""
        coop = np.zeros((1, len(COOP_COLUMNS), sample.village_ids.size))
        return cls(t, sample.life.copy(), sample.home.copy(), sample.place.copy(), coop)

    def branch(self, arms: int) -> "State":
        """The first arm of this state copied into `arms` arms; the original is untouched."""
        home, coop = (np.empty((arms, *table.shape[1:])) for table in (self.home, self.coop))
        home[:], coop[:] = self.home[0], self.coop[0]
        return State(self.t, self.life.copy(), home, self.place.copy(), coop)

    def copy(self) -> "State":
        """The same in tables of its own."""
        return State(self.t, self.life.copy(), self.home.copy(), self.place.copy(), self.coop.copy())
