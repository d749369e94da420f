"""The arms of a comparison: what each has in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from povsim import parameters
from povsim.config import checks, read
from povsim.config.checks import hint
from povsim.config.defaults import group_choices
from povsim.config.population import Population
from povsim.config.rollout import Rollout, arm_rollout
from povsim.errors import PovsimError

Aid = Literal["equal_cost"] | bool
TARGETS = "as_planned"
"""The cooperative scenario that holds aims of the ministry, not records."""


@dataclass(frozen=True, slots=True)
class ArmSpec:
    """One arm: everything that may differ from arm `none`."""

    name: str
    """Name in tables and figures."""
    aid: Aid = False
    """Today's aid: True on, False off; "equal_cost" on, with as much more of it as makes the arm cost what arm `of` costs."""
    cooperative: str | None = None
    """Scenario of the cooperatives; "scenario" is the one of the run; None: no new cooperatives."""
    programmes: tuple[str, ...] = ()
    """Names of further programmes in force."""
    of: str | None = None
    """The arm whose public cost is matched."""
    levers: tuple[str, ...] = ()
    """What the arm gets beyond its scenario, names of LEVERS."""
    rollout: Rollout | None = None
    """Its own rollout; None: that of the run."""
    target: bool = False
    """Whether its cooperatives follow the ministry's targets; stamped "target" wherever it is shown."""
    aid_until: int | None = None
    """Last month of today's aid; None: it goes on."""
    graduation_years: int | None = None
    """Years on today's aid after which a family with labour leaves it; None: it stays."""
    assets: bool = False
    """Whether the money that is matched goes into productive assets and coaching."""
    repeats: str | None = None
    """The arm that this one repeats under another cooperative scenario."""
    under: str | None = None
    """That scenario."""


@dataclass(frozen=True, slots=True)
class Lever:
    """One thing that an arm may get beyond its scenario."""

    part: Literal["cooperative", "aid"]
    """What the arm must have for it to move anything."""
    sets: Mapping[str, str | float]
    """By symbol of the register what it sets: TARGETS (the ministry's aim), the symbol that holds the value, or a number."""


LEVERS: Mapping[str, Lever] = {
    "mentoring": Lever("cooperative", {"mentor": TARGETS}),
    "capital": Lever("cooperative", {"capital": TARGETS, "capital_v": TARGETS}),
    "invitation": Lever("cooperative", {"invited": 1.0}),
    "dues_waived": Lever("cooperative", {"waived": 1.0}),
    "dues_deducted": Lever("cooperative", {"deducted": 1.0}),
    "aid_kept": Lever("cooperative", {"j6": 0.0}),
    "aid_tapered": Lever("cooperative", {"taper": "taper_aim"}),
    "vouchers": Lever("cooperative", {"voucher": "voucher_aim"}),
    "registry_coverage": Lever("aid", {"r_reg": "r_reg_aim"}),
    "registry_accuracy": Lever("aid", {"e_sd": "e_sd_aim"}),
    "registry_refresh": Lever("aid", {"refresh": "refresh_aim"}),
}
OF_INVITED = ("dues_waived", "dues_deducted")
"""Levers that say on which terms aid families are invited."""
OF_AID_FAMILIES = ("invitation", *OF_INVITED, "aid_kept", "aid_tapered", "vouchers")
"""Levers that reach families on aid only."""
OF_REGISTRY = ("registry_coverage", "registry_accuracy", "registry_refresh")

_COOPERATIVE_ARMS = (
    ArmSpec("aid_cooperative_planned", aid=True, cooperative=TARGETS, target=True),
    ArmSpec("aid_cooperative_mentored", aid=True, cooperative="scenario", levers=("mentoring",)),
    ArmSpec("aid_cooperative_capital", aid=True, cooperative="scenario", levers=("capital",)),
    ArmSpec("aid_cooperative_supported", aid=True, cooperative="scenario", levers=("mentoring", "capital")),
    ArmSpec("aid_cooperative_invited", aid=True, cooperative="scenario", levers=("invitation", "dues_deducted", "aid_kept")),
    ArmSpec("aid_cooperative_registry", aid=True, cooperative="scenario", levers=OF_REGISTRY),
)
ARMS = (
    ArmSpec("none"),
    ArmSpec("aid", aid=True),
    ArmSpec("aid_equal_cost", aid="equal_cost", of="aid_cooperative"),
    ArmSpec("cooperative", cooperative="scenario"),
    ArmSpec("aid_cooperative", aid=True, cooperative="scenario"),
    *_COOPERATIVE_ARMS,
    ArmSpec("aid_assets", aid="equal_cost", of="aid_cooperative", assets=True),
    *(
        ArmSpec(f"aid_equal_cost_{arm.name.removeprefix('aid_cooperative_')}", aid="equal_cost", of=arm.name)
        for arm in _COOPERATIVE_ARMS
    ),
)
"""The arms with a name of their own, in the order of tables: the twelve of the model page, and their equal-cost twins."""

_BUILT_IN = {arm.name: arm for arm in ARMS}
_KEYS = ("aid", "of", "cooperative", "programmes", "levers", "aid_until", "graduation_years", "rollout")


def definitions_from(
    value: object, programmes: Sequence[str], horizon_months: int, rollout: Rollout, population: Population
) -> tuple[ArmSpec, ...]:
    """Arms that the user defines under `arm_definitions`; `programmes`: names they may use, `rollout`: that of the run."""
    checks.fail_if_not_a_mapping("arm_definitions", value, "arm_definitions.mine={aid: true, cooperative: optimistic}")
    assert isinstance(value, Mapping)
    return tuple(_definition(name, given, programmes, horizon_months, rollout, population) for name, given in value.items())


def arms_from(value: object, definitions: Sequence[ArmSpec]) -> tuple[ArmSpec, ...]:
    """The arms to run, built-in ones first and in the order of tables."""
    known = _BUILT_IN | {arm.name: arm for arm in definitions}
    names = tuple(_BUILT_IN) if value == "all" else read.words("arms", value, "[aid,aid_cooperative] (or arms=all)")
    for name in names:
        fail_if_unknown_arm(name, known)
    arms = tuple(known[name] for name in known if name in names)
    fail_if_twin_is_alone(arms)
    return arms


def resolved(arm: ArmSpec, scenario: str) -> ArmSpec:
    """The arm with the cooperative scenario of the run filled in."""
    chosen = scenario if arm.cooperative == "scenario" else arm.cooperative
    return replace(arm, cooperative=chosen, target=chosen == TARGETS)


def across(arms: Sequence[ArmSpec], own: str, scenarios: Sequence[str]) -> tuple[ArmSpec, ...]:
    """The arms, and once more for each further scenario those whose cooperatives follow `own`, the scenario of the run, with
    their equal-cost twins; named after the arm and the scenario."""
    out = list(arms)
    for scenario in scenarios:
        if scenario == own:
            continue
        again = {arm.name: f"{arm.name}_{scenario}" for arm in arms if arm.cooperative == "scenario"}
        again |= {arm.name: f"{arm.name}_{scenario}" for arm in arms if arm.of in again and not arm.assets}
        for arm in arms:
            if arm.name in again:
                of = None if arm.of is None else again[arm.of]
                moved = scenario if arm.cooperative == "scenario" else arm.cooperative
                fail_if_repeat_is_defined(again[arm.name], out)
                out.append(replace(arm, name=again[arm.name], cooperative=moved, of=of, repeats=arm.name, under=scenario))
    return tuple(out)


def fail_if_repeat_is_defined(name: str, arms: Sequence[ArmSpec]) -> None:
    """An arm of the user has the name under which `scenarios` repeats another."""
    if any(arm.name == name for arm in arms):
        raise PovsimError(f"arm_definitions.{name}: scenarios repeats an arm under this name. Choose another name for yours.")


def lever_values(variant: str, levers: Sequence[str], overrides: Mapping[str, float]) -> dict[str, float]:
    """What levers set, by symbol. `overrides`: values of the register set by the user, which may move a lever's aim."""
    targets, plain = parameters.values(variant, TARGETS), parameters.values(variant, None, overrides)

    def value(symbol: str, source: str | float) -> float:
        if isinstance(source, float):
            return source
        return targets[symbol] if source == TARGETS else plain[source]

    return {symbol: value(symbol, source) for lever in levers for symbol, source in LEVERS[lever].sets.items()}


def idle_levers(arms: Sequence[ArmSpec], variants: Sequence[str], overrides: Mapping[str, float]) -> list[str]:
    """One warning for each lever of an arm that has by itself what it sets, or more of it."""
    return [
        f"{arm.name}: the lever '{lever}' sets {symbol} to {value:g}, worse than the {own:g} that the arm has by itself."
        for arm in arms
        for lever in arm.levers
        for symbol, value in lever_values(variants[0], [lever], overrides).items()
        for own in [parameters.values(variants[0], arm.cooperative, overrides)[symbol]]
        if lever in OF_REGISTRY and (value > own if symbol == "e_sd" else value < own)
    ] + [
        f"{arm.name}: it has what the lever '{lever}' sets already (cooperatives: {arm.cooperative or 'none'}), "
        "so the lever changes nothing."
        for arm in arms
        for lever in arm.levers
        if all(
            parameters.values(variant, arm.cooperative, overrides)[symbol] == value
            for variant in variants
            for symbol, value in lever_values(variant, [lever], overrides).items()
        )
    ]


def unused_definitions(arms: Sequence[ArmSpec], definitions: Sequence[ArmSpec]) -> list[str]:
    """One warning for each arm that is defined but not run."""
    return [
        f"arm_definitions.{arm.name} is defined but not among arms: it is not run." for arm in definitions if arm not in arms
    ]


def fail_if_unknown_arm(name: str, known: Mapping[str, ArmSpec]) -> None:
    """An arm is built in or defined."""
    if name not in known:
        raise PovsimError(
            f"arms: there is no arm '{name}'.{hint(name, known)} Known: all, {', '.join(known)}; "
            f"arm_definitions.{name}={{...}} defines one."
        )


def fail_if_name_is_taken(name: str) -> None:
    """The built-in arms mean the same thing in every result."""
    if name in _BUILT_IN or name == "all":
        raise PovsimError(f"arm_definitions.{name}: this name is taken by an arm of povsim. Choose another name.")


def fail_if_twin_is_alone(arms: Sequence[ArmSpec]) -> None:
    """The level of an equal-cost arm is solved from the cost of another arm of the same run."""
    names = [arm.name for arm in arms]
    for arm in arms:
        if arm.of is not None and arm.of not in names:
            raise PovsimError(
                f"arms: '{arm.name}' costs as much as '{arm.of}', which is not among arms. Add '{arm.of}' to arms."
            )
        if any(other.name == arm.of and other.of is not None for other in arms):
            raise PovsimError(f"arms: '{arm.name}' costs as much as '{arm.of}', itself an arm of equal cost. Name another arm.")


def fail_if_twin_lacks_its_arm(where: str, aid: object, of: object, cooperative: object) -> None:
    """An arm of equal cost says whose cost it is, and is assistance alone."""
    if (aid == "equal_cost") != (of is not None):
        raise PovsimError(
            f"{where}: aid: equal_cost and of: ARM go together. Example: {{aid: equal_cost, of: aid_cooperative}}."
        )
    if of == "none":
        raise PovsimError(f"{where}.of: arm none costs nothing, and no aid can cost as little. Name another arm.")
    if of is not None and cooperative is not None:
        raise PovsimError(f"{where}: an arm of equal cost is assistance alone. Leave cooperative out.")


def fail_if_nothing_to_move(where: str, lever: str, cooperative: object, aid: object, programmes: Sequence[str]) -> None:
    """A lever moves cooperatives, today's aid, or aid families in cooperatives, so the arm must have them."""
    if LEVERS[lever].part == "cooperative" and cooperative is None:
        raise PovsimError(f"{where}.levers: '{lever}' moves cooperatives, but the arm has none. Add cooperative: scenario.")
    if lever in OF_AID_FAMILIES and not aid and not programmes:
        raise PovsimError(f"{where}.levers: '{lever}' is about families on aid, but the arm has no aid. Add aid: true.")
    if LEVERS[lever].part == "aid" and not aid:
        raise PovsimError(f"{where}.levers: '{lever}' moves today's aid, but the arm has none. Add aid: true.")


def fail_if_terms_without_invitation(where: str, levers: Sequence[str]) -> None:
    """Terms of an invitation need one, and only one of them can hold."""
    terms = [lever for lever in levers if lever in OF_INVITED]
    if terms and "invitation" not in levers:
        raise PovsimError(f"{where}.levers: '{terms[0]}' is a term of the invitation of aid families. Add invitation.")
    if len(terms) > 1:
        raise PovsimError(f"{where}.levers: dues are either waived or deducted. Leave one of {' and '.join(terms)} out.")


def fail_if_aid_is_off(where: str, key: str, aid: object) -> None:
    """What ends today's aid needs it."""
    if aid is not True:
        raise PovsimError(f"{where}.{key} ends today's aid, which the arm does not have. Add aid: true or leave {key} out.")


def fail_if_nothing_to_roll_out(where: str, cooperative: object) -> None:
    """A rollout is of cooperatives, so there must be some."""
    if cooperative is None:
        raise PovsimError(f"{where}.rollout is one of cooperatives, but the arm has none. Add cooperative: scenario.")


def fail_if_unknown_programme(where: str, name: str, programmes: Sequence[str]) -> None:
    """A programme is defined under `programmes`."""
    if name not in programmes:
        known = f"Known: {', '.join(programmes)}." if programmes else "None is defined."
        raise PovsimError(
            f"{where}: there is no programme '{name}'.{hint(name, programmes)} {known} programmes.{name}={{...}} defines one."
        )


def _definition(
    name: str, value: object, programmes: Sequence[str], horizon_months: int, rollout: Rollout, population: Population
) -> ArmSpec:
    where = f"arm_definitions.{name}"
    checks.fail_if_bad_name("arm_definitions", name)
    fail_if_name_is_taken(name)
    given = {
        key: item
        for key, item in read.keys(where, value, _KEYS, f"{where}={{aid: true, cooperative: optimistic}}").items()
        if item is not None
    }
    aid: Aid = "equal_cost" if given.get("aid") == "equal_cost" else read.switch(f"{where}.aid", given.get("aid", False))
    cooperative = given.get("cooperative")
    fail_if_twin_lacks_its_arm(where, aid, given.get("of"), cooperative)
    of = given.get("of")
    if of is not None:
        checks.fail_if_not_text(f"{where}.of", of, "the name of an arm")
    used: tuple[str, ...] = ()
    if given.get("programmes"):
        used = read.words(f"{where}.programmes", given["programmes"], "[grant]")
    elif "programmes" in given:
        checks.fail_if_not_a_list(f"{where}.programmes", given["programmes"], "[grant]")
    for programme in used:
        fail_if_unknown_programme(f"{where}.programmes", programme, programmes)
    levers: tuple[str, ...] = ()
    if given.get("levers"):
        levers = read.words(f"{where}.levers", given["levers"], "[mentoring,capital]")
        for lever in levers:
            checks.fail_if_unknown_choice(f"{where}.levers", lever, tuple(LEVERS))
            fail_if_nothing_to_move(where, lever, cooperative, aid, used)
        fail_if_terms_without_invitation(where, levers)
    if cooperative is not None:
        cooperative = read.choice(f"{where}.cooperative", cooperative, ("scenario", *group_choices("cooperative")))
    ends: dict[str, int | None] = dict.fromkeys(("aid_until", "graduation_years"))
    for key, least, most in (("aid_until", 0, horizon_months), ("graduation_years", 1, 50)):
        if key in given:
            fail_if_aid_is_off(where, key, aid)
            ends[key] = read.whole(f"{where}.{key}", given[key], least, most)
    own = None
    if given.get("rollout") is not None:
        fail_if_nothing_to_roll_out(where, cooperative)
        own = arm_rollout(f"{where}.rollout", given["rollout"], rollout, population)
    return ArmSpec(
        name,
        aid,
        cooperative,
        used,
        None if of is None else str(of),
        levers=levers,
        rollout=own,
        target=cooperative == TARGETS,
        aid_until=ends["aid_until"],
        graduation_years=ends["graduation_years"],
    )
