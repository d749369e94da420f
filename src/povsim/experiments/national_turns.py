"""Districts lived side by side, year by year, where a rollout in turns is decided over all villages of the nation.

Each year every district hands up what the office sees of its villages, the office decides once for the nation, and each
district gets back which of its villages begin, are mentored and get capital. The states of all districts stay in memory
meanwhile, so this is for a share of the villages, not for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from functools import partial
from math import floor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.errors import PovsimError
from povsim.experiments import archive
from povsim.experiments.executor import MOST_BYTES
from povsim.experiments.national_district import DistrictOutcome, burn_in_census, let_go, reduced
from povsim.experiments.replicate import Replicate, add_outcomes, country_from
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.rollout import Needs, YearOfRollout, plan_year, resources
from povsim.model.rollout_office import RolloutOffice, low_shares
from povsim.model.rollout_order import DISSOLVED, Seen, order_of
from povsim.population.columns import COOP, HOME_COLUMNS, LIFE, LIFE_COLUMNS, PLACE

Rows = NDArray[np.int64]
BESIDE: Final = 150
"""Bytes of a household beside its tables: ties, ids, and what deciding takes."""
NUMBERED: Final = ("district", "province", "cell", "names")
"""Fields of `Seen` that are numbers within a district."""


@archive.stored
@dataclass(frozen=True)
class InTurns:
    """Districts in the order given, and by arm what the office decided, a row a year."""

    districts: list[DistrictOutcome]
    years: dict[str, list[dict[str, Any]]]


class DistrictOffice(RolloutOffice):
    """The office in one district: the decision of the year is handed to it in `plan`."""

    plan: YearOfRollout | None = None

    def decide(self, month: int) -> YearOfRollout:
        assert self.plan is not None
        return self.plan

    def begin_year(self, month: int) -> None:
        """As the nation decided; nothing while it has not, which is when the country is made."""
        if self.plan is not None:
            super().begin_year(month)


class NationalOffice:
    """Decides for one arm over the villages of all districts, end to end."""

    def __init__(self, offices: Sequence[DistrictOffice]) -> None:
        self.offices = offices
        first = offices[0]
        self.rollout = first.rollout
        self.edges = np.cumsum([0, *(office.needs.villages.size for office in offices)])
        total = float(self._joined(office.needs.villages for office in offices).sum())
        model = first.model
        years = max(1, -(-(model.first_month - 1 + model.months) // 12))
        self.has = resources(self.rollout, years, total, total / model.nation.villages)
        parts = (field.name for field in fields(Needs))
        self.needs = Needs(**{name: self._joined(getattr(office.needs, name) for office in offices) for name in parts})
        self._numbers = self._numbered()
        self._low = self._low_shares()
        self.years: list[YearOfRollout] = []

    def hand_down(self, month: int) -> None:
        """Decide the year that begins with `month` and hand each district its part."""
        coop = np.concatenate([office.model.state.coop[office.row] for office in self.offices], axis=1)
        running = (coop[COOP.since] > 0) & (coop[COOP.status] != DISSOLVED)
        year = plan_year(
            order_of(self.rollout, self.seen(month)), coop[COOP.since].astype(np.int64), running, (month - 1) // 12,
            self.has, self.needs, wait=not self.rollout.start_without_support,
        )  # fmt: skip
        self.years.append(year)
        for k, office in enumerate(self.offices):
            office.plan = replace(
                year, starts=self._of(k, year.starts), mentored=self._of(k, year.mentored), funded=self._of(k, year.funded)
            )

    def seen(self, month: int) -> Seen:
        """What the districts hand up, with groups numbered over the nation."""
        parts = [office.seen(month) for office in self.offices]
        names = (field.name for field in fields(Seen) if field.name not in ("month", "low10", "low20", *NUMBERED))
        joined: dict[str, Any] = {name: self._joined(getattr(part, name) for part in parts) for name in names}
        low10, low20 = self._low
        return Seen(month=month, low10=low10, low20=low20, **self._numbers, **joined)

    def _numbered(self) -> dict[str, Any]:
        """District, province and cell (province by area) of each village, numbered as in one table of all districts."""
        cells = [office.model.sample.cells for office in self.offices]
        ids = np.array([part["district_id"][0] for part in cells])
        provinces = np.array([part["province"][0] for part in cells])
        sizes = np.diff(self.edges)
        district = np.repeat(np.unique(ids, return_inverse=True)[1], sizes)
        province = np.repeat(np.unique(provinces, return_inverse=True)[1], sizes)
        urban = self._joined(office.model.state.place[PLACE.urban] != 0 for office in self.offices)
        names = tuple(
            part["district"][0] for _, part in sorted(zip(ids.tolist(), cells, strict=True), key=lambda pair: pair[0])
        )
        return {"district": district, "province": province, "cell": 2 * province + urban, "names": names}

    def _low_shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        models = [office.model for office in self.offices]
        registries = [office.registry() for office in self.offices]
        return low_shares(
            self._joined(model.sample.ids for model in models),
            self._joined(registered for registered, _ in registries),
            self._joined(record for _, record in registries),
            self._joined(model.sample.weight for model in models),
            self._joined(model.state.life[LIFE.h] for model in models),
            self._joined(model.sample.village + at for model, at in zip(models, self.edges[:-1], strict=True)),
        )

    def _of(self, k: int, rows: Rows) -> Rows:
        """Those of `rows` that are villages of district k, by their number there."""
        return rows[(rows >= self.edges[k]) & (rows < self.edges[k + 1])] - self.edges[k]

    @staticmethod
    def _joined(parts: Iterable[NDArray]) -> NDArray:
        return np.concatenate(list(parts))


def live_in_turns(
    scenario: Scenario,
    variant: str,
    districts: Sequence[int],
    arms: Sequence[Arm],
    *,
    pool: Executor | None = None,
    threads: int = 1,
) -> InTurns:
    """Live districts side by side from one decision of the nation to the next. Plain arguments, as of `live_district`."""

    def each[Given, Done](work: Callable[[Given], Done], parts: Sequence[Given]) -> list[Done]:
        return [work(part) for part in parts] if pool is None else list(pool.map(work, parts))

    def begin(district: int) -> tuple[Replicate, NDArray[np.float64], Country]:
        replicate, branch, before = burn_in_census(scenario, variant, [district], len(arms))
        country = country_from(branch, replicate, scenario, variant, arms, office_class=DistrictOffice)
        return replicate, before, country

    begun = each(begin, districts)
    countries = [country for _, _, country in begun]
    offices = {a: NationalOffice([office_of(country, a) for country in countries]) for a in countries[0].offices}
    starts: list[NDArray[np.uint8]] = []
    for year in range(scenario.horizon_months // 12):
        for national in offices.values():
            national.hand_down(12 * year + 1)
        if year == 0:
            for national in offices.values():
                for office in national.offices:
                    office.begin_year(1)
            starts = [country.state.coop[:, COOP.status].astype(np.uint8) for country in countries]
        each(partial(_live_year, year), countries)

    def end(k: int) -> DistrictOutcome:
        replicate, before, country = begun[k]
        state = country.state
        add_outcomes(country, starts[k], replicate, scenario)
        outcome = reduced(districts[k], scenario, replicate, before, arms)
        let_go(replicate, state)
        return outcome

    outcomes = each(end, range(len(districts)))
    return InTurns(outcomes, {arms[a].name: [_row(year) for year in office.years] for a, office in offices.items()})


def office_of(country: Country, a: int) -> DistrictOffice:
    """The office of arm `a` in a country that was made with `DistrictOffice`."""
    office = country.offices[a]
    assert isinstance(office, DistrictOffice)
    return office


def _live_year(year: int, country: Country) -> None:
    country.run_until(12 * year + 11)  # the clock of the model counts months from 0, and decides when a year begins


def _row(year: YearOfRollout) -> dict[str, Any]:
    """What a year decided, in plain numbers; a limit that is not there is null."""
    limits = {name: limit if np.isfinite(limit) else None for name, limit in year.limit.items()}
    return {
        "year": year.year + 1,
        "starts": year.starts.size,
        "stopped_by": year.stopped_by,
        "used": dict(year.used),
        "limit": limits,
    }


def in_turns(arms: Iterable[Arm]) -> list[str]:
    """Names of the arms whose cooperatives begin in turns."""
    return [arm.name for arm in arms if arm.cooperative and arm.rollout is not None]


def bytes_of_a_household(arms: int) -> float:
    """Memory of a household while its district is lived."""
    return 8 * (len(LIFE_COLUMNS) + arms * len(HOME_COLUMNS)) + BESIDE


def fail_if_too_large(names: Sequence[str], households: float, arms: int, share: float | None) -> None:
    """Districts side by side need their households in memory at once; `share` of the villages is lived, None: all."""
    lived = 1.0 if share is None else share
    need = lived * households * bytes_of_a_household(arms)
    if need > MOST_BYTES:
        raise PovsimError(
            f"arms: {', '.join(names)}: a rollout in turns is decided each year over all villages at once, so all districts "
            f"are lived side by side, which would take {need / 1e9:,.0f} GB with {arms} arms. "
            f"Give sample={floor(1000 * lived * MOST_BYTES / need) / 1000:g} or less, fewer arms or provinces, or rollout=all."
        )
