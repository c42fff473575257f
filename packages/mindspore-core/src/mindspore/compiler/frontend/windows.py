"""Slices whose bounds are tensors: `x[i:i + 4]`.

The shape of a slice must be known while compiling, so that the bounds have to be apart by a number that is known. The
slice is then a window: so many elements, from a tensor on. Python shortens a slice that reaches over the end; a window
cannot be shortened, so that it raises an IndexError at run time instead. In a loop whose trips are compiled as one,
where bounds are numbers that differ from trip to trip, all this is known.
"""

from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.conditions import predicate
from mindspore.compiler.frontend.decisions import decide
from mindspore.compiler.frontend.errors import TensorConditionError, describe
from mindspore.compiler.frontend.frames import Frame, Session
from mindspore.compiler.frontend.trip_numbers import TripNumber, TripValueNeeded, join_values

__all__ = ["has_window", "places_in", "with_windows"]


def has_window(session: Session, obj: Any, key: Any) -> bool:
    """Whether `obj[key]` is a part of a tensor, list or tuple with slices whose bounds are known only at run time."""
    if session.policy.control is None or not (isinstance(obj, (list, tuple)) or session.policy.control.has_rows(obj)):
        return False
    return any(type(part) is slice and _is_open(session, part) for part in (key if type(key) is tuple else (key,)))


def _is_open(session: Session, key: slice) -> bool:
    """Whether a bound of the slice is known only at run time."""
    return any(session.is_traced(bound) and not session.policy.control.is_known(bound)
               for bound in (key.start, key.stop))


def with_windows(frame: Frame, obj: Any, key: Any) -> Any:
    """The key of a part of a tensor, with windows in place of such slices."""
    if not frame.session.policy.control.has_rows(obj):
        return slice(*_bounds_as_refused(frame, key))
    parts = list(key) if type(key) is tuple else [key]
    used = sum(part is not None and part is not Ellipsis for part in parts)
    axis = 0
    for number, part in enumerate(parts):
        if type(part) is slice and axis < len(obj.shape):
            parts[number] = _window(frame, part, obj.shape[axis])
        axis += len(obj.shape) - used if part is Ellipsis else part is not None
    return tuple(parts) if type(key) is tuple else parts[0]


def places_in(frame: Frame, obj: Any, key: slice) -> list[Any]:
    """The places of the items of a list or tuple that a slice between tensors takes: tensors."""
    start, count, step = _extent(frame, key, len(obj))
    return [start + step * k for k in range(count)]


def _window(frame: Frame, key: slice, size: Any) -> Any:
    if not _is_open(frame.session, key):
        return key
    sizes = _as_sizes(frame, key)
    if sizes is not None:
        return sizes
    start, count, step = _extent(frame, key, size)
    return frame.session.policy.control.window(start, count, step)


def _as_sizes(frame: Frame, key: slice) -> slice | None:
    """The slice with symbolic sizes in place of tensors whose distance is not known, if they may be sizes."""
    control = frame.session.policy.control
    bounds = [key.start, key.stop]
    if any(type(bound) is TripNumber for bound in bounds) or control.distance(*bounds) is not None:
        return None
    sizes = [control.size_behind(bound) if frame.session.is_traced(bound) else bound for bound in bounds]
    known = all(size is not None or bound is None for size, bound in zip(sizes, bounds))
    return slice(*sizes, key.step) if known else None


def _extent(frame: Frame, key: slice, size: Any) -> tuple[Any, int, int]:
    """Where a slice starts, a tensor that is not negative; how many elements it has, and how far they are apart."""
    if any(type(bound) is TripNumber for bound in (key.start, key.stop, key.step)):
        return _extent_of_trips(frame, key, size)
    step = 1 if key.step is None else key.step
    known = None
    if type(step) is int and step != 0 and type(size) is int:
        known = frame.session.policy.control.distance(key.start, key.stop)
    if known is None:
        _bounds_as_refused(frame, key)
    assert known is not None
    count = len(range(0, known, step))
    return _start_within(frame, key, count, step, size), count, step


def _extent_of_trips(frame: Frame, key: slice, size: Any) -> tuple[Any, int, int]:
    number = next(bound for bound in (key.start, key.stop, key.step) if type(bound) is TripNumber)
    trips = len(number.values)
    rows = [bound.values if type(bound) is TripNumber else (bound,) * trips
            for bound in (key.start, key.stop, key.step)]
    if type(size) is not int or any(frame.session.is_traced(bound) for row in rows for bound in row):
        raise TripValueNeeded("a slice")
    ranges = [range(*slice(*bounds).indices(size)) for bounds in zip(*rows)]
    if any(len(each) != len(ranges[0]) or each.step != ranges[0].step for each in ranges):
        raise TripValueNeeded("slices of different lengths")
    start = join_values(number.trips, [each.start for each in ranges])
    control = frame.session.policy.control
    return start.tensor() if type(start) is TripNumber else control.constant(start), len(ranges[0]), ranges[0].step


def _start_within(frame: Frame, key: slice, count: int, step: int, size: int) -> Any:
    """The place of the first element. What Python would shorten raises an IndexError at run time."""
    site = frame.site
    assert site is not None
    start, found = frame.session.policy.control.resolved(key.start, key.stop, step, size)
    outside = predicate(frame, found != count, site, "subscript")

    def refuse(frame: Frame) -> None:
        effects = frame.session.policy.effects
        bounds = [effects.formatted(bound) if frame.session.is_traced(bound) else str(bound)
                  for bound in (key.start, key.stop)]
        frame.site = site
        raise IndexError(effects.join_texts(["the slice ", bounds[0], ":", bounds[1], f" of {size} elements has not "
                                             f"{count} elements: its length must not depend on a tensor"]))

    decide(frame, outside, site, "subscript", refuse, lambda frame: None, False)
    return start


def _bounds_as_refused(frame: Frame, key: Any) -> Any:
    bounds = [bound for bound in (key.start, key.stop) if frame.session.is_traced(bound)]
    raise TensorConditionError(
        "The number of elements of a slice depends on a tensor.", found=" and ".join(map(describe, bounds)),
        remedy="give the slice a known length, as in x[i:i + 4]; or keep all elements, and mask those that do not "
               "count by ops.where(ops.arange(len(x)) < n, x, 0)", site=frame.site, native=True)
