"""What cannot be compiled runs in PyNative mode, visibly: by default where Python needs the values of tensors, with
`jit(..., fullgraph=False)` always; and whatever can be called can be compiled."""
from __future__ import annotations

import functools
import inspect
import warnings

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops
from mindspore.compiler.frontend import GraphCompileError, UnsupportedSyntaxError
from mindspore.graph.fall_back import MOST_SIGNATURES, SHOWN
from mindspore.graph.trace import current_trace
from mindspore.runtime.device import use_backend

X = np.array([1.0, 2.0, 3.0], np.float32)


@pytest.fixture(autouse=True)
def reference():
    with use_backend("reference"):
        ms.set_context(jit_syntax_level=ms.LAX)
        SHOWN.clear()
        yield
        ms.set_context(jit_syntax_level=ms.STRICT)


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
    assert text.startswith("This runs in PyNative mode, since it cannot be compiled (jit(fullgraph=True)")
    assert f'File "{__file__}", line {line}, column 19, in numbers\n    for number in x.tolist():' in text
    assert caught[0].filename == __file__


def test_it_warns_once_for_each_line():
    fallen = jit(numbers, fullgraph=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for x in (X, X * 2, X[:2], X[:2]):
            np.testing.assert_allclose(fallen(Tensor(x)).asnumpy(), x * x.sum())
    assert len(caught) == 1


def test_a_function_that_is_always_refused_is_not_tried_again():
    tried = []

    def counted(x):
        tried.append(current_trace())
        return x * x.asnumpy().sum()

    fallen = jit(counted, capture_mode="trace")
    with pytest.warns(RuntimeWarning):
        for size in range(1, 2 * MOST_SIGNATURES):
            x = np.ones(size, np.float32)
            np.testing.assert_allclose(fallen(Tensor(x)).asnumpy(), x * size)
    assert len([trace for trace in tried if trace is not None]) == MOST_SIGNATURES


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
        jit(assigns_before, fullgraph=True)(Tensor(X))
    assert HOLDER.value is None


@pytest.mark.parametrize(("level", "options"), [(ms.LAX, {"fullgraph": True}), (ms.STRICT, {})])
def test_it_can_be_an_error(level, options):
    ms.set_context(jit_syntax_level=level)
    with pytest.raises(GraphCompileError, match="The value of a tensor is needed"):
        jit(numbers, **options)(Tensor(X))


@pytest.mark.parametrize(("level", "options", "runs"), [
    ("0", {}, False), ("0", {"fullgraph": False}, False), ("2", {"fullgraph": True}, True), ("2", {}, True),
    ("1", {"fullgraph": True}, False)])
def test_the_environment_decides_before_all_else(monkeypatch, level, options, runs):
    monkeypatch.setenv("MS_DEV_JIT_SYNTAX_LEVEL", level)
    ms.set_context(jit_syntax_level=ms.STRICT if runs else ms.LAX)
    compiled = jit(numbers, **options)
    if runs:
        with pytest.warns(RuntimeWarning, match="runs in PyNative mode"):
            assert compiled(Tensor(X)).asnumpy().tolist() == (X * X.sum()).tolist()
    else:
        with pytest.raises(GraphCompileError, match="The value of a tensor is needed"):
            compiled(Tensor(X))


@pytest.mark.parametrize(("level", "own", "options", "runs"), [
    (ms.LAX, "STRICT", {}, False), (ms.STRICT, "LAX", {}, True), (ms.STRICT, "", {}, False), (ms.LAX, "", {}, True),
    (ms.LAX, "COMPATIBLE", {}, True), (ms.LAX, "STRICT", {"fullgraph": False}, True),
    (ms.STRICT, "LAX", {"fullgraph": True}, False)])
@pytest.mark.parametrize("kind", ["function", "partial", "class", "cell"])
def test_options_of_its_own_decide_before_the_context(level, own, options, runs, kind):
    class Net(nn.Cell):
        def construct(self, x):
            return numbers(x)

    ms.set_context(jit_syntax_level=level, mode=ms.GRAPH_MODE if kind == "cell" else ms.PYNATIVE_MODE)
    config = ms.JitConfig(jit_syntax_level=own)
    try:
        if kind == "cell":
            compiled = Net()
            compiled.set_jit_config(config)
            runs = own == "LAX" or own != "STRICT" and level == ms.LAX
        elif kind == "class":
            compiled = jit(Net, jit_config=config, **options)()
        else:
            compiled = jit(numbers, jit_config=config, **options) if kind == "function" else jit(
                jit_config=config, **options)(numbers)
        if runs:
            with pytest.warns(RuntimeWarning, match="runs in PyNative mode"):
                assert compiled(Tensor(X)).asnumpy().tolist() == (X * X.sum()).tolist()
        else:
            with pytest.raises(GraphCompileError, match="The value of a tensor is needed"):
                compiled(Tensor(X))
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_options_given_later_decide_too():
    class Net(nn.Cell):
        def construct(self, x):
            return numbers(x)

    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        net = Net()
        with pytest.warns(RuntimeWarning):
            net(Tensor(X))
        net.set_jit_config(ms.JitConfig(jit_syntax_level="STRICT"))
        with pytest.raises(GraphCompileError, match="The value of a tensor is needed"):
            net(Tensor(X))
        net.set_jit_config(ms.JitConfig(jit_syntax_level="LAX"))
        assert net(Tensor(X)).asnumpy().tolist() == (X * X.sum()).tolist()
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    with pytest.raises(TypeError, match="jit_config must be a JitConfig, got dict"):
        jit(numbers, jit_config={"jit_syntax_level": "LAX"})


KEPT = np.zeros(3, np.float32)


def changes_an_array(x):
    array = np.zeros(3, np.float32)
    if x.sum() > 0:
        array += 1
    return x + Tensor(array)


def changes_an_outside_array(x):
    KEPT[0] += 1
    return x + Tensor(KEPT)


def text_of(x):
    return x * len(f"{x}")


@pytest.mark.parametrize(("function", "wanted"), [
    (numbers, X * 6), (lambda x: Tensor(np.sin(x.asnumpy())), np.sin(X)), (lambda x: Tensor(np.cumsum(x)), X.cumsum()),
    (lambda x: x[x > 1], X[1:]), (lambda x: ops.nonzero(x > 1), [[1], [2]]),
    (lambda x: ops.masked_select(x, x < 3), X[:2]), (lambda x: ops.unique(x.astype(ms.int32) // 2)[0], [0, 1]),
    (changes_an_array, X + 1), (text_of, X * len(str(X)))])
@pytest.mark.parametrize("of_a_cell", [False, True])
def test_what_needs_values_runs_by_default(function, wanted, of_a_cell):
    class Within(nn.Cell):
        def construct(self, x):
            return function(x)

    ms.set_context(mode=ms.GRAPH_MODE if of_a_cell else ms.PYNATIVE_MODE)
    try:
        fallen = Within() if of_a_cell else jit(function)
        for _ in range(2):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                np.testing.assert_allclose(fallen(Tensor(X)).asnumpy(), wanted, rtol=1e-6)
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_an_array_from_outside_changes_once_for_each_call():
    with pytest.warns(RuntimeWarning, match="changes a NumPy array"):
        results = [jit(changes_an_outside_array)(Tensor(X)).asnumpy()[0] for _ in range(2)]
    assert results == [2, 3]
    assert KEPT[0] == 2


class Selecting(nn.Cell):
    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(3, 3, weight_init="ones", bias_init="zeros")

    def construct(self, x):
        y = self.dense(x)
        return ops.masked_select(y, y > 0).sum()


class Around(nn.Cell):
    def __init__(self):
        super().__init__()
        self.scale = ms.Parameter(Tensor(2.0), "scale")
        self.inner = Selecting()

    def construct(self, x):
        return self.inner(x) * self.scale


@pytest.fixture
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)
    yield
    ms.set_context(mode=ms.PYNATIVE_MODE)


def test_cells_within_are_compiled_by_themselves(graph_mode):
    net = Around()
    with pytest.warns(RuntimeWarning, match="in Selecting.construct"):
        assert float(net(Tensor([[1.0, 2.0, 3.0]]))) == 36
    assert [cell._whole().compile_count for cell in (net, net.inner, net.inner.dense)] == [0, 0, 1]


def test_a_network_that_falls_back_trains(graph_mode):
    net = Around()
    step = nn.TrainOneStepCell(net, nn.SGD(net.trainable_params(), 0.01))
    with pytest.warns(RuntimeWarning, match="in Selecting.construct"):
        losses = [float(step(Tensor([[1.0, 2.0, 3.0]]))) for _ in range(3)]
    assert losses[0] == 36 and losses[2] < losses[1] < 36
    found, (scale, *_) = ms.value_and_grad(net, None, net.trainable_params())(Tensor([[1.0, -2.0, 3.0]]))
    np.testing.assert_allclose(float(scale) * float(net.scale.value()), float(found), rtol=1e-6)


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
