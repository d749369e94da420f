"""The keys `uncertainty` and `n_draws`: whether parameters stay at their values or are drawn, from where and how often."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from povsim.config import checks, read
from povsim.errors import PovsimError

WORDS: Final = ("point", "prior", "posterior")
DEFAULT_DRAWS: Final = 16
FEWEST_DRAWS: Final = 3
MOST_DRAWS: Final = 2_000
ACCEPTED: Final = "point, prior, posterior, or the .parquet file of draws that povsim fit or povsim calibrate wrote"
GIVEN_ONCE: Final = ("futures", "assumptions", "ledger", "break_even", "checkpoints", "branch_from")
"""Keys that look closer at one set of parameters."""


def uncertainty_from(given: Mapping[str, Any]) -> tuple[str, int | None]:
    """Source of the draws and their number, None where every parameter stays at its value."""
    source, count = given["uncertainty"], given["n_draws"]
    checks.fail_if_not_text("uncertainty", source, ACCEPTED)
    if source not in WORDS:
        fail_if_it_is_no_word_and_no_file(source)
    if source == "point":
        fail_if_draws_are_idle(count)
        return source, None
    fail_if_one_set_of_parameters_is_needed(source, given)
    return source, DEFAULT_DRAWS if count is None else read.whole("n_draws", count, FEWEST_DRAWS, MOST_DRAWS)


def fail_if_it_is_no_word_and_no_file(source: str) -> None:
    """A word that is none of the three, and no name of a file of draws."""
    if Path(source).suffix != ".parquet":
        raise PovsimError(f"uncertainty = '{source}' is not known.{checks.hint(source, WORDS)} Accepted: {ACCEPTED}.")


def fail_if_draws_are_idle(count: object) -> None:
    """A number of draws where nothing is drawn."""
    if count is not None:
        raise PovsimError(
            f"n_draws = {checks.shown(count)}, but with uncertainty=point no parameter is drawn. Add uncertainty=prior or "
            "uncertainty=posterior, or leave n_draws out."
        )


def fail_if_one_set_of_parameters_is_needed(source: str, given: Mapping[str, Any]) -> None:
    """Keys that belong to one set of parameters."""
    for key in GIVEN_ONCE:
        if given[key]:
            raise PovsimError(
                f"{key} = {checks.shown(given[key])} looks closer at one set of parameters, and uncertainty={source} lives "
                f"many. Leave {key} out, or give uncertainty=point."
            )


def file_hash(source: str) -> str | None:
    """SHA-256 of the user's file of draws; None where there is none."""
    path = Path(source)
    return hashlib.sha256(path.read_bytes()).hexdigest() if source not in WORDS and path.is_file() else None


def fail_if_uncertainty_is_not_for(command: str, scenario: Any) -> None:
    """A command that knows parameters at their values alone."""
    if scenario.uncertainty != "point":
        raise PovsimError(
            f"uncertainty = {scenario.uncertainty}: povsim {command} takes every parameter at its value. Leave it out; povsim "
            "compare and povsim rollout carry the uncertainty of parameters into their answers."
        )
