"""Mathematical functions as layers."""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.tensor import Tensor
from mindspore.nn._check import flag, is_int, number, positive_int
from mindspore.nn.cell import Cell

__all__ = [
    "DiGamma", "IGamma", "LBeta", "LGamma", "LRN", "MatDet", "MatInverse", "MatMul", "MatrixDiag", "MatrixDiagPart",
    "MatrixSetDiag", "Moments", "Norm", "Range", "ReduceLogSumExp", "Roll",
]


def _axes(name: str, value):
    """An int, a tuple or list of ints; TypeError for others."""
    if not is_int(value) and not (isinstance(value, (tuple, list)) and all(map(is_int, value))):
        raise TypeError(f"For '{name}', the 'axis' must be an int or a tuple of ints, but got {value!r}.")
    return value if is_int(value) else tuple(value)


class ReduceLogSumExp(Cell):
    """log(sum(exp(x))) over some axes, without overflow; () stands for all axes."""

    def __init__(self, axis, keep_dims=False):
        super().__init__()
        self.axis, self.keep_dims = _axes("ReduceLogSumExp", axis), bool(keep_dims)

    def construct(self, x):
        """The function of x."""
        axes = tuple(range(x.ndim)) if self.axis == () else self.axis
        return ops.logsumexp(x, axes, self.keep_dims)


class Moments(Cell):
    """Mean and variance over some axes, all of them by default."""

    def __init__(self, axis=None, keep_dims=None):
        super().__init__()
        self.axis = () if axis is None else _axes("Moments", axis)
        self.keep_dims = bool(keep_dims)

    def construct(self, x):
        """(mean, variance)."""
        axes = tuple(range(x.ndim)) if self.axis == () else self.axis
        wide = ops.mean(x, axes, True)
        variance = ops.mean(ops.square(x - ops.stop_gradient(wide)), axes, True) - ops.square(
            wide - ops.stop_gradient(wide))
        if self.keep_dims:
            return wide, variance
        return ops.mean(x, axes), ops.reshape(variance, ops.mean(x, axes).shape)


class MatrixDiag(Cell):
    """Matrices with the last axis on their diagonals: (..., n) -> (..., n, n)."""

    def __init__(self):
        super().__init__()

    def construct(self, input_x):
        """The matrices."""
        return ops.diag_embed(input_x)


class MatrixDiagPart(Cell):
    """The diagonals of matrices: (..., n, m) -> (..., min(n, m))."""

    def __init__(self):
        super().__init__()

    def construct(self, input_x):
        """The diagonals."""
        if input_x.ndim < 2:
            raise ValueError(f"For 'MatrixDiagPart', the input must have at least 2 axes, but has shape "
                             f"{input_x.shape}.")
        return ops.diagonal(input_x, 0, -2, -1)


class Norm(Cell):
    """The Euclidean norm over some axes; () stands for all of them."""

    def __init__(self, axis=(), keep_dims=False):
        super().__init__()
        self.axis, self.keep_dims = _axes("Norm", axis), bool(keep_dims)

    def construct(self, x):
        """The norms."""
        axes = tuple(range(x.ndim)) if self.axis == () else self.axis
        return ops.sqrt(ops.sum(ops.square(x), axes, self.keep_dims))


class Range(Cell):
    """The numbers from start (0 if only one bound is given) up to limit, in steps of delta."""

    def __init__(self, start, limit=None, delta=1):
        super().__init__()
        for name, value in (("start", start), ("limit", limit), ("delta", delta)):
            if value is not None:
                number("Range", name, value)
        if delta == 0:
            raise ValueError("For 'Range', the 'delta' must not be 0.")
        self.start, self.limit, self.delta = (0, start, delta) if limit is None else (start, limit, delta)

    def construct(self):
        """The numbers: Float32, Int32 where all three arguments are ints."""
        kind = ops.arange(self.start, self.limit, self.delta)
        return kind.astype(_int32()) if kind.dtype.is_integer else kind


def _int32():
    from mindspore.common.dtype import int32
    return int32


class Roll(Cell):
    """Elements moved round along some axes: those that leave at one end come in at the other."""

    def __init__(self, shift, axis):
        super().__init__()
        self.shift, self.axis = _axes("Roll", shift), _axes("Roll", axis)

    def construct(self, input_x):
        """The moved elements."""
        return ops.roll(input_x, self.shift, self.axis)


class LRN(Cell):
    """Each element divided by a power of the sum of squares of the channels around its own; see `ops.lrn`."""

    def __init__(self, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5, norm_region="ACROSS_CHANNELS"):
        super().__init__()
        self.depth_radius = positive_int("LRN", "depth_radius", depth_radius)
        self.bias, self.alpha, self.beta = (number("LRN", n, v) for n, v in
                                            (("bias", bias), ("alpha", alpha), ("beta", beta)))
        if norm_region != "ACROSS_CHANNELS":
            raise ValueError(f"For 'LRN', the 'norm_region' must be 'ACROSS_CHANNELS', but got {norm_region!r}.")
        self.norm_region = norm_region

    def construct(self, input_x) -> Tensor:
        """The normalized images."""
        return ops.lrn(input_x, self.depth_radius, self.bias, self.alpha, self.beta, self.norm_region)


class LGamma(Cell):
    """log |gamma(x)|; see `ops.lgamma`."""

    def construct(self, x):
        """The function of x."""
        return ops.lgamma(x)


class DiGamma(Cell):
    """The derivative of log gamma(x); see `ops.digamma`."""

    def construct(self, x):
        """The function of x."""
        return ops.digamma(x)


class IGamma(Cell):
    """The regularised lower incomplete gamma function P(a, x); see `ops.igamma`."""

    def construct(self, a, x):
        """The function of a and x."""
        return ops.igamma(a, x)


class LBeta(Cell):
    """log B(x, y) = lgamma(x) + lgamma(y) - lgamma(x + y) for positive x and y, whose large terms are subtracted in
    Float64."""

    def construct(self, x, y):
        """The function of x and y, in the dtype of x."""
        a, b = ops.cast(x, mstype.float64), ops.cast(y, mstype.float64)
        return ops.cast(ops.lgamma(a) + ops.lgamma(b) - ops.lgamma(a + b), x.dtype)


# -- matrices ----------------------------------------------------------------------------------------------------------


class MatMul(Cell):
    """The product of matrices, each transposed first where its flag says so; see `ops.matmul`."""

    def __init__(self, transpose_x1=False, transpose_x2=False):
        super().__init__()
        self.transpose_x1 = flag("MatMul", "transpose_x1", transpose_x1)
        self.transpose_x2 = flag("MatMul", "transpose_x2", transpose_x2)

    def construct(self, x1, x2):
        """The product."""
        x1 = ops.swapaxes(x1, -1, -2) if self.transpose_x1 and x1.ndim > 1 else x1
        x2 = ops.swapaxes(x2, -1, -2) if self.transpose_x2 and x2.ndim > 1 else x2
        return ops.matmul(x1, x2)


class MatDet(Cell):
    """The determinants of matrices (..., n, n); see `ops.det`."""

    def __init__(self):
        super().__init__()

    def construct(self, a):
        """The determinants."""
        return ops.det(a)


class MatInverse(Cell):
    """The inverses of matrices (..., n, n); see `ops.inverse`."""

    def __init__(self):
        super().__init__()

    def construct(self, a):
        """The inverses."""
        return ops.inverse(a)


class MatrixSetDiag(Cell):
    """Matrices (..., n, m) with other numbers, (..., min(n, m)), on their diagonals; see `ops.matrix_set_diag`."""

    def __init__(self):
        super().__init__()

    def construct(self, input_x, diagonal):
        """The matrices."""
        return ops.matrix_set_diag(input_x, diagonal)
