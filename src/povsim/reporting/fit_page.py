"""The report of a fit: what the patterns tell of each parameter, and what the draws say of the patterns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.simple_page import Page, Part, Section, figure
from povsim.reporting.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Summary = Mapping[str, Any]
TABLES = ("identification",)
_COLOURS = {"trap": "#0072b2", "no_trap": "#d55e00"}


def sentences(summary: Summary, code: str) -> list[str]:
    """For each variant: how many patterns are met, what is identified, and what keeps its prior."""
    words = language(code)
    found = []
    for variant, one in summary["variants"].items():
        rows = [row for row in summary["patterns"] if row["variant"] == variant]
        label = v.variant_label(variant, words)
        missed = [_statistic(row["statistic"], words) for row in rows if row["inside"] is False]
        met = sum(row["inside"] is True for row in rows)
        found.append(words.text("fit.sentence.met", variant=label, met=met, of=len(rows)))
        if missed:
            found.append(words.text("fit.sentence.missed", variant=label, names=", ".join(missed)))
        if one["identified"]:
            found.append(words.text("fit.sentence.identified", variant=label, names=", ".join(one["identified"])))
        if one["not_identified"]:
            found.append(words.text("fit.sentence.prior", variant=label, names=", ".join(one["not_identified"])))
    return found


def notes(summary: Summary, code: str) -> list[str]:
    """What must stand beside the sentences."""
    words = language(code)
    found = [words.text(f"fit.note.{name}") for name in ("given", "chosen", "margins", "validation")]
    aside = sum(one["put_aside"] for one in summary["variants"].values())
    if aside:
        found.append(words.text("fit.note.put_aside", count=aside))
    if summary["committed"]:
        found.append(words.text("fit.note.committed", digest=summary["posterior_sha256"]))
    return found


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """Patterns and parameters of each variant."""
    return [table(summary, variant, words) for variant in summary["variants"] for table in (_patterns, _parameters)]


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """`parameters`: posteriors as places in their priors; `patterns`: what the draws simulate against the targets; SVG."""
    words = language(code)
    drawn = {}
    with d.style("fit"):
        drawn["parameters"] = _parameters_figure(summary, _rows(tables["identification"]), words)
        if any(row["median"] is not None for row in summary["patterns"]):
            drawn["patterns"] = _patterns_figure(summary, words)
    return drawn


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page of a fit."""
    contents = {
        "patterns": [*figure(drawn, "patterns"), *(Part("table", _patterns(summary, x, words)) for x in summary["variants"])],
        "parameters": [
            *figure(drawn, "parameters"),
            *(Part("table", _parameters(summary, x, words)) for x in summary["variants"]),
        ],
        "course": [Part("table", _course(summary, words))],
    }
    effort = summary["effort"]
    return Page(
        title=words.text("fit.title"),
        subtitle=words.text("fit.subtitle"),
        run=words.text(
            "fit.run",
            seed=summary["seed"],
            simulations=words.number(sum(one["course"]["simulations"] for one in summary["variants"].values())),
            villages=words.number(effort["villages"]),
            households=words.number(effort["households"]),
            parameters=len(summary["symbols"]),
        ),
        sentences=sentences(summary, words.code),
        notes=notes(summary, words.code),
        sections=[
            Section(name, words.text(f"fit.section.{name}"), [Part("text", words.text(f"fit.text.{name}")), *parts])
            for name, parts in contents.items()
        ],
        headline=words.text("fit.headline"),
    )


def _statistic(name: str, words: Language) -> str:
    """F13_2018 as F13 and what it is, in brackets, of which year."""
    pattern, _, year = name.partition("_")
    text = words.text_or(f"fit.statistic.{pattern}", "")
    return f"{pattern} ({', '.join(part for part in (text[:1].lower() + text[1:], year) if part)})" if text or year else pattern


def _rows(table: Any) -> list[dict[str, Any]]:
    return table.to_dicts() if hasattr(table, "to_dicts") else list(table)


def _heads(words: Language, *names: str) -> tuple[str, ...]:
    return tuple(words.text(f"fit.head.{name}") for name in names)


def _digits(value: float | None, words: Language) -> str:
    """Three significant digits."""
    if value is None:
        return words.text("table.none")
    size = abs(value)
    return words.number(value, 4 if size < 0.1 else 3 if size < 1 else 2 if size < 10 else 1)


def _yes(value: bool | None, words: Language) -> str:
    return words.text("table.none") if value is None else words.text("fit.yes" if value else "fit.no")


def _patterns(summary: Summary, variant: str, words: Language) -> Table:
    rows = tuple(
        (
            row["statistic"], words.text_or(f"fit.statistic.{row['pattern']}", row["source"]), _digits(row["target"], words),
            _digits(row["tolerance"], words), _digits(row["median"], words),
            *(f"{_digits(row[f'low{k}'], words)} – {_digits(row[f'high{k}'], words)}" for k in (80, 95)),
            _yes(row["inside"], words), row["grade"],
        )
        for row in summary["patterns"]
        if row["variant"] == variant
    )  # fmt: skip
    heads = _heads(words, "pattern", "what", "target", "tolerance", "simulated", "band80", "band95", "inside", "grade")
    title = words.text("fit.table.patterns", variant=v.variant_label(variant, words))
    return Table(title, heads, rows, 2, words.text("fit.table.inside"))


def _parameters(summary: Summary, variant: str, words: Language) -> Table:
    rows = tuple(
        (
            row["symbol"], f"{_digits(row['prior_mean'], words)} ({_digits(row['prior_sd'], words)})",
            f"{_digits(row['mean'], words)} ({_digits(row['sd'], words)})",
            f"{_digits(row['low90'], words)} – {_digits(row['high90'], words)}", _contraction(row, words),
            _digits(row["recovered"], words), _yes(row["identified"], words), _partner(row, words),
        )
        for row in summary["variants"][variant]["parameters"]
    )  # fmt: skip
    heads = _heads(words, "parameter", "prior", "posterior", "interval", "contraction", "recovered", "identified", "with")
    title = words.text("fit.table.parameters", variant=v.variant_label(variant, words))
    return Table(title, heads, rows, 1, words.text("fit.table.contraction"))


def _contraction(row: Mapping[str, Any], words: Language) -> str:
    return f"{words.number(row['contraction'], 2)} ({words.number(row['contraction_se'], 2)})"


def _partner(row: Mapping[str, Any], words: Language) -> str:
    if row["most_with"] is None:
        return words.text("table.none")
    return f"{row['most_with']} {words.number(row['correlation'], 2, signed=True)}"


def _course(summary: Summary, words: Language) -> Table:
    def listed(values: Iterable[float], decimals: int) -> str:
        return "; ".join(words.number(x, decimals) for x in values) or words.text("table.none")

    rows = tuple(
        (
            v.variant_label(variant, words), words.number(one["course"]["simulations"]), words.number(one["course"]["failed"]),
            listed(one["course"]["left"], 3), listed(one["course"]["cuts"], 1), listed(one["course"]["thresholds"], 2),
            listed(one["course"]["accepted"], 2), words.number(one["course"]["effective"], 0), words.number(one["draws"]),
        )
        for variant, one in summary["variants"].items()
    )  # fmt: skip
    names = ("variant", "simulations", "failed", "left", "cuts", "thresholds", "accepted", "effective", "draws")
    return Table(words.text("fit.table.course"), _heads(words, *names), rows, 1, words.text("fit.table.failed"))


def _parameters_figure(summary: Summary, rows: list[dict[str, Any]], words: Language) -> str:
    """A row a parameter: 50 and 90 % of the posterior, over the percentiles of the prior."""
    symbols, variants = summary["symbols"], list(summary["variants"])
    canvas, ax = _canvas(1.2 + 0.34 * len(symbols))
    for at, level in ((0.5, "-"), (0.05, ":"), (0.95, ":")):
        ax.axvline(100 * at, color=d.RULE, linewidth=0.8, linestyle=level)
    for row in rows:
        y = symbols.index(row["symbol"]) + 0.3 * (variants.index(row["variant"]) - (len(variants) - 1) / 2)
        colour = _COLOURS[row["variant"]]
        face = colour if row["identified"] else "white"
        ax.plot([100 * row["u05"], 100 * row["u95"]], [y, y], color=colour, linewidth=0.9)
        ax.plot([100 * row["u25"], 100 * row["u75"]], [y, y], color=colour, linewidth=3.2, alpha=0.6, solid_capstyle="butt")
        ax.plot([100 * row["u50"]], [y], "o", color=colour, markerfacecolor=face, markersize=4.5)
    ax.set_yticks(range(len(symbols)), symbols)
    ax.set_ylim(len(symbols) - 0.4, -0.6)
    ax.set_xlim(0, 100)
    ax.set_xlabel(words.text("fit.figure.percentile"))
    _legend(ax, variants, words)
    title = words.text("fit.figure.parameters")
    canvas.suptitle(title, fontsize=10, x=0.02, ha="left")
    return d.svg(canvas, "parameters", title)


def _patterns_figure(summary: Summary, words: Language) -> str:
    """A row a statistic: 80 and 95 % bands of the draws, in tolerances from the target."""
    variants = list(summary["variants"])
    names = list(dict.fromkeys(row["statistic"] for row in summary["patterns"]))
    canvas, ax = _canvas(1.2 + 0.42 * len(names))
    ax.axvspan(-1, 1, color="#e8f1e4", linewidth=0)
    ax.axvline(0, color=d.FAINT, linewidth=0.8)
    for row in summary["patterns"]:
        if row["median"] is None:
            continue
        y = names.index(row["statistic"]) + 0.28 * (variants.index(row["variant"]) - (len(variants) - 1) / 2)
        low95, low80, middle, high80, high95 = (
            (row[name] - row["target"]) / row["tolerance"] for name in ("low95", "low80", "median", "high80", "high95")
        )
        colour = _COLOURS[row["variant"]]
        ax.plot([low95, high95], [y, y], color=colour, linewidth=0.9)
        ax.plot([low80, high80], [y, y], color=colour, linewidth=3.2, alpha=0.6, solid_capstyle="butt")
        ax.plot([middle], [y], "o", color=colour, markerfacecolor=colour if row["inside"] else "white", markersize=4.5)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(words.text("fit.figure.tolerances"))
    d.number_ticks(ax, words, "x", 7)
    _legend(ax, variants, words)
    title = words.text("fit.figure.patterns")
    canvas.suptitle(title, fontsize=10, x=0.02, ha="left")
    return d.svg(canvas, "patterns", title)


def _canvas(height: float) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(7.2, height))
    FigureCanvasAgg(canvas)
    ax = canvas.subplots()
    canvas.subplots_adjust(left=0.14, right=0.96, top=1 - 0.75 / height, bottom=0.55 / height)
    return canvas, ax


def _legend(ax: Axes, variants: list[str], words: Language) -> None:
    for variant in variants:
        ax.plot([], [], "o-", color=_COLOURS[variant], label=v.variant_label(variant, words), markersize=4.5)
    ax.legend(fontsize=7.5, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(variants))
