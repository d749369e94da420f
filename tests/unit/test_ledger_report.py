"""Tables, sections and figure of the ledger and of futures, from a summary of made-up numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fixtures_results import made_up_summary, made_up_tables

from povsim.config import scenario_from
from povsim.measures.relapse import KINDS
from povsim.reporting.figures import figures
from povsim.reporting.language import language
from povsim.reporting.ledger import all_tables, causes, futures, mechanisms, relapses, spill_over
from povsim.reporting.page import render
from povsim.reporting.tables import WIDTH, print_tables

FEW = "too few to say: 3 households change over all replicates, 20 are needed"


def part(name: str, mean: float, se: float | None = 0.001, reason: str | None = None) -> dict[str, Any]:
    return {"part": name, "mean": mean, "se": se, "se_orders": 0.0005, "extra_exits": 1e6 * mean, "moved": 50, "reason": reason}


def with_ledger() -> dict[str, Any]:
    summary = made_up_summary()
    causes_found = [("works", 0.003, 40), ("dues", 0.0005, 4), ("several", 0.0, 0), ("rest", 0.0, 0)]
    block = {
        "contrast": 0.0081,
        "parts": [part("price", 0.0123), part("pool", 0.9, reason=FEW), part("works", -0.0042), part("credit", 0.001, 0.002)],
        "rest": part("rest", 0.0, 0.0, FEW),
        "lost": {
            "n01": 0.0035, "simulated": 44, "floor": {"aid": 0.0002, "aid_cooperative_planned": 0.0003}, "reason": None,
            "causes": [{"cause": cause, "share": share, "simulated": n} for cause, share, n in causes_found],
        },
        "channels": [part(name, 0.002) for name in ("members", "spill_over", "together", "other")],
        "receivers": [part(name, 0.004) for name in ("ever_member", "never_member")],
    }  # fmt: skip
    for variant in summary["variants"]:
        arm = {
            "against": "aid",
            "replicates": 8,
            "orders_per_replicate": 4,
            "absent": ["registry"],
            "groups": {"structural": block},
        }
        summary.setdefault("ledger", {})[variant] = {"aid_cooperative_planned": arm}
        for name, entry in summary["variants"][variant]["arms"].items():
            given = None if name == "none" else 0.876
            entry["structural"] |= {"E5": 0.05, "E5_given_E4": given, "E5_given_E4_se": 0.012, "E5_exits_sampled": 144}
            entry["structural"]["reasons"] = {"E5_given_E4": "no exit"} if given is None else {}
    return summary


def relapse_table() -> list[dict[str, Any]]:
    return [
        {"variant": "trap", "arm": "aid", "group": "structural", "kind": kind, "share": 0.05, "simulated": 30}
        for kind in KINDS[1:]
    ]


@pytest.mark.parametrize("code", ["en", "id"])
def test_parts_show_their_error_and_too_few_is_said(code: str) -> None:
    words = language(code)
    table = mechanisms(with_ledger(), "trap", words)[0]
    rows = {row[0]: row[1:] for row in table.rows}
    assert words.text("target_stamp") in table.title
    assert rows[words.text("ledger.part_price")][:3] == (
        words.number(12.3, 1, signed=True), words.number(1.0, 1), words.number(0.5, 1)
    )  # fmt: skip
    assert rows[words.text("ledger.part_price")][-1] == words.text("ledger.reading_more")
    assert rows[words.text("ledger.part_works")][-1] == words.text("ledger.reading_fewer")
    assert rows[words.text("ledger.part_credit")][-1] == words.text("ledger.reading_unseen")
    few = rows[words.text("ledger.part_pool")]
    assert few[-1] == words.text("reading.too_few") and not re.search(r"\d", "".join(few))
    assert rows[words.text("ledger.sum")][0] == words.number(8.1, 1, signed=True)
    assert any(words.text("ledger.part_registry") in note for note in table.notes)


def test_lost_exits_stand_beside_their_noise_floor_and_few_get_no_rate() -> None:
    table = causes(with_ledger(), "trap", language("en"))[0]
    assert table.rows == (
        ("Displaced village works", "3.0", "40"),
        ("Fees, dues, shares lost", "too few to say", "4"),
        ("All lost (n01)", "3.5", "44"),
    )
    assert "0.2 per 1,000 (Assistance alone)" in table.notes[0] and "0.3 per 1,000" in table.notes[0]


def test_members_and_spill_over_in_six_rows() -> None:
    table = spill_over(with_ledger(), "trap", language("en"))[0]
    assert len(table.rows) == 6 and all(len(row) == len(table.headings) == 5 for row in table.rows)


def test_futures_show_the_probability_its_error_and_why_there_is_none() -> None:
    table = futures(with_ledger(), "trap", language("en"))
    assert table is not None
    rows = {row[0]: row for row in table.rows}
    assert rows["Assistance alone"][2:] == ("87.6%", "1.2 percentage points", "144", "5.0%")
    assert rows["No programme"][2] == "– (a)" and "(a) nobody of the group has a permanent exit in this arm" in table.notes
    assert futures(made_up_summary(), "trap", language("en")) is None


def test_relapses_are_percent_of_those_who_held() -> None:
    table = relapses(with_ledger(), "trap", relapse_table(), language("en"))
    assert table is not None and table.rows == (("Assistance alone", "20.0%", *["25.0%"] * 4),)
    assert relapses(with_ledger(), "no_trap", relapse_table(), language("en")) is None


@pytest.mark.parametrize("code", ["en", "id"])
def test_the_page_holds_mechanism_and_flows(code: str) -> None:
    words, summary = language(code), with_ledger()
    tables = {**made_up_tables(), "relapses": relapse_table()}
    drawn = figures(summary, tables, code)
    assert words.text("ledger.part_price") in drawn["ledger"] and words.text("reading.too_few") in drawn["ledger"]
    page = render(summary, tables, drawn, code)
    for key in ("mechanism", "flows", "part_price", "cause_works", "relapse_passing", "lasts"):
        assert words.text(f"ledger.{key}").replace("'", "&#39;") in page, key
    without = render(made_up_summary(), made_up_tables(), figures(made_up_summary(), made_up_tables(), code), code)
    assert words.text("ledger.mechanism_missing") in without and "ledger" not in figures(made_up_summary(), made_up_tables())


@pytest.mark.parametrize("code", ["en", "id"])
def test_tables_fit_a_terminal(code: str) -> None:
    lines: list[str] = []
    print_tables(all_tables(with_ledger(), language(code)), lines.append)
    assert lines and max(len(line) for text in lines for line in text.splitlines()) <= WIDTH


def test_the_ledger_of_a_scenario_is_a_list_of_arms() -> None:
    assert scenario_from({}).ledger == () and scenario_from({}).futures == 0
    both = scenario_from({"ledger": True})
    assert both.ledger == ("aid_cooperative", "aid_cooperative_planned")
    assert scenario_from(both.resolved()) == both
    assert scenario_from({"ledger": "on", "arms": ["aid", "aid_cooperative"]}).ledger == ("aid_cooperative",)
    assert scenario_from({"ledger": ["cooperative"]}).ledger == ("cooperative",)
    assert scenario_from({"ledger": []}).ledger == scenario_from({"ledger": "off"}).ledger == ()
    assert scenario_from({"futures": 7}).content_hash() != scenario_from({}).content_hash()


def test_few_sampled_exits_say_nothing_of_how_exits_last() -> None:
    summary = with_ledger()
    for block in summary["variants"].values():
        for cell in block["arms"].values():
            cell["structural"].update(E5=0.05, E5_given_E4=0.8, E5_given_E4_se=0.1, E5_exits_sampled=19)
    table = futures(summary, "trap", language("en"))
    assert table is not None and all(row[2] == row[5] == "too few to say" for row in table.rows)
