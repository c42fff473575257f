"""What the tests of layers share: calling a layer in the present mode, and gradients against finite differences."""
from __future__ import annotations

import numpy as np

import mindspore as ms
from mindspore import Tensor


def run(layer, *arrays) -> np.ndarray:
    """The layer's output for arrays."""
    return layer(*[Tensor(a) for a in arrays]).asnumpy()


def check_gradients(layer, x: np.ndarray, seed: int = 0) -> None:
    """Gradients by the input and every trained parameter, in a random direction each."""
    draw = np.random.default_rng(seed)
    weights = layer.trainable_params()
    x = x.astype(np.float32)
    shape = layer(Tensor(x)).shape
    seeds = Tensor(draw.normal(size=shape).astype(np.float32))

    def weighted(inputs):
        return ms.ops.sum(layer(inputs) * seeds)

    by_x, by_weights = ms.grad(weighted, 0, weights)(Tensor(x))
    compare(lambda a: float(weighted(Tensor(a)).asnumpy()), x, by_x.asnumpy(), draw)
    for weight, gradient in zip(weights, by_weights):
        start = weight.asnumpy().copy()

        def at(array, weight=weight):
            weight.set_data(Tensor(array))
            return float(weighted(Tensor(x)).asnumpy())

        compare(at, start, gradient.asnumpy(), draw)
        weight.set_data(Tensor(start))


def compare(function, point: np.ndarray, gradient: np.ndarray, draw) -> None:
    """A gradient against a difference quotient in a random direction."""
    direction = draw.normal(size=point.shape).astype(np.float32)
    step = 1e-2
    quotient = (function(point + step * direction) - function(point - step * direction)) / (2 * step)
    np.testing.assert_allclose(np.sum(gradient.astype(np.float64) * direction), quotient, rtol=2e-2, atol=2e-2)
