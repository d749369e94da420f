"""Paired contrasts and what a contrast costs: exact zeros, signs, intervals, nulls with reasons."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from povsim.errors import PovsimError
from povsim.experiments import contrasts as ct
from povsim.measures import cost

NAMES = ("aid_cooperative", "aid", "structural", "E4")


def draw(seed: int, replicates: int = 8, n: int = 400, up: float = 0.1, down: float = 0.03):
    """Outcomes that share their households: base outcome, then some gained and some lost."""
    random = np.random.default_rng(seed)
    y_b, y_a, weight = [], [], []
    for _ in range(replicates):
        base = random.random(n) < 0.2 + 0.1 * random.random()
        flip = random.random(n)
        y_a.append(base)
        y_b.append(np.where(base, flip >= down, flip < up))
        weight.append(random.uniform(50.0, 500.0, n))
    return y_b, y_a, weight


def test_identical_arms_give_exactly_zero():
    _, y, weight = draw(1)
    c = ct.paired_contrast(*NAMES, y, [v.copy() for v in y], weight)
    assert (c.mean, c.n10, c.n01, c.extra_exits, c.low80, c.high80, c.low95, c.high95) == (0.0,) * 8
    assert c.discordant == 0 and c.reason is not None and c.reason.startswith("too few to say")
    assert c.pairing_gain is None and "pairing_gain" in c.reasons


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9), st.floats(0, 1), st.floats(0, 1))
def test_mean_is_gained_minus_lost(seed, replicates, up, down):
    y_b, y_a, weight = draw(seed, replicates, 60, up, down)
    c = ct.paired_contrast(*NAMES, y_b, y_a, weight)
    assert c.mean is not None and c.n10 is not None and c.n01 is not None
    assert abs(c.mean - (c.n10 - c.n01)) < 1e-12
    direct = np.mean([np.average(b, weights=w) - np.average(a, weights=w) for b, a, w in zip(y_b, y_a, weight, strict=True)])
    assert c.mean == pytest.approx(direct, abs=1e-12)
    swapped = ct.paired_contrast("aid", "aid_cooperative", "structural", "E4", y_a, y_b, weight)
    assert swapped.mean == -c.mean and swapped.n10 == c.n01


@pytest.mark.parametrize(("up", "down", "sign"), [(0.2, 0.0, 1), (0.0, 0.6, -1), (0.12, 0.45, 0)])
def test_positive_negative_and_mixed(up, down, sign):
    c = ct.paired_contrast(*NAMES, *draw(3, 10, 500, up, down))
    assert c.reason is None
    assert c.low95 < c.low80 < c.mean < c.high80 < c.high95
    assert (c.n10 > 0, c.n01 > 0) == (up > 0, down > 0)
    if sign:
        assert c.mean * sign > 0 and c.low95 * c.high95 > 0


def test_interval_is_student_t_on_replicate_differences():
    y_b, y_a, weight = draw(5)
    c = ct.paired_contrast(*NAMES, y_b, y_a, weight)
    b, a = (np.array([np.average(v, weights=w) for v, w in zip(y, weight, strict=True)]) for y in (y_b, y_a))
    for level, low, high in ((0.80, c.low80, c.high80), (0.95, c.low95, c.high95)):
        assert (low, high) == pytest.approx(stats.t.interval(level, b.size - 1, (b - a).mean(), stats.sem(b - a)))
    assert c.pairing_gain == pytest.approx((b.var(ddof=1) + a.var(ddof=1)) / (b - a).var(ddof=1))
    assert c.se == pytest.approx(stats.sem(b - a))
    assert c.extra_exits == pytest.approx(c.mean * np.mean([w.sum() for w in weight]))


def test_coverage_of_the_95_percent_interval():
    inside = 0
    for seed in range(300):
        c = ct.paired_contrast(*NAMES, *draw(10_000 + seed, 6, 200, 0.1, 0.1))
        # Lost 0.1 of those out in A (a share of .25 on average), gained 0.1 of the others.
        inside += c.low95 <= 0.1 * 0.75 - 0.1 * 0.25 <= c.high95
    assert 0.91 <= inside / 300 <= 0.985


def test_too_few_discordant_keeps_the_numbers():
    y_a = [np.zeros(100) for _ in range(4)]
    y_b = [y.copy() for y in y_a]
    for r, count in enumerate((4, 5, 5, 5)):
        y_b[r][:count] = 1
    weight = [np.ones(100)] * 4
    c = ct.paired_contrast(*NAMES, y_b, y_a, weight)
    assert c.discordant == 19 and c.reason.startswith("too few to say: 19 ")
    assert c.mean == pytest.approx(0.0475) and c.n10 == pytest.approx(0.0475) and c.n01 == 0.0
    y_b[0][50] = 1
    assert ct.paired_contrast(*NAMES, y_b, y_a, weight).reason is None


def test_few_replicates():
    y_b, y_a, weight = draw(7, replicates=1)
    one = ct.paired_contrast(*NAMES, y_b, y_a, weight)
    assert one.mean is not None and one.low95 is None and one.se is None
    assert {"low80", "high80", "low95", "high95", "pairing_gain"} <= one.reasons.keys()
    y_b, y_a, weight = draw(7, replicates=2)
    two = ct.paired_contrast(*NAMES, y_b, y_a, weight)
    assert two.low95 is not None and two.pairing_gain is None and "3 replicates" in two.reasons["pairing_gain"]


def test_equal_differences_have_no_pairing_gain():
    y_a, y_b, weight = [np.zeros(50)] * 3, [np.ones(50)] * 3, [np.ones(50)] * 3
    c = ct.paired_contrast(*NAMES, y_b, y_a, weight)
    assert (c.mean, c.low95, c.high95, c.pairing_gain) == (1.0, 1.0, 1.0, None)
    assert "same in every replicate" in c.reasons["pairing_gain"]


def test_replicates_may_differ_in_size_and_shares_have_no_flows():
    y_b, y_a = [np.array([0.5, 1.0]), np.array([0.25])], [np.array([0.5, 0.0]), np.array([0.75])]
    c = ct.paired_contrast(*NAMES[:3], "E5", y_b, y_a, [np.ones(2), np.ones(1)])
    assert c.mean == pytest.approx((0.5 - 0.5) / 2) and c.n10 is None and c.n01 is None and c.discordant is None
    assert c.reasons["n10"] == c.reasons["n01"] == "not a yes/no measure" and c.reason is None


def test_every_null_number_has_a_reason_and_json_is_plain():
    empty = ct.paired_contrast(*NAMES, [np.ones(1), np.ones(0)], [np.ones(1), np.ones(0)], [np.ones(1), np.ones(0)])
    assert empty.mean is None and "replicate 1" in empty.reason
    for c in (
        empty,
        ct.null_contrast("b", "a", "structural", "E5", "no branched futures were run"),
        ct.paired_contrast(*NAMES, *draw(1)),
        ct.paired_contrast(*NAMES, *draw(1, replicates=1)),
    ):
        entry = json.loads(json.dumps(c.to_json(), allow_nan=False))
        assert list(entry) == [*ct.JSON_FIELDS, "reasons"]
        nulls = {name for name, value in entry.items() if value is None and name != "reason"}
        assert nulls == set(entry["reasons"])


def contrast(mean: float | None, low: float | None, high: float | None, measure: str = "E4") -> ct.Contrast:
    base = ct.null_contrast("b", "a", "structural", measure, "not run")
    reasons = {} if mean is not None else base.reasons
    return ct.Contrast(**(vars(base) | {"mean": mean, "low95": low, "high95": high, "reasons": reasons}))


def test_spans_over_variants():
    entries = ct.spans(
        {
            "trap": [contrast(0.02, 0.01, 0.03), contrast(0.5, 0.4, 0.6, "E1"), contrast(None, None, None, "E5")],
            "no_trap": [contrast(-0.01, -0.02, 0.0), contrast(0.1, 0.0, 0.2, "E5")],
        }
    )
    assert [e["measure"] for e in entries] == ["E4", "E1", "E5"]
    names = {"arm": "b", "against": "a", "group": "structural", "measure": "E4"}
    assert entries[0] == names | {"min": -0.01, "max": 0.02, "low95": -0.02, "high95": 0.03, "reasons": {}}
    assert entries[1]["min"] is None and entries[1]["reasons"]["min"] == "no_trap: not computed"
    assert entries[2]["high95"] is None and entries[2]["reasons"]["high95"] == "trap: not run"


def test_villages_needed():
    assert ct.villages_needed(0.01, 100, 0.028) == (100, None)
    assert ct.villages_needed(0.01, 100, -0.014) == (400, None)
    assert ct.villages_needed(0.01, 100, 0.0)[0] is None
    assert ct.villages_needed(None, 100, 0.01)[0] is None
    with pytest.raises(PovsimError):
        ct.villages_needed(0.01, 0, 0.01)


@pytest.mark.parametrize(
    ("y_b", "y_a", "weight", "text"),
    [
        ([], [], [], "one at least"),
        ([[1, 0]], [[1]], [[1, 1]], "same households"),
        ([[1]], [[2]], [[1]], "outside 0 to 1"),
        ([[1]], [[math.nan]], [[1]], "outside 0 to 1"),
        ([[1]], [[0]], [[-1]], "negative"),
    ],
)
def test_refusals(y_b, y_a, weight, text):
    with pytest.raises(PovsimError, match=text):
        ct.paired_contrast(*NAMES, *([np.array(v) for v in arrays] for arrays in (y_b, y_a, weight)))


def test_per_billion_and_its_nulls():
    def of(extra, delta, by_replicate=(), comparator=1e12, own=None):
        return cost.per_billion(extra, delta, by_replicate, comparator_cost=comparator, own_cost=own)

    assert of(500.0, 1e11, [9e10, 1.1e11]) == (5.0, None)
    assert of(-500.0, 1e11) == (-5.0, None)
    assert of(500.0, 1e11, comparator=0.0, own=1e11) == (5.0, None)
    for value, text in (
        (of(500.0, 0.0), "0 or less"),
        (of(500.0, -1e11), "0 or less"),
        (of(500.0, 9.9e9), "under 1 %"),
        (of(500.0, 1e11, [2.5e11, -5e10]), "unstable (0 or less in 1 of 2"),
        (of(None, 1e11), "null"),
        (of(500.0, None), "null"),
    ):
        assert value[0] is None and text in value[1]


def test_per_billion_enters_the_contrast():
    price = ct.CostDifference(mean=2e9, by_replicate=(2e9,) * 8, comparator=1e10, own=1.2e10)
    c = ct.paired_contrast(*NAMES, *draw(2), cost=price)
    assert c.per_billion_idr == pytest.approx(c.extra_exits / 2.0) and "per_billion_idr" not in c.reasons


def test_present_value_and_purses():
    assert cost.present_value(np.full(12, 1.0), 0.0) == 12.0
    assert cost.present_value([0.0] * 11 + [105.0], 0.05) == pytest.approx(100.0)
    assert cost.present_value([7.0, 105.0], 0.05, months=[0, 12]) == pytest.approx(107.0)
    assert cost.present_value(np.ones((2, 3, 24)), 0.05).shape == (2, 3)
    annuity = sum(1.05 ** (-t / 12) for t in range(1, 25))
    assert cost.present_value(np.ones(24), 0.05) == pytest.approx(annuity)

    one = cost.public_cost({"state": [10.0, 10.0]}, {"village_fund": [0.0, 4.0]}, {"state": 5.0}, 0.0, 2)
    assert one == {"state": 15.0, "village_fund": -4.0}
    total = cost.add_purses([one, {"state": 1.0, "district": 2.0}])
    assert total == {"state": 16.0, "village_fund": -4.0, "district": 2.0} and cost.sum_of(total) == 14.0

    flags = np.ones((24, 3), dtype=np.uint8)
    flags[:, 2] = 254  # every bit but the line
    assert cost.poverty_free_years(flags, [2.0, 1.0, 9.0], 0.0) == pytest.approx(6.0)
    assert cost.poverty_free_years(flags, [1.0, 0.0, 0.0], 0.05) == pytest.approx(annuity / 12)
    with pytest.raises(PovsimError, match="each flow"):
        cost.present_value([1.0, 2.0], 0.05, months=[1])


def test_years_out_of_poverty_end_with_the_household() -> None:
    """Two households out of poverty for two years; one ends after six months."""
    flags = np.full((24, 2), cost.M12_LINE, np.uint8)
    assert cost.poverty_free_years(flags, [1.0, 1.0], 0.0, [24, 6]) == pytest.approx(2.5)
