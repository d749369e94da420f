"""One replicate of a trial: treated and control live in one country, and again, on the same draws, where nobody is treated."""

from concurrent.futures import Executor as Pool
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from povsim import parameters
from povsim.config import Scenario
from povsim.config.trial import OF_A_VILLAGE, Trial
from povsim.draws import DrawKey
from povsim.experiments.observe import Survey, asked, met, panel_at
from povsim.experiments.parameter_draws import under
from povsim.experiments.replicate import Replicate
from povsim.experiments.trial_design import OUTSIDE, assign, eligible_households, gets, strata_of
from povsim.experiments.trial_programmes import PREFIX, TrialCountry, programmes_of
from povsim.model.arm import Arm
from povsim.model.baseline import capacity_ahead
from povsim.model.country import Country
from povsim.model.state import State
from povsim.population.columns import HOME, PLACE, TIE
from povsim.population.nation import nation
from povsim.population.sample import Sample

Floats = NDArray[np.float64]
LIVED = ("trial", "nobody_treated")
"""The arms of the model: the country of the trial, and the same one without it."""
OUTCOMES = ("income", "consumption", "assets", "savings", "loans", "poor", "above_line", "capacity", "member")
"""What is measured: before aid L a month, L a month, L, L, L; shares: observed poor; of the poor before: mean consumption of
twelve months at or above the line, capacity without aid at or above 1 + b; of all: member of a cooperative."""
SHARES = ("poor", "above_line", "capacity", "member")
OF_THE_POOR = ("above_line", "capacity")
"""Outcomes that are exits: only of households that were poor before."""


@dataclass
class Lived:
    """The households that are asked [n], and what they are and say at each wave.

    arm [n] as `trial_design`; unit, village, stratum [n]; weight [n]; before [n] mean consumption of the twelve months before
    the lot, L; structural [n]; there [wave, n]: not taken over by a successor; met [wave, n]: interviewed, if there;
    observed, true [outcome, wave, 2, n]: in the country of the trial and in that without it, as surveyed (nobody missing) and
    as it is.
    """

    trial: Trial
    key: DrawKey
    sample: Sample
    rows: NDArray[np.int64]
    eligible: NDArray[np.bool_]
    strata: NDArray[np.int64]
    arm: NDArray[np.int64]
    before: Floats
    structural: NDArray[np.bool_]
    there: NDArray[np.bool_]
    met: NDArray[np.bool_]
    observed: dict[str, Floats]
    true: dict[str, Floats]

    @cached_property
    def village(self) -> NDArray[np.int64]:
        return self.sample.village[self.rows].astype(np.int64)

    @cached_property
    def unit(self) -> NDArray[np.int64]:
        """What is drawn together, and so the cluster of the errors [n]."""
        return self.village if self.trial.unit == "village" else self.rows

    @cached_property
    def stratum(self) -> NDArray[np.int64]:
        return self.strata[self.rows]

    @cached_property
    def weight(self) -> Floats:
        return self.sample.weight[self.rows] if self.trial.weighted else np.ones(self.rows.size)

    def group(self, name: str) -> NDArray[np.bool_]:
        """Households of a group by what they were before the lot [n]."""
        if name == "all":
            return np.ones(self.rows.size, np.bool_)
        if name == "structurally_poor":
            return self.structural
        if name == "poor_before":
            return self.before < 1 - TIE
        middle = weighted_quantile(self.before, self.weight, np.array([0.5]))[0]
        return self.before <= middle if name == "poorer_half" else self.before > middle

    def redrawn(self, alternative: int) -> NDArray[np.int64]:
        """Arms [n] of another lot on the same households."""
        return assign(self.sample, self.eligible, self.strata, self.trial, self.key, alternative)[self.rows]


def weighted_quantile(values: Floats, weight: Floats, at: Floats) -> Floats:
    """Quantiles of weighted values: the smallest at which the share of the weight is reached."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order])
    found = np.searchsorted(share, at * share[-1] * (1 - 1e-12))
    return values[order][np.minimum(found, values.size - 1)]


def live_trial(
    replicate: Replicate, scenario: Scenario, variant: str, trial: Trial, pool: Pool | None = None, threads: int = 1
) -> Lived:
    """Live the trial in a replicate after its burn-in, whose state stays the same."""
    sample, key = replicate.sample, DrawKey(scenario.seed, replicate.number)
    p = parameters.values(variant, trial.scenario, under(scenario, trial.scenario))
    structural = np.zeros(sample.ids.size, np.bool_)
    structural[replicate.tracked] = replicate.structural
    eligible = eligible_households(sample, replicate.state, trial.eligible, structural)
    strata = strata_of(sample, trial)
    arm = assign(sample, eligible, strata, trial, key)
    survey = Survey(**{name: getattr(trial.survey, name) for name in Survey.__dataclass_fields__})
    rows = np.nonzero(asked(sample, survey, key, arm != OUTSIDE))[0]
    country = _country(replicate, scenario, variant, trial, p, arm, key, pool, threads)
    observer = _Observer(sample, survey, p, variant, key, rows, scenario.exit.b)
    if trial.waves[0] == 0:
        observer.before(replicate.state)
    country._look = observer
    country.run()
    country.release()
    waves = np.array(trial.waves)
    return Lived(
        trial, key, sample, rows, eligible, strata, arm[rows],
        before=replicate.state.home[0, HOME.c_sum, rows] / 12, structural=structural[rows],
        there=np.stack(observer.there), met=met(sample, survey, key, list(waves))[:, rows],
        observed={name: np.stack(found) for name, found in observer.observed.items()},
        true={name: np.stack(found) for name, found in observer.true.items()},
    )  # fmt: skip


def _country(
    replicate: Replicate, scenario: Scenario, variant: str, trial: Trial, p: dict[str, float],
    arm: NDArray[np.int64], key: DrawKey, pool: Pool | None, threads: int,
) -> TrialCountry:  # fmt: skip
    sample = replicate.sample
    offered = {c.name: gets(arm, trial, c.name) for c in trial.components}
    in_village = {name: np.bincount(sample.village, weights=mask) > 0 for name, mask in offered.items()}
    state = replicate.state.branch(2)
    with_cooperative = [in_village[c.name] for c in trial.components if c.product == "cooperative"]
    if with_cooperative:
        # a village is covered where its uniform lies below the coverage of the arm
        state.place[PLACE.u_cover] = np.where(np.any(with_cooperative, axis=0), 0.25, 0.75)
    goes_on = dict.fromkeys(trial.todays_aid, 1.0)
    treated = {PREFIX + c.name: 1.0 for c in trial.components if c.product not in OF_A_VILLAGE}
    arms = [
        Arm(LIVED[0], p, goes_on | treated, bool(with_cooperative), scenario.payer, coverage=0.5),
        Arm(LIVED[1], p, goes_on),
    ]
    country = TrialCountry(
        sample, state, arms, variant, key, months=-(-trial.waves[-1] // 12) * 12, nation=nation(), record=False,
        macro=scenario.economy.macro, interactions=scenario.interactions, b=scenario.exit.b,
        programmes=programmes_of(trial.components, offered), pool=pool, threads=threads, stops=trial.waves,
    )  # fmt: skip
    country.grants = tuple((c, in_village[c.name]) for c in trial.components if c.product == "community")
    return country


class _Observer:
    """Collects what the survey finds and what is true at each wave, in both arms of the model."""

    def __init__(
        self, sample: Sample, survey: Survey, p: dict[str, float], variant: str, key: DrawKey,
        rows: NDArray[np.int64], b: float,
    ) -> None:  # fmt: skip
        self.sample, self.survey, self.p, self.variant, self.key, self.rows, self.b = sample, survey, p, variant, key, rows, b
        self.there: list[NDArray[np.bool_]] = []
        self.observed: dict[str, list[Floats]] = {name: [] for name in OUTCOMES}
        self.true: dict[str, list[Floats]] = {name: [] for name in OUTCOMES}

    def before(self, state: State) -> None:
        """Month 0: nobody is treated, and both countries are one."""
        self._wave(state, (0, 0))

    def __call__(self, country: Country) -> None:
        self._wave(country.state, (0, 1))

    def _wave(self, state: State, arms: tuple[int, int]) -> None:
        sigma = self.p["sigma_me"]
        frames = [panel_at(self.sample, state, a, self.survey, sigma, self.key, rows=self.rows) for a in arms]
        line, upper = 1 - TIE, 1 + self.b - TIE
        for frame, a in zip(frames, arms, strict=True):
            debts = frame["debt_moneylender"] + frame["debt_cooperative"] + frame["debt_credit"]
            ccap = capacity_ahead(self.sample, state, a, self.p, self.variant, self.rows)
            both = {
                "loans": debts, "above_line": frame["m12"] >= line, "capacity": ccap >= upper, "member": frame["member"],
                "poor": frame["poor"],
            }  # fmt: skip
            own = {name: frame[name] for name in ("income", "consumption", "assets", "savings")}
            true = {name: frame[f"true_{name}"] for name in own}
            for store, values in ((self.observed, both | own), (self.true, both | true)):
                for name in OUTCOMES:
                    store[name].append(np.asarray(values[name], np.float64))
        for store in (self.observed, self.true):
            for name in OUTCOMES:
                second, first = store[name].pop(), store[name].pop()
                store[name].append(np.stack([first, second]))
        self.there.append(frames[0]["formed"].to_numpy() <= 0)
