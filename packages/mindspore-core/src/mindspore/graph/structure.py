"""The structure of a computation: what a value is, whichever trace it was computed in.

The same operations on the same values from outside have the same structure, so that a computation that is traced again
in a region is known to be the same. Values from outside are followed through the traces around; a tensor that exists is
known by its identity, a parameter of a trace by its place.
"""
from __future__ import annotations

from hashlib import blake2b
from typing import Any

from mindspore.compiler.ir import Node
from mindspore.compiler.ir.graph import Graph, attributes_key
from mindspore.compiler.primitives.effects import Action
from mindspore.graph.trace import GraphTrace, Traced

__all__ = ["same_structure", "structure"]


def structure(tensor: Any) -> bytes:
    """A digest of the structure of a traced tensor's value."""
    return _digest(tensor._value.trace, tensor._value.node)


def same_structure(trace: GraphTrace, node: Node, other: GraphTrace, twin: Node) -> bool:
    """Whether a node of a trace and one of another trace compute the same."""
    return _digest(trace, node) == _digest(other, twin)


def _attributes(attrs: tuple) -> tuple:
    """What identifies attributes: effects are the same if they were recorded at one place of the program."""
    return tuple([_graph(a) if isinstance(a, Graph) else _attributes(a) if isinstance(a, tuple) else
                  (a.text, a.site) if isinstance(a, Action) else attributes_key((a,)) for a in attrs])


def _graph(graph: Graph) -> bytes:
    found = graph.memo.get("structure")
    if found is None:
        rows = [(n.op.name, [i.idx for i in n.ins], _attributes(n.attrs), n.aval) for n in graph.nodes]
        found = graph.memo["structure"] = _hashed(rows, [n.idx for n in (*graph.params, *graph.outputs)])
    return found


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
            node.op.name, [known[i.idx] for i in node.ins], _attributes(node.attrs), node.aval)
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
