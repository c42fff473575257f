"""How many floating-point operations a graph takes: those of products, convolutions and attention.

A multiplication and an addition count as one each. What is done element by element is left out, as is usual where the
use of a device is judged. Of a choice the more expensive branch counts, of a loop whose number of trips is not known
one trip, and a call as often as it stands in the graph.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore.compiler.ir.dims import Symbolic
from mindspore.compiler.ir.graph import Graph, Node

__all__ = ["flops", "products"]


def flops(graph: Graph) -> int:
    """The operations of one run.

    Raises:
        ValueError: a size is not known before the graph runs.
    """
    return sum(map(_of_node, graph.nodes))


def _of_node(node: Node) -> int:
    name, attrs = node.op.name, node.kwargs()
    if name in ("cond", "lane_cond"):
        return max(flops(attrs["then"]), flops(attrs["orelse"]))
    inside = sum(flops(value) for value in attrs.values() if isinstance(value, Graph))
    if inside:
        return inside * attrs["length"] if name == "scan" else inside
    return products(node.op, attrs, [i.aval for i in node.ins], node.aval)


def products(op: Any, attrs: dict, ins: Sequence[Any], out: Any) -> int:
    """The operations of one product, convolution or attention; 0 for other operators. ValueError as `flops`."""
    found = op.flops(out, *ins, **attrs)
    if isinstance(found, Symbolic):
        raise ValueError(f"{op.name} has operands of shapes {', '.join(str(aval.shape) for aval in ins)}, with sizes "
                         "that are known only when the graph runs")
    return found
