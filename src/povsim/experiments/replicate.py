"""One variant and one replicate: its own sample, households and shocks; burn-in lived once, arms branched from it."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.draws import DrawKey
from povsim.experiments import archive
from povsim.experiments.costs import costs_by_purse
from povsim.experiments.population_check import observed_consumption, synthetic
from povsim.experiments.traits import Traits, traits_at_branch
from povsim.measures.aid_end import after_the_last_aid
from povsim.measures.cost import poverty_free_years
from povsim.measures.exits import MEMBER, Months, first_exits
from povsim.measures.relapse import relapses
from povsim.measures.relapse_month import relapse_months
from povsim.measures.spells import Survival, reentry, survival_of_exits
from povsim.model.arm import Arm
from povsim.model.baseline import baseline_poor, capacity_ahead
from povsim.model.country import Country
from povsim.model.rollout import YearOfRollout
from povsim.model.rollout_office import RolloutOffice
from povsim.model.state import State
from povsim.model.year_end import YearEnd
from povsim.population.columns import COOP, HOME, LIFE, PLACE, TIE
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of, nation
from povsim.population.sample import Sample, draw_sample
from povsim.population.strata import draw_villages

Floats = NDArray[np.float64]
AREAS = ("all", "urban", "rural")
TODAYS_AID = {"pkh": 1.0, "sembako": 1.0}
TAKE_UP_MONTH = 60
WITH_SUCCESSORS = "E4succ"
RELAPSE = "relapse"


archive.stored(YearOfRollout)
archive.stored(Survival)


class Base(Protocol):
    """The sample of a replicate, and its state at the branch; drawn and lived again where they are not kept."""

    @property
    def sample(self) -> Sample: ...

    @property
    def state(self) -> State: ...


@dataclass(frozen=True)
class BurntIn:
    """A sample and its state at the branch."""

    sample: Sample
    state: State


@archive.stored
@dataclass
class ArmOutcome:
    """What one arm left in one replicate.

    tau: first month of each rung by household (0 never) [n], `E4succ` as E4 with the months of successors counted too,
    `relapse` the month of the relapse after E2; cost by
    (purse, item), Rp; poverty [T+1, area, 4] shares of persons (observed P0, P1, P2, latent P0); status [T+1, V] uint8;
    members [T, V]; volume [T, V]; member_m60 [n] member of a trading cooperative in month 60; families enrolled by programme
    [years]; works_lost Rp of the nation [T]; cooperative_outlay Rp of the nation [T]; after_aid: see
    `measures.aid_end.after_the_last_aid`, by group; lasting [H] of all households: lives, stands above the line throughout the
    last W months and has ccap(T) >= 1 + b; poverty_free: discounted years above the line of a household, mean of each group;
    relapse [n] what became of E2, index into `povsim.measures.relapse.KINDS`; premium [V] share of the price that a trading
    cooperative pays on top after the last month, after the wedge rule; since [V] month in which the programme began
    in a village, 0 never; rollout: what was decided each year, where the arm has a rollout; support: intensity of mentoring
    [years, V], capital granted [V] Rp.
    """

    tau: dict[str, NDArray[np.int16]]
    cost: dict[tuple[str, str], float]
    poverty: Floats
    status: NDArray[np.uint8]
    members: Floats
    volume: Floats
    member_m60: NDArray[np.bool_]
    reentry: dict[str, float | None]
    survival: dict[str, Survival]
    families: dict[str, Floats]
    works_lost: Floats
    cooperative_outlay: Floats
    after_aid: dict[str, dict[str, float | None]]
    lasting: NDArray[np.bool_]
    poverty_free: dict[str, float | None]
    relapse: NDArray[np.uint8]
    premium: Floats
    since: NDArray[np.int16]
    rollout: list[YearOfRollout]
    support: tuple[Floats, Floats]

    @property
    def total_cost(self) -> float:
        """C of the model page, Rp of the nation."""
        return float(sum(self.cost.values()))


@dataclass
class Replicate:
    """A replicate after its burn-in, and the outcomes of the arms lived so far.

    weight, persons [n] of the tracked (baseline poor); structural [n]; village [n] row; village_weight [V] real villages;
    level and note of the strata; baseline: rates of month 0 and of the year before, for the table of published figures; traits
    of the tracked households at the branch; until [n] last month in which each of them lives, in every arm; exits: first month
    of E4 (0 none) [n] by arm, of the outcomes or as known from before.
    """

    number: int
    base: Base
    tracked: NDArray[np.int64]
    structural: NDArray[np.bool_]
    year_before: dict[str, Any]
    traits: Traits = field(default_factory=Traits)
    outcomes: dict[str, ArmOutcome] = field(default_factory=dict)
    until: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    exits: dict[str, Months] = field(default_factory=dict)
    draw: int | None = None
    """Draw of the parameters that it was lived with; None: they are at their values."""

    @property
    def sample(self) -> Sample:
        return self.base.sample

    @property
    def state(self) -> State:
        return self.base.state

    @cached_property
    def weight(self) -> Floats:
        return self.sample.weight[self.tracked]

    @cached_property
    def persons(self) -> Floats:
        return self.sample.persons[self.tracked]

    @cached_property
    def village(self) -> NDArray[np.int32]:
        return self.sample.village[self.tracked]

    @cached_property
    def village_weight(self) -> Floats:
        return self.sample.place[PLACE.weight]

    def group(self, name: str) -> NDArray[np.bool_]:
        """Tracked households of a group [n]."""
        return self.structural if name == "structural" else np.ones(self.tracked.size, np.bool_)


def sample_of(scenario: Scenario, variant: str, number: int) -> Sample:
    """The villages and households of replicate `number`, as drawn."""
    p = parameters.values(variant, None, scenario.overrides())
    key = DrawKey(scenario.seed, number)
    population = scenario.population
    cells = cells_of(population.kind, population.provinces)
    drawn = draw_villages(cells, population.villages, key)
    fitted = fitted_table(population.kind, variant, cells, scenario.shift)
    return draw_sample(cells, drawn, population.households_per_village, p, fitted, key)


def burn_in(scenario: Scenario, variant: str, number: int, pool: Executor | None = None, threads: int = 1) -> Replicate:
    """Draw the sample of replicate `number` and live the months before the branch, with today's aid."""
    p = parameters.values(variant, None, scenario.overrides())
    key = DrawKey(scenario.seed, number)
    sample = sample_of(scenario, variant, number)
    state = State.first(sample, -scenario.burn_in_months)
    live_to_the_branch(sample, state, scenario, variant, p, key, pool, threads)
    tracked, structural, ccap = baseline_poor(sample, state, p, variant)
    traits = traits_at_branch(sample, state, tracked, ccap)
    return Replicate(number, BurntIn(sample, state), tracked, structural, _year_before(sample, state, p, key), traits)


def live_to_the_branch(
    sample: Sample,
    state: State,
    scenario: Scenario,
    variant: str,
    p: dict[str, float],
    key: DrawKey,
    pool: Executor | None = None,
    threads: int = 1,
) -> None:
    """Live the months before the branch with today's aid; `state`, of one arm, changes in place."""
    country = Country(
        sample, state, [Arm("aid", p, TODAYS_AID)], variant, key,
        months=scenario.burn_in_months, nation=nation(), record=False, interactions=scenario.interactions,
        b=scenario.exit.b, pool=pool, threads=threads,
    )  # fmt: skip
    country.run()
    country.release()


def live_arms(
    replicate: Replicate,
    scenario: Scenario,
    variant: str,
    arms: Sequence[Arm],
    pool: Executor | None = None,
    threads: int = 1,
    after: YearEnd | None = None,
) -> None:
    """Live `arms` from the branch, or after a year's end, and add their outcomes to the replicate; its state stays the same."""
    state = first_state(replicate, arms, after)
    country = country_from(state, replicate, scenario, variant, arms, pool, threads, after=after)
    country.run()
    add_outcomes(country, country.start, replicate, scenario)


def first_state(replicate: Replicate, arms: Sequence[Arm], after: YearEnd | None) -> State:
    """Tables of their own in which arms begin: at the branch, or after a year's end."""
    return replicate.state.branch(len(arms)) if after is None else after.state.copy()


def country_from(
    state: State,
    replicate: Replicate,
    scenario: Scenario,
    variant: str,
    arms: Sequence[Arm],
    pool: Executor | None = None,
    threads: int = 1,
    *,
    office_class: type[RolloutOffice] = RolloutOffice,
    after: YearEnd | None = None,
    may_stop: bool = False,
) -> Country:
    """The country of `arms` at the branch, or after a year's end, not yet lived; it changes `state` in place."""
    return Country(
        replicate.sample, state, arms, variant, DrawKey(scenario.seed, replicate.number),
        months=scenario.horizon_months, nation=nation(), tracked=replicate.tracked, macro=scenario.economy.macro,
        interactions=scenario.interactions, b=scenario.exit.b, specs=scenario.programmes, office_class=office_class,
        pool=pool, threads=threads, may_stop=may_stop, after=after,
    )  # fmt: skip


def add_outcomes(country: Country, start: NDArray[np.uint8], replicate: Replicate, scenario: Scenario) -> None:
    """Add the outcomes of a country that was lived to the replicate, and let go of it; start [arm, V]: status at t = 0."""
    state, arms, record, variant = country.state, country.arms, country.record, country.variant
    costs, outlays = costs_by_purse(record, start, replicate.village_weight, arms, state.coop[:, COOP.capital])
    persons = _persons_by_village(replicate.sample)
    replicate.until = record.until
    W, T = scenario.exit.W, scenario.horizon_months
    original = state.life[LIFE.formed] < 1
    for a, arm in enumerate(arms):
        marks = record.marks[a]
        tau = first_exits(marks, W, T, record.until)
        tau[WITH_SUCCESSORS] = first_exits(marks, W, T)["E4"]
        tau[RELAPSE] = relapse_months(marks, tau["E2"], W, record.until)
        replicate.exits[arm.name] = tau["E4"]
        groups = {g: replicate.group(g) for g in ("structural", "baseline_poor")}
        replicate.outcomes[arm.name] = ArmOutcome(
            tau=tau,
            cost=costs[a],
            poverty=np.concatenate(
                [replicate.year_before["month_0"][None], _shares(replicate.sample, record.poverty[a], persons)]
            ),
            status=np.concatenate([start[a][None], record.status[a]]),
            members=record.members[a],
            volume=record.volume[a],
            member_m60=(marks[TAKE_UP_MONTH - 1] & MEMBER) != 0,
            reentry={g: reentry(marks[:, m], replicate.weight[m], until=record.until[m])[0] for g, m in groups.items()},
            survival={g: survival_of_exits(marks[:, m], replicate.weight[m], until=record.until[m]) for g, m in groups.items()},
            families={name: table[a] for name, table in record.families.items()},
            works_lost=record.works_lost[a],
            cooperative_outlay=outlays[a],
            after_aid={
                g: after_the_last_aid(
                    marks[:, m], record.aided[a][:, m], replicate.weight[m], record.until[m], stops=arm.aid_until
                )
                for g, m in groups.items()
            },
            lasting=original
            & (record.below[a] <= T - W)
            & (capacity_ahead(replicate.sample, state, a, arm.p, variant) >= 1 + scenario.exit.b - TIE),
            poverty_free={
                g: poverty_free_years(marks[:, m], replicate.weight[m], arm.p["discount"], record.until[m])
                / replicate.weight[m].sum()
                if m.any()
                else None
                for g, m in groups.items()
            },
            relapse=relapses(marks, tau["E2"], W, record.until),
            premium=state.coop[a, COOP.pi].copy(),
            since=state.coop[a, COOP.since].astype(np.int16),
            rollout=country.offices[a].years if a in country.offices else [],
            support=(record.mentored[a], state.coop[a, COOP.capital].copy()),
        )
    country.release()


def _persons_by_village(sample: Sample) -> Floats:
    return np.bincount(sample.village, weights=sample.life[LIFE.h] * sample.life[LIFE.size])


def _shares(sample: Sample, sums: Floats, persons: Floats) -> Floats:
    """Person shares of the nation, urban and rural [month, area, 4] from village sums [month, V, 4]."""
    weight, urban = sample.place[PLACE.weight], sample.place[PLACE.urban] != 0
    out = []
    for rows in (np.ones(urban.size, np.bool_), urban, ~urban):
        total = float(weight[rows] @ persons[rows])
        out.append(np.einsum("tvk,v->tk", sums[:, rows], weight[rows]) / (total or np.nan))
    return np.stack(out, axis=1)


def _year_before(sample: Sample, state: State, p: dict[str, float], key: DrawKey) -> dict[str, Any]:
    """Observed poverty of the twelve months before the branch and of month 0.

    `month_0` [area, 4] as in ArmOutcome.poverty; `figures` for the check against published ones.
    """
    c = observed_consumption(sample, state, p["sigma_me"], key, range(state.t - 11, state.t + 1))
    return {"month_0": month_0(sample, state, c[-1]), "figures": synthetic(sample, c)}


def month_0(sample: Sample, state: State, observed: Floats) -> Floats:
    """Person shares of the month of the branch [area, 4] as in ArmOutcome.poverty; `observed` [H] consumption of it, L."""
    true = state.home[0, HOME.c0 + state.t % 12]
    gap = np.maximum(0.0, 1 - observed)
    each = np.stack([observed < 1, gap, gap**2, true < 1])
    rows = {"all": np.ones(sample.ids.size, np.bool_), "urban": sample.urban, "rural": ~sample.urban}
    shares = [each[:, m] @ sample.persons[m] / (sample.persons[m].sum() or np.nan) for m in rows.values()]
    return np.stack(shares)
