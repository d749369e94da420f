"""A file, or several of one survey, looked at as a whole: columns of povsim's names and every problem found.

`povsim data check` prints what is found here, `panel`, `cooperatives` and `aggregate` refuse it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl

from povsim.data.columns import convert
from povsim.data.deflate import Lines, with_lines
from povsim.data.delimited import FILE_LINE
from povsim.data.files import bytes_of, read_bytes
from povsim.data.find_columns import found_columns
from povsim.data.mapping import PERIODS, Mapping, guess_mapping, load_mapping, unit_of
from povsim.data.problems import DataError, Problems, fail_if_file_cannot_be_used, fail_if_rows_cannot_be_used
from povsim.data.roles import KINDS, names_known
from povsim.data.rules import check_rows
from povsim.errors import PovsimError

__all__ = ["Inspected", "inspect", "usable"]

Paths = str | Path | Sequence[str | Path]


@dataclass(slots=True)
class Inspected:
    """What a look at the files gives: `frame` with every column of the kind, `file` and `file_line`; all problems.

    `mapping` with units filled in, `named` role to column of the file, `guess` what was guessed, `sha256` of the bytes.
    """

    where: str
    frame: pl.DataFrame
    problems: Problems
    mapping: Mapping
    named: dict[str, str]
    guess: dict[str, str]
    sha256: str
    lines: Lines | None = None
    rows: int = 0
    waves: list[tuple[int, date | None, date | None, int]] = field(default_factory=list)


def inspect(
    paths: Paths, mapping: Mapping | str | Path | None = None, kind: str | None = None, own_lines: pl.DataFrame | None = None
) -> Inspected:
    """Read the files (one, or the waves of one survey) and run every check; a path or mapping that is none raises PovsimError.

    `mapping`: a Mapping, a YAML file, the name of a packaged one, or None to guess it from the names of the columns;
    `kind`: panel, cooperatives or aggregate where the mapping does not say; `own_lines`: see `deflate.with_lines`.
    """
    files = [Path(p).expanduser() for p in ([paths] if isinstance(paths, str | Path) else paths)]
    if not files:
        raise PovsimError("No file is given. Give the path of a table.")
    given = load_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    fail_if_kinds_differ(given, kind)
    kind = given.kind if given is not None else kind or "panel"
    problems = Problems()
    digest = hashlib.sha256()
    frames: list[pl.DataFrame] = []
    named: dict[str, str] = {}
    guess: dict[str, str] = {}
    used = given
    for path in files:
        data = bytes_of(path)
        digest.update(hashlib.sha256(data).digest())
        problems.file = path.name if len(files) > 1 else None
        before = len(problems.fatal())
        sign = given.delimiter if given is not None else None
        names = [n for c in given.columns.values() for n in c.names] if given is not None else names_known(kind)
        table = read_bytes(data, path.suffix.lower(), names, sign, given.sheet if given is not None else None, problems)
        del data
        if len(problems.fatal()) > before:
            continue
        of_file = given if given is not None else guess_mapping(kind, table.columns)
        found = found_columns(table, of_file)
        of_file = _units_filled(of_file, found)
        frame = convert(table, of_file, problems)
        if len(problems.fatal()) > before:
            continue
        names_here = {role: " + ".join(columns) for role, columns in found.items()}
        named = {**names_here, **named}
        guess = {**table.guess, **guess} if guess else dict(table.guess)
        used = of_file if used is None or used is given else used
        frames.append(_amounts(frame.with_columns(file=pl.lit(problems.file, dtype=pl.String)), of_file, kind))
    problems.file = None
    result = Inspected(
        ", ".join(str(f) for f in files),
        pl.concat(frames) if frames else pl.DataFrame(),
        problems,
        used if used is not None else Mapping(kind, guessed=True),
        named,
        guess,
        digest.hexdigest(),
    )
    if frames:
        _finish(result, own_lines)
    return result


def fail_if_kinds_differ(mapping: Mapping | None, kind: str | None) -> None:
    """A kind that is not known, or another one than that of the mapping."""
    if kind is not None and kind not in KINDS:
        raise PovsimError(f"There is no kind of file '{kind}'. Accepted: {', '.join(f'{k} ({v})' for k, v in KINDS.items())}.")
    if mapping is not None and kind is not None and mapping.kind != kind:
        raise PovsimError(f"The mapping is one of {mapping.kind}, but {kind} is asked for. Give a mapping with kind: {kind}.")


def usable(found: Inspected, drop_bad_rows: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that can be used, and the rows dropped with their reasons (`file`, `file_line`, `reasons`).

    Raises DataError where the file cannot be used, where rows cannot and `drop_bad_rows` is false, or where none is left.
    """
    fail_if_file_cannot_be_used(found.where, found.problems)
    if not drop_bad_rows:
        fail_if_rows_cannot_be_used(found.where, found.problems)
    bad = found.problems.bad_rows
    keep = pl.Series([key not in bad for key in found.frame.select("file", FILE_LINE).iter_rows()], dtype=pl.Boolean)
    frame = found.frame.filter(keep) if bad else found.frame
    if not frame.height:
        raise DataError(f"{found.where}: no row is left that can be used. povsim data check lists why.", found.problems)
    reasons: dict[tuple[str | None, int], list[str]] = {}
    for problem in found.problems.unusable():
        if problem.line is not None:
            reasons.setdefault((problem.file, problem.line), []).append(f"{problem.rule}: {problem.reason}")
    rows = [(file, line, "; ".join(why)) for (file, line), why in reasons.items()]
    dropped = pl.DataFrame(rows, schema={"file": pl.String, FILE_LINE: pl.Int64, "reasons": pl.String}, orient="row")
    return frame, dropped


def _units_filled(mapping: Mapping, found: dict[str, tuple[str, ...]]) -> Mapping:
    """The mapping with head or household filled in where it does not say: as the name says, household where sizes are known."""
    columns = dict(mapping.columns)
    if mapping.kind == "panel":
        for role in ("spending", "food", "income"):
            if role in found and columns[role].per is None:
                columns[role] = unit_of(columns[role], found[role][0], "size" in found, mapping.guessed)
    return replace(mapping, columns=columns)


def _amounts(frame: pl.DataFrame, mapping: Mapping, kind: str) -> pl.DataFrame:
    """Flows per month, and spending, food and income per head."""
    if kind != "panel":
        return frame
    per_head = {"spending": "per_head", "food": "food_per_head", "income": "income_per_head"}
    frame = frame.with_columns([pl.lit(None, dtype=pl.Float64).alias(name) for name in per_head.values()])
    for role, name in per_head.items():
        spec = mapping.columns.get(role)
        if spec is not None:
            amount = pl.col(role) * PERIODS[spec.period]
            frame = frame.with_columns((amount / pl.col("size") if spec.per == "household" else amount).alias(name))
    for role in ("assets", "loans", "savings"):
        spec = mapping.columns.get(role)
        if spec is not None and spec.per == "head":
            frame = frame.with_columns(pl.col(role) * pl.col("size"))
    return frame


def _finish(found: Inspected, own_lines: pl.DataFrame | None) -> None:
    frame = found.frame
    found.rows = frame.height
    if found.mapping.kind != "aggregate":
        _place_of_district(found)
        _villages_apart(found)
        frame = found.frame
    if "date" in frame.columns:
        frame = frame.with_columns(month=pl.col("date").dt.truncate("1mo"))
    if found.mapping.kind == "panel":
        frame = _numbered_within_villages(frame, found)
        frame = frame.with_columns(wave_given=pl.col("wave"))
        if "wave" not in found.named:
            frame = _waves_by_month(frame)
        elif found.mapping.waves:
            of_wave = pl.col("wave").replace_strict(dict(found.mapping.waves), default=None, return_dtype=pl.Date)
            frame = frame.with_columns(month=pl.coalesce("month", of_wave))
        frame, found.lines = with_lines(frame, own_lines)
        grouped = (
            frame.group_by("wave")
            .agg(pl.col("month").min().alias("a"), pl.col("month").max().alias("b"), pl.len())
            .sort("wave")
        )
        found.waves = [row for row in grouped.drop_nulls("wave").iter_rows()]
    found.frame = frame
    check_rows(frame, found.mapping, found.named, found.problems)


def _place_of_district(found: Inspected) -> None:
    """The province of a known district where the file has none."""
    from povsim.data.places import known_districts, province_of_district

    spec = found.mapping.columns.get("district")
    if "province" in found.named or spec is None or not spec.check:
        return
    province = {district: province_of_district(district) for district in known_districts().values()}
    by = pl.col("district").replace_strict(province, default=None, return_dtype=pl.String)
    found.frame = found.frame.with_columns(province=by)


MANY = 0.2
"""Share that is more than mistakes.

Of households met in several villages: their numbers begin anew in every village. Of the rows of a village in another district:
that is another village of the same name.
"""


def _villages_apart(found: Inspected) -> None:
    """Names that differ in letter case and spaces alone are one village; one name with many rows in two districts is two."""
    first: dict[str, str] = {}
    names = found.frame["village"].drop_nulls().unique(maintain_order=True).to_list()
    spelt = {name: first.setdefault(" ".join(name.split()).casefold(), name) for name in names}
    frame = found.frame.with_columns(pl.col("village").replace(spelt)) if spelt else found.frame
    found.frame = frame
    rows = frame.drop_nulls(["village", "district"]).group_by("village", "district").len()
    many = rows.filter(pl.col("len") >= MANY * pl.col("len").sum().over("village"))
    shared = many.filter(pl.len().over("village") > 1)["village"].unique().sort().to_list()
    if not shared:
        return
    found.guess["village"] = f"{len(shared)} names stand in several districts: there a village is district and name"
    both = pl.concat_str("district", "village", separator=" / ")
    apart = pl.when(pl.col("village").is_in(shared)).then(pl.coalesce(both, "village")).otherwise("village")
    found.frame = frame.with_columns(village=apart)


def _numbered_within_villages(frame: pl.DataFrame, found: Inspected) -> pl.DataFrame:
    """Households numbered anew in every village get the village before their number."""
    villages = frame.drop_nulls(["household", "village"]).group_by("household").agg(pl.col("village").n_unique())
    several = int((villages["village"] > 1).sum())
    if villages.height < 10 or several <= MANY * villages.height:
        return frame
    found.guess["household"] = "numbers begin anew in every village: a household is village and number"
    return frame.with_columns(household=pl.concat_str("village", "household", separator="-"))


def _waves_by_month(frame: pl.DataFrame) -> pl.DataFrame:
    """Waves from months: neighbouring months in which (all but) no household is seen twice are one wave of up to 3 months."""
    months = frame["month"].drop_nulls().unique().sort().to_list()
    if not months:
        return frame.with_columns(wave=pl.when(pl.lit(True)).then(pl.lit(1, dtype=pl.Int32)))
    wave_of: dict[date, int] = {}
    group: list[date] = []
    wave = 0
    for month in months:
        if not group or not _one_wave(frame, group, month):
            wave, group = wave + 1, []
        group.append(month)
        wave_of[month] = wave
    return frame.with_columns(wave=pl.col("month").replace_strict(wave_of, default=None, return_dtype=pl.Int32))


LONGEST_WAVE = 3
"""Months of field work that are taken for one wave."""


def _one_wave(frame: pl.DataFrame, group: list[date], month: date) -> bool:
    def number(m: date) -> int:
        return 12 * m.year + m.month

    if number(month) - number(group[-1]) != 1 or number(month) - number(group[0]) >= LONGEST_WAVE:
        return False
    before = frame.filter(pl.col("month").is_in(group)).select("household").unique()
    now = frame.filter(pl.col("month") == month).select("household").unique()
    both = before.join(now, on="household", how="inner").height
    return both <= 0.01 * min(before.height, now.height)
