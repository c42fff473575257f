"""The structure of a computation: what a value is, whichever trace it was computed in.

The same operations on the same values from outside have the same structure, so that a computation that is traced again
in a region is known to be the same. Values from outside are followed through the traces around; a tensor that exists is
known by its identity, a parameter of a trace by its place.
"""
from __future__ import annotations

from hashlib import blake2b
from typing import Any

from mindspore.compiler.ir import Node
from mindspore.compiler.ir.graph import attributes_key
from mindspore.graph.trace import GraphTrace, Traced

__all__ = ["structure"]


def structure(tensor: Any) -> bytes:
    """A digest of the structure of a traced tensor's value."""
    return _digest(tensor._value.trace, tensor._value.node)


def _digest(trace: GraphTrace, last: Node) -> bytes:
    known = trace.structures
    pending = [last]
    while pending:
        node = pending[-1]
        missing = [i for i in node.ins if i.idx not in known]
        if node.idx in known or missing:
            pending.pop() if node.idx in known else pending.extend(missing)
            continue
        known[node.idx] = _parameter(trace, node) if node.op.name == "parameter" else _hashed(
            node.op.name, [known[i.idx] for i in node.ins], attributes_key(node.attrs), node.aval)
        pending.pop()
    return known[last.idx]


def _hashed(*parts: Any) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=16).digest()


def _parameter(trace: GraphTrace, node: Node) -> bytes:
    position = node.attrs[0] - trace.explicit
    if position < 0:
        return _hashed("parameter", id(trace), node.attrs[0])
    tensor = trace.lifted[position]
    at = trace.parent
    while at is not None:
        if id(tensor) in at.nodes:
            return _digest(at, at.nodes[id(tensor)])
        if type(tensor._value) is Traced and tensor._value.trace is at:
            return _digest(at, tensor._value.node)
        at = at.parent
    return _hashed("tensor", id(tensor))
