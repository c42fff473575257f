"""Running the graphs of a MINDIR file.

The graphs are evaluated, step by step, inside of a trace, so what comes of it is a graph of ours, for the shapes at
hand. Values are tensors, Python numbers, tuples of values, and functions: a graph with some operands bound (`Closure`),
or a choice of two by a tensor (`Choice`).

Control flow in these files is made of calls. A graph whose result is that of a call (a *tail call*) goes on in the
called graph and does not come back, so `if` and `while` are: call one of two graphs; and call a graph from which one
comes back to this one. An evaluation therefore gives an `Outcome`: where to go on, and with which values. It is either
RETURN, with the result, or a graph in `stops`, with operands. A choice evaluates both sides up to their outcomes and
joins them; a tag says which one holds. A graph that is reached again from itself is a loop: it is evaluated with itself
and the graphs behind the loop among the stops, and repeated while the tag says that it is to be gone on with.

A call that is not the last thing in its graph is evaluated to the end first. A graph that calls itself in this way is
refused: it would need a stack.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mindspore.common.dtype import int32, np_dtype_to_dtype
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.formats.mindir_operators import apply_operator
from mindspore.formats.mindir_read import GraphText, Model, Step
from mindspore.formats.mindir_values import Monad
from mindspore.graph import control, index_checks, tree
from mindspore.graph.control import NOTHING
from mindspore.graph.trace import Traced, current_trace
from mindspore.runtime.record import wrap

__all__ = ["Evaluation"]

RETURN = ""
_SMALL = 1024
_MAX_DEPTH = 150


@dataclass(frozen=True)
class Closure:
    """A graph with its first operands."""

    graph: str
    bound: tuple


@dataclass(frozen=True)
class Choice:
    """One of two functions."""

    pred: Any
    then: Any
    orelse: Any


@dataclass
class Outcome:
    """Where an evaluation goes on: for each target its values; `tag` says which one, where there are several."""

    targets: dict[str, Any]
    tag: Tensor | None = None


class Evaluation:
    """One evaluation of a model.

    parameters: tensors by the names that the top graph's steps use.
    arrays: tensors that stand for large constants, by name; filled as needed and kept between evaluations.
    """

    def __init__(self, model: Model, parameters: dict[str, Tensor], arrays: dict[str, Tensor]):
        self.model, self.parameters, self.arrays = model, parameters, arrays
        self.numbers = {RETURN: 0, **{name: k for k, name in enumerate(model.graphs, 1)}}
        self.steps = 1000 + 100 * sum(len(graph.steps) for graph in model.graphs.values())
        self.depth = 0
        self.active: list[str] = []

    def fail(self, what: str, where: str = "") -> ValueError:
        place = f", {where}" if where else ""
        return ValueError(f"For 'GraphCell', file '{self.model.name}'{place}: {what}")

    def result(self, inputs: Sequence[Tensor]) -> Any:
        """What the top graph returns for these inputs."""
        try:
            return self._finished(self.model.top, tuple(inputs))
        except RecursionError:
            raise self.fail("the graphs call each other too deeply") from None

    # -- graphs --------------------------------------------------------------------------------------------------------

    def _finished(self, graph: GraphText, operands: tuple) -> Any:
        """The result of a graph that comes back to where it was called."""
        if graph.name in self.active:
            raise self.fail("it calls itself other than last, which is not supported", f"graph '{graph.name}'")
        self.active.append(graph.name)
        outcome = self._enter(graph, operands, frozenset())
        self.active.pop()
        return outcome.targets[RETURN]

    def _enter(self, graph: GraphText, operands: tuple, stops: frozenset[str]) -> Outcome:
        if graph.name in stops:
            return Outcome({graph.name: operands})
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.fail(f"more than {_MAX_DEPTH} calls and choices lie in each other", f"graph '{graph.name}'")
        members = self._loop_of(graph.name, stops)
        outcome = (self._loop(graph, operands, stops, members) if members else
                   self._body(graph, operands, stops))
        self.depth -= 1
        return outcome

    def _loop_of(self, name: str, stops: frozenset[str]) -> set[str]:
        """The graphs from which one comes back to this one without passing a stop; none if it is no loop."""
        graphs = self.model.graphs
        behind = self._reached(graphs[name].calls, stops)
        if name not in behind:
            return set()
        return {each for each in behind if name in self._reached(graphs[each].calls, stops)}

    def _body(self, graph: GraphText, operands: tuple, stops: frozenset[str]) -> Outcome:
        """Evaluate the steps of a graph, the call that is its result last."""
        if len(operands) != len(graph.inputs):
            raise self.fail(f"it takes {len(graph.inputs)} operands, and {len(operands)} are given",
                            f"graph '{graph.name}'")
        values = dict(zip([i.name for i in graph.inputs], operands))
        last, late = _tail_call(graph)
        for step in graph.steps:
            if step.name not in late:
                values[step.name] = self._step(step, values)
        if last is None:
            return Outcome({RETURN: self._value(graph.output, values)})
        given = tuple([self._value(name, values) for name in last.inputs])
        return self._invoke(self._value(last.target, values), given, stops, last.name)

    def _step(self, step: Step, values: dict) -> Any:
        self.steps -= 1
        if self.steps < 0:
            raise self.fail("its branches go on in too many ways")
        given = [self._value(name, values) for name in step.inputs]
        if step.operator is None:
            outcome = self._invoke(self._value(step.target, values), tuple(given), None, step.name)
            return outcome.targets[RETURN]
        name = step.operator.name
        if name == "Partial":
            if not given or not isinstance(given[0], Closure):
                raise self.fail("Partial is not given a graph", f"node '{step.name}'")
            return Closure(given[0].graph, (*given[0].bound, *given[1:]))
        if name == "Switch":
            if len(given) != 3:
                raise self.fail(f"Switch is given {len(given)} operands, and not three", f"node '{step.name}'")
            return Choice(*given)
        try:
            return apply_operator(step.operator, given)
        except GraphCompileError:
            raise
        except (TypeError, ValueError, RuntimeError, ArithmeticError, LookupError, AttributeError,
                NotImplementedError, AssertionError) as error:
            raise self.fail(f"{name} cannot be applied: {error}", f"node '{step.name}'") from error

    def _value(self, name: str, values: dict) -> Any:
        if name in values:
            return values[name]
        if name in self.parameters:
            return self.parameters[name]
        if name in self.model.constants:
            return self._constant(name)
        if name in self.model.graphs:
            return Closure(name, ())
        raise self.fail(f"'{name}' is used before it is known")

    def _constant(self, name: str) -> Any:
        value = self.model.constants[name]
        if not isinstance(value, np.ndarray):
            return value
        if value.nbytes <= _SMALL:
            trace = current_trace()
            return wrap(Traced(trace, trace.builder.constant(value, np_dtype_to_dtype(value.dtype))))
        if name not in self.arrays:
            self.arrays[name] = Tensor(value)
        return self.arrays[name]

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _invoke(self, function: Any, operands: tuple, stops: frozenset[str] | None, where: str) -> Outcome:
        """Call a function; stops: None for a call that comes back.

        Where both sides of a choice lead to one graph, they are evaluated up to there, and the graph behind them once.
        """
        if isinstance(function, Closure):
            graph, given = self.model.graphs[function.graph], (*function.bound, *operands)
            if stops is None:
                return Outcome({RETURN: self._finished(graph, given)})
            return self._enter(graph, given, stops)
        if not isinstance(function, Choice):
            raise self.fail("what it calls is no graph", f"node '{where}'")
        if not isinstance(function.pred, Tensor):
            return self._invoke(function.then if function.pred else function.orelse, operands, stops, where)
        stops = stops or frozenset()
        behind = self._meeting(function, stops)
        pred = control.predicate(function.pred)
        traces = control.region("then"), control.region("orelse")
        outcomes = []
        for trace, side in zip(traces, (function.then, function.orelse)):
            with control.recording(trace):
                outcomes.append(self._invoke(side, operands, stops | behind, where))
        return self._go_on(self._joined(pred, traces, outcomes, where), stops, behind, where)

    def _meeting(self, choice: Choice, stops: frozenset[str]) -> set[str]:
        """The first graph to which both sides of a choice may go on, if there is one: a set of at most one."""
        sides = [side.graph for side in (choice.then, choice.orelse) if isinstance(side, Closure)]
        if len(sides) < 2:
            return set()
        near = [self._reached([side], stops) for side in sides]
        common = [name for name in near[0] if name in near[1]]
        return {min(common, key=lambda name: max(near[0][name], near[1][name]))} if common else set()

    def _reached(self, start: Sequence[str], stops: frozenset[str]) -> dict[str, int]:
        """The graphs to which one may go on from others without passing a stop, and after how many calls."""
        found: dict[str, int] = {}
        pending = list(start)
        while pending:
            following = []
            for each in pending:
                if each not in found and each not in stops:
                    found[each] = len(found)
                    following += self.model.graphs[each].calls
            pending = following
        return found

    def _joined(self, pred: Tensor, traces: tuple, outcomes: list[Outcome], where: str) -> Outcome:
        """The outcome of a choice between two."""
        targets = list(dict.fromkeys([*outcomes[0].targets, *outcomes[1].targets]))
        pairs: list = []
        specs = []
        for target in targets:
            sides = [outcome.targets.get(target, NOTHING) for outcome in outcomes]
            specs.append(self._paired(sides[0], sides[1], pairs, where))
        tags = [outcome.tag if outcome.tag is not None else self.numbers[next(iter(outcome.targets))]
                for outcome in outcomes]
        if len(targets) > 1:
            pairs.append((*tags, control.constant(0, int32)._value.aval))
        found = iter(control.choose(pred, *traces, pairs))
        joined = {target: _rebuilt(spec, found) for target, spec in zip(targets, specs)}
        return Outcome(joined, next(found) if len(targets) > 1 else None)

    def _paired(self, a: Any, b: Any, pairs: list, where: str) -> Any:
        """Add the tensors of two values to `pairs`; what `_rebuilt` makes the joined value of."""
        if a is NOTHING or b is NOTHING:
            other = b if a is NOTHING else a
            if isinstance(other, tuple | list):
                return tuple([self._paired(*((NOTHING, x) if a is NOTHING else (x, NOTHING)), pairs, where)
                              for x in other])
            if not isinstance(other, Tensor):
                return _Same(other)
            pairs.append((a, b, other._value.aval))
            return _PLACE
        if isinstance(a, tuple | list) and isinstance(b, tuple | list) and len(a) == len(b):
            return tuple([self._paired(x, y, pairs, where) for x, y in zip(a, b)])
        if isinstance(a, Tensor) or isinstance(b, Tensor) or (_is_number(a) and _is_number(b) and a != b):
            return self._paired_tensors(a, b, pairs, where)
        if isinstance(a, Monad) and isinstance(b, Monad) or (type(a) is type(b) and a == b):
            return _Same(a)
        raise self.fail(f"the sides of a choice give {a!r} and {b!r}, which are not joined", f"node '{where}'")

    def _paired_tensors(self, a: Any, b: Any, pairs: list, where: str) -> Any:
        tensors = [x for x in (a, b) if isinstance(x, Tensor)]
        avals = {x._value.aval for x in tensors} or {control.constant(a)._value.aval}
        if len(avals) > 1 or not all(isinstance(x, Tensor) or _is_number(x) for x in (a, b)):
            raise self.fail(f"the sides of a choice give {a!r} and {b!r}, which are not joined", f"node '{where}'")
        aval = avals.pop()
        if aval.shape and len(tensors) < 2:
            raise self.fail(f"the sides of a choice give a number and {aval}", f"node '{where}'")
        pairs.append((a, b, aval))
        return _PLACE

    # -- loops ---------------------------------------------------------------------------------------------------------

    def _loop(self, graph: GraphText, operands: tuple, stops: frozenset[str], members: set[str]) -> Outcome:
        """Repeat a graph until it goes on elsewhere."""
        behind = {name for member in members for name in self.model.graphs[member].calls} - members
        inner = stops | behind | {graph.name}
        operands = tuple([control.constant(v) if type(v) in (int, float) else v for v in operands])
        probe = control.region("probe")
        with control.recording(probe):
            outcome = self._body(graph, control.parameters(probe, operands), inner)
        again = outcome.targets.pop(graph.name, None)
        if again is None or not outcome.targets:
            raise self.fail("its loop never ends" if again else "its loop never comes back", f"graph '{graph.name}'")
        self._check_carried(operands, again, graph.name)
        start = [control.constant(self.numbers[graph.name], int32), _tensors(operands),
                 [control.blank(_tensors(outcome.targets[t]), current_trace()) for t in outcome.targets]]
        results = self._repeated(graph, operands, inner, list(outcome.targets), start)
        tag = results[0] if len(outcome.targets) > 1 else None
        values = {t: _with_tensors(outcome.targets[t], iter(results[2][k])) for k, t in enumerate(outcome.targets)}
        return self._go_on(Outcome(values, tag), stops, behind, graph.name)

    def _repeated(self, graph: GraphText, operands: tuple, inner: frozenset[str], exits: list[str],
                  start: list) -> list:
        traces = control.region("condition"), control.region("body")
        with control.recording(traces[0]):
            given = control.parameters(traces[0], start)
            test = control.code_is(given[0], self.numbers[graph.name])
        with control.recording(traces[1]):
            given = control.parameters(traces[1], start)
            outcome = self._body(graph, _with_tensors(operands, iter(given[1])), inner)
            tag = outcome.tag if outcome.tag is not None else control.constant(
                self.numbers[next(iter(outcome.targets))], int32)
            ends = [tag, _tensors(outcome.targets[graph.name]) if graph.name in outcome.targets else given[1],
                    [_tensors(outcome.targets[t]) if t in outcome.targets else given[2][k]
                     for k, t in enumerate(exits)]]
        traces[1].written.pop(id(index_checks.channel()), None)  # what a file's loop does with indices is not checked
        if control.writes(traces[1]):
            raise self.fail("its loop assigns parameters, which is not supported", f"graph '{graph.name}'")
        return control.repeat(list(traces), test, start, ends, {})

    def _check_carried(self, before: tuple, after: tuple, name: str) -> None:
        for x, y in zip(_leaves(before), _leaves(after), strict=True):
            if isinstance(x, Tensor) or isinstance(y, Tensor):
                if not (isinstance(x, Tensor) and isinstance(y, Tensor)) or x._value.aval is not y._value.aval:
                    raise self.fail(f"its loop carries {x!r} and then {y!r}", f"graph '{name}'")
            elif not (isinstance(x, Monad) and isinstance(y, Monad)) and x != y:
                raise self.fail(f"its loop carries {x!r} and then {y!r}", f"graph '{name}'")

    def _go_on(self, outcome: Outcome, stops: frozenset[str], behind: set[str], where: str) -> Outcome:
        """Enter the graphs behind a loop or choice."""
        pending = [t for t in outcome.targets if t in behind and t not in stops]
        if not pending:
            return outcome
        first = pending[0]
        values = outcome.targets.pop(first)
        if outcome.tag is None:
            return self._enter(self.model.graphs[first], values, stops)
        pred = control.code_is(outcome.tag, self.numbers[first])
        traces = control.region("then"), control.region("orelse")
        with control.recording(traces[0]):
            entered = self._enter(self.model.graphs[first], values, stops)
        with control.recording(traces[1]):
            tag = outcome.tag if len(outcome.targets) > 1 else None
            other = self._go_on(Outcome(outcome.targets, tag), stops, behind, where)
        return self._joined(pred, traces, [entered, other], where)


class _Same:
    """A value that is the same on both sides of a choice."""

    def __init__(self, value: Any):
        self.value = value


_PLACE = object()


def _rebuilt(spec: Any, found) -> Any:
    if spec is _PLACE:
        return next(found)
    return spec.value if isinstance(spec, _Same) else tuple([_rebuilt(s, found) for s in spec])


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _leaves(value: Any):
    if isinstance(value, tuple | list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def _tensors(value: Any) -> list[Tensor]:
    return [each for each in _leaves(value) if isinstance(each, Tensor)]


def _with_tensors(value: Any, found) -> Any:
    """The value with other tensors in their places."""
    return tree.map_tensors(lambda t: next(found), value)


def _tail_call(graph: GraphText) -> tuple[Step | None, set[str]]:
    """The call that is the result of a graph, or None; and the names of the steps that depend on it."""
    steps = {step.name: step for step in graph.steps}
    last = steps.get(graph.output)
    while last is not None and last.operator is not None and last.operator.name == "Depend" and last.inputs:
        last = steps.get(last.inputs[0])
    if last is None or last.operator is not None:
        return None, set()
    late = {last.name}
    for step in graph.steps:
        if not late.isdisjoint((step.target, *step.inputs)):
            late.add(step.name)
    allowed = {name for name in late if name == last.name or _only_orders(steps[name])}
    return (last, late) if allowed == late else (None, set())


def _only_orders(step: Step) -> bool:
    return step.operator is not None and step.operator.name in ("Depend", "UpdateState", "MakeTuple")


