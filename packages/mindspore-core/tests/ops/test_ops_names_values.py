"""Operators that have no table of their own elsewhere, under each of the names by which they are called: against NumPy,
or against values of the published tables where NumPy has no such function."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, mint, ops
from mindspore.ops import functional as F
from mindspore.ops import operations as P

X = np.float32([[-0.9, 0.3, 0.7], [0.2, -0.4, 0.9]])
BIG = X + 2
WHOLE = np.int32([[12, -7, 5], [-5, 3, -30]])
OTHER = np.int32([[18, 2, -2], [3, -2, 12]])
COMPLEX = np.complex64([3 + 4j, -1 - 1j, 2j])
SPD = np.float32([[4, 2, 0.5], [2, 5, 1], [0.5, 1, 3]])
LOWER = np.linalg.cholesky(SPD)
ROWS, V = np.int32([1, 0]), np.float32([[1, 2, 3], [4, 5, 6]])
PLACES = np.int32([[1], [0]])


def tensors(operands):
    return [Tensor(x) if isinstance(x, np.ndarray) else x for x in operands]


def check(found, expected, tolerance=1e-5):
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            check(one, other, tolerance)
        return
    found = found.asnumpy() if isinstance(found, Tensor) else found
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    assert np.shape(found) == np.shape(expected)


# Handbook of Mathematical Functions, tables 9.1, 9.8 and 6.1, and the Riemann zeta function at 2 and 4.
CLASSES = [
    (P.BesselI0(), [np.float64([0, 1, 2])], [1, 1.2660658778, 2.2795853023]),
    (P.BesselI1(), [np.float64([0, 1, 2])], [0, 0.5651591040, 1.5906368546]),
    (P.BesselI1e(), [np.float64([1, 2])], [0.2079104154, 0.2152692892]),
    (P.BesselJ0(), [np.float64([0, 1, 2])], [1, 0.7651976866, 0.2238907791]),
    (P.BesselJ1(), [np.float64([0, 1, 2])], [0, 0.4400505857, 0.5767248078]),
    (P.BesselK0(), [np.float64([1, 2])], [0.4210244382, 0.1138938727]),
    (P.BesselK0e(), [np.float64([1, 2])], [1.1444630797, 0.8415682151]),
    (P.BesselK1(), [np.float64([1, 2])], [0.6019072302, 0.1398658818]),
    (P.BesselK1e(), [np.float64([1, 2])], [1.6361534863, 1.0334768471]),
    (P.BesselY0(), [np.float64([1, 2])], [0.0882569642, 0.5103756726]),
    (P.Digamma(), [np.float64([1, 2, 0.5])], [-0.5772156649, 0.4227843351, -1.9635100260]),
    (P.Zeta(), [np.float64([2, 4]), np.float64([1, 1])], [math.pi ** 2 / 6, math.pi ** 4 / 90]),
    (P.Erfinv(), [np.float64([0, 0.5, -0.5])], [0, 0.4769362762, -0.4769362762]),
    (P.Igamma(), [np.float64([1, 1]), np.float64([0.5, 2])], 1 - np.exp([-0.5, -2])),
    (P.Igammac(), [np.float64([1, 1]), np.float64([0.5, 2])], np.exp([-0.5, -2])),
    (P.Gcd(), [WHOLE, OTHER], np.gcd(WHOLE, OTHER)), (P.Lcm(), [WHOLE, OTHER], np.lcm(WHOLE, OTHER)),
    (P.NextAfter(), [X, BIG], np.nextafter(X, BIG)),
    (P.Angle(), [COMPLEX], np.angle(COMPLEX)), (P.Conj(), [COMPLEX], np.conj(COMPLEX)),
    (P.Real(), [COMPLEX], COMPLEX.real), (P.Imag(), [COMPLEX], COMPLEX.imag),
    (P.Polar(), [np.float32([1, 2]), np.float32([0, 1])], np.complex64([1, 2 * np.exp(1j)])),
    (P.CholeskyInverse(), [LOWER], np.linalg.inv(SPD)), (P.CholeskyInverse(True), [LOWER.T.copy()], np.linalg.inv(SPD)),
    (P.CholeskySolve(), [BIG.T.copy(), LOWER], np.linalg.solve(SPD, BIG.T)),
    (P.InplaceAdd((1, 0)), [X, V], X + V[::-1]), (P.InplaceAdd(1), [X, V[:1]], X + [[0] * 3, V[0]]),
    (P.InTopK(2), [BIG, np.int32([0, 2])], [False, True]),
    (P.Renorm(2, 0, 1.0), [V], V / np.linalg.norm(V, axis=1, keepdims=True)),
    (P.RmsNorm(1e-6), [V, np.float32([1, 2, 3])],
     (V / np.sqrt((V ** 2).mean(1, keepdims=True)) * [1, 2, 3], 1 / np.sqrt((V ** 2).mean(1, keepdims=True)))),
    (P.SegmentMin(), [np.vstack([X, V]), np.int32([0, 0, 2, 2])], [X.min(0), [0] * 3, V.min(0)]),
    (P.SegmentProd(), [np.vstack([X, V]), np.int32([0, 0, 2, 2])], [X.prod(0), [1] * 3, V.prod(0)]),
    (P.UniqueWithPad(), [np.int32([4, 7, 4, 9]), 0], ([4, 7, 9, 0], [0, 1, 0, 2])),
    (P.Coalesce(), [np.int64([[0, 0, 1], [1, 1, 2]]), np.float32([1, 5, 4]), np.int64([3, 3])],
     ([[0, 1], [1, 2]], [6, 4], [3, 3])),
]


@pytest.mark.parametrize("operator, operands, expected", CLASSES, ids=[str(c[0].name) + str(i) for i, c in
                                                                       enumerate(CLASSES)])
def test_class(operator, operands, expected):
    check(operator(*tensors(operands)), expected)


JOINS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum, "min": np.minimum,
         "update": lambda old, new: new}


@pytest.mark.parametrize("join", JOINS)
def test_scatter(join):
    """Rows of a Parameter, or of a tensor, joined with others: ops.scatter_x, ops.scatter_nd_x, tensor_scatter_x."""
    expected = JOINS[join](BIG, V[::-1])
    for name, places in ((f"scatter_{join}", ROWS), (f"scatter_nd_{join}", PLACES)):
        assert getattr(F, name) is not None
        kept = Parameter(Tensor(BIG))
        check(getattr(ops, name)(kept, Tensor(places), Tensor(V)), expected)
        check(kept, expected)
    name = {"update": "tensor_scatter_update"}.get(join, f"tensor_scatter_{join}")
    operand = Tensor(BIG)
    check(getattr(ops, name)(operand, Tensor(PLACES), Tensor(V)), expected)
    check(operand, BIG)
    if join not in ("update", "add"):
        check(getattr(operand, f"scatter_{join}")(Tensor(PLACES), Tensor(V)), expected)


def test_scatters_by_name():
    """The functions above again with repeated rows, which are joined one after the other."""
    rows, added = Tensor(np.int32([0, 0])), Tensor(V)
    for function, expected in ((ops.scatter_add, BIG[0] + V.sum(0)), (ops.scatter_mul, BIG[0] * V.prod(0)),
                               (ops.scatter_div, BIG[0] / V.prod(0)), (ops.scatter_max, V.max(0)),
                               (ops.scatter_min, np.minimum(BIG[0], V.min(0)))):
        check(function(Parameter(Tensor(BIG)), rows, added), np.vstack([[expected], BIG[1:]]))
    for function, expected in ((ops.tensor_scatter_mul, BIG[0] * V.prod(0)), (ops.tensor_scatter_max, V.max(0)),
                               (ops.tensor_scatter_div, BIG[0] / V.prod(0)),
                               (ops.tensor_scatter_min, np.minimum(BIG[0], V.min(0)))):
        check(function(Tensor(BIG), Tensor(np.int32([[0], [0]])), added), np.vstack([[expected], BIG[1:]]))
    nd = Tensor(np.int32([[0, 1], [0, 1]]))
    for function, expected in ((ops.scatter_nd_add, BIG[0, 1] + 5), (ops.scatter_nd_sub, BIG[0, 1] - 5),
                               (ops.scatter_nd_mul, BIG[0, 1] * 6), (ops.scatter_nd_div, BIG[0, 1] / 6),
                               (ops.scatter_nd_max, 3), (ops.scatter_nd_min, 2)):
        found = BIG.copy()
        found[0, 1] = expected
        check(function(Parameter(Tensor(BIG)), nd, Tensor(np.float32([2, 3]))), found)
    check(ops.scatter_nd_update(Parameter(Tensor(BIG)), Tensor(PLACES), added), V[::-1])
    check(ops.scatter_update(Parameter(Tensor(BIG)), Tensor(ROWS), added), V[::-1])


FUNCTIONS = [
    ("lcm", [WHOLE, OTHER], np.lcm(WHOLE, OTHER)), ("nextafter", [X, BIG], np.nextafter(X, BIG)),
    ("truncate_mod", [WHOLE, OTHER], np.fmod(WHOLE, OTHER)), ("floor_div", [WHOLE, OTHER], WHOLE // OTHER),
    ("fills", [X, 3.5], np.full_like(X, 3.5)), ("matrix_determinant", [SPD], np.linalg.det(SPD)),
    ("log_matrix_determinant", [SPD], tuple(np.linalg.slogdet(SPD))),
    ("inplace_sub", [X, V, (0, 1)], X - V), ("reduce_min", [X, 1], X.min(1)), ("reduce_min", [X], X.min()),
    ("top_k", [X, 2], (np.sort(X)[:, :0:-1], np.argsort(X)[:, :0:-1])),
    ("unsorted_segment_prod", [X, np.int32([1, 1]), 3], np.vstack([[[1] * 3], X.prod(0)[None], [[1] * 3]])),
    ("scalar_to_array", [3], np.int64(3)), ("scalar_cast", [3.7, ms.int32], 3),
    ("bidense", [X, V, np.arange(18, dtype=np.float32).reshape(2, 3, 3), np.float32([1, 2])],
     np.einsum("bi,oij,bj->bo", X, np.arange(18).reshape(2, 3, 3), V) + [1, 2]),
]


@pytest.mark.parametrize("name, operands, expected", FUNCTIONS, ids=[f"{f[0]}{i}" for i, f in enumerate(FUNCTIONS)])
def test_function(name, operands, expected):
    check(getattr(ops, name)(*tensors(operands)), expected)
    assert getattr(F, name) is getattr(ops, name)


SCALARS = [
    ("scalar_div", [7, 2], 3.5), ("scalar_floordiv", [-7, 2], -4), ("scalar_mod", [-7, 2], 1),
    ("scalar_mul", [3, 4], 12),
    ("scalar_pow", [2, 5], 32), ("scalar_min", [2, 5], 2), ("scalar_log", [math.e], 1.0), ("scalar_uadd", [-3], -3),
    ("scalar_eq", [2, 2.0], True), ("scalar_ne", [2, 2], False), ("scalar_lt", [1, 2], True),
    ("scalar_le", [2, 1], False),
    ("scalar_gt", [1, 2], False), ("scalar_ge", [2, 2], True), ("bool_eq", [True, False], False),
    ("bool_not", [True], False),
    ("string_eq", ["a", "a"], True), ("string_concat", ["a", "b"], "ab"), ("is_not", [None, 1], True),
    ("list_equal", [[1, 2], [1, 2]], True), ("tuple_equal", [(1, 2), (1, 3)], False),
    ("make_slice", [1, 5, 2], slice(1, 5, 2)),
    ("typeof", [1.5], float),
]


@pytest.mark.parametrize("name, operands, expected", SCALARS, ids=[s[0] for s in SCALARS])
def test_scalar(name, operands, expected):
    found = getattr(ops, name)(*operands)
    assert found == expected and type(found) is type(expected)


def test_lrn():
    """Each channel divided by a power of the mean of squares of its neighbours, of all `2 * depth_radius + 1`."""
    x = np.random.default_rng(0).normal(size=(2, 5, 2, 2)).astype(np.float32)
    sums = np.stack([(x[:, max(c - 1, 0):c + 2] ** 2).sum(1) for c in range(5)], 1)
    check(ops.lrn(Tensor(x), 1, 2.0, 0.5, 0.75), x / (2 + 0.5 * sums) ** 0.75)
    check(P.LRN(1, 2.0, 0.5, 0.75)(Tensor(x)), x / (2 + 0.5 * sums) ** 0.75)


def test_in_place_draws():
    """The tensor itself holds what was drawn, from the distribution that was asked for."""
    ms.set_seed(3)
    x = Tensor(np.zeros(4000, np.float32))
    assert ops.uniform_(x, 2, 4) is x
    assert 2 <= x.asnumpy().min() < 2.1 and 3.9 < x.asnumpy().max() <= 4
    assert ops.exponential_(x, 2.0) is x
    assert x.asnumpy().min() >= 0 and abs(x.asnumpy().mean() - 0.5) < 0.05
    assert ops.random_(x, 3, 6) is x
    assert set(x.asnumpy()) == {3, 4, 5}
    y = Tensor(np.float32([0.5, 0]))
    assert ops.erfinv_(y) is y
    check(y, [0.4769362762, 0])
    z = Tensor(X)
    assert ops.inplace_sigmoid(z) is z
    check(z, 1 / (1 + np.exp(-X)))


def test_draws():
    """Means and variances of draws, by their distributions; one seed gives one sample."""
    ms.set_seed(4)
    shape = Tensor(np.int32([3000]))
    for draw, mean, variance in (
            (lambda: P.RandomGamma(seed=5)(shape, Tensor(np.float32([2.0]))), 2, 2),
            (lambda: P.Gamma(seed=5)((3000,), Tensor(np.float32(2)), Tensor(np.float32(4))), 0.5, 0.125),
            (lambda: P.RandomPoisson(seed=5)(shape, Tensor(np.float32([3.0]))), 3, 3),
            (lambda: P.Poisson(seed=5)((3000,), Tensor(np.float32(3))), 3, 3)):
        found = draw().asnumpy().astype(float)
        assert found.size == 3000 and abs(found.mean() - mean) < 0.15 and abs(found.var() - variance) < 0.3 * variance
    chosen = P.RandomCategorical()(Tensor(np.log(np.float32([[1, 1e-9, 3]]))), 2000, 7).asnumpy()
    assert chosen.shape == (1, 2000) and set(chosen.ravel()) == {0, 2} and abs((chosen == 2).mean() - 0.75) < 0.05
    chosen = P.MultinomialWithReplacement(2000, True)(Tensor(np.float32([1, 0, 3])), Tensor(7), Tensor(0)).asnumpy()
    assert chosen.shape == (2000,) and set(chosen) == {0, 2} and abs((chosen == 2).mean() - 0.75) < 0.05


def test_dropout3d():
    """Whole channels are dropped, the others scaled."""
    ms.set_seed(6)
    x = Tensor(np.ones((8, 16, 2, 2, 2), np.float32))
    found = ops.dropout3d(x, 0.25).asnumpy().reshape(128, 8)
    assert all(len(set(channel)) == 1 for channel in found)
    np.testing.assert_allclose(sorted(set(found[:, 0])), [0, 4 / 3], rtol=1e-6)
    assert 10 < (found[:, 0] == 0).sum() < 60
    check(ops.dropout3d(x, 0.25, False), x.asnumpy())
    flat = mint.nn.functional.dropout2d(Tensor(np.ones((8, 16, 4), np.float32)), 0.25).asnumpy()
    assert all(len(set(channel)) == 1 for channel in flat.reshape(-1, 4))


def test_barrier_and_constexpr():
    assert P.Barrier()() is None

    @ops.constexpr
    def doubled(n):
        return 2 * n

    @ms.jit
    def f(x):
        return x * doubled(x.shape[0])
    check(f(Tensor(X)), 4 * X)


def test_layers_and_functions_of_mint():
    """Those that no table of layers has."""
    x = np.random.default_rng(5).normal(size=(1, 2, 4, 4)).astype(np.float32)
    cube = np.random.default_rng(6).normal(size=(1, 1, 4, 4, 4)).astype(np.float32)
    a, b, sign = X, BIG[:, ::-1].copy(), np.float32([1, -1])
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    loss = np.where(sign > 0, 1 - cosine, np.maximum(0, cosine - 0.2))
    check(mint.nn.CosineEmbeddingLoss(0.2)(*tensors([a, b, sign])), loss.mean())
    check(mint.nn.ZeroPad3d(1)(Tensor(cube)), np.pad(cube, [(0, 0), (0, 0), (1, 1), (1, 1), (1, 1)]))
    check(mint.nn.Upsample(scale_factor=2.0, mode="nearest")(Tensor(x)), x.repeat(2, 2).repeat(2, 3))
    blocks = cube.reshape(1, 1, 2, 2, 2, 2, 2, 2)
    check(mint.nn.functional.avg_pool3d(Tensor(cube), 2), blocks.mean((3, 5, 7)))
    kernel = np.random.default_rng(7).normal(size=(1, 1, 4, 4, 4)).astype(np.float32)
    check(mint.nn.functional.conv3d(Tensor(cube), Tensor(kernel)), (cube * kernel).sum().reshape(1, 1, 1, 1, 1), 1e-4)
    p, t = np.float32([0.2, 0.7]), np.float32([0, 1])
    check(mint.nn.functional.binary_cross_entropy(*tensors([p, t])), -(np.log(0.8) + np.log(0.7)) / 2)
    pooled, places = mint.nn.functional.max_pool2d(Tensor(x), 2, return_indices=True)
    restored = np.where(x == x.reshape(1, 2, 2, 2, 2, 2).max((3, 5)).repeat(2, 2).repeat(2, 3), x, 0)
    check(mint.nn.functional.max_unpool2d(pooled, places, 2), restored)
    check(ms.scipy.linalg.inv(Tensor(SPD)), np.linalg.inv(SPD))


def test_views_of_axes():
    check(P.TransposeView()(Tensor(X), (1, 0)), X.T)
    check(P.TransposeExtView()(Tensor(X), 0, 1), X.T)


def test_parts_of_sparse_tensors():
    values, places = np.float32([3, 4]), np.int64([[0, 1], [2, 0]])
    sparse = F.make_sparse_tensor(Tensor(places), Tensor(values), (3, 2))
    check(F.coo_tensor_get_values(sparse), values)
    rows = sparse.to_csr()
    check(F.csr_tensor_get_values(rows), values)
    check(F.csr_tensor_get_indptr(rows), [0, 1, 1, 2])
    check(F.csr_to_dense(rows), [[0, 3], [0, 0], [4, 0]])
    check(F.csr_to_coo(rows).indices, places)
    check(F.csr_reduce_sum(rows, 1), [[3], [0], [4]])
    check(F.csr_to_dense(F.csr_add(rows, rows, Tensor(2.0), Tensor(-1.0))), [[0, 3], [0, 0], [4, 0]])
    check(F.row_tensor_get_values(F.make_row_tensor(Tensor([1]), Tensor(V[:1]), (3, 3))), V[:1])
