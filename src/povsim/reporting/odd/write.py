"""The ODD+D description and the model card, from the register, the order table, the columns and the sources."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from povsim import evidence
from povsim.draws import Stream
from povsim.model.order import ORDER
from povsim.parameters import Entry, by_group, group_titles, register
from povsim.population import columns
from povsim.reporting.odd import code

PAGES = {"odd.md.j2": "docs/explanation/odd.md", "card.md.j2": "docs/explanation/model-card.md"}
STUDIES = code.PROJECT / "experiments"
"""Where committed runs leave their summaries."""
ARCHITECTURE = (
    "povsim uses Mesa for the model object, the clock, the event calendar and the institutions that decide (programmes, local "
    "governments, villages with their cooperative, as agents a user can inspect and replace); the household population is a "
    "table of arrays lived through by compiled rules. It is not one Python object per household, and it says so."
)
WHEN = {"month": "every month", "year": "once a year", "once": "once, before month 1"}
STATE = (
    ("LIFE", "Household, the same in all arms"),
    ("HOME", "Household, by arm"),
    ("PLACE", "Village, the same in all arms"),
    ("COOP", "Cooperative, by arm"),
)


def pages() -> dict[str, str]:
    """Text of each page by its path in the project."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    out = {}
    for name, path in PAGES.items():
        template = environment.from_string(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
        text = template.render(**_facts(), range=_range, value=_value, number=_number)
        out[path] = "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
    return out


@cache
def equations() -> dict[int, dict[str, str]]:
    """Name and text of every equation."""
    text = resources.files(__package__).joinpath("equations.yaml").read_text(encoding="utf-8")
    return {int(n): one for n, one in yaml.safe_load(text).items()}


@cache
def _facts() -> dict[str, Any]:
    entries = list(register().values())
    of = {n: [e for e in entries if e.equation == f"({n})"] for n in code.EQUATIONS}
    grades = Counter(e.grade for e in entries)
    demands = resources.files(__package__).joinpath("demands.yaml").read_text(encoding="utf-8")
    return {
        "architecture": ARCHITECTURE,
        "state": [(table, title, getattr(columns, f"{table}_COLUMNS").items()) for table, title in STATE],
        "order": ORDER,
        "when": WHEN,
        "streams": len(Stream),
        "functions": len({place for places in code.carriers().values() for place in places}),
        "evidence": [_table(name) for name in evidence.names()],
        "equations": [
            (n, one | {"functions": code.carriers()[n], "parameters": of[n], "tests": code.tests()[n]})
            for n, one in equations().items()
        ],
        "others": [e for e in entries if e not in [one for listed in of.values() for one in listed]],
        "uses": [(symbol, ", ".join(f"`{place}`" for place in places)) for symbol, places in code.uses().items()],
        "demands": yaml.safe_load(demands),
        "shares": {grade: grades[grade] for grade in evidence.GRADES},
        "total": len(entries),
        "percent_A": f"{grades['A'] / len(entries):.0%}",
        "groups": [
            (group_titles()[group]["en"], len(listed), sum(e.grade == "A" for e in listed))
            for group, listed in by_group().items()
        ],
        "validation": misses(STUDIES),
        "forecasts": [text for summary in committed("forecast", STUDIES) for text in summary["sentences"]["en"]],
    }


def committed(command: str, folder: Path) -> list[dict[str, Any]]:
    """Summaries of a command's runs that are committed, by name of their folder."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/summary.json"))]
    return [summary for summary in found if summary.get("command") == command]


def misses(folder: Path) -> list[dict[str, Any]] | None:
    """Patterns outside their target in the committed validation; None where there is none."""
    runs = committed("validate", folder)
    return [row for summary in runs for row in summary["patterns"] if row["inside"] is False] if runs else None


def _table(name: str) -> tuple[str, int, str]:
    table = evidence.load(name)
    counts = Counter(table["grade"].to_list())
    return name, table.height, ", ".join(f"{grade} {counts[grade]}" for grade in evidence.GRADES if counts[grade])


def _value(e: Entry) -> str:
    first, second = e.value("trap"), e.value("no_trap")
    return f"{first:g}" if first == second else f"{first:g}, without traps {second:g}"


def _range(e: Entry) -> str:
    return f"{e.low:g} to {e.high:g}"


def _number(value: object) -> str:
    return "none" if value is None else f"{value:.3g}" if isinstance(value, int | float) else str(value)
