"""Claims: patterns of several nodes that one kernel computes with fewer passes over memory.

1. A product, also with int8 weights, or a convolution with what follows it element by element. Its result is still in
   registers when a bias is added and negative numbers are cut off:

       matmul or conv2d   ->   add of a bias   ->   maximum with 0

   where the bias has one number per column of the product, or per channel of the convolution. The pattern ends where it
   ends; an anchor without a bias is no claim.

2. The derivative of max pooling over the result of a relu, then the derivative of the relu:

       max_pool2d_grad(x, y, dy)   ->   select(x > 0, ., 0)

   A cotangent goes to a place where x equals the maximum y, so the condition on x is one on y, which is smaller.

Each value in between is used by the next step only.
"""
from __future__ import annotations

from dataclasses import dataclass

from mindspore.compiler.ir import Graph, Node
from mindspore.compiler.passes.legalize import kernel_spec
from mindspore.plugin import Claim
from mindspore_cpu import _ext
from mindspore_cpu.kernels import blocked_conv_kernel, conv_kernel, pool_kernel
from mindspore_cpu.layouts import node_problem
from mindspore_cpu.quantized import QUANTIZED, int8_kernel, supports_int8

MATRIX_PRODUCTS = ("matmul", "weight_quant_matmul", "quant_matmul")
PRODUCTS = (*MATRIX_PRODUCTS, "conv2d", "blocked_conv2d")
POOLINGS = ("max_pool2d_grad", "blocked_max_pool2d_grad")


@dataclass(frozen=True)
class Fused:
    """A matched pattern: its nodes, the last one being the result; the operands in the order in which the kernel takes
    them; for products whether a relu ends it."""

    name: str
    nodes: tuple[Node, ...]
    operands: tuple[Node, ...]
    relu: bool = False


class Users:
    """Who reads what in a graph."""

    def __init__(self, graph: Graph):
        self._users = graph.users()
        self._outputs = {node.idx for node in graph.outputs}

    def only(self, node: Node) -> Node | None:
        """The one node that reads `node`; None where there are others, or `node` is an output."""
        users = self._users[node.idx]
        return users[0] if len(users) == 1 and node.idx not in self._outputs else None


def find_claims(graph: Graph) -> list[Claim]:
    """All claims in a graph."""
    users = Users(graph)
    found = (match(node, users) for node in graph.nodes)
    return [Claim(fused.name, tuple(n.idx for n in fused.nodes), tuple(n.idx for n in fused.operands))
            for fused in found if fused is not None]


def match(anchor: Node, users: Users) -> Fused | None:
    """The pattern whose anchor is this node, if there is one."""
    if anchor.op.name in PRODUCTS:
        return _match_product(anchor, users)
    return _match_pooling(anchor, users) if anchor.op.name in POOLINGS else None


def _match_product(anchor: Node, users: Users) -> Fused | None:
    if anchor.op.name in QUANTIZED and not supports_int8(kernel_spec(anchor)):
        return None
    added = users.only(anchor)
    if anchor.dtype.kind != "f" or added is None or added.op.name != "add" or added.shape != anchor.shape:
        return None
    bias = added.ins[1] if added.ins[0] is anchor else added.ins[0]
    if bias is anchor or bias.shape not in bias_shapes(anchor):
        return None
    operands, name = (*anchor.ins, bias), f"{anchor.op.name}_bias"
    after = users.only(added)
    if after is not None and after.op.name == "maximum" and any(is_zero(n) for n in after.ins):
        return Fused(f"{name}_relu", (anchor, added, after), operands, True)
    return Fused(name, (anchor, added), operands)


def _match_pooling(anchor: Node, users: Users) -> Fused | None:
    chosen = users.only(anchor)
    if chosen is None or chosen.op.name != "select" or chosen.ins[1] is not anchor or not is_zero(chosen.ins[2]):
        return None
    condition = chosen.ins[0]
    if condition.op.name != "gt" or condition.ins[0] is not anchor.ins[0] or not is_zero(condition.ins[1]):
        return None
    if users.only(condition) is not chosen:
        return None
    return Fused(f"{anchor.op.name}_relu", (anchor, condition, chosen), anchor.ins, True)


def bias_shapes(anchor: Node) -> tuple[tuple, ...]:
    """The shapes in which a bias broadcasts over the anchor's result along its columns, or channels, alone."""
    if anchor.op.name in MATRIX_PRODUCTS:
        width, ndim = anchor.shape[-1], anchor.aval.ndim
        return tuple((1,) * k + (width,) for k in range(ndim))
    channels = anchor.shape[1]
    if len(anchor.shape) == 5:
        return (channels, 1, 1, anchor.shape[4]), (1, channels, 1, 1, anchor.shape[4])
    return (channels, 1, 1), (1, channels, 1, 1)


def is_zero(node: Node) -> bool:
    """Whether a node is the number 0, repeated or not."""
    while node.op.name == "broadcast_to":
        node = node.ins[0]
    return node.op.name == "constant" and not node.attrs[0].array.any()


def build_claim(body: Graph) -> tuple[_ext.Kernel, list[int]]:
    """The kernel of a claim, from the claim's graph, and the order in which it takes the graph's parameters."""
    users = Users(body)
    fused = next(f for f in (match(node, users) for node in body.nodes) if f is not None)
    anchor = fused.nodes[0]
    first, second = anchor.ins[:2]
    if anchor.op.name in POOLINGS:
        made = pool_kernel("max_grad", anchor.dtype.key, first.shape, second.shape, anchor.kwargs(), positive=True)
    elif anchor.op.name == "matmul":
        made = _ext.matmul(anchor.dtype.key, first.shape, second.shape, anchor.attr("transpose_a"),
                           anchor.attr("transpose_b"), True, fused.relu)
    elif anchor.op.name in QUANTIZED:
        made = int8_kernel(anchor.op.name, tuple(n.aval for n in anchor.ins), anchor.aval, anchor.kwargs(), bias=True,
                           relu=fused.relu)
    elif anchor.op.name == "blocked_conv2d":
        kind, shapes, blocks = node_problem(anchor)
        made = blocked_conv_kernel(kind, anchor.dtype.key, shapes, blocks, anchor.kwargs(), bias=True,
                                   relu=fused.relu)
    else:
        made = conv_kernel("forward", anchor.dtype.key, first.shape, second.shape, anchor.shape[2:], anchor.kwargs(),
                           bias=True, relu=fused.relu)
    return made, [node.attr("index") for node in fused.operands]
