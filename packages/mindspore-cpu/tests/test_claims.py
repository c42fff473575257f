"""Which patterns are claimed, and that what is claimed computes the same."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import run_graph
from mindspore_cpu.claims import find_claims


def graph_of(build, *shapes):
    b = Builder("g")
    params = [b.parameter(tensor_aval(s, float32)) for s in shapes]
    outputs = build(b, *params)
    return b.finish(outputs if isinstance(outputs, list) else [outputs])


def conv(b, x, w):
    return b.conv2d(x, w, stride=(1, 1), padding=(1, 1, 1, 1), dilation=(1, 1), groups=1)


PRODUCT, CONVOLUTION = ((5, 7), (7, 6)), ((2, 3, 9, 9), (4, 3, 3, 3))
CLAIMED = {
    "bias": (lambda b, x, w, c: b.add(b.matmul(x, w), c), (*PRODUCT, (6,)), "matmul_bias"),
    "bias first": (lambda b, x, w, c: b.add(c, b.matmul(x, w)), (*PRODUCT, (1, 6)), "matmul_bias"),
    "bias and relu": (lambda b, x, w, c: b.maximum(b.add(b.matmul(x, w), c), 0.0), (*PRODUCT, (6,)),
                      "matmul_bias_relu"),
    "relu the other way round": (lambda b, x, w, c: b.maximum(b.zeros_like(tensor_aval((5, 6), float32)),
                                                              b.add(b.matmul(x, w), c)),
                                 (*PRODUCT, (6,)), "matmul_bias_relu"),
    "a stack": (lambda b, x, w, c: b.add(b.matmul(x, w), c), ((3, 5, 7), (7, 6), (6,)), "matmul_bias"),
    "transposed": (lambda b, x, w, c: b.add(b.matmul(x, w, transpose_b=True), c), ((5, 7), (6, 7), (6,)),
                   "matmul_bias"),
    "convolution": (lambda b, x, w, c: b.maximum(b.add(conv(b, x, w), b.reshape(c, shape=(1, 4, 1, 1))), 0.0),
                    (*CONVOLUTION, (4,)), "conv2d_bias_relu"),
    "convolution, bias only": (lambda b, x, w, c: b.add(conv(b, x, w), c), (*CONVOLUTION, (4, 1, 1)), "conv2d_bias"),
    "result used twice": (lambda b, x, w, c: [(y := b.maximum(b.add(b.matmul(x, w), c), 0.0)), b.mul(y, y)],
                          (*PRODUCT, (6,)), "matmul_bias_relu"),
    "a constant bias": (lambda b, x, w: b.maximum(b.add(b.matmul(x, w), b.constant(np.arange(6.0), float32)), 0.0),
                        PRODUCT, "matmul_bias_relu"),
    "a constant matrix": (lambda b, x, c: b.add(b.matmul(x, b.constant(np.ones((7, 6)), float32)), c),
                          (PRODUCT[0], (6,)), "matmul_bias"),
    "sum used elsewhere": (lambda b, x, w, c: [(s := b.add(b.matmul(x, w), c)), b.maximum(s, 0.0)],
                           (*PRODUCT, (6,)), "matmul_bias"),
}


def pooled(b, x, dy, condition=None, zero=0.0):
    """The derivative of relu and max pooling, as automatic differentiation writes it."""
    y = b.max_pool2d(x, kernel=(2, 2), stride=(2, 2), padding=(0,) * 4)
    grad = b.max_pool2d_grad(x, y, dy, kernel=(2, 2), stride=(2, 2), padding=(0,) * 4)
    return b.select(b.gt(x if condition is None else condition, zero), grad, b.zeros_like(grad.aval))


POOLED = ((2, 3, 8, 9), (2, 3, 4, 4))
CLAIMED["pooling and relu"] = (pooled, POOLED, "max_pool2d_grad_relu")
NOT_CLAIMED = {
    "product is an output": (lambda b, x, w, c: [(y := b.matmul(x, w)), b.add(y, c)], (*PRODUCT, (6,))),
    "bias per row": (lambda b, x, w, c: b.add(b.matmul(x, w), c), (*PRODUCT, (5, 1))),
    "a whole matrix": (lambda b, x, w, c: b.add(b.matmul(x, w), c), (*PRODUCT, (5, 6))),
    "added to itself": (lambda b, x, w, c: b.add((y := b.matmul(x, w)), y), (*PRODUCT, (6,))),
    "bias along the columns of an image": (lambda b, x, w, c: b.add(conv(b, x, w), c), (*CONVOLUTION, (9,))),
    "pooling with another condition": (lambda b, x, dy, c: pooled(b, x, dy, c), (*POOLED, POOLED[0])),
    "pooling with another threshold": (lambda b, x, dy, c: pooled(b, x, dy, None, 0.5), (*POOLED, ())),
    "a scalar": (lambda b, x, w, c: b.add(b.matmul(x, w), c), (*PRODUCT, ())),
}


@pytest.mark.parametrize("name", CLAIMED)
def test_claimed(device, name):
    build, shapes, expected = CLAIMED[name]
    graph = graph_of(build, *shapes)
    assert [claim.name for claim in find_claims(graph)] == [expected]
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype(np.float32) for s in shapes]
    for got, want in zip(run_graph(graph, arrays, device), evaluate(graph, arrays)):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NOT_CLAIMED)
def test_not_claimed(device, name):
    build, shapes = NOT_CLAIMED[name]
    graph = graph_of(build, *shapes)
    assert find_claims(graph) == []
    arrays = [np.random.default_rng(0).normal(size=s).astype(np.float32) for s in shapes]
    for got, want in zip(run_graph(graph, arrays, device), evaluate(graph, arrays)):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_relu_against_another_number_is_no_relu():
    graph = graph_of(lambda b, x, w, c: b.maximum(b.add(b.matmul(x, w), c), 0.5), *PRODUCT, (6,))
    assert [claim.name for claim in find_claims(graph)] == ["matmul_bias"]
