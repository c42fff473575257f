"""The primitives that hold a graph together: parameters, embedded constants, and elements of tuples."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import DType, float32, int64
from mindspore.compiler.ir import builder as _builder
from mindspore.compiler.ir.aval import TupleAval, tensor_aval
from mindspore.compiler.ir.dims import Dim, Symbolic
from mindspore.compiler.primitives.base import Primitive, Sample, register


@register
class Parameter(Primitive):
    """A parameter of the graph; `index` is its position. Made by `Builder.parameter`, never by emission."""

    name = "parameter"
    attrs = ("index",)
    effect = True
    differentiable = False

    def infer(self, *avals, index):
        raise TypeError("parameter: made by Builder.parameter, which is given the aval")

    def reference(self, *arrays, index):
        raise TypeError("parameter: has no value of its own")

    def vmap(self, b, lanes, batched, *ins, **attrs):
        raise TypeError("parameter: belongs to a graph and is not batched by itself")

    def samples(self):
        return ()


@register
class Constant(Primitive):
    """A small array embedded in the graph; `value` is a Literal."""

    name = "constant"
    attrs = ("value",)
    differentiable = False

    def infer(self, *, value):
        return tensor_aval(value.array.shape, value.dtype)

    def reference(self, *, value):
        return value.array

    def vmap(self, b, lanes, batched, *ins, **attrs):
        raise TypeError("constant: belongs to a graph and is not batched by itself")

    def samples(self):
        return ()


@register
class Dimension(Primitive):
    """A symbolic number as a 0-d tensor: `value` is a Dim or a Ratio (`compiler.ir.dims`), or the number that it is;
    `dtype` is by default Int64 for whole numbers and Float32 for others. Gradient: none."""

    name = "dimension"
    attrs = ("value", "dtype")
    defaults = {"dtype": None}
    differentiable = False

    def pack_attrs(self, given):
        value, dtype = super().pack_attrs(given)
        return value, (int64 if isinstance(value, int | Dim) else float32) if dtype is None else dtype

    def infer(self, *, value, dtype):
        if not isinstance(value, Symbolic | int | float) or not isinstance(dtype, DType):
            raise TypeError(f"dimension: got {value!r} as {dtype!r}, expected a number and a dtype")
        return tensor_aval((), dtype)

    def simplify(self, b, ins, attrs):
        return b.constant(*attrs) if isinstance(attrs[0], int | float) else None

    def reference(self, *, value, dtype):
        return np.asarray(value.at(None) if isinstance(value, Symbolic) else value).astype(dtype.np)

    def vmap(self, b, lanes, batched, *, value, dtype):
        return lanes.spread(b, b.dimension(value=value, dtype=dtype))

    def samples(self):
        return [Sample((), {"value": 3}), Sample((), {"value": 0.5}), Sample((), {"value": 2, "dtype": float32}),
                Sample((), {"value": "2"}, error=TypeError)]


@register
class Item(Primitive):
    """Element `index` of the tuple that an operator with several outputs returns."""

    name = "item"
    attrs = ("index",)
    differentiable = False

    def infer(self, aval, *, index):
        if not isinstance(aval, TupleAval):
            raise TypeError(f"item: got {aval}, expected a tuple")
        return aval.items[index]

    def reference(self, value, *, index):
        return value[index]

    def vmap(self, b, lanes, batched, *ins, **attrs):
        raise TypeError("item: belongs to a graph and is not batched by itself")

    def samples(self):
        return [Sample((np.zeros(3),), {"index": 0}, error=TypeError)]


@register
class Identity(Primitive):
    """The operand itself, as a value of its own: what a gradient call differentiates by."""

    name = "identity"

    def infer(self, x):
        return x

    def lower(self, b, x):
        return x

    def vjp(self, b, ct, out, x):
        return (ct,)

    def reference(self, x):
        return x

    def vmap(self, b, lanes, batched, x):
        return b.identity(x)

    def samples(self):
        return [Sample((np.linspace(-1.0, 1.0, 5),))]


@register
class KnownValue(Primitive):
    """The value of `known`, with the derivative of `x`: a recorded value which has been computed already."""

    name = "known_value"

    def infer(self, x, known):
        if x is not known:
            raise TypeError(f"known_value: got {x} and {known}, expected one aval")
        return x

    def lower(self, b, x, known):
        return known

    def vjp(self, b, ct, out, x, known):
        return (ct, None)

    def reference(self, x, known):
        return known

    def vmap(self, b, lanes, batched, *ins):
        return b.known_value(*lanes.spread_all(b, batched, ins))

    def samples(self):
        return [Sample((np.ones(3), np.ones(3)), grad=False), Sample((np.ones(3), np.ones(4)), error=TypeError)]


PARAMETER = _builder.PARAMETER = Parameter.op
CONSTANT = _builder.CONSTANT = Constant.op
ITEM = _builder.ITEM = Item.op
