"""Decisions on traced tensors: all sides are interpreted, and what they leave behind is joined.

The interpreter forks at a decision: from one `Snapshot` of the program's state it runs each side in a region of its own
(the policy's `control` makes graphs of regions), puts the state back, and then joins, place by place, what the runs
left there (the policy's `Joiner`). A side may also leave: by `return`, `break` or `continue`. Where one side leaves and
the other goes on, the other runs the statements that follow, inside its region, until both are at the same point.
`Frame.rest` says what follows: a chain of (outer, resume, kind), the innermost first, of blocks, loops, and what cannot
be crossed.

A decision is by a `Tag`: of a predicate, with two alternatives, or of a variant (`variants.py`), whose every use is a
decision by its tag (`fork`). Inside of a side, `Session.known` says which alternatives of which tags are left; a
decision that is decided already runs one side, where it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, NoReturn

from mindspore.compiler.frontend.errors import Diverged, GraphCompileError, TensorConditionError
from mindspore.compiler.frontend.frames import (
    BARRIER,
    BLOCK,
    BREAK,
    CONTINUE,
    LOOP,
    RETURN,
    TENSOR_LOOP,
    Frame,
    Run,
    Session,
)
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.postponed import Postponed
from mindspore.compiler.frontend.state import Snapshot
from mindspore.compiler.frontend.trip_numbers import TripNumber
from mindspore.compiler.frontend.variants import Tag, Variant, narrowed, plain, tag_in, tag_of

__all__ = ["GOES_ON", "LEAVES", "RETURNS", "Branch", "Exit", "code_of", "codes_of", "decide", "fork", "fork_statement",
           "may_return", "outcome_of", "predicate", "refuse", "run_statement"]

GOES_ON, LEAVES, RETURNS = 0, 1, 2


_IMPLYING = ("and", "or", "chained comparison")


class Exit:
    """The signal of a branch of a loop on a tensor that may leave the loop. `code` is a tensor: one of `codes`, which
    are two or all of GOES_ON, LEAVES (by `break`) and RETURNS. Where RETURNS is among them, the result is in the
    frame."""

    def __init__(self, code: Any, codes: frozenset[int]) -> None:
        self.code, self.codes = code, codes


def _is_caught(frame: Frame) -> bool:
    """Whether a `try` or `with` of the program stands around what runs."""
    at: Frame | None = frame
    while at is not None:
        rest = at.rest
        while rest is not None:
            if rest[2] is BARRIER:
                return True
            rest = rest[0]
        at = at.back
    return False


class Branch:
    """One side of a decision: the region it records into, and where its run has come."""

    def __init__(self, snapshot: Snapshot, region: Any, facts: dict[Tag, tuple[int, ...]] | None = None) -> None:
        self.snapshot, self.region = snapshot, region
        self.values = snapshot.values
        self.signal: Any = None
        self.outcome: Any = None
        self.result: Any = None
        self.raises = False
        self.ends = True
        self.runs: list[Run] = []
        self.fresh: dict[int, Any] = {}
        self.known = {**snapshot.frame.session.known, **(facts or {})}

    def run(self, run: Run, site: Site, rest: Any) -> Any:
        """Run from this side's state, then put that of the decision back; what `run` gave."""
        snapshot = self.snapshot
        frame, journal = snapshot.frame, snapshot.journal
        self.runs.append(run)
        session = frame.session
        saved = session.journal, session.known, session.log
        session.journal, session.known, session.log = journal, self.known, None
        journal.fresh, journal.is_local = self.fresh, session.policy.control.local_to(self.region)
        snapshot.write(self.values)
        if session.superposed:
            _settle_contents(session)
        frame.rest = rest
        try:
            with session.policy.control.recording(self.region):
                outcome = run(frame)
            self.values, self.result, self.known = snapshot.read(self.values), frame.result, session.known
        except Diverged:
            self.ends = False
            raise
        except GraphCompileError:
            raise
        except Exception as error:
            frame.rest = rest
            if not _is_caught(frame):
                self._raise_at_run_time(error)
                return None
            raise Postponed(repr(error), site) from error
        finally:
            snapshot.write(snapshot.values)
            session.journal, session.known, session.log = saved
        return outcome

    def _raise_at_run_time(self, error: Exception) -> None:
        """The run ended in an exception that nothing in the program catches: so does the region, when it runs."""
        policy = self.snapshot.frame.session.policy
        if isinstance(error, RecursionError) or policy.effects is None:
            raise error
        with policy.control.recording(self.region):
            policy.effects.raise_at_run_time(error)
        self.raises = True


def _settle_contents(session: Session) -> None:
    """Containers of which one alternative is left take up its contents."""
    for owner, contents in list(session.superposed.values()):
        found = narrowed(session, contents)
        if type(found) is not Variant:
            session.journal.note_items(owner)
            session.superposed.pop(id(owner), None)
            session.journal.items_of(owner).write(found)


# -- decisions ---------------------------------------------------------------------------------------------------------


class _Question(NamedTuple):
    """A condition: it holds for the alternatives `holds` of the tag. `implied`: what else is known on either side.
    `of_variant`: whether the members of a variant say so."""

    tag: Tag
    holds: tuple[int, ...]
    implied: tuple[dict[Tag, tuple[int, ...]], dict[Tag, tuple[int, ...]]] = ({}, {})
    of_variant: bool = False


_Side = tuple[Run, tuple[int, ...], dict[Tag, tuple[int, ...]]]


def decide(frame: Frame, value: Any, site: Site, construct: str, then: Run, orelse: Run, expression: bool) -> Any:
    """Run a decision on a traced tensor or a variant: the joined value of an expression, or the joined signal of
    statements."""
    question = _ask(frame, value, site, construct)
    if isinstance(question, bool):
        return (then if question else orelse)(frame)
    tag = question.tag
    _recall(frame.session, tag)
    left = frame.session.known.get(tag, range(tag.count))
    sides = []
    for run, holds, implied in zip((then, orelse), (True, False), question.implied):
        group = tuple(k for k in left if (k in question.holds) is holds)
        if group:
            sides.append((run, group, implied))
    if len(sides) == 1:
        return sides[0][0](frame)
    result = _run_sides(frame, tag, sides, site, construct, expression, not (expression and question.of_variant))
    if expression and construct in _IMPLYING and frame.session.is_traced(result):
        _remember(frame.session, question, result, construct == "or")
    return result


def _remember(session: Session, question: _Question, result: Any, inverted: bool) -> None:
    """If `a and b` is true, so is `a`; if `a or b` is false, so is `a`."""
    key, _, tensor = session.policy.control.identity(result)
    if tensor is not None:
        others = tuple(k for k in range(question.tag.count) if k not in question.holds)
        session.implied[key] = ({}, {question.tag: others}) if inverted else ({question.tag: question.holds}, {})


def fork(frame: Frame, run: Callable[..., Any], *values: Any, deep: bool = False) -> Any:
    """`run(frame, *values)`, once for each alternative that the values have; the joined result.

    Only values that are variants or superposed containers count, or with `deep` also what lies in them.
    """
    return _fork(frame, run, values, deep, True)


def fork_statement(frame: Frame, run: Callable[..., Any], *values: Any, deep: bool = False) -> Any:
    """The same for statements: `run` gives a signal."""
    return _fork(frame, run, values, deep, False)


def _fork(frame: Frame, run: Callable[..., Any], values: tuple[Any, ...], deep: bool, expression: bool) -> Any:
    session = frame.session
    find = tag_in if deep else tag_of
    tag = next((tag for tag in (find(session, value) for value in values) if tag is not None), None)
    if tag is None:
        return run(frame, *[(plain if deep else narrowed)(session, value) for value in values])
    site = frame.site
    assert site is not None

    def again(frame: Frame) -> Any:
        frame.site = site
        return _fork(frame, run, values, deep, expression)

    _recall(session, tag)
    left = session.known.get(tag, range(tag.count))
    if len(left) == 1:
        return again(frame)
    sides = [(again, group, {}) for group in _groups(session, tag, left, values)]
    if len(sides) == 1:
        return again(frame)
    return _run_sides(frame, tag, sides, site, "a use of a variant", expression, False)


def _groups(session: Session, tag: Tag, left: Any, values: tuple[Any, ...]) -> list[tuple[int, ...]]:
    """The alternatives of a tag that are left, those together for which all values are the same."""
    relevant = [value for value in values if type(value) is Variant and value.tag is tag]
    if not relevant or any(type(value) is not Variant and tag_in(session, value) is not None for value in values):
        return [(k,) for k in left]
    groups: dict[tuple[int, ...], list[int]] = {}
    for k in left:
        groups.setdefault(tuple(id(value.members[k]) for value in relevant), []).append(k)
    return [tuple(group) for group in groups.values()]


def _run_sides(frame: Frame, tag: Tag, sides: list[_Side],
               site: Site, construct: str, expression: bool, numbers: bool) -> Any:
    """Run the sides of a decision, each chosen by a group of alternatives, and join what they leave.

    numbers: whether Python numbers that differ become tensors.
    """
    try:
        return _join_sides(frame, tag, sides, site, construct, expression, numbers)
    except Postponed as postponed:
        if frame.session.log is not None and postponed.log is None:
            postponed.log, postponed.tag, postponed.numbers = frame.session.log, tag, numbers
            postponed.sides = [(group, implied) for _, group, implied in sides]
        raise


def _recall(session: Session, tag: Tag) -> None:
    """Where a statement is run again for some alternatives of a tag, these are known when it comes to the tag."""
    if session.log is not None and session.log.forced and tag not in session.known:
        group = session.log.forced.get(session.policy.control.structure(tag.tensor))
        if group is not None:
            session.known = {**session.known, tag: group}
            if session.superposed:
                _settle_contents(session)


def run_statement(frame: Frame, tag: Tag, sides: list[_Side], site: Site, numbers: bool) -> Any:
    """Run a statement once for each group of alternatives of a tag; the joined signal."""
    return _run_sides(frame, tag, sides, site, "try", False, numbers)


def _join_sides(frame: Frame, tag: Tag, sides: list[_Side],
                site: Site, construct: str, expression: bool, numbers: bool) -> Any:
    session, rest = frame.session, frame.rest
    control = session.policy.control
    snapshot = Snapshot(frame)
    frame.site = site
    tests, regions = control.regions(tag, [group for _, group, _ in sides])
    branches: list[Branch] = []
    signal = None
    try:
        for (run, group, implied), region in zip(sides, regions):
            branch = Branch(snapshot, region, {**implied, tag: group})
            branches.append(branch)
            outcome = branch.run(run, site, rest)
            if branch.raises:
                break
            if expression:
                branch.outcome = outcome
            else:
                branch.signal = outcome
        else:
            signal = None if expression else _settle(frame, branches, rest, site)
    except Diverged:
        frame.rest, frame.site = rest, site
        number = [branch.ends for branch in branches].index(False)
        return _run_others(frame, tag, sides, number, site, construct, expression, numbers)
    frame.rest, frame.site = rest, site
    for number, branch in enumerate(branches):
        if branch.raises:
            return _go_on_without(frame, tag, sides, number, branch, site, construct, expression, numbers)
    joiner = control.Joiner(session, tag, [group for _, group, _ in sides], branches, numbers, site)
    values = list(snapshot.values)
    vectors = [snapshot.completed(branch.values) for branch in branches]
    try:
        rows = {place: each for place, each in enumerate(zip(*vectors))
                if any(value is not values[place] for value in each)}
        besides = _besides(control, branches, signal, expression)
        joiner.survey([*rows.values(), *besides])
        joined = {place: joiner.join(each) for place, each in rows.items()}
        extra = [joiner.join_numbers(each) if isinstance(signal, Exit) and not number else joiner.join(each)
                 for number, each in enumerate(besides)]
        joiner.emit(tests, regions)
    except control.Mismatch as error:
        raise TensorConditionError(
            f"The sides of '{construct}', which depends on a tensor, leave values that do not join.",
            found=str(error), remedy="give both sides one kind of value, of one shape and dtype", site=site,
        ) from None
    if session.journal.fresh is not None:
        for branch in branches:
            session.journal.fresh.update(branch.fresh)
        session.journal.fresh.update(joiner.fresh)
    for place, value in joined.items():
        values[place] = value
    snapshot.write(values)
    if expression:
        return extra[0]
    if signal is RETURN:
        frame.result = extra[0]
    elif isinstance(signal, Exit):
        frame.result = extra[1] if may_return(signal) else frame.result
        return Exit(extra[0], signal.codes)
    return signal


def _go_on_without(frame: Frame, tag: Tag, sides: list[_Side], number: int, branch: Branch, site: Site,
                   construct: str, expression: bool, numbers: bool) -> Any:
    """What the program gives where one side of a decision raises: after the raising, the others run as if there were
    no such side."""
    session = frame.session
    control = session.policy.control
    run, group, implied = sides[number]
    left = tuple(sorted(k for side in sides if side is not sides[number] for k in side[1]))
    frame.site = site
    tests, (then, orelse) = control.regions(tag, [group, left])
    if number == 0:
        then = branch.region
    elif len(sides) == 2:
        tests, then, orelse = control.regions(tag, [left, group])[0], orelse, branch.region
    else:
        again = Branch(Snapshot(frame), then, {**implied, tag: group})
        for each in branch.runs:
            again.run(each, site, frame.rest)
    control.choose(tests[0], then, orelse, [])
    return _run_others(frame, tag, sides, number, site, construct, expression, numbers)


def _run_others(frame: Frame, tag: Tag, sides: list[_Side], number: int, site: Site, construct: str, expression: bool,
                numbers: bool) -> Any:
    """What the program gives where one side of a decision is not taken, or does not end as far as is known (a recursive
    call)."""
    session = frame.session
    others = [side for side in sides if side is not sides[number]]
    session.known = {**session.known, tag: tuple(sorted(k for _, each, _ in others for k in each))}
    if session.superposed:
        _settle_contents(session)
    if len(others) == 1:
        session.known.update(others[0][2])
        return others[0][0](frame)
    return _run_sides(frame, tag, others, site, construct, expression, numbers)


def _besides(control: Any, sides: list[Branch], signal: Any, expression: bool) -> list[list[Any]]:
    """What joins beside the variables: the value of an expression, the result of a `return`, how a loop is left."""
    if expression:
        return [[side.outcome for side in sides]]
    if signal is RETURN:
        return [[side.result for side in sides]]
    if not isinstance(signal, Exit):
        return []
    codes = [code_of(side.signal) for side in sides]
    if not may_return(signal):
        return [codes]
    return [codes, [side.result if may_return(side.signal) else control.NOTHING for side in sides]]


def outcome_of(frame: Frame, value: Any, site: Site, construct: str) -> Any:
    """The truth of a value: a bool, a predicate, or a variant of these."""
    frame.site = site
    return fork(frame, partial(_truth, site=site, construct=construct), value)


# -- conditions --------------------------------------------------------------------------------------------------------


def _ask(frame: Frame, value: Any, site: Site, construct: str) -> bool | _Question:
    """What a condition depends on; a bool if it is known here."""
    session = frame.session
    frame.site = site
    if tag_of(session, value) is not None:
        value = fork(frame, partial(_truth, site=site, construct=construct), value)
    value = narrowed(session, value)
    if isinstance(value, bool):
        return value
    if type(value) is Variant:
        left = session.known.get(value.tag, range(value.tag.count))
        if all(isinstance(value.members[k], bool) for k in left):
            return _Question(value.tag, tuple(k for k in left if value.members[k]), of_variant=True)
        implied = tuple({value.tag: tuple(k for k in left if value.members[k] is not excluded)}
                        for excluded in (False, True))
        return _question(frame, session.policy.control.select(session.known, value), site, construct, implied)
    if not session.is_traced(value):
        return _truth(frame, value, site, construct)
    if type(value) is TripNumber:
        value = predicate(frame, value, site, construct)
    return _question(frame, value, site, construct)


def _truth(frame: Frame, value: Any, site: Site, construct: str) -> Any:
    """The truth of one value: a bool, or a predicate."""
    from mindspore.compiler.frontend.branches import truth

    if frame.session.is_traced(value):
        return predicate(frame, value, site, construct)
    return truth(frame, value, site, construct)


def _question(frame: Frame, value: Any, site: Site, construct: str, implied: Any = ({}, {})) -> _Question | bool:
    """The question that a traced tensor asks. The same predicate asks the same question."""
    session = frame.session
    key, inverted, tensor = session.policy.control.identity(value)
    tag = session.tags.get(key)
    if tag is None:
        if tensor is None:
            tensor = predicate(frame, value, site, construct)
        tag = session.tags[key] = Tag(2, tensor, site)
    known = session.known.get(tag)
    if known is not None and len(known) == 1:
        return (known[0] == 0) is not inverted
    if key in session.implied:
        more = session.implied[key][::-1] if inverted else session.implied[key]
        implied = tuple({**a, **b} for a, b in zip(more, implied))
    return _Question(tag, (1,) if inverted else (0,), implied)


def predicate(frame: Frame, value: Any, site: Site, construct: str) -> Any:
    """A traced tensor as a predicate. TensorConditionError if it has more than one element."""
    control = frame.session.policy.control
    frame.site = site
    try:
        return control.predicate(value)
    except control.Mismatch as error:
        raise TensorConditionError(
            f"The condition of '{construct}' is a tensor of more than one element.", found=str(error),
            remedy="reduce it with .all() or .any(), or choose element by element with ops.where(condition, a, b)",
            site=site,
        ) from None


# -- leaving -----------------------------------------------------------------------------------------------------------


def code_of(signal: Any) -> Any:
    """How a trip of a loop ends, as a number."""
    if isinstance(signal, Exit):
        return signal.code
    return RETURNS if signal is RETURN else LEAVES if signal is BREAK else GOES_ON


def codes_of(signal: Any) -> frozenset[int]:
    """The ways in which a trip with this signal may end."""
    return signal.codes if isinstance(signal, Exit) else frozenset({code_of(signal)})


def may_return(signal: Any) -> bool:
    """Whether a trip with this signal may return from the function."""
    return RETURNS in codes_of(signal)


def _loops_around(rest: Any) -> tuple[str | None, bool]:
    """The kind of the loop around what runs, within the block that cannot be crossed, and whether one of the loops
    there is on a tensor."""
    nearest = None
    while rest is not None and rest[2] is not BARRIER:
        if rest[2] is TENSOR_LOOP:
            return nearest or TENSOR_LOOP, True
        if rest[2] is LOOP:
            nearest = LOOP
        rest = rest[0]
    return nearest, False


def _settle(frame: Frame, sides: list[Branch], rest: Any, site: Site) -> Any:
    """Let the sides run until all are at the same point; the signal of that point.

    That is the end of the trip or of the loop, if no side goes farther. Where one side returns it is the end of the
    function, or of the trip of the loop on a tensor around it: such a loop is left by a code that its condition reads.
    """
    nearest, on_tensor = _loops_around(rest)
    far = False
    while True:
        signals = [side.signal for side in sides]
        if all(signal is signals[0] for signal in signals) and not isinstance(signals[0], Exit):
            return signals[0]
        leaving = on_tensor and any(map(may_return, signals) or any(isinstance(s, Exit) for s in signals))
        if far or (nearest is TENSOR_LOOP and None not in signals):
            return Exit(None, frozenset().union(*map(codes_of, signals)))
        if leaving:
            goal, far = TENSOR_LOOP, True
        elif RETURN in signals:
            goal = RETURN
        elif None in signals:
            goal = CONTINUE
        else:
            goal = BREAK
        for side in sides:
            if _goes_on(side.signal, goal):
                go_on = partial(_run_on, rest=rest, signal=side.signal, goal=goal, site=site)
                side.signal = side.run(go_on, site, rest)
                if side.raises:
                    return None


def _goes_on(signal: Any, goal: str) -> bool:
    """Whether a side with this signal is not yet where the goal is."""
    if signal is goal or signal is RETURN or isinstance(signal, Exit):
        return False
    return goal is not CONTINUE or signal is None


def _run_on(frame: Frame, rest: Any, signal: Any, goal: str, site: Site) -> Any:
    """Run what follows: up to the end of the trip, of the loop, of the trip of the loop on a tensor, or of the
    function."""
    while rest is not None:
        outer, resume, kind = rest
        frame.rest = outer
        if kind is BARRIER:
            raise Postponed("a 'return', 'break' or 'continue'", site)
        if kind is BLOCK:
            signal = resume(frame) if signal is None else signal
        else:
            if goal is CONTINUE or kind is TENSOR_LOOP:
                return CONTINUE if signal is None else signal
            signal = None if signal is BREAK else resume(frame)
            if goal is BREAK:
                return BREAK if signal is None else signal
        if signal is RETURN or isinstance(signal, Exit):
            return signal
        rest = outer
    frame.result = None
    return RETURN


def refuse(summary: str, remedy: str, site: Site) -> NoReturn:
    raise TensorConditionError(summary, remedy=remedy, site=site)
