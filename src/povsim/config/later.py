"""Words that are reserved for later versions. Using one says so, instead of "unknown"."""

from __future__ import annotations

from povsim.config.checks import shown
from povsim.errors import PovsimError

POPULATIONS = ("survey",)
UNCERTAINTY = ("prior", "posterior")
PRODUCTS = ("coaching", "savings_group", "credit", "insurance", "price_support")


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
