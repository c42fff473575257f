"""What a view shows: links from it to the tensor that has all the elements, and where these elements lie.

The tensors that show each other's elements share a `Memory`, which knows its members by weak references. The note of a
member is a *link*: the step from the link before it, back to the *root*, the tensor that has all the elements and whose
link is None. To note a view takes no more than that; what a link shows is found when a member is written
(`tensor_views`).

NumPy says what a link shows: the steps are done on an array of as many bytes as the root has elements, so offset and
strides of a view are those of that array. A reshape for which NumPy has to copy does not show the elements of the
tensor before it; it is a root by itself. A step with places that are known only at run time is done with places that
stand for them. A chain of many links is replaced by one that holds offset, sizes and strides, so that `x = x[1:]` in a
loop does not pile up.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.compiler.ir import TensorAval
from mindspore.compiler.ir.dims import Dim

__all__ = ["Link", "Memory", "Place", "chain", "geometry", "geometry_of", "is_view", "place_of", "representative",
           "shown", "strided_part"]

LONGEST = 8  # links of a chain; a longer one is replaced by a single link
FEW = 16  # members that may be noted before the dead ones among them are looked for

# The step before (None for the root), what the step does, with which arguments, and the number of steps so far.
Link = tuple[Any, str, tuple, int]


class Memory:
    """What a tensor and its views have in common.

    Attributes:
        root: reference to the tensor that has all the elements.
        aval: its shape and dtype. views: references to the others, by identity. limit: when to look for dead ones.
    """

    __slots__ = ("aval", "limit", "root", "views")

    root: Callable[[], Tensor | None]
    aval: TensorAval
    views: dict[int, Callable[[], Tensor | None]]
    limit: int


def shown(x: Tensor, part: Tensor, step: str, *arguments: Any) -> Tensor:
    """`part`, which from now on shows the elements of x that a step of `ON_ARRAYS` gives."""
    if part is x:
        return part
    shared = x._shared
    if shared is None:
        memory = Memory()
        memory.root, memory.aval, memory.views, memory.limit = ref(x), x._value.aval, {}, FEW
        shared = x._shared = memory, None
    memory, before = shared
    views = memory.views
    views[id(part)] = ref(part)
    if len(views) > memory.limit:
        _forget_dead(memory)
    if before is None:
        part._shared = memory, (None, step, arguments, 1)
    elif before[3] < LONGEST:
        part._shared = memory, (before, step, arguments, before[3] + 1)
    else:
        part._shared = memory, _shortened(memory, (before, step, arguments, before[3] + 1))
    return part


def _forget_dead(memory: Memory) -> None:
    memory.views = {key: view for key, view in memory.views.items() if view() is not None}
    memory.limit = max(FEW, 2 * len(memory.views))


# -- what a link shows -------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """What a link shows.

    Attributes:
        base: the link of the root: None, or that of a reshape that had to copy.
        whole: an array of the base, one byte for each element. array: the part of it that is shown.
        known: whether the array's place in `whole` is known, or stands for one that is known at run time.
    """

    base: Link | None
    whole: np.ndarray
    array: np.ndarray
    known: bool


def place_of(memory: Memory, link: Link | None) -> Place | None:
    """What a link shows; None where sizes are not known."""
    shape = memory.aval.shape
    if any(type(size) is Dim for size in shape):
        return None
    whole = np.empty(shape, np.int8)
    place = Place(None, whole, whole, True)
    for each in chain(link):
        _, step, arguments, _ = each
        known, arguments = representative(step, arguments)
        if any(type(part) is Dim for part in _flat(arguments)):
            return None
        array = ON_ARRAYS[step](place.array, *arguments)
        if step == "reshape" and array.size and not np.may_share_memory(array, place.whole):
            array = np.empty(array.shape, np.int8)
            place = Place(each, array, array, True)
        else:
            place = place._replace(array=array, known=place.known and known)
    return place


def chain(link: Link | None) -> list[Link]:
    """The links from the root on."""
    found = []
    while link is not None:
        found.append(link)
        link = link[0]
    return found[::-1]


def _flat(arguments: Any) -> list:
    if isinstance(arguments, tuple | list):
        return [part for each in arguments for part in _flat(each)]
    if isinstance(arguments, slice):
        return [arguments.start, arguments.stop, arguments.step]
    return [arguments]


def representative(step: str, arguments: tuple) -> tuple[bool, tuple]:
    """Whether the arguments of a step are known, and arguments that give a view of the same shape and strides."""
    from mindspore.common.tensor_indexing import Window
    from mindspore.compiler.frontend.trip_numbers import TripNumber
    if step != "index":
        return True, arguments
    parts, known = [], True
    for part in _parts(arguments[0]):
        if type(part) is Window:
            known, part = False, slice(0, part.count * part.step, part.step)
        elif isinstance(part, Tensor | TripNumber):
            known, part = False, 0
        parts.append(part)
    return known, (tuple(parts),)


def is_view(x: Tensor) -> bool:
    """Whether x shows elements of another tensor."""
    return x._shared is not None and x._shared[1] is not None


def _parts(index: Any) -> tuple:
    return index if type(index) is tuple else (index,)


class Geometry(NamedTuple):
    """A view of a row of elements: element (i, j, ...) is at offset + i * strides[0] + j * strides[1] + ..."""

    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]


def geometry_of(place: Place) -> Geometry:
    start = place.array.__array_interface__["data"][0] - place.whole.__array_interface__["data"][0]
    return Geometry(start if place.array.size else 0, place.array.shape, place.array.strides)


def geometry(x: Tensor) -> Geometry | None:
    """Where the elements of x lie among those of its root; None where that is not known."""
    if x._shared is None:
        return geometry_of(Place(None, whole := np.empty(x.shape, np.int8), whole, True))
    place = place_of(*x._shared)
    return None if place is None or not place.known else geometry_of(place)


def _shortened(memory: Memory, link: Link) -> Link:
    place = place_of(memory, link)
    if place is None or not place.known:
        return link
    if place.base is link:
        return link
    return place.base, "strided", tuple(geometry_of(place)), 1 if place.base is None else place.base[3] + 1


def _on_index(array: np.ndarray, index: Any) -> np.ndarray:
    parts = _parts(index)
    return array[(*parts, *([] if Ellipsis in parts else [...]))]


def strided_part(whole: np.ndarray, offset: int, sizes: tuple, strides: tuple) -> np.ndarray:
    """The part of an array of bytes that offset, sizes and strides describe."""
    return np.ndarray(sizes, np.int8, whole.reshape(-1).data, offset, strides)


ON_ARRAYS: dict[str, Callable[..., np.ndarray]] = {
    "index": _on_index, "reshape": np.reshape, "transpose": np.transpose, "broadcast": np.broadcast_to,
    "diagonal": np.diagonal, "strided": strided_part}  # what a step gives of an array
