"""Keys of `povsim sensitivity`: which contrast, what is asked of it, and how many points are lived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from povsim.config import checks, read
from povsim.errors import PovsimError

OUTCOMES: Final = ("E1", "E2", "E3", "E4", "E4x", "poverty_free_years")


@dataclass(frozen=True)
class Sensitivity:
    """Checked keys of the command."""

    contrast: tuple[str, str]
    """The arm, and what it is held against."""
    outcome: str
    """What is compared, among the structurally poor: a rung, or discounted years above the line."""
    among: tuple[str, ...] | None
    """Symbols that are asked about; None: all that are drawn."""
    trajectories: int
    """Of the screening, 2 to 1,000."""
    keep: int
    """Parameters that go on to Sobol's indices, 1 to 100."""
    base_samples: int
    """Rows of the two samples of Sobol's design, a power of 2 from 8 to 65,536."""
    resamples: int
    """Bootstrap samples, 50 to 10,000."""

    def plain(self) -> dict[str, Any]:
        """The keys as a user writes them."""
        return asdict(self) | {"contrast": list(self.contrast), "among": None if self.among is None else list(self.among)}


def sensitivity_from(given: Mapping[str, Any]) -> Sensitivity:
    """Check the keys; raises PovsimError."""
    contrast = read.words("contrast", given["contrast"], "[aid_cooperative,aid]")
    fail_if_not_two_arms(contrast)
    base = read.whole("base_samples", given["base_samples"], 8, 65_536)
    fail_if_no_power_of_two(base)
    return Sensitivity(
        contrast=(contrast[0], contrast[1]),
        outcome=read.choice("outcome", given["outcome"], OUTCOMES),
        among=None if given["among"] is None else _symbols(given["among"]),
        trajectories=read.whole("trajectories", given["trajectories"], 2, 1_000),
        keep=read.whole("keep", given["keep"], 1, 100),
        base_samples=base,
        resamples=read.whole("resamples", given["resamples"], 50, 10_000),
    )


def _symbols(value: object) -> tuple[str, ...]:
    from povsim.parameters import entry

    found = read.words("among", value, "[pi,h0]")
    for symbol in found:
        if entry(symbol).prior == "fixed":
            raise PovsimError(f"among: {symbol} is fixed, so there is no prior to draw it from. Leave it out.")
    fail_if_too_few_symbols(found)
    return tuple(found)


def fail_if_not_two_arms(contrast: Sequence[str]) -> None:
    """A contrast is between two arms."""
    if len(contrast) != 2:
        raise PovsimError(f"contrast names {len(contrast)} arms. Give two, as in contrast=[aid_cooperative,aid].")


def fail_if_no_power_of_two(base: int) -> None:
    """Sobol's sequence is even only over a power of two."""
    if base & (base - 1):
        lower = 1 << (base.bit_length() - 1)
        raise PovsimError(f"base_samples = {base} is no power of 2. Accepted: {lower} or {2 * lower}, for example.")


def fail_if_too_few_symbols(found: Sequence[str]) -> None:
    """Shares among one parameter are no question."""
    if len(found) < 2:
        raise PovsimError(f"among names {checks.shown(found[0])} alone. Give two symbols or more, or null for all.")
