"""Schedule and memory: order, donation, arena places, and the Python executor."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import float32
from mindspore.compiler import pipeline
from mindspore.compiler.executor import HOST_FALLBACKS
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.program import ARENA, COPY, INPUT, OUTPUT
from mindspore.plugin import manager
from mindspore.reference.device import ReferenceDevice

V = tensor_aval((50,), float32)


def check_places(plan):
    """No two values that are alive at one time share bytes of the arena."""
    avals, births, deaths = plan.program.avals, {}, {}
    for k, step in enumerate(plan.launches):
        for value in step.outs:
            births.setdefault(value, k)
            deaths.setdefault(value, k)
        for value in step.ins:
            deaths[value] = k
    arena = [v for v in births if plan.places[v][0] == ARENA]
    for i, v in enumerate(arena):
        start, end = plan.places[v][1], plan.places[v][1] + avals[v].nbytes
        assert end <= plan.arena_bytes and start % 64 == 0
        for w in arena[:i]:
            if births[v] <= deaths[w] and births[w] <= deaths[v]:
                other = plan.places[w][1], plan.places[w][1] + avals[w].nbytes
                assert end <= other[0] or other[1] <= start, (v, w)


def chain(length: int):
    b = Builder("chain")
    x = b.parameter(V)
    y = x
    for _ in range(length):
        y = b.exp(b.sin(y))
    return b.finish([b.add(y, x)])


def test_a_chain_needs_two_arena_buffers():
    plan = pipeline.make_plan(chain(10), ReferenceDevice())
    check_places(plan)
    assert plan.arena_bytes == 2 * 256  # 200 bytes, rounded up to multiples of 64


def test_random_graphs_plan_correctly():
    rng = np.random.default_rng(5)
    for _ in range(30):
        b = Builder("random")
        values = [b.parameter(V), b.parameter(V)]
        for _ in range(40):
            i, j = rng.integers(0, len(values), 2)
            op = rng.choice(["add", "mul", "maximum", "sin", "reshape"])
            if op == "reshape":
                values.append(b.reshape(b.reshape(values[i], shape=(5, 10)), shape=(50,)))
            else:
                values.append(getattr(b, op)(*(values[k] for k in ((i, j) if op not in ("sin",) else (i,)))))
        graph = b.finish([values[k] for k in rng.integers(0, len(values), 3)])
        arrays = [rng.normal(size=50).astype(np.float32) for _ in range(2)]
        check_places(pipeline.make_plan(graph, ReferenceDevice()))
        for got, want in zip(pipeline.run_graph(graph, arrays, ReferenceDevice()), evaluate(graph, arrays)):
            np.testing.assert_array_equal(got, want)


def test_outputs_never_share_buffers():
    b = Builder("alias")
    x = b.parameter(V)
    y = b.sin(x)
    graph = b.finish([x, y, y, b.reshape(y, shape=(5, 10)), b.constant(3.0, float32)])
    device = ReferenceDevice()
    data = np.arange(50, dtype=np.float32)
    buffers = [data.view(np.uint8).copy()]
    outputs = pipeline.compile_graph(graph, device).run(buffers)
    assert len({id(o) for o in outputs}) == 5 and all(o is not buffers[0] for o in outputs)
    plan = pipeline.make_plan(graph, device)
    assert [s.kind for s in plan.launches].count(COPY) == 4
    for got, want in zip(pipeline.run_graph(graph, [data], device), evaluate(graph, [data])):
        np.testing.assert_array_equal(got, want)


def test_donated_inputs_are_overwritten_after_their_last_reader():
    b = Builder("update")
    p, g = b.parameter(V), b.parameter(V)
    late = b.sum(b.mul(p, b.sin(b.sin(b.sin(g)))), axis=(0,), keepdims=False)
    graph = b.finish([b.cos(g), late])
    plan = pipeline.make_plan(graph, ReferenceDevice(), {0: 0})
    assert plan.output_source[0] == (INPUT, 0)
    names = [s.name for s in plan.launches]
    assert names.index("cos") > names.index("mul")
    device = ReferenceDevice()
    data = [np.linspace(0, 1, 50, dtype=np.float32), np.linspace(1, 2, 50, dtype=np.float32)]
    buffers = [d.view(np.uint8).copy() for d in data]
    outputs = pipeline.compile_graph(graph, device, {0: 0}).run(buffers)
    assert outputs[0] is buffers[0]
    for got, want in zip(outputs, evaluate(graph, data)):
        np.testing.assert_array_equal(got.view(np.float32), np.ravel(want))


def test_a_donation_that_cannot_be_ordered_is_dropped():
    b = Builder("swap")
    p, q = b.parameter(V), b.parameter(V)
    graph = b.finish([b.add(q, 1.0), b.add(p, 2.0)])
    plan = pipeline.make_plan(graph, ReferenceDevice(), {0: 0, 1: 1})
    assert sorted(kind for kind, _ in plan.output_source) == [INPUT, OUTPUT]
    data = [np.zeros(50, np.float32), np.ones(50, np.float32)]
    buffers = [d.view(np.uint8).copy() for d in data]
    outputs = pipeline.compile_graph(graph, ReferenceDevice(), {0: 0, 1: 1}).run(buffers)
    np.testing.assert_array_equal(outputs[0].view(np.float32), data[1] + 1)
    np.testing.assert_array_equal(outputs[1].view(np.float32), data[0] + 2)


def test_a_discrete_device_runs_what_it_has_and_falls_back_visibly(discrete):
    device = manager.device(discrete)
    before, launches = dict(HOST_FALLBACKS), device.commands.kernel_launches
    data = [np.linspace(0, 1, 50, dtype=np.float32)]
    graph = chain(2)
    for got, want in zip(pipeline.run_graph(graph, data, device), evaluate(graph, data)):
        np.testing.assert_allclose(got, want, rtol=1e-6)
    assert device.commands.kernel_launches - launches == 3  # two exp and one add
    assert HOST_FALLBACKS["sin"] - before.get("sin", 0) == 2


def test_host_fall_back_can_be_forbidden(discrete, monkeypatch):
    monkeypatch.setenv("MS_FORBID_HOST_FALLBACK", "1")
    b = Builder("forbidden")
    graph = b.finish([b.cos(b.parameter(V))])
    with pytest.raises(RuntimeError, match="cos: the device has no kernel .*MS_FORBID_HOST_FALLBACK"):
        pipeline.compile_graph(graph, manager.device(discrete))


def test_compilation_is_cached_by_structure():
    device = ReferenceDevice()
    with pipeline.assert_max_compiles(1):
        assert pipeline.compile_graph(chain(7), device) is pipeline.compile_graph(chain(7), device)
    with pytest.raises(pipeline.TooManyCompilesError):
        with pipeline.assert_max_compiles(0):
            pipeline.compile_graph(chain(8), device)
