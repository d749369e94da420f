"""Parameters as the compiled month reads them: one record an arm, a field a symbol of the register, and what follows from them.

A rule never reads the record: the loop does, and hands the rule numbers.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from povsim import parameters
from povsim.errors import PovsimError

UNITS = ("basic_goods", "savings_loan", "farm_inputs", "produce", "logistics", "clinic", "local_line")
"""Business units of a cooperative, in the order in which they open. The credit unit is the second."""
CREDIT_UNIT = 2

DERIVED = {
    "mean_xi": "mean of the income shock, equation (2)",
    "half_variance": "half the variance of the log income shocks, equation (2)",
    "e1_scale": "sd1 sqrt(1 - rho1^2)",
    "e2_scale": "sd2 sqrt(1 - rho2^2)",
    "u_scale": "sd_u sqrt(1 - rho_u^2)",
    "rx": "yearly persistence of x, exp(-1/tau_x)",
    "x_scale": "sd_x sqrt(1 - rx^2)",
    "P_asset": "monthly probability of an asset shock",
    "P_disaster": "monthly probability of a village disaster",
    "P_ill": "monthly probability that an illness starts",
    "P_turn": "yearly probability of turnover, with labour",
    "P_turn_l0": "yearly probability of turnover, without labour",
    "P_age_1": "yearly probability that labour falls from 1 to l_old",
    "P_age_2": "yearly probability that labour falls from l_old to 0",
    "P_loan": "monthly probability that a member asks for a loan",
    "wear_rate": "expected loss of assets a month: delta + p_k loss_k + p_v loss_v",
    "maj_K1": "start of the linear piece of the majorant (no_trap), else 0",
    "maj_K2": "its end, else 0",
    "maj_y1": "h at its start",
    "maj_slope": "its slope",
    "own_demand": "share of the cooperative's own loans that counts as outside money, equation (18)",
    "own_gain": "share of their own premium and retail saving that members receive",
}

SWITCHES = ("own_demand", "own_gain")
"""Entries of `DERIVED` that an arm of the ledger sets, beside the symbols of the register; 1 in every other arm."""


def output_at_unit_ability(K: float, p: Mapping[str, float]) -> float:
    """h(K) = max{A_L K^gL, A_H K^gH - F}, L per month at a = 1. Equation (1), variant `trap`."""
    return max(p["A_L"] * K ** p["gL"], p["A_H"] * K ** p["gH"] - p["F"])


def majorant(p: Mapping[str, float]) -> tuple[float, float, float, float]:
    """Linear piece of the least concave majorant of h: (K1, K2, h(K1), slope).

    A line that touches A_L K^gL at K1 and A_H K^gH - F at K2. Equation (1), variant `no_trap`. Where the two technologies
    have no common tangent (F = 0 and one technology above the other) the piece is empty: (0, 0, 0, 0).
    """

    def upper_point(K1: float) -> float:
        slope = p["A_L"] * p["gL"] * K1 ** (p["gL"] - 1)
        return float((slope / (p["A_H"] * p["gH"])) ** (1 / (p["gH"] - 1)))

    def gap(log_K1: float) -> float:
        K1 = float(np.exp(log_K1))
        slope = p["A_L"] * p["gL"] * K1 ** (p["gL"] - 1)
        K2 = upper_point(K1)
        return float(p["A_H"] * K2 ** p["gH"] - p["F"] - p["A_L"] * K1 ** p["gL"] - slope * (K2 - K1))

    grid = np.linspace(np.log(1e-3), np.log(1e3), 400)
    values = np.array([gap(g) for g in grid])
    crossings = np.nonzero((values[:-1] > 0) != (values[1:] > 0))[0]
    for j in crossings:
        K1 = float(np.exp(brentq(gap, grid[j], grid[j + 1], xtol=1e-14)))
        K2 = upper_point(K1)
        if K2 > K1:
            return K1, K2, p["A_L"] * K1 ** p["gL"], p["A_L"] * p["gL"] * K1 ** (p["gL"] - 1)
    return 0.0, 0.0, 0.0, 0.0


def probability(hazard: float) -> float:
    """1 - exp(-hazard)."""
    return float(-np.expm1(-hazard))


def derived(p: Mapping[str, float], variant: str) -> dict[str, float]:
    """Everything of `DERIVED` from the symbols of the register."""
    d = {
        "mean_xi": 1 - p["loss_h"] * p["p_h"] * p["d_h"] / (1 + p["p_h"] * p["d_h"]),
        "half_variance": (p["sd1"] ** 2 + p["sd2"] ** 2 + p["sd_u"] ** 2) / 2,
        "e1_scale": p["sd1"] * np.sqrt(1 - p["rho1"] ** 2),
        "e2_scale": p["sd2"] * np.sqrt(1 - p["rho2"] ** 2),
        "u_scale": p["sd_u"] * np.sqrt(1 - p["rho_u"] ** 2),
        "rx": np.exp(-1 / p["tau_x"]),
        "P_asset": probability(p["p_k"]),
        "P_disaster": probability(p["p_v"]),
        "P_ill": probability(p["p_h"]),
        "P_turn": probability(p["turn"]),
        "P_turn_l0": probability(p["turn_l0"]),
        "P_age_1": probability(p["age_1"]),
        "P_age_2": probability(p["age_2"]),
        "P_loan": probability(p["loan_dem"]),
        "wear_rate": p["delta"] + p["p_k"] * p["loss_k"] + p["p_v"] * p["loss_v"],
        **{name: p.get(name, 1.0) for name in SWITCHES},
    }
    d["x_scale"] = p["sd_x"] * np.sqrt(1 - d["rx"] ** 2)
    piece = majorant(p) if variant == "no_trap" else (0.0, 0.0, 0.0, 0.0)
    d["maj_K1"], d["maj_K2"], d["maj_y1"], d["maj_slope"] = piece
    return {name: float(d[name]) for name in DERIVED}


@cache
def dtype() -> np.dtype:
    """Record type: every symbol of the register, then `DERIVED`; all float64."""
    return np.dtype([(name, np.float64) for name in [*sorted(parameters.register()), *DERIVED]])


def records(values: Sequence[Mapping[str, float]], variant: str) -> NDArray[np.void]:
    """One record an arm from complete sets of parameters.

    Raises PovsimError where a set lacks a symbol.
    """
    table = np.zeros(len(values), dtype=dtype())
    for row, p in zip(table, values, strict=True):
        missing = sorted(set(parameters.register()) - set(p))
        if missing:
            raise PovsimError(f"The set of parameters lacks {', '.join(missing)}. Use povsim.parameters.values(variant).")
        for name, value in {**p, **derived(p, variant)}.items():
            row[name] = value
    return table


def unit_table(p: Mapping[str, float]) -> NDArray[np.float64]:
    """Units of a cooperative [unit, (start Rp, fixed Rp a month, retail share, output share)], in opening order."""
    return np.array([[p[f"unit_{u}_{c}"] for c in ("start", "fixed", "retail", "output")] for u in UNITS])
