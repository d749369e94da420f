"""The patterns F1 to F16 of the model page as recipes: each simulated as the publication that it is held against saw it."""

from povsim.experiments.patterns.recipes import CHEAP, DYNAMIC, simulate, simulate_job

__all__ = ["CHEAP", "DYNAMIC", "simulate", "simulate_job"]
