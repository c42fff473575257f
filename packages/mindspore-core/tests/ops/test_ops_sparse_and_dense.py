"""Operators on the parts of a sparse tensor and dense ones, counts of numbers in its rows, and PadAndShift."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import operations as P
from mindspore.ops.operations import _csr_ops, sparse_ops

DRAW = np.random.default_rng(7)
HOW = pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
PLACES = np.array([[0, 1, 2], [2, 0, 0], [1, 3, 1]])
VALUES = np.array([1.5, -2.0, 4.0], np.float32)
SHAPE = (3, 4, 3)
COMBINED = {"Add": np.add, "Mul": np.multiply, "Div": np.divide}


def operator(kind):
    return getattr(sparse_ops, f"SparseDenseCwise{kind}")()


@HOW
@pytest.mark.parametrize("size", [SHAPE, (4, 3), (3,), (1, 3), (3, 1, 1), ()], ids=str)
@pytest.mark.parametrize("kind", COMBINED)
def test_stored_values_and_a_dense_tensor(kind, size, how):
    dense = DRAW.uniform(1, 2, size).astype(np.float32)
    found = how(lambda v, d: operator(kind)(Tensor(PLACES), v, Tensor(SHAPE), d))(Tensor(VALUES), Tensor(dense))
    expected = COMBINED[kind](VALUES, np.broadcast_to(dense, SHAPE)[tuple(PLACES.T)])
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("kind", COMBINED)
def test_of_integers(kind):
    values, dense = np.array([7, -7, 9], np.int32), np.array([2, 2, -4], np.int32)
    found = operator(kind)(Tensor(PLACES), Tensor(values), Tensor(SHAPE), Tensor(dense))
    at = dense[PLACES[:, 2]]
    expected = {"Add": values + at, "Mul": values * at, "Div": np.trunc(values / at)}[kind]
    assert found.dtype is ms.int32 and found.asnumpy().tolist() == expected.tolist()


@pytest.mark.parametrize("kind", COMBINED)
def test_gradients_of_a_sparse_and_a_dense_tensor(kind):
    dense = DRAW.uniform(1, 2, (4, 1)).astype(np.float32)
    by_values, by_dense = ms.grad(lambda v, d: operator(kind)(Tensor(PLACES), v, Tensor(SHAPE), d).sum(), (0, 1))(
        Tensor(VALUES), Tensor(dense))
    at = dense[PLACES[:, 1], 0]
    one = np.ones(3)
    slopes = {"Add": (one, one), "Mul": (at, VALUES), "Div": (one / at, -VALUES / at**2)}[kind]
    expected = np.zeros(4)
    expected[PLACES[:, 1]] = slopes[1]
    np.testing.assert_allclose(by_values.asnumpy(), slopes[0], rtol=1e-6)
    np.testing.assert_allclose(by_dense.asnumpy()[:, 0], expected, rtol=1e-6)


def test_many_sparse_tensors_at_once():
    values, dense = DRAW.normal(size=(5, 3)).astype(np.float32), DRAW.normal(size=(5, 3)).astype(np.float32)
    found = ms.vmap(lambda v, d: operator("Mul")(Tensor(PLACES), v, Tensor(SHAPE), d))(Tensor(values), Tensor(dense))
    np.testing.assert_allclose(found.asnumpy(), values * dense[:, PLACES[:, 2]], rtol=1e-6)


def addmm(values, x2, x3, alpha, beta, shape=(3, 4), places=((0, 1), (2, 3), (0, 1)), kind=ms.int32):
    return sparse_ops.SparseAddmm()(Tensor(places, kind), values, Tensor(shape, kind), x2, x3, alpha, beta)


def operands():
    return [DRAW.normal(size=size).astype(np.float32) for size in ((3,), (4, 2), (3, 2), (1,), (1,))]


def addmm_expected(values, x2, x3, alpha, beta):
    matrix = np.zeros((3, 4), np.float32)
    np.add.at(matrix, ((0, 2, 0), (1, 3, 1)), values)
    return alpha * (matrix @ x2) + beta * x3


@HOW
def test_a_sparse_matrix_times_a_dense_one_and_a_sum(how):
    given = operands()
    found = how(addmm)(*map(Tensor, given))
    np.testing.assert_allclose(found.asnumpy(), addmm_expected(*given), rtol=1e-5, atol=1e-6)
    whole = [Tensor(np.round(v * 3), ms.int64) for v in given]
    assert addmm(*whole).dtype is ms.int64


def test_gradients_of_a_product_and_a_sum():
    given = operands()
    weights = DRAW.normal(size=(3, 2)).astype(np.float32)
    found = ms.grad(lambda *v: (addmm(*v) * Tensor(weights)).sum(), tuple(range(5)))(*map(Tensor, given))
    for k, slope in enumerate(found):
        for at in np.ndindex(given[k].shape):
            sides = []
            for sign in (1, -1):
                moved = [v.astype(np.float64) for v in given]
                moved[k][at] += sign * 1e-3
                sides.append((addmm_expected(*moved) * weights).sum())
            assert abs(slope.asnumpy()[at] - (sides[0] - sides[1]) / 2e-3) < 1e-3


def test_many_products():
    given = operands()
    many = DRAW.normal(size=(4, 4, 2)).astype(np.float32)
    found = ms.vmap(lambda x2: addmm(Tensor(given[0]), x2, *map(Tensor, given[2:])))(Tensor(many))
    for one, x2 in zip(found.asnumpy(), many):
        np.testing.assert_allclose(one, addmm_expected(given[0], x2, *given[2:]), rtol=1e-5, atol=1e-6)


ROWS = (Tensor([0, 2, 2, 3], ms.int32), Tensor([1, 3, 0], ms.int32), Tensor(VALUES), (3, 4))
DENSE = np.zeros((3, 4), np.float32)
DENSE[[0, 0, 2], [1, 3, 0]] = VALUES


@HOW
@pytest.mark.parametrize("name, operand, expected", [
    ("CSRReduceSum", 1, DENSE.sum(1, keepdims=True)), ("CSRMV", np.float32([[1], [2], [3], [4]]), DENSE @ np.float32(
        [[1], [2], [3], [4]])), ("CSRMM", np.arange(8, dtype=np.float32).reshape(4, 2), DENSE @ np.arange(8).reshape(
            4, 2)), ("CSRMul", DENSE * 2 + 1, VALUES * (2 * VALUES + 1)),
    ("CSRDiv", DENSE * 2 + 1, VALUES / (2 * VALUES + 1))])
def test_operators_on_parts_of_a_matrix_of_rows(name, operand, expected, how):
    operator = getattr(_csr_ops, name)()
    if isinstance(operand, int):
        found = how(lambda values: operator(*ROWS[:2], values, ROWS[3], operand))(ROWS[2])
    else:
        found = how(lambda values, dense: operator(*ROWS[:2], values, ROWS[3], dense))(ROWS[2], Tensor(operand))
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-5)


def test_rows_and_where_they_begin():
    assert _csr_ops.CSR2COO()(ROWS[0], 3).asnumpy().tolist() == [0, 0, 2]
    assert _csr_ops.COO2CSR()(Tensor([0, 0, 2], ms.int32), 3).asnumpy().tolist() == [0, 2, 2, 3]
    assert _csr_ops.CSRGather()(ROWS[0], ROWS[1], Tensor(DENSE), (3, 4)).asnumpy().tolist() == VALUES.tolist()
    slope = ms.grad(lambda v: _csr_ops.CSRMV()(*ROWS[:2], v, ROWS[3], Tensor([[1.0], [2], [3], [4]])).sum())(ROWS[2])
    assert slope.asnumpy().tolist() == [2, 4, 1]


INDICES = np.array([[1, 2], [3, 4], [2, 1], [2, 2], [1, 0], [3, 3], [2, 0], [2, 2]])
NUMBERS, WEIGHTS = np.array([0, 2, 8, 8, 1, 2, 3, 7]), np.array([2.5, 5, 1, 0, 4, 2, 2, 2], np.float32)


def count(weights=WEIGHTS, numbers=NUMBERS, indices=INDICES, shape=(5, 5), **attributes):
    return sparse_ops.SparseCountSparseOutput(**attributes)(Tensor(indices), Tensor(numbers), Tensor(shape),
                                                            Tensor(weights))


@pytest.mark.parametrize("attributes, width", [({}, 9), ({"maxlength": 4}, 4), ({"minlength": 12}, 12),
                                               ({"minlength": 2}, 9), ({"binary_output": True}, 9)], ids=str)
@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64"])
def test_counts_of_numbers_in_rows(attributes, width, dtype):
    places, counts, shape = count(WEIGHTS.astype(dtype), **attributes)
    expected, there = np.zeros((5, width), dtype), np.zeros((5, width), bool)
    for row, number, weight in zip(INDICES[:, 0], NUMBERS, WEIGHTS.astype(dtype)):
        if number < width:
            there[row, number] = True
            expected[row, number] = 1 if "binary_output" in attributes else expected[row, number] + weight
    assert shape.asnumpy().tolist() == [5, width] and counts.asnumpy().dtype == dtype
    assert places.asnumpy().tolist() == np.argwhere(there).tolist()
    np.testing.assert_allclose(counts.asnumpy(), expected[there], rtol=1e-6)


def test_counts_of_a_vector_and_without_weights():
    places, counts, shape = count(np.zeros(0, np.int64), np.array([3, 1, 3]), np.array([[0], [1], [4]]), (5,))
    assert (places.asnumpy().tolist(), counts.asnumpy().tolist(), shape.asnumpy().tolist()) == ([[1], [3]], [1, 2], [4])


def test_gradient_of_counts():
    found = ms.grad(lambda w: (count(w)[1] * Tensor(np.arange(6.0), ms.float32)).sum())(Tensor(WEIGHTS))
    assert found.asnumpy().tolist() == [0, 5, 4, 4, 1, 5, 2, 3]


@HOW
def test_pad_and_shift(how):
    x = Tensor(np.array([9, 13, -1, -1], np.int32))
    found = how(lambda x: P.PadAndShift()(x, Tensor([0, 3, 5], ms.int32), 1))(x)
    assert found.dtype is ms.int32 and found.asnumpy().tolist() == [-1, -1, -1, 9, 13]
    assert P.PadAndShift()(x, Tensor([0, 3, 5]), 0).asnumpy().tolist() == [9, 13, -1, -1, -1]
    slope = ms.grad(lambda x: (P.PadAndShift()(x, Tensor([0, 1, 3, 4]), 1) * Tensor([1.0, 2, 3, 4])).sum())(
        Tensor([1.0, 1, 1]))
    assert slope.asnumpy().tolist() == [2, 3, 0]


def _refused(call, error, words, name):
    return pytest.param(call, error, words, id=name)


@pytest.mark.parametrize("call, error, words", [
    _refused(lambda: operator("Add")(Tensor(PLACES, ms.int32), Tensor(VALUES), Tensor(SHAPE), Tensor(VALUES)),
             TypeError, "expected Int64", "places"),
    _refused(lambda: operator("Mul")(Tensor(PLACES), Tensor(VALUES), Tensor(SHAPE), Tensor([1, 2, 3])), TypeError,
             "expected one dtype", "dtypes"),
    _refused(lambda: operator("Mul")(Tensor(PLACES), Tensor(VALUES[:2]), Tensor(SHAPE), Tensor(VALUES)), ValueError,
             r"x1_values \(2,\)", "values"),
    _refused(lambda: operator("Div")(Tensor(PLACES), Tensor(VALUES), Tensor(SHAPE), Tensor(VALUES[:2])), ValueError,
             "cannot be broadcast", "sizes"),
    _refused(lambda: operator("Div")(Tensor(PLACES), Tensor(VALUES), Tensor(SHAPE), ops.ones((1, 3, 4, 3))), ValueError,
             "cannot be broadcast", "axes"),
    _refused(lambda: operator("Add")(Tensor(PLACES), Tensor(VALUES), Tensor((3, 3, 3)), Tensor(VALUES)), IndexError,
             "SparseDenseCwiseAdd", "out of range"),
    _refused(lambda: addmm(*map(Tensor, operands()), kind=ms.int16), TypeError, "expected Int32 or Int64", "int16"),
    _refused(lambda: addmm(*map(Tensor, operands()[:4]), Tensor([1])), TypeError, "expected one dtype", "beta's dtype"),
    _refused(lambda: addmm(*map(Tensor, operands()[:4]), Tensor(1.0)), ValueError, r"beta \(\)", "beta's shape"),
    _refused(lambda: addmm(*map(Tensor, operands()), shape=(3, 5)), ValueError, "x1_shape is", "shape"),
    _refused(lambda: addmm(*map(Tensor, operands()), places=((0, 1), (2, 4), (0, 1))), IndexError, "SparseAddmm",
             "a place"),
    _refused(lambda: count(WEIGHTS[:3]), RuntimeError, "weights have shape", "weights"),
    _refused(lambda: count(shape=(3, 5)), RuntimeError, "not all in", "a row"),
    _refused(lambda: count(numbers=NUMBERS - 1), ValueError, "none below 0", "negative"),
    _refused(lambda: count(numbers=NUMBERS[:3]), ValueError, "values", "count"),
    _refused(lambda: count(numbers=NUMBERS * 1.0), TypeError, "values is Float64", "numbers"),
    _refused(lambda: count(minlength=1.5), TypeError, "minlength is 1.5", "minlength"),
    _refused(lambda: P.PadAndShift()(Tensor([1, 2]), Tensor([0.0, 1.0]), 0), TypeError, "Float32", "sums"),
    _refused(lambda: P.PadAndShift()(Tensor([1, 2]), Tensor([0, 1]), 1), ValueError, "shift_idx is 1", "index"),
    _refused(lambda: P.PadAndShift()(Tensor([1, 2]), Tensor([0, 3]), 0), ValueError, "places 0 to 3", "too few"),
])
def test_refused_forms(call, error, words):
    with pytest.raises(error, match=words):
        call()
