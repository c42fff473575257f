"""Values that are one of several alternatives: which one, is known when the graph runs.

Where the sides of a decision on a tensor leave values that no single value can stand for (a tensor and None, two
functions, lists of different lengths), the variable holds a `Variant` from there on: a *tag*, which says at run time
which alternative holds, and one *member* for each. Variants of one decision share its tag, so that knowing one of them
is knowing all: inside a branch that was chosen by the tag, `Session.known` lists the alternatives that are left, and a
variant with a single one left is that member.

A container that was there before the decision, and whose contents differ in number or keys after it, stays the object
it is; its *contents* are the variant (`Session.superposed`), and it takes up one of them inside of each branch.

Whoever uses a variant, uses each member, in a branch of its own (`decisions.fork`). The interpreter never hands a
variant to native code; what native code would do to one all the same is refused here.
"""

from __future__ import annotations

import operator
from types import CellType, MethodType
from typing import TYPE_CHECKING, Any, NoReturn

from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.walks import seen_through

if TYPE_CHECKING:
    from mindspore.compiler.frontend.frames import Session

__all__ = ["MOST_MEMBERS", "Tag", "Variant", "is_varied", "narrowed", "plain", "settled", "tag_in", "tag_of"]

MOST_MEMBERS = 128
_DEPTH = 6


class Tag:
    """Which of `count` alternatives holds. `tensor` is a traced bool for two of them (true for alternative 0), or a
    traced int32. `site` is where it was decided."""

    __slots__ = ("count", "site", "tensor")

    def __init__(self, count: int, tensor: Any, site: Any = None) -> None:
        self.count, self.tensor, self.site = count, tensor, site


class Variant:
    """One of `members`, which are numbered like the alternatives of `tag`."""

    __slots__ = ("members", "tag")

    def __init__(self, tag: Tag, members: tuple[Any, ...]) -> None:
        self.tag, self.members = tag, members

    def __repr__(self) -> str:
        seen: list[Any] = []
        for each in self.members:
            if not any(each is other for other in seen):
                seen.append(each)
        return "one of " + " | ".join(map(repr, seen))

    def _refuse(self, *args: Any) -> NoReturn:
        raise GraphCompileError(
            "A value that differs with a decision on a tensor is used by code that is not interpreted.",
            found=repr(self), remedy="use it in the function itself, or give both sides one kind of value",
        )

    __bool__ = __iter__ = __len__ = __call__ = __index__ = __float__ = __int__ = __contains__ = _refuse
    __getitem__ = __setitem__ = __delitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __truediv__ = __rtruediv__ = __matmul__ = __rmatmul__ = __neg__ = __pow__ = __rpow__ = __format__ = _refuse


def narrowed(session: Session, value: Any) -> Any:
    """A variant of which one alternative is left is that member; everything else is itself."""
    while type(value) is Variant:
        left = session.known.get(value.tag)
        if left is None:
            left = range(value.tag.count)
        first = value.members[left[0]]
        if any(value.members[k] is not first for k in left):
            return value
        value = first
    return value


def is_varied(session: Session, *values: Any) -> bool:
    """Whether one of the values may need `decisions.fork`. Asked only where `Session.varies`."""
    superposed = session.superposed
    return any(type(value) is Variant or id(seen_through(value)) in superposed for value in values)


def tag_of(session: Session, value: Any) -> Tag | None:
    """The tag that decides what a value is, or what it contains; None for an ordinary value."""
    value = narrowed(session, value)
    if type(value) is Variant:
        return value.tag
    found = session.superposed.get(id(seen_through(value))) if session.superposed else None
    return None if found is None else found[1].tag


def tag_in(session: Session, value: Any, depth: int = _DEPTH) -> Tag | None:
    """The tag of the first variant inside of a value that goes to native code as a whole."""
    tag = tag_of(session, value)
    if tag is not None:
        return tag
    value = narrowed(session, value)
    kind = type(value)
    if depth == 0:
        return None
    if kind is MethodType:
        return tag_in(session, value.__self__, depth - 1)
    if kind is CellType:
        return None
    if isinstance(value, dict):
        value = list(value.values())
    elif kind is slice:
        value = (value.start, value.stop, value.step)
    if isinstance(value, (list, tuple, set)):
        for each in value:
            tag = tag_in(session, each, depth - 1)
            if tag is not None:
                return tag
    return None


def plain(session: Session, value: Any, depth: int = _DEPTH) -> Any:
    """A value for native code, in which every variant is known: with the members in their places.

    Containers are changed where they stand, since native code may change them as well.
    """
    value = narrowed(session, value)
    if depth == 0:
        return value
    kind = type(value)
    if kind is MethodType and type(value.__self__) is Variant:
        return MethodType(value.__func__, plain(session, value.__self__, depth - 1))
    if kind is slice:
        return slice(*[plain(session, each, depth - 1) for each in (value.start, value.stop, value.step)])
    if isinstance(value, tuple):
        items = [plain(session, each, depth - 1) for each in value]
        if all(a is b for a, b in zip(items, value)):
            return value
        return kind(*items) if hasattr(kind, "_fields") else kind(items)
    if isinstance(value, (list, dict)):
        for place, each in enumerate(value) if isinstance(value, list) else list(value.items()):
            found = plain(session, each, depth - 1)
            if found is not each:
                session.journal.note_items(value)
                value[place] = found
    return value


def settled(session: Session, value: Any) -> Any:
    """A result without superposed containers: in their place stand variants of containers. A list or dict without one
    stays the object that it is."""
    if not session.superposed:
        return value
    found = session.superposed.get(id(value))
    if found is not None:
        owner, contents = found
        made = {id(each): _container(owner, each) for each in contents.members}
        return Variant(contents.tag, tuple([settled(session, made[id(each)]) for each in contents.members]))
    if type(value) is Variant:
        return Variant(value.tag, tuple([settled(session, each) for each in value.members]))
    if isinstance(value, tuple):
        items = [settled(session, each) for each in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if type(value) is list:
        items = [settled(session, each) for each in value]
        return value if all(map(operator.is_, items, value)) else items
    if type(value) is dict:
        entries = {key: settled(session, each) for key, each in value.items()}
        return value if all(map(operator.is_, entries.values(), value.values())) else entries
    return value


def _container(owner: Any, contents: Any) -> Any:
    return dict(zip(contents.keys, contents.items)) if contents.keys is not None else contents.kind(contents.items)
