"""The study of the programme of 2026 says what its committed runs say, and can be run again."""

import importlib.util
import json
from pathlib import Path

import pytest
import yaml

from povsim.config import scenario_from

STUDY = Path(__file__).parents[2] / "experiments" / "programme_2026"
RUNS = ("every_lever", "scenarios", "rollout")


def findings():
    spec = importlib.util.spec_from_file_location("findings", STUDY / "findings.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_findings_are_those_of_the_committed_summaries() -> None:
    found = findings()
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    assert text.split(found.BEGIN)[1].split(found.END)[0].strip() == found.block().strip()


@pytest.mark.parametrize("run", RUNS)
def test_a_run_of_the_study_can_be_run_again(run: str) -> None:
    scenario = scenario_from(yaml.safe_load((STUDY / run / "scenario.yaml").read_text(encoding="utf-8")))
    summary = json.loads((STUDY / run / "summary.json").read_text(encoding="utf-8"))
    assert summary["seed"] == scenario.seed and summary["replicates"] == scenario.replicates
    arms = {arm for block in summary["variants"].values() for arm in block["arms"]}
    assert arms == set(scenario.arm_names)


def test_both_briefs_are_there() -> None:
    for code in ("en", "id"):
        assert (STUDY / "every_lever" / f"brief.{code}.pdf").read_bytes().startswith(b"%PDF")
