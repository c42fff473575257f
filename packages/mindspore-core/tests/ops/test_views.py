"""Views see later writes: random sequences of views and writes against NumPy, and the cases one by one."""
import gc
import operator
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mindspore as ms
from mindspore import Parameter, Tensor, mint, ops
from mindspore.common.view_places import Memory
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.runtime.device import use_backend
from mindspore.testing.calls import profiled

X = np.arange(24, dtype=np.float32).reshape(4, 6)

# -- programs: lists of steps, done on tensors and on arrays ---------------------------------------------------------


@st.composite
def indices(draw, shape):
    """A basic index of a shape: ints, slices, new axes."""
    index = []
    for size in shape[:draw(st.integers(0, len(shape)))]:
        kind = draw(st.sampled_from(["int", "slice", "slice", "back"])) if size else "slice"
        if kind == "int":
            index.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            start = draw(st.integers(0, max(size - 1, 0)))
            index.append(slice(start, draw(st.integers(start, size + 1)), draw(st.sampled_from([None, 1, 2, 3]))))
        else:
            index.append(slice(None, None, draw(st.sampled_from([-1, -2]))))
        if draw(st.integers(0, 7)) == 0:
            index.append(None)
    return tuple(index)


@st.composite
def views(draw, array):
    """(kind, arguments) of a view of an array."""
    kind = draw(st.sampled_from(["index", "index", "reshape", "transpose", "diagonal", "unsqueeze", "narrow"]))
    ndim, shape = array.ndim, array.shape
    if kind == "reshape":
        factors = [n for n in (2, 3, 4, 6) if array.size % n == 0]
        return kind, ((draw(st.sampled_from(factors)), -1) if factors and array.size else (array.size,),)
    if kind == "transpose":
        return kind, (tuple(draw(st.permutations(range(ndim)))),)
    if kind == "diagonal" and ndim >= 2:
        return kind, (draw(st.integers(-1, 1)), 0, ndim - 1)
    if kind == "unsqueeze" and ndim < 5:
        return kind, (draw(st.integers(0, ndim)),)
    if kind == "narrow" and ndim:
        axis = draw(st.integers(0, ndim - 1))
        start = draw(st.integers(0, shape[axis]))
        return kind, (axis, start, draw(st.integers(0, shape[axis] - start)))
    return "index", (draw(indices(shape)),)


ON_ARRAYS = {
    "index": lambda a, index: np.asarray(a[index]), "reshape": np.reshape, "transpose": np.transpose,
    "diagonal": lambda a, *args: _writable(np.diagonal(a, *args)), "unsqueeze": np.expand_dims,
    "narrow": lambda a, axis, start, length: a[(slice(None),) * axis + (slice(start, start + length),)]}
ON_TENSORS = {
    "index": operator.getitem, "reshape": ops.reshape, "transpose": ops.transpose, "diagonal": ops.diagonal,
    "unsqueeze": ops.unsqueeze, "narrow": ops.narrow}


def _writable(array):
    array.flags.writeable = True
    return array


@st.composite
def programs(draw):
    """Steps: ("view", of which, kind, arguments), ("put", into which, index, number), ("add", which, number) and
    ("drop", which). Numbers of tensors count from the first, which is the tensor that is given."""
    shape = draw(st.sampled_from([(4, 6), (12,), (2, 3, 4), (4, 4)]))
    arrays, steps = [np.zeros(shape, np.float32)], []
    alive = [0]
    for number in range(draw(st.integers(2, 10))):
        which = draw(st.sampled_from(alive))
        kind = draw(st.sampled_from(["view", "view", "view", "put", "put", "add", "drop"]))
        if kind == "view":
            name, arguments = draw(views(arrays[which]))
            steps.append(("view", which, name, arguments))
            alive.append(len(arrays))
            arrays.append(np.asarray(ON_ARRAYS[name](arrays[which], *arguments)))
        elif kind == "put":
            steps.append(("put", which, draw(indices(arrays[which].shape)), float(number + 1)))
        elif kind == "add":
            steps.append(("add", which, float(number + 1)))
        elif len(alive) > 1:
            alive.remove(which)
            steps.append(("drop", which))
    return shape, steps


def run(steps, start, on, add):
    """The tensors (or arrays) that are left after the steps."""
    held = {0: start}
    count = 1
    for step in steps:
        if step[0] == "view":
            held[count] = on[step[2]](held[step[1]], *step[3])
            count += 1
        elif step[0] == "put":
            held[step[1]][step[2]] = step[3]
        elif step[0] == "add":
            add(held[step[1]], step[2])
        else:
            del held[step[1]]
    return list(held.values())


def on_array(steps, array):
    """The steps on an array."""
    return run(steps, array, ON_ARRAYS, lambda a, number: np.add(a, np.float32(number), out=a))


def on_tensor(steps, x):
    """The steps on a tensor that is computed, so that a compiled function has no part of its argument."""
    return run(steps, x * 2, ON_TENSORS, lambda a, number: a.add_(number))


def _start(shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@pytest.fixture(autouse=True)
def on_the_reference_backend():
    """What is tested is the same on every backend; this one compiles fastest."""
    with use_backend("reference"):
        yield


@settings(max_examples=100, deadline=None)
@given(programs())
def test_random_views_and_writes(program):
    shape, steps = program
    expected = on_array(steps, _start(shape) * 2)
    found = on_tensor(steps, Tensor(_start(shape)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.asnumpy(), other)


def test_an_empty_index_of_an_element_is_a_value():
    element = (Tensor(_start((3,))) * 2)[1]
    value = element[()]
    element.add_(4.0)
    assert (value.asnumpy(), element.asnumpy()) == (2.0, 6.0)


@settings(max_examples=20, deadline=None)
@given(programs())
def test_random_views_and_writes_in_a_compiled_function_and_under_a_gradient(program):
    shape, steps = program
    expected = on_array(steps, _start(shape) * 2)
    found = ms.jit(lambda x: tuple(on_tensor(steps, x)))(Tensor(_start(shape)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.asnumpy(), other)

    def loss(x):
        return sum([(part * part).sum() for part in on_tensor(steps, x)], Tensor(0.0))

    at = Tensor(_start(shape))
    slope = np.zeros(shape, np.float32)  # each element that is left counts twice itself, times two for what x was
    for place in np.ndindex(shape):
        moved = np.zeros(shape, np.float32)
        moved[place] = 1.0
        base, shifted = on_array(steps, _start(shape) * 2), on_array(steps, (_start(shape) + moved) * 2)
        slope[place] = sum((2.0 * b * (s - b)).sum() for b, s in zip(base, shifted))
    np.testing.assert_allclose(ms.grad(loss)(at).asnumpy(), slope, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(ms.jit(ms.grad(loss))(at).asnumpy(), slope, rtol=1e-5, atol=1e-3)


# -- every function that gives a view ----------------------------------------------------------------------------------

GIVING = {
    "int": (lambda x: x[1], lambda a: a[1]),
    "slice": (lambda x: x[1:, ::2], lambda a: a[1:, ::2]),
    "reshape": (lambda x: x.reshape(2, 12), lambda a: a.reshape(2, 12)),
    "ops.reshape": (lambda x: ops.reshape(x, (3, -1)), lambda a: a.reshape(3, -1)),
    "mint.reshape": (lambda x: mint.reshape(x, (3, 8)), lambda a: a.reshape(3, 8)),
    "view": (lambda x: x.view(24), lambda a: a.reshape(24)),
    "view_as": (lambda x: x.view_as(ops.zeros((8, 3))), lambda a: a.reshape(8, 3)),
    "transpose": (lambda x: x.transpose(1, 0), lambda a: a.T),
    "ops.transpose": (lambda x: ops.transpose(x, (1, 0)), lambda a: a.T),
    "mint.transpose": (lambda x: mint.transpose(x, 0, 1), lambda a: a.T),
    "permute": (lambda x: x.permute(1, 0), lambda a: a.T),
    "T": (lambda x: x.T, lambda a: a.T),
    "mT": (lambda x: x.mT, lambda a: a.T),
    "t": (lambda x: x.t(), lambda a: a.T),
    "swapaxes": (lambda x: x.swapaxes(0, 1), lambda a: a.T),
    "moveaxis": (lambda x: x.moveaxis(0, 1), lambda a: a.T),
    "narrow": (lambda x: x.narrow(1, 1, 3), lambda a: a[:, 1:4]),
    "mint.narrow": (lambda x: mint.narrow(x, 1, 1, 3), lambda a: a[:, 1:4]),
    "select": (lambda x: x.select(1, 2), lambda a: a[:, 2]),
    "mint.select": (lambda x: mint.select(x, 1, 2), lambda a: a[:, 2]),
    "expand_dims": (lambda x: x.expand_dims(0), lambda a: a[None]),
    "unsqueeze": (lambda x: mint.unsqueeze(x, 1), lambda a: a[:, None]),
    "squeeze": (lambda x: x[None].squeeze(0), lambda a: a),
    "mint.squeeze": (lambda x: mint.squeeze(x[:, None], 1), lambda a: a),
    "flatten": (lambda x: x.flatten(), lambda a: a.reshape(-1)),
    "ravel": (lambda x: x.ravel(), lambda a: a.reshape(-1)),
    "split": (lambda x: x.split(2, axis=1)[1], lambda a: a[:, 2:4]),
    "mint.split": (lambda x: mint.split(x, 2, 1)[1], lambda a: a[:, 2:4]),
    "chunk": (lambda x: x.chunk(2, axis=1)[1], lambda a: a[:, 3:]),
    "tensor_split": (lambda x: x.tensor_split(2)[1], lambda a: a[2:]),
    "hsplit": (lambda x: x.hsplit(2)[1], lambda a: a[:, 3:]),
    "unbind": (lambda x: x.unbind(1)[2], lambda a: a[:, 2]),
    "unstack": (lambda x: ops.unstack(x)[2], lambda a: a[2]),
    "diagonal": (lambda x: x.diagonal(1), lambda a: _writable(np.diagonal(a, 1))),
    "rows": (lambda x: list(x)[1], lambda a: a[1]),
}


def change_both(x, give):
    x = x * 1
    part = give(x)
    part.mul_(3)
    x[1] = x[1] + 1.0
    part[0] = -2.0
    return x, part


@pytest.mark.parametrize("name", sorted(GIVING))
def test_a_view_and_its_tensor_see_each_others_writes(name):
    give, on = GIVING[name]
    array = X.copy()
    part = on(array)
    part *= 3
    array[1] += 1
    part[0] = -2
    for found in (change_both(Tensor(X), give), ms.jit(lambda x: change_both(x, give))(Tensor(X))):
        np.testing.assert_array_equal(found[0].asnumpy(), array)
        np.testing.assert_array_equal(found[1].asnumpy(), part)


def test_broadcast_views_are_read_and_not_written():
    x = Tensor(X)
    for spread in (x.expand(2, 4, 6), ops.broadcast_to(x, (2, 4, 6)), x.expand_as(ops.zeros((2, 4, 6)))):
        x[0, 0] = x[0, 0] + 1.0
        np.testing.assert_array_equal(spread.asnumpy(), np.broadcast_to(x.asnumpy(), (2, 4, 6)))
        for write in (lambda s=spread: s.add_(1), lambda s=spread: operator.setitem(s, 0, 1.0), spread.zero_):
            with pytest.raises(ValueError, match="broadcast from fewer elements.*copy()"):
                write()
    x.expand(4, 6)[0] = 5.0
    np.testing.assert_array_equal(x[0].asnumpy(), np.full(6, 5.0))


def test_what_computes_gives_a_tensor_of_its_own():
    def own(x):
        x = x * 1
        made = [x.copy(), x + 0, x.T.reshape(-1), x[[0, 1]], x.flip(0), x.tile((1, 1)), x.astype(ms.float16)]
        x[:] = -1.0
        return made

    expected = [X, X, X.T.reshape(-1), X[[0, 1]], X[::-1], X, X.astype(np.float16)]
    for found in (own(Tensor(X)), ms.jit(own)(Tensor(X))):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.asnumpy(), other)


def test_a_view_of_a_copying_reshape_belongs_to_the_copy():
    x = Tensor(X)
    flat = x.T.reshape(-1)
    part = flat[2:4]
    part.zero_()
    np.testing.assert_array_equal(x.asnumpy(), X)
    flat[3] = 8.0
    np.testing.assert_array_equal(part.asnumpy(), [0, 8])


def test_views_outlive_their_tensor():
    x = Tensor(X) * 1
    first, second = x[1:3], x[:, 2]
    last, alive = x[3], weakref.ref(x)
    del x
    assert alive() is None
    first[0, 2] = 50.0
    second[2] = 60.0
    np.testing.assert_array_equal(second.asnumpy(), [2, 50, 60, 20])
    np.testing.assert_array_equal(first.asnumpy()[:, 2], [50, 60])
    np.testing.assert_array_equal(last.asnumpy(), X[3])


def test_augmented_assignment_makes_a_new_tensor():
    x = Tensor(X)
    part = x[:, 1:2]
    part += 1
    np.testing.assert_array_equal(x.asnumpy(), X)
    np.testing.assert_array_equal(part.asnumpy(), X[:, 1:2] + 1)


def test_assignments_to_parameters_reach_their_views():
    weight = Parameter(X, name="weight")
    row = weight[1]
    weight.set_data(Tensor(X + 1))
    np.testing.assert_array_equal(row.asnumpy(), X[1] + 1)
    ops.assign(weight, Tensor(X + 2))
    np.testing.assert_array_equal(row.asnumpy(), X[1] + 2)

    @ms.jit
    def step(x):
        weight[1] = x
        return row * 2

    later = weight[1:, 0]
    for number in (5.0, 6.0):
        latest = weight.T[0]
        np.testing.assert_array_equal(step(Tensor(number)).asnumpy(), np.full(6, 2 * number))
        np.testing.assert_array_equal(row.asnumpy(), np.full(6, number))
        np.testing.assert_array_equal(later.asnumpy(), [number, 14, 20])
        np.testing.assert_array_equal(latest.asnumpy(), [2, number, 14, 20])
    weight.set_data(Tensor(np.zeros(3, np.float32)), slice_shape=True)
    np.testing.assert_array_equal(row.asnumpy(), np.full(6, 6.0))


def test_an_optimizer_updates_the_views_of_a_parameter():
    weight = Parameter(np.ones(3, np.float32), name="weight")
    part = weight[:2]
    step = ms.value_and_grad(lambda: ops.sum(weight * weight), None, [weight])
    ms.nn.SGD([weight], 0.25)(step()[1])
    np.testing.assert_array_equal(part.asnumpy(), [0.5, 0.5])


# -- decisions and loops -----------------------------------------------------------------------------------------------

def view_in_a_branch(x, t):
    x = x * 1
    row = x[0]
    if t > 0:
        row[1] = 7.0
    else:
        x[0, 2] = 8.0
    return x, row


def chosen_view(x, t):
    x = x * 1
    part = x[0] if t > 0 else x[1]
    part[2] = 9.0
    x[:, 3] = -1.0
    return x, part


def view_of_a_chosen_tensor(x, t):
    a, b = x * 1, x * 2
    c = a if t > 0 else b
    part = c[0]
    part[1] = 9.0
    a[0, 2], b[0, 2] = 5.0, 6.0
    return a, b, c, part


def writes_in_a_loop(x, t):
    x = x * 1
    row, flat = x[1], x.reshape(-1)
    while t > -3:
        row[0] = row[0] + 1.0
        flat[7] = flat[7] + row[0]
        t = t - 1
    return x, row, flat


def rows_in_a_loop(x, t):
    x = x * 1
    for i in range(int(abs(t.item())) + 1 if False else 3):
        x[i][i] = 1.0 + x[i + 1][0]
    return x


def rows_by_a_counter(x, t):
    x = x * 1
    i = 0
    while i < 2 + t * 0:
        x[i][i] = 5.0
        i = i + 1
    return x


def under_try(x, t):
    x = x * 1
    row = x[0]
    try:
        row[0] = 4.0
        if t > 0:
            raise ValueError("positive")
        row[1] = 5.0
    except ValueError:
        x[0, 2] = 6.0
    return x, row


PROGRAMS = [view_in_a_branch, chosen_view, view_of_a_chosen_tensor, writes_in_a_loop, rows_in_a_loop, rows_by_a_counter,
            under_try]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_views_in_branches_and_loops(program):
    compiled = ms.jit(program)
    for t in (1.0, -1.0):
        expected = program(Tensor(X), Tensor(t))
        found = compiled(Tensor(X), Tensor(t))
        for one, other in zip(found if isinstance(found, tuple) else (found,),
                              expected if isinstance(expected, tuple) else (expected,), strict=True):
            np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), rtol=1e-6)


def test_a_view_that_a_loop_assigns_is_refused_where_its_tensor_is_read():
    def program(x, n):
        x = x * 1
        row = x[0]
        while n > 0:
            row = x[1]
            n = n - 1
        row[0] = 5.0
        return x

    with pytest.raises(GraphCompileError, match="changed in place through another variable"):
        ms.jit(program)(Tensor(X), Tensor(2.0))


# -- what it costs -----------------------------------------------------------------------------------------------------

def test_what_is_noted_does_not_pile_up():
    x = Tensor(X)
    for _ in range(3):
        for k in range(200):
            part = x[k % 4]
    assert len(x._shared[0].views) < 64
    for _ in range(40):
        part = x.reshape(4, 6)[0:]
        for _ in range(30):
            part = part[0:]
    assert part._shared[1][3] < 20
    part[0] = 3.0
    np.testing.assert_array_equal(x[0].asnumpy(), np.full(6, 3.0))


def test_views_make_no_cycles():
    gc.collect()
    x = Tensor(X) * 1
    parts = [x[0], x.T, x.reshape(-1)]
    alive = weakref.ref(x._shared[0].views.__class__), [weakref.ref(part) for part in parts]
    gc.disable()
    try:
        memory = x._shared[0]
        assert isinstance(memory, Memory)
        del x, parts, memory
        assert [part() for part in alive[1]] == [None, None, None]
    finally:
        gc.enable()


def test_reading_a_view_calls_one_function_more():
    """What is noted of a view costs one call of a Python function; reading and computing with it cost none."""
    x = Tensor(X) * 1
    calls = []

    def count(action):
        action()
        calls.clear()
        with profiled(lambda frame, event, _: calls.append(frame.f_code.co_name) if event == "call" else None):
            action()
        return list(calls)

    for action in (lambda: x[0], lambda: x.reshape(-1), lambda: ops.transpose(x, (1, 0))):
        assert count(action).count("shown") == 1
        assert not {"spread", "place_of", "_living"} & set(calls)
    part = x[0]
    assert not {"shown", "spread", "place_of", "_living"} & set(count(lambda: part + part))


# -- cells that are compiled as blocks, and recursion ------------------------------------------------------------------

class Row(ms.nn.Cell):
    def __init__(self):
        super().__init__()
        self.dense = ms.nn.Dense(6, 6)

    def construct(self, x):
        return x[0]


class Twice(Row):
    def construct(self, x):
        x[0] = x[0] * 2
        return x


class Several(ms.nn.Cell):
    def __init__(self, layer):
        super().__init__()
        self.layers = ms.nn.CellList([layer() for _ in range(3)])

    def construct(self, x):
        x = x * 1
        for layer in self.layers:
            part = layer(x)
            part[0] = part[0] + 1.0
        return x


@pytest.mark.parametrize("layer", [Row, Twice])
def test_what_a_repeated_cell_returns_is_a_view_of_its_argument(layer, mode):
    expected = X.copy()
    for _ in range(3):
        if layer is Twice:
            expected[0] *= 2
        expected[0 if layer is Twice else (0, 0)] += 1
    np.testing.assert_array_equal(Several(layer)(Tensor(X)).asnumpy(), expected)


def test_a_view_that_a_recursion_returns_is_refused_where_its_tensor_is_read():
    def program(x, n):
        def go(y, n):
            return y[0] if n <= 0 else go(y, n - 1)

        x = x * 1
        row = go(x, n)
        row[0] = 3.0
        return x

    with pytest.raises(GraphCompileError, match="changed in place through another variable"):
        ms.jit(program)(Tensor(X), Tensor(2))


def test_views_of_a_tensor_whose_sizes_are_symbols():
    def program(x):
        x = x * 1
        row, turned = x[0], x.T
        row[1] = 5.0
        x[1:, 0] = 6.0
        turned[2] = 7.0
        return x, row, turned

    compiled = ms.jit(program)
    for array in (X, X[:3], X[:2]):
        expected = array.copy()
        expected[0, 1], expected[1:, 0], expected[:, 2] = 5, 6, 7
        x, row, turned = compiled(ms.mutable(Tensor(array)))
        np.testing.assert_array_equal(x.asnumpy(), expected)
        np.testing.assert_array_equal(row.asnumpy(), expected[0])
        np.testing.assert_array_equal(turned.asnumpy(), expected.T)


def exchanged(x, k):
    x[0, 1], x[1, 0] = x[1, 0], x[0, 1]
    first, (second, *_) = x[0][0], x[1]
    last = x[1, 2, ...]
    x[0, 0] = 7.0
    x[1] = k
    return x, first, second, last


def test_a_single_element_is_a_value(mode):
    for way in (exchanged, ms.jit(exchanged)):
        found = way(Tensor(np.arange(6.0).reshape(2, 3)), Tensor(9.0))
        assert [each.asnumpy().tolist() for each in found] == [[[7.0, 3.0, 2.0], [9.0, 9.0, 9.0]], 0.0, 1.0, 9.0]
