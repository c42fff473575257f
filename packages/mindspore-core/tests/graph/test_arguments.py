"""Lists, dicts and objects that a compiled function gets, finds and returns are the caller's own, as in Python."""
from __future__ import annotations

from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.gradient import grad

OUTSIDE = [1, [2, 3]]


def appends(items, t):
    items.append(t * 2)
    items[0] = 5
    return items


def sets_entries(table, t):
    table["k"] = t + 1
    table["inner"].append(3)
    return table["inner"]


def takes_away(items, t):
    last = items.pop()
    items.reverse()
    return last, t


def by_decision(items, t):
    if t.sum() > 0:
        items.append(t)
    else:
        items.insert(0, t * 2)
    return items[0]


def hands_back_parts(items, t):
    return items[1], {"all": items, "t": t}


def puts_into_outside(items, t):
    OUTSIDE.append(items)
    return OUTSIDE[1]


def changes_an_object(thing, t):
    thing.value = t * 2
    thing.items.append(t)
    return thing.items


def keeps_in_a_set(names, t):
    names.add("seen")
    return t


CALLS = {
    "appends": (appends, lambda: [1, 2]),
    "sets_entries": (sets_entries, lambda: {"inner": [1]}),
    "keeps_the_class": (sets_entries, lambda: OrderedDict(inner=[1])),
    "takes_away": (takes_away, lambda: [1, 2, Tensor([3.0])]),
    "by_decision": (by_decision, lambda: [Tensor([3.0, 4.0])]),
    "hands_back_parts": (hands_back_parts, lambda: [1, [2]]),
    "puts_into_outside": (puts_into_outside, lambda: [4]),
    "changes_an_object": (changes_an_object, lambda: SimpleNamespace(items=[])),
    "keeps_in_a_set": (keeps_in_a_set, lambda: {"one"}),
}


def told(value, given):
    """A value with tensors as lists, and what is the caller's own said to be that."""
    if any(value is each for each in given):
        return "the caller's", shown(value, given)
    return shown(value, given)


def shown(value, given):
    if isinstance(value, Tensor):
        return value.asnumpy().tolist(), str(value.dtype)
    if isinstance(value, tuple | list):
        return type(value).__name__, [told(v, given) for v in value]
    if isinstance(value, dict):
        return type(value).__name__, [(k, told(v, given)) for k, v in value.items()]
    if isinstance(value, SimpleNamespace):
        return [(k, told(v, given)) for k, v in sorted(vars(value).items())]
    return value


def parts(value):
    yield value
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(each, list | dict):
            yield from parts(each)


def outcome(function, make, t):
    """What two calls return and leave behind."""
    said = []
    for _ in range(2):
        argument = make()
        given = [*parts(argument), *parts(OUTSIDE)]
        result = function(argument, t)
        said.append((told(result, given), told(argument, given), told(OUTSIDE, given)))
        del OUTSIDE[2:]
    return said


@pytest.mark.parametrize("name", CALLS)
def test_the_caller_sees_what_the_function_changes(name):
    function, make = CALLS[name]
    compiled = jit(function)
    for t in (Tensor([1.0, 2.0]), Tensor([-1.0, 0.5])):
        expected = outcome(function, make, t)
        assert outcome(compiled, make, t) == expected
        with assert_max_compiles(0):
            assert outcome(compiled, make, t) == expected


def test_one_list_under_two_names_is_one_list():
    @jit
    def grows(a, b, t):
        a.append(t)
        return len(b)

    one, other, t = [1], [1], Tensor(2.0)
    assert grows(one, other, t) == 1 and grows(one, one, t) == 3
    assert (len(one), len(other)) == (3, 1)
    assert grows([1], [1], t) == 1


def test_a_cell_changes_the_list_that_it_is_called_with():
    class Collects(nn.Cell):
        def construct(self, items, t):
            items.append(t * t)
            self.last = items
            return items

    mode = ms.get_context("mode")
    try:
        ms.set_context(mode=ms.GRAPH_MODE)
        net, items = Collects(), []
        for count in (1, 2):
            assert net(items, Tensor(3.0)) is items and net.last is items
            assert [float(each) for each in items] == [9.0] * count
    finally:
        ms.set_context(mode=mode)


def test_what_lies_outside_comes_back_as_it_is():
    table = {"row": [1, 2]}

    @jit
    def find(t):
        table["row"].append(t)
        return table, table["row"]

    found, row = find(Tensor(1.0))
    assert found is table and row is table["row"] and len(row) == 3


def test_a_function_that_cannot_be_compiled_leaves_its_arguments_alone():
    @jit
    def refused(items, t):
        items.append(1)
        return np.sin(t)

    items = []
    with pytest.raises(ms.compiler.frontend.errors.GraphCompileError):
        refused(items, Tensor(1.0))
    assert items == []


def test_what_is_written_into_a_tensor_of_a_list_is_seen():
    @jit
    def writes(items):
        items[0][1] = 5.0
        return items

    items = [Tensor([1.0, 2.0])]
    assert writes(items) is items
    assert items[0].asnumpy().tolist() == [1.0, 5.0]


def test_gradients_flow_through_what_was_appended():
    @jit
    def squares(items, t):
        items.append(t * t)
        return items[-1].sum()

    items = []
    assert grad(lambda t: squares(items, t))(Tensor([3.0, 4.0])).asnumpy().tolist() == [6.0, 8.0]
    assert items[0].asnumpy().tolist() == [9.0, 16.0]


def test_slices_are_arguments_and_results():
    compiled = jit(lambda x, part: x[part])
    x = Tensor(np.arange(5.0))
    for _ in range(2):  # a new slice of the same bounds needs no other graph
        assert compiled(x, slice(1, 3)).asnumpy().tolist() == [1.0, 2.0]
        assert compiled(x, slice(0, None, 2)).asnumpy().tolist() == [0.0, 2.0, 4.0]
    assert compiled.compiled.compile_count == 2
    start = jit(lambda x, part: x + part.start)
    assert [float(start(x, slice(Tensor(k), None))[0]) for k in (1.0, 2.0)] == [1.0, 2.0]
    found = jit(lambda k: slice(k * 2, None))(Tensor(3))
    assert found.start.asnumpy() == 6 and found.stop is None and found.step is None


def test_a_tensor_in_place_of_a_number_that_may_change():
    pick = jit(lambda x, k: x[k])
    x = Tensor(np.arange(5.0))
    assert [float(pick(x, k)) for k in (ms.mutable(1), Tensor(2), ms.mutable(3))] == [1.0, 2.0, 3.0]


def test_settings_that_are_mutable_outside_of_graphs():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert ops.prod(x, ms.mutable(1), ms.mutable(True)).asnumpy().tolist() == [[2], [12]]
    assert ops.prod(x, ms.mutable(1), ms.mutable(False)).asnumpy().tolist() == [2, 12]
    with pytest.raises(TypeError, match="keepdims must be a bool"):
        ops.prod(x, 1, ms.mutable(2))
