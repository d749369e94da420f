"""Reports of cooperatives and published series."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from unit.survey_files import GOOD, found, written

from povsim.data.aggregate import AGGREGATE_COLUMNS, own_lines, read_aggregate
from povsim.data.cooperatives import COOPERATIVE_COLUMNS, read_cooperatives
from povsim.data.panel import read_panel
from povsim.data.problems import DataError


def test_reports_that_did_not_come_are_expected_all_the_same(tmp_path: Path) -> None:
    header = "nik,desa,kabupaten_kota,provinsi,bulan,status,jumlah_anggota,nilai_transaksi"
    lines = [
        "1,A,Bogor,Jawa Barat,Januari 2026,Aktif,120,15000000",
        "1,A,Bogor,Jawa Barat,Maret 2026,Aktif,125,0",
        "2,B,Bogor,Jawa Barat,Februari 2026,Tidak aktif,0,0",
    ]
    read = read_cooperatives(written(tmp_path, lines, header=header), "simkopdes", villages=["A", "B", "C"])
    assert read.frame.columns == list(COOPERATIVE_COLUMNS)
    assert read.frame["reported"].to_list() == [True, True, False]
    assert read.frame["status"].to_list() == ["trading", "trading", "dormant"]
    grid = read.expected.select("village", "month", "reported", "months_silent").rows()
    months = [date(2026, m, 1) for m in (1, 2, 3)]
    assert grid == [
        *zip("AAA", months, [True, False, True], [0, 1, 0], strict=True),
        *zip("BBBCCC", months * 2, [False] * 6, [None] * 6, strict=True),
    ]
    assert read.expected["volume_idr"].to_list() == [15e6, *[None] * 8]


def test_a_snapshot_counts_months_since_the_last_report(tmp_path: Path) -> None:
    lines = ["A,Aktif,10,2026-06-20", "B,Aktif,12,2026-02-01", "C,Tidak aktif,0,"]
    read = read_cooperatives(written(tmp_path, lines, header="desa,status,anggota,laporan_terakhir"))
    assert read.expected.select("village", "reported", "months_silent").rows() == [
        ("A", True, 0),
        ("B", True, 4),
        ("C", False, None),
    ]


def test_series_of_provinces(tmp_path: Path) -> None:
    path = written(
        tmp_path, ["Aceh;2024;14,23", "DIY;2024;10,83", "Indonesia;2024;9,03", "Aceh;2025;112"], header="provinsi;tahun;p0"
    )
    with pytest.raises(DataError, match="between 0 and 100"):
        read_aggregate(path)
    read = read_aggregate(path, drop_bad_rows=True)
    assert read.frame.columns == list(AGGREGATE_COLUMNS)
    assert read.frame.select("province", "area", "poverty_rate_pct").rows() == [
        ("ACEH", "total", 14.23),
        ("DI YOGYAKARTA", "total", 10.83),
        ("INDONESIA", "total", 9.03),
    ]
    shares = written(tmp_path, ["Aceh;2024;0,14", "Bali;2024;0,05"], header="provinsi;tahun;p0")
    assert found(shares, kind="aggregate") == [("share_out_of_range", None)]


def test_lines_of_a_series_are_used_where_they_are_given(tmp_path: Path) -> None:
    series = written(
        tmp_path, ["Jawa Barat;2025-03;500.000", "Bali;2025-03;600.000"], "lines.csv", "provinsi;bulan;garis_kemiskinan"
    )
    panel = read_panel(written(tmp_path, GOOD), own_lines=own_lines(read_aggregate(series)))
    assert panel.frame["line_idr"].unique().to_list() == [500_000.0]
    assert panel.frame["spending"].to_list() == [1.125, 1.25, 2.0]
    elsewhere = own_lines(
        read_aggregate(written(tmp_path, ["Bali;2025-03;600.000"], "bali.csv", "provinsi;bulan;garis_kemiskinan"))
    )
    with pytest.raises(DataError, match="no poverty line is known"):
        read_panel(written(tmp_path, GOOD), own_lines=elsewhere)


def test_reports_and_series_without_figures_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ["A;Maret 2025"], header="desa;bulan")
    for kind in ("cooperatives", "aggregate"):
        assert ("no_figures", None) in found(path, kind=kind)
