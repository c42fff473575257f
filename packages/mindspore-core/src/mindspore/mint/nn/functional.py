"""Functions for neural networks, with the argument names and defaults of the `mint` interface."""
from __future__ import annotations

from collections.abc import Sequence

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.mint import conv2d, flatten
from mindspore.ops import activation, arithmetic, choosing, indexing, layers, loss, reduction, volumes, windows
from mindspore.ops import random as _random
from mindspore.ops._operands import Axes, Operand, Sizes, convert
from mindspore.ops.activation import gelu, hardshrink, hardsigmoid, hardswish, mish, prelu, selu, sigmoid, softshrink
from mindspore.ops.choosing import adaptive_max_pool1d, adaptive_max_pool2d
from mindspore.ops.elementwise import exp, tanh
from mindspore.ops.layers import embedding, group_norm, layer_norm, scaled_dot_product_attention
from mindspore.ops.linalg import dense as linear
from mindspore.ops.loss import (
    cosine_embedding_loss,
    cross_entropy,
    l1_loss,
    mse_loss,
    soft_margin_loss,
)
from mindspore.ops.sampling import grid_sample
from mindspore.ops.state import assign
from mindspore.ops.volumes import adaptive_avg_pool3d
from mindspore.ops.windows import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    conv_transpose2d,
    fold,
    interpolate,
    pixel_shuffle,
    unfold,
)

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "conv1d", "conv2d", "conv3d", "conv_transpose2d", "cosine_embedding_loss", "cross_entropy", "dropout", "dropout2d",
    "elu", "elu_", "embedding", "flatten", "fold", "gelu", "glu", "grid_sample", "group_norm", "hardshrink",
    "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "interpolate", "kl_div", "l1_loss", "layer_norm", "leaky_relu",
    "linear", "log_softmax", "logsigmoid", "max_pool2d", "max_unpool2d", "mish", "mse_loss", "nll_loss", "normalize",
    "one_hot", "pad", "pixel_shuffle", "prelu", "relu", "relu6", "relu_", "scaled_dot_product_attention", "selu",
    "sigmoid", "sigmoid_", "silu", "smooth_l1_loss", "soft_margin_loss", "softmax", "softplus", "softshrink", "tanh",
    "threshold", "threshold_", "unfold", "upsample",
]

Sides = int | Sequence[int]


def _result(input: Operand, result: Tensor, inplace: bool) -> Tensor:
    if inplace and isinstance(input, Tensor):
        return assign(input, result)
    return result


# -- activations -------------------------------------------------------------------------------------------------------

def relu(input: Operand, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    return activation.relu(input, inplace)


def relu_(input: Tensor) -> Tensor:
    """In place: max(input, 0)."""
    return activation.relu(input, True)


def relu6(input: Operand, inplace: bool = False) -> Tensor:
    """min(max(input, 0), 6)."""
    return _result(input, activation.relu6(input), inplace)


def leaky_relu(input: Operand, negative_slope: float = 0.01) -> Tensor:
    """input where it is above 0, else negative_slope * input."""
    return activation.leaky_relu(input, negative_slope)


def elu(input: Operand, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where it is above 0, else alpha * (exp(input) - 1)."""
    return _result(input, activation.elu(input, alpha), inplace)


def silu(input: Operand, inplace: bool = False) -> Tensor:
    """input * sigmoid(input)."""
    return _result(input, activation.silu(input), inplace)


def hardtanh(input: Operand, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """input between `min_val` and `max_val`."""
    return _result(input, activation.hardtanh(input, min_val, max_val), inplace)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """In place: input where it is above `threshold`, else `value`."""
    return assign(input, activation.threshold(input, threshold, value))


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In place: input where it is above 0, else alpha * (exp(input) - 1)."""
    return assign(input, activation.elu(input, alpha))


def hardtanh_(input: Tensor, min_val: float = -1, max_val: float = 1) -> Tensor:
    """In place: input between `min_val` and `max_val`."""
    return assign(input, activation.hardtanh(input, min_val, max_val))


def sigmoid_(input: Tensor) -> Tensor:
    """In place: 1 / (1 + exp(-input))."""
    return assign(input, activation.sigmoid(input))


def threshold(input: Operand, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """input where it is above `threshold`, else `value`."""
    return _result(input, activation.threshold(input, threshold, value), inplace)


def glu(input: Operand, dim: int = -1) -> Tensor:
    """The first half along `dim` times the sigmoid of the second."""
    return activation.glu(input, dim)


def logsigmoid(input: Operand) -> Tensor:
    """log(sigmoid(input))."""
    return activation.logsigmoid(input)


def softplus(input: Operand, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta * input)) / beta, and input itself where beta * input is above `threshold`."""
    return activation.softplus(input, beta, threshold)


def _softmax_dim(input: Operand, dim: int | None) -> int:
    """The axis that stands for none: 0 for 0, 1 and 3 axes, else 1."""
    return (0 if getattr(input, "ndim", 0) in (0, 1, 3) else 1) if dim is None else dim


def softmax(input: Operand, dim: int | None = None, dtype: DType | None = None) -> Tensor:
    """exp(input) / sum(exp(input)) along `dim`."""
    return activation.softmax(input, _softmax_dim(input, dim), dtype=dtype)


def log_softmax(input: Operand, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """The logarithm of softmax along `dim`."""
    x = input if dtype is None or not isinstance(input, Tensor) else convert(input, dtype)
    return activation.log_softmax(x, _softmax_dim(input, dim))


# -- windows -----------------------------------------------------------------------------------------------------------

def _padding(padding: int | str | Sequence[int]) -> tuple[str, int | Sequence[int]]:
    return (padding, 0) if isinstance(padding, str) else ("pad", padding)


def conv1d(input: Operand, weight: Operand, bias: Operand | None = None, stride: int = 1, padding: int | str = 0,
           dilation: int = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of sequences with kernels."""
    mode, counts = _padding(padding)
    return windows.conv1d(input, weight, bias, stride, mode, counts, dilation, groups)


def conv3d(input: Operand, weight: Operand, bias: Operand | None = None, stride: Sides = 1,
           padding: int | str | Sequence[int] = 0, dilation: Sides = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of volumes with kernels."""
    mode, counts = _padding(padding)
    return windows.conv3d(input, weight, bias, stride, mode, counts, dilation, groups)


def max_pool2d(input: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0, dilation: Sides = 1,
               ceil_mode: bool = False, return_indices: bool = False):
    """The largest element of each window of images."""
    return windows.max_pool2d(input, kernel_size, stride, padding, dilation, return_indices, ceil_mode)


def avg_pool1d(input: Operand, kernel_size: int, stride: int | None = None, padding: int = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """The mean of each window of sequences; the stride is the kernel's size by default."""
    return windows.avg_pool1d(input, kernel_size, kernel_size if stride is None else stride, padding, ceil_mode,
                              count_include_pad)


def avg_pool2d(input: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> Tensor:
    """The mean of each window of images; the stride is the kernel's size by default."""
    return windows.avg_pool2d(input, kernel_size, kernel_size if stride is None else stride, padding, ceil_mode,
                              count_include_pad, divisor_override or 0)


def avg_pool3d(input: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> Tensor:
    """The mean of each window of volumes; the stride is the kernel's size by default."""
    return volumes.avg_pool3d(input, kernel_size, kernel_size if stride is None else stride, padding, ceil_mode,
                              count_include_pad, divisor_override or 0)


def max_unpool2d(input: Operand, indices: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0,
                 output_size: Sizes | None = None) -> Tensor:
    """Images from the largest elements of their windows and their places."""
    return choosing.max_unpool2d(input, indices, kernel_size, stride, padding, output_size)


def upsample(input: Operand, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None,
             mode: str = "nearest", align_corners: bool | None = None) -> Tensor:
    """Images resized; see `interpolate`."""
    return windows.interpolate(input, size, scale_factor, mode, align_corners)


def pad(input: Operand, pad: Sizes, mode: str = "constant", value: float | None = None) -> Tensor:
    """input with a border: (low, high) for the last axis, then for the one before it, and so on."""
    return layers.pad(input, pad, mode, value)


# -- layers and losses -------------------------------------------------------------------------------------------------

def batch_norm(input: Operand, running_mean: Tensor, running_var: Tensor, weight: Operand | None = None,
               bias: Operand | None = None, training: bool = False, momentum: float = 0.1,
               eps: float = 1e-5) -> Tensor:
    """input normalised for each channel."""
    return layers.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def dropout(input: Operand, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """input with elements set to 0 with probability p, and the others divided by 1 - p, while `training`."""
    return _result(input, _random.dropout(input, p, training), inplace)


def dropout2d(input: Operand, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """input with whole channels set to 0 with probability p while `training`."""
    return _result(input, _random.dropout2d(input, p, training), inplace)


def normalize(input: Operand, p: float = 2.0, dim: Axes = 1, eps: float = 1e-12) -> Tensor:
    """input divided by its p-norms over `dim`, which are not below `eps`."""
    return arithmetic.true_divide(input, arithmetic.maximum(reduction.vector_norm(input, p, dim, True), eps))


def one_hot(tensor: Operand, num_classes: int = -1) -> Tensor:
    """1 at each class number along a new last axis, else 0; as many classes as the largest number demands, which must
    be known, by default."""
    if num_classes == -1:
        num_classes = int(reduction.amax(tensor)) + 1
    return indexing.one_hot(tensor, num_classes)


def binary_cross_entropy(input: Operand, target: Operand, weight: Operand | None = None,
                         reduction: str = "mean") -> Tensor:
    """The binary cross-entropy of each element, from probabilities."""
    return loss.binary_cross_entropy(input, target, weight, reduction)


def binary_cross_entropy_with_logits(input: Operand, target: Operand, weight: Operand | None = None,
                                     reduction: str = "mean", pos_weight: Operand | None = None) -> Tensor:
    """The binary cross-entropy of each element, from logits."""
    return loss.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def nll_loss(input: Operand, target: Operand, weight: Operand | None = None, ignore_index: int = -100,
             reduction: str = "mean") -> Tensor:
    """The negative log-likelihood of classes, from log-probabilities."""
    return loss.nll_loss(input, target, weight, ignore_index, reduction)


def smooth_l1_loss(input: Operand, target: Operand, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """0.5 d**2 / beta where d = |input - target| is below beta, else d - 0.5 beta."""
    return loss.smooth_l1_loss(input, target, beta, reduction)


def kl_div(input: Operand, target: Operand, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """The divergence from log-probabilities to probabilities (to log-probabilities with `log_target`)."""
    if not log_target:
        return loss.kl_div(input, target, reduction)
    return loss.kl_div(input, exp(target), reduction)
