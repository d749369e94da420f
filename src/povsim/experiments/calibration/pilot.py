"""A simulated pilot: villages, some with a cooperative, households interviewed in waves, monthly reports of the cooperatives.

What a simulated pilot leaves is what a real one leaves: spending as the survey sees it in lines (equation 21), households that
are lost between waves, reports that come or do not. Whether a report comes depends on the state of the cooperative: one that
trades reports with a probability that is fitted, one that is dormant or dissolved hardly ever does.

Villages, households and their histories are burnt in once with the values of the register and shared; from `SETTLING` months
before the first wave on a pilot lives its own values over its own random numbers, shocks having been brought to the spread
that its values ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.experiments.replicate import TODAYS_AID, sample_of
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.start import BUILDING, LEGAL, OPEN, TRADING
from povsim.model.state import State
from povsim.population.columns import COOP, HOME, LIFE, PLACE
from povsim.population.nation import nation
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SETTLING = 24
"""Months that a pilot lives with its own values before month 0."""
ROOM = 1.3
"""Simulated households for each that is interviewed: with it nobody is drawn twice (`povsim.population.sample`: the households
of a village stand for unequal numbers of real ones, those above the lower part for 1.3 times the mean)."""
SHIFT_MU = "shift_mu"
"""Shift of the location of ln earning capacity in all villages of the pilot: how well off they are, beyond the published
figures of where they lie."""
REPORTING = "report_trading"
"""Share of months for which a cooperative that is not dormant sends its report."""
REPORT_DORMANT = 0.05
"""The same for one that is dormant or dissolved. Assumption (grade A): it is not identified apart from dormancy."""
START = {"trading": TRADING, "open": OPEN, "building": BUILDING, "legal": LEGAL}
RESCALED = {"sd1": LIFE.e1, "sd2": LIFE.e2, "sd_x": LIFE.x}
"""Shocks whose spread at the end of the shared burn-in is brought to that of the draw."""
OFFSET = 1_000_000
"""Replicates of pilots begin here, so that they share no shock with the burn-ins."""


@dataclass(frozen=True)
class Design:
    """What a pilot looks like, whatever the truth.

    villages; interviews: households of each in every wave; waves: increasing months since the cooperatives began, 0 being the
    month before; treated: share of villages with a cooperative; cooperative: scenario of these; lost: share of households
    lost after each wave but the last; panel: the same households in every wave; reports: months of reports from month 1 on;
    start: shares of the treated villages whose cooperative is trading, open, building, legal in month 1, () where the
    scenario says.
    """

    villages: int
    interviews: int
    waves: tuple[int, ...]
    treated: float = 0.5
    cooperative: str = "as_planned"
    lost: tuple[float, ...] = ()
    panel: bool = True
    reports: int = 0
    start: tuple[float, ...] = ()

    @property
    def simulated(self) -> int:
        """Simulated households of a village: full blocks of the compiled loop."""
        return max(24, 8 * -(-int(np.ceil(ROOM * self.interviews)) // 8))

    @property
    def months(self) -> int:
        """Months lived after month 0, whole years."""
        return 12 * -(-max(*self.waves, self.reports, 1) // 12)


@dataclass(frozen=True)
class Reports:
    """Reports of the treated villages [month, village].

    received: a report came; trading: it says that the cooperative trades; members: share of the village's households; volume:
    Rp of the month per household of the village. The last three hold nothing where no report came.
    """

    received: Bools
    trading: Bools
    members: Floats
    volume: Floats


@dataclass(frozen=True)
class Pilot:
    """What a pilot leaves, simulated or real.

    waves: months [W]; spending [W, n]: seen, in lines, nan where not interviewed; weight [n]; size [n]: persons; village [n];
    member [W, n], simulated at the end of the year since the cooperatives began that the wave falls into; treated [V];
    reports, None where there are none.
    """

    waves: tuple[int, ...]
    spending: Floats
    weight: Floats
    size: Floats
    village: NDArray[np.int64]
    member: Bools
    treated: Bools
    reports: Reports | None = None


@dataclass(frozen=True)
class Ground:
    """A sample at the end of the shared burn-in, `SETTLING` months before month 0.

    p: values that it was lived with; given: those that the user set, which a pilot keeps.
    """

    sample: Sample
    state: State
    p: Mapping[str, float]
    given: Mapping[str, float]


def ground(scenario: Scenario, variant: str, number: int) -> Ground:
    """Draw and burn in villages for pilots; the population of the scenario says how many and of whom."""
    p = parameters.values(variant, None, scenario.overrides())
    key = DrawKey(scenario.seed, number)
    sample = sample_of(scenario, variant, number)
    state = State.first(sample, -scenario.burn_in_months)
    country = Country(
        sample, state, [Arm("aid", p, TODAYS_AID)], variant, key,
        months=scenario.burn_in_months - SETTLING, nation=nation(), record=False,
    )  # fmt: skip
    country.run()
    country.release()
    return Ground(sample, state, p, scenario.overrides())


@lru_cache(maxsize=256)
def kept_ground(scenario: Scenario, variant: str, number: int) -> Ground:
    """`ground`, kept in the memory of the process."""
    return ground(scenario, variant, number)


def design_scenario(scenario: Scenario, design: Design) -> Scenario:
    """The scenario whose samples are villages of the design."""
    population = replace(scenario.population, villages=design.villages, households_per_village=design.simulated)
    return replace(scenario.lived(), population=population)


def simulate(ground: Ground, design: Design, variant: str, draw: Mapping[str, float], key: DrawKey) -> Pilot:
    """The pilot that the values of `draw` leave: symbols of the register, `SHIFT_MU`, `REPORTING`.

    Everything after the burn-in is a function of the ground, the draw and the key.
    """
    p = {
        **parameters.values(variant, design.cooperative, ground.given),
        **{s: v for s, v in draw.items() if s in parameters.register()},
    }
    if design.start:
        p |= {f"start_{name}": share for name, share in zip(START, design.start, strict=True)}
    state, sample = _own_state(ground, p, draw, design, key), ground.sample
    _run(sample, state, Arm("aid", p, TODAYS_AID), variant, key, SETTLING)
    seen = {t: _spending(state, t) for t in design.waves if t <= 0}
    member = {t: np.zeros(sample.ids.size, np.bool_) for t in seen}
    arm = Arm("aid_cooperative", p, TODAYS_AID, cooperative=design.treated > 0, coverage=design.treated)
    country = _country(sample, state, arm, variant, key, design.months, record=True)
    for last in range(12, design.months + 12, 12):
        country.live_year()
        for t in design.waves:
            if last - 12 < t <= last:
                seen[t], member[t] = _spending(state, t), state.home[0, HOME.member] != 0
    treated = state.coop[0, COOP.covered] != 0
    reports = _reports(country, sample, treated, design, draw.get(REPORTING, 1.0), key) if design.reports else None
    country.release()
    return _interviewed(sample, design, seen, member, treated, reports, p["sigma_me"], key)


def _own_state(ground: Ground, p: Mapping[str, float], draw: Mapping[str, float], design: Design, key: DrawKey) -> State:
    state = ground.state.copy()
    for symbol, column in RESCALED.items():
        if p[symbol] != ground.p[symbol]:
            state.life[column] *= p[symbol] / ground.p[symbol]
    shift = draw.get(SHIFT_MU, 0.0)
    if shift != 0.0:  # money that follows earnings is brought along; assets at the elasticity of the fitted law of first assets
        state.life[LIFE.mu] += shift
        factor = np.exp(shift)
        for column in (HOME.S, HOME.ybar, HOME.K, HOME.c_sum, *range(HOME.c0, HOME.c0 + 12)):
            state.home[0, column] *= factor
        state.home[0, HOME.record] += shift
    lots = uniforms(key, Stream.PILOT, ground.sample.village_ids, 0)
    # so many villages are treated, whichever they are
    place = np.argsort(np.argsort(lots[:, 3], kind="stable"), kind="stable")
    state.place[PLACE.u_cover] = (place + 0.5) / place.size
    state.place[PLACE.u_funnel] = lots[:, 2]
    return state


def _country(sample: Sample, state: State, arm: Arm, variant: str, key: DrawKey, months: int, *, record: bool) -> Country:
    return Country(sample, state, [arm], variant, key, months=months, nation=nation(), record=record)


def _run(sample: Sample, state: State, arm: Arm, variant: str, key: DrawKey, months: int) -> None:
    country = _country(sample, state, arm, variant, key, months, record=False)
    country.run()
    country.release()


def _spending(state: State, t: int) -> Floats:
    """Consumption of month t, one of the last twelve [H], L."""
    return state.home[0, HOME.c0 + t % 12].copy()


def _interviewed(
    sample: Sample,
    design: Design,
    seen: Mapping[int, Floats],
    member: Mapping[int, Bools],
    treated: Bools,
    reports: Reports | None,
    sigma_me: float,
    key: DrawKey,
) -> Pilot:
    """Who was asked, and what they said."""
    asked, lost = [], np.zeros(sample.ids.size, np.bool_)
    for w in range(len(design.waves)):
        u = uniforms(key, Stream.PILOT, sample.village_ids, 1 if design.panel else 1 + w)[:, 0]
        asked.append(drawn_in_villages(sample, design.interviews, u) & ~lost)
        if design.panel and w < len(design.lost):
            lost |= uniforms(key, Stream.PILOT, sample.ids, 64 + w)[:, 1] < design.lost[w]
    rows = np.flatnonzero(np.logical_or.reduce(asked))
    spending = np.full((len(design.waves), rows.size), np.nan)
    for w, t in enumerate(design.waves):
        here = asked[w][rows]
        at = rows[here]
        noise = inverse_normal(uniforms(key, Stream.SURVEY, sample.ids[at], t)[:, 0])
        spending[w, here] = seen[t][at] * np.exp(sigma_me * noise)
    return Pilot(
        design.waves,
        spending,
        np.ones(rows.size),
        sample.life[LIFE.size, rows],
        sample.village[rows].astype(np.int64),
        np.stack([member[t][rows] for t in design.waves]),
        treated,
        reports,
    )


def drawn_in_villages(sample: Sample, interviews: int, u: Floats) -> Bools:
    """A systematic draw of `interviews` households in each village, in proportion to how many each stands for [H]; u [V]."""
    h, first = sample.life[LIFE.h], sample.start[:-1]
    up_to = np.cumsum(h)
    before = np.concatenate([[0.0], up_to])[first]
    total = np.add.reduceat(h, first)
    scale = (interviews / total)[sample.village]
    end = (up_to - before[sample.village]) * scale + u[sample.village]
    return np.asarray(np.floor(end + 1e-9) > np.floor(end - h * scale + 1e-9))


def _reports(country: Country, sample: Sample, treated: Bools, design: Design, sent: float, key: DrawKey) -> Reports:
    record, months = country.record, design.reports
    status = record.status[0, :months][:, treated]
    ids = sample.village_ids[treated]
    u = np.stack([uniforms(key, Stream.PILOT, ids, 128 + t)[:, 1] for t in range(1, months + 1)])
    asleep = status >= 5
    received = u < np.where(asleep, REPORT_DORMANT * sent, sent)
    households = sample.place[PLACE.households][treated]
    return Reports(
        received,
        received & (status == TRADING),
        np.where(received, record.members[0, :months][:, treated] / households, np.nan),
        np.where(received, record.volume[0, :months][:, treated] / households, np.nan),
    )
