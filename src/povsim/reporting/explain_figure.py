"""The figure of one household: consumption and capacity by month in every arm, with what happened."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from povsim.errors import PovsimError
from povsim.experiments.explain import Explanation, Result
from povsim.reporting.drawing import FAINT, INK, RULE, arm_look, label_ends, number_ticks, style, svg
from povsim.reporting.explain import arm_name, event_name
from povsim.reporting.language import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER = "explain"
WIDTH, HEIGHT = 9.6, 6.6
OTHERS = 0.35
"""Opacity of the arms that the question is not about."""


def write_figure(found: Explanation, result: Result, words: Language) -> Path:
    """Write DIR/explain/<household>.svg, whole; no other file of the folder is touched."""
    path = result.folder / FOLDER / f"{found.household['household']}.svg"
    text = draw(found, result, words)
    try:
        path.parent.mkdir(exist_ok=True)
        handle, partial = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except OSError as error:
        raise PovsimError(
            f"{path} cannot be written ({error.strerror}). Give a result folder that you may write to."
        ) from error
    return path


def draw(found: Explanation, result: Result, words: Language) -> str:
    """The figure as SVG text."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    name, life = found.household["household"], found.life
    title = words.text("explain.figure.title", household=name)
    with style(f"explain-{name}"):
        figure = Figure(figsize=(WIDTH, HEIGHT))
        FigureCanvasAgg(figure)
        figure.text(0.01, 0.99, title, ha="left", va="top", fontsize=11, fontweight="bold", color=INK)
        until = life.outcome.until
        for at, (key, paths) in enumerate((("consumption", life.m12), ("capacity", life.ccap))):
            ax = figure.add_axes((0.065, 0.55 - 0.465 * at, 0.72, 0.345))
            ax.set_title(words.text(f"explain.figure.{key}"), loc="left", fontsize=9.5, color=FAINT)
            _lines(ax, found, result, paths, until)
            ax.set_xlim(0, life.c.shape[1] - 1)
            ax.axhline(1.0, color=FAINT, linewidth=0.8)
            ax.axhline(1.0 + result.scenario.exit.b, color=RULE, linewidth=0.8)
            ax.set_xticks(range(0, life.c.shape[1], 12))
            number_ticks(ax, words)
            _moments(ax, found, words, label=at == 0)
            if until < life.c.shape[1] - 1:
                ax.axvline(until, color=INK, linewidth=0.8, linestyle=":")
                ax.text(until + 1, ax.get_ylim()[0], words.text("explain.figure.ends"), fontsize=7.5, color=INK, va="bottom")
            if at == 0:
                ends = [
                    (float(paths[a, until]), arm_name(words, result.scenario, arm.name), arm_look(result.summary, arm.name)[1])
                    for a, arm in enumerate(found.told.arms)
                ]
                label_ends(figure, ax, ends, life.c.shape[1] - 1)
            else:
                ax.set_xlabel(words.text("explain.figure.months"))
        return svg(figure, f"explain-{name}", title)


def _lines(ax: Axes, found: Explanation, result: Result, paths: np.ndarray, until: int) -> None:
    months = np.arange(until + 1)
    for a, arm in enumerate(found.told.arms):
        colour, _, dashes = arm_look(result.summary, arm.name)
        asked = arm.name in (found.arm, found.against)
        ax.plot(
            months, paths[a, : until + 1], color=colour, linestyle=dashes, linewidth=1.7 if asked else 0.9,
            alpha=1.0 if asked else OTHERS, zorder=3 if asked else 2,
        )  # fmt: skip


def _moments(ax: Axes, found: Explanation, words: Language, label: bool) -> None:
    """A tick for everything that happened in an arm of the question, a line for the cause or the largest contributor."""
    low, high = ax.get_ylim()
    ticks = {event.month for events in found.moments.values() for event in events if event.month}
    for month in ticks:
        ax.plot([month, month], [low, low + 0.03 * (high - low)], color=FAINT, linewidth=0.8)
    finding = found.finding
    if finding is not None:
        tried, key = (finding.cause, "cause") if finding.cause is not None else (finding.largest, "largest")
        if tried is not None and tried.event.month:
            ax.axvline(tried.event.month, color=INK, linewidth=0.9, linestyle="--")
            if label:
                text = words.text(f"explain.figure.{key}", event=event_name(words, tried.event))
                middle = tried.event.month < (found.life.c.shape[1] - 1) / 2
                ax.text(
                    tried.event.month + (1 if middle else -1), high, text, fontsize=7.5, color=INK, va="top",
                    ha="left" if middle else "right",
                )  # fmt: skip
    ax.set_ylim(low, high)
