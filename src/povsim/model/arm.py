"""An arm of a comparison as the model lives it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from povsim.config.rollout import Rollout


@dataclass(frozen=True)
class Arm:
    """What is in force in one arm.

    p: complete set of parameters by symbol (cooperative scenario included); programmes: factor on the benefits of each
    programme by name (absent: not in force); cooperative: whether there are new cooperatives; payer of the cooperatives;
    coverage: share of villages that get one; rollout: who begins when, None where all that are covered begin in month 1.
    """

    name: str
    p: Mapping[str, float]
    programmes: Mapping[str, float] = field(default_factory=dict)
    cooperative: bool = False
    payer: str = "village_fund"
    coverage: float = 1.0
    rollout: "Rollout | None" = None

    def scaled(self, factor: float) -> "Arm":
        """The same arm with every benefit multiplied by `factor`."""
        return replace(self, programmes={name: factor * x for name, x in self.programmes.items()})
