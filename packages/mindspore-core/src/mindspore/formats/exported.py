"""The graph of a network as a file format can hold it.

`trace_network` gets the graph of a network, or a function, in inference. `prepared` rewrites a graph for a format:
calls are replaced by what they call, `scan` by a `while_` that counts, and operators that the format does not have by
their decompositions, again and again, in the graphs of branches and loops as well. An operator that remains and has no
place in the format is refused by name, with the user's line where it is known.

An input may leave sizes open (`Tensor(shape=[None, 3], dtype=...)`): the graph is then made with symbols for them, as
for `Cell.set_inputs`. Open sizes of the same axis of different inputs, such as the batch, are one symbol.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mindspore.common.api import jit
from mindspore.common.dtype import int32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.vjp import decompose
from mindspore.compiler.ir import Builder, Graph, Node, TensorAval
from mindspore.compiler.ir.dims import Symbolic
from mindspore.graph import tree
from mindspore.graph.compiled import CompiledFunction
from mindspore.graph.dynamic import Described, Placeholder, Symbol
from mindspore.nn.cell import Cell

__all__ = ["Network", "prepared", "refuse", "trace_network"]

_PASSED_ON = frozenset({"identity", "stop_gradient"})
_STRUCTURAL = frozenset({"parameter", "constant", "item", "cond", "while_"})


@dataclass
class Network:
    """A network's graph. Its parameters are the inputs, called `inputs`, then `weights`. Its outputs are what the
    network returns (`result` holds their numbers, in its structure) and what is assigned to `weights`, by position
    (`writes`: number of the output, number of the weight)."""

    name: str
    graph: Graph
    inputs: list[str]
    weights: list[Tensor]
    result: Any
    writes: list[tuple[int, int]]


def trace_network(net: Any, inputs: tuple) -> Network:
    """The graph of a Cell or function for these inputs, which are Tensors, containers of them, and other values.

    A Cell is taken as it is in inference, whatever its mode.

    Raises:
        TypeError: `net` is neither a Cell nor a function.
        ValueError: it assigns attributes, or returns something else than tensors, or a size cannot be left open.
    """
    examples = tree.map_tensors(_example, inputs)
    open_sizes = None
    if any(map(is_open, leaves(inputs))):
        open_sizes = Described("export", dict(enumerate(inputs)))
    if isinstance(net, Cell):
        cells = [cell for _, cell in net.cells_and_names()]
        training = [cell.training for cell in cells]
        net.set_train(False)
        try:
            return _traced(_compiled(net, open_sizes), net.construct, examples, type(net).__name__)
        finally:
            for cell, mode in zip(cells, training):
                if cell.training is not mode:
                    cell.training = mode
    if not callable(net):
        raise TypeError(f"For 'export', 'net' must be a Cell or a function, but got {type(net).__name__}.")
    compiled = jit(getattr(net, "__ms_function__", net)).compiled
    compiled.varying = open_sizes
    return _traced(compiled, net, examples, compiled.name)


def is_open(value: Any) -> bool:
    """Whether a value is a tensor that leaves sizes open."""
    return isinstance(value, Tensor) and type(value._value) is Placeholder


def _example(tensor: Tensor) -> Tensor:
    """A tensor in place of one that leaves sizes open, where the sizes of an axis are the same in all of them; and of a
    Parameter, which is an input like another if it is passed."""
    if not is_open(tensor):
        return Tensor(tensor) if isinstance(tensor, Parameter) else tensor
    sizes = tensor._value.sizes
    if sizes is None:
        raise ValueError("For 'export', an input must say how many axes it has; leave open their sizes only.")
    shape = [d if type(d) is int else next(n for n in range(11 + 6 * k, 1 << 40) if not isinstance(d, Symbol) or
                                           d.fits(n)) for k, d in enumerate(sizes)]
    return Tensor(np.zeros(shape, tensor._value.dtype.np))


def _compiled(net: Cell, open_sizes: Described | None) -> CompiledFunction:
    """A Cell, compiled for sizes that are as open as is said here."""
    saved = net._varying, net.__dict__.get("_compiled")
    net._varying = open_sizes
    try:
        return net._compiled_construct()
    finally:
        net._varying, net.__dict__["_compiled"] = saved


def _entry(compiled: CompiledFunction, inputs: tuple) -> Any:
    """The entry for these inputs. ValueError where a size that is said to be open is a certain number."""
    if compiled.varying is None:
        return compiled.specialise(compiled.signature(inputs, {}), inputs, {})
    entry, _ = compiled._entry_of_sizes(inputs, {}, [])
    said: list = []
    tree.flatten(tuple(compiled.varying.described.values()), said)
    for tensor, param in zip([t for t in said if not isinstance(t, Parameter)], entry.graph.params):
        sizes = tensor._value.sizes if is_open(tensor) else ()
        if any(type(d) is not int and type(n) is int for d, n in zip(sizes, param.shape)):
            raise ValueError(f"For 'export', {compiled.name} needs certain sizes, {param.shape}, where an input leaves "
                             f"them open as {tensor.shape}. Say what they are; MS_EXPLAIN_CACHE=1 says why.")
    return entry


def _traced(compiled: CompiledFunction, function: Callable, inputs: tuple, name: str) -> Network:
    entry = _entry(compiled, inputs)
    if entry.effects:
        raise ValueError(f"For 'export', {name} assigns the attribute '{entry.effects[0][1]}' when it is called, which "
                         f"a file cannot hold. Make it a Parameter, or compute it in __init__.")
    graph, lifted, writes = entry.for_a_file()
    graph, result = _with_numbers(graph, name, tree.rebuild(entry.result, map(_Place, range(entry.results))))
    explicit = len(graph.params) - len(lifted)
    places = [(out, source - explicit) for _, out, source in writes]
    return Network(name, graph, _input_names(function, inputs), lifted, result, places)


@dataclass(frozen=True)
class _Place:
    """Where a tensor is among a graph's outputs."""

    number: int

    def __repr__(self) -> str:
        return "a tensor"


def _with_numbers(graph: Graph, name: str, result: Any) -> tuple[Graph, Any]:
    """A graph with the numbers in what it returns as outputs, the last ones; and the numbers of all outputs in that."""
    b = Builder(graph.name)
    outputs = list(b.inline(graph, [b.parameter(p.aval) for p in graph.params]))

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: placed(each) for key, each in value.items()}
        if isinstance(value, (tuple, list)):
            return tuple([placed(each) for each in value])
        if value is None:
            return None
        if isinstance(value, _Place):
            return value.number
        if not isinstance(value, (bool, int, float, Symbolic)):
            raise ValueError(f"For 'export', {name} returns {result!r}; only tensors, numbers, None, and tuples, "
                             f"lists and dicts of them, can be returned.")
        outputs.append(b.constant(value, None if isinstance(value, Symbolic) else Tensor(value).dtype))
        return len(outputs) - 1

    places = placed(result)
    if not leaves(places):
        raise ValueError(f"For 'export', {name} returns {result!r}, which has no tensors.")
    return (graph if len(outputs) == len(graph.outputs) else b.finish(outputs)), places


def leaves(value: Any) -> list:
    """What stands in nested containers, but None."""
    if value is None:
        return []
    if isinstance(value, dict):
        value = list(value.values())
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, (tuple, list)) else [value]


def _input_names(function: Callable, inputs: tuple) -> list[str]:
    """A name for each tensor among the inputs: that of the argument, with a number where it is a container."""
    try:
        bound = inspect.signature(function).bind(*inputs).arguments
    except (TypeError, ValueError):
        bound = {f"x{k}": value for k, value in enumerate(inputs)}
    names = []
    for name, value in bound.items():
        tensors: list = []
        tree.flatten(value, tensors)
        names += [name] if isinstance(value, Tensor) else [f"{name}_{k}" for k in range(len(tensors))]
    return names


def prepared(graph: Graph, has: Callable[[Node], bool]) -> Graph:
    """The graph of nodes that `has` accepts, and of parameters, constants, items, choices and loops."""
    b = _Preparing(graph.name, has)
    return b.finish(b.inline(graph, [b.parameter(p.aval) for p in graph.params]))


def refuse(file_format: str, node: Node) -> ValueError:
    """The error for an operator that a format does not have."""
    place = f" (line {node.loc[1]} of {node.loc[0]})" if node.loc else ""
    return ValueError(f"For 'export', the operator '{node.op.name}'{place} has no place in {file_format}. Write what "
                      f"it computes by other operators, or leave it out of the exported network.")


class _Preparing(Builder):
    """A builder that emits what a format has."""

    def __init__(self, name: str, has: Callable[[Node], bool]):
        super().__init__(name)
        self._has = has
        self._stands_for: dict[int, Any] = {}

    def emit(self, op, ins: tuple, attrs: tuple = ()) -> Any:
        if op.name in _PASSED_ON:
            return ins[0]
        if op.name == "known_value":
            return ins[1]
        if op.name == "item" and isinstance(elements := self._stands_for.get(ins[0].idx), tuple):
            return elements[attrs[0]]
        if op.name in ("cond", "while_"):
            attrs = tuple([prepared(a, self._has) if isinstance(a, Graph) else a for a in attrs])
        node = super().emit(op, ins, attrs)
        if node.op.name in _STRUCTURAL:
            return node
        found = self._stands_for.get(node.idx)
        if found is None:
            found = self._stands_for[node.idx] = self._found(node)
        return node if isinstance(found, tuple) else found

    def _found(self, node: Node) -> Any:
        """What stands for a node: a node, or a tuple of the elements of one with several results."""
        if node.op.name == "call":
            return tuple(self.inline(node.attr("callee"), node.ins))
        if node.op.name == "scan":
            return tuple(_counted(self, node))
        if self._has(node):
            return node
        if node.op.name == "unfold2d":
            return _slices(self, node)
        if node.op.lower is None:
            return node
        found = decompose(self, node.op, node.ins, node.kwargs(), node.aval)
        return tuple(found) if isinstance(found, (tuple, list)) else found


def _slices(b: Builder, node: Node) -> Node:
    """The windows of images as columns, from one slice of the images for each place in a window."""
    kernel, stride, padding, dilation = node.attrs
    x, (n, channels), count = node.ins[0], node.ins[0].shape[:2], node.shape[2]
    x = b.pad(x, low=(0, 0, *padding[::2]), high=(0, 0, *padding[1::2]))
    sizes = [(total - (k - 1) * d - 1) // s + 1 for total, k, s, d in zip(x.shape[2:], kernel, stride, dilation)]
    places = []
    for place in np.ndindex(*kernel):
        begin = [p * d for p, d in zip(place, dilation)]
        end = [first + (size - 1) * s + 1 for first, size, s in zip(begin, sizes, stride)]
        part = b.slice(x, begin=(0, 0, *begin), end=(n, channels, *end), strides=(1, 1, *stride))
        places.append(b.reshape(part, shape=(n, channels, 1, count)))
    joined = b.concat(*places, axis=2) if len(places) > 1 else places[0]
    return b.reshape(joined, shape=node.shape)


def _counted(b: Builder, node: Node) -> list[Node]:
    """A scan as a loop that counts: the carried values, then the stacked results, which start as zeros."""
    body, length, carried, sliced, reverse = node.attrs
    stacked = [a for a in node.aval.items[carried:] if isinstance(a, TensorAval)]
    given = [b.constant(0, int32), *node.ins[:carried], *[b.zeros_like(a) for a in stacked], *node.ins[carried:]]
    count = 1 + carried + len(stacked)
    test = Builder("goes_on")
    params = [test.parameter(n.aval) for n in given]
    trip = Builder("trip")
    own = [trip.parameter(n.aval) for n in given]
    place = trip.sub(length - 1, own[0]) if reverse else own[0]
    slices = [trip.gather(x, place, axis=0) for x in own[count:count + sliced]]
    found = trip.inline(body, [*own[1:1 + carried], *slices, *own[count + sliced:]])
    where = trip.reshape(place, shape=(1,))
    filled = [trip.scatter_add(total, where, trip.reshape(new, shape=(1, *new.shape)), axis=0)
              for total, new in zip(own[1 + carried:count], found[carried:])]
    results = b.while_(*given, condition=test.finish([test.lt(params[0], length)]),
                       body=trip.finish([trip.add(own[0], 1), *found[:carried], *filled]), carried=count)
    return list(b.items(results)[1:])
