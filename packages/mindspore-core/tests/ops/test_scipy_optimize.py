"""`mindspore.scipy.optimize`: minima, steps along lines, assignments."""
from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.scipy.optimize import line_search, linear_sum_assignment, minimize

F32 = np.float32


def himmelblau(p):
    x, y = p
    return (x ** 2 + y - 11.0) ** 2 + (x + y ** 2 - 7.0) ** 2


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def quadratic(x, matrix):
    return (x * (matrix @ x)).sum() - x.sum()


@pytest.mark.parametrize("method", ["BFGS", "LBFGS"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_minima(method, dtype):
    found = minimize(himmelblau, Tensor(np.zeros(2, dtype)), method=method, options={"maxiter": None, "gtol": 1e-6})
    np.testing.assert_allclose(found.x.asnumpy(), [3, 2], rtol=1e-5)
    assert found.x.dtype is found.jac.dtype is Tensor(np.zeros(1, dtype)).dtype and abs(found.fun) < 1e-8
    assert (found.hess_inv is None) == (method == "LBFGS")
    found = minimize(rosenbrock, Tensor(np.full(5, -1.0)), method=method)
    assert found.success and found.status == 0 and found.nit < 150 and found.nfev >= found.nit
    np.testing.assert_allclose(found.x.asnumpy(), np.ones(5), atol=1e-5)


def test_the_inverse_hessian_and_given_gradients():
    matrix = np.array([[3.0, 1.0], [1.0, 2.0]])
    args = (Tensor(matrix),)
    found = minimize(quadratic, Tensor(np.zeros(2)), args, "bfgs")
    given = minimize(quadratic, Tensor(np.zeros(2)), args, "bfgs", lambda x, matrix: 2 * (matrix @ x) - 1)
    np.testing.assert_allclose(found.x.asnumpy(), np.linalg.solve(2 * matrix, np.ones(2)), atol=1e-6)
    np.testing.assert_allclose(given.x.asnumpy(), found.x.asnumpy(), atol=1e-9)
    np.testing.assert_allclose(found.hess_inv.asnumpy(), np.linalg.inv(2 * matrix), rtol=1e-3)


def test_what_ends_a_search():
    assert minimize(rosenbrock, Tensor(np.full(5, -1.0)), method="BFGS", options={"maxiter": 2}).status == 1
    rising = minimize(lambda x: x.sum(), Tensor(np.zeros(2)), method="BFGS", options={"line_search_maxiter": 3})
    assert not rising.success and rising.status == 5
    assert minimize(himmelblau, Tensor(np.array([3.0, 2.0])), method="LBFGS").nit == 0


def test_steps():
    start, direction = Tensor(np.ones(2, F32)), Tensor(-np.ones(2, F32))
    assert float(line_search(lambda x: x[0] ** 2 - x[1] ** 3, start, direction).a_k) == 1.0

    def fn(x):
        return ops.exp(x[0]) - 4 * x[0] + x[1] ** 2

    point, downhill = Tensor(np.array([0.0, 1.0])), Tensor(np.array([3.0, -2.0]))
    for known in ({}, {"gfk": ms.grad(fn)(point), "old_fval": fn(point)}, {"jac": ms.grad(fn)}):
        found = line_search(fn, point, downhill, **known)
        step = float(found.a_k)
        slope = ms.grad(lambda a: fn(point + a * downhill))
        before, after = float(slope(Tensor(0.0, ms.float64))), float(slope(Tensor(step, ms.float64)))
        assert not found.failed and found.status == 0 and step > 0
        assert float(found.f_k) <= float(fn(point)) + 1e-4 * step * before and abs(after) <= 0.9 * abs(before)
        np.testing.assert_allclose(found.g_k.asnumpy(), ms.grad(fn)(point + step * downhill).asnumpy(), rtol=1e-6)


def test_minima_under_constraints():
    def fn(d):
        return -(2 * d[0] * d[1] + 2 * d[0] - d[0] ** 2 - 2 * d[1] ** 2)

    found = minimize(fn, Tensor([-1.0, 1.0], ms.float32), method="lagrange",
                     constraints=[lambda x: -(x[0] - x[1] - 1.0)], options={"rounds": 10, "steps": 50})
    assert found.succeeded
    np.testing.assert_allclose(found.best_value, [2, 1], atol=0.02)

    found = minimize(lambda x, common: common - x[0], Tensor(np.array([0.2, 0.3])), method="LAGRANGE",
                     constraints=[lambda x, common: x[0] + x[1] - 0.5], tol=[1e-3],
                     options={"coincide_fun": lambda x: (x ** 2).sum(), "lower": Tensor([0.1, 0.1]), "steps": 40,
                              "upper": Tensor([0.35, 1.0]), "learning_rate": 0.03, "obj_weight": 2.0})
    np.testing.assert_allclose(found.best_value, [0.35, 0.1], atol=0.01)
    assert found.loss_value[0] < 1e-3 and found.object_value == pytest.approx(0.35 ** 2 + 0.01 - 0.35, abs=5e-3)


@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (5, 3), (6, 6), (1, 4)])
@pytest.mark.parametrize("maximize", [False, True])
def test_assignments(shape, maximize):
    cost = np.random.default_rng(sum(shape)).integers(-9, 10, shape).astype(F32)
    rows, columns = (x.asnumpy() for x in linear_sum_assignment(Tensor(cost), maximize))
    wide = cost if shape[0] <= shape[1] else cost.T
    sums = [wide[range(len(wide)), list(p)].sum() for p in permutations(range(wide.shape[1]), len(wide))]
    assert cost[rows, columns].sum() == (max if maximize else min)(sums)
    assert len(set(columns)) == len(columns) == min(shape) and list(rows) == sorted(set(rows))


def test_assignments_of_some_columns_and_in_graphs():
    cost = Tensor(np.array([[2, 3, 3], [3, 2, 3], [3, 3, 2]]), ms.float64)
    for call in (linear_sum_assignment, ms.jit(lambda c, m, n: linear_sum_assignment(c, m, n))):
        rows, columns = call(cost, False, Tensor(2))
        assert rows.asnumpy().tolist() == columns.asnumpy().tolist() == [0, 1, -1]
    lanes = ms.vmap(lambda c: linear_sum_assignment(c, True)[1])(ops.stack([cost, -cost]))
    assert lanes.asnumpy()[1].tolist() == [0, 1, 2]
    holes = Tensor(np.array([[np.inf, 1.0], [np.inf, 2.0]]))
    assert linear_sum_assignment(holes, False)[1].asnumpy().tolist() == [1, -1]


X0 = Tensor(np.zeros(2, F32))


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: minimize(himmelblau, X0), ValueError, "minimize: method is None; expected 'BFGS', 'LBFGS' or 'LAGRANGE'"),
    (lambda: minimize(himmelblau, X0, 3, "BFGS"), TypeError, "minimize: args must be a tuple"),
    (lambda: minimize(himmelblau, Tensor([1, 2]), method="BFGS"), TypeError, "minimize: .* floating Tensor"),
    (lambda: minimize(himmelblau, Tensor(1.0), method="BFGS"), ValueError, r"minimize: .* shape \(\)"),
    (lambda: minimize(himmelblau, X0, method="BFGS", options={"rounds": 1}), TypeError, "unknown options .*rounds"),
    (lambda: minimize(lambda x: x, X0, method="BFGS", jac=lambda x: x), ValueError, "minimize: .* expected one number"),
    (lambda: minimize(himmelblau, X0, method="LAGRANGE", constraints=[3]), TypeError, "a constraint must be callable"),
    (lambda: minimize(himmelblau, X0, method="LAGRANGE", constraints=[himmelblau], tol=[1, 2]), ValueError,
     "tol has 2"),
    (lambda: line_search(himmelblau, X0, Tensor([1.0])), ValueError, "line_search: pk must be"),
    (lambda: linear_sum_assignment(X0, False), ValueError, "linear_sum_assignment: cost_matrix has shape"),
    (lambda: linear_sum_assignment(Tensor([[1.0]]), 1), TypeError, "linear_sum_assignment: maximize must be a bool"),
    (lambda: linear_sum_assignment(Tensor([[1.0]]), True, Tensor(1, ms.int32)), TypeError, "expected real numbers and"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()
