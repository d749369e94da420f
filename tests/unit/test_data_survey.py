"""Weighted estimates and their errors, against samplics and statsmodels; poverty lines of a date."""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from povsim.data.deflate import line_at, with_lines
from povsim.data.survey import Design, contrast, fgt, mean, ratio, total
from povsim.errors import PovsimError
from povsim.evidence import fact, load

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from samplics.estimation import TaylorEstimator
    from samplics.utils.types import PopParam, SinglePSUEst


@st.composite
def designs(draw: st.DrawFn, singles: bool = False) -> tuple[np.ndarray, Design]:
    """Values and a design of 2-4 strata with 2-5 units (one unit in the last stratum where `singles`) of 1-4 rows."""
    strata = draw(st.integers(2, 4))
    y, w, h, c = [], [], [], []
    for stratum in range(strata):
        units = 1 if singles and stratum == strata - 1 else draw(st.integers(2, 5))
        for unit in range(units):
            for _ in range(draw(st.integers(1, 4))):
                y.append(draw(st.integers(10, 400)) / 100)
                w.append(draw(st.integers(1, 900)) / 10)
                h.append(f"S{stratum}")
                c.append(f"U{unit}")  # a unit's name repeats in every stratum
    return np.array(y), Design(np.array(w), np.array(h), np.array(c))


def samplics(param: PopParam, y: np.ndarray, design: Design, **more) -> tuple[float, float]:
    estimator = TaylorEstimator(param)
    psu = np.char.add(design.stratum.astype(str), design.cluster.astype(str))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.estimate(y=y, samp_weight=design.weight, stratum=design.stratum, psu=psu, **more)
    return estimator.point_est, estimator.stderror


@given(designs())
@settings(max_examples=40, deadline=None)
def test_means_totals_ratios_agree_with_samplics(sample: tuple[np.ndarray, Design]) -> None:
    y, design = sample
    x = np.arange(1.0, y.size + 1) % 5 + 1
    for ours, theirs in [
        (mean(y, design), samplics(PopParam.mean, y, design)),
        (total(y, design), samplics(PopParam.total, y, design)),
        (ratio(y, x, design), samplics(PopParam.ratio, y, design, x=x)),
    ]:
        assert (ours.value, ours.se) == pytest.approx(theirs, rel=1e-6, abs=1e-9)


@given(designs())
@settings(max_examples=25, deadline=None)
def test_poverty_rates_agree_with_samplics(sample: tuple[np.ndarray, Design]) -> None:
    y, design = sample
    for alpha in (0, 1, 2):
        poor = np.where(y < 1.0, (1.0 - np.minimum(y, 1.0)) ** alpha, 0.0)
        ours = fgt(y, alpha, design)
        if not poor.any():  # where samplics divides by 0
            assert ours.value == ours.se == 0.0
            continue
        assert (ours.value, ours.se) == pytest.approx(samplics(PopParam.mean, poor, design), rel=1e-6, abs=1e-9)


@given(designs())
@settings(max_examples=40, deadline=None)
def test_domains_agree_with_samplics(sample: tuple[np.ndarray, Design]) -> None:
    y, design = sample
    domain = np.arange(y.size) % 3 == 0
    estimator = TaylorEstimator(PopParam.mean)
    psu = np.char.add(design.stratum.astype(str), design.cluster.astype(str))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.estimate(y=y, samp_weight=design.weight, stratum=design.stratum, psu=psu, domain=domain.astype(int))
    ours = mean(y, design, domain)
    assert ours.rows == domain.sum()
    assert (ours.value, ours.se) == pytest.approx((estimator.point_est[1], estimator.stderror[1]), rel=1e-6, abs=1e-9)


@given(designs(singles=True))
@settings(max_examples=30, deadline=None)
def test_a_stratum_of_one_unit_is_certain_and_named(sample: tuple[np.ndarray, Design]) -> None:
    y, design = sample
    assume((design.stratum == design.stratum[-1]).sum() > 1)
    ours = mean(y, design)
    theirs = samplics(PopParam.mean, y, design, single_psu=SinglePSUEst.certainty)
    assert (ours.value, ours.se) == pytest.approx(theirs, rel=1e-6, abs=1e-9)
    assert ours.single == (str(design.stratum[-1]),)
    nothing, centred = (mean(y, Design(design.weight, design.stratum, design.cluster, way)) for way in ("nothing", "centred"))
    skipped = samplics(PopParam.mean, y, design, single_psu=SinglePSUEst.skip)
    assert nothing.se == pytest.approx(skipped[1], rel=1e-6, abs=1e-9)
    assert nothing.se <= min(centred.se, ours.se) + 1e-12 and nothing.df == centred.df == ours.df


@given(designs())
@settings(max_examples=40, deadline=None)
def test_a_regression_on_a_constant_has_the_same_clustered_error(sample: tuple[np.ndarray, Design]) -> None:
    import statsmodels.api as sm

    y, design = sample
    units = np.unique(design.stratum.astype(str).astype(object) + design.cluster.astype(str), return_inverse=True)[1]
    assume(np.unique(units).size > 2)
    fitted = sm.WLS(y, np.ones(y.size), weights=design.weight).fit(
        cov_type="cluster", cov_kwds={"groups": units, "use_correction": False}
    )
    g = np.unique(units).size
    ours = mean(y, Design(design.weight, None, units))
    assert ours.value == pytest.approx(fitted.params[0], rel=1e-9)
    assert ours.se == pytest.approx(fitted.bse[0] * np.sqrt(g / (g - 1)), rel=1e-6, abs=1e-9)


@given(designs(), st.floats(0.1, 1000.0))
@settings(max_examples=40, deadline=None)
def test_the_scale_of_weights_and_the_order_of_rows_move_nothing(sample: tuple[np.ndarray, Design], factor: float) -> None:
    y, design = sample
    turned = Design(design.weight[::-1] * factor, design.stratum[::-1], design.cluster[::-1])
    a, b = mean(y, design), mean(y[::-1], turned)
    assert (a.value, a.se, a.df) == pytest.approx((b.value, b.se, b.df), rel=1e-9, abs=1e-12)


def test_a_simple_random_sample_has_the_textbook_error() -> None:
    y = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    ours = mean(y, Design(np.ones(5)))
    assert ours.se == pytest.approx(y.std(ddof=1) / np.sqrt(5)) and ours.df == 4
    assert ours.high95 - ours.value == pytest.approx(2.7764451051977987 * ours.se)  # t, 4 degrees of freedom


def test_the_contrast_of_the_same_rows_is_certain_and_of_other_units_adds_variances() -> None:
    y = np.array([1.0, 3.0, 2.0, 5.0, 7.0, 6.0, 1.0, 2.0])
    unit = np.repeat(np.arange(4), 2)
    first, second = unit < 2, unit >= 2
    same = contrast(y, Design(np.ones(8), None, unit), first, first)
    assert same.value == 0.0 and same.se == 0.0
    apart = contrast(y, Design(np.ones(8), np.repeat([0, 1], 4), unit), first, second)
    parts = [mean(y[part], Design(np.ones(4), None, unit[part])).se for part in (first, second)]
    assert apart.se == pytest.approx(np.hypot(*parts))


def test_one_unit_a_stratum_gives_no_error_but_a_reason() -> None:
    ours = mean(np.array([1.0, 2.0]), Design(np.ones(2), np.array([1, 2]), np.array([1, 2])))
    assert ours.value == 1.5 and ours.se is None and ours.low95 is None and "one primary sampling unit" in str(ours.reason)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: mean([1.0, np.nan], d), "no finite numbers"),
        (lambda d: mean([1.0], d), "alike"),
        (lambda d: mean([1.0, 2.0], d, [False, False]), "empty group"),
        (lambda d: mean([1.0, 2.0], Design(np.array([1.0, -1.0]))), "negative"),
        (lambda d: fgt([1.0, 2.0], 3, d), "accepted are 0, 1 and 2"),
        (lambda d: ratio([1.0, 2.0], [0.0, 0.0], d), "lower total is 0"),
        (lambda d: mean([1.0, 2.0], Design(np.ones(2), single="mean")), "accepted: certainty, centred, nothing"),
    ],
)
def test_mistakes_are_named(call, message: str) -> None:
    with pytest.raises(PovsimError, match=message):
        call(Design(np.ones(2)))


def test_published_rounds_of_the_line_are_met_exactly() -> None:
    assert line_at(date(2025, 3, 1))[0] == pytest.approx(fact("line_2025_03").value)
    assert line_at(date(2025, 3, 1), "urban")[0] == pytest.approx(fact("line_urban_2025_03").value)
    table = load("poverty_national").filter((pl.col("indicator") == "line") & (pl.col("area") == "rural"))
    for period, value in table.select("period", "value").iter_rows():
        assert line_at(date(int(period[:4]), int(period[5:]), 1), "rural")[0] == pytest.approx(float(value))
    assert line_at(date(2009, 1, 1)) == (None, False)


def test_between_and_beyond_the_rounds_the_line_grows_at_a_constant_rate() -> None:
    before, middle, after = (line_at(date(2024, month, 1))[0] for month in (3, 6, 9))
    assert before and middle and after and middle**2 == pytest.approx(before * after)
    last, beyond = line_at(date(2026, 9, 1))
    september, _ = line_at(date(2025, 9, 1))
    year_before, _ = line_at(date(2024, 9, 1))
    assert beyond and last and september and year_before
    assert last / september == pytest.approx(september / year_before)


def test_provinces_have_their_published_lines_in_the_base_month_and_move_with_the_nation() -> None:
    profile = load("province_profile_2025")
    frame = pl.DataFrame({"province": profile["province"]}).with_columns(month=pl.lit(date(2025, 3, 1)), urban=pl.lit(False))
    lines, said = with_lines(frame)
    published = profile["line_rural_idr"].cast(pl.Float64, strict=False).to_list()
    pairs = [(a, b) for a, b in zip(lines["line_idr"].to_list(), published, strict=True) if b is not None]
    assert len(pairs) > 30 and all(a == pytest.approx(b) for a, b in pairs)
    assert said.grade == "D" and said.months_beyond == 0 and said.without_line == 0
    earlier, _ = with_lines(frame.with_columns(month=pl.lit(date(2020, 3, 1))))
    growth = line_at(date(2020, 3, 1), "rural")[0] / line_at(date(2025, 3, 1), "rural")[0]
    assert earlier["line_idr"].to_numpy() == pytest.approx(lines["line_idr"].to_numpy() * growth)


def test_lines_of_the_user_win_and_what_they_lack_is_counted() -> None:
    rows = {"province": ["ACEH", "BALI"], "month": [date(2025, 3, 1)] * 2, "urban": [None, None]}
    frame = pl.DataFrame(rows, schema={"province": pl.String, "month": pl.Date, "urban": pl.Boolean})
    own = pl.DataFrame({"month": [date(2025, 3, 15)], "province": ["ACEH"], "line_idr": [500_000]})
    lines, said = with_lines(frame, own)
    assert lines["line_idr"].to_list() == [500_000.0, None] and said.without_line == 1 and "user" in said.series
    for wrong, message in [
        (own.drop("line_idr"), "needs the column 'line_idr'"),
        (own.with_columns(line_idr=pl.lit(0)), "empty or negative"),
        (pl.concat([own, own]), "two rows for the same"),
    ]:
        with pytest.raises(PovsimError, match=message):
            with_lines(frame, wrong)
