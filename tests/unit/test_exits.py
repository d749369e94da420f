"""The ladder of exits against hand-made paths, exact arithmetic, a brute-force reading and its own laws."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povsim.errors import PovsimError
from povsim.measures import exits

T, W, MARGIN = 156, 36, Fraction(1, 10)
ROWS = list(csv.DictReader((Path(__file__).parent / "data" / "exit_paths.csv").open(encoding="utf-8")))
LADDER = ("E1", "E2", "E3", "E4", "E4x")


def expand(text: str, months: int) -> list[Fraction]:
    """`8x0.9 2x[1x3.3 11x0.9] *x1.2`: months x value, months x group, and `*` for all months that are left."""
    path: list[Fraction] = []
    for count, group, value in re.findall(r"(\d+|\*)x(?:\[([^\]]*)\]|([\d.]+))", text):
        if count == "*":
            path += [Fraction(value)] * (months - len(path))
        else:
            unit = expand_group(group) if group else [Fraction(value)]
            path += unit * int(count)
    assert len(path) >= months, f"{text}: {len(path)} of {months} months"
    return path[:months]


def expand_group(text: str) -> list[Fraction]:
    return [Fraction(v) for count, v in re.findall(r"(\d+)x([\d.]+)", text) for _ in range(int(count))]


def reference(line, margin, cap_line, cap_margin, cap_x, now, long_run, W, T, until):
    """First months of all rungs, straight from the definitions; each argument is read as path[month].

    A household that ends in month `until` has none of what comes after it.
    """
    found = dict.fromkeys(exits.RUNGS, 0)
    if cap_margin[T] and until >= T:
        found["E3"] = T
    for tau in range(min(T - 60, until), 11, -1):
        lives = tau + W <= until
        stays = lives and all(line[t] for t in range(tau, tau + W + 1))
        sustained = margin[tau] and stays
        for rung, holds in {
            "E1": line[tau],
            "E2": sustained,
            "E4": sustained and cap_margin[tau + W],
            "E4x": sustained and cap_margin[tau + W] and cap_x[tau + W],
            "E4cap": lives and all(cap_line[t] for t in range(tau, tau + W + 1)) and cap_margin[tau + W],
            "E4now": sustained and now[tau + W],
            "E4long": sustained and long_run[tau + W],
        }.items():
            if holds:
                found[rung] = tau
    return found


def by_bits(column: np.ndarray, W: int, until: int) -> dict[str, int]:
    paths = [[False, *((column >> bit) & 1).astype(bool)] for bit in range(7)]
    line, margin, cap_margin, cap_x, cap_line, now, long_run = paths
    return reference(line, margin, cap_line, cap_margin, cap_x, now, long_run, W, column.size, until)


def test_the_file_is_large_enough_and_its_names_are_unique():
    assert len(ROWS) >= 30
    assert len({row["id"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_hand_made_path(row):
    c, cap, cap_x = expand(row["c"], T + 11), expand(row["ccap"], T), expand(row["ccapx"], T)
    expected = {rung: int(row[rung]) for rung in LADDER}
    until = int(row["until"] or T)

    # Exact arithmetic first: a wrong hand calculation must not be hidden by a tolerance.
    mean = [None, *(sum(c[t : t + 12]) / 12 for t in range(T))]
    line, margin = ([m is not None and m >= level for m in mean] for level in (1, 1 + MARGIN))
    at = {name: [False, *(v >= level for v in path)] for name, path, level in (
        ("line", cap, 1), ("margin", cap, 1 + MARGIN), ("x", cap_x, 1 + MARGIN))}  # fmt: skip
    exact = reference(line, margin, at["line"], at["margin"], at["x"], at["margin"], at["margin"], W, T, until)
    assert {rung: int(exact[rung] > 0) for rung in LADDER} == expected

    consumption, capacity, capacity_x = (np.array([float(v) for v in path])[:, None] for path in (c, cap, cap_x))
    flags = exits.flags_from_paths(exits.m12(consumption.T).T, capacity, capacity_x, float(MARGIN))
    got = exits.first_exits(flags, W, T, [until])
    for rung in (*LADDER, "E4cap"):
        assert got[rung][0] == exact[rung], rung


@st.composite
def monthly_flags(draw, most: int = 5):
    """Flags [T, n] made of runs, so that long spells happen."""
    months = draw(st.integers(73, 110))
    columns = []
    for _ in range(draw(st.integers(1, most))):
        column = np.zeros(months, dtype=np.uint8)
        for bit in range(8):
            start, on = 0, draw(st.booleans())
            for length in draw(st.lists(st.integers(1, 70), min_size=1, max_size=6)):
                column[start : start + length] |= np.uint8(on << bit)
                start, on = start + length, not on
            column[start:] |= np.uint8(on << bit)
        columns.append(column)
    return np.stack(columns, axis=1)


@settings(max_examples=150, deadline=None)
@given(monthly_flags(), st.sampled_from([1, 12, 24, 36, 60]), st.data())
def test_agrees_with_brute_force(flags, follow_up, data):
    months, n = flags.shape
    until = data.draw(st.none() | st.lists(st.integers(0, months), min_size=n, max_size=n))
    got = exits.first_exits(flags, follow_up, until=until)
    for j in range(n):
        expected = by_bits(flags[:, j], follow_up, months if until is None else until[j])
        assert {rung: int(tau[j]) for rung, tau in got.items()} == expected


@settings(max_examples=80, deadline=None)
@given(monthly_flags())
def test_rungs_are_nested_and_longer_follow_up_is_harder(flags):
    before = None
    for follow_up in (12, 24, 36, 60):
        has = {rung: tau > 0 for rung, tau in exits.first_exits(flags, follow_up).items()}
        for inner, outer in (("E4x", "E4"), ("E4", "E2"), ("E4now", "E2"), ("E4long", "E2"), ("E2", "E1")):
            assert not (has[inner] & ~has[outer]).any()
        if before is not None:
            assert not (has["E2"] & ~before["E2"]).any()
            assert (has["E1"] == before["E1"]).all() and (has["E3"] == before["E3"]).all()
        before = has


@settings(max_examples=40, deadline=None)
@given(monthly_flags(), st.randoms(use_true_random=False))
def test_order_of_households_and_arms_is_immaterial(flags, random):
    order = list(range(flags.shape[1]))
    random.shuffle(order)
    plain, shuffled = exits.first_exits(flags, W), exits.first_exits(flags[:, order], W)
    stacked = exits.first_exits(np.stack([flags, np.zeros_like(flags)]), W)
    for rung in exits.RUNGS:
        assert (plain[rung][order] == shuffled[rung]).all()
        assert (stacked[rung][0] == plain[rung]).all() and not stacked[rung][1].any()


@given(
    st.lists(st.floats(0.0, 5.0), min_size=12, max_size=40),
    st.floats(0.0, 0.3),
    st.floats(0.0, 0.3),
)
def test_a_higher_margin_sets_fewer_bits(values, b, more):
    mean = exits.m12(np.array(values)[None, :]).T
    low, high = (exits.flags_from_paths(mean, mean, mean, margin) for margin in (b, b + more))
    assert (high & ~low == 0).all()
    assert (low & exits.M12_MARGIN <= (low & exits.M12_LINE) << 1).all()


@pytest.mark.parametrize("level", [1.0, 1.1, 1.2, 0.1 + 0.2 + 0.7])
def test_a_constant_path_is_at_its_own_level_and_a_true_shortfall_is_not(level):
    mean = exits.m12(np.full((1, 60), level))
    assert exits.at_least(mean, level).all()
    assert not exits.at_least(exits.m12(np.full((1, 60), level - 1e-9)), level).any()


def test_the_model_marks_ties_as_the_measures_do():
    columns = pytest.importorskip("povsim.population.columns")
    assert exits.TIE == columns.TIE


def test_share_of_exits_is_weighted():
    tau = np.array([[12, 0, 0], [0, 0, 96]], dtype=np.int16)
    assert exits.exit_share(tau, np.array([1.0, 1.0, 2.0])).tolist() == [0.25, 0.5]


def test_window_and_refusals():
    assert exits.window(156) == (12, 96)
    assert exits.window(73) == (12, 13)
    flags = np.zeros((156, 2), dtype=np.uint8)
    for call, text in (
        (lambda: exits.window(72), "73 or more"),
        (lambda: exits.first_exits(flags, 61), "exit.W = 61"),
        (lambda: exits.first_exits(flags, 0), "exit.W = 0"),
        (lambda: exits.first_exits(flags, 36, 120), "must agree"),
        (lambda: exits.first_exits(flags, 36, until=[flags.shape[0] + 1] * flags.shape[1]), "until must hold a month"),
        (lambda: exits.first_exits(flags, 36, until=[1.5] * flags.shape[1]), "until must hold a month"),
        (lambda: exits.first_exits(flags.astype(float), 36), "uint8"),
        (lambda: exits.first_exit(flags, 36, "E4X"), "nearest is 'E4x'"),
        (lambda: exits.m12(np.ones(11)), "12 or more"),
        (lambda: exits.m12(np.array([np.nan] * 12)), "not finite"),
        (lambda: exits.flags_from_paths([[1.0]], [[1.0]], [[1.0]], -0.1), "exit.b"),
        (lambda: exits.flags_from_paths([[1.0]], [[1.0, 2.0]], [[1.0]], 0.1), "one shape"),
        (lambda: exits.exit_share(np.zeros(1, np.int16), np.zeros(1)), "no household"),
    ):
        with pytest.raises(PovsimError, match=re.escape(text)):
            call()
