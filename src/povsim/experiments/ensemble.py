"""Many parameter draws of one arm, lived from one burnt-in replicate and reduced on the spot: calibration's engine.

Draws that agree in what all arms of a country share (`SHARED`) are lived as arms of one country, so that the random numbers of
a village and month are worked out once for all of them; the others get a country each. Either way a draw gives what it would
give alone, to the bit, whatever the draws beside it, the threads and the batches (contracts C1, C2; decision record 0028).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import batched
from os import cpu_count

import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.draws import DrawKey
from povsim.errors import PovsimError, nearest
from povsim.experiments.replicate import Replicate
from povsim.measures.exits import M12_LINE
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.start import TRADING
from povsim.population.columns import HOME, LIFE
from povsim.population.nation import nation

Floats = NDArray[np.float64]
Draw = Mapping[str, float]

SHARED = frozenset((
    *("g_w", "sd_u", "rho_u", "sd1", "rho1", "sd2", "rho2", "b_M", "sigma_me"),  # shocks of the month
    *("p_h", "loss_h", "d_h", "p_k", "loss_k", "p_v", "loss_v", "delta"),
    *("sd_x", "tau_x", "sd_a", "inh", "turn", "turn_l0", "age_1", "age_2", "l_old", "remit_lo", "remit_hi"),  # of the year
    *("pkh_families", "pkh_idr_year", "sembako_families", "sembako_idr_month", "delivered", "aid_admin"),  # programmes
    *("asset_idr", "coach_idr", "coach_gain", "vf_idr_year"),
))  # fmt: skip
"""Symbols that a country takes from its first arm alone: shocks and ageing, growth, programmes, village funds."""

SETTLED = frozenset((
    *("bs", "capture_share", "own_rural", "own_urban", "passive", "trader_share", "wedge"),
    *(f"size_{k}" for k in range(1, 9)),
))  # fmt: skip
"""Symbols that only the drawing of the sample reads: after a burn-in nothing can be learnt from other values of them."""

TOGETHER = 8
"""Draws of a country: more of them save little, as the random numbers are then a small part of the time."""


@dataclass(frozen=True)
class LivedDraw:
    """A draw after its last month: row `arm` of the tables of `country`; consumption [months], mean of persons, L."""

    replicate: Replicate
    country: Country
    arm: int
    consumption: Floats


@dataclass(frozen=True)
class Paths:
    """Month by month, 1 .. months, [months] each.

    headcount, gap, squared_gap: observed, and true_headcount, shares of persons; consumption: mean of persons, L; trading:
    share of villages whose cooperative trades; members: share of households; exits, reentries: share of the baseline poor whose
    mean consumption of twelve months rises to the line, or falls below it, in the month.
    """

    headcount: Floats
    gap: Floats
    squared_gap: Floats
    true_headcount: Floats
    consumption: Floats
    trading: Floats
    members: Floats
    exits: Floats
    reentries: Floats


def paths(lived: LivedDraw) -> Paths:
    """The standard reduction of a draw."""
    r, record, a = lived.replicate, lived.country.record, lived.arm
    life, weight, start = r.sample.life, r.village_weight, r.sample.start[:-1]
    households = float((np.add.reduceat(life[LIFE.h], start) * weight).sum())
    poverty = (record.poverty[a] * weight[:, None]).sum(axis=1) / r.sample.persons.sum()
    trading = ((record.status[a] == TRADING) * weight).sum(axis=1) / weight.sum()
    above = (record.marks[a] & M12_LINE) != 0
    before = np.concatenate([np.zeros((1, r.tracked.size), np.bool_), above[:-1]])
    poor = float(r.weight.sum()) or np.nan
    exits, reentries = (((now & ~then) * r.weight).sum(axis=1) / poor for now, then in ((above, before), (before, above)))
    observed, gap, severity, latent = poverty.T
    return Paths(
        headcount=observed,
        gap=gap,
        squared_gap=severity,
        true_headcount=latent,
        consumption=lived.consumption,
        trading=trading,
        members=(record.members[a] * weight).sum(axis=1) / households,
        exits=exits,
        reentries=reentries,
    )


def live_draws[Result](
    replicate: Replicate,
    scenario: Scenario,
    variant: str,
    arm: Arm,
    draws: Sequence[Draw],
    *,
    months: int,
    reduce: Callable[[LivedDraw], Result],
    threads: int | None = None,
    together: int = TOGETHER,
) -> list[Result]:
    """Results of the draws, in their order.

    A draw holds the symbols that it changes in the parameters of `arm`, and their values. `reduce`, such as `paths`, is called
    once for each, in one of `threads` threads (default: all cores); the tables that it sees are gone afterwards. `together`:
    most draws of a country. Raises PovsimError for symbols that are unknown, or settled by the burn-in.
    """
    for number, draw in enumerate(draws):
        fail_if_unknown(number, draw)
        fail_if_settled(number, draw, arm)
    batches = list(_batches(draws, arm, together))

    def lived(batch: Sequence[int]) -> list[Result]:
        arms = [replace(arm, name=str(number), p={**arm.p, **draws[number]}) for number in batch]
        return _live(replicate, scenario, variant, arms, months, reduce)

    results: dict[int, Result] = {}
    with ThreadPoolExecutor(threads or cpu_count() or 1) as pool:
        for batch, found in zip(batches, pool.map(lived, batches), strict=True):
            results |= zip(batch, found, strict=True)
    return [results[number] for number in range(len(draws))]


def _batches(draws: Sequence[Draw], arm: Arm, together: int) -> Iterator[tuple[int, ...]]:
    """Numbers of the draws that are lived as arms of one country."""
    symbols = sorted(SHARED)
    alike: dict[tuple[float, ...], list[int]] = {}
    for number, draw in enumerate(draws):
        alike.setdefault(tuple(draw.get(symbol, arm.p[symbol]) for symbol in symbols), []).append(number)
    for numbers in alike.values():
        yield from batched(numbers, together)


def _live[Result](
    r: Replicate, scenario: Scenario, variant: str, arms: Sequence[Arm], months: int, reduce: Callable[[LivedDraw], Result]
) -> list[Result]:
    country = Country(
        r.sample, r.state.branch(len(arms)), arms, variant, DrawKey(scenario.seed, r.number),
        months=months, nation=nation(), tracked=r.tracked, macro=scenario.economy.macro, interactions=scenario.interactions,
        b=scenario.exit.b, specs=scenario.programmes,
    )  # fmt: skip
    share = r.sample.persons / r.sample.persons.sum()
    consumption = np.empty((len(arms), months))
    for first in range(0, months, 12):
        country.live_year()
        year = min(12, months - first)
        at = HOME.c0 + np.arange(country.state.t - year + 1, country.state.t + 1) % 12
        for a in range(len(arms)):
            consumption[a, first : first + year] = (country.state.home[a, at] * share).sum(axis=1)
    results = [reduce(LivedDraw(r, country, a, consumption[a])) for a in range(len(arms))]
    country.release()
    return results


def fail_if_unknown(number: int, draw: Draw) -> None:
    """A symbol that the register does not have."""
    for symbol in draw:
        if symbol not in parameters.register():
            near = nearest(symbol, parameters.register())
            raise PovsimError(
                f"Draw {number} has the parameter '{symbol}', which the register does not have."
                + (f" Did you mean '{near}'?" if near else " `povsim parameters` lists all.")
            )


def fail_if_settled(number: int, draw: Draw, arm: Arm) -> None:
    """Another value of a symbol that the sample was drawn with: its draws would all be alike."""
    for symbol in sorted(SETTLED & draw.keys()):
        if draw[symbol] != arm.p[symbol]:
            raise PovsimError(
                f"Draw {number} sets {symbol}={draw[symbol]:g}, but the sample was drawn with {arm.p[symbol]:g} and nothing "
                f"after the burn-in reads it. Leave {symbol} out, or burn in a replicate for every value."
            )
