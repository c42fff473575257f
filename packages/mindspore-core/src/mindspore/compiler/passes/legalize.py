"""Legalize: rewrite a graph until the device can run every node.

A node is legal if the device has a kernel for it, or may generate code for it, at its dtypes. Otherwise the operator's
decomposition takes its place; an operator without one stays and becomes a host launch, which runs the reference.
"""
from __future__ import annotations

from mindspore.compiler.autodiff.vjp import lower_nodes
from mindspore.compiler.ir import Graph, Node, TensorAval, TupleAval
from mindspore.plugin.protocols import KernelSpec

STRUCTURAL = frozenset({"parameter", "constant", "item"})
VIEWS = frozenset({"reshape"})


def legalize(graph: Graph, device) -> Graph:
    """Decompose what the device cannot run, repeatedly: a decomposition may itself need decomposing."""
    while True:
        illegal = {n.idx for n in graph.nodes if n.op.lower is not None and not is_legal(n, device)}
        if not illegal:
            return graph
        graph = lower_nodes(graph, illegal)


def is_legal(node: Node, device) -> bool:
    """Whether the device has a kernel or generated code for this node."""
    name = node.op.name
    if name in STRUCTURAL or name in VIEWS:
        return True
    return generates(node, device) or has_kernel(node, device)


def generates(node: Node, device) -> bool:
    """Whether the node may be a member of a generated group."""
    return node.op.name in device.capabilities.codegen and dtypes_claimed(node, device)


def has_kernel(node: Node, device) -> bool:
    """Whether the device's kernel table serves the node; `device.supports(spec)` refines it where it exists."""
    if node.op.name not in device.kernels or not dtypes_claimed(node, device):
        return False
    supports = getattr(device, "supports", None)
    return supports is None or supports(kernel_spec(node))


def kernel_spec(node: Node) -> KernelSpec:
    """What the device's builder for this node's primitive is asked for."""
    outs = node.aval.items if isinstance(node.aval, TupleAval) else (node.aval,)
    return KernelSpec(node.op.name, node.kwargs(), tuple(i.aval for i in node.ins), outs)


def dtypes_claimed(node: Node, device) -> bool:
    claimed = device.capabilities.dtypes
    avals = [i.aval for i in node.ins] + list(node.aval.items if isinstance(node.aval, TupleAval) else (node.aval,))
    return all(a.dtype.key in claimed for a in avals if isinstance(a, TensorAval))
