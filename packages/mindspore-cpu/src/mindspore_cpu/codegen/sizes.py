"""Sizes that are known only when a kernel runs.

A group with symbolic sizes (`mindspore.compiler.ir.dims`) is compiled once. In its nests the numbers that depend on
symbols, sizes of axes and strides, are `Param`s: places in the kernel's parameter block, from which the function reads
them when it starts. Decisions that shape the code take such a size for a large one that is no multiple of anything.
How many units there are, and what they cost, follows from the numbers when a kernel is made of the code (`work.plan`).

A nest of known sizes may be written in this form too, so that one code serves all of them (`kernel`).
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mindspore.compiler.ir.dims import Dim, bound
from mindspore.compiler.ir.facts import Binding
from mindspore.compiler.passes.group_space import LOCAL_ELEMENTS
from mindspore_cpu.codegen.nest import Affine, Indirect, Load, Nest, Operand, PlacedNest, Ramp
from mindspore_cpu.codegen.writer import Param


def number_of(size: Any, values: Sequence[int]) -> int:
    """A size as a number; `values` are those of the parameters."""
    return values[size.number] if type(size) is Param else size


def parametric(placed: PlacedNest) -> PlacedNest:
    """The nest with parameters in place of symbolic numbers; `placed.params` says which ones."""
    dims: list[Dim] = []

    def number(value: Any) -> Any:
        if type(value) is not Dim:
            return value
        if not any(dim is value for dim in dims):
            dims.append(value)
        return Param(next(k for k, dim in enumerate(dims) if dim is value))

    made = _with_numbers(placed.nest, number)
    return replace(placed, nest=made, params=tuple(dims)) if dims else placed


def of_any_size(placed: PlacedNest) -> PlacedNest | None:
    """A nest of known sizes with parameters in place of all its numbers but 0 and 1; None where code depends on them:
    on an uneven end, and on a row that is longer than what a frame holds."""
    nest = placed.nest
    if placed.params or nest.ragged is not None or not nest.sizes or any(type(s) is not int for s in nest.sizes) or \
            (nest.reduced[-1] and nest.sizes[-1] > LOCAL_ELEMENTS):
        return None
    values: list[int] = []

    def number(value: Any) -> Any:
        if value in (0, 1):
            return value
        if value not in values:
            values.append(value)
        return Param(values.index(value))

    made = _with_numbers(nest, number)
    return replace(placed, nest=made, params=tuple(values)) if values else None


def _with_numbers(nest: Nest, number: Callable[[Any], Any]) -> Nest:
    """The nest with `number` of each size, stride and offset in its place."""

    def place(p: Affine) -> Affine:
        return Affine(tuple(map(number, p.strides)), number(p.offset))

    def operand(o: Operand) -> Operand:
        if isinstance(o, Indirect):
            return replace(o, place=place(o.place), index=operand(o.index), stride=number(o.stride),
                           size=number(o.size))
        return replace(o, place=place(o.place)) if isinstance(o, (Load, Ramp)) else o

    return Nest(tuple(map(number, nest.sizes)), nest.reduced,
                tuple([replace(s, operands=tuple(map(operand, s.operands))) for s in nest.steps]),
                tuple([replace(s, place=place(s.place)) for s in nest.stores]), nest.ragged, nest.multiple)


def numbers(placed: PlacedNest, binding: Binding | None) -> list[int]:
    """The parameter block of a nest: the size that a nest of any size reads, then its parameters."""
    return [bound(placed.size, binding) or 0, *[bound(value, binding) for value in placed.params]]
