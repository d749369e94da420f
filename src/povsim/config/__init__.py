"""The scenario and its parts: frozen dataclasses, and every check that a scenario can fail."""

from __future__ import annotations

from povsim.config.arms import ARMS, ArmSpec
from povsim.config.parts import Economy, Exit, Registry
from povsim.config.population import Population
from povsim.config.programmes import Delivery, Eligibility, ProgrammeSpec
from povsim.config.rollout import Rollout
from povsim.config.scenario import Scenario, scenario_from

__all__ = [
    "ARMS",
    "ArmSpec",
    "Delivery",
    "Economy",
    "Eligibility",
    "Exit",
    "Population",
    "ProgrammeSpec",
    "Registry",
    "Rollout",
    "Scenario",
    "scenario_from",
]
