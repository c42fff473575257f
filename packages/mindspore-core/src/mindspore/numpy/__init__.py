"""The interface of NumPy on tensors.

The functions work in PyNative and in graph mode, on batches (`vmap`), and have derivatives where mathematics has them;
each one is a composition of operators of `mindspore.ops`. They take array-likes: tensors, NumPy arrays, numbers, and
lists of these. Where results differ from NumPy's, docs/numpy.md says how.
"""
# ruff: noqa: F403  (each module names in __all__ what it offers)
from __future__ import annotations

import importlib
from types import ModuleType

from mindspore.numpy import (
    calling,
    correlation,
    counting,
    creation,
    differences,
    dtypes,
    elementwise,
    fft,
    indexing,
    joining,
    linalg,
    logic,
    matrices,
    operators,
    padding,
    polynomials,
    ranges,
    reductions,
    searching,
    shapes,
)
from mindspore.numpy.calling import *
from mindspore.numpy.correlation import *
from mindspore.numpy.counting import *
from mindspore.numpy.creation import *
from mindspore.numpy.creation import copy
from mindspore.numpy.differences import *
from mindspore.numpy.dtypes import *
from mindspore.numpy.dtypes import NINF, PINF, inf, nan, numeric_types, pi, uint
from mindspore.numpy.elementwise import *
from mindspore.numpy.elementwise import around, round
from mindspore.numpy.indexing import *
from mindspore.numpy.joining import *
from mindspore.numpy.linalg import *
from mindspore.numpy.linalg import matrix_power
from mindspore.numpy.logic import *
from mindspore.numpy.matrices import *
from mindspore.numpy.operators import *
from mindspore.numpy.padding import *
from mindspore.numpy.polynomials import *
from mindspore.numpy.ranges import *
from mindspore.numpy.reductions import *
from mindspore.numpy.searching import *
from mindspore.numpy.shapes import *

_MODULES = (
    calling, correlation, counting, creation, differences, dtypes, elementwise, indexing, joining, linalg, logic,
    matrices, operators, padding, polynomials, ranges, reductions, searching, shapes,
)
__all__: list[str] = ["fft"]
for _module in _MODULES:
    __all__ += _module.__all__

_OTHER_PATHS = ("array_creations", "array_ops", "logic_ops", "math_ops")


def __getattr__(name: str) -> ModuleType:
    if name in _OTHER_PATHS:
        return importlib.import_module(f"mindspore.numpy.{name}")
    raise AttributeError(f"module 'mindspore.numpy' has no attribute {name!r}")
