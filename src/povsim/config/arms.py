"""The arms of a comparison: what each has in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from povsim import parameters
from povsim.config import checks, later, read
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
    """Today's aid: True on, False off, "equal_cost" on at the level that costs as much as arm `of`."""
    cooperative: str | None = None
    """Scenario of the cooperatives; "scenario" is the one of the run; None: no new cooperatives."""
    programmes: tuple[str, ...] = ()
    """Names of further programmes in force."""
    of: str | None = None
    """The arm whose public cost is matched, where `aid` is "equal_cost"."""
    levers: tuple[str, ...] = ()
    """What the cooperatives get beyond their scenario, names of LEVERS."""
    rollout: Rollout | None = None
    """Its own rollout; None: that of the run."""
    target: bool = False
    """Whether its cooperatives follow the ministry's targets; stamped "target" wherever it is shown."""


LEVERS: Mapping[str, tuple[str, ...]] = {
    "mentoring": ("mentor",),
    "capital": ("capital", "capital_v"),
    "invitation": ("invited",),
}
"""Parameters that a lever sets: to the ministry's aim (scenario as_planned), of an invitation to 1."""

ARMS = (
    ArmSpec("none"),
    ArmSpec("aid", aid=True),
    ArmSpec("aid_equal_cost", aid="equal_cost", of="aid_cooperative"),
    ArmSpec("cooperative", cooperative="scenario"),
    ArmSpec("aid_cooperative", aid=True, cooperative="scenario"),
    ArmSpec("aid_cooperative_planned", aid=True, cooperative=TARGETS, target=True),
    ArmSpec("aid_cooperative_mentored", aid=True, cooperative="scenario", levers=("mentoring",)),
    ArmSpec("aid_cooperative_capital", aid=True, cooperative="scenario", levers=("capital",)),
    ArmSpec("aid_cooperative_supported", aid=True, cooperative="scenario", levers=("mentoring", "capital")),
    ArmSpec("aid_cooperative_invited", aid=True, cooperative="scenario", levers=("invitation",)),
    *(
        ArmSpec(f"aid_equal_cost_{rest}", aid="equal_cost", of=f"aid_cooperative_{rest}")
        for rest in ("planned", "mentored", "capital", "supported", "invited")
    ),
)
"""The arms with a name of their own, in the order of tables."""

_BUILT_IN = {arm.name: arm for arm in ARMS}
_KEYS = ("aid", "cooperative", "programmes", "levers", "rollout")


def definitions_from(value: object, programmes: Sequence[str], rollout: Rollout, population: Population) -> tuple[ArmSpec, ...]:
    """Arms that the user defines under `arm_definitions`; `programmes`: names they may use, `rollout`: that of the run."""
    checks.fail_if_not_a_mapping("arm_definitions", value, "arm_definitions.mine={aid: true, cooperative: optimistic}")
    assert isinstance(value, Mapping)
    return tuple(_definition(name, given, programmes, rollout, population) for name, given in value.items())


def arms_from(value: object, definitions: Sequence[ArmSpec]) -> tuple[ArmSpec, ...]:
    """The arms to run, built-in ones first and in the order of tables."""
    known = _BUILT_IN | {arm.name: arm for arm in definitions}
    checks.fail_if_not_built_yet("arms", value if isinstance(value, str) else None, later.ARMS, ", ".join(known))
    names = read.words("arms", value, "[aid,aid_cooperative]")
    for name in names:
        checks.fail_if_not_built_yet("arms", name, later.ARMS, ", ".join(known))
        fail_if_unknown_arm(name, known)
    arms = tuple(known[name] for name in known if name in names)
    fail_if_twin_is_alone(arms)
    return arms


def resolved(arm: ArmSpec, scenario: str) -> ArmSpec:
    """The arm with the cooperative scenario of the run filled in."""
    chosen = scenario if arm.cooperative == "scenario" else arm.cooperative
    return replace(arm, cooperative=chosen, target=chosen == TARGETS)


def lever_values(variant: str, levers: Sequence[str]) -> dict[str, float]:
    """What levers set, by symbol: the ministry's aims in the register, and 1 for an invitation."""
    aims = parameters.values(variant, TARGETS)
    return {symbol: 1.0 if symbol == "invited" else aims[symbol] for lever in levers for symbol in LEVERS[lever]}


def idle_levers(arms: Sequence[ArmSpec], variants: Sequence[str], overrides: Mapping[str, float]) -> list[str]:
    """One warning for each lever of an arm whose cooperatives have by themselves what it sets."""
    return [
        f"{arm.name}: its cooperatives ({arm.cooperative}) have the lever '{lever}' already, so it changes nothing."
        for arm in arms
        for lever in arm.levers
        if all(
            parameters.values(variant, arm.cooperative, overrides)[symbol] == value
            for variant in variants
            for symbol, value in lever_values(variant, [lever]).items()
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
            f"arms: there is no arm '{name}'.{hint(name, known)} Known: {', '.join(known)}; "
            f"arm_definitions.{name}={{...}} defines one."
        )


def fail_if_name_is_taken(name: str) -> None:
    """The built-in arms mean the same thing in every result."""
    if name in _BUILT_IN or name in later.ARMS:
        raise PovsimError(f"arm_definitions.{name}: this name is taken by an arm of povsim. Choose another name.")


def fail_if_twin_is_alone(arms: Sequence[ArmSpec]) -> None:
    """The level of an equal-cost arm is solved from the cost of another arm of the same run."""
    names = [arm.name for arm in arms]
    for arm in arms:
        if arm.of is not None and arm.of not in names:
            raise PovsimError(
                f"arms: '{arm.name}' costs as much as '{arm.of}', which is not among arms. Add '{arm.of}' to arms."
            )


def fail_if_twin_is_defined(name: str, aid: object) -> None:
    """Equal-cost twins of defined arms do not exist."""
    if aid == "equal_cost":
        raise PovsimError(f"arm_definitions.{name}.aid = 'equal_cost' is not built yet in this version. Accepted: true, false.")


def fail_if_nothing_to_support(where: str, cooperative: object) -> None:
    """A lever moves cooperatives, so there must be some."""
    if cooperative is None:
        raise PovsimError(f"{where}.levers support cooperatives, but the arm has none. Add cooperative: scenario.")


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


def _definition(name: str, value: object, programmes: Sequence[str], rollout: Rollout, population: Population) -> ArmSpec:
    where = f"arm_definitions.{name}"
    checks.fail_if_bad_name("arm_definitions", name)
    fail_if_name_is_taken(name)
    given = read.keys(where, value, _KEYS, f"{where}={{aid: true, cooperative: optimistic}}")
    fail_if_twin_is_defined(name, given.get("aid"))
    cooperative = given.get("cooperative")
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
        fail_if_nothing_to_support(where, cooperative)
    if cooperative is not None:
        cooperative = read.choice(f"{where}.cooperative", cooperative, ("scenario", *group_choices("cooperative")))
    aid = read.switch(f"{where}.aid", given.get("aid", False))
    own = None
    if given.get("rollout") is not None:
        fail_if_nothing_to_roll_out(where, cooperative)
        own = arm_rollout(f"{where}.rollout", given["rollout"], rollout, population)
    return ArmSpec(name, aid, cooperative, used, levers=levers, rollout=own, target=cooperative == TARGETS)
