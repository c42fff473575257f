"""Functions that call themselves, as often as tensors say.

Python ends a recursion by deciding not to call again. Where that decision depends on a tensor, both of its sides are
interpreted, so interpreting each call would never end. The interpreter notices that a function which runs is called
again, with arguments of the same types, on one side of such a decision: a `Recursion` begins there. Its body is
interpreted with parameters in place of the arguments' tensors, and a call in it that fits the parameters becomes a call
in the graph (`rec_call`).

What such a call gives has to be known before the body has been interpreted. So the body is interpreted several times.
In the first attempt a recursive call gives nothing: what would follow it is left out (`Diverged`), and the decision on
the way there gives what its other side gives. That is the result of the calls that go no deeper, and the next attempt
takes it for the result of all. It ends when an attempt finds what it assumed. Python numbers that differ from call to
call become tensors; what the body changes outside of itself (Parameters, variables of enclosing functions) is passed
along as further arguments and results.

Where numbers have to be tensors for the arguments to be alike, the recursion is an attempt only: if the body needs them
as numbers (a shape, an index of a list), its calls are interpreted one inside the other, which ends if Python numbers
end it.

Source: fixed points of strict functions from below, as in Kleene's theorem, on the lattice of types.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from mindspore.compiler.frontend.decisions import Branch
from mindspore.compiler.frontend.errors import Diverged, TensorConditionError, Unwinding, describe
from mindspore.compiler.frontend.frames import Session, Unbound
from mindspore.compiler.frontend.functions import FunctionCode
from mindspore.compiler.frontend.journal import Place
from mindspore.compiler.frontend.state import Snapshot

__all__ = ["NOT_RECURSIVE", "call_again"]

NOT_RECURSIVE: Any = object()
_MOST_ATTEMPTS = 16
_MOST_UNROLLED = 64


class Widened(Unwinding):
    """A call inside of `recursion` has arguments that need wider `leaves`: its next attempt has them."""

    def __init__(self, recursion: Recursion, leaves: list[Any]) -> None:
        self.recursion, self.leaves = recursion, leaves


def call_again(
    session: Session, code: FunctionCode, values: Any, closure: Any, run: Callable[..., Any]
) -> Any:
    """Call a function that runs already, if the call can be part of a recursion in the graph.

    run: interprets the function for these parameters. NOT_RECURSIVE if the call has to be interpreted. What runs
    outside of the recursion under way is no reason to begin another one: calling it leads back into the recursion.
    """
    policy = session.policy.recursion
    trace = session.policy.control.current_trace()
    if trace is None or not trace.conditional:
        return NOT_RECURSIVE
    leaves: list[Any] = []
    shape = policy.take_apart(tuple(values), leaves)
    for number, recursion in reversed(list(enumerate(session.recursions))):
        if recursion.code is code and _same_closure(recursion.closure, closure) and recursion.shape == shape:
            known = recursion.fit(leaves)
            if known is not None:
                return recursion.call(leaves, number)
    around = session.recursions[-1].depth if session.recursions else -1
    for frame in reversed(session.running[code]):
        if frame.depth <= around:
            break
        if frame.region is trace or not _same_closure(frame.closure, closure):
            continue
        others: list[Any] = []
        if policy.take_apart(tuple(frame.arguments), others) != shape:
            continue
        try:
            known = policy.join_leaves(list(map(policy.Leaf.of, others)), list(map(policy.Leaf.of, leaves)))
        except session.policy.control.Mismatch:
            continue
        return _begin(session, code, closure, run, shape, known, leaves)
    _check_depth(session, code)
    return NOT_RECURSIVE


def _same_closure(mine: Any, theirs: Any) -> bool:
    mine, theirs = mine or (), theirs or ()
    return len(mine) == len(theirs) and all(x is y for x, y in zip(mine, theirs))


def _begin(session: Session, code: FunctionCode, closure: Any, run: Callable[..., Any], shape: Any, known: list[Any],
           leaves: list[Any]) -> Any:
    """Compile a recursion that begins with this call; its result."""
    generalised = any(leaf.aval is not None and not hasattr(x, "_value") for leaf, x in zip(known, leaves))
    if generalised and code in session.unrolled:
        _check_depth(session, code)
        return NOT_RECURSIVE
    recursion = Recursion(session, code, closure, run, shape, known)
    try:
        return recursion.compile(leaves)
    except Exception as error:
        if not recursion.generalised(leaves):
            raise
        session.unrolled[code] = error
        _check_depth(session, code)
        return NOT_RECURSIVE


def _check_depth(session: Session, code: FunctionCode) -> None:
    """TensorConditionError if a function is unrolled without end on the sides of decisions on tensors."""
    running = session.running[code]
    if len({id(frame.region) for frame in running}) < _MOST_UNROLLED:
        return
    policy = session.policy.recursion
    pairs: list[list[Any]] = [[], []]
    for frame, found in zip(running[-2:], pairs):
        policy.take_apart(tuple(frame.arguments), found)
    differing = [f"{describe(x)}, then {describe(y)}" for x, y in zip(*pairs) if x is not y][:3]
    why = session.unrolled.get(code)
    found = f"{len(running)} calls inside each other" + (f"; arguments: {'; '.join(differing)}" if differing else "")
    if why is not None:
        found += f"; with tensors in place of numbers: {str(why).splitlines()[0]}"
    raise TensorConditionError(
        f"The recursion of '{code.name}' does not end while the graph is compiled.", found=found,
        remedy="pass what changes from call to call as tensors of one shape and dtype, so that the calls are alike",
        site=session.frame.site)


class _Body(Branch):
    """The body of a recursive function, from which an exception is no event of the program yet: what has to be known
    to run it may be missing."""

    def _raise_at_run_time(self, error: Exception) -> NoReturn:
        raise error


class Recursion:
    """A recursive function while it is compiled.

    code, closure, shape: what its calls have in common. leaves: what is known of the arguments' tensors and numbers.
    result: the shape and the leaves of what it returns; None as long as nothing is known. places: what it changes
    besides (variables of enclosing functions, attributes, containers), by their number in the snapshot: (place, shape,
    leaves). written: the tensors from outside that it assigns, by identity.
    """

    def __init__(self, session: Session, code: FunctionCode, closure: Any, run: Callable[..., Any], shape: Any,
                 leaves: list[Any]) -> None:
        self.session, self.code, self.closure, self.run_body = session, code, closure, run
        self.policy, self.control = session.policy.recursion, session.policy.control
        self.shape, self.leaves = shape, leaves
        self.site, self.depth = session.frame.site, session.frame.depth
        self.result: tuple[Any, list[Any]] | None = None
        self.places: dict[int, tuple[Place, Any, list[Any]]] = {}
        self.written: dict[int, Any] = {}
        self.waiting = self.incomplete = False
        names = {each.name for each in session.recursions}
        plain = code.name if code.name.isidentifier() else "lambda_"
        self.name = plain if plain not in names else f"{plain}_{len(names)}"

    def generalised(self, values: list[Any]) -> bool:
        """Whether a tensor stands for a Python number of the first call."""
        return any(leaf.aval is not None and not hasattr(x, "_value") for leaf, x in zip(self.leaves, values))

    # -- the function --------------------------------------------------------------------------------------------------

    def compile(self, values: list[Any]) -> Any:
        """Interpret the body until its types are known, and emit the call with these arguments; its result."""
        snapshot = Snapshot(self.session.frame)
        for _ in range(_MOST_ATTEMPTS):
            try:
                done = self._attempt(snapshot)
            except Widened as found:
                if found.recursion is not self:
                    raise
                self.leaves, done = found.leaves, None
            if done is not None:
                return self._finish(values, *done)
        self._refuse("The arguments or results of the recursive function '{}' change type from call to call.",
                     "more types than any call of it has", "keep their shapes and dtypes the same")

    def _attempt(self, snapshot: Snapshot) -> tuple[Any, list[Any], list[Any]] | None:
        """One interpretation of the body: (trace, leaves of the result, what is in the changed places), if it found
        what was assumed."""
        region = self.control.region(self.name)
        made: list[Any] = []
        start = self.policy.parameters(region, self.leaves)
        arguments = self.policy.put_together(self.shape, iter(start), made)
        side = _Body(snapshot, region)
        side.values = list(snapshot.values)
        for place, (_, shape, known) in self.places.items():
            side.values[place] = self.policy.put_together(shape, iter(self.policy.parameters(region, known)))
        self.control.carry_written(region, self.written)
        start_values = side.values
        before = [(x, x._value) for x in start if hasattr(x, "_value")]
        self.waiting = self.incomplete = False
        self.session.recursions.append(self)
        try:
            result = side.run(lambda frame: self._interpret(arguments, made), self.site, snapshot.frame.rest)
        except Diverged:
            if self.waiting:
                raise
            self._refuse("The recursion of '{}' has no end.", "a call of it on every way through it",
                         "return something without calling it where a tensor says so")
        finally:
            self.session.recursions.pop()
        if not self.policy.unchanged(made) or any(x._value is not old for x, old in before):
            self._refuse("The recursive function '{}' changes an argument.",
                         "a list, dict or tensor that was passed to it is changed in place", "return the new value")
        leaves: list[Any] = []
        stable = self._join_result(self.policy.take_apart(result, leaves), leaves) and not self.incomplete
        after = snapshot.completed(side.values)
        stable = self._join_places(snapshot, snapshot.completed(start_values), after) and stable
        fresh = self.control.writes(region)
        stable = fresh.keys() <= self.written.keys() and stable
        self.written.update(fresh)
        return (region, leaves, [after[place] for place in self.places]) if stable else None

    def _interpret(self, arguments: Any, made: list[Any]) -> Any:
        for value, _ in made:
            self.session.journal.made(value)
        return self.run_body(arguments)

    def _join_result(self, shape: Any, values: list[Any]) -> bool:
        """Take note of what an attempt returned; whether that was known."""
        found = list(map(self.policy.Leaf.of, values))
        if self.result is None:
            self.result = (shape, found)
            return not self.incomplete
        known = self.result[1]
        if shape != self.result[0]:
            self._unlike("results", "one call gives another container or object than the others")
        try:
            joined = self.policy.join_leaves(known, found)
        except self.control.Mismatch as error:
            self._unlike("results", str(error))
        self.result = (shape, joined)
        return self.policy.all_alike(known, joined)

    def _join_places(self, snapshot: Snapshot, before: list[Any], after: list[Any]) -> bool:
        """Take note of what an attempt changed besides; whether that was known."""
        stable = True
        for number, (old, new) in enumerate(zip(before, after)):
            if number in self.places or old is not new:
                stable = self._join_place(snapshot, number, snapshot.values[number], new) and stable
        return stable

    def _join_place(self, snapshot: Snapshot, number: int, old: Any, new: Any) -> bool:
        name = snapshot.name(number)
        if isinstance(old, Unbound) or isinstance(new, Unbound):
            self._unlike("changes", f"{name} has no value before or after a call")
        ends: tuple[list[Any], list[Any]] = ([], [])
        shape, other = (self.policy.take_apart(value, found) for value, found in zip((old, new), ends))
        if shape != other:
            self._unlike("changes", f"{name}: {describe(old)} before a call, {describe(new)} after it")
        known = self.places.get(number)
        try:
            joined = self.policy.join_leaves(*[list(map(self.policy.Leaf.of, values)) for values in ends])
            if known is not None:
                joined = self.policy.join_leaves(known[2], joined)
        except self.control.Mismatch as error:
            self._unlike("changes", f"{name}: {error}")
        self.places[number] = (snapshot.journal.places[number - len(snapshot.variables)], shape, joined)
        return known is not None and self.policy.all_alike(known[2], joined)

    def _finish(self, values: list[Any], region: Any, results: list[Any], changed: list[Any]) -> Any:
        """Emit the recursion into the present trace."""
        trace, policy = self.control.current_trace(), self.policy
        outputs = policy.nodes_of(region, results, self.result[1])
        outputs += [region.node_of(t) for t in self.written.values()]
        outputs += self._place_nodes(region, changed)
        self.session.frame.site = self.site
        operands = self._operands(trace, values)
        return self._take(trace, policy.define(self.name, region, outputs, operands))

    # -- its calls -----------------------------------------------------------------------------------------------------

    def fit(self, values: list[Any]) -> list[Any] | None:
        """The leaves if a call with these arguments is a call of this function, None if it is not. Widened if it is
        one, but with arguments of wider types."""
        found = list(map(self.policy.Leaf.of, values))
        try:
            joined = self.policy.join_leaves(self.leaves, found)
        except self.control.Mismatch:
            return None
        if not self.policy.all_alike(self.leaves, joined):
            raise Widened(self, joined)
        return joined

    def call(self, values: list[Any], number: int) -> Any:
        """Emit a call with these arguments; number: the place of the recursion among those under way."""
        inner = self.session.recursions[number + 1:]
        if self.result is None:
            self.incomplete = True
            for each in inner:
                each.waiting = True
            raise Diverged
        if inner:
            self._refuse("The functions '{}' and " f"'{inner[-1].name}' call each other and themselves.",
                         "a recursive function that calls a recursive function around it",
                         "make them one function with an argument that says which of the two is meant")
        trace = self.control.current_trace()
        avals = [leaf.aval for leaf in self.result[1] if leaf.aval is not None]
        avals += [t._value.aval for t in self.written.values()]
        avals += [leaf.aval for _, _, known in self.places.values() for leaf in known if leaf.aval is not None]
        return self._take(trace, self.policy.call(self.name, self._operands(trace, values), avals))

    def _operands(self, trace: Any, values: list[Any]) -> list[Any]:
        """What a call passes: arguments, tensors and variables that are assigned."""
        nodes = self.policy.nodes_of(trace, values, self.leaves)
        now = [place.read() for place, _, _ in self.places.values()]
        return nodes + self._place_nodes(trace, now) + [trace.node_of(t) for t in self.written.values()]

    def _place_nodes(self, trace: Any, contents: list[Any]) -> list[Any]:
        found: list[Any] = []
        for (number, (place, shape, known)), value in zip(list(self.places.items()), contents):
            leaves: list[Any] = []
            if self.policy.take_apart(value, leaves) != shape:
                self._unlike("changes", f"{place.what} is {describe(value)} at one of its calls")
            try:
                joined = self.policy.join_leaves(known, list(map(self.policy.Leaf.of, leaves)))
            except self.control.Mismatch as error:
                self._unlike("changes", f"{place.what}: {error}")
            if not self.policy.all_alike(known, joined):
                self.places[number] = (place, shape, joined)
                raise Widened(self, self.leaves)
            found += self.policy.nodes_of(trace, leaves, known)
        return found

    def _take(self, trace: Any, results: Any) -> Any:
        """The result of a call from its nodes; what the function changes is changed."""
        nodes, journal = iter(results), self.session.journal
        shape, known = self.result
        made: list[Any] = []
        value = self.policy.put_together(shape, iter(self.policy.tensors_of(trace, nodes, known)), made)
        for container, _ in made:
            journal.made(container)
        self.policy.assign(self.written, nodes)
        for place, shape, known in self.places.values():
            place.note(journal)
            place.write(self.policy.put_together(shape, iter(self.policy.tensors_of(trace, nodes, known))))
        return value

    # -- errors --------------------------------------------------------------------------------------------------------

    def _unlike(self, what: str, found: str) -> NoReturn:
        self._refuse(f"The {what} of the recursive function " "'{}' do not have one type.", found,
                     "give them one shape and dtype in all calls, for instance with ops.cast or reshape")

    def _refuse(self, summary: str, found: str, remedy: str) -> NoReturn:
        raise TensorConditionError(summary.format(self.code.name), found=found, remedy=remedy, site=self.site)
