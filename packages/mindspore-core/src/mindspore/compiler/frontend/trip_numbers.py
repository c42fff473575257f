"""Numbers that are known at each trip of a loop, while all its trips are interpreted as one.

A static loop (`scans.py`) is interpreted once for all its trips. What is a Python number at each of them, such as the
index of `for i in range(100)`, is then a `TripNumber`: the tuple of its values, one for each trip. Arithmetic on it is
Python's own, value by value, so `0.9 ** (i // 2)` is as exact as in a loop that runs trip by trip, and where all
values are equal the outcome is that one number again. Only where it meets a tensor it becomes a tensor: one slice for
each trip of a table of its values, in the dtype that a Python number takes there.

Whatever else asks for the value (a shape, a subscript of a container of unlike things, native code) gets a
`TripValueNeeded`: such a loop is interpreted trip by trip.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn

from mindspore.compiler.frontend.collected import Collector, TripValueNeeded

__all__ = ["Split", "TripNumber", "TripValueNeeded", "join_values", "refuse_trip_values"]

_KINDS = (bool, int, float)


class Split(TripValueNeeded):
    """The first `trips` trips take another branch than those that follow."""

    def __init__(self, trips: int) -> None:
        super().__init__("a condition on a number that differs from trip to trip")
        self.trips = trips


def join_values(trips: Any, values: list[Any]) -> Any:
    """The number with these values: a plain one where all are equal."""
    kind = type(values[0])
    if kind not in _KINDS or any(type(v) is not kind for v in values):
        raise TripValueNeeded("numbers of unlike types, or no numbers")
    first = repr(values[0])
    return values[0] if all(repr(v) == first for v in values) else TripNumber(trips, tuple(values))


class TripNumber:
    """See the module's text.

    Attributes:
        trips: what makes tensors of tables (`mindspore.graph.trips`).
        values: the number at each trip; all of one type: bool, int or float.
    """

    __slots__ = ("tensors", "trips", "values")
    __array_ufunc__ = None

    def __init__(self, trips: Any, values: tuple[Any, ...]) -> None:
        self.trips, self.values = trips, values
        self.tensors: dict[Any, Any] = {}

    def tensor(self, dtype: Any = None) -> Any:
        """This trip's value as a tensor without dimensions; by default in the dtype that a number has on its own."""
        found = self.tensors.get(dtype)
        if found is None:
            found = self.tensors[dtype] = self.trips.number(self.values, dtype)
        return found

    def _refuse(self, *args: Any) -> NoReturn:
        raise TripValueNeeded

    __bool__ = __int__ = __float__ = __index__ = __complex__ = __hash__ = __len__ = __iter__ = _refuse
    __repr__ = __str__ = __format__ = __array__ = __round__ = __trunc__ = __floor__ = __ceil__ = _refuse
    __reduce__ = __copy__ = __deepcopy__ = _refuse


def _of(trip_number: TripNumber, other: Any) -> tuple[Any, ...] | None:
    """The other operand's value at each trip; None if it is no number."""
    if type(other) is TripNumber:
        if other.trips is not trip_number.trips:
            raise TripValueNeeded("numbers of two loops in one operation")
        return other.values
    return (other,) * len(trip_number.values) if type(other) in _KINDS else None


def _unary(function: Callable[[Any], Any]) -> Callable[[TripNumber], Any]:
    return lambda self: join_values(self.trips, list(map(function, self.values)))


def _binary(function: Callable[[Any, Any], Any], reflected: bool = False) -> Callable[[TripNumber, Any], Any]:
    def operate(self: TripNumber, other: Any) -> Any:
        others = _of(self, other)
        if others is None:
            return NotImplemented
        pair = (others, self.values) if reflected else (self.values, others)
        return join_values(self.trips, list(map(function, *pair)))

    return operate


for _name in ("neg", "pos", "abs", "invert"):
    setattr(TripNumber, f"__{_name}__", _unary(getattr(operator, _name)))
for _name in ("lt", "le", "eq", "ne", "gt", "ge"):
    setattr(TripNumber, f"__{_name}__", _binary(getattr(operator, _name)))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and_", "or_", "xor"):
    _function = getattr(operator, _name)
    _word = _name.rstrip("_")
    setattr(TripNumber, f"__{_word}__", _binary(_function))
    setattr(TripNumber, f"__r{_word}__", _binary(_function, reflected=True))


def refuse_trip_values(fn: Any, args: Any) -> None:
    """TripValueNeeded if native code that knows nothing of them is called with what differs from trip to trip."""
    if not any(isinstance(each, TripNumber | Collector) for each in args):
        return
    module = getattr(fn, "__module__", None) or ""
    is_append = type(getattr(fn, "__self__", None)) is list and getattr(fn, "__name__", "") in ("append", "extend")
    if not is_append and module.partition(".")[0] != __name__.partition(".")[0]:
        raise TripValueNeeded(f"an argument of {getattr(fn, '__name__', type(fn).__name__)}")
