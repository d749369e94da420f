"""Contract C1: a draw is a function of its key and counter alone, and follows its published generator and its distribution."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numba import njit
from scipy import stats

from povsim import draws
from povsim.draws import DrawKey, Stream

MASK = 0xFFFFFFFF
ROTATIONS = ((10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20))
ZEROS, ONES = (0,) * 8, (MASK,) * 8
PI_DIGITS = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89)
# File kat_vectors of Random123: rounds, counter and key, block.
PUBLISHED = [
    (13, ZEROS, (0x531C7E4F, 0x39491EE5, 0x2C855A92, 0x3D6ABF9A)),
    (13, ONES, (0xC4189358, 0x1C9CC83A, 0xD5881C67, 0x6A0A89E0)),
    (13, PI_DIGITS, (0x4AA71D8F, 0x734738C2, 0x431FC6A8, 0xAE6DEBF1)),
    (20, ZEROS, (0x9C6CA96A, 0xE17EAE66, 0xFC10ECD4, 0x5256A7D8)),
    (20, ONES, (0x2A881696, 0x57012287, 0xF6C7446E, 0xA16A6732)),
    (20, PI_DIGITS, (0x59CD1DBB, 0xB8879579, 0x86B5D00C, 0xAC8B6D84)),
    (72, ZEROS, (0x93171DA6, 0x9220326D, 0xB392B7B1, 0xFF58A002)),
    (72, ONES, (0x60743F3D, 0x9961E684, 0xAAB21C34, 0x8C65FB7D)),
    (72, PI_DIGITS, (0x09930ADF, 0x7F27BD55, 0x9ED68CE1, 0x97F803F6)),
]
KEY = DrawKey(seed=0x0123456789ABCDEF, replicate=7)
PEOPLE = np.arange(20_000, dtype=np.uint64)


def reference(counter, key, rounds):
    """Threefry4x32 in whole numbers, written from the paper: one round at a time, a key injection after every fourth."""
    schedule = [*key, 0x1BD11BDA ^ key[0] ^ key[1] ^ key[2] ^ key[3]]
    x = [(c + k) & MASK for c, k in zip(counter, key, strict=True)]
    for r in range(rounds):
        for (to, other), bits in zip(((0, 1), (2, 3)) if r % 2 == 0 else ((0, 3), (2, 1)), ROTATIONS[r % 8], strict=True):
            x[to] = (x[to] + x[other]) & MASK
            x[other] = ((x[other] << bits | x[other] >> (32 - bits)) & MASK) ^ x[to]
        if r % 4 == 3:
            s = r // 4 + 1
            x = [(x[j] + schedule[(s + j) % 5] + (s if j == 3 else 0)) & MASK for j in range(4)]
    return tuple(x)


def compiled(words8):
    return tuple(int(w) for w in _threefry(*(np.uint32(w) for w in words8)))


@njit
def _threefry(c0, c1, c2, c3, k0, k1, k2, k3):
    return draws.threefry4x32(c0, c1, c2, c3, k0, k1, k2, k3)


@njit
def _uniform(word):
    return draws.uniform(word)


def block_of(ids):
    block = np.zeros(1, draws.BLOCK)[0]
    block["low"][: ids.size] = ids & np.uint64(MASK)
    block["high"][: ids.size] = ids >> np.uint64(32)
    block["words"] = 99
    return block


def filled(n, ids, key=KEY, stream=1, month=0, alternative=0):
    block = block_of(ids)
    draws.fill_words(block, n, key.words(), stream, month, alternative)
    return block["words"].T


def filled_normals(words, n=None, size=None):
    n = words.size if n is None else n
    block = block_of(np.zeros(0, np.uint64))
    block["words"][2, : words.size] = words
    out = np.full(n if size is None else size, 99.0)
    draws.fill_normals(block, 2, out, n)
    return out


def correlation(a, b):
    return float(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])


# --- the generator


@pytest.mark.parametrize(("rounds", "given", "block"), PUBLISHED)
def test_c1_published_answers(rounds, given, block):
    assert reference(given[:4], given[4:], rounds) == block
    if rounds == 13:
        assert compiled(given) == block


def test_c1_compiled_generator_agrees_with_the_reference_on_random_words():
    for given in np.random.default_rng(3).integers(0, 2**32, (300, 8)).tolist():
        assert compiled(given) == reference(given[:4], given[4:], 13)


@pytest.mark.parametrize("month", [0, 251, -132])
def test_c1_key_and_counter_are_laid_out_as_declared(month):
    ids = np.array([5, 2**32, 2**64 - 1, 3_201_010_001_000_017], np.uint64)
    got = filled(4, ids, stream=Stream.SURVEY, month=month, alternative=6)
    key = (KEY.seed & MASK, KEY.seed >> 32, KEY.replicate, int(Stream.SURVEY))
    for row, entity in zip(got[:4].tolist(), ids.tolist(), strict=True):
        assert tuple(row) == reference((month & MASK, entity & MASK, entity >> 32, 6), key, 13)


def test_c1_every_part_of_the_key_moves_the_draw():
    base = {"seed": 1, "replicate": 1, "stream": 1, "month": 1, "entity": 1, "alternative": 1}
    cases = [base] + [base | {part: 2} for part in base] + [base | {"seed": 1 + 2**32}, base | {"entity": 1 + 2**32}]
    blocks = {
        tuple(
            filled(
                1,
                np.array([c["entity"]], np.uint64),
                key=DrawKey(c["seed"], c["replicate"]),
                **{k: c[k] for k in ("stream", "month", "alternative")},
            )[0].tolist()
        )
        for c in cases
    }
    assert len(blocks) == len(cases)


def test_c1_stream_numbers_are_unique():
    numbers = [int(member) for member in Stream.__members__.values()]  # aliases of a doubled number included
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) >= 0 and max(numbers) <= MASK


# --- draws belong to entities


def test_c1_permuted_ids_permute_their_draws():
    ids = np.random.default_rng(1).permutation(PEOPLE[:2000]) + np.uint64(2**40)
    order = np.random.default_rng(2).permutation(2000)
    np.testing.assert_array_equal(
        draws.uniforms(KEY, Stream.HOUSEHOLD_MONTH, ids, month=9)[order],
        draws.uniforms(KEY, Stream.HOUSEHOLD_MONTH, ids[order], month=9),
    )


def test_c1_one_more_id_changes_no_other_draw():
    before = draws.normals(KEY, Stream.HOUSEHOLD_YEAR, PEOPLE[:777], month=12)
    after = draws.normals(KEY, Stream.HOUSEHOLD_YEAR, np.insert(PEOPLE[:777], 300, np.uint64(10**9)), month=12)
    np.testing.assert_array_equal(before, np.delete(after, 300, axis=0))


def test_c2_words_do_not_depend_on_offset_or_length():
    whole = filled(draws.LANES, PEOPLE[: draws.LANES], month=3)
    for first in (0, 1, 7):
        for n in range(1, 41):
            part = filled(n, PEOPLE[first : first + 41], month=3)
            np.testing.assert_array_equal(part[:n], whole[first : first + n])
            assert (part[n:] == 99).all()


def test_c1_draws_of_a_block_and_of_a_list_are_the_same():
    n = draws.LANES
    words = filled(n, PEOPLE[40 : 40 + n], stream=Stream.SUCCESSOR, month=24, alternative=2)
    u = draws.uniforms(KEY, Stream.SUCCESSOR, PEOPLE[:500], month=24, alternative=2)[40 : 40 + n]
    np.testing.assert_array_equal(u, (words + 0.5) / 2**32)
    z = draws.normals(KEY, Stream.SUCCESSOR, PEOPLE[:500], month=24, alternative=2)[40 : 40 + n]
    block = block_of(PEOPLE[:0])
    block["words"] = words.T
    out = np.empty(n)
    for word in range(4):
        draws.fill_uniforms(block, word, out, n)
        np.testing.assert_array_equal(out, u[:, word])
        np.testing.assert_array_equal(filled_normals(np.ascontiguousarray(words[:, word])), z[:, word])


# --- distribution


@pytest.mark.parametrize("vary", ["seed_low", "seed_high", "replicate"])
def test_c1_variance_of_a_population_mean_over_seeds(vary):
    """A seed that merely permutes households would give a variance of 0."""
    people = PEOPLE[:512]
    keys = {
        "seed_low": [DrawKey(s, 0) for s in range(400)],
        "seed_high": [DrawKey(s << 32, 0) for s in range(400)],
        "replicate": [DrawKey(1, r) for r in range(400)],
    }[vary]
    means = np.array([draws.uniforms(k, Stream.HOUSEHOLD_MONTH, people).mean(axis=0) for k in keys])
    ratio = means.var(axis=0, ddof=1) * 12 * people.size
    assert abs(ratio.mean() - 1) < 0.2
    assert (abs(ratio - 1) < 0.35).all()


def test_c1_words_streams_months_entities_and_seeds_are_uncorrelated():
    n = PEOPLE.size
    z = draws.normals(KEY, Stream.HOUSEHOLD_MONTH, PEOPLE, month=5)
    others = {
        "next month": draws.normals(KEY, Stream.HOUSEHOLD_MONTH, PEOPLE, month=6),
        "next year": draws.normals(KEY, Stream.HOUSEHOLD_MONTH, PEOPLE, month=17),
        "next stream": draws.normals(KEY, Stream.SURVEY, PEOPLE, month=5),
        "next seed": draws.normals(DrawKey(KEY.seed + 1, 7), Stream.HOUSEHOLD_MONTH, PEOPLE, month=5),
        "next replicate": draws.normals(DrawKey(KEY.seed, 8), Stream.HOUSEHOLD_MONTH, PEOPLE, month=5),
        "next alternative": draws.normals(KEY, Stream.HOUSEHOLD_MONTH, PEOPLE, month=5, alternative=1),
        "next entity": np.roll(z, 1, axis=0),
        "next word": np.roll(z, 1, axis=1),
    }
    limit = 4.5 / np.sqrt(n)
    for name, other in others.items():
        for word in range(4):
            assert abs(correlation(z[:, word], other[:, word])) < limit, (name, word)
            assert abs(correlation(z[:, word] ** 2, other[:, word] ** 2)) < limit, (name, word)


@pytest.mark.parametrize("month", [0, 120])
def test_c1_draws_follow_their_distribution(month):
    u = draws.uniforms(KEY, Stream.HOUSEHOLD_FIXED, PEOPLE, month=month)
    z = draws.normals(KEY, Stream.HOUSEHOLD_FIXED, PEOPLE, month=month)
    for word in range(4):
        assert stats.kstest(u[:, word], "uniform").pvalue > 1e-3
        assert stats.kstest(z[:, word], "norm").pvalue > 1e-3
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3


def test_uniform_is_strictly_inside_and_symmetric():
    assert _uniform(np.uint32(0)) == 0.5 / 2**32
    assert _uniform(np.uint32(MASK)) == 1 - 0.5 / 2**32 < 1
    assert _uniform(np.uint32(1000)) == 1 - _uniform(np.uint32(MASK - 1000))


# --- normals


def test_normal_is_the_inverse_of_the_distribution_function():
    rng = np.random.default_rng(5)
    u = np.concatenate(
        [rng.uniform(0, 1, 50_000), 10.0 ** rng.uniform(-300, -1, 5_000), 1 - 10.0 ** rng.uniform(-15, -1, 5_000)]
    )
    np.testing.assert_allclose(draws.inverse_normal(u), stats.norm.ppf(u), rtol=1e-14, atol=0)
    assert draws.inverse_normal(np.array([0.5]))[0] == 0


def test_c1_normal_is_strictly_monotone_in_the_word():
    edges = [0.075, 0.925, 0.5, np.exp(-25.0)]
    windows = [np.arange(2000) + max(0, int(e * 2**32) - 1000) for e in edges] + [
        np.arange(2000),
        2**32 - 2000 + np.arange(2000),
    ]
    scattered = np.random.default_rng(6).integers(0, 2**32, 100_000)
    words = np.unique(np.concatenate([*windows, scattered])).astype(np.uint32)
    z = np.concatenate([filled_normals(words[i : i + draws.LANES]) for i in range(0, words.size, draws.LANES)])
    assert (np.diff(z) > 0).all()


def test_c2_normals_do_not_depend_on_offset_or_length():
    words = np.ascontiguousarray(filled(100, PEOPLE[:100])[:100, 0])
    words[[3, 17, 41]] = 0, MASK, 5  # tails, whatever the draws were
    whole = draws.inverse_normal((words + 0.5) / 2**32)
    np.testing.assert_array_equal(whole, [draws.normal(u) for u in (words + 0.5) / 2**32])
    for first in (0, 1, 2, 3):
        for n in range(1, 41):
            out = filled_normals(words[first:], n, size=50)
            np.testing.assert_array_equal(out[:n], whole[first : first + n])
            assert (out[n:] == 99).all()


# --- speed and refusals


def test_fill_words_is_vector_code():
    """The scalar form costs four times as much and passes every other test."""
    fresh = njit(nogil=True, error_model="numpy")(draws.fill_words.py_func)
    fresh(block_of(PEOPLE[:8]), 8, KEY.words(), 1, 0, 0)
    code = next(iter(fresh.inspect_llvm().values()))
    assert len(re.findall(r"xor <\d+ x i32>", code)) >= 26
    assert not re.search(r"xor <\d+ x i64>", code)  # twice as wide, half as fast
    assert "memcheck" not in code


@pytest.mark.parametrize(
    ("seed", "replicate", "given", "accepted"),
    [
        (-1, 0, "-1", "2**64 - 1"),
        (2**64, 0, str(2**64), "2**64 - 1"),
        (1, -5, "-5", "2**32 - 1"),
        (1, 2**32, str(2**32), "2**32 - 1"),
    ],
)
def test_key_out_of_range_is_refused_with_what_is_accepted(seed, replicate, given, accepted):
    with pytest.raises(ValueError, match="whole numbers from 0") as refusal:
        DrawKey(seed, replicate)
    assert given in str(refusal.value) and accepted in str(refusal.value)


def test_key_words_at_the_ends_of_the_range():
    assert DrawKey(2**64 - 1, 2**32 - 1).words().tolist() == [MASK] * 3
    assert DrawKey(2**32 + 5, 3).words().tolist() == [5, 1, 3]
    assert DrawKey(0, 0).words().dtype == np.uint32
