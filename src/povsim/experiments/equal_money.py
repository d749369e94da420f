"""Equal money: assistance that costs what another arm costs, in three forms (model page, section 6).

`benefits`: today's benefits times a constant, throughout; `grant`: what the cooperatives cost, paid to the families on
Sembako in the month of outlay; `families`: today's benefits to more families. The level of each is solved so that the
expected present values agree; which form an arm takes is chosen on other draws than those of the comparison, by the share
of the structurally poor who leave poverty for good. Arm `aid_assets` spends the same money on productive assets and coaching.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config.arms import ArmSpec
from povsim.experiments.replicate import Replicate
from povsim.measures.cost import present_value
from povsim.model.arm import Arm

Floats = NDArray[np.float64]

FORMS = ("benefits", "grant", "families")
ASSETS = "assets"
AGREEMENT = 0.002
"""Costs of an arm and its twin are brought this close, as a share; the contract is 1 %."""
CONTRACT = 0.01
"""Costs that differ by more than this share are not equal money, and the run says so."""
TRIES = 4
CHOICE_FIRST = 1_000_000
"""Number of the first replicate on which the form is chosen; those of a comparison are below 10,000."""
CHOICE_REPLICATES = 4


@dataclass
class Twin:
    """An arm of equal cost while its level is sought.

    target: public cost to be matched, Rp; today: cost of today's aid, Rp; shape: Rp that the matched arm's cooperatives cost in
    months 1, 2, ...; families: on Sembako under today's aid, in the same population as the money; points: (level, cost) lived
    so far; first: the level to begin at.
    """

    spec: ArmSpec
    form: str
    target: float
    today: float
    shape: Floats
    families: float
    points: list[tuple[float, float]] = field(default_factory=list)
    first: float = 1.0

    def first_level(self, arm: Arm) -> float | None:
        """The level at which costs should agree, from what a unit of the form costs; None where none of 0 or more can."""
        more = self.target - self.today
        if self.form in ("benefits", "families"):
            return self.target / self.today if self.today > 0.0 else None
        if more < 0.0:
            return None
        if self.form == ASSETS:
            p = arm.p
            first_month = (1.0 + p["discount"]) ** (-1 / 12)
            coaching = present_value(np.full(12, p["coach_idr"] / 12), p["discount"])
            package = float(p["asset_idr"] * (1.0 + p["aid_admin"]) * first_month + coaching)
            return more / package * p["sembako_families"] / self.families if package > 0.0 else None  # quotas of the nation
        whole = (1.0 + arm.p["aid_admin"]) * float(present_value(self.shape, arm.p["discount"]))
        return more / whole if whole > 0.0 else None

    def lived(self, base: Arm, level: float, name: str | None = None) -> Arm:
        """The arm at a level of its form; `base` has today's aid and nothing else."""
        arm = replace(base, name=name or self.spec.name)
        if self.form == "benefits":
            return replace(arm, programmes={g: level * x for g, x in arm.programmes.items()})
        if self.form == "families":
            return replace(arm, quotas=dict.fromkeys(arm.programmes, level))
        if self.form == "grant":
            return replace(arm, programmes={**arm.programmes, "equal_grant": level}, grant=tuple(self.shape / self.families))
        return replace(
            arm,
            programmes={**arm.programmes, "equal_assets": 1.0, "equal_coaching": 1.0},
            quotas={"equal_assets": level, "equal_coaching": level},
        )

    def next_level(self) -> float:
        """Secant through the last two points; today's aid alone is one of them."""
        nothing = 1.0 if self.form in ("benefits", "families") else 0.0
        (x0, c0), (x1, c1) = [(nothing, self.today), *self.points][-2:]
        if c1 == c0:
            return x1
        return max(0.0, x1 + (self.target - c1) * (x1 - x0) / (c1 - c0))

    @property
    def gap(self) -> float:
        """Cost of the last point over the target, less 1."""
        return self.points[-1][1] / self.target - 1.0


def lived_money(arm: Arm) -> dict[str, Any]:
    """What the money of an arm of equal cost became: enough, with `model_arm`, to live it again (`with_money`)."""
    return {"programmes": dict(arm.programmes), "quotas": dict(arm.quotas), "grant": list(arm.grant)}


def with_money(arm: Arm, lived: Mapping[str, Any]) -> Arm:
    """The arm of equal cost at the level that was solved for, from `lived_money`."""
    return replace(arm, programmes=lived["programmes"], quotas=lived["quotas"], grant=tuple(lived["grant"]))


def outlays_of_cooperatives(replicates: Sequence[Replicate], arm: str) -> Floats:
    """What the cooperatives of an arm cost the public in months 1, 2, ..., Rp, mean over replicates [T]."""
    return np.asarray(np.mean([r.outcomes[arm].cooperative_outlay for r in replicates], axis=0))


def families_on_sembako(replicates: Sequence[Replicate]) -> float:
    """Families on Sembako under today's aid, mean over years and replicates."""
    return float(np.mean([r.outcomes["aid"].families["sembako"] for r in replicates]))


def choose_forms(
    candidates: dict[str, dict[str, Arm]], live: Callable[[list[Arm]], list[Replicate]]
) -> tuple[dict[str, str], list[dict[str, object]]]:
    """The form of each twin with most permanent exits on other draws, and a row a twin and form with its share of exits.

    `candidates`: by name of the twin and form, the arm at the level that should cost the same; `live` lives arms on the draws
    of the choice. The first form wins a tie.
    """
    lived = live([arm for forms in candidates.values() for arm in forms.values()])
    chosen: dict[str, str] = {}
    rows: list[dict[str, object]] = []
    for name, forms in candidates.items():
        shares = {form: _permanent(lived, arm.name) for form, arm in forms.items()}
        chosen[name] = max(shares, key=lambda form: -1.0 if (share := shares[form]) is None else share)
        rows += [{"arm": name, "form": form, "E4": share, "chosen": form == chosen[name]} for form, share in shares.items()]
    return chosen, rows


def _permanent(replicates: Sequence[Replicate], arm: str) -> float | None:
    """Share of the structurally poor with E4, mean over the replicates that have any of them; None if none has."""
    shares = []
    for r in replicates:
        weight = r.weight[r.structural]
        if weight.sum() > 0:
            shares.append(float(weight @ (r.outcomes[arm].tau["E4"][r.structural] > 0) / weight.sum()))
    return float(np.mean(shares)) if shares else None
