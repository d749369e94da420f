"""The register of parameters: every entry is complete, in range and in both languages, and overrides are held to it."""

from __future__ import annotations

import json
import math
from collections import Counter

import pytest

from povsim.cli.parameters import run
from povsim.errors import PovsimError
from povsim.parameters import (
    GROUPS,
    VARIANTS,
    Entry,
    by_group,
    check_override,
    entry,
    group_titles,
    load,
    register,
    scenarios,
    unit_names,
    values,
)

ENTRIES = list(register().values())
SCENARIOS = (None, "as_reported", "as_planned", "optimistic")
every_entry = pytest.mark.parametrize("e", ENTRIES, ids=lambda e: e.symbol)


def test_files_follow_schema_and_symbols_are_unique() -> None:
    assert load(check=True) == dict(register())


def test_schema_refuses_unknown_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from povsim.parameters import loading

    read = loading._read

    def with_extra_key(name: str) -> object:
        content = read(name)
        if name == "cost.yaml":
            content["entries"][0]["colour"] = "red"
        return content

    monkeypatch.setattr(loading, "_read", with_extra_key)
    with pytest.raises(PovsimError, match=r"cost\.yaml.*colour"):
        load(check=True)


def test_symbol_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from povsim.parameters import loading

    monkeypatch.setattr(loading, "GROUPS", ("cost", "cost"))
    with pytest.raises(PovsimError, match="'discount' stands twice"):
        load()


@every_entry
def test_values_lie_in_range_and_bounds(e: Entry) -> None:
    assert e.low < e.high
    assert e.lower is None or e.lower <= e.low
    assert e.upper is None or e.high <= e.upper
    for variant in VARIANTS:
        for scenario in SCENARIOS:
            value = e.value(variant, scenario)
            assert e.low <= value <= e.high
            assert not e.whole or value == round(value)


@every_entry
def test_both_languages_differ(e: Entry) -> None:
    assert e.name["en"] != e.name["id"]
    assert e.description["en"] != e.description["id"]
    assert e.name["en"] and e.name["id"]
    for text in e.description.values():
        assert text.endswith(".") and ". " not in text.replace("no. ", "")


@every_entry
def test_grade_and_source_agree(e: Entry) -> None:
    assert e.grade in "VDGA"
    assert "/work" not in e.source and ".md" not in e.source and ".csv" not in e.source
    if e.grade in "VD":
        assert not e.source.startswith("assumption")
    if e.source == "assumption":
        assert e.grade == "A"
    if e.grade == "G":
        assert "not checked" in e.source


@every_entry
def test_every_scenario_value_that_moves_has_source_and_grade(e: Entry) -> None:
    moved = {key for key, value in e.scenarios.items() if value != e.value("trap")}
    assert set(e.scenario_sources) == moved == set(e.scenario_grades)
    assert "as_reported" not in moved


@every_entry
def test_prior_stays_in_range_and_rises(e: Entry) -> None:
    for variant in VARIANTS:
        for scenario in SCENARIOS:
            drawn = [e.quantile(u, variant, scenario) for u in (1e-9, 0.1, 0.35, 0.5, 0.65, 0.9, 1 - 1e-9)]
            assert drawn == sorted(drawn)
            assert e.low <= drawn[0] and drawn[-1] <= e.high
            if e.prior == "fixed":
                assert set(drawn) == {e.value(variant, scenario)}
            else:
                assert drawn[0] < drawn[-1]


def test_triangular_prior_has_its_mode_at_the_value() -> None:
    e = entry("wedge")
    assert e.prior == "triangular"
    share_below_mode = (0.22 - 0.04) / (0.62 - 0.04)
    assert e.quantile(share_below_mode, "trap") == pytest.approx(0.22)


def test_groups_units_and_names_are_complete() -> None:
    assert tuple(by_group()) == GROUPS == tuple(group_titles())
    assert [e.symbol for entries in by_group().values() for e in entries] == list(register())
    assert set(unit_names()) == {e.unit for e in ENTRIES}
    assert not [name for name, count in Counter(e.name["en"] for e in ENTRIES).items() if count > 1]
    assert not [name for name, count in Counter(e.name["id"] for e in ENTRIES).items() if count > 1]


def test_only_plans_are_marked_as_targets() -> None:
    assert {key: s.target for key, s in scenarios().items()} == {
        "as_reported": False,
        "as_planned": True,
        "optimistic": False,
    }


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_values_are_complete(variant: str, scenario: str | None) -> None:
    chosen = values(variant, scenario)
    assert list(chosen) == list(register())
    assert all(type(value) is float and math.isfinite(value) for value in chosen.values())


def test_default_is_the_scenario_as_reported() -> None:
    for variant in VARIANTS:
        assert values(variant) == values(variant, "as_reported")


def test_override_wins_over_scenario_and_scenario_over_default() -> None:
    assert values("trap")["q0"] == 0.45
    assert values("trap", "optimistic")["q0"] == 0.60
    assert values("trap", "optimistic", {"q0": 0.5})["q0"] == 0.5
    assert values("trap")["sd1"] == 0.117
    assert values("no_trap")["sd1"] == 0.148
    assert values("no_trap", None, {"sd1": 0.1})["sd1"] == 0.1


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_shares_that_add_up(scenario: str | None) -> None:
    chosen = values("trap", scenario)
    assert sum(chosen[f"size_{n}"] for n in range(1, 9)) == pytest.approx(1)
    assert sum(chosen[f"start_{stage}"] for stage in ("legal", "building", "open", "trading")) <= 1 + 1e-9


def test_unknown_variant_and_scenario_name_the_nearest() -> None:
    with pytest.raises(PovsimError, match="'no-trap'.*Did you mean 'no_trap'"):
        values("no-trap")
    with pytest.raises(PovsimError, match="'as_plan'.*Did you mean 'as_planned'"):
        values("trap", "as_plan")


class TestOverride:
    def test_inside_the_range_is_silent(self) -> None:
        assert check_override("pi", 0.1) is None
        assert check_override("pi", 0) is None
        assert check_override("pi", 0.12) is None

    def test_outside_the_range_warns(self) -> None:
        warning = check_override("pi", 0.13)
        assert warning is not None
        assert "parameters.pi=0.13" in warning and "0 to 0.12 share of sales" in warning

    def test_twice_the_width_is_the_limit(self) -> None:
        assert check_override("chi_c", -1.05) is not None
        with pytest.raises(PovsimError, match=r"-0\.5 to 0\.6.*values from -1\.05 to 1\.15"):
            check_override("chi_c", -1.06)
        assert check_override("pi", 0.18) is not None
        with pytest.raises(PovsimError, match="0 to 0.12 share of sales.*Choose"):
            check_override("pi", 0.19)

    def test_natural_bounds_hold_inside_the_wider_band(self) -> None:
        with pytest.raises(PovsimError, match="pi must lie between 0 and 1"):
            check_override("pi", -0.001)
        with pytest.raises(PovsimError, match="h_build cannot be below 0"):
            check_override("h_build", -0.01)

    @pytest.mark.parametrize("symbol", ["tau_x", "tenor", "mu"])
    def test_zero_that_would_divide_is_refused(self, symbol: str) -> None:
        with pytest.raises(PovsimError, match=f"{symbol}=0 is impossible"):
            check_override(symbol, 0)

    def test_zero_switches_a_hazard_off(self) -> None:
        assert check_override("h_build", 0) is not None

    def test_unknown_symbol_names_the_nearest(self) -> None:
        with pytest.raises(PovsimError, match="no parameter 'wegde'.*Did you mean 'wedge'"):
            check_override("wegde", 0.2)
        with pytest.raises(PovsimError, match="Did you mean 'gL'"):
            values("trap", None, {"gl": 0.3})

    @pytest.mark.parametrize("value", [math.nan, math.inf, "much", None, True, [0.1]])
    def test_what_is_not_a_number_is_refused(self, value: object) -> None:
        with pytest.raises(PovsimError, match=r"parameters\.pi=.* is not a number.*0 to 0\.12"):
            check_override("pi", value)

    def test_fraction_of_a_whole_number_is_refused(self) -> None:
        assert check_override("d_h", 7) is None
        with pytest.raises(PovsimError, match="d_h=7.5 is not a whole number"):
            check_override("d_h", 7.5)


PUBLISHED = {
    "building": 1.658e9,
    "vf_idr_year": 60.57e12,
    "displaced": 0.58,
    "displaced_months": 72,
    "r_ext": 0.06,
    "fee": 50_000,
    "pkh_families": 10e6,
    "sembako_families": 18.3e6,
    "sembako_idr_month": 200_000,
    "wedge": 0.22,
    "start_trading": 0.03,
}


@pytest.mark.parametrize("symbol", PUBLISHED)
def test_published_figures(symbol: str) -> None:
    assert values("trap")[symbol] == PUBLISHED[symbol]
    assert entry(symbol).grade == "V"


def test_figures_derived_from_published_ones() -> None:
    chosen = values("trap")
    assert chosen["pkh_idr_year"] == pytest.approx(28.7e12 / 10e6)
    assert chosen["mu"] == pytest.approx(9.94 / 119.3, abs=0.005)
    assert chosen["start_legal"] == pytest.approx(1 - 19_553 / 83_382, abs=5e-4)
    assert chosen["h_build"] == pytest.approx(math.log((83_382 - 857) / (83_382 - 19_553)) / 6, abs=0.004)
    as_reported = 3.3  # what the other factors of (15) make of h0, measured: decision 33
    assert 1 - math.exp(-12 * as_reported * entry("h0").low) == pytest.approx(0.04, abs=0.002)
    assert 1 - math.exp(-12 * entry("h0").high) == pytest.approx(0.15, abs=0.002)


def test_assumed_figures_that_the_model_page_fixes() -> None:
    chosen = values("trap")
    expected = {
        "gL": 0.30,
        "F": 0.39,
        "r_c": 0.12,
        "r_m": 0.48,
        "Lmax": 4,
        "tenor": 18,
        "q0": 0.45,
        "h0": 0.0035,
        "j0": -7,
    }
    assert {symbol: chosen[symbol] for symbol in expected} == expected
    assert values("trap", "as_planned")["capital"] == 500e6


class TestCommand:
    def test_list_ends_with_a_sentence(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split() == [
            "SYMBOL",
            "NAME",
            "DEFAULT",
            "RANGE",
            "UNIT",
            "GRADE",
        ]
        assumed = sum(e.grade == "A" for e in ENTRIES)
        assert lines[-1].endswith(f"{len(ENTRIES)} parameters listed, of which {assumed} are assumed (grade A).")

    def test_filters(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--group", "trade", "--grade", "v"]) == 0
        assert capsys.readouterr().out.splitlines()[1].startswith("wedge ")
        assert run(["--search", "bangunharjo", "--json"]) == 0
        assert {row["symbol"] for row in json.loads(capsys.readouterr().out)} == {
            "mu",
            "opex0",
        }
        assert run(["--search", "no such text"]) == 0
        assert capsys.readouterr().out.startswith("No parameter matches")

    def test_one_entry_in_full(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["capital"]) == 0
        shown = capsys.readouterr().out
        assert "as_planned" in shown and "target, not a forecast" in shown and "PMK 49/2025" in shown

    def test_indonesian(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["building", "--language", "id"]) == 0
        shown = capsys.readouterr().out
        assert "Nilai baku" in shown and "1.658.000.000 (Rp per desa)" in shown and "tingkat bukti V" in shown

    def test_help_opens_with_an_example_that_works(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--help"]) == 0
        examples = [
            line.split()[2:] for line in capsys.readouterr().out.splitlines() if line.startswith("  povsim parameters ")
        ]
        assert examples
        for argv in examples:
            assert run(argv) == 0

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (["wegde"], "Did you mean 'wedge'"),
            (["--group", "trades"], "Did you mean 'trade'"),
            (["--grade", "X"], "no grade 'X'"),
            (["--language", "fr"], "no language 'fr'"),
            (["--colour"], "unrecognized arguments: --colour"),
            (["wedge", "--group", "trade"], "not both"),
        ],
    )
    def test_what_cannot_be_used(self, argv: list[str], message: str) -> None:
        with pytest.raises(PovsimError, match=message):
            run(argv)
