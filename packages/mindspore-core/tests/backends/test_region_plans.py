"""Plans with regions on devices without an executor of their own: the same results as the evaluator's."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from discrete import DiscreteDevice

import mindspore as ms
from mindspore import Tensor, grad, jit
from mindspore.common.dtype import float32, int32
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.driver import Driver
from mindspore.compiler.executor import PythonExecutable
from mindspore.compiler.ir import Builder, tape_aval, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import compile_graph, run_graph
from mindspore.plugin import BackendInfo, hookimpl, manager
from mindspore.reference.device import ReferenceDevice
from mindspore.runtime.device import use_backend
from mindspore.runtime.transfer import download, upload
from mindspore.testing.region_programs import random_arrays, random_graph

VECTOR, COUNT = tensor_aval((4,), float32), tensor_aval((), int32)


class HostDevice(ReferenceDevice):
    capabilities = replace(ReferenceDevice.capabilities, regions=True)


class FarDevice(DiscreteDevice):
    """The test device whose memory the host cannot touch."""

    capabilities = replace(DiscreteDevice.capabilities, regions=True)


@pytest.fixture(scope="module", params=[HostDevice, FarDevice])
def device(request):
    return request.param()


def close(expected, found) -> None:
    for want, got in zip(expected, found, strict=True):
        good = np.isfinite(want) & (np.abs(want) < 1e4)
        np.testing.assert_allclose(got[good], want[good], rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_random_programs_agree_with_the_evaluator(device, start):
    """Each with its derivative, and with all inputs donated."""
    for seed in range(start, start + 20):
        graph, arrays = random_graph(seed), random_arrays(seed)
        joint = vjp_graph(graph, (0, 1, 2), (0, 1, 2))
        cotangents = [np.ones(p.shape, p.dtype.np) for p in joint.params[4:]]
        for case, values in ((graph, arrays), (joint, arrays + cotangents)):
            made = compile_graph(case, device, {k: k for k in range(4)})
            assert isinstance(made, PythonExecutable) and not isinstance(made, Driver)
            expected = evaluate(case, values)
            for _ in range(2):
                buffers = [upload(device.allocator, v) for v in values]
                found = made.run(buffers)
                close(expected, [download(device.allocator, b, o.aval) for b, o in zip(found, case.outputs)])


def graph_of(name, avals, make):
    b = Builder(name)
    found = make(b, *[b.parameter(a) for a in avals])
    return b.finish(found if isinstance(found, (list, tuple)) else [found])


@pytest.mark.parametrize("trips", [0, 1, 2, 5])
def test_a_donated_value_that_alternates_comes_home(device, trips):
    condition = graph_of("more", (COUNT, VECTOR, VECTOR), lambda b, n, x, y: b.gt(n, 0))
    body = graph_of("trip", (COUNT, VECTOR, VECTOR), lambda b, n, x, y: [b.sub(n, 1), y, b.add(x, y)])
    graph = graph_of("loop", (COUNT, VECTOR, VECTOR), lambda b, n, x, y: b.items(b.while_(
        n, x, y, condition=condition, body=body, carried=3))[1:])
    arrays = [np.int32(trips), np.ones(4, np.float32), np.full(4, 2, np.float32)]
    buffers = [upload(device.allocator, a) for a in arrays]
    found = compile_graph(graph, device, {0: 1, 1: 2}).run(buffers)
    assert found[0] is buffers[1] and found[1] is buffers[2]
    close(evaluate(graph, arrays), [download(device.allocator, b, VECTOR) for b in found])


def test_sums_of_tapes(device):
    tape = tape_aval((VECTOR,))
    adder = graph_of("sum", (VECTOR, VECTOR), lambda b, x, y: b.add(x, y))

    def make(b, x, y):
        one = b.tape_push(b.tape_push(b.tape_empty(aval=tape), x), y)
        total = b.tape_add(one, b.tape_push(b.tape_empty(aval=tape), x), adder=adder)
        rest = b.items(b.tape_pop(total, aval=tape))[0]
        return [b.items(b.tape_pop(t, aval=tape))[1] for t in (total, rest, b.tape_empty(aval=tape))]
    graph = graph_of("tapes", (VECTOR, VECTOR), make)
    arrays = [np.arange(4, dtype=np.float32), np.ones(4, np.float32)]
    close(evaluate(graph, arrays), run_graph(graph, arrays, device))


class FarBackend:
    info = BackendInfo("far", "Far", "1.0")

    def open(self, device_id=0):
        return FarDevice()

    def status(self):
        return "available"


class FarPlugin:
    @staticmethod
    @hookimpl
    def mindspore_backends():
        return [FarBackend()]


def test_programs_run_on_such_a_backend():
    def power(x, n):
        if n == 0:
            return ms.ops.ones_like(x)
        return x * power(x, n - 1)

    def settle(x, n):
        while x.sum() < 10.0:
            x = x * 1.5 + 0.5
        return power(x, n).sum()

    manager.register_plugin(FarPlugin, "far")
    try:
        x, n = Tensor(np.array([0.5, 1.0, 1.5], np.float32)), Tensor(3, ms.int32)
        with use_backend("far"):
            found = jit(settle)(x, n).asnumpy(), jit(grad(settle))(x, n).asnumpy()
        with use_backend("reference"):
            expected = jit(settle)(x, n).asnumpy(), jit(grad(settle))(x, n).asnumpy()
    finally:
        manager.unregister_plugin("far")
    for got, want in zip(found, expected):
        np.testing.assert_allclose(got, want, rtol=1e-4)
