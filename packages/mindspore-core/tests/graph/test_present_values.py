"""`Parameter.value()` and copies of tensors are uses of the tensor: they have gradients, and calls read them anew."""
from __future__ import annotations

import copy

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit, nn, ops

READS = {"itself": lambda t: t, "value": lambda t: t.value(), "copy": copy.copy, "deepcopy": copy.deepcopy,
         "deepcopy by keyword": lambda t: t.__deepcopy__(memodict={})}


class Tied(nn.Cell):
    """Looks rows of a table up and scores them with what the embedding hands on as the table."""

    def __init__(self, read):
        super().__init__()
        self.table = Parameter(Tensor(np.arange(6, dtype=np.float32).reshape(3, 2)), name="table")
        self.read = read

    def construct(self, ids):
        table = self.read(self.table)
        return ops.matmul(ops.gather(self.table, ids, 0), table.T).sum()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("read", ["itself", "value"])
def test_gradients_flow_through_the_present_value(read, compiled):
    net = Tied(READS[read])
    function = ms.value_and_grad(net, None, net.trainable_params())
    _, (gradient,) = (jit(function) if compiled else function)(Tensor([0, 1], ms.int32))
    table = net.table.asnumpy()
    expected = np.outer([1, 1, 0], table.sum(0)) + table[:2].sum(0)
    np.testing.assert_allclose(gradient.asnumpy(), expected)


@pytest.mark.parametrize("read", ["itself", "value"])
def test_a_compiled_function_reads_the_present_value_at_each_call(read):
    net = Tied(READS[read])
    function = jit(net)
    ids = Tensor([0, 1], ms.int32)
    first = function(ids).asnumpy()
    net.table.set_data(net.table * 2)
    np.testing.assert_allclose(function(ids).asnumpy(), 4 * first)


@pytest.mark.parametrize("read", ["copy", "deepcopy"])
def test_copies_of_tensors_have_gradients(read):
    x = Tensor(np.array([1.0, 2.0], np.float32))
    expected = np.array([2.0, 4.0])
    for function in (ms.grad(lambda t: (READS[read](t) * t).sum()), jit(ms.grad(lambda t: (READS[read](t) * t).sum()))):
        np.testing.assert_allclose(function(x).asnumpy(), expected)
