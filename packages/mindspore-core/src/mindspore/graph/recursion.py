"""What recursive calls become in the graph.

The arguments of a recursive function are *taken apart*: into a shape, which has to be the same in all of its calls, and
leaves, which are tensors and Python numbers. A `Leaf` says what is known of one leaf in all calls: one Python number,
or the type of a tensor. Numbers that differ from call to call become tensors by the rules of joins (`control`), and a
number that meets a tensor without dimensions takes its dtype. The same holds for results.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mindspore.common.dtype import bool_, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.frontend.journal import Contents
from mindspore.compiler.ir import Node, TensorAval, tensor_aval
from mindspore.compiler.primitives.recursion import calls_of
from mindspore.graph import control
from mindspore.graph.control import Mismatch
from mindspore.graph.trace import GraphTrace, Traced, current_trace
from mindspore.runtime.record import wrap

_NUMBERS = (bool, int, float)
_DTYPES = {bool: bool_, int: int64, float: float32}
_COMPARED = (str, bytes, range, slice, frozenset, complex)


# -- shapes and leaves -------------------------------------------------------------------------------------------------


class Fixed:
    """A part of a shape that is no container: equal to the same object, and to an equal one of a plain type."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fixed):
            return False
        mine, theirs = self.value, other.value
        return mine is theirs or (type(mine) is type(theirs) and isinstance(mine, _COMPARED) and mine == theirs)

    __hash__ = None


def take_apart(value: Any, leaves: list) -> Any:
    """Append the tensors and numbers in `value` to `leaves`; the shape of the rest, to be compared and put together."""
    kind = type(value)
    if isinstance(value, Tensor) or kind in _NUMBERS:
        leaves.append(value)
        return None
    if isinstance(value, tuple | list):
        return (kind, None, [take_apart(v, leaves) for v in value])
    if kind is dict:
        return (dict, list(value), [take_apart(v, leaves) for v in value.values()])
    if kind is Contents:
        return (Contents, [value.kind, value.keys], [take_apart(v, leaves) for v in value.items])
    return Fixed(value)


def put_together(shape: Any, leaves: Iterator, made: list | None = None) -> Any:
    """The value of a shape with these leaves; lists and dicts in it, with copies of them, are appended to `made`."""
    if shape is None:
        return next(leaves)
    if isinstance(shape, Fixed):
        return shape.value
    kind, keys, parts = shape
    items = [put_together(part, leaves, made) for part in parts]
    if kind is Contents:
        return Contents(*keys, tuple(items))
    if issubclass(kind, tuple):
        return kind(*items) if hasattr(kind, "_fields") else kind(items)
    value = kind(items) if keys is None else dict(zip(keys, items))
    if made is not None:
        made.append((value, kind(value)))
    return value


def unchanged(made: list) -> bool:
    """Whether the lists and dicts that `put_together` made have the same items as then."""
    for value, before in made:
        items = list(value.items()) if isinstance(value, dict) else value
        olds = list(before.items()) if isinstance(before, dict) else before
        if len(items) != len(olds) or not all(_same(x, y) for x, y in zip(items, olds)):
            return False
    return True


def _same(x: Any, y: Any) -> bool:
    return x is y or (isinstance(x, tuple) and isinstance(y, tuple) and len(x) == len(y)
                      and all(map(_same, x, y)))


class Leaf:
    """What is known of a tensor or number in all calls: a number (`aval` is None), or the type of a tensor, which is
    `weak` where it comes from Python numbers only."""

    __slots__ = ("aval", "number", "weak")

    def __init__(self, number: Any, aval: TensorAval | None, weak: bool = False):
        self.number, self.aval, self.weak = number, aval, weak

    @staticmethod
    def of(value: Any) -> Leaf:
        return Leaf(None, value._value.aval) if isinstance(value, Tensor) else Leaf(value, None)

    def alike(self, other: Leaf) -> bool:
        """Whether the two say the same."""
        same = type(self.number) is type(other.number) and self.number == other.number
        return self.aval is other.aval and (self.aval is not None or same)

    def join(self, other: Leaf) -> Leaf:
        """What is known of values of which either is known. Mismatch where they have no common type."""
        if self.alike(other):
            return self if self.weak is other.weak or not self.weak else other
        x, y = self._as_weak(), other._as_weak()
        if x.aval is y.aval:
            return x if y.weak else y
        if x.aval.shape == y.aval.shape == () and (x.weak or y.weak):
            rank = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
            low, high = sorted((x, y), key=lambda leaf: (rank[leaf.aval.dtype.kind], not leaf.weak))
            if low.weak and (not high.weak or rank[low.aval.dtype.kind] > 0 or self._is_bool(high)):
                return high
        raise Mismatch(f"{self} against {other}")

    @staticmethod
    def _is_bool(leaf: Leaf) -> bool:
        return leaf.aval.dtype is bool_

    def _as_weak(self) -> Leaf:
        return self if self.aval is not None else Leaf(None, tensor_aval((), _DTYPES[type(self.number)]), True)

    def __str__(self) -> str:
        if self.aval is None:
            return describe(self.number)
        return f"a Tensor of shape {self.aval.shape} and dtype {self.aval.dtype}"


def join_leaves(mine: list[Leaf], theirs: list[Leaf]) -> list[Leaf]:
    """The joins, one by one. Mismatch where one has none."""
    return [x.join(y) for x, y in zip(mine, theirs, strict=True)]


def all_alike(mine: list[Leaf], theirs: list[Leaf]) -> bool:
    """Whether the leaves say the same, one by one."""
    return len(mine) == len(theirs) and all(map(Leaf.alike, mine, theirs))


# -- traces ------------------------------------------------------------------------------------------------------------


def parameters(trace: GraphTrace, known: list[Leaf]) -> list:
    """Leaves inside of a function: its numbers, and a new parameter for each tensor."""
    return [leaf.number if leaf.aval is None else wrap(trace.add_parameter(leaf.aval)) for leaf in known]


def nodes_of(trace: GraphTrace, values: list, known: list[Leaf]) -> list[Node]:
    """The nodes of those leaves that are tensors in all calls."""
    return [_node(trace, value, leaf.aval) for value, leaf in zip(values, known) if leaf.aval is not None]


def _node(trace: GraphTrace, value: Any, aval: TensorAval) -> Node:
    node = control.node_in(trace, value, aval)
    return node if node.aval is aval else trace.builder.cast(node, dtype=aval.dtype)


def tensors_of(trace: GraphTrace, nodes: Iterator[Node], known: list[Leaf]) -> list:
    """Leaves of which the tensors are these nodes."""
    return [leaf.number if leaf.aval is None else wrap(Traced(trace, next(nodes))) for leaf in known]


def call(name: str, operands: list[Node], avals: list) -> tuple[Node, ...]:
    """Emit a call of a recursive function into the present trace: its results."""
    b = current_trace().builder
    return b.items(b.rec_call(*operands, function=name, avals=tuple(avals)))


def carry(trace: GraphTrace, tensors: list) -> None:
    """Parameters for tensors from outside that each call passes on."""
    for tensor in tensors:
        trace.nodes[id(tensor)] = trace.add_parameter(tensor._value.aval).node


def is_inside(tensor: Tensor, trace: GraphTrace) -> bool:
    """Whether the tensor was computed in the trace, or in a trace inside of it."""
    at = tensor._value.trace if type(tensor._value) is Traced else None
    while at is not None and at is not trace:
        at = at.parent
    return at is not None


def given_back(trace: GraphTrace, results: list, arguments: list) -> list[tuple[Tensor, bool]]:
    """The tensors from outside that the results of a function, whose body is traced, may be: those that it returns by
    name, and, where it returns an argument, what is passed in any call. Each with whether a result may be a view of it
    rather than the tensor itself."""
    outer, found = trace.parent, []
    returns_arguments: set[bool] = set()
    for result in results:
        for root in trace.aliases.roots_of(result) if isinstance(result, Tensor) else ():
            inner, seen = root._value, root._value.aval is not result._value.aval
            if outer.can_lift(root):
                found.append((root, seen))
            elif type(inner) is Traced and inner.node.op.name == "parameter":
                returns_arguments.add(seen)
    passed = [a for a in arguments if isinstance(a, Tensor) and outer.can_lift(a)]
    return [*found, *[(a, seen) for seen in sorted(returns_arguments) for a in passed]]


def relate(trace: GraphTrace, results: list, others: list[tuple[Tensor, bool]]) -> None:
    """The results of a call may be one of these tensors, or views of them."""
    for result in results:
        for other, seen in others:
            if isinstance(result, Tensor) and (result._value.aval is other._value.aval or (
                    seen and result.dtype is other.dtype)):
                trace.aliases.relate(result, other)


def define(functions: dict[str, tuple[GraphTrace, list[Node]]], operands: list[Node]) -> tuple[Node, ...]:
    """Emit the call of the first of these functions into the present trace: its results. They are given by name: the
    trace of the body and its outputs."""
    trace, first = current_trace(), next(iter(functions))
    called = _called(functions, first)
    graphs, lifted = control.closed([functions[name] for name in called])
    b = trace.builder
    shared = [trace.node_of(t) for t in lifted]
    return b.items(b.rec(*operands, *shared, functions=tuple(graphs), names=tuple(called), shared=len(shared)))


def _called(functions: dict[str, tuple[GraphTrace, list[Node]]], first: str) -> list[str]:
    """The names of the functions that the first one calls, directly or not; itself first."""
    graphs = {name: trace.builder.finish(outputs) for name, (trace, outputs) in functions.items()}
    found, pending = [], [first]
    while pending:
        name = pending.pop()
        if name not in found:
            found.append(name)
            pending += [called for called, _, _ in calls_of(graphs[name])]
    return found


def assign(written: dict, nodes: Iterator[Node]) -> None:
    """Give the tensors from outside that a function assigns their new values in the present trace."""
    control.assign_written(current_trace(), written, nodes)


