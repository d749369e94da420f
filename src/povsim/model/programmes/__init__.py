"""Aid programmes: Mesa agents that decide on arrays."""

from povsim.model.programmes.programme import Programme, Registry
from povsim.model.programmes.standard import PKH, ConfiguredProgramme, Sembako, standard_programmes

__all__ = ["PKH", "ConfiguredProgramme", "Programme", "Registry", "Sembako", "standard_programmes"]
