"""Tables of the whole comparison: scenarios side by side, equal money and its forms, all households, aid that ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from povsim.reporting import uncertain
from povsim.reporting import verdict as v
from povsim.reporting.language import Language
from povsim.reporting.tables import Footnotes, Table
from povsim.reporting.verdict import Summary

COMPANIONS = ("E4", "E4cap", "E4now", "E4long", "E4succ", "reentry_36m")


def companions_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """What stands beside E4: other readings of it, re-entry after a first crossing, discounted years out of poverty."""
    rows = []
    for arm, block in summary["variants"][variant]["arms"].items():
        cell = block.get("structural", {})
        years = cell.get("poverty_free_years")
        rows.append((
            v.arm_label(summary, arm, words),
            *(_percent(cell.get(name), words) for name in COMPANIONS),
            words.text("table.none") if years is None else words.number(years, 2),
        ))  # fmt: skip
    headings = ("E4", *(words.text(f"whole.{name}") for name in (*COMPANIONS[1:], "free_years")))
    return Table(
        words.text("whole.companions", variant=v.variant_label(variant, words)),
        (words.text("table.arm"), *headings),
        tuple(rows),
        caption=words.text("whole.companions_caption", pkh=words.text("note.pkh")),
    )


def scenarios_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """Assistance with cooperatives under each scenario: E4, the difference to aid and to the same money, cost, reach."""
    again = summary.get("repeats", {})
    arms = ["aid_cooperative", *(arm for arm, entry in again.items() if entry["arm"] == "aid_cooperative")]
    block = summary["variants"][variant]["arms"]
    if len(arms) < 2 or not all(arm in block for arm in arms):
        return None
    feet = Footnotes(words)
    rows = []
    for arm in arms:
        scenario = again[arm]["scenario"] if arm in again else str(summary["scenario"]["cooperative"])
        label = words.text_or(f"scenario.{scenario}", scenario)
        label = f"{label} {words.text('target_stamp')}" if v.is_target(summary, arm) else label
        twin = arm.replace("aid_cooperative", "aid_equal_cost", 1)
        reach = summary.get("takeup", {}).get(variant, {}).get(arm, {})
        rows.append((
            label,
            _percent(block[arm]["structural"].get("E4"), words),
            _difference(v.contrast(summary, variant, arm, "aid", "structural", "E4"), words),
            _difference(v.contrast(summary, variant, arm, twin, "structural", "E4"), words),
            _difference(v.contrast(summary, variant, arm, twin, "structural", "E4x"), words),
            _percent(reach.get("trading_share_m60"), words),
            words.rupiah(block[arm]["cost_idr"]),
        ))  # fmt: skip
    certainty = "table.given_parameters" if uncertain.drawn(summary) is None else "table.with_parameters"
    names = ("over_aid", "over_money", "over_money_x", "trading", "cost")
    return Table(
        words.text("whole.scenarios", variant=v.variant_label(variant, words)),
        (words.text("whole.scenario"), "E4", *(words.text(f"whole.{name}") for name in names)),
        tuple(rows),
        caption=words.text("whole.scenarios_caption", certainty=words.text(certainty), pkh=words.text("note.pkh")),
        notes=feet.lines(),
        strong=frozenset({3}),
    )


def equal_money_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """How the money of each arm of equal cost is spent, what E4 each form gave where it was chosen, and how costs agree."""
    solved = summary.get("equal_cost", {}).get(variant) or {}
    if not solved:
        return None
    tried = {(row["arm"], row["form"]): row["E4"] for row in summary.get("equal_money", {}).get(variant, [])}
    forms = [form for form in ("benefits", "grant", "families") if any(key[1] == form for key in tried)]
    rows = []
    for arm, entry in solved.items():
        found = [tried.get((arm, form)) for form in forms]
        rows.append((
            v.arm_label(summary, arm, words),
            words.text(f"whole.form_{entry['form']}"),
            *(_percent(share, words, 2) for share in found),
            words.rupiah(entry["cost_arm_idr"]),
            words.rupiah(entry["cost_twin_idr"]),
            words.percent(entry["gap_share"], 2),
        ))  # fmt: skip
    headings = (
        words.text("table.arm"),
        words.text("whole.form"),
        *(words.text("whole.E4_as", form=words.text(f"whole.form_{form}")) for form in forms),
        words.text("table.arm_cost"),
        words.text("table.twin_cost"),
        words.text("table.cost_gap"),
    )
    caption = words.text("whole.equal_money_caption") if forms else ""
    return Table(
        words.text("whole.equal_money", variant=v.variant_label(variant, words)),
        headings,
        tuple(rows),
        labels=2,
        caption=caption,
    )


def everyone_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """Delta_all of each contrast: the whole, the part of the baseline poor, and prevented falls of the others."""
    found = summary.get("all_households", {}).get(variant) or {}
    by_pair: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in found.get("contrasts", []):
        by_pair.setdefault((row["arm"], row["against"]), {})[row["part"]] = row
    if not by_pair:
        return None
    rows = [
        (
            v.arm_label(summary, arm, words),
            v.arm_label(summary, against, words),
            *(_difference(parts[name], words) for name in ("all", "baseline_poor", "others")),
            _households(parts["all"], words),
        )
        for (arm, against), parts in by_pair.items()
    ]
    names = ("everyone_all", "everyone_poor", "everyone_others", "everyone_households")
    return Table(
        words.text("whole.everyone", variant=v.variant_label(variant, words)),
        (words.text("table.arm"), words.text("table.against"), *(words.text(f"whole.{name}") for name in names)),
        tuple(rows),
        labels=2,
        caption=words.text("whole.everyone_caption", pkh=words.text("note.pkh")),
        strong=frozenset({2}),
    )


def after_aid_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """What becomes of the structurally poor whose aid ends, by arm."""
    found = summary.get("after_aid", {}).get(variant) or {}
    if not found:
        return None
    feet = Footnotes(words)
    rows = tuple(
        (
            v.arm_label(summary, arm, words),
            words.count(entry["ended"]),
            words.count(entry["above"]),
            feet.none(entry["reasons"].get("relapse")) if entry["relapse"] is None else words.percent(entry["relapse"]),
        )
        for arm, entry in found.items()
    )
    months = next(iter(found.values()))["months"]
    names = ("aid_ended", "aid_above", "aid_relapse")
    return Table(
        words.text("whole.after_aid", variant=v.variant_label(variant, words)),
        (words.text("table.arm"), *(words.text(f"whole.{name}", months=months) for name in names)),
        rows,
        caption=words.text("whole.after_aid_caption", pkh=words.text("note.pkh")),
        notes=feet.lines(),
    )


def assumptions_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """How much of each contrast's spread over draws of all parameters assumptions (grade A) make."""
    found = summary.get("assumptions", {}).get(variant)
    if not found:
        return None
    feet = Footnotes(words)
    rows = []
    for row in found["contrasts"]:
        reasons = row["reasons"]

        def cell(name: str, write: Callable[[float], str], row: Any = row, reasons: Any = reasons) -> str:
            return feet.none(reasons.get(name)) if row[name] is None else write(row[name])

        rows.append((
            v.arm_label(summary, row["arm"], words),
            v.arm_label(summary, row["against"], words),
            cell("mean", lambda x: words.per_thousand(x, signed=True)),
            cell("sd", words.per_thousand),
            cell("positive", lambda x: words.percent(x, 0)),
            cell("share", lambda x: words.percent(x, 0)),
            cell("share_se", lambda x: words.points(x, 0).lstrip("+")),
        ))  # fmt: skip
    names = ("drawn_mean", "drawn_sd", "drawn_positive", "drawn_share", "drawn_error")
    count = {name: words.number(found[name]) for name in ("assumed", "other", "villages")}
    draws = words.number(max((row["draws"] for row in found["contrasts"]), default=0))
    return Table(
        words.text("whole.assumptions", variant=v.variant_label(variant, words)),
        (words.text("table.arm"), words.text("table.against"), *(words.text(f"whole.{name}") for name in names)),
        tuple(rows),
        labels=2,
        caption=words.text("whole.assumptions_caption", draws=draws, failed=words.number(len(found["failed"])), **count),
        notes=feet.lines(),
        strong=frozenset({5}),
    )


def uncertain_table(summary: Summary, variant: str, words: Language) -> Table | None:
    """Spread by parameters, spread by luck, and the share of the first, of each contrast."""
    title = words.text("uncertain.table", variant=v.variant_label(variant, words))
    headings = (words.text("table.arm"), words.text("table.against"))

    def named(row: Mapping[str, Any]) -> tuple[str, ...]:
        return v.arm_label(summary, row["arm"], words), v.arm_label(summary, row["against"], words)

    return spread_table(summary, uncertain.rows_of(summary, variant), title, headings, named, words)


def _percent(share: float | None, words: Language, decimals: int = 1) -> str:
    return words.text("table.none") if share is None else words.percent(share, decimals)


def _difference(entry: Mapping[str, Any] | None, words: Language) -> str:
    """A difference in households per 1,000 with its interval, or that it cannot be told."""
    if entry is None or entry.get("mean") is None:
        return words.text("table.none")
    if v.too_few(entry):
        return words.text("whole.too_few")
    beside = v.shown((entry["mean"], entry.get("low95"), entry.get("high95")))
    mean = words.per_thousand(entry["mean"], beside, signed=True)
    if entry.get("low95") is None or entry.get("high95") is None:
        return mean
    ends = words.interval(entry["low95"], entry["high95"], lambda x: words.per_thousand(x, beside, signed=True), short=True)
    return f"{mean} ({ends})"


def _households(entry: Mapping[str, Any], words: Language) -> str:
    return words.text("whole.too_few") if v.too_few(entry) else words.count(entry["households"], signed=True)


def spread_table(
    summary: Summary,
    rows: Sequence[Mapping[str, Any]],
    title: str,
    headings: tuple[str, ...],
    named: Callable[[Mapping[str, Any]], tuple[str, ...]],
    words: Language,
) -> Table | None:
    """Spread by parameters, spread by luck, and the share of the first; `named`: the first cells of a row, under `headings`."""
    if not rows:
        return None
    feet, lines = Footnotes(words), []
    for row in rows:
        if row["share_parameter"] is None:
            share = feet.none(words.text("uncertain.no_share"))
        else:
            ends = words.interval(row["share_low"], row["share_high"], lambda x: words.percent(x, 0), short=True)
            share = f"{words.percent(row['share_parameter'], 0)} ({ends})"
        spreads = (words.per_thousand(row["sd_parameter"]), words.per_thousand(row["sd_luck"]), share)
        lines.append((*named(row), words.per_thousand(row["mean"], signed=True), *spreads))
    columns = tuple(words.text(f"uncertain.{name}") for name in ("mean", "sd_parameter", "sd_luck", "share"))
    return Table(
        title,
        (*headings, *columns),
        tuple(lines),
        labels=len(headings),
        caption=words.text("uncertain.caption", **uncertain.counts(summary, words)),
        notes=feet.lines(),
        strong=frozenset({len(headings) + 3}),
    )
