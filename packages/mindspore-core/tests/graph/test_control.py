"""Control flow on tensors in graph mode: a table of programs that agree with plain Python, eager mode and differences,
on every backend; and what is refused, with its message."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit
from mindspore.compiler.frontend import TensorConditionError
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.gradient import grad
from mindspore.nn.cell import Cell
from mindspore.runtime.device import use_backend

POINTS = [np.array([0.53, 0.21, 0.87]), np.array([-0.53, 0.4, -0.91]), np.array([2.3, -0.7, 1.9])]


def if_else(x, w):
    if x.sum() > 0:
        y = x * w
    else:
        y = -x
    return y


def if_alone(x, w):
    y = x
    if x.sum() > 0:
        y = x * w
    return y + w


def if_elif_else(x, w):
    if x.sum() > 3:
        y = x * w
    elif x.sum() > 0:
        y = x + w
    else:
        y = x * x
    return y


def nested_ifs(x, w):
    if x.sum() > 0:
        if x.max() > 1:
            y = x * x
        else:
            y = w * 2
    else:
        y = w * x
    return y


def several_variables(x, w):
    a, b, c = x, w, 1.0
    if x.sum() > 0:
        a, b = b * 2, a
        c = 2.5
    return a * b + c


def python_numbers_become_tensors(x, w):
    n, flag = 1, False
    if x.sum() > 0:
        n, flag = 3, True
    if flag:
        x = x * n
    return x + n


def equal_python_values_stay(x, w):
    if x.sum() > 0:
        n, name = 2, "a"
        y = x
    else:
        n, name = 2, "a"
        y = w
    return y * n if name == "a" and list(range(n)) == [0, 1] else x


def tuples_join(x, w):
    if x.sum() > 0:
        pair = (x, [w, 1.0])
    else:
        pair = (w * x, [x, 2.0])
    a, (b, c) = pair
    return a * b + c


def dicts_join(x, w):
    found = {"a": x, "b": w}
    if x.sum() > 0:
        found = {"a": w * x, "b": x}
    return found["a"] - found["b"] * 2


def temporaries_of_a_branch(x, w):
    if x.sum() > 0:
        t = x * w
        y = t * t
    else:
        u = x.sum()
        y = w * u
    return y


def early_return(x, w):
    if x.sum() > 0:
        return x * w
    z = x + w
    return z * z


def both_return(x, w):
    if x.sum() > 0:
        return x * w
    else:
        return x - w * x


def return_from_a_nested_branch(x, w):
    if x.sum() > 0:
        if x.max() > 1:
            return x * 3
        x = x * w
    y = x + 1
    if y.sum() > 4:
        return y * y
    return y


def returns_of_tuples(x, w):
    def inner(x):
        if x.sum() > 0:
            return x, 2.0
        return w, 3.0
    a, b = inner(x)
    return a * b


def conditional_expression(x, w):
    return x * 3 if x.max() > 0.5 else x * w


def nested_conditional_expressions(x, w):
    return (x if x.max() > 1 else w) * (2 if x.sum() > 0 else 3.5)


def conditional_of_numbers(x, w):
    k = 1 if x.sum() > 0 else 0
    return x * k + w


def conjunction(x, w):
    if x.sum() > 0 and x.max() < 1:
        return x * w
    return x


def disjunction(x, w):
    return x * w if x.sum() < 0 or x.max() > 1 else w * w


def negation(x, w):
    return x * w if not x.sum() > 0 else x


def mixed_conjunction(x, w):
    n = 3
    return x * w if n > 2 and x.sum() > 0 and len(x.shape) == 1 else x + w


def chained_comparison(x, w):
    return x * w if 0 < x.sum() < 3 else x * x * w


def while_loop(x, w):
    while x.sum() < 10:
        x = x * 1.5 + 1
    return x * w


def while_with_counter(x, w):
    i = 0
    while x.sum() < 10:
        x = x * 1.5 + w * w
        i += 1
    return x * i


def while_without_trips(x, w):
    while x.sum() > 100:
        x = x * w
    return x + w


def while_on_a_count(x, w):
    i, n = 0, (x > 0).sum()
    while i < n:
        x = x * w
        i = i + 1
    return x


def while_with_an_accumulator(x, w):
    total = 0.0
    while x.sum() < 10:
        total = total + x.sum() * w.max()
        x = x + 1
    return x * total


def while_with_a_temporary(x, w):
    while x.sum() < 10:
        t = x * w
        x = x + t * t + 1
    return x


def while_with_a_tuple(x, w):
    pair = (x, w)
    while pair[0].sum() < 8:
        pair = (pair[0] + 1, pair[1] * pair[0])
    return pair[0] * pair[1]


def while_in_a_while(x, w):
    n = 0
    while x.sum() < 20:
        y = x
        while y.sum() < 10:
            y = y * 1.3 + 1
            n = n + 1
        x = x + y * w * w + 2
    return x * n


def if_in_a_while(x, w):
    while x.sum() < 10:
        if x.max() > 1.7:
            x = x + 1
        else:
            x = x * w + 0.8
    return x


def while_in_an_if(x, w):
    if x.sum() > 0:
        while x.sum() < 10:
            x = x * 1.5 + 1
    else:
        x = x * w
    return x


def while_with_break(x, w):
    n = 0
    while x.sum() < 100:
        x = x * 1.5 + 1
        if x.max() > 5:
            break
        n += 1
    return x * n + w


def while_with_continue(x, w):
    n = 0
    while x.sum() < 30:
        x = x + w * w + 1
        if x.max() > 4:
            continue
        n += 2
    return x * n


def while_with_break_and_continue(x, w):
    n = 1
    while n < 12:
        n = n + 1
        if x.sum() > 20:
            break
        if x.max() > 3:
            x = x + w * w
            continue
        x = x * 1.2 + 0.5
    return x * n


def while_with_else(x, w):
    while x.sum() < 10:
        x = x + 1
    else:
        x = x * w
    return x


def for_with_break(x, w):
    for k in range(4):
        if x.sum() > 6:
            break
        x = x * w + k
    return x


def for_with_break_and_else(x, w):
    for k in range(3):
        x = x * 1.4 + k * w
        if x.sum() > 6:
            break
    else:
        x = x * x
    return x


def for_with_continue(x, w):
    for k in range(4):
        if x.max() > 2:
            x = x + 0.5 * w
            continue
        x = x * 1.5 + k
    return x


def for_with_return(x, w):
    for k in range(3):
        x = x * 1.5 + k
        if x.sum() > 5:
            return x * x
    return x * w


def for_in_a_while(x, w):
    while x.sum() < 15:
        for k in range(3):
            if x.max() > 3:
                break
            x = x + k * w * w
        x = x + 1
    return x


def function_with_a_branch(x, w):
    def scaled(y, by):
        return y * by if y.sum() > 0 else y
    return scaled(x, w) + scaled(-x, 2.0)


def nonlocal_in_a_branch(x, w):
    scale = w

    def change():
        nonlocal scale
        scale = scale * x
    if x.sum() > 0:
        change()
    return scale + x


def gradient_in_a_branch_of_numbers(x, w):
    y = x * x
    if y.sum() > 1:
        for k in range(2):
            y = y * w if y.sum() > k else y - w
    return y


PROGRAMS = [f for name, f in list(globals().items()) if getattr(f, "__code__", None) is not None
            and f.__code__.co_varnames[:2] == ("x", "w") and f.__module__ == __name__]
W = np.array([1.3, 0.7, 1.1])


@pytest.fixture(params=["reference", "discrete", "cpu"])
def backend(request, discrete):
    from mindspore.plugin import manager
    if request.param not in manager.backends():
        pytest.skip(f"the backend {request.param} is not installed")
    with use_backend(request.param):
        ms.set_context(mode=ms.GRAPH_MODE)
        yield request.param
        ms.set_context(mode=ms.PYNATIVE_MODE)


def slopes(f, x, w, step=1e-5):
    """The gradient of the sum of f by both operands, by central differences of plain Python."""
    found = []
    for k in range(2):
        ends = np.zeros((2, x.size))
        for place in range(x.size):
            for side, sign in enumerate((1, -1)):
                moved = [x.copy(), w.copy()]
                moved[k][place] += sign * step
                ends[side, place] = np.sum(f(*moved))
        found.append((ends[0] - ends[1]) / (2 * step))
    return found


def test_the_table_is_long():
    assert len(PROGRAMS) >= 40


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_programs_agree(f, backend):
    compiled = jit(f)
    derivative = grad(lambda x, w: f(x, w).sum(), (0, 1))
    for x in POINTS:
        want = f(x, W)
        np.testing.assert_allclose(compiled(Tensor(x), Tensor(W)).asnumpy(), want, rtol=1e-6)
        for mine, theirs in zip(derivative(Tensor(x), Tensor(W)), slopes(f, x, W)):
            np.testing.assert_allclose(mine.asnumpy(), theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_eager_mode_agrees(f):
    with use_backend("reference"):
        for x in POINTS:
            np.testing.assert_allclose(f(Tensor(x), Tensor(W)).asnumpy(), f(x, W), rtol=1e-6)


# -- what the table cannot hold ----------------------------------------------------------------------------------------


def operators(graph) -> list[str]:
    return [n.op.name for n in graph.nodes]


@pytest.mark.parametrize(("f", "name"), [(if_else, "cond"), (while_loop, "while_"), (chained_comparison, "cond"),
                                         (for_with_break, "cond"), (while_with_break, "while_")])
def test_decisions_stay_in_the_graph(f, name, backend):
    assert name in operators(jit(f).graph(Tensor(POINTS[0]), Tensor(W)))


def test_one_compilation_serves_all_values(backend):
    @jit
    def f(x):
        while x.sum() < 10:
            x = x * 2 if x.max() > 2 else x + 1
        return x

    f(Tensor(POINTS[0]))
    with assert_max_compiles(0):
        for x in POINTS:
            f(Tensor(x))


@pytest.mark.parametrize("f", [if_else, while_with_counter, while_with_break, early_return, if_in_a_while],
                         ids=lambda f: f.__name__)
def test_second_derivatives(f, backend):
    first = grad(lambda x, w: f(x, w).sum(), 0)
    second = grad(lambda x, w: (first(x, w) * first(x, w)).sum(), (0, 1))
    for x in POINTS:
        def squares(x, w):
            return (first(Tensor(x), Tensor(w)).asnumpy() ** 2).sum()
        for mine, theirs in zip(second(Tensor(x), Tensor(W)), slopes(squares, x, W)):
            np.testing.assert_allclose(mine.asnumpy(), theirs, rtol=1e-4, atol=1e-5)


class Counter(Cell):
    def __init__(self):
        super().__init__()
        self.weight = Parameter(np.array([1.0, 2.0, 3.0]), name="weight")
        self.trips = Parameter(np.array(0.0), name="trips")

    def construct(self, x):
        if x.sum() > 0:
            self.weight = self.weight * 2
        while x.sum() < 10:
            x = x + 1
            self.trips = self.trips + 1
        return x * self.weight


def test_parameters_are_assigned_inside(backend):
    net, weight, trips = Counter(), np.array([1.0, 2.0, 3.0]), 0
    for x in (*POINTS, *POINTS):
        got = net(Tensor(x)).asnumpy()
        weight = weight * 2 if x.sum() > 0 else weight
        while x.sum() < 10:
            x, trips = x + 1, trips + 1
        np.testing.assert_allclose(got, x * weight)
        np.testing.assert_allclose(net.weight.asnumpy(), weight)
        assert net.trips.asnumpy() == trips


def test_parameters_are_assigned_until_a_return(backend):
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.total = Parameter(np.array([0.0, 1.0, 0.5]), name="total")

        def construct(self, x):
            while x.sum() < 20:
                x = x * 1.2 + 1
                self.total = self.total + x
                if self.total.max() > 9:
                    return x
            return x * 2

    net, total = Net(), np.array([0.0, 1.0, 0.5])
    for x in POINTS:
        got = net(Tensor(x)).asnumpy()
        returned = False
        while x.sum() < 20 and not returned:
            x = x * 1.2 + 1
            total = total + x
            returned = total.max() > 9
        np.testing.assert_allclose(got, x if returned else x * 2)
        np.testing.assert_allclose(net.total.asnumpy(), total)


def test_weights_read_inside_have_gradients(backend):
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.weight = Parameter(np.array([1.0, 2.0, 0.5]), name="weight")

        def construct(self, x):
            while x.sum() < 10:
                x = x + self.weight * self.weight
            return (x * self.weight if x.max() > 3 else x).sum()

    def plain(x, w):
        while x.sum() < 10:
            x = x + w * w
        return (x * w if x.max() > 3 else x).sum()

    net = Net()
    for x in POINTS:
        got = grad(net, 0, net.trainable_params())(Tensor(x))
        for mine, theirs in zip((got[0], got[1][0]), slopes(plain, x, np.array([1.0, 2.0, 0.5]))):
            np.testing.assert_allclose(mine.asnumpy(), theirs, rtol=1e-6)


def returns_unlike_values(x):
    while x.sum() < 10:
        if x.max() > 3:
            return x if x.sum() > 0.5 else 0.3
        x = x + 1
    return x


@pytest.mark.parametrize("x", [[0.3, -0.8, 1.1], [1.0, 2.0, 30.0], [4.0, -9.0, -8.0]])
def test_a_loop_may_return_a_tensor_or_a_number(x, backend):
    got = jit(returns_unlike_values)(Tensor(np.array(x)))
    np.testing.assert_allclose(got.asnumpy() if isinstance(got, Tensor) else got, returns_unlike_values(np.array(x)))


# -- refusals ----------------------------------------------------------------------------------------------------------


def growing(x):
    y = x
    while y.sum() < 10:
        y = y.reshape((1, *y.shape))
    return y


def many_elements(x):
    return x if x > 0 else -x


@pytest.mark.parametrize(("f", "message"), [
    (growing, "'y' does not keep its type in a loop on a tensor"),
    (many_elements, "The condition of 'conditional expression' is a tensor of more than one element"),
])
def test_refusals_say_what_and_where(f, message):
    with use_backend("reference"), pytest.raises(TensorConditionError, match=message) as caught:
        jit(f)(Tensor(POINTS[0]))
    assert f"in {f.__name__}" in str(caught.value) and "Instead: " in str(caught.value)
    assert isinstance(caught.value, ValueError) is (f is many_elements)


@pytest.mark.parametrize("how", [lambda f: f, jit], ids=["pynative", "graph"])
@pytest.mark.parametrize("f", [many_elements, lambda x: bool(x), lambda x: not x, lambda x: x and 1,
                               lambda x: 3 if x in (0,) else 4], ids=["if", "bool", "not", "and", "in"])
def test_the_truth_of_many_elements_is_a_value_error_in_both_modes(f, how):
    with use_backend("reference"), pytest.raises(ValueError, match="ambiguous|more than one element"):
        how(f)(Tensor(POINTS[0]))
