"""Gradients of operators as operators, as `mindspore.ops.operations._grad_ops` has them.

`XGrad` has the cotangent of X's result among its operands, and what X had or gave; its result is the cotangent of X's
operand. Those with a closed form in X's result are written so, the others differentiate X.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.gradient import vjp
from mindspore.ops.primitive import Primitive, define

CLASSES: dict[str, type[Primitive]] = {}


def _of(name: str, of_result: Callable[[Tensor], Tensor], cotangent_first: bool = False) -> None:
    """An operator (y, dy), or (dy, y), with the gradient dy times `of_result(y)`."""
    def call(first: Tensor, second: Tensor) -> Tensor:
        y, dy = (second, first) if cotangent_first else (first, second)
        return dy * of_result(y).astype(dy.dtype)

    order = "(dy, y)" if cotangent_first else "(y, dy)"
    call.__doc__ = f"The cotangent of {name.removesuffix('Grad')}'s operand, of {order}, y its result."
    CLASSES[name] = define(name, call)


_of("SigmoidGrad", lambda y: y * (1 - y))
_of("TanhGrad", lambda y: 1 - y * y)
_of("SqrtGrad", lambda y: 0.5 / y)
_of("RsqrtGrad", lambda y: -0.5 * y * y * y)
_of("ReciprocalGrad", lambda y: -y * y)
_of("InvGrad", lambda y: -y * y)
_of("ReluGrad", lambda y: (y > 0), cotangent_first=True)


def strided_slice_grad(dy: Tensor, shapex: Any, begin: Any, end: Any, strides: Any, begin_mask: int = 0,
                       end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0,
                       shrink_axis_mask: int = 0) -> Tensor:
    """Zeros of the shape `shapex` with the cotangent at the elements that the slice takes.

    Raises:
        ValueError: dy has not the slice's shape.
    """
    from mindspore import ops
    shape, begin, end, strides = (tuple(int(v) for v in value) for value in (shapex, begin, end, strides))
    sliced = ops.StridedSlice(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    result, pull = vjp(lambda x: sliced(x, begin, end, strides), ops.zeros(shape, dy.dtype))
    if result.shape != dy.shape:
        raise ValueError(f"StridedSliceGrad: dy has shape {dy.shape}; the slice of {shape} has {result.shape}")
    found = pull(dy)
    return found[0] if isinstance(found, tuple) else found


CLASSES["StridedSliceGrad"] = define("StridedSliceGrad", strided_slice_grad, begin_mask=0, end_mask=0, ellipsis_mask=0,
                                     new_axis_mask=0, shrink_axis_mask=0)
__all__ = list(CLASSES)
globals().update(CLASSES)
