"""What the table of programs (tests/programs/programs_joins.py) cannot hold: what joins cost, derivatives of second
order through variants, effects of compiled calls, and refusals."""
from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from mindspore import Parameter, Tensor, jit, nn
from mindspore.compiler.frontend import GraphCompileError
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.gradient import grad
from mindspore.runtime.device import use_backend
from mindspore.testing.calls import profiled

POINTS = [np.array([0.53, 0.21, 0.87]), np.array([-0.53, 0.4, -0.91])]


def calls_of(function, *args) -> int:
    """How many Python functions it takes to compile a function."""
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event == "call"

    fresh = jit(function)
    with use_backend("reference"), profiled(profile):
        fresh.graph(*args)
    return count


class Model:
    def __init__(self, size):
        self.layers = [[float(k), {"name": str(k)}] for k in range(size)]


def many_decisions(tmp_path, count, model=None):
    """A function of `count` decisions, one after the other, that holds a model."""
    path = tmp_path / f"decisions_{count}.py"
    lines = [f"    if x.sum() > {k}:\n        x = x + {k}\n" for k in range(count)]
    path.write_text("def program(x):\n    holder = MODEL\n" + "".join(lines) + "    return x * len(holder.layers)\n")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.MODEL = model or Model(10)
    return module.program


def test_a_decision_costs_the_same_whatever_the_program_holds(tmp_path):
    x = Tensor(POINTS[0])
    small, large = (calls_of(many_decisions(tmp_path, 20, Model(size)), x) for size in (10, 2000))
    # The guards compare the model's contents once; decisions that looked at them would do so 20 times.
    assert large - small < 8 * 2000


def test_the_cost_of_decisions_grows_with_their_number(tmp_path):
    x = Tensor(POINTS[0])
    few, many = (calls_of(many_decisions(tmp_path, count), x) for count in (50, 200))
    assert many < 4.5 * few


def by_function(x):
    f = (lambda y: y * y * y) if x.sum() > 0 else (lambda y: y * y)
    return f(x).sum()


def by_none(x):
    y = None
    if x.sum() > 0:
        y = x * x * x
    return (x * x if y is None else y * x).sum()


def by_shape(x):
    y = x if x.sum() > 0 else x.reshape((3, 1)) * x
    return (y * y).sum()


def by_list(x):
    found = [x]
    if x.sum() > 0:
        found.append(x * x)
    y = x
    for each in found:
        y = y * each
    return y.sum()


@pytest.mark.parametrize("f", [by_function, by_none, by_shape, by_list], ids=lambda f: f.__name__)
def test_second_derivatives(f):
    second = jit(grad(lambda x: (grad(f)(x) ** 2).sum()))
    with use_backend("reference"):
        for x in POINTS:
            def squares(x):
                return (grad(f)(Tensor(x)).asnumpy() ** 2).sum()
            found = second(Tensor(x)).asnumpy()
            for place in range(x.size):
                step = np.zeros(3)
                step[place] = 1e-5
                slope = (squares(x + step) - squares(x - step)) / 2e-5
                np.testing.assert_allclose(found[place], slope, rtol=1e-4, atol=1e-5)


def test_one_compilation_gives_results_of_either_kind():
    @jit
    def f(x):
        return x if x.sum() > 0 else None

    with use_backend("reference"):
        assert f(Tensor(POINTS[1])) is None
        with assert_max_compiles(0):
            np.testing.assert_allclose(f(Tensor(POINTS[0])).asnumpy(), POINTS[0])
            assert f(Tensor(POINTS[1])) is None


# -- refusals ----------------------------------------------------------------------------------------------------------


def advances_an_iterator(x):
    items = iter([1, 2])
    if x.sum() > 0:
        next(items)
    return x


def has_too_many_kinds(x):
    names = "a"
    for k in range(20):
        if x.sum() > k:
            names = names + str(k)
    return x if names == "a" else -x


def items_of_many_kinds(x):
    return [str(k) for k in range(200)][x.argmax()]


def adds_to_the_list_that_it_goes_over(x):
    rows, total = [x], x * 0
    for row in rows:
        if row.sum() > -1 and len(rows) < 6:
            rows.append(row - 1)
        total = total + row
    return total


def goes_on_with_an_iterator_of_a_changed_list(x):
    rows = [x]
    pairs = enumerate(rows)
    if x.sum() > 0:
        rows.append(x + 1)
    return sum(k * row for k, row in pairs)


def goes_on_with_an_iterator_of_a_list_that_was_empty(x):
    rows, total = [], x * 0
    items = iter(rows)
    if x.sum() > 0:
        rows.append(x + 1)
    for row in items:
        total = total + row
    return total


def gives_an_iterator_of_a_changed_list_to_a_builtin(x):
    rows = [x]
    doubled = map(abs, rows)
    if x.sum() > 0:
        rows.append(x + 1)
    return sum(doubled)


def goes_over_a_generator_expression_one_by_one(x):
    rows, total = [x], x * 0
    if x.sum() > 0:
        rows.append(x + 1)
    for row in (row * 2 for row in rows):
        total = total + row
    return total


CHANGED = "What is gone over has been changed by a decision on a tensor meanwhile"


@pytest.mark.parametrize(("f", "message"), [
    (adds_to_the_list_that_it_goes_over, CHANGED),
    (goes_on_with_an_iterator_of_a_changed_list, CHANGED),
    (goes_on_with_an_iterator_of_a_list_that_was_empty, CHANGED),
    (gives_an_iterator_of_a_changed_list_to_a_builtin, CHANGED),
    (goes_over_a_generator_expression_one_by_one, "over values that differ with a decision on a tensor"),
    (advances_an_iterator, "An iterator is advanced in a branch or loop that depends on a tensor"),
    (has_too_many_kinds, "leave values that do not join"),
    (items_of_many_kinds, "A tensor chooses one of 200 items that are no tensors of one shape and dtype"),
])
def test_refusals_say_what_and_where(f, message):
    with use_backend("reference"), pytest.raises(GraphCompileError, match=message) as caught:
        jit(f)(Tensor(POINTS[0]))
    assert f"in {f.__name__}" in str(caught.value) and "Instead: " in str(caught.value)


class Holder(nn.Cell):
    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(1.0), name="w")


class NoneInOneBranch(Holder):
    def construct(self, x):
        if x > 0:
            self.w = None
        else:
            self.w = x
        return x


class TextInOneBranch(Holder):
    def construct(self, x):
        if x > 0:
            del self.w
            self.w = "none"
        else:
            self.w = x
        return x


class NoneInALoop(Holder):
    def construct(self, x):
        trips = x * 0
        while trips < x:
            self.w = None
            trips = trips + 1
        return trips


@pytest.mark.parametrize("cls", [NoneInOneBranch, TextInOneBranch, NoneInALoop])
def test_a_parameter_is_not_one_by_the_value_of_a_tensor(cls):
    with use_backend("reference"):
        net = cls()
        with pytest.raises(GraphCompileError, match=r"\.w is a Parameter .* on one side and"):
            jit(net)(Tensor(2.0))
        assert isinstance(net.w, Parameter) and list(net.parameters_dict()) == ["w"]  # left as it was


class ParameterAgain(Holder):
    def construct(self, x):
        del self.w
        self.w = x
        return x


@pytest.mark.parametrize("way", [jit, lambda net: net])
def test_a_parameter_may_be_replaced_where_no_tensor_decides(way):
    with use_backend("reference"):
        net = ParameterAgain()
        way(net)(Tensor(2.0))
        assert type(net.w) is Tensor and float(net.w) == 2.0 and not net.parameters_dict()


class Numbers(nn.Cell):
    def __init__(self):
        super().__init__()
        self.count = Parameter(Tensor(3), name="count")
        self.scale = Parameter(Tensor(2.0), name="scale")

    def construct(self, x):
        for k in range(3):
            self.scale = k
        if x > 0:
            self.count = 0
        else:
            self.count += 1
        return self.count * x + self.scale


@pytest.mark.parametrize("way", [jit, lambda net: net])
def test_a_number_becomes_the_value_of_a_parameter(way):
    with use_backend("reference"):
        net = Numbers()
        run = way(net)
        assert float(run(Tensor(-2.0))) == -6.0 and int(net.count) == 4
        assert float(run(Tensor(2.0))) == 2.0 and int(net.count) == 0
        assert isinstance(net.count, Parameter) and str(net.count.dtype) == "Int64"


@pytest.mark.parametrize("name, value, words", [
    ("w", "three", r"Holder\.w is a Parameter, .* got 'three' of type str"), ("w", [1.0], "of type list"),
    ("k", 2.5, "parameter 'k' has dtype Int64, the assigned number is 2.5")])
def test_what_is_no_value_of_a_parameter(name, value, words):
    with use_backend("reference"), pytest.raises(TypeError, match=words):
        net = Holder()
        net.k = Parameter(Tensor(1), name="k")
        setattr(net, name, value)


class LargerOfTwo(nn.Cell):
    def __init__(self):
        super().__init__()
        self.p = Parameter(Tensor(1.0), name="p")
        self.q = Parameter(Tensor(3.0), name="q")

    def construct(self, x):
        larger, same = max(self.p, self.q), min(self.p, self.p)
        self.p = self.p + 10
        self.q = self.q * x
        return larger, same


@pytest.mark.parametrize("way", [jit, lambda net: net])
def test_the_larger_of_two_parameters_is_one_of_them(way):
    with use_backend("reference"):
        assert [float(each) for each in way(LargerOfTwo())(Tensor(2.0))] == [6.0, 11.0]
