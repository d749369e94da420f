"""Bytes become lines and tables, whatever program wrote them."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povsim.data.delimited import DELIMITERS, guess_delimiter
from povsim.data.files import FORMATS, Table, read_bytes, read_table
from povsim.data.problems import DataError
from povsim.data.text import Decoded, lines_of
from povsim.errors import PovsimError

CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
LATIN = st.text(st.characters(codec="cp1252", exclude_categories=("Cc",)), min_size=1, max_size=12)


def rules(table: Table) -> list[str]:
    return [p.rule for p in table.problems.listed()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_the_same_in_every_encoding(encoding: str, end: str) -> None:
    text = ["ID RT;Désa", "1;Sûtra", "2;Ñuñez 日本", "3;plain"]
    assert list(lines_of(end.join([*text, ""]).encode(encoding), Decoded())) == text


@given(st.lists(LATIN, min_size=1, max_size=5), st.lists(LATIN, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_file_may_change_from_utf8_to_windows(first: list[str], second: list[str]) -> None:
    second = [f"{line}\xe9a" for line in second]  # no UTF-8: a lone 0xE9 before a letter
    data = "\n".join([*first, ""]).encode() + "\n".join([*second, ""]).encode("cp1252")
    decoded = Decoded()
    assert list(lines_of(data, decoded)) == [line.lstrip("\ufeff") for line in first] + second
    assert "windows-1252" in decoded.first_line


@given(st.lists(st.text("abcé;1", min_size=1, max_size=9), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_utf16_may_stand_between_two_parts_of_eight_bits(middle: list[str]) -> None:
    data = b"id;x\n1;2\n" + "\n".join([*middle, ""]).encode("utf-16") + b"plain;last\n"
    assert list(lines_of(data, Decoded())) == ["id;x", "1;2", *middle, "plain;last"]


@given(
    st.sampled_from(sorted(DELIMITERS)),
    st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=8)),
)
@settings(max_examples=60, deadline=None)
def test_what_the_csv_writer_writes_is_read_back(sign: str, rows: list[list[str]]) -> None:
    rows = [[cell.lstrip("\ufeff") for cell in row] for row in rows if any(row)]
    header = [f"column {at}" for at in range(1, len(rows[0]) + 1)] if rows else ["a", "b"]
    out = io.StringIO()
    csv.writer(out, delimiter=sign, lineterminator="\n").writerows([header, *rows])
    table = read_bytes(out.getvalue().encode(), ".csv", delimiter=sign)
    if rows:
        assert [list(row) for row in table.frame.select(header).iter_rows()] == rows


@pytest.mark.parametrize("sign", sorted(DELIMITERS))
def test_the_delimiter_is_found_beside_decimal_commas(sign: str) -> None:
    decimal = "." if sign == "," else ","
    lines = [sign.join(("id", "bobot", "belanja")), *(sign.join((str(i), f"1{decimal}5", f"20{decimal}25")) for i in range(9))]
    assert guess_delimiter(lines) == sign


def test_a_row_knows_its_line_after_blank_lines_and_line_breaks_in_quotes() -> None:
    table = read_bytes(b'id,note\n1,"two\nlines"\n\n2,x\n', ".csv")
    assert table.frame["file_line"].to_list() == [2, 5]


def test_truncated_and_overlong_rows_are_named() -> None:
    table = read_bytes(b"id,x,y\n1,2,3\n2,3\n3,4,5,6\n4,5,6,\n", ".csv")
    assert [(p.rule, p.line) for p in table.problems.listed()] == [("truncated_row", 3), ("too_many_fields", 4)]
    assert table.frame.height == 4


def test_an_open_quote_does_not_swallow_the_file_in_silence() -> None:
    table = read_bytes(b'id,x\n1,"open\n' + b"2,3\n" * 200, ".csv")
    assert "open_quote" in rules(table)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_an_empty_file_is_called_empty_or_damaged(data: bytes, suffix: str) -> None:
    table = read_bytes(data, suffix)
    assert rules(table) in (["empty_file"], ["noise"]) and table.frame.is_empty()


def test_noise_is_called_noise() -> None:
    data = bytes((i * 7919 + i * i * 31) % 256 for i in range(4000))
    assert rules(read_bytes(data, ".csv")) == ["noise"]


def test_one_column_names_the_delimiter_that_would_split_it() -> None:
    (problem,) = read_bytes(b"id;belanja\n1;2\n2;3\n", ".csv", delimiter=",").problems.listed()
    assert problem.rule == "one_column" and "semicolon" in problem.reason


def test_a_path_without_a_file_names_what_is_there(tmp_path) -> None:
    (tmp_path / "panel.csv").write_text("a,b\n1,2\n")
    with pytest.raises(PovsimError, match=r"panel\.csv"):
        read_table(tmp_path / "pannel.csv")
    with pytest.raises(PovsimError, match="is a folder"):
        read_table(tmp_path)


@given(st.binary(max_size=400), st.sampled_from(sorted(FORMATS)))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_a_table_or_problems(data: bytes, suffix: str) -> None:
    table = read_bytes(data, suffix)
    assert isinstance(table.frame, pl.DataFrame)
    assert table.problems.fatal() or table.frame.height


MAGIC = (b"PK\x03\x04", b"PAR1", b"$FL2", b"<stata_dta>", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


@given(st.sampled_from(MAGIC), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_a_familiar_beginning_does_not_help_noise(magic: bytes, rest: bytes) -> None:
    table = read_bytes(magic + rest, ".csv")
    assert isinstance(table.frame, pl.DataFrame)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_of_any_format_gives_a_table_or_a_reason(binary_files: dict[str, bytes], data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(sorted(binary_files)))
    whole = bytearray(binary_files[suffix])
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    table = read_bytes(bytes(whole[:cut]), suffix)
    assert isinstance(table.frame, pl.DataFrame)


@pytest.fixture(scope="module")
def binary_files(tmp_path_factory) -> dict[str, bytes]:
    """The same four rows as XLSX, Parquet, .dta and .sav."""
    import pyreadstat
    from openpyxl import Workbook

    folder = tmp_path_factory.mktemp("formats")
    frame = pl.DataFrame({"id_rt": ["a", "b", "c", "d"], "belanja": [1.5e6, 2e6, None, 3e6], "daerah": [1, 2, 1, 2]})
    frame.write_parquet(folder / "t.parquet")
    pandas = frame.to_pandas()
    labels = {"daerah": {1: "perkotaan", 2: "perdesaan"}}
    pyreadstat.write_dta(pandas, str(folder / "t.dta"), variable_value_labels=labels)
    pyreadstat.write_sav(pandas, str(folder / "t.sav"), variable_value_labels=labels)
    book = Workbook()
    book.active.append(frame.columns)
    for row in frame.iter_rows():
        book.active.append(row)
    book.save(folder / "t.xlsx")
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".dta", ".sav"])
@pytest.mark.parametrize("called", ["", ".csv"])
def test_every_format_is_told_by_its_bytes(binary_files, suffix: str, called: str, tmp_path) -> None:
    path = tmp_path / f"t{called or suffix}"
    path.write_bytes(binary_files[suffix])
    if suffix == ".dta" and called:  # the format of Stata 13 and before has no name in its bytes
        return
    table = read_table(path)
    assert table.frame["id_rt"].to_list() == ["a", "b", "c", "d"]
    belanja = table.numbers["belanja"] if suffix == ".xlsx" else table.frame["belanja"]
    assert belanja.to_list() == [1.5e6, 2e6, None, 3e6]
    if suffix in (".dta", ".sav"):
        assert table.labels["daerah"] == {"1": "perkotaan", "2": "perdesaan"}


def test_a_file_that_holds_no_table_is_refused(tmp_path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(DataError, match="empty"):
        read_table(tmp_path / "empty.csv")


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\xd0\xcf\x11\xe0rest", "save it as .xlsx"), (b"%PDF-1.7 rest", "a PDF"), (b"\x89PNG\r\n\x1a\nrest", "a picture")],
)
def test_what_is_no_table_is_called_by_its_name(data: bytes, said: str) -> None:
    (problem,) = read_bytes(data, ".csv").problems.listed()
    assert problem.rule == "noise" and said in problem.reason


def test_a_file_that_announces_more_rows_than_it_holds_asks_for_no_memory(binary_files: dict[str, bytes]) -> None:
    data = bytearray(binary_files[".sav"])
    data[80:84] = (500_000_000).to_bytes(4, "little")  # number of cases in the head of a .sav file
    (problem,) = read_bytes(bytes(data), ".sav").problems.listed()
    assert problem.rule == "noise" and "more than its" in problem.reason


def test_parquet_with_text_that_is_no_text_is_refused(tmp_path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    raw = pa.array([b"abc", b"\xff\xfe"], type=pa.binary()).buffers()
    text = pa.StringArray.from_buffers(2, raw[1], raw[2])
    parquet.write_table(pa.table({"household": text, "spending": [1.0, 2.0]}), tmp_path / "t.parquet")
    (problem,) = read_bytes((tmp_path / "t.parquet").read_bytes(), ".parquet").problems.listed()
    assert problem.rule == "noise" and "UTF8" in problem.reason.replace("-", "")
