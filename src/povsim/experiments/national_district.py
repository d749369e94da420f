"""One district of the nation lived alone: every village (or the drawn ones), burn-in, all arms, and what is left of them.

Memory is that of one district: the tables that the sample is drawn into are those that are lived in, arms branch in place, and
nothing of a household stays but which rungs the baseline poor reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.config.population import HOUSEHOLDS, VILLAGES
from povsim.draws import DrawKey
from povsim.experiments import archive
from povsim.experiments.population_check import observed_consumption
from povsim.experiments.replicate import (
    WITH_SUCCESSORS,
    ArmOutcome,
    BurntIn,
    Replicate,
    add_outcomes,
    country_from,
    live_to_the_branch,
    month_0,
)
from povsim.measures.cost import present_value
from povsim.measures.exits import RUNGS
from povsim.measures.groups import GROUPS
from povsim.measures.spells import CURVE_MONTHS
from povsim.model.arm import Arm
from povsim.model.baseline import baseline_poor
from povsim.model.state import State
from povsim.population.census import draw_census
from povsim.population.columns import COOP_COLUMNS, LIFE, PLACE
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of
from povsim.population.sample import Sample

Floats = NDArray[np.float64]

REPLICATE: Final = 0
"""The nation is lived once, over the draws of this replicate."""
MEMBER_M60: Final = "member_m60"
REACHED: Final = (*RUNGS, WITH_SUCCESSORS, MEMBER_M60)
"""Bits of `reached`, from the lowest."""
EARLY_MONTH: Final = 17
TRADING, TRADED_MONTHS = 4, 12


@archive.stored
@dataclass(frozen=True)
class ArmOfDistrict:
    """What one arm left in one district. Sums stand for all of the district; n tracked households, V lived villages.

    reached uint16 [n]: bits of REACHED; cost {purse: {item: Rp}}, present value; poverty [T+1, area, 4] persons observed below
    the line, their gaps, squared gaps, persons truly below (areas all, urban, rural); status uint8 and members of one real
    village [months shown, V]; volume Rp a year of one real village [years, V]; traded [V] at least twelve months; families
    {programme: [years]}; works_lost Rp, present value; outlay Rp of cooperatives [T]; exits [group, T+1] households whose E4
    begins in a month; crossings [group, 2, 61] households at risk of being poor again and again poor, by months since the first
    crossing; poverty_free [group] discounted household-years.
    """

    reached: NDArray[np.uint16]
    cost: dict[str, dict[str, float]]
    poverty: Floats
    status: NDArray[np.uint8]
    members: Floats
    volume: Floats
    traded: NDArray[np.bool_]
    families: dict[str, Floats]
    works_lost: float
    outlay: Floats
    exits: Floats
    crossings: Floats
    poverty_free: Floats


@archive.stored
@dataclass(frozen=True)
class DistrictOutcome:
    """A district and its arms. households, persons: of one real village [V]; weight [V] real villages that each stands for;
    first int64 [V+1] first tracked household of each village, in village order; structural [n]; ended [n]: the household ends
    before the horizon; lives_m60 [n]; before [area, 4]: persons, and of these observed below the line, gaps, squared gaps,
    means of the twelve months before the branch.
    """

    district: int
    urban: NDArray[np.bool_]
    households: NDArray[np.int64]
    persons: Floats
    weight: Floats
    first: NDArray[np.int64]
    structural: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    lives_m60: NDArray[np.bool_]
    before: Floats
    arms: dict[str, ArmOfDistrict]


def lived_part(scenario: Scenario) -> Scenario:
    """The scenario without what changes no number of a district, so that what was lived is found again."""
    population = replace(scenario.population, villages=VILLAGES[0], households_per_village=HOUSEHOLDS[0], provinces=None)
    return replace(scenario.lived(), population=population)


def live_district(
    scenario: Scenario, variant: str, district: int, arms: Sequence[Arm], *, pool: Executor | None = None, threads: int = 1
) -> DistrictOutcome:
    """Draw the district `district` (district_id of the frame), live its burn-in and `arms`, and reduce.

    Plain arguments, so that any process can be asked.
    """
    lived, branch, before = burn_in_census(scenario, variant, [district], len(arms), pool=pool, threads=threads)
    live_all(branch, lived, scenario, variant, arms, pool, threads)
    outcome = reduced(district, scenario, lived, before, arms)
    let_go(lived, branch)
    return outcome


def live_all(
    branch: State,
    replicate: Replicate,
    scenario: Scenario,
    variant: str,
    arms: Sequence[Arm],
    pool: Executor | None,
    threads: int,
) -> None:
    """Live `arms` in the tables of `branch`, which has a row an arm, and add their outcomes to the replicate."""
    country = country_from(branch, replicate, scenario, variant, arms, pool, threads)
    country.run()
    add_outcomes(country, country.start, replicate, scenario)


def let_go(lived: Replicate, branch: State) -> None:
    """Free the tables of a district. Models point at themselves, so they would stay until Python looks for cycles."""
    nothing = np.zeros((0, 0))
    sample = lived.sample
    sample.life = sample.home = sample.place = sample.tie_weight = nothing
    sample.ties, sample.ids = np.zeros((0, 0), np.int32), np.zeros(0, np.uint64)
    for state in (lived.state, branch):
        state.life = state.home = state.place = state.coop = nothing


def live_census(
    scenario: Scenario,
    variant: str,
    districts: Sequence[int],
    arms: Sequence[Arm],
    *,
    pool: Executor | None = None,
    threads: int = 1,
) -> tuple[Replicate, Floats]:
    """Districts lived together, household by household, and poverty before the branch as in `DistrictOutcome.before`.

    What becomes of a household does not depend on which districts are lived with its own, but for a rollout in turns.
    """
    replicate, branch, before = burn_in_census(scenario, variant, districts, len(arms), pool=pool, threads=threads)
    live_all(branch, replicate, scenario, variant, arms, pool, threads)
    return replicate, before


def burn_in_census(
    scenario: Scenario, variant: str, districts: Sequence[int], arms: int, *, pool: Executor | None = None, threads: int = 1
) -> tuple[Replicate, State, Floats]:
    """Districts at the branch, their state with a row an arm in the tables that they were drawn into, and poverty before."""
    kind = scenario.population.kind
    key = DrawKey(scenario.seed, REPLICATE)
    p = parameters.values(variant, None, scenario.overrides())
    cells = cells_of(kind).filter(pl.col("district_id").is_in(list(districts)))
    sample = draw_census(cells, p, fitted_table(kind, variant, cells, scenario.shift), key, scenario.sample, arms)
    coop = np.zeros((arms, len(COOP_COLUMNS), sample.village_ids.size))
    state = State(-scenario.burn_in_months, sample.life, sample.home[:1], sample.place, coop[:1])
    live_to_the_branch(sample, state, scenario, variant, p, key, pool, threads)
    tracked, structural, _ = baseline_poor(sample, state, p, variant)
    before, at_branch = _before(sample, state, p["sigma_me"], key)
    replicate = Replicate(REPLICATE, BurntIn(sample, state), tracked, structural, {"month_0": at_branch})
    sample.home[1:], coop[1:] = sample.home[:1], coop[:1]
    return replicate, State(state.t, sample.life, sample.home, sample.place, coop), before


def _before(sample: Sample, state: State, sigma_me: float, key: DrawKey) -> tuple[Floats, Floats]:
    """`DistrictOutcome.before`, and the shares of the month of the branch; one month at a time, to save memory."""
    persons = sample.persons
    areas = (np.ones(persons.size, np.bool_), sample.urban, ~sample.urban)
    sums = np.zeros((len(areas), 4))
    shares = np.zeros(0)
    for t in range(state.t - 11, state.t + 1):
        c = observed_consumption(sample, state, sigma_me, key, [t])[0]
        poor = np.nonzero(c < 1)[0]
        gap, who = 1 - c[poor], persons[poor]
        for a, rows in enumerate(areas):
            m = rows[poor]
            sums[a, 1:] += who[m].sum(), (who * gap)[m].sum(), (who * gap**2)[m].sum()
        if t == state.t:
            shares = month_0(sample, state, c)
    sums[:, 1:] /= 12
    sums[:, 0] = [persons[rows].sum() for rows in areas]
    return sums, shares


def months_shown(horizon_months: int) -> list[int]:
    """Months for which the state of cooperatives is kept: ends of years, and month 17 of the funnel's targets."""
    return sorted({*range(0, horizon_months + 1, 12), EARLY_MONTH})


def reduced(district: int, scenario: Scenario, r: Replicate, before: Floats, arms: Sequence[Arm]) -> DistrictOutcome:
    """What is kept of a district that was lived."""
    sample, T = r.sample, scenario.horizon_months
    h, size = sample.life[LIFE.h], sample.life[LIFE.size]
    return DistrictOutcome(
        district=district,
        urban=sample.place[PLACE.urban] != 0,
        households=np.diff(sample.start),
        persons=np.bincount(sample.village, weights=h * size),
        weight=r.village_weight.copy(),
        first=np.searchsorted(r.tracked, sample.start).astype(np.int64),
        structural=r.structural,
        ended=r.until < T,
        lives_m60=r.until >= 60,
        before=before,
        arms={arm.name: _arm(scenario, r, r.outcomes[arm.name], before[:, 0], arm) for arm in arms},
    )


def _arm(scenario: Scenario, r: Replicate, o: ArmOutcome, persons: Floats, arm: Arm) -> ArmOfDistrict:
    T = scenario.horizon_months
    reached = np.zeros(r.tracked.size, np.uint16)
    for bit, name in enumerate(REACHED):
        has = o.member_m60 if name == MEMBER_M60 else o.tau[name] > 0
        reached |= has.astype(np.uint16) << np.uint16(bit)
    cost: dict[str, dict[str, float]] = {}
    for (purse, item), amount in o.cost.items():
        cost.setdefault(purse, {})[item] = amount
    months = np.array(months_shown(T))
    groups = [r.group(g) for g in GROUPS]
    tau = o.tau["E4"].astype(np.int64)
    weight = r.weight
    exits = [np.bincount(tau[m], weights=weight[m], minlength=T + 1) for m in groups]
    exits = [np.where(np.arange(T + 1) > 0, e, 0.0) for e in exits]
    crossings = np.zeros((len(GROUPS), 2, CURVE_MONTHS + 1))
    free = np.zeros(len(GROUPS))
    for g, (name, m) in enumerate(zip(GROUPS, groups, strict=True)):
        crossings[g] = o.survival[name].at_risk, o.survival[name].events
        free[g] = (o.poverty_free[name] or 0.0) * weight[m].sum()
    return ArmOfDistrict(
        reached=reached,
        cost=cost,
        poverty=np.nan_to_num(o.poverty) * persons[:, None],
        status=o.status[months],
        members=o.members[np.maximum(months, 1) - 1] * (months > 0)[:, None],
        volume=np.add.reduceat(o.volume, np.arange(0, T, 12), axis=0),
        traded=(o.status == TRADING).sum(axis=0) >= TRADED_MONTHS,
        families=dict(o.families),
        works_lost=float(present_value(o.works_lost, arm.p["discount"])),
        outlay=o.cooperative_outlay,
        exits=np.stack(exits),
        crossings=crossings,
        poverty_free=free,
    )
