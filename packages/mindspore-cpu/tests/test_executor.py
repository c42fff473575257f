"""The executor: plans by hand and by core's planner, donation, host launches, errors, concurrency, buffer lifetime."""
from __future__ import annotations

import gc
import threading
import time

import numpy as np
import pytest
from buffers import to_buffer, view

from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.text import parse_text
from mindspore.compiler.pipeline import compile_graph, make_plan
from mindspore.compiler.program import ARENA, CONST, INPUT, OUTPUT
from mindspore.plugin import manager
from mindspore.runtime.transfer import upload
from mindspore_cpu import _ext

FOUR = np.arange(4, dtype=np.float32)


def host(function, inputs: int, outputs: int, nbytes: int = 16):
    return _ext.host_kernel(function, [nbytes] * inputs, [nbytes] * outputs)


def floats(memory) -> np.ndarray:
    return np.frombuffer(memory, np.float32)


def add_one(inputs, outputs):
    floats(outputs[0])[:] = floats(inputs[0]) + 1


def executable(steps, inputs=1, outputs=1, sources=None, constants=(), arena=64):
    sources = [(OUTPUT, k) for k in range(outputs)] if sources is None else sources
    return _ext.Executable(_ext.Plan(1, [16] * inputs, [16] * outputs, sources, list(constants), arena, steps))


def test_values_pass_through_inputs_arena_constants_and_outputs():
    def add(inputs, outputs):
        floats(outputs[0])[:] = floats(inputs[0]) + floats(inputs[1])
    made = executable([(host(add_one, 1, 1), [(INPUT, 0), (ARENA, 64)], "first"),
                       (host(add, 2, 1), [(ARENA, 64), (CONST, 0), ], "second")][:1]
                      + [(host(add, 2, 1), [(ARENA, 64), (CONST, 0), (OUTPUT, 0)], "second")],
                      constants=[to_buffer(10 * FOUR)], arena=128)
    result, = made.run([to_buffer(FOUR)])
    np.testing.assert_array_equal(view(result, FOUR), 11 * FOUR + 1)


def test_a_donated_input_comes_back_as_the_output():
    given = to_buffer(FOUR)
    made = executable([(host(add_one, 1, 1), [(INPUT, 0), (INPUT, 0)], "in place")], sources=[(INPUT, 0)])
    result, = made.run([given])
    assert result is given
    np.testing.assert_array_equal(view(given, FOUR), FOUR + 1)


def test_outputs_are_new_buffers_on_each_call():
    made = executable([(host(add_one, 1, 1), [(INPUT, 0), (OUTPUT, 0)], "add")])
    first, = made.run([to_buffer(FOUR)])
    second, = made.run((to_buffer(FOUR + 5),))
    np.testing.assert_array_equal(view(first, FOUR), FOUR + 1)
    np.testing.assert_array_equal(view(second, FOUR), FOUR + 6)


def test_errors_of_a_host_function_keep_their_type():
    def fail(inputs, outputs):
        raise KeyError("missing")
    made = executable([(host(fail, 1, 1), [(INPUT, 0), (OUTPUT, 0)], "fail")])
    with pytest.raises(KeyError, match="missing"):
        made.run([to_buffer(FOUR)])
    with pytest.raises(KeyError, match="missing"):
        made.run([to_buffer(FOUR)])


def test_a_host_function_may_not_keep_its_memory():
    kept = []
    made = executable([(host(lambda i, o: kept.append(floats(i[0])), 1, 1), [(INPUT, 0), (OUTPUT, 0)], "keep")])
    with pytest.raises(BufferError):
        made.run([to_buffer(FOUR)])


@pytest.mark.parametrize(("inputs", "error", "words"), [
    ([], TypeError, "got 0 inputs, expected 1"), ([1], TypeError, "input 0 is of type int"),
    (3, TypeError, "expected a sequence"), ([_ext.Buffer(8)], ValueError, "input 0 has 8 bytes, expected 16")])
def test_wrong_inputs(inputs, error, words):
    made = executable([(host(add_one, 1, 1), [(INPUT, 0), (OUTPUT, 0)], "add")])
    with pytest.raises(error, match=words):
        made.run(inputs)


@pytest.mark.parametrize(("change", "words"), [
    ({"version": 3}, "version 3 was given, this executor reads versions 1 to 2"),
    ({"places": [(INPUT, 1), (OUTPUT, 0)]}, "slot outside its range"),
    ({"places": [(INPUT, 0), (ARENA, 8)]}, "not a multiple of 64"),
    ({"places": [(INPUT, 0), (ARENA, 128)]}, "slot outside its range"),
    ({"places": [(INPUT, 0), (7, 0)]}, "none of the known kinds"),
    ({"places": [(INPUT, 0)]}, "has 1 buffers, its kernel expects 2"),
    ({"sources": [(INPUT, 4)]}, "comes neither from itself nor from an input")])
def test_a_plan_that_leaves_its_buffers_is_refused(change, words):
    places = change.get("places", [(INPUT, 0), (OUTPUT, 0)])
    with pytest.raises(ValueError, match=words):
        _ext.Executable(_ext.Plan(change.get("version", 1), [16], [16], change.get("sources", [(OUTPUT, 0)]), [], 64,
                                  [(host(add_one, 1, 1), places, "step")]))


def test_a_kernel_travels_as_a_capsule():
    kernel = _ext.matmul("float32", (2, 3), (3, 4), False, False)
    again = _ext.Kernel(kernel.capsule())
    del kernel
    gc.collect()
    a, b = np.ones((2, 3), np.float32), np.full((3, 4), 2, np.float32)
    out = _ext.Buffer(32)
    again([to_buffer(a), to_buffer(b)], [out])
    assert (np.frombuffer(out, np.float32) == 6).all()
    with pytest.raises(ValueError, match="incorrect name|invalid PyCapsule"):
        _ext.Kernel(_foreign_capsule())


def _foreign_capsule():
    import ctypes
    make = ctypes.pythonapi.PyCapsule_New
    make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return make(1, b"something.else", None)


# -- plans from core -------------------------------------------------------------------------------------------------


def training_step(rows: int = 32, width: int = 48):
    """relu(x w + b) against t; the new w is written over the old one."""
    b = Builder("step")
    x, w, bias, t = (b.parameter(tensor_aval(s, float32)) for s in
                     ((rows, width), (width, width), (width,), (rows, width)))
    y = b.maximum(b.add(b.matmul(x, w), bias), 0.0)
    difference = b.sub(y, t)
    loss = b.sum(b.mul(difference, difference), axis=(0, 1), keepdims=False)
    slope = b.select(b.gt(y, 0.0), difference, b.zeros_like(y.aval))
    gradient = b.matmul(x, slope, transpose_a=True)
    return b.finish([loss, b.sub(w, b.mul(gradient, 1e-3))])


def numpy_step(x, w, bias, t):
    y = np.maximum(x @ w + bias, 0)
    return np.sum((y - t) ** 2), w - 1e-3 * (x.T @ np.where(y > 0, y - t, 0))


def random_operands(graph, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=p.shape).astype(np.float32) for p in graph.params]


def test_a_training_step_claims_fuses_and_updates_in_place(device):
    graph = training_step()
    plan = make_plan(graph, device, {1: 1})
    assert any(step.kind == "claim" and step.name == "matmul_bias_relu" for step in plan.launches)
    assert not any(step.kind == "host" for step in plan.launches)
    made, arrays = device.compile(plan), random_operands(graph)
    buffers = [to_buffer(a) for a in arrays]
    loss, weights = made.run(buffers)
    assert weights is buffers[1]
    want_loss, want_weights = numpy_step(*arrays)
    np.testing.assert_allclose(view(loss, np.float32(0)), want_loss, rtol=1e-4)
    np.testing.assert_allclose(view(weights, arrays[1]), want_weights, rtol=1e-4, atol=1e-5)
    assert any("matmul_bias_relu: own product" in line for line in made.describe())


def test_threads_may_share_an_executable(device):
    """Eight threads, each with inputs of its own, large enough for parallel regions."""
    graph = training_step(256, 128)
    made = device.compile(make_plan(graph, device))
    wrong = []

    def work(seed: int) -> None:
        arrays = random_operands(graph, seed)
        want = numpy_step(*arrays)[1]
        for _ in range(5):
            got = made.run([to_buffer(a) for a in arrays])[1]
            if not np.allclose(view(got, want.astype(np.float32)), want, rtol=1e-3, atol=1e-4):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_host_launches_are_counted_and_can_be_forbidden(device, monkeypatch):
    b = Builder("complex")
    from mindspore.common.dtype import complex64
    x = b.parameter(tensor_aval((3,), complex64))
    graph = b.finish([b.asin(x)])
    before = device.host_fallbacks
    made = device.compile(make_plan(graph, device))
    value = np.array([1 + 1j, 2, 3j], np.complex64)
    result, = made.run([to_buffer(value)])
    np.testing.assert_allclose(view(result, value), np.arcsin(value))
    assert device.host_fallbacks == before + 1
    monkeypatch.setenv("MS_FORBID_HOST_FALLBACK", "1")
    with pytest.raises(RuntimeError, match="asin: the CPU device has no kernel"):
        device.compile(make_plan(graph, device))


def test_constants_and_passed_inputs(device):
    b = Builder("constants")
    x = b.parameter(tensor_aval((4,), float32))
    graph = b.finish([x, b.constant(np.array([1, 2, 3, 4], np.float32)), x])
    given = to_buffer(FOUR)
    first, constant, third = device.compile(make_plan(graph, device)).run([given])
    np.testing.assert_array_equal(view(constant, FOUR), [1, 2, 3, 4])
    for result in (first, third):
        assert result is not given
        np.testing.assert_array_equal(view(result, FOUR), FOUR)


def test_views_keep_their_buffer_alive(device):
    def make() -> np.ndarray:
        return device.as_numpy(to_buffer(FOUR), float32, (2, 2))
    array = make()
    gc.collect()
    others = [to_buffer(np.full(4, 9, np.float32)) for _ in range(8)]
    np.testing.assert_array_equal(array, FOUR.reshape(2, 2))
    assert len(others) == 8 and array.flags.writeable


def test_an_executable_outlives_its_kernels_and_plan(device):
    graph = training_step()
    made = device.compile(make_plan(graph, device))
    run, arrays = made.run, random_operands(graph)
    del made
    gc.collect()
    np.testing.assert_allclose(view(run([to_buffer(a) for a in arrays])[0], np.float32(0)), numpy_step(*arrays)[0],
                               rtol=1e-4)


def test_steps_are_timed():
    device = manager.device("cpu")
    graph = parse_text("""
graph f(%0: float32[4,4]) {
  %1: float32[4,4] = matmul(%0, %0) {transpose_a=False, transpose_b=False}
  %2: float32[4,4] = exp(%1)
  %3: float32[4,4] = mul(%2, %2)
  return %3
}
""")
    executable = compile_graph(graph, device)
    inputs = [upload(device.allocator, np.eye(4, dtype=np.float32))]
    begin = time.monotonic_ns()
    outputs, times = executable.run_timed(inputs, executable.run)
    end = time.monotonic_ns()
    assert [name for name, _, _ in times] == ["matmul", "group exp mul"]
    assert begin <= times[0][1] <= times[0][2] <= times[1][1] <= times[1][2] <= end
    plain = executable.run(inputs)
    assert bytes(memoryview(outputs[0])) == bytes(memoryview(plain[0]))
