"""Elementary functions that LLVM turns into vector code inside a compiled loop.

libm's `exp`, `log` and `pow` are calls, so a loop with one of them runs one element at a time. The functions here are
straight-line arithmetic on float64 (range reduction by the bits of the number, then a polynomial), which LLVM vectorises.
No branch and no fast-math: a value has the same bits in any position of any loop (contract C2). Where a product is added in
one rounding, `fma` says so; the compiler never decides it. The powers of equation (1) are most of a month's arithmetic, and
this halves the chain of operations that each of them waits for.

Scalars in, scalars out. Accuracy against exact arithmetic, as a relative error unless said otherwise:

    exp2   4e-16   x in -1022..1024
    exp    4e-16   x in -708.3..709.7
    log2   5e-16   every positive normal x, also near 1
    log    4e-16   every positive normal x, also near 1
    power  5e-16 + 2.5e-16 |g log2 x|   result within the range of exp2

Polynomials: interpolation at Chebyshev nodes in 60-digit arithmetic of (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2 (error of e^r
1.6e-17) and of (2 artanh(s) / s - 2) / s^2 for |s| <= (sqrt 2 - 1) / (sqrt 2 + 1) (error of the logarithm 4.6e-18). Range
reduction as in W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980.
"""

import numpy as np
from numba import float64, njit
from numba.extending import intrinsic

LN2 = 0.6931471805599453
LN2_HIGH = 0.6931471803691238  # its low 21 bits are zero: k * LN2_HIGH is exact for every exponent k
LN2_LOW = 1.9082149292705877e-10
LOG2_E = 1.4426950408889634

ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer, held in the low bits
EXPONENT_ONE = np.uint64(1023 << 52)
MANTISSA_BITS = np.uint64(52)
# Adding it to the bits of x carries into the exponent exactly when the mantissa is above sqrt(2).
TO_SQRT2 = np.uint64((1023 << 52) - 0x3FE6A09E667F3BCD)
TWO_52 = np.uint64(0x4330000000000000)  # the bits of 2**52: or-ing a small integer in converts it to float64
TWO_52_BIASED = 4503599627370496.0 + 1023.0


@intrinsic
def fma(_typing, a, b, c):
    """a * b + c, rounded once: the operation of IEEE 754, an instruction wherever numba compiles (x86 since 2013, ARM)."""

    def code(_context, builder, _signature, arguments):
        return builder.fma(*arguments)

    return float64(float64, float64, float64), code


@njit(forceinline=True, error_model="numpy")
def _exp_near_zero(r):
    """e^r for |r| <= ln 2 / 2."""
    r2 = r * r
    r4 = r2 * r2
    low = fma(r2, fma(0.008333333333330062, r, 0.04166666666662413), fma(0.16666666666666669, r, 0.5000000000000001))
    high = fma(
        r2,
        fma(2.7557268459997064e-06, r, 2.4801521295954376e-05),
        fma(0.00019841269863053618, r, 0.0013888888917213717),
    )
    top = fma(2.510038549551032e-08, r, 2.7620088445409746e-07)
    return 1.0 + fma(r2, fma(r4, fma(r4, top, high), low), r)


@njit(forceinline=True, error_model="numpy")
def _times_power_of_two(y, shifted):
    """y * 2**k, with k the integer in the low bits of shifted = ROUND + k, -1022 <= k <= 1023."""
    bits = np.float64(shifted).view(np.uint64)
    return y * np.uint64((bits << MANTISSA_BITS) + EXPONENT_ONE).view(np.float64)


@njit(forceinline=True, error_model="numpy")
def exp2(x):
    """2**x. Below -1022 it is 0 (no subnormal numbers), from 1024 infinite; NaN stays NaN."""
    inside = min(max(x, -1022.0), 1023.75)
    shifted = inside + ROUND
    r = (inside - (shifted - ROUND)) * LN2
    return _times_power_of_two(_exp_near_zero(r), shifted)


@njit(forceinline=True, error_model="numpy")
def exp(x):
    """e**x. Below -708.3 it is about 0 (no subnormal numbers), above 709.7 about 1e308 or infinite; NaN stays NaN."""
    inside = min(max(x, -708.0), 709.7)
    shifted = fma(inside, LOG2_E, ROUND)
    k = shifted - ROUND
    r = fma(k, -LN2_LOW, fma(k, -LN2_HIGH, inside))
    return _times_power_of_two(_exp_near_zero(r), shifted)


@njit(forceinline=True, error_model="numpy")
def _split(x):
    """x = m * 2**k with sqrt(1/2) <= m < sqrt(2); k and ln m for a positive normal x."""
    bits = np.float64(x).view(np.uint64)
    biased = (bits + TO_SQRT2) >> MANTISSA_BITS
    k = np.uint64(biased | TWO_52).view(np.float64) - TWO_52_BIASED
    m = np.uint64(bits + EXPONENT_ONE - (biased << MANTISSA_BITS)).view(np.float64)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    low = fma(z2, fma(0.2222221112572281, z, 0.28571428626031065), fma(0.3999999999989938, z, 0.666666666666667))
    high = fma(z2, 0.14616721179861816, fma(0.15331699633543858, z, 0.18182889786191042))
    return k, fma(-s, fma(-z, fma(z2 * z2, high, low), f), f)


@njit(forceinline=True, error_model="numpy")
def log2(x):
    """Base-2 logarithm of a positive normal x (2.3e-308 and above); other arguments give a meaningless number."""
    k, ln_m = _split(x)
    return fma(ln_m, LOG2_E, k)


@njit(forceinline=True, error_model="numpy")
def log(x):
    k, ln_m = _split(x)
    return fma(k, LN2_HIGH, fma(k, LN2_LOW, ln_m))
