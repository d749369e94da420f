"""The survey of a pilot as a survey, and the scores of the wave held out."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from povsim.data import survey
from povsim.experiments.calibration.foresight import difference, scored
from povsim.experiments.calibration.observed import observed
from povsim.experiments.calibration.pilot import Pilot
from povsim.experiments.calibration.survey_design import rates, worth
from povsim.measures.scores import crps

RNG = np.random.default_rng(20261124)


def villages_of(n: int, m: int, between: float = 0.3, within: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    village = np.repeat(np.arange(n), m)
    return RNG.normal(0, between, n)[village] + RNG.normal(0, within, n * m), village


def test_equal_weights_in_villages_are_worth_what_was_held() -> None:
    log, village = villages_of(40, 15)
    found = worth(log, np.ones(600), village, np.zeros(600, np.int64), village)
    assert found.effective == 15 and found.kish == pytest.approx(600) and found.reached
    assert found.design_effect == pytest.approx(1 + 14 * 0.09 / 0.34, rel=0.35)  # 1 + (m - 1) intraclass correlation


def test_a_simulated_pilot_gets_the_error_of_the_survey() -> None:
    log, village = villages_of(200, 30)
    weight = np.exp(RNG.normal(0, 0.8, log.size))  # by household: Kish's number alone counts these
    found = worth(log, weight, village, np.zeros(log.size, np.int64), village)
    assert 2 < found.effective < 30
    se = survey.mean(log, survey.Design(weight, None, village)).se
    simulated = []
    for _ in range(2_000):
        means = RNG.normal(0, np.sqrt(0.09 + 0.25 / found.effective), 200)
        simulated.append(means.mean())
    assert np.std(simulated) == pytest.approx(se, rel=0.12)


def test_units_that_hold_several_villages_are_worth_less_and_it_is_said() -> None:
    log, village = villages_of(40, 15, between=0.05)
    unit = village // 4
    shared = log + RNG.normal(0, 0.5, 10)[unit]
    plain = worth(shared, np.ones(600), village, np.zeros(600, np.int64), village)
    in_units = worth(shared, np.ones(600), village, np.zeros(600, np.int64), unit)
    assert in_units.design_effect > 2 * plain.design_effect
    assert in_units.effective == 2 and not in_units.reached and plain.reached


def test_strata_make_up_for_unequal_weights() -> None:
    stratum = np.repeat([0, 1], 300)
    log, village = villages_of(40, 15)
    log = log + stratum
    weight = np.where(stratum == 0, 1.0, 2.0)
    apart = worth(log, weight, village, stratum, village)
    blind = worth(log, weight, village, np.zeros(600, np.int64), village)
    assert apart.design_effect < blind.design_effect and apart.effective >= blind.effective


def pilot_of(spending: np.ndarray, village: np.ndarray, weight: np.ndarray) -> Pilot:
    n = spending.shape[1]
    treated = np.arange(village.max() + 1) % 2 == 0
    return Pilot((0, 12), spending, weight, np.full(n, 4.0), village, np.zeros(spending.shape, np.bool_), treated)


def test_rates_carry_the_errors_of_the_design() -> None:
    log, village = villages_of(30, 10)
    stratum, weight = village % 3, np.exp(RNG.normal(0, 0.3, 300))
    spending = np.exp(np.stack([log, log + 0.1]))
    spending[1, :50] = np.nan
    rows = rates(pilot_of(spending, village, weight), stratum, village)
    assert len(rows) == 2 * 3 * 3
    row = next(r for r in rows if r["wave"] == 2 and r["villages"] == "cooperative" and r["figure"] == "poor")
    here = np.isfinite(spending[1])
    direct = survey.fgt(
        spending[1, here], 0, survey.Design(weight[here] * 4, stratum[here], village[here]), (village[here] % 2) == 0
    )
    assert row["value"] == pytest.approx(direct.value) and row["se"] == pytest.approx(direct.se)
    assert row["low95"] < row["value"] < row["high95"] and row["strata"] == 3 and row["design_effect"] > 0


def test_strata_and_units_of_the_file_reach_the_design() -> None:
    log, village = villages_of(24, 12)
    names = [f"V{v:02d}" for v in village]
    frame = pl.DataFrame({
        "household": [f"{v}-{k}" for k, v in enumerate(names)], "village": names, "wave": np.ones(288, np.int64),
        "month": [date(2025, 6, 1)] * 288, "spending": np.exp(log), "weight": np.exp(RNG.normal(0, 1.0, 288)),
        "stratum": np.where(village < 12, "a", "b"), "cluster": [f"U{v // 3}" for v in village],
    })  # fmt: skip
    seen = observed(frame, None, "as_planned")
    assert np.unique(seen.stratum).size == 2 and np.unique(seen.unit).size == 8
    direct = survey.mean(log, survey.Design(frame["weight"].to_numpy(), seen.stratum, seen.unit))
    again = survey.mean(
        log, survey.Design(frame["weight"].to_numpy(), frame["stratum"].to_numpy(), frame["cluster"].to_numpy())
    )
    assert direct.se == pytest.approx(again.se)
    assert seen.design.interviews == seen.worth.effective < 12
    without = observed(frame.drop("stratum", "cluster"), None, "as_planned")
    assert np.unique(without.unit).size == 24 and np.unique(without.stratum).size == 1


def test_a_household_keeps_the_design_of_the_wave_that_it_was_drawn_in() -> None:
    """A follow-up without strata, units and weights, which the reader fills up, changes nothing of it."""
    log, village = villages_of(24, 12)
    names = [f"V{v:02d}" for v in village]
    first = pl.DataFrame({
        "household": [f"{v}-{k}" for k, v in enumerate(names)], "village": names, "wave": np.ones(288, np.int64),
        "month": [date(2025, 6, 1)] * 288, "spending": np.exp(log), "weight": np.where(village < 12, 100.0, 300.0),
        "stratum": np.where(village < 12, "a", "b"), "cluster": [f"U{v // 3}" for v in village],
    })  # fmt: skip
    filled_up = {"weight": pl.lit(1.0), "stratum": pl.lit("all"), "cluster": pl.col("village")}
    second = first.head(250).with_columns(wave=pl.lit(2, pl.Int64), month=pl.lit(date(2026, 6, 1)), **filled_up)
    alone, both = observed(first, None, "as_planned"), observed(pl.concat([first, second]), None, "as_planned")
    for name in ("stratum", "unit"):
        a, b = getattr(alone, name), getattr(both, name)
        assert np.array_equal(a[:, None] == a, b[:, None] == b), name
    assert both.worth.design_effect == pytest.approx(alone.worth.design_effect)


def test_each_statistic_is_scored_in_its_own_spread() -> None:
    predicted, scale = RNG.normal(0, [1.0, 10.0, 1.0], (300, 3)), np.array([2.0, 20.0, 1.0])
    predicted[5, 2] = np.nan
    rows = scored(("a", "b", "c"), np.array([0.5, 5.0, 0.0]), predicted, scale)
    assert [row["statistic"] for row in rows] == ["a", "b"]  # one predicted pilot lacks c
    for at, row in enumerate(rows):
        assert row["crps"] == pytest.approx(crps(predicted[::2, at], [0.5, 5.0][at]))
        assert row["crps_scaled"] == pytest.approx(row["crps"] / scale[at])


def test_variants_that_predict_alike_cannot_be_told_apart() -> None:
    ones, verdicts = np.ones(12), []
    for _ in range(100):
        a, b = (RNG.normal(size=(200, 1)) + 0.3 * RNG.normal(size=(200, 12)) for _ in range(2))
        data = RNG.normal() + 0.3 * RNG.normal(size=12)
        found = difference(("a", "b"), data, (a, b), ones)
        assert found is not None and found.first_right[0] < found.first_right[1]
        verdicts.append(found.verdict)
    assert np.mean([verdict == "alike" for verdict in verdicts]) > 0.85


def test_variants_that_predict_otherwise_can() -> None:
    ones = np.ones(12)
    a, b = RNG.normal(0, 1, (150, 12)), RNG.normal(3, 1, (150, 12))
    right = difference(("a", "b"), RNG.normal(0, 1, 12), (a, b), ones)
    wrong = difference(("a", "b"), RNG.normal(3, 1, 12), (a, b), ones)
    between = difference(("a", "b"), np.full(12, 1.5), (a, b), ones)
    assert right is not None and right.verdict == "a" and right.difference < 0
    assert wrong is not None and wrong.verdict == "b" and wrong.difference > 0
    assert between is not None and between.verdict == "neither"
    assert difference(("a", "b"), np.full(12, np.nan), (a, b), ones) is None
