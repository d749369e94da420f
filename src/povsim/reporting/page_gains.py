"""Tables of the report on flows, on who gains, and on exits that need no cooperative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.measures.groups import FEWEST_HOUSEHOLDS
from povsim.reporting import verdict as v
from povsim.reporting.drawing import rows_of
from povsim.reporting.language import Language
from povsim.reporting.tables import Table
from povsim.reporting.tile_map import province_name
from povsim.reporting.verdict import Summary

DASH = "\N{EN DASH}"
SHOWN = ("type", "extreme", "fifth", "area")
"""Dimensions of the tables; deciles of all households follow where the poor are in more than one, provinces in a long table."""


def flows(summary: Summary, variant: str, words: Language, group: str = "structural") -> Table | None:
    """Households of the nation lifted and lost in each contrast of E4, and what is left."""
    rows = []
    for entry in summary["variants"][variant].get("contrasts", []):
        if (entry["group"], entry["measure"]) != (group, "E4"):
            continue
        labels = (v.arm_label(summary, entry["arm"], words), v.arm_label(summary, entry["against"], words))
        found = v.status(entry)
        size = v.households(summary, variant, entry["arm"], group)
        if found in (v.TOO_FEW, v.MISSING) or size is None or entry.get("n10") is None:
            rows.append((*labels, DASH, DASH, DASH, words.text(f"reading.{found}")))
            continue
        numbers = (words.count(entry["n10"] * size), words.count(entry["n01"] * size))
        rows.append((*labels, *numbers, words.count(entry["mean"] * size, signed=True), words.text(f"reading.{found}")))
    if not rows:
        return None
    title = words.text(
        "brief.section.flows_table",
        measure=words.text("measure.E4"),
        group=words.text(f"group.{group}"),
        variant=v.variant_label(variant, words),
    )
    heads = (
        *(words.text(f"table.{name}") for name in ("arm", "against")),
        *(words.text(f"brief.section.{name}") for name in ("lifted", "lost", "net")),
        words.text("table.reading"),
    )
    return Table(title, heads, tuple(rows), labels=2, strong=frozenset({5}), words=frozenset({5}))


def gains(
    summary: Summary, table: Any, variant: str, pair: tuple[str, str], words: Language, group: str, provinces: bool = False
) -> Table | None:
    """Share of each kind of household that leaves with an arm and with the other, and the difference."""
    found = [
        row for row in rows_of(table) if (row["variant"], row["group"], row["arm"], row["against"]) == (variant, group, *pair)
    ]
    deciles = sum(row["dimension"] == "decile" for row in found) > 1
    wanted = ("province",) if provinces else (*SHOWN, *(["decile"] if deciles else []))
    rows = [_gains_row(row, words) for dimension in wanted for row in found if row["dimension"] == dimension]
    if not rows:
        return None
    arm, other = (v.arm_label(summary, name, words) for name in pair)
    names = {"arm": arm, "other": other, "group": words.text(f"group.{group}"), "variant": v.variant_label(variant, words)}
    heads = ("dimension", "level", "size", "share_against", "share_arm")
    return Table(
        words.text("brief.section.who_gains_table", measure=words.text("measure.E4"), **names),
        (
            *(words.text(f"brief.section.{name}") for name in heads),
            *(words.text(f"table.{name}") for name in ("difference", "interval", "reading")),
        ),
        tuple(rows),
        labels=2,
        caption=words.text("brief.section.who_gains_caption", pkh=words.text("note.pkh")),
        notes=(words.text("brief.section.who_gains_sparse", count=FEWEST_HOUSEHOLDS),),
        strong=frozenset({7}),
        words=frozenset({7}),
    )


def _gains_row(row: Mapping[str, Any], words: Language) -> tuple[str, ...]:
    labels = (
        words.text(f"brief.dimension.{row['dimension']}"),
        words.text_or(f"brief.level.{row['level']}", province_name(str(row["level"]))),
        words.count(row["households"]),
    )
    sparse = row["share_reason"] is not None
    shares = (DASH, DASH) if sparse else (words.percent(row["share_against"]), words.percent(row["share_arm"]))
    few = row["reason"] is not None
    found = v.TOO_FEW if few else v.status(row)
    if found in (v.TOO_FEW, v.MISSING):
        return (*labels, *shares, DASH, DASH, words.text(f"reading.{found}"))
    beside = v.shown((row["mean"], row["low95"], row["high95"]))
    interval = words.text("table.none")
    if row["low95"] is not None:
        interval = words.interval(
            row["low95"], row["high95"], lambda one: words.per_thousand(one, beside, signed=True), short=True
        )
    return (*labels, *shares, words.per_thousand(row["mean"], beside, signed=True), interval, words.text(f"reading.{found}"))


def without_cooperative(summary: Summary, variant: str, words: Language) -> Table | None:
    """Of the permanent exits of each cooperative arm, the share that the same households also reach without one."""
    rows = []
    for entry in summary.get("exits_without_cooperative", {}).get(variant, []):
        few = entry["share"] is None or entry["reason"] is not None
        share = words.text("reading.too_few") if few else words.percent(entry["share"])
        arm, other = (v.arm_label(summary, entry[name], words) for name in ("arm", "other"))
        rows.append((words.text(f"group.{entry['group']}"), arm, other, words.count(entry["exits"]), share))
    if not rows:
        return None
    heads: Sequence[str] = ("without_other", "without_exits", "without_share")
    return Table(
        words.text("brief.section.without", variant=v.variant_label(variant, words)),
        (
            words.text("table.group"),
            words.text("table.arm"),
            *(words.text(f"brief.section.{name}") for name in heads),
        ),
        tuple(rows),
        labels=3,
    )


def pairs(summary: Summary) -> list[tuple[str, str]]:
    """Contrasts shown in full: cooperatives against assistance and against the same money, assistance against nothing."""
    arm = v.main_arm(summary)
    twin = "" if arm is None else arm.replace("aid_cooperative", "aid_equal_cost", 1)
    return [*([(arm, "aid"), (arm, twin)] if arm else []), ("aid", "none")]
