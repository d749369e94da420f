"""`povsim data check`: what it prints, and that its page says the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from unit.survey_files import GOOD, ROOT, written

from povsim.cli import main
from povsim.data.mapping import mapping_from
from povsim.data.panel import read_panel
from povsim.data.roles import ROLES
from povsim.data.rules import OF_CELLS, RULES


def test_the_command_lists_problems_and_exits_with_two(tmp_path: Path, capsys) -> None:
    path = written(tmp_path, [*GOOD, *(f"{i};A;Bogor;Maret 2025;1;2;-{i}" for i in range(4, 14))])
    assert main(["data", "check", str(path), "--limit", "3"]) == 2
    out = capsys.readouterr().out
    assert "row 5, column 'belanja_rt', '-4': an amount below 0" in out and "... and 7 more problems" in out
    assert "10 problems; 10 of 13 rows cannot be used" in out and "rupiah per household and month" in out
    assert main(["data", "check", str(path), "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == 1 and answer["problems_total"] == 10 and answer["rows_unusable"] == 10
    assert answer["problems"][0] == {
        "rule": "negative_spending",
        "severity": "row",
        "line": 5,
        "column": "belanja_rt",
        "value": "-4",
        "reason": "an amount below 0",
        "file": None,
    }
    assert main(["data", "check", str(written(tmp_path, GOOD, "good.csv"))]) == 0
    assert "3 rows, no problem found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "povsim data: nothing is given"),
        (["chek", "x"], "Did you mean 'check'"),
        (["check"], "needs a file"),
        (["check", "nowhere.csv"], "There is no file"),
        (["check", "pyproject.toml", "--mapping", "nothing"], "There is no mapping"),
        (["check", "pyproject.toml", "--kind", "households"], "no kind of file"),
        (["check", "pyproject.toml", "--kind", "panel", "--mapping", "simkopdes"], "mapping is one of cooperatives"),
        (["check", "pyproject.toml", "--limit", "few"], "--limit"),
        (["rules", "x"], "takes no file"),
    ],
)
def test_mistakes_on_the_command_line(arguments: list[str], message: str, capsys, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["data", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def test_every_rule_is_listed_and_the_lists_have_no_double(capsys) -> None:
    assert main(["data", "rules"]) == 0
    out = capsys.readouterr().out
    names = [rule.name for rule in RULES] + [name for name, _, _ in OF_CELLS]
    assert len(set(names)) == len(names) and all(name in out for name in names)
    assert main(["data", "mappings"]) == 0
    source = "".join(path.read_text() for path in (ROOT / "src/povsim/data").glob("*.py"))
    noted = set(re.findall(r'(?:problems\.add|_note_cells)\(\s*(?:problems,\s*)?"(\w+)"', source))
    assert noted <= set(names), noted - set(names)


PAGE = (ROOT / "docs" / "how-to" / "check-your-data.md").read_text(encoding="utf-8")


def test_the_page_shows_what_the_command_prints(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["data", "example"]) == 0 and main(["data", "example"]) == 0
    capsys.readouterr()
    assert main(["data", "check", "pilot_with_mistakes.csv"]) == 2
    out = capsys.readouterr().out
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert [line for line in shown.splitlines() if line != "..." and line not in out] == []
    Path("pilot_with_mistakes.csv").write_text("mine")
    assert main(["data", "example"]) == 2 and "not written over" in capsys.readouterr().err


def test_the_mapping_of_the_page_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    mapping = mapping_from(yaml.safe_load(block))
    header = "kode_desa;no_rt;kabupaten;tgl_wawancara;bobot;jml_art;belanja;nilai_aset;daerah;koperasi"
    path = written(tmp_path, ["D1;7;Bogor;15 Maret 2025;12,5;4;2.250;999;1;1"], header=header)
    panel = read_panel(path, mapping)
    assert panel.frame.select("household", "spending_idr", "assets", "urban", "member").rows() == [
        ("D1-7", 562_500.0, None, True, True)
    ]
    listed = re.findall(r"povsim knows for households: (.*?)\. Household and", PAGE.replace("\n", " "))[0]
    assert set(listed.split(", ")) == {role.name for role in ROLES["panel"]}


def test_help_says_in_which_language_the_output_is(capsys) -> None:
    assert main(["data", "--help"]) == 0
    out = capsys.readouterr().out
    assert "The output is in English" in out and "in both languages" in out
