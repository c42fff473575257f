"""Argmax, running sums, sorting and random words against the primitives' references."""
from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.compiler.primitives.base import primitive
from mindspore_cpu import _ext
from mindspore_cpu.kernels import around

SHAPES = [((7,), 0), ((3, 40), 1), ((40, 3), 0), ((5, 33, 6), 1), ((2, 1, 3), 1), ((300, 70), 1), ((4, 0, 2), 0)]
DTYPES = {"float32": np.float32, "float64": np.float64, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16,
          "int8": np.int8, "uint8": np.uint8, "int16": np.int16, "int64": np.int64, "uint64": np.uint64}


def numbers(shape: tuple, dtype) -> np.ndarray:
    """Many equal numbers; among floats zeros of both signs, infinities and NaN."""
    rng = np.random.default_rng(0)
    x = rng.integers(0 if np.dtype(dtype).kind == "u" else -4, 5, shape).astype(dtype)
    if np.dtype(dtype).kind not in "iu":
        for value in (-0.0, np.inf, -np.inf):
            x[rng.random(shape) < 0.05] = value
        x[rng.random(shape) < 0.02] = np.nan
    return x


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_arg(run_kernel, thread_count, key, shape, axis, name):
    from mindspore.common.dtype import int32, int64
    x = numbers(shape, DTYPES[key])
    for index in (int32, int64):
        want = primitive(name).reference(x, axis=axis, dtype=index)
        kernel = _ext.arg(name == "argmax", key, *around(shape, axis), index.key)
        np.testing.assert_array_equal(run_kernel(kernel, [x], want.shape, index.np), want)


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("descending", [False, True])
def test_sort(thread_count, key, shape, axis, descending):
    from buffers import to_buffer, view
    x = numbers(shape, DTYPES[key])
    values, places = primitive("sort").reference(x, axis=axis, descending=descending)
    outs = [_ext.Buffer(x.nbytes), _ext.Buffer(4 * x.size)]
    _ext.sort(key, *around(shape, axis), descending)([to_buffer(x)], outs)
    np.testing.assert_array_equal(view(outs[1], places), places)
    assert view(outs[0], values).tobytes() == np.ascontiguousarray(values).tobytes()


def spread(shape: tuple, dtype) -> np.ndarray:
    """Numbers over the whole range of a type, some of them equal; among floats also zeros, infinities and NaN of both
    signs, and subnormal numbers."""
    rng = np.random.default_rng(1)
    dtype = np.dtype(dtype)
    x = np.frombuffer(rng.bytes(int(np.prod(shape)) * dtype.itemsize), dtype).reshape(shape).copy()
    x[rng.random(shape) < 0.1] = x.reshape(-1)[0]
    if dtype.kind not in "iu":
        for value in (0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, ml_dtypes.finfo(dtype).smallest_subnormal):
            x[rng.random(shape) < 0.02] = value
    return x


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), [((3, 5000), 1), ((2500, 2), 0), ((130,), 0), ((1, 70_001), 1)])
@pytest.mark.parametrize("descending", [False, True])
def test_sort_by_digits(thread_count, key, shape, axis, descending):
    from buffers import to_buffer, view
    with np.errstate(all="ignore"):
        x = spread(shape, DTYPES[key])
        values, places = primitive("sort").reference(x, axis=axis, descending=descending)
    outs = [_ext.Buffer(x.nbytes), _ext.Buffer(4 * x.size)]
    kernel = _ext.sort(key, *around(shape, axis), descending)
    assert (kernel.description == "sort by digits") == (shape[axis] > 130 or x.itemsize < 8)
    kernel([to_buffer(x)], outs)
    np.testing.assert_array_equal(view(outs[1], places), places)
    assert view(outs[0], values).tobytes() == np.ascontiguousarray(values).tobytes()


def test_sort_skips_digits_that_are_the_same_everywhere(thread_count):
    from buffers import to_buffer, view
    x = np.arange(5000, dtype=np.int64)[::-1] + (1 << 40)
    outs = [_ext.Buffer(x.nbytes), _ext.Buffer(4 * x.size)]
    _ext.sort("int64", 1, 5000, 1, False)([to_buffer(x)], outs)
    np.testing.assert_array_equal(view(outs[0], x), np.sort(x))
    np.testing.assert_array_equal(view(outs[1], np.zeros(5000, np.int32)), np.arange(5000)[::-1])


@pytest.mark.parametrize(("key", "tolerance"), [("float32", 1e-5), ("float64", 1e-13), ("float16", 2e-3),
                                                ("bfloat16", 1e-2), ("int8", 0), ("uint64", 0)])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_cumsum(run_kernel, key, tolerance, shape, axis):
    dtype = DTYPES[key]
    x = np.random.default_rng(0).integers(0, 50, shape).astype(dtype)
    for reverse in (False, True):
        for exclusive in (False, True):
            want = primitive("cumsum").reference(x, axis=axis, reverse=reverse, exclusive=exclusive)
            kernel = _ext.cumsum(key, *around(shape, axis), reverse, exclusive)
            got = run_kernel(kernel, [x], shape, dtype)
            if tolerance == 0:
                np.testing.assert_array_equal(got, want)
            else:
                np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=tolerance)


@pytest.mark.parametrize("count", [0, 1, 3, 31, 32, 33, 100_003])
@pytest.mark.parametrize("state", [(0, 0), (42, 7), (-1, 2**40 + 3)])
def test_random_words(run_kernel, thread_count, count, state):
    state = np.array(state, np.int64)
    want = primitive("random_bits").reference(state, shape=(count,))
    np.testing.assert_array_equal(run_kernel(_ext.random_bits(count), [state], (count,), np.uint32), want)


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), [((3, 5000), 1), ((2500, 2), 0), ((130,), 0), ((5, 1, 7), 1),
                                             ((1, 70_001), 1)])
def test_kth(thread_count, key, shape, axis):
    from buffers import to_buffer, view
    with np.errstate(all="ignore"):
        x = spread(shape, DTYPES[key])
        values, places = primitive("sort").reference(x, axis=axis, descending=False)
    for rank in sorted({0, shape[axis] // 3, shape[axis] // 2, shape[axis] - 1}):
        value, place = (np.ascontiguousarray(np.take(part, rank, axis)) for part in (values, places))
        outs = [_ext.Buffer(value.nbytes), _ext.Buffer(place.nbytes)]
        _ext.kth(key, *around(shape, axis), rank)([to_buffer(x)], outs)
        np.testing.assert_array_equal(view(outs[1], place), place)
        assert view(outs[0], value).tobytes() == value.tobytes()


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize(("shape", "counts"), [((3, 40), (0, 1, 5, 6, 40)), ((7,), (1, 7)), ((300, 70), (3, 20, 60)),
                                               ((4, 300), (5, 20, 60, 300)), ((2, 3000), (1, 30, 70, 200)),
                                               ((2, 0), (0,)), ((0, 5), (2,))])
@pytest.mark.parametrize("largest", [False, True])
def test_top_k(thread_count, key, shape, counts, largest):
    """The first of the stable sort, whether a heap finds them, a division or sorting by digits."""
    from buffers import to_buffer, view
    x = numbers(shape, DTYPES[key])
    values, places = primitive("sort").reference(x, axis=x.ndim - 1, descending=largest)
    rows = int(np.prod(shape[:-1]))
    for count in counts:
        want, from_places = values[..., :count], places[..., :count]
        outs = [_ext.Buffer(want.nbytes), _ext.Buffer(4 * want.size)]
        _ext.top_k(key, rows, shape[-1], count, largest)([to_buffer(x)], outs)
        np.testing.assert_array_equal(view(outs[1], np.ascontiguousarray(from_places)), from_places)
        assert view(outs[0], np.ascontiguousarray(want)).tobytes() == np.ascontiguousarray(want).tobytes()


@pytest.mark.parametrize(("key", "tolerance"), [("float32", 1e-5), ("float64", 1e-13), ("float16", 2e-2),
                                                ("bfloat16", 1e-1), ("int8", 0), ("uint64", 0)])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_cumprod(run_kernel, thread_count, key, tolerance, shape, axis):
    rng = np.random.default_rng(0)
    x = (rng.integers(1, 4, shape) if tolerance == 0 else rng.uniform(0.9, 1.1, shape)).astype(DTYPES[key])
    got = run_kernel(_ext.cumprod(key, *around(shape, axis)), [x], shape, x.dtype)
    want = np.cumprod(x if tolerance == 0 else x.astype(np.float64), axis, dtype=x.dtype if tolerance == 0 else None)
    np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=tolerance)


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("largest", [False, True])
def test_running_extremum(thread_count, key, shape, axis, largest):
    """Against a loop; of equal elements the later one, and a NaN from where it stands on."""
    from buffers import to_buffer, view
    x = numbers(shape, DTYPES[key])
    lines, places = np.moveaxis(x, axis, -1), np.zeros(np.moveaxis(x, axis, -1).shape, np.int64)
    for row in np.ndindex(lines.shape[:-1]):
        best = 0
        for i, value in enumerate(lines[row]):
            before = lines[row][best]
            best = i if (value >= before if largest else value <= before) or value != value else best
            places[row][i] = best
    places = np.ascontiguousarray(np.moveaxis(places, -1, axis))
    outs = [_ext.Buffer(x.nbytes), _ext.Buffer(8 * x.size)]
    _ext.running_extremum(key, *around(shape, axis), largest)([to_buffer(x)], outs)
    np.testing.assert_array_equal(view(outs[1], places), places)
    want = np.ascontiguousarray(np.take_along_axis(x, places, axis))
    assert view(outs[0], want).tobytes() == want.tobytes()
