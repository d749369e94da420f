"""Where a run may begin, and every way in which it may not: the message says what was given, what there is and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from povsim.config import Scenario, scenario_from
from povsim.errors import PovsimError
from povsim.experiments import archive, checkpoint
from povsim.experiments.branch import Branch, begins_after, fail_if_it_cannot_begin, notes_on
from povsim.experiments.checkpoint import Contents, VariantKept
from povsim.experiments.comparison import model_arm
from povsim.experiments.provenance import run_hash
from povsim.model.arm import Arm

GIVEN = {
    "population": "toy", "replicates": 3, "variants": ["trap"], "economy": {"macro": [-0.1] * 36}, "equal_money": "benefits",
    "arms": ["none", "aid", "aid_cooperative", "aid_equal_cost", "mine"],
    "arm_definitions": {"mine": {"aid": True, "aid_until": 48, "cooperative": "as_planned"}},
}  # fmt: skip
LEVEL = 1.7


def arms_of(scenario: Scenario, variant: str) -> dict[str, Arm]:
    return {spec.name: model_arm(scenario, variant, spec) for spec in scenario.arms}


def a_scenario(**changes: object) -> Scenario:
    return scenario_from(GIVEN | changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of checkpoints of a run, without their files."""
    place = tmp_path_factory.mktemp("kept") / "checkpoints"
    scenario = a_scenario()
    arms = arms_of(scenario, "trap")
    twin = arms["aid_equal_cost"]
    arms["aid_equal_cost"] = replace(twin, programmes={name: LEVEL for name in twin.programmes})
    kept = VariantKept((0, 1, 2), arms, {"aid_equal_cost": ("benefits", LEVEL)})
    checkpoint.close(place, scenario, (0, 24, 60), {"trap": kept})
    return place.parent


def begin(folder: Path, **changes: object) -> int:
    """The month after which the scenario begins, if it fits."""
    scenario = a_scenario(branch_from=str(folder), **changes)
    branch = Branch.of(scenario)
    assert branch is not None
    month = begins_after(scenario, branch)
    fail_if_it_cannot_begin(scenario, branch, month, lambda variant: arms_of(scenario, variant))
    return month


@pytest.mark.parametrize(
    "changes",
    [
        {"horizon_months": 240},
        {"horizon_months": 84, "exit": {"W": 24}},
        {"replicates": 2},
        {"arms": ["aid", "mine"]},
        {"economy": {"macro": [-0.1] * 36 + [0.0] * 24 + [-0.2]}},
        {"economy": {"macro": [-0.1] * 36 + [0.0] * 100}},
        {"ledger": ["mine"], "futures": 3, "language": "id", "threads": 1, "checkpoints": [72]},
        {"arms": ["aid", "aid_cooperative"], "equal_money": "best"},
    ],
)
def test_what_may_differ_after_a_later_month(folder: Path, changes: dict[str, object]) -> None:
    assert begin(folder, **changes) == 60


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": ["none", "cooperative"]},
        {"arms": ["mine"], "arm_definitions": {"mine": {"cooperative": "as_reported"}}},
        {"exit": {"b": 0.2}},
        {"economy": "steady"},
        {"programmes": {"grant": {"product": "cash", "amount_idr": 3e6, "delivery": {"start_month": 1, "calendar": "once"},
                                  "eligibility": {"rule": "poor"}}}},
        {"payer": "ministry"},
        {"equal_money": "best", "break_even": True},
        {"rollout": "phased"},
    ],
)  # fmt: skip
def test_any_arm_may_branch_from_the_burn_in(folder: Path, changes: dict[str, object]) -> None:
    assert begin(folder, branch_month=0, **changes) == 0
    with pytest.raises(PovsimError, match="branch_from = "):
        begin(folder, **changes)


REFUSED = [
    (0, {"seed": 7}, "seed is 7, there it was 20250401. Give the values of the checkpoints"),
    (0, {"population": {"kind": "toy", "villages": 50}}, "population.villages is 50, there it was"),
    (0, {"burn_in_months": 48}, "burn_in_months is 48, there it was 120"),
    (0, {"interactions": False}, "interactions is false, there it was true"),
    (0, {"parameters": {"sd_x": 0.3}}, "parameters.sd_x is 0.3, there it was not set"),
    (0, {"economy": {"g_w": 0.01, "macro": [-0.1] * 36}}, "parameters.g_w is 0.01, there it was"),
    (0, {"variants": ["trap", "no_trap"]}, r"of variant trap, and no_trap is asked for. Give variants=\[trap\]"),
    (0, {"replicates": 5}, "checkpoints of trap lack replicates 3, 4; they hold 3. Give replicates=3"),
    (36, {}, "branch_month = 36, but the checkpoints in .* are of months 0, 24, 60. Give one of these"),
    (60, {"exit": {"b": 0.2}}, "exit.b is 0.2, there it was 0.1"),
    (60, {"equal_money": "grant"}, "equal_money is 'grant', there it was 'benefits'"),
    (60, {"economy": {"macro": [-0.1] * 35 + [-0.2]}}, "economy.macro is -0.2 in month 36, there it was -0.1"),
    (60, {"economy": {"macro": [-0.1] * 24}}, "economy.macro is 0.0 in month 25, there it was -0.1"),
    (60, {"arms": ["none", "cooperative"]}, "arm 'cooperative' is not in the checkpoints of month 60, which hold none, aid,"),
    (60, {"payer": "ministry"}, "was another one up to month 60 .payer: ministry, there village_fund."),
    (
        60,
        {"arm_definitions": {"mine": {"aid": True, "aid_until": 72, "cooperative": "as_planned"}}},
        "arm 'mine' was another one up to month 60 .aid_until: 72, there 48.",
    ),
    (
        60,
        {"arm_definitions": {"mine": {"aid": True, "aid_until": 48, "cooperative": "as_reported"}}},
        "arm 'mine' was another one up to month 60 .*, there .*branch_month=0",
    ),
]


@pytest.mark.parametrize(("month", "changes", "message"), REFUSED)
def test_what_is_refused(folder: Path, month: int, changes: dict[str, object], message: str) -> None:
    with pytest.raises(PovsimError, match=message):
        begin(folder, branch_month=month, **changes)


def test_a_horizon_that_ends_before_the_month(folder: Path, tmp_path: Path) -> None:
    scenario = a_scenario()
    kept = VariantKept((0, 1, 2), arms_of(scenario, "trap"))
    checkpoint.close(tmp_path / "checkpoints", scenario, (0, 120), {"trap": kept})
    with pytest.raises(PovsimError, match="horizon_months = 84 ends before month 120"):
        begin(tmp_path, horizon_months=84)
    assert begin(tmp_path, horizon_months=120) == 120


def test_a_horizon_within_which_a_plan_would_have_looked_elsewhere(tmp_path: Path) -> None:
    """Offices look at the budgets of all later years, so one that ends after the shorter horizon was another plan."""

    def planned(years: int, horizon: int) -> dict[str, object]:
        mine = {"cooperative": "as_planned", "rollout": {"kind": "phased", "budget_idr_year": [4e13] * years}}
        return {"arms": ["mine"], "arm_definitions": {"mine": mine}, "horizon_months": horizon}

    scenario = a_scenario(**planned(9, 120))
    checkpoint.close(tmp_path, scenario, (0, 60), {"trap": VariantKept((0, 1, 2), arms_of(scenario, "trap"))})
    assert begin(tmp_path, **planned(9, 120)) == begin(tmp_path, **planned(9, 240)) == begin(tmp_path, **planned(9, 108)) == 60
    with pytest.raises(PovsimError, match="has a budget for 9 years: which villages begin .* horizon_months=120, or begin"):
        begin(tmp_path, **planned(9, 96))
    assert begin(tmp_path, branch_month=0, **planned(9, 96)) == 0


def rewritten(folder: Path, tmp_path: Path, **changes: object) -> Path:
    contents = checkpoint.contents_of(folder / "checkpoints")
    archive.write(tmp_path / "contents.zip", replace(contents, **changes), checkpoint.LIST_KIND, checkpoint.FORMAT)
    return tmp_path


def test_other_code_or_data_made_them(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PovsimError, match="povsim .* with other code made these .*Use that version, or make"):
        begin(rewritten(folder, tmp_path, code="0" * 64))
    with pytest.raises(PovsimError, match="with other data made these"):
        begin(rewritten(folder, tmp_path, data="0" * 64))


def test_other_libraries_are_a_note(folder: Path, tmp_path: Path) -> None:
    def notes_of(place: Path) -> list[str]:
        scenario = a_scenario(branch_from=str(place))
        branch = Branch.of(scenario)
        assert branch is not None
        return notes_on(scenario, branch, 60)

    first, equal_money = notes_of(folder)
    assert first.startswith("Begun at the end of month 60 in the checkpoints ")
    assert "level that were found in the run that made the checkpoints, for a horizon of 156 months" in equal_money
    made_with = checkpoint.made_with() | {"numpy": "1.0"}
    place = rewritten(folder, tmp_path, made_with=made_with)
    assert begin(place) == 60
    assert "numpy 1.0 there" in notes_of(place)[1]


def test_there_is_nothing_to_begin_in(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PovsimError, match=r"nowhere: there is no such folder. Give the result folder .* checkpoints=\[0\]"):
        begin(tmp_path / "nowhere")
    with pytest.raises(PovsimError, match="it holds no checkpoints"):
        begin(tmp_path)


def test_a_list_that_is_damaged_foreign_or_of_another_format(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "checkpoints" / "contents.zip").read_bytes()
    for place, content, message in (
        ("cut", whole[: len(whole) // 2], "is damaged, or no file of povsim"),
        ("pickle", b"\x80\x04\x95cos\nsystem\n(S'true'\ntR.", "is damaged, or no file of povsim"),
    ):
        (tmp_path / place).mkdir()
        (tmp_path / place / "contents.zip").write_bytes(content)
        with pytest.raises(PovsimError, match=message):
            begin(tmp_path / place)
    contents = checkpoint.contents_of(folder / "checkpoints")
    archive.write(tmp_path / "new" / "contents.zip", contents, checkpoint.LIST_KIND, checkpoint.FORMAT + 1)
    with pytest.raises(PovsimError, match="of format 2; this version of povsim reads format 1"):
        begin(tmp_path / "new")
    archive.write(tmp_path / "other" / "contents.zip", contents, "run", checkpoint.FORMAT)
    with pytest.raises(PovsimError, match="holds run; a list of checkpoints"):
        begin(tmp_path / "other")


def test_the_run_hash_follows_what_the_checkpoints_hold(folder: Path, tmp_path: Path) -> None:
    """Whatever stands at the path now: a stored result of other checkpoints is not read."""
    place = rewritten(folder, tmp_path)
    scenario = a_scenario(branch_from=str(place))
    first = run_hash(scenario)
    assert first == run_hash(scenario) != run_hash(replace(scenario, branch_from=None))
    contents: Contents = checkpoint.contents_of(place)
    archive.write(place / "contents.zip", replace(contents, files={"x": "y"}), checkpoint.LIST_KIND, checkpoint.FORMAT)
    assert run_hash(scenario) != first
    assert Branch.of(scenario) != Branch.of(a_scenario(branch_from=str(folder)))


def test_the_same_checkpoints_elsewhere_are_the_same(folder: Path, tmp_path: Path) -> None:
    place = rewritten(folder, tmp_path)
    assert Branch.of(a_scenario(branch_from=str(place))) == Branch.of(a_scenario(branch_from=str(folder)))
