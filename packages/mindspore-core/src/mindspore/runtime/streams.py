"""Streams and events.

A device of the plugin contract has one queue: what is enqueued runs in order. Every `Stream` is a name for that queue,
so work that is given to several streams runs one after the other, in the order in which the program gave it. That is
one of the orders that streams allow, and all that waits between streams are to ensure holds by itself.

An operation of PyNative mode waits in the thread's segment until somebody needs its value. Recording an event, or
asking a stream to synchronise, runs the segment. An `Event` with timing waits for the work before it and reads the
clock, so the time between two events is the time of what was done between them; nothing else is in flight meanwhile.
"""
from __future__ import annotations

import time
from typing import Any

from mindspore.eager.segment import flush
from mindspore.runtime import device as _device

__all__ = ["Event", "Stream", "StreamCtx", "communication_stream", "current_stream", "default_stream",
           "launch_blocking", "set_cur_stream", "synchronize"]


def synchronize() -> None:
    """Run everything that this thread has recorded and wait until the device has done it."""
    flush()
    if _device.is_open():
        _device.current().allocator.synchronize()


def launch_blocking() -> None:
    """Run each operation of PyNative mode when it is called, so that errors of a device come where they belong."""
    from mindspore import context
    context.set_context(pynative_synchronize=True)


class Event:
    """A point in a stream.

    Args:
        enable_timing: whether `elapsed_time` may be asked.
        blocking: accepted; `wait` and `synchronize` block the calling thread in either case.
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False):
        for name, value in (("enable_timing", enable_timing), ("blocking", blocking)):
            if not isinstance(value, bool):
                raise TypeError(f"Event: {name} must be a bool, got {type(value).__name__}: {value!r}")
        self._timing, self._blocking = enable_timing, blocking
        self._time: float | None = None

    def record(self, stream: Stream | None = None) -> None:
        """Mark the point that a stream (the current one) has reached: all work given to it so far."""
        _check_stream("Event.record", stream)
        synchronize()
        self._time = time.perf_counter()

    def wait(self, stream: Stream | None = None) -> None:
        """Let what is given to the stream from now on come after this event: it does, see the module's text."""
        _check_stream("Event.wait", stream)

    def synchronize(self) -> None:
        """Wait until the work before the event is done."""

    def query(self) -> bool:
        """Whether the work before the event is done; an event that was not recorded has none before it."""
        return True

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds between this event and a later one.

        Raises:
            RuntimeError: one of them was made without `enable_timing`, or was not recorded.
        """
        if not isinstance(end_event, Event):
            raise TypeError(f"Event.elapsed_time: end_event must be an Event, got {type(end_event).__name__}")
        for event, name in ((self, "this event"), (end_event, "end_event")):
            if not event._timing:
                raise RuntimeError(f"Event.elapsed_time: {name} was made without enable_timing=True")
            if event._time is None:
                raise RuntimeError(f"Event.elapsed_time: {name} was not recorded; call record() first")
        return (end_event._time - self._time) * 1e3  # type: ignore[operator]

    def __repr__(self) -> str:
        return f"Event(enable_timing={self._timing}, blocking={self._blocking})"


class Stream:
    """A name for the queue of the current device. priority: accepted; one queue has one order."""

    def __init__(self, priority: int = 0, **kwargs):
        if isinstance(priority, bool) or not isinstance(priority, int):
            raise TypeError(f"Stream: priority must be an int, got {type(priority).__name__}: {priority!r}")
        if kwargs.keys() - {"stream_id", "stream"}:
            raise TypeError(f"Stream: unknown argument {sorted(kwargs)[0]!r}")
        self.priority = priority
        self.id = _streams.number() if kwargs.get("stream_id") is None else int(kwargs["stream_id"])
        self.device_name, self.device_id = _device.target(), _device.device_id()

    def record_event(self, event: Event | None = None) -> Event:
        """Record an event (a new one) on this stream; the event."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Let what comes on this stream come after the event."""
        if not isinstance(event, Event):
            raise TypeError(f"Stream.wait_event: event must be an Event, got {type(event).__name__}")
        event.wait(self)

    def wait_stream(self, stream: Stream) -> None:
        """Let what comes on this stream come after what the other one was given."""
        _check_stream("Stream.wait_stream", stream, optional=False)

    def synchronize(self) -> None:
        """Wait until all work given to this stream is done."""
        synchronize()

    def query(self) -> bool:
        """Whether all work given to this stream is done. What is only recorded is run first."""
        synchronize()
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and (self.id, self.device_name, self.device_id) == (
            other.id, other.device_name, other.device_id)

    def __hash__(self) -> int:
        return hash((self.id, self.device_name, self.device_id))

    def __repr__(self) -> str:
        return f"Stream(device_name={self.device_name}, device_id={self.device_id}, stream_id={self.id})"


class _Streams:
    """The streams in force, and the numbers of new ones. 0 is the default stream, 1 the one of collectives."""

    def __init__(self):
        self._made = 1
        self.current: Stream | None = None

    def number(self) -> int:
        self._made += 1
        return self._made


_streams = _Streams()


def _check_stream(where: str, stream: Any, optional: bool = True) -> None:
    if not isinstance(stream, Stream) and not (optional and stream is None):
        raise TypeError(f"{where}: stream must be a Stream{' or None' if optional else ''}, got "
                        f"{type(stream).__name__}: {stream!r}")


def default_stream() -> Stream:
    """The stream of all work that is given to no other."""
    return Stream(stream_id=0)


def communication_stream() -> Stream:
    """The stream of collectives."""
    return Stream(stream_id=1)


def current_stream() -> Stream:
    """The stream in force."""
    return _streams.current or default_stream()


def set_cur_stream(stream: Stream | None) -> None:
    """Make a stream the one in force; None changes nothing."""
    _check_stream("set_cur_stream", stream)
    if stream is not None:
        _streams.current = stream


class StreamCtx:
    """A block whose work is given to a stream; None stands for the stream in force."""

    def __init__(self, ctx_stream: Stream | None):
        _check_stream("StreamCtx", ctx_stream)
        self.stream, self._before = ctx_stream, None

    def __enter__(self) -> StreamCtx:
        self._before = current_stream()
        set_cur_stream(self.stream)
        return self

    def __exit__(self, *_) -> None:
        set_cur_stream(self._before)
