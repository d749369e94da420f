"""A trial of nothing: of 1,000 seeds of the lot, 930 to 970 intervals of 95 % hold 0, for every unit that may be drawn."""

import pytest

from povsim.cli.trial import scenario_of
from povsim.experiments.replicate import burn_in
from povsim.experiments.trial import trial_of
from povsim.experiments.trial_effects import covers_nothing
from povsim.experiments.trial_lived import live_trial

COUNTRIES, LOTS = 4, 250
DESIGNS = {
    "household": ["unit=household", "eligible.rule=poor"],
    "household, strata of villages": ["unit=household", "eligible.rule=all", "strata=village"],
    "village": ["unit=village", "eligible.rule=all"],
    "village, bias-reduced": ["unit=village", "eligible.rule=all", "correction=CR2"],
}


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["consumption", "income"])
@pytest.mark.parametrize("design", DESIGNS)
def test_the_interval_holds_nothing_as_often_as_it_says(design: str, outcome: str) -> None:
    """Every country is its own sample, households and shocks; every seed another lot on one of them."""
    keys = ["recipe=cash_grant", "components.grant.amount_L=0", "waves=[0,12]", *DESIGNS[design]]
    scenario = scenario_of({}, [*keys, "population=toy", "population.villages=60", "burn_in_months=60"])
    count = 0
    for number in range(COUNTRIES):
        lived = live_trial(burn_in(scenario, "trap", number), scenario, "trap", trial_of(scenario))
        assert not (lived.true[outcome][1, 0] != lived.true[outcome][1, 1]).any()
        count += covers_nothing(lived, outcome, 1, range(1, LOTS + 1))
    print(f"{design}, {outcome}: {count} of {COUNTRIES * LOTS}")
    assert 930 <= count <= 970
