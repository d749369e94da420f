"""The brief as PDF: exactly two pages of A4, fonts embedded, figures as lines; the same brief gives the same bytes."""

from __future__ import annotations

from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from povsim.errors import PovsimError
from povsim.reporting.brief import Brief, BriefTable
from povsim.reporting.fonts import BOLD, REGULAR, register
from povsim.reporting.quote import plain
from povsim.reporting.sketch import Box, Dot, Sketch, Stroke, Words

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

PAGE = (595.28, 841.89)
MARGIN_X, TOP, BOTTOM = 42.5, 36.0, 40.0
SCALES = tuple(1.06 - 0.02 * step for step in range(24))
"""Sizes of type tried, largest first, until each page holds its part."""
ACCENT, INK, FAINT, RULE, SOFT = "#b04d00", "#222222", "#5c5c5c", "#d0d0d0", "#f6f4f1"


def pdf(brief: Brief) -> bytes:
    """The two pages. Raises PovsimError where even the smallest type does not hold a page's part."""
    from reportlab.pdfgen.canvas import Canvas

    register()
    out = BytesIO()
    canvas = Canvas(out, pagesize=PAGE, invariant=1, pageCompression=1, lang=brief.code)
    canvas.setTitle(plain(brief.title))
    canvas.setAuthor("povsim")
    canvas.setCreator("povsim")
    parts = (_first, _second)
    for number, part in enumerate(parts, start=1):
        _set(canvas, brief, part, number, len(parts))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _set(canvas: Canvas, brief: Brief, part: Any, number: int, of: int) -> None:
    width, room = PAGE[0] - 2 * MARGIN_X, PAGE[1] - TOP - BOTTOM
    for scale in SCALES:
        blocks = part(brief, _Styles(scale), width)
        heights = [block.wrapOn(canvas, width, room)[1] for block in blocks]
        gaps = [block.getSpaceBefore() for block in blocks[1:]]
        spare = room - sum(heights) - sum(gaps)
        if spare >= 0:
            break
    else:
        raise PovsimError(f"Page {number} of the brief does not fit on A4: {-spare:.0f} points too long in the smallest type.")
    stretch = 1 + min(0.8, spare / sum(gaps)) if sum(gaps) else 1.0
    y = PAGE[1] - TOP
    for at, (block, height) in enumerate(zip(blocks, heights, strict=True)):
        y -= height + (stretch * gaps[at - 1] if at else 0.0)
        block.drawOn(canvas, MARGIN_X, y)
    canvas.setFont(REGULAR, 7)
    canvas.setFillColor(FAINT)
    canvas.drawString(MARGIN_X, 24, brief.words.text("brief.foot"))
    canvas.drawRightString(PAGE[0] - MARGIN_X, 24, brief.words.text("brief.page", at=number, of=of))


class _Styles:
    """Paragraphs in the few looks the brief has, at one scale."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def paragraph(self, text: str, size: float = 9.0, before: float = 5.0, **look: Any) -> Any:
        """A paragraph of plain text: no markup in it is read as such; with a bold `lead` it is a point of a list."""
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.platypus import Paragraph

        bold, lead = look.pop("bold", False), look.pop("lead", "")
        size *= self.scale
        style = ParagraphStyle(
            "brief", fontName=BOLD if bold else REGULAR, fontSize=size, leading=1.32 * size, spaceBefore=before * self.scale,
            textColor=look.pop("colour", INK), **look,
        )  # fmt: skip
        start = f"<b>{escape(plain(lead))}</b>" if lead else ""
        return Paragraph(start + escape(plain(text)), style, bulletText="•" if lead else None)

    def heading(self, text: str) -> Any:
        """A heading above a block."""
        return self.paragraph(text, 10.5, 11.0, bold=True)

    def note(self, text: str) -> Any:
        """Small print."""
        return self.paragraph(text, 7.4, 2.0, colour=FAINT)


def _first(brief: Brief, styles: _Styles, width: float) -> list[Any]:
    words = brief.words
    stamps = [styles.paragraph(" · ".join(brief.stamps), 8.5, 1, bold=True, colour=ACCENT)] if brief.stamps else []
    return [
        styles.paragraph(words.text("brief.kicker"), 8, 0, colour=FAINT),
        *stamps,
        styles.paragraph(brief.title, 17, 4, bold=True),
        styles.paragraph(brief.question, 9, 6),
        _answer(brief, styles, width),
        styles.paragraph(brief.terms, 8.4, 7),
        *([styles.paragraph(brief.caution, 8.4, 4, bold=True, colour=ACCENT)] if brief.caution else []),
        styles.heading(brief.table.title),
        _table(brief.table, styles, width),
        *(styles.note(note) for note in brief.table.notes),
        *([styles.paragraph(brief.cost, 9, 6)] if brief.cost else []),
        styles.heading(brief.adds.title),
        _figure(brief.adds, width),
        styles.note(brief.adds_note),
    ]


def _second(brief: Brief, styles: _Styles, width: float) -> list[Any]:
    words = brief.words
    blocks = [
        styles.paragraph(brief.who.title, 10.5, 0, bold=True),
        _figure(brief.who, width),
        *([styles.paragraph(brief.also, 9, 6)] if brief.also else []),
        styles.heading(words.text("brief.changes")),
    ]
    blocks += [
        styles.paragraph(text, 9, 4, lead=f"{heading}. ", leftIndent=11, bulletIndent=1) for heading, text in brief.changes
    ]
    for heading, text in (
        (words.text("brief.limits_title"), brief.limits),
        (words.text("brief.sources_title"), brief.sources),
        (words.text("brief.reproduce_title"), brief.reproduce),
    ):
        blocks += [styles.heading(heading), styles.paragraph(text, 8.4, 3)]
    return blocks


def _answer(brief: Brief, styles: _Styles, width: float) -> Any:
    from reportlab.platypus import Table

    inside = [
        styles.paragraph(brief.words.text("brief.answer_title"), 9, 0, bold=True, colour=ACCENT),
        styles.paragraph(brief.answer, 11.5, 2, bold=True),
    ]
    look = [
        ("BACKGROUND", (0, 0), (-1, -1), SOFT),
        ("LINEBEFORE", (0, 0), (0, -1), 4, ACCENT),
        ("LEFTPADDING", (0, 0), (-1, -1), 11),
        ("RIGHTPADDING", (0, 0), (-1, -1), 9),
        ("TOPPADDING", (0, 0), (-1, -1), 6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
    ]
    return Table([[inside]], colWidths=[width], style=look, spaceBefore=9 * styles.scale)


def _table(table: BriefTable, styles: _Styles, width: float) -> Any:
    from reportlab.platypus import Table

    def cell(text: str, column: int, bold: bool = False) -> Any:
        return styles.paragraph(text, 8.0, 0, bold=bold, alignment=0 if column == 0 else 2)

    rows = [[cell(text, at, bold=True) for at, text in enumerate(table.headings)]]
    for number, row in enumerate(table.rows):
        rows.append([cell(text, at, bold=number in table.strong) for at, text in enumerate(row)])
    first = 0.29 if len(table.headings) > 5 else 0.34
    rest = (1 - first) / (len(table.headings) - 1)
    look = [
        ("LINEBELOW", (0, 0), (-1, 0), 1.0, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("LEFTPADDING", (1, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table(rows, colWidths=[first * width, *([rest * width] * (len(table.headings) - 1))], style=look, spaceBefore=3)


def _figure(sketch: Sketch, width: float) -> Any:
    from reportlab.platypus import Flowable

    scale = width / sketch.width

    class Figure(Flowable):  # type: ignore[misc]  # reportlab has no types: its classes are Any
        """The sketch over the whole width of the page."""

        def __init__(self) -> None:
            super().__init__()
            self.width, self.height = width, sketch.height * scale

        def wrap(self, *_room: float) -> tuple[float, float]:
            """Width and height, whatever the room."""
            return self.width, self.height

        def getSpaceBefore(self) -> float:
            """Points above it."""
            return 6.0

        def draw(self) -> None:
            """Onto the canvas, whose y runs upwards."""
            self.canv.saveState()
            self.canv.scale(scale, scale)
            for mark in sketch.marks:
                _draw(self.canv, mark, sketch.height)
            self.canv.restoreState()

    return Figure()


def _draw(canvas: Canvas, mark: Box | Stroke | Dot | Words, height: float) -> None:
    if isinstance(mark, Box):
        canvas.setFillColor("#f1f1f1" if mark.hatch else mark.fill)
        canvas.rect(mark.x, height - mark.y - mark.height, mark.width, mark.height, stroke=0, fill=1)
        if mark.hatch:
            _hatch(canvas, mark, height)
    elif isinstance(mark, Stroke):
        canvas.setStrokeColor(mark.colour)
        canvas.setLineWidth(mark.width)
        canvas.line(mark.x1, height - mark.y1, mark.x2, height - mark.y2)
    elif isinstance(mark, Dot):
        canvas.setStrokeColor(mark.stroke)
        canvas.setFillColor(mark.fill)
        canvas.setLineWidth(1.4)
        canvas.circle(mark.x, height - mark.y, mark.radius, stroke=1, fill=1)
    else:
        canvas.setFillColor(mark.colour)
        canvas.setFont(BOLD if mark.bold else REGULAR, mark.size)
        write = {"start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString}[mark.anchor]
        write(mark.x, height - mark.y, plain(mark.text))


def _hatch(canvas: Canvas, mark: Box, height: float) -> None:
    canvas.saveState()
    path = canvas.beginPath()
    path.rect(mark.x, height - mark.y - mark.height, mark.width, mark.height)
    canvas.clipPath(path, stroke=0, fill=0)
    canvas.setStrokeColor("#9a9a9a")
    canvas.setLineWidth(0.8)
    low, reach = height - mark.y - mark.height, mark.width + mark.height
    for step in range(int(reach / 4) + 1):
        canvas.line(mark.x - mark.height + 4 * step, low, mark.x + 4 * step, low + mark.height)
    canvas.restoreState()
