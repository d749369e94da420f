"""`povsim fit`: the household side fitted to the dynamic patterns, one variant at a time (decision record 0035)."""

from povsim.experiments.fitting.run import run
from povsim.experiments.fitting.symbols import FITTED

__all__ = ["FITTED", "run"]
