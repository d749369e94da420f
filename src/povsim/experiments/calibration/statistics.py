"""What is compared: one summary of a pilot, the same for a simulated and a real one.

Weights of the survey are respected; spending is in poverty lines; where a statistic cannot be worked out (nobody interviewed
twice, no cooperative) it is nan in both and is left out by whoever compares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from povsim.experiments.calibration.pilot import Pilot, Reports

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SILENT = 6
"""Months without a report at the end of the record, or in a row, after which a cooperative counts as inactive."""
LEAST_SPENDING = 0.02
"""Lines: spending below it is taken as this, where a logarithm is read."""


def summary(pilot: Pilot) -> dict[str, float]:
    """Statistics by name. Names that belong to a wave end in `.w0`, `.w1`, ...; to a pair of waves in `.w0_w1`."""
    found: dict[str, float] = {}
    here = np.isfinite(pilot.spending)
    log = np.log(np.maximum(np.where(here, pilot.spending, 1.0), LEAST_SPENDING))
    waves = range(len(pilot.waves))
    for w in waves:
        found |= {f"{name}.w{w}": value for name, value in _of_wave(pilot, w, here[w], log[w]).items()}
    pairs = [(w, w + 1) for w in waves[:-1]] + ([(0, len(waves) - 1)] if len(waves) > 2 else [])
    for v, w in pairs:
        both = here[v] & here[w]
        found |= {f"{name}.w{v}_w{w}": value for name, value in _between(pilot, v, w, both, log).items()}
    found |= _contrast(pilot, here, log)
    if pilot.reports is not None and pilot.reports.received.size:
        found |= _of_reports(pilot.reports)
    return found


def wave_of(name: str) -> int | None:
    """Last wave that a statistic reads; None for those of reports."""
    tail = name.rpartition(".w")[2]
    return int(tail.rpartition("w")[2]) if ".w" in name else None


def _mean(x: Floats, weight: Floats) -> float:
    return float(x @ weight / weight.sum()) if weight.size and weight.sum() > 0 else np.nan


def _sd(x: Floats, weight: Floats) -> float:
    m = _mean(x, weight)
    return float(np.sqrt(_mean((x - m) ** 2, weight)))


def _of_wave(pilot: Pilot, w: int, here: Bools, log: Floats) -> dict[str, float]:
    c, x, weight = pilot.spending[w, here], log[here], pilot.weight[here]
    persons = weight * pilot.size[here]
    m, sd = _mean(x, weight), _sd(x, weight)
    found = {
        "poor": _mean((c < 1).astype(float), persons),
        "gap": _mean(np.maximum(0.0, 1 - c), persons),
        "mean": m,
        "sd": sd,
        "skew": _mean(((x - m) / sd) ** 3, weight) if sd > 0 else np.nan,
        "between": _between_villages(x, weight, pilot.village[here]),
    }
    in_treated = pilot.treated[pilot.village[here]]
    if pilot.waves[w] > 0 and in_treated.any():
        member = pilot.member[w, here] & in_treated
        others = in_treated & ~member
        share = _mean(member[in_treated].astype(float), weight[in_treated])
        found["members"] = share
        found["member_gap"] = _mean(x[member], weight[member]) - _mean(x[others], weight[others])
    return found


def _between_villages(x: Floats, weight: Floats, village: NDArray[np.int64]) -> float:
    """Standard deviation of the villages' means."""
    total = np.bincount(village, weights=weight)
    asked = total > 0
    means = np.bincount(village, weights=weight * x)[asked] / total[asked]
    return float(means.std(ddof=1)) if means.size > 1 else np.nan


def _between(pilot: Pilot, v: int, w: int, both: Bools, log: Floats) -> dict[str, float]:
    names = ("growth", "change_sd", "correlation", "stay_poor", "entry")
    if both.sum() < 20:
        return dict.fromkeys(names, np.nan)
    weight, x, y = pilot.weight[both], log[v, both], log[w, both]
    poor_v, poor_w = pilot.spending[v, both] < 1, (pilot.spending[w, both] < 1).astype(float)
    mx, my, sx, sy = _mean(x, weight), _mean(y, weight), _sd(x, weight), _sd(y, weight)
    return {
        "growth": my - mx,
        "change_sd": _sd(y - x, weight),
        "correlation": _mean((x - mx) * (y - my), weight) / (sx * sy) if sx * sy > 0 else np.nan,
        "stay_poor": _mean(poor_w[poor_v], weight[poor_v]),
        "entry": _mean(poor_w[~poor_v], weight[~poor_v]),
    }


def _contrast(pilot: Pilot, here: Bools, log: Floats) -> dict[str, float]:
    """Difference in differences, last wave against the first, of households seen in both (of all where none are)."""
    if len(pilot.waves) < 2 or pilot.treated.all() or not pilot.treated.any():
        return {}
    last = len(pilot.waves) - 1
    arm = pilot.treated[pilot.village]
    both = here[0] & here[last]
    first, then = (both, both) if both.any() else (here[0], here[last])

    def difference(values: Floats, rows: Bools) -> float:
        return _mean(values[rows & arm], pilot.weight[rows & arm]) - _mean(values[rows & ~arm], pilot.weight[rows & ~arm])

    poor = (np.nan_to_num(pilot.spending, nan=9.0) < 1).astype(float)
    return {
        f"did_log.w0_w{last}": difference(log[last], then) - difference(log[0], first),
        f"did_poor.w0_w{last}": difference(poor[last], then) - difference(poor[0], first),
    }


def _of_reports(r: Reports) -> dict[str, float]:
    """Funnel, flow into inactivity, share of reports received and volumes, as the reports alone show them."""
    months = len(r.received)
    half = max(1, months // 2)
    trades = r.received & r.trading
    ever = trades.any(axis=0)
    last = np.where(ever, months - 1 - np.argmax(trades[::-1], axis=0), -1)
    first = np.where(ever, np.argmax(trades, axis=0), months)
    quiet = ever & (months - 1 - last >= SILENT)
    exposure = float(np.where(ever, np.where(quiet, last - first + 1, months - first), 0).sum()) / 12
    between = (np.arange(months)[:, None] >= first) & (np.arange(months)[:, None] <= last)
    trading_months = float(between.sum())
    members = _column_means(r.members, r.received)
    volume = _column_means(r.volume, trades)
    return {
        "received_first": float(r.received[:half].mean()),
        "received_last": float(r.received[half:].mean()) if months > half else np.nan,
        "trading_first": float(trades[:half].mean()),
        "trading_last": float(trades[half:].mean()) if months > half else np.nan,
        "ever_trading": float(ever.mean()),
        "into_inactivity": float(quiet.sum()) / exposure if exposure > 0 else np.nan,
        "received_while_trading": float(r.received[between].mean()) if trading_months else np.nan,
        "reported_members_first": _mean_of(members[:half]),
        "reported_members_last": _mean_of(members[half:]),
        "volume": float(np.log(max(_mean_of(volume), 1.0))) if np.isfinite(_mean_of(volume)) else np.nan,
    }


def _column_means(values: Floats, where: Bools) -> Floats:
    """Mean of each month over the villages that count; nan where none does [month]."""
    count = where.sum(axis=1)
    sums = np.where(where, np.nan_to_num(values), 0.0).sum(axis=1)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


def _mean_of(values: Floats) -> float:
    fine = np.isfinite(values)
    return float(values[fine].mean()) if fine.any() else np.nan
