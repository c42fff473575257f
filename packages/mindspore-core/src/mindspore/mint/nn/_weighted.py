"""Layers of the `mint` interface with parameters: convolutions, normalizations, embeddings.

The parameters are called weight and bias; those of batch normalization that are not trained running_mean, running_var
and num_batches_tracked.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.initializer import HeUniform, Normal, Uniform, initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.mint.nn import functional as F
from mindspore.nn._check import flag, is_int, not_negative, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import as_computed
from mindspore.nn.layer.combined import Linear

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d", "Embedding",
           "GroupNorm", "LayerNorm", "Linear", "PReLU", "SyncBatchNorm"]


def _sizes(name: str, what: str, value, count: int, least: int = 1) -> tuple[int, ...]:
    given = (value,) * count if is_int(value) else value
    if not isinstance(given, (tuple, list)) or len(given) != count or not all(is_int(v) and v >= least for v in given):
        raise ValueError(f"For '{name}', the '{what}' must be an int or {count} ints of at least {least}, but got "
                         f"{value!r}.")
    return tuple(given)


class _Conv(Cell):
    """What the convolutions share; `spatial` is the number of spatial axes."""

    spatial, transposed = 2, False

    def __init__(self, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
                 dtype):
        super().__init__()
        name, count = type(self).__name__, self.spatial
        self.in_channels = positive_int(name, "in_channels", in_channels)
        self.out_channels = positive_int(name, "out_channels", out_channels)
        self.groups = positive_int(name, "groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"For '{name}', 'in_channels' ({in_channels}) and 'out_channels' ({out_channels}) must be "
                             f"divisible by 'groups' ({groups}).")
        self.kernel_size = _sizes(name, "kernel_size", kernel_size, count)
        self.stride = _sizes(name, "stride", stride, count)
        self.dilation = _sizes(name, "dilation", dilation, count)
        if padding not in ("same", "valid"):
            padding = _sizes(name, "padding", padding, count, 0)
        if padding_mode not in ("zeros", "reflect", "replicate", "circular") or \
                (self.transposed and padding_mode != "zeros"):
            raise ValueError(f"For '{name}', the 'padding_mode' must be "
                             f"{'zeros' if self.transposed else 'zeros, reflect, replicate or circular'}, but got "
                             f"{padding_mode!r}.")
        self.padding, self.padding_mode = padding, padding_mode
        dtype = mstype.float32 if dtype is None else dtype
        channels = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        shape = (*channels, *self.kernel_size)
        self.weight = Parameter(initializer(HeUniform(math.sqrt(5)), shape, dtype), name="weight")
        bound = Uniform(1 / math.sqrt(math.prod(shape[1:])))
        self.bias = Parameter(initializer(bound, (out_channels,), dtype), name="bias") \
            if flag(name, "bias", bias) else None

    def _bias(self):
        return None if self.bias is None else as_computed(self, self.bias)

    def _bordered(self, x):
        """x with its border, and the padding that is left to do."""
        if self.padding_mode == "zeros" or self.padding == "valid":
            return x, self.padding
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            around = [(t // 2, t - t // 2) for t in totals]
        else:
            around = [(p, p) for p in self.padding]
        return F.pad(x, [v for pair in reversed(around) for v in pair], self.padding_mode), 0

    def construct(self, input):
        """The convolution of the input."""
        x, padding = self._bordered(input)
        return self.function(x, as_computed(self, self.weight), self._bias(), self.stride, padding, self.dilation,
                             self.groups)

    def extend_repr(self):
        return (f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
                f"padding={self.padding}, dilation={self.dilation}, groups={self.groups}, "
                f"bias={self.bias is not None}, padding_mode={self.padding_mode}")


class _Forward(_Conv):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", dtype=None):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
                         dtype)


class Conv1d(_Forward):
    """The cross-correlation of sequences (N, C, L); the arguments are those of `Conv2d`."""

    spatial, function = 1, staticmethod(F.conv1d)


class Conv2d(_Forward):
    """The cross-correlation of images (N, C, H, W).

    Args:
        in_channels, out_channels: channels of input and output. kernel_size, stride, dilation: an int or (h, w).
        padding: an int or (h, w) on both sides, 'same' or 'valid'. groups: blocks of channels that do not see each
            other. bias: whether a bias is added. padding_mode: 'zeros', 'reflect', 'replicate' or 'circular'.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    spatial, function = 2, staticmethod(F.conv2d)


class Conv3d(_Forward):
    """The cross-correlation of volumes (N, C, D, H, W); the arguments are those of `Conv2d`."""

    spatial, function = 3, staticmethod(F.conv3d)


class ConvTranspose2d(_Conv):
    """The transpose of a convolution of images, for growing them; the arguments are those of `Conv2d`. At a call
    `output_size` may say which of the sizes that the convolution maps to the input is meant."""

    transposed = True

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1,
                 bias=True, dilation=1, padding_mode="zeros", dtype=None):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
                         dtype)
        self.output_padding = _sizes("ConvTranspose2d", "output_padding", output_padding, 2, 0)

    def construct(self, input, output_size=None):
        """The larger images."""
        extra = self.output_padding
        if output_size is not None:
            least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in
                     zip(input.shape[-2:], self.stride, self.padding, self.dilation, self.kernel_size)]
            extra = tuple(want - have for want, have in zip(tuple(output_size)[-2:], least))
            if any(not 0 <= e < max(s, d) for e, s, d in zip(extra, self.stride, self.dilation)):
                raise ValueError(f"For 'ConvTranspose2d', the 'output_size' {output_size} must be at least {least} and "
                                 f"less than a stride larger.")
        return ops.conv_transpose2d(input, as_computed(self, self.weight), self._bias(), self.stride, self.padding,
                                    extra, self.groups, self.dilation)


# -- normalization -----------------------------------------------------------------------------------------------------


def _affine(cell: Cell, shape: tuple[int, ...], with_weight: bool, with_bias: bool, dtype) -> None:
    """Give a layer its weight of ones and its bias of zeros, or None."""
    dtype = mstype.float32 if dtype is None else dtype
    cell.weight = Parameter(initializer("ones", shape, dtype), name="weight") if with_weight else None
    cell.bias = Parameter(initializer("zeros", shape, dtype), name="bias") if with_bias else None


class _BatchNorm(Cell):
    """Normalization of each channel. While training, which it does until `set_train(False)`, running = (1 - momentum)
    running + momentum batch; a momentum of None stands for the mean of all batches."""

    ranks: tuple[int, ...] = ()

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, dtype=None):
        super().__init__()
        name = type(self).__name__
        self.num_features = positive_int(name, "num_features", num_features)
        self.eps = not_negative(name, "eps", eps)
        self.momentum = momentum if momentum is None else not_negative(name, "momentum", momentum)
        _affine(self, (num_features,), flag(name, "affine", affine), affine, dtype)
        self.track_running_stats = flag(name, "track_running_stats", track_running_stats)
        self.set_train()  # the batch's statistics from the start, as in PyTorch; other Cells start in inference mode
        if track_running_stats:
            kind = np.float32 if dtype is None else dtype.np
            for label, value in (("running_mean", np.zeros(num_features, kind)),
                                 ("running_var", np.ones(num_features, kind)),
                                 ("num_batches_tracked", np.zeros((), np.int64))):
                setattr(self, label, Parameter(Tensor(value), name=label, requires_grad=False))

    def construct(self, input):
        """The input normalized, scaled and shifted."""
        if input.ndim not in self.ranks or input.shape[1] != self.num_features:
            raise ValueError(f"For '{type(self).__name__}', the input must have "
                             f"{' or '.join(map(str, self.ranks))} axes, the second one of num_features "
                             f"({self.num_features}), but has shape {input.shape}.")
        tracked = self.track_running_stats
        if not tracked:
            return F.batch_norm(input, None, None, self.weight, self.bias, True, 0.0, self.eps)
        momentum = self.momentum
        if self.training:
            ops.assign_add(self.num_batches_tracked, 1)
            if momentum is None:
                momentum = 1 / self.num_batches_tracked.astype(mstype.float32)
        return F.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, self.training,
                            momentum, self.eps)

    def extend_repr(self):
        return (f"num_features={self.num_features}, eps={self.eps}, momentum={self.momentum}, "
                f"affine={self.weight is not None}, track_running_stats={self.track_running_stats}")


class BatchNorm1d(_BatchNorm):
    """Batch normalization of (N, C) or (N, C, L)."""

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalization of images (N, C, H, W)."""

    ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalization of volumes (N, C, D, H, W)."""

    ranks = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalization over all processes of a group; there is one process, so it is that of its own batch.

    Raises:
        ValueError: a process group is given.
    """

    ranks = (2, 3, 4, 5)

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, process_group=None,
                 dtype=None):
        if process_group is not None:
            raise ValueError(f"For 'SyncBatchNorm', the 'process_group' must be None, but got {process_group!r}.")
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)


class GroupNorm(Cell):
    """Normalization of each of num_groups blocks of the channels of (N, C, ...)."""

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, dtype=None):
        super().__init__()
        self.num_groups = positive_int("GroupNorm", "num_groups", num_groups)
        self.num_channels = positive_int("GroupNorm", "num_channels", num_channels)
        if num_channels % num_groups:
            raise ValueError(f"For 'GroupNorm', the 'num_channels' ({num_channels}) must be divisible by 'num_groups' "
                             f"({num_groups}).")
        self.eps = not_negative("GroupNorm", "eps", eps)
        _affine(self, (num_channels,), flag("GroupNorm", "affine", affine), affine, dtype)

    def construct(self, input):
        """The input normalized, scaled and shifted."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)


class LayerNorm(Cell):
    """Normalization over the last axes, of sizes normalized_shape."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, dtype=None):
        super().__init__()
        shape = (normalized_shape,) if is_int(normalized_shape) else tuple(normalized_shape)
        self.normalized_shape = tuple(positive_int("LayerNorm", "normalized_shape", n) for n in shape)
        self.eps = not_negative("LayerNorm", "eps", eps)
        affine = flag("LayerNorm", "elementwise_affine", elementwise_affine)
        _affine(self, self.normalized_shape, affine, affine and flag("LayerNorm", "bias", bias), dtype)

    def construct(self, input):
        """The input normalized, scaled and shifted."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


# -- others ------------------------------------------------------------------------------------------------------------


class PReLU(Cell):
    """input where it is above 0, weight input elsewhere, with one trained slope or one for each channel."""

    def __init__(self, num_parameters=1, init=0.25, dtype=None):
        super().__init__()
        self.num_parameters = positive_int("PReLU", "num_parameters", num_parameters)
        self.weight = Parameter(initializer(init, (num_parameters,), mstype.float32 if dtype is None else dtype),
                                name="weight")

    def construct(self, input):
        """The function of the input."""
        return F.prelu(input, as_computed(self, self.weight))


class Embedding(Cell):
    """Rows of a table, N(0, 1) at first: indices of any shape -> that shape + (embedding_dim,).

    Args:
        num_embeddings, embedding_dim: the table's shape. padding_idx: a row that starts as zeros and is not trained.
        max_norm, norm_type: rows whose norm is larger are scaled to it. scale_grad_by_freq: the gradient of a row is
            divided by how often it was read. sparse: accepted; gradients are dense. _weight: the table's first value.
            _freeze: whether the table is not trained.
    """

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
                 scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, dtype=None):
        super().__init__()
        self.num_embeddings = positive_int("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = positive_int("Embedding", "embedding_dim", embedding_dim)
        if padding_idx is not None:
            if not is_int(padding_idx) or not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(f"For 'Embedding', the 'padding_idx' must be an int from {-num_embeddings} to "
                                 f"{num_embeddings - 1}, but got {padding_idx!r}.")
            padding_idx %= num_embeddings
        self.padding_idx, self.max_norm, self.norm_type = padding_idx, max_norm, norm_type
        self.scale_grad_by_freq = flag("Embedding", "scale_grad_by_freq", scale_grad_by_freq)
        table = initializer(Normal(1.0, 0.0) if _weight is None else _weight, (num_embeddings, embedding_dim),
                            mstype.float32 if dtype is None else dtype)
        if padding_idx is not None and _weight is None:
            rows = table.asnumpy().copy()
            rows[padding_idx] = 0
            table = Tensor(rows)
        self.weight = Parameter(table, name="weight", requires_grad=not flag("Embedding", "_freeze", _freeze))

    def construct(self, input):
        """The rows of the table at the input."""
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
                           self.scale_grad_by_freq)
