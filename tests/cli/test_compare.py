"""What `povsim compare` does around a run: shows, says what was written, and ends with the right code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import povsim.experiments
from povsim.cli import main
from povsim.cli.compare import shown
from povsim.config import Scenario
from povsim.experiments.folder import out_folder, result_folder

SHARES = {"households": 1000, "E1": 0.5, "E2": 0.3, "E3": 0.25, "E4": 0.1, "E4x": None}
ROW = {"arm": "aid", "against": "none", "group": "structural", "measure": "E4", "mean": 0.01, "low95": -0.002, "high95": 0.022}
SUMMARY: dict[str, Any] = {
    "schema": 1,
    "sentences": {"en": ["With aid, more leave."], "id": ["Dengan bantuan, lebih banyak."]},
    "targets": ["aid_cooperative_planned"],
    "variants": {
        "trap": {
            "arms": {name: {"structural": SHARES, "cost_idr": 5e12} for name in ("none", "aid", "aid_cooperative_planned")},
            "contrasts": [
                ROW | {"reason": None},
                ROW | {"arm": "aid_cooperative_planned", "mean": 0.7, "reason": "too few to say"},
                ROW | {"measure": "E1", "mean": 0.9, "reason": None},
            ],
        }
    },
}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Put a run without a model in place of the real one."""
    monkeypatch.chdir(tmp_path)

    def install(failures: tuple[str, ...] = (), error: BaseException | None = None) -> None:
        def run(scenario: Scenario, progress: Any) -> SimpleNamespace:
            out = out_folder("compare", scenario)
            with progress("Living 2 runs", total=2) as steps, result_folder(out, "compare", scenario) as folder:
                folder.summary(SUMMARY)
                if error is not None:
                    raise error
                steps.advance(2)
            return SimpleNamespace(folder=out, summary=SUMMARY, failures=failures)

        module = ModuleType("povsim.experiments.comparison")
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "povsim.experiments.comparison", module)
        monkeypatch.setattr(povsim.experiments, "comparison", module, raising=False)

    return install


def test_a_run_shows_its_tables_and_what_it_wrote(
    stand_in: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stand_in()
    assert main(["compare", "population=toy", "parameters.pi=.13", "--out", "first"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("With aid, more leave.")
    assert out.rstrip().endswith("Written to first: REPRODUCE.md, provenance.json, scenario.yaml, summary.json")
    assert err.startswith("Warning: parameters.pi=0.13 lies outside its range")
    assert (tmp_path / "first" / "summary.json").is_file()


def test_the_scenario_of_a_folder_gives_the_same_scenario(stand_in: Callable[..., None], tmp_path: Path) -> None:
    stand_in()
    assert main(["compare", "population=toy", "exit.b=.2", "arms=[none,aid]", "--out", "first"]) == 0
    assert main(["compare", "--scenario", "first/scenario.yaml", "--out", "first"]) == 0
    assert main(["compare", "--scenario", "first/scenario.yaml", "exit.b=.1", "--out", "first"]) == 2


def test_some_failed_runs_give_exit_code_1(stand_in: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    stand_in(failures=("replicate 2, trap: out of memory",))
    assert main(["compare", "population=toy"]) == 1
    assert "Failed: replicate 2, trap: out of memory" in capsys.readouterr().err


def test_c7_ctrl_c_in_a_run_leaves_nothing(
    stand_in: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stand_in(error=KeyboardInterrupt())
    assert main(["compare", "population=toy", "--out", "first"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_too_few_to_say_stands_in_place_of_numbers_and_targets_are_stamped() -> None:
    text = shown(SUMMARY, "id")
    assert text.startswith("Dengan bantuan")
    lines = {line.split("  ")[0]: line.split() for line in text.splitlines()}
    assert lines["aid - none"][3:] == ["+1.00", "-0.20", "+2.20"]
    assert lines["aid_cooperative_planned - none (target)"][4:] == ["-", "-", "-", "too", "few", "to", "say"]
    assert lines["aid_cooperative_planned (target)"][2:] == ["50.0", "30.0", "25.0", "10.0", "-", "5,000"]
    assert "+90.00" not in text
