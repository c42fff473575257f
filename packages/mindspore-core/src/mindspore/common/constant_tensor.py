"""Tensors that are constants where they are arguments of a compiled function.

`Tensor(data, const_arg=True)` and `tensor.set_const_arg()` make a tensor one. A graph is then made for its value: one
of at most `EMBEDDED` bytes stands in the graph, so that what depends on it alone is computed once and decisions on it
are taken while the graph is made; a larger one is read by the graph from where it is, as a weight is.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of

__all__ = ["EMBEDDED", "ConstantTensor", "constant_key"]

EMBEDDED = 1024


class ConstantTensor(Tensor):
    """A tensor whose `const_arg` is set."""

    __slots__ = ()


def constant_key(value: ConstantTensor) -> tuple[Any, ...]:
    """What a graph for this argument is specialised for: the elements, or for many of them the tensor itself."""
    aval = value._value.aval
    return ConstantTensor, aval, storage_of(value).to_numpy().tobytes() if aval.nbytes <= EMBEDDED else id(value)
