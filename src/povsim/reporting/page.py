"""The report: one self-contained page, readable on a telephone and on paper, that asks the network for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from povsim.reporting import break_even, tile_map, uncertain
from povsim.reporting import ledger as mechanism
from povsim.reporting import page_gains as gains
from povsim.reporting import page_tables as more
from povsim.reporting import verdict as v
from povsim.reporting import whole_tables as whole
from povsim.reporting.brief import changes
from povsim.reporting.drawing import drawn_arms, rows_of
from povsim.reporting.language import Language, language
from povsim.reporting.quote import Quoter, plain
from povsim.reporting.sentences import notes, sentences
from povsim.reporting.simple_page import Page, Part, Section, html, inline, reproduce_parts
from povsim.reporting.tables import Table, arm_table, contrast_table
from povsim.reporting.verdict import Summary

RUNGS = ("E1", "E2", "E3", "E4", "E4x", "E5")
EQUAL_COST_GAP_MAX = 0.01
_PUBLISHED = ("map_published", "map_districts")
_LIMITS = ("migration", "prices", "urban", "children", "below", "unseen")


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
    words = language(code)
    material = _Material(summary, tables, figures, words, provenance or {}, scenario_text, reproduce_text)
    population = summary.get("population", {})
    run = words.text(
        "page.run",
        seed=summary.get("seed", "?"),
        replicates=summary.get("replicates", "?"),
        villages=_count(population.get("villages"), words),
        households=_count(population.get("households_per_village"), words),
        months=summary.get("horizon_months", "?"),
    )
    place = words.text(f"place.{v.place(summary)}")
    page = Page(
        title=words.text("page.title"),
        subtitle=words.text("page.title_place", place=place),
        run=run,
        sentences=sentences(summary, code),
        notes=notes(summary, code),
        sections=_sections(material),
        stamps=_stamps(summary, words),
    )
    return html(page, words)


def _sections(m: _Material) -> list[Section]:
    contents: dict[str, list[Part]] = {
        "sure": _sure(m),
        "ladder": _ladder(m),
        "contrasts": _contrasts(m),
        "mechanism": _mechanism(m),
        "flows": _flows(m),
        "who_gains": _who_gains(m),
        "over_time": [
            *m.figure("exits_over_time"),
            *m.per_variant(lambda variant: more.exits_by_year(m.summary, variant, m.tables.get("exits_by_year"), m.words)),
            m.pkh(),
        ],
        "survival": [
            m.text("survival_text"),
            *m.figure("exit_survival"),
            *m.per_variant(lambda variant: mechanism.futures(m.summary, variant, m.words)),
            m.pkh(),
        ],
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
        "changes": _changes(m),
        "population": _population(m),
        "evidence": _evidence(m),
        "limits": limits(m.words),
        "reproduce": _reproduce(m),
    }
    sections = [Section(name, _title(name, m.words), parts) for name, parts in contents.items()]
    if m.summary.get("break_even"):
        at = next(k for k, section in enumerate(sections) if section.name == "variants")
        sections.insert(at, Section("break_even", m.words.text("break_even.section"), _break_even(m)))
    return sections


def _title(name: str, words: Language) -> str:
    places = (f"page.{name}", f"ledger.{name}", f"brief.section.{name}")
    return words.text(next(place for place in places if place in words.texts))


def _sure(m: _Material) -> list[Part]:
    definition = m.summary.get("definition", {})
    first, last = definition.get("window", ["?", "?"])
    parts = [
        m.text(
            "sure_text" if uncertain.drawn(m.summary) is None else "sure_drawn", replicates=m.summary.get("replicates", "?")
        ),
        m.text("sure_few"),
        m.text("sure_pairs"),
        m.text("sure_window", first=first, last=last, b=_b(m), W=definition.get("W", "?")),
    ]
    split = m.per_variant(lambda variant: whole.uncertain_table(m.summary, variant, m.words))
    return [*parts, *split, *equal_money_parts(m.summary, m.words)]


def equal_money_parts(summary: Summary, words: Language) -> list[Part]:
    """How far the costs of arms of equal cost are from their arms', by variant, and a warning that names those beyond 1 %."""
    parts: list[Part] = []
    for variant, solved in summary.get("equal_cost", {}).items():
        if not solved:
            continue
        label = v.variant_label(variant, words)
        gaps = {twin: abs(entry["gap_share"]) for twin, entry in solved.items()}
        parts.append(Part("text", words.text("page.sure_equal", gap=words.percent(max(gaps.values()), 2), variant=label)))
        for twin, gap in gaps.items():
            if gap > EQUAL_COST_GAP_MAX:
                named = f"{v.arm_label(summary, twin, words)}, {label}"
                parts.append(Part("warning", words.text("page.sure_equal_warning", gap=words.percent(gap, 2), variant=named)))
    return parts


def limits(words: Language) -> list[Part]:
    """What is not modelled."""
    return [Part("list", [words.text(f"page.limit_{name}") for name in _LIMITS])]


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
        *([m.text("figures_leave_out")] if len(drawn_arms(m.summary)) < len(v.arms(m.summary)) else []),
        *m.per_variant(lambda variant: arm_table(m.summary, variant, m.words.code)),
        *m.per_variant(lambda variant: whole.companions_table(m.summary, variant, m.words)),
        *m.per_variant(lambda variant: arm_table(m.summary, variant, m.words.code, "baseline_poor")),
        *_tables([more.persons(m.summary, m.tables.get("persons"), m.words)]),
    ]


def _contrasts(m: _Material) -> list[Part]:
    everyone = m.per_variant(lambda variant: contrast_table(m.summary, variant, m.words.code, "baseline_poor"))
    return [
        m.text("contrasts_text"),
        *m.per_variant(lambda variant: contrast_table(m.summary, variant, m.words.code)),
        *(Part("long_table", part.value) for part in everyone if part.kind == "table"),
        *m.per_variant(lambda variant: whole.scenarios_table(m.summary, variant, m.words)),
        *m.per_variant(lambda variant: whole.everyone_table(m.summary, variant, m.words)),
        *m.per_variant(lambda variant: whole.after_aid_table(m.summary, variant, m.words)),
    ]


def _mechanism(m: _Material) -> list[Part]:
    if not m.summary.get("ledger"):
        return [Part("text", m.words.text("ledger.mechanism_missing"))]
    found = [
        table
        for variant in m.summary["variants"]
        for table in (*mechanism.mechanisms(m.summary, variant, m.words), *mechanism.spill_over(m.summary, variant, m.words))
    ]
    return [Part("text", m.words.text("ledger.mechanism_text")), *m.figure("ledger"), *_tables(found), m.pkh()]


def _flows(m: _Material) -> list[Part]:
    """Lifted and lost, what the lost exits come from where a run took the effect apart, and what relapses lacked."""
    lifted = m.per_variant(lambda variant: gains.flows(m.summary, variant, m.words))
    lost = [table for variant in m.summary["variants"] for table in mechanism.causes(m.summary, variant, m.words)]
    table = m.tables.get("relapses")
    fell = m.per_variant(lambda variant: mechanism.relapses(m.summary, variant, table, m.words))
    first = [Part("text", m.words.text("brief.section.flows_text")), *lifted]
    causes = [Part("text", m.words.text("ledger.flows_text")), *_tables(lost)] if lost else []
    return _or_missing(m, [*(first if lifted else []), *causes, *fell])


def _who_gains(m: _Material) -> list[Part]:
    words, table = m.words, m.tables.get("who_gains")
    rows = rows_of(table)
    if not rows:
        return [m.text("missing")]
    parts = [Part("text", words.text("brief.section.who_gains_text"))]
    first, *others = [pair for pair in gains.pairs(m.summary) if any((row["arm"], row["against"]) == pair for row in rows)] or [
        (rows[0]["arm"], rows[0]["against"])
    ]
    parts += m.per_variant(lambda variant: gains.gains(m.summary, table, variant, first, words, "structural"))
    for pair in others:
        parts += _long(gains.gains(m.summary, table, one, pair, words, "structural") for one in m.summary["variants"])
    parts += _long(gains.gains(m.summary, table, one, first, words, "baseline_poor") for one in m.summary["variants"])
    parts += m.per_variant(lambda variant: gains.without_cooperative(m.summary, variant, words))
    parts += [part for name in m.figures if name.startswith("map_") and name not in _PUBLISHED for part in m.figure(name)]
    by_province = [row for row in rows if row["dimension"] == "province"]
    for arm, other in tile_map.contrast_pairs(m.summary, by_province, drawn=False) if "map_leaving" in m.figures else []:
        names = {"arm": v.arm_label(m.summary, arm, words), "other": v.arm_label(m.summary, other, words)}
        parts.append(Part("note", words.text("brief.map.nothing", **names)))
    parts += _long(gains.gains(m.summary, table, one, first, words, "structural", True) for one in m.summary["variants"])
    unseen = tile_map.off_the_map(m.tables)
    if unseen:
        parts.append(Part("note", words.text("brief.section.off_map", names=words.listing(unseen))))
    return [*parts, Part("note", words.text("brief.section.every_pair"))]


def _changes(m: _Material) -> list[Part]:
    if "brief" not in m.summary:
        return [m.text("missing")]
    points = changes(Quoter(m.summary, m.words), v.main_arm(m.summary))
    text = Part("text", m.words.text("brief.section.changes_text"))
    return [text, Part("terms", [(heading, plain(one)) for heading, one in points])]


def _cost(m: _Material) -> list[Part]:
    return [
        m.text("cost_text"),
        *m.figure("cost_per_exit"),
        *m.per_variant(lambda variant: more.cost(m.summary, variant, m.tables.get("cost"), m.words)),
        *m.per_variant(lambda variant: whole.equal_money_table(m.summary, variant, m.words)),
        m.pkh(),
    ]


def _break_even(m: _Material) -> list[Part]:
    said, cells = break_even.counted(m.tables.get("break_even"))
    rows = break_even.provinces(m.summary, m.tables.get("break_even"), m.words)
    positions = break_even.positions(m.summary, m.words)
    count = {"said": m.words.number(said), "all": m.words.number(cells)}
    return [
        *(Part("text", m.words.text(f"break_even.{name}")) for name in ("text", "moved")),
        *m.figure("break_even"),
        *m.per_variant(lambda variant: break_even.table(m.summary, variant, m.words)),
        Part("text", m.words.text("break_even.alone")),
        *([Part("text", m.words.text(f"break_even.{'some' if said else 'none'}", **count))] if cells else []),
        *(Part("long_table", table) for table in (rows, positions) if table is not None),
        m.pkh(),
    ]


def _population(m: _Material) -> list[Part]:
    table = m.tables.get("population_check")
    everything = more.population_rows(table, m.words)
    short = _or_missing(m, _tables([more.headcount_check(table, m.words)]))
    drawn = [part for name in _PUBLISHED for part in m.figure(name)]
    return [m.text("population_text"), *short, *drawn, *([Part("long_table", everything)] if everything else []), _grade_key(m)]


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
    moved = m.per_variant(lambda variant: whole.assumptions_table(m.summary, variant, m.words))
    parts += moved or [m.text("evidence_answer_missing")]
    parts += _tables([more.grades(table, m.words)])
    everything = more.parameters(table, m.words)
    return [*parts, *([Part("long_table", everything)] if everything else [])]


def _grade_key(m: _Material) -> Part:
    return Part("note", "; ".join(f"{grade}: {m.words.text(f'grade.{grade}')}" for grade in more.GRADES) + ".")


def _reproduce(m: _Material) -> list[Part]:
    return reproduce_parts(m.words, m.provenance, m.scenario_text, m.reproduce_text)


def _tables(found: Iterable[Table | None]) -> list[Part]:
    return [Part("table", table) for table in found if table is not None and table.rows]


def _long(found: Iterable[Table | None]) -> list[Part]:
    return [Part("long_table", table) for table in found if table is not None and table.rows]


def _or_missing(m: _Material, parts: list[Part]) -> list[Part]:
    return parts or [m.text("missing")]


def _stamps(summary: Summary, words: Language) -> list[str]:
    stamps = [words.text("page.stamp_toy")] if v.place(summary) == "toy" else []
    return stamps + ([words.text("page.stamp_target")] if _has_targets(summary) else [])


def _has_targets(summary: Summary) -> bool:
    moved = (scenario for entry in summary.get("break_even", {}).values() for scenario in entry["scenarios"])
    return any(v.is_target(summary, arm) for arm in v.arms(summary)) or any(scenario["target"] for scenario in moved)


def _count(value: Any, words: Language) -> str:
    return "?" if value is None else words.number(value)
