"""Reductions, products of matrices and losses against NumPy."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, uniform

import mindspore as ms
from mindspore import Tensor, ops

X, CUBE = uniform((3, 4)), uniform((2, 3, 4))
N, B = ints((3, 4)), ints((3, 4), 0, 2, bool)
PROBABLE = uniform((3, 4), 0.1, 0.9)
NANS = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]], np.float32)


def places(x, axis):
    """The last place at which the running maximum was taken."""
    best = np.zeros(x.shape, np.int64)
    moved, out = np.moveaxis(x, axis, 0), np.moveaxis(best, axis, 0)
    for i in range(1, len(moved)):
        out[i] = np.where(moved[i] >= np.take_along_axis(moved, out[i - 1][None], 0)[0], i, out[i - 1])
    return best


def cases():
    for name in ("sum", "mean", "prod", "amax", "amin", "all", "any", "var", "std"):
        meaning = getattr(np, {"amax": "max", "amin": "min"}.get(name, name))
        function = getattr(ops, name)
        smooth = name not in ("all", "any")
        keep = "keep_dims" if name in ("mean", "prod", "all", "any") else "keepdim" if name == "sum" else "keepdims"
        for axis in (None, 0, -1, (0, 2)):
            yield Case(f"{name} over {axis}", lambda x, f=function, a=axis: f(x, a),
                       lambda x, m=meaning, a=axis: m(x, axis=a), (CUBE,), grad=smooth, rtol=2e-5)
        yield Case(f"{name} keeping axes", lambda x, f=function, k=keep: f(x, 1, **{k: True}),
                   lambda x, m=meaning: m(x, axis=1, keepdims=True), (CUBE,), grad=smooth)
    for name in ("sum", "prod"):
        yield Case(f"{name} of integers", getattr(ops, name), lambda x, n=name: getattr(np, n)(x, dtype=np.int64), (N,))
        yield Case(f"{name} of bools", getattr(ops, name), lambda x, n=name: getattr(np, n)(x, dtype=np.int64), (B,))
    yield Case("mean of integers", ops.mean, lambda x: np.float32(x.mean()), (N,))
    yield Case("sum in another dtype", lambda x: ops.sum(x, 0, dtype=ms.float64),
               lambda x: x.astype(float).sum(0), (X,))
    yield Case("amax of bools", ops.amax, np.max, (B,))
    yield Case("amax with initial", lambda x: ops.amax(x, 0, initial=0.25), lambda x: x.max(0, initial=0.25), (X,))
    yield Case("amin where", lambda x, w: ops.amin(x, 1, initial=9.0, where=w),
               lambda x, w: x.min(1, initial=9, where=w), (X, B))
    yield Case("max", lambda x: ops.max(x, 1), lambda x: (x.max(1), x.argmax(1)), (X,))
    yield Case("max keeping axes", lambda x: ops.max(x, 0, True), lambda x: (x.max(0)[None], x.argmax(0)[None]), (X,))
    yield Case("min", lambda x: ops.min(x, -1), lambda x: (x.min(1), x.argmin(1)), (X,))
    yield Case("max of all", ops.max, lambda x: (x.max(), np.int32(0)), (X,))
    yield Case("argmax", ops.argmax, np.argmax, (X,))
    yield Case("argmax by the names of MindSpore 1", lambda x: ops.argmax(x, axis=1, keepdims=True),
               lambda x: x.argmax(1)[:, None], (X,))
    yield Case("argmax along", lambda x: ops.argmax(x, 0), lambda x: x.argmax(0), (X,))
    yield Case("argmin along", lambda x: ops.argmin(x, 1, True), lambda x: x.argmin(1)[:, None], (X,))
    yield Case("aminmax", lambda x: ops.aminmax(x, axis=1), lambda x: (x.min(1), x.max(1)), (X,))
    yield Case("ptp", lambda x: ops.ptp(x, 0), lambda x: np.ptp(x, 0), (X,))
    yield Case("median", lambda x: ops.median(x, 1), lambda x: (np.sort(x, 1)[:, 1], np.argsort(x, 1)[:, 1]), (X,))
    yield Case("median keeping axes", lambda x: ops.median(x[:, :3], 1, True)[0],
               lambda x: np.median(x[:, :3], 1, keepdims=True), (X,))
    yield Case("var with ddof", lambda x: ops.var(x, 1, 1), lambda x: x.var(1, ddof=1), (X,))
    yield Case("std_mean", lambda x: ops.std_mean(x, 0), lambda x: (x.std(0), x.mean(0)), (X,))
    yield Case("var_mean", lambda x: ops.var_mean(x, (0, 1), True), lambda x: (x.var(ddof=1), x.mean()), (X,))
    yield Case("var of integers", ops.var, lambda x: np.float32(x.var()), (N,))
    yield Case("nansum", lambda x: ops.nansum(x, 1), lambda x: np.nansum(x, 1), (NANS,), grad=False)
    yield Case("nanmean", lambda x: ops.nanmean(x, 1)[:1], lambda x: np.nanmean(x[:1], 1), (NANS,), grad=False)
    yield Case("count_nonzero", lambda x: ops.count_nonzero(x, 1), lambda x: np.count_nonzero(x, 1), (N,))
    yield Case("logsumexp", lambda x: ops.logsumexp(x, 1), lambda x: np.log(np.exp(x).sum(1)), (X,))
    yield Case("logsumexp of large numbers", lambda x: ops.logsumexp(x, (0, 1), True),
               lambda x: np.float32([[1000 + np.log(np.exp(x - 1000).sum())]]), (X + 1000,), grad=False)
    yield Case("logsumexp of infinities", lambda x: ops.logsumexp(x, 1), lambda x: np.log(np.exp(x).sum(1)),
               (np.array([[-np.inf, -np.inf], [np.inf, 0]], np.float32),), grad=False)
    for ord_ in (None, 1, 2, 3, 0, np.inf, -np.inf):
        yield Case(f"norm {ord_}", lambda x, o=ord_: ops.norm(x, o, 1), lambda x, o=ord_: np.linalg.norm(x, o, 1), (X,),
                   grad=ord_ != 0)
    yield Case("norm of a matrix", ops.norm, np.linalg.norm, (X,))
    yield Case("cumsum", lambda x: ops.cumsum(x, 1), lambda x: x.cumsum(1), (X,))
    yield Case("cumsum of integers", lambda x: ops.cumsum(x, 0), lambda x: x.cumsum(0, dtype=np.int32), (N,))
    yield Case("cumprod", lambda x: ops.cumprod(x, 1), lambda x: x.cumprod(1), (CUBE,))
    yield Case("cummax", lambda x: ops.cummax(x, 1), lambda x: (np.maximum.accumulate(x, 1), places(x, 1)), (CUBE,))
    yield Case("cummin", lambda x: ops.cummin(x, 0), lambda x: (np.minimum.accumulate(x, 0), places(-x, 0)), (X,))
    yield Case("cummax of ties", lambda x: ops.cummax(x, 0), lambda x: (np.maximum.accumulate(x, 0), places(x, 0)),
               (np.array([1, 3, 3, 2, 3], np.int32),))
    yield Case("logcumsumexp", lambda x: ops.logcumsumexp(x, 0), lambda x: np.log(np.exp(x).cumsum(0)), (X,))
    yield from product_cases()


def product_cases():
    A, V, W = uniform((4, 5)), uniform((4,)), uniform((3,))
    yield Case("matmul", ops.matmul, np.matmul, (X, A))
    yield Case("matmul of stacks", ops.matmul, np.matmul, (CUBE, uniform((2, 4, 5))))
    yield Case("matmul with broadcasting", ops.matmul, np.matmul, (uniform((5, 1, 3, 4)), uniform((2, 4, 2))))
    yield Case("matrix times vector", ops.matmul, np.matmul, (X, V))
    yield Case("vector times matrix", ops.matmul, np.matmul, (W, X))
    yield Case("vector times stack", ops.matmul, np.matmul, (W, CUBE))
    yield Case("vector times vector", ops.matmul, np.matmul, (V, V + 1))
    yield Case("matmul of two dtypes", ops.matmul, lambda a, b: (a @ b).astype(np.float32), (N, A))
    yield Case("mm", ops.mm, np.matmul, (X, A))
    yield Case("bmm", ops.bmm, np.matmul, (CUBE, uniform((2, 4, 5))))
    yield Case("mv", ops.mv, np.matmul, (X, V))
    yield Case("dot", ops.dot, np.dot, (V, V + 1))
    yield Case("dot of matrices", ops.dot, np.dot, (X, A))
    yield Case("dot of stacks", ops.dot, np.dot, (CUBE, uniform((5, 4, 2))))
    yield Case("inner", ops.inner, np.inner, (X, uniform((2, 4))))
    yield Case("vecdot", ops.vecdot, lambda a, b: (a * b).sum(-1), (X, X + 1))
    yield Case("outer", ops.outer, np.outer, (V, W))
    yield Case("ger", ops.ger, np.outer, (V, W))
    yield Case("kron", ops.kron, np.kron, (X, uniform((2, 3))))
    yield Case("kron of unequal ranks", ops.kron, np.kron, (CUBE, W))
    yield Case("tensor_dot", lambda a, b: ops.tensor_dot(a, b, 1), lambda a, b: np.tensordot(a, b, 1), (CUBE, A))
    yield Case("tensor_dot over axes", lambda a, b: ops.tensor_dot(a, b, ((0, 1), (1, 0))),
               lambda a, b: np.tensordot(a, b, ((0, 1), (1, 0))), (CUBE, uniform((3, 2))))
    yield Case("batch_dot", ops.batch_dot, lambda a, b: np.einsum("bij,bjk->bik", a, b), (CUBE, uniform((2, 4, 3))))
    yield Case("batch_dot of rows", ops.batch_dot, lambda a, b: (a * b).sum(1, keepdims=True), (X, X + 1))
    yield Case("dense", ops.dense, lambda x, w, b: x @ w.T + b, (CUBE, uniform((5, 4)), uniform((5,))))
    yield Case("dense without bias", ops.dense, lambda x, w: x @ w.T, (X, uniform((5, 4))))
    yield Case("dense with one row", ops.dense, lambda x, w: x @ w, (X, V))
    yield Case("bias_add", ops.bias_add, lambda x, b: x + b[:, None], (CUBE, W))
    yield Case("addmm", lambda a, b, c: ops.addmm(a, b, c, beta=0.5, alpha=2), lambda a, b, c: 0.5 * a + 2 * b @ c,
               (uniform((3, 5)), X, A))
    yield Case("addmv", ops.addmv, lambda a, b, c: a + b @ c, (W, X, V))
    yield Case("addr", ops.addr, lambda a, b, c: a + np.outer(b, c), (X, W, V))
    yield Case("baddbmm", ops.baddbmm, lambda a, b, c: a + b @ c, (uniform((2, 3, 5)), CUBE, uniform((2, 4, 5))))
    yield Case("addbmm", ops.addbmm, lambda a, b, c: a + (b @ c).sum(0), (uniform((3, 5)), CUBE, uniform((2, 4, 5))))
    for n in (0, 1, 5):
        yield Case(f"matrix_power {n}", lambda x, n=n: ops.matrix_power(x, n),
                   lambda x, n=n: np.linalg.matrix_power(x, n), (uniform((2, 3, 3), -1, 1),), grad=n > 0)
    yield Case("cross", ops.cross, np.cross, (uniform((4, 3)), uniform((4, 3), seed=1)))


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad and any(a.dtype.kind == "f" for a in c.ins)], ids=repr)
def test_gradients(case):
    check_gradient(case)


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
@pytest.mark.parametrize("function, shares", [
    (ops.amax, [1, 1, 0]), (lambda x, axis: ops.max(x, axis)[0], [1, 1, 0]),
    (lambda x, axis: -ops.amin(-x, axis), [2, 2, 0])], ids=["amax", "max", "amin"])
def test_the_gradient_of_an_extremum_of_integers_is_of_integers(function, shares, mode):
    """The share of several largest elements is rounded down: 3 / 2 to 1, and -3 / 2 to -2."""
    before = ms.get_context("mode")
    ms.set_context(mode=mode)
    try:
        found = ms.grad(lambda x: function(x, 1) * 3)(Tensor([[1, 5, 2], [4, 4, 0]], ms.int64))
        assert found.dtype == ms.int64 and found.asnumpy().tolist() == [[0, 3, 0], shares]
    finally:
        ms.set_context(mode=before)


def test_the_norm_of_zero_has_the_derivative_zero():
    assert ms.grad(ops.norm)(Tensor([0.0, 0.0])).asnumpy().tolist() == [0, 0]


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_means_of_half_precision_are_accumulated_in_single(name):
    x = Tensor(np.full(4096, 60000.0, np.float32)).astype(getattr(ms, name))
    assert float(ops.mean(x)) == float(x[0])


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
def test_the_dtype_of_places(how):
    x = Tensor(X)
    for find in (ops.argmin, lambda x: x.argmin(1), lambda x: ops.argmin(x, 0, True), ms.numpy.argmin):
        assert how(find)(x).dtype is ms.int32
    for find in (ops.argmax, ms.mint.argmin, lambda x: x.min(1, return_indices=True)[1], lambda x: ops.min(x, 1)[1]):
        assert how(find)(x).dtype is ms.int64


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
def test_the_extrema_of_all_elements_but_nan(how):
    x = np.array([[9, 3, 4], [1, np.nan, np.inf]], np.float32)
    for keepdims in (False, True):
        found = how(lambda x, keepdims=keepdims: ops.aminmax(x, axis=None, keepdims=keepdims))(Tensor(x))
        assert [v.item() for v in found] == [1, np.inf] and found[0].shape == (1, 1) * keepdims
    assert all(np.isnan(v.item()) for v in ops.aminmax(Tensor([np.nan, np.nan]), axis=None))
    assert [v.item() for v in ops.aminmax(Tensor([[3, 1], [2, 7]]), axis=None)] == [1, 7]
    slope = ms.grad(lambda x: ops.aminmax(x, axis=None)[0])(Tensor(x))
    assert slope.asnumpy().tolist() == [[0, 0, 0], [1, 0, 0]]
