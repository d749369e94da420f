"""The report of a sensitivity analysis: what the contrast rests on, where it wins, and what is worth measuring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.sensitivity_figures import figures
from povsim.reporting.simple_page import Page, Part, Section, figure, run_line
from povsim.reporting.tables import Table
from povsim.reporting.verdict import Summary

__all__ = ["TABLES", "figures", "notes", "page", "sentences", "tables_shown"]
TABLES: tuple[str, ...] = ()
SHOWN = 12
"""Rows of the table of the screening."""
CHANCE = 0.05
"""Quasi-p from which on a limit of the box is not told from chance."""


def sentences(summary: Summary, code: str) -> list[str]:
    """What the contrast rests on, where the arm wins, and what would be worth knowing, per variant."""
    words = language(code)
    found = []
    for variant, block in summary["variants"].items():
        names = {**_names(summary, words), "variant": v.variant_label(variant, words)}
        found.append(_rests_on(block, names, words))
        found.append(_wins(block, names, words))
        found.append(_worth(summary, block, names, words))
    return found


def notes(summary: Summary, code: str) -> list[str]:
    """Whom it is about, what was not asked, and how far the design keeps to what is published."""
    words = language(code)
    found = []
    where = v.population(summary)
    if where != "indonesia":
        found.append(words.text(f"note.{where}"))
    if summary["targets"]:
        labels = words.listing(v.arm_label(summary, arm, words) for arm in summary["targets"])
        found.append(words.text("note.target", arms=labels))
    fields = {"low": words.percent(summary["quantiles"][0], 0), "high": words.percent(summary["quantiles"][1], 0)}
    found.append(words.text("sensitivity.design", **fields, replicates=words.number(summary["replicates"])))
    for variant, block in summary["variants"].items():
        screening = block["screening"]
        if screening["as_large"]:
            found.append(
                words.text(
                    "sensitivity.as_large",
                    variant=v.variant_label(variant, words),
                    count=words.number(len(screening["as_large"])),
                )
            )
        held = (screening["margins_held"] + block["margins_held"]) / (screening["points"] + block["points"])
        if held < 1:
            name = v.variant_label(variant, words)
            found.append(words.text("sensitivity.margins", share=words.percent(held, 0), variant=name))
    if len(summary["variants"]) == 1:
        only = v.variant_label(next(iter(summary["variants"])), words)
        found.append(words.text("note.one_variant", variant=only))
    found.append(words.text("note.pkh"))
    return found


def tables_shown(summary: Summary, words: Language) -> list[Table]:
    """Tables for the terminal."""
    return [
        table
        for variant in summary["variants"]
        for table in (
            screening_table(summary, variant, words),
            sobol_table(summary, variant, words),
            value_table(summary, variant, words),
            box_table(summary, variant, words),
        )
        if table is not None
    ]


def page(summary: Summary, tables: Mapping[str, Any], drawn: Mapping[str, str], words: Language) -> Page:
    """The page."""
    stamps = [words.text("page.stamp_toy")] if v.place(summary) == "toy" else []

    def section(name: str, make: Any) -> Section:
        found = [(variant, make(summary, variant, words)) for variant in summary["variants"]]
        parts = [Part("table", table) for _, table in found if table is not None]
        said = [
            words.text("sensitivity.none_" + name, reason=_why(summary, one, name)) for one, table in found if table is None
        ]
        text = [Part("text", words.text(f"sensitivity.text_{name}"))]
        return Section(
            name,
            words.text(f"sensitivity.section_{name}"),
            [*text, *figure(drawn, name), *parts, *(Part("note", one) for one in said)],
        )

    makers = {"screening": screening_table, "sobol": sobol_table, "value": value_table, "discovery": box_table}
    return Page(
        title=words.text("sensitivity.title"),
        subtitle=words.text("sensitivity.subtitle", **_names(summary, words)),
        run=run_line(summary, words),
        sentences=sentences(summary, words.code),
        notes=notes(summary, words.code),
        sections=[section(name, make) for name, make in makers.items()],
        stamps=[*stamps, *([words.text("page.stamp_target")] if summary["targets"] else [])],
    )


def _why(summary: Summary, variant: str, name: str) -> str:
    block = summary["variants"][variant]
    reason = block["discovery"]["reason"] if name == "discovery" else block["reasons"].get(name)
    return str(reason or "")


def _names(summary: Summary, words: Language) -> dict[str, str]:
    contrast = summary["contrast"]
    return {
        "arm": v.arm_label(summary, contrast["arm"], words),
        "against": v.arm_label(summary, contrast["against"], words),
        "outcome": words.text(f"sensitivity.outcome_{contrast['outcome']}"),
    }


def label(row: Mapping[str, Any], words: Language) -> str:
    """A symbol with its name and grade, as a row begins."""
    from povsim.parameters import register

    name = register()[row["symbol"]].name[words.code]
    return f"{row['symbol']}: {name} ({row['grade']})"


def _first_of(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that no other is surely above."""
    return [row for row in rows if row["rank"] == 1 and row["value"] > 0]


def _rests_on(block: Mapping[str, Any], names: Mapping[str, str], words: Language) -> str:
    if block["sobol"] is None:
        return words.text("sensitivity.rests_null", **names)
    first = [row for row in _first_of(block["sobol"]["total"]) if row["low"] > 0]
    if not first:
        return words.text("sensitivity.rests_unsure", **names)
    listed = words.listing(label(row, words) for row in first)
    assumed = words.text("sensitivity.assumed") if all(row["grade"] == "A" for row in first) else ""
    return (
        words.text("sensitivity.rests_one" if len(first) == 1 else "sensitivity.rests_many", **names, listed=listed) + assumed
    )


def _wins(block: Mapping[str, Any], names: Mapping[str, str], words: Language) -> str:
    if block["share_positive"] is None:
        return words.text("sensitivity.none_discovery", reason="")
    share, points = words.percent(block["share_positive"], 0), words.number(block["independent"])
    box = block["discovery"]["box"]
    if box is None:
        return words.text("sensitivity.wins", **names, share=share, points=points)
    told = [row for row in box["limits"] if row["quasi_p"] is not None and row["quasi_p"] < CHANCE]
    if not told:
        return words.text("sensitivity.wins_box_unsure", **names, share=share, points=points)
    rest = [row["symbol"] for row in box["limits"] if row not in told]
    others = words.text("sensitivity.box_others", others=words.listing(rest)) if rest else ""
    return words.text(
        "sensitivity.wins_box", **names, share=share, points=points, limits=words.listing(_limit(row, words) for row in told),
        density=words.percent(box["density"], 0), coverage=words.percent(box["coverage"], 0), others=others,
    )  # fmt: skip


def _limit(row: Mapping[str, Any], words: Language) -> str:
    low, high = row["low"], row["high"]
    if low is not None and high is not None:
        return words.text("sensitivity.between", symbol=row["symbol"], low=_plain(low, words), high=_plain(high, words))
    if low is not None:
        return words.text("sensitivity.above", symbol=row["symbol"], low=_plain(low, words))
    return words.text("sensitivity.below", symbol=row["symbol"], high=_plain(high or 0.0, words))


def _plain(value: float, words: Language) -> str:
    """Three digits that mean something."""
    text = f"{value:.3g}"
    if "e" in text or abs(value) >= 1000:
        return words.number(value, 0 if abs(value) >= 100 else 5)
    return words.number(value, len(text.partition(".")[2]))


def _worth(summary: Summary, block: Mapping[str, Any], names: Mapping[str, str], words: Language) -> str:
    if block["value"] is None:
        return words.text("sensitivity.none_value", reason=block["reasons"].get("value", ""))
    write = _writer(summary, words)
    better = names["arm"] if block["value"]["better_now"] else names["against"]
    whole = block["value"]["all"]
    first = [row for row in _first_of(block["value"]["parameters"]) if row["low"] > 0]
    ends = words.interval(whole["low"], whole["high"], write)
    text = words.text("sensitivity.worth", better=better, value=write(whole["value"]), ends=ends, unit=_unit(summary, words))
    if not first:
        return f"{text} {words.text('sensitivity.worth_none')}"
    listed = words.listing(label(row, words) for row in first)
    return f"{text} {words.text('sensitivity.worth_first', listed=listed)}"


def _writer(summary: Summary, words: Language) -> Any:
    if summary["contrast"]["outcome"] == "poverty_free_years":
        return lambda x: words.number(x, 3)
    return words.per_thousand


def _unit(summary: Summary, words: Language) -> str:
    years = summary["contrast"]["outcome"] == "poverty_free_years"
    return words.text("sensitivity.unit_years" if years else "sensitivity.unit_share")


def _rank(row: Mapping[str, Any], words: Language) -> str:
    return words.number(row["rank"])


def screening_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """Morris' measures of the parameters with the largest mean effect."""
    block = summary["variants"][variant]["screening"]
    write = _writer(summary, words)
    rows = [
        (
            label(row, words),
            write(row["value"]),
            words.interval(row["low"], row["high"], write, short=True),
            write(row["sigma"]),
            write(row["mu"]),
            _rank(row, words),
        )
        for row in block["mu_star"][: max(SHOWN, len(block["kept"]))]
    ]
    heads = ("parameter", "mu_star", "interval", "sigma", "mu", "rank")
    return Table(
        words.text("sensitivity.table_screening", variant=v.variant_label(variant, words), unit=_unit(summary, words)),
        tuple(words.text(f"sensitivity.{head}") for head in heads),
        tuple(rows),
        caption=words.text(
            "sensitivity.caption_screening",
            count=words.number(len(block["mu_star"])),
            trajectories=words.number(block["trajectories"]),
        ),
    )


def sobol_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """First-order and total index of each parameter that went on."""
    block = summary["variants"][variant]["sobol"]
    if block is None:
        return None
    first = {row["symbol"]: row for row in block["first"]}

    def write(share: float) -> str:
        return words.percent(share, 0)

    def cell(row: Mapping[str, Any]) -> str:
        return f"{write(row['value'])} ({words.interval(row['low'], row['high'], write, short=True)})"

    rows = [(label(row, words), cell(first[row["symbol"]]), cell(row), _rank(row, words)) for row in block["total"]]
    return Table(
        words.text("sensitivity.table_sobol", variant=v.variant_label(variant, words)),
        tuple(words.text(f"sensitivity.{head}") for head in ("parameter", "first", "total", "rank")),
        tuple(rows),
        caption=words.text(
            "sensitivity.caption_sobol", base=words.number(block["base"]), sd=_writer(summary, words)(block["sd"]),
            unit=_unit(summary, words),
        ),
    )  # fmt: skip


def value_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """What knowing each parameter, each group and all of them is worth."""
    block = summary["variants"][variant]["value"]
    if block is None:
        return None
    from povsim.parameters import group_titles

    write = _writer(summary, words)

    def cells(row: Mapping[str, Any]) -> tuple[str, str]:
        return write(row["value"]), words.interval(row["low"], row["high"], write, short=True)

    rows = [(label(row, words), *cells(row), _rank(row, words)) for row in block["parameters"]]
    titles = group_titles()
    for row in block["groups"]:
        name = words.text("sensitivity.group", group=titles[row["group"]][words.code], symbols=", ".join(row["symbols"]))
        rows.append((name, *cells(row), ""))
    rows.append((words.text("sensitivity.all"), *cells(block["all"]), ""))
    return Table(
        words.text("sensitivity.table_value", variant=v.variant_label(variant, words), unit=_unit(summary, words)),
        tuple(words.text(f"sensitivity.{head}") for head in ("parameter", "value", "interval", "rank")),
        tuple(rows),
        caption=words.text("sensitivity.caption_value"),
    )


def box_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """Limits of the box."""
    found = summary["variants"][variant]["discovery"]
    if found["box"] is None:
        return None
    known = {row["symbol"]: row for row in (summary["variants"][variant]["sobol"] or {"total": ()})["total"]}
    rows = [
        (
            label(known[row["symbol"]], words) if row["symbol"] in known else row["symbol"],
            words.text("table.none") if row["low"] is None else _plain(row["low"], words),
            words.text("table.none") if row["high"] is None else _plain(row["high"], words),
            words.text("table.none") if row["quasi_p"] is None else words.number(row["quasi_p"], 3),
        )
        for row in found["box"]["limits"]
    ]
    box = found["box"]
    shares = {name: words.percent(box[name], 0) for name in ("density", "coverage", "of_all")}
    return Table(
        words.text("sensitivity.table_discovery", variant=v.variant_label(variant, words), **_names(summary, words)),
        tuple(words.text(f"sensitivity.{head}") for head in ("parameter", "least", "most", "quasi_p")),
        tuple(rows),
        caption=words.text("sensitivity.caption_discovery", **shares, points=words.number(found["points"])),
    )
