"""The world of the programs as plain Python knows it: tensors are NumPy arrays, Cells are classes, `grad` is a
difference quotient.

A program imports what it uses from the module `world`. Its file is loaded twice (`table.py`): once with this module
in the place of `world`, which gives the truth, and once with `product.py`. So this file is the whole of what the table
takes for granted about tensors: a NumPy array behind a handle, so `a += b` binds a new tensor, while `a[i] = b` changes
`a` itself. Basic indices, reshapes and transpositions give views: tensors that show the same elements, so that a write
into one is seen by all. A single element is a value, and every other operation gives elements of its own.
"""
from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["CellList", "Cell", "Parameter", "Tensor", "bool_", "float32", "float64", "grad", "int32", "int64", "jit",
           "jit_class", "ops", "stop_gradient", "value_and_grad"]

float32, float64, int32, int64, bool_ = np.float32, np.float64, np.int32, np.int64, np.bool_


class Tensor:
    """A handle on an array. Python numbers do not widen: a list of floats is float32, a sum with a number keeps the
    dtype."""

    def __init__(self, value: Any, dtype: Any = None) -> None:
        array = np.array(raw(value))
        if dtype is None and array.dtype == np.float64 and not isinstance(value, np.ndarray | np.generic | Tensor):
            dtype = np.float32
        self.array = array if dtype is None else array.astype(dtype)

    shape = property(lambda self: self.array.shape)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    dtype = property(lambda self: self.array.dtype)
    T = property(lambda self: wrap(self.array.T))

    def __getitem__(self, index: Any) -> Tensor:
        return wrap(self.array[raw(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[raw(index)] = raw(value)

    def __iter__(self) -> Any:
        for k in range(len(self)):
            yield self[k]

    def __len__(self) -> int:
        return len(self.array)

    def __bool__(self) -> bool:
        return bool(self.array)

    def __int__(self) -> int:
        return int(self.array)

    def __float__(self) -> float:
        return float(self.array)

    def __index__(self) -> int:
        return operator.index(self.array)

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return str(self.array)

    def __format__(self, spec: str) -> str:
        return format(self.array.item() if spec else str(self), spec)

    def __contains__(self, value: Any) -> bool:
        return raw(value) in self.array

    def item(self) -> Any:
        return self.array.item()

    def astype(self, dtype: Any) -> Tensor:
        return wrap(self.array.astype(dtype))

    def asnumpy(self) -> np.ndarray:
        return self.array.copy()

    def copy(self) -> Tensor:
        return wrap(self.array.copy())

    def transpose(self, *axes: int) -> Tensor:
        return wrap(self.array.transpose(*axes))

    def reshape(self, *shape: Any) -> Tensor:
        return wrap(self.array.reshape(*shape))


class Parameter(Tensor):
    """A tensor that a Cell owns; assigning to the attribute changes its value."""

    def __init__(self, value: Any, name: str = "", requires_grad: bool = True) -> None:
        super().__init__(value)
        self.name = name


def raw(value: Any) -> Any:
    """NumPy's view of a value: arrays in place of tensors, in any container."""
    if isinstance(value, Tensor):
        return value.array
    if isinstance(value, tuple | list):
        return type(value)([raw(each) for each in value])
    if isinstance(value, slice):
        return slice(*[None if each is None else int(each) for each in (value.start, value.stop, value.step)])
    return value


def wrap(value: Any) -> Tensor:
    tensor = Tensor.__new__(Tensor)
    tensor.array = np.asarray(value)
    return tensor


def lifted(function: Callable, views: bool = False) -> Callable:
    """A function of arrays as a function of tensors. Numbers among the arguments stay numbers: they widen nothing.
    views: the result may show elements of an argument."""
    make = wrap if views else lambda value: wrap(np.array(value))

    @functools.wraps(function)
    def operate(*args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            result = function(*map(raw, args), **{name: raw(value) for name, value in kwargs.items()})
        return tuple(map(make, result)) if isinstance(result, tuple) else make(result)
    return operate


def viewing(function: Callable) -> Callable:
    """A function of arrays that gives views as a function of tensors."""
    return lifted(function, True)


_OPERANDS = (Tensor, bool, int, float)


def _binary(name: str) -> Callable:
    function = lifted(getattr(operator, name if name not in ("and", "or") else f"{name}_"))

    def operate(a: Any, b: Any) -> Any:
        return function(a, b) if isinstance(b, _OPERANDS) else NotImplemented
    return operate


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "matmul"):
    _operate = _binary(_name)
    setattr(Tensor, f"__{_name}__", _operate)
    setattr(Tensor, f"__r{_name}__", lambda a, b, _operate=_operate: _operate(wrap(np.asarray(b)) if not isinstance(
        b, bool | int | float) else _weak(b, a), a))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Tensor, f"__{_name}__", _binary(_name))
for _name in ("neg", "pos", "invert", "abs"):
    setattr(Tensor, f"__{_name}__", lifted(getattr(operator, _name)))


def _weak(number: Any, beside: Tensor) -> Tensor:
    """A number on the left of an operator, in the dtype that it has beside a tensor."""
    return wrap(np.asarray(number, np.result_type(beside.array, np.asarray(number)) if isinstance(number, float)
                           and beside.array.dtype.kind in "bi" else beside.array.dtype if not isinstance(number, bool)
                           else np.bool_))


# -- functions and methods ---------------------------------------------------------------------------------------------


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def where(condition: Any, a: Any, b: Any) -> np.ndarray:
    return np.where(condition, a, b)


class ops:
    """The functions that programs use, named as in `mindspore.ops`."""

    abs, exp, log, sin, cos, tanh = map(lifted, (np.abs, np.exp, np.log, np.sin, np.cos, np.tanh))
    sqrt, square, floor, sign, isnan = map(lifted, (np.sqrt, np.square, np.floor, np.sign, np.isnan))
    maximum, minimum, matmul, where, dot = map(lifted, (np.maximum, np.minimum, np.matmul, where, np.dot))
    sum, mean, prod, cumsum = map(lifted, (np.sum, np.mean, np.prod, np.cumsum))
    logical_and, logical_or, logical_not = map(lifted, (np.logical_and, np.logical_or, np.logical_not))
    cat, stack = lifted(lambda parts, axis=0: np.concatenate(parts, axis)), lifted(
        lambda parts, axis=0: np.stack(parts, axis))
    transpose, expand_dims, squeeze = map(viewing, (np.transpose, np.expand_dims, np.squeeze))
    broadcast_to, reshape = map(viewing, (np.broadcast_to, np.reshape))
    tile, roll, flip = map(lifted, (np.tile, np.roll, np.flip))
    argmax, zeros_like, ones_like, diag = map(lifted, (np.argmax, np.zeros_like, np.ones_like, np.diag))
    zeros, ones = lifted(lambda shape, dtype=np.float32: np.zeros(shape, dtype)), lifted(
        lambda shape, dtype=np.float32: np.ones(shape, dtype))
    full = lifted(lambda shape, value, dtype=None: np.full(shape, value, dtype))
    arange = lifted(np.arange)
    sigmoid, relu = lifted(lambda x: 1 / (1 + np.exp(-x))), lifted(lambda x: np.maximum(x, 0))
    softmax = lifted(softmax)
    clamp = lifted(lambda x, min=None, max=None: np.clip(x, min, max))
    sort = lifted(lambda x, axis=-1: (np.sort(x, axis, kind="stable"), np.argsort(x, axis, kind="stable")))
    gather = lifted(lambda x, indices, axis: np.take(x, indices, axis))
    stop_gradient = staticmethod(lambda x: x)


for _name in ("abs", "exp", "log", "sin", "cos", "tanh", "sqrt", "square", "sum", "mean", "prod", "cumsum", "sigmoid",
              "relu", "softmax", "clamp", "expand_dims", "squeeze", "tile", "broadcast_to", "argmax", "floor"):
    setattr(Tensor, _name, getattr(ops, _name))
for _name in ("max", "min", "any", "all"):
    setattr(Tensor, _name, lifted(getattr(np.ndarray, _name)))
Tensor.flatten = viewing(np.ravel)
stop_gradient = ops.stop_gradient


# -- Cells and transformations -----------------------------------------------------------------------------------------


class Cell:
    """A class whose `construct` is its call; a Parameter among its attributes takes the value of what is assigned."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.construct(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        present = self.__dict__.get(name)
        if isinstance(present, Parameter) and isinstance(value, Tensor) and not isinstance(value, Parameter):
            if present.shape == value.shape:
                present.array[...] = value.array
            else:
                present.array = value.array.copy()
        else:
            self.__dict__[name] = value


class CellList(Cell):
    """Cells, by number."""

    def __init__(self, cells: Any) -> None:
        self.cells = list(cells)

    def __getitem__(self, index: Any) -> Any:
        return self.cells[index]

    def __iter__(self) -> Any:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)


def jit(function: Callable) -> Callable:
    return function


def jit_class(cls: type) -> type:
    return cls


def total(result: Any) -> Any:
    """The sum of all elements of all float tensors of a result."""
    if isinstance(result, Tensor):
        return result.array.sum() if result.array.dtype.kind == "f" else 0.0
    if isinstance(result, dict):
        result = list(result.values())
    return sum(map(total, result)) if isinstance(result, tuple | list) else 0.0


def fresh(value: Any, array: np.ndarray | None = None) -> Any:
    """A tensor with another one's elements as its own, or with another array; other values as they are."""
    return wrap(value.array.copy() if array is None else array) if isinstance(value, Tensor) else value


def slope(function: Callable, args: tuple, position: int, step: float) -> np.ndarray:
    """The derivative of the sum of a function's float results by one argument, by central differences of order 4."""
    array = args[position].array
    result = np.zeros_like(array, dtype=np.float64)
    for index in np.ndindex(array.shape):
        def at(offset: float, index: Any = index) -> float:
            moved = array.copy()
            moved[index] += offset
            return total(function(*[fresh(a, moved if k == position else None) for k, a in enumerate(args)]))
        near, far = at(step) - at(-step), at(2 * step) - at(-2 * step)
        result[index] = (8 * near - far) / (12 * step)
    return result


def grad(function: Callable, grad_position: Any = 0) -> Callable:
    """The derivative of the sum of a function's results, by differences."""
    def derivative(*args: Any) -> Any:
        if isinstance(grad_position, tuple):
            return tuple([wrap(slope(function, args, k, 1e-3)) for k in grad_position])
        return wrap(slope(function, args, grad_position, 1e-3))
    return derivative


def value_and_grad(function: Callable, grad_position: Any = 0) -> Callable:
    """The value and the derivative."""
    return lambda *args: (function(*args), grad(function, grad_position)(*args))
