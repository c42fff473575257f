"""Decisions on traced tensors: all sides are interpreted, and what they leave behind is joined.

The interpreter forks at a decision: from one `Snapshot` of the program's state it runs each side in a region of its own
(`sides.py`; the policy's `control` makes graphs of regions), puts the state back, and then joins, place by place, what
the runs left there (the policy's `Joiner`). A side may also leave (`leaving.py`).

A decision is by a `Tag`: of a predicate, with two alternatives, or of a variant (`variants.py`), whose every use is a
decision by its tag (`fork`). Inside of a side, `Session.known` says which alternatives of which tags are left; a
decision that is decided already runs one side, where it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from mindspore.compiler.frontend.conditions import ask, remember, truth_of
from mindspore.compiler.frontend.errors import Diverged, TensorConditionError
from mindspore.compiler.frontend.frames import RETURN, Frame, Run, Session
from mindspore.compiler.frontend.leaving import Exit, code_of, may_return, settle
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.postponed import Postponed
from mindspore.compiler.frontend.sides import Branch, settle_contents
from mindspore.compiler.frontend.state import Snapshot
from mindspore.compiler.frontend.variants import Tag, Variant, narrowed, plain, tag_in, tag_of

__all__ = ["decide", "fork", "fork_statement", "outcome_of", "refuse", "run_statement"]

_IMPLYING = ("and", "or", "chained comparison")


# -- decisions ---------------------------------------------------------------------------------------------------------


_Side = tuple[Run, tuple[int, ...], dict[Tag, tuple[int, ...]]]


def decide(frame: Frame, value: Any, site: Site, construct: str, then: Run, orelse: Run, expression: bool) -> Any:
    """Run a decision on a traced tensor or a variant: the joined value of an expression, or the joined signal of
    statements."""
    if tag_of(frame.session, value) is not None:
        value = outcome_of(frame, value, site, construct)
    question = ask(frame, value, site, construct)
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
        remember(frame.session, question, result, construct == "or")
    return result


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
                settle_contents(session)


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
            signal = None if expression else settle(frame, branches, rest, site)
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
        for place, each in rows.items():
            snapshot.joins(place, each)
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
            native=error.of_arrays,
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
        raised = _payload_codes(branches)
        return Exit(extra[0], signal.codes, dict(zip(raised, extra[len(extra) - len(raised):])))
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
        settle_contents(session)
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
    found = [[code_of(side.signal) for side in sides]]
    if may_return(signal):
        found.append([side.result if may_return(side.signal) else control.NOTHING for side in sides])
    for code in _payload_codes(sides):
        found.append([getattr(side.signal, "payloads", {}).get(code, control.NOTHING) for side in sides])
    return found


def _payload_codes(sides: list[Branch]) -> list[int]:
    """The numbers of the exceptions that the sides may leave a loop with."""
    return sorted({code for side in sides if isinstance(side.signal, Exit) for code in side.signal.payloads})


def outcome_of(frame: Frame, value: Any, site: Site, construct: str) -> Any:
    """The truth of a value: a bool, a predicate, or a variant of these."""
    frame.site = site
    return fork(frame, partial(truth_of, site=site, construct=construct), value)


def refuse(summary: str, remedy: str, site: Site) -> NoReturn:
    raise TensorConditionError(summary, remedy=remedy, site=site)
