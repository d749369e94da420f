"""Maps of provinces and districts as tiles: one square each, laid out by hand roughly as the islands lie.

No boundary data are needed, every province is as large as any other, and the map says nothing about area or place below it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from povsim import evidence
from povsim.population.geography import load_frame
from povsim.reporting import verdict as v
from povsim.reporting.drawing import rows_of
from povsim.reporting.language import Language, language
from povsim.reporting.sketch import BLANK, FAINT, INK, Box, Sketch, Words, lines_of, svg, text_width, wrapped
from povsim.reporting.verdict import Summary

TILES: Final[dict[str, tuple[int, int, str]]] = {
    "ACEH": (0, 0, "Aceh"),
    "SUMATERA UTARA": (1, 1, "Sumut"),
    "SUMATERA BARAT": (1, 2, "Sumbar"),
    "RIAU": (2, 2, "Riau"),
    "KEPULAUAN RIAU": (3, 1, "Kepri"),
    "JAMBI": (3, 2, "Jambi"),
    "BENGKULU": (2, 3, "Bengkulu"),
    "SUMATERA SELATAN": (3, 3, "Sumsel"),
    "KEPULAUAN BANGKA BELITUNG": (4, 3, "Babel"),
    "LAMPUNG": (3, 4, "Lampung"),
    "BANTEN": (4, 5, "Banten"),
    "DKI JAKARTA": (5, 4, "DKI"),
    "JAWA BARAT": (5, 5, "Jabar"),
    "JAWA TENGAH": (6, 5, "Jateng"),
    "DI YOGYAKARTA": (6, 6, "DIY"),
    "JAWA TIMUR": (7, 5, "Jatim"),
    "BALI": (9, 5, "Bali"),
    "NUSA TENGGARA BARAT": (10, 5, "NTB"),
    "NUSA TENGGARA TIMUR": (11, 5, "NTT"),
    "KALIMANTAN UTARA": (7, 0, "Kaltara"),
    "KALIMANTAN BARAT": (5, 1, "Kalbar"),
    "KALIMANTAN TENGAH": (6, 1, "Kalteng"),
    "KALIMANTAN TIMUR": (7, 1, "Kaltim"),
    "KALIMANTAN SELATAN": (7, 2, "Kalsel"),
    "SULAWESI UTARA": (11, 0, "Sulut"),
    "GORONTALO": (10, 0, "Gorontalo"),
    "SULAWESI TENGAH": (10, 1, "Sulteng"),
    "SULAWESI BARAT": (9, 2, "Sulbar"),
    "SULAWESI TENGGARA": (10, 2, "Sultra"),
    "SULAWESI SELATAN": (9, 3, "Sulsel"),
    "MALUKU UTARA": (12, 1, "Malut"),
    "MALUKU": (12, 3, "Maluku"),
    "PAPUA BARAT DAYA": (14, 1, "PBD"),
    "PAPUA BARAT": (15, 1, "Pabar"),
    "PAPUA": (16, 1, "Papua"),
    "PAPUA TENGAH": (15, 2, "Papteng"),
    "PAPUA PEGUNUNGAN": (16, 2, "Papeg"),
    "PAPUA SELATAN": (16, 3, "Pasel"),
}
"""Column, row and short name of each province of 2025."""
COLUMNS, ROWS = 17, 7
ACROSS = 7
"""Districts side by side in the block of the province that has the most (Jawa Timur, 38)."""

SEQUENTIAL = ("#dde8f2", "#b9d0e4", "#82abcf", "#4a80b4", "#1d4f86")
FEWER, MORE = ("#8a3d00", "#d98a4a", "#f3d9c1"), ("#cfe0ee", "#82abcf", "#1d4f86")
_DARK = {"#4a80b4", "#1d4f86", "#8a3d00"}
WIDTH, TILE = 510.0, 30.0


@dataclass(frozen=True)
class Shade:
    """Classes of a map: upper ends between them, a colour each (one more than ends), and how a value is written."""

    ends: tuple[float, ...]
    colours: tuple[str, ...]
    write: Callable[[float], str]

    def colour(self, value: float) -> str:
        """Colour of a value; an end belongs to the class below it."""
        return self.colours[sum(value > end for end in self.ends)]


def province_name(province: str) -> str:
    """A province as one writes it ("DKI Jakarta"); one that is not on the map as it is given."""
    return _names().get(province, province)


@cache
def _names() -> dict[str, str]:
    return dict(load_frame().select("province", "province_name").unique().iter_rows())


def district_tiles(districts: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], tuple[float, float]]:
    """Left and top of every district's square, in tiles of a province: rows from the left within a block in its middle.

    `districts` by province, in order. The block of n districts is ceil(sqrt(n)) wide, so it is as square as n allows.
    """
    places = {}
    for province, names in districts.items():
        column, row, _ = TILES[province]
        wide = math.ceil(math.sqrt(len(names)))
        high = math.ceil(len(names) / wide)
        left, top = (ACROSS - wide) / 2, (ACROSS - high) / 2
        for at, name in enumerate(names):
            places[province, name] = (column + (left + at % wide) / ACROSS, row + (top + at // wide) / ACROSS)
    return places


def sequential(values: Sequence[float], write: Callable[[float], str]) -> Shade:
    """Five classes of equal width from 0, their ends round numbers."""
    step = _round_step(max(values, default=1.0) / len(SEQUENTIAL))
    return Shade(tuple(step * k for k in range(1, len(SEQUENTIAL))), SEQUENTIAL, write)


def diverging(values: Sequence[float], write: Callable[[float], str]) -> Shade:
    """Six classes, three below 0 and three above, their ends round numbers."""
    step = _round_step(max((abs(one) for one in values), default=1.0) / 3)
    return Shade((-2 * step, -step, 0.0, step, 2 * step), (*FEWER, *MORE), write)


def _round_step(wanted: float) -> float:
    """The round number nearest to this: the outer classes are open."""
    if not wanted > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return min((factor * power for factor in (1, 2, 2.5, 3, 4, 5, 6, 8, 10)), key=lambda step: abs(step - wanted))


def maps(summary: Summary, tables: Mapping[str, Any], code: str = "en") -> dict[str, str]:
    """The maps that the run has numbers for, as SVG by name: published headcount of provinces and districts, share of the
    structurally poor that leave for good, contrasts with a province that is not too few to say.
    """
    words = language(code)
    gains = [row for row in rows_of(tables.get("who_gains")) if row["dimension"] == "province" and row["level"] in TILES]
    run = {row["level"] for row in gains}
    if not run:
        return {}
    sketches = [_published(words, run), _districts(words, run), _leaving(summary, gains, words, run)]
    sketches += [_contrast(summary, gains, pair, words, run) for pair in contrast_pairs(summary, gains)]
    return {sketch.name: svg(sketch) for sketch in sketches if sketch is not None}


def off_the_map(tables: Mapping[str, Any]) -> list[str]:
    """Provinces of the run that have no tile, where others have one: they must be named beside the maps."""
    run = {row["level"] for row in rows_of(tables.get("who_gains")) if row["dimension"] == "province"}
    return sorted(run - set(TILES)) if run & set(TILES) else []


def contrast_pairs(summary: Summary, gains: Sequence[Mapping[str, Any]], drawn: bool = True) -> list[tuple[str, str]]:
    """Pairs of arms worth a map: cooperatives and targets against assistance, assistance against nothing.

    With `drawn` those for which a province is not too few to say, without it the others.
    """
    arm = v.main_arm(summary)
    wanted = dict.fromkeys([*([(arm, "aid")] if arm else []), ("aid_cooperative_planned", "aid"), ("aid", "none")])
    found = []
    for pair in wanted:
        rows = [row for row in gains if (row["arm"], row["against"]) == pair and row["group"] == "structural"]
        if rows and any(_readable(row) for row in rows) == drawn:
            found.append(pair)
    return found


def _readable(row: Mapping[str, Any]) -> bool:
    return row["reason"] is None and row["mean"] is not None


def _published(words: Language, run: set[str]) -> Sketch:
    values = {
        row["province"]: row["p0_pct"] for row in rows_of(evidence.load("province_profile_2025")) if row["province"] in run
    }
    shade = sequential(list(values.values()), lambda value: words.number(value, _decimals(value)))
    sketch = Sketch("map_published", words.text("brief.map.title_published"), WIDTH, 0.0)
    y = _heading(sketch, sketch.title, 12)
    y = _tiles(sketch, y, values, set(), run, shade, lambda value: words.number(value, 1))
    return _finish(sketch, y, shade, words, words.text("brief.map.note"), few=False, absent=len(run) < len(TILES))


def _districts(words: Language, run: set[str]) -> Sketch:
    rows = [row for row in rows_of(evidence.load("poverty_district_2025")) if row["province"] in run]
    by_province: dict[str, list[str]] = {}
    for row in rows:
        by_province.setdefault(row["province"], []).append(row["district"])
    shade = sequential([row["p0_pct"] for row in rows], lambda value: words.number(value, _decimals(value)))
    sketch = Sketch("map_districts", words.text("brief.map.title_districts"), WIDTH, 0.0)
    top = _heading(sketch, sketch.title, 12)
    pitch, side = TILE + 8, TILE / ACROSS
    places = district_tiles(by_province)
    for row in rows:
        x, y = places[row["province"], row["district"]]
        down = top + math.floor(y) * pitch + (y - math.floor(y)) * TILE
        title = f"{row['district']}: {words.number(row['p0_pct'], 2)}%"
        sketch.add(Box(x * TILE, down, side - 0.4, side - 0.4, shade.colour(row["p0_pct"]), title=title))
    for province in by_province:
        column, line, short = TILES[province]
        sketch.add(Words((column + 0.5) * TILE, top + line * pitch + TILE + 5, short, _fitting(short, 6.0), anchor="middle"))
    note = words.text("brief.map.note_districts")
    return _finish(sketch, top + ROWS * pitch, shade, words, note, few=False, absent=False)


def _leaving(summary: Summary, gains: Sequence[Mapping[str, Any]], words: Language, run: set[str]) -> Sketch | None:
    arm = v.main_arm(summary) or "aid"
    found: dict[str, dict[str, float | None]] = {}
    for row in gains:
        side = "share_arm" if row["arm"] == arm else "share_against" if row["against"] == arm else None
        if side is not None and row["group"] == "structural":
            few = row["share_reason"] is not None or row[side] is None
            found.setdefault(row["variant"], {})[row["level"]] = None if few else 100 * row[side]
    if not found:
        return None
    known = v.shown(value for values in found.values() for value in values.values())
    shade = sequential(known, lambda value: words.number(value, _decimals(value)))
    title = words.text("brief.map.title_leaving", arm=v.arm_label(summary, arm, words))
    return _by_variant("map_leaving", title, found, run, shade, lambda value: words.number(value, 1), words)


def _contrast(
    summary: Summary, gains: Sequence[Mapping[str, Any]], pair: tuple[str, str], words: Language, run: set[str]
) -> Sketch:
    found: dict[str, dict[str, float | None]] = {}
    for row in gains:
        if (row["arm"], row["against"]) == pair and row["group"] == "structural":
            found.setdefault(row["variant"], {})[row["level"]] = 1000 * row["mean"] if _readable(row) else None
    known = v.shown(value for values in found.values() for value in values.values())
    shade = diverging(known, lambda value: words.number(value, _decimals(value), signed=True))
    arm, other = (v.arm_label(summary, name, words) for name in pair)
    title = words.text("brief.map.title_contrast", measure=words.text("measure.E4"), arm=arm, other=other)
    return _by_variant(
        f"map_{pair[0]}_against_{pair[1]}", title, found, run, shade, lambda one: words.number(one, 1, signed=True), words
    )


def _by_variant(
    name: str,
    title: str,
    found: Mapping[str, Mapping[str, float | None]],
    run: set[str],
    shade: Shade,
    write: Callable[[float], str],
    words: Language,
) -> Sketch:
    sketch = Sketch(name, title, WIDTH, 0.0)
    y = _heading(sketch, title, 12)
    for variant, values in found.items():
        sketch.add(Words(0, y + 8, words.text_or(f"variant_title.{variant}", variant), 9, colour=FAINT))
        few = {province for province in run if values.get(province) is None}
        y = _tiles(sketch, y + 14, {k: one for k, one in values.items() if one is not None}, few, run, shade, write) + 6
    return _finish(sketch, y, shade, words, words.text("brief.map.note"), few=True, absent=len(run) < len(TILES))


def _heading(sketch: Sketch, title: str, y: float) -> float:
    lines = wrapped(title, WIDTH - 4, 10.5, bold=True)
    sketch.add(*lines_of(0, y, lines, 10.5, bold=True))
    return y + 13 * len(lines)


def _tiles(
    sketch: Sketch,
    top: float,
    values: Mapping[str, float],
    few: set[str],
    run: set[str],
    shade: Shade,
    write: Callable[[float], str],
) -> float:
    for province, (column, row, short) in TILES.items():
        x, y, side = column * TILE, top + row * TILE, TILE - 1.5
        if province not in run:
            sketch.add(Box(x, y, side, side, BLANK, stroke="#d0d0d0"))
            colour = FAINT
        elif province in few or province not in values:
            sketch.add(Box(x, y, side, side, BLANK, hatch=True, title=province_name(province)))
            colour = INK
        else:
            fill = shade.colour(values[province])
            sketch.add(Box(x, y, side, side, fill, title=f"{province_name(province)}: {write(values[province])}"))
            colour = "#ffffff" if fill in _DARK else INK
            text = write(values[province])
            sketch.add(Words(x + side / 2, y + 22, text, _fitting(text, 7.5), bold=True, colour=colour, anchor="middle"))
        sketch.add(Words(x + side / 2, y + 11, short, _fitting(short, 6.4), colour=colour, anchor="middle"))
    return top + ROWS * TILE


def _fitting(text: str, size: float) -> float:
    """The size, or a smaller one at which the text fits a tile."""
    return min(size, size * (TILE - 3) / max(text_width(text, size, bold=True), 1e-9))


def _finish(sketch: Sketch, y: float, shade: Shade, words: Language, note: str, few: bool, absent: bool) -> Sketch:
    """The key and the note at the foot; sets the height."""
    entries = [(colour, False, text) for colour, text in zip(shade.colours, _classes(shade, words), strict=True)]
    if few:
        entries.append((BLANK, True, words.text("brief.map.key_few")))
    if absent:
        entries.append((BLANK, False, words.text("brief.map.key_absent")))
    x, y = 0.0, y + 8
    for colour, hatch, text in entries:
        room = 14 + text_width(text, 7.5) + 12
        if x + room > WIDTH:
            x, y = 0.0, y + 14
        sketch.add(Box(x, y, 10, 10, colour, stroke="#9a9a9a", hatch=hatch), Words(x + 14, y + 8, text, 7.5))
        x += room
    lines = wrapped(note, WIDTH, 7)
    sketch.add(*lines_of(0, y + 24, lines, 7, colour=FAINT))
    sketch.height = y + 24 + 9 * len(lines)
    return sketch


def _classes(shade: Shade, words: Language) -> list[str]:
    ends = [shade.write(end) for end in shade.ends]
    inner = [words.text("brief.map.key_between", low=low, high=high) for low, high in itertools.pairwise(ends)]
    first, last = words.text("brief.map.key_upto", value=ends[0]), words.text("brief.map.key_over", value=ends[-1])
    return [first, *inner, last]


def _decimals(value: float) -> int:
    return next((decimals for decimals in range(3) if abs(value - round(value, decimals)) < 1e-9), 3)
