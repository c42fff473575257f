"""`jit(..., fullgraph=False)`: what cannot be compiled runs in PyNative mode, visibly; and whatever can be called
can be compiled."""
from __future__ import annotations

import functools
import inspect
import warnings

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn
from mindspore.compiler.frontend import GraphCompileError, UnsupportedSyntaxError
from mindspore.runtime.device import use_backend

X = np.array([1.0, 2.0, 3.0], np.float32)


@pytest.fixture(autouse=True)
def reference():
    with use_backend("reference"):
        yield


def numbers(x):
    total = 0.0
    for number in x.tolist():
        total += number
    return x * total


def some_numbers(x, wanted):
    return x * x.sum().tolist() if wanted else x + 1


class Holder:
    value = None


HOLDER = Holder()


def assigns_before(x):
    HOLDER.value = x * 2
    return x + x.sum().tolist()


def test_the_warning_names_the_line_and_the_reason():
    fallen = jit(numbers, fullgraph=False)
    line = inspect.getsourcelines(numbers)[1] + 2
    with pytest.warns(RuntimeWarning) as caught:
        np.testing.assert_allclose(fallen(Tensor(X)).asnumpy(), X * 6)
    text = str(caught[0].message)
    assert text.startswith("numbers runs in PyNative mode, since it cannot be compiled: ")
    assert f'File "{__file__}", line {line}, column 19, in numbers\n    for number in x.tolist():' in text
    assert caught[0].filename == __file__


def test_it_warns_once_for_each_signature():
    fallen = jit(numbers, fullgraph=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for x in (X, X * 2, X[:2], X[:2]):
            np.testing.assert_allclose(fallen(Tensor(x)).asnumpy(), x * x.sum())
    assert len(caught) == 2


def test_signatures_that_compile_are_compiled():
    fallen = jit(some_numbers, fullgraph=False)
    with pytest.warns(RuntimeWarning):
        np.testing.assert_allclose(fallen(Tensor(X), True).asnumpy(), X * 6)
    np.testing.assert_allclose(fallen(Tensor(X), False).asnumpy(), X + 1)
    assert fallen.compiled.compile_count == 1


def test_nothing_traced_stays_behind():
    with pytest.warns(RuntimeWarning):
        np.testing.assert_allclose(jit(assigns_before, fullgraph=False)(Tensor(X)).asnumpy(), X + 6)
    np.testing.assert_allclose(HOLDER.value.asnumpy(), X * 2)
    HOLDER.value = None
    with pytest.raises(GraphCompileError):
        jit(assigns_before)(Tensor(X))
    assert HOLDER.value is None


@pytest.mark.parametrize("options", [{}, {"fullgraph": True}])
def test_without_being_asked_it_is_an_error(options):
    with pytest.raises(GraphCompileError, match="The value of a tensor is needed"):
        jit(numbers, **options)(Tensor(X))


def test_errors_of_the_program_are_no_reason_to_fall_back():
    @jit(fullgraph=False)
    def f(x):
        return x @ Tensor(np.ones((2, 2), np.float32))

    with warnings.catch_warnings(), pytest.raises(ValueError, match="matmul"):
        warnings.simplefilter("error")
        f(Tensor(X))


def test_the_signature_is_that_of_the_interface():
    assert str(inspect.signature(jit)).replace(": bool | int", ": bool").startswith(
        "(function: 'Callable | None' = None, *, capture_mode: 'str' = 'ast', jit_level: 'str' = 'O0', "
        "dynamic: 'int' = 0, fullgraph: 'bool | int' = False, backend: 'str' = '', **options)")


# -- whatever can be called --------------------------------------------------------------------------------------------


def twice(x, factor=2):
    return x * factor


class Callable:
    factor = 2

    @jit
    def method(self, x):
        return x * self.factor

    @staticmethod
    @jit
    def static(x):
        return x * 2

    @classmethod
    @jit
    def shared(cls, x):
        return x * cls.factor

    def __call__(self, x):
        return x * self.factor

    def plain(self, x):
        return x * self.factor


def doubled(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) * 2

    return wrapper


@jit
@doubled
def decorated_below(x):
    return x * 1


@doubled
@jit
def decorated_above(x):
    return x * 1


class Net(nn.Cell):
    def construct(self, x):
        return x * 2


@ms.jit_class
class Scaler:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor


MADE_BY_EXEC: dict = {}
exec("def made(x):\n    y = x\n    for k in range(2):\n        y = y + x * k\n    return y", MADE_BY_EXEC)


@pytest.mark.parametrize("f", [
    jit(twice), jit(lambda x: x * 2), jit(functools.partial(twice, factor=2)), Callable().method, Callable.static,
    Callable.shared, Callable().shared, jit(Callable()), jit(Callable().plain), decorated_below, decorated_above,
    jit(Net()), jit(lambda x: Scaler(2)(x)), jit(Scaler(2)), jit(jit(twice)), jit(MADE_BY_EXEC["made"]),
    jit(twice, capture_mode="trace"), jit(twice, capture_mode="bytecode"),
], ids=[
    "function", "lambda", "partial", "method", "static method", "class method", "class method of an object", "object",
    "method compiled", "decorated below", "decorated above", "Cell", "class within", "class marked", "compiled twice",
    "made by exec", "traced", "from bytecode"])
def test_whatever_can_be_called_can_be_compiled(f):
    np.testing.assert_allclose(f(Tensor(X)).asnumpy(), X * 2)


def generator(x):
    yield x


async def coroutine(x):
    return x


async def asynchronous_generator(x):
    yield x


@pytest.mark.parametrize(("f", "message"), [
    (generator, "a compiled function that gives a generator"),
    (coroutine, "calling the coroutine function 'coroutine'"),
    (asynchronous_generator, "a compiled function that gives a generator"),
], ids=["generator", "coroutine", "asynchronous_generator"])
def test_generators_and_coroutines_are_refused(f, message):
    with pytest.raises(UnsupportedSyntaxError, match=message):
        jit(f)(Tensor(X))
