"""PKH and Sembako as published, the packages of arms with equal money, and programmes that a user writes in YAML."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from povsim.model.programmes.programme import Floats, Programme, Registry
from povsim.model.registry import positions

if TYPE_CHECKING:
    from povsim.config.programmes import Delivery, ProgrammeSpec
    from povsim.model.arm import Arm
    from povsim.model.country import Country

QUARTER_STARTS = (0, 3, 6, 9)


class PKH(Programme):
    """Program Keluarga Harapan: cash paid quarterly to the poorest registered families, recertified every two years."""

    todays = True

    def __init__(self, model: "Country", p: dict[str, float]) -> None:
        super().__init__(
            model,
            "pkh",
            families=p["pkh_families"],
            delivered=p["delivered"],
            cost_share=p["aid_admin"],
            recertified=24,
        )
        self.idr_year = p["pkh_idr_year"]

    def gross(self, month: int) -> Floats:
        paid = np.zeros(12)
        paid[list(QUARTER_STARTS)] = self.idr_year / 4
        return paid


class Sembako(Programme):
    """Sembako (BPNT): food of a fixed value each month to the poorest registered families, recertified every year."""

    product = "food"
    todays = True

    def __init__(self, model: "Country", p: dict[str, float]) -> None:
        super().__init__(model, "sembako", families=p["sembako_families"], delivered=p["delivered"], cost_share=p["aid_admin"])
        self.idr_month = p["sembako_idr_month"]

    def gross(self, month: int) -> Floats:
        return np.full(12, self.idr_month)


class Grant(Programme):
    """Equal money as a grant: the families on Sembako get what the cooperatives of another arm cost, in the month of outlay."""

    def __init__(self, model: "Country", p: dict[str, float]) -> None:
        super().__init__(
            model, "equal_grant", families=p["sembako_families"], delivered=p["delivered"], cost_share=p["aid_admin"], start=1
        )

    def gross_in(self, month: int, arm: "Arm") -> Floats:
        paid = np.zeros(12)
        known = np.asarray(arm.grant[max(0, month - 1) : month + 11], np.float64)
        paid[: known.size] = known
        return paid


class _Package(Programme):
    """What the poorest registered families with labour get once; the families of the nation are the arm's quota."""

    def __init__(self, model: "Country", name: str, p: dict[str, float], **given: Any) -> None:
        super().__init__(model, name, families=1.0, start=1, months=12, **given)

    def enrol(self, registry: Registry) -> NDArray[np.bool_]:
        able = np.where(registry.labour > 0, registry.position, np.inf)
        place = positions(able, np.isfinite(able), registry.weight, registry.district)
        model: Country = self.model
        return place <= registry.quota * self.families / model.nation.poor_persons * registry.poor_persons


class Assets(_Package):
    """Productive assets, handed over once, in the first month."""

    product = "asset"

    def __init__(self, model: "Country", p: dict[str, float]) -> None:
        super().__init__(model, "equal_assets", p, delivered=p["delivered"], cost_share=p["aid_admin"])
        self.idr = p["asset_idr"]

    def gross(self, month: int) -> Floats:
        return np.where(month + np.arange(12) == 1, self.idr, 0.0)


class Coaching(_Package):
    """Coaching of the families that get assets, over the first year: the money goes to coaches, the families learn."""

    product = "training"

    def __init__(self, model: "Country", p: dict[str, float]) -> None:
        super().__init__(model, "equal_coaching", p)
        self.idr, self.gain = p["coach_idr"], p["coach_gain"]

    def gross(self, month: int) -> Floats:
        return np.full(12, self.idr / 12) if month == 1 else np.zeros(12)


def _spent(p: dict[str, float], delivery: "Delivery") -> float:
    """Share of the amount that the purse pays where the leakage is given: what is delivered and what leaks."""
    delivered = p["delivered"] if delivery.delivered_share is None else delivery.delivered_share
    return min(1.0, delivered + (delivery.leakage or 0.0))


class ConfiguredProgramme(Programme):
    """A programme as `programmes.<name>` describes it: product x delivery x eligibility."""

    def __init__(self, model: "Country", p: dict[str, float], spec: "ProgrammeSpec") -> None:
        self.product = spec.product
        self.gain = spec.gain or 0.0
        delivery = spec.delivery
        super().__init__(
            model,
            spec.name,
            families=spec.eligibility.families or 0.0,
            delivered=p["delivered"] if delivery.delivered_share is None else delivery.delivered_share,
            cost_share=p["aid_admin"] if delivery.cost_share is None else delivery.cost_share,
            spent=1.0 if delivery.leakage is None else _spent(p, delivery),
            start=delivery.start_month,
            months=delivery.duration_months,
        )
        self.spec = spec

    def gross(self, month: int) -> Floats:
        delivery = self.spec.delivery
        paid = np.zeros(12)
        if delivery.calendar == "monthly":
            paid[:] = self.spec.amount_idr_month
        elif delivery.calendar == "quarterly":
            paid[list(QUARTER_STARTS)] = 3 * (self.spec.amount_idr_month or 0.0)
        elif month <= delivery.start_month < month + 12:
            paid[delivery.start_month - month] = self.spec.amount_idr
        return paid

    def enrol(self, registry: Registry) -> NDArray[np.bool_]:
        rule = self.spec.eligibility
        chosen: NDArray[np.bool_] = {
            "register_score": lambda: (
                super(ConfiguredProgramme, self).enrol(registry)
                if rule.share is None
                else registry.position <= rule.share * registry.households_of_district
            ),
            "bottom_share": lambda: registry.position <= (rule.share or 0.0) * registry.households_of_district,
            "poor": lambda: registry.consumption < 1.0,
            "members": lambda: registry.member,
            "province": lambda: np.isin(registry.province, rule.provinces or ()),
            "all": lambda: np.ones(registry.weight.size, np.bool_),
        }[rule.rule]()
        if rule.random_share < 1.0:
            chosen = chosen & (self.chance(registry.ids) < rule.random_share)
        return chosen


def standard_programmes(model: "Country", p: dict[str, float], specs: Any = ()) -> list[Programme]:
    """PKH, Sembako, the packages and the configured ones, in the order of their bits."""
    built_in = [PKH(model, p), Sembako(model, p), Grant(model, p), Assets(model, p), Coaching(model, p)]
    return [*built_in, *(ConfiguredProgramme(model, p, spec) for spec in specs)]
