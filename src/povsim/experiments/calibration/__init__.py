"""Calibration by simulation: which values of chosen parameters are compatible with what was observed.

`Prior` and `Problem` say what is fitted to what, `fit` finds the posterior: waves of history matching with an emulator, then
approximate Bayesian computation in generations, then a regression adjustment. `identify` says what the data tell, `sbc`
whether such a posterior can be believed (decision record 0035).
"""

from povsim.experiments.calibration.abc import Settings, fit
from povsim.experiments.calibration.identify import Identified, identify, with_prior_where_not_identified
from povsim.experiments.calibration.posterior import Posterior
from povsim.experiments.calibration.prior import Prior, register_prior
from povsim.experiments.calibration.problem import Problem, Simulator

__all__ = [
    "Identified",
    "Posterior",
    "Prior",
    "Problem",
    "Settings",
    "Simulator",
    "fit",
    "identify",
    "register_prior",
    "with_prior_where_not_identified",
]
