"""Loops that are one kernel: the same numbers as those of the executor, one step for all trips, and what stays with the
executor."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from buffers import to_buffer, view

import mindspore as ms
from mindspore import Tensor, jit
from mindspore.common.dtype import bfloat16, bool_, float16, float32, float64, int8, int32, int64
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, tape_aval, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import compile_graph, make_plan, run_graph
from mindspore.compiler.program import REGION
from mindspore.testing.region_programs import random_arrays, random_graph
from mindspore_cpu.codegen import engine, whole_loops
from mindspore_cpu.device import CPUDevice

COUNT = tensor_aval((), int32)
SIZES = [3, 16, 64, 70, 1000]  # in registers, masked, in memory


class StepwiseDevice(CPUDevice):
    """The CPU device whose executor goes around in every loop."""

    capabilities = replace(CPUDevice.capabilities, loops=False)


@pytest.fixture(scope="module")
def stepwise():
    return StepwiseDevice()


def graph_of(name, avals, make):
    """The graph of `make(builder, *parameters)`."""
    b = Builder(name)
    found = make(b, *[b.parameter(a) for a in avals])
    return b.finish(found if isinstance(found, (list, tuple)) else [found])


def counted(b, trips, operands, step, avals):
    """The carried values after `trips` trips; `step(builder, *values)` gives the next ones."""
    condition = graph_of("more", (COUNT, *avals), lambda b, n, *values: b.gt(n, 0))
    body = graph_of("trip", (COUNT, *avals), lambda b, n, *values: [b.sub(n, 1), *step(b, *values)])
    return b.items(b.while_(trips, *operands, condition=condition, body=body, carried=1 + len(operands)))[1:]


def loop_of(step, avals):
    """The graph of a counted loop over these values."""
    return graph_of("loop", (COUNT, *avals), lambda b, n, *values: counted(b, n, list(values), step, avals))


def swing(b, x):
    return [b.mul(b.sin(x), 1.5)]


def agree(graph, arrays, device, stepwise, rtol=1e-5):
    """The loop's kernel, the executor and the evaluator come to the same."""
    for want, other, got in zip(evaluate(graph, arrays), run_graph(graph, arrays, stepwise),
                                run_graph(graph, arrays, device), strict=True):
        np.testing.assert_allclose(got, other, rtol=rtol, atol=rtol)
        np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=2e-3, atol=1e-3)


# -- one step --------------------------------------------------------------------------------------------------------


def steps_of_a_call(graph, arrays, device) -> int:
    made = compile_graph(graph, device)
    before = made._executable.steps_run
    made.run([to_buffer(a) for a in arrays])
    return made._executable.steps_run - before


@pytest.mark.parametrize("trips", [0, 1, 1000])
def test_one_step_runs_all_trips(device, stepwise, trips):
    vector = tensor_aval((64,), float32)
    graph = loop_of(swing, [vector])
    arrays = [np.int32(trips), np.ones(64, np.float32)]
    assert compile_graph(graph, device).describe() == ["while_: generated, one kernel"]
    assert steps_of_a_call(graph, arrays, device) == 1
    assert steps_of_a_call(graph, arrays, stepwise) > trips


def test_the_gradient_of_a_loop_takes_two(device):
    """Forward with pushes, backward with pops; what is between them does not depend on the number of trips."""
    graph = vjp_graph(loop_of(swing, [tensor_aval((64,), float32)]), (1,), (0,))
    cotangents = [np.ones(p.shape, p.dtype.np) for p in graph.params[2:]]
    counts = {steps_of_a_call(graph, [np.int32(n), np.ones(64, np.float32), *cotangents], device) for n in (0, 7, 3000)}
    assert len(counts) == 1
    described = compile_graph(graph, device).describe()
    assert described.count("while_: generated, one kernel") == 2
    assert counts == {len(described)}


def test_loops_in_loops_and_choices_are_part_of_it(device):
    vector = tensor_aval((16,), float32)

    def step(b, x):
        then = graph_of("then", (vector,), lambda b, x: b.mul(x, 0.5))
        orelse = graph_of("orelse", (vector,), lambda b, x: counted(b, b.constant(3, int32), [x], swing, [vector])[0])
        return b.items(b.cond(b.gt(b.sum(x, axis=(0,), keepdims=False), 4.0), x, then=then, orelse=orelse))
    graph = loop_of(step, [vector])
    arrays = [np.int32(50), np.linspace(0, 1, 16, dtype=np.float32)]
    assert steps_of_a_call(graph, arrays, device) == 1
    np.testing.assert_allclose(run_graph(graph, arrays, device)[0], evaluate(graph, arrays)[0], rtol=1e-4)


# -- the same numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [16, 70])
@pytest.mark.parametrize("start", range(0, 60, 20))
def test_random_programs_agree_with_the_executor(device, stepwise, start, size):
    """Each with its derivative, and some with the second one."""
    for seed in range(start, start + 20):
        graph, values = random_graph(seed, size), random_arrays(seed, size)
        for _ in range(3 if seed % 4 == 0 else 2):
            for got, want in zip(run_graph(graph, values, device), run_graph(graph, values, stepwise), strict=True):
                large = np.abs(want) > 1e4
                np.testing.assert_allclose(np.where(large, 0, got), np.where(large, 0, want), rtol=1e-3, atol=1e-3)
            graph = vjp_graph(graph, (0, 1, 2), (0, 1, 2))
            values = values + [np.ones(p.shape, p.dtype.np) for p in graph.params[len(values):]]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_derivatives_of_a_loop(device, stepwise, size, order):
    vector = tensor_aval((size,), float32)
    graph = loop_of(lambda b, x, y: [b.add(b.sin(y), b.mul(x, 0.5)), b.mul(x, y)], [vector, vector])
    for _ in range(order):
        graph = vjp_graph(graph, (1, 2), (0, 1))
    rng = np.random.default_rng(size)
    for trips in (0, 1, 2, 5):
        arrays = [np.int32(trips), *[rng.uniform(-1, 1, p.shape).astype(np.float32) for p in graph.params[1:]]]
        agree(graph, arrays, device, stepwise)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reverse", [False, True])
def test_scans_read_and_write_slices_where_they_lie(device, stepwise, size, reverse):
    vector, table = tensor_aval((size,), float32), tensor_aval((5, size), float32)

    def make(b, x, xs):
        body = graph_of("trip", (vector, vector), lambda b, state, x: [b.add(b.mul(state, 0.5), x), b.sin(state), x])
        return b.items(b.scan(x, xs, body=body, length=5, carried=1, sliced=1, reverse=reverse))
    graph = graph_of("scan", (vector, table), make)
    arrays = [np.ones(size, np.float32), np.random.default_rng(0).normal(size=(5, size)).astype(np.float32)]
    assert steps_of_a_call(graph, arrays, device) == 1
    agree(graph, arrays, device, stepwise)
    joint = vjp_graph(graph, (0, 1), (0, 1, 2))
    agree(joint, arrays + [np.ones(p.shape, np.float32) for p in joint.params[2:]], device, stepwise)


@pytest.mark.parametrize("dtype", [float16, bfloat16, float64, int8, int32, int64, bool_])
def test_values_of_every_type(device, stepwise, dtype):
    """Numbers that have to be rounded, or to wrap, at the end of each trip."""
    aval = tensor_aval((5,), dtype)

    def step(b, x, y):
        if dtype is bool_:
            return [b.logical_xor(x, y), b.logical_not(x)]
        return [b.add(b.mul(x, y), x), b.sub(y, x)]
    graph = loop_of(step, [aval, aval])
    rng = np.random.default_rng(1)
    values = [rng.integers(-2, 3, 5).astype(dtype.np) for _ in range(2)]
    for trips in (0, 3, 6):
        expected = run_graph(graph, [np.int32(trips), *values], stepwise)
        for got, want in zip(run_graph(graph, [np.int32(trips), *values], device), expected, strict=True):
            np.testing.assert_array_equal(got.astype(np.float64), want.astype(np.float64))


def test_numbers_that_are_none_end_a_loop_as_they_do_anywhere(device, stepwise):
    scalar = tensor_aval((), float32)
    condition = graph_of("small", (scalar,), lambda b, x: b.lt(x, 1e30))
    body = graph_of("trip", (scalar,), lambda b, x: b.sqrt(b.sub(x, 1.0)))
    graph = graph_of("loop", (scalar,), lambda b, x: b.items(b.while_(x, condition=condition, body=body, carried=1)))
    for x in (2.5, np.nan, np.inf, -np.inf, -0.0):
        got, want = [run_graph(graph, [np.float32(x)], d)[0] for d in (device, stepwise)]
        np.testing.assert_array_equal(got, want)


def test_a_loop_without_elements(device, stepwise):
    empty = tensor_aval((0, 3), float32)
    agree(loop_of(swing, [empty]), [np.int32(4), np.zeros((0, 3), np.float32)], device, stepwise)


# -- what the executor does ------------------------------------------------------------------------------------------


def loops_of(plan):
    return [s.region for s in plan.launches if s.kind == REGION and s.name in ("while_", "scan")]


def test_loops_worth_threads_stay_with_the_executor(device):
    vector = tensor_aval((1 << 18,), float32)
    graph = loop_of(swing, [vector])
    assert loops_of(make_plan(graph, device))[0].whole
    described = compile_graph(graph, device).describe()
    assert described[0] == "while_: executor"
    assert any(line.startswith("  group ") and line.endswith(": generated") for line in described)


def test_long_loops_stay_with_the_executor(device, monkeypatch):
    monkeypatch.setattr(whole_loops, "MOST_STEPS", 4)
    vector = tensor_aval((21,), float32)
    graph = loop_of(lambda b, x: [b.add(b.mul(b.sin(x), b.cos(x)), 0.25)], [vector])
    assert compile_graph(graph, device).describe()[0] == "while_: executor"


def test_kernels_and_scopes_stay_with_the_executor(device):
    """A product, and trips that push what they do not leave: their memory is taken back after each."""
    matrix, vector = tensor_aval((8, 8), float32), tensor_aval((16,), float32)
    product = loop_of(lambda b, x: [b.matmul(x, x, transpose_a=False, transpose_b=False)], [matrix])
    assert not loops_of(make_plan(product, device))[0].whole
    tape = tape_aval((vector,))

    def step(b, x):
        entries, y = counted(b, b.constant(4, int32), [b.tape_empty(aval=tape), x],
                             lambda b, t, x: [b.tape_push(t, x), b.sin(x)], [tape, vector])
        return [b.add(y, b.items(b.tape_pop(entries, aval=tape))[1])]
    outer, = loops_of(make_plan(loop_of(step, [vector]), device))
    inner, = loops_of(outer.plans[1])
    assert inner.whole and not outer.whole and outer.scoped


def test_a_loop_of_another_plan_with_equal_code_is_compiled_once(device):
    vector = tensor_aval((24,), float32)
    first = loop_of(lambda b, x: [b.mul(b.cos(x), 1.25)], [vector])
    compile_graph(first, device)
    known = len(whole_loops._cache)
    second = graph_of("other", (COUNT, vector), lambda b, n, x: [
        *counted(b, n, [x], lambda b, x: [b.mul(b.cos(x), 1.25)], [vector]), b.neg(x)])
    compile_graph(second, device)
    assert len(whole_loops._cache) == known


def test_donated_operands_are_overwritten(device):
    for size in SIZES:
        vector = tensor_aval((size,), float32)
        graph = loop_of(swing, [vector])
        given = to_buffer(np.ones(size, np.float32))
        result, = compile_graph(graph, device, {0: 1}).run([to_buffer(np.int32(3)), given])
        assert result is given
        expected = evaluate(graph, [np.int32(3), np.ones(size, np.float32)])[0]
        np.testing.assert_allclose(view(result, expected), expected, rtol=1e-5)


def test_a_new_size_of_a_symbolic_loop_compiles_nothing(device):
    @jit(dynamic=1)
    def halve(x):
        while x.sum() > 1.0:
            x = x * 0.5
        return x
    with ms.runtime.device.use_backend("cpu"):
        counts = []
        for size in (30, 31, 32, 90, 200):
            result = halve(Tensor(np.ones(size, np.float32))).asnumpy()
            np.testing.assert_array_equal(result, np.full(size, 0.5 ** np.ceil(np.log2(size)), np.float32))
            counts.append(engine.compile_count)
    assert counts[0] < counts[1] == counts[-1]
