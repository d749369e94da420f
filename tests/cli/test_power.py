"""`povsim power` end to end on the fictional district, and its lives, costs and words one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from povsim.cli import main
from povsim.cli.power import scenario_of
from povsim.draws import DrawKey
from povsim.experiments.power import closed_forms, keys_of
from povsim.experiments.power_bank import INVITED, UNTREATED, Bank, arms_of, live_bank
from povsim.experiments.power_costs import affordable, cost_of, real_households, screening
from povsim.experiments.power_pilots import Question, Villages, paired_effect, questions, simulate
from povsim.experiments.power_surveys import smallest, surveys_of
from povsim.experiments.runs import Source

TINY = [
    "population=toy", "population.villages=20", "population.households_per_village=20", "replicates=1", "burn_in_months=36",
    "horizon_months=84", "threads=1", "cooperative=optimistic", "variants=[trap]",
]  # fmt: skip
OWN = [
    "villages=[10,20]", "pilots=60", "trials=20", "steps=2", "evaluation_month=24", "households=10", "audit_pilots=20",
    "audit_villages=10", "exit.W=12",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("power")
    out = home / "run"
    assert main(["power", *TINY, *OWN, "audit=true", f"store={home / 'store'}", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def bank() -> tuple[Any, Any, Bank]:
    scenario = scenario_of({}, [*TINY, *OWN])
    arms = arms_of(scenario, "trap", (1, 13), True)
    return scenario, keys_of(scenario), live_bank(Source.of(scenario, "trap", 0), arms, (0, 12, 24), pool=None, threads=1)


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def closed(out: Path, *given: str) -> dict[str, Any]:
    assert main(["power", "closed_form=true", *given, "--out", str(out)]) == 0
    return summary_of(out)


@pytest.mark.parametrize(("effect", "villages"), [(".03", 272), (".05", 98)])
def test_the_textbook_figure(effect: str, villages: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = closed(tmp_path / "out", "design=parallel", "p=.5", f"effect={effect}", "households=30", "icc=.03")
    assert found["villages_per_arm"] == villages and found["schema"] == 1 and found["command"] == "power"
    assert f"needs {villages} villages per arm" in " ".join(capsys.readouterr().out.split())
    assert str(villages) in found["sentences"]["id"][0]
    assert (tmp_path / "out" / "report.html").is_file() and (tmp_path / "out" / "figures" / "closed.svg").is_file()


def test_a_wedge_has_no_arms_and_says_why(tmp_path: Path) -> None:
    found = closed(tmp_path / "out", "design=stepped_wedge", "steps=4")
    assert found["villages_per_arm"] is None and "no arms" in found["reasons"]["villages_per_arm"]
    assert found["closed_form"][0]["villages"] % 4 == 0
    said = found["sentences"]["en"][0]
    assert said.startswith("To see a change from ") and f"needs {found['closed_form'][0]['villages']} villages in all" in said


def test_the_textbook_figure_alone_has_nothing_to_audit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["power", "closed_form=true", "audit=true", "--out", str(tmp_path / "out")]) == 2
    assert "nothing to audit" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("given", [["icc=0"], ["icc=1"], ["steps=50", "horizon_months=84"], ["effect=-.3"], ["households=2"]])
def test_the_ends_of_what_is_accepted_give_an_answer(given: list[str]) -> None:
    found, _ = closed_forms(keys_of(scenario_of({}, ["closed_form=true", *given])))
    assert all(row["villages"] >= 2 and 0.8 - 1e-9 <= row["power_closed"] <= 1 for row in found)


def test_a_sweep_tabulates_villages(tmp_path: Path) -> None:
    out = tmp_path / "sweep"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert main(["power", "-m", "effect=.03,.05", "closed_form=true", "design=parallel", "--out", str(out)]) == 0
    assert pl.read_csv(out / "contrasts.csv")["villages_per_arm"].to_list() == [272, 98]


@pytest.mark.parametrize(("given", "said"), [
    ("design=paralel", "Did you mean 'parallel'?"),
    ("effect=0", "no number of villages sees an effect of 0"),
    ("effect=3", "too large"),
    ("effect=.6", "p + effect between 0 and 1"),
    ("icc=5", "not in percent"),
    ("p=50", "not in percent"),
    ("power=1", "above 0 and below 1"),
    ("alpha=five", "not a number"),
    ("households=1.5", "not a whole number"),
    ("villages=20", "[20,40,80]"),
    ("villages=[1]", "too small"),
    ("outcomes=[poverty,E3]", "Accepted: poverty, consumption, membership, E1, E2, E4"),
    ("evaluation_month=30", "multiple of 12"),
    ("steps=9", "at most 96"),
    ("arms=[none,aid]", "Leave arms out"),
    ("rollout.coverage=.5", "Leave rollout out"),
    ("audit_outcome=E4", "Accepted: consumption, poverty"),
    ("effct=.03", "Did you mean 'effect'?"),
])  # fmt: skip
def test_what_is_wrong_is_said(given: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["power", "population=toy", given, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_its_keys_are_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "icc=.03"]) == 2
    assert "key of povsim power" in capsys.readouterr().err


def test_the_result_folder_is_whole(folder: Path) -> None:
    summary = summary_of(folder)
    block = summary["variants"]["trap"]
    asked = {(row["design"], row["outcome"]) for row in block["outcomes"]}
    assert {design for design, _ in asked} == {"parallel", "stepped_wedge", "phased"}
    assert {outcome for _, outcome in asked} == {"poverty", "consumption", "membership", "E1", "E2", "E4"}
    for row in block["outcomes"]:
        assert (row["needed"] is None) == (row["reason"] is not None)
        assert row["icc"] is not None or row["reason"]
    assert [row["estimator"] for row in block["audit"]] == [
        "trial", "gap", "matching", "differences", "invitation", "event_study", "two_way",
    ]  # fmt: skip
    assert {path.stem for path in (folder / "figures").iterdir()} == {"closed", "curves", "audit"}
    assert (folder / "tables" / "power.parquet").is_file() and (folder / "tables" / "outcomes.parquet").is_file()
    assert summary["closed_form"][0]["power_simulated"] is not None


def test_what_cannot_have_happened_yet_is_said(folder: Path) -> None:
    """With W = 12 an exit is complete in month 24 at the earliest; a phased pilot of 12 months a step ends in month 24."""
    rows = summary_of(folder)["variants"]["trap"]["outcomes"]
    assert {row["earliest"] for row in rows if row["outcome"] in ("E2", "E4")} == {24}
    assert {row["earliest"] for row in rows if row["outcome"] == "E1"} == {12}


def test_permanent_exits_are_spoken_of_in_both_languages(folder: Path) -> None:
    summary = summary_of(folder)
    assert any("permanent exits (E4)" in text for text in summary["sentences"]["en"])
    assert any("keluar permanen (E4)" in text for text in summary["sentences"]["id"])


def test_the_report_is_written_again_in_the_other_language(folder: Path) -> None:
    assert main(["report", str(folder), "--language", "id"]) == 0
    page = (folder / "report.html").read_text()
    assert 'lang="id"' in page and "Berapa desa" in page and "How many villages" not in page
    assert main(["report", str(folder), "--language", "en"]) == 0
    assert "How many villages" in (folder / "report.html").read_text()


def test_its_scenario_gives_the_same_result(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    given = ["--scenario", str(folder / "scenario.yaml"), "--out", str(again), "threads=2", f"store={tmp_path / 'store'}"]
    assert main(["power", *given]) == 0
    assert summary_of(again)["variants"] == summary_of(folder)["variants"]
    assert summary_of(again)["closed_form"] == summary_of(folder)["closed_form"]


def test_lives_part_when_the_cooperative_begins(bank: tuple[Any, Any, Bank]) -> None:
    _, _, b = bank
    none, first, later = (b.arm(name) for name in (UNTREATED, "start_1", "start_13"))
    assert (b.consumption[:, 0] == b.consumption[0, 0]).all()
    assert not b.member[:, 0].any()  # the first survey is before any cooperative
    assert (b.consumption[later, 1] == b.consumption[none, 1]).all()  # month 12: not begun
    assert (b.consumption[later, 2] != b.consumption[none, 2]).any()
    assert (b.consumption[first, 1] != b.consumption[none, 1]).any()
    assert not b.member[none].any() and not b.member[later, :2].any() and b.member[later, 2].any()
    assert b.member[b.arm(INVITED), 2][b.aided].mean() > b.member[first, 2][b.aided].mean()
    assert (b.cost[none] == 0).all() and (b.cost[later, :, :12].sum() == 0) and b.cost[first].sum() > b.cost[later].sum() > 0


def test_the_same_life_in_both_arms_has_no_effect(bank: tuple[Any, Any, Bank]) -> None:
    """A pilot of nothing finds something as often as its level says."""
    scenario, keys, b = bank
    drawn = [surveys_of(b, scenario.seed, keys, 0.24)]
    q = Question("parallel", "poverty", (0, 24), (0, 24), (UNTREATED,))
    v = Villages.of([b], drawn, q, 12)
    assert paired_effect(v, q, True) == (0.0, 0.0)
    found = simulate(v, q, 30, 800, DrawKey(3, 0))
    assert found.found(0.05).mean() == pytest.approx(0.05, abs=0.025)
    assert found.effect.mean() == pytest.approx(0.0, abs=4 * found.effect.std() / np.sqrt(800))


def test_pilots_find_the_paired_effect(bank: tuple[Any, Any, Bank]) -> None:
    scenario, keys, b = bank
    drawn = [surveys_of(b, scenario.seed, keys, 0.24)]
    for q in questions(keys, scenario.horizon_months, 12):
        if q.outcome in ("membership", "consumption"):
            v = Villages.of([b], drawn, q, 12)
            effect, _ = paired_effect(v, q, True)
            found = simulate(v, q, 20, 400, DrawKey(4, 0)).effect
            assert found.mean() == pytest.approx(effect, abs=5 * found.std() / 20 + 0.02 * abs(effect)), q


def test_a_survey_draws_the_first_in_order_among_those_meant() -> None:
    village = np.repeat(np.arange(3, dtype=np.int32), 4)
    order = np.array([4, 3, 2, 1, 1, 2, 3, 4, 9, 8, 7, 6], float)
    among = np.array([1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1], bool)
    assert np.nonzero(smallest(order, village, among, 2))[0].tolist() == [1, 2, 4, 5, 11]


def test_costs_add_up_and_the_budget_carries_what_it_says(bank: tuple[Any, Any, Bank]) -> None:
    _, keys, b = bank
    q = Question("parallel", "E4", (0, 24), (0, 24), ("start_1",))
    one = cost_of([b], q, 7, keys)
    assert one["interviews_idr"] == 14 * 10 * 2 * 500_000
    assert one["listing_idr"] == pytest.approx(14 * real_households([b]) * 25_000)
    treated = 7 * b.cost[b.arm("start_1"), :, :24].sum()
    assert one["mentoring_idr"] + one["cooperatives_idr"] == pytest.approx(treated)
    assert one["total_idr"] == pytest.approx(sum(v for k, v in one.items() if k != "total_idr"))
    most = affordable([b], q, keys)
    assert cost_of([b], q, most, keys)["total_idr"] <= keys.budget_idr < cost_of([b], q, most + 1, keys)["total_idr"]


def test_a_better_score_finds_the_poor_with_fewer_listed(bank: tuple[Any, Any, Bank]) -> None:
    from dataclasses import replace

    scenario, keys, b = bank
    found = [screening([b], replace(keys, score_sd=sd), scenario.seed) for sd in (0.0, 0.35, 3.0)]
    assert found[0]["listed_per_found"] < found[1]["listed_per_found"] < found[2]["listed_per_found"]
    assert all(f["precision"] * f["interviewed_per_found"] == pytest.approx(1.0) for f in found)
    chance = found[2]["found_share"]
    assert chance == pytest.approx(keys.screen_bottom, abs=0.15)


def test_power_grows_with_villages(folder: Path) -> None:
    table = pl.read_parquet(folder / "tables" / "power.parquet").filter(pl.col("outcome") == "membership")
    for (_,), rows in table.group_by("design"):
        se = rows.sort("villages")["se"].to_list()
        assert se == sorted(se, reverse=True)


def test_help_opens_with_an_example_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "--help"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "Try it:  povsim power closed_form=true design=parallel p=.5 effect=.03 households=30 icc=.03"
