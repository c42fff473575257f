"""What a `for` goes over, when its trips may be interpreted as one.

A *sequence* knows how many items it has (`count`: a number, or a tensor; `most`: a number, or None), gives item k, and
gives the item of all trips at once
(`item_of`, with the loop's `trips` from `mindspore.graph.trips`). Lists, ranges, tensors and `range` with tensors are
sequences, and so are `enumerate`, `zip` and `reversed` of them: Python's own iterators say what they stand on when they
are asked for their pickled form. Generators, `map` and iterators of the program's classes may do something between two
items, so they are no sequences.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

from mindspore.compiler.frontend.errors import TensorConditionError
from mindspore.compiler.frontend.trip_numbers import TripNumber, TripValueNeeded, join_values
from mindspore.compiler.frontend.walks import containers_behind
from mindspore.compiler.ir.dims import Dim

__all__ = ["TensorRange", "make_range", "sequence_of"]

_DICT_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))
_ITERATORS = {type(iter(each)) for each in (
    [], (), range(0), range(1 << 70), "", "\u00e9", b"", {}, {}.values(), {}.items(), set(), reversed([]), reversed({}),
    reversed({}.values()), reversed({}.items()))}


class Listed:
    """The items of a list."""

    def __init__(self, items: Any) -> None:
        self.items = items
        self.count = self.most = len(items)

    def item(self, k: int) -> Any:
        return self.items[k]

    def item_of(self, trips: Any, first: int) -> Any:
        chosen = self.items[first:first + trips.length]
        return join_values(trips, list(chosen)) if type(chosen) is range else trips.combine(list(chosen))


class SymbolicRows:
    """The rows of a tensor of which only the graph knows how many there are."""

    most = None

    def __init__(self, control: Any, tensor: Any) -> None:
        self.control, self.tensor, self.count = control, tensor, tensor.shape[0]

    def item_of(self, trips: Any, first: int) -> Any:
        return self.control.row_at(trips, self.tensor)


class Rows:
    """The rows of a tensor."""

    def __init__(self, control: Any, tensor: Any, places: range) -> None:
        self.control, self.tensor, self.places = control, tensor, places
        self.count = self.most = len(places)

    def item(self, k: int) -> Any:
        return self.tensor[self.places[k]]

    def item_of(self, trips: Any, first: int) -> Any:
        return self.control.rows(trips, self.tensor, self.places[first:first + trips.length])


class Zipped:
    """Tuples of one item of each part, as far as the shortest goes."""

    def __init__(self, control: Any, parts: list[Any]) -> None:
        self.parts = parts
        self.count = control.smallest([part.count for part in parts if part.count is not None])
        self.most = min([part.most for part in parts if part.most is not None], default=None)

    def item(self, k: int) -> tuple[Any, ...]:
        return tuple([part.item(k) for part in self.parts])

    def item_of(self, trips: Any, first: int) -> tuple[Any, ...]:
        return tuple([part.item_of(trips, first) for part in self.parts])


class Numbers:
    """The numbers from `start` on, `step` apart, without an end."""

    count = most = None

    def __init__(self, start: int, step: int = 1) -> None:
        self.start, self.step = start, step

    def item(self, k: int) -> int:
        return self.start + k * self.step

    def item_of(self, trips: Any, first: int) -> Any:
        if trips.length is None:
            counter = trips.counter if self.step == 1 else trips.counter * self.step
            return trips.counted(self.start + counter)
        return join_values(trips, [self.item(k) for k in range(first, first + trips.length)])


class Fetched:
    """The items of an iterator, fetched when they are asked for and kept; how many there are is not known. `lists`:
    those that it stands on."""

    def __init__(self, items: Iterator[Any]) -> None:
        self.items, self.lists = items, containers_behind(items)
        self.known: list[Any] = []

    def items_from(self, at: int) -> Iterator[Any]:
        """The items from number `at` on."""
        while True:
            if at == len(self.known):
                try:
                    self.known.append(next(self.items))
                except StopIteration:
                    return
            yield self.known[at]
            at += 1


class TensorRange:
    """`range` where one of the numbers is a tensor or a symbolic size; so is their count."""

    most = None

    def __init__(self, start: Any, step: Any, count: Any) -> None:
        self.start, self.step, self.count = start, step, count

    def item_of(self, trips: Any, first: int) -> Any:
        counter = trips.counter if type(self.step) is int and self.step == 1 else trips.counter * self.step
        return trips.counted(counter if type(self.start) is int and self.start == 0 else self.start + counter)

    def __getitem__(self, k: Any) -> Any:
        if type(k) is slice:
            _refuse_number()
        from_end = k < 0
        if from_end is not False:
            k = k + (self.count if from_end is True else from_end * self.count)
        return self.start + k * self.step

    def __iter__(self) -> TensorRangeIterator:
        return TensorRangeIterator(self)

    def __reversed__(self) -> TensorRangeIterator:
        last = self.start + (self.count - 1) * self.step
        return TensorRangeIterator(TensorRange(last, -self.step, self.count))


class TensorRangeIterator:
    """An iterator over a `TensorRange`, which only a `for` can follow."""

    def __init__(self, items: TensorRange) -> None:
        self.items = items

    def __iter__(self) -> TensorRangeIterator:
        return self

    def __next__(self) -> Any:
        if type(self.items.count) is Dim:
            int(self.items.count)  # the size must be a number
        _refuse_number()


def _refuse_number() -> Any:
    raise TensorConditionError(
        "The number of items of a range is known only at run time.", found="a range between tensors",
        remedy="go over it in a 'for' statement, or give 'range' numbers that are known when the graph is compiled")


def make_range(control: Any, args: tuple[Any, ...]) -> TensorRange:
    """range(*args) where one of them is a tensor. TypeError for other numbers of arguments and tensors of floats."""
    if any(type(each) is TripNumber for each in args):
        raise TripValueNeeded("the bounds of a range")
    if len(args) > 3:
        raise TypeError(f"range expected at most 3 arguments, got {len(args)}")
    numbers = [control.whole_number(each) for each in args]
    start, stop, step = (0, *numbers, 1) if len(numbers) == 1 else (*numbers, 1)[:3]
    if type(step) is int and step == 0:
        raise ValueError("range() arg 3 must not be zero")
    return TensorRange(start, step, control.count_between(start, stop, step))


def sequence_of(control: Any, value: Any) -> Any:
    """The sequence that `value` is when a `for` goes over it; None if its items must be asked for one by one."""
    if isinstance(value, (list, tuple, str, bytes, set, frozenset, dict, *_DICT_VIEWS)):
        if type(value).__iter__ not in _NATIVE_ITERATION:
            return None
        return Listed(value if isinstance(value, (list, tuple)) else list(value))
    if type(value) is range:
        return Listed(value)
    if isinstance(value, TensorRange):
        return value
    if control.has_rows(value):
        return SymbolicRows(control, value) if type(value.shape[0]) is Dim else Rows(control, value, range(len(value)))
    return _sequence_behind(control, value) if isinstance(value, Iterator) else None


_NATIVE_ITERATION = tuple([kind.__iter__ for kind in (list, tuple, str, bytes, set, frozenset, dict, *_DICT_VIEWS)])


def _sequence_behind(control: Any, iterator: Any) -> Any:
    """The sequence of an iterator's remaining items."""
    kind = type(iterator)
    if kind is TensorRangeIterator:
        return iterator.items
    if kind is itertools.count:
        start, step = (*iterator.__reduce__()[1], 1)[:2]
        return Numbers(start, step) if type(start) is type(step) is int else None
    if kind in _ITERATORS:
        return Listed(list(copy.copy(iterator)))
    if kind is control.RowIterator:
        if type(iterator.tensor.shape[0]) is Dim:
            return SymbolicRows(control, iterator.tensor) if iterator.place == 0 else None
        return Rows(control, iterator.tensor, range(iterator.place, len(iterator.tensor)))
    if kind not in (enumerate, zip, reversed):
        return None
    _, args, *state = iterator.__reduce__()
    if kind is reversed:
        whole = bool(state) and control.has_rows(args[0]) and state[0] == len(args[0]) - 1
        return Rows(control, args[0], range(len(args[0]))[::-1]) if whole else None
    parts = [sequence_of(control, part) for part in (args[:1] if kind is enumerate else args)]
    if not parts or any(part is None for part in parts) or (kind is zip and state and not _equal(parts)):
        return None
    return Zipped(control, [Numbers(args[1]), *parts] if kind is enumerate else parts)


def _equal(parts: list[Any]) -> bool:
    """Whether `zip(..., strict=True)` of these ends without an error."""
    counts = [part.count for part in parts]
    return all(type(count) is int and count == counts[0] for count in counts)
