"""The values that sides of decisions leave: what they have in common, and what can be reached from them."""
from __future__ import annotations

from functools import partial
from types import CellType, MethodType
from typing import Any

import numpy as np

from mindspore.common.dtype import DType, bool_, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.frontend.functions import InterpretedFunction
from mindspore.compiler.frontend.journal import Contents, contents_of, is_container
from mindspore.compiler.frontend.variants import Variant
from mindspore.compiler.ir import tensor_aval
from mindspore.graph.text import TracedText

__all__ = ["COMPARED", "NOTHING", "NUMBERS", "Mismatch", "common_aval", "has_only_a_dict", "mismatch", "own_parts",
           "parts_of"]

COMPARED = (str, bytes, range, slice, DType, frozenset, int, float, bool, complex)
NUMBERS = {bool: bool_, int: int64, float: float32}


class Mismatch(Exception):
    """Values that have no join; the message says what they are. of_arrays: whether there is a NumPy array among
    them."""

    def __init__(self, message: str, *values: Any) -> None:
        super().__init__(message)
        self.of_arrays = any(isinstance(value, np.ndarray | np.generic) for value in values)


class _Nothing:
    """What a side has that holds another alternative: any value will do."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()


def common_aval(values: list) -> Any:
    """The aval that a choice between tensors and Python numbers has; None where there is none."""
    tensors = [v for v in values if isinstance(v, Tensor)]
    numbers = [v for v in values if not isinstance(v, Tensor)]
    if any(type(v) not in NUMBERS for v in numbers):
        return None
    if not tensors:
        kinds = {type(v) for v in numbers}
        return tensor_aval((), float32 if float in kinds else bool_ if kinds == {bool} else int64)
    aval = tensors[0]._value.aval
    if any(t._value.aval is not aval for t in tensors):
        return None
    rank = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
    if numbers and (aval.shape != () or any(rank[NUMBERS[type(v)].kind] > rank[aval.dtype.kind] for v in numbers)):
        return None
    return aval


def has_only_a_dict(cls: type) -> bool:
    """Whether the state of instances is their `__dict__`, and nothing else."""
    return cls.__new__ is object.__new__ and not any(
        getattr(base, "__slots__", None) for base in cls.__mro__) and type(cls) is type


def own_parts(value: Any) -> list:
    """What a container or object that is merged holds."""
    if is_container(value):
        return list(contents_of(value).items)
    return list(vars(value).values())


def parts_of(value: Any, session: Any, fresh: dict) -> list:
    """What can be reached from a value in one step."""
    kind = type(value)
    if kind is Variant:
        return [value.tag.tensor, *value.members]
    if kind is Contents:
        return list(value.items)
    if kind is InterpretedFunction:
        return [*(value.__closure__ or ()), *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    if kind is TracedText:
        return value.values
    if kind is CellType:
        try:
            return [value.cell_contents]
        except ValueError:
            return []
    if kind is MethodType:
        return [value.__self__]
    if kind is partial:
        return [value.func, *value.args, *value.keywords.values()]
    if kind is slice:
        return [value.start, value.stop, value.step]
    if isinstance(value, dict):
        found = list(value.values())
    elif isinstance(value, (tuple, list, set)):
        found = list(value)
    else:
        found = []
    if (id(value) in fresh or id(value) in session.created) and hasattr(value, "__dict__"):
        found += list(vars(value).values())
    return found


def mismatch(values: list) -> Mismatch:
    """The error for values without a join."""
    return Mismatch(" against ".join(map(describe, values)), *values)
