"""A figure as a list of marks in points, drawn as SVG here and on paper by `brief_pdf`: the same figure in both."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from povsim.reporting.quote import marked, plain

INK = "#222222"
FAINT = "#5c5c5c"
RULE = "#d0d0d0"
BLANK = "#f1f1f1"


@dataclass(frozen=True)
class Box:
    """A rectangle; `hatch` draws lines across it, so that grey survives a copying machine."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str = ""
    hatch: bool = False
    title: str = ""


@dataclass(frozen=True)
class Stroke:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str = FAINT
    width: float = 0.7


@dataclass(frozen=True)
class Dot:
    """A circle; hollow where `fill` is white."""

    x: float
    y: float
    radius: float
    fill: str
    stroke: str


@dataclass(frozen=True)
class Words:
    """A line of text at its baseline; `anchor` start, middle or end."""

    x: float
    y: float
    text: str
    size: float = 8.0
    bold: bool = False
    colour: str = INK
    anchor: str = "start"


Mark = Box | Stroke | Dot | Words


@dataclass
class Sketch:
    """Width and height in points, y downwards, and the marks in the order in which they are drawn."""

    name: str
    title: str
    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)

    def add(self, *marks: Mark) -> None:
        """Draw these on top."""
        self.marks.extend(marks)

    def texts(self) -> list[str]:
        """Every text in it, as read."""
        return [plain(mark.text) for mark in self.marks if isinstance(mark, Words)]


def svg(sketch: Sketch, quoted: bool = False) -> str:
    """The sketch as SVG text that fetches nothing; `quoted` keeps the places of its numbers for a page that can be asked."""
    draw: dict[type, Callable[..., str]] = {Box: _box, Stroke: _stroke, Dot: _dot}
    parts = []
    for mark in sketch.marks:
        if isinstance(mark, Words):
            parts.append(_words(mark, quoted))
        else:
            parts.append(draw[type(mark)](mark, *([sketch.name] if isinstance(mark, Box) else [])))
    hatch = (
        f'<defs><pattern id="{sketch.name}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="5" height="5" fill="#f1f1f1"/>'
        '<line x1="0" y1="0" x2="0" y2="5" stroke="#9a9a9a" stroke-width="1.1"/></pattern></defs>'
        if any(isinstance(mark, Box) and mark.hatch for mark in sketch.marks)
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(sketch.width)} {_n(sketch.height)}" '
        f'width="{_n(sketch.width)}pt" height="{_n(sketch.height)}pt" style="min-width:{_n(1.15 * sketch.width)}px" role="img" '
        f"font-family=\"'DejaVu Sans', Verdana, sans-serif\"><title>{escape(plain(sketch.title))}</title>{hatch}"
        + "".join(parts)
        + "</svg>\n"
    )


def wrapped(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Lines of a text that are at most `width` points wide in DejaVu Sans of this size; a longer word stands alone."""
    lines: list[str] = []
    for word in re.split(r"[ \n]+", text.strip()):
        if lines and text_width(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a text in points, in DejaVu Sans."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    from povsim.reporting.fonts import BOLD, REGULAR, register

    register()
    return float(stringWidth(plain(text), BOLD if bold else REGULAR, size))


def lines_of(x: float, y: float, lines: Sequence[str], size: float, bold: bool = False, colour: str = INK) -> list[Words]:
    """Lines of text below each other, the first with its baseline at `y`."""
    return [Words(x, y + 1.22 * size * at, line, size, bold, colour) for at, line in enumerate(lines)]


def _box(mark: Box, name: str) -> str:
    fill = f"url(#{name}-hatch)" if mark.hatch else mark.fill
    stroke = f' stroke="{mark.stroke}" stroke-width="0.6"' if mark.stroke else ""
    title = f"<title>{escape(plain(mark.title))}</title>" if mark.title else ""
    place = f'x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}"'
    return f'<rect {place} fill="{fill}"{stroke}>{title}</rect>' if title else f'<rect {place} fill="{fill}"{stroke}/>'


def _stroke(mark: Stroke) -> str:
    ends = f'x1="{_n(mark.x1)}" y1="{_n(mark.y1)}" x2="{_n(mark.x2)}" y2="{_n(mark.y2)}"'
    return f'<line {ends} stroke="{mark.colour}" stroke-width="{_n(mark.width)}"/>'


def _dot(mark: Dot) -> str:
    place = f'cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="{_n(mark.radius)}"'
    return f'<circle {place} fill="{mark.fill}" stroke="{mark.stroke}" stroke-width="1.4"/>'


def _words(mark: Words, quoted: bool) -> str:
    weight = ' font-weight="bold"' if mark.bold else ""
    anchor = f' text-anchor="{mark.anchor}"' if mark.anchor != "start" else ""
    text = _as_tspan(marked(mark.text)) if quoted else escape(plain(mark.text))
    place = f'x="{_n(mark.x)}" y="{_n(mark.y)}" font-size="{_n(mark.size)}"'
    return f'<text {place} fill="{mark.colour}"{weight}{anchor}>{text}</text>'


def _as_tspan(html: str) -> str:
    return html.replace("<data ", "<tspan ").replace(' value="', ' data-value="').replace("</data>", "</tspan>")


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
