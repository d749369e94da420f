"""`povsim fit`: the household side fitted to the dynamic patterns, one variant at a time (decision record 0035)."""

from povsim.experiments.fitting.symbols import FITTED
from povsim.experiments.fitting.variants import run

__all__ = ["FITTED", "run"]
