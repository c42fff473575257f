"""Optimizer updates that repeat.

A network has few shapes of parameters and many parameters. An update is one element-wise pass whatever it updates, so
where many parameters have equal types the decomposition is made once, as the body of a kernel, and every update is a
launch of that kernel. A few updates are decomposed in place instead: small ones then share launches (`passes.groups`).
"""
from __future__ import annotations

from collections import Counter, OrderedDict

from mindspore.compiler.ir import Builder, Graph, Node

REPEATED = 16  # as many updates with equal types share a body
_BODIES_KEPT = 512
_bodies: OrderedDict[tuple, Graph] = OrderedDict()


def signature(node: Node) -> tuple:
    """Updates of one signature do the same to tensors of the same types."""
    return (node.op, tuple([i.aval for i in node.ins]), node.attrs)


def repeated_updates(graph: Graph, device) -> frozenset[tuple]:
    """The signatures whose updates share a body on this device."""
    if not device.capabilities.codegen:
        return frozenset()
    counts = Counter(signature(n) for n in graph.nodes if n.op.one_pass)
    return frozenset(key for key, count in counts.items() if count >= REPEATED and _is_generated(key, device))


def shared_body(node: Node, device) -> Graph:
    """The graph of an update, the same object for all updates of its signature."""
    return _body(signature(node), device)


def _is_generated(key: tuple, device) -> bool:
    from mindspore.compiler.passes.legalize import STRUCTURAL, generates
    return all(n.op.name in STRUCTURAL or generates(n, device) for n in _body(key, device).nodes)


def _body(key: tuple, device) -> Graph:
    from mindspore.compiler.passes.legalize import LegalBuilder
    found = _bodies.get((key, device))
    if found is None:
        op, avals, attrs = key
        b: Builder = LegalBuilder(op.name, device)
        found = b.finish(b.items(b.emit(op, tuple([b.parameter(a) for a in avals]), attrs)))
        _bodies[key, device] = found
        if len(_bodies) > _BODIES_KEPT:
            _bodies.popitem(last=False)
    return found
