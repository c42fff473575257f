"""Layouts: images that convolutions read or write lie in blocks of channels from one convolution to the next.

A graph speaks of plain images [n, c, h, w]. oneDNN's convolutions take and give [n, c / block, h, w, block], and around
each of them its operands and results would be put in order. Here a graph is written once more with blocks where they
pay: convolutions give blocks, element-wise operators, pooling and sums go on with them, and only what reads a plain
image gets one. First it is decided which values lie in blocks, then the graph is emitted.

* A value *may* lie in blocks if it is a convolution's result of whole blocks, or what operators that work on any layout
  make of such values. Pooling is so much faster on blocks that it may begin with a plain image.
* It *does* if somebody reads it so; a convolution whose result goes straight into a plain reader gives it plain.

A block is a vector's lanes in float32, and all channels in bfloat16 where the processor multiplies it, which is many
times faster so (docs/cpu-kernels.md). Other half-precision convolutions are computed in float32, and the casts belong
to what is around them. What follows a convolution element by element keeps its blocks, in whatever type.

Kernels that are the same in every call (`stable`) are packed in the graph, where core computes them once.
"""
from __future__ import annotations

from functools import lru_cache

from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, Graph, Node, TensorAval, rewrite
from mindspore.compiler.passes.standing import stable_nodes
from mindspore.compiler.primitives.base import primitive
from mindspore_cpu import _ext
from mindspore_cpu.blocked import CONVOLUTIONS, POOLINGS, PREFIX, block_of, conv_problem, in_blocks, plain, plain_shape
from mindspore_cpu.packing import pack

SUMS = ("sum", "max", "min", "prod")
HALF = "bfloat16"  # what convolutions multiply as it is
VECTOR = 16  # channels that half-precision convolutions multiply together
MOST_PADDING = 6  # times the arithmetic that zeros may cost a convolution on tiles, which are ten times faster
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
    widened = _widened(graph)
    if widened is not graph:
        stable = stable_nodes(widened, [param.attrs[0] for param in graph.params if param.idx in stable])
        graph = widened
    chosen = _Choice(graph, size)
    if not chosen.kept and not chosen.padded:
        return graph
    return _Emission(graph, chosen, stable).graph()


def _is_image(aval, block: int) -> bool:
    return isinstance(aval, TensorAval) and len(aval.shape) == 4 and all(type(d) is int and d > 0 for d in aval.shape) \
        and aval.shape[CHANNELS] % block == 0


def _is_fast_plain(node: Node) -> bool:
    """Whether plain pooling has a kernel for vectors: windows of 2 x 2 side by side, with AVX-512."""
    return _ext.isa() == "avx512" and node.op.name.startswith("max") and node.attr("kernel") == (2, 2) == \
        node.attr("stride") and not any(node.attr("padding"))


def node_problem(node: Node) -> tuple[str, tuple, tuple]:
    """`conv_problem` of a node."""
    return conv_problem(node.op.name, *[n.shape for n in (*node.ins[:2], node)], node.kwargs().get("kernels", ""))


def _arguments(node: Node) -> tuple:
    """The arguments that the convolution factories of `_ext` share after the kind."""
    return node.dtype.key, *node_problem(node)[1], *_geometry(node)


def _geometry(node: Node) -> tuple:
    return node.attr("stride"), node.attr("padding"), node.attr("dilation"), node.attr("groups")


def _exists(node: Node) -> bool:
    """Whether oneDNN has something good for a convolution on blocks."""
    kind, _, blocks = node_problem(node)
    return _ext.has_blocked_conv(kind, *_arguments(node), blocks, node.kwargs().get("kernels", ""))


def _whole_channels(node: Node) -> int:
    """The channels that the image of a half-precision convolution is given, some of them zeros: with a channel left
    over, oneDNN multiplies a neighbouring element by a zero weight, which turns an infinity into NaN."""
    (_, channels, _, _) = node_problem(node)[1][0]
    whole = -(-channels // VECTOR) * VECTOR
    pays = _ext.has_tiles() and whole <= MOST_PADDING * channels
    return whole if pays and node.attr("groups") == 1 and not node.op.name.endswith("input_grad") else channels


def _padded(b: Builder, x: Node, channels: int) -> Node:
    """A plain image, or kernels, with zeros behind its channels."""
    if x.shape[CHANNELS] == channels:
        return x
    return b.call(primitive("pad"), x, low=(0, 0, 0, 0), high=(0, channels - x.shape[CHANNELS], 0, 0))


def _has_sizes(node: Node) -> bool:
    """Whether a convolution has something to do, and all sizes are known."""
    return all(type(d) is int and d > 0 for n in (*node.ins, node) for d in n.shape)


def _multiplies_halves(node: Node) -> bool:
    """Whether oneDNN has something good for a convolution of bfloat16 on blocks of all channels."""
    kind, ((n, c, h, w), kernels, output), _ = node_problem(node)
    whole = _whole_channels(node)
    shapes = (n, whole, h, w), (kernels[0], kernels[1] + whole - c, *kernels[2:]), output
    return _ext.has_blocked_conv(kind, HALF, *shapes, *_geometry(node), (whole, kernels[0]), "")


def _widened(graph: Graph) -> Graph:
    """The graph with the half-precision convolutions that are not multiplied as they are in float32."""
    def is_widened(node: Node) -> bool:
        return node.op.name in CONVOLUTIONS and node.dtype.key in ("float16", HALF) and _has_sizes(node) and not (
            node.dtype.key == HALF and _multiplies_halves(node))

    if not any(map(is_widened, graph.nodes)):
        return graph

    def widen(b: Builder, node: Node, ins: tuple) -> Node | None:
        if not is_widened(node):
            return None
        made = b.emit(node.op, tuple([b.cast(x, dtype=float32) for x in ins]), node.attrs)
        return b.cast(made, dtype=node.dtype)

    return rewrite(graph, widen)


class _Choice:
    """Which values lie in blocks. `kept`: the numbers of the nodes, with their blocks; `convolutions`: the numbers of
    those that oneDNN computes; `padded`: whether some of these take more channels than they are given."""

    def __init__(self, graph: Graph, size: int):
        self.size = size
        self.convolutions = {n.idx for n in graph.nodes if self._is_fast(n)}
        self.padded = any(n.idx in self.convolutions and n.dtype.key == HALF and
                          _whole_channels(n) != node_problem(n)[1][0][CHANNELS] for n in graph.nodes)
        self.may: dict[int, int] = {}
        for node in graph.nodes:
            block = self._block(node)
            if block and _is_image(node.aval, block):
                self.may[node.idx] = block
        self.kept: dict[int, int] = {}
        users = graph.users()
        for node in reversed(graph.nodes):
            if node.idx in self.may and (node.op.name in POOLINGS or
                                         any(self._takes(user, node) for user in users[node.idx])):
                self.kept[node.idx] = self.may[node.idx]

    def wanted(self, convolution: Node, image: Node) -> int:
        """The blocks in which a convolution reads or writes an image."""
        return self.size if convolution.dtype.key == "float32" else image.shape[CHANNELS]

    def _is_fast(self, node: Node) -> bool:
        if node.op.name not in CONVOLUTIONS or not _has_sizes(node):
            return False
        if node.dtype.key == "float32":
            return _ext.conv_choice(node_problem(node)[0], *_arguments(node)) == "onednn"
        return node.dtype.key == HALF and _multiplies_halves(node)

    def _block(self, node: Node) -> int:
        """The blocks in which a node's result may lie; 0: none."""
        given = [self.may[i.idx] for i in node.ins if i.idx in self.may]
        if node.op.name in CONVOLUTIONS:
            fits = node.idx in self.convolutions and not node.op.name.endswith("weight_grad")
            return self.wanted(node, node) if fits else 0
        if node.op.name in POOLINGS:
            block = given[0] if given else self.size if node.dtype.key == "float32" and not _is_fast_plain(node) else 0
            fits = node.dtype.key in ("float32", "float16", HALF) and block and block % self.size == 0
            return block if fits and all(_is_image(i.aval, block) for i in node.ins) else 0
        if not node.op.scalar or node.dtype.kind == "c" or any(type(d) is not int for i in node.ins for d in i.shape):
            return 0
        return next((self.may[i.idx] for i in node.ins if i.idx in self.may and i.shape == node.shape), 0)

    def _takes(self, user: Node, node: Node) -> bool:
        """Whether a reader takes a value in blocks."""
        if user.idx in self.convolutions:
            images = user.ins if user.op.name.endswith("weight_grad") else user.ins[:1]
            return any(i is node for i in images) and self.may[node.idx] == self.wanted(user, node)
        if user.op.name in SUMS:
            return reduces_whole(user)
        return self.kept.get(user.idx) == self.may[node.idx]


def reduces_whole(node: Node) -> bool:
    """Whether a reduction of an image leaves nothing that would have to be put in order: it goes over the channels, or
    over all places."""
    axes = node.attr("axis")
    axes = (axes,) if isinstance(axes, int) else tuple(a % 4 for a in axes)
    return CHANNELS in axes or {2, 3} <= set(axes)


class _Emission:
    """Writes the graph. A node of the source stands for a plain node, one in blocks, or several once they were
    needed."""

    def __init__(self, graph: Graph, chosen: _Choice, stable: frozenset[int]):
        self.source, self.chosen, self.stable = graph, chosen, stable
        self.b = Builder(graph.name)
        self.plain: dict[int, Node] = {}
        self.blocked: dict[int, dict[int, Node]] = {}  # by node, then by block

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
        if isinstance(made.aval, TensorAval) and made.shape != node.aval.shape:
            self.blocked.setdefault(node.idx, {})[block_of(made.shape)] = made
        else:
            self.plain[node.idx] = made

    def _plain(self, node: Node) -> Node:
        found = self.plain.get(node.idx)
        if found is None:
            found = self.plain[node.idx] = plain(self.b, self._some_blocked(node))
        return found

    def _some_blocked(self, node: Node) -> Node:
        return next(iter(self.blocked[node.idx].values()))

    def _as_it_is(self, node: Node, block: int) -> Node:
        """In these blocks, if it is so already; else plain."""
        return self.blocked.get(node.idx, {}).get(block) or self._plain(node)

    def _in_blocks(self, node: Node, block: int) -> Node:
        if block not in self.blocked.get(node.idx, {}):
            self.blocked.setdefault(node.idx, {})[block] = in_blocks(self.b, self._plain(node), block)
        return self.blocked[node.idx][block]

    # -- operators -----------------------------------------------------------------------------------------------------

    def _convolution(self, node: Node) -> Node | None:
        """The convolution on what its operands are; None where oneDNN has nothing good for it."""
        block, is_weight_grad = self.chosen.kept.get(node.idx, 0), node.op.name.endswith("weight_grad")
        images = node.ins if is_weight_grad else node.ins[:1]
        ins = [self._as_it_is(i, self.chosen.wanted(node, i)) for i in images]
        weights = [self._plain(w) for w in node.ins[len(images):]]
        given = node_problem(node)[1][0][CHANNELS]
        whole = given if node.dtype.key == "float32" else _whole_channels(node)
        if whole != given:
            ins[0], weights = _padded(self.b, ins[0], whole), [_padded(self.b, w, whole) for w in weights]
        elif not block and all(len(i.shape) == 4 for i in ins):
            return None
        op, attrs = primitive(PREFIX + node.op.name), (*node.attrs, block)
        if node.op.name == "conv2d":
            made = self._on_packed_kernels(node, ins[0], weights[0], block)
            if made is not None:
                return made
            attrs = (*attrs, "")
        made = self.b.emit(op, (*ins, *weights), attrs)
        if not _exists(made):
            return None
        if is_weight_grad and whole != given:
            return self.b.call(primitive("slice"), made, begin=(0, 0, 0, 0), end=node.shape, strides=(1, 1, 1, 1))
        return made

    def _on_packed_kernels(self, node: Node, image: Node, weights: Node, block: int) -> Node | None:
        """The convolution on kernels that are packed once and for all; None where they cannot be."""
        if node.ins[1].idx not in self.stable:
            return None
        name = _ext.conv_packing(node.dtype.key, plain_shape(image.shape), weights.shape, node_problem(node)[1][2],
                                 *_geometry(node), (block_of(image.shape), block))
        if not name:
            return None
        ins = image, pack(self.b, weights, name)
        made = self.b.emit(primitive("blocked_conv2d"), ins, (*node.attrs, block, name))
        return made if _exists(made) else None

    def _pooling(self, node: Node) -> Node:
        block = self.chosen.kept[node.idx]
        ins = tuple([self._in_blocks(i, block) for i in node.ins])
        return self.b.emit(primitive(PREFIX + node.op.name), ins, (*node.attrs, block))

    def _elements(self, node: Node) -> Node:
        block = self.chosen.kept[node.idx]
        return self.b.emit(node.op, tuple([self._operand(i, block) for i in node.ins]), node.attrs)

    def _operand(self, node: Node, block: int) -> Node:
        """An operand of an element-wise operator whose result lies in blocks."""
        shape = node.shape
        if len(shape) == 4 and block in self.blocked.get(node.idx, {}):
            return self.blocked[node.idx][block]
        n, c, h, w = (1,) * (4 - len(shape)) + shape
        if not shape:
            return self._plain(node)
        if c == 1:
            return self.b.reshape(self._plain(node), shape=(n, 1, h, w, 1))
        if h == w == 1:
            return self.b.reshape(self._plain(node), shape=(n, c // block, 1, 1, block))
        if node.op.name == "broadcast_to":
            return self._operand(node.ins[0], block)
        if len(shape) == 4:
            return self._in_blocks(node, block)
        return in_blocks(self.b, self.b.reshape(self._plain(node), shape=(n, c, h, w)), block)

    def _sum(self, node: Node) -> Node:
        axes = node.attr("axis")
        axes = {a % 4 for a in ((axes,) if isinstance(axes, int) else axes)}
        over = tuple(sorted(axes | ({4} if CHANNELS in axes else set())))
        made = self.b.call(node.op, self._some_blocked(node.ins[0]), axis=over, keepdims=False)
        return made if made.shape == node.shape else self.b.reshape(made, shape=node.shape)
