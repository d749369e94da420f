"""Figures of `povsim forecast`: bands by arm, mean scores, and scores by origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting.forecast_words import forecaster_label, years_ahead
from povsim.reporting.language import Language, language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Summary = Mapping[str, Any]
_COLOURS = {"model_trap": "#d55e00", "model_no_trap": "#e69f00", "no_change": "#7f7f7f", "drift": "#0072b2"}
_MARKS = {"model_trap": "o", "model_no_trap": "D", "no_change": "s", "drift": "^"}
_TWO_PANELS = {"variants": {"a": 0, "b": 0}}


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """SVG texts by name; the same numbers give the same text."""
    words = language(code)
    by_kind: dict[str, dict[str, Callable[[Summary, Mapping[str, Any], Language, str], Figure]]] = {
        "forecast": {"forecast": _bands},
        "backtest": {"scores": _scores, "by_origin": _by_origin},
        "score": {},
    }
    drawn = {}
    for name, make in by_kind[summary["asked"]].items():
        with d.style(name):
            title = words.text(f"forecast.figure.{name}")
            drawn[name] = d.svg(make(summary, tables, words, title), name, title)
    return drawn


def _bands(summary: Summary, tables: Mapping[str, Any], words: Language, title: str) -> Figure:
    figure, axes = d.panels(summary, 4.2, labels=True)
    d.titles(figure, axes, title, words)
    series = "published" if summary["anchored"] else "headcount"
    for variant, ax in axes.items():
        ends = []
        for arm, block in summary["variants"][variant]["arms"].items():
            colour, text, dashes = d.arm_look(summary, arm)
            one = {name: [100 * value for value in values] for name, values in block[series].items()}
            years = [month / 12 for month in range(len(one["mean"]))]
            ax.fill_between(years, one["low95"], one["high95"], color=colour, alpha=0.10, linewidth=0)
            ax.fill_between(years, one["low80"], one["high80"], color=colour, alpha=0.18, linewidth=0)
            ax.plot(years, one["mean"], color=colour, linestyle=dashes, linewidth=1.4)
            ends.append((one["mean"][-1], words.text_or(f"arm.{arm}", arm), text))
        ax.set_ylim(bottom=0)
        ax.set_xlim(0, summary["horizon_months"] / 12)
        d.label_ends(figure, ax, ends, summary["horizon_months"] / 12)
        d.number_ticks(ax, words, "x", 7)
        d.number_ticks(ax, words)
        ax.set_xlabel(words.text("forecast.figure.years"))
    next(iter(axes.values())).set_ylabel(words.text("forecast.figure.headcount"))
    return figure


def _scores(summary: Summary, tables: Mapping[str, Any], words: Language, title: str) -> Figure:
    """Mean CRPS by forecaster, a panel a horizon, a row a period."""
    figure = d.canvas(_TWO_PANELS, 3.6)
    horizons = summary["horizons"]
    width = 0.7 / len(horizons)
    names = [one["forecaster"] for one in _rows(summary, horizons[0], "all")]
    for at, ahead in enumerate(horizons):
        ax = figure.add_axes((0.2 + at * (width + 0.03), 0.16, width, 0.6))
        periods = [period for period in ("all", "crisis", "other") if _rows(summary, ahead, period)]
        for row, period in enumerate(periods):
            for one in _rows(summary, ahead, period):
                name = one["forecaster"]
                place = row + (names.index(name) - (len(names) - 1) / 2) * 0.16
                ax.plot([0, one["crps"]], [place, place], color=d.RULE, linewidth=0.8, zorder=1)
                label = forecaster_label(name, words) if at == 0 and row == 0 else None
                ax.plot([one["crps"]], [place], _MARKS[name], color=_COLOURS[name], markersize=5.5, label=label)
        ax.set_yticks(
            range(len(periods)), [words.text(f"forecast.period.{p}") for p in periods] if at == 0 else [""] * len(periods)
        )
        ax.invert_yaxis()
        ax.set_xlim(left=0)
        ax.set_title(years_ahead(ahead, words), loc="left", fontsize=9.5, color=d.FAINT)
        ax.set_xlabel(words.text("forecast.figure.crps"))
        d.number_ticks(ax, words, "x", 5)
    figure.legend(loc="upper left", bbox_to_anchor=(0.19, 0.93), ncol=4, fontsize=7.5, frameon=False)
    figure.text(0.01, 0.985, title, ha="left", va="top", fontsize=11, fontweight="bold")
    return figure


def _by_origin(summary: Summary, tables: Mapping[str, Any], words: Language, title: str) -> Figure:
    """Mean CRPS of each origin's forecasts, a panel a horizon."""
    figure = d.canvas(_TWO_PANELS, 3.6)
    rows, horizons = d.rows_of(tables.get("backtest")), summary["horizons"]
    width = 0.84 / len(horizons)
    for at, ahead in enumerate(horizons):
        ax = figure.add_axes((0.07 + at * (width + 0.04), 0.16, width - 0.02, 0.6))
        for name in dict.fromkeys(row["forecaster"] for row in rows):
            found: dict[int, list[float]] = {}
            for row in rows:
                if row["forecaster"] == name and row["ahead"] == ahead:
                    found.setdefault(row["origin"], []).append(row["crps"])
            years = sorted(found)
            ax.plot(
                years, [sum(found[y]) / len(found[y]) for y in years], marker=_MARKS[name], color=_COLOURS[name], linewidth=1,
                markersize=4.5, label=forecaster_label(name, words) if at == 0 else None,
            )  # fmt: skip
        ax.set_ylim(bottom=0)
        ax.set_xticks(summary["origins"])
        ax.set_title(years_ahead(ahead, words), loc="left", fontsize=9.5, color=d.FAINT)
        ax.set_xlabel(words.text("forecast.figure.origin"))
        d.number_ticks(ax, words)
        if at == 0:
            ax.set_ylabel(words.text("forecast.figure.crps"))
    figure.legend(loc="upper left", bbox_to_anchor=(0.06, 0.93), ncol=4, fontsize=7.5, frameon=False)
    figure.text(0.01, 0.985, title, ha="left", va="top", fontsize=11, fontweight="bold")
    return figure


def _rows(summary: Summary, ahead: int, period: str) -> list[Mapping[str, Any]]:
    return [one for one in summary["scores"] if one["ahead"] == ahead and one["period"] == period]
