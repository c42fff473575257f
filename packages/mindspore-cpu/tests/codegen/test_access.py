"""How groups read: broadcasting, views, ramps, gathers, several nests in one group."""
from __future__ import annotations

import ctypes

import numpy as np
import pytest
from harness import GuardedArray, build, compile_groups, generate, run_graph, run_kernel

from mindspore.common.dtype import float32, int32, int64
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore_cpu.codegen.nest import Scratch, nests_of

RNG = np.random.default_rng(0)


def check(rule, *arrays, pieces: int = 1) -> None:
    """The generated kernel gives exactly what the references give."""
    body = build(rule, *arrays)
    for found, expected in zip(run_graph(body, arrays, pieces), evaluate(body, arrays)):
        np.testing.assert_array_equal(found, expected)


def floats(*shape: int) -> np.ndarray:
    return RNG.integers(-8, 8, shape).astype(np.float32)


@pytest.mark.parametrize("left, right", [
    ((), ()), ((5,), ()), ((3, 1), (1, 4)), ((2, 3, 5), (5,)), ((2, 3, 5), (3, 1)), ((2, 1, 5), (1, 3, 1)),
    ((70, 3), (70, 1)), ((1, 1), (1,)), ((2, 1, 3, 1), (4, 1, 33)), ((2000, 7), (7,)), ((3, 5000), (3, 1))])
def test_broadcasting(left, right):
    check(lambda b, x, y: b.add(b.mul(x, 2.0), y), floats(*left), floats(*right), pieces=3)


@pytest.mark.parametrize("rule", [
    lambda b, x: b.add(b.transpose(x, perm=(0, 2, 1)), 1.0),
    lambda b, x: b.add(b.transpose(x, perm=(1, 0, 2)), 1.0),
    lambda b, x: b.mul(b.slice(x, begin=(1, 0, 2), end=(4, 6, 9), strides=(1, 2, 3)), 2.0),
    lambda b, x: b.add(b.reshape(b.add(x, 1.0), shape=(24, 10)), b.reshape(x, shape=(24, 10))),
    lambda b, x: b.add(b.reshape(b.transpose(x, perm=(1, 0, 2)), shape=(6, 40)), 1.0),
    lambda b, x: b.add(b.broadcast_to(b.reshape(x, shape=(4, 1, 60)), shape=(4, 3, 60)), 1.0),
    lambda b, x: b.sum(b.transpose(x, perm=(2, 0, 1)), axis=(0,)),
    lambda b, x: b.sub(x, b.reshape(b.max(x, axis=(2,)), shape=(4, 6, 1))),
    lambda b, x: b.add(b.transpose(b.mul(x, 2.0), perm=(0, 2, 1)), 1.0),
    lambda b, x: b.add(x, b.reshape(b.transpose(b.mul(x, 2.0), perm=(1, 0, 2)), shape=(4, 6, 10))),
    lambda b, x: [b.transpose(x, perm=(2, 1, 0)), b.slice(x, begin=(0, 0, 1), end=(4, 6, 10), strides=(1, 1, 1))],
    lambda b, x: b.reshape(b.sum(b.reshape(b.mul(x, x), shape=(4, 2, 3, 10)), axis=(3,)), shape=(24,)),
])
def test_views(rule):
    check(rule, floats(4, 6, 10), pieces=2)


@pytest.mark.parametrize("shape, perm", [
    ((70, 130), (1, 0)), ((64, 64), (1, 0)), ((3, 65, 90), (0, 2, 1)), ((5, 33, 6, 40), (0, 2, 3, 1)),
    ((100, 7, 90), (2, 1, 0)), ((4096, 9), (1, 0))])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.bool_, np.int8])
def test_large_transposes_by_tiles(shape, perm, dtype):
    x = RNG.integers(0, 2, shape).astype(dtype) if dtype == np.bool_ else RNG.integers(-9, 9, shape).astype(dtype)
    check(lambda b, v: b.transpose(v, perm=perm), x, pieces=3)
    if dtype == np.float32:
        other = floats(*(shape[p] for p in perm))
        check(lambda b, v, y: [b.add(b.mul(b.transpose(v, perm=perm), 2.0), y), b.mul(y, y)], x, other, pieces=2)
        check(lambda b, v, y: b.transpose(b.mul(v, 2.0), perm=perm), x, other)


def test_reductions_along_the_axis_that_lies_in_memory():
    x = floats(6, 40, 50)
    check(lambda b, v: b.sum(b.transpose(v, perm=(2, 1, 0)), axis=(0,)), x)
    check(lambda b, v: b.max(b.transpose(v, perm=(2, 0, 1)), axis=(0, 2)), x)
    check(lambda b, v: b.sum(b.mul(b.transpose(v, perm=(0, 2, 1)), 2.0), axis=(2,)), x)


def test_group_norm_splits_axes():
    def rule(b, x, gain):
        grouped = b.reshape(b.mul(x, 2.0), shape=(2, 3, 2 * 20))
        centred = b.sub(grouped, b.mul(b.sum(grouped, axis=(2,), keepdims=True), 0.5))
        return b.mul(b.reshape(centred, shape=(2, 6, 20)), b.reshape(gain, shape=(1, 6, 1)))
    check(rule, floats(2, 6, 20), floats(6))


@pytest.mark.parametrize("dtype", [int32, int64, float32])
def test_ramps(dtype):
    check(lambda b, x: [b.add(b.iota(shape=(5, 37), axis=1, dtype=dtype), b.cast(x, dtype=dtype)),
                        b.mul(b.iota(shape=(5, 37), axis=0, dtype=dtype), b.cast(x, dtype=dtype))],
          RNG.integers(0, 9, (5, 37)).astype(np.int32))


def test_causal_mask_inside_softmax():
    def rule(b, x):
        rows, columns = (b.iota(shape=(3, 9, 9), axis=a, dtype=int32) for a in (1, 2))
        return b.softmax(b.select(b.le(columns, rows), x, b.constant(-np.inf, x.dtype)), axis=2)

    x = RNG.normal(size=(3, 9, 9)).astype(np.float32)
    wide = np.exp(np.where(np.tri(9, dtype=bool), x.astype(np.float64), -np.inf))
    np.testing.assert_allclose(generate(rule, x)[0], wide / wide.sum(2, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gathers(axis):
    x = floats(5, 6, 33)
    indices = RNG.integers(-1, 7, (4, 3)).astype(np.int32)
    check(lambda b, t, i: b.mul(b.gather(t, i, axis=axis), 2.0), x, indices)
    shape = tuple(7 if a == axis else d for a, d in enumerate(x.shape))
    places = RNG.integers(-1, x.shape[axis] + 1, shape)
    check(lambda b, t, i: b.add(b.gather_elements(t, i, axis=axis), 1.0), x, places)


def test_gathers_with_computed_indices_from_views():
    check(lambda b, t, i: b.gather(b.transpose(t, perm=(1, 0)), b.add(i, 1), axis=0), floats(3, 20),
          RNG.integers(0, 19, (40,)))
    check(lambda b, t, i: b.sum(b.gather(t, i, axis=0), axis=(0,)), floats(20, 17), RNG.integers(0, 20, (9,)))


def test_constant_arrays():
    table = np.arange(12, dtype=np.float32).reshape(3, 4)
    check(lambda b, x: b.add(x, b.constant(table)), floats(5, 3, 4))


def test_values_without_axes():
    check(lambda b, x, y: [b.add(x, y), b.mul(b.add(x, y), 3.0)], floats(), floats())


def test_several_nests_in_one_group():
    def rule(b, x, y, lr):
        return [b.sub(x, b.mul(lr, x)), b.sub(y, b.mul(lr, y)), b.sum(b.sum(b.mul(x, x), axis=(1,)), axis=(0,)),
                b.add(lr, 1.0)]
    check(rule, floats(8, 5), floats(100), floats(), pieces=3)


def test_equal_code_is_compiled_once():
    def update(b, p, g):
        return b.sub(p, b.mul(g, 0.015625))

    kernels = compile_groups([build(update, floats(n, 3), floats(n, 3)) for n in (2, 7, 1000)])
    assert len({k.phases[0].address for k in kernels}) == 1
    for n, kernel in zip((2, 7, 1000), kernels):
        arrays = [floats(n, 3), floats(n, 3)]
        found, = run_kernel(kernel, build(update, *arrays), arrays)
        np.testing.assert_array_equal(found, arrays[0] - arrays[1] * np.float32(0.015625))


@pytest.mark.parametrize("value", [0.0, -0.0, np.inf, -np.inf, np.nan])
def test_infinite_and_signed_constants_are_told_apart(value):
    x = np.array([1.0, -1.0], np.float32)
    found, = generate(lambda b, v: b.mul(b.select(b.gt(v, 0.0), b.constant(np.float32(value)), v), 1.5), x)
    expected = np.where(x > 0, np.float32(value), x) * np.float32(1.5)
    np.testing.assert_array_equal(found, expected)
    assert np.signbit(found[0]) == np.signbit(expected[0]) or np.isnan(value)


def test_a_kernel_may_run_in_place_of_its_input():
    body = build(lambda b, x, y: b.add(b.mul(x, x), y), floats(1000), floats(1000))
    kernel, = compile_groups([body])
    x, y = GuardedArray((1000,), np.float32, floats(1000)), GuardedArray((1000,), np.float32, floats(1000))
    expected = x.array * x.array + y.array
    bufs = (ctypes.c_void_p * 5)(kernel.params, None, x.address, y.address, x.address)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(kernel.phases[0].address)
    function(bufs, 0, kernel.phases[0].units)
    np.testing.assert_array_equal(x.array, expected)


def test_members_without_generated_form_are_named():
    body = build(lambda b, x: b.add(x, 1.0), floats(3))
    b = Builder()
    foreign = b.finish([b.matmul(*(b.parameter(tensor_aval((2, 2), float32)) for _ in range(2)))])
    with pytest.raises(ValueError, match="compile_groups: matmul"):
        compile_groups([body, foreign])


def test_numbers_per_channel_do_not_turn_images_round():
    """However many they are: what is read most of decides which axis is gone along."""
    def rule(b, x, *per_channel):
        mean, scale, shift = (b.reshape(v, shape=(1, 24, 1, 1)) for v in per_channel)
        return b.maximum(b.add(b.mul(b.sub(x, mean), scale), shift), 0.0)

    images, channels = floats(2, 24, 20, 20), [floats(24) for _ in range(3)]
    check(rule, images, *channels, pieces=3)
    (placed,) = nests_of(build(rule, images, *channels), Scratch())
    assert placed.nest.sizes == (2, 24, 400)
