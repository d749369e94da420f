"""What an aid programme is: product x delivery x eligibility, decided at its own calendar on arrays. Equations (16), (17).

To add one, subclass `Programme` and override `enrol` (who) or `gross` (how much and when), or write the same in YAML
(`programmes.<name>=...`, see `povsim.config`). A programme decides once a year for every arm in which it runs; it sees
arrays (`Registry`) and returns arrays, and no household is ever a Python object.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mesa
import numpy as np
from numpy.typing import NDArray

from povsim.draws import Stream, uniforms
from povsim.errors import PovsimError
from povsim.population.columns import HOME

if TYPE_CHECKING:
    from povsim.model.arm import Arm
    from povsim.model.country import Country
    from povsim.model.finance import Terms

Floats = NDArray[np.float64]
PRODUCTS = ("cash", "food", "asset", "training", "credit", "savings_group")


@dataclass(frozen=True)
class Registry:
    """What a programme sees of one arm when it decides, one entry a household [H].

    month: t of the first month of the year. position: place in the district's list, poorest first, in real households
    (infinite where unregistered). weight: real households of the nation. poor_persons: poor persons (published) of the
    household's district, by which quotas are allotted. consumption: mean of the last twelve months, L. quota: factor on the
    families of the programme that looks at it. district: number of the household's district (stratum).
    """

    month: int
    arm: str
    position: Floats
    registered: NDArray[np.bool_]
    weight: Floats
    size: Floats
    line_idr: Floats
    urban: NDArray[np.bool_]
    province: NDArray[np.str_]
    member: NDArray[np.bool_]
    consumption: Floats
    labour: Floats
    poor_persons: Floats
    households_of_district: Floats
    ids: NDArray[np.uint64]
    district: NDArray[np.int64]
    quota: float = 1.0


class Programme(mesa.Agent):
    """An aid programme.

    name; product `cash`, `food` (both spent like income), `asset` (becomes productive assets) or `training` (what is paid goes
    to trainers, and raises what labour and enterprise earn by the share `gain`); families: quota of the nation; payer: the
    purse; delivered: share that reaches the family; spent: share of the gross amount that the purse pays (delivered and
    leaked); cost_share: cost of delivery over outlay; recertified: months between two enrolments; start, months: when it runs
    (None: throughout, burn-in included).
    """

    product: str = "cash"
    payer: str = "state_aid"
    todays: bool = False
    """Whether it is part of today's assistance, from which families may graduate."""
    gain: float = 0.0
    in_lines: bool = False
    """Whether the amounts are in L, poverty lines of the family, not in Rp."""
    terms: "Terms | None" = None
    """Terms of the loans or deposits of a product credit or savings_group."""

    def __init__(
        self,
        model: "Country",
        name: str,
        *,
        families: float = 0.0,
        delivered: float = 1.0,
        spent: float = 1.0,
        cost_share: float = 0.0,
        recertified: int = 12,
        start: int | None = None,
        months: int | None = None,
    ) -> None:
        super().__init__(model)
        if self.product not in PRODUCTS:
            raise PovsimError(f"Programme '{name}' has product '{self.product}'. Accepted: {', '.join(PRODUCTS)}.")
        self.name = name
        self.families = families
        self.delivered = delivered
        self.spent = spent
        self.cost_share = cost_share
        self.recertified = recertified
        self.start = start
        self.months = months

    def runs(self, month: int) -> bool:
        """Whether the programme pays anything in the year that begins with `month`."""
        first = -np.inf if self.start is None else self.start
        last = np.inf if self.months is None else first + self.months
        return bool(first < month + 12 and month < last)

    def teach(self, home: Floats, who: NDArray[np.bool_], month: int) -> None:
        """Raise what labour and enterprise of `who` [H] earn to the gain, in place in `home` [HOME, H]; never lower it."""
        for column in (HOME.skill, HOME.skill_w):
            home[column] = np.where(who, np.maximum(home[column], 1.0 + self.gain), home[column])

    def holds(self, month: int) -> bool:
        """Whether families stay enrolled in a year in which nothing is paid, as those do who owe or save."""
        return False

    def recertifies(self, month: int) -> bool:
        """Whether enrolment is decided anew in the year that begins with `month`."""
        return (month - 1) % self.recertified == 0 or (self.start is not None and month <= self.start < month + 12)

    def enrol(self, registry: Registry) -> NDArray[np.bool_]:
        """Who is enrolled [H]: the lowest scores of each district up to its quota (poor persons x families per poor person)."""
        model: Country = self.model
        quota = registry.quota * self.families / model.nation.poor_persons * registry.poor_persons
        return registry.position <= quota

    def gross(self, month: int) -> Floats:
        """Rp per enrolled family in each of the twelve months that begin with `month`, before leakage [12]."""
        raise NotImplementedError(f"Programme '{self.name}' has to say what it pays: override gross().")

    def gross_in(self, month: int, arm: "Arm") -> Floats:
        """`gross` in one arm [12]; the same in all unless a subclass says otherwise."""
        return self.gross(month)

    def amounts(self, month: int, arm: "Arm") -> Floats:
        """`gross_in` with months outside start..start+months, or after the arm's last month of today's aid, set to 0 [12]."""
        paid = np.asarray(self.gross_in(month, arm), np.float64)
        t = month + np.arange(12)
        if self.start is not None:
            paid = np.where(t < self.start, 0.0, paid)
            if self.months is not None:
                paid = np.where(t >= self.start + self.months, 0.0, paid)
        if self.todays and arm.aid_until is not None:
            paid = np.where(t > arm.aid_until, 0.0, paid)
        return paid

    def chance(self, ids: NDArray[np.uint64]) -> Floats:
        """A fixed uniform of each household for this programme, keyed by its name: for lotteries and trials."""
        model: Country = self.model
        code = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], "little")
        return uniforms(model.key, Stream.PROGRAMME, ids, alternative=code)[:, 0]
