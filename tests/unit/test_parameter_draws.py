"""Draws of the parameters: keyed, with the premises of an arm left alone, and files of draws that are checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from povsim import parameters
from povsim.config import Scenario, scenario_from
from povsim.config.shift import NO_SHIFT, Shift
from povsim.config.uncertainty import fail_if_uncertainty_is_not_for
from povsim.errors import PovsimError
from povsim.experiments import parameter_draws as pd
from povsim.experiments import uncertain
from povsim.experiments.comparison import model_arm
from povsim.experiments.replicate import burn_in

TINY = {"population": {"kind": "toy", "villages": 20, "households_per_village": 20}, "burn_in_months": 36}


def prior(**keys: object) -> Scenario:
    return scenario_from({**TINY, "uncertainty": "prior", "n_draws": 4, **keys})


def felt() -> list[str]:
    return [s for s in pd.drawn_symbols(prior()) if pd.felt_before(s)]


def draws_file(path: Path, rows: int = 4, without: str | None = None, **columns: object) -> Path:
    """A file of draws that holds every parameter that households feel."""
    register = parameters.register()
    held = {s: [register[s].value("trap") for _ in range(rows)] for s in felt() if s != without}
    table: dict[str, object] = {"variant": ["trap"] * rows, "draw": list(range(rows)), **held}
    table |= {name: [0.01 * k for k in range(rows)] for name in pd.SHIFTS}
    pl.DataFrame(table | columns).write_parquet(path)
    return path


def test_a_draw_of_a_parameter_does_not_depend_on_which_others_are_drawn() -> None:
    all_drawn, one_set = pd.Draws(prior(), "trap").at(2).values, pd.Draws(prior(parameters={"hab": 0.1}), "trap").at(2).values
    assert "hab" in all_drawn
    assert "hab" not in one_set
    assert one_set == {symbol: value for symbol, value in all_drawn.items() if symbol != "hab"}


def test_draws_lie_in_their_ranges_and_differ() -> None:
    draws = [pd.Draws(prior(), "no_trap").at(number).values for number in range(4)]
    for symbol in pd.drawn_symbols(prior()):
        entry = parameters.entry(symbol)
        values = [draw[symbol] for draw in draws]
        assert all(entry.low <= value <= entry.high for value in values)
        assert len(set(values)) > 1 or entry.whole


def test_what_the_cooperatives_of_an_arm_set_is_not_drawn() -> None:
    scenario = prior(arms=["aid", "aid_cooperative", "aid_cooperative_planned"])
    drawn = pd.lived_with(scenario, pd.Draws(scenario, "trap").at(0), "trap")
    register = parameters.register()
    for spec in scenario.arms:
        p = model_arm(drawn, "trap", spec).p
        for symbol in drawn.drawn:
            premise = spec.cooperative is not None and spec.cooperative in register[symbol].scenarios
            assert p[symbol] == (register[symbol].scenarios[spec.cooperative] if premise else dict(drawn.parameters)[symbol])


def test_what_nobody_feels_leaves_the_burn_in_as_it_is() -> None:
    """Else a draw would need its margins found anew, or points of a design could not share a burn-in."""
    scenario = prior().lived()
    unfelt = [s for s in pd.drawn_symbols(prior()) if not pd.felt_before(s)]
    for variant in ("trap", "no_trap"):
        plain = burn_in(scenario, variant, 0)
        moved = replace(scenario, parameters=tuple(sorted(pd.from_prior(unfelt, [0.93] * len(unfelt), variant).items())))
        other = burn_in(moved, variant, 0)
        traits = [
            k for k in range(len(plain.state.home[0])) if not np.array_equal(plain.state.home[0][k], other.state.home[0][k])
        ]
        assert np.array_equal(plain.structural, other.structural)
        assert plain.year_before["month_0"].tolist() == other.year_before["month_0"].tolist()
        later = replace(scenario, parameters=tuple((s, x) for s, x in moved.parameters if s not in pd.OF_THE_SAMPLE))
        same = burn_in(later, variant, 0)
        assert np.array_equal(plain.state.home, same.state.home), traits
        assert np.array_equal(plain.state.life, same.state.life)
        assert np.array_equal(plain.state.place, same.state.place)


def test_a_file_with_all_that_households_feel_brings_its_shifts(tmp_path: Path) -> None:
    path = draws_file(tmp_path / "draws.parquet", h0=[0.004, 0.005, 0.006, 0.007])
    scenario = scenario_from({**TINY, "uncertainty": str(path), "n_draws": 3, "variants": ["trap"]})
    draws = pd.Draws(scenario, "trap")
    assert draws.most == 4  # the fourth stands in for one whose margins cannot be kept
    assert [draws.at(k).values["h0"] for k in range(3)] == [0.004, 0.005, 0.006]
    assert draws.at(1).shift == Shift(0.01, 0.01, 0.01, 0.01)
    own = pd.lived_with(scenario, draws.at(1), "trap")
    assert own.shift == draws.at(1).shift
    assert own.lived().shift == own.shift
    assert scenario.shift == NO_SHIFT
    given = scenario_from({**TINY, "uncertainty": str(path), "n_draws": 3, "parameters": {"hab": 0.1}})
    assert pd.Draws(given, "trap").at(1).shift is None  # the shift of the file is that of another hab


def test_what_households_feel_and_the_file_leaves_out_stays_as_in_the_fit(tmp_path: Path) -> None:
    path = draws_file(tmp_path / "draws.parquet", without="hab")
    scenario = scenario_from({**TINY, "uncertainty": str(path), "n_draws": 3, "variants": ["trap"]})
    draw = pd.Draws(scenario, "trap").at(1)
    assert draw.shift == Shift(0.01, 0.01, 0.01, 0.01)
    assert "hab" not in draw.values and "pi" in draw.values
    assert draw.values["pi"] != parameters.register()["pi"].value("trap")
    given = replace(scenario, parameters=(("hab", 0.1),))
    assert pd.Draws(given, "trap").at(1).shift is None


def test_the_content_of_the_file_is_part_of_the_scenario(tmp_path: Path) -> None:
    path = draws_file(tmp_path / "draws.parquet")
    keys = {**TINY, "uncertainty": str(path), "n_draws": 3}
    before = scenario_from(keys).content_hash()
    draws_file(path, delivered=[0.7] * 4)
    assert scenario_from(keys).content_hash() != before


@pytest.mark.parametrize(
    ("columns", "rows", "says"),
    [
        ({"habb": [0.1] * 4}, 4, "Did you mean"),
        ({"hab": [90.0] * 4}, 4, "hab"),
        ({"hab": ["a"] * 4}, 4, "no number"),
        ({"shift_mu_rural": [None] * 4}, 4, "no number"),
        ({}, 2, "holds 2 draws"),
        ({"variant": ["no_trap"] * 4}, 4, "leave the variant out"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, columns: dict[str, object], rows: int, says: str) -> None:
    path = draws_file(tmp_path / "draws.parquet", rows, **columns)
    scenario = scenario_from({**TINY, "uncertainty": str(path), "n_draws": 3})
    with pytest.raises(PovsimError, match=says):
        pd.Draws(scenario, "trap")


def test_a_file_that_is_missing_lacks_a_shift_or_is_no_table_says_so(tmp_path: Path) -> None:
    path = tmp_path / "draws.parquet"
    scenario = scenario_from({**TINY, "uncertainty": str(path), "n_draws": 3})
    with pytest.raises(PovsimError, match="no such file"):
        pd.Draws(scenario, "trap")
    pl.DataFrame({"variant": ["trap"] * 3, "draw": [0, 1, 2], "shift_mu_urban": [0.0] * 3}).write_parquet(path)
    with pytest.raises(PovsimError, match="'shift_mu_rural' is missing"):
        pd.Draws(scenario, "trap")
    path.write_text("variant,draw")
    with pytest.raises(PovsimError, match="no Parquet table"):
        pd.Draws(scenario, "trap")


def test_a_missing_posterior_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pd, "COMMITTED", "absent.parquet")
    with pytest.raises(PovsimError, match="povsim fit"):
        pd.Draws(scenario_from({**TINY, "uncertainty": "posterior"}), "trap")


def test_replicates_are_spread_over_the_draws_two_at_least() -> None:
    assert uncertain.replicates_per_draw(prior(replicates=8)) == 2
    assert uncertain.replicates_per_draw(prior(replicates=9)) == 3
    assert uncertain.replicates_per_draw(prior(replicates=1)) == 2


def test_commands_that_take_parameters_at_their_values_refuse() -> None:
    with pytest.raises(PovsimError, match="povsim national takes every parameter at its value"):
        fail_if_uncertainty_is_not_for("national", prior())
    fail_if_uncertainty_is_not_for("national", scenario_from(TINY))
