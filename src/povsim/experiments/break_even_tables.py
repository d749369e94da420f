"""A break-even as content of summary.json and as the table `break_even`: one row a scenario, quantity and place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from povsim.config import Scenario
from povsim.config.arms import TARGETS
from povsim.experiments.break_even import BreakEven, Point
from povsim.experiments.break_even_paths import QUANTITIES
from povsim.experiments.break_even_today import NATION, Position, positions
from povsim.experiments.crossing import Crossing, crossing

READINGS = ("break_even", "sure", "possible")
"""Where the estimate, the lower and the upper end of its 95 % interval rise above 0."""


def entry(found: BreakEven, scenario: Scenario) -> dict[str, Any]:
    """The entry of `break_even` in summary.json for one variant; differences are shares of the structurally poor."""
    return {
        "group": "structural",
        "measure": "E4",
        "against": "equal_money",
        "interpolation_error": found.interpolation_error(),
        "scenarios": [
            {
                "cooperative": base,
                "target": base == TARGETS,
                "realised": found.realised[base],
                "quantities": {q: _quantity(found.points[base, q]) for q in QUANTITIES},
                "levels": [
                    {"form": ladder.form, "level": level, "cost_idr": cost, "E4": found.draws.share(name)}
                    for ladder in found.ladders[base]
                    for name, level, cost in ladder.steps
                ],
            }
            for base in found.realised
        ],
        "today": [asdict(one) for one in positions(scenario.population.kind, scenario.population.provinces)],
    }


def frame(scenario: Scenario, found: Mapping[str, BreakEven]) -> pl.DataFrame:
    """The table `break_even`: the nation (`all`), then every province in which a structurally poor household lives."""
    return pl.DataFrame(
        [row for variant, one in found.items() for row in _rows(one, scenario, variant)], infer_schema_length=None
    )


def _rows(found: BreakEven, scenario: Scenario, variant: str) -> list[dict[str, Any]]:
    today = {(p.province, p.quantity): p for p in positions(scenario.population.kind, scenario.population.provinces)}
    rows = []
    for (base, quantity), points in found.points.items():
        places = sorted({name for point in points for name in point.provinces})
        for place in (NATION, *places):
            own = next((point for point in points if point.base), None)
            mean, low, high, discordant = _heights(own, place) if own else (None, None, None, None)
            rows.append(
                {
                    "variant": variant,
                    "cooperative": base,
                    "target": base == TARGETS,
                    "quantity": quantity,
                    "province": place,
                    **_flat(_readings(points, place)),
                    "value_in_scenario": own.value if own else None,
                    "difference_in_scenario": mean,
                    "difference_low95": low,
                    "difference_high95": high,
                    "discordant_in_scenario": discordant,
                    **_today(today.get((place, quantity))),
                }
            )
    return rows


def _quantity(points: Sequence[Point]) -> dict[str, Any]:
    readings = _readings(points, NATION)
    return {
        **{name: asdict(found) for name, found in readings.items()},
        "points": [_point(point) for point in points],
        "left_out": sum(point.value is None or point.contrast is None for point in points),
    }


def _point(point: Point) -> dict[str, Any]:
    mean, low, high, discordant = _heights(point, NATION)
    return {
        "value": point.value,
        "sets": dict(point.sets),
        "scenario": point.base,
        "mean": mean,
        "low95": low,
        "high95": high,
        "discordant": discordant,
        "cost_idr": point.cost,
        "form": point.form,
    }


def _readings(points: Sequence[Point], place: str) -> dict[str, Crossing]:
    used = [point for point in points if point.value is not None and (place == NATION or place in point.provinces)]
    x = [point.value for point in used if point.value is not None]
    rows = [_heights(point, place) for point in used]
    behind = [row[3] for row in rows]
    return {name: crossing(x, [row[k] for row in rows], behind) for k, name in enumerate(READINGS)}


def _heights(point: Point, place: str) -> tuple[float | None, float | None, float | None, int | None]:
    """Mean, low95, high95 of the difference and households that differ, of one place."""
    if place != NATION:
        return point.provinces.get(place, (None, None, None, None))
    c = point.contrast
    return (None, None, None, None) if c is None else (c.mean, c.low95, c.high95, point.discordant)


def _flat(readings: dict[str, Crossing]) -> dict[str, Any]:
    found = readings["break_even"]
    return {
        "status": found.status,
        "value": found.value,
        "crossings": len(found.values),
        "tried_low": found.low,
        "tried_high": found.high,
        "discordant": found.discordant,
        **{f"{name}_{key}": getattr(readings[name], key) for name in READINGS[1:] for key in ("status", "value")},
    }


def _today(position: Position | None) -> dict[str, Any]:
    names = {"value": "today", "what": "today_what", "grade": "today_grade", "source": "today_source"}
    found = {to: None if position is None else getattr(position, name) for name, to in names.items()}
    return found | {"members_per_cooperative": None if position is None else position.members_per_cooperative}
