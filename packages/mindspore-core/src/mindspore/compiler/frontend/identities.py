"""`is`, where the interpreter has one object in the place of several.

A number that differs from trip to trip is one `TripNumber`, and a bool that depends on a tensor is a tensor. Python's
`is` would find both to be other objects than `True`. So the first is compared trip by trip, and a tensor that stands
for a bool is asked for its value; where it stands for a bool or for a tensor, the question is refused.
"""

from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.errors import TensorConditionError
from mindspore.compiler.frontend.location import thread_state
from mindspore.compiler.frontend.trip_numbers import TripNumber, join_values

__all__ = ["other_object", "same_object"]


def same_object(a: Any, b: Any) -> Any:
    """`a is b`: a bool, a number that differs from trip to trip, or a predicate.

    Raises:
        TensorConditionError: what may be a bool or a tensor is compared with True or False.
    """
    if a is b:
        return True
    if type(a) is TripNumber or type(b) is TripNumber:
        number, other = (a, b) if type(a) is TripNumber else (b, a)
        others = other.values if type(other) is TripNumber else (other,) * len(number.values)
        return join_values(number.trips, [x is y for x, y in zip(number.values, others)])
    if type(b) is bool or type(a) is bool:
        value, wanted = (a, b) if type(b) is bool else (b, a)
        session = thread_state.session
        if session is not None and session.policy.control is not None and session.is_traced(value):
            return _is_bool(session.policy.control, value, wanted)
    return False


def other_object(a: Any, b: Any) -> Any:
    """`a is not b`, as `same_object`."""
    found = same_object(a, b)
    if type(found) is TripNumber:
        return join_values(found.trips, [not value for value in found.values])
    return not found if type(found) is bool else _control().negate(found)


def _control() -> Any:
    assert thread_state.session is not None
    return thread_state.session.policy.control


def _is_bool(control: Any, value: Any, wanted: bool) -> Any:
    kinds = control.kinds_of(value)
    if bool not in kinds:
        return False
    if len(kinds) > 1:
        raise TensorConditionError(
            f"'is {wanted}' of what is a bool or something else, as a tensor decides.",
            remedy="ask for its truth: 'if flag', 'if not flag'")
    return control.predicate(value) if wanted else control.negate(value)
