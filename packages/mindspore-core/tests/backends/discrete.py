"""A backend whose device is not the host: memory that only its queue can reach, an asynchronous queue, twelve kernels.

It exists to prove the plugin contract. Buffers are opaque handles; their bytes live in a table that only the queue's
thread touches. Every operation - copies, kernels, frees - is a command that the queue runs later, in order; a kernel
that fails is told of at the next wait. Operators without a kernel here are decomposed by core or run on the host
through copies.
"""
from __future__ import annotations

import itertools
import os
import queue
import threading
import weakref

import numpy as np

from mindspore.compiler.executor import reference
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.plugin import BackendInfo, Capabilities, DeviceMemoryError, Failures, hookimpl

KERNELS = ("add", "sub", "mul", "div", "exp", "maximum", "select", "sum", "matmul", "conv2d", "conv2d_weight_grad",
           "conv2d_input_grad")
CAPACITY = 1 << 30


class Handle:
    """Device memory, as the host sees it: a number."""

    __slots__ = ("number", "nbytes", "_queue")

    def __init__(self, number: int, nbytes: int, commands: Commands):
        self.number, self.nbytes, self._queue = number, nbytes, commands

    def __del__(self):
        self._queue.held -= self.nbytes
        self._queue.submit("free", self.number)


class Commands:
    """The device: a thread that owns the memory and runs commands in order."""

    def __init__(self):
        self._memory: dict[int, bytearray] = {}
        self._pending: queue.SimpleQueue = queue.SimpleQueue()
        self._error: BaseException | None = None
        self.failures = Failures()
        self.fail_next = False
        self.kernel_launches = 0
        self.held = 0
        self._start()
        if hasattr(os, "register_at_fork"):
            alive = weakref.ref(self)
            os.register_at_fork(before=lambda: alive() and alive()._settle(),
                                after_in_child=lambda: alive() and alive()._start())

    def _start(self) -> None:
        threading.Thread(target=self._run, daemon=True, name="discrete-device").start()

    def _settle(self) -> None:
        """Let the queue run empty: a fork copies memory as it is, and no thread but the one that forks."""
        done = threading.Event()
        self.submit("signal", done)
        done.wait()

    def submit(self, what: str, *args) -> None:
        self._pending.put((what, args))

    def wait(self) -> None:
        self._settle()
        error, self._error = self._error or self.failures.take(), None
        if error is not None:
            raise error

    def read(self, number: int, array: np.ndarray) -> None:
        done, errors = threading.Event(), []
        self.submit("read", number, array, done, errors)
        done.wait()
        if errors:
            raise errors[0]

    def _run(self) -> None:
        while True:
            what, args = self._pending.get()
            try:
                getattr(self, f"_{what}")(*args)
            except BaseException as error:  # a fault of this device's, since kernels have their failures
                self._error = self._error or error

    def _signal(self, done: threading.Event) -> None:
        done.set()

    def _allocate(self, number: int, nbytes: int) -> None:
        self._memory[number] = bytearray(b"\xa5" * nbytes)

    def _free(self, number: int) -> None:
        self._memory.pop(number, None)
        self.failures.forget(number)

    def _into(self, target: int, nbytes: int, sources: list[int], data) -> None:
        """Write `data()` over the first bytes of a buffer."""
        def work() -> None:
            self._memory[target][:nbytes] = data()

        rest = [target] if nbytes < len(self._memory[target]) else []
        self.failures.run("a copy", [*sources, *rest], [target], work)

    def _write(self, number: int, data: bytes) -> None:
        self._into(number, len(data), [], lambda: data)

    def _copy(self, target: int, source: int, nbytes: int) -> None:
        self._into(target, nbytes, [source], lambda: self._memory[source][:nbytes])

    def _read(self, number: int, array: np.ndarray, done: threading.Event, errors: list) -> None:
        try:
            error = self.failures.of(number)
            if error is None:
                array.reshape(-1).view(np.uint8)[:] = np.frombuffer(self._memory[number], np.uint8, array.nbytes)
            else:
                errors.append(error)
        finally:
            done.set()

    def _work(self, where: str, ins: tuple[int, ...], outs: tuple[int, ...], work) -> None:
        self.failures.run(where, ins, outs, lambda: work(self._memory))

    def _launch(self, spec, ins: tuple[int, ...], outs: tuple[int, ...], fails: bool = False) -> None:
        def work() -> None:
            if fails:
                raise RuntimeError("it was told to fail")
            self._compute_launch(spec, ins, outs)

        self.failures.run(spec.where or spec.name, ins, outs, work)

    def _compute_launch(self, spec, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
        arrays = [np.frombuffer(self._memory[n], a.dtype.np, a.size).reshape(a.shape) for n, a in zip(ins, spec.ins)]
        results = reference(PRIMITIVES[spec.name], arrays, spec.attrs, spec.outs)
        self.kernel_launches += 1
        for number, result in zip(outs, results):
            self._memory[number][:result.nbytes] = result.tobytes()


class DiscreteAllocator:
    """See `mindspore.plugin.Allocator`."""

    def __init__(self, commands: Commands):
        self.commands = commands
        self._numbers = itertools.count(1)

    def allocate(self, nbytes: int) -> Handle:
        if self.commands.held + nbytes > CAPACITY:
            raise DeviceMemoryError(f"discrete: no room for {nbytes} bytes: {self.commands.held} of {CAPACITY} are in "
                                    f"use")
        self.commands.held += nbytes
        handle = Handle(next(self._numbers), nbytes, self.commands)
        self.commands.submit("allocate", handle.number, nbytes)
        return handle

    def copy_from_host(self, buffer: Handle, array: np.ndarray) -> None:
        self.commands.submit("write", buffer.number, array.tobytes())

    def copy_to_host(self, buffer: Handle, array: np.ndarray) -> None:
        self.commands.read(buffer.number, array)

    def copy(self, target: Handle, source: Handle, nbytes: int) -> None:
        self.commands.submit("copy", target.number, source.number, nbytes)

    def synchronize(self) -> None:
        self.commands.wait()


class DiscreteDevice:
    """Twelve kernels for float32, and what core makes of them."""

    capabilities = Capabilities(dtypes=frozenset({"float32", "bool_", "int32", "int64"}))

    def __init__(self):
        self.commands = Commands()
        self.allocator = DiscreteAllocator(self.commands)
        self.kernels = dict.fromkeys(KERNELS, self._build)

    def _build(self, spec):
        if any(a.dtype.key != "float32" for a in spec.outs):
            return None

        def run(ins, outs):
            fails, self.commands.fail_next = self.commands.fail_next, False
            self.commands.submit("launch", spec, tuple(b.number for b in ins), tuple(b.number for b in outs), fails)

        return run

    def fail_next_kernel(self) -> None:
        self.commands.fail_next = True


class DiscreteBackend:
    """Light until opened."""

    info = BackendInfo("discrete", "Discrete", "1.0")

    def open(self, device_id: int = 0) -> DiscreteDevice:
        return DiscreteDevice()

    def status(self) -> str:
        return "available"


@hookimpl
def mindspore_backends():
    return [DiscreteBackend()]


@hookimpl
def mindspore_communicators(backend):
    from discrete_group import DiscreteCommunicator
    return {"loopback": DiscreteCommunicator} if backend.name == DiscreteBackend.info.name else None
