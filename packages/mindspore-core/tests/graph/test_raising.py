"""Exceptions that depend on tensors: compiled functions raise what plain Python raises, with its message and line,
after the same effects and assignments, on every backend. (PYTEST_DONT_REWRITE: they are under test.)"""
from __future__ import annotations

import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit, nn, ops
from mindspore.gradient import grad
from mindspore.runtime.device import use_backend

POINTS = [np.array([0.5, 0.25, 1.0], np.float32), np.array([-3.0, 0.5, 2.0], np.float32),
          np.array([4.0, 1.5, 2.0], np.float32)]


class Refusal(Exception):
    def __init__(self, value, reason):
        super().__init__(reason)
        self.value = value
        self.reason = reason

    def __str__(self):
        return f"refused: {self.reason}"


def check(y, limit):
    if y.max() > limit:
        raise ValueError(f"{y.max():.2f} is above {limit}")
    return y


def assertion(x):
    assert x.sum() > 0
    return x * 2


def assertion_with_message(x):
    assert x.sum() > 0, f"sum {x.sum():.2f} of {x}"
    return x * 2


def assertion_of_many(x):
    assert x.sum() < 5, "large"
    assert (x > 0).all(), ("negative", 3)
    return x.sum()


def raises_in_then(x):
    if x.sum() < 0:
        raise ValueError("negative sum", 3)
    y = x * 2
    return y + 1


def raises_in_else(x):
    if x.sum() > 0:
        y = x * 2
    else:
        raise ValueError
    return y


def raises_in_elif(x):
    if x.sum() > 5:
        raise KeyError("large")
    elif x.sum() > 0:
        y = x
    else:
        raise TypeError(f"negative {x}")
    return y * y


def raises_at_the_end(x):
    if x.sum() > 0:
        return x * 2
    x = x + 1
    raise RuntimeError("not positive")


def raises_always(x):
    print("before", x.sum())
    if x.sum() > 0:
        raise ValueError("positive")
    raise TypeError("negative")


def prints_and_raises(x):
    print("start")
    if x.max() > 1.5:
        print("large")
        if x.sum() > 5:
            raise ValueError(f"{x.sum()}")
        print("not so large")
    print("end")
    return x


def raises_in_a_called_function(x):
    y = check(x, 3) + check(x * 2, 3)
    print("checked")
    return y


def raises_in_a_loop(x):
    n = 0
    while x.sum() < 20:
        x = x + 1
        n = n + 1
        print(n)
        if x.min() > 2:
            raise StopAsyncIteration(f"trip {n}")
    return x


def raises_in_a_static_loop(x):
    for k in range(4):
        x = x + k
        assert x.max() < 6, k
    return x


def raises_in_an_expression(x):
    y = x if x.sum() > 0 else check(x, 1)
    return y * 2


def raises_in_a_condition(x):
    while check(x, 3).sum() < 10:
        x = x + 1
    return x


def error_of_the_program_itself(x):
    y = x.sum()
    if y < 0:
        return x @ ops.ones((2, 2), ms.float32)
    return x


def division_by_zero(x):
    n = 0
    return x / (1 // n) if x.sum() < 0 else x


def missing_name(x):
    if x.sum() < 0:
        x = undefined_name  # noqa: F821
    return x


def own_class(x):
    if x.sum() < 0:
        raise Refusal(x.max(), "a reason")
    return x


def with_a_cause(x):
    if x.sum() < 0:
        raise ValueError("outer") from KeyError("inner", 1)
    return x


def error_made_before(x):
    error = IndexError(f"about {x.sum()}")
    if x.sum() < 0:
        raise error
    return x


PROGRAMS = [assertion, assertion_with_message, assertion_of_many, raises_in_then, raises_in_else, raises_in_elif,
            raises_at_the_end, raises_always, prints_and_raises, raises_in_a_called_function, raises_in_a_loop,
            raises_in_a_static_loop, raises_in_an_expression, raises_in_a_condition, error_of_the_program_itself,
            division_by_zero, missing_name, own_class, with_a_cause, error_made_before]


@pytest.fixture(params=["reference", "discrete", "cpu"])
def backend(request, discrete):
    from mindspore.plugin import manager
    if request.param not in manager.backends():
        pytest.skip(f"the backend {request.param} is not installed")
    with use_backend(request.param):
        yield request.param


def outcome(f, x, capsys):
    """What a call gives or raises, what it prints, and the lines of this file in the traceback."""
    capsys.readouterr()
    result, error, lines = None, None, []
    try:
        result = f(Tensor(x)).asnumpy()
    except Exception as raised:
        cause = raised.__cause__ and (type(raised.__cause__), raised.__cause__.args)
        error = type(raised), str(raised), len(raised.args), cause, vars(raised).keys() - {"graph_location"}
        found = traceback.extract_tb(raised.__traceback__)
        lines = [entry.lineno for entry in found if entry.filename == __file__]
    return result, error, lines[1:], capsys.readouterr().out


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_raises_what_python_raises(f, backend, capsys):
    compiled = jit(f)
    raised = 0
    for x in (*POINTS, POINTS[0]):
        want, got = outcome(f, x, capsys), outcome(compiled, x, capsys)
        np.testing.assert_equal(got[0], want[0])
        assert got[1:] == want[1:]
        raised += want[1] is not None
    assert raised


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_raise_too(f, backend, capsys):
    compiled, eager = jit(grad(lambda x: (f(x) * 3).sum())), grad(lambda x: (f(x) * 3).sum())
    for x in POINTS:
        want, got = outcome(eager, x, capsys), outcome(compiled, x, capsys)
        np.testing.assert_equal(got[0], want[0])
        assert got[1] == want[1] and got[3] == want[3]


class Net(nn.Cell):
    def __init__(self, limit):
        super().__init__()
        self.weight = Parameter(np.zeros(3, np.float32))
        self.steps = Parameter(np.zeros((), np.float32))
        self.limit = limit

    def construct(self, x):
        for _ in range(3):
            self.weight = self.weight + x
            self.steps = self.steps + 1
            if self.weight.sum() > self.limit:
                raise RuntimeError(f"full after {self.steps}")
        while self.steps.sum() < 5:
            self.steps = self.steps + 1
            if self.steps > 4:
                raise RuntimeError("many steps")
        self.weight = self.weight * 0.5
        return self.weight


@pytest.mark.parametrize("limit", [1.0, 7.0, 100.0])
def test_assignments_before_the_exception_stay(limit, backend):
    nets = [Net(limit), Net(limit)]
    for x in (*POINTS, *POINTS):
        found = []
        for net, mode in zip(nets, (ms.PYNATIVE_MODE, ms.GRAPH_MODE)):
            ms.set_context(mode=mode)
            try:
                found.append(str(net(Tensor(x)).asnumpy()))
            except RuntimeError as error:
                found.append(str(error))
            finally:
                ms.set_context(mode=ms.PYNATIVE_MODE)
        assert found[0] == found[1]
        np.testing.assert_allclose(nets[0].weight.asnumpy(), nets[1].weight.asnumpy(), rtol=1e-6)
        assert nets[0].steps.asnumpy() == nets[1].steps.asnumpy()


def test_the_exception_has_the_values(backend):
    with pytest.raises(Refusal) as caught:
        jit(own_class)(Tensor(POINTS[1]))
    assert isinstance(caught.value.value, Tensor) and caught.value.value.asnumpy() == 2.0
    assert caught.value.graph_location.filename == __file__


def test_the_traceback_shows_no_executor(backend):
    with pytest.raises(ValueError, match="above 3") as caught:
        jit(raises_in_a_called_function)(Tensor(POINTS[2]))
    entries = traceback.extract_tb(caught.value.__traceback__)
    files = {"test_raising.py", "api.py", "compiled.py"} | ({"entry.py"} if sys.version_info < (3, 11) else set())
    assert {Path(entry.filename).name for entry in entries} == files
    assert [entry.name for entry in entries][-2:] == ["raises_in_a_called_function", "check"]
    assert entries[-1].line == 'raise ValueError(f"{y.max():.2f} is above {limit}")'


def test_the_side_that_does_not_raise_is_no_region():
    """What follows an assertion stays in the straight line, so that it can be fused."""
    with use_backend("reference"):
        graph = jit(assertion).graph(Tensor(POINTS[0]))
    assert [n.op.name for n in graph.nodes if n.op.name in ("mul", "cond")] == ["cond", "mul"]
