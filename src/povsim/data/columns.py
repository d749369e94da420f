"""Columns of a table as povsim's columns: found by the mapping, read as numbers, dates, switches and places.

A cell that cannot be read becomes null and a problem. In a column that every estimate needs the row cannot be used; in
the others (assets, loans, food, ...) the row stays and the cell is missing.
"""

from __future__ import annotations

from collections.abc import Mapping as Mapping_
from dataclasses import replace

import polars as pl

from povsim.data import dates, numbers, places
from povsim.data.delimited import FILE_LINE
from povsim.data.files import Table
from povsim.data.find_columns import found_columns, note_missing_columns
from povsim.data.mapping import Column, Mapping
from povsim.data.problems import REMARK, ROW, Problems
from povsim.data.roles import ROLES, Role

__all__ = ["convert"]

CORE = frozenset(
    {"household", "spending", "wave", "date", "weight", "size", "village", "member", "treated", "poverty_rate_pct", "status"}
)
"""Columns of which an unreadable cell makes the row useless."""

TYPES: dict[str, type[pl.DataType]] = {
    "id": pl.String,
    "district": pl.String,
    "province": pl.String,
    "status": pl.String,
    "number": pl.Float64,
    "count": pl.Float64,
    "money": pl.Float64,
    "date": pl.Date,
    "wave": pl.Int32,
    "area": pl.Boolean,
    "flag": pl.Boolean,
}
_YES = ("1", "yes", "y", "ya", "iya", "true", "t", "anggota", "member", "treated", "perlakuan", "intervensi")
_NO = ("0", "2", "no", "n", "tidak", "tdk", "false", "f", "bukan", "bukan anggota", "control", "kontrol")
_URBAN = ("1", "urban", "kota", "perkotaan", "k", "true")
_RURAL = ("2", "0", "rural", "desa", "perdesaan", "pedesaan", "d", "false")
_BOTH = ("3", "total", "national", "nasional", "both", "jumlah", "kota+desa", "perkotaan+perdesaan")
_STATUS = {
    "none": "none",
    "belum": "none",
    "belum terbentuk": "none",
    "legal": "legal",
    "berbadan hukum": "legal",
    "badan hukum": "legal",
    "building": "building",
    "dibangun": "building",
    "pembangunan": "building",
    "open": "open",
    "buka": "open",
    "trading": "trading",
    "active": "trading",
    "aktif": "trading",
    "beroperasi": "trading",
    "ya": "trading",
    "dormant": "dormant",
    "inactive": "dormant",
    "tidak aktif": "dormant",
    "tidak beroperasi": "dormant",
    "tidak": "dormant",
    "dissolved": "dissolved",
    "bubar": "dissolved",
}


def convert(table: Table, mapping: Mapping, problems: Problems) -> pl.DataFrame:
    """`file_line` and every column of the kind, null where the file lacks it; problems of cells are added to `problems`."""
    found = found_columns(table, mapping)
    if "year" in found and "date" not in found:
        found["date"] = found["year"]
        mapping = replace(mapping, columns={**mapping.columns, "date": mapping.columns["year"]})
    note_missing_columns(table, mapping, found, problems)
    table = _without_repeated_headers(table, problems)
    _note_decimal(table, mapping, found, problems)
    columns = [table.frame[FILE_LINE]] if table.columns else []
    for role in ROLES[mapping.kind]:
        if role.name == "year":
            continue
        if role.name in found:
            columns.append(_read(role, found, mapping, table, problems))
        elif columns:
            columns.append(pl.Series(role.name, [None] * table.frame.height, dtype=TYPES[role.holds]))
    return pl.DataFrame(columns)


def _without_repeated_headers(table: Table, problems: Problems) -> Table:
    """Lines of column names in the midst of the rows, as files put together have them, are taken out with a remark."""
    text = [name for name in table.columns if table.frame.schema[name] == pl.String]
    if len(text) != len(table.columns) or not text:
        return table
    again = table.frame.select(
        pl.all_horizontal(pl.col(name).str.strip_chars() == name for name in text).fill_null(False)
    ).to_series()
    if not again.any():
        return table
    for line in table.frame.filter(again)[FILE_LINE].to_list():
        problems.add("repeated_header", REMARK, "the line of column names stands here again; it is passed over", line)
    keep = ~again
    return Table(
        table.frame.filter(keep),
        table.problems,
        table.guess,
        {name: series.filter(keep) for name, series in table.numbers.items()},
        {name: series.filter(keep) for name, series in table.dates.items()},
        table.labels,
    )


def _note_decimal(table: Table, mapping: Mapping, found: dict[str, tuple[str, ...]], problems: Problems) -> None:
    """The decimal sign of the file: of the mapping, or what its numbers say."""
    if mapping.decimal is not None:
        table.guess["decimal"] = mapping.decimal
        return
    said = numbers.Votes()
    for role in ROLES[mapping.kind]:
        if role.name not in found or role.holds not in ("number", "money", "count"):
            continue
        name = found[role.name][0]
        cells = table.frame[name]
        if cells.dtype == pl.String:
            if name in table.numbers:
                cells = cells.filter(table.numbers[name].is_null())
            said += numbers.votes(numbers.tidy(cells), role.holds != "number")
    table.guess["decimal"] = said.decimal
    if not said.clear and said.unclear_comma + said.unclear_point:
        problems.add(
            "ambiguous_numbers",
            REMARK,
            f"1{said.decimal}250 may be 1250 or one and a quarter; read as one and a quarter. Say it in the mapping: "
            'file: {decimal: ","} or {decimal: "."}',
        )


def _read(role: Role, found: dict[str, tuple[str, ...]], mapping: Mapping, table: Table, problems: Problems) -> pl.Series:
    names = found[role.name]
    spec = mapping.columns[role.name]
    name = " + ".join(names)
    lines = table.frame[FILE_LINE]
    if role.holds in ("number", "money", "count"):
        return _numbers(role, names[0], spec, table, problems)
    if role.holds == "date" and (names[0] in table.dates or table.frame.schema[names[0]] == pl.Date):
        return _typed_dates(role, names[0], table, problems)
    text = _text(names, spec, table)
    if role.name == "date" and "year" in found and found["year"] != names:
        text = _with_year(text, _text(found["year"], mapping.columns["year"], table))
    if role.holds == "id":
        return text.alias(role.name)
    if role.holds == "date":
        return _dates(role, name, text, lines, problems)
    if role.holds == "wave":
        wave = text.str.extract(r"(\d{1,4})(\.0+)?\s*$", 1).cast(pl.Int32, strict=False)
        _note_cells(
            problems,
            "unreadable_number",
            _severity(role),
            lines,
            name,
            text,
            wave.is_null() & text.is_not_null(),
            "no number of a wave",
        )
        return wave.alias(role.name)
    if role.holds in ("province", "district"):
        return _places(role, name, text, spec, lines, problems)
    known = _words(role.holds)
    read = _recoded(text.str.to_lowercase(), known)
    unknown = text.is_not_null() & ~text.str.to_lowercase().is_in(list(known))
    accepted = ", ".join(dict.fromkeys(word for word in known if not word.isdigit()))
    _note_cells(
        problems,
        "unknown_code",
        _severity(role),
        lines,
        name,
        text,
        unknown,
        f"not a known word for '{role.name}' ({accepted[:80]}); give codes in the mapping",
    )
    if role.holds == "status":
        return read.alias(role.name)
    return _recoded(read, {"yes": True, "no": False}, pl.Boolean).alias(role.name)


def _words(holds: str) -> dict[str, str | None]:
    if holds == "status":
        return dict(_STATUS)
    if holds == "area":
        return {**dict.fromkeys(_URBAN, "yes"), **dict.fromkeys(_RURAL, "no"), **dict.fromkeys(_BOTH, "both")}
    return {**dict.fromkeys(_YES, "yes"), **dict.fromkeys(_NO, "no")}


def _recoded(text: pl.Series, words: Mapping_[str, object], dtype: type[pl.DataType] = pl.String) -> pl.Series:
    return text.replace_strict(words, default=None, return_dtype=dtype)


def _severity(role: Role) -> str:
    return ROW if role.name in CORE else REMARK


def _text(names: tuple[str, ...], spec: Column, table: Table) -> pl.Series:
    """Cells as text: codes and labels put in, joined where several columns make one; null where there is no answer."""
    parts = [_one_text(name, spec, table) for name in names]
    if len(parts) == 1:
        return parts[0]
    frame = pl.DataFrame({str(at): part for at, part in enumerate(parts)})
    return frame.select(pl.concat_str(pl.all(), separator="-")).to_series()


def _one_text(name: str, spec: Column, table: Table) -> pl.Series:
    cells = table.frame[name]
    if cells.dtype.is_float():
        whole = (cells == cells.round()) & (cells.abs() < 1e15)
        frame = pl.DataFrame({"x": cells, "whole": whole})
        cells = frame.select(
            pl.when("whole")
            .then(pl.col("x").cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(pl.col("x").cast(pl.String))
        ).to_series()
    text = cells.cast(pl.String).str.strip_chars(" \t\u00a0'\"")
    text = (
        pl.DataFrame({"x": text})
        .select(
            pl.when(pl.col("x").str.to_lowercase().is_in([*numbers.MISSING, *(m.lower() for m in spec.missing)]))
            .then(None)
            .otherwise(pl.col("x"))
        )
        .to_series()
    )
    if spec.codes:
        given = dict(spec.codes)
        given |= {code.lower(): value for code, value in spec.codes}
        given |= {_padded(code): value for code, value in spec.codes if code.isdigit()}
        low = text.str.to_lowercase()
        text = (
            pl.DataFrame({"x": text, "coded": low.replace_strict(given, default=None, return_dtype=pl.String)})
            .select(pl.coalesce("coded", "x"))
            .to_series()
        )
    elif name in table.labels:
        text = text.replace(table.labels[name])
    return text


def _padded(code: str) -> str:
    return code.zfill(2)


def _numbers(role: Role, name: str, spec: Column, table: Table, problems: Problems) -> pl.Series:
    cells = table.frame[name]
    lines = table.frame[FILE_LINE]
    if cells.dtype.is_numeric():
        value = cells.cast(pl.Float64)
        value = pl.DataFrame({"x": value}).select(pl.when(pl.col("x").is_finite()).then(pl.col("x"))).to_series()
    else:
        text = numbers.tidy(cells)
        typed = table.numbers.get(name)
        if typed is not None:
            text = (
                pl.DataFrame({"x": text, "typed": typed})
                .select(pl.when(pl.col("typed").is_null()).then(pl.col("x")))
                .to_series()
            )
        else:
            problems.cells[problems.file, role.name] = (lines, cells.cast(pl.String))
        decimal = table.guess.get("decimal", ".")
        value, other = numbers.parse(text, decimal)
        sign = {",": "point", ".": "comma"}[decimal]
        bad = value.is_null() & text.is_not_null()
        if spec.missing:
            bad &= ~text.is_in(list(spec.missing))
        _note_cells(
            problems,
            "mixed_decimal",
            _severity(role),
            lines,
            name,
            cells,
            bad & other,
            f"written with a decimal {sign}, unlike the rest of the file",
        )
        _note_cells(problems, "unreadable_number", _severity(role), lines, name, cells, bad & ~other, "no number")
        if typed is not None:
            value = pl.DataFrame({"x": value, "typed": typed}).select(pl.coalesce("typed", "x")).to_series()
    missing = [float(m) for m in spec.missing if _is_float(m)]
    if missing:
        value = pl.DataFrame({"x": value}).select(pl.when(~pl.col("x").is_in(missing)).then(pl.col("x"))).to_series()
    return (value * spec.factor).alias(role.name)


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _typed_dates(role: Role, name: str, table: Table, problems: Problems) -> pl.Series:
    if table.frame.schema[name] == pl.Date:
        return table.frame[name].alias(role.name)
    typed = table.dates[name]
    rest = (
        pl.DataFrame({"x": table.frame[name], "typed": typed})
        .select(pl.when(pl.col("typed").is_null()).then(pl.col("x")))
        .to_series()
    )
    read = _dates(role, name, rest, table.frame[FILE_LINE], problems)
    return pl.DataFrame({"x": read, "typed": typed}).select(pl.coalesce("typed", "x").alias(role.name)).to_series()


def _dates(role: Role, name: str, text: pl.Series, lines: pl.Series, problems: Problems) -> pl.Series:
    value, form = dates.parse(text)
    bad = value.is_null() & text.is_not_null()
    _note_cells(
        problems,
        "unreadable_date",
        _severity(role),
        lines,
        name,
        text,
        bad,
        "no date; known are 2026-01-15, 15/1/2026, Januari 2026, Agu 26",
    )
    counted = form.drop_nulls().value_counts(sort=True)
    if counted.height > 1:
        usual = counted[form.name][0]
        _note_cells(
            problems,
            "mixed_dates",
            REMARK,
            lines,
            name,
            text,
            form.is_not_null() & (form != usual),
            f"written in another form than the rest of the column ({usual})",
        )
    return value.alias(role.name)


def _with_year(text: pl.Series, year: pl.Series) -> pl.Series:
    """Cells that name a month without its year, with the year of the column beside it."""
    different = text.drop_nulls().unique().to_list()
    found = {
        cell: str(read[0].month) for cell in different if (read := dates.parse_one(f"{cell} 2000")) and read[1] == "month name"
    }
    found |= {written: str(m) for m in range(1, 13) for written in (str(m), f"{m:02d}")}
    frame = pl.DataFrame({"x": text, "month": text.replace_strict(found, default=None, return_dtype=pl.String), "year": year})
    joined = pl.concat_str("month", "year", separator="/")
    return frame.select(pl.when(pl.col("month").is_not_null()).then(joined).otherwise(pl.col("x"))).to_series()


def _places(role: Role, name: str, text: pl.Series, spec: Column, lines: pl.Series, problems: Problems) -> pl.Series:
    if not spec.check:
        return text.alias(role.name)
    spelt: dict[str, str] = {}
    for given in text.drop_nulls().unique().to_list():
        known, closest = (
            places.province_named(given) if role.holds == "province" else places.district_named(given, places.known_districts())
        )
        if known is not None:
            spelt[given] = known
            continue
        hint = f"; nearest is '{closest}'" if closest else ""
        _note_cells(
            problems,
            f"unknown_{role.holds}",
            ROW,
            lines,
            name,
            text,
            text == given,
            f"no {role.holds} of the published tables{hint}",
        )
    if not spelt:
        return pl.Series(role.name, [None] * text.len(), dtype=pl.String)
    return text.replace_strict(spelt, default=None, return_dtype=pl.String).alias(role.name)


def _note_cells(
    problems: Problems, rule: str, severity: str, lines: pl.Series, column: str, cells: pl.Series, mask: pl.Series, reason: str
) -> None:
    """One problem for every cell where `mask` holds."""
    at = mask.fill_null(False)
    if at.any():
        for line, value in zip(lines.filter(at).to_list(), cells.filter(at).to_list(), strict=True):
            problems.add(rule, severity, reason, line, column, value)
