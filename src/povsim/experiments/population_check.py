"""Published against synthetic figures of the population, by province, with the grade of each margin."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim import evidence
from povsim.draws import DrawKey, Stream, normals
from povsim.measures.poverty import gini
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
STATISTICS = ("headcount", "P1", "P2")


def observed_consumption(sample: Sample, state: State, sigma_me: float, key: DrawKey, months: Sequence[int]) -> Floats:
    """Consumption of `months` of the last year as a survey sees it, L [months, H]: c exp(sigma_me N), equation (21)."""
    rows = np.empty((len(months), sample.ids.size))
    for k, t in enumerate(months):
        rows[k] = state.home[0, HOME.c0 + t % 12] * np.exp(sigma_me * normals(key, Stream.SURVEY, sample.ids, t)[:, 0])
    return rows


def synthetic(sample: Sample, consumption: Floats) -> dict[tuple[str, str, str], float]:
    """Figures of one sample by (province, area, statistic), means of twelve observed months.

    consumption [12, H]: observed, L. headcount, P1 and P2 as shares of persons; gini of expenditure per head; mean_lines: mean
    consumption of persons in poverty lines; persons_over_households: ratio of the two headcounts.
    """
    weight, persons = sample.weight, sample.persons
    gap = np.maximum(0.0, 1 - consumption)
    fgt = {"headcount": (consumption < 1).mean(axis=0), "P1": gap.mean(axis=0), "P2": (gap**2).mean(axis=0)}
    out: dict[tuple[str, str, str], float] = {}
    province = sample.cells["province"].to_numpy()[sample.cell][sample.village]
    areas = {"all": np.ones(weight.size, np.bool_), "urban": sample.urban, "rural": ~sample.urban}
    for name, value in fgt.items():
        for place in np.unique(province):
            rows = province == place
            out[(str(place), "all", name)] = float(np.average(value[rows], weights=persons[rows]))
        for area, rows in areas.items():
            if rows.any():
                out[("Indonesia", area, name)] = float(np.average(value[rows], weights=persons[rows]))
    per_head = consumption[-1] * sample.life[LIFE.line] / sample.life[LIFE.size]
    for area, rows in areas.items():
        if rows.any():
            out[("Indonesia", area, "gini")] = gini(per_head[rows], persons[rows])
    out[("Indonesia", "all", "mean_lines")] = float(np.average(consumption.mean(axis=0), weights=persons))
    households = float(np.average(fgt["headcount"], weights=weight))
    out[("Indonesia", "all", "persons_over_households")] = out[("Indonesia", "all", "headcount")] / (households or np.nan)
    return out


def published() -> dict[tuple[str, str, str], tuple[float, str, str]]:
    """(value, grade, source) by (province, area, statistic); shares of persons as fractions."""
    out: dict[tuple[str, str, str], tuple[float, str, str]] = {}
    for row in evidence.load("province_profile_2025").iter_rows(named=True):
        for name, column in (("headcount", "p0_pct"), ("P1", "p1_pct"), ("P2", "p2_pct")):
            out[(row["province"], "all", name)] = (row[column] / 100, row["grade"], row["source"])
    national = evidence.load("poverty_national").filter(pl.col("period") == "2025-03")
    area_of = {"national": "all", "urban": "urban", "rural": "rural"}
    names = {"headcount": ("headcount", 100), "poverty_gap": ("P1", 100), "poverty_severity": ("P2", 100), "gini": ("gini", 1)}
    for row in national.iter_rows(named=True):
        if row["indicator"] in names:
            name, unit = names[row["indicator"]]
            out[("Indonesia", area_of[row["area"]], name)] = (row["value"] / unit, row["grade"], row["source"])
    for key, name in (
        ("mean_consumption_in_lines", "mean_lines"),
        ("headcount_person_over_household", "persons_over_households"),
    ):
        fact = evidence.fact(key)
        out[("Indonesia", "all", name)] = (fact.value, fact.grade, fact.source)
    return out


UNITS = {
    "headcount": "percent",
    "P1": "percent",
    "P2": "percent",
    "gini": "index",
    "mean_lines": "poverty lines",
    "persons_over_households": "ratio",
}


def check_table(found: Sequence[dict[tuple[str, str, str], float]]) -> pl.DataFrame:
    """Province, area, statistic, published, synthetic (mean over samples), unit, grade, source; percent where unit says so."""
    rows: list[dict[str, Any]] = []
    known = published()
    for key in sorted(set().union(*found), key=lambda k: (k[0] != "Indonesia", k)):
        values = [f[key] for f in found if key in f]
        scale = 100.0 if UNITS[key[2]] == "percent" else 1.0
        value, grade, source = known.get(key, (None, None, None))
        rows.append({
            "province": key[0], "area": key[1], "statistic": key[2],
            "published": None if value is None else scale * value, "synthetic": scale * float(np.mean(values)),
            "unit": UNITS[key[2]], "grade": grade, "source": source,
        })  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)
