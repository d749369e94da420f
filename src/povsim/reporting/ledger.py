"""Tables of the mechanism ledger: parts by mechanism, lost exits by cause, members against spill-over, relapses, futures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scipy.special import stdtrit

from povsim.reporting import verdict as v
from povsim.reporting.drawing import rows_of
from povsim.reporting.language import Language
from povsim.reporting.tables import Footnotes, Table
from povsim.reporting.verdict import Summary

GROUP = "structural"
RELAPSES = ("held", "passing", "capacity_fell", "never_held")
_NOTHING = "\N{EN DASH}"
REST = "rest"


def blocks(summary: Summary, variant: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(arm, comparator, block of the structurally poor) of each arm that was taken apart."""
    for arm, entry in summary.get("ledger", {}).get(variant, {}).items():
        block = entry["groups"].get(GROUP, {})
        if "parts" in block:
            yield arm, entry["against"], block


def all_tables(summary: Summary, words: Language) -> list[Table]:
    """Every table of the ledger and of the futures that the summary has, for the terminal."""
    found: list[Table | None] = []
    for variant in summary["variants"]:
        found.append(futures(summary, variant, words))
        found += [*mechanisms(summary, variant, words), *spill_over(summary, variant, words), *causes(summary, variant, words)]
    return [table for table in found if table is not None]


def mechanisms(summary: Summary, variant: str, words: Language) -> list[Table]:
    """Parts of the contrast by mechanism with their errors, what is left, and the sum, one table an arm."""
    out = []
    for arm, against, block in blocks(summary, variant):
        parts = [*block["parts"], block["rest"]]
        beside = [block["contrast"], *(part["mean"] for part in parts)]
        rows = [
            _part_row(words.text(f"ledger.part_{part['part']}"), part, beside, summary["replicates"], words) for part in parts
        ]
        total = words.per_thousand(block["contrast"], beside, signed=True)
        entry = v.contrast(summary, variant, arm, against, GROUP, "E4")
        if entry is not None and v.too_few(entry):
            total = _NOTHING
        rows.append((words.text("ledger.sum"), total, _NOTHING, _NOTHING, _NOTHING, words.text(f"reading.{v.status(entry)}")))
        absent = summary["ledger"][variant][arm]["absent"]
        notes = [words.text("ledger.orders", orders=words.number(summary["ledger"][variant][arm]["orders_per_replicate"]))]
        if absent:
            names = words.listing(words.text(f"ledger.part_{name}") for name in absent)
            notes.append(words.text("ledger.absent", names=names))
        headings = ("part", "per_thousand", "error", "error_orders", "extra_exits", "reading")
        out.append(_table(summary, variant, arm, against, "mechanisms", headings, rows, words, notes))
    return out


def spill_over(summary: Summary, variant: str, words: Language) -> list[Table]:
    """The contrast by benefit (members, spill-over, both, neither) and by whose exit it is, one table an arm."""
    out = []
    for arm, against, block in blocks(summary, variant):
        parts = [*block["channels"], *block["receivers"]]
        beside = [block["contrast"], *(part["mean"] for part in parts)]
        rows = [
            _part_row(words.text(f"ledger.part_{part['part']}"), part, beside, summary["replicates"], words) for part in parts
        ]
        rows = [(*row[:3], *row[4:]) for row in rows]  # no orders are sampled here
        headings = ("part", "per_thousand", "error", "extra_exits", "reading")
        notes = [words.text("ledger.spill_over_note")]
        out.append(_table(summary, variant, arm, against, "spill_over", headings, rows, words, notes))
    return out


def causes(summary: Summary, variant: str, words: Language) -> list[Table]:
    """Exits lost because of the cooperatives by cause, beside what is lost by chance, one table an arm."""
    out = []
    for arm, against, block in blocks(summary, variant):
        lost = block["lost"]
        shares = [cause["share"] for cause in lost["causes"]]
        beside = [lost["n01"], *lost["floor"].values()]
        shown = [cause for cause in lost["causes"] if cause["simulated"]]
        rows = [
            (
                words.text(f"ledger.cause_{cause['cause']}"),
                _few_or(cause["share"], cause["simulated"], beside, words),
                words.number(cause["simulated"]),
            )
            for cause in shown
        ]
        rows.append(
            (
                words.text("ledger.lost_sum"),
                _few_or(sum(shares), lost["simulated"], beside, words),
                words.number(lost["simulated"]),
            )
        )
        floor = words.text(
            "ledger.floor",
            without=words.per_thousand(lost["floor"][against], beside),
            against=v.arm_label(summary, against, words),
            within=words.per_thousand(lost["floor"][arm], beside),
            arm=v.arm_label(summary, arm, words),
        )
        headings = ("cause", "lost_per_thousand", "simulated")
        out.append(_table(summary, variant, arm, against, "causes", headings, rows, words, [floor]))
    return out


def relapses(summary: Summary, variant: str, table: Any, words: Language) -> Table | None:
    """Of the households that crossed and held for W months, how many fell back, and what was missing then."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows_of(table):
        if row["variant"] == variant and row["group"] == GROUP:
            found.setdefault(row["arm"], {})[row["kind"]] = row
    rows = []
    for arm, kinds in found.items():
        total = sum(kinds[kind]["share"] or 0.0 for kind in RELAPSES)
        simulated = sum(kinds[kind]["simulated"] for kind in RELAPSES)
        enough = total > 0 and simulated >= v.DISCORDANT_MINIMUM
        cells = [words.percent((kinds[kind]["share"] or 0.0) / total) if enough else _NOTHING for kind in RELAPSES]
        rows.append((v.arm_label(summary, arm, words), words.percent(total), *cells))
    if not rows:
        return None
    names = ("table.arm", "ledger.crossed", *(f"ledger.relapse_{kind}" for kind in RELAPSES))
    title = words.text("ledger.relapses", group=words.text(f"group.{GROUP}"), variant=v.variant_label(variant, words))
    return Table(title, tuple(words.text(name) for name in names), tuple(rows), notes=(words.text("ledger.relapses_note"),))


def futures(summary: Summary, variant: str, words: Language) -> Table | None:
    """E4, the mean probability that an exit lasts with its error, and E5, of the structurally poor."""
    feet = Footnotes(words)
    rows = []
    for arm, entry in summary["variants"][variant]["arms"].items():
        cell = entry.get(GROUP, {})
        if cell.get("E5") is None:
            continue
        given, error, reasons = cell.get("E5_given_E4"), cell.get("E5_given_E4_se"), cell.get("reasons", {})
        if given is not None and cell["E5_exits_sampled"] < v.DISCORDANT_MINIMUM:
            few, sampled = words.text("reading.too_few"), words.number(cell["E5_exits_sampled"])
            rows.append((v.arm_label(summary, arm, words), words.percent(cell["E4"]), few, _NOTHING, sampled, few))
            continue
        rows.append(
            (
                v.arm_label(summary, arm, words),
                words.percent(cell["E4"]),
                feet.none(words.text("ledger.no_exit")) if given is None else words.percent(given),
                feet.none(reasons.get("E5_given_E4_se")) if error is None else words.points(error).lstrip("+"),
                words.number(cell["E5_exits_sampled"]),
                words.percent(cell["E5"]),
            )
        )
    if not rows:
        return None
    names = ("table.arm", "ledger.e4", "ledger.lasts", "ledger.error", "ledger.sampled", "ledger.e5")
    title = words.text("ledger.futures", group=words.text(f"group.{GROUP}"), variant=v.variant_label(variant, words))
    notes = (words.text("ledger.futures_note"), *feet.lines())
    return Table(title, tuple(words.text(name) for name in names), tuple(rows), notes=notes)


def _part_row(name: str, part: Mapping[str, Any], beside: Iterable[float], replicates: int, words: Language) -> tuple[str, ...]:
    if part["reason"] is not None:
        return (name, *[_NOTHING] * 4, words.text("reading.too_few"))
    values = list(beside)
    error, orders = (_NOTHING if part[key] is None else words.per_thousand(part[key], values) for key in ("se", "se_orders"))
    mean = words.per_thousand(part["mean"], values, signed=True)
    return (
        name,
        mean,
        error,
        orders,
        words.count(part["extra_exits"], signed=True),
        words.text(f"ledger.reading_{_reading(part, replicates)}"),
    )


def _reading(part: Mapping[str, Any], replicates: int) -> str:
    """Whether the 95 % t interval of a part over replicates leaves 0 out, as for contrasts."""
    if part["se"] is None:
        return "no_error"
    if replicates < 2 or abs(part["mean"]) <= float(stdtrit(replicates - 1, 0.975)) * part["se"]:
        return "unseen"
    return "more" if part["mean"] > 0 else "fewer"


def _few_or(share: float, simulated: int, beside: Iterable[float], words: Language) -> str:
    return words.per_thousand(share, beside) if simulated >= v.DISCORDANT_MINIMUM else words.text("reading.too_few")


def _table(
    summary: Summary,
    variant: str,
    arm: str,
    against: str,
    name: str,
    headings: Iterable[str],
    rows: Iterable[tuple[str, ...]],
    words: Language,
    notes: Iterable[str],
) -> Table:
    names = tuple(headings)
    pair = v.contrast_label(summary, arm, against, words)
    last_is_words = names[-1] == "reading"
    return Table(
        words.text(f"ledger.{name}", pair=pair, group=words.text(f"group.{GROUP}"), variant=v.variant_label(variant, words)),
        tuple(words.text(f"table.{h}") if h in ("extra_exits", "reading") else words.text(f"ledger.{h}") for h in names),
        tuple(rows),
        notes=tuple(notes),
        strong=frozenset({1}),
        words=frozenset({len(names) - 1} if last_is_words else ()),
    )
