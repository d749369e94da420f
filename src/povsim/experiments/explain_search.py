"""The search for the cause: which event, removed alone, removes the difference.

Every event is removed in turn, first in the household's village under the decisions that the country made, then, in the order
of `_order`, in the whole country, until one is confirmed (docs/decisions/0018-the-cause-is-what-undoes-it.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from povsim.experiments.explain_events import Event, distance, events
from povsim.experiments.explain_life import Life
from povsim.experiments.explain_lives import Outcome, Told, live_copies, live_without

Kind = Literal["permanent", "harmed", "relapsed"]
KINDS: tuple[Kind, ...] = ("permanent", "harmed", "relapsed")
CONFIRMATIONS = 12
"""Candidates that are lived without in the whole country before the search gives up."""
NEAR = 0.1
"""Effects within this share of the largest count as equal to it; of these the latest event is taken: it needed the others."""


@dataclass(frozen=True)
class Tried:
    """An event, what became of the household without it (arms in the order asked), and how much of the difference went.

    effect: share of the distance between the arms that goes; for a relapse the rise of m12 in its month, L.
    """

    event: Event
    outcome: Outcome
    removes: bool
    effect: float


@dataclass(frozen=True)
class Finding:
    """What the search found.

    cause: confirmed in the whole country, None where no event alone removes the difference. also: further events that each do,
    in the village under decisions held. refused: those that did in the village and not in the country. largest: the largest
    contributor where there is no cause. whole: the cooperative and membership altogether. candidates: events tried.
    """

    kind: Kind
    cause: Tried | None
    also: tuple[Tried, ...]
    refused: tuple[Tried, ...]
    largest: Tried | None
    whole: tuple[Tried, ...]
    candidates: int


def differs(kind: Kind, outcome: Outcome) -> bool:
    """Whether there is something to explain: arms in the order (arm, against), or the arm alone for a relapse."""
    if kind == "relapsed":
        return bool(outcome.E2[0] > 0 and outcome.relapse[0] > 0)
    left = outcome.E4 > 0
    return bool(left[0] and not left[1]) if kind == "permanent" else bool(left[1] and not left[0])


def removed(kind: Kind, outcome: Outcome) -> bool:
    """Whether the difference is gone: both arms alike; for a relapse, the exit is still there and holds."""
    if kind == "relapsed":
        return bool(outcome.E2[0] > 0 and outcome.relapse[0] == 0)
    return bool((outcome.E4[0] > 0) == (outcome.E4[1] > 0))


def arms_of(kind: Kind, a: int, b: int | None) -> list[int]:
    """Rows of the arms that the question is about."""
    return [a] if kind == "relapsed" or b is None else [a, b]


def last_month(told: Told, life: Life, kind: Kind, a: int, b: int | None) -> int:
    """The last month on which the difference depends."""
    if kind == "relapsed" or b is None:
        return life.outcome.until
    return int(life.outcome.E4[a] + life.outcome.E4[b]) + told.scenario.exit.W  # one of the two is 0


def find(told: Told, life: Life, kind: Kind, a: int, b: int | None) -> Finding:
    """Search the events of the household's life for the cause."""
    arms, last = arms_of(kind, a, b), last_month(told, life, kind, a, b)
    candidates = events(told, life, a, b, last)
    outcomes = live_copies(told, arms, life.row, [event.removal for event in candidates])
    tried = [
        Tried(event, outcome, removed(kind, outcome), _effect(kind, life, arms, outcome, last))
        for event, outcome in zip(candidates, outcomes, strict=True)
    ]
    single = [t for t in tried if t.event.group != "whole"]
    able = _order(kind, [t for t in single if t.removes])
    refused: list[Tried] = []
    cause = None
    for t in able[:CONFIRMATIONS]:
        outcome = live_without(told, arms, life.row, t.event.removal)
        if removed(kind, outcome):
            cause = Tried(t.event, outcome, True, _effect(kind, life, arms, outcome, last))
            break
        refused.append(t)
    tried_out = {id(t.event) for t in refused} | ({id(cause.event)} if cause else set())
    return Finding(
        kind, cause, tuple(t for t in able if id(t.event) not in tried_out), tuple(refused),
        None if cause else max(single, key=lambda t: t.effect, default=None),
        tuple(t for t in tried if t.event.group == "whole"), len(single),
    )  # fmt: skip


def _effect(kind: Kind, life: Life, arms: list[int], outcome: Outcome, last: int) -> float:
    if kind == "relapsed":
        month = int(life.outcome.relapse[arms[0]])
        return float(outcome.m12[0, month] - life.m12[arms[0], month])
    was = distance(life.m12[arms], last)
    return 1.0 - distance(outcome.m12, last) / was if was > 0 else 0.0


def _order(kind: Kind, able: list[Tried]) -> list[Tried]:
    """Largest effect first; of those with about the largest, the latest. Between two arms what one of them did itself goes
    before what was the same in both; a relapse may have any cause."""
    out: list[Tried] = []
    for shared in (False, True):
        left = [t for t in able if (t.event.group == "shared" and kind != "relapsed") == shared]
        while left:
            most = max(t.effect for t in left)
            best = max((t for t in left if t.effect >= most - NEAR * abs(most)), key=lambda t: (t.event.month, t.effect))
            out.append(best)
            left.remove(best)
    return out
