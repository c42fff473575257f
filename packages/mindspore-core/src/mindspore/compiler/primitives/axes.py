"""The axes line: parsing, and shape inference from it (the notation is explained in `base`)."""
from __future__ import annotations

from functools import cache

from mindspore.compiler.primitives.base import broadcast_shapes


@cache
def parse_axes(line: str) -> tuple:
    """(operand axes, result axes): each a tuple of letters, `...` first where there is one."""
    left, right = line.split("->")
    return tuple(tuple(part.split()) for part in left.split(",")), tuple(right.split())


def infer_from_axes(name: str, line: str, shapes: list) -> tuple:
    """The result shape of a regular operator; ValueError for wrong ranks and unequal sizes."""
    operands, result = parse_axes(line)
    sizes: dict[str, int] = {}
    leading = []
    for position, (axes, shape) in enumerate(zip(operands, shapes, strict=True)):
        named = [a for a in axes if a != "..."]
        if len(shape) < len(named) or (len(shape) != len(named) and "..." not in axes):
            raise ValueError(f"{name}: operand {position} has shape {shape}; expected "
                             f"{'at least ' if '...' in axes else ''}{len(named)} axes ({' '.join(axes)})")
        split = len(shape) - len(named)
        if "..." in axes:
            leading.append(shape[:split])
        for letter, size in zip(named, shape[split:]):
            if sizes.setdefault(letter, size) != size:
                raise ValueError(f"{name}: axis {letter!r} of operand {position} has size {size}, but {sizes[letter]} "
                                 f"elsewhere; shapes are {' and '.join(map(str, shapes))} for {line!r}")
    batch = broadcast_shapes(name, *leading) if leading else ()
    return tuple(d for a in result for d in (batch if a == "..." else (sizes[a],)))
