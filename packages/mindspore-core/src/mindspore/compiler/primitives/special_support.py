"""What the special functions share: double precision, formulas that read like formulas, series, and loops.

A special function is one decomposition into elementary operators, for all devices and dtypes. It is computed in float64
and rounded once, so float32 results are right to the last place but one, and the few places that a difference of large
terms costs are there to be lost. Branches of a definition are all computed and one is selected; `among` gives each of
them operands from its own domain, so that no branch makes an infinity, whose derivative would spoil the others'.

`Real` wraps a node of the graph, so that formulas are written with operators; numbers in them become constants.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from mindspore.common.dtype import float64
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Node
from mindspore.compiler.primitives.base import Elementwise, broadcast_shapes

EPSILON = 2.0**-53
# B_2, B_4, ...
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
             854513 / 138)


class Real:
    """A tensor of float64 numbers, or of truth values, in a graph that is being built."""

    __slots__ = ("b", "node")

    def __init__(self, b: Builder, node: Node):
        self.b, self.node = b, node

    def made(self, name: str, *operands) -> Real:
        """An operator of this and other operands; numbers among them become float64 constants."""
        nodes = [o.node if isinstance(o, Real) else self.b.constant(o, float64) for o in operands]
        return Real(self.b, getattr(self.b, name)(*nodes))

    def __add__(self, other) -> Real:
        return self.made("add", self, other)

    def __sub__(self, other) -> Real:
        return self.made("sub", self, other)

    def __rsub__(self, other) -> Real:
        return self.made("sub", other, self)

    def __mul__(self, other) -> Real:
        return self.made("mul", self, other)

    def __truediv__(self, other) -> Real:
        return self.made("div", self, other)

    def __rtruediv__(self, other) -> Real:
        return self.made("div", other, self)

    def __pow__(self, other) -> Real:
        return self.made("pow", self, other)

    def __neg__(self) -> Real:
        return self.made("neg", self)

    def __abs__(self) -> Real:
        return self.made("abs", self)

    __radd__, __rmul__ = __add__, __mul__

    def __lt__(self, other) -> Real:
        return self.made("lt", self, other)

    def __le__(self, other) -> Real:
        return self.made("le", self, other)

    def __gt__(self, other) -> Real:
        return self.made("gt", self, other)

    def __ge__(self, other) -> Real:
        return self.made("ge", self, other)

    def equals(self, other) -> Real:
        return self.made("eq", self, other)

    def __and__(self, other: Real) -> Real:
        return self.made("logical_and", self, other)

    def __or__(self, other: Real) -> Real:
        return self.made("logical_or", self, other)

    def __invert__(self) -> Real:
        return self.made("logical_not", self)


Value: TypeAlias = Real | float


def log(x: Real) -> Real:
    return x.made("log", x)


def log1p(x: Real) -> Real:
    return x.made("log1p", x)


def exp(x: Real) -> Real:
    return x.made("exp", x)


def expm1(x: Real) -> Real:
    return x.made("expm1", x)


def sqrt(x: Real) -> Real:
    return x.made("sqrt", x)


def sin(x: Real) -> Real:
    return x.made("sin", x)


def cos(x: Real) -> Real:
    return x.made("cos", x)


def erfc(x: Real) -> Real:
    return x.made("erfc", x)


def floor(x: Real) -> Real:
    return x.made("floor", x)


def maximum(x: Real, y: Value) -> Real:
    return x.made("maximum", x, y)


def minimum(x: Real, y: Value) -> Real:
    return x.made("minimum", x, y)


def where(condition: Real, x: Value, y: Value) -> Real:
    """x where the condition is true, else y."""
    return condition.made("select", condition, x, y)


def among(condition: Real, x: Real, harmless: float) -> Real:
    """x where the condition is true, and a harmless number elsewhere: the operand of a branch that is chosen there."""
    return where(condition, x, harmless)


def horner(x: Real, coefficients: Sequence[float]) -> Real:
    """The sum of coefficients[k] * x**k."""
    total: Value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = x * total + c
    return total  # type: ignore[return-value]


def polynomial(x: Real, low: float, high: float, coefficients: Sequence[float]) -> Real:
    """The sum of coefficients[k] * t**k, with t from -1 to 1 as x goes from low to high."""
    return horner((x - (low + high) / 2) * (2 / (high - low)), coefficients)


def loop(condition: Callable, body: Callable, carried: Sequence[Real], fixed: Sequence[Real] = ()) -> list[Real]:
    """The carried values after as many trips as are needed until `condition(*carried, *fixed)` holds for no element;
    `body(*carried, *fixed)` gives their next values. All have one shape."""
    outer = carried[0].b
    values = [*carried, *fixed]
    test, trip = Builder("some_left"), Builder("step")
    left = condition(*[Real(test, test.parameter(v.node.aval)) for v in values])
    more = test.any(left.node, axis=tuple(range(left.node.aval.ndim)), keepdims=False)
    after = body(*[Real(trip, trip.parameter(v.node.aval)) for v in values])
    made = outer.while_(*[v.node for v in values], condition=test.finish([more]),
                        body=trip.finish([v.node for v in after]), carried=len(carried))
    return [Real(outer, n) for n in outer.items(made)]


def in_double(b: Builder, name: str, ins: Sequence[Node]) -> list[Real]:
    """The operands of the operator `name` in float64, broadcast to one shape."""
    shape = broadcast_shapes(name, *[x.shape for x in ins])
    wide = [b.cast(x, dtype=float64) for x in ins]
    return [Real(b, x if x.shape == shape else b.broadcast_to(x, shape=shape)) for x in wide]


class Special(Elementwise):
    """A function that `compute(*operands)` gives in float64, of operands of one shape."""

    kinds = "f"
    compute = None

    def lower(self, b, *ins):
        result = self.compute(*in_double(b, self.name, ins)).node
        return b.cast(result, dtype=ins[0].dtype)
