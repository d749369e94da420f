"""The description of the model is up to date, and complete: every equation has function and test, every parameter a use."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from povsim.parameters import register
from povsim.reporting.odd import code, write

ROOT = Path(__file__).parents[2]
ONCE_MORE = "write it anew: uv run python -m povsim.reporting.odd"


@pytest.mark.parametrize("path", sorted(write.PAGES.values()))
def test_the_committed_page_is_what_the_sources_say(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == write.pages()[path], f"{path} is out of date; {ONCE_MORE}"


@pytest.mark.parametrize("n", code.EQUATIONS)
def test_every_equation_has_a_text_a_function_and_a_test(n: int) -> None:
    assert write.equations()[n]["name"] and write.equations()[n]["text"]
    assert code.carriers()[n], f"no docstring of povsim.model names equation ({n})"
    assert code.tests()[n], f"no test names equation ({n}), in its docstring or as a row of test_switch_off.py"


def test_the_table_of_switches_covers_every_equation() -> None:
    rows = {n for n in code.EQUATIONS if any(place.module.endswith("test_switch_off.py") for place in code.tests()[n])}
    assert rows == set(code.EQUATIONS)


@pytest.mark.parametrize("symbol", list(register()))
def test_every_parameter_is_used(symbol: str) -> None:
    assert code.uses()[symbol], f"nothing reads the parameter {symbol}: take it out of the register, or use it"


def test_every_equation_that_the_register_names_is_one() -> None:
    named = {e.equation for e in register().values() if e.equation.startswith("(")}
    assert named <= {f"({n})" for n in code.EQUATIONS}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(7) what neighbours look at", {7}),
        ("Equations (1)-(4) and (17).", {1, 2, 3, 4, 17}),
        ("f(3) and x[2](4) and (2025) and (0)", set()),
        ("log(1) of a (22)", set()),
    ],
)
def test_equations_are_found_in_docstrings(text: str, numbers: set[int]) -> None:
    assert code.named(text) == numbers


@pytest.mark.parametrize(
    ("source", "symbols"),
    [
        ("p.delta", ["delta"]),
        ("arm.p['delta']", ["delta"]),
        ("arms[0].p['g_w']", ["g_w"]),
        ("values(v)['pi']", ["pi"]),
        ("np.pi", []),
        ("LIFE.mu", []),
        ("x['delta']", []),
        ("'delta'", []),
        ("Lever('aid', {'e_sd': 'e_sd_aim'})", ["e_sd_aim"]),
    ],
)
def test_a_use_is_reading_a_set_of_parameters(source: str, symbols: list[str]) -> None:
    node = ast.parse(source, mode="eval").body
    found = [symbol for inner in ast.walk(node) for symbol in code._read_by(inner)]
    assert found == symbols


def test_a_text_with_gaps_stands_for_every_symbol_that_fits() -> None:
    node = ast.parse("p[f'size_{k}']", mode="eval").body
    assert set(code._read_by(node)) == {f"size_{k}" for k in range(1, 9)}
    assert code._read_by(ast.parse("p[f'{a}']", mode="eval").body) == []


def test_misses_are_those_of_the_committed_validation(tmp_path: Path) -> None:
    assert write.misses(tmp_path) is None
    rows = [{"pattern": "F3", "inside": False}, {"pattern": "F4", "inside": True}, {"pattern": "F6", "inside": None}]
    (tmp_path / "validation").mkdir()
    (tmp_path / "validation" / "summary.json").write_text(json.dumps({"command": "validate", "patterns": rows}))
    assert write.misses(tmp_path) == rows[:1]
    assert [write._number(value) for value in (None, 0.12345, "share of cells")] == ["none", "0.123", "share of cells"]


def test_the_sentence_on_the_architecture_is_that_of_the_readme() -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert write.ARCHITECTURE in readme
    assert all(write.ARCHITECTURE in text for text in write.pages().values())


def test_the_card_counts_the_register() -> None:
    card = write.pages()["docs/explanation/model-card.md"]
    assumed = sum(e.grade == "A" for e in register().values())
    assert f"Of {len(register())} parameters {assumed} are assumptions" in card
    assert card.count("([more](") == 14
