"""What is a number to the program is a number when a compiled function returns it; graph mode and Python agree."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore import Tensor, grad, jit, nn, ops


def converted(x):
    return int(x), float(x), bool(x)


def counted(x):
    steps = 0
    while x > 1:
        x = x / 2
        steps += 1
    return steps


def chosen(x):
    return 1.5 if x > 2 else 2.5


def negated(x):
    return not x > 2


def in_containers(x):
    return {"whole": int(x), "both": [float(x), (int(x) + 1, x)]}


def in_a_variant(x):
    if x > 2:
        return None, int(x)
    return "small", int(x) + 1


def added(x):
    total = 0
    for k in range(int(x)):
        total += k
    return total


def same(found, wanted):
    assert type(found) is type(wanted)
    if isinstance(wanted, Tensor):
        np.testing.assert_array_equal(found.asnumpy(), wanted.asnumpy())
    elif isinstance(wanted, dict):
        assert list(found) == list(wanted)
        same(list(found.values()), list(wanted.values()))
    elif isinstance(wanted, (list, tuple)):
        assert len(found) == len(wanted)
        for x, y in zip(found, wanted):
            same(x, y)
    else:
        assert found == wanted


@pytest.mark.parametrize("function", [converted, counted, chosen, negated, in_containers, in_a_variant, added])
@pytest.mark.parametrize("value", [1.0, 5.0])
def test_numbers_are_returned_as_numbers(function, value):
    x = Tensor(value)
    compiled = jit(function, fullgraph=True)
    for _ in range(2):
        same(compiled(x), function(x))


def test_a_cell_returns_numbers(mode):
    class Net(nn.Cell):
        def construct(self, x):
            return int(x), x

    number, tensor = Net()(Tensor(3.0))
    assert type(number) is int and number == 3 and isinstance(tensor, Tensor)


def test_what_is_a_tensor_stays_one():
    found = jit(lambda x: (x > 2, x.sum(), ops.logical_not(x > 2), x.shape[0] * x.sum()))(Tensor([3.0]))
    assert all(isinstance(each, Tensor) for each in found)


def test_a_number_or_a_tensor_is_a_tensor():
    assert isinstance(jit(lambda x: 1.0 if x > 2 else x)(Tensor(3.0)), Tensor)


def test_a_number_is_a_constant_to_a_gradient(mode):
    for function in (lambda x: float(x) * x, jit(lambda x: float(x) * x)):
        assert float(grad(function)(Tensor(3.0))) == 3.0


@pytest.mark.parametrize("kind", [int, float])
def test_several_elements_are_no_number(kind):
    for number in (kind, jit(lambda x: kind(x))):
        with pytest.raises(ValueError, match="only a tensor of one element is a number"):
            number(Tensor([1, 2]))
