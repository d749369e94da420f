"""Keys of `povsim fit`: what is fitted to what, and with how many simulations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from povsim.config import checks, read
from povsim.config.defaults import own_keys
from povsim.errors import PovsimError

PATTERNS = ("F3", "F4", "F5", "F6", "F7", "F9", "F10", "F13", "F14")
"""Patterns of the dynamics that parameters may be fitted to (model page, section 5)."""
_LIMITS = {
    "design": (20, 100_000),
    "waves": (0, 10),
    "first": (20, 100_000),
    "generations": (0, 100),
    "proposals": (4, 100_000),
    "keep": (10, 100_000),
    "draws": (4, 100_000),
    "villages": (10, 5_000),
    "households": (16, 1_000),
}


@dataclass(frozen=True)
class Effort:
    """Simulations and sample of a fit; see configs/command/fit.yaml."""

    design: int
    waves: int
    cut: float
    first: int
    generations: int
    proposals: int
    keep: int
    draws: int
    villages: int
    households: int


@dataclass(frozen=True)
class FitKeys:
    """What `povsim fit` was asked. symbols: None for those of the project."""

    symbols: tuple[str, ...] | None
    patterns: tuple[str, ...]
    commit: bool
    fit: Effort

    def plain(self) -> dict[str, Any]:
        """The keys as a file holds them."""
        lists = {"symbols": None if self.symbols is None else list(self.symbols), "patterns": list(self.patterns)}
        return asdict(self) | lists


def fit_from(mapping: Mapping[str, Any]) -> FitKeys:
    """The checked keys; raises PovsimError."""
    given = {key: mapping[key] for key in own_keys("fit")}
    symbols = None if given["symbols"] is None else read.words("symbols", given["symbols"], "[rho1,sd1]")
    patterns = read.words("patterns", given["patterns"], "[F3,F14]")
    for name in patterns:
        fail_if_shown_pattern(name)
        checks.fail_if_unknown_choice("patterns", name, PATTERNS)
    effort = read.keys("fit", given["fit"], (*_LIMITS, "cut"), "fit.design=300")
    whole = {name: read.whole(f"fit.{name}", effort[name], *limits) for name, limits in _LIMITS.items()}
    found = Effort(cut=read.number("fit.cut", effort["cut"], 1.0, 20.0), **whole)
    fail_if_more_is_kept_than_lived(found)
    return FitKeys(symbols, tuple(p for p in PATTERNS if p in patterns), read.switch("commit", given["commit"]), found)


def fail_if_shown_pattern(name: str) -> None:
    """V1 to V5, which nothing may be fitted to."""
    if name in ("V1", "V2", "V3", "V4", "V5"):
        raise PovsimError(f"patterns: {name} is shown by povsim validate and never fitted. Accepted: {', '.join(PATTERNS)}.")


def fail_if_more_is_kept_than_lived(effort: Effort) -> None:
    """More simulations kept than the first generation has."""
    if effort.keep > effort.first:
        raise PovsimError(
            f"fit.keep = {effort.keep} is more than fit.first = {effort.first}: the first generation must hold what is kept. "
            f"Give fit.keep={effort.first} or fewer, or raise fit.first."
        )
