"""Public money over the horizon, and what it buys (model page, section 6, "Equal money").

Rupiah of the nation unless said otherwise. Month t is discounted by (1 + r)^(-t/12) with r the social rate per year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from povsim.errors import PovsimError
from povsim.measures.exits import M12_LINE, Flags, Floats

BILLION: Final = 1e9
LEAST_SHARE: Final = 0.01
"""A cost difference below this share of the comparator's cost is too small to divide by."""


def discount_factors(months: npt.ArrayLike, discount: float) -> Floats:
    """(1 + discount)^(-t/12) for each month t; `discount` per year."""
    if not discount > -1.0:
        raise PovsimError(f"parameters.discount = {discount}; a rate per year must lie above -1.")
    return np.asarray((1.0 + discount) ** (-np.asarray(months, dtype=np.float64) / 12.0), dtype=np.float64)


def present_value(monthly: npt.ArrayLike, discount: float, months: npt.ArrayLike | None = None) -> Floats:
    """Present value at t = 0 of flows [..., T] along the last axis; returns [...].

    Index t - 1 holds month t, unless `months` [T] names the month of each entry (0 is money of the first day).
    """
    flow = np.asarray(monthly, dtype=np.float64)
    when = np.arange(1, flow.shape[-1] + 1) if months is None else np.asarray(months)
    if when.shape != flow.shape[-1:]:
        raise PovsimError(f"{flow.shape[-1]} monthly flows were given with {when.size} months; each flow needs one month.")
    return np.asarray((flow * discount_factors(when, discount)).sum(axis=-1), dtype=np.float64)


def discounted_sum(monthly: npt.ArrayLike, weight: npt.ArrayLike, discount: float) -> float:
    """Discounted weighted sum over months 1..T and households of `monthly` [T, n] with `weight` [n]."""
    by_month = np.asarray(monthly, dtype=np.float64) @ np.asarray(weight, dtype=np.float64)
    return float(present_value(by_month, discount))


def poverty_free_years(flags: Flags, weight: npt.ArrayLike, discount: float, until: npt.ArrayLike | None = None) -> float:
    """Discounted household-years with m12 >= 1. `flags` uint8 [T, n] of one arm (bit 0 is read), `weight` [n], `until` [n] last
    month of each household (default T), after which no month counts."""
    free = (np.asarray(flags) & M12_LINE) != 0
    if until is not None:
        free = free & (np.arange(1, free.shape[0] + 1)[:, None] <= np.asarray(until))
    return discounted_sum(free, weight, discount) / 12.0


def public_cost(
    outlay: Mapping[str, npt.ArrayLike],
    receipt: Mapping[str, npt.ArrayLike],
    residual: Mapping[str, float],
    discount: float,
    horizon_months: int,
) -> dict[str, float]:
    """Present value by purse of outlay minus receipt minus residual value.

    `outlay` and `receipt` hold monthly flows [T] by purse, `residual` the value left at the horizon by purse, in rupiah
    of that month. A purse named in any of the three is in the result; `sum_of` adds purses to the C of the model page.
    """
    purses = list(dict.fromkeys([*outlay, *receipt, *residual]))
    at_end = float(discount_factors(horizon_months, discount))

    def value(flows: Mapping[str, npt.ArrayLike], purse: str) -> float:
        return float(present_value(flows[purse], discount)) if purse in flows else 0.0

    return {p: value(outlay, p) - value(receipt, p) - at_end * residual.get(p, 0.0) for p in purses}


def add_purses(costs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Sum of several costs by purse, in order of first appearance (districts or villages streamed one by one)."""
    total: dict[str, float] = {}
    for cost in costs:
        for purse, amount in cost.items():
            total[purse] = total.get(purse, 0.0) + amount
    return total


def sum_of(by_purse: Mapping[str, float]) -> float:
    """All purses together, in rupiah."""
    return float(sum(by_purse.values()))


def per_billion(
    extra_exits: float | None,
    delta_cost: float | None,
    delta_cost_by_replicate: Sequence[float] | npt.NDArray[np.float64] = (),
    *,
    comparator_cost: float,
    own_cost: float | None = None,
) -> tuple[float | None, str | None]:
    """Extra exits per billion rupiah of extra public money, or None and the reason.

    `extra_exits` households of the nation; `delta_cost` = C(B) - C(A) in rupiah, mean and by replicate;
    `comparator_cost` = C(A), replaced by `own_cost` = C(B) where it is 0. None where delta_cost is 0 or less, is below
    1 % of that cost, or does not have one sign in all replicates (model page, section 6).
    """
    if extra_exits is None:
        return None, "extra exits are null"
    if delta_cost is None:
        return None, "the cost of an arm is null"
    if delta_cost <= 0.0:
        return None, "no extra public money is spent (cost difference 0 or less)"
    base = comparator_cost if comparator_cost != 0.0 else delta_cost if own_cost is None else own_cost
    if delta_cost < LEAST_SHARE * abs(base):
        return None, "the cost difference is under 1 % of the comparator's cost"
    wrong = int(np.count_nonzero(np.asarray(delta_cost_by_replicate, dtype=np.float64) <= 0.0))
    if wrong:
        count = len(delta_cost_by_replicate)
        return None, f"the sign of the cost difference is unstable (0 or less in {wrong} of {count} replicates)"
    return extra_exits / (delta_cost / BILLION), None
