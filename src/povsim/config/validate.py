"""Keys of `povsim validate`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from povsim.config import checks, read

FITTED = tuple(f"F{k}" for k in range(1, 17))
SHOWN = tuple(f"V{k}" for k in range(1, 6))
"""Patterns that are fitted, or set by the population, and those that are only shown."""


@dataclass(frozen=True)
class Sizes:
    """How much is simulated; the keys under `validate` of configs/command/validate.yaml."""

    draws: int
    samples: int
    villages: int
    households: int
    per_district: int
    of_each: int
    shown: int
    shown_villages: int


@dataclass(frozen=True)
class Validate:
    """patterns: which, in the order of the model page; posterior: file of draws, None: the committed one."""

    patterns: tuple[str, ...]
    posterior: str | None
    sizes: Sizes

    def plain(self) -> dict[str, Any]:
        """The keys as they are written, hashed and read back."""
        every = self.patterns == (*FITTED, *SHOWN)
        return {
            "patterns": None if every else list(self.patterns), "posterior": self.posterior, "validate": asdict(self.sizes),
        }  # fmt: skip


LIMITS = {
    "draws": (0, 10_000), "samples": (1, 1_000), "villages": (20, 5_000), "households": (20, 1_000), "per_district": (2, 500),
    "of_each": (20, 1_000), "shown": (0, 1_000), "shown_villages": (20, 5_000),
}  # fmt: skip


def validate_from(keys: Mapping[str, Any]) -> Validate:
    """Check the keys; raises PovsimError."""
    sizes = read.keys("validate", keys["validate"], tuple(LIMITS), "validate.draws=20")
    whole = {key: read.whole(f"validate.{key}", sizes[key], *limits) for key, limits in LIMITS.items()}
    posterior = keys["posterior"]
    if posterior is not None:
        checks.fail_if_not_text("posterior", posterior, "the path of a Parquet file of draws")
    return Validate(_patterns(keys["patterns"]), posterior, Sizes(**whole))


def _patterns(value: object) -> tuple[str, ...]:
    known = (*FITTED, *SHOWN)
    if value is None:
        return known
    given = read.words("patterns", value, "[F3,F9,V1]")
    for name in given:
        checks.fail_if_unknown_choice("patterns", name, known)
    return tuple(name for name in known if name in given)
