"""What parameters, luck and structure make of a contrast's spread, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.verdict import Summary

Row = Mapping[str, Any]


def drawn(summary: Summary) -> Mapping[str, Any] | None:
    """The block of a run whose parameters were drawn."""
    found = summary.get("uncertainty")
    return found if isinstance(found, Mapping) else None


def rows_of(summary: Summary, variant: str) -> list[Row]:
    """E4 of the structurally poor, a row a contrast, as far as it could be split."""
    block = drawn(summary) or {"split": []}
    found = [row for row in block["split"] if (row["variant"], row["group"], row["measure"]) == (variant, "structural", "E4")]
    return [row for row in found if "sd_luck" in row]


def notes(summary: Summary, words: Language) -> list[str]:
    """What the intervals cover, which draws were put aside, what moves the answer, and what the variants say apart."""
    found, block = covers(summary, words), drawn(summary)
    if block is None:
        return found
    for variant in summary["variants"]:
        found += [
            _moved(summary, variant, row, words) for row in rows_of(summary, variant) if row["arm"] == v.main_arm(summary)
        ]
    return found + _structure(summary, block, words)


def covers(summary: Summary, words: Language) -> list[str]:
    """What the intervals cover, and which draws were put aside."""
    block = drawn(summary)
    if block is None:
        return [words.text("note.given_parameters")]
    found = [words.text(f"uncertain.covers_{_source(block)}", **counts(summary, words))]
    if any(tried > block["n_draws"] for tried in block["tried"].values()):
        tried = words.listing(
            f"{words.number(count)} ({v.variant_label(variant, words)})" for variant, count in block["tried"].items()
        )
        found.append(words.text("uncertain.put_aside", tried=tried, kept=words.number(block["n_draws"])))
    return found


def _source(block: Mapping[str, Any]) -> str:
    return block["source"] if block["source"] in ("prior", "posterior") else "file"


def counts(summary: Summary, words: Language) -> dict[str, str]:
    block = drawn(summary)
    assert block is not None
    names = {"draws": "n_draws", "each": "replicates_per_draw", "drawn": "parameters_drawn", "assumed": "grade_a_drawn"}
    return {name: words.number(block[key]) for name, key in names.items()}


def _moved(summary: Summary, variant: str, row: Row, words: Language) -> str:
    """Which parameters a contrast rests on, assumptions named as such."""
    fields = {
        "arm": v.arm_label(summary, row["arm"], words),
        "against": v.arm_label(summary, row["against"], words),
        "variant": v.variant_label(variant, words),
    }
    if not row["moved_by"]:
        return words.text("uncertain.rests_unknown", **fields, draws=words.number(row["draws"]))
    listed = words.listing(
        f"{one['symbol']} ({words.text('uncertain.assumption') if one['grade'] == 'A' else one['grade']})"
        for one in row["moved_by"]
    )
    tied = len(row["moved_by"]) > 1 and any(one["tied"] for one in row["moved_by"])
    text = words.text("uncertain.rests_on", **fields, listed=listed)
    return f"{text} {words.text('uncertain.tied')}" if tied else text


def _structure(summary: Summary, block: Mapping[str, Any], words: Language) -> list[str]:
    found = []
    for row in block["structure"]:
        if (row["group"], row["measure"], row["arm"]) == ("structural", "E4", v.main_arm(summary)) and row["min"] is not None:
            ends = words.interval(row["min"], row["max"], lambda x: words.per_thousand(x, signed=True))
            names = {
                "arm": v.arm_label(summary, row["arm"], words),
                "against": v.arm_label(summary, row["against"], words),
            }
            found.append(words.text("uncertain.structure", **names, ends=ends))
    return found
