"""The events of a household's life in an arm, each with what removes it: a draw, a decision, or a rule of the arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from povsim.draws import DrawKey, Stream, uniforms
from povsim.experiments.explain_countries import Undone
from povsim.experiments.explain_life import Life, programme_bits
from povsim.experiments.explain_lives import OF_AID, Removal, Told
from povsim.model.arm import Arm
from povsim.model.edits import Edit
from povsim.model.rates import probability
from povsim.population.columns import WORKS_BIT

Group = Literal["own", "cooperative", "decision", "rule", "shared", "whole"]
NEVER, MIDDLE = 1.0 - 2.0**-20, 0.5
"""Uniforms that take the place of a draw: no event of a small chance happens; the median of a normal."""
TRADING, DORMANT, DISSOLVED = 4, 5, 6
NEIGHBOUR, OTHER = "neighbour_", "other_"
"""How the kinds of events of a neighbour, and of another household as a member, begin."""
STEPS = {1: "legal", 2: "building", 3: "open", 4: "begins_trading", 5: "dormant", 6: "dissolved"}
RULES = {
    "premium": {"pi": 0.0},
    "shop": {"kappa": 0.0},
    "competition": {"chi_c": 0.0},
    "traders": {"trader_local": 0.0},
    "credit": {"loan_dem": 0.0},
    "refunds": {"reserve": 1.0},
    "pool": {"pool_theta": 0.0},
    "dues": {"dues": 0.0},
    "fee": {"fee": 0.0},
}
"""What cooperatives do, by the parameters that stop it throughout."""


@dataclass(frozen=True)
class Event:
    """Something that happened, and what removes it.

    kind: entry `explain.event.<kind>` of the catalogues; month: when, 0 for what holds throughout (or before the first month);
    group: own (the household's, through the cooperative), cooperative (the village's, its other members included), decision
    (of a government), rule (of the arm), shared (the same in every arm), whole (the cooperative or membership altogether);
    symbol: parameter of a rule.
    """

    kind: str
    month: int
    group: Group
    removal: Removal
    symbol: str = ""


def events(told: Told, life: Life, a: int, b: int | None, last: int) -> list[Event]:
    """Everything that can be removed from the months 1 to `last` of a household in arm a, set against arm b (None: none)."""
    last = min(last, life.outcome.until)
    found = [event for k in range(told.place(life.row)[1].size) for event in _of_the_member(told, life, a, k, last)]
    found += _of_the_cooperative(told, life, a, last)
    if b is not None:
        found += [*_decisions(life, a, b, last), *_rules(told.arms[a], told.arms[b], b)]
    else:
        found += _rules(told.arms[a], None, None)
    found += _aid_that_ended(life, a, last)
    found += _shared(told, life, last)
    found += _of_neighbours(told, life, last)
    if told.arms[a].cooperative and (b is None or not told.arms[b].cooperative):
        found += _whole(told, life, a, b, last)
    return found


def happened(found: Sequence[Event], life: Life) -> list[Event]:
    """Those that a reader would call events of the household: in a month, without ups and downs of every month and others'."""
    noise = ("persistent", "transitory", "village_shock", "management", "slow", "membership", "no_cooperative")
    others = (NEIGHBOUR, OTHER)
    return [e for e in found if not e.kind.startswith(others) and e.kind not in noise and (e.month > 0 or e.kind == "founder")]


def _of_the_member(told: Told, life: Life, a: int, k: int, last: int) -> Iterator[Event]:
    """Founding, joining, loans, default and leaving of household k of the village."""
    own = told.place(life.row)[1][k] == life.row
    prefix = "" if own else OTHER
    group: Group = "own" if own else "cooperative"
    entity = int(told.sample.ids[told.place(life.row)[1][k]])
    member, barred, Dc = (life.members[name][a, :, k] for name in ("member", "barred", "Dc"))

    def event(kind: str, t: int, word: int) -> Event:
        return Event(prefix + kind, t, group, _never(Stream.MEMBER_MONTH, t, entity, word))

    if member[0] != 0:
        yield event("founder", 0, 3)
    for t in range(1, last + 1):
        if Dc[t - 1] == 0 and Dc[t] > 0:
            yield event("loan", t, 0)
        if barred[t] > barred[t - 1]:
            yield event("default", t, 1)
        elif member[t] < member[t - 1] and life.coop["status"][a, t] != DISSOLVED:
            yield event("left", t, 2)
        if member[t] > member[t - 1]:
            yield event("joined", t, 3)


def _of_neighbours(told: Told, life: Life, last: int) -> Iterator[Event]:
    """Illness, loss of assets and ageing of the households that give help to this one or get it."""
    sample, rows = told.sample, told.place(life.row)[1]
    k = life.row - int(rows[0])
    ties = sample.ties[rows]
    near = sorted({int(j) for j in ties[k]} | {int(j) for j in np.nonzero((ties == k).any(axis=1))[0]})
    P_asset = probability(told.arms[0].p["p_k"])
    key = DrawKey(told.scenario.seed, told.replicate.number)
    ids = sample.ids[rows[near]]
    for t in range(1, last + 1):
        u = uniforms(key, Stream.HOUSEHOLD_MONTH, ids, t)
        for at, j in enumerate(near):
            entity = int(ids[at])
            ill, l, formed = (life.lives[name][:, j] for name in ("ill", "l", "formed"))
            if ill[t] > 0 and ill[t - 1] <= 1:
                yield Event(f"{NEIGHBOUR}illness", t, "shared", _never(Stream.HOUSEHOLD_MONTH, t, entity, 2))
            if u[at, 3] < P_asset:
                yield Event(f"{NEIGHBOUR}asset_shock", t, "shared", _never(Stream.HOUSEHOLD_MONTH, t, entity, 3))
            if t % 12 == 1 and l[t] < l[t - 1] and formed[t] != t:
                yield Event(f"{NEIGHBOUR}ageing", t, "shared", _never(Stream.HOUSEHOLD_YEAR, t, entity, 2))


def _of_the_cooperative(told: Told, life: Life, a: int, last: int) -> Iterator[Event]:
    """Steps of the funnel, scandals, and the chance in its management."""
    v, _ = told.place(life.row)
    entity, key = int(told.sample.village_ids[v]), DrawKey(told.scenario.seed, told.replicate.number)
    status, q = life.coop["status"][a], life.coop["q"][a]
    for t in range(1, last + 1):
        was, now = int(status[t - 1]), int(status[t])
        if was != now:
            kind = "revived" if (was, now) == (DORMANT, TRADING) else STEPS[now]
            value = MIDDLE if was == DORMANT else NEVER
            yield Event(kind, t, "cooperative", Removal(edits=(Edit(Stream.VILLAGE_MONTH, t, entity, 2, value),)))
        if was == TRADING:
            u = uniforms(key, Stream.VILLAGE_MONTH, told.sample.village_ids[[v]], t)[0, 3]
            if u < probability(told.arms[a].p["h_sc"] * (1.5 - q[t])):
                yield Event("scandal", t, "cooperative", _never(Stream.VILLAGE_MONTH, t, entity, 3))
        if 1 <= was <= DORMANT:
            yield Event("management", t, "cooperative", _middle(Stream.VILLAGE_MONTH_2, t, entity, 0))


def _decisions(life: Life, a: int, b: int, last: int) -> Iterator[Event]:
    """What governments decided otherwise in arm a than in arm b: enrolment, works, mentoring, capital."""
    years = range(1, life.c.shape[1], 12)
    enrolled, coop = life.home["enrolled"], life.coop
    bits = {t: (float(programme_bits(enrolled[b, t])),) for t in years}
    since = next((t for t in years if programme_bits(enrolled[a, t]) != bits[t][0] and t <= last), None)
    if since is not None:
        gains = programme_bits(enrolled[a, since]) & ~int(bits[since][0])
        kind = "aid_gained" if gains else "aid_missed"
        yield Event(kind, since, "decision", Removal(undone=(Undone("aid", since, bits),)))

    def of(arm: int, t: int) -> float:
        return coop["works"][arm, t] if int(enrolled[arm, t]) >> WORKS_BIT & 1 else 0.0

    since = next((t for t in years if of(a, t) != of(b, t) and t <= last), None)
    if since is not None:
        kind = "works_lost" if of(a, since) < of(b, since) else "works_gained"
        yield Event(kind, since, "decision", Removal(undone=(Undone("works", since, _works(life, b)),)))
    for what in ("mentor", "capital"):
        given = {t: (float(coop[what][b, t]),) for t in years}
        if (coop[what][a, 1:] != coop[what][b, 1:]).any() and (coop["status"][b, 1:] > 0).any():
            yield Event(what, 0, "rule", Removal(undone=(Undone(what, 1, given),)))


def _works(life: Life, arm: int) -> dict[int, tuple[float, float]]:
    """Works wage of the village and the household's bit on the works list, by year, as an arm has them."""
    wage, enrolled = life.coop["works"][arm], life.home["enrolled"][arm]
    return {t: (float(wage[t]), float(int(enrolled[t]) & (1 << WORKS_BIT))) for t in range(1, wage.size, 12)}


def _aid_that_ended(life: Life, a: int, last: int) -> Iterator[Event]:
    """Aid that the household had in one year and not in the next."""
    enrolled = life.home["enrolled"][a]
    years = list(range(1, life.c.shape[1], 12))
    for before, t in pairwise(years):
        lost = programme_bits(enrolled[before]) & ~programme_bits(enrolled[t])
        if lost and t <= last:
            kept = {s: (float(programme_bits(enrolled[s]) | lost),) for s in years if s >= t}
            yield Event("aid_ended", t, "decision", Removal(undone=(Undone("aid", t, kept),)))


def _rules(arm: Arm, against: Arm | None, b: int | None) -> Iterator[Event]:
    """What the arm's cooperatives do throughout, or where both arms have some, what they do otherwise; the amounts of aid."""
    if arm.cooperative and (against is None or not against.cooperative):
        for kind, p in RULES.items():
            if any(arm.p[symbol] != value for symbol, value in p.items()):
                yield Event(kind, 0, "rule", Removal(p=p))
    elif against is not None and arm.cooperative == against.cooperative:
        for symbol in sorted(arm.p):
            if arm.p[symbol] != against.p[symbol]:
                yield Event("parameter", 0, "rule", Removal(p={symbol: against.p[symbol]}), symbol)
    if against is not None and any(getattr(arm, name) != getattr(against, name) for name in OF_AID):
        yield Event("aid", 0, "rule", Removal(aid_of=b))


def _shared(told: Told, life: Life, last: int) -> Iterator[Event]:
    """What nature draws for the household and its village, the same in every arm."""
    sample, key = told.sample, DrawKey(told.scenario.seed, told.replicate.number)
    v, _ = told.place(life.row)
    ids, village = sample.ids[[life.row]], sample.village_ids[[v]]
    entity, place, p = int(ids[0]), int(village[0]), told.arms[0].p
    ill, l, formed = (life.life[name] for name in ("ill", "l", "formed"))
    for t in range(1, last + 1):
        if ill[t] > 0 and ill[t - 1] <= 1:
            yield Event("illness", t, "shared", _never(Stream.HOUSEHOLD_MONTH, t, entity, 2))
        if uniforms(key, Stream.HOUSEHOLD_MONTH, ids, t)[0, 3] < probability(p["p_k"]):
            yield Event("asset_shock", t, "shared", _never(Stream.HOUSEHOLD_MONTH, t, entity, 3))
        if uniforms(key, Stream.VILLAGE_MONTH, village, t)[0, 1] < probability(p["p_v"]):
            yield Event("disaster", t, "shared", _never(Stream.VILLAGE_MONTH, t, place, 1))
        yield Event("persistent", t, "shared", _middle(Stream.HOUSEHOLD_MONTH, t, entity, 0))
        yield Event("transitory", t, "shared", _middle(Stream.HOUSEHOLD_MONTH, t, entity, 1))
        yield Event("village_shock", t, "shared", _middle(Stream.VILLAGE_MONTH, t, place, 0))
        if t % 12 == 1:
            if l[t] < l[t - 1] and formed[t] != t:
                yield Event("ageing", t, "shared", _never(Stream.HOUSEHOLD_YEAR, t, entity, 2))
            yield Event("slow", t, "shared", _middle(Stream.HOUSEHOLD_YEAR, t, entity, 0))
    if life.outcome.until < told.scenario.horizon_months:
        end = life.outcome.until + 1
        yield Event("ended", end, "shared", _never(Stream.HOUSEHOLD_YEAR, end, entity, 1))


def _whole(told: Told, life: Life, a: int, b: int | None, last: int) -> Iterator[Event]:
    """Membership altogether; the village's cooperative altogether, with the works that it displaces: more than one event."""
    entity = int(told.sample.ids[life.row])
    if life.home["member"][a, : last + 1].any():
        never = tuple(Edit(Stream.MEMBER_MONTH, t, entity, 3, NEVER) for t in range(last + 1))
        yield Event("membership", 0, "whole", Removal(edits=never))
    if life.coop["status"][a, : last + 1].any():
        works = () if b is None else (Undone("works", 1, _works(life, b)),)
        yield Event("no_cooperative", 0, "whole", Removal(undone=(Undone("cooperative", 1), *works)))


def _never(stream: Stream, month: int, entity: int, word: int) -> Removal:
    return Removal(edits=(Edit(stream, month, entity, word, NEVER),))


def _middle(stream: Stream, month: int, entity: int, word: int) -> Removal:
    return Removal(edits=(Edit(stream, month, entity, word, MIDDLE),))


def distance(x: np.ndarray, last: int) -> float:
    """How far two paths m12 [2, T + 1] are apart over months 1 to `last`, L per month on average."""
    return float(np.abs(x[0, 1 : last + 1] - x[1, 1 : last + 1]).mean())
