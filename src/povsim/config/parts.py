"""The small parts of a scenario: exit, economy, registry."""

from __future__ import annotations

from dataclasses import dataclass

from povsim.config import checks, read
from povsim.config.defaults import group_choices
from povsim.errors import PovsimError

MACRO_LOW, MACRO_HIGH = -0.7, 0.7
G_W = (-0.1, 0.1)


@dataclass(frozen=True, slots=True)
class Exit:
    """What counts as a permanent exit from poverty (rungs E2 to E5)."""

    b: float
    """Margin above the line to be reached, as a share of the line, 0 to 1."""
    W: int
    """Months at or above the line after that, 1 to 60."""


@dataclass(frozen=True, slots=True)
class Economy:
    """The economy outside the villages."""

    kind: str
    """`steady`, `growth` or `crisis`."""
    g_w: float | None
    """Growth of earning capacity relative to the poverty line, per year; None: the register's value."""
    macro: tuple[float, ...]
    """Log of incomes relative to trend, one number a month from month 1; 0 after the last."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The register of families that assistance is targeted with."""

    kind: str
    """`dtks` or `dtsen`."""
    refresh: float | None
    """Share of records refreshed a year, 0 to 1; None: the register's value."""


def exit_from(value: object) -> Exit:
    """Check the keys under `exit`."""
    given = read.keys("exit", value, Exit.__slots__, "exit.b=.1")
    return Exit(b=read.share("exit.b", given["b"]), W=read.whole("exit.W", given["W"], 1, 60))


def economy_from(value: object, horizon_months: int) -> Economy:
    """Check the keys under `economy`."""
    given = read.keys("economy", value, Economy.__slots__, "economy.g_w=.01")
    macro = given["macro"]
    checks.fail_if_not_a_list("economy.macro", macro, "[-.05,-.1,-.05]")
    assert isinstance(macro, list | tuple)
    path = tuple(read.number(f"economy.macro[{i}]", step, MACRO_LOW, MACRO_HIGH) for i, step in enumerate(macro))
    fail_if_macro_outlasts_the_horizon(path, horizon_months)
    return Economy(
        kind=read.choice("economy", given["kind"], group_choices("economy")),
        g_w=None if given["g_w"] is None else read.number("economy.g_w", given["g_w"], *G_W),
        macro=path,
    )


def fail_if_macro_outlasts_the_horizon(path: tuple[float, ...], horizon_months: int) -> None:
    """Months that nobody lives through."""
    if len(path) > horizon_months:
        raise PovsimError(
            f"economy.macro has {len(path)} months, the horizon only {horizon_months}. Shorten it or raise horizon_months."
        )


def registry_from(value: object) -> Registry:
    """Check the keys under `registry`."""
    given = read.keys("registry", value, Registry.__slots__, "registry.refresh=.5")
    kind = read.choice("registry", given["kind"], group_choices("registry"))
    return Registry(kind=kind, refresh=None if given["refresh"] is None else read.share("registry.refresh", given["refresh"]))
