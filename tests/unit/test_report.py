"""Tables, figures and the page of a result folder of made-up numbers."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fixtures_results import TOO_FEW, contrast, made_up_summary, made_up_tables, with_contrast, write_result_folder

from povsim.cli import main
from povsim.errors import PovsimError
from povsim.reporting.figures import figures, published_headcount
from povsim.reporting.page import render
from povsim.reporting.result import read_summary, write
from povsim.reporting.tables import WIDTH, arm_table, contrast_table, print_tables

CHARTS = {"ladder", "exits_over_time", "exit_survival", "headcount_path", "cost_per_exit", "funnel"}
MAPS = {"map_published", "map_districts", "map_leaving", "map_aid_against_none", "map_aid_cooperative_planned_against_aid"}
NAMES = CHARTS | MAPS


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    return figures(made_up_summary(), made_up_tables())


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = write_result_folder(tmp_path_factory.mktemp("results") / "run")
    return {code: write(folder, code).read_text(encoding="utf-8") for code in ("en", "id")}


class Links(HTMLParser):
    """Collects every address a browser would fetch, and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "data", "poster", "action") and not (value or "").startswith(
                "#"
            ):
                self.fetched.append(value or "")
            if name == "id" and value:
                self.ids.append(value)


@pytest.mark.parametrize("code", ["en", "id"])
def test_the_page_asks_the_network_for_nothing(reports: dict[str, str], code: str) -> None:
    page = reports[code]
    links = Links()
    links.feed(page)
    assert links.fetched == []
    assert not {"script", "link", "iframe", "img"} & set(links.tags)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert len(links.ids) == len(set(links.ids))
    assert f'<html lang="{code}">' in page


def test_the_page_holds_every_section_in_its_language(reports: dict[str, str]) -> None:
    assert "Who leaves poverty for good?" in reports["en"]
    assert "Siapa yang keluar dari kemiskinan secara permanen?" in reports["id"]
    for page in reports.values():
        assert page.count("<section") == 19
        assert page.count("<svg") == len(NAMES)
        assert page.count("PKH") >= 10
    assert "What is not modelled" in reports["en"]
    assert "children" in reports["en"]
    assert "(target)" in reports["en"]
    assert "(sasaran)" in reports["id"]
    assert "(target)" not in reports["id"]


def test_text_of_the_user_is_escaped(reports: dict[str, str]) -> None:
    assert "<b>made-up</b>" not in reports["en"]
    assert "&lt;b&gt;made-up&lt;/b&gt; &amp; harmless" in reports["en"]


def test_an_arm_named_by_the_user_cannot_break_the_page() -> None:
    summary = made_up_summary()
    name = "<i>$x^2$ & co"
    for block in summary["variants"].values():
        block["arms"][name] = block["arms"]["cooperative"]
    page = render(summary, made_up_tables(), figures(summary, made_up_tables()))
    assert "<i>" not in page
    assert "&lt;i&gt;$x^2$ &amp; co" in page


def test_figures_are_the_same_twice_and_carry_no_date(drawn: dict[str, str]) -> None:
    assert set(drawn) == NAMES
    assert drawn == figures(made_up_summary(), made_up_tables())
    for svg in drawn.values():
        assert "<metadata" not in svg
        assert "<!DOCTYPE" not in svg
        assert len(svg) < 200_000


def test_figures_name_targets_units_and_reasons(drawn: dict[str, str]) -> None:
    for name in ("ladder", "exits_over_time", "exit_survival", "headcount_path", "cost_per_exit", "funnel"):
        assert "(target)" in drawn[name]
    assert "BPS 8.47%" in drawn["headcount_path"]
    assert "Rp billion of the whole cost per extra permanent exit" in drawn["cost_per_exit"]
    assert "none: no difference seen" in drawn["cost_per_exit"]
    assert "With poverty traps" in drawn["ladder"]
    indonesian = figures(made_up_summary(), made_up_tables(), "id")
    assert "BPS 8,47%" in indonesian["headcount_path"]
    assert "(sasaran)" in indonesian["ladder"]


def test_missing_tables_leave_panels_that_say_so() -> None:
    found = figures(made_up_summary(), {})
    assert "nothing to draw in this run" in found["funnel"]
    page = render(made_up_summary(), {}, {})
    assert "This result folder holds no data for this part." in page


def test_the_published_headcount_is_that_of_the_nation() -> None:
    table = made_up_tables()["population_check"]
    assert published_headcount(table) == pytest.approx(0.0847)
    assert published_headcount([row for row in table if row["province"] == "Aceh"]) is None


@pytest.mark.parametrize("code", ["en", "id"])
@pytest.mark.parametrize("variant", ["trap", "no_trap"])
def test_terminal_tables_fit_and_break_no_number(code: str, variant: str) -> None:
    lines: list[str] = []
    tables = [arm_table(made_up_summary(), variant, code), contrast_table(made_up_summary(), variant, code)]
    print_tables(tables, lines.append)
    printed = "\n".join(lines)
    assert max(map(len, printed.splitlines())) <= WIDTH
    for table in tables:
        for row in table.rows:
            for at in range(table.labels, len(row)):
                if at not in table.words:
                    assert row[at] in printed


def test_too_few_takes_the_place_of_every_number() -> None:
    summary = with_contrast(made_up_summary(), contrast("aid_cooperative", "aid", 0.0005, 0.0001, reason=TOO_FEW))
    row = next(
        row for row in contrast_table(summary, "trap").rows if row[:2] == ("Assistance + cooperatives", "Assistance alone")
    )
    assert row[-1] == "too few to say"
    assert set(row[2:-1]) == {"\N{EN DASH}"}


def test_a_null_is_explained_below_the_table() -> None:
    table = contrast_table(made_up_summary(), "trap", measure="E5")
    assert all("(a)" in row[2] for row in table.rows)
    assert table.notes == ("(a) needs branched futures (futures=N)",)
    assert any(
        "E5 resilient is not given: needs branched futures" in note for note in arm_table(made_up_summary(), "trap").notes
    )


def test_unequal_money_is_warned_of() -> None:
    summary = made_up_summary()
    summary["equal_cost"]["trap"]["aid_equal_cost"]["gap_share"] = 0.031
    assert "Do not read this twin as equal money" in render(summary, {}, {})
    assert "Do not read this twin as equal money" not in render(made_up_summary(), {}, {})


def test_differences_of_headcount_are_in_percentage_points(reports: dict[str, str]) -> None:
    assert "+0.17 percentage points" in reports["en"]
    assert "+0,17 poin persentase" in reports["id"]


def test_the_share_of_assumptions_is_counted(reports: dict[str, str]) -> None:
    assert "1 of 4 parameters (25.0%) are assumptions without a source (grade A)." in reports["en"]


def test_report_command_writes_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_result_folder(tmp_path / "run")
    assert main(["report", str(folder), "--language", "id"]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "report.html")
    assert {path.name for path in (folder / "figures").iterdir()} == {f"{name}.svg" for name in NAMES}
    assert 'lang="id"' in (folder / "report.html").read_text(encoding="utf-8")


def test_report_command_refuses_what_is_no_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "summary.json").write_text(json.dumps({"command": "fit"}), encoding="utf-8")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "summary.json").write_text("{", encoding="utf-8")
    for arguments, told in (
        ([str(tmp_path / "absent")], "is not a folder"),
        ([str(tmp_path)], "holds no summary.json"),
        ([str(tmp_path / "other")], "no arms by variant"),
        ([str(tmp_path / "broken")], "cannot be read"),
        ([], "none was given"),
        ([str(tmp_path), "--langage", "id"], "--language"),
    ):
        assert main(["report", *arguments]) == 2
        assert told in capsys.readouterr().err
    assert not list(tmp_path.rglob("report.html"))


def test_an_unknown_language_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = write_result_folder(tmp_path / "run")
    with pytest.raises(PovsimError, match="fr"):
        write(folder, "fr")
    assert not (folder / "report.html").exists()
    assert read_summary(folder)["command"] == "compare"
