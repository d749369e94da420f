"""Figures of `povsim forecast`: bands by arm, mean scores, and scores by origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.forecast_words import forecaster_label, years_ahead
from povsim.reporting.language import Language, language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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
    """A row an arm, a column a variant: mean and bands, and the mean of the first arm again as a thin line."""
    arms, variants = v.arms(summary), list(summary["variants"])
    row, top, foot = 1.9, 0.62, 0.52
    height = top + foot + row * len(arms)
    figure = d.canvas(summary, height)
    left = 0.075 if len(variants) > 1 else 0.13
    width = (1 - left - 0.03) / len(variants)
    series = "published" if summary["anchored"] else "headcount"
    first: Axes | None = None
    for i, arm in enumerate(arms):
        for j, variant in enumerate(variants):
            place = (left + j * width, (foot + row * (len(arms) - 1 - i) + 0.12) / height, width - 0.03, (row - 0.48) / height)
            ax = figure.add_axes(place, sharey=first, sharex=first)
            first = first or ax
            blocks = summary["variants"][variant]["arms"]
            _band(ax, blocks[arm][series], d.arm_look(summary, arm)[0])
            if i:
                reference = [100 * x for x in blocks[arms[0]][series]["mean"]]
                ax.plot([month / 12 for month in range(len(reference))], reference, color=d.INK, linewidth=0.6, linestyle="--")
            label = f"{v.arm_label(summary, arm, words)}, {v.variant_label(variant, words)}"
            ax.set_title(label, loc="left", fontsize=9, color=d.arm_look(summary, arm)[1])
            ax.set_ylim(bottom=0)
            ax.set_xlim(0, summary["horizon_months"] / 12)
            d.number_ticks(ax, words, "x", 7)
            d.number_ticks(ax, words)
            ax.tick_params(labelbottom=i == len(arms) - 1, labelleft=j == 0)
            if i == len(arms) - 1:
                ax.set_xlabel(words.text("forecast.figure.years"))
            if j == 0:
                ax.set_ylabel(words.text("forecast.figure.headcount"), fontsize=8)
    note = words.text("forecast.figure.reference", arm=v.arm_label(summary, arms[0], words)) if len(arms) > 1 else ""
    figure.text(0.01, 1 - 0.07 / height, title, ha="left", va="top", fontsize=11, fontweight="bold")
    figure.text(0.01, 1 - 0.28 / height, note, ha="left", va="top", fontsize=8, color=d.FAINT)
    return figure


def _band(ax: Axes, block: Mapping[str, Any], colour: str) -> None:
    """Mean with 80 and 95 % bands, the latter outlined, in percent by year."""
    one = {name: [100 * value for value in values] for name, values in block.items() if isinstance(values, list)}
    years = [month / 12 for month in range(len(one["mean"]))]
    ax.fill_between(years, one["low95"], one["high95"], color=colour, alpha=0.15, linewidth=0)
    ax.fill_between(years, one["low80"], one["high80"], color=colour, alpha=0.30, linewidth=0)
    for end in ("low95", "high95"):
        ax.plot(years, one[end], color=colour, linewidth=0.5)
    ax.plot(years, one["mean"], color=colour, linewidth=1.5)


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
