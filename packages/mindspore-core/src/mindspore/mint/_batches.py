"""Parts of batch normalization for batches that are spread over processes, and the convolution of sequences whose first
axis is the time."""
from __future__ import annotations

from mindspore import ops
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_dtype_of, as_inexact, as_tensor, static_int
from mindspore.runtime.record import assign

__all__ = ["batch_norm_elemt", "batch_norm_gather_stats_with_counts", "batch_norm_stats", "conv_tbc"]


def _channels(name: str, input: Operand) -> Tensor:
    x = as_inexact(name, input)
    if x.ndim < 2:
        raise ValueError(f"{name}: input has shape {x.shape}; expected (N, C, ...)")
    return x


def batch_norm_stats(input: Operand, eps: float) -> tuple[Tensor, Tensor]:
    """(the mean, 1 / sqrt(variance + eps)) of each channel of (N, C, ...); the variance is the mean square."""
    x = _channels("batch_norm_stats", input)
    variance, mean = ops.var_mean(x, (0, *range(2, x.ndim)))
    return mean, ops.rsqrt(variance + eps)


def batch_norm_elemt(input: Operand, weight: Operand | None = None, bias: Operand | None = None,
                     mean: Operand | None = None, invstd: Operand | None = None, eps: float = 1e-5) -> Tensor:
    """(input - mean) invstd weight + bias for each channel of (N, C, ...); mean and invstd are 0 and 1, weight and bias
    1 and 0 by default. `eps` is part of invstd already."""
    x = _channels("batch_norm_elemt", input)

    def wide(value: Operand, what: str) -> Tensor:
        tensor = as_dtype_of("batch_norm_elemt", value, x, what)
        if tensor.shape != x.shape[1:2]:
            raise ValueError(f"batch_norm_elemt: {what} has shape {tensor.shape}; expected {x.shape[1:2]}, one number "
                             f"for each channel")
        return ops.reshape(tensor, (x.shape[1], *(1,) * (x.ndim - 2)))

    y = x if mean is None else x - wide(mean, "mean")
    y = y if invstd is None else y * wide(invstd, "invstd")
    y = y if weight is None else y * wide(weight, "weight")
    return y if bias is None else y + wide(bias, "bias")


def batch_norm_gather_stats_with_counts(input: Operand, mean: Operand, invstd: Operand,
                                        running_mean: Tensor | None = None, running_var: Tensor | None = None,
                                        momentum: float = 0.1, eps: float = 1e-5,
                                        counts: Operand | None = None) -> tuple[Tensor, Tensor]:
    """(the mean, 1 / sqrt(variance + eps)) of each channel of all parts together, from those of the parts.

    mean, invstd: (parts, C). counts: (parts,), the numbers of elements that each channel of a part has; equal ones by
    default, those of input (N, C, ...). running_mean, running_var: parameters, (C,), which move towards the new mean
    and unbiased variance by `momentum`.
    """
    name = "batch_norm_gather_stats_with_counts"
    x = _channels(name, input)
    means, rstds = (as_dtype_of(name, as_tensor(name, v, w), x) for v, w in ((mean, "mean"), (invstd, "invstd")))
    if means.ndim != 2 or means.shape[1] != x.shape[1] or rstds.shape != means.shape:
        raise ValueError(f"{name}: mean has shape {means.shape} and invstd {rstds.shape}; expected (parts, "
                         f"{x.shape[1]}) both")
    if counts is None:
        number = ops.full((means.shape[0], 1), x.size // x.shape[1], dtype=x.dtype)
    else:
        number = ops.reshape(as_dtype_of(name, as_tensor(name, counts, "counts"), x), (means.shape[0], 1))
    total = ops.sum(number)
    middle = ops.sum(means * number, 0) / total
    squares = ops.sum((1 / ops.square(rstds) - eps + ops.square(means - middle)) * number, 0)
    variance = squares / total
    for running, new in ((running_mean, middle), (running_var, squares / (total - 1))):
        if isinstance(running, Parameter):
            assign(running, running + (ops.cast(ops.stop_gradient(new), running.dtype) - running) * momentum)
    return middle, ops.rsqrt(variance + eps)


def conv_tbc(input: Operand, weight: Operand, bias: Operand, pad: int = 0) -> Tensor:
    """The cross-correlation of sequences (T, N, C) with kernels (taps, C, O), plus bias (O,), to (T', N, O), with `pad`
    zeros on both ends. ValueError for shapes that do not fit."""
    x, w = as_inexact("conv_tbc", input), as_tensor("conv_tbc", weight, "weight")
    if x.ndim != 3 or w.ndim != 3 or w.shape[1] != x.shape[2]:
        raise ValueError(f"conv_tbc: input has shape {x.shape} and weight {w.shape}; expected (T, N, C) and "
                         f"(taps, C, O)")
    y = ops.conv1d(ops.transpose(x, (1, 2, 0)), ops.transpose(w, (2, 1, 0)), bias, 1, "pad",
                   static_int("conv_tbc", "pad", pad))
    return ops.transpose(y, (2, 0, 1))
