"""Choices, loops and tapes inside the executor: random programs, what is copied and kept, errors, signals, threads."""
from __future__ import annotations

import signal
import threading
import time

import numpy as np
import pytest
from buffers import to_buffer, view

from mindspore.common.dtype import float32, int32
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.driver import Driver
from mindspore.compiler.ir import Builder, tape_aval, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import compile_graph, make_plan, run_graph
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.primitives.effects import TOKEN, Action
from mindspore.compiler.program import COPY, REGION
from mindspore.testing.calls import profiled
from mindspore.testing.region_programs import random_arrays, random_graph
from mindspore_cpu import _ext
from mindspore_cpu.lowering import all_plans

VECTOR = tensor_aval((64,), float32)
COUNT = tensor_aval((), int32)
X = np.linspace(-1.0, 1.0, 64, dtype=np.float32)


def graph_of(name, avals, make):
    """The graph of `make(builder, *parameters)`."""
    b = Builder(name)
    found = make(b, *[b.parameter(a) for a in avals])
    return b.finish(found if isinstance(found, (list, tuple)) else [found])


def counted_loop(b, trips, operands, step, avals):
    """The carried values after `trips` trips; `step(builder, *values)` gives the next ones."""
    condition = graph_of("more", (COUNT, *avals), lambda b, n, *values: b.gt(n, 0))
    body = graph_of("trip", (COUNT, *avals), lambda b, n, *values: [b.sub(n, 1), *step(b, *values)])
    return b.items(b.while_(trips, *operands, condition=condition, body=body, carried=1 + len(operands)))[1:]


def trip_of(graph, device, donated=None):
    """The region of the first loop of a graph's plan, and the plan of its trip."""
    plan = make_plan(graph, device, donated)
    region = next(s.region for s in plan.launches if s.kind == REGION and s.name in ("while_", "scan"))
    return region, region.plans[-1]


# -- values ----------------------------------------------------------------------------------------------------------


def close(expected, found) -> None:
    """Equality up to rounding, where numbers stay of a size that rounding does not spoil."""
    for want, got in zip(expected, found, strict=True):
        good = np.isfinite(want) & (np.abs(want) < 1e4)
        np.testing.assert_allclose(got[good], want[good], rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("start", range(0, 160, 20))
def test_random_programs_agree_with_the_evaluator(device, start):
    """Each with its derivative, and with all inputs donated."""
    for seed in range(start, start + 20):
        graph, arrays = random_graph(seed), random_arrays(seed)
        joint = vjp_graph(graph, (0, 1, 2), (0, 1, 2))
        cotangents = [np.ones(p.shape, p.dtype.np) for p in joint.params[4:]]
        for case, values in ((graph, arrays), (joint, arrays + cotangents)):
            assert not isinstance(compile_graph(case, device), Driver)
            expected = evaluate(case, values)
            close(expected, run_graph(case, values, device))
            made = compile_graph(case, device, {k: k for k in range(4)})
            close(expected, [view(b, e) for b, e in zip(made.run([to_buffer(v) for v in values]), expected)])


def test_no_python_runs_between_entry_and_exit(device):
    loop = graph_of("loop", (COUNT, VECTOR), lambda b, n, x: counted_loop(
        b, n, [x], lambda b, x: [b.mul(b.sin(x), 1.5)], [VECTOR]))
    graph = vjp_graph(loop, (1,), (0,))
    run = compile_graph(graph, device).run

    def events(trips: int) -> list[tuple]:
        operands, called = [to_buffer(np.int32(trips)), to_buffer(X), to_buffer(np.ones_like(X))], []
        run(operands)
        with profiled(lambda frame, event, argument: called.append((event, getattr(argument, "__name__", None)))):
            run(operands)
        return called

    called = events(1000)
    assert called == events(1)
    if ("c_call", "run") in called:  # Python 3.12 and later do not say so
        assert called[called.index(("c_call", "run")) + 1] == ("c_return", "run")


# -- places ----------------------------------------------------------------------------------------------------------


def test_a_carried_value_is_updated_in_place(device):
    graph = graph_of("loop", (COUNT, VECTOR), lambda b, n, x: counted_loop(
        b, n, [x], lambda b, x: [b.mul(b.sin(x), 1.5)], [VECTOR]))
    region, trip = trip_of(graph, device)
    assert region.spare == ([None, None],)
    assert not any(s.kind == COPY for s in trip.launches)
    made = compile_graph(graph, device, {0: 1})
    given = to_buffer(X)
    result, = made.run([to_buffer(np.int32(2)), given])
    assert result is given
    np.testing.assert_allclose(view(result, X), np.sin(np.sin(X) * 1.5) * 1.5, rtol=1e-5)


@pytest.mark.parametrize("trips", [0, 1, 2, 5])
def test_values_that_change_places_alternate_between_two(device, trips):
    graph = graph_of("swap", (COUNT, VECTOR, VECTOR), lambda b, n, x, y: counted_loop(
        b, n, [x, y], lambda b, x, y: [y, b.add(x, y)], [VECTOR, VECTOR]))
    region, _ = trip_of(graph, device)
    assert region.spare[0][0] is None and region.spare[0][1] is not None
    x, y = X, 2 * X
    for _ in range(trips):
        x, y = y, x + y
    found = run_graph(graph, [np.int32(trips), X, 2 * X], device)
    np.testing.assert_allclose(found[0], x, rtol=1e-6)
    np.testing.assert_allclose(found[1], y, rtol=1e-6)


def test_deep_loops_of_exchanges(device):
    """Four levels: below the second one values are copied back after each trip."""
    def level(depth):
        def step(b, x, y):
            if depth == 0:
                return [y, b.add(b.mul(x, 0.5), y)]
            return counted_loop(b, b.constant(3, int32), [y, x], level(depth - 1), [VECTOR, VECTOR])
        return step
    graph = graph_of("deep", (COUNT, VECTOR, VECTOR), lambda b, n, x, y: counted_loop(
        b, n, [x, y], level(3), [VECTOR, VECTOR]))
    arrays = [np.int32(3), X, X[::-1].copy()]
    close(evaluate(graph, arrays), run_graph(graph, arrays, device))


def test_a_branch_that_passes_on_copies_nothing(device):
    def make(b, n, x, y):
        then = graph_of("then", (VECTOR, VECTOR), lambda b, x, y: [x, b.mul(y, 2.0)])
        orelse = graph_of("orelse", (VECTOR, VECTOR), lambda b, x, y: [b.add(x, y), y])
        return b.items(b.cond(b.gt(n, 0), x, y, then=then, orelse=orelse))
    graph = graph_of("choice", (COUNT, VECTOR, VECTOR), make)
    plan = make_plan(graph, device, {0: 1, 1: 2})
    assert plan.output_source == [(0, 1), (0, 2)]
    region = next(s.region for s in plan.launches if s.kind == REGION)
    assert not any(step.kind == COPY for branch in region.plans for step in branch.launches)
    for n in (0, 1):
        buffers = [to_buffer(np.int32(n)), to_buffer(X), to_buffer(3 * X)]
        found = compile_graph(graph, device, {0: 1, 1: 2}).run(buffers)
        assert found[0] is buffers[1] and found[1] is buffers[2]
        np.testing.assert_allclose(view(found[0], X), X if n else 4 * X, rtol=1e-6)
        np.testing.assert_allclose(view(found[1], X), 6 * X if n else 3 * X, rtol=1e-6)


def test_a_graph_that_is_called_often_is_lowered_once(device):
    def layer(b, x):
        for _ in range(50):
            x = b.mul(b.sin(x), 1.25)
        return x
    callee = graph_of("layer", (VECTOR,), layer)

    def network(b, x):
        for _ in range(6):
            x, = b.items(b.emit(PRIMITIVES["call"], (x,), PRIMITIVES["call"].pack_attrs({"callee": callee})))
        return x
    graph = graph_of("network", (VECTOR,), network)
    plan = make_plan(graph, device)
    assert len(plan.launches) == 6 and len(all_plans(plan)) == 2
    close(evaluate(graph, [X]), run_graph(graph, [X], device))


# -- tapes -----------------------------------------------------------------------------------------------------------


def bytes_in_use() -> int:
    return _ext.memory_use()["in_use"]


def test_memory_of_tapes_goes_back_after_each_call(device):
    loop = graph_of("loop", (COUNT, VECTOR), lambda b, n, x: counted_loop(
        b, n, [x], lambda b, x: [b.mul(b.sin(x), 1.5)], [VECTOR]))
    run = compile_graph(vjp_graph(loop, (1,), (0,)), device).run
    operands = [to_buffer(np.int32(20000)), to_buffer(X), to_buffer(np.ones_like(X))]
    run(operands)
    before = bytes_in_use()
    for _ in range(3):
        run(operands)
    assert bytes_in_use() == before


def test_trips_that_differentiate_loops_need_the_memory_of_one(device):
    """A loop whose trips push on a tape that they do not leave."""
    tape = tape_aval((VECTOR,))

    def inner(b, x):
        entries, y = counted_loop(b, b.constant(100, int32), [b.tape_empty(aval=tape), x],
                                  lambda b, t, x: [b.tape_push(t, x), b.sin(x)], [tape, VECTOR])
        return [b.add(y, b.items(b.tape_pop(entries, aval=tape))[1])]
    graph = graph_of("outer", (COUNT, VECTOR), lambda b, n, x: counted_loop(b, n, [x], inner, [VECTOR]))
    region, _ = trip_of(graph, device)
    assert region.scoped
    run = compile_graph(graph, device).run
    run([to_buffer(np.int32(1)), to_buffer(X)])
    operands = [to_buffer(np.int32(2000)), to_buffer(X)]
    before = _ext.memory_use()["requests"]
    run(operands)
    assert _ext.memory_use()["requests"] - before <= 2


def test_a_stack_takes_the_memory_of_its_greatest_height(device):
    """Each trip pushes two entries and pops two, in an order in which none of them is on top of the memory."""
    tape = tape_aval((VECTOR,))

    def step(b, t, x):
        t = b.tape_push(t, b.sin(x))
        t, y = b.items(b.tape_pop(t, aval=tape))
        return [b.tape_push(t, b.add(y, 1.0)), b.mul(x, 0.5)]

    def make(b, n, x):
        t, y = counted_loop(b, n, [b.tape_empty(aval=tape), x], step, [tape, VECTOR])
        return counted_loop(b, n, [t, y], lambda b, t, x: [
            b.items(b.tape_pop(t, aval=tape))[0], b.items(b.tape_pop(t, aval=tape))[1]], [tape, VECTOR])[1]

    def back_and_forth(b, n, x):
        def trip(b, t, x):
            rest, y = b.items(b.tape_pop(t, aval=tape))
            return [b.tape_push(rest, b.sin(b.add(x, y))), b.mul(y, 0.5)]
        return counted_loop(b, n, [b.tape_push(b.tape_empty(aval=tape), x), x], trip, [tape, VECTOR])[1]
    arrays = [np.int32(7), X]
    for build in (make, back_and_forth):
        graph = graph_of("stack", (COUNT, VECTOR), build)
        assert make_plan(graph, device).reuses_entries
        close(evaluate(graph, arrays), run_graph(graph, arrays, device))
    run = compile_graph(graph, device).run
    run([to_buffer(np.int32(7)), to_buffer(X)])
    operands = [to_buffer(np.int32(200000)), to_buffer(X)]
    before = _ext.memory_use()["requests"]
    run(operands)
    assert _ext.memory_use()["requests"] - before <= 1


def test_what_is_pushed_is_written_where_it_will_lie(device):
    """But not what was there before, an output, or what is pushed twice."""
    tape = tape_aval((VECTOR, VECTOR, VECTOR, VECTOR))

    def step(b, t, x):
        y, z, new = b.sin(x), b.exp(b.neg(x)), b.tanh(x)
        return [b.tape_push(t, x, y, new, z), new]

    def last(b, found):
        return [*found[1:], *b.items(b.tape_pop(found[0], aval=tape))[1:]]

    graph = graph_of("push", (COUNT, VECTOR), lambda b, n, x: last(b, counted_loop(
        b, n, [b.tape_empty(aval=tape), x], step, [tape, VECTOR])))
    opened = [s for s in trip_of(graph, device)[1].launches if s.name == "tape_open"]
    assert [s.region.direct for s in opened] == [(1, 3)]
    doubled = graph_of("twice", (COUNT, VECTOR), lambda b, n, x: last(b, counted_loop(
        b, n, [b.tape_empty(aval=tape), x], lambda b, t, x: [b.tape_push(t, x, x, *[b.sin(x)] * 2), x],
        [tape, VECTOR])))
    assert not [s for s in trip_of(doubled, device)[1].launches if s.name == "tape_open"]


# -- errors, signals, threads ----------------------------------------------------------------------------------------


def test_errors_of_host_calls_leave_nested_regions(device):
    def fail(n):
        if n == 3:
            raise ArithmeticError(f"at {n}")
    action = Action("fail", fail, raises=True)

    def step(b, token, n):
        then = graph_of("then", (TOKEN, COUNT), lambda b, t, n: [b.host_call(t, n, action=action)])
        orelse = graph_of("orelse", (TOKEN, COUNT), lambda b, t, n: [t])
        token, = b.items(b.cond(b.gt(n, 1), token, n, then=then, orelse=orelse))
        return [token, b.add(n, 1)]
    graph = graph_of("loop", (COUNT, TOKEN, COUNT), lambda b, trips, t, n: counted_loop(
        b, trips, [t, n], step, [TOKEN, COUNT]))
    run = compile_graph(graph, device).run
    assert int(view(run([to_buffer(np.int32(k)) for k in (3, 0, 0)])[1], np.int32(0))) == 3
    for _ in range(2):
        with pytest.raises(ArithmeticError, match="at 3"):
            run([to_buffer(np.int32(k)) for k in (9, 0, 0)])


class StopLoopError(Exception):
    pass


def test_a_signal_ends_an_endless_loop(device):
    graph = graph_of("endless", (COUNT,), lambda b, n: b.items(b.while_(
        n, condition=graph_of("always", (COUNT,), lambda b, n: b.lt(n, 3)),
        body=graph_of("body", (COUNT,), lambda b, n: b.minimum(b.add(n, 1), 2)), carried=1)))
    run = compile_graph(graph, device).run
    others = []

    def stop(number, frame):
        raise StopLoopError

    def other():
        for _ in range(20):
            others.append(1)
            time.sleep(0.001)
    before = signal.signal(signal.SIGALRM, stop)
    thread = threading.Thread(target=other)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        thread.start()
        with pytest.raises(StopLoopError):
            run([to_buffer(np.int32(0))])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(others) == 20, "other threads run while a loop does"
    thread.join()


def test_threads_may_share_a_loop(device):
    loop = graph_of("loop", (COUNT, VECTOR), lambda b, n, x: counted_loop(
        b, n, [x], lambda b, x: [b.sub(x, b.mul(b.sin(x), 0.5))], [VECTOR]))
    graph = vjp_graph(loop, (1,), (0,))
    run, wrong = compile_graph(graph, device).run, []

    def work(seed: int) -> None:
        arrays = [np.int32(10 * seed), X * seed, np.ones_like(X)]
        expected = evaluate(graph, arrays)
        for _ in range(20):
            found = run([to_buffer(a) for a in arrays])
            if not all(np.allclose(view(b, e), e, rtol=1e-3, atol=1e-5) for b, e in zip(found, expected)):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# -- plans by hand ---------------------------------------------------------------------------------------------------


def plan(inputs, outputs, steps, arena=0, **places):
    return _ext.Plan(2, [4] * inputs, [4] * outputs, [(1, k) for k in range(outputs)], [], arena, steps, **places)


@pytest.mark.parametrize(("steps", "words"), [
    (lambda: [_ext.Region("cond", [(0, 0), (1, 0)], [plan(0, 1, [])])], "the number of its plans is wrong"),
    (lambda: [_ext.Region("cond", [(0, 0), (1, 0)], [plan(1, 1, [])] * 2, spare=[[], []])], "another number of inputs"),
    (lambda: [_ext.Region("call", [(0, 0), (1, 0)], [plan(1, 1, [], arena=128)], spare=[[]])], "outside the arena"),
    (lambda: [_ext.Region("call", [(0, 0), (1, 0)], [plan(1, 1, [])], starts=[1], spare=[[(1, 0)]])],
     "start from one operand, or one from none"),
    (lambda: [_ext.Region("tape_empty", [(4, 0)])], "names a slot outside its range"),
    (lambda: [_ext.Region("while_", [(0, 0), (1, 0)], [plan(1, 1, []), plan(1, 2, [])], 64, 0, [0], [[(1, 0)]])],
     "its workspace lies outside the arena"),
    (lambda: [_ext.Region("repeat", [(0, 0)])], "no steps of kind repeat"),
])
def test_regions_that_do_not_fit_are_refused(steps, words):
    with pytest.raises(ValueError, match=words):
        _ext.Executable(plan(1, 1, steps(), arena=64))
