"""The elementary functions against libm: error bounds, exact values, the same bits in any loop, vector code."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numba import njit

from povsim import fastmath

NAMES = ("exp2", "exp", "log2", "log")
LIBM = {"exp2": np.exp2, "exp": np.exp, "log2": np.log2, "log": np.log}
BOUND = {"exp2": 4e-16, "exp": 4e-16, "log2": 5e-16, "log": 4e-16}  # as the module's docstring states them


def looped(function, error_model):
    @njit(error_model=error_model)
    def loop(x, out, n):
        for i in range(n):
            out[i] = function(x[i])

    return loop


LOOPS = {name: looped(getattr(fastmath, name), "python") for name in NAMES}


def value(name, x):
    x = np.atleast_1d(np.asarray(x, np.float64))
    out = np.empty_like(x)
    LOOPS[name](x, out, x.size)
    return out


def arguments(name, n=100_000):
    rng = np.random.default_rng(11)
    if name.startswith("exp"):
        return np.concatenate(
            [rng.uniform(-1000, 1000, n) * (0.7 if name == "exp" else 1), rng.uniform(-1, 1, n), rng.normal(0, 1e-6, n)]
        )
    return np.concatenate(
        [10 ** rng.uniform(-12, 12, n), rng.uniform(0.5, 2, n), 1 + rng.normal(0, 1e-6, n), 10 ** rng.uniform(-307, 308, n)]
    )


@pytest.mark.parametrize("name", NAMES)
def test_error_against_libm_is_within_the_documented_bound(name):
    x = arguments(name)
    x = x[x != 1.0] if name.startswith("log") else x
    exact = LIBM[name](x.astype(np.longdouble))  # 64-bit mantissa on x86, plain double elsewhere
    margin = 0 if np.finfo(np.longdouble).nmant > 52 else 2.3e-16
    assert np.max(np.abs(value(name, x) / exact - 1)) < BOUND[name] + margin


@pytest.mark.parametrize("name", ["log2", "log"])
def test_logarithm_next_to_one_keeps_its_digits(name):
    """Computed as k + log m with m above 1 on one side only, all digits of log(1 - 2**-53) would be lost."""
    step = np.concatenate([2.0 ** -np.arange(1, 53), -(2.0 ** -np.arange(2, 54))])
    exact = np.log1p(step) / (np.log(2.0) if name == "log2" else 1.0)
    np.testing.assert_allclose(value(name, 1 + step), exact, rtol=7e-16, atol=0)
    assert value(name, 1.0)[0] == 0


def test_powers_of_two_are_exact():
    k = np.arange(-1022.0, 1024.0)
    np.testing.assert_array_equal(value("exp2", k), np.ldexp(1.0, k.astype(int)))
    np.testing.assert_array_equal(value("log2", np.ldexp(1.0, k.astype(int))), k)
    assert value("exp", 0.0)[0] == 1


@pytest.mark.parametrize("name", ["exp2", "exp"])
def test_exponentials_outside_their_range(name):
    low, high = value(name, [-1e9, -np.inf]), value(name, [1e9, np.inf])
    assert ((low >= 0) & (low < 1e-307)).all()
    assert (high > 8e307).all()
    assert np.isnan(value(name, np.nan)[0])


@pytest.mark.parametrize("name", NAMES)
def test_neighbours_never_step_backwards_by_more_than_rounding(name):
    x = np.sort(arguments(name, 20_000))
    y = value(name, x)
    assert (np.diff(y) >= -8 * np.finfo(float).eps * np.abs(y[1:])).all()


@pytest.mark.parametrize("name", NAMES)
def test_c2_same_bits_for_every_length_and_offset(name):
    x = arguments(name, 20)[:60]
    alone = np.array([value(name, v)[0] for v in x])
    for first in (0, 1, 2, 3):
        for n in range(1, 41):
            out = np.full(48, 99.0)
            LOOPS[name](x[first:], out, n)
            assert out[:n].tobytes() == alone[first : first + n].tobytes()
            assert (out[n:] == 99).all()


@pytest.mark.parametrize("name", NAMES)
def test_c2_a_loop_with_it_is_vector_code_and_nothing_in_it_is_left_to_the_compiler(name):
    value(name, 1.5)
    code = next(iter(LOOPS[name].inspect_llvm().values()))
    assert len(re.findall(r"@llvm.fma.v\d+f64", code)) >= 8
    assert not re.search(r"= (f(mul|add|sub|div)|call) (fast|reassoc|contract)", code)
    assert "@llvm.fmuladd" not in code
