"""Operators of `mindspore.ops.operations._inner_ops` and `random_ops` that no public function computes, and those that
programs declare by name."""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import float16
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives import primitive
from mindspore.ops._operands import (
    Operand,
    apply,
    as_tensor,
    convert,
    full_of,
    normalize_axis,
    number_dtype,
    static_int,
)
from mindspore.ops.joining import narrow
from mindspore.ops.primitive import REQUIRED, Primitive, define, define_drawing
from mindspore.ops.quantized import anti_quant, dequant, quant
from mindspore.ops.random import pair_of, uniform
from mindspore.ops.systems import qr

__all__ = ["NAMES", "shift"]

_CONCAT = primitive("concat")


def shift(x: Operand, fill_value: Any, periods: int = 1, axis: int = -1) -> Tensor:
    """The elements moved by `periods` places along an axis, towards its end or, if negative, its beginning. What leaves
    the tensor is lost; the places left free get `fill_value`, a number or a 0-d tensor."""
    x, filling = as_tensor("Shift", x, "x"), as_tensor("Shift", fill_value, "fill_value")
    periods, axis = static_int("Shift", "periods", periods), normalize_axis("Shift", axis, x.ndim)
    if x.ndim == 0 or filling.ndim:
        raise ValueError(f"Shift: x has shape {x.shape} and fill_value shape {filling.shape}; expected at least one "
                         f"axis in x, and a number or a 0-d tensor as fill_value")
    is_tensor = isinstance(fill_value, Tensor)
    if (filling.dtype if is_tensor else number_dtype(x.dtype, fill_value)) != x.dtype:
        raise TypeError(f"Shift: fill_value is {fill_value!r}, which x of dtype {x.dtype} does not hold; expected "
                        f"a value of the dtype of x")
    length = x.shape[axis]
    free = min(abs(periods), length)
    if free == 0:
        return x
    filled = full_of((*x.shape[:axis], free, *x.shape[axis + 1:]), convert(filling, x.dtype))
    if free == length:
        return filled
    kept = narrow(x, axis, 0 if periods > 0 else free, length - free)
    return apply(_CONCAT, (filled, kept) if periods > 0 else (kept, filled), (axis,))


def qr_of_mode(x: Operand, mode: str = "full") -> tuple[Tensor, Tensor]:
    """(q, r) with q r = x: q square of columns at right angles with mode "full" or "r"; only the columns that count
    with "economic"."""
    if mode not in ("full", "r", "economic"):
        raise ValueError(f"QR: mode is {mode!r}; expected 'full', 'r' or 'economic'")
    return qr(x, "reduced" if mode == "economic" else "complete")


def uniform_like(x: Operand, minval: float = 0.0, maxval: float = 1.0, seed: Any = 0, offset: int = 0) -> Tensor:
    """Numbers evenly distributed over [minval, maxval), of the shape and dtype of x. TypeError for a dtype that is not
    floating, ValueError for bounds that are negative or in the wrong order."""
    value = as_tensor("Uniform", x, "x")
    if not value.dtype.is_floating:
        raise TypeError(f"Uniform: x has dtype {value.dtype}; expected a floating dtype")
    if not 0 <= minval <= maxval:
        raise ValueError(f"Uniform: minval is {minval!r} and maxval {maxval!r}; expected 0 <= minval <= maxval")
    drawn = uniform(value.shape, float(minval), float(maxval), pair_of(seed, offset), value.dtype)
    return convert(drawn, value.dtype)


_CLASSES: dict[str, type[Primitive]] = {"Shift": define("Shift", shift, periods=1, axis=-1),
                                        "QR": define("QR", qr_of_mode, mode="full"),
                                        "Uniform": define_drawing("Uniform", uniform_like, minval=0.0, maxval=1.0,
                                                                  seed=0, offset=0),
                                        "AntiQuant": define("AntiQuant", anti_quant, sqrt_mode=False, dtype=float16),
                                        "Dequant": define("Dequant", dequant, sqrt_mode=False, relu_flag=False,
                                                          dtype=float16),
                                        "Quant": define("Quant", quant, scale=REQUIRED, offset=REQUIRED,
                                                        sqrt_mode=False, round_mode="Round")}
NAMES = tuple(_CLASSES)
globals().update(_CLASSES)
