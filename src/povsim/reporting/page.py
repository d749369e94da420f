"""The report: one self-contained page, readable on a telephone and on paper, that asks the network for nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from povsim.reporting import page_tables as more
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.sentences import notes, sentences
from povsim.reporting.tables import Table, arm_table, contrast_table
from povsim.reporting.verdict import Summary

RUNGS = ("E1", "E2", "E3", "E4", "E4x", "E5")
EQUAL_COST_GAP_MAX = 0.01
_LIMITS = ("migration", "prices", "urban", "children", "below", "unseen")


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
class _Material:
    summary: Summary
    tables: Mapping[str, Any]
    figures: Mapping[str, str]
    words: Language
    provenance: Mapping[str, Any]
    scenario_text: str
    reproduce_text: str

    def text(self, key: str, **fields: object) -> Part:
        return Part("text", self.words.text(f"page.{key}", **fields))

    def pkh(self) -> Part:
        return Part("note", self.words.text("note.pkh"))

    def figure(self, name: str) -> list[Part]:
        return [Part("figure", inline(self.figures[name]))] if name in self.figures else []

    def per_variant(self, make: Callable[[str], Table | None]) -> list[Part]:
        return _tables(make(variant) for variant in self.summary["variants"])


def render(
    summary: Summary,
    tables: Mapping[str, Any],
    figures: Mapping[str, str],
    code: str = "en",
    provenance: Mapping[str, Any] | None = None,
    scenario_text: str = "",
    reproduce_text: str = "",
) -> str:
    """The page as HTML text.

    `tables`: those of the result folder as lists of dicts or polars frames; `figures`: SVG texts by name, trusted (they are
    the ones of `povsim.reporting.figures`); everything else is escaped. Raises PovsimError for an unknown language.
    """
    from jinja2 import Environment, StrictUndefined

    words = language(code)
    material = _Material(summary, tables, figures, words, provenance or {}, scenario_text, reproduce_text)
    template = resources.files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    population = summary.get("population", {})
    page: str = environment.from_string(template).render(
        code=code,
        text=words.text,
        title=words.text("page.title"),
        subtitle=words.text("page.title_place", place=words.text(f"place.{v.place(summary)}")),
        stamps=_stamps(summary, words),
        run=words.text(
            "page.run",
            seed=summary.get("seed", "?"),
            replicates=summary.get("replicates", "?"),
            villages=_count(population.get("villages"), words),
            households=_count(population.get("households_per_village"), words),
            months=summary.get("horizon_months", "?"),
        ),
        sentences=sentences(summary, code),
        notes=notes(summary, code),
        sections=_sections(material),
    )
    return page


def _sections(m: _Material) -> list[Section]:
    contents: dict[str, list[Part]] = {
        "sure": _sure(m),
        "ladder": _ladder(m),
        "contrasts": _contrasts(m),
        "over_time": [
            *m.figure("exits_over_time"),
            *m.per_variant(lambda variant: more.exits_by_year(m.summary, variant, m.tables.get("exits_by_year"), m.words)),
            m.pkh(),
        ],
        "survival": [m.text("survival_text"), *m.figure("exit_survival"), m.pkh()],
        "headcount": [
            m.text("headcount_text"),
            *m.figure("headcount_path"),
            *m.per_variant(lambda variant: more.headcount(m.summary, variant, m.words)),
            m.pkh(),
        ],
        "funnel": [m.text("funnel_text"), *m.figure("funnel")],
        "takeup": [
            m.text("takeup_text"),
            *_or_missing(m, m.per_variant(lambda variant: more.takeup(m.summary, variant, m.words))),
        ],
        "cost": _cost(m),
        "variants": [m.text("variants_text"), *_or_missing(m, _tables([more.ranges(m.summary, m.words)])), m.pkh()],
        "population": _population(m),
        "evidence": _evidence(m),
        "limits": [Part("list", [m.words.text(f"page.limit_{name}") for name in _LIMITS])],
        "reproduce": _reproduce(m),
    }
    return [Section(name, m.words.text(f"page.{name}"), parts) for name, parts in contents.items()]


def _sure(m: _Material) -> list[Part]:
    definition = m.summary.get("definition", {})
    first, last = definition.get("window", ["?", "?"])
    parts = [
        m.text("sure_text", replicates=m.summary.get("replicates", "?")),
        m.text("sure_few"),
        m.text("sure_pairs"),
        m.text("sure_window", first=first, last=last, b=_b(m), W=definition.get("W", "?")),
    ]
    for variant, entry in m.summary.get("equal_cost", {}).items():
        if not entry or entry.get("gap_share") is None or entry.get("level") is None:
            continue
        gap, label = m.words.percent(entry["gap_share"], 2), v.variant_label(variant, m.words)
        parts.append(m.text("sure_equal", level=m.words.number(entry["level"], 3), gap=gap, variant=label))
        if abs(entry["gap_share"]) > EQUAL_COST_GAP_MAX:
            parts.append(Part("warning", m.words.text("page.sure_equal_warning", gap=gap, variant=label)))
    return parts


def _b(m: _Material) -> str:
    margin = m.summary.get("definition", {}).get("b")
    return "?" if margin is None else m.words.percent(margin, 0)


def _ladder(m: _Material) -> list[Part]:
    held = m.summary.get("definition", {}).get("W", "?")
    meanings = [
        (m.words.text(f"measure.{rung}"), m.words.text(f"measure_meaning.{rung}", b=_b(m), W=held) if rung in ("E2", "E4") else
         m.words.text(f"measure_meaning.{rung}"))
        for rung in RUNGS
    ]  # fmt: skip
    return [
        m.text("ladder_text"),
        Part("terms", meanings),
        *m.figure("ladder"),
        *m.per_variant(lambda variant: arm_table(m.summary, variant, m.words.code)),
        *m.per_variant(lambda variant: arm_table(m.summary, variant, m.words.code, "baseline_poor")),
        *_tables([more.persons(m.summary, m.tables.get("persons"), m.words)]),
    ]


def _contrasts(m: _Material) -> list[Part]:
    everyone = m.per_variant(lambda variant: contrast_table(m.summary, variant, m.words.code, "baseline_poor"))
    return [
        m.text("contrasts_text"),
        *m.per_variant(lambda variant: contrast_table(m.summary, variant, m.words.code)),
        *(Part("long_table", part.value) for part in everyone if part.kind == "table"),
    ]


def _cost(m: _Material) -> list[Part]:
    return [
        m.text("cost_text"),
        *m.figure("cost_per_exit"),
        *m.per_variant(lambda variant: more.cost(m.summary, variant, m.tables.get("cost"), m.words)),
        *_tables([more.equal_cost(m.summary, m.words)]),
        m.pkh(),
    ]


def _population(m: _Material) -> list[Part]:
    table = m.tables.get("population_check")
    everything = more.population_rows(table, m.words)
    short = _or_missing(m, _tables([more.headcount_check(table, m.words)]))
    return [m.text("population_text"), *short, *([Part("long_table", everything)] if everything else []), _grade_key(m)]


def _evidence(m: _Material) -> list[Part]:
    table = m.tables.get("parameters")
    by_symbol = more.grade_of(table)
    if not by_symbol:
        return [m.text("missing")]
    assumed = sum(grade == "A" for grade in by_symbol.values())
    parts = [
        m.text(
            "evidence_text",
            assumed=m.words.number(assumed),
            count=m.words.number(len(by_symbol)),
            share=m.words.percent(assumed / len(by_symbol)),
        )
    ]
    answer = m.summary.get("share_grade_a")
    if answer is not None:
        parts.append(m.text("evidence_answer", share=m.words.percent(answer)))
    parts += _tables([more.grades(table, m.words)])
    everything = more.parameters(table, m.words)
    return [*parts, *([Part("long_table", everything)] if everything else [])]


def _grade_key(m: _Material) -> Part:
    return Part("note", "; ".join(f"{grade}: {m.words.text(f'grade.{grade}')}" for grade in more.GRADES) + ".")


def _reproduce(m: _Material) -> list[Part]:
    return reproduce_parts(m.words, m.provenance, m.scenario_text, m.reproduce_text)


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


def _tables(found: Iterable[Table | None]) -> list[Part]:
    return [Part("table", table) for table in found if table is not None and table.rows]


def _or_missing(m: _Material, parts: list[Part]) -> list[Part]:
    return parts or [m.text("missing")]


def _stamps(summary: Summary, words: Language) -> list[str]:
    stamps = [words.text("page.stamp_toy")] if v.place(summary) == "toy" else []
    return stamps + ([words.text("page.stamp_target")] if any(v.is_target(summary, arm) for arm in v.arms(summary)) else [])


def _count(value: Any, words: Language) -> str:
    return "?" if value is None else words.number(value)


def inline(svg: str) -> Any:
    """An SVG text without the XML head, which has no place inside a page."""
    from markupsafe import Markup

    return Markup(re.sub(r"^\s*<\?xml.*?\?>\s*", "", svg, flags=re.DOTALL))
