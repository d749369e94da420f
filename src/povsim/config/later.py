"""Words that are reserved for later versions. Using one says so, instead of "unknown"."""

from __future__ import annotations

from collections.abc import Mapping

from povsim.config.checks import shown
from povsim.errors import PovsimError

KEYS = {
    "workers": "threads=N uses the cores of this machine",
    "shards": "threads=N uses the cores of this machine",
    "scheduler": "threads=N uses the cores of this machine",
    "branch_from": "every run lives through its own burn-in",
}
POPULATIONS = ("survey",)
UNCERTAINTY = ("prior", "posterior")
ARMS = (
    "all",
    "aid_cooperative_registry",
    "aid_assets",
    "aid_equal_cost_registry",
    "aid_equal_cost_assets",
)
PRODUCTS = ("training", "coaching", "savings_group", "credit", "insurance", "price_support")


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


def fail_if_futures_are_asked_for(value: object) -> None:
    """Branched futures (rung E5) do not exist."""
    if isinstance(value, bool) or value != 0:
        raise PovsimError(
            f"futures = {shown(value)}: branched futures are not built yet in this version. Accepted: 0 (E5 stays empty)."
        )


def fail_if_ledger_is_asked_for(value: object) -> None:
    """The ledger of every flow does not exist."""
    if value not in (False, "off", "false"):
        raise PovsimError(f"ledger = {shown(value)}: the ledger is not built yet in this version. Accepted: false.")
