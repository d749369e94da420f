"""The survey's view of a living country, equation (21): what an evaluator would hold in a panel of households.

ln c_obs = ln c + sigma_me zeta, with zeta keyed by household and month alone: the same in every arm, at every split of the
work. Income, assets and savings get errors of their own. Attrition is absorbing: who is lost in a wave stays lost.
"""

from collections.abc import Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.draws import DrawKey, Stream, inverse_normal, uniforms
from povsim.errors import PovsimError
from povsim.experiments.replicate import Replicate, burn_in
from povsim.model.arm import Arm
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import HOME, LIFE, TIE
from povsim.population.nation import nation
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
RECALLS = ("month", "year")
MET_AGAIN = 3
ASKED = 1
"""Words of streams SURVEY and TRIAL."""


@dataclass(frozen=True)
class Survey:
    """How a household is observed.

    sigma_me: log error of consumption (None: the register's); sigma_income, sigma_assets: of income, and of assets and savings
    (None: as consumption); recall `month`: consumption of the last month, `year`: mean of the last twelve; forgotten: share of
    consumption that a recall of a year leaves out; attrition: share of those still there that each wave after the first loses;
    households: at most so many of a village are asked (None: all that are simulated).
    """

    sigma_me: float | None = None
    sigma_income: float | None = None
    sigma_assets: float | None = None
    recall: str = "month"
    forgotten: float = 0.0
    attrition: float = 0.0
    households: int | None = None

    def __post_init__(self) -> None:
        if self.recall not in RECALLS:
            raise PovsimError(f"survey.recall = '{self.recall}' is not known. Accepted: {', '.join(RECALLS)}.")


def asked(sample: Sample, survey: Survey, key: DrawKey, among: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Who is asked [H]: of `among` (default: all), the first `survey.households` of each village by their keyed place."""
    able = np.ones(sample.ids.size, np.bool_) if among is None else among
    if survey.households is None:
        return able.copy()
    place = np.where(able, uniforms(key, Stream.TRIAL, sample.ids)[:, ASKED], np.inf)
    order = np.lexsort((place, sample.village))
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size) - sample.start[sample.village[order]]
    return able & (rank < survey.households)


def met(sample: Sample, survey: Survey, key: DrawKey, waves: Sequence[int]) -> NDArray[np.bool_]:
    """Who is still there in each wave [wave, H]; the first wave meets everybody, every later one loses a share `attrition`."""
    out = np.ones((len(waves), sample.ids.size), np.bool_)
    for k, t in enumerate(waves[1:], start=1):
        lost = uniforms(key, Stream.SURVEY, sample.ids, t)[:, MET_AGAIN] < survey.attrition
        out[k] = out[k - 1] & ~lost
    return out


def consumption_over(state: State, arm: int, recall: str) -> Floats:
    """True consumption of the last month, or a month's mean over the last twelve, L [H]."""
    home = state.home[arm]
    return home[HOME.c_sum] / 12 if recall == "year" else home[HOME.c0 + state.t % 12].copy()


def panel_at(
    sample: Sample,
    state: State,
    arm: int,
    survey: Survey,
    sigma_me: float,
    key: DrawKey,
    *,
    name: str = "",
    rows: NDArray[np.int64] | None = None,
    present: NDArray[np.bool_] | None = None,
) -> pl.DataFrame:
    """One wave: a row a household of `rows` (default: all) in one arm at the end of month state.t; L, a month, unless said.

    Columns: household, village, district, arm, month, weight (real households of the nation), size (persons), line_idr,
    present (interviewed); observed consumption, income, assets, savings (null where not present) and poor (observed
    consumption below the line); true_consumption, true_income (before aid), aid, true_assets, true_savings, debt_cooperative,
    debt_moneylender, debt_credit, member, m12 (mean true consumption of twelve months), formed (month in which a successor
    took the household over, 0 none). `sigma_me`: the register's; `present` [H].
    """
    at = np.arange(sample.ids.size) if rows is None else rows
    home, life, t = state.home[arm], state.life, state.t
    there = np.ones(at.size, np.bool_) if present is None else present[at]
    normals = inverse_normal(uniforms(key, Stream.SURVEY, sample.ids[at], t)[:, :3])
    sigma = sigma_me if survey.sigma_me is None else survey.sigma_me
    errors = [sigma, *(sigma if own is None else own for own in (survey.sigma_income, survey.sigma_assets))]
    noise = np.exp(normals * np.array(errors))
    kept = 1.0 - survey.forgotten if survey.recall == "year" else 1.0
    seen = consumption_over(state, arm, survey.recall)[at] * kept * noise[:, 0]
    observed = {
        "consumption": seen,
        "income": home[HOME.y, at] * noise[:, 1],
        "assets": home[HOME.K, at] * noise[:, 2],
        "savings": home[HOME.S, at] * noise[:, 2],
        "poor": (seen < 1.0 - TIE).astype(np.float64),
    }
    district = sample.cells["district"].to_numpy()[sample.cell][sample.village[at]].astype(str)
    columns = {
        "household": sample.ids[at], "village": sample.village_ids[sample.village[at]], "district": district,
        "arm": np.full(at.size, name), "month": np.full(at.size, t), "weight": sample.weight[at],
        "size": life[LIFE.size, at].astype(np.int64), "line_idr": life[LIFE.line, at], "present": there,
        **{column: np.where(there, values, np.nan) for column, values in observed.items()},
        "true_consumption": consumption_over(state, arm, "month")[at], "true_income": home[HOME.y, at],
        "aid": home[HOME.aid, at], "true_assets": home[HOME.K, at], "true_savings": home[HOME.S, at] + home[HOME.box, at],
        "debt_cooperative": home[HOME.Dc, at], "debt_moneylender": home[HOME.Dm, at], "debt_credit": home[HOME.Mc, at],
        "member": home[HOME.member, at] != 0, "m12": home[HOME.c_sum, at] / 12,
        "formed": life[LIFE.formed, at].astype(np.int64),
    }  # fmt: skip
    return pl.DataFrame(columns).with_columns(pl.col(list(observed)).fill_nan(None))


class Watcher:
    """Collects panels of a country at its stops: `Country(..., stops=waves, look=watcher)`, then `panel()`.

    waves: months at whose end households are asked; 0 is asked of the state at the branch, by `begin`. rows: households that
    are asked (default: `asked` by the survey).
    """

    def __init__(
        self, sample: Sample, survey: Survey, sigma_me: float, key: DrawKey, waves: Sequence[int],
        rows: NDArray[np.int64] | None = None,
    ) -> None:  # fmt: skip
        self.sample, self.survey, self.sigma_me, self.key = sample, survey, sigma_me, key
        self.waves = sorted(set(waves))
        self.rows = np.nonzero(asked(sample, survey, key))[0] if rows is None else rows
        self._met = dict(zip(self.waves, met(sample, survey, key, self.waves), strict=True))
        self._found: list[pl.DataFrame] = []

    def begin(self, state: State, arms: Sequence[str]) -> None:
        """Ask at the branch, if month state.t is a wave; every arm is the first one of `state` there."""
        if state.t in self._met:
            self._found += [self._of(state, 0, name) for name in arms]

    def __call__(self, country: Country) -> None:
        """Ask at a stop."""
        if country.state.t in self._met:
            self._found += [self._of(country.state, a, arm.name) for a, arm in enumerate(country.arms)]

    def panel(self) -> pl.DataFrame:
        """All waves and arms, one below the other."""
        return pl.concat(self._found)

    def _of(self, state: State, arm: int, name: str) -> pl.DataFrame:
        return panel_at(
            self.sample, state, arm, self.survey, self.sigma_me, self.key, name=name, rows=self.rows,
            present=self._met[state.t],
        )  # fmt: skip


def observed_panel(
    scenario: Scenario, variant: str, number: int, arms: Sequence[Arm], waves: Sequence[int], survey: Survey,
    pool: Pool | None = None, threads: int = 1,
) -> pl.DataFrame:  # fmt: skip
    """Burn in replicate `number` of a scenario, live `arms` (`povsim.model.arm.Arm`) to the last wave, and ask.

    waves: months from 0 (before the arms part) on. The panel of `panel_at`, all arms.
    """
    replicate = burn_in(scenario, variant, number, pool, threads)
    return panel_of_arms(scenario, variant, replicate, arms, waves, survey, pool, threads)


def panel_of_arms(
    scenario: Scenario, variant: str, replicate: Replicate, arms: Sequence[Arm], waves: Sequence[int], survey: Survey,
    pool: Pool | None = None, threads: int = 1,
) -> pl.DataFrame:  # fmt: skip
    """As `observed_panel`, of a replicate after its burn-in, whose state stays the same."""
    sample, key = replicate.sample, DrawKey(scenario.seed, replicate.number)
    watcher = Watcher(sample, survey, arms[0].p["sigma_me"], key, waves)
    watcher.begin(replicate.state, [arm.name for arm in arms])
    if max(waves) > 0:
        country = Country(
            sample, replicate.state.branch(len(arms)), arms, variant, key,
            months=-(-max(waves) // 12) * 12, nation=nation(), record=False, macro=scenario.economy.macro,
            interactions=scenario.interactions, specs=scenario.programmes, pool=pool, threads=threads,
            stops=waves, look=watcher,
        )  # fmt: skip
        country.run()
        country.release()
    return watcher.panel()
