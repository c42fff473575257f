"""Linear systems and factorisations: functions, methods, operator classes, `mint` and `scipy` against NumPy."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, assert_agrees, check_eager, check_gradient, check_graph

import mindspore as ms
from mindspore import Tensor, mint, ops
from mindspore.scipy import linalg

RNG = np.random.default_rng(7)
SQUARE = (RNG.uniform(-0.5, 0.5, (2, 3, 3)) + np.diag([1.5, 2.5, 3.5])).astype(np.float32)
ONE = SQUARE[0]
POSITIVE = (SQUARE @ SQUARE.swapaxes(-1, -2) + np.diag([1.0, 2.0, 3.0])).astype(np.float32)
FACTOR = np.linalg.cholesky(POSITIVE)
SIDE = RNG.uniform(-1, 1, (2, 3, 2)).astype(np.float32)
TALL = (RNG.uniform(-0.3, 0.3, (4, 2)) + np.eye(4, 2) * [1.0, 2.0]).astype(np.float32)
UPPER = FACTOR.swapaxes(-1, -2).copy()


def _svd_norm(x):
    return np.linalg.svd(x, compute_uv=False)


CASES = [
    Case("inverse", ops.inverse, np.linalg.inv, (SQUARE,)),
    Case("Tensor.inverse", lambda x: x.inverse(), np.linalg.inv, (SQUARE,)),
    Case("mint.inverse", mint.inverse, np.linalg.inv, (ONE,)),
    Case("matrix_solve", ops.matrix_solve, np.linalg.solve, (SQUARE, SIDE)),
    Case("matrix_solve adjoint", lambda a, y: ops.matrix_solve(a, y, True),
         lambda a, y: np.linalg.solve(a.swapaxes(-1, -2), y), (SQUARE, SIDE)),
    Case("det", ops.det, np.linalg.det, (SQUARE,)),
    Case("Tensor.det", lambda x: x.det(), np.linalg.det, (ONE,)),
    Case("slogdet", ops.slogdet, lambda x: tuple(np.linalg.slogdet(x)), (SQUARE,)),
    Case("logdet", ops.logdet, lambda x: np.log(np.linalg.det(x)), (SQUARE,)),
    Case("logdet of a negative determinant", ops.logdet, lambda x: np.float32(np.nan), (ONE[[1, 0, 2]],), grad=False),
    Case("cholesky", ops.cholesky, np.linalg.cholesky, (POSITIVE,)),
    Case("cholesky upper", lambda x: ops.cholesky(x, upper=True),
         lambda x: np.linalg.cholesky(x.swapaxes(-1, -2)).swapaxes(-1, -2), (POSITIVE,)),
    Case("cholesky_solve", ops.cholesky_solve,
         lambda y, c: np.linalg.solve(np.tril(c) @ np.tril(c).swapaxes(-1, -2), y), (SIDE, FACTOR)),
    Case("cholesky_solve upper", lambda y, c: ops.cholesky_solve(y, c, upper=True),
         lambda y, c: np.linalg.solve(np.triu(c).swapaxes(-1, -2) @ np.triu(c), y), (SIDE, UPPER)),
    Case("cholesky_inverse", ops.cholesky_inverse,
         lambda c: np.linalg.inv(np.tril(c) @ np.tril(c).swapaxes(-1, -2)), (FACTOR[0],)),
    Case("qr product", lambda x: ops.matmul(*ops.qr(x)), lambda x: x, (TALL,)),
    Case("qr triangle", lambda x: ops.abs(mint.linalg.qr(x)[1]), lambda x: np.abs(np.linalg.qr(x)[1]), (TALL,)),
    Case("qr complete", lambda x: ops.qr(x, "complete")[0].swapaxes(0, 1) @ ops.qr(x, "complete")[0],
         lambda x: np.eye(4, dtype=x.dtype), (TALL,), grad=False),
    Case("svd values", lambda x: ops.svd(x, compute_uv=False), _svd_norm, (TALL,)),
    Case("svd product", lambda x: (lambda s, u, v: (u * s) @ v.T)(*ops.svd(x)), lambda x: x, (TALL,)),
    Case("Tensor.svd", lambda x: x.svd()[0], _svd_norm, (TALL,)),
    Case("pinv", ops.pinv, np.linalg.pinv, (TALL,)),
    Case("pinv of rank 1", ops.pinv, lambda x: np.linalg.pinv(x, rcond=1e-5), (np.outer(ONE[0], ONE[1]),), grad=False),
    Case("lstsq", ops.lstsq, lambda a, y: np.linalg.lstsq(a, y, rcond=None)[0], (TALL, RNG.uniform(-1, 1, (4, 2)))),
    *[Case(f"matrix_norm {order}", lambda x, order=order: ops.matrix_norm(x, order),
           lambda x, order=order: np.linalg.norm(x, order, (-2, -1)), (SQUARE,))
      for order in ("fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf"))],
    Case("matrix_norm axes", lambda x: mint.linalg.matrix_norm(x, dim=(0, 2), keepdim=True),
         lambda x: np.linalg.norm(x, axis=(0, 2), keepdims=True), (SQUARE,)),
    Case("triangular_solve", lambda b, a: mint.triangular_solve(b, a)[0],
         lambda b, a: np.linalg.solve(np.triu(a), b), (SIDE, SQUARE)),
    Case("scipy eigh", lambda x: linalg.eigh(x, eigvals_only=True), np.linalg.eigvalsh, (POSITIVE,)),
    Case("scipy eigh product", lambda x: (lambda w, v: (v * w.expand_dims(-2)) @ v.swapaxes(-1, -2))(*linalg.eigh(x)),
         lambda x: np.tril(x) + np.tril(x, -1).swapaxes(-1, -2), (POSITIVE,)),
    Case("scipy eigh part", lambda x: linalg.eigh(x, eigvals=(1, 2), lower=False)[0],
         lambda x: np.linalg.eigvalsh(x, "U")[..., 1:3], (POSITIVE,)),
    Case("scipy cholesky", linalg.cholesky, lambda x: np.linalg.cholesky(x.swapaxes(-1, -2)).swapaxes(-1, -2),
         (POSITIVE,)),
    Case("scipy cho_solve", lambda a, y: linalg.cho_solve(linalg.cho_factor(a, lower=True), y),
         lambda a, y: np.linalg.solve(np.tril(a) + np.tril(a, -1).swapaxes(-1, -2), y), (POSITIVE[0], SIDE[0, :, 0])),
    *[Case(f"scipy solve_triangular {trans} {lower}",
           lambda a, y, trans=trans, lower=lower: linalg.solve_triangular(a, y, trans, lower),
           lambda a, y, trans=trans, lower=lower: np.linalg.solve(
               (lambda t: t.T if trans in (1, "T") else t)(np.tril(a) if lower else np.triu(a)), y), (ONE, SIDE[0]))
      for trans, lower in ((0, False), (0, True), (1, True), ("T", False))],
    Case("scipy block_diag", linalg.block_diag,
         lambda a, b: np.block([[a, np.zeros((3, 2))], [np.zeros((4, 3)), b]]).astype(a.dtype), (ONE, TALL)),
    Case("scipy lstsq", lambda a, y: linalg.lstsq(a, y)[:2],
         lambda a, y: np.linalg.lstsq(a, y, rcond=None)[:2], (TALL, RNG.uniform(-1, 1, (4, 2)))),
    Case("P.MatrixInverse", ops.MatrixInverse(adjoint=True), lambda x: np.linalg.inv(x.swapaxes(-1, -2)), (SQUARE,)),
    Case("P.MatrixSolve", ops.MatrixSolve(), np.linalg.solve, (SQUARE, SIDE)),
    Case("P.MatrixTriangularSolve", ops.MatrixTriangularSolve(lower=False, adjoint=True),
         lambda a, y: np.linalg.solve(np.triu(a).swapaxes(-1, -2), y), (SQUARE, SIDE)),
    Case("P.MatrixDeterminant", ops.MatrixDeterminant(), np.linalg.det, (SQUARE,)),
    Case("P.LogMatrixDeterminant", ops.LogMatrixDeterminant(), lambda x: tuple(np.linalg.slogdet(x)), (SQUARE,)),
    Case("P.Cholesky", ops.Cholesky(), np.linalg.cholesky, (POSITIVE,)),
    Case("P.Svd", ops.Svd(compute_uv=False), _svd_norm, (SQUARE,)),
    Case("P.Qr", lambda x: ops.matmul(*ops.Qr(full_matrices=True)(x)), lambda x: x, (SQUARE,)),
    Case("P.Lstsq", ops.Lstsq(l2_regularizer=0.5),
         lambda a, y: np.linalg.solve(a.T @ a + 0.5 * np.eye(2), a.T @ y), (TALL, RNG.uniform(-1, 1, (4, 2)))),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    case.rtol, case.atol = 1e-3, 1e-4
    check_eager(case)
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_one_singular_matrix_of_a_stack_is_nan_and_leaves_the_others_alone():
    stack = np.stack([np.ones((2, 2)), 2 * np.eye(2)]).astype(np.float32)
    got = ops.inverse(Tensor(stack)).asnumpy()
    assert np.isnan(got[0]).all()
    np.testing.assert_allclose(got[1], 0.5 * np.eye(2))
    got = ops.cholesky(Tensor(np.stack([-np.eye(2), 4 * np.eye(2)]).astype(np.float32))).asnumpy()
    assert np.isnan(got[0]).all()
    np.testing.assert_allclose(got[1], 2 * np.eye(2))


def test_the_gradient_of_a_determinant_exists_for_singular_matrices():
    x = Tensor(np.array([[1.0, 2.0], [2.0, 4.0]], np.float32))
    np.testing.assert_allclose(ms.grad(ops.det)(x).asnumpy(), [[4, -2], [-2, 1]], atol=1e-5)


def test_integers_are_computed_in_float32():
    assert_agrees(ops.det(Tensor(np.array([[2, 1], [1, 3]]))), np.float32(5), 1e-6, 1e-6)


WHOLE = np.array([[4, 1], [1, 3]])
PACKED = np.array([[4, 1], [0.25, 2.75]])  # both triangles of WHOLE, with no row exchanged
OF_INTEGERS = [
    ("inv", linalg.inv, np.linalg.inv(WHOLE)), ("det", linalg.det, np.array(11.0)),
    ("cholesky", lambda a: linalg.cholesky(a, lower=True), np.linalg.cholesky(WHOLE)),
    ("cho_factor", lambda a: linalg.cho_factor(a, lower=True)[0], np.linalg.cholesky(WHOLE)),
    ("cho_solve", lambda a: linalg.cho_solve(linalg.cho_factor(a), Tensor([1, 2])), np.linalg.solve(WHOLE, [1, 2])),
    ("eigh", lambda a: linalg.eigh(a)[0], np.linalg.eigvalsh(WHOLE)),
    ("lu_factor", lambda a: linalg.lu_factor(a)[0], PACKED),
    ("lu", lambda a: linalg.lu(a)[2], np.triu(PACKED)),
    ("lu_solve", lambda a: linalg.lu_solve(linalg.lu_factor(a), Tensor([1, 2])), np.linalg.solve(WHOLE, [1, 2]))]


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize(("call", "expected"), [row[1:] for row in OF_INTEGERS], ids=[row[0] for row in OF_INTEGERS])
def test_scipys_functions_compute_integers_in_float64(call, expected, dtype):
    for how in (call, ms.jit(call)):
        assert_agrees(how(Tensor(WHOLE.astype(dtype))), expected, 1e-13, 1e-13)


@pytest.mark.parametrize(("name", "flags"), [
    ("inv", "overwrite_a check_finite"), ("det", "overwrite_a check_finite"),
    ("cholesky", "lower overwrite_a check_finite"), ("cho_factor", "lower overwrite_a check_finite"),
    ("cho_solve", "overwrite_b check_finite"), ("lu_factor", "overwrite_a check_finite"),
    ("lu", "permute_l overwrite_a check_finite"), ("lu_solve", "overwrite_b check_finite"),
    ("eigh", "lower eigvals_only overwrite_a overwrite_b turbo check_finite")])
def test_flags_of_scipys_functions_are_bools(name, flags):
    factored = {"cho_solve": linalg.cho_factor, "lu_solve": linalg.lu_factor}
    operands = [factored[name](Tensor(ONE)), Tensor(ONE)] if name in factored else [Tensor(ONE)]
    for flag in flags.split():
        for wrong in (5.0, None):
            with pytest.raises(TypeError, match=f"{flag} must be a bool"):
                getattr(linalg, name)(*operands, **{flag: wrong})


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: ops.inverse(Tensor(np.ones((2, 3), np.float32))), ValueError,
     r"got shape \(2, 3\), expected \(..., n, n\)"),
    (lambda: ops.qr(Tensor(ONE), "economic"), ValueError, "mode is 'economic'"),
    (lambda: ops.matrix_norm(Tensor(ONE), 3), ValueError, "ord is 3"),
    (lambda: ops.lstsq(Tensor(ONE), Tensor(TALL)), ValueError, r"shapes \(3, 3\) and \(4, 2\)"),
    (lambda: linalg.eigh(Tensor(ONE), Tensor(ONE)), ValueError, "generalised"),
    (lambda: linalg.eigh(Tensor(ONE), eigvals=42), ValueError, "eigvals is 42"),
    (lambda: ms.grad(lambda x: ops.qr(x, "complete")[0].sum())(Tensor(TALL)).asnumpy(), ValueError, "reduced factors"),
    (lambda: ms.grad(lambda x: ops.svd(x, True)[1].sum())(Tensor(TALL)).asnumpy(), ValueError, "full_matrices=False"),
])
def test_errors_say_what_was_expected(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_residuals_where_no_equation_is_left_over():
    for rows, given in ((3, (3, 2)), (2, (2, 2)), (2, (2,))):
        found = linalg.lstsq(Tensor(RNG.uniform(-1, 1, (rows, 3))), Tensor(RNG.uniform(-1, 1, given)))
        assert found[1].shape == (0,) and found[0].shape == (3, *given[1:])
