"""Spells out of poverty: hand-made spells, lifelines as a second opinion, and the variance by repetition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from povsim.errors import PovsimError
from povsim.measures import spells


def flags_of(*spans: tuple[int, int], T: int = 156) -> np.ndarray:
    """One household above the line in the months of each span, ends included."""
    flags = np.zeros(T, dtype=np.uint8)
    for first, last in spans:
        flags[first - 1 : last] = 1
    return flags


def together(*households: np.ndarray) -> np.ndarray:
    return np.stack(households, axis=1)


def test_first_spells_by_hand():
    flags = together(
        flags_of(),
        flags_of((1, 156)),
        flags_of((13, 20), (40, 156)),
        flags_of((156, 156)),
        flags_of((100, 155)),
    )
    found = spells.first_spells(flags)
    assert found.crossing.tolist() == [0, 1, 13, 156, 100]
    assert found.months.tolist() == [0, 155, 8, 0, 56]
    assert found.ended.tolist() == [False, False, True, False, True]
    arms = spells.first_spells(np.stack([flags, flags[:, ::-1]]))
    assert arms.months[1].tolist() == found.months[::-1].tolist()


def test_a_household_that_ends_is_censored_there_and_its_successor_is_not_seen():
    flags = together(
        flags_of((13, 156)), flags_of((13, 50), (60, 156)), flags_of((13, 39)), flags_of((50, 156)), flags_of((13, 40))
    )
    found = spells.first_spells(flags, until=[40, 40, 40, 40, 40])
    assert found.crossing.tolist() == [13, 13, 13, 0, 13]
    assert found.months.tolist() == [27, 27, 27, 0, 27]
    assert found.ended.tolist() == [False, False, True, False, False]  # back in month 40 is seen, in month 41 is not
    survival = spells.survival_of_exits(flags, np.ones(5), until=[40, 40, 40, 40, 40]).survival
    assert survival[26:28].tolist() == [1.0, 0.75] and np.isnan(survival[28:]).all()
    assert spells.reentry(flags[:, :1], np.ones(1), until=[40])[0] is None


def test_reentry_by_hand():
    # Back after 8 months, after exactly 36, after 37, never: two of four within 36 months.
    flags = together(flags_of((13, 20)), flags_of((20, 55)), flags_of((20, 56)), flags_of((20, 156)))
    assert spells.reentry(flags, np.ones(4)) == (0.5, None)
    assert spells.reentry(flags, np.array([1.0, 1.0, 1.0, 5.0])) == (0.25, None)


def test_censored_crossings_stay_in_the_risk_set_while_they_are_seen():
    # At risk: 3 until month 9, one leaves at 10 (hazard 1/3), one is censored at 16, the third ends at 20.
    flags = together(flags_of((13, 22)), flags_of((140, 156)), flags_of((13, 32)))
    curve = spells.survival_of_exits(flags, np.ones(3))
    assert curve.at_risk[[0, 10, 11, 16, 17, 20]].tolist() == [3, 3, 2, 2, 1, 1]
    assert curve.survival[[9, 10, 16, 19, 20, 60]] == pytest.approx([1.0, 2 / 3, 2 / 3, 2 / 3, 0.0, 0.0])


def test_nobody_followed_long_enough_is_null_with_a_reason():
    flags = together(flags_of((140, 156)), flags_of())
    value, reason = spells.reentry(flags, np.ones(2))
    assert value is None and reason == "no crossing is followed for 36 months (the longest for 16)"
    value, reason = spells.reentry(together(flags_of()), np.ones(1))
    assert value is None and reason is not None and "crosses" in reason
    curve = spells.survival_of_exits(flags, np.ones(2))
    assert curve.survival[16] == 1.0 and np.isnan(curve.survival[17:]).all() and np.isnan(curve.variance[17:]).all()


@st.composite
def observed_spells(draw):
    n = draw(st.integers(2, 40))
    length = draw(st.lists(st.integers(1, 70), min_size=n, max_size=n))
    ended = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    # Quarters add up without rounding; with other weights lifelines takes tiny differences of sums for a risk set.
    quarters = draw(st.lists(st.integers(1, 200), min_size=n, max_size=n))
    return np.array(length), np.array(ended), np.array(quarters) / 4.0


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=25, deadline=None)
@given(observed_spells())
def test_agrees_with_lifelines(data):
    length, ended, weight = data
    upto = int(length.max())
    months = np.arange(upto + 1)
    ours = spells.kaplan_meier(length, ended, weight, upto)
    theirs = KaplanMeierFitter().fit(length, ended, weights=weight).survival_function_at_times(months)
    np.testing.assert_allclose(ours.survival, theirs.to_numpy(), atol=1e-9)

    plain = spells.kaplan_meier(length, ended, upto=upto)
    fitted = KaplanMeierFitter(alpha=0.05).fit(length, ended)
    for month, bounds in fitted.confidence_interval_survival_function_.iterrows():
        s, variance = plain.survival[int(month)], plain.variance[int(month)]
        if 0.0 < s < 1.0:
            # lifelines: Greenwood on the log(-log S) scale.
            half = 1.959963984540054 * math.sqrt(variance) / (s * abs(math.log(s)))
            low, high = (s ** math.exp(sign * half) for sign in (1, -1))
            assert bounds.to_numpy() == pytest.approx([low, high], abs=1e-9)


def test_scale_of_weights_is_immaterial_and_equal_weights_give_greenwood():
    length, ended = np.array([3, 5, 5, 8, 13, 21]), np.array([1, 1, 0, 1, 0, 1], dtype=bool)
    one = spells.kaplan_meier(length, ended, np.arange(1.0, 7.0), 30)
    many = spells.kaplan_meier(length, ended, 1234.5 * np.arange(1.0, 7.0), 30)
    np.testing.assert_allclose(one.variance, many.variance, rtol=1e-12)
    plain = spells.kaplan_meier(length, ended, upto=30)
    s5 = (5 / 6) * (4 / 5)
    assert plain.survival[5] == pytest.approx(s5)
    assert plain.variance[5] == pytest.approx(s5**2 * (1 / (6 * 5) + 1 / (5 * 4)))


def test_weighted_variance_is_that_of_repeated_samples():
    random = np.random.default_rng(20260301)
    weight = np.tile([1.0, 1.0, 4.0, 10.0], 50)
    estimates, variances = [], []
    for _ in range(1500):
        length = random.geometric(0.03, weight.size)
        censor = random.integers(5, 80, weight.size)
        curve = spells.kaplan_meier(np.minimum(length, censor), length <= censor, weight, 36)
        estimates.append(curve.survival[36])
        variances.append(curve.variance[36])
    assert np.mean(estimates) == pytest.approx(0.97**36, abs=0.004)
    assert np.mean(variances) == pytest.approx(np.var(estimates), rel=0.12)


def test_cumulative_share_of_exits():
    tau = np.array([0, 12, 36, 37, 96], dtype=np.int16)
    weight = np.array([1.0, 1.0, 2.0, 2.0, 4.0])
    assert spells.cumulative_exit_share(tau, weight, 156) == {12: 0.1, 36: 0.3, 60: 0.5, 96: 0.9}
    assert spells.cumulative_exit_share(tau, weight, 120)[96] is None


def test_refusals():
    with pytest.raises(PovsimError, match="negative length"):
        spells.kaplan_meier([-1], [True])
    with pytest.raises(PovsimError, match="alike"):
        spells.kaplan_meier([1, 2], [True])
    with pytest.raises(PovsimError, match="no household"):
        spells.cumulative_exit_share(np.zeros(2, np.int16), np.zeros(2), 156)
