"""The form of every report: a title, the sentences, their notes, and sections below them; one self-contained page.

A command whose report has this form is a module of this package with the names of `Report`; `REPORTS` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module, resources
from typing import TYPE_CHECKING, Any, Protocol, cast

from povsim.reporting.language import Language, language

if TYPE_CHECKING:
    from povsim.reporting.tables import Table

Summary = Mapping[str, Any]

REPORTS = {
    "rollout": "rollout_page",
    "national": "national_page",
    "trial": "trial_page",
    "power": "power_page",
    "calibrate": "calibrate_page",
    "fit": "fit_page",
    "sensitivity": "sensitivity_page",
    "forecast": "forecast_page",
    "validate": "validate_page",
}
"""Module of each command's report."""


@dataclass(frozen=True)
class Part:
    """One piece of a section: text, warning, note, list, terms, table, long_table, figure or code."""

    kind: str
    value: Any
    title: str = ""


@dataclass
class Section:
    """A heading and what stands below it."""

    name: str
    title: str
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A report in one language. `headline`: heading of the sentences; `run`: what was run; `stamps`: in frames.

    `footer`: the last line, where the words of every report do not fit.
    """

    title: str
    subtitle: str
    run: str
    sentences: Sequence[str]
    notes: Sequence[str]
    sections: Sequence[Section]
    stamps: Sequence[str] = ()
    headline: str | None = None
    footer: str | None = None


def run_line(summary: Summary, words: Language, text: str = "page.run", **more: Any) -> str:
    """What was run, by the catalogue's `text`: seed, replicates, size of the population, months; `more`: what else it names, or
    other months."""
    population = summary["population"]
    what = {
        "seed": summary["seed"],
        "replicates": summary["replicates"],
        "villages": words.number(population["villages"]),
        "households": words.number(population["households_per_village"]),
        "months": summary.get("horizon_months"),
    }
    return words.text(text, **{**what, **more})


class Report(Protocol):
    """What a command's module has. Tables are lists of dicts or polars frames by name; figures SVG texts by name."""

    TABLES: tuple[str, ...]
    """Tables of the result folder that figures and page read."""

    def sentences(self, summary: Summary, code: str) -> list[str]:
        """The answer in plain words."""

    def notes(self, summary: Summary, code: str) -> list[str]:
        """What must stand beside the sentences."""

    def tables_shown(self, summary: Summary, words: Language) -> list[Table]:
        """Tables for the terminal."""

    def figures(self, summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
        """SVG texts by name."""

    def page(self, summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
        """The page, without how to have it again: `render` adds that."""


def report_of(command: str) -> Report:
    """The module of a command's report."""
    return cast(Report, import_module(f"{__package__}.{REPORTS[command]}"))


def render(
    command: str,
    summary: Summary,
    tables: Mapping[str, Any],
    drawn: Mapping[str, str],
    code: str = "en",
    provenance: Mapping[str, Any] | None = None,
    scenario_text: str = "",
    reproduce_text: str = "",
) -> str:
    """The page of a command as HTML text; everything but the figures is escaped."""
    words = language(code)
    page = report_of(command).page(summary, tables, drawn, words)
    again = Section(
        "reproduce",
        words.text("page.reproduce"),
        reproduce_parts(words, provenance or {}, scenario_text, reproduce_text),
    )
    return html(replace(page, sections=[*page.sections, again]), words)


def write(
    command: str, summary: Summary, tables: Mapping[str, Any], code: str, texts: tuple[Summary, str, str]
) -> dict[str, str]:
    """Files of a report anew, by name below the folder: figures and report.html. `texts`: provenance, scenario, recipe."""
    drawn = report_of(command).figures(summary, tables, code)
    page = render(command, summary, tables, drawn, code, *texts)
    return {f"figures/{name}.svg": svg for name, svg in drawn.items()} | {"report.html": page}


def html(page: Page, words: Language) -> str:
    """The page as text; everything but the figures is escaped."""
    from jinja2 import Environment, StrictUndefined

    template = resources.files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text: str = environment.from_string(template).render(
        code=words.code,
        text=words.text,
        headline=page.headline or words.text("page.headline"),
        footer=page.footer or words.text("page.made_by"),
        title=page.title,
        subtitle=page.subtitle,
        stamps=page.stamps,
        run=page.run,
        sentences=page.sentences,
        notes=page.notes,
        sections=page.sections,
    )
    return text


def figure(drawn: Mapping[str, str], name: str) -> list[Part]:
    """A figure as a part, where it was drawn."""
    return [Part("figure", inline(drawn[name]))] if name in drawn else []


def reproduce_parts(words: Language, provenance: Mapping[str, Any], scenario_text: str, reproduce_text: str) -> list[Part]:
    """The recipe, the provenance and the scenario."""
    parts = [Part("code", reproduce_text)] if reproduce_text else []
    if provenance:
        lines = "\n".join(f"{key}: {value}" for key, value in _flat(provenance))
        parts.append(Part("code", lines, words.text("page.provenance")))
    if scenario_text:
        parts.append(Part("code", scenario_text, words.text("page.scenario")))
    return parts or [Part("text", words.text("page.missing"))]


def _flat(entries: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in entries.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def inline(svg: str) -> Any:
    """An SVG text without the XML head, which has no place inside a page."""
    from markupsafe import Markup

    return Markup(re.sub(r"^\s*<\?xml.*?\?>\s*", "", svg, flags=re.DOTALL))
