"""Control flow on traced tensors: what the interpreter's branches and trips become in the graph.

The interpreter runs each branch of a decision in a trace of its own, which lifts what it reads from the trace around
it. `choose` makes one `cond` of two such traces and joins the values that the branches left in the program's variables;
`repeat` makes one `while_` of the traces of a condition and a body.

Values join by these rules. Tensors of one shape and dtype are chosen at run time. Equal Python values stay Python
values. Python numbers that differ become tensors (bool, int64, float32; an int beside a float is a float), and take the
dtype of a tensor without dimensions on the other side. Tuples, lists and dicts join element by element. Anything else
is a `Mismatch`, which is an error where the variable is read.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mindspore.common.dtype import DType, bool_, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.ir import Builder, Graph, Node, tensor_aval
from mindspore.graph import tree
from mindspore.graph.trace import GraphTrace, Traced, current_trace, tracing
from mindspore.runtime.record import wrap

_COMPARED = (str, bytes, range, slice, DType, frozenset)
_NUMBERS = {bool: bool_, int: int64, float: float32}


class Mismatch(Exception):
    """Two values that have no join; the message says what they are."""


def predicate(value: Tensor) -> Tensor:
    """A tensor of one element as a bool without dimensions. Mismatch for other tensors."""
    if value.size != 1:
        raise Mismatch(f"{describe(value)} has {value.size} elements, and only one element has a truth")
    trace = current_trace()
    b, node = trace.builder, trace.node_of(value)
    node = b.reshape(node, shape=()) if node.shape != () else node
    return wrap(Traced(trace, node if node.dtype is bool_ else b.ne(node, 0)))


def negate(value: Tensor) -> Tensor:
    """`not` of a predicate."""
    trace = current_trace()
    return wrap(Traced(trace, trace.builder.logical_not(trace.node_of(value))))


# -- joins -------------------------------------------------------------------------------------------------------------


def merge(a: Any, b: Any, pairs: list) -> Any:
    """The pattern of the join of two values, tensors as None in it; what is to be chosen is appended to `pairs`.

    A pattern is (maker, parts) for a container, (None, value) for a Python value, None for a chosen tensor.
    """
    if a is b:
        return (None, a)
    kinds = type(a), type(b)
    if isinstance(a, Tensor) or isinstance(b, Tensor) or all(k in _NUMBERS for k in kinds):
        if kinds[0] is kinds[1] and not isinstance(a, Tensor) and a == b:
            return (None, a)
        pairs.append((a, b, common_aval(a, b)))
        return None
    if kinds[0] is kinds[1] and isinstance(a, tuple | list) and len(a) == len(b):
        make = kinds[0] if not hasattr(a, "_fields") else lambda items: kinds[0](*items)
        return (make, [merge(x, y, pairs) for x, y in zip(a, b)])
    if kinds == (dict, dict) and list(a) == list(b):
        keys = list(a)
        return (lambda items: dict(zip(keys, items)), [merge(a[k], b[k], pairs) for k in keys])
    if kinds[0] is kinds[1] and isinstance(a, _COMPARED) and a == b:
        return (None, a)
    raise Mismatch(f"{describe(a)} against {describe(b)}")


def common_aval(a: Any, b: Any):
    """The aval that a choice between two tensors or Python numbers has. Mismatch where there is none."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a._value.aval is not b._value.aval:
            raise Mismatch(f"{describe(a)} against {describe(b)}")
        return a._value.aval
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        return tensor_aval((), float32 if float in (type(a), type(b)) else
                           bool_ if type(a) is type(b) is bool else int64)
    tensor, number = (a, b) if isinstance(a, Tensor) else (b, a)
    rank = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
    wanted = _NUMBERS.get(type(number))
    if wanted is None or tensor.shape != () or rank[wanted.kind] > rank[tensor.dtype.kind]:
        raise Mismatch(f"{describe(a)} against {describe(b)}")
    return tensor._value.aval


def fill(pattern: Any, found: Iterator) -> Any:
    """The value of a pattern with chosen tensors taken from `found`."""
    if pattern is None:
        return next(found)
    make, parts = pattern
    return parts if make is None else make([fill(p, found) for p in parts])


def node_in(trace: GraphTrace, value: Any, aval) -> Node:
    """The node of a tensor or Python number in a trace."""
    return trace.node_of(value) if isinstance(value, Tensor) else trace.builder.constant(value, aval.dtype)


# -- regions -----------------------------------------------------------------------------------------------------------


def choose(pred: Tensor, then: GraphTrace, orelse: GraphTrace, pairs: list) -> list[Tensor]:
    """Emit the choice between two traces into the present one: the tensors for `pairs`. What either branch assigned to
    tensors from outside is assigned."""
    outer = current_trace()
    written = {**then.written, **orelse.written}
    if not pairs and not written:
        return []
    outputs = [[*[node_in(trace, pair[k], pair[2]) for pair in pairs], *[trace.node_of(t) for t in written.values()]]
               for k, trace in enumerate((then, orelse))]
    graphs, lifted = _closed([(then, outputs[0]), (orelse, outputs[1])])
    b = outer.builder
    results = b.items(b.cond(outer.node_of(pred), *[outer.node_of(t) for t in lifted], then=graphs[0],
                             orelse=graphs[1]))
    _assign(outer, written, results[len(pairs):])
    return [wrap(Traced(outer, n)) for n in results[:len(pairs)]]


def repeat(regions: list[GraphTrace], test: Tensor, starts: list, ends: list, written: dict) -> list:
    """Emit a loop into the present trace: the carried values at its end.

    regions: the traces of the condition and the body. starts: the values before the loop, of tensors. ends: those at
    the end of a trip. written: tensors from outside that the body assigns; they follow the carried ones among the
    explicit parameters of both traces.
    """
    outer, (condition, body) = current_trace(), regions
    tensors: list = []
    spec = tree.flatten(starts, tensors)
    outputs = [node_in(body, value, tensor._value.aval) for value, tensor in zip(_leaves(starts, ends), tensors)]
    outputs += [body.node_of(t) for t in written.values()]
    first = [outer.node_of(t) for t in (*tensors, *written.values())]
    graphs, lifted = _closed([(condition, [condition.node_of(test)]), (body, outputs)])
    b = outer.builder
    results = b.items(b.while_(*first, *[outer.node_of(t) for t in lifted], condition=graphs[0], body=graphs[1],
                               carried=len(first)))
    _assign(outer, written, results[len(tensors):])
    return tree.rebuild(spec, iter([wrap(Traced(outer, n)) for n in results]))


def _leaves(start: Any, end: Any) -> Iterator:
    """What stands in `end` at the places of the tensors of `start`."""
    if isinstance(start, Tensor):
        yield end
    elif isinstance(start, tuple | list):
        for x, y in zip(start, end):
            yield from _leaves(x, y)


def region(name: str) -> GraphTrace:
    """A trace inside of the present one."""
    return GraphTrace(name, current_trace(), conditional=True)


recording = tracing


def parameters(trace: GraphTrace, value: Any) -> Any:
    """The value with a new parameter of the trace for each tensor."""
    return tree.map_tensors(lambda t: wrap(trace.add_parameter(t._value.aval)), value)


def carry_written(trace: GraphTrace, written: dict) -> None:
    """Parameters for tensors from outside that a loop assigns."""
    for key, tensor in written.items():
        trace.nodes[key] = trace.add_parameter(tensor._value.aval).node
    trace.changing = dict(written)


def writes(trace: GraphTrace) -> dict:
    """The tensors from outside that were assigned in a trace, by identity."""
    return trace.written


def constant(value: Any, dtype: DType | None = None) -> Tensor:
    """A Python number as a tensor of the present trace."""
    trace = current_trace()
    return wrap(Traced(trace, trace.builder.constant(value, dtype or _NUMBERS[type(value)])))


def goes_on(code: Tensor, pred: Tensor) -> Tensor:
    """`pred`, but false where a loop has been left."""
    trace = current_trace()
    b = trace.builder
    return wrap(Traced(trace, b.logical_and(b.eq(trace.node_of(code), 0), trace.node_of(pred))))


def code_is(code: Any, wanted: int) -> Any:
    """Whether a loop was left like this: a bool, or a tensor."""
    if not isinstance(code, Tensor):
        return constant(code == wanted)
    trace = current_trace()
    return wrap(Traced(trace, trace.builder.eq(trace.node_of(code), wanted)))


def blank(value: Any, trace: GraphTrace | None = None) -> Any:
    """The value with zeros in place of its tensors, in a trace, or in the present one."""
    trace = trace or current_trace()
    return tree.map_tensors(lambda t: wrap(Traced(trace, trace.builder.zeros_like(t._value.aval))), value)


def carried(start: Any, known: Any, after: Any) -> Any:
    """The value that a variable starts from in a loop, Python numbers as tensors. known: what an earlier attempt found,
    or None. after: the value at the end of a trip. Mismatch where the variable does not keep its type."""
    if isinstance(start, Tensor):
        if isinstance(after, Tensor) or type(after) in _NUMBERS:
            if common_aval(start, after) is start._value.aval:
                return start
        raise Mismatch(f"{describe(start)} before the loop, {describe(after)} after a trip")
    if type(start) in _NUMBERS and (isinstance(after, Tensor) or type(after) in _NUMBERS):
        aval = common_aval(start, after)
        if isinstance(known, Tensor) and not isinstance(after, Tensor):
            aval = common_aval(known, after)
        return constant(start, aval.dtype)
    if type(start) is type(after) and isinstance(start, tuple | list) and len(start) == len(after):
        before = known if known is not None else [None] * len(start)
        parts = [carried(*each) for each in zip(start, before, after)]
        return type(start)(*parts) if hasattr(start, "_fields") else type(start)(parts)
    if start is after or (type(start) is type(after) and isinstance(start, str) and start == after):
        return start
    raise Mismatch(f"{describe(start)} before the loop, {describe(after)} after a trip")


def alike(a: Any, b: Any) -> bool:
    """Whether two carried values have tensors of the same avals."""
    found: tuple[list, list] = ([], [])
    for value, leaves in zip((a, b), found):
        tree.flatten(value, leaves)
    return [t._value.aval for t in found[0]] == [t._value.aval for t in found[1]]


def _closed(parts: list[tuple[GraphTrace, list[Node]]]) -> tuple[list[Graph], list]:
    """Graphs of traces on the same operands: their explicit parameters, then all tensors that any of them lifted."""
    lifted = list({id(t): t for trace, _ in parts for t in trace.lifted}.values())
    place = {id(t): k for k, t in enumerate(lifted)}
    graphs = []
    for trace, outputs in parts:
        graph, b = trace.builder.finish(outputs), Builder(trace.builder.name)
        explicit = [b.parameter(p.aval) for p in graph.params[:trace.explicit]]
        params = [b.parameter(t._value.aval) for t in lifted]
        graphs.append(b.finish(b.inline(graph, [*explicit, *[params[place[id(t)]] for t in trace.lifted]])))
    return graphs, lifted


def _assign(outer: GraphTrace, written: dict, nodes) -> None:
    for tensor, node in zip(written.values(), nodes):
        if outer.is_local(tensor):
            tensor._value = Traced(outer, node)
        else:
            outer.write(tensor, node)
