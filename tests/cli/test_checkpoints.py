"""Checkpoints end to end on the fictional district: kept, begun in, extended, and what is refused (C2, C6)."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from runs.commands import TINY

from povsim.cli import main
from povsim.experiments import archive, checkpoint

LATE = "variants=[trap]"
MORE = "programmes.more={product: cash, amount_idr: 1e5, delivery: {start_month: 60, calendar: once}, eligibility: {rule: all}}"


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def numbers(folder: Path) -> dict[str, Any]:
    """Everything of a summary but its notes, which say where a run began."""
    return {key: value for key, value in summary_of(folder).items() if key != "notes"}


def hash_of_variants(folder: Path) -> str:
    return hashlib.sha256(json.dumps(summary_of(folder)["variants"], sort_keys=True).encode()).hexdigest()


def tables_of(folder: Path) -> dict[str, pl.DataFrame]:
    return {path.stem: pl.read_parquet(path) for path in (folder / "tables").glob("*.parquet")}


def store(tmp_path: Path) -> str:
    """A store of its own, so that nothing of another run is found."""
    return f"store={tmp_path / 'store'}"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("kept")
    assert main(["compare", *TINY, "checkpoints=[24,48]", store(place), "--out", str(place / "run")]) == 0
    return place / "run"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("plain")
    assert main(["compare", *TINY, store(place), "--out", str(place / "run")]) == 0
    return place / "run"


def test_keeping_changes_no_number(kept: Path, plain: Path) -> None:
    assert hash_of_variants(kept) == hash_of_variants(plain)
    names = {path.name for path in (kept / "checkpoints").rglob("*.zip")}
    assert names == {"contents.zip", "month-000.zip", "month-024.zip", "month-048.zip"}
    assert not (plain / "checkpoints").exists()


@pytest.mark.parametrize("where", ["branch_month=0", "branch_month=24", "branch_month=null"])
def test_a_run_that_begins_in_checkpoints_is_the_run_that_never_stopped(
    kept: Path, plain: Path, tmp_path: Path, where: str
) -> None:
    """From the burn-in equal money is solved for again; later the arms of equal cost go on as they were."""
    out = tmp_path / "run"
    assert main(["compare", *TINY, f"branch_from={kept}", where, store(tmp_path), "--out", str(out)]) == 0
    assert hash_of_variants(out) == hash_of_variants(plain)
    assert numbers(out) == numbers(plain)
    expected, found = tables_of(plain), tables_of(out)
    assert found.keys() == expected.keys()
    for name, table in expected.items():
        assert_frame_equal(found[name], table, check_exact=True)
    month = {"branch_month=0": 0, "branch_month=24": 24}.get(where, 48)
    assert summary_of(out)["notes"][0].startswith(f"Begun at the end of month {month} in the checkpoints ")


def test_processes_begin_in_checkpoints_too(kept: Path, plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(["compare", *TINY[:-1], "workers=2", f"branch_from={kept}", store(tmp_path), "--out", str(out)]) == 0
    assert hash_of_variants(out) == hash_of_variants(plain)


def test_a_longer_horizon_from_a_later_year_end(kept: Path, tmp_path: Path) -> None:
    """Arms without equal cost: the run with that horizon that never stopped. It keeps later year ends, and is gone on with."""
    arms = [
        "arms=[none,aid,aid_cooperative,late]",
        "arm_definitions.late={cooperative: as_planned, rollout: poorest_first}",
        LATE,
    ]
    longer = [*TINY[:-2], "horizon_months=108", "threads=1", *arms, store(tmp_path)]
    short = [*TINY, *arms, store(tmp_path)]
    assert main(["compare", *short, "checkpoints=[36,84]", "--out", str(tmp_path / "short")]) == 0
    assert main(["compare", *longer, "--out", str(tmp_path / "never")]) == 0
    assert (
        main(["compare", *longer, f"branch_from={tmp_path / 'short'}", "checkpoints=[96]", "--out", str(tmp_path / "on")]) == 0
    )
    assert main(["compare", *longer, f"branch_from={tmp_path / 'on'}", "--out", str(tmp_path / "further")]) == 0
    assert "end of month 96" in summary_of(tmp_path / "further")["notes"][0]
    for again in ("on", "further"):
        assert numbers(tmp_path / again) == numbers(tmp_path / "never")


def test_checkpoints_kept_by_a_run_that_began_in_checkpoints_are_those_of_the_run_that_never_stopped(
    kept: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    given = ["compare", *TINY, f"branch_from={kept}", "branch_month=24", "checkpoints=[24,48]", store(tmp_path)]
    assert main([*given, "--out", str(out)]) == 0
    first, again = (checkpoint.contents_of(folder / "checkpoints") for folder in (kept, out))
    assert again.files == first.files and len(first.files) == 2 * 2 * 3
    assert again.variants == first.variants


def test_ledger_and_futures_of_a_run_that_began_later(kept: Path, tmp_path: Path) -> None:
    """They live arms from the branch again, which is in the checkpoints too."""
    more = [*TINY, LATE, "ledger=[aid_cooperative]", "futures=2", "replicates=1", store(tmp_path)]
    assert main(["compare", *more, f"branch_from={kept}", "--out", str(tmp_path / "on")]) == 0
    assert main(["compare", *more, "arms=[none,aid,cooperative,aid_cooperative]", "--out", str(tmp_path / "never")]) == 0
    on, never = summary_of(tmp_path / "on"), summary_of(tmp_path / "never")
    assert on["ledger"] == never["ledger"]
    name = "aid_cooperative"
    assert on["variants"]["trap"]["arms"][name] == never["variants"]["trap"]["arms"][name]


def test_a_stored_result_is_read_only_where_the_checkpoints_are_the_same(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "here"
    shutil.copytree(kept, here)
    given = ["compare", *TINY, LATE, f"branch_from={here}", store(tmp_path), "--out", str(tmp_path / "run")]
    assert main(given) == 0
    assert main(given) == 0
    assert "Read from" in capsys.readouterr().out
    contents = checkpoint.contents_of(here / "checkpoints")
    again = [*given[:-1], str(tmp_path / "again")]
    archive.write(
        here / "checkpoints" / "contents.zip",
        checkpoint.Contents(**{**vars(contents), "months": (0, 24)}), checkpoint.LIST_KIND, checkpoint.FORMAT,
    )  # fmt: skip
    assert main(given) == 0
    assert "Read from" not in capsys.readouterr().out
    assert "end of month 24" in summary_of(tmp_path / "run")["notes"][0]
    assert main(again) == 0


def refused(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    capsys.readouterr()
    assert main(["compare", *TINY, *given]) == 2
    caught = capsys.readouterr()
    assert "Traceback" not in caught.err and caught.out == ""
    return caught.err


def test_what_does_not_fit_is_refused(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = [store(tmp_path), "--out", str(tmp_path / "run")]
    for given, message in (
        (["seed=7"], "seed is 7, there it was 20250401"),
        (["population.villages=21"], "population.villages is 21, there it was 20"),
        (["burn_in_months=48"], "burn_in_months is 48, there it was 36"),
        (["parameters.sd_x=.3"], "parameters.sd_x is 0.3, there it was not set"),
        (["interactions=off"], "interactions is false, there it was true"),
        (["replicates=3"], "lack replicate 2; they hold 2. Give replicates=2"),
        (["branch_month=36"], "are of months 0, 24, 48"),
        (["exit.b=.2"], "exit.b is 0.2, there it was 0.1"),
        (["arms=[none,aid,aid_cooperative_mentored]"], "'aid_cooperative_mentored' is not in the checkpoints of month 48"),
        (["payer=ministry"], "was another one up to month 48"),
        (["cooperative=as_planned"], "arm 'cooperative' was another one up to month 48"),
        (
            [MORE],
            "programmes is {'more'",
        ),
    ):
        assert message in refused(capsys, f"branch_from={kept}", *given, *out)
    assert not (tmp_path / "run").exists()
    assert "there is no such folder" in refused(capsys, f"branch_from={tmp_path / 'no,where'}", *out)
    assert "it holds no checkpoints" in refused(capsys, f"branch_from={tmp_path}", *out)
    assert "branch_from is not given" in refused(capsys, "branch_month=24", *out)


def test_a_damaged_replaced_or_missing_file_is_refused(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pickle among them: nothing in it is run."""

    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return (Path.touch, (tmp_path / "run by a pickle",))

    here = tmp_path / "here"
    shutil.copytree(kept, here)
    one = here / "checkpoints" / "trap" / "replicate-0001" / "month-048.zip"
    whole = one.read_bytes()
    given = [LATE, f"branch_from={here}", "reuse=false", store(tmp_path), "--out", str(tmp_path / "run")]
    for content in (whole[:-7], whole[:100] + b"x" + whole[101:], pickle.dumps(Bomb()), b""):
        one.write_bytes(content)
        capsys.readouterr()
        assert main(["compare", *TINY, *given]) == 1  # the other replicate goes on
        assert (
            "replicate 1: PovsimError: branch_from: " in (err := capsys.readouterr().err) and "damaged or was replaced" in err
        )
    one.unlink()
    assert main(["compare", *TINY, *given]) == 1
    assert "month-048.zip is missing. Copy the whole folder again" in capsys.readouterr().err
    one.write_bytes(whole)
    assert main(["compare", *TINY, *given]) == 0
    (here / "checkpoints" / "contents.zip").write_bytes(pickle.dumps(Bomb()))
    assert "is damaged, or no file of povsim" in refused(capsys, *given)
    assert not (tmp_path / "run by a pickle").exists()


def test_progress_of_keeping_is_json_where_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["arms=[none,aid]", LATE, "replicates=1", "checkpoints=[12]", store(tmp_path), "--out", str(tmp_path / "run")]
    capsys.readouterr()
    assert main(["compare", *TINY, *given, "--json"]) == 0
    caught = capsys.readouterr()
    assert any(json.loads(line).get("label") == "Keeping checkpoints" for line in caught.err.splitlines())
    assert "checkpoints/contents.zip" in json.loads(caught.out)["files"]


def test_a_rollout_begins_at_the_burn_in(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["rollout", *TINY, LATE, "strategies=[phased,poorest_first]", "scenarios=[as_planned]", store(tmp_path)]
    assert main([*given, "--out", str(tmp_path / "never")]) == 0
    begun = [*given, f"branch_from={kept}", "--out"]
    assert main([*begun, str(tmp_path / "on"), "branch_month=0"]) == 0
    found, expected = summary_of(tmp_path / "on"), summary_of(tmp_path / "never")
    assert found["variants"] == expected["variants"]
    capsys.readouterr()
    assert main([*begun, str(tmp_path / "later")]) == 2
    assert "would begin after month 48. Give branch_month=0" in capsys.readouterr().err
    assert main([*given, "checkpoints=[12]", "--out", str(tmp_path / "other")]) == 2
    assert "kept by povsim compare" in capsys.readouterr().err


def test_households_of_a_run_that_began_later_are_explained_without_its_checkpoints(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "here"
    shutil.copytree(kept, here)
    out = tmp_path / "run"
    assert main(["compare", *TINY, LATE, f"branch_from={here}", store(tmp_path), "--out", str(out)]) == 0
    shutil.rmtree(here)
    table = pl.read_parquet(out / "tables" / "households.parquet")
    assert main(["explain", str(out), "--household", str(table["household"][0])]) == 0
    assert main(["report", str(out)]) == 0
