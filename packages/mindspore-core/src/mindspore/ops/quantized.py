"""Products with matrices of int8, and rounding to int8 and back: the operators of `mindspore.ops.auto_generate` and
`mindspore.ops.operations` that networks with quantised weights call.

Where a scale has dtype uint64 or int64, the float32 with the bits of its lower half is meant, as for devices of Ascend.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import DType, bfloat16, float16, float32, float64, int8, int32, int64, uint64
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives import primitive
from mindspore.ops._operands import apply, as_tensor, constant, convert, full_of, static_bool, static_int
from mindspore.ops.arithmetic import add, maximum, minimum, mul
from mindspore.ops.comparison import where
from mindspore.ops.creation import zeros_like
from mindspore.ops.elementwise import ceil, floor, isnan, round, trunc
from mindspore.ops.host import bytes_as
from mindspore.ops.linalg import matmul
from mindspore.ops.shapes import reshape, swapaxes

__all__ = ["quant_batch_matmul", "quant_matmul", "weight_quant_batch_matmul"]

_WEIGHT_QUANT, _INT8, _QUANT, _ROWS = map(
    primitive, ("weight_quant_matmul", "int8_matmul", "quant_matmul", "quantize_rows"))
_ROUNDINGS = {"round": round, "floor": floor, "ceil": ceil, "trunc": trunc}
_FLOATS = (float16, bfloat16, float32, float64)


def _float(name: str, what: str, value: Any, allowed: tuple[DType, ...] = _FLOATS) -> Tensor:
    """A floating operand; TypeError for another one."""
    x = as_tensor(name, value, what)
    if x.dtype not in allowed:
        raise TypeError(f"{name}: {what} has dtype {x.dtype}; expected {' or '.join(map(str, allowed))}")
    return x


def _int8(name: str, what: str, value: Any) -> Tensor:
    x = as_tensor(name, value, what)
    if x.dtype is not int8:
        raise TypeError(f"{name}: {what} has dtype {x.dtype}; expected Int8")
    return x


def _scale(name: str, what: str, value: Any) -> Tensor:
    """A scale as floating numbers."""
    x = as_tensor(name, value, what)
    if x.dtype not in (uint64, int64):
        return _float(name, what, x)
    shape = x.shape
    return reshape(reshape(bytes_as(name, reshape(x, (-1,)), float32), (-1, 2))[:, 0], shape)


def _to_int8(y: Tensor, rounding: str = "round") -> Tensor:
    """Rounded and cut off at the ends of int8; NaN becomes 0."""
    y = minimum(maximum(_ROUNDINGS[rounding](y), -128.0), 127.0)
    return convert(where(isnan(y), zeros_like(y), y), int8)


def _columns(name: str, what: str, value: Tensor, n: int) -> Tensor:
    """One number for each of n columns: from one for each, or one for all."""
    if value.size == 1:
        return full_of((n,), reshape(value, ()))
    if value.size != n or n not in value.shape:
        raise ValueError(f"{name}: {what} has shape {value.shape}; expected ({n},), one for each column of the result, "
                         f"or (1,)")
    return reshape(value, (n,))


# -- products ----------------------------------------------------------------------------------------------------------

def weight_quant_batch_matmul(x: Any, weight: Any, antiquant_scale: Any, antiquant_offset: Any = None,
                              quant_scale: Any = None, quant_offset: Any = None, bias: Any = None,
                              transpose_x: bool = False, transpose_weight: bool = False,
                              antiquant_group_size: int = 0) -> Tensor:
    """The product of x with a matrix of int8, whose elements stand for (weight + antiquant_offset) * antiquant_scale.

    Args:
        x: (..., m, k), floating; (..., k, m) with transpose_x.
        weight: (..., k, n) of Int8; (..., n, k) with transpose_weight.
        antiquant_scale: in x's dtype or Float32: one number, or one for each column of the result, (n,), (1, n) or
            (n, 1). With antiquant_group_size one for each group of so many elements of a column: (k / size rounded up,
            n), or transposed like the weight.
        antiquant_offset: None for 0, or like antiquant_scale.
        quant_scale, quant_offset: if given, the result is round(y * quant_scale + quant_offset) as Int8; one number or
            one for each column.
        bias: one number for each column of the result, added before that.

    Returns:
        (..., m, n) in x's dtype, or Int8. There are gradients for x, antiquant_scale, antiquant_offset and bias.

    Raises:
        TypeError, ValueError: other dtypes or shapes.
    """
    name = "weight_quant_batch_matmul"
    x, weight = _float(name, "x", x), _int8(name, "weight", weight)
    turned = static_bool(name, "transpose_weight", transpose_weight)
    group = static_int(name, "antiquant_group_size", antiquant_group_size)
    if x.ndim < 2 or weight.ndim < 2:
        raise ValueError(f"{name}: x has shape {x.shape} and weight {weight.shape}; expected at least 2 axes each")
    if static_bool(name, "transpose_x", transpose_x):
        x = swapaxes(x, -1, -2)
    n = weight.shape[-2 if turned else -1]
    params = []
    for what, value in (("antiquant_scale", antiquant_scale), ("antiquant_offset", antiquant_offset)):
        if value is None:
            continue
        param = _float(name, what, value)
        params.append(param if group else _columns(name, what, param, n))
    if not params or antiquant_scale is None:
        raise TypeError(f"{name}: antiquant_scale is None; expected a Tensor")
    y = apply(_WEIGHT_QUANT, (x, weight, *params), (turned, group))
    if bias is not None:
        y = add(y, convert(_columns(name, "bias", _float(name, "bias", bias), n), x.dtype))
    if quant_scale is None:
        if quant_offset is not None:
            raise ValueError(f"{name}: quant_offset is given without quant_scale; give both, or neither")
        return y
    y = mul(convert(y, float32), convert(_columns(name, "quant_scale", _scale(name, "quant_scale", quant_scale), n),
                                         float32))
    if quant_offset is not None:
        y = add(y, convert(_columns(name, "quant_offset", _float(name, "quant_offset", quant_offset), n), float32))
    return _to_int8(y)


def quant_batch_matmul(x1: Any, x2: Any, scale: Any, offset: Any = None, bias: Any = None,
                       pertokenScaleOptional: Any = None, transpose_x1: bool = False, transpose_x2: bool = False,
                       dtype: DType = float16) -> Tensor:
    """The product of two int8 tensors, exact in Int32, as floating numbers: (x1 @ x2 + bias) * scale, times a number
    for each row, plus offset.

    Args:
        x1: (..., m, k) of Int8; (..., k, m) with transpose_x1. x2: (..., k, n) of Int8; (..., n, k) with transpose_x2.
        scale: one number, or one for each column of the result. offset: the same, only where dtype is Int8.
        bias: (n,); of Int32 it is added to the sums, in floating numbers to the result.
        pertokenScaleOptional: (m,) or x1's shape without k, in Float32: what rows are multiplied by.
        dtype: of the result: Float16, BFloat16, Float32, or Int8, to which it is rounded.

    Returns:
        (..., m, n). There are gradients for the scales and a floating bias.

    Raises:
        TypeError, ValueError: other dtypes or shapes.
    """
    name = "quant_batch_matmul"
    if dtype not in (float16, bfloat16, float32, int8):
        raise TypeError(f"{name}: dtype is {dtype}; expected Float16, BFloat16, Float32 or Int8")
    if offset is not None and dtype is not int8:
        raise ValueError(f"{name}: offset is given, and dtype is {dtype}; an offset belongs to results of Int8, "
                         f"give None")
    x1, x2 = _int8(name, "x1", x1), _int8(name, "x2", x2)
    if x1.ndim < 2 or x2.ndim < 2:
        raise ValueError(f"{name}: x1 has shape {x1.shape} and x2 {x2.shape}; expected at least 2 axes each")
    if static_bool(name, "transpose_x1", transpose_x1):
        x1 = swapaxes(x1, -1, -2)
    turned = static_bool(name, "transpose_x2", transpose_x2)
    n, rows = x2.shape[-2 if turned else -1], x1.shape[:-1]
    columns = convert(_columns(name, "scale", _scale(name, "scale", scale), n), float32)
    if pertokenScaleOptional is None:
        row_scale = full_of(rows, constant(1.0, float32))
    else:
        row_scale = _float(name, "pertokenScaleOptional", pertokenScaleOptional, (float32,))
        if row_scale.shape not in (rows, rows[-1:]):
            raise ValueError(f"{name}: pertokenScaleOptional has shape {row_scale.shape}; expected {rows[-1:]} or "
                             f"{rows}")
        row_scale = row_scale if row_scale.shape == rows else full_of(rows, row_scale)
    added = None if bias is None else as_tensor(name, bias, "bias")
    wide = dtype if added is None and offset is None and dtype is not int8 else float32
    if added is not None and added.dtype is int32:
        sums = add(apply(_INT8, (x1, x2), (False, turned)), _bias(name, added, n))
        y = mul(mul(convert(sums, float32), columns), reshape(row_scale, (*rows, 1)))
    else:
        y = apply(_QUANT, (x1, x2, row_scale, columns), (turned, wide))
        if added is not None:
            y = add(y, convert(_bias(name, _float(name, "bias", added), n), float32))
    if offset is not None:
        y = add(y, convert(_columns(name, "offset", _float(name, "offset", offset), n), float32))
    return _to_int8(y) if dtype is int8 else convert(y, dtype)


def _bias(name: str, bias: Tensor, n: int) -> Tensor:
    if bias.ndim == 0 or bias.shape[-1] != n:
        raise ValueError(f"{name}: bias has shape {bias.shape}; expected ({n},)")
    return bias


def quant_matmul(x1: Any, x2: Any, scale: Any, *, offset: Any = None, pertoken_scale: Any = None, bias: Any = None,
                 output_dtype: DType | None = None, x1_dtype: DType | None = None, x2_dtype: DType | None = None,
                 pertoken_scale_dtype: DType | None = None, scale_dtype: DType | None = None,
                 group_sizes: Any = None) -> Tensor:
    """The product of two floating tensors of low precision with scales: (x1 @ x2) * scale * pertoken_scale + bias.

    Args:
        x1, x2: (..., m, k) and (..., k, n), of one floating dtype. scale: (1,) or (n,). offset: (1,) or (n,), added
            before the result is rounded to Int8. pertoken_scale: (m,), necessary. bias: (n,) or (batch, 1, n).
        output_dtype: of the result, Int8 by default. x1_dtype, x2_dtype, pertoken_scale_dtype, scale_dtype: what
            operands are cast to first. group_sizes: None.

    Raises:
        TypeError, ValueError: other dtypes or shapes; ValueError for int8 tensors, which `quant_batch_matmul` takes.
    """
    name = "quant_matmul"
    a, b = as_tensor(name, x1, "x1"), as_tensor(name, x2, "x2")
    if a.dtype in (int8, int32):
        raise ValueError(f"{name}: x1 has dtype {a.dtype}; expected a floating one: quant_batch_matmul takes Int8")
    if a.dtype is not b.dtype:
        raise ValueError(f"{name}: x1 has dtype {a.dtype} and x2 {b.dtype}; expected one dtype")
    if group_sizes is not None:
        raise ValueError(f"{name}: group_sizes is {group_sizes}; scales of groups are not supported, give None")
    if pertoken_scale is None:
        raise ValueError(f"{name}: pertoken_scale is None; expected a number for each row of x1")
    a, b = (convert(v, d) if d is not None else v for v, d in ((a, x1_dtype), (b, x2_dtype)))
    scales = _scale(name, "scale", scale if scale_dtype is None else convert(as_tensor(name, scale), scale_dtype))
    per_row = _float(name, "pertoken_scale", pertoken_scale if pertoken_scale_dtype is None else
                     convert(as_tensor(name, pertoken_scale), pertoken_scale_dtype))
    if a.ndim < 2 or b.ndim < 2 or scales.ndim != 1 or per_row.shape != a.shape[-2:-1]:
        raise ValueError(f"{name}: x1 has shape {a.shape}, x2 {b.shape}, scale {scales.shape} and pertoken_scale "
                         f"{per_row.shape}; expected (..., m, k), (..., k, n), (n,) or (1,), and (m,)")
    n = b.shape[-1]
    y = matmul(convert(_float(name, "x1", a), float32), convert(_float(name, "x2", b), float32))
    y = mul(mul(y, convert(_columns(name, "scale", scales, n), float32)), reshape(convert(per_row, float32), (-1, 1)))
    if bias is not None:
        y = add(y, convert(_bias(name, as_tensor(name, bias, "bias"), n), float32))
    if offset is not None:
        y = add(y, convert(_columns(name, "offset", _float(name, "offset", offset), n), float32))
    return _to_int8(y) if output_dtype in (None, int8) else convert(y, output_dtype)  # type: ignore[arg-type]


# -- rounding to int8 and back -----------------------------------------------------------------------------------------

def dynamic_quant(x: Any, smooth_scales: Any = None) -> tuple[Tensor, Tensor]:
    """x as Int8 with a scale in Float32 for each vector along the last axis: its largest absolute value over 127.

    Args:
        x: (..., n), floating. smooth_scales: None, or (n,): what x is multiplied by first.

    Returns:
        the rounded quotients of x and the scales, and the scales, (...).

    Raises:
        TypeError, ValueError: other dtypes or shapes. TypeError where a gradient is asked for: there is none.
    """
    x = _float("DynamicQuantExt", "x", x)
    if smooth_scales is not None:
        smooth = _float("DynamicQuantExt", "smooth_scales", smooth_scales)
        if x.ndim == 0 or smooth.shape != x.shape[-1:]:
            raise ValueError(f"DynamicQuantExt: smooth_scales has shape {smooth.shape} and x {x.shape}; expected one "
                             f"number for each element along x's last axis")
        x = mul(convert(x, float32), convert(smooth, float32))
    return apply(_ROWS, (x,))


def quant_v2(x: Any, scale: Any, offset: Any, sqrt_mode: bool = False, rounding_mode: str = "ROUND",
             dst_type: DType = int8) -> Tensor:
    """x * scale + offset, rounded to Int8 and cut off at -128 and 127.

    Args:
        x: floating. scale, offset: in x's dtype; they broadcast. sqrt_mode: x is multiplied by scale twice.
        rounding_mode: ROUND (halves to even), FLOOR, CEIL or TRUNC, in any case of letters. dst_type: Int8.

    Raises:
        TypeError, ValueError: other dtypes, shapes or modes.
    """
    x, scale, offset = (_float("QuantV2", w, v) for w, v in (("x", x), ("scale", scale), ("offset", offset)))
    if dst_type is not int8:
        raise ValueError(f"QuantV2: dst_type is {dst_type}; expected Int8")
    if x.ndim and scale.ndim and scale.shape[-1] not in (1, x.shape[-1]):
        raise ValueError(f"QuantV2: scale has shape {scale.shape} and x {x.shape}; expected one number, or one for "
                         f"each element along x's last axis")
    x, scale, offset = (convert(v, float32) for v in (x, scale, offset))
    y = mul(x, scale)
    y = mul(y, scale) if static_bool("QuantV2", "sqrt_mode", sqrt_mode) else y
    return _to_int8(add(y, offset), _rounding("QuantV2", rounding_mode))


def _rounding(name: str, mode: Any) -> str:
    if not isinstance(mode, str) or mode.lower() not in _ROUNDINGS:
        raise ValueError(f"{name}: the rounding mode is {mode!r}; expected one of {', '.join(_ROUNDINGS)}")
    return mode.lower()


def quant(x: Any, scale: float, offset: float, sqrt_mode: bool = False, round_mode: str = "Round") -> Tensor:
    """x * scale + offset, rounded to Int8 and cut off at -128 and 127; with sqrt_mode x * scale * scale + offset.
    round_mode: Round (halves to even), Floor, Ceil or Trunc."""
    factor = scale * scale if static_bool("Quant", "sqrt_mode", sqrt_mode) else scale
    y = add(mul(convert(_float("Quant", "x", x), float32), factor), offset)
    return _to_int8(y, _rounding("Quant", round_mode))


def dequant(x: Any, deq_scale: Any, sqrt_mode: bool = False, relu_flag: bool = False,
            dtype: DType = float16) -> Tensor:
    """Sums of Int32 as floating numbers: x * deq_scale, with sqrt_mode x * deq_scale * deq_scale; with relu_flag
    negative results are 0. deq_scale: floating, or UInt64 with the bits of a Float32; it broadcasts."""
    x = as_tensor("Dequant", x, "x")
    if x.dtype is not int32:
        raise TypeError(f"Dequant: x has dtype {x.dtype}; expected Int32")
    scale = convert(_scale("Dequant", "deq_scale", deq_scale), float32)
    y = mul(convert(x, float32), scale)
    y = mul(y, scale) if static_bool("Dequant", "sqrt_mode", sqrt_mode) else y
    return convert(maximum(y, 0.0) if static_bool("Dequant", "relu_flag", relu_flag) else y, dtype)


def anti_quant(x: Any, scale: Any, offset: Any, sqrt_mode: bool = False, dtype: DType = float16) -> Tensor:
    """Numbers of Int8 as floating ones: (x + offset) * scale, with sqrt_mode times scale again. scale and offset
    broadcast. There are gradients for both."""
    x = _int8("AntiQuant", "x", x)
    scale, offset = (convert(as_tensor("AntiQuant", value, what), float32)
                     for what, value in (("scale", scale), ("offset", offset)))
    y = mul(add(convert(x, float32), offset), scale)
    return convert(mul(y, scale) if static_bool("AntiQuant", "sqrt_mode", sqrt_mode) else y, dtype)
