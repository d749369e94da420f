"""Published series beside a pilot: what is read of a file, what the regression expects, and what a series teaches."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from povsim.config import scenario_from
from povsim.draws import DrawKey
from povsim.errors import PovsimError
from povsim.experiments.calibration import series_lived
from povsim.experiments.calibration.checks import predictive_rows
from povsim.experiments.calibration.condition import conditioned
from povsim.experiments.calibration.learnt import prior_for, symbols_for
from povsim.experiments.calibration.pilot import Design, design_scenario
from povsim.experiments.calibration.prior import scores
from povsim.experiments.calibration.series import Place, Round, is_series, places_lived, series_of
from povsim.experiments.calibration.series_lived import Expected, expected, lived_lot
from povsim.experiments.calibration.table import Question, Table, draws_of
from povsim.experiments.executor import Executor, Threads
from povsim.experiments.store import Store
from povsim.reporting.language import language

DESIGN = Design(20, 12, (0, 108), treated=0.0)
PLACES = (Place("REKAAN", tuple(Round(month, march=True) for month in (9, 33, 57, 81, 105))),)
QUESTION = Question(
    design_scenario(scenario_from({"population": "toy", "seed": 3, "burn_in_months": 36}), DESIGN),
    DESIGN,
    "trap",
    symbols_for(DESIGN),
)
PRIOR = prior_for(QUESTION.symbols, "trap", DESIGN.cooperative)
KEY = DrawKey(3, 0)
G = QUESTION.symbols.index("g_w")


@pytest.fixture(scope="module")
def law(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series_lived, "LOTS", 8)
        patch.setattr(series_lived, "DRAWS", 12)
        patch.setattr(series_lived, "VILLAGES", 60)
        folder: Path = tmp_path_factory.mktemp("store")
        return expected(QUESTION, PLACES, Executor(Threads(2), Store(folder)), lambda size: None, [])


@pytest.fixture(scope="module")
def table(law: Expected) -> Table:
    u = draws_of(QUESTION, 3_000)
    return law.added(Table(u, np.zeros((3_000, 0)), ()), 0, KEY, law.names)


def lived(law: Expected, g_w: float, lot: int) -> np.ndarray:
    """Changes [cell] that villages of their own leave at the medians of the priors and a growth, without the regression."""
    at = np.full(PRIOR.p, 0.5)
    grid = np.linspace(0.001, 0.999, 999)
    at[G] = np.interp(g_w, [PRIOR.quantiles[G](x) for x in grid], grid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series_lived, "VILLAGES", 300)
        found = lived_lot(QUESTION, PLACES, at[None], lot, pool=None, threads=2)
    return found["changes"][0]


def test_growth_lowers_poverty_and_raises_spending_the_more_the_longer(law: Expected) -> None:
    high, low = (law.level + series_lived._terms(u[None], law.growth) @ law.slopes for u in quantiles_of_growth(0.95, 0.05))
    gap = (high - low).reshape(len(PLACES[0].rounds) - 1, 4)
    assert (gap[:, :3] < 0).all() and (gap[:, 3] > 0).all()
    assert (np.diff(gap[:, 0]) < 0).all() and (np.diff(gap[:, 3]) > 0).all()
    span = PRIOR.quantiles[G](0.95) - PRIOR.quantiles[G](0.05)
    assert gap[-1, 3] == pytest.approx(8 * span, rel=0.35)  # spending follows earning capacity over eight years


def quantiles_of_growth(*levels: float) -> list[np.ndarray]:
    out = []
    for level in levels:
        u = np.full(PRIOR.p, 0.5)
        u[G] = level
        out.append(u)
    return out


def test_the_errors_are_those_that_are_written_down(law: Expected) -> None:
    u = np.full((20_000, PRIOR.p), 0.5)
    found = law.simulated(u, 0, KEY)
    poor = [at for at, name in enumerate(law.names) if name.startswith("series_poor")]
    own, sampling = series_lived.published_errors(PLACES)
    for at, years in ((poor[0], 2), (poor[-1], 8)):
        survey = 2 * sampling[0] ** 2
        place = (law.years[at] ** 2).sum()
        assert 0.4 * years * own**2 < place < 1.1 * years * own**2  # buffers hold back what growth does in the first years
        assert found[:, at].std() == pytest.approx(np.sqrt(survey + place + law.chance[at] ** 2), rel=0.02)
    again = law.simulated(u[:5], 100, KEY)
    np.testing.assert_array_equal(again, found[100:105])  # a simulation's luck hangs on its number alone


@pytest.mark.parametrize("g_w", [-0.006, 0.013])
def test_a_series_of_known_growth_moves_the_posterior_towards_it(law: Expected, table: Table, g_w: float) -> None:
    found = conditioned(table, PRIOR, lived(law, g_w, 99))
    prior_mean, prior_variance = (moment[G] for moment in PRIOR.moments)
    assert (found.mean()[G] - prior_mean) * (g_w - prior_mean) > 0
    assert abs(found.mean()[G] - g_w) < abs(prior_mean - g_w) - 0.3 * np.sqrt(prior_variance)
    assert 1 - found.variance()[G] / prior_variance > 0.2


def test_intervals_hold_the_growth_that_made_the_series(law: Expected, table: Table) -> None:
    truths = draws_of(QUESTION, 120, 0, 9)
    data = law.simulated(truths, 70_000_000, KEY)
    held, left = [], []
    for u, one in zip(truths, data, strict=True):
        found = conditioned(table, PRIOR, one)
        left.append(1 - found.variance() / PRIOR.moments[1])
        held.append(found.quantile(0.05)[G] <= PRIOR.quantiles[G](u[G]) <= found.quantile(0.95)[G])
    assert 0.82 <= np.mean(held) <= 0.97
    contraction = dict(zip(QUESTION.symbols, np.mean(left, axis=0), strict=True))
    assert contraction["g_w"] > 0.2 and max(contraction[s] for s in contraction if s != "g_w") < 0.2, contraction


def test_a_series_that_contradicts_is_outside_of_its_band(law: Expected, table: Table) -> None:
    usual = np.median(table.statistics, axis=0)
    broken = usual.copy()
    broken[[law.names.index(name) for name in law.names if name.startswith("series_poor")]] += (
        1.0  # poverty soars, spending does not
    )
    for series, outside in ((usual, False), (broken, True)):
        lived_again = law.simulated(conditioned(table, PRIOR, series).resampled(300, KEY).u, 10_000_000, KEY)
        rows = predictive_rows(law.names, series, lived_again)
        assert any(not row["inside95"] for row in rows if row["statistic"].startswith("series_poor")) == outside


def frame(rows: list[tuple[str, date, float | None, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "province": [row[0] for row in rows], "district": pl.Series([None] * len(rows), dtype=pl.String),
            "area": ["total"] * len(rows), "month": [row[1] for row in rows], "poverty_rate_pct": [row[2] for row in rows],
            "poverty_gap_pct": pl.Series([None] * len(rows), dtype=pl.Float64),
            "poverty_severity_pct": pl.Series([None] * len(rows), dtype=pl.Float64),
            "mean_spending_idr": [row[3] for row in rows],
            "line_idr": [None if row[3] is None else 600_000.0 for row in rows],
        },
        schema_overrides={"mean_spending_idr": pl.Float64, "line_idr": pl.Float64},
    )  # fmt: skip


def test_what_is_read_of_a_file() -> None:
    scenario = scenario_from({"population": "toy"})
    rows = [
        ("REKAAN", date(2025, 3, 1), 12.0, None),  # before month 0: the simulated villages do not grow yet
        ("REKAAN", date(2025, 9, 1), 10.0, 1_200_000.0),
        ("REKAAN", date(2026, 3, 1), 9.0, None),
        ("REKAAN", date(2027, 3, 1), 8.0, 1_260_000.0),
        ("BALI", date(2026, 3, 1), 4.0, None),
    ]
    found = series_of(frame(rows), scenario, date(2025, 6, 1), 24)
    assert found.passed_over == {"elsewhere": 1, "outside": 1}
    assert found.places == (Place("REKAAN", (Round(3, march=False), Round(9, march=True), Round(21, march=True))),)
    odds = np.log(0.08 / 0.92) - np.log(0.1 / 0.9)
    assert found.changes == {
        "series_poor:REKAAN:9": pytest.approx(np.log(0.09 / 0.91) - np.log(0.1 / 0.9)),
        "series_poor:REKAAN:21": pytest.approx(odds),
        "series_spending:REKAAN:21": pytest.approx(np.log(1.05)),
    }
    assert all(is_series(name) for name in found.changes) and not is_series("poor.w0")


def test_a_change_is_counted_from_the_round_that_the_simulation_counts_from() -> None:
    """A measure that the first round lacks is left out and counted, not read from a later round; so is a second row."""
    scenario = scenario_from({"population": "toy"})
    rows = [
        ("REKAAN", date(2025, 6, 1), None, None),  # no figure at all: no round
        ("REKAAN", date(2025, 9, 1), None, None),  # nor does it stand in the way of the one that has figures
        ("REKAAN", date(2025, 9, 1), 10.0, None),
        ("REKAAN", date(2026, 3, 1), 9.0, 1_200_000.0),
        ("REKAAN", date(2026, 3, 1), 9.5, 1_200_000.0),
        ("REKAAN", date(2027, 3, 1), 8.0, 1_260_000.0),
    ]
    found = series_of(frame(rows), scenario, date(2025, 6, 1), 24)
    assert found.places[0].rounds[0].month == 3
    assert sorted(found.changes) == ["series_poor:REKAAN:21", "series_poor:REKAAN:9"]
    assert found.changes["series_poor:REKAAN:9"] == pytest.approx(np.log(0.09 / 0.91) - np.log(0.1 / 0.9))
    assert found.passed_over == {"blank": 2, "again": 1, "without_base": 2}


def test_every_reason_to_pass_over_is_told_in_both_languages() -> None:
    rows = [
        ("REKAAN", date(2015, 3, 1), 12.0, None), ("BALI", date(2026, 3, 1), 4.0, None),
        ("REKAAN", date(2025, 6, 1), None, None), ("REKAAN", date(2025, 9, 1), 10.0, None),
        ("REKAAN", date(2026, 3, 1), 9.0, 1_200_000.0), ("REKAAN", date(2026, 3, 1), 9.5, 1_200_000.0),
    ]  # fmt: skip
    parts = frame(rows[-1:]).with_columns(area=pl.lit("urban"))
    found = series_of(pl.concat([frame(rows), parts]), scenario_from({"population": "toy"}), date(2025, 6, 1), 24)
    assert found.passed_over == {"below": 1, "elsewhere": 1, "outside": 1, "blank": 1, "again": 1, "without_base": 1}
    for code in ("en", "id"):
        said = {language(code).text(f"calibrate.note.series_{reason}", count=7) for reason in found.passed_over}
        assert len(said) == 6 and all(one.endswith(": 7.") for one in said)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            [("BALI", date(2025, 9, 1), 4.0, None), ("BALI", date(2026, 3, 1), 4.0, None)],
            "is of BALI; the simulated villages lie in REKAAN",
        ),
        ([("REKAAN", date(2015, 3, 1), 9.0, None), ("REKAAN", date(2016, 3, 1), 8.0, None)], "from 2015-03 to 2016-03"),
        ([("REKAAN", date(2026, 3, 1), 9.0, None), ("REKAAN", date(2027, 3, 1), None, None)], "two rounds"),
        (
            [
                ("REKAAN", date(2025, 9, 1), 9.0, None),
                ("REKAAN", date(2026, 3, 1), None, 1e6),
                ("REKAAN", date(2027, 3, 1), None, 1e6),
            ],
            "2 figures that no change can be read of",
        ),
    ],
)
def test_a_series_that_cannot_be_used_is_refused(rows: list, says: str) -> None:
    with pytest.raises(PovsimError, match=says):
        series_of(frame(rows), scenario_from({"population": "toy"}), date(2025, 6, 1), 24)
    with pytest.raises(PovsimError, match="area 'total'"):
        series_of(frame(rows).with_columns(area=pl.lit("urban")), scenario_from({"population": "toy"}), date(2025, 6, 1), 24)


def test_the_country_is_a_place_only_where_all_of_it_is_lived() -> None:
    assert places_lived(scenario_from({"population": {"kind": "indonesia"}})) == ["INDONESIA"]
    assert places_lived(scenario_from({"population": {"kind": "indonesia", "provinces": ["BALI"]}})) == ["BALI"]


def test_a_place_without_villages_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_lived, "VILLAGES", 6)
    with pytest.raises(PovsimError, match="of the simulated villages lie in REKAAN"):
        lived_lot(QUESTION, PLACES, np.full((1, PRIOR.p), 0.5), 0, pool=None, threads=1)


def test_growth_scores_are_on_the_prior(law: Expected) -> None:
    u = draws_of(QUESTION, 50)
    np.testing.assert_allclose(series_lived._terms(u, law.growth)[:, 0], scores(u[:, G]))
    other = u.copy()
    other[:, np.arange(PRIOR.p) != G] = 0.9
    np.testing.assert_array_equal(law.simulated(u, 0, KEY), law.simulated(other, 0, KEY))  # growth alone is read
