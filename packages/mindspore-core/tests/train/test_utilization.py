"""Operations that are counted, and the callback that prints the use of a device."""
from __future__ import annotations

import re

import numpy as np
import pytest

import mindspore as ms
from mindspore import FlopsUtilizationCollector, Tensor, nn, ops
from mindspore.compiler.flops import flops
from mindspore.compiler.ir.text import parse_text
from mindspore.dataset import NumpySlicesDataset
from mindspore.train import Model


def ones(*shape):
    return Tensor(np.ones(shape, np.float32))


def graph_of(function, *tensors):
    return ms.jit(function).graph(*tensors)


def test_products_and_convolutions():
    assert flops(graph_of(lambda a, b: ops.matmul(a, b) + 1, ones(3, 4), ones(4, 5))) == 2 * 3 * 4 * 5
    assert flops(graph_of(lambda a, b: ops.matmul(a.T, b), ones(4, 3), ones(4, 5))) == 2 * 3 * 4 * 5
    assert flops(graph_of(ops.matmul, ones(2, 3, 4), ones(2, 4, 5))) == 2 * 2 * 3 * 4 * 5
    convolve = ms.ops.Conv2D(6, 3)
    forward = 2 * (2 * 6 * 4 * 4) * (4 * 3 * 3)
    assert flops(graph_of(convolve, ones(2, 4, 6, 6), ones(6, 4, 3, 3))) == forward
    both = ms.grad(lambda x, w: ops.sum(convolve(x, w) ** 2), (0, 1))
    assert flops(graph_of(both, ones(2, 4, 6, 6), ones(6, 4, 3, 3))) == 3 * forward


def test_attention():
    q, k, v = ones(1, 2, 3, 8), ones(1, 2, 5, 8), ones(1, 2, 5, 4)
    graph = parse_text("""
graph f(%0: float32[1,2,3,8], %1: float32[1,2,5,8], %2: float32[1,2,5,4]) {
  %3: float32[1,2,3,4] = scaled_dot_product_attention(%0, %1, %2) {scale=1.0, causal=False}
  return %3
}
""")
    assert (q.shape, k.shape, v.shape) == tuple(p.aval.shape for p in graph.params)
    assert flops(graph) == 2 * 2 * 3 * 5 * (8 + 4)


def test_loops_and_choices():
    def repeated(x, w):
        for _ in range(40):
            x = ops.tanh(ops.matmul(x, w))
        return x

    def chosen(x, w):
        if ops.sum(x) > 0:
            return ops.matmul(ops.matmul(x, w), w)
        return ops.matmul(x, w)

    one = 2 * 3 * 4 * 4
    assert flops(graph_of(repeated, ones(3, 4), ones(4, 4))) == 40 * one
    assert flops(graph_of(chosen, ones(3, 4), ones(4, 4))) == 2 * one


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
def test_the_use_is_printed(mode, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("MA_LOG_DIR", str(tmp_path))
    net = nn.Dense(4, 3)
    data = NumpySlicesDataset((np.ones((8, 4), np.float32), np.ones((8, 3), np.float32)), shuffle=False).batch(2)
    model = Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.1))
    try:
        ms.set_context(mode=mode)
        model.train(1, data, callbacks=[FlopsUtilizationCollector(2, 1e9, enable_ma_collector=True)])
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    lines = capsys.readouterr().out.splitlines()
    step = 2 * (2 * 2 * 4 * 3)  # forward, and the gradient by the weight
    expected = rf"MFU: \S+  HFU: \S+  flops of a step: {step}"
    assert len(lines) == 2 and all(re.fullmatch(expected, line) for line in lines)
    assert (tmp_path / "flops.txt").read_text() == f"flops:{step}\n"


@pytest.mark.parametrize("arguments, message", [
    ((0,), "'data_size' must be above 0"), ((1.5,), "'data_size' must be a number"),
    ((1, "fast"), "'computility' must be a number"), ((1, 1, 1), "'full_flops' must be a bool")])
def test_arguments(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        FlopsUtilizationCollector(*arguments)
