"""Reductions over all subsets of axes, alone and within rows and columns, against NumPy."""
from __future__ import annotations

import itertools
from math import prod

import numpy as np
import pytest
from harness import build, compile_groups, generate, run_graph, run_kernel

from mindspore.compiler.ir.evaluate import evaluate

RNG = np.random.default_rng(0)
NAMES = {"sum": np.sum, "max": np.max, "min": np.min, "prod": np.prod}


def close(found: np.ndarray, expected: np.ndarray, count: int = 1) -> None:
    """Equal but for the rounding of `count` additions in any order."""
    eps = {2: 1e-3, 4: 1.2e-7, 8: 2.3e-16}[found.dtype.itemsize]
    scale = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=8 * eps, atol=8 * eps * scale * count**0.5)


def subsets(ndim: int):
    return itertools.chain.from_iterable(itertools.combinations(range(ndim), k) for k in range(1, ndim + 1))


@pytest.mark.parametrize("axis", list(subsets(4)))
@pytest.mark.parametrize("name", NAMES)
def test_all_subsets_of_axes(name, axis):
    x = RNG.uniform(0.5, 1.5, (3, 5, 2, 19)).astype(np.float32)
    found, = generate(lambda b, v: b.__getattr__(name)(v, axis=axis), x)
    close(found, NAMES[name](x.astype(np.float64), axis=axis), 10)


@pytest.mark.parametrize("size", [*range(1, 71), 127, 128, 129, 1000])
def test_every_size(size):
    x = RNG.normal(size=(3, size)).astype(np.float32)
    wide = x.astype(np.float64)
    found = generate(lambda b, v: [b.sum(v, axis=(1,)), b.max(b.neg(v), axis=(1,)), b.add(v, 1.0)], x)
    for got, expected in zip(found, [wide.sum(1), (-wide).max(1), wide + 1]):
        close(got, expected, size)
    found = generate(lambda b, v: [b.sum(v, axis=(0,)), b.min(v, axis=(0,)), b.mul(v, v)], np.ascontiguousarray(x))
    for got, expected in zip(found, [wide.sum(0), wide.min(0), wide * wide]):
        close(got, expected, 3)


@pytest.mark.parametrize("shape, axis", [
    ((300, 1000), (0, 1)), ((200_003,), (0,)), ((4099, 10), (0,)), ((5000, 33), (0,)), ((3, 70_001), (1,)),
    ((64, 3, 20, 20), (0, 2, 3)), ((2, 40_000, 3), (1,)), ((5, 7, 11, 13, 17), (0, 2, 4))])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int32])
def test_large_reductions_are_divided(shape, axis, dtype):
    x = (RNG.normal(size=shape) * (1 if dtype != np.int32 else 100)).astype(dtype)

    def rule(b, v):
        return [b.sum(v, axis=axis), b.max(v, axis=axis, keepdims=True), b.add(b.sum(b.abs(v), axis=axis), 1)]

    body = build(rule, x)
    kernel, = compile_groups([body])
    found = run_kernel(kernel, body, [x])
    wide = x.astype(np.float64 if dtype != np.int32 else np.int64)
    expected = [wide.sum(axis), wide.max(axis, keepdims=True), np.abs(wide).sum(axis) + 1]
    for got, want in zip(found, expected):
        if dtype == np.int32:
            np.testing.assert_array_equal(got, want)
        elif dtype == np.float16:
            np.testing.assert_allclose(got, want.astype(np.float16), rtol=2e-3, atol=0.05)
        else:
            close(got, want, prod(shape[a] for a in axis))
    for pieces in (2, 3, 7):
        for got, again in zip(found, run_kernel(kernel, body, [x], pieces)):
            assert got.tobytes() == again.tobytes()


@pytest.mark.parametrize("columns", [20_000, 32_768, 65_535])
def test_rows_that_are_kept_in_part(columns):
    """A frame holds some of what later passes read again, or none of it."""
    x = RNG.normal(size=(16, columns)).astype(np.float32)
    found, squares = generate(lambda b, v: [b.softmax(v, axis=1), b.mul(b.exp(v), b.sum(b.exp(v), axis=(1,),
                                                                                          keepdims=True))], x)
    powers = np.exp(x.astype(np.float64))
    np.testing.assert_allclose(found, powers / powers.sum(1, keepdims=True), rtol=2e-6)
    np.testing.assert_allclose(squares, powers * powers.sum(1, keepdims=True), rtol=2e-6)


@pytest.mark.parametrize("name", ["all", "any"])
@pytest.mark.parametrize("shape, axis", [((5, 37), (1,)), ((5, 37), (0,)), ((200, 1000), (0, 1)), ((7,), (0,))])
def test_quantifiers(name, shape, axis):
    for density in (0.0, 0.5, 0.999, 1.0):
        x = RNG.uniform(size=shape) < density
        found, = generate(lambda b, v: b.__getattr__(name)(v, axis=axis), x)
        np.testing.assert_array_equal(found, getattr(np, name)(x, axis=axis))


@pytest.mark.parametrize("axis", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_integers_wrap_around(dtype, axis):
    info = np.iinfo(dtype)
    x = RNG.integers(info.min, info.max, (9, 33), dtype=dtype, endpoint=True)
    found = generate(lambda b, v: [b.sum(v, axis=axis), b.prod(v, axis=axis), b.max(v, axis=axis), b.min(v, axis=axis)],
                     x)
    expected = [x.sum(axis, dtype=dtype), x.prod(axis, dtype=dtype), x.max(axis), x.min(axis)]
    for got, want in zip(found, expected):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("shape, axis", [((4, 37), (1,)), ((37, 4), (0,)), ((300, 700), (0, 1)), ((3, 5), (1,))])
def test_extremes_propagate_nan(name, shape, axis):
    x = RNG.normal(size=shape).astype(np.float32)
    x.reshape(-1)[[1, x.size // 2]] = np.nan
    x.reshape(-1)[-1] = np.inf
    found, = generate(lambda b, v: b.__getattr__(name)(v, axis=axis), x)
    np.testing.assert_array_equal(found, getattr(np, name)(x, axis=axis))


def test_reductions_over_nothing_and_of_nothing():
    found = generate(lambda b, v: [b.sum(v, axis=(1,)), b.prod(v, axis=(1,)), b.sum(v, axis=(0,))],
                     np.zeros((3, 0), np.float32))
    np.testing.assert_array_equal(found[0], np.zeros(3))
    np.testing.assert_array_equal(found[1], np.ones(3))
    assert found[2].shape == (0,)
    found = generate(lambda b, v: [b.add(v, 1.0), b.exp(v)], np.zeros((0, 4), np.float32))
    assert [f.shape for f in found] == [(0, 4), (0, 4)]


# -- rows ------------------------------------------------------------------------------------------------------------


def layer_norm(b, x, gain, bias):
    n = x.shape[-1]
    mean = b.mul(b.sum(x, axis=(1,), keepdims=True), 1 / n)
    centred = b.sub(x, mean)
    variance = b.mul(b.sum(b.mul(centred, centred), axis=(1,), keepdims=True), 1 / n)
    return b.add(b.mul(b.mul(centred, b.rsqrt(b.add(variance, 1e-5))), gain), bias)


@pytest.mark.parametrize("shape", [(1, 1), (16, 10), (5, 16), (7, 17), (3, 64), (4, 100), (2, 1000), (2, 5000)])
def test_rows(shape):
    x = RNG.normal(scale=3, size=shape).astype(np.float32)
    gain, bias = RNG.normal(size=(2, shape[1])).astype(np.float32)
    body = build(lambda b, v, g, c: [b.softmax(v, axis=1), b.log_softmax(v, axis=1), layer_norm(b, v, g, c)],
                 x, gain, bias)
    wide = [a.astype(np.float64) for a in (x, gain, bias)]
    expected = evaluate(build(lambda b, v, g, c: [b.softmax(v, axis=1), b.log_softmax(v, axis=1),
                                                  layer_norm(b, v, g, c)], *wide), wide)
    for found, want in zip(run_graph(body, [x, gain, bias], pieces=2), expected):
        close(found, want, 20)


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_softmax_along_every_axis(axis):
    x = RNG.normal(size=(3, 21, 5, 18)).astype(np.float32)
    found, = generate(lambda b, v: b.softmax(v, axis=axis), x, pieces=3)
    wide = np.exp(x.astype(np.float64) - x.max(axis, keepdims=True))
    close(found, wide / wide.sum(axis, keepdims=True))


def test_rows_of_integers_and_mixed_dtypes():
    x = RNG.integers(-100, 100, (6, 40)).astype(np.int64)
    y = RNG.normal(size=(6, 40)).astype(np.float32)

    def rule(b, u, v):
        wide = b.cast(u, dtype=v.dtype)
        share = b.div(wide, b.add(b.sum(b.abs(wide), axis=(1,), keepdims=True), 1.0))
        return [b.mul(share, v), b.sub(u, b.max(u, axis=(1,), keepdims=True))]

    found = generate(rule, x, y)
    wide = x.astype(np.float64)
    close(found[0], wide / (np.abs(wide).sum(1, keepdims=True) + 1) * y)
    np.testing.assert_array_equal(found[1], x - x.max(1, keepdims=True))


def test_cross_entropy_and_its_gradient():
    logits = RNG.normal(size=(64, 33)).astype(np.float32)
    labels = RNG.integers(0, 33, 64).astype(np.int32)
    labels[3] = 40

    def rule(b, x, y):
        loss = b.sparse_softmax_cross_entropy(x, y)
        hot = b.one_hot(y, depth=33, axis=1, dtype=x.dtype)
        return [loss, b.mul(b.sub(b.softmax(x, axis=1), hot), 1 / 64)]

    found = generate(rule, logits, labels)
    wide = logits.astype(np.float64)
    logs = wide - np.log(np.exp(wide).sum(1, keepdims=True))
    good = labels < 33
    close(found[0][good], -logs[np.arange(64), np.minimum(labels, 32)][good])
    assert np.isnan(found[0][3])
    close(found[1], (np.exp(logs) - (labels[:, None] == np.arange(33))) / 64)
