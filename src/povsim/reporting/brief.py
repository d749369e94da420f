"""The brief: what two pages tell a minister, as texts and figures that `brief_page` and `brief_pdf` set.

Every number is quoted from the summary (`povsim.reporting.quote`). A direction is claimed where `verdict` allows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from povsim.reporting import brief_figures as figures
from povsim.reporting import verdict as v
from povsim.reporting.brief_figures import contrast_path, label
from povsim.reporting.language import Language, language
from povsim.reporting.quote import Path, Quoter, harmless
from povsim.reporting.sentences import given_parameters
from povsim.reporting.sketch import Sketch
from povsim.reporting.verdict import Reading, Summary

GROUP, MEASURE = "structural", "E4"
ROWS_MOST = 8
_FIRST = (
    "none", "aid", "aid_equal_cost", "aid_cooperative", "aid_cooperative_planned", "aid_assets", "aid_cooperative_registry",
    "cooperative",
)  # fmt: skip
PLANNED = "aid_cooperative_planned"
NOTHING = ("", "")


@dataclass(frozen=True)
class BriefTable:
    """Texts of the one table: headings, rows (first cell is words), notes below."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    strong: frozenset[int]
    """Rows to set apart, by number."""


@dataclass(frozen=True)
class Brief:
    """Everything the two pages say, in one language; numbers are quoted texts."""

    code: str
    words: Language
    title: str
    stamps: tuple[str, ...]
    question: str
    answer: str
    terms: str
    caution: str
    table: BriefTable
    cost: str
    adds: Sketch
    adds_note: str
    who: Sketch
    narrow: tuple[Sketch, Sketch]
    """Both figures once more, for a narrow screen."""
    also: str
    changes: tuple[tuple[str, str], ...]
    limits: str
    sources: str
    reproduce: str

    def texts(self) -> list[str]:
        """Every text of the brief that is not in a figure."""
        one = (self.title, *self.stamps, self.question, self.answer, self.terms, self.caution, self.cost, self.also)
        table = (self.table.title, *self.table.headings, *(cell for row in self.table.rows for cell in row), *self.table.notes)
        changes = [text for pair in self.changes for text in pair]
        return [*one, *table, *changes, self.limits, self.sources, self.reproduce]


def brief(summary: Summary, code: str = "en") -> Brief:
    """The brief of a comparison. `summary` holds `brief` (povsim.reporting.brief_numbers).

    Raises PovsimError for an unknown language, and where the summary lacks a number that the brief quotes.
    """
    words = language(code)
    q = Quoter(summary, words)
    arm = v.main_arm(summary)
    stamps = [words.text("page.stamp_toy")] if v.place(summary) == "toy" else []
    if any(v.is_target(summary, name) for name in v.arms(summary)):
        stamps.append(words.text("page.stamp_target"))
    return Brief(
        code=code,
        words=words,
        title=words.text("brief.title"),
        stamps=tuple(stamps),
        question=words.text("brief.question"),
        answer=_answer(q, arm),
        terms=_terms(q),
        caution=_caution(summary, words),
        table=_table(q, arm),
        cost=_cost(q, arm),
        adds=figures.adds(q, _pairs(summary, arm)),
        adds_note=words.text("brief.adds_note" if given_parameters(summary) else "brief.adds_note_drawn"),
        who=figures.who(q, *_who_pair(summary, arm)),
        narrow=(
            figures.adds(q, _pairs(summary, arm), figures.NARROW),
            figures.who(q, *_who_pair(summary, arm), figures.NARROW),
        ),
        also=_also(q, arm),
        changes=tuple(changes(q, arm)),
        limits=words.text("brief.limits"),
        sources=_sources(q),
        reproduce=words.text(
            "brief.reproduce",
            seed=q.seed(("seed",)),
            replicates=q.number(("replicates",)),
            villages=q.number(("population", "villages")),
        ),
    )


def _twin(arm: str) -> str:
    return arm.replace("aid_cooperative", "aid_equal_cost", 1)


def _paths(summary: Summary, reading: Reading, field: str) -> list[Path]:
    found = []
    for variant in reading.contrasts:
        path = contrast_path(summary, variant, reading.arm, reading.against)
        if path is not None:
            found.append((*path, field))
    return found


def _size(q: Quoter, reading: Reading) -> str:
    """Size of a contrast in households per 1,000, without its sign where the words give the direction."""
    paths = _paths(q.summary, reading, "mean")
    if not paths:
        return ""
    beside = [q.value(path) for path in paths]
    if reading.verdict in (v.MORE, v.FEWER):
        return q.sizes(paths, lambda path: q.per_thousand(path, beside, size=True))
    return q.span(paths, lambda path: q.per_thousand(path, beside, signed=True))


def _answer(q: Quoter, arm: str | None) -> str:
    words, summary = q.words, q.summary
    if arm is None:
        return words.text("brief.answer_none")
    alone, same = v.read(summary, arm, "aid"), v.read(summary, arm, _twin(arm))
    scenario = str(summary.get("scenario", {}).get("cooperative", "as_reported"))
    kind = "as_planned" if v.is_target(summary, arm) else scenario if scenario in ("as_reported", "optimistic") else "other"
    subject = words.text(f"brief.subject_{kind}", name=harmless(scenario))
    fields = {"subject": subject, "size": _size(q, alone), "variants": _by_variant(q, alone)}
    return words.text(f"brief.answer_{alone.verdict}", **fields) + words.text(f"brief.same_{same.verdict}", size=_size(q, same))


def _by_variant(q: Quoter, reading: Reading) -> str:
    parts = []
    for variant, found in reading.by_variant.items():
        path = contrast_path(q.summary, variant, reading.arm, reading.against)
        size = q.per_thousand((*path, "mean"), size=True) if path is not None and variant in reading.contrasts else ""
        name = v.variant_label(variant, q.words)
        parts.append(q.words.text(f"sentence.variant_{found}", variant=name, size=size))
    return "; ".join(parts)


def _each(q: Quoter, *rest: str | int, above: str = "") -> list[Path]:
    """The path in every variant whose summary holds a number there."""
    found = []
    for variant in q.summary["variants"]:
        path: Path = (above, variant, *rest) if above == "variants" or above == "takeup" else ("brief", above, variant, *rest)
        node: Any = q.summary
        for step in path:
            node = node.get(step) if isinstance(node, Mapping) else None
        if isinstance(node, (int, float)):
            found.append(path)
    return found


def _terms(q: Quoter) -> str:
    families = _each(q, above="families")
    return q.words.text(
        "brief.terms",
        families=q.span(families, q.count) if families else "?",
        place=q.words.text(f"place.{v.place(q.summary)}"),
        margin=q.percent(("definition", "b"), 0),
        held=q.number(("definition", "W")),
    )


def _caution(summary: Summary, words: Language) -> str:
    """What limits the whole brief: a population that is not the nation, one variant only."""
    place = v.place(summary)
    found = [words.text(f"note.{place}")] if place != "indonesia" else []
    if len(summary["variants"]) == 1:
        only = v.variant_label(next(iter(summary["variants"])), words)
        found.append(words.text("note.one_variant", variant=harmless(only)))
    return " ".join(found)


def _rows(summary: Summary, arm: str | None) -> list[str]:
    """Arms of the table: those that answer the question first, then others, `ROWS_MOST` at most."""
    twin = _twin(arm) if arm else ""
    run = [name for name in v.arms(summary) if name == twin or not name.startswith("aid_equal_cost_")]
    first = [name for name in (*_FIRST, *([arm, twin] if arm else [])) if name in run]
    kept = list(dict.fromkeys([*first, *run]))[:ROWS_MOST]
    return [name for name in run if name in kept]


def _table(q: Quoter, arm: str | None) -> BriefTable:
    words, summary = q.words, q.summary
    variants = list(summary["variants"])
    rows = []
    shown = _rows(summary, arm)
    for name in shown:
        cells = [label(summary, name, words)]
        shares = {path[1]: path for path in _each(q, "arms", name, GROUP, MEASURE, above="variants")}
        cells += [q.per_thousand(shares[one]) if one in shares else words.text("brief.nothing") for one in variants]
        leaving = _each(q, name, above="leaving")
        cells.append(q.span(leaving, q.count, short=True) if leaving else words.text("brief.nothing"))
        closed = _each(q, "arms", name, GROUP, "E4x", above="variants")
        cells.append(q.span(closed, q.per_thousand, short=True) if closed else words.text("brief.nothing"))
        cost = _each(q, "arms", name, "cost_idr", above="variants")
        cells.append(q.span(cost, q.rupiah, short=True) if cost else words.text("brief.nothing"))
        rows.append(tuple(cells))
    title = words.text("brief.table", years=q.number(("brief", "years")))
    heads = [words.text_or(f"brief.variant.{variant}", harmless(variant)) for variant in variants]
    further = [words.text("brief.table_more")] if len(shown) < len(v.arms(summary)) else []
    return BriefTable(
        title=title,
        headings=(
            words.text("brief.programme"),
            *heads,
            *(words.text(f"brief.{name}") for name in ("families", "if_closed", "cost")),
        ),
        rows=tuple(rows),
        notes=(
            words.text("brief.table_variants"),
            words.text("brief.table_closed"),
            words.text("brief.table_cost", horizon=q.number(("brief", "horizon_years"))),
            *further,
        ),
        strong=frozenset(at for at, name in enumerate(shown) if name == arm),
    )


def _cost(q: Quoter, arm: str | None) -> str:
    paths = _each(q, arm, above="extra_cost_idr") if arm else []
    if not paths:
        return ""
    values = [q.value(path) for path in paths]
    sign = "more" if min(values) > 0 else "less" if max(values) < 0 else "either"
    span = q.span if sign == "either" else q.sizes
    return q.words.text(f"brief.costs_{sign}", money=span(paths, lambda path: q.rupiah(path, size=sign == "less")))


def _pairs(summary: Summary, arm: str | None) -> list[tuple[str, str]]:
    """Contrasts of the first figure: assistance, cooperatives, the same money, the targets, assets; those that were run."""
    wanted = [("aid", "none")]
    if arm:
        wanted += [
            (arm, "aid"),
            (arm, _twin(arm)),
            (PLANNED, "aid"),
            (PLANNED, _twin(PLANNED)),
            ("aid_assets", "aid_cooperative"),
        ]
    stored = {
        (entry["arm"], entry["against"])
        for block in summary["variants"].values()
        for entry in block.get("contrasts", [])
        if entry["group"] == GROUP and entry["measure"] == MEASURE
    }
    return [pair for pair in dict.fromkeys(wanted) if pair in stored]


def _who_pair(summary: Summary, arm: str | None) -> tuple[str, str]:
    """Arms of the second figure: cooperatives against assistance, else whatever the run compares."""
    stored = [
        (row["arm"], row["against"]) for rows in summary.get("who_gains", {}).values() for row in rows if row["group"] == GROUP
    ]
    for pair in ((arm, "aid"), (arm, "none"), ("cooperative", "none"), ("aid", "none")):
        if pair in stored:
            return str(pair[0]), str(pair[1])
    return stored[0] if stored else ("aid", "none")


def _also(q: Quoter, arm: str | None) -> str:
    found: dict[str, list[Path]] = {}
    for variant, entries in q.summary.get("exits_without_cooperative", {}).items():
        for at, entry in enumerate(entries):
            if (entry["arm"], entry["group"]) == (arm, GROUP) and entry["share"] is not None and entry["reason"] is None:
                found.setdefault(entry["other"], []).append(("exits_without_cooperative", variant, at, "share"))
    spans = {other: q.span(paths, q.percent) for other, paths in found.items() if len(paths) == len(q.summary["variants"])}
    if "aid" in spans and "none" in spans:
        return q.words.text("brief.also", share=spans["aid"], none=spans["none"])
    return q.words.text("brief.also_one", share=next(iter(spans.values()))) if spans else ""


def changes(q: Quoter, arm: str | None) -> list[tuple[str, str]]:
    """What would change the answer, a heading and a text each, as far as the run has numbers for it."""
    found = (_reach(q, arm), _targets(q, arm), _elsewhere(q), _variants(q), _meaning(q), _measured(q, arm))
    return [(q.words.text(f"brief.change_{name}_title"), text) for name, text in found if text]


def _reach(q: Quoter, arm: str | None) -> tuple[str, str]:
    trading = _each(q, arm or "", "trading_share_m60", above="takeup")
    members = _each(q, arm or "", "members_in_trading_share_structural_m60", above="takeup")
    if not trading or not members:
        return NOTHING
    return "reach", q.words.text(
        "brief.change_reach", trading=q.span(trading, q.percent), members=q.span(members, lambda path: q.percent(path, 2))
    )


def _targets(q: Quoter, arm: str | None) -> tuple[str, str]:
    reading = v.read(q.summary, PLANNED, "aid")
    cost = _each(q, "arms", PLANNED, "cost_idr", above="variants")
    if arm == PLANNED or reading.verdict == v.MISSING or not cost:
        return NOTHING
    kind = reading.verdict if reading.verdict in (v.MORE, v.FEWER) else "other"
    return f"target_{kind}", q.words.text(f"brief.change_target_{kind}", size=_size(q, reading), money=q.span(cost, q.rupiah))


def _elsewhere(q: Quoter) -> tuple[str, str]:
    """What arms do to all families of the country, where that points the other way than among those in lasting poverty."""
    found = []
    for arm in v.arms(q.summary):
        for variant, at in v.other_way(q.summary, arm):
            path = ("all_households", variant, "contrasts", at, "mean")
            direction = "fewer" if q.value(path) < 0 else "more"
            fields = {"arm": label(q.summary, arm, q.words), "variant": v.variant_label(variant, q.words)}
            found.append(q.words.text(f"brief.elsewhere_{direction}", size=q.per_thousand(path, size=True), **fields))
    return ("elsewhere", " ".join(found)) if found else NOTHING


def _variants(q: Quoter) -> tuple[str, str]:
    if not {"trap", "no_trap"} <= set(q.summary["variants"]):
        return NOTHING
    paths = _each(q, "arms", "aid", GROUP, MEASURE, above="variants")
    found = {path[1]: q.per_thousand(path) for path in paths}
    if len(found) < 2:
        return NOTHING
    return "variant", q.words.text("brief.change_variant", first=found["trap"], second=found["no_trap"])


def _meaning(q: Quoter) -> tuple[str, str]:
    once = _each(q, "arms", "aid", GROUP, "E1", above="variants")
    good = _each(q, "arms", "aid", GROUP, MEASURE, above="variants")
    if not once or not good:
        return NOTHING
    return "meaning", q.words.text("brief.change_meaning", once=q.span(once, q.per_thousand), good=q.span(good, q.per_thousand))


def _measured(q: Quoter, arm: str | None) -> tuple[str, str]:
    if not q.summary["brief"]["parameters"]["all"]:
        return NOTHING
    counts = ("brief", "parameters")
    line = q.words.text("brief.change_measured", assumed=q.number((*counts, "A")), all=q.number((*counts, "all")))
    reading = v.read(q.summary, arm, "aid") if arm else None
    needed = _each(q, arm or "", "villages_needed", above="takeup")
    if needed and reading is not None and reading.verdict in (v.UNSEEN, v.TOO_FEW, v.NO_INTERVAL):
        line += " " + q.words.text("brief.change_villages", needed=q.span(needed, q.count))
    return "measured", " ".join([line, *_drawn(q)])


def _drawn(q: Quoter) -> list[str]:
    """In how many draws of all parameters an arm with cooperatives has more families leave than assistance alone."""
    out = []
    for arm in ("aid_cooperative", PLANNED):
        paths: list[Path] = [
            ("assumptions", variant, "contrasts", at, "positive")
            for variant, block in q.summary.get("assumptions", {}).items()
            for at, row in enumerate(block["contrasts"])
            if (row["arm"], row["against"]) == (arm, "aid") and row["positive"] is not None
        ]
        if paths:
            share = q.span(paths, lambda path: q.percent(path, 0))
            out.append(q.words.text("brief.change_drawn", arm=label(q.summary, arm, q.words), share=share))
    return out


def _sources(q: Quoter) -> str:
    counts = q.summary["brief"]["parameters"]
    place = v.place(q.summary)
    line = q.words.text(f"brief.sources_{'indonesia' if place == 'provinces' else place}")
    if counts["all"]:
        grades = {name: q.number(("brief", "parameters", name)) for name in counts}
        line += " " + q.words.text("brief.sources_grades", **grades)
    return line
