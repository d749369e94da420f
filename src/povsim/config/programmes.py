"""Programmes a user composes: product x delivery x eligibility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from povsim.config import checks, later, read
from povsim.config.provinces import provinces_from
from povsim.errors import PovsimError

PRODUCTS = ("cash", "food", "asset", "training")
GAIN_MAX = 1.0
TAKEN = ("pkh", "sembako", "equal_grant", "equal_assets", "equal_coaching")
"""Names of programmes that povsim has; `povsim.model.programmes.standard`."""
CALENDARS = ("monthly", "quarterly", "once")
RULES = ("register_score", "bottom_share", "poor", "members", "province", "all")
AMOUNT_MAX_IDR = 1e9
FAMILIES_MAX = 100_000_000

_NEEDS = {"register_score": ("share", "families"), "bottom_share": ("share",), "province": ("provinces",)}
_EXAMPLE = (
    "programmes.grant={product: cash, amount_idr: 3000000, "
    "delivery: {start_month: 1, calendar: once}, eligibility: {rule: poor}}"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """When and how much of a programme arrives."""

    start_month: int
    """First month, 1 being the month after the arms part."""
    duration_months: int | None
    """Months it lasts; None: to the end of the horizon. None with calendar `once`."""
    calendar: str
    """`monthly`, `quarterly` (three months' amount every third month) or `once`."""
    delivered_share: float | None
    """Share of the outlay that reaches the family, 0 to 1; None: the register's `delivered`."""
    leakage: float | None
    """Share of the outlay that is spent but lost on the way, 0 to 1; None: all that is not delivered. What is neither
    delivered nor lost is not spent."""
    cost_share: float | None
    """Cost of delivery as a share of the outlay, 0 to 1; None: the register's `aid_admin`."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may get a programme."""

    rule: str
    """`register_score`, `bottom_share`, `poor`, `members`, `province` or `all`."""
    share: float | None
    """Share of households, 0 to 1 (`bottom_share`, or `register_score`)."""
    families: int | None
    """Families in the nation (`register_score`)."""
    provinces: tuple[str, ...] | None
    """Provinces (`province`)."""
    random_share: float
    """Share of the eligible drawn at random, 0 to 1 (for trials)."""


@dataclass(frozen=True, slots=True)
class ProgrammeSpec:
    """One programme."""

    name: str
    """Name that arms refer to."""
    product: str
    """`cash`, `food`, `asset` or `training` (the amount goes to trainers)."""
    amount_idr_month: float | None
    """Rupiah per family and month, with calendar monthly or quarterly."""
    amount_idr: float | None
    """Rupiah per family, with calendar once."""
    delivery: Delivery
    """When and how much of it arrives."""
    eligibility: Eligibility
    """Who may get it."""
    gain: float | None = None
    """Share by which training raises what labour and enterprise earn, 0 to 1."""


def programmes_from(value: object, horizon_months: int) -> tuple[ProgrammeSpec, ...]:
    """Check everything under `programmes`."""
    checks.fail_if_not_a_mapping("programmes", value, _EXAMPLE)
    assert isinstance(value, Mapping)
    return tuple(_programme(name, given, horizon_months) for name, given in value.items())


def fail_if_name_is_taken(where: str, name: str) -> None:
    """A programme of povsim runs in arms by its name."""
    if name in TAKEN:
        raise PovsimError(f"{where}: this name is taken by a programme of povsim ({', '.join(TAKEN)}). Choose another name.")


def fail_if_two_amounts_or_none(where: str, given: Mapping[str, object]) -> None:
    """An amount is per month or once."""
    if ("amount_idr_month" in given) == ("amount_idr" in given):
        raise PovsimError(
            f"{where} needs either amount_idr_month (calendar monthly or quarterly) or amount_idr (calendar once)."
        )


def fail_if_amount_and_calendar_differ(where: str, calendar: str, monthly: bool) -> None:
    """What is paid once has no amount a month."""
    if monthly == (calendar == "once"):
        right = "amount_idr" if calendar == "once" else "amount_idr_month"
        raise PovsimError(f"{where}.delivery.calendar = '{calendar}' goes with {right}. Give {right} or another calendar.")


def fail_if_gain_and_product_differ(where: str, product: str, given: Mapping[str, object]) -> None:
    """Training has a gain, and nothing else has."""
    if (product == "training") != ("gain" in given):
        raise PovsimError(
            f"{where}: gain (share by which earnings rise, such as .05) goes with product: training, and with no other product."
        )


def fail_if_once_has_a_duration(where: str, calendar: str, duration: object) -> None:
    """What is paid once lasts no months."""
    if calendar == "once" and duration is not None:
        raise PovsimError(f"{where}.delivery.duration_months = {duration}: a programme paid once has none. Leave it out.")


def fail_if_it_outlasts_the_horizon(where: str, start: int, duration: int | None, horizon_months: int) -> None:
    """Months that nobody lives through."""
    if duration is not None and start + duration - 1 > horizon_months:
        raise PovsimError(
            f"{where}.delivery ends in month {start + duration - 1}, the horizon in month {horizon_months}. "
            "Shorten duration_months or leave it out."
        )


def fail_if_more_than_all_is_spent(where: str, delivered: float | None, leakage: float | None) -> None:
    """What leaks has not been delivered."""
    if delivered is not None and leakage is not None and delivered + leakage > 1:
        raise PovsimError(f"{where}.delivery: delivered_share + leakage = {delivered + leakage:g}. Accepted: at most 1.")


def fail_if_rule_lacks_its_number(where: str, rule: str, given: Mapping[str, object]) -> None:
    """Some rules need to know how many, or where."""
    needed = _NEEDS.get(rule, ())
    if needed and sum(key in given for key in needed) != 1:
        raise PovsimError(f"{where}: rule {rule} needs {' or '.join(needed)}{', not both' if len(needed) > 1 else ''}.")


def fail_if_rule_ignores_a_key(where: str, rule: str, given: Mapping[str, object]) -> None:
    """A key that the rule does not read is refused, never skipped."""
    for key in ("share", "families", "provinces"):
        if key in given and key not in _NEEDS.get(rule, ()):
            raise PovsimError(f"{where}.{key}: rule {rule} does not read it. Leave it out or choose another rule.")


def _programme(name: str, value: object, horizon_months: int) -> ProgrammeSpec:
    where = f"programmes.{name}"
    checks.fail_if_bad_name("programmes", name)
    fail_if_name_is_taken(where, name)
    given = _given(where, value, ProgrammeSpec.__slots__[1:])
    checks.fail_if_key_missing(where, given, ("product", "delivery", "eligibility"))
    product = read.choice(f"{where}.product", given["product"], PRODUCTS, later.PRODUCTS)
    fail_if_two_amounts_or_none(where, given)
    amount = {
        key: read.number(f"{where}.{key}", given[key], 0, AMOUNT_MAX_IDR)
        for key in ("amount_idr_month", "amount_idr")
        if key in given
    }
    delivery = _delivery(where, given["delivery"], horizon_months)
    fail_if_gain_and_product_differ(where, product, given)
    fail_if_amount_and_calendar_differ(where, delivery.calendar, "amount_idr_month" in amount)
    return ProgrammeSpec(
        name=name,
        product=product,
        amount_idr_month=amount.get("amount_idr_month"),
        amount_idr=amount.get("amount_idr"),
        delivery=delivery,
        eligibility=_eligibility(f"{where}.eligibility", given["eligibility"]),
        gain=read.number(f"{where}.gain", given["gain"], 0, GAIN_MAX) if "gain" in given else None,
    )


def _delivery(programme: str, value: object, horizon_months: int) -> Delivery:
    where = f"{programme}.delivery"
    given = _given(where, value, Delivery.__slots__)
    checks.fail_if_key_missing(where, given, ("start_month", "calendar"))
    calendar = read.choice(f"{where}.calendar", given["calendar"], CALENDARS)
    start = read.whole(f"{where}.start_month", given["start_month"], 1, horizon_months)
    fail_if_once_has_a_duration(programme, calendar, given.get("duration_months"))
    duration = None
    if "duration_months" in given:
        duration = read.whole(f"{where}.duration_months", given["duration_months"], 1, horizon_months)
    fail_if_it_outlasts_the_horizon(programme, start, duration, horizon_months)
    delivered = _share_or_none(where, "delivered_share", given)
    leakage = _share_or_none(where, "leakage", given)
    fail_if_more_than_all_is_spent(programme, delivered, leakage)
    return Delivery(start, duration, calendar, delivered, leakage, _share_or_none(where, "cost_share", given))


def _eligibility(where: str, value: object) -> Eligibility:
    given = _given(where, value, Eligibility.__slots__)
    checks.fail_if_key_missing(where, given, ("rule",))
    rule = read.choice(f"{where}.rule", given["rule"], RULES)
    fail_if_rule_ignores_a_key(where, rule, given)
    fail_if_rule_lacks_its_number(where, rule, given)
    random_share = _share_or_none(where, "random_share", given)
    return Eligibility(
        rule=rule,
        share=_share_or_none(where, "share", given),
        families=read.whole(f"{where}.families", given["families"], 0, FAMILIES_MAX) if "families" in given else None,
        provinces=provinces_from(f"{where}.provinces", given["provinces"]) if "provinces" in given else None,
        random_share=1.0 if random_share is None else random_share,
    )


def _given(where: str, value: object, known: tuple[str, ...]) -> dict[str, object]:
    """The keys with a value; null means not given, so that a resolved scenario can be read back."""
    return {key: item for key, item in read.keys(where, value, known, _EXAMPLE).items() if item is not None}


def _share_or_none(where: str, key: str, given: Mapping[str, object]) -> float | None:
    return read.share(f"{where}.{key}", given[key]) if key in given else None
