"""F1, F11 and F12: what needs a sample that stands for every district.

As many villages in every district, on draws that the fit of the population did not use.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor as Pool

import numpy as np

from povsim import evidence, parameters
from povsim.config.shift import Shift
from povsim.draws import DrawKey
from povsim.experiments.population_check import observed_consumption
from povsim.experiments.replicate import TODAYS_AID
from povsim.measures.poverty import fgt_of_households
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE
from povsim.population.fitted import fitted_table
from povsim.population.nation import cells_of, nation
from povsim.population.sample import Sample, draw_sample
from povsim.population.strata import draw_villages

SEED = 20250305
"""Seed of this sample; no experiment, fit or refit uses it."""
POINT, SHARE = 0.01, 0.10
"""F1: a district is met within a point, or a tenth of its headcount."""
WITHIN = {"P1": 0.15, "P2": 0.20}
"""F12: a province is met within these shares of the published figure."""
INTENDED = 0.4
"""F11: the programmes intend the four poorest deciles of consumption per head."""
TRILLION = 1e12
BYTES_A_HOUSEHOLD = 1_500


def large_sample(
    variant: str,
    values: Mapping[str, float],
    shift: Shift,
    per_district: int,
    households: int,
    burn_in: int = 120,
    *,
    pool: Pool | None,
    threads: int,
) -> dict[str, float]:
    """Work of a job. F1: share of districts met; F12: share of 76 cells (P1 and P2 of 38 provinces) met; F11_pkh, F11_sembako:
    outlay on benefits, trillion Rp a year; F11_pkh_outside, F11_sembako_outside: share outside the four poorest deciles."""
    p = parameters.values(variant, None, values)
    key = DrawKey(SEED, 0)
    cells = cells_of("indonesia")
    drawn = draw_villages(cells, 0, key, per_district=per_district)
    sample = draw_sample(cells, drawn, households, p, fitted_table("indonesia", variant, cells, shift), key)
    state = State.first(sample, -burn_in)
    arm = Arm("aid", p, TODAYS_AID)
    country = Country(
        sample, state, [arm], variant, key, months=burn_in, nation=nation(), record=False, pool=pool, threads=threads
    )
    country.run()
    country.release()
    c = observed_consumption(sample, state, p["sigma_me"], key, range(-11, 1))
    fgt = fgt_of_households(c)
    return {"F1": districts_met(sample, fgt[0]), "F12": provinces_met(sample, fgt), **aid(sample, state, p)}


def districts_met(sample: Sample, poor: np.ndarray) -> float:
    """Share of districts whose headcount of persons is met. poor [H]: mean of the household over observed months."""
    cells = sample.cells
    names, place = np.unique(cells["district_id"].to_numpy(), return_inverse=True)
    found = _mean_by(place[sample.cell][sample.village], poor, sample.persons, names.size)
    known = _mean_by(place, cells["p0_pct"].to_numpy() / 100, cells["persons"].to_numpy(), names.size)
    return float((np.abs(found - known) <= np.maximum(POINT, SHARE * known)).mean())


def provinces_met(sample: Sample, fgt: np.ndarray) -> float:
    """Share of provinces and measures (P1, P2) that are met. fgt [3, H] as `fgt_of_households`."""
    profile = evidence.load("province_profile_2025")
    names, place = np.unique(sample.cells["province"].to_numpy(), return_inverse=True)
    row = {name: k for k, name in enumerate(profile["province"])}
    met = []
    for k, (measure, within) in enumerate(WITHIN.items(), start=1):
        found = _mean_by(place[sample.cell][sample.village], fgt[k], sample.persons, names.size)
        published = profile[f"{measure.lower()}_pct"].to_numpy()[[row[name] for name in names]] / 100
        met.append(np.abs(found - published) <= within * published)
    return float(np.mean(met))


def aid(sample: Sample, state: State, p: Mapping[str, float]) -> dict[str, float]:
    """Outlay of today's programmes in the year that ends, and the share of it outside the intended deciles."""
    home, life, weight = state.home[0], state.life, sample.weight
    per_head = home[HOME.c_sum] * life[LIFE.line] / life[LIFE.size]
    order = np.argsort(per_head, kind="stable")
    rank = np.empty(weight.size)
    rank[order] = np.cumsum(weight[order]) / weight.sum()
    out: dict[str, float] = {}
    for bit, (name, a_year) in enumerate((("pkh", p["pkh_idr_year"]), ("sembako", 12 * p["sembako_idr_month"]))):
        enrolled = weight * ((home[HOME.enrolled].astype(np.int64) >> bit) & 1)
        out[f"F11_{name}"] = float(enrolled.sum()) * a_year / TRILLION
        out[f"F11_{name}_outside"] = float((enrolled @ (rank > INTENDED)) / max(float(enrolled.sum()), 1e-9))
    return out


def _mean_by(place: np.ndarray, values: np.ndarray, weight: np.ndarray, places: int) -> np.ndarray:
    total = np.bincount(place, weights=weight, minlength=places)
    return np.asarray(np.bincount(place, weights=weight * values, minlength=places) / np.where(total > 0, total, 1))
