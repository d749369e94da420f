"""The lot, the survey and the estimates of a trial, on lived countries and on outcomes that are known."""

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povsim import parameters
from povsim.cli.trial import scenario_of
from povsim.draws import DrawKey
from povsim.experiments.observe import Survey, met, panel_at, panel_of_arms
from povsim.experiments.replicate import burn_in
from povsim.experiments.shown import MATCHED_ON, matching_beyond_truth, shown
from povsim.experiments.trial import trial_of
from povsim.experiments.trial_design import CONTROL, OUTSIDE, assign, eligible_households, lowest, strata_of
from povsim.experiments.trial_effects import covers_nothing, effects, estimate, quantile_effects
from povsim.experiments.trial_lived import live_trial
from povsim.measures.clustered import difference_in_means
from povsim.model.arm import Arm
from povsim.population.columns import HOME

BASE = ["population=toy", "population.villages=20", "population.households_per_village=40", "burn_in_months=36"]
NOTHING = "components.grant.amount_L=0"


@cache
def burnt(number=0, villages=20):
    scenario = scenario_of({}, ["recipe=cash_grant", *BASE, f"population.villages={villages}"])
    return scenario, burn_in(scenario, "trap", number)


@cache
def lived(*overrides, number=0, villages=20):
    scenario, replicate = burnt(number, villages)
    own = scenario_of({}, ["recipe=cash_grant", *BASE, *overrides])
    return live_trial(replicate, scenario, "trap", trial_of(own))


def rows_of(found, **keys):
    return [row for row in effects(found) if all(row[name] == value for name, value in keys.items())]


# --- the lot ----------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["none", "district", "village"]), st.floats(0.05, 0.6), st.floats(0.05, 0.35))
def test_the_lot_gives_every_arm_its_share_within_one_unit(seed, strata, first, second):
    _, replicate = burnt()
    text = f"treatments={{a: {{share: {first}, components: [grant]}}, b: {{share: {second}, components: []}}}}"
    own = scenario_of({}, ["population=toy", text, "components.grant={product: cash, amount_L: 1}", f"strata={strata}"])
    trial = trial_of(own)
    sample = replicate.sample
    everybody, number = np.ones(sample.ids.size, bool), strata_of(sample, trial)
    arm = assign(sample, everybody, number, trial, DrawKey(seed, 0))
    assert (arm != OUTSIDE).all()
    for s in np.unique(number):
        here = arm[number == s]
        for k, share in enumerate((1 - first - second, first, second)):
            assert abs((here == k).sum() - share * here.size) <= 1 + 1e-9


def test_villages_are_drawn_whole_and_only_those_who_may_be():
    _, replicate = burnt()
    trial = trial_of(scenario_of({}, ["recipe=cash_grant", "unit=village"]))
    sample = replicate.sample
    may = eligible_households(sample, replicate.state, trial.eligible, np.zeros(sample.ids.size, bool))
    arm = assign(sample, may, strata_of(sample, trial), trial, DrawKey(3, 0))
    assert ((arm != OUTSIDE) == may).all() and 0 < may.sum() < may.size
    assert all(np.unique(arm[may & (sample.village == v)]).size <= 1 for v in range(sample.village_ids.size))


def test_every_unit_has_the_chance_that_its_share_says_even_alone_in_its_stratum():
    _, replicate = burnt()
    sample = replicate.sample
    trial = replace(trial_of(scenario_of({}, ["recipe=cash_grant", "treatments.grant.share=.3"])), unit="village")
    alone = sample.village.astype(np.int64)  # a stratum for each village
    drawn = [assign(sample, np.ones(alone.size, bool), alone, trial, DrawKey(1, 0), k)[sample.start[:-1]] for k in range(400)]
    share = np.mean(drawn)
    assert abs(share - 0.3) < 4 * np.sqrt(0.21 / (400 * sample.village_ids.size))


def test_the_lowest_share_is_that_of_the_weight_of_each_group():
    rng = np.random.default_rng(1)
    value, weight, within = rng.normal(size=3000), rng.uniform(0.5, 2, 3000), rng.integers(0, 3, 3000)
    chosen = lowest(value, weight, within, 0.15)
    for g in range(3):
        here = within == g
        assert weight[here & chosen].sum() / weight[here].sum() == pytest.approx(0.15, abs=0.003)
        assert value[here & chosen].max() < value[here & ~chosen].min()


# --- what is true and what is found -----------------------------------------------------------------------------------


def test_a_trial_of_nothing_has_exactly_no_effect():
    found = rows_of(lived(NOTHING))
    assert found and all(row["true"] in (None, 0.0) and row["spillover"] in (None, 0.0) for row in found)


def test_re_drawn_lots_of_nothing_cover_nothing_as_often_as_they_say():
    """A fast variant of the count of 1,000 (tests/slow): 200 lots, at 95 % of which 181 to 199 is 3 standard errors."""
    assert 181 <= covers_nothing(lived(NOTHING, "eligible.rule=all"), "consumption", 1, range(1, 201)) <= 199


def test_without_interactions_nothing_spills_over():
    scenario, replicate = burnt()
    trial = trial_of(scenario_of({}, ["recipe=cash_grant", "components.grant.amount_L=6"]))
    alone = live_trial(replicate, replace(scenario, interactions=False), "trap", trial)
    together = live_trial(replicate, scenario, "trap", trial)
    control = alone.arm == CONTROL
    assert all((alone.true[name][:, 0, control] == alone.true[name][:, 1, control]).all() for name in alone.true)
    assert (together.true["consumption"][1, 0, control] != together.true["consumption"][1, 1, control]).any()
    treated = alone.true["assets"][1, 0, ~control] - alone.true["assets"][1, 1, ~control]
    assert treated.mean() > 0.3


def test_an_effect_that_is_known_is_found_in_the_mean_over_lots():
    """y(1) = y(0) + .3: unadjusted estimates over lots average .3, adjusted ones nearly, and their errors are as they say."""
    found = lived(NOTHING, "eligible.rule=all")
    y, here = found.observed["consumption"][1, 0], found.there[1] & found.met[1]
    before = found.observed["consumption"][0, 0]
    plain, adjusted, errors = [], [], []
    for k in range(1, 121):
        arm = found.redrawn(k)
        row = estimate(found, y + 0.3 * (arm == 1), here, arm).row("grant")
        plain.append(row["effect"])
        errors.append(row["se"])
        adjusted.append(estimate(found, y + 0.3 * (arm == 1), here, arm, before).row("grant")["effect"])
    se = np.std(plain, ddof=1)
    assert abs(np.mean(plain) - 0.3) < 4 * se / np.sqrt(120)
    assert np.mean(errors) == pytest.approx(se, rel=0.25)
    assert np.std(adjusted, ddof=1) < 0.9 * se


def test_means_of_strata_taken_out_are_their_constants():
    found = lived("eligible.rule=all", "strata=village")
    here = found.there[1] & found.met[1]
    y = found.observed["consumption"][1, 0]
    ours = estimate(found, y, here).row("grant")
    theirs = difference_in_means(
        y[here], (found.arm == 1)[here], found.unit[here], found.weight[here], found.stratum[here]
    ).row("treated")
    for key in ("effect", "se", "df", "low", "high"):
        assert ours[key] == pytest.approx(theirs[key], rel=1e-9)


def test_effects_on_quantiles_of_a_shift_are_the_shift():
    found = lived(NOTHING, "eligible.rule=all", "quantile_draws=50")
    shifted = {name: values.copy() for name, values in found.true.items()}
    shifted["consumption"][-1, 0] = shifted["consumption"][-1, 1] + 0.25
    rows = [row for row in quantile_effects(replace(found, true=shifted)) if row["outcome"] == "consumption"]
    assert len(rows) == 7 and all(row["true"] == pytest.approx(0.25) for row in rows)
    assert all(row["low"] <= row["effect"] <= row["high"] for row in rows)


def test_too_few_households_are_no_effect_but_a_reason():
    row = rows_of(lived("treatments.grant.share=.02"), group="all", outcome="income", month=12)[0]
    assert row["effect"] is None and "too few to say" in row["reason"]


def test_villages_get_cooperatives_and_grants_where_they_are_drawn():
    co = "components.co={product: cooperative, scenario: optimistic}"
    works = "components.works={product: community, amount_idr: 3e8}"
    arms = "treatments={grant: null, co: {share: .3, components: [co]}, works: {share: .3, components: [works]}}"
    found = lived("unit=village", "eligible.rule=all", co, works, arms)
    member = found.true["member"][-1]
    assert member[0, found.arm == 1].mean() > 0.02 and not member[0, found.arm != 1].any() and not member[1].any()
    change = found.true["consumption"][1, 0] - found.true["consumption"][1, 1]
    assert change[found.arm == 2].mean() > 0.001 and (change[found.arm == CONTROL] == 0).all()


def test_what_a_recipe_of_ones_own_shows(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "about: {grade: A, source: made up, shows: [{quantity: assets, kind: percent, outcome: assets, treatment: t, "
        "month: 12},"
        " {quantity: tails, kind: percent_of_quantiles, outcome: assets, treatment: t, from: .25, to: .75},"
        " {quantity: beyond, kind: percent_beyond, outcome: assets, treatment: t, than: u}]}\n"
        "eligible: {rule: all}\nwaves: [0, 12]\ncomponents:\n  a: {product: asset, amount_L: 3}\n"
        "  b: {product: cash, amount_L: .1}\n"
        "treatments: {t: {share: .4, components: [a]}, u: {share: .3, components: [b]}}\n"
    )
    scenario, replicate = burnt()
    got = shown(str(file), scenario, "trap", 0, replicate=replicate)
    assert got["assets"] > 5 and got["tails"] > 5 and 0 < got["beyond"] < got["assets"] + 1
    again = shown(str(file), scenario, "trap", 0, replicate=replicate, changes={"components": {"a": {"amount_L": 0.0}}})
    assert abs(again["assets"]) < 0.05  # what is left spills over from the other arm


@pytest.mark.parametrize(("selection", "truth"), [(0.0, 0.2), (0.5, 0.2), (0.5, 0.0)])
def test_matching_finds_the_truth_and_what_it_cannot_see(selection, truth):
    """Members who truly gain `truth`, and would have had `selection` more anyway, for reasons that nobody recorded."""
    found = lived("eligible.rule=all", "components.grant.amount_L=0")
    member = np.arange(found.rows.size) % 3 == 0
    before = np.sin(found.rows * 1.7) + 3.0  # what the survey knew, and what outcomes depend on
    after = before + selection * member
    observed = {name: values.copy() for name, values in found.observed.items()}
    true = {name: values.copy() for name, values in found.true.items()}
    for name in MATCHED_ON:
        observed[name][0, 0] = before
    true["member"][-1, 0] = member
    observed["consumption"][-1, 0] = true["consumption"][-1, 0] = after + truth * member
    true["consumption"][-1, 1] = after
    made = replace(found, observed=observed, true=true)
    beyond = matching_beyond_truth(made, "consumption", len(found.trial.waves) - 1, 1)
    assert beyond == pytest.approx(selection, abs=0.03)


# --- the survey -------------------------------------------------------------------------------------------------------


def test_the_survey_errs_alike_in_every_arm_and_as_much_as_it_says():
    scenario, replicate = burnt()
    p = parameters.values("trap", None, scenario.overrides())
    arms = [Arm("aid", p, {"pkh": 1.0, "sembako": 1.0}), Arm("none", p)]
    panel = panel_of_arms(scenario, "trap", replicate, arms, [0, 5, 12], Survey(sigma_me=0.3, attrition=0.2))
    aid, none = panel.filter(arm="aid"), panel.filter(arm="none")
    assert panel.height == 2 * 3 * replicate.sample.ids.size
    both = aid["present"].to_numpy()
    assert (both == none["present"].to_numpy()).all()
    error = np.log(aid["consumption"].to_numpy() / aid["true_consumption"].to_numpy())[both]
    other = np.log(none["consumption"].to_numpy() / none["true_consumption"].to_numpy())[both]
    np.testing.assert_allclose(error, other, atol=1e-12)
    assert error.std() == pytest.approx(0.3, abs=0.02) and abs(error.mean()) < 0.03
    there = [aid.filter(month=t)["present"].mean() for t in (0, 5, 12)]
    assert there[0] == 1.0 and there[1] == pytest.approx(0.8, abs=0.05) and there[2] == pytest.approx(0.64, abs=0.06)
    gone = ~aid.filter(month=5)["present"].to_numpy()
    assert not aid.filter(month=12)["present"].to_numpy()[gone].any()
    assert aid.filter(pl.col("consumption").is_null())["present"].sum() == 0


def test_a_recall_of_a_year_is_the_mean_of_twelve_months_less_what_is_forgotten():
    _, replicate = burnt()
    survey = Survey(sigma_me=0.0, recall="year", forgotten=0.1)
    frame = panel_at(replicate.sample, replicate.state, 0, survey, 0.24, DrawKey(1, 0))
    np.testing.assert_allclose(frame["consumption"], 0.9 * replicate.state.home[0, HOME.c_sum] / 12)


@settings(max_examples=10, deadline=None)
@given(st.floats(0, 1), st.integers(0, 1000))
def test_who_is_lost_stays_lost(attrition, seed):
    _, replicate = burnt()
    there = met(replicate.sample, Survey(attrition=attrition), DrawKey(seed, 0), [0, 3, 9, 12])
    assert there[0].all() and (there[1:] <= there[:-1]).all()
