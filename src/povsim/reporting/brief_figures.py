"""The two figures of the brief: what each programme adds, and which families leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.quote import Path, Quoter, harmless
from povsim.reporting.sketch import FAINT, INK, RULE, Box, Dot, Sketch, Stroke, Words, lines_of, text_width, wrapped
from povsim.reporting.verdict import Summary

DARK, ALONE = "#b04d00", "#8fa9bf"
_STEP = 13.0
_ACROSS = ("type", "extreme", "area")
_VARIANT_FILL = (DARK, "#ffffff")


@dataclass(frozen=True)
class Layout:
    """Where things stand, in points: width; room for names, ends of the scale (first figure); room for kinds (second).

    `stacked` puts names above what they name, for a telephone; `mark` sets the ids of such a figure apart.
    """

    width: float
    names: float
    left: float
    right: float
    kinds: float
    stacked: bool = False
    mark: str = ""


WIDE = Layout(width=510.0, names=178.0, left=190.0, right=352.0, kinds=150.0)
NARROW = Layout(width=290.0, names=290.0, left=0.0, right=136.0, kinds=112.0, stacked=True, mark="_narrow")


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


def adds(q: Quoter, pairs: Sequence[tuple[str, str]], layout: Layout = WIDE) -> Sketch:
    """Difference in families that leave, per 1,000: a dot and its 95 % interval a pair and variant, numbers beside."""
    words, summary = q.words, q.summary
    variants = list(summary["variants"])
    sketch = Sketch(f"adds{layout.mark}", words.text("brief.adds"), layout.width, 0.0)
    y = _key(sketch, [(_variant(q, one), _VARIANT_FILL[row % 2]) for row, one in enumerate(variants)], 8.0, dots=True)
    low, high = _reach(summary, pairs)

    def at(value: float) -> float:
        return layout.left + (value - low) / (high - low) * (layout.right - layout.left)

    fewer, more = f"← {words.text('brief.fewer')}", f"{words.text('brief.more')} →"
    if layout.stacked:
        sketch.add(Words(0, y, fewer, 7, colour=FAINT), Words(text_width(fewer, 7) + 16, y, more, 7, colour=FAINT))
    else:
        sketch.add(Words(at(0) - 4, y, fewer, 7, colour=FAINT, anchor="end"), Words(at(0) + 4, y, more, 7, colour=FAINT))
    y += 7
    for arm, against in pairs:
        name = wrapped(label(summary, arm, words), layout.names, 8, bold=True)
        other = wrapped(words.text("brief.compared", other=label(summary, against, words)), layout.names, 7)
        texts, dots = 10.0 * len(name) + 9.0 * len(other), _STEP * len(variants)
        top = y + 4 + (texts + 2 if layout.stacked else 0.0)
        end = top + dots + 3 if layout.stacked else y + 7 + max(texts, dots)
        sketch.add(
            Stroke(0, y, layout.width, y, RULE, 0.5),
            *lines_of(0, y + 12, name, 8, bold=True),
            *lines_of(0, y + 12 + 10 * len(name), other, 7, colour=FAINT),
            Stroke(at(0), top if layout.stacked else y - 4, at(0), end, INK, 0.8),
        )
        for row, variant in enumerate(variants):
            place = top + _STEP * (row + 0.5)
            _difference(sketch, q, contrast_path(summary, variant, arm, against), place, at, layout.right + 10, row)
        y = end
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


def _variant(q: Quoter, variant: str) -> str:
    return q.words.text_or(f"brief.variant.{variant}", harmless(variant))


def _key(sketch: Sketch, entries: Sequence[tuple[str, str]], y: float, dots: bool = False) -> float:
    """Name and colour of what is drawn, side by side as far as there is room; returns where the next line stands."""
    x = 0.0
    for text, colour in entries:
        room = 12 + text_width(text, 7.5)
        if x and x + room > sketch.width:
            x, y = 0.0, y + 12
        sketch.add(Dot(x + 4, y - 2.6, 3.2, colour, DARK) if dots else Box(x, y - 7, 8, 8, colour))
        lines = wrapped(text, sketch.width - 12, 7.5)
        sketch.add(*lines_of(x + 12, y, lines, 7.5))
        y += 9.5 * (len(lines) - 1)
        x += room + 18
    return y + 12


def who(q: Quoter, arm: str, against: str, layout: Layout = WIDE) -> Sketch:
    """Share of each kind that leaves, per 1,000, in both arms; a panel a variant."""
    words, summary = q.words, q.summary
    variants = list(summary["variants"])
    sketch = Sketch(f"who{layout.mark}", words.text("brief.who"), layout.width, 0.0)
    y = _key(sketch, [(label(summary, against, words), ALONE), (label(summary, arm, words), DARK)], 8.0) + 4
    rows = _levels(summary, variants, arm, against)
    if not rows:
        sketch.add(Words(0, y, words.text("brief.nothing"), 8, colour=FAINT))
        sketch.height = y + 6
        return sketch
    entries = [_entry(summary, path) for paths in rows.values() for path in paths.values()]
    largest = max(v.shown(entry[share] for entry in entries for share in ("share_arm", "share_against")), default=0.0)
    if layout.stacked:
        for variant in variants:
            y = _panels(sketch, q, [variant], rows, y, layout.kinds, largest) + 14
        y -= 14
    else:
        y = _panels(sketch, q, variants, rows, y, layout.kinds, largest)
    if any(_too_close(entry) for entry in entries):
        lines = wrapped(f"* {words.text('brief.who_few')}", layout.width, 7)
        sketch.add(*lines_of(0, y + 12, lines, 7, colour=FAINT))
        y += 3 + 9 * len(lines)
    sketch.height = y + 2
    return sketch


def _panels(
    sketch: Sketch,
    q: Quoter,
    variants: Sequence[str],
    rows: Mapping[tuple[str, str], Mapping[str, Path]],
    y: float,
    names: float,
    largest: float,
) -> float:
    """Panels side by side from `y` down, kinds of household at their left; returns where they end."""
    panel = (sketch.width - names) / len(variants)
    for at, variant in enumerate(variants):
        sketch.add(Words(names + at * panel, y, _variant(q, variant), 8, bold=True, colour=FAINT))
    y += 6
    dimension = ""
    for (found, level), paths in rows.items():
        if found != dimension:
            sketch.add(Stroke(0, y, sketch.width, y, RULE, 0.5))
            y += 4
            dimension = found
        lines = wrapped(q.words.text_or(f"brief.kind.{level}", harmless(level)), names - 6, 8)
        sizes = q.words.text(
            "brief.families_of", families=q.span([(*path, "households") for path in paths.values()], q.count, short=True)
        )
        sketch.add(
            *lines_of(0, y + 9, lines, 8), *lines_of(0, y + 9 + 10 * len(lines), wrapped(sizes, names - 4, 7), 7, colour=FAINT)
        )
        for at, variant in enumerate(variants):
            if variant in paths:
                _pair_of_bars(sketch, q, paths[variant], names + at * panel, y + 2, panel - 46, largest)
        y += 6 + 10 * len(lines) + 10 * len(wrapped(sizes, names - 4, 7))
    sketch.add(Stroke(0, y, sketch.width, y, RULE, 0.5))
    return y


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
