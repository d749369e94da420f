"""The figure of one household: consumption and capacity by month in every arm, with what happened."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from povsim.experiments.explain import Explanation, Result
from povsim.reporting.drawing import FAINT, INK, RULE, arm_look, label_ends, number_ticks, style, svg
from povsim.reporting.explain import event_name, moments
from povsim.reporting.language import Language
from povsim.reporting.result import put
from povsim.reporting.verdict import arm_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER = "explain"
WIDTH, HEIGHT = 9.6, 6.35
LINE = 0.16
"""Inches of a line of the list of events, which stands below the panels in two columns."""
OTHERS = 0.35
"""Opacity of the arms that the question is not about."""


def write_figure(found: Explanation, result: Result, words: Language) -> Path:
    """Write DIR/explain/<household>.svg, whole; no other file of the folder is touched."""
    path = result.folder / FOLDER / f"{found.household['household']}.svg"
    put(path, draw(found, result, words).encode())
    return path


def draw(found: Explanation, result: Result, words: Language) -> str:
    """The figure as SVG text."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    name, life = found.household["household"], found.life
    title = words.text("explain.figure.title", household=name)
    happened = moments(found, words)
    half = -(-len(happened) // 2)
    below = 0.2 + LINE * half
    height = HEIGHT + below
    mark, says = _mark(found, words)
    with style(f"explain-{name}"):
        figure = Figure(figsize=(WIDTH, height))
        FigureCanvasAgg(figure)
        figure.text(0.01, 1 - 0.07 / height, title, ha="left", va="top", fontsize=11, fontweight="bold", color=INK)
        figure.text(0.01, 1 - 0.33 / height, "\n".join(wrap(says, 120)), ha="left", va="top", fontsize=9, color=INK)
        for at, (key, paths) in enumerate((("consumption", life.m12), ("capacity", life.ccap))):
            ax = figure.add_axes((0.065, (below + 3.36 - 2.82 * at) / height, 0.72, 2.1 / height))
            ax.set_title(words.text(f"explain.figure.{key}"), loc="left", fontsize=9.5, color=FAINT)
            _lines(ax, found, result, paths)
            number_ticks(ax, words)
            _months(ax, found, happened, mark)
            if life.outcome.until < life.c.shape[1] - 1:
                ax.text(life.outcome.until + 1, ax.get_ylim()[1], words.text("explain.figure.ends"), fontsize=7.5, va="top")
        ax.set_xlabel(words.text("explain.figure.months"))
        letters = {arm: f"{letter}: " for arm, letter in zip((found.arm, found.against), "AB", strict=True)}
        ends = [
            (
                life.m12[a, life.outcome.until],
                letters.get(arm.name, "") + arm_label(result.summary, arm.name, words),
                arm_look(result.summary, arm.name)[1],
            )
            for a, arm in enumerate(found.told.arms)
        ]
        label_ends(figure, figure.axes[0], ends, life.outcome.until)
        for j, (month, text, where) in enumerate(happened):
            place = (0.02 + 0.49 * (j // half), (below - 0.1 - LINE * (j % half)) / height)
            figure.text(
                *place, f"{j + 1}  {text} ({where})" if month else f"{text} ({where})", fontsize=7.5, color=INK, va="top"
            )
        return svg(figure, f"explain-{name}", title)


def _mark(found: Explanation, words: Language) -> tuple[int, str]:
    """Month of the cause or of the largest contributor (0: none to draw), and what the figure says of it."""
    if found.finding is None:
        return 0, ""
    cause = found.finding.cause
    tried = cause or found.finding.largest
    if tried is None or (cause is None and tried.effect <= 0):
        return 0, ""
    key = ("cause" if cause is not None else "largest") + ("" if tried.event.month else "_throughout")
    return tried.event.month, words.text(f"explain.figure.{key}", event=event_name(words, tried.event))


def _lines(ax: Axes, found: Explanation, result: Result, paths: np.ndarray) -> None:
    """The path of every arm, those of the question in front; the line and the margin above it."""
    until, T = found.life.outcome.until, paths.shape[1] - 1
    for a, arm in enumerate(found.told.arms):
        colour, _, dashes = arm_look(result.summary, arm.name)
        asked = arm.name in (found.arm, found.against)
        ax.plot(
            np.arange(until + 1), paths[a, : until + 1], color=colour, linestyle=dashes, linewidth=1.7 if asked else 0.9,
            alpha=1.0 if asked else OTHERS, zorder=3 if asked else 2,
        )  # fmt: skip
    ax.axhline(1.0, color=FAINT, linewidth=0.8)
    ax.axhline(1.0 + result.scenario.exit.b, color=RULE, linewidth=0.8)
    ax.set_xlim(0, T)
    ax.set_xticks(range(0, T + 1, 12))


def _months(ax: Axes, found: Explanation, happened: list[tuple[int, str, str]], mark: int) -> None:
    """A numbered tick for everything that happened, lines for the cause and the end of the household."""
    low, high = ax.get_ylim()
    low -= 0.08 * (high - low)
    at: dict[int, list[str]] = {}
    for j, (month, _, _) in enumerate(happened):
        at.setdefault(month, []).append(str(j + 1))
    for month in sorted(set(at) - {0}):
        ax.plot([month, month], [low, low + 0.03 * (high - low)], color=FAINT, linewidth=0.8)
        ax.text(month, low + 0.035 * (high - low), ",".join(at[month]), fontsize=6.5, color=FAINT, ha="center", va="bottom")
    if mark:
        ax.axvline(mark, color=INK, linewidth=0.9, linestyle="--", zorder=1)
    if found.life.outcome.until < found.life.c.shape[1] - 1:
        ax.axvline(found.life.outcome.until, color=INK, linewidth=0.8, linestyle=":")
    ax.set_ylim(low, high)
