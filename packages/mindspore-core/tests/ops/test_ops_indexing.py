"""Reading and writing parts of tensors, and the operators that take index tensors, against NumPy."""
from __future__ import annotations

import weakref

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, traced, uniform

import mindspore as ms
from mindspore import Parameter, Tensor, grad, ops
from mindspore.compiler.ir import builder
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.graph.trace import TracedValueError

X, CUBE, V = uniform((4, 5)), uniform((3, 4, 5)), uniform((6,))
MASK = ints((4, 5), 0, 2, bool)
ROWS = np.array([True, False, True, True])

INDICES = [
    0, -1, 3, slice(1, 3), slice(None), slice(None, None, 2), slice(None, None, -1), slice(3, 0, -2), slice(5, 2),
    slice(-2, None), ..., None, True, (), (1, 2), (1, -1), (slice(1, 3), 2), (..., 1), (1, ...), (..., slice(1, 4, 2)),
    (slice(None), slice(None, None, -2)), (None, 1), (1, None, slice(2)), (slice(None), None), (..., None), np.int64(2),
    [0, 2], [-1, 0, 0], (slice(None), [1, 3]), ([0, 1], [2, 4]), ([0, -1], 2), (2, [0, 1]), [[0, 1], [2, 3]],
    (np.array([[0], [2]]), np.array([1, 3])), range(2), np.array(1), ([0, 1], slice(1, 4)), (slice(1, 4), [0, 0, 2]),
    (None, [0, 1]), ([0, 1], None), [True, False, True, True], MASK, (ROWS, 1), (ROWS, slice(1, 3)),
    (slice(None), np.array([True, False, True, False, True])), [], np.zeros((0,), int), False,
    ([2, 0], np.array([[1], [3]])), np.array([1, 2], np.uint8), (slice(0, 0), 1), (np.array([0, 3]), ..., 1),
]
CUBE_INDICES = [
    (0, slice(None), [1, 2]), ([0, 1], slice(None), [1, 2]), (slice(None), [1, 2], [0, 3]), ([0, 1], ..., 2),
    (slice(None), 1, [0, 2]), ([0, 2], [1, 1]), (..., [0, 1], slice(1, 3)), (slice(None), None, [0, 1], 2),
    (CUBE > 0), (np.array([True, False, True]), [0, 1]), (1, np.array([[0, 1], [2, 3]])), (slice(2), MASK),
    ([[0], [1]], [[1, 2]], slice(None, None, 2)), (2, ..., None, slice(None, None, -1)),
]
ALL = [(X, i) for i in INDICES] + [(CUBE, i) for i in CUBE_INDICES]


def shown(value) -> str:
    """An index in the name of its test; the arrays that are indexed are not shown."""
    return "" if value is X or value is CUBE else " ".join(repr(value).split())[:60]



def as_tensors(index):
    """The same index with tensors in place of lists and arrays."""
    if isinstance(index, tuple):
        return tuple(as_tensors(i) for i in index)
    if isinstance(index, list) and index or isinstance(index, np.ndarray):
        return Tensor(np.asarray(index))
    return index


def known(index) -> bool:
    """Whether no Bool tensor is among the indices."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(p, (list, np.ndarray)) and np.asarray(p).dtype == bool for p in parts)


@pytest.mark.parametrize(("array", "index"), ALL, ids=shown)
def test_reading(array, index):
    expected = array[index]
    for tensor in (Tensor(array), Tensor(array) + 0):  # at hand, and recorded
        for form in (index, as_tensors(index)):
            got = tensor[form].asnumpy()
            assert got.shape == expected.shape
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(("array", "index"), ALL, ids=shown)
def test_reading_in_a_graph(array, index):
    graph, arrays = traced(lambda x: x[index], (array,))
    np.testing.assert_array_equal(evaluate(graph, arrays)[0], array[index])


@pytest.mark.parametrize(("array", "index"), [a for a in ALL if known(a[1])], ids=shown)
def test_reading_at_traced_places(array, index):
    parts = index if isinstance(index, tuple) else (index,)
    places = [np.asarray(p) for p in parts if isinstance(p, (list, np.ndarray)) and len(np.atleast_1d(p))]

    def call(x, *tensors):
        rest = iter(tensors)
        full = tuple(next(rest) if isinstance(p, (list, np.ndarray)) and len(np.atleast_1d(p)) else p for p in parts)
        return x[full if isinstance(index, tuple) else full[0]]

    graph, arrays = traced(call, (array, *places))
    np.testing.assert_array_equal(evaluate(graph, arrays)[0], array[index])


@pytest.mark.parametrize(("array", "index"), ALL, ids=shown)
@pytest.mark.parametrize("kind", ["number", "row", "part"])
def test_writing(array, index, kind):
    part = array[index]
    value = {"number": -7.5, "row": uniform(part.shape[-1:], seed=3), "part": uniform(part.shape, seed=4)}[kind]
    expected = array.copy()
    expected[index] = value
    for form in (index, as_tensors(index)):
        tensor = Tensor(array)
        alias, copy = tensor, tensor + 0
        tensor[form] = Tensor(value) if isinstance(value, np.ndarray) else value
        np.testing.assert_array_equal(tensor.asnumpy(), expected)
        assert alias is tensor
        np.testing.assert_array_equal(copy.asnumpy(), array)


@pytest.mark.parametrize(("array", "index"), [a for a in ALL if known(a[1])], ids=shown)
def test_writing_at_places_of_the_run(array, index):
    """Index tensors whose values the host does not know while it records."""
    def pending(form):
        if isinstance(form, tuple):
            return tuple(map(pending, form))
        return form + 0 if isinstance(form, Tensor) else form

    part = uniform(array[index].shape, seed=6)
    expected, tensor = array.copy(), Tensor(array)
    expected[index] = part
    tensor[pending(as_tensors(index))] = Tensor(part)
    np.testing.assert_array_equal(tensor.asnumpy(), expected)


def test_writing_records_one_program_however_many_places_are_equal():
    x = Tensor(CUBE)
    counts = []
    for places in ([0, 1, 2], [1, 0, 2], [0, 0, 2], [1, 1, 1]):
        x[Tensor(places)] = 5.0
        x.asnumpy()
        counts.append(builder.EMIT_COUNT[0])
    assert counts[1:] == [counts[1]] * 3


@pytest.mark.parametrize("index", [lambda i: i, lambda i: (i, i), lambda i: (1, i), lambda i: (i, ..., slice(None))])
def test_writing_on_the_first_axes_replaces_rows(index):
    """Without the number of every element of the tensor, of which a large one has many."""
    def call(x, i, value):
        x[index(i)] = value
        return x

    graph, _ = traced(call, (CUBE, np.array([0, 2]), np.array(7, np.float32)))
    assert not any(node.op.name == "iota" for node in graph.nodes)


@pytest.mark.parametrize(("array", "index"), ALL, ids=shown)
def test_writing_in_a_graph(array, index):
    part = uniform(array[index].shape, seed=5)
    expected = array.copy()
    expected[index] = part

    def call(x, value):
        x[index] = value
        return x

    graph, arrays = traced(call, (array, part))
    np.testing.assert_array_equal(evaluate(graph, arrays)[0], expected)


def test_the_last_of_equal_places_is_written():
    x = Tensor(V)
    x[Tensor([1, 4, 1, 1])] = Tensor([10.0, 20.0, 30.0, 40.0])
    assert x.asnumpy()[[1, 4]].tolist() == [40, 20]

    def call(x, places, values):
        x[places] = values
        return x

    graph, arrays = traced(call, (V, np.array([1, 4, 1, -1]), np.array([1.0, 2, 3, 4], np.float32)))
    assert evaluate(graph, arrays)[0][[1, 4, 5]].tolist() == [3, 2, 4]


def test_a_mask_that_is_not_known():
    def call(x, mask):
        x[mask] = 0.5
        return x

    graph, arrays = traced(call, (X, MASK))
    np.testing.assert_array_equal(evaluate(graph, arrays)[0], np.where(MASK, np.float32(0.5), X))
    with pytest.raises(TracedValueError, match="while its function is being compiled"):
        traced(lambda x, mask: x[mask], (X, MASK))


@pytest.mark.parametrize("dtype", ["bool_", "int8", "int64", "float16", "bfloat16", "uint8"])
def test_writing_casts_to_the_tensor(dtype):
    x = Tensor(ints((4, 3), 0, 2)).astype(getattr(ms, dtype))
    expected = x.asnumpy().copy()
    expected[[0, 2], 1] = 1
    expected[1:, ::2] = 0
    x[[0, 2], 1] = 1.0
    x[1:, ::2] = False
    assert x.dtype is getattr(ms, dtype)
    np.testing.assert_array_equal(x.asnumpy(), expected)


def test_writing_to_a_parameter_keeps_the_handle():
    p = Parameter(Tensor(X), name="p")
    held = p.value()
    p[1] = 0.0
    p[[0, 2], [1, 1]] = Tensor([5.0, 6.0])
    expected = X.copy()
    expected[1], expected[[0, 2], 1] = 0, (5, 6)
    np.testing.assert_array_equal(p.asnumpy(), expected)
    np.testing.assert_array_equal(held.asnumpy(), X)


def test_in_place_arithmetic_makes_a_new_tensor():
    x = Tensor([1.0, 2.0])
    y = x
    y += 1
    assert x.asnumpy().tolist() == [1, 2] and y.asnumpy().tolist() == [2, 3]
    x[0] += 5
    assert x.asnumpy().tolist() == [6, 2]


def test_iteration_and_membership():
    assert [row.asnumpy().tolist() for row in Tensor([[1, 2], [3, 4]])] == [[1, 2], [3, 4]]
    assert 3 in Tensor([1, 3]) and 2 not in Tensor([1, 3])
    assert [1, 2][Tensor(True)] == [1, 2][Tensor([1])] == 2
    with pytest.raises(TypeError, match="only an integer or Bool tensor"):
        [1, 2][Tensor(1.0)]


@pytest.mark.parametrize(("index", "word"), [
    (4, "out of"), (-5, "out of"), ((0, 5), "out of"), ((0, 0, 0), "too many indices"), ([0, 9], "out of range"),
    (1.5, "must be an int"), ("a", "must be an int"), (Tensor([1.5]), "must hold integers or bools"),
    ((..., ...), "only"), ([True, False], "has size 2"), (([0, 1], [0, 1, 2]), "cannot be broadcast"),
    (([0, 1], False), "cannot be broadcast"), ((0, False, slice(None), [True, False]), "cannot be broadcast"),
    (Tensor([0, -9]), "out of range"),
])
def test_wrong_indices(index, word):
    for x in (Tensor(X), Tensor(X) + 0):
        if isinstance(index, Tensor) and index.dtype is ms.int64:
            index = index.asnumpy()
        with pytest.raises(IndexError, match=word):
            x[index]


def test_wrong_values():
    x = Tensor(X)
    for index, value in ((0, [1.0, 2.0]), ([0, 1], Tensor(np.ones((3, 5)))), (Tensor(MASK), Tensor([1.0, 2.0]))):
        with pytest.raises(ValueError, match="cannot be broadcast"):
            x[index] = value
    with pytest.raises(TypeError, match="the value must be"):
        x[0] = "a"
    np.testing.assert_array_equal(x.asnumpy(), X)


def test_gradients_of_reading_and_writing():
    def reads(x):
        return (x[1:, ::2] * 2).sum() + x[[0, 0, 1]].sum() + x[..., -1].sum()

    expected = np.zeros_like(X)
    expected[1:, ::2] += 2
    np.add.at(expected, [0, 0, 1], 1)
    expected[..., -1] += 1
    np.testing.assert_array_equal(grad(reads)(Tensor(X)).asnumpy(), expected)

    def writes(x, v):
        y = x * 3
        y[1] = v
        y[[2, 2], [0, 1]] = v[:2]
        return (y * Tensor(CUBE[0])).sum()

    dx, dv = grad(writes, (0, 1))(Tensor(X), Tensor(V[:5]))
    written = np.zeros_like(X, bool)
    written[1], written[2, :2] = True, True
    np.testing.assert_allclose(dx.asnumpy(), np.where(written, 0, 3 * CUBE[0]))
    share = CUBE[0][1].copy()
    share[:2] += CUBE[0][2, :2]
    np.testing.assert_allclose(dv.asnumpy(), share)


def test_slices_of_data_at_hand_do_not_make_new_programs():
    from mindspore.compiler import pipeline
    data = Tensor(np.arange(24.0, dtype=np.float32).reshape(12, 2))
    totals = [float((data[i:i + 3] * 2).sum()) for i in (0, 3)]
    before = pipeline.compile_count
    totals += [float((data[i:i + 3] * 2).sum()) for i in (6, 9)]
    assert pipeline.compile_count == before
    assert totals == [30.0, 102.0, 174.0, 246.0]


PLACES, GRID = np.array([[0, 2], [3, 1]]), np.array([[0, 4, -1], [1, 1, 0]])


def scattered(x, index, axis, src, add=False):
    x = x.copy()
    for place in np.ndindex(index.shape):
        target = list(place)
        target[axis] = index[place]
        x[tuple(target)] = x[tuple(target)] + src[place] if add else src[place]
    return x


def updated(x, index, values, add=0):
    x = x.copy()
    for place in np.ndindex(index.shape[:-1]):
        target = tuple(index[place])
        x[target] = x[target] + add * values[place] if add else values[place]
    return x


def cases():
    yield Case("gather", lambda x, i: ops.gather(x, i, 1), lambda x, i: np.take(x, i, 1), (X, PLACES))
    yield Case("gather a number", lambda x, i: ops.gather(x, i, 0), lambda x, i: x[i], (X, np.array(2)))
    yield Case("gather a batch", lambda x, i: ops.gather(x, i, 1, 1),
               lambda x, i: np.stack([r[j] for r, j in zip(x, i)]), (CUBE, np.array([[0, 1], [3, 3], [2, 0]])))
    yield Case("gather a batch along the last axis", lambda x, i: ops.gather(x, i, 2, 1),
               lambda x, i: np.stack([r[:, j] for r, j in zip(x, i)]), (CUBE, np.array([[0, 1], [3, 3], [2, 0]])))
    yield Case("gather_elements", lambda x, i: ops.gather_elements(x, 1, i),
               lambda x, i: np.take_along_axis(x[:2], i, 1), (X, GRID))
    yield Case("gather_d", lambda x, i: ops.gather_d(x, 0, i), lambda x, i: np.take_along_axis(x[:, :2], i, 0),
               (X, PLACES))
    yield Case("gather_nd", ops.gather_nd, lambda x, i: x[i[..., 0], i[..., 1]], (CUBE, np.array([[[0, 1]], [[2, 3]]])))
    yield Case("index_select", lambda x, i: ops.index_select(x, 1, i), lambda x, i: x[:, i], (X, PLACES[0]))
    yield Case("take", ops.take, np.take, (X, np.array([[0, 19], [-1, 7]])))
    yield Case("one_hot", lambda i: ops.one_hot(i, 5), lambda i: np.eye(5, dtype=np.int64)[i], (PLACES,))
    yield Case("one_hot along axis 0", lambda i: ops.one_hot(i, 5, 2.0, -1.0, 0),
               lambda i: np.moveaxis(np.eye(5) * 3 - 1, -1, 0)[:, i].astype(np.float32), (PLACES,))
    yield Case("one_hot out of range", lambda i: ops.one_hot(i, 3), lambda i: np.array([[0, 0, 0], [0, 1, 0]]),
               (np.array([7, 1]),))
    yield Case("scatter", lambda x, i, s: ops.scatter(x, 1, i, s), lambda x, i, s: scattered(x, i, 1, s),
               (X, np.array([[0, 4, 1], [1, 2, -1]]), uniform((2, 3))))
    yield Case("scatter a number", lambda x, i: ops.scatter(x, 0, i, 9.0),
               lambda x, i: scattered(x, i, 0, np.full(i.shape, 9)), (X, PLACES))
    yield Case("tensor_scatter_elements", lambda x, i, s: ops.tensor_scatter_elements(x, i, s, 1, "add"),
               lambda x, i, s: scattered(x, i, 1, s, True), (X, GRID, uniform((2, 3))))
    pair = (X, np.array([[0, 1], [3, 2], [0, 1]]), uniform((3,)))
    yield Case("tensor_scatter_update", ops.tensor_scatter_update, updated, pair)
    yield Case("tensor_scatter_add", ops.tensor_scatter_add, lambda x, i, v: updated(x, i, v, 1), pair)
    yield Case("tensor_scatter_sub of rows", ops.tensor_scatter_sub, lambda x, i, v: updated(x, i, v, -1),
               (X, np.array([[2], [0]]), uniform((2, 5))))
    yield Case("scatter_nd", lambda i, v: ops.scatter_nd(i, v, (4, 2)),
               lambda i, v: updated(np.zeros((4, 2), v.dtype), i, v, 1), (np.array([[2], [2]]), uniform((2, 2))))
    yield Case("index_add", lambda x, i, y: ops.index_add(x, i, y, 1),
               lambda x, i, y: updated(x.T, i[:, None], y.T, 1).T, (X, np.array([0, 3, 0]), uniform((4, 3))))
    yield Case("index_fill", lambda x, i: ops.index_fill(x, 1, i, 2.5), lambda x, i: np.where(
        np.isin(np.arange(5), i % 5), np.float32(2.5), x), (X, np.array([0, -2])))
    yield Case("select_scatter", lambda x, s: ops.select_scatter(x, s, 1, 2),
               lambda x, s: np.concatenate([x[:, :2], s[:, None], x[:, 3:]], 1), (X, V[:4]))
    yield Case("slice_scatter", lambda x, s: ops.slice_scatter(x, s, 0, 1, None, 2),
               lambda x, s: np.stack([x[0], s[0], x[2], s[1]]), (X, uniform((2, 5))))
    yield Case("unsorted_segment_sum", lambda x, i: ops.unsorted_segment_sum(x, i, 3),
               lambda x, i: np.stack([x[i == k].sum(0) for k in range(3)]), (X, np.array([0, 2, 2, -1])))
    ordered = np.array([1.0, 2, 2, 5], np.float32)
    for right in (False, True):
        yield Case(f"searchsorted {right}", lambda o, v, r=right: ops.searchsorted(o, v, right=r),
                   lambda o, v, r=right: np.searchsorted(o, v, "right" if r else "left"),
                   (ordered, np.array([[0, 2.0], [6, 5]], np.float32)))
    yield Case("searchsorted in rows", ops.searchsorted,
               lambda o, v: np.stack([np.searchsorted(*p) for p in zip(o, v)]), (np.sort(X, 1), X[:, :2]))
    yield Case("bucketize", lambda x: ops.bucketize(x, [0.0, 1.0]), lambda x: np.digitize(x, [0, 1]).astype(np.int32),
               (X,))
    yield Case("nonzero", ops.nonzero, np.argwhere, (MASK,), traced=False)
    yield Case("argwhere", ops.argwhere, np.argwhere, (V - V[2],), traced=False)
    yield Case("masked_select", ops.masked_select, lambda x, m: x[m], (X, MASK), traced=False)
    yield Case("bincount", ops.bincount, np.bincount, (np.array([1, 1, 4]),), traced=False)
    yield Case("bincount with weights", lambda i, w: ops.bincount(i, w, 6), lambda i, w: np.bincount(i, w, 6).astype(
        np.float32), (np.array([1, 1, 4]), V[:3]), traced=False)
    yield Case("sort", ops.sort, lambda x: (np.sort(x), np.argsort(x).astype(np.int32)), (X,))
    yield Case("sort down", lambda x: ops.sort(x, 0, True), lambda x: (-np.sort(-x, 0), np.argsort(-x, 0)), (X,))
    yield Case("argsort", lambda x: ops.argsort(x, 0), lambda x: np.argsort(x, 0), (X,))
    yield Case("msort", ops.msort, lambda x: np.sort(x, 0), (X,))
    yield Case("topk", lambda x: ops.topk(x, 2), lambda x: (-np.sort(-x)[:, :2], np.argsort(-x)[:, :2]), (X,))
    yield Case("topk of the smallest", lambda x: ops.topk(x, 2, 0, False),
               lambda x: (np.sort(x, 0)[:2], np.argsort(x, 0)[:2]), (X,))
    yield Case("kthvalue", lambda x: ops.kthvalue(x, 2, 1, True),
               lambda x: (np.sort(x)[:, 1:2], np.argsort(x)[:, 1:2]), (X,))
    yield Case("unique, in order of occurrence", ops.unique,
               lambda x: (np.array([3, 1, 2]), np.array([[0, 1], [0, 2]])), (np.array([[3, 1], [3, 2]]),), traced=False)
    yield Case("unique_consecutive", lambda x: ops.unique_consecutive(x, True, True),
               lambda x: (np.array([3, 1, 3]), np.array([0, 0, 1, 2]), np.array([2, 1, 1])), (np.array([3, 3, 1, 3]),),
               traced=False)


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.traced], ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.traced and any(a.dtype.kind == "f" for a in c.ins)], ids=repr)
def test_gradients(case):
    check_gradient(case)


WRITERS = [getattr(ops, f"{start}_{way}") for start in ("tensor_scatter", "scatter_nd")
           for way in ("add", "sub", "mul", "div", "max", "min", "update")] + [
    lambda x, places, updates: ops.scatter_nd(places, updates, (4, 2)),
    lambda x, places, updates: ops.tensor_scatter_elements(x, places, updates[:, :1]),
    lambda x, places, updates: ops.scatter(x, 0, places, updates[:, :1])] + [
    lambda x, places, updates, way=way: getattr(ops, f"scatter_{way}")(x, places.reshape((2,)), updates)
    for way in ("add", "sub", "mul", "div", "max", "min", "update")]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("dtype", ["int8", "int16", "uint8", "int32", "int64"])
def test_which_integers_say_where_to_write(write, dtype):
    x, updates = ms.Parameter(np.ones((4, 2), np.float32)), Tensor(np.full((2, 2), 2.0, np.float32))
    places = Tensor(np.array([[0], [3]], dtype))
    if dtype in ("int32", "int64"):
        assert write(x, places, updates).shape == (4, 2)
    else:
        with pytest.raises(TypeError, match="expected Int32 or Int64"):
            write(x, places, updates)


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: ops.gather(Tensor(X), Tensor([4]), 0), IndexError, "gather: index 4 is out of range"),
    (lambda: ops.gather(Tensor(X), Tensor([0.5]), 0), TypeError, "expected an integer dtype"),
    (lambda: ops.gather(Tensor(X), Tensor([0]), 2), ValueError, "axis 2 is out of range"),
    (lambda: ops.gather_nd(Tensor(X), Tensor([[0, 0, 0]])), ValueError, "1 to 2 coordinates"),
    (lambda: ops.one_hot(Tensor([0]), -1), ValueError, "depth is -1"),
    (lambda: ops.tensor_scatter_update(Tensor(X), Tensor([[0]]), Tensor([1.0])), ValueError, "updates have shape"),
    (lambda: ops.scatter(Tensor(X), 0, Tensor([[0]]), Tensor([[1.0, 2.0]])), ValueError, "must have one shape"),
    (lambda: ops.topk(Tensor(X), 9), ValueError, "top_k: k is 9"),
    (lambda: ops.searchsorted(Tensor(X), Tensor(V)), ValueError, "searchsorted"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()


def rewrite(x):
    x = x * 1
    row = x[1]
    row[2] = 7.0
    x[0][1:3] = -1.0
    x[:, 3:][2, 0] = 9.0
    row.mul_(2.0)
    x.reshape(-1)[-1] = 3.0
    x.view(2, 10)[1][7] = 4.0
    picked = x[[0, 1]]
    picked[0] = 100.0
    copied = x[2].copy()
    copied[0] = 100.0
    return x, row


def test_writes_into_a_basic_part_reach_the_tensor():
    expected = X.copy()
    expected[1, 2] = 7
    expected[0, 1:3] = -1
    expected[2, 3] = 9
    row = expected[1].copy() * 2
    expected[1] = row
    expected[3, 4], expected[3, 2] = 3, 4
    for function in (rewrite, ms.jit(rewrite)):
        x, part = function(Tensor(X))
        np.testing.assert_allclose(part.asnumpy(), row, rtol=1e-6)
        np.testing.assert_allclose(x.asnumpy(), expected, rtol=1e-6)


def test_a_write_into_a_part_of_a_part():
    x, expected = Tensor(CUBE), CUBE.copy()
    x[1][2][3] = 5.0
    expected[1][2][3] = 5
    np.testing.assert_array_equal(x.asnumpy(), expected)


def test_parts_of_parts_do_not_pile_up():
    start = Tensor(np.zeros(64, np.float32))
    first = part = start[1:]
    alive = weakref.ref(first)
    del first
    for _ in range(40):
        part = part[1:]
    assert alive() is None
    assert part.shape == (23,)


def test_a_write_into_a_part_takes_what_the_tensor_holds_by_then():
    x = Parameter(X.copy(), name="x")
    row = x[0]
    x[0] = 1.0
    row[1] = 2.0
    np.testing.assert_array_equal(x[0].asnumpy(), [1, 2, 1, 1, 1])
    np.testing.assert_array_equal(x[1:].asnumpy(), X[1:])


def test_gradient_of_a_write_into_a_part():
    def f(x):
        x = x * 2
        x[0][1] = 0.0
        return (x * x).sum()

    expected = 8 * X
    expected[0, 1] = 0
    np.testing.assert_allclose(grad(f)(Tensor(X)).asnumpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 16, 17, 31, 32, 33, 100, 1000])
@pytest.mark.parametrize("right", [False, True])
def test_searchsorted_in_short_and_long_sequences(count, right):
    """A long sequence is halved, a short one compared as a whole; equal elements, infinities and NaN at its end."""
    rng = np.random.default_rng(count)
    rows = np.sort(rng.integers(-count, count, (3, count)) / 2, -1).astype(np.float32)
    rows[0, -1:], rows[1, -1:] = np.inf, np.nan
    values = np.concatenate([rows[:, ::3], rng.integers(-count, count, (3, 20)) / 2], 1).astype(np.float32)
    values[values != values] = np.inf
    side = "right" if right else "left"
    found = ops.searchsorted(Tensor(rows), Tensor(values), right=right)
    finite = [row[~np.isnan(row)] for row in rows]
    np.testing.assert_array_equal(found.asnumpy(), [np.searchsorted(r, v, side) for r, v in zip(finite, values)])
    flat = ops.searchsorted(Tensor(rows[2]), Tensor(values), right=right, out_int32=True)
    assert flat.dtype == ms.int32
    np.testing.assert_array_equal(flat.asnumpy(), np.searchsorted(rows[2], values, side))
    ints = np.sort(rng.integers(-9, 9, count))
    np.testing.assert_array_equal(ops.searchsorted(Tensor(ints), Tensor(values[0]), right=right).asnumpy(),
                                  np.searchsorted(ints, values[0], side))
