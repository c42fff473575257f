"""Claims: a product or convolution together with what follows it element by element.

The anchor's result is still in registers when a bias is added and negative numbers are cut off, so a pass over memory
is saved. The pattern is

    matmul or conv2d   ->   add of a bias   ->   maximum with 0

where the bias has one number per column of the product, or per channel of the convolution, and each value in between is
used by the next step only. A claim ends where the pattern ends; an anchor without a bias is no claim.
"""
from __future__ import annotations

from dataclasses import dataclass

from mindspore.compiler.ir import Graph, Node
from mindspore.plugin import Claim
from mindspore_cpu import _ext
from mindspore_cpu.kernels import conv_kernel

ANCHORS = ("matmul", "conv2d")


@dataclass(frozen=True)
class Fused:
    """A matched pattern: its nodes in order, the bias, and whether it ends with relu."""

    nodes: tuple[Node, ...]
    bias: Node
    relu: bool


def find_claims(graph: Graph) -> list[Claim]:
    """All claims in a graph."""
    users = graph.users()
    outputs = {node.idx for node in graph.outputs}
    found = []
    for node in graph.nodes:
        if node.op.name in ANCHORS and node.dtype.kind == "f":
            fused = match(node, users, outputs)
            if fused is not None:
                found.append(Claim(f"{node.op.name}_bias{'_relu' if fused.relu else ''}",
                                   tuple(n.idx for n in fused.nodes)))
    return found


def match(anchor: Node, users: list[list[Node]], outputs: set[int]) -> Fused | None:
    """The pattern that begins at an anchor; None where no bias follows."""
    added = _only_user(anchor, users, outputs)
    if added is None or added.op.name != "add" or added.shape != anchor.shape or added.ins[0] is added.ins[1]:
        return None
    bias = added.ins[1] if added.ins[0] is anchor else added.ins[0]
    if bias.shape not in bias_shapes(anchor):
        return None
    after = _only_user(added, users, outputs)
    if after is not None and after.op.name == "maximum" and any(is_zero(n) for n in after.ins):
        return Fused((anchor, added, after), bias, True)
    return Fused((anchor, added), bias, False)


def _only_user(node: Node, users: list[list[Node]], outputs: set[int]) -> Node | None:
    return users[node.idx][0] if len(users[node.idx]) == 1 and node.idx not in outputs else None


def bias_shapes(anchor: Node) -> tuple[tuple, ...]:
    """The shapes in which a bias broadcasts over the anchor's result along its columns, or channels, alone."""
    if anchor.op.name == "matmul":
        width, ndim = anchor.shape[-1], anchor.aval.ndim
        return tuple((1,) * k + (width,) for k in range(ndim))
    channels = anchor.shape[1]
    return (channels, 1, 1), (1, channels, 1, 1)


def is_zero(node: Node) -> bool:
    """Whether a node is the number 0, repeated or not."""
    while node.op.name == "broadcast_to":
        node = node.ins[0]
    return node.op.name == "constant" and not node.attrs[0].array.any()


def build_claim(body: Graph) -> tuple[_ext.Kernel, list[int]]:
    """The kernel of a claim, from the claim's graph, and the order in which it takes the graph's parameters."""
    anchor = next(node for node in body.nodes if node.op.name in ANCHORS)
    fused = match(anchor, body.users(), {node.idx for node in body.outputs})
    order = [node.attr("index") for node in (*anchor.ins, fused.bias)]
    first, second = anchor.ins
    if anchor.op.name == "matmul":
        made = _ext.matmul(anchor.dtype.key, first.shape, second.shape, anchor.attr("transpose_a"),
                           anchor.attr("transpose_b"), True, fused.relu)
    else:
        made = conv_kernel("forward", anchor.dtype.key, first.shape, second.shape, anchor.shape[2:], anchor.kwargs(),
                           bias=True, relu=fused.relu)
    return made, order
