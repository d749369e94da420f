"""The report of a calibration: what the data say about each parameter, and whether the model would have left such data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from povsim import parameters
from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.simple_page import Page, Part, Section, figure
from povsim.reporting.tables import Table
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES = ("forecast", "identified", "predictive")
CLEAR = 0.1
"""Difference of two energy scores, as a share of the better one, below which they are called alike."""


def label(symbol: str, words: Language) -> str:
    """The name of a parameter of the register, or of the pilot alone."""
    if symbol in parameters.register():
        return str(parameters.entry(symbol).name[words.code])
    return words.text(f"calibrate.own.{symbol}")


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
                        value=_number(row["mean"], row, words),
                        low=_number(row["low90"], row, words),
                        high=_number(row["high90"], row, words),
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
    out += _scores(summary, words)
    out += _coming(summary, words)
    out.append(words.text("calibrate.sentence.use", path=summary["posterior"]))
    return out


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


def coming_table(tables: Mapping[str, Any], words: Language) -> Table:
    """The coming years by variant and arm: poor persons as a survey would see them."""
    rows = []
    for row in d.rows_of(tables.get("forecast")):
        if row["measure"] != "poor":
            continue
        write = words.points if row["arm"] == "difference" else words.percent
        rows.append((
            v.variant_label(row["variant"], words), words.text(f"calibrate.arm.{row['arm']}"), words.number(row["month"]),
            write(row["mean"]),
            words.interval(row["low80"], row["high80"], write, short=True),
            words.interval(row["low95"], row["high95"], write, short=True),
        ))  # fmt: skip
    names = ("variant", "arm", "month", "poor", "band80", "band95")
    heads = tuple(words.text(f"calibrate.head.{name}") for name in names)
    return Table(words.text("calibrate.table.coming"), heads, tuple(rows), labels=2)


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
    if len(found) > 1:
        best = min(found, key=lambda name: found[name])
        alike = max(found.values()) - found[best] < CLEAR * found[best]
        key = "alike" if alike else "better"
        out.append(words.text(f"calibrate.sentence.{key}", variant=v.variant_label(best, words)))
    return out


def notes(summary: Summary, code: str) -> list[str]:
    """What must stand beside the sentences."""
    words = language(code)
    out = [words.text(f"calibrate.note.{name}") for name in ("variants", "prior", "settling", "reports", "scope")]
    left = summary["data"].get("rows_left_out") or {}
    for kind, count in left.items():
        if count:
            out.append(words.text(f"calibrate.note.left_out_{kind}", count=words.number(count)))
    if summary["data"].get("truth"):
        out.append(words.text("calibrate.note.example"))
    if summary["data"].get("lines"):
        out.append(words.text("calibrate.note.lines", grade=summary["data"]["lines_grade"]))
    return out


def _number(value: float, row: Mapping[str, Any], words: Language) -> str:
    """A value with as many decimals as its posterior deserves."""
    size = float(row["sd"])
    decimals = next((k for k in range(5) if size * 10**k >= 1), 5) + 1 if size > 0 else 4
    return words.number(value, min(5, decimals))


def parameter_table(summary: Summary, variant: str, words: Language, *, short: bool = False) -> Table:
    """Each parameter before and after; `short`: the columns that fit a terminal."""
    truth = summary["data"].get("truth") or {}
    rows = []
    for row in summary["variants"][variant]["parameters"]:
        with_ = row["most_with"]
        cells = [
            row["symbol"],
            label(row["symbol"], words),
            _number(row["prior_mean"], row, words),
            _number(row["mean"], row, words),
            words.text("unit.interval_short", low=_number(row["low90"], row, words), high=_number(row["high90"], row, words)),
            words.percent(row["contraction"], 0),
            words.text("table.none") if row["recovered"] is None else words.number(row["recovered"], 2),
            words.text("calibrate.yes" if row["identified"] else "calibrate.no"),
            "" if with_ is None else f"{with_} ({words.number(row['correlation'], 2, signed=True)})",
        ]
        if truth:
            cells.append(_number(truth[row["symbol"]], row, words))
        rows.append(tuple(cells))
    names = ["symbol", "name", "prior", "mean", "interval", "contraction", "recovered", "identified", "with"]
    names += ["truth"] if truth else []
    if short:
        kept = [at for at, name in enumerate(names) if name not in ("symbol", "recovered", "with")]
        names, rows = [names[at] for at in kept], [tuple(row[at] for at in kept) for row in rows]
    return Table(
        words.text("calibrate.table.parameters", variant=v.variant_label(variant, words)),
        tuple(words.text(f"calibrate.head.{name}") for name in names),
        tuple(rows),
        labels=1 if short else 2,
        caption="" if short else words.text("calibrate.caption.parameters"),
        words=frozenset({5} if short else {7, 8}),
    )


def check_table(tables: Mapping[str, Any], variant: str, words: Language) -> Table:
    """Each statistic against its band."""
    rows = []
    for row in d.rows_of(tables.get("predictive")):
        if row["variant"] != variant or row["low95"] is None:
            continue
        band80, band95 = (
            words.text("unit.interval_short", low=words.number(row[f"low{k}"], 3), high=words.number(row[f"high{k}"], 3))
            for k in (80, 95)
        )
        verdict = "inside80" if row["inside80"] else "inside95" if row["inside95"] else "outside"
        rows.append((
            statistic(row["statistic"], words),
            words.number(row["observed"], 3), words.number(row["median"], 3), band80, band95,
            words.text(f"calibrate.verdict.{verdict}"),
        ))  # fmt: skip
    names = ("statistic", "observed", "median", "band80", "band95", "verdict")
    return Table(
        words.text("calibrate.table.checks", variant=v.variant_label(variant, words)),
        tuple(words.text(f"calibrate.head.{name}") for name in names),
        tuple(rows),
        caption=words.text("calibrate.caption.checks"),
        words=frozenset({5}),
    )


def statistic(name: str, words: Language) -> str:
    """A statistic in words, with its waves counted from 1."""
    stem, _, tail = name.partition(".w")
    text = words.text(f"calibrate.statistic.{stem}")
    if not tail:
        return text
    waves = [words.number(int(part) + 1) for part in tail.split("_w")]
    return words.text(f"calibrate.of_wave{len(waves)}", text=text, first=waves[0], last=waves[-1])


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
            ax.text(1.02, k, label(row["symbol"], words), transform=ax.get_yaxis_transform(), va="center", fontsize=7)
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
