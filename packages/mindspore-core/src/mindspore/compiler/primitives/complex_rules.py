"""How operators on complex numbers are made of operators on their parts (`Primitive.lower_parts`), for devices that
generate code for real numbers only.

Each function takes a builder and complex operands and gives a node of the same value. `real(complex(x, y))` is x, so a
chain of operators becomes one of real ones, between a `real` and `imag` at its beginning and a `complex` at its end.
"""
from __future__ import annotations

import math
from typing import Any

from mindspore.compiler.ir.graph import Node


def parts(b, x: Node) -> tuple[Node, Node]:
    """The real and the imaginary part."""
    return b.real(x), b.imag(x)


def each_part(op, b, ins: tuple, attrs: dict[str, Any]) -> Node:
    """An operator that is linear over real numbers and treats all elements alike, on each part; real operands (places,
    conditions) are the same for both."""
    packed = op.pack_attrs(attrs)
    pairs = [parts(b, x) if x.dtype.kind == "c" else (x, x) for x in ins]
    return b.complex(*[b.emit(op, tuple([pair[k] for pair in pairs]), packed) for k in (0, 1)])


def product(b, x: Node, y: Node) -> Node:
    """x * y, element by element."""
    (a, c), (d, e) = parts(b, x), parts(b, y)
    return b.complex(b.sub(b.mul(a, d), b.mul(c, e)), b.add(b.mul(a, e), b.mul(c, d)))


def matrix_product(b, x: Node, y: Node, **flags) -> Node:
    """x @ y, from four real products."""
    (a, c), (d, e) = parts(b, x), parts(b, y)
    real = b.sub(b.matmul(a, d, **flags), b.matmul(c, e, **flags))
    return b.complex(real, b.add(b.matmul(a, e, **flags), b.matmul(c, d, **flags)))


def quotient(b, x: Node, y: Node) -> Node:
    """x / y, by the method of Smith ("Complex division", 1962), which does not square the divisor."""
    (a, c), (d, e) = parts(b, x), parts(b, y)
    wide = b.ge(b.abs(d), b.abs(e))
    larger, smaller = b.select(wide, d, e), b.select(wide, e, d)
    zero = b.constant(0, d.dtype)
    ratio = b.select(b.eq(larger, zero), zero, b.div(smaller, larger))
    size = b.add(larger, b.mul(smaller, ratio))
    first, second = b.select(wide, a, c), b.select(wide, c, a)
    imag = b.div(b.sub(second, b.mul(first, ratio)), size)
    return b.complex(b.div(b.add(first, b.mul(second, ratio)), size), b.select(wide, imag, b.neg(imag)))


def absolute(b, x: Node) -> Node:
    """sqrt(re^2 + im^2): the larger part times sqrt(1 + the square of a quotient that is at most 1)."""
    re, im = (b.abs(part) for part in parts(b, x))
    larger, smaller = b.maximum(re, im), b.minimum(re, im)
    plain = b.logical_or(b.eq(larger, b.constant(0, re.dtype)), b.isinf(larger))
    ratio = b.div(smaller, b.select(plain, b.constant(1, re.dtype), larger))
    return b.select(plain, larger, b.mul(larger, b.sqrt(b.add(b.mul(ratio, ratio), 1))))


def exponential(b, x: Node) -> Node:
    """e**x."""
    re, im = parts(b, x)
    size = b.exp(re)
    return b.complex(b.mul(size, b.cos(im)), b.select(b.eq(im, b.constant(0, im.dtype)), im, b.mul(size, b.sin(im))))


def logarithm(b, x: Node) -> Node:
    """The logarithm with an imaginary part in [-pi, pi]."""
    return b.complex(b.log(b.complex_abs(x)), b.atan2(b.imag(x), b.real(x)))


def square_root(b, x: Node) -> Node:
    """The square root with a real part that is not negative, without cancellation (Kahan, "Branch cuts for complex
    elementary functions", 1987)."""
    re, im = parts(b, x)
    one, zero = b.constant(1, re.dtype), b.constant(0, re.dtype)
    root = b.mul(b.sqrt(b.add(b.complex_abs(x), b.abs(re))), math.sqrt(0.5))
    none = b.eq(root, zero)
    other = b.div(b.mul(im, 0.5), b.select(none, one, root))
    below = b.logical_or(b.lt(im, zero), b.lt(b.div(one, im), zero))  # -0 is below 0
    right = b.ge(re, zero)
    return b.complex(b.select(right, root, b.abs(other)),
                     b.select(right, other, b.select(below, b.neg(root), root)))


def sine(b, x: Node) -> Node:
    """The sine."""
    re, im = parts(b, x)
    return b.complex(b.mul(b.sin(re), b.cosh(im)), b.mul(b.cos(re), b.sinh(im)))


def cosine(b, x: Node) -> Node:
    """The cosine."""
    re, im = parts(b, x)
    return b.complex(b.mul(b.cos(re), b.cosh(im)), b.neg(b.mul(b.sin(re), b.sinh(im))))


def hyperbolic_sine(b, x: Node) -> Node:
    """The hyperbolic sine."""
    re, im = parts(b, x)
    return b.complex(b.mul(b.sinh(re), b.cos(im)), b.mul(b.cosh(re), b.sin(im)))


def hyperbolic_cosine(b, x: Node) -> Node:
    """The hyperbolic cosine."""
    re, im = parts(b, x)
    return b.complex(b.mul(b.cosh(re), b.cos(im)), b.mul(b.sinh(re), b.sin(im)))


def _tangents(b, flat: Node, curved: Node) -> tuple[Node, Node]:
    """The real and the imaginary part of the hyperbolic tangent of curved + flat i."""
    t, h = b.tan(flat), b.tanh(curved)
    t2, h2 = b.mul(t, t), b.mul(h, h)
    size = b.add(b.mul(t2, h2), 1)
    slope = b.mul(b.sub(b.constant(1, h.dtype), h), b.add(h, 1))
    return b.div(b.mul(h, b.add(t2, 1)), size), b.div(b.mul(t, slope), size)


def hyperbolic_tangent(b, x: Node) -> Node:
    """The hyperbolic tangent."""
    re, im = parts(b, x)
    return b.complex(*_tangents(b, im, re))


def tangent(b, x: Node) -> Node:
    """The tangent: -i tanh(i x)."""
    re, im = parts(b, x)
    across, along = _tangents(b, re, im)
    return b.complex(along, across)


def converted(b, x: Node, dtype) -> Node:
    """x cast to another dtype, where one of the two is complex."""
    from mindspore.common.dtype import bool_
    from mindspore.compiler.primitives.complex_parts import REAL_OF
    if x.dtype.kind != "c":
        real = b.cast(x, dtype=REAL_OF[dtype])
        return b.complex(real, b.constant(0, REAL_OF[dtype]))
    re, im = parts(b, x)
    if dtype is bool_:
        return b.logical_or(b.cast(re, dtype=bool_), b.cast(im, dtype=bool_))
    if dtype.kind != "c":
        return b.cast(re, dtype=dtype)
    return b.complex(b.cast(re, dtype=REAL_OF[dtype]), b.cast(im, dtype=REAL_OF[dtype]))


def both(b, op, *ins: Node, name: str = "logical_or") -> Node:
    """What an operator with a bool as its result says of the real and of the imaginary parts, joined by `name`."""
    re, im = (b.emit(op, tuple(part)) for part in zip(*[parts(b, x) for x in ins]))
    return getattr(b, name)(re, im)
