"""Keys of a comparison that another command does not read: given on its command line they are refused, not dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from povsim.errors import PovsimError

CLOSER: Final = ("break_even", "futures", "assumptions", "ledger")
CHECKPOINTS: Final = ("checkpoints", "branch_from", "branch_month")
DRAWN: Final = ("uncertainty", "n_draws")
COMPARED: Final = ("arms", "arm_definitions", "programmes", "scenarios", "equal_money", "rollout")
LIVED: Final = ("replicates", "horizon_months", "exit", "payer", "interactions", "cooperative")
PATTERNS: Final = (*COMPARED, *CLOSER, *CHECKPOINTS, *LIVED, "population", "sample")

NOT_READ: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "rollout": (
        (*CLOSER, "sample", "equal_money"),
        "it compares orders of the same cooperatives with each other and with assistance alone",
    ),
    "trial": (
        (*CLOSER, *CHECKPOINTS, "programmes", "scenarios", "equal_money", "rollout", "cooperative", "sample"),
        "it gives what its components and treatments say, and today's aid to everybody",
    ),
    "power": (
        (*COMPARED, *CLOSER, *CHECKPOINTS, "sample"),
        "it pilots the cooperatives of cooperative={as_reported,as_planned,optimistic} against villages without",
    ),
    "forecast": (
        (*CLOSER, *CHECKPOINTS, "scenarios", "equal_money", "exit", "payer", "sample"),
        "it gives the headcount of each arm of arms=[...]",
    ),
    "sensitivity": (
        (*CLOSER, *CHECKPOINTS, "sample"),
        "it lives one contrast at many values of the parameters",
    ),
    "calibrate": (
        (*COMPARED, *CLOSER, *CHECKPOINTS, *DRAWN, "replicates", "horizon_months", "exit", "payer", "sample"),
        "it lives pilots of the design of your data",
    ),
    "fit": (
        (*PATTERNS, *DRAWN, "burn_in_months"),
        "each pattern has the population, period and programmes of its publication; sizes are the keys of povsim fit --help",
    ),
    "validate": (
        (*PATTERNS, "n_draws"),
        "each pattern has the population, period and programmes of its publication; sizes are validate.villages, "
        "validate.per_district and the others of povsim validate --help",
    ),
}
"""By command: top keys that it does not read, and what it does instead."""


def fail_if_it_is_not_read(text: str, key: str, command: str) -> None:
    """A key that would change nothing; `text` as it was given."""
    keys, instead = NOT_READ.get(command, ((), ""))
    if key in keys:
        raise PovsimError(f"'{text}': povsim {command} does not read {key}: {instead}. Leave {key} out.")
