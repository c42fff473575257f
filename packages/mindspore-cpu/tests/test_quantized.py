"""Products with int8 matrices against NumPy: sizes around vectors, tiles and panels, storage orders, groups, epilogues.

The sums of int8 products are compared bit for bit, so all instruction sets (MS_CPU_ISA) give the same integers.
"""
from __future__ import annotations

import os
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from mindspore_cpu import _ext

FLOATS = {"float32": (np.float32, 1e-5), "float16": (np.float16, 1e-3), "bfloat16": (ml_dtypes.bfloat16, 8e-3)}
SIZES = [(1, 1, 1), (1, 64, 16), (1, 67, 133), (2, 5, 300), (3, 130, 31), (4, 64, 256), (5, 9, 17), (8, 70, 257),
         (9, 65, 40), (13, 33, 515), (47, 12, 70), (49, 80, 270), (250, 40, 20), (7, 128, 1), (3, 1, 2)]
LARGE = [(1, 1500, 1501), (33, 257, 259), (130, 130, 129)]  # that oneDNN takes where the processor multiplies bytes
EMPTY = [(0, 3, 4), (2, 0, 4), (2, 3, 0), (60, 3, 0)]


def int8(rng, shape: tuple) -> np.ndarray:
    """All of int8, -128 among them."""
    return rng.integers(-128, 128, shape).astype(np.int8)


def stored(matrix: np.ndarray, transposed: bool) -> np.ndarray:
    return np.ascontiguousarray(matrix.T) if transposed else matrix


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("size", [*SIZES, *LARGE, *EMPTY], ids=str)
def test_sums_are_exact(run_kernel, thread_count, size, transposed):
    m, n, k = size
    rng = np.random.default_rng(m + n + k)
    a, b = int8(rng, (m, k)), int8(rng, (k, n))
    got = run_kernel(_ext.int8_matmul("int32", size, transposed), [a, stored(b, transposed)], (m, n), np.int32)
    np.testing.assert_array_equal(got, a.astype(np.int32) @ b.astype(np.int32))


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("m", [1, 2, 4, 8, 20, 100])
@pytest.mark.parametrize(("left", "right"), [(-128, -128), (-128, 127), (127, 127)])
def test_no_saturation(run_kernel, m, left, right, transposed):
    """Neighbouring products at the ends of int8: instructions that saturate at int16 lose bits here."""
    n, k = 70, 514
    a, b = np.full((m, k), left, np.int8), np.full((k, n), right, np.int8)
    got = run_kernel(_ext.int8_matmul("int32", (m, n, k), transposed), [a, stored(b, transposed)], (m, n), np.int32)
    assert (got == k * left * right).all()


@pytest.mark.parametrize("m", [1, 4, 9])
def test_sums_beyond_int32_wrap_around(run_kernel, m):
    k = 2**17 + 2
    a = np.full((m, k), -128, np.int8)
    got = run_kernel(_ext.int8_matmul("int32", (m, 3, k), True), [a, a[:1].repeat(3, 0)], (m, 3), np.int32)
    assert (got == np.int64(k * 2**14).astype(np.int32)).all() and (got < 0).all()


@pytest.mark.parametrize("key", FLOATS)
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("size", [(1, 67, 133), (5, 64, 32), (30, 70, 300), (40, 301, 300)])
def test_scaled_sums(run_kernel, key, bias, relu, size):
    dtype, tolerance = FLOATS[key]
    m, n, k = size
    rng = np.random.default_rng(1)
    a, b = int8(rng, (m, k)), int8(rng, (k, n))
    rows, columns = (rng.uniform(1e-4, 1e-3, s).astype(np.float32) for s in (m, n))
    added = rng.normal(size=n).astype(dtype)
    want = (a.astype(np.int32) @ b.astype(np.int32)) * columns.astype(np.float64) * rows[:, None]
    want = want + added.astype(np.float64) if bias else want
    want = np.maximum(want, 0) if relu else want
    kernel = _ext.int8_matmul(key, size, False, bias, relu)
    got = run_kernel(kernel, [a, b, rows, columns, *[added] * bias], (m, n), dtype)
    np.testing.assert_allclose(got.astype(np.float64), want, rtol=tolerance, atol=tolerance)


def weights(rng, n: int, k: int, group: int, parameters) -> tuple[np.ndarray, ...]:
    """(stored numbers, scale, offset, the numbers that they stand for), not transposed."""
    groups = -(-k // group) if group else 1
    w = int8(rng, (k, n))
    scale = rng.uniform(0.005, 0.02, (groups, n)).astype(parameters)
    offset = rng.integers(-30, 30, (groups, n)).astype(parameters)
    spread = [np.repeat(v.astype(np.float64), group or k, 0)[:k] for v in (scale, offset)]
    return w, scale, offset, spread


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("group", [0, 8, 7, 64, 1000])
@pytest.mark.parametrize("shift", [False, True])
def test_weights(run_kernel, transposed, group, shift):
    rng = np.random.default_rng(2)
    for m, n, k in SIZES:
        w, scale, offset, (scales, offsets) = weights(rng, n, k, group, np.float32)
        x = rng.normal(size=(m, k)).astype(np.float32)
        want = x.astype(np.float64) @ ((w + offsets * shift) * scales)
        kernel = _ext.weight_quant_matmul("float32", "float32", (m, n, k), transposed, group, shift)
        inputs = [x, *(stored(v, transposed) for v in (w, scale, *[offset] * shift))]
        got = run_kernel(kernel, inputs, (m, n), np.float32)
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=2e-5 * np.sqrt(k), err_msg=str((m, n, k)))


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("m", "n", "k"), EMPTY)
def test_empty_weights(run_kernel, transposed, m, n, k):
    kernel = _ext.weight_quant_matmul("float32", "float32", (m, n, k), transposed, 0, True)
    w = np.ones((n, k) if transposed else (k, n), np.int8)
    inputs = [np.ones((m, k), np.float32), w, np.ones(n, np.float32), np.ones(n, np.float32)]
    assert (run_kernel(kernel, inputs, (m, n), np.float32) == 0).all()


@pytest.mark.parametrize("key", FLOATS)
@pytest.mark.parametrize("own_scale", [False, True])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("m", [1, 6, 60])
@pytest.mark.parametrize("transposed", [False, True])
def test_elements_and_epilogues(run_kernel, thread_count, key, own_scale, relu, m, transposed):
    """Half-precision operands are widened and the result is rounded once; scales in x's dtype or in float32."""
    dtype, tolerance = FLOATS[key]
    parameters = dtype if own_scale else np.float32
    n, k, rng = 130, 96, np.random.default_rng(3)
    w, scale, offset, (scales, offsets) = weights(rng, n, k, 32, parameters)
    x, bias = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=n).astype(dtype)
    want = x.astype(np.float64) @ ((w + offsets) * scales) + bias.astype(np.float64)
    want = np.maximum(want, 0) if relu else want
    kernel = _ext.weight_quant_matmul(key, key if own_scale else "float32", (m, n, k), transposed, 32, True, True, relu)
    inputs = [x, *(stored(v, transposed) for v in (w, scale, offset)), bias]
    got = run_kernel(kernel, inputs, (m, n), dtype).astype(np.float64)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("m", [1, 7, 100])
def test_results_do_not_depend_on_threads(run_kernel, m):
    n, k, rng = 300, 515, np.random.default_rng(4)
    w, scale, offset, _ = weights(rng, n, k, 64, np.float32)
    x = rng.normal(size=(m, k)).astype(np.float32)
    before, found = _ext.threads(), []
    try:
        for count in (1, 2, 5):
            _ext.set_threads(count)
            kernel = _ext.weight_quant_matmul("float32", "float32", (m, n, k), True, 64, True)
            found.append(run_kernel(kernel, [x, w.T.copy(), scale.T.copy(), offset.T.copy()], (m, n), np.float32))
    finally:
        _ext.set_threads(before)
    assert all(np.array_equal(f, found[0]) for f in found)


def test_relu_lets_nan_through(run_kernel):
    x, w = np.array([[np.nan], [-1.0], [2.0]], np.float32), np.ones((1, 3), np.int8)
    kernel = _ext.weight_quant_matmul("float32", "float32", (3, 3, 1), False, 0, False, False, True)
    got = run_kernel(kernel, [x, w, np.ones(3, np.float32)], (3, 3), np.float32)
    assert np.isnan(got[0]).all() and (got[1] == 0).all() and (got[2] == 2).all()


def test_errors_name_the_problem():
    with pytest.raises(ValueError, match="weight_quant_matmul: there is no kernel for these elements"):
        _ext.weight_quant_matmul("float32", "float16", (1, 1, 1), False)
    with pytest.raises(ValueError, match="int8_matmul: there is no kernel for these elements"):
        _ext.int8_matmul("int64", (1, 1, 1), False)
    with pytest.raises(ValueError, match="a size is negative"):
        _ext.int8_matmul("int32", (1, -1, 1), False)


@pytest.mark.parametrize("isa", ["generic", "avx2"])
def test_other_instruction_sets(isa):
    """This file again with fewer instructions than the processor has."""
    if os.environ.get("MS_CPU_ISA"):
        pytest.skip("already chosen")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", __file__],
                          env={**os.environ, "MS_CPU_ISA": isa}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
