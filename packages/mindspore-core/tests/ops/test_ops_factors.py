"""LU, reflections, eigenvalues of general matrices, functions of matrices and condition numbers against NumPy."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import operations as P
from mindspore.scipy import linalg

RNG = np.random.default_rng(11)
SQUARE = (RNG.uniform(-0.5, 0.5, (2, 3, 3)) + np.diag([1.5, 2.5, 3.5]))[:, [1, 2, 0]].astype(np.float32)
TALL = (RNG.uniform(-0.3, 0.3, (4, 2)) + np.eye(4, 2)[[2, 1, 0, 3]] * [1.0, 2.0]).astype(np.float32)
SIDE = RNG.uniform(-1, 1, (2, 3, 2)).astype(np.float32)
SPIRAL = np.array([[1.0, 2.0, 0.1], [-2.0, 1.0, 0.0], [0.2, 0.0, 3.0]], np.float32)
COMPLEX = (SQUARE[0] + 1j * RNG.uniform(-0.5, 0.5, (3, 3))).astype(np.complex64)
TAU = np.array([1.1, 0.7], np.float32)


def _factors(a):
    return linalg.lu_factor(a)


def _sorted(w):
    return np.sort_complex(w)


def _product(p, lower, upper):
    return p @ lower @ upper


def _reflections(h, tau):
    q = np.eye(h.shape[-2], dtype=h.dtype)
    for k, factor in enumerate(tau):
        v = np.where(np.arange(len(q)) > k, h[:, k], np.arange(len(q)) == k)
        q = q @ (np.eye(len(q)) - factor * np.outer(v, v))
    return q.astype(h.dtype)


def _taylor(a):
    found, term = np.eye(a.shape[-1]) + 0 * a, np.eye(a.shape[-1]) + 0 * a
    for k in range(1, 60):
        term = term @ a / k
        found = found + term
    return found.astype(a.dtype)


CASES = [
    Case("lu", lambda a: _product(*linalg.lu(a)), lambda a: a, (SQUARE,)),
    Case("lu permute_l", lambda a: ops.matmul(*linalg.lu(a, True)), lambda a: a, (TALL,)),
    Case("lu wide", lambda a: _product(*linalg.lu(a)), lambda a: a, (TALL.T.copy(),)),
    Case("lu complex", lambda a: _product(*linalg.lu(a)), lambda a: a, (COMPLEX,)),
    Case("lu_solve", lambda a, y: linalg.lu_solve(_factors(a), y), np.linalg.solve, (SQUARE, SIDE)),
    Case("lu_solve of a vector", lambda a, y: linalg.lu_solve(_factors(a), y), np.linalg.solve,
         (SQUARE[0], SIDE[0, :, 0])),
    Case("lu_solve transposed", lambda a, y: linalg.lu_solve(_factors(a), y, 1),
         lambda a, y: np.linalg.solve(a.swapaxes(-1, -2), y), (SQUARE, SIDE)),
    Case("lu_solve adjoint", lambda a, y: linalg.lu_solve(_factors(a), y, 2),
         lambda a, y: np.linalg.solve(a.conj().T, y), (COMPLEX, SIDE[0])),
    Case("ops.lu_solve", lambda a, y: (lambda lu, p: ops.lu_solve(y, lu, p + 1))(*_factors(a)), np.linalg.solve,
         (SQUARE, SIDE)),
    Case("P.LuSolve", lambda a, y: (lambda lu, p: P.LuSolve()(y, lu, p + 1))(*_factors(a)), np.linalg.solve,
         (SQUARE[0], SIDE[0])),
    Case("Tensor.lu_solve", lambda a, y: (lambda lu, p: y.lu_solve(lu, p + 1))(*_factors(a)), np.linalg.solve,
         (SQUARE, SIDE)),
    Case("lu_unpack", lambda a: (lambda lu, p: _product(*ops.lu_unpack(lu, p + 1)))(*_factors(a)), lambda a: a,
         (TALL,)),
    Case("P.LuUnpack", lambda a: (lambda lu, p: _product(*P.LuUnpack()(lu, p + 1)))(*_factors(a)), lambda a: a,
         (SQUARE,)),
    Case("lu_pivots_to_permutation", lambda p: linalg.lu_pivots_to_permutation(p, 4), lambda p: np.array([2, 0, 3, 1]),
         (np.array([2, 2, 3], np.int32),)),
    Case("geqrf and orgqr", lambda a: (lambda h, tau: ops.orgqr(h, tau) @ ops.triu(h[:2]))(*ops.geqrf(a)), lambda a: a,
         (TALL,)),
    Case("geqrf", lambda a: P.Geqrf()(a), lambda a: (lambda h, t: (h.T, t))(*np.linalg.qr(a, "raw")), (TALL,)),
    Case("Tensor.geqrf", lambda a: a.geqrf()[0], lambda a: np.linalg.qr(a, "raw")[0].swapaxes(-1, -2), (SQUARE,)),
    Case("orgqr", ops.orgqr, lambda h, t: _reflections(h, t)[:, :2], (TALL, TAU)),
    Case("P.Orgqr", lambda h, t: P.Orgqr()(h, t) + h.orgqr(t), lambda h, t: 2 * _reflections(h, t)[:, :2], (TALL, TAU)),
    Case("ormqr", ops.ormqr, lambda h, t, c: _reflections(h, t) @ c, (TALL, TAU, uniform((4, 3)))),
    Case("P.Ormqr", P.Ormqr(False, True), lambda h, t, c: c @ _reflections(h, t).T, (TALL, TAU, uniform((3, 4)))),
    Case("Tensor.ormqr", lambda h, t, c: h.ormqr(t, c, True, True), lambda h, t, c: _reflections(h, t).T @ c,
         (TALL, TAU, uniform((4, 3)))),
    Case("eigvals", lambda a: ops.eigvals(a), lambda a: np.linalg.eigvals(a), (SPIRAL,)),
    Case("Tensor.eigvals", lambda a: a.eigvals().sum(), lambda a: np.linalg.eigvals(a).sum(), (SPIRAL,)),
    Case("eig", lambda a: (lambda w, v: a.astype("complex64") @ v - v * w)(*ops.eig(a)),
         lambda a: np.zeros_like(a) + 0j, (SPIRAL,), grad=False, atol=1e-5),
    Case("eig lengths", lambda a: (ops.abs(ops.eig(a)[1]) ** 2).sum(0), lambda a: np.ones(3, np.float32), (SPIRAL,)),
    Case("P.Eig", lambda a: P.Eig(True)(a)[1], lambda a: np.linalg.eig(a)[1], (COMPLEX,)),
    Case("matrix_exp", ops.matrix_exp, _taylor, (SQUARE,), rtol=1e-4),
    Case("P.MatrixExp", P.MatrixExp(), _taylor, (COMPLEX,), rtol=1e-4),
    Case("matrix_exp of large matrices", ops.matrix_exp, _taylor, (3 * SPIRAL,), rtol=1e-3, grad=False),
    Case("P.MatrixLogarithm", lambda a: P.MatrixLogarithm()(ops.matrix_exp(a)), lambda a: a, (COMPLEX * 0.4,),
         rtol=1e-4, atol=1e-5),
    *[Case(f"cond {p}", lambda a, p=p: ops.cond(a, p), lambda a, p=p: np.linalg.cond(a, p), (SQUARE,), rtol=1e-4)
      for p in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)],
    Case("P.NuclearNorm", P.NuclearNorm(), lambda a: np.linalg.norm(a, "nuc"), (TALL,)),
    Case("P.NuclearNorm axes", P.NuclearNorm((0, 2), True), lambda a: np.linalg.norm(a, "nuc", (0, 2), True),
         (SQUARE,)),
    *[Case(f"P.MatrixSolveLs {fast}", lambda a, y, fast=fast: P.MatrixSolveLs(fast)(a, y, 0.0),
           lambda a, y: np.linalg.pinv(a) @ y, (a, y), rtol=1e-4, atol=1e-5)
      for fast in (True, False) for a, y in ((TALL, uniform((4, 2))), (TALL.T.copy(), uniform((2, 3))))],
    Case("P.MatrixSolveLs regularized", lambda a, y: P.MatrixSolveLs()(a, y, Tensor(0.5, ms.float64)),
         lambda a, y: np.linalg.solve(a.T @ a + 0.5 * np.eye(2), a.T @ y), (TALL, uniform((4, 2)))),
    Case("Tensor.lstsq", lambda a, y: a.lstsq(y), lambda a, y: np.linalg.lstsq(a, y, rcond=None)[0],
         (TALL, uniform((4, 2)))),
    Case("Tensor.triangular_solve", lambda y, a: y.triangular_solve(a)[0], lambda y, a: np.linalg.solve(np.triu(a), y),
         (SIDE, SQUARE + 2 * np.eye(3, dtype=np.float32))),
    Case("complex systems", lambda a, y: ops.matrix_solve(a, y) + ops.inverse(a) @ y * ops.det(a),
         lambda a, y: np.linalg.solve(a, y) + np.linalg.inv(a) @ y * np.linalg.det(a), (COMPLEX, COMPLEX[:, :2])),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad and c.ins[0].dtype.kind in "fc"], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_parts_of_lu():
    a = Tensor(SQUARE)
    p, lower, upper = (x.asnumpy() for x in linalg.lu(a))
    assert np.array_equal(np.sort(p, -1)[..., -1], np.ones((2, 3))) and np.array_equal(p.sum(-1), np.ones((2, 3)))
    assert np.array_equal(lower, np.tril(lower)) and np.array_equal(upper, np.triu(upper)) and np.abs(lower).max() == 1
    packed, pivots = linalg.lu_factor(a)
    assert pivots.dtype is ms.int32 and packed.shape == a.shape
    only = ops.lu_unpack(packed, pivots + 1, unpack_data=False)
    np.testing.assert_array_equal(only.asnumpy(), p)
    assert len(ops.lu_unpack(packed, pivots + 1, unpack_pivots=False)) == 2


def test_lanes_and_dtypes():
    a = Tensor(SQUARE)
    got = ms.vmap(lambda x: ops.eigvals(x).sum().real() + ops.matrix_exp(x).sum())(a)
    want = np.linalg.eigvals(SQUARE).sum(-1).real + _taylor(SQUARE.astype(np.float64)).sum((-1, -2))
    np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-4)
    assert ops.eigvals(Tensor(SPIRAL, ms.float64)).dtype is ms.complex128
    assert ops.eigvals(Tensor(SPIRAL, ms.float16)).dtype is ms.complex64 and P.Eig()(a)[1].size == 0


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: ops.eig(Tensor(TALL)), ValueError, "eig: got shape"),
    (lambda: ops.matrix_exp(Tensor(TALL)), ValueError, "matrix_exp: got shape"),
    (lambda: P.MatrixLogarithm()(Tensor(SPIRAL)), TypeError, "MatrixLogarithm: x is Float32; expected Complex64"),
    (lambda: ops.cond(Tensor(SPIRAL), 3), ValueError, "cond: p is 3; expected None, 'fro'"),
    (lambda: ops.cond(Tensor(TALL), 1), ValueError, "cond: A has shape .* expected square"),
    (lambda: ops.lu_solve(Tensor(SIDE), Tensor(SQUARE), Tensor([1, 2])), ValueError, "lu_solve: LU_data has shape"),
    (lambda: ops.lu_solve(Tensor(TALL), Tensor(SPIRAL), Tensor([1, 2, 3])), ValueError, "lu_solve: the factors have"),
    (lambda: ops.lu_unpack(Tensor(SPIRAL), Tensor(TAU)), TypeError, "lu_unpack: LU_pivots is Float32"),
    (lambda: ops.lu_unpack(Tensor(SPIRAL), Tensor([1, 2, 3]), False, False), ValueError, "lu_unpack: .* both False"),
    (lambda: linalg.lu_solve(linalg.lu_factor(Tensor(SPIRAL)), Tensor(TAU), 3), ValueError, "lu_solve: trans is 3"),
    (lambda: ops.orgqr(Tensor(TALL.T.copy()), Tensor(TAU)), ValueError, "orgqr: .* at least as many rows"),
    (lambda: ops.ormqr(Tensor(TALL), Tensor(TAU), Tensor(SPIRAL)), ValueError, "ormqr: .* expected 4 rows"),
    (lambda: P.NuclearNorm()(Tensor(SQUARE)), ValueError, "NuclearNorm: dim is None"),
    (lambda: P.MatrixSolveLs()(Tensor(TALL), Tensor(SPIRAL), 0.0), ValueError, "MatrixSolveLs: shapes"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()
