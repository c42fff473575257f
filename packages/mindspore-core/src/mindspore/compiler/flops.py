"""How many floating-point operations a graph takes: those of products, convolutions and attention.

A multiplication and an addition count as one each. What is done element by element is left out, as is usual where the
use of a device is judged. Of a choice the more expensive branch counts, of a loop whose number of trips is not known
one trip, and a call as often as it stands in the graph.
"""
from __future__ import annotations

from math import prod

from mindspore.compiler.ir.dims import Symbolic
from mindspore.compiler.ir.graph import Graph, Node

__all__ = ["flops"]


def flops(graph: Graph) -> int:
    """The operations of one run.

    Raises:
        ValueError: a size is not known before the graph runs.
    """
    return sum(map(_of_node, graph.nodes))


def _size(shape: tuple) -> int:
    if any(isinstance(size, Symbolic) for size in shape):
        raise ValueError(f"the shape {shape} has sizes that are known only when the graph runs")
    return prod(shape)


def _of_node(node: Node) -> int:
    name, attrs = node.op.name, node.kwargs()
    if name == "matmul":
        shape = node.ins[0].aval.shape
        return 2 * _size(node.aval.shape) * _size((shape[-2 if attrs["transpose_a"] else -1],))
    if name in ("conv2d", "conv3d"):
        return 2 * _size(node.aval.shape) * _size(node.ins[1].aval.shape[1:])
    if name in ("conv2d_input_grad", "conv3d_input_grad"):
        return 2 * _size(node.ins[0].aval.shape) * _size(node.ins[1].aval.shape[1:])
    if name in ("conv2d_weight_grad", "conv3d_weight_grad"):
        return 2 * _size(node.ins[1].aval.shape) * _size(node.aval.shape[1:])
    if name == "scaled_dot_product_attention":
        keys, values = (node.ins[k].aval.shape for k in (1, 2))
        queries = _size(node.ins[0].aval.shape[:-1])
        return 2 * queries * _size((keys[-2],)) * (_size((keys[-1],)) + _size((values[-1],)))
    if name in ("cond", "lane_cond"):
        return max(flops(attrs["then"]), flops(attrs["orelse"]))
    inside = sum(flops(value) for value in attrs.values() if isinstance(value, Graph))
    return inside * attrs["length"] if name == "scan" else inside
