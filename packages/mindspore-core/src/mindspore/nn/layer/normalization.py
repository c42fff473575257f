"""Normalization layers; the primitives in `compiler.primitives.nn_norm` have the formulas and their sources.

Batch normalization keeps moving statistics for prediction. While training, the layer assigns

    moving = momentum moving + (1 - momentum) batch

to them, with the unbiased variance of the batch, as part of the step: in graph mode the assignment is compiled into it,
in PyNative mode it is recorded like any other operation.
"""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import flag, number, positive_float, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.operators import BatchNormOperators, LayerNormOperators
from mindspore.runtime.record import apply, assign

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d",
           "InstanceNorm3d", "SyncBatchNorm"]

_TRAIN, _INFER, _LAYER, _GROUP = map(primitive, ("batch_norm_train", "batch_norm_infer", "layer_norm", "group_norm"))


def _weights(cell: Cell, shape: tuple, gamma_init, beta_init, dtype, trained: bool = True) -> None:
    """Give a layer its scale and shift."""
    cell.gamma = Parameter(initializer(gamma_init, shape, dtype), name="gamma", requires_grad=trained)
    cell.beta = Parameter(initializer(beta_init, shape, dtype), name="beta", requires_grad=trained)


def _moving(cell: Cell, features: int, mean_init, var_init, dtype) -> None:
    """Give a layer its moving statistics."""
    cell.moving_mean = Parameter(initializer(mean_init, (features,), dtype), name="mean", requires_grad=False)
    cell.moving_variance = Parameter(initializer(var_init, (features,), dtype), name="variance", requires_grad=False)


def _move(moving: Parameter, batch, kept: float) -> None:
    """moving = kept moving + (1 - kept) batch."""
    batch = ops.cast(ops.stop_gradient(batch), moving.dtype)
    assign(moving, moving * kept + batch * (1.0 - kept))


def _check_input(name: str, x, features: int, ranks: tuple[int, ...]) -> None:
    if x.ndim not in ranks or x.shape[1] != features:
        raise ValueError(f"For '{name}', the input must have {' or '.join(map(str, ranks))} axes, the second one of "
                         f"num_features ({features}), but the input has shape {x.shape}.")


class _BatchNorm(BatchNormOperators, Cell):
    """What the batch normalizations share; `ranks` are the numbers of axes that an input may have."""

    ranks: tuple[int, ...] = ()

    def __init__(self, num_features, eps=1e-5, momentum=0.9, affine=True, gamma_init="ones", beta_init="zeros",
                 moving_mean_init="zeros", moving_var_init="ones", use_batch_statistics=None, data_format="NCHW",
                 dtype=mstype.float32):
        super().__init__()
        name = type(self).__name__
        self.num_features = positive_int(name, "num_features", num_features)
        self.eps = positive_float(name, "eps", eps)
        self.momentum = number(name, "momentum", momentum)
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"For '{name}', the 'momentum' must be between 0 and 1, but got {momentum}.")
        if data_format != "NCHW":
            raise ValueError(f"For '{name}', the 'data_format' must be 'NCHW', but got {data_format!r}; transpose the "
                             f"input to NCHW.")
        if use_batch_statistics is not None:
            flag(name, "use_batch_statistics", use_batch_statistics)
        self.use_batch_statistics = use_batch_statistics
        _moving(self, num_features, moving_mean_init, moving_var_init, dtype)
        _weights(self, (num_features,), gamma_init, beta_init, dtype, flag(name, "affine", affine))

    def construct(self, x):
        """x normalized, scaled and shifted."""
        _check_input(type(self).__name__, x, self.num_features, self.ranks)
        batch = self.training if self.use_batch_statistics is None else self.use_batch_statistics
        gamma, beta = self.gamma, self.beta
        if not batch:
            return apply(_INFER, (x, gamma, beta, self.moving_mean, self.moving_variance), (self.eps,))
        y, mean, variance = apply(_TRAIN, (x, gamma, beta), (self.eps,))
        if self.training:
            count = x.size // self.num_features
            _move(self.moving_mean, mean, self.momentum)
            _move(self.moving_variance, variance * (count / max(count - 1, 1)), self.momentum)
        return y

    def extend_repr(self):
        return (f"num_features={self.num_features}, eps={self.eps}, momentum={self.momentum}, gamma={self.gamma}, "
                f"beta={self.beta}, moving_mean={self.moving_mean}, moving_variance={self.moving_variance}")


class BatchNorm1d(_BatchNorm):
    """Batch normalization of (N, C) or (N, C, L), with the arguments of `BatchNorm2d`."""

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalization of images (N, C, H, W).

    Args:
        num_features: the number C of channels, the second axis. eps: added to the variance.
        momentum: the share of the old moving statistics that stays, 0 to 1.
        affine: whether gamma and beta are trained.
        gamma_init, beta_init, moving_mean_init, moving_var_init: initializers of the four parameters, (C,) each.
        use_batch_statistics: None for the batch's statistics while training and the moving ones otherwise; True or
            False for one of them always.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; ValueError at a call for another shape.
    """

    ranks = (4,)


class BatchNorm3d(Cell):
    """Batch normalization of volumes (N, C, D, H, W), with the arguments of `BatchNorm2d`, which does the work as
    `bn2d`."""

    def __init__(self, num_features, eps=1e-5, momentum=0.9, affine=True, gamma_init="ones", beta_init="zeros",
                 moving_mean_init="zeros", moving_var_init="ones", use_batch_statistics=None, dtype=mstype.float32):
        super().__init__()
        self.bn2d = BatchNorm2d(num_features, eps, momentum, affine, gamma_init, beta_init, moving_mean_init,
                                moving_var_init, use_batch_statistics, dtype=dtype)

    def construct(self, x):
        """x normalized, scaled and shifted."""
        _check_input("BatchNorm3d", x, self.bn2d.num_features, (5,))
        n, c, d, h, w = x.shape
        return ops.reshape(self.bn2d(ops.reshape(x, (n, c, d * h, w))), x.shape)


class SyncBatchNorm(_BatchNorm):
    """Batch normalization over all processes of a group, with the arguments of `BatchNorm2d`; there is one process, so
    it is that of its own batch, (N, C) or (N, C, H, W).

    Raises:
        ValueError: a group of processes is given that has others than this one, number 0.
    """

    ranks = (2, 4)

    def __init__(self, num_features, eps=1e-5, momentum=0.9, affine=True, gamma_init="ones", beta_init="zeros",
                 moving_mean_init="zeros", moving_var_init="ones", use_batch_statistics=None, process_groups=None,
                 dtype=mstype.float32):
        if process_groups is not None and [list(g) for g in process_groups] != [[0]]:
            raise ValueError(f"For 'SyncBatchNorm', the 'process_groups' must be None or [[0]], but got "
                             f"{process_groups!r}.")
        super().__init__(num_features, eps, momentum, affine, gamma_init, beta_init, moving_mean_init,
                         moving_var_init, use_batch_statistics, dtype=dtype)


class LayerNorm(LayerNormOperators, Cell):
    """Normalization over the axes from `begin_norm_axis` on.

    Args:
        normalized_shape: the shape of gamma and beta, a tuple or a list: that of the input's axes from
            `begin_params_axis` on. gamma_init, beta_init: their initializers. epsilon: added to the variance.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; ValueError at a call for another shape.
    """

    def __init__(self, normalized_shape, begin_norm_axis=-1, begin_params_axis=-1, gamma_init="ones",
                 beta_init="zeros", epsilon=1e-7, dtype=mstype.float32):
        super().__init__()
        if not isinstance(normalized_shape, (tuple, list)) or not normalized_shape:
            raise TypeError(f"For 'LayerNorm', the 'normalized_shape' must be a non-empty tuple or list of ints, but "
                            f"got {normalized_shape!r}.")
        self.normalized_shape = tuple(positive_int("LayerNorm", "normalized_shape", d) for d in normalized_shape)
        for name, axis in (("begin_norm_axis", begin_norm_axis), ("begin_params_axis", begin_params_axis)):
            if type(axis) is not int:
                raise TypeError(f"For 'LayerNorm', the '{name}' must be an int, but got {axis!r}.")
        self.begin_norm_axis, self.begin_params_axis = begin_norm_axis, begin_params_axis
        self.epsilon = positive_float("LayerNorm", "epsilon", epsilon)
        _weights(self, self.normalized_shape, gamma_init, beta_init, dtype)

    def construct(self, input_x):
        """input_x normalized, scaled and shifted."""
        x, begin, params, gamma = input_x, self.begin_norm_axis, self.begin_params_axis, self.gamma
        shape = x.shape
        ndim = len(shape)
        if not (-ndim <= begin < ndim and -ndim <= params < ndim and shape[params:] == gamma.shape):
            raise ValueError(f"For 'LayerNorm', gamma has shape {gamma.shape}, which must be that of the input's "
                             f"axes from begin_params_axis ({params}) on, but the input has shape {shape} with "
                             f"begin_norm_axis {begin}.")
        return apply(_LAYER, (x, gamma, self.beta), (begin % ndim, self.epsilon))[0]

    def extend_repr(self):
        return (f"normalized_shape={self.normalized_shape}, begin_norm_axis={self.begin_norm_axis}, "
                f"begin_params_axis={self.begin_params_axis}, gamma={self.gamma}, beta={self.beta}")


class GroupNorm(Cell):
    """Normalization of each of `num_groups` blocks of channels of each sample of (N, C, ...).

    Args:
        num_groups: a divisor of num_channels. num_channels: the number C of channels. eps: added to the variance.
        affine: whether gamma and beta, (C,), are trained. gamma_init, beta_init: their initializers.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; ValueError at a call for another shape.
    """

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, gamma_init="ones", beta_init="zeros",
                 dtype=mstype.float32):
        super().__init__()
        self.num_groups = positive_int("GroupNorm", "num_groups", num_groups)
        self.num_channels = positive_int("GroupNorm", "num_channels", num_channels)
        if num_channels % num_groups:
            raise ValueError(f"For 'GroupNorm', the 'num_channels' ({num_channels}) must be divisible by 'num_groups' "
                             f"({num_groups}).")
        self.eps = positive_float("GroupNorm", "eps", eps)
        _weights(self, (num_channels,), gamma_init, beta_init, dtype, flag("GroupNorm", "affine", affine))

    def construct(self, x):
        """x normalized, scaled and shifted."""
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"For 'GroupNorm', the second axis of the input must be num_channels "
                             f"({self.num_channels}), but the input has shape {x.shape}.")
        return apply(_GROUP, (x, self.gamma, self.beta), (self.num_groups, self.eps))[0]

    def extend_repr(self):
        return f"num_groups={self.num_groups}, num_channels={self.num_channels}, eps={self.eps}"


class _InstanceNorm(Cell):
    """What the instance normalizations share; `rank` is the number of axes of an input."""

    rank = 0

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, gamma_init="ones", beta_init="zeros",
                 dtype=mstype.float32):
        super().__init__()
        name = type(self).__name__
        self.num_features = positive_int(name, "num_features", num_features)
        self.eps = positive_float(name, "eps", eps)
        self.momentum = number(name, "momentum", momentum)
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"For '{name}', the 'momentum' must be between 0 and 1, but got {momentum}.")
        _moving(self, num_features, "zeros", "ones", dtype)
        _weights(self, (num_features,), gamma_init, beta_init, dtype, flag(name, "affine", affine))

    def construct(self, x):
        """x normalized, scaled and shifted."""
        _check_input(type(self).__name__, x, self.num_features, (self.rank,))
        y, mean, rstd = apply(_GROUP, (x, self.gamma, self.beta), (self.num_features, self.eps))
        if self.training:
            count = x.size // (x.shape[0] * self.num_features)
            variance = (1 / ops.square(rstd) - self.eps) * (count / max(count - 1, 1))
            _move(self.moving_mean, ops.mean(mean, 0), 1.0 - self.momentum)
            _move(self.moving_variance, ops.mean(variance, 0), 1.0 - self.momentum)
        return y

    def extend_repr(self):
        return f"num_features={self.num_features}, eps={self.eps}, momentum={self.momentum}"


class InstanceNorm1d(_InstanceNorm):
    """Instance normalization of (N, C, L), with the arguments of `InstanceNorm2d`."""

    rank = 3


class InstanceNorm2d(_InstanceNorm):
    """Instance normalization of images (N, C, H, W): each channel of each sample has its own statistics.

    Args:
        num_features: the number C of channels, the second axis. eps: added to the variance.
        momentum: the share of the new statistics in the moving ones, which are kept while training.
        affine: whether gamma and beta, (C,), are trained. gamma_init, beta_init: their initializers.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; ValueError at a call for another shape.
    """

    rank = 4


class InstanceNorm3d(_InstanceNorm):
    """Instance normalization of volumes (N, C, D, H, W), with the arguments of `InstanceNorm2d`."""

    rank = 5
