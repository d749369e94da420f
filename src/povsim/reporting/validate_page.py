"""The report of a validation: every pattern with target, tolerance, what is simulated, verdict and source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.simple_page import Page, Part, Section, figure
from povsim.reporting.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Summary = Mapping[str, Any]
Row = Mapping[str, Any]

TABLES: tuple[str, ...] = ("headcounts",)
_COLOURS = {"trap": "#d55e00", "no_trap": "#0072b2"}
FARTHEST = 4.0
"""Half-widths of the tolerance at which the figure ends; what lies beyond is marked by an arrow."""


def sentences(summary: Summary, code: str) -> list[str]:
    """How many patterns hold in each variant, and which do not."""
    words = language(code)
    out = []
    for variant in summary["variants"]:
        rows = [row for row in summary["patterns"] if row["variant"] == variant]
        lived = [row for row in rows if row["inside"] is not None]
        missed = [pattern_label(row["pattern"], words) for row in lived if not row["inside"]]
        met, of = summary["dynamic_inside"][variant]
        fields = {"variant": v.variant_label(variant, words), "met": len(lived) - len(missed), "of": len(lived)}
        out.append(words.text("validate.sentence.met", **fields, dynamic=met, dynamics=of))
        if missed:
            out.append(words.text("validate.sentence.missed", variant=fields["variant"], patterns=words.listing(missed)))
    waiting = [
        pattern_label(name, words) for name in sorted({r["pattern"] for r in summary["patterns"] if r["inside"] is None})
    ]
    if waiting:
        out.append(words.text("validate.sentence.waiting", patterns=words.listing(waiting)))
    return out


def notes(summary: Summary, code: str) -> list[str]:
    """What must stand beside the sentences."""
    words = language(code)
    found = [words.text("validate.note.fitted"), words.text("validate.note.small")]
    found.append(words.text("validate.note.draws", draws=summary["draws"]) if summary["draws"]
                 else words.text("validate.note.point", samples=summary["samples"]))  # fmt: skip
    for variant, one in summary["at_central_draw"].items():
        fields = {name: words.percent(one[name], 0) for name in ("F1", "F12")}
        found.append(words.text("validate.note.districts", variant=v.variant_label(variant, words), **fields))
    grades = {row["grade"] for row in summary["patterns"]} & {"G", "A"}
    return [*found, words.text("validate.note.grades")] if grades else found


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """A row a pattern, a table a variant."""
    return [_patterns(summary, variant, words, short=True) for variant in summary["variants"]]


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """`patterns`: all parts in half-widths of their tolerance; `headcounts`: F13 year by year."""
    words = language(code)
    drawn = {}
    if _drawable(summary):
        with d.style("patterns"):
            drawn["patterns"] = _all(summary, words)
    years = d.rows_of(tables.get("headcounts"))
    if years:
        with d.style("headcounts"):
            drawn["headcounts"] = _years(summary, years, words)
    return drawn


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page of a validation."""
    population = summary["population"]
    run = words.text(
        "validate.run_draws" if summary["draws"] else "validate.run_samples", seed=summary["seed"],
        villages=words.number(population["villages"]), households=words.number(population["households_per_village"]),
        draws=summary["draws"], samples=summary["samples"],
    )  # fmt: skip
    contents = {
        "figure": figure(drawn, "patterns"),
        "patterns": [Part("table", _patterns(summary, variant, words)) for variant in summary["variants"]],
        "sources": [Part("table", _sources(summary, words))],
        "parts": [Part("long_table", _parts(summary, variant, words)) for variant in summary["variants"]],
        "years": figure(drawn, "headcounts"),
    }
    sections = [
        Section(name, words.text(f"validate.section.{name}"), [Part("text", words.text(f"validate.text.{name}")), *parts])
        for name, parts in contents.items()
        if parts
    ]
    return Page(
        title=words.text("validate.title"), subtitle=words.text("validate.subtitle"), run=run,
        sentences=sentences(summary, words.code), notes=notes(summary, words.code), sections=sections,
        headline=words.text("validate.headline"),
    )  # fmt: skip


def pattern_label(pattern: str, words: Language) -> str:
    """F3 and what it is."""
    return f"{pattern} {words.text_or(f'validate.pattern.{pattern}', '')}".strip()


def _part_label(row: Row, words: Language) -> str:
    return words.text_or(f"validate.part.{str(row['part']).replace(' ', '_')}", str(row["part"]))


def _value(x: float | None, words: Language) -> str:
    if x is None:
        return words.text("table.none")
    if x == 0:
        return words.number(0)
    size = abs(x)
    return words.number(x, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3)


def _accepted(row: Row, words: Language) -> str:
    """What is accepted; of a direction alone the bound itself is not."""
    if row["target"] is None and row["high"] is None and row["low"] is not None:
        return words.text("validate.open.above", value=_value(row["low"], words))
    return _span(row["low"], row["high"], words)


def _span(low: float | None, high: float | None, words: Language) -> str:
    if low is None and high is None:
        return words.text("table.none")
    if low is None or high is None:
        return words.text(
            f"validate.open.{'least' if high is None else 'most'}", value=_value(high if low is None else low, words)
        )
    return words.interval(low, high, lambda x: _value(x, words), short=True)


def _cells(row: Row, words: Language) -> tuple[str, ...]:
    return (
        _value(row["target"], words), _accepted(row, words), _value(row["simulated"], words),
        _span(row["low80"], row["high80"], words), _span(row["low95"], row["high95"], words),
    )  # fmt: skip


def _heads(words: Language, *names: str) -> tuple[str, ...]:
    return tuple(words.text(f"validate.head.{name}") for name in names)


_CELLS = ("target", "accepted", "simulated", "band80", "band95")


def _patterns(summary: Summary, variant: str, words: Language, short: bool = False) -> Table:
    """A row a pattern; `short`: without the grade, for the terminal."""
    rows = [row for row in summary["patterns"] if row["variant"] == variant]
    cells = tuple(
        (pattern_label(row["pattern"], words), _part_label(row, words), *_cells(row, words),
         words.text(f"validate.verdict.{row['verdict']}"), *(() if short else (row["grade"],)))
        for row in rows
    )  # fmt: skip
    heads = _heads(words, "pattern", "part", *_CELLS, "verdict", *(() if short else ("grade",)))
    title = words.text("validate.table.patterns", variant=v.variant_label(variant, words))
    return Table(title, heads, cells, 2, words.text("validate.table.caption"), words=frozenset(range(7, len(heads))))


def _sources(summary: Summary, words: Language) -> Table:
    """Where the target of each pattern comes from, once for all variants."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in summary["patterns"]:
        for part in row["parts"]:
            named = found.setdefault((row["pattern"], part["grade"], part["source"]), [])
            if (label := _part_label(part, words)) and label not in named:
                named.append(label)
    cells = tuple(
        (pattern_label(pattern, words), ", ".join(named), grade, source) for (pattern, grade, source), named in found.items()
    )
    return Table(words.text("validate.table.sources"), _heads(words, "pattern", "part", "grade", "source"), cells, 4)


def _parts(summary: Summary, variant: str, words: Language) -> Table:
    rows = [(row["pattern"], part) for row in summary["patterns"] if row["variant"] == variant for part in row["parts"]]
    cells = tuple(
        (pattern, _part_label(part, words), *_cells(part, words), words.text(f"validate.inside.{part['inside']}"), part["unit"])
        for pattern, part in rows
    )
    title = words.text("validate.table.parts", variant=v.variant_label(variant, words))
    return Table(title, _heads(words, "pattern", "part", *_CELLS, "verdict", "unit"), cells, 2, words=frozenset((7, 8)))


def _drawable(summary: Summary) -> list[tuple[str, str]]:
    """(pattern, part) of what has a tolerance to be drawn against, in order."""
    found = [
        (row["pattern"], part["part"])
        for row in summary["patterns"]
        for part in row["parts"]
        if part["target"] is not None and part["tolerance"] and part["simulated"] is not None
    ]
    return list(dict.fromkeys(found))


def _all(summary: Summary, words: Language) -> str:
    names = _drawable(summary)
    height = 1.5 + 0.3 * len(names)
    canvas = d.canvas({"variants": ("one", "two")}, height)
    ax = canvas.add_axes((0.43, 0.62 / height, 0.54, 1 - 1.4 / height))
    ax.axvspan(-1, 1, color="#e8f1e4", zorder=0)
    ax.axvline(0, color=d.FAINT, linewidth=0.8, zorder=1)
    variants = summary["variants"]
    for row in summary["patterns"]:
        place = 0.17 * (variants.index(row["variant"]) - (len(variants) - 1) / 2)
        for part in row["parts"]:
            if (row["pattern"], part["part"]) in names and part["simulated"] is not None:
                _mark(ax, part, names.index((row["pattern"], part["part"])) + place, _COLOURS.get(row["variant"], d.INK))
    ax.set_yticks(range(len(names)), [_named(summary, *name, words) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(-FARTHEST - 0.2, FARTHEST + 0.2)
    ax.set_xlabel(words.text("validate.figure.x"))
    for at, variant in enumerate(variants):
        label = f"● {v.variant_label(variant, words)}"
        canvas.text(0.40 + 0.29 * at, 1 - 0.62 / height, label, color=_COLOURS.get(variant, d.INK), fontsize=9)
    title = words.text("validate.figure.title")
    d.titles(canvas, {}, title, words)
    return d.svg(canvas, "patterns", title)


def _named(summary: Summary, pattern: str, part: str, words: Language) -> str:
    name = pattern_label(pattern, words)
    several = any(len(row["parts"]) > 1 for row in summary["patterns"] if row["pattern"] == pattern)
    return f"{name}: {_part_label({'part': part}, words)}" if several else name


def _mark(ax: Axes, part: Row, y: float, colour: str) -> None:
    width = part["tolerance"] or 1.0

    def scaled(x: float) -> float:
        return float(max(-FARTHEST, min(FARTHEST, (x - part["target"]) / width)))

    for name, thick in (("95", 1.0), ("80", 3.0)):
        if part[f"low{name}"] is not None:
            ends = [scaled(part[f"low{name}"]), scaled(part[f"high{name}"])]
            ax.plot(ends, [y, y], color=colour, linewidth=thick, alpha=0.55 if name == "80" else 0.8, solid_capstyle="butt")
    at = scaled(part["simulated"])
    beyond = abs(part["simulated"] - part["target"]) / width > FARTHEST
    marker = ("<" if at < 0 else ">") if beyond else "o"
    ax.plot([at], [y], marker=marker, markersize=5.5, color=colour, markeredgecolor="white", markeredgewidth=0.5, linestyle="")


def _years(summary: Summary, rows: list[dict[str, Any]], words: Language) -> str:
    canvas = d.canvas({"variants": ("one", "two")}, 3.6)
    ax = canvas.add_axes((0.07, 0.14, 0.72, 0.70))
    title = words.text("validate.figure.years")
    for variant in summary["variants"]:
        own = [row for row in rows if row["variant"] == variant]
        if not own:
            continue
        colour, years = _COLOURS.get(variant, d.INK), [row["year"] for row in own]
        ax.plot(years, [row["simulated"] for row in own], color=colour, linewidth=1.8)
        if all(row["low80"] is not None for row in own):
            ax.fill_between(years, [r["low80"] for r in own], [r["high80"] for r in own], color=colour, alpha=0.15, linewidth=0)
    known = {row["year"]: row["published"] for row in rows}
    ax.plot(list(known), list(known.values()), "o", color=d.INK, markersize=4)
    labels = [(v.variant_label(variant, words), _COLOURS.get(variant, d.INK)) for variant in summary["variants"]]
    for at, (label, colour) in enumerate([(words.text("validate.figure.published"), d.INK), *labels]):
        canvas.text(0.80, 0.70 - 0.09 * at, label, color=colour, fontsize=9)
    ax.set_ylim(bottom=0)
    d.number_ticks(ax, words)
    d.titles(canvas, {}, title, words)
    return d.svg(canvas, "headcounts", title)
