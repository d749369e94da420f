"""The report of `povsim forecast`: a forecast by arm, a back-test, or the score of a saved forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim.reporting.forecast_figures import figures
from povsim.reporting.forecast_words import forecaster_label, notes, sentences, years_ahead
from povsim.reporting.language import Language
from povsim.reporting.simple_page import Page, Part, Section, figure, run_line
from povsim.reporting.tables import Table

__all__ = ["TABLES", "figures", "notes", "page", "sentences", "tables_shown"]
Summary = Mapping[str, Any]
TABLES = ("bands", "backtest", "scored")


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """Tables for the terminal."""
    if summary["asked"] == "forecast":
        return [years_table(summary, variant, words) for variant in summary["variants"]]
    if summary["asked"] == "backtest":
        return [scores_table(summary, words), differences_table(summary, words)]
    return [scores_table(summary, words), rounds_table(summary, words)]


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page in one language."""
    asked, population = summary["asked"], summary["population"]
    toy = population["kind"] == "toy" and asked == "forecast"
    return Page(
        title=words.text(f"forecast.title.{asked}"),
        subtitle=words.text(f"forecast.subtitle.{asked}"),
        run=run_line(summary, words),
        sentences=sentences(summary, words.code),
        notes=notes(summary, words.code),
        sections=_sections(summary, drawn, words),
        stamps=[words.text("page.stamp_toy")] if toy else [],
        headline=words.text("forecast.headline"),
        footer=words.text("forecast.footer"),
    )


def _sections(summary: Summary, drawn: Mapping[str, str], words: Language) -> list[Section]:
    def section(name: str, *parts: Part) -> Section:
        return Section(name, words.text(f"forecast.section.{name}"), list(parts))

    if summary["asked"] == "forecast":
        shown = [Part("table", years_table(summary, variant, words)) for variant in summary["variants"]]
        return [section("coming", *figure(drawn, "forecast"), *shown)]
    scores = section("scores", *figure(drawn, "scores"), Part("table", scores_table(summary, words)))
    if summary["asked"] == "score":
        return [scores, section("rounds", Part("table", rounds_table(summary, words)))]
    return [
        scores,
        section(
            "differences",
            Part("text", words.text("forecast.text.differences")),
            Part("table", differences_table(summary, words)),
        ),
        section("origins", *figure(drawn, "by_origin")),
        section(
            "how", *(Part("text", words.text(f"forecast.text.{name}")) for name in ("model", "reference", "data", "crisis"))
        ),
    ]


def years_table(summary: Summary, variant: str, words: Language) -> Table:
    """Headcount by arm at the end of each year, with its bands."""
    series = "published" if summary["anchored"] else "headcount"
    rows = []
    for arm, block in summary["variants"][variant]["arms"].items():
        found = block[series]
        for month in range(12, summary["horizon_months"] + 1, 12):
            rows.append(
                (
                    words.text_or(f"arm.{arm}", arm),
                    words.text("unit.year", value=month // 12),
                    words.percent(found["mean"][month]),
                    words.interval(found["low80"][month], found["high80"][month], words.percent, short=True),
                    words.interval(found["low95"][month], found["high95"][month], words.percent, short=True),
                )
            )
    names = ("arm", "year", "mean", "band80", "band95")
    return Table(
        words.text("forecast.table.years", variant=words.text(f"variant.{variant}")),
        tuple(words.text(f"forecast.column.{name}") for name in names),
        tuple(rows),
        labels=2,
    )


def scores_table(summary: Summary, words: Language) -> Table:
    """Mean scores by horizon, period and forecaster."""
    backtest = summary["asked"] == "backtest"
    rows = []
    for one in summary["scores"]:
        head = _when(one, words) if backtest else ()
        rows.append(
            (
                *head,
                forecaster_label(one["forecaster"], words),
                words.number(one["crps"], 3),
                words.number(one["mae"], 3),
                words.number(one["bias"], 3, signed=True),
                words.percent(one["coverage80"], 0),
                words.percent(one["coverage95"], 0),
                words.number(one["cells"]),
            )
        )
    names = (
        *(("ahead", "period") if backtest else ()),
        "forecaster",
        "crps",
        "mae",
        "bias",
        "coverage80",
        "coverage95",
        "cells",
    )
    return Table(
        words.text("forecast.table.scores"),
        tuple(words.text(f"forecast.column.{name}") for name in names),
        tuple(rows),
        labels=3 if backtest else 1,
        caption=words.text("forecast.caption.scores"),
    )


def differences_table(summary: Summary, words: Language) -> Table:
    """CRPS of one forecaster less that of another, with the interval."""
    rows = []
    for one in summary["differences"]:
        if one["score"] == "crps":
            interval = words.text("table.none")
            if one["low95"] is not None:
                interval = words.interval(one["low95"], one["high95"], lambda x: words.number(x, 3, signed=True), short=True)
            pair = words.text(
                "forecast.less",
                one=forecaster_label(one["forecaster"], words),
                other=forecaster_label(one["against"], words),
            )
            rows.append((*_when(one, words), pair, words.number(one["mean"], 3, signed=True), interval))
    names = ("ahead", "period", "pair", "difference", "interval")
    return Table(
        words.text("forecast.table.differences"),
        tuple(words.text(f"forecast.column.{name}") for name in names),
        tuple(rows),
        labels=3,
        notes=(words.text("forecast.few_origins"),),
    )


def rounds_table(summary: Summary, words: Language) -> Table:
    """What was forecast for each round, and what came."""
    rows = tuple(
        (
            one["period"],
            forecaster_label(one["forecaster"], words),
            words.number(one["observed"], 2),
            words.number(one["median"], 2),
            words.interval(one["low80"], one["high80"], lambda x: words.number(x, 2), short=True),
            words.interval(one["low95"], one["high95"], lambda x: words.number(x, 2), short=True),
        )
        for one in summary["rows"]
    )
    names = ("round", "forecaster", "observed", "median", "band80", "band95")
    return Table(
        words.text("forecast.table.rounds"), tuple(words.text(f"forecast.column.{name}") for name in names), rows, labels=2
    )


def _when(one: Mapping[str, Any], words: Language) -> tuple[str, str]:
    return years_ahead(one["ahead"], words), words.text(f"forecast.period.{one['period']}")
