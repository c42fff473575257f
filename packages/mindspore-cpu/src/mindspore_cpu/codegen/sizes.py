"""Sizes that are known only when a kernel runs.

A group with symbolic sizes (`mindspore.compiler.ir.dims`) is compiled once. In its nests the numbers that depend on
symbols, sizes of axes and strides, are `Param`s: places in the kernel's parameter block, from which the function reads
them when it starts. Decisions that shape the code take such a size for a large one that is no multiple of anything.
How many units there are, and what they cost, follows from the numbers when a kernel is made of the code (`work.plan`).
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mindspore.compiler.ir.dims import Dim, bound
from mindspore.compiler.ir.facts import Binding
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

    def place(p: Affine) -> Affine:
        return Affine(tuple(map(number, p.strides)), number(p.offset))

    def operand(o: Operand) -> Operand:
        if isinstance(o, Indirect):
            return replace(o, place=place(o.place), index=operand(o.index), stride=number(o.stride),
                           size=number(o.size))
        return replace(o, place=place(o.place)) if isinstance(o, (Load, Ramp)) else o

    nest = placed.nest
    made = Nest(tuple(map(number, nest.sizes)), nest.reduced,
                tuple([replace(s, operands=tuple(map(operand, s.operands))) for s in nest.steps]),
                tuple([replace(s, place=place(s.place)) for s in nest.stores]), nest.ragged, nest.multiple)
    return replace(placed, nest=made, params=tuple(dims)) if dims else placed


def numbers(placed: PlacedNest, binding: Binding | None) -> list[int]:
    """The parameter block of a nest: the size that a nest of any size reads, then its parameters."""
    return [bound(placed.size, binding) or 0, *[dim.at(binding) for dim in placed.params]]
