"""The reference device: buffers are NumPy byte arrays, kernels call the primitives' references."""
from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import numpy as np

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import DType
from mindspore.compiler.executor import reference
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.plugin.protocols import Capabilities, DeviceMemoryError, KernelSpec

ALIGNMENT = 64


def view(buffer: np.ndarray, aval) -> np.ndarray:
    """The bytes of a buffer as an array of this aval."""
    return buffer[:aval.nbytes].view(aval.dtype.np).reshape(aval.shape)


class HostAllocator:
    """Buffers in host memory; every copy is immediate."""

    def allocate(self, nbytes: int) -> np.ndarray:
        """An uninitialised buffer, aligned to 64. DeviceMemoryError where there is no room."""
        try:
            room = np.empty(nbytes + ALIGNMENT - 1, np.uint8)
        except (MemoryError, ValueError) as error:  # ValueError: more than an array can have
            raise DeviceMemoryError(f"reference: no room for {nbytes} bytes: {error}") from error
        start = -room.ctypes.data % ALIGNMENT
        return room[start:start + nbytes]

    def copy_from_host(self, buffer: np.ndarray, array: np.ndarray) -> None:
        buffer[:array.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)

    def copy_to_host(self, buffer: np.ndarray, array: np.ndarray) -> None:
        array.reshape(-1).view(np.uint8)[:] = buffer[:array.nbytes]

    def copy(self, target: np.ndarray, source: np.ndarray, nbytes: int) -> None:
        target[:nbytes] = source[:nbytes]

    def synchronize(self) -> None:
        """Nothing is ever pending."""


class ReferenceKernels(Mapping):
    """One kernel per primitive that has a reference."""

    def __getitem__(self, name: str):
        op = PRIMITIVES[name]
        if op.reference is None:
            raise KeyError(name)

        def build(spec: KernelSpec):
            def run(ins, outs):
                arrays = [view(b, a) for b, a in zip(ins, spec.ins)]
                for buffer, aval, result in zip(outs, spec.outs, reference(op, arrays, spec.attrs, spec.outs)):
                    view(buffer, aval)[...] = result
            return run
        return build

    def __iter__(self) -> Iterator[str]:
        return (name for name, op in PRIMITIVES.items() if op.reference is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class ReferenceDevice:
    """See the module's text."""

    capabilities = Capabilities(dtypes=frozenset(t.key for t in DType._all), host_memory=True)

    def __init__(self):
        self.allocator = HostAllocator()
        self.kernels = ReferenceKernels()

    def properties(self) -> dict:
        """The name of the device and the machine's memory in bytes, where the system tells it."""
        pages = os.sysconf("SC_PHYS_PAGES") if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()) else 0
        return {"name": "NumPy", "total_memory": pages and pages * os.sysconf("SC_PAGE_SIZE")}

    def describe(self) -> str:
        """What computes here, in one line."""
        return f"NumPy {np.__version__}, every primitive by its definition"

    def as_numpy(self, buffer: np.ndarray, dtype: DType, shape: tuple) -> np.ndarray:
        return buffer[:int(np.prod(shape)) * dtype.itemsize].view(dtype.np).reshape(shape)
