"""The nation is the same to the bit however it is lived: one district alone or with others, threads, order, equal money."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
import pytest

from povsim.config import Scenario, scenario_from
from povsim.errors import PovsimError
from povsim.experiments import national, national_district, national_tables
from povsim.experiments import replicate as replicate_module
from povsim.experiments.comparison import Comparison, model_arm
from povsim.experiments.national_district import REACHED, live_census, live_district
from povsim.experiments.national_merge import Nation
from povsim.experiments.national_tables import survival_of
from povsim.model.country import Country
from povsim.population.census import draw_census
from povsim.population.columns import LIFE
from povsim.population.geography import load_frame
from povsim.reporting.sentences import sentences

BASE: dict[str, Any] = {
    "population": "toy", "sample": 0.2, "arms": ["aid", "aid_cooperative_planned"], "variants": ["trap"], "replicates": 1,
    "burn_in_months": 36, "horizon_months": 84, "equal_money": "benefits",
}  # fmt: skip


class _Steps:
    def advance(self, steps: float = 1) -> None:
        """Nothing is shown."""


@contextmanager
def quiet(_label: str, _total: float) -> Iterator[_Steps]:
    yield _Steps()


def scenario(**given: Any) -> Scenario:
    return scenario_from(BASE | given)


def arms_of(one: Scenario) -> list[Any]:
    return [model_arm(one, "trap", spec) for spec in one.arms]


def hash_of(found: Comparison) -> str:
    tables = {name: frame.write_csv() for name, frame in sorted(found.tables.items())}
    content = json.dumps([found.summary["variants"], found.summary["range"], tables], default=float)
    return sha256(content.encode()).hexdigest()


def test_a_district_lives_alone_as_among_others() -> None:
    one = scenario(sample=0.4)
    together, _ = live_census(one, "trap", [0, 1], arms_of(one))
    for district in (0, 1):
        alone, _ = live_census(one, "trap", [district], arms_of(one))
        rows = np.isin(together.sample.ids, alone.sample.ids)
        tracked = np.isin(together.sample.ids[together.tracked], alone.sample.ids[alone.tracked])
        assert np.array_equal(together.sample.life[:, rows], alone.sample.life)
        assert np.array_equal(together.sample.home[..., rows], alone.sample.home)
        villages = np.isin(together.sample.village_ids, alone.sample.village_ids)
        for name, lived in alone.outcomes.items():
            for rung, tau in lived.tau.items():
                assert np.array_equal(together.outcomes[name].tau[rung][tracked], tau)
            assert np.array_equal(together.outcomes[name].status[:, villages], lived.status)
            assert np.array_equal(together.outcomes[name].members[:, villages], lived.members)


def test_the_order_of_districts_changes_nothing_and_the_seed_does(monkeypatch: pytest.MonkeyPatch) -> None:
    first = hash_of(national.run(scenario(reuse=False), quiet))
    lived = national.Lived.districts

    def backwards(*given: Any) -> Any:
        return list(reversed(lived(*given)))

    monkeypatch.setattr(national.Lived, "districts", backwards)
    assert hash_of(national.run(scenario(reuse=False), quiet)) == first
    assert hash_of(national.run(scenario(seed=1), quiet)) != first


def test_sums_are_those_of_the_households() -> None:
    """What is kept of districts gives what all households together give."""
    one = scenario(sample=None, population={"kind": "toy"})
    arms = arms_of(one)
    together, before = live_census(one, "trap", [0, 1], arms)
    outcomes = [live_district(one, "trap", district, arms) for district in (1, 0)]
    nation = Nation(outcomes, load_frame("toy"), {arm.name: arm for arm in arms})
    assert nation.summed(o.before for o in nation.outcomes) == pytest.approx(before, rel=1e-12)
    assert np.array_equal(nation.structural, together.structural)
    weight = together.weight
    for arm in arms:
        lived = together.outcomes[arm.name]
        for rung in REACHED[:-1]:
            assert np.array_equal(nation.reached(arm.name, rung), lived.tau[rung] > 0)
        assert nation.total_cost(arm.name) == pytest.approx(lived.total_cost, rel=1e-12)
        for g, group in enumerate(("structural", "baseline_poor")):
            m = together.group(group)
            poor = nation.by_village(nation.reached(arm.name, "E4") & m).sum()
            assert poor == weight[m] @ (lived.tau["E4"][m] > 0)
            assert float(nation.summed(o.exits[g] for o in nation.of(arm.name)).sum()) == poor
            curve = survival_of(nation, arm.name, g)
            assert curve == pytest.approx(lived.survival[group].survival, rel=1e-12, nan_ok=True)
        poverty = nation.summed(o.poverty for o in nation.of(arm.name))
        assert poverty[:, 0, 0] / before[0, 0] == pytest.approx(lived.poverty[:, 0, 0], rel=1e-12)


def test_equal_money_is_that_of_the_nation() -> None:
    found = national.run(scenario(arms=["aid", "aid_equal_cost", "aid_cooperative"]), quiet)
    entry = found.summary["equal_cost"]["trap"]["aid_equal_cost"]
    arms = found.summary["variants"]["trap"]["arms"]
    assert abs(entry["gap_share"]) < 0.002
    assert arms["aid_equal_cost"]["cost_idr"] == pytest.approx(arms["aid_cooperative"]["cost_idr"], rel=0.002)
    assert set(arms) == {"aid", "aid_equal_cost", "aid_cooperative"}
    assert {(c["arm"], c["against"]) for c in found.summary["variants"]["trap"]["contrasts"]} >= {
        ("aid_cooperative", "aid"), ("aid_cooperative", "aid_equal_cost"), ("aid_equal_cost", "aid"),
    }  # fmt: skip
    parts = found.tables["places"].filter(level="nation", measure="E4", group="structural")
    whole = parts.filter(area="all")["households"].to_list()
    summed = [sum(parts.filter(area=a, arm=arm)["households"].item() for a in ("urban", "rural")) for arm in arms]
    assert whole == pytest.approx(summed, rel=1e-12)


def test_no_more_villages_are_asked_for_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for needed, kept in ((10**6, None), (3, 3)):
        monkeypatch.setattr(national_tables, "villages_needed", lambda *_, needed=needed: (needed, None))
        summary = national.run(scenario(arms=["aid", "aid_cooperative"]), quiet).summary
        found = summary["takeup"]["trap"]["aid_cooperative"]
        assert found["villages_needed"] == kept
        assert kept is not None or "1000000 villages would be needed, more than the" in found["reason"]
        assert ("1,000,000" in " ".join(sentences(summary, "en"))) is False


def test_nothing_done_nothing_changed() -> None:
    defined = {"twin": {"aid": True}}
    found = national.run(scenario(arms=["aid", "twin"], arm_definitions=defined), quiet)
    contrasts = [c for c in found.summary["variants"]["trap"]["contrasts"] if c["measure"] != "E5"]
    assert contrasts and all(c["mean"] == c["n10"] == c["n01"] == c["low95"] == c["high95"] == 0 for c in contrasts)


def no_room_for_district_1(one: Scenario, variant: str, district: int, arms: Any, **given: Any) -> Any:
    if district == 1:
        raise MemoryError("no room")
    return live_district(one, variant, district, arms, **given)


def test_a_district_that_fails_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(national, "live_district", no_room_for_district_1)
    found = national.run(scenario(), quiet)
    assert found.failures == ["variant trap, district 1: MemoryError: no room"]
    assert found.summary["population"]["districts"] == 1
    lost = found.summary["missing"]["trap"]
    names = load_frame("toy")["district"].to_list()
    assert (lost["districts"], lost["of"]) == (names[1:], 2) and 0 < lost["household_share"] < 1


def no_room_in_one_variant(one: Scenario, variant: str, district: int, *given: Any, **more: Any) -> Any:
    if (variant, district) == ("no_trap", 1):
        raise MemoryError("no room")
    return live_district(one, variant, district, *given, **more)


def test_variants_are_over_the_same_districts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(national, "live_district", no_room_in_one_variant)
    found = national.run(scenario(variants=["trap", "no_trap"]), quiet)
    assert set(found.tables["districts"].select("variant", "district_id").iter_rows()) == {("trap", 0), ("no_trap", 0)}
    assert set(found.summary["missing"]) == {"trap", "no_trap"}


def no_room_for_the_twin(one: Scenario, variant: str, district: int, arms: Any, **more: Any) -> Any:
    if district == 1 and any(arm.name == "aid_equal_cost" for arm in arms):
        raise MemoryError("no room")
    return live_district(one, variant, district, arms, **more)


def test_a_failure_in_the_pass_of_equal_money_costs_only_its_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(national, "live_district", no_room_for_the_twin)
    found = national.run(scenario(arms=["aid", "aid_equal_cost", "aid_cooperative"]), quiet)
    assert set(found.summary["variants"]["trap"]["arms"]) == {"aid", "aid_cooperative"}
    assert "no room" in found.summary["dropped"]["aid_equal_cost"] and found.failures
    assert found.summary["population"]["districts"] == 2


def test_no_end_of_an_interval_is_null_without_a_reason() -> None:
    found = national.run(scenario(sample=0.01), quiet)
    for name, ends in (("places", ("share", "low95", "high95")), ("contrasts_by_place", ("mean", "low95", "high95"))):
        null = found.tables[name].filter(pl.any_horizontal(pl.col(end).is_null() for end in ends))
        assert not null.is_empty() and null["reason"].null_count() == 0


def no_room_at_all(*_: Any, **__: Any) -> Any:
    raise MemoryError("no room")


def test_a_nation_of_which_nothing_could_be_lived_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(national, "live_district", no_room_at_all)
    with pytest.raises(PovsimError, match=r"Every district of variant trap failed.*no room"):
        national.run(scenario(), quiet)


def test_households_are_lived_as_they_were_drawn_from() -> None:
    """Arms branch in place: what they share is one table, and the first arm does not move the others."""
    one = scenario(arms=["aid", "aid_cooperative_planned"])
    arms = arms_of(one)
    both, _ = live_census(one, "trap", [0], arms)
    second, _ = live_census(one, "trap", [0], [replace(arms[1])])
    assert np.array_equal(both.sample.home[1], second.sample.home[0])
    assert np.array_equal(both.sample.life[LIFE.z], second.sample.life[LIFE.z])


def test_nothing_of_a_district_stays_in_memory_when_it_was_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def draw(*given: Any) -> Any:
        sample = draw_census(*given)
        seen.extend(weakref.ref(table) for table in (sample.life, sample.home, sample.place, sample.ties, sample.tie_weight))
        return sample

    def country(*given: Any, **more: Any) -> Any:
        made = Country(*given, **more)
        seen.append(weakref.ref(made))
        return made

    monkeypatch.setattr(national_district, "draw_census", draw)
    monkeypatch.setattr(replicate_module, "Country", country)
    one = scenario()
    gc.collect()
    gc.disable()
    try:
        live_district(one, "trap", 0, arms_of(one))
        assert len(seen) == 7 and [thing() for thing in seen] == [None] * 7
    finally:
        gc.enable()
