"""Draws of parameters from one burn-in: each gives what it gives alone, and every symbol stands in the list it belongs to."""

import hashlib
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from povsim import parameters
from povsim.config import scenario_from
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments import ensemble
from povsim.experiments.ensemble import SETTLED, SHARED, LivedDraw, live_draws
from povsim.experiments.replicate import Replicate, burn_in, live_arms
from povsim.measures.exits import M12_LINE
from povsim.model.arm import Arm
from povsim.population.columns import HOME
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of
from povsim.population.sample import draw_sample
from povsim.population.strata import draw_villages
from verification.cases import BUSY, HARD_LIFE
from verification.small_world import VARIANTS, near_the_line

SCENARIO = scenario_from({
    "population": {"kind": "toy", "villages": 20, "households_per_village": 24}, "replicates": 1, "burn_in_months": 36,
    "economy": {"macro": [-0.05, -0.1, -0.05]},
})  # fmt: skip
MONTHS = 36


@cache
def burnt_in(variant: str) -> Replicate:
    return near_the_line(burn_in(SCENARIO, variant, 0))


def busy(variant: str) -> Arm:
    """Aid, a package of assets and coaching, and cooperatives in which much happens."""
    p = {**parameters.values(variant, None, SCENARIO.overrides()), **HARD_LIFE, **BUSY, "h0": 0.02, "h_rev": 0.1, "h_dis": 0.05}
    packages = {"equal_assets": 1.0, "equal_coaching": 1.0}
    return Arm(
        "busy", p, {"pkh": 1.0, "sembako": 1.0, **packages}, True,
        quotas=dict.fromkeys(packages, 4e6), graduation_years=2,
    )  # fmt: skip


def everything(lived: LivedDraw) -> str:
    """Hash of all that a draw leaves behind in its arm."""
    c, a = lived.country, lived.arm
    digest = hashlib.sha256()
    for table in (c.state.home, c.state.coop, c.record.marks, c.record.poverty, c.record.status, c.record.volume):
        digest.update(np.ascontiguousarray(table[a]).tobytes())
    for booked in sorted(c.record.outlay):
        digest.update(c.record.outlay[booked][a].tobytes())
    digest.update(lived.consumption.tobytes())
    return digest.hexdigest()


def other_value(symbol: str, value: float) -> float:
    """The end of the symbol's range that is farther from its value."""
    entry = parameters.register()[symbol]
    return max((entry.low, entry.high), key=lambda end: abs(end - value))


def live(variant: str, draws: list[dict[str, float]], **options) -> list[str]:
    options = {"months": MONTHS, "reduce": everything, **options}
    return live_draws(burnt_in(variant), SCENARIO, variant, busy(variant), draws, **options)


@cache
def alone(variant: str) -> dict[str, str]:
    """By symbol, what a draw leaves behind in which it has another value; '': the arm as it is."""
    arm, r = busy(variant), burnt_in(variant)
    values = {symbol: {symbol: other_value(symbol, arm.p[symbol])} for symbol in parameters.register()}
    return {
        symbol: ensemble._live(r, SCENARIO, variant, [replace(arm, p={**arm.p, **draw})], MONTHS, everything)[0]
        for symbol, draw in {"": {}, **values}.items()
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_not_shared_is_an_arm_s_own(variant):
    """Every symbol that is in neither list, side by side in one country, to the bit as alone."""
    arm, symbols = busy(variant), sorted(parameters.register().keys() - SHARED - SETTLED)
    draws = [{}, *({symbol: other_value(symbol, arm.p[symbol])} for symbol in symbols)]
    together = dict(zip(["", *symbols], live(variant, draws, together=len(draws)), strict=True))
    assert [symbol for symbol in together if together[symbol] != alone(variant)[symbol]] == []


def test_what_is_shared_cannot_be_an_arm_s_own():
    """Behind another first arm each of these would go unseen: none is listed in vain."""
    arm, plain, vain = busy("trap"), alone("trap")[""], []
    for symbol in sorted(SHARED):
        second = replace(arm, p={**arm.p, symbol: other_value(symbol, arm.p[symbol])})
        behind = ensemble._live(burnt_in("trap"), SCENARIO, "trap", [arm, second], MONTHS, everything)
        assert behind[0] == plain
        if behind[1] == alone("trap")[symbol]:
            vain.append(symbol)
    assert vain == []


def test_settled_is_what_the_sample_reads_and_no_life_does():
    cells, key = cells_of("toy"), DrawKey(1, 0)
    drawn, fitted = draw_villages(cells, 20, key), fitted_table("toy", "trap", cells)

    def sample_with(p) -> bytes:
        s = draw_sample(cells, drawn, 24, p, fitted, key)
        return s.life.tobytes() + s.home.tobytes() + s.place.tobytes()

    p = parameters.values("trap")
    unseen = {symbol for symbol, found in alone("trap").items() if symbol and found == alone("trap")[""]}
    moves_sample = {s for s in unseen if sample_with({**p, s: other_value(s, p[s])}) != sample_with(p)}
    assert moves_sample == SETTLED


@pytest.mark.parametrize("variant", VARIANTS)
def test_threads_batches_and_neighbours_change_no_bit(variant):
    p = busy(variant).p
    own = [{"s1": p["s1"] * (1 + 0.1 * k), "q0": 0.3 + 0.05 * k} for k in range(5)]
    draws = [*own, *({**draw, "sd1": p["sd1"] * 1.1} for draw in own), {"sd1": p["sd1"] * 1.2}, {}, {"p_h": 0.03}]
    one_by_one = [live(variant, [draw])[0] for draw in draws]
    assert len(set(one_by_one)) == len(draws)
    for options in ({}, {"threads": 1}, {"threads": 2, "together": 3}, {"together": 1}):
        assert live(variant, draws, **options) == one_by_one
    assert live(variant, draws[::-1])[::-1] == one_by_one


def test_paths_are_those_of_a_comparison():
    """The same arm through `live_arms`, which adds up elsewhere; exits and re-entries counted one by one."""
    scenario, variant = replace(SCENARIO, horizon_months=84), "trap"
    r, arm = burnt_in(variant), busy(variant)
    found, marks, last = live_draws(
        r, scenario, variant, arm, [{}], months=84,
        reduce=lambda lived: (ensemble.paths(lived), lived.country.record.marks[0], lived.country.state.home[0, HOME.c_sum]),
    )[0]  # fmt: skip
    r = replace(r, outcomes={}, exits={})
    live_arms(r, scenario, variant, [arm])
    outcome, weight = r.outcomes["busy"], r.village_weight
    paths = np.stack([found.headcount, found.gap, found.squared_gap, found.true_headcount], axis=1)
    np.testing.assert_allclose(paths, outcome.poverty[1:, 0], rtol=1e-12)
    np.testing.assert_allclose(found.trading, (outcome.status[1:] == 4) @ weight / weight.sum(), rtol=1e-12)
    np.testing.assert_allclose(found.members, outcome.members @ weight / r.sample.weight.sum(), rtol=1e-12)
    mean = (last / 12 * r.sample.persons).sum() / r.sample.persons.sum()
    assert found.consumption[-12:].mean() == pytest.approx(mean, rel=1e-9)
    out, back = np.zeros(84), np.zeros(84)
    for j, w in enumerate(r.weight):
        was = False
        for t in range(84):
            now = bool(marks[t, j] & M12_LINE)
            out[t] += w * (now and not was)
            back[t] += w * (was and not now)
            was = now
    np.testing.assert_allclose(found.exits, out / r.weight.sum(), rtol=1e-12)
    np.testing.assert_allclose(found.reentries, back / r.weight.sum(), rtol=1e-12)
    assert out.any() and back.any() and found.trading.any() and found.members.any()


def test_symbols_that_cannot_be_drawn_are_refused():
    with pytest.raises(PovsimError, match="Draw 1 has the parameter 'sd_1'.*Did you mean 'sd1'"):
        live("trap", [{}, {"sd_1": 0.2}])
    with pytest.raises(PovsimError, match="Draw 0 sets wedge=.*burn in a replicate for every value"):
        live("trap", [{"wedge": busy("trap").p["wedge"] * 1.1}])
    assert live("trap", [{"wedge": busy("trap").p["wedge"]}]) == live("trap", [{}])
