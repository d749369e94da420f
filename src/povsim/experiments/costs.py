"""Public cost of the arms by purse and item: each rupiah once, at the purse that pays it ("Equal money", model page 6)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from povsim.measures.cost import discount_factors, present_value
from povsim.model.arm import Arm
from povsim.model.records import Record

Floats = NDArray[np.float64]
BUILDING, TRADING, DORMANT = 2, 4, 5


def first_month_at(status: NDArray[np.uint8], start: NDArray[np.uint8], least: int) -> NDArray[np.int64]:
    """First month (1..T) in which each village's cooperative had come as far as `least`, 0 if never.

    status [T, V], start [V] at t = 0: what stood at the start is paid in month 1. Dormant and dissolved ones had traded.
    """
    reached = np.concatenate([start[None] >= least, status >= least])
    return np.where(reached.any(axis=0), np.maximum(1, reached.argmax(axis=0)), 0)


def cooperative_flows(
    status: NDArray[np.uint8],
    start: NDArray[np.uint8],
    weight: Floats,
    arm: Arm,
    mentored: Floats | None = None,
    capital: Floats | None = None,
) -> dict[str, Floats]:
    """Rp of the nation in months 1..T by item: building, capital, mentoring, administration. weight [V] real villages.

    Where support is limited: `mentored` [years, V] intensity of mentoring, `capital` [V] Rp at the first trade.
    """
    T = status.shape[0]
    flows = {name: np.zeros(T) for name in ("building", "capital", "mentoring", "administration")}
    if not arm.cooperative:
        return flows
    for name, least, amount in (
        ("building", BUILDING, np.full(weight.size, arm.p["building"])),
        ("capital", TRADING, np.full(weight.size, arm.p["capital"]) if capital is None else capital),
    ):
        month = first_month_at(status, start, least)
        paid = month > 0
        np.add.at(flows[name], month[paid] - 1, weight[paid] * amount[paid])
    there = (status >= 1) & (status <= DORMANT)
    alive = there @ weight
    if mentored is None:
        flows["mentoring"] = alive * arm.p["mentor"] * arm.p["mentor_idr_year"] / 12
    else:
        flows["mentoring"] = (there * np.repeat(mentored, 12, axis=0)[:T]) @ weight * arm.p["mentor_idr_year"] / 12
    flows["administration"] = alive * arm.p["admin_idr_year"] / 12
    return flows


def costs_by_purse(
    record: Record, start: NDArray[np.uint8], weight: Floats, arms: Sequence[Arm], capital: Floats | None = None
) -> list[dict[tuple[str, str], float]]:
    """Present value by (purse, item) of each arm, Rp of the nation; the residual value of buildings is negative.

    start uint8 [arm, V]: status at t = 0; capital [arm, V] Rp, as granted to each village where a rollout limits it.
    """
    out = []
    for a, arm in enumerate(arms):
        rate = arm.p["discount"]
        cost = {key: float(present_value(flow[a], rate)) for key, flow in record.outlay.items()}
        support = (record.mentored[a], capital[a]) if arm.rollout is not None and capital is not None else (None, None)
        flows = cooperative_flows(record.status[a], start[a], weight, arm, *support)
        for item, flow in flows.items():
            cost[(arm.payer, item)] = float(present_value(flow, rate))
        T = record.status.shape[1]
        left = arm.p["residual"] * flows["building"].sum() * float(discount_factors(T, rate))
        cost[(arm.payer, "residual")] = -left
        out.append(cost)
    return out
