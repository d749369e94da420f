"""From where on cooperatives beat assistance at equal money: table, figure and section of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.tables import Table
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUANTITIES = ("trading", "membership", "premium", "survival")
NATION = "all"
_LOOKS = (("aid_cooperative", "o"), ("aid_cooperative_planned", "s"))
"""Whose colours the run's own scenario and the targets have, and their mark."""


def table(summary: Summary, variant: str, words: Language) -> Table | None:
    """Each scenario and quantity of a variant: today's record, the value in the run, the break-even and its 95 % range."""
    entry = summary.get("break_even", {}).get(variant)
    if not entry:
        return None
    today = {one["quantity"]: one for one in entry["today"] if one["province"] == NATION}
    rows, notes = [], []
    for scenario in entry["scenarios"]:
        label = _scenario(scenario, words)
        for quantity, found in scenario["quantities"].items():
            position = today.get(quantity)
            own = next((point for point in found["points"] if point["scenario"]), None)
            rows.append(
                (
                    label,
                    words.text(f"break_even.quantity.{quantity}"),
                    words.text("table.none") if position is None else words.percent(position["value"]),
                    _share(scenario["realised"][quantity], words),
                    said(found["break_even"], words),
                    reach(found["possible"], found["sure"], words),
                    _difference(own, words),
                )
            )
        others = words.listing(
            f"{words.text(f'break_even.quantity.{quantity}')} {_share(value, words)}"
            for quantity, value in scenario["realised"].items()
        )
        notes.append(words.text("break_even.held", scenario=label, values=others))
    said_of = [
        words.text("break_even.today_is", quantity=words.text(f"break_even.quantity.{one['quantity']}"),
                   what=words.text(f"break_even.what.{one['what']}"), grade=one["grade"])
        for one in today.values()
    ]  # fmt: skip
    error = entry.get("interpolation_error")
    if error is not None:
        notes.append(words.text("break_even.error", error=words.per_thousand(error)))
    return Table(
        words.text("break_even.table", variant=v.variant_label(variant, words)),
        tuple(
            words.text(f"break_even.column.{name}")
            for name in ("scenario", "quantity", "today", "run", "value", "range", "difference")
        ),
        tuple(rows),
        labels=2,
        caption=words.text("break_even.caption", certainty=words.text("table.given_parameters"), pkh=words.text("note.pkh")),
        notes=(*notes, *said_of),
        strong=frozenset({4}),
        words=frozenset({4, 5}),
    )


def said(found: Mapping[str, Any], words: Language) -> str:
    """One reading as a text: a percentage only where the curve was lived on both sides of it."""
    status = str(found["status"])
    if status == "too_few":
        return words.text("reading.too_few")
    if status == "reached":
        return _share(found["value"], words)
    fields = {name: _share(found.get(name), words) for name in ("value", "low", "high")}
    return words.text(f"break_even.said.{status}", **fields)


def reach(possible: Mapping[str, Any], sure: Mapping[str, Any], words: Language) -> str:
    """From where the upper to where the lower end of the 95 % interval is above 0."""
    if "too_few" in (possible["status"], sure["status"]):
        return "\N{EN DASH}"
    ends = {"reached": "value", "already": "low", "not_reached": "high"}
    if possible["status"] not in ends or sure["status"] not in ends:
        return words.text("table.none")
    if possible["status"] == "not_reached":
        return words.text("break_even.range.above", value=_share(possible["high"], words))
    if sure["status"] == "already":
        return words.text("break_even.range.below", value=_share(sure["low"], words))
    low, high = (_share(one[ends[one["status"]]], words) for one in (possible, sure))
    kind = {
        ("reached", "reached"): "between",
        ("already", "reached"): "at_most",
        ("reached", "not_reached"): "at_least",
        ("already", "not_reached"): "anywhere",
    }[possible["status"], sure["status"]]
    return words.text(f"break_even.range.{kind}", low=low, high=high)


def provinces(summary: Summary, rows: Any, words: Language) -> Table | None:
    """Break-evens of the provinces with enough households; None where there is none."""
    kept = [row for row in d.rows_of(rows) if row["province"] != NATION and row["status"] not in ("too_few", "unknown")]
    if not kept:
        return None
    names = ("variant", "scenario", "quantity", "province", "today", "value", "range", "difference")
    return Table(
        words.text("break_even.provinces"),
        tuple(words.text(f"break_even.column.{name}") for name in names),
        tuple(
            (
                words.text_or(f"variant_title.{row['variant']}", row["variant"]),
                _scenario(row, words),
                words.text(f"break_even.quantity.{row['quantity']}"),
                _place(row["province"]),
                _share(row["today"], words),
                said(_reading(row, ""), words),
                reach(_reading(row, "possible_"), _reading(row, "sure_"), words),
                _difference(
                    {
                        "mean": row["difference_in_scenario"],
                        "low95": row["difference_low95"],
                        "high95": row["difference_high95"],
                        "discordant": row["discordant_in_scenario"],
                    },
                    words,
                ),
            )
            for row in kept
        ),
        labels=4,
        notes=(words.text("break_even.equal_money_note"),),
        strong=frozenset({5}),
        words=frozenset({5, 6}),
    )


def counted(rows: Any) -> tuple[int, int]:
    """Cells of provinces (province, quantity, scenario, variant) with something to say, and all of them."""
    cells = [row for row in d.rows_of(rows) if row["province"] != NATION]
    return sum(row["status"] not in ("too_few", "unknown") for row in cells), len(cells)


def positions(summary: Summary, words: Language) -> Table | None:
    """Where the cooperatives of each province stand by the public statistics."""
    entry = next(iter(summary.get("break_even", {}).values()), None)
    found: dict[str, dict[str, Any]] = {}
    for one in (entry or {}).get("today", ()):
        if one["province"] != NATION:
            found.setdefault(one["province"], {})[one["quantity"]] = one
    if not found:
        return None
    rows = []
    for name, of_it in found.items():
        members = of_it.get("membership", {})
        per = members.get("members_per_cooperative")
        rows.append(
            (
                _place(name),
                _share(of_it.get("trading", {}).get("value"), words),
                words.text("table.none") if per is None else words.number(per, 1),
                _share(members.get("value"), words),
            )
        )
    source = next(iter(found.values()))["trading"]
    return Table(
        words.text("break_even.positions"),
        tuple(words.text(f"break_even.column.{name}") for name in ("province", "outlet", "per_cooperative", "of_households")),
        tuple(rows),
        notes=(words.text("break_even.positions_note", source=source["source"]),),
    )


def figure(summary: Summary, words: Language) -> Figure:
    """Difference to equal money over each quantity, a row a quantity and a column a variant, with today's positions."""
    variants = [variant for variant in summary["variants"] if variant in summary.get("break_even", {})]
    height = 1.75 + 1.95 * len(QUANTITIES)
    drawn = d.canvas(summary, height)
    d.titles(drawn, {}, words.text("break_even.figure"), words)
    for at, variant in enumerate(variants):
        first: Axes | None = None
        for row, quantity in enumerate(QUANTITIES):
            ax = drawn.add_subplot(len(QUANTITIES), len(variants), row * len(variants) + at + 1, sharey=first)
            first = first or ax
            _panel(ax, summary["break_even"][variant], quantity, words)
            if row == 0:
                ax.set_title(words.text_or(f"variant_title.{variant}", variant), loc="left", fontsize=9.5, color=d.FAINT)
            if at == 0:
                ax.set_ylabel("\n".join(wrap(words.text("break_even.axis.difference"), 20)), fontsize=8)
    drawn.subplots_adjust(
        left=0.075 if len(variants) > 1 else 0.12,
        right=0.985,
        top=1 - 0.75 / height,
        bottom=1.05 / height,
        hspace=0.52,
        wspace=0.13,
    )
    if variants:
        _key(drawn, summary["break_even"][variants[0]], words, height)
    return drawn


def _panel(ax: Axes, entry: Mapping[str, Any], quantity: str, words: Language) -> None:
    ax.axhline(0.0, color=d.INK, linewidth=0.8)
    silent = []
    for scenario, (arm, mark) in zip(entry["scenarios"], _looks(entry), strict=True):
        colour, text_colour, dashes = d.arm_look({"variants": {}}, arm)
        found = scenario["quantities"][quantity]
        if found["break_even"]["status"] in ("too_few", "unknown"):
            silent.append(f"{_scenario(scenario, words)}: {said(found['break_even'], words)}")
            continue
        points = [point for point in found["points"] if point["value"] is not None and point["mean"] is not None]
        x = [100 * point["value"] for point in points]
        ax.plot(x, [1000 * point["mean"] for point in points], color=colour, linestyle=dashes, linewidth=1.6)
        if all(point["low95"] is not None for point in points):
            low, high = ([1000 * point[end] for point in points] for end in ("low95", "high95"))
            ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
        for point in points:
            if point["scenario"]:
                ax.plot([100 * point["value"]], [1000 * point["mean"]], mark, color=colour, markersize=5.5, zorder=4)
        crossed = found["break_even"]["value"]
        if found["break_even"]["status"] == "reached":
            ax.plot([100 * crossed], [0.0], "D", color=text_colour, markersize=5, zorder=5)
            ax.annotate(words.percent(crossed), (100 * crossed, 0.0), (5, -11), textcoords="offset points", fontsize=8,
                        color=text_colour, fontweight="bold")  # fmt: skip
    for line, text in enumerate(silent):
        ax.text(0.5, 0.9 - 0.16 * line, text, transform=ax.transAxes, ha="center", va="center", fontsize=7.5, color=d.FAINT)
    ax.set_xlim(0, None if quantity == "premium" else 100)
    d.number_ticks(ax, words)
    d.number_ticks(ax, words, "x", 6)
    ax.set_xlabel(words.text(f"break_even.axis.{quantity}"), fontsize=8, labelpad=1)
    _today(ax, [one for one in entry["today"] if one["quantity"] == quantity], words)


def _today(ax: Axes, found: Sequence[Mapping[str, Any]], words: Language) -> None:
    """The nation as a dotted line with its value, the provinces as ticks at the lower edge."""
    across = ax.get_xaxis_transform()
    for one in found:
        x = 100 * one["value"]
        if one["province"] == NATION:
            ax.plot([x, x], [0, 1], transform=across, color=d.FAINT, linestyle=":", linewidth=1.0)
            label = words.text("break_even.today_mark", value=words.percent(one["value"]))
            ax.text(x, 0.985, f" {label}", transform=across, fontsize=7, color=d.FAINT, va="top")
        else:
            ax.plot([x, x], [0, 0.06], transform=across, color=d.FAINT, linewidth=0.7)


def _key(figure_: Figure, entry: Mapping[str, Any], words: Language, height: float) -> None:
    ax, handles = figure_.axes[0], []
    for scenario, (arm, mark) in zip(entry["scenarios"], _looks(entry), strict=True):
        colour, _, dashes = d.arm_look({"variants": {}}, arm)
        handles += ax.plot([], [], color=colour, linestyle=dashes, marker=mark, label=_scenario(scenario, words))
    crossing, nation, provinces = (words.text(f"break_even.key.{name}") for name in ("crossing", "nation", "provinces"))
    handles += ax.plot([], [], color=d.INK, marker="D", linestyle="", markersize=5, label=crossing)
    if entry["today"]:
        handles += ax.plot([], [], color=d.FAINT, linestyle=":", label=nation)
        handles += ax.plot([], [], color=d.FAINT, marker="|", linestyle="", label=provinces)
    figure_.legend(
        handles=handles,
        loc="lower center",
        ncol=3 if figure_.get_figwidth() > 6 else 2,
        frameon=False,
        fontsize=7.5,
        bbox_to_anchor=(0.5, 0.02 / height),
        columnspacing=1.4,
    )


def _looks(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [_LOOKS[scenario["target"]] for scenario in entry["scenarios"]]


def _scenario(entry: Mapping[str, Any], words: Language) -> str:
    label = words.text_or(f"break_even.scenario.{entry['cooperative']}", str(entry["cooperative"]))
    return f"{label} {words.text('target_stamp')}" if entry["target"] else label


def _share(value: float | None, words: Language) -> str:
    return words.text("table.none") if value is None else words.percent(value)


def _difference(point: Mapping[str, Any] | None, words: Language) -> str:
    """Per 1,000 with its interval, at the scenario's own point."""
    if point is None or point["mean"] is None:
        return words.text("table.none")
    if point["discordant"] is not None and point["discordant"] < v.DISCORDANT_MINIMUM:
        return words.text("reading.too_few")
    beside = v.shown((point["mean"], point["low95"], point["high95"]))
    mean = words.per_thousand(point["mean"], beside, signed=True)
    if point["low95"] is None:
        return f"{mean} ({words.text('reading.no_interval')})"
    ends = words.interval(
        point["low95"], point["high95"], lambda share: words.per_thousand(share, beside, signed=True), short=True
    )
    return f"{mean} ({ends})"


def _reading(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """A reading out of a row of the table."""
    return {
        "status": row[f"{prefix}status"],
        "value": row[f"{prefix}value"],
        "low": row["tried_low"],
        "high": row["tried_high"],
    }


def _place(name: str) -> str:
    """A province in title case, but for the abbreviations."""
    return " ".join(word if word in ("DI", "DKI") else word.capitalize() for word in name.split())
