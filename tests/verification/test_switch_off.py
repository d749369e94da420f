"""Contract C5, second part: each equation of the model page is switched off, and the statistic that it exists for moves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest

from povsim import parameters
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.population.columns import COOP, HOME, LIFE
from verification.cases import BUSY, cash
from verification.small_world import AID, country, world

MONTHS = 36
STATUS = {name: k for k, name in enumerate(("none", "legal", "building", "open", "trading", "dormant", "dissolved"))}
LIVELY = {
    "start_trading": 0.0,
    "start_open": 0.2,
    "start_building": 0.3,
    "start_legal": 0.5,
    "h_build": 0.1,
    "h_open": 0.1,
    "h_trade": 0.1,
}
SHOP = {**BUSY, "kappa": 0.03, "pi": 0.0, "v1": 0.0}
COMPETITION = {**BUSY, "chi_c": 0.6, "j0": -1.0}
SHORT_OF_MONEY = {**BUSY, "capital": 100e6, "opex0": 5e6}


@cache
def big_world():
    return world("trap", 9, 40)


@dataclass(frozen=True)
class Row:
    """Equation, what is switched off and how, the statistic, and whether it is then lower, higher or 0.

    `on` holds for both runs; with cooperative None there are none. The run with the equation must itself show the statistic.
    """

    equation: int
    what: str
    off: dict[str, float]
    statistic: Callable[[Country], float]
    then: str
    on: dict[str, float] = field(default_factory=dict)
    cooperative: bool = False
    specs: tuple = ()


def mean(c: Country, column: str, who: Callable[[Country], np.ndarray] = lambda c: np.ones(c.sample.ids.size, bool)) -> float:
    """Mean of a household column over real households, of all or of some."""
    x, chosen = c.state.home[0, getattr(HOME, column)], who(c)
    return float(np.average(x[chosen], weights=c.sample.weight[chosen]))


def trader(c: Country) -> np.ndarray:
    return c.state.life[LIFE.trader] != 0


def without_full_labour(c: Country) -> np.ndarray:
    return c.state.life[LIFE.l] < 1


def barred(c: Country) -> np.ndarray:
    return c.state.home[0, HOME.barred] != 0


def member(c: Country) -> np.ndarray:
    return c.state.home[0, HOME.member] != 0


def other(c: Country) -> np.ndarray:
    return c.state.home[0, HOME.member] == 0


def enrolled(c: Country) -> np.ndarray:
    return c.state.home[0, HOME.enrolled].astype(np.int64) & 3 != 0


def listed(c: Country) -> np.ndarray:
    return c.state.home[0, HOME.enrolled].astype(np.int64) >> 30 != 0


def of(column: str, who: Callable | None = None) -> Callable[[Country], float]:
    """Statistic: mean of a household column."""
    return (lambda c: mean(c, column)) if who is None else (lambda c: mean(c, column, who))


def of_village(column: str) -> Callable[[Country], float]:
    """Statistic: mean of a column of COOP."""
    return lambda c: float(c.state.coop[0, getattr(COOP, column)].mean())


def spread_over_months(c: Country) -> float:
    """Mean over households of the standard deviation of their twelve months of ln c."""
    return float(np.log(c.state.home[0, HOME.c0 : HOME.c0 + 12]).std(axis=0).mean())


def revised(c: Country) -> float:
    """Households whose expectation is no longer what it was at the end of the burn-in."""
    return float((c.state.home[0, HOME.ybar] != big_world().state.home[0, HOME.ybar]).sum())


def moved_from_q0(c: Country) -> float:
    """Largest distance of management from where it began."""
    return float(abs(c.state.coop[0, COOP.q] - c.state.coop[0, COOP.q0]).max())


def ever(status: str) -> Callable[[Country], float]:
    """Statistic: share of village months in a state of the funnel."""
    return lambda c: float((c.record.status[0] == STATUS[status]).mean())


def below_the_floor(c: Country) -> float:
    """Share of household months of the last year with consumption below the floor."""
    below = c.state.home[0, HOME.c0 : HOME.c0 + 12] < c.arms[0].p["c_floor"] * (1 - 1e-9)
    return float(np.average(below.mean(axis=0), weights=c.sample.weight))


def misread(c: Country) -> float:
    """Persons whom the survey sees on the other side of the line, net, as a share of the poor."""
    observed, _, _, latent = c.record.poverty[0].sum(axis=(0, 1))
    return float(abs(observed / latent - 1))


def sales_of(c: Country) -> float:
    return float(c.record.volume[0].sum())


TABLE = (
    Row(1, "high technology", {"A_H": 0.0}, of("ybar"), "lower"),
    Row(2, "income lost to illness", {"loss_h": 0.0}, of("c_sum"), "higher", {"p_h": 0.05}),
    Row(2, "income of those who cannot work", {"r0": 0.0}, of("ybar", without_full_labour), "lower"),
    Row(3, "income shocks", {"sd1": 0.0, "sd2": 0.0, "sd_u": 0.0}, spread_over_months, "lower"),
    Row(3, "slow component", {"sd_x": 0.0}, lambda c: float(c.state.life[LIFE.x].std()), "lower"),
    Row(4, "asset shocks and disasters", {"loss_k": 0.0, "loss_v": 0.0}, of("K"), "higher", {"p_k": 0.05, "p_v": 0.02}),
    Row(4, "wear", {"delta": 0.0}, of("K"), "higher"),
    Row(5, "revision of expectations", {"hab": 0.0}, revised, "0", {"turn": 0.0, "turn_l0": 0.0}),
    Row(6, "saving", {"s0": 0.0, "s1": 0.0, "s2": 0.0}, of("S"), "lower"),
    Row(7, "neighbours' help", {"theta": 0.0}, below_the_floor, "higher", {"theta": 0.5, "mlim": 0.0, "sale_share": 0.0}),
    Row(7, "moneylender", {"mlim": 0.0}, of("Dm"), "lower"),
    Row(7, "sale of assets", {"sale_share": 0.0}, below_the_floor, "higher", {"theta": 0.0, "mlim": 0.0}),
    Row(7, "solidarity pool", {"pool_theta": 0.0}, of_village("pool"), "higher", BUSY, True),
    Row(7, "price of the shop", {"kappa": 0.0}, of("c_sum", member), "lower", SHOP, True),
    Row(8, "investment", {"chi": 0.0}, of("K"), "lower"),
    Row(8, "hurdle", {"hurdle": 0.0}, of("K"), "higher"),
    Row(9, "joining", {"j0": -50.0}, of("member"), "lower", BUSY, True),
    Row(9, "leaving", {"l0": 0.0}, of("member"), "higher", {**BUSY, "dl": 0.0}, True),
    Row(10, "patronage", {"v0": -50.0}, sales_of, "lower", BUSY, True),
    Row(10, "price as a reason to trade", {"v1": 0.0}, sales_of, "lower", BUSY, True),
    Row(11, "premium", {"pi": 0.0}, of("ybar", member), "lower", {**BUSY, "pi": 0.12, "wedge": 0.6, "v1": 0.0}, True),
    Row(11, "spill-over to other sellers", {"chi_c": 0.0}, of("ybar", other), "lower", COMPETITION, True),
    Row(11, "traders' loss", {"trader_local": 0.0}, of("ybar", trader), "higher", BUSY, True),
    Row(11, "wedge rule", {"pen": 0.0}, of_village("pi"), "higher", {**BUSY, "pen": 0.8, "wedge": 0.1}, True),
    Row(12, "loans", {"Lmax": 0.0}, of("Dc"), "0", BUSY, True),
    Row(12, "default", {"dl": 0.0}, of("barred"), "0", BUSY, True),
    Row(12, "seizure", {"seize": 0.0}, of("K", barred), "higher", {**BUSY, "seize": 1.0}, True),
    Row(13, "operating cost", {"opex0": 0.0, "opex_var": 0.0}, of_village("Eq"), "higher", SHORT_OF_MONEY, True),
    Row(13, "refund of the surplus", {"reserve": 1.0}, of("shu12"), "0", BUSY, True),
    Row(14, "mentoring", {"km": 0.0}, of_village("q"), "lower", {**BUSY, "mentor": 1.0}, True),
    Row(14, "elite capture", {"kc": 0.0}, of_village("q"), "higher", {**BUSY, "kc": 0.01}, True),
    Row(14, "noise of management", {"sq": 0.0}, moved_from_q0, "0", {**BUSY, "km": 0.0, "kc": 0.0, "sq": 0.03}, True),
    Row(15, "opening", {"h_open": 0.0}, ever("open"), "lower", LIVELY, True),
    Row(15, "trading", {"h_trade": 0.0}, ever("trading"), "0", LIVELY, True),
    Row(15, "speed of good management", {"b1": 0.0}, ever("trading"), "lower", {**LIVELY, "q0": 0.8, "b1": 3.0}, True),
    Row(15, "dormancy", {"h0": 0.0}, ever("dormant"), "0", {**BUSY, "h0": 0.05}, True),
    Row(15, "revival", {"h_rev": 0.0}, ever("dormant"), "higher", {**BUSY, "h0": 0.1, "h_rev": 0.3}, True),
    Row(15, "dissolution", {"h_dis": 0.0}, ever("dissolved"), "0", {**BUSY, "h0": 0.1, "h_dis": 0.1}, True),
    Row(16, "errors of the registry", {"e_sd": 0.0, "e_enum": 0.0}, of("ybar", enrolled), "lower", {"refresh": 1.0}),
    Row(17, "delivered share", {"delivered": 0.0}, of("c_sum", enrolled), "lower"),
    Row(18, "local demand", {"xi_D": 0.0}, of("ybar"), "lower", {"xi_D": 1.5}, specs=(cash(5e5),)),
    Row(19, "village works", {"works_share": 0.0}, of("c_sum", listed), "lower"),
    Row(19, "displacement of village funds", {"displaced": 0.0}, of_village("works"), "higher", LIVELY, True),
    Row(20, "trust", {"v3": 0.0}, sales_of, "lower", {**BUSY, "h_sc": 0.0, "kt": 0.2, "v3": 3.0}, True),
    Row(20, "scandals", {"h_sc": 0.0}, of_village("trust"), "higher", {**BUSY, "h_sc": 0.05, "kt": 0.2}, True),
    Row(21, "survey error", {"sigma_me": 0.0}, misread, "0"),
)


def run(row: Row, changes: dict[str, float]) -> Country:
    w = big_world()
    p = {**parameters.values("trap"), **row.on, **changes}
    programmes = {**AID, **{spec.name: 1.0 for spec in row.specs}}
    c = country(w, [Arm("arm", p, programmes, row.cooperative)], MONTHS, record=True, specs=row.specs)
    c.run()
    return c


def test_every_equation_is_in_the_table():
    assert {row.equation for row in TABLE} == set(range(1, 22))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"({row.equation}) {row.what}")
def test_without_the_equation_the_statistic_moves(row):
    on, off = (row.statistic(run(row, changes)) for changes in ({}, row.off))
    if row.then == "0":
        assert on > 0
        assert off == 0
    else:
        assert abs(off - on) > 1e-4 * abs(on)
        assert (off > on) == (row.then == "higher")
