"""Reports of village cooperatives, and the reports that did not come: silence is a sign, since the dormant do not report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from povsim.data.inspect import Paths, inspect, usable
from povsim.data.mapping import Mapping
from povsim.data.problems import Problems
from povsim.errors import PovsimError

__all__ = ["COOPERATIVE_COLUMNS", "Cooperatives", "read_cooperatives", "reports"]

AMOUNTS = ("members", "volume_idr", "sales_idr", "savings_idr", "loans_idr")

COOPERATIVE_COLUMNS = {
    "file": "file name where several were read, else null",
    "file_line": "line of the file",
    "cooperative": "identifier or null",
    "village": "identifier",
    "district": "name of the published table, or null",
    "province": "name of the published table, or null",
    "month": "first day of the month of the report, or null",
    "status": "none, legal, building, open, trading, dormant or dissolved; null unknown",
    "members": "persons, or null",
    "volume_idr": "rupiah of transactions, or null",
    "sales_idr": "rupiah of sales, or null",
    "savings_idr": "rupiah, or null",
    "loans_idr": "rupiah, or null",
    "last_report": "date of the last report, or null",
    "reported": "true: the row holds at least one figure",
}


@dataclass(frozen=True, slots=True)
class Cooperatives:
    """Reports: `frame` with `COOPERATIVE_COLUMNS`, one row a village and report; `expected`: see `reports`."""

    frame: pl.DataFrame
    expected: pl.DataFrame
    problems: Problems
    dropped: pl.DataFrame
    mapping: Mapping
    has: frozenset[str]
    guess: dict[str, str]
    sha256: str


def read_cooperatives(
    paths: Paths,
    mapping: Mapping | str | Path | None = None,
    drop_bad_rows: bool = False,
    villages: Sequence[str] | None = None,
) -> Cooperatives:
    """Reports in one or several files; `villages`: all villages that should report, else those that ever did.

    Zeros stand for "not reported" unless the mapping says `zero_is_missing: false`. Errors as in `read_panel`.
    """
    found = inspect(paths, mapping, "cooperatives")
    rows, dropped = usable(found, drop_bad_rows)
    frame = rows.with_columns(**{f"{name}_idr": pl.col(name) for name in ("volume", "sales", "savings", "loans")})
    if found.mapping.zero_is_missing:
        frame = frame.with_columns([pl.when(pl.col(name) != 0).then(pl.col(name)).alias(name) for name in AMOUNTS])
    frame = frame.with_columns(reported=pl.any_horizontal(pl.col(name).is_not_null() for name in AMOUNTS))
    frame = frame.select(list(COOPERATIVE_COLUMNS)).sort("village", "month", nulls_last=True, maintain_order=True)
    return Cooperatives(
        frame,
        reports(frame, villages),
        found.problems,
        dropped,
        found.mapping,
        frozenset(found.named),
        found.guess,
        found.sha256,
    )


def reports(frame: pl.DataFrame, villages: Sequence[str] | None = None, months: Sequence[date] | None = None) -> pl.DataFrame:
    """Reports expected and received: every village (`villages`, else all that `frame` names) in every month.

    `months`: those of which reports are due, else all from the first to the last in `frame`; a file without months is one
    moment, that of its latest `last_report`. Columns: `village`, `month` (null for a file without dates), `reported`,
    `status`, the amounts (sums, null where nothing was reported), `months_silent` (months since the last report up to this one,
    0 if it came; null if none ever did). A village that never appears is expected all the same: it counts as silent.
    """
    names = sorted({v for v in frame["village"].to_list() if v is not None} | set(villages or ()))
    dated = frame["month"].null_count() < frame.height
    if months is None and dated:
        first, last = frame["month"].min(), frame["month"].max()
        assert isinstance(first, date) and isinstance(last, date)
        due = pl.date_range(first, last, "1mo", eager=True).to_list()
    else:
        due = [m.replace(day=1) for m in months or ()]
    if not due:
        return _moment(frame, names)
    grid = pl.DataFrame({"village": names}, schema={"village": pl.String}).join(
        pl.DataFrame({"month": due}, schema={"month": pl.Date}), how="cross"
    )
    amounts = [pl.when(pl.col(n).is_not_null().any()).then(pl.col(n).sum()).alias(n) for n in AMOUNTS]
    sums = frame.group_by("village", "month").agg(pl.col("reported").any(), pl.col("status").drop_nulls().last(), *amounts)
    table = grid.join(sums, on=["village", "month"], how="left").sort("village", "month")
    table = table.with_columns(pl.col("reported").fill_null(False))
    last_seen = pl.when("reported").then("month").forward_fill().over("village")
    gap = (pl.col("month").dt.year() - pl.col("_seen").dt.year()) * 12 + pl.col("month").dt.month() - pl.col("_seen").dt.month()
    table = table.with_columns(_seen=last_seen).with_columns(months_silent=gap.cast(pl.Int32))
    return table.select("village", "month", "reported", "status", *AMOUNTS, "months_silent")


def _moment(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    if not names:
        raise PovsimError("There are no villages to expect reports of. Give the list of villages.")
    latest = frame["last_report"].max()
    last = pl.col("last_report").max()
    amounts = [pl.when(pl.col(n).is_not_null().any()).then(pl.col(n).sum()).alias(n) for n in AMOUNTS]
    sums = frame.group_by("village").agg(pl.col("reported").any(), pl.col("status").drop_nulls().last(), last, *amounts)
    table = pl.DataFrame({"village": names}, schema={"village": pl.String}).join(sums, on="village", how="left").sort("village")
    if isinstance(latest, date):
        seen = pl.col("last_report")
        silent = ((latest.year - seen.dt.year()) * 12 + latest.month - seen.dt.month()).cast(pl.Int32)
    else:
        silent = pl.when("reported").then(pl.lit(0, dtype=pl.Int32))
    month = pl.lit(latest.replace(day=1) if isinstance(latest, date) else None, dtype=pl.Date)
    table = table.with_columns(pl.col("reported").fill_null(False)).with_columns(month=month, months_silent=silent)
    return table.select("village", "month", "reported", "status", *AMOUNTS, "months_silent")
