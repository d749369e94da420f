"""What the pages tell a user to type works."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml

from povsim.cli import COMMANDS, fit, forecast, national, power, rollout, sensitivity, trial, validate
from povsim.cli.arguments import split_arguments
from povsim.cli.command import OPTIONS
from povsim.cli.compose import compose
from povsim.cli.sweep import combinations_of
from povsim.config import scenario_from

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
PROGRAMME = (ROOT / "docs" / "how-to" / "add-a-programme.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """Words of the commands in indented or fenced blocks of a page, continued lines joined."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    lines += [
        line
        for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        if language in ("", "sh", "bash", "console")
        for line in block.splitlines()
    ]
    found = [match for line in lines if (match := re.match(r"\s*(?:\$ )?(?:uv run )?povsim (\w.*)", line))]
    return [shlex.split(match[1], comments=True) for match in found]


ALL = [(page.relative_to(ROOT).as_posix(), command) for page in PAGES for command in commands(page)]


CHECKS = {
    "compare": lambda options, one: scenario_from(compose(one)),
    "rollout": rollout.scenario_of,
    "national": national.checked,
    "trial": trial.scenario_of,
    "fit": fit.scenario_of,
    "validate": validate.scenario_of,
    "forecast": forecast.checked,
    "sensitivity": sensitivity.checked,
    "power": power.scenario_of,
}
"""What each command makes of its words before it runs anything."""
A_FILE_OF_THE_READER = ("uncertainty=", "score=", "data=")


@pytest.mark.parametrize(("page", "command"), ALL, ids=[f"{page}: {' '.join(command)[:60]}" for page, command in ALL])
def test_commands_are_understood(page: str, command: list[str]) -> None:
    name, *rest = command
    assert name in COMMANDS, page
    if name not in CHECKS or "--help" in rest or "mine" in " ".join(rest):  # "mine" is what the reader has to write first
        return
    options, overrides = split_arguments(rest, OPTIONS)
    if any(one.startswith(A_FILE_OF_THE_READER) and "." in one for one in overrides):
        overrides = [one for one in overrides if not one.startswith((*A_FILE_OF_THE_READER, "n_draws="))]
    for one in combinations_of(overrides, name)[1] if "-m" in options else [overrides]:
        CHECKS[name](options, one)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_programme_in_yaml_is_a_scenario() -> None:
    (text,) = blocks(PROGRAMME, "yaml")
    scenario = scenario_from(compose([], yaml.safe_load(text)))
    assert scenario.arm_names == ("aid", "aid_grant")
    assert not scenario.warnings


def test_the_programme_as_a_class_pays_whom_it_says() -> None:
    space: dict[str, object] = {}
    exec("\n".join(blocks(PROGRAMME, "python")), space)
    record, branch = space["record"], space["branch"]
    families = record.families["school_grant"]  # type: ignore[attr-defined]
    assert not families[0].any() and families[1, :5].all() and not families[1, 5:].any()
    extra = np.diff(record.outlay["state_aid", "benefits"], axis=0)[0, :12]  # type: ignore[attr-defined]
    assert extra[6] == pytest.approx(1.2e6 * families[1, 0])
    assert not np.delete(extra, 6).any()
    assert space["exits"]["E4"].shape == (2, branch.tracked.size)  # type: ignore[index, attr-defined]


def test_the_draws_of_the_page_on_many_runs_are_lived() -> None:
    space: dict[str, object] = {}
    text = (ROOT / "docs" / "how-to" / "run-many.md").read_text(encoding="utf-8")
    (block,) = [block for block in blocks(text, "python") if "live_draws" in block]
    exec(block, space)
    headcount = space["headcount"]
    assert isinstance(headcount, list) and len(headcount) == 20
    assert all(0 < share < 1 for share in headcount) and len(set(headcount)) == 20
