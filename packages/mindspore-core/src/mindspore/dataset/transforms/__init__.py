"""Transforms for any kind of data: types, padding, joining, comparing; operations made of others."""
from __future__ import annotations

from collections.abc import Callable

from mindspore.module_paths import answer_below

from .._transform import Transform
from ._basic import OneHot, TypeCast
from ._compose import Compose, RandomApply, RandomChoice, RandomOrder
from ._data import Concatenate, Duplicate, Fill, Mask, PadEnd, Relational, Slice, Unique

__all__ = ["Compose", "Concatenate", "Duplicate", "Fill", "Mask", "OneHot", "PadEnd", "RandomApply", "RandomChoice",
           "RandomOrder", "Relational", "Slice", "Transform", "TypeCast", "Unique", "not_random"]


def not_random(function: Callable) -> Callable:
    """Marks a function as one that draws nothing at random; a decorator."""
    function.random = False         # type: ignore[attr-defined]
    return function


answer_below(__name__)
