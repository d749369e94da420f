"""The report of a comparison of rollouts: one self-contained page in the form of that of a comparison of arms."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from povsim.reporting import rollout_words as w
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.page import Part, Section, inline, reproduce_parts
from povsim.reporting.rollout_figures import figures
from povsim.reporting.verdict import Summary

TABLES = ("resources", "starts", "reached", "since_start")


def render(
    summary: Summary,
    tables: Mapping[str, Any],
    drawn: Mapping[str, str],
    code: str = "en",
    provenance: Mapping[str, Any] | None = None,
    scenario_text: str = "",
    reproduce_text: str = "",
) -> str:
    """The page as HTML text; everything but the figures is escaped."""
    from jinja2 import Environment, StrictUndefined

    words = language(code)
    template = resources.files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    population = summary["population"]
    stamps = [words.text("page.stamp_toy")] if v.place(summary) == "toy" else []
    page: str = (
        Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        .from_string(template)
        .render(
            code=code,
            text=lambda key: words.text("rollout.section.advice" if key == "page.headline" else key),
            title=words.text("rollout.title"),
            subtitle=words.text("rollout.subtitle", place=words.text(f"place.{v.place(summary)}")),
            stamps=[*stamps, *([words.text("page.stamp_target")] if summary["targets"] else [])],
            run=words.text(
                "page.run",
                seed=summary["seed"],
                replicates=summary["replicates"],
                villages=words.number(population["villages"]),
                households=words.number(population["households_per_village"]),
                months=summary["horizon_months"],
            ),
            sentences=w.sentences(summary, code),
            notes=w.notes(summary, code),
            sections=[
                *_sections(summary, tables, drawn, words),
                Section("reproduce", words.text("rollout.section.reproduce"),
                        reproduce_parts(words, provenance or {}, scenario_text, reproduce_text)),
            ],
        )
    )  # fmt: skip
    return page


def write(summary: Summary, tables: Mapping[str, Any], code: str, texts: tuple[Mapping[str, Any], str, str]) -> dict[str, str]:
    """Files of a report anew, by name below the folder: figures and report.html. `texts`: provenance, scenario, recipe."""
    drawn = figures(summary, tables, code)
    page = render(summary, tables, drawn, code, *texts)
    return {f"figures/{name}.svg": svg for name, svg in drawn.items()} | {"report.html": page}


def _sections(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> list[Section]:
    worlds = [(variant, scenario) for scenario in w.scenarios_of(summary) for variant in summary["variants"]]

    def text(name: str) -> Part:
        return Part("text", words.text(f"rollout.text.{name}"))

    def figure(name: str) -> list[Part]:
        return [Part("figure", inline(drawn[f"{name}_{s}"])) for s in w.scenarios_of(summary) if f"{name}_{s}" in drawn]

    def per_world(make: Any, name: str, kind: str = "table") -> list[Part]:
        found = [make(summary, tables.get(name), variant, scenario, words) for variant, scenario in worlds]
        return [Part(kind, table) for table in found if table is not None and table.rows]

    contents: dict[str, list[Part]] = {
        "strategies": [text("strategies"), *(Part("table", table) for table in w.strategy_tables(summary, words.code))],
        "frontier": [text("frontier"), *figure("frontier")],
        "regret": [text("regret"), Part("table", w.regret_table(summary, words))],
        "pairs": [Part("long_table", w.pair_table(summary, variant, scenario, words)) for variant, scenario in worlds],
        "resources": [
            text("resources"),
            Part("text", w.held_back(summary, tables.get("resources"), words)),
            Part("table", w.given_table(summary, words)),
            *figure("resources"),
            *per_world(w.resource_table, "resources"),
        ],
        "since": [text("since"), *per_world(w.since_table, "since_start")],
        "reached": [text("reached"), *per_world(w.reached_table, "reached")],
    }
    return [Section(name, words.text(f"rollout.section.{name}"), parts) for name, parts in contents.items()]
