"""The graph recorder: what operators report to while a function is being compiled.

A `GraphTrace` owns a builder. Tensors that flow through the compiled function hold a `Traced` (the trace and a node)
in place of a storage. A tensor from outside is lifted: it becomes a parameter of the graph, by identity, so two cells
that share a weight lift one parameter. Assigning to a Parameter inside changes its node from then on; what was
assigned is an extra output when the trace is closed. An inner trace (the function under `grad`) lifts from the outer
one in the same way, so graphs stay closed at every level.
"""
from __future__ import annotations

import linecache
import operator
import sys
import threading
from collections.abc import Callable
from typing import Any

from mindspore.compiler.frontend import location
from mindspore.compiler.frontend.errors import GraphCompileError, TensorConditionError, Unwinding, describe
from mindspore.compiler.ir import Builder, Graph, Node, TupleAval
from mindspore.compiler.ir.dims import Dim
from mindspore.runtime.storage import Storage, from_numpy

_REPEATED = frozenset({"cond", "while_", "scan", "call", "rec"})


class Traced:
    """A value that is known only as a node of a trace. used: whether an operation has read it."""

    __slots__ = ("trace", "node", "aval", "used")

    def __init__(self, trace: GraphTrace, node: Node):
        self.trace, self.node, self.aval, self.used = trace, node, node.aval, False


class GraphTrace:
    """See the module's text.

    lifted: the outside tensors, in the order of the parameters that stand for them, after the explicit parameters.
    nodes, first: the present and the first node of each of them, by identity.
    written: the outside tensors that were assigned. changing: those that earlier trips of the loop, whose body is
    traced, may have assigned.
    around: the trace and those that it lies in.
    conditional: whether the trace is of a branch or a loop, or lies in one.
    aliases: what is known of tensors that may be the same, in the whole compilation (`aliases`). carried: the tensors
    that stand for carried values in the body of a loop, with the values before it.
    checks: of index tensors, in the whole compilation, with their numbers (`index_checks`).
    is_block: whether it is of a block (`blocks`). looked: whether the program has looked at the value of a tensor
    meanwhile.
    staged: whether hooks of the trace run when its derivative is recorded (`autodiff.staged`), without need of a graph.
    structures: what `structure` found, by the index of the node.
    guards: of the outermost trace, the guards of the function that is compiled; None where there are none.
    arguments: of the outermost trace, the tensors that stand for the arguments of a call, with their first nodes.
    constants: of the outermost trace, the containers among the arguments that `mutable` did not make.
    hands_over: whether an exception takes the values of arguments along (`raising`).
    sizes: by the index of its node what is known of a whole number that may be a size (`size_of`): a Dim, an int,
    or the SizeAsked that is raised for it.
    marks, journal: the number of points that `put_back` may go back to, and what was assigned to local tensors since.
    undone: the loops, branches and calls that were recorded and put back (`repeated`).
    """

    def __init__(self, name: str, parent: GraphTrace | None, conditional: bool = False):
        self.conditional = conditional or (parent is not None and parent.conditional)
        self.builder = Builder(name)
        self.parent = parent
        self.around: frozenset[GraphTrace] = frozenset([self]) if parent is None else parent.around | {self}
        self.sizes: dict = {}
        self.explicit = 0
        self.lifted: list = []
        self.nodes: dict[int, Node] = {}  # id of an outside tensor -> its present node
        self.written: dict[int, object] = {}
        self.changing: dict[int, object] = {}
        self.is_block = self.looked = self.staged = False
        self.guards: Any = None
        self.arguments: list[tuple[Any, Node]] = []
        self.constants: list = []
        self.hands_over = False
        self.first: dict[int, Node] = {}
        self.structures: dict[int, bytes] = {}
        self.marks = 0
        self.journal: list = []
        self.undone: list[Node] = []
        self.carried: list = []
        self.aliases = _new_aliases() if parent is None else parent.aliases
        self.checks: dict[Any, int] = {} if parent is None else parent.checks

    def add_parameter(self, aval) -> Traced:
        """A new explicit parameter; all of these come before anything is recorded."""
        self.explicit += 1
        return Traced(self, self.builder.parameter(aval))

    def node_of(self, tensor) -> Node:
        """The node that stands for a tensor here; lifts what comes from outside."""
        value = tensor._value
        if type(value) is Traced:
            value.used = True
            if value.trace is self:
                return value.node
        found = self.nodes.get(id(tensor))
        if found is None:
            if not self.can_lift(tensor):
                if value.trace.is_block:
                    raise WithoutBlocks
                raise GraphCompileError(
                    "A tensor is used outside of the branch, loop or gradient in which it was computed.",
                    found=describe(tensor), remedy="pass it on through a variable or a return value")
            found = self.nodes[id(tensor)] = self.first[id(tensor)] = self.builder.parameter(value.aval)
            self.lifted.append(tensor)
        return found

    def in_block(self) -> bool:
        """Whether the trace is of a block, or lies in one."""
        at: GraphTrace | None = self
        while at is not None and not at.is_block:
            at = at.parent
        return at is not None

    def can_lift(self, tensor) -> bool:
        """Whether the tensor is known here or outside of this trace."""
        value = tensor._value
        return type(value) is not Traced or value.trace in self.around

    def record(self, op, tensors: tuple, attrs: tuple):
        """Emit one operation; a Traced, or a tuple of them."""
        builder = self.builder
        builder.loc = location.current()
        if self.aliases.stale:
            for tensor in tensors:
                self.aliases.check(tensor)
        node = builder.emit(op, tuple([self.node_of(t) for t in tensors]), attrs)
        if isinstance(node.aval, TupleAval):
            return tuple([Traced(self, n) for n in builder.items(node)])
        return Traced(self, node)

    def rebind(self, tensor, value: Traced) -> None:
        """From now on `tensor`, which was made in this trace, has this value."""
        if self.marks:
            self.journal.append((tensor, tensor._value))
        tensor._value = value

    def write(self, tensor, node: Node) -> None:
        """From now on `tensor`, which lives outside this trace, has the value of `node`."""
        self.node_of(tensor)
        self.nodes[id(tensor)] = node
        self.written[id(tensor)] = tensor

    def hand_over(self, tensors) -> None:
        """These tensors, which were made in this trace, outlive it: they get a value in the trace around it as those do
        that are assigned here."""
        for tensor in tensors:
            self.nodes[id(tensor)] = self.node_of(tensor)
            self.written[id(tensor)] = tensor

    def take_over(self, tensor, node: Node) -> None:
        """A tensor that a trace inside of this one has assigned or hands over has the value of `node`."""
        if self.is_local(tensor) or not self.can_lift(tensor):
            self.rebind(tensor, Traced(self, node))
        else:
            self.write(tensor, node)

    def assigns(self, tensor) -> bool:
        """Whether a tensor from outside may have been assigned here so far."""
        return id(tensor) in self.written or id(tensor) in self.changing

    def is_local(self, tensor) -> bool:
        """Whether the tensor was made inside this trace."""
        value = tensor._value
        return type(value) is Traced and value.trace is self

    def close(self, outputs: list[Node]) -> Graph:
        """The graph of the outputs followed by the written tensors' last values."""
        return self.builder.finish(outputs + [self.nodes[k] for k in self.written])

    # -- going back ----------------------------------------------------------------------------------------------------

    def mark(self) -> tuple:
        """The present values of tensors, for `put_back`; after each mark `forget` is called in the end."""
        self.marks += 1
        return dict(self.nodes), dict(self.written), len(self.journal), len(self.builder.nodes)

    def assigns_since(self, mark: tuple) -> bool:
        """Whether a tensor that was made in this trace has been assigned since a mark that still holds."""
        return len(self.journal) > mark[2]

    def put_back(self, mark: tuple) -> None:
        """What was assigned since the mark was not assigned. Nodes stay; those that nothing reads die."""
        nodes, written, length, recorded = mark
        self.undone += [node for node in self.builder.nodes[recorded:] if node.op.name in _REPEATED]
        self.nodes = {**{id(t): self.first[id(t)] for t in self.lifted}, **nodes}
        self.written = dict(written)
        while len(self.journal) > length:
            tensor, value = self.journal.pop()
            tensor._value = value

    def forget(self) -> None:
        """There is one mark less. Where none is left, no changes are noted."""
        self.marks -= 1
        if not self.marks:
            self.journal.clear()


def _new_aliases():
    from mindspore.graph.aliases import Aliases
    return Aliases()


class _Stack(threading.local):
    trace: GraphTrace | None = None
    mixing: Any = None  # what says in which precision operators compute (`runtime.mixing`)


_stack = _Stack()


def current_trace() -> GraphTrace | None:
    """The innermost trace of this thread, or None in PyNative mode."""
    return _stack.trace


class tracing:
    """Record into `trace` inside the block."""

    def __init__(self, trace: GraphTrace):
        self.trace = trace

    def __enter__(self) -> GraphTrace:
        self.saved = _stack.trace
        _stack.trace = self.trace
        return self.trace

    def __exit__(self, *exc) -> None:
        _stack.trace = self.saved


class suspended:
    """Record eagerly inside the block, whatever is being traced."""

    def __enter__(self) -> None:
        self.saved = _stack.trace
        _stack.trace = None

    def __exit__(self, *exc) -> None:
        _stack.trace = self.saved


_REMEDIES = {
    "bool": "decide by 'if', 'while' or ops.where in a function whose source can be read",
    "number": "the tensor itself, which takes part in arithmetic as a number does; or ops.cast(x, dtype)",
    "index": "ops.gather(x, index, axis) for elements, a mask or ops.where for parts; shapes must not depend on values",
    "array": "operations of mindspore.ops in place of those of NumPy; or call this code outside the compiled function",
    "": "tensor operations in place of Python numbers; or call this code outside the compiled function",
}


def storage_of(tensor, asked: str = "") -> Storage:
    """The storage of a concrete tensor, or of a constant of the graph; TracedValueError for one that is computed.

    A function that is compiled takes the value for granted: its graph is for tensors from outside that keep it.

    asked: what for, a key of the table of remedies.
    """
    value, at, changed = tensor._value, _stack.trace, False
    while at is not None:
        at.looked, changed = True, changed or at.assigns(tensor)
        outermost, at = at, at.parent
    if type(value) is Traced or changed:
        if not changed and value.node.op.name == "constant":
            return from_numpy(value.node.attrs[0].array)
        raise TracedValueError(
            "The value of a tensor is needed while its function is being compiled: it is known only at run time.",
            found=describe(tensor),
            remedy=_REMEDIES[asked])
    if _stack.trace is not None and outermost.guards is not None:
        outermost.guards.add_value(tensor)
    return value


def size_of(tensor) -> Any:
    """The whole number that a traced tensor is known to be, a Dim or an int; None for others."""
    value = tensor._value
    return _number_of(value.trace, value.node) if type(value) is Traced else None


def _number_of(trace: GraphTrace, node: Node) -> Any:
    name = node.op.name
    if node.idx in trace.sizes or name in ("parameter", "dimension", "constant"):
        found = trace.sizes.get(node.idx)
        if isinstance(found, SizeAsked):
            raise found
        if name == "dimension":
            found = node.attrs[0]
        elif name == "constant" and node.aval.shape == () and node.aval.dtype.kind in "iu":
            found = int(node.attrs[0].array)
        return found if isinstance(found, int | Dim) else None
    if name in _INTEGER_OPERATIONS and node.aval.size == 1 and node.aval.dtype.kind in "iu":
        operands = [_number_of(trace, operand) for operand in node.ins]
        return None if None in operands else _INTEGER_OPERATIONS[name](*operands)
    return None


_INTEGER_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "floor_div": operator.floordiv,
    "cast": lambda x: x, "reshape": lambda x: x, "neg": operator.neg}


def refuse_without_source(tensor) -> None:
    """TensorConditionError if a traced tensor is asked for its truth by a function whose source cannot be read, so that
    only recording it is possible."""
    value = tensor._value
    if type(value) is not Traced or value.node.op.name == "constant":
        return
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "mindspore":
        frame = frame.f_back
    if frame is None or linecache.getline(frame.f_code.co_filename, frame.f_lineno):
        return
    raise TensorConditionError(
        f"The function '{frame.f_code.co_name}' decides by a tensor, but its source cannot be read: it can only be "
        f"recorded, which sees one side of a decision.",
        found=f"{describe(tensor)} whose truth is asked in line {frame.f_lineno} of {frame.f_code.co_filename}",
        remedy="put the function into a file or a notebook cell; or choose by ops.where(condition, a, b)")


class SizeAsked(Unwinding):
    """A whole number, argument number `leaf`, is used as a size: the function is recorded again with a symbol."""

    def __init__(self, leaf: int):
        super().__init__(f"argument {leaf} is used as a size")
        self.leaf = leaf


class WithoutBlocks(Unwinding):
    """A tensor has left the block that computed it: the function is to be recorded without blocks."""


class HookHasEffects(Unwinding):
    """A hook on a gradient changes something outside of itself, so that it has no graph of its own: the function is
    recorded again without making one. key: what identifies the hook."""

    def __init__(self, key: object):
        super().__init__("a hook has effects")
        self.key = key


class PathsNeeded(Unwinding):
    """A tensor is changed in place that a decision inside of a branch has merged: the function is to be recorded with
    the outcomes of such decisions handed out of their branches."""


class TracedValueError(GraphCompileError):
    """Python asked for the value of a tensor inside a function that is being compiled."""

    native = True
