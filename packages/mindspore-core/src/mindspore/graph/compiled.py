"""Compiled functions: specialisation by signature, guards, and the call.

A call takes its arguments apart: tensors contribute their avals to the signature and are inputs of the graph;
everything else is part of the signature by value. For a new signature the function is interpreted with traced tensors
(`GraphTrace`), the graph is compiled, and an entry is kept: executable, lifted tensors, written tensors, guards.
A later call finds the entry by its signature, checks the guards, gathers buffers, and runs the executable once.

Sizes of arguments that are said to vary are symbols in the graph (`graph.dynamic`); an entry then has an instance, with
an executable, for each binding of its symbols that was met.
"""
from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from mindspore.common.constant_tensor import EMBEDDED, ConstantTensor, constant_key
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler import debug
from mindspore.compiler.collector import SeldomCollected
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.ir.facts import Facts, SizeFixed, deciding
from mindspore.compiler.passes.calls import settle_calls
from mindspore.eager import segment as _segment
from mindspore.graph import dynamic, index_checks, tree
from mindspore.graph.arguments import Copies, Leaves, kept_by
from mindspore.graph.blocks import Blocks
from mindspore.graph.entry import Entry
from mindspore.graph.fall_back import FallBack
from mindspore.graph.guards import Guards
from mindspore.graph.handed_out import handed_out
from mindspore.graph.numbers import number_kind
from mindspore.graph.outside import put_back
from mindspore.graph.trace import (
    GraphTrace,
    HookHasEffects,
    PathsNeeded,
    SizeAsked,
    Traced,
    WithoutBlocks,
    current_trace,
    tracing,
)
from mindspore.runtime.record import with_hooks_of, wrap

ENTRIES_PER_FUNCTION = 64
SIGNATURES_MET = 1024
MANY_ENTRIES = 8


class _Session(threading.local):
    guards: Guards | None = None
    blocks: Blocks | None = None
    changes: list = []
    hooks: frozenset = frozenset()


_session = _Session()


def current_guards() -> Guards | None:
    """The guards of the compilation under way on this thread."""
    return _session.guards


def note_changes(changes: list) -> None:
    """What the function that is compiled has changed outside of itself (`outside.Change`)."""
    _session.changes = _session.changes + changes


def noted_changes() -> list:
    """What has been noted so far (`note_changes`)."""
    return _session.changes


def hooks_with_effects() -> frozenset:
    """The keys of hooks that are known to have effects, in the compilation under way on this thread."""
    return _session.hooks


def current_blocks() -> Blocks | None:
    """The repeated blocks of the compilation under way on this thread; None where it is recorded without."""
    return _session.blocks


class CompiledFunction:
    """A function (or a Cell's construct) that is compiled per signature; call it like the function.

    target: called with the traced arguments to record the function's operations (interpreted or native). varying: what
    is known of sizes that vary from call to call (`graph.dynamic`). fall_back: how it runs where it is refused.
    """

    def __init__(self, target: Callable, name: str, varying: Any = None, fall_back: FallBack | None = None):
        self.target, self.name, self.varying, self.fall_back = target, name, varying, fall_back
        self.met: OrderedDict[tuple, tuple[Entry, tuple]] = OrderedDict()  # by signature; where sizes may be symbolic
        self.found: dict[tuple, dynamic.Found] = {}  # by the structure of a call
        self.entries: OrderedDict[tuple, list[Entry]] = OrderedDict()
        self.lock = threading.RLock()
        self.compile_count = 0

    def __call__(self, *args, **kwargs) -> Any:
        if current_trace() is not None:
            return self.target(*args, **kwargs)
        leaves = Leaves()
        key = tuple([_signature(a, leaves) for a in args])
        if kwargs:
            key += tuple([(k, _signature(v, leaves)) for k, v in kwargs.items()])
        if self.fall_back is not None and self.fall_back.takes(key):
            return self.fall_back.run(*args, **kwargs)
        differentiated = _is_differentiated()
        if self.varying is not None:
            entry, sizes = self.met.get(key) or (None, ())
            if entry is None or not entry.guards.hold():
                entry, sizes = self._unless_refused(key, self._meet, args, kwargs) or (None, ())
                if entry is None:
                    return self.fall_back.run(*args, **kwargs)
            call = args, kwargs
            return entry.record(leaves, call, sizes) if differentiated else entry.run(leaves, call, sizes)
        entries = self.entries.get(key)
        if entries is None and any(type(t) is dynamic.MutableTensor for t in leaves):
            self.varying = dynamic.Unsaid()
            return self(*args, **kwargs)
        if entries is not None:
            for entry in entries:
                if entry.guards.hold():
                    call = args, kwargs
                    return entry.record(leaves, call) if differentiated else entry.run(leaves, call)
        if debug.explains():
            self._explain(key, entries)
        entry = self._unless_refused(key, self.specialise, args, kwargs)
        if entry is None:
            return self.fall_back.run(*args, **kwargs)
        return entry.record(leaves, (args, kwargs)) if differentiated else entry.run(leaves, (args, kwargs))

    def signature(self, args: tuple, kwargs: dict) -> tuple:
        """What a call with these arguments is specialised for."""
        leaves = Leaves()
        key = tuple([_signature(a, leaves) for a in args])
        return key + tuple([(k, _signature(v, leaves)) for k, v in kwargs.items()])

    def _unless_refused(self, key: tuple, compiled: Callable, args: tuple, kwargs: dict) -> Any:
        """What `compiled` finds for a call; None if it is refused, and the function is to run in PyNative mode."""
        try:
            return compiled(key, args, kwargs)
        except GraphCompileError as error:
            if self.fall_back is None or not self.fall_back.meets(key, error):
                raise
            return None

    def _explain(self, key: tuple, entries: list[Entry] | None, sizes: tuple = ()) -> None:
        if entries:
            why = "; ".join(f"graph {k}: {e.guards.broken() or e.facts.broken(dict(zip(e.symbols, sizes)))}"
                            for k, e in enumerate(entries))
        elif self.entries:
            why = f"a new signature {key!r}; {len(self.entries)} others are known"
        else:
            why = "the first call"
        debug.say(f"compiling {self.name}: {why}")

    def _meet(self, key: tuple, args: tuple, kwargs: dict) -> tuple[Entry, tuple]:
        """The entry for a call with sizes that may be symbolic, and these; remembered by the call's own signature."""
        with self.lock:
            found = self.met[key] = self._entry_of_sizes(args, kwargs, Leaves())
            while len(self.met) > SIGNATURES_MET:
                self.met.popitem(last=False)
            return found

    def _entry_of_sizes(self, args: tuple, kwargs: dict, leaves: Leaves) -> tuple[Entry, tuple]:
        """The entry for a call whose sizes may be symbolic, and the sizes of its symbols."""
        structure = tuple([_signature(a, leaves, _shapeless) for a in args])
        if kwargs:
            structure += tuple([(k, _signature(v, leaves, _shapeless)) for k, v in kwargs.items()])
        axes = self.varying.axes(args, kwargs, leaves)
        known = self.found.setdefault(structure, dynamic.Found())
        for pattern in dynamic.patterns(leaves, axes, known):
            sizes = tuple(pattern.sizes)
            for entry in self.entries.get((structure, pattern.key), ()):
                if entry.fits(sizes) and entry.guards.hold():
                    return entry, sizes
        if debug.explains():
            pattern = dynamic.merged(leaves, axes, known)
            self._explain((structure, pattern.key), self.entries.get((structure, pattern.key)), tuple(pattern.sizes))
        with SeldomCollected():
            entry, pattern = self._trace_sizes(args, kwargs, leaves, axes, known)
            self._keep(entry, (structure, pattern.key))
        return entry, tuple(pattern.sizes)

    def specialise(self, key: tuple, args: tuple, kwargs: dict) -> Entry:
        """Trace and compile for this signature."""
        with self.lock, SeldomCollected():
            entry = self._trace(args, kwargs)
            self._keep(entry, key)
            return entry

    def _keep(self, entry: Entry, key: tuple) -> None:
        """File an entry under its signature."""
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

    def graph(self, *args, **kwargs):
        """The graph for these arguments, compiled if needed (for inspection)."""
        leaves = Leaves()
        key = tuple([_signature(a, leaves) for a in args])
        key += tuple([(k, _signature(v, leaves)) for k, v in kwargs.items()])
        if self.varying is None and any(type(t) is dynamic.MutableTensor for t in leaves):
            self.varying = dynamic.Unsaid()
        if self.varying is not None:
            return self._meet(key, args, kwargs)[0].graph
        for entry in self.entries.get(key, ()):
            if entry.guards.hold():
                return entry.graph
        return self.specialise(key, args, kwargs).graph

    def _trace(self, args: tuple, kwargs: dict, avals: list | None = None) -> Entry:
        by_blocks, hands_out_paths, hooks = True, False, _session.hooks
        while True:
            guards = Guards()
            outer, _session.hooks = _session.hooks, hooks
            try:
                return self._record(args, kwargs, guards, Blocks(guards) if by_blocks else None, avals, hands_out_paths)
            except HookHasEffects as found:
                if found.key in hooks:
                    raise RuntimeError("a hook that is known to have effects was recorded as a graph") from None
                hooks |= {found.key}
            except WithoutBlocks:
                by_blocks = False
            except PathsNeeded:
                if hands_out_paths:
                    raise GraphCompileError(
                        "A tensor that a decision chose is changed in place where the decision is not known.",
                        remedy="change it in the branch that chooses it, or compute a new value") from None
                hands_out_paths = True
            finally:
                _session.hooks = outer

    def _trace_sizes(self, args: tuple, kwargs: dict, leaves: list, axes: list,
                     known: dynamic.Found) -> tuple[Entry, Any]:
        """An entry with symbolic sizes where that is possible, and its pattern. What is found is added to `known`."""
        while True:
            pattern = dynamic.merged(leaves, axes, known)
            entry, why = self._attempt(args, kwargs, pattern, pattern.examples())
            if isinstance(why, SizeAsked):
                known.asked.add(why.leaf)
            elif isinstance(why, SizeFixed):
                known.fixed |= dynamic.places_of(pattern, why.names)
            else:
                break
        if entry is not None:
            return entry, pattern
        entry, again = self._attempt(args, kwargs, pattern, pattern.sizes)
        if entry is not None:
            return entry, pattern
        entry, exact = self._trace_exactly(args, kwargs, leaves, known)
        if isinstance(why, Exception):  # the program does not run with other sizes
            names = again.names if isinstance(again, SizeFixed) else pattern.avals(pattern.sizes)[1]
            known.fixed |= dynamic.places_of(pattern, names)
        return entry, exact

    def _trace_exactly(self, args: tuple, kwargs: dict, leaves: list, known: dynamic.Found) -> tuple[Entry, Any]:
        """An entry for this call's own sizes."""
        while True:
            pattern = dynamic.exact(leaves, known)
            try:
                return self._trace(args, kwargs, pattern.avals([])[0]), pattern
            except SizeAsked as asked:
                known.asked.add(asked.leaf)

    def _attempt(self, args: tuple, kwargs: dict, pattern: Any, examples: list[int]) -> tuple[Entry | None, Any]:
        """An entry for a pattern, traced for these examples; or why there is none."""
        avals, symbols = pattern.avals(examples)
        facts, why = Facts(), None
        try:
            with deciding(facts):
                entry = self._trace(args, kwargs, avals)
        except (SizeAsked, SizeFixed, Exception) as error:
            why = error
        else:
            why = facts.broken(dict(zip(symbols, pattern.sizes)))
            if why is None:
                entry.symbols, entry.facts = symbols, facts
                return entry, None
        if debug.explains():
            shown = ", ".join([str(aval) for aval, _ in avals])
            debug.say(f"{self.name}: the sizes of {shown} cannot be symbolic: {type(why).__name__}: {why}")
        return None, why

    def _record(self, args: tuple, kwargs: dict, guards: Guards, blocks: Blocks | None, avals: list | None,
                hands_out_paths: bool = False) -> Entry:
        trace = GraphTrace(self.name, None)
        trace.guards, trace.staged = guards, True
        trace.aliases.hands_out_paths = hands_out_paths
        known = iter(avals or ())

        stands = trace.arguments

        def stand_in(leaf):
            if isinstance(leaf, Parameter):
                return leaf
            if type(leaf) is ConstantTensor:
                return leaf if leaf.nbytes > EMBEDDED else wrap(Traced(trace, trace.builder.constant(leaf.asnumpy())))
            aval, number = (leaf._value.aval, None) if avals is None else next(known)
            found = trace.add_parameter(aval)
            if number is not None:
                trace.sizes[found.node.idx] = number
            elif avals is not None and type(leaf) is dynamic.MutableTensor and leaf.number is not None:
                trace.sizes[found.node.idx] = SizeAsked(found.node.idx)
            stands.append((with_hooks_of(wrap(found), leaf), found.node))
            return stands[-1][0]

        copies = Copies(stand_in, args, kwargs)
        guards.add_arguments(copies)
        trace.constants = [copied for value, copied in zip(
            (*args, *kwargs.values()), (*copies.args, *copies.kwargs.values())) if dynamic.is_constant(value)]
        saved = _session.guards, _session.blocks, _session.changes
        _session.guards, _session.blocks, _session.changes = guards, blocks, []
        try:
            with tracing(trace):
                result = handed_out(self.target(*copies.args, **copies.kwargs))
                assigned = [(obj, attr, handed_out(getattr(obj, attr))) for obj, attr in guards.effects.values()
                            if hasattr(obj, attr)]
            outputs: list = []
            kept = kept_by(guards)
            spec = tree.flatten(result, outputs, kept)
            effects = [(obj, attr, tree.flatten(value, outputs, kept)) for obj, attr, value in assigned]
            changes = _session.changes
            for change in changes:
                change.flatten(outputs, kept)
            written = [k for k, (t, node) in enumerate(stands) if trace.aliases.is_stale(t) or
                       trace.node_of(t) is not node]
            results = len(outputs)
            outputs += [stands[k][0] for k in written]
            for t in outputs:
                trace.aliases.check(t)
            nodes = [trace.node_of(t) for t in outputs]
            kinds = [number_kind(trace, t) for t in outputs[:results]]
        finally:
            put_back(_session.changes[::-1])
            guards.put_back(tree.is_traced)
            _session.guards, _session.blocks, _session.changes = saved
        guards.lifted = [(t, t._value.aval) for t in trace.lifted]
        guards.close()
        graph = settle_calls(trace.close(nodes))
        places = {id(t): trace.explicit + k for k, t in enumerate(trace.lifted)}
        writes = []
        fault = None
        for k, tensor in enumerate(trace.written.values()):
            if tensor is index_checks.channel():
                fault = len(nodes) + k
                continue
            new = graph.outputs[len(nodes) + k].aval
            self._check_kept(tensor._value.aval, new)
            writes.append((tensor, len(nodes) + k, places[id(tensor)]))
        entry = Entry(guards, graph, trace.lifted, writes, spec, results, effects, changes, copies)
        entry.hands_over = trace.hands_over
        entry.numbers = [(place, kind) for place, kind in enumerate(kinds) if kind is not None]
        entry.arguments = [(k, results + number) for number, k in enumerate(written)]
        for k, out in entry.arguments:
            self._check_kept(stands[k][1].aval, graph.outputs[out].aval)
        entry.fault, entry.checks = fault, list(trace.checks)
        return entry

    def _check_kept(self, old: Any, new: Any) -> None:
        """GraphCompileError if a tensor from outside gets another shape or dtype."""
        if old.shape != new.shape or old.dtype is not new.dtype:
            raise GraphCompileError(f"{self.name}: a tensor of {old} was assigned a value of {new}; shape and dtype "
                                    f"must stay the same")


def _is_differentiated() -> bool:
    """Whether a gradient in PyNative mode records what this thread calls."""
    segment = _segment._local.segment
    return segment is not None and bool(segment.regions)


def _shapeless(aval: Any) -> Any:
    return aval.dtype


def _signature(value: Any, leaves: Leaves, part: Callable | None = None) -> Any:
    """The part of the key that one argument contributes; its tensors are appended to `leaves`, and its containers get
    their numbers there. part: what an aval contributes."""
    if isinstance(value, Tensor):
        if isinstance(value, Parameter):
            return (Parameter, id(value))
        if type(value) is ConstantTensor:
            return constant_key(value)
        inner = value._value
        if type(inner) is Traced:
            raise GraphCompileError("a tensor that belongs to a finished compilation was passed to a compiled "
                                    "function: do not keep tensors of a compiled function in globals or attributes")
        leaves.append(value)
        if type(value) is dynamic.MutableTensor:
            said = (inner.aval, value.number) if part is None else (part(inner.aval),)
            return dynamic.MutableTensor, *said
        hooks = getattr(value, "_hooks", None)
        if hooks:
            return (Tensor, inner.aval if part is None else part(inner.aval), hooks)
        return inner.aval if part is None else part(inner.aval)
    kind = type(value)
    if kind in _PLAIN:
        return (kind, value) if kind is not float else (kind, value.hex())
    if isinstance(value, tuple):
        return (kind, *[_signature(v, leaves, part) for v in value])
    if isinstance(value, list):
        return (kind, leaves.number_of(value), *[_signature(v, leaves, part) for v in value])
    if kind is slice:
        return (kind, *[_signature(v, leaves, part) for v in (value.start, value.stop, value.step)])
    if isinstance(value, dict):
        return (kind, leaves.number_of(value), *[(k, _signature(v, leaves, part)) for k, v in value.items()])
    try:
        hash(value)
    except TypeError:
        return (kind, id(value))
    return (kind, value)


_PLAIN = frozenset({int, float, bool, str, bytes, type(None), complex})
