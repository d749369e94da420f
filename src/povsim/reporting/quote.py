"""Numbers quoted from the summary: each is looked up by its place there, and keeps that place wherever it is printed.

A quoted number is a text with its place in front, between signs that no font has. `plain` takes them off for paper; `marked`
turns them into `<data data-from="variants/trap/..." value="0.107">10.7%</data>` for a page, which can so be asked where each
of its numbers comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from povsim.errors import PovsimError
from povsim.reporting.language import Language
from povsim.reporting.verdict import Summary

_OPEN, _THEN, _CLOSE = "\ue000", "\ue001", "\ue002"
_QUOTED = re.compile(f"{_OPEN}([^{_THEN}]*){_THEN}([^{_THEN}]*){_THEN}([^{_THEN}]*){_THEN}([^{_CLOSE}]*){_CLOSE}")

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Quoter:
    """Writes numbers of one summary in one language.

    Every method takes the path of a number in the summary (keys, and places in lists) and returns a quoted text.
    """

    summary: Summary
    words: Language

    def value(self, path: Path) -> float:
        """The number at a path. Raises PovsimError where there is none."""
        node: Any = self.summary
        for step in path:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError) as error:
                raise PovsimError(f"The summary holds no {'/'.join(map(str, path))}, which the brief quotes.") from error
        if isinstance(node, bool) or not isinstance(node, (int, float)):
            raise PovsimError(f"{'/'.join(map(str, path))} in the summary is no number, but the brief quotes it as one.")
        return float(node)

    def percent(self, path: Path, decimals: int = 1) -> str:
        """A share as a percentage."""
        return self._quote(path, "percent", lambda value: self.words.percent(value, decimals))

    def per_thousand(self, path: Path, beside: Iterable[float] = (), signed: bool = False, size: bool = False) -> str:
        """A share as families in every 1,000; `size` drops the sign, where the words around it give the direction."""
        others = tuple(beside)

        def write(value: float) -> str:
            return self.words.per_thousand(abs(value) if size else value, others, signed=signed)

        return self._quote(path, "size_per_thousand" if size else "per_thousand", write)

    def count(self, path: Path) -> str:
        """A number of households, rounded to three digits; in millions from one million on."""
        return self._quote(path, "million" if abs(self.value(path)) >= 1e6 else "count", self.words.large_count)

    def number(self, path: Path, decimals: int = 0) -> str:
        """A number as it is."""
        return self._quote(path, "number", lambda value: self.words.number(value, decimals))

    def seed(self, path: Path) -> str:
        """A number that is a name: without signs between its thousands."""
        return self._quote(path, "number", lambda value: f"{value:.0f}")

    def rupiah(self, path: Path, size: bool = False) -> str:
        """Money in words; `size` drops the sign."""
        if size:
            return self._quote(path, "size_rupiah", lambda value: self.words.rupiah(abs(value)))
        return self._quote(path, "rupiah", self.words.rupiah)

    def span(self, paths: Sequence[Path], write: Callable[[Path], str], short: bool = False) -> str:
        """Smallest to largest, each written by `write`, or one where both read the same; `short` in tables."""
        return self._ends(sorted(paths, key=self.value), write, short)

    def sizes(self, paths: Sequence[Path], write: Callable[[Path], str]) -> str:
        """Like `span`, ordered by size whatever the sign."""
        return self._ends(sorted(paths, key=lambda path: abs(self.value(path))), write, False)

    def _ends(self, ordered: Sequence[Path], write: Callable[[Path], str], short: bool) -> str:
        low, high = write(ordered[0]), write(ordered[-1])
        if plain(low) == plain(high):
            return low
        return self.words.text("unit.interval_short" if short else "unit.interval", low=low, high=high)

    def _quote(self, path: Path, kind: str, write: Callable[[float], str]) -> str:
        value = self.value(path)
        place = "/".join(harmless(str(step)).replace("~", "~0").replace("/", "~1") for step in path)  # as in RFC 6901
        written = write(value).replace(" ", "\N{NO-BREAK SPACE}")
        return f"{_OPEN}{place}{_THEN}{kind}{_THEN}{value!r}{_THEN}{written}{_CLOSE}"


def plain(text: str) -> str:
    """The text as it is read."""
    return _QUOTED.sub(r"\4", text)


def marked(text: str) -> str:
    """The text as escaped HTML, its quoted numbers as `data` elements that name their place in summary.json."""
    return _QUOTED.sub(r'<data data-from="\1" data-as="\2" value="\3">\4</data>', escape(text))


def harmless(text: str) -> str:
    """Text of a user without the signs that quoting uses."""
    return re.sub(f"[{_OPEN}-{_CLOSE}]", "", text)
