"""`try` and `with` around decisions on tensors: compiled functions do what plain Python does, in its order. A table
of programs, compared in results, output, exceptions and gradients. (PYTEST_DONT_REWRITE: assertions are under test.)"""
from __future__ import annotations

import contextlib

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit, nn, ops
from mindspore.gradient import grad
from mindspore.runtime.device import use_backend

POINTS = [np.array([0.5, 0.25, 1.0], np.float32), np.array([-3.0, 0.5, 2.0], np.float32),
          np.array([4.0, 1.5, 2.0], np.float32)]


def check(y, limit):
    if y.max() > limit:
        raise ValueError(f"{y.max():.2f} is above {limit}")
    return y * 2


def checks_twice(y):
    return check(y, 3) + check(-y, 2)


def handled(x):
    try:
        if x.sum() < 0:
            raise ValueError("negative")
        y = x * 2
    except ValueError:
        y = -x
    return y


def message_of_the_error(x):
    try:
        y = check(x, 1.5)
    except ValueError as error:
        print("caught", error, f"{error}", repr(error), f"{error!r:>50}", repr(str(error)))
        y = x
    return y


def state_at_the_exception(x):
    y = x
    try:
        y = y * 2
        if y.sum() > 3:
            y = y + 1
            raise KeyError("large")
        y = y * 5
    except KeyError:
        y = y - x
    return y


def assertion_is_handled(x):
    try:
        assert x.sum() > 0, x.sum()
    except AssertionError as error:
        return x - error.args[0]
    return x + 1


def handlers_by_class(x):
    try:
        if x.sum() < 0:
            raise KeyError("key")
        if x.sum() > 5:
            raise IndexError("index")
        y = x
    except KeyError:
        y = x * 2
    except LookupError:
        y = x * 3
    return y


def not_handled(x):
    try:
        if x.sum() < 0:
            raise KeyError("key")
        y = check(x, 3)
    except ValueError:
        y = x * 2
    return y


def tuple_of_classes(x):
    try:
        y = checks_twice(x)
    except (KeyError, ValueError) as error:
        print(type(error).__name__)
        y = x.sum() * x
    else:
        print("else")
        y = y + 1
    finally:
        print("finally")
    return y


def finally_runs_on_all_paths(x):
    n = x.sum()
    try:
        if x.sum() < 0:
            return x * n
        if x.sum() > 5:
            raise RuntimeError("large")
        n = n + 1
    finally:
        print("n is", n)
        n = n * 2
    return x * n


def return_in_try(x):
    try:
        if x.sum() > 1:
            return check(x, 3)
        x = x + 1
    except ValueError:
        return x * 10
    finally:
        print("left")
    return x


def finally_replaces_the_result(x):
    try:
        if x.sum() > 0:
            raise ValueError
        return x
    except ValueError:
        return x * 2
    finally:
        if x.max() > 3:
            return x * 3  # noqa: B012


def nested(x):
    try:
        try:
            y = check(x, 3)
        except KeyError:
            y = x
        finally:
            print("inner")
        if y.sum() < 0:
            raise KeyError(f"{y.sum()}")
    except ValueError as error:
        print("outer", error)
        y = x / 2
    except KeyError as error:
        print("key", error)
        y = x / 4
    return y


def raises_again(x):
    try:
        try:
            y = check(x, 1.5)
        except ValueError:
            print("again")
            raise
    except ValueError as error:
        print(error)
        y = x * 3
    return y


def raises_another(x):
    try:
        y = check(x, 1.5)
    except ValueError as error:
        if x.sum() > 5:
            raise KeyError("other") from error
        y = x
    return y


def in_expressions(x):
    y = x
    try:
        print("first")
        y = check(x, 1.5) + check(x + 1, 2.5) * 2
        print("second")
    except ValueError as error:
        print(error)
    return y


def in_static_loops(x):
    total = x
    for k in range(3):
        try:
            if total.sum() > 3 * k + 1:
                raise ValueError(k)
            total = total + x
        except ValueError as error:
            print(error)
            total = total * 0.5
    return total


def leaves_a_static_loop(x):
    total, n = x, 0
    for k in range(4):
        try:
            total = total + 1
            n = k
            if total.sum() > 8:
                break
            if total.sum() > 5:
                continue
            total = total * 2
        finally:
            print(k)
    return total * n


def around_a_static_loop(x):
    try:
        for k in range(3):
            x = check(x, k + 2) - x * 0.5
    except ValueError as error:
        print(error)
        x = x * x
    return x


def inside_a_loop_on_a_tensor(x):
    n = 0
    while x.sum() < 20:
        n = n + 1
        try:
            if x.max() > 4:
                raise ValueError(n)
            x = x + 1
        except ValueError:
            x = x + 2
    return x * n


def writes_items(x):
    y = x * 1
    try:
        y[0] = 5.0
        check(x, 1.5)
        y[1] = 7.0
    except ValueError:
        y[2] = y[0] + y[1]
    return y


class Manager:
    def __init__(self, name, swallows):
        self.name = name
        self.swallows = swallows

    def __enter__(self):
        print("enter", self.name)
        return self

    def __exit__(self, kind, error, trace):
        print("exit", self.name, None if kind is None else kind.__name__)
        return self.swallows and kind is ValueError


def with_swallows(x):
    y = x
    with Manager("one", True):
        y = check(x, 1.5)
        y = y + 1
    return y


def with_passes_on(x):
    with Manager("one", False), Manager("two", False) as two:
        print(two.name)
        y = check(x, 1.5)
    return y


def with_returns(x):
    with Manager("one", True):
        if x.sum() > 5:
            return x * 3
        if x.sum() < 0:
            raise ValueError
        x = x + 1
    return x


def suppressed(x):
    with contextlib.suppress(ValueError, KeyError):
        x = check(x, 1.5)
    return x


def in_called_functions(x):
    def inner(y):
        try:
            return checks_twice(y)
        except ValueError as error:
            print("inner", error)
            return y

    def outer(y):
        try:
            return inner(y) + check(y, 3.5)
        except ValueError as error:
            print("outer", error)
            return y * y

    return outer(x)


def deep_decisions(x):
    try:
        if x.sum() > 0:
            y = x * 2
            if x.max() > 3:
                y = y + (check(x, 3.5) if x.min() > 1 else x)
        else:
            y = check(x * 2, 3)
    except ValueError:
        y = x * 7
    return y


def errors_of_operators(x):
    try:
        y = x @ ops.ones((2, 2), ms.float32) if x.sum() < 0 else x
    except ValueError:
        y = x * 4
    return y


PROGRAMS = [handled, message_of_the_error, state_at_the_exception, assertion_is_handled, handlers_by_class, not_handled,
            tuple_of_classes, finally_runs_on_all_paths, return_in_try, finally_replaces_the_result, nested,
            raises_again, raises_another, in_expressions, in_static_loops, leaves_a_static_loop, around_a_static_loop,
            inside_a_loop_on_a_tensor, writes_items, with_swallows, with_passes_on, with_returns,
            suppressed, in_called_functions, deep_decisions, errors_of_operators]


@pytest.fixture(params=["reference", "discrete", "cpu"])
def backend(request, discrete):
    from mindspore.plugin import manager
    if request.param not in manager.backends():
        pytest.skip(f"the backend {request.param} is not installed")
    with use_backend(request.param):
        yield request.param


def outcome(f, x, capsys):
    """What a call gives or raises, and what it prints."""
    capsys.readouterr()
    result, error = None, None
    try:
        result = f(Tensor(x)).asnumpy()
    except Exception as raised:
        error = type(raised), str(raised), type(raised.__cause__)
    return result, error, capsys.readouterr().out


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_does_what_python_does(f, backend, capsys):
    compiled = jit(f)
    for x in (*POINTS, POINTS[0]):
        want, got = outcome(f, x, capsys), outcome(compiled, x, capsys)
        assert got[1:] == want[1:]
        if want[0] is not None:
            np.testing.assert_allclose(got[0], want[0], rtol=1e-6)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_agree_with_pynative_mode(f, backend, capsys):
    compiled, eager = jit(grad(lambda x: (f(x) * x).sum())), grad(lambda x: (f(x) * x).sum())
    for x in POINTS:
        want, got = outcome(eager, x, capsys), outcome(compiled, x, capsys)
        assert got[1:] == want[1:]
        if want[0] is not None:
            np.testing.assert_allclose(got[0], want[0], rtol=1e-5)


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.weight = Parameter(np.ones(3, np.float32))
        self.failures = Parameter(np.zeros((), np.float32))

    def construct(self, x):
        try:
            self.weight = self.weight + x
            y = check(self.weight, 4)
            self.weight = self.weight * 2
        except ValueError:
            self.failures = self.failures + 1
            y = x
        return y + self.weight


def test_parameters_that_were_assigned_before_the_exception(backend):
    nets = [Net(), Net()]
    for x in (*POINTS, *POINTS[::-1]):
        results = []
        for net, mode in zip(nets, (ms.PYNATIVE_MODE, ms.GRAPH_MODE)):
            ms.set_context(mode=mode)
            results.append(net(Tensor(x)).asnumpy())
            ms.set_context(mode=ms.PYNATIVE_MODE)
        np.testing.assert_allclose(*results, rtol=1e-6)
        np.testing.assert_allclose(*[net.weight.asnumpy() for net in nets], rtol=1e-6)
        assert nets[0].failures.asnumpy() == nets[1].failures.asnumpy()
    assert nets[0].failures.asnumpy() > 0


def loop_inside(x):
    try:
        while x.sum() < 10:
            x = check(x, 3)
    except ValueError:
        x = x * 2
    return x


def test_a_loop_on_a_tensor_may_raise_into_a_try(backend):
    compiled = jit(loop_inside)
    for x in POINTS:
        np.testing.assert_allclose(compiled(Tensor(x)).asnumpy(), loop_inside(Tensor(x)).asnumpy(), rtol=1e-6)
