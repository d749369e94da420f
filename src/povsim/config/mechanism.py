"""The keys `ledger` and `futures`: which arms are taken apart by mechanism, and how many futures an exit is given."""

from __future__ import annotations

from collections.abc import Sequence

from povsim.config import read
from povsim.config.arms import ArmSpec
from povsim.config.checks import hint, shown
from povsim.errors import PovsimError

FUTURES_MAX = 10_000
LEDGER_ARMS = ("aid_cooperative", "aid_cooperative_planned")
"""Arms of `ledger=true`, as far as they are run."""
WITHOUT = {True: "aid", False: "none"}
"""The arm without cooperatives that an arm is set against, by whether it has today's aid."""


def futures_from(value: object) -> int:
    """Futures of each sampled exit."""
    return read.whole("futures", value, 0, FUTURES_MAX)


def ledger_from(value: object, arms: Sequence[ArmSpec]) -> tuple[str, ...]:
    """Arms to take apart: none, those of LEDGER_ARMS that are run, or a list of cooperative arms that are run."""
    if value is None or value == []:
        return ()
    known = {arm.name: arm for arm in arms}
    if isinstance(value, (list, tuple)):
        names = read.words("ledger", value, "[aid_cooperative]")
        for name in names:
            fail_if_not_taken_apart(name, known)
        return tuple(name for name in known if name in names)
    if not _asked(value):
        return ()
    names = tuple(name for name in LEDGER_ARMS if name in known and "aid" in known)
    fail_if_nothing_to_take_apart(names)
    return names


def comparator_of(arm: ArmSpec) -> str:
    """The arm that a cooperative arm is set against in the ledger: the same aid, no cooperatives."""
    return WITHOUT[bool(arm.aid)]


def fail_if_not_taken_apart(name: str, arms: dict[str, ArmSpec]) -> None:
    """An arm of the ledger is run, has cooperatives, and the arm without them is run too."""
    if name not in arms:
        raise PovsimError(f"ledger: the arm '{name}' is not among arms.{hint(name, arms)} Run: {', '.join(arms)}.")
    arm = arms[name]
    if arm.cooperative is None:
        able = [other.name for other in arms.values() if other.cooperative is not None]
        raise PovsimError(
            f"ledger: the arm '{name}' has no cooperatives, so there is no mechanism of theirs to switch off. "
            f"Accepted: {', '.join(able) or 'none of the arms that are run'}."
        )
    if comparator_of(arm) not in arms:
        raise PovsimError(
            f"ledger: '{name}' is taken apart against '{comparator_of(arm)}', which is not among arms. "
            f"Add '{comparator_of(arm)}' to arms."
        )


def fail_if_nothing_to_take_apart(names: Sequence[str]) -> None:
    """`ledger=true` without an arm that it takes apart."""
    if not names:
        raise PovsimError(
            f"ledger = true takes {' and '.join(LEDGER_ARMS)} apart, each against aid, but they are not among arms. "
            "Add aid and one of them to arms, or name other cooperative arms that are run: ledger=[cooperative]."
        )


def _asked(value: object) -> bool:
    if isinstance(value, bool) or value in ("on", "off", "true", "false"):
        return read.switch("ledger", value)
    raise PovsimError(
        f"ledger = {shown(value)} is not accepted. Accepted: true, false, or a list of arms: ledger=[aid_cooperative]."
    )
