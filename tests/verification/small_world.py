"""Small samples, their burn-in, and countries that are lived month by month: what the verification tests start from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from povsim import parameters
from povsim.draws import DrawKey
from povsim.experiments.replicate import Replicate
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import HOME
from povsim.population.nation import cells_of, nation
from povsim.population.sample import Sample, draw_sample
from povsim.population.strata import draw_villages

VARIANTS = ("trap", "no_trap")
AID = {"pkh": 1.0, "sembako": 1.0}
BURN_IN = 36
NATION = nation()
LOCATION = {"urban": (0.45, 0.91), "rural": (0.29, 0.64)}
"""Location and spread of ln earning capacity (g(z) not yet compressed) by area."""


@dataclass(frozen=True)
class World:
    """A sample and its state at the end of a burn-in, with what both were made from."""

    variant: str
    key: DrawKey
    p: Mapping[str, float]
    fitted: pl.DataFrame
    sample: Sample
    state: State


def law_of_capacity(cells: pl.DataFrame, p: Mapping[str, float]) -> pl.DataFrame:
    """A fitted table as `draw_sample` wants it, the same for every cell of an area."""
    mu, sg = (pl.col("area").replace_strict({area: pair[k] for area, pair in LOCATION.items()}) for k in (0, 1))
    return cells.select("cell_id", mu.alias("mu"), sg.alias("sg")).with_columns(
        sk=pl.lit(p["sk"]), K_const=pl.lit(0.9), K_w=pl.lit(0.8), K_a=pl.lit(1.2), K_sd=pl.lit(0.8)
    )


@cache
def world(
    variant: str = "trap", villages: int = 3, households: int = 20, months: int = BURN_IN, seed: int = 1, ends: int = 0
) -> World:
    """The fictional district after `months` months with today's aid, the last being month `ends`. Never change its state."""
    key = DrawKey(seed, 0)
    p = parameters.values(variant)
    cells = cells_of("toy")
    fitted = law_of_capacity(cells, p)
    sample = draw_sample(cells, draw_villages(cells, villages, key), households, p, fitted, key)
    state = State.first(sample, ends - months)
    if months:
        Country(sample, state, [Arm("burn-in", p, AID)], variant, key, months=months, nation=NATION, record=False).run()
    return World(variant, key, p, fitted, sample, state)


def country(w: World, arms: Sequence[Arm], months: int = 24, **options: Any) -> Country:
    """The arms, branched from the end of the world's burn-in."""
    state = w.state.branch(len(arms))
    return Country(w.sample, state, arms, w.variant, w.key, months=months, nation=NATION, **{"record": False, **options})


def steps(c: Country) -> Iterator[tuple[int, State]]:
    """Live a country month by month: yields each month after it was lived, and the state in which it began."""
    for _ in range(c.months):
        t = c.state.t + 1
        if (t - 1) % 12 == 0:
            c.decide(t)
        before = State(t - 1, c.state.life.copy(), c.state.home.copy(), c.state.place.copy(), c.state.coop.copy())
        c._live(t, 1)
        c.state.t = t
        yield t, before


def months_of(c: Country) -> Iterator[int]:
    """Live a country month by month: yields each month after it was lived."""
    for t, _ in steps(c):
        yield t


def arm(name: str, p: Mapping[str, float], aid: float = 0.0, cooperative: bool = False, **changes: float) -> Arm:
    """An arm with today's aid times `aid`, with or without cooperatives, some parameters changed."""
    return Arm(name, {**p, **changes}, {g: aid * x for g, x in AID.items()} if aid else {}, cooperative)


def standard_arms(variant: str) -> list[Arm]:
    """The arms of a comparison that differ in what the month does."""
    p, planned = parameters.values(variant), parameters.values(variant, "as_planned")
    return [
        arm("none", p),
        arm("aid", p, 1.0),
        arm("aid_equal_cost", p, 1.7),
        arm("cooperative", p, 0.0, True),
        arm("aid_cooperative", p, 1.0, True),
        arm("aid_cooperative_planned", planned, 1.0, True),
    ]


def near_the_line(replicate: Replicate) -> Replicate:
    """The replicate with far more households followed than the poor: all up to 1.7 lines, of whom those below 1 are a group."""
    c = replicate.state.home[0, HOME.c_sum] / 12
    rows = np.nonzero(c < 1.7)[0]
    return replace(replicate, tracked=rows, structural=c[rows] < 1.15)
