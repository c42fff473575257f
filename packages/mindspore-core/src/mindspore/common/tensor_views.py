"""Views: writes into a tensor reach all tensors that show its elements, and the tensor whose elements it shows.

Every tensor has a value of its own, so reading one costs nothing. What an indexing, a reshape, a transposition and the
like give is computed as any other result, and `shown` notes beside it what it shows (`view_places`). Only when one of
these tensors gets a new value (`record.assign`) is anything done with the notes: `spread` puts the value into the root,
the tensor that has all the elements, and gives each other living view that shows one of the written elements its value
anew. All of this is ordinary operations, recorded or traced, so gradients go through them, and what nobody reads is
never computed.

If the root does not exist any more, the views still show each other's elements: a value goes from one to the other
through a root of zeros, with a mask that says which elements were written. Steps with places that are known only at run
time are followed one by one.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from mindspore.common.dtype import bool_
from mindspore.common.tensor import Tensor
from mindspore.common.view_places import (
    Link,
    Memory,
    Place,
    chain,
    geometry_of,
    is_view,
    place_of,
    representative,
    shown,
    strided_part,
)
from mindspore.graph.trace import Traced, current_trace
from mindspore.runtime import record

__all__ = ["check_writable", "hidden_views", "is_moving", "leave", "members", "overlap", "refresh", "relatives",
           "root_of", "root_with_all", "show_as", "spread", "whole_with"]

_HARDEST = 1000  # how hard NumPy tries to find that two views have no element in common


# -- spreading a value -------------------------------------------------------------------------------------------------


def spread(x: Tensor) -> list[Tensor]:
    """x has a new value: give it to all that show its elements, or have them. The other tensors that changed."""
    memory, link = x._shared
    others = [(view, view._shared[1]) for view in _living(memory) if view is not x]
    if not others:
        return []
    place = place_of(memory, link)
    if place is None:
        return _spread_unknown(memory, x, others)
    near = _near(memory, place, others)
    root = next((view for view, its, _ in near if its is place.base), None)
    if link is place.base:
        root = x
    elif root is not None:
        record.put(root, _write(memory, root, link, place, x))
    if root is None:
        return _spread_without_root(memory, x, place, near)
    for view, its, there in near:
        if view is not root:
            record.put(view, _read(memory, root, its, there))
    return [view for view, _, _ in near]


def _near(memory: Memory, place: Place, others: list) -> list[tuple[Tensor, Link | None, Place]]:
    """The views that may have an element in common with a place, and where they lie."""
    found = []
    for view, link in others:
        there = place_of(memory, link)
        if there is not None and _meets(place, there):
            found.append((view, link, there))
    return found


def refresh(changed: list[Tensor]) -> None:
    """These tensors have new values, which agree where they have elements in common: give them to their other views."""
    known = {id(x) for x in changed}
    for x in changed:
        if x._shared is not None and any(id(view) not in known for view in _living(x._shared[0])):
            spread(x)


def _living(memory: Memory) -> list[Tensor]:
    """The members whose value can be read here, the root first."""
    trace, found = current_trace(), []
    for view in (memory.root, *memory.views.values()):
        tensor = view()
        if tensor is not None and tensor._shared is not None and tensor._shared[0] is memory and (
                trace.can_lift(tensor) if trace is not None else type(tensor._value) is not Traced):
            found.append(tensor)
    return found


def _meets(place: Place, other: Place) -> bool:
    """Whether two views of a memory may have an element in common."""
    if other.base is not place.base:
        return False
    if not (place.known and other.known):
        return bool(place.array.size and other.array.size)
    here = _like(place, place.whole)
    there = _like(other, place.whole)
    try:
        return np.shares_memory(here, there, max_work=_HARDEST)  # type: ignore[arg-type]
    except Exception:  # NumPy gives up: too hard a problem of numbers
        return True


def _like(place: Place, whole: np.ndarray) -> np.ndarray:
    """The same part of another array of the base's size."""
    offset, sizes, strides = geometry_of(place)
    return strided_part(whole, offset, sizes, strides) if place.array.size else place.array


def _spread_without_root(memory: Memory, x: Tensor, place: Place, near: list) -> list[Tensor]:
    """As `spread`, where no tensor has all the elements."""
    from mindspore.ops._operands import apply, constant, primitive
    if not near:
        return []
    select, broadcast = primitive("select"), primitive("broadcast_to")
    shape = place.whole.shape
    zeros = apply(broadcast, (constant(0, x.dtype),), (shape,))
    mask = apply(broadcast, (constant(False, bool_),), (shape,))
    link = x._shared[1]
    whole = _write(memory, zeros, link, place, x)
    written = _write(memory, mask, link, place, apply(broadcast, (constant(True, bool_),), (x.shape,)))
    for view, its, there in near:
        hit, value = _read(memory, written, its, there), _read(memory, whole, its, there)
        record.put(view, apply(select, (hit, value, view)))
    return [view for view, _, _ in near]


def _spread_unknown(memory: Memory, x: Tensor, others: list) -> list[Tensor]:
    """As `spread`, where sizes are symbols: all members may have an element in common."""
    root, link = memory.root(), x._shared[1]
    for each in [link, *[its for _, its in others]]:
        steps = [step for _, step, _, _ in chain(each)]
        if "reshape" in steps[1:] and steps != ["reshape"] * len(steps):
            raise ValueError("a tensor is changed in place that has views by reshape and other steps, while its sizes "
                             "are symbols: whether they are copies depends on them; write to the tensor itself, or "
                             "make copies (copy())")
    if root is None or all(view is not root for view, _ in others) and root is not x:
        raise ValueError("a view of a tensor whose sizes are symbols is changed in place after the tensor itself is "
                         "gone; keep the tensor in a variable, or make a copy of the view (copy()) and change that")
    if root is not x:
        record.put(root, _write_along(root, chain(link), x))
    for view, its in others:
        if view is not root:
            record.put(view, _read_along(root, chain(its)))
    return [view for view, _ in others]


# -- reading and writing along links -----------------------------------------------------------------------------------


def _read(memory: Memory, root: Tensor, link: Link | None, place: Place) -> Tensor:
    from mindspore.common import strided
    if place.known:
        return strided.read(root, *geometry_of(place))
    return _read_along(root, _after(link, place.base))


def _write(memory: Memory, root: Tensor, link: Link | None, place: Place, value: Tensor) -> Tensor:
    from mindspore.common import strided
    if place.known:
        return strided.write(root, *geometry_of(place), value)
    return _write_along(root, _after(link, place.base), value)


def _after(link: Link | None, base: Link | None) -> list[Link]:
    """The links that come after that of the base."""
    links = chain(link)
    return links[next((k + 1 for k, each in enumerate(links) if each is base), 0):]


def _read_along(x: Tensor, links: list[Link]) -> Tensor:
    for _, step, arguments, _ in links:
        x = STEPS[step].read(x, *arguments)
    return x


def _write_along(x: Tensor, links: list[Link], value: Tensor) -> Tensor:
    passed = [x]
    for _, step, arguments, _ in links[:-1]:
        passed.append(STEPS[step].read(passed[-1], *arguments))
    for (_, step, arguments, _), before in zip(reversed(links), reversed(passed)):
        value = STEPS[step].write(before, value, *arguments)
    return value


class Step(NamedTuple):
    """A kind of step: what it gives of a tensor, and the tensor with the value of the part replaced."""

    read: Callable[..., Tensor]
    write: Callable[..., Tensor]


def _read_index(x: Tensor, index: Any) -> Tensor:
    from mindspore.common.tensor_indexing import part_of
    return part_of(x, index)


def _write_index(x: Tensor, value: Tensor, index: Any) -> Tensor:
    from mindspore.common.tensor_index_writes import written
    return written(x, index, value)


def _primitive(name: str, x: Tensor, *attrs: Any) -> Tensor:
    from mindspore.ops._operands import apply, primitive
    return apply(primitive(name), (x,), attrs)


def _write_transposed(x: Tensor, value: Tensor, axes: tuple) -> Tensor:
    return _primitive("transpose", value, tuple(sorted(range(len(axes)), key=axes.__getitem__)))


def _read_diagonal(x: Tensor, *arguments: Any) -> Tensor:
    from mindspore.ops.triangles import diagonal_of
    return diagonal_of(x, *arguments)


def _refuse(x: Tensor, value: Tensor, *arguments: Any) -> Tensor:
    raise ValueError(f"a view of shape {value.shape} of a tensor of shape {x.shape} cannot be changed in place: "
                     f"how its elements lie in the tensor is not known; make a copy of it (copy()) and change that")


def _read_strided(x: Tensor, *arguments: Any) -> Tensor:
    from mindspore.common import strided
    return strided.read(x, *arguments)


def _write_strided(x: Tensor, value: Tensor, *arguments: Any) -> Tensor:
    from mindspore.common import strided
    offset, sizes, strides = arguments
    return strided.write(x, offset, sizes, strides, value)


STEPS = {
    "index": Step(_read_index, _write_index),
    "reshape": Step(lambda x, shape: _primitive("reshape", x, shape),
                    lambda x, value, shape: _primitive("reshape", value, x.shape)),
    "transpose": Step(lambda x, axes: _primitive("transpose", x, axes), _write_transposed),
    "broadcast": Step(lambda x, shape: _primitive("broadcast_to", x, shape), _refuse),
    "diagonal": Step(_read_diagonal, _refuse),
    "strided": Step(_read_strided, _write_strided),
}


# -- what others ask ---------------------------------------------------------------------------------------------------


def check_writable(name: str, x: Tensor) -> None:
    """ValueError if elements of x are one element of the tensor that it shows, so that it cannot be written."""
    if not is_view(x):
        return
    place = place_of(*x._shared)
    if place is not None and any(s == 0 and n > 1 for s, n in zip(place.array.strides, place.array.shape)):
        raise ValueError(f"{name}: a tensor of shape {x.shape} that was broadcast from fewer elements cannot be "
                         f"changed in place, since one of them stands in several places; make a copy of it first "
                         f"(copy())")


def is_moving(x: Tensor) -> bool:
    """Whether it is known only at run time which elements a view shows."""
    return is_view(x) and not all(representative(step, arguments)[0] for _, step, arguments, _ in chain(x._shared[1]))


def overlap(x: Tensor, y: Tensor) -> bool:
    """Whether two tensors may have an element in common."""
    if x is y or x._shared is None or y._shared is None or x._shared[0] is not y._shared[0]:
        return x is y
    here, there = place_of(*x._shared), place_of(*y._shared)
    return here is None or there is None or _meets(here, there)


def root_of(x: Tensor) -> Tensor | None:
    """The tensor of which x is a view, if it is one and that still exists."""
    return x._shared[0].root() if is_view(x) else None


def root_with_all(name: str, x: Tensor) -> Tensor:
    """The tensor that has all elements of which x shows some: x itself where it is no view. ValueError where that
    does not exist any more."""
    if not is_view(x):
        return x
    place = place_of(*x._shared)
    root = next((view for view in members(x) if place is not None and view._shared[1] is place.base), None)
    if root is None and (place is None or x._shared[1] is not place.base):
        raise ValueError(f"{name}: the tensor of shape {x.shape} shows elements of another one that is gone; make a "
                         f"copy of it (copy()), or keep the other one in a variable")
    return x if root is None else root


def show_as(x: Tensor, part: Tensor, like: Tensor) -> None:
    """`part` shows the elements of x that the view `like` shows of its root."""
    first, *others = chain(like._shared[1])
    shown(x, part, first[1], *first[2])
    for _, step, arguments, _ in others:
        memory, before = part._shared
        part._shared = memory, (before, step, arguments, before[3] + 1)


def hidden_views(x: Tensor) -> list[tuple[Tensor, Callable[[], Tensor]]]:
    """The views of the memory of x that cannot be read here, since the branch is over that made them, and what gives
    their present values. None where the root cannot be read either."""
    root = None if x._shared is None else x._shared[0].root()
    trace = current_trace()
    if trace is None or root is None or not trace.can_lift(root):
        return []
    return [(view, partial(_read_along, root, chain(view._shared[1]))) for view in relatives(x)
            if not trace.can_lift(view)]


def relatives(x: Tensor) -> list[Tensor]:
    """`members`, and those whose value cannot be read here."""
    if x._shared is None:
        return []
    memory = x._shared[0]
    found = [view() for view in (memory.root, *memory.views.values())]
    return [view for view in found if view is not None and view is not x and view._shared is not None
            and view._shared[0] is memory]


def members(x: Tensor) -> list[Tensor]:
    """The other living tensors that may have elements in common with x."""
    return [] if x._shared is None else [view for view in _living(x._shared[0]) if view is not x]


def whole_with(part: Tensor, value: Tensor) -> tuple[Tensor | None, Tensor]:
    """The root of a view, and its value with `value` in the place of the view; None if it is no view, or the root does
    not exist any more."""
    if not is_view(part):
        return None, value
    memory, link = part._shared
    place = place_of(memory, link)
    if place is None:
        root = memory.root()
        return root, value if root is None else _write_along(root, chain(link), value)
    root = memory.root() if place.base is None else next(
        (view for view in members(part) if view._shared[1] is place.base), None)
    return root, value if root is None else _write(memory, root, link, place, value)


def leave(x: Tensor) -> None:
    """x shares its elements with nobody any more, since it gets another shape or dtype."""
    if x._shared is not None:
        memory = x._shared[0]
        memory.views.pop(id(x), None)
        x._shared = None


record.spreads.append((spread, leave))
