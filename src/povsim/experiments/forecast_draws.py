"""Predictive distributions of poverty rates: no change, drift, and the model, from what was known at an origin.

All three share the same draws: the sampling error of the rate at the origin, the common shock until the target, the province's
own shock of each year, and the sampling error of the rate that will be published. All three take the spread of the common shock
from the errors that they would have made over as many years in the past, drawn from its posterior. They differ in what they
expect:

    no change   nothing: its past errors are the changes of the national log odds over as many years
    drift       the mean past change, drawn from its posterior: its past errors are the deviations from it
    model       the same of growth: past national changes, each turned into growth by the model's map, and growth turned by the
                same map into the change at the province's own rate

Entity of a draw is its number; month the year of the origin; alternatives 0-1 belong to the nation, from 8 on two to each
province, from 1000 on to the bootstrap of blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from povsim.draws import DrawKey, Stream, normals, uniforms
from povsim.experiments.forecast_history import History, logit, logit_error, share_of
from povsim.experiments.growth_map import GrowthMap

Floats = NDArray[np.float64]
MOST_AHEAD = 3


@dataclass(frozen=True)
class Law:
    """Changes over `ahead` years of a national series known at an origin: how many separate ones the yearly changes make (n),
    their mean, sd about it and root mean square."""

    n: float
    mean: float
    sd: float
    rms: float

    @classmethod
    def of(cls, yearly: Floats, ahead: int = 1) -> Law:
        """The law of changes over `ahead` years from yearly ones, of which there are more than `ahead`.

        All windows are used; as they overlap, they count as yearly.size / ahead. The sum of squares about the mean is divided
        by windows x (1 - 1/n), which for single years is their number less one.
        """
        windows = np.convolve(yearly, np.ones(ahead), mode="valid")
        n, mean = yearly.size / ahead, float(ahead * yearly.mean())
        sd = float(np.sqrt(((windows - mean) ** 2).mean() / (1 - 1 / n)))
        return cls(n, mean, sd, float(np.sqrt((windows**2).mean())))

    def mean_and_sd(self, z: Floats, u: Floats) -> tuple[Floats, Floats]:
        """Draws of mean and sd from their posterior under a flat prior: sd by a uniform u, mean by a normal z."""
        sd = self.sd * _wider(self.n - 1, u)
        return self.mean + sd / np.sqrt(self.n) * z, sd

    def sd_about_none(self, u: Floats) -> Floats:
        """Draws of the sd about 0 from its posterior, where no change is expected."""
        return self.rms * _wider(self.n, u)


def _wider(df: float, u: Floats) -> Floats:
    """Draws of sd over its estimate: the root of df over chi squared with df degrees of freedom."""
    return np.asarray(np.sqrt(df / (2 * gammaincinv(df / 2, u))), np.float64)


@dataclass(frozen=True)
class Noise:
    """Of a province's log odds: sd of its own shock of a year, sd of its sampling error [province]."""

    own: float
    sampling: Floats


def noise(known: History, sampling_share: float) -> Noise:
    """From yearly changes of provinces about their mean: `sampling_share` of their variance is sampling error.

    That error is spread over provinces as that of simple random samples of their size would be.
    """
    x = logit(known.rate)
    changes = np.diff(x, axis=1)
    variance = float(((changes - changes.mean(axis=0)) ** 2).sum() / ((changes.shape[0] - 1) * changes.shape[1]))
    simple = logit_error(*known.at(known.years[-1])) ** 2
    return Noise(
        float(np.sqrt((1 - sampling_share) * variance)),
        np.sqrt(sampling_share * variance / 2 * simple / simple.mean()),
    )


@dataclass(frozen=True)
class Shocks:
    """Standard normals: nation [year, draw], province [province, year, draw], sampling error before and after
    [province, draw] and [province, year, draw]; z, u [draw] behind the posterior of mean and sd."""

    nation: Floats
    own: Floats
    before: Floats
    after: Floats
    z: Floats
    u: Floats


def shocks(key: DrawKey, origin: int, provinces: int, draws: int) -> Shocks:
    """The draws of one origin, the same for every forecaster."""
    ids = np.arange(draws, dtype=np.uint64)
    first = normals(key, Stream.FORECAST, ids, origin, 0)
    u = uniforms(key, Stream.FORECAST, ids, origin, 1)[:, 0]
    own = np.stack([normals(key, Stream.FORECAST, ids, origin, 8 + 2 * p) for p in range(provinces)])
    after = np.stack([normals(key, Stream.FORECAST, ids, origin, 9 + 2 * p) for p in range(provinces)])
    years = slice(1, 1 + MOST_AHEAD)
    return Shocks(
        first[:, years].T, own[:, :, years].transpose(0, 2, 1), own[:, :, 0], after[:, :, years].transpose(0, 2, 1),
        first[:, 0], u,
    )  # fmt: skip


def national_growth(known: History, growth_map: GrowthMap) -> Floats:
    """Growth of earning capacity that, by the map, made each national change known at the origin."""
    x = logit(known.national)
    return growth_map.growth(x[:-1], np.diff(x))


def predict(
    known: History, ahead: int, key: DrawKey, draws: int, sampling_share: float, maps: dict[str, GrowthMap]
) -> dict[str, Floats]:
    """Draws of the published rate `ahead` years after the last known one [province, draw], by forecaster.

    The model's forecasters are called `model_<variant>`, one for each map.
    """
    x0 = logit(known.at(known.years[-1])[0])
    z = shocks(key, known.years[-1], x0.size, draws)
    around = noise(known, sampling_share)
    start = x0[:, None] + around.sampling[:, None] * z.before
    law = Law.of(np.diff(logit(known.national)), ahead)
    mean, sd = law.mean_and_sd(z.z, z.u)
    common = z.nation[:ahead].sum(axis=0) / np.sqrt(ahead)
    out = {}
    step = around.own * z.own[:, :ahead].sum(axis=1) + around.sampling[:, None] * z.after[:, ahead - 1]
    out["no_change"] = share_of(start + law.sd_about_none(z.u) * common + step)
    out["drift"] = share_of(start + mean + sd * common + step)
    for variant, one in maps.items():
        mean_g, sd_g = Law.of(national_growth(known, one), ahead).mean_and_sd(-z.z, z.u)  # more growth, less poverty
        x = start
        for year in range(ahead):
            x = x + one.change(x, (mean_g - sd_g * common) / ahead) + around.own * z.own[:, year]
        out[f"model_{variant}"] = share_of(x + around.sampling[:, None] * z.after[:, ahead - 1])
    return out
