"""Operators of `mindspore.ops.auto_generate` behind functions of `mindspore.mint`, with all arguments as operands.

    Addmm()(x, a, b, 1, 2)              # mint.addmm(x, a, b, beta=1, alpha=2)
    addmm_op(x, a, b, 1, 2)             # the same: an operator of that class that is made already

Programs for large models, and packages that give MindSpore another interface, call them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.ops._native_classes import of_mint
from mindspore.ops.primitive import Primitive, define

__all__ = ["NAMES"]

_F = "nn.functional."
FUNCTIONS = {
    "AcosExt": "acos", "AcoshExt": "acosh", "AsinExt": "asin", "AsinhExt": "asinh", "AtanExt": "atan",
    "Atan2Ext": "atan2", "AddScalar": "add", "Addbmm": "addbmm", "AddcdivExt": "addcdiv", "AddcmulExt": "ops.addcmul",
    "Addmm": "addmm", "Addmv": "addmv", "Arange": "arange", "ArgMaxExt": "argmax", "ArgMinExt": "argmin",
    "Baddbmm": "baddbmm", "BincountExt": "bincount", "BitwiseAndScalar": "bitwise_and",
    "BitwiseAndTensor": "bitwise_and", "BitwiseNot": "bitwise_not", "BitwiseOrScalar": "bitwise_or",
    "BitwiseOrTensor": "bitwise_or", "BitwiseXorScalar": "bitwise_xor", "BitwiseXorTensor": "bitwise_xor",
    "Chunk": "chunk", "ClampScalar": "clamp", "ClampTensor": "clamp", "Clone": "clone", "CumminExt": "cummin",
    "DiagExt": "diag", "DivMod": "div", "DivMods": "div", "Divs": "div", "Dot": "dot", "Exp2": "exp2",
    "ExpandAs": "ops.expand_as", "FillScalar": "full", "FillTensor": "full", "FlattenExt": "flatten",
    "FloorDivScalar": "floor_divide", "Frac": "frac", "FullLike": "full_like", "GreaterEqualScalar": "greater_equal",
    "HistcExt": "histc", "IndexAddExt": "index_add", "IndexFillScalar": "ops.index_fill",
    "IndexFillTensor": "ops.index_fill", "IsNegInf": "isneginf", "Kthvalue": "kthvalue", "LinSpaceExt": "linspace",
    "LinalgQr": "linalg.qr", "LinalgVectorNorm": "linalg.vector_norm", "Log10": "log10", "Log2": "log2",
    "LogAddExp": "logaddexp", "LogAddExp2": "logaddexp2", "LogSumExp": "logsumexp", "MatrixInverseExt": "inverse",
    "Max": "max", "MedianExt": "median", "Min": "min", "Muls": "mul", "Mv": "mv", "Nansum": "nansum",
    "Narrow": "narrow", "NewFull": "Tensor.new_full", "NewOnes": "Tensor.new_ones", "NewZeros": "Tensor.new_zeros",
    "Norm": "norm", "PowScalarTensor": "pow", "PowTensorScalar": "pow", "RemainderScalarTensor": "remainder",
    "RemainderTensorScalar": "remainder", "RemainderTensorTensor": "remainder", "Repeat": "tile",
    "RepeatInterleaveTensor": "repeat_interleave", "ScatterAddExt": "scatter_add", "ScatterValue": "scatter",
    "SplitTensor": "split", "Std": "std", "StdMean": "std_mean", "SubScalar": "sub", "TExt": "t", "Take": "take",
    "TraceExt": "trace", "TriangularSolve": "triangular_solve", "Var": "var", "VarMean": "var_mean",
    "View": "Tensor.view", "ViewAs": "ops.view_as", "XLogYScalarOther": "xlogy", "XLogYScalarSelf": "xlogy",
    "AdaptiveAvgPool1D": f"{_F}adaptive_avg_pool1d", "AdaptiveAvgPool2DExt": f"{_F}adaptive_avg_pool2d",
    "AdaptiveAvgPool3DExt": f"{_F}adaptive_avg_pool3d", "AvgPool1D": f"{_F}avg_pool1d", "AvgPool2D": f"{_F}avg_pool2d",
    "AvgPool3DExt": f"{_F}avg_pool3d", "Embedding": f"{_F}embedding", "GeluExt": f"{_F}gelu",
    "Hardtanh": f"{_F}hardtanh", "Im2ColExt": f"{_F}unfold", "KLDiv": f"{_F}kl_div", "L1LossExt": f"{_F}l1_loss",
    "LeakyReLUExt": f"{_F}leaky_relu", "MSELossExt": f"{_F}mse_loss", "MishExt": f"{_F}mish", "SeLUExt": f"{_F}selu",
    "SoftplusExt": f"{_F}softplus", "Threshold": f"{_F}threshold"}


def _max_pool(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest elements of parts of equal length along the last axis, and where they stand."""
    from mindspore import mint
    return mint.nn.functional.adaptive_max_pool1d(input, output_size, True)


def _median(input: Tensor, dim: int = -1, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """The lower medians along an axis, and where they stand."""
    from mindspore import mint
    return mint.median(input, dim, keepdim)


def _places(input: Tensor) -> tuple[Tensor, ...]:
    """The coordinates of the elements that differ from 0, a tensor for each axis."""
    from mindspore import mint
    return mint.nonzero(input, as_tuple=True)


def _slice(input: Tensor, dim: int, start: int, end: int, step: int) -> Tensor:
    """The places start:end:step along an axis."""
    from mindspore.ops import _in_place_classes as showing
    return showing.SliceExtView()(input, dim, start, end, step)


def _empty(size: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of this shape, whose elements are not said."""
    from mindspore import mint
    return mint.empty(tuple(size), dtype=dtype, device=device)


def _padded(mode: str) -> Callable[..., Tensor]:
    def call(input: Tensor, padding: Any, *value: float) -> Tensor:
        from mindspore import mint
        return mint.nn.functional.pad(input, tuple(padding), mode, *value)
    call.__doc__ = f"The tensor with more elements before and after its last axes: `mint.nn.functional.pad`, {mode}."
    return call


def _resized(mode: str) -> Callable[..., Tensor]:
    def call(x: Tensor, output_size: Any = None, scales: Any = None, align_corners: bool | None = None) -> Tensor:
        from mindspore import mint
        chosen = None if mode == "nearest" else bool(align_corners)
        return mint.nn.functional.interpolate(x, output_size, scales, mode, chosen)
    call.__doc__ = f"Images of another size: `mint.nn.functional.interpolate`, {mode}."
    return call


_CLASSES: dict[str, type[Primitive]] = {
    **{name: define(name, of_mint(path)) for name, path in FUNCTIONS.items()},
    **{name: define(name, function) for name, function in {
        "AdaptiveMaxPool1D": _max_pool, "MedianDim": _median, "NonZeroExt": _places, "SliceExt": _slice,
        "Empty": _empty, "ConstantPadND": _padded("constant")}.items()},
    **{f"{kind}Pad{axes}D": define(f"{kind}Pad{axes}D", _padded(mode)) for axes in (1, 2, 3)
       for kind, mode in (("Reflection", "reflect"), ("Replication", "replicate"))},
    **{f"Upsample{kind}": define(f"Upsample{kind}", _resized(mode)) for kind, mode in (
        ("Linear1D", "linear"), ("Bilinear2D", "bilinear"), ("Bicubic2D", "bicubic"), ("Nearest1D", "nearest"),
        ("Nearest2D", "nearest"))}}
NAMES = tuple(_CLASSES)
globals().update(_CLASSES)
