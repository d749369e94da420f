"""Figures of a sensitivity analysis: screening, Sobol's indices, the box in which an arm wins, the value of knowing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting.language import Language, language
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"
NAMED = 8
"""Parameters that the figure of the screening names."""


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """`screening`, `sobol`, `value` and `discovery` as SVG text, where there is something to draw."""
    words = language(code)
    found = {}
    makers = {"screening": _screening, "sobol": _sobol, "value": _value, "discovery": _discovery}
    for name, make in makers.items():
        if any(_has(block, name) for block in summary["variants"].values()):
            with d.style(name):
                title = words.text(f"sensitivity.figure_{name}")
                found[name] = d.svg(make(summary, words, title), name, title)
    return found


def _has(block: Mapping[str, Any], name: str) -> bool:
    return block["discovery"]["box"] is not None if name == "discovery" else block[name] is not None


def _scale(summary: Summary) -> float:
    return 1.0 if summary["contrast"]["outcome"] == "poverty_free_years" else 1000.0


def _screening(summary: Summary, words: Language, title: str) -> Figure:
    figure, axes = d.panels(summary, 4.4, labels=True)
    d.titles(figure, axes, title, words)
    scale = _scale(summary)
    for variant, ax in axes.items():
        rows = summary["variants"][variant]["screening"]["mu_star"]
        ends = []
        for at, row in enumerate(rows):
            x, y = scale * row["value"], scale * row["sigma"]
            colour = ORANGE if row["grade"] == "A" else BLUE
            ax.plot(x, y, "o", color=colour, markersize=4 if at < NAMED else 2.5, alpha=1 if at < NAMED else 0.5)
            ax.plot([scale * row["low"], scale * row["high"]], [y, y], color=colour, linewidth=0.6, alpha=0.5)
            if at < NAMED:
                ends.append((y, row["symbol"], colour))
        d.label_ends(figure, ax, ends, ax.get_xlim()[1])
        ax.set_xlabel(words.text("sensitivity.mu_star"))
        ax.set_ylabel(words.text("sensitivity.sigma"))
        d.number_ticks(ax, words, "x")
        d.number_ticks(ax, words, "y")
    return figure


def _bars(ax: Axes, rows: Sequence[Mapping[str, Any]], scale: float, colour: str, shift: float = 0.0) -> None:
    for at, row in enumerate(rows):
        y = at + shift
        ax.plot([scale * row["low"], scale * row["high"]], [y, y], color=colour, linewidth=1.2)
        ax.plot(scale * row["value"], y, "o", color=colour, markersize=4.5)


def _named_axis(ax: Axes, names: Sequence[str]) -> None:
    ax.set_yticks(range(len(names)))
    ax.set_yticklabels([])
    for at, name in enumerate(names):
        ax.annotate(name, (1.02, at), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    ax.set_ylim(len(names) - 0.5, -0.5)


def _sobol(summary: Summary, words: Language, title: str) -> Figure:
    most = max(len(block["sobol"]["total"]) for block in summary["variants"].values() if block["sobol"])
    figure, axes = d.panels(summary, 2.0 + 0.32 * most, labels=True)
    d.titles(figure, axes, title, words)
    for variant, ax in axes.items():
        block = summary["variants"][variant]["sobol"]
        if block is None:
            d.say_nothing(ax, words)
            continue
        first = {row["symbol"]: row for row in block["first"]}
        _bars(ax, block["total"], 100.0, ORANGE, -0.14)
        _bars(ax, [first[row["symbol"]] for row in block["total"]], 100.0, BLUE, 0.14)
        ax.axvline(0, color=d.RULE, linewidth=0.8)
        _named_axis(ax, [row["symbol"] for row in block["total"]])
        ax.set_xlabel(words.text("sensitivity.axis_sobol"))
        d.number_ticks(ax, words, "x")
    return figure


def _value(summary: Summary, words: Language, title: str) -> Figure:
    most = max(len(block["value"]["parameters"]) for block in summary["variants"].values() if block["value"]) + 1
    figure, axes = d.panels(summary, 2.0 + 0.3 * most, labels=True)
    d.titles(figure, axes, title, words)
    years = summary["contrast"]["outcome"] == "poverty_free_years"
    for variant, ax in axes.items():
        block = summary["variants"][variant]["value"]
        if block is None:
            d.say_nothing(ax, words)
            continue
        rows = [*block["parameters"], {**block["all"], "symbol": words.text("sensitivity.all")}]
        _bars(ax, rows, _scale(summary), GREEN)
        ax.axvline(0, color=d.RULE, linewidth=0.8)
        _named_axis(ax, [row["symbol"] for row in rows])
        ax.set_xlabel(words.text("sensitivity.unit_years" if years else "sensitivity.unit_share"))
        d.number_ticks(ax, words, "x")
    return figure


def _discovery(summary: Summary, words: Language, title: str) -> Figure:
    from povsim.parameters import register

    found = {variant: block["discovery"]["box"] for variant, block in summary["variants"].items()}
    most = max(len(box["limits"]) for box in found.values() if box)
    figure, axes = d.panels(summary, 2.0 + 0.35 * most, labels=True)
    d.titles(figure, axes, title, words)
    for variant, ax in axes.items():
        box = found[variant]
        if box is None:
            d.say_nothing(ax, words)
            continue
        for at, row in enumerate(box["limits"]):
            entry = register()[row["symbol"]]
            width = entry.high - entry.low
            low, high = (end if x is None else x for x, end in ((row["low"], entry.low), (row["high"], entry.high)))
            ax.plot([0, 100], [at, at], color=d.RULE, linewidth=6, solid_capstyle="butt")
            ax.plot(
                [100 * (low - entry.low) / width, 100 * (high - entry.low) / width], [at, at], color=ORANGE, linewidth=6,
                solid_capstyle="butt",
            )  # fmt: skip
        _named_axis(ax, [row["symbol"] for row in box["limits"]])
        ax.set_xlabel(words.text("sensitivity.axis_discovery"))
        d.number_ticks(ax, words, "x")
    return figure
