"""A simulated pilot as the tables that an evaluator would hold: a panel in rupiah, and the reports that came."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from povsim.data.deflate import with_lines
from povsim.experiments.calibration.pilot import Pilot


def month_after(month_0: date, months: int) -> date:
    """First day of the month so many months after."""
    number = 12 * month_0.year + month_0.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def village_name(number: int) -> str:
    """Name of a made-up village."""
    return f"Desa {number + 1:03d}"


def panel_table(pilot: Pilot, month_0: date, province: str, district: str) -> pl.DataFrame:
    """A row a household and wave: household, village, district, wave (from 1), month, weight, size, urban (rural throughout),
    member, treated, spending_idr (rupiah per person and month: lines times the line of the place and month)."""
    parts = []
    for w, months in enumerate(pilot.waves):
        here = np.flatnonzero(np.isfinite(pilot.spending[w]))
        frame = pl.DataFrame({
            "household": [f"RT{at + 1:05d}" for at in here],
            "village": [village_name(int(at)) for at in pilot.village[here]],
            "wave": np.full(here.size, w + 1),
            "weight": pilot.weight[here],
            "size": pilot.size[here].astype(np.int64),
            "member": pilot.member[w, here],
            "treated": pilot.treated[pilot.village[here]],
            "lines": pilot.spending[w, here],
        })  # fmt: skip
        parts.append(
            frame.with_columns(
                district=pl.lit(district),
                province=pl.lit(province),
                urban=pl.lit(value=False),
                month=month_after(month_0, months),
            )
        )
    lined, _ = with_lines(pl.concat(parts))
    return lined.with_columns(spending_idr=pl.col("lines") * pl.col("line_idr")).drop("lines", "line_idr")


def report_table(pilot: Pilot, month_0: date, households: float) -> pl.DataFrame:
    """A row a report that came: village, month, status (trading, else legal), members (persons enrolled), volume (rupiah of the
    month) of a village of `households` households."""
    assert pilot.reports is not None
    r, names = pilot.reports, [village_name(int(v)) for v in np.flatnonzero(pilot.treated)]
    rows = [
        {
            "village": names[v],
            "month": month_after(month_0, int(t) + 1),
            "status": "trading" if r.trading[t, v] else "legal",
            "members": round(float(r.members[t, v]) * households),
            "volume": round(float(r.volume[t, v]) * households),
        }
        for t, v in np.argwhere(r.received)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
