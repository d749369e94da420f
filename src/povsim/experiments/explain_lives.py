"""One replicate lived again, and the households of one village lived again many times over with something removed.

The country is lived once as the comparison lived it, and what it decided for each village is kept. A village then lives alone
under these decisions, to the bit as it lived in the country; and as often as there are candidates, each copy with one draw
edited or one decision undone. Only whoever is named as cause is lived without in the whole country again, where targeting
responds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.draws import DrawKey
from povsim.experiments.explain_countries import Decision, Held, Recorded, Responding, Undone
from povsim.experiments.replicate import Replicate
from povsim.measures.exits import first_exits
from povsim.measures.relapse_month import relapse_months
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.edits import Edit, Edits
from povsim.model.state import State
from povsim.population.columns import HOME
from povsim.population.nation import nation
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
OF_AID = ("programmes", "quotas", "grant", "aid_until", "graduation_years")
"""What an arm's assistance is made of."""
COPIES = 128
"""Copies of a village that are lived side by side."""


@dataclass(frozen=True)
class Removal:
    """What is taken out of a life: draws edited, decisions undone, parameters or assistance of the arm changed."""

    edits: tuple[Edit, ...] = ()
    undone: tuple[Undone, ...] = ()
    p: Mapping[str, float] = field(default_factory=dict)
    aid_of: int | None = None
    """Row of the arm whose assistance takes the place of the arm's own; None: the arm keeps its own."""


@dataclass(frozen=True)
class Outcome:
    """Exits of one household by arm [arm]: first months of E1, E2, E4 and of the relapse after E2 (0: none); `until`: its last
    month; m12 [arm, T + 1] from month 0 on."""

    E1: NDArray[np.int16]
    E2: NDArray[np.int16]
    E4: NDArray[np.int16]
    relapse: NDArray[np.int16]
    until: int
    m12: Floats

    def only(self, arms: Sequence[int]) -> Outcome:
        """Of some arms, in the order given."""
        rows = list(arms)
        return Outcome(self.E1[rows], self.E2[rows], self.E4[rows], self.relapse[rows], self.until, self.m12[rows])


@dataclass
class Told:
    """A replicate with its arms lived again: their decisions, and what became of the tracked households.

    outcomes: arrays of `Outcome` for all tracked households [arm, n] under their names; until [n].
    """

    scenario: Scenario
    variant: str
    replicate: Replicate
    arms: tuple[Arm, ...]
    decisions: dict[int, Decision]
    outcomes: dict[str, NDArray[np.int16]]
    until: NDArray[np.int16]
    pool: Executor | None
    threads: int

    @property
    def sample(self) -> Sample:
        return self.replicate.sample

    def arm_row(self, name: str) -> int:
        """Row of an arm."""
        return [arm.name for arm in self.arms].index(name)

    def place(self, row: int) -> tuple[int, NDArray[np.int64]]:
        """Village of a household, and the rows of the village's households."""
        v = int(self.sample.village[row])
        return v, np.arange(self.sample.start[v], self.sample.start[v + 1])


def tell(
    scenario: Scenario, variant: str, replicate: Replicate, arms: Sequence[Arm], pool: Executor | None, threads: int
) -> Told:
    """Live the arms from the branch of a replicate, as the comparison did, and keep what was decided."""
    country = Recorded(
        *_country(scenario, variant, replicate, arms), **_options(scenario, pool, threads), tracked=replicate.tracked
    )
    record = country.run()
    return Told(
        scenario, variant, replicate, tuple(arms), country.decisions, _exits(scenario, record.marks, record.until),
        record.until, pool, threads,
    )  # fmt: skip


def live_without(told: Told, arms: Sequence[int], row: int, removal: Removal) -> Outcome:
    """The whole country lived again in some arms, with the removal in the first of them; targeting responds.

    Edited draws are those of every arm: an event of nature is removed for all.
    """
    r, scenario = told.replicate, told.scenario
    changed = [told.arms[a] for a in arms]
    changed[0] = without(told, changed[0], removal)
    v, _ = told.place(row)
    country = Responding(
        *_country(scenario, told.variant, r, changed), **_options(scenario, told.pool, told.threads),
        tracked=np.array([row]), edits=Edits.of(r.sample, {v: removal.edits} if removal.edits else {}),
        undo=[(0, row, undone) for undone in removal.undone],
    )  # fmt: skip
    return _one(scenario, *_followed(country, np.array([row])), 0)


def live_copies(told: Told, arms: Sequence[int], row: int, removals: Sequence[Removal]) -> list[Outcome]:
    """The household's village lived once for each removal, under the decisions that the country made.

    Removals that change the arm itself are lived as further arms, the others as copies of the village.
    """
    of_arm = [bool(removal.p) or removal.aid_of is not None for removal in removals]
    found: dict[int, Outcome] = {}
    plain = [j for j, changes in enumerate(of_arm) if not changes]
    for first in range(0, len(plain), COPIES):
        batch = plain[first : first + COPIES]
        for j, outcome in zip(batch, _copies(told, arms, row, [removals[j] for j in batch]), strict=True):
            found[j] = outcome
    switched = [j for j, changes in enumerate(of_arm) if changes]
    if switched:
        outcomes = _switches(told, arms, row, [removals[j] for j in switched])
        found |= dict(zip(switched, outcomes, strict=True))
    return [found[j] for j in range(len(removals))]


def follow(told: Told, row: int, look: Callable[[Held, int], None]) -> Outcome:
    """The household's village lived alone in every arm, month by month; `look` sees the country after each month, and before
    the first (month 0)."""
    arms = range(len(told.arms))
    country = _held(told, row, 1, [told.arms[a] for a in arms], arms, arms)
    at = country.record.tracked
    look(country, 0)
    paths = [country.state.home[:, HOME.c_sum, at].T / 12]
    for t in range(1, country.months + 1):
        if (t - 1) % 12 == 0:
            country.decide(t)
        country._live(t, 1)
        country.state.t = t
        look(country, t)
        paths.append(country.state.home[:, HOME.c_sum, at].T / 12)
    return _one(told.scenario, country.record.marks, country.record.until, np.stack(paths, axis=2), 0)


def without(told: Told, arm: Arm, removal: Removal) -> Arm:
    """The arm with the parameters, or the assistance, of a removal."""
    changed = replace(arm, p={**arm.p, **removal.p})
    if removal.aid_of is None:
        return changed
    other = told.arms[removal.aid_of]
    return replace(changed, **{name: getattr(other, name) for name in OF_AID})


def _copies(told: Told, arms: Sequence[int], row: int, removals: Sequence[Removal]) -> list[Outcome]:
    n = told.place(row)[1].size
    within = row - told.place(row)[1][0]
    country = _held(
        told, row, len(removals), [told.arms[a] for a in arms], arms, arms,
        edits={c: removal.edits for c, removal in enumerate(removals) if removal.edits},
        undo=[(0, c * n + within, undone) for c, removal in enumerate(removals) for undone in removal.undone],
    )  # fmt: skip
    followed = _followed(country, np.arange(len(removals)) * n + within)
    return [_one(told.scenario, *followed, c) for c in range(len(removals))]


def _switches(told: Told, arms: Sequence[int], row: int, removals: Sequence[Removal]) -> list[Outcome]:
    """Removals that change the arm: one arm each beside the unchanged others, in one copy."""
    first, others = arms[0], list(arms[1:])
    lived = [*(without(told, told.arms[first], removal) for removal in removals), *(told.arms[a] for a in others)]
    paid = [first if removal.aid_of is None else removal.aid_of for removal in removals]
    k = len(removals)
    country = _held(told, row, 1, lived, [first] * k + others, paid + others)
    marks, until, m12 = _followed(country, np.array([row - told.place(row)[1][0]]))
    rows = [[j, *range(k, k + len(others))] for j in range(k)]
    return [_one(told.scenario, marks[pick], until, m12[:, pick], 0) for pick in rows]


def _held(
    told: Told,
    row: int,
    copies: int,
    arms: Sequence[Arm],
    of_arm: Sequence[int],
    aid_of: Sequence[int],
    edits: Mapping[int, Sequence[Edit]] | None = None,
    undo: Sequence[tuple[int, int, Undone]] = (),
) -> Held:
    v, rows = told.place(row)
    sample = _village_copies(told.sample, v, rows, copies)
    branch = told.replicate.state
    state = State(
        0, np.tile(branch.life[:, rows], copies), np.tile(branch.home[:1, :, rows], copies),
        np.repeat(branch.place[:, [v]], copies, axis=1), np.repeat(branch.coop[:1, :, [v]], copies, axis=2),
    ).branch(len(arms))  # fmt: skip
    within = row - rows[0]
    tracked = np.arange(copies) * rows.size + within
    country = Held(
        sample, state, arms, told.variant, DrawKey(told.scenario.seed, told.replicate.number),
        **_options(told.scenario, told.pool if copies > 1 else None, told.threads), tracked=tracked,
        edits=Edits.of(sample, edits or {}), decisions=told.decisions, rows=rows, village=v, of_arm=of_arm,
        aid_of=aid_of, undo=undo,
    )  # fmt: skip
    return country


def _village_copies(sample: Sample, v: int, rows: NDArray[np.int64], copies: int) -> Sample:
    """The village as often as asked for: same ids, so same draws."""
    n = rows.size
    return replace(
        sample,
        start=np.arange(copies + 1, dtype=np.int64) * n,
        ids=np.tile(sample.ids[rows], copies),
        village_ids=np.repeat(sample.village_ids[[v]], copies),
        village=np.repeat(np.arange(copies, dtype=np.int32), n),
        ties=np.tile(sample.ties[rows], (copies, 1)),
        tie_weight=np.tile(sample.tie_weight[rows], (copies, 1)),
        life=np.tile(sample.life[:, rows], copies),
        home=np.tile(sample.home[:, :, rows], copies),
        place=np.repeat(sample.place[:, [v]], copies, axis=1),
        cell=np.repeat(sample.cell[[v]], copies),
        stratum=np.repeat(sample.stratum[[v]], copies),
    )


def _followed(country: Country, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int16], Floats]:
    """Live a country to its end: marks, until, and m12 of some rows [row, arm, T + 1]."""
    state = country.state
    order = [HOME.c0 + m for m in (*range(1, 12), 0)]  # a year's months in their order
    c = [state.home[:, order][:, :, rows]]
    while state.t < country.months:
        country.live_year()
        c.append(state.home[:, order][:, :, rows])
    consumption = np.concatenate(c, axis=1)  # [arm, 12 + T, row]
    windows = np.lib.stride_tricks.sliding_window_view(consumption, 12, axis=1).mean(axis=-1)
    return country.record.marks, country.record.until, windows.transpose(2, 0, 1)


def _one(scenario: Scenario, marks: NDArray[np.uint8], until: NDArray[np.int16], m12: Floats, j: int) -> Outcome:
    """Outcome of the tracked household j; m12 [row, arm, T + 1]."""
    exits = _exits(scenario, marks[:, :, j : j + 1], until[j : j + 1])
    return Outcome(**{name: values[:, 0] for name, values in exits.items()}, until=int(until[j]), m12=m12[j])


def _exits(scenario: Scenario, marks: NDArray[np.uint8], until: NDArray[np.int16]) -> dict[str, NDArray[np.int16]]:
    W = scenario.exit.W
    tau = [first_exits(of_arm, W, scenario.horizon_months, until) for of_arm in marks]
    found = {rung: np.stack([each[rung] for each in tau]) for rung in ("E1", "E2", "E4")}
    found["relapse"] = np.stack([relapse_months(of_arm, t["E2"], W, until) for of_arm, t in zip(marks, tau, strict=True)])
    return found


def _country(scenario: Scenario, variant: str, replicate: Replicate, arms: Sequence[Arm]) -> tuple[Any, ...]:
    key = DrawKey(scenario.seed, replicate.number)
    return replicate.sample, replicate.state.branch(len(arms)), arms, variant, key


def _options(scenario: Scenario, pool: Executor | None, threads: int) -> dict[str, Any]:
    return {
        "months": scenario.horizon_months, "nation": nation(), "macro": scenario.economy.macro,
        "interactions": scenario.interactions, "b": scenario.exit.b, "specs": scenario.programmes,
        "pool": pool, "threads": threads,
    }  # fmt: skip
