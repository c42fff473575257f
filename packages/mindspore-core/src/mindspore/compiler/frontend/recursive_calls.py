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

from mindspore.compiler.frontend.errors import Diverged, TensorConditionError, Unwinding, describe
from mindspore.compiler.frontend.frames import Frame, Session, Unbound
from mindspore.compiler.frontend.functions import FunctionCode
from mindspore.compiler.frontend.journal import Place
from mindspore.compiler.frontend.sides import Branch
from mindspore.compiler.frontend.state import Snapshot

__all__ = ["NOT_RECURSIVE", "call_again", "call_first"]

NOT_RECURSIVE: Any = object()
_MOST_ATTEMPTS = 16
_MOST_UNROLLED = 64


class Widened(Unwinding):
    """A call inside of `recursion` has arguments that need wider `leaves`: its next attempt has them."""

    def __init__(self, recursion: Recursion, leaves: list[Any]) -> None:
        self.recursion, self.leaves = recursion, leaves


class Restarted(Unwinding):
    """The function whose first activation is `start` is recursive, with these leaves."""

    def __init__(self, start: Start, leaves: list[Any]) -> None:
        self.start, self.leaves = start, leaves


def call_again(
    session: Session, code: FunctionCode, values: Any, closure: Any, run: Callable[..., Any]
) -> Any:
    """Call a function that runs already, if the call can be part of a recursion in the graph.

    run: interprets the function for these parameters. NOT_RECURSIVE if the call has to be interpreted. One activation
    outside of the recursion under way is no reason to begin another one: its next call leads back into the recursion.
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
    outside = 0
    for frame in reversed(session.running[code]):
        known = _common(session, frame, closure, shape, leaves)
        if known is None or frame.region is trace:
            continue
        outside += frame.depth <= around
        if frame.depth > around or outside > 1:
            start = session.starts.get(code)
            wider = None if start is None else start.joined(session, shape, known)
            if wider is not None and not session.recursions:
                raise Restarted(start, wider)
            return _begin(session, code, closure, run, shape, known, leaves)
    _check_depth(session, code)
    return NOT_RECURSIVE


class Start:
    """The first activation of a function: what it takes to begin again there with a recursion."""

    def __init__(self, session: Session, values: Any) -> None:
        self.arguments = values
        self.trace = session.policy.control.current_trace()
        self.mark = self.trace.mark()
        self.snapshot = Snapshot(session.frame)
        self.snapshot.journal.fresh, self.snapshot.journal.is_local = {}, _is_not_local

    def joined(self, session: Session, shape: Any, known: list[Any]) -> list[Any] | None:
        """What is known of the arguments of later calls and of these; None if these are none of the recursion's."""
        policy, leaves = session.policy.recursion, []
        if policy.take_apart(tuple(self.arguments), leaves) != shape:
            return None
        try:
            return policy.join_leaves(known, list(map(policy.Leaf.of, leaves)))
        except session.policy.control.Mismatch:
            return None

    def put_back(self) -> None:
        """Take back what happened since."""
        self.snapshot.write(self.snapshot.values)
        self.trace.put_back(self.mark)


def _is_not_local(value: Any) -> bool:
    """Whether a value was computed in a branch under way: there is none."""
    return False


def call_first(session: Session, code: FunctionCode, values: Any, closure: Any, run: Callable[..., Any]) -> Any:
    """Call a function that does not run and that may call itself. If it turns out to be recursive, it is so from here
    on, unless a decision is under way."""
    starts = [start.snapshot.journal for start in session.starts.values()]
    decided = session.journal.outer is not None and session.journal not in starts
    if session.policy.control.current_trace() is None or decided or session.recursions:
        return run(values)
    start, journal = Start(session, values), session.journal
    session.starts[code], session.journal = start, start.snapshot.journal
    rest, site = session.frame.rest, session.frame.site
    try:
        return run(values)
    except Restarted as found:
        if found.start is not start:
            raise
        known = found.leaves
        start.put_back()
    finally:
        session.journal = journal
        del session.starts[code]
        start.trace.forget()
    session.frame.rest, session.frame.site = rest, site
    leaves: list[Any] = []
    shape = session.policy.recursion.take_apart(tuple(values), leaves)
    result = _begin(session, code, closure, run, shape, known, leaves)
    return run(values) if result is NOT_RECURSIVE else result


def _common(session: Session, frame: Frame, closure: Any, shape: Any, leaves: list[Any]) -> list[Any] | None:
    """What is known of the arguments of a call and of those of the activation `frame`, if they are alike."""
    policy = session.policy.recursion
    others: list[Any] = []
    if not _same_closure(frame.closure, closure) or policy.take_apart(tuple(frame.arguments), others) != shape:
        return None
    try:
        return policy.join_leaves(list(map(policy.Leaf.of, others)), list(map(policy.Leaf.of, leaves)))
    except session.policy.control.Mismatch:
        return None


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
    differing = [f"'{name}' is {describe(x)}, then {describe(y)}" for name, x, y in zip(
        code.scope.parameters, *[frame.arguments for frame in running[-2:]]) if not _alike(session, x, y)]
    why = session.unrolled.get(code)
    found = "; ".join([f"{len(running)} calls inside each other", *differing[:3]])
    if why is not None:
        found += f"; with tensors in place of numbers: {str(why).splitlines()[0]}"
    raise TensorConditionError(
        f"The recursion of '{code.name}' does not end while the graph is compiled.", found=found,
        remedy="pass what changes from call to call as tensors of one shape and dtype, so that the calls are alike; in "
               "place of a function that is made in each call, pass on the values that it holds",
        site=session.frame.site)


class _Body(Branch):
    """The body of a recursive function, from which an exception is no event of the program yet: what has to be known
    to run it may be missing."""

    def _raise_at_run_time(self, error: Exception) -> NoReturn:
        raise error


def _alike(session: Session, x: Any, y: Any) -> bool:
    """Whether two arguments could belong to calls of one recursion as they are."""
    policy = session.policy.recursion
    leaves: tuple[list[Any], list[Any]] = ([], [])
    if policy.take_apart(x, leaves[0]) != policy.take_apart(y, leaves[1]):
        return False
    return policy.all_alike(*[list(map(policy.Leaf.of, each)) for each in leaves])


class Recursion:
    """A recursive function while it is compiled.

    code, closure, shape: what its calls have in common. leaves: what is known of the arguments' tensors and numbers.
    result: the shape and the leaves of what it returns; None as long as nothing is known. places: what it changes
    besides (variables of enclosing functions, attributes, containers), by their number in the snapshot: (place, shape,
    leaves). written: the tensors from outside that it assigns, by identity.

    A function that calls itself and also a recursive function around it becomes a function of the same group: `home` is
    the outermost of those around it, and has it among its `members`. Then `extras`, the tensors of `home`'s body that
    it reads, are passed to it by each call.

    passed: the leaves that calls inside of the body pass. returned: the tensors from outside that a call may return, so
    that what is written into one of them is written into the result.
    """

    def __init__(self, session: Session, code: FunctionCode, closure: Any, run: Callable[..., Any], shape: Any,
                 leaves: list[Any]) -> None:
        self.session, self.code, self.closure, self.run_body = session, code, closure, run
        self.policy, self.control = session.policy.recursion, session.policy.control
        self.shape, self.leaves = shape, leaves
        self.site, self.depth = session.frame.site, session.frame.depth
        self.call_site: Any = None
        self.result: tuple[Any, list[Any]] | None = None
        self.places: dict[int, tuple[Place, Any, list[Any]]] = {}
        self.written: dict[int, Any] = {}
        self.waiting = self.incomplete = False
        self.home: Recursion | None = None
        self.extras: list[Any] = []
        self.members: dict[str, tuple[Any, list[Any]]] = {}
        self.passed: list[Any] = []
        self.returned: list[Any] = []
        self.name = self._new_name(code.name if code.name.isidentifier() else "lambda_")

    def _new_name(self, name: str) -> str:
        taken = {each for recursion in self.session.recursions for each in (recursion.name, *recursion.members)}
        return next(each for each in (name, *map(f"{name}_{{}}".format, range(1, len(taken) + 2))) if each not in taken)

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
        self.region = region = self.control.region(self.name)
        made: list[Any] = []
        start = self.policy.parameters(region, self.leaves)
        arguments = self.policy.put_together(self.shape, iter(start), made)
        side = _Body(snapshot, region)
        side.values = list(snapshot.values)
        for place, (_, shape, known) in self.places.items():
            side.values[place] = self.policy.put_together(shape, iter(self.policy.parameters(region, known)))
        self.control.carry_written(region, self.written)
        self.policy.carry(region, self.extras)
        start_values = side.values
        before = [(x, x._value) for x in start if hasattr(x, "_value")]
        self.waiting = self.incomplete = False
        self.members.clear()
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
        stable = self._join_result(result, self.policy.take_apart(result, leaves), leaves) and not self.incomplete
        after = snapshot.completed(side.values)
        stable = self._join_places(snapshot, snapshot.completed(start_values), after) and stable
        fresh = self.control.writes(region)
        stable = fresh.keys() <= self.written.keys() and stable
        self.written.update(fresh)
        if self.home is not None:
            more = self._read_in_home(region)
            self.extras += more
            stable = stable and not more
        return (region, leaves, [after[place] for place in self.places]) if stable else None

    def _interpret(self, arguments: Any, made: list[Any]) -> Any:
        for value, _ in made:
            self.session.journal.made(value)
        return self.run_body(arguments)

    def _join_result(self, result: Any, shape: Any, values: list[Any]) -> bool:
        """Take note of what an attempt returned; whether that was known."""
        found = list(map(self.policy.Leaf.of, values))
        if self.result is None:
            self.result = (shape, found)
            return not self.incomplete
        known = self.result[1]
        if shape != self.result[0]:
            self._unlike("results", f"a call that goes deeper gives {result!r}"[:400])
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
        self.returned = policy.given_back(region, results, [*values, *self.passed])
        outputs += [region.node_of(t) for t in self.written.values()]
        outputs += self._place_nodes(region, changed)
        self.session.frame.site = self.site
        operands = self._operands(trace, values)
        if self.home is not None:
            self._join(self.session.recursions, self.home)
            self.home.members.update({**self.members, self.name: (region, outputs)})
            return self._take(trace, policy.call(self.name, operands, self._result_avals()))
        return self._take(trace, policy.define({self.name: (region, outputs), **self.members}, operands))

    def _read_in_home(self, region: Any) -> list[Any]:
        """The tensors that the body reads and that may differ from call to call of the functions around it."""
        around = self.session.recursions[self.session.recursions.index(self.home):]
        return [t for t in region.lifted
                if self.policy.is_inside(t, self.home.region) or any(id(t) in each.written for each in around)]

    @staticmethod
    def _join(inner: list[Recursion], home: Recursion) -> None:
        """The recursions inside of `home` become members of its group."""
        for each in inner[inner.index(home) + 1:] if home in inner else inner:
            if each.home is None or each.home.depth > home.depth:
                each.home, each.incomplete = home, True

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
        self.call_site = self.session.frame.site
        if self.result is None:
            self.incomplete = True
            for each in inner:
                each.waiting = True
            raise Diverged
        self._join(inner, self.home or self)
        trace = self.control.current_trace()
        self.passed += values
        return self._take(trace, self.policy.call(self.name, self._operands(trace, values), self._result_avals()))

    def _result_avals(self) -> list[Any]:
        """The types of what a call gives: results, tensors that are assigned, places."""
        known = [self.result[1], *[leaves for _, _, leaves in self.places.values()]]
        first, *rest = [[leaf.aval for leaf in leaves if leaf.aval is not None] for leaves in known]
        return [*first, *[t._value.aval for t in self.written.values()], *sum(rest, [])]

    def _operands(self, trace: Any, values: list[Any]) -> list[Any]:
        """What a call passes: arguments, tensors and variables that are assigned."""
        nodes = self.policy.nodes_of(trace, values, self.leaves)
        now = [place.read() for place, _, _ in self.places.values()]
        rest = [trace.node_of(t) for t in (*self.written.values(), *self.extras)]
        return nodes + self._place_nodes(trace, now) + rest

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
        leaves = self.policy.tensors_of(trace, nodes, known)
        self.policy.relate(trace, leaves, self.returned)
        value = self.policy.put_together(shape, iter(leaves), made)
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
        raise TensorConditionError(summary.format(self.code.name), found=found, remedy=remedy,
                                   site=self.call_site or self.site)
