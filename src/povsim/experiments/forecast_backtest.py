"""The back-test: province rates forecast from past origins with what was known then, scored against what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from povsim.config import Scenario
from povsim.config.forecast import ForecastKeys
from povsim.draws import DrawKey, Stream, uniforms
from povsim.experiments.executor import Advance, Executor
from povsim.experiments.forecast_draws import predict
from povsim.experiments.forecast_history import History, published
from povsim.experiments.growth_map import GrowthMap, fit, jobs
from povsim.measures.scores import covered, crps

Floats = NDArray[np.float64]
PERIODS = ("all", "crisis", "other")
"""All target years; those of the pandemic (2020, 2021); the others."""
CRISIS = (2020, 2021)
BLOCK = 2
"""Origins of a block: forecasts two years ahead from neighbouring origins share a year."""
FIRST_BOOTSTRAP = 1000


def maps_of(
    scenario: Scenario, executor: Executor, advance: Advance, failures: list[str]
) -> tuple[dict[str, GrowthMap], pl.DataFrame]:
    """The map of each variant from model runs, and the runs as a table."""
    maps, rows = {}, []
    for variant in scenario.variants:
        todo = jobs(scenario, variant)
        found = [
            (job, lived) for job, lived in zip(todo, executor.map(todo, advance, failures), strict=True) if lived is not None
        ]
        maps[variant] = fit([lived for _, lived in found])
        for job, lived in found:
            _, _, number, shift, growths = job.args
            for growth, path in zip(growths, lived.rate, strict=True):
                rows += [
                    {
                        "variant": variant,
                        "replicate": number,
                        "shift": shift,
                        "g_w": growth,
                        "year": year + 1,
                        "headcount": rate,
                    }
                    for year, rate in enumerate(path.tolist())
                ]
    return maps, pl.DataFrame(rows)


def forecasts(keys: ForecastKeys, seed: int, maps: Mapping[str, GrowthMap], history: History | None = None) -> pl.DataFrame:
    """A row an origin, horizon, province and forecaster: what was forecast, what came, and how far off it was (points)."""
    history = published() if history is None else history
    rows: list[pl.DataFrame] = []
    for origin in keys.origins:
        for ahead in keys.horizons:
            if origin + ahead > history.years[-1]:
                continue
            known, observed = history.until(origin), 100 * history.at(origin + ahead)[0]
            drawn = predict(known, ahead, DrawKey(seed, 0), keys.predictive_draws, keys.sampling_share, dict(maps))
            for forecaster, share in drawn.items():
                rows.append(_scored(history.provinces, origin, ahead, forecaster, 100 * share, observed))
    return pl.concat(rows)


def _scored(provinces: Sequence[str], origin: int, ahead: int, name: str, drawn: Floats, observed: Floats) -> pl.DataFrame:
    quantiles = np.quantile(drawn, [0.025, 0.1, 0.5, 0.9, 0.975], axis=1)
    ends = dict(zip(("low95", "low80", "median", "high80", "high95"), quantiles, strict=True))
    return pl.DataFrame(
        {
            "origin": [origin] * len(provinces), "ahead": ahead, "target": origin + ahead, "province": provinces,
            "forecaster": name, "observed": observed, **ends, "crps": crps(drawn, observed),
            "error": np.abs(ends["median"] - observed), "inside80": covered(drawn, observed, 0.8),
            "inside95": covered(drawn, observed, 0.95),
        }
    )  # fmt: skip


def scores(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Mean scores by horizon, period of the target and forecaster, in points; coverage as shares of cells."""
    out = []
    for ahead in table["ahead"].unique().sort():
        for period in PERIODS:
            part = in_period(table.filter(pl.col("ahead") == ahead), period)
            for name in part["forecaster"].unique(maintain_order=True):
                one = part.filter(pl.col("forecaster") == name)
                out.append(
                    {
                        "ahead": ahead, "period": period, "forecaster": name, "cells": one.height, "crps": one["crps"].mean(),
                        "mae": one["error"].mean(), "bias": (one["median"] - one["observed"]).mean(),
                        "coverage80": one["inside80"].mean(), "coverage95": one["inside95"].mean(),
                    }
                )  # fmt: skip
    return out


def differences(table: pl.DataFrame, key: DrawKey, draws: int) -> list[dict[str, Any]]:
    """Mean score of a model less that of a reference (points; below 0 the model is better), by horizon and period of the
    target, with the 95 % interval of a bootstrap of provinces and of blocks of neighbouring origins."""
    out = []
    models = [name for name in table["forecaster"].unique(maintain_order=True) if name.startswith("model_")]
    pairs = [(model, other) for model in models for other in ("no_change", "drift")] + [("drift", "no_change")]
    for ahead in table["ahead"].unique().sort():
        for period in PERIODS:
            part = in_period(table.filter(pl.col("ahead") == ahead), period)
            for name, other in pairs:
                for score in ("crps", "error"):
                    matrix = _matrix(part, name, score) - _matrix(part, other, score)
                    if not matrix.size:
                        continue
                    row = {"ahead": ahead, "period": period, "forecaster": name, "against": other, "score": score}
                    out.append(row | _interval(matrix, key, draws))
    return out


def in_period(table: pl.DataFrame, period: str) -> pl.DataFrame:
    """Rows whose target year is of a period."""
    here = pl.col("target").is_in(CRISIS)
    return table if period == "all" else table.filter(here if period == "crisis" else ~here)


def _matrix(part: pl.DataFrame, name: str, score: str) -> Floats:
    """Scores of a forecaster [origin, province]."""
    one = part.filter(pl.col("forecaster") == name)
    wide = one.pivot("province", index="origin", values=score).sort("origin")
    return wide.drop("origin").to_numpy()


def _interval(matrix: Floats, key: DrawKey, draws: int) -> dict[str, Any]:
    low, high = block_bootstrap(matrix, key, draws)
    origins = matrix.shape[0]
    few = f"only {origins} origins: an interval of blocks of {BLOCK} cannot be had" if origins <= BLOCK else None
    return {
        "mean": float(matrix.mean()), "low95": None if few else low, "high95": None if few else high, "origins": origins,
        "reason": few,
    }  # fmt: skip


def block_bootstrap(matrix: Floats, key: DrawKey, draws: int, block: int = BLOCK) -> tuple[float, float]:
    """2.5th and 97.5th percentile of the mean of `matrix` [time, unit]: units with replacement, time in blocks of neighbours.

    Blocks are circular (D. N. Politis and J. P. Romano, 1992), so that every time has the same chance.
    """
    times, units = matrix.shape
    block = min(block, times)
    blocks = -(-times // block)
    ids = np.arange(draws, dtype=np.uint64)
    starts = _whole(key, ids, blocks, times, FIRST_BOOTSTRAP)
    rows = ((starts[:, :, None] + np.arange(block)) % times).reshape(draws, -1)[:, :times]
    columns = _whole(key, ids, units, units, 2 * FIRST_BOOTSTRAP)
    by_time = np.stack([np.bincount(row, minlength=times) for row in rows]) / times
    by_unit = np.stack([np.bincount(column, minlength=units) for column in columns]) / units
    means = np.einsum("dt,tu,du->d", by_time, matrix, by_unit, optimize=True)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _whole(key: DrawKey, ids: NDArray[np.uint64], count: int, below: int, alternative: int) -> NDArray[np.int64]:
    """`count` whole numbers below `below` for each id."""
    u = [uniforms(key, Stream.FORECAST, ids, 0, alternative + k) for k in range(-(-count // 4))]
    return (np.concatenate(u, axis=1)[:, :count] * below).astype(np.int64)
