"""`povsim explain`: a village alone lives as in its country, and a cause that is named does remove the difference.

Acceptance: "`explain` on 20 households of each kind names causes that a test confirms by re-running without the event". The
re-run here is made by hand from the removal, not by the functions that the search uses.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from povsim.config import Scenario, scenario_from
from povsim.draws import DrawKey
from povsim.experiments.comparison import model_arm
from povsim.experiments.explain_events import events
from povsim.experiments.explain_life import Life, live_through
from povsim.experiments.explain_lives import Removal, Told, live_copies, live_without, tell
from povsim.experiments.explain_search import KINDS, Kind, Tried, differs, find
from povsim.experiments.replicate import burn_in
from povsim.measures.exits import first_exits
from povsim.model.country import Country
from povsim.model.edits import Edits
from povsim.population.columns import COOP, HOME, LIFE, WORKS_BIT
from povsim.population.nation import nation

ARMS = ["none", "aid", "cooperative", "aid_cooperative"]
SMALL = {"villages": 60, "households_per_village": 40}


def scenario_of(population: dict[str, int], **more) -> Scenario:
    return scenario_from({
        "population": {"kind": "toy", **population}, "replicates": 8, "cooperative": "optimistic", "arms": ARMS, **more,
    })  # fmt: skip


def told_of(scenario: Scenario, variant: str = "trap", number: int = 0) -> Told:
    pool = ThreadPoolExecutor(2)
    replicate = burn_in(scenario, variant, number, pool, 2)
    return tell(scenario, variant, replicate, [model_arm(scenario, variant, spec) for spec in scenario.arms], pool, 2)


@pytest.fixture(scope="module")
def told() -> Told:
    return told_of(scenario_of(SMALL))


def rows_of(told: Told, kind: Kind, a: int, b: int) -> list[int]:
    """Tracked households of a kind."""
    E4, relapse = told.outcomes["E4"] > 0, told.outcomes["relapse"] > 0
    which = {"permanent": E4[a] & ~E4[b], "harmed": E4[b] & ~E4[a], "relapsed": relapse[a]}[kind]
    return [int(row) for row in told.replicate.tracked[which]]


def test_a_village_alone_lives_to_the_bit_as_in_its_country(told: Told) -> None:
    """Every exit and relapse of a spread of households, in every arm, month by month; and capacity as the marks have it."""
    tracked = told.replicate.tracked
    for at in range(0, tracked.size, max(1, tracked.size // 25)):
        life = live_through(told, int(tracked[at]))
        for rung in ("E1", "E2", "E4", "relapse"):
            assert np.array_equal(getattr(life.outcome, rung), told.outcomes[rung][:, at]), rung
        assert life.outcome.until == told.until[at]


def test_the_months_followed_are_those_of_the_country(told: Told) -> None:
    """Consumption, income and aid against the tables of a country that is lived in another way: month by month as a whole."""
    row = int(told.replicate.tracked[3])
    life = live_through(told, row)
    scenario, r = told.scenario, told.replicate
    c = Country(
        r.sample, r.state.branch(len(ARMS)), told.arms, "trap", DrawKey(scenario.seed, 0), months=scenario.horizon_months,
        nation=nation(), tracked=r.tracked, audit=True, macro=scenario.economy.macro,
    )  # fmt: skip
    for t in range(1, 37):
        if (t - 1) % 12 == 0:
            c.decide(t)
        c._live(t, 1)
        c.state.t = t
        assert np.array_equal(c.state.home[:, HOME.c0 + t % 12, row], life.c[:, t])
        assert np.array_equal(c.state.home[:, HOME.K, row], life.home["K"][:, t])
        above = c.record.marks[:, t - 1, 3]
        assert np.array_equal((above & 4) != 0, life.ccap[:, t] >= 1.1 - 1e-12)
        assert np.array_equal((above & 1) != 0, life.m12[:, t] >= 1 - 1e-12)


def test_what_came_in_is_income_aid_and_refund(told: Told) -> None:
    """Without assistance the household gets none; with it what its programmes pay; income does not depend on it at first."""
    a, b = told.arm_row("none"), told.arm_row("aid")
    paid = 0
    for row in told.replicate.tracked[:8]:
        life = live_through(told, int(row))
        bits = life.home["enrolled"][:, 1].astype(int)
        assert not bits[a] & ((1 << WORKS_BIT) - 1)
        if bits[b] & 2:  # Sembako: every month the same
            p = told.arms[b].p
            food = p["sembako_idr_month"] * p["delivered"] / told.sample.life[LIFE.line, row]
            assert (life.aid[b, 1:13] >= food - 1e-12).all()
            paid += 1
        assert life.income[a, 1] == pytest.approx(life.income[b, 1], rel=1e-9)
    assert paid


def test_nothing_removed_nothing_changed(told: Told) -> None:
    a, b = told.arm_row("aid_cooperative"), told.arm_row("aid")
    at = 5
    row = int(told.replicate.tracked[at])
    in_copies = live_copies(told, [a, b], row, [Removal(), Removal(), Removal(p=dict(told.arms[a].p))])
    in_country = live_without(told, [a, b], row, Removal())
    for outcome in (*in_copies, in_country):
        assert np.array_equal(outcome.E4, told.outcomes["E4"][[a, b], at])
        assert np.array_equal(outcome.m12, in_country.m12)


def test_a_removal_in_a_copy_is_the_removal_in_the_country_until_decisions_respond(told: Told) -> None:
    """In the first year nothing that was decided can respond: every event of it, in the village and in the country."""
    a, b = told.arm_row("cooperative"), told.arm_row("none")
    row = rows_of(told, "permanent", a, b)[0]
    life = live_through(told, row)
    found = [e for e in events(told, life, a, b, 12) if e.group != "whole"]
    kinds = {e.kind for e in found}
    assert {"persistent", "village_shock", "slow", "premium"} <= kinds
    chosen = [next(e for e in found if e.kind == kind) for kind in sorted(kinds)]
    for event, copy in zip(chosen, live_copies(told, [a, b], row, [e.removal for e in chosen]), strict=True):
        country = live_without(told, [a, b], row, event.removal)
        assert np.array_equal(copy.m12[:, :13], country.m12[:, :13]), event


def test_every_event_was_there_and_is_gone_when_removed(told: Told) -> None:
    """A loan that is removed is not given; an illness does not begin; the aid is that of the other arm."""
    a, b = told.arm_row("aid_cooperative"), told.arm_row("aid")
    seen: set[str] = set()
    for row in told.replicate.tracked[:60]:
        life = live_through(told, int(row))
        T = told.scenario.horizon_months
        for event in events(told, life, a, b, T):
            if event.kind in ("loan", "joined", "illness", "begins_trading", "left") and event.kind not in seen:
                removal = event.removal
                c = by_hand(told, [a], int(row), removal, event.month)
                home, k = c.state.home[0], int(row)
                v = told.sample.village[k]
                gone = {
                    "loan": home[HOME.Dc, k] == 0,
                    "joined": home[HOME.member, k] == 0,
                    "left": home[HOME.member, k] == 1,
                    "illness": c.state.life[LIFE.ill, k] == 0,
                    "begins_trading": c.state.coop[0, COOP.status, v] == 3,
                }[event.kind]
                assert gone, event
                seen.add(event.kind)
    assert {"loan", "joined", "illness", "begins_trading"} <= seen


def test_events_of_neighbours_and_other_members_are_searched(told: Told) -> None:
    """Each begins in the month it names; a neighbour's illness, removed, changes the neighbour."""
    a = told.arm_row("cooperative")
    T = told.scenario.horizon_months
    kinds: set[str] = set()
    for row in told.replicate.tracked[:10]:
        life = live_through(told, int(row))
        found = events(told, life, a, None, T)
        kinds |= {e.kind for e in found}
        v, rows = told.place(int(row))
        near = {int(told.sample.ids[rows[j]]) for j in told.sample.ties[rows[int(row) - rows[0]]]}
        ill = next((e for e in found if e.kind == "neighbour_illness" and e.removal.edits[0].entity in near), None)
        if ill is not None and ill.month <= 24:
            k = int(np.nonzero(told.sample.ids == np.uint64(ill.removal.edits[0].entity))[0][0])
            assert told.sample.village[k] == v and k != row
            assert by_hand(told, [a], int(row), Removal(), ill.month).state.life[LIFE.ill, k] > 0
            assert by_hand(told, [a], int(row), ill.removal, ill.month).state.life[LIFE.ill, k] == 0
    assert {"neighbour_illness", "neighbour_asset_shock", "neighbour_ageing", "other_joined", "other_loan"} <= kinds


def by_hand(told: Told, arms: Sequence[int], row: int, removal: Removal, months: int | None = None) -> Country:
    """The country lived again without the event, made here from the removal alone: `months` of it month by month, or all."""
    scenario, r = told.scenario, told.replicate
    v = int(r.sample.village[row])
    lived = [told.arms[a] for a in arms]
    lived[0] = replace(lived[0], p={**lived[0].p, **removal.p})
    if removal.aid_of is not None:
        other = told.arms[removal.aid_of]
        lived[0] = replace(
            lived[0], programmes=other.programmes, quotas=other.quotas, grant=other.grant, aid_until=other.aid_until,
            graduation_years=other.graduation_years,
        )  # fmt: skip

    class Without(Country):
        def decide(self, month: int) -> None:
            super().decide(month)
            for undone in removal.undone:
                if month < undone.since:
                    continue
                bits = int(self.state.home[0, HOME.enrolled, row])
                works = bits & (1 << WORKS_BIT)
                if undone.what == "aid":
                    self.state.home[0, HOME.enrolled, row] = works + int(undone.instead[month][0])
                elif undone.what == "works":
                    self.state.coop[0, COOP.works, v] = undone.instead[month][0]
                    self.state.home[0, HOME.enrolled, row] = bits - works + int(undone.instead[month][1])
                else:
                    raise AssertionError(f"no single event undoes {undone.what}")

    c = Without(
        r.sample, r.state.branch(len(lived)), lived, told.variant, DrawKey(scenario.seed, r.number),
        months=scenario.horizon_months, nation=nation(), tracked=np.array([row]), macro=scenario.economy.macro,
        b=scenario.exit.b, specs=scenario.programmes, edits=Edits.of(r.sample, {v: removal.edits} if removal.edits else {}),
    )  # fmt: skip
    if months is None:
        c.run()
        return c
    for t in range(1, months + 1):
        if (t - 1) % 12 == 0:
            c.decide(t)
        c._live(t, 1)
        c.state.t = t
    return c


def gone(told: Told, kind: Kind, arms: Sequence[int], row: int, tried: Tried) -> bool:
    """Whether the difference is gone in the country lived without the event, read from the marks month by month."""
    c = by_hand(told, arms, row, tried.event.removal)
    W, until = told.scenario.exit.W, int(c.record.until[0])
    marks = c.record.marks[:, :, 0]
    exits = [first_exits(marks[a][:, None], W, None, c.record.until) for a in range(len(arms))]
    if kind != "relapsed":
        left = [bool(e["E4"][0] > 0) for e in exits]
        return left[0] == left[1]
    tau = int(exits[0]["E2"][0])
    return tau > 0 and all(marks[0, t - 1] & 1 for t in range(tau, until + 1))


def check(told: Told, kind: Kind, arm: str, against: str, wanted: int) -> Iterator[tuple[Life, bool]]:
    """Explain households of a kind, confirm each cause that is named, and yield whether one was."""
    a, b = told.arm_row(arm), told.arm_row(against)
    for row in rows_of(told, kind, a, b)[:wanted]:
        life = live_through(told, row)
        arms = [a] if kind == "relapsed" else [a, b]
        assert differs(kind, life.outcome.only(arms))
        finding = find(told, life, kind, a, b)
        if finding.cause is not None:
            assert gone(told, kind, arms, row, finding.cause), (kind, row, finding.cause.event)
            assert finding.cause.event.group != "whole" and finding.largest is None
        else:  # nothing alone: not even the largest contributor, and whatever did so with decisions held was tried
            assert finding.largest is not None and not gone(told, kind, arms, row, finding.largest), (kind, row)
            assert not finding.also or len(finding.refused) > 0
        yield life, finding.cause is not None


@pytest.mark.parametrize("kind", KINDS)
def test_the_causes_of_three_of_each_kind_are_confirmed(told: Told, kind: Kind) -> None:
    named = [found for _, found in check(told, kind, "aid_cooperative", "aid", 3 if kind != "relapsed" else 6)]
    assert len(named) >= 3 and sum(named) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_causes_of_twenty_of_each_kind_are_confirmed(kind: Kind) -> None:
    """Until twenty named causes were confirmed, over replicates and variants; how often none was named is held below a half."""
    scenario = scenario_of({"villages": 100, "households_per_village": 100})
    named = asked = 0
    for number in range(scenario.replicates):
        for variant in scenario.variants:
            told = told_of(scenario, variant, number)
            for arm, against in (("cooperative", "none"), ("aid_cooperative", "aid")):
                for _, found in check(told, kind, arm, against, 20):
                    named, asked = named + found, asked + 1
                    if named == 20:
                        print(f"{kind}: 20 causes named and confirmed among {asked} households")
                        assert asked <= 40 or kind == "relapsed"
                        return
    raise AssertionError(f"only {named} causes of {asked} households of kind {kind}")
