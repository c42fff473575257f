"""Small functions on shapes, numbers, tuples and dtypes that the functional interface has had since its beginnings."""
from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from mindspore.common.dtype import DType, float16, float32
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_tensor, convert, normalize_axes
from mindspore.ops.arithmetic import mul
from mindspore.ops.primitive import Primitive, define

augassign_add, augassign_sub, augassign_mul = operator.iadd, operator.isub, operator.imul
augassign_div, augassign_floordiv, augassign_mod = operator.itruediv, operator.ifloordiv, operator.imod


def tail(items: Sequence) -> Sequence:
    """The items but the first."""
    return items[1:]


def zip_operation(*sequences: Sequence) -> tuple:
    """The first items, the second items, ...: as far as the shortest sequence goes."""
    return tuple(zip(*sequences))


def ms_hasnext(items: Sequence) -> bool:
    """Whether there is an item left."""
    return len(items) > 0


def ms_next(items: Sequence) -> tuple:
    """The first item and the others."""
    return items[0], items[1:]


def iter_converter(items: Any) -> Any:
    """What is iterated over: the keys of a dictionary, any other sequence itself."""
    return tuple(items) if isinstance(items, dict) else items


def tuple_div(x: Sequence[int], y: Sequence[int]) -> tuple[int, ...]:
    """The quotients of the items, which must be whole.

    Raises:
        ValueError: different lengths, or an item that does not divide the other.
    """
    if len(x) != len(y) or any(b == 0 or a % b for a, b in zip(x, y)):
        raise ValueError(f"tuple_div: {tuple(x)} and {tuple(y)}; expected equally many items, each dividing the other")
    return tuple(a // b for a, b in zip(x, y))


def reduced_shape(shape: Sequence[int], axes: Sequence[int] | int) -> tuple[int, ...]:
    """The shape with 1 for the axes that are reduced (all of them for no axes)."""
    gone = normalize_axes("reduced_shape", axes, len(shape))
    return tuple(1 if i in gone else d for i, d in enumerate(shape))


def broadcast_gradient_args(x: Sequence[int], y: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of the common shape over which the gradients of operands of these two shapes are summed.

    Raises:
        ValueError: the shapes do not broadcast.
    """
    np.broadcast_shapes(tuple(x), tuple(y))
    ndim = max(len(x), len(y))
    first, second = ((1,) * (ndim - len(s)) + tuple(s) for s in (x, y))
    pairs = list(enumerate(zip(first, second)))
    return tuple(i for i, (a, b) in pairs if a == 1), tuple(i for i, (a, b) in pairs if b == 1)


def hastype(value: Any, kind: type | DType) -> bool:
    """Whether a value is of a Python type, or a tensor of a dtype."""
    if isinstance(kind, DType):
        return isinstance(value, Tensor) and value.dtype is kind
    return isinstance(value, kind)


def array_to_scalar(x: Operand) -> Any:
    """The only element of a tensor as a number."""
    return as_tensor("array_to_scalar", x).item()


def tensor_muls(input: Operand, other: Operand) -> Tensor:
    """input times a number."""
    return mul(input, other)


def dyn_shape(input_x: Operand) -> Tensor:
    """The shape as a tensor (Int64)."""
    return Tensor(np.array(as_tensor("dyn_shape", input_x).shape, np.int64))


def mixed_precision_cast(dst_dtype: DType, x: Any) -> Any:
    """The floating tensors in x, a tensor or a tuple, list or dictionary of them, in another dtype.

    Raises:
        TypeError: dst_dtype is not Float16 or Float32.
    """
    if dst_dtype not in (float16, float32):
        raise TypeError(f"mixed_precision_cast: dst_dtype is {dst_dtype}; expected Float16 or Float32")
    if isinstance(x, dict):
        return {k: mixed_precision_cast(dst_dtype, v) for k, v in x.items()}
    if isinstance(x, (tuple, list)):
        return type(x)(mixed_precision_cast(dst_dtype, v) for v in x)
    return convert(x, dst_dtype) if isinstance(x, Tensor) and x.dtype.is_floating else x


def is_tensor_bool_cond(value: Any) -> bool:
    """Whether a value is a tensor that may stand as a condition: one of a single element."""
    return isinstance(value, Tensor) and value.size == 1


def _part(slice_: slice, name: str) -> Any:
    """The part `start`, `stop` or `step` of a slice."""
    if name not in ("start", "stop", "step"):
        raise ValueError(f"SliceGetItem: {name!r} is no part of a slice; expected 'start', 'stop' or 'step'")
    return getattr(slice_, name)


def _bound(fn: Callable, *args: Any, **kwargs: Any) -> partial:
    """The function with its first arguments."""
    return partial(fn, *args, **kwargs)


def _numbers_of(input_x: Operand) -> Any:
    """The elements of a tensor as numbers in nested tuples."""
    def nested(value: Any) -> Any:
        return tuple(map(nested, value)) if isinstance(value, list) else value
    return nested(as_tensor("TensorToTuple", input_x).tolist())


SliceGetItem: type[Primitive] = define("SliceGetItem", _part)
CLASSES: dict[str, type[Primitive]] = {
    "Partial": define("Partial", _bound), "TensorToTuple": define("TensorToTuple", _numbers_of),
}
