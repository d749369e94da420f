"""Every mistake that is put into a file of a survey is found, with its row; what is left is what was meant."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from unit.survey_files import GOOD, HEADER, found, written

from povsim.data.inspect import inspect
from povsim.data.mapping import mapping_from
from povsim.data.panel import PANEL_COLUMNS, read_panel
from povsim.data.problems import DataError
from povsim.errors import PovsimError


def test_a_clean_file_has_no_problem_and_is_read_as_meant(tmp_path: Path) -> None:
    panel = read_panel(written(tmp_path, GOOD))
    assert not len(panel.problems) and panel.dropped.is_empty()
    assert panel.frame.columns == list(PANEL_COLUMNS)
    assert panel.frame["spending_idr"].to_list() == [562_500.0, 625_000.0, 1_000_000.0]
    assert panel.frame["weight"].to_list() == [1.5, 2.5, 1.0]
    assert panel.frame["province"].unique().to_list() == ["JAWA BARAT"]
    assert panel.waves == ((1, date(2025, 3, 1), date(2025, 3, 1), 3),)
    assert panel.guess["delimiter"] == "semicolon" and panel.guess["decimal"] == ","


BROKEN = [
    ("4;A;Bogor;Maret 2025;1;2;dua juta", "unreadable_number"),
    ("4;A;Bogor;Maret 2025;1;2;1250000.5", "mixed_decimal"),
    ("4;A;Bogor;Maret 2025;1;2;-5", "negative_spending"),
    ("4;A;Bogor;Maret 2025;1;2;5.000", "absurd_spending"),
    ("4;A;Bogor;Maret 2025;1;2;990.000.000.000", "absurd_spending"),
    ("4;A;Bogor;Maret 2025;1;2;n/a", "missing_spending"),
    ("4;A;Bogor;Maret 2025;0;2;1.250.000", "bad_weight"),
    ("4;A;Bogor;Maret 2025;;2;1.250.000", "bad_weight"),
    ("4;A;Bogor;Maret 2025;1;2,5;1.250.000", "bad_size"),
    ("4;A;Bogor;Maret 2025;1;;1.250.000", "bad_size"),
    ("4;A;Bogorr;Maret 2025;1;2;1.250.000", "unknown_district"),
    ("4;A;Bogor;Mart 2025;1;2;1.250.000", "unreadable_date"),
    ("4;A;Bogor;;1;2;1.250.000", "bad_date"),
    ("4;A;Bogor;Maret 2001;1;2;1.250.000", "before_first_line"),
    (";A;Bogor;Maret 2025;1;2;1.250.000", "missing_id"),
    ("4;A;Bogor;Maret 2025;1;2", "truncated_row"),
    ("4;A;Bogor;Maret 2025;1;2;1.250.000;7", "too_many_fields"),
    (GOOD[0], "duplicate"),
]


@pytest.mark.parametrize(("line", "rule"), BROKEN, ids=[f"{rule} {i}" for i, (_, rule) in enumerate(BROKEN)])
def test_each_broken_row_is_found_with_its_line_and_dropped_only_when_asked(tmp_path: Path, line: str, rule: str) -> None:
    path = written(tmp_path, [*GOOD[:1], line, *GOOD[1:]])
    assert (rule, 3) in found(path)
    with pytest.raises(DataError, match="1 row cannot be used"):
        read_panel(path)
    panel = read_panel(path, drop_bad_rows=True)
    assert panel.dropped["file_line"].to_list() == [3] and rule in panel.dropped["reasons"][0]
    assert sorted(panel.frame["household"].to_list()) == ["1", "2", "3"]


def test_rows_that_contradict_each_other_are_both_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, [*GOOD, "1;A;Bogor;Maret 2025;1,5;4;2.500.000"])
    assert found(path) == [("duplicate", 2), ("duplicate", 5)]
    assert read_panel(path, drop_bad_rows=True).frame["household"].to_list() == ["2", "3"]


def test_a_household_that_changes_village_and_one_that_is_lost(tmp_path: Path) -> None:
    later = ["1;A;Bogor;Maret 2026;1,5;4;2.250.000", "2;B;Bogor;Maret 2026;2,5;2;1.250.000"]
    path = written(tmp_path, [*GOOD, *later])
    assert found(path) == [("missing_wave", 4), ("changes_village", 6)]
    assert read_panel(path, drop_bad_rows=True).frame.height == 4


def test_a_repeated_survey_of_other_households_misses_no_wave(tmp_path: Path) -> None:
    later = [line.replace("2025", "2026").replace(line[0], "9" + line[0], 1) for line in GOOD]
    assert found(written(tmp_path, [*GOOD, *later])) == []


def test_household_numbers_that_begin_anew_in_every_village(tmp_path: Path) -> None:
    lines = [f"{i};{village};Bogor;Maret 2025;1,5;4;2.250.000" for village in "ABCD" for i in range(1, 13)]
    panel = read_panel(written(tmp_path, lines))
    assert panel.frame["household"].n_unique() == 48 and "village and number" in panel.guess["household"]


def test_field_work_of_two_months_is_one_wave_and_a_monthly_panel_is_not(tmp_path: Path) -> None:
    two_months = [*GOOD[:2], GOOD[2].replace("Maret", "April")]
    assert len(read_panel(written(tmp_path, two_months)).waves) == 1
    monthly = [*GOOD, *(line.replace("Maret", "April") for line in GOOD)]
    assert len(read_panel(written(tmp_path, monthly)).waves) == 2


def test_mixed_forms_of_dates_are_remarked_on_and_read(tmp_path: Path) -> None:
    path = written(tmp_path, [*GOOD[:2], GOOD[2].replace("Maret 2025", "15/3/2025")])
    assert found(path) == [("mixed_dates", 4)]
    assert read_panel(path).frame["month"].unique().to_list() == [date(2025, 3, 1)]


def test_a_renamed_column_names_the_nearest_one(tmp_path: Path) -> None:
    mapping = mapping_from({"kind": "panel", "columns": {"household": "id_rt", "spending": "pengeluaran_rt", "date": "bulan"}})
    path = written(tmp_path, GOOD)
    with pytest.raises(DataError, match=r"nearest column is 'belanja_rt': has it been renamed\?"):
        read_panel(path, mapping)
    unknown = written(tmp_path, GOOD, header=HEADER.replace("belanja_rt", "kolom7"))
    with pytest.raises(DataError, match=r"no column for 'spending'"):
        read_panel(unknown)


def test_a_wrong_unit_is_remarked_on(tmp_path: Path) -> None:
    a_year = [line.replace("000.000", "000.000").replace(".000", ".000.0").replace(".0;", ";") for line in GOOD]
    a_year = [
        "1;A;Bogor;Maret 2025;1,5;4;27.000.000",
        "2;A;Bogor;Maret 2025;2,5;2;25.000.000",
        "3;B;Bogor;Maret 2025;1;3;36.000.000",
    ]
    path = written(tmp_path, a_year)
    assert found(path) == [("implausible_unit", None)]
    columns = {
        "household": "id_rt",
        "spending": {"column": "belanja_rt", "per": "household", "period": "year"},
        "size": "jumlah_art",
    }
    mapping = mapping_from({"kind": "panel", "columns": {**columns, "date": "bulan"}})
    assert read_panel(path, mapping).frame["spending_idr"].to_list() == pytest.approx([562_500.0, 25e6 / 24, 1e6])


def test_codes_missing_values_factors_and_months_of_waves(tmp_path: Path) -> None:
    header = "no;gel;ribu;status;anggota"
    path = written(tmp_path, ["1;1;800;U;9", "2;1;999;R;1", "1;2;700;U;0"], header=header)
    mapping = mapping_from(
        {
            "kind": "panel",
            "columns": {
                "household": "no",
                "wave": "gel",
                "spending": {"column": "ribu", "per": "head", "factor": 1000, "missing": [999]},
                "urban": {"column": "status", "codes": {"U": "urban", "R": "rural"}},
                "member": {"column": "anggota", "missing": [9]},
            },
            "waves": {1: "2024-03", 2: "Maret 2025"},
        }
    )
    panel = read_panel(path, mapping, drop_bad_rows=True)
    assert panel.frame.select("household", "wave", "spending_idr", "urban", "member").rows() == [
        ("1", 1, 800_000.0, True, None),
        ("1", 2, 700_000.0, True, False),
    ]
    assert panel.frame["month"].to_list() == [date(2024, 3, 1), date(2025, 3, 1)]
    assert panel.frame["line_idr"].to_list() == pytest.approx([601_871.0, 629_561.0])  # BPS, urban, March 2024 and 2025


def test_rupiah_without_a_month_are_remarked_on(tmp_path: Path) -> None:
    path = written(tmp_path, ["1;4;2.250.000", "2;2;1.250.000"], header="id_rt;jumlah_art;belanja_rt")
    assert found(path) == [("no_month", None)]


def test_villages_of_one_name_in_two_districts_are_two_and_spelling_is_one(tmp_path: Path) -> None:
    lines = ["1;Sukamaju;Bogor;Maret 2025;1,5;4;2.250.000", "2;SUKAMAJU;Garut;Maret 2025;2,5;2;1.250.000"]
    lines += ["3;Mekar  Sari;Bogor;Maret 2025;1;3;3.000.000", "4;mekar sari;Bogor;Maret 2025;1;3;3.000.000"]
    panel = read_panel(written(tmp_path, lines))
    assert sorted(panel.frame["village"].to_list()) == ["Bogor / Sukamaju", "Garut / Sukamaju", "Mekar  Sari", "Mekar  Sari"]
    assert "several districts" in panel.guess["village"]


def test_rates_of_persons_need_sizes(tmp_path: Path) -> None:
    panel = read_panel(
        written(tmp_path, ["1;Maret 2025;800.000", "2;Maret 2025;700.000"], header="id_rt;bulan;pengeluaran_per_kapita")
    )
    assert panel.design().weight.tolist() == [1.0, 1.0]
    with pytest.raises(PovsimError, match="2 of 2 rows have no household size"):
        panel.design(persons=True)
    sized = read_panel(written(tmp_path, GOOD))
    assert sized.design(persons=True).weight.tolist() == [6.0, 5.0, 3.0]


def test_one_row_of_a_village_in_another_district_is_remarked_on(tmp_path: Path) -> None:
    lines = [f"{i};A;{'Garut' if i == 7 else 'Bogor'};Maret 2025;1,5;4;2.250.000" for i in range(1, 10)]
    assert found(written(tmp_path, lines)) == [("village_in_other_district", 8)]


def test_a_row_without_a_village_is_listed_where_the_file_has_villages(tmp_path: Path) -> None:
    assert found(written(tmp_path, [*GOOD, "9;;Bogor;Maret 2025;1,5;4;2.250.000"])) == [("missing_id", 5)]
    without = ["1;Maret 2025;800.000", "2;Maret 2025;700.000"]
    assert found(written(tmp_path, without, header="id_rt;bulan;pengeluaran_per_kapita")) == []


def test_cells_are_shown_as_the_file_has_them(tmp_path: Path) -> None:
    path = written(tmp_path, [*GOOD, "4;A;Bogor;Maret 2025;1;2;99.999.999.999"])
    assert [p.value for p in inspect(path).problems.listed()] == ["99.999.999.999"]
    lines = ['1,A,Maret 2025,"1,250,000"', '2,A,Maret 2025,"1,350,000"', "3,A,Maret 2025,750.000"]
    path = written(tmp_path, lines, "comma.csv", "id_rt,desa,bulan,pengeluaran_per_kapita")
    (problem,) = inspect(path).problems.listed()
    assert problem.value == "750.000" and "sign is one of thousands" in problem.reason
