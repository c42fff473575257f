"""Abstract values: what the compiler knows of a value without running the program.

Avals are interned, so two avals are equal exactly when they are the same object, and a tuple of avals is a cheap
dictionary key. `TensorAval` is logical: it says nothing about physical layout. Sizes that are known only when a graph
runs are `Dim`s (`compiler.ir.dims`).
"""
from __future__ import annotations

from math import prod

from mindspore.common.dtype import DType
from mindspore.compiler.ir.dims import Dim

_TENSORS: dict = {}
_TUPLES: dict = {}
_TAPES: dict = {}


class Aval:
    """Base of all abstract values."""

    __slots__ = ()


class TensorAval(Aval):
    """A tensor of a known shape (ints and Dims) and dtype, with a slot for its sharding (None: not sharded)."""

    __slots__ = ("shape", "dtype", "sharding", "size", "nbytes", "ndim")

    def __init__(self, shape: tuple, dtype: DType, sharding):
        self.shape, self.dtype, self.sharding = shape, dtype, sharding
        self.ndim = len(shape)
        self.size = prod(shape)
        self.nbytes = self.size * dtype.itemsize

    def __repr__(self) -> str:
        return f"{self.dtype.key}[{','.join(map(str, self.shape))}]"

    def __reduce__(self):
        return (tensor_aval, (self.shape, self.dtype, self.sharding))


class TupleAval(Aval):
    """A fixed-length tuple of avals: the result of an operator with several outputs."""

    __slots__ = ("items",)

    def __init__(self, items: tuple):
        self.items = items

    def __repr__(self) -> str:
        return f"({', '.join(map(repr, self.items))})"

    def __reduce__(self):
        return (tuple_aval, (self.items,))


def tensor_aval(shape: tuple, dtype: DType, sharding=None) -> TensorAval:
    """The one TensorAval with this shape, dtype and sharding."""
    key = (shape, dtype, sharding)
    found = _TENSORS.get(key)
    if found is None:
        sizes = tuple(d if type(d) is Dim else int(d) for d in shape)
        found = _TENSORS.setdefault(key, TensorAval(sizes, dtype, sharding))
    return found


def tuple_aval(items: tuple) -> TupleAval:
    """The one TupleAval with these items."""
    found = _TUPLES.get(items)
    if found is None:
        found = _TUPLES.setdefault(items, TupleAval(items))
    return found


class TapeAval(Aval):
    """A stack of entries whose number is known only at run time; `entry` is the tuple of an entry's avals."""

    __slots__ = ("entry",)

    def __init__(self, entry: tuple):
        self.entry = entry

    def __repr__(self) -> str:
        return f"tape<{', '.join(map(repr, self.entry))}>"

    def __reduce__(self):
        return (tape_aval, (self.entry,))


def tape_aval(entry: tuple) -> TapeAval:
    """The one TapeAval with these entries."""
    found = _TAPES.get(entry)
    if found is None:
        found = _TAPES.setdefault(entry, TapeAval(entry))
    return found
