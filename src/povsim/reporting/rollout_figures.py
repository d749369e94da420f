"""Figures of a comparison of rollouts: exits against cost, and resources in use year by year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.rollout_words import order_label, scenario_label, scenarios_of, strategies_of
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, then two of Tol's; text shades that keep 4.5:1 on white beside them are ink.
_COLOURS = (
    "#222222",
    "#0072b2",
    "#d55e00",
    "#8a3d00",
    "#009e73",
    "#e69f00",
    "#cc79a7",
    "#56b4e9",
    "#7f7f7f",
    "#332288",
    "#b5a900",
)
_MARKS = "osD^vP*Xp<>"


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """`frontier_<scenario>` and `resources_<scenario>` as SVG text; the same numbers give the same text."""
    words = language(code)
    drawn = {}
    for scenario in scenarios_of(summary):
        for name, make in (("frontier", _frontier), ("resources", _resources)):
            with d.style(name):
                label = scenario_label(scenario, words)
                first = v.variant_label(next(iter(summary["variants"])), words)
                title = words.text(f"rollout.figure.{name}", cooperative=label, variant=first)
                figure = make(summary, tables, scenario, words, title)
                drawn[f"{name}_{scenario}"] = d.svg(figure, f"{name}_{scenario}", title)
    return drawn


def _look(summary: Summary, scenario: str) -> dict[str, tuple[str, str]]:
    names = [s["name"] for s in strategies_of(summary, scenario)]
    return {name: (_COLOURS[at % len(_COLOURS)], _MARKS[at % len(_MARKS)]) for at, name in enumerate(names)}


def _frontier(summary: Summary, tables: Mapping[str, Any], scenario: str, words: Language, title: str) -> Figure:
    figure, axes = d.panels(summary, 4.6, labels=True)
    d.titles(figure, axes, title, words)
    look = _look(summary, scenario)
    arms = {s["arm"]: s["name"] for s in strategies_of(summary, scenario)}
    costs = [summary["variants"][v_]["arms"][arm]["extra_cost_idr"] for v_ in axes for arm in arms]
    divisor, unit = words.rupiah_scale(max(abs(cost) for cost in costs))
    for variant, ax in axes.items():
        ax.axhline(0, color=d.RULE, linewidth=0.8)
        ends = []
        for arm, name in arms.items():
            contrast = v.contrast(summary, variant, arm, "aid", "structural", "E4") or {}
            if contrast.get("mean") is None:
                continue
            x, y = summary["variants"][variant]["arms"][arm]["extra_cost_idr"] / divisor, 1000 * contrast["mean"]
            colour, mark = look[name]
            if contrast.get("low95") is not None:
                ax.plot([x, x], [1000 * contrast["low95"], 1000 * contrast["high95"]], color=colour, linewidth=0.8, alpha=0.6)
            face = "white" if v.too_few(contrast) else colour
            ax.plot([x], [y], marker=mark, color=colour, markerfacecolor=face, markersize=6, linestyle="none")
            ends.append((x, y, order_label(name, words), colour))
        if not ends:
            d.say_nothing(ax, words)
            continue
        low, high = ax.get_xlim()
        ax.set_xlim(low, high)
        ax.margins(y=0.1)
        places = d.spread([y for _, y, _, _ in ends], (ax.get_ylim()[1] - ax.get_ylim()[0]) * 0.055, *ax.get_ylim())
        for (x, y, label, colour), place in zip(ends, places, strict=True):
            ax.plot([x, high], [y, place], color=colour, linewidth=0.4, alpha=0.5, clip_on=False)
            ax.text(high + 0.02 * (high - low), place, label, color=colour, fontsize=7.5, va="center", clip_on=False)
        d.number_ticks(ax, words, "x", 4)
        d.number_ticks(ax, words)
        ax.set_xlabel(words.text("rollout.figure.frontier_x", unit=unit))
    next(iter(axes.values())).set_ylabel(words.text("rollout.figure.frontier_y"))
    return figure


def _resources(summary: Summary, tables: Mapping[str, Any], scenario: str, words: Language, title: str) -> Figure:
    """Villages started, then each limited resource, for the first variant: what is begun hardly depends on it."""
    from textwrap import wrap

    variant = next(iter(summary["variants"]))
    rows = [r for r in d.rows_of(tables.get("resources")) if r["variant"] == variant and r["cooperative"] == scenario]
    started = [r for r in d.rows_of(tables.get("starts")) if r["variant"] == variant and r["cooperative"] == scenario]
    names = [
        n
        for n in ("budget", "mentors", "managers", "loan_funds")
        if any(r["resource"] == n and r["limit"] is not None for r in rows)
    ]
    figure = d.canvas({"variants": {"a": 0, "b": 0}}, 4.4)
    count, look = 1 + len(names), _look(summary, scenario)
    width = 0.8 / count
    for at in range(count):
        ax = figure.add_axes((0.06 + at * (width + 0.02), 0.3, width - 0.03, 0.48))
        for name, (colour, mark) in look.items():
            if at == 0:
                line, total = [], 0.0
                for r in sorted((r for r in started if r["strategy"] == name), key=lambda r: r["year"]):
                    total += r["villages_started_share"]
                    line.append((r["year"], 100 * total))
            else:
                found = [r for r in rows if r["strategy"] == name and r["resource"] == names[at - 1] and r["limit"] is not None]
                line = [
                    (r["year"], 100 * r["used"] / r["limit"] if r["limit"] else 0.0)
                    for r in sorted(found, key=lambda r: r["year"])
                ]
            ax.plot([x for x, _ in line], [y for _, y in line], color=colour, marker=mark, markersize=3, linewidth=1,
                    label=order_label(name, words) if at == 0 else None)  # fmt: skip
        ax.axhline(100, color=d.INK, linewidth=0.9, linestyle="--")
        ax.set_ylim(0, 108)
        heading = words.text("rollout.figure.started") if at == 0 else words.text(f"rollout.resource.{names[at - 1]}")
        ax.set_title("\n".join(wrap(heading, round(90 * width))), loc="left", fontsize=9, color=d.FAINT)
        ax.set_xlabel(words.text("rollout.figure.year"))
        if at == 1:
            ax.set_ylabel(words.text("rollout.figure.share"))
        d.number_ticks(ax, words, "x", 7)
        d.number_ticks(ax, words)
    figure.legend(loc="lower left", bbox_to_anchor=(0.04, 0.0), ncol=4, fontsize=7.5, frameon=False)
    figure.text(0.01, 0.985, "\n".join(wrap(title, 105)), ha="left", va="top", fontsize=11, fontweight="bold")
    return figure
