"""Which parameters are fitted, and which are not."""

from __future__ import annotations

FITTED = (
    *("sigma_me", "sd1", "rho1", "sd2", "rho2", "sd_x", "tau_x"),  # what the survey adds, and how long shocks last
    *("hab", "s0", "s1", "k1", "s2", "buffer"),  # expectation and saving
    *("delta", "hurdle", "c_floor", "theta"),  # wear, investment, the floor and help between neighbours
    *("d_h", "loss_h", "g_w"),  # illness (F7); growth of earning capacity (F13)
    *("h0", "j0"),  # dormancy (F9), joining (F10)
)
"""Parameters that moved the dynamic patterns in the search behind the starting values, with those of illness, growth, dormancy
and joining, which F7, F9, F10 and F13 are about. Not fitted: sk, which the synthesis of the population sets province by
province (F12); levels and spread of earning capacity, which every draw refits to F1 and F2; what no pattern is about."""
