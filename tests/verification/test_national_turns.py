"""A rollout in turns, decided over districts lived side by side, is the one decided over all of them in one country."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from povsim.config import Scenario, scenario_from
from povsim.errors import PovsimError
from povsim.experiments import national
from povsim.experiments.comparison import model_arm
from povsim.experiments.national_district import live_census, reduced
from povsim.experiments.national_turns import fail_if_too_large, in_turns, live_in_turns
from verification.test_national import BASE, hash_of, quiet

KINDS = ("phased", "poorest_first", "extreme_poverty_first", "near_existing", "balanced", "adaptive")
SCARCE = {"waves": 4, "mentors": 0.3, "budget_idr_year": 4e14}


def scenario(kind: str) -> Scenario:
    arm = {"aid": True, "cooperative": "as_planned", "rollout": {"kind": kind}}
    given = {"arms": ["aid", "mine"], "arm_definitions": {"mine": arm}, "rollout": {"kind": "phased", **SCARCE}, "sample": 0.4}
    return scenario_from(BASE | given)


def arms_of(one: Scenario) -> list[Any]:
    return [model_arm(one, "trap", spec) for spec in one.arms]


@pytest.mark.parametrize("kind", KINDS)
def test_one_decision_for_districts_side_by_side_is_that_of_one_country(kind: str) -> None:
    one = scenario(kind)
    arms = arms_of(one)
    whole, _ = live_census(one, "trap", [0, 1], arms)
    side_by_side = live_in_turns(one, "trap", [0, 1], arms)
    assert in_turns(arms) == ["mine"]
    decided = whole.outcomes["mine"].rollout
    assert [year["starts"] for year in side_by_side.years["mine"]] == [year.starts.size for year in decided]
    assert sum(year.starts.size for year in decided) > 0 and len({year.starts.size for year in decided}) > 1
    assert [year["used"] for year in side_by_side.years["mine"]] == [year.used for year in decided]
    assert [year["stopped_by"] for year in side_by_side.years["mine"]] == [year.stopped_by for year in decided]
    together = reduced(-1, one, whole, np.ones((3, 4)), arms)
    for name in ("aid", "mine"):
        parts = [district.arms[name] for district in side_by_side.districts]
        assert np.array_equal(np.concatenate([part.reached for part in parts]), together.arms[name].reached)
        for what in ("status", "members", "volume"):
            assert np.array_equal(np.concatenate([getattr(p, what) for p in parts], axis=1), getattr(together.arms[name], what))


def test_threads_and_the_order_of_districts_change_nothing() -> None:
    one = scenario("near_existing")
    arms = arms_of(one)
    alone = live_in_turns(one, "trap", [0, 1], arms)
    with ThreadPoolExecutor(2) as pool:
        other = live_in_turns(one, "trap", [1, 0], arms, pool=pool, threads=2)
    assert [year["used"]["waves"] for year in alone.years["mine"]] == pytest.approx(
        [year["used"]["waves"] for year in other.years["mine"]], rel=1e-12
    )
    for mine, theirs in zip(alone.districts, reversed(other.districts), strict=True):
        assert np.array_equal(mine.arms["mine"].reached, theirs.arms["mine"].reached)
        assert np.array_equal(mine.arms["mine"].status, theirs.arms["mine"].status)


def test_the_command_lives_arms_in_turns_beside_others_and_at_equal_cost() -> None:
    arm = {"aid": True, "cooperative": "as_planned", "rollout": {"kind": "poorest_first"}}
    twin = {"aid": "equal_cost", "of": "mine"}
    given = {
        "arms": ["aid", "mine", "same"],
        "arm_definitions": {"mine": arm, "same": twin},
        "rollout": {"kind": "phased", **SCARCE},
    }
    found = national.run(scenario_from(BASE | given), quiet)
    arms = found.summary["variants"]["trap"]["arms"]
    assert arms["same"]["cost_idr"] == pytest.approx(arms["mine"]["cost_idr"], rel=0.002)
    years = found.tables["rollout"].filter(resource="waves")
    assert years["arm"].to_list() == ["mine"] * 7 and np.diff(years["used"].to_numpy()).min() > -1e-9
    assert hash_of(found) == hash_of(national.run(scenario_from(BASE | given | {"reuse": False, "threads": 1}), quiet))


def test_what_does_not_fit_into_memory_is_refused_with_what_does() -> None:
    with pytest.raises(PovsimError, match=r"mine: a rollout in turns .* 73 GB with 2 arms\. Give sample=0\.081 or less"):
        fail_if_too_large(["mine"], 73_500_004, 2, None)
    fail_if_too_large(["mine"], 73_500_004, 2, 0.081)
