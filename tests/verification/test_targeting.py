"""Equations (16), (17), (19) once more in plain Python: who is on which list and for how much, against the compiled lists."""

import math

import numpy as np
import pytest
from reference.rules_earning import base_earnings, common_tangent, enterprise_output, growth_factor, mean_xi

from povsim.draws import Stream, inverse_normal, uniforms
from povsim.model.country import Country
from povsim.population.columns import COOP, HOME, LIFE, WORKS_BIT
from verification.small_world import NATION, VARIANTS, arm, country, steps, world

PKH, SEMBAKO = 0, 1


def predicted(c: Country, a: int, i: int, month: int, p: dict) -> float:
    """ln of the consumption that assets and long-run earning capacity predict, L a month."""
    life = {name: float(c.state.life[getattr(LIFE, name), i]) for name in ("l", "w_long", "lna", "remit")}
    output = enterprise_output(float(c.state.home[a, HOME.K, i]), life["lna"], p)
    earned = base_earnings(life["l"], life["w_long"] * growth_factor(month, p), output, p)
    return math.log(mean_xi(p) * earned + life["remit"])


def renewed(c: Country, a: int, month: int, p: dict) -> list[float]:
    """(16) records: a share `refresh` is taken anew, with a new error."""
    u = uniforms(c.key, Stream.REGISTRY_YEAR, c.sample.ids, month)
    errors = inverse_normal(u[:, 1])
    old = c.state.home[a, HOME.record]
    return [
        predicted(c, a, i, month, p) + p["e_sd"] * float(errors[i]) if u[i, 0] < p["refresh"] else float(old[i])
        for i in range(old.size)
    ]


def places(c: Country, scores: list[float], r_reg: float) -> list[float]:
    """Real households of the district below the middle of each registered one, poorest first."""
    district = c.sample.stratum[c.sample.village].tolist()
    weight = c.sample.weight.tolist()
    out = [math.inf] * len(scores)
    below = dict.fromkeys(district, 0.0)
    for i in sorted(range(len(scores)), key=lambda i: scores[i]):
        if c.state.life[LIFE.u_reg, i] < r_reg:
            out[i] = below[district[i]] + weight[i] / 2
            below[district[i]] += weight[i]
    return out


@pytest.mark.parametrize("villages", [3, 9])
@pytest.mark.parametrize("variant", VARIANTS)
def test_lists_and_amounts_are_those_of_the_page(variant, villages):
    """Two years, arms with and without aid and cooperative; districts merged into one stratum, and one by one."""
    w = world(variant, villages)
    planned = {**w.p, "displaced": 0.4, "displaced_months": 12.0}
    better = {**planned, "r_reg": 0.95, "e_sd": 0.2, "refresh": 0.9}  # each arm has its own registry
    c = country(w, [arm("none", w.p), arm("aid", w.p, 1.5), arm("aid_cooperative", better, 1.0, True)])
    life, cells, s = steps(c), c.sample.cells, c.sample
    poor = (cells["persons"] * cells["p0_pct"] / 100 / cells["households"]).to_numpy()[s.cell][s.village]
    district = s.stratum[s.village]
    for month in (1, 13):
        while c.state.t < month - 1:
            next(life)
        expected = [year_of(c, a, month, poor, district) for a in range(3)]
        _, decided = next(life)
        for a, (records, bits, works) in enumerate(expected):
            np.testing.assert_allclose(decided.home[a, HOME.record], records, rtol=1e-9)
            assert decided.home[a, HOME.enrolled].astype(np.int64).tolist() == bits
            np.testing.assert_allclose(decided.coop[a, COOP.works], works, rtol=1e-9)
    assert c._amounts[0].sum() == 0
    pkh, sembako = c._amounts[1, :2]
    assert not c._amounts[1, 2:].any()
    assert pkh.tolist() == pytest.approx([1.5 * 0.81 * 2_870_000 / 4 if m % 3 == 0 else 0.0 for m in range(12)])
    assert sembako.tolist() == pytest.approx([1.5 * 0.81 * 200_000] * 12)


def year_of(c: Country, a: int, month: int, poor: np.ndarray, district: np.ndarray) -> tuple[list, list, list]:
    """Records, bits and works of arm a for the year that begins with `month`, from the state before it."""
    one = c.arms[a]
    p = dict(one.p, variant=c.variant)
    if c.variant == "no_trap":
        p["maj_K1"], p["maj_K2"], p["maj_slope"] = common_tangent(p)
    records = renewed(c, a, month, p)
    noise = inverse_normal(uniforms(c.key, Stream.HOUSEHOLD_YEAR, c.sample.ids, month)[:, 3])
    place = places(c, [r + p["e_enum"] * float(n) for r, n in zip(records, noise, strict=True)], p["r_reg"])
    weight = c.sample.weight
    old = c.state.home[a, HOME.enrolled].astype(np.int64)
    bits, listed = [], []
    for i, at in enumerate(place):
        here = district == district[i]
        quota = {
            g: p[g] / NATION.poor_persons * float((weight * poor)[here].sum()) for g in ("pkh_families", "sembako_families")
        }
        pkh = at <= quota["pkh_families"] if month == 1 else bool(old[i] >> PKH & 1)  # recertified every second year
        on = bool(one.programmes)
        on_works = at <= p["works_bottom"] * float(weight[here].sum()) and c.state.life[LIFE.l, i] > 0
        listed.append(bool(on_works))
        bits.append((on and pkh) << PKH | (on and at <= quota["sembako_families"]) << SEMBAKO | on_works << WORKS_BIT)
    works = []
    for v in range(c.sample.village_ids.size):
        rows = range(c.sample.start[v], c.sample.start[v + 1])
        on_list = sum(float(c.state.life[LIFE.h, i]) for i in rows if listed[i])
        desa = float(c.sample.cells["desa_share"][int(c.sample.cell[v])])
        displaced = p["displaced"] if c.state.coop[a, COOP.covered, v] and month <= p["displaced_months"] else 0.0
        budget = p["works_share"] * p["vf_idr_year"] / NATION.desa * desa / 12
        works.append(budget * (1 - displaced) / on_list if on_list else 0.0)
    return records, [int(x) for x in bits], works
