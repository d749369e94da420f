"""The history of measurements is a table that can be read: whole lines, numbers in order, units that are known."""

import history
import pytest

LINE = dict(zip(history.COLUMNS, ("2026-01-01 00:00", "abc", "x86_64", "2", "Python 3.12", "0.1 0.1 0.1"), strict=False)) | {
    **{"what": "compiled month, 1 x 1000", "households": "1000", "arms": "6", "threads": "1"},
    **{"median": "30.1", "min": "29", "max": "31.5", "unit": "million household-months/s"},
}


def test_the_committed_history_is_well_formed():
    assert history.faults() == []
    assert len(history.HISTORY.read_text(encoding="utf-8").splitlines()) > 1


def test_lines_are_added_below_those_that_are_there(tmp_path):
    path = tmp_path / "history.csv"
    history.append([LINE], path)
    history.append([LINE | {"households": "", "arms": "", "threads": "", "unit": "s"}], path)
    assert history.faults(path) == []
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"median": "32"}, "must rise"),
        ({"min": "0"}, "must rise"),
        ({"max": "fast"}, "a number that is none"),
        ({"threads": "two"}, "a number that is none"),
        ({"arms": "0"}, "counts be above 0"),
        ({"unit": "parsecs"}, "the unit 'parsecs'"),
        ({"load": ""}, "leaves empty"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, change, said):
    path = tmp_path / "history.csv"
    history.append([LINE, LINE | change], path)
    (fault,) = history.faults(path)
    assert fault.startswith("Line 3") and said in fault


def test_a_line_that_is_cut_off_and_a_wrong_head_are_found(tmp_path):
    path = tmp_path / "history.csv"
    history.append([LINE], path)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + "2026-01-01 00:00,abc\n", encoding="utf-8")
    assert history.faults(path) == ["Line 3 has 2 columns, not 14."]
    path.write_text(whole.replace("median", "middle"), encoding="utf-8")
    assert history.faults(path)[0].startswith("The head is not")
