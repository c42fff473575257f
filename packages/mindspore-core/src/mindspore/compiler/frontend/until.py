"""Builtins that stop at the item that decides: `any`, `all`, `next`; and `filter`.

What comes after that item must not happen: neither its effects nor its errors. Where tensors decide, each item is a
step that runs only if none before it has decided. But a chain of decisions is slow where the steps only compute. So a
step is tried first (`_Trial`): if all that it did was to compute, it may as well always happen, and its outcome is
combined with the others'. Otherwise what it did is put back, and it becomes a side of a decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mindspore.compiler.frontend.branches import truth
from mindspore.compiler.frontend.calls import call_from
from mindspore.compiler.frontend.decisions import decide, outcome_of
from mindspore.compiler.frontend.errors import GraphCompileError, Unwinding
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.generated_items import GeneratedItems, Guard, Take
from mindspore.compiler.frontend.generators import Consumer, Generator
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.postponed import Log, Postponed
from mindspore.compiler.frontend.protected import Attempt
from mindspore.compiler.frontend.sequences import sequence_of

__all__ = ["UNTIL"]

_END: Any = object()


def _site(frame: Frame) -> Site:
    assert frame.site is not None
    return frame.site


def _nothing(frame: Frame) -> None:
    return None


class _Found:
    """Whether an item has decided: a bool, or a predicate. It lives in a list, so that decisions join it."""

    def __init__(self, frame: Frame, name: str) -> None:
        self.name, self.site = name, _site(frame)
        self.held = frame.session.journal.made([False])

    @property
    def now(self) -> Any:
        return self.held[0]

    def note(self, frame: Frame, value: Any) -> None:
        """This item decides if `value`, a bool or a predicate, holds."""
        if value is False:
            return
        before = self.held[0]
        frame.session.journal.note_items(self.held)
        self.held[0] = True if value is True else value if before is False else \
            frame.session.policy.control.either(before, value)

    def guard(self, frame: Frame, step: Run, may_repeat: bool = True) -> bool:
        """Run a step where no item has decided; whether there may be another one. may_repeat: whether it can be tried
        before it is known that it happens."""
        found = self.held[0]
        if found is True:
            return False
        if found is False:
            step(frame)
        elif not (may_repeat and _Trial(frame, self.held).succeeds(step)):
            decide(frame, found, self.site, self.name, _nothing, step, False)
        return self.held[0] is not True


class _Quantifier(Consumer):
    """`any` or `all` of a generator."""

    def __init__(self, take: Callable[[Frame, Any], None], found: _Found) -> None:
        self._take, self.found = take, found

    def take(self, inner: Frame, value: Any) -> None:
        self._take(inner, value)

    def stop(self, inner: Frame) -> Any:
        return self.found.now


class _Trial(Attempt):
    """A run of a step that counts only if it does nothing but to compute, and to note its outcome in `held`."""

    def __init__(self, frame: Frame, held: list[Any]) -> None:
        log = frame.session.log
        super().__init__(frame, Log({} if log is None else log.forced))
        self.held = held

    def succeeds(self, step: Run) -> bool:
        """Run the step; whether it counts. What does not count is undone."""
        written = dict(self.trace.nodes), dict(self.trace.written)
        counts = False
        try:
            self.run(step)
            counts = self._has_only_computed(*written)
        except Postponed as postponed:
            if postponed.log is not None and postponed.log is not self.log:
                raise
        except (GraphCompileError, Unwinding):
            raise
        except Exception:  # it is raised again where the step is known to happen
            pass
        finally:
            if not counts:
                self.undo()
            self.end()
        return counts

    def _has_only_computed(self, nodes: dict[int, Any], written: dict[int, Any]) -> bool:
        places = self.snapshot.journal.places
        trace = self.trace
        return (all(place.owner is self.held for place in places) and not trace.assigns_since(self.mark)
                and trace.written.keys() == written.keys() and all(trace.nodes[k] is nodes[k] for k in written))


def _quantified(name: str, native: Callable[[Any], bool], decisive: bool) -> Callable[..., Any]:
    def fold(frame: Frame, *args: Any) -> Any:
        control = frame.session.policy.control
        if len(args) != 1 or control is None:
            return native(*args)
        found = _Found(frame, name)

        def take(inner: Frame, item: Any) -> None:
            value = outcome_of(inner, item, found.site, name)
            if not decisive:
                value = control.negate(value) if inner.session.is_traced(value) else not value
            found.note(inner, value)

        _take_until(frame, args[0], take, found)
        outcome = found.now
        if decisive:
            return outcome
        return control.negate(outcome) if frame.session.is_traced(outcome) else not outcome

    return fold


def _take_until(frame: Frame, items: Any, take: Callable[[Frame, Any], None], found: _Found) -> None:
    """Take items until one has decided."""
    control = frame.session.policy.control
    if frame.session.is_traced(items):
        items = control.items_of(items)
    if type(items) is Generator and items.is_new:
        items.give_all(_Quantifier(take, found))
        return
    if type(items) is GeneratedItems and items.is_new:
        items.fold(take, found.guard)
        items.stopped(found.now is True) if found.now is not False else items.close()
        return
    if not isinstance(items, Iterator) or sequence_of(control, items) is not None:
        for item in items:
            if not found.guard(frame, partial(_take, take=take, item=item)):
                return
        return
    ended: list[bool] = []

    def step(frame: Frame) -> None:
        item = next(items, _END)
        if item is _END:
            ended.append(True)
        else:
            take(frame, item)

    while not ended and found.guard(frame, step, may_repeat=False):
        continue


def _take(frame: Frame, take: Callable[[Frame, Any], None], item: Any) -> None:
    take(frame, item)


def _next(frame: Frame, iterator: Any, *default: Any) -> Any:
    journal = frame.session.journal
    if journal.fresh is not None and id(iterator) not in journal.fresh:
        raise GraphCompileError(
            "An iterator is advanced in a branch or loop that depends on a tensor.",
            found=f"next() of a {type(iterator).__name__}",
            remedy="advance it before the decision, or subscript a list",
        )
    if type(iterator) is not GeneratedItems or not (iterator.is_new and iterator.is_filtered) or len(default) > 1:
        return next(iterator, *default)
    found = _Found(frame, "next")
    holder = journal.made([default[0] if default else None])

    def take(inner: Frame, item: Any) -> None:
        inner.session.journal.note_items(holder)
        holder[0] = item
        found.note(inner, True)

    iterator.fold(take, partial(found.guard, may_repeat=False))
    if found.now is False:
        iterator.close()
    else:
        iterator.stopped(found.now is True)
    if not default:
        _check_found(frame, found)
    return holder[0]


def _check_found(frame: Frame, found: _Found) -> None:
    """StopIteration where there was no item."""

    def refuse(frame: Frame) -> None:
        frame.site = found.site
        raise StopIteration

    if found.now is False:
        refuse(frame)
    elif found.now is not True:
        decide(frame, found.now, found.site, "next", _nothing, refuse, False)


def _filter(frame: Frame, function: Any, iterable: Any) -> Any:
    """`filter`: like a generator expression with one filter."""
    session, site = frame.session, _site(frame)
    items = iter(iterable)
    call_function = (lambda item: item) if function is None else call_from(session, function)

    def accepted(frame: Frame, item: Any) -> Any:
        return outcome_of(frame, call_function(item), site, "filter")

    def step(frame: Frame, item: Any, take: Take) -> None:
        found = accepted(frame, item)
        if found is True:
            take(frame, item)
        elif found is not False:
            decide(frame, found, site, "filter", lambda frame: take(frame, item), _nothing, False)

    def fold(take: Take, guard: Guard) -> None:
        for item in items:
            if not guard(frame, partial(step, item=item, take=take)):
                return

    return session.journal.made(GeneratedItems(
        filter(lambda item: truth(frame, call_function(item), site, "filter"), items), fold, True, True))


UNTIL: dict[Any, Callable[..., Any]] = {
    any: _quantified("any", any, True),
    all: _quantified("all", all, False),
    next: _next,
    filter: _filter,
}
