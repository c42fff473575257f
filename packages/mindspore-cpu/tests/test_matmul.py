"""Matrix products against NumPy: sizes around the widths of tiles and panels, storage orders, stacks, epilogues."""
from __future__ import annotations

import itertools

import ml_dtypes
import numpy as np
import pytest

from mindspore_cpu import _ext

FLOATS = {"float32": (np.float32, 2e-6), "float64": (np.float64, 1e-14), "float16": (np.float16, 1e-3),
          "bfloat16": (ml_dtypes.bfloat16, 8e-3)}
INTEGERS = {"int8": np.int8, "uint8": np.uint8, "int16": np.int16, "uint16": np.uint16, "int32": np.int32,
            "uint32": np.uint32, "int64": np.int64, "uint64": np.uint64}
SIZES = [(1, 1, 1), (1, 64, 16), (5, 3, 7), (6, 64, 8), (13, 65, 33), (16, 10, 64), (31, 17, 300), (64, 100, 257),
         (7, 129, 1), (250, 40, 20), (3, 200, 513)]
ORDERS = list(itertools.product((False, True), repeat=2))


def stored(rng, shape: tuple, transposed: bool, dtype) -> np.ndarray:
    """Small numbers in the storage order asked for."""
    value = rng.uniform(-1, 1, shape) if np.dtype(dtype).kind not in "iu" else rng.integers(0, 100, shape)
    value = value.astype(dtype)
    return np.ascontiguousarray(np.swapaxes(value, -1, -2)) if transposed else value


def expected(a, b, transpose_a: bool, transpose_b: bool) -> np.ndarray:
    """The product in float64, or in the integers' own arithmetic."""
    if a.dtype.kind not in "iu":
        a, b = a.astype(np.float64), b.astype(np.float64)
    a = np.swapaxes(a, -1, -2) if transpose_a else a
    return np.matmul(a, np.swapaxes(b, -1, -2) if transpose_b else b)


@pytest.mark.parametrize("key", FLOATS)
@pytest.mark.parametrize(("transpose_a", "transpose_b"), ORDERS)
def test_sizes_and_orders(run_kernel, key, transpose_a, transpose_b):
    dtype, tolerance = FLOATS[key]
    rng = np.random.default_rng(0)
    for m, n, k in SIZES:
        a, b = stored(rng, (m, k), transpose_a, dtype), stored(rng, (k, n), transpose_b, dtype)
        kernel = _ext.matmul(key, a.shape, b.shape, transpose_a, transpose_b, implementation="own")
        got = run_kernel(kernel, [a, b], (m, n), dtype).astype(np.float64)
        want = expected(a, b, transpose_a, transpose_b)
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * np.sqrt(k), err_msg=str((m, n, k)))


@pytest.mark.parametrize("key", ["float16", "bfloat16"])
@pytest.mark.parametrize(("transpose_a", "transpose_b"), ORDERS)
def test_half_precision_by_onednn(run_kernel, key, transpose_a, transpose_b):
    """Where the processor multiplies halves."""
    dtype, tolerance = FLOATS[key]
    rng = np.random.default_rng(0)
    a, b = stored(rng, (2, 40, 64), transpose_a, dtype), stored(rng, (2, 64, 48), transpose_b, dtype)
    kernel = _ext.matmul(key, a.shape, b.shape, transpose_a, transpose_b, implementation="onednn")
    if kernel is None:
        pytest.skip(f"oneDNN has no {key} here")
    got = run_kernel(kernel, [a, b], (2, 40, 48), dtype).astype(np.float64)
    want = expected(a, b, transpose_a, transpose_b)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=8 * tolerance)
    bias = stored(rng, (48,), False, dtype)
    kernel = _ext.matmul(key, a.shape, b.shape, transpose_a, transpose_b, True, True, implementation="onednn")
    got = run_kernel(kernel, [a, b, bias], (2, 40, 48), dtype).astype(np.float64)
    np.testing.assert_allclose(got, np.maximum(want + bias.astype(np.float64), 0), rtol=tolerance, atol=8 * tolerance)


@pytest.mark.parametrize("key", ["float16", "bfloat16"])
@pytest.mark.parametrize(("transpose_a", "transpose_b"), ORDERS)
@pytest.mark.parametrize(("m", "n", "k"), [(40, 50, 64), (33, 7, 64), (40, 48, 63), (17, 33, 100), (300, 299, 31)])
def test_half_precision_that_leaves_elements_over(run_kernel, key, transpose_a, transpose_b, m, n, k):
    """What is beside a row has no influence, not even an infinity: oneDNN's products, and ours where they do not keep
    to that."""
    dtype, rng = FLOATS[key][0], np.random.default_rng(0)
    a_shape, b_shape = (k, m) if transpose_a else (m, k), (n, k) if transpose_b else (k, n)
    options = {"implementation": "onednn"} if _ext.matmul(key, a_shape, b_shape, transpose_a, transpose_b,
                                                          implementation="onednn") else {}
    for trial in range(6):
        a, b = rng.integers(-2, 3, a_shape).astype(dtype), rng.integers(-2, 3, b_shape).astype(dtype)
        for x in (a, b) if trial > 3 else (a,):
            x[rng.integers(len(x)), rng.integers(x.shape[1]) if trial % 2 else 0] = (np.inf, np.nan, -np.inf)[trial % 3]
        kernel = _ext.matmul(key, a_shape, b_shape, transpose_a, transpose_b, **options)
        got = run_kernel(kernel, [a, b], (m, n), dtype).astype(np.float32)
        left, right = (a.T if transpose_a else a), (b.T if transpose_b else b)
        with np.errstate(invalid="ignore"):
            want = np.einsum("mk,kn->mn", left.astype(np.float32), right.astype(np.float32))
        np.testing.assert_array_equal(got, want.astype(dtype).astype(np.float32))


@pytest.mark.parametrize("key", ["float16", "bfloat16"])
@pytest.mark.parametrize("transpose_b", [False, True])
def test_few_rows_of_half_precision(run_kernel, key, transpose_b):
    """Each element of the right operand is read once, as it is stored. The widths leave columns over, and pass the most
    whose sums are kept."""
    dtype, tolerance = FLOATS[key]
    rng = np.random.default_rng(0)
    for m, n, k in [(1, 2048 + 37, 19), (2, 65, 40), (3, 5, 7), (4, 4100, 33), (1, 1, 1), (2, 16, 8)]:
        for transpose_a in (False, True):
            a, b = stored(rng, (m, k), transpose_a, dtype), stored(rng, (k, n), transpose_b, dtype)
            bias = stored(rng, (n,), False, dtype)
            kernel = _ext.matmul(key, a.shape, b.shape, transpose_a, transpose_b, True, True, implementation="own")
            got = run_kernel(kernel, [a, b, bias], (m, n), dtype).astype(np.float64)
            want = np.maximum(expected(a, b, transpose_a, transpose_b) + bias.astype(np.float64), 0)
            np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * np.sqrt(k), err_msg=str((m, n, k)))


@pytest.mark.parametrize("key", ["float16", "bfloat16"])
def test_every_half_is_widened_exactly(run_kernel, key):
    dtype = FLOATS[key][0]
    halves = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    one = np.ones((1, 1), dtype)
    kernel = _ext.matmul(key, (1, 1), (1, 1 << 16), False, False, implementation="own")
    np.testing.assert_array_equal(run_kernel(kernel, [one, halves[None]], (1, 1 << 16), dtype)[0].astype(np.float32),
                                  halves.astype(np.float32))
    finite = halves[np.isfinite(halves.astype(np.float32))][:63488 // 16 * 16].reshape(-1, 16)
    kernel = _ext.matmul(key, (1, 16), finite.shape, False, True, implementation="own")
    for lane in range(16):
        chosen = np.zeros((1, 16), dtype)
        chosen[0, lane] = 1
        got = run_kernel(kernel, [chosen, finite], (1, len(finite)), dtype)[0].astype(np.float32)
        np.testing.assert_array_equal(got, finite[:, lane].astype(np.float32))


@pytest.mark.parametrize("key", INTEGERS)
def test_integers_wrap_around(run_kernel, key):
    dtype = INTEGERS[key]
    rng = np.random.default_rng(1)
    for m, n, k in [(3, 5, 7), (20, 70, 300)]:
        a, b = stored(rng, (m, k), False, dtype), stored(rng, (k, n), True, dtype)
        got = run_kernel(_ext.matmul(key, a.shape, b.shape, False, True), [a, b], (m, n), dtype)
        np.testing.assert_array_equal(got, expected(a, b, False, True).astype(dtype))


STACKS = [((4, 3, 5), (4, 5, 6)), ((4, 3, 5), (5, 6)), ((3, 5), (4, 5, 6)), ((2, 1, 3, 5), (4, 5, 6)),
          ((1, 3, 5), (1, 5, 6)), ((2, 3, 17, 33), (2, 3, 33, 18)), ((7, 64, 80), (80, 100))]


@pytest.mark.parametrize("implementation", ["own", "onednn"])
@pytest.mark.parametrize(("left", "right"), STACKS)
@pytest.mark.parametrize(("transpose_a", "transpose_b"), ORDERS)
def test_stacks_broadcast(run_kernel, implementation, left, right, transpose_a, transpose_b):
    rng = np.random.default_rng(2)
    a, b = stored(rng, left, transpose_a, np.float32), stored(rng, right, transpose_b, np.float32)
    want = expected(a, b, transpose_a, transpose_b)
    kernel = _ext.matmul("float32", a.shape, b.shape, transpose_a, transpose_b, implementation=implementation)
    assert kernel is not None
    np.testing.assert_allclose(run_kernel(kernel, [a, b], want.shape, np.float32), want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("left", "right"), [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)),
                                             ((0, 2, 3), (0, 3, 4)), ((5, 0, 3), (3, 4))])
def test_empty(run_kernel, left, right):
    want = np.matmul(np.ones(left), np.ones(right))
    kernel = _ext.matmul("float32", left, right, False, False)
    got = run_kernel(kernel, [np.ones(left, np.float32), np.ones(right, np.float32)], want.shape, np.float32)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("implementation", ["own", "onednn"])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("shape", [(5, 7, 3), (3, 7, 40), (16, 64, 64), (33, 70, 300)])
def test_bias_and_relu(run_kernel, implementation, relu, shape):
    m, n, k = shape
    rng = np.random.default_rng(3)
    a, b, bias = (rng.normal(size=s).astype(np.float32) for s in ((m, k), (n, k), (n,)))
    want = a.astype(np.float64) @ b.T + bias
    want = np.maximum(want, 0) if relu else want
    kernel = _ext.matmul("float32", a.shape, b.shape, False, True, True, relu, implementation)
    np.testing.assert_allclose(run_kernel(kernel, [a, b, bias], (m, n), np.float32), want, rtol=1e-4, atol=1e-4)


def test_relu_lets_nan_through(run_kernel):
    a, b = np.array([[np.nan], [-1.0], [2.0]], np.float32), np.ones((1, 3), np.float32)
    kernel = _ext.matmul("float32", a.shape, b.shape, False, False, True, True)
    got = run_kernel(kernel, [a, b, np.zeros(3, np.float32)], (3, 3), np.float32)
    assert np.isnan(got[0]).all() and (got[1] == 0).all() and (got[2] == 2).all()


@pytest.mark.parametrize(("key", "shape"), [("float32", (67, 90, 300)), ("float64", (200, 130, 77)),
                                            ("float16", (100, 100, 100)), ("int32", (90, 90, 90))])
@pytest.mark.parametrize("transpose_a", [False, True])
def test_result_does_not_depend_on_threads(run_kernel, key, shape, transpose_a):
    m, n, k = shape
    dtype = FLOATS[key][0] if key in FLOATS else INTEGERS[key]
    rng = np.random.default_rng(4)
    a, b = stored(rng, (m, k), transpose_a, dtype), stored(rng, (k, n), True, dtype)
    before, results = _ext.threads(), []
    try:
        for count in (1, 2, 3, 5):
            _ext.set_threads(count)
            kernel = _ext.matmul(key, a.shape, b.shape, transpose_a, True, implementation="own")
            results.append(run_kernel(kernel, [a, b], (m, n), dtype))
    finally:
        _ext.set_threads(before)
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


def test_large_products_go_to_onednn_and_never_to_its_reference():
    assert "own" in _ext.matmul("float32", (16, 64), (64, 64), False, False).description
    for a, b in [((512, 512), (512, 512)), ((4, 128, 300), (4, 300, 200)), ((1024, 77), (77, 1001))]:
        description = _ext.matmul("float32", a, b, False, False).description
        assert description.startswith("oneDNN") and "ref" not in description


def test_errors_name_the_problem():
    with pytest.raises(ValueError, match="inner sizes differ"):
        _ext.matmul("float32", (2, 3), (4, 5), False, False)
    with pytest.raises(ValueError, match="no kernel for elements of type complex64"):
        _ext.matmul("complex64", (2, 3), (3, 5), False, False)


@pytest.mark.parametrize(("transpose_a", "transpose_b"), ORDERS)
@pytest.mark.parametrize("epilogue", [False, True])
def test_rows_a_page_apart(run_kernel, thread_count, transpose_a, transpose_b, epilogue):
    """Operands that oneDNN would read in place, each row at the same places of the cache, are spread first."""
    rng = np.random.default_rng(3)
    for m, n, k in [(100, 1024, 70), (1024, 100, 70), (64, 2048, 33), (384, 1024, 20), (1024, 1024, 9)]:
        a, b = stored(rng, (m, k), transpose_a, np.float32), stored(rng, (k, n), transpose_b, np.float32)
        bias = rng.uniform(-1, 1, n).astype(np.float32)
        kernel = _ext.matmul("float32", a.shape, b.shape, transpose_a, transpose_b, epilogue, epilogue,
                             implementation="onednn")
        want = expected(a, b, transpose_a, transpose_b)
        inputs = [a, b]
        if epilogue:
            want, inputs = np.maximum(want + bias, 0), [a, b, bias]
        np.testing.assert_allclose(run_kernel(kernel, inputs, (m, n), np.float32), want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize(("m", "n", "bias"),
                         [(70, 3072, False), (260, 2560, True), (520, 1040, False), (1030, 256, True)])
def test_operands_that_are_read_in_blocks(run_kernel, transpose_a, m, n, bias):
    """Rows that lie a multiple of a page apart, and products of many rows."""
    rng = np.random.default_rng(0)
    k = 40
    a, b = stored(rng, (m, k), transpose_a, np.float32), stored(rng, (k, n), False, np.float32)
    added = [rng.uniform(-1, 1, n).astype(np.float32)] if bias else []
    kernel = _ext.matmul("float32", a.shape, b.shape, transpose_a, False, bias=bias, implementation="onednn")
    if kernel is None:
        pytest.skip("oneDNN has no such product here")
    want = expected(a, b, transpose_a, False) + (added[0] if added else 0)
    np.testing.assert_allclose(run_kernel(kernel, [a, b, *added], (m, n), np.float32), want, rtol=2e-6, atol=2e-5)
