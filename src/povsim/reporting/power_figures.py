"""Figures of a question of power: curves by villages per arm, and estimates of the audit beside the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from povsim.measures import power as pw
from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.power_words import outcome_label, simulated
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = {
    "poverty": "#0072b2",
    "consumption": "#d55e00",
    "membership": "#009e73",
    "E1": "#e69f00",
    "E2": "#cc79a7",
    "E4": "#222222",
}
_MARKS = dict(zip(_COLOURS, "osD^vP", strict=True))


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """`closed`, and where pilots were lived `curves` and `audit`, as SVG text; the same numbers give the same text."""
    words = language(code)
    drawn = {}
    makers = {"closed": _closed}
    if summary.get("variants"):
        makers |= {"curves": _curves}
        if any("audit" in block for block in summary["variants"].values()):
            makers |= {"audit": _audit}
    for name, make in makers.items():
        with d.style(name):
            alone = name == "closed" and not simulated(summary)
            title = words.text("power.figure.closed_alone" if alone else f"power.figure.{name}")
            drawn[name] = d.svg(make(summary, tables, words, title), name, title)
    return drawn


def _closed(summary: Summary, tables: Mapping[str, Any], words: Language, title: str) -> Figure:
    figure = d.canvas({"variants": {"a": 0}}, 3.8)
    figure.text(0.01, 0.98, title, ha="left", va="top", fontsize=10, fontweight="bold", wrap=True)
    ax = figure.add_axes((0.12, 0.15, 0.82, 0.7))
    keys = summary["keys"]
    variance = keys["p"] * (1 - keys["p"])
    one = pw.variance_per_village(variance, keys["households"], keys["icc"])
    most = 2 * pw.villages_per_arm(abs(keys["effect"]), variance, keys["households"], keys["icc"], keys["alpha"], keys["power"])
    sizes = [max(2.0, most * k / 100) for k in range(1, 101)]
    ax.plot(
        sizes, [100 * pw.power_of(keys["effect"], (one / n) ** 0.5, keys["alpha"]) for n in sizes], color=d.INK, linewidth=1.2
    )
    ax.axhline(100 * keys["power"], color=d.RULE, linewidth=0.8, linestyle="--")
    for row in summary["closed_form"]:
        if row["villages_per_arm"] is not None:
            ax.axvline(row["villages_per_arm"], color=d.RULE, linewidth=0.8, linestyle="--")
            if row["power_simulated"] is not None:
                half = 196 * row["power_simulated_se"]
                y = 100 * row["power_simulated"]
                ax.errorbar([row["villages_per_arm"]], [y], yerr=[half], fmt="o", color=_COLOURS["consumption"], markersize=5)
    ax.set_ylim(0, 102)
    _name_axes(ax, words)
    return figure


def _curves(summary: Summary, tables: Mapping[str, Any], words: Language, title: str) -> Figure:
    figure, axes = d.panels(summary, 4.2, labels=True)
    d.titles(figure, axes, title, words)
    rows = [r for r in d.rows_of(tables.get("power")) if r["design"] == "parallel" and r["power"] is not None]
    for variant, ax in axes.items():
        own = [r for r in rows if r["variant"] == variant]
        if not own:
            d.say_nothing(ax, words)
            continue
        ends = []
        for outcome, month in dict.fromkeys((r["outcome"], r["month"]) for r in own):
            line = sorted((r for r in own if (r["outcome"], r["month"]) == (outcome, month)), key=lambda r: r["villages"])
            sizes = [r["villages"] for r in line]
            colour = _COLOURS[outcome]
            ax.plot(sizes, [100 * r["power_closed"] for r in line], color=colour, linewidth=1)
            ax.plot(sizes, [100 * r["power"] for r in line], _MARKS[outcome], color=colour, markersize=4)
            ends.append((100 * line[-1]["power_closed"], f"{outcome_label(outcome, words)}, {month}", colour))
        ax.axhline(100 * summary["keys"]["power"], color=d.RULE, linewidth=0.8, linestyle="--")
        ax.set_xscale("log")
        ax.set_ylim(0, 102)
        ticks = sorted({r["villages"] for r in own})
        ax.set_xlim(ticks[0] * 0.9, ticks[-1] * 1.05)
        ax.set_xticks(ticks, [words.number(n) for n in ticks])
        ax.minorticks_off()
        for height, text, colour in _apart(ends):
            ax.text(ticks[-1] * 1.12, height, text, color=colour, fontsize=7, va="center", clip_on=False)
        _name_axes(ax, words)
    return figure


def _apart(ends: list[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    places = d.spread([height for height, _, _ in ends], 6.5, 3, 100)
    return [(place, text, colour) for place, (_, text, colour) in zip(places, ends, strict=True)]


def _audit(summary: Summary, tables: Mapping[str, Any], words: Language, title: str) -> Figure:
    figure = d.canvas(summary, 4.2)
    figure.text(0.01, 0.98, title, ha="left", va="top", fontsize=11, fontweight="bold")
    blocks = {variant: block["audit"] for variant, block in summary["variants"].items() if "audit" in block}
    left, first = 0.27, True
    width = (0.98 - left) / len(blocks)
    for at, (variant, rows) in enumerate(blocks.items()):
        ax = figure.add_axes((left + at * width, 0.14, width - 0.03, 0.7))
        ax.set_title(v.variant_label(variant, words), loc="left", fontsize=9, color=d.FAINT)
        ax.axvline(0, color=d.RULE, linewidth=0.8)
        for y, row in enumerate(reversed(rows)):
            if row["truth"] is not None:
                ax.plot([100 * row["truth"]], [y], "D", color=d.INK, markersize=5, markerfacecolor="white")
            if row["mean"] is not None:
                half = 1.96 * row["sd"]
                ends = [100 * (row["mean"] - half), 100 * (row["mean"] + half)]
                ax.plot(ends, [y, y], color=_COLOURS["poverty"], linewidth=1)
                ax.plot([100 * row["mean"]], [y], "o", color=_COLOURS["poverty"], markersize=5)
        labels = [words.text(f"power.estimator.{row['estimator']}") for row in reversed(rows)]
        ax.set_yticks(range(len(rows)), labels if first else [""] * len(rows))
        ax.set_ylim(-0.6, len(rows) - 0.4)
        unit = "power.unit.log_points" if summary["keys"]["audit_outcome"] == "consumption" else "unit.points"
        ax.set_xlabel(words.text(unit, value="").strip())
        d.number_ticks(ax, words, "x", 5)
        first = False
    return figure


def _name_axes(ax: Any, words: Language) -> None:
    ax.set_xlabel(words.text("power.figure.x"))
    ax.set_ylabel(words.text("power.figure.y"))
