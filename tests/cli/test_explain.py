"""`povsim explain` end to end on the fictional district: what it lists, says, draws and refuses (C6)."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from povsim.cli import main
from povsim.experiments.explain import arms_lived, choose_arms, open_result
from povsim.experiments.explain_life import live_through
from povsim.experiments.explain_lives import tell
from povsim.experiments.households import name_of, parts_of
from povsim.experiments.replicate import burn_in
from povsim.reporting.language import language

RUN = [
    "population=toy", "population.villages=40", "population.households_per_village=30", "replicates=2", "burn_in_months=36",
    "horizon_months=108", "threads=2", "cooperative=optimistic", "exit.W=24",
]  # fmt: skip
ARMS = ["none", "aid", "aid_equal_cost", "cooperative", "aid_cooperative", "aid_cooperative_planned"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("explain") / "run"
    assert main(["compare", *RUN, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def table(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "tables" / "households.parquet")


def hashes(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != "explain"]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_table_holds_every_tracked_household_once(table: pl.DataFrame, folder: Path) -> None:
    assert table["household"].n_unique() == table.height > 100
    assert set(table["variant"]) == {"trap", "no_trap"} and set(table["replicate"]) == {0, 1}
    for arm in ARMS:
        assert (table[f"E4_{arm}"] > 0).sum() <= (table[f"E2_{arm}"] > 0).sum() <= (table[f"E1_{arm}"] > 0).sum()
        fell = table.filter(pl.col(f"relapse_{arm}") > 0)
        assert ((fell[f"relapse_{arm}"] > fell[f"E2_{arm}"] + 24) & (fell[f"relapse_{arm}"] <= fell["last_month"])).all()


def test_the_table_adds_up_to_the_summary(table: pl.DataFrame, folder: Path) -> None:
    """Weighted shares of the summary, from the households one by one."""
    summary = json.loads((folder / "summary.json").read_text())
    for variant, block in summary["variants"].items():
        for arm, cells in block["arms"].items():
            for group, rows in (("baseline_poor", pl.lit(True)), ("structural", pl.col("structural"))):
                of = table.filter((pl.col("variant") == variant) & rows)
                for rung in ("E1", "E2", "E4"):
                    shares = [
                        r.select(((pl.col(f"{rung}_{arm}") > 0) * pl.col("weight")).sum() / pl.col("weight").sum()).item()
                        for r in of.partition_by("replicate")
                    ]
                    assert sum(shares) / len(shares) == pytest.approx(cells[group][rung], rel=1e-12)


@given(st.sampled_from(["trap", "no_trap"]), st.integers(0, 9999), st.integers(0, 2**50 - 1))
def test_a_name_holds_variant_replicate_and_id(variant: str, replicate: int, entity: int) -> None:
    name = name_of(variant, replicate, entity)
    assert parts_of(name) == (variant, replicate, entity) and re.fullmatch(r"[a-z_0-9.-]+", name)


@pytest.mark.parametrize("name", ["", "trap-0", "trap-0-1.2", "trap-0-1.2.3.4", "trap 0 1.2.3", "../x", "trap--1-1.2.3", "7"])
def test_what_is_no_name_has_no_parts(name: str) -> None:
    assert parts_of(name) is None


@pytest.mark.parametrize("what", ["permanent", "harmed", "relapsed", "left"])
def test_find_lists_what_the_table_says(
    what: str, folder: Path, table: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(folder), "--find", what, "--limit", "1000"]) == 0
    out = capsys.readouterr().out
    a, b = table["E4_aid_cooperative"] > 0, table["E4_aid"] > 0
    right = {"permanent": a & ~b, "harmed": b & ~a, "relapsed": table["relapse_aid_cooperative"] > 0, "left": a}[what]
    shown = re.findall(r"^ ?((?:no_)?trap-\d+-[\d.]+)", out, re.MULTILINE)
    assert shown == table.filter(right)["household"].to_list()
    assert f": {right.sum():,} (" in " ".join(out.split())
    assert ("too few" in out) == (what in ("permanent", "harmed") and right.sum() < 20)


@pytest.mark.parametrize("code", ["en", "id"])
@pytest.mark.parametrize("what", ["permanent", "relapsed"])
def test_one_household_is_explained(
    what: str, code: str, folder: Path, table: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashes(folder)
    column = {"permanent": (pl.col("E4_aid_cooperative") > 0) & (pl.col("E4_aid") == 0), "relapsed": pl.col("relapse_aid") > 0}
    name = table.filter(column[what])["household"][0]
    arms = [] if what == "permanent" else ["--arm", "aid", "--against", "none", "--about", "relapsed"]
    assert main(["explain", str(folder), "--household", name, *arms, "--language", code]) == 0
    out = capsys.readouterr().out
    words = language(code)
    said = words.text("explain.cause", event="|", after="").split("|")[0]
    nothing = words.text("explain.none", count="|").split("|")[0]
    assert (said in out) != (nothing in out)
    assert name in out and "{" not in out and "explain." not in out.replace("povsim explain", "").replace(str(folder), "")
    assert hashes(folder) == before
    drawn = folder / "explain" / f"{name}.svg"
    assert str(drawn) in out and ET.fromstring(drawn.read_text()).tag.endswith("svg")
    row = table.row(by_predicate=pl.col("household") == name, named=True)
    line = next(line for line in out.splitlines() if line.strip().startswith(words.text("arm.aid_cooperative") + " "))
    months = [int(part) if part.isdigit() else 0 for part in line.split()[-4:]]
    assert months == [row[f"{rung}_aid_cooperative"] for rung in ("E1", "E2", "E4", "relapse")]


def test_a_household_without_a_difference_has_none_explained(
    folder: Path, table: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    alike = table.filter(
        (pl.col("E4_aid_cooperative") == 0) & (pl.col("E4_aid") == 0) & (pl.col("relapse_aid_cooperative") == 0)
    )
    assert main(["explain", str(folder), "--household", alike["household"][0]]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "there is no difference to explain" in out and "The cause" not in out


def test_the_twin_is_lived_at_the_level_that_was_solved(folder: Path, table: pl.DataFrame) -> None:
    """Else its exits would not be those of the table, which the command checks arm by arm."""
    name = table.filter(pl.col("E4_aid_equal_cost") > 0)["household"][0]
    assert main(["explain", str(folder), "--household", name, "--arm", "aid_equal_cost", "--against", "none"]) == 0


def test_arms_by_default(folder: Path) -> None:
    result = open_result(folder)
    assert choose_arms(result, None, None) == ("aid_cooperative", "aid")
    assert choose_arms(result, "cooperative", None) == ("cooperative", "none")
    assert choose_arms(result, None, "aid_equal_cost") == ("aid_cooperative", "aid_equal_cost")


def message(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["explain", *arguments]) == 2
    captured = capsys.readouterr()
    (line,) = [line for line in captured.err.splitlines() if not line.startswith("Living")]
    assert line.startswith("povsim: ") and "Traceback" not in captured.err and captured.out == ""
    return line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], ["one result folder", "none was given"]),
        (["{}"], ["--find", "--household"]),
        (["{}", "{}", "--find", "left"], ["2 were given"]),
        (["{}", "--find", "permanent", "--household", "x"], ["either --find"]),
        (["{}", "--find", "permanant"], ["Did you mean 'permanent'?"]),
        (["{}", "--find", "left", "--about", "relapsed"], ["--about belongs to --household"]),
        (["{}", "--find", "left", "--limit", "none"], ["--limit none"]),
        (["{}", "--find", "left", "--limit", "0"], ["--limit 0"]),
        (["{}", "--find", "left", "--arm", "aid_cooperativ"], ["Did you mean 'aid_cooperative'?"]),
        (["{}", "--find", "left", "--arm", "aid", "--against", "aid"], ["two different arms"]),
        (["{}", "--find", "left", "--language", "fr"], ["fr"]),
        (["{}", "--found", "left"], ["Did you mean '--find'?"]),
        (["{}", "--household"], ["needs a value"]),
        (["{}", "--household", "17"], ["names no household", "variant-replicate-place"]),
        (["{}", "--household", "trap-7-0.1.1"], ["replicates 0 to 1"]),
        (["{}", "--household", "trapp-0-0.1.1"], ["variants trap, no_trap"]),
        (["{}", "--household", "trap-0-0.999.1"], ["no household trap-0-0.999.1", "Did you mean"]),
        (["{}", "--household", "trap-0-0.1.1", "--about", "left"], ["permanent, harmed, relapsed"]),
        (["nowhere", "--find", "left"], ["no folder nowhere"]),
    ],
)
def test_c6_one_message_and_exit_code_2(
    arguments: list[str], says: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashes(folder)
    line = message([argument.replace("{}", str(folder)) for argument in arguments], capsys)
    assert all(text in line for text in says), line
    assert hashes(folder) == before


def test_c6_who_was_not_poor_is_said_to_be_so(folder: Path, table: pl.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    village = table.filter((pl.col("variant") == "trap") & (pl.col("replicate") == 0))["village"][0]
    known = set(table["household"])
    well_off = next(f"{village}.{k}" for k in range(30) if f"{village}.{k}" not in known)
    assert "was not poor at the start" in message([str(folder), "--household", well_off], capsys)


@pytest.mark.parametrize("lacks", ["summary.json", "scenario.yaml", "provenance.json", "tables/households.parquet"])
def test_c6_a_folder_that_is_no_result(lacks: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / lacks).unlink()
    assert lacks in message([str(copy), "--find", "left"], capsys)


def test_c6_a_folder_whose_months_are_not_lived_again(
    folder: Path, table: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    name = table["household"][0]
    other = table.with_columns(E1_aid=pl.when(pl.col("household") == name).then(13).otherwise(pl.col("E1_aid")).cast(pl.Int16))
    assert table["E1_aid"][0] != 13
    other.write_parquet(copy / "tables" / "households.parquet")
    line = message([str(copy), "--household", name], capsys)
    assert "E1 is month 13 in the folder" in line and "run compare again" in line


@pytest.mark.parametrize(
    ("arms", "equal_money"),
    [
        ("all", "best"),
        ("[aid,aid_cooperative,aid_equal_cost]", "grant"),
        ("[aid,aid_cooperative,aid_equal_cost]", "families"),
    ],
)
def test_every_arm_is_lived_again_as_it_was(arms: str, equal_money: str, tmp_path: Path) -> None:
    """All tracked households in every arm, those of equal cost in each form: exits and relapses as in the table."""
    run = [
        "population=toy", "population.villages=20", "population.households_per_village=20", "replicates=1", "burn_in_months=36",
        "horizon_months=84", "variants=[no_trap]", "exit.W=12", f"arms={arms}", f"equal_money={equal_money}",
    ]  # fmt: skip
    assert main(["compare", *run, "--out", str(tmp_path / "run")]) == 0
    result = open_result(tmp_path / "run")
    replicate = burn_in(result.scenario, "no_trap", 0)
    lived = arms_lived(result, "no_trap")
    told = tell(result.scenario, "no_trap", replicate, lived, None, 1)
    assert [arm.name for arm in lived] == list(result.scenario.arm_names)
    for rung, months in told.outcomes.items():
        for arm, of_arm in zip(lived, months, strict=True):
            assert result.households[f"{rung}_{arm.name}"].to_list() == of_arm.tolist(), (rung, arm.name)
    for row in replicate.tracked[:: max(1, replicate.tracked.size // 4)]:  # and the village alone, whatever was decided for it
        outcome = live_through(told, int(row)).outcome
        at = int(np.searchsorted(replicate.tracked, row))
        assert all(np.array_equal(getattr(outcome, rung), months[:, at]) for rung, months in told.outcomes.items())
