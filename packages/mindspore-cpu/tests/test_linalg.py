"""The C++ kernels of linear algebra against NumPy in double precision: each factorisation by what it must satisfy, at
sizes on both sides of the panels, for matrices that are well conditioned, ill conditioned and singular."""
from __future__ import annotations

import numpy as np
import pytest
from buffers import to_buffer

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.compiler.primitives.linalg_support import in_phase
from mindspore.scipy import linalg
from mindspore_cpu import _ext

DTYPES = ("float32", "float64", "complex64", "complex128")
SIZES = [(1, 1), (2, 2), (3, 3), (5, 5), (8, 8), (17, 17), (24, 24), (33, 33), (50, 50), (97, 97)]
SHAPES = [*SIZES, (7, 3), (3, 7), (40, 9), (9, 40), (70, 45), (45, 70), (130, 1), (1, 130)]


def drawn(shape: tuple, dtype: str, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng((seed, *shape))
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if dtype[0] == "c" else x).astype(dtype)


def adjoint(x: np.ndarray) -> np.ndarray:
    return np.swapaxes(x, -1, -2).conj()


def run(kind: str, ins: list, outs: list[tuple], sizes: tuple, batch=(1,), a_steps=(1,), b_steps=(), **options) -> list:
    """The outputs, (shape, dtype), of one kernel."""
    dtype = ins[0].dtype
    kernel = _ext.linalg(kind, str(np.zeros(0, dtype).real.dtype), dtype.kind == "c", sizes, list(batch),
                         list(a_steps), list(b_steps), **options)
    made = [_ext.Buffer(int(np.prod(shape)) * np.dtype(d).itemsize) for shape, d in outs]
    for buffer in made:
        np.ndarray(buffer.nbytes, np.uint8, buffer)[...] = 0xff
    kernel([to_buffer(x) for x in ins], made)
    return [np.array(np.ndarray(shape, d, buffer)) for (shape, d), buffer in zip(outs, made)]


def near(got: np.ndarray, want: np.ndarray, dtype: str, factor: float = 1.0) -> None:
    """Equal to some roundings of numbers of the size of the largest, which grow with the size of the matrices."""
    eps, size = np.finfo(dtype).eps, max(got.shape[-2:], default=1) if got.ndim > 1 else 1
    error = np.abs(got - want).max(initial=0)
    assert error <= factor * 4 * eps * (size + 4) * max(np.abs(want).max(initial=0), np.finfo(dtype).tiny), error


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [n for n, _ in SIZES])
def test_cholesky(n, dtype):
    x = drawn((n, n), dtype)
    a = x @ adjoint(x) + np.eye(n)
    noise = np.triu(drawn((n, n), dtype, 1), 1)  # the upper triangle is not read
    (found,) = run("cholesky", [(np.tril(a) + noise).astype(dtype)], [((n, n), dtype)], (n, n, 0))
    assert np.array_equal(found, np.tril(found)) and (np.diagonal(found).real > 0).all()
    near(found @ adjoint(found), a, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_lu(m, n, dtype):
    a, k = drawn((m, n), dtype), min(m, n)
    packed, places = run("lu", [a], [((m, n), dtype), ((k,), "int32")], (m, n, 0))
    lower, upper = np.tril(packed[:, :k], -1) + np.eye(m, k), np.triu(packed[:k])
    assert np.abs(lower).max() <= 1 + 1e-6 and (places >= np.arange(k)).all()
    order = np.arange(m)
    for i, j in enumerate(places):
        order[[i, j]] = order[[j, i]]
    near(lower @ upper, a[order], dtype, 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [n for n, _ in SIZES])
def test_systems(n, dtype):
    """The residual is small; so is the error, times the condition number."""
    a = drawn((n, n), dtype)
    for k in (1, 3, 9):
        b = drawn((n, k), dtype, 1)
        (x,) = run("solve", [a, b], [((n, k), dtype)], (n, n, k), b_steps=(1,))
        residual = np.abs(a @ x - b).max() / (np.abs(a).max() * np.abs(x).max() * n)
        assert residual <= 8 * np.finfo(dtype).eps
    (inverse,) = run("inverse", [a], [((n, n), dtype)], (n, n, 0))
    wide = a.astype(np.result_type(dtype, np.float64))
    near(inverse, np.linalg.inv(wide), dtype, max(1.0, np.linalg.cond(wide) / 4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_triangles(dtype):
    for n, k in ((1, 1), (5, 2), (20, 1), (40, 3), (40, 30), (65, 8)):
        a, b = drawn((n, n), dtype) / n + np.eye(n).astype(dtype), drawn((n, k), dtype, 1)
        for lower in (True, False):
            for transpose in (True, False):
                for unit in (True, False):
                    (x,) = run("triangular_solve", [a, b], [((n, k), dtype)], (n, n, k), b_steps=(1,), lower=lower,
                               transpose=transpose, unit=unit)
                    t = np.tril(a) if lower else np.triu(a)
                    t = t - np.diag(np.diag(t)) + np.eye(n) if unit else t
                    near((t.T if transpose else t) @ x, b, dtype, 8)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 5, 33])
def test_determinants(n, dtype):
    a = drawn((3, n, n), dtype)
    real = str(a.real.dtype)
    (found,) = run("determinant", [a], [((3,), dtype)], (n, n, 0), (3,))
    sign, log = run("log_determinant", [a], [((3,), dtype), ((3,), real)], (n, n, 0), (3,))
    wide = a.astype(np.result_type(dtype, np.float64))
    np.testing.assert_allclose(found, np.linalg.det(wide), rtol=3e3 * np.finfo(dtype).eps)
    np.testing.assert_allclose(sign, np.linalg.slogdet(wide)[0], rtol=3e3 * np.finfo(dtype).eps)
    np.testing.assert_allclose(log, np.linalg.slogdet(wide)[1], rtol=3e3 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_qr(m, n, dtype):
    a = drawn((m, n), dtype)
    for full in (False, True):
        k = m if full else min(m, n)
        q, r = run("qr", [a], [((m, k), dtype), ((k, n), dtype)], (m, n, 0), full=full)
        near(adjoint(q) @ q, np.eye(k), dtype, 2)
        near(q @ r, a, dtype, 2)
        assert np.array_equal(r, np.triu(r)) and not np.diagonal(r).imag.any()
    packed, tau = run("geqrf", [a], [((m, n), dtype), ((min(m, n),), dtype)], (m, n, 0))
    want, factors = np.linalg.qr(a, "raw")
    near(packed, want.T, dtype, 30)
    near(tau, factors, dtype, 30)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [n for n, _ in SIZES])
def test_eigenvalues(n, dtype):
    x, real = drawn((n, n), dtype), str(np.zeros(0, dtype).real.dtype)
    whole = (x + adjoint(x)) / 2
    noise = np.triu(drawn((n, n), dtype, 1), 1)  # the upper triangle is not read
    w, v = run("eigh", [(np.tril(whole) + noise).astype(dtype)], [((n,), real), ((n, n), dtype)], (n, n, 0))
    wide = np.linalg.eigvalsh(whole.astype(np.result_type(dtype, np.float64)))
    assert np.array_equal(w, np.sort(w))
    np.testing.assert_allclose(w, wide, atol=4 * n * np.finfo(dtype).eps * np.abs(wide).max())
    near(adjoint(v) @ v, np.eye(n), dtype, 4)
    near((v * w) @ adjoint(v), whole, dtype, 4)
    (same,) = in_phase(v)
    near(v, same, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n"), [s for s in SHAPES if max(s) < 97])
def test_singular_values(m, n, dtype):
    a, real, least = drawn((m, n), dtype), str(np.zeros(0, dtype).real.dtype), min(m, n)
    want = np.linalg.svd(a.astype(np.result_type(dtype, np.float64)), compute_uv=False)
    for full in (False, True):
        ku, kv = (m, n) if full else (least, least)
        s, u, v = run("svd", [a], [((least,), real), ((m, ku), dtype), ((n, kv), dtype)], (m, n, 0), full=full)
        np.testing.assert_allclose(s, want, atol=4 * max(m, n) * np.finfo(dtype).eps * want[0])
        near(adjoint(u) @ u, np.eye(ku), dtype, 4)
        near(adjoint(v) @ v, np.eye(kv), dtype, 4)
        near((u[:, :least] * s) @ adjoint(v[:, :least]), a, dtype, 4)
        near(u, in_phase(u)[0], dtype)


def test_values_that_coincide_or_vanish_and_ranges():
    for scale in (1e-150, 1.0, 1e150):
        a = np.diag([3.0, 3.0, 0.0, -2.0]) * scale
        w, v = run("eigh", [a], [((4,), "float64"), ((4, 4), "float64")], (4, 4, 0))
        np.testing.assert_allclose(w, [-2 * scale, 0, 3 * scale, 3 * scale])
        near(v.T @ v, np.eye(4), "float64")
        b = np.outer([1.0, 2, 2, 0, 0], [3.0, 4.0, 0]) * scale
        s, u, v = run("svd", [b], [((3,), "float64"), ((5, 5), "float64"), ((3, 3), "float64")], (5, 3, 0), full=True)
        np.testing.assert_allclose(s, [15 * scale, 0, 0], atol=1e-14 * scale)
        near(u.T @ u, np.eye(5), "float64")
        near(v.T @ v, np.eye(3), "float64")
    (s, u, v) = run("svd", [np.zeros((2, 3))], [((2,), "float64"), ((2, 2), "float64"), ((3, 2), "float64")], (2, 3, 0))
    assert not s.any() and np.array_equal(u.T @ u, np.eye(2))


def test_singular_values_of_ill_conditioned_matrices():
    """Exact to the precision times the largest, as LAPACK's are."""
    rng = np.random.default_rng(0)
    (q, _), (p, _) = (np.linalg.qr(rng.standard_normal((12, 12))) for _ in range(2))
    want = 10.0 ** -np.arange(12)
    s, u, v = run("svd", [q * want @ p], [((12,), "float64"), *[((12, 12), "float64")] * 2], (12, 12, 0))
    np.testing.assert_allclose(s, want, atol=2e-15)
    near(u.T @ u, np.eye(12), "float64")
    near(v.T @ v, np.eye(12), "float64")


def test_problems_without_a_solution_are_nan_and_leave_the_others_alone():
    bad = np.stack([np.eye(3), np.ones((3, 3)), 2 * np.eye(3)])
    (inverse,) = run("inverse", [bad], [((3, 3, 3), "float64")], (3, 3, 0), (3,))
    assert np.isnan(inverse[1]).all() and np.array_equal(inverse[[0, 2]], [np.eye(3), np.eye(3) / 2])
    (factor,) = run("cholesky", [bad * [[[1]], [[-1]], [[8]]]], [((3, 3, 3), "float64")], (3, 3, 0), (3,))
    assert np.isnan(factor[1]).all() and np.array_equal(factor[[0, 2]], [np.eye(3), 4 * np.eye(3)])
    sign, log = run("log_determinant", [bad], [((3,), "float64")] * 2, (3, 3, 0), (3,))
    assert np.array_equal(sign, [1, 0, 1]) and log[1] == -np.inf
    (det,) = run("determinant", [bad], [((3,), "float64")], (3, 3, 0), (3,))
    assert np.array_equal(det, [1, 0, 8])
    bad[1, 0, 0] = np.nan
    values, vectors = run("eigh", [bad], [((3, 3), "float64"), ((3, 3, 3), "float64")], (3, 3, 0), (3,))
    assert np.isnan(values[1]).all() and np.isnan(vectors[1]).all() and np.array_equal(values[2], [2, 2, 2])
    s, u, v = run("svd", [bad], [((3, 3), "float64"), *[((3, 3, 3), "float64")] * 2], (3, 3, 0), (3,))
    assert np.isnan(s[1]).all() and np.isnan(u[1]).all() and np.isnan(v[1]).all() and np.array_equal(s[2], [2, 2, 2])


def test_numbers_near_the_ends_of_the_range():
    a = np.diag([1e30, 1e30, 1e-30, 1e-30]).astype(np.float32)
    (det,) = run("determinant", [a], [((), "float32")], (4, 4, 0))
    np.testing.assert_allclose(det, 1, rtol=1e-5)
    for size in (1e-30, 1e30):
        x = (drawn((6, 4), "float32") * size).astype(np.float32)
        q, r = run("qr", [x], [((6, 4), "float32"), ((4, 4), "float32")], (6, 4, 0))
        near(adjoint(q) @ q, np.eye(4), "float32")
        np.testing.assert_allclose(q @ (r / size), x / size, atol=1e-5)


def test_ill_conditioned_systems_are_as_accurate_as_numpy_makes_them():
    n = 12
    hilbert = 1 / (np.arange(n)[:, None] + np.arange(n) + 1)
    b = hilbert @ np.ones((n, 1))
    (x,) = run("solve", [hilbert, b], [((n, 1), "float64")], (n, n, 1), b_steps=(1,))
    assert np.abs(hilbert @ x - b).max() <= 1e-14
    (factor,) = run("cholesky", [hilbert], [((n, n), "float64")], (n, n, 0))
    assert np.abs(factor @ factor.T - hilbert).max() <= 1e-15


def test_stacks_that_broadcast():
    a, b = drawn((2, 1, 3, 3), "float64"), drawn((4, 3, 2), "float64", 1)
    (x,) = run("solve", [a, b], [((2, 4, 3, 2), "float64")], (3, 3, 2), (2, 4), (1, 0), (0, 1))
    np.testing.assert_allclose(x, np.linalg.solve(a, b[None]), rtol=1e-10)


@pytest.mark.parametrize("kind", ["cholesky", "inverse"])
def test_threads_give_the_same_bits(kind):
    before, found = _ext.threads(), set()
    for shape in ((300, 300), (70, 30, 30)):
        x = drawn(shape, "float64")
        a = x @ adjoint(x) + np.eye(shape[-1])
        for count in (1, 2, 3):
            _ext.set_threads(count)
            found.add((shape, run(kind, [a], [(shape, "float64")], (shape[-1], shape[-1], 0),
                                  (shape[0] if len(shape) == 3 else 1,))[0].tobytes()))
    _ext.set_threads(before)
    assert len(found) == 2


def test_no_step_runs_on_the_host(device):
    x = drawn((2, 4, 4), "complex64")
    a = Tensor(x @ adjoint(x) + np.eye(4, dtype=np.complex64))
    before = device.host_fallbacks

    def loss(a):
        q, r = ops.qr(a)
        lower = ops.cholesky(a)
        total = ops.inverse(a) + ops.matrix_solve(a, q) + linalg.lu(a)[2] + linalg.solve_triangular(lower, r)
        w, v = linalg.eigh(a)
        total = total + ops.pinv(a) + v * w.expand_dims(-2)
        return ops.abs(total).sum() + ops.slogdet(a)[1].sum() + ops.abs(ops.geqrf(a)[0]).sum()

    ms.value_and_grad(loss)(a)[1].asnumpy()
    ops.det(a).asnumpy()
    assert device.host_fallbacks == before
