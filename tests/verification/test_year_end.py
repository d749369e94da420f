"""A country stopped at the end of any year, put into a file and read again, lives on as the one that never stopped."""

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from povsim import parameters
from povsim.config import scenario_from
from povsim.config.arms import lever_values
from povsim.errors import PovsimError
from povsim.experiments import checkpoint
from povsim.experiments.checkpoint import Checkpoints
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.model.year_end import YearEnd
from povsim.population.columns import COOP, HOME
from verification.cases import BUSY, HARD_LIFE, cash, tools, training
from verification.small_world import AID, VARIANTS, country, world

MONTHS = 60
YEAR_ENDS = range(12, MONTHS + 1, 12)
PACKAGES = ("equal_assets", "equal_coaching")
LIMITED = {"mentors": 3000, "mentors_trained_year": 300, "budget_idr_year": None}


def rollout_of(kind, **keys):
    return scenario_from({"population": "toy", "rollout": {"kind": kind, **keys}}).rollout


@cache
def arms_of(variant) -> tuple[Arm, ...]:
    """Everything that is decided once a year or remembered from one year to the next."""
    p = {**world(variant).p, **HARD_LIFE, **BUSY, "h0": 0.02, "h_rev": 0.1, "h_dis": 0.05}
    planned = {**parameters.values(variant, "as_planned"), **HARD_LIFE}

    def with_levers(*levers):
        return {**p, **lever_values(variant, levers, {})}

    return (
        Arm("none", p),
        Arm("stops", p, AID, aid_until=30),
        Arm("graduates", p, AID, graduation_years=2),
        Arm("phased", planned, AID, True, rollout=rollout_of("phased", waves=4, start_without_support=True, **LIMITED)),
        Arm("adaptive", p, AID, True, rollout=rollout_of("adaptive", waves=5, **LIMITED)),
        Arm("readiness", planned, {}, True, rollout=rollout_of("readiness_first", waves=3, mentors=None, budget_idr_year=None)),
        Arm("poorest", planned, AID, True, rollout=rollout_of("extreme_poverty_first", waves=4, **LIMITED)),
        Arm("invited", with_levers("invitation", "dues_deducted", "aid_tapered", "vouchers"), AID, True),
        Arm(
            "registry", with_levers("registry_coverage", "registry_refresh"), AID,
            registered_before=0.6, registry_cost=(9e4, 1e4),
        ),
        Arm("lent", p, AID, True, payer="cooperative"),
        Arm("packages", p, {**AID, **dict.fromkeys(PACKAGES, 1.0)}, quotas=dict.fromkeys(PACKAGES, 4e6)),
        Arm("grant", p, {**AID, "equal_grant": 1.0}, grant=tuple(1e5 + 1e3 * np.arange(MONTHS))),
        Arm("composed", p, {"cash": 1.0, "tools": 1.0, "course": 1.0}),
    )  # fmt: skip


def begin(variant, interactions, months=MONTHS, arms=None, after=None, **options) -> Country:
    """The arms from the branch, or after a year's end."""
    w = world(variant, 8, 20)
    arms = arms_of(variant) if arms is None else arms
    given = {
        "record": True, "tracked": np.arange(0, w.sample.ids.size, 3), "macro": tuple(-0.01 * np.arange(30)),
        "interactions": interactions, "specs": (tools(2e6), training(0.2), cash(2e5)),
    } | options  # fmt: skip
    if after is None:
        return country(w, arms, months, **given)
    return Country(
        w.sample, after.state.copy(), arms, variant, w.key, months=months, nation=country(w, arms, 12).nation,
        after=after, **given,
    )  # fmt: skip


def through_a_file(end: YearEnd, tmp_path) -> YearEnd:
    scenario = scenario_from({"population": "toy"})
    checkpoint.save(tmp_path, "trap", 0, Checkpoints({end.month: end}))
    checkpoint.close(tmp_path, scenario, [end.month], {})
    return checkpoint.year_end_of(tmp_path, "trap", 0, end.month)


def differing(a: object, b: object) -> list[str]:
    """Fields of two records or states, by name, that are not the same bit for bit."""
    found = []
    for f in fields(a):
        x, y = getattr(a, f.name), getattr(b, f.name)
        pairs = [(x, y)] if not isinstance(x, dict) else [(x.get(key), y.get(key)) for key in {*x, *y}]
        if isinstance(x, dict) and list(x) != list(y):
            found.append(f"keys of {f.name}")
        found += [f.name for v, w in pairs if not same(v, w)]
    return found


def same(x, y) -> bool:
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    return x == y


def fail_if_they_differ(there: Country, again: Country) -> None:
    assert differing(there.record, again.record) == []
    assert differing(there.state, again.state) == []
    assert same(there.start, again.start)
    assert there.offices.keys() == again.offices.keys()
    for a, office in there.offices.items():
        assert len(office.years) == len(again.offices[a].years)
        for x, y in zip(office.years, again.offices[a].years, strict=True):
            assert differing(x, y) == []


@pytest.mark.parametrize("interactions", [True, False])
@pytest.mark.parametrize("variant", VARIANTS)
def test_stopped_at_any_year_end_it_is_the_run_that_never_stopped(variant, interactions, tmp_path):
    never = begin(variant, interactions)
    never.run()
    stopping = begin(variant, interactions, may_stop=True)
    ends = []
    for month in YEAR_ENDS:
        stopping.live_to(month)
        ends.append(through_a_file(stopping.year_end(), tmp_path))
    stopping.run()
    fail_if_they_differ(never, stopping)
    for end in ends:
        again = begin(variant, interactions, after=end)
        again.run()
        fail_if_they_differ(never, again)


def test_the_arms_of_the_test_do_what_they_are_there_for():
    """Years differ: aid ends and families graduate, villages wait for mentors, taper bites, packages and grants are paid."""
    c = begin("trap", True)
    c.run()
    rows = {arm.name: a for a, arm in enumerate(c.arms)}
    on_aid = c.record.families["pkh"]
    assert (on_aid[rows["stops"], 3:] == 0).all() and on_aid[rows["stops"], 0] > 0
    assert on_aid[rows["graduates"], 4] < 0.7 * on_aid[rows["graduates"], 0]
    for name in ("phased", "adaptive", "readiness", "poorest"):
        assert sum(year.starts.size > 0 for year in c.offices[rows[name]].years) > 1, name
    served = [year.mentored.size for year in c.offices[rows["poorest"]].years]
    assert served[-1] < max(served)
    assert (c.state.home[rows["invited"], HOME.aid_share] < 1).any()
    assert (c.state.coop[rows["lent"], COOP.lent_left] > 0).any()
    for name in ("equal_assets", "equal_coaching", "equal_grant", "tools", "course", "cash"):
        assert c.record.families[name].any(), name
    assert (c.state.home[rows["packages"], HOME.skill] > 1).any()
    assert (c.record.below > 0).any() and (c.record.until < MONTHS).any()


@pytest.mark.parametrize("saved_for", [36, 96])
def test_a_longer_and_a_shorter_horizon_than_the_one_that_was_saved(saved_for, tmp_path):
    """Who was below the line is kept from the first month, though the horizon of the run that saved it would not need it."""
    never = begin("trap", True, 72)
    never.run()
    stopping = begin("trap", True, saved_for, may_stop=True)
    stopping.live_to(24)
    again = begin("trap", True, 72, after=through_a_file(stopping.year_end(), tmp_path))
    again.run()
    fail_if_they_differ(never, again)


def test_a_run_that_went_on_may_stop_again():
    never = begin("no_trap", True)
    never.run()
    stopping = begin("no_trap", True, may_stop=True)
    stopping.live_to(12)
    second = begin("no_trap", True, after=stopping.year_end())
    second.live_to(36)
    third = begin("no_trap", True, after=second.year_end())
    third.run()
    fail_if_they_differ(never, third)


def test_some_of_the_arms_in_another_order():
    """Arms do not know of each other: one may be left out, or stand elsewhere."""
    by_name = {arm.name: arm for arm in arms_of("trap")}
    chosen = [by_name[name] for name in ("invited", "phased", "none", "graduates")]
    never = begin("trap", True, arms=chosen)
    never.run()
    every = begin("trap", True, may_stop=True)
    every.live_to(36)
    again = begin("trap", True, arms=chosen, after=every.year_end().of([arm.name for arm in chosen]))
    again.run()
    again.record.outlay = {key: table for key, table in again.record.outlay.items() if key in never.record.outlay}
    assert set(differing(never.record, again.record)) <= {"keys of outlay", "keys of families"}
    assert differing(never.state, again.state) == []


def test_stopping_changes_nothing_of_what_is_kept():
    """A year's end has tables of its own."""
    c = begin("trap", True, may_stop=True)
    c.live_to(12)
    end = c.year_end()
    before = State(end.state.t, *(table.copy() for table in (end.state.life, end.state.home, end.state.place, end.state.coop)))
    record = end.record.of_length(12)
    c.run()
    begin("trap", True, after=end).run()
    assert differing(before, end.state) == []
    assert differing(record, end.record) == []


def test_a_country_says_where_it_cannot_stop():
    c = begin("trap", True)
    c.live_to(12)
    with pytest.raises(ValueError, match="may_stop"):
        c.year_end()
    c = begin("trap", True, may_stop=True)
    with pytest.raises(ValueError, match="end of a year"):
        c.year_end()


def test_what_goes_on_must_be_what_stopped():
    c = begin("trap", True, may_stop=True)
    c.live_to(24)
    end = c.year_end()
    with pytest.raises(PovsimError, match=r"has the arms none; at that year's end there were none, stops"):
        begin("trap", True, arms=arms_of("trap")[:1], after=end)
    with pytest.raises(PovsimError, match="has the programmes pkh"):
        begin("trap", True, after=end, specs=())
    with pytest.raises(PovsimError, match="to month 12 cannot go on after month 24"):
        begin("trap", True, 12, after=end)
    with pytest.raises(PovsimError, match="no arm 'nobody' at the end of month 24"):
        end.of(["nobody"])


def without_the_registry(end: YearEnd) -> YearEnd:
    turned = {n: replace(r, low10=-r.low10, low20=-r.low20) for n, r in end.rollouts.items()}
    return replace(end, rollouts=turned)


FORGOTTEN = {
    "the aid of the past year": (24, lambda end: replace(end, amounts=np.zeros_like(end.amounts))),
    "what offices saw first": (12, without_the_registry),
    "what offices decided": (12, lambda end: replace(end, rollouts={n: replace(r, years=[]) for n, r in end.rollouts.items()})),
    "who was below the line": (48, lambda end: replace(end, record=replace(end.record, below=np.zeros_like(end.record.below)))),
    "who died": (24, lambda end: replace(end, record=replace(end.record, until=np.full_like(end.record.until, end.month)))),
    "where cooperatives began": (12, lambda end: replace(end, start=np.zeros_like(end.start))),
}


@pytest.mark.parametrize("what", FORGOTTEN)
def test_each_thing_that_is_remembered_is_needed(what):
    """The tests above would see it if one were forgotten."""
    month, forget = FORGOTTEN[what]
    never = begin("trap", True)
    never.run()
    stopping = begin("trap", True, may_stop=True)
    stopping.live_to(month)
    again = begin("trap", True, after=forget(stopping.year_end()))
    again.run()
    with pytest.raises(AssertionError):
        fail_if_they_differ(never, again)
