"""`povsim trial`: who is drawn, what they get, when they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from povsim.config import checks, read
from povsim.config.defaults import config_folder, group_choices
from povsim.errors import PovsimError

UNITS = ("household", "village")
STRATA = ("none", "district", "village")
RULES = ("all", "poor", "structurally_poor", "bottom_share")
PRODUCTS = ("cash", "food", "asset", "training", "coaching", "credit", "savings_group", "community", "cooperative")
OF_A_VILLAGE = ("community", "cooperative")
TODAYS_AID = ("pkh", "sembako")
CORRECTIONS = ("CR1", "CR2")
RECALLS = ("month", "year")
MONTHS_MAX = 144
AMOUNT_MAX_L, AMOUNT_MAX_IDR = 1_000.0, 1e11
EXAMPLE = "components.assets={product: asset, amount_L: 4}"

_PAID = ("amount_L", "amount_idr", "calendar", "delivered_share")
_READS: Mapping[str, tuple[str, ...]] = {
    "cash": _PAID,
    "food": _PAID,
    "asset": _PAID,
    "training": ("gain", "on_ability"),
    "coaching": ("gain", "on_ability", "lasting"),
    "credit": ("rate", "limit_L", "tenor", "iota"),
    "savings_group": ("deposit_L",),
    "community": ("amount_idr",),
    "cooperative": ("scenario",),
}
_COMMON = ("product", "month", "months", "take_up")


@dataclass(frozen=True, slots=True)
class Component:
    """One thing that an arm gets."""

    name: str
    """Name that arms refer to."""
    product: str
    """`cash`, `food`, `asset`, `training`, `coaching`, `credit`, `savings_group`; of a village `community`, `cooperative`."""
    month: int = 1
    """First month, 1 being the month after the lot."""
    months: int | None = None
    """Months it lasts; None: once, where it is paid once, else to the end."""
    take_up: float = 1.0
    """Share of those offered it who take it, 0 to 1; the effect is that of the offer."""
    amount_L: float | None = None
    """Poverty lines of the family: in all with calendar once, else a month."""
    amount_idr: float | None = None
    """Rupiah of the family, likewise; of `community`: of the village and year."""
    calendar: str = "once"
    """`once`, `monthly` or `quarterly` (three months' amount every third month)."""
    delivered_share: float = 1.0
    """Share of the amount that reaches the family."""
    gain: float | None = None
    """Share by which earnings rise."""
    on_ability: float = 0.5
    """Part of the gain that goes to ability (the enterprise); the rest goes to earning capacity w."""
    lasting: float = 0.0
    """Share of the gain of coaching that is left when it ends."""
    rate: float | None = None
    """Interest a year of credit."""
    limit_L: float | None = None
    """Largest loan, L; never more than two months of expected income."""
    tenor: int = 12
    """Months in which a loan is repaid."""
    iota: float = 0.6
    """Part of a loan that becomes assets."""
    deposit_L: float | None = None
    """Deposit in a savings group, L a month."""
    scenario: str | None = None
    """Scenario of the cooperative that a village gets."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """An arm beside the control."""

    name: str
    share: float
    """Share of the units drawn into it."""
    components: tuple[str, ...]
    """Names of what it gets; none: nothing."""


@dataclass(frozen=True, slots=True)
class Eligible:
    """Who may be treated."""

    rule: str
    share: float | None
    able: bool


@dataclass(frozen=True, slots=True)
class SurveyKeys:
    """How a household is observed; as `povsim.experiments.observe.Survey`."""

    sigma_me: float | None
    sigma_income: float | None
    sigma_assets: float | None
    recall: str
    forgotten: float
    attrition: float
    households: int | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A randomised trial."""

    recipe: str | None
    """Name of the recipe that it came from."""
    eligible: Eligible
    components: tuple[Component, ...]
    treatments: tuple[Treatment, ...]
    todays_aid: tuple[str, ...]
    """What of today's assistance goes on for everybody."""
    unit: str
    strata: str
    waves: tuple[int, ...]
    survey: SurveyKeys
    adjusted: bool
    weighted: bool
    correction: str
    level: float
    quantile_draws: int

    @property
    def scenario(self) -> str | None:
        """Scenario of the cooperatives that villages get, if any do."""
        return next((c.scenario for c in self.components if c.product == "cooperative"), None)

    def plain(self) -> dict[str, Any]:
        """The keys as they are written and read back."""
        keys = {name: getattr(self, name) for name in self.__slots__}
        keys |= {
            "eligible": asdict(self.eligible),
            "survey": asdict(self.survey),
            "waves": list(self.waves),
            "todays_aid": list(self.todays_aid),
        }
        keys["components"] = {c.name: _given(c) for c in self.components}
        keys["treatments"] = {t.name: {"share": t.share, "components": list(t.components)} for t in self.treatments}
        return keys


def _given(component: Component) -> dict[str, Any]:
    keys = ("product", "month", "months", "take_up", *_READS[component.product])
    return {key: getattr(component, key) for key in keys if getattr(component, key) is not None}


def trial_from(keys: Mapping[str, Any]) -> Trial:
    """Check the keys that only `povsim trial` has. Raises PovsimError."""
    components = _named("components", keys["components"], _component)
    treatments = _named("treatments", keys["treatments"], lambda name, value: _treatment(name, value, components))
    unit = read.choice("unit", keys["unit"], UNITS)
    strata = read.choice("strata", keys["strata"], STRATA)
    waves = _waves(keys["waves"])
    fail_if_nobody_is_treated_or_left(treatments)
    fail_if_a_component_needs_villages(unit, components)
    fail_if_villages_are_drawn_within_villages(unit, strata)
    fail_if_cooperatives_differ(components)
    fail_if_a_component_begins_after_the_end(components, waves)
    return Trial(
        recipe=None if keys["recipe"] is None else str(keys["recipe"]),
        eligible=_eligible(keys["eligible"]),
        components=components,
        treatments=treatments,
        todays_aid=_todays_aid(keys["todays_aid"]),
        unit=unit,
        strata=strata,
        waves=waves,
        survey=_survey(keys["survey"]),
        adjusted=read.switch("adjusted", keys["adjusted"]),
        weighted=read.switch("weighted", keys["weighted"]),
        correction=read.choice("correction", keys["correction"], CORRECTIONS),
        level=read.number("level", keys["level"], 0.5, 0.999),
        quantile_draws=read.whole("quantile_draws", keys["quantile_draws"], 0, 10_000),
    )


def recipes() -> tuple[str, ...]:
    """Names of the recipes that povsim brings."""
    return tuple(sorted(path.stem for path in (config_folder() / "trial").glob("*.yaml")))


def recipe_from(name: str) -> dict[str, Any]:
    """Content of a recipe, of povsim by name or of the user by path; with `about`, which is no key of a scenario."""
    file = Path(name).expanduser() if name.endswith((".yaml", ".yml")) else config_folder() / "trial" / f"{name}.yaml"
    if not name.endswith((".yaml", ".yml")):
        checks.fail_if_unknown_choice("recipe", name, recipes())
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PovsimError(f"recipe = {name}: there is no such file. Accepted: {', '.join(recipes())}, or a path.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        first = str(error).strip().splitlines()[0]
        raise PovsimError(f"recipe = {name} cannot be read as YAML: {first}.") from error
    checks.fail_if_not_a_mapping("recipe", content, "waves: [0, 12]")
    assert isinstance(content, dict)
    return content


def _named(where: str, value: object, make: Any) -> tuple[Any, ...]:
    checks.fail_if_not_a_mapping(where, value, EXAMPLE)
    assert isinstance(value, Mapping)
    # null takes one of a recipe away
    return tuple(make(name, given) for name, given in value.items() if given is not None)


def _component(name: str, value: object) -> Component:
    where = f"components.{name}"
    checks.fail_if_bad_name("components", name)
    known = tuple(key for key in Component.__slots__ if key != "name")
    given = {key: item for key, item in read.keys(where, value, known, EXAMPLE).items() if item is not None}
    checks.fail_if_key_missing(where, given, ("product",))
    product = read.choice(f"{where}.product", given["product"], PRODUCTS, ("insurance", "price_support"))
    fail_if_product_ignores_a_key(where, product, given)
    fail_if_product_lacks_a_key(where, product, given)
    numbers = {
        "amount_L": (0.0, AMOUNT_MAX_L), "amount_idr": (0.0, AMOUNT_MAX_IDR), "take_up": (0.0, 1.0), "gain": (0.0, 1.0),
        "delivered_share": (0.0, 1.0), "on_ability": (0.0, 1.0), "lasting": (0.0, 1.0), "rate": (0.0, 3.0),
        "limit_L": (0.0, 100.0), "iota": (0.0, 1.0), "deposit_L": (0.0, 10.0),
    }  # fmt: skip
    found: dict[str, Any] = {
        key: read.number(f"{where}.{key}", given[key], *limits) for key, limits in numbers.items() if key in given
    }
    whole = {"month": (1, MONTHS_MAX), "months": (1, MONTHS_MAX), "tenor": (1, 120)}
    found |= {key: read.whole(f"{where}.{key}", given[key], *limits) for key, limits in whole.items() if key in given}
    if "calendar" in given:
        found["calendar"] = read.choice(f"{where}.calendar", given["calendar"], ("once", "monthly", "quarterly"))
    if "scenario" in given:
        found["scenario"] = read.choice(f"{where}.scenario", given["scenario"], group_choices("cooperative"))
    component = Component(name=name, product=product, **found)
    fail_if_what_is_paid_once_lasts(where, component)
    fail_if_it_does_not_go_by_the_year(where, component)
    return component


def _treatment(name: str, value: object, components: tuple[Component, ...]) -> Treatment:
    where = f"treatments.{name}"
    checks.fail_if_bad_name("treatments", name)
    fail_if_it_is_called_control(name)
    given = read.keys(where, value, ("share", "components"), "treatments.grant={share: .5, components: [cash]}")
    checks.fail_if_key_missing(where, given, ("share", "components"))
    names = given["components"]
    checks.fail_if_not_a_list(f"{where}.components", names, "[assets]")
    assert isinstance(names, list | tuple)
    for item in names:
        checks.fail_if_unknown_choice(f"{where}.components", item, [c.name for c in components])
    checks.fail_if_repeated(f"{where}.components", list(names))
    return Treatment(name, read.share(f"{where}.share", given["share"]), tuple(names))


def _eligible(value: object) -> Eligible:
    given = read.keys("eligible", value, Eligible.__slots__, "eligible.rule=poor")
    rule = read.choice("eligible.rule", given["rule"], RULES)
    share = None if given["share"] is None else read.share("eligible.share", given["share"])
    if (rule == "bottom_share") != (share is not None):
        raise PovsimError(
            f"eligible.share = {checks.shown(share)} with rule {rule}. Give a share with bottom_share, and only there."
        )
    return Eligible(rule, share, read.switch("eligible.able", given["able"]))


def _todays_aid(value: object) -> tuple[str, ...]:
    checks.fail_if_not_a_list("todays_aid", value, "[pkh,sembako]")
    assert isinstance(value, list | tuple)
    for name in value:
        checks.fail_if_unknown_choice("todays_aid", name, TODAYS_AID)
    return tuple(name for name in TODAYS_AID if name in value)


def _survey(value: object) -> SurveyKeys:
    given = read.keys("survey", value, SurveyKeys.__slots__, "survey.attrition=.1")
    errors = {
        key: None if given[key] is None else read.number(f"survey.{key}", given[key], 0.0, 2.0)
        for key in ("sigma_me", "sigma_income", "sigma_assets")
    }
    return SurveyKeys(
        **errors,
        recall=read.choice("survey.recall", given["recall"], RECALLS),
        forgotten=read.share("survey.forgotten", given["forgotten"]),
        attrition=read.share("survey.attrition", given["attrition"]),
        households=None if given["households"] is None else read.whole("survey.households", given["households"], 1, 10_000),
    )


def _waves(value: object) -> tuple[int, ...]:
    checks.fail_if_not_a_list("waves", value, "[0,12,24]")
    assert isinstance(value, list | tuple)
    checks.fail_if_empty("waves", value, "[0,12,24]")
    months = [read.whole("waves", month, 0, MONTHS_MAX) for month in value]
    if sorted(set(months)) != months or months[-1] == 0:
        raise PovsimError(
            f"waves = {list(value)}: months must rise, and one must come after month 0. For example waves=[0,12,24]."
        )
    return tuple(months)


def fail_if_product_ignores_a_key(where: str, product: str, given: Mapping[str, object]) -> None:
    """A key that the product does not read is refused, never skipped."""
    for key in given:
        if key not in (*_COMMON, *_READS[product]):
            reads = ", ".join((*_COMMON[1:], *_READS[product]))
            raise PovsimError(f"{where}.{key}: product {product} does not read it. It reads {reads}.")


def fail_if_product_lacks_a_key(where: str, product: str, given: Mapping[str, object]) -> None:
    """An amount, a gain, terms: what makes the product."""
    if product in ("cash", "food", "asset"):
        if ("amount_L" in given) == ("amount_idr" in given):
            raise PovsimError(f"{where} needs either amount_L (poverty lines of the family) or amount_idr (rupiah).")
        return
    needed = {
        "credit": ("rate", "limit_L"),
        "savings_group": ("deposit_L",),
        "community": ("amount_idr",),
        "cooperative": ("scenario",),
    }
    checks.fail_if_key_missing(where, given, needed.get(product, ("gain",)))


def fail_if_what_is_paid_once_lasts(where: str, c: Component) -> None:
    """What is paid once lasts no months."""
    if c.product in ("cash", "food", "asset") and c.calendar == "once" and c.months is not None:
        raise PovsimError(
            f"{where}.months = {c.months}: what is paid once lasts none. Leave it out, or give calendar: monthly."
        )


def fail_if_it_does_not_go_by_the_year(where: str, c: Component) -> None:
    """What is learned and what villages get is decided at the start of a year."""
    if c.product in ("training", "coaching", *OF_A_VILLAGE):
        if (c.month - 1) % 12 or (c.months is not None and c.months % 12):
            raise PovsimError(
                f"{where}: {c.product} begins in month 1, 13, 25, ... and lasts whole years. Change month or months."
            )
        if c.product == "cooperative" and (c.month != 1 or c.months is not None):
            raise PovsimError(f"{where}: a cooperative begins in month 1 and has no months. Leave both out.")
        if c.product in OF_A_VILLAGE and c.take_up != 1.0:
            raise PovsimError(f"{where}.take_up: what is given to a village is not taken up by families. Leave it out.")


def fail_if_it_is_called_control(name: str) -> None:
    """The control is what the shares leave."""
    if name == "control":
        raise PovsimError("treatments.control: the control is what the shares of the other arms leave. Leave it out.")


def fail_if_nobody_is_treated_or_left(treatments: tuple[Treatment, ...]) -> None:
    """An effect needs both."""
    total = sum(t.share for t in treatments)
    if not treatments or min(t.share for t in treatments) <= 0 or total > 1 - 1e-9:
        given = ", ".join(f"{t.name} {t.share:g}" for t in treatments) or "none"
        raise PovsimError(
            f"treatments: {given}. Every arm needs a share above 0, and together they must leave a control: at most .99. "
            "For example treatments.grant={share: .5, components: [cash]}, or recipe=cash_grant."
        )


def fail_if_a_component_needs_villages(unit: str, components: tuple[Component, ...]) -> None:
    """A village cannot be given to a household."""
    for c in components:
        if c.product in OF_A_VILLAGE and unit != "village":
            raise PovsimError(f"components.{c.name}: product {c.product} is given to a village. Set unit=village.")


def fail_if_villages_are_drawn_within_villages(unit: str, strata: str) -> None:
    """A village has one village."""
    if unit == "village" and strata == "village":
        raise PovsimError("strata = village with unit = village leaves one unit in each stratum. Accepted: none, district.")


def fail_if_cooperatives_differ(components: tuple[Component, ...]) -> None:
    """One country has one scenario of cooperatives."""
    found = sorted({c.scenario for c in components if c.product == "cooperative" and c.scenario})
    if len(found) > 1:
        raise PovsimError(f"components have cooperatives of {' and '.join(found)}: one trial has one scenario. Run two trials.")


def fail_if_a_component_begins_after_the_end(components: tuple[Component, ...], waves: tuple[int, ...]) -> None:
    """What nobody lives to see."""
    for c in components:
        if c.month > waves[-1]:
            raise PovsimError(f"components.{c.name} begins in month {c.month}, the last wave is month {waves[-1]}. Add a wave.")
