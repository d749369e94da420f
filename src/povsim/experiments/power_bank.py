"""A bank of lived villages: the same households without a cooperative, and with one from the first or a later month.

Villages are independent of each other but for the yearly quotas of their district, which are the same in all lives, so a pilot
is a choice of villages out of the bank and of a life for each: thousands of pilots cost no further month.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import ArmSpec, Scenario
from povsim.config.power import PowerKeys
from povsim.config.scenario import NOTHING_LIMITS
from povsim.experiments import archive
from povsim.experiments.comparison import model_arm
from povsim.experiments.costs import cooperative_flows
from povsim.experiments.executor import Job
from povsim.experiments.replicate import country_from, first_state
from povsim.experiments.runs import Source, replicate_of
from povsim.measures.exits import first_exits
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.rates import records
from povsim.model.registry import renew_records
from povsim.model.rollout import YearOfRollout
from povsim.model.rollout_office import RolloutOffice
from povsim.model.rollout_order import DISSOLVED
from povsim.population.columns import COOP, HOME, LIFE, PLACE, WORKS_BIT

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
UNTREATED, INVITED = "aid", "invited_1"
EXITS = ("E1", "E2", "E4")
COVARIATES = ("ln_assets", "ln_savings", "size", "labour", "own_account", "aided", "urban")
"""What a baseline survey asks beside consumption."""


def treated_from(month: int) -> str:
    """Name of the life in which every village begins its cooperative in `month`."""
    return f"start_{month}"


@archive.stored
@dataclass
class Bank:
    """Lives of replicate `number`. Households [H] in order of villages [V]; waves: months of surveys, 0 first.

    consumption [arm, wave, H] true, L a month; member [arm, wave, H]; there [wave, H] whether the household of month 0 still
    lives; covariates [H, COVARIATES] at month 0; aided [H] at month 0; h [H] real households of the village; village_weight [V]
    real villages; poor, structural [H] at month 0; predicted [H] ln consumption that assets predict; exits int16 [arm, rung, H]
    first month of E1, E2, E4, 0: none (only of the poor); cost [arm, item, T] Rp a real village, `items`.
    """

    number: int
    arms: list[str]
    waves: list[int]
    ids: NDArray[np.uint64]
    village: NDArray[np.int32]
    h: Floats
    village_weight: Floats
    consumption: Floats
    member: Flags
    there: Flags
    covariates: Floats
    aided: Flags
    poor: Flags
    structural: Flags
    predicted: Floats
    exits: NDArray[np.int16]
    items: list[str]
    cost: Floats

    def arm(self, name: str) -> int:
        """Row of a life."""
        return self.arms.index(name)

    def wave(self, month: int) -> int:
        """Row of a survey."""
        return self.waves.index(month)


class AllInOneMonth(RolloutOffice):
    """Every village begins in the month that the name of the arm says, with what its scenario gives."""

    def decide(self, month: int) -> YearOfRollout:
        """All in that month, nobody else ever; mentors for all that run."""
        coop = self.model.state.coop[self.row]
        running = np.nonzero((coop[COOP.since] > 0) & (coop[COOP.status] != DISSOLVED))[0]
        starts = np.arange(coop.shape[1]) if month == int(self.arm.name.rpartition("_")[2]) else np.zeros(0, np.int64)
        return YearOfRollout((month - 1) // 12, starts, np.concatenate([running, starts]), starts, {}, {}, None)


def arms_of(scenario: Scenario, variant: str, starts: Sequence[int], invited: bool) -> tuple[Arm, ...]:
    """The lives of a bank: today's aid, and with it a cooperative from each month of `starts`; `invited`: and one from month 1
    that invites the families on aid."""
    plain = ArmSpec("plain", aid=True, cooperative=scenario.cooperative)
    arms = [model_arm(scenario, variant, ArmSpec(UNTREATED, aid=True))]
    arms += [_started(scenario, variant, plain, treated_from(month)) for month in starts]
    if invited:
        spec = replace(plain, levers=("invitation", "dues_deducted", "aid_kept"))
        arms.append(_started(scenario, variant, spec, INVITED))
    return tuple(arms)


def _started(scenario: Scenario, variant: str, spec: ArmSpec, name: str) -> Arm:
    return replace(model_arm(scenario, variant, spec), name=name, coverage=1.0, rollout=NOTHING_LIMITS)


def bank_jobs(scenario: Scenario, keys: PowerKeys, variant: str, numbers: Sequence[int]) -> list[Job]:
    """A job a replicate: its villages in every life that the designs need, seen at every wave."""
    wedge = keys.audit or "stepped_wedge" in keys.designs or "phased" in keys.designs
    steps = max([keys.steps_of(d) for d in keys.designs] + [keys.steps if keys.audit else 1])
    starts = [keys.step_months * step + 1 for step in range(steps)]
    waves = {0, keys.evaluation_month} | ({keys.step_months * step for step in range(steps + 1)} if wedge else set())
    arms = arms_of(scenario, variant, starts, keys.audit)
    sources = [Source.of(scenario, variant, number) for number in numbers]
    return [Job(source.name, live_bank, (source, arms, tuple(sorted(waves)))) for source in sources]


def live_bank(source: Source, arms: Sequence[Arm], waves: Sequence[int], *, pool: Pool | None, threads: int) -> Bank:
    """Work of a job: one replicate in all arms, seen at every wave and followed to the horizon."""
    scenario, variant = source.scenario, source.variant
    r = replicate_of(source, pool, threads)
    sample, state = r.sample, first_state(r, arms, None)
    country = country_from(state, r, scenario, variant, arms, pool, threads, office_class=AllInOneMonth)
    H = sample.ids.size
    seen = np.zeros((len(arms), len(waves), H))
    member, there = np.zeros(seen.shape, np.bool_), np.zeros(seen.shape[1:], np.bool_)
    p = parameters.values(variant, None, scenario.overrides())
    before = _before(r.state.home[0], state.life, p, variant, sample.urban)
    for w, month in enumerate(waves):
        country.live_to(month)
        home = state.home if month else r.state.home  # founders of month 1 are no members in the survey before it
        seen[:, w] = home[:, HOME.c0 + month % 12]
        member[:, w] = home[:, HOME.member] != 0
        there[w] = state.life[LIFE.formed] < 1
    record = country.run()
    exits = np.zeros((len(arms), len(EXITS), H), np.int16)
    for a in range(len(arms)):
        tau = first_exits(record.marks[a], scenario.exit.W, scenario.horizon_months, record.until)
        for k, rung in enumerate(EXITS):
            exits[a, k, r.tracked] = tau[rung]
    poor, structural = np.zeros(H, np.bool_), np.zeros(H, np.bool_)
    poor[r.tracked], structural[r.tracked] = True, r.structural
    items, cost = _costs(country, sample.place[PLACE.weight])
    h, weight = state.life[LIFE.h].copy(), sample.place[PLACE.weight].copy()
    country.release()
    return Bank(
        r.number, [arm.name for arm in arms], list(waves), sample.ids, sample.village, h, weight, seen, member, there,
        before["covariates"], before["aided"] != 0, poor, structural, before["predicted"], exits, items, cost,
    )  # fmt: skip


def _before(home: Floats, life: Floats, p: dict[str, float], variant: str, urban: Flags) -> dict[str, Floats]:
    """What a baseline survey and the registry see at the branch, without the registry's error."""
    aided = ((home[HOME.enrolled].astype(np.int64) & ~(1 << WORKS_BIT)) != 0).astype(np.float64)
    covariates = np.column_stack(
        [
            np.log1p(home[HOME.K]), np.log1p(np.maximum(0.0, home[HOME.S])), life[LIFE.size], life[LIFE.l], life[LIFE.own],
            aided, urban.astype(np.float64),
        ]
    )  # fmt: skip
    renewed, nothing = home.copy(), np.zeros(home.shape[1])
    renew_records(life, renewed, records([p], variant)[0], 1.0, nothing, nothing, 2.0, np.inf)
    return {"covariates": covariates, "aided": aided, "predicted": renewed[HOME.record]}


def _costs(country: Country, weight: Floats) -> tuple[list[str], Floats]:
    """Public cost of cooperatives by item and month, Rp a real village, before discounting."""
    record, coop = country.record, country.state.coop
    items = ["building", "capital", "mentoring", "administration"]
    out = np.zeros((len(country.arms), len(items), country.months))
    for a, arm in enumerate(country.arms):
        flows = cooperative_flows(
            record.status[a], country.start[a], record.debt[a], weight, arm, record.mentored[a], coop[a, COOP.capital]
        )
        for (_, item), flow in flows.items():
            if item in items:  # what comes back is no cost of a pilot
                out[a, items.index(item)] += flow / weight.sum()
    return items, out
