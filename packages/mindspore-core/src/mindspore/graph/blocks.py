"""Blocks: a layer that a network repeats is interpreted once and becomes one graph that is called many times.

A *block* is a call of a Cell that has cells of its own, in a network with several cells of its class. Its operations
are recorded into a trace of their own; the graph is called (`primitives.call`) with the tensors that the block was
given and with what it lifted, Parameters above all. Beside the graph everything is kept that the program read while it
was recorded: the guards.

When another cell of the class is called with arguments of the same kinds, its reads are compared with those of the
first, object by object. Both cells' trees are walked side by side: a child corresponds to the child at its place, a
Parameter to a Parameter of the same type, and nothing may correspond to two things, so that the pattern of shared
weights is the same. What was read must be equal or correspond. Then the program would record the same graph again, and
the graph is called with the other cell's Parameters; its guards are recorded all the same. Anything else (hooks, an
attribute that the block assigns, a look at a value) is recorded as usual.

A result that is an argument, or a view of one or of a tensor from outside, is made so again where the block is called.
A block that writes into its arguments, or whose results show each other's elements, is recorded as usual.

Tensors of a block's own trace cannot be used outside of it. Where the program has carried one out all the same (it put
it into a list that it reads elsewhere), the whole function is recorded again without blocks.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import CellType, FunctionType, MethodType
from typing import Any

from mindspore.common.dtype import DType
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.common.tensor_views import is_moving, members, overlap, root_of, show_as
from mindspore.compiler.frontend import location
from mindspore.compiler.passes.calls import settle_calls
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.primitives.recursion import calls_of
from mindspore.graph import tree
from mindspore.graph.guards import Contents, Guards, current_value, same
from mindspore.graph.outside import changes_since
from mindspore.graph.regions import assign_written
from mindspore.graph.repeated import results_of
from mindspore.graph.trace import GraphTrace, Traced, WithoutBlocks, _stack, current_trace, tracing
from mindspore.runtime.record import wrap

REPEATED = 3  # as many cells of a class make blocks of their calls
_PLAIN = (int, float, str, bytes, bool, complex, type(None), DType)


class Blocks:
    """The blocks of one compilation."""

    def __init__(self, guards: Guards):
        self.guards = guards
        self.classes: Counter = Counter()
        self.seen: set[int] = set()
        self.active: list = []
        self.known: dict[tuple, list[Block]] = {}

    def call(self, cell: Any, args: tuple, kwargs: dict, construct: Callable) -> Any:
        """`construct(cell, args, kwargs)`, as a block where it is one."""
        self._count(cell)
        candidate = bool(cell._cells) and self.classes[type(cell)] >= REPEATED and cell not in self.active
        self.active.append(cell)
        try:
            given = Arguments(args, kwargs) if candidate else None
            if given is None or given.key is None:
                return construct(cell, args, kwargs)
            return self._call_block(cell, given, construct)
        finally:
            self.active.pop()

    def _count(self, cell: Any) -> None:
        """Count the cells below one that was not seen before."""
        if id(cell) not in self.seen:
            below = [c for _, c in cell.cells_and_names() if id(c) not in self.seen]
            self.seen.update(map(id, below))
            self.classes.update(map(type, below))

    def _call_block(self, cell: Any, given: Arguments, construct: Callable) -> Any:
        known = self.known.setdefault((type(cell), given.key, _stack.mixing), [])
        for block in known:
            twin = block.match(cell, self.guards)
            if twin is not None:
                twin.report(self.guards)
                return block.emit(given, twin)
        block = Block(cell, given, construct, self.guards)
        if block.reusable:
            known.append(block)
        return block.emit(given, None)


class Arguments:
    """The arguments of a call: the traced tensors among them, each once, and the rest as a hashable key (None where
    an argument can change in a way that nobody would see)."""

    def __init__(self, args: tuple, kwargs: dict):
        self.args, self.kwargs = args, kwargs
        self.tensors: list[Tensor] = []
        self.places: dict[int, int] = {}
        try:
            self.key = (tuple([self._key(a) for a in args]), tuple([(k, self._key(v)) for k, v in kwargs.items()]))
        except TypeError:
            self.key = None

    def _key(self, value: Any) -> Any:
        if isinstance(value, Tensor) and type(value._value) is Traced:
            place = self.places.setdefault(id(value), len(self.tensors))
            if place == len(self.tensors):
                self.tensors.append(value)
            return (place, value._value.aval, type(value))
        if isinstance(value, _PLAIN):
            return (type(value), value.hex() if isinstance(value, float) else value)
        if type(value) is tuple:
            return (tuple, *[self._key(v) for v in value])
        raise TypeError

    def replaced(self, tensors: list[Tensor]) -> tuple[tuple, dict]:
        """The arguments with other tensors in place of the traced ones."""
        fresh = {id(old): new for old, new in zip(self.tensors, tensors)}
        return tree.map_tensors(lambda t: fresh.get(id(t), t), (self.args, self.kwargs))


class Block:
    """A recorded call. reads: what it read from outside; effects: the attributes that it assigned, with specs."""

    def __init__(self, cell: Any, given: Arguments, construct: Callable, guards: Guards):
        self.cell, self.reads = cell, []
        outer = current_trace()
        trace = self.trace = GraphTrace(type(cell).__name__, outer)
        trace.is_block = True
        fresh = [wrap(trace.add_parameter(t._value.aval)) for t in given.tensors]
        args, kwargs = given.replaced(fresh)
        before = set(guards.effects)
        session = location.thread_state.session
        noted = 0 if session is None else len(session.journal.places)
        try:
            with tracing(trace), guards.recorded(self.reads):
                result = construct(cell, args, kwargs)
        except Exception:  # what the block did before it raised belongs to the trace around it
            raise WithoutBlocks from None
        if changes_since(session, guards, noted):
            raise WithoutBlocks
        outputs: list = []
        self.result = tree.flatten(result, outputs)
        self.effects = [(obj, name, tree.flatten(getattr(obj, name), outputs))
                        for obj, name in guards.assigned_since(before)]
        self.graph = settle_calls(trace.close([trace.node_of(t) for t in outputs]))
        self.count = len(outputs)
        self.kin = self._kin(fresh, outputs)
        if any(not same(current_value(kind, place), seen) for kind, place, seen in self.reads if kind != "layer"):
            raise WithoutBlocks
        viewed = any(members(t) for t in trace.written.values())
        self.reusable = not (viewed or self.effects or trace.looked or calls_of(self.graph)) and _is_plain(self.result)

    def _kin(self, fresh: list[Tensor], outputs: list[Tensor]) -> list[tuple[int, Tensor | None, Tensor] | None]:
        """For each output that is a view, or an argument: the number of the argument (-1 for none), the tensor from
        outside, and the output. WithoutBlocks where tensors that the block leaves have elements in common otherwise."""
        aliases = self.trace.aliases
        if any(aliases.is_written(t) for t in fresh) or any(
                overlap(a, b) for k, a in enumerate(outputs) for b in outputs[:k] if a._shared or a is b):
            raise WithoutBlocks
        places, found = {id(t): k for k, t in enumerate(fresh)}, []
        for output in outputs:
            root = output if id(output) in places else root_of(output)
            if root is None or (self.trace.is_local(root) and id(root) not in places):
                found.append(None)
            elif is_moving(output):
                raise WithoutBlocks
            else:
                found.append((places.get(id(root), -1), root, output))
        return found

    def emit(self, given: Arguments, twin: Twin | None) -> Any:
        """The call in the present trace, on the Parameters of the twin if there is one; the cell's result."""
        outer = current_trace()
        b = outer.builder
        b.loc = location.current()
        lifted = [t if twin is None else twin.tensor(t) for t in self.trace.lifted]
        operands = tuple([outer.node_of(t) for t in (*given.tensors, *lifted)])
        results: tuple[Any, ...] = ()
        if self.graph.outputs:
            results = results_of(outer, b.emit(PRIMITIVES["call"], operands, (self.graph, False)))
        written = {id(t): t for t in [t if twin is None else twin.tensor(t) for t in self.trace.written.values()]}
        assign_written(outer, written, results[self.count:])
        tensors = [wrap(Traced(outer, node)) for node in results[:self.count]]
        for k, kin in enumerate(self.kin):
            if kin is not None:
                place, root, output = kin
                base = given.tensors[place] if place >= 0 else root if twin is None else twin.tensor(root)
                if output is root:
                    tensors[k] = base
                else:
                    show_as(base, tensors[k], output)
        found = iter(tensors)
        result = tree.rebuild(self.result, found)
        for obj, name, spec in self.effects:
            setattr(obj, name, tree.rebuild(spec, found))
        return result

    def match(self, cell: Any, guards: Guards) -> Twin | None:
        """The correspondence with another cell, if it would record the same graph."""
        if not guards.places_hold():
            return None
        twin, trace = Twin(), current_trace()
        alike = twin.trees(self.cell, cell) and twin.reads(self.reads)
        return twin if alike and all(trace.can_lift(twin.tensor(t)) for t in self.trace.lifted) else None


def _is_plain(spec: Any) -> bool:
    """Whether a result consists of tensors, tuples, lists, dicts and plain values."""
    return all(isinstance(value, _PLAIN) for value in tree.static_values(spec))


class Twin:
    """A correspondence between what one cell's recording read and what another's would read."""

    def __init__(self):
        self.pairs: dict[int, Any] = {}
        self.back: dict[int, int] = {}
        self.outside: list = []
        self.found: list[tuple[str, tuple, Any]] = []

    def tensor(self, tensor: Tensor) -> Tensor:
        """What a lifted tensor corresponds to."""
        return self.pairs.get(id(tensor), tensor)

    def report(self, guards: Guards) -> None:
        """Record the other cell's reads."""
        for kind, place, value in self.found:
            guards.add(kind, place, value)

    def trees(self, first: Any, second: Any) -> bool:
        """Whether the trees of two cells have the same cells and Parameters in the same places, without hooks."""
        ours, theirs = list(first.cells_and_names()), list(second.cells_and_names())
        if len(ours) != len(theirs):
            return False
        for (path, a), (other, b) in zip(ours, theirs):
            hooked = a is not first and (a._hooks or b._hooks)
            if path != other or hooked or a._low_precision is not b._low_precision \
                    or a._mixing is not b._mixing or a._result_dtype is not b._result_dtype or not self.same(a, b):
                return False
            if list(a._params) != list(b._params) or not all(map(self.same, a._params.values(), b._params.values())):
                return False
            if list(a._buffers) != list(b._buffers) or not all(map(self._buffers, a._buffers.values(),
                                                                   b._buffers.values())):
                return False
        return True

    def reads(self, reads: list) -> bool:
        """Whether the other cell's reads give what corresponds."""
        for kind, place, seen in reads:
            owner = place[0]
            twin = self.pairs.get(id(owner))
            if twin is None:
                self.outside.append(owner)
                twin = owner
            where = (twin, *place[1:])
            value = current_value(kind, where)
            if kind == "layer":
                if value.keys() != seen.keys() or not all(self.same(seen[k], value[k]) for k in seen):
                    return False
            elif not self.same(seen, value):
                return False
            self.found.append((kind, where, value))
        return all(self.pairs.get(id(owner), owner) is owner for owner in self.outside)

    def same(self, seen: Any, value: Any) -> bool:
        """Whether two values are equal, or correspond to each other."""
        if type(seen) is Contents:
            return type(value) is seen.kind and len(value) == len(seen.items) and self._contents(seen, value)
        if type(seen) is not type(value):
            return False
        if isinstance(seen, tuple | list):
            return len(seen) == len(value) and all(map(self.same, seen, value))
        if isinstance(seen, dict):
            return list(seen) == list(value) and all(self.same(seen[k], value[k]) for k in seen)
        if isinstance(seen, Tensor):
            return self._tensors(seen, value)
        if is_cell(seen) or isinstance(seen, CellType):
            return self._pair(seen, value)
        if isinstance(seen, MethodType):
            return seen.__func__ is value.__func__ and self.same(seen.__self__, value.__self__)
        if isinstance(seen, _PLAIN):
            return same(value, seen)
        if isinstance(seen, FunctionType) and seen is not value:
            return self._functions(seen, value)
        if seen is value:
            return not _made_by_the_program(seen)
        return _is_framework_object(seen) and self.same(vars(seen), vars(value))

    def _contents(self, seen: Contents, value: Any) -> bool:
        if issubclass(seen.kind, dict):
            return all(k == key and self.same(s, v) for (key, v), (k, s) in zip(value.items(), seen.items))
        return all(map(self.same, seen.items, value))

    def _buffers(self, seen: Tensor | None, value: Tensor | None) -> bool:
        if seen is None or value is None:
            return seen is value
        return seen._value.aval is value._value.aval and self._pair(seen, value)

    def _tensors(self, seen: Tensor, value: Tensor) -> bool:
        if id(seen) in self.pairs:
            return self.pairs[id(seen)] is value
        if not isinstance(seen, Parameter) and type(seen._value) is not Traced:
            return seen is value
        alike = seen._value.aval is value._value.aval and type(seen._value) is type(value._value)
        return alike and getattr(seen, "requires_grad", None) == getattr(value, "requires_grad", None) \
            and self._pair(seen, value)

    def _functions(self, seen: FunctionType, value: FunctionType) -> bool:
        cells = seen.__closure__ or (), value.__closure__ or ()
        return (seen.__code__ is value.__code__ and seen.__globals__ is value.__globals__
                and len(cells[0]) == len(cells[1]) and all(map(self._pair, *cells))
                and self.same(seen.__defaults__, value.__defaults__) and seen.__kwdefaults__ == value.__kwdefaults__
                and self._pair(seen, value))

    def _pair(self, seen: Any, value: Any) -> bool:
        known = self.pairs.get(id(seen))
        if known is None and id(value) not in self.back:
            self.pairs[id(seen)], self.back[id(value)] = value, id(seen)
            return True
        return known is value


def is_cell(value: Any) -> bool:
    from mindspore.nn.cell import Cell
    return isinstance(value, Cell)


def _made_by_the_program(value: Any) -> bool:
    """Whether an object was made while the function was interpreted: what is read from it is not recorded."""
    session = location.thread_state.session
    return session is not None and id(value) in session.created


def _is_framework_object(value: Any) -> bool:
    """Whether a value is an object of this package whose attributes say all of it (an operator of `ops`)."""
    return type(value).__module__.partition(".")[0] == __name__.partition(".")[0] and hasattr(value, "__dict__")

