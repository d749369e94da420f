"""Public cost of the arms by purse and item: each rupiah once, at the purse that pays it ("Equal money", model page 6)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.measures.cost import discount_factors, present_value
from povsim.model.arm import Arm
from povsim.model.records import Record

Floats = NDArray[np.float64]
Booked = tuple[str, str]
"""Purse and item."""
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
    debt: Floats,
    weight: Floats,
    arm: Arm,
    mentored: Floats | None = None,
    capital: Floats | None = None,
) -> dict[Booked, Floats]:
    """Rp of the nation in months 1..T by purse and item; what comes back is negative. weight [V] real villages.

    Where support is limited: `mentored` [years, V] intensity of mentoring, `capital` [V] Rp at the first trade. Payer
    `cooperative`: capital is lent by state banks, at r_ext; their lending is what the debt [T, V] of the cooperatives grows by,
    and what they get back is interest and repayment. What is owed at the horizon counts as lost. The ministry pays building,
    mentoring and administration.
    """
    T = status.shape[0]
    flows: dict[Booked, Floats] = {}
    if not arm.cooperative:
        return flows
    lends = arm.payer == "cooperative"
    purse = "ministry" if lends else arm.payer
    for name, least, amount in (
        ("building", BUILDING, np.full(weight.size, arm.p["building"])),
        ("capital", TRADING, np.full(weight.size, arm.p["capital"]) if capital is None else capital),
    ):
        month = first_month_at(status, start, least)
        paid = month > 0
        flow = np.zeros(T)
        np.add.at(flow, month[paid] - 1, weight[paid] * amount[paid])
        if not (lends and name == "capital"):
            flows[purse, name] = flow
    there = (status >= 1) & (status <= DORMANT)
    alive = there @ weight
    if mentored is None:
        flows[purse, "mentoring"] = alive * arm.p["mentor"] * arm.p["mentor_idr_year"] / 12
    else:
        flows[purse, "mentoring"] = (there * np.repeat(mentored, 12, axis=0)[:T]) @ weight * arm.p["mentor_idr_year"] / 12
    flows[purse, "administration"] = alive * arm.p["admin_idr_year"] / 12
    if lends:
        before = np.concatenate([np.zeros((1, debt.shape[1])), debt[:-1]])
        net = debt - before - before * arm.p["r_ext"] / 12  # what the month lends beyond the interest that it brings
        flows["state_banks", "capital"] = np.maximum(net, 0.0) @ weight
        flows["state_banks", "repaid"] = np.minimum(net, 0.0) @ weight
    return flows


def costs_by_purse(
    record: Record, start: NDArray[np.uint8], weight: Floats, arms: Sequence[Arm], capital: Floats | None = None
) -> tuple[list[dict[Booked, float]], Floats]:
    """Present value by (purse, item) of each arm, Rp of the nation, the residual value of buildings negative; and what the
    cooperatives of each arm cost in months 1..T [arm, T], before discounting and without what comes back.

    start uint8 [arm, V]: status at t = 0; capital [arm, V] Rp, as granted to each village where a rollout limits it.
    """
    out = []
    outlays = np.zeros((len(arms), record.status.shape[1]))
    for a, arm in enumerate(arms):
        rate = arm.p["discount"]
        cost = {key: float(present_value(flow[a], rate)) for key, flow in record.outlay.items()}
        support = (record.mentored[a], capital[a]) if arm.rollout is not None and capital is not None else (None, None)
        flows = cooperative_flows(record.status[a], start[a], record.debt[a], weight, arm, *support)
        for booked, flow in flows.items():
            cost[booked] = cost.get(booked, 0.0) + float(present_value(flow, rate))
            outlays[a] += np.maximum(flow, 0.0)
            if booked[1] == "building":
                left = arm.p["residual"] * flow.sum() * float(discount_factors(flow.size, rate))
                cost[booked[0], "residual"] = -left
        out.append(cost)
    return out, outlays


def registry_terms(today: Mapping[str, float], p: Mapping[str, float]) -> dict[str, Any]:
    """What an arm has of the registry beyond its parameters `p`, by field of `Arm`, where `today` holds before month 0.

    registry_cost: Rp per household of the nation, at the start and a year, that its registry costs beyond today's;
    registered_before: share of households that was registered.
    """
    record = p["record_idr"] + (p["accuracy_idr"] if p["e_sd"] < today["e_sd"] else 0.0)
    first = max(0.0, p["r_reg"] - today["r_reg"]) * record
    yearly = p["r_reg"] * p["refresh"] * record - today["r_reg"] * today["refresh"] * today["record_idr"]
    return {"registry_cost": (first, yearly), "registered_before": today["r_reg"]}
