"""Operators that concern evaluation rather than values: assignment, order, and where gradients stop."""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, apply, as_dtype_of, as_tensor, primitive
from mindspore.ops.arithmetic import add, sub
from mindspore.runtime import record

__all__ = ["assign", "assign_add", "assign_sub", "deepcopy", "depend", "identity", "move_to", "stop_gradient",
           "stop_gradient_"]

_STOP, _IDENTITY = primitive("stop_gradient"), primitive("identity")


def assign(variable: Tensor, value: Operand) -> Tensor:
    """Give `variable` (a Parameter or a Tensor) the value `value`, cast to its dtype; returns `variable`.

    Raises:
        TypeError: `variable` is no Tensor.
        ValueError: the shapes differ.
    """
    if not isinstance(variable, Tensor):
        raise TypeError(f"assign: variable must be a Parameter or a Tensor, but got {type(variable).__name__}")
    new = as_dtype_of("assign", value, variable, "value")
    if new.shape != variable.shape:
        if new.size != 1 or variable.size != 1:
            raise ValueError(f"assign: variable has shape {variable.shape}, value has shape {new.shape}; expected one "
                             f"shape")
        new = apply(primitive("reshape"), (new,), (variable.shape,))
    record.assign(variable, new)
    return variable


def assign_add(variable: Tensor, value: Operand) -> Tensor:
    """variable = variable + value; returns `variable`. See `assign`."""
    return assign(variable, add(variable, value))


def assign_sub(variable: Tensor, value: Operand) -> Tensor:
    """variable = variable - value; returns `variable`. See `assign`."""
    return assign(variable, sub(variable, value))


def stop_gradient(value: Any) -> Any:
    """The value, a tensor or a tuple or list of tensors, as a constant for differentiation."""
    if isinstance(value, (tuple, list)):
        return type(value)(stop_gradient(v) for v in value)
    return apply(_STOP, (as_tensor("stop_gradient", value, "value"),))


def stop_gradient_(input: Tensor) -> Tensor:
    """In place: the tensor as a constant for differentiation, from here on. Returns it."""
    record.assign(input, stop_gradient(input))
    return input


def move_to(input: Operand, to: str = "CPU", blocking: bool = True) -> Tensor:
    """A copy on the host ("CPU") or on the device target that is set. ValueError for others."""
    return as_tensor("move_to", input).move_to(to, blocking)


def depend(value: Any, expr: Any) -> Any:
    """`value`. `expr` has been computed by the order of the program; nothing is taken out of the program that has an
    effect, so the order needs no further word."""
    return value


def identity(x: Any) -> Any:
    """x itself."""
    return x


def deepcopy(input_x: Operand) -> Tensor:
    """A tensor of the same value that later assignments to `input_x` do not change."""
    return apply(_IDENTITY, (as_tensor("deepcopy", input_x),))
