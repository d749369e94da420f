"""Every rule that a row has to keep, one named check each, in one table.

A check gets the columns of povsim's names and adds a problem for each row that breaks it. `povsim data check` and the
readers run the same table, so what the one lists is what the others refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from povsim.data.deflate import BASE_MONTH
from povsim.data.mapping import Mapping
from povsim.data.places import province_of_district
from povsim.data.problems import FATAL, REMARK, ROW, Problems

__all__ = ["OF_CELLS", "RULES", "Rule", "check_rows"]

Named = dict[str, str]
"""Role to the column of the file, for messages."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name in lists of problems, the kinds of files it holds for, what is wrong when it is broken."""

    name: str
    kinds: tuple[str, ...]
    severity: str
    meaning: str
    check: Callable[[Rule, pl.DataFrame, Mapping, Named, Problems], None]


def check_rows(frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """Run every rule of the kind over `frame` (columns of povsim's names, `file`, `file_line`)."""
    for rule in RULES:
        if mapping.kind in rule.kinds and frame.height:
            rule.check(rule, frame, mapping, named, problems)


def _note(rule: Rule, rows: pl.DataFrame, named: Named, problems: Problems, role: str | None, reason: str | pl.Series) -> None:
    """A problem for each of these rows; its value is the cell of the role."""
    values = rows[role].to_list() if role is not None and role in rows.columns else [None] * rows.height
    reasons = [reason] * rows.height if isinstance(reason, str) else reason.to_list()
    column = named.get(role, role) if role is not None else None
    before = problems.file
    raw = _written(rows, role, problems)
    for file, line, value, why in zip(rows["file"].to_list(), rows["file_line"].to_list(), values, reasons, strict=True):
        problems.file = file
        problems.add(rule.name, rule.severity, why, line, column, raw.get((file, line), _short(value)))
    problems.file = before


def _written(rows: pl.DataFrame, role: str | None, problems: Problems) -> dict[tuple[str | None, int], str]:
    """The cells of these rows as the file has them."""
    if role is None or not rows.height:
        return {}
    found: dict[tuple[str | None, int], str] = {}
    for file in rows["file"].unique().to_list():
        lines = rows.filter(pl.col("file").eq_missing(file))["file_line"].to_list()
        found |= {(file, line): cell for line, cell in problems.written(file, role, lines).items()}
    return found


def _else_fine(rows: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Rows of which no problem is known yet: a cell that could not be read is not called missing as well."""
    lost = problems.bad_rows
    fine = [key not in lost for key in rows.select("file", "file_line").iter_rows()]
    return rows.filter(pl.Series(fine, dtype=pl.Boolean))


def _short(value: object) -> object:
    return f"{value:.12g}" if isinstance(value, float) else value


def _has(frame: pl.DataFrame, *roles: str) -> bool:
    return all(frame[role].null_count() < frame.height for role in roles)


def missing_id(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """A row of nobody."""
    roles = ["household"] if mapping.kind == "panel" else ["village"]
    if mapping.kind == "panel" and "village" in named and _has(frame, "village"):
        roles.append("village")  # estimates cluster by village where the file has one
    for role in roles:
        _note(rule, frame.filter(pl.col(role).is_null()), named, problems, role, f"the row names no {role}")


def missing_spending(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """A row without the outcome."""
    rows = frame.filter(pl.col("spending").is_null())
    rows = _else_fine(rows, problems)
    _note(rule, rows, named, problems, "spending", "spending is missing")


def negative_spending(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """Nobody spends less than nothing."""
    for role in ("spending", "food"):
        _note(rule, frame.filter(pl.col(role) < 0), named, problems, role, "an amount below 0")


def absurd_spending(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """Spending per head far below what keeps a person alive, or far above what surveys meet."""
    lines = pl.col("per_head") / pl.col("line_idr")
    rows = frame.with_columns(_lines=lines).filter(
        (pl.col("spending") >= 0) & ~lines.is_between(mapping.low_lines, mapping.high_lines)
    )
    rows = rows.filter(pl.col("_lines").is_not_null())
    raw = _written(rows, "spending", problems)
    reasons = []
    for x, file, line in rows.select("_lines", "file", "file_line").iter_rows():
        reason = f"{_plain(x)} poverty lines per head and month; believed are {mapping.low_lines:g} to {mapping.high_lines:g}"
        if x < mapping.low_lines and re.search(r"(?<!\d)\d{1,3}[.,]\d{3}$", raw.get((file, line), "").strip()):
            reason += "; perhaps the sign is one of thousands, unlike in the rest of the file"
        reasons.append(reason)
    _note(rule, rows, named, problems, "spending", pl.Series(reasons, dtype=pl.String))


def _plain(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def implausible_unit(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """The middle of all spending is far from what Indonesia spends: a wrong unit, period or head instead of household."""
    some = frame.filter(pl.col("per_head") > 0)
    middle = (some["per_head"] / some["line_idr"]).median()
    if isinstance(middle, float) and not 0.4 <= middle <= 15.0:
        problems.add(
            rule.name,
            rule.severity,
            f"the median is {middle:.3g} poverty lines per head and month, which looks like another unit: check per "
            "(head or household), period and factor in the mapping",
            None,
            named.get("spending"),
        )


def food_above_spending(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """Food is part of spending."""
    rows = frame.filter(pl.col("food_per_head") > 1.001 * pl.col("per_head"))
    _note(rule, rows, named, problems, "food", "more food than spending")


def bad_weight(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """A household that stands for nobody."""
    if "weight" not in mapping.columns or "weight" not in named:
        return
    _note(rule, frame.filter(pl.col("weight") <= 0), named, problems, "weight", "a weight is above 0")
    rows = frame.filter(pl.col("weight").is_null())
    rows = _else_fine(rows, problems)
    _note(rule, rows, named, problems, "weight", "the weight is missing")


def bad_size(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """Persons are counted in whole numbers from 1."""
    size = pl.col("size")
    rows = frame.filter((size < 1) | (size > 40) | (size != size.round()))
    _note(rule, rows, named, problems, "size", "a household has 1 to 40 persons, a whole number")
    if "size" in named and any(c.per == "household" for name, c in mapping.columns.items() if name == "spending"):
        rows = _else_fine(frame.filter(size.is_null()), problems)
        _note(rule, rows, named, problems, "size", "without its size spending of the household has no head")


def bad_date(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """A row that belongs to no wave."""
    if "wave" in named:
        _note(rule, frame.filter(pl.col("wave_given").is_null()), named, problems, "wave", "the wave is missing")
    elif "date" in named:
        rows = frame.filter(pl.col("date").is_null())
        rows = _else_fine(rows, problems)
        _note(rule, rows, named, problems, "date", "the date is missing")


def no_month(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """Rupiah without a month are held against the line of the base month, which is wrong by the inflation in between."""
    without = frame["month"].null_count() if "date" not in named else 0
    if without:
        reason = (
            f"{without} rows have no month, so their rupiah are held against the poverty line of {BASE_MONTH:%Y-%m}; give "
            "a column of dates, or the months of the waves in the mapping (waves: {1: 2025-03})"
        )
        problems.add(rule.name, rule.severity, reason)


def before_first_line(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """Rupiah of a time without a published line cannot be put into lines."""
    rows = frame.filter(pl.col("month").is_not_null() & pl.col("line_idr").is_null())
    _note(rule, rows, named, problems, "date", "no poverty line is known at this date")


def duplicate(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """The same household twice in a wave: copies stand once, rows that contradict each other not at all."""
    keys = ["household", "wave"] if mapping.kind == "panel" else ["village", "cooperative", "month"]
    if mapping.kind == "aggregate":
        keys = ["province", "urban", "month"]
    content = [c for c in frame.columns if c not in ("file", "file_line")]
    known = frame.filter(pl.col(keys[0]).is_not_null()) if mapping.kind != "aggregate" else frame
    twice = known.filter(known.select(keys).is_duplicated())
    if not twice.height:
        return
    copies = pl.struct(content).n_unique().over(keys) == 1
    first = pl.struct("file", "file_line") == pl.struct("file", "file_line").first().over(keys)
    twice = twice.with_columns(
        _same=copies, _first=first, _of=pl.col("file_line").first().over(keys), _other=pl.col("file_line").last().over(keys)
    )
    what = " and ".join(key for key in keys if key in ("household", "wave", "village", "month", "province"))
    same = twice.filter(pl.col("_same") & ~pl.col("_first"))
    _note(rule, same, named, problems, keys[0], same.select(pl.format("a copy of row {}", "_of")).to_series())
    against = twice.filter(~pl.col("_same"))
    other = pl.when("_first").then("_other").otherwise("_of")
    reasons = against.select(pl.format(f"the same {what} as row {{}}, with other values", other)).to_series()
    _note(rule, against, named, problems, keys[0], reasons)


PANEL_SHARE = 0.2
"""Share of households met more than once from which on a survey is a panel, whose households can be missed."""


def missing_wave(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """A household that is not met in a wave between its first and the last one of the survey."""
    rows = frame.filter(pl.col("household").is_not_null() & pl.col("wave").is_not_null())
    waves = sorted(rows["wave"].unique().to_list())
    met = rows.group_by("household", maintain_order=True).agg(
        pl.col("wave").unique().sort(), pl.col("file", "file_line").first()
    )
    again = int((met["wave"].list.len() > 1).sum())
    if len(waves) < 2 or again <= PANEL_SHARE * met.height:
        return  # one wave, or a repeated survey of other households
    met = met.filter(pl.col("wave").list.len() < len(waves))
    reasons = [
        f"not met in wave {', '.join(str(w) for w in waves if w not in set(seen))} of {len(waves)}"
        for seen in met["wave"].to_list()
    ]
    _note(rule, met, named, problems, "household", pl.Series(reasons, dtype=pl.String))


def changes_village(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """A household found in two villages: it moved, or its number was given twice."""
    rows = frame.filter(pl.col("household").is_not_null() & pl.col("village").is_not_null())
    first = pl.col("village").first().over("household")
    moved = rows.with_columns(_first=first).filter(pl.col("village") != pl.col("_first"))
    reasons = moved.select(pl.format("household {} was in village {} before", "household", "_first")).to_series()
    _note(rule, moved, named, problems, "village", reasons)


def village_in_other_district(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """A few rows of a village in another district than the rest of it."""
    rows = frame.filter(pl.col("village").is_not_null() & pl.col("district").is_not_null())
    here = rows.with_columns(_here=pl.len().over("village", "district"))
    usual = (
        here.sort("_here", "district", descending=True, maintain_order=True)
        .group_by("village")
        .agg(_usual=pl.col("district").first())
    )
    strange = here.join(usual, on="village", maintain_order="left").filter(pl.col("district") != pl.col("_usual"))
    reasons = strange.select(pl.format("most rows of village {} lie in {}", "village", "_usual")).to_series()
    _note(rule, strange, named, problems, "district", reasons)


def district_of_other_province(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """District and province that do not belong together."""
    spec = mapping.columns.get("district")
    if not _has(frame, "district", "province") or (spec is not None and not spec.check):
        return
    pairs = frame.select("district", "province").drop_nulls().unique()
    wrong = [(d, p, province_of_district(d)) for d, p in pairs.iter_rows() if province_of_district(d) != p]
    for district, province, right in wrong:
        rows = frame.filter((pl.col("district") == district) & (pl.col("province") == province))
        _note(rule, rows, named, problems, "district", f"the district lies in {right}, not in {province}")


def negative_amount(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """Stocks and counts are 0 or more."""
    roles = {"panel": ("assets", "loans", "savings"), "cooperatives": ("members", "volume", "sales", "savings", "loans")}
    for role in roles.get(mapping.kind, ()):
        _note(rule, frame.filter(pl.col(role) < 0), named, problems, role, "an amount below 0")


def share_out_of_range(rule: Rule, frame: pl.DataFrame, mapping: Mapping, named: Named, problems: Problems) -> None:
    """A rate in percent lies in 0 to 100."""
    for role in ("poverty_rate_pct", "poverty_gap_pct", "poverty_severity_pct"):
        rows = frame.filter(~pl.col(role).is_between(0, 100))
        _note(rule, rows, named, problems, role, "a rate in percent lies between 0 and 100")
    rate = frame["poverty_rate_pct"].drop_nulls()
    if 0 < max(rate.to_list(), default=0.0) < 1:
        reason = "all rates are below 1: they look like shares; povsim reads percent (factor: 100 in the mapping)"
        problems.add(rule.name, rule.severity, reason, None, named.get("poverty_rate_pct"))


OF_CELLS: tuple[tuple[str, str, str], ...] = (
    ("empty_file", FATAL, "no rows, or no names of columns"),
    ("no_rows", FATAL, "names of columns and no row"),
    ("noise", FATAL, "bytes that are no table: control characters, a damaged file"),
    ("one_column", FATAL, "one column only: another delimiter"),
    ("no_sheet", FATAL, "a sheet that the workbook lacks"),
    ("renamed_column", FATAL, "a column that the file lacks (a remark where no estimate needs it)"),
    ("no_figures", FATAL, "reports or series without any figure"),
    ("repeated_column", REMARK, "two columns of one name"),
    ("nested_column", REMARK, "a column of lists or bytes"),
    ("repeated_header", REMARK, "the line of column names in the midst of rows"),
    ("encoding_changes", REMARK, "a line from which the file is written in another encoding"),
    ("truncated_row", ROW, "fewer fields than columns"),
    ("too_many_fields", ROW, "more fields than columns"),
    ("open_quote", ROW, "a quotation mark that is never closed"),
    ("unreadable_number", ROW, "a cell that is no number (a remark in columns that no estimate needs)"),
    ("mixed_decimal", ROW, "a number with the other decimal sign than the rest of the file"),
    ("ambiguous_numbers", REMARK, "a file that does not show its decimal sign"),
    ("unreadable_date", ROW, "a cell that is no date"),
    ("mixed_dates", REMARK, "a date in another form than the rest of its column"),
    ("unknown_code", ROW, "a word that stands for nothing known (a remark in columns that no estimate needs)"),
    ("unknown_province", ROW, "a name that is no province"),
    ("unknown_district", ROW, "a name that is no district"),
)
"""Problems of files and cells, noted where they are read (`delimited`, `binary_files`, `columns`): name, severity, meaning."""

_P, _C, _A = ("panel",), ("cooperatives",), ("aggregate",)

RULES: tuple[Rule, ...] = (
    Rule("missing_id", (*_P, *_C), ROW, "a row without household, or without village", missing_id),
    Rule("missing_spending", _P, ROW, "no spending", missing_spending),
    Rule("bad_date", _P, ROW, "no wave, or no date", bad_date),
    Rule("no_month", _P, REMARK, "rupiah of no known month", no_month),
    Rule("before_first_line", _P, ROW, "a date before the first published line", before_first_line),
    Rule("negative_spending", _P, ROW, "spending or food below 0", negative_spending),
    Rule("absurd_spending", _P, ROW, "spending per head outside the bounds in poverty lines", absurd_spending),
    Rule("implausible_unit", _P, REMARK, "the median of spending is far from Indonesia's", implausible_unit),
    Rule("food_above_spending", _P, REMARK, "more food than spending", food_above_spending),
    Rule("bad_weight", _P, ROW, "a weight that is missing, 0 or negative", bad_weight),
    Rule("bad_size", _P, ROW, "persons that are no whole number from 1 to 40", bad_size),
    Rule("negative_amount", (*_P, *_C), REMARK, "stocks or counts below 0", negative_amount),
    Rule(
        "district_of_other_province",
        (*_P, *_C, *_A),
        ROW,
        "district and province do not belong together",
        district_of_other_province,
    ),
    Rule(
        "village_in_other_district",
        (*_P, *_C),
        REMARK,
        "rows of a village in another district than the rest",
        village_in_other_district,
    ),
    Rule("share_out_of_range", _A, ROW, "a rate outside 0 to 100 percent", share_out_of_range),
    Rule("duplicate", (*_P, *_C, *_A), ROW, "the same household and wave (village and month, place and date) twice", duplicate),
    Rule("changes_village", _P, ROW, "a household in two villages", changes_village),
    Rule("missing_wave", _P, REMARK, "a household that is missing in a wave", missing_wave),
)
