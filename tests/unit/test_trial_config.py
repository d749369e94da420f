"""Keys of a trial: what is accepted, and what every slip of the pen is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from povsim.cli.trial import scenario_of
from povsim.config.defaults import merged, own_keys
from povsim.config.trial import recipe_from, recipes, trial_from
from povsim.errors import PovsimError
from povsim.experiments.shown import aims, patterns, trial_for

GRANT = ["recipe=cash_grant", "population=toy"]


def keys_of(texts: list[str]) -> dict[str, Any]:
    """Keys of the command with a recipe and some values, without the grammar of the command line."""
    keys = merged(own_keys("trial"), {key: value for key, value in recipe_from("cash_grant").items() if key != "about"})
    for text in texts:
        path, _, value = text.partition("=")
        nested: Any = yaml.safe_load(value)
        for key in reversed(path.split(".")):
            nested = {key: nested}
        keys = merged(keys, nested)
    return keys


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["strata=village", "unit=village"], "one unit in each stratum"),
        (["treatments.grant.share=1"], "must leave a control"),
        (["treatments.grant.share=0"], "share above 0"),
        (["treatments.grant=null"], "treatments: none"),
        (["treatments.grant.components=[grants]"], "Did you mean 'grant'"),
        (["treatments.control={share: .2, components: []}"], "the control is what"),
        (["components.grant.amount_idr=5"], "either amount_L"),
        (["components.grant.gain=.1"], "product cash does not read it"),
        (["components.grant.months=6"], "lasts none"),
        (["components.grant.month=30"], "the last wave is month 24"),
        (["components.grant.delivered_share=80"], "too large"),
        (["components.t={product: training}"], "lacks 'gain'"),
        (["components.t={product: training, gain: .1, month: 5}"], "begins in month 1, 13"),
        (["components.c={product: credit, rate: .2}"], "lacks 'limit_L'"),
        (["components.c={product: insurance}"], "not built yet"),
        (["components.c={product: cooperative, scenario: as_planned}"], "Set unit=village"),
        (["unit=village", "components.c={product: cooperative, scenario: as_dreamt}"], "is not known"),
        (["unit=village", "components.c={product: community, amount_idr: 100000000, take_up: .5}"], "not taken up by families"),
        (["eligible.rule=bottom_share"], "Give a share"),
        (["eligible.share=.2"], "Give a share with bottom_share, and only there"),
        (["waves=[12,0]"], "months must rise"),
        (["waves=[0]"], "one must come after month 0"),
        (["waves=[0,150]"], "too large"),
        (["survey.attrition=1.2"], "too large"),
        (["survey.recall=week"], "Accepted: month, year"),
        (["correction=HC1"], "Accepted: CR1, CR2"),
        (["todays_aid=[pkh,blt]"], "is not known"),
    ],
)
def test_a_mistake_is_told(given: list[str], told: str) -> None:
    with pytest.raises(PovsimError, match=told):
        trial_from(keys_of(given))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["recipe=cash_grants"], "Did you mean 'cash_grant'"),
        (["recipe=no_such_file.yaml"], "there is no such file"),
        ([*GRANT, "waves=[0,120]", "horizon_months=96"], "Raise horizon_months"),
        ([*GRANT, "arms=[none]"], "treatments"),
        ([*GRANT, "eligble.rule=all"], "eligible"),
        ([*GRANT, "unit=hamlet"], "Accepted: household, village"),
    ],
)
def test_a_mistake_on_the_command_line_is_told(given: list[str], told: str) -> None:
    with pytest.raises(PovsimError, match=told):
        scenario_of({}, given)


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_is_a_trial_and_is_read_back_as_it_was_written(name: str) -> None:
    about = recipe_from(name).pop("about")
    plain = trial_for(name).plain()
    assert trial_from(json.loads(json.dumps(plain))).plain() == plain
    assert about["title"].keys() == {"en", "id"}


def test_the_command_line_wins_over_the_recipe_and_is_part_of_the_scenario() -> None:
    plain, more = scenario_of({}, GRANT), scenario_of({}, [*GRANT, "unit=village", "components.grant.amount_L=3"])
    own = json.loads(more.own)
    assert (own["components"]["grant"]["amount_L"], own["unit"], own["recipe"]) == (3.0, "village", "cash_grant")
    assert more.content_hash() != plain.content_hash()


def test_patterns_shown_are_five_and_each_says_where_its_figures_come_from() -> None:
    assert list(patterns()) == ["V1", "V2", "V3", "V4", "V5"]
    for pattern in patterns():
        trial = trial_for(pattern)
        for aim in aims(pattern):
            assert aim.source and aim.grade in ("V", "D", "G", "A")
            assert aim.month is None or aim.month in trial.waves
            assert aim.treatment in [t.name for t in trial.treatments]
            assert (aim.low, aim.high) != (None, None)
    v1 = {aim.quantity: (aim.target, aim.low, aim.high) for aim in aims("V1")}
    assert v1 == {"earnings": (21, 15, 27), "consumption": (11, 5, 17)}
    taken = trial_for("V4").components[0].take_up
    for aim in aims("V4")[:2]:  # what is near 0 is said of those who take the loan; a trial sees those who are offered it
        assert (aim.low, aim.high) == (-5 * taken, 5 * taken)
    assert trial_for("V3").components[0].months == 72 and trial_for("V3").waves[-2:] == (96, 108)
