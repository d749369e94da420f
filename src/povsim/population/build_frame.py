"""Build `frame.csv`, one row a district, from the evidence tables alone.

    uv run python -m povsim.population.build_frame

Read: headcount and number of poor of each district; lines, P1, P2 and spending of its province (BPS, March 2025);
villages (Kemendagri).

Inferred, grade A unless said otherwise:

- persons = number of poor / headcount (D); households = persons / the nation's mean household size.
- Urban share of persons. The nation's share follows from BPS numbers and rates of the urban and rural poor (59.5 %).
  Every province takes its share of the BPS population projection for 2025, all shifted by one constant in log-odds so that
  the nation's share is met; provinces founded since then share the figure of the province they came from, as one whole.
  Within a province kota are 0.97 urban and a kabupaten is

      urban_share = logit^-1( c_province + 0.9 z )

  with z the standardised mean of three indices: development (schooling, HDI, adjusted spending, sanitation, 2021), share of
  kelurahan among villages, ln persons per village. c_province meets the province's share. A province without a rural line
  is all urban.
- Headcount by area. One difference in log-odds between rural and urban poverty for all districts, solved so that the
  nation's urban headcount is the published one; within a district  p0 = s p_urban + (1 - s) p_rural  holds exactly.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from povsim.errors import PovsimError
from povsim.evidence import fact, table_file

FRAME = Path(__file__).with_name("frame.csv")

KOTA_URBAN_SHARE = 0.97
URBAN_SLOPE = 0.9

# Names of the statistical office (left) that differ from those of the ministry's codes by more than spelling.
ALIASES = {
    "Kota Baru": "Kabupaten Kotabaru",
    "Siau Tagulandang Biaro": "Kabupaten Kep. Siau Tagulandang Biaro",
    "Toba Samosir": "Kabupaten Toba",
    "Mamuju Utara": "Kabupaten Pasangkayu",
    "Maluku Tenggara Barat": "Kabupaten Kepulauan Tanimbar",
    "Kepulauan Seribu": "Kabupaten Administrasi Kepulauan Seribu",
    "Kota Jakarta Selatan": "Kota Administrasi Jakarta Selatan",
    "Kota Jakarta Timur": "Kota Administrasi Jakarta Timur",
    "Kota Jakarta Pusat": "Kota Administrasi Jakarta Pusat",
    "Kota Jakarta Barat": "Kota Administrasi Jakarta Barat",
    "Kota Jakarta Utara": "Kota Administrasi Jakarta Utara",
}

_ISLANDS = {
    "Sumatra": "ACEH;SUMATERA UTARA;SUMATERA BARAT;RIAU;JAMBI;SUMATERA SELATAN;BENGKULU;LAMPUNG;"
    "KEPULAUAN BANGKA BELITUNG;KEPULAUAN RIAU",
    "Java": "DKI JAKARTA;JAWA BARAT;JAWA TENGAH;DI YOGYAKARTA;JAWA TIMUR;BANTEN",
    "Bali-Nusra": "BALI;NUSA TENGGARA BARAT;NUSA TENGGARA TIMUR",
    "Kalimantan": "KALIMANTAN BARAT;KALIMANTAN TENGAH;KALIMANTAN SELATAN;KALIMANTAN TIMUR;KALIMANTAN UTARA",
    "Sulawesi": "SULAWESI UTARA;SULAWESI TENGAH;SULAWESI SELATAN;SULAWESI TENGGARA;GORONTALO;SULAWESI BARAT",
    "Maluku": "MALUKU;MALUKU UTARA",
    "Papua": "PAPUA BARAT;PAPUA BARAT DAYA;PAPUA;PAPUA SELATAN;PAPUA TENGAH;PAPUA PEGUNUNGAN",
}
ISLAND = {province: island for island, members in _ISLANDS.items() for province in members.split(";")}

SOURCE = "BPS, Susenas March 2025; Kemendagri codes; urban and rural split inferred (by column: frame_columns.csv)"

Row = dict[str, Any]


def main(out: Path = FRAME) -> None:
    """Write the frame to `out`; the same evidence gives the same bytes."""
    rows = _published()
    _add_urban_share(rows)
    _add_headcount_by_area(rows)
    _write(rows, out)


def _published() -> list[Row]:
    """What the tables say of each district, with persons and households by arithmetic."""
    provinces = {row["province"]: row for row in _table("province_profile_2025")}
    published_urban = {row["province"]: row for row in _table("urban_share_province_2025")}
    profiles = {row["district"]: row for row in _table("district_profile_2021")}
    villages = {_key(row["name"]): row for row in _table("villages_by_district")}
    districts = _table("poverty_district_2025")
    persons = [1e5 * float(row["poor_thousand"]) / float(row["p0_pct"]) for row in districts]
    household_size = sum(persons) / fact("households_total").value

    rows: list[Row] = []
    for index, (row, headcount) in enumerate(zip(districts, persons, strict=True)):
        district, province = row["district"], provinces[row["province"]]
        place = villages.get(_key(ALIASES.get(district, _kind_of(district) + district)))
        if place is None or district not in profiles:
            raise PovsimError(f"District '{district}' has no counterpart in the village or profile table: add it to ALIASES.")
        urban = published_urban[row["province"]]
        rows.append(
            {
                "district_id": index,
                "province": row["province"],
                "province_name": _display(row["province"]),
                "island": ISLAND[row["province"]],
                "district": district,
                "kind": place["kind"],
                "p0_pct": float(row["p0_pct"]),
                "poor_thousand": float(row["poor_thousand"]),
                "persons": round(headcount),
                "households": round(headcount / household_size),
                "villages": int(place["villages"]),
                "kelurahan": int(place["kelurahan"]),
                "line_urban_idr": int(province["line_urban_idr"]),
                "line_rural_idr": int(province["line_rural_idr"]) if province["line_rural_idr"] else None,
                "p1_province_pct": float(province["p1_pct"]),
                "p2_province_pct": float(province["p2_pct"]),
                "mean_expenditure_idr": int(province["mean_expenditure_idr"]),
                "urban_province": urban["published_province"],
                "urban_target": float(urban["urban_share_pct"]) / 100,
                "profile": profiles[district],
                "grade": "A",
                "source": SOURCE,
            }
        )
    if sum(row["villages"] for row in rows) != sum(int(place["villages"]) for place in villages.values()):
        raise PovsimError("Two districts share one row of villages_by_district: check ALIASES.")
    return rows


def _add_urban_share(rows: list[Row]) -> None:
    """development_index and urban_share, as the module's docstring says."""
    _add_development_index(rows)
    kabupaten = [row for row in rows if row["kind"] == "kabupaten"]
    parts = [
        _standardised([row["development_index"] for row in kabupaten]),
        _standardised([row["kelurahan"] / row["villages"] for row in kabupaten]),
        _standardised([math.log(row["persons"] / row["villages"]) for row in kabupaten]),
    ]
    for row, z in zip(kabupaten, _standardised([fmean(values) for values in zip(*parts, strict=True)]), strict=True):
        row["z"] = z

    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["urban_province"], []).append(row)
    shift = _national_shift(groups)
    for members in groups.values():
        if members[0]["line_rural_idr"] is None:
            for row in members:
                row["urban_share"] = 1.0
            continue
        target = _logistic(_logit(members[0]["urban_target"]) + shift)
        constant = _province_constant(members, target)
        for row in members:
            row["urban_share"] = round(_district_urban_share(row, constant), 6)


def _add_development_index(rows: list[Row]) -> None:
    columns: list[Callable[[Row], float]] = [
        lambda profile: math.log(float(profile["adjusted_expenditure_thousand_idr_year"])),
        lambda profile: float(profile["hdi"]),
        lambda profile: float(profile["mean_years_school"]),
        lambda profile: float(profile["sanitation_pct"]),
    ]
    parts = [_standardised([column(row["profile"]) for row in rows]) for column in columns]
    for row, values in zip(rows, zip(*parts, strict=True), strict=True):
        row["development_index"] = round(fmean(values), 4)


def _national_shift(groups: dict[str, list[Row]]) -> float:
    """Shift in log-odds of every province's urban share that gives the nation's share implied by the poverty figures."""
    urban = fact("poor_urban_2025_03").value / fact("headcount_urban_2025_03").value
    rural = fact("poor_rural_2025_03").value / fact("headcount_rural_2025_03").value
    target = urban / (urban + rural)
    persons = {name: sum(row["persons"] for row in members) for name, members in groups.items()}
    share = {name: members[0]["urban_target"] for name, members in groups.items()}

    def gap(shift: float) -> float:
        shifted = (n * (1.0 if share[name] == 1 else _logistic(_logit(share[name]) + shift)) for name, n in persons.items())
        return float(sum(shifted) / sum(persons.values())) - target

    return _solve(gap, -2, 2)


def _province_constant(members: Sequence[Row], target: float) -> float:
    def gap(constant: float) -> float:
        urban = sum(row["persons"] * _district_urban_share(row, constant) for row in members)
        return float(urban / sum(row["persons"] for row in members)) - target

    return _solve(gap, -9, 9)


def _district_urban_share(row: Row, constant: float) -> float:
    return KOTA_URBAN_SHARE if row["kind"] == "kota" else _logistic(constant + URBAN_SLOPE * row["z"])


def _add_headcount_by_area(rows: list[Row]) -> None:
    """p0_urban_pct and p0_rural_pct."""
    target = fact("headcount_urban_2025_03").value / 100

    def gap(difference: float) -> float:
        poor = sum(row["persons"] * row["urban_share"] * _urban_headcount(row, difference) for row in rows)
        return float(poor / sum(row["persons"] * row["urban_share"] for row in rows)) - target

    difference = _solve(gap, -3, 3)
    for row in rows:
        share, urban = row["urban_share"], 100 * _urban_headcount(row, difference)
        row["p0_urban_pct"] = round(urban, 6)
        row["p0_rural_pct"] = None if share == 1 else round((row["p0_pct"] - share * row["p0_urban_pct"]) / (1 - share), 6)


def _urban_headcount(row: Row, difference: float) -> float:
    """Root in (0, 1) of  s p + (1 - s) k p / (1 - p + k p) = p0,  k = exp(difference), a quadratic in p."""
    share, p0, k = row["urban_share"], row["p0_pct"] / 100, math.exp(difference)
    b = share + (1 - share) * k - p0 * (k - 1)
    return float(2 * p0 / (b + math.sqrt(b * b + 4 * share * (k - 1) * p0)))


COLUMNS = [
    *("district_id", "province", "province_name", "island", "district", "kind"),
    *("p0_pct", "poor_thousand", "persons", "households", "villages", "kelurahan"),
    *("urban_share", "p0_urban_pct", "p0_rural_pct", "line_urban_idr", "line_rural_idr"),
    *("p1_province_pct", "p2_province_pct", "mean_expenditure_idr", "development_index", "grade", "source"),
]


def _write(rows: Sequence[Row], out: Path) -> None:
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(table_file(name).read_text(encoding="utf-8").splitlines()))


def _key(name: str) -> str:
    return re.sub("[^a-z]", "", name.lower())


def _kind_of(district: str) -> str:
    return "" if district.startswith("Kota ") else "Kabupaten "


def _display(province: str) -> str:
    return " ".join(word if word in ("DKI", "DI") else word.capitalize() for word in province.split())


def _standardised(values: Sequence[float]) -> list[float]:
    mean, deviation = fmean(values), pstdev(values)
    return [(value - mean) / deviation for value in values]


def _solve(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of an increasing or decreasing function by bisection, to the last bits of a float near 1."""
    rising = function(high) > 0
    if rising == (function(low) > 0):
        raise PovsimError(f"No log-odds between {low} and {high} meet the shares: check the evidence tables.")
    for _ in range(60):
        middle = (low + high) / 2
        if (function(middle) > 0) == rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


if __name__ == "__main__":
    main()
