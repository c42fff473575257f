"""Index tensors that are out of range: one IndexError in both modes, with the operator, the index, the size and the
line, and none where nothing wrong is read."""
import inspect

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, mint, nn, ops
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.compiler.primitives.index_check import taken_apart
from mindspore.graph.trace import current_trace
from mindspore.runtime.device import use_backend

X = np.arange(12, dtype=np.float32).reshape(4, 3)
TABLE = nn.Embedding(4, 2)


@pytest.fixture(autouse=True, params=["reference", "cpu"])
def backend(request):
    pytest.importorskip("mindspore_cpu" if request.param == "cpu" else "mindspore")
    with use_backend(request.param):
        yield request.param


def at(*places):
    """Places that are computed, so that their values are not at hand."""
    return Tensor(places) + 0


READING = {
    "index": (lambda x, i: x[i], "an index tensor"),
    "two index tensors": (lambda x, i: x[i, i - 3], "an index tensor"),
    "gather": (lambda x, i: ops.gather(x, i, 0), "gather"),
    "index_select": (lambda x, i: ops.index_select(x, 0, i), "index_select"),
    "mint.index_select": (lambda x, i: mint.index_select(x, 0, i), "index_select"),
    "gather_elements": (lambda x, i: ops.gather_elements(x[:, 0], 0, i), "gather_elements"),
    "take": (lambda x, i: ops.indexing.take(x[:, 0], i), "take"),
    "embedding": (lambda x, i: mint.nn.functional.embedding(i, x), "embedding"),
    "Embedding": (lambda x, i: TABLE(i) + x[0, 0] * 0, "Embedding"),
    "assignment": (lambda x, i: assigned(x, i), "an index tensor"),
}


WRITING = {name: getattr(ops, name) for name in (
    "tensor_scatter_add", "tensor_scatter_sub", "tensor_scatter_max", "tensor_scatter_min", "tensor_scatter_div")}
IN_PLACE = [f"scatter_{nd}{kind}" for nd in ("", "nd_")
            for kind in ("update", "add", "sub", "mul", "div", "max", "min")]
WRITING |= {
    "tensor_scatter_update": ops.TensorScatterUpdate(),
    "scatter_nd": lambda x, i, v: x + ops.scatter_nd(i, v, x.shape),
    "gather_nd": lambda x, i, v: ops.gather_nd(x, i) + v,
    "inplace_update": lambda x, i, v: ops.inplace_update(x[0], v, i[:, 1]),
    "index_put": lambda x, i, v: x.index_put((i[:, 0], i[:, 1]), v, True),
}


@pytest.mark.parametrize("name", sorted(WRITING))
@pytest.mark.parametrize("shape", [(2, 4), (4, 4)], ids=str)
def test_coordinates_out_of_range_are_errors_in_both_modes(name, shape):
    write, x, values = WRITING[name], Tensor(np.ones(shape, np.float32)), Tensor([2.0, 3.0])
    for function in (write, ms.jit(write)):
        function(x, at([0, 0], [1, 3]), values).asnumpy()
        with pytest.raises(IndexError, match=f"^{name}: index 4 is out of range for an axis of size 4, in line "):
            function(x, at([0, 0], [1, 4]), values).asnumpy()
        if name != "index_put":
            with pytest.raises(IndexError, match=f"{name}: index -1 is out of range for an axis of size 4"):
                function(x, at([0, -1], [1, 0]), values).asnumpy()
        function(x, at([0, 0], [1, 3]), values).asnumpy()
    if name not in ("index_put", "inplace_update"):  # which are given what is computed here
        with pytest.raises(IndexError, match=f"^{name}: index 4 is out of range for an axis of size 4$"):
            write(x, Tensor([[0, 0], [1, 4]]), values)


@pytest.mark.parametrize("name", IN_PLACE)
def test_places_to_write_in_place_are_checked(name):
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.w = ms.Parameter(np.ones((2, 4), np.float32), name="w")

        def construct(self, index, values):
            return getattr(ops, name)(self.w, index, values)

    nd = "_nd_" in name
    net, size = Net(), 4 if nd else 2
    values = Tensor(np.full((1,) if nd else (1, 4), 2.0, np.float32))
    for run in (net, ms.jit(net)):
        run(at([1, 3]) if nd else at(1), values).asnumpy()
        with pytest.raises(IndexError, match=f"^{name}: index {size} is out of range for an axis of size {size}"):
            run(at([1, 4]) if nd else at(2), values).asnumpy()


def test_what_is_documented_to_leave_places_out_does():
    x, wrong = Tensor(X), at([0, 1], [4, 0], [0, -1])
    times = X.copy()
    times[0, 1] *= 5
    np.testing.assert_array_equal(ops.tensor_scatter_mul(x, wrong, Tensor([5.0, 6.0, 7.0])).asnumpy(), times)
    np.testing.assert_array_equal(
        ops.tensor_scatter_elements(x[:, 0], at(0, 4), Tensor([5.0, 6.0])).asnumpy(), [5, 3, 6, 9])
    for name, expected in (("sum", [3, 4]), ("max", [2, 4]), ("min", [1, 4]), ("prod", [2, 4])):
        found = getattr(ops, f"unsorted_segment_{name}")(Tensor([1.0, 2, 3, 4]), at(0, 0, -1, 1), 2)
        np.testing.assert_array_equal(found.asnumpy(), expected)


def test_coordinates_in_gradients_and_lanes_are_checked():
    def loss(x, i, v):
        return (ops.tensor_scatter_add(x, i, v) * ops.gather_nd(x, i).sum()).sum()

    for function in (ms.grad(loss), ms.jit(ms.grad(loss))):
        function(Tensor(X), at([1, 2]), Tensor([1.0]))
        with pytest.raises(IndexError, match="tensor_scatter_add: index 3 is out of range for an axis of size 3"):
            function(Tensor(X), at([1, 3]), Tensor([1.0])).asnumpy()
    lanes = ms.vmap(ops.gather_nd, in_axes=(None, 0))
    np.testing.assert_array_equal(lanes(Tensor(X), at([[1, 2]], [[3, 0]])).asnumpy(), [[5], [9]])
    with pytest.raises(IndexError, match="gather_nd: index 4 is out of range for an axis of size 4"):
        lanes(Tensor(X), at([[1, 2]], [[4, 0]])).asnumpy()


def assigned(x, i):
    x = x * 1
    x[i] = 5.0
    return x


@pytest.mark.parametrize("name", sorted(READING))
def test_an_index_out_of_range_is_an_error_in_both_modes(name):
    read, operator = READING[name]
    for function in (read, ms.jit(read)):
        function(Tensor(X), at(0, 3)).asnumpy()
        with pytest.raises(IndexError, match=f"{operator}: index [46] is out of range for an axis of size [34]"):
            function(Tensor(X), at(1, 4 if "two" not in name else 6)).asnumpy()
        function(Tensor(X), at(0, 3)).asnumpy()


def test_negative_indices_count_from_the_end_or_are_wrong():
    np.testing.assert_array_equal(Tensor(X)[at(-4, -1)].asnumpy(), X[[-4, -1]])
    with pytest.raises(IndexError, match="an index tensor: index -5 is out of range for an axis of size 4"):
        Tensor(X)[at(-5, 7 - 7)].asnumpy()
    with pytest.raises(IndexError, match="gather: index -1"):
        ops.gather(Tensor(X), at(-1), 0).asnumpy()


def test_the_error_names_the_line():
    def program(x, i):
        y = x * 2
        y = y[i]
        return y + 1

    line = inspect.getsourcelines(program)[1] + 2
    for function in (program, ms.jit(program)):
        with pytest.raises(IndexError, match=f'in line {line} of ".*test_index_checks.py"'):
            function(Tensor(X), at(9)).asnumpy()


def in_a_branch(x, i, t):
    if t > 0:
        return x[i] * 2
    return x[:2] * 1


def in_a_loop(x, i, t):
    total = x[:2] * 0
    while t > 0:
        total = total + x[i]
        i = i + 1
        t = t - 1
    return total


def before_a_loop(x, i, t):
    """What is the same in all trips is read before the loop, though the loop may have none."""
    total = x[:2] * 0
    while t > 0:
        total = total + ops.exp(x[i])
        t = t - 1
    return total


@pytest.mark.parametrize("program", [in_a_branch, in_a_loop, before_a_loop], ids=lambda p: p.__name__)
def test_only_what_runs_is_checked(program):
    compiled = ms.jit(program)
    compiled(Tensor(X), at(2, 9), Tensor(-1)).asnumpy()
    compiled(Tensor(X), at(1, 2), Tensor(1)).asnumpy()
    for function in (compiled, program):
        with pytest.raises(IndexError, match="index 9 is out of range"):
            function(Tensor(X), at(2, 9), Tensor(1)).asnumpy()


def test_gradients_lanes_and_recursion_are_checked():
    def loss(x, i):
        return (x[i] * x[i]).sum()

    def deeper(x, n):
        return x[n] if n > 2 else deeper(x, n + 2)

    rows = ms.vmap(lambda x, i: ops.gather(x, i, 0), in_axes=(None, 0))
    for function in (ms.grad(loss), ms.jit(ms.grad(loss)), ms.value_and_grad(loss)):
        function(Tensor(X), at(0, 3))
        with pytest.raises(IndexError, match="index 5 is out of range"):
            found = function(Tensor(X), at(0, 5))
            (found[1] if isinstance(found, tuple) else found).asnumpy()
    for function in (rows, ms.jit(rows)):
        np.testing.assert_array_equal(function(Tensor(X), Tensor([[0], [3]]) + 0).asnumpy(), X[[0, 3]][:, None])
        with pytest.raises(IndexError, match="index 4 is out of range"):
            function(Tensor(X), Tensor([[0], [4]]) + 0).asnumpy()
    compiled = ms.jit(deeper)
    np.testing.assert_array_equal(compiled(Tensor(X), Tensor(1)).asnumpy(), X[3])
    with pytest.raises(IndexError, match="index 4 is out of range"):
        compiled(Tensor(X), Tensor(2))


def test_lanes_that_do_not_count_are_not_checked():
    def one(x, i):
        return x[i] if i < 4 else x[0] * 0

    found = ms.vmap(one, in_axes=(None, 0))(Tensor(X), Tensor([1, 9, 3]) + 0)
    np.testing.assert_array_equal(found.asnumpy(), [X[1], X[0] * 0, X[3]])


def test_a_compiled_function_under_a_gradient_is_checked():
    read = ms.jit(lambda x, i: x[i])
    with pytest.raises(IndexError, match="index 7 is out of range"):
        ms.grad(lambda x: read(x, at(7)).sum())(Tensor(X)).asnumpy()


def test_a_cell_with_several_errors_names_the_first():
    def program(x, i, j):
        return x[i] + x.T[j, 0]

    for function in (program, ms.jit(program)):
        with pytest.raises(IndexError, match="index 8 is out of range for an axis of size 4"):
            function(Tensor(X), at(8), at(9)).asnumpy()
        with pytest.raises(IndexError, match="index 9 is out of range for an axis of size 3"):
            function(Tensor(X), at(1), at(9)).asnumpy()


def test_checks_make_no_new_programs_and_are_looked_at_once():
    read = ms.jit(lambda x, i: x[i])
    read(Tensor(X), at(1))
    with assert_max_compiles(0):
        for place in (0, 2, 3):
            np.testing.assert_array_equal(read(Tensor(X), at(place)).asnumpy(), X[[place]])
    with pytest.raises(IndexError):
        Tensor(X)[at(5)].asnumpy()
    np.testing.assert_array_equal((Tensor(X) + 1).asnumpy(), X + 1)


def test_the_check_is_left_out_of_files(tmp_path):
    if current_trace() is None:
        ms.export(TABLE, Tensor([1, 2]), file_name=str(tmp_path / "table"), file_format="MINDIR")
        net = nn.GraphCell(ms.load(str(tmp_path / "table.mindir")))
        np.testing.assert_array_equal(net(Tensor([1, 2])).asnumpy(), TABLE(Tensor([1, 2])).asnumpy())


def test_the_fault_of_a_graph_tells_check_and_index():
    def rows(x, i, j):
        first, once_more = x[i], x[i]
        return first + once_more + x[j]

    graph = ms.jit(rows).graph(Tensor(X), at(0), at(0))
    zero = np.int64(0)
    for i, j, expected in ((1, 2, None), (1, 6, (2, 6)), (-7, 9, (1, -7)), (2**50, 0, (1, 2**39 - 1))):
        fault = int(evaluate(graph, [X, np.array([i]), np.array([j]), zero])[-1])
        assert (taken_apart(fault) if fault else None) == expected
