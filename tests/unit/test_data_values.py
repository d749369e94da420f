"""Numbers, dates and names of places as people write them."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from dirty_files import FULL, SHORT
from hypothesis import given, settings
from hypothesis import strategies as st

from povsim.config.districts import province_of
from povsim.config.provinces import known_provinces
from povsim.data import dates, numbers, places


def read(cells: list[str], decimal: str) -> list[float | None]:
    return numbers.parse(numbers.tidy(pl.Series("x", cells)), decimal)[0].to_list()


def decimal_of(cells: list[str], money: bool = True) -> str:
    return numbers.votes(numbers.tidy(pl.Series("x", cells)), money).decimal


@given(st.lists(st.integers(-(10**9), 10**12).map(lambda i: i / 100), min_size=1, max_size=20), st.booleans(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_numbers_written_either_way_are_read_back(values: list[float], comma: bool, grouped: bool) -> None:
    written = [f"{x:,.2f}" if grouped else f"{x:.2f}" for x in values]
    if comma:
        written = [text.translate(str.maketrans(",.", ".,")) for text in written]
    assert decimal_of(written) == ("," if comma else ".")
    assert read(written, "," if comma else ".") == pytest.approx(values, abs=1e-9)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.250.000", 1_250_000.0),
        ("Rp 1.250.000,-", 1_250_000.0),
        ("Rp.1.250.000,00", 1_250_000.0),
        ("1 250 000", 1_250_000.0),
        ("1\u00a0250\u00a0000,5", 1_250_000.5),
        ("12,5", 12.5),
        (",5", 0.5),
        ("-3", -3.0),
        ("1e6", 1e6),
        ("12.5", None),
        ("1.25.0", None),
        ("1,250,000", None),
        ("0.125.000", None),
        ("dua juta", None),
        ("n/a", None),
        ("1e999", None),
    ],
)
def test_cells_of_a_file_with_decimal_commas(cell: str, value: float | None) -> None:
    assert read([cell], ",") == [value]


def test_money_in_single_groups_is_read_as_thousands_and_a_weight_is_not() -> None:
    assert decimal_of(["1.250", "900.000", "45"]) == ","
    assert decimal_of(["1,250", "900,000"]) == "."
    assert numbers.votes(pl.Series(["1.250"]), money=False).clear is False
    assert decimal_of(["1.250", "2.500"], money=False) == "."


@given(st.text(max_size=20))
@settings(max_examples=120, deadline=None)
def test_any_text_is_a_finite_number_or_none(cell: str) -> None:
    (value,) = read([cell], ",")
    assert value is None or abs(value) < float("inf")
    dates.parse_one(cell)


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)))
@settings(max_examples=80, deadline=None)
def test_dates_in_every_known_form(day: date) -> None:
    full, short = FULL[day.month - 1], SHORT[day.month - 1]
    first = day.replace(day=1)
    for text, expected in [
        (day.isoformat(), day),
        (f"{day.day}/{day.month}/{day.year}", day),
        (f"{day.day:02d}.{day.month:02d}.{day.year}", day),
        (f"{day.day} {full} {day.year}", day),
        (f"{full} {day.year}", first),
        (f"{full.upper()} {day.year}", first),
        (f"{short}-{day.year}", first),
        (f"{day:%Y%m}", first),
        (f"{day.year}-{day.month:02d}", first),
        (f"{day:%B %d, %Y}", day),
    ]:
        found = dates.parse_one(text)
        assert found is not None and found[0] == expected, text
    if day.year >= 2000:
        assert dates.parse_one(f"{short} {day.year % 100:02d}") == (first, "month name")


@pytest.mark.parametrize("cell", ["31/2/2026", "Foo 2026", "13/13/2026", "1/1/1889", "Ju 2026", "", "2026-00-01", "99999"])
def test_no_date(cell: str) -> None:
    assert dates.parse_one(cell) is None


def test_day_comes_before_month_unless_it_cannot() -> None:
    assert dates.parse_one("3/4/2026") == (date(2026, 4, 3), "d/m/y")
    assert dates.parse_one("3/14/2026") == (date(2026, 3, 14), "m/d/y")


def test_every_published_name_is_known_as_officials_write_it() -> None:
    known = places.known_districts()
    for district in province_of():
        assert places.district_named(district.upper(), known) == (district, None)
        if not district.startswith("Kota "):
            for form in (f"Kabupaten {district}", f"KAB. {district}", f"Kab {district.lower()}"):
                assert places.district_named(form, known) == (district, None), form
    for province in known_provinces():
        assert places.province_named(f"Provinsi {province.title()}") == (province, None)


@pytest.mark.parametrize(
    ("given", "province"),
    [
        ("DIY", "DI YOGYAKARTA"),
        ("D.I. Yogyakarta", "DI YOGYAKARTA"),
        ("Jakarta", "DKI JAKARTA"),
        ("Kep. Riau", "KEPULAUAN RIAU"),
        ("NTT", "NUSA TENGGARA TIMUR"),
        ("Jatim", "JAWA TIMUR"),
        ("Sumatra Barat", "SUMATERA BARAT"),
    ],
)
def test_short_names_of_provinces(given: str, province: str) -> None:
    assert places.province_named(given) == (province, None)


def test_an_unknown_place_is_given_its_nearest_name() -> None:
    assert places.district_named("Kab. Bogorr", places.known_districts()) == (None, "Bogor")
    assert places.province_named("Jawa Tegah") == (None, "JAWA TENGAH")
