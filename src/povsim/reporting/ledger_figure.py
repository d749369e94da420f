"""The figure of the ledger: what each mechanism adds to permanent exits, with its error, arm by arm and variant by variant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.ledger import blocks
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAINS, _LOSSES = "#0072b2", "#d55e00"
_ROW = 0.21
"""Inches of a bar."""
_LEFT = 2.4
"""Where the names begin, in widths of the widest bar left of 0."""


def ledger_figure(summary: Summary, words: Language) -> Figure:
    """Bars of the parts of every arm that was taken apart; a part with too few households behind it says so instead."""
    found = {variant: list(blocks(summary, variant)) for variant in summary["variants"]}
    rows = max(sum(len(block["parts"]) + 3 for _, _, block in arms) for arms in found.values())
    figure, axes = d.panels(summary, 1.3 + _ROW * rows)
    d.titles(figure, axes, words.text("ledger.figure"), words)
    values = [
        (abs(part["mean"]) + 2 * (part["se"] or 0.0)) * 1000
        for arms in found.values()
        for _, _, block in arms
        for part in (*block["parts"], block["rest"])
        if part["reason"] is None
    ]
    widest = 1.1 * max(values, default=1.0)
    for variant, ax in axes.items():
        at = 0.0
        for arm, _, block in found[variant]:
            ax.text(-_LEFT * widest, at, v.arm_label(summary, arm, words), fontsize=8.5, fontweight="bold", va="center")
            for part in (*block["parts"], block["rest"]):
                at += 1
                _bar(ax, part, at, widest, words)
            at += 2
        ax.axvline(0, color=d.FAINT, linewidth=0.6)
        ax.set_xlim(-_LEFT * widest, widest)
        ax.set_ylim(rows - 0.6, -0.9)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        d.number_ticks(ax, words, "x", 9)
        ax.set_xticks([tick for tick in ax.get_xticks() if abs(tick) <= widest])
        ax.spines["bottom"].set_bounds(-widest, widest)
        ax.set_xlabel(words.text("ledger.figure_axis"), loc="right")
    return figure


def _bar(ax: Axes, part: Mapping[str, Any], at: float, widest: float, words: Language) -> None:
    name = words.text(f"ledger.part_{part['part']}")
    ax.text(-1.04 * widest, at, name, fontsize=7.5, ha="right", va="center")
    if part["reason"] is not None:
        ax.text(0.02 * widest, at, words.text("reading.too_few"), fontsize=7.5, va="center", color=d.FAINT)
        return
    mean = 1000 * part["mean"]
    ax.barh(at, mean, height=0.7, color=_GAINS if mean >= 0 else _LOSSES, linewidth=0)
    if part["se"] is not None:
        ax.errorbar(mean, at, xerr=2000 * part["se"], color=d.INK, linewidth=0.9, capsize=2)
