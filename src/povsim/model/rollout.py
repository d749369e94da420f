"""Who starts this year: a pure function of the order of villages, what each needs, the resources, and what runs already.

The prefix rule: villages are taken in their order until one does not fit; nobody is skipped. So more of a resource never
means fewer villages under the same order, and a large village is not passed over for a small one.

What a village needs for its start (building, working capital) is set aside in the year it starts, whenever the building is
then built; what it needs every year (mentoring, administration) must fit this year's budget and that of every later year, so
that nothing which was begun has to be closed. What a year leaves over lapses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from povsim.config.rollout import Rollout

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
ROUNDING = 1e-9
"""Share of a limit by which sums may pass it: what rounding of sums of rupiah can do, and no more."""
LIMITS = ("waves", "budget", "mentors", "managers", "loan_funds")


@dataclass(frozen=True)
class Resources:
    """What there is, year by year [years]; infinite where nothing limits.

    waves: real villages that may have started by the end of the year; budget, loan_funds: Rp that can be set aside in the
    year; mentors: places with a mentor; managers: cooperatives that can have one.
    """

    waves: Floats
    budget: Floats
    mentors: Floats
    managers: Floats
    loan_funds: Floats


@dataclass(frozen=True)
class Needs:
    """What each village needs [V], for all the real villages that it stands for.

    villages: how many those are; start_idr: Rp once, loan fund included; year_idr: Rp every year; mentors: places; loan_idr:
    Rp of working capital.
    """

    villages: Floats
    start_idr: Floats
    year_idr: Floats
    mentors: Floats
    loan_idr: Floats


@dataclass(frozen=True)
class YearOfRollout:
    """One year: rows that start, in order; what is in use and what there is, by name of LIMITS; what stopped the next one.

    waves and managers are counted over all years so far, budget and loan_funds of this year, mentors in use this year.
    `mentored` and `funded`: rows that have a mentor this year, and rows among `starts` that have capital.
    """

    year: int
    starts: Rows
    mentored: Rows
    funded: Rows
    used: dict[str, float]
    limit: dict[str, float]
    stopped_by: str | None


def resources(rollout: Rollout, years: int, villages: float, share: float) -> Resources:
    """Resources of `years` years for a population of `villages` real villages that is `share` of the nation's."""
    year = np.arange(years)
    nothing = np.full(years, np.inf)
    covered = rollout.coverage * villages
    waves = np.full(years, covered)
    if rollout.waves is not None:
        waves = covered * np.minimum(1.0, (year + 1) / rollout.waves)
    if rollout.plain or rollout.kind == "all":  # its villages are chosen by lot, not counted
        waves = nothing if rollout.waves is None else waves
    mentors = nothing
    if rollout.mentors is not None:
        mentors = rollout.cooperatives_per_mentor * share * mentors_in_post(rollout, years)
    managers = nothing
    if rollout.managers is not None:
        managers = np.asarray(share * (rollout.managers + rollout.managers_year * year), np.float64)
    budget, loan_funds = (share * _path(given, years) for given in (rollout.budget_idr_year, rollout.loan_funds_idr_year))
    return Resources(waves, budget, mentors, managers, loan_funds)


def mentors_in_post(rollout: Rollout, years: int) -> Floats:
    """Mentors of the nation who work in each year [years].

    Those of the first year and those trained leave at `mentor_turnover` a year; recruits of a year work from the first year
    that begins when they are trained.
    """
    assert rollout.mentors is not None
    stay = 1.0 - rollout.mentor_turnover
    lag = -(-rollout.mentor_training_months // 12)
    post = np.zeros(years)
    there = rollout.mentors
    for year in range(years):
        there = there * stay if year else there
        there += rollout.mentors_trained_year if year >= lag else 0.0
        post[year] = there
    return post


def starts_of_year(
    order: Rows, started: NDArray[np.bool_], running: NDArray[np.bool_], year: int, has: Resources, needs: Needs, wait: bool
) -> tuple[Rows, str | None]:
    """Rows of `order` that start in `year` (0 is the first), and the limit that stops the next one, None if all start.

    `started`, `running` [V]: villages that began in earlier years, and those of them whose cooperative is not dissolved.
    `wait`: a village does not start without mentor and capital. Rows of `order` have not started.
    """
    if order.size == 0:
        return order, None
    names = ("villages", "start_idr", "year_idr", "mentors", "loan_idr")
    sums = {name: np.cumsum(getattr(needs, name)[order]) for name in names}
    alive = {name: float(getattr(needs, name)[running].sum()) for name in ("villages", "year_idr", "mentors")}
    later = float(has.budget[year:].min())
    fits = {
        "waves": _within(float(needs.villages[started].sum()) + sums["villages"], has.waves[year]),
        "budget": _within(alive["year_idr"] + sums["year_idr"] + sums["start_idr"], has.budget[year])
        & _within(alive["year_idr"] + sums["year_idr"], later),
        "managers": _within(alive["villages"] + sums["villages"], has.managers[year]),
    }
    if wait:
        fits["mentors"] = _within(alive["mentors"] + sums["mentors"], has.mentors[year])
        fits["loan_funds"] = _within(sums["loan_idr"], has.loan_funds[year])
    counts = {name: order.size if fit.all() else int(np.argmin(fit)) for name, fit in fits.items()}
    count = min(counts.values())
    stopped_by = None if count == order.size else next(name for name in LIMITS if counts.get(name) == count)
    return order[:count], stopped_by


def supported(rows: Rows, need: Floats, there: float) -> Rows:
    """The first of `rows` whose needs fit into what is there; nobody is skipped."""
    fit = _within(np.cumsum(need[rows]), there)
    return rows if fit.all() else rows[: int(np.argmin(fit))]


def plan_year(
    order: Rows, since: Rows, running: NDArray[np.bool_], year: int, has: Resources, needs: Needs, wait: bool
) -> YearOfRollout:
    """The year's starts, mentors and capital. `since` [V]: month in which each village began, 0 if not yet.

    Mentors serve cooperatives in the order in which they began, so the youngest lose theirs where mentors leave.
    """
    starts, stopped_by = starts_of_year(order, since > 0, running, year, has, needs, wait)
    old = np.nonzero(running)[0]
    mentored = supported(np.concatenate([old[np.lexsort((old, since[old]))], starts]), needs.mentors, has.mentors[year])
    funded = supported(starts, needs.loan_idr, has.loan_funds[year])
    served = np.concatenate([old, starts])
    without = np.setdiff1d(starts, funded)
    used = {
        "waves": float(needs.villages[since > 0].sum() + needs.villages[starts].sum()),
        "budget": float(needs.year_idr[served].sum() + needs.start_idr[starts].sum() - needs.loan_idr[without].sum()),
        "mentors": float(needs.mentors[mentored].sum()),
        "managers": float(needs.villages[served].sum()),
        "loan_funds": float(needs.loan_idr[funded].sum()),
    }
    limit = {name: float(getattr(has, name)[year]) for name in LIMITS}
    return YearOfRollout(year, starts, mentored, funded, used, limit, stopped_by)


def _within(sums: Floats, limit: float) -> NDArray[np.bool_]:
    return sums <= limit * (1.0 + ROUNDING)


def _path(given: Sequence[float] | None, years: int) -> Floats:
    if given is None:
        return np.full(years, np.inf)
    return np.array([given[min(year, len(given) - 1)] for year in range(years)])
