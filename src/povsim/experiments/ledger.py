"""The mechanism ledger: how many permanent exits of a cooperative arm come from which mechanism, and why exits are lost.

A switch turns one mechanism of the cooperatives off, by parameters of the arm; a coalition is the set of those left on. The
value v(S) is the share of a group on E4 when the arm is lived with S, over the draws of the comparison. A mechanism's part is
its Shapley value (L. S. Shapley, A value for n-person games, 1953): the mean, over orders of the switches, of what it adds
when it is turned on after those before it. Orders are sampled, keyed, each with its reverse; within each order the parts add
up to v(all) - v(none), so they do on average. Standard errors are over replicates, each of which has orders of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.config.mechanism import comparator_of
from povsim.draws import DrawKey, Stream, uniforms
from povsim.experiments import archive
from povsim.experiments.contrasts import FEWEST_DISCORDANT
from povsim.experiments.replicate import Replicate
from povsim.experiments.rerun import fail_if_lived_otherwise, lived_again, permanent_exits
from povsim.measures.exits import MEMBER
from povsim.model.arm import Arm
from povsim.model.state import State
from povsim.population.columns import HOME

Bools = NDArray[np.bool_]
Signs = NDArray[np.int8]
Coalition = frozenset[str]

OFF: Mapping[str, Mapping[str, float]] = {
    "price": {"pi": 0.0},
    "credit": {"loan_dem": 0.0},
    "shop": {"kappa": 0.0},
    "refund": {"reserve": 1.0},
    "pool": {"pool_share": 0.0, "pool_theta": 0.0},
    "demand": {"own_demand": 0.0},
    "mentoring": {"mentor": 0.0},
    "works": {"displaced": 0.0},
    "traders": {"trader_local": 0.0},
    "dues": {"fee": 0.0, "dues": 0.0},
}
"""What turns each mechanism off. `registry` is further: parameters REGISTRY as in the comparator."""
REGISTRY = ("r_reg", "e_sd", "refresh")
SWITCHES = (*OFF, "registry")
PAIRS_OF_ORDERS = 2
"""Orders sampled in each replicate, each with its reverse; one where fewer than 20 households change side: no error could be
small enough to say more."""
ARMS_AT_ONCE = 16
"""Arms lived in one call: they share the draws, and their tables fit in memory."""
CHANGED_L = 1.0
"""L of productive assets that the noise floor gives one household of each village at the branch."""

BENEFITS_OF_MEMBERS: Mapping[str, float] = {
    "own_gain": 0.0,
    "reserve": 1.0,
    "loan_dem": 0.0,
    "pool_share": 0.0,
    "pool_theta": 0.0,
}
"""Members off: no premium on own sales, no retail saving, no refund, no loan, no pool."""
SPILL_OVER: Mapping[str, float] = {"chi_c": 0.0, "own_demand": 0.0}
"""Spill-over off: prices of others do not follow the cooperative's, its loans raise nobody's wages."""
ALONE = ("both", "members", "spill_over", "neither")

SEVERAL, ANY_OF_SEVERAL, REST = "several", "any_of_several", "rest"
"""Causes of a lost exit that are no single switch: none alone brings it back but all together do; more than one alone does;
not even all do."""


@archive.stored
@dataclass
class ArmLedger:
    """The ledger of one arm in one replicate. Households are the tracked [n].

    switches: those that the arm has. exits: E4 [n] of the comparator and of each coalition lived, by coalition. orders: the
    sampled ones. spill: E4 [n] with both, only members', only spill-over's, or no benefits (ALONE). floors: E4 [n] of the
    comparator and of the arm with one household changed in each village. ever_member [n]: of a trading cooperative, in the arm.
    """

    arm: str
    against: str
    switches: tuple[str, ...]
    comparator: Bools
    exits: dict[Coalition, Bools]
    orders: list[tuple[str, ...]]
    spill: dict[str, Bools]
    floors: dict[str, Bools]
    ever_member: Bools

    @property
    def everything(self) -> Coalition:
        """All switches on: the arm itself."""
        return frozenset(self.switches)

    def added(self, switch: str) -> Signs:
        """What turning the switch on does to each household's exit, in each sampled order: int8 [orders, n]."""
        out = []
        for order in self.orders:
            k = order.index(switch)
            out.append(_change(self.exits[frozenset(order[:k])], self.exits[frozenset(order[: k + 1])]))
        return np.stack(out)

    def whole(self) -> Signs:
        """The arm against its comparator: int8 [1, n]."""
        return _change(self.comparator, self.exits[self.everything])[None]

    def rest(self) -> Signs:
        """What is left of the arm with all switches off against its comparator: int8 [1, n]."""
        return _change(self.comparator, self.exits[frozenset()])[None]

    def channels(self) -> dict[str, Signs]:
        """`whole` by benefit: members' own alone, spill-over alone, what only both together bring, and what is neither."""
        both, members, spill, neither = (self.spill[name].astype(np.int8) for name in ALONE)
        together = both - members - spill + neither
        other = neither - self.comparator.astype(np.int8)
        found = {"members": members - neither, "spill_over": spill - neither, "together": together, "other": other}
        return {name: change[None] for name, change in found.items()}

    def receivers(self) -> dict[str, Signs]:
        """`whole` by whose exit it is: households that were, and that never were, members of a trading cooperative."""
        return {"ever_member": self.whole() * self.ever_member, "never_member": self.whole() * ~self.ever_member}

    def causes(self, mask: Bools) -> dict[str, Bools]:
        """The lost exits of `mask` by cause: masks [n] that do not overlap and together are all that are lost."""
        lost = self.comparator & ~self.exits[self.everything] & mask
        back = np.stack([self.exits[self.everything - {s}] for s in self.switches] or [np.zeros_like(lost)])
        count = back.sum(axis=0)
        out = {s: lost & (count == 1) & back[k] for k, s in enumerate(self.switches)}
        out[ANY_OF_SEVERAL] = lost & (count > 1)
        out[SEVERAL] = lost & (count == 0) & self.exits[frozenset()]
        out[REST] = lost & (count == 0) & ~self.exits[frozenset()]
        return out


def _change(before: Bools, after: Bools) -> Signs:
    return after.astype(np.int8) - before.astype(np.int8)


def switches_of(arm: Arm, against: Arm) -> dict[str, Mapping[str, float]]:
    """The parameters that turn off each mechanism that the arm has; one that is off already is left out."""
    off = dict(OFF) | {"registry": {name: against.p[name] for name in REGISTRY}}
    return {
        name: values for name, values in off.items() if any(arm.p.get(symbol, 1.0) != value for symbol, value in values.items())
    }


def with_only(arm: Arm, off: Mapping[str, Mapping[str, float]], on: Coalition) -> Arm:
    """The arm with the mechanisms `on` left on and the other switches of `off` turned off."""
    values = {symbol: value for name, given in off.items() if name not in on for symbol, value in given.items()}
    return replace(arm, name=f"{arm.name} with {', '.join(sorted(on)) or 'nothing'}", p={**arm.p, **values})


def pairs_of_orders(replicates: Sequence[Replicate], scenario: Scenario) -> dict[str, int]:
    """How many orders, each with its reverse, are sampled for each arm of the ledger, from how many households change side."""
    specs = {spec.name: spec for spec in scenario.arms}
    out = {}
    for name in scenario.ledger:
        against = comparator_of(specs[name])
        exits = [[r.exits[arm] > 0 for arm in (name, against)] for r in replicates]
        discordant = sum(int((b != a).sum()) for b, a in exits)
        out[name] = PAIRS_OF_ORDERS if discordant >= FEWEST_DISCORDANT else 1
    return out


def sampled_orders(key: DrawKey, switches: Sequence[str], pairs: int = PAIRS_OF_ORDERS) -> list[tuple[str, ...]]:
    """Keyed orders of the switches, each followed by its reverse. A switch keeps its draw whichever others there are."""
    ids = np.array([SWITCHES.index(name) for name in switches], np.uint64)
    out: list[tuple[str, ...]] = []
    for pair in range(pairs):
        place = uniforms(key, Stream.LEDGER, ids, alternative=pair)[:, 0]
        order = tuple(switches[k] for k in np.argsort(place, kind="stable"))
        out += [order, order[::-1]]
    return out


def coalitions_of(switches: Sequence[str], orders: Sequence[Sequence[str]]) -> list[Coalition]:
    """All, none, all but one, and every step of the orders, each once."""
    everything = frozenset(switches)
    steps = [frozenset(order[:k]) for order in orders for k in range(len(order) + 1)]
    return list(dict.fromkeys([everything, frozenset(), *(everything - {s} for s in switches), *steps]))


def changed_households(replicate: Replicate, key: DrawKey) -> NDArray[np.int64]:
    """Rows of one keyed household of each village that is not followed (of any, where all are)."""
    sample = replicate.sample
    u = uniforms(key, Stream.LEDGER, sample.village_ids, alternative=PAIRS_OF_ORDERS)[:, 0]
    free = np.ones(sample.ids.size, np.bool_)
    free[replicate.tracked] = False
    out = []
    for v in range(sample.village_ids.size):
        rows = np.arange(sample.start[v], sample.start[v + 1])
        able = rows[free[rows]] if free[rows].any() else rows
        out.append(able[int(u[v] * able.size)])
    return np.array(out)


def ledger_of(
    replicate: Replicate,
    scenario: Scenario,
    variant: str,
    arms: Mapping[str, Arm],
    pairs: Mapping[str, int],
    pool: Executor | None = None,
    threads: int = 1,
) -> dict[str, ArmLedger]:
    """The ledger of every arm that the scenario asks for; arms as lived, pairs of orders by arm."""
    key = DrawKey(scenario.seed, replicate.number)
    rows = changed_households(replicate, key)
    specs = {spec.name: spec for spec in scenario.arms}
    out = {}
    for name in scenario.ledger:
        arm, against = arms[name], arms[comparator_of(specs[name])]
        off = switches_of(arm, against)
        orders = sampled_orders(key, tuple(off), pairs[name])
        coalitions = coalitions_of(tuple(off), orders)
        few = {
            "members": replace(arm, p={**arm.p, **SPILL_OVER}),
            "spill_over": replace(arm, p={**arm.p, **BENEFITS_OF_MEMBERS}),
            "neither": replace(arm, p={**arm.p, **BENEFITS_OF_MEMBERS, **SPILL_OVER}),
        }
        wanted = [*(with_only(arm, off, on) for on in coalitions), *few.values()]
        plain, ever_member = _exits(replicate, scenario, variant, [against, *wanted], None, pool, threads)
        fail_if_lived_otherwise(replicate, against.name, plain[0])
        fail_if_lived_otherwise(replicate, name, plain[1])
        noisy, _ = _exits(replicate, scenario, variant, [against, arm], rows, pool, threads)
        comparator, *exits = (tau > 0 for tau in plain)
        lived = dict(zip(coalitions, exits, strict=False))
        out[name] = ArmLedger(
            name,
            against.name,
            tuple(off),
            comparator,
            lived,
            orders,
            {"both": lived[frozenset(off)], **dict(zip(few, exits[len(coalitions) :], strict=True))},
            {against.name: noisy[0] > 0, name: noisy[1] > 0},
            ever_member,
        )
    return out


def _exits(
    replicate: Replicate,
    scenario: Scenario,
    variant: str,
    arms: Sequence[Arm],
    changed: NDArray[np.int64] | None,
    pool: Executor | None,
    threads: int,
) -> tuple[list[NDArray[np.int16]], Bools]:
    """E4 [n] of the arms, lived some at a time; and who was ever a member of a trading cooperative in the second arm [n].

    The first arm, the comparator, leads every batch, for a country takes what all arms share from its first one.
    """

    def give(state: State) -> None:
        if changed is not None:
            state.home[:, HOME.K, changed] += CHANGED_L

    out: list[NDArray[np.int16]] = []
    ever_member = np.zeros(replicate.tracked.size, np.bool_)
    for at in range(1, len(arms), ARMS_AT_ONCE):
        batch = [arms[0], *arms[at : at + ARMS_AT_ONCE]]
        country = lived_again(replicate, scenario, variant, batch, change=give, pool=pool, threads=threads)
        tau = permanent_exits(country, scenario.exit.W)
        out += list(tau[0 if at == 1 else 1 :])
        if at == 1:
            ever_member = ((country.record.marks[1] & MEMBER) != 0).any(axis=0)
    return out, ever_member
