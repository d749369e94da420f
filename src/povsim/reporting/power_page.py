"""The report of a question of power: the textbook figure, pilots inside the model, costs, and the audit of estimators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim.reporting import power_words as w
from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.power_figures import figures
from povsim.reporting.power_words import notes, sentences, tables_shown
from povsim.reporting.simple_page import Page, Part, Section, figure, run_line
from povsim.reporting.verdict import Summary

__all__ = ["TABLES", "figures", "notes", "page", "sentences", "tables_shown"]
TABLES = ("closed_form", "outcomes", "power", "audit")


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page of a question of power."""
    lived = bool(summary.get("variants"))
    stamps = [words.text("page.stamp_toy")] if lived and v.place(summary) == "toy" else []
    stamps += [words.text("page.stamp_target")] if lived and summary["targets"] else []
    return Page(
        title=words.text("power.title"),
        subtitle=words.text("power.subtitle"),
        run=run_line(summary, words) if lived else "",
        sentences=sentences(summary, words.code),
        notes=notes(summary, words.code),
        sections=_sections(summary, drawn, words),
        stamps=stamps,
        headline=words.text("power.section.verdict"),
    )


def _sections(summary: Summary, drawn: Mapping[str, str], words: Language) -> list[Section]:
    def text(name: str) -> Part:
        return Part("text", words.text(f"power.text.{name}"))

    blocks = summary.get("variants", {})
    contents: dict[str, list[Part]] = {
        "closed": [
            text("closed" if w.simulated(summary) else "closed_alone"),
            Part("table", w.closed_table(summary, words)),
            *figure(drawn, "closed"),
        ]
    }
    if blocks:
        contents |= {
            "outcomes": [text("outcomes"), *(Part("table", w.outcome_table(n, b, words)) for n, b in blocks.items())],
            "curves": figure(drawn, "curves"),
            "costs": [text("costs"), *(Part("table", t) for n, b in blocks.items() if (t := w.cost_table(n, b, words)).rows)],
            "screening": [text("screening"), Part("table", w.screening_table(summary, words))],
        }
    varied = [table for name, block in blocks.items() if (table := w.assurance_table(name, block, words)) is not None]
    if varied:
        contents["assurance"] = [text("assurance"), *(Part("table", table) for table in varied)]
    audited = {name: block for name, block in blocks.items() if "audit" in block}
    if audited:
        found = [Part("table", w.audit_table(summary, name, block, words)) for name, block in audited.items()]
        contents["audit"] = [text("audit"), *found, *figure(drawn, "audit")]
    return [Section(name, words.text(f"power.section.{name}"), parts) for name, parts in contents.items()]
