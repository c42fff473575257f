"""Recursion in graph mode: how deep it goes, derivatives of higher order, what is in the graph, and what is refused.
The programs that agree with plain Python are in `tests/programs/programs_recursion.py`."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore import Parameter, Tensor, jacfwd, jacrev, jit, jvp, ops, recompute, vmap
from mindspore.compiler.frontend import TensorConditionError
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.ir.text import show
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.gradient import grad
from mindspore.nn.cell import Cell
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend

X = np.array([0.3, -0.8, 1.1])


@pytest.fixture(params=["reference", "discrete", "cpu"])
def backend(request, discrete):
    if request.param not in manager.backends():
        pytest.skip(f"the backend {request.param} is not installed")
    with use_backend(request.param):
        yield request.param


def descend(x, n):
    return x if n <= 0 else descend(x * 0.5 + 1, n - 1)


def ascend(x, n):
    if n <= 0:
        return x
    return ascend(x * 0.999, n - 1) * 1.001 + 0.001


def tree(x, n):
    if n <= 0:
        return x * x
    return tree(x * 0.9, n - 1) * x + tree(x + 0.1, n - 2)


# -- depth -------------------------------------------------------------------------------------------------------------


def test_depth_is_not_limited_by_a_stack(backend):
    depth = 100_000 if backend == "cpu" else 2_000
    value, slope = X.copy(), np.ones(3)
    for _ in range(depth):
        value, slope = value * 0.999, slope * 0.999
    for _ in range(depth):
        value, slope = value * 1.001 + 0.001, slope * 1.001
    got = jit(ascend)(Tensor(X), Tensor(depth))
    np.testing.assert_allclose(got.asnumpy(), value, rtol=1e-6)
    got = jit(grad(lambda x, n: ascend(x, n).sum()))(Tensor(X), Tensor(depth))
    np.testing.assert_allclose(got.asnumpy(), slope, rtol=1e-6)


def test_one_compilation_serves_all_depths(backend):
    f = jit(tree)
    f(Tensor(X), Tensor(2))
    with assert_max_compiles(0):
        for n in (0, 1, 5):
            np.testing.assert_allclose(f(Tensor(X), Tensor(n)).asnumpy(), tree(X, n))


def test_derivatives_of_higher_order(backend):
    def order(k):
        f = lambda x, n: tree(x, n).sum()  # noqa: E731
        for _ in range(k):
            f = (lambda inner: lambda x, n: (grad(inner)(x, n) * Tensor(np.array([1.0, 0.5, -0.7]))).sum())(f)
        return f

    n = Tensor(3)
    for k in (1, 2, 3):
        lower, got = jit(order(k - 1)), jit(grad(order(k - 1)))(Tensor(X), n).asnumpy()
        for place in range(3):
            step = np.eye(3)[place] * 1e-5
            ends = [lower(Tensor(X + s * step), n).asnumpy() for s in (1, -1)]
            np.testing.assert_allclose(got[place], (ends[0] - ends[1]) / 2e-5, rtol=1e-5, atol=1e-7)


# -- what is in the graph ----------------------------------------------------------------------------------------------


def operators(graph) -> list[str]:
    return [n.op.name for n in graph.nodes if n.op.name not in ("parameter", "constant", "item")]


def test_the_first_call_is_the_recursion():
    assert operators(jit(descend).graph(Tensor(X), Tensor(3))) == ["rec"]
    text = show(jit(descend).graph(Tensor(X), Tensor(3)))
    assert text.count("rec(") == text.count("rec_call(") == 1


def test_functions_that_call_each_other_share_what_they_read():
    def program(x, n):
        k = x * 2

        def f(x, n):
            if n <= 0:
                return x
            t = x * 3

            def g(x, n):
                if n <= 0:
                    return x * x + t + k
                if x.sum() > 4:
                    return g(x - 1, n - 1) * 0.5
                return f(x, n - 1) + x + t
            return f(x * 0.5, n - 1) if x.sum() > 1 else g(x + 1, n - 1)
        return f(x, n)

    compiled = jit(program)
    for n in range(6):
        for x in (X, X * 4, -X):
            np.testing.assert_allclose(compiled(Tensor(x), Tensor(n)).asnumpy(), program(x, n))
    rec = next(n for n in compiled.graph(Tensor(X), Tensor(3)).nodes if n.op.name == "rec")
    assert rec.attr("names") == ("f", "g") and rec.attr("shared") == 1


def test_what_happened_before_the_recursion_happens_once(capsys):
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.calls = Parameter(np.array(0.0), name="calls")

        def walk(self, x, n):
            print("at", n)
            self.calls = self.calls + 1
            y = x * 1
            y[0] = n
            return y if n <= 0 else self.walk(y * 0.5, n - 1)

    net = Net()
    compiled = jit(lambda x, n: net.walk(x, n))
    got = compiled(Tensor(X), Tensor(2)).asnumpy()
    np.testing.assert_allclose(got, [0, X[1] / 4, X[2] / 4])
    assert net.calls.asnumpy() == 3
    assert capsys.readouterr().out == "at 2\nat 1\nat 0\n"


# -- regions around calls ----------------------------------------------------------------------------------------------


class Twice(Cell):
    """walk twice as far, of which the derivative is said to be 3 x."""

    def construct(self, x, n):
        return own_derivative(x * 2, n)

    def bprop(self, x, n, out, dout):
        return dout * 3 * x, ops.zeros_like(n)


twice = Twice()


def own_derivative(x, n):
    return x * x if n <= 0 else twice(x, n - 1) * 0.5


def recomputed(x, n):
    if n <= 0:
        return x * x

    def block(y):
        for _ in range(3):
            y = ops.sin(y) * x + recomputed(y, n - 2)
        return y
    return recompute(block, x)


def differentiates_others(x, n):
    if n <= 0:
        return x
    return differentiates_others(x * 0.5, n - 1) + grad(lambda y: (ops.sin(y) * y).sum())(x)


def on_lanes(x, n):
    return vmap(ascend)(x, ops.arange(3) + n)


def forward_and_backward(x, n):
    return jacfwd(ascend)(x, n).sum(0) + jacrev(ascend)(x, n).sum(0) + jvp(lambda y: tree(y, n), x, x * 2)[1]


@pytest.mark.parametrize("f", [own_derivative, recomputed, differentiates_others, on_lanes, forward_and_backward])
def test_derivatives_agree_with_eager_mode(f, backend):
    for run in (f, grad(lambda x, n: f(x, n).sum()), grad(lambda x, n: (grad(f)(x, n) * x).sum())):
        np.testing.assert_allclose(jit(run)(Tensor(X), Tensor(3)).asnumpy(), run(Tensor(X), 3).asnumpy(), rtol=1e-9)


# -- refusals ----------------------------------------------------------------------------------------------------------


def endless(x, k):
    return endless(x * 2, k + 1) if x.sum() < 10 else endless(x * 0.5, k + 1)


def grows(x, items):
    return x if x.sum() > 10 else grows(x + 1, [*items, x])


def unlike(x, n):
    return x if n <= 0 else unlike(x, n - 1).sum()


def appends(x, items):
    if x.sum() > 10:
        return x
    items[0] = x
    return appends(x + 1, items)


def continues(x, n, then):
    return then(x) if n <= 0 else continues(x, n - 1, lambda y: then(y) * 2)


@pytest.mark.parametrize(("f", "rest", "message"), [
    (endless, (0,), "The recursion of 'endless' (has no end|does not end while the graph is compiled)"),
    (grows, ([],), r"(?s)The recursion of 'grows' does not end while the graph is compiled.*'items' is .*, then"),
    (unlike, (Tensor(3),), r"(?s)The results of the recursive function 'unlike' .* gives one of .*\[3\].* \| .*\[\]"),
    (appends, ([1],), "The recursive function 'appends' changes an argument"),
    (continues, (Tensor(3), lambda y: y), r"(?s)The recursion of 'continues' does not end .*'then' is"),
])
def test_refusals_say_what_and_where(f, rest, message):
    with use_backend("reference"), pytest.raises(TensorConditionError, match=message) as caught:
        jit(f)(Tensor(X), *rest)
    assert f"in {f.__name__}" in str(caught.value) and "Instead: " in str(caught.value)


def its_own_gradient(x, n):
    return x * x if n <= 0 else grad(lambda y: its_own_gradient(y, n - 1).sum())(x)


def its_own_tangent(x, n):
    return x * x if n <= 0 else jvp(lambda y: its_own_tangent(y, n - 1), x, x)[1]


def on_lanes_of_itself(x, n):
    return x * x if n <= 0 else vmap(lambda y: on_lanes_of_itself(y * x, n - 1))(x).sum(0)


class Explains(Cell):
    def construct(self, x, n):
        return with_own_rule(x * 2, n)

    def bprop(self, x, n, out, dout):
        return dout * with_own_rule(x, n), ops.zeros_like(n)


explains = Explains()


def with_own_rule(x, n):
    return x * x if n <= 0 else explains(x, n - 1)


@pytest.mark.parametrize(("f", "message"), [
    (its_own_gradient, "The derivative of a call of 'its_own_gradient' is asked for inside of"),
    (its_own_tangent, "The derivative of a call of 'its_own_tangent' is asked for inside of"),
    (on_lanes_of_itself, "(?s)cannot be run on many lanes.*a call of 'on_lanes_of_itself' inside of"),
    (with_own_rule, "Explains: bprop calls 'with_own_rule', which is a recursive function that runs"),
])
def test_what_has_no_end_in_a_transformation_is_refused(f, message):
    with use_backend("reference"), pytest.raises(GraphCompileError, match=message) as caught:
        jit(f)(Tensor(X), Tensor(2))
    assert f"in {f.__name__}" in str(caught.value)


def test_the_same_error_as_python_without_a_decision():
    def forever(x):
        return forever(x + 1)

    with use_backend("reference"), pytest.raises(RecursionError):
        jit(forever)(Tensor(X))
