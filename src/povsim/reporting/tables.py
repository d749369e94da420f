"""Tables of a comparison: one definition each, shown in a terminal by rich and in the report as HTML rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from povsim.reporting import verdict as v
from povsim.reporting.language import Language, language
from povsim.reporting.sentences import cost_reason, given_parameters
from povsim.reporting.verdict import Summary

if TYPE_CHECKING:
    from rich.table import Table as RichTable

WIDTH = 110
RUNGS = ("E1", "E2", "E3", "E4", "E4x", "E5")
_NOTHING = "\N{EN DASH}"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Table:
    """A table as texts in one language: the first `labels` columns are words, the others numbers. `notes` stand below."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int = 1
    caption: str = ""
    notes: tuple[str, ...] = ()
    strong: frozenset[int] = frozenset()
    """Columns to set apart, by number."""
    words: frozenset[int] = frozenset()
    """Further columns of words, by number."""


@dataclass
class Footnotes:
    """Reasons that stand below a table, each once, with a letter in the cells it explains."""

    words: Language
    reasons: list[str] = field(default_factory=list)

    def none(self, reason: str | None) -> str:
        """The text of a cell without a number: "none (a)"."""
        blank = self.words.text("table.none")
        if not reason:
            return blank
        if reason not in self.reasons:
            self.reasons.append(reason)
        return f"{blank} ({_LETTERS[self.reasons.index(reason) % 26]})"

    def lines(self) -> tuple[str, ...]:
        """The lines below the table."""
        return tuple(f"({_LETTERS[at % 26]}) {self.words.reason(reason)}" for at, reason in enumerate(self.reasons))


def arm_table(summary: Summary, variant: str, code: str = "en", group: str = "structural") -> Table:
    """The ladder: each arm with the share of the group on each rung, households on E4 and public cost."""
    words = language(code)
    feet = Footnotes(words)
    arms = summary["variants"][variant]["arms"]
    rungs = [rung for rung in RUNGS if any(block.get(group, {}).get(rung) is not None for block in arms.values())]
    rows = []
    for arm, block in arms.items():
        shares = block.get(group, {})
        reasons = {**block.get("reasons", {}), **shares.get("reasons", {})}
        cells = [v.arm_label(summary, arm, words)]
        for rung in rungs:
            share = shares.get(rung)
            cells.append(words.percent(share) if share is not None else feet.none(_reason(reasons, rung, group)))
        number, size = shares.get("E4"), shares.get("households")
        cells.append(
            words.count(number * size) if number is not None and size is not None else feet.none(_reason(reasons, "E4", group))
        )
        cost = block.get("cost_idr")
        cells.append(words.rupiah(cost) if cost is not None else feet.none(_reason(reasons, "cost_idr", group)))
        rows.append(tuple(cells))
    return Table(
        title=words.text("table.arms", group=words.text_or(f"group.{group}", group), variant=v.variant_label(variant, words)),
        headings=(
            words.text("table.arm"),
            *rungs,
            words.text("table.households"),
            words.text("table.cost"),
        ),
        rows=tuple(rows),
        caption=words.text("table.arms_caption", pkh=words.text("note.pkh")),
        notes=(
            *feet.lines(),
            "; ".join(words.text(f"measure.{rung}") for rung in rungs) + ".",
            *_never(arms, rungs, group, words),
            *_successors(summary, arms, group, words),
        ),
        strong=frozenset({1 + rungs.index("E4")} if "E4" in rungs else ()),
    )


def _never(arms: Mapping[str, Any], shown: Sequence[str], group: str, words: Language) -> list[str]:
    """One line for each rung that no arm has, with the reason."""
    lines = []
    for rung in RUNGS:
        reasons = [
            _reason({**block.get("reasons", {}), **block.get(group, {}).get("reasons", {})}, rung, group)
            for block in arms.values()
        ]
        given = next((reason for reason in reasons if reason), None)
        if rung not in shown and given:
            lines.append(words.text("table.never", measure=words.text(f"measure.{rung}"), reason=words.reason(given)))
    return lines


def _successors(summary: Summary, arms: Mapping[str, Any], group: str, words: Language) -> list[str]:
    """How many households of the group end within the horizon, and what E4 would be if their successors counted."""
    arm = "aid" if "aid" in arms else next(iter(arms), "")
    cell = arms.get(arm, {}).get(group, {})
    if cell.get("ended_share") is None or cell.get("E4succ") is None:
        return []
    years = words.number(summary["horizon_months"] / 12)
    fields = {"ended": words.percent(cell["ended_share"]), "years": years, "group": words.text_or(f"group.{group}", group)}
    return [words.text("table.successors", **fields, share=words.percent(cell["E4succ"]), arm=v.arm_label(summary, arm, words))]


def _reason(reasons: Mapping[str, Any], name: str, group: str) -> str | None:
    found = reasons.get(name) or reasons.get(f"{group}.{name}")
    return str(found) if found else None


def contrast_table(summary: Summary, variant: str, code: str = "en", group: str = "structural", measure: str = "E4") -> Table:
    """Every contrast of one measure: per 1,000 households, interval, lifted, lost, extra exits, per Rp 1 billion, reading.

    Where fewer than 20 discordant households stand behind a contrast the numbers give way to "too few to say".
    """
    words = language(code)
    feet = Footnotes(words)
    entries = [e for e in summary["variants"][variant].get("contrasts", []) if e["group"] == group and e["measure"] == measure]
    headings = ("arm", "against", "difference", "interval", "lifted", "lost", "extra_exits", "per_billion", "reading")
    certainty = "table.given_parameters" if given_parameters(summary) else "table.with_parameters"
    return Table(
        title=words.text(
            "table.contrasts",
            measure=words.text(f"measure.{measure}"),
            group=words.text_or(f"group.{group}", group),
            variant=v.variant_label(variant, words),
        ),
        headings=tuple(words.text(f"table.{name}") for name in headings),
        rows=tuple(_contrast_row(summary, variant, entry, words, feet) for entry in entries),
        caption=words.text("table.contrasts_caption", certainty=words.text(certainty), pkh=words.text("note.pkh")),
        notes=feet.lines(),
        labels=2,
        strong=frozenset({2, 8}),
        words=frozenset({8}),
    )


def _contrast_row(
    summary: Summary, variant: str, entry: Mapping[str, Any], words: Language, feet: Footnotes
) -> tuple[str, ...]:
    labels = (v.arm_label(summary, entry["arm"], words), v.arm_label(summary, entry["against"], words))
    found = v.status(entry)
    reading = words.text(f"reading.{found}")
    if found == v.MISSING:
        reasons = entry.get("reasons") or {}
        return (*labels, feet.none(entry.get("reason") or reasons.get("mean")), *[_NOTHING] * 5, reading)
    if found == v.TOO_FEW:
        return (*labels, *[_NOTHING] * 6, reading)
    beside = v.shown(entry.get(name) for name in ("mean", "low95", "high95", "n10", "n01"))
    reasons = entry.get("reasons") or {}

    def per_thousand(name: str, signed: bool = False) -> str:
        value = entry.get(name)
        return feet.none(reasons.get(name)) if value is None else words.per_thousand(value, beside, signed)

    low, high = entry.get("low95"), entry.get("high95")
    size = v.households(summary, variant, entry["arm"], entry["group"])
    exits = v.exits(entry, summary, variant)
    ends = (low * size, high * size) if size and low is not None and high is not None else (None, None)
    rate = entry.get("per_billion_idr")
    return (
        *labels,
        per_thousand("mean", signed=True),
        feet.none(reasons.get("low95"))
        if low is None or high is None
        else words.interval(low, high, lambda share: words.per_thousand(share, beside, signed=True), short=True),
        per_thousand("n10"),
        per_thousand("n01"),
        feet.none(reasons.get("extra_exits")) if exits is None else words.count(exits, ends[0], ends[1], signed=True),
        feet.none(cost_reason(entry) if rate is None else "no extra exits can be seen")
        if rate is None or found not in (v.MORE, v.FEWER)
        else words.number(rate, _decimals(rate), signed=True),
        reading,
    )


def _decimals(value: float) -> int:
    """Decimals that leave two digits of a small number."""
    size = abs(value)
    return 0 if size >= 10 else 1 if size >= 1 else 2 if size >= 0.1 else 3


def rich_table(table: Table, width: int = WIDTH) -> RichTable:
    """The table for a terminal, at most `width` columns wide. Texts are taken as they are, without markup."""
    from rich import box
    from rich.table import Table as Rich
    from rich.text import Text

    shown = Rich(
        title=Text(table.title, style="bold"),
        caption=Text("\n".join((*table.notes, table.caption)).strip()),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        padding=(0, 1, 0, 0),
    )
    for at, (heading, room) in enumerate(zip(table.headings, _widths(table, width), strict=True)):
        shown.add_column(
            Text(heading),
            justify="left" if at < table.labels or at in table.words else "right",
            style="bold" if at in table.strong else None,
            width=room,
            overflow="fold",
        )
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown


def _widths(table: Table, width: int) -> list[int]:
    """Numbers get what they need, words share what is left: at least 12, at most their longest cell."""
    columns = [[table.headings[at], *(row[at] for row in table.rows)] for at in range(len(table.headings))]
    wide = [max(map(len, column)) for column in columns]
    least = [max(len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    rooms = [
        max(least[at], min(wide[at], 12) if at in table.words else max(map(len, columns[at][1:]), default=0))
        for at in range(len(columns))
    ]
    left = width - 2 * len(columns) - 1 - sum(rooms[table.labels :])
    for at in range(table.labels):
        rooms[at] = min(wide[at], max(12, left // (table.labels - at)))
        left -= rooms[at]
    return rooms


def print_tables(tables: Sequence[Table], write: Callable[[str], object] = print, width: int = WIDTH) -> None:
    """Write tables as plain text, `width` columns wide, with `write`."""
    from io import StringIO

    from rich.console import Console

    for table in tables:
        page = StringIO()
        Console(file=page, width=width, color_system=None).print(rich_table(table, width))
        write("\n".join(line.rstrip() for line in page.getvalue().splitlines()))
