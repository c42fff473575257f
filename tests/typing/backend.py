"""A third-party backend as its author writes it: the protocols of the plugin contract, checked, never run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mindspore.plugin import (
    Allocator,
    Backend,
    BackendInfo,
    Capabilities,
    Device,
    Kernel,
    KernelBuilder,
    KernelSpec,
    hookimpl,
)


class ToyAllocator:
    def allocate(self, nbytes: int) -> bytearray:
        return bytearray(nbytes)

    def copy_from_host(self, buffer: Any, array: np.ndarray) -> None:
        buffer[:] = array.tobytes()

    def copy_to_host(self, buffer: Any, array: np.ndarray) -> None:
        array[...] = np.frombuffer(buffer, array.dtype).reshape(array.shape)

    def copy(self, target: Any, source: Any, nbytes: int) -> None:
        target[:nbytes] = source[:nbytes]

    def synchronize(self) -> None:
        pass


def add(spec: KernelSpec) -> Kernel | None:
    if spec.outs[0].shape != spec.ins[0].shape:
        return None

    def run(ins: Sequence[Any], outs: Sequence[Any]) -> None:
        left, right = (np.frombuffer(buffer, np.float32) for buffer in ins)
        outs[0][:] = (left + right).tobytes()

    return run


class ToyDevice:
    capabilities = Capabilities(dtypes=frozenset({"float32"}))

    def __init__(self) -> None:
        self.allocator: Allocator = ToyAllocator()
        self.kernels: Mapping[str, KernelBuilder] = {"add": add}


class ToyBackend:
    info = BackendInfo(name="toy", target="TOY", version="1.0")

    def open(self, device_id: int = 0) -> Device:
        return ToyDevice()

    def status(self) -> str:
        return "available"


@hookimpl
def mindspore_backends() -> list[Backend]:
    return [ToyBackend()]


class WrongBackend:
    info = BackendInfo(name="wrong", target="TOY", version="1.0")

    def open(self) -> ToyDevice:
        return ToyDevice()


wrong: Backend = WrongBackend()  # type: ignore[assignment]
