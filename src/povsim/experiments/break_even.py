"""Break-even: from where on cooperatives beat the best assistance that costs the same.

Two scenarios of the cooperatives, the run's own and the ministry's targets, are moved along four paths, one quantity at a time
(`povsim.experiments.break_even_paths`). At each point the share of the structurally poor with E4 under assistance and
cooperatives is held against assistance at the same public cost, over the same draws. Assistance is lived at a few levels of
money in each form (`povsim.experiments.equal_money`); between two levels the exits of a household are interpolated in cost,
so a lived level comes out exactly. Which form is the best at a cost is read on other draws. Equal are, as for the
equal-cost arms, the costs expected over the replicates.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.config.arms import TARGETS, ArmSpec
from povsim.errors import PovsimError
from povsim.experiments import archive
from povsim.experiments.break_even_paths import QUANTITIES, path
from povsim.experiments.contrasts import Contrast, paired_contrast
from povsim.experiments.equal_money import FORMS, Twin
from povsim.experiments.replicate import TAKE_UP_MONTH, ArmOutcome, Replicate, live_arms
from povsim.experiments.runs import Source, replicate_of
from povsim.model.arm import Arm
from povsim.population.columns import STATUS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEVELS: Final = 4
"""Levels of money at which a form of assistance is lived beside today's, over the costs of all points."""
LEVELS_OF_GRANT: Final = 3
"""The same for the grant, which follows the calendar of outlay of one scenario and so spans the costs of that one alone."""
ROOM: Final = 0.02
"""How far the lowest and the highest level lie beyond the cheapest and the dearest point, as a share of today's cost."""
EQUAL_MONEY: Final = "equal_money"
BATCH: Final = 12
"""Arms lived at once; their records are reduced before the next are lived."""
SURVIVAL_MONTHS: Final = 60
_TRADING = STATUS.index("trading")


@archive.stored
@dataclass(frozen=True)
class Lived:
    """One arm in one replicate, reduced: exits [n] E4 of the structurally poor; cost Rp of the nation; outlay Rp a month that
    its cooperatives cost; families on Sembako; realised: the four quantities, None where there is nothing to measure."""

    exits: Bools
    cost: float
    outlay: Floats
    families: float
    realised: dict[str, float | None]


@archive.stored
@dataclass(frozen=True)
class Drawn:
    """One replicate, reduced: its number, weight [n] and province [n] of the structurally poor, what arms left, by name."""

    number: int
    weight: Floats
    province: NDArray[np.str_]
    arms: dict[str, Lived]


@dataclass
class Draws:
    """Arms lived over the same replicates: numbers of these, weight [n] and province [n] of the structurally poor."""

    numbers: list[int]
    weight: list[Floats]
    province: list[NDArray[np.str_]]
    arms: dict[str, list[Lived]] = field(default_factory=dict)

    def joined(self, other: Draws) -> Draws:
        """Both sets of arms, over the replicates that they share (one may have failed in the other)."""
        rows, theirs = (
            [one.numbers.index(number) for number in self.numbers if number in other.numbers] for one in (self, other)
        )
        arms = {name: [lived[r] for r in rows] for name, lived in self.arms.items()}
        arms |= {name: [lived[r] for r in theirs] for name, lived in other.arms.items()}
        return Draws([self.numbers[r] for r in rows], [self.weight[r] for r in rows], [self.province[r] for r in rows], arms)

    def cost(self, name: str) -> float:
        """Public cost of an arm, Rp, mean over replicates."""
        return float(np.mean([one.cost for one in self.arms[name]]))

    def share(self, name: str) -> float:
        """Share of the structurally poor with E4, mean over the replicates that have any."""
        shares = [float(w @ one.exits / w.sum()) for w, one in zip(self.weight, self.arms[name], strict=True) if w.sum() > 0.0]
        return float(np.mean(shares)) if shares else 0.0

    def realised(self, name: str, quantity: str) -> float | None:
        """A quantity of an arm, mean over the replicates in which it can be measured."""
        known = [value for one in self.arms[name] if (value := one.realised[quantity]) is not None]
        return float(np.mean(known)) if known else None


Live = Callable[[Sequence[Arm]], Draws]


@dataclass(frozen=True)
class Place:
    """Where a cost lies between two lived levels of a form: the names of both and the weight of the second."""

    below: str
    above: str
    weight: float

    @property
    def nearest(self) -> str:
        return self.above if self.weight > 0.5 else self.below


@dataclass(frozen=True)
class Ladder:
    """Lived levels of one form in ascending cost: (name of the arm, level, cost)."""

    form: str
    steps: tuple[tuple[str, float, float], ...]

    def at(self, cost: float) -> Place | None:
        """Where a cost lies; None beyond the levels lived, for nothing is extrapolated."""
        costs = [step[2] for step in self.steps]
        if not costs[0] <= cost <= costs[-1]:
            return None
        k = min(int(np.searchsorted(costs, cost, side="right")), len(costs) - 1)
        below, above = self.steps[k - 1], self.steps[k]
        width = above[2] - below[2]
        return Place(below[0], above[0], (cost - below[2]) / width if width > 0.0 else 0.0)


@dataclass(frozen=True)
class Point:
    """One point of a path: what it sets, the quantity it realises, and the contrast with equal money."""

    name: str
    sets: Mapping[str, float]
    base: bool
    value: float | None
    cost: float
    form: str | None
    contrast: Contrast | None
    discordant: int | None
    provinces: Mapping[str, tuple[float | None, float | None, float | None, int]]
    """By province: mean, low95, high95, discordant households."""


@dataclass
class BreakEven:
    """All points of one variant by (scenario, quantity), the ladders of money by scenario, and how well interpolation does."""

    points: dict[tuple[str, str], list[Point]]
    ladders: dict[str, list[Ladder]]
    draws: Draws
    realised: dict[str, dict[str, float | None]]

    def interpolation_error(self) -> float | None:
        """Largest miss in E4 when a lived level is interpolated from its two neighbours, twice as far apart as those used."""
        misses = []
        for ladder in (ladder for ladders in self.ladders.values() for ladder in ladders):
            for low, middle, high in zip(ladder.steps, ladder.steps[1:], ladder.steps[2:], strict=False):
                w = (middle[2] - low[2]) / (high[2] - low[2])
                guess = (1.0 - w) * self.draws.share(low[0]) + w * self.draws.share(high[0])
                misses.append(abs(guess - self.draws.share(middle[0])))
        return max(misses, default=None)


def bases_of(cooperative: str) -> tuple[str, ...]:
    """The scenarios that are moved: the run's own, and the targets."""
    return tuple(dict.fromkeys((cooperative, TARGETS)))


def spec_of(base: str) -> ArmSpec:
    """Today's aid with the cooperatives of a scenario."""
    return ArmSpec(f"break_even_{base}", aid=True, cooperative=base, target=base == TARGETS)


def live(
    replicate: Replicate, scenario: Scenario, variant: str, arms: Sequence[Arm], pool: Pool | None, threads: int
) -> dict[str, Lived]:
    """Live arms from the branch of a replicate, by name; the outcomes that the replicate holds stay as they are."""
    kept = {}
    for batch in itertools.batched(arms, BATCH):
        live_arms(replicate, scenario, variant, batch, pool, threads)
        for arm in batch:
            kept[arm.name] = reduce(replicate, arm.name)
            del replicate.outcomes[arm.name]
    return kept


def live_job(source: Source, arms: Sequence[Arm], *, pool: Pool | None, threads: int) -> Drawn:
    """Work of a job: `live` in one replicate."""
    r = replicate_of(source, pool, threads)
    kept = live(r, source.scenario, source.variant, arms, pool, threads)
    return Drawn(r.number, r.weight[r.structural], provinces_of(r), kept)


def draws_of(drawn: Sequence[Drawn | None]) -> Draws:
    """What was kept of the replicates, put together; None: one that failed."""
    lived = [one for one in drawn if one is not None]
    fail_if_nothing_was_lived(lived)
    return Draws(
        [one.number for one in lived],
        [one.weight for one in lived],
        [one.province for one in lived],
        {name: [one.arms[name] for one in lived] for name in lived[0].arms},
    )


def fail_if_nothing_was_lived(replicates: Sequence[Drawn]) -> None:
    """Every replicate failed."""
    if not replicates:
        raise PovsimError("Every replicate of the search for break-evens failed; the lines before say why.")


def reduce(replicate: Replicate, name: str) -> Lived:
    """Keep of an arm what a break-even needs."""
    outcome, poor = replicate.outcomes[name], replicate.structural
    return Lived(
        exits=outcome.tau["E4"][poor] > 0,
        cost=outcome.total_cost,
        outlay=outcome.cooperative_outlay,
        families=float(np.mean(outcome.families.get("sembako", np.zeros(1)))),
        realised=realised(replicate, outcome),
    )


def provinces_of(replicate: Replicate) -> NDArray[np.str_]:
    """Province of each structurally poor household."""
    sample = replicate.sample
    by_village = sample.cells["province"].to_numpy().astype(np.str_)[sample.cell]
    return np.asarray(by_village[replicate.village[replicate.structural]])


def realised(replicate: Replicate, outcome: ArmOutcome) -> dict[str, float | None]:
    """The four quantities as they came out in one replicate.

    trading: share of the founded cooperatives that trade in month 60. membership: of the structurally poor who then live where
    one trades, the share that are members. premium: what trading cooperatives pay above the price in the last month, after
    the wedge rule, share of the price. survival: of the cooperatives that trade in a month, the share that trade 60 months
    later, over all months that can be followed. None where nobody is there to be counted.
    """
    weight = replicate.village_weight
    then = outcome.status[TAKE_UP_MONTH]
    trades, last = then == _TRADING, outcome.status[-1] == _TRADING
    poor = replicate.structural & (replicate.until >= TAKE_UP_MONTH) & trades[replicate.village]
    trading = outcome.status == _TRADING
    first, later = trading[:-SURVIVAL_MONTHS], trading[SURVIVAL_MONTHS:]
    return {
        "trading": _ratio(weight @ trades, weight @ (then >= 1)),
        "membership": _ratio(replicate.weight[poor] @ outcome.member_m60[poor], replicate.weight[poor].sum()),
        "premium": _ratio((weight * outcome.premium)[last].sum(), weight[last].sum()),
        "survival": _ratio(((first & later) @ weight).sum(), (first @ weight).sum()),
    }


def explore(bases: Mapping[str, Arm], aid: Arm, money: str, live: Live, elsewhere: Live) -> BreakEven:
    """Live every point and every level of money of one variant, and compare.

    bases: today's aid with the cooperatives of each scenario, by name of the scenario; aid: today's aid alone; money: a form
    of equal money or `best`; live: over the draws of the run; elsewhere: over those on which the form is chosen.
    """
    arms = {(base, quantity): _along(arm, quantity) for base, arm in bases.items() for quantity in QUANTITIES}
    draws = live([aid, *bases.values(), *(arm for path_ in arms.values() for arm, _ in path_)])
    ladders_of, levels = _levels(bases, aid, money, draws, arms)
    draws = draws.joined(live(levels))
    ladders = {base: _ladders(found, draws) for base, found in ladders_of.items()}
    chosen = elsewhere([aid, *levels]) if any(len(found) > 1 for found in ladders.values()) else draws
    points = {}
    for (base, quantity), along in arms.items():
        whole = [(bases[base], {symbol: bases[base].p[symbol] for symbol in _moved(along)}), *along]
        points[base, quantity] = sorted(
            (
                _point(arm, sets, quantity, arm is bases[base], draws, ladders[base], chosen)
                for arm, sets in whole
            ),
            key=lambda point: (point.value is None, point.value or 0.0),
        )  # fmt: skip
    reached = {base: {q: draws.realised(arm.name, q) for q in QUANTITIES} for base, arm in bases.items()}
    return BreakEven(points, ladders, draws, reached)


def _along(base: Arm, quantity: str) -> list[tuple[Arm, dict[str, float]]]:
    return [
        (replace(base, name=f"{base.name} {quantity} {k}", p={**base.p, **sets}), sets)
        for k, sets in enumerate(path(quantity, base.p))
    ]


def _moved(along: Sequence[tuple[Arm, dict[str, float]]]) -> list[str]:
    return list(dict.fromkeys(symbol for _, sets in along for symbol in sets))


def _levels(
    bases: Mapping[str, Arm], aid: Arm, money: str, draws: Draws, arms: Mapping[tuple[str, str], list[tuple[Arm, dict]]]
) -> tuple[dict[str, dict[str, list[tuple[str, float]]]], list[Arm]]:
    """By scenario and form the (name, level) to be lived, and the arms; forms that do not depend on the scenario are shared."""
    names = {
        base: [arm.name, *(one.name for (of, _), along in arms.items() if of == base for one, _ in along)]
        for base, arm in bases.items()
    }
    costs = {base: [draws.cost(name) for name in of_base] for base, of_base in names.items()}
    everywhere = [cost for of_base in costs.values() for cost in of_base]
    today = draws.cost(aid.name)
    families = float(np.mean([one.families for one in draws.arms[aid.name]]))
    lived: dict[str, Arm] = {}
    found: dict[str, dict[str, list[tuple[str, float]]]] = {}
    for base, arm in bases.items():
        shape = np.asarray(np.mean([one.outlay for one in draws.arms[arm.name]], axis=0))
        found[base] = {}
        for form in FORMS if money == "best" else (money,):
            own = form == "grant"
            span, count = (costs[base], LEVELS_OF_GRANT) if own else (everywhere, LEVELS)
            steps = [(aid.name, 0.0 if own else 1.0)]
            for k, target in enumerate(np.linspace(min(span) - ROOM * today, max(span) + ROOM * today, count)):
                twin = Twin(ArmSpec(form), form, float(target), today, shape, families)
                level = twin.first_level(aid)
                if level is None:  # it would cost less than today's aid, and this form only adds to that
                    continue
                name = f"{form} {base if own else 'all'} {k}"
                lived.setdefault(name, twin.lived(aid, level, name))
                steps.append((name, level))
            found[base][form] = steps
    return found, list(lived.values())


def _ladders(found: Mapping[str, list[tuple[str, float]]], draws: Draws) -> list[Ladder]:
    return [
        Ladder(form, tuple(sorted(((name, level, draws.cost(name)) for name, level in steps), key=lambda step: step[2])))
        for form, steps in found.items()
    ]


def _point(
    arm: Arm, sets: Mapping[str, float], quantity: str, base: bool, draws: Draws, ladders: Sequence[Ladder], chosen: Draws
) -> Point:
    cost = draws.cost(arm.name)
    options = [(ladder.form, place) for ladder in ladders if (place := ladder.at(cost)) is not None]
    value = draws.realised(arm.name, quantity)
    if not options:
        return Point(arm.name, sets, base, value, cost, None, None, None, {})
    form, place = max(options, key=lambda option: _between(chosen, option[1]))
    everybody = [np.ones(w.size, np.bool_) for w in draws.weight]
    contrast, discordant = _contrast(draws, arm.name, place, everybody)
    names = sorted({str(name) for province in draws.province for name in np.unique(province)})
    provinces = {}
    for name in names:
        part, differ = _contrast(draws, arm.name, place, [province == name for province in draws.province])
        provinces[name] = (part.mean, part.low95, part.high95, differ)
    return Point(arm.name, sets, base, value, cost, form, contrast, discordant, provinces)


def _between(draws: Draws, place: Place) -> float:
    return (1.0 - place.weight) * draws.share(place.below) + place.weight * draws.share(place.above)


def _contrast(draws: Draws, arm: str, place: Place, where: Sequence[Bools]) -> tuple[Contrast, int]:
    """Paired contrast with equal money, and households that differ from the nearest level lived; replicates without any of
    the households are left out."""
    kept = [r for r, rows in enumerate(where) if rows.any()]
    y_b, y_a, weights, differ = [], [], [], 0
    for r in kept:
        rows = where[r]
        of = {name: draws.arms[name][r].exits[rows] for name in (arm, place.below, place.above)}
        y_b.append(of[arm].astype(np.float64))
        y_a.append((1.0 - place.weight) * of[place.below] + place.weight * of[place.above])
        weights.append(draws.weight[r][rows])
        differ += int(np.count_nonzero(of[arm] != of[place.nearest]))
    if not kept:
        raise PovsimError("No structurally poor household was drawn, so there is nothing to compare. Draw more households.")
    return paired_contrast(arm, EQUAL_MONEY, "structural", "E4", y_b, y_a, weights), differ


def _ratio(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if whole > 0.0 else None
