"""The tables that only the report shows: exits by year, ranges, take-up, cost by purse, population, parameters."""

from __future__ import annotations

from typing import Any

from povsim.reporting import verdict as v
from povsim.reporting.drawing import rows_of
from povsim.reporting.figures import as_share
from povsim.reporting.language import Language
from povsim.reporting.tables import Footnotes, Table
from povsim.reporting.verdict import Summary

GRADES = ("V", "D", "G", "A")
_MONTHS = (12, 36, 60, 96)


def exits_by_year(summary: Summary, variant: str, table: Any, words: Language) -> Table | None:
    """Cumulative E4 of the structurally poor by month 12, 36, 60 and 96."""
    found = {
        (row["arm"], row["month"]): row["cumulative_share"]
        for row in rows_of(table)
        if row["variant"] == variant and row["group"] == "structural"
    }
    if not found:
        return None
    months = [month for month in _MONTHS if any(at == month for _, at in found)]
    feet = Footnotes(words)
    rows = []
    for arm in dict.fromkeys(arm for arm, _ in found):
        shares = [found.get((arm, month)) for month in months]
        rows.append(
            (v.arm_label(summary, arm, words), *(feet.none(None) if one is None else words.percent(one) for one in shares))
        )
    return Table(
        words.text(
            "table.exits_by_year",
            measure=words.text("measure.E4"),
            group=words.text("group.structural"),
            variant=_of(variant, words),
        ),
        (words.text("table.arm"), *(words.text("table.by_month", month=month) for month in months)),
        tuple(rows),
    )


def persons(summary: Summary, table: Any, words: Language) -> Table | None:
    """E4 of the structurally poor counted by persons, arms down and variants across."""
    found = {
        (row["arm"], row["variant"]): row["mean"]
        for row in rows_of(table)
        if row["group"] == "structural" and row["measure"] == "E4" and row["mean"] is not None
    }
    if not found:
        return None
    variants = list(summary["variants"])
    rows = []
    for arm in dict.fromkeys(arm for arm, _ in found):
        shares = [found.get((arm, variant)) for variant in variants]
        rows.append(
            (
                v.arm_label(summary, arm, words),
                *(words.text("table.none") if one is None else words.percent(one) for one in shares),
            )
        )
    return Table(
        words.text("table.persons", measure=words.text("measure.E4"), group=words.text("group.structural")),
        (words.text("table.arm"), *(_title(variant, words) for variant in variants)),
        tuple(rows),
    )


def headcount(summary: Summary, variant: str, words: Language) -> Table | None:
    """Observed headcount of persons at the start and at the end of each arm, the change in percentage points."""
    rows = []
    for arm, entry in summary["variants"][variant]["arms"].items():
        path = [share for share in entry.get("headcount") or [] if share is not None]
        if len(path) > 1:
            start, end = path[0], path[-1]
            rows.append(
                (v.arm_label(summary, arm, words), words.percent(start, 2), words.percent(end, 2), words.points(end - start, 2))
            )
    names = ("arm", "start", "end", "change")
    title = words.text("table.headcount", variant=_of(variant, words))
    return Table(title, tuple(words.text(f"table.{name}") for name in names), tuple(rows)) if rows else None


def ranges(summary: Summary, words: Language) -> Table | None:
    """Smallest and largest answer over the variants for E4, both groups, with the common reading."""
    rows = []
    for group in ("structural", "baseline_poor"):
        pairs = dict.fromkeys(
            (entry["arm"], entry["against"])
            for block in summary["variants"].values()
            for entry in block.get("contrasts", [])
            if entry["group"] == group and entry["measure"] == "E4"
        )
        for arm, against in pairs:
            rows.append(_range_row(summary, v.read(summary, arm, against, group), group, words))
    if not rows:
        return None
    names = ("group", "arm", "against", "lowest", "highest", "interval", "reading")
    return Table(
        words.text("table.range"),
        tuple(words.text(f"table.{name}") for name in names),
        tuple(rows),
        labels=3,
        strong=frozenset({6}),
        words=frozenset({6}),
    )


def _range_row(summary: Summary, reading: v.Reading, group: str, words: Language) -> tuple[str, ...]:
    labels = (
        words.text(f"group.{group}"),
        v.arm_label(summary, reading.arm, words),
        v.arm_label(summary, reading.against, words),
    )
    verdict = words.text(f"reading.{reading.verdict}")
    means = reading.values("mean")
    if not means or reading.verdict in (v.TOO_FEW, v.MISSING):
        return (*labels, "\N{EN DASH}", "\N{EN DASH}", "\N{EN DASH}", verdict)
    beside = [*means, *v.shown((reading.low, reading.high))]
    low, high = reading.low, reading.high
    interval = words.text("table.none")
    if low is not None and high is not None:
        interval = words.interval(low, high, lambda share: words.per_thousand(share, beside, signed=True), short=True)
    ends = (words.per_thousand(one, beside, signed=True) for one in (min(means), max(means)))
    return (*labels, *ends, interval, verdict)


def takeup(summary: Summary, variant: str, words: Language) -> Table | None:
    """Members, trading cooperatives, the effect where one trades, and the villages needed."""
    arms = summary.get("takeup", {}).get(variant, {})
    if not arms:
        return None
    feet = Footnotes(words)
    names = (
        "members_share_m60",
        "members_in_trading_share_structural_m60",
        "trading_share_m17",
        "trading_share_m60",
    )
    rows = []
    for arm, entry in arms.items():
        why = entry.get("reason")
        shares = [feet.none(why) if entry.get(name) is None else words.percent(entry[name], 2) for name in names]
        needed = entry.get("villages_needed")
        rows.append(
            (
                v.arm_label(summary, arm, words),
                *shares,
                _effect(entry.get("effect_where_trading") or {}, words, feet),
                feet.none(why) if needed is None else words.count(needed),
            )
        )
    headings = ("arm", "members", "members_trading", "trading_early", "trading_late", "effect_trading", "villages_needed")
    return Table(
        words.text("table.takeup", variant=_of(variant, words)),
        tuple(words.text(f"table.{name}") for name in headings),
        tuple(rows),
        notes=feet.lines(),
    )


def _effect(effect: dict[str, Any], words: Language, feet: Footnotes) -> str:
    found = v.status(effect) if effect else v.MISSING
    if found == v.MISSING:
        return feet.none(effect.get("reason"))
    if found == v.TOO_FEW:
        return words.text("reading.too_few")
    mean, low, high = effect["mean"], effect.get("low95"), effect.get("high95")
    size = words.per_thousand(mean, v.shown((mean, low, high)), signed=True)
    if low is None or high is None:
        return f"{size} ({words.text('reading.no_interval')})"
    return (
        f"{size} ({words.interval(low, high, lambda one: words.per_thousand(one, (mean, low, high), signed=True), short=True)})"
    )


def cost(summary: Summary, variant: str, table: Any, words: Language) -> Table | None:
    """The cost sheet: present value by purse and item of each arm, its total, and village works that were displaced."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows_of(table):
        if row["variant"] == variant and row["pv_idr"] is not None:
            by_arm = found.setdefault((row["purse"], row["item"]), {})
            by_arm[row["arm"]] = by_arm.get(row["arm"], 0.0) + row["pv_idr"]
    found = {key: by_arm for key, by_arm in found.items() if any(by_arm.values())}
    if not found:
        return None
    lost = summary.get("works_lost", {}).get(variant, {})
    arms = [arm for arm in v.arms(summary) if any(arm in by_arm for by_arm in found.values())]
    totals = {arm: sum(by_arm.get(arm, 0.0) for by_arm in found.values()) for arm in arms}
    scale, unit = words.rupiah_scale(max(map(abs, totals.values())))
    columns = [*found.values(), totals, *([lost] if any(lost.values()) else [])]
    rows = tuple(
        (v.arm_label(summary, arm, words), *(words.number(by_arm.get(arm, 0.0) / scale, 1) for by_arm in columns))
        for arm in arms
    )
    headings = [f"{words.text_or(f'purse.{purse}', purse)}: {words.text_or(f'item.{item}', item)}" for purse, item in found]
    if any(lost.values()):
        headings.append(words.text("table.works_lost"))
    total = words.text("table.total")
    return Table(
        words.text("table.cost_by_purse", unit=unit, variant=_of(variant, words)),
        (words.text("table.arm"), *headings[: len(found)], total, *headings[len(found) :]),
        rows,
        caption=words.text("table.cost_caption"),
        strong=frozenset({1 + len(found)}),
    )


def headcount_check(table: Any, words: Language) -> Table | None:
    """Published and simulated headcount by province, the difference in percentage points, and the grade."""
    rows = []
    for row in rows_of(table):
        if row["statistic"] != "headcount" or row.get("area") not in (None, "all"):
            continue
        unit = str(row.get("unit", ""))
        published, synthetic = as_share(row["published"], unit), as_share(row["synthetic"], unit)
        rows.append(
            (
                str(row["province"]),
                words.text("table.none") if published is None else words.percent(published, 2),
                words.text("table.none") if synthetic is None else words.percent(synthetic, 2),
                words.text("table.none") if published is None or synthetic is None else words.points(synthetic - published, 2),
                str(row["grade"]),
            )
        )
    names = ("province", "published", "synthetic", "gap", "grade")
    return (
        Table(words.text("table.check_headcount"), tuple(words.text(f"table.{name}") for name in names), tuple(rows))
        if rows
        else None
    )


def population_rows(table: Any, words: Language) -> Table | None:
    """Every compared figure as it stands in the table."""
    found = rows_of(table)
    if not found:
        return None

    def write(value: float | None) -> str:
        return words.text("table.none") if value is None else words.number(value, 0 if abs(value) >= 1000 else 3)

    rows = [
        (
            str(row["province"]),
            words.text_or(f"area.{row.get('area')}", str(row.get("area") or "")),
            words.text_or(f"statistic.{row['statistic']}", str(row["statistic"])),
            write(row["published"]),
            write(row["synthetic"]),
            str(row.get("unit") or ""),
            str(row["grade"] or ""),
            str(row.get("source") or ""),
        )
        for row in found
    ]
    names = ("province", "area", "statistic", "published", "synthetic", "unit", "grade", "source")
    return Table(
        words.text("table.all_rows", count=words.number(len(found))),
        tuple(words.text(f"table.{name}") for name in names),
        tuple(rows),
        labels=3,
        words=frozenset({5, 6, 7}),
    )


def grades(table: Any, words: Language) -> Table | None:
    """How many parameters there are of each grade."""
    by_symbol = grade_of(table)
    if not by_symbol:
        return None
    rows = []
    for grade in GRADES:
        count = sum(found == grade for found in by_symbol.values())
        rows.append((f"{grade}: {words.text(f'grade.{grade}')}", words.number(count), words.percent(count / len(by_symbol))))
    names = ("grade", "entries", "share")
    return Table(words.text("table.by_grade"), tuple(words.text(f"table.{name}") for name in names), tuple(rows))


def grade_of(table: Any) -> dict[str, str]:
    """The grade of each parameter by its symbol: one that has a value in each variant counts once."""
    return {str(row["symbol"]): str(row["grade"]) for row in rows_of(table)}


def parameters(table: Any, words: Language) -> Table | None:
    """Every parameter used, with unit, grade and source."""
    found = rows_of(table)
    if not found:
        return None
    rows = [
        (
            _symbol(row, words),
            _plain(row["value"], words),
            str(row.get("unit") or ""),
            str(row["grade"]),
            str(row.get("source") or ""),
        )
        for row in found
    ]
    names = ("symbol", "value", "unit", "grade", "source")
    return Table(
        words.text("table.all_parameters", count=words.number(len(found))),
        tuple(words.text(f"table.{name}") for name in names),
        tuple(rows),
        words=frozenset({2, 3, 4}),
    )


def _symbol(row: dict[str, Any], words: Language) -> str:
    variant = row.get("variant")
    return f"{row['symbol']} ({_of(str(variant), words)})" if variant else str(row["symbol"])


def _plain(value: Any, words: Language) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if value == int(value):
        return words.number(value)
    digits = f"{abs(value):.6g}"
    decimals = len(digits.partition(".")[2]) if "e" not in digits else 8
    return words.number(value, decimals)


def _of(variant: str, words: Language) -> str:
    return v.variant_label(variant, words)


def _title(variant: str, words: Language) -> str:
    return words.text_or(f"variant_title.{variant}", variant)
