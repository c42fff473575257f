"""The trips of a loop that are recorded as one: what differs from trip to trip comes from tables.

A table is a tensor from outside of the loop with one slice for each trip: the rows of a tensor that the loop goes over,
a list of tensors stacked, the values of a number. In a loop with a known number of trips a trip's slice is a parameter
of the body (`scan` cuts the table); in other loops it is gathered by a counter.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore.common.dtype import DType, bool_, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.common.view_places import shown
from mindspore.compiler.frontend.trip_numbers import Split, TripNumber, TripValueNeeded, join_values
from mindspore.compiler.ir import tensor_aval
from mindspore.compiler.ir.builder import FOLD_LIMIT_BYTES
from mindspore.compiler.primitives.base import primitive
from mindspore.graph.numbers import noted
from mindspore.graph.trace import GraphTrace, Traced, current_trace, tracing
from mindspore.runtime.record import apply, wrap

_DTYPES = {bool: bool_, int: int64, float: float32}
_MOST_CUTS = 2
_LARGEST_STACKED = 1 << 16  # bytes: larger tensors of a list are not copied into a table


class Trips:
    """See the module's text.

    Attributes:
        trace: the trace of the trip.
        length: how many trips there are (at most, where there is a counter).
        counter: the number of the trip as a tensor; None in a loop with a known number of trips.
        slices: (table, place of the body's parameter), for loops without a counter.
    """

    def __init__(self, trace: GraphTrace, length: int, counter: Tensor | None = None):
        self.trace, self.length, self.counter = trace, length, counter
        self.slices: list[tuple[Tensor, int]] = []
        self._cut: dict[int, tuple[Tensor, Tensor]] = {}
        self._rows: dict[tuple, tuple[Tensor, Tensor]] = {}

    @staticmethod
    def counted(value: Any) -> Any:
        """A number that a loop counts: an int to the program."""
        return noted(value, int) if isinstance(value, Tensor) else value

    def number(self, values: tuple, dtype: DType | None) -> Tensor:
        """The slice of a table of Python numbers."""
        array = np.asarray(values).astype((dtype or _DTYPES[type(values[0])]).np)
        if array.nbytes > FOLD_LIMIT_BYTES:
            return self.slice(Tensor(array))
        outer = self.trace.parent
        return self.slice(wrap(Traced(outer, outer.builder.constant(array))))

    def split_at(self, values: tuple) -> None:
        """A decision asks for the truth of a number: Split if the loop can be cut where it changes."""
        truths = [bool(value) for value in values]
        changes = [k for k in range(1, len(truths)) if truths[k] is not truths[k - 1]]
        if self.counter is None and 0 < len(changes) <= _MOST_CUTS:
            raise Split(changes[0])

    def slice(self, table: Tensor) -> Tensor:
        """This trip's slice of a table."""
        known = self._cut.get(id(table))
        if known is not None:
            return known[1]
        if self.counter is None:
            aval = table._value.aval
            node = self.trace.builder.parameter(tensor_aval(aval.shape[1:], aval.dtype))
            self.slices.append((table, node.attrs[0]))
            found = wrap(Traced(self.trace, node))
        else:
            with tracing(self.trace):
                found = apply(primitive("gather"), (table, self.counter), (0,))
        self._cut[id(table)] = table, found
        return found

    def combine(self, values: list) -> Any:
        """What has these values, trip by trip. TripValueNeeded where they are too unlike."""
        first = values[0]
        if all(v is first for v in values):
            return first
        if isinstance(first, tuple) and all(type(v) is type(first) and len(v) == len(first) for v in values):
            parts = [self.combine(list(column)) for column in zip(*values)]
            return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
        if not isinstance(first, Tensor):
            return join_values(self, values)
        if any(not isinstance(v, Tensor) or v._value.aval is not first._value.aval for v in values):
            raise TripValueNeeded("tensors of unlike shapes or dtypes")
        if first.nbytes > _LARGEST_STACKED or not all(map(self.is_constant, values)):
            raise TripValueNeeded("large tensors, or tensors that the loop assigns")
        with tracing(self.trace.parent):
            rows = [apply(primitive("reshape"), (v,), ((1, *v.shape),)) for v in values]
            table = apply(primitive("concat"), tuple(rows), (0,))
        return self.slice(table)

    def is_constant(self, tensor: Tensor) -> bool:
        """Whether the tensor comes from outside of the loop and is not assigned in it."""
        if self.trace.assigns(tensor):
            return False
        at = current_trace()
        while at is not None and at is not self.trace:
            if id(tensor) in at.written:
                return False
            at = at.parent
        at = tensor._value.trace if type(tensor._value) is Traced else None
        while at is not None and at is not self.trace:
            at = at.parent
        return at is None

    def row(self, x: Tensor, places: list[int], axis: int = 0) -> Tensor:
        """x[places[k]] along an axis in trip k; x is constant and the places are not negative."""
        key = id(x), tuple(places), axis
        known = self._rows.get(key)
        if known is None:
            with tracing(self.trace.parent):
                table = x if axis == 0 else apply(primitive("transpose"), (x,), ((axis, *[
                    a for a in range(x.ndim) if a != axis]),))
                table = _picked(table, places)
            known = self._rows[key] = x, self.slice(table)
        return wrap(known[1]._value)


def _picked(table: Tensor, places: list[int]) -> Tensor:
    """The rows of a table at these places."""
    step = places[1] - places[0] if len(places) > 1 else 1
    if step and places == list(range(places[0], places[0] + step * len(places), step)):
        if step == 1 and len(places) == table.shape[0]:
            return table
        stop = places[-1] + (1 if step > 0 else -1)
        return table[places[0]:stop if stop >= 0 else None:step]
    return table[np.array(places)]


def rows(trips: Trips, x: Tensor, places: range) -> Tensor:
    """x[places[k]] in trip k. TripValueNeeded where the loop assigns x."""
    if not trips.is_constant(x):
        raise TripValueNeeded("a tensor that the loop assigns, and goes over")
    return shown(x, trips.row(x, list(places)), "index", join_values(trips, list(places)))


def row_at(trips: Trips, x: Tensor) -> Tensor:
    """x[k] in trip k of a loop with a counter. TripValueNeeded where the loop assigns x."""
    if not trips.is_constant(x):
        raise TripValueNeeded("a tensor that the loop assigns, and goes over")
    return trips.slice(x)


# -- subscripts --------------------------------------------------------------------------------------------------------


def varies(key: Any) -> bool:
    """Whether a subscript has a number in it that differs from trip to trip."""
    return type(key) is TripNumber or (type(key) is tuple and any(type(part) is TripNumber for part in key))


def getitem(obj: Any, key: Any) -> Any:
    """obj[key] where the key varies. IndexError if it is out of range in one of the trips.

    A row remembers of which tensor it is a part, as rows do; assigning to a part of it is refused."""
    if isinstance(obj, Tensor):
        return shown(obj, _row(obj, key), "index", key)
    if type(key) is not TripNumber or not isinstance(obj, (list, tuple, dict, range)):
        raise TripValueNeeded(f"an element of a {type(obj).__name__}")
    return key.trips.combine([obj[value] for value in key.values])


def setitem(obj: Any, key: Any, value: Any) -> None:
    """obj[key] = value where the key varies."""
    if not isinstance(obj, Tensor):
        raise TripValueNeeded(f"an element of a {type(obj).__name__}")
    obj[_as_tensors(obj, key)] = value


def _row(x: Tensor, key: Any) -> Tensor:
    parts = list(key) if type(key) is tuple else [key]
    varying = [k for k, part in enumerate(parts) if type(part) is TripNumber]
    number = parts[varying[0]]
    basic = all(part is None or part is Ellipsis or type(part) in (int, slice, TripNumber) for part in parts)
    if len(varying) > 1 or not basic or not number.trips.is_constant(x):
        return x[_as_tensors(x, key)]
    axis = _axis(x, parts, varying[0])
    row = number.trips.row(x, _places(number, x.shape[axis], axis), axis)
    rest = tuple([part for part in parts if part is not number])
    return row[rest] if rest else row


def _axis(x: Tensor, parts: list, place: int) -> int:
    """The axis of x that the part at `place` of a subscript is for. IndexError if there is none."""
    used = sum(part is not None and part is not Ellipsis for part in parts)
    if used > x.ndim:
        raise IndexError(f"too many indices: a tensor of shape {x.shape} has {x.ndim} axes, but {used} were indexed")
    before = sum(part is not None and part is not Ellipsis for part in parts[:place])
    return before + (x.ndim - used if any(part is Ellipsis for part in parts[:place]) else 0)


def _places(number: TripNumber, size: int, axis: int) -> list[int]:
    """The number's values as places on an axis of that size."""
    for value in number.values:
        if type(value) is not int:
            raise TripValueNeeded("a subscript that is no int")
        if not -size <= value < size:
            raise IndexError(f"index {value} is out of range for axis {axis} of size {size}")
    return [value % size for value in number.values]


def _as_tensors(x: Tensor, key: Any) -> Any:
    """The key with tensors in place of numbers that vary."""
    parts = list(key) if type(key) is tuple else [key]
    found = list(parts)
    for k, part in enumerate(parts):
        if type(part) is TripNumber:
            axis = _axis(x, parts, k)
            places = join_values(part.trips, _places(part, x.shape[axis], axis))
            found[k] = places.tensor() if type(places) is TripNumber else places
    return tuple(found) if type(key) is tuple else found[0]
