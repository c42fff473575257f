"""Sparse tensors: their parts and conversions, and the operators on them, against dense NumPy arrays, in both modes,
with gradients by values and dense operands."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, uniform

import mindspore as ms
from mindspore import COOTensor, CSRTensor, RowTensor, Tensor, nn, ops
from mindspore.ops import functional as F
from mindspore.ops import operations as P
from mindspore.ops import sparse
from mindspore.ops.operations import sparse_ops

PLACES = np.array([[2, 1], [0, 3], [2, 0], [0, 0]])
V, W = uniform((4,)), uniform((5,), seed=2)
STARTS, COLUMNS = np.array([0, 2, 2, 5], np.int32), np.array([3, 0, 1, 2, 0], np.int32)
D, E = uniform((3, 4)), uniform((4, 2))


def dense(values, places=PLACES, shape=(3, 4)):
    out = np.zeros(shape, values.dtype)
    np.add.at(out, tuple(places.T), values)
    return out


ROWS = np.repeat(np.arange(3), np.diff(STARTS))


def rows(values):
    return dense(values, np.stack([ROWS, COLUMNS], 1), (3, 4, *values.shape[1:]))


def coo(values, places=PLACES):
    return COOTensor(Tensor(places), values, (3, 4))


def csr(values):
    return CSRTensor(Tensor(STARTS), Tensor(COLUMNS), values, (3, 4, *values.shape[1:]))


def sorted_csr(values):
    """The matrix of `coo`, whose values are given in row-major order."""
    return CSRTensor(Tensor([0, 2, 2, 4]), Tensor([0, 3, 0, 1]), values, (3, 4))


def sorted_dense(values):
    return dense(values, np.array([[0, 0], [0, 3], [2, 0], [2, 1]]))


def softmax(values):
    out = np.empty_like(values)
    for k in range(3):
        part = np.exp(values[ROWS == k])
        out[ROWS == k] = part / part.sum()
    return out


def matmul(sign, flip):
    return lambda i, v, d: P.SparseTensorDenseMatmul(sign, flip)(i, v, (3, 4), d)


CASES = [
    Case("coo", lambda v: coo(v).to_dense(), dense, (V,)), Case("csr", lambda v: csr(v).to_dense(), rows, (W,)),
    Case("csr of rows", lambda v: csr(v).to_dense(), rows, (uniform((5, 2)),)),
    Case("rows", lambda v: RowTensor(Tensor([2, 0]), v, (3, 4)).to_dense(), lambda v: np.stack([v[1], v[0] * 0, v[0]]),
         (uniform((2, 4)),)),
    Case("coo to csr", lambda v: coo(v).to_csr().to_tuple()[:3], lambda v: (
        np.array([0, 2, 2, 4]), np.array([3, 0, 1, 0]), v[[1, 3, 0, 2]]), (V,)),
    Case("csr to coo", lambda v: csr(v).to_coo().to_tuple()[:2], lambda v: (np.stack([ROWS, COLUMNS], 1), v), (W,)),
    Case("dense to coo", lambda v: F.dense_to_sparse_coo(Tensor([[0, 2], [3, 0]])).to_tuple()[:2], lambda v: (
        np.array([[0, 1], [1, 0]]), np.array([2, 3])), (V,), False),
    Case("dense to csr", lambda v: F.dense_to_sparse_csr(Tensor([[0, 2], [3, 0]])).to_tuple()[:3], lambda v: (
        np.array([0, 1, 2]), np.array([1, 0]), np.array([2, 3])), (V,), False),
    Case("coalesced", lambda v: coo(v, np.array([[2, 1], [0, 3], [2, 1], [0, 0]])).coalesce().to_tuple()[:2],
         lambda v: (np.array([[0, 0], [0, 3], [2, 1]]), np.stack([v[3], v[1], v[0] + v[2]])), (V,)),
    Case("starts", lambda r: F.coo2csr(r, 4), lambda r: np.array([0, 2, 2, 3, 3], np.int32), (
        np.array([0, 0, 2], np.int32),)),
    Case("rows of starts", lambda s: F.csr2coo(s, 5), lambda s: ROWS.astype(np.int32), (STARTS,)),

    Case("coo + coo", lambda v, w: (coo(v) + coo(w, PLACES[::-1])).to_dense(), lambda v, w: dense(v) + dense(w[::-1]),
         (V, uniform((4,), seed=9))),
    Case("coo - coo", lambda v, w: (coo(v) - coo(w)).to_dense(), lambda v, w: dense(v - w), (V, V[::-1] * 3)),
    Case("coo + dense", lambda v, d: coo(v) + d, lambda v, d: dense(v) + d, (V, D)),
    Case("coo - dense", lambda v, d: coo(v) - d, lambda v, d: dense(v) - d, (V, D)),
    Case("above a limit", lambda v: coo(v).add(coo(Tensor(V)), 3.0).values, lambda v: 2 * V[[3, 1, 0, 2]][np.abs(
        2 * V[[3, 1, 0, 2]]) >= 3], (V,), False, False),
    Case("coo * dense", lambda v, d: (coo(v) * d).to_dense(), lambda v, d: dense(v) * d, (V, D)),
    Case("coo / row", lambda v, d: (coo(v) / d).to_dense(), lambda v, d: dense(v) / d, (V, np.abs(D[0]) + 1)),
    Case("coo * number", lambda v: (2 * coo(v) * 3.0).to_dense(), lambda v: dense(6 * v), (V,)),
    Case("-coo", lambda v: (-coo(v)).abs().to_dense(), lambda v: dense(np.abs(v)), (V,)),
    *[Case(f"concat {k}", lambda v, w, k=k: F.coo_concat((coo(v), coo(w)), k).to_tuple()[:2], lambda v, w, k=k: (
        np.stack(np.concatenate([dense(v), dense(w)], k).nonzero(), 1), np.concatenate([dense(v), dense(w)], k)[
            np.concatenate([dense(v), dense(w)], k) != 0]), (V, V + 0.1)) for k in (0, -1)],
    Case("csr + csr", lambda v, w: csr(v).add(sorted_csr(w), 2.0, 3.0).to_dense(), lambda v, w: 2 * rows(
        v) + 3 * sorted_dense(w), (W, V)),
    Case("csr - csr", lambda v, w: (csr(v) - csr(w)).to_dense(), lambda v, w: rows(v - w), (W, W[::-1] * 2)),
    Case("csr * dense", lambda v, d: F.csr_mul(csr(v), d).to_dense(), lambda v, d: rows(v) * d, (W, D)),
    Case("csr / column", lambda v, d: F.csr_div(csr(v), d).to_dense(), lambda v, d: rows(v) / d, (W, np.abs(
        D[:, :1]) + 1)),
    Case("csr mv", lambda v, d: csr(v).mv(d), lambda v, d: rows(v) @ d, (W, E[:, :1])),
    Case("csr mm", lambda v, d: csr(v).mm(d), lambda v, d: rows(v) @ d, (W, E)),
    Case("csr mm transposed", lambda v, d: F.csr_mm(csr(v), d, True, False, False, True), lambda v, d: rows(v).T @ d.T,
         (W, uniform((2, 3)))),
    *[Case(f"csr mm csr {a} {b}", lambda v, w, a=a, b=b: F.csr_mm(csr(v), sorted_csr(w), a, b).to_dense(),
           lambda v, w, a=a, b=b: (rows(v).T if a else rows(v)) @ (
               sorted_dense(w).T if b else sorted_dense(w)), (W, V))
      for a, b in ((True, False), (False, True))],
    *[Case(f"csr sum {k}", lambda v, k=k: csr(v).sum(k), lambda v, k=k: rows(v).sum(k, keepdims=True), (W,))
      for k in (0, 1, -1)],
    Case("csr gather", lambda d: F.csr_gather(Tensor(STARTS), Tensor(COLUMNS), d, (3, 4)), lambda d: d[ROWS, COLUMNS], (
        D,)),
    Case("csr softmax", lambda v: F.csr_softmax(csr(v), v.dtype).values, softmax, (W,), False),
    Case("sparse matrix softmax", lambda v: sparse_ops.SparseMatrixSoftmax(v.dtype)(
        Tensor([3, 4]), Tensor([0, 4]), Tensor(STARTS), Tensor(COLUMNS), v)[4], softmax, (W,), False),
    *[Case(f"matmul {a} {b}", matmul(a, b), lambda i, v, d, a=a, b=b: (dense(v).T if a else dense(v)) @ (
        d.T if b else d), (PLACES, V, (D if a else E).T if b else (D if a else E))) for a in (False, True)
      for b in (False, True)],
    Case("sparse to dense", lambda i, v: P.SparseToDense()(i, v, (3, 4)), lambda i, v: dense(v), (PLACES, V)),
    Case("places to dense", lambda i, v: P.SparseToDense()(i, v, (5,)), lambda i, v: np.bincount(i, v, 5).astype(
        v.dtype), (np.array([3, 0, 4, 2]), V)),
    Case("sparse + dense", lambda i, v, d: P.SparseTensorDenseAdd()(i, v, (3, 4), d), lambda i, v, d: dense(v) + d, (
        PLACES, V, D)),
    Case("slice", lambda v: P.SparseSlice()(Tensor(PLACES), v, (3, 4), (0, 1), (3, 9)), lambda v: (
        np.array([[2, 0], [0, 2]]), v[:2], np.array([3, 3])), (V,)),
    Case("rows and rows", lambda v: sparse.row_tensor_add(*[RowTensor(Tensor([2, 0]), v, (3, 4))] * 2).to_dense(),
         lambda v: np.stack([2 * v[1], v[0] * 0, 2 * v[0]]), (uniform((2, 4)),)),
    Case("rows and dense", lambda v, d: F.row_tensor_add(RowTensor(Tensor([2, 0]), v, (3, 4)), d),
         lambda v, d: d + np.stack([v[1], v[0] * 0, v[0]]), (uniform((2, 4)), D)),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.traced], ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad and any(a.dtype.kind == "f" for a in c.ins)], ids=repr)
def test_gradients(case):
    check_gradient(case)


ELEMENTWISE = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh exp expm1 floor inv isfinite isinf isnan log "
    "log1p neg relu relu6 round sigmoid sin sinh softsign sqrt square tan tanh").split()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_element_by_element(name):
    data = np.linspace(1.1, 1.9, 4).astype(np.float32) if name == "acosh" else np.float32([0.1, 0.5, 0.25, 0.75])
    own = {"inv": np.reciprocal, "relu6": lambda x: x.clip(0, 6), "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
           "softsign": lambda x: x / (1 + np.abs(x)), "relu": lambda x: x.clip(0), "neg": np.negative,
           **{a: getattr(np, "arc" + a[1:]) for a in ("acos", "acosh", "asin", "asinh", "atan", "atanh")}}
    expected = own[name](data) if name in own else getattr(np, name)(data)
    for kind, x in (("coo", coo(Tensor(data))), ("csr", coo(Tensor(data)).to_csr())):
        result = getattr(F, f"{kind}_{name}")(x)
        assert type(result) is type(x)
        at = slice(None) if kind == "coo" else [1, 3, 0, 2]
        np.testing.assert_allclose(result.values.asnumpy(), expected[at], rtol=1e-5)
    with pytest.raises(TypeError, match="must be a COOTensor"):
        getattr(F, f"coo_{name}")(Tensor(data))


def test_the_parts():
    x, y = coo(Tensor(V)), csr(Tensor(W))
    assert (x.shape, x.dtype, x.ndim, x.size, x.itemsize) == ((3, 4), ms.float32, 2, 4, 4)
    assert x.indices.asnumpy().tolist() == PLACES.tolist() and x.to_tuple()[2] == (3, 4)
    assert y.indptr.asnumpy().tolist() == STARTS.tolist() and y.indices.asnumpy().tolist() == COLUMNS.tolist()
    assert y.astype(ms.float16).dtype is ms.float16 and type(y.astype(ms.float16)) is CSRTensor
    assert COOTensor(coo_tensor=x).values is x.values and CSRTensor(csr_tensor=y).indptr is y.indptr
    assert isinstance(ms.SparseTensor(Tensor(PLACES), Tensor(V), (3, 4)), COOTensor)
    assert RowTensor(row_tensor=RowTensor(Tensor([1]), Tensor(D[:1]), (3, 4))).dense_shape == (3, 4)
    assert repr(x).startswith("COOTensor(shape=[3, 4], dtype=Float32, indices=Tensor(") and x != y and x == x
    for same in (copy.copy(y), pickle.loads(pickle.dumps(y))):
        assert type(same) is CSRTensor and np.array_equal(same.to_dense().asnumpy(), rows(W))
    assert F.csr_tensor_get_indptr(y) is y.indptr and F.coo_tensor_get_dense_shape(x) == (3, 4)
    assert F.make_row_tensor(Tensor([1]), Tensor(D[:1]), (3, 4)).indices.shape == (1,)


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.to_dense, self.product = nn.SparseToDense(), nn.SparseTensorDenseMatmul(adjoint_st=True)

    def construct(self, x, d):
        if d.sum() > 0:
            x = x * 2
        for _ in range(2):
            x = F.coo_neg(x)
        made = COOTensor(x.indices, x.values * 3, x.shape)
        return made, self.to_dense(made), self.product(x.indices, x.values, x.shape, d), made.to_csr()


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
def test_a_network_takes_and_returns_them(mode):
    ms.set_context(mode=mode)
    net = Net()
    for d in (np.abs(D), -np.abs(D)):
        factor = 2 if d.sum() > 0 else 1
        made, whole, product, as_rows = net(coo(Tensor(V)), Tensor(d))
        assert type(made) is COOTensor and type(as_rows) is CSRTensor and made.shape == (3, 4)
        np.testing.assert_allclose(whole.asnumpy(), dense(V) * 3 * factor, rtol=1e-5)
        np.testing.assert_allclose(as_rows.to_dense().asnumpy(), whole.asnumpy())
        np.testing.assert_allclose(product.asnumpy(), dense(V).T @ d * factor, rtol=1e-4, atol=1e-5)
    with pytest.raises(TypeError, match="must be a COOTensor"):
        nn.SparseToDense()(Tensor(D))


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_gradients_by_values(compiled):
    def loss(values, vector):
        x = CSRTensor(Tensor(STARTS), Tensor(COLUMNS), values, (3, 4))
        return (F.csr_mv(x, vector) ** 2).sum()

    step = ms.grad(loss, (0, 1))
    by_values, by_vector = (ms.jit(step) if compiled else step)(Tensor(W), Tensor(E[:, :1]))
    product = rows(W) @ E[:, :1]
    np.testing.assert_allclose(by_values.asnumpy(), (2 * product @ E[:, :1].T)[ROWS, COLUMNS], rtol=1e-4)
    np.testing.assert_allclose(by_vector.asnumpy(), 2 * rows(W).T @ product, rtol=1e-4)


def test_indices_that_are_computed():
    @ms.jit
    def total(i, v):
        return COOTensor(i + 0, v, (3, 4)).coalesce().values

    with pytest.raises(Exception, match="known only at run time"):
        total(Tensor(PLACES), Tensor(V))


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: COOTensor(Tensor(PLACES), Tensor(V), [3, 4, 5]), ValueError, "indices have shape"),
    (lambda: COOTensor(Tensor(PLACES), Tensor(V), 3), TypeError, "tuple of ints"),
    (lambda: COOTensor(Tensor(D), Tensor(V), (3, 4)), TypeError, "integer dtype"),
    (lambda: COOTensor(PLACES, Tensor(V), (3, 4)), TypeError, "indices must be a Tensor"),
    (lambda: COOTensor(coo_tensor=Tensor(V)), TypeError, "only argument"),
    (lambda: CSRTensor(Tensor(STARTS), Tensor(COLUMNS), Tensor(V), (3, 4)), ValueError, "indptr has shape"),
    (lambda: CSRTensor(csr_tensor=1), TypeError, "only argument"),
    (lambda: RowTensor(Tensor([1, 2]), Tensor(D), (3, 4)), ValueError, "expected"),
    (lambda: RowTensor(row_tensor=1), TypeError, "only argument"),
    (lambda: csr(Tensor(W)).mv(Tensor(D)), ValueError, "csr_mv"), (lambda: csr(Tensor(W)).mm(Tensor(D)), ValueError,
                                                                    "inner sizes"),
    (lambda: csr(Tensor(W)) + Tensor(D), TypeError, "b must be a CSRTensor"),
    (lambda: coo(Tensor(V)) + 1, TypeError, "must be a Tensor"),
    (lambda: coo(Tensor(V)) + Tensor(V), ValueError, "shape"),
    (lambda: F.coo_add(coo(Tensor(V)), COOTensor(Tensor(PLACES), Tensor(V), (4, 4)), 0), ValueError, "one shape"),
    (lambda: F.coo_concat([coo(Tensor(V))]), ValueError, "at least 2"),
    (lambda: P.SparseTensorDenseMatmul()(Tensor(PLACES), Tensor(V), (3, 4), Tensor(D)), ValueError, "inner sizes"),
    (lambda: P.SparseSlice()(Tensor(PLACES), Tensor(V), (3, 4), (0,), (1, 1)), ValueError, "each axis"),
    (lambda: sparse_ops.SparseMatrixSoftmax(ms.float32)(Tensor([3]), *[Tensor([0])] * 4), ValueError,
     "the rows and columns"),
    (lambda: nn.SparseTensorDenseMatmul(1), TypeError, "adjoint_st"),
    (lambda: ops.dense_to_sparse_coo(Tensor(1.0)), ValueError, "no axes"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()


def test_methods_of_dense_tensors():
    assert type(Tensor(D).to_coo()) is COOTensor and type(Tensor(D).to_csr()) is CSRTensor
    np.testing.assert_array_equal(Tensor(D).to_csr().to_dense().asnumpy(), D)


def test_integers_add_up():
    x = COOTensor(Tensor([[1], [1]]), Tensor(ints((2,), 1, 5)), (3,))
    assert x.to_dense().asnumpy()[1] == ints((2,), 1, 5).sum()


@pytest.mark.parametrize("make, remake", [
    (lambda v: COOTensor(Tensor(PLACES), v, (3, 4)), lambda x: COOTensor(x.indices, x.values * 2, x.shape)),
    (lambda v: CSRTensor(Tensor(STARTS[:3]), Tensor(COLUMNS[:4]), v, (2, 4)),
     lambda x: CSRTensor(x.indptr, x.indices, x.values * 2, x.shape))], ids=["COOTensor", "CSRTensor"])
def test_loops_carry_sparse_tensors(make, remake):
    def doubled(n, values):
        found = make(values)
        while n < 3:
            found = remake(found)
            n += 1
        return found

    values = Tensor([1.0, 2.0, 3.0, 4.0])
    found = ms.jit(doubled)(Tensor(0), values)
    assert type(found) is type(make(values)) and found.shape == make(values).shape
    assert found.values.asnumpy().tolist() == [8, 16, 24, 32]
    slope = ms.jit(ms.grad(lambda v, n: doubled(n, v).values.sum()))(values, Tensor(1))
    assert slope.asnumpy().tolist() == [4] * 4


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
def test_a_sparse_tensor_is_taken_from_a_dense_one(how):
    found, kind = how(lambda values, x: (x - coo(values), F.dtype(coo(values))))(Tensor(V), Tensor(D))
    np.testing.assert_allclose(found.asnumpy(), D - dense(V), rtol=1e-6)
    assert kind is Tensor(V).dtype


STACK = (Tensor([2, 3, 4], ms.int32), Tensor([0, 3, 5], ms.int32), Tensor([0, 2, 2, 3, 0, 1, 1, 2], ms.int32),
         Tensor([1, 3, 0, 2, 0], ms.int32), Tensor([1.0, 2.0, 3.0, 4.0, 5.0]))


def dense_of_stack():
    dense = np.zeros((2, 3, 4), np.float32)
    dense[[0, 0, 0, 1, 1], [0, 0, 2, 0, 2], [1, 3, 0, 2, 0]] = [1, 2, 3, 4, 5]
    return dense


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("flags", [{}, {"transpose_x1": True}, {"transpose_x2": True}, {"transpose_output": True},
                                   {"adjoint_x1": True, "adjoint_x2": True, "conjugate_output": True}], ids=str)
def test_sparse_matrices_times_dense_ones(flags, how):
    x1, x2 = dense_of_stack(), np.random.default_rng(3).normal(size=(2, 4, 5)).astype(np.float32)
    x1 = x1.swapaxes(1, 2) if flags.keys() & {"transpose_x1", "adjoint_x1"} else x1
    x2 = x2 if x1.shape[2] == 4 else x2[:, :3]
    given = x2.swapaxes(1, 2) if flags.keys() & {"transpose_x2", "adjoint_x2"} else x2
    product = sparse_ops.SparseMatrixMatMul(**flags)
    found = how(lambda *last: product(STACK[0], *STACK[1:4], *last))(STACK[4], Tensor(np.ascontiguousarray(given)))
    expected = x1 @ x2
    expected = expected.swapaxes(1, 2) if "transpose_output" in flags else expected
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-5, atol=1e-6)


def test_gradients_of_a_sparse_matrix_times_a_dense_one():
    matrix = Tensor([3, 4], ms.int32), Tensor([0, 3], ms.int32), Tensor([0, 2, 2, 3], ms.int32), STACK[3][:3]
    x2 = np.arange(8, dtype=np.float32).reshape(4, 2)
    by_values, by_dense = ms.grad(lambda v, d: sparse_ops.SparseMatrixMatMul()(*matrix, v, d), (0, 1))(
        STACK[4][:3], Tensor(x2))
    assert by_values.asnumpy().tolist() == x2.sum(1)[[1, 3, 0]].tolist()
    assert by_dense.asnumpy().tolist() == [[3, 3], [1, 1], [0, 0], [2, 2]]


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize(("old", "new", "sizes"), [
    ((2, 3, 6), (9, -1), (9, 4)), ((4, 6), (2, 2, 6), (2, 2, 6)), ((3, 4), (-1,), (12,)), ((5,), (1, 5, 1), (1, 5, 1))])
def test_a_sparse_tensor_in_another_shape(old, new, sizes, how):
    places = np.argwhere(np.random.default_rng(5).uniform(size=old) < 0.4)
    indices, shape = how(sparse_ops.SparseReshape())(Tensor(places), Tensor(old), Tensor(new))
    expected = np.stack(np.unravel_index(np.ravel_multi_index(tuple(places.T), old), sizes), 1)
    assert indices.asnumpy().tolist() == expected.tolist() and tuple(shape.asnumpy()) == sizes


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: sparse_ops.SparseReshape()(Tensor([[0, 1]], ms.int32), Tensor([2, 3]), Tensor([6])), TypeError, "Int64"),
    (lambda: sparse_ops.SparseReshape()(Tensor([[0, 1]]), Tensor([2, 3, 1]), Tensor([6])), ValueError, "new axes"),
    *[(lambda new=new: sparse_ops.SparseReshape()(Tensor([[0, 1]]), Tensor([2, 3]), Tensor(new))[1].asnumpy(),
       RuntimeError, "condition does not hold") for new in ([4, -1], [-1, -1], [-2, -3], [7])],
    (lambda: sparse_ops.SparseMatrixMatMul(transpose_x1=True, adjoint_x1=True)(*STACK, STACK[4]), ValueError, "both"),
    (lambda: sparse_ops.SparseMatrixMatMul()(*STACK, ops.ones((4, 5), ms.float32)), ValueError, r"for n = 1"),
])
def test_refused_forms_of_sparse_matrices(call, error, words):
    with pytest.raises(error, match=words):
        call()
