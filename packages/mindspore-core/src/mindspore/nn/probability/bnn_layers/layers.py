"""Layers that draw their weights anew at each call.

`DenseReparam` and `ConvReparam` draw one set of weights for the whole batch, as mean + std * noise, so that gradients
reach both. `DenseLocalReparam` draws the layer's outputs instead: their distribution for each sample follows from that
of the weights, and gradients vary less. Source: Kingma, Salimans and Welling, "Variational Dropout and the Local
Reparameterization Trick", 2015.

`compute_kl_loss` is the divergence of the posterior from the prior, KL(posterior || prior), summed over all weights.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mindspore import ops
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._call import call
from mindspore.nn._check import positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.activation import get_activation
from mindspore.nn.layer.conv import Conv2d
from mindspore.nn.probability.bnn_layers.layer_distribution import NormalPrior, normal_post_fn
from mindspore.runtime.record import apply

__all__ = ["ConvReparam", "DenseLocalReparam", "DenseReparam"]

_MATMUL = primitive("matmul")


def _prior(owner: str, given: Any) -> Cell:
    """A prior from one, or from what makes it. TypeError for anything else."""
    found = given() if inspect.isclass(given) or not isinstance(given, Cell) and callable(given) else given
    if not isinstance(found, Cell):
        raise TypeError(f"For '{owner}', a prior must be a Cell such as NormalPrior, or a function that makes one, "
                        f"but got {given!r}.")
    return found


def _posterior(owner: str, make: Callable, name: str, shape: tuple) -> Cell:
    found = make(name=name, shape=shape) if callable(make) else None
    if not isinstance(found, Cell):
        raise TypeError(f"For '{owner}', a posterior must be a function of 'name' and 'shape' that makes a Cell such "
                        f"as NormalPosterior, but got {make!r}.")
    return found


class _Variational(Cell):
    """What the layers share: the distributions of weights and biases, and their divergence."""

    bias_posterior: Cell | None

    def _distributions(self, shape: tuple, biases: int, fns: tuple) -> None:
        """Make the priors and posteriors; biases: how many, 0 for none."""
        owner = type(self).__name__
        self.weight_prior = _prior(owner, fns[0])
        self.weight_posterior = _posterior(owner, fns[1], "bnn_weight", shape)
        self.bias_prior = self.bias_posterior = None
        if biases:
            self.bias_prior = _prior(owner, fns[2])
            self.bias_posterior = _posterior(owner, fns[3], "bnn_bias", (biases,))

    def compute_kl_loss(self) -> Tensor:
        """The divergence of all weights and biases, one number."""
        found = _divergence(self.weight_prior, self.weight_posterior)
        if self.bias_posterior is not None:
            found = found + _divergence(self.bias_prior, self.bias_posterior)
        return found


def _divergence(prior: Any, posterior: Any) -> Tensor:
    return ops.sum(posterior("kl_loss", prior("get_dist_type"), *prior("get_dist_args")))


class _DenseVariational(_Variational):
    """What the two dense layers share."""

    def __init__(self, in_channels, out_channels, activation=None, has_bias=True, weight_prior_fn=NormalPrior,
                 weight_posterior_fn=normal_post_fn, bias_prior_fn=NormalPrior, bias_posterior_fn=normal_post_fn):
        super().__init__()
        name = type(self).__name__
        self.in_channels = positive_int(name, "in_channels", in_channels)
        self.out_channels = positive_int(name, "out_channels", out_channels)
        if not isinstance(has_bias, bool):
            raise TypeError(f"For '{name}', the 'has_bias' must be a bool, but got {type(has_bias).__name__}.")
        self.has_bias = has_bias
        self._distributions((out_channels, in_channels), out_channels if has_bias else 0,
                            (weight_prior_fn, weight_posterior_fn, bias_prior_fn, bias_posterior_fn))
        self.activation = get_activation(activation, name) if isinstance(activation, str) else activation

    def construct(self, x):
        """The layer's output for x, another one at each call."""
        if not x.ndim or x.shape[-1] != self.in_channels:
            raise ValueError(f"For '{type(self).__name__}', the input's last axis must be in_channels "
                             f"({self.in_channels}), but the input has shape {x.shape}.")
        y = self._weighted(x)
        if self.bias_posterior is not None:
            y = y + self.bias_posterior("sample")
        return y if self.activation is None else call(self.activation, y)

    def _weighted(self, x: Tensor) -> Tensor:
        """The product of x and weights that are drawn; each layer draws in its own way."""
        return _product(x, self.weight_posterior("sample"))

    def extend_repr(self):
        return (f"in_channels={self.in_channels}, out_channels={self.out_channels}, "
                f"weight_mean={self.weight_posterior.mean}, "
                f"weight_std={self.weight_posterior.untransformed_std}, has_bias={self.has_bias}")


class DenseReparam(_DenseVariational):
    """A dense layer whose weights are drawn once for each call.

    Args:
        in_channels, out_channels: sizes of the last axis of input and output.
        activation: a name, a Cell or a function that is applied to the result. has_bias: whether there is a bias.
        weight_prior_fn, bias_prior_fn: what makes a prior, or one.
        weight_posterior_fn, bias_posterior_fn: make a posterior of `name` and `shape`.

    Shapes: (..., in_channels) -> (..., out_channels).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """


class DenseLocalReparam(_DenseVariational):
    """A dense layer whose outputs are drawn, each by itself; see `DenseReparam` for the arguments."""

    def _weighted(self, x: Tensor) -> Tensor:
        mean = _product(x, self.weight_posterior("mean"))
        variance = _product(ops.square(x), ops.square(self.weight_posterior("sd")))
        return mean + ops.sqrt(variance) * ops.standard_normal(mean.shape).astype(mean.dtype)


def _product(x: Tensor, weight: Tensor) -> Tensor:
    rows = x if x.ndim >= 2 else ops.reshape(x, (1, -1))
    y = apply(_MATMUL, (rows, weight), (False, True))
    return y if x.ndim >= 2 else ops.reshape(y, (weight.shape[0],))


class ConvReparam(_Variational):
    """A convolution of images whose weights are drawn once for each call.

    Args:
        in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias: as for `Conv2d`.
        weight_prior_fn, weight_posterior_fn, bias_prior_fn, bias_posterior_fn: as for `DenseReparam`.

    Shapes: (batch, in_channels, height, width) -> (batch, out_channels, height, width).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, has_bias=False, weight_prior_fn=NormalPrior, weight_posterior_fn=normal_post_fn,
                 bias_prior_fn=NormalPrior, bias_posterior_fn=normal_post_fn):
        super().__init__()
        shape = Conv2d(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group)
        self.in_channels, self.out_channels, self.has_bias = in_channels, out_channels, bool(has_bias)
        self.__dict__["_shape"] = shape  # says how; its weight is no parameter of this layer
        self._distributions(shape.weight.shape, out_channels if has_bias else 0,
                            (weight_prior_fn, weight_posterior_fn, bias_prior_fn, bias_posterior_fn))

    def construct(self, x):
        """The convolution of x, with other weights at each call."""
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(f"For 'ConvReparam', the input must have 4 axes, the second one of in_channels "
                             f"({self.in_channels}), but the input has shape {x.shape}.")
        y = self.__dict__["_shape"].convolve(x, self.weight_posterior("sample"))
        if self.bias_posterior is not None:
            y = y + ops.reshape(self.bias_posterior("sample"), (1, self.out_channels, 1, 1))
        return y

    def extend_repr(self):
        return self.__dict__["_shape"].extend_repr()
