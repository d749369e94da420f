"""F9 and F10: how many working cooperatives stop in a year, and who is a member, as reported."""

from __future__ import annotations

import numpy as np

from povsim import parameters
from povsim.experiments.patterns.lives import Base
from povsim.experiments.replicate import TODAYS_AID
from povsim.model.arm import Arm
from povsim.population.columns import HOME, PLACE

MONTHS, YEAR = 60, 12
TRADING = 4


def inactivity_and_members(base: Base) -> dict[str, float]:
    """F9: months in which a trading cooperative stopped, per year of trading, over five years. F10: share of households that
    are members, mean of the first year; F10_richer: mean consumption of members over that of the others.

    Cooperatives as reported (21 members, their capital and management). For F9 all villages begin with one that trades: the
    3 % that do are two or three in a small sample, and the rate is that of those that trade. Sources count cooperatives and
    village enterprises that were active and are no longer.
    """
    p = parameters.values(base.variant, "as_reported", base.values)
    arms = [
        Arm("as_reported", p, TODAYS_AID, cooperative=True),
        Arm("all_trade", p | {"start_trading": 1.0}, TODAYS_AID, cooperative=True),
    ]
    state = base.state.branch(2)
    country = base.country(state, arms, MONTHS, record=True)
    start = country.start.copy()
    country.live_to(YEAR)
    member = state.home[0, HOME.member] != 0
    consumption = state.home[0, HOME.c_sum] / 12
    record = country.run()
    weight = base.sample.place[PLACE.weight]
    status = np.concatenate([start[1][None], record.status[1]])
    trades = status[:-1] == TRADING
    stops = trades & (status[1:] > TRADING)
    households = float(base.households.sum())
    members = float((record.members[0, :YEAR] @ weight).mean()) / households
    means = [np.average(consumption[m], weights=base.persons[m]) if m.any() else np.nan for m in (member, ~member)]
    country.release()
    return {
        "F9": 12 * float((stops @ weight).sum()) / float((trades @ weight).sum()),
        "F10": members,
        "F10_richer": float(means[0] / means[1]),
    }
