"""The interface of NumPy on tensors.

The functions work in PyNative and in graph mode, on batches (`vmap`), and have derivatives where mathematics has them;
each one is a composition of operators of `mindspore.ops`. They take array-likes: tensors, NumPy arrays, numbers, and
lists of these. Where results differ from NumPy's, docs/numpy.md says how.
"""
# ruff: noqa: F403  (each module names in __all__ what it offers)
from __future__ import annotations

from mindspore.numpy import (
    creation,
    dtypes,
    elementwise,
    joining,
    logic,
    matrices,
    operators,
    ranges,
    reductions,
    shapes,
)
from mindspore.numpy.creation import *
from mindspore.numpy.creation import copy
from mindspore.numpy.dtypes import *
from mindspore.numpy.dtypes import NINF, PINF, inf, nan, numeric_types, pi, uint
from mindspore.numpy.elementwise import *
from mindspore.numpy.joining import *
from mindspore.numpy.logic import *
from mindspore.numpy.matrices import *
from mindspore.numpy.operators import *
from mindspore.numpy.ranges import *
from mindspore.numpy.reductions import *
from mindspore.numpy.shapes import *

__all__: list[str] = []
for _module in (creation, dtypes, elementwise, joining, logic, matrices, operators, ranges, reductions, shapes):
    __all__ += _module.__all__
