"""Branched futures: the branch stands where the run stood, futures are new and paired, and the count is right."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from povsim import parameters
from povsim.config import Scenario, scenario_from
from povsim.config.scenario import SEED_MAX
from povsim.draws import DrawKey
from povsim.experiments import futures as fu
from povsim.experiments.comparison import VariantRun, model_arm
from povsim.experiments.comparison_tables import _contrast
from povsim.experiments.contrasts import CostDifference
from povsim.experiments.futures_tables import e5_contrast, e5_fields, share_and_probability
from povsim.experiments.replicate import Replicate, burn_in, live_arms
from povsim.experiments.rerun import WatchedCountry, lived_again
from povsim.measures.exits import M12_LINE
from povsim.model.arm import Arm
from povsim.population.columns import LIFE
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of
from povsim.population.sample import draw_sample
from povsim.population.strata import draw_villages
from verification.small_world import near_the_line

STILL = dict.fromkeys(
    ("sd1", "sd2", "sd_u", "sd_x", "p_h", "p_k", "p_v", "turn", "turn_l0", "age_1", "age_2", "works_share"), 0.0
)
NO_COST = CostDifference(0.0, (0.0, 0.0), 0.0, 0.0)


@cache
def lived(still: bool = False, **changes: float) -> tuple[Scenario, Replicate, dict[str, Arm]]:
    scenario = scenario_from({
        "population": {"kind": "toy", "villages": 20, "households_per_village": 20}, "arms": ["none", "aid", "aid_cooperative"],
        "replicates": 1, "burn_in_months": 36, "horizon_months": 84, "variants": ["trap"], "exit": {"W": 12}, "futures": 12,
    })  # fmt: skip
    arms = {spec.name: model_arm(scenario, "trap", spec) for spec in scenario.arms}
    values = {**(STILL if still else {}), **changes}
    arms = {name: replace(arm, p={**arm.p, **values}) for name, arm in arms.items()}
    replicate = near_the_line(burn_in(scenario, "trap", 0))
    live_arms(replicate, scenario, "trap", list(arms.values()))
    return scenario, replicate, arms


def watched(months: int, at: int) -> tuple[WatchedCountry, list[fu.Place]]:
    """Every village of every arm as kept at the start of the year `at`, and the country after that year."""
    scenario, replicate, arms = lived()
    kept: list[fu.Place] = []

    def keep(country: WatchedCountry, month: int, _months: int) -> None:
        if month == at:
            firsts = country.sample.start[:-1]
            kept.extend(fu.place_of(country, month, a, 0, int(i)) for a in range(len(arms)) for i in firsts)

    country = lived_again(replicate, replace(scenario, horizon_months=months), "trap", list(arms.values()), watch=keep)
    return country, kept


def test_a_village_lived_alone_with_its_own_key_is_the_village_of_the_run_to_the_bit() -> None:
    country, kept = watched(36, 25)
    assert len(kept) == 3 * 20
    busy = 0
    for at in kept:
        tables = fu.Copies.of(at)
        fu.live_on(country, at, country.key, 25, 5, tables, np.zeros(1, np.uint64))  # in two pieces
        fu.live_on(country, at, country.key, 30, 7, tables, np.zeros(1, np.uint64))
        lo, hi = country.sample.start[at.village], country.sample.start[at.village + 1]
        state = country.state
        assert np.array_equal(tables.life, state.life[:, lo:hi])
        assert np.array_equal(tables.home[0], state.home[at.arm, :, lo:hi])
        assert np.array_equal(tables.place[:, 0], state.place[:, at.village])
        assert np.array_equal(tables.coop[0, :, 0], state.coop[at.arm, :, at.village])
        busy += tables.coop[0, 0, 0] == 4.0
    assert busy > 0  # a trading cooperative was among them


def test_futures_differ_from_each_other_and_from_the_run_and_are_the_same_in_every_arm() -> None:
    country, kept = watched(36, 25)
    numbers = np.arange(3, dtype=np.uint64)
    key = DrawKey(1, fu.FUTURE_WORD)
    by_arm = {}
    for at in (one for one in kept if one.village == 0):
        tables = fu.Copies.of(at, 3)
        fu.live_on(country, at, key, 25, 12, tables, numbers)
        by_arm[at.arm] = tables.life
    e1 = by_arm[0][LIFE.e1].reshape(3, -1)
    assert len({row.tobytes() for row in e1}) == 3
    assert not np.array_equal(e1[0], country.state.life[LIFE.e1, : e1.shape[1]])
    assert all(np.array_equal(by_arm[0], life) for life in by_arm.values())


def test_future_five_is_future_five_however_many_there_are() -> None:
    country, kept = watched(36, 25)
    at, key = kept[0], DrawKey(1, fu.FUTURE_WORD)
    many, alone = fu.Copies.of(at, 8), fu.Copies.of(at, 1)
    marks = fu.live_on(country, at, key, 25, 12, many, np.arange(8, dtype=np.uint64))
    one = fu.live_on(country, at, key, 25, 12, alone, np.array([5], np.uint64))
    n = alone.life.shape[1]
    assert np.array_equal(many.home[:, :, 5 * n : 6 * n], alone.home) and np.array_equal(marks[:, 5], one[:, 0])


def test_no_future_has_the_key_of_a_household_or_replicate() -> None:
    cells = cells_of("indonesia")
    p, key = parameters.values("trap"), DrawKey(1, 0)
    sample = draw_sample(cells, draw_villages(cells, 1100, key), 20, p, fitted_table("indonesia", "trap", cells), key)
    assert int(sample.ids.max()) < 2**47 and int(cells["cell_id"].max()) < 2**11
    assert fu.FUTURE_WORD > 10_000
    assert DrawKey(SEED_MAX, fu.FUTURE_WORD + 10_000).words().dtype == np.uint32


def test_without_shocks_the_future_is_the_one_that_comes() -> None:
    """No shock, no turnover, no aid and no works: what a branch finds is what the run itself goes on to do, 0 or 1."""
    scenario, replicate, arms = lived(still=True)
    found = fu.futures_of(replicate, scenario, "trap", [arms["none"]])["none"]
    country = lived_again(replicate, replace(scenario, horizon_months=120), "trap", [arms["none"]])
    assert found.household.size > 0
    for household, month, stays in zip(found.household, found.month, found.stays, strict=True):
        after = country.record.marks[0, month : month + fu.FOLLOWED, household]
        assert after.size == fu.FOLLOWED
        assert stays == float(((after & M12_LINE) != 0).all())
    assert not found.ended.any()


def test_a_capacity_below_the_line_falls_back_in_every_future() -> None:
    """Without shocks, and with all assets gone at the branch, nobody stays: the count can be 0."""
    scenario, replicate, arms = lived(still=True)
    kept: list[fu.Place] = []
    rows = fu.sampled_exits(replicate, scenario, "none")

    def keep(country: WatchedCountry, month: int, _months: int) -> None:
        if month == 13:
            kept.extend(fu.place_of(country, month, 0, e, int(replicate.tracked[i])) for e, i in enumerate(rows.household))

    country = lived_again(replicate, scenario, "trap", [arms["none"]], watch=keep)
    for at in kept:
        at.home[:, :2] = 0.0  # K and S
        at.life[LIFE.l, at.tracked] = 0.0
        at.life[LIFE.remit, at.tracked] = 0.3
        assert fu.branched(country, at, fu.Copies.of(at), replicate, scenario, 12) == (0.0, 0.0)
    assert kept


def test_a_household_that_ends_is_followed_to_its_last_month() -> None:
    """All end at the next turn of the year: relapses of successors are not counted, and the futures say that all ended."""
    scenario, replicate, arms = lived()
    country, kept = watched(36, 25)
    everyone_ends = replace(arms["none"], p={**arms["none"].p, "turn": 50.0, "turn_l0": 50.0})
    ending = lived_again(replicate, replace(scenario, horizon_months=12), "trap", [everyone_ends])
    country.rates = ending.rates
    at = next(one for one in kept if one.arm == 0)
    stays, ended = fu.branched(country, at, fu.Copies.of(at), replicate, scenario, 24)
    assert ended == 1.0  # in the first month after the branch, before any relapse could be seen
    assert stays == 1.0


def test_a_sample_is_drawn_by_weight_within_the_exits_of_the_arm() -> None:
    scenario, replicate, _ = lived()
    found = fu.sampled_exits(replicate, scenario, "aid")
    tau = replicate.outcomes["aid"].tau["E4"]
    assert (tau[found.household] > 0).all()
    assert np.array_equal(found.month, tau[found.household] + scenario.exit.W)
    assert np.array_equal(found.structural, replicate.structural[found.household])
    for structural, size in ((True, fu.EXITS_SAMPLED["structural"]), (False, fu.EXITS_SAMPLED["others"])):
        exits = int(((tau > 0) & (replicate.structural == structural)).sum())
        here = found.structural == structural
        if exits > size:
            assert found.weight[here].sum() == size
        else:
            assert here.sum() == exits


def made(stays: dict[str, float]) -> tuple[VariantRun, Any]:
    """Two replicates with futures given by hand: every sampled exit of an arm stays with the same probability."""
    scenario, replicate, arms = lived()
    drawn = {}
    for name, value in stays.items():
        drawn[name] = fu.sampled_exits(replicate, scenario, name)
        drawn[name].stays[:] = value
    second = replace(replicate, number=1)
    return VariantRun("trap", [replicate, second], arms, futures=[drawn, drawn]), scenario


def test_e5_is_e4_times_the_probability_and_its_contrast_the_difference_of_levels() -> None:
    run, _ = made({"none": 0.5, "aid": 0.75})
    for group in ("structural", "baseline_poor"):
        fields = {name: e5_fields(run, name, group)[0] for name in ("none", "aid")}
        for name, probability in (("none", 0.5), ("aid", 0.75)):
            r = run.replicates[0]
            m = r.group(group)
            e4 = r.weight[m] @ (r.outcomes[name].tau["E4"][m] > 0) / r.weight[m].sum()
            assert e4 > 0
            assert fields[name]["E5"] == pytest.approx(e4 * probability, abs=1e-12)
            assert fields[name]["E5_given_E4"] == pytest.approx(probability)
            assert fields[name]["E5_given_E4_se"] == 0.0
        e4_contrast = _contrast(run.replicates, "aid", "none", group, "E4", NO_COST)
        found = e5_contrast(run, e4_contrast, NO_COST)
        assert found.measure == "E5" and found.n10 is None and found.n01 is None
        assert found.reasons["n10"] == found.reasons["n01"] == "not a yes/no measure"
        assert found.mean == pytest.approx(fields["aid"]["E5"] - fields["none"]["E5"], abs=1e-9)
        assert found.reason == e4_contrast.reason


def test_the_strata_of_the_sample_are_weighed_by_their_exits() -> None:
    run, scenario = made({"aid": 0.0})
    r = run.replicates[0]
    found = fu.sampled_exits(r, scenario, "aid")
    found.stays[found.structural] = 1.0
    exits = r.outcomes["aid"].tau["E4"] > 0
    share = r.weight[exits & r.structural].sum() / r.weight[exits].sum()
    assert 0 < share < 1
    assert share_and_probability(r, found, "aid", "structural")[1] == pytest.approx(1.0)
    assert share_and_probability(r, found, "aid", "baseline_poor")[1] == pytest.approx(share)


def test_without_futures_e5_is_null_with_its_reason() -> None:
    run, _ = made({})
    run.futures = None
    fields, reasons = e5_fields(run, "aid", "structural")
    assert set(fields.values()) == {None} and "futures=N" in reasons["E5"]
