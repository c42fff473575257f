"""Mean and variance in one pass, against NumPy in Float64."""
from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
from harness import generate

from mindspore.common import dtype as mstype
from mindspore_cpu.codegen import kernel, loops

EPSILON = 1e-3
RNG = np.random.default_rng(0)
ROWS = {
    "usual": RNG.standard_normal(2048),
    "far from 0": 300 + RNG.standard_normal(2048),
    "first block apart": np.concatenate([np.zeros(128), 100 + RNG.standard_normal(1920)]),
    "rising": np.linspace(-1000, 1000, 2048) + RNG.standard_normal(2048),
    "one far off": np.concatenate([RNG.standard_normal(2047), [1e4]]),
    "constant": np.full(2048, 7.0),
}


def statistics(b, x):
    """Mean, variance and normalized rows, as `layer_norm` is taken apart."""
    n = x.shape[-1]
    mean = b.div(b.sum(x, axis=(1,), keepdims=True), float(n))
    centred = b.sub(x, mean)
    variance = b.div(b.sum(b.mul(centred, centred), axis=(1,), keepdims=True), float(n))
    return mean, variance, b.div(centred, b.sqrt(b.add(variance, EPSILON)))


@pytest.fixture
def found(monkeypatch):
    """What is found of moments in the nests that are written."""
    made = []
    look = loops.moments_of
    monkeypatch.setattr(kernel, "_cache", OrderedDict())  # everything is written anew, and not taken from the disk
    monkeypatch.setenv("MS_CPU_CACHE", "0")

    def noting(*args):
        made.append(look(*args))
        return made[-1]

    monkeypatch.setattr(loops, "moments_of", noting)
    return made


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("row", ROWS)
def test_rows_of_whole_blocks(row, dtype, found):
    x = np.stack([ROWS[row], -ROWS[row], ROWS[row][::-1]]).astype(dtype)
    mean, variance, normal = generate(lambda b, v: list(statistics(b, v)), x, pieces=2)
    assert any(found)
    wide = x.astype(np.float64)
    eps = np.finfo(dtype).eps
    scale = np.abs(wide).max()
    np.testing.assert_allclose(mean[:, 0], wide.mean(1), rtol=8 * eps, atol=8 * eps * scale)
    np.testing.assert_allclose(variance[:, 0], wide.var(1), rtol=64 * eps, atol=(32 * eps * scale)**2)
    np.testing.assert_allclose(normal * np.sqrt(variance + dtype(EPSILON)), wide - wide.mean(1, keepdims=True),
                               rtol=8 * eps, atol=8 * eps * scale)


def test_numbers_whose_squares_overflow(found):
    x = (3e19 * (1 + 1e-3 * np.random.default_rng(1).standard_normal((3, 2048)))).astype(np.float32)
    mean, variance, normal = generate(lambda b, v: list(statistics(b, v)), x)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(mean[:, 0], wide.mean(1), rtol=1e-6)
    np.testing.assert_allclose(variance[:, 0], wide.var(1), rtol=1e-4)
    np.testing.assert_allclose(normal, (wide - wide.mean(1, keepdims=True)) / wide.std(1, keepdims=True), atol=1e-3)
    assert any(found)


def test_a_dear_operand_is_computed_once(found):
    x = RNG.standard_normal((4, 1024)).astype(np.float32)
    variance, normal = generate(lambda b, v: statistics(b, b.tanh(v))[1:], x)
    wide = np.tanh(x.astype(np.float64))
    np.testing.assert_allclose(variance[:, 0], wide.var(1), rtol=1e-5)
    np.testing.assert_allclose(normal, (wide - wide.mean(1, keepdims=True)) / np.sqrt(wide.var(1, keepdims=True)
                                                                                      + EPSILON), atol=1e-5)
    assert any(found)


def test_half_precision_is_widened_first(found):
    x = RNG.standard_normal((4, 512)).astype(np.float16)
    variance, = generate(lambda b, v: statistics(b, b.cast(v, dtype=mstype.float32))[1:2], x)
    np.testing.assert_allclose(variance[:, 0], x.astype(np.float64).var(1), rtol=1e-5)
    assert any(found)


def test_what_is_no_number_stays_in_its_row(found):
    x = np.ones((4, 1024), np.float32)
    x[0, 700], x[1, 0], x[2, :2] = np.inf, np.nan, (np.inf, -np.inf)
    mean, variance, _ = generate(lambda b, v: list(statistics(b, v)), x)
    np.testing.assert_array_equal(mean[:, 0], [np.inf, np.nan, np.nan, 1])
    np.testing.assert_array_equal(variance[:, 0], [np.nan, np.nan, np.nan, 0])
    assert any(found)


@pytest.mark.parametrize("shape, axes", [
    ((3, 4, 56, 16), (0, 2)), ((2, 3, 196, 16), (0, 2)), ((4, 56, 40), (0, 1)), ((160, 21), (0,)),
    ((2, 8, 64, 24), (0, 2)), ((4, 32, 64), (1, 2))])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns(shape, axes, dtype, found):
    x = (RNG.standard_normal(shape) * 3 + 50).astype(dtype)
    count = float(np.prod([shape[a] for a in axes]))

    def rule(b, v):
        mean = b.div(b.sum(v, axis=axes, keepdims=True), count)
        centred = b.sub(v, mean)
        variance = b.div(b.sum(b.mul(centred, centred), axis=axes, keepdims=True), count)
        return [mean, variance, b.div(centred, b.sqrt(b.add(variance, EPSILON)))]

    mean, variance, normal = generate(rule, x, pieces=2)
    wide, eps = x.astype(np.float64), np.finfo(dtype).eps
    np.testing.assert_allclose(mean, wide.mean(axes, keepdims=True), rtol=8 * eps)
    np.testing.assert_allclose(variance, wide.var(axes, keepdims=True), rtol=300 * eps)
    np.testing.assert_allclose(normal, (wide - wide.mean(axes, keepdims=True)) / np.sqrt(
        wide.var(axes, keepdims=True) + EPSILON), rtol=300 * eps, atol=300 * eps)
    assert any(found)


def test_two_normalizations_of_one_loop(found):
    x, y = RNG.standard_normal((2, 4, 1024)).astype(np.float32)

    def rule(b, u, v):
        (_, first, one), (_, second, two) = statistics(b, u), statistics(b, b.mul(v, 2.0))
        return [first, second, b.maximum(b.add(one, two), 0.0)]

    first, second, both = generate(rule, x, y)
    u, v = x.astype(np.float64), 2 * y.astype(np.float64)
    np.testing.assert_allclose(first[:, 0], u.var(1), rtol=1e-5)
    np.testing.assert_allclose(second[:, 0], v.var(1), rtol=1e-5)
    one, two = [(a - a.mean(1, keepdims=True)) / np.sqrt(a.var(1, keepdims=True) + EPSILON) for a in (u, v)]
    np.testing.assert_allclose(both, np.maximum(one + two, 0), atol=1e-5)
    assert any(f is not None and len(f.each) == 2 for f in found)


def test_what_is_normalized_is_stored_on_the_way(found):
    x, y = RNG.standard_normal((2, 4, 1024)).astype(np.float32)

    def rule(b, u, v):
        total = b.add(u, v)
        return [total, statistics(b, total)[2]]

    total, normal = generate(rule, x, y)
    np.testing.assert_array_equal(total, x + y)
    wide = (x + y).astype(np.float64)
    np.testing.assert_allclose(normal, (wide - wide.mean(1, keepdims=True)) / np.sqrt(
        wide.var(1, keepdims=True) + EPSILON), atol=1e-5)
    assert any(found)


def _about(v, centre):
    return ((v - centre)**2).sum(1, keepdims=True)


@pytest.mark.parametrize("columns, centre, plain", [
    (1001, lambda b, v: b.div(b.sum(v, axis=(1,), keepdims=True), 1001.0), lambda v: v.mean(1, keepdims=True)),
    (1024, lambda b, v: b.div(b.sum(v, axis=(1,), keepdims=True), 1000.0), lambda v: v.sum(1, keepdims=True) / 1000),
    (1024, lambda b, v: b.mul(b.sum(v, axis=(1,), keepdims=True), 2.0), lambda v: v.sum(1, keepdims=True) * 2),
    (1024, lambda b, v: b.max(v, axis=(1,), keepdims=True), lambda v: v.max(1, keepdims=True)),
], ids=["uneven rows", "another count", "a product", "no mean"])
def test_what_is_something_else_takes_its_own_passes(columns, centre, plain, found):
    x = RNG.standard_normal((4, columns)).astype(np.float32)

    def rule(b, v):
        distance = b.sub(v, centre(b, v))
        return b.sum(b.mul(distance, distance), axis=(1,), keepdims=True)

    got, = generate(rule, x)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(got, _about(wide, plain(wide)), rtol=1e-5)
    assert found and not any(found)
