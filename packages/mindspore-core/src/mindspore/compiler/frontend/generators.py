"""Generators: what the call of an interpreted generator function gives.

A generator gives its items in one of two ways.

Whoever goes over all items of a new generator (`for`, `list`, `sum`, a comprehension) is its *consumer*: the body of
the generator runs, and each `yield` hands its value to the consumer, which does there what it does with an item. So
the effects of both come in the order that Python knows, and all that a function may do may stand around a `yield`:
decisions and loops on tensors, protected blocks. Where the consumer has enough (`break`, `return`), the generator ends
at the `yield` as by a `return`, so its `finally` blocks run.

Whoever asks for one item after the other (`next`, `zip`, `send`, the context managers of `contextlib`) resumes the
body between two items (`compile_yield.py`). There, no tensor may decide which item comes next.

While the consumer works, its variables are not those of the frame that decides. They are noted in the journals that
began after the consumer did (`Journal.note_frame`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mindspore.compiler.frontend.decisions import decide
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.frames import BLOCK, CONTINUE, RETURN, TENSOR_LOOP, Frame, Run, Unbound
from mindspore.compiler.frontend.leaving import GOES_ON, code_of, codes_of, may_return
from mindspore.compiler.frontend.location import Site

__all__ = ["Consumer", "Delegate", "ForConsumer", "Generator", "StepConsumer", "give_each", "is_foreign", "stopped"]


class Consumer:
    """Who goes over the items of a generator."""

    def take(self, inner: Frame, value: Any) -> None:
        """Do what is done with an item. `inner`: the frame of the generator."""
        raise NotImplementedError

    def stop(self, inner: Frame) -> Any:
        """Whether the consumer has enough: a bool, or a predicate."""
        return False


class Generator(Iterator[Any]):
    """See the module's text.

    Attributes:
        frame: the activation.
        is_new: whether nothing has been asked of it yet.
        consumer: who goes over its items.
        foreign: the exception of the consumer on its way through the body, whose handlers do not see it.
        closing: whether `close` is under way.
    """

    def __init__(self, frame: Frame, body: Callable[[], Run], pulled: Callable[[], Callable[[Frame], Any]]) -> None:
        self.frame, self._body, self._pulled_body = frame, body, pulled
        self.is_new = True
        self.consumer: Consumer = Consumer()
        self.foreign: BaseException | None = None
        self.closing = False
        self._pulled: Any = None
        frame.generator = self

    # -- all items -----------------------------------------------------------------------------------------------------

    def give_all(self, consumer: Consumer) -> Any:
        """Give all items to a consumer; what the body returned."""
        self.is_new, self._pulled = False, iter(())
        self.consumer = consumer
        self._inside(self._body())
        return self.frame.result

    def fold(self, take: Callable[[Frame, Any], None]) -> None:
        """Call `take(frame, item)` for all items."""
        self.give_all(_Taker(take))

    def _inside(self, run: Callable[..., Any], *args: Any) -> Any:
        """Run in the generator's frame, called from whoever asks."""
        frame = self.frame
        session = frame.session
        caller = session.frame
        frame.back, frame.depth = caller, caller.depth + 1
        if frame.depth > session.room.most:
            raise RecursionError("maximum recursion depth exceeded")
        session.frame = frame
        try:
            if frame.depth < session.room.depth:
                return run(frame, *args)
            with session.room.deeper(frame.depth):
                return run(frame, *args)
        finally:
            session.frame = caller

    # -- one after the other -------------------------------------------------------------------------------------------

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        """The next item; the `yield` at which the body stands has this value. StopIteration at its end."""
        return self._resume(lambda items: next(items) if value is None else items.send(value))

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        """The next item after an exception at the `yield` at which the body stands."""
        error = value if isinstance(value, BaseException) else kind if isinstance(kind, BaseException) else kind()
        return self._resume(lambda items: items.throw(error))

    def close(self) -> None:
        """End the body at the `yield` at which it stands."""
        self.is_new, self.closing = False, True
        if self._pulled is not None and hasattr(self._pulled, "close"):
            self._inside(lambda frame: self._pulled.close())
        self._pulled = iter(())

    def _resume(self, advance: Callable[[Any], Any]) -> Any:
        journal = self.frame.session.journal
        if journal.fresh is not None and id(self) not in journal.fresh:
            raise GraphCompileError(
                "A generator is advanced in a branch or loop that depends on a tensor.",
                found=f"the generator of '{self.frame.code.name if self.frame.code else ''}'",
                remedy="advance it before the decision, or make a list of its items and subscript that")
        if self._pulled is None:
            self.is_new = False
            self._pulled = self._pulled_body()(self.frame)
        return self._inside(lambda frame: advance(self._pulled))


class _Taker(Consumer):
    """A consumer that takes all items, and has no frame of its own."""

    def __init__(self, take: Callable[[Frame, Any], None]) -> None:
        self._take = take

    def take(self, inner: Frame, value: Any) -> None:
        self._take(inner, value)


class StepConsumer(Consumer):
    """A consumer that does `step(frame, item)` in a frame of its own, until `enough()`, a bool or a predicate."""

    def __init__(self, frame: Frame, step: Callable[[Frame, Any], Any], enough: Callable[[], Any]) -> None:
        self.frame, self.step, self.enough = frame, step, enough
        self.base = frame.session.journal

    def take(self, inner: Frame, value: Any) -> None:
        session, frame = self.frame.session, self.frame
        session.journal.note_frame(frame, self.base)
        session.frame = frame
        try:
            self.step(frame, value)
        except Exception as error:
            inner.generator.foreign = error
            raise
        finally:
            session.frame = inner

    def stop(self, inner: Frame) -> Any:
        return self.enough()


class ForConsumer(StepConsumer):
    """A `for` statement. Two hidden variables of its frame, from `slot` on, say how its last trip ended
    (`leaving.code_of`) and what it returned; `codes` are the ways in which trips may end."""

    def __init__(self, frame: Frame, store: Callable[[Frame, Any], None], body: Run) -> None:
        super().__init__(frame, lambda frame, value: self._trip(store, body, value), self._is_left)
        self.slot = len(frame.vars)
        frame.vars += [GOES_ON, Unbound()]
        self.codes: set[int] = {GOES_ON}

    def _trip(self, store: Callable[[Frame, Any], None], body: Run, value: Any) -> None:
        frame = self.frame
        rest = frame.rest
        frame.vars[self.slot] = GOES_ON
        frame.rest = (rest, None, TENSOR_LOOP)
        try:
            store(frame, value)
            signal = body(frame)
        finally:
            frame.rest = rest
        if signal is None or signal is CONTINUE:
            return
        self.codes |= codes_of(signal)
        frame.vars[self.slot] = code_of(signal)
        if may_return(signal):
            frame.vars[self.slot + 1] = frame.result

    def _is_left(self) -> Any:
        code = self.frame.vars[self.slot]
        if type(code) is int:
            return code != GOES_ON
        control = self.frame.session.policy.control
        return control.negate(control.code_is(code, GOES_ON))


class Delegate(Consumer):
    """The consumer of a generator from which another one yields."""

    def __init__(self, outer: Generator) -> None:
        self.outer = outer

    def take(self, inner: Frame, value: Any) -> None:
        try:
            self.outer.consumer.take(inner, value)
        except Exception as error:
            self.outer.foreign = inner.generator.foreign = error
            raise

    def stop(self, inner: Frame) -> Any:
        return self.outer.consumer.stop(inner)


def is_foreign(frame: Frame, error: BaseException) -> bool:
    """Whether an exception that passes a block of a generator comes from its consumer."""
    return frame.generator is not None and frame.generator.foreign is error


def give_each(frame: Frame, items: list[Any], site: Site, at: int = 0) -> Any:
    """`yield from items` to the consumer, from number `at` on; the signal."""
    rest = frame.rest
    for number in range(at, len(items)):
        frame.rest = (rest, partial(give_each, items=items, site=site, at=number + 1), BLOCK)
        frame.site = site
        frame.generator.consumer.take(frame, items[number])
        signal = stopped(frame, site)
        frame.rest = rest
        if signal is not None:
            return signal
    return None


def stopped(frame: Frame, site: Site) -> Any:
    """The signal of a `yield` after which the consumer may have enough."""
    stop = frame.generator.consumer.stop(frame)
    if stop is False:
        return None
    if stop is True:
        return _end(frame)
    return decide(frame, stop, site, "for", _end, _nothing, False)


def _end(frame: Frame) -> str:
    frame.result = None
    return RETURN


def _nothing(frame: Frame) -> None:
    return None
