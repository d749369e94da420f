"""One household's months in every arm, read from the tables of the state after each month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from povsim.experiments.explain_countries import PROGRAMMES, Held
from povsim.experiments.explain_lives import Outcome, Told, follow
from povsim.model.one_household import capacity_of
from povsim.population.columns import COOP, HOME, LIFE, WORKS_BIT

Floats = NDArray[np.float64]
OF_HOME = ("K", "S", "ybar", "Dm", "Dc", "member", "barred", "shu12", "enrolled")
OF_COOP = ("status", "q", "works", "mentor", "capital")
OF_LIFE = ("ill", "l", "formed")
OF_MEMBERS = ("member", "barred", "Dc")


@dataclass(frozen=True)
class Life:
    """Months 0 to T of one household.

    [arm, T + 1]: `home` and `coop` by column of the state; m12, c, ccap (model page, section 6), income y, aid T (works
    included), refund SHU, all L per month, income and aid of month 0 not known (NaN). [T + 1]: `life` by column. Of the whole
    village: `members` [arm, T + 1, n] and `lives` [T + 1, n] by column.
    """

    row: int
    outcome: Outcome
    home: dict[str, Floats]
    coop: dict[str, Floats]
    life: dict[str, Floats]
    c: Floats
    ccap: Floats
    income: Floats
    aid: Floats
    refund: Floats
    members: dict[str, Floats]
    lives: dict[str, Floats]

    @property
    def m12(self) -> Floats:
        return self.outcome.m12


def live_through(told: Told, row: int) -> Life:
    """Follow a household through its months in every arm."""
    T, arms = told.scenario.horizon_months, len(told.arms)
    home = {name: np.zeros((arms, T + 1)) for name in OF_HOME}
    coop = {name: np.zeros((arms, T + 1)) for name in OF_COOP}
    life = {name: np.zeros(T + 1) for name in OF_LIFE}
    c, ccap, aid = (np.full((arms, T + 1), np.nan) for _ in range(3))
    n = told.place(row)[1].size
    members = {name: np.zeros((arms, T + 1, n)) for name in OF_MEMBERS}
    lives = {name: np.zeros((T + 1, n)) for name in OF_LIFE}
    line = float(told.sample.life[LIFE.line, row])

    def look(country: Held, t: int) -> None:
        i, state = int(country.record.tracked[0]), country.state
        growth_ahead = float(np.exp(told.arms[0].p["g_w"] * (t + 36) / 12))
        for name in OF_LIFE:
            lives[name][t] = state.life[getattr(LIFE, name)]
            life[name][t] = lives[name][t, i]
        for a in range(arms):
            for name in OF_HOME:
                home[name][a, t] = state.home[a, getattr(HOME, name), i]
            for name in OF_MEMBERS:
                members[name][a, t] = state.home[a, getattr(HOME, name)]
            for name in OF_COOP:
                coop[name][a, t] = state.coop[a, getattr(COOP, name), 0]
            c[a, t] = state.home[a, HOME.c0 + t % 12, i]
            ccap[a, t] = capacity_of(state.life, state.home[a], state.coop[a], 0, i, growth_ahead, country.rates[a])
            if t:
                share = float(state.home[a, HOME.aid_share, i])
                aid[a, t] = _aid(country, a, int(home["enrolled"][a, t]), share, coop["works"][a, t], t) / line

    outcome = follow(told, row, look)
    refund = np.where((np.arange(T + 1) % 12 == 1)[None, :], 12.0 * home["shu12"], 0.0)
    hab = np.array([arm.p["hab"] for arm in told.arms])[:, None]
    inflow = np.full((arms, T + 1), np.nan)  # equation (5), solved for what came in
    inflow[:, 1:] = (home["ybar"][:, 1:] - (1.0 - hab) * home["ybar"][:, :-1]) / hab
    return Life(row, outcome, home, coop, life, c, ccap, inflow - aid - refund, aid, refund, members, lives)


def _aid(country: Held, arm: int, bits: int, share: float, works: float, t: int) -> float:
    """Rp of cash, food and works that a household with these enrolments, and a share of its aid left, gets in month t."""
    amounts = country.amounts(arm)[:, (t - 1) % 12]
    given = sum(float(amount) for g, amount in enumerate(amounts) if bits >> g & 1 and not country.hands_out_assets(g))
    return share * given + (works if bits >> WORKS_BIT & 1 else 0.0)


def programme_bits(enrolled: float) -> int:
    """Enrolments in programmes, the works list left out."""
    return int(enrolled) & PROGRAMMES
