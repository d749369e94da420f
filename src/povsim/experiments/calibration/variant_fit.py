"""One variant, fitted to a pilot: its posterior, what of it is identified, what it predicts, how it foresees the last wave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from povsim.config.calibrate import CalibrateKeys
from povsim.draws import DrawKey
from povsim.experiments.calibration import checks
from povsim.experiments.calibration.ahead import forecast_rows
from povsim.experiments.calibration.condition import conditioned, recovered
from povsim.experiments.calibration.foresight import Difference, difference
from povsim.experiments.calibration.identify import LEAST, Identified, identify
from povsim.experiments.calibration.learnt import prior_for
from povsim.experiments.calibration.pilot import Design
from povsim.experiments.calibration.posterior import Posterior
from povsim.experiments.calibration.prior import Prior
from povsim.experiments.calibration.series import Series, is_series
from povsim.experiments.calibration.series_lived import Expected, expected
from povsim.experiments.calibration.table import Question, Table, draws_of, simulated
from povsim.experiments.executor import Advance, Executor

Floats = NDArray[np.float64]
LEAST_CORRELATION = 0.5
"""Correlation of truth and posterior mean that a check with pilots of this design has to find (`condition.recovered`) for a
parameter to be called identified."""
PREDICTED, HELD_OUT = 10_000_000, 20_000_000
"""First numbers of pilots simulated from the posterior, and from the posterior without the last wave."""


@dataclass
class Fitted:
    """One variant: posterior, what of it is identified, predicted statistics, score of the wave held out."""

    prior: Prior
    posterior: Posterior
    rows: list[Identified]
    recovered: Floats
    predicted: Table
    checks: list[dict[str, Any]] = field(default_factory=list)
    held_out: Table | None = None
    scale: Floats = field(default_factory=lambda: np.zeros(0))
    beyond: list[str] = field(default_factory=list)
    """Statistics of the data outside of everything that was simulated from the prior."""
    coming: list[dict[str, Any]] = field(default_factory=list)
    """Forecast of the coming years by arm."""
    without_series: list[Identified] = field(default_factory=list)
    """What the pilot alone tells, where a published series is read, too."""

    def identified(self) -> NDArray[np.bool_]:
        """Parameters [p] that the data narrow, and that pilots of this design tell apart."""
        narrowed = np.array([row.contraction >= LEAST for row in self.rows])
        return narrowed & (self.recovered >= LEAST_CORRELATION)

    def kept(self, n: int, seed: int) -> Floats:
        """Uniforms [n, p] of equally weighted draws; what is not identified is drawn from its prior, apart from the others."""
        key = DrawKey(seed, 0)
        return np.where(self.identified(), self.posterior.resampled(n, key).u, self.prior.draws(key, n, generation=1))


def fit_variant(
    question: Question,
    observed_by_name: dict[str, float],
    keys: CalibrateKeys,
    executor: Executor,
    advance: Advance,
    failures: list[str],
    series: Series | None = None,
) -> Fitted | None:
    """Posterior of a variant, pilots predicted from it, and from the posterior that has not seen the last wave."""
    prior = prior_for(question.symbols, question.variant, question.design.cooperative)
    key = DrawKey(question.scenario.seed, 0)
    law = None if series is None else expected(question, series.places, executor, advance, failures)
    table = simulated(question, draws_of(question, keys.pilots), 0, executor, advance, failures)
    if len(table.u) < keys.pilots // 2:
        return None
    table = with_series(table, law, series, 0, key)
    target = as_row(observed_by_name | ({} if series is None else series.changes), table.names)
    posterior = conditioned(table, prior, target)
    lived = posterior.resampled(keys.checks, key).u
    predicted = with_series(simulated(question, lived, PREDICTED, executor, advance, failures), law, series, PREDICTED, key)
    predicted = _aligned(predicted, table.names)
    fitted = Fitted(
        prior,
        posterior,
        identify(posterior),
        recovered(table, np.isfinite(target), prior),
        predicted,
        checks.predictive_rows(table.names, target, predicted.statistics),
        scale=np.nanstd(table.statistics, axis=0),
        beyond=beyond(table, target),
    )
    if series is not None:
        pilot_alone = np.where([is_series(name) for name in table.names], np.nan, target)
        fitted.without_series = identify(conditioned(table, prior, pilot_alone))
    if len(question.design.waves) > 1:
        last = checks.of_last_wave(table.names, len(question.design.waves))
        before = conditioned(table, prior, np.where(last, np.nan, target))
        lived = before.resampled(keys.checks, key).u
        lived_again = with_series(simulated(question, lived, HELD_OUT, executor, advance, failures), law, series, HELD_OUT, key)
        fitted.held_out = _aligned(lived_again, table.names)
    if forecasts(keys, question.design):
        fitted.coming = forecast_rows(
            question, fitted.kept(keys.checks, question.scenario.seed), keys.ahead_years, executor, advance, failures
        )
    return fitted


def forecasts(keys: CalibrateKeys, design: Design) -> bool:
    """Whether there are arms and years to forecast."""
    return keys.ahead_years > 0 and design.treated > 0


def beyond(table: Table, target: Floats) -> list[str]:
    """Statistics of the data that lie below or above all of the table."""
    with np.errstate(invalid="ignore"):
        out = (target < np.nanmin(table.statistics, axis=0)) | (target > np.nanmax(table.statistics, axis=0))
    return [name for name, yes in zip(table.names, out, strict=True) if yes]


def _aligned(table: Table, names: tuple[str, ...]) -> Table:
    """The same with columns in the order of `names`; a table without rows stays without."""
    if not len(table.u):
        return Table(table.u, np.zeros((0, len(names))), names)
    return Table(table.u, table.statistics[:, [table.names.index(name) for name in names]], names)


def as_row(found: dict[str, float], names: tuple[str, ...]) -> Floats:
    """Statistics in the order of `names`; nan for what is missing."""
    return np.array([found.get(name, np.nan) for name in names])


def with_series(table: Table, law: Expected | None, series: Series | None, first: int, key: DrawKey) -> Table:
    """The table with the series' statistics; as it is where there is no series, or no row."""
    if law is None or series is None or not len(table.u):
        return table
    return law.added(table, first, key, tuple(series.changes))


def on_one_scale(fits: Mapping[str, Fitted]) -> None:
    """One scale for all variants, so that scores can be compared; a wave that could not be predicted is none held out."""
    scale = np.mean([fit.scale for fit in fits.values()], axis=0)
    for fit in fits.values():
        fit.scale = scale
        if fit.held_out is not None and not len(fit.held_out.u):
            fit.held_out = None


@dataclass(frozen=True)
class HeldOut:
    """The last wave as a variant foresaw it: names [k], observed [k], predicted [n, k], scale [k]."""

    names: tuple[str, ...]
    observed: Floats
    predicted: Floats
    scale: Floats


def held_out(fit: Fitted, observed_by_name: dict[str, float], waves: int) -> HeldOut | None:
    """Statistics of the last wave and of the reports, series left out; None where there is only one wave."""
    if fit.held_out is None:
        return None
    names = fit.held_out.names
    last = checks.of_last_wave(names, waves) & ~np.array([is_series(name) for name in names])
    kept = tuple(name for name, yes in zip(names, last, strict=True) if yes)
    return HeldOut(kept, as_row(observed_by_name, kept), fit.held_out.statistics[:, last], fit.scale[last])


def energy_of(wave: HeldOut | None) -> float | None:
    """Energy score of the wave held out."""
    value = np.nan if wave is None else checks.energy_score(wave.predicted, wave.observed, wave.scale)
    return None if np.isnan(value) else value


def compared(waves: Mapping[str, HeldOut | None]) -> Difference | None:
    """How the first two variants foresaw the wave; None where there are fewer, or nothing was held out."""
    known = [(name, wave) for name, wave in waves.items() if wave is not None]
    if len(known) < 2:
        return None
    (first, a), (second, b) = known[:2]
    return difference((first, second), a.observed, (a.predicted, b.predicted), a.scale)
