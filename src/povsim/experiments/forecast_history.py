"""The published series that forecasts begin from and are scored against: March rates, by province and of the nation.

Provinces are those of 2015: the two that were split in Papua, and the one that was split in Papua Barat, are put together
again from their poor and their implied population. `se` is the error of a simple random sample of as many households as the
March round has in the province; how the survey's own compares with it, the law of growth reads off the series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import evidence

Floats = NDArray[np.float64]
MERGED: Mapping[str, str] = {
    "PAPUA SELATAN": "PAPUA",
    "PAPUA TENGAH": "PAPUA",
    "PAPUA PEGUNUNGAN": "PAPUA",
    "PAPUA BARAT DAYA": "PAPUA BARAT",
}
"""Provinces that were made in 2022, reported from 2024 on, and the one they were split from."""
FIRST_NATIONAL = 2010


@dataclass(frozen=True)
class History:
    """March rates, shares of persons: rate [province, year], se [province, year] of its sampling; national [its years]."""

    provinces: tuple[str, ...]
    years: tuple[int, ...]
    rate: Floats
    se: Floats
    national_years: tuple[int, ...]
    national: Floats
    national_se: Floats

    def until(self, year: int) -> History:
        """What was known after the March round of `year`."""
        here = [at for at, y in enumerate(self.years) if y <= year]
        nation = [at for at, y in enumerate(self.national_years) if y <= year]
        return History(
            self.provinces, tuple(self.years[at] for at in here), self.rate[:, here], self.se[:, here],
            tuple(self.national_years[at] for at in nation), self.national[nation], self.national_se[nation],
        )  # fmt: skip

    def at(self, year: int) -> tuple[Floats, Floats]:
        """Rates and their standard errors in March of `year` [province]."""
        column = self.years.index(year)
        return self.rate[:, column], self.se[:, column]


def logit(share: Floats) -> Floats:
    """Log odds."""
    return np.asarray(np.log(share / (1 - share)), np.float64)


def share_of(log_odds: Floats) -> Floats:
    """The share with these log odds."""
    return np.asarray(1 / (1 + np.exp(-log_odds)), np.float64)


def logit_error(share: Floats, se: Floats) -> Floats:
    """Standard error of the log odds of a share."""
    return np.asarray(se / (share * (1 - share)), np.float64)


def standard_error(rate: Floats, households: Floats) -> Floats:
    """Of a headcount from a simple random sample of so many households."""
    return np.asarray(np.sqrt(rate * (1 - rate) / households), np.float64)


@cache
def published() -> History:
    """The series of BPS, 2015-2025 by province and 2010-2025 of the nation."""
    table = evidence.load("poverty_province_series").filter(pl.col("period").str.ends_with("-03"))
    table = table.with_columns(
        province=pl.col("province").replace(MERGED),
        year=pl.col("period").str.slice(0, 4).cast(pl.Int64),
        persons=pl.col("poor_thousand") / pl.col("p0_pct"),
    )
    whole = table.group_by("province", "year").agg(
        rate=pl.when(pl.len() == 1).then(pl.col("p0_pct").first() / 100).otherwise(
            pl.col("poor_thousand").sum() / pl.col("persons").sum() / 100
        )
    )  # fmt: skip
    wide = whole.pivot("year", index="province", values="rate").sort("province")
    years = tuple(sorted(int(name) for name in wide.columns if name != "province"))
    rate = wide.select([str(year) for year in years]).to_numpy()
    provinces = tuple(wide["province"].to_list())
    se = standard_error(rate, _households(provinces)[:, None])
    nation = evidence.load("poverty_national").filter(
        (pl.col("area") == "national") & (pl.col("indicator") == "headcount") & pl.col("period").str.ends_with("-03")
    )
    national_years = tuple(int(period[:4]) for period in nation["period"])
    national = nation["value"].to_numpy() / 100
    all_households = np.array(evidence.fact("susenas_households_march").value)
    return History(provinces, years, rate, se, national_years, national, standard_error(national, all_households))


def _households(provinces: tuple[str, ...]) -> Floats:
    """Households of the March round in each province: the national sample shared equally over the districts."""
    districts = evidence.load("poverty_district_2025").with_columns(province=pl.col("province").replace(MERGED))
    counts = dict(districts.group_by("province").len().iter_rows())
    each = evidence.fact("susenas_households_march").value / districts.height
    return np.array([each * counts[name] for name in provinces], np.float64)
