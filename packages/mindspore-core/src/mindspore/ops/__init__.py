"""Operators: functions on tensors, in one file for each family.

A function brings its operands and arguments into the strict form that primitives take (`_operands` has the rules), and
calls them through `runtime.record.apply`. `operations` (P) offers the same as classes, `functional` (F) under the names
of the functional interface, `composite` (C) what combines functions; the names of these three are found here too, when
they are first used, and so are the collective functions and what registers operators.
"""
# ruff: noqa: F403  (each family names in __all__ what it offers)
from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from mindspore.module_paths import answer_below
from mindspore.ops._extended import extended
from mindspore.ops.activation import *
from mindspore.ops.arithmetic import *
from mindspore.ops.blocks import *
from mindspore.ops.candidates import *
from mindspore.ops.choosing import *
from mindspore.ops.clipping import *
from mindspore.ops.comparison import *
from mindspore.ops.complex_numbers import *
from mindspore.ops.contraction import *
from mindspore.ops.counting import *
from mindspore.ops.creation import *
from mindspore.ops.debug import *
from mindspore.ops.decoding import *
from mindspore.ops.deforming import *
from mindspore.ops.detection import *
from mindspore.ops.elementwise import *
from mindspore.ops.experts import *
from mindspore.ops.factors import *
from mindspore.ops.fourier import *
from mindspore.ops.fused_attention import *
from mindspore.ops.indexed import *
from mindspore.ops.indexing import *
from mindspore.ops.joining import *
from mindspore.ops.layers import *
from mindspore.ops.linalg import *
from mindspore.ops.loss import *
from mindspore.ops.matrices import *
from mindspore.ops.random import *
from mindspore.ops.random_in_place import *
from mindspore.ops.random_shapes import *
from mindspore.ops.rearranging import *
from mindspore.ops.reduction import *
from mindspore.ops.rotated import *
from mindspore.ops.sampling import *
from mindspore.ops.segments import *
from mindspore.ops.sequence_loss import *
from mindspore.ops.served_attention import *
from mindspore.ops.shapes import *
from mindspore.ops.slicing import *
from mindspore.ops.sorting import *
from mindspore.ops.sparse import *
from mindspore.ops.special import *
from mindspore.ops.state import *
from mindspore.ops.statistics import *
from mindspore.ops.systems import *
from mindspore.ops.triangles import *
from mindspore.ops.updates import *
from mindspore.ops.volumes import *
from mindspore.ops.windows import *

_MORE = ("operations", "primitive", "composite", "functional")
_ELSEWHERE = ("mindspore.ops.collective", "mindspore.ops._registrations")
_SHORT = {"P": "operations", "F": "functional", "C": "composite"}


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"mindspore.ops.{name}")


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        if name in _MORE or name in _SHORT:
            return _module(_SHORT.get(name, name))
        for module in map(_module, _MORE):
            if name in getattr(module, "__all__", vars(module)) and not isinstance(vars(module)[name], ModuleType):
                found = globals()[name] = vars(module)[name]
                return found
        for module in map(importlib.import_module, _ELSEWHERE):
            if name in module.__all__:
                found = globals()[name] = vars(module)[name]
                return found
        if found := extended(name):
            globals()[name] = found
            return found
    raise AttributeError(f"module 'mindspore.ops' has no operator {name!r}")


def __dir__() -> list[str]:
    more = [n for m in [*map(_module, _MORE), *map(importlib.import_module, _ELSEWHERE)]
            for n in getattr(m, "__all__", vars(m))]
    return sorted({*globals(), *_MORE, *_SHORT, *(n for n in more if not n.startswith("_"))})


answer_below(__name__)
