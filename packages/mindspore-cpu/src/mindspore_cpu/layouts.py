"""Layouts: images that convolutions read or write lie in blocks of channels from one convolution to the next.

A graph speaks of plain images [n, c, h, w]. oneDNN's convolutions take and give [n, c / block, h, w, block], and around
each of them its operands and results would be put in order. Here a graph is written once more with blocks where they
pay: convolutions give blocks, element-wise operators, pooling and sums go on with them, and only what reads a plain
image gets one. First it is decided which values lie in blocks, then the graph is emitted.

* A value *may* lie in blocks if it is a convolution's result of whole blocks, or what operators that work on any layout
  make of such values. Pooling is so much faster on blocks that it may begin with a plain image.
* It *does* if somebody reads it so; a convolution whose result goes straight into a plain reader gives it plain.

Kernels that are the same in every call (`stable`) are put into blocks in the graph, where core computes them once.
"""
from __future__ import annotations

from functools import lru_cache

from mindspore.compiler.ir import Builder, Graph, Node, TensorAval
from mindspore.compiler.primitives.base import primitive
from mindspore_cpu import _ext
from mindspore_cpu.blocked import (
    CONVOLUTIONS,
    POOLINGS,
    PREFIX,
    conv_problem,
    in_blocks,
    kernels_in_blocks,
    plain,
)

SUMS = ("sum", "max", "min", "prod")
CHANNELS = 1


@lru_cache(maxsize=1)
def block_size() -> int:
    """The float32 lanes of a vector; 0 where oneDNN has no blocked layouts worth their while."""
    return {"avx512": 16, "avx2": 8}.get(_ext.isa(), 0)


def with_blocks(graph: Graph, stable: frozenset[int]) -> Graph:
    """The graph with images in blocks. stable: the numbers of the nodes that are the same in every call."""
    size = block_size()
    if not size or not any(node.op.name in CONVOLUTIONS for node in graph.nodes):
        return graph
    chosen = _Choice(graph, size)
    if not chosen.kept:
        return graph
    return _Emission(graph, size, chosen, stable).graph()


def _is_image(aval, size: int) -> bool:
    return isinstance(aval, TensorAval) and len(aval.shape) == 4 and all(type(d) is int and d > 0 for d in aval.shape) \
        and aval.shape[CHANNELS] % size == 0


def _is_fast_plain(node: Node) -> bool:
    """Whether plain pooling has a kernel for vectors: windows of 2 x 2 side by side, with AVX-512."""
    return _ext.isa() == "avx512" and node.op.name.startswith("max") and node.attr("kernel") == (2, 2) == \
        node.attr("stride") and not any(node.attr("padding"))


def node_problem(node: Node) -> tuple[str, tuple, tuple]:
    """`conv_problem` of a node."""
    return conv_problem(node.op.name, *[n.shape for n in (*node.ins[:2], node)])


def _arguments(node: Node) -> tuple:
    """The arguments that the convolution factories of `_ext` share."""
    kind, shapes, _ = node_problem(node)
    return (kind, node.dtype.key, *shapes, node.attr("stride"), node.attr("padding"), node.attr("dilation"),
            node.attr("groups"))


def _exists(node: Node) -> bool:
    """Whether oneDNN has something good for a convolution on blocks."""
    return _ext.has_blocked_conv(*_arguments(node), node_problem(node)[2])


class _Choice:
    """Which values lie in blocks. `kept`: the numbers of the nodes; `convolutions`: those that oneDNN computes."""

    def __init__(self, graph: Graph, size: int):
        self.size = size
        self.convolutions = {n.idx for n in graph.nodes if self._is_fast(n)}
        self.may: set[int] = set()
        for node in graph.nodes:
            if self._may(node):
                self.may.add(node.idx)
        self.kept: set[int] = set()
        users = graph.users()
        for node in reversed(graph.nodes):
            if node.idx in self.may and (node.op.name in POOLINGS or
                                         any(self._takes(user, node) for user in users[node.idx])):
                self.kept.add(node.idx)

    def _is_fast(self, node: Node) -> bool:
        return (node.op.name in CONVOLUTIONS and node.dtype.key == "float32"
                and all(type(d) is int and d > 0 for n in (*node.ins, node) for d in n.shape)
                and _ext.conv_choice(*_arguments(node)) == "onednn")

    def _may(self, node: Node) -> bool:
        if not _is_image(node.aval, self.size):
            return False
        if node.op.name in CONVOLUTIONS:
            return node.idx in self.convolutions and not node.op.name.endswith("weight_grad")
        if node.op.name in POOLINGS:
            return node.dtype.key == "float32" and all(_is_image(i.aval, self.size) for i in node.ins) and (
                any(i.idx in self.may for i in node.ins) or not _is_fast_plain(node))
        return node.op.scalar and node.dtype.kind != "c" and any(
            i.idx in self.may and i.shape == node.shape for i in node.ins) and all(
            type(d) is int for i in node.ins for d in i.shape)

    def _takes(self, user: Node, node: Node) -> bool:
        """Whether a reader takes a value in blocks."""
        if user.idx in self.convolutions:
            images = user.ins if user.op.name.endswith("weight_grad") else user.ins[:1]
            return any(i is node for i in images)
        if user.op.name in SUMS:
            return reduces_whole(user)
        return user.idx in self.kept


def reduces_whole(node: Node) -> bool:
    """Whether a reduction of an image leaves nothing that would have to be put in order: it goes over the channels, or
    over all places."""
    axes = node.attr("axis")
    axes = (axes,) if isinstance(axes, int) else tuple(a % 4 for a in axes)
    return CHANNELS in axes or {2, 3} <= set(axes)


class _Emission:
    """Writes the graph. A node of the source stands for a plain node, one in blocks, or both once both were needed."""

    def __init__(self, graph: Graph, size: int, chosen: _Choice, stable: frozenset[int]):
        self.source, self.size, self.chosen, self.stable = graph, size, chosen, stable
        self.b = Builder(graph.name)
        self.plain: dict[int, Node] = {}
        self.blocked: dict[int, Node] = {}

    def graph(self) -> Graph:
        b = self.b
        for param in self.source.params:
            self.plain[param.idx] = b.parameter(param.aval)
        for node in self.source.nodes:
            if node.idx not in self.plain:
                b.loc = node.loc
                self._emit(node)
        return b.finish([self._plain(o) for o in self.source.outputs])

    def _emit(self, node: Node) -> None:
        if node.idx in self.chosen.convolutions:
            made = self._convolution(node)
        elif node.idx in self.chosen.kept:
            made = self._pooling(node) if node.op.name in POOLINGS else self._elements(node)
        elif node.op.name in SUMS and node.ins[0].idx in self.blocked and reduces_whole(node):
            made = self._sum(node)
        else:
            made = None
        if made is None:
            made = self.b.emit(node.op, tuple([self._plain(i) for i in node.ins]), node.attrs)
        self._note(node, made)

    def _note(self, node: Node, made: Node) -> None:
        in_block = isinstance(made.aval, TensorAval) and made.shape != node.aval.shape
        (self.blocked if in_block else self.plain)[node.idx] = made

    def _plain(self, node: Node) -> Node:
        found = self.plain.get(node.idx)
        if found is None:
            found = self.plain[node.idx] = plain(self.b, self.blocked[node.idx])
        return found

    def _as_it_is(self, node: Node) -> Node:
        """In blocks, if it is so already."""
        return self.blocked.get(node.idx) or self.plain[node.idx]

    def _in_blocks(self, node: Node) -> Node:
        found = self.blocked.get(node.idx)
        if found is None:
            found = self.blocked[node.idx] = in_blocks(self.b, self.plain[node.idx], self.size)
        return found

    # -- operators -----------------------------------------------------------------------------------------------------

    def _convolution(self, node: Node) -> Node | None:
        """The convolution on what its operands are; None where oneDNN has nothing good for it."""
        block = self.size if node.idx in self.chosen.kept else 0
        images = node.ins if node.op.name.endswith("weight_grad") else node.ins[:1]
        ins = [self._as_it_is(i) for i in images]
        kernels = [self._plain(w) for w in node.ins[len(images):]]
        if not block and all(len(i.shape) == 4 for i in ins):
            return None
        op = primitive(PREFIX + node.op.name)
        if block and self._has_standing_kernels(node):
            made = self.b.emit(op, (*ins, kernels_in_blocks(self.b, kernels[0], self.size)), (*node.attrs, block))
            if _exists(made):
                return made
        made = self.b.emit(op, (*ins, *kernels), (*node.attrs, block))
        return made if _exists(made) else None

    def _has_standing_kernels(self, node: Node) -> bool:
        """Whether the kernels of a convolution can be put into blocks once and for all."""
        if node.op.name != "conv2d" or node.attr("groups") != 1 or node.ins[0].idx not in self.blocked:
            return False
        return node.ins[1].idx in self.stable and all(size % self.size == 0 for size in node.ins[1].shape[:2])

    def _pooling(self, node: Node) -> Node:
        ins = tuple([self._in_blocks(i) for i in node.ins])
        return self.b.emit(primitive(PREFIX + node.op.name), ins, (*node.attrs, self.size))

    def _elements(self, node: Node) -> Node:
        return self.b.emit(node.op, tuple([self._operand(i) for i in node.ins]), node.attrs)

    def _operand(self, node: Node) -> Node:
        """An operand of an element-wise operator whose result lies in blocks."""
        shape = node.shape
        if len(shape) == 4 and (node.idx in self.blocked):
            return self.blocked[node.idx]
        n, c, h, w = (1,) * (4 - len(shape)) + shape
        if not shape:
            return self._plain(node)
        if c == 1:
            return self.b.reshape(self._plain(node), shape=(n, 1, h, w, 1))
        if h == w == 1:
            return self.b.reshape(self._plain(node), shape=(n, c // self.size, 1, 1, self.size))
        if node.op.name == "broadcast_to":
            return self._operand(node.ins[0])
        if len(shape) == 4:
            return self._in_blocks(node)
        return in_blocks(self.b, self.b.reshape(self._plain(node), shape=(n, c, h, w)), self.size)

    def _sum(self, node: Node) -> Node:
        axes = node.attr("axis")
        axes = {a % 4 for a in ((axes,) if isinstance(axes, int) else axes)}
        over = tuple(sorted(axes | ({4} if CHANNELS in axes else set())))
        made = self.b.call(node.op, self.blocked[node.ins[0].idx], axis=over, keepdims=False)
        return made if made.shape == node.shape else self.b.reshape(made, shape=node.shape)
