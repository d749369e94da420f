"""What the run must come to where the answer is known: stationary laws of the shocks, wear, the fixed point of consumption."""

from functools import cache

import numpy as np
import pytest

from povsim import parameters
from povsim.draws import DrawKey
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE, PLACE
from povsim.population.nation import cells_of
from povsim.population.sample import draw_sample
from povsim.population.strata import draw_villages
from verification.small_world import NATION, VARIANTS, law_of_capacity, steps

SE = 4.0
"""Standard errors that an estimate may be away from its limit."""
CALM = {
    **{"sd1": 0.0, "sd2": 0.0, "sd_u": 0.0, "sd_x": 0.0, "p_h": 0.0, "p_k": 0.0, "p_v": 0.0},
    **{"turn": 0.0, "turn_l0": 0.0, "age_1": 0.0, "age_2": 0.0, "delta": 0.0, "g_w": 0.0, "works_share": 0.0},
}
"""No shock, no wear, no growth, nobody ages. Labour and remittances are drawn with the register's values."""


def lone_arm(variant: str, changes: dict[str, float], months: int, first: int, households: int = 100) -> Country:
    """An arm without aid or cooperative from the drawn state of month `first` - 1, not lived yet."""
    cells, key, p = cells_of("toy"), DrawKey(11, 0), {**parameters.values(variant), **changes}
    as_drawn = {**p, **{name: parameters.values(variant)[name] for name in ("turn", "turn_l0", "age_1", "age_2")}}
    sample = draw_sample(cells, draw_villages(cells, 8, key), households, as_drawn, law_of_capacity(cells, p), key)
    return Country(sample, State.first(sample, first - 1), [Arm("none", p)], variant, key, months=months, nation=NATION)


@cache
def crowd(variant: str) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """5600 households over 24 months after a burn-in of 24: columns of LIFE by month, and parameters. No village shock."""
    changes = {"sd_u": 0.0, "turn": 0.1}
    c = lone_arm(variant, changes, 48, -23, households=700)
    months = {name: [] for name in ("e1", "e2", "ill", "z", "x")}
    for t, _ in steps(c):
        if t > 0:
            for name, kept in months.items():
                kept.append(c.state.life[getattr(LIFE, name)].copy())
    return {name: np.array(kept) for name, kept in months.items()}, dict(c.arms[0].p)


@pytest.mark.parametrize("variant", VARIANTS)
def test_income_shocks_have_their_stationary_spread_and_memory(variant):
    life, p = crowd(variant)
    n = life["e1"].shape[1]
    for name, sd, rho in (("e1", p["sd1"], p["rho1"]), ("e2", p["sd2"], p["rho2"])):
        for month in (0, 11, 23):
            assert life[name][month].std() == pytest.approx(sd, rel=SE / np.sqrt(2 * n))
            assert life[name][month].mean() == pytest.approx(0.0, abs=SE * sd / np.sqrt(n))
        memory = rho**12
        measured = np.corrcoef(life[name][0], life[name][12])[0, 1]
        assert measured == pytest.approx(memory, abs=SE * (1 - memory**2) / np.sqrt(n))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_income_shock_has_mean_one_and_illness_its_share(variant):
    life, p = crowd(variant)
    months, n = life["e1"].shape
    half = (p["sd1"] ** 2 + p["sd2"] ** 2) / 2
    shock = np.exp(life["e1"] + life["e2"] - half)
    independent = n * (1 - p["rho1"])  # e1 hardly changes within two years, so months add little
    assert shock.mean() == pytest.approx(1.0, abs=SE * shock.std() / np.sqrt(max(independent, n)))
    ill = life["ill"] > 0
    P = 1 - np.exp(-p["p_h"])
    share = p["d_h"] * P / (p["d_h"] * P + 1 - P)
    spells = n * months / p["d_h"]
    assert ill.mean() == pytest.approx(share, abs=SE * np.sqrt(share / spells))
    burden = p["p_h"] * p["d_h"]
    assert share == pytest.approx(burden / (1 + burden), rel=0.01)  # the page's formula, for which a month is short
    mean_xi = 1 - p["loss_h"] * burden / (1 + burden)
    xi = shock * (1 - p["loss_h"] * ill)
    assert xi.mean() == pytest.approx(mean_xi, abs=SE * (xi.std() / np.sqrt(n) + p["loss_h"] * np.sqrt(share / spells)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_turnover_takes_its_share_once_a_year(variant):
    life, p = crowd(variant)
    changed = (np.diff(life["z"], axis=0) != 0).mean(axis=1)
    assert (np.delete(changed, 11) == 0).all()  # from month 12 to month 13
    n = life["z"].shape[1]
    expected = 1 - np.exp(-p["turn"])
    assert changed[11] == pytest.approx(expected, abs=SE * np.sqrt(expected / n) + 0.03 * expected)  # few have no labour
    rx = np.exp(-1 / p["tau_x"])
    assert np.corrcoef(life["x"][11], life["x"][12])[0, 1] == pytest.approx(rx, abs=SE * (1 - rx**2) / np.sqrt(n))
    assert life["x"][12].std() == pytest.approx(p["sd_x"], rel=SE / np.sqrt(2 * n))


def test_village_shocks_and_disasters_have_their_laws():
    changes = {"p_v": 0.05, "loss_v": 0.5, "p_k": 0.0, "delta": 0.0, "chi": 0.0, "sale_share": 0.0, "turn": 0.0, "turn_l0": 0.0}
    c = lone_arm("trap", changes, 240, -239, households=20)
    u, struck = [], 0.0
    for _, before in steps(c):
        u.append(c.state.place[PLACE.u].copy())
        ratio = (c.state.home[0, HOME.K] / before.home[0, HOME.K])[c.sample.start[:-1]]
        assert set(np.round(ratio, 12)) <= {1.0, 0.5}
        struck += (ratio < 1).mean()
    p, path = c.arms[0].p, np.array(u)
    n = path.size * (1 - p["rho_u"]) / (1 + p["rho_u"])
    assert path.std() == pytest.approx(p["sd_u"], rel=SE / np.sqrt(2 * n))
    expected = 1 - np.exp(-0.05)
    assert struck / 240 == pytest.approx(expected, abs=SE * np.sqrt(expected / path.size))


@pytest.mark.parametrize("variant", VARIANTS)
def test_assets_wear_away_without_investment(variant):
    changes = {**CALM, "delta": 0.02, "chi": 0.0, "sale_share": 0.0}
    c = lone_arm(variant, changes, 60, -59)
    K = c.state.home[0, HOME.K].copy()
    c.run()
    np.testing.assert_allclose(c.state.home[0, HOME.K], K * 0.98**60, rtol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_calm_life_ends_at_its_income(variant):
    """Without shocks, growth, wear and investment, those who can live above the floor end at consuming their income."""
    c = lone_arm(variant, {**CALM, "hurdle": 1e9, "theta": 0.0}, 240, -239)
    K = c.state.home[0, HOME.K].copy()
    c.run()
    p, life, home = c.arms[0].p, c.state.life, c.state.home[0]
    income = life[LIFE.l] * life[LIFE.w_year] + life[LIFE.remit]
    income += (p["r0"] + (1 - p["r0"]) * life[LIFE.l]) * life[LIFE.ability] * output(K, c)
    fine = (income > p["c_floor"]) & (home[HOME.K] == K)  # those who had to sell assets in the beginning are elsewhere
    assert fine.mean() > 0.8
    np.testing.assert_allclose(home[HOME.ybar][fine], income[fine], rtol=1e-9)
    for m in range(12):
        np.testing.assert_allclose(home[HOME.c0 + m][fine], income[fine], rtol=1e-9)
    target = 0.6 * p["buffer"] * income
    assert (home[HOME.S][fine] >= target[fine] * (1 - 1e-9)).all()


def output(K: np.ndarray, c: Country) -> np.ndarray:
    """(1) h(K), the majorant's linear piece included."""
    p, rates = c.arms[0].p, c.rates[0]
    h = np.maximum(p["A_L"] * K ** p["gL"], p["A_H"] * K ** p["gH"] - p["F"])
    line = p["A_L"] * rates["maj_K1"] ** p["gL"] + rates["maj_slope"] * (K - rates["maj_K1"])
    return np.where((rates["maj_K1"] < K) & (rates["maj_K2"] > K), line, h)


def test_growth_of_earning_capacity_begins_with_the_arms():
    """(3): an income of labour alone grows by g_w a year from month 1 on, and not in burn-in."""
    calm = {**CALM, "g_w": 0.015, "xi_D": 0.0, "hurdle": 1e9, "r0": 0.0, "A_L": 0.0, "A_H": 0.0, "hab": 1.0}
    c = lone_arm("trap", calm, 36, -11)
    seen = {}
    for t, _ in steps(c):
        seen[t] = c.state.home[0, HOME.ybar].copy()
    at_work = c.state.life[LIFE.l] == 1
    np.testing.assert_allclose(seen[0][at_work], seen[-11][at_work], rtol=1e-12)
    for t in (1, 12, 24):
        np.testing.assert_allclose(seen[t][at_work], seen[0][at_work] * np.exp(0.015 * t / 12), rtol=1e-12)
