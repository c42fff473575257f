"""One queue: work is done in the order in which it was given, and a look waits for what it looks at.

Nothing here waits unless the contract says that it must, so that a kernel which runs too late, or a copy which comes
too early, shows as a wrong number.
"""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops, runtime
from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, Graph, tensor_aval
from mindspore.compiler.pipeline import compile_graph
from mindspore.runtime.device import use_backend
from mindspore.runtime.transfer import download, upload

SHAPE = (64, 65)
AVAL = tensor_aval(SHAPE, float32)
ROUNDS = 30


def numbers(seed: int) -> np.ndarray:
    """Random float32 numbers of `SHAPE`."""
    return np.random.default_rng(seed).uniform(0.5, 1.5, SHAPE).astype(np.float32)


def affine() -> Graph:
    """x * y + x: two kernels where the device makes no group of them."""
    b = Builder("affine")
    x, y = b.parameter(AVAL), b.parameter(AVAL)
    return b.finish([b.add(b.mul(x, y), x)])


def chain(length: int) -> Graph:
    """Row sums that go back into the matrix, again and again: kernels that wait for each other."""
    b = Builder("chain")
    x = b.parameter(AVAL)
    for _ in range(length):
        x = b.mul(x, b.div(float(SHAPE[1]), b.sum(x, axis=(1,), keepdims=True)))
        x = b.add(x, b.max(x, axis=(0,), keepdims=True))
    return b.finish([x])


def chained(x: np.ndarray, length: int) -> np.ndarray:
    """What `chain` means."""
    x = x.astype(np.float64)
    for _ in range(length):
        x = x * (SHAPE[1] / x.sum(1, keepdims=True))
        x = x + x.max(0, keepdims=True)
    return x


def agree(tally, got: np.ndarray, want: np.ndarray, what: str, rtol: float = 1e-5) -> None:
    """One more result of the backend."""
    good = got.shape == want.shape and np.allclose(got, want, rtol=rtol, atol=0)
    tally.check(None if good else f"{what}: got {got.reshape(-1)[:3]}..., expected {want.reshape(-1)[:3]}...")


def test_kernels_wait_for_each_other(device, tally):
    x = numbers(0)
    (out,) = compile_graph(chain(6), device).run([upload(device.allocator, x)])
    agree(tally, download(device.allocator, out, AVAL), chained(x, 6), "the chain", 1e-4)


def test_a_look_waits_for_the_kernel(device, tally):
    run = compile_graph(affine(), device).run
    for seed in range(ROUNDS):
        x, y = numbers(seed), numbers(seed + 100)
        (out,) = run([upload(device.allocator, x), upload(device.allocator, y)])
        agree(tally, download(device.allocator, out, AVAL), x * y + x, f"round {seed}")


def test_results_may_be_looked_at_in_any_order(device, tally):
    run, shared = compile_graph(affine(), device).run, upload(device.allocator, numbers(0))
    given = [upload(device.allocator, numbers(seed)) for seed in range(ROUNDS)]
    outs = [run([x, shared])[0] for x in given]
    for seed in reversed(range(ROUNDS)):
        x = numbers(seed)
        agree(tally, download(device.allocator, outs[seed], AVAL), x * numbers(0) + x, f"result {seed}")


def test_an_operand_may_be_written_after_the_kernel(device, tally):
    """A write into an operand's buffer, and into the buffer of a result that another kernel reads."""
    run = compile_graph(affine(), device).run
    x, y = upload(device.allocator, numbers(1)), upload(device.allocator, numbers(2))
    news = [numbers(seed) for seed in range(ROUNDS)]
    for new, old in zip(news, [numbers(1), *news]):
        (first,) = run([x, y])
        (second,) = run([first, y])
        device.allocator.copy_from_host(x, new)
        device.allocator.copy(first, x, AVAL.nbytes)
        device.allocator.synchronize()
        want = old * numbers(2) + old
        agree(tally, download(device.allocator, second, AVAL), want * numbers(2) + want, "the second kernel's result")
        agree(tally, download(device.allocator, first, AVAL), new, "the buffer that was written")


def test_buffers_may_be_let_go_while_kernels_wait(device, tally):
    run, outs = compile_graph(affine(), device).run, []
    for seed in range(ROUNDS):
        outs.append(run([upload(device.allocator, numbers(seed)), upload(device.allocator, numbers(seed + 1))])[0])
    for seed, out in enumerate(outs):
        x, y = numbers(seed), numbers(seed + 1)
        agree(tally, download(device.allocator, out, AVAL), x * y + x, f"result {seed}")


def test_synchronize_waits_for_kernels(device, tally):
    if not device.capabilities.host_memory:
        pytest.skip("the host does not see the device's memory")
    run = compile_graph(affine(), device).run
    for seed in range(ROUNDS):
        x, y = numbers(seed), numbers(seed + 1)
        (out,) = run([upload(device.allocator, x), upload(device.allocator, y)])
        device.allocator.synchronize()
        agree(tally, np.array(device.as_numpy(out, float32, SHAPE)), x * y + x, f"round {seed}")


def test_streams_and_events_of_programs(backend_name, tally):
    with use_backend(backend_name):
        start, end = ms.Event(enable_timing=True), ms.Event(enable_timing=True)
        x = Tensor(numbers(3))
        start.record()
        side = runtime.Stream()
        with runtime.StreamCtx(side):
            y = x * 2
        runtime.current_stream().wait_stream(side)
        z = ops.exp(y) + x
        end.record()
        end.synchronize()
        tally.check(None if end.query() and start.elapsed_time(end) >= 0 else "the event has not happened")
        agree(tally, z.asnumpy(), np.exp(numbers(3) * 2) + numbers(3), "the result of two streams")
        runtime.synchronize()
