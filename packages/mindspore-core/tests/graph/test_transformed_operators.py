"""Reading and writing at places, sorting, gathering, scattering, cumulative and linear-algebra operators under the
transformations: first and second derivatives beside differences, forward beside reverse, batches beside loops."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, grad, jacfwd, jacrev, jit, ops, vmap

RNG = np.random.default_rng(11)
POINT = RNG.permutation(12).reshape(3, 4) * 0.17 + 0.2
OTHERS = [POINT, POINT[::-1, ::-1] * 1.1, POINT * 0.5 + 0.3]
PLACES = Tensor(np.array([[0, 2, 1, 1], [2, 2, 0, 1], [1, 0, 2, 0]], np.int32))
ROWS = Tensor(np.array([2, 0, 2], np.int32))
PAIRS = Tensor(np.array([[0, 1], [2, 3], [0, 1]], np.int32))
UPDATES = Tensor(RNG.normal(size=(3, 4)))


def square(x):
    return ops.matmul(x, ops.transpose(x, (1, 0))) + 2 * ops.eye(3, 3, ms.float64)


def set_slice(x):
    y = x * x
    y[1:, ::2] = x[:2, 1:3] * 2
    return y * x


def set_element(x):
    y = x * 1.5
    y[1, 2] = x[0, 0] * x[2, 3]
    y[0] = y[1]
    return y * y


def set_at_tensor(x):
    y = x * x
    y[ROWS[:2]] = x[1:] * x[:2]
    return y * x


def set_by_mask(x):
    y = x * x
    y[x > 0.9] = 0.5
    return y * x


def add_in_place(x):
    y = x * x
    y[1] += x[0] * y[2]
    return y


OPERATORS = {
    "index assignment of a slice": set_slice,
    "index assignment of an element": set_element,
    "index assignment at a tensor": set_at_tensor,
    "index assignment by a mask": set_by_mask,
    "augmented assignment": add_in_place,
    "mixed indexing": lambda x: x[ROWS, 1:] * x[:, None, 0] * x[..., ROWS[1]][0],
    "negative steps": lambda x: x[::-1, ::-2] * x[:, :2],
    "sort": lambda x: ops.sort(x * x, -1)[0] * x,
    "argsort": lambda x: ops.gather_elements(x * x, 1, ops.argsort(x, 1)) * x,
    "topk": lambda x: ops.topk(x * x, 2)[0] * x[:, :2],
    "max": lambda x: ops.max(x, 1)[0] * x.sum(1) * ops.min(x, 1)[0],
    "amax": lambda x: ops.amax(x * x, 0) * x[0],
    "cummax": lambda x: ops.cummax(x * x, 0)[0] * x,
    "cummin": lambda x: ops.cummin(x * x, 1)[0] * x,
    "cumsum": lambda x: ops.cumsum(x * x, 1) * x,
    "cumprod": lambda x: ops.cumprod(x, 1) * x,
    "logcumsumexp": lambda x: ops.logcumsumexp(x * x, 0),
    "median": lambda x: ops.median(x * x, 1)[0] * x[:, 0],
    "gather": lambda x: ops.gather(x * x, ROWS, 0) * x,
    "gather_d": lambda x: ops.gather_d(x * x, 0, PLACES) * x,
    "gather_nd": lambda x: ops.gather_nd(x * x, PAIRS) * x[:, 0],
    "take_along": lambda x: ops.gather_elements(x * x, 0, PLACES) * x,
    "index_select": lambda x: ops.index_select(x * x, 0, ROWS) * x,
    "index_add": lambda x: ops.index_add(x * x, ROWS, x * 2, 0) * x,
    "tensor_scatter_add": lambda x: ops.tensor_scatter_add(x * x, PAIRS, x[:, 1]) * x,
    "tensor_scatter_update": lambda x: ops.tensor_scatter_update(x * x, PAIRS[:2], x[:2, 1]) * x,
    "scatter_nd": lambda x: ops.scatter_nd(PAIRS, x[:, 0] * x[:, 1], (3, 4)) * x,
    "masked_fill": lambda x: ops.masked_fill(x * x, x > 0.9, 2.0) * x,
    "where": lambda x: ops.where(x > 0.9, x * x, x * 3) * x,
    "roll": lambda x: ops.roll(x * x, 1, 0) * x,
    "flip": lambda x: ops.flip(x * x, (0, 1)) * x,
    "tril": lambda x: ops.tril(x * x) * x,
    "diag": lambda x: ops.diag(x[0] * x[1]).sum(0) * x[2],
    "repeat": lambda x: ops.repeat_interleave(x * x, 2, 1)[:, ::2] * x,
    "stack": lambda x: ops.stack((x, x * x), 1).sum(0) * x[:2].sum(),
    "unstack": lambda x: ops.unstack(x * x, 1)[2] * x[:, 0],
    "pad": lambda x: ops.pad(x * x, (1, 2), mode="constant", value=3.0)[:, 1:5] * x,
    "one_hot": lambda x: ops.one_hot(ROWS, 4).astype(ms.float64) * x * x,
    "norm": lambda x: ops.norm(x, dim=1) * x[:, 0],
    "std": lambda x: ops.std(x, 1) * x[:, 0],
    "logsumexp": lambda x: ops.logsumexp(x * x, 1),
    "softmax": lambda x: ops.softmax(x * x, 1) * x,
    "log_softmax": lambda x: ops.log_softmax(x * x, 0) * x,
    "prod": lambda x: ops.prod(x, 1) * x[:, 0],
    "einsum": lambda x: ops.einsum("ij,kj->ik", x, x * x),
    "inverse": lambda x: ms.mint.linalg.inv(square(x)) * x[:, :3],
    "determinant": lambda x: ops.det(square(x)) * x,
    "cholesky": lambda x: ops.cholesky(square(x)) * x[:, :3],
    "solve": lambda x: ops.matmul(ms.mint.linalg.inv(square(x)), x),
}


def jacobian_by_differences(f, x: np.ndarray) -> np.ndarray:
    columns = []
    for k in range(x.size):
        move = np.zeros(x.size)
        move[k] = 1e-6
        move = move.reshape(x.shape)
        columns.append((f(Tensor(x + move)).asnumpy() - f(Tensor(x - move)).asnumpy()) / 2e-6)
    return np.stack(columns, -1).reshape(*columns[0].shape, *x.shape)


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name, mode):
    f, x = OPERATORS[name], Tensor(POINT)
    want = jacobian_by_differences(jit(f), POINT)
    np.testing.assert_allclose(jacfwd(f)(x).asnumpy(), want, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(jacrev(f)(x).asnumpy(), want, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(grad(f)(x).asnumpy(), want.reshape(-1, *x.shape).sum(0), rtol=1e-5, atol=1e-6)
    slope = grad(f)
    seconds = jacobian_by_differences(jit(slope), POINT)
    np.testing.assert_allclose(jacfwd(slope)(x).asnumpy(), seconds, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(jacrev(slope)(x).asnumpy(), seconds, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", OPERATORS)
def test_batches(name):
    f = OPERATORS[name]
    batch = Tensor(np.stack(OTHERS))
    for transformed in (f, grad(f), jacfwd(grad(f))):
        one = jit(transformed)
        want = np.stack([one(Tensor(x)).asnumpy() for x in OTHERS])
        np.testing.assert_allclose(vmap(transformed)(batch).asnumpy(), want, rtol=1e-9, atol=1e-9)
    want = np.stack([jit(grad(f))(Tensor(x)).asnumpy() for x in OTHERS])
    np.testing.assert_allclose(grad(lambda x: vmap(f)(x))(batch).asnumpy(), want, rtol=1e-9, atol=1e-9)
