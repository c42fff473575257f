"""Symbolic sizes of expressions: of the text that `repr` writes, and of a slice with symbolic bounds."""
from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from mindspore.compiler.ir.dims import FLOATS, Dim, function_of, ratio_of, symbol


def parse(node: ast.expr) -> Any:
    """The number of an expression as `repr` writes it. The examples of symbols are not in the text; any will do."""
    if isinstance(node, ast.Name):
        return symbol(node.id, PARSED_EXAMPLE)
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](parse(node.left), parse(node.right))
    if isinstance(node, ast.UnaryOp):
        return -parse(node.operand)
    if isinstance(node, ast.Call):
        operands = [parse(x) for x in node.args]
        return ratio_of(node.func.id, *operands) if node.func.id in FLOATS else function_of(node.func.id, *operands)
    return ast.literal_eval(node)


PARSED_EXAMPLE = 1009
_OPERATORS: dict[type, Callable] = {ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b,
                                    ast.Mult: lambda a, b: a * b}


def slice_of(part: slice, size: int | Dim) -> tuple[Any, int, Any]:
    """(start, step, number of elements) of a slice of an axis."""
    if all(type(n) is not Dim for n in (part.start, part.stop, size)):
        start, stop, step = part.indices(size)
        return start, step, len(range(start, stop, step))
    step = 1 if part.step is None else int(part.step)
    if step == 0:
        raise ValueError("slice step cannot be zero")
    low, high = (0, size) if step > 0 else (-1, size - 1)
    start = (low if step > 0 else high) if part.start is None else _clamped(part.start, size, low, high)
    stop = (high if step > 0 else low) if part.stop is None else _clamped(part.stop, size, low, high)
    span = stop - start if step > 0 else start - stop
    return start, step, -(-span // abs(step)) if span > 0 else 0


def _clamped(place, size, low, high):
    place = place + size if place < 0 else place
    return low if place < low else high if place > high else place
