"""The rewrites at emission: what they do, what they must leave alone, and that no value changes."""
from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindspore.common.dtype import bool_, float16, float32, float64, int8, int32, int64, uint32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.primitives.select import holds
from mindspore.compiler.primitives.support import SPECIAL


def ops_of(make, *avals) -> list[str]:
    """The operators that are left of an expression of parameters with these avals."""
    b = Builder()
    graph = b.finish([make(b, *[b.parameter(a) for a in avals])])
    return [n.op.name for n in graph.nodes if n.op.name not in ("parameter", "constant")]


X, Y = tensor_aval((3, 4), float32), tensor_aval((3, 1), float32)
K, B = tensor_aval((3, 4), int32), tensor_aval((3, 4), bool_)
H = tensor_aval((3, 4), float16)

REWRITES = [
    ("mul by 1", lambda b, x: b.mul(x, 1.0), [X], []),
    ("1 times", lambda b, x: b.mul(b.full((4,), 1, float32), x), [X], []),
    ("mul by 1 that broadcasts", lambda b, x: b.mul(x, b.full((2, 3, 4), 1, float32)), [X], ["broadcast_to", "mul"]),
    ("add of 0 keeps +0 from -0", lambda b, x: b.add(x, 0.0), [X], ["add"]),
    ("add of -0", lambda b, x: b.add(x, -0.0), [X], []),
    ("add of 0 to integers", lambda b, x: b.add(x, 0), [K], []),
    ("sub of 0", lambda b, x: b.sub(x, 0.0), [X], []),
    ("sub of -0", lambda b, x: b.sub(x, -0.0), [X], ["sub"]),
    ("div by 1", lambda b, x: b.div(x, 1.0), [X], []),
    ("div by a power of two", lambda b, x: b.div(x, -4.0), [X], ["mul"]),
    ("div by 3", lambda b, x: b.div(x, 3.0), [X], ["div"]),
    ("pow 1", lambda b, x: b.pow(x, 1.0), [X], []),
    ("pow 2", lambda b, x: b.pow(x, 2.0), [X], ["mul"]),
    ("pow -1", lambda b, x: b.pow(x, -1.0), [X], ["div"]),
    ("pow 1/2", lambda b, x: b.pow(x, 0.5), [X], ["pow"]),
    ("neg neg", lambda b, x: b.neg(b.neg(x)), [X], []),
    ("abs abs", lambda b, x: b.abs(b.abs(x)), [X], ["abs"]),
    ("floor ceil", lambda b, x: b.floor(b.ceil(x)), [X], ["ceil"]),
    ("maximum of one", lambda b, x: b.maximum(x, x), [X], []),
    ("not not", lambda b, x: b.logical_not(b.logical_not(x)), [B], []),
    ("and True", lambda b, x: b.logical_and(x, b.constant(True)), [B], []),
    ("and False", lambda b, x: b.logical_and(b.full((3, 4), False, bool_), x), [B], ["broadcast_to"]),
    ("or False", lambda b, x: b.logical_or(b.constant(False), x), [B], []),
    ("select of one", lambda b, c, x: b.select(c, x, x), [B, X], []),
    ("select True", lambda b, x, y: b.select(b.constant(True), x, y), [X, Y], []),
    ("select False broadcasts", lambda b, x, y: b.select(b.constant(False), x, y), [X, Y], ["select"]),
    ("select not", lambda b, c, x, y: b.select(b.logical_not(c), x, y), [B, X, Y], ["select"]),
    ("cast to the same", lambda b, x: b.cast(x, dtype=float32), [X], []),
    ("cast there and back", lambda b, x: b.cast(b.cast(x, dtype=float32), dtype=float16), [H], []),
    ("cast back and there", lambda b, x: b.cast(b.cast(x, dtype=float16), dtype=float32), [X], ["cast", "cast"]),
    ("cast over int64", lambda b, x: b.cast(b.cast(x, dtype=int64), dtype=float32), [K], ["cast"]),
    ("reshape twice", lambda b, x: b.reshape(b.reshape(x, shape=(12,)), shape=(2, 6)), [X], ["reshape"]),
    ("reshape to the same", lambda b, x: b.reshape(b.reshape(x, shape=(12,)), shape=(3, 4)), [X], []),
    ("reshape of a fill", lambda b: b.reshape(b.full((3, 4), 2, float32), shape=(12,)), [], ["broadcast_to"]),
    ("transpose twice", lambda b, x: b.transpose(b.transpose(x, perm=(1, 0)), perm=(1, 0)), [X], []),
    ("transpose of size 1", lambda b, x: b.transpose(x, perm=(1, 0)), [Y], ["reshape"]),
    ("transpose of a fill", lambda b: b.transpose(b.full((3, 4), 2, float32), perm=(1, 0)), [], ["broadcast_to"]),
    ("slice of all", lambda b, x: b.slice(x, begin=(0, 0), end=(3, 4), strides=(1, 1)), [X], []),
    ("slice of a fill", lambda b: b.slice(b.full((3, 4), 2, float32), begin=(1, 0), end=(3, 4), strides=(1, 2)), [],
     ["broadcast_to"]),
    ("pad by nothing", lambda b, x: b.pad(x, low=(0, 0), high=(0, 0)), [X], []),
    ("reverse twice", lambda b, x: b.reverse(b.reverse(x, axes=(1,)), axes=(1,)), [X], []),
    ("concat of one", lambda b, x: b.concat(x, axis=0), [X], []),
    ("broadcast twice", lambda b, x: b.broadcast_to(b.broadcast_to(x, shape=(3, 4)), shape=(2, 3, 4)), [Y],
     ["broadcast_to"]),
    ("broadcast operand", lambda b, x, y: b.mul(x, b.broadcast_to(y, shape=(3, 4))), [X, Y], ["mul"]),
    ("broadcast operands", lambda b, y: b.mul(b.broadcast_to(y, shape=(3, 4)), b.broadcast_to(y, shape=(3, 4))), [Y],
     ["broadcast_to", "mul"]),
    ("sum over nothing", lambda b, x: b.sum(x, axis=()), [X], []),
    ("sum over size 1", lambda b, x: b.sum(x, axis=(1,)), [Y], ["reshape"]),
    ("matmul of transposes", lambda b, x: b.matmul(b.transpose(x, perm=(1, 0)), b.transpose(x, perm=(1, 0)),
                                                   transpose_b=True), [X], ["matmul"]),
    ("stop_gradient twice", lambda b, x: b.stop_gradient(b.stop_gradient(x)), [X], ["stop_gradient"]),
]


@pytest.mark.parametrize(("make", "avals", "left"), [r[1:] for r in REWRITES], ids=[r[0] for r in REWRITES])
def test_rewrites(make, avals, left):
    assert ops_of(make, *avals) == left


def test_rewrites_do_not_hide_errors():
    b = Builder()
    x, flags = b.parameter(X), b.parameter(B)
    for bad in (lambda: b.mul(x, b.constant(1, int32)), lambda: b.mul(flags, b.constant(True)),
                lambda: b.logical_and(x, x), lambda: b.maximum(flags, flags),
                lambda: b.add(x, b.constant(-0.0, float64)), lambda: b.select(b.constant(1, int32), x, x),
                lambda: b.sum(flags, axis=())):
        with pytest.raises(TypeError):
            bad()
    with pytest.raises(ValueError):
        b.slice(x, begin=(), end=(3, 4), strides=())


def test_holds_is_exactly_lossless_conversion():
    assert holds(float32, float16) and holds(int64, uint32) and holds(float64, int32) and holds(int8, bool_)
    assert not holds(float32, int32) and not holds(uint32, int8) and not holds(float16, float32)
    assert not holds(float64, int64) and not holds(int8, uint32)


CONSTANTS = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -4.0, float("nan"), float("inf"), float("-inf")]
BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "maximum": np.maximum,
          "minimum": np.minimum, "pow": np.power}
UNARY = {"neg": np.negative, "abs": np.abs, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.rint,
         "stop_gradient": lambda x: x}
STEPS = st.one_of(st.tuples(st.sampled_from(sorted(UNARY)), st.none(), st.none()),
                  st.tuples(st.sampled_from(sorted(BINARY)), st.sampled_from(CONSTANTS), st.booleans()),
                  st.tuples(st.sampled_from(sorted(BINARY)), st.integers(0, 20), st.booleans()))


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_no_rewrite_changes_a_value(steps):
    """Random chains with constants, on special values: the graph gives what NumPy gives, NaN and signs of zeros too."""
    b, x = Builder(), np.array([*SPECIAL, 2.0**-1070, 1.7e308])
    nodes, values = [b.parameter(tensor_aval(x.shape, float64))], [x]
    with np.errstate(all="ignore"):
        for name, other, swap in steps:
            if other is None:
                nodes.append(getattr(b, name)(nodes[-1]))
                values.append(UNARY[name](values[-1]))
                continue
            index = other % len(nodes) if isinstance(other, int) else None
            operands = (nodes[-1], b.constant(other, float64) if index is None else nodes[index])
            arrays = (values[-1], np.float64(other) if index is None else values[index])
            order = operator.itemgetter(1, 0) if swap else operator.itemgetter(0, 1)
            nodes.append(getattr(b, name)(*order(operands)))
            values.append(BINARY[name](*order(arrays)))
    (got,) = evaluate(b.finish([nodes[-1]]), [x])
    np.testing.assert_allclose(got, values[-1], rtol=1e-13)
    kept = ~np.isnan(got)
    np.testing.assert_array_equal(np.signbit(got)[kept], np.signbit(values[-1])[kept])
