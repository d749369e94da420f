"""`povsim validate` end to end, tiny."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from povsim.cli import main
from povsim.cli.validate import scenario_of
from povsim.errors import PovsimError
from povsim.experiments.patterns.posterior import SHIFTS

TINY = ["validate.villages=20", "validate.households=20", "validate.per_district=2", "validate.of_each=20", "burn_in_months=36"]
KEYS = {"pattern", "variant", "target", "tolerance", "simulated", "low80", "high80", "inside", "fitted", "source", "grade"}


@pytest.fixture(scope="module")
def draws(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten draws of two variants that differ in two symbols."""
    path = tmp_path_factory.mktemp("draws") / "draws.parquet"
    rows = [
        {"variant": variant, "draw": k, "rho1": 0.965 + 0.001 * k, "h0": 0.002 + 0.0005 * k, **dict.fromkeys(SHIFTS, 0.0)}
        for variant in ("trap", "no_trap")
        for k in range(10)
    ]
    pl.DataFrame(rows).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, draws: Path) -> Path:
    out = tmp_path_factory.mktemp("validate")
    given = [*TINY, "patterns=[F1,F2,F8,F9,F11,F14,V1]", f"posterior={draws}", "validate.draws=10", f"store={out / 'store'}"]
    assert main(["validate", *given, "--out", str(out / "run")]) == 0
    return out / "run"


def test_every_pattern_has_a_row_in_each_variant(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["schema"] == 1 and summary["command"] == "validate" and set(summary["sentences"]) == {"en", "id"}
    rows = {(row["pattern"], row["variant"]): row for row in summary["patterns"]}
    assert set(rows) == {(p, v) for p in ("F1", "F2", "F8", "F9", "F11", "F14", "V1") for v in ("trap", "no_trap")}
    for row in rows.values():
        assert set(row) >= KEYS
        for part in (row, *row["parts"]):
            for key in ("target", "tolerance", "simulated", "low80", "high80", "low95", "high95"):
                assert part[key] is not None or part["reasons"][key]
    for name in ("F2", "F8", "F9", "F14"):
        row = rows[name, "trap"]
        assert row["low95"] <= row["low80"] <= row["high80"] <= row["high95"]
    assert len(rows["F11", "trap"]["parts"]) == 4
    assert 0 < rows["F1", "trap"]["simulated"] < 1 and rows["F1", "trap"]["inside"] is False
    assert rows["F14", "trap"]["low80"] < rows["F14", "trap"]["high80"]  # rho1 differs between draws
    assert summary["dynamic_inside"]["trap"][1] == 2


def test_shown_patterns_are_not_lived_before_the_draws_are_sealed(folder: Path) -> None:
    rows = [r for r in json.loads((folder / "summary.json").read_text())["patterns"] if r["pattern"] == "V1"]
    for row in rows:
        assert row["simulated"] is None and row["inside"] is None and row["verdict"] == "not_lived" and not row["fitted"]
        assert "hash" in row["reasons"]["simulated"]


def test_the_folder_is_whole_and_stands_again_in_the_other_language(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = (
        "report.html",
        "scenario.yaml",
        "provenance.json",
        "REPRODUCE.md",
        "figures/patterns.svg",
        "tables/patterns.parquet",
    )
    assert all((folder / name).is_file() for name in names)
    assert "povsim validate" in (folder / "REPRODUCE.md").read_text()
    before = (folder / "report.html").read_text()
    assert "Patterns against what was published" in before
    assert main(["report", str(folder), "--language", "id"]) == 0
    assert "Pola model dibandingkan dengan angka terbitan" in (folder / "report.html").read_text()
    capsys.readouterr()


def test_the_same_command_finds_its_result(folder: Path, draws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resolved = scenario_of({"--scenario": str(folder / "scenario.yaml")}, [])
    assert json.loads(resolved.own)["validate"]["villages"] == 20
    assert main(["validate", "--scenario", str(folder / "scenario.yaml"), "--out", str(folder)]) == 0
    assert "Read from" in capsys.readouterr().out


def test_other_draws_in_the_same_file_are_another_run(draws: Path, tmp_path: Path) -> None:
    path = tmp_path / "draws.parquet"
    hashes = []
    for table in (pl.read_parquet(draws), pl.read_parquet(draws).with_columns(pl.col("rho1") - 0.001)):
        table.write_parquet(path)
        hashes.append(scenario_of({}, ["patterns=[F8]", f"posterior={path}"]).content_hash())
    assert hashes[0] != hashes[1]


def test_without_draws_there_are_point_values_and_no_bands(tmp_path: Path) -> None:
    given = [*TINY, "patterns=[F8]", "validate.draws=0", "validate.samples=2", "variants=[trap]", f"store={tmp_path / 'store'}"]
    assert main(["validate", *given, "--out", str(tmp_path / "run")]) == 0
    (row,) = json.loads((tmp_path / "run" / "summary.json").read_text())["patterns"]
    assert row["simulated"] is not None and row["low80"] is None
    assert "point values only" in row["reasons"]["low80"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["replicates=3"], "Leave replicates out"),
        (["population.villages=50"], "Leave population out"),
        (["patterns=[F17]"], "F17"),
        (["uncertainty=prior"], "povsim validate takes every parameter at its value"),
        (["validate.draws=-1"], "too small"),
        (["validate.drws=2"], "There is no key 'validate.drws'"),
        (["patterns=[F3]", "posterior=none.parquet"], "no such file"),
    ],
)
def test_mistakes_are_said(given: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", *given]) == 2
    assert says in capsys.readouterr().err


def test_a_key_of_a_comparison_is_refused() -> None:
    with pytest.raises(PovsimError, match="arms"):
        scenario_of({}, ["arms=[none]"])
