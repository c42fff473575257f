"""Attaches the operators and methods of tensors to `Tensor`, in one place: their rules stand in `mindspore.ops`, which
needs the class."""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.common.tensor_functions import Functions
from mindspore.common.tensor_in_place import InPlace
from mindspore.common.tensor_memory import InMemory
from mindspore.common.tensor_methods import TensorMethods
from mindspore.common.tensor_operators import Operators
from mindspore.common.tensor_spellings import Spellings

__all__ = ["Attached"]


class Attached(Spellings, TensorMethods, InPlace, InMemory):
    """Everything that is attached to `Tensor`. A type checker sees it as a base class of `Tensor`."""

    __slots__ = ()


def _attach() -> None:
    own = ("__slots__", "__module__", "__doc__", "__qualname__", "__dict__", "__weakref__", "__hash__",
           "__firstlineno__", "__static_attributes__")
    for part in (Operators, Functions, TensorMethods, InPlace, InMemory, Spellings):
        for name, member in vars(part).items():
            if name not in own:
                setattr(Tensor, name, member)


_attach()
