"""Legalize: rewrite a graph until the device can run every node.

A node is legal if the device has a kernel for it, or may generate code for it, at its dtypes. Otherwise the operator's
decomposition takes its place, for complex numbers the one into operators on their real and imaginary parts where the
device can take numbers apart; an operator without one stays and becomes a host launch, which runs the reference.
"""
from __future__ import annotations

from mindspore.compiler.autodiff.vjp import decompose
from mindspore.compiler.ir import Builder, Graph, Node, TensorAval, TupleAval
from mindspore.compiler.passes.updates import repeated_updates, signature
from mindspore.compiler.primitives.complex_rules import each_part
from mindspore.plugin.protocols import KernelSpec

STRUCTURAL = frozenset({"parameter", "constant", "dimension", "item"})
VIEWS = frozenset({"reshape"})


def legalize(graph: Graph, device) -> Graph:
    """The graph with decompositions in place of what the device cannot run."""
    if all(not (n.op.lower or splits(n, device)) or is_legal(n, device) for n in graph.nodes):
        return graph
    b = LegalBuilder(graph.name, device, repeated_updates(graph, device))
    return b.finish(b.inline(graph, [b.parameter(p.aval) for p in graph.params]))


class LegalBuilder(Builder):
    """A builder that emits the decomposition of what the device cannot run, and in a decomposition likewise."""

    def __init__(self, name: str, device, kept: frozenset[tuple] = frozenset()):
        super().__init__(name)
        self.device = device
        self.kept = kept  # the signatures of updates that are not decomposed (`passes.updates`)
        self._known: dict[int, Node] = {}  # node -> what stands for it, once it has been looked at
        self._elements: dict[int, tuple] = {}  # node with several results -> their decompositions

    def emit(self, op, ins: tuple, attrs: tuple = ()) -> Node:
        """As `Builder.emit`; the node of several results that is decomposed stays, unread, and its elements are those
        of the decomposition."""
        if op.name == "item" and ins[0].idx in self._elements:
            return self._elements[ins[0].idx][attrs[0]]
        node = super().emit(op, ins, attrs)
        if node.op.lower is None and not splits(node, self.device):
            return node
        found = self._known.get(node.idx)
        if found is None:
            found = self._known[node.idx] = self._legal(node)
        return found

    def _legal(self, node: Node) -> Node:
        if is_legal(node, self.device) or (node.op.one_pass and signature(node) in self.kept):
            return node
        if splits(node, self.device):
            return split(self, node)
        result = decompose(self, node.op, node.ins, node.kwargs(), node.aval)
        if isinstance(result, tuple):
            self._elements[node.idx] = result
            return node
        return result


def splits(node: Node, device) -> bool:
    """Whether the node computes with complex numbers that the device can take apart and has a rule for their parts."""
    op = node.op
    if not (op.partwise or op.lower_parts) or isinstance(node.aval, TupleAval):
        return False
    if not any(a.dtype.kind == "c" for a in (node.aval, *[i.aval for i in node.ins])):
        return False
    return all(name in device.kernels for name in ("real", "imag", "complex"))


def split(b: Builder, node: Node) -> Node:
    """The node made of operators on real and imaginary parts."""
    if node.op.partwise:
        return each_part(node.op, b, node.ins, node.kwargs())
    result = node.op.lower_parts(b, *node.ins, **node.kwargs())
    if result.aval is not node.aval:
        raise TypeError(f"{node.op.name}: its parts give {result.aval}, but its shape rule says {node.aval}")
    return result


def is_legal(node: Node, device) -> bool:
    """Whether the device has a kernel or generated code for this node."""
    name = node.op.name
    if name in STRUCTURAL or name in VIEWS:
        return True
    return generates(node, device) or has_kernel(node, device)


def generates(node: Node, device) -> bool:
    """Whether the node may be a member of a generated group."""
    can = device.capabilities
    return node.op.name in can.codegen and dtypes_within(node, can.dtypes if can.codegen_dtypes is None
                                                         else can.codegen_dtypes)


def has_kernel(node: Node, device) -> bool:
    """Whether the device's kernel table serves the node; `device.supports(spec)` refines it where it exists."""
    if node.op.name not in device.kernels or not dtypes_within(node, device.capabilities.dtypes):
        return False
    supports = getattr(device, "supports", None)
    return supports is None or supports(kernel_spec(node))


def kernel_spec(node: Node) -> KernelSpec:
    """What the device's builder for this node's primitive is asked for."""
    outs = node.aval.items if isinstance(node.aval, TupleAval) else (node.aval,)
    return KernelSpec(node.op.name, node.kwargs(), tuple(i.aval for i in node.ins), outs)


def dtypes_within(node: Node, claimed: frozenset[str]) -> bool:
    """Whether the element types of operands and results are all claimed."""
    avals = [i.aval for i in node.ins] + list(node.aval.items if isinstance(node.aval, TupleAval) else (node.aval,))
    return all(a.dtype.key in claimed for a in avals if isinstance(a, TensorAval))
