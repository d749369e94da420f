"""Words and tables of a comparison of rollouts, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from povsim.reporting import uncertain, whole_tables
from povsim.reporting import verdict as v
from povsim.reporting.drawing import rows_of
from povsim.reporting.language import Language, language
from povsim.reporting.tables import Footnotes, Table
from povsim.reporting.verdict import Summary

Rows = list[dict[str, Any]]
_RESOURCES = ("budget", "mentors", "managers", "loan_funds", "waves")


def scenarios_of(summary: Summary) -> list[str]:
    """Cooperative scenarios, in the order they were run."""
    return list(dict.fromkeys(s["cooperative"] for s in summary["strategies"]))


def strategies_of(summary: Summary, scenario: str) -> list[Mapping[str, Any]]:
    """The strategies of one scenario."""
    return [s for s in summary["strategies"] if s["cooperative"] == scenario]


def order_label(name: str, words: Language) -> str:
    """The order in the reader's words; the user's own name where it is one."""
    return words.text_or(f"rollout.kind.{name}", name)


def scenario_label(scenario: str, words: Language) -> str:
    """The cooperatives in the reader's words, stamped where they are a target."""
    return words.text_or(f"rollout.cooperative.{scenario}", scenario)


def sentences(summary: Summary, code: str) -> list[str]:
    """The advice with its conditions, regret, what the orders add to assistance, what held them back."""
    words = language(code)
    advice = summary["advice"]
    names = [order_label(name, words) for name in (advice["best"], advice["least_regret"]) if name]
    fields = {"worlds": _worlds(summary, words), "resources": _resources(summary, words)}
    key = {"one": "best"}.get(advice["verdict"], advice["verdict"])
    out = [
        words.text(
            f"rollout.sentence.{key}",
            name=names[0] if names else "",
            decided=advice["decided"],
            pairs=advice["pairs"],
            **fields,
        )
    ]
    for loser in advice["beaten"]:
        winners = words.listing([order_label(name, words) for name in advice["beaten_by"][loser]])
        out.append(words.text("rollout.sentence.beaten", loser=order_label(loser, words), winner=winners))
    least = next((one for one in advice["regret"] if one["strategy"] == advice["least_regret"]), None)
    if least is not None and advice["verdict"] == "none":
        value = words.per_thousand(least["worst_per_1000"] / 1000)
        out.append(words.text("rollout.sentence.regret", name=order_label(least["strategy"], words), value=value))
    for scenario in scenarios_of(summary):
        out += [_gain(summary, variant, scenario, words) for variant in summary["variants"]]
    return out


def notes(summary: Summary, code: str) -> list[str]:
    """What must be said beside the numbers."""
    words = language(code)
    out = [words.text("note.toy")] if v.place(summary) == "toy" else []
    if summary["targets"]:
        out.append(words.text("rollout.note.target", cooperative=scenario_label("as_planned", words)))
    share = summary["resources"]["share_of_nation"]
    if not 0.99 < share < 1.01:
        out.append(words.text("rollout.note.national", share=words.percent(share, 2)))
    assumed = [words.text(f"rollout.given.{name}") for name, one in _given(summary) if one["grade"] == "A"]
    if assumed:
        out.append(words.text("rollout.note.assumed", names=words.listing(assumed)))
    general = map(words.text, ("rollout.note.level", "rollout.note.budget", "rollout.note.residual"))
    return [*out, *general, *uncertain.covers(summary, words), words.text("note.pkh")]


def strategy_tables(summary: Summary, code: str, short: bool = False) -> list[Table]:
    """Orders down, what they bring across: one table a scenario and variant. `short`: the columns a terminal has room for."""
    words = language(code)
    return [_strategies(summary, variant, s, words, short) for s in scenarios_of(summary) for variant in summary["variants"]]


def _strategies(summary: Summary, variant: str, scenario: str, words: Language, short: bool) -> Table:
    feet, rows = Footnotes(words), []
    for s in strategies_of(summary, scenario):
        entry = summary["variants"][variant]["arms"][s["arm"]]
        contrast = v.contrast(summary, variant, s["arm"], "aid", "structural", "E4") or {}
        few = v.too_few(contrast) if contrast.get("mean") is not None else False
        reason = contrast.get("reason")
        cells = [
            order_label(s["name"], words),
            _percent(entry["structural"]["E4"], words, feet),
            feet.none(reason) if few or contrast.get("mean") is None else words.per_thousand(contrast["mean"], signed=True),
            feet.none(reason) if few else _interval(contrast, words, feet),
            feet.none(reason) if few or contrast.get("n01") is None else words.per_thousand(contrast["n01"]),
            words.rupiah(entry["extra_cost_idr"]),
            _percent(entry["survival_36m"], words, feet, entry["reasons"].get("survival_36m")),
            _percent(entry["members_in_trading_share_structural_m60"], words, feet),
        ]
        if not short:
            cells += [
                _percent(entry["structural"]["reached_m60"], words, feet),
                _percent(entry["extreme"]["reached_m60"], words, feet),
                _percent(entry["started_share"], words, feet),
            ]
        rows.append(tuple(cells))
    names = ("order", "exits", "against_aid", "interval", "lost", "cost", "survival", "members")
    headings = names if short else (*names, "reached", "reached_extreme", "started")
    return Table(
        words.text("rollout.table.strategies", cooperative=scenario_label(scenario, words), variant=_of(variant, words)),
        tuple(words.text(f"rollout.table.{name}") for name in headings),
        tuple(rows),
        caption="" if short else words.text("rollout.table.caption", pkh=words.text("note.pkh")),
        notes=feet.lines(),
    )


def spread_table(summary: Summary, variant: str, scenario: str, words: Language) -> Table | None:
    """Orders down: what parameters and what luck make of the spread of their difference to assistance alone."""
    names = {s["arm"]: order_label(s["name"], words) for s in strategies_of(summary, scenario)}
    rows = [row for row in uncertain.rows_of(summary, variant) if row["against"] == "aid" and row["arm"] in names]
    title = words.text("rollout.table.spread", cooperative=scenario_label(scenario, words), variant=_of(variant, words))
    headings = (words.text("rollout.table.order"),)
    return whole_tables.spread_table(summary, rows, title, headings, lambda row: (names[row["arm"]],), words)


def regret_table(summary: Summary, words: Language) -> Table:
    """Orders down, worlds across, the worst last."""
    worlds = [(w["variant"], w["cooperative"]) for w in summary["advice"]["worlds"]]
    rows = []
    for one in summary["advice"]["regret"]:
        cells = [one.get(f"{variant} {scenario}") for variant, scenario in worlds] + [one["worst_per_1000"]]
        rows.append(
            (
                order_label(one["strategy"], words),
                *(words.text("table.none") if c is None else words.number(c, 1) for c in cells),
            )
        )
    headings = [
        words.text("rollout.table.order"),
        *(f"{_cap(scenario_label(scenario, words))}, {v.variant_label(variant, words)}" for variant, scenario in worlds),
        words.text("rollout.table.worst"),
    ]
    title = words.text("rollout.table.regret")
    return Table(title, tuple(headings), tuple(rows), strong=frozenset({len(worlds) + 1}))


def pair_table(summary: Summary, variant: str, scenario: str, words: Language) -> Table:
    """Every two orders, with the reading of their paired difference."""
    names = {s["arm"]: order_label(s["name"], words) for s in strategies_of(summary, scenario)}
    rows = []
    for c in summary["variants"][variant]["pairs"]:
        if c["arm"] in names:
            few = v.too_few(c)
            feet = Footnotes(words)
            rows.append((
                names[c["arm"]], names[c["against"]],
                words.text("reading.too_few") if few else words.per_thousand(c["mean"], signed=True),
                words.text("table.none") if few else _interval(c, words, feet),
                words.text(f"reading.{v.status(c)}"),
            ))  # fmt: skip
    headings = ("first", "second", "difference", "interval")
    return Table(
        words.text("rollout.table.pairs", cooperative=scenario_label(scenario, words), variant=_of(variant, words)),
        (*(words.text(f"rollout.table.{name}") for name in headings), words.text("table.reading")),
        tuple(rows), labels=2, words=frozenset({4}),
    )  # fmt: skip


def resource_table(summary: Summary, table: Any, variant: str, scenario: str, words: Language) -> Table | None:
    """Orders down, resources across: the largest share of what there was that any year of any replicate used."""
    found: dict[tuple[str, str], float] = {}
    for row in rows_of(table):
        if row["variant"] == variant and row["cooperative"] == scenario and row["largest_share_of_limit"] is not None:
            key = (row["strategy"], row["resource"])
            found[key] = max(found.get(key, 0.0), row["largest_share_of_limit"])
    names = [name for name in _RESOURCES if any(at == name for _, at in found)]
    if not names:
        return None
    rows = []
    for s in strategies_of(summary, scenario):
        shares = [found.get((s["name"], name)) for name in names]
        texts = [words.text("rollout.limitless") if share is None else words.percent(share) for share in shares]
        rows.append((order_label(s["name"], words), *texts))
    title = words.text("rollout.table.resources", cooperative=scenario_label(scenario, words), variant=_of(variant, words))
    headings = (words.text("rollout.table.order"), *(_cap(words.text(f"rollout.resource.{n}")) for n in names))
    return Table(title, headings, tuple(rows))


def given_table(summary: Summary, words: Language) -> Table:
    """The resources of the run with grade and source."""
    rows = []
    for name, one in _given(summary):
        source = words.text("rollout.given.user") if one["source"] == "set by the user" else one["source"]
        grade = words.text("rollout.given.user") if one["grade"] == "set by the user" else one["grade"]
        rows.append((words.text(f"rollout.given.{name}"), _value(name, one["value"], words), grade, source))
    headings = tuple(words.text(f"rollout.table.{name}") for name in ("resource", "value", "grade", "source"))
    return Table(words.text("rollout.table.given"), headings, tuple(rows), words=frozenset({2, 3}))


def since_table(summary: Summary, table: Any, variant: str, scenario: str, words: Language) -> Table | None:
    """Orders down, months since the village's start across: paired difference to assistance alone, per 1,000."""
    found = {
        (row["strategy"], row["months_since_start"]): row
        for row in rows_of(table)
        if row["variant"] == variant and row["cooperative"] == scenario
    }
    months = sorted({at for _, at in found})
    rows = []
    for s in strategies_of(summary, scenario):
        cells = []
        for at in months:
            row = found.get((s["name"], at))
            none = row is None or row["mean"] is None or row["reason"] is not None
            cells.append(words.text("reading.too_few") if none or row is None else _with_interval(row, words))
        rows.append((order_label(s["name"], words), *cells))
    if not rows:
        return None
    title = words.text("rollout.table.since", cooperative=scenario_label(scenario, words), variant=_of(variant, words))
    headings = (words.text("rollout.table.order"), *(words.text("rollout.table.months", months=at) for at in months))
    return Table(title, headings, tuple(rows))


def reached_table(summary: Summary, table: Any, variant: str, scenario: str, words: Language) -> Table | None:
    """Orders down, areas and islands across: share of the structurally poor whose village has started by month 36."""
    found = {
        (row["strategy"], row["place"]): row["share_of_structural"]
        for row in rows_of(table)
        if row["variant"] == variant and row["cooperative"] == scenario and row["month"] == 36
    }
    places = list(dict.fromkeys(place for _, place in found))
    rows = [
        (order_label(s["name"], words), *(_percent(found.get((s["name"], place)), words, Footnotes(words)) for place in places))
        for s in strategies_of(summary, scenario)
    ]
    title = words.text("rollout.table.reached_by", cooperative=scenario_label(scenario, words), variant=_of(variant, words))
    headings = (words.text("rollout.table.order"), *(_cap(words.text_or(f"area.{place}", place)) for place in places))
    return Table(title, headings, tuple(rows)) if rows else None


def held_back(summary: Summary, table: Any, words: Language) -> str:
    """Which resource stopped villages most often, over strategies, variants, years and replicates."""
    stops: dict[str, float] = {}
    for row in rows_of(table):
        stops[row["resource"]] = stops.get(row["resource"], 0.0) + row["share_of_replicates_stopped_by_it"]
    total = sum(stops.values())
    if total == 0:
        return words.text("rollout.sentence.free")
    worst = max(stops, key=lambda name: stops[name])
    return words.text(
        "rollout.sentence.blocked",
        resource=words.text(f"rollout.resource.{worst}"),
        share=words.percent(stops[worst] / total, 0),
    )


def _gain(summary: Summary, variant: str, scenario: str, words: Language) -> str:
    found = [v.contrast(summary, variant, s["arm"], "aid", "structural", "E4") for s in strategies_of(summary, scenario)]
    known = [c for c in found if c is not None and c["mean"] is not None and not v.too_few(c)]
    fields = {"cooperative": scenario_label(scenario, words), "variant": v.variant_label(variant, words)}
    if not known:
        return words.text("rollout.sentence.gain_too_few", **fields)
    means = [c["mean"] for c in known]
    low, high = (words.per_thousand(end, means, signed=True) for end in (min(means), max(means)))
    count = sum(c["low95"] is not None and c["low95"] > 0 for c in known)
    below = sum(c["high95"] is not None and c["high95"] < 0 for c in known)
    return words.text("rollout.sentence.gain_more", low=low, high=high, count=count, below=below, all=len(found), **fields)


def _worlds(summary: Summary, words: Language) -> str:
    cooperatives = words.listing([scenario_label(scenario, words) for scenario in scenarios_of(summary)])
    return f"{cooperatives}; {words.listing([v.variant_label(variant, words) for variant in summary['variants']])}"


def _resources(summary: Summary, words: Language) -> str:
    budget, mentors = (summary["resources"][name]["value"] for name in ("budget_idr_year", "mentors"))
    said = []
    if budget is not None:
        said.append(words.text("rollout.budget_said", money=words.span(budget, words.rupiah)))
    if mentors is not None:
        said.append(words.text("rollout.mentors_said", count=words.number(mentors)))
    return words.listing(said) if said else words.text("rollout.limitless")


def _given(summary: Summary) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, one) for name, one in summary["resources"].items() if isinstance(one, Mapping)]


def _value(name: str, value: Any, words: Language) -> str:
    if value is None:
        return words.text("rollout.limitless")
    if isinstance(value, Sequence):
        return ", ".join(words.rupiah(one) for one in value)
    return words.percent(value) if name == "mentor_turnover" else words.number(value)


def _percent(share: float | None, words: Language, feet: Footnotes, reason: str | None = None) -> str:
    return feet.none(reason) if share is None else words.percent(share)


def _interval(contrast: Mapping[str, Any], words: Language, feet: Footnotes) -> str:
    low, high = contrast.get("low95"), contrast.get("high95")
    if low is None or high is None:
        return feet.none((contrast.get("reasons") or {}).get("low95"))
    return words.interval(low, high, lambda x: words.per_thousand(x, (low, high), signed=True), short=True)


def _with_interval(row: Mapping[str, Any], words: Language) -> str:
    mean = words.per_thousand(row["mean"], signed=True)
    return mean if row["low95"] is None else f"{mean} ({_interval(row, words, Footnotes(words))})"


def _of(variant: str, words: Language) -> str:
    return v.variant_label(variant, words)


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]
