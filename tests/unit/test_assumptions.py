"""How much of the answer assumptions move: the share is the known one of a made-up contrast, and draws are what they say."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from povsim import parameters
from povsim.config import scenario_from
from povsim.experiments import assumptions, comparison
from povsim.experiments.assumptions import collect, drawn_values, jobs, moved_by_assumptions, quantiles, specs_of, split
from povsim.reporting.brief import _drawn
from povsim.reporting.language import language
from povsim.reporting.quote import Quoter, plain
from povsim.reporting.whole_tables import assumptions_table

SMALL = {
    "population": {"kind": "toy", "villages": 20, "households_per_village": 20},
    "replicates": 1,
    "burn_in_months": 36,
    "horizon_months": 84,
    "arms": ["none", "aid", "aid_cooperative_planned"],
    "variants": ["trap"],
    "threads": 1,
}


@contextmanager
def silent(_label, _total):
    yield SimpleNamespace(advance=lambda *_: None)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 1.0])
def test_the_share_is_that_of_a_contrast_with_known_parts(share):
    """Contrast = a + b + chance, chance as large as both together; 1,500 draws."""
    rng = np.random.default_rng(3)
    n = 1500
    a, (b, other), chance = (rng.normal(size=n), rng.normal(size=(2, n)), rng.normal(size=(n, 3)))
    whole = np.sqrt(share) * a + np.sqrt(1 - share) * b
    redrawn = np.sqrt(share) * a + np.sqrt(1 - share) * other
    found = moved_by_assumptions(0.01 * (np.stack([whole, whole, redrawn], axis=1) + chance) + 0.02)
    assert found["share"] == pytest.approx(share, abs=3.5 * found["share_se"]) and found["share_se"] < 0.06
    assert found["positive"] == pytest.approx(0.977, abs=0.01)  # normal, two deviations above 0
    assert found["sd"] == pytest.approx(0.01, rel=0.1) and found["mean"] == pytest.approx(0.02, abs=0.001)


def test_chance_alone_has_no_share():
    found = moved_by_assumptions(np.random.default_rng(1).normal(size=(100, 3)))
    assert (
        found["share"] is None
        and found["sd"] is None
        and found["positive"] is None
        and "beyond chance" in found["reasons"]["share"]
    )
    few = moved_by_assumptions(np.ones((5, 3)))
    assert few["mean"] is None and "needs 20 draws" in few["reasons"]["mean"]


def test_what_is_drawn():
    """Grade A and the others, never what is fixed or set by the user; assumptions agree in both draws, the rest does not."""
    scenario = scenario_from({**SMALL, "parameters": {"pi": 0.03}})
    assumed, other = split(scenario, None)
    register = parameters.register()
    assert all(register[s].grade == "A" for s in assumed) and all(register[s].grade != "A" for s in other)
    assert "pi" not in assumed + other and "pkh_families" not in assumed + other and len(other) >= 10
    whole, redrawn = quantiles(scenario, 7)
    assert all(whole[s] == redrawn[s] for s in assumed) and all(whole[s] != redrawn[s] for s in other)
    assert quantiles(scenario, 7) == (whole, redrawn) and quantiles(scenario, 8)[0] != whole
    for variant in ("trap", "no_trap"):
        for spec in (None, *scenario.arms):
            for symbol, value in drawn_values(scenario, variant, spec, whole).items():
                low, high = register[symbol].low, register[symbol].high
                assert low - 1e-9 <= value <= high + 1e-9, symbol


def test_what_the_scenario_sets_is_kept():
    """Growth of the economy's path is not drawn over, and is lived."""
    growing = scenario_from({**SMALL, "economy": "growth"})
    assert growing.economy.g_w is not None and not any("g_w" in part for part in split(growing, None))
    assert any("g_w" in part for part in split(scenario_from(SMALL), None))
    scenario = scenario_from({**SMALL, "economy": "growth", "assumptions": 1})
    arms = {spec.name: comparison.model_arm(scenario, "trap", spec) for spec in specs_of(scenario)}
    assert {arm.p["g_w"] for arm in arms.values()} == {growing.economy.g_w}
    (job,) = jobs(scenario, "trap", arms)
    draws = collect(scenario, [job.work(*job.args, pool=None, threads=1)], [])
    assert draws.contrasts["aid", "none"].shape == (1, 3)


def test_the_registry_before_the_start_follows_the_draw(monkeypatch):
    """In a draw nobody is taken for newly found, and no registry costs more than the draw's own."""
    lived = []
    monkeypatch.setattr(assumptions, "burn_in", lambda *_: None)
    monkeypatch.setattr(assumptions, "live_arms", lambda _r, drawn, _v, arms, *_: lived.append((drawn, arms)))
    monkeypatch.setattr(assumptions, "_exits", lambda *_: 0.0)
    scenario = scenario_from({**SMALL, "assumptions": 1})
    arms = {spec.name: comparison.model_arm(scenario, "trap", spec) for spec in specs_of(scenario)}
    before = {arm.registered_before for arm in arms.values()}
    (job,) = jobs(scenario, "trap", arms)
    job.work(*job.args, pool=None, threads=1)
    assert len(lived) == 3
    for drawn, moved in lived:
        own = parameters.values("trap", None, drawn.overrides())["r_reg"]
        assert own not in before
        assert all(arm.registered_before == own == arm.p["r_reg"] for arm in moved)
        assert all(arm.registry_cost == (0.0, pytest.approx(0.0, abs=1e-9)) for arm in moved)


def test_a_run_says_what_it_cannot_say():
    summary = comparison.run(scenario_from({**SMALL, "assumptions": 2}), silent).summary
    found = summary["assumptions"]["trap"]
    assert {(row["arm"], row["against"]) for row in found["contrasts"]} == {("aid", "none"), ("aid_cooperative_planned", "aid")}
    assert found["failed"] == [] and all(row["draws"] == 2 for row in found["contrasts"])
    for code in ("en", "id"):
        table = assumptions_table(summary, "trap", language(code))
        assert table is not None and table.notes
    assert assumptions_table({}, "trap", language("en")) is None


def test_drawing_parameters_changes_nothing_else():
    plain = comparison.run(scenario_from(SMALL), silent).summary
    drawn = comparison.run(scenario_from({**SMALL, "assumptions": 1}), silent).summary
    assert plain["variants"] == drawn["variants"]


def test_the_brief_says_how_many_draws_are_above_zero():
    row = {"arm": "aid_cooperative", "against": "aid", "positive": 0.28}
    summary = {"assumptions": {"trap": {"contrasts": [row]}, "no_trap": {"contrasts": [{**row, "positive": 0.2}]}}}
    (text,) = _drawn(Quoter(summary, language("en")))
    assert "20% to 28% of the draws" in plain(text)
    assert _drawn(Quoter({"assumptions": {"trap": {"contrasts": [{**row, "positive": None}]}}}, language("en"))) == []
