"""The figures of a comparison, as SVG text: both variants side by side, lines named where they end, units on the axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from povsim.reporting import break_even
from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.ledger_figure import ledger_figure
from povsim.reporting.sentences import cost_reason
from povsim.reporting.tile_map import maps
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = list[dict[str, Any]]
Line = list[tuple[float, float]]

_RUNGS = (("E1", "#c9d7e3"), ("E2", "#8fb3d1"), ("E3", "#b9b9b9"), ("E4", "#d55e00"), ("E4x", "#8a3d00"))
_STATUSES = (
    ("none", "#f0f0f0"),
    ("legal", "#cfd8dc"),
    ("building", "#a9c4d8"),
    ("open", "#56b4e9"),
    ("trading", "#d55e00"),
    ("dormant", "#8c8c8c"),
    ("dissolved", "#3a3a3a"),
)
_FUNNEL_ARMS = ("aid_cooperative", "aid_cooperative_planned")
_COST_PAIRS = (
    ("aid", "none"),
    ("cooperative", "none"),
    ("aid_equal_cost", "aid"),
    ("aid_cooperative", "aid"),
    ("aid_cooperative", "aid_equal_cost"),
    ("aid_cooperative_planned", "aid"),
)


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """Every figure by name (ladder, exits_over_time, exit_survival, headcount_path, cost_per_exit, funnel, maps) as SVG text.

    `tables` are those of the result folder, as lists of dicts or polars frames; a missing one gives a panel that says so.
    The same numbers give the same text.
    """
    words = language(code)
    draw: dict[str, Callable[[], Figure]] = {
        "ladder": lambda: _ladder(summary, words),
        "exits_over_time": lambda: _exits_over_time(summary, d.rows_of(tables.get("exits_over_time")), words),
        "exit_survival": lambda: _exit_survival(summary, d.rows_of(tables.get("exit_survival")), words),
        "headcount_path": lambda: _headcount(
            summary, d.rows_of(tables.get("headcount_path")), published_headcount(tables.get("population_check")), words
        ),
        "cost_per_exit": lambda: _cost(summary, words),
        "funnel": lambda: _funnel(summary, d.rows_of(tables.get("funnel")), words),
    }
    if any(summary.get("ledger", {}).values()):
        draw["ledger"] = lambda: ledger_figure(summary, words)
    drawn = {}
    for name, make in draw.items():
        with d.style(name):
            drawn[name] = d.svg(make(), name, words.text("ledger.figure" if name == "ledger" else f"figure.{name}"))
    if summary.get("break_even"):
        with d.style("break_even"):
            drawn["break_even"] = d.svg(break_even.figure(summary, words), "break_even", words.text("break_even.figure"))
    return drawn | maps(summary, tables, code)


def published_headcount(table: Any) -> float | None:
    """The published headcount of the nation (0-1) that stands in the population check; None where it is not there."""
    for row in d.rows_of(table):
        if row["statistic"] == "headcount" and v.is_nation(str(row["province"])) and row.get("area") in (None, "all"):
            return as_share(row["published"], str(row.get("unit", "")))
    return None


def as_share(value: float | None, unit: str) -> float | None:
    """A published figure in percent as a share of 1; other units as they are."""
    return None if value is None else value / 100 if unit in ("percent", "%") else value


def _ladder(summary: Summary, words: Language) -> Figure:
    arms = d.drawn_arms(summary)
    block = len(_RUNGS) + 1.7
    figure, axes = d.panels(summary, 0.95 + 0.155 * block * len(arms))
    d.titles(figure, axes, words.text("figure.ladder"), words)
    largest = 0.0
    for variant, ax in axes.items():
        for at, arm in enumerate(arms):
            shares = summary["variants"][variant]["arms"].get(arm, {}).get("structural", {})
            base = at * block
            ax.text(0, base - 0.15, v.arm_label(summary, arm, words), fontsize=8.5, fontweight="bold", va="center")
            for step, (rung, colour) in enumerate(_RUNGS):
                place, share = base + 1 + step, shares.get(rung)
                ax.annotate(rung, (0, place), (-3, 0), textcoords="offset points", fontsize=7.5, ha="right", va="center")
                if share is None:
                    ax.text(0, place, words.text("table.absent"), fontsize=7.5, va="center", color=d.FAINT)
                    continue
                hatch = "////" if rung == "E3" else None
                ax.barh(place, 100 * share, height=0.82, color=colour, hatch=hatch, edgecolor="white", linewidth=0)
                weight = "bold" if rung == "E4" else "normal"
                ax.annotate(
                    words.percent(share),
                    (100 * share, place),
                    (3, 0),
                    textcoords="offset points",
                    fontsize=7.5,
                    va="center",
                    fontweight=weight,
                )
                largest = max(largest, 100 * share)
    for ax in axes.values():
        ax.set_ylim(block * len(arms) - 0.6, -0.9)
        ax.set_xlim(0, max(1.0, 1.15 * largest))
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        d.number_ticks(ax, words, "x")
        ax.set_xlabel(words.text("figure.share_axis"))
    return figure


def _lines(rows: Rows, variant: str, x: str, y: str, factor: float = 100.0) -> dict[str, Line]:
    found: dict[str, Line] = {}
    for row in rows:
        if row["variant"] == variant and row[y] is not None:
            found.setdefault(row["arm"], []).append((row[x], factor * row[y]))
    return {arm: sorted(line) for arm, line in found.items()}


def _line_panels(
    summary: Summary, words: Language, name: str, lines: Mapping[str, dict[str, Line]]
) -> tuple[Figure, dict[str, Axes]]:
    """Panels with one line an arm, drawn and scaled; labels come when the limits are set."""
    arms = max((len(found) for found in lines.values()), default=0)
    figure, axes = d.panels(summary, 3.9 if arms <= 6 else 1.3 + 0.54 * arms, labels=True)
    d.titles(figure, axes, words.text(f"figure.{name}"), words)
    for variant, ax in axes.items():
        if not lines[variant]:
            d.say_nothing(ax, words)
        for arm, line in lines[variant].items():
            colour, _, dashes = d.arm_look(summary, arm)
            ax.plot([x for x, _ in line], [y for _, y in line], color=colour, linestyle=dashes, linewidth=1.7)
        ax.grid(axis="y", color=d.RULE, linewidth=0.5)
        ax.set_axisbelow(True)
    return figure, axes


def _name_lines(summary: Summary, figure: Figure, ax: Axes, lines: Mapping[str, Line], words: Language) -> None:
    ends = [
        (line[-1][1], f"{v.arm_label(summary, arm, words)} {words.number(line[-1][1], 1)}%", d.arm_look(summary, arm)[1])
        for arm, line in lines.items()
    ]
    if ends:
        room = 26 if len(summary["variants"]) > 1 else 22
        d.label_ends(figure, ax, ends, max(line[-1][0] for line in lines.values()), room)


def _exits_over_time(summary: Summary, rows: Rows, words: Language) -> Figure:
    arms = d.drawn_arms(summary)
    kept = [{**row, "year": row["month"] / 12} for row in rows if row["group"] == "structural" and row["arm"] in arms]
    lines = {variant: _lines(kept, variant, "year", "cumulative_share") for variant in summary["variants"]}
    figure, axes = _line_panels(summary, words, "exits_over_time", lines)
    first, last = summary.get("definition", {}).get("window", [12, 96])
    for variant, ax in axes.items():
        if lines[variant]:
            ax.set_xlim(min(1, first / 12), last / 12)
            ax.set_ylim(bottom=0)
            _finish(ax, words, "figure.year_axis", "figure.exits_axis")
    for variant, ax in axes.items():
        _name_lines(summary, figure, ax, lines[variant], words)
    return figure


def _exit_survival(summary: Summary, rows: Rows, words: Language) -> Figure:
    arms = d.drawn_arms(summary)
    kept = [row for row in rows if row["group"] == "structural" and row["arm"] in arms]
    lines = {variant: _lines(kept, variant, "months_since_crossing", "share_still_out") for variant in summary["variants"]}
    figure, axes = _line_panels(summary, words, "exit_survival", lines)
    for variant, ax in axes.items():
        if lines[variant]:
            ax.set_xlim(0, 60)
            ax.set_ylim(0, 100)
            _finish(ax, words, "figure.months_axis", "figure.survival_axis")
            ax.set_xticks(range(0, 61, 12))
    for variant, ax in axes.items():
        _name_lines(summary, figure, ax, lines[variant], words)
    return figure


def _headcount(summary: Summary, rows: Rows, published: float | None, words: Language) -> Figure:
    arms = d.drawn_arms(summary)
    kept = [{**row, "year": row["month"] / 12} for row in rows if row["area"] == "all" and row["arm"] in arms]
    lines = {variant: _lines(kept, variant, "year", "observed") for variant in summary["variants"]}
    figure, axes = _line_panels(summary, words, "headcount_path", lines)
    largest = max([100 * (published or 0.0), *(y for found in lines.values() for line in found.values() for _, y in line)])
    for variant, ax in axes.items():
        if not lines[variant]:
            continue
        ax.set_xlim(0, summary.get("horizon_months", 156) / 12)
        ax.set_ylim(0, 1.16 * largest)
        _finish(ax, words, "figure.year_axis", "figure.headcount_axis")
        if published is not None:
            ax.plot([0], [100 * published], marker="D", markersize=6, color=d.INK, clip_on=False, zorder=5)
            label = words.text("figure.observed_start", value=words.percent(published, 2))
            ax.annotate(label, (0, 100 * published), xytext=(8, 9), textcoords="offset points", fontsize=8, fontweight="bold")
    for variant, ax in axes.items():
        _name_lines(summary, figure, ax, lines[variant], words)
    return figure


def _finish(ax: Axes, words: Language, x: str, y: str) -> None:
    d.number_ticks(ax, words)
    d.number_ticks(ax, words, "x", 8)
    ax.set_xlabel(words.text(x))
    if ax is ax.figure.axes[0]:
        ax.set_ylabel(words.text(y))


def _cost(summary: Summary, words: Language) -> Figure:
    run = _cost_pairs(summary)
    figure, axes = d.panels(summary, 1.2 + 0.62 * max(1, len(run)))
    d.titles(figure, axes, words.text("figure.cost_per_exit"), words)
    costs = {(variant, pair): _cost_or_reason(summary, variant, pair, words) for variant in axes for pair in run}
    numbers = [cost for cost in costs.values() if isinstance(cost, float)]
    scale, unit = words.rupiah_scale(max(numbers, default=1e9))
    for variant, ax in axes.items():
        for at, pair in enumerate(run):
            label = "\n".join(wrap(v.contrast_label(summary, *pair, words), 60))
            ax.text(0, at - 0.32, label, fontsize=8, va="center", linespacing=1.0)
            cost = costs[variant, pair]
            if isinstance(cost, float):
                ax.barh(at + 0.12, cost / scale, height=0.34, color=d.arm_look(summary, pair[0])[0])
                ax.annotate(
                    words.rupiah(cost),
                    (cost / scale, at + 0.12),
                    (4, 0),
                    textcoords="offset points",
                    fontsize=8,
                    va="center",
                    fontweight="bold",
                )
            else:
                ax.text(0, at + 0.12, words.text("figure.no_cost", why=cost), fontsize=8, va="center", color=d.FAINT)
        if not run:
            d.say_nothing(ax, words)
        ax.set_ylim(max(1, len(run)) - 0.4, -0.65)
        ax.set_yticks([])
        ax.set_xlim(0, 1.35 * max(numbers, default=scale) / scale)
        if numbers:
            d.number_ticks(ax, words, "x")
            ax.set_xlabel(words.text("figure.cost_axis", unit=unit))
        else:
            ax.set_xticks([])
            ax.spines["bottom"].set_visible(False)
    return figure


def _cost_pairs(summary: Summary) -> list[tuple[str, str]]:
    """The fixed pairs whose arms were run, then every other contrast of the run."""
    known = [pair for pair in _COST_PAIRS if all(arm in v.arms(summary) for arm in pair)]
    entries = [entry for block in summary["variants"].values() for entry in block.get("contrasts", [])]
    return list(dict.fromkeys([*known, *((entry["arm"], entry["against"]) for entry in entries)]))


def _cost_or_reason(summary: Summary, variant: str, pair: tuple[str, str], words: Language) -> float | str:
    """Rupiah per extra exit where the contrast shows more exits and has a rate, else why there is none."""
    entry = v.contrast(summary, variant, *pair, "structural", "E4")
    found = v.status(entry)
    if entry is None or found == v.MISSING:
        return words.text("reading.missing")
    if found == v.FEWER:
        return words.text("reading.fewer")
    if found != v.MORE:
        return words.text(f"reading.{found}")
    rate = entry.get("per_billion_idr")
    return float(1e9 / rate) if rate else words.reason(cost_reason(entry) or words.text("sentence.why_no_reason"))


def _funnel(summary: Summary, rows: Rows, words: Language) -> Figure:
    arms = [arm for arm in _FUNNEL_ARMS if any(row["arm"] == arm for row in rows)]
    arms = arms or list(dict.fromkeys(row["arm"] for row in rows))[:2]
    variants = list(summary["variants"])
    height = 1.7 + 2.2 * max(1, len(arms))
    figure = d.canvas(summary, height)
    d.titles(figure, {}, words.text("figure.funnel"), words)
    for row_at, arm in enumerate(arms or [""]):
        for at, variant in enumerate(variants):
            ax = figure.add_subplot(max(1, len(arms)), len(variants), row_at * len(variants) + at + 1)
            _funnel_panel(ax, [row for row in rows if row["arm"] == arm and row["variant"] == variant], words)
            label = words.text("figure.panel", arm=v.arm_label(summary, arm, words), variant=v.variant_label(variant, words))
            ax.set_title("\n".join(wrap(label, 48)) if arm else "", loc="left", fontsize=8.5, color=d.FAINT)
    figure.subplots_adjust(left=0.07, right=0.985, top=1 - 0.85 / height, bottom=0.95 / height, hspace=0.62, wspace=0.16)
    _funnel_key(figure, words, height)
    return figure


def _funnel_panel(ax: Axes, rows: Rows, words: Language) -> None:
    if not rows:
        d.say_nothing(ax, words)
        return
    share = {(row["year"], row["status"]): 100 * (row["share_of_villages"] or 0.0) for row in rows}
    years = sorted({row["year"] for row in rows})
    base = [0.0] * len(years)
    for status, colour in reversed(_STATUSES):
        heights = [share.get((year, status), 0.0) for year in years]
        tops = [below + height for below, height in zip(base, heights, strict=True)]
        ax.stairs(tops, [year - 0.5 for year in (*years, years[-1] + 1)], baseline=base, fill=True, color=colour, linewidth=0)
        base = tops
    for year, side in ((years[0], "left"), (years[len(years) // 2], "center"), (years[-1], "right")):
        label = f"{words.text('status.trading')}\n{words.number(share.get((year, 'trading'), 0.0), 1)}%"
        edge = {"left": -0.5, "center": 0.0, "right": 0.5}[side]
        ax.text(year + edge, 102, label, fontsize=7, ha=side, va="bottom", color="#b04d00", linespacing=1.0)
    ax.set_ylim(0, 126)
    ax.set_yticks([0, 50, 100])
    ax.spines["left"].set_bounds(0, 100)
    ax.set_xlim(years[0] - 0.6, years[-1] + 0.6)
    d.number_ticks(ax, words, "x", 8)
    ax.set_ylabel(words.text("figure.villages_axis"))
    ax.set_xlabel(words.text("figure.year_axis"), labelpad=1)


def _funnel_key(figure: Figure, words: Language, height: float) -> None:
    from matplotlib.patches import Patch

    patches = [
        Patch(facecolor=colour, edgecolor=d.FAINT, linewidth=0.3, label=words.text(f"status.{name}"))
        for name, colour in _STATUSES
    ]
    figure.legend(
        handles=patches,
        loc="lower center",
        ncol=len(patches) if figure.get_figwidth() > 6 else 4,
        frameon=False,
        fontsize=7.5,
        bbox_to_anchor=(0.5, 0.02 / height),
        handlelength=1.1,
        columnspacing=1.2,
        handletextpad=0.5,
    )
