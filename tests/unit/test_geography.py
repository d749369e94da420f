"""The frame of districts: totals, the urban and rural split, cells, and its rebuilding."""

from pathlib import Path

import polars as pl
import pytest

from povsim.errors import PovsimError
from povsim.population import build_frame
from povsim.population.geography import cells, frame_columns, load_frame, select_provinces


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return load_frame()


def _mean(frame: pl.DataFrame, value: str, weight: pl.Expr) -> float:
    table = frame.select(value=pl.col(value), weight=weight).filter(pl.col("weight") > 0)
    return float((table["value"] * table["weight"]).sum() / table["weight"].sum())


def test_totals_of_the_nation(frame: pl.DataFrame) -> None:
    assert frame.height == 514
    assert frame["province"].n_unique() == 38
    assert frame["island"].n_unique() == 7
    assert frame["villages"].sum() == 83_762
    assert frame["poor_thousand"].sum() == pytest.approx(23_854.9, abs=0.5)
    assert frame["persons"].sum() == pytest.approx(281.6e6, rel=1e-3)
    assert frame["households"].sum() == pytest.approx(73.5e6, rel=1e-5)


def test_urban_and_rural_headcount_of_the_nation(frame: pl.DataFrame) -> None:
    urban, rural = pl.col("persons") * pl.col("urban_share"), pl.col("persons") * (1 - pl.col("urban_share"))
    assert _mean(frame, "p0_urban_pct", urban) == pytest.approx(6.73, abs=0.02)
    assert _mean(frame, "p0_rural_pct", rural) == pytest.approx(11.03, abs=0.06)
    assert _mean(frame, "urban_share", pl.col("persons")) == pytest.approx(0.5949, abs=0.0005)


def test_headcount_of_every_district_is_kept(frame: pl.DataFrame) -> None:
    share, rural = frame["urban_share"], frame["p0_rural_pct"].fill_null(0)
    assert ((share * frame["p0_urban_pct"] + (1 - share) * rural - frame["p0_pct"]).abs() < 1e-5).all()
    assert (frame.filter(pl.col("urban_share") < 1).select(pl.col("p0_rural_pct") > pl.col("p0_urban_pct"))).to_series().all()


def test_urban_share_of_a_province_is_near_the_projection(frame: pl.DataFrame) -> None:
    for province, published in {"JAWA BARAT": 0.831, "SULAWESI BARAT": 0.230, "JAWA TENGAH": 0.543}.items():
        assert _mean(frame.filter(province=province), "urban_share", pl.col("persons")) == pytest.approx(published, abs=0.01)


def test_province_without_a_rural_line_is_all_urban(frame: pl.DataFrame) -> None:
    jakarta = frame.filter(pl.col("line_rural_idr").is_null())
    assert set(jakarta["province"]) == {"DKI JAKARTA"}
    assert (jakarta["urban_share"] == 1).all()


def test_kota_are_kota(frame: pl.DataFrame) -> None:
    assert (frame["kind"] == "kota").sum() == 98
    kinds = dict(frame.select("district", "kind").iter_rows())
    assert kinds["Kota Baru"] == kinds["Kotawaringin Timur"] == kinds["Kepulauan Seribu"] == "kabupaten"


def test_bali_and_supiori_as_published(frame: pl.DataFrame) -> None:
    supiori = frame.filter(district="Supiori").row(0, named=True)
    assert (supiori["p0_pct"], supiori["province"]) == (42.56, "PAPUA")
    bali = frame.filter(province="BALI")
    assert _mean(bali, "p0_pct", pl.col("persons")) == pytest.approx(3.72, abs=0.01)
    assert bali["line_urban_idr"][0] == 631_180


def test_every_column_has_unit_source_and_grade(frame: pl.DataFrame) -> None:
    columns = frame_columns()
    assert columns["column"].to_list() == frame.columns
    assert set(columns["grade"]) <= set("VDGA")
    assert columns.null_count().sum_horizontal().item() == 0
    assert set(frame["grade"]) <= set("VDGA") and frame["source"].null_count() == 0


def test_rebuilding_gives_the_committed_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    build_frame.main(first)
    build_frame.main(second)
    assert first.read_bytes() == second.read_bytes() == build_frame.FRAME.read_bytes()


def test_cells_add_up_to_their_districts(frame: pl.DataFrame) -> None:
    table = cells()
    sums = table.group_by("district_id").agg(pl.col("persons", "households", "villages").sum()).sort("district_id")
    assert (sums["persons"] == frame["persons"]).all()
    assert (sums["households"] == frame["households"]).all()
    assert ((sums["villages"] - frame["villages"]).abs() < 1e-9).all()
    assert table["villages"].min() >= 1
    assert table.null_count().sum_horizontal().item() == 0
    assert table.height == 2 * 514 - 6


def test_cell_id_does_not_depend_on_the_selection(frame: pl.DataFrame) -> None:
    whole, bali = cells(frame), cells(select_provinces(frame, ["bali"]))
    assert set(bali["province"]) == {"BALI"}
    assert bali.equals(whole.filter(province="BALI"))
    assert (whole["cell_id"] == 2 * whole["district_id"] + (whole["area"] == "urban").cast(pl.Int64)).all()


def test_unknown_province_names_the_nearest(frame: pl.DataFrame) -> None:
    with pytest.raises(PovsimError, match="'Jawa Timor'.*Did you mean 'JAWA TIMUR'"):
        select_provinces(frame, ["Jawa Timor"])


def test_unknown_frame_names_the_nearest() -> None:
    with pytest.raises(PovsimError, match="'indonesa'.*Did you mean 'indonesia'"):
        load_frame("indonesa")


def test_toy_frame_is_fictional_and_has_the_same_columns(frame: pl.DataFrame) -> None:
    toy = load_frame("toy")
    assert toy.columns == frame.columns
    assert toy["villages"].sum() == 40
    assert toy["source"].str.contains("fictional").all()
    assert cells(toy).height == 4
    assert not set(toy["district"]) & set(frame["district"])
