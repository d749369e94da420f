"""Whatever a user gets wrong: one clear message on stderr, exit code 2, nothing written, no traceback (contract C6)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from povsim.cli import main
from povsim.config.defaults import defaults
from povsim.config.not_read import NOT_READ

WRONG = [
    ("population.vilages=30", ["population.vilages", "Did you mean 'population.villages'?"]),
    ("replicate=2", ["replicate", "Did you mean 'replicates'?"]),
    ("hydra.run.dir=x", ["hydra.run.dir"]),
    ("arms=[none,aid_coperative]", ["aid_coperative", "Did you mean 'aid_cooperative'?"]),
    ("arms=[none,aid", ["cannot be read", "arms=[a,b]"]),
    ("arms=none,aid", ["several values", "arms=[a,b]"]),
    ("arms=aid", ["no list", "brackets"]),
    ("arms=everything", ["no list", "[aid,aid_cooperative]"]),
    ("arms=[aid,aid_equal_cost_registry]", ["aid_cooperative_registry", "not among arms"]),
    ("population=survey", ["not built yet", "indonesia, toy"]),
    ("population=tow", ["tow", "Did you mean 'toy'?"]),
    ("population.villages=-5", ["population.villages = -5", "20 to 83762"]),
    ("population.villages=many", ["'many' is text", "20 to 83762"]),
    ("population.villages=1,000", ["several values"]),
    ("population.provinces=[Jawa Tenga]", ["Jawa Tenga", "Did you mean 'JAWA TENGAH'?"]),
    ("rollout=phasd", ["phasd", "Did you mean 'phased'?"]),
    ("rollout.mentors=-1", ["rollout.mentors = -1", "too small"]),
    ("rollout.file=nowhere.csv", ["nowhere.csv", "cannot be read"]),
    ("rollout.coverage=1.4", ["rollout.coverage = 1.4", "0 to 1"]),
    ("exit.b=nan", ["finite"]),
    ("exit.W=-1", ["exit.W = -1", "1 to 60"]),
    ("exit._target_=os.system", ["_target_"]),
    ("horizon_months=100", ["multiple of 12"]),
    ("parameters.pi=99", ["parameters.pi", "range"]),
    ("parameters.pie=.1", ["pie", "Did you mean 'pi'?"]),
    ("parameters.pi=high", ["'high' is text"]),
    ("parameters._target_=os.system", ["_target_"]),
    ("programmes.x={_target_: os.system, args: [ls]}", ["_target_"]),
    ("economy={_target_: os.getcwd}", ["_target_"]),
    ("+_target_=os.system", ["_target_"]),
    ("++foo=1", ["++foo"]),
    ("~exit", ["~exit"]),
    ("population@x=toy", ["population@x"]),
    ("language=${oc.env:HOME}", ["not filled in"]),
    ("out=${oc.env:HOME}/x", ["not filled in"]),
    ("replicates", ["Write replicates=VALUE"]),
    ("replicats", ["KEY=VALUE", "Did you mean 'replicates'?"]),
    ("pi=.08", ["Did you mean 'parameters.pi'?"]),
    ("--replicates=4", ["--replicates"]),
    ("-m", ["-m"]),
    ("break_even=perhaps", ["break_even = 'perhaps' is no switch", "true, false"]),
    ("break_evn=true", ["Did you mean 'break_even'?"]),
    ("workers=0", ["workers = 0"]),
    ("branch_from=x", ["branch_from = x", "no such folder", "checkpoints=[0]"]),
    ("branch_month=12", ["branch_month = 12", "branch_from is not given"]),
    ("checkpoints=[7]", ["checkpoints[0] = 7", "multiple of 12", "nearest: 12"]),
    ("ledger=some", ["true, false, or a list"]),
    ("futures=many", ["futures", "0 to 10000"]),
    ("uncertainty=priors", ["Did you mean 'prior'", "posterior"]),
    ("out=", ["out", "path of a folder"]),
    ("--out", ["--out needs a value"]),
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("argument", "says"), WRONG, ids=[argument for argument, _ in WRONG])
def test_c6_one_message_and_exit_code_2(
    argument: str, says: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["compare", argument]) == 2
    _one_message(capsys, says)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("command", "key"), [(command, key) for command, (keys, _) in NOT_READ.items() for key in keys])
def test_c6_a_key_that_would_change_nothing_is_refused(
    command: str, key: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    default = defaults()[key]
    dotted = f"{key}.{next(iter(default), 'mine')}=1" if isinstance(default, dict) else f"{key}=1"
    assert main([command, dotted]) == 2
    _one_message(capsys, [dotted, f"Leave {key} out"] if key != "arms" else [dotted])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("out", ["taken", "taken/below", "/proc/povsim/x", "/proc/x", "full"])
def test_c6_a_folder_that_cannot_be_written(out: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("dear")
    before = sorted(tmp_path.rglob("*"))
    for arguments in ([f"out={out}"], ["--out", out], [f"--out={out}"]):
        assert main(["compare", *arguments]) == 2
        _one_message(capsys, [f"out = {out}"])
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["compar"], ["There is no command 'compar'. Did you mean 'compare'?"]),
        (["evidence", "fact"], ["Did you mean 'facts'?"]),
        (["evidence", "facts", "--limit", "x"], ["--limit x"]),
        (["evidence", "facts", "--limit", "0"], ["--limit = 0"]),
        (["evidence", "facts", "more"], ["'more'"]),
        (["evidence", "--lim", "3"], ["Did you mean '--limit'?"]),
        (["month", "now"], ["'now'"]),
        (["doctor", "now"], ["'now'"]),
        (["compare", "--out", "a", "out=b"], ["both given"]),
        (["compare", "--scenario", "missing.yaml"], ["missing.yaml", "No such file"]),
        (["compare", "economy=growth", "parameters.g_w=.001"], ["parameters.g_w", "economy.g_w"]),
    ],
)
def test_c6_wrong_commands(command: list[str], says: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(command) == 2
    _one_message(capsys, says)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("replicates: [1", ["no YAML"]),
        ("just text", ["holds no keys"]),
        ("replicats: 3", ["Did you mean 'replicates'?"]),
        ("exit: {_target_: os.system}", ["_target_"]),
        ("a: !!python/object/apply:os.system [ls]", ["no YAML"]),
        ("language: ${oc.env:HOME}", ["is not known"]),
    ],
)
def test_c6_wrong_scenario_files(content: str, says: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(content)
    assert main(["compare", "--scenario", "mine.yaml"]) == 2
    _one_message(capsys, says)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_no_command_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Try it:" in capsys.readouterr().err


def test_ctrl_c_exits_with_130(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("povsim.cli.month.run", interrupted)
    assert main(["month"]) == 130
    assert "goes on from what was finished" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["compare", "evidence", "month", "doctor"])
def test_help_opens_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Try it:  povsim {command}")


def test_the_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from povsim.cli import main; assert main(['--help']) == 0; "
        "heavy = {'numpy', 'hydra', 'omegaconf', 'mesa', 'numba', 'polars'} & set(sys.modules); assert not heavy, heavy"
    )
    done = _python("-c", code)
    assert done.returncode == 0, done.stderr


def test_c6_in_a_process_of_its_own() -> None:
    done = _python("-c", "import sys; from povsim.cli import main; sys.exit(main())", "compare", "population.villages=-5")
    assert done.returncode == 2
    assert done.stderr.startswith("povsim: population.villages = -5 is too small")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=os.environ, timeout=60, check=False)


def _one_message(capsys: pytest.CaptureFixture[str], says: list[str]) -> None:
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("povsim: ")
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err
    for text in says:
        assert text in shown.err
