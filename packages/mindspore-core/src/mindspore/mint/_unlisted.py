"""Functions of `mint` that MindSpore gives without listing them in `__all__`."""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.graph.tree import is_traced
from mindspore.ops import arithmetic, reduction
from mindspore.ops._operands import Operand, as_tensor, promote
from mindspore.ops.arithmetic import clamp as clip
from mindspore.ops.comparison import ge
from mindspore.ops.elementwise import trunc as fix

__all__ = ["addcmul", "clip", "equal", "fix", "ge", "item", "unique"]


def addcmul(input: Operand, tensor1: Operand, tensor2: Operand, *, value: float = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return arithmetic.addcmul(input, tensor1, tensor2, value)


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape and equal elements; a tensor that stands for a bool while a function is being
    compiled. TypeError for what is no tensor."""
    for name, value in (("input", input), ("other", other)):
        if not isinstance(value, Tensor):
            raise TypeError(f"equal: {name} is {value!r} of type {type(value).__name__}; expected a Tensor")
    x, y = promote("equal", input, other)
    if x.shape != y.shape:
        return False
    found = reduction.all(x == y)
    return found if is_traced(found) else found.item()  # type: ignore[return-value]


def item(input: Tensor) -> Any:
    """The only element as a Python number. TypeError for what is no tensor, RuntimeError for other counts."""
    if not isinstance(input, Tensor):
        raise TypeError(f"item: input is {input!r} of type {type(input).__name__}; expected a Tensor")
    if input.size != 1:
        raise RuntimeError(f"item: a tensor of shape {input.shape} has {input.size} elements; expected one")
    return input.item()


def unique(input: Operand, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
           dim: int | None = None) -> Tensor | tuple[Tensor, ...]:
    """The different elements in ascending order, or the different slices along `dim`; with `return_inverse` the place
    of each element (or slice) among them, with `return_counts` how often each occurs (Int64). The shape depends on
    values, so it cannot be compiled into a graph."""
    return as_tensor("unique", input).unique(sorted, return_inverse, return_counts, dim)
