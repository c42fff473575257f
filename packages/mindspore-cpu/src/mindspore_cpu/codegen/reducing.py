"""Reductions on vectors: where they begin, how two partial results combine, and how the lanes of one do.

A sum is kept in as many partial sums as a vector has lanes; these are added at the end, as a tree. That is the only
place where the order of floating-point additions is not that of the elements.
"""
from __future__ import annotations

from mindspore.common.dtype import DType
from mindspore_cpu.codegen.nest import neutral
from mindspore_cpu.codegen.scalars import kind_of, larger, smaller
from mindspore_cpu.codegen.writer import FLOATS, Value, Writer, suffix


def initial(w: Writer, name: str, dtype: DType, lanes: int) -> Value:
    """The neutral element in every lane."""
    return w.const(neutral(name, dtype), kind_of(dtype), lanes)


def combine(w: Writer, name: str, partial: Value, value: Value, dtype: DType) -> Value:
    """A partial result and one more value, lane by lane."""
    if name == "sum":
        return w.add(partial, value)
    if name == "prod":
        return w.mul(partial, value)
    if name in ("any", "all"):
        return w.binary("or" if name == "any" else "and", partial, value)
    return (larger if name == "max" else smaller)(w, value, partial, dtype)


def across(w: Writer, name: str, partial: Value, dtype: DType) -> Value:
    """All lanes of a partial result together."""
    if partial.lanes == 1:
        return partial
    if name == "any":
        return w.any(partial)
    if name == "all":
        missing = w.any(w.binary("xor", partial, w.like(True, partial)))
        return w.binary("xor", missing, w.like(True, missing))
    kind = partial.kind
    if kind not in FLOATS:
        letter = "u" if dtype.kind == "u" else "s"
        op = {"sum": "add", "prod": "mul"}.get(name, letter + name)
        return _lanes_to_one(w, op, partial)
    if name in ("sum", "prod"):
        start = w.const(-0.0 if name == "sum" else 1.0, kind)
        return _lanes_to_one(w, "fadd" if name == "sum" else "fmul", partial, start, "reassoc")
    found = _lanes_to_one(w, f"f{name}", partial, flags="nnan")
    return w.select(w.any(w.compare("uno", partial, partial)), w.const(float("nan"), kind), found)


def _lanes_to_one(w: Writer, op: str, value: Value, start: Value | None = None, flags: str = "") -> Value:
    operands = [value] if start is None else [start, value]
    return w.call(f"llvm.vector.reduce.{op}.{suffix(value.kind, value.lanes)}", value.kind, 1, operands, flags)
