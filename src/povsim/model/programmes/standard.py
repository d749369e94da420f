"""PKH and Sembako as published, and programmes that a user writes in YAML."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from povsim.model.programmes.programme import Floats, Programme, Registry

if TYPE_CHECKING:
    from povsim.config.programmes import Delivery, ProgrammeSpec
    from povsim.model.country import Country

QUARTER_STARTS = (0, 3, 6, 9)


class PKH(Programme):
    """Program Keluarga Harapan: cash paid quarterly to the poorest registered families, recertified every two years."""

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

    def __init__(self, model: "Country", p: dict[str, float]) -> None:
        super().__init__(model, "sembako", families=p["sembako_families"], delivered=p["delivered"], cost_share=p["aid_admin"])
        self.idr_month = p["sembako_idr_month"]

    def gross(self, month: int) -> Floats:
        return np.full(12, self.idr_month)


def _spent(p: dict[str, float], delivery: "Delivery") -> float:
    """Share of the amount that the purse pays where the leakage is given: what is delivered and what leaks."""
    delivered = p["delivered"] if delivery.delivered_share is None else delivery.delivered_share
    return min(1.0, delivered + (delivery.leakage or 0.0))


class ConfiguredProgramme(Programme):
    """A programme as `programmes.<name>` describes it: product x delivery x eligibility."""

    def __init__(self, model: "Country", p: dict[str, float], spec: "ProgrammeSpec") -> None:
        self.product = spec.product
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
    """PKH, Sembako and the configured ones, in the order of their bits."""
    return [PKH(model, p), Sembako(model, p), *(ConfiguredProgramme(model, p, spec) for spec in specs)]
