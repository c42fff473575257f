"""After a compiled call that raised, what the program had changed holds no tensor without a value."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops

X = np.arange(3, dtype=np.float32)


class Kept(nn.Cell):
    """Leaves tensors in attributes and lists before what `last` does."""

    def __init__(self, last):
        super().__init__()
        self.last, self.old, self.calls, self.rows = last, Tensor([1.0]), 0, []

    def construct(self, x, k):
        self.calls += 1
        self.old = x * 2
        self.new = x * 3
        self.rows.append(x + 1)
        return self.last(x, k)


def refused_operands(x, k):
    return ops.matmul(x, ops.zeros((2, 2)))


def always_raises(x, k):
    raise ValueError("never")


def raises_where_a_tensor_says(x, k):
    if k > 1:
        raise ValueError("above 1")
    return x


def index_out_of_range(x, k):
    return x[k]


def refused_statement(x, k):
    return nonlocal_of(x)[k.asnumpy()]


def nonlocal_of(x):
    raise NotImplementedError("refused")


@pytest.fixture
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)
    yield
    ms.set_context(mode=ms.PYNATIVE_MODE)


@pytest.mark.parametrize("last", [
    refused_operands, always_raises, raises_where_a_tensor_says, index_out_of_range, refused_statement],
    ids=lambda f: f.__name__)
def test_the_first_call_raises(graph_mode, last):
    net = Kept(last)
    with pytest.raises((ValueError, IndexError, NotImplementedError)):
        net(Tensor(X), Tensor(7))
    assert net.old.asnumpy().tolist() == [1.0]
    assert not hasattr(net, "new") and net.rows == []


@pytest.mark.parametrize("last", [raises_where_a_tensor_says, index_out_of_range], ids=lambda f: f.__name__)
def test_a_later_call_raises(graph_mode, last):
    net = Kept(last)
    net(Tensor(X), Tensor(0))
    with pytest.raises((ValueError, IndexError)):
        net(Tensor(X + 1), Tensor(7))
    assert net.old.asnumpy().tolist() == (X * 2).tolist() and net.new.asnumpy().tolist() == (X * 3).tolist()
    assert [row.asnumpy().tolist() for row in net.rows] == [(X + 1).tolist()]
    net(Tensor(X - 1), Tensor(1))
    assert net.old.asnumpy().tolist() == (X * 2 - 2).tolist() and len(net.rows) == 2


def test_what_holds_no_tensor_stays_as_in_python(graph_mode):
    """The counter of a call that is never compiled, since it always raises."""
    net = Kept(always_raises)
    for calls in (1, 2):
        with pytest.raises(ValueError, match="never"):
            net(Tensor(X), Tensor(0))
        assert net.calls == calls
