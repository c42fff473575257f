"""Kernels that fail while they run: the next wait says which and where, what was lost raises, and all else holds.

The device is made to fail by its optional method `fail_next_kernel`. It is a device of the test's own, opened once
more, so that one that is lost (`DeviceLostError`) takes nobody with it.
"""
from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor
from mindspore.common.dtype import float32
from mindspore.compiler.ir import tensor_aval
from mindspore.compiler.pipeline import compile_graph
from mindspore.plugin import DeviceLostError, KernelError, manager
from mindspore.runtime.device import use_backend
from mindspore.runtime.transfer import download, upload

AVAL = tensor_aval((5, 7), float32)
INTERPRETED = True  # the program of this module is compiled as a user's is


def product(x, y):
    return x * y


LINE = inspect.getsourcelines(product)[1] + 1


def numbers(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(1, 2, AVAL.shape).astype(np.float32)


class Bench:
    """A device of its own, and the product on it."""

    def __init__(self, backend_name: str):
        self.device: Any = manager.backends()[backend_name].open()
        if not hasattr(self.device, "fail_next_kernel"):
            pytest.skip("the device has no fail_next_kernel: it cannot be made to fail")
        if "mul" not in {*self.device.kernels, *self.device.capabilities.codegen}:
            pytest.skip("the device has no kernel for mul")
        compiled: Any = ms.jit(product)
        graph = compiled.graph(Tensor(numbers(0)), Tensor(numbers(0)))
        self._run = compile_graph(graph, self.device).run

    def put(self, seed: int):
        return upload(self.device.allocator, numbers(seed))

    def run(self, x, y, fails: bool = False):
        """The product's buffer. fails: its kernel is to fail, at once or when the queue comes to it."""
        if fails:
            self.device.fail_next_kernel()
        return self._run([x, y])[0]

    def look(self, buffer) -> np.ndarray:
        return download(self.device.allocator, buffer, AVAL)


def attempt(action: Callable) -> tuple[Any, Exception | None]:
    """What an action gives, and the failure that it raises."""
    try:
        return action(), None
    except (KernelError, DeviceLostError) as error:
        return None, error


@pytest.fixture
def bench(backend_name) -> Bench:
    return Bench(backend_name)


def test_the_next_wait_says_what_failed_and_where(bench, tally):
    x, y = bench.put(1), bench.put(2)
    wait = bench.device.allocator.synchronize
    _, error = attempt(lambda: (bench.run(x, y, fails=True), wait()))
    tally.check(None if error is not None else "a kernel failed, and no wait raised a KernelError or DeviceLostError")
    for what in ("mul", f"line {LINE} of {__file__}"):
        tally.check(None if what in str(error) else f"the error does not name {what!r}: {error}")
    if isinstance(error, KernelError):
        _, again = attempt(wait)
        tally.check(f"the second wait told of the same failure: {again}" if again else None)


def test_what_depends_on_it_is_lost_and_all_else_holds(bench, tally):
    x, y = bench.put(1), bench.put(2)
    before = bench.run(x, y)
    lost, error = attempt(lambda: bench.run(x, y, fails=True))
    if error is None:  # the device queues its work
        then, _ = attempt(lambda: bench.run(lost, y))
        for what, buffer in {"the result": lost, "a second look at it": lost, "what it goes into": then}.items():
            _, found = attempt(lambda buffer=buffer: buffer is not None and bench.look(buffer))
            tally.check(None if found or buffer is None else f"{what} raised nothing after its kernel failed")
            error = error or found
    if isinstance(error, DeviceLostError):
        for what, action in {"copy_to_host": lambda: bench.look(before), "copy_from_host": lambda: bench.put(3),
                             "a kernel": lambda: bench.run(x, y), "a wait": bench.device.allocator.synchronize}.items():
            _, found = attempt(action)
            tally.check(None if isinstance(found, DeviceLostError) else f"{what} of a lost device gave {found!r}")
        return
    for what, buffer in {"a result from before": before, "a new result": bench.run(x, y)}.items():
        good = np.allclose(bench.look(buffer), numbers(1) * numbers(2), rtol=1e-6)
        tally.check(None if good else f"{what} is wrong after a failure")
    if lost is not None:
        bench.device.allocator.copy_from_host(lost, numbers(4))
        bench.device.allocator.synchronize()
        good = np.array_equal(bench.look(lost), numbers(4))
        tally.check(None if good else "a lost buffer does not hold what was written into it later")


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
def test_programs_are_told_and_go_on(backend_name, bench, device, tally, compiled):
    _, error = attempt(lambda: bench.look(bench.run(bench.put(1), bench.put(2), fails=True)))
    if isinstance(error, DeviceLostError):
        pytest.skip("a failure loses the device")
    program, want = ms.jit(product) if compiled else product, numbers(1) * numbers(2)
    with use_backend(backend_name):
        x, y = Tensor(numbers(1)), Tensor(numbers(2))
        tally.check(None if np.allclose(program(x, y).asnumpy(), want) else "wrong before the failure")
        device.fail_next_kernel()
        lost: list[Tensor] = []
        for look in ("first", "second"):
            try:
                lost = lost or [program(x, y)]
                found: Any = lost[0].asnumpy()
            except RuntimeError as raised:
                found = raised if isinstance(raised, KernelError) else raised.__cause__
            tally.check(None if isinstance(found, KernelError) or look == "second" and not lost else
                        f"the {look} look at a lost value gave {found!r}")
        tally.check(None if np.allclose(program(x, y).asnumpy(), want) else "wrong after the failure")


def test_a_program_that_waits_for_each_operation_is_told_at_its_line(backend_name, bench, device, tally):
    _, error = attempt(lambda: bench.look(bench.run(bench.put(1), bench.put(2), fails=True)))
    if isinstance(error, DeviceLostError):
        pytest.skip("a failure loses the device")
    with use_backend(backend_name):
        x, y = Tensor(numbers(1)), Tensor(numbers(2))
        (x * y).asnumpy()
        ms.set_context(pynative_synchronize=True)
        try:
            device.fail_next_kernel()
            _, error = attempt(lambda: product(x, y))
        finally:
            ms.set_context(pynative_synchronize=False)
    lines = [] if error is None else [f.lineno for f in traceback.extract_tb(error.__traceback__)
                                      if f.filename == __file__]
    tally.check(None if LINE in lines else f"the failure was not raised by line {LINE}: {error!r}")
