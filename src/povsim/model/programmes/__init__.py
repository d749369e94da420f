"""Aid programmes: Mesa agents that decide on arrays."""

from povsim.model.programmes.programme import Programme, Registry
from povsim.model.programmes.standard import PKH, Assets, Coaching, ConfiguredProgramme, Grant, Sembako, standard_programmes

__all__ = [
    "PKH",
    "Assets",
    "Coaching",
    "ConfiguredProgramme",
    "Grant",
    "Programme",
    "Registry",
    "Sembako",
    "standard_programmes",
]
