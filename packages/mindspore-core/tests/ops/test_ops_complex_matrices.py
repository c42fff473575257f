"""Linear algebra of complex matrices against NumPy, and its derivatives by parts against differences."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph

import mindspore as ms
from mindspore import Tensor, mint, ops
from mindspore.ops import operations as P
from mindspore.scipy import linalg

RNG = np.random.default_rng(23)


def drawn(*shape: int) -> np.ndarray:
    return (RNG.uniform(-0.5, 0.5, shape) + 1j * RNG.uniform(-0.5, 0.5, shape)).astype(np.complex64)


def adjoint(x):
    return np.swapaxes(x, -1, -2).conj()


SQUARE = drawn(2, 3, 3) + np.diag([1.5, -2.5, 3.5j]).astype(np.complex64)
ONE = SQUARE[0]
HERMITIAN = (SQUARE @ adjoint(SQUARE) + np.diag([1, 2, 4])).astype(np.complex64)
FACTOR = np.linalg.cholesky(HERMITIAN)
SIDE = drawn(2, 3, 2)
TALL = drawn(4, 2) + np.array([[1, 0], [0, 2j], [0, 0], [0, 0]], np.complex64)
WIDE = TALL.T.copy()
TAU = np.array([1.1 + 0.2j, 0.7 - 0.3j], np.complex64)


def _values(x):
    return np.linalg.svd(x, compute_uv=False)


def _from_parts(s, u, v):
    return (u * s.expand_dims(-2)) @ ops.adjoint(v)


def _lower_read(x):
    """The Hermitian matrix of which a routine that reads the lower triangle knows."""
    return np.tril(x, -1) + adjoint(np.tril(x, -1)) + np.eye(x.shape[-1]) * x.real


def _reflections(h, tau):
    q = np.eye(h.shape[-2], dtype=h.dtype)
    for k, factor in enumerate(tau):
        v = np.where(np.arange(len(q)) > k, h[:, k], np.arange(len(q)) == k)
        q = q @ (np.eye(len(q)) - factor * np.outer(v, v.conj()))
    return q.astype(h.dtype)


CASES = [
    Case("cholesky", ops.cholesky, lambda x: np.linalg.cholesky(_lower_read(x)), (HERMITIAN + 0.5j * np.eye(3),)),
    Case("cholesky upper", lambda x: ops.cholesky(x, True), lambda x: adjoint(np.linalg.cholesky(x)), (HERMITIAN,)),
    Case("P.Cholesky", P.Cholesky(), np.linalg.cholesky, (HERMITIAN,)),
    Case("cholesky_solve", ops.cholesky_solve, lambda y, c: np.linalg.solve(np.tril(c) @ adjoint(np.tril(c)), y),
         (SIDE, FACTOR)),
    Case("cholesky_solve upper", lambda y, c: ops.cholesky_solve(y, c, True),
         lambda y, c: np.linalg.solve(adjoint(np.triu(c)) @ np.triu(c), y), (SIDE, adjoint(FACTOR))),
    Case("cholesky_inverse", ops.cholesky_inverse, lambda c: np.linalg.inv(np.tril(c) @ adjoint(np.tril(c))),
         (FACTOR[0],)),
    Case("inverse adjoint", lambda x: ops.inverse(x, adjoint=True), lambda x: np.linalg.inv(adjoint(x)), (SQUARE,)),
    Case("matrix_solve", ops.matrix_solve, np.linalg.solve, (SQUARE, SIDE)),
    Case("matrix_solve adjoint", lambda a, y: ops.matrix_solve(a, y, True),
         lambda a, y: np.linalg.solve(adjoint(a), y), (SQUARE, SIDE)),
    Case("P.MatrixTriangularSolve", P.MatrixTriangularSolve(lower=False, adjoint=True),
         lambda a, y: np.linalg.solve(adjoint(np.triu(a)), y), (SQUARE, SIDE)),
    *[Case(f"scipy solve_triangular {trans}", lambda a, y, trans=trans: linalg.solve_triangular(a, y, trans, True),
           lambda a, y, turn=turn: np.linalg.solve(turn(np.tril(a)), y), (ONE, SIDE[0]))
      for trans, turn in ((0, np.asarray), (1, np.transpose), ("C", adjoint))],
    Case("slogdet", ops.slogdet, lambda x: tuple(np.linalg.slogdet(x)), (SQUARE,)),
    Case("P.LogMatrixDeterminant", P.LogMatrixDeterminant(), lambda x: tuple(np.linalg.slogdet(x)), (ONE,)),
    Case("logdet", ops.logdet, lambda x: np.log(np.linalg.det(x)), (SQUARE,)),
    Case("qr", ops.qr, lambda x: tuple(np.linalg.qr(x)), (TALL,)),
    Case("qr wide", lambda x: mint.linalg.qr(x), lambda x: tuple(np.linalg.qr(x)), (WIDE,)),
    Case("qr complete", lambda x: ops.qr(x, "complete"), lambda x: tuple(np.linalg.qr(x, "complete")), (TALL,),
         grad=False),
    Case("P.Qr", lambda x: ops.matmul(*P.Qr()(x)), lambda x: x, (SQUARE,)),
    Case("geqrf", ops.geqrf, lambda x: (lambda h, t: (h.T, t))(*np.linalg.qr(x, "raw")), (TALL,)),
    Case("orgqr", ops.orgqr, lambda h, t: _reflections(h, t)[:, :2], (TALL, TAU)),
    Case("ormqr", ops.ormqr, lambda h, t, c: _reflections(h, t) @ c, (TALL, TAU, drawn(4, 3))),
    Case("ormqr right", lambda h, t, c: ops.ormqr(h, t, c, False, True),
         lambda h, t, c: c @ adjoint(_reflections(h, t)), (TALL, TAU, drawn(3, 4))),
    *[Case(f"svd values {x.shape}", lambda x: ops.svd(x, compute_uv=False), _values, (x,)) for x in (SQUARE, TALL)],
    *[Case(f"svd product {x.shape}", lambda x: _from_parts(*ops.svd(x)), lambda x: x, (x,))
      for x in (SQUARE, TALL, WIDE)],
    Case("svd vectors", lambda x: (lambda s, u, v: (ops.adjoint(u) @ u, ops.adjoint(v) @ v))(*ops.svd(x, True)),
         lambda x: (np.eye(4) + 0j, np.eye(2) + 0j), (TALL,), grad=False),
    Case("svd phases", lambda x: ops.svd(x)[1:], lambda x: _phased(*np.linalg.svd(x, full_matrices=False)), (TALL,)),
    Case("eigh", lambda x: (lambda w, v: (v * w.expand_dims(-2)) @ ops.adjoint(v))(*linalg.eigh(x)), _lower_read,
         (HERMITIAN,)),
    Case("eigh values of the upper triangle", lambda x: linalg.eigh(x, lower=False, eigvals_only=True),
         lambda x: np.linalg.eigvalsh(x, "U"), (SQUARE,)),
    Case("eigh vectors", lambda x: linalg.eigh(x)[1], lambda x: _phased_columns(np.linalg.eigh(x)[1]), (HERMITIAN,)),
    Case("pinv", ops.pinv, np.linalg.pinv, (TALL,)),
    Case("lstsq", ops.lstsq, lambda a, y: np.linalg.lstsq(a, y, rcond=None)[0], (TALL, drawn(4, 2))),
    Case("scipy lstsq", lambda a, y: linalg.lstsq(a, y)[:2], lambda a, y: np.linalg.lstsq(a, y, rcond=None)[:2],
         (TALL, drawn(4, 2))),
    Case("P.Lstsq", P.Lstsq(l2_regularizer=0.5),
         lambda a, y: np.linalg.solve(adjoint(a) @ a + 0.5 * np.eye(2), adjoint(a) @ y), (TALL, drawn(4, 2))),
    Case("lu_solve", lambda a, y: linalg.lu_solve(linalg.lu_factor(a), y), np.linalg.solve, (SQUARE, SIDE)),
    *[Case(f"matrix_norm {order}", lambda x, order=order: ops.matrix_norm(x, order),
           lambda x, order=order: np.linalg.norm(x, order, (-2, -1)), (SQUARE,)) for order in ("fro", "nuc", 2, -2, 1)],
    *[Case(f"cond {p}", lambda a, p=p: ops.cond(a, p), lambda a, p=p: np.linalg.cond(a, p).real, (SQUARE,))
      for p in (None, "nuc", -2)],
]


def _phased_columns(v, *others):
    """The first large element of each column is real and positive."""
    sizes = np.abs(v)
    place = (sizes >= np.exp(-0.5) * sizes.max(-2, keepdims=True)).argmax(-2)[..., None, :]
    turn = np.exp(-1j * np.angle(np.take_along_axis(v, place, -2)))
    return (v * turn).astype(v.dtype) if not others else tuple((x * turn).astype(v.dtype) for x in (v, *others))


def _phased(u, s, vh):
    return _phased_columns(u, adjoint(vh))


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    case.rtol, case.atol = 1e-3, 1e-4
    check_eager(case)
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_dtypes_empty_stacks_and_problems_without_a_solution():
    for dtype, part in ((ms.complex64, ms.float32), (ms.complex128, ms.float64)):
        a = Tensor(HERMITIAN, dtype)
        found = [ops.cholesky(a), *ops.slogdet(a), *ops.qr(a), *ops.svd(a), *linalg.eigh(a)]
        assert [x.dtype for x in found] == [dtype, dtype, part, dtype, dtype, part, dtype, dtype, part, dtype]
    empty = Tensor(np.zeros((0, 3, 2), np.complex64))
    assert [x.shape for x in ops.svd(empty)] == [(0, 2), (0, 3, 2), (0, 2, 2)]
    bad = Tensor(np.stack([-np.eye(2), 4 * np.eye(2)]).astype(np.complex64))
    found = ops.cholesky(bad).asnumpy()
    assert np.isnan(found[0]).all() and np.array_equal(found[1], 2 * np.eye(2))
    assert np.isnan(ops.svd(Tensor(np.full((2, 2), np.nan, np.complex64)), compute_uv=False).asnumpy()).all()


def test_lanes_and_compiled_derivatives():
    a = Tensor(HERMITIAN)

    def loss(x):
        w, v = linalg.eigh(x)
        return (ops.abs(v[0]) * w).sum() + ops.slogdet(x)[1] + ops.abs(ops.cholesky(x)).sum()

    each = ms.vmap(ms.grad(loss))(a).asnumpy()
    for k in range(2):
        np.testing.assert_allclose(each[k], ms.grad(loss)(a[k]).asnumpy(), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(each[k], ms.jit(ms.grad(loss))(a[k]).asnumpy(), rtol=1e-3, atol=1e-4)
