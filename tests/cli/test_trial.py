"""`povsim trial` end to end on the fictional district."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from povsim.cli import main

TINY = [
    "population=toy",
    "population.villages=20",
    "population.households_per_village=20",
    "replicates=2",
    "burn_in_months=36",
    "quantile_draws=20",
]
GRANT = ["trial", "recipe=cash_grant", "eligible.rule=all", "survey.attrition=.1", *TINY]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trial") / "run"
    assert main([*GRANT, "threads=2", f"store={out.parent / 'store'}", "--out", str(out)]) == 0
    return out


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_the_result_folder_is_whole(folder: Path) -> None:
    summary = summary_of(folder)
    assert (summary["command"], summary["schema"], summary["replicates"]) == ("trial", 1, 2)
    assert {row["month"] for row in summary["effects"]} == {0, 12, 24}
    assert {path.stem for path in (folder / "figures").iterdir()} == {"effect", "quantiles"}
    assert {path.stem for path in (folder / "tables").iterdir()} >= {"effects", "effects_mean", "quantiles", "arms"}
    for name in ("report.html", "scenario.yaml", "provenance.json", "REPRODUCE.md"):
        assert (folder / name).is_file()
    for code in ("en", "id"):
        assert len(summary["sentences"][code]) == 7 and len(summary["remarks"][code]) >= 4
    assert "truly it changed by" in summary["sentences"]["en"][0]
    assert "sebenarnya berubah" in summary["sentences"]["id"][0]


def test_tables_hold_together(folder: Path) -> None:
    effects = pl.read_parquet(folder / "tables" / "effects.parquet")
    arms = pl.read_parquet(folder / "tables" / "arms.parquet")
    assert arms.group_by("variant", "replicate").agg(pl.col("households").sum())["households"].to_list() == [400] * 4
    known = effects.filter(pl.col("effect").is_not_null())
    assert known.filter(pl.col("group") == "all").height >= 4 * 3 * 6
    assert (known["low"] <= known["effect"]).all() and (known["effect"] <= known["high"]).all()
    assert ((known["true_contrast"] - known["true"] + known["spillover"]).abs() < 1e-12).all()
    before = effects.filter(pl.col("month") == 0)
    assert before["true"].drop_nulls().eq(0.0).all()
    given = effects.filter((pl.col("group") == "all") & (pl.col("outcome") == "assets") & (pl.col("month") == 12))
    assert (given["true"] > 0).all()
    last = arms.filter(pl.col("treatment") == "control")
    assert (last["met_last"] < last["households"]).all()  # attrition


def test_what_nobody_can_do_or_all_do_alike_is_no_effect(folder: Path, tmp_path: Path) -> None:
    """Nobody can join a cooperative that does not exist, and what all households say alike has no interval."""
    summary = summary_of(folder)
    rows = [*summary["effects"], *summary["groups"]]
    assert "member" not in {row["outcome"] for row in rows}
    assert "Member of a cooperative" not in (folder / "report.html").read_text()
    assert not [row for row in rows if row["effect"] is not None and row["se"] == 0]
    out = tmp_path / "joined"
    arms = "treatments={grant: {share: .3, components: [grant]}, co: {share: .3, components: [co]}}"
    joined = ["unit=village", "components.co={product: cooperative, scenario: optimistic}", arms, "variants=[trap]"]
    assert main([*GRANT, *joined, "threads=1", f"store={tmp_path / 'store'}", "--out", str(out)]) == 0
    found = [row for row in summary_of(out)["effects"] if row["outcome"] == "member"]
    assert {row["treatment"] for row in found if row["effect"] is not None} == {"co"}
    for row in found:
        if row["effect"] is None:
            assert "the same for all households" in row["reason"] and row["low"] is None and row["covers"] is None
    assert "the same for all households of the arm" in (out / "report.html").read_text()
    assert main(["report", str(out), "--language", "id"]) == 0
    assert ") hasilnya sama pada semua rumah tangga" in (out / "report.html").read_text()


def test_sentences_begin_with_a_capital(folder: Path) -> None:
    for code in ("en", "id"):
        assert all(text[0].isupper() for text in summary_of(folder)["sentences"][code])


def test_the_scenario_of_the_folder_gives_the_same_result_however_the_work_is_split(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    again = ["trial", "--scenario", str(folder / "scenario.yaml"), "--out", str(out), "threads=1", "reuse=false"]
    assert main([*again, f"store={tmp_path / 'store'}"]) == 0
    assert summary_of(out)["effects"] == summary_of(folder)["effects"]
    assert summary_of(out)["quantiles"] == summary_of(folder)["quantiles"]
    assert (out / "scenario.yaml").read_text().replace(str(out), "") == (folder / "scenario.yaml").read_text().replace(
        str(folder), ""
    ).replace("threads: 2", "threads: 1").replace("reuse: true", "reuse: false")


def test_the_report_is_written_again_in_the_other_language(folder: Path) -> None:
    assert main(["report", str(folder), "--language", "id"]) == 0
    page = (folder / "report.html").read_text()
    assert 'lang="id"' in page and "Uji acak di dalam model" in page and "Spill-over" not in page
    assert main(["report", str(folder), "--language", "en"]) == 0
    assert "A trial inside the model" in (folder / "report.html").read_text()


@pytest.mark.parametrize("key", ["coverage", "effects", "population", "trial"])
def test_a_folder_of_an_older_version_is_not_a_traceback(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    summary = summary_of(old)
    del summary[key]
    (old / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(KeyError):  # this very version made it: that is no user's mistake
        main(["report", str(old)])
    made = json.loads((old / "provenance.json").read_text()) | {"code_hash": "of last year"}
    (old / "provenance.json").write_text(json.dumps(made))
    page = (old / "report.html").read_text()
    assert main(["report", str(old)]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"has no '{key}': an older version of povsim made it" in told and "povsim trial --scenario" in told
    assert (old / "report.html").read_text() == page


def test_a_trial_of_nothing_says_so(tmp_path: Path) -> None:
    out = tmp_path / "nothing"
    nothing = ["components.grant.amount_L=0", "variants=[trap]", "threads=1", f"store={tmp_path / 'store'}"]
    assert main([*GRANT, *nothing, "--out", str(out)]) == 0
    summary = summary_of(out)
    assert summary["sentences"]["en"][0] == "Nobody was given anything: the true effect is exactly 0."
    assert all(row["true"] in (None, 0.0) and row["spillover"] in (None, 0.0) for row in summary["effects"])


def test_mistakes_end_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trial", "population=toy"]) == 2
    told = capsys.readouterr().err
    assert "recipe=cash_grant" in told and "Traceback" not in told
    assert main(["trial", "recipe=cash_grnt"]) == 2
    assert "Did you mean 'cash_grant'" in capsys.readouterr().err
    assert main(["compare", "recipe=cash_grant"]) == 2
    assert "It is a key of povsim trial" in capsys.readouterr().err


def test_where_an_arm_has_nobody_it_fails_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lost = ["unit=village", "treatments.grant.share=.01", "variants=[trap]", "replicates=1", "threads=1"]
    assert main([*GRANT, *lost, f"store={tmp_path / 'store'}", "--out", str(tmp_path / "x")]) == 2
    assert "left nobody in arm grant" in capsys.readouterr().err


def test_help_opens_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trial", "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Try it:  povsim trial") and "graduation" in shown
