"""How a figure looks and is written: palette, type, direct labels, and SVG that is the same for the same numbers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#222222"
FAINT = "#6b6b6b"
RULE = "#d9d9d9"
# Okabe and Ito's palette, told apart with the common kinds of colour blindness; the text shades keep 4.5:1 on white.
_ARMS = {
    "none": ("#7f7f7f", "#5f5f5f", "-"),
    "aid": ("#0072b2", "#00639b", "-"),
    "aid_equal_cost": ("#56b4e9", "#1f78ab", "--"),
    "cooperative": ("#e69f00", "#8f6200", "-"),
    "aid_cooperative": ("#d55e00", "#b04d00", "-"),
    "aid_cooperative_planned": ("#cc79a7", "#a2477b", ":"),
}
_FURTHER = (("#009e73", "#007957", "-."), ("#222222", "#222222", "-."), ("#b5a900", "#6f6800", "--"))
_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "svg.fonttype": "none",
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.parse_math": False,
}


@contextmanager
def style(name: str) -> Iterator[None]:
    """Settings of the project's figures; `name` salts the ids, so that figures can stand on one page."""
    import matplotlib as mpl

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    settings: Any = _STYLE | {"svg.hashsalt": f"povsim-{name}"}
    with mpl.rc_context(settings):
        yield


def arm_look(summary: Summary, arm: str) -> tuple[str, str, str]:
    """Colour of the line, colour of its text, and dashes of an arm."""
    if arm in _ARMS:
        return _ARMS[arm]
    further = [name for name in drawn_arms(summary) if name not in _ARMS]
    return _FURTHER[further.index(arm) % len(_FURTHER)] if arm in further else _FURTHER[0]


def drawn_arms(summary: Summary) -> list[str]:
    """The arms that figures draw: all but the equal-cost twins of further arms, which stand in the tables."""
    return [arm for arm in v.arms(summary) if not arm.startswith("aid_equal_cost_")]


def panels(summary: Summary, height: float, labels: bool = False) -> tuple[Figure, dict[str, Axes]]:
    """A figure with one panel a variant, side by side; `labels` leaves room for names at the right end of lines."""
    variants = list(summary["variants"])
    figure = canvas(summary, height)
    count = len(variants)
    room, left = (0.205 if count > 1 else 0.3) if labels else 0.045, 0.065 if count > 1 else 0.12
    width = (1 - left - room * count + (0 if labels else 0.01)) / count
    axes: dict[str, Axes] = {}
    for at, variant in enumerate(variants):
        place = (left + at * (width + room), 0.52 / height, width, 1 - 1.24 / height)
        axes[variant] = figure.add_axes(place, sharey=axes[variants[0]] if at else None)
    return figure, axes


def canvas(summary: Summary, height: float) -> Figure:
    """An empty figure, wide enough for the variants; height in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6 if len(summary["variants"]) > 1 else 5.4, height))
    FigureCanvasAgg(figure)
    return figure


def titles(figure: Figure, axes: dict[str, Axes], title: str, words: Language) -> None:
    """The title of the figure at the top left, the variant above each panel."""
    from textwrap import wrap

    figure.text(
        0.01,
        1 - 0.07 / figure.get_figheight(),
        "\n".join(wrap(title, round(9 * figure.get_figwidth()))),
        ha="left",
        va="top",
        fontsize=11,
        fontweight="bold",
    )
    for variant, ax in axes.items():
        ax.set_title(words.text_or(f"variant_title.{variant}", variant), loc="left", fontsize=9.5, color=FAINT)


def number_ticks(ax: Axes, words: Language, which: str = "y", most: int = 5) -> None:
    """Tick labels in the language's own number format."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10] if which == "y" else [1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _position: words.number(value, _decimals(value))))


def _decimals(value: float) -> int:
    """Decimals (at most three) that write a tick as it is and not rounded to its neighbour."""
    return next((decimals for decimals in range(3) if abs(value - round(value, decimals)) < 1e-9), 3)


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions moved apart until neighbours are `gap` from each other, inside low..high where there is room."""
    order = sorted(range(len(positions)), key=lambda at: positions[at])
    placed: list[float] = []
    for at in order:
        placed.append(max(positions[at], low if not placed else placed[-1] + gap))
    over = max(0.0, placed[-1] - high) if placed else 0.0
    if over:
        placed[-1] -= over
        for at in range(len(placed) - 2, -1, -1):
            placed[at] = min(placed[at], placed[at + 1] - gap)
    result = [0.0] * len(positions)
    for at, place in zip(order, placed, strict=True):
        result[at] = place
    return result


def label_ends(figure: Figure, ax: Axes, ends: Sequence[tuple[float, str, str]], x: float, words_width: int = 26) -> None:
    """Names at the right end of lines, moved apart: (height, text, colour) each, with a thin leader where moved."""
    from textwrap import wrap

    low, high = ax.get_ylim()
    size = (high - low) / (ax.get_position().height * figure.get_figheight() * 72) * 11.5
    texts = ["\n".join(wrap(text, words_width)) for _, text, _ in ends]
    lines = max((text.count("\n") + 1 for text in texts), default=1)
    heights = spread([end[0] for end in ends], size * (1 + 0.75 * (lines - 1)), low + size * lines / 2, high)
    from_x, to_x = ax.get_xlim()
    step = (to_x - from_x) * 0.03
    for (height, _, colour), text, place in zip(ends, texts, heights, strict=True):
        ax.plot([x, x + step], [height, place], color=colour, linewidth=0.6, clip_on=False)
        ax.text(x + 1.3 * step, place, text, color=colour, fontsize=8, va="center", ha="left", linespacing=1.0)


def say_nothing(ax: Axes, words: Language) -> None:
    """An empty panel that says so."""
    ax.text(0.5, 0.5, words.text("figure.nothing"), transform=ax.transAxes, ha="center", va="center", color=FAINT)
    ax.set_xticks([])
    ax.set_yticks([])


def svg(figure: Figure, name: str, title: str) -> str:
    """The figure as SVG text: no date, no metadata, its ids marked with `name`, its title for those who do not see it."""
    page, least = StringIO(), round(66 * figure.get_figwidth())
    figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    text = page.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!DOCTYPE.*?>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = text.replace("'DejaVu Sans', sans-serif", "'DejaVu Sans', Verdana, sans-serif")
    return re.sub(r"(<svg\b[^>]*)>", rf'\1 style="min-width:{least}px" role="img"><title>{_safe(title)}</title>', text, count=1)


def _safe(title: str) -> str:
    return escape(title).replace("\\", r"\\")


def rows_of(table: Any) -> list[dict[str, Any]]:
    """The rows of a table given as a list of dicts or as a polars frame; an absent one has none."""
    if table is None:
        return []
    return list(table.iter_rows(named=True)) if hasattr(table, "iter_rows") else list(table)
