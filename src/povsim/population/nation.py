"""The nation that a sample is drawn from, whatever part of it is drawn."""

from dataclasses import dataclass
from functools import cache

import polars as pl

from povsim.population import geography


@dataclass(frozen=True)
class Nation:
    """Totals that national quotas and budgets are shared out by: poor persons (BPS), villages with village funds (desa),
    all villages."""

    poor_persons: float
    desa: float
    villages: float


@cache
def nation() -> Nation:
    """Totals of Indonesia; also those that the fictional district takes its share of."""
    frame = geography.load_frame()
    poor = (frame["persons"] * frame["p0_pct"] / 100).sum()
    return Nation(float(poor), float((frame["villages"] - frame["kelurahan"]).sum()), float(frame["villages"].sum()))


@cache
def cells_of(kind: str, provinces: tuple[str, ...] | None = None) -> pl.DataFrame:
    """Cells of a population (`indonesia`, `toy`), of some provinces or all, with the share of villages that are desa."""
    frame = geography.load_frame(kind)
    if provinces:
        frame = geography.select_provinces(frame, provinces)
    share = frame.select("district_id", desa_share=1 - pl.col("kelurahan") / pl.col("villages"))
    return geography.cells(frame).join(share, on="district_id", how="left", maintain_order="left")
