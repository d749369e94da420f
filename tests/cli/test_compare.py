"""`povsim compare` end to end on the fictional district: what it writes, says and returns (C6, C7, C8)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pypdfium2
import pytest
from runs.commands import TINY

from povsim.cli import main
from povsim.experiments import runs
from povsim.reporting.workbook import unexplained

ARMS = ["none", "aid", "aid_equal_cost", "cooperative", "aid_cooperative", "aid_cooperative_planned"]
RUNGS = ["E1", "E2", "E3", "E4", "E4x"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compare") / "run"
    assert main(["compare", *TINY, "--out", str(out)]) == 0
    return out


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_the_result_folder_is_whole(folder: Path) -> None:
    assert {p.name for p in folder.iterdir()} == {
        "summary.json", "report.html", "tables", "figures", "scenario.yaml", "provenance.json", "REPRODUCE.md",
        "brief.en.html", "brief.id.html", "brief.en.pdf", "brief.id.pdf", "summary.xlsx",
    }  # fmt: skip
    figures = {p.stem for p in (folder / "figures").iterdir()}
    assert {"ladder", "exits_over_time", "exit_survival", "headcount_path", "cost_per_exit"} <= figures
    tables = {p.stem for p in (folder / "tables").glob("*.parquet")}
    assert {
        "arms",
        "persons",
        "contrasts",
        "exits_by_year",
        "funnel",
        "cost",
        "population_check",
        "parameters",
        "who_gains",
    } <= tables


def test_ledger_and_futures_are_written_and_leave_the_arms_as_they_are(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(["compare", *TINY, "ledger=true", "futures=3", "--out", str(out)]) == 0
    summary, plain = summary_of(out), summary_of(folder)
    tables = {p.stem for p in (out / "tables").glob("*.parquet")}
    assert {"ledger", "n01_causes", "spillover", "futures", "relapses"} <= tables
    assert plain["ledger"] == {} and not (folder / "tables" / "ledger.parquet").exists()
    for variant, block in summary["variants"].items():
        assert set(summary["ledger"][variant]) == {"aid_cooperative", "aid_cooperative_planned"}
        for name, arm in block["arms"].items():
            for group in summary["groups"]:
                cell, before = arm[group], plain["variants"][variant]["arms"][name][group]
                assert {rung: cell[rung] for rung in RUNGS} == {rung: before[rung] for rung in RUNGS}
                assert 0.0 <= cell["E5"] <= cell["E4"] and before["E5"] is None
        for c in block["contrasts"]:
            if c["measure"] == "E5":
                levels = [block["arms"][name][c["group"]]["E5"] for name in (c["arm"], c["against"])]
                assert c["mean"] == pytest.approx(levels[0] - levels[1], abs=1e-9)
                assert c["n10"] is None and "yes/no" in c["reasons"]["n10"]
    before = (out / "report.html").read_text()
    assert main(["report", str(out)]) == 0
    again = (out / "report.html").read_text()
    assert again.partition("<details>")[0] == before.partition("<details>")[0]  # below it stand timings
    start = before.index('<section id="flows"')
    assert before[start : before.index("</section>", start)] in again
    assert main(["report", str(out), "--language", "id"]) == 0


def test_summary_has_what_the_contract_names(folder: Path) -> None:
    summary = summary_of(folder)
    assert summary["command"] == "compare" and summary["schema"] == 1 and summary["horizon_months"] == 84
    assert summary["definition"] == {"b": 0.1, "W": 36, "window": [12, 24]}
    assert summary["groups"] == ["structural", "baseline_poor"]
    for block in summary["variants"].values():
        assert list(block["arms"]) == ARMS
        for arm in block["arms"].values():
            assert len(arm["headcount"]) == 85 and all(0 <= x <= 1 for x in arm["headcount"])
            for group in summary["groups"]:
                cell = arm[group]
                assert cell["E4x"] <= cell["E4"] <= cell["E2"] <= cell["E1"]
                assert cell["E4"] < cell["E4succ"] and 0 < cell["ended_share"] < 1  # successors' exits are not counted
        pairs = {(c["arm"], c["against"]) for c in block["contrasts"]}
        assert pairs == {
            ("aid", "none"), ("cooperative", "none"), ("aid_cooperative", "aid"), ("aid_cooperative", "aid_equal_cost"),
            ("aid_equal_cost", "aid"), ("aid_cooperative_planned", "aid"),
        }  # fmt: skip
        for c in block["contrasts"]:
            if c["mean"] is not None:
                assert c["mean"] == pytest.approx(c["n10"] - c["n01"], abs=1e-12)
    assert len(summary["range"]) == 6 * 2 * 6
    assert summary["targets"] == ["aid_cooperative_planned"]


def test_who_gains_adds_up_to_the_contrast_of_its_group(folder: Path) -> None:
    summary = summary_of(folder)
    for variant, block in summary["variants"].items():
        rows = summary["who_gains"][variant]
        assert {row["dimension"] for row in rows} <= {"type", "extreme", "fifth", "decile", "area"}
        assert {row["level"] for row in rows if row["group"] == "structural" and row["dimension"] == "type"} <= {
            "labour_constrained", "structurally_low", "near_threshold",
        }  # fmt: skip
        for c in block["contrasts"]:
            if c["measure"] != "E4":
                continue
            for dimension in ("extreme", "fifth", "decile", "area"):
                cells = [
                    row
                    for row in rows
                    if (row["arm"], row["against"], row["group"], row["dimension"])
                    == (c["arm"], c["against"], c["group"], dimension)
                ]
                size = block["arms"][c["arm"]][c["group"]]["households"]
                assert sum(row["households"] for row in cells) == pytest.approx(size, rel=1e-9)


def test_every_kind_of_null_in_who_gains_has_a_reason(folder: Path) -> None:
    summary = summary_of(folder)
    for rows in summary["who_gains"].values():
        for row in rows:
            assert {name for name, value in row.items() if value is None} - {"reason", "share_reason"} <= set(row["reasons"])
            assert row["mean"] is not None or row["reason"]
            assert row["mean"] is None or row["mean"] == pytest.approx(row["n10"] - row["n01"], abs=1e-12)
    for entries in summary["exits_without_cooperative"].values():
        assert {entry["arm"] for entry in entries} == {"cooperative", "aid_cooperative", "aid_cooperative_planned"}
        for entry in entries:
            assert entry["share"] is None or 0 <= entry["share"] <= 1


def test_the_briefs_of_a_run_are_two_pages_and_quote_the_run(folder: Path) -> None:
    summary = summary_of(folder)
    assert summary["brief"]["parameters"]["all"] > 100
    for code, seed in (("en", "seed"), ("id", "benih acak")):
        document = pypdfium2.PdfDocument(folder / f"brief.{code}.pdf")
        assert len(document) == 2
        assert f"{seed} {summary['seed']}" in document[1].get_textpage().get_text_range().replace("\xa0", " ")
        html = (folder / f"brief.{code}.html").read_text(encoding="utf-8")
        assert f'lang="{code}"' in html and 'data-from="variants/trap/arms/aid/structural/E4"' in html


def test_the_workbook_of_a_run_explains_every_column(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "summary.xlsx", read_only=True)
    assert book.sheetnames == ["README", "arms", "contrasts", "cost", "funnel", "who_gains", "parameters"]
    tables = {name: pl.read_parquet(folder / "tables" / f"{name}.parquet") for name in book.sheetnames[1:]}
    assert unexplained(tables) == []
    readme = {str(cell) for row in book["README"].iter_rows(values_only=True) for cell in row if cell is not None}
    provenance = json.loads((folder / "provenance.json").read_text())
    assert {provenance["scenario_hash"], str(provenance["seed"])} <= readme


def test_a_level_of_an_arm_agrees_with_the_contrast(folder: Path) -> None:
    for block in summary_of(folder)["variants"].values():
        for c in block["contrasts"]:
            if c["measure"] in RUNGS and c["mean"] is not None:
                levels = [block["arms"][name][c["group"]][c["measure"]] for name in (c["arm"], c["against"])]
                assert c["mean"] == pytest.approx(levels[0] - levels[1], abs=1e-9)


def test_the_equal_cost_twin_costs_the_same_within_one_percent(folder: Path) -> None:
    for block in summary_of(folder)["variants"].values():
        assert block["arms"]["aid_equal_cost"]["cost_idr"] == pytest.approx(
            block["arms"]["aid_cooperative"]["cost_idr"], rel=0.01
        )
        assert block["arms"]["none"]["cost_idr"] == 0


def test_purses_and_items_add_up_to_the_cost_of_the_arm(folder: Path) -> None:
    summary, cost = summary_of(folder), pl.read_parquet(folder / "tables" / "cost.parquet")
    for (variant, arm), rows in cost.group_by("variant", "arm"):
        assert rows["pv_idr"].sum() == pytest.approx(summary["variants"][variant]["arms"][arm]["cost_idr"], rel=1e-9)


def test_c8_every_null_has_its_reason(folder: Path) -> None:
    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            reasons = node.get("reasons")
            for key, value in node.items():
                if value is None and reasons is not None and key not in ("reason", "reasons"):
                    assert key in reasons, f"{path}.{key} is null without a reason"
                walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for k, value in enumerate(node):
                walk(value, f"{path}[{k}]")
        elif isinstance(node, float):
            assert math.isfinite(node), path

    walk(summary_of(folder)["variants"], "variants")


def test_c8_every_parameter_in_use_has_source_and_grade(folder: Path) -> None:
    table = pl.read_parquet(folder / "tables" / "parameters.parquet")
    assert set(table["grade"]) <= {"V", "D", "G", "A"}
    assert table["source"].str.len_chars().min() > 0
    provenance = json.loads((folder / "provenance.json").read_text())
    assert {"command", "seed", "run_hash", "scenario_hash", "code_hash", "data_hash"} <= set(provenance)
    assert "povsim compare --scenario scenario.yaml" in (folder / "REPRODUCE.md").read_text()


def test_c8_following_reproduce_gives_the_same_numbers(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(["compare", "--scenario", str(folder / "scenario.yaml"), "reuse=false", "threads=1", "--out", str(again)]) == 0
    assert summary_of(again)["variants"] == summary_of(folder)["variants"]


def test_the_same_command_again_reads_the_stored_result(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *TINY, "--out", str(folder)]) == 0
    assert "were run before" in capsys.readouterr().out


def test_c7_a_failed_replicate_is_a_line_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = runs.burn_in

    def sometimes(scenario: Any, variant: str, number: int, *rest: Any) -> Any:
        if number == 1:
            raise ValueError("made to fail")
        return real(scenario, variant, number, *rest)

    monkeypatch.setattr(runs, "burn_in", sometimes)
    out = tmp_path / "run"
    assert main(["compare", *TINY, "replicates=3", "variants=[trap]", "arms=[none,aid]", "seed=77", "--out", str(out)]) == 1
    assert "replicate 1" in capsys.readouterr().err
    summary = summary_of(out)
    assert summary["replicates"] == 2 and "made to fail" in summary["failures"][0]
    assert (out / "tables" / "failures.csv").read_text().splitlines() == [
        "run,reason", '"variant trap, replicate 1",ValueError: made to fail',
    ]  # fmt: skip


def test_c7_ctrl_c_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*rest: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "burn_in", interrupted)
    assert main(["compare", *TINY, "seed=78", "--out", str(tmp_path / "run")]) == 130
    assert list(tmp_path.iterdir()) == []
    assert "interrupted" in capsys.readouterr().err


def test_c3_no_coverage_is_no_cooperative_to_the_last_bit(tmp_path: Path) -> None:
    out = tmp_path / "run"
    arms = "arms=[none,aid,cooperative,aid_cooperative]"
    assert main(["compare", *TINY, "rollout.coverage=0", arms, "--out", str(out)]) == 0
    for block in summary_of(out)["variants"].values():
        for c in block["contrasts"]:
            if (c["arm"], c["against"]) in {("cooperative", "none"), ("aid_cooperative", "aid")} and c["measure"] in RUNGS:
                assert c["mean"] == 0 and c["n10"] == 0 and c["n01"] == 0 and c["extra_exits"] == 0
        for group in ("structural", "baseline_poor"):
            assert block["arms"]["cooperative"][group] == block["arms"]["none"][group]


def test_indonesian_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(["compare", *TINY, "replicates=1", "variants=[trap]", "arms=[none,aid]", "language=id", "--out", str(out)]) == 0
    assert 'lang="id"' in (out / "report.html").read_text()
    assert "rumah tangga" in capsys.readouterr().out
