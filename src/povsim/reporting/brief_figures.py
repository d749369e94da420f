"""The two figures of the brief: what each programme adds, and which families leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.quote import Path, Quoter, harmless
from povsim.reporting.sketch import FAINT, INK, RULE, Box, Dot, Sketch, Stroke, Words, lines_of, text_width, wrapped
from povsim.reporting.verdict import Summary

WIDTH = 510.0
DARK, LIGHT, ALONE = "#b04d00", "#e2a26b", "#8fa9bf"
_ACROSS = ("type", "extreme", "area")
_VARIANT_FILL = (DARK, "#ffffff")


def label(summary: Summary, arm: str, words: Language) -> str:
    """The arm in plain words, stamped where it is a target; without the signs of quoting."""
    twin = arm.startswith("aid_equal_cost_")
    name = (
        words.text("brief.same_money")
        if twin
        else words.text_or(f"brief.arm.{arm}", harmless(v.arm_label(summary, arm, words)))
    )
    stamp = words.text("target_stamp")
    return f"{name} {stamp}" if v.is_target(summary, arm) and not name.endswith(stamp) else name


def adds(q: Quoter, pairs: Sequence[tuple[str, str]]) -> Sketch:
    """Difference in families that leave, per 1,000: a dot and its 95 % interval a pair and variant, numbers beside."""
    words, summary = q.words, q.summary
    variants = list(summary["variants"])
    names, left, right = 178.0, 190.0, 352.0
    sketch = Sketch("adds", words.text("brief.adds"), WIDTH, 0.0)
    y = _variant_key(sketch, q, variants, 8.0)
    low, high = _reach(summary, pairs)

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    top = y
    sketch.add(
        Words(at(0) - 4, y, f"← {words.text('brief.fewer')}", 7, colour=FAINT, anchor="end"),
        Words(at(0) + 4, y, f"{words.text('brief.more')} →", 7, colour=FAINT),
    )
    y += 7
    step = 13.0
    for arm, against in pairs:
        name = wrapped(label(summary, arm, words), names, 8, bold=True)
        other = wrapped(words.text("brief.compared", other=label(summary, against, words)), names, 7)
        tall = max(step * len(variants), 10.0 * len(name) + 9.0 * len(other)) + 7
        sketch.add(Stroke(0, y, WIDTH, y, RULE, 0.5))
        sketch.add(*lines_of(0, y + 12, name, 8, bold=True), *lines_of(0, y + 12 + 10 * len(name), other, 7, colour=FAINT))
        for row, variant in enumerate(variants):
            _difference(
                sketch, q, contrast_path(summary, variant, arm, against), y + 4 + step * (row + 0.5), at, right + 10, row
            )
        y += tall
    sketch.add(Stroke(at(0), top + 3, at(0), y, INK, 0.8))
    if not pairs:
        sketch.add(Words(0, y + 10, words.text("brief.nothing"), 8, colour=FAINT))
        y += 16
    sketch.height = y + 2
    return sketch


def _difference(sketch: Sketch, q: Quoter, path: Path | None, y: float, at: Any, x: float, row: int) -> None:
    entry = None if path is None else _entry(q.summary, path)
    found = v.status(entry)
    if path is None or entry is None or found == v.MISSING:
        sketch.add(Words(x, y + 3, q.words.text("reading.missing"), 8, colour=FAINT))
        return
    if found == v.TOO_FEW:
        sketch.add(Words(x, y + 3, q.words.text("reading.too_few"), 8, colour=FAINT))
        return
    fill = _VARIANT_FILL[row % 2]
    beside = v.shown((entry["mean"], entry.get("low95"), entry.get("high95")))
    text = q.per_thousand((*path, "mean"), beside, signed=True)
    if found != v.NO_INTERVAL:
        sketch.add(Stroke(at(1000 * entry["low95"]), y, at(1000 * entry["high95"]), y, DARK, 1.4))
        low, high = (q.per_thousand((*path, end), beside, signed=True) for end in ("low95", "high95"))
        ends = q.words.text("unit.interval_short", low=low, high=high)
        text += f" ({ends})"
    else:
        text += f" ({q.words.text('reading.no_interval')})"
    sketch.add(Dot(at(1000 * entry["mean"]), y, 3.2, fill, DARK), Words(x, y + 3, text, 8))


def _reach(summary: Summary, pairs: Sequence[tuple[str, str]]) -> tuple[float, float]:
    """Ends of the scale, per 1,000: every interval that is shown, and 0."""
    values = [0.0]
    for arm, against in pairs:
        for variant in summary["variants"]:
            path = contrast_path(summary, variant, arm, against)
            entry = None if path is None else _entry(summary, path)
            if entry is not None and v.status(entry) not in (v.MISSING, v.TOO_FEW):
                values += [1000 * one for one in v.shown((entry["mean"], entry.get("low95"), entry.get("high95")))]
    low, high = min(values), max(values)
    room = 0.08 * (high - low) or 1.0
    return min(low - room, -0.3 * (high - low)), max(high + room, 0.3 * (high - low))


def contrast_path(summary: Summary, variant: str, arm: str, against: str) -> Path | None:
    """Where the contrast of E4 among the structurally poor stands in the summary."""
    for at, entry in enumerate(summary["variants"][variant].get("contrasts", [])):
        if (entry["arm"], entry["against"], entry["group"], entry["measure"]) == (arm, against, "structural", "E4"):
            return ("variants", variant, "contrasts", at)
    return None


def _entry(summary: Summary, path: Path) -> dict[str, Any]:
    node: Any = summary
    for step in path:
        node = node[step]
    return dict(node)


def _variant_key(sketch: Sketch, q: Quoter, variants: Sequence[str], y: float) -> float:
    x = 0.0
    for row, variant in enumerate(variants):
        name = q.words.text_or(f"brief.variant.{variant}", harmless(variant))
        sketch.add(Dot(x + 4, y - 2.6, 3.2, _VARIANT_FILL[row % 2], DARK), Words(x + 11, y, name, 7.5))
        x += 11 + text_width(name, 7.5) + 18
    return y + 12


def who(q: Quoter, arm: str, against: str) -> Sketch:
    """Share of each kind that leaves, per 1,000, in both arms; a panel a variant."""
    words, summary = q.words, q.summary
    variants = list(summary["variants"])
    sketch = Sketch("who", words.text("brief.who"), WIDTH, 0.0)
    y, x = 8.0, 0.0
    for name, colour in ((against, ALONE), (arm, DARK)):
        text = label(summary, name, words)
        sketch.add(Box(x, y - 7, 8, 8, colour), Words(x + 12, y, text, 7.5))
        x += 12 + text_width(text, 7.5) + 18
    y += 16
    rows = _levels(summary, variants, arm, against)
    if not rows:
        sketch.add(Words(0, y, words.text("brief.nothing"), 8, colour=FAINT))
        sketch.height = y + 6
        return sketch
    names, room = 150.0, 34.0
    panel = (WIDTH - names) / len(variants)
    largest = max(
        (entry[share] for paths in rows.values() for path in paths.values() for entry in [_entry(summary, path)]
         for share in ("share_arm", "share_against") if entry[share] is not None),
        default=0.0,
    )  # fmt: skip
    for at, variant in enumerate(variants):
        name = words.text_or(f"brief.variant.{variant}", harmless(variant))
        sketch.add(Words(names + at * panel, y, name, 8, bold=True, colour=FAINT))
    y += 6
    dimension = ""
    for (found, level), paths in rows.items():
        if found != dimension:
            sketch.add(Stroke(0, y, WIDTH, y, RULE, 0.5))
            y += 4
            dimension = found
        sketch.add(Words(0, y + 9, words.text_or(f"brief.kind.{level}", harmless(level)), 8))
        sizes = q.span([(*path, "households") for path in paths.values()], q.count)
        sketch.add(Words(0, y + 19, words.text("brief.families_of", families=sizes), 7, colour=FAINT))
        for at, variant in enumerate(variants):
            if variant in paths:
                _pair_of_bars(sketch, q, paths[variant], names + at * panel, y + 2, panel - room - 12, largest)
        y += 26
    sketch.add(Stroke(0, y, WIDTH, y, RULE, 0.5))
    if any(_too_close(_entry(summary, path)) for paths in rows.values() for path in paths.values()):
        y += 12
        sketch.add(Words(0, y, f"* {words.text('brief.who_few')}", 7, colour=FAINT))
    sketch.height = y + 2
    return sketch


def _too_close(entry: Mapping[str, Any]) -> bool:
    """Whether both bars are drawn although the difference between them is too few to say."""
    return not entry.get("share_reason") and v.too_few(entry)


def _pair_of_bars(sketch: Sketch, q: Quoter, path: Path, x: float, y: float, width: float, largest: float) -> None:
    entry = _entry(q.summary, path)
    if entry.get("share_reason") or entry["share_arm"] is None or entry["share_against"] is None:
        sketch.add(Box(x, y, 8, 19, FAINT, hatch=True), Words(x + 12, y + 12, q.words.text("reading.too_few"), 8, colour=FAINT))
        return
    for row, (share, colour) in enumerate((("share_against", ALONE), ("share_arm", DARK))):
        long = entry[share] / largest * width if largest > 0 else 0.0
        text = q.per_thousand((*path, share), (entry["share_arm"], entry["share_against"]))
        text += " *" if row and _too_close(entry) else ""
        sketch.add(Box(x, y + 10 * row, max(long, 0.6), 8.5, colour), Words(x + long + 4, y + 10 * row + 7.2, text, 7.5))


def _levels(summary: Summary, variants: Sequence[str], arm: str, against: str) -> dict[tuple[str, str], dict[str, Path]]:
    """Place in `who_gains` of every level that has a row, by variant."""
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for dimension in _ACROSS:
        for variant in variants:
            for at, row in enumerate(summary.get("who_gains", {}).get(variant, [])):
                if (row["dimension"], row["group"], row["arm"], row["against"]) == (dimension, "structural", arm, against):
                    found.setdefault((dimension, row["level"]), {})[variant] = ("who_gains", variant, at)
    return found
