"""The report of a calibration: what the data say about each parameter, and whether the model would have left such data."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.calibrate_tables import (
    check_table,
    coming_table,
    label,
    number,
    parameter_table,
    score_table,
    statistic,
    survey_table,
)
from povsim.reporting.language import Language, language
from povsim.reporting.simple_page import Page, Part, Section, figure
from povsim.reporting.tables import Table
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES = ("forecast", "identified", "predictive", "scores", "survey")

LABEL_WIDTH = 26
"""Characters of a line beside a panel, which has no room for more."""


def sentences(summary: Summary, code: str) -> list[str]:
    """The answer in plain words."""
    words = language(code)
    data = summary["data"]
    out = [
        words.text(
            "calibrate.sentence.data",
            villages=words.number(data["villages"]),
            households=words.number(data["households"]),
            waves=words.number(len(data["waves"])),
            treated=words.number(data["treated"]),
            pilots=words.number(summary["pilots"]),
        )
    ]
    for variant, one in summary["variants"].items():
        known = [row for row in one["parameters"] if row["identified"]]
        unknown = [label(row["symbol"], words) for row in one["parameters"] if not row["identified"]]
        name = v.variant_label(variant, words)
        if known:
            listed = words.listing(
                [
                    words.text(
                        "calibrate.value",
                        name=label(row["symbol"], words),
                        value=number(row["mean"], row, words),
                        low=number(row["low90"], row, words),
                        high=number(row["high90"], row, words),
                    )
                    for row in known
                ]
            )
            out.append(words.text("calibrate.sentence.known", variant=name, listed=listed))
        else:
            out.append(words.text("calibrate.sentence.nothing", variant=name))
        if unknown:
            out.append(words.text("calibrate.sentence.unknown", variant=name, listed=words.listing(unknown)))
        checks = one["checks"]
        out.append(
            words.text(
                "calibrate.sentence.checks",
                variant=name,
                inside=words.number(checks["inside95"]),
                of=words.number(checks["of"]),
                expected=words.number(round(0.95 * checks["of"])),
            )
        )
        if checks["beyond"]:
            named = words.listing([statistic(one, words) for one in checks["beyond"][:3]])
            count = words.number(len(checks["beyond"]))
            out.append(words.text("calibrate.sentence.beyond", variant=name, count=count, named=named))
    out += _series(summary, words)
    out += _scores(summary, words)
    out += _coming(summary, words)
    out.append(words.text("calibrate.sentence.use", path=summary["posterior"]))
    return [sentence[:1].upper() + sentence[1:] for sentence in out]


def _coming(summary: Summary, words: Language) -> list[str]:
    """Poor persons at the end of the forecast, by arm."""
    out = []
    for variant, one in summary["variants"].items():
        last = max((row["month"] for row in one["coming"]), default=0)
        rows = {row["arm"]: row for row in one["coming"] if row["month"] == last}
        if not rows:
            continue
        fields = {
            arm: f"{words.percent(row['mean'])} ({words.interval(row['low80'], row['high80'], words.percent, short=True)})"
            for arm, row in rows.items()
            if arm != "difference"
        }
        gap = rows["difference"]
        difference = f"{words.points(gap['mean'])} ({words.interval(gap['low80'], gap['high80'], words.points, short=True)})"
        name = v.variant_label(variant, words)
        out.append(
            words.text("calibrate.sentence.coming", variant=name, month=words.number(last), difference=difference, **fields)
        )
    return out


def _scores(summary: Summary, words: Language) -> list[str]:
    found = {name: one["energy_score"] for name, one in summary["variants"].items() if one["energy_score"] is not None}
    if not found:
        return [words.text("calibrate.sentence.no_score")]
    listed = words.listing(
        [
            words.text("calibrate.score", variant=v.variant_label(name, words), value=words.number(value, 3))
            for name, value in found.items()
        ]
    )
    out = [words.text("calibrate.sentence.score", listed=listed)]
    one = summary.get("foresight")
    if one:
        first, second = (v.variant_label(one[name], words) for name in ("first", "second"))
        bands = {
            name: words.text(
                "unit.interval_short",
                **{end: words.number(x, 3, signed=True) for end, x in zip(("low", "high"), one[name], strict=True)},
            )
            for name in ("first_right", "second_right")
        }
        compared = words.text(
            "calibrate.sentence.foresight",
            first=first, second=second, statistics=words.number(one["statistics"]),
            difference=words.number(one["difference"], 3, signed=True), **bands,
        )  # fmt: skip
        key = one["verdict"] if one["verdict"] in ("alike", "neither") else "better"
        verdict = words.text(
            f"calibrate.sentence.{key}", variant=v.variant_label(one["verdict"], words) if key == "better" else ""
        )
        out.append(f"{compared} {verdict}")
    return out


def _series(summary: Summary, words: Language) -> list[str]:
    """What a published series adds."""
    series = summary["data"].get("series")
    if not series:
        return []
    rounds = sorted({one["month"] for place in series["places"] for one in place["rounds"]})
    out = [
        words.text(
            "calibrate.sentence.series",
            count=words.number(len(series["changes"])),
            places=words.listing([place["name"].title() for place in series["places"]]),
            rounds=words.listing([words.number(month) for month in rounds]),
        )
    ]
    for variant, one in summary["variants"].items():
        alone = one["without_series"][0]
        both = next(row for row in one["parameters"] if row["symbol"] == alone["symbol"])
        values = {
            f"{name}_{end}": number(row[end], row, words)
            for name, row in (("alone", alone), ("both", both))
            for end in ("low90", "high90")
        }
        out.append(words.text("calibrate.sentence.series_growth", variant=v.variant_label(variant, words), **values))
        outside = [statistic(name, words) for name in one["checks"]["outside"] if name.startswith("series_")]
        if outside:
            out.append(
                words.text(
                    "calibrate.sentence.series_outside",
                    variant=v.variant_label(variant, words), count=words.number(len(outside)), named=words.listing(outside[:3]),
                )
            )  # fmt: skip
    return out


def notes(summary: Summary, code: str) -> list[str]:
    """What must stand beside the sentences."""
    words = language(code)
    out = [words.text(f"calibrate.note.{name}") for name in ("variants", "prior", "settling", "reports", "scope")]
    left = summary["data"].get("rows_left_out") or {}
    for kind, count in left.items():
        if count:
            out.append(words.text(f"calibrate.note.left_out_{kind}", count=words.number(count)))
    worth = summary["data"]["worth"]
    if worth["design_effect"] is not None:
        key = "worth" if worth["reached"] else "worth_not_reached"
        numbers = {"held": words.number(worth["interviews"], 1), "effective": words.number(worth["effective"])}
        out.append(words.text(f"calibrate.note.{key}", effect=words.number(worth["design_effect"], 2), **numbers))
    series = summary["data"].get("series")
    if series:
        out.append(words.text("calibrate.note.series"))
        out += [
            words.text(f"calibrate.note.series_{reason}", count=words.number(count))
            for reason, count in series["passed_over"].items()
        ]
    if summary["data"].get("truth"):
        out.append(words.text("calibrate.note.example"))
    if summary["data"].get("lines"):
        out.append(words.text("calibrate.note.lines", grade=summary["data"]["lines_grade"]))
    return out


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """Tables for the terminal."""
    return [parameter_table(summary, variant, words, short=True) for variant in summary["variants"]]


def figures(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """`parameters` and `checks` as SVG texts; the same numbers give the same text."""
    words = language(code)
    drawn = {}
    for name, make in (("parameters", _parameters), ("checks", _checks)):
        with d.style(f"calibrate-{name}"):
            title = words.text(f"calibrate.figure.{name}")
            drawn[name] = d.svg(make(summary, tables, words, title), name, title)
    return drawn


def _parameters(summary: Summary, tables: Mapping[str, Any], words: Language, title: str) -> Figure:
    """Posterior interval of each parameter in prior standard deviations around the prior mean."""
    first = next(iter(summary["variants"].values()))["parameters"]
    drawing, axes = d.panels(summary, 1.5 + 0.26 * len(first), labels=True)
    d.titles(drawing, axes, title, words)
    truth = summary["data"].get("truth") or {}
    for at, (variant, ax) in enumerate(axes.items()):
        rows = summary["variants"][variant]["parameters"]
        for k, row in enumerate(rows):
            sd = row["prior_sd"] or 1.0
            low, mid, high = ((row[name] - row["prior_mean"]) / sd for name in ("low90", "mean", "high90"))
            colour = "#d55e00" if row["identified"] else d.FAINT
            ax.plot([-1.64, 1.64], [k, k], color=d.RULE, linewidth=6, solid_capstyle="butt")
            ax.plot([low, high], [k, k], color=colour, linewidth=1.8)
            ax.plot([mid], [k], "o", color=colour, markersize=4, markerfacecolor=colour if row["identified"] else "white")
            if row["symbol"] in truth:
                ax.plot([(truth[row["symbol"]] - row["prior_mean"]) / sd], [k], "|", color=d.INK, markersize=11)
            name = fill(label(row["symbol"], words), LABEL_WIDTH)
            ax.text(1.02, k, name, transform=ax.get_yaxis_transform(), va="center", fontsize=7, linespacing=0.9)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_yticks(range(len(rows)), [row["symbol"] for row in rows] if at == 0 else [""] * len(rows), fontsize=7)
        ax.set_xlabel(words.text("calibrate.axis.prior_sd"))
        d.number_ticks(ax, words, "x")
    return drawing


def _checks(summary: Summary, tables: Mapping[str, Any], words: Language, title: str) -> Figure:
    """Where each observed statistic stands in its predictive band, in half-widths of the 95 % band."""
    found = [row for row in d.rows_of(tables.get("predictive")) if row["low95"] is not None]
    most = max((sum(row["variant"] == name for row in found) for name in summary["variants"]), default=1)
    drawing, axes = d.panels(summary, 1.5 + 0.15 * most, labels=True)
    d.titles(drawing, axes, title, words)
    for variant, ax in axes.items():
        rows = [row for row in found if row["variant"] == variant]
        ax.axvspan(-1, 1, color=d.RULE, alpha=0.5, linewidth=0)
        for k, row in enumerate(rows):
            half = (row["high95"] - row["low95"]) / 2 or 1.0
            place = min(3.0, max(-3.0, (row["observed"] - row["median"]) / half))
            colour = "#0072b2" if row["inside95"] else "#d55e00"
            ax.plot([place], [k], "o" if row["inside95"] else "X", color=colour, markersize=4)
            ax.text(1.02, k, statistic(row["statistic"], words), transform=ax.get_yaxis_transform(), va="center", fontsize=5.5)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_yticks([])
        ax.set_xlim(-3.2, 3.2)
        ax.set_xlabel(words.text("calibrate.axis.band"))
        d.number_ticks(ax, words, "x")
    return drawing


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page of a calibration."""
    data = summary["data"]
    variants = list(summary["variants"])
    made_up = summary["population"]["kind"] == "toy" or bool(data.get("truth"))
    sections = {
        "survey": [Part("table", survey_table(tables, words))],
        "parameters": [
            Part("text", words.text("calibrate.text.parameters")),
            *figure(drawn, "parameters"),
            *(Part("table", parameter_table(summary, variant, words)) for variant in variants),
        ],
        "checks": [
            Part("text", words.text("calibrate.text.checks")),
            *figure(drawn, "checks"),
            *(Part("long_table", check_table(tables, variant, words)) for variant in variants),
        ],
        "scores": [Part("text", text) for text in _scores(summary, words)],
    }
    if tables.get("scores") is not None:
        sections["scores"].append(Part("long_table", score_table(summary, tables, words)))
    if tables.get("forecast") is not None:
        sections["coming"] = [
            Part("text", words.text("calibrate.text.coming")),
            Part("table", coming_table(tables, words)),
        ]
    return Page(
        title=words.text("calibrate.title"),
        subtitle=words.text("calibrate.subtitle", file=data["file"]),
        run=words.text(
            "calibrate.run",
            seed=summary["seed"],
            pilots=words.number(summary["pilots"]),
            villages=words.number(data["villages"]),
            waves=words.listing([words.number(month) for month in data["waves"]]),
            month=data["month_0"],
        ),
        sentences=sentences(summary, words.code),
        notes=notes(summary, words.code),
        sections=[Section(name, words.text(f"calibrate.section.{name}"), parts) for name, parts in sections.items()],
        stamps=[words.text("page.stamp_toy")] if made_up else [],
        headline=words.text("calibrate.headline"),
    )
