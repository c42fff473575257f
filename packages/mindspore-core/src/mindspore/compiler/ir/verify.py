"""The verifier: every node against its operator's declaration, every graph against the structural rules.

On in the tests, and with `MS_VERIFY=1` after each pass.
"""
from __future__ import annotations

import os

from mindspore.compiler.ir.graph import Graph, Node, graphs_in

ENABLED = os.environ.get("MS_VERIFY", "0") not in ("", "0")


class VerificationError(AssertionError):
    """A graph breaks a rule of the IR: a fault of a pass or of an operator's rule."""


def verify(graph: Graph) -> Graph:
    """Raise VerificationError if the graph is not well formed; return it otherwise."""
    for place, node in enumerate(graph.nodes):
        if node.idx != place:
            _fail(graph, node, f"stands at place {place}")
        for operand in node.ins:
            if operand.idx >= place or graph.nodes[operand.idx] is not operand:
                _fail(graph, node, f"reads {operand!r}, which does not stand before it in this graph")
        if len(node.attrs) != len(node.op.attrs):
            _fail(graph, node, f"has {len(node.attrs)} attributes, its operator declares {node.op.attrs}")
        try:
            hash(node.attrs)
        except TypeError:
            _fail(graph, node, "has an attribute that cannot be hashed")
        if node.op.name != "parameter":
            aval = node.op.infer(*[i.aval for i in node.ins], **node.kwargs())
            if aval is not node.aval:
                _fail(graph, node, f"is typed {node.aval}, its operator's rule gives {aval}")
        for inner in graphs_in(node.attrs):
            verify(inner)
    for position, param in enumerate(graph.params):
        if param.op.name != "parameter" or param.attrs != (position,) or graph.nodes[param.idx] is not param:
            _fail(graph, param, f"stands as parameter {position}")
    for node in graph.outputs:
        if graph.nodes[node.idx] is not node:
            _fail(graph, node, "is an output but not a node of the graph")
    return graph


def maybe_verify(graph: Graph) -> Graph:
    """`verify` where MS_VERIFY asks for it."""
    return verify(graph) if ENABLED else graph


def _fail(graph: Graph, node: Node, what: str) -> None:
    raise VerificationError(f"graph {graph.name}: {node!r} {what}")
