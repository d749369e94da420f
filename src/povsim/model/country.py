"""The country: a Mesa model whose programmes, local governments and villages decide once a year on arrays, between which the
compiled month lives every household of every arm."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

import mesa
import numpy as np
from mesa.time import Schedule
from numpy.typing import NDArray

from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.model import registry as reg
from povsim.model.arm import Arm
from povsim.model.edits import Edits
from povsim.model.finance import finance_table
from povsim.model.local_government import SCHEDULED, DistrictView, LocalGovernment
from povsim.model.month import TALLY_ROWS, live
from povsim.model.programmes import Programme, Registry, standard_programmes
from povsim.model.rates import records, unit_table
from povsim.model.records import FOLLOWED, Record
from povsim.model.rollout_office import RolloutOffice
from povsim.model.start import TRADING, found_cooperatives
from povsim.model.state import State
from povsim.model.village import Village
from povsim.model.year_end import YearEnd, fail_if_it_does_not_fit
from povsim.population.columns import COOP, HOME, LIFE, PLACE, WORKS_BIT
from povsim.population.nation import Nation
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
NO_HOUSEHOLD = np.zeros(0, np.int64)
NOBODY = np.zeros(0, np.bool_)


class Country(mesa.Model):
    """Months state.t + 1 .. state.t + months of one sample in several arms, over the same keyed draws.

    `state` is changed in place (branch it first). `tracked`: rows of the households whose exit marks are kept. `macro`: log
    income relative to trend from month 1 on. `edits`: draws with another value. Agents: `programmes`, `governments`,
    `villages`, `offices` (by arm).

    `may_stop`: it may be stopped at the end of any year (`year_end`). `after`: it goes on from there: `state` is a copy of the
    one at that year's end, and `months` are counted from the first month of all; everything else as before.

    `stops`: months at whose end `look` is called with the country, which it must not change; it changes no bit of the run.
    """

    def __init__(
        self,
        sample: Sample,
        state: State,
        arms: Sequence[Arm],
        variant: str,
        key: DrawKey,
        *,
        months: int,
        nation: Nation,
        record: bool = True,
        tracked: NDArray[np.int64] = NO_HOUSEHOLD,
        macro: Sequence[float] = (),
        interactions: bool = True,
        b: float = 0.10,
        specs: Sequence[object] = (),
        programmes: Sequence[Callable[["Country"], Programme]] = (),
        village_class: type[Village] = Village,
        government_class: type[LocalGovernment] = LocalGovernment,
        office_class: type[RolloutOffice] = RolloutOffice,
        pool: Executor | None = None,
        threads: int = 1,
        audit: bool = False,
        edits: Edits | None = None,
        may_stop: bool = False,
        after: YearEnd | None = None,
        stops: Sequence[int] = (),
        look: Callable[["Country"], object] = lambda country: None,
    ) -> None:
        super().__init__(rng=0)  # Mesa's own generator is never used: every number is keyed
        self.sample, self.state, self.arms, self.key = sample, state, tuple(arms), key
        self.variant = variant
        self.nation = nation
        self.months, self.interactions, self.b = months, interactions, b
        self._begins = state.t + 1
        self.first_month = self._begins if after is None else after.record.t_from
        self.rates = records([arm.p for arm in arms], variant)
        self.units = np.stack([unit_table(arm.p) for arm in arms])
        self.macro = np.zeros(months)
        if self.first_month >= 1:
            path = np.asarray(macro, np.float64)[:months]
            self.macro[: path.size] = path
        self.programmes = standard_programmes(self, dict(arms[0].p), specs)
        self.programmes += [make(self) for make in programmes]
        self.governments = [government_class(self, np.nonzero(sample.stratum == s)[0]) for s in np.unique(sample.stratum)]
        self._deciding = [(government, government.villages) for government in self.governments]
        if government_class.decide is LocalGovernment.decide:  # the same rule for all: once over every village
            self._deciding = [(self.governments[0], np.arange(sample.village_ids.size))]
        self._village_class = village_class
        self._villages_decide = village_class.decide is not Village.decide
        self._pool, self._threads = pool, threads
        self._district = sample.stratum[sample.village].astype(np.int64)
        self._weight = sample.weight
        self._listed = np.zeros((len(arms), sample.village_ids.size))
        self._amounts = np.zeros((len(arms), len(self.programmes), 12))
        self._is_asset = np.array([float(g.product == "asset") for g in self.programmes])
        self._in_lines = np.array([float(g.in_lines) for g in self.programmes])
        self._finance = finance_table([(bit, g.terms) for bit, g in enumerate(self.programmes) if g.terms is not None])
        villages, households = sample.village_ids.size, sample.ids.size
        self.record = Record.empty(len(arms), self.first_month, months if record else 0, villages, households, tracked)
        self._record_from = self.first_month if record else self.first_month + months + 1
        self._followed_from = max(self.first_month, self.first_month + months - FOLLOWED) if record else self._record_from
        self._stops, self._look = sorted(set(stops)), look
        self._may_stop = record and (may_stop or after is not None)
        self._below_from = self.first_month if self._may_stop else self._followed_from
        self._todays = np.array([g.todays for g in self.programmes])
        self._tracked_start = np.searchsorted(tracked, sample.start).astype(np.int64)
        self._tracked = (tracked - sample.start[sample.village[tracked]]).astype(np.int32)
        self.audit = np.zeros((len(arms), villages, TALLY_ROWS) if audit else (0, 0, 0))
        self.edits = Edits.none(sample) if edits is None else edits
        self._context = self._districts()
        if self.first_month == 1 and after is None:
            found_cooperatives(sample, state, self.arms, key, interactions, self.edits)
        rolled_out = [a for a, arm in enumerate(self.arms) if arm.cooperative and arm.rollout is not None]
        self.offices = {a: office_class(self, a) for a in rolled_out}
        if after is None:
            self._begin_rollouts(self.first_month)
            self.start = state.coop[:, COOP.status].astype(np.uint8)
        else:
            self._go_on(after)
        self.schedule_recurring(self.live_year, Schedule(interval=12, start=0))

    @cached_property
    def villages(self) -> list[Village]:
        """The villages as agents, made when first asked for: thousands of short lives never ask."""
        return [self._village_class(self, row) for row in range(self.sample.village_ids.size)]

    def arm_row(self, name: str) -> int:
        """Row of an arm in the tables."""
        return [arm.name for arm in self.arms].index(name)

    def run(self) -> Record:
        """Live all months and return the record."""
        self.live_to(self.first_month + self.months - 1)
        self.record.below[self.record.below < self._followed_from] = 0
        return self.record

    def live_to(self, month: int) -> None:
        """Live to the end of `month`, the last of a year or of the run."""
        if month > self.state.t:
            self.run_until(month - self._begins)

    # -- stopped and going on ------------------------------------------------------------------------------------------

    def year_end(self) -> YearEnd:
        """What is needed to go on from here, in tables of its own. Raises ValueError where it may not stop, or not here."""
        lived = self.state.t - self.first_month + 1
        if not self._may_stop or lived % 12 or lived == 0:
            raise ValueError("a country stops at the end of a year of a record, and says may_stop=True before")
        return YearEnd(
            tuple(arm.name for arm in self.arms),
            tuple(programme.name for programme in self.programmes),
            self.state.copy(),
            self.record.of_length(lived),
            self._amounts.copy(),
            self.start,
            {self.arms[a].name: office.so_far() for a, office in self.offices.items()},
        )

    def _go_on(self, after: YearEnd) -> None:
        names = [arm.name for arm in self.arms], [programme.name for programme in self.programmes]
        fail_if_it_does_not_fit(after, *names, self.months)
        self.record = after.record.of_length(self.months)
        self.start = after.start
        self._amounts[:] = after.amounts
        for a, office in self.offices.items():
            office.go_on(after.rollouts[self.arms[a].name])

    def release(self) -> None:
        """Let go of everything. Agents and calendar point back at it, so it would stay until Python looks for cycles."""
        vars(self).clear()

    # -- once a year ---------------------------------------------------------------------------------------------------

    def live_year(self) -> None:
        """National decisions, then every village lives to the next ones. The event of the calendar."""
        month = self.state.t + 1
        months = min(12, self.first_month + self.months - month)
        self.decide(month)
        last = self.state.t + months
        for end in (*(t for t in self._stops if self.state.t < t < last), last):
            self._live(self.state.t + 1, end - self.state.t)
            self.state.t = end
            if end in self._stops:
                self._look(self)

    def decide(self, month: int) -> None:
        """Registry, programmes, local governments and villages, for the year that begins with `month`."""
        u_refresh, record_error, enumeration = self._registry_draws(month)
        growth = float(np.exp(self.arms[0].p["g_w"] * max(0, month) / 12))
        for a, arm in enumerate(self.arms):
            self._enrol(a, arm, month, growth, u_refresh, record_error, enumeration)
        if month != self.first_month:
            self._begin_rollouts(month)
        self._schedule(month)

    def _begin_rollouts(self, month: int) -> None:
        if month >= 1:
            for office in self.offices.values():
                office.begin_year(month)

    def _registry_draws(self, month: int) -> tuple[Floats, Floats, Floats]:
        ids, first = self.sample.ids, self.sample.start[:-1]
        u = self.edits.put(uniforms(self.key, Stream.REGISTRY_YEAR, ids, month), first, Stream.REGISTRY_YEAR, month)
        v = self.edits.put(uniforms(self.key, Stream.HOUSEHOLD_YEAR, ids, month), first, Stream.HOUSEHOLD_YEAR, month)
        return u[:, 0], inverse_normal(u[:, 1]), inverse_normal(v[:, 3])

    def _enrol(
        self, a: int, arm: Arm, month: int, growth: float, u_refresh: Floats, error: Floats, enumeration: Floats
    ) -> None:
        home, life = self.state.home[a], self.state.life
        first = self.state.t + 1 == self.first_month and self.first_month < 1
        unknown_from = arm.registered_before if month == 1 else np.inf  # those whom a better registry finds have no record yet
        refresh = 2.0 if first else arm.p["refresh"]
        reg.renew_records(life, home, self.rates[a], growth, u_refresh, error, refresh, unknown_from)
        registered = life[LIFE.u_reg] < arm.p["r_reg"]
        score = home[HOME.record] + arm.p["e_enum"] * enumeration
        if self.interactions:
            position = reg.positions(score, registered, self._weight, self._district)
        else:  # frozen targeting: a household's own lottery stands for its place, so that nobody else can move it
            place = life[LIFE.u_urn] * self._context["households"]
            position = np.where(registered, place, np.inf)
        view = self._registry(a, arm, month, position, registered)
        graduated = self._graduated(a, arm, month)
        self._taper(a, arm)
        bits = home[HOME.enrolled].astype(np.int64)
        if month == self.first_month:
            before = sum(1 << g for g in np.nonzero(self._todays)[0].tolist())
            self.record.aided[a, 0] = (bits[self.record.tracked] & before) != 0
        for g, programme in enumerate(self.programmes):
            factor = arm.programmes.get(programme.name, 0.0)
            gross = factor * programme.amounts(month, arm) if factor != 0.0 and programme.runs(month) else np.zeros(12)
            paid = bool(gross.any())
            stays = paid or (factor != 0.0 and programme.holds(month))
            if not stays:  # what pays nothing this year has nobody enrolled
                bits &= ~(1 << g)
            elif programme.recertifies(month) or month == self.first_month:
                chosen = programme.enrol(replace(view, quota=arm.quotas.get(programme.name, 1.0)))
                bits = (bits & ~(1 << g)) | (chosen.astype(np.int64) << g)
            if programme.todays and arm.graduation_years is not None:
                bits &= ~(graduated.astype(np.int64) << g)
            if programme.product == "training" and stays:
                programme.teach(home, (bits >> g) & 1 != 0, month)
            self._amounts[a, g] = gross * programme.delivered if programme.product != "training" else 0.0
            self._book_aid(a, month, programme, gross, (bits & (1 << g)) != 0 if paid else NOBODY)
        self._book_registry(a, arm, month)
        if self._record_from == self.first_month:
            row = (month - self.first_month) // 12 + 1
            self.record.aided[a, row] = self._on_todays_aid(a, bits)[self.record.tracked]
        listed = (position <= arm.p["works_bottom"] * self._context["households"]) & (life[LIFE.l] > 0)
        home[HOME.enrolled] = (bits & ~(1 << WORKS_BIT)) | (listed.astype(np.int64) << WORKS_BIT)
        if self.interactions:
            self._listed[a] = np.bincount(self.sample.village, weights=life[LIFE.h] * listed)
        else:
            self._listed[a] = arm.p["works_bottom"] * self.state.place[PLACE.households]

    def _on_todays_aid(self, a: int, bits: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Who gets something of today's aid this year [H], by the bits of enrolment and the year's amounts."""
        mask = sum(1 << g for g in np.nonzero(self._todays & (self._amounts[a] > 0).any(axis=1))[0].tolist())
        return (bits & mask) != 0

    def _graduated(self, a: int, arm: Arm, month: int) -> NDArray[np.bool_]:
        """Count years of today's aid since the arms part; families with labour that have had the arm's number leave [H]."""
        home, life = self.state.home[a], self.state.life
        if month > 1:
            had = self._on_todays_aid(a, home[HOME.enrolled].astype(np.int64))
            new = (life[LIFE.formed] > 0) & (life[LIFE.formed] >= month - 12)  # a successor starts anew
            home[HOME.aid_years] = np.where(new, 0.0, home[HOME.aid_years]) + had
        if arm.graduation_years is None:
            return np.zeros(life.shape[1], np.bool_)
        return (home[HOME.aid_years] >= arm.graduation_years) & (life[LIFE.l] > 0)

    def _taper(self, a: int, arm: Arm) -> None:
        """(17) Each year as a member of a trading cooperative takes a share `taper` off the cash and food aid."""
        home = self.state.home[a]
        if arm.p["taper"] == 0.0:
            home[HOME.aid_share] = 1.0
            return
        there = (home[HOME.member] != 0) & (self.state.coop[a, COOP.status] == TRADING)[self.sample.village]
        home[HOME.aid_share] = np.where(there, np.maximum(0.0, home[HOME.aid_share] - arm.p["taper"]), 1.0)

    def _registry(self, a: int, arm: Arm, month: int, position: Floats, registered: NDArray[np.bool_]) -> Registry:
        home, life = self.state.home[a], self.state.life
        c = self._context
        return Registry(
            month=month,
            arm=arm.name,
            position=position,
            registered=registered,
            weight=self._weight,
            size=life[LIFE.size],
            line_idr=life[LIFE.line],
            urban=self.sample.urban,
            province=c["province"],
            member=home[HOME.member] != 0,
            consumption=home[HOME.c_sum] / 12,
            labour=life[LIFE.l],
            poor_persons=c["poor"],
            households_of_district=c["households"],
            ids=self.sample.ids,
            district=self._district,
        )

    def _book_aid(self, a: int, month: int, programme: Programme, gross: Floats, enrolled: NDArray[np.bool_]) -> None:
        if self.record.works_lost.shape[1] == 0:
            return
        families = float(self._weight[enrolled].sum()) if enrolled.size else 0.0
        row = month - self.first_month
        span = slice(row, min(row + 12, self.months))
        whole = families
        if enrolled.size and programme.product in ("cash", "food") and self.arms[a].p["taper"] > 0.0:
            whole = float((self._weight * self.state.home[a, HOME.aid_share])[enrolled].sum())
        if enrolled.size and programme.in_lines:  # L are of the household's own size and place
            whole *= float((self._weight * self.state.life[LIFE.line])[enrolled].sum()) / families if families else 0.0
        outlay = whole * programme.spent * gross[: span.stop - span.start]
        self.record.pay(programme.payer, "training" if programme.product == "training" else "benefits", a, span, outlay)
        self.record.pay(programme.payer, "delivery", a, span, programme.cost_share * outlay)
        years = self.record.families.setdefault(programme.name, np.zeros((len(self.arms), -(-self.months // 12))))
        years[a, row // 12] = families

    def _book_registry(self, a: int, arm: Arm, month: int) -> None:
        """What a better registry costs beyond today's: at its start, and every year."""
        if self.record.works_lost.shape[1] == 0 or arm.registry_cost == (0.0, 0.0):
            return
        households = float(self._weight.sum())
        first, yearly = arm.registry_cost
        row = month - self.first_month
        span = slice(row, min(row + 12, self.months))
        self.record.pay("state_aid", "registry", a, span, households * yearly / 12)
        if month == 1:
            self.record.pay("state_aid", "registry", a, row, households * first)

    def _schedule(self, month: int) -> None:
        state, row = self.state, month - self.first_month
        funds = self._context["funds"]
        for a, arm in enumerate(self.arms):
            coop = state.coop[a]
            for government, at in self._deciding:
                view = DistrictView(
                    month, arm, funds[at], self._listed[a, at],
                    coop[COOP.covered, at] != 0, coop[COOP.status, at], coop[COOP.since, at],
                )  # fmt: skip
                schedule = government.decide(view)
                for name, column in SCHEDULED.items():
                    coop[column, at] = getattr(schedule, name)
                if self.record.works_lost.shape[1]:
                    lost = float(state.place[PLACE.weight, at] @ schedule.lost)
                    self.record.works_lost[a, row : row + 12] += lost
            if a in self.offices:
                self.offices[a].limit_support()
            if self.record.mentored.shape[1]:
                self.record.mentored[a, row // 12] = coop[COOP.mentor]
            if self._villages_decide:
                self._let_villages_decide(month, arm, coop)

    def _let_villages_decide(self, month: int, arm: Arm, coop: Floats) -> None:
        names = ("covered", *SCHEDULED)
        for village in self.villages:
            given = {name: float(coop[getattr(COOP, name), village.row]) for name in names}
            for name, value in village.decide(month, arm.name, given).items():
                coop[getattr(COOP, name), village.row] = value

    # -- the compiled month --------------------------------------------------------------------------------------------

    def _live(self, month: int, months: int) -> None:
        villages = self.sample.village_ids.size
        chunks = 1 if self._pool is None else min(villages, 4 * self._threads)
        edges = np.linspace(0, villages, chunks + 1).astype(int)
        macro = self.macro[month - self.first_month :]
        r = self.record
        common = (
            self.sample.start,
            self.sample.ids,
            self.sample.village_ids,
            self.sample.ties,
            self.sample.tie_weight,
            self.state.life,
            self.state.home,
            self.state.place,
            self.state.coop,
            self.key.words(),
            self.rates,
            self.units,
            self._amounts,
            self._is_asset,
            self._in_lines,
            self._finance,
            macro,
            self.interactions,
            self.b,
            self._tracked_start,
            self._tracked,
            self._record_from,
            r.marks,
            r.poverty,
            r.status,
            r.members,
            r.volume,
            r.debt,
            self._below_from,
            r.below,
            self.audit,
            self.edits.start,
            self.edits.rows,
        )
        if self._pool is None:
            live(0, villages, month, months, *common)
        else:
            jobs = [self._pool.submit(live, lo, hi, month, months, *common) for lo, hi in pairwise(edges) if hi > lo]
            for job in jobs:
                job.result()
        r.mark_successions(self.state.life[LIFE.formed], month)

    def _districts(self) -> dict[str, NDArray]:
        """Published and frame figures of each household's district (stratum), and of each village."""
        s, cells = self.sample, self.sample.cells
        stratum = s.stratum[s.village]
        households = np.bincount(stratum, weights=self._weight)
        poor = cells["persons"].to_numpy() * cells["p0_pct"].to_numpy() / 100
        poor_per_household = (poor / cells["households"].to_numpy())[s.cell][s.village]
        poor_of = np.bincount(stratum, weights=self._weight * poor_per_household)
        if not self.interactions:  # a lottery in the household's own cell: who else is in the stratum does not matter
            stratum = s.cell[s.village]
            households = cells["households"].to_numpy().astype(np.float64)
            poor_of = poor
        return {
            "households": households[stratum],
            "poor": poor_of[stratum],
            "province": cells["province"].to_numpy()[s.cell][s.village],
            "funds": self.arms[0].p["vf_idr_year"] / self.nation.desa * cells["desa_share"].to_numpy()[s.cell],
        }
