"""Keeping values and norms within bounds: one tensor, or all tensors of a tuple or list."""
from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from mindspore.common.dtype import float32
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_inexact, as_tensor, convert
from mindspore.ops.arithmetic import add, clamp, maximum, minimum, mul, true_divide
from mindspore.ops.elementwise import sqrt
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.reduction import vector_norm

__all__ = ["clip_by_global_norm", "clip_by_norm", "clip_by_value"]

Tensors = Tensor | Sequence[Tensor]


def clip_by_value(x: Tensors, clip_value_min: Operand | None = None, clip_value_max: Operand | None = None):
    """x, or each tensor of a sequence, but not below `clip_value_min` and not above `clip_value_max`, which are taken
    in the dtype of x. Elements on a bound share the gradient with it, unlike in `clamp`.

    Raises:
        ValueError: both bounds are None.
    """
    if clip_value_min is None and clip_value_max is None:
        raise ValueError("clip_by_value: clip_value_min and clip_value_max are both None; give at least one of them")
    if isinstance(x, (tuple, list)):
        return type(x)(clip_by_value(t, clip_value_min, clip_value_max) for t in x)
    x = as_tensor("clip_by_value", x)
    for limit, bound in ((maximum, clip_value_min), (minimum, clip_value_max)):
        if bound is not None:
            x = limit(x, convert(as_tensor("clip_by_value", bound), x.dtype))
    return x


def clip_by_global_norm(x: Sequence[Tensor], clip_norm: float = 1.0, use_norm: None = None) -> tuple[Tensor, ...]:
    """The tensors scaled so that the Euclidean norm of all their elements together is at most `clip_norm` (Pascanu,
    Mikolov and Bengio, On the difficulty of training recurrent neural networks, 2013).

    Raises:
        TypeError: x is no tuple or list. ValueError: `clip_norm` is not above 0, or `use_norm` is given.
    """
    if not isinstance(x, (tuple, list)):
        raise TypeError(f"clip_by_global_norm: x must be a tuple or list of tensors, but got {type(x).__name__}")
    if use_norm is not None or not clip_norm > 0:
        raise ValueError(f"clip_by_global_norm: clip_norm is {clip_norm} and use_norm {use_norm}; expected a positive "
                         f"number and None")
    if not x:
        return ()
    wide = [convert(as_inexact("clip_by_global_norm", t), float32) for t in x]
    norm = sqrt(reduce(add, [sum_over(mul(t, t)) for t in wide]))
    scale = true_divide(clip_norm, maximum(norm, clip_norm))
    return tuple(convert(mul(w, scale), t.dtype) for w, t in zip(wide, x))


def clip_by_norm(x: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False):
    """x, a tensor or several, scaled so that the norm of all elements together is at most `max_norm`. With
    `error_if_nonfinite` RuntimeError where the norm is NaN or infinite, which must be known."""
    tensors = x if isinstance(x, (tuple, list)) else (x,)
    wide = [as_inexact("clip_by_norm", t) for t in tensors]
    norms = [vector_norm(t, norm_type) for t in wide]
    if norm_type == float("inf"):
        norm = reduce(maximum, norms)
    else:
        norm = sum_powers(norms, norm_type)
    if error_if_nonfinite and not abs(norm.item()) < float("inf"):
        raise RuntimeError(f"clip_by_norm: the norm is {norm.item()}; look for the tensor that is not finite")
    scale = clamp(true_divide(max_norm, add(norm, 1e-6)), None, 1.0)
    clipped = [mul(t, convert(scale, t.dtype)) for t in wide]
    return type(x)(clipped) if isinstance(x, (tuple, list)) else clipped[0]


def sum_powers(norms: Sequence[Tensor], order: float) -> Tensor:
    """The norm of several tensors together, from their own norms."""
    if len(norms) == 1:
        return norms[0]
    total = reduce(add, [n ** order for n in norms])  # type: ignore[operator]
    return total ** (1 / order)  # type: ignore[operator]
