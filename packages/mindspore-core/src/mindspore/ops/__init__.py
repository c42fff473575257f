# ruff: noqa: F403  (each family names in __all__ what it offers)
"""Operators: functions on tensors, in one file for each family.

A function brings its operands and arguments into the strict form that primitives take (`_operands` has the rules), and
calls them through `runtime.record.apply`. `operations` (P) offers the same as classes, `functional` (F) under the names
of the functional interface, `composite` (C) what combines functions.
"""
from mindspore.ops.activation import *
from mindspore.ops.arithmetic import *
from mindspore.ops.comparison import *
from mindspore.ops.creation import *
from mindspore.ops.elementwise import *
from mindspore.ops.indexing import *
from mindspore.ops.joining import *
from mindspore.ops.layers import *
from mindspore.ops.linalg import *
from mindspore.ops.loss import *
from mindspore.ops.random import *
from mindspore.ops.reduction import *
from mindspore.ops.shapes import *
from mindspore.ops.slicing import *
from mindspore.ops.sorting import *
from mindspore.ops.state import *
from mindspore.ops.triangles import *
from mindspore.ops.windows import *
