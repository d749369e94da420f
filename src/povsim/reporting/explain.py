"""What `povsim explain` says on the terminal: outcomes, months side by side, what happened, and the cause in a sentence."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import polars as pl

from povsim.experiments.explain import Explanation, Result
from povsim.experiments.explain_events import Event
from povsim.experiments.explain_search import Finding, Tried
from povsim.experiments.replicate import RELAPSE
from povsim.reporting.language import Language
from povsim.reporting.tables import WIDTH, Table, print_tables
from povsim.reporting.verdict import DISCORDANT_MINIMUM, arm_label

LISTED = 5
"""Further events that a sentence names before it counts the rest."""
TRADING = 4


def event_name(words: Language, event: Event) -> str:
    """An event as a noun with its month."""
    return words.text(f"explain.event.{event.kind}", month=event.month, symbol=event.symbol)


def show(found: Explanation, result: Result, words: Language) -> None:
    """Everything about one household, on the terminal."""
    print(header(found, words))
    print_tables([outcome_table(found, result, words), *year_tables(found, result, words), event_table(found, words)])
    print()
    for sentence in sentences(found, result, words):
        print(textwrap.fill(sentence, WIDTH))


def show_list(
    rows: pl.DataFrame, what: str, arm: str, against: str | None, limit: int, result: Result, words: Language
) -> None:
    """The households that --find found, a line each."""
    names = [name for name in (arm, against) if name is not None]
    shown = {name: arm_label(result.summary, name, words) for name in names}
    print(
        textwrap.fill(
            words.text(
                f"explain.found.{what}",
                count=words.number(rows.height),
                arm=shown[arm],
                against=shown[against] if against is not None else "",
            ),
            WIDTH,
        )
    )
    if what in ("permanent", "harmed") and rows.height < DISCORDANT_MINIMUM:
        print(textwrap.fill(words.text("explain.too_few"), WIDTH))
    if rows.height == 0:
        return
    letters = dict(zip(names, "AB", strict=False))
    headings = [words.text(f"explain.heading.{key}") for key in ("household", "province", "area", "structural")]
    for key in ("permanent_in", "relapse_in"):
        headings += [words.text(f"explain.heading.{key}", arm=letters[name]) for name in names]
    body = [
        (
            row["household"],
            row["province"].title(),
            words.text(f"explain.area_{row['area']}"),
            words.text("explain.yes_word" if row["structural"] else "explain.no_word"),
            *(_month(row[f"{rung}_{name}"]) for rung in ("E4", RELAPSE) for name in names),
        )
        for row in rows.head(limit).iter_rows(named=True)
    ]
    note = "; ".join(f"{letter}: {shown[name]}" for name, letter in letters.items())
    print_tables([Table("", tuple(headings), tuple(body), labels=4, notes=(note,))])
    if rows.height > limit:
        print(words.text("explain.first_lines", shown=words.number(limit)))
    print(words.text("explain.next", folder=result.folder, household=rows["household"][0]))


def header(found: Explanation, words: Language) -> str:
    """Who the household is."""
    h = found.household
    lines = [
        words.text("explain.title", household=h["household"]),
        words.text(
            "explain.about",
            area=words.text(f"explain.area_{h['area']}"),
            province=h["province"].title(),
            variant=words.text_or(f"variant.{h['variant']}", h["variant"]),
            replicate=h["replicate"],
            structural=words.text("explain.structural_yes" if h["structural"] else "explain.structural_no"),
            weight=words.count(h["weight"]),
        ),
    ]
    if found.life.outcome.until < found.told.scenario.horizon_months:
        lines.append(words.text("explain.ends", month=found.life.outcome.until + 1))
    return "\n".join(textwrap.fill(line, WIDTH) for line in lines)


def outcome_table(found: Explanation, result: Result, words: Language) -> Table:
    """First months of the rungs and of the relapse in every arm."""
    o = found.life.outcome
    rows = [
        (arm_label(result.summary, arm.name, words), *(_month(values[a]) for values in (o.E1, o.E2, o.E4, o.relapse)))
        for a, arm in enumerate(found.told.arms)
    ]
    heads = tuple(words.text(f"explain.heading.{key}") for key in ("arm", "cross", "sustain", "permanent", "relapse"))
    title = words.text("explain.outcomes", W=result.scenario.exit.W, b=words.number(result.scenario.exit.b, 2))
    return Table(title, heads, tuple(rows))


def year_tables(found: Explanation, result: Result, words: Language) -> list[Table]:
    """Consumption by year in every arm; and more of the arms of the question."""
    life, told = found.life, found.told
    years = [t for t in range(12, told.scenario.horizon_months + 1, 12) if t <= life.outcome.until]
    names = [arm_label(result.summary, arm.name, words) for arm in told.arms]
    year = words.text("explain.heading.year")
    rows = [(words.number(t // 12), *(words.number(x, 2) for x in life.m12[:, t])) for t in [0, *years]]
    tables = [Table(words.text("explain.by_year"), (year, *names), tuple(rows))]
    asked = [(told.arm_row(name), letter) for name, letter in zip(_names(found), "AB", strict=False)]
    shown = {"arm": names[asked[0][0]], **({"against": names[asked[1][0]]} if len(asked) > 1 else {})}
    note = words.text("explain.beside_note" if len(asked) > 1 else "explain.beside_note_single", **shown)
    for title, keys, notes in (
        (words.text("explain.beside"), ("capacity", "income", "aid"), (note,)),
        ("", ("assets", "debts", "member"), ()),
    ):
        cells = [(key, a, letter) for key in keys for a, letter in asked if key != "member" or told.arms[a].cooperative]
        headings = (year, *(words.text(f"explain.heading.{key}", arm=letter) for key, _, letter in cells))
        body = tuple((words.number(t // 12), *(_cell(key, found, a, t, words) for key, a, _ in cells)) for t in years)
        members = frozenset(j + 1 for j, (key, _, _) in enumerate(cells) if key == "member")
        tables.append(Table(title, headings, body, notes=notes, words=members))
    return tables


def moments(found: Explanation, words: Language) -> list[tuple[int, str, str]]:
    """What happened: month, event, and in which arms of the question."""
    where: dict[tuple[int, str], list[str]] = {}
    for name, letter in zip(_names(found), "AB", strict=False):
        for event in found.moments[name]:
            where.setdefault((event.month, event_name(words, event)), []).append(letter)
    both = words.text("explain.both_arms" if len(_names(found)) > 1 else "explain.this_arm")
    return [(month, text, both if len(at) == len(_names(found)) else at[0]) for (month, text), at in sorted(where.items())]


def event_table(found: Explanation, words: Language) -> Table:
    """What happened, month by month."""
    rows = [
        (words.number(month) if month else words.text("explain.month_0"), text, at) for month, text, at in moments(found, words)
    ]
    heads = tuple(words.text(f"explain.heading.{key}") for key in ("month", "event", "where"))
    return Table(words.text("explain.happened"), heads, tuple(rows), labels=3)


def sentences(found: Explanation, result: Result, words: Language) -> list[str]:
    """The difference, its cause, and what else is to be known."""
    shown = {"arm": arm_label(result.summary, found.arm, words)}
    if found.against is not None:
        shown["against"] = arm_label(result.summary, found.against, words)
    o = found.life.outcome
    a = found.told.arm_row(found.arm)
    if found.kind is None or found.finding is None:
        if found.about is not None:
            beside = shown.get("against", shown["arm"])
            return [words.text("explain.kind.not_about", about=found.about, arm=shown["arm"], against=beside)]
        if found.against is None:
            return [words.text("explain.kind.single", **shown)]
        return [words.text("explain.kind.alike_left" if o.E4[a] > 0 else "explain.kind.alike_not", **shown)]
    if found.kind == "relapsed":
        months: dict[str, Any] = {"month": o.relapse[a], "from_month": o.E2[a], "W": result.scenario.exit.W}
    else:
        exiting = found.arm if found.kind == "permanent" else found.against
        months = {"month": o.E4[found.told.arm_row(exiting or found.arm)]}
    return [words.text(f"explain.kind.{found.kind}", **shown, **months), *_finding(found.kind, found.finding, words)]


def after(kind: str, tried: Tried) -> str:
    """Key of what becomes of the household without the event."""
    return "holds" if kind == "relapsed" else "both" if tried.outcome.E4[0] > 0 else "neither"


def _finding(kind: str, finding: Finding, words: Language) -> list[str]:
    out: list[str] = []
    if finding.cause is not None:
        without = words.text(f"explain.after.{after(kind, finding.cause)}")
        out.append(words.text("explain.cause", event=event_name(words, finding.cause.event), after=without))
        out.append(words.text("explain.confirmed"))
    else:
        out.append(words.text("explain.none", count=words.number(finding.candidates)))
        largest = finding.largest
        if largest is None or largest.effect <= 0:
            out.append(words.text("explain.no_contributor"))
        elif kind == "relapsed":
            lines = words.number(largest.effect, 2)
            out.append(words.text("explain.largest_lines", event=event_name(words, largest.event), lines=lines))
        else:
            share = words.percent(largest.effect, 0)
            out.append(words.text("explain.largest_share", event=event_name(words, largest.event), share=share))
    if finding.also:
        names = [event_name(words, tried.event) for tried in finding.also[:LISTED]]
        text, more = words.listing(names), len(finding.also) - LISTED
        if more > 0:
            text = words.text("explain.also_more", list=", ".join(names), count=words.number(more))
        out.append(words.text("explain.also", list=text))
    if finding.refused:
        out.append(words.text("explain.refused", count=words.number(len(finding.refused))))
    for tried in finding.whole:
        key = "explain.whole_gone" if tried.removes else "explain.whole_stays"
        out.append(words.text(key, event=event_name(words, tried.event)))
    return [*out, words.text("explain.searched")]


def _names(found: Explanation) -> list[str]:
    return [name for name in (found.arm, found.against) if name is not None]


def _cell(key: str, found: Explanation, a: int, t: int, words: Language) -> str:
    life, year = found.life, slice(t - 11, t + 1)
    if key == "member":
        if life.home["member"][a, t] == 0:
            return words.text("explain.member.none")
        return words.text("explain.member.trading" if life.coop["status"][a, t] == TRADING else "explain.member.waiting")
    value = {
        "capacity": life.ccap[a, t],
        "income": np.mean(life.income[a, year]),
        "aid": np.mean(life.aid[a, year]),
        "assets": life.home["K"][a, t],
        "debts": life.home["Dc"][a, t] + life.home["Dm"][a, t],
    }[key]
    return words.number(float(value), 2)


def _month(month: int) -> str:
    return str(month) if month else "\N{EN DASH}"
