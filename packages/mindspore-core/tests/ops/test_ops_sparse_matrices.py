"""Sparse tensors given as their parts: sums, and matrices of coordinates as matrices of rows."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops.operations.sparse_ops import SparseAdd, SparseMatrixAdd, SparseTensorToCSRSparseMatrix

DRAW = np.random.default_rng(3)


def drawn(shape, dtype=np.float32, share=0.4):
    """A dense array with zeros, and its places and values in row-major order."""
    dense = np.where(DRAW.random(shape) < share, DRAW.integers(1, 9, shape), 0).astype(dtype)
    places = np.stack(dense.nonzero(), 1)
    return dense, places, dense[tuple(places.T)]


def of_rows(dense):
    """The five parts of a matrix, or a batch of them, of rows."""
    cube = dense.reshape(-1, *dense.shape[-2:])
    counts = (cube != 0).sum(2)
    begins = np.cumsum([0, *counts.sum(1)])
    rows = np.concatenate([np.cumsum([0, *c]) for c in counts])
    return np.array(dense.shape), begins, rows, dense.nonzero()[-1], dense[dense.nonzero()]


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("shape", [(4, 5), (3, 2, 4), (1, 3, 1)])
def test_rows_of_coordinates(shape, index, kind):
    dense, places, values = drawn(shape, kind)
    order = DRAW.permutation(len(values))
    found = SparseTensorToCSRSparseMatrix()(Tensor(places[order].astype(index)), Tensor(values[order]),
                                            Tensor(np.array(shape, index)))
    for got, wanted in zip(found, of_rows(dense)):
        np.testing.assert_array_equal(got.asnumpy(), wanted)
    assert [str(v.dtype).lower() for v in found] == [np.dtype(t).name for t in (index, index, index, index, kind)]


def test_rows_of_coordinates_in_graphs_gradients_and_lanes():
    dense, places, values = drawn((2, 3, 4))
    weights = Tensor(DRAW.normal(size=len(values)).astype(np.float32))

    def converted(indices, values):
        return SparseTensorToCSRSparseMatrix()(indices, values, Tensor(np.array([2, 3, 4])))

    order = DRAW.permutation(len(values))
    mixed = Tensor(places[order]), Tensor(values[order])
    for got, wanted in zip(ms.jit(converted)(*mixed), of_rows(dense)):
        np.testing.assert_array_equal(got.asnumpy(), wanted)
    by_values = ms.grad(lambda v: (converted(mixed[0], v)[4] * weights).sum())(mixed[1])
    np.testing.assert_allclose(by_values.asnumpy(), weights.asnumpy()[order])
    lanes = ms.vmap(lambda v: converted(mixed[0], v)[4])(ops.stack([mixed[1], mixed[1] * 2]))
    np.testing.assert_array_equal(lanes.asnumpy(), [values, 2 * values])


@pytest.mark.parametrize("kind", [np.int32, np.float32, np.complex64])
@pytest.mark.parametrize("limit", [0, 6])
def test_sums_of_coordinates(kind, limit):
    (a, *one), (b, *two) = drawn((3, 4), kind), drawn((3, 4), kind)
    threshold = Tensor(np.array(limit, np.float32 if kind == np.complex64 else kind))
    shape = Tensor(np.array([3, 4]))
    indices, values, size = SparseAdd()(*map(Tensor, one), shape, *map(Tensor, two), shape, threshold)
    kept = np.where((a != 0) | (b != 0), np.abs(a + b) >= limit, False)
    np.testing.assert_array_equal(indices.asnumpy(), np.argwhere(kept))
    np.testing.assert_array_equal(values.asnumpy(), (a + b)[kept])
    assert size.asnumpy().tolist() == [3, 4]


def test_gradients_of_sums_of_coordinates():
    (_, *one), (_, *two) = drawn((3, 4)), drawn((3, 4))
    shape = Tensor(np.array([3, 4]))
    weights = Tensor(DRAW.normal(size=(3, 4)).astype(np.float32))

    def total(v, w):
        indices, values, _ = SparseAdd()(Tensor(one[0]), v, shape, Tensor(two[0]), w, shape, Tensor(0.0))
        return (values * ops.gather_nd(weights, indices)).sum()

    for found, (places, _) in zip(ms.grad(total, (0, 1))(Tensor(one[1]), Tensor(two[1])), (one, two)):
        np.testing.assert_allclose(found.asnumpy(), weights.asnumpy()[tuple(places.T)], rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 5), (3, 2, 4)])
def test_sums_of_rows(shape):
    a, b = drawn(shape)[0], drawn(shape)[0]
    parts = [[Tensor(v) for v in of_rows(x)] for x in (a, b)]
    alpha, beta = Tensor(2.0), Tensor(0.5)
    found = SparseMatrixAdd()(*parts[0], *parts[1], alpha, beta)
    for got, wanted in zip(found, of_rows(2 * a + b / 2)):
        np.testing.assert_array_equal(got.asnumpy(), wanted)

    def total(v, w, alpha):
        return (SparseMatrixAdd()(*parts[0][:4], v, *parts[1][:4], w, alpha, beta)[4] ** 2).sum()

    by_v, by_w, by_alpha = ms.grad(total, (0, 1, 2))(parts[0][4], parts[1][4], alpha)
    np.testing.assert_allclose(by_v.asnumpy(), (4 * (2 * a + b / 2))[a != 0], rtol=1e-5)
    np.testing.assert_allclose(by_w.asnumpy(), (2 * a + b / 2)[b != 0], rtol=1e-5)
    np.testing.assert_allclose(by_alpha.asnumpy(), (2 * (2 * a + b / 2) * a).sum(), rtol=1e-5)


PLACES, VALUES, SHAPE = Tensor(np.array([[0, 1], [1, 2]])), Tensor([1.0, 2.0]), Tensor(np.array([2, 3]))
ROWS = (SHAPE, Tensor([0, 2]), Tensor([0, 1, 2]), Tensor([0, 1]), VALUES)


@pytest.mark.parametrize("call, error, message", [
    (lambda: SparseTensorToCSRSparseMatrix()(PLACES[0], VALUES, SHAPE), ValueError, "expected 2 axes"),
    (lambda: SparseTensorToCSRSparseMatrix()(PLACES, VALUES[:1], SHAPE), ValueError, "as many coordinates"),
    (lambda: SparseTensorToCSRSparseMatrix()(PLACES * 1.0, VALUES, SHAPE), TypeError, "integer dtype"),
    (lambda: SparseTensorToCSRSparseMatrix()(PLACES, VALUES, SHAPE[:1]), ValueError, "2 or 3 sizes"),
    (lambda: SparseTensorToCSRSparseMatrix()(Tensor([[0, 1], [1, 3]]), VALUES, SHAPE), IndexError,
     "index 3 is out of range for an axis of size 3"),
    (lambda: SparseAdd()(PLACES, VALUES[:1], SHAPE, PLACES, VALUES, SHAPE, Tensor(0.0)), ValueError, "equally many"),
    (lambda: SparseAdd()(PLACES, VALUES, SHAPE, PLACES, VALUES, SHAPE, Tensor([0.0])), ValueError, "0 axes"),
    (lambda: SparseAdd()(PLACES, VALUES, SHAPE, PLACES, VALUES, SHAPE + 1, Tensor(0.0)), ValueError, "one shape"),
    (lambda: SparseAdd()(PLACES, VALUES, SHAPE, PLACES, VALUES, SHAPE, Tensor(0j)), TypeError, "a real number"),
    (lambda: SparseMatrixAdd()(*ROWS, SHAPE + 1, *ROWS[1:], 1.0, 1.0), ValueError, "the same 2 or 3 sizes"),
    (lambda: SparseMatrixAdd()(*ROWS, *ROWS[:2], ROWS[2][:2], *ROWS[3:], 1.0, 1.0), ValueError, r"expected \(3,\)"),
    (lambda: SparseMatrixAdd()(*ROWS, *ROWS[:3], Tensor([0, 3]), VALUES, 1.0, 1.0), ValueError, "columns from 0 to 2"),
    (lambda: SparseMatrixAdd()(*ROWS, *ROWS[:4], VALUES[:1], 1.0, 1.0), ValueError, "x2_values")])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
