"""Where the village cooperatives stand by the public statistics of 2026, beside the quantities of a break-even.

No published figure is the model's quantity itself; `what` says what was counted. Premiums are not published at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from povsim.evidence import fact, load
from povsim.population.geography import load_frame

NATION = "all"
SURVIVAL_YEARS = 5


@dataclass(frozen=True)
class Position:
    """A published position: value is a share 0 to 1; what: key of what was counted; members_per_cooperative persons."""

    province: str
    quantity: str
    what: str
    value: float
    grade: str
    source: str
    members_per_cooperative: float | None = None


def positions(kind: str, provinces: tuple[str, ...] | None = None) -> list[Position]:
    """Positions of the nation and of the provinces that a population covers; none for a made-up population."""
    if kind != "indonesia":
        return []
    nation = [] if provinces else _nation()
    table = load("cooperatives_province_2026")
    households = load_frame().group_by("province").agg(pl.col("households").sum())
    if provinces:
        table = table.filter(pl.col("province").is_in([name.upper().strip() for name in provinces]))
    rows = table.join(households, on="province", how="left").sort("province").iter_rows(named=True)
    return [*nation, *(position for row in rows for position in _province(row))]


def _nation() -> list[Position]:
    trading, members, inactive = (
        fact(key) for key in ("cooperatives_trading_share", "cooperatives_members", "f9_inactivity_per_year")
    )
    households = float(load_frame()["households"].sum())
    per = fact("members_per_cooperative").value
    share = members.value / households
    source = f"{members.source}; households: a total that is not checked"
    kept = (1.0 - inactive.value) ** SURVIVAL_YEARS
    return [
        Position(NATION, "trading", "any_sale", trading.value, trading.grade, trading.source),
        Position(NATION, "membership", "members_of_households", share, "G", source, per),
        Position(NATION, "survival", "older_cooperatives", kept, "D", inactive.source),
    ]


def _province(row: dict[str, float]) -> list[Position]:
    name, legal, source = str(row["province"]), row["cooperatives_legal"], str(row["source"])
    found = [Position(name, "trading", "active_outlet", row["coops_with_active_outlet"] / legal, "D", source)]
    if row["households"]:
        share, note = row["members"] / row["households"], f"{source}; households: a total that is not checked"
        found.append(Position(name, "membership", "members_of_households", share, "G", note, row["members"] / legal))
    return found
