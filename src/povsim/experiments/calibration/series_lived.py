"""What growth would leave in a published series.

Villages of the places concerned, none with a cooperative and at the published level, live draws of growth from its prior, in
`LOTS` lots that each share villages and shocks. All else keeps the register's values: without growth a rate of the model stays
where it is whatever they are, and what a change of them does at first is settling, no news. The change of each figure since
each place's first round is then a regression on growth, whose chance is that of the lots' mean. A simulated series is that, and
three errors:

* what the regression leaves over, and the chance of the lots' mean;
* sampling: variance of a round as the forecasts have it (`povsim.experiments.forecast_draws`: a part of the spread of yearly
  changes of provinces, larger where fewer households are surveyed), shared out over the figures of a round by the covariance
  of their influence functions in the simulated sample; four times as much in the round of September;
* place: the villages of a pilot do not grow as their province does. By how much in a year is read off how provinces differ
  from each other (the same source); half of that variance is common to all places of the series.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor as Pool
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.data.places import NATIONAL
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.calibration.keyed import Purpose, normal_table
from povsim.experiments.calibration.learnt import prior_for
from povsim.experiments.calibration.pilot import OFFSET, Design, design_scenario, ground, simulate
from povsim.experiments.calibration.prior import scores
from povsim.experiments.calibration.series import MEASURES, Place, statistic_name
from povsim.experiments.calibration.statistics import LEAST_SPENDING
from povsim.experiments.calibration.table import Question, Table, draws_of
from povsim.experiments.executor import Executor, Job
from povsim.experiments.forecast_draws import noise
from povsim.experiments.forecast_history import MERGED, logit, logit_error, published
from povsim.population.columns import LIFE, PLACE

Floats = NDArray[np.float64]
LOTS, DRAWS = 30, 4
"""Lots, and draws of growth that each lives."""
VILLAGES, INTERVIEWS, FEWEST_VILLAGES = 200, 18, 10
"""Villages of a lot and households asked in each; villages below which a place cannot be said to be lived."""
GENERATION, ERRORS = 5, 6
"""Generation of the prior's draws that are lived, and of the errors."""
SAMPLING_SHARE = 0.25
"""Share of the variance of yearly changes of a province's rate that is sampling error, as in `povsim forecast` (grade A)."""
SEPTEMBER_VARIANCE = 4.0
"""Sampling variance of a round of September over that of one of March. Assumption, grade A: a quarter of the households."""
COMMON = 0.5
"""Share of the yearly variance of growth between pilot and place that is common to all places. Assumption, grade A."""
GROUND, NUMBER = 500_000, 60_000_000
"""First numbers of the lots' burn-ins and shocks."""
GROWTH = "g_w"


@dataclass(frozen=True)
class Expected:
    """The regression and its errors, [c] cells: place, round after the first, measure.

    names [c]; level [c]; slopes [2, c] on the normal score of growth (column `growth` of the draws) and its square less 1;
    chance [c]: standard error; base, at [c]: numbers of the rounds over all places; years [c, y]: what a year's growth beyond
    the pilot's adds; place [c]; measure [c]; sampling: root of the covariance of a round [round, measure, measure].
    """

    names: tuple[str, ...]
    growth: int
    level: Floats
    slopes: Floats
    chance: Floats
    base: NDArray[np.int64]
    at: NDArray[np.int64]
    years: Floats
    place: NDArray[np.int64]
    measure: NDArray[np.int64]
    sampling: Floats

    def simulated(self, u: Floats, first: int, key: DrawKey) -> Floats:
        """Series [n, c] of draws u [n, p] with their errors; draw i is number `first` + i, and so its luck."""
        n, c, years = len(u), len(self.names), self.years.shape[1]
        rounds, places = len(self.sampling), int(self.place.max()) + 1
        z = normal_table(
            key, Purpose.ERROR, ERRORS, np.arange(first, first + n), c + years * (1 + places) + rounds * len(MEASURES)
        )
        own, common, apart, drawn = np.split(z, np.cumsum([c, years, years * places]), axis=1)
        apart = apart.reshape(n, places, years)[:, self.place]
        elsewhere = np.sqrt(COMMON) * common[:, None] + np.sqrt(1 - COMMON) * apart
        survey = np.einsum("nrk,rmk->nrm", drawn.reshape(n, rounds, -1), self.sampling)
        error = survey[:, self.at, self.measure] - survey[:, self.base, self.measure]
        return (
            self.level + _terms(u, self.growth) @ self.slopes + own * self.chance + (elsewhere * self.years).sum(axis=2) + error
        )

    def added(self, table: Table, first: int, key: DrawKey, names: tuple[str, ...]) -> Table:
        """The table with the series `names` in further columns; draws as in `simulated`."""
        at = [self.names.index(name) for name in names]
        more = self.simulated(table.u, first, key)[:, at]
        return Table(table.u, np.concatenate([table.statistics, more], axis=1), (*table.names, *names))


def _terms(u: Floats, growth: int) -> Floats:
    z = scores(u[:, growth])
    return np.stack([z, z**2 - 1], axis=1)


def expected(
    question: Question, places: tuple[Place, ...], executor: Executor, advance: Callable[[float], Any], failures: list[str]
) -> Expected:
    """Live the lots and fit. Raises PovsimError where lots failed or a place has too few villages."""
    u = draws_of(question, LOTS * DRAWS, 0, GENERATION)
    jobs = [
        Job(
            f"published series, lot {lot}, variant {question.variant}",
            lived_lot,
            (question, places, u[lot * DRAWS : (lot + 1) * DRAWS], lot),
            size=float(DRAWS),
        )
        for lot in range(LOTS)
    ]
    found = executor.map(jobs, advance, failures)
    if any(one is None for one in found):
        raise PovsimError(f"The published series could not be simulated: {failures[-1]}. Leave aggregate out.")
    changes = np.stack([one["changes"] for one in found])  # type: ignore[index]
    influence = np.mean([one["covariance"] for one in found], axis=0)  # type: ignore[index]
    return fitted(question, places, u, changes, influence)


def lived_lot(
    question: Question, places: tuple[Place, ...], u: Floats, lot: int, *, pool: Pool | None, threads: int
) -> dict[str, Floats]:
    """Work of a job: changes [draw, cell], and covariance of the influence functions of a round [place, measure, measure], both
    over the same villages and shocks."""
    prior = prior_for(question.symbols, question.variant, question.design.cooperative)
    months = tuple(sorted({one.month for place in places for one in place.rounds}))
    design = Design(VILLAGES * len(places), INTERVIEWS, months, treated=0.0, cooperative=question.design.cooperative)
    base = ground(design_scenario(question.scenario, design), question.variant, GROUND + lot)
    key = DrawKey(question.scenario.seed, OFFSET + NUMBER + lot)
    sample = base.sample
    stands_for = sample.place[PLACE.weight] * np.bincount(sample.village, weights=sample.life[LIFE.h])
    province = np.array(sample.cells["province"].to_list())[sample.cell]
    here = {
        place.name: np.ones(province.size, np.bool_) if place.name == NATIONAL else province == place.name for place in places
    }
    fail_if_villages_are_too_few(here)
    changes, covariance = [], np.zeros((len(places), len(MEASURES), len(MEASURES)))
    for row in u:
        pilot = simulate(base, design, question.variant, {GROWTH: prior.mapping(row)[GROWTH]}, key)
        cells: list[float] = []
        for at, place in enumerate(places):
            asked = here[place.name][pilot.village]
            weight = (stands_for[pilot.village] * pilot.size)[asked]
            figures = []
            for one in place.rounds:
                figure, spread = _figures(pilot.spending[months.index(one.month), asked], weight)
                figures.append(figure)
                covariance[at] += spread / (len(u) * len(place.rounds))
            cells += (np.array(figures[1:]) - figures[0]).ravel().tolist()
        changes.append(cells)
    return {"changes": np.array(changes), "covariance": covariance}


def fail_if_villages_are_too_few(here: dict[str, NDArray[np.bool_]]) -> None:
    """Places with hardly a village among those drawn."""
    for name, villages in here.items():
        if villages.sum() < FEWEST_VILLAGES:
            raise PovsimError(
                f"only {int(villages.sum())} of the simulated villages lie in {name}, too few for its series. Name fewer "
                "provinces in population.provinces"
            )


def _figures(spending: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The figures of a round on their scales [measure], and the covariance of their influence functions for one household."""
    c, share = np.maximum(spending, LEAST_SPENDING), weight / weight.sum()
    below = np.maximum(0.0, 1 - c)
    parts = np.stack([(c < 1).astype(float), below, below**2, c])
    mean = parts @ share
    mean[:3] = np.clip(mean[:3], 1e-6, 1 - 1e-6)
    figure = np.log(mean)
    figure[0] = float(logit(mean[0]))
    scale = 1 / mean
    scale[0] = 1 / (mean[0] * (1 - mean[0]))
    influence = (parts - mean[:, None]) * scale[:, None]
    return figure, (influence * share) @ influence.T


def fitted(question: Question, places: tuple[Place, ...], u: Floats, changes: Floats, covariance: Floats) -> Expected:
    """The regression of changes [lot, draw, cell] on the growth of the draws u [lot x draw, p], a level for each lot."""
    growth = question.symbols.index(GROWTH)
    lots, draws, c = changes.shape
    x = _terms(u, growth).reshape(lots, draws, -1)
    inner = (x - x.mean(axis=1, keepdims=True)).reshape(lots * draws, -1)
    y = (changes - changes.mean(axis=1, keepdims=True)).reshape(lots * draws, c)
    slopes = np.linalg.lstsq(inner, y, rcond=None)[0]
    levels = changes.mean(axis=1) - x.mean(axis=1) @ slopes
    left = ((y - inner @ slopes) ** 2).sum(axis=0) / max(1, lots * (draws - 1) - inner.shape[1])
    names, base, at, place, measure, months, begins = [], [], [], [], [], [], []
    first = 0
    for k, one in enumerate(places):
        for r, when in enumerate(one.rounds[1:], 1):
            for m, name in enumerate(MEASURES):
                names.append(statistic_name(name, one.name, when.month))
                base.append(first)
                at.append(first + r)
                place.append(k)
                measure.append(m)
                months.append(when.month)
                begins.append(one.rounds[0].month)
        first += len(one.rounds)
    per_year = _growth_slopes(question, slopes[0]) * 12 / (np.array(months) - np.array(begins))
    own, sampling = published_errors(places)
    covariance = covariance / covariance[:, :1, :1] * sampling[:, None, None] ** 2
    rounds = [
        np.linalg.cholesky(covariance[k] + 1e-12 * np.eye(len(MEASURES))) * np.sqrt(1 if one.march else SEPTEMBER_VARIANCE)
        for k, this in enumerate(places)
        for one in this.rounds
    ]
    longest = (np.array(measure) == 0) & (np.array(months) == max(months))
    growth_sd = own / np.abs(per_year[longest]).mean()
    years = -(-max(months) // 12)
    lived = np.stack([np.clip((np.array(months) - 12 * y) / 12, 0, 1) for y in range(years)], axis=1)
    before = np.stack([np.clip((np.array(begins) - 12 * y) / 12, 0, 1) for y in range(years)], axis=1)
    return Expected(
        tuple(names), growth, levels.mean(axis=0), slopes, np.sqrt(levels.var(axis=0, ddof=1) / lots + left),
        np.array(base), np.array(at), per_year[:, None] * growth_sd * (lived - before), np.array(place), np.array(measure),
        np.stack(rounds),
    )  # fmt: skip


def _growth_slopes(question: Question, slopes: Floats) -> Floats:
    """What one unit of yearly growth adds to each cell [c], at the median of its prior; `slopes` [c] on its normal score."""
    step = 0.05
    q = prior_for((GROWTH,), question.variant, question.design.cooperative).quantiles[0]
    per_score = (q(0.5 + step) - q(0.5 - step)) / (scores(np.array([0.5 + step])) - scores(np.array([0.5 - step])))[0]
    return np.asarray(slopes / per_score)


def published_errors(places: tuple[Place, ...]) -> tuple[float, Floats]:
    """In log odds of the share of poor persons: sd of a place's own change in a year; sd of the sampling error of a round of
    March [place]. The country's sampling error is as much of a simple random sample's as that of provinces is; a place that no
    published series has (the made-up one) gets the provinces' mean."""
    known = published()
    around = noise(known, SAMPLING_SHARE)
    by_name = dict(zip(known.provinces, around.sampling.tolist(), strict=True))
    simple = logit_error(*known.at(known.years[-1]))
    ratio = float(np.sqrt((around.sampling**2).sum() / (simple**2).sum()))
    by_name[NATIONAL] = ratio * float(logit_error(known.national[-1], known.national_se[-1]))
    middle = float(np.sqrt((around.sampling**2).mean()))
    return around.own, np.array([by_name.get(MERGED.get(place.name, place.name), middle) for place in places])
