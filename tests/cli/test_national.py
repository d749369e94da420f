"""`povsim national` end to end: the fictional districts whole, a province by a share of its villages, wrong input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from povsim.cli import main
from povsim.experiments import national
from povsim.experiments.national_district import live_district
from povsim.population.geography import load_frame
from povsim.reporting.language import language
from povsim.reporting.simple_page import render
from povsim.reporting.verdict import arm_label

SHORT = ["burn_in_months=36", "horizon_months=84", "threads=2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("national") / "toy"
    assert main(["national", *SHORT, "population=toy", "arms=[aid,aid_cooperative_planned]", "--out", str(out)]) == 0
    return out


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_the_result_folder_is_whole(folder: Path) -> None:
    summary = summary_of(folder)
    assert (summary["command"], summary["schema"], summary["replicates"]) == ("national", 1, 1)
    assert summary["population"]["villages"] == 40
    assert summary["population"]["households_simulated"] == summary["population"]["households_nation"] == 35_599
    arms = summary["variants"]["trap"]["arms"]
    for arm in ("aid", "aid_cooperative_planned"):
        assert len(arms[arm]["headcount"]) == 85
        assert {"households", "E1", "E2", "E3", "E4", "E4x", "E5", "reentry_36m"} <= set(arms[arm]["structural"])
    contrast = next(c for c in summary["variants"]["trap"]["contrasts"] if c["measure"] == "E4" and c["group"] == "structural")
    assert contrast["mean"] == contrast["n10"] - contrast["n01"]
    assert contrast["extra_exits"] == pytest.approx(contrast["mean"] * arms["aid"]["structural"]["households"])
    assert contrast["low95"] < contrast["low80"] < contrast["mean"] < contrast["high80"] < contrast["high95"]
    assert "villages as clusters" in summary["intervals"]
    for name in ("report.html", "scenario.yaml", "provenance.json", "REPRODUCE.md"):
        assert (folder / name).is_file()
    assert "povsim national" in (folder / "REPRODUCE.md").read_text()


def test_nothing_is_null_without_a_reason(folder: Path) -> None:
    for block in summary_of(folder)["variants"].values():
        for contrast in block["contrasts"]:
            null = {key for key, value in contrast.items() if value is None} - {"reason"}
            assert null <= set(contrast["reasons"])
        for arm in block["arms"].values():
            for group in ("structural", "baseline_poor"):
                assert {key for key, value in arm[group].items() if value is None} <= set(arm[group]["reasons"])


def test_tables_are_by_district_province_urban_and_rural(folder: Path) -> None:
    places = pl.read_parquet(folder / "tables" / "places.parquet")
    assert set(places["level"]) == {"nation", "province", "district"} and set(places["area"]) == {"all", "urban", "rural"}
    one = places.filter(pl.col("measure") == "E4", pl.col("group") == "structural", pl.col("arm") == "aid")
    for level in ("province", "district"):
        for area in ("all", "urban", "rural"):
            rows = one.filter(pl.col("level") == level, pl.col("area") == area)
            whole = one.filter(pl.col("level") == "nation", pl.col("area") == area)
            assert rows["households"].sum() == whole["households"].item()
            assert (rows["households"] * rows["share"]).sum() == pytest.approx((whole["households"] * whole["share"]).item())
    districts = pl.read_parquet(folder / "tables" / "districts.parquet")
    assert districts["villages"].to_list() == districts["villages_lived"].to_list() == [26, 14]
    assert (districts["gap_pp"].abs() < 3).all()


def test_the_page_is_self_contained_and_says_what_it_is(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
    assert "Teluk Rekaan" in page and "Results stop at the district" in page and "villages as clusters" in page


def test_the_report_is_written_again_in_the_other_language(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "report.html").read_text()
    assert main(["report", str(folder), "--language", "id"]) == 0
    assert "Hasil berhenti pada tingkat kabupaten/kota" in (folder / "report.html").read_text()
    assert main(["report", str(folder), "--language", "en"]) == 0
    assert (folder / "report.html").read_text().splitlines()[:40] == before.splitlines()[:40]


def test_the_scenario_of_a_folder_gives_the_same_numbers(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(["national", "--scenario", str(folder / "scenario.yaml"), "reuse=false", "--out", str(again)]) == 0
    assert summary_of(again)["variants"] == summary_of(folder)["variants"]


def test_a_province_by_a_share_of_its_villages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "gorontalo"
    command = ["national", *SHORT, "population.provinces=[Gorontalo]", "sample=0.01", "--out", str(out)]
    assert main(command) == 0
    told = capsys.readouterr().out
    summary = summary_of(out)
    assert summary["population"]["districts"] == 6 and 6 <= summary["population"]["villages"] <= 9
    assert summary["population"]["sample"] == 0.01
    assert "A quick look: 1.0% of the villages" in told and "chosen provinces" in told
    check = pl.read_parquet(out / "tables" / "population_check.parquet")
    assert check["province"].to_list() == ["GORONTALO"] * 3 and check["published"].null_count() == 0
    assert yaml.safe_load((out / "scenario.yaml").read_text())["sample"] == 0.01


def no_room_for_district_1(one: Any, variant: str, district: int, *given: Any, **more: Any) -> Any:
    if district == 1:
        raise MemoryError("no room")
    return live_district(one, variant, district, *given, **more)


def test_districts_that_failed_are_told_and_lived_by_the_same_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "toy"
    command = ["national", *SHORT, "population=toy", "sample=0.2", f"store={tmp_path / 'store'}", "--out", str(out)]
    name = load_frame("toy")["district"][1]
    with monkeypatch.context() as broken:
        broken.setattr(national, "live_district", no_room_for_district_1)
        assert main(command) == 1
    share = f"(with poverty traps), 45.16% of the households: {name}."
    warning = f"Warning: 1 of 2 districts failed and are not in these figures {share}"
    told = " ".join(capsys.readouterr().out.split())
    page = (out / "report.html").read_text()
    assert warning in told, told
    assert warning in page and "INCOMPLETE" in page and "districts that were lived" in page and "All 1 districts" not in page
    assert main(["report", str(out), "--language", "id"]) == 0
    assert f"rumah tangga: {name}" in (out / "report.html").read_text()
    assert any("in the districts that were lived" in one for one in summary_of(out)["sentences"]["en"])
    assert main(command) == 0
    assert summary_of(out)["population"]["districts"] == 2 and not summary_of(out)["missing"]
    assert "INCOMPLETE" not in (out / "report.html").read_text()


def test_money_that_is_not_equal_is_warned_of_by_name(folder: Path) -> None:
    summary = summary_of(folder)
    for gap, warned in ((0.004, False), (0.02, True)):
        summary["equal_cost"] = {"trap": {"aid_equal_cost": {"gap_share": gap}}}
        page = render("national", summary, {}, {}, "en")
        assert ("Do not read this twin as equal money" in page) is warned
        assert (f"differ by 2.00% ({arm_label(summary, 'aid_equal_cost', language('en'))}" in page) is warned


def test_the_page_says_what_is_not_modelled_and_what_chance_does(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    for text in ("Moving to another village", "about 1 in 20", "No survey can observe both", "grade of its source"):
        assert text in page


WRONG = [
    (["sample=0"], ["sample = 0", "above 0, up to 1"]),
    (["sample=1.5"], ["sample = 1.5", "0 to 1"]),
    (["sample=few"], ["'few' is text"]),
    (["smaple=.1"], ["smaple", "Did you mean 'sample'?"]),
    (["replicates=4"], ["replicates", "lives the nation once"]),
    (["checkpoints=[0]"], ["checkpoints", "povsim compare takes it"]),
    (["branch_from=x", "branch_month=12"], ["branch_from", "povsim compare takes it"]),
    (["branch_from=x"], ["branch_from", "povsim compare takes it"]),
    (["futures=10"], ["futures", "povsim compare takes it"]),
    (["population=indonesia", "rollout=phased"], ["aid_cooperative", "over all villages", "sample=0.", "rollout=all"]),
    (["arms=[aid,aid_equal_cost,aid_cooperative]", "equal_money=best"], ["equal_money = best", "benefits, grant, families"]),
    (["population.villages=100"], ["population.villages=100", "sample=0.01"]),
    (["population.provinces=[Balli]"], ["Balli", "Did you mean 'BALI'?"]),
]


@pytest.mark.parametrize(("given", "told"), WRONG, ids=[" ".join(given) for given, _ in WRONG])
def test_wrong_input_is_told(
    given: list[str], told: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["national", *([] if "population" in given[0] else ["population=toy"]), *given]) == 2
    message = capsys.readouterr().err
    assert all(text in message for text in told), message
    assert list(tmp_path.iterdir()) == []


def test_sample_is_of_this_command_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "population=toy", "sample=0.1", "--out", str(tmp_path / "no")]) == 2
    assert "sample = 0.1 is a key of povsim national" in capsys.readouterr().err


def test_help_opens_with_an_example_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["national", "--help"]) == 0
    first = capsys.readouterr().out.splitlines()
    assert first[0].startswith("Try it:  povsim national ")
    assert any("sample=null" in line for line in first)


def test_explain_says_that_the_nation_keeps_no_households(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(folder), "--find", "harmed"]) == 2
    assert "holds a result of povsim national, which keeps no households" in capsys.readouterr().err
