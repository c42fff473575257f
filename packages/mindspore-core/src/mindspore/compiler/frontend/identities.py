"""`is`, where the interpreter has one object in the place of several.

A number that differs from trip to trip is one `TripNumber`, and a bool that a decision on a tensor chose is a tensor.
Python's `is` would find both to be other objects than `True`, so the first is compared trip by trip, and the second is
refused.
"""

from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.errors import TensorConditionError
from mindspore.compiler.frontend.trip_numbers import TripNumber, join_values

__all__ = ["other_object", "same_object"]


def same_object(a: Any, b: Any) -> Any:
    """`a is b`: a bool, or a number that differs from trip to trip.

    Raises:
        TensorConditionError: a tensor of bool without dimensions is compared with True or False.
    """
    if a is b:
        return True
    if type(a) is TripNumber or type(b) is TripNumber:
        number, other = (a, b) if type(a) is TripNumber else (b, a)
        others = other.values if type(other) is TripNumber else (other,) * len(number.values)
        return join_values(number.trips, [x is y for x, y in zip(number.values, others)])
    if b is True or b is False:
        _refuse_tensor(a, b)
    return False


def other_object(a: Any, b: Any) -> Any:
    """`a is not b`, as `same_object`."""
    found = same_object(a, b)
    return join_values(found.trips, [not value for value in found.values]) if type(found) is TripNumber else not found


def _refuse_tensor(value: Any, wanted: bool) -> None:
    if getattr(value, "shape", None) == () and str(getattr(value, "dtype", "")) == "Bool":
        raise TensorConditionError(
            f"'is {wanted}' of a tensor: a bool that depends on a tensor is a tensor in a graph, and never the object "
            f"{wanted}.", remedy="ask for its truth: 'if flag', 'if not flag'")
