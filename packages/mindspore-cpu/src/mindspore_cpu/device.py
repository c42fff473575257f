"""The opened CPU device: memory, kernels, claims, and the compilation of plans."""
from __future__ import annotations

import os
import platform

import numpy as np

from mindspore.common.dtype import DType
from mindspore.compiler.ir import Graph
from mindspore.compiler.program import Plan
from mindspore.plugin import Capabilities, Claim, KernelSpec
from mindspore_cpu import _ext
from mindspore_cpu.claims import find_claims
from mindspore_cpu.codegen import SUPPORTED
from mindspore_cpu.kernels import KERNELS, supports
from mindspore_cpu.layouts import with_blocks
from mindspore_cpu.lowering import CPUExecutable, FallbackCounter, build_executable

DTYPES = frozenset(t.key for t in DType._all)
REAL_DTYPES = frozenset(t.key for t in DType._all if t.kind != "c")
LARGE_BYTES = 1 << 20  # from which on a copy may be divided among threads


def _processor() -> str:
    """The processor's name as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _bytes(buffer: _ext.Buffer, nbytes: int) -> np.ndarray:
    return np.ndarray(nbytes, np.uint8, buffer)


class CPUAllocator:
    """Buffers of host memory from the extension's block cache. Every copy is immediate."""

    def allocate(self, nbytes: int) -> _ext.Buffer:
        """An uninitialised buffer, aligned to 64. DeviceMemoryError where there is no room."""
        return _ext.Buffer(nbytes)

    def copy_from_host(self, buffer: _ext.Buffer, array: np.ndarray) -> None:
        """Copy a C-contiguous array into the buffer."""
        if array.nbytes < LARGE_BYTES:
            np.ndarray(array.shape, array.dtype, buffer)[...] = array
        else:
            _ext.copy(_bytes(buffer, array.nbytes), array.reshape(-1).view(np.uint8))

    def copy_to_host(self, buffer: _ext.Buffer, array: np.ndarray) -> None:
        """Copy the buffer into a C-contiguous array."""
        if array.nbytes < LARGE_BYTES:
            array[...] = np.ndarray(array.shape, array.dtype, buffer)
        else:
            _ext.copy(array.reshape(-1).view(np.uint8), _bytes(buffer, array.nbytes))

    def copy(self, target: _ext.Buffer, source: _ext.Buffer, nbytes: int) -> None:
        """Copy the first `nbytes` bytes of one buffer into another."""
        _ext.copy(_bytes(target, nbytes), _bytes(source, nbytes))

    def synchronize(self) -> None:
        """Nothing is ever pending."""


class CPUDevice:
    """One device for the process; all its parts may be used from several threads."""

    capabilities = Capabilities(dtypes=DTYPES, codegen=SUPPORTED, host_memory=True, in_place=True, regions=True,
                                loops=True, symbolic=True, codegen_dtypes=REAL_DTYPES)

    def __init__(self):
        self.allocator = CPUAllocator()
        self.kernels = dict(KERNELS)
        self._fallbacks = FallbackCounter()

    def supports(self, spec: KernelSpec) -> bool:
        """Whether the kernel table serves these dtypes (`capabilities.dtypes` is the same for all operators)."""
        return supports(spec)

    def rewrite(self, graph: Graph, stable: frozenset[int]) -> Graph:
        """The graph with images in the blocks that convolutions take."""
        return with_blocks(graph, stable)

    def claim(self, graph: Graph) -> list[Claim]:
        """Products and convolutions with the bias and relu that follow them."""
        return find_claims(graph)

    def compile(self, plan: Plan) -> CPUExecutable:
        """The executable of a plan: one call of C++ runs it whole."""
        return build_executable(plan, self.kernels, self._fallbacks)

    def as_numpy(self, buffer: _ext.Buffer, dtype: DType, shape: tuple) -> np.ndarray:
        """A writable view of a buffer, which keeps it alive."""
        return np.ndarray(shape, dtype.np, buffer)

    @property
    def host_fallbacks(self) -> int:
        """How many launches ran a primitive's NumPy reference for want of a kernel."""
        return self._fallbacks.count

    @property
    def threads(self) -> int:
        """How many threads kernels may use: OMP_NUM_THREADS, or all cores; 1 in a forked child."""
        return _ext.threads()

    @threads.setter
    def threads(self, count: int) -> None:
        _ext.set_threads(count)

    def memory_statistics(self) -> dict[str, int]:
        """Bytes of the block cache of this process; see `Device` in `mindspore.plugin`."""
        use = _ext.memory_use()
        return {"allocated": use["in_use"], "reserved": use["in_use"] + use["idle"], "allocated_peak": use["peak"],
                "reserved_peak": use["held"]}

    def reset_memory_peaks(self, allocated: bool, reserved: bool) -> None:
        """Start these peaks again from what is in use now."""
        _ext.reset_memory_peaks(allocated, reserved)

    def release_idle_memory(self) -> None:
        """Give the cache's idle blocks back to the system."""
        _ext.trim_memory()

    def limit_memory(self, nbytes: int) -> None:
        """Take no more than this from the system; a request beyond is a DeviceMemoryError."""
        _ext.limit_memory(nbytes)

    def set_option(self, name: str, value) -> bool:
        """`threads_num`: how many threads kernels use. Other names are no options of this device."""
        if name != "threads_num":
            return False
        self.threads = value
        return True

    def properties(self) -> dict:
        """The processor's name, the machine's memory in bytes, and what kernels are made for and with."""
        return {"name": _processor(), "total_memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
                "multi_processor_count": os.cpu_count() or 1, "vector_instructions": _ext.isa(),
                "threads": _ext.threads(), "onednn_version": ".".join(map(str, _ext.onednn_version()))}

    def describe(self) -> str:
        """Processor, vector instructions, threads and oneDNN in one line."""
        known = self.properties()
        return (f"{known['name']}, {known['vector_instructions']}, {known['threads']} threads, "
                f"oneDNN {known['onednn_version']}")
