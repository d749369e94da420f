"""The report of the nation, district by district: one self-contained page in the form of that of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from povsim.reporting import page_gains as gains
from povsim.reporting import page_tables as more
from povsim.reporting import tile_map
from povsim.reporting import verdict as v
from povsim.reporting.drawing import rows_of
from povsim.reporting.figures import figures
from povsim.reporting.language import Language, language
from povsim.reporting.page import equal_money_parts, limits
from povsim.reporting.sentences import notes as notes_of_arms
from povsim.reporting.sentences import sentences
from povsim.reporting.simple_page import Page, Part, Section, inline
from povsim.reporting.tables import Table, arm_table, contrast_table
from povsim.reporting.verdict import Summary

__all__ = ["TABLES", "figures", "notes", "page", "sentences", "tables_shown"]
TABLES = (
    "contrasts_by_place", "cost", "districts", "exit_survival", "exits_by_year", "exits_over_time", "funnel", "headcount_path",
    "parameters", "places", "population_check", "who_gains",
)  # fmt: skip
"""Tables of the result folder that the page reads."""
PUBLISHED = ("map_published", "map_districts")
"""Maps of published figures: they belong to the check of the population."""


def notes(summary: Summary, code: str) -> list[str]:
    """What must stand beside the sentences: what results are of, what the drawing of villages adds, and the common notes."""
    words = language(code)
    population = summary["population"]
    found = [*incomplete(summary, words), words.text("national.note.district")]
    if population["sample"] is not None:
        share = words.percent(population["sample"], 1)
        lived, every = (words.number(population[name]) for name in ("villages", "villages_nation"))
        found.append(words.text("national.note.sample", share=share, lived=lived, every=every))
    given = words.text("note.given_parameters")
    certain = words.text("national.note.certain" if population["sample"] is None else "national.note.certain_sample")
    return [*found, *(certain if note == given else note for note in notes_of_arms(summary, code))]


def incomplete(summary: Summary, words: Language) -> list[str]:
    """Warnings: districts that failed, by name and with their share of households, and arms that could not be lived."""
    out = []
    for variant, one in summary.get("missing", {}).items():
        fields = {"count": words.number(len(one["districts"])), "of": words.number(one["of"])}
        share, names = words.percent(one["household_share"], 2), words.listing(one["districts"])
        label = v.variant_label(variant, words)
        out.append(words.text("national.note.missing", variant=label, share=share, names=names, **fields))
    for arm, why in summary.get("dropped", {}).items():
        out.append(words.text("national.note.dropped", arm=v.arm_label(summary, arm, words), reason=why))
    return out


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """Tables for the terminal: arms, contrasts, poverty against published figures."""
    found = []
    for variant in summary["variants"]:
        found += [_arms(summary, variant, "structural", words), contrast_table(summary, variant, words.code)]
        found += [
            table for table in (more.takeup(summary, variant, words), _gaps(summary, variant, words)) if table is not None
        ]
    return found


def _arms(summary: Summary, variant: str, group: str, words: Language) -> Table:
    caption = words.text("national.arms_caption", pkh=words.text("note.pkh"))
    return replace(arm_table(summary, variant, words.code, group), caption=caption)


def _gaps(summary: Summary, variant: str, words: Language) -> Table | None:
    """How far simulated poverty is from published figures, by level."""
    rows = [
        (
            words.text(f"national.level.{level}"),
            words.number(one["places"]),
            words.points(one["largest_gap_pp"] / 100, 2),
            words.number(one["mean_absolute_gap_pp"], 2),
            words.number(one["within_half_pp"]),
        )
        for level, one in summary["check"][variant].items()
    ]
    names = ("level", "places", "largest", "mean", "within")
    title = words.text("national.gaps", variant=v.variant_label(variant, words))
    return Table(title, tuple(words.text(f"national.head.{name}") for name in names), tuple(rows))


def _districts(summary: Summary, tables: Mapping[str, Any], variant: str, words: Language) -> Table | None:
    """Every district: poverty published and simulated, structurally poor, and what the main arm adds to assistance."""
    arm = v.main_arm(summary)
    found = {row["district_id"]: row for row in rows_of(tables.get("districts")) if row["variant"] == variant}
    contrasts = {
        row["district_id"]: row
        for row in rows_of(tables.get("contrasts_by_place"))
        if (row["level"], row["area"], row["variant"], row["group"], row["measure"], row["arm"], row["against"])
        == ("district", "all", variant, "structural", "E4", arm, "aid")
    }
    rows = []
    for number, row in found.items():
        contrast = contrasts.get(number)
        reading = v.MISSING if contrast is None else v.status(contrast)
        known = contrast is not None and reading not in (v.MISSING, v.TOO_FEW)
        rows.append(
            (
                str(row["district"]),
                tile_map.province_name(str(row["province"])),
                words.number(row["households"]),
                f"{words.number(row['published_pct'], 2)} ({row['grade']})",
                words.number(row["simulated_pct"], 2),
                words.number(row["gap_pp"], 2, signed=True),
                words.number(round(contrast["households"])) if contrast else words.text("table.none"),
                words.per_thousand(contrast["mean"], signed=True) if contrast and known else gains.DASH,
                words.text(f"reading.{reading}"),
            )
        )
    if not rows:
        return None
    names = ("district", "province", "households", "published", "simulated", "gap", "structural", "difference", "reading")
    label = words.text("table.none") if arm is None else v.arm_label(summary, arm, words)
    return Table(
        words.text(
            "national.districts_lived" if summary.get("missing") else "national.districts",
            count=words.number(len(rows)),
            arm=label,
            variant=v.variant_label(variant, words),
        ),
        tuple(words.text(f"national.head.{name}") for name in names),
        tuple(rows),
        labels=2,
        caption=words.text("national.districts_caption"),
        words=frozenset({8}),
    )


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page of the nation."""
    population = summary["population"]
    stamps = [words.text("page.stamp_toy")] if v.population(summary) == "toy" else []
    stamps += [words.text("national.stamp_missing")] if summary.get("missing") else []
    part = "" if population["sample"] is None else "_sample"
    counted = {name: words.number(population[name]) for name in ("districts", "villages", "households_simulated")}
    return Page(
        title=words.text("national.title"),
        subtitle=words.text(f"national.subtitle{part}", place=words.text(f"place.{v.place(summary)}")),
        run=words.text(f"national.run{part}", seed=summary["seed"], months=summary["horizon_months"], **counted),
        sentences=sentences(summary, words.code),
        notes=notes(summary, words.code),
        sections=_sections(summary, tables, drawn, words),
        stamps=[*stamps, *([words.text("page.stamp_target")] if summary["targets"] else [])],
    )


def _sections(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> list[Section]:
    variants = list(summary["variants"])
    definition = summary["definition"]
    first, last = definition["window"]

    def text(key: str, **fields: object) -> Part:
        return Part("text", words.text(key, **fields))

    def figure(name: str) -> list[Part]:
        return [Part("figure", inline(drawn[name]))] if name in drawn else []

    def each(make: Any, kind: str = "table") -> list[Part]:
        return [Part(kind, table) for table in map(make, variants) if table is not None and table.rows]

    def kinds(pair: tuple[str, str], provinces: bool, kind: str) -> list[Part]:
        table = tables.get("who_gains")
        return each(lambda variant: gains.gains(summary, table, variant, pair, words, "structural", provinces), kind)

    pairs = gains.pairs(summary)[:1]
    contents: dict[str, list[Part]] = {
        "page.sure": [
            text("national.text.sure" if summary["population"]["sample"] is None else "national.text.sure_sample"),
            text("page.sure_few"),
            text("page.sure_pairs"),
            text("national.text.by_chance"),
            text("page.sure_window", first=first, last=last, b=words.percent(definition["b"], 0), W=definition["W"]),
            *equal_money_parts(summary, words),
        ],
        "page.ladder": [
            text("page.ladder_text"),
            *figure("ladder"),
            *each(lambda variant: _arms(summary, variant, "structural", words)),
            *each(lambda variant: _arms(summary, variant, "baseline_poor", words), "long_table"),
        ],
        "page.contrasts": [
            text("page.contrasts_text"),
            *each(lambda variant: contrast_table(summary, variant, words.code)),
            *each(lambda variant: contrast_table(summary, variant, words.code, "baseline_poor"), "long_table"),
        ],
        "national.section.places": [
            text("national.text.places"),
            *(part for pair in pairs for part in kinds(pair, False, "table")),
            *(part for name in drawn if name.startswith("map_") and name not in PUBLISHED for part in figure(name)),
            *(part for pair in pairs for part in kinds(pair, True, "long_table")),
            *each(lambda variant: _districts(summary, tables, variant, words), "long_table"),
        ],
        "page.over_time": [
            *figure("exits_over_time"),
            *each(lambda variant: more.exits_by_year(summary, variant, tables.get("exits_by_year"), words)),
        ],
        "page.survival": [text("page.survival_text"), *figure("exit_survival")],
        "page.headcount": [
            text("page.headcount_text"),
            *figure("headcount_path"),
            *each(lambda variant: more.headcount(summary, variant, words)),
        ],
        "page.funnel": [
            text("page.funnel_text"),
            *figure("funnel"),
            text("page.takeup_text"),
            *each(lambda variant: more.takeup(summary, variant, words)),
        ],
        "page.cost": [
            text("page.cost_text"),
            *figure("cost_per_exit"),
            *each(lambda variant: more.cost(summary, variant, tables.get("cost"), words)),
        ],
        "page.population": [
            text("page.population_text"),
            *each(lambda variant: _gaps(summary, variant, words)),
            *(Part("table", one) for one in [more.headcount_check(tables.get("population_check"), words)] if one is not None),
            *(part for name in PUBLISHED for part in figure(name)),
        ],
        "page.evidence": [
            Part("long_table", one) for one in [more.parameters(tables.get("parameters"), words)] if one is not None
        ],
        "page.limits": limits(words),
    }
    if len(variants) > 1:
        ranges = more.ranges(summary, words)
        contents["page.variants"] = [text("page.variants_text"), *([Part("table", ranges)] if ranges is not None else [])]
    return [Section(key.rpartition(".")[2], words.text(key), parts) for key, parts in contents.items() if parts]
