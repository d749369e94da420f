"""Any file, table or sheet is read, or refused with a reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from povsim.data.aggregate import read_aggregate
from povsim.data.cooperatives import read_cooperatives
from povsim.data.inspect import inspect
from povsim.data.panel import read_panel
from povsim.data.roles import KINDS, ROLES
from povsim.errors import PovsimError


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
