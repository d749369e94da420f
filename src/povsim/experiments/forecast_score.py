"""A saved forecast scored against what was published since: CRPS, error of the median, coverage, beside no change and drift."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from povsim.errors import PovsimError
from povsim.measures.scores import band, crps

COLUMNS = ("period", "headcount_pct")
SHOWN = 5
"""Bad rows that a message lists."""


def score(folder: Path, data: Path, arm: str) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """Content of summary.json and tables. Raises PovsimError where folder or data cannot be used."""
    summary = _summary(folder)
    fail_if_arm_was_not_forecast(arm, summary["arms"])
    fail_if_there_is_no_published_rate(folder, summary)
    observed = read_observed(data, summary["base"], summary["horizon_months"])
    draws = pl.read_parquet(folder / "tables" / "draws.parquet").filter(pl.col("arm") == arm)
    drawn = {
        f"model_{variant}": draws.filter(pl.col("variant") == variant).rename({"replicate": "draw"})
        for variant in summary["variants"]
    }
    lines = pl.read_parquet(folder / "tables" / "baselines.parquet")
    drawn |= {name: lines.filter(pl.col("forecaster") == name) for name in ("no_change", "drift")}
    rows = [
        _row(name, period, month, value, table.filter(pl.col("month") == month)["published"].to_numpy())
        for name, table in drawn.items()
        for period, month, value in observed
    ]
    table = pl.DataFrame(rows)
    scores = (
        table.group_by("forecaster", maintain_order=True)
        .agg(
            pl.len().alias("cells"), pl.col("crps").mean(), pl.col("error").mean().alias("mae"),
            (pl.col("median") - pl.col("observed")).mean().alias("bias"),
            pl.col("inside80").mean().alias("coverage80"), pl.col("inside95").mean().alias("coverage95"),
        )
        .to_dicts()
    )  # fmt: skip
    head = {"scored": str(folder), "arm": arm, "base": summary["base"], "periods": [period for period, _, _ in observed]}
    return head | {"scores": scores, "rows": rows}, {"scored": table, "scores": pl.DataFrame(scores)}


def _row(name: str, period: str, month: int, value: float, drawn: np.ndarray) -> dict[str, Any]:
    x = 100 * drawn
    (low80, high80), (low95, high95) = band(x, 0.8), band(x, 0.95)
    median = float(np.median(x))
    return {
        "forecaster": name, "period": period, "month": month, "observed": value, "median": median, "low80": float(low80),
        "high80": float(high80), "low95": float(low95), "high95": float(high95), "crps": float(crps(x, np.array(value))),
        "error": abs(median - value), "inside80": bool(low80 <= value <= high80), "inside95": bool(low95 <= value <= high95),
    }  # fmt: skip


def read_observed(path: Path, base: str, months: int) -> list[tuple[str, int, float]]:
    """(period, month after the base, percent) of each row of a CSV with the columns period and headcount_pct.

    Raises PovsimError that lists every row which cannot be used, with its line and the reason.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PovsimError(f"data = {path} cannot be read: {getattr(error, 'strerror', None) or 'no UTF-8 text'}.") from error
    reader = csv.DictReader(text.splitlines())
    fail_if_columns_are_missing(path, reader.fieldnames or [])
    found: list[tuple[str, int, float]] = []
    problems: list[str] = []
    for line, row in enumerate(reader, start=2):
        try:
            found.append(_observed(row, base, months))
        except ValueError as reason:
            problems.append(f"line {line}: {reason}")
    repeated = {period for period, _, _ in found if sum(period == other for other, _, _ in found) > 1}
    problems += [f"{period} stands more than once" for period in sorted(repeated)]
    fail_if_rows_are_bad(path, problems)
    fail_if_there_are_no_rows(path, len(found))
    return sorted(found, key=lambda one: one[1])


def _observed(row: dict[str, Any], base: str, months: int) -> tuple[str, int, float]:
    period = (row["period"] or "").strip()
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period):
        raise ValueError(f"period '{period}' is no month such as 2026-03")
    month = 12 * (int(period[:4]) - int(base[:4])) + int(period[5:]) - int(base[5:])
    if not 1 <= month <= months:
        raise ValueError(f"{period} is not one of the {months} months after {base} that were forecast")
    text = (row["headcount_pct"] or "").strip()
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"headcount_pct '{text}' is no number such as 8.25") from None
    if not 0 < value < 100:
        raise ValueError(f"headcount_pct {text} is no percentage above 0 and below 100")
    return period, month, value


def _summary(folder: Path) -> dict[str, Any]:
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        summary = {}
    fail_if_it_is_no_forecast(folder, summary)
    return dict(summary)


def fail_if_it_is_no_forecast(folder: Path, summary: object) -> None:
    """Another folder, or a back-test."""
    if not isinstance(summary, dict) or summary.get("command") != "forecast" or summary.get("asked") != "forecast":
        raise PovsimError(f"score = {folder} holds no forecast. Give a folder that povsim forecast wrote.")


def fail_if_arm_was_not_forecast(arm: str, arms: list[str]) -> None:
    """An arm that the folder does not hold."""
    if arm not in arms:
        raise PovsimError(f"scored_arm = '{arm}' was not forecast there. Accepted: {', '.join(arms)}.")


def fail_if_there_is_no_published_rate(folder: Path, summary: dict[str, Any]) -> None:
    """A forecast of a part of the nation, or of the made-up district."""
    if not summary["anchored"]:
        raise PovsimError(
            f"score = {folder} is a forecast of a part of the nation or of the made-up district, for which no published rate "
            "is known. Forecast population=indonesia without population.provinces."
        )


def fail_if_columns_are_missing(path: Path, columns: object) -> None:
    """No such headings."""
    names = [str(name) for name in columns] if isinstance(columns, list | tuple) else []
    if not set(COLUMNS) <= set(names):
        raise PovsimError(
            f"data = {path} has the columns {', '.join(names) or 'none'}; needed are {' and '.join(COLUMNS)}, separated by "
            "commas: 2026-03,8.11."
        )


def fail_if_rows_are_bad(path: Path, problems: list[str]) -> None:
    """Rows that cannot be used; none is left out silently."""
    if problems:
        more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise PovsimError(f"data = {path}: {'; '.join(problems[:SHOWN])}{more}. Correct or remove these rows.")


def fail_if_there_are_no_rows(path: Path, rows: int) -> None:
    """Headings alone."""
    if not rows:
        raise PovsimError(f"data = {path} has no rows. Give one row a round: 2026-03,8.11.")
