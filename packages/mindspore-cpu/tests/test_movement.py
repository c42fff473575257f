"""Copies, padding, joining, turning round, and adding at places, through the device's kernel table."""
from __future__ import annotations

import itertools

import ml_dtypes
import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.compiler.ir import tensor_aval
from mindspore.compiler.primitives.base import primitive
from mindspore.plugin import KernelSpec
from mindspore_cpu import _ext
from mindspore_cpu.kernels import KERNELS

DTYPES = (np.bool_, np.int8, np.float16, np.float32, np.float64)


def aval(array: np.ndarray):
    return tensor_aval(array.shape, np_dtype_to_dtype(array.dtype))


def check(run_kernel, name: str, arrays: list, attrs: dict) -> None:
    want = np.asarray(primitive(name).reference(*arrays, **attrs))
    spec = KernelSpec(name, attrs, tuple(map(aval, arrays)), (aval(want),))
    got = run_kernel(KERNELS[name](spec), arrays, want.shape, want.dtype)
    np.testing.assert_array_equal(got, want, err_msg=f"{name} {attrs}")


def numbers(shape: tuple, dtype, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2 if dtype is np.bool_ else 100, shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_pad(run_kernel, dtype):
    for shape, low, high, interior, value in [
            ((2, 3), (1, 0), (0, 2), (0, 0), 0), ((3, 5), (0, 1), (1, 1), (2, 1), 1), ((4,), (2,), (3,), (0,), 1),
            ((0, 2), (1, 0), (1, 0), (0, 0), 1), ((), (), (), (), 0), ((70, 40), (3, 5), (0, 9), (0, 0), 0)]:
        check(run_kernel, "pad", [numbers(shape, dtype)],
              {"low": low, "high": high, "interior": interior, "value": value})


def test_pad_with_a_number_of_unequal_bytes(run_kernel):
    check(run_kernel, "pad", [numbers((3, 4), np.float32)],
          {"low": (2, 1), "high": (0, 7), "interior": (0, 0), "value": -1.5})


@pytest.mark.parametrize("dtype", DTYPES)
def test_concat(run_kernel, dtype):
    for shapes, axis in [([(2, 3), (4, 3)], 0), ([(2, 3), (2, 1), (2, 2)], 1), ([(2, 0), (2, 3)], 1),
                         ([(3, 4, 5), (3, 2, 5)], 1), ([(100, 33), (100, 67)], 1)]:
        check(run_kernel, "concat", [numbers(s, dtype, k) for k, s in enumerate(shapes)], {"axis": axis})


@pytest.mark.parametrize("dtype", DTYPES)
def test_reverse(run_kernel, dtype):
    for shape, axes in [((2, 3), (1,)), ((2, 3, 4), (0, 2)), ((5,), (0,)), ((2, 0), (0, 1)), ((40, 50), (0,))]:
        check(run_kernel, "reverse", [numbers(shape, dtype)], {"axes": axes})


@pytest.mark.parametrize("nbytes", [1, 2, 4, 8, 16])
def test_strided_copies_of_all_element_sizes(run_kernel, thread_count, nbytes):
    """Transpositions of up to four axes, large enough for several threads."""
    dtype = np.dtype(f"V{nbytes}") if nbytes == 16 else np.dtype(f"u{nbytes}")
    for shape in [(3, 5), (33, 65, 7), (2, 17, 3, 40), (300, 200)]:
        raw = np.random.default_rng(0).integers(0, 256, (*shape, nbytes)).astype(np.uint8)
        x = raw.view(dtype).reshape(shape)
        for perm in itertools.islice(itertools.permutations(range(len(shape))), 24):
            want = np.ascontiguousarray(x.transpose(perm))
            steps = [s // nbytes for s in x.transpose(perm).strides]
            targets = [s // nbytes for s in want.strides]
            kernel = _ext.copies([(nbytes, list(want.shape), steps, targets, 0, 0)], x.size, b"")
            got = run_kernel(kernel, [x], want.shape, dtype)
            assert got.tobytes() == want.tobytes(), (shape, perm)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.int8, np.uint16,
                                   np.int64])
@pytest.mark.parametrize("index", [np.int32, np.int64, np.uint8, np.uint64])
def test_scatter_add(run_kernel, thread_count, dtype, index):
    rng = np.random.default_rng(0)
    for shape, indices, axis in [((5, 3), (4,), 0), ((4, 6, 2), (3, 2), 1), ((7,), (20,), 0), ((0, 2), (3,), 0),
                                 ((300, 64), (200,), 0)]:
        places = rng.integers(0, shape[axis] + 2, indices).astype(index)
        if np.dtype(index).kind == "i":
            places.reshape(-1)[:1] = -1
        updates = rng.integers(0, 10, shape[:axis] + indices + shape[axis + 1:]).astype(dtype)
        check(run_kernel, "scatter_add", [numbers(shape, dtype), places, updates], {"axis": axis})


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16, np.int32])
def test_scatter_add_elements(run_kernel, thread_count, dtype):
    rng = np.random.default_rng(0)
    for shape, count, axis in [((4, 3), 2, 0), ((4, 3), 5, 1), ((2, 3, 4), 1, 1), ((200, 100), 50, 0)]:
        where = shape[:axis] + (count,) + shape[axis + 1:]
        places = rng.integers(-1, shape[axis] + 1, where).astype(np.int32)
        updates = rng.integers(0, 9, where).astype(dtype)
        check(run_kernel, "scatter_add_elements", [numbers(shape, dtype), places, updates], {"axis": axis})


@pytest.mark.parametrize("dtype", DTYPES)
def test_scatter_update(run_kernel, thread_count, dtype):
    """One row after the other: of equal places the last one stays; places outside are left out."""
    for shape, count in [((4, 3), 6), ((5,), 9), ((50, 2, 2), 300), ((3, 0), 2), ((70_000,), 90_000), ((4, 3), 0)]:
        x, updates = numbers(shape, dtype), numbers((count, *shape[1:]), dtype, 1)
        for index in (np.int32, np.int64, np.uint8):
            places = np.random.default_rng(2).integers(0 if index is np.uint8 else -2, min(shape[0] + 2, 256), count)
            places = places.astype(index)
            want = x.copy()
            for place, row in zip(places, updates):
                if 0 <= place < shape[0]:
                    want[place] = row
            spec = KernelSpec("scatter_update", {}, (aval(x), aval(places), aval(updates)), (aval(want),))
            got = run_kernel(KERNELS["scatter_update"](spec), [x, places, updates], want.shape, want.dtype)
            np.testing.assert_array_equal(got, want)
