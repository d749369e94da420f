"""Words that are reserved for later versions. Using one says so, instead of "unknown"."""

from __future__ import annotations

from collections.abc import Mapping

from povsim.config.checks import shown
from povsim.errors import PovsimError

KEYS = {
    "branch_from": "every run lives through its own burn-in",
}
POPULATIONS = ("survey",)
UNCERTAINTY = ("prior", "posterior")
PRODUCTS = ("coaching", "savings_group", "credit", "insurance", "price_support")


def fail_if_key_of_a_later_version(given: Mapping[str, object]) -> None:
    """A top-level key whose machinery does not exist."""
    for key, instead in KEYS.items():
        if key in given:
            raise PovsimError(f"The key '{key}' is not built yet in this version. Leave it out: {instead}.")


def fail_if_uncertainty_is_not_point(value: object) -> None:
    """Draws of parameters do not exist; neither does a file of them."""
    if value != "point":
        raise PovsimError(
            f"uncertainty = {shown(value)} is not built yet in this version. Accepted: point (every parameter at its value)."
        )


def fail_if_draws_are_asked_for(value: object) -> None:
    """n_draws belongs to parameter uncertainty."""
    if value is not None:
        raise PovsimError(f"n_draws = {shown(value)}: draws of parameters are not built yet in this version. Accepted: null.")
