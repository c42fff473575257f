"""One specialisation of a compiled function: its graph, and a call of it.

What the function writes into tensors outside of it, and into its arguments, are outputs of the graph; a call gives them
to these tensors. The value of a tensor from outside is handed over to the executable, which writes in its place, where
nobody else holds it, and copied before otherwise.
"""
from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Any

from mindspore.common.tensor_views import overlap, refresh
from mindspore.compiler.autodiff.staged import needs_stages
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.ir.bind import bind, bind_value
from mindspore.compiler.ir.builder import without_outputs
from mindspore.compiler.ir.dims import Symbolic
from mindspore.compiler.ir.facts import Facts
from mindspore.compiler.primitives.effects import has_effects, may_raise
from mindspore.compiler.primitives.index_check import FAULT, without_checks
from mindspore.compiler.standing import StandingExecutable
from mindspore.eager import segment as _segment
from mindspore.graph import index_checks, tree
from mindspore.graph.arguments import Copies, containers_of
from mindspore.graph.guards import Guards
from mindspore.graph.raising import running, without_executor
from mindspore.runtime import device as _device
from mindspore.runtime.record import apply_plainly, assign, wrap
from mindspore.runtime.standing import Standing
from mindspore.runtime.storage import Storage

__all__ = ["Entry", "Instance"]

INSTANCES_PER_ENTRY = 256
_getrefcount = sys.getrefcount


class Instance:
    """An entry's graph for some sizes of its symbols, on a device. `graph` is made when it is asked for."""

    __slots__ = ("sizes", "binding", "device", "executable", "standing", "reads", "out_avals", "_entry", "_graph")

    def __init__(self, entry: Entry, sizes: tuple, device):
        from mindspore.compiler.pipeline import compile_graph
        self.sizes, self.device, self._entry = sizes, device, entry
        self.binding = dict(zip(entry.symbols, sizes))
        stable = () if sizes else entry.stable()
        self.executable = compile_graph(entry.graph, device, entry.donated, self.binding, stable)
        self.standing, self.reads = None, []
        if isinstance(self.executable, StandingExecutable):
            first = len(entry.graph.params) - len(entry.lifted)
            self.standing = Standing(self.executable)
            self.reads = [position - first for position in self.executable.reads]  # places among the lifted
        self.out_avals = [bind_value(a, self.binding) for a in entry.graph.out_avals]
        self._graph = None

    @property
    def graph(self):
        """The graph with these sizes."""
        if self._graph is None:
            self._graph = bind(self._entry.graph, self.binding)
        return self._graph


class Entry:
    """One specialisation of a function. symbols: the names of the graph's symbols, in the order of a call's sizes;
    facts: what was decided by them."""

    __slots__ = ("guards", "instance", "instances", "lifted", "writes", "arguments", "result", "single", "results",
                 "graph", "donated", "effects", "changes", "kept", "symbols", "facts", "settles", "fault", "checks",
                 "hands_over", "has_containers", "numbers",
                 "read")

    def __init__(self, guards: Guards, graph, lifted: list, writes: list, result, results: int, effects: list,
                 changes: list, kept: Copies):
        self.guards, self.graph, self.lifted = guards, graph, lifted
        self.writes = writes  # (tensor, output position, input position)
        self.arguments: list = []  # (input position, output position) of the arguments that the function writes into
        self.result, self.results = result, results
        self.effects = effects  # (object, attribute, spec of the value): assignments of the function
        self.changes = changes  # of containers and variables (`outside`)
        self.numbers: list = []  # (output position, bool, int or float) of what is a number to the program
        self.single = tree.is_single(result) and not effects and not changes
        self.donated = {} if may_raise(graph) else {out: source for _, out, source in writes}
        self.kept = kept
        self.has_containers = bool(kept.containers)
        self.read: list | None = None  # the positions of inputs that the graph reads, where somebody asked
        self.hands_over = False  # whether an exception assigns arguments (`raising`)
        self.fault: int | None = None  # the output that is the fault of the checks of index tensors (`index_checks`)
        self.checks: list = []
        self.instance: Instance | None = None  # the one that ran last
        self.instances: OrderedDict[tuple, Instance] = OrderedDict()
        self.symbols: list = []
        self.facts = Facts()
        self.settles = any(isinstance(v, Symbolic) for spec in (result, *[e[2] for e in effects])
                           for v in tree.static_values(spec))

    def for_a_file(self) -> tuple[Any, list, list]:
        """Graph, lifted tensors and writes without what means nothing in a file: checks of index tensors, and the new
        values of arguments."""
        graph, lifted, writes = self.graph, self.lifted, self.writes
        count = len(self.arguments)
        if count:
            graph = without_outputs(graph, self.results, self.results + count)
            writes = [(tensor, out - count, source) for tensor, out, source in writes]
        if self.fault is None:
            return graph, lifted, writes
        channel, output = index_checks.channel(), self.fault - count
        number = next(k for k, tensor in enumerate(lifted) if tensor is channel)
        place = len(graph.params) - len(lifted) + number
        writes = [(tensor, out - (out > output), source - (source > place)) for tensor, out, source in writes]
        lifted = lifted[:number] + lifted[number + 1:]
        return without_checks(graph, place, output), lifted, writes

    def stable(self) -> tuple[int, ...]:
        """The input positions of the tensors from outside that a call leaves as they are."""
        written = {source for _, _, source in self.writes}
        first = len(self.graph.params) - len(self.lifted)
        return tuple(k for k in range(first, len(self.graph.params)) if k not in written)

    def fits(self, sizes: tuple) -> bool:
        """Whether the graph is right for these sizes of its symbols."""
        instance = self.instance
        return (instance is not None and instance.sizes == sizes) or self.facts.hold(dict(zip(self.symbols, sizes)))

    def instance_for(self, sizes: tuple, device) -> Instance:
        """The instance for these sizes."""
        found = self.instance
        if found is None or found.device is not device or found.sizes != sizes:
            found = self.instances.get((sizes, device))
            if found is None:
                found = self.instances[sizes, device] = Instance(self, sizes, device)
                while len(self.instances) > INSTANCES_PER_ENTRY:
                    self.instances.popitem(last=False)
            else:
                self.instances.move_to_end((sizes, device))
            self.instance = found
        return found

    def run(self, leaves: list, call: tuple, sizes: tuple = ()):
        """Call the executable with the leaves' and the lifted tensors' buffers; update what is written. call: the
        arguments, as (positional, by name)."""
        if self.arguments or self.hands_over:
            self._expose(leaves)
        device = _device.current()
        instance = self.instance
        if instance is None or instance.device is not device or instance.sizes != sizes:
            instance = self.instance_for(sizes, device)
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
            outputs = instance.executable.run(buffers) if instance.standing is None else \
                instance.standing.run(buffers, [self.lifted[place]._value for place in instance.reads])
        except Exception as error:
            without_executor(error)
            if sys.version_info < (3, 11):  # where `raise` alone brings back the whole traceback
                raise error
            raise
        viewed = False
        for tensor, out, _ in self.writes:
            value = tensor._value
            value.buffer, value.host = outputs[out], None
            value.writes += 1
            viewed = viewed or tensor._shared is not None
        if viewed:
            refresh([tensor for tensor, _, _ in self.writes])
        if self.fault is not None:
            index_checks.look(Storage(FAULT, outputs[self.fault], device), self.checks)
        avals = instance.out_avals
        for source, out in self.arguments:
            assign(leaves[source], wrap(Storage(avals[out], outputs[out], device)))
        if self.single and not self.numbers:
            return wrap(Storage(avals[0], outputs[0], device))
        results: list = [wrap(Storage(avals[k], outputs[k], device)) for k in range(self.results)]
        for place, kind in self.numbers:
            results[place] = kind(results[place].asnumpy())
        return self._result(results, instance, call)

    def record(self, leaves: list, call: tuple, sizes: tuple = ()):
        """The same call, operation by operation in the thread's segment: what a gradient in PyNative mode records."""
        if self.arguments or self.hands_over:
            self._expose(leaves)
        instance = self.instance_for(sizes, _device.current()) if self.symbols else None
        graph = self.graph if instance is None else instance.graph
        acts = has_effects(graph)
        if acts:  # it may raise: what was recorded before it runs first
            _segment.flush()
        values: list = [None] * len(graph.nodes)
        for param, tensor in zip(graph.params, [*leaves, *self.lifted]):
            values[param.idx] = wrap(tensor._value)  # what is returned stays what it is, whatever is assigned to these
        for node in graph.nodes:
            if values[node.idx] is not None:
                continue
            if node.op.name == "item":
                values[node.idx] = values[node.ins[0].idx][node.attr("index")]
            elif needs_stages(node):
                from mindspore.eager.hooks import marked_eagerly
                given, count = [values[i.idx] for i in node.ins], node.attr("inputs")
                values[node.idx] = marked_eagerly(given[:count], node.attrs[0], node.attr("extras"),
                                                  tuple(given[count:]))
            else:
                values[node.idx] = apply_plainly(node.op, tuple([values[i.idx] for i in node.ins]), node.attrs)
        for tensor, out, _ in self.writes:
            assign(tensor, values[graph.outputs[out].idx])
        for source, out in self.arguments:
            assign(leaves[source], values[graph.outputs[out].idx])
        if self.fault is not None:
            _segment.current().note_fault(values[graph.outputs[self.fault].idx]._value, self.checks)
        if acts:
            _segment.flush()
        return self._result([values[o.idx] for o in graph.outputs[:self.results]], instance, call)

    def _expose(self, leaves: list) -> None:
        """Make the arguments known to an exception that assigns them. GraphCompileError if one that is written has
        elements in common with another tensor of the call: the graph takes each for a tensor of its own."""
        running.arguments = leaves if self.hands_over else ()
        if self.read is None:
            needed = {node.idx for each in self.graph.nodes for node in each.ins}
            needed |= {node.idx for node in self.graph.outputs}
            self.read = [place for place, param in enumerate(self.graph.params) if param.idx in needed]
        for source, _ in self.arguments:
            written = leaves[source]
            for place in self.read:
                other = leaves[place] if place < len(leaves) else self.lifted[place - len(leaves)]
                if place != source and overlap(written, other):
                    raise GraphCompileError(
                        f"{self.graph.name}: an argument that the function changes in place has elements in common "
                        f"with another tensor that it uses.", found=f"a tensor of {written._value.aval}",
                        remedy="pass a copy of one of them (x.copy()), or compute a new value instead")

    def _result(self, tensors: list, instance: Instance | None, call: tuple):
        """What the function returns, from the graph's outputs; the attributes that it assigns are set."""
        found = iter(tensors)
        given = containers_of(*call) if self.has_containers else None
        result = self._settled(tree.rebuild(self.result, found, given), instance)
        for obj, name, spec in self.effects:
            setattr(obj, name, self._settled(tree.rebuild(spec, found, given), instance))
        for change in self.changes:
            change.make(found, given)
        return result

    def _settled(self, value: Any, instance: Instance | None) -> Any:
        """A result with this call's sizes in place of symbolic ones."""
        if not self.settles or instance is None:
            return value
        return tree.map_static(lambda v: v.at(instance.binding) if isinstance(v, Symbolic) else v, value)


def _private_copy(value: Storage, device) -> Storage:
    """A storage of the same value that nobody else holds."""
    fresh = device.allocator.allocate(value.aval.nbytes)
    device.allocator.copy(fresh, value.buffer_on(device), value.aval.nbytes)
    return Storage(value.aval, fresh, device)
