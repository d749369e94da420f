"""What the sources say of themselves: functions that carry an equation, uses of parameters, tests of an equation.

Read from the syntax tree, so nothing is imported or run. A function carries equation n when its docstring names it, "(n)"
or "equations (n)-(m)". A test covers it when its docstring, or that of its file, names it, or as a row of the table of
`tests/verification/test_switch_off.py`, whose first entry is the number.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from povsim.parameters import register

PACKAGE = Path(__file__).parents[2]
PROJECT = PACKAGE.parents[1]
CARRIERS = ("model", "population")
"""Layers whose functions carry equations."""
USERS = (("population", "model"), ("config", "measures", "experiments"))
"""Layers in which a parameter is put to use; the second ones are asked where the first do not read it."""
EQUATIONS = range(1, 22)
SETS = {"p", "p0", "q", "values", "chosen", "today", "given"}
"""Names under which the sources hold a set of parameters."""
_NUMBER = re.compile(r"(?<![\w\])])\((\d{1,2})\)(?:-\((\d{1,2})\))?")
_WORD = re.compile(r"[A-Za-z0-9_]*[A-Za-z]{2}[A-Za-z0-9_]*_[A-Za-z0-9_]*|_[A-Za-z0-9_]*[A-Za-z]{3}[A-Za-z0-9_]*")


@dataclass(frozen=True, order=True)
class Place:
    """A function or class, as module and name, and the first line of its docstring."""

    module: str
    name: str
    summary: str = ""

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@cache
def carriers() -> dict[int, tuple[Place, ...]]:
    """Functions and classes of the package that carry each equation."""
    found: dict[int, list[Place]] = {n: [] for n in EQUATIONS}
    for path in _files(PACKAGE, CARRIERS):
        for name, node in _definitions(_tree(path)):
            text = ast.get_docstring(node) or ""
            for n in named(text):
                found[n].append(Place(_module(path), name, _first(text)))
    return {n: tuple(sorted(places)) for n, places in found.items()}


@cache
def tests() -> dict[int, tuple[Place, ...]]:
    """Tests of each equation: of the table of switches, else functions and files that name it."""
    found: dict[int, set[Place]] = {n: set() for n in EQUATIONS}
    for path in sorted((PROJECT / "tests").rglob("*.py")):
        tree, module = _tree(path), path.relative_to(PROJECT).as_posix()
        for n, what in _rows(tree):
            found[n].add(Place(module, "", f"{what}: switched off, the statistic that it exists for moves"))
        if not path.name.startswith("test_"):
            continue
        for n in named(ast.get_docstring(tree) or ""):
            found[n].add(Place(module, "", _first(ast.get_docstring(tree) or "")))
        for name, node in _definitions(tree):
            text = ast.get_docstring(node) or ""
            for n in named(text) if name.rpartition(".")[2].startswith("test_") else ():
                found[n].add(Place(module, name, _first(text)))
    return {n: tuple(sorted(places)) for n, places in found.items()}


@cache
def uses() -> dict[str, tuple[Place, ...]]:
    """Functions in which each parameter of the register is read."""
    found: dict[str, set[Place]] = {symbol: set() for symbol in register()}
    for layers in USERS:
        here: dict[str, set[Place]] = {}
        for path in _files(PACKAGE, layers):
            for function, node in _nodes(_tree(path)):
                for symbol in _read_by(node):
                    here.setdefault(symbol, set()).add(Place(_module(path), function))
        for symbol, places in here.items():
            found[symbol] = found[symbol] or places
    return {symbol: tuple(sorted(places)) for symbol, places in found.items()}


def named(text: str) -> set[int]:
    """Numbers of equations that a docstring names."""
    out: set[int] = set()
    for first, last in _NUMBER.findall(text):
        out |= set(range(int(first), int(last or first) + 1))
    return out & set(EQUATIONS)


def _read_by(node: ast.AST) -> Iterable[str]:
    """Symbols that a node reads: p.symbol, p["symbol"], p[f"size_{k}"]; the aims of a lever, Lever(..., {"x": "symbol"})."""
    known = register()
    if isinstance(node, ast.Attribute) and node.attr in known and _is_set(node.value):
        return [node.attr]
    if isinstance(node, ast.Subscript) and _is_set(node.value):
        return _keys(node.slice)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and _is_set(node.func.value)
    ):
        return _keys(node.args[0])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Lever":
        return [symbol for part in node.args if isinstance(part, ast.Dict) for value in part.values for symbol in _keys(value)]
    return ()


def _keys(key: ast.AST) -> list[str]:
    """Symbols that a key may be: the text itself, or every one that fits an f-string."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return [key.value] if key.value in register() else []
    if isinstance(key, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else None for part in key.values]
        if any(isinstance(part, str) and _WORD.search(part) for part in parts):
            pattern = re.compile("".join(".+" if part is None else re.escape(str(part)) for part in parts))
            return [symbol for symbol in register() if pattern.fullmatch(symbol)]
    return []


def _is_set(node: ast.AST) -> bool:
    """Whether an expression is a set of parameters: p, arm.p, arms[0].p, values(...)."""
    if isinstance(node, ast.Name):
        return node.id in SETS
    if isinstance(node, ast.Attribute):
        return node.attr in ("p", "values")
    if isinstance(node, ast.Subscript):
        return _is_set(node.value)
    return isinstance(node, ast.Call) and _is_set(node.func)


def _rows(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Number of the equation and what is switched off, of the rows of a table of switches."""
    if not any(isinstance(node, ast.ClassDef) and node.name == "Row" and "equation" in ast.dump(node) for node in tree.body):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Row" and len(node.args) > 1:
            first, what = node.args[:2]
            if isinstance(first, ast.Constant) and isinstance(first.value, int) and isinstance(what, ast.Constant):
                yield from [(first.value, str(what.value))] if first.value in EQUATIONS else []


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Functions, classes and methods, by name within the module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for below in node.body:
                if isinstance(below, ast.FunctionDef):
                    yield f"{node.name}.{below.name}", below


def _nodes(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every node with the function or class that it stands in."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                name = f"{node.name}.{part.name}" if isinstance(part, ast.FunctionDef) else node.name
                yield from ((name, inner) for inner in ast.walk(part))
        else:
            name = node.name if isinstance(node, ast.FunctionDef) else ""
            yield from ((name, inner) for inner in ast.walk(node))


def _files(root: Path, layers: Iterable[str]) -> list[Path]:
    return [path for layer in layers for path in sorted((root / layer).rglob("*.py"))]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def _first(text: str) -> str:
    """The first sentence of a docstring, on one line."""
    return " ".join(text.strip().split("\n\n")[0].split())
