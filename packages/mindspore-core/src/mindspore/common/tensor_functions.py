"""Methods that are functions of `mindspore.ops` with the tensor as first argument, conversions and copies."""
# In these classes `self` is a Tensor, which a type checker cannot be told of a part of Tensor.
# mypy: disable-error-code="arg-type, attr-defined, return-value"
from __future__ import annotations

import builtins

from mindspore.common import dtype as mstype
from mindspore.common.dtype import DType, as_dtype, dtype_named
from mindspore.common.tensor import Tensor
from mindspore.ops import (
    activation,
    arithmetic,
    blocks,
    comparison,
    complex_numbers,
    counting,
    creation,
    elementwise,
    factors,
    indexing,
    joining,
    linalg,
    random,
    rearranging,
    reduction,
    shapes,
    sorting,
    special,
    state,
    statistics,
    systems,
    triangles,
    updates,
    windows,
)
from mindspore.ops._operands import convert

__all__ = ["Functions"]


class Functions:
    """Methods that need no rearranging of arguments, to be attached to `Tensor`."""

    __slots__ = ()

    abs = absolute = arithmetic.abs
    addcdiv, addcmul = arithmetic.addcdiv, arithmetic.addcmul
    clamp = clip = arithmetic.clamp
    copysign, deg2rad, rad2deg = arithmetic.copysign, arithmetic.deg2rad, arithmetic.rad2deg
    div = divide = arithmetic.div
    floor_divide = arithmetic.floor_divide
    fmax, fmin, fmod, frac, heaviside = (arithmetic.fmax, arithmetic.fmin, arithmetic.fmod, arithmetic.frac,
                                         arithmetic.heaviside)
    hypot, inv, ldexp, lerp = arithmetic.hypot, arithmetic.inv, arithmetic.ldexp, arithmetic.lerp
    logaddexp, logaddexp2 = arithmetic.logaddexp, arithmetic.logaddexp2
    maximum, minimum, nan_to_num = arithmetic.maximum, arithmetic.minimum, arithmetic.nan_to_num
    mul = arithmetic.mul
    neg = negative = arithmetic.neg
    positive, pow, reciprocal = arithmetic.positive, arithmetic.pow, arithmetic.reciprocal
    sgn = sign = arithmetic.sign
    signbit, square, xdivy, xlogy = arithmetic.signbit, arithmetic.square, arithmetic.xdivy, arithmetic.xlogy
    acos = arccos = elementwise.acos
    acosh = arccosh = elementwise.acosh
    asin = arcsin = elementwise.asin
    asinh = arcsinh = elementwise.asinh
    atan = arctan = elementwise.atan
    atan2 = arctan2 = elementwise.atan2
    atanh = arctanh = elementwise.atanh
    ceil, cos, cosh, erf, erfc = (elementwise.ceil, elementwise.cos, elementwise.cosh, elementwise.erf,
                                  elementwise.erfc)
    exp, expm1, floor, trunc = elementwise.exp, elementwise.expm1, elementwise.floor, elementwise.trunc
    isfinite, isinf, isnan, isneginf, isposinf = (elementwise.isfinite, elementwise.isinf, elementwise.isnan,
                                                  elementwise.isneginf, elementwise.isposinf)
    log, log10, log1p, log2, logit = (elementwise.log, elementwise.log10, elementwise.log1p, elementwise.log2,
                                      elementwise.logit)
    rsqrt, sin, sinc, sinh, sqrt = (elementwise.rsqrt, elementwise.sin, elementwise.sinc, elementwise.sinh,
                                    elementwise.sqrt)
    tan, tanh = elementwise.tan, elementwise.tanh
    digamma, erfinv, gcd, i0, igamma, igammac = (special.digamma, special.erfinv, special.gcd, special.i0,
                                                 special.igamma, special.igammac)
    lcm, lgamma, mvlgamma, nextafter = special.lcm, special.lgamma, special.mvlgamma, special.nextafter
    allclose = comparison.allclose
    bitwise_and, bitwise_or, bitwise_xor = comparison.bitwise_and, comparison.bitwise_or, comparison.bitwise_xor
    bitwise_not = invert = comparison.bitwise_not
    bitwise_left_shift, bitwise_right_shift = comparison.bitwise_left_shift, comparison.bitwise_right_shift
    eq = equal = comparison.eq
    ne = not_equal = comparison.ne
    lt = less = comparison.lt
    le = less_equal = comparison.le
    gt = greater = comparison.gt
    ge = greater_equal = comparison.ge
    logical_and, logical_or = comparison.logical_and, comparison.logical_or
    logical_not, logical_xor = comparison.logical_not, comparison.logical_xor
    masked_fill = comparison.masked_fill
    nanmedian, nanquantile = counting.nanmedian, counting.nanquantile
    unique_with_pad = rearranging.unique_with_pad
    amax, amin, aminmax, ptp = reduction.amax, reduction.amin, reduction.aminmax, reduction.ptp
    cumprod, cummax, cummin, logcumsumexp = (reduction.cumprod, reduction.cummax, reduction.cummin,
                                             reduction.logcumsumexp)
    logsumexp, nanmean, norm = reduction.logsumexp, reduction.nanmean, reduction.norm
    expand_dims, unsqueeze = shapes.expand_dims, shapes.unsqueeze
    flip, fliplr, flipud, reverse, roll, rot90 = (shapes.flip, shapes.fliplr, shapes.flipud, shapes.reverse,
                                                  shapes.roll, shapes.rot90)
    is_complex, is_floating_point = shapes.is_complex, shapes.is_floating_point
    moveaxis = movedim = shapes.moveaxis
    numel = nelement = shapes.numel
    ravel, t, type_as = shapes.ravel, shapes.t, shapes.type_as
    view_as = reshape_as = shapes.view_as
    swapaxes = shapes.swapaxes
    dsplit, hsplit, vsplit, tensor_split = joining.dsplit, joining.hsplit, joining.vsplit, joining.tensor_split
    unbind = joining.unbind
    diag, tril, triu = triangles.diag, triangles.tril, triangles.triu
    addbmm, addmm, addmv, baddbmm = linalg.addbmm, linalg.addmm, linalg.addmv, linalg.baddbmm
    bmm, cross, dot, ger, inner, matrix_power, mm, outer = (
        linalg.bmm, linalg.cross, linalg.dot, linalg.ger, linalg.inner, linalg.matrix_power, linalg.mm, linalg.outer)
    cholesky, cholesky_inverse, cholesky_solve = systems.cholesky, systems.cholesky_inverse, systems.cholesky_solve
    det = matrix_determinant = systems.det
    eigvals, geqrf, lu_solve, orgqr, lstsq = (factors.eigvals, factors.geqrf, factors.lu_solve, factors.orgqr,
                                              systems.lstsq)
    inverse, logdet, svd = systems.inverse, systems.logdet, systems.svd
    slogdet = log_matrix_determinant = systems.slogdet
    relu, sigmoid, soft_shrink, hardshrink = (activation.relu, activation.sigmoid, activation.softshrink,
                                              activation.hardshrink)

    adjoint, angle, conj = complex_numbers.adjoint, complex_numbers.angle, complex_numbers.conj
    imag, real, diagflat = complex_numbers.imag, complex_numbers.real, triangles.diagflat
    cov, diff, histc, isreal, quantile, renorm = (statistics.cov, statistics.diff, statistics.histc, statistics.isreal,
                                                  statistics.quantile, statistics.renorm)
    multinomial, random_categorical = random.multinomial, random.random_categorical
    unfold, fold, col2im = windows.unfold, windows.fold, blocks.col2im
    scatter_div, scatter_max = updates.tensor_scatter_div, updates.tensor_scatter_max
    scatter_min, scatter_mul = updates.tensor_scatter_min, updates.tensor_scatter_mul
    unsorted_segment_max, unsorted_segment_min, unsorted_segment_prod = (
        updates.unsorted_segment_max, updates.unsorted_segment_min, updates.unsorted_segment_prod)
    argwhere, bincount, gather_elements, gather_nd = (indexing.argwhere, indexing.bincount, indexing.gather_elements,
                                                      indexing.gather_nd)
    index_fill, masked_select, nonzero = indexing.index_fill, indexing.masked_select, indexing.nonzero
    select_scatter, slice_scatter = indexing.select_scatter, indexing.slice_scatter
    kthvalue, msort, topk, top_k, unique_consecutive = (sorting.kthvalue, sorting.msort, sorting.topk, sorting.top_k,
                                                        sorting.unique_consecutive)

    def add(self, other, *, alpha=1) -> Tensor:
        """self + alpha * other, where `other` may be a list or tuple of numbers."""
        other = Tensor(other) if isinstance(other, (list, tuple)) else other
        return arithmetic.add(self, other if alpha == 1 else arithmetic.mul(other, alpha))

    def sub(self, other, *, alpha=1) -> Tensor:
        """self - alpha * other, where `other` may be a list or tuple of numbers."""
        other = Tensor(other) if isinstance(other, (list, tuple)) else other
        return arithmetic.subtract(self, other, alpha=alpha)

    subtract = sub

    def round(self, decimals: int = 0) -> Tensor:
        """self rounded to `decimals` places, ties to even."""
        return elementwise.round(self, decimals=decimals)

    def ormqr(self, input2, input3, left: builtins.bool = True, transpose: builtins.bool = False) -> Tensor:
        """The product of the reflections in self with the factors input2 times input3; see `mindspore.ops.ormqr`."""
        return factors.ormqr(self, input2, input3, left, transpose)

    def triangular_solve(self, A, upper: builtins.bool = True, transpose: builtins.bool = False,
                         unitriangular: builtins.bool = False) -> tuple[Tensor, Tensor]:
        """(x, A) with A @ x = self, where one triangle of A is read; see `mindspore.mint.triangular_solve`."""
        return systems.triangular_solve(A, self, not upper, transpose, unitriangular), A

    def where(self, condition, y) -> Tensor:
        """self where condition is true, else y."""
        return comparison.where(condition, self, y)

    # -- dtypes and copies ---------------------------------------------------------------------------------------------

    def astype(self, dtype: DType | str, copy: bool = True) -> Tensor:
        """self as `dtype`, which may be a name such as "float32"; TypeError where that is no dtype."""
        return convert(self, dtype_named(dtype) if isinstance(dtype, str) else as_dtype(dtype))

    def to(self, *args, dtype: DType | None = None, device: str | None = None, non_blocking: bool = False,
           copy: bool = False, other: Tensor | None = None) -> Tensor:
        """self as a dtype, or as the dtype of another tensor. Which device computes is chosen by the context."""
        target: Tensor | DType | builtins.type | None = other if other is not None else dtype
        for value in args:
            if isinstance(value, (DType, Tensor, builtins.type)):
                target = value
            elif not isinstance(value, (str, bool, type(None))):
                raise TypeError(f"to: expected a dtype, a tensor or the name of a device, but got {value!r}")
        if target is None:
            return self
        return convert(self, target.dtype if isinstance(target, Tensor) else as_dtype(target))

    def type(self, dtype: DType | None = None):
        """The name of the dtype, or self as `dtype`."""
        return self.dtype.name if dtype is None else convert(self, as_dtype(dtype))

    def half(self) -> Tensor:
        """self as Float16."""
        return convert(self, mstype.float16)

    def bfloat16(self) -> Tensor:
        """self as BFloat16."""
        return convert(self, mstype.bfloat16)

    def float(self) -> Tensor:
        """self as Float32."""
        return convert(self, mstype.float32)

    def double(self) -> Tensor:
        """self as Float64."""
        return convert(self, mstype.float64)

    def bool(self) -> Tensor:
        """Whether each element differs from 0."""
        return convert(self, mstype.bool_)

    def byte(self) -> Tensor:
        """self as UInt8."""
        return convert(self, mstype.uint8)

    def short(self) -> Tensor:
        """self as Int16."""
        return convert(self, mstype.int16)

    def int(self) -> Tensor:
        """self as Int32."""
        return convert(self, mstype.int32)

    def long(self) -> Tensor:
        """self as Int64."""
        return convert(self, mstype.int64)

    copy = clone = state.deepcopy

    def is_signed(self) -> builtins.bool:
        """Whether the dtype has negative numbers."""
        return self.dtype.kind in "ifc"

    def requires_grad_(self, requires_grad: builtins.bool = True) -> Tensor:
        """Note for parameters whether they are trained; other tensors are differentiated by where asked for."""
        if hasattr(self, "requires_grad"):
            setattr(self, "requires_grad", requires_grad)  # noqa: B010  (only parameters have it)
        return self

    def dim(self) -> builtins.int:
        """The number of axes."""
        return self.ndim

    ndimension = dim

    def new_zeros(self, size, dtype: DType | None = None) -> Tensor:
        """Zeros of a shape, of this tensor's dtype by default."""
        return creation.zeros(size, dtype or self.dtype)

    def new_ones(self, size, dtype: DType | None = None) -> Tensor:
        """Ones of a shape, of this tensor's dtype by default."""
        return creation.ones(size, dtype or self.dtype)

    def new_full(self, size, fill_value, *, dtype: DType | None = None) -> Tensor:
        """A number at every place of a shape, of this tensor's dtype by default."""
        return creation.full(size, fill_value, dtype=dtype or self.dtype)

    def new_empty(self, size, *, dtype: DType | None = None, device=None) -> Tensor:
        """A tensor of a shape (zeros), of this tensor's dtype by default. Which device computes is chosen by the
        context."""
        return creation.zeros(size, dtype or self.dtype)

    def fill(self, value) -> Tensor:
        """A tensor like this one with `value` at every place."""
        return creation.full_like(self, value)

    fills = fill
