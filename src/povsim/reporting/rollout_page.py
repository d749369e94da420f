"""The report of a comparison of rollouts: one self-contained page in the form of that of a comparison of arms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim.reporting import rollout_words as w
from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.rollout_figures import figures
from povsim.reporting.rollout_words import notes, sentences
from povsim.reporting.simple_page import Page, Part, Section, inline, run_line
from povsim.reporting.tables import Table
from povsim.reporting.verdict import Summary

__all__ = ["TABLES", "figures", "notes", "page", "sentences", "tables_shown"]
TABLES = ("resources", "starts", "reached", "since_start")


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """Tables for the terminal."""
    return w.strategy_tables(summary, words.code, short=True)


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page of a comparison of rollouts."""
    stamps = [words.text("page.stamp_toy")] if v.place(summary) == "toy" else []
    return Page(
        title=words.text("rollout.title"),
        subtitle=words.text("rollout.subtitle", place=words.text(f"place.{v.place(summary)}")),
        run=run_line(summary, words),
        sentences=sentences(summary, words.code),
        notes=notes(summary, words.code),
        sections=_sections(summary, tables, drawn, words),
        stamps=[*stamps, *([words.text("page.stamp_target")] if summary["targets"] else [])],
        headline=words.text("rollout.section.advice"),
    )


def _sections(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> list[Section]:
    worlds = [(variant, scenario) for scenario in w.scenarios_of(summary) for variant in summary["variants"]]

    def text(name: str) -> Part:
        return Part("text", words.text(f"rollout.text.{name}"))

    def figure(name: str) -> list[Part]:
        return [Part("figure", inline(drawn[f"{name}_{s}"])) for s in w.scenarios_of(summary) if f"{name}_{s}" in drawn]

    def per_world(make: Any, name: str, kind: str = "table") -> list[Part]:
        found = [make(summary, tables.get(name), variant, scenario, words) for variant, scenario in worlds]
        return [Part(kind, table) for table in found if table is not None and table.rows]

    spreads = [w.spread_table(summary, variant, scenario, words) for variant, scenario in worlds]
    contents: dict[str, list[Part]] = {
        "strategies": [
            text("strategies"),
            *(Part("table", table) for table in w.strategy_tables(summary, words.code)),
            *(Part("table", table) for table in spreads if table is not None),
        ],
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
