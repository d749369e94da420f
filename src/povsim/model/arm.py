"""An arm of a comparison as the model lives it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from povsim.config.rollout import Rollout


@dataclass(frozen=True)
class Arm:
    """What is in force in one arm.

    p: complete set of parameters by symbol (cooperative scenario included); programmes: factor on the benefits of each
    programme by name (absent: not in force); cooperative: whether there are new cooperatives; payer of the cooperatives;
    coverage: share of villages that get one; quotas: factor on the families of each programme (absent: 1); grant: Rp per
    family in months 1, 2, ... of programme `equal_grant`; aid_until: last month of today's aid; graduation_years: years after
    which a family with labour leaves today's aid; registry_cost: Rp per household of the nation, once at the start and per
    year, beyond what today's registry costs; registered_before: share that was registered before t = 0, the others get their
    first record when the arms part; rollout: who begins when, None where
    all that are covered begin in month 1.
    """

    name: str
    p: Mapping[str, float]
    programmes: Mapping[str, float] = field(default_factory=dict)
    cooperative: bool = False
    payer: str = "village_fund"
    coverage: float = 1.0
    quotas: Mapping[str, float] = field(default_factory=dict)
    grant: tuple[float, ...] = ()
    aid_until: int | None = None
    graduation_years: int | None = None
    registry_cost: tuple[float, float] = (0.0, 0.0)
    registered_before: float = 1.0
    rollout: "Rollout | None" = None
