"""Tensors that a function leaves behind where it is recorded into a trace of its own, as a function is that is
differentiated.

What it puts into a list, an attribute or a variable that was there before it, is there after it. While it is
interpreted, a journal of its own notes these places (`compiler.frontend.journal`). The tensors in them that its trace
has made become outputs of its graph, and from then on the same tensors have the values of these outputs, so that every
container stays the object that it is.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import CellType, FunctionType, MethodType
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend import location
from mindspore.compiler.frontend.journal import Contents, Elements, Journal
from mindspore.compiler.frontend.variants import Variant
from mindspore.graph.control import local_to
from mindspore.graph.text import TracedText
from mindspore.graph.trace import GraphTrace

__all__ = ["Places", "hand_over"]


class Places:
    """The places that are changed while a trace records: `journal` notes them, None where nothing is interpreted."""

    def __init__(self, trace: GraphTrace):
        self.trace = trace
        self.journal: Journal | None = None

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note the places that are changed inside of the `with` block."""
        session = location.thread_state.session
        if session is None:
            yield
            return
        outer = session.journal
        journal = session.journal = self.journal = Journal(outer, session.superposed)
        journal.fresh, journal.is_local = {}, local_to(self.trace)
        try:
            yield
        finally:
            session.journal = outer
            if outer.fresh is not None:
                outer.fresh.update(journal.fresh)

    def values(self) -> list:
        """What stands now in the places that hold something else than before."""
        journal = self.journal
        if journal is None:
            return []
        found = [(place, before, place.read()) for place, before in zip(journal.places, journal.before)
                 if not isinstance(place, Elements)]
        return [now for place, before, now in found if not place.unchanged(before, now)]

    @property
    def made(self) -> dict[int, Any]:
        """The objects that were made meanwhile, by identity."""
        return {} if self.journal is None or self.journal.fresh is None else self.journal.fresh


def hand_over(trace: GraphTrace, places: Places, attributes: list[tuple[Any, str]]) -> None:
    """The tensors of the trace in changed places, and in these attributes of objects, outlive it."""
    found: dict[int, Tensor] = {}
    seen: dict[int, Any] = {}
    pending = [*places.values(), *[getattr(obj, name) for obj, name in attributes]]
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if not isinstance(value, Tensor):
            pending += _parts(value, id(value) in places.made)
        elif trace.is_local(value):
            found[id(value)] = value
    trace.hand_over(reversed(found.values()))


def _parts(value: Any, is_made: bool) -> list:
    """What a value holds that may be a tensor, or hold one. is_made: whether it was made meanwhile; attributes of other
    objects are places of their own."""
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if type(value) is Contents:
        return list(value.items)
    if type(value) is Variant:
        return [value.tag.tensor, *value.members]
    if type(value) is slice:
        return [value.start, value.stop, value.step]
    if isinstance(value, TracedText):
        return list(value.values)
    if isinstance(value, MethodType):
        return [value.__self__]
    if isinstance(value, FunctionType):
        return [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *(value.__closure__ or ())]
    if type(value) is CellType:
        try:
            return [value.cell_contents]
        except ValueError:
            return []
    return list(vars(value).values()) if is_made and hasattr(value, "__dict__") else []
