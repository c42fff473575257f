"""Compiled functions: specialisation by signature, guards, and the call.

A call takes its arguments apart: tensors contribute their avals to the signature and are inputs of the graph;
everything else is part of the signature by value. For a new signature the function is interpreted with traced tensors
(`GraphTrace`), the graph is compiled, and an entry is kept: executable, lifted tensors, written tensors, guards.
A later call finds the entry by its signature, checks the guards, gathers buffers, and runs the executable once.
"""
from __future__ import annotations

import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler import debug
from mindspore.compiler.collector import CollectorAtRest
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.passes.calls import settle_calls
from mindspore.compiler.primitives.effects import has_effects, may_raise
from mindspore.eager import segment as _segment
from mindspore.graph import tree
from mindspore.graph.blocks import Blocks
from mindspore.graph.guards import Guards
from mindspore.graph.raising import without_executor
from mindspore.graph.trace import GraphTrace, Traced, WithoutBlocks, current_trace, tracing
from mindspore.runtime import device as _device
from mindspore.runtime.record import apply, assign, wrap
from mindspore.runtime.storage import Storage

ENTRIES_PER_FUNCTION = 64
MANY_ENTRIES = 8
_getrefcount = sys.getrefcount


class _Session(threading.local):
    guards: Guards | None = None
    blocks: Blocks | None = None


_session = _Session()


def current_guards() -> Guards | None:
    """The guards of the compilation under way on this thread."""
    return _session.guards


def current_blocks() -> Blocks | None:
    """The repeated blocks of the compilation under way on this thread; None where it is recorded without."""
    return _session.blocks


class Entry:
    """One specialisation of a function."""

    __slots__ = ("guards", "executable", "device", "lifted", "writes", "result", "single", "results", "graph",
                 "donated", "out_avals", "effects", "kept")

    def __init__(self, guards: Guards, graph, lifted: list, writes: list, result, results: int, effects: list,
                 kept: list):
        self.guards, self.graph, self.lifted = guards, graph, lifted
        self.writes = writes  # (tensor, output position, input position)
        self.result, self.results = result, results
        self.effects = effects  # (object, attribute, spec of the value): assignments of the function
        self.single = tree.is_single(result) and not effects
        self.donated = {} if may_raise(graph) else {out: source for _, out, source in writes}
        self.out_avals = graph.out_avals
        self.kept = kept
        self.executable = self.device = None

    def run(self, leaves: list):
        """Call the executable with the leaves' and the lifted tensors' buffers; update what is written."""
        device = _device.current()
        if self.device is not device:
            from mindspore.compiler.pipeline import compile_graph
            self.executable, self.device = compile_graph(self.graph, device, self.donated), device
        buffers = []
        for tensor in leaves:
            value = tensor._value
            buffer = value.buffer
            buffers.append(buffer if buffer is not None and value.device is device else value.buffer_on(device))
        for tensor in self.lifted:
            value = tensor._value
            buffer = value.buffer
            buffers.append(buffer if buffer is not None and value.device is device else value.buffer_on(device))
        for tensor, _, source in self.writes:
            value = tensor._value
            if value.pinned or _getrefcount(value) > 3:
                tensor._value = value = _private_copy(value, device)
                buffers[source] = value.buffer
        try:
            outputs = self.executable.run(buffers)
        except Exception as error:
            without_executor(error)
            raise
        for tensor, out, _ in self.writes:
            value = tensor._value
            value.buffer, value.host = outputs[out], None
        if self.single:
            return wrap(Storage(self.out_avals[0], outputs[0], device))
        return self._result([wrap(Storage(self.out_avals[k], outputs[k], device)) for k in range(self.results)])

    def record(self, leaves: list):
        """The same call, operation by operation in the thread's segment: what a gradient in PyNative mode records."""
        graph = self.graph
        values: list = [None] * len(graph.nodes)
        for param, tensor in zip(graph.params, [*leaves, *self.lifted]):
            values[param.idx] = tensor
        for node in graph.nodes:
            if values[node.idx] is not None:
                continue
            if node.op.name == "item":
                values[node.idx] = values[node.ins[0].idx][node.attr("index")]
            else:
                values[node.idx] = apply(node.op, tuple([values[i.idx] for i in node.ins]), node.attrs)
        for tensor, out, _ in self.writes:
            assign(tensor, values[graph.outputs[out].idx])
        if has_effects(graph):
            _segment.flush()
        return self._result([values[o.idx] for o in graph.outputs[:self.results]])

    def _result(self, tensors: list):
        """What the function returns, from the graph's outputs; the attributes that it assigns are set."""
        found = iter(tensors)
        result = tree.rebuild(self.result, found)
        for obj, name, spec in self.effects:
            setattr(obj, name, tree.rebuild(spec, found))
        return result


def _private_copy(value: Storage, device) -> Storage:
    """A storage of the same value that nobody else holds."""
    fresh = device.allocator.allocate(value.aval.nbytes)
    device.allocator.copy(fresh, value.buffer_on(device), value.aval.nbytes)
    return Storage(value.aval, fresh, device)


class CompiledFunction:
    """A function (or a Cell's construct) that is compiled per signature; call it like the function.

    target: called with the traced arguments to record the function's operations (interpreted or native).
    """

    def __init__(self, target: Callable, name: str):
        self.target, self.name = target, name
        self.entries: OrderedDict[tuple, list[Entry]] = OrderedDict()
        self.lock = threading.RLock()
        self.compile_count = 0
        self.refused: set[tuple] = set()

    def __call__(self, *args, **kwargs) -> Any:
        if current_trace() is not None:
            return self.target(*args, **kwargs)
        leaves: list = []
        key = tuple([_signature(a, leaves) for a in args])
        if kwargs:
            key += tuple([(k, _signature(v, leaves)) for k, v in kwargs.items()])
        segment = _segment._local.segment
        differentiated = segment is not None and segment.regions
        entries = self.entries.get(key)
        if entries is not None:
            for entry in entries:
                if entry.guards.hold():
                    return entry.record(leaves) if differentiated else entry.run(leaves)
        if debug.explains():
            self._explain(key, entries)
        entry = self.specialise(key, args, kwargs)
        return entry.record(leaves) if differentiated else entry.run(leaves)

    def signature(self, args: tuple, kwargs: dict) -> tuple:
        """What a call with these arguments is specialised for."""
        key = tuple([_signature(a, []) for a in args])
        return key + tuple([(k, _signature(v, [])) for k, v in kwargs.items()])

    def _explain(self, key: tuple, entries: list[Entry] | None) -> None:
        if entries:
            why = "; ".join(f"graph {k}: {e.guards.broken()}" for k, e in enumerate(entries))
        elif self.entries:
            why = f"a new signature {key!r}; {len(self.entries)} others are known"
        else:
            why = "the first call"
        debug.say(f"compiling {self.name}: {why}")

    def specialise(self, key: tuple, args: tuple, kwargs: dict) -> Entry:
        """Trace and compile for this signature."""
        with self.lock, CollectorAtRest():
            entry = self._trace(args, kwargs)
            self.compile_count += 1
            entries = self.entries.setdefault(key, [])
            if len(entries) == MANY_ENTRIES:
                warnings.warn(f"{self.name} was compiled {MANY_ENTRIES} times for one signature, last because "
                              f"{entries[0].guards.broken()}: make what changes from call to call an argument or a "
                              f"Parameter", RuntimeWarning, stacklevel=4)
            entries.insert(0, entry)
            del entries[ENTRIES_PER_FUNCTION:]
            self.entries.move_to_end(key)
            while len(self.entries) > ENTRIES_PER_FUNCTION:
                self.entries.popitem(last=False)
            return entry

    def graph(self, *args, **kwargs):
        """The graph for these arguments, compiled if needed (for inspection)."""
        leaves: list = []
        key = tuple([_signature(a, leaves) for a in args])
        key += tuple([(k, _signature(v, leaves)) for k, v in kwargs.items()])
        for entry in self.entries.get(key, ()):
            if entry.guards.hold():
                return entry.graph
        return self.specialise(key, args, kwargs).graph

    def _trace(self, args: tuple, kwargs: dict) -> Entry:
        guards = Guards()
        try:
            return self._record(args, kwargs, guards, Blocks(guards))
        except WithoutBlocks:
            return self._record(args, kwargs, Guards(), None)

    def _record(self, args: tuple, kwargs: dict, guards: Guards, blocks: Blocks | None) -> Entry:
        trace = GraphTrace(self.name, None)

        def stand_in(leaf):
            return leaf if isinstance(leaf, Parameter) else wrap(trace.add_parameter(leaf._value.aval))

        args, kwargs = tree.map_tensors(stand_in, (args, kwargs))
        saved = _session.guards, _session.blocks
        _session.guards, _session.blocks = guards, blocks
        try:
            with tracing(trace):
                result = self.target(*args, **kwargs)
            outputs: list = []
            spec = tree.flatten(result, outputs)
            effects = [(obj, attr, tree.flatten(getattr(obj, attr), outputs)) for obj, attr in guards.effects.values()
                       if hasattr(obj, attr)]
            nodes = [trace.node_of(t) for t in outputs]
        finally:
            _session.guards, _session.blocks = saved
        guards.close()
        graph = settle_calls(trace.close(nodes))
        places = {id(t): trace.explicit + k for k, t in enumerate(trace.lifted)}
        writes = []
        for k, tensor in enumerate(trace.written.values()):
            new = graph.outputs[len(nodes) + k].aval
            if tensor.shape != new.shape or tensor.dtype is not new.dtype:
                raise GraphCompileError(f"{self.name}: a tensor of {tensor._value.aval} was assigned a value of {new}; "
                                        f"shape and dtype must stay the same")
            writes.append((tensor, len(nodes) + k, places[id(tensor)]))
        return Entry(guards, graph, trace.lifted, writes, spec, len(nodes), effects, [args, kwargs])


def _signature(value: Any, leaves: list) -> Any:
    """The part of the key that one argument contributes; its tensors are appended to `leaves`."""
    if isinstance(value, Tensor):
        if isinstance(value, Parameter):
            return (Parameter, id(value))
        inner = value._value
        if type(inner) is Traced:
            raise GraphCompileError("a tensor that belongs to a finished compilation was passed to a compiled "
                                    "function: do not keep tensors of a compiled function in globals or attributes")
        leaves.append(value)
        return inner.aval
    kind = type(value)
    if kind in _PLAIN:
        return (kind, value) if kind is not float else (kind, value.hex())
    if isinstance(value, tuple | list):
        return (kind, *[_signature(v, leaves) for v in value])
    if isinstance(value, dict):
        return (kind, *[(k, _signature(v, leaves)) for k, v in value.items()])
    try:
        hash(value)
    except TypeError:
        return (kind, id(value))
    return (kind, value)


_PLAIN = frozenset({int, float, bool, str, bytes, type(None), complex})
