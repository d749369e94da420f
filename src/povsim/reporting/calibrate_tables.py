"""Tables of the report of a calibration, and how its numbers, parameters and statistics are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim import parameters
from povsim.reporting import drawing as d
from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.tables import Table
from povsim.reporting.verdict import Summary


def label(symbol: str, words: Language) -> str:
    """The name of a parameter of the register, or of the pilot alone."""
    if symbol in parameters.register():
        return str(parameters.entry(symbol).name[words.code])
    return words.text(f"calibrate.own.{symbol}")


def number(value: float, row: Mapping[str, Any], words: Language) -> str:
    """A value with as many decimals as its posterior deserves."""
    size = float(row["sd"])
    decimals = next((k for k in range(5) if size * 10**k >= 1), 5) + 1 if size > 0 else 4
    return words.number(value, min(5, decimals))


def statistic(name: str, words: Language) -> str:
    """A statistic in words, with its waves counted from 1."""
    if name.startswith("series_"):
        measure, place, month = name.removeprefix("series_").split(":")
        return words.text(f"calibrate.series.{measure}", place=place.title(), month=words.number(int(month)))
    stem, _, tail = name.partition(".w")
    text = words.text(f"calibrate.statistic.{stem}")
    if not tail:
        return text
    waves = [words.number(int(part) + 1) for part in tail.split("_w")]
    return words.text(f"calibrate.of_wave{len(waves)}", text=text, first=waves[0], last=waves[-1])


def parameter_table(summary: Summary, variant: str, words: Language, *, short: bool = False) -> Table:
    """Each parameter before and after; `short`: the columns that fit a terminal."""
    truth = summary["data"].get("truth") or {}
    rows = []
    for row in summary["variants"][variant]["parameters"]:
        with_ = row["most_with"]
        cells = [
            row["symbol"],
            label(row["symbol"], words),
            number(row["prior_mean"], row, words),
            number(row["mean"], row, words),
            words.text("unit.interval_short", low=number(row["low90"], row, words), high=number(row["high90"], row, words)),
            words.percent(row["contraction"], 0),
            words.text("table.none") if row["recovered"] is None else words.number(row["recovered"], 2),
            words.text("calibrate.yes" if row["identified"] else "calibrate.no"),
            "" if with_ is None else f"{with_} ({words.number(row['correlation'], 2, signed=True)})",
        ]
        if truth:
            cells.append(number(truth[row["symbol"]], row, words))
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


def survey_table(tables: Mapping[str, Any], words: Language) -> Table:
    """Rates of the survey with errors of its own design."""
    rows = []
    for row in d.rows_of(tables.get("survey")):

        def write(x: float, *, log: bool = row["figure"] == "mean") -> str:
            return words.number(x, 3) if log else words.percent(x)

        interval = "" if row["low95"] is None else words.interval(row["low95"], row["high95"], write, short=True)
        rows.append((
            words.number(row["wave"]), words.text(f"calibrate.villages.{row['villages']}"),
            words.text(f"calibrate.statistic.{row['figure']}"), write(row["value"]),
            interval or words.text("table.none"),
            words.text("table.none") if row["design_effect"] is None else words.number(row["design_effect"], 2),
            words.number(row["interviews"]),
        ))  # fmt: skip
    names = ("wave", "villages", "statistic", "observed", "interval95", "design_effect", "interviews")
    return Table(
        words.text("calibrate.table.survey"),
        tuple(words.text(f"calibrate.head.{name}") for name in names),
        tuple(rows),
        labels=3,
        caption=words.text("calibrate.caption.survey"),
    )


def score_table(summary: Summary, tables: Mapping[str, Any], words: Language) -> Table:
    """The score of each statistic of the wave held out, by variant, and their difference."""
    variants = list(summary["variants"])
    by_name: dict[str, dict[str, float]] = {}
    for row in d.rows_of(tables.get("scores")):
        by_name.setdefault(row["statistic"], {})[row["variant"]] = row["crps_scaled"]
    rows = []
    for name, found in by_name.items():
        cells = [words.number(found[variant], 3) if variant in found else words.text("table.none") for variant in variants]
        if len(variants) > 1:
            both = all(variant in found for variant in variants[:2])
            gap = found[variants[0]] - found[variants[1]] if both else None
            cells.append(words.text("table.none") if gap is None else words.number(gap, 3, signed=True))
        rows.append((statistic(name, words), *cells))
    heads = [words.text("calibrate.head.statistic"), *(v.variant_label(variant, words) for variant in variants)]
    heads += [words.text("calibrate.head.difference")] if len(variants) > 1 else []
    return Table(
        words.text("calibrate.table.scores"), tuple(heads), tuple(rows), caption=words.text("calibrate.caption.scores")
    )


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
