"""Keyed random numbers: each is a function of (root seed, replicate, stream, month, entity[, alternative]) and of nothing else.

The generator is Threefry4x32 with 13 rounds (J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel random numbers:
as easy as 1, 2, 3, SC 2011), checked against its published test vectors. Key: seed low, seed high, replicate, stream.
Counter: month, entity low, entity high, alternative. Four words a block. Normals are the inverse of the distribution
function (M. J. Wichura, algorithm AS 241, Applied Statistics 37, 1988), so that they are monotone in the uniform.
Contract C1.
"""

from dataclasses import dataclass
from enum import IntEnum, unique

import numpy as np
from numba import njit
from numpy.typing import NDArray

from povsim.fastmath import fma, log
from povsim.few import WORD, append, flag

Floats = NDArray[np.float64]
ROUNDS = 13


@unique
class Stream(IntEnum):
    """The streams, declared once; the same (stream, month, entity, word) never serves two purposes."""

    HOUSEHOLD_MONTH = 1
    """persistent shock (normal), transitory shock (normal), illness, asset shock"""
    SURVEY = 2
    """survey errors (normals): consumption, income, assets and savings; uniform: whether the household is met again"""
    MEMBER_MONTH = 3
    """loan demand, default, leaving, joining; at month 0 the fourth chooses founders"""
    HOUSEHOLD_YEAR = 4
    """slow component (normal), turnover, labour step, enumeration error (normal)"""
    SUCCESSOR = 5
    """class of earning capacity (normal), ability (normal)"""
    HOUSEHOLD_FIXED = 6
    """ability (normal), slow component (normal)"""
    HOUSEHOLD_FIXED_2 = 7
    """persistent shock (normal), transitory shock (normal), own-account work, trader"""
    HOUSEHOLD_FIXED_3 = 8
    """passive member, registered, review month, remittance"""
    HOUSEHOLD_FIXED_4 = 9
    """labour capacity, spare, first assets (normal)"""
    VILLAGE_MONTH = 10
    """village shock (normal), disaster, funnel, scandal"""
    VILLAGE_MONTH_2 = 11
    """management (normal)"""
    VILLAGE_FIXED = 12
    """local potential, market access, elite capture, quality of management (normal)"""
    VILLAGE_FIXED_2 = 13
    """place in the funnel, cover of the rollout, village shock (normal), lot of the rollout `random`"""
    TIES = 14
    """place on the ring, two further ties"""
    SAMPLE = 15
    """start of the systematic draw of villages; by village: where its households begin in earning capacity and size; in a
    census by village: its lot within its cell; by district: start of the draw over its cells"""
    REGISTRY_YEAR = 16
    """refreshed record, its error (normal)"""
    PROGRAMME = 17
    """lottery of a user's programme"""
    LEDGER = 18
    """by order: places of switches in an order of the ledger; by village: the household that its noise floor changes"""
    FUTURES = 19
    """start of the systematic draws of exits that are given futures"""
    ASSUMPTIONS = 20
    """by parameter, month being the draw: its quantile, and another one"""
    TRIAL = 21
    """by household or village: lot of the assignment to arms, place among those asked by the survey"""
    CALIBRATION = 22
    """by purpose and particle, month being the generation: see `povsim.experiments.calibration.keyed`"""
    PARAMETERS = 23
    """by parameter, month being the draw: its quantile"""
    DESIGN = 24
    """by column of a design of sensitivity: how far its points are turned; by bootstrap sample: the rows that it takes"""
    PILOT = 29
    """by household: interviewed at all (by village), lost after this wave; by village: report received, lot of treatment"""
    FORECAST = 30
    """by draw of a forecast and by draw of blocks: what `povsim.experiments.forecast_draws` names"""
    POWER_TRIAL = 41
    """of a textbook trial, month being the trial: outcomes of four households of a village"""
    PILOT_PLACE = 42
    """by place in a simulated pilot, month being the pilot: which village of the bank, which survey of it"""
    PILOT_SURVEY = 43
    """by household, alternative being the survey: order in which it is drawn; month by month: found again, survey error
    (normal); proxy-means score (normal)"""
    PILOT_ASSETS = 44
    """by household, alternative being the survey: how its assets and its savings are misread at the baseline (normals)"""


@dataclass(frozen=True)
class DrawKey:
    """Root seed (0 to 2**64 - 1) and replicate (0 to 2**32 - 1)."""

    seed: int
    replicate: int

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"The seed is {self.seed}; accepted are whole numbers from 0 to 2**64 - 1.")
        if not 0 <= self.replicate < 2**32:
            raise ValueError(f"The replicate is {self.replicate}; accepted are whole numbers from 0 to 2**32 - 1.")

    def words(self) -> NDArray[np.uint32]:
        """Seed low, seed high, replicate: uint32 [3]."""
        return np.array([self.seed & 0xFFFFFFFF, self.seed >> 32, self.replicate], np.uint32)


_PARITY = np.uint32(0x1BD11BDA)
_WIDTH = np.uint32(32)
_1, _2, _3 = np.uint32(1), np.uint32(2), np.uint32(3)
# Rotations as uint32, not as Python integers: numba compiles a function once for each literal integer that it is given.
_5, _6, _10, _11, _13, _17, _18, _20, _21, _23, _25, _26, _27 = (
    np.uint32(bits) for bits in (5, 6, 10, 11, 13, 17, 18, 20, 21, 23, 25, 26, 27)
)


@njit(forceinline=True)
def _mix(a, b, bits):
    a = np.uint32(a + b)
    return a, np.uint32(np.uint32((b << bits) | (b >> (_WIDTH - bits))) ^ a)


@njit(forceinline=True)
def _rounds_1_to_4(x0, x1, x2, x3):
    x0, x1 = _mix(x0, x1, _10)
    x2, x3 = _mix(x2, x3, _26)
    x0, x3 = _mix(x0, x3, _11)
    x2, x1 = _mix(x2, x1, _21)
    x0, x1 = _mix(x0, x1, _13)
    x2, x3 = _mix(x2, x3, _27)
    x0, x3 = _mix(x0, x3, _23)
    x2, x1 = _mix(x2, x1, _5)
    return x0, x1, x2, x3


@njit(forceinline=True)
def _rounds_5_to_8(x0, x1, x2, x3):
    x0, x1 = _mix(x0, x1, _6)
    x2, x3 = _mix(x2, x3, _20)
    x0, x3 = _mix(x0, x3, _17)
    x2, x1 = _mix(x2, x1, _11)
    x0, x1 = _mix(x0, x1, _25)
    x2, x3 = _mix(x2, x3, _10)
    x0, x3 = _mix(x0, x3, _18)
    x2, x1 = _mix(x2, x1, _20)
    return x0, x1, x2, x3


@njit(forceinline=True)
def threefry4x32(c0, c1, c2, c3, k0, k1, k2, k3):
    """Threefry4x32, 13 rounds: four uint32 counter and key words to four uint32."""
    k4 = np.uint32(_PARITY ^ k0 ^ k1 ^ k2 ^ k3)
    x0, x1, x2, x3 = np.uint32(c0 + k0), np.uint32(c1 + k1), np.uint32(c2 + k2), np.uint32(c3 + k3)
    x0, x1, x2, x3 = _rounds_1_to_4(x0, x1, x2, x3)
    x0, x1, x2, x3 = np.uint32(x0 + k1), np.uint32(x1 + k2), np.uint32(x2 + k3), np.uint32(x3 + k4 + _1)
    x0, x1, x2, x3 = _rounds_5_to_8(x0, x1, x2, x3)
    x0, x1, x2, x3 = np.uint32(x0 + k2), np.uint32(x1 + k3), np.uint32(x2 + k4), np.uint32(x3 + k0 + _2)
    x0, x1, x2, x3 = _rounds_1_to_4(x0, x1, x2, x3)
    x0, x1, x2, x3 = np.uint32(x0 + k3), np.uint32(x1 + k4), np.uint32(x2 + k0), np.uint32(x3 + k1 + _3)
    x0, x1 = _mix(x0, x1, _6)
    x2, x3 = _mix(x2, x3, _20)
    return x0, x1, x2, x3


@njit(forceinline=True)
def uniform(word):
    """(word + 1/2) / 2**32: a uniform strictly between 0 and 1."""
    return (np.float64(np.uint32(word)) + 0.5) * 2.3283064365386963e-10


W0, W1, W2, W3 = (np.int64(word) for word in range(4))
"""The words of a block, as numba is to get them: it compiles a function once for each Python integer that it is given."""

LANES = 128
"""Entities of a block: the piece of a village, or of any list, that is worked on as vectors in the first-level cache."""

BLOCK = np.dtype(
    [
        ("low", np.uint32, (LANES,)),  # halves of the entities' ids
        ("high", np.uint32, (LANES,)),
        ("words", np.uint32, (4, LANES)),
        ("at", np.int64, (LANES + 8,)),  # room for the tails of normals
        ("tail", np.float64, (LANES + 8,)),
        ("logs", np.float64, (LANES + 8,)),
    ]
)
"""A block of draws. One record, because rows of one record cannot overlap, and LLVM knows it: it gives up on a loop over
many separate arrays, any two of which could."""

_kernel = njit(nogil=True, cache=True, error_model="numpy")


@_kernel
def fill_words(block, n, key, stream, month, alternative):
    """Words of the first n entities of a block for one stream and month.

    Everything in the loop is 32 bits wide, which is what lets eight entities share a vector.
    """
    k0, k1, k2, k3 = key[0], key[1], key[2], np.uint32(stream)
    c0, c3 = np.uint32(month), np.uint32(alternative)
    for i in range(n):
        w0, w1, w2, w3 = threefry4x32(c0, block.low[i], block.high[i], c3, k0, k1, k2, k3)
        block.words[0, i] = w0
        block.words[1, i] = w1
        block.words[2, i] = w2
        block.words[3, i] = w3


@_kernel
def fill_uniforms(block, word, out, n):
    """Uniforms of one word of the first n entities of a block."""
    for i in range(n):
        out[i] = uniform(block.words[word, i])


@njit(forceinline=True, error_model="numpy")
def _polynomial(r, a7, a6, a5, a4, a3, a2, a1, a0):
    high = fma(fma(fma(fma(a7, r, a6), r, a5), r, a4), r, a3)
    return fma(fma(fma(high, r, a2), r, a1), r, a0)


@njit(forceinline=True, error_model="numpy")
def _central(q):
    """AS 241 (PPND16) for |q| <= .425, q = u - 1/2."""
    r = 0.180625 - q * q
    top = _polynomial(
        r, 2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
        13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
    )  # fmt: skip
    bottom = _polynomial(
        r, 5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
        5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0,
    )  # fmt: skip
    return q * top / bottom


@njit(forceinline=True, error_model="numpy")
def _tail(log_p):
    """AS 241 (PPND16) for the smaller tail exp(-25) <= p < .075, from its logarithm: the size of the normal."""
    r = np.sqrt(-log_p) - 1.6
    top = _polynomial(
        r, 7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
        3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
    )  # fmt: skip
    bottom = _polynomial(
        r, 1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
        0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0,
    )  # fmt: skip
    return top / bottom


@njit(forceinline=True, error_model="numpy")
def _far_tail(p):
    """AS 241 (PPND16) for p < exp(-25) = 1.4e-11, which no word of 32 bits reaches."""
    r = np.sqrt(-log(p)) - 5.0
    top = _polynomial(
        r, 2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
        0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
    )  # fmt: skip
    bottom = _polynomial(
        r, 2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
        0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0,
    )  # fmt: skip
    return top / bottom


_CENTRE = 0.425
_FIRST_CENTRAL, _CENTRAL_WORDS = np.uint32(322122547), np.uint32(3650722201)  # words of |u - 1/2| <= .425: first, last - first
_FAR = 1.3887943864964021e-11  # exp(-25)


@_kernel
def normal(u):
    """Standard normal of a uniform, monotone in it."""
    q = u - 0.5
    if abs(q) <= _CENTRE:
        return _central(q)
    p = u if q < 0.0 else 1.0 - u
    size = _tail(log(p)) if p >= _FAR else _far_tail(p)
    return -size if q < 0.0 else size


@_kernel
def fill_normals(block, word, out, n):
    """Normals of one word of the first n entities of a block: those of `normal`, bit by bit.

    The centre is one vector pass over all. The tails, 15 % of uniforms, are first gathered, so that they too are worked on
    as vectors; the last of these is filled up, so that nothing runs one by one.
    """
    for i in range(n):
        q = uniform(block.words[word, i]) - 0.5
        q = q if q > -_CENTRE else -_CENTRE
        out[i] = _central(q if q < _CENTRE else _CENTRE)
    count = 0
    for first in range(0, n, WORD):
        part = block.words[word, first : first + WORD]
        tails = np.uint64(0)
        for i in range(min(WORD, n - first)):
            tails |= flag(np.uint32(part[i] - _FIRST_CENTRAL) > _CENTRAL_WORDS, i)
        count = append(tails, first, block.at, count)
    whole = (count + 7) & -8
    for j in range(count, whole):
        block.at[j] = block.at[0]
    for j in range(whole):
        block.tail[j] = uniform(block.words[word, block.at[j]])
    for j in range(whole):
        u = block.tail[j]
        block.logs[j] = log(u if u < 0.5 else 1.0 - u)
    for j in range(whole):
        size = _tail(block.logs[j])
        block.tail[j] = -size if block.tail[j] < 0.5 else size
    for j in range(count):
        out[block.at[j]] = block.tail[j]


@_kernel
def _table(ids, key, stream, month, alternative, block, out):
    for first in range(0, ids.size, LANES):
        n = min(LANES, ids.size - first)
        for i in range(n):
            block.low[i] = np.uint32(ids[first + i] & np.uint64(0xFFFFFFFF))
            block.high[i] = np.uint32(ids[first + i] >> np.uint64(32))
        fill_words(block, n, key, stream, month, alternative)
        for i in range(n):
            for j in range(4):
                out[first + i, j] = uniform(block.words[j, i])


@_kernel
def _normals(u, out):
    """`normal` of each: the centre as one vector pass over all, then the tails."""
    for i in range(u.size):
        q = u[i] - 0.5
        q = q if q > -_CENTRE else -_CENTRE
        out[i] = _central(q if q < _CENTRE else _CENTRE)
    for i in range(u.size):
        if abs(u[i] - 0.5) > _CENTRE:
            out[i] = normal(u[i])


def uniforms(key: DrawKey, stream: Stream, ids: NDArray[np.uint64], month: int = 0, alternative: int = 0) -> Floats:
    """The four uniforms of each entity: float64 [n, 4]."""
    out = np.empty((ids.size, 4))
    whole = np.ascontiguousarray(ids, np.uint64)
    _table(whole, key.words(), int(stream), month, alternative, np.zeros(1, BLOCK)[0], out)
    return out


def inverse_normal(u: Floats) -> Floats:
    """Standard normals of uniforms strictly between 0 and 1, any shape."""
    flat = np.ascontiguousarray(u, np.float64).ravel()
    out = np.empty_like(flat)
    _normals(flat, out)
    return out.reshape(np.shape(u))


def normals(key: DrawKey, stream: Stream, ids: NDArray[np.uint64], month: int = 0, alternative: int = 0) -> Floats:
    """The four normals of each entity: float64 [n, 4]."""
    return inverse_normal(uniforms(key, stream, ids, month, alternative))
