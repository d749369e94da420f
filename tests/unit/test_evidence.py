"""Evidence tables against figures typed in from the publications."""

import dataclasses

import polars as pl
import pytest

from povsim import evidence
from povsim.errors import PovsimError, nearest


def test_every_row_has_a_source_and_a_known_grade() -> None:
    for name in evidence.names():
        table = evidence.load(name)
        assert set(table["grade"]) <= set(evidence.GRADES), name
        assert table["source"].null_count() == 0 and (table["source"].str.len_chars() > 3).all(), name


def test_no_source_is_a_path_or_a_repository() -> None:
    for name in evidence.names():
        for source in evidence.load(name)["source"].unique():
            assert not any(word in source.lower() for word in ("../", "/work", "github", ".csv")), (name, source)


def test_district_table_adds_up_to_the_nation() -> None:
    table = evidence.load("poverty_district_2025")
    assert table.height == 514
    assert table["district"].n_unique() == 514
    assert table["province"].n_unique() == 38
    assert table["poor_thousand"].sum() == pytest.approx(23_854.9, abs=0.5)


@pytest.mark.parametrize(
    ("district", "headcount"), [("Supiori", 42.56), ("Intan Jaya", 39.21), ("Deiyai", 37.29), ("Simeulue", 15.52)]
)
def test_district_headcount_as_published(district: str, headcount: float) -> None:
    table = evidence.load("poverty_district_2025")
    assert table.filter(pl.col("district") == district)["p0_pct"].item() == headcount


@pytest.mark.parametrize(
    ("province", "headcount"),
    [("BALI", 3.72), ("KALIMANTAN SELATAN", 3.84), ("PAPUA PEGUNUNGAN", 30.03), ("NUSA TENGGARA TIMUR", 18.60)],
)
def test_province_headcount_as_published(province: str, headcount: float) -> None:
    table = evidence.load("province_profile_2025")
    assert table.filter(pl.col("province") == province)["p0_pct"].item() == headcount


def test_districts_add_up_to_their_province() -> None:
    districts = evidence.load("poverty_district_2025").group_by("province").agg(pl.col("poor_thousand").sum())
    both = districts.join(evidence.load("province_profile_2025"), on="province", suffix="_published")
    assert both.height == 38
    assert ((both["poor_thousand"] - both["poor_thousand_published"]).abs() < 0.1).all()


@pytest.mark.parametrize(
    ("period", "area", "indicator", "value", "grade"),
    [
        ("2010-03", "national", "headcount", 13.33, "V"),
        ("2019-03", "national", "line", 425_250, "V"),
        ("2025-03", "urban", "headcount", 6.73, "V"),
        ("2025-03", "rural", "gini", 0.299, "V"),
        ("2025-09", "national", "headcount", 8.25, "V"),
        ("2010-03", "national", "poverty_gap", 2.21, "G"),
        ("2025-03", "national", "poverty_gap", 1.37, "D"),
        ("2021-09", "national", "headcount", 9.71, "D"),
    ],
)
def test_national_series_grades_each_figure(period: str, area: str, indicator: str, value: float, grade: str) -> None:
    key = {"period": period, "area": area, "indicator": indicator}
    row = evidence.load("poverty_national").filter(**key).row(0, named=True)
    assert (row["value"], row["grade"]) == (value, grade)


def test_national_series_has_one_value_a_key() -> None:
    table = evidence.load("poverty_national")
    assert table.select("period", "area", "indicator").is_duplicated().sum() == 0
    assert table["period"].min() == "2010-03" and table["period"].max() == "2025-09"


def test_villages_counted_by_kind() -> None:
    table = evidence.load("villages_by_district")
    assert table.height == 514
    assert table["villages"].sum() == 83_762
    assert (table["kelurahan"] + table["desa"] + table["desa_adat"] == table["villages"]).all()
    assert (table["kind"] == "kota").sum() == 98


def test_cooperatives_of_the_nation() -> None:
    assert evidence.load("cooperatives_province_2026").height == 38
    trading = evidence.load("cooperatives_timeline").filter(stage="trading", date="2026-08-05")["value"].item()
    assert trading == evidence.fact("cooperatives_trading").value == 2516


@pytest.mark.parametrize(
    ("key", "value", "grade"),
    [
        ("pkh_families", 10e6, "V"),
        ("pkh_outlay_idr", 28.7e12, "V"),
        ("sembako_idr_month", 200_000, "V"),
        ("loan_ceiling_idr", 3e9, "V"),
        ("building_cost_idr", 1.658e9, "V"),
        ("dana_desa_cooperative_share", 0.5803, "V"),
        ("members_per_cooperative", 21, "D"),
        ("f4_poor_both", 0.061, "G"),
        ("aid_exclusion_share", 0.45, "A"),
    ],
)
def test_fact_as_published(key: str, value: float, grade: str) -> None:
    assert (evidence.fact(key).value, evidence.fact(key).grade) == (value, grade)


def test_derived_facts_follow_from_their_parts() -> None:
    value = {key: evidence.fact(key).value for key in evidence.fact_keys()}
    assert value["cooperatives_trading_share"] == pytest.approx(
        value["cooperatives_trading"] / value["cooperatives_listed"], abs=1e-4
    )
    assert value["pkh_idr_per_family_year"] == value["pkh_outlay_idr"] / value["pkh_families"]
    assert value["mean_consumption_in_lines"] == pytest.approx(
        value["mean_expenditure_2025_03"] / value["line_2025_03"], abs=0.01
    )
    assert value["household_size_mean"] == pytest.approx(value["persons_total"] / value["households_total"], abs=0.005)
    assert value["extreme_line_over_line"] == pytest.approx(351_957 / 550_458, abs=1e-3)
    assert value["dana_desa_cooperative_idr"] == pytest.approx(0.5707 * value["dana_desa_idr"], rel=1e-3)
    rate, months = 0.06 / 12, value["loan_tenor_months"]
    service = 12 * value["loan_ceiling_idr"] * rate / (1 - (1 + rate) ** -months)
    assert value["loan_service_idr_year"] == pytest.approx(service, rel=1e-3)


def test_fact_lies_in_its_range_and_cannot_be_changed() -> None:
    for key in evidence.fact_keys():
        fact = evidence.fact(key)
        assert fact.low is None or fact.low <= fact.value, key
        assert fact.high is None or fact.value <= fact.high, key
    with pytest.raises(dataclasses.FrozenInstanceError):
        fact.value = 0.0  # type: ignore[misc]


def test_unknown_table_names_the_nearest() -> None:
    with pytest.raises(PovsimError, match="'poverty_distric'.*Did you mean 'poverty_district_2025'"):
        evidence.load("poverty_distric")


def test_unknown_fact_names_the_nearest() -> None:
    with pytest.raises(PovsimError, match="'pkh_family'.*Did you mean 'pkh_families'"):
        evidence.fact("pkh_family")


def test_nothing_alike_is_nearest_to_nothing() -> None:
    assert nearest("zzzz", ["alpha", "beta"]) is None
    assert nearest("ALPHA", ["alpha", "beta"]) == "alpha"
