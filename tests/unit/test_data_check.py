"""Every mistake that is put into a file is found, with its row; what is left is what was meant."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from povsim.cli import main
from povsim.data.aggregate import AGGREGATE_COLUMNS, own_lines, read_aggregate
from povsim.data.cooperatives import COOPERATIVE_COLUMNS, read_cooperatives
from povsim.data.inspect import inspect
from povsim.data.mapping import guess_mapping, load_mapping, mapping_from, packaged_mappings
from povsim.data.panel import PANEL_COLUMNS, read_panel
from povsim.data.problems import DataError
from povsim.data.roles import KINDS, ROLES
from povsim.data.rules import OF_CELLS, RULES
from povsim.errors import PovsimError

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("dirty_files", ROOT / "experiments" / "dirty_files.py")
assert _spec is not None and _spec.loader is not None
dirty_files = importlib.util.module_from_spec(_spec)
sys.modules["dirty_files"] = dirty_files
_spec.loader.exec_module(dirty_files)

HEADER = "id_rt;desa;kabupaten;bulan;bobot;jumlah_art;belanja_rt"
GOOD = ["1;A;Bogor;Maret 2025;1,5;4;2.250.000", "2;A;Bogor;Maret 2025;2,5;2;1.250.000", "3;B;Bogor;Maret 2025;1;3;3.000.000"]


def written(tmp_path: Path, lines: list[str], name: str = "panel.csv", header: str = HEADER) -> Path:
    path = tmp_path / name
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def found(path: Path, **options) -> list[tuple[str, int | None]]:
    return [(p.rule, p.line) for p in inspect(path, **options).problems.listed()]


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


def clean_pilot(villages: int = 12, households: int = 10, waves: int = 3) -> pl.DataFrame:
    rows = []
    for wave in range(1, waves + 1):
        for village in range(villages):
            for at in range(households):
                who = village * households + at
                rows.append(
                    {
                        "household": f"H{who:04d}",
                        "village": f"Desa {village + 1}",
                        "district": "Bogor" if village % 2 else "Teluk Rekaan",
                        "wave": wave,
                        "month": date(2024 + (6 * wave) // 12, (6 * wave) % 12 + 1, 1),
                        "weight": 10.0 + village / 8,
                        "size": 1 + who % 6,
                        "spending_idr": 700_000.0 + 10_000.0 * (who % 50) + 1_000.0 * wave,
                        "urban": village % 3 == 0,
                        "member": who % 4 == 0,
                        "treated": village < villages // 2,
                    }
                )
    return pl.DataFrame(rows)


FOUND_AS = {
    "copy": "duplicate",
    "contradiction": "duplicate",
    "absurd": "absurd_spending",
    "negative": "negative_spending",
    "no_answer": "missing_spending",
    "zero_weight": "bad_weight",
    "truncated": "truncated_row",
    "misspelt_district": "unknown_district",
    "moved": "changes_village",
    "missing_wave": "missing_wave",
}


@pytest.mark.parametrize("with_mapping", [True, False])
def test_a_dirty_pilot_is_read_as_the_clean_one_less_what_was_spoilt(tmp_path: Path, with_mapping: bool) -> None:
    clean = clean_pilot()
    made = dirty_files.dirty(clean, tmp_path, mistakes=dict.fromkeys(dirty_files.MISTAKES, 0.03))
    assert {mistake for _, mistake, _ in made.made} == set(FOUND_AS)
    look = inspect(made.paths, made.mapping if with_mapping else None)
    rules = set(look.problems.counts)
    assert set(FOUND_AS.values()) <= rules <= {*FOUND_AS.values(), "encoding_changes", "village_in_other_district"}
    panel = read_panel(made.paths, made.mapping if with_mapping else None, drop_bad_rows=True)
    both = panel.frame.join(clean, on=["household", "wave"], suffix="_meant")
    assert both.height == panel.frame.height
    for column in ("village", "district", "month", "size", "urban", "member", "treated"):
        assert both[column].to_list() == both[f"{column}_meant"].to_list(), column
    assert both["weight"].to_list() == pytest.approx(both["weight_meant"].to_list(), abs=1e-4)
    assert both["spending_idr"].to_list() == pytest.approx(both["spending_idr_meant"].to_list(), abs=0.51)
    # every household and wave that is not there was spoilt, and every row that was spoilt beyond use is not there
    kept = set(panel.frame.select("household", "wave").iter_rows())
    lost = {row for row in clean.select("household", "wave").iter_rows()} - kept
    spoilt = {(who, int(name[10])) for name, mistake, who in made.made if mistake != "copy"}
    assert lost == spoilt
    counted = Counter(mistake for _, mistake, _ in made.made)
    unusable = sum(
        count * (2 if mistake == "contradiction" else mistake != "missing_wave") for mistake, count in counted.items()
    )
    assert panel.dropped.height == unusable


def test_dirty_files_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    clean = clean_pilot(4, 5)
    first = dirty_files.dirty(clean, tmp_path / "a")
    again = dirty_files.dirty(clean.sample(fraction=1.0, shuffle=True, seed=3), tmp_path / "b")
    assert [p.read_bytes() for p in first.paths] == [p.read_bytes() for p in again.paths]
    assert first.made == again.made


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.sampled_from(sorted(KINDS)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_looked_at_without_an_error(tmp_path: Path, data: bytes, kind: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    look = inspect(path, kind=kind)
    assert look.problems.fatal() or look.frame.height


CELLS = st.sampled_from(
    [
        "",
        "1",
        "-1",
        "0",
        "A",
        "Bogor",
        "Maret 2025",
        "3/2025",
        "31/31/25",
        "1.250.000",
        "1,5",
        "1e300",
        "nan",
        "ya",
        '"',
        "\x00",
        "é",
    ]
)


@given(
    st.lists(st.sampled_from([r.name for r in ROLES["panel"]] + ["id_rt", "belanja", "x", ""]), min_size=2, max_size=7),
    st.data(),
    st.sampled_from(sorted(KINDS)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_is_read_or_refused_with_a_reason(tmp_path: Path, header: list[str], data: st.DataObject, kind: str) -> None:
    rows = data.draw(st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=6))
    path = tmp_path / "any.csv"
    path.write_text("\n".join(";".join(row) for row in [header, *rows]), encoding="utf-8")
    reader = {"panel": read_panel, "cooperatives": read_cooperatives, "aggregate": read_aggregate}[kind]
    try:
        read = reader(path, drop_bad_rows=True)
    except PovsimError:
        return
    assert read.frame.height and not any(problem.severity == "file" for problem in read.problems.found)


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


def test_packaged_mappings_are_whole() -> None:
    assert packaged_mappings() == ("aggregate", "simkopdes", "susenas")
    for name in packaged_mappings():
        mapping = load_mapping(name)
        assert {role.name for role in ROLES[mapping.kind] if role.needed} <= set(mapping.columns)


def test_susenas_is_read_by_its_own_names(tmp_path: Path) -> None:
    header = "R101,R102,URUT,PSU,STRATA,R105,R301,FWT,FOOD,KAPITA"
    lines = ["32,01,1,11,1,1,4,150.25,1500000,800000.5", "97,08,2,12,1,2,5,90.5,900000,400000"]
    path = written(tmp_path, lines, header=header)
    mapping = tmp_path / "of_the_year.yaml"
    content = yaml.safe_load((ROOT / "configs/mapping/susenas.yaml").read_text())
    mapping.write_text(
        yaml.safe_dump({**content, "columns": {**content["columns"], "spending": {"column": "KAPITA", "per": "head"}}})
    )
    for chosen in ("susenas", mapping):
        panel = read_panel(path, chosen)
        assert panel.frame["province"].to_list() == ["JAWA BARAT", "PAPUA PEGUNUNGAN"]
        assert panel.frame["household"].to_list() == ["32-01-1", "97-08-2"]
        assert panel.frame["urban"].to_list() == [True, False]
        assert panel.frame["food_idr"].to_list() == [375_000.0, 180_000.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "keys and values are needed"),
        ({"kind": "panel"}, "lacks 'columns'"),
        ({"kind": "pannel", "columns": {}}, "Did you mean 'panel'"),
        ({"kind": "panel", "columns": {"spendign": "x"}}, "Did you mean 'spending'"),
        ({"kind": "panel", "columns": {"spending": {"column": "x", "per": "family"}}}, "Accepted: head, household"),
        ({"kind": "panel", "columns": {"spending": {"per": "head"}}}, "either 'column'"),
        ({"kind": "panel", "columns": {"spending": []}}, "names of columns are needed"),
        ({"kind": "panel", "columns": {"spending": "x"}, "file": {"decimal": ";"}}, "Accepted: ,, ."),
        ({"kind": "panel", "columns": {"spending": "x"}, "waves": {1: "someday"}}, "is no month"),
    ],
)
def test_mistakes_in_a_mapping_say_what_is_accepted(content: object, message: str) -> None:
    with pytest.raises(PovsimError, match=message):
        mapping_from(content)


def test_names_are_guessed_in_both_languages() -> None:
    for names in (
        ["Household ID", "Village", "District", "Month", "Weight", "HH size", "Consumption"],
        ["ID Rumah Tangga", "Nama Desa", "Kab/Kota", "Bulan", "Penimbang", "Jumlah ART", "Pengeluaran RT"],
    ):
        guessed = guess_mapping("panel", names)
        assert [
            guessed.columns[r].names[0] for r in ("household", "village", "district", "date", "weight", "size", "spending")
        ] == names


def test_no_name_stands_for_two_columns() -> None:
    for kind, roles in ROLES.items():
        counted = Counter(name for role in roles for name in set(role.called))
        assert not [name for name, count in counted.items() if count > 1], kind


def test_the_command_lists_problems_and_exits_with_two(tmp_path: Path, capsys) -> None:
    path = written(tmp_path, [*GOOD, *(f"{i};A;Bogor;Maret 2025;1;2;-{i}" for i in range(4, 14))])
    assert main(["data", "check", str(path), "--limit", "3"]) == 2
    out = capsys.readouterr().out
    assert "row 5, column 'belanja_rt', '-4': an amount below 0" in out and "... and 7 more problems" in out
    assert "10 problems; 10 of 13 rows cannot be used" in out and "rupiah per household and month" in out
    assert main(["data", "check", str(path), "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == 1 and answer["problems_total"] == 10 and answer["rows_unusable"] == 10
    assert answer["problems"][0] == {
        "rule": "negative_spending",
        "severity": "row",
        "line": 5,
        "column": "belanja_rt",
        "value": "-4",
        "reason": "an amount below 0",
        "file": None,
    }
    assert main(["data", "check", str(written(tmp_path, GOOD, "good.csv"))]) == 0
    assert "3 rows, no problem found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "povsim data: nothing is given"),
        (["chek", "x"], "Did you mean 'check'"),
        (["check"], "needs a file"),
        (["check", "nowhere.csv"], "There is no file"),
        (["check", "pyproject.toml", "--mapping", "nothing"], "There is no mapping"),
        (["check", "pyproject.toml", "--kind", "households"], "no kind of file"),
        (["check", "pyproject.toml", "--kind", "panel", "--mapping", "simkopdes"], "mapping is one of cooperatives"),
        (["check", "pyproject.toml", "--limit", "few"], "--limit"),
        (["rules", "x"], "takes no file"),
    ],
)
def test_mistakes_on_the_command_line(arguments: list[str], message: str, capsys, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["data", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def test_every_rule_is_listed_and_the_lists_have_no_double(capsys) -> None:
    assert main(["data", "rules"]) == 0
    out = capsys.readouterr().out
    names = [rule.name for rule in RULES] + [name for name, _, _ in OF_CELLS]
    assert len(set(names)) == len(names) and all(name in out for name in names)
    assert main(["data", "mappings"]) == 0
    source = "".join(path.read_text() for path in (ROOT / "src/povsim/data").glob("*.py"))
    noted = set(re.findall(r'(?:problems\.add|_note_cells)\(\s*(?:problems,\s*)?"(\w+)"', source))
    assert noted <= set(names), noted - set(names)


PAGE = (ROOT / "docs" / "how-to" / "check-your-data.md").read_text(encoding="utf-8")


def test_the_page_shows_what_the_command_prints(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["data", "example"]) == 0 and main(["data", "example"]) == 0
    capsys.readouterr()
    assert main(["data", "check", "pilot_with_mistakes.csv"]) == 2
    out = capsys.readouterr().out
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert [line for line in shown.splitlines() if line != "..." and line not in out] == []
    Path("pilot_with_mistakes.csv").write_text("mine")
    assert main(["data", "example"]) == 2 and "not written over" in capsys.readouterr().err


def test_the_mapping_of_the_page_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    mapping = mapping_from(yaml.safe_load(block))
    header = "kode_desa;no_rt;kabupaten;tgl_wawancara;bobot;jml_art;belanja;nilai_aset;daerah;koperasi"
    path = written(tmp_path, ["D1;7;Bogor;15 Maret 2025;12,5;4;2.250;999;1;1"], header=header)
    panel = read_panel(path, mapping)
    assert panel.frame.select("household", "spending_idr", "assets", "urban", "member").rows() == [
        ("D1-7", 562_500.0, None, True, True)
    ]
    listed = re.findall(r"povsim knows for households: (.*?)\. Household and", PAGE.replace("\n", " "))[0]
    assert set(listed.split(", ")) == {role.name for role in ROLES["panel"]}


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


MIXED = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**7)
    | st.floats(allow_nan=False)
    | st.dates()
    | CELLS.filter(lambda c: "\x00" not in c)
)


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sheet_is_read_or_refused_with_a_reason(tmp_path: Path, data: st.DataObject) -> None:
    from openpyxl import Workbook

    names = st.sampled_from([role.name for role in ROLES["panel"]])
    header = ["household", "spending", *data.draw(st.lists(names, max_size=5))]
    book = Workbook()
    book.active.append(header)
    for row in data.draw(st.lists(st.lists(MIXED, min_size=1, max_size=8), max_size=5)):
        book.active.append(row)
    path = tmp_path / "any.xlsx"
    book.save(path)
    try:
        read = read_panel(path, drop_bad_rows=True)
    except PovsimError:
        return
    assert read.frame.height and read.frame["spending"].is_between(0.0999, 50.001).all()


def test_a_sheet_of_mixed_cells_is_read_as_meant(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Catatan"  # an empty sheet comes first
    sheet = book.create_sheet("Data")
    for row in [
        ["ID RT", "Bulan", "Jumlah ART", "Belanja RT", "Bobot"],
        [1, date(2025, 3, 15), 4, 2_250_000, 1.5],
        [2.0, "Maret 2025", "2", "1.250.000", "2,5"],
        ["R3", "3/2025", 3.0, "Rp 3.000.000,-", 1],
    ]:
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    panel = read_panel(tmp_path / "t.xlsx")
    read = panel.frame.sort("household").select("household", "month", "size", "spending_idr", "weight").rows()
    march = date(2025, 3, 1)
    assert read == [("1", march, 4.0, 562_500.0, 1.5), ("2", march, 2.0, 625_000.0, 2.5), ("R3", march, 3.0, 1e6, 1.0)]
    assert panel.guess["sheet"] == "Data" and set(panel.problems.counts) == {"mixed_dates"}


def test_one_row_of_a_village_in_another_district_is_remarked_on(tmp_path: Path) -> None:
    lines = [f"{i};A;{'Garut' if i == 7 else 'Bogor'};Maret 2025;1,5;4;2.250.000" for i in range(1, 10)]
    assert found(written(tmp_path, lines)) == [("village_in_other_district", 8)]


def test_reports_and_series_without_figures_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ["A;Maret 2025"], header="desa;bulan")
    for kind in ("cooperatives", "aggregate"):
        assert ("no_figures", None) in found(path, kind=kind)


def test_a_row_without_a_village_is_listed_where_the_file_has_villages(tmp_path: Path) -> None:
    assert found(written(tmp_path, [*GOOD, "9;;Bogor;Maret 2025;1,5;4;2.250.000"])) == [("missing_id", 5)]
    without = ["1;Maret 2025;800.000", "2;Maret 2025;700.000"]
    assert found(written(tmp_path, without, header="id_rt;bulan;pengeluaran_per_kapita")) == []


def test_help_says_in_which_language_the_output_is(capsys) -> None:
    assert main(["data", "--help"]) == 0
    out = capsys.readouterr().out
    assert "The output is in English" in out and "in both languages" in out


def test_cells_are_shown_as_the_file_has_them(tmp_path: Path) -> None:
    path = written(tmp_path, [*GOOD, "4;A;Bogor;Maret 2025;1;2;99.999.999.999"])
    assert [p.value for p in inspect(path).problems.listed()] == ["99.999.999.999"]
    lines = ['1,A,Maret 2025,"1,250,000"', '2,A,Maret 2025,"1,350,000"', "3,A,Maret 2025,750.000"]
    path = written(tmp_path, lines, "comma.csv", "id_rt,desa,bulan,pengeluaran_per_kapita")
    (problem,) = inspect(path).problems.listed()
    assert problem.value == "750.000" and "sign is one of thousands" in problem.reason
