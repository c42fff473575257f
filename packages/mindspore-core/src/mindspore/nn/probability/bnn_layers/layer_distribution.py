"""Distributions of weights: the prior, which is fixed, and the posterior, which is trained.

The posterior is normal with a mean and a deviation for each weight. The deviation is 1e-6 + log(1 + exp(r)) of a
parameter r that may be any number, so that it stays positive. Source: Blundell, Cornebise, Kavukcuoglu and Wierstra,
"Weight Uncertainty in Neural Networks", 2015.
"""
from __future__ import annotations

from typing import Any

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.common.initializer import Normal as NormalInitializer
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.nn.cell import Cell
from mindspore.nn.probability.distribution import Normal
from mindspore.ops._operands import static_shape

__all__ = ["NormalPosterior", "NormalPrior", "normal_post_fn"]

_LEAST = 1e-6


class NormalPrior(Cell):
    """A normal distribution of all weights alike. Called with the name of a method of a distribution and its arguments.

    Args:
        dtype: of what `sample` draws. mean, std: numbers.
    """

    def __init__(self, dtype=float32, mean=0, std=0.1):
        super().__init__()
        self.normal = Normal(float(mean), float(std), dtype=dtype)

    def construct(self, *inputs) -> Any:
        """What the method of this name gives: `prior("log_prob", x)`."""
        return self.normal(*inputs)


class NormalPosterior(Cell):
    """A normal distribution for each weight, whose means and deviations are trained.

    Args:
        name: what the names of the parameters begin with. shape: of the weights. dtype: of the parameters.
        loc_mean, loc_std: the distribution from which the first means are drawn.
        untransformed_scale_mean, untransformed_scale_std: that of the numbers r from which the deviations come.

    Raises:
        TypeError: `name` is no str.
    """

    def __init__(self, name, shape, dtype=float32, loc_mean=0, loc_std=0.1, untransformed_scale_mean=-5,
                 untransformed_scale_std=0.1):
        super().__init__()
        if not isinstance(name, str):
            raise TypeError(f"For 'NormalPosterior', the 'name' must be a str, but got {type(name).__name__}.")
        size = static_shape("NormalPosterior", shape)
        self.mean = Parameter(initializer(NormalInitializer(loc_std, loc_mean), size, dtype), name=f"{name}_mean")
        self.untransformed_std = Parameter(
            initializer(NormalInitializer(untransformed_scale_std, untransformed_scale_mean), size, dtype),
            name=f"{name}_untransformed_std")
        self.normal = Normal(dtype=dtype)

    def std_trans(self, std_pre: Tensor) -> Tensor:
        """The deviations, from numbers that may have any sign."""
        return _LEAST + ops.softplus(std_pre)

    def construct(self, *inputs) -> Any:
        """What the method of this name gives: `posterior("sample")`."""
        if inputs and inputs[0] == "sample" and len(inputs) == 1:
            inputs = ("sample", ())
        return self.normal(*inputs, self.mean, self.std_trans(self.untransformed_std))


def normal_post_fn(name, shape, dtype=float32, loc_mean=0, loc_std=0.1, untransformed_scale_mean=-5,
                   untransformed_scale_std=0.1) -> NormalPosterior:
    """A NormalPosterior; what the layers make their posteriors by."""
    return NormalPosterior(name, shape, dtype, loc_mean, loc_std, untransformed_scale_mean, untransformed_scale_std)
