"""The brief as one self-contained HTML file that asks the network for nothing; printed, it is two pages too."""

from __future__ import annotations

from importlib import resources
from typing import Any

from povsim.reporting.brief import Brief
from povsim.reporting.quote import marked, plain
from povsim.reporting.sketch import Sketch, svg


def page(brief: Brief) -> str:
    """The HTML text. Every number stands in an element with `data-from`, its place in summary.json; user text is escaped."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def draw(sketch: Sketch) -> Any:
        return Markup(svg(sketch, quoted=True))

    def mark(text: str) -> Any:
        return Markup(marked(text))

    template = resources.files(__package__).joinpath("brief.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    written: str = environment.from_string(template).render(
        code=brief.code, brief=brief, text=brief.words.text, mark=mark, plain=plain, draw=draw
    )
    return written
