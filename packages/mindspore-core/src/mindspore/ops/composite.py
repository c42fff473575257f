"""Combining functions, usually imported as C: gradients, functions that choose by the types of their arguments, and
functions mapped over nested tuples.

The functions are a program's own, so that what calls them is interpreted where a graph is compiled (`INTERPRETED`).
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.dtype import DType, Kind, TensorType
from mindspore.common.parameter import Parameter
from mindspore.common.sparse_tensor import COOTensor, CSRTensor, RowTensor
from mindspore.common.tensor import Tensor
from mindspore.gradient import GradOperation
from mindspore.module_paths import answer_below
from mindspore.ops.clipping import clip_by_global_norm, clip_by_value
from mindspore.ops.creation import ones_like, zeros_like
from mindspore.ops.joining import repeat_elements, repeat_interleave
from mindspore.ops.legacy_names import (
    augassign_add,
    augassign_div,
    augassign_floordiv,
    augassign_mod,
    augassign_mul,
    augassign_sub,
    iter_converter,
    ms_hasnext,
    ms_next,
    tail,
    zip_operation,
)
from mindspore.ops.linalg import batch_dot, dot, mm, tensor_dot, vecdot
from mindspore.ops.linalg import matmul as _matmul
from mindspore.ops.random import laplace, multinomial, normal, uniform
from mindspore.ops.random_shapes import gamma, poisson
from mindspore.ops.reduction import count_nonzero, cummin
from mindspore.ops.statistics import sequence_mask

__all__ = [
    "GradOperation", "HyperMap", "Map", "MultitypeFuncGraph", "add_flags", "augassign_add", "augassign_div",
    "augassign_floordiv", "augassign_mod", "augassign_mul", "augassign_sub", "batch_dot", "clip_by_global_norm",
    "clip_by_value", "core", "count_nonzero", "cummin", "dot", "gamma", "hyper_add", "iter_converter", "laplace",
    "matmul", "mm", "ms_hasnext", "ms_next", "multinomial", "normal", "ones_like", "poisson", "repeat_elements",
    "repeat_interleave", "sequence_mask", "tail", "tensor_dot", "uniform", "vecdot", "zeros_like", "zip_operation",
]

INTERPRETED = True
__path__: list[str] = []  # programs import `mindspore.ops.composite.multitype_ops`, which `module_paths` answers
_SPARSE = (RowTensor, COOTensor, CSRTensor)  # tensors, although they are made as tuples of their parts
_KINDS: dict[str, Callable[[Any], bool]] = {
    "Tensor": lambda v: isinstance(v, Tensor),
    "Number": lambda v: isinstance(v, (int, float, np.number)) and not isinstance(v, bool),
    "Bool": lambda v: isinstance(v, (bool, np.bool_)),
    "Int": lambda v: isinstance(v, (int, np.integer)) and not isinstance(v, bool),
    "Float": lambda v: isinstance(v, (float, np.floating)),
    "Ref": lambda v: isinstance(v, Parameter),
    "RowTensor": lambda v: isinstance(v, RowTensor),
    "COOTensor": lambda v: isinstance(v, COOTensor),
    "SparseTensor": lambda v: isinstance(v, COOTensor),
    "CSRTensor": lambda v: isinstance(v, CSRTensor),
    "Tuple": lambda v: isinstance(v, tuple) and not isinstance(v, _SPARSE),
    "List": lambda v: isinstance(v, list),
    "Dictionary": lambda v: isinstance(v, dict),
    "String": lambda v: isinstance(v, str),
    "Function": callable,
    "None": lambda v: v is None,
    "Type": lambda v: isinstance(v, DType),
    "Slice": lambda v: isinstance(v, slice),
    "Ellipsis": lambda v: v is Ellipsis,
}
# Of plain numbers the width is not known: each is of all widths.
_KINDS.update({f"{kind}{bits}": _KINDS[kind] for kind, widths in (("Int", (8, 16, 32, 64)), ("Float", (16, 32, 64)))
               for bits in widths})


def matmul(x1: Any, x2: Any, dtype: DType | None = None) -> Tensor:
    """The matrix product of `mindspore.ops.matmul`, cast to `dtype` where one is given."""
    found = _matmul(x1, x2)
    return found if dtype is None else found.astype(dtype)



class MultitypeFuncGraph:
    """A function with several implementations, of which the first one that fits the types of the arguments is called.

    Args:
        name: shown in messages. read_value: accepted for compatibility; tensors always stand for their values.
    """

    def __init__(self, name: str, read_value: bool = False):
        self.name, self.read_value = name, read_value
        self.entries: list[tuple[tuple[str, ...], Callable]] = []

    def register(self, *type_names: Any) -> Callable[[Callable], Callable]:
        """Decorator: the function serves arguments of these types.

        Args:
            type_names: 'Tensor', 'Ref' (a Parameter), 'RowTensor', 'COOTensor', 'CSRTensor', 'Number', 'Int', 'Float',
                'Bool', 'Tuple', 'List', 'Dictionary', 'String', 'Function', 'None', 'Type', 'Slice', 'Ellipsis', a name
                such as 'Int64' or 'Float32' for numbers, or a dtype for tensors of it. `mstype.tensor_type`,
                `mstype.number` and the like mean the same as their names.

        Raises:
            TypeError: a name is unknown. A call raises ValueError where no implementation fits.
        """
        type_names = tuple(map(_kind_named, type_names))
        for kind in type_names:
            if not isinstance(kind, DType) and kind not in _KINDS:
                raise TypeError(f"MultitypeFuncGraph {self.name!r}: {kind!r} is no known type; expected a dtype or one "
                                f"of {', '.join(_KINDS)}")

        def keep(function: Callable) -> Callable:
            self.entries.append((type_names, function))
            return function

        return keep

    def __call__(self, *args: Any) -> Any:
        for kinds, function in self.entries:
            if len(kinds) == len(args) and all(_is_kind(k, v) for k, v in zip(kinds, args)):
                return function(*args)
        known = "; ".join(", ".join(map(str, kinds)) for kinds, _ in self.entries)
        raise ValueError(f"{self.name}: there is no implementation for ({', '.join(type(a).__name__ for a in args)}); "
                         f"registered are: {known or 'none'}")

    def __repr__(self) -> str:
        return f"MultitypeFuncGraph({self.name!r}, {len(self.entries)} implementations)"


def _kind_named(kind: Any) -> Any:
    """The name of a type of `mindspore.dtype`; a dtype for the type of its tensors; else what is given."""
    if isinstance(kind, TensorType):
        return kind.element_type() or "Tensor"
    return kind.name if isinstance(kind, Kind) else kind


def _is_kind(kind: Any, value: Any) -> bool:
    if isinstance(kind, DType):
        return isinstance(value, Tensor) and value.dtype is kind
    return _KINDS[kind](value)


class Map:
    """A function mapped over tuples or lists of one length.

    Args:
        ops: the function; without one it is the first argument of the call. reverse: start at the end.
    """

    nested = False

    def __init__(self, ops: Callable | None = None, reverse: bool = False):
        self.ops, self.reverse = ops, reverse

    def __call__(self, *args: Any) -> Any:
        function, args = (args[0], args[1:]) if self.ops is None else (self.ops, args)
        return self._mapped(function, args, 0)

    def _mapped(self, function: Callable, args: tuple, depth: int) -> Any:
        sequences = [a for a in args if isinstance(a, (tuple, list)) and not isinstance(a, _SPARSE)]
        if not sequences or depth and (not self.nested or len(sequences) < len(args)):
            return function(*args)
        length = len(sequences[0])
        if len(sequences) != len(args) or any(len(s) != length for s in sequences):
            raise ValueError(f"{type(self).__name__}: expected tuples or lists of one length for all arguments, but "
                             f"got {', '.join(_described(a) for a in args)}")
        order = range(length)[::-1] if self.reverse else range(length)
        results = {i: self._mapped(function, tuple(a[i] for a in args), depth + 1) for i in order}
        found = [results[i] for i in range(length)]
        return found if isinstance(sequences[0], list) else tuple(found)


class HyperMap(Map):
    """A function mapped over tuples or lists of one length, and over those inside of them, down to the elements: until
    one of the arguments is no tuple or list.

    Args:
        ops: the function; without one it is the first argument of the call. reverse: start at the end.
    """

    nested = True


def _described(value: Any) -> str:
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, (tuple, list)) else type(value).__name__


def _add(x: Any, y: Any) -> Any:
    return x + y


hyper_add = HyperMap(_add)


def add_flags(fn: Callable | None = None, **flags: Any) -> Callable:
    """Decorator that notes flags on a function or a Cell, in its `_func_graph_flags`."""
    def noted(target):
        known = dict(getattr(target, "_func_graph_flags", None) or {})
        target._func_graph_flags = {**known, **flags}
        return target
    return noted if fn is None else noted(fn)


def core(fn: Callable | None = None, **flags: Any) -> Callable:
    """Decorator that marks a function as one of the core; see `add_flags`."""
    return add_flags(fn, core=True, **flags)


answer_below(__name__)
