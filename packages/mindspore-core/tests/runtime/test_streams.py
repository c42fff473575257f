"""Streams and events."""
from __future__ import annotations

import pytest

import mindspore as ms
from mindspore import Tensor, hal, ops, runtime
from mindspore.eager import segment
from mindspore.runtime.device import use_backend


@pytest.fixture(params=["reference", "discrete"])
def backend(request, discrete):
    with use_backend(request.param):
        yield request.param


def test_synchronize_runs_what_is_recorded(backend):
    x = Tensor([1.0, 2.0]) * 3
    assert x._value.pending is not None
    runtime.synchronize()
    assert x._value.pending is None and segment.current().entries == []


def test_an_event_comes_after_the_work_before_it(backend):
    start, end = runtime.Event(enable_timing=True), runtime.Event(enable_timing=True)
    start.record()
    x = ops.exp(Tensor([1.0, 2.0]))
    end.record()
    assert x._value.pending is None and end.query()
    assert start.elapsed_time(end) > 0 and end.elapsed_time(start) == -start.elapsed_time(end)
    end.synchronize()


@pytest.mark.parametrize("make, message", [
    (lambda: runtime.Event().elapsed_time(runtime.Event(True)), "this event was made without enable_timing"),
    (lambda: runtime.Event(True).elapsed_time(runtime.Event(True)), "this event was not recorded"),
    (lambda: runtime.Event(True).elapsed_time(3), "end_event must be an Event, got int"),
    (lambda: runtime.Event(1), "enable_timing must be a bool"),
    (lambda: runtime.Stream("high"), "priority must be an int"),
    (lambda: runtime.Stream(name="x"), "unknown argument 'name'"),
    (lambda: runtime.StreamCtx(3), "stream must be a Stream or None"),
    (lambda: runtime.Stream().wait_event(3), "event must be an Event"),
    (lambda: runtime.Stream().wait_stream(None), "stream must be a Stream, got NoneType"),
])
def test_misuse(make, message):
    with pytest.raises((TypeError, RuntimeError), match=message):
        make()


def test_streams_of_a_block():
    first = runtime.current_stream()
    assert first == runtime.default_stream() != runtime.communication_stream()
    one, two = runtime.Stream(), ms.Stream(priority=-1)
    assert one != two and len({one, two, first, runtime.default_stream()}) == 3
    with runtime.StreamCtx(one):
        assert runtime.current_stream() is one
        with hal.StreamCtx(None):
            assert runtime.current_stream() is one
        with runtime.StreamCtx(two):
            x = Tensor([1.0]) + 1
            event = two.record_event()
        assert runtime.current_stream() is one
        one.wait_event(event)
        one.wait_stream(two)
        assert (x + 1).asnumpy().tolist() == [3]
    assert runtime.current_stream() == first
    runtime.set_cur_stream(two)
    assert hal.current_stream() is two and repr(two) == f"Stream(device_name=CPU, device_id=0, stream_id={two.id})"
    runtime.set_cur_stream(first)


def test_a_stream_waits_for_its_work(backend):
    stream = runtime.Stream()
    with runtime.StreamCtx(stream):
        x, y = Tensor([1.0]) + 1, None
        stream.synchronize()
        assert x._value.pending is None
        y = x + 1
        assert stream.query() and y._value.pending is None


def test_blocking_launches_run_at_once():
    try:
        runtime.launch_blocking()
        assert (Tensor([1.0]) + 1)._value.pending is None
    finally:
        ms.set_context(pynative_synchronize=False)
